/* SPDX-License-Identifier: EUPL-1.2 */
/* Scenario folders: what is accepted, and every refusal with its file, row and column. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "proto/scenario.h"
#include "proto/status.h"
#include "tests/unit/scenario_support.h"

static struct scenario_support s;

static void assert_reads(void)
{
    int status = scenario_support_read(&s);
    if (status) {
        fail_msg("refused: %s row %u %s: '%s', expected %s", s.faults.list[0].file, s.faults.list[0].row,
                 s.faults.list[0].field, s.faults.list[0].found, s.faults.list[0].expected);
    }
}

/* The only fault, or the first, is there. */
static void assert_fault(const char *file, uint32_t row, const char *column)
{
    assert_int_equal(scenario_support_read(&s), STATUS_INVALID);
    assert_true(s.faults.count > 0);
    const struct fault *f = &s.faults.list[0];
    assert_string_equal(f->file, file);
    assert_int_equal(f->row, row);
    assert_string_equal(f->field, column);
    assert_true(*f->expected != '\0' && *f->remedy != '\0');
}

static void reads_the_small_scenario_with_defaults(void **state)
{
    (void)state;
    assert_reads();
    assert_int_equal(s.message->n_demands, 2);
    const Muster__Demand *d = s.message->demands[1];
    assert_string_equal(d->id, "D2");
    assert_int_equal(d->n_lines, 2);
    assert_int_equal(d->lines[1]->month, 202709);
    assert_int_equal(d->max_unit_price, 11000);
    assert_int_equal(d->min_quantity, 1);
    assert_int_equal(d->priority, 3);
    assert_string_equal(d->currency, "EUR");
    assert_string_equal(d->place, "DE");
    assert_string_equal(d->fund, "");
    assert_int_equal(d->release, MUSTER__RELEASE__RELEASE_POOLED);
    const Muster__Offer *o = s.message->offers[0];
    assert_int_equal(o->n_tiers, 2);
    assert_int_equal(o->tiers[1]->one_off, 5000);
    assert_int_equal(o->max_quantity, 0);
    assert_string_equal(s.message->items[0]->unit, "EA");
    assert_int_equal(s.message->suppliers[1]->size, MUSTER__SIZE__SIZE_SMALL);
}

static void accepts_what_the_grammar_allows(void **state)
{
    (void)state;
    /* Byte-order mark, CRLF, quoted cells with commas, quotes and line breaks, columns in any order, empty lines, no last line end. */
    scenario_support_put(&s, "items.csv", "\xef\xbb\xbftitle,item\r\n\"a, \"\"b\"\"\r\nc\",I1\r\n\r\n,  I2 ");
    assert_reads();
    assert_int_equal(s.message->n_items, 2);
    assert_string_equal(s.message->items[0]->title, "a, \"b\"\r\nc");
    assert_string_equal(s.message->items[1]->id, "I2");
    /* White space of any script around a cell, a quote inside an unquoted one, old Mac line ends. */
    scenario_support_put(&s, "items.csv", "item,title\rI1,\xc2\xa0 5\" gun \xe3\x80\x80\rI2,\r");
    assert_reads();
    assert_string_equal(s.message->items[0]->title, "5\" gun");
}

static void later_rows_may_repeat_what_the_first_says(void **state)
{
    (void)state;
    scenario_support_edit(&s, "demands.csv", "D2,,,2027-09,5,", "D2,DE,I1,2027-09,5,110.00");
    assert_reads();
    scenario_support_edit(&s, "demands.csv", "D2,DE,I1,2027-09,5,110.00", "D2,DE,I1,2027-09,5,110.0");
    assert_fault("demands.csv", 4, "max_unit_price");
}

static void text_that_is_no_utf8_is_refused_wherever_it_stands(void **state)
{
    (void)state;
    /* In a known column; in one that the header does not know, and behind the last that any file has, where the header is at fault first. */
    scenario_support_put(&s, "items.csv", "item,title\nI1,\xff\n");
    assert_fault("items.csv", 2, "title");
    static const char *const files[] = {"item,name\nI1,\xff\n", "item,\xff\nI1,\xff\n",
                                        "item,title,a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p\n1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,\xff,18\n"};
    for (size_t n = 0; n < sizeof files / sizeof files[0]; n++) {
        scenario_support_put(&s, "items.csv", files[n]);
        assert_fault("items.csv", 1, "header");
        const struct fault *last = &s.faults.list[s.faults.count - 1];
        assert_int_equal(last->row, 2);
        assert_string_equal(last->field, "header");
    }
}

struct refusal {
    const char *file, *before, *after;
    uint32_t row;
    const char *column;
};

static void refuses_each_fault_in_its_place(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {"items.csv", "I1,", "I1,\xff", 2, "title"},
        {"items.csv", "Item one\n", "Item one,x\n", 2, ""},
        {"items.csv", "Item one\n", "Item one\nI1,again\n", 3, "item"},
        {"items.csv", "Item one\n", "Item one\n,nameless\n", 3, "item"},
        {"items.csv", "item,title", "item,titel", 1, "header"},
        {"items.csv", "item,title", "item,item", 1, "item"},
        {"items.csv", "item,title", "title,title", 1, "title"},
        {"items.csv", "Item one", "\"Item\" one", 2, ""},
        {"items.csv", "Item one", "\"Item one", 2, ""},
        {"demands.csv", "2027-06,10", "2027-13,10", 2, "month"},
        {"demands.csv", "2027-06,10", "1999-12,10", 2, "month"},
        {"demands.csv", "2027-06,10", "2200-01,10", 2, "month"},
        {"demands.csv", "2027-06,10", "2027-06,0", 2, "quantity"},
        {"demands.csv", "2027-06,10", "2027-06,1000000001", 2, "quantity"},
        {"demands.csv", "2027-06,10", "2027-06,1.0", 2, "quantity"},
        {"demands.csv", "2027-06,10", "2027-06,+1", 2, "quantity"},
        {"demands.csv", "100.00", "100.005", 2, "max_unit_price"},
        {"demands.csv", "100.00", "1e3", 2, "max_unit_price"},
        {"demands.csv", "100.00", "100000000000.01", 2, "max_unit_price"},
        {"demands.csv", "100.00", "", 2, "max_unit_price"},
        {"demands.csv", "D1,NL,I1", "D1,,I1", 2, "country"},
        {"demands.csv", "D1,NL,I1", "D1,NL,I9", 2, "item"},
        {"demands.csv", "2027-09", "2027-06", 4, "month"},
        {"demands.csv", "D2,,,", "D2,FR,,", 4, "country"},
        {"suppliers.csv", "small", "Small", 3, "size"},
        {"offers.csv", "O1,S1", "O1,S9", 2, "supplier"},
        {"offers.csv", "2027-02,0,2", "2027-02,-1,2", 2, "stock"},
        {"offers.csv", "15,70.00", "0,70.00", 3, "min_quantity"},
        {"policy.csv", "as_of,2027-01-15", "as_of,2027-02-29", 2, "value"},
        {"policy.csv", "as_of,2027-01-15", "as_of,1999-12-31", 2, "value"},
        {"policy.csv", "as_of", "asof", 2, "key"},
        {"policy.csv", "contract_overhead,0", "weights,3;4;2;1;1", 3, "value"},
        {"policy.csv", "contract_overhead,0", "weights,5;4;3;2", 3, "value"},
        {"policy.csv", "contract_overhead,0", "weights,1001;4;3;2;1", 3, "value"},
        {"policy.csv", "contract_overhead,0", "sme_min_share,101", 3, "value"},
        {"policy.csv", "contract_overhead,0", "contract_overhead,10000000000001", 3, "value"},
        {"policy.csv", "contract_overhead,0", "as_of,2027-01-15", 3, "key"},
    };
    for (size_t n = 0; n < sizeof refusals / sizeof refusals[0]; n++) {
        const struct refusal *r = &refusals[n];
        scenario_support_end(&s);
        scenario_support_begin(&s);
        scenario_support_edit(&s, r->file, r->before, r->after);
        assert_fault(r->file, r->row, r->column);
    }
}

static void refuses_faults_in_further_columns(void **state)
{
    (void)state;
    static const struct {
        const char *column, *value;
        bool good;
    } cells[] = {
        {"priority", "6", false}, {"priority", "5", true}, {"single_supplier", "YES", false}, {"single_supplier", "yes", true},
        {"requires", "range_km>=30;stanag=4425", true}, {"requires", "range>30", false}, {"requires", "range>=far", false},
        {"requires", "=4", false}, {"requires", "a==4", false}, {"requires", "a>=-1.50", true}, {"requires", "a>=.5", false},
        {"fund", "F1", false}, {"release", "secret", false}, {"release", "sealed", true}, {"currency", "NOK", false},
        {"currency", "EUR", true}, {"place", "NLRTM", true}, {"min_quantity", "0", false},
    };
    for (size_t n = 0; n < sizeof cells / sizeof cells[0]; n++) {
        char text[256];
        snprintf(text, sizeof text, "demand,country,item,month,quantity,max_unit_price,%s\nD1,NL,I1,2027-06,1,5,%s\n", cells[n].column,
                 cells[n].value);
        scenario_support_put(&s, "demands.csv", text);
        if (cells[n].good) {
            assert_reads();
        } else {
            assert_fault("demands.csv", 2, cells[n].column);
        }
    }
}

static void refuses_faults_of_an_offer(void **state)
{
    (void)state;
    static const struct {
        const char *column, *value;
        bool good;
    } cells[] = {
        {"origin", "DE:60;NL:40", true}, {"origin", "DE:60;NL:41", false}, {"origin", "DE:60;DE:40", false}, {"origin", "DE", false},
        {"origin", "DE:99.5;NL:0.5", false}, {"freight", "NL:0;*:1.50", true}, {"freight", "NL:0;NL:1", false},
        {"freight", "NL:1.555", false}, {"freight", "NL:", false}, {"provides", "a=1;A=2", false}, {"provides", "a=b=c", true},
        {"max_quantity", "0", false}, {"max_quantity", "1000000000", true}, {"valid_until", "2027-02-30", false},
        {"valid_until", "0001-01-01", true}, {"destinations", "NL; ;DE", true}, {"currency", "XXX", false},
    };
    for (size_t n = 0; n < sizeof cells / sizeof cells[0]; n++) {
        char text[256];
        snprintf(text, sizeof text, "offer,supplier,item,unit_price,first_month,%s\nO1,S1,I1,5,2027-06,%s\n", cells[n].column,
                 cells[n].value);
        scenario_support_put(&s, "offers.csv", text);
        if (cells[n].good) {
            assert_reads();
        } else {
            assert_fault("offers.csv", 2, cells[n].column);
        }
    }
}

static void checks_rates_and_the_base_currency(void **state)
{
    (void)state;
    scenario_support_put(&s, "rates.csv", "currency,rate\nNOK,0.084512\nEUR,1.000\n");
    assert_reads();
    assert_int_equal(s.message->rates[1]->millionths, 84512);
    scenario_support_put(&s, "rates.csv", "currency,rate\nEUR,1.1\n");
    assert_fault("rates.csv", 2, "rate");
    scenario_support_put(&s, "rates.csv", "currency,rate\nNOK,0\n");
    assert_fault("rates.csv", 2, "rate");
    scenario_support_put(&s, "rates.csv", "currency,rate\nNOK,0.1234567\n");
    assert_fault("rates.csv", 2, "rate");
    scenario_support_put(&s, "rates.csv", "currency,rate\nNOK,1\nNOK,1\n");
    assert_fault("rates.csv", 3, "currency");
    /* An unlimited fund needs no rate, one with a balance does. */
    scenario_support_put(&s, "rates.csv", NULL);
    scenario_support_put(&s, "funds.csv", "fund,balance,currency\nF1,,NOK\n");
    assert_reads();
    scenario_support_put(&s, "funds.csv", "fund,balance,currency\nF1,5,NOK\n");
    assert_fault("funds.csv", 2, "currency");
}

static void checks_commitments_against_lines_offers_and_tiers(void **state)
{
    (void)state;
    static const struct {
        const char *row, *column;
    } rows[] = {
        {"D1,2027-06,O1,1,10,80", NULL},          {"D1,2027-06,O1,1,11,80", "quantity"}, {"D9,2027-06,O1,1,1,80", "demand"},
        {"D1,2027-07,O1,1,1,80", "month"},        {"D1,2027-06,O9,1,1,80", "offer"},     {"D1,2027-06,O1,3,1,80", "tier"},
        {"D1,2027-06,O1,0,1,80", "tier"},
    };
    for (size_t n = 0; n < sizeof rows / sizeof rows[0]; n++) {
        char text[256];
        snprintf(text, sizeof text, "demand,month,offer,tier,quantity,unit_price\n%s\n", rows[n].row);
        scenario_support_put(&s, "commitments.csv", text);
        if (rows[n].column) {
            assert_fault("commitments.csv", 2, rows[n].column);
        } else {
            assert_reads();
        }
    }
    scenario_support_put(&s, "commitments.csv",
                         "demand,month,offer,tier,quantity,unit_price\nD1,2027-06,O1,1,1,80\nD2,2027-06,O1,2,1,80\n");
    assert_fault("commitments.csv", 3, "tier");
    scenario_support_put(&s, "commitments.csv",
                         "demand,month,offer,tier,quantity,unit_price\nD1,2027-06,O1,1,6,80\nD1,2027-06,O1,1,5,80\n");
    assert_fault("commitments.csv", 3, "quantity");
}

static void names_every_fault_of_every_row_at_once(void **state)
{
    (void)state;
    scenario_support_put(&s, "demands.csv",
                         "demand,country,item,month,quantity,max_unit_price\n"
                         "D1,NL,I9,2027-6,0,x\nD2,DE,I1,2027-06,5,110\nD3,,I1,2027-06,5.5,110\n");
    assert_int_equal(scenario_support_read(&s), STATUS_INVALID);
    assert_int_equal(s.faults.errors, 6);
}

static void names_missing_files(void **state)
{
    (void)state;
    scenario_support_put(&s, "commitments.csv", NULL);
    assert_reads();
    scenario_support_put(&s, "offers.csv", NULL);
    assert_fault("offers.csv", 0, "");
    scenario_support_put(&s, "offers.csv", "");
    assert_fault("offers.csv", 0, "header");
}

static void sets_limits_on_lines_and_tiers(void **state)
{
    (void)state;
    static char text[1 << 16];
    size_t length = (size_t)snprintf(text, sizeof text, "demand,country,item,month,quantity,max_unit_price\n");
    for (int n = 0; n < 241; n++) {
        length += (size_t)snprintf(text + length, sizeof text - length, "D1,NL,I1,%d-%02d,1,5\n", 2030 + n / 12, n % 12 + 1);
    }
    scenario_support_put(&s, "demands.csv", text);
    assert_fault("demands.csv", 242, "demand");
    length = (size_t)snprintf(text, sizeof text, "offer,supplier,item,unit_price,first_month\n");
    for (int n = 0; n < 33; n++) {
        length += (size_t)snprintf(text + length, sizeof text - length, "O1,S1,I1,5,2027-01\n");
    }
    scenario_support_put(&s, "offers.csv", text);
    scenario_support_put(&s, "demands.csv", "demand,country,item,month,quantity,max_unit_price\nD1,NL,I1,2027-06,1,5\n");
    assert_fault("offers.csv", 34, "offer");
}

static void assert_same_after_writing(void)
{
    size_t size = muster__market__get_packed_size(s.message);
    uint8_t *before = malloc(size);
    assert_non_null(before);
    muster__market__pack(s.message, before);
    const char *what = NULL;
    assert_int_equal(scenario_write(s.folder, s.message, &what), STATUS_OK);
    assert_reads();
    assert_int_equal(muster__market__get_packed_size(s.message), size);
    uint8_t *after = malloc(size);
    assert_non_null(after);
    muster__market__pack(s.message, after);
    assert_memory_equal(before, after, size);
    free(before);
    free(after);
}

static void written_and_read_again_is_the_same_market(void **state)
{
    (void)state;
    scenario_support_put(&s, "items.csv", "item,title\nI1,\"=cmd|' /C calc'!A0, \"\"x\"\"\"\n-I2,@sum\n+I3,\"two\nlines\"\n");
    scenario_support_put(&s, "rates.csv", "currency,rate\nNOK,0.084512\n");
    scenario_support_put(&s, "funds.csv", "fund,balance,min_nations,min_european_content,countries\nF1,1000.50,2,65,NL;DE\nF2,,,,\n");
    scenario_support_put(&s, "commitments.csv", "demand,month,offer,tier,quantity,unit_price,freight,one_off\nD1,2027-06,O1,1,2,80,1.25,0.01\n");
    scenario_support_edit(&s, "policy.csv", "key,value\n", "key,value,item\nmin_nations,3,I1\nweights,,\n");
    scenario_support_edit(&s, "policy.csv", "as_of,2027-01-15", "as_of,2027-01-15,");
    scenario_support_edit(&s, "policy.csv", "contract_overhead,0", "contract_overhead,0,");
    scenario_support_put(&s, "offers.csv",
                         "offer,supplier,item,unit_price,first_month,freight,provides,certificates,origin,destinations,valid_until,max_quantity,currency\n"
                         "O1,S1,I1,5,2027-01,NL:0;*:1.5,grade=2;x=a=b,AQAP-2110;ISO-9001,DE:60;US:40,NL;DE,2027-06-30,50,NOK\n");
    scenario_support_edit(&s, "demands.csv", "max_unit_price\n", "max_unit_price,requires\n");
    scenario_support_edit(&s, "demands.csv", "100.00\n", "100.00,grade>=2;a=b\n");
    scenario_support_edit(&s, "demands.csv", "110.00\n", "110.00,\n");
    scenario_support_edit(&s, "demands.csv", "D2,,,2027-09,5,\n", "D2,,,2027-09,5,,\n");
    assert_reads();
    assert_same_after_writing();
}

static void refuses_to_write_what_could_not_be_read(void **state)
{
    (void)state;
    const char *what = NULL;
    static char divided[] = "A;B", *list[] = {divided};
    assert_reads();
    s.message->offers[0]->certificates = list;
    s.message->offers[0]->n_certificates = 1;
    assert_int_equal(scenario_write(s.folder, s.message, &what), STATUS_INVALID);
    assert_string_equal(what, "an offer's certificate");
    assert_reads();
    static char blank[] = " D1";
    s.message->demands[0]->id = blank;
    assert_int_equal(scenario_write(s.folder, s.message, &what), STATUS_INVALID);
    assert_string_equal(what, "a demand's id");
    assert_int_equal(scenario_write("/nonexistent", s.message, &what), STATUS_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENARIO_SUPPORT_TEST(reads_the_small_scenario_with_defaults, s),
        SCENARIO_SUPPORT_TEST(accepts_what_the_grammar_allows, s),
        SCENARIO_SUPPORT_TEST(later_rows_may_repeat_what_the_first_says, s),
        SCENARIO_SUPPORT_TEST(text_that_is_no_utf8_is_refused_wherever_it_stands, s),
        SCENARIO_SUPPORT_TEST(refuses_each_fault_in_its_place, s),
        SCENARIO_SUPPORT_TEST(refuses_faults_in_further_columns, s),
        SCENARIO_SUPPORT_TEST(refuses_faults_of_an_offer, s),
        SCENARIO_SUPPORT_TEST(checks_rates_and_the_base_currency, s),
        SCENARIO_SUPPORT_TEST(checks_commitments_against_lines_offers_and_tiers, s),
        SCENARIO_SUPPORT_TEST(names_every_fault_of_every_row_at_once, s),
        SCENARIO_SUPPORT_TEST(names_missing_files, s),
        SCENARIO_SUPPORT_TEST(sets_limits_on_lines_and_tiers, s),
        SCENARIO_SUPPORT_TEST(written_and_read_again_is_the_same_market, s),
        SCENARIO_SUPPORT_TEST(refuses_to_write_what_could_not_be_read, s),
    };
    return cmocka_run_group_tests_name("scenario", tests, NULL, NULL);
}
