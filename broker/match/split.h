/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_SPLIT_H
#define BROKER_MATCH_SPLIT_H

#include "broker/match/flow.h"
#include "broker/match/plan.h"
#include "proto/arena.h"

/*
 * A flow as awards. Alike lines, which the model holds as one, get equal fractions: with X units for lines that lack S together,
 * each gets floor(X * lacked / S), and the units left over go to the largest remainders, or where nations are too few first to one of another
 * nation, so that each differs by less than one unit from its fraction. One-off costs are then shared exactly.
 */

/*
 * Awards by demand, line, offer, with one-off shares. *carried is false where the ceilings can't carry a one-off cost. STATUS_NO_MEMORY.
 */
int match_split_awards(const struct match_flow *flow, struct arena *arena, struct match_award **awards, uint32_t *count, bool *carried);

/* So many units of a line from a choice. */
struct match_split_part {
    uint32_t line;
    uint32_t choice;
    int64_t quantity;
};

/* The same for a list, by line and offer, one choice an offer. */
int match_split_list(const struct match_model *model, const struct match_split_part *parts, uint32_t part_count, struct arena *arena,
                     struct match_award **awards, uint32_t *count, bool *carried);

/* Nations of the awards and of the lot's commitments, and how many the rules and the funds drawn on ask for. No awards: both 0. */
int match_split_nations(const struct match_model *model, const struct match_award *awards, uint32_t count, struct arena *arena,
                        uint32_t *nations, int64_t *needed);

/* Order of awards for qsort: by demand, line and offer. */
int match_split_compare(const void *a, const void *b);

#endif
