/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/marking_fold.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#include "proto/status.h"

#define FINAL_SIGMA 0x03C2u
#define SIGMA 0x03C3u
#define OTHER 0xFFFFu /* a letter beyond the basic plane: no marking has one */

static const struct {
    uint32_t code;
    char latin[3];
} letters_table[] = {
#define LETTER(code, latin) {code, latin},
#include "proto/marking_letters.def"
#undef LETTER
};

/* The letters so far, and what stands between the last one and the next. */
struct builder {
    uint16_t *letters;
    uint8_t *flags;
    size_t count;
    uint8_t pending;
    bool slash;      /* the character before was a slash */
    bool small;      /* the letter before was a small one: a capital now begins a word, as in PlanSecret */
};

static void put_letter(struct builder *builder, uint16_t letter, bool capital)
{
    uint8_t flags = builder->pending;
    if (capital && builder->small && flags == 0) {
        flags = MARKING_BREAK;
    }
    builder->letters[builder->count] = letter == 'l' ? 'i' : letter;
    builder->flags[builder->count++] = (uint8_t)(flags | (capital ? MARKING_CAPITAL : 0));
    builder->pending = 0;
    builder->slash = false;
    builder->small = !capital;
}

static void put_digit(struct builder *builder)
{
    builder->pending = (uint8_t)((builder->pending & ~(MARKING_OPEN | MARKING_SLASH_BEFORE)) | MARKING_BREAK | MARKING_DIGIT);
    builder->slash = false;
}

static void put_sign(struct builder *builder, uint32_t sign)
{
    unsigned flags = builder->pending | MARKING_BREAK;
    bool behind = !(flags & MARKING_DIGIT);
    if (sign == '(' || sign == '[' || sign == '{') {
        flags |= MARKING_OPEN;
    } else if (sign == ')' || sign == ']' || sign == '}') {
        flags |= behind ? MARKING_CLOSE : 0;
    } else if (sign == '/' && builder->slash) {
        flags |= MARKING_SLASH_BEFORE | (behind ? MARKING_SLASH_AFTER : 0u);
    }
    builder->pending = (uint8_t)flags;
    builder->slash = sign == '/';
}

static const char *find_latin(uint32_t code)
{
    for (size_t at = 0; at < sizeof letters_table / sizeof letters_table[0]; at++) {
        if (letters_table[at].code == code) {
            return letters_table[at].latin;
        }
    }
    return NULL;
}

static bool is_ascii_letter(uint32_t code)
{
    return (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z');
}

static void put_wide(struct builder *builder, uint32_t code)
{
    if (uc_is_property_default_ignorable_code_point(code) ||
        uc_is_general_category_withtable(code, UC_CATEGORY_MASK_Mn | UC_CATEGORY_MASK_Me)) {
        return;
    }
    uint32_t small = uc_tolower(code);
    bool capital = small != code;
    small = small == FINAL_SIGMA ? SIGMA : small;
    const char *latin = find_latin(small);
    if (latin) {
        for (; *latin; latin++) {
            put_letter(builder, (uint16_t)*latin, capital);
        }
    } else if (is_ascii_letter(small)) {
        put_letter(builder, (uint16_t)small, capital);
    } else if (uc_is_general_category_withtable(small, UC_CATEGORY_MASK_L)) {
        put_letter(builder, small < OTHER ? (uint16_t)small : (uint16_t)OTHER, capital);
    } else if (uc_is_general_category_withtable(small, UC_CATEGORY_MASK_N)) {
        put_digit(builder);
    } else {
        put_sign(builder, small);
    }
}

/* Whether a character may go on a word in which a digit stands for a letter. */
static bool continues(uint32_t code)
{
    return is_ascii_letter(code) || code >= 0x80;
}

static void put_character(struct builder *builder, uint32_t code, uint32_t next)
{
    if (code >= 0x80) {
        put_wide(builder, code);
    } else if (code >= 'a' && code <= 'z') {
        put_letter(builder, (uint16_t)code, false);
    } else if (code >= 'A' && code <= 'Z') {
        put_letter(builder, (uint16_t)(code + 32), true);
    } else if ((code == '0' || code == '1') && builder->count > 0 && builder->pending == 0 && continues(next)) {
        put_letter(builder, code == '0' ? 'o' : 'i', !builder->small);
    } else if (code >= '0' && code <= '9') {
        put_digit(builder);
    } else {
        put_sign(builder, code);
    }
}

static void build(struct builder *builder, const uint32_t *codes, size_t count)
{
    builder->pending = MARKING_BREAK;
    for (size_t at = 0; at < count; at++) {
        put_character(builder, codes[at], at + 1 < count ? codes[at + 1] : 0);
    }
    builder->flags[builder->count] = (uint8_t)(builder->pending | MARKING_BREAK);
}

/* The text's characters, decomposed where it has any beyond ASCII; NULL where memory is out. */
static uint32_t *take_codes(const char *text, size_t length, bool ascii, size_t *count)
{
    uint32_t *codes = malloc((length + 1) * sizeof *codes);
    if (!codes) {
        return NULL;
    }
    *count = length;
    if (!ascii && u8_check((const uint8_t *)text, length) == NULL) {
        if (!u8_to_u32((const uint8_t *)text, length, codes, count)) {
            free(codes);
            return NULL;
        }
    } else {
        for (size_t at = 0; at < length; at++) {
            codes[at] = (unsigned char)text[at];
        }
    }
    if (ascii) {
        return codes;
    }
    uint32_t *decomposed = u32_normalize(UNINORM_NFKD, codes, *count, NULL, count);
    free(codes);
    return decomposed;
}

static bool is_ascii(const char *text, size_t length)
{
    unsigned char all = 0;
    for (size_t at = 0; at < length; at++) {
        all |= (unsigned char)text[at];
    }
    return all < 0x80;
}

int marking_fold(const char *text, size_t length, struct marking_letters *letters)
{
    struct builder builder = {.letters = letters->inline_letters, .flags = letters->inline_flags};
    letters->heap = NULL;
    bool ascii = is_ascii(text, length);
    uint32_t few[MARKING_FOLD_INLINE];
    uint32_t *many = NULL;
    size_t count = length;
    if (ascii && length <= MARKING_FOLD_INLINE) {
        for (size_t at = 0; at < length; at++) {
            few[at] = (unsigned char)text[at];
        }
    } else {
        many = take_codes(text, length, ascii, &count);
        if (!many) {
            return STATUS_NO_MEMORY;
        }
    }
    /* Two letters at most come of one character. */
    if (count > MARKING_FOLD_INLINE / 2 && !(ascii && count <= MARKING_FOLD_INLINE)) {
        letters->heap = malloc(count * 2 * sizeof(uint16_t) + count * 2 + 1);
        if (!letters->heap) {
            free(many);
            return STATUS_NO_MEMORY;
        }
        builder.letters = letters->heap;
        builder.flags = (uint8_t *)(builder.letters + count * 2);
    }
    build(&builder, many ? many : few, count);
    free(many);
    letters->letters = builder.letters;
    letters->flags = builder.flags;
    letters->count = builder.count;
    return STATUS_OK;
}

void marking_fold_drop(struct marking_letters *letters)
{
    free(letters->heap);
    letters->heap = NULL;
}
