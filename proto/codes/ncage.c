/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/codes/ncage.h"

#include <stddef.h>
#include <string.h>

#include "proto/codes/country.h"

#define EXPECTED "NCAGE, 5 capital letters or digits"
#define LENGTH 5

static const struct {
    const char *country;
    const char *pattern;
} patterns[] = {
#define NSN_NATION(code, country)
#define NCAGE_PATTERN(country, pattern) {country, pattern},
#include "proto/codes/nsn_nations.def"
#undef NSN_NATION
#undef NCAGE_PATTERN
};

#define COUNT (sizeof patterns / sizeof patterns[0])

static bool is_digit(char letter)
{
    return letter >= '0' && letter <= '9';
}

static bool has_form(const char *text)
{
    for (size_t at = 0; at < LENGTH; at++) {
        if (!is_digit(text[at]) && (text[at] < 'A' || text[at] > 'Z')) {
            return false;
        }
    }
    return text[LENGTH] == '\0';
}

static bool fits(const char *text, const char *pattern)
{
    for (size_t at = 0; at < LENGTH; at++) {
        bool good = pattern[at] == '*' || (pattern[at] == '#' ? is_digit(text[at]) : text[at] == pattern[at]);
        if (!good) {
            return false;
        }
    }
    return true;
}

int ncage_read(const char *text, const char *country, struct code_answer *answer)
{
    if (!has_form(text)) {
        return code_refuse(answer, EXPECTED, "write it as the nation's bureau gave it, such as CNP90");
    }
    const char *pattern = NULL;
    for (size_t at = 0; at < COUNT && country; at++) {
        if (strcmp(patterns[at].country, country) != 0) {
            continue;
        }
        if (fits(text, patterns[at].pattern)) {
            return code_accept(answer, text);
        }
        pattern = patterns[at].pattern;
    }
    if (!pattern) {
        return code_accept(answer, text);
    }
    return code_doubt(answer, text, EXPECTED, "codes of %s look like %s (# a digit, * either): check it", country_name(country),
                      pattern);
}
