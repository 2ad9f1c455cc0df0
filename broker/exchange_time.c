/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/exchange_time.h"

#include <stddef.h>

static uint64_t time_wall(const struct exchange_time *time)
{
    return time->clock->wall(time->clock->data);
}

static uint64_t time_monotonic(const struct exchange_time *time)
{
    return time->clock->monotonic(time->clock->data);
}

static void time_doubt(struct exchange_time *time, uint64_t monotonic)
{
    time->doubted = true;
    time->doubted_time = time->last;
    time->doubted_monotonic = monotonic;
}

void exchange_time_start(struct exchange_time *time, const struct seam_clock *clock, uint64_t last_entry)
{
    *time = (struct exchange_time){.clock = clock, .last = last_entry};
    time->anchor_wall = time_wall(time);
    time->anchor_monotonic = time_monotonic(time);
    if (last_entry != 0 && (time->anchor_wall < last_entry || time->anchor_wall - last_entry > TIME_ABSENCE))
        time_doubt(time, time->anchor_monotonic);
}

static bool time_jumped(const struct exchange_time *time, uint64_t wall, uint64_t monotonic)
{
    uint64_t expected = time->anchor_wall + (monotonic - time->anchor_monotonic);
    return wall > expected ? wall - expected > TIME_JUMP : expected - wall > TIME_JUMP;
}

uint64_t exchange_time_now(struct exchange_time *time, bool *jumped)
{
    uint64_t wall = time_wall(time);
    uint64_t monotonic = time_monotonic(time);
    bool jump = !time->doubted && time_jumped(time, wall, monotonic);
    if (jump) {
        time_doubt(time, monotonic);
        time->untold = true;
    }
    if (jumped != NULL) {
        *jumped = time->untold;
        time->untold = false;
    }
    uint64_t now = time->doubted ? time->doubted_time + (monotonic - time->doubted_monotonic) : wall;
    if (now > time->last)
        time->last = now;
    return time->last;
}

void exchange_time_tell_again(struct exchange_time *time)
{
    time->untold = true;
}

void exchange_time_confirm(struct exchange_time *time)
{
    time->doubted = false;
    time->untold = false;
    time->anchor_wall = time_wall(time);
    time->anchor_monotonic = time_monotonic(time);
}
