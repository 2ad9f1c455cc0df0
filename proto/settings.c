/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/settings.h"

#include <string.h>

struct setting_row {
    const char *name;
    uint64_t value, least, most;
    const char *expected;
    const char *written; /* the default */
    bool list;
};

#define TEXT_OF(number) #number
static const struct setting_row rows[SETTING_COUNT] = {
#define SETTING(key, text, standard, lowest, highest, meaning)                                                                 \
    [key] = {.name = text,                                                                                                     \
             .value = standard,                                                                                                \
             .least = lowest,                                                                                                  \
             .most = highest,                                                                                                  \
             .written = TEXT_OF(standard),                                                                                     \
             .expected = "a whole number from " TEXT_OF(lowest) " to " TEXT_OF(highest) ": " meaning},
#define SETTING_LIST(key, name_text, standard, form, meaning)                                                                  \
    [key] = {.name = name_text, .list = true, .written = standard, .expected = form ": " meaning},
#include "proto/settings.def"
#undef SETTING
#undef SETTING_LIST
};

bool settings_find(const char *name, enum setting *setting)
{
    for (int at = 0; at < SETTING_COUNT; at++) {
        if (strcmp(rows[at].name, name) == 0) {
            *setting = (enum setting)at;
            return true;
        }
    }
    return false;
}

const char *settings_name(enum setting setting)
{
    return rows[setting].name;
}

uint64_t settings_default(enum setting setting)
{
    return rows[setting].value;
}

const char *settings_expected(enum setting setting)
{
    return rows[setting].expected;
}

bool settings_read(enum setting setting, const char *value, uint64_t *number)
{
    uint64_t sum = 0;
    size_t length = strlen(value);
    if (length == 0) {
        *number = rows[setting].value;
        return true;
    }
    for (size_t at = 0; at < length; at++) {
        if (length > 12 || value[at] < '0' || value[at] > '9')
            return false;
        sum = 10 * sum + (uint64_t)(value[at] - '0');
    }
    if (sum < rows[setting].least || sum > rows[setting].most)
        return false;
    *number = sum;
    return true;
}

uint64_t settings_of(Muster__PolicyEntry *const *policy, size_t count, enum setting setting)
{
    uint64_t number = rows[setting].value;
    for (size_t at = 0; at < count; at++) {
        if (strcmp(policy[at]->key, rows[setting].name) == 0 && !settings_read(setting, policy[at]->value, &number))
            number = rows[setting].value;
    }
    return number;
}

bool settings_is_list(enum setting setting)
{
    return rows[setting].list;
}

const char *settings_default_text(enum setting setting)
{
    return rows[setting].written;
}

const char *settings_list_of(Muster__PolicyEntry *const *policy, size_t count, enum setting setting)
{
    for (size_t at = 0; at < count; at++) {
        if (strcmp(policy[at]->key, rows[setting].name) == 0 && policy[at]->value[0] != '\0')
            return policy[at]->value;
    }
    return rows[setting].written;
}
