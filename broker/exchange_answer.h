/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_EXCHANGE_ANSWER_H
#define BROKER_EXCHANGE_ANSWER_H

#include "broker/exchange_backup.h"
#include "broker/exchange_request.h"

/*
 * Answers from a snapshot: the receipts of what was accepted, and the views of who asks. Each call may run on a helper
 * thread with a read transaction of its own. Storage's failures are returned; all else is in the request's answer.
 */

#define ANSWER_NEWS_ARENA ((size_t)64 << 20) /* what a look for news may take */

/* Position, time, receipt, proof from the head that the submission showed, and an export's data unless it is a repetition. */
int answer_accepted(const struct exchange *exchange, struct store_txn *txn, uint64_t log_time,
                    struct exchange_request *request);

/* A reading request: answered, or parked with a job for the planner. */
int answer_read(const struct exchange *exchange, struct store_txn *txn, uint64_t log_time, struct exchange_request *request);
/* The same under circumstances that the writer noted: for the thread that reads. */
int answer_read_in(struct store_txn *txn, const struct desk_context *circumstances, struct exchange_backups *backups, struct exchange_request *request);

/* Whether a parked watch has an event behind its cursor; without one the cursor moves on. */
int answer_has_news(const struct exchange *exchange, struct store_txn *txn, uint64_t log_time,
                    struct exchange_request *request, bool *news);

#endif
