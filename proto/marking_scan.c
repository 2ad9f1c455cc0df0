/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/marking_scan.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "proto/marking.h"
#include "proto/marking_fold.h"
#include "proto/status.h"

/*
 * All rows of the table in one tree of letters, built on first use. A search follows it from each beginning of a word; the
 * longest row that fits where it stands wins, so that "not classified" is passed over whole.
 */

enum where {
    NOWHERE = 0,
    ANYWHERE = 1,
    CAPITALS = 2,
    SHORT = 4,
    PORTION = 8,
    SAFE = 16
};

static const struct {
    enum where where;
    const char *text;
} rows[] = {
#define MARKING(who, level, where, text) {where, text},
#define MARKING_WORD(where, text) {where, text},
#define MARKING_SAFE(text) {SAFE, text},
#include "proto/marking.def"
#undef MARKING
#undef MARKING_WORD
#undef MARKING_SAFE
};

struct node {
    uint16_t letter;
    uint8_t where;  /* 0: no row ends here */
    uint32_t child; /* 0: none; the root is no one's child */
    uint32_t next;  /* sibling */
    const char *rule;
};

#define ROOTS 128u /* first letters of the table are Latin after folding, but for a few */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct node *nodes; /* [0] is the root; NULL: the table could not be built */
static uint32_t node_count;
static uint32_t roots[ROOTS]; /* children of the root by letter */

static uint32_t find_child(uint32_t parent, uint16_t letter)
{
    if (parent == 0 && letter < ROOTS) {
        return roots[letter];
    }
    uint32_t child = nodes[parent].child;
    while (child && nodes[child].letter != letter) {
        child = nodes[child].next;
    }
    return child;
}

static uint32_t add_child(uint32_t parent, uint16_t letter)
{
    uint32_t child = find_child(parent, letter);
    if (child) {
        return child;
    }
    child = node_count++;
    nodes[child] = (struct node){.letter = letter, .next = nodes[parent].child};
    nodes[parent].child = child;
    if (parent == 0 && letter < ROOTS) {
        roots[letter] = child;
    }
    return child;
}

static bool add_row(const char *text, enum where where)
{
    struct marking_letters letters;
    if (marking_fold(text, strlen(text), &letters) != STATUS_OK) {
        return false;
    }
    uint32_t at = 0;
    for (size_t letter = 0; letter < letters.count; letter++) {
        at = add_child(at, letters.letters[letter]);
    }
    nodes[at].where |= (uint8_t)where;
    nodes[at].rule = text;
    marking_fold_drop(&letters);
    return true;
}

static void build_tree(void)
{
    size_t most = 1;
    for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++) {
        most += strlen(rows[at].text) + 1;
    }
    nodes = calloc(most, sizeof *nodes);
    node_count = 1;
    for (size_t at = 0; nodes && at < sizeof rows / sizeof rows[0]; at++) {
        if (rows[at].where != NOWHERE && !add_row(rows[at].text, rows[at].where)) {
            free(nodes);
            nodes = NULL;
        }
    }
}

/* In brackets, beside two slashes, or with nothing else beside it. */
static bool stands_alone(const struct marking_letters *text, size_t first, size_t end)
{
    uint8_t before = text->flags[first];
    uint8_t after = text->flags[end];
    bool begins = (before & (MARKING_OPEN | MARKING_SLASH_BEFORE)) || (first == 0 && !(before & MARKING_DIGIT));
    bool ends = (after & (MARKING_CLOSE | MARKING_SLASH_AFTER)) || (end == text->count && !(after & MARKING_DIGIT));
    return begins && ends;
}

static bool is_portion(const struct marking_letters *text, size_t first, size_t end)
{
    uint8_t before = text->flags[first];
    uint8_t after = text->flags[end];
    bool begins_text = first == 0 && !(before & MARKING_DIGIT);
    return (before & MARKING_OPEN) && ((after & MARKING_SLASH_AFTER) || (begins_text && (after & MARKING_CLOSE)));
}

static bool all_capitals(const struct marking_letters *text, size_t first, size_t end)
{
    for (size_t at = first; at < end; at++) {
        if (!(text->flags[at] & MARKING_CAPITAL)) {
            return false;
        }
    }
    return true;
}

/* Whether a row that ends at node fits the text from first to end; whole: only since it is the whole text. */
static bool fits(const struct node *node, const struct marking_letters *text, size_t first, size_t end, bool *whole)
{
    *whole = false;
    if (!node->where || !(text->flags[end] & MARKING_BREAK)) {
        return false;
    }
    if ((node->where & (ANYWHERE | SAFE)) || ((node->where & CAPITALS) && all_capitals(text, first, end))) {
        return true;
    }
    if ((node->where & PORTION) && is_portion(text, first, end)) {
        return true;
    }
    if (!(node->where & (CAPITALS | SHORT)) || !stands_alone(text, first, end)) {
        return false;
    }
    const unsigned signs = MARKING_OPEN | MARKING_CLOSE | MARKING_SLASH_BEFORE | MARKING_SLASH_AFTER;
    *whole = !((text->flags[first] | text->flags[end]) & signs);
    return true;
}

/* The longest row that fits from first on; NULL where none does. */
static const struct node *longest(const struct marking_letters *text, size_t first, size_t *end, bool *whole)
{
    const struct node *best = NULL;
    uint32_t at = 0;
    for (size_t letter = first; letter < text->count; letter++) {
        at = find_child(at, text->letters[letter]);
        if (!at) {
            break;
        }
        bool only_whole;
        if (fits(&nodes[at], text, first, letter + 1, &only_whole)) {
            best = &nodes[at];
            *end = letter + 1;
            *whole = only_whole;
        }
    }
    return best;
}

enum marking_found marking_search(const char *text, size_t length, const char **rule)
{
    struct marking_letters letters;
    *rule = "";
    pthread_once(&once, build_tree);
    if (!nodes || marking_fold(text, length, &letters) != STATUS_OK) {
        return MARKING_FOUND_WORDS;
    }
    enum marking_found found = MARKING_FOUND_NOTHING;
    for (size_t first = 0; first < letters.count && found != MARKING_FOUND_WORDS; first++) {
        size_t end = first;
        bool whole = false;
        const struct node *node = letters.flags[first] & MARKING_BREAK ? longest(&letters, first, &end, &whole) : NULL;
        if (node && (node->where & SAFE)) {
            first = end - 1;
        } else if (node) {
            found = whole ? MARKING_FOUND_WHOLE : MARKING_FOUND_WORDS;
            *rule = node->rule;
        }
    }
    marking_fold_drop(&letters);
    return found;
}

bool marking_scan_text(const char *text, size_t length, enum marking_kind kind)
{
    const char *rule;
    enum marking_found found = marking_search(text, length, &rule);
    return found == MARKING_FOUND_WORDS || (found == MARKING_FOUND_WHOLE && kind == MARKING_TEXT);
}
