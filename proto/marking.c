/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/marking.h"

#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#include "proto/limits.h"
#include "proto/marking_fold.h"
#include "proto/status.h"
#include "proto/text.h"

#define DOTLESS_I 0x0131u
#define PLAIN_SIZE (LIMIT_MARKING_MOST * 4)

static const struct row {
    const char *who;
    enum marking_level level;
    const char *text;
} rows[] = {
#define MARKING(issuer, step, where, marking) {issuer, MARKING_##step, marking},
#define MARKING_WORD(where, text)
#define MARKING_SAFE(text)
#include "proto/marking.def"
#undef MARKING
#undef MARKING_WORD
#undef MARKING_SAFE
};

#define COUNT (sizeof rows / sizeof rows[0])

static const char everywhere[] = "UNCLASSIFIED"; /* the English word, whoever sets it */

bool marking_knows(const char *marked_by)
{
    for (size_t at = 0; at < COUNT; at++) {
        if (strcmp(rows[at].who, marked_by) == 0) {
            return true;
        }
    }
    return false;
}

/* Text in small letters without accents, runs of blanks as one; punctuation and script stay. False where it does not fit. */
static bool make_plain(const char *text, uint8_t plain[PLAIN_SIZE])
{
    size_t length = 0;
    uint8_t *small = u8_casefold((const uint8_t *)text, strlen(text), "", UNINORM_NFD, NULL, &length);
    size_t used = 0;
    for (size_t at = 0; small && at < length && used + 8 < PLAIN_SIZE;) {
        ucs4_t code;
        int size = u8_mbtouc(&code, small + at, length - at);
        at += (size_t)size;
        if (uc_is_general_category_withtable(code, UC_CATEGORY_MASK_Mn)) {
            continue;
        }
        if (code == ' ' && (used == 0 || plain[used - 1] == ' ')) {
            continue;
        }
        int written = u8_uctomb(plain + used, code == DOTLESS_I ? 'i' : code, 6);
        used += written > 0 ? (size_t)written : 0;
    }
    used -= used > 0 && plain[used - 1] == ' ';
    plain[used] = '\0';
    bool whole = small && used + 8 < PLAIN_SIZE;
    free(small);
    return whole;
}

static bool same_plain(const char *marking, const char *row)
{
    uint8_t left[PLAIN_SIZE];
    uint8_t right[PLAIN_SIZE];
    return make_plain(marking, left) && make_plain(row, right) && strcmp((const char *)left, (const char *)right) == 0;
}

static bool same_letters(const struct marking_letters *marking, const char *row)
{
    struct marking_letters letters;
    if (marking_fold(row, strlen(row), &letters) != STATUS_OK) {
        return false;
    }
    bool same = letters.count == marking->count &&
                memcmp(letters.letters, marking->letters, letters.count * sizeof letters.letters[0]) == 0;
    marking_fold_drop(&letters);
    return same;
}

static bool is_unclassified(const char *marking, const char *marked_by)
{
    /* As it mostly is: nothing to fold. */
    if (strcmp(marking, everywhere) == 0 || same_plain(marking, everywhere)) {
        return true;
    }
    for (size_t at = 0; at < COUNT; at++) {
        bool theirs = strcmp(rows[at].who, marked_by) == 0 || strcmp(rows[at].who, "NATO") == 0;
        if (rows[at].level == MARKING_UNCLASSIFIED && theirs && same_plain(marking, rows[at].text)) {
            return true;
        }
    }
    return false;
}

/* The level above unclassified that who's own list gives these letters. */
static enum marking_level higher_level(const struct marking_letters *letters, const char *who)
{
    for (size_t at = 0; at < COUNT; at++) {
        if (rows[at].level > MARKING_UNCLASSIFIED && strcmp(rows[at].who, who) == 0 && same_letters(letters, rows[at].text)) {
            return rows[at].level;
        }
    }
    return MARKING_UNKNOWN;
}

enum marking_level marking_level(const char *marking, const char *marked_by)
{
    if (text_check(marking, LIMIT_MARKING_MOST) != TEXT_GOOD || !marking_knows(marked_by)) {
        return MARKING_UNKNOWN;
    }
    if (is_unclassified(marking, marked_by)) {
        return MARKING_UNCLASSIFIED;
    }
    struct marking_letters letters;
    if (marking_fold(marking, strlen(marking), &letters) != STATUS_OK) {
        return MARKING_UNKNOWN;
    }
    /* The same word has another level elsewhere: the issuer's own list first. */
    const char *const order[] = {marked_by, "NATO", "EU"};
    enum marking_level level = MARKING_UNKNOWN;
    for (size_t at = 0; at < sizeof order / sizeof order[0] && level == MARKING_UNKNOWN && letters.count > 0; at++) {
        level = higher_level(&letters, order[at]);
    }
    marking_fold_drop(&letters);
    return level;
}

int marking_check(const char *marking, const char *marked_by, const char **remedy)
{
    if (!marking_knows(marked_by)) {
        *remedy = "state who set the marking: a nation's two letters (NL), NATO or EU; others have no list here yet";
        return STATUS_INVALID;
    }
    switch (marking_level(marking, marked_by)) {
    case MARKING_UNCLASSIFIED:
        return STATUS_OK;
    case MARKING_UNKNOWN:
        *remedy = *marking ? "state UNCLASSIFIED, NATO UNCLASSIFIED or the nation's own word for it, and nothing beside it; a "
                             "marking that is not in the list is refused, never guessed"
                           : "state the marking, such as UNCLASSIFIED: what carries none is refused";
        break;
    case MARKING_HELD:
        *remedy = "this marking is not classified, yet not for all: ask your security officer whether it may go out UNCLASSIFIED";
        break;
    case MARKING_RESTRICTED:
    case MARKING_CONFIDENTIAL:
    case MARKING_SECRET:
    case MARKING_TOP_SECRET:
        *remedy = "only unclassified information may be sent; do not mail, copy or delete the file, and tell your security officer";
        break;
    }
    return STATUS_INVALID;
}
