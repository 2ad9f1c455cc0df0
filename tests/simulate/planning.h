/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_SIMULATE_PLANNING_H
#define TESTS_SIMULATE_PLANNING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/pipe.h"

/*
 * The planner's process: the real core behind a pipe, that answers, late or at once, dies over a question, is stuck, answers with rubbish or
 * with a plan that somebody changed.
 */

struct run;

enum planning_mood { PLANNING_WELL, PLANNING_DIES, PLANNING_STUCK, PLANNING_RUBBISH, PLANNING_FOREIGN, PLANNING_CHANGED };

struct planning {
    struct pipe pipe;
    uint64_t start_at;   /* monotonic: when the parent has started another; 0: it runs */
    uint8_t *answer;     /* that waits to be sent */
    size_t answer_length;
    uint64_t answer_at;
    bool stuck;
    uint64_t looks;      /* at its clock, by which its time passes */
};

void planning_step(struct run *run);

/* It is gone, with what it worked on; the parent starts another soon. */
void planning_lose(struct run *run);
void planning_end(struct run *run);

#endif
