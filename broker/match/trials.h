/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_TRIALS_H
#define BROKER_MATCH_TRIALS_H

#include <pthread.h>

#include "broker/match/change.h"
#include "broker/match/state.h"

/*
 * Shared by the parts of match_explain_plan alone: one lot under questions, what its general re-plans gave, and one subject (a demand or an
 * offer) with the changes tried for it.
 */

#define MATCH_TRIALS_MOST 40 /* changes of one subject that are kept: more than are ever tried */

/* Re-plans of a lot that serve all its demands: what each gets without a kind of obstacle. Units by demand; NULL: not planned. */
struct match_general {
    const int64_t *as_is;       /* nothing changed: what the search gives anyway */
    const int64_t *any_nations;
    const int64_t *any_shares;
    const int64_t *any_output;
    const int64_t *const *more_money; /* by fund, or NULL: any balance */
    const int64_t *offers_as_is;    /* units by offer */
    const int64_t *offers_any_shares;
    const int64_t *offers_any_nations;
};

/* What a change gave that says nothing of one demand, so that several subjects ask for it: units by demand, then by offer. */
struct match_memo {
    struct match_change change;
    int64_t *units;
    struct match_memo *next;
};

struct match_inquiry {
    const struct match_market *market;
    uint32_t lot_index;
    const struct match_lot *lot;
    struct match_state state;
    struct match_general general;
    int64_t *money;        /* by fund: what it may spend in this lot */
    const char *currency;
    bool (*stop)(void *context); /* or NULL */
    void *context;
    pthread_mutex_t *lock;   /* of the next three */
    struct match_memo *memos;
    struct arena *arena;     /* of the memos */
    size_t memo_units;       /* that all memos hold */
};

/* One subject and what was tried for it; texts lie in texts. */
struct match_subject {
    struct match_inquiry *inquiry;
    struct arena *texts;
    struct arena *work;    /* of one re-plan, dropped after each */
    bool is_offer;
    uint32_t index;        /* demand or offer */
    int64_t has;           /* units of the plan, or of the re-plan without change where that is more */
    int64_t missing;       /* of a demand; of an offer 1: any award helps */
    const int64_t *lacks;  /* of a demand, by line */
    struct match_trial trials[MATCH_TRIALS_MOST];
    uint32_t trial_count;
    int status;            /* STATUS_NO_MEMORY once memory is out, STATUS_CANCELLED once it was stopped: what it tried then counts for nothing */
};

/* Whether to go on: false once it was stopped, or memory is out. */
bool match_subject_goes_on(struct match_subject *subject);

/*
 * Plans again with one change; returns the units that the subject gains, 0 where none or where the change can't be planned. A change of
 * rules, money or an offer that was planned for another subject is not planned twice: the same input gives the same plan.
 */
int64_t match_subject_try(struct match_subject *subject, const struct match_change *change);

/*
 * The least of values from..to (either may be the larger; from itself is the present one and not tried) for which the gain is at
 * least goal, by halving, given that `to` was found to do. steps: most re-plans; *exact tells whether it got to the very least.
 */
int64_t match_subject_least(struct match_subject *subject, struct match_change change, int64_t from, int64_t to, int64_t goal,
                            unsigned steps, bool *exact);

/* Keeps a trial. text: made by the caller in texts; NULL counts as out of memory. */
void match_subject_keep(struct match_subject *subject, const char *kind, const char *detail, const char *text, int64_t adds);

/* The changes of a demand's own terms, of the lot's rules, of money and output; of an offer's own terms. */
void match_trials_demand(struct match_subject *subject, enum match_reason reason);
void match_trials_offer(struct match_subject *subject);

/* The reason of a demand, verified; of an offer. And the sentences. */
enum match_reason match_trials_demand_reason(struct match_subject *subject, enum match_reason found);
enum match_reason match_trials_offer_reason(struct match_subject *subject);
const char *match_text_demand(const struct match_subject *subject, enum match_reason reason);
const char *match_text_offer(const struct match_subject *subject, enum match_reason reason);

/* "EUR 3,410.00", "1,234", "2028-12". */
struct match_figure {
    char text[64];
};
struct match_figure match_figure_money(const struct match_inquiry *inquiry, int64_t cents);
struct match_figure match_figure_count(int64_t count);

#endif
