/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef CLIENTS_MUSTER_OUTPUT_H
#define CLIENTS_MUSTER_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

/*
 * Where results go and in which form. A result is printed in one of three forms: for a person (a terminal: tables
 * and sentences within its width), into a pipe (tabs, one header, exact cents, no prose) or as JSON. What a command
 * says is the same in all three. Results go to standard output; progress, advice and errors to standard error.
 * Text that others wrote is made harmless before it is shown: control characters become '?'.
 */

/* In a text for a person: a blank at which no line ends, between a currency and its figure. */
#define OUTPUT_TIE "\x1f"

enum output_form { OUTPUT_SCREEN, OUTPUT_TABS, OUTPUT_JSON };

enum output_paint { PAINT_NONE, PAINT_GOOD, PAINT_BAD, PAINT_STRONG };

struct output {
    FILE *out;
    enum output_form form;
    int width;     /* columns of the screen */
    bool colour;   /* only repeats what the words say */
};

/*
 * Decides the form: JSON where asked for; else the screen where stdout is a terminal or `screen` forces it; else tabs.
 * The width is the terminal's (80 where it can't be told, at least 20). Colours only on a terminal that is not "dumb",
 * and never where NO_COLOR is set and not empty.
 */
void output_init(struct output *output, FILE *out, bool json, bool screen);

/* printf for a person: prints only in the form OUTPUT_SCREEN. */
void output_say(const struct output *output, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A paragraph for a person, wrapped at the width; words are never cut. Only in the form OUTPUT_SCREEN. */
void output_wrap(const struct output *output, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same, continuation lines moved in by indent blanks. */
void output_wrap_indented(const struct output *output, int indent, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* A name, and from column `width` on its value, wrapped. Only in the form OUTPUT_SCREEN. */
void output_field(const struct output *output, int width, const char *name, const char *format, ...) __attribute__((format(printf, 4, 5)));

/*
 * Prints a result that is not a table in the forms for programs: as JSON, or as lines "field<TAB>value" under one
 * header, nested fields joined by dots. Does nothing on a screen. Takes the reference. Returns whether it printed.
 */
bool output_value(const struct output *output, json_t *value);

/* One JSON object on a line of its own, for streams. Takes the reference; only in the form OUTPUT_JSON. */
void output_line(const struct output *output, json_t *value);

/* Writes text with control characters replaced and, if `paint` and colours are on, painted. */
void output_text(const struct output *output, const char *text, enum output_paint paint);

/* The first `bytes` bytes of text, the same way. */
void output_part(const struct output *output, const char *text, size_t bytes, enum output_paint paint);

/* Columns that text, or its first bytes, take on a screen. */
int output_columns(const char *text);
int output_part_columns(const char *text, size_t bytes);

#endif
