/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/verifier.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "proto/seam.h"
#include "proto/status.h"
#include "store/log.h"

#define STEP_MILLISECONDS 20u /* of work, then as much rest */
#define STEP_ENTRIES 512u     /* more than a batch has, so that a step ends behind a head; doubled where it does not */
#define LEAST_PRIORITY 19
#define BUSY_MILLISECONDS 1000u /* until the next try where all readers' slots are taken */

struct verifier {
    struct store *store;
    const struct note_key *key;
    uint64_t signed_from;
    uint64_t period; /* milliseconds */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t change;
    bool started;
    bool ending;
    struct verifier_progress progress;
};

/* One step's limits, asked at every few entries. */
struct step {
    uint64_t from;
    uint64_t entries;
    uint64_t until; /* monotonic milliseconds */
};

static uint64_t verifier_now(void)
{
    return seam_clock_system.monotonic(seam_clock_system.data);
}

static int step_is_over(void *data, uint64_t position)
{
    const struct step *step = data;
    return position - step->from >= step->entries && verifier_now() >= step->until;
}

/* Sleeps; true where the end was asked for. */
static bool verifier_rest(struct verifier *verifier, uint64_t milliseconds)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(milliseconds / 1000);
    until.tv_nsec += (long)(milliseconds % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&verifier->lock);
    while (!verifier->ending && pthread_cond_timedwait(&verifier->change, &verifier->lock, &until) != ETIMEDOUT)
        ;
    bool ending = verifier->ending;
    pthread_mutex_unlock(&verifier->lock);
    return ending;
}

/* From *from until the step is over; *from gets where to go on. STATUS_OK: that was the log's end. */
static int verifier_step(struct verifier *verifier, uint64_t entries, uint64_t *from, struct verifier_progress *progress)
{
    struct store_txn *txn = NULL;
    struct step step = {*from, entries, verifier_now() + STEP_MILLISECONDS};
    const struct log_span span = {.from = *from, .signed_from = verifier->signed_from, .key = verifier->key, .stop = step_is_over, .data = &step};
    uint64_t next = *from;
    int status = store_begin_read(verifier->store, &txn);
    if (status == STATUS_OK)
        status = log_size(txn, &progress->size);
    if (status == STATUS_OK)
        status = log_verify_span(txn, &span, &next, &progress->why);
    store_abort(txn);
    if (status == STATUS_CANCELLED)
        *from = next;
    else if (status == STATUS_OK)
        *from = progress->size;
    else
        progress->bad = next;
    progress->verified = *from;
    return status;
}

static void verifier_tell(struct verifier *verifier, const struct verifier_progress *progress)
{
    pthread_mutex_lock(&verifier->lock);
    verifier->progress = *progress;
    pthread_mutex_unlock(&verifier->lock);
}

/* The whole log once. STATUS_CANCELLED: the end was asked for. */
static int verifier_pass(struct verifier *verifier, struct verifier_progress *progress)
{
    uint64_t from = 0;
    uint64_t entries = STEP_ENTRIES;
    uint64_t began = verifier_now();
    for (;;) {
        uint64_t before = from;
        uint64_t step_began = verifier_now();
        int status = verifier_step(verifier, entries, &from, progress);
        entries = status == STATUS_CANCELLED && from == before ? entries * 2 : STEP_ENTRIES;
        uint64_t rest = verifier_now() - step_began;
        if (status == STATUS_OK) {
            progress->passes++;
            progress->took = verifier_now() - began;
        } else if (status == STATUS_BUSY || status == STATUS_NO_MEMORY) {
            rest = BUSY_MILLISECONDS;
        } else if (status != STATUS_CANCELLED) {
            progress->status = status;
        }
        verifier_tell(verifier, progress);
        if (status == STATUS_OK || progress->status != STATUS_OK)
            return status;
        if (verifier_rest(verifier, rest))
            return STATUS_CANCELLED;
    }
}

static void *verifier_main(void *data)
{
    struct verifier *verifier = data;
    struct verifier_progress progress = {0};
    /* Of this thread alone; where it is refused, it only works at the others' expense. */
    setpriority(PRIO_PROCESS, (id_t)gettid(), LEAST_PRIORITY);
    pthread_mutex_lock(&verifier->lock);
    verifier->started = true;
    pthread_cond_broadcast(&verifier->change);
    pthread_mutex_unlock(&verifier->lock);
    while (verifier_pass(verifier, &progress) == STATUS_OK && !verifier_rest(verifier, verifier->period))
        ;
    return NULL;
}

int verifier_new(struct store *store, const struct note_key *key, uint64_t signed_from, uint32_t seconds, struct verifier **verifier)
{
    struct verifier *made = calloc(1, sizeof *made);
    pthread_condattr_t attributes;
    if (made == NULL)
        return STATUS_NO_MEMORY;
    made->store = store;
    made->key = key;
    made->signed_from = signed_from;
    made->period = (uint64_t)seconds * 1000;
    pthread_mutex_init(&made->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&made->change, &attributes);
    pthread_condattr_destroy(&attributes);
    if (pthread_create(&made->thread, NULL, verifier_main, made) != 0) {
        pthread_cond_destroy(&made->change);
        pthread_mutex_destroy(&made->lock);
        free(made);
        return STATUS_NO_MEMORY;
    }
    pthread_mutex_lock(&made->lock);
    while (!made->started)
        pthread_cond_wait(&made->change, &made->lock);
    pthread_mutex_unlock(&made->lock);
    *verifier = made;
    return STATUS_OK;
}

void verifier_free(struct verifier *verifier)
{
    if (verifier == NULL)
        return;
    pthread_mutex_lock(&verifier->lock);
    verifier->ending = true;
    pthread_cond_broadcast(&verifier->change);
    pthread_mutex_unlock(&verifier->lock);
    pthread_join(verifier->thread, NULL);
    pthread_cond_destroy(&verifier->change);
    pthread_mutex_destroy(&verifier->lock);
    free(verifier);
}

void verifier_look(struct verifier *verifier, struct verifier_progress *progress)
{
    pthread_mutex_lock(&verifier->lock);
    *progress = verifier->progress;
    pthread_mutex_unlock(&verifier->lock);
}
