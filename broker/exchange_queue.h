/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_EXCHANGE_QUEUE_H
#define BROKER_EXCHANGE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Answers that the front has no credit for yet, in order. Bounded: while it is full no further request is read, so it only
 * ever exceeds QUEUE_FULL by the answers of one batch, and what exceeds QUEUE_MOST is dropped (its receipt is in the log).
 * One thread.
 */

#define QUEUE_FULL ((size_t)32 << 20)
#define QUEUE_MOST ((size_t)512 << 20)

struct queue_item;

struct queue {
    struct queue_item *first;
    struct queue_item *last;
    size_t bytes;
};

/* Adds head and body as one. STATUS_TOO_LARGE: over QUEUE_MOST; STATUS_NO_MEMORY. */
int queue_add(struct queue *queue, const void *head, size_t head_length, const void *body, size_t body_length);

/* The oldest; false where there is none. */
bool queue_peek(const struct queue *queue, const uint8_t **bytes, size_t *length);

/* Drops the oldest. */
void queue_drop(struct queue *queue);

void queue_clear(struct queue *queue);
bool queue_is_empty(const struct queue *queue);
bool queue_is_full(const struct queue *queue);

#endif
