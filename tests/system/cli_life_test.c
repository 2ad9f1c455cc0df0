/* SPDX-License-Identifier: EUPL-1.2 */
/* The three roles do their whole job from the command line: from spreadsheets to a committed bundle, its contracts and its audit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/status.h"
#include "tests/system/cli_assert.h"

#define PATIENCE 60000

static struct harness harness;
static struct cli cli;

static const char demand_header[] = "demand,item,month,quantity,max_unit_price\n";

static int setup(void **state)
{
    static const struct cli_party parties[] = {{"nl-dmo", "agency", "NL"}, {"de-bw", "agency", "DE"}, {"es-ae", "agency", "ES"},
                                               {"alfaco", "supplier", "DE"}, {"bex", "supplier", "US"}};
    (void)state;
    return cli_begin(&cli, &harness, 270, parties, sizeof parties / sizeof parties[0]);
}

static int teardown(void **state)
{
    (void)state;
    return cli_end(&cli, &harness);
}

static void catalogue_and_market_come_from_spreadsheets(void **state)
{
    char text[512];
    (void)state;
    cli_write(&cli, "items.csv", "item,title,unit\nGEM-T,Patriot GEM-T guided missile,EA\n");
    assert_code(cli_as(&cli, "hq", "item", "submit", "items.csv", "--screen", NULL), 0);
    assert_says(cli.out, "GEM-T v1: Patriot GEM-T guided missile");
    /* Excel in Dutch settings: semicolons, decimal commas, months as it shows them. */
    cli_write(&cli, "nl.csv", "demand;item;month;quantity;max_unit_price\r\nNL-GEMT-1;GEM-T;dec-28;40;5900000,00\r\nNL-GEMT-1;;2030-12;80;\r\n");
    assert_code(cli_as(&cli, "nl-dmo", "demand", "submit", "nl.csv", "--screen", NULL), 0);
    assert_says(cli.out, "Accepted 2027-01-31 12:0");
    assert_says(cli.out, " UTC, log entry ");
    assert_says(cli.out, "NATO UNCLASSIFIED.\n  NL-GEMT-1 v1: 40 due 2028-12, 80 due 2030-12, ceiling EUR 5,900,000.00 each\n");
    assert_says(cli.out, "Receipt: nl.receipt. Next: muster watch\n");
    assert_true(cli_exists(&cli, "nl.receipt"));
    snprintf(text, sizeof text, "%sDE-GEMT-1,GEM-T,2030-12,300,6200000.00\n", demand_header);
    cli_write(&cli, "de.csv", text);
    assert_code(cli_as(&cli, "de-bw", "demand", "submit", "de.csv", "--json", NULL), 0);
    assert_string_equal(cli_json(&cli, "changes.0.id"), "DE-GEMT-1");
    assert_string_equal(cli_json(&cli, "changes.0.change"), "new");
    snprintf(text, sizeof text, "%sES-GEMT-1,GEM-T,2030-12,180,5800000.00\n", demand_header);
    cli_write(&cli, "es.csv", text);
    assert_code(cli_as(&cli, "es-ae", "demand", "submit", "es.csv", NULL), 0);
    assert_says(cli.out, "Field\tValue\naccepted\tyes\n");
    cli_write(&cli, "bex.csv", "offer,supplier,item,min_quantity,unit_price,first_month,monthly_rate,origin\nBX-GEMT-1,bex,GEM-T,50,6300000.00,2028-01,8,US:100\n");
    assert_code(cli_as(&cli, "bex", "offer", "submit", "bex.csv", NULL), 0);
    cli_write(&cli, "alfaco.csv", "offer,supplier,item,min_quantity,unit_price,one_off,first_month,monthly_rate,origin\n"
                                  "AF-GEMT-1,alfaco,GEM-T,50,5450000.00,0,2028-01,40,DE:65;US:35\n"
                                  "AF-GEMT-1,,,400,5100000.00,21000000.00,2028-01,40,\n");
    assert_code(cli_as(&cli, "alfaco", "offer", "submit", "alfaco.csv", "--screen", NULL), 0);
    assert_says(cli.out, "AF-GEMT-1 v1: from 50 at EUR 5,450,000.00, from 400 at EUR 5,100,000.00");
    assert_code(cli_as(&cli, "alfaco", "need", "list", "--screen", NULL), 0);
    assert_says(cli.out, "GEM-T");
    assert_null(strstr(cli.out, "NL-GEMT-1")); /* pooled: nothing of it is published */
    assert_code(cli_as(&cli, "nl-dmo", "demand", "show", "nl-gemt-1", NULL), EXIT_CODE_INPUT);
    assert_string_equal(cli.err, "muster: no demand 'nl-gemt-1' that you may see. Nearest: NL-GEMT-1. All: muster\ndemand list\n");
    assert_code(cli_as(&cli, "hq", "demand", "show", "NL-GEMT-1", NULL), 0); /* whose it is need not be said where one party has it */
    assert_code(cli_as(&cli, "nl-dmo", "receipt", "verify", "nl.receipt", "--screen", NULL), 0);
    assert_says(cli.out, "Valid: entry ");
    assert_says(cli.out, "Broker not asked.");
}

static void a_bundle_is_proposed_and_reviewed(void **state)
{
    (void)state;
    if (!cli_await(&cli, "hq", "\"quantity\": 600,\n    \"wanted\": 600", PATIENCE, "bundle", "list", NULL)) {
        print_error("%s\n", cli.out);
        harness_show(&harness);
        fail();
    }
    assert_code(cli_as(&cli, "hq", "bundle", "list", "--screen", NULL), 0);
    assert_says(cli.out, "Bundle  Item   State     Nations    Units  Pays EUR m   Saves  SME %\nB-0001  GEM-T  proposed        3  600/600    3,081.00  189.00    0.0\n");
    assert_says(cli.out, "For you: B-0001.");
    assert_code(cli_as(&cli, "hq", "bundle", "show", "B-0001", "--screen", NULL), 0);
    assert_says(cli.out, "GEM-T  proposed 2027-01-31, from log entry ");
    assert_says(cli.out, "Nation    Units  Pays EUR m     Alone   Saves\nDE      300/300");
    assert_says(cli.out, "One-off 21.00, shared by quantity: 3,060.00 + 21.00 = 3,081.00\n");
    assert_says(cli.out, "Due      Need  Award  (# ");
    assert_says(cli.out, "nations");
    assert_says(cli.out, "met\n");
    assert_says(cli.out, "Next: muster bundle release B-0001\n");
    /* Nobody else sees it before it is released; it answers as a missing one does. */
    assert_code(cli_as(&cli, "nl-dmo", "bundle", "show", "B-0001", NULL), EXIT_CODE_INPUT);
    assert_code(cli_as(&cli, "nl-dmo", "bundle", "show", "B-0099", NULL), EXIT_CODE_INPUT);
    assert_string_equal(cli.err, "muster: no bundle B-0099 that you may see. All: muster bundle list\n");
    assert_code(cli_as(&cli, "hq", "bundle", "show", "B-0001", "--version", "v99", NULL), EXIT_CODE_INPUT);
    assert_string_equal(cli.err, "muster: no B-0001 v99 that you may see. Its newest: muster bundle show B-0001\n");
    assert_code(cli_as(&cli, "nl-dmo", "why", "NL-NONE", NULL), EXIT_CODE_INPUT);
    assert_string_equal(cli.err, "muster: nothing named NL-NONE is there for you. All: muster demand list\n");
    /* Nothing is committed yet, so there is nothing to export, and no folder. */
    assert_code(cli_as(&cli, "hq", "order", "export", "B-0001", "early/orders", NULL), EXIT_CODE_INPUT);
    assert_says(cli.err, "B-0001 has no commitments: it is proposed. Nothing was written. Its state, and what it waits for: muster bundle show B-0001");
    assert_false(cli_exists(&cli, "early"));
    assert_code(cli_as(&cli, "alfaco", "bundle", "list", "--screen", NULL), 0);
    assert_says(cli.out, "No bundle yet");
    assert_code(cli_as(&cli, "bex", "why", "BX-GEMT-1", "--screen", NULL), 0);
    assert_says(cli.out, "Got nothing. Reason: ");
}

static void a_comparison_stores_nothing(void **state)
{
    char version[16];
    (void)state;
    assert_code(cli_as(&cli, "hq", "bundle", "list", "--json", NULL), 0);
    snprintf(version, sizeof version, "%s", cli_json(&cli, "0.version"));
    assert_code(cli_as(&cli, "hq", "bundle", "compare", "B-0001", "--without", "es-ae", "--rule", "supplier_max_share=90", "--screen", NULL), 0);
    assert_says(cli.out, "A B-0001");
    assert_says(cli.out, "B without es-ae");
    assert_says(cli.out, "420/420");
    assert_says(cli.out, "Nothing is stored. To adopt: repeat with --adopt B");
    assert_code(cli_as(&cli, "hq", "bundle", "compare", "B-0001", NULL), EXIT_CODE_USAGE);
    assert_code(cli_as(&cli, "hq", "bundle", "compare", "B-0001", "--rule", "nonsense", NULL), EXIT_CODE_USAGE);
    assert_code(cli_as(&cli, "hq", "bundle", "compare", "B-0001", "--rule", "european_mn_share=45", NULL), EXIT_CODE_INPUT);
    assert_says(cli.err, "Nearest: european_min_share.");
    assert_code(cli_as(&cli, "hq", "bundle", "compare", "B-0001", "--rule", "min_nations=banana", NULL), EXIT_CODE_INPUT);
    assert_says(cli.err, "found banana, expected a whole number from 0 to 10^9.");
    assert_code(cli_as(&cli, "hq", "bundle", "compare", "B-0001", "--without", "es-ea", NULL), EXIT_CODE_INPUT);
    assert_says(cli.err, "Nearest: es-ae.");
    assert_code(cli_as(&cli, "hq", "bundle", "compare", "B-0001", "--without", "es-ae", "--adopt", "Z", NULL), EXIT_CODE_USAGE);
    /* What gives no bundle says which rule stopped it, and is not offered for adoption. */
    assert_code(cli_as(&cli, "hq", "bundle", "compare", "B-0001", "--rule", "min_nations=9", "--rule", "sme_min_share=20", "--screen", NULL), 0);
    assert_says(cli.out, "B: no bundle. Reason: min-nations: Fewer nations can be served than the 9 that are asked for. With at least ");
    assert_says(cli.out, "C: no bundle. Reason: bundle-rule: sme_min_share at 20 forbids it. With sme_min_share at 0 instead of 20: 600 covered (planned again).");
    assert_says(cli.out, "Nothing is stored, and there is nothing to adopt: no variant gives a bundle.");
    assert_code(cli_as(&cli, "hq", "bundle", "compare", "B-0001", "--rule", "min_nations=9", "--adopt", "B", NULL), EXIT_CODE_INPUT);
    assert_says(cli.err, "B gives no bundle, so there is nothing to adopt. Reason: min-nations: ");
    assert_code(cli_as(&cli, "hq", "bundle", "list", "--json", NULL), 0);
    assert_string_equal(cli_json(&cli, "0.state"), "proposed");
    assert_string_equal(cli_json(&cli, "0.version"), version);
}

static void a_nation_reads_what_it_pays_and_what_leaving_costs(void **state)
{
    (void)state;
    assert_code(cli_as(&cli, "hq", "bundle", "release", "B-0001", "--until", "2027-02-15", "--screen", NULL), 0);
    assert_says(cli.out, "released: its nations are asked.");
    assert_code(cli_as(&cli, "nl-dmo", "status", "--screen", NULL), 0);
    assert_says(cli.out, "B-0001");
    assert_says(cli.out, "2027-02-15");
    assert_code(cli_as(&cli, "nl-dmo", "bundle", "show", "B-0001", "--screen", NULL), 0);
    assert_says(cli.out, "GEM-T  released; answer by 2027-02-15, silence means no\n");
    assert_says(cli.out, "alfaco   40 due 2028-12 at 5,100,000.00  EUR 204,000,000.00\n");
    assert_says(cli.out, "You pay  120 of 120                          616,200,000.00\n");
    assert_says(cli.out, "Alone    your demand only, same offers       654,000,000.00\n");
    assert_says(cli.out, "You save                                      37,800,000.00  5.8 %\n");
    assert_says(cli.out, "With you: DE 300, ES 180.");
    assert_null(strstr(cli.out, "ceiling"));
    assert_code(cli_as(&cli, "nl-dmo", "bundle", "answer", "B-0001", "no", "--screen", NULL), 0);
    assert_says(cli.out, "Leaving costs NL EUR 37,800,000.00: alone 654,000,000.00, here 616,200,000.00.\n");
    assert_says(cli.out, "Nothing is recorded. To leave, add: --confirm --reason TEXT\n");
    assert_code(cli_as(&cli, "nl-dmo", "bundle", "answer", "B-0001", "no", "--confirm", NULL), EXIT_CODE_USAGE);
    assert_code(cli_as(&cli, "nl-dmo", "bundle", "answer", "B-0001", "maybe", NULL), EXIT_CODE_USAGE);
    assert_code(cli_as(&cli, "alfaco", "bundle", "show", "B-0001", NULL), EXIT_CODE_INPUT);
}

static void one_declines_and_the_rest_is_planned_again(void **state)
{
    (void)state;
    assert_code(cli_as(&cli, "nl-dmo", "bundle", "answer", "B-0001", "yes", NULL), 0);
    assert_code(cli_as(&cli, "nl-dmo", "bundle", "take-back", "B-0001", NULL), 0);
    assert_code(cli_as(&cli, "nl-dmo", "bundle", "take-back", "B-0001", NULL), EXIT_CODE_INPUT);
    assert_says(cli.err, "you have no answer to B-0001 that stands. Nothing changed.");
    assert_code(cli_as(&cli, "nl-dmo", "bundle", "list", NULL), 0);
    assert_says(cli.out, "\treleased\t120\t616200000.00\t");
    assert_code(cli_as(&cli, "nl-dmo", "bundle", "answer", "B-0001", "yes", NULL), 0);
    assert_code(cli_as(&cli, "es-ae", "bundle", "answer", "B-0001", "no", "--confirm", "--reason", "The budget moved to next year", NULL), 0);
    assert_code(cli_as(&cli, "hq", "bundle", "list", "--screen", NULL), 0);
    assert_says(cli.out, "B-0001: es-ae said no, The budget moved to next year");
    assert_code(cli_as(&cli, "de-bw", "bundle", "answer", "B-0001", "yes", NULL), 0);
    if (!cli_await(&cli, "hq", "\"quantity\": 420,\n    \"wanted\": 420", PATIENCE, "bundle", "list", NULL)) {
        print_error("%s\n", cli.out);
        fail();
    }
    /* Dearer for those who stay: their yes was to other terms, so they are asked again. */
    assert_code(cli_as(&cli, "hq", "bundle", "release", "B-0001", NULL), 0);
    assert_code(cli_as(&cli, "nl-dmo", "bundle", "answer", "B-0001", "yes", NULL), 0);
    assert_code(cli_as(&cli, "de-bw", "bundle", "answer", "B-0001", "yes", NULL), 0);
    assert_true(cli_await(&cli, "hq", "\"state\": \"agreed\"", PATIENCE, "bundle", "show", "B-0001", NULL));
}

static void a_supplier_reads_what_it_delivers_and_confirms(void **state)
{
    (void)state;
    assert_code(cli_as(&cli, "alfaco", "bundle", "show", "B-0001", "--screen", NULL), 0);
    assert_says(cli.out, "GEM-T  agreed; confirm by ");
    assert_says(cli.out, "Your tier 2, from 400\n");
    assert_says(cli.out, "NL        40  due 2028-12  EUR 204,000,000.00  you make 480 by then\n");
    assert_says(cli.out, "DE       300  due 2030-12    1,530,000,000.00  you make 1,440 by then\n");
    assert_says(cli.out, "One-off                         21,000,000.00\n");
    assert_says(cli.out, "Total    420                 2,163,000,000.00\n");
    assert_code(cli_as(&cli, "bex", "bundle", "show", "B-0001", NULL), EXIT_CODE_INPUT);
    assert_code(cli_as(&cli, "alfaco", "bundle", "answer", "B-0001", "yes", "--screen", NULL), 0);
    assert_says(cli.out, "answered yes. Yours was the last: it is committed and binds you.");
    assert_null(strstr(cli.out, "take-back"));
    assert_true(cli_await(&cli, "hq", "\"state\": \"committed\"", PATIENCE, "bundle", "show", "B-0001", NULL));
    assert_code(cli_as(&cli, "nl-dmo", "bundle", "take-back", "B-0001", NULL), EXIT_CODE_INPUT);
    assert_says(cli.err, "B-0001 is committed and binds you. Nothing changed.");
    assert_code(cli_as(&cli, "nl-dmo", "bundle", "show", "B-0001", "--screen", NULL), 0);
    assert_null(strstr(cli.out, "take-back"));
    assert_says(cli.out, "muster commitment end B-0001");
    assert_code(cli_as(&cli, "alfaco", "bundle", "list", NULL), 0);
    assert_says(cli.out, "\tcommitted\t420\t2163000000.00\t");
}

static void contracts_audit_and_orders_follow(void **state)
{
    (void)state;
    assert_code(cli_as(&cli, "hq", "order", "export", "B-0001", "orders", "--screen", NULL), 0);
    assert_says(cli.out, "B-0001: 2 contracts in orders, each as CSV and JSON.");
    assert_int_equal(cli_read(&cli, "orders/B-0001-NL-nl-dmo-alfaco.json"), STATUS_OK);
    assert_string_equal(cli_json(&cli, "total"), "61800000000");
    assert_string_equal(cli_json(&cli, "lines.0.month"), "2028-12");
    assert_int_equal(cli_read(&cli, "orders/B-0001-DE-de-bw-alfaco.csv"), STATUS_OK);
    assert_says(cli.out, "bundle,version,item,");
    assert_says(cli.out, ",300,2,5100000.00,0.00,15000000.00,1545000000.00,EUR,");
    assert_code(cli_as(&cli, "hq", "market", "export", "audit", "--bundle", "B-0001", NULL), 0);
    assert_true(cli_exists(&cli, "audit/demands.csv"));
    assert_true(cli_exists(&cli, "audit/plan.json"));
    assert_code(cli_run(&cli, "plan", "audit", "--json", NULL), 0);
    assert_code(cli_as(&cli, "hq", "bundle", "order", "B-0001", NULL), 0);
    assert_code(cli_as(&cli, "hq", "bundle", "show", "B-0001", "--json", NULL), 0);
    assert_string_equal(cli_json(&cli, "state"), "ordered");
    assert_code(cli_as(&cli, "nl-dmo", "demand", "list", "--json", NULL), 0);
    assert_string_equal(cli_json(&cli, "0.covered"), "120");
    /* Who declined is planned for again, beside what is committed: a late joiner gets a bundle of its own. */
    assert_true(cli_await(&cli, "hq", "B-0002", PATIENCE, "bundle", "list", NULL));
    assert_code(cli_as(&cli, "nl-dmo", "watch", "--once", NULL), 0);
    assert_says(cli.out, "entry\ttime\tkind\tid\ttext\n");
    assert_says(cli.out, "NL-GEMT-1");
    assert_null(strstr(cli.out, "DE-GEMT-1"));
    assert_code(cli_as(&cli, "hq", "backup", "life.backup", NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(catalogue_and_market_come_from_spreadsheets),
        cmocka_unit_test(a_bundle_is_proposed_and_reviewed),
        cmocka_unit_test(a_comparison_stores_nothing),
        cmocka_unit_test(a_nation_reads_what_it_pays_and_what_leaving_costs),
        cmocka_unit_test(one_declines_and_the_rest_is_planned_again),
        cmocka_unit_test(a_supplier_reads_what_it_delivers_and_confirms),
        cmocka_unit_test(contracts_audit_and_orders_follow),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
