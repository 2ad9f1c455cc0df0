/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/exchange_reader.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "broker/exchange_answer.h"
#include "broker/exchange_parked.h"
#include "proto/status.h"

#define READER_NICE 5 /* the writer goes first */

struct reader_item {
    struct exchange_request *request;
    struct desk_context context;
    struct reader_item *next;
    int status;
};

struct reader_list {
    struct reader_item *first;
    struct reader_item **end;
};

struct reader {
    const struct exchange *exchange;
    pthread_t thread;
    bool started;
    int fd;
    pthread_mutex_t lock;
    pthread_cond_t begin;
    /* Under the lock. */
    bool ending;
    bool orphaned; /* what is worked on has nobody to answer */
    size_t waiting;
    struct reader_list todo;
    struct reader_list done;
};

static void list_add(struct reader_list *list, struct reader_item *item)
{
    item->next = NULL;
    if (list->first == NULL)
        list->end = &list->first;
    *list->end = item;
    list->end = &item->next;
}

static struct reader_item *list_take(struct reader_list *list)
{
    struct reader_item *item = list->first;
    if (item != NULL)
        list->first = item->next;
    return item;
}

static void list_drop(struct reader_list *list)
{
    struct reader_item *item;
    while ((item = list_take(list)) != NULL) {
        request_free(item->request);
        free(item);
    }
}

static void reader_answer(const struct reader *reader, struct reader_item *item)
{
    struct store_txn *txn = NULL;
    struct exchange_request *request = item->request;
    int status = store_begin_read(reader->exchange->store, &txn);
    if (status == STATUS_OK)
        status = answer_read_in(txn, &item->context, reader->exchange->backups, request);
    store_abort(txn);
    if (status == STATUS_OK && request->stage != REQUEST_PARKED)
        request_seal(reader->exchange, request);
    item->status = status;
}

static void *reader_main(void *argument)
{
    struct reader *reader = argument;
    uint64_t one = 1;
    setpriority(PRIO_PROCESS, (id_t)gettid(), getpriority(PRIO_PROCESS, 0) + READER_NICE);
    pthread_mutex_lock(&reader->lock);
    while (!reader->ending) {
        struct reader_item *item = list_take(&reader->todo);
        if (item == NULL) {
            pthread_cond_wait(&reader->begin, &reader->lock);
            continue;
        }
        reader->orphaned = false;
        pthread_mutex_unlock(&reader->lock);
        reader_answer(reader, item);
        pthread_mutex_lock(&reader->lock);
        if (reader->orphaned)
            item->request->stage = REQUEST_NEW;
        list_add(&reader->done, item);
        /* A counter that is full is readable already. */
        if (write(reader->fd, &one, sizeof one) < 0)
            continue;
    }
    pthread_mutex_unlock(&reader->lock);
    return NULL;
}

int reader_new(const struct exchange *exchange, struct reader **reader)
{
    struct reader *made = calloc(1, sizeof *made);
    if (made == NULL)
        return STATUS_NO_MEMORY;
    made->exchange = exchange;
    pthread_mutex_init(&made->lock, NULL);
    pthread_cond_init(&made->begin, NULL);
    made->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    made->started = made->fd >= 0 && pthread_create(&made->thread, NULL, reader_main, made) == 0;
    if (!made->started) {
        reader_free(made);
        return STATUS_NO_MEMORY;
    }
    *reader = made;
    return STATUS_OK;
}

void reader_free(struct reader *reader)
{
    if (reader == NULL)
        return;
    pthread_mutex_lock(&reader->lock);
    reader->ending = true;
    pthread_cond_broadcast(&reader->begin);
    pthread_mutex_unlock(&reader->lock);
    if (reader->started)
        pthread_join(reader->thread, NULL);
    list_drop(&reader->todo);
    list_drop(&reader->done);
    if (reader->fd >= 0)
        close(reader->fd);
    pthread_cond_destroy(&reader->begin);
    pthread_mutex_destroy(&reader->lock);
    free(reader);
}

bool reader_push(struct reader *reader, struct exchange_request *request, const struct desk_context *context)
{
    struct reader_item *item = reader->waiting >= READER_WAITING_MOST ? NULL : calloc(1, sizeof *item);
    if (item == NULL)
        return false;
    item->request = request;
    item->context = *context;
    pthread_mutex_lock(&reader->lock);
    reader->waiting++;
    list_add(&reader->todo, item);
    pthread_cond_signal(&reader->begin);
    pthread_mutex_unlock(&reader->lock);
    return true;
}

int reader_fd(const struct reader *reader)
{
    return reader->fd;
}

int reader_collect(struct reader *reader, struct exchange *exchange, const struct exchange_sink *sink)
{
    uint64_t count = 0;
    int status = STATUS_OK;
    struct reader_item *item = NULL;
    if (read(reader->fd, &count, sizeof count) < 0)
        return STATUS_OK;
    do {
        pthread_mutex_lock(&reader->lock);
        item = list_take(&reader->done);
        reader->waiting -= item != NULL;
        pthread_mutex_unlock(&reader->lock);
        if (item == NULL)
            break;
        struct exchange_request *request = item->request;
        status = status == STATUS_OK ? item->status : status;
        if (item->status == STATUS_OK && request->stage == REQUEST_PARKED) {
            parked_add(exchange, request, sink);
        } else {
            if (item->status == STATUS_OK && request->stage != REQUEST_NEW)
                sink->answer(sink->data, request->handle, request->sealed, request->sealed_length);
            request_free(request);
        }
        free(item);
    } while (true);
    return status;
}

void reader_forget(struct reader *reader)
{
    pthread_mutex_lock(&reader->lock);
    reader->orphaned = true;
    for (struct reader_item *item = reader->todo.first; item != NULL; item = item->next)
        reader->waiting--;
    for (struct reader_item *item = reader->done.first; item != NULL; item = item->next)
        reader->waiting--;
    list_drop(&reader->todo);
    list_drop(&reader->done);
    pthread_mutex_unlock(&reader->lock);
}
