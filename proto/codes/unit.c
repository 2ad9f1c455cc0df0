/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/codes/unit.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#define EXPECTED "unit of issue (UN/CEFACT Rec 20)"

static const struct {
    const char *code;
    const char *name;
} units[] = {
#define UNIT(code, name) {code, name},
#define UNIT_WRONG(written, code, why)
#include "proto/codes/unit.def"
#undef UNIT
#undef UNIT_WRONG
};

static const struct {
    const char *written;
    const char *code;
    const char *why;
} wrong_units[] = {
#define UNIT(code, name)
#define UNIT_WRONG(written, code, why) {written, code, why},
#include "proto/codes/unit.def"
#undef UNIT
#undef UNIT_WRONG
};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

const char *unit_name(const char *code)
{
    for (size_t at = 0; at < COUNT(units); at++) {
        if (strcmp(code, units[at].code) == 0) {
            return units[at].name;
        }
    }
    return NULL;
}

int unit_read(const char *text, struct code_answer *answer)
{
    if (unit_name(text)) {
        return code_accept(answer, text);
    }
    for (size_t at = 0; at < COUNT(wrong_units); at++) {
        if (strcasecmp(text, wrong_units[at].written) == 0) {
            return code_refuse(answer, EXPECTED, "write %s; %s", wrong_units[at].code, wrong_units[at].why);
        }
    }
    for (size_t at = 0; at < COUNT(units); at++) {
        if (strcasecmp(text, units[at].code) == 0) {
            return code_refuse(answer, EXPECTED, "write %s, in capitals", units[at].code);
        }
    }
    return code_refuse(answer, EXPECTED, "write a code of the list, such as EA for each");
}
