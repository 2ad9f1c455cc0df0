/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef CLIENTS_MUSTER_COMMAND_H
#define CLIENTS_MUSTER_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clients/link/link.h"
#include "clients/muster/output.h"
#include "proto/arena.h"

/*
 * The table of commands (commands.def): one row each, from which the command line, the help, the bash completion and the
 * suggestions for mistyped words are made. And what a command is given: its options, its output, its arena, and the link to the
 * exchange, opened when first used.
 */

#define COMMAND_WORDS_MOST 64 /* repeated options and their values */

enum command_option {
#define OPTION(id, name, letter, argument, help) id,
#include "clients/muster/options.def"
#undef OPTION
    OPTION_COUNT
};

#define OPTION_BIT(option) (UINT64_C(1) << (option))

struct command_option_row {
    const char *name;
    char letter;
    const char *argument;
    const char *help;
};

extern const struct command_option_row option_rows[OPTION_COUNT];

/* One occurrence of a repeatable option, in the order of the command line. */
struct command_word {
    enum command_option option;
    const char *value;
};

struct context {
    struct output output;
    struct arena arena;
    const char *value[OPTION_COUNT]; /* NULL: not given; "" for one without argument */
    struct command_word words[COMMAND_WORDS_MOST];
    size_t word_count;
    const struct command *command;
    struct profile profile;
    bool profile_loaded;
    struct link *link;
    struct passphrase_source passphrase;
    const char *missing;     /* what is told where the exchange knows nothing of the name that was asked for; NULL: its own words */
    bool unanswered_quietly; /* a question that nobody answers is not told: what is sent next tells it */
};

/* Who uses a command: for the help's headings. */
enum command_for { FOR_ALL = 1, FOR_COORDINATOR = 2, FOR_AGENCY = 4, FOR_SUPPLIER = 8 };

struct command {
    const char *noun;
    const char *verb;      /* NULL: the noun alone is the command */
    const char *arguments; /* as in the usage line */
    int least, most;       /* number of arguments; most -1: any */
    unsigned for_whom;
    uint64_t options;      /* beside the common ones */
    int (*run)(struct context *context, int count, char **arguments); /* returns an exit code */
    const char *summary;   /* one line without a full stop */
    const char *notes;     /* more, or "" */
    const char *examples;  /* lines, each a command; "" for none */
};

extern const struct command command_rows[];
extern const size_t command_count;

/* Options that every command takes. */
#define COMMON_OPTIONS (OPTION_BIT(OPTION_AS) | OPTION_BIT(OPTION_JSON) | OPTION_BIT(OPTION_SCREEN) | OPTION_BIT(OPTION_HELP) | \
                        OPTION_BIT(OPTION_PASSPHRASE_FD))

/* Options of every command that asks the exchange, and of every one that signs. */
#define ASKING (OPTION_BIT(OPTION_TIMEOUT))
#define SIGNING (ASKING | OPTION_BIT(OPTION_MARKING) | OPTION_BIT(OPTION_MARKED_BY) | OPTION_BIT(OPTION_FALSE_ALARM))

/* Options of every command that sends a file, or ids to withdraw. */
#define WITHDRAWING (SIGNING | OPTION_BIT(OPTION_REPLACES) | OPTION_BIT(OPTION_DRY_RUN) | OPTION_BIT(OPTION_RECEIPT))
#define SUBMITTING WITHDRAWING

/* The command of these words, or NULL; *used gets how many words name it. */
const struct command *command_find(int count, char **words, int *used);

/* Runs a whole command line; returns the exit code. What main() calls. */
int command_main(int argc, char **argv);

/* "demand submit" */
const char *command_name(const struct command *command, char *buffer, size_t size);

#endif
