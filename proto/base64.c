/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/base64.h"

#include <stdint.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t base64_write(const void *bytes, size_t length, char *text)
{
    const uint8_t *at = bytes;
    char *to = text;
    for (; length >= 3; length -= 3, at += 3) {
        uint32_t three = (uint32_t)at[0] << 16 | (uint32_t)at[1] << 8 | at[2];
        *to++ = alphabet[three >> 18];
        *to++ = alphabet[three >> 12 & 63];
        *to++ = alphabet[three >> 6 & 63];
        *to++ = alphabet[three & 63];
    }
    if (length > 0) {
        uint32_t rest = (uint32_t)at[0] << 16 | (length == 2 ? (uint32_t)at[1] << 8 : 0);
        *to++ = alphabet[rest >> 18];
        *to++ = alphabet[rest >> 12 & 63];
        *to++ = length == 2 ? alphabet[rest >> 6 & 63] : '=';
        *to++ = '=';
    }
    *to = '\0';
    return (size_t)(to - text);
}
