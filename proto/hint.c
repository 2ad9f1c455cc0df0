/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/hint.h"

#include <string.h>

static const char hint_magic[4] = {'M', 'S', 'H', '1'};

void hint_write(enum hint hint, uint8_t bytes[HINT_SIZE])
{
    memcpy(bytes, hint_magic, sizeof hint_magic);
    bytes[4] = (uint8_t)hint;
}

int hint_read(const void *bytes, size_t length)
{
    const uint8_t *at = bytes;
    if (length != HINT_SIZE || memcmp(at, hint_magic, sizeof hint_magic) != 0)
        return 0;
    return at[4] >= HINT_BUSY && at[4] <= HINT_MALFORMED ? at[4] : 0;
}
