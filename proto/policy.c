/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/policy.h"

#include <stdlib.h>
#include <string.h>

#include "proto/cell.h"
#include "proto/status.h"

#define PERCENT "a whole number from 0 to 100"

static const struct {
    const char *name, *standard, *form;
    bool common;
} keys[POLICY_KEYS] = {
    [POLICY_BASE_CURRENCY] = {"base_currency", "EUR", "a currency code", true},
    [POLICY_AS_OF] = {"as_of", "", "a date YYYY-MM-DD from 2000 to 2199", true},
    /* The 27 member states, Norway, Iceland, Liechtenstein and Ukraine. */
    [POLICY_EUROPEAN_COUNTRIES] = {"european_countries",
        "AT;BE;BG;HR;CY;CZ;DK;EE;FI;FR;DE;GR;HU;IE;IT;LV;LT;LU;MT;NL;PL;PT;RO;SK;SI;ES;SE;NO;IS;LI;UA",
        "country codes with ; between", true},
    [POLICY_WEIGHTS] = {"weights", "16;8;4;3;2", "five whole numbers from 1 to 1000 with ; between, none above the one before",
        false},
    [POLICY_SME_PREFERENCE] = {"sme_preference", "5", PERCENT, false},
    [POLICY_CONTRACT_OVERHEAD] = {"contract_overhead", "5000000", "base cents, a whole number from 0 to 10^13", false},
    [POLICY_MIN_NATIONS] = {"min_nations", "2", "a whole number from 0 to 10^9", false},
    [POLICY_SME_MIN_SHARE] = {"sme_min_share", "0", PERCENT, false},
    [POLICY_EUROPEAN_MIN_SHARE] = {"european_min_share", "0", PERCENT, false},
    [POLICY_EUROPEAN_MAX_SHARE] = {"european_max_share", "100", PERCENT, false},
    [POLICY_SUPPLIER_MAX_SHARE] = {"supplier_max_share", "100", PERCENT, false},
    [POLICY_EXCLUDED_ORIGINS] = {"excluded_origins", "", "country codes with ; between", false},
};

const char *policy_key_name(enum policy_key key)
{
    return keys[key].name;
}

const char *policy_key_default(enum policy_key key)
{
    return keys[key].standard;
}

const char *policy_key_form(enum policy_key key)
{
    return keys[key].form;
}

bool policy_key_find(const char *name, enum policy_key *key)
{
    for (int n = 0; n < POLICY_KEYS; n++) {
        if (strcmp(keys[n].name, name) == 0) {
            *key = (enum policy_key)n;
            return true;
        }
    }
    return false;
}

bool policy_key_is_common(enum policy_key key)
{
    return keys[key].common;
}

static int set_whole(const char *text, uint64_t most, int64_t *value)
{
    uint64_t number;
    if (!cell_whole(text, 0, most, &number)) {
        return STATUS_INVALID;
    }
    *value = (int64_t)number;
    return STATUS_OK;
}

static int set_weights(const char *text, struct arena *arena, struct policy_rules *rules)
{
    char **parts;
    size_t count;
    int status = cell_split(text, arena, &parts, &count);
    if (status || count != POLICY_PRIORITIES) {
        return status ? status : STATUS_INVALID;
    }
    uint64_t before = POLICY_WEIGHT_MOST;
    for (size_t n = 0; n < count; n++) {
        if (!cell_whole(parts[n], 1, before, &before)) {
            return STATUS_INVALID;
        }
        rules->weights[n] = (int64_t)before;
    }
    return STATUS_OK;
}

static int set_rule(struct policy_rules *rules, enum policy_key key, const char *text, struct arena *arena)
{
    switch (key) {
    case POLICY_WEIGHTS:
        return set_weights(text, arena, rules);
    case POLICY_SME_PREFERENCE:
        return set_whole(text, 100, &rules->sme_preference);
    case POLICY_CONTRACT_OVERHEAD:
        return set_whole(text, (uint64_t)CELL_AMOUNT_MOST, &rules->contract_overhead);
    case POLICY_MIN_NATIONS:
        return set_whole(text, CELL_QUANTITY_MOST, &rules->min_nations);
    case POLICY_SME_MIN_SHARE:
        return set_whole(text, 100, &rules->sme_min_share);
    case POLICY_EUROPEAN_MIN_SHARE:
        return set_whole(text, 100, &rules->european_min_share);
    case POLICY_EUROPEAN_MAX_SHARE:
        return set_whole(text, 100, &rules->european_max_share);
    case POLICY_SUPPLIER_MAX_SHARE:
        return set_whole(text, 100, &rules->supplier_max_share);
    case POLICY_EXCLUDED_ORIGINS:
        return cell_split(text, arena, &rules->excluded_origins.texts, &rules->excluded_origins.count);
    case POLICY_BASE_CURRENCY:
    case POLICY_AS_OF:
    case POLICY_EUROPEAN_COUNTRIES:
    case POLICY_KEYS:
        break;
    }
    return STATUS_INVALID;
}

static int set_common(struct policy *policy, enum policy_key key, const char *text, struct arena *arena)
{
    if (key == POLICY_BASE_CURRENCY) {
        policy->base_currency = text;
        return STATUS_OK;
    }
    if (key == POLICY_AS_OF) {
        return cell_date(text, &policy->as_of) && policy->as_of / 100 >= CELL_MONTH_FIRST &&
               policy->as_of / 100 <= CELL_MONTH_LAST ? STATUS_OK : STATUS_INVALID;
    }
    if (key == POLICY_EUROPEAN_COUNTRIES) {
        return cell_split(text, arena, &policy->european_countries.texts, &policy->european_countries.count);
    }
    return set_rule(&policy->common, key, text, arena);
}

static int set_defaults(struct policy *policy, struct arena *arena)
{
    for (int n = 0; n < POLICY_KEYS; n++) {
        if (n != POLICY_AS_OF && set_common(policy, (enum policy_key)n, keys[n].standard, arena)) {
            return STATUS_NO_MEMORY;
        }
    }
    return STATUS_OK;
}

/* The state of one reading: where a fault of an entry goes. */
struct entries {
    Muster__PolicyEntry *const *list;
    const uint32_t *row_number;
    struct faults *faults;
};

static void fault_at(const struct entries *entries, size_t n, const char *field, const char *found, const char *form,
                     const char *remedy)
{
    entries->faults->change = entries->row_number ? 0 : (uint32_t)n;
    entries->faults->row = entries->row_number ? entries->row_number[n] : 0;
    faults_add(entries->faults, field, found, form, remedy);
}

/* Sets one entry's value; in the item's rules where it names one. */
static int put(const struct entries *entries, size_t n, struct arena *arena, struct policy *policy)
{
    const Muster__PolicyEntry *entry = entries->list[n];
    enum policy_key key;
    if (!policy_key_find(entry->key, &key)) {
        fault_at(entries, n, "key", entry->key, "a policy key such as min_nations", "write one of them: muster policy template");
        return STATUS_OK;
    }
    if (*entry->item && keys[key].common) {
        fault_at(entries, n, "item", entry->item, "no item: this key holds for the whole market", "leave the cell empty");
        return STATUS_OK;
    }
    const char *value = *entry->value ? entry->value : keys[key].standard;
    int status = *entry->item ? set_rule(&policy->own[names_find(&policy->items, entry->item)], key, value, arena)
                              : set_common(policy, key, value, arena);
    if (status == STATUS_INVALID) {
        fault_at(entries, n, "value", entry->value, keys[key].form, key == POLICY_AS_OF ? "write 2027-02-01" : "correct the value");
        return STATUS_OK;
    }
    return status;
}

/* What must stand once: an entry's key and item. */
struct mark {
    const char *key, *item;
    size_t at;
};

static int compare_marks(const void *left, const void *right)
{
    const struct mark *a = left, *b = right;
    int order = strcmp(a->key, b->key);
    order = order ? order : strcmp(a->item, b->item);
    return order ? order : (a->at > b->at) - (a->at < b->at);
}

static int refuse_repeated(const struct entries *entries, size_t count, struct arena *arena)
{
    struct mark *marks = arena_array(arena, count, sizeof *marks);
    if (!marks) {
        return STATUS_NO_MEMORY;
    }
    for (size_t n = 0; n < count; n++) {
        marks[n] = (struct mark){entries->list[n]->key, entries->list[n]->item, n};
    }
    qsort(marks, count, sizeof *marks, compare_marks);
    for (size_t n = 1; n < count; n++) {
        if (strcmp(marks[n - 1].key, marks[n].key) == 0 && strcmp(marks[n - 1].item, marks[n].item) == 0) {
            fault_at(entries, marks[n].at, "key", marks[n].key, "each key once, or once an item", "remove one of the two");
        }
    }
    return STATUS_OK;
}

/* The items that have rules of their own; several entries of one share the place of its first. */
static int list_items(const struct entries *entries, size_t count, struct arena *arena, struct policy *policy)
{
    struct names all;
    if (names_init(&all, arena, count) || names_init(&policy->items, arena, count)) {
        return STATUS_NO_MEMORY;
    }
    for (size_t n = 0; n < count; n++) {
        if (*entries->list[n]->item) {
            names_add(&all, entries->list[n]->item, (uint32_t)n);
        }
    }
    names_sort(&all);
    for (size_t n = 0; n < all.count; n++) {
        if (n == 0 || strcmp(all.entries[n - 1].name, all.entries[n].name) != 0) {
            names_add(&policy->items, all.entries[n].name, (uint32_t)policy->items.count);
        }
    }
    policy->own = arena_array(arena, policy->items.count, sizeof *policy->own);
    return policy->own ? STATUS_OK : STATUS_NO_MEMORY;
}

int policy_read(Muster__PolicyEntry *const *list, size_t count, const uint32_t *row_number, struct arena *arena,
                struct faults *faults, struct policy *policy)
{
    const struct entries entries = {list, row_number, faults};
    size_t before = faults->errors;
    *policy = (struct policy){.base_currency = ""};
    int status = set_defaults(policy, arena);
    if (!status) {
        status = refuse_repeated(&entries, count, arena);
    }
    if (!status) {
        status = list_items(&entries, count, arena, policy);
    }
    bool dated = false;
    for (size_t n = 0; n < count && !status; n++) {
        if (!*list[n]->item) {
            status = put(&entries, n, arena, policy);
            dated = dated || strcmp(list[n]->key, keys[POLICY_AS_OF].name) == 0;
        }
    }
    for (size_t n = 0; n < policy->items.count && !status; n++) {
        policy->own[n] = policy->common;
    }
    for (size_t n = 0; n < count && !status; n++) {
        if (*list[n]->item) {
            status = put(&entries, n, arena, policy);
        }
    }
    faults->row = 0;
    faults->change = 0;
    if (!status && !dated) {
        faults_add(faults, "key", "", "an entry as_of: the engine has no other clock", "add a row as_of,2027-02-01");
    }
    return status ? status : faults->errors > before ? STATUS_INVALID : STATUS_OK;
}

const struct policy_rules *policy_rules_of(const struct policy *policy, const char *item)
{
    size_t at = names_find(&policy->items, item);
    return at == NAMES_NONE ? &policy->common : &policy->own[at];
}
