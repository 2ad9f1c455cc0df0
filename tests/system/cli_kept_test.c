/* SPDX-License-Identifier: EUPL-1.2 */
/* What is kept, and what is not, while the exchange can't be reached; and the sentences of faults about the exchange. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/status.h"
#include "tests/system/cli_assert.h"
#include "tests/unit/patience.h"

static struct harness harness;
static struct cli cli;

static void write_demand(const char *id, unsigned quantity)
{
    char text[256];
    snprintf(text, sizeof text, "demand,item,month,quantity,max_unit_price\n%s,GEM-T,2030-12,%u,5900000.00\n", id, quantity);
    cli_write(&cli, "nl.csv", text);
}

static int setup(void **state)
{
    (void)state;
    alarm((unsigned)patience(240));
    if (cli_exchange(&cli, &harness) != STATUS_OK || cli_join(&cli, "nl-dmo", "agency", "NL") != STATUS_OK) {
        print_error("%s\n%s\n", cli.out, cli.err);
        harness_show(&harness);
        return -1;
    }
    cli_write(&cli, "items.csv", "item,title\nGEM-T,Missile\n");
    cli_write(&cli, "policy.csv", "key,value,item\nprice_changes_a_week,1000,\n");
    return cli_as(&cli, "hq", "policy", "submit", "policy.csv", NULL) || cli_as(&cli, "hq", "item", "submit", "items.csv", NULL) ? -1 : 0;
}

static int teardown(void **state)
{
    (void)state;
    cli_close(&cli);
    harness_close(&harness);
    return 0;
}

static void a_file_that_cannot_be_sent_is_kept_against_the_versions_seen_last(void **state)
{
    char id[40];
    (void)state;
    write_demand("NL-1", 40);
    assert_code(cli_as(&cli, "nl-dmo", "demand", "submit", "nl.csv", NULL), 0);
    assert_int_equal(harness_stop(&harness, NULL), STATUS_OK);
    write_demand("NL-1", 50);
    assert_code(cli_as(&cli, "nl-dmo", "demand", "submit", "nl.csv", "--dry-run", "--timeout", "2", NULL), EXIT_CODE_UNREACHABLE);
    assert_code(cli_as(&cli, "nl-dmo", "outbox", "list", "--json", NULL), 0);
    assert_string_equal(cli.out, "[]\n");
    assert_code(cli_as(&cli, "nl-dmo", "demand", "submit", "nl.csv", "--timeout", "2", NULL), EXIT_CODE_UNREACHABLE);
    assert_says(cli.err, "in 2 s. It was kept, not sent: muster outbox list");
    assert_says(cli.err, "Signed as changes of the versions that you saw last");
    assert_null(strstr(cli.err, "Nothing changed"));
    assert_code(cli_as(&cli, "nl-dmo", "outbox", "list", "--json", NULL), 0);
    assert_string_equal(cli_json(&cli, "0.holds"), "1 demand: NL-1");
    snprintf(id, sizeof id, "%.8s", cli_json(&cli, "0.id"));
    /* An answer is a signature under terms: without them there is nothing to sign. */
    assert_code(cli_as(&cli, "nl-dmo", "bundle", "answer", "B-0001", "yes", "--timeout", "2", NULL), EXIT_CODE_UNREACHABLE);
    assert_says(cli.err, "Nothing was kept");
    assert_code(cli_as(&cli, "nl-dmo", "demand", "withdraw", "NL-9", "--timeout", "2", NULL), EXIT_CODE_UNREACHABLE);
    assert_says(cli.err, "NL-9 was not seen here before. Nothing was kept.");
    assert_int_equal(harness_start(&harness), STATUS_OK);
    assert_code(cli_as(&cli, "nl-dmo", "outbox", "send", id, NULL), 0);
    assert_code(cli_as(&cli, "nl-dmo", "outbox", "list", "--json", NULL), 0);
    assert_string_equal(cli.out, "[]\n");
    assert_code(cli_as(&cli, "nl-dmo", "demand", "show", "NL-1", "--screen", NULL), 0);
    assert_says(cli.out, "NL-1 v2  GEM-T");
    assert_says(cli.out, "50 due 2030-12");
}

static void what_is_kept_writes_over_no_newer_version(void **state)
{
    char id[40];
    (void)state;
    assert_int_equal(harness_stop(&harness, NULL), STATUS_OK);
    write_demand("NL-1", 60);
    assert_code(cli_as(&cli, "nl-dmo", "demand", "submit", "nl.csv", "--replaces", "v1", "--timeout", "2", NULL), EXIT_CODE_UNREACHABLE);
    assert_code(cli_as(&cli, "nl-dmo", "outbox", "list", "--json", NULL), 0);
    snprintf(id, sizeof id, "%.8s", cli_json(&cli, "0.id"));
    assert_int_equal(harness_start(&harness), STATUS_OK);
    assert_code(cli_as(&cli, "nl-dmo", "outbox", "send", id, NULL), EXIT_CODE_TRY_AGAIN);
    assert_says(cli.err, "a newer version stands");
    assert_code(cli_as(&cli, "nl-dmo", "demand", "show", "NL-1", "--screen", NULL), 0);
    assert_says(cli.out, "50 due 2030-12");
}

static void every_rule_is_listed_with_its_default(void **state)
{
    (void)state;
    assert_code(cli_as(&cli, "nl-dmo", "policy", "list", NULL), 0);
    assert_says(cli.out, "min_nations\t2\t\tdefault\tnations that a bundle needs at least\n");
    assert_says(cli.out, "price_changes_a_week\t1000\t\tset\t");
    assert_says(cli.out, "answer_days\t14\t\tdefault\t");
    assert_code(cli_run(&cli, "policy", "template", NULL), 0);
    cli_write(&cli, "template.csv", cli.out);
    assert_code(cli_run(&cli, "policy", "check", "template.csv", "--as", "hq", NULL), 0);
    assert_code(cli_run(&cli, "rates", "template", NULL), 0);
    cli_write(&cli, "template.csv", cli.out);
    assert_code(cli_run(&cli, "rates", "check", "template.csv", "--as", "hq", NULL), 0);
}

static void a_coordinator_may_leave_the_party_out(void **state)
{
    (void)state;
    assert_code(cli_as(&cli, "hq", "why", "NL-1", "--json", NULL), 0);
    assert_string_equal(cli_json(&cli, "id"), "nl-dmo/NL-1");
    assert_code(cli_as(&cli, "hq", "why", "NL-99", NULL), EXIT_CODE_INPUT);
    assert_code(cli_as(&cli, "hq", "why", "GEM-T", NULL), 0);
}

static void a_marking_is_told_to_programs_too(void **state)
{
    (void)state;
    assert_code(cli_as(&cli, "hq", "party", "suspend", "nl-dmo", "--reason", "NATO SECRET matter", "--json", NULL), EXIT_CODE_INPUT);
    assert_says(cli.out, "\"marked\"");
    assert_null(strstr(cli.out, "matter"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_that_cannot_be_sent_is_kept_against_the_versions_seen_last),
        cmocka_unit_test(what_is_kept_writes_over_no_newer_version),
        cmocka_unit_test(every_rule_is_listed_with_its_default),
        cmocka_unit_test(a_coordinator_may_leave_the_party_out),
        cmocka_unit_test(a_marking_is_told_to_programs_too),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
