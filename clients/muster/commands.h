/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef CLIENTS_MUSTER_COMMANDS_H
#define CLIENTS_MUSTER_COMMANDS_H

#include "clients/muster/command.h"

/* The functions of the table of commands: each takes its arguments (without noun and verb) and returns an exit code. */
#define COMMAND(noun, verb, arguments, least, most, whom, options, run, summary, notes, examples) \
    int run(struct context *context, int count, char **words);
#include "clients/muster/commands.def"
#undef COMMAND

#endif
