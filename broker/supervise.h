/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_SUPERVISE_H
#define BROKER_SUPERVISE_H

#include "broker/config.h"

/*
 * The parent: it holds no key, no parser and no socket of the network, and starts the three others by fork and exec. A
 * front or planner that ends is started again alone, and the exchange is handed its pipe; an exchange that ends takes the
 * others with it, since what they hold is worth nothing to its successor. Between two starts of the same child lie 0.1 to
 * 5 seconds, more the oftener it ends; half a second at most before a front that crashed. A key whose messages crash the front is refused by the next ones (proto/suspect.h). An exchange that ends with EXIT_CODE_IO (storage, a log that does not hold),
 * EXIT_CODE_INPUT (configuration, keys) or EXIT_CODE_TRY_AGAIN (another process has the store) is not started again: musterd ends with
 * that code, for a person to look.
 */

/* Descriptors that a child finds open: its pipe, and a front the memory that it shares with the parent. */
#define SUPERVISE_FD 3
#define SUPERVISE_RECORD_FD 4

/*
 * Runs until SIGTERM or SIGINT. program: what to execute again (/proc/self/exe); config_path: handed on to the children.
 * Returns musterd's exit code.
 */
int supervise_run(const char *program, const char *config_path);

#endif
