/* SPDX-License-Identifier: EUPL-1.2 */
#include "clients/muster/suggest.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#define WORD_MOST 63u

size_t suggest_distance(const char *left, const char *right)
{
    size_t rows = strlen(left), columns = strlen(right);
    size_t before[WORD_MOST + 1], last[WORD_MOST + 1], row[WORD_MOST + 1];
    if (rows > WORD_MOST || columns > WORD_MOST) {
        return SIZE_MAX;
    }
    for (size_t j = 0; j <= columns; j++) {
        last[j] = j;
        before[j] = 0;
    }
    for (size_t i = 1; i <= rows; i++) {
        row[0] = i;
        for (size_t j = 1; j <= columns; j++) {
            size_t best = last[j - 1] + (left[i - 1] != right[j - 1]);
            best = last[j] + 1 < best ? last[j] + 1 : best;
            best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1] && before[j - 2] + 1 < best) {
                best = before[j - 2] + 1;
            }
            row[j] = best;
        }
        memcpy(before, last, sizeof before);
        memcpy(last, row, sizeof last);
    }
    return last[columns];
}

void suggest_begin(struct suggest *suggest, const char *typed)
{
    *suggest = (struct suggest){.typed = typed, .distance = SIZE_MAX};
}

void suggest_offer(struct suggest *suggest, const char *known)
{
    size_t distance = suggest_distance(suggest->typed, known);
    size_t length = strlen(suggest->typed);
    /* One letter in three may be wrong; a word that is only begun is meant, and one in other letters' case all the more. */
    if (length >= 3 && strncmp(suggest->typed, known, length) == 0) {
        distance = 1;
    }
    distance = strcasecmp(suggest->typed, known) == 0 ? 0 : distance;
    if (distance < suggest->distance && distance <= 1 + length / 3) {
        suggest->distance = distance;
        suggest->nearest = known;
    }
}
