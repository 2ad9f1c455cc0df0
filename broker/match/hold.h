/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_HOLD_H
#define BROKER_MATCH_HOLD_H

#include <pthread.h>

#include "broker/match/control.h"
#include "broker/match/search.h"

/*
 * Lots that share funds are worked on in several passes, and a market may have thousands. Between two passes only a little is held of each
 * lot: the prices of its lines, the choices and lumps of its plan, its bounds. All else is built anew in a workspace of the thread at
 * hand, which costs less than the memory would.
 */

/* Money that a lot could free, or use, and what that loses for each unit of it at the prices of its plan. */
struct match_chance {
    double rate;
    double money;
    uint32_t lot;
    uint32_t fund;
    bool whole; /* only all of it */
};

#define MATCH_OPTIONS_MOST 16

/* One finished plan of a lot, and what it pays by fund. */
struct match_option {
    struct match_lot_plan plan;
    double *paid;
};

struct match_held {
    struct arena arena;         /* of all here */
    int64_t *price;             /* by line: the best known for the bound */
    uint32_t *choice;           /* by offer, or MATCH_NONE */
    uint8_t *lump_in;           /* by lump */
    uint32_t *lump_supplier;    /* by lump */
    uint8_t *avoid;             /* by choice */
    int64_t *multiplier;        /* by tie */
    int shift;
    __int128 joint_bound;       /* scaled, at the prices of money of the bound */
    __int128 worth;             /* scaled, of the plan at the prices of money it was made at */
    double *spent;              /* by fund: by the plan, with one-off shares as they may fall */
    struct match_chance *sales; /* what the plan could free */
    uint32_t sale_count;
    struct match_chance offer;  /* the best that it could do with more money; money 0: nothing */
    struct match_lot_plan plan; /* valid, bound is the lot's own; awards in arena */
    struct match_option options[MATCH_OPTIONS_MOST]; /* plans made at several prices of money */
    uint32_t option_count;
    uint32_t chosen;            /* of them */
    uint64_t nodes;             /* what the next run of its tree may take */
    bool counted;              /* among the lots done */
};

struct match_joint {
    const struct match_market *market;
    struct match_control *control;
    const __int128 *balance;        /* by fund: what new awards may spend */
    struct match_held *lots;
    int64_t *price;                 /* by fund: in 2^-MATCH_FUND_BITS cents of value a cent */
    struct match_bracket *brackets; /* money.c */
    uint32_t *heavy;                /* lots that most of the worth lies in, ascending */
    uint32_t heavy_count;
    double *scale;                  /* by fund: spending of all lots for one unit of the heavy ones' */
    __int128 *left;                 /* by fund: what the ledger has not given out */
    struct arena *spaces;           /* workspaces */
    uint32_t *free_spaces;
    uint32_t free_count;
    pthread_mutex_t lock;           /* of free_spaces and free_count */
};

/* Room for all lots and workspaces for threads, in arena; match_hold_drop frees what they then hold, in any case. STATUS_NO_MEMORY. */
int match_hold_init(struct match_joint *joint, struct arena *arena);
void match_hold_drop(struct match_joint *joint);

/*
 * Builds the search of a lot with what is held of it: prices of lines and of money, plan, bounds, and with flow the best flow for its choices
 * and lumps at these prices. Every open is followed by a close, which holds what changed, and passes status on or says STATUS_NO_MEMORY.
 * search->arena is a workspace, whatever the status. Safe for all threads, each with lots of its own.
 */
int match_hold_open(struct match_joint *joint, uint32_t lot, bool flow, struct match_search *search);
int match_hold_close(struct match_joint *joint, uint32_t lot, struct match_search *search, int status);

#endif
