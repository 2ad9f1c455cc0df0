/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_SYSTEM_CLI_H
#define TESTS_SYSTEM_CLI_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/system/harness.h"

/*
 * The command `muster` as people run it: the program of the build that the test belongs to, in a home folder of its own, without a
 * terminal, its passphrase on descriptor 3, its clock the test exchange's. One thread. No function asserts.
 */

#define CLI_OUT_MOST (1u << 20)
#define CLI_PASSPHRASE "a passphrase for tests"

struct cli {
    char folder[HARNESS_PATH_MOST];  /* where it runs; home, files */
    char program[HARNESS_PATH_MOST];
    char clock[HARNESS_PATH_MOST];   /* "" : the machine's */
    int code;                        /* of the newest run; -1 after a signal */
    char *out;                       /* what it printed, ended by a NUL; CLI_OUT_MOST bytes each */
    char *err;
};

/* In the folder of a harness, or (NULL) in one of its own, removed at the end. */
int cli_open(struct cli *cli, const struct harness *harness);
void cli_close(struct cli *cli);

/* Runs `muster` with the words up to NULL; returns its exit code. */
int cli_run(struct cli *cli, ...) __attribute__((sentinel));

/* The same for a party: --as and --passphrase-fd are added. */
int cli_as(struct cli *cli, const char *party, ...) __attribute__((sentinel));

/* Runs it on a terminal of so many columns: out holds what the terminal showed; typed is written to it. */
int cli_terminal(struct cli *cli, int columns, const char *typed, ...) __attribute__((sentinel));

/* Whether text holds part as it stands, or with every run of blanks and line ends taken as one blank: sentences wrap. */
bool cli_says(const char *text, const char *part);

/* Writes a file in the folder. */
int cli_write(const struct cli *cli, const char *name, const char *text);

/* Reads a file in the folder into out. */
int cli_read(struct cli *cli, const char *name);

/* Whether a file is there. */
bool cli_exists(const struct cli *cli, const char *name);

/* Makes an exchange with `muster init` and starts it; the coordinator is "hq". STATUS_INVALID: see err. */
int cli_exchange(struct cli *cli, struct harness *harness);

/* Invites, joins and confirms a party, fingerprints compared both ways. STATUS_INVALID: see err. */
int cli_join(struct cli *cli, const char *party, const char *role, const char *country);

struct cli_party {
    const char *party, *role, *country;
};

/* As a test's set-up: an alarm after so many seconds, the exchange, and these parties joined. 0, or -1 with what went wrong on stderr. */
int cli_begin(struct cli *cli, struct harness *harness, unsigned seconds, const struct cli_party *parties, size_t count);

/* As its tear-down: 0. */
int cli_end(struct cli *cli, struct harness *harness);

/* The text of a member of the JSON object in out ("read_out"), or of the n-th object of an array; "" where there is none. Static. */
const char *cli_json(const struct cli *cli, const char *path);

/* Runs a command as a party until its output (--json) has text, so many milliseconds at most. */
bool cli_await(struct cli *cli, const char *party, const char *text, int milliseconds, ...) __attribute__((sentinel));

#endif
