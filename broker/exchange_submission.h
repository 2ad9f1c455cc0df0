/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_EXCHANGE_SUBMISSION_H
#define BROKER_EXCHANGE_SUBMISSION_H

#include "broker/exchange_write.h"
#include "proto/entry.h"

/*
 * What the exchange asks of a submission inside the write transaction, in PROTOCOL's order: seen before, keys, validity,
 * head, marking, gate, desk; and what it writes around a submission of its own. Writer's thread.
 */

/*
 * *go: it may be written. Otherwise the request is answered, or accepted from before (the same bytes under the same id).
 * STATUS_FORGED: the client holds a later head by our own key. Else STATUS_OK or a failure of storage or memory.
 */
int submission_judge(const struct exchange_write *write, struct desk_context *context, struct exchange_request *request,
                     bool *go);

/* The answer to a check that found nothing. */
int submission_answer_check(struct exchange_request *request);

/* Fills in what every submission of the exchange itself has beside its noun. STATUS_NO_MEMORY. */
int submission_complete(struct exchange *exchange, uint64_t log_time, Muster__Submission *submission, struct arena *arena);

/* The entry's effect on the tables. */
int submission_apply(struct store_txn *txn, uint64_t position, const struct entry_body *body,
                     const Muster__Submission *submission, struct arena *arena);

#endif
