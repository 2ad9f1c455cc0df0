/* SPDX-License-Identifier: EUPL-1.2 */
/* Settlement and explanations of a joint missile procurement that was solved by hand: every figure to the cent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker/match/explain.h"
#include "broker/match/facts.h"
#include "broker/match/settle.h"
#include "proto/status.h"
#include "tests/unit/scenario_support.h"

static struct scenario_support s;

/* Four nations; a production line that pays only from 800 units; a second maker who alone can deliver in 2028. */
static int begin(void **state)
{
    (void)state;
    scenario_support_begin(&s);
    scenario_support_put(&s, "items.csv", "item\nGEM-T\n");
    scenario_support_put(&s, "suppliers.csv", "supplier,country,size\nalfaco,DE,large\nbex,US,large\n");
    scenario_support_put(&s, "policy.csv", "key,value\nas_of,2027-02-01\neuropean_min_share,30\nsupplier_max_share,95\n");
    scenario_support_put(&s, "demands.csv",
                         "demand,country,item,month,quantity,max_unit_price,priority\n"
                         "DE-1,DE,GEM-T,2028-12,100,5900000,2\nDE-1,,,2030-12,400,,\n"
                         "ES-1,ES,GEM-T,2030-12,180,5900000,3\n"
                         "NL-1,NL,GEM-T,2028-12,40,5900000,1\nNL-1,,,2030-12,80,,\n"
                         "RO-1,RO,GEM-T,2030-06,200,5900000,3\n");
    scenario_support_put(&s, "offers.csv",
                         "offer,supplier,item,min_quantity,unit_price,one_off,first_month,monthly_rate,origin\n"
                         "A-1,alfaco,GEM-T,100,6000000,0,2028-06,10,DE:65;US:35\nA-1,,,800,5100000,30000000,2029-01,40,\n"
                         "B-1,bex,GEM-T,50,5450000,0,2028-01,8,US:100\n");
    return 0;
}

static int end(void **state)
{
    (void)state;
    scenario_support_end(&s);
    return 0;
}

static const struct match_nation *nation(const struct match_plan *plan, const char *country)
{
    for (uint32_t n = 0; n < plan->lots[0].nation_count; n++) {
        if (strcmp(plan->lots[0].nations[n].country, country) == 0) {
            return &plan->lots[0].nations[n];
        }
    }
    fail_msg("no row of %s", country);
    return NULL;
}

static const struct match_rule *rule(const struct match_plan *plan, const char *name)
{
    for (uint32_t n = 0; n < plan->lots[0].rule_count; n++) {
        if (strcmp(plan->lots[0].rules[n].name, name) == 0) {
            return &plan->lots[0].rules[n];
        }
    }
    fail_msg("no rule %s", name);
    return NULL;
}

static void each_nation_pays_and_saves_to_the_cent(void **state)
{
    (void)state;
    scenario_support_load(&s);
    const struct match_plan *plan = scenario_support_plan(&s);
    assert_int_equal(match_settle_plan(s.market, plan, true, 1, &s.arena), STATUS_OK);
    assert_int_equal(plan->lots[0].nation_count, 4);
    const struct match_nation *nl = nation(plan, "NL"), *de = nation(plan, "DE");
    assert_int_equal(nl->wanted, 120);
    assert_int_equal(nl->quantity, 120);
    assert_int_equal(nl->pays, 62879069767);
    assert_int_equal(nl->alone_quantity, 120);
    assert_int_equal(nl->alone_pays, 65400000000);
    assert_int_equal(nl->saving, 2520930233);
    assert_int_equal(de->wanted, 500);
    assert_int_equal(de->quantity, 456);
    int64_t pays = 0, saving = 0;
    for (uint32_t n = 0; n < 4; n++) {
        pays += plan->lots[0].nations[n].pays;
        saving += plan->lots[0].nations[n].saving;
    }
    assert_int_equal(pays, 493920000000); /* 4,386 + 523.2 + 30 million */
    assert_true(saving > 0);
}

static void rules_show_their_figures(void **state)
{
    (void)state;
    scenario_support_load(&s);
    const struct match_plan *plan = scenario_support_plan(&s);
    assert_int_equal(match_settle_plan(s.market, plan, false, 1, &s.arena), STATUS_OK);
    assert_int_equal(rule(plan, "nations")->numerator, 4);
    assert_int_equal(rule(plan, "nations")->least, 2);
    assert_int_equal(rule(plan, "sme_share")->numerator, 0);
    const struct match_rule *european = rule(plan, "european_share");
    assert_int_equal(european->numerator * 1000 / european->denominator, 580); /* 58.07 percent */
    assert_true(european->met);
    const struct match_rule *supplier = rule(plan, "supplier_share");
    assert_int_equal(supplier->numerator, 438600000000);
    assert_int_equal(supplier->denominator, 490920000000);
    assert_int_equal(supplier->most, 95);
    assert_true(supplier->met);
}

static void alone_a_nation_may_get_less(void **state)
{
    (void)state;
    /* Nobody but the production line, which a nation alone can't fill. */
    scenario_support_put(&s, "offers.csv",
                         "offer,supplier,item,min_quantity,unit_price,one_off,first_month,monthly_rate\n"
                         "A-1,alfaco,GEM-T,500,5100000,30000000,2028-01,40\nB-1,bex,GEM-T,1,5450000,0,2028-01,1\n");
    scenario_support_put(&s, "policy.csv", "key,value\nas_of,2027-02-01\n");
    scenario_support_load(&s);
    const struct match_plan *plan = scenario_support_plan(&s);
    assert_int_equal(match_settle_plan(s.market, plan, true, 1, &s.arena), STATUS_OK);
    const struct match_nation *ro = nation(plan, "RO");
    assert_int_equal(ro->quantity, 200);
    assert_int_equal(ro->alone_quantity, 30); /* one a month from 2028-01 to 2030-06 */
    assert_int_equal(ro->alone_pays, 30 * INT64_C(545000000));
    /* Its bundle pays for 200 at one price; the saving counts 30 of them, rounded against itself. */
    assert_int_equal(ro->saving, ro->alone_pays - (ro->pays * 30 + 199) / 200);
}

static const struct match_uncovered *explained(const struct match_plan *plan, const char *id)
{
    for (uint32_t n = 0; n < plan->lots[0].uncovered_count; n++) {
        if (strcmp(s.market->lots[0].demands[plan->lots[0].uncovered[n].demand].id, id) == 0) {
            return &plan->lots[0].uncovered[n];
        }
    }
    fail_msg("%s is covered", id);
    return NULL;
}

static const struct match_trial *tried(const struct match_trial *list, uint32_t count, const char *text)
{
    for (uint32_t n = 0; n < count; n++) {
        if (strcmp(list[n].text, text) == 0) {
            return &list[n];
        }
    }
    for (uint32_t n = 0; n < count; n++) {
        print_message("tried: %s adds %lld\n", list[n].text, (long long)list[n].adds);
    }
    fail_msg("not tried: %s", text);
    return NULL;
}

static struct match_plan *explain(uint32_t threads)
{
    const struct match_explain_options options = {.currency = "EUR", .threads = threads};
    scenario_support_load(&s);
    struct match_plan *plan = scenario_support_plan(&s);
    assert_int_equal(match_explain_plan(s.market, &options, &s.arena, plan), STATUS_OK);
    return plan;
}

static void a_shortfall_is_explained_by_changes_that_were_planned(void **state)
{
    (void)state;
    const struct match_plan *plan = explain(2);
    const struct match_uncovered *de = explained(plan, "DE-1");
    assert_int_equal(de->quantity, 44);
    assert_int_equal(de->reason, MATCH_REASON_CAPACITY);
    assert_non_null(de->text);
    assert_true(tried(de->tried, de->tried_count, "due 2029-01, 1 month later")->covers);
    const struct match_trial *rate = tried(de->tried, de->tried_count, "12 a month of B-1 instead of 8");
    assert_true(rate->covers);
    assert_int_equal(rate->adds, 44);
    assert_string_equal(rate->kind, "output");
    assert_string_equal(rate->detail, "B-1:12");
    assert_true(de->tried[0].covers); /* what covers all stands first */
}

static void explanations_are_the_same_for_any_number_of_threads(void **state)
{
    (void)state;
    const struct match_plan *plan = explain(1);
    char first[4096] = "", second[4096] = "";
    for (int round = 0; round < 2; round++) {
        char *text = round ? second : first;
        for (uint32_t n = 0; n < plan->lots[0].uncovered_count; n++) {
            const struct match_uncovered *u = &plan->lots[0].uncovered[n];
            snprintf(text + strlen(text), sizeof first - strlen(text), "%s;", u->text);
            for (uint32_t t = 0; t < u->tried_count; t++) {
                snprintf(text + strlen(text), sizeof first - strlen(text), "%s=%lld;", u->tried[t].text, (long long)u->tried[t].adds);
            }
        }
        plan = explain(4);
    }
    assert_string_equal(first, second);
}

/* Who says stop once it was asked so often, and what it was told. */
struct stopper {
    size_t asked, most;
    size_t explained, count;
};

static bool stop_after(void *context)
{
    struct stopper *stopper = context;
    return ++stopper->asked > stopper->most;
}

static void note(void *context, size_t explained, size_t count)
{
    struct stopper *stopper = context;
    stopper->explained = explained;
    stopper->count = count;
}

static struct match_plan *explain_until(struct stopper *stopper)
{
    const struct match_explain_options options = {.currency = "EUR", .threads = 1, .stop = stop_after, .context = stopper, .progress = note};
    struct match_plan *plan = scenario_support_plan(&s);
    assert_int_equal(match_explain_plan(s.market, &options, &s.arena, plan), STATUS_OK);
    return plan;
}

/* Wherever it is stopped: what has a text is what the whole run says, and of the rest nothing is stated that was not there before. */
static void a_stop_leaves_whole_explanations_and_no_others(void **state)
{
    (void)state;
    struct stopper whole = {.most = SIZE_MAX};
    scenario_support_put(&s, "policy.csv", "key,value\nas_of,2027-02-01\nmin_nations,5\n");
    scenario_support_load(&s);
    const struct match_lot_plan *all = &explain_until(&whole)->lots[0], *before = &scenario_support_plan(&s)->lots[0];
    assert_int_equal(whole.explained, whole.count);
    assert_int_equal(whole.count, all->uncovered_count + all->unused_count);
    assert_true(whole.count > 1);
    size_t least = whole.count;
    for (size_t most = 0; most < whole.asked; most += 1 + whole.asked / 40) {
        struct stopper stopper = {.most = most};
        const struct match_lot_plan *some = &explain_until(&stopper)->lots[0];
        size_t explained = some->unused_count;
        assert_int_equal(some->uncovered_count, all->uncovered_count);
        for (uint32_t n = 0; n < some->uncovered_count; n++) {
            const struct match_uncovered *u = &some->uncovered[n], *full = &all->uncovered[n];
            explained += u->text != NULL;
            assert_int_equal(u->reason, u->text ? full->reason : before->uncovered[n].reason);
            assert_int_equal(u->tried_count, u->text ? full->tried_count : 0);
        }
        for (uint32_t n = 0; n < some->unused_count; n++) {
            assert_non_null(some->unused[n].text);
        }
        assert_int_equal(explained, stopper.explained);
        least = explained < least ? explained : least;
    }
    assert_int_equal(least, 0);
}

static void facts_come_with_their_figures(void **state)
{
    (void)state;
    scenario_support_put(&s, "policy.csv", "key,value\nas_of,2027-02-01\n");
    scenario_support_edit(&s, "demands.csv", "priority\n", "priority,certificates\n");
    scenario_support_edit(&s, "demands.csv", "5900000,3\nNL", "5000000,3,\nNL");
    scenario_support_edit(&s, "demands.csv", "5900000,2\n", "5900000,2,\n");
    scenario_support_edit(&s, "demands.csv", "400,,\n", "400,,,\n");
    scenario_support_edit(&s, "demands.csv", "5900000,1\n", "5900000,1,\n");
    scenario_support_edit(&s, "demands.csv", "80,,\n", "80,,,\n");
    scenario_support_edit(&s, "demands.csv", "5900000,3\n", "5900000,1,AQAP-2110\n");
    const struct match_plan *plan = explain(1);
    const struct match_uncovered *es = explained(plan, "ES-1"), *ro = explained(plan, "RO-1");
    assert_int_equal(es->reason, MATCH_REASON_TOO_EXPENSIVE);
    assert_string_equal(es->text, "The cheapest offer that fits, A-1, asks EUR 5,100,000.00 a unit with freight; the ceiling is EUR 5,000,000.00.");
    assert_int_equal(ro->reason, MATCH_REASON_INCOMPATIBLE);
    assert_string_equal(ro->text, "None of 2 offers meets its conditions: 2 lack a certificate.");
    assert_true(tried(ro->tried, ro->tried_count, "without certificate AQAP-2110")->adds > 0);
}

static void a_lot_without_a_bundle_names_the_rule(void **state)
{
    (void)state;
    scenario_support_put(&s, "policy.csv", "key,value\nas_of,2027-02-01\nmin_nations,5\n");
    const struct match_plan *plan = explain(1);
    assert_int_equal(plan->lots[0].award_count, 0);
    assert_non_null(plan->lots[0].forbidden_by);
    const struct match_uncovered *nl = explained(plan, "NL-1");
    assert_int_equal(nl->reason, MATCH_REASON_MIN_NATIONS);
    assert_string_equal(nl->text, "Fewer nations can be served than the 5 that are asked for.");
    assert_true(tried(nl->tried, nl->tried_count, "at least 4 nations instead of 5")->covers);
    assert_true(tried(nl->tried, nl->tried_count, "120 more from one more nation")->adds > 0);
}

static void a_share_rule_that_forbids_is_named_with_its_figure(void **state)
{
    (void)state;
    scenario_support_put(&s, "policy.csv", "key,value\nas_of,2027-02-01\nsme_min_share,20\n");
    const struct match_uncovered *nl = explained(explain(1), "NL-1");
    assert_int_equal(nl->reason, MATCH_REASON_BUNDLE_RULE);
    assert_string_equal(nl->text, "sme_min_share at 20 forbids it.");
    assert_true(tried(nl->tried, nl->tried_count, "sme_min_share at 0 instead of 20")->covers);
}

static void an_empty_fund_and_a_minimum_are_told_apart(void **state)
{
    (void)state;
    scenario_support_put(&s, "funds.csv", "fund,balance\nF1,1000000000.00\n");
    scenario_support_edit(&s, "demands.csv", "priority\n", "priority,fund,min_quantity\n");
    scenario_support_edit(&s, "demands.csv", "5900000,2\n", "5900000,2,,\n");
    scenario_support_edit(&s, "demands.csv", "400,,\n", "400,,,,\n");
    scenario_support_edit(&s, "demands.csv", "5900000,3\nNL", "5900000,3,F1,\nNL");
    scenario_support_edit(&s, "demands.csv", "5900000,1\n", "5900000,1,,\n");
    scenario_support_edit(&s, "demands.csv", "80,,\n", "80,,,,\n");
    scenario_support_edit(&s, "demands.csv", "5900000,3\n", "5900000,3,F1,\n");
    const struct match_plan *plan = explain(1);
    int64_t missing = 0;
    for (uint32_t n = 0; n < plan->lots[0].uncovered_count; n++) {
        const struct match_uncovered *u = &plan->lots[0].uncovered[n];
        const struct match_demand *d = &s.market->lots[0].demands[u->demand];
        if (d->fund != MATCH_NONE) {
            assert_int_equal(u->reason, MATCH_REASON_FUND_EXHAUSTED);
            missing += u->quantity;
        }
    }
    assert_true(missing > 0);
}

static void an_offer_without_an_award_hears_what_would_have_won(void **state)
{
    (void)state;
    scenario_support_put(&s, "offers.csv",
                         "offer,supplier,item,min_quantity,unit_price,one_off,first_month,monthly_rate,destinations\n"
                         "A-1,alfaco,GEM-T,1,5000000,0,2028-01,100,\nB-1,bex,GEM-T,1,5450000,0,2028-01,100,\n"
                         "C-1,bex,GEM-T,1,4000000,0,2028-01,100,FR\nE-1,bex,GEM-T,1,5900001,0,2028-01,100,\nF-1,bex,GEM-T,1,4000000,0,2031-01,100,\n"
                         "G-1,bex,GEM-T,2000,4000000,0,2028-01,200,\n");
    scenario_support_put(&s, "policy.csv", "key,value\nas_of,2027-02-01\n");
    const struct match_plan *plan = explain(2);
    static const struct {
        const char *id;
        enum match_reason reason;
    } expected[] = {{"B-1", MATCH_REASON_OUTRANKED}, {"C-1", MATCH_REASON_INCOMPATIBLE}, {"E-1", MATCH_REASON_TOO_EXPENSIVE},
                    {"F-1", MATCH_REASON_TOO_LATE}, {"G-1", MATCH_REASON_MINIMUM_QUANTITY}};
    assert_int_equal(plan->lots[0].unused_count, 5);
    for (uint32_t n = 0; n < 5; n++) {
        const struct match_unused *u = &plan->lots[0].unused[n];
        assert_string_equal(s.market->lots[0].offers[u->offer].id, expected[n].id);
        assert_int_equal(u->reason, expected[n].reason);
        assert_non_null(u->text);
        bool helps = false;
        for (uint32_t t = 0; t < u->tried_count; t++) {
            helps = helps || u->tried[t].adds > 0;
        }
        assert_true(helps); /* each of these has one change that wins something */
    }
    assert_true(tried(plan->lots[0].unused[1].tried, plan->lots[0].unused[1].tried_count, "delivering to NL")->adds > 0);
}

int main(void)
{
#define RULE(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        RULE(each_nation_pays_and_saves_to_the_cent),
        RULE(rules_show_their_figures),
        RULE(alone_a_nation_may_get_less),
        RULE(a_shortfall_is_explained_by_changes_that_were_planned),
        RULE(explanations_are_the_same_for_any_number_of_threads),
        RULE(a_stop_leaves_whole_explanations_and_no_others),
        RULE(facts_come_with_their_figures),
        RULE(a_lot_without_a_bundle_names_the_rule),
        RULE(a_share_rule_that_forbids_is_named_with_its_figure),
        RULE(an_empty_fund_and_a_minimum_are_told_apart),
        RULE(an_offer_without_an_award_hears_what_would_have_won),
    };
    return cmocka_run_group_tests_name("match_settle", tests, NULL, NULL);
}
