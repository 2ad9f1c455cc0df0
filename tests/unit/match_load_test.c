/* SPDX-License-Identifier: EUPL-1.2 */
/* Markets as the core's structs: rounding, defaults, limits, order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker/match/load.h"
#include "broker/match/message.h"
#include "broker/match/variant.h"
#include "proto/status.h"
#include "tests/unit/scenario_support.h"

static struct scenario_support s;

static int load_status(void)
{
    assert_int_equal(scenario_support_read(&s), STATUS_OK);
    return match_load(s.message, &s.arena, &s.faults, &s.market);
}

static void amounts_are_rounded_half_to_even(void **state)
{
    (void)state;
    /* cents * rate: 1 * 0.5 = 0.5 -> 0, 3 * 0.5 = 1.5 -> 2, 5 * 0.5 = 2.5 -> 2, 5 * 0.500001 = 2.500005 -> 3 */
    static const struct {
        const char *rate, *amount;
        int64_t cents;
    } cases[] = {{"0.5", "0.01", 0}, {"0.5", "0.03", 2}, {"0.5", "0.05", 2}, {"0.500001", "0.05", 3}, {"0.499999", "0.03", 1},
                 {"999999999.999999", "0.01", 1000000000}, {"0.000001", "9999999999999.99", 1000000000}};
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        char text[128];
        snprintf(text, sizeof text, "currency,rate\nXTS,%s\n", cases[n].rate);
        scenario_support_put(&s, "rates.csv", text);
        snprintf(text, sizeof text, "demand,country,item,month,quantity,max_unit_price,currency\nD1,NL,I1,2027-06,1,%s,XTS\n", cases[n].amount);
        scenario_support_put(&s, "demands.csv", text);
        scenario_support_load(&s);
        assert_int_equal(s.market->lots[0].demands[0].ceiling, cases[n].cents);
    }
}

static void defaults_and_derived_figures(void **state)
{
    (void)state;
    scenario_support_put(&s, "offers.csv",
                         "offer,supplier,item,unit_price,first_month,origin,provides,certificates\n"
                         "O1,S1,I1,0.99,2027-02,UA:55;US:45;CN:0,B=2;a=1,\nO2,S2,I1,1.01,2027-02,,,Z;A;A\n");
    scenario_support_load(&s);
    const struct match_lot *lot = &s.market->lots[0];
    assert_int_equal(lot->offers[0].european_content, 55);
    assert_int_equal(lot->offers[0].origin_count, 2); /* nothing comes from a country at 0 percent */
    assert_string_equal(lot->offers[0].provides[0].name, "a");
    assert_int_equal(lot->offers[1].european_content, 100); /* the supplier's country */
    assert_int_equal(lot->offers[1].certificates.count, 2);
    assert_string_equal(lot->offers[1].certificates.texts[0], "A");
    assert_int_equal(lot->offers[0].tiers[0].evaluated_price, 99);
    assert_int_equal(lot->offers[1].tiers[0].evaluated_price, 96); /* 101 less floor(5.05) for an SME */
    assert_true(lot->offers[0].max_quantity == MATCH_UNLIMITED);
    assert_int_equal(lot->demands[0].fund, MATCH_NONE);
    assert_int_equal(s.market->as_of_month, 2027 * 12);
    assert_int_equal(lot->rules.min_nations, 2);
    assert_int_equal(lot->rules.weights[0], 16);
}

static void the_reference_value_is_the_lower_weighted_median(void **state)
{
    (void)state;
    scenario_support_put(&s, "demands.csv", "demand,country,item,month,quantity,max_unit_price\nD1,NL,I1,2027-06,5,300\nD2,DE,I1,2027-06,3,100\nD3,FR,I1,2027-06,2,200\n");
    scenario_support_load(&s);
    assert_int_equal(s.market->lots[0].reference, 20000); /* 5 of 10 units at or below 200 */
    scenario_support_edit(&s, "demands.csv", "6,5,300", "6,6,300");
    scenario_support_load(&s);
    assert_int_equal(s.market->lots[0].reference, 30000);
}

static void rules_of_one_item_and_defaults_of_empty_values(void **state)
{
    (void)state;
    scenario_support_put(&s, "items.csv", "item\nI1\nI2\n");
    scenario_support_put(&s, "policy.csv", "key,value,item\nas_of,2027-01-15,\nmin_nations,4,\nmin_nations,3,I2\nweights,9;5;4;2;1,I2\nsme_preference,,I1\nsme_preference,7,\n");
    scenario_support_edit(&s, "demands.csv", "D1,NL,I1", "D1,NL,I2");
    scenario_support_load(&s);
    assert_int_equal(s.market->lot_count, 2);
    assert_int_equal(s.market->lots[0].rules.min_nations, 4);
    assert_int_equal(s.market->lots[0].rules.sme_preference, 5); /* empty: the key's default, not the common value */
    assert_int_equal(s.market->lots[1].rules.min_nations, 3);
    assert_int_equal(s.market->lots[1].rules.weights[0], 9);
    assert_int_equal(s.market->lots[1].rules.sme_preference, 7);
}

static void totals_stay_below_the_limit(void **state)
{
    (void)state;
    /* weight 1000 * R 4611686018427 cents * 1000 units = 4.611686018427e18, just below 2^62 = 4.611686018427387904e18 */
    scenario_support_put(&s, "policy.csv", "key,value\nas_of,2027-01-15\nweights,1000;1;1;1;1\ncontract_overhead,0\n");
    scenario_support_put(&s, "offers.csv", "offer,supplier,item,unit_price,first_month\n");
    scenario_support_put(&s, "demands.csv", "demand,country,item,month,quantity,max_unit_price\nD1,NL,I1,2027-06,1000,46116860184.27\n");
    assert_int_equal(load_status(), STATUS_OK);
    scenario_support_put(&s, "demands.csv", "demand,country,item,month,quantity,max_unit_price\nD1,NL,I1,2027-06,1000,46116860184.28\n");
    assert_int_equal(load_status(), STATUS_TOO_LARGE);
    assert_string_equal(s.faults.list[0].field, "lot I1");
    /* Two lots, each below it. */
    scenario_support_put(&s, "items.csv", "item\nI1\nI2\n");
    scenario_support_put(&s, "demands.csv", "demand,country,item,month,quantity,max_unit_price\nD1,NL,I1,2027-06,600,46116860184.27\nD2,NL,I2,2027-06,600,46116860184.27\n");
    assert_int_equal(load_status(), STATUS_TOO_LARGE);
    assert_string_equal(s.faults.list[0].field, "the whole market");
    /* Overheads and one-off costs count. */
    scenario_support_put(&s, "demands.csv", "demand,country,item,month,quantity,max_unit_price\nD1,NL,I1,2027-06,1000,46116860184.27\n");
    scenario_support_put(&s, "offers.csv", "offer,supplier,item,unit_price,one_off,first_month\nO1,S1,I1,1,3879.05,2027-01\n");
    assert_int_equal(load_status(), STATUS_TOO_LARGE);
    scenario_support_put(&s, "offers.csv", "offer,supplier,item,unit_price,one_off,first_month\nO1,S1,I1,1,3879.03,2027-01\n");
    assert_int_equal(load_status(), STATUS_OK);
}

static void a_message_made_elsewhere_is_checked_again(void **state)
{
    (void)state;
    assert_int_equal(load_status(), STATUS_OK);
    s.message->demands[0]->priority = 0;
    assert_int_equal(match_load(s.message, &s.arena, &s.faults, &s.market), STATUS_INVALID);
    assert_string_equal(s.faults.list[0].field, "demand D1");
    assert_int_equal(load_status(), STATUS_OK);
    s.message->offers[0]->tiers[0]->monthly_rate = UINT64_MAX;
    assert_int_equal(match_load(s.message, &s.arena, &s.faults, &s.market), STATUS_INVALID);
    assert_int_equal(load_status(), STATUS_OK);
    s.message->demands[1] = s.message->demands[0];
    assert_int_equal(match_load(s.message, &s.arena, &s.faults, &s.market), STATUS_INVALID);
    assert_int_equal(load_status(), STATUS_OK);
    s.message->demands[0]->lines[0]->month = 202713;
    assert_int_equal(match_load(s.message, &s.arena, &s.faults, &s.market), STATUS_INVALID);
    assert_int_equal(load_status(), STATUS_OK);
    static char nobody[] = "S9";
    s.message->offers[0]->supplier = nobody;
    assert_int_equal(match_load(s.message, &s.arena, &s.faults, &s.market), STATUS_INVALID);
}

/* The plan's bytes for a market. */
static uint8_t *packed_plan(size_t *size)
{
    Muster__Plan *message;
    const struct match_plan *plan = scenario_support_plan(&s);
    assert_int_equal(match_message_pack(s.market, plan, &s.arena, &message), STATUS_OK);
    *size = muster__plan__get_packed_size(message);
    uint8_t *bytes = malloc(*size + 1);
    assert_non_null(bytes);
    muster__plan__pack(message, bytes);
    return bytes;
}

static void shuffle(uint64_t *seed, void **list, size_t count)
{
    for (size_t n = count; n > 1; n--) {
        size_t other = scenario_support_random(seed, n);
        void *moved = list[n - 1];
        list[n - 1] = list[other];
        list[other] = moved;
    }
}

static void the_order_of_the_input_does_not_matter(void **state)
{
    (void)state;
    uint64_t order = 3;
    for (uint64_t seed = 200; seed < 230; seed++) {
        size_t size, same_size;
        scenario_support_randomize(&s, seed, 8, 5);
        scenario_support_load(&s);
        uint8_t *plan = packed_plan(&size);
        assert_int_equal(scenario_support_read(&s), STATUS_OK);
        shuffle(&order, (void **)s.message->demands, s.message->n_demands);
        shuffle(&order, (void **)s.message->offers, s.message->n_offers);
        shuffle(&order, (void **)s.message->suppliers, s.message->n_suppliers);
        shuffle(&order, (void **)s.message->policy, s.message->n_policy);
        for (size_t n = 0; n < s.message->n_offers; n++) {
            shuffle(&order, (void **)s.message->offers[n]->freight, s.message->offers[n]->n_freight);
        }
        assert_int_equal(match_load(s.message, &s.arena, &s.faults, &s.market), STATUS_OK);
        uint8_t *same = packed_plan(&same_size);
        assert_int_equal(size, same_size);
        assert_memory_equal(plan, same, size);
        free(plan);
        free(same);
    }
}

static void variants_change_rules_ceilings_and_participants(void **state)
{
    (void)state;
    static const char *const sets[] = {"min_nations=1", "sme_min_share@I1=30", "max_unit_price@D1=95.50"};
    static const char *const without[] = {"S2", "DE"};
    Muster__Market *changed;
    scenario_support_edit(&s, "policy.csv", "key,value\n", "key,value,item\nmin_nations,5,I1\n");
    scenario_support_edit(&s, "policy.csv", "2027-01-15", "2027-01-15,");
    scenario_support_edit(&s, "policy.csv", "overhead,0", "overhead,0,");
    scenario_support_put(&s, "commitments.csv", "demand,month,offer,tier,quantity,unit_price\nD2,2027-09,O1,1,2,75\n");
    assert_int_equal(load_status(), STATUS_OK);
    assert_int_equal(s.market->lots[0].rules.min_nations, 5);
    const struct match_variant variant = {sets, 3, without, 2};
    assert_int_equal(match_variant_apply(s.message, &variant, &s.arena, &s.faults, &changed), STATUS_OK);
    assert_int_equal(match_load(changed, &s.arena, &s.faults, &s.market), STATUS_OK);
    const struct match_lot *lot = &s.market->lots[0];
    assert_int_equal(lot->rules.min_nations, 1);
    assert_int_equal(lot->rules.sme_min_share, 30);
    assert_int_equal(lot->demands[0].ceiling, 9550);
    assert_int_equal(lot->offer_count, 1);
    assert_int_equal(lot->demand_count, 2); /* DE keeps what is committed */
    assert_int_equal(lot->demands[1].line_count, 1);
    assert_int_equal(lot->demands[1].lines[0].quantity, 2);
    assert_int_equal(s.message->demands[1]->n_lines, 2); /* the market given is not touched */
    static const char *const wrong[] = {"min_nation=1", "min_nations@I9=1", "as_of@I1=2027-01-01", "max_unit_price@D9=1", "max_unit_price@D1=x", "nothing"};
    for (size_t n = 0; n < sizeof wrong / sizeof wrong[0]; n++) {
        const struct match_variant bad = {&wrong[n], 1, NULL, 0};
        assert_int_equal(match_variant_apply(s.message, &bad, &s.arena, &s.faults, &changed), STATUS_INVALID);
    }
    static const char *const nobody = "S9";
    const struct match_variant bad = {NULL, 0, &nobody, 1};
    assert_int_equal(match_variant_apply(s.message, &bad, &s.arena, &s.faults, &changed), STATUS_INVALID);
}

static void an_offer_left_out_keeps_its_commitments_and_gives_no_more(void **state)
{
    (void)state;
    static const char *const without = "O1";
    Muster__Market *changed;
    scenario_support_put(&s, "commitments.csv", "demand,month,offer,tier,quantity,unit_price\nD2,2027-09,O1,1,2,75\n");
    assert_int_equal(load_status(), STATUS_OK);
    const struct match_variant variant = {NULL, 0, &without, 1};
    assert_int_equal(match_variant_apply(s.message, &variant, &s.arena, &s.faults, &changed), STATUS_OK);
    assert_int_equal(match_load(changed, &s.arena, &s.faults, &s.market), STATUS_OK);
    assert_int_equal(s.market->lots[0].commitment_count, 1);
    const struct match_plan *plan = scenario_support_plan(&s);
    for (uint32_t n = 0; n < plan->lots[0].award_count; n++) {
        assert_string_equal(s.market->lots[0].offers[plan->lots[0].awards[n].offer].id, "O2");
    }
}

int main(void)
{
#define RULE(test) SCENARIO_SUPPORT_TEST(test, s)
    const struct CMUnitTest tests[] = {
        RULE(amounts_are_rounded_half_to_even),
        RULE(defaults_and_derived_figures),
        RULE(the_reference_value_is_the_lower_weighted_median),
        RULE(rules_of_one_item_and_defaults_of_empty_values),
        RULE(totals_stay_below_the_limit),
        RULE(a_message_made_elsewhere_is_checked_again),
        RULE(the_order_of_the_input_does_not_matter),
        RULE(variants_change_rules_ceilings_and_participants),
        RULE(an_offer_left_out_keeps_its_commitments_and_gives_no_more),
    };
    return cmocka_run_group_tests_name("match_load", tests, NULL, NULL);
}
