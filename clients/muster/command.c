/* SPDX-License-Identifier: EUPL-1.2 */
#include "clients/muster/command.h"

#include <argp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clients/muster/commands.h"
#include "clients/muster/complain.h"
#include "clients/muster/help.h"
#include "clients/muster/suggest.h"
#include "proto/seam.h"
#include "proto/status.h"

#define ARENA_CAP ((size_t)1 << 30) /* a submission of 10,000 demands compared with 10,000 that stand fits many times */
#define KEY_FIRST 0x1000            /* argp keys of options without a letter */
#define ARGUMENTS_MOST 10000

const struct command_option_row option_rows[OPTION_COUNT] = {
#define OPTION(id, name, letter, argument, help) {name, letter, argument, help},
#include "clients/muster/options.def"
#undef OPTION
};

const struct command command_rows[] = {
#define COMMAND(noun, verb, arguments, least, most, whom, options, run, summary, notes, examples) \
    {noun, verb, arguments, least, most, whom, options, run, summary, notes, examples},
#include "clients/muster/commands.def"
#undef COMMAND
};
const size_t command_count = sizeof command_rows / sizeof command_rows[0];

const char *command_name(const struct command *command, char *buffer, size_t size)
{
    snprintf(buffer, size, "%s%s%s", command->noun, command->verb ? " " : "", command->verb ? command->verb : "");
    return buffer;
}

const struct command *command_find(int count, char **words, int *used)
{
    for (size_t i = 0; count > 0 && i < command_count; i++) {
        const struct command *command = &command_rows[i];
        if (strcmp(words[0], command->noun) != 0) {
            continue;
        }
        if (!command->verb) {
            *used = 1;
            return command;
        }
        if (count > 1 && strcmp(words[1], command->verb) == 0) {
            *used = 2;
            return command;
        }
    }
    return NULL;
}

static bool noun_known(const char *word)
{
    for (size_t i = 0; i < command_count; i++) {
        if (strcmp(command_rows[i].noun, word) == 0) {
            return true;
        }
    }
    return false;
}

/* No such command: the nearest one, and where all are listed. */
static int unknown_command(int count, char **words)
{
    struct suggest suggest;
    bool noun = noun_known(words[0]);
    if (noun && count < 2) {
        help_noun(stderr, words[0]);
        return EXIT_CODE_USAGE;
    }
    const char *typed = noun ? words[1] : words[0];
    suggest_begin(&suggest, typed);
    for (size_t i = 0; i < command_count; i++) {
        if (!noun) {
            suggest_offer(&suggest, command_rows[i].noun);
        } else if (strcmp(command_rows[i].noun, words[0]) == 0) {
            suggest_offer(&suggest, command_rows[i].verb);
        }
    }
    char nearest[128] = "";
    if (suggest.nearest) {
        snprintf(nearest, sizeof nearest, " Nearest: %s%s%s.", noun ? words[0] : "", noun ? " " : "", suggest.nearest);
    }
    return complain(EXIT_CODE_USAGE, "no command '%s%s%s'.%s All: muster help%s%s", noun ? words[0] : "", noun ? " " : "", typed, nearest,
                    noun ? " " : "", noun ? words[0] : "");
}

static uint64_t options_of(const struct command *command)
{
    return COMMON_OPTIONS | command->options;
}

/* The option of a word such as "--marking" or "--marking=X", or OPTION_COUNT. */
static enum command_option option_of(const struct command *command, const char *word)
{
    size_t length = strcspn(word + 2, "=");
    for (int id = 0; id < OPTION_COUNT; id++) {
        if ((options_of(command) & OPTION_BIT(id)) && strlen(option_rows[id].name) == length &&
            strncmp(option_rows[id].name, word + 2, length) == 0) {
            return (enum command_option)id;
        }
    }
    return OPTION_COUNT;
}

static int unknown_option(const struct command *command, const char *word)
{
    struct suggest suggest;
    char name[64], typed[64];
    snprintf(typed, sizeof typed, "%.*s", (int)strcspn(word, "="), word);
    suggest_begin(&suggest, typed[1] == '-' ? typed + 2 : typed + 1);
    for (int id = 0; id < OPTION_COUNT; id++) {
        if (options_of(command) & OPTION_BIT(id)) {
            suggest_offer(&suggest, option_rows[id].name);
        }
    }
    command_name(command, name, sizeof name);
    return complain(EXIT_CODE_USAGE, "%s has no option '%s'.%s%s%s All: muster help %s", name, typed, suggest.nearest ? " Nearest: --" : "",
                    suggest.nearest ? suggest.nearest : "", suggest.nearest ? "." : "", name);
}

static enum command_option option_of_letter(const struct command *command, char letter)
{
    for (int id = 0; id < OPTION_COUNT; id++) {
        if ((options_of(command) & OPTION_BIT(id)) && option_rows[id].letter == letter && letter) {
            return (enum command_option)id;
        }
    }
    return OPTION_COUNT;
}

/* Walks the words once before argp does: names are exact here, and what is wrong gets the nearest name. 0 where argp may go on. */
static int check_options(const struct command *command, int count, char **words)
{
    for (int i = 0; i < count; i++) {
        const char *word = words[i];
        if (word[0] != '-' || word[1] == '\0') {
            continue;
        }
        if (strcmp(word, "--") == 0) {
            return 0;
        }
        bool is_long = word[1] == '-';
        enum command_option id = is_long ? option_of(command, word) : option_of_letter(command, word[1]);
        if (id == OPTION_COUNT) {
            return unknown_option(command, word);
        }
        bool inside = is_long ? strchr(word, '=') != NULL : word[2] != '\0';
        if (!option_rows[id].argument && inside && is_long) {
            return complain(EXIT_CODE_USAGE, "--%s takes no value.", option_rows[id].name);
        }
        if (option_rows[id].argument && !inside && ++i >= count) {
            return complain(EXIT_CODE_USAGE, "--%s needs a value: --%s %s", option_rows[id].name, option_rows[id].name, option_rows[id].argument);
        }
    }
    return 0;
}

struct parsing {
    struct context *context;
    char **arguments;
    int count;
    int code;
};

static error_t take_option(int key, char *value, struct argp_state *state)
{
    struct parsing *parsing = state->input;
    struct context *context = parsing->context;
    if (key == ARGP_KEY_ARG) {
        if (parsing->count == ARGUMENTS_MOST) {
            parsing->code = complain(EXIT_CODE_USAGE, "more than %d arguments. Nothing changed.", ARGUMENTS_MOST);
            return EINVAL;
        }
        parsing->arguments[parsing->count++] = value;
        return 0;
    }
    enum command_option id = key >= KEY_FIRST ? (enum command_option)(key - KEY_FIRST) : key > 0 && key < 128 ? option_of_letter(context->command, (char)key) : OPTION_COUNT;
    if (id >= OPTION_COUNT) {
        return ARGP_ERR_UNKNOWN;
    }
    context->value[id] = value ? value : "";
    if (id == OPTION_RULE || id == OPTION_WITHOUT) {
        if (context->word_count == COMMAND_WORDS_MOST) {
            parsing->code = complain(EXIT_CODE_USAGE, "more than %d variants. Nothing changed.", COMMAND_WORDS_MOST);
            return EINVAL;
        }
        context->words[context->word_count++] = (struct command_word){.option = id, .value = value};
    }
    return 0;
}

/* argp's own table of the command's options. */
static void make_argp(const struct command *command, struct argp_option *rows)
{
    size_t count = 0;
    for (int id = 0; id < OPTION_COUNT; id++) {
        if (options_of(command) & OPTION_BIT(id)) {
            rows[count++] = (struct argp_option){.name = option_rows[id].name,
                                                 .key = option_rows[id].letter ? option_rows[id].letter : KEY_FIRST + id,
                                                 .arg = option_rows[id].argument};
        }
    }
    rows[count] = (struct argp_option){0};
}

static int parse(struct context *context, int count, char **words, struct parsing *parsing)
{
    struct argp_option rows[OPTION_COUNT + 1];
    char name[64];
    int code = check_options(context->command, count, words);
    if (code) {
        return code;
    }
    make_argp(context->command, rows);
    struct argp argp = {.options = rows, .parser = take_option};
    parsing->arguments = arena_array(&context->arena, ARGUMENTS_MOST, sizeof *parsing->arguments);
    char **list = arena_array(&context->arena, (size_t)count + 2, sizeof *list);
    if (!parsing->arguments || !list) {
        return complain_memory();
    }
    list[0] = arena_string(&context->arena, "muster");
    memcpy(list + 1, words, (size_t)count * sizeof *list);
    int status = argp_parse(&argp, count + 1, list, ARGP_NO_HELP | ARGP_NO_EXIT | ARGP_NO_ERRS, NULL, parsing);
    if (status != 0) {
        return parsing->code ? parsing->code : complain(EXIT_CODE_USAGE, "not understood. See muster help %s", command_name(context->command, name, sizeof name));
    }
    const struct command *command = context->command;
    if (!context->value[OPTION_HELP] && (parsing->count < command->least || (command->most >= 0 && parsing->count > command->most))) {
        command_name(command, name, sizeof name);
        if (parsing->count && strncmp(parsing->arguments[0], "muster1:", 8) == 0) {
            return complain(EXIT_CODE_USAGE, "an invitation is a secret, and others on this machine can read a command's words. Nothing was sent.\nWhere others use it, ask for a new line. Then paste it: muster join");
        }
        return complain(EXIT_CODE_USAGE, "%s. Write: muster %s %s", parsing->count < command->least ? "an argument is missing" : "an argument too many", name,
                        command->arguments);
    }
    return 0;
}

static int read_numbers(struct context *context)
{
    const char *fd = context->value[OPTION_PASSPHRASE_FD];
    context->passphrase.fd = -1;
    if (fd) {
        char *end;
        long number = strtol(fd, &end, 10);
        if (*end || end == fd || number < 0 || number > 1023) {
            return complain(EXIT_CODE_USAGE, "--passphrase-fd: found %s, expected a descriptor's number, as 3.", fd);
        }
        context->passphrase.fd = (int)number;
    }
    return 0;
}

static int run(const struct command *command, int count, char **words)
{
    static struct context context; /* not on the stack: it holds the paths of a profile */
    context = (struct context){.command = command};
    arena_init(&context.arena, ARENA_CAP);
    struct parsing parsing = {.context = &context};
    int code = parse(&context, count, words, &parsing);
    if (code == 0 && context.value[OPTION_HELP]) {
        help_command(stdout, command);
    } else if (code == 0) {
        code = read_numbers(&context);
        output_init(&context.output, stdout, context.value[OPTION_JSON] != NULL, context.value[OPTION_SCREEN] != NULL);
        if (code == 0) {
            code = command->run(&context, parsing.count, parsing.arguments);
        }
        if (fflush(stdout) != 0 || ferror(stdout)) {
            code = code ? code : EXIT_CODE_IO;
        }
    }
    link_close(context.link);
    passphrase_drop(&context.passphrase);
    arena_drop(&context.arena);
    return code;
}

int command_main(int argc, char **argv)
{
    int used = 0;
    char *help[] = {(char *)(uintptr_t) "help", NULL};
    if (seam_start() != STATUS_OK) {
        return complain(EXIT_CODE_INTERNAL, "this system gives no random numbers. Nothing changed.");
    }
    link_catch_interrupts();
    char **words = argv + 1;
    int count = argc - 1;
    if (count == 0) {
        help_all(stderr);
        return EXIT_CODE_USAGE;
    }
    if (strcmp(words[0], "-h") == 0 || strcmp(words[0], "--help") == 0) {
        words = help;
        count = 1;
    } else if (strcmp(words[0], "--version") == 0) {
        printf("muster %s\n", help_version());
        return EXIT_CODE_DONE;
    } else if (words[0][0] == '-') {
        return complain(EXIT_CODE_USAGE, "write the command first: muster COMMAND %s. All: muster help", words[0]);
    }
    if (strcmp(words[0], "plan") == 0) {
        return plan_run(NULL, count, words);
    }
    const struct command *command = command_find(count, words, &used);
    if (!command && count > 1 && noun_known(words[0]) && (strcmp(words[1], "--help") == 0 || strcmp(words[1], "-h") == 0)) {
        help_noun(stdout, words[0]);
        return EXIT_CODE_DONE;
    }
    return command ? run(command, count - used, words + used) : unknown_command(count, words);
}
