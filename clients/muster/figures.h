/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef CLIENTS_MUSTER_FIGURES_H
#define CLIENTS_MUSTER_FIGURES_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/arena.h"

/*
 * Figures as a person reads them, in one place: counts, money, months, times, percentages, names of bundles and
 * versions; and the same read back from an argument. A figure never rounds into a promise: where one decimal would
 * put a percentage on the other side of a limit, more are shown. Everything is pure; results are returned by value,
 * so `figures_money(x).text` lives until the end of the full expression. Thread-safe.
 */

struct figure {
    char text[64];
};

/* 1234567 as "1,234,567". */
struct figure figures_count(uint64_t count);

/* A signed count with its sign always shown: "+12", "-29"; 0 is empty. */
struct figure figures_change(int64_t change);

/* "956/1,000": what was given of what was asked. */
struct figure figures_of(uint64_t part, uint64_t whole);

/* Cents as "5,100,000.00", with a minus where below 0. */
struct figure figures_money(int64_t cents);

/* Cents as "5100000.00": exact, for programs. */
struct figure figures_exact(int64_t cents);

/* Cents as millions with two places, rounded half away from zero: "4,939.20". */
struct figure figures_millions(int64_t cents);

/* A change in millions, "-157.20" or "+3.10"; "0.00" where nothing changed. */
struct figure figures_millions_change(int64_t cents);

/* Whether figures_millions of the parts add up, digit for digit, to figures_millions of their sum. */
bool figures_millions_add_up(const int64_t *parts, unsigned count);

/*
 * numerator of denominator in percent, without the sign: "65.0". One decimal, more where fewer would show a figure on
 * the other side of (or on) a limit that the exact one does not reach. Limits are whole percents, -1: none; 0 and 100
 * are always limits. denominator 0 gives "-".
 */
struct figure figures_percent(int64_t numerator, int64_t denominator, int64_t least, int64_t most);

/* A gap in percent, two decimals, rounded up: "0.03". numerator below 0 counts as 0; denominator 0 or less gives "-". */
struct figure figures_gap(int64_t numerator, int64_t denominator);

/* A copy of text in arena in which whole numbers that stand alone have their thousands marks; NULL where memory is out. */
const char *figures_marked(struct arena *arena, const char *text);

/* YYYYMM as "2028-12"; 0 as "-". */
struct figure figures_month(uint32_t month);

/* YYYYMMDD as "2028-12-31"; 0 as "-". */
struct figure figures_date(uint32_t date);

/* Milliseconds since 1970 as "2027-02-01 09:14 UTC"; 0 as "-". */
struct figure figures_time(uint64_t milliseconds);

/* The same for programs: "2027-02-01T09:14:02Z". */
struct figure figures_instant(uint64_t milliseconds);

/* The time of day alone: "09:14:02Z". */
struct figure figures_clock(uint64_t milliseconds);

/* The date alone; a deadline that ends at 24:00 UTC shows the day that ends then: "2027-02-15". */
struct figure figures_day(uint64_t milliseconds);

/* 41 as "B-0041". */
struct figure figures_bundle(uint64_t number);

/* "B-0041", "b-41" or "41" into a number above 0; STATUS_INVALID otherwise. */
int figures_read_bundle(const char *text, uint64_t *number);

/* "v2" or "2" into 1 to 10^9; STATUS_INVALID otherwise. */
int figures_read_version(const char *text, uint64_t *version);

/* A whole number from least to most in decimal digits; STATUS_INVALID otherwise. */
int figures_read_count(const char *text, uint64_t least, uint64_t most, uint64_t *count);

/* A deadline: "2027-02-15", which ends at 24:00 UTC that day, as milliseconds; STATUS_INVALID where it is no day from 2000 to 2199. */
int figures_read_deadline(const char *text, uint64_t *milliseconds);

#endif
