/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/alone.h"

#include <string.h>

#include "broker/match/replan.h"
#include "broker/match/shrink.h"
#include "proto/status.h"

#define ENOUGH 200 /* millionths: a stand-alone cost is compared, not signed */

/* What one line gets and pays, together and alone. */
struct share {
    int64_t quantity, pays, alone;
};

static void add_awards(const struct match_lot *lot, const char *country, const struct match_lot_plan *plan,
                       const uint32_t *first_line, struct share *shares)
{
    for (uint32_t n = 0; n < plan->award_count; n++) {
        const struct match_award *a = &plan->awards[n];
        if (strcmp(lot->demands[a->demand].country, country) == 0) {
            struct share *share = &shares[first_line[a->demand] + a->line];
            share->quantity += a->quantity;
            share->pays += (a->unit_price + a->freight) * a->quantity + a->one_off;
        }
    }
}

/* The nation's own small lot, without the rules of bundles and funds. */
static int make_small(const struct match_lot *lot, const struct share *shares, uint32_t lines, struct arena *work,
                      struct match_shrunk *small)
{
    int64_t *quantity = arena_array(work, lines, sizeof *quantity);
    if (!quantity) {
        return STATUS_NO_MEMORY;
    }
    uint32_t at = 0;
    for (uint32_t d = 0; d < lot->demand_count; d++) {
        for (uint32_t n = 0; n < lot->demands[d].line_count; n++, at++) {
            quantity[at] = lot->demands[d].lines[n].committed + shares[at].quantity;
        }
    }
    int status = match_shrink_lot(lot, quantity, work, small);
    if (status) {
        return status;
    }
    struct match_rules *rules = &small->lot.rules;
    rules->min_nations = 0;
    rules->sme_min_share = 0;
    rules->european_min_share = 0;
    rules->european_max_share = 100;
    rules->supplier_max_share = 100;
    struct match_demand *demands = arena_array(work, small->lot.demand_count, sizeof *demands);
    if (!demands) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t d = 0; d < small->lot.demand_count; d++) {
        demands[d] = small->lot.demands[d];
        demands[d].fund = MATCH_NONE;
    }
    small->lot.demands = demands;
    return STATUS_OK;
}

int match_alone_nation(const struct match_market *market, uint32_t lot_index, const struct match_lot_plan *plan,
                       struct arena *work, struct match_nation *nation)
{
    const struct match_lot *lot = &market->lots[lot_index];
    uint32_t *first_line = arena_array(work, (size_t)lot->demand_count + 1, sizeof *first_line);
    if (!first_line) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t d = 0; d < lot->demand_count; d++) {
        first_line[d + 1] = first_line[d] + lot->demands[d].line_count;
    }
    uint32_t lines = first_line[lot->demand_count];
    struct share *shares = arena_array(work, lines, sizeof *shares);
    if (!shares) {
        return STATUS_NO_MEMORY;
    }
    add_awards(lot, nation->country, plan, first_line, shares);
    struct match_shrunk small;
    struct match_lot_plan *alone;
    int status = make_small(lot, shares, lines, work, &small);
    if (!status) {
        status = match_replan_lot(market, &small.lot, NULL, true, ENOUGH, work, &alone);
    }
    if (status) {
        return status;
    }
    nation->alone_quantity = 0;
    nation->alone_pays = 0;
    for (uint32_t n = 0; n < alone->award_count; n++) {
        const struct match_award *a = &alone->awards[n];
        uint32_t line = first_line[small.demand_of[a->demand]] + small.line_of[small.first_line[a->demand] + a->line];
        shares[line].alone += a->quantity;
        nation->alone_quantity += a->quantity;
        nation->alone_pays += (a->unit_price + a->freight) * a->quantity + a->one_off;
    }
    nation->saving = nation->alone_pays;
    for (uint32_t n = 0; n < lines; n++) {
        if (shares[n].alone > 0) {
            __int128 part = (__int128)shares[n].pays * shares[n].alone + shares[n].quantity - 1;
            nation->saving -= (int64_t)(part / shares[n].quantity);
        }
    }
    return STATUS_OK;
}
