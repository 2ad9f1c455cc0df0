/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_EXCHANGE_PROCESS_H
#define BROKER_EXCHANGE_PROCESS_H

#include "broker/config.h"

/*
 * The process with the store and the keys, and no network: pipes to the front and the planner around the exchange
 * (broker/exchange.h). Over its line to the parent it is handed the pipes of fronts and planners that were started again,
 * and asks for a planner's end that takes too long.
 */

/* What parent and exchange say: one byte each; a new pipe or file comes with its descriptor (SCM_RIGHTS). */
enum control {
    CONTROL_FRONT = 'F',   /* parent: a front's pipe */
    CONTROL_PLANNER = 'P', /* parent: a planner's pipe */
    CONTROL_REFUSED = 'R', /* parent: keys that the front refuses (proto/suspect.h), as a file to read */
    CONTROL_STUCK = 'S'    /* exchange: end the planner */
};

/* Runs until SIGTERM, the parent's end, or a failure. control_fd: to the parent. Returns the process's exit code;
 * EXIT_CODE_IO: nobody may start it again before a person looked. */
int exchange_process_run(const struct config *config, int control_fd);

#endif
