/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_POOL_H
#define BROKER_POOL_H

#include <stddef.h>

/*
 * Helper threads for work that is independent item by item: opening boxes, verifying signatures, answering reads. The
 * caller works too, and has its turn back only when all items are done. With no helper threads everything runs on the
 * caller's: a simulation has one thread.
 */

struct pool;

/* threads: helpers beside the caller, 0 to POOL_MOST. Freed with pool_free(), which takes NULL. STATUS_NO_MEMORY. */
#define POOL_MOST 16u
int pool_new(unsigned threads, struct pool **pool);
void pool_free(struct pool *pool);

/* Calls work(data, item) once for each item from 0 to count - 1, in any order, on several threads; returns when all are
 * done. One caller at a time. */
void pool_run(struct pool *pool, size_t count, void (*work)(void *data, size_t item), void *data);

/* The same in two halves: helpers begin, the caller does something else, then works along until all are done. */
void pool_start(struct pool *pool, size_t count, void (*work)(void *data, size_t item), void *data);
void pool_finish(struct pool *pool);

#endif
