/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/variant.h"

#include <string.h>

#include "proto/cell.h"
#include "proto/policy.h"
#include "proto/status.h"

#define CEILING_KEY "max_unit_price"
#define LONG_OVER 19991231u /* a valid_until before every as_of */

/* One KEY[@OBJECT]=VALUE taken apart. */
struct setting {
    char *key, *object, *value; /* object "" where none */
};

static bool split_setting(const char *text, struct arena *arena, struct setting *setting)
{
    static char none[] = "";
    const char *equals = strchr(text, '=');
    if (!equals) {
        return false;
    }
    setting->key = arena_copy(arena, text, (size_t)(equals - text));
    setting->value = arena_string(arena, equals + 1);
    setting->object = none;
    if (!setting->key || !setting->value) {
        return false;
    }
    char *at = strchr(setting->key, '@');
    if (at) {
        *at = '\0';
        setting->object = at + 1;
    }
    return true;
}

static int refuse(struct faults *faults, const char *field, const char *found, const char *expected, const char *remedy)
{
    faults_add(faults, field, found, expected, remedy);
    return STATUS_INVALID;
}

static int set_ceiling(Muster__Market *market, const struct setting *setting, const char *text, struct arena *arena,
                       struct faults *faults)
{
    int64_t amount;
    if (!cell_amount(setting->value, &amount)) {
        return refuse(faults, "set", text, "an amount", "write " CEILING_KEY "@DEMAND=3410.00");
    }
    for (size_t n = 0; n < market->n_demands; n++) {
        if (strcmp(market->demands[n]->id, setting->object) == 0) {
            Muster__Demand *copy = arena_alloc(arena, sizeof *copy);
            if (!copy) {
                return STATUS_NO_MEMORY;
            }
            *copy = *market->demands[n];
            copy->max_unit_price = amount;
            market->demands[n] = copy;
            return STATUS_OK;
        }
    }
    return refuse(faults, "set", text, "a demand of this market", "write " CEILING_KEY "@DEMAND=3410.00");
}

static bool has_item(const Muster__Market *market, const char *item)
{
    for (size_t n = 0; n < market->n_items; n++) {
        if (strcmp(market->items[n]->id, item) == 0) {
            return true;
        }
    }
    return false;
}

/* Puts the entry in the place of those that it overrules: the same key for the item, or for all where it names none. */
static int set_policy(Muster__Market *market, const struct setting *setting, const char *text, struct arena *arena,
                      struct faults *faults)
{
    enum policy_key key;
    if (!policy_key_find(setting->key, &key)) {
        return refuse(faults, "set", text, "a policy key such as min_nations, or " CEILING_KEY "@DEMAND", "write one of them: muster policy template");
    }
    if (*setting->object && (policy_key_is_common(key) || !has_item(market, setting->object))) {
        return refuse(faults, "set", text, "an item of this market, and a key that may differ by item", "write KEY@ITEM=VALUE");
    }
    Muster__PolicyEntry **entries = arena_array(arena, market->n_policy + 1, sizeof *entries);
    Muster__PolicyEntry *entry = arena_alloc(arena, sizeof *entry);
    if (!entries || !entry) {
        return STATUS_NO_MEMORY;
    }
    size_t kept = 0;
    for (size_t n = 0; n < market->n_policy; n++) {
        const Muster__PolicyEntry *old = market->policy[n];
        bool overruled = strcmp(old->key, setting->key) == 0 && (!*setting->object || strcmp(old->item, setting->object) == 0);
        if (!overruled) {
            entries[kept++] = market->policy[n];
        }
    }
    muster__policy_entry__init(entry);
    entry->key = setting->key;
    entry->value = setting->value;
    entry->item = setting->object;
    entries[kept++] = entry;
    market->policy = entries;
    market->n_policy = kept;
    return STATUS_OK;
}

static int apply_set(Muster__Market *market, const char *text, struct arena *arena, struct faults *faults)
{
    struct setting setting;
    if (!split_setting(text, arena, &setting)) {
        return refuse(faults, "set", text, "KEY=VALUE", "write min_nations=3");
    }
    if (strcmp(setting.key, CEILING_KEY) == 0) {
        return set_ceiling(market, &setting, text, arena, faults);
    }
    return set_policy(market, &setting, text, arena, faults);
}

static uint64_t committed_of_line(const Muster__Market *market, const Muster__Demand *demand, uint32_t month)
{
    uint64_t total = 0;
    for (size_t n = 0; n < market->n_commitments; n++) {
        const Muster__Commitment *c = market->commitments[n];
        total += strcmp(c->demand, demand->id) == 0 && c->month == month ? c->quantity : 0;
    }
    return total;
}

/* The demand with its committed quantities only; *result NULL where it has none. */
static int keep_committed(const Muster__Market *market, const Muster__Demand *demand, struct arena *arena, Muster__Demand **result)
{
    Muster__Demand *copy = arena_alloc(arena, sizeof *copy);
    Muster__Line **lines = arena_array(arena, demand->n_lines, sizeof *lines);
    if (!copy || !lines) {
        return STATUS_NO_MEMORY;
    }
    *copy = *demand;
    copy->lines = lines;
    copy->n_lines = 0;
    for (size_t n = 0; n < demand->n_lines; n++) {
        uint64_t committed = committed_of_line(market, demand, demand->lines[n]->month);
        if (committed == 0) {
            continue;
        }
        Muster__Line *line = arena_alloc(arena, sizeof *line);
        if (!line) {
            return STATUS_NO_MEMORY;
        }
        *line = *demand->lines[n];
        line->quantity = committed;
        lines[copy->n_lines++] = line;
    }
    *result = copy->n_lines ? copy : NULL;
    return STATUS_OK;
}

static int leave_out_demands(Muster__Market *market, const char *id, struct arena *arena, bool *found)
{
    size_t kept = 0;
    for (size_t n = 0; n < market->n_demands; n++) {
        Muster__Demand *demand = market->demands[n];
        if (strcmp(demand->id, id) == 0 || strcmp(demand->country, id) == 0) {
            *found = true;
            if (keep_committed(market, demand, arena, &demand)) {
                return STATUS_NO_MEMORY;
            }
        }
        if (demand) {
            market->demands[kept++] = demand;
        }
    }
    market->n_demands = kept;
    return STATUS_OK;
}

static bool has_commitments(const Muster__Market *market, const Muster__Offer *offer)
{
    for (size_t n = 0; n < market->n_commitments; n++) {
        if (strcmp(market->commitments[n]->offer, offer->id) == 0) {
            return true;
        }
    }
    return false;
}

static int leave_out_offers(Muster__Market *market, const char *id, struct arena *arena, bool *found)
{
    size_t kept = 0;
    for (size_t n = 0; n < market->n_offers; n++) {
        Muster__Offer *offer = market->offers[n];
        if (strcmp(offer->id, id) != 0 && strcmp(offer->supplier, id) != 0) {
            market->offers[kept++] = offer;
            continue;
        }
        *found = true;
        if (has_commitments(market, offer)) {
            Muster__Offer *copy = arena_alloc(arena, sizeof *copy);
            if (!copy) {
                return STATUS_NO_MEMORY;
            }
            *copy = *offer;
            copy->valid_until = LONG_OVER;
            market->offers[kept++] = copy;
        }
    }
    market->n_offers = kept;
    return STATUS_OK;
}

static int leave_out(Muster__Market *market, const char *id, struct arena *arena, struct faults *faults)
{
    bool found = false;
    for (size_t n = 0; n < market->n_suppliers; n++) {
        found = found || strcmp(market->suppliers[n]->id, id) == 0; /* also one without offers */
    }
    if (leave_out_offers(market, id, arena, &found) || leave_out_demands(market, id, arena, &found)) {
        return STATUS_NO_MEMORY;
    }
    return found ? STATUS_OK
                 : refuse(faults, "without", id, "a supplier, country, demand or offer of this market", "write its id as in the files");
}

int match_variant_apply(const Muster__Market *market, const struct match_variant *variant, struct arena *arena,
                        struct faults *faults, Muster__Market **result)
{
    Muster__Market *copy = arena_alloc(arena, sizeof *copy);
    Muster__Demand **demands = arena_array(arena, market->n_demands, sizeof *demands);
    Muster__Offer **offers = arena_array(arena, market->n_offers, sizeof *offers);
    if (!copy || !demands || !offers) {
        return STATUS_NO_MEMORY;
    }
    *copy = *market;
    for (size_t n = 0; n < market->n_demands; n++) {
        demands[n] = market->demands[n];
    }
    for (size_t n = 0; n < market->n_offers; n++) {
        offers[n] = market->offers[n];
    }
    copy->demands = demands;
    copy->offers = offers;
    int status = STATUS_OK;
    for (size_t n = 0; n < variant->set_count && !status; n++) {
        status = apply_set(copy, variant->sets[n], arena, faults);
    }
    for (size_t n = 0; n < variant->without_count && !status; n++) {
        status = leave_out(copy, variant->without[n], arena, faults);
    }
    if (!status) {
        *result = copy;
    }
    return status;
}
