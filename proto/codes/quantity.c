/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/codes/quantity.h"

#include "proto/status.h"

#define DIGITS_MOST 15

int quantity_read(const char *text, uint64_t least, uint64_t most, uint64_t *value)
{
    uint64_t result = 0;
    unsigned digits = 0;
    for (; *text >= '0' && *text <= '9' && digits < DIGITS_MOST; text++, digits++) {
        result = result * 10 + (uint64_t)(*text - '0');
    }
    if (digits == 0 || *text) {
        return STATUS_INVALID;
    }
    if (result < least || result > most) {
        return STATUS_TOO_LARGE;
    }
    *value = result;
    return STATUS_OK;
}

int quantity_read_percent(const char *text, uint32_t *percent)
{
    uint64_t value = 0;
    int status = quantity_read(text, 0, 100, &value);
    if (status == STATUS_OK) {
        *percent = (uint32_t)value;
    }
    return status;
}
