/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef CLIENTS_MUSTER_INTRODUCE_H
#define CLIENTS_MUSTER_INTRODUCE_H

#include "clients/muster/identity.h"

/*
 * The files by which a coordinator and an exchange come to know each other where there is no invitation: at `muster init`, and
 * where an operator lets a coordinator in. Every function returns an exit code; failures have been told.
 */

/* Whether what the options say of the coordinator can stand in its file; asked before keys are made. */
int introduce_check(struct context *context, const char *party);

/* Writes the coordinator's public keys, with what the options say of it, into the profile's data; path (FILES_PATH_MOST) names the file. */
int introduce_write(struct context *context, const struct profile *profile, const struct identity_keys *keys, const char *party, char *path);

/*
 * Fills a profile in from an exchange's public file, for its coordinator party, and saves it. compared: the keys of both sides
 * were made on this machine.
 */
int introduce_take(struct context *context, const char *path, const char *party, bool compared, struct profile *profile);

/* Takes away keys that were made just now, for an exchange that did not come about. */
void introduce_undo(const struct profile *profile);

#endif
