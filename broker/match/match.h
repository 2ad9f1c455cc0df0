/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_MATCH_H
#define BROKER_MATCH_MATCH_H

#include "broker/match/market.h"
#include "broker/match/plan.h"
#include "proto/arena.h"

/*
 * The matching core: a market in, a plan out. A function in the strict sense: no I/O, no clock, no state that outlives the call but
 * what it returns. The plan is the same for any number of threads, any compiler and any order in which the input stood.
 *
 * The model (what is valid, what is better, what a bound means) is stated in market.h, verify.h and the README's section on the
 * model; bound.c argues the bound.
 */

/* How far a call has come; passed to the caller's stop function. */
struct match_progress {
    uint32_t lots_done;
    uint32_t lots_bounded; /* with a bound and no plan yet: lots that share a fund get their plans together */
    uint32_t lot_count;
    int64_t objective; /* of the lots done */
    int64_t bound;     /* of the lots done and bounded */
};

/* What the passes did; every figure is a sum over lots. Times only where a clock was given. */
#define MATCH_PASSES 16
struct match_pass {
    const char *name;
    uint64_t runs;
    uint64_t tries;
    uint64_t successes;
    uint64_t nanoseconds;
};
struct match_counters {
    struct match_pass passes[MATCH_PASSES];
    uint32_t pass_count;
};

struct match_options {
    uint32_t threads;    /* worker threads; 0 counts as 1 */
    uint64_t node_budget; /* nodes of branch and bound a lot; 0: the default budget */
    bool prove;          /* spend the larger budget of a proof where none was given */
    uint32_t enough;     /* millionths of its bound that a lot's plan may be short of it to be planned no further; 0: the default */
    /*
     * Asked now and then, from any worker but never from two at a time; true ends the search early: the plan so far is returned with
     * its honest bound, and is then not reproducible. NULL: never.
     */
    bool (*stop)(void *context, const struct match_progress *progress);
    void *context;
    uint64_t (*clock)(void); /* nanoseconds of a steady clock, for counters only; NULL: no times */
    struct match_counters *counters; /* NULL: none wanted */
};

/*
 * Plans a market. options: NULL for the defaults. The plan and all in it lie in arena; the market is only read and must outlive
 * the plan (texts are shared). Each lot's awards are valid together with all others, with their one-off shares; uncovered, unused,
 * nations and rules are left empty.
 * Errors: STATUS_NO_MEMORY. Thread-safe as long as each call has its own arena.
 */
int match_plan(const struct match_market *market, const struct match_options *options, struct arena *arena,
               struct match_plan **plan);

#endif
