/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_SYSTEM_HARNESS_H
#define TESTS_SYSTEM_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "proto/introduction.h"
#include "proto/keys.h"

/*
 * A whole exchange for a test: a new one in a folder of its own under TMPDIR, on a free port of the loopback address, with
 * a clock that the test sets and the keys of its first coordinator; musterd from the build that the test belongs to. The
 * test's end, also by a signal, ends musterd (PDEATHSIG). No function asserts: each returns a status, and harness_log()
 * shows what the daemon said. One thread.
 */

#define HARNESS_PATH_MOST 512u
#define HARNESS_MACHINE_CLOCK "HARNESS_MACHINE_CLOCK" /* in the environment: the exchange goes by the machine's clock, whose reading costs nothing */
#define HARNESS_START UINT64_C(1801396800000) /* the clock at first: 2027-01-31 12:00 UTC, milliseconds */

struct harness {
    char folder[HARNESS_PATH_MOST];     /* all of it; removed at the end */
    char directory[HARNESS_PATH_MOST];  /* the exchange's: musterd.conf, keys, store, exchange.pub */
    char config[HARNESS_PATH_MOST];     /* musterd.conf */
    char log[HARNESS_PATH_MOST];        /* musterd's standard error, of all starts */
    char clock[HARNESS_PATH_MOST];      /* the clock's file */
    char program[HARNESS_PATH_MOST];    /* musterd */
    char address[64];
    unsigned descriptors;               /* that each process of the next start may have; 0: as many as the test */
    pid_t pid;                          /* of the running parent; 0: none */
    uint64_t now;                       /* as the clock was set last */
    struct introduction_exchange exchange;
    struct introduction_coordinator coordinator;
    struct key_pair signing;            /* of the coordinator */
    struct key_pair box;
    struct key_pair curve;
};

/* Makes the folder, the coordinator's keys and the exchange; musterd is not started. extra: lines added to musterd.conf, or NULL. */
int harness_open(struct harness *harness, const char *extra);

/* Opens and starts; where it does not come to it, shows the log and removes all again. */
int harness_begin(struct harness *harness, const char *extra);

/* The same folder, coordinator's keys, clock, port and program, but no exchange in it: for a test that makes it itself. */
int harness_prepare(struct harness *harness);

/* Starts musterd and does not wait for anything. */
int harness_launch(struct harness *harness);

/* Starts musterd and waits until it listens, 10 seconds at most. STATUS_UNREACHABLE: it did not come to it. */
int harness_start(struct harness *harness);

/* Stops it with SIGTERM and waits. *code (may be NULL) gets its exit code, -1 after a signal. STATUS_NOT_FOUND: none runs. */
int harness_stop(struct harness *harness, int *code);

/* Waits for musterd to end by itself. STATUS_BUSY: it still runs after so long. */
int harness_wait(struct harness *harness, int milliseconds, int *code);

/* The newest pid of "front", "exchange" or "planner"; 0: none was started. */
pid_t harness_child(const struct harness *harness, const char *role);

/* Sends a signal to a child; role "parent": to musterd itself and all its children, as a power cut would end them. */
int harness_kill(struct harness *harness, const char *role, int signal);

/* Whether the log has text behind offset within so many milliseconds; *offset (may be NULL: from the beginning) moves behind it. */
bool harness_logged(const struct harness *harness, const char *text, size_t *offset, int milliseconds);

/* Bytes in the log now: an offset. */
size_t harness_log_size(const struct harness *harness);

/* Sets the clock. Exchange and front see it at their next look. */
void harness_set_clock(struct harness *harness, uint64_t milliseconds);

/* The same with the monotonic clock held where it is: a jump. */
void harness_jump_clock(struct harness *harness, uint64_t milliseconds);

/* Runs musterd with a task's arguments (at most 12, ended by NULL), "-c CONFIG" before them; output is appended to harness->log. Its exit code. */
int harness_task(const struct harness *harness, const char *const *arguments);

/* Prints the log to standard error: for a test that fails. */
void harness_show(const struct harness *harness);

/* Ends musterd, if it runs, and removes the folder. */
void harness_close(struct harness *harness);

/* Sleeps. */
void harness_pause(int milliseconds);

#endif
