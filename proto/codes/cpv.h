/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_CODES_CPV_H
#define PROTO_CODES_CPV_H

#include <stddef.h>

#include "proto/codes/code.h"

/*
 * The common procurement vocabulary of 2008 (Regulation (EC) 213/2008): eight digits and a ninth. The official ninth
 * digits do not follow the published formula everywhere (grenades 35331300-3 would be -6), so a code holds because
 * it stands in the list, never because a formula fits. The codes of defence are built in; the official list, of over
 * nine thousand, loads from a file. Against the built-in list alone a well-formed code that it does not
 * have is only doubtful, while a wrong ninth digit of one that it has is wrong.
 */

#define CPV_FILE_MOST ((size_t)4 << 20) /* bytes; the official list has under one million */

struct cpv_list;

/*
 * Reads the official list: one code a line, first on the line, whatever follows it behind ';', ',' or a tab is its
 * title; lines that begin with no digit are skipped. Gives STATUS_OK and a list that cpv_free ends; STATUS_IO,
 * STATUS_TOO_LARGE, STATUS_INVALID (no code, a malformed code, or one code with two ninth digits), STATUS_NO_MEMORY.
 * line: where the fault lies, may be NULL. The list is constant: any thread.
 */
int cpv_load(const char *path, struct cpv_list **list, size_t *line);

/* Frees; NULL does nothing. */
void cpv_free(struct cpv_list *list);

/* A code with or without its ninth digit. list: NULL for the built-in codes. Stored: NNNNNNNN-N. */
int cpv_read(const struct cpv_list *list, const char *text, struct code_answer *answer);

/* English title of a stored code, or NULL where the list has none. */
const char *cpv_title(const struct cpv_list *list, const char *code);

#endif
