/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/codes/incoterm.h"

#include <stddef.h>
#include <string.h>

#define EXPECTED "rule, named place, Incoterms 2020"
#define EDITION ", Incoterms 2020"
#define RULE_LENGTH 3

static const struct {
    const char *rule;
    bool port;
} rules[] = {
#define INCOTERM(rule, port) {rule, port},
#define INCOTERM_OLD(rule, now)
#include "proto/codes/incoterm.def"
#undef INCOTERM
#undef INCOTERM_OLD
};

static const struct {
    const char *rule;
    const char *now;
} old_rules[] = {
#define INCOTERM(rule, port)
#define INCOTERM_OLD(rule, now) {rule, now},
#include "proto/codes/incoterm.def"
#undef INCOTERM
#undef INCOTERM_OLD
};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

int incoterm_read(const char *text, struct code_answer *answer)
{
    for (size_t at = 0; at < COUNT(old_rules); at++) {
        if (strncmp(text, old_rules[at].rule, RULE_LENGTH) == 0) {
            return code_refuse(answer, EXPECTED, "%s is of an older edition: write %s", old_rules[at].rule, old_rules[at].now);
        }
    }
    size_t found = 0;
    while (found < COUNT(rules) && strncmp(text, rules[found].rule, RULE_LENGTH) != 0) {
        found++;
    }
    if (found == COUNT(rules)) {
        return code_refuse(answer, EXPECTED, "write a rule of the edition, such as DAP Riga, Incoterms 2020");
    }
    size_t length = strlen(text);
    size_t edition = strlen(EDITION);
    if (length < edition || strcmp(text + length - edition, EDITION) != 0) {
        return code_refuse(answer, EXPECTED, "name the edition behind the place: DAP Riga, Incoterms 2020");
    }
    if (text[RULE_LENGTH] != ' ' || length < RULE_LENGTH + 2 + edition || length >= CODE_VALUE_SIZE) {
        return code_refuse(answer, EXPECTED, "name the %s, in at most 50 characters: %s %s, Incoterms 2020",
                           rules[found].port ? "port" : "place", rules[found].rule, rules[found].port ? "Riga port" : "Riga");
    }
    return code_accept(answer, text);
}
