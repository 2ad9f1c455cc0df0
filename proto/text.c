/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/text.h"

#include <stdlib.h>
#include <string.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#include "proto/limits.h"

/* Every character below U+0300 is in normalisation form C by itself, and composes with nothing but what lies above. */
#define FIRST_COMBINING 0x300u

static bool is_printable_ascii(unsigned char byte)
{
    return byte >= 0x20 && byte < 0x7F;
}

/* The fault of one character, NFC apart. */
static enum text_fault character_fault(ucs4_t character)
{
    if (character < 0x20 || (character >= 0x7F && character < 0xA0) || character == 0x2028 || character == 0x2029) {
        return TEXT_CONTROL;
    }
    if (character == ' ') {
        return TEXT_GOOD;
    }
    if (uc_is_general_category_withtable(character, UC_CATEGORY_MASK_Cn)) {
        return TEXT_UNASSIGNED;
    }
    const uint32_t invisible = UC_CATEGORY_MASK_Cf | UC_CATEGORY_MASK_Co | UC_CATEGORY_MASK_Cs | UC_CATEGORY_MASK_Zs;
    if (uc_is_general_category_withtable(character, invisible) ||
        uc_is_property_default_ignorable_code_point(character)) {
        return TEXT_INVISIBLE;
    }
    return TEXT_GOOD;
}

static bool is_nfc(const char *text, size_t length)
{
    size_t made_length = 0;
    uint8_t *made = u8_normalize(UNINORM_NFC, (const uint8_t *)text, length, NULL, &made_length);
    bool same = made && made_length == length && memcmp(made, text, length) == 0;
    free(made);
    return same;
}

enum text_fault text_check(const char *text, size_t most)
{
    size_t length = strnlen(text, most + 1);
    if (length > most) {
        return TEXT_TOO_LONG;
    }
    const uint8_t *at = (const uint8_t *)text;
    const uint8_t *end = at + length;
    bool may_compose = false;
    while (at < end) {
        if (is_printable_ascii(*at)) {
            at++;
            continue;
        }
        ucs4_t character;
        int size = u8_mbtoucr(&character, at, (size_t)(end - at));
        if (size < 0) {
            return TEXT_NOT_UTF8;
        }
        enum text_fault fault = character_fault(character);
        if (fault != TEXT_GOOD) {
            return fault;
        }
        may_compose = may_compose || character >= FIRST_COMBINING;
        at += size;
    }
    return may_compose && !is_nfc(text, length) ? TEXT_NOT_NFC : TEXT_GOOD;
}

const char *text_expected(enum text_fault fault)
{
    switch (fault) {
    case TEXT_NOT_UTF8:
        return "text in UTF-8";
    case TEXT_TOO_LONG:
        return "a shorter text";
    case TEXT_CONTROL:
        return "one line without control characters";
    case TEXT_INVISIBLE:
        return "no invisible characters";
    case TEXT_UNASSIGNED:
        return "characters that Unicode assigns";
    case TEXT_NOT_NFC:
        return "text in normalisation form C";
    case TEXT_GOOD:
        break;
    }
    return "";
}

bool text_is_utf8(const void *bytes, size_t length)
{
    return u8_check(bytes, length) == NULL;
}

/* Turns every kind of space into the plain one, and drops those at the ends. Works in place; gives the new length. */
static size_t plain_spaces(uint8_t *text, size_t length)
{
    size_t kept = 0;
    size_t after_last = 0; /* just behind the last character that is no space */
    for (size_t at = 0; at < length;) {
        ucs4_t character;
        int size = u8_mbtouc(&character, text + at, length - at);
        bool space = uc_is_general_category_withtable(character, UC_CATEGORY_MASK_Zs) || (character >= '\t' && character <= '\r');
        if (space && kept > 0) {
            text[kept++] = ' ';
        } else if (!space) {
            memmove(text + kept, text + at, (size_t)size);
            kept += (size_t)size;
            after_last = kept;
        }
        at += (size_t)size;
    }
    return after_last;
}

char *text_normalise(struct arena *arena, char *text)
{
    size_t length = strlen(text);
    bool plain = length == 0 || (text[0] != ' ' && text[length - 1] != ' ');
    for (size_t at = 0; at < length && plain; at++) {
        plain = is_printable_ascii((unsigned char)text[at]);
    }
    if (plain) {
        return text;
    }
    if (!text_is_utf8(text, length)) {
        return NULL;
    }
    size_t made_length = 0;
    uint8_t *made = u8_normalize(UNINORM_NFC, (const uint8_t *)text, length, NULL, &made_length);
    if (!made) {
        return NULL;
    }
    made_length = plain_spaces(made, made_length);
    bool same = made_length == length && memcmp(made, text, length) == 0;
    char *result = same ? text : arena_copy(arena, made, made_length);
    free(made);
    return result;
}

static bool is_alphanumeric(char letter)
{
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9');
}

bool text_is_id(const char *text)
{
    size_t length = 0;
    for (; text[length]; length++) {
        bool good = is_alphanumeric(text[length]) || (length > 0 && strchr("._-", text[length]));
        if (!good || length == LIMIT_ID_MOST) {
            return false;
        }
    }
    return length > 0;
}

/* Length of the party id that text begins with; 0 where it begins with none. */
static size_t party_id_length(const char *text)
{
    size_t length = 0;
    while (length <= LIMIT_PARTY_ID_MOST && ((text[length] >= 'a' && text[length] <= 'z') ||
                                             (text[length] >= '0' && text[length] <= '9') || text[length] == '-')) {
        length++;
    }
    return length <= LIMIT_PARTY_ID_MOST ? length : 0;
}

bool text_is_party_id(const char *text)
{
    size_t length = party_id_length(text);
    return length > 0 && text[length] == '\0';
}

bool text_is_object_id(const char *text)
{
    size_t length = party_id_length(text);
    return length > 0 && text[length] == '/' && text_is_id(text + length + 1);
}
