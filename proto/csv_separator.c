/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/csv_separator.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "proto/csv_fold.h"
#include "proto/csv_header.h"

#define HEADER_MOST ((size_t)1 << 16) /* bytes of a header that are looked at */

/* Excel's own mark: a first line "sep=;" (or in quotes, as LibreOffice writes it back). */
static size_t said_by_file(const char *text, char *separator)
{
    bool quoted = text[0] == '"';
    const char *at = text + (quoted ? 1 : 0);
    if (strncasecmp(at, "sep=", 4) != 0 || !at[4] || !strchr(";,\t|", at[4])) {
        return 0;
    }
    *separator = at[4];
    at += 5;
    if (quoted && *at == '"') {
        at++;
    }
    at += strspn(at, ";,\t "); /* empty cells that a program added to the line */
    if (*at != '\r' && *at != '\n') {
        return 0;
    }
    at += at[0] == '\r' && at[1] == '\n' ? 2 : 1;
    return (size_t)(at - text);
}

/* Past the end of the row that starts at text: a line end outside quotes. */
static const char *row_end(const char *text)
{
    bool quoted = false;
    const char *at = text;
    for (; *at && (size_t)(at - text) < HEADER_MOST; at++) {
        quoted ^= *at == '"';
        if (!quoted && (*at == '\r' || *at == '\n')) {
            break;
        }
    }
    return at;
}

struct score {
    size_t known;
    size_t cells;
};

/* How many cells, and how many known names among them, a separator makes of a header. */
static struct score score_of(const char *header, char separator, const char *const *names, size_t count)
{
    struct score score = {0, 0};
    const char *end = row_end(header), *start = header;
    bool quoted = false;
    for (const char *at = header; at <= end; at++) {
        quoted ^= at < end && *at == '"';
        if (at < end && (quoted || *at != separator)) {
            continue;
        }
        const char *cell = start;
        size_t length = (size_t)(at - start);
        start = at + 1;
        score.cells++;
        csv_fold_trim(&cell, &length);
        if (length >= 2 && cell[0] == '"' && cell[length - 1] == '"') {
            cell++;
            length -= 2;
        }
        char copy[CSV_FOLD_MOST];
        if (length < sizeof copy) {
            memcpy(copy, cell, length);
            copy[length] = '\0';
            score.known += csv_header_find(copy, names, count) < count ? 1u : 0u;
        }
    }
    return score;
}

size_t csv_separator_find(const char *text, const char *const *names, size_t count, char *separator)
{
    size_t skip = said_by_file(text, separator);
    if (skip > 0) {
        return skip;
    }
    /* Titles, notes and empty rows may stand above the header: the first row with a known name decides. */
    struct score best = {0, 0};
    const char *row = text;
    for (unsigned rows = 0; rows < CSV_HEADER_SEARCHED && best.known == 0 && *row; rows++) {
        for (const char *candidate = ";\t,"; *candidate; candidate++) {
            struct score score = score_of(row, *candidate, names, count);
            if (score.known > best.known || (score.known == best.known && score.cells > best.cells)) {
                best = score;
                *separator = *candidate;
            }
        }
        row = row_end(row);
        row += row[0] == '\r' && row[1] == '\n' ? 2 : *row ? 1 : 0;
    }
    return 0;
}
