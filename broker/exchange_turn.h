/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_EXCHANGE_TURN_H
#define BROKER_EXCHANGE_TURN_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/exchange.h"
#include "broker/exchange_queue.h"
#include "broker/pipe.h"

/*
 * The exchange between its pipes: what waits at the front becomes a batch, its answers leave as the front gives credit, the planner is
 * asked and heard, and time passes. It polls nothing and opens nothing, so that a simulation can give it lines, clock and storage of
 * its own; broker/exchange_process gives it sockets, the machine's clock and a place to wait.
 */

struct exchange_turn {
    /* Filled in before the first call. */
    struct exchange *exchange;
    const struct seam_clock *clock;       /* its monotonic side: all times here are its milliseconds */
    uint64_t quiet_milliseconds;          /* a plan waits for so long a pause in the changes */
    uint32_t planner_seconds;             /* the planner's own limit */
    void (*end_planner)(void *data);      /* asks for the planner's end: it takes too long, or speaks nonsense */
    void *data;
    struct pipe front;                    /* fd -1: there is none now */
    struct pipe planner;
    /* The turn's own. */
    struct queue answers;     /* that the front has no room for yet */
    uint64_t answers_lost;
    bool planning;            /* the planner has a question */
    uint64_t plan_until;      /* then it is stuck */
    uint64_t plan_after;      /* changes are planned from then on; 0: nothing changed */
    uint64_t news_since;      /* the oldest change that may wait for a plan */
    uint64_t ticked;
};

/* A new front, or a new planner: the pipe is taken over, and what was under way with the one before is given up. */
void exchange_turn_take_front(struct exchange_turn *turn, const struct pipe *pipe);
int exchange_turn_take_planner(struct exchange_turn *turn, const struct pipe *pipe);

/* One turn. STATUS_OK, or what ends the exchange: see broker/exchange.h. A pipe that ended is closed and no reason to end. */
int exchange_turn_run(struct exchange_turn *turn);

/* When the next turn is due at the latest, though nothing can be read or written before. */
uint64_t exchange_turn_due(const struct exchange_turn *turn);

/* Whether the front is to be listened to: not while answers pile up. */
bool exchange_turn_listens(const struct exchange_turn *turn);

/* Whether all answers have left, or nobody is there to take them. */
bool exchange_turn_is_answered(const struct exchange_turn *turn);

/* Closes the pipes and drops what waits; the exchange is the caller's. */
void exchange_turn_end(struct exchange_turn *turn);

#endif
