/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/lines.h"

#include <string.h>

#include <sodium.h>

bool lines_next(struct lines *lines, struct line *line)
{
    const char *end = lines->left ? memchr(lines->at, '\n', lines->left) : NULL;
    if (!end) {
        return false;
    }
    *line = (struct line){lines->at, (size_t)(end - lines->at)};
    lines->left -= line->length + 1;
    lines->at = end + 1;
    return true;
}

bool line_is(struct line line, const char *text)
{
    return line.length == strlen(text) && memcmp(line.text, text, line.length) == 0;
}

bool line_skip(struct line *line, const char *prefix)
{
    size_t length = strlen(prefix);
    if (line->length < length || memcmp(line->text, prefix, length) != 0) {
        return false;
    }
    line->text += length;
    line->length -= length;
    return true;
}

bool line_word(struct line *line, struct line *word)
{
    if (!line->length) {
        return false;
    }
    const char *space = memchr(line->text, ' ', line->length);
    *word = (struct line){line->text, space ? (size_t)(space - line->text) : line->length};
    size_t taken = word->length + (space ? 1 : 0);
    line->text += taken;
    line->length -= taken;
    return true;
}

bool line_decimal(struct line line, uint64_t *number)
{
    uint64_t value = 0;
    if (!line.length || (line.length > 1 && line.text[0] == '0')) {
        return false;
    }
    for (size_t i = 0; i < line.length; i++) {
        if (line.text[i] < '0' || line.text[i] > '9') {
            return false;
        }
        uint64_t digit = (uint64_t)(line.text[i] - '0');
        if (value > (UINT64_MAX - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    *number = value;
    return true;
}

/* libsodium 1.0.18 takes bytes above 127 for characters of the alphabet, so those are refused first. */
static bool decode(struct line line, int variant, uint8_t *bytes, size_t most, size_t *length)
{
    for (size_t i = 0; i < line.length; i++) {
        if ((unsigned char)line.text[i] > 127) {
            return false;
        }
    }
    return sodium_base642bin(bytes, most, line.text, line.length, NULL, length, NULL, variant) == 0;
}

bool line_base64(struct line line, uint8_t *bytes, size_t most, size_t *length)
{
    return decode(line, sodium_base64_VARIANT_ORIGINAL, bytes, most, length);
}

bool line_base64_url(struct line line, uint8_t *bytes, size_t most, size_t *length)
{
    return decode(line, sodium_base64_VARIANT_URLSAFE_NO_PADDING, bytes, most, length);
}

bool line_base64_exact(struct line line, uint8_t *bytes, size_t length)
{
    size_t got = 0;
    return line_base64(line, bytes, length, &got) && got == length;
}
