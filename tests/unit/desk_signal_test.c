/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Pooled need through a whole exchange: published on the calendar and never on a change, from demands as they stand, to each reader what is its own;
 * and the same from the log alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "broker/desk/signal.h"
#include "proto/status.h"
#include "tests/unit/world_build.h"

#define AGENCIES 8u

static const char *const agencies[AGENCIES] = {"be", "de", "dk", "es", "fr", "it", "nl", "no"};
static const char *const nations[AGENCIES] = {"BE", "DE", "DK", "ES", "FR", "IT", "NL", "NO"};

static void set_demand(struct world *world, unsigned who, Muster__Release release, uint64_t quantity, uint64_t replaces)
{
    Muster__Demand *demand = world_demand(world, "D1", nations[who], "GEM", 202811, quantity, 900000);
    demand->release = release;
    assert_int_equal(world_put_demand(world, agencies[who], demand, replaces), STATUS_OK);
}

static void build(struct world *world, unsigned count)
{
    world_item(world, "GEM");
    world_party(world, "sup", MUSTER__ROLE__ROLE_SUPPLIER, "FR", true);
    for (unsigned at = 0; at < AGENCIES; at++)
        world_party(world, agencies[at], MUSTER__ROLE__ROLE_AGENCY, nations[at], true);
    for (unsigned at = 0; at < count; at++)
        set_demand(world, at, MUSTER__RELEASE__RELEASE_POOLED, 100 + at, 0);
}

static Muster__NeedAnswer *need(struct world *world, const char *party)
{
    Muster__NeedRequest request = MUSTER__NEED_REQUEST__INIT;
    request.item = request.after = "";
    Muster__NeedAnswer *answer = (Muster__NeedAnswer *)world_read(world, party, MUSTER__VERB__VERB_NEED, &request.base);
    assert_non_null(answer);
    return answer;
}

/* To the next first of a month, and what is due then. Entries written. */
static size_t next_month(struct world *world)
{
    uint32_t month = desk_month(world->now);
    while (desk_month(world->now) == month)
        world_days(world, 1);
    return world_tick(world);
}

static void totals_appear_on_the_calendar_and_never_on_a_change(void **state)
{
    struct world *world = *state;
    build(world, 6);
    Muster__NeedAnswer *answer = need(world, "sup");
    assert_int_equal(answer->n_signals, 0);
    assert_int_equal(answer->published, 0);
    assert_int_equal(answer->next, 20270301);
    world_days(world, 27);
    assert_int_equal(world_tick(world), 0);
    assert_int_equal(need(world, "sup")->n_signals, 0);
    assert_int_equal(next_month(world), 1);
    answer = need(world, "sup");
    assert_int_equal(answer->published, 20270301);
    assert_int_equal(answer->next, 20270401);
    assert_int_equal(answer->n_signals, 1);
    const Muster__Signal *signal = answer->signals[0];
    assert_int_equal(signal->need, 620); /* 615 */
    assert_int_equal(signal->first_month, 202810);
    assert_int_equal(signal->last_month, 202812);
    assert_int_equal(signal->date, 20270301);
    assert_int_equal(signal->months, 0);
    /* Five nations change; the figure stays until its date. */
    for (unsigned at = 0; at < 6; at++)
        set_demand(world, at, MUSTER__RELEASE__RELEASE_POOLED, 200 + at, 1);
    world_days(world, 20);
    assert_int_equal(world_tick(world), 0);
    assert_int_equal(need(world, "sup")->signals[0]->need, 620);
    assert_int_equal(next_month(world), 1);
    answer = need(world, "sup");
    assert_int_equal(answer->signals[0]->need, 1220); /* 1,215 */
    assert_int_equal(answer->signals[0]->months, 1);
    /* Nobody changes: published again, the same figure, with its date. */
    assert_int_equal(next_month(world), 1);
    answer = need(world, "sup");
    assert_int_equal(answer->published, 20270501);
    assert_int_equal(answer->signals[0]->date, 20270401);
    assert_int_equal(answer->signals[0]->months, 2);
    assert_true(world_rebuilds_equal(world));
}

static void the_fifth_arrival_shows_at_the_next_date_and_not_by_itself(void **state)
{
    struct world *world = *state;
    build(world, 4);
    next_month(world);
    assert_int_equal(need(world, "sup")->n_signals, 0);
    set_demand(world, 4, MUSTER__RELEASE__RELEASE_POOLED, 104, 0);
    world_days(world, 3);
    world_tick(world);
    assert_int_equal(need(world, "sup")->n_signals, 0);
    next_month(world);
    assert_int_equal(need(world, "sup")->n_signals, 1);
    assert_int_equal(need(world, "sup")->signals[0]->need, 510);
    /* The sixth comes alone: its quantity would be the difference, so the figure stands. */
    set_demand(world, 5, MUSTER__RELEASE__RELEASE_POOLED, 333, 0);
    next_month(world);
    assert_int_equal(need(world, "sup")->signals[0]->need, 510);
    const Muster__NeedAnswer *coordinator = need(world, "eda");
    assert_true(coordinator->n_held >= 1);
    assert_int_equal(coordinator->held[0]->why, MUSTER__SIGNAL_WHY__SIGNAL_CHANGE);
    assert_int_equal(coordinator->held[0]->total, 843);
}

static void sealed_and_open_demands_count_nowhere(void **state)
{
    struct world *world = *state;
    build(world, 4);
    set_demand(world, 4, MUSTER__RELEASE__RELEASE_SEALED, 104, 0);
    set_demand(world, 5, MUSTER__RELEASE__RELEASE_OPEN, 105, 0);
    next_month(world);
    assert_int_equal(need(world, "sup")->n_signals, 0);
    /* It widens its part: from the next date on it counts. */
    set_demand(world, 4, MUSTER__RELEASE__RELEASE_POOLED, 104, 1);
    next_month(world);
    assert_int_equal(need(world, "sup")->signals[0]->need, 510);
    /* One that was open once is known: it counts in the total, and protects nobody. */
    set_demand(world, 5, MUSTER__RELEASE__RELEASE_POOLED, 105, 1);
    for (unsigned at = 0; at < 4; at++)
        set_demand(world, at, MUSTER__RELEASE__RELEASE_POOLED, 300 + at, 1);
    next_month(world);
    assert_int_equal(need(world, "sup")->signals[0]->need, 510);
    assert_int_equal(need(world, "eda")->held[0]->why, MUSTER__SIGNAL_WHY__SIGNAL_CHANGE);
    assert_true(world_rebuilds_equal(world));
}

static void a_nation_withholds_its_part(void **state)
{
    struct world *world = *state;
    build(world, 8);
    next_month(world);
    assert_int_equal(need(world, "sup")->signals[0]->need, 830);
    set_demand(world, 0, MUSTER__RELEASE__RELEASE_SEALED, 100, 1);
    next_month(world);
    assert_int_equal(need(world, "sup")->signals[0]->need, 830); /* the difference would be its part */
    for (unsigned at = 1; at < 7; at++)
        set_demand(world, at, MUSTER__RELEASE__RELEASE_POOLED, 150 + at, 1);
    next_month(world);
    assert_int_equal(need(world, "sup")->signals[0]->need, 1030); /* 1,028, without it */
}

static void nations_count_and_not_records(void **state)
{
    struct world *world = *state;
    build(world, 4);
    world_party(world, "nl2", MUSTER__ROLE__ROLE_AGENCY, "NL", true);
    for (unsigned at = 0; at < 3; at++) {
        char id[16];
        snprintf(id, sizeof id, "E%u", at);
        assert_int_equal(world_put_demand(world, "be", world_demand(world, id, "BE", "GEM", 202811, 150, 900000), 0), STATUS_OK);
    }
    next_month(world);
    assert_int_equal(need(world, "sup")->n_signals, 0);
    set_demand(world, 6, MUSTER__RELEASE__RELEASE_POOLED, 100, 0);
    assert_int_equal(world_put_demand(world, "nl2", world_demand(world, "D1", "NL", "GEM", 202811, 50, 900000), 0), STATUS_OK);
    set_demand(world, 7, MUSTER__RELEASE__RELEASE_SEALED, 100, 0);
    next_month(world);
    /* BE has 550 of 1,006: the others less the two largest are 203, more than a fifth of it. */
    assert_int_equal(need(world, "sup")->signals[0]->need, 1010);
    assert_int_equal(need(world, "eda")->signals[0]->nations, 5);
}

static void each_reader_sees_its_own(void **state)
{
    struct world *world = *state;
    build(world, 6);
    next_month(world);
    const Muster__Signal *supplier = need(world, "sup")->signals[0], *agency = need(world, "de")->signals[0], *coordinator = need(world, "eda")->signals[0];
    assert_false(supplier->has_own || supplier->has_total || supplier->has_nations || supplier->certificate != NULL);
    assert_true(agency->has_own);
    assert_int_equal(agency->own, 101);
    assert_false(agency->has_total || agency->has_nations || agency->certificate != NULL);
    assert_int_equal(coordinator->total, 615);
    assert_int_equal(coordinator->nations, 6);
    assert_non_null(coordinator->certificate);
    assert_int_equal(coordinator->certificate->promised, 20);
    assert_int_equal(coordinator->certificate->nations, 6);
    assert_int_equal(coordinator->certificate->coalitions, 15);
    assert_true(coordinator->certificate->quantity >= 20);
    assert_int_equal(need(world, "sup")->n_held, 0);
    assert_int_equal(need(world, "de")->n_held, 0);
}

static void regions_are_the_policys_and_the_rest_is_pooled(void **state)
{
    struct world *world = *state;
    assert_int_equal(world_policy(world, 1, "signal_insiders", "1", "signal_nations", "3", "signal_regions", "centre;BE;DE;FR;NL;south;ES;IT", NULL), STATUS_OK);
    build(world, 8);
    next_month(world);
    const Muster__NeedAnswer *answer = need(world, "sup");
    assert_int_equal(answer->n_signals, 2);
    assert_string_equal(answer->signals[0]->region, "centre");
    assert_int_equal(answer->signals[0]->need, 410); /* BE, DE, FR, NL */
    assert_string_equal(answer->signals[1]->region, "");
    assert_int_equal(answer->signals[1]->need, 420); /* DK, ES, IT, NO */
    assert_true(world_rebuilds_equal(world));
}

static void quarters_with_few_are_pooled_into_their_year(void **state)
{
    struct world *world = *state;
    build(world, 0);
    for (unsigned at = 0; at < 6; at++)
        assert_int_equal(world_put_demand(world, agencies[at], world_demand(world, "D1", nations[at], "GEM", 202801 + 3 * (at % 4), 100 + at, 900000), 0), STATUS_OK);
    next_month(world);
    const Muster__NeedAnswer *answer = need(world, "sup");
    assert_int_equal(answer->n_signals, 1);
    assert_int_equal(answer->signals[0]->first_month, 202801);
    assert_int_equal(answer->signals[0]->last_month, 202812);
    assert_int_equal(answer->signals[0]->need, 620);
}

static void the_policy_can_publish_less_often_or_not_at_all(void **state)
{
    struct world *world = *state;
    build(world, 6);
    assert_int_equal(world_policy(world, 1, "signal_months", "3", NULL), STATUS_OK);
    assert_int_equal(next_month(world), 0); /* March */
    assert_int_equal(need(world, "sup")->next, 20270401);
    assert_int_equal(next_month(world), 1); /* April */
    assert_int_equal(need(world, "sup")->n_signals, 1);
    assert_int_equal(world_policy(world, 2, "signal_months", "0", NULL), STATUS_OK);
    world_days(world, 400);
    assert_int_equal(world_tick(world), 0);
    assert_int_equal(need(world, "sup")->next, 0);
    assert_int_equal(world_policy(world, 3, "signal_regions", "north;XX", NULL), STATUS_INVALID);
    assert_int_equal(world_policy(world, 3, "signal_regions", "north;DK;DK", NULL), STATUS_INVALID);
    assert_int_equal(world_policy(world, 3, "signal_regions", "DK;NO", NULL), STATUS_INVALID);
    assert_int_equal(world_policy(world, 3, "signal_nations", "2", NULL), STATUS_INVALID);
}

static void many_items_are_published_in_parts_of_one_date(void **state)
{
    struct world *world = *state;
    build(world, 6);
    for (unsigned at = 0; at < 600; at++) {
        char id[16];
        snprintf(id, sizeof id, "I%03u", at);
        world_item(world, id);
    }
    assert_int_equal(next_month(world), 3);
    assert_int_equal(need(world, "sup")->published, 20270301);
    assert_int_equal(world_tick(world), 0);
    assert_true(world_rebuilds_equal(world));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        TEST(totals_appear_on_the_calendar_and_never_on_a_change),
        TEST(the_fifth_arrival_shows_at_the_next_date_and_not_by_itself),
        TEST(sealed_and_open_demands_count_nowhere),
        TEST(a_nation_withholds_its_part),
        TEST(nations_count_and_not_records),
        TEST(each_reader_sees_its_own),
        TEST(regions_are_the_policys_and_the_rest_is_pooled),
        TEST(quarters_with_few_are_pooled_into_their_year),
        TEST(the_policy_can_publish_less_often_or_not_at_all),
        TEST(many_items_are_published_in_parts_of_one_date),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
