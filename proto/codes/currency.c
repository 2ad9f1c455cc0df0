/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/codes/currency.h"

#include <stdlib.h>
#include <string.h>

#define EXPECTED "ISO 4217 currency"

struct currency {
    const char *code;
    int minor_units;
};

static const struct currency currencies[] = {
#define CURRENCY(code, minor_units, name) {code, minor_units},
#define CURRENCY_DATED(code, first, last)
#include "proto/codes/currency.def"
#undef CURRENCY
#undef CURRENCY_DATED
};

static const struct currency_dates {
    const char *code;
    uint32_t first;
    uint32_t last;
} dated[] = {
#define CURRENCY(code, minor_units, name)
#define CURRENCY_DATED(code, first, last) {code, first, last},
#include "proto/codes/currency.def"
#undef CURRENCY
#undef CURRENCY_DATED
};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static int by_code(const void *key, const void *element)
{
    return strcmp(key, ((const struct currency *)element)->code);
}

static const struct currency *find(const char *code)
{
    return bsearch(code, currencies, COUNT(currencies), sizeof currencies[0], by_code);
}

static const struct currency_dates *find_dates(const char *code)
{
    for (size_t at = 0; at < COUNT(dated); at++) {
        if (strcmp(code, dated[at].code) == 0) {
            return &dated[at];
        }
    }
    return NULL;
}

int currency_read(const char *text, uint32_t as_of, struct code_answer *answer)
{
    if (!find(text)) {
        return code_refuse(answer, EXPECTED, "write three capital letters of the list, such as EUR");
    }
    const struct currency_dates *dates = find_dates(text);
    if (dates && dates->last && (as_of == 0 || as_of > dates->last)) {
        return code_refuse(answer, EXPECTED, "%s was withdrawn after %u-%02u-%02u: state the amount in its successor", text,
                           dates->last / 10000, dates->last / 100 % 100, dates->last % 100);
    }
    if (dates && dates->first && as_of != 0 && as_of < dates->first) {
        return code_refuse(answer, EXPECTED, "%s is money only from %u-%02u-%02u on", text, dates->first / 10000,
                           dates->first / 100 % 100, dates->first % 100);
    }
    return code_accept(answer, text);
}

int currency_minor_units(const char *code)
{
    const struct currency *found = find(code);
    return found ? found->minor_units : -1;
}

bool currency_holds(const char *code, int64_t hundredths)
{
    const struct currency *found = find(code);
    return !found || found->minor_units > 0 || hundredths % 100 == 0;
}
