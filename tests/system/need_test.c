/* SPDX-License-Identifier: EUPL-1.2 */
/* Pooled need from five agencies' spreadsheets to what a supplier, an agency and the coordinator read of it, in a real exchange on its calendar. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/status.h"
#include "tests/system/cli_assert.h"
#include "tests/unit/patience.h"

#define PATIENCE 60000
#define DAY UINT64_C(86400000)

static struct harness harness;
static struct cli cli;

static const struct {
    const char *party, *country;
    unsigned late, early; /* units due in the last and the second quarter of 2028 */
} agencies[] = {{"be-dmo", "BE", 3100, 0}, {"de-bw", "DE", 5200, 900}, {"es-ae", "ES", 2700, 0}, {"it-ar", "IT", 4100, 0}, {"nl-dmo", "NL", 3300, 0}};

static void submit(size_t at)
{
    char text[512];
    size_t length = (size_t)snprintf(text, sizeof text, "demand,item,month,quantity,max_unit_price\nFPV,FPV-10,2028-11,%u,2000.00\n", agencies[at].late);
    if (agencies[at].early != 0)
        snprintf(text + length, sizeof text - length, "FPV,,2028-05,%u,\n", agencies[at].early);
    cli_write(&cli, "needs.csv", text);
    assert_code(cli_as(&cli, agencies[at].party, "demand", "submit", "needs.csv", "--marking", "UNCLASSIFIED", "--marked-by", agencies[at].country, NULL), 0);
}

static int setup(void **state)
{
    (void)state;
    alarm((unsigned)patience(270));
    bool good = cli_exchange(&cli, &harness) == STATUS_OK && cli_join(&cli, "alfaco", "supplier", "DE") == STATUS_OK;
    for (size_t at = 0; good && at < sizeof agencies / sizeof agencies[0]; at++)
        good = cli_join(&cli, agencies[at].party, "agency", agencies[at].country) == STATUS_OK;
    if (!good) {
        print_error("%s\n%s\n", cli.out, cli.err);
        harness_show(&harness);
        return -1;
    }
    cli_write(&cli, "items.csv", "item,title\nFPV-10,Drone\n");
    cli_write(&cli, "policy.csv", "key,value,item\nsignal_base,1000,\nsignal_regions,north;BE;DE;NL;south;ES;IT,\n");
    return cli_as(&cli, "hq", "policy", "submit", "policy.csv", NULL) || cli_as(&cli, "hq", "item", "submit", "items.csv", NULL) ? -1 : 0;
}

static int teardown(void **state)
{
    (void)state;
    cli_close(&cli);
    harness_close(&harness);
    return 0;
}

static void nothing_is_published_before_its_date(void **state)
{
    (void)state;
    for (size_t at = 0; at < sizeof agencies / sizeof agencies[0]; at++)
        submit(at);
    assert_code(cli_as(&cli, "alfaco", "need", "list", "--screen", NULL), 0);
    assert_says(cli.out, "No pooled need was published yet. The first publication is on 2027-02-01.");
    assert_null(strstr(cli.out, "18,000"));
}

static void each_role_reads_what_is_its_own(void **state)
{
    (void)state;
    harness_set_clock(&harness, harness.now + DAY);
    if (!cli_await(&cli, "alfaco", "\"published\": \"2027-02-01\"", PATIENCE, "need", "list", NULL)) {
        print_error("%s\n%s\n", cli.out, cli.err);
        harness_show(&harness);
        fail();
    }
    assert_code(cli_as(&cli, "alfaco", "need", "list", "--item", "FPV-10", "--screen", NULL), 0);
    assert_says(cli.out, "Item    Quarter    Need  Stood unmet\nFPV-10  2028-Q4  18,000\n"
                         "Published 2027-02-01, monthly, to the nearest 1,000, from 5 nations or more.\n");
    assert_says(cli.out, "An absent row means \"not published\", not \"no need\".");
    assert_null(strstr(cli.out, "18,400"));
    assert_code(cli_as(&cli, "nl-dmo", "need", "list", "--screen", NULL), 0);
    assert_says(cli.out, "Item    Quarter    Need  Stood unmet  Yours\nFPV-10  2028-Q4  18,000               3,300\n");
    assert_code(cli_as(&cli, "hq", "need", "list", "--screen", NULL), 0);
    assert_says(cli.out, "Item    Quarter    Need  Stood unmet   Exact  Nations  Range %\nFPV-10  2028-Q4  18,000               18,400        5");
    assert_says(cli.out, "FPV-10 pooled 2028 1 900 too few nations");
    assert_code(cli_as(&cli, "alfaco", "need", "list", NULL), 0);
    assert_string_equal(cli.out, "item\tdue\tquantity\tregion\tas_of\tmonths\tcountry\tplace\town\nFPV-10\t2028-Q4\t18000\tall\t2027-02-01\t0\t\t\t\n");
    assert_code(cli_as(&cli, "alfaco", "need", "list", "--json", NULL), 0);
    assert_string_equal(cli_json(&cli, "signals.0.first_month"), "2028-10");
    assert_string_equal(cli_json(&cli, "signals.0.last_month"), "2028-12");
    assert_string_equal(cli_json(&cli, "signals.0.date"), "2027-02-01");
    assert_string_equal(cli_json(&cli, "signals.0.total"), "");
    assert_string_equal(cli_json(&cli, "next"), "2027-03-01");
    assert_code(cli_as(&cli, "alfaco", "watch", "--once", "--screen", NULL), 0);
    assert_says(cli.out, "pooled need was published");
}

static void a_need_that_stands_ages_and_one_nation_alone_moves_nothing(void **state)
{
    (void)state;
    cli_write(&cli, "needs.csv", "demand,item,month,quantity,max_unit_price\nFPV,FPV-10,2028-11,9900,2000.00\n");
    assert_code(cli_as(&cli, "nl-dmo", "demand", "submit", "needs.csv", "--marking", "UNCLASSIFIED", "--marked-by", "NL", "--replaces", "v1", NULL), 0);
    harness_set_clock(&harness, harness.now + 30 * DAY);
    if (!cli_await(&cli, "alfaco", "\"published\": \"2027-03-01\"", PATIENCE, "need", "list", NULL)) {
        print_error("%s\n%s\n", cli.out, cli.err);
        fail();
    }
    assert_code(cli_as(&cli, "alfaco", "need", "list", "--screen", NULL), 0);
    assert_says(cli.out, "Item    Quarter    Need  Stood unmet  As of\nFPV-10  2028-Q4  18,000      1 month  2027-02-01\n");
    assert_code(cli_as(&cli, "hq", "need", "list", "--screen", NULL), 0);
    assert_says(cli.out, "25,000 too few nations changed since an earlier figure");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_published_before_its_date),
        cmocka_unit_test(each_role_reads_what_is_its_own),
        cmocka_unit_test(a_need_that_stands_ages_and_one_nation_alone_moves_nothing),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
