/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/codes/locode.h"

#include <string.h>

#include "proto/codes/country.h"
#include "proto/status.h"

#define EXPECTED "UN/LOCODE"
#define EXPECTED_PLACE "country or UN/LOCODE"
#define EXPECTED_PREFIX "country, UN/LOCODE or *"

static bool has_place_form(const char *text)
{
    for (size_t at = 0; at < 3; at++) {
        bool good = (text[at] >= 'A' && text[at] <= 'Z') || (text[at] >= '2' && text[at] <= '9');
        if (!good) {
            return false;
        }
    }
    return text[3] == '\0';
}

static int read_locode(const char *text, const char *expected, struct code_answer *answer)
{
    char code[6] = "";
    if (strlen(text) == 6 && text[2] == ' ') {
        memcpy(code, text, 2);
        memcpy(code + 2, text + 3, 3);
    } else if (strlen(text) == 5) {
        memcpy(code, text, 5);
    }
    char country[3] = {code[0], code[1], '\0'};
    /* Places of Gambia begin with GM all the same: three more letters leave no doubt. */
    bool known = country_is_stored(country) || strcmp(country, "GM") == 0;
    if (!known || !has_place_form(code + 2)) {
        return code_refuse(answer, expected, "write a country such as NL, or a place such as NLRTM for Rotterdam");
    }
    return code_accept(answer, code);
}

int locode_read(const char *text, struct code_answer *answer)
{
    return read_locode(text, EXPECTED, answer);
}

static int read_place(const char *text, const char *expected, struct code_answer *answer)
{
    if (strlen(text) > 3) {
        return read_locode(text, expected, answer);
    }
    return country_read(text, answer);
}

int locode_read_place(const char *text, struct code_answer *answer)
{
    return read_place(text, EXPECTED_PLACE, answer);
}

int locode_read_prefix(const char *text, struct code_answer *answer)
{
    return strcmp(text, "*") == 0 ? code_accept(answer, text) : read_place(text, EXPECTED_PREFIX, answer);
}
