/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/codes/notice.h"

#include <stddef.h>

#define UUID_LENGTH 36

static bool is_hexadecimal(char letter)
{
    return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'f');
}

/* True where letter may stand at this place of a UUID of version 4, variant 10. */
static bool fits(char letter, size_t at)
{
    if (at == 8 || at == 13 || at == 18 || at == 23) {
        return letter == '-';
    }
    if (at == 14) {
        return letter == '4';
    }
    if (at == 19) {
        return letter == '8' || letter == '9' || letter == 'a' || letter == 'b';
    }
    return is_hexadecimal(letter);
}

int notice_read(const char *text, struct code_answer *answer)
{
    char lower[UUID_LENGTH + 1] = "";
    size_t at = 0;
    for (; text[at] && at < UUID_LENGTH; at++) {
        lower[at] = (char)(text[at] >= 'A' && text[at] <= 'F' ? text[at] - 'A' + 'a' : text[at]);
        if (!fits(lower[at], at)) {
            break;
        }
    }
    if (at != UUID_LENGTH || text[at]) {
        return code_refuse(answer, "notice id, a UUID of version 4", "copy it from the notice: 8-4-4-4-12 digits and letters a to f");
    }
    return code_accept(answer, lower);
}

int notice_read_lot(const char *text, struct code_answer *answer)
{
    static const char prefix[] = "LOT-";
    for (size_t at = 0; at < sizeof prefix - 1; at++) {
        if (text[at] != prefix[at]) {
            return code_refuse(answer, "lot id", "write LOT- and four digits: LOT-0001");
        }
    }
    if (!code_is_digits(text + sizeof prefix - 1, 4)) {
        return code_refuse(answer, "lot id", "write LOT- and four digits: LOT-0001");
    }
    return code_accept(answer, text);
}
