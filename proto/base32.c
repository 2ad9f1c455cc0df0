/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/base32.h"

void base32_encode(const uint8_t *bytes, size_t length, char *text)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    uint32_t held = 0;
    unsigned bits = 0;
    for (size_t i = 0; i < length; i++) {
        held = held << 8 | bytes[i];
        bits += 8;
        while (bits >= 5) {
            bits -= 5;
            *text++ = alphabet[held >> bits & 31];
        }
    }
    if (bits) {
        *text++ = alphabet[held << (5 - bits) & 31];
    }
    *text = '\0';
}
