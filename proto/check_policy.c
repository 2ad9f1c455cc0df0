/* SPDX-License-Identifier: EUPL-1.2 */
#include <string.h>

#include "proto/check_field.h"
#include "proto/codes/country.h"
#include "proto/codes/quantity.h"
#include "proto/limits.h"
#include "proto/policy.h"
#include "proto/regions.h"
#include "proto/settings.h"
#include "proto/status.h"

/* The policy: keys of the matching model, and the exchange's own settings. */

#define PART_SIZE 16 /* a country or a weight */

/* Copies the part of a list up to the next ';' and moves on; false at the list's end or where a part is too long. */
static bool next_part(const char **list, char part[PART_SIZE])
{
    if (!*list) {
        return false;
    }
    size_t length = strcspn(*list, ";");
    if (length == 0 || length >= PART_SIZE) {
        part[0] = '\0';
    } else {
        memcpy(part, *list, length);
        part[length] = '\0';
    }
    *list = (*list)[length] ? *list + length + 1 : NULL;
    return true;
}

static bool is_weights(const char *value)
{
    char part[PART_SIZE];
    uint64_t before = LIMIT_WEIGHT_MOST;
    unsigned count = 0;
    for (const char *rest = value; next_part(&rest, part); count++) {
        if (quantity_read(part, 1, before, &before) != STATUS_OK) {
            return false;
        }
    }
    return count == POLICY_PRIORITIES;
}

/* Every part a country in its stored form, none twice; the order is free. */
static bool check_country_list(const char *value, struct faults *faults)
{
    char part[PART_SIZE];
    for (const char *rest = value; next_part(&rest, part);) {
        if (!country_is_stored(part)) {
            struct code_answer answer;
            int status = country_read(part, &answer);
            return check_code(faults, "value", part, status, &answer);
        }
        char other[PART_SIZE];
        for (const char *later = rest; next_part(&later, other);) {
            if (strcmp(part, other) == 0) {
                check_fault(faults, "value", part, "each country once", "write it once");
                return false;
            }
        }
    }
    return true;
}

static bool is_whole(const char *value, uint64_t most)
{
    uint64_t number;
    return quantity_read(value, 0, most, &number) == STATUS_OK;
}

/* Whether value has the form of key; lists of countries and currencies add their own fault. */
static bool check_value(enum policy_key key, const char *value, const struct check_context *context, struct faults *faults)
{
    bool good = true;
    switch (key) {
    case POLICY_BASE_CURRENCY: {
        struct check_context without_rates = *context;
        without_rates.rates = NULL; /* the base currency is what rates lead to */
        return check_currency(faults, "value", value, &without_rates);
    }
    case POLICY_EUROPEAN_COUNTRIES:
    case POLICY_EXCLUDED_ORIGINS:
        return check_country_list(value, faults);
    case POLICY_WEIGHTS:
        good = is_weights(value);
        break;
    case POLICY_CONTRACT_OVERHEAD:
        good = is_whole(value, (uint64_t)LIMIT_AMOUNT_MOST);
        break;
    case POLICY_MIN_NATIONS:
        good = is_whole(value, LIMIT_QUANTITY_MOST);
        break;
    case POLICY_SME_PREFERENCE:
    case POLICY_SME_MIN_SHARE:
    case POLICY_EUROPEAN_MIN_SHARE:
    case POLICY_EUROPEAN_MAX_SHARE:
    case POLICY_SUPPLIER_MAX_SHARE:
        good = is_whole(value, 100);
        break;
    case POLICY_AS_OF:
    case POLICY_KEYS:
        break;
    }
    if (!good) {
        check_fault(faults, "value", value, policy_key_form(key), "write it as in the default: %s", policy_key_default(key));
    }
    return good;
}

static void check_item_of(const Muster__PolicyEntry *entry, bool common, struct faults *faults)
{
    if (*entry->item && check_id(faults, "item", entry->item) && common) {
        check_fault(faults, "item", entry->item, "no item: this key holds for all lots", "leave the cell empty");
    }
}

static void check_regions(const char *value, enum setting setting, struct faults *faults)
{
    static const char *const remedies[] = {
        [REGIONS_GOOD] = "",
        [REGIONS_NAME] = "write a name of 3 to 12 small letters, then the codes of its countries",
        [REGIONS_REPEATED] = "name each region and country once; 'other' holds all that are not named",
        [REGIONS_EMPTY] = "write at least one country behind each name",
        [REGIONS_MANY] = "name at most 32 regions",
    };
    char part[PART_SIZE];
    enum regions_fault fault = regions_check(value, part, sizeof part);
    if (fault != REGIONS_GOOD) {
        check_fault(faults, "value", part, settings_expected(setting), "%s", remedies[fault]);
    }
}

void check_policy_entry(const Muster__PolicyEntry *entry, const struct check_context *context, struct faults *faults)
{
    enum policy_key key;
    enum setting setting;
    uint64_t number;
    bool text = check_text(faults, "value", entry->value, LIMIT_POLICY_VALUE_MOST, false);
    if (settings_find(entry->key, &setting)) {
        if (text && settings_is_list(setting)) {
            check_regions(entry->value, setting, faults);
        } else if (text && !settings_read(setting, entry->value, &number)) {
            check_fault(faults, "value", entry->value, settings_expected(setting), "write a number such as %u",
                        (unsigned)settings_default(setting));
        }
        check_item_of(entry, true, faults);
        return;
    }
    if (!policy_key_find(entry->key, &key)) {
        if (check_text(faults, "key", entry->key, LIMIT_ID_MOST, true)) {
            check_fault(faults, "key", entry->key, "a policy key", "write one of the documented keys, such as min_nations");
        }
        return;
    }
    if (key == POLICY_AS_OF) {
        check_fault(faults, "key", entry->key, "a key that the exchange does not set itself",
                    "leave the row out: each plan has its own date");
        return;
    }
    if (text && *entry->value) {
        check_value(key, entry->value, context, faults);
    }
    check_item_of(entry, policy_key_is_common(key), faults);
}

static int compare_entries(const Muster__PolicyEntry *a, const Muster__PolicyEntry *b)
{
    int order = strcmp(a->key, b->key);
    return order ? order : strcmp(a->item, b->item);
}

static void check_order(const Muster__PolicyChange *change, size_t at, struct faults *faults)
{
    int order = at ? compare_entries(change->entries[at - 1], change->entries[at]) : -1;
    if (order == 0) {
        check_fault(faults, "key", check_shown(change->entries[at]->key), "each key once, or once an item", "remove one of the two rows");
    } else if (order > 0) {
        check_fault(faults, "key", check_shown(change->entries[at]->key), "sorted by key and item",
                    "have the program that made the message sort it");
    }
}

/* The percent that a key has for an item (its own, else the common one, else the default), as far as it can be read. */
static uint32_t percent_of(const Muster__PolicyChange *change, enum policy_key key, const char *item)
{
    uint32_t percent = 0;
    quantity_read_percent(policy_key_default(key), &percent);
    for (int pass = 0; pass < 2; pass++) {
        for (size_t at = 0; at < change->n_entries; at++) {
            const Muster__PolicyEntry *entry = change->entries[at];
            if (strcmp(entry->key, policy_key_name(key)) == 0 && strcmp(entry->item, pass ? item : "") == 0) {
                quantity_read_percent(*entry->value ? entry->value : policy_key_default(key), &percent);
            }
        }
    }
    return percent;
}

/* A band whose least is above its most allows nothing. Seen from each entry that sets one of the two. */
static void check_band(const Muster__PolicyChange *change, size_t at, struct faults *faults)
{
    const Muster__PolicyEntry *entry = change->entries[at];
    bool least = strcmp(entry->key, policy_key_name(POLICY_EUROPEAN_MIN_SHARE)) == 0;
    bool most = strcmp(entry->key, policy_key_name(POLICY_EUROPEAN_MAX_SHARE)) == 0;
    if ((least || most) && percent_of(change, POLICY_EUROPEAN_MIN_SHARE, entry->item) >
                               percent_of(change, POLICY_EUROPEAN_MAX_SHARE, entry->item)) {
        check_fault(faults, "value", entry->value, "european_min_share no more than european_max_share",
                    "lower the one or raise the other");
    }
}

void check_policy(const Muster__PolicyChange *change, const struct check_context *context, struct faults *faults)
{
    if (!check_count(faults, "key", change->n_entries, LIMIT_POLICY_MOST)) {
        return;
    }
    for (size_t at = 0; at < change->n_entries; at++) {
        faults->change = (uint32_t)at;
        check_policy_entry(change->entries[at], context, faults);
        check_order(change, at, faults);
        check_band(change, at, faults);
    }
    faults->change = 0;
}
