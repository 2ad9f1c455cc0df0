/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/codes/code.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "proto/status.h"

static void fill(struct code_answer *answer, const char *value, const char *expected)
{
    *answer = (struct code_answer){0};
    snprintf(answer->value, sizeof answer->value, "%s", value);
    snprintf(answer->expected, sizeof answer->expected, "%s", expected);
}

int code_accept(struct code_answer *answer, const char *value)
{
    fill(answer, value, "");
    return STATUS_OK;
}

int code_doubt(struct code_answer *answer, const char *value, const char *expected, const char *remedy, ...)
{
    fill(answer, value, expected);
    answer->doubtful = true;
    va_list arguments;
    va_start(arguments, remedy);
    vsnprintf(answer->remedy, sizeof answer->remedy, remedy, arguments);
    va_end(arguments);
    return STATUS_OK;
}

int code_refuse(struct code_answer *answer, const char *expected, const char *remedy, ...)
{
    fill(answer, "", expected);
    va_list arguments;
    va_start(arguments, remedy);
    vsnprintf(answer->remedy, sizeof answer->remedy, remedy, arguments);
    va_end(arguments);
    return STATUS_INVALID;
}

static bool all_between(const char *text, unsigned length, char least, char most)
{
    for (unsigned at = 0; at < length; at++) {
        if (text[at] < least || text[at] > most) {
            return false;
        }
    }
    return text[length] == '\0';
}

bool code_is_digits(const char *text, unsigned length)
{
    return all_between(text, length, '0', '9');
}

bool code_is_upper(const char *text, unsigned length)
{
    return all_between(text, length, 'A', 'Z');
}
