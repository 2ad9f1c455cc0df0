/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_CSV_SEPARATOR_H
#define PROTO_CSV_SEPARATOR_H

#include <stddef.h>

/*
 * What stands between the columns of a file: `;` where Excel and LibreOffice run in Dutch, German or French, `,` in
 * English, a tab in "Unicode text". It is read off the header: the one that splits it into the most known column names.
 */

/*
 * Finds the separator of text (valid UTF-8, ends with a NUL). names: folded column names, count of them. Returns the
 * bytes to skip before the first row: those of Excel's line "sep=;", which then decides, or 0.
 */
size_t csv_separator_find(const char *text, const char *const *names, size_t count, char *separator);

#endif
