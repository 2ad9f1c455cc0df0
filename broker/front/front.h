/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_FRONT_FRONT_H
#define BROKER_FRONT_FRONT_H

#include "broker/config.h"

/*
 * The process with the network and nothing else: bytes in, bytes out. It lets in the CURVE keys that the exchange lists,
 * carries boxes that it can neither read nor forge, and keeps each client from using more than its share. It has no
 * store and no key but its own CURVE key; what breaks it takes down nobody else, and the parent starts it again.
 */

/*
 * Runs until the exchange's pipe ends or SIGTERM. pipe_fd: the exchange's end is elsewhere. Returns the process's exit code:
 * EXIT_CODE_DONE, EXIT_CODE_INTERNAL (could not start, or strangers were let in), EXIT_CODE_UNREACHABLE (the address
 * can't be had).
 */
int front_run(const struct config *config, int pipe_fd);

#endif
