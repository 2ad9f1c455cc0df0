/* SPDX-License-Identifier: EUPL-1.2 */
/* Every rule that makes a plan valid has a plan here that breaks it alone and is refused for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker/match/facts.h"
#include "broker/match/message.h"
#include "broker/match/settle.h"
#include "broker/match/verify.h"
#include "proto/status.h"
#include "tests/unit/hand_plan.h"
#include "tests/unit/scenario_support.h"

static struct scenario_support s;
static struct hand_plan hand;

static void start(void)
{
    hand_plan_start(&hand, &s);
}

static void give(const char *demand, uint32_t line, const char *offer, uint32_t tier, int64_t quantity)
{
    hand_plan_give(&hand, demand, line, offer, tier, quantity);
}

static void complete(void)
{
    hand_plan_complete(&hand);
}

static void assert_valid(void)
{
    const char *fault = NULL;
    int status = match_verify_plan(s.market, &hand.plan, &s.arena, &fault);
    if (status) {
        fail_msg("refused: %s", fault ? fault : "?");
    }
}

static void assert_refused(const char *part)
{
    const char *fault = NULL;
    assert_int_equal(match_verify_plan(s.market, &hand.plan, &s.arena, &fault), STATUS_INVALID);
    assert_non_null(fault);
    if (!strstr(fault, part)) {
        fail_msg("refused for '%s', not for '%s'", fault, part);
    }
}

/* D1 gets 8 of 10, D2 2 of 5 in June: all that O1 (2 a month from February) makes by then. */
static void give_usual(void)
{
    give("D1", 0, "O1", 1, 8);
    give("D2", 0, "O1", 1, 2);
}

static void accepts_a_valid_plan_and_an_empty_one(void **state)
{
    (void)state;
    start();
    complete();
    assert_valid();
    start();
    give_usual();
    complete();
    assert_valid();
}

static void refuses_an_award_that_is_no_award(void **state)
{
    (void)state;
    start();
    give_usual();
    complete();
    hand.awards[0].quantity = 0;
    assert_refused("0 units");
    hand.awards[0].quantity = INT64_MAX;
    assert_refused("still lacks");
    hand.awards[0].quantity = 11;
    assert_refused("11 units of the 10");
    hand.awards[0].quantity = 8;
    hand.awards[0].line = 1;
    assert_refused("no such delivery");
    hand.awards[0].line = 0;
    hand.awards[0].tier = 2;
    assert_refused("no tier 3");
    hand.awards[0].tier = 0;
    hand.awards[0].offer = 2;
    assert_refused("does not have");
    hand.awards[0].offer = 0;
    hand.awards[0].demand = UINT32_MAX;
    assert_refused("does not have");
    hand.awards[0] = hand.awards[1];
    assert_refused("twice");
}

static void refuses_other_prices_and_shares(void **state)
{
    (void)state;
    start();
    give_usual();
    complete();
    hand.awards[0].unit_price--;
    assert_refused("unit price or freight");
    hand.awards[0].unit_price++;
    hand.awards[0].freight = 1;
    assert_refused("unit price or freight");
    hand.awards[0].freight = 0;
    hand.awards[0].one_off = 1;
    assert_refused("one-off share");
    hand.awards[0].one_off = 0;
    hand.plan.objective++;
    assert_refused("objective");
    hand.lot.objective++;
    assert_refused("I1: objective");
    hand.plan.objective--;
    assert_refused("I1: objective");
    hand.lot.objective--;
    hand.lot.bound = hand.lot.objective - 1;
    assert_refused("below the objective");
    hand.lot.bound = hand.lot.objective;
    hand.plan.bound = hand.plan.objective - 1;
    assert_refused("below the objective");
}

static void refuses_a_price_above_the_ceiling(void **state)
{
    (void)state;
    scenario_support_edit(&s, "demands.csv", "100.00", "79.99");
    start();
    give_usual();
    complete();
    assert_refused("above the ceiling");
}

static void refuses_incompatible_pairs(void **state)
{
    (void)state;
    static const char *const offers[] = {
        "offer,supplier,item,unit_price,first_month,stock,valid_until\nO1,S1,I1,80,2027-02,50,2027-01-14\n",
        "offer,supplier,item,unit_price,first_month,stock,destinations\nO1,S1,I1,80,2027-02,50,FR;DE\n",
        "offer,supplier,item,unit_price,first_month,stock,freight\nO1,S1,I1,80,2027-02,50,FR:1;DE:1\n",
    };
    for (size_t n = 0; n < sizeof offers / sizeof offers[0]; n++) {
        scenario_support_put(&s, "offers.csv", offers[n]);
        start();
        give("D1", 0, "O1", 1, 8);
        complete();
        assert_refused("not compatible");
    }
    static const char *const columns[] = {"requires", "certificates", "exclude_origins", "fund"};
    static const char *const values[] = {"grade>=2", "AQAP-2110", "DE", "F1"};
    scenario_support_put(&s, "offers.csv", "offer,supplier,item,unit_price,first_month,stock,provides\nO1,S1,I1,80,2027-02,50,grade=1\n");
    for (size_t n = 0; n < sizeof columns / sizeof columns[0]; n++) {
        char text[256];
        snprintf(text, sizeof text, "demand,country,item,month,quantity,max_unit_price,%s\nD1,NL,I1,2027-06,10,100,%s\n", columns[n], values[n]);
        scenario_support_put(&s, "demands.csv", text);
        scenario_support_put(&s, "funds.csv", "fund,countries\nF1,DE\n");
        start();
        give("D1", 0, "O1", 1, 8);
        complete();
        assert_refused("not compatible");
    }
    scenario_support_put(&s, "funds.csv", "fund,min_european_content\nF1,60\n");
    scenario_support_put(&s, "offers.csv", "offer,supplier,item,unit_price,first_month,stock,origin\nO1,S1,I1,80,2027-02,50,DE:59;US:41\n");
    start();
    give("D1", 0, "O1", 1, 8);
    complete();
    assert_refused("not compatible");
    scenario_support_put(&s, "policy.csv", "key,value\nas_of,2027-01-15\nmin_nations,1\nexcluded_origins,US\n");
    scenario_support_put(&s, "funds.csv", "fund\nF1\n");
    start();
    give("D1", 0, "O1", 1, 8);
    complete();
    assert_refused("not compatible");
}

static void refuses_less_than_a_demand_takes(void **state)
{
    (void)state;
    scenario_support_edit(&s, "demands.csv", "max_unit_price\n", "max_unit_price,min_quantity,single_supplier\n");
    scenario_support_edit(&s, "demands.csv", "100.00\n", "100.00,9,\n");
    scenario_support_edit(&s, "demands.csv", "110.00\n", "110.00,,yes\n");
    scenario_support_edit(&s, "demands.csv", "5,\n", "5,,,\n");
    start();
    give_usual();
    complete();
    assert_refused("below its minimum 9");
    start();
    give("D1", 0, "O1", 1, 9);
    give("D2", 0, "O1", 1, 1);
    give("D2", 1, "O1", 1, 5);
    complete();
    assert_valid();
    start();
    give("D1", 0, "O1", 1, 9);
    give("D2", 0, "O1", 1, 1);
    give("D2", 1, "O2", 1, 5);
    complete();
    assert_refused("single supplier");
    /* What is committed counts for both. */
    scenario_support_put(&s, "commitments.csv", "demand,month,offer,tier,quantity,unit_price\nD1,2027-06,O2,1,2,90\nD2,2027-06,O2,1,1,90\n");
    start();
    give("D1", 0, "O1", 1, 7);
    complete();
    assert_valid();
    start();
    give("D1", 0, "O1", 1, 7);
    give("D2", 0, "O1", 1, 1);
    complete();
    assert_refused("single supplier");
}

static void refuses_what_an_offer_does_not_sell(void **state)
{
    (void)state;
    start();
    give("D1", 0, "O1", 1, 9);
    give("D2", 0, "O1", 1, 2);
    complete();
    assert_refused("owes 11 by 2027-06, makes 10");
    start();
    give("D1", 0, "O1", 1, 8);
    give("D2", 0, "O1", 2, 2);
    complete();
    assert_refused("two tiers");
    start();
    give("D1", 0, "O1", 2, 10);
    give("D2", 1, "O1", 2, 4);
    complete();
    assert_refused("sells 14, outside 15");
    scenario_support_edit(&s, "offers.csv", "monthly_rate\n", "monthly_rate,max_quantity\n");
    scenario_support_edit(&s, "offers.csv", "2027-02,0,2\n", "2027-02,0,2,9\n");
    scenario_support_edit(&s, "offers.csv", "2027-02,0,3\n", "2027-02,0,3,\n");
    scenario_support_edit(&s, "offers.csv", "3,1\n", "3,1,\n");
    start();
    give_usual();
    complete();
    assert_refused("sells 10, outside 1 to 9");
}

static void counts_what_is_committed_in_output_and_tier(void **state)
{
    (void)state;
    scenario_support_put(&s, "commitments.csv", "demand,month,offer,tier,quantity,unit_price\nD2,2027-06,O1,1,3,75\n");
    start();
    give("D1", 0, "O1", 1, 8);
    complete();
    assert_refused("owes 11 by 2027-06, makes 10");
    start();
    give("D1", 0, "O1", 1, 7);
    complete();
    assert_valid();
    start();
    give("D1", 0, "O1", 2, 10);
    give("D2", 0, "O1", 2, 2);
    complete();
    assert_refused("committed under tier 1");
    /* More committed than it can make by June: what is due before is open, what is due then or later is not. */
    scenario_support_put(&s, "commitments.csv", "demand,month,offer,tier,quantity,unit_price\nD2,2027-09,O1,1,5,75\nD2,2027-06,O1,1,5,75\n");
    scenario_support_edit(&s, "offers.csv", "2027-02,0,2", "2027-02,0,1");
    scenario_support_edit(&s, "demands.csv", "D1,NL,I1,2027-06", "D1,NL,I1,2027-12");
    start();
    give("D1", 0, "O1", 1, 1);
    complete();
    assert_valid();
    scenario_support_edit(&s, "demands.csv", "D1,NL,I1,2027-12", "D1,NL,I1,2027-08");
    start();
    give("D1", 0, "O1", 1, 1);
    complete();
    assert_refused("owes");
}

static void refuses_a_one_off_cost_that_no_ceiling_carries(void **state)
{
    (void)state;
    scenario_support_edit(&s, "offers.csv", "70.00,50.00", "70.00,500.01");
    start();
    give("D1", 0, "O1", 2, 10);
    give("D2", 1, "O1", 2, 5);
    complete();
    assert_refused("cannot carry the one-off cost");
    scenario_support_edit(&s, "offers.csv", "70.00,500.01", "70.00,500.00");
    start();
    give("D1", 0, "O1", 2, 10);
    give("D2", 1, "O1", 2, 5);
    complete();
    assert_valid();
}

static void refuses_a_bundle_against_its_rules(void **state)
{
    (void)state;
    static const struct {
        const char *rule, *fault;
    } rules[] = {
        {"min_nations,3", "2 nations, 3 needed"},         {"sme_min_share,1", "SME share below 1"},
        {"european_min_share,61", "outside 61 to 100"},   {"european_max_share,59", "outside 0 to 59"},
        {"supplier_max_share,99", "supplier S1 above 99"},
    };
    scenario_support_edit(&s, "offers.csv", "monthly_rate\n", "monthly_rate,origin\n");
    scenario_support_edit(&s, "offers.csv", "0,2\n", "0,2,DE:60;US:40\n");
    scenario_support_edit(&s, "offers.csv", "0,3\n", "0,3,\n");
    scenario_support_edit(&s, "offers.csv", "3,1\n", "3,1,\n");
    for (size_t n = 0; n < sizeof rules / sizeof rules[0]; n++) {
        char text[128];
        snprintf(text, sizeof text, "key,value\nas_of,2027-01-15\n%s\n", rules[n].rule);
        scenario_support_put(&s, "policy.csv", text);
        start();
        give_usual();
        complete();
        assert_refused(rules[n].fault);
        start();
        complete();
        assert_valid(); /* where nothing new is awarded, nothing binds */
    }
    scenario_support_put(&s, "policy.csv", "key,value\nas_of,2027-01-15\neuropean_min_share,60\neuropean_max_share,60\n");
    start();
    give_usual();
    complete();
    assert_valid();
}

static void refuses_too_few_nations_for_a_fund(void **state)
{
    (void)state;
    scenario_support_put(&s, "funds.csv", "fund,balance,min_nations\nF1,800.00,3\n");
    scenario_support_edit(&s, "demands.csv", "max_unit_price\n", "max_unit_price,fund\n");
    scenario_support_edit(&s, "demands.csv", "100.00\n", "100.00,F1\n");
    scenario_support_edit(&s, "demands.csv", "110.00\n", "110.00,\n");
    scenario_support_edit(&s, "demands.csv", "5,\n", "5,,\n");
    start();
    give_usual();
    complete();
    assert_refused("2 nations, 3 needed");
    start();
    give("D2", 0, "O1", 1, 2);
    give("D2", 1, "O1", 1, 2);
    complete();
    assert_refused("1 nations, 2 needed");
}

static void refuses_to_spend_more_than_a_fund_has(void **state)
{
    (void)state;
    scenario_support_put(&s, "funds.csv", "fund,balance\nF1,640.00\n");
    scenario_support_edit(&s, "demands.csv", "max_unit_price\n", "max_unit_price,fund\n");
    scenario_support_edit(&s, "demands.csv", "100.00\n", "100.00,F1\n");
    scenario_support_edit(&s, "demands.csv", "110.00\n", "110.00,\n");
    scenario_support_edit(&s, "demands.csv", "5,\n", "5,,\n");
    start();
    give_usual();
    complete();
    assert_valid();
    scenario_support_put(&s, "funds.csv", "fund,balance\nF1,639.99\n");
    start();
    give_usual();
    complete();
    assert_refused("fund F1: pays 64000, balance 63999");
    /* Commitments count, with their one-off cost; what they alone exceed stands. */
    scenario_support_put(&s, "funds.csv", "fund,balance\nF1,720.00\n");
    scenario_support_put(&s, "commitments.csv", "demand,month,offer,tier,quantity,unit_price,freight,one_off\nD1,2027-06,O2,1,1,70,5,5.01\n");
    start();
    give_usual();
    complete();
    assert_refused("fund F1: pays 72001, balance 72000");
    scenario_support_put(&s, "funds.csv", "fund,balance\nF1,1.00\n");
    start();
    give("D2", 0, "O1", 1, 2);
    complete();
    assert_valid();
}

static void counts_commitments_in_the_bundle(void **state)
{
    (void)state;
    scenario_support_put(&s, "policy.csv", "key,value\nas_of,2027-01-15\nsme_min_share,10\n");
    scenario_support_put(&s, "commitments.csv", "demand,month,offer,tier,quantity,unit_price\nD2,2027-06,O2,1,1,90\n");
    start();
    give("D1", 0, "O1", 1, 10);
    complete();
    assert_valid(); /* two nations and 90 of 890 are the commitment's */
    scenario_support_put(&s, "policy.csv", "key,value\nas_of,2027-01-15\nsme_min_share,11\n");
    start();
    give("D1", 0, "O1", 1, 10);
    complete();
    assert_refused("SME share below 11");
}

static void refuses_unequal_treatment(void **state)
{
    (void)state;
    scenario_support_put(&s, "policy.csv", "key,value\nas_of,2027-01-15\nmin_nations,1\n");
    scenario_support_put(&s, "demands.csv",
                         "demand,country,item,month,quantity,max_unit_price,requires,certificates\n"
                         "D1,NL,I1,2027-06,10,100,,\nD2,DE,I1,2027-06,5,100,,\n");
    start();
    give("D1", 0, "O1", 1, 7);
    give("D2", 0, "O1", 1, 3);
    complete();
    assert_valid(); /* two thirds each */
    start();
    give("D1", 0, "O1", 1, 8);
    give("D2", 0, "O1", 1, 2);
    complete();
    assert_refused("not treated alike");
    scenario_support_put(&s, "policy.csv", "key,value\nas_of,2027-01-15\nmin_nations,2\n");
    start();
    give("D1", 0, "O1", 1, 8);
    give("D2", 0, "O1", 1, 2);
    complete();
    assert_valid(); /* no nation to spare */
    scenario_support_put(&s, "policy.csv", "key,value\nas_of,2027-01-15\nmin_nations,1\n");
    static const char *const unlike[] = {"D2,DE,I1,2027-06,5,101,,", "D2,DE,I1,2027-07,5,100,,", "D2,DE,I1,2027-06,5,100,a=1,", "D2,DE,I1,2027-06,5,100,,X"};
    scenario_support_put(&s, "offers.csv", "offer,supplier,item,unit_price,first_month,stock,provides,certificates\nO1,S1,I1,80,2027-02,10,a=1,X\n");
    for (size_t n = 0; n < sizeof unlike / sizeof unlike[0]; n++) {
        char text[256];
        snprintf(text, sizeof text, "demand,country,item,month,quantity,max_unit_price,requires,certificates\nD1,NL,I1,2027-06,10,100,,\n%s\n", unlike[n]);
        scenario_support_put(&s, "demands.csv", text);
        start();
        give("D1", 0, "O1", 1, 8);
        give("D2", 0, "O1", 1, 2);
        complete();
        assert_valid();
    }
}

static void refuses_a_wrong_list_of_what_is_missing(void **state)
{
    (void)state;
    start();
    give_usual();
    complete();
    assert_int_equal(hand.lot.uncovered_count, 2);
    hand.lot.uncovered[0].quantity++;
    assert_refused("D1 lacks 2, listed are 3");
    hand.lot.uncovered[0].quantity--;
    hand.lot.uncovered_count = 1;
    assert_refused("D2 lacks 8 but is not listed");
    hand.lot.uncovered_count = 2;
    hand.lot.uncovered[1].demand = 0;
    assert_refused("D2 lacks 8 but is not listed");
    hand.lot.uncovered[1].demand = 1;
    struct match_uncovered longer[3] = {hand.lot.uncovered[0], hand.lot.uncovered[1], hand.lot.uncovered[1]};
    struct match_uncovered *listed = hand.lot.uncovered;
    hand.lot.uncovered = longer;
    hand.lot.uncovered_count = 3;
    assert_refused("names one twice");
    hand.lot.uncovered = listed;
    hand.lot.uncovered_count = 2;
    hand.lot.uncovered[0].reason = MATCH_REASON_OUTRANKED;
    assert_refused("no known reason");
    hand.lot.uncovered[0].reason = MATCH_REASON_TOO_LATE;
    assert_refused("the facts say another");
}

static void the_list_alone_is_safe_on_foreign_awards(void **state)
{
    (void)state;
    const char *fault = NULL;
    start();
    give_usual();
    complete();
    hand.awards[0].line = 7;
    assert_int_equal(match_verify_uncovered(s.market, 0, &hand.lot, &s.arena, &fault), STATUS_INVALID);
    assert_non_null(strstr(fault, "not of this lot"));
}

static void checks_the_reasons_that_are_facts(void **state)
{
    (void)state;
    static const struct {
        const char *offers;
        enum match_reason reason;
    } cases[] = {
        {"offer,supplier,item,unit_price,first_month\n", MATCH_REASON_NO_OFFER},
        {"offer,supplier,item,unit_price,first_month,destinations\nO1,S1,I1,80,2027-01,FR\n", MATCH_REASON_INCOMPATIBLE},
        {"offer,supplier,item,unit_price,first_month,freight\nO1,S1,I1,80,2027-01,*:30.01\n", MATCH_REASON_TOO_EXPENSIVE},
        {"offer,supplier,item,unit_price,first_month,monthly_rate\nO1,S1,I1,80,2027-10,5\n", MATCH_REASON_TOO_LATE},
    };
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        scenario_support_put(&s, "offers.csv", cases[n].offers);
        start();
        complete();
        assert_int_equal(hand.lot.uncovered[0].reason, cases[n].reason);
        assert_valid();
        hand.lot.uncovered[0].reason = MATCH_REASON_CAPACITY;
        assert_refused(match_reason_name(cases[n].reason));
    }
}

static void refuses_a_plan_of_another_market(void **state)
{
    (void)state;
    start();
    complete();
    hand.plan.lot_count = 0;
    assert_refused("0 lots");
}

/* The exchange's way: a plan as bytes, back against the market, and the verifier's word on it. */
static void survives_the_message_and_not_its_spoiling(void **state)
{
    (void)state;
    start();
    give_usual();
    complete();
    assert_int_equal(match_settle_plan(s.market, &hand.plan, false, 1, &s.arena), STATUS_OK);
    Muster__Plan *message;
    struct match_plan *back;
    const char *fault;
    assert_int_equal(match_message_pack(s.market, &hand.plan, &s.arena, &message), STATUS_OK);
    assert_int_equal(match_message_unpack(s.market, message, &s.arena, &back), STATUS_OK);
    assert_int_equal(match_verify_plan(s.market, back, &s.arena, &fault), STATUS_OK);
    assert_int_equal(back->lots[0].nation_count, 2);
    message->lots[0]->awards[0]->quantity = UINT64_MAX;
    assert_int_equal(match_message_unpack(s.market, message, &s.arena, &back), STATUS_OK);
    assert_int_equal(match_verify_plan(s.market, back, &s.arena, &fault), STATUS_INVALID);
    static char unknown[] = "D9";
    message->lots[0]->awards[0]->demand = unknown;
    assert_int_equal(match_message_unpack(s.market, message, &s.arena, &back), STATUS_INVALID);
    message->n_lots = 0;
    assert_int_equal(match_message_unpack(s.market, message, &s.arena, &back), STATUS_INVALID);
}

int main(void)
{
#define RULE(test) SCENARIO_SUPPORT_TEST(test, s)
    const struct CMUnitTest tests[] = {
        RULE(accepts_a_valid_plan_and_an_empty_one),
        RULE(refuses_an_award_that_is_no_award),
        RULE(refuses_other_prices_and_shares),
        RULE(refuses_a_price_above_the_ceiling),
        RULE(refuses_incompatible_pairs),
        RULE(refuses_less_than_a_demand_takes),
        RULE(refuses_what_an_offer_does_not_sell),
        RULE(counts_what_is_committed_in_output_and_tier),
        RULE(refuses_a_one_off_cost_that_no_ceiling_carries),
        RULE(refuses_a_bundle_against_its_rules),
        RULE(refuses_too_few_nations_for_a_fund),
        RULE(refuses_to_spend_more_than_a_fund_has),
        RULE(counts_commitments_in_the_bundle),
        RULE(refuses_unequal_treatment),
        RULE(refuses_a_wrong_list_of_what_is_missing),
        RULE(the_list_alone_is_safe_on_foreign_awards),
        RULE(checks_the_reasons_that_are_facts),
        RULE(refuses_a_plan_of_another_market),
        RULE(survives_the_message_and_not_its_spoiling),
    };
    return cmocka_run_group_tests_name("match_verify", tests, NULL, NULL);
}
