/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_VIEWS_H
#define BROKER_VIEWS_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/desk/desk.h"

/*
 * What each reading request answers, as one party may see it: every answer passes through the seal's table. Views read a
 * snapshot and write nothing; they may run on any thread that owns the read transaction.
 */

/*
 * Answers request (any verb but submit, join, check) towards context->party. The gate (broker/gate.h) was asked before.
 * The request's body was walked against its verb's descriptor and is unpacked here. answer is filled in whole, in arena;
 * refusals are outcomes in it, not statuses. Returns STATUS_OK or a failure of storage or memory.
 * A compare that needs the planner gives *job instead: the exchange plans it and calls views_compare. *job is NULL
 * otherwise.
 */
int views_answer(struct store_txn *txn, const struct desk_context *context, const Muster__Request *request,
                 struct arena *arena, Muster__Answer *answer, struct desk_job **job);

/*
 * The answer to a compare whose plan came back; plan NULL or failed: OUTCOME_BUSY with a sentence. job as
 * views_answer gave it, possibly long ago: txn is a later snapshot.
 */
int views_compare(struct store_txn *txn, const struct desk_context *context, const Muster__Request *request,
                  const struct desk_job *job, const Muster__PlanAnswer *plan, struct arena *arena,
                  Muster__Answer *answer);

/* Whether a watch from cursor has an event for this party; until it has, the exchange may let the request wait. */
int views_watch_news(struct store_txn *txn, const struct desk_context *context, uint64_t cursor, struct arena *arena,
                     bool *news);

#endif
