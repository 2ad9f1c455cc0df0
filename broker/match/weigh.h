/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_WEIGH_H
#define BROKER_MATCH_WEIGH_H

#include "broker/match/repair.h"

/* What one unit of a line in a slot means to a repair: inline, since each exchange that is looked at asks several times. Cents throughout. */

static inline const struct match_choice *match_weigh_choice(const struct match_repair *repair, uint32_t slot)
{
    return &repair->model->choices[repair->flow->slot_choice[slot]];
}

static inline int64_t match_weigh_paid(const struct match_repair *repair, uint32_t line, uint32_t slot)
{
    return repair->flow->paid[(size_t)repair->model->class_of[line] * repair->flow->slot_most + slot];
}

/* What one unit of a line in a slot adds to a row. */
static inline int64_t match_weigh_row(const struct match_repair *repair, uint32_t tie, uint32_t line, uint32_t slot)
{
    if (tie < repair->fund_count) {
        return repair->tie_of[line] == tie ? match_weigh_paid(repair, line, slot) : 0;
    }
    return repair->share[(size_t)slot * repair->ties->count + tie];
}

static inline int64_t match_weigh_worth(const struct match_repair *repair, uint32_t line, uint32_t slot)
{
    return repair->value[line] + repair->margin[slot] - match_weigh_paid(repair, line, slot);
}

/* What one unit of a line leaves above its price towards a slot's one-off cost. */
static inline int64_t match_weigh_headroom(const struct match_repair *repair, uint32_t line, uint32_t slot)
{
    return repair->model->ceiling[line] - match_weigh_paid(repair, line, slot);
}

/* Brings room up to date with sum and right. */
void match_repair_room(struct match_repair *repair);

#endif
