/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/parallel.h"

#include <pthread.h>
#include <stdatomic.h>

#include "proto/status.h"

#define THREADS_MOST (MATCH_PARALLEL_MOST - 1)

struct crew {
    int (*work)(void *context, uint32_t index);
    void *context;
    uint32_t count;
    atomic_uint next;
    pthread_mutex_t lock; /* of the two below */
    uint32_t failed;      /* lowest piece that failed */
    int status;
};

static void *work_through(void *pointer)
{
    struct crew *crew = pointer;
    for (;;) {
        uint32_t index = atomic_fetch_add(&crew->next, 1);
        if (index >= crew->count) {
            return NULL;
        }
        int status = crew->work(crew->context, index);
        if (status) {
            pthread_mutex_lock(&crew->lock);
            if (!crew->status || index < crew->failed) {
                crew->status = status;
                crew->failed = index;
            }
            pthread_mutex_unlock(&crew->lock);
        }
    }
}

int match_parallel_run(uint32_t threads, uint32_t count, int (*work)(void *context, uint32_t index), void *context)
{
    struct crew crew = {.work = work, .context = context, .count = count, .lock = PTHREAD_MUTEX_INITIALIZER, .status = STATUS_OK};
    pthread_t others[THREADS_MOST];
    uint32_t started = 0;
    atomic_init(&crew.next, 0);
    threads = threads < count ? threads : count;
    while (started + 1 < threads && started < THREADS_MOST && pthread_create(&others[started], NULL, work_through, &crew) == 0) {
        started++;
    }
    work_through(&crew);
    while (started) {
        pthread_join(others[--started], NULL);
    }
    return crew.status;
}
