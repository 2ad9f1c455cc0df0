/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_SEARCH_H
#define BROKER_MATCH_SEARCH_H

#include "broker/match/flow.h"
#include "broker/match/match.h"
#include "broker/match/plan.h"
#include "broker/match/prices.h"
#include "broker/match/repair.h"

/*
 * The state of planning one lot: its model, the plan found so far as a flow, and the prices behind its bound. The passes (first,
 * screen, ...) each work on this state; every pass leaves `flow` the best plan it knows under the terms in force.
 */

struct match_control;
struct match_tied;

struct match_search {
    struct match_model model;
    struct match_terms terms;
    struct match_ties ties;
    struct match_walk walk;
    struct match_limits limits; /* of the root: nothing fixed */
    struct match_limits strict; /* what a better plan than the best must keep, by the prices */
    struct match_dual dual;     /* at the best prices known */
    struct match_dual probe;    /* scratch for other prices */
    uint32_t *held;             /* by lump: the one offer that may serve it in the plan at hand, or MATCH_NONE */
    struct match_ascent ascent;
    struct match_guess *guess;
    int64_t *mixed, *plan_price; /* by line: scratch */
    uint8_t *avoid;             /* by choice: 1 can't carry its one-off cost as plans stand; left out of plans, not of bounds */
    struct match_flow flow;     /* the plan */
    struct match_flow trial;    /* a change on trial */
    struct match_flow spare;    /* what a trial goes back to */
    __int128 worth;             /* of flow under the terms */
    struct match_move *moves;   /* scratch of the screening */
    struct match_rank *ranks;   /* scratch: lumps by gain */
    uint32_t *list;             /* scratch: lumps or offers */
    struct match_flow kept;     /* the plan while another is worked on */
    struct arena *arena;        /* of the search, dropped with it */
    uint32_t lot;               /* index in the market */
    __int128 *rights;           /* by tie: most that its sum may be in this lot */
    __int128 *aims;             /* by tie: what awards may add up to before one-off shares, where that is less; NULL: rights */
    struct match_repair repair;
    struct match_tied *tied;    /* NULL where no row ties awards together */
    int64_t *multipliers;       /* by tie: scratch */
    double tied_worth;          /* cents that the choices and lumps of flow can be worth under the rows, with fractions */
    int64_t set_objective;      /* of the plan made of them; INT64_MIN: none could be made */
    uint64_t solves;            /* counter: sets judged under the rows */
    struct match_lot_plan best; /* the best valid plan so far, no awards at first; bound is the least proved */
    uint64_t tries, successes;
    struct match_control *control; /* may be NULL */
    bool joint;                 /* funds' prices come from outside: a bound of dual is then not the lot's own */
    __int128 joint_bound;       /* scaled: of the lot at the funds' prices as they are */
    uint64_t nodes;             /* budget of branch and bound */
    uint64_t wide_nodes;        /* the same where the gap is wide */
    uint64_t nodes_done;
    uint64_t work_most;         /* the same of a proof, in steps of its inner loops */
    uint64_t exact_most;        /* the same of exact.h */
    uint64_t exact_nodes;       /* counter */
    uint32_t node_steps;        /* price steps at a node */
    uint32_t dive_steps;        /* the same at a look of a dive, at most */
    double dive_enough;         /* of the bound: prices that promise less are good enough for a dive to go by */
    uint32_t enough;            /* millionths of the bound: what is not worth a search for more */
    bool proves;                /* a proof is wanted, or the lot is small enough to have one anyway */
    bool persists;              /* branches on where the relaxation is whole already but its plan is not as good: to prove */
};

/* Prepares a search with nothing planned. hold_funds: see ties.h. STATUS_NO_MEMORY. */
int match_search_init(const struct match_market *market, uint32_t lot, bool hold_funds, struct arena *arena,
                      struct match_search *search);

/* Leaves out the demands that their fund can't pay for with what its row in ties now allows. STATUS_NO_MEMORY. */
int match_search_afford(struct match_search *search);

/* Sets how long to search by the size of the lot and what the options ask for. */
void match_search_budget(struct match_search *search, const struct match_options *options);

/* Lowers best.bound to a scaled bound of the dual, if it is lower. */
void match_search_bound(struct match_search *search, __int128 bound);

#endif
