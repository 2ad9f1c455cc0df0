/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/codes/lei.h"

#include <stddef.h>

#define EXPECTED "LEI, 20 characters"
#define LENGTH 20
#define CHECK_DIGITS 2

int lei_read(const char *text, struct code_answer *answer)
{
    unsigned rest = 0;
    size_t at = 0;
    for (; text[at] && at < LENGTH; at++) {
        if (text[at] >= '0' && text[at] <= '9') {
            rest = (rest * 10 + (unsigned)(text[at] - '0')) % 97;
        } else if (text[at] >= 'A' && text[at] <= 'Z' && at < LENGTH - CHECK_DIGITS) {
            rest = (rest * 100 + (unsigned)(text[at] - 'A') + 10) % 97;
        } else {
            return code_refuse(answer, EXPECTED, "18 capital letters or digits and two digits, such as 7LTWFZYICNSX8D621K86");
        }
    }
    if (at != LENGTH || text[at]) {
        return code_refuse(answer, EXPECTED, "it has %s than 20 characters", at == LENGTH ? "more" : "fewer");
    }
    if (rest != 1) {
        return code_refuse(answer, EXPECTED, "its check digits do not fit: a character is mistyped");
    }
    return code_accept(answer, text);
}
