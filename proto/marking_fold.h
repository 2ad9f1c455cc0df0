/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_MARKING_FOLD_H
#define PROTO_MARKING_FOLD_H

#include <stddef.h>
#include <stdint.h>

/*
 * A text as the search for markings reads it: its letters alone, decomposed, without accents, in lower case, look-alikes
 * as the Latin letter that they look like, l and i as one; and between them where words end and brackets stand. Zero-width
 * and other invisible characters vanish. "N A T O-RESTRICTED" and "NATO restricted" give the same letters.
 */

enum {
    MARKING_BREAK = 1,         /* a word begins here, and the one before has ended */
    MARKING_OPEN = 2,          /* an opening bracket stands right before this letter */
    MARKING_CLOSE = 4,         /* a closing one right behind the letter before */
    MARKING_SLASH_BEFORE = 8,  /* two slashes right before this letter */
    MARKING_SLASH_AFTER = 16,  /* or right behind the letter before */
    MARKING_DIGIT = 32,        /* digits stand between */
    MARKING_CAPITAL = 64       /* this letter is a capital */
};

#define MARKING_FOLD_INLINE 256 /* letters that need no allocation: nearly every field */

struct marking_letters {
    const uint16_t *letters;
    const uint8_t *flags; /* count + 1 of them: the last says how the text ends */
    size_t count;
    void *heap;
    uint16_t inline_letters[MARKING_FOLD_INLINE];
    uint8_t inline_flags[MARKING_FOLD_INLINE + 1];
};

/*
 * Folds length bytes. What is no UTF-8 is read as Windows-1252's letters, a byte each. STATUS_OK or STATUS_NO_MEMORY;
 * after STATUS_OK marking_fold_drop ends it.
 */
int marking_fold(const char *text, size_t length, struct marking_letters *letters);
void marking_fold_drop(struct marking_letters *letters);

#endif
