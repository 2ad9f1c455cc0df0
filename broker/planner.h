/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_PLANNER_H
#define BROKER_PLANNER_H

#include <stddef.h>
#include <stdint.h>

#include "broker/config.h"
#include "proto/arena.h"
#include "proto/seam.h"

/*
 * The process that plans: it is handed a market as bytes and gives back a plan as bytes, and has neither store nor key nor
 * network. A market that breaks it, or takes too long, costs this process alone; the exchange goes on and the parent
 * starts another.
 */

/* Runs until the pipe ends. Returns the process's exit code. */
int planner_run(const struct config *config, int pipe_fd);

/*
 * One question (packed PlanRequest) to one answer (packed PlanAnswer), in arena. seconds: after so long by clock's monotonic side the plan so
 * far is returned, with its honest bound; 0: no limit. What can't be planned is an answer that says so. STATUS_INVALID: the
 * question has no form; STATUS_NO_MEMORY.
 */
int planner_answer(const uint8_t *request, size_t length, const struct seam_clock *clock, uint32_t seconds, struct arena *arena,
                   uint8_t **answer, size_t *answer_length);

#endif
