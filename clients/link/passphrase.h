/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef CLIENTS_LINK_PASSPHRASE_H
#define CLIENTS_LINK_PASSPHRASE_H

#include <stdbool.h>

#include "proto/keys.h"

/*
 * The passphrase over a signing key: asked for at every signature on the terminal itself, never echoed, never an argument
 * or the environment; programs hand it over as one line on a file descriptor. It is kept in guarded memory and wiped. And
 * other questions to the person at the terminal. One thread at a time.
 */

struct passphrase_source {
    int fd;      /* --passphrase-fd, or -1: the terminal */
    char *line;  /* sodium_malloc: what fd gave, for all signatures of this command; NULL: not read yet */
};

/*
 * Gets the passphrase. prompt: without a colon. twice: it is new: asked for a second time, and refused where too short
 * or too long. optional: an empty answer means none (STATUS_NOT_FOUND). passphrase->bytes is sodium_malloc'ed: end it with
 * passphrase_wipe(). STATUS_IO: no terminal and no fd, or reading failed; STATUS_INVALID: the two differ, or its length;
 * STATUS_CANCELLED: end of input; STATUS_NO_MEMORY.
 */
int passphrase_get(struct passphrase_source *source, const char *prompt, bool twice, bool optional, struct keys_passphrase *passphrase);

void passphrase_wipe(struct keys_passphrase *passphrase);

/* Ends what a source holds. */
void passphrase_drop(struct passphrase_source *source);

/*
 * Asks the person at the terminal for one line (echoed or not). line gets it without its end. STATUS_IO: no terminal;
 * STATUS_CANCELLED: end of input; STATUS_TOO_LARGE.
 */
int passphrase_ask(const char *prompt, bool echo, char *line, size_t size);

/* Whether there is a terminal to ask at. */
bool passphrase_terminal(void);

#endif
