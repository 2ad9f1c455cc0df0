/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_PARALLEL_H
#define BROKER_MATCH_PARALLEL_H

#include <stdint.h>

/*
 * Independent pieces of work on several threads. Who does which piece is left to chance, so a piece may touch nothing that another one
 * reads; results are put together afterwards in the order of the pieces, and so do not depend on the number of threads.
 */

#define MATCH_PARALLEL_MOST 65 /* threads that work at a time, the caller's included */

/*
 * Calls work(context, n) once for each n below count. threads: at most, 0 counts as 1. Returns the first status other than STATUS_OK by
 * order of the pieces; all pieces are done in any case. Where a thread can't be had the others do its work.
 */
int match_parallel_run(uint32_t threads, uint32_t count, int (*work)(void *context, uint32_t index), void *context);

#endif
