/* SPDX-License-Identifier: EUPL-1.2 */
#include <stdio.h>
#include <string.h>

#include "clients/muster/commands.h"
#include "clients/muster/complain.h"
#include "proto/status.h"

/* The completion script for bash, written from the table of commands: nouns, then verbs, then options and files. */

static void print_verbs(const char *noun)
{
    printf("        %s) verbs='", noun);
    const char *gap = "";
    for (size_t i = 0; i < command_count; i++) {
        if (strcmp(command_rows[i].noun, noun) == 0 && command_rows[i].verb) {
            printf("%s%s", gap, command_rows[i].verb);
            gap = " ";
        }
    }
    printf("' ;;\n");
}

static bool first_of_noun(size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (strcmp(command_rows[i].noun, command_rows[at].noun) == 0) {
            return false;
        }
    }
    return true;
}

static void print_options(const struct command *command)
{
    char name[64];
    printf("        '%s') options='", command_name(command, name, sizeof name));
    const char *gap = "";
    for (int id = 0; id < OPTION_COUNT; id++) {
        if ((command->options | COMMON_OPTIONS) & OPTION_BIT(id)) {
            printf("%s--%s", gap, option_rows[id].name);
            gap = " ";
        }
    }
    printf("' ;;\n");
}

int completion_run(struct context *context, int count, char **words)
{
    (void)context;
    if (count == 1 && strcmp(words[0], "bash") != 0) {
        return complain(EXIT_CODE_USAGE, "no completion for %s. There is one for bash: muster completion bash", words[0]);
    }
    printf("# bash completion for muster; made by `muster completion bash`\n"
           "_muster()\n{\n    local word=${COMP_WORDS[COMP_CWORD]} noun=${COMP_WORDS[1]} verbs='' options='' name\n"
           "    COMPREPLY=()\n    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        COMPREPLY=($(compgen -W '");
    const char *gap = "";
    for (size_t i = 0; i < command_count; i++) {
        if (first_of_noun(i)) {
            printf("%s%s", gap, command_rows[i].noun);
            gap = " ";
        }
    }
    printf("' -- \"$word\"))\n        return\n    fi\n    case $noun in\n");
    for (size_t i = 0; i < command_count; i++) {
        if (first_of_noun(i) && command_rows[i].verb) {
            print_verbs(command_rows[i].noun);
        }
    }
    printf("    esac\n    if [ -n \"$verbs\" ] && [ \"$COMP_CWORD\" -eq 2 ]; then\n"
           "        COMPREPLY=($(compgen -W \"$verbs\" -- \"$word\"))\n        return\n    fi\n"
           "    name=$noun\n    [ -n \"$verbs\" ] && name=\"$noun ${COMP_WORDS[2]}\"\n    case $name in\n");
    for (size_t i = 0; i < command_count; i++) {
        print_options(&command_rows[i]);
    }
    printf("    esac\n    if [[ $word == -* ]]; then\n        COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n    else\n"
           "        COMPREPLY=($(compgen -f -- \"$word\"))\n    fi\n}\ncomplete -o filenames -F _muster muster\n");
    return EXIT_CODE_DONE;
}
