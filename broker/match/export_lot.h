/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_EXPORT_LOT_H
#define BROKER_MATCH_EXPORT_LOT_H

#include <stdbool.h>
#include <stdio.h>

#include "broker/match/state.h"

/*
 * Shared by the parts of match_export_lp alone: one lot with nothing planned, and what of it has a variable.
 */
struct match_program {
    const struct match_market *market;
    const struct match_lot *lot;
    uint32_t number;          /* of the lot */
    struct match_state state; /* of the empty plan: what commitments leave */
    uint32_t nation_count;
    FILE *out;
};

/* Whether a unit of a line may come from a tier: compatible, affordable, open, and the offer has room for it. */
bool match_program_has(const struct match_program *p, uint32_t demand, uint32_t line, uint32_t offer, uint32_t tier);

/* Whether the tier may be used at all: of an offer with commitments only theirs. */
bool match_program_tier_is_open(const struct match_program *p, uint32_t offer, uint32_t tier);

/* Most units that can be added to a tier for a month and all later ones together (rank of the lot's months). */
int64_t match_program_room(const struct match_program *p, uint32_t offer, uint32_t tier, uint32_t rank);

/* What each call writes: " + 5 x0_1_2_0" and the like, a line each. */
void match_program_x(const struct match_program *p, int64_t factor, uint32_t demand, uint32_t line, uint32_t offer, uint32_t tier);

/* The units of all lines of a demand, from all offers; of one line. */
void match_program_demand(const struct match_program *p, int64_t factor, uint32_t demand);
void match_program_line(const struct match_program *p, int64_t factor, uint32_t demand, uint32_t line);

/* The rows of a lot that concern single lines, demands and offers; those of its bundle; and its variables' kinds. */
void match_program_write_parts(const struct match_program *p);
void match_program_write_bundle(const struct match_program *p);
void match_program_write_bounds(const struct match_program *p);
void match_program_write_kinds(const struct match_program *p, bool binaries);

/* Whether the one-off cost of a tier has a share variable for a fund. */
bool match_program_shares(const struct match_program *p, uint32_t offer, uint32_t tier, uint32_t fund);

#endif
