/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The attacker of signals_attack.h as a supplier of a real exchange: agencies change, withhold and widen what they need at random; the supplier asks after
 * every change, sees nothing move between two dates, and works on the rows it was shown.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/status.h"
#include "proto/walk.h"
#include "tests/unit/signals_attack.h"
#include "tests/unit/world_build.h"

#define AGENCIES 8u
#define QUARTERS 2u
#define DATES 7u
#define WORLDS 20u

static const char *const agencies[AGENCIES] = {"be", "de", "dk", "es", "fr", "it", "nl", "no"};
static const char *const nations[AGENCIES] = {"BE", "DE", "DK", "ES", "FR", "IT", "NL", "NO"};
static const uint32_t months[QUARTERS] = {202802, 202811};

struct market {
    struct world *world;
    uint64_t state; /* of chance */
    uint64_t quantity[AGENCIES][QUARTERS];
    uint64_t version[AGENCIES];
    bool pooled[AGENCIES];
    bool apart[QUARTERS]; /* published by itself */
    struct attack attack;
};

static uint64_t roll(struct market *market, uint64_t below)
{
    market->state ^= market->state << 13;
    market->state ^= market->state >> 7;
    market->state ^= market->state << 17;
    return (market->state * UINT64_C(2685821657736338717) >> 11) % below;
}

static Muster__NeedAnswer *ask(struct market *market, uint8_t **bytes, size_t *size)
{
    Muster__NeedRequest request = MUSTER__NEED_REQUEST__INIT;
    request.item = request.after = "";
    Muster__NeedAnswer *answer = (Muster__NeedAnswer *)world_read(market->world, "sup", MUSTER__VERB__VERB_NEED, &request.base);
    assert_non_null(answer);
    assert_int_equal(walk_pack(&answer->base, &market->world->arena, bytes, size), STATUS_OK);
    return answer;
}

static void change(struct market *market, unsigned who)
{
    struct world *world = market->world;
    uint64_t kind = roll(market, 8);
    Muster__Demand *demand = world_demand(world, "D1", nations[who], "GEM", months[0], 1, 900000);
    demand->n_lines = 0;
    for (unsigned at = 0; at < QUARTERS; at++) {
        uint64_t quantity = 1 + roll(market, roll(market, 6) == 0 ? 5000 : 400);
        if (market->version[who] == 0 || roll(market, 3) != 0)
            market->quantity[who][at] = quantity;
        world_line(world, demand, months[at], market->quantity[who][at]);
    }
    market->pooled[who] = kind != 0;
    demand->release = market->pooled[who] ? MUSTER__RELEASE__RELEASE_POOLED : MUSTER__RELEASE__RELEASE_SEALED;
    assert_int_equal(world_put_demand(world, agencies[who], demand, market->version[who]), STATUS_OK);
    market->version[who]++;
}

/* What the supplier was told anew, with who stood in it when it was. */
static void learn(struct market *market, const Muster__NeedAnswer *answer)
{
    for (size_t at = 0; at < answer->n_signals; at++) {
        const Muster__Signal *signal = answer->signals[at];
        bool year = signal->last_month - signal->first_month > 2;
        for (unsigned of = 0; of < QUARTERS && !year; of++)
            market->apart[of] = market->apart[of] || (months[of] >= signal->first_month && months[of] <= signal->last_month);
    }
    for (size_t at = 0; at < answer->n_signals; at++) {
        const Muster__Signal *signal = answer->signals[at];
        bool year = signal->last_month - signal->first_month > 2;
        if (signal->date != answer->published)
            continue;
        struct attack_figure *figure = &market->attack.figures[market->attack.figure_count++];
        *figure = (struct attack_figure){.shown = (int64_t)signal->need, .cell = year ? 0 : signal->first_month};
        for (unsigned who = 0; who < AGENCIES; who++) {
            for (unsigned of = 0; of < QUARTERS && market->pooled[who]; of++) {
                bool in = months[of] >= signal->first_month && months[of] <= signal->last_month && !(year && market->apart[of]);
                if (in && market->version[who] != 0)
                    figure->terms[figure->count++] = attack_unknown(&market->attack, who, of, (int64_t)market->quantity[who][of]);
            }
        }
        int64_t total = 0;
        for (size_t of = 0; of < figure->count; of++)
            total += market->attack.unknowns[figure->terms[of]].truth;
        assert_in_range((uint64_t)(figure->shown + 5 - total), 0, 10); /* what the test holds for true is what was published */
    }
}

static void live(struct market *market)
{
    struct world *world = market->world;
    uint8_t *before, *after;
    size_t before_size, after_size;
    for (unsigned date = 0; date < DATES; date++) {
        ask(market, &before, &before_size);
        for (unsigned who = 0; who < AGENCIES; who++) {
            if (date != 0 && roll(market, 4) == 0)
                continue;
            change(market, who);
            world_days(world, 1);
            world_tick(world);
            ask(market, &after, &after_size);
            assert_int_equal(before_size, after_size);
            assert_memory_equal(before, after, before_size);
        }
        uint32_t month = desk_month(world->now);
        while (desk_month(world->now) == month)
            world_days(world, 1);
        world_tick(world);
        learn(market, ask(market, &before, &before_size));
    }
}

static void a_supplier_finds_nothing(void **state)
{
    (void)state;
    size_t figures = 0;
    static struct market market;
    static struct world world;
    for (uint64_t seed = 1; seed <= WORLDS; seed++) {
        world_start(&world);
        market = (struct market){.world = &world, .state = seed * UINT64_C(0x9e3779b97f4a7c15), .attack = {.base = 10, .nations = AGENCIES}};
        world_item(&world, "GEM");
        world_party(&world, "sup", MUSTER__ROLE__ROLE_SUPPLIER, "FR", true);
        for (unsigned at = 0; at < AGENCIES; at++)
            world_party(&world, agencies[at], MUSTER__ROLE__ROLE_AGENCY, nations[at], true);
        live(&market);
        figures += market.attack.figure_count;
        for (unsigned first = 0; first < AGENCIES && market.attack.figure_count != 0; first++) {
            for (unsigned second = first + 1; second < AGENCIES; second++) {
                struct attack_find find = {0};
                uint64_t coalition = UINT64_C(1) << first | UINT64_C(1) << second;
                if (attack_by_programs(&market.attack, coalition, 20, true, &find) + attack_by_algebra(&market.attack, coalition, &find) +
                        attack_by_pairs(&market.attack, coalition, 20, &find) != 0)
                    fail_msg("world %llu, %s: %s lies in %.1f to %.1f, is %.1f", (unsigned long long)seed, find.method, nations[find.nation], find.low,
                             find.high, find.truth);
            }
        }
        world_end(&world);
    }
    print_message("%u exchanges, %zu figures\n", WORLDS, figures);
    assert_true(figures > 2 * WORLDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_supplier_finds_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
