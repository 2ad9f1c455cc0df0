/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_EXCHANGE_READER_H
#define BROKER_EXCHANGE_READER_H

#include "broker/exchange_request.h"

/*
 * A thread that answers reading requests from snapshots of its own, so that a long list or a hard question delays no acknowledgement. It
 * runs at a lower priority than the thread that writes. A request belongs to it from reader_push() until reader_collect() hands its
 * answer over; it sees the request, keys and the store, nothing that the writer changes. All functions are the writer's.
 */

#define READER_WAITING_MOST 1024u /* requests; each holds its box's plain text, which for a reading request is at most 64 KiB */

struct reader;

/* Freed with reader_free(), which takes NULL and waits for the thread. STATUS_NO_MEMORY. */
int reader_new(const struct exchange *exchange, struct reader **reader);
void reader_free(struct reader *reader);

/* Hands an opened reading request over. False: too many wait, it stays the caller's. */
bool reader_push(struct reader *reader, struct exchange_request *request, const struct desk_context *context);

/* A descriptor that can be read while answers wait to be collected. */
int reader_fd(const struct reader *reader);

/* Gives up what is done: answered through sink, or parked. A failure of the storage that the thread met is returned. */
int reader_collect(struct reader *reader, struct exchange *exchange, const struct exchange_sink *sink);

/* Drops what waits, and what it works on once that is done: nobody is there to be answered. */
void reader_forget(struct reader *reader);

#endif
