/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/codes/amount.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "proto/codes/currency.h"
#include "proto/limits.h"
#include "proto/status.h"

#define EXPECTED "amount, such as 1234.50"
#define MILLION UINT64_C(1000000)

/* whole digits, perhaps a point and up to places more, as a whole number of 10^-places; false where that is not the form. */
static bool read_decimal(const char *text, unsigned whole_most, unsigned places, uint64_t *value)
{
    uint64_t result = 0;
    unsigned count = 0;
    for (; *text >= '0' && *text <= '9'; text++) {
        if (count++ == whole_most) {
            return false;
        }
        result = result * 10 + (uint64_t)(*text - '0');
    }
    if (count == 0) {
        return false;
    }
    unsigned after = 0;
    if (*text == '.') {
        for (text++; *text >= '0' && *text <= '9'; text++) {
            if (after++ == places) {
                return false;
            }
            result = result * 10 + (uint64_t)(*text - '0');
        }
        if (after == 0) {
            return false;
        }
    }
    for (; after < places; after++) {
        result *= 10;
    }
    *value = result;
    return *text == '\0';
}

int amount_read(const char *text, int64_t *hundredths)
{
    uint64_t value = 0;
    if (!read_decimal(text, 13, 2, &value)) {
        return STATUS_INVALID;
    }
    *hundredths = (int64_t)value;
    return STATUS_OK;
}

int amount_read_in(const char *text, const char *currency, uint32_t as_of, int64_t *hundredths, struct code_answer *answer)
{
    int status = currency_read(currency, as_of, answer);
    if (status != STATUS_OK) {
        return status;
    }
    int64_t value = 0;
    if (amount_read(text, &value) != STATUS_OK) {
        return code_refuse(answer, EXPECTED, "write digits, and for cents a point and two more: 1234.50");
    }
    if (!currency_holds(currency, value)) {
        return code_refuse(answer, EXPECTED, "%s has no hundredths: write %" PRId64 " or %" PRId64, currency, value / 100,
                           value / 100 + 1);
    }
    *hundredths = value;
    return code_accept(answer, text);
}

void amount_write(int64_t hundredths, char text[AMOUNT_TEXT_SIZE])
{
    uint64_t size = hundredths < 0 ? -(uint64_t)hundredths : (uint64_t)hundredths;
    snprintf(text, AMOUNT_TEXT_SIZE, "%s%" PRIu64 ".%02u", hundredths < 0 ? "-" : "", size / 100, (unsigned)(size % 100));
}

int amount_read_rate(const char *text, uint64_t *millionths)
{
    uint64_t value = 0;
    if (!read_decimal(text, 9, 6, &value) || value == 0) {
        return STATUS_INVALID;
    }
    *millionths = value;
    return STATUS_OK;
}

void amount_write_rate(uint64_t millionths, char text[AMOUNT_TEXT_SIZE])
{
    int length = snprintf(text, AMOUNT_TEXT_SIZE, "%" PRIu64 ".%06u", millionths / MILLION, (unsigned)(millionths % MILLION));
    while (text[length - 1] == '0') {
        text[--length] = '\0';
    }
    if (text[length - 1] == '.') {
        text[--length] = '\0';
    }
}

int amount_to_base(int64_t hundredths, uint64_t millionths, int64_t *base_cents)
{
    if (hundredths < 0 || millionths == 0) {
        return STATUS_INVALID;
    }
    unsigned __int128 product = (unsigned __int128)(uint64_t)hundredths * millionths;
    unsigned __int128 whole = product / MILLION;
    uint64_t rest = (uint64_t)(product % MILLION);
    bool up = rest * 2 > MILLION || (rest * 2 == MILLION && whole % 2 == 1);
    whole += up;
    if (whole > (unsigned __int128)LIMIT_AMOUNT_MOST) {
        return STATUS_TOO_LARGE;
    }
    *base_cents = (int64_t)whole;
    return STATUS_OK;
}
