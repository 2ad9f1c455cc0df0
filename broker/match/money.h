/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_MONEY_H
#define BROKER_MATCH_MONEY_H

#include "broker/match/hold.h"

/*
 * Prices of money: one a fund, common to all lots. Spending falls with the price, so the price at which a fund is just spent is
 * closed in from both sides. Rounds of it look at the heavy lots only, and take the others to follow them.
 */

/* A price of money and the part of the balance that is spent at it. */
struct match_bracket {
    bool known;
    double price;
    double ratio;
};

/* First prices: those at which the needs of a fund, by falling worth a unit of money, just spend it, were there output for all. STATUS_NO_MEMORY. */
int match_money_guess(struct match_joint *joint, struct arena *arena);

/* Marks the heavy lots by their bounds, and how all lots' spending, as it stands, compares with theirs. STATUS_NO_MEMORY. */
int match_money_weigh(struct match_joint *joint, struct arena *arena);

/* Part of a fund's balance that plans spend. heavy: by the heavy lots, scaled up. */
double match_money_ratio(const struct match_joint *joint, uint32_t fund, bool heavy);

/* Moves every price towards where its fund is spent to the part that is aimed at, 1 for just spent. fresh: forgets what was spent at earlier prices. */
void match_money_move(struct match_joint *joint, bool heavy, bool fresh, double aim);

/* What the plan of a search's flow spends by fund; one-off costs as if every unit of money carried its part. */
void match_money_count(const struct match_search *search, double *spent);

/* What a lot's finished plan pays from a fund. */
__int128 match_money_paid(const struct match_lot *lot, const struct match_lot_plan *plan, uint32_t fund);

/* The present prices into a lot's terms. */
void match_money_apply(const struct match_joint *joint, struct match_search *search);

/* The fund of a line, or MATCH_NONE. */
uint32_t match_money_fund(const struct match_model *model, uint32_t line);

#endif
