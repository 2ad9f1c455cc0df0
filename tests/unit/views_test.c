/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "proto/status.h"
#include "proto/tlog.h"
#include "tests/unit/world_build.h"

/* What each request answers, to each role. */

#define CEILING 1000000

static Muster__ListAnswer *list(struct world *world, const char *party, Muster__Noun noun, const char *id, const char *after, uint32_t limit)
{
    Muster__ListRequest request = MUSTER__LIST_REQUEST__INIT;
    request.noun = noun;
    request.item = "";
    request.id = (char *)(uintptr_t)id;
    request.after = (char *)(uintptr_t)after;
    request.limit = limit;
    return (Muster__ListAnswer *)world_read(world, party, MUSTER__VERB__VERB_LIST, &request.base);
}

static Muster__StatusAnswer *status_of(struct world *world, const char *party)
{
    Muster__StatusRequest request = MUSTER__STATUS_REQUEST__INIT;
    return (Muster__StatusAnswer *)world_read(world, party, MUSTER__VERB__VERB_STATUS, &request.base);
}

static Muster__BundlesAnswer *bundles(struct world *world, const char *party, uint64_t number, uint64_t version)
{
    Muster__BundlesRequest request = MUSTER__BUNDLES_REQUEST__INIT;
    request.number = number;
    request.version = version;
    return (Muster__BundlesAnswer *)world_read(world, party, MUSTER__VERB__VERB_BUNDLES, &request.base);
}

static Muster__WhyAnswer *why(struct world *world, const char *party, const char *id)
{
    Muster__WhyRequest request = MUSTER__WHY_REQUEST__INIT;
    request.id = (char *)(uintptr_t)id;
    return (Muster__WhyAnswer *)world_read(world, party, MUSTER__VERB__VERB_WHY, &request.base);
}

static Muster__WatchAnswer *watch(struct world *world, const char *party, uint64_t cursor)
{
    Muster__WatchRequest request = MUSTER__WATCH_REQUEST__INIT;
    request.cursor = cursor;
    return (Muster__WatchAnswer *)world_read(world, party, MUSTER__VERB__VERB_WATCH, &request.base);
}

static void status_says_what_waits_and_until_when(void **state)
{
    struct world *world = *state;
    world_usual(world);
    world_party(world, "se", MUSTER__ROLE__ROLE_AGENCY, "SE", false);
    Muster__StatusAnswer *answer = status_of(world, "eda");
    assert_int_equal(answer->n_waiting, 2);
    assert_string_equal(answer->waiting[0]->id, "se");
    assert_string_equal(answer->waiting[1]->id, "B-0001");
    assert_string_equal(answer->coordinators[0], "Coordinator");
    assert_string_equal(answer->base_currency, "EUR");
    /* A party that joined touches the one lot there is; then nothing is left to plan. */
    assert_int_equal(answer->lots_to_plan, 1);
    world_plan(world);
    assert_int_equal(status_of(world, "eda")->lots_to_plan, 0);
    assert_false(status_of(world, "nl")->has_lots_to_plan);
    answer = status_of(world, "se");
    assert_int_equal(answer->n_waiting, 1);
    assert_string_equal(answer->waiting[0]->what, "party");
    assert_int_equal(status_of(world, "nl")->n_waiting, 0);
    assert_int_equal(world_release(world, 1), STATUS_OK);
    answer = status_of(world, "nl");
    assert_int_equal(answer->n_waiting, 1);
    assert_int_equal(answer->waiting[0]->until, world->now + 14 * DESK_DAY);
    assert_int_equal(status_of(world, "sup")->n_waiting, 0);
    assert_int_equal(world_answer(world, "nl", 1, true), STATUS_OK);
    assert_int_equal(status_of(world, "nl")->n_waiting, 0);
    assert_int_equal(world_answer(world, "de", 1, true), STATUS_OK);
    assert_int_equal(world_answer(world, "es", 1, true), STATUS_OK);
    world_tick(world);
    assert_int_equal(status_of(world, "sup")->n_waiting, 1);
    assert_int_equal(status_of(world, "alt")->n_waiting, 0);
    world->clock_doubted = true;
    answer = status_of(world, "eda");
    assert_string_equal(answer->waiting[answer->n_waiting - 1]->what, "clock");
}

static void lists_have_pages_and_end(void **state)
{
    struct world *world = *state;
    static const char *const ids[] = {"A", "B", "C", "D", "E"};
    world_item(world, "GEM");
    assert_int_equal(world_policy(world, 1, "price_changes_a_week", "10", NULL), STATUS_OK);
    world_party(world, "nl", MUSTER__ROLE__ROLE_AGENCY, "NL", true);
    world_party(world, "de", MUSTER__ROLE__ROLE_AGENCY, "DE", true);
    for (size_t at = 0; at < 5; at++)
        assert_int_equal(world_put_demand(world, "nl", world_demand(world, ids[at], "NL", "GEM", 202712, 1, CEILING), 0), STATUS_OK);
    const char *after = "";
    size_t seen = 0;
    do {
        Muster__ListAnswer *page = list(world, "nl", MUSTER__NOUN__NOUN_DEMAND, "", after, 2);
        assert_true(page->n_records <= 2);
        for (size_t at = 0; at < page->n_records; at++)
            assert_string_equal(page->records[at]->id, ids[seen++]);
        after = page->after;
    } while (after[0] != '\0');
    assert_int_equal(seen, 5);
    assert_int_equal(list(world, "de", MUSTER__NOUN__NOUN_DEMAND, "", "", 10)->n_records, 0);
    assert_int_equal(list(world, "de", MUSTER__NOUN__NOUN_DEMAND, "nl/A", "", 10)->n_records, 0);
    assert_int_equal(list(world, "eda", MUSTER__NOUN__NOUN_DEMAND, "nl/A", "", 10)->n_records, 1);
    assert_int_equal(list(world, "eda", MUSTER__NOUN__NOUN_PARTY, "", "", 10)->n_records, 3);
    assert_int_equal(list(world, "nl", MUSTER__NOUN__NOUN_PARTY, "", "", 10)->n_records, 1);
    assert_null(list(world, "nl", MUSTER__NOUN__NOUN_DEMAND, "", "", 0));
    assert_null(list(world, "nl", MUSTER__NOUN__NOUN_DEMAND, "", "", 1001));
    assert_null(list(world, "nl", MUSTER__NOUN__NOUN_DEMAND, "", "no cursor", 10));
    assert_int_equal(world_withdraw_demand(world, "nl", "A", 1), STATUS_OK);
    assert_int_equal(list(world, "nl", MUSTER__NOUN__NOUN_DEMAND, "", "", 10)->n_records, 4);
}

/* An invitation that got into wrong hands is no look at the nation's funds: they wait for the fingerprint. */
static void funds_are_for_agencies_that_were_confirmed(void **state)
{
    struct world *world = *state;
    Muster__ListRequest request = MUSTER__LIST_REQUEST__INIT;
    request.noun = MUSTER__NOUN__NOUN_FUND;
    request.id = request.item = request.after = "";
    request.limit = 10;
    world_party(world, "nl", MUSTER__ROLE__ROLE_AGENCY, "NL", false);
    assert_int_equal(world_fund(world, "POOL", 1000, 0), STATUS_OK);
    assert_int_equal(((Muster__ListAnswer *)world_read(world, "nl", MUSTER__VERB__VERB_LIST, &request.base))->n_records, 0);
    size_t before = watch(world, "nl", 0)->n_events;
    world_party_change(world, "nl", MUSTER__PARTY_CHANGE_KIND__PARTY_CONFIRM);
    assert_int_equal(((Muster__ListAnswer *)world_read(world, "nl", MUSTER__VERB__VERB_LIST, &request.base))->n_records, 1);
    /* The confirmation, and the fund. */
    assert_int_equal(watch(world, "nl", 0)->n_events, before + 2);
}

static void a_bundle_as_each_role_reads_it(void **state)
{
    struct world *world = *state;
    world_usual(world);
    assert_null(bundles(world, "nl", 1, 0));
    Muster__BundleView *view = bundles(world, "eda", 1, 0)->bundles[0];
    assert_int_equal(view->n_nations, 3);
    assert_int_equal(view->quantity, 150);
    assert_int_equal(view->pays, 150 * 500000);
    assert_int_equal(view->n_awards, 3);
    assert_int_equal(view->n_months, 1);
    assert_int_equal(view->months[0]->award, 150);
    assert_true(view->n_rules >= 4);
    assert_int_equal(world_release(world, 1), STATUS_OK);
    view = bundles(world, "nl", 1, 0)->bundles[0];
    assert_int_equal(view->pays, 40 * 500000);
    assert_int_equal(view->quantity, 40);
    assert_int_equal(view->number_of_nations, 3);
    assert_string_equal(view->waiting_for, "you");
    assert_true(view->has_terms);
    assert_int_equal(view->n_awards, 0);
    assert_false(view->has_objective);
    for (size_t at = 0; at < view->n_nations; at++) {
        bool own = strcmp(view->nations[at]->country, "NL") == 0;
        assert_int_equal(view->nations[at]->has_pays, own);
        assert_int_equal(view->nations[at]->has_alone_pays, own);
        assert_int_equal(view->nations[at]->n_by_month, 1);
    }
    assert_null(bundles(world, "sup", 1, 0));
    assert_null(bundles(world, "nl", 1, 7));
    assert_null(bundles(world, "nl", 9, 0));
    assert_int_equal(bundles(world, "nl", 0, 0)->n_bundles, 1);
    assert_int_equal(bundles(world, "sup", 0, 0)->n_bundles, 0);
    assert_int_equal(world_answer(world, "nl", 1, true), STATUS_OK);
    assert_int_equal(world_answer(world, "de", 1, true), STATUS_OK);
    assert_int_equal(world_answer(world, "es", 1, true), STATUS_OK);
    world_tick(world);
    view = bundles(world, "sup", 1, 0)->bundles[0];
    assert_int_equal(view->n_nations, 0);
    assert_int_equal(view->n_suppliers, 1);
    assert_int_equal(view->suppliers[0]->quantity, 150);
    assert_int_equal(view->pays, 150 * 500000);
    assert_true(view->has_terms);
    assert_null(bundles(world, "alt", 1, 0));
}

static void agencies_of_one_nation_see_each_others_quantities_only(void **state)
{
    struct world *world = *state;
    world_usual(world);
    world_party(world, "nl-navy", MUSTER__ROLE__ROLE_AGENCY, "NL", true);
    assert_int_equal(world_put_demand(world, "nl-navy", world_demand(world, "D1", "NL", "GEM", 202712, 20, CEILING), 0), STATUS_OK);
    world_plan(world);
    assert_int_equal(world_release(world, 1), STATUS_OK);
    Muster__BundleView *view = bundles(world, "nl-navy", 1, 0)->bundles[0];
    assert_int_equal(view->pays, 20 * 500000);
    assert_false(view->has_alone_pays);
    for (size_t at = 0; at < view->n_nations; at++) {
        if (strcmp(view->nations[at]->country, "NL") != 0)
            continue;
        assert_int_equal(view->nations[at]->quantity, 60);
        assert_int_equal(view->nations[at]->pays, 20 * 500000);
        assert_false(view->nations[at]->has_alone_pays);
    }
}

static void reasons_come_once_a_day_and_never_with_a_price(void **state)
{
    struct world *world = *state;
    world_usual(world);
    Muster__Demand *poor = world_demand(world, "D2", "NL", "GEM", 202712, 10, 490000);
    assert_int_equal(world_put_demand(world, "nl", poor, 0), STATUS_OK);
    assert_string_equal(why(world, "nl", "D2")->text, "It has not been planned yet.");
    world_plan(world);
    Muster__WhyAnswer *answer = why(world, "nl", "nl/D2");
    assert_non_null(answer->uncovered);
    assert_string_equal(answer->uncovered->reason, "too-expensive");
    assert_string_equal(answer->text, "Fitting offers are above your ceiling of EUR 4900.00.");
    assert_null(answer->uncovered->text);
    bool step = false;
    for (size_t at = 0; at < answer->uncovered->n_tried; at++) {
        const Muster__Trial *trial = answer->uncovered->tried[at];
        assert_null(strstr(trial->text, "5,000"));
        step = step || (strcmp(trial->kind, "ceiling") == 0 && strcmp(trial->detail, "+5%") == 0);
    }
    assert_true(step);
    assert_non_null(why(world, "eda", "nl/D2")->uncovered->text);
    assert_null(why(world, "de", "nl/D2"));
    assert_null(why(world, "sup", "nl/D2"));
    /* The same day another ceiling gives no other reason; the next day it does. */
    world->now += DESK_HOUR;
    poor->max_unit_price = 500000;
    assert_int_equal(world_put_demand(world, "nl", poor, 1), STATUS_OK);
    world_plan(world);
    assert_string_equal(why(world, "nl", "D2")->uncovered->reason, "too-expensive");
    assert_non_null(strstr(why(world, "nl", "D2")->text, "planned again since"));
    assert_true(why(world, "eda", "nl/D2")->covered);
    /* Asked about a bundle that covers it, the agency reads what it sees there and not the day's first reason. */
    assert_int_equal(world_release(world, 1), STATUS_OK);
    assert_true(why(world, "nl", "D2")->covered);
    assert_string_equal(why(world, "nl", "D2")->text, "Nothing is missing in the bundle that you were asked about.");
    /* Nor does it come back once all is committed. */
    assert_int_equal(world_answer(world, "nl", 1, true), STATUS_OK);
    assert_int_equal(world_answer(world, "de", 1, true), STATUS_OK);
    assert_int_equal(world_answer(world, "es", 1, true), STATUS_OK);
    world_tick(world);
    assert_int_equal(world_answer(world, "sup", 1, true), STATUS_OK);
    world_tick(world);
    assert_true(why(world, "nl", "D2")->covered);
    assert_string_equal(why(world, "nl", "D2")->text, "10 of 10 are committed.");
    world_days(world, 1);
    assert_true(why(world, "nl", "D2")->covered);
}

/* What a supplier is told is the same whether a sealed demand stands in the lot or not. */
static void a_suppliers_reason_knows_no_sealed_demand(void **state)
{
    struct world *world = *state;
    world_usual(world);
    Muster__WhyAnswer *without = why(world, "alt", "O2");
    assert_non_null(without->unused);
    Muster__Demand *sealed = world_demand(world, "D9", "DE", "GEM", 202712, 600, CEILING);
    sealed->release = MUSTER__RELEASE__RELEASE_SEALED;
    world_days(world, 1);
    assert_int_equal(world_put_demand(world, "de", sealed, 0), STATUS_OK);
    world_plan(world);
    /* With it the offer has an award, of which its supplier must not learn yet. */
    bool awarded = false;
    Muster__BundleVersion *version = world_version(world, 1);
    for (size_t at = 0; at < version->plan->n_awards; at++)
        awarded = awarded || strcmp(version->plan->awards[at]->offer, "alt/O2") == 0;
    assert_true(awarded);
    assert_true(version->open_view);
    Muster__WhyAnswer *with = why(world, "alt", "O2");
    assert_non_null(with->unused);
    assert_null(why(world, "eda", "alt/O2")->unused);
    assert_string_equal(with->unused->reason, without->unused->reason);
    assert_int_equal(with->unused->n_tried, without->unused->n_tried);
    for (size_t at = 0; at < with->unused->n_tried; at++)
        assert_string_equal(with->unused->tried[at]->text, without->unused->tried[at]->text);
    /* A winner before it is asked, and an offer that was never planned, are answered in the same words. */
    assert_null(why(world, "sup", "O1")->unused);
    assert_int_equal(world_put_offer(world, "sup", world_offer(world, "O5", "sup", "GEM", 510000, 5, 0), 0), STATUS_OK);
    assert_string_equal(why(world, "sup", "O5")->text, why(world, "sup", "O1")->text);
}

static void one_offer_a_day_is_spoken_of_in_each_lot(void **state)
{
    struct world *world = *state;
    world_usual(world);
    assert_int_equal(world_put_offer(world, "alt", world_offer(world, "O3", "alt", "GEM", 610000, 500, 0), 0), STATUS_OK);
    assert_int_equal(world_put_offer(world, "alt", world_offer(world, "O4", "alt", "GEM", 620000, 500, 0), 0), STATUS_OK);
    world_plan(world);
    static const char *const ids[] = {"O2", "O3", "O4"};
    bool told[3] = {false};
    for (unsigned day = 0; day < 3; day++) {
        unsigned today = 0;
        for (size_t at = 0; at < 3; at++) {
            bool says = why(world, "alt", ids[at])->unused != NULL;
            today += says;
            told[at] = told[at] || says;
        }
        assert_int_equal(today, 1);
        world_days(world, 1);
    }
    assert_true(told[0] && told[1] && told[2]);
}

static void how_near_a_price_was_is_told_once_committed_and_among_three(void **state)
{
    struct world *world = *state;
    world_usual(world);
    world_party(world, "near", MUSTER__ROLE__ROLE_SUPPLIER, "PL", true);
    assert_int_equal(world_put_offer(world, "near", world_offer(world, "O3", "near", "GEM", 520000, 500, 0), 0), STATUS_OK);
    world_plan(world);
    assert_int_equal(world_release(world, 1), STATUS_OK);
    assert_int_equal(world_answer(world, "nl", 1, true), STATUS_OK);
    assert_int_equal(world_answer(world, "de", 1, true), STATUS_OK);
    assert_int_equal(world_answer(world, "es", 1, true), STATUS_OK);
    world_tick(world);
    Muster__WhyAnswer *before = why(world, "near", "O3");
    for (size_t at = 0; before->unused != NULL && at < before->unused->n_tried; at++)
        assert_string_not_equal(before->unused->tried[at]->kind, "price-band");
    assert_int_equal(world_answer(world, "sup", 1, true), STATUS_OK);
    world_tick(world);
    Muster__WhyAnswer *near = why(world, "near", "O3"), *alt = why(world, "alt", "O2");
    assert_string_equal(near->unused->tried[near->unused->n_tried - 1]->detail, "5");
    assert_string_equal(alt->unused->tried[alt->unused->n_tried - 1]->detail, "more");
}

static void the_need_shows_open_demands_alone(void **state)
{
    struct world *world = *state;
    world_usual(world);
    Muster__NeedRequest request = MUSTER__NEED_REQUEST__INIT;
    request.item = request.after = "";
    Muster__NeedAnswer *answer = (Muster__NeedAnswer *)world_read(world, "sup", MUSTER__VERB__VERB_NEED, &request.base);
    assert_int_equal(answer->n_items, 1);
    assert_int_equal(answer->n_demands, 0);
    Muster__Demand *open = world_demand(world, "D2", "DE", "GEM", 202803, 77, CEILING);
    open->release = MUSTER__RELEASE__RELEASE_OPEN;
    assert_int_equal(world_put_demand(world, "de", open, 0), STATUS_OK);
    answer = (Muster__NeedAnswer *)world_read(world, "sup", MUSTER__VERB__VERB_NEED, &request.base);
    assert_int_equal(answer->n_demands, 1);
    assert_int_equal(answer->demands[0]->lines[0]->quantity, 77);
    assert_int_equal(answer->demands[0]->max_unit_price, 0);
    answer = (Muster__NeedAnswer *)world_read(world, "nl", MUSTER__VERB__VERB_NEED, &request.base);
    assert_int_equal(answer->n_items, 1);
    assert_int_equal(answer->n_demands, 0);
}

static bool has_event(const Muster__WatchAnswer *answer, const char *id, const char *text)
{
    for (size_t at = 0; at < answer->n_events; at++) {
        if (strcmp(answer->events[at]->id, id) == 0 && strstr(answer->events[at]->text, text) != NULL)
            return true;
    }
    return false;
}

static void watching_shows_what_its_reader_may_see(void **state)
{
    struct world *world = *state;
    world_usual(world);
    Muster__WatchAnswer *nl = watch(world, "nl", 0), *eda = watch(world, "eda", 0);
    assert_true(has_event(nl, "D1", "v1 accepted"));
    assert_false(has_event(nl, "B-0001", "proposed"));
    assert_true(has_event(eda, "B-0001", "v1 proposed"));
    assert_true(has_event(eda, "nl/D1", "v1 accepted"));
    assert_true(has_event(eda, "de/D1", "v1 accepted"));
    size_t accepted = 0;
    for (size_t at = 0; at < nl->n_events; at++)
        accepted += strcmp(nl->events[at]->kind, "demand") == 0;
    assert_int_equal(accepted, 1);
    assert_int_equal(nl->cursor, world->position + 1);
    assert_int_equal(world_release(world, 1), STATUS_OK);
    nl = watch(world, "nl", nl->cursor);
    assert_int_equal(nl->n_events, 1);
    assert_true(has_event(nl, "B-0001", "released"));
    assert_int_equal(watch(world, "sup", eda->cursor)->n_events, 0);
    assert_int_equal(world_answer(world, "de", 1, true), STATUS_OK);
    assert_int_equal(watch(world, "nl", nl->cursor)->n_events, 0);
    assert_true(has_event(watch(world, "eda", nl->cursor), "B-0001", "de: answered yes"));
    /* A cursor beyond the log stands at its end. */
    assert_int_equal(watch(world, "nl", 99999)->cursor, world->position + 1);
}

static void variants_are_compared_and_versions_too(void **state)
{
    struct world *world = *state;
    world_usual(world);
    Muster__CompareRequest request = MUSTER__COMPARE_REQUEST__INIT;
    Muster__Variant without = MUSTER__VARIANT__INIT, ruled = MUSTER__VARIANT__INIT, *variants[] = {&without, &ruled};
    Muster__PolicyEntry rule = MUSTER__POLICY_ENTRY__INIT, *rules[] = {&rule};
    char *parties[] = {"NL"};
    without.without = parties;
    without.n_without = 1;
    rule.key = "min_nations";
    rule.value = "4";
    rule.item = "GEM";
    ruled.rules = rules;
    ruled.n_rules = 1;
    request.number = request.version = 1;
    request.variants = variants;
    request.n_variants = 2;
    uint64_t position = world->position;
    Muster__CompareAnswer *answer = (Muster__CompareAnswer *)world_read(world, "eda", MUSTER__VERB__VERB_COMPARE, &request.base);
    assert_int_equal(answer->n_views, 3);
    assert_int_equal(answer->views[0]->quantity, 150);
    assert_int_equal(answer->views[1]->quantity, 110);
    assert_int_equal(answer->views[2]->quantity, 0);
    assert_int_equal(world->position, position);
    assert_null(world_read(world, "nl", MUSTER__VERB__VERB_COMPARE, &request.base));
    world->planner_dead = true;
    assert_int_equal(world_ask(world, "eda", MUSTER__VERB__VERB_COMPARE, &request.base)->outcome, MUSTER__OUTCOME__OUTCOME_BUSY);
    world->planner_dead = false;
    assert_int_equal(world_put_demand(world, "nl", world_demand(world, "D1", "NL", "GEM", 202712, 44, CEILING), 1), STATUS_OK);
    world_plan(world);
    request.n_variants = 0;
    request.other_version = 2;
    answer = (Muster__CompareAnswer *)world_read(world, "eda", MUSTER__VERB__VERB_COMPARE, &request.base);
    assert_int_equal(answer->n_views, 2);
    assert_int_equal(answer->views[0]->quantity, 150);
    assert_int_equal(answer->views[1]->quantity, 154);
    request.other_version = 9;
    assert_int_equal(world_ask(world, "eda", MUSTER__VERB__VERB_COMPARE, &request.base)->outcome, MUSTER__OUTCOME__OUTCOME_NOT_FOUND);
}

static void heads_and_proofs_verify(void **state)
{
    struct world *world = *state;
    world_usual(world);
    Muster__HeadRequest head = MUSTER__HEAD_REQUEST__INIT;
    Muster__ProofRequest proof = MUSTER__PROOF_REQUEST__INIT;
    head.old_size = 3;
    Muster__HeadAnswer *answer = (Muster__HeadAnswer *)world_read(world, "nl", MUSTER__VERB__VERB_HEAD, &head.base);
    size_t text;
    uint8_t signature[64];
    assert_int_equal(note_open((const char *)answer->checkpoint.data, answer->checkpoint.len, &world->key, &text, signature), STATUS_OK);
    assert_true(answer->consistency.len >= 32 && answer->consistency.len % 32 == 0);
    head.old_size = 9999;
    assert_int_equal(world_ask(world, "nl", MUSTER__VERB__VERB_HEAD, &head.base)->outcome, MUSTER__OUTCOME__OUTCOME_FORKED);
    struct store_txn *txn = world_look(world);
    struct tlog_head tree = {.size = world->position + 1};
    assert_int_equal(log_root(txn, tree.size, tree.root), STATUS_OK);
    store_abort(txn);
    proof.position = 2;
    proof.size = tree.size;
    Muster__ProofAnswer *included = (Muster__ProofAnswer *)world_read(world, "nl", MUSTER__VERB__VERB_PROOF, &proof.base);
    assert_int_equal(tlog_inclusion_verify(2, included->leaf.data, included->hashes.data, included->hashes.len, &tree), STATUS_OK);
    proof.size = tree.size + 1;
    assert_null(world_read(world, "nl", MUSTER__VERB__VERB_PROOF, &proof.base));
    proof.size = 0;
    assert_null(world_read(world, "nl", MUSTER__VERB__VERB_PROOF, &proof.base));
}

int main(void)
{
#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        IN_A_WORLD(status_says_what_waits_and_until_when),
        IN_A_WORLD(lists_have_pages_and_end),
        IN_A_WORLD(funds_are_for_agencies_that_were_confirmed),
        IN_A_WORLD(a_bundle_as_each_role_reads_it),
        IN_A_WORLD(agencies_of_one_nation_see_each_others_quantities_only),
        IN_A_WORLD(reasons_come_once_a_day_and_never_with_a_price),
        IN_A_WORLD(a_suppliers_reason_knows_no_sealed_demand),
        IN_A_WORLD(one_offer_a_day_is_spoken_of_in_each_lot),
        IN_A_WORLD(how_near_a_price_was_is_told_once_committed_and_among_three),
        IN_A_WORLD(the_need_shows_open_demands_alone),
        IN_A_WORLD(watching_shows_what_its_reader_may_see),
        IN_A_WORLD(variants_are_compared_and_versions_too),
        IN_A_WORLD(heads_and_proofs_verify),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
