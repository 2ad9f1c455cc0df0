/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_TORTURE_CLIENTS_H
#define TESTS_TORTURE_CLIENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/torture/history.h"
#include "tests/system/harness.h"

/*
 * Clients at work on a broker that keeps dying: a thread and a connection each, one submission after the other, each sent again with
 * the same bytes until its receipt is there. A quarter of them are the coordinator, with new items; half are agencies, each with the one
 * demand whose quantity it changes; a quarter are suppliers, each with its offer. So the planner has work all the time.
 */

struct clients;

/* Lets the parties join and submits what all of them need; the broker runs. *clients: freed with clients_close(). */
int clients_open(struct harness *harness, unsigned count, uint64_t seed, struct clients **clients);
void clients_close(struct clients *clients);

/* What they were told. */
struct history *clients_history(struct clients *clients);

/* From now on each receipt is noted in a recording of tests/torture/record.h, as the number of entries that the log must have. A status. */
int clients_record(struct clients *clients, const char *path);

/* Begins; a status. */
int clients_start(struct clients *clients);

/* Ends: each gives up what it waits for, unless patient, then it has its answer first. NULL, or what went wrong with one of them. */
const char *clients_stop(struct clients *clients, bool patient);

/* Waits until one more submission than before is acknowledged; false: none was in time. */
bool clients_await(struct clients *clients, uint64_t before, int milliseconds);

#endif
