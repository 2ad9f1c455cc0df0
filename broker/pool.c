/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/pool.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "proto/status.h"

struct pool {
    pthread_mutex_t lock;
    pthread_cond_t begin; /* there are items */
    pthread_cond_t done;  /* the last one is done */
    unsigned threads;
    pthread_t ids[POOL_MOST];
    bool ending;
    /* The work at hand, under the lock. */
    void (*work)(void *data, size_t item);
    void *data;
    size_t next;
    size_t count;
    size_t busy; /* items taken and not done */
};

/* Takes and does items until there are none; the lock is held at entry and return. */
static void pool_take(struct pool *pool)
{
    while (pool->next < pool->count) {
        size_t item = pool->next++;
        pool->busy++;
        pthread_mutex_unlock(&pool->lock);
        pool->work(pool->data, item);
        pthread_mutex_lock(&pool->lock);
        pool->busy--;
    }
    if (pool->busy == 0)
        pthread_cond_broadcast(&pool->done);
}

static void *pool_main(void *argument)
{
    struct pool *pool = argument;
    pthread_mutex_lock(&pool->lock);
    while (!pool->ending) {
        if (pool->next < pool->count)
            pool_take(pool);
        else
            pthread_cond_wait(&pool->begin, &pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

int pool_new(unsigned threads, struct pool **pool)
{
    struct pool *made = calloc(1, sizeof *made);
    if (made == NULL)
        return STATUS_NO_MEMORY;
    pthread_mutex_init(&made->lock, NULL);
    pthread_cond_init(&made->begin, NULL);
    pthread_cond_init(&made->done, NULL);
    for (unsigned i = 0; i < threads && i < POOL_MOST; i++) {
        if (pthread_create(&made->ids[i], NULL, pool_main, made) != 0) {
            pool_free(made);
            return STATUS_NO_MEMORY;
        }
        made->threads++;
    }
    *pool = made;
    return STATUS_OK;
}

void pool_free(struct pool *pool)
{
    if (pool == NULL)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->ending = true;
    pthread_cond_broadcast(&pool->begin);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->threads; i++)
        pthread_join(pool->ids[i], NULL);
    pthread_cond_destroy(&pool->done);
    pthread_cond_destroy(&pool->begin);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

void pool_start(struct pool *pool, size_t count, void (*work)(void *data, size_t item), void *data)
{
    pthread_mutex_lock(&pool->lock);
    pool->work = work;
    pool->data = data;
    pool->next = 0;
    pool->count = count;
    if (count > 0 && pool->threads > 0)
        pthread_cond_broadcast(&pool->begin);
    pthread_mutex_unlock(&pool->lock);
}

void pool_finish(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool_take(pool);
    while (pool->busy > 0)
        pthread_cond_wait(&pool->done, &pool->lock);
    pool->count = pool->next = 0;
    pthread_mutex_unlock(&pool->lock);
}

void pool_run(struct pool *pool, size_t count, void (*work)(void *data, size_t item), void *data)
{
    /* One item alone wakes nobody. */
    if (count == 1) {
        work(data, 0);
        return;
    }
    pool_start(pool, count, work, data);
    pool_finish(pool);
}
