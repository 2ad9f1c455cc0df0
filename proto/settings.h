/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_SETTINGS_H
#define PROTO_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/fund.pb-c.h"

/*
 * The exchange's own policy keys: how long rounds last, when a bundle lapses, how often prices may change. They stand in the
 * same policy as the matching model's keys, hold for the whole exchange (their item is empty) and never enter a market.
 * Constant tables: any thread.
 */

enum setting {
#define SETTING(key, name, value, least, most, meaning) key,
#define SETTING_LIST(key, name, value, form, meaning) key,
#include "proto/settings.def"
#undef SETTING
#undef SETTING_LIST
    SETTING_COUNT
};

/* Finds a key by its name; false where the exchange has none of that name. */
bool settings_find(const char *name, enum setting *setting);

const char *settings_name(enum setting setting);
uint64_t settings_default(enum setting setting);

/* Whether its value is a list: then settings_default(), settings_read() and settings_of() are not for it. */
bool settings_is_list(enum setting setting);

/* The default as it would be written. */
const char *settings_default_text(enum setting setting);

/* What a fault says is expected: "a whole number from 1 to 365: days that ...". Static text. */
const char *settings_expected(enum setting setting);

/* A value as written; an empty one is the default. False where it is no whole number within the key's limits. */
bool settings_read(enum setting setting, const char *value, uint64_t *number);

/* The value that a policy gives a key: its default where no entry names it, or none that can be read. */
uint64_t settings_of(Muster__PolicyEntry *const *policy, size_t count, enum setting setting);

/* The same of a list, as written. */
const char *settings_list_of(Muster__PolicyEntry *const *policy, size_t count, enum setting setting);

#endif
