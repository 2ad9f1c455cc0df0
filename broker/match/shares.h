/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_SHARES_H
#define BROKER_MATCH_SHARES_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Who carries how much of an offer's one-off cost. The model's rule: the cost is shared in proportion to quantity as far as ceilings
 * allow. With h the headroom of an award (ceiling - unit price - freight) and q its quantity, the level L is the least fraction for
 * which the sum of q * min(h, L) is the cost. An award with h <= L carries q * h, the others floor(q * L), and the cents still
 * missing go one each to these in order of demand, then month. Exact: the level is kept as a fraction, never rounded.
 */

struct match_share {
    int64_t quantity; /* at least 1 */
    int64_t headroom; /* a unit, at least 0 */
    int64_t share;    /* result: in all */
};

/*
 * Fills in the shares of one offer's new awards, given by demand, then line. scratch: room for count indices.
 * False, with shares undefined, where the ceilings can't carry the cost (the plan is then not valid).
 */
bool match_shares_compute(int64_t one_off, struct match_share *list, uint32_t count, uint32_t *scratch);

#endif
