/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * An attacker against thousands of random histories of need. The rules decide what is published; the attacker has every publication, two
 * insiders, the pattern of who changed when, and the methods of signals_attack.h. No nation's quantity, and no change of it, may be found
 * within the percent that the rules promise. A sample is attacked once more by signals_attack.py, with another solver.
 * make attack HISTORIES=10000 attacks more; SIGNALS_SEED=N begins elsewhere; SIGNALS_DUMP=FILE keeps what was published.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "broker/signals.h"
#include "proto/status.h"
#include "tests/unit/scratch.h"
#include "tests/unit/signals_attack.h"

#define HISTORIES 1000u
#define NATIONS_MOST 11u
#define QUARTERS_MOST 3u
#define REGIONS_MOST 3u
#define DATES_MOST 12u
#define FIGURES_MOST 128u

static const char *const countries[NATIONS_MOST] = {"BE", "CZ", "DE", "DK", "ES", "FR", "IT", "NL", "NO", "PL", "RO"};
static const char *const region_names[REGIONS_MOST] = {"east", "north", "south"};
static const uint32_t quarters[QUARTERS_MOST] = {20281, 20282, 20284};

struct random {
    uint64_t state;
};

static uint64_t roll(struct random *random, uint64_t below)
{
    random->state ^= random->state << 13;
    random->state ^= random->state >> 7;
    random->state ^= random->state << 17;
    return (random->state * UINT64_C(2685821657736338717) >> 11) % below;
}

/* One history: its nations, and how they behave. */
struct history {
    struct random random;
    unsigned nations, quarters, regions, dates;
    uint64_t scale;     /* of quantities */
    unsigned change;    /* percent of nations that change at a date */
    bool churn;         /* two nations change at every date, to make figures appear */
    bool fakes;         /* two nations need one unit only */
    unsigned arrivals;  /* nations that need nothing before a date of their own */
    uint64_t public;
    uint64_t need[NATIONS_MOST][QUARTERS_MOST];
    uint64_t before[NATIONS_MOST][QUARTERS_MOST];
    struct signals_rules rules;
    struct arena arena;
    struct signals_figure figures[FIGURES_MOST];
    size_t figure_count;
    struct attack attack;
};

static uint64_t some_quantity(struct history *history)
{
    uint64_t quantity = 1 + roll(&history->random, history->scale);
    for (uint64_t large = roll(&history->random, 8); large == 0; large = roll(&history->random, 3))
        quantity *= 4; /* some need far more than others */
    return quantity;
}

static void start(struct history *history, uint64_t seed)
{
    *history = (struct history){.random = {seed * UINT64_C(0x9e3779b97f4a7c15) + 1}};
    struct random *random = &history->random;
    arena_init(&history->arena, (size_t)512 << 20);
    history->nations = 5 + (unsigned)roll(random, NATIONS_MOST - 4);
    history->quarters = 1 + (unsigned)roll(random, QUARTERS_MOST);
    history->regions = 1 + (unsigned)roll(random, REGIONS_MOST);
    history->dates = 3 + (unsigned)roll(random, DATES_MOST - 2);
    history->scale = roll(random, 2) == 0 ? 8 : 1000;
    history->change = 20 + (unsigned)roll(random, 80);
    history->churn = roll(random, 2) == 0;
    history->fakes = roll(random, 3) == 0;
    history->arrivals = roll(random, 2) == 0 ? 0 : (unsigned)roll(random, history->nations);
    history->public = roll(random, 4) == 0 ? UINT64_C(1) << roll(random, history->nations) : 0;
    history->rules = (struct signals_rules){.nations = 5, .insiders = 2, .percent = 20, .base = roll(random, 2) == 0 ? 1 : 10, .keep = 12};
    history->attack = (struct attack){.base = (int64_t)history->rules.base, .nations = history->nations, .public = history->public};
    if (history->rules.base == 1)
        history->attack.base = 0;
}

static uint64_t next_quantity(struct history *history, unsigned nation, unsigned quarter)
{
    uint64_t now = history->need[nation][quarter], old = history->before[nation][quarter];
    switch (roll(&history->random, 6)) {
    case 0:
        return 0;
    case 1:
        return old; /* what it was once */
    case 2:
        return now + 1 + roll(&history->random, 3);
    default:
        return some_quantity(history);
    }
}

static void move_on(struct history *history, unsigned date)
{
    for (unsigned nation = 0; nation < history->nations; nation++) {
        bool fake = history->fakes && nation < 2, arrived = nation >= history->arrivals || date >= nation;
        for (unsigned quarter = 0; quarter < history->quarters; quarter++) {
            bool changes = date == 0 || roll(&history->random, 100) < history->change || (history->churn && nation >= history->nations - 2);
            if (!changes || !arrived)
                continue;
            uint64_t next = date == 0 ? some_quantity(history) : next_quantity(history, nation, quarter);
            history->before[nation][quarter] = history->need[nation][quarter];
            history->need[nation][quarter] = fake && next != 0 ? 1 + roll(&history->random, 2) : next;
        }
    }
}

/* What the attacker learns of a figure; cells are numbered by what distinguishes them. */
static void publish(struct history *history, const struct signals_figure *figure)
{
    struct attack *attack = &history->attack;
    struct attack_figure *learnt = &attack->figures[attack->figure_count++];
    assert_true(attack->figure_count <= ATTACK_FIGURES_MOST);
    *learnt = (struct attack_figure){.shown = (int64_t)figure->shown, .cell = (unsigned)figure->width * 1000 + figure->from % 100 * 10};
    for (unsigned at = 0; at < REGIONS_MOST; at++)
        learnt->cell += strcmp(figure->region, region_names[at]) == 0 ? at + 1 : 0;
    for (size_t at = 0; at < figure->part_count; at++) {
        unsigned nation = 0;
        while (strcmp(countries[nation], figure->parts[at].country) != 0)
            nation++;
        learnt->terms[learnt->count++] = attack_unknown(attack, nation, figure->parts[at].quarter, (int64_t)figure->parts[at].quantity);
    }
}

static size_t list_need(const struct history *history, struct signals_part parts[])
{
    size_t count = 0;
    for (unsigned nation = 0; nation < history->nations; nation++) {
        for (unsigned quarter = 0; quarter < history->quarters; quarter++) {
            if (history->need[nation][quarter] == 0)
                continue;
            parts[count++] = (struct signals_part){.country = countries[nation], .region = region_names[nation % history->regions],
                                                   .quarter = quarters[quarter], .quantity = history->need[nation][quarter]};
        }
    }
    return count;
}

/* One date: the rules decide, the attacker reads. */
static void decide(struct history *history, unsigned date)
{
    struct signals_part *parts = arena_array(&history->arena, NATIONS_MOST * QUARTERS_MOST, sizeof *parts);
    const char *known[NATIONS_MOST];
    struct signals_cell *cells;
    struct signals_item item = {.history = history->figures, .history_count = history->figure_count, .parts = parts, .known = known,
                                .regions = region_names, .region_count = history->regions};
    size_t count;
    assert_non_null(parts);
    item.part_count = list_need(history, parts);
    for (unsigned nation = 0; nation < history->nations; nation++) {
        if (history->public >> nation & 1)
            known[item.known_count++] = countries[nation];
    }
    assert_int_equal(signals_decide(&history->rules, &item, 20270201 + 100 * (date % 11), &history->arena, &cells, &count), STATUS_OK);
    for (size_t at = 0; at < count; at++) {
        if (cells[at].why != SIGNALS_FRESH)
            continue;
        assert_true(history->figure_count < FIGURES_MOST);
        history->figures[history->figure_count++] = cells[at].figure;
        publish(history, &cells[at].figure);
    }
}

/* What a careless publisher would do: every total of three nations or more, of every quarter, at every date. */
static void decide_carelessly(struct history *history)
{
    struct signals_part *parts = arena_array(&history->arena, NATIONS_MOST * QUARTERS_MOST, sizeof *parts);
    assert_non_null(parts);
    size_t count = list_need(history, parts);
    for (unsigned quarter = 0; quarter < history->quarters; quarter++) {
        struct signals_part *of = arena_array(&history->arena, NATIONS_MOST, sizeof *of);
        struct signals_figure figure = {.width = SIGNALS_QUARTER, .from = quarters[quarter], .region = "", .parts = of};
        uint64_t total = 0;
        for (size_t at = 0; at < count; at++) {
            if (parts[at].quarter != quarters[quarter])
                continue;
            of[figure.part_count++] = parts[at];
            total += parts[at].quantity;
        }
        figure.shown = signals_round(total, history->rules.base);
        if (figure.part_count >= 3)
            publish(history, &figure);
    }
}

static void tell(const struct history *history, uint64_t seed, const struct attack_find *find)
{
    fail_msg("history %llu, %s: nation %u of figure %zu (change from %zd) lies in %.1f to %.1f, is %.1f; coalition %llx; %zu figures",
             (unsigned long long)seed, find->method, find->nation, find->figure, (ssize_t)find->then, find->low, find->high, find->truth,
             (unsigned long long)find->coalition, history->attack.figure_count);
}

/* Every pair of insiders by algebra and pairs of versions; a part of them, all where deep, by averages and linear programs as well. */
static size_t attack_all(struct history *history, bool deep, struct attack_find *find)
{
    size_t found = 0;
    unsigned percent = (unsigned)history->rules.percent, chance = deep ? 1 : 1 + history->nations * history->nations / 8;
    for (unsigned first = 0; first < history->nations && found == 0; first++) {
        for (unsigned second = first + 1; second < history->nations && found == 0; second++) {
            uint64_t coalition = UINT64_C(1) << first | UINT64_C(1) << second;
            found += attack_by_algebra(&history->attack, coalition, find);
            found += found == 0 ? attack_by_pairs(&history->attack, coalition, percent, find) : 0;
            bool more = found == 0 && roll(&history->random, chance) == 0;
            found += more ? attack_by_averages(&history->attack, coalition, percent, find) : 0;
            if (more && found == 0)
                found += attack_by_programs(&history->attack, coalition, percent, deep, find);
        }
    }
    return found;
}

static uint64_t number_of(const char *name, uint64_t usual)
{
    const char *text = getenv(name);
    return text != NULL && *text != '\0' ? strtoull(text, NULL, 10) : usual;
}

static void nothing_is_found_in_any_history(void **state)
{
    (void)state;
    uint64_t first = number_of("SIGNALS_SEED", 1), count = number_of("SIGNALS_HISTORIES", HISTORIES);
    size_t figures = 0, versions = 0, changed = 0;
    const char *dump = getenv("SIGNALS_DUMP");
    FILE *out = dump != NULL ? fopen(dump, "w") : NULL;
    static struct history history;
    for (uint64_t seed = first; seed < first + count; seed++) {
        struct attack_find find;
        start(&history, seed);
        for (unsigned date = 0; date < history.dates; date++) {
            move_on(&history, date);
            decide(&history, date);
        }
        if (history.figure_count != 0 && attack_all(&history, seed % 16 == 0, &find) != 0)
            tell(&history, seed, &find);
        figures += history.figure_count;
        versions += history.figure_count > history.quarters;
        changed += history.figure_count != 0;
        if (out != NULL && history.figure_count != 0)
            attack_print(&history.attack, out);
        arena_drop(&history.arena);
    }
    if (out != NULL)
        fclose(out);
    print_message("%llu histories, %zu with a figure, %zu figures, %zu histories with new versions\n", (unsigned long long)count, changed, figures, versions);
    assert_true(figures > count);
    assert_true(versions > count / 8);
}

/* Only the cell rule and the change rule, pair by pair, as much as can be asked of figures one at a time. */
static void decide_without_range(struct history *history, unsigned date)
{
    struct signals_part *parts = arena_array(&history->arena, NATIONS_MOST * QUARTERS_MOST, sizeof *parts);
    struct signals_item item = {0};
    assert_non_null(parts);
    size_t count = list_need(history, parts);
    for (unsigned quarter = 0; quarter < history->quarters && history->figure_count < FIGURES_MOST; quarter++) {
        struct signals_part *of = arena_array(&history->arena, NATIONS_MOST, sizeof *of);
        struct signals_cell cell = {.figure = {.width = SIGNALS_QUARTER, .from = quarters[quarter], .region = "", .date = date, .parts = of}};
        assert_non_null(of);
        for (size_t at = 0; at < count; at++) {
            if (parts[at].quarter == quarters[quarter])
                of[cell.figure.part_count++] = parts[at];
        }
        assert_int_equal(signals_check_cell(&history->rules, &item, &cell.figure, &history->arena, &cell), STATUS_OK);
        bool fresh = cell.why == SIGNALS_FRESH;
        for (size_t at = 0; at < history->figure_count; at++) {
            enum signals_why why;
            assert_int_equal(signals_check_change(&history->rules, &item, &cell.figure, &history->figures[at], &history->arena, &why), STATUS_OK);
            fresh = fresh && (history->figures[at].from != cell.figure.from || why == SIGNALS_FRESH);
        }
        cell.figure.shown = signals_round(cell.total, history->rules.base);
        if (!fresh)
            continue;
        history->figures[history->figure_count++] = cell.figure;
        publish(history, &cell.figure);
    }
}

static void rules_on_pairs_alone_are_not_enough(void **state)
{
    (void)state;
    size_t found = 0;
    static struct history history;
    for (uint64_t seed = 1; seed <= 400; seed++) {
        struct attack_find find;
        start(&history, seed);
        history.attack.public = history.public = 0;
        for (unsigned date = 0; date < history.dates; date++) {
            move_on(&history, date);
            decide_without_range(&history, date);
        }
        found += history.figure_count != 0 && attack_all(&history, false, &find) != 0;
        arena_drop(&history.arena);
    }
    print_message("of 400 histories without the range: %zu found\n", found);
    assert_true(found > 0);
}

/* The other attacker: what it ends with. */
static int attack_in_python(const char *file)
{
    char command[512];
    snprintf(command, sizeof command, "/usr/bin/python3 tests/unit/signals_attack.py %s --coalitions 2", file);
    int code = system(command);
    assert_true(WIFEXITED(code));
    return WEXITSTATUS(code);
}

static void another_attacker_finds_nothing_either(void **state)
{
    (void)state;
    static struct history history;
    struct scratch scratch;
    char good[340], careless[340];
    scratch_make(&scratch);
    snprintf(good, sizeof good, "%s/good", scratch.path);
    snprintf(careless, sizeof careless, "%s/careless", scratch.path);
    FILE *of_rules = fopen(good, "w"), *of_careless = fopen(careless, "w");
    assert_non_null(of_rules);
    assert_non_null(of_careless);
    for (uint64_t seed = 3, told = 0; told < 5; seed++) {
        start(&history, seed);
        for (unsigned date = 0; date < history.dates && date < 6; date++) {
            move_on(&history, date);
            decide(&history, date);
        }
        if (history.figure_count > 1) {
            attack_print(&history.attack, of_rules);
            told++;
        }
        arena_drop(&history.arena);
    }
    for (uint64_t seed = 1; seed < 6; seed++) {
        start(&history, seed);
        for (unsigned date = 0; date < 3; date++) {
            move_on(&history, date);
            decide_carelessly(&history);
        }
        attack_print(&history.attack, of_careless);
        arena_drop(&history.arena);
    }
    assert_int_equal(fclose(of_rules) + fclose(of_careless), 0);
    assert_int_equal(attack_in_python(careless), 3);
    assert_int_equal(attack_in_python(good), 0);
    scratch_remove(&scratch);
}

/* The same attacker must find the careless publisher's nations, or it proves nothing. */
static void the_attacker_finds_what_is_published_carelessly(void **state)
{
    (void)state;
    size_t by_programs = 0, by_algebra = 0, by_pairs = 0, by_averages = 0;
    static struct history history;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        start(&history, seed);
        for (unsigned date = 0; date < history.dates; date++) {
            move_on(&history, date);
            decide_carelessly(&history);
        }
        unsigned percent = (unsigned)history.rules.percent;
        by_programs += attack_by_programs(&history.attack, 3, percent, false, NULL) != 0;
        by_algebra += attack_by_algebra(&history.attack, 3, NULL) != 0;
        by_pairs += attack_by_pairs(&history.attack, 3, percent, NULL) != 0;
        by_averages += attack_by_averages(&history.attack, 3, percent, NULL) != 0;
        arena_drop(&history.arena);
    }
    print_message("of 40 careless publishers: programs %zu, algebra %zu, pairs %zu, averages %zu\n", by_programs, by_algebra, by_pairs, by_averages);
    assert_true(by_programs > 20);
    assert_true(by_algebra > 8);
    assert_true(by_pairs > 15);
    assert_true(by_averages > 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_attacker_finds_what_is_published_carelessly),
        cmocka_unit_test(rules_on_pairs_alone_are_not_enough),
        cmocka_unit_test(nothing_is_found_in_any_history),
        cmocka_unit_test(another_attacker_finds_nothing_either),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
