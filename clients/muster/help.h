/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef CLIENTS_MUSTER_HELP_H
#define CLIENTS_MUSTER_HELP_H

#include <stdio.h>

#include "clients/muster/command.h"

/* Help and completion, made from the table of commands. */

/* All commands, by who uses them. */
void help_all(FILE *out);

/* The commands of one noun. */
void help_noun(FILE *out, const char *noun);

/* One command: usage, what it does, examples, options. */
void help_command(FILE *out, const struct command *command);

/* The program's version. */
const char *help_version(void);

#endif
