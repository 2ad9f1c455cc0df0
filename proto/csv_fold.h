/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_CSV_FOLD_H
#define PROTO_CSV_FOLD_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Words as people type them, made comparable: "Février ", "FEVRIER" and "fevrier" are one word. Used for headers, month
 * names, yes and no, and the fixed words of the file formats. Also the nearest known word to a mistyped one.
 * Texts are valid UTF-8. Pure, thread-safe.
 */

#define CSV_FOLD_MOST 64u /* bytes of a folded word with its NUL; no known word is near that long */

/* Bytes of the blank at the start of text (space, tab, line break, no-break and other Unicode blanks, a stray BOM); 0: none. */
size_t csv_fold_blank(const char *text);

/* Cuts blanks from both ends of length bytes: moves *text forward and lowers *length. */
void csv_fold_trim(const char **text, size_t *length);

/*
 * Writes the folded form of text: trimmed, ASCII letters in lower case, accents dropped, every blank one space, every
 * dash a '-', every apostrophe a "'". False, and an empty text, where it doesn't fit in CSV_FOLD_MOST bytes or memory is out.
 */
bool csv_fold(const char *text, char folded[CSV_FOLD_MOST]);

/* Least number of single changes (insert, drop, replace, swap neighbours) between two words of less than CSV_FOLD_MOST bytes. */
size_t csv_fold_distance(const char *left, const char *right);

/*
 * The index of the name nearest to word: at most two changes away, or a third of its length, or one holds the
 * other; the first of equals. count where none is near. word is folded, names are as they should be written.
 */
size_t csv_fold_nearest(const char *word, const char *const *names, size_t count);

#endif
