/* SPDX-License-Identifier: EUPL-1.2 */
/* Two coordinators release what costs more than the policy lets one release; and a no is told to them with its reason. */
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

#define PATIENCE 60000

static struct harness harness;
static struct cli cli;

static int setup(void **state)
{
    static const struct cli_party parties[] = {
        {"nl-dmo", "agency", "NL"}, {"de-bw", "agency", "DE"}, {"es-ae", "agency", "ES"}, {"alfaco", "supplier", "DE"}};
    (void)state;
    return cli_begin(&cli, &harness, 280, parties, sizeof parties / sizeof parties[0]);
}

static int teardown(void **state)
{
    (void)state;
    return cli_end(&cli, &harness);
}

static void the_policy_needs_a_second_coordinator_first(void **state)
{
    (void)state;
    cli_write(&cli, "policy.csv", "key,value\nfour_eyes_above,500000000\nmin_nations,2\n");
    assert_code(cli_as(&cli, "hq", "policy", "submit", "policy.csv", NULL), 65);
    if (cli_join(&cli, "hq2", "coordinator", "BE") != STATUS_OK)
        fail_msg("%s\n%s", cli.out, cli.err);
    assert_code(cli_as(&cli, "hq", "policy", "submit", "policy.csv", NULL), 0);
    assert_code(cli_as(&cli, "alfaco", "policy", "list", "--screen", NULL), 0);
    assert_says(cli.out, "four_eyes_above");
    assert_says(cli.out, "takes two coordinators");
}

static void the_same_coordinator_is_not_both(void **state)
{
    (void)state;
    static const char *const agencies[][2] = {{"nl-dmo", "NL-1"}, {"de-bw", "DE-1"}, {"es-ae", "ES-1"}};
    char text[256];
    cli_write(&cli, "items.csv", "item,title,unit\nGEM-T,Patriot GEM-T guided missile,EA\n");
    assert_code(cli_as(&cli, "hq", "item", "submit", "items.csv", NULL), 0);
    for (size_t i = 0; i < 3; i++) {
        snprintf(text, sizeof text, "demand,item,month,quantity,max_unit_price\n%s,GEM-T,2030-12,100,5900000.00\n", agencies[i][1]);
        cli_write(&cli, "demand.csv", text);
        assert_code(cli_as(&cli, agencies[i][0], "demand", "submit", "demand.csv", "--receipt", agencies[i][1], NULL), 0);
    }
    cli_write(&cli, "offer.csv", "offer,supplier,item,min_quantity,unit_price,first_month,monthly_rate,origin\nAF-1,alfaco,GEM-T,50,5000000.00,2028-01,40,DE:100\n");
    assert_code(cli_as(&cli, "alfaco", "offer", "submit", "offer.csv", NULL), 0);
    if (!cli_await(&cli, "hq", "\"quantity\": 300,\n    \"wanted\": 300", PATIENCE, "bundle", "list", NULL))
        fail_msg("no bundle of all three:\n%s\n%s", cli.out, cli.err);
    char bundle[32];
    snprintf(bundle, sizeof bundle, "B-%04d", atoi(cli_json(&cli, "bundles.0.number")));
    if (strcmp(bundle, "B-0000") == 0)
        snprintf(bundle, sizeof bundle, "B-%04d", atoi(cli_json(&cli, "0.number")));
    assert_code(cli_as(&cli, "hq", "bundle", "show", bundle, "--screen", NULL), 0);
    assert_says(cli.out, "Its release takes two coordinators: it costs more than EUR 500,000,000.");
    assert_code(cli_as(&cli, "hq", "bundle", "release", bundle, "--screen", NULL), 0);
    assert_says(cli.out, "has your release, the first of two: nobody is asked yet");
    assert_code(cli_as(&cli, "hq", "bundle", "release", bundle, "--screen", NULL), 77);
    assert_says(cli.out, "another coordinator than hq");
    assert_code(cli_as(&cli, "hq", "bundle", "list", "--screen", NULL), 0);
    assert_says(cli.out, "Waiting for a second coordinator");
    assert_code(cli_as(&cli, "nl-dmo", "bundle", "show", bundle, NULL), 65);
    assert_code(cli_as(&cli, "hq2", "status", "--screen", NULL), 0);
    assert_says(cli.out, "hq has released it; it takes a second coordinator");
    assert_code(cli_as(&cli, "hq2", "bundle", "show", bundle, "--screen", NULL), 0);
    assert_says(cli.out, "Released by hq, 2027-01-31");
    assert_code(cli_as(&cli, "hq2", "bundle", "release", bundle, "--screen", NULL), 0);
    assert_says(cli.out, "released: its nations are asked");
    assert_code(cli_as(&cli, "hq", "bundle", "show", bundle, "--screen", NULL), 0);
    assert_says(cli.out, "Released second by hq2");
    assert_code(cli_as(&cli, "nl-dmo", "bundle", "show", bundle, "--json", NULL), 0);
    assert_null(strstr(cli.out, "hq2"));
    /* One of three leaves, with a reason. */
    assert_code(cli_as(&cli, "es-ae", "bundle", "answer", bundle, "no", "--confirm", "--reason", "budget cut by parliament", NULL), 0);
    assert_code(cli_as(&cli, "hq", "bundle", "show", bundle, "--screen", NULL), 0);
    assert_says(cli.out, "No: es-ae, 2027-01-31: budget cut by parliament");
    assert_code(cli_as(&cli, "nl-dmo", "bundle", "answer", bundle, "yes", NULL), 0);
    assert_code(cli_as(&cli, "de-bw", "bundle", "answer", bundle, "yes", NULL), 0);
    if (!cli_await(&cli, "hq", "\"quantity\": 200,\n    \"wanted\": 200", PATIENCE, "bundle", "list", NULL))
        fail_msg("not planned again:\n%s\n%s", cli.out, cli.err);
    assert_code(cli_as(&cli, "hq", "bundle", "show", bundle, "--screen", NULL), 0);
    assert_says(cli.out, "Left after v1: es-ae, 2027-01-31: budget cut by parliament");
    assert_says(cli.out, "Its release takes two coordinators");
    assert_code(cli_as(&cli, "nl-dmo", "bundle", "show", bundle, "--screen", NULL), 0);
    assert_null(strstr(cli.out, "parliament"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_policy_needs_a_second_coordinator_first),
        cmocka_unit_test(the_same_coordinator_is_not_both),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
