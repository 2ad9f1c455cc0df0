/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_TIES_H
#define BROKER_MATCH_TIES_H

#include "broker/match/terms.h"

/*
 * The rules that tie many awards together, as rows: sum of a * quantity over the new awards is at most what is right of it.
 *
 *   fund            a = unit_price + freight of the lines it pays; right: its balance less what its commitments pay
 *   SME floor       a = unit_price * (floor - 100 if SME);  right: minus the same sum over commitments
 *   European band   a = unit_price * (floor - content), and unit_price * (content - ceiling)
 *   supplier cap    a = unit_price * (100 if its own - cap), one row a supplier
 *
 * Each row has a multiplier, never negative, which the terms charge a unit; the bound then gains multiplier * right. One-off shares
 * that a fund pays are left out of its row, which only raises the bound.
 */

enum match_tie_kind { MATCH_TIE_FUND, MATCH_TIE_SME, MATCH_TIE_EUROPEAN_LEAST, MATCH_TIE_EUROPEAN_MOST, MATCH_TIE_SUPPLIER };

struct match_tie {
    enum match_tie_kind kind;
    uint32_t index;     /* fund or supplier */
    __int128 right;     /* cents, of shares times 100; may be negative */
    double scale;       /* typical size of the sum */
    double unit;        /* typical size of a */
    int64_t multiplier; /* in 2^-MATCH_FUND_BITS cents of value a cent (times 100) */
    bool outside;       /* the multiplier is the caller's to move, and its constant his to add: a fund of several lots */
    bool held;          /* the multiplier stays where it is for now */
};

struct match_ties {
    const struct match_model *model;
    struct match_terms *terms;
    struct match_tie *ties;
    uint32_t count;
};

/*
 * Finds the rows that can bind in a lot. hold_funds: its funds' multipliers are set by the caller from outside; the rows then stand
 * there with outside set. STATUS_NO_MEMORY.
 */
int match_ties_init(const struct match_model *model, struct match_terms *terms, bool hold_funds, struct arena *arena,
                    struct match_ties *ties);

/* a of one award's unit. paid: unit price and freight; fund: of its line. */
int64_t match_tie_weight(const struct match_ties *ties, const struct match_tie *tie, const struct match_choice *choice, int64_t paid,
                         uint32_t fund);

/* Brings the multipliers into the terms. */
void match_ties_apply(struct match_ties *ties);

/* Keeps the multipliers where they are, or lets them move again. Funds that the caller holds from outside stay held. */
void match_ties_hold(struct match_ties *ties, bool hold);

/* Whether some multiplier is free to move. */
bool match_ties_free(const struct match_ties *ties);

/* Scaled sum of multiplier * right over the rows that are not held from outside, rounded up: what a bound under these terms must add. */
__int128 match_ties_constant(const struct match_ties *ties);

#endif
