/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_EXCHANGE_TIME_H
#define BROKER_EXCHANGE_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/seam.h"

/*
 * Log time: the one time that rules and deadlines know. It never falls: the later of the clock and the last entry's.
 * A clock that jumped by more than an hour against the monotonic one, or that at a start stands before the last entry or
 * more than seven days behind it, is doubted: log time then runs on from the last entry by the monotonic clock, and
 * nothing lapses, until a coordinator confirms. One thread.
 */

#define TIME_HOUR ((uint64_t)3600 * 1000)
#define TIME_DAY (24 * TIME_HOUR)
#define TIME_JUMP TIME_HOUR       /* against the monotonic clock */
#define TIME_ABSENCE (7 * TIME_DAY) /* a clock further ahead of the last entry at a start is doubted */
#define TIME_SILENCE TIME_HOUR    /* an absence from here on puts off deadlines */
#define TIME_GRACE TIME_DAY       /* for so long */

struct exchange_time {
    const struct seam_clock *clock;
    uint64_t last;             /* log time never falls below this */
    uint64_t anchor_wall;      /* both clocks when they were last believed together */
    uint64_t anchor_monotonic;
    bool doubted;
    uint64_t doubted_time;     /* log time and monotonic clock when the doubt began */
    uint64_t doubted_monotonic;
    bool untold;               /* a jump that no caller has been told of yet */
};

/* last_entry: log time of the newest entry; 0: there is none. */
void exchange_time_start(struct exchange_time *time, const struct seam_clock *clock, uint64_t last_entry);

/*
 * Log time now. *jumped: doubt began with this call, or with one before that passed NULL; so whoever writes the jump into the log learns
 * of it, though a reader looked at the clock first.
 */
uint64_t exchange_time_now(struct exchange_time *time, bool *jumped);

/* The jump that was told could not be written: the next caller is told again. */
void exchange_time_tell_again(struct exchange_time *time);

/* A coordinator confirmed the clock. */
void exchange_time_confirm(struct exchange_time *time);

#endif
