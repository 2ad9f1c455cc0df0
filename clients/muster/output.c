/* SPDX-License-Identifier: EUPL-1.2 */
#include "clients/muster/output.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <unistr.h>
#include <uniwidth.h>

#include "clients/muster/figures.h"
#include "clients/muster/view.h"

#define SCREEN_COLUMNS 80
#define SCREEN_COLUMNS_LEAST 20
#define SCREEN_COLUMNS_MOST 500
#define PARAGRAPH_MOST 16384 /* bytes of one paragraph: longer than any sentence of a view */
#define FIELD_PATH_MOST 512

static int terminal_width(FILE *out)
{
    struct winsize size;
    int width = SCREEN_COLUMNS;
    if (ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        width = size.ws_col;
    } else if (getenv("COLUMNS")) {
        width = atoi(getenv("COLUMNS"));
    }
    if (width < SCREEN_COLUMNS_LEAST || width > SCREEN_COLUMNS_MOST) {
        width = width > SCREEN_COLUMNS_MOST ? SCREEN_COLUMNS_MOST : width <= 0 ? SCREEN_COLUMNS : SCREEN_COLUMNS_LEAST;
    }
    return width;
}

void output_init(struct output *output, FILE *out, bool json, bool screen)
{
    bool terminal = isatty(fileno(out));
    const char *no_colour = getenv("NO_COLOR");
    const char *type = getenv("TERM");
    *output = (struct output){.out = out, .width = terminal_width(out)};
    output->form = json ? OUTPUT_JSON : terminal || screen ? OUTPUT_SCREEN : OUTPUT_TABS;
    output->colour = terminal && output->form == OUTPUT_SCREEN && !(no_colour && *no_colour) && type && strcmp(type, "dumb") != 0;
}

/* The library counts no columns for a tie. */
int output_part_columns(const char *text, size_t bytes)
{
    int columns = u8_width((const uint8_t *)text, bytes, "UTF-8");
    for (size_t i = 0; i < bytes; i++) {
        columns += text[i] == OUTPUT_TIE[0];
    }
    return columns;
}

int output_columns(const char *text)
{
    return output_part_columns(text, strlen(text));
}

void output_part(const struct output *output, const char *text, size_t bytes, enum output_paint paint)
{
    static const char *const codes[] = {"", "\033[32m", "\033[31m", "\033[1m"};
    bool painted = output->colour && paint != PAINT_NONE;
    const uint8_t *at = (const uint8_t *)text, *end = at + bytes;
    fputs(painted ? codes[paint] : "", output->out);
    while (at < end) {
        ucs4_t character;
        int length = u8_mbtouc(&character, at, (size_t)(end - at));
        bool harmful = character < 0x20 || (character >= 0x7f && character < 0xa0) || character == 0xfffd ||
                       (character >= 0x202a && character <= 0x202e) || (character >= 0x2066 && character <= 0x2069);
        if (character == (ucs4_t)OUTPUT_TIE[0]) {
            fputc(' ', output->out);
        } else if (harmful) {
            fputc('?', output->out);
        } else {
            fwrite(at, 1, (size_t)length, output->out);
        }
        at += length > 0 ? length : 1;
    }
    fputs(painted ? "\033[0m" : "", output->out);
}

void output_text(const struct output *output, const char *text, enum output_paint paint)
{
    output_part(output, text, strlen(text), paint);
}

void output_say(const struct output *output, const char *format, ...)
{
    if (output->form != OUTPUT_SCREEN) {
        return;
    }
    char text[PARAGRAPH_MOST];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    for (char *line = text; *line;) {
        char *end = strchrnul(line, '\n');
        output_part(output, line, (size_t)(end - line), PAINT_NONE);
        if (*end) {
            fputc('\n', output->out);
            end++;
        }
        line = end;
    }
}

/* Words of text from a column on, wrapped at the width; later lines begin at indent. */
static void wrap(const struct output *output, int indent, int column, const char *text)
{
    bool first = true;
    size_t gap = 0; /* blanks before the word: kept within a line */
    for (const char *at = text + strspn(text, " "); *at;) {
        size_t length = strcspn(at, " ");
        int columns = output_part_columns(at, length);
        if (!first && column + (int)gap + columns > output->width) {
            fprintf(output->out, "\n%*s", indent, "");
            column = indent;
        } else if (!first) {
            fprintf(output->out, "%*s", (int)gap, "");
            column += (int)gap;
        }
        first = false;
        output_part(output, at, length, PAINT_NONE);
        column += columns;
        at += length;
        gap = strspn(at, " ");
        at += gap;
    }
    fputc('\n', output->out);
}

/* Blanks at the beginning stay, and move the later lines in. */
static void wrap_indented(const struct output *output, int indent, const char *text)
{
    int lead = (int)strspn(text, " ");
    fprintf(output->out, "%*s", lead, "");
    wrap(output, indent + lead, lead, text);
}

void output_wrap(const struct output *output, const char *format, ...)
{
    if (output->form != OUTPUT_SCREEN) {
        return;
    }
    char text[PARAGRAPH_MOST];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    wrap_indented(output, 0, text);
}

void output_wrap_indented(const struct output *output, int indent, const char *format, ...)
{
    if (output->form != OUTPUT_SCREEN) {
        return;
    }
    char text[PARAGRAPH_MOST];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    wrap_indented(output, indent, text);
}

void output_field(const struct output *output, int width, const char *name, const char *format, ...)
{
    if (output->form != OUTPUT_SCREEN) {
        return;
    }
    char text[PARAGRAPH_MOST];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    int columns = output_columns(name);
    output_text(output, name, PAINT_NONE);
    if (columns + 2 > width) {
        fprintf(output->out, "\n%*s", width, "");
    } else {
        fprintf(output->out, "%*s", width - columns, "");
    }
    wrap(output, width, width, text);
}

/* A value on one line, without tabs or line ends; money with its two places. */
static void print_scalar(const struct output *output, const char *name, const json_t *value)
{
    if (json_is_integer(value) && view_is_money(name)) {
        fputs(figures_exact((int64_t)json_integer_value(value)).text, output->out);
        return;
    }
    switch (json_typeof(value)) {
    case JSON_STRING:
        output_part(output, json_string_value(value), json_string_length(value), PAINT_NONE);
        break;
    case JSON_INTEGER:
        fprintf(output->out, "%" PRId64, (int64_t)json_integer_value(value));
        break;
    case JSON_TRUE:
        fputs("yes", output->out);
        break;
    case JSON_FALSE:
        fputs("no", output->out);
        break;
    default:
        break;
    }
}

static void print_fields(const struct output *output, const char *path, json_t *value)
{
    char inner[FIELD_PATH_MOST];
    if (json_is_object(value)) {
        const char *key;
        json_t *member;
        json_object_foreach(value, key, member)
        {
            snprintf(inner, sizeof inner, "%s%s%s", path, *path ? "." : "", key);
            print_fields(output, inner, member);
        }
    } else if (json_is_array(value)) {
        size_t index;
        json_t *member;
        json_array_foreach(value, index, member)
        {
            snprintf(inner, sizeof inner, "%s.%zu", path, index + 1);
            print_fields(output, inner, member);
        }
    } else {
        output_text(output, path, PAINT_NONE);
        fputc('\t', output->out);
        const char *dot = strrchr(path, '.');
        print_scalar(output, dot ? dot + 1 : path, value);
        fputc('\n', output->out);
    }
}

bool output_value(const struct output *output, json_t *value)
{
    bool printed = output->form != OUTPUT_SCREEN;
    if (output->form == OUTPUT_JSON) {
        json_dumpf(value, output->out, JSON_INDENT(2));
        fputc('\n', output->out);
    } else if (output->form == OUTPUT_TABS) {
        fputs("Field\tValue\n", output->out);
        print_fields(output, "", value);
    }
    json_decref(value);
    return printed;
}

void output_line(const struct output *output, json_t *value)
{
    if (output->form == OUTPUT_JSON) {
        json_dumpf(value, output->out, JSON_COMPACT);
        fputc('\n', output->out);
        fflush(output->out);
    }
    json_decref(value);
}
