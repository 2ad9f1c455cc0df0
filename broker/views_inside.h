/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_VIEWS_INSIDE_H
#define BROKER_VIEWS_INSIDE_H

#include "broker/desk/bundle.h"
#include "broker/views.h"

/* What the files of the views share: one request being answered. One file a verb or two; views.c calls the verb's. */

struct view {
    struct store_txn *txn;
    const struct desk_context *context;
    const Muster__Party *asker;
    struct arena *arena;
    const Muster__Request *request;
    const ProtobufCMessage *body; /* the verb's request, unpacked */
    Muster__Answer *answer;
    struct desk_job **job;
};

/* Seals a message for the asker and makes it the answer. STATUS_OK or STATUS_NO_MEMORY. */
int view_done(struct view *view, ProtobufCMessage *message);

/* Answers with an outcome and a sentence. STATUS_OK. */
int view_refuse(struct view *view, Muster__Outcome outcome, const char *text);

/* An empty message in the view's arena; NULL where memory is out. */
void *view_new(const struct view *view, const ProtobufCMessageDescriptor *descriptor);

bool view_is_coordinator(const struct view *view);

/*
 * The version of a bundle that the asker may see: the newest to a coordinator; the newest released to an agency that has an
 * award in it; the newest agreed to a supplier that has one. *version NULL: none, so the bundle does not exist for it.
 */
int view_visible(struct view *view, const Muster__BundleHead *head, uint64_t wanted, Muster__BundleVersion **version);

/* A bundle as the asker may see it, not yet sealed. */
int view_bundle(struct view *view, const Muster__BundleHead *head, const Muster__BundleVersion *version, bool whole, Muster__BundleView **out);

/* Fills in what a plan alone says of a bundle: nations, suppliers, rules, months, sums; for a coordinator. */
int view_plan(struct view *view, const Muster__LotPlan *plan, const Muster__Market *market, Muster__BundleView *out);

/*
 * Why a lot has no bundle, for a coordinator: the reason that most missing units share, with its figures, and the change of a rule that
 * would cover most. "min-nations: Fewer nations ... With at least 4 nations instead of 9: 956 covered (planned again)." NULL: no memory.
 */
char *view_no_bundle(struct view *view, const Muster__LotPlan *plan);

int view_status(struct view *view);
int view_head(struct view *view);
int view_proof(struct view *view);
int view_log(struct view *view);
int view_list(struct view *view);
int view_bundles(struct view *view);
int view_why(struct view *view);
int view_need(struct view *view);
int view_watch(struct view *view);
int view_compare(struct view *view);

/*
 * What was published of pooled need, for an answer: made once, then asked for one item at a time. It fills in the answer's signals, the dates and,
 * for a coordinator, what was held back.
 */
struct signal_view;
int signal_view_new(struct view *view, Muster__NeedAnswer *answer, struct signal_view **out);
int signal_view_item(struct signal_view *of, const char *item);

/* The compare whose plan came back. */
int view_compared(struct view *view, const struct desk_job *job, const Muster__PlanAnswer *plan);

#endif
