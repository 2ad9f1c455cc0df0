/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_UNIT_SCENARIO_SUPPORT_H
#define TESTS_UNIT_SCENARIO_SUPPORT_H

#include "broker/match/market.h"
#include "broker/match/plan.h"
#include "proto/arena.h"
#include "proto/fault.h"
#include "proto/market.pb-c.h"

/*
 * A scenario folder in a temporary directory, made from texts, for tests: a small complete one to begin with, whose files a test
 * replaces or edits. And seeded random ones.
 */
struct scenario_support {
    char folder[64];
    struct arena arena;
    struct faults faults;
    Muster__Market *message;
    struct match_market *market;
};

/*
 * A test with a scenario of its own in s, a variable of the test's file, and some minutes at most: set-up and tear-down are
 * scenario_support_begin and _end.
 */
#define SCENARIO_SUPPORT_TEST(test, s) cmocka_unit_test_prestate_setup_teardown(test, scenario_support_set_up, scenario_support_tear_down, &(s))
int scenario_support_set_up(void **state);
int scenario_support_tear_down(void **state);

/* A new folder with a scenario of one item, two nations, two suppliers and two offers. Fails the test where it can't be made. */
void scenario_support_begin(struct scenario_support *s);

/* Replaces a file; NULL removes it. Bytes are written as they are. */
void scenario_support_put(const struct scenario_support *s, const char *file, const char *text);

/* Replaces the first occurrence of before in a file; fails the test where there is none. */
void scenario_support_edit(const struct scenario_support *s, const char *file, const char *before, const char *after);

/* Reads the folder afresh; returns scenario_read's status. */
int scenario_support_read(struct scenario_support *s);

/* Reads and loads it; fails the test where that fails. */
void scenario_support_load(struct scenario_support *s);

/* Plans the loaded market, with reasons, and asserts that the plan verifies. */
struct match_plan *scenario_support_plan(struct scenario_support *s);

/* Removes the folder and drops the memory. */
void scenario_support_end(struct scenario_support *s);

/* A seeded sequence of numbers below bound (splitmix64); the same everywhere. */
uint64_t scenario_support_random(uint64_t *seed, uint64_t bound);

/* A tiny random scenario: up to demands demands of up to 4 units, up to offers offers of up to 3 tiers, with a bit of everything. */
void scenario_support_randomize(const struct scenario_support *s, uint64_t seed, unsigned demands, unsigned offers);

#endif
