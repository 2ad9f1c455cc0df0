/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/codes/nsn.h"

#include <stdio.h>
#include <string.h>

#include "proto/status.h"

#define EXPECTED_NUMBER "NATO stock number, 13 digits"
#define EXPECTED_CLASS "4 digits of a supply class, or 13 of a stock number"
#define EXAMPLE "1320-12-345-6789"

static const struct {
    int group;
    const char *title;
} groups[] = {
#define NSN_GROUP(group, title) {group, title},
#include "proto/codes/nsn_groups.def"
#undef NSN_GROUP
};

static const char nations[][3] = {
#define NSN_NATION(code, country) code,
#define NCAGE_PATTERN(country, pattern)
#include "proto/codes/nsn_nations.def"
#undef NSN_NATION
#undef NCAGE_PATTERN
};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

const char *nsn_group_title(const char *number)
{
    if (number[0] < '0' || number[0] > '9' || number[1] < '0' || number[1] > '9') {
        return NULL;
    }
    int group = (number[0] - '0') * 10 + number[1] - '0';
    for (size_t at = 0; at < COUNT(groups); at++) {
        if (groups[at].group == group) {
            return groups[at].title;
        }
    }
    return NULL;
}

static bool is_nation(const char *code)
{
    for (size_t at = 0; at < COUNT(nations); at++) {
        if (strncmp(code, nations[at], 2) == 0) {
            return true;
        }
    }
    return false;
}

/* Copies the digits of NNNN-NN-NNN-NNNN, any hyphen of which may be absent; false where that is not the form. */
static bool take_digits(const char *text, char number[NSN_DIGITS + 1])
{
    size_t count = 0;
    for (const char *at = text; *at; at++) {
        if (*at == '-' && at != text && at[-1] != '-' && (count == 4 || count == 6 || count == 9)) {
            continue;
        }
        if (*at < '0' || *at > '9' || count == NSN_DIGITS) {
            return false;
        }
        number[count++] = *at;
    }
    number[count] = '\0';
    return count == NSN_DIGITS;
}

static size_t count_digits(const char *text)
{
    size_t digits = 0;
    for (; *text; text++) {
        digits += *text >= '0' && *text <= '9';
    }
    return digits;
}

static int refuse_group(const char *number, const char *expected, struct code_answer *answer)
{
    return code_refuse(answer, expected, "supply group %.2s is not assigned: look the number up in the codification data", number);
}

int nsn_read(const char *text, struct code_answer *answer)
{
    char number[NSN_DIGITS + 1];
    if (!take_digits(text, number)) {
        return code_refuse(answer, EXPECTED_NUMBER, "found %zu digits: write it as %s", count_digits(text), EXAMPLE);
    }
    if (!nsn_group_title(number)) {
        return refuse_group(number, EXPECTED_NUMBER, answer);
    }
    if (!is_nation(number + 4)) {
        return code_refuse(answer, EXPECTED_NUMBER, "no nation has the code %.2s in digits 5 and 6", number + 4);
    }
    return code_accept(answer, number);
}

int nsn_read_class(const char *text, struct code_answer *answer)
{
    if (code_is_digits(text, 4)) {
        return nsn_group_title(text) ? code_accept(answer, text) : refuse_group(text, EXPECTED_CLASS, answer);
    }
    if (nsn_read(text, answer) == STATUS_OK) {
        return STATUS_OK;
    }
    snprintf(answer->expected, sizeof answer->expected, "%s", EXPECTED_CLASS);
    return STATUS_INVALID;
}

void nsn_print(const char number[NSN_DIGITS + 1], char printed[NSN_PRINTED_SIZE])
{
    snprintf(printed, NSN_PRINTED_SIZE, "%.4s-%.2s-%.3s-%.4s", number, number + 4, number + 6, number + 9);
}
