/* SPDX-License-Identifier: EUPL-1.2 */
#include "clients/muster/help.h"

#include <string.h>

#include "clients/muster/commands.h"
#include "clients/muster/complain.h"
#include "clients/muster/suggest.h"
#include "proto/status.h"
#include "proto/version.h"

#define NAME_COLUMN 22
#define OPTION_COLUMN 28

const char *help_version(void)
{
    return MUSTER_VERSION;
}

static void screen_of(FILE *out, struct output *output)
{
    output_init(output, out, false, true);
}

static void print_command(const struct output *output, const struct command *command)
{
    char name[64], words[80];
    snprintf(words, sizeof words, "  %s", command_name(command, name, sizeof name));
    output_field(output, NAME_COLUMN, words, "%s", command->summary);
}

static void list_for(FILE *out, const struct output *output, const char *heading, unsigned whom)
{
    fprintf(out, "\n%s\n", heading);
    for (size_t i = 0; i < command_count; i++) {
        if (command_rows[i].for_whom == whom) {
            print_command(output, &command_rows[i]);
        }
    }
}

void help_all(FILE *out)
{
    struct output output;
    screen_of(out, &output);
    fprintf(out, "muster: nations pool what they need, suppliers what they can make; one order.\n\n"
                 "Usage: muster COMMAND [ARGUMENTS] [OPTIONS]     muster help COMMAND\n");
    list_for(out, &output, "An agency", FOR_AGENCY);
    list_for(out, &output, "A supplier", FOR_SUPPLIER);
    list_for(out, &output, "A coordinator", FOR_COORDINATOR);
    list_for(out, &output, "An agency or a supplier", FOR_AGENCY | FOR_SUPPLIER);
    list_for(out, &output, "An agency or a coordinator", FOR_AGENCY | FOR_COORDINATOR);
    list_for(out, &output, "A supplier or a coordinator", FOR_SUPPLIER | FOR_COORDINATOR);
    list_for(out, &output, "Who was invited", FOR_AGENCY | FOR_SUPPLIER | FOR_COORDINATOR);
    list_for(out, &output, "Anyone", FOR_ALL);
    fprintf(out, "\nExit: 0 done, 64 usage, 65 wrong input, 69 exchange unreachable, 75 try again,\n77 not allowed. Manual: man muster\n");
}

void help_noun(FILE *out, const char *noun)
{
    struct output output;
    screen_of(out, &output);
    fprintf(out, "muster %s:\n", noun);
    for (size_t i = 0; i < command_count; i++) {
        if (strcmp(command_rows[i].noun, noun) == 0) {
            print_command(&output, &command_rows[i]);
        }
    }
    fprintf(out, "More: muster help %s COMMAND\n", noun);
}

static void print_option(const struct output *output, enum command_option id)
{
    const struct command_option_row *row = &option_rows[id];
    char name[64];
    int length = row->letter ? snprintf(name, sizeof name, "  -%c, ", row->letter) : snprintf(name, sizeof name, "      ");
    snprintf(name + length, sizeof name - (size_t)length, "--%s%s%s", row->name, row->argument ? " " : "", row->argument ? row->argument : "");
    output_field(output, OPTION_COLUMN, name, "%s", row->help);
}

void help_command(FILE *out, const struct command *command)
{
    struct output output;
    char name[64];
    screen_of(out, &output);
    command_name(command, name, sizeof name);
    output_wrap(&output, "muster %s: %s.", name, command->summary);
    for (const char *line = command->examples; *line;) {
        size_t length = strcspn(line, "\n");
        fprintf(out, "  %.*s\n", (int)length, line);
        line += length + (line[length] == '\n');
    }
    fprintf(out, "Usage: muster %s%s%s [OPTIONS]\n", name, *command->arguments ? " " : "", command->arguments);
    if (*command->notes) {
        output_wrap(&output, "%s", command->notes);
    }
    fprintf(out, "Options:\n");
    for (int id = 0; id < OPTION_COUNT; id++) {
        if ((command->options | COMMON_OPTIONS) & OPTION_BIT(id)) {
            print_option(&output, (enum command_option)id);
        }
    }
}

int help_run(struct context *context, int count, char **words)
{
    int used = 0;
    (void)context;
    if (count == 0) {
        help_all(stdout);
        return EXIT_CODE_DONE;
    }
    const struct command *command = command_find(count, words, &used);
    if (command) {
        help_command(stdout, command);
        return EXIT_CODE_DONE;
    }
    struct suggest suggest;
    suggest_begin(&suggest, words[0]);
    for (size_t i = 0; i < command_count; i++) {
        if (strcmp(command_rows[i].noun, words[0]) == 0 && count == 1) {
            help_noun(stdout, words[0]);
            return EXIT_CODE_DONE;
        }
        suggest_offer(&suggest, command_rows[i].noun);
    }
    return complain(EXIT_CODE_USAGE, "no command '%s%s%s'.%s%s%s All: muster help", words[0], count > 1 ? " " : "", count > 1 ? words[1] : "",
                    suggest.nearest ? " Nearest: " : "", suggest.nearest ? suggest.nearest : "", suggest.nearest ? "." : "");
}

int version_run(struct context *context, int count, char **words)
{
    (void)count;
    (void)words;
    json_t *value = json_pack("{s:s}", "version", MUSTER_VERSION);
    if (!output_value(&context->output, value)) {
        printf("muster %s\n", MUSTER_VERSION);
    }
    return EXIT_CODE_DONE;
}
