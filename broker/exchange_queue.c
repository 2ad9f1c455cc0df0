/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/exchange_queue.h"

#include <stdlib.h>
#include <string.h>

#include "proto/status.h"

struct queue_item {
    struct queue_item *next;
    size_t length;
    uint8_t bytes[];
};

int queue_add(struct queue *queue, const void *head, size_t head_length, const void *body, size_t body_length)
{
    size_t length = head_length + body_length;
    if (length > QUEUE_MOST || queue->bytes > QUEUE_MOST - length)
        return STATUS_TOO_LARGE;
    struct queue_item *item = malloc(sizeof *item + length);
    if (item == NULL)
        return STATUS_NO_MEMORY;
    item->next = NULL;
    item->length = length;
    memcpy(item->bytes, head, head_length);
    if (body_length > 0)
        memcpy(item->bytes + head_length, body, body_length);
    if (queue->last != NULL)
        queue->last->next = item;
    else
        queue->first = item;
    queue->last = item;
    queue->bytes += length;
    return STATUS_OK;
}

bool queue_peek(const struct queue *queue, const uint8_t **bytes, size_t *length)
{
    if (queue->first == NULL)
        return false;
    *bytes = queue->first->bytes;
    *length = queue->first->length;
    return true;
}

void queue_drop(struct queue *queue)
{
    struct queue_item *item = queue->first;
    if (item == NULL)
        return;
    queue->first = item->next;
    if (queue->first == NULL)
        queue->last = NULL;
    queue->bytes -= item->length;
    free(item);
}

void queue_clear(struct queue *queue)
{
    while (queue->first != NULL)
        queue_drop(queue);
}

bool queue_is_empty(const struct queue *queue)
{
    return queue->first == NULL;
}

bool queue_is_full(const struct queue *queue)
{
    return queue->bytes >= QUEUE_FULL;
}
