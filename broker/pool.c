/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "proto/status.h"

struct pool {
    pthread_mutex_t lock;
    pthread_cond_t begin; /* there are items */
    pthread_cond_t done;  /* the last helper at work is done */
    unsigned threads;
    pthread_t ids[POOL_MOST];
    bool ending;
    /* The work at hand: set under the lock while no helper is at work; items are taken without it. */
    void (*work)(void *data, size_t item);
    void *data;
    size_t count;
    atomic_size_t next;
    unsigned busy; /* helpers at work, under the lock */
};

static void pool_take(struct pool *pool)
{
    size_t item;
    while ((item = atomic_fetch_add(&pool->next, 1)) < pool->count)
        pool->work(pool->data, item);
}

static void *pool_main(void *argument)
{
    struct pool *pool = argument;
    pthread_mutex_lock(&pool->lock);
    while (!pool->ending) {
        if (atomic_load(&pool->next) >= pool->count) {
            pthread_cond_wait(&pool->begin, &pool->lock);
            continue;
        }
        pool->busy++;
        pthread_mutex_unlock(&pool->lock);
        pool_take(pool);
        pthread_mutex_lock(&pool->lock);
        pool->busy--;
        if (pool->busy == 0)
            pthread_cond_signal(&pool->done);
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
    pool->count = count;
    atomic_store(&pool->next, 0);
    if (count > 0 && pool->threads > 0)
        pthread_cond_broadcast(&pool->begin);
    pthread_mutex_unlock(&pool->lock);
}

/* A helper that wakes only now finds nothing, and touches nothing. */
void pool_finish(struct pool *pool)
{
    pool_take(pool);
    pthread_mutex_lock(&pool->lock);
    while (pool->busy > 0)
        pthread_cond_wait(&pool->done, &pool->lock);
    pool->count = 0;
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
