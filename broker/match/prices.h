/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_PRICES_H
#define BROKER_MATCH_PRICES_H

#include "broker/match/bound.h"
#include "broker/match/ties.h"

/*
 * Finds prices that make the bound small: subgradient steps.
 *
 * The volume algorithm (Barahona, Anbil 2000, Math. Program. 87, doi 10.1007/s101070050002). A line's gradient is what its demand would
 * pay for less what the offers would give it, divided by its quantity. Gradients are averaged into a direction, each with the share that makes
 * the direction shortest; every step starts from the best prices, as far as Polyak's rule says for a target: the plan's
 * worth, or a share below the best bound where that is higher. Multipliers of shares and funds (ties) move along with the prices.
 * Floating point only finds prices here; the bound of any prices is exact.
 */

struct match_ascent {
    double *gradient;       /* by line, divided by its quantity */
    double *tie_gradient;   /* by tie */
    double *direction;      /* by line: gradients averaged */
    double *tie_direction;  /* by tie */
    int64_t *best_price;    /* by line */
    int64_t *best_tie;      /* by tie */
    float *used;            /* by choice: averaged share of steps that took it */
    float *lump_used;       /* by lump: averaged share of it that the choices taken give it */
    float *pair_used;       /* lump * offers + offer: the same of single-supplier lumps by offer */
    double *spent;          /* by fund of the market: averaged spending, where it is counted */
    __int128 best_bound;
};

int match_ascent_init(const struct match_model *model, const struct match_ties *ties, struct arena *arena,
                      struct match_ascent *ascent);

struct match_guess {
    int64_t cost;
    int64_t quantity;
};

/* First prices for a cold start, from supply and demand of the whole lot. scratch: room for offer_count. */
void match_prices_guess(const struct match_model *model, struct match_guess *scratch, int64_t *price);

/*
 * Runs steps from dual->price and the multipliers in ties. target: scaled worth of a known plan, or MATCH_NET_NEVER; a bound not above it
 * ends the search. warm: the prices are good already. On return dual holds the best prices, evaluated, and ties its multipliers; ascent->used the averages.
 */
void match_ascent_run(struct match_walk *walk, const struct match_limits *limits, struct match_ties *ties, __int128 target,
                      bool warm, uint32_t steps, struct match_dual *dual, struct match_ascent *ascent);

/*
 * The parts of a run, for a search over several lots at a time. look evaluates dual->price and finds the gradient; products measures gradient
 * and direction; share is the part of the gradient that makes the direction shortest, at most most; mix puts it in, and the choices taken
 * into the averages (1: the first time); step sets prices a step from the best ones; keep makes the present ones the best; return goes back.
 */
struct match_products {
    double gradient, both, direction;
};

void match_ascent_look(struct match_walk *walk, const struct match_limits *limits, const struct match_ties *ties,
                       struct match_dual *dual, struct match_ascent *ascent);
struct match_products match_ascent_products(const struct match_ties *ties, const struct match_ascent *ascent);
double match_ascent_share(const struct match_products *sum, double most);
void match_ascent_mix(const struct match_ties *ties, double share, const struct match_dual *dual, struct match_ascent *ascent);
void match_ascent_step(struct match_ties *ties, double step, struct match_dual *dual, const struct match_ascent *ascent);
void match_ascent_keep(const struct match_ties *ties, const struct match_dual *dual, struct match_ascent *ascent);
void match_ascent_return(struct match_ties *ties, struct match_dual *dual, struct match_ascent *ascent);

#endif
