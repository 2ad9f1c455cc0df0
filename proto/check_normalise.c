/* SPDX-License-Identifier: EUPL-1.2 */
#include <stdlib.h>
#include <string.h>

#include "proto/attribute.h"
#include "proto/check.h"
#include "proto/codes/aqap.h"
#include "proto/codes/country.h"
#include "proto/codes/locode.h"
#include "proto/codes/nsn.h"
#include "proto/policy.h"
#include "proto/status.h"
#include "proto/text.h"

/* Messages into their stored form, for clients. */

#define POLICY_PART_MOST 16 /* bytes of a country or a weight with blanks around */

/* What is not valid UTF-8 stays, for check_* to name; only memory is a failure. */
static int put_text(struct arena *arena, char **text)
{
    char *made = text_normalise(arena, *text);
    if (!made) {
        return text_is_utf8(*text, strlen(*text)) ? STATUS_NO_MEMORY : STATUS_OK;
    }
    *text = made;
    return STATUS_OK;
}

static int put_code(struct arena *arena, char **text, int status, const struct code_answer *answer)
{
    if (status != STATUS_OK || strcmp(*text, answer->value) == 0) {
        return STATUS_OK;
    }
    char *made = arena_string(arena, answer->value);
    if (!made) {
        return STATUS_NO_MEMORY;
    }
    *text = made;
    return STATUS_OK;
}

static int put_country(struct arena *arena, char **text)
{
    struct code_answer answer;
    int status = put_text(arena, text);
    return status != STATUS_OK ? status : put_code(arena, text, country_read(*text, &answer), &answer);
}

static int put_certificate(struct arena *arena, char **text)
{
    struct code_answer answer;
    int status = put_text(arena, text);
    if (status != STATUS_OK || !aqap_is_meant(*text)) {
        return status;
    }
    return put_code(arena, text, aqap_read(*text, &answer), &answer);
}

/* Takes the blanks around the sign off. */
static int put_requirement(struct arena *arena, char **text)
{
    struct attribute_requirement read;
    int status = put_text(arena, text);
    if (status != STATUS_OK || attribute_read(*text, &read) != STATUS_OK) {
        return status;
    }
    const char *sign = read.operator == ATTRIBUTE_EQUAL ? "=" : read.operator == ATTRIBUTE_LEAST ? ">=" : "<=";
    if (strlen(*text) == read.name_length + strlen(sign) + read.value_length) {
        return STATUS_OK;
    }
    char *made = arena_format(arena, "%.*s%s%.*s", (int)read.name_length, read.name, sign, (int)read.value_length, read.value);
    if (!made) {
        return STATUS_NO_MEMORY;
    }
    *text = made;
    return STATUS_OK;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_pointers(void *list, size_t count, int (*compare)(const void *, const void *))
{
    if (count > 1) {
        qsort(list, count, sizeof(void *), compare);
    }
}

static int put_set(struct arena *arena, char **set, size_t count, int (*put)(struct arena *, char **))
{
    for (size_t at = 0; at < count; at++) {
        int status = put(arena, &set[at]);
        if (status != STATUS_OK) {
            return status;
        }
    }
    sort_pointers(set, count, by_text);
    return STATUS_OK;
}

int check_normalise_party(struct arena *arena, Muster__Party *party)
{
    int status = put_text(arena, &party->id);
    status = status ? status : put_text(arena, &party->name);
    status = status ? status : put_country(arena, &party->country);
    status = status ? status : put_text(arena, &party->ncage);
    return status ? status : put_text(arena, &party->contact);
}

int check_normalise_item(struct arena *arena, const struct cpv_list *cpv, Muster__Item *item)
{
    struct code_answer answer;
    char **const texts[] = {&item->id, &item->title, &item->nsc, &item->cpv, &item->unit};
    for (size_t at = 0; at < sizeof texts / sizeof texts[0]; at++) {
        int status = put_text(arena, texts[at]);
        if (status != STATUS_OK) {
            return status;
        }
    }
    int status = put_code(arena, &item->nsc, nsn_read_class(item->nsc, &answer), &answer);
    return status ? status : put_code(arena, &item->cpv, cpv_read(cpv, item->cpv, &answer), &answer);
}

static int by_line(const void *a, const void *b)
{
    const Muster__Line *left = *(Muster__Line *const *)a;
    const Muster__Line *right = *(Muster__Line *const *)b;
    return left->month != right->month ? (left->month > right->month) - (left->month < right->month)
                                       : (left->quantity > right->quantity) - (left->quantity < right->quantity);
}

int check_normalise_demand(struct arena *arena, Muster__Demand *demand)
{
    struct code_answer answer;
    char **const texts[] = {&demand->id, &demand->item, &demand->currency, &demand->place, &demand->fund};
    int status = put_country(arena, &demand->country);
    for (size_t at = 0; status == STATUS_OK && at < sizeof texts / sizeof texts[0]; at++) {
        status = put_text(arena, texts[at]);
    }
    if (status == STATUS_OK) {
        status = put_code(arena, &demand->place, locode_read_place(demand->place, &answer), &answer);
    }
    sort_pointers(demand->lines, demand->n_lines, by_line);
    status = status ? status : put_set(arena, demand->requires, demand->n_requires, put_requirement);
    status = status ? status : put_set(arena, demand->certificates, demand->n_certificates, put_certificate);
    return status ? status : put_set(arena, demand->exclude_origins, demand->n_exclude_origins, put_country);
}

static int by_prefix(const void *a, const void *b)
{
    return strcmp((*(Muster__Freight *const *)a)->prefix, (*(Muster__Freight *const *)b)->prefix);
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(Muster__Attribute *const *)a)->name, (*(Muster__Attribute *const *)b)->name);
}

static int by_country(const void *a, const void *b)
{
    return strcmp((*(Muster__Origin *const *)a)->country, (*(Muster__Origin *const *)b)->country);
}

static int put_conditions(struct arena *arena, Muster__Offer *offer)
{
    int status = STATUS_OK;
    for (size_t at = 0; status == STATUS_OK && at < offer->n_freight; at++) {
        struct code_answer answer;
        char **prefix = &offer->freight[at]->prefix;
        status = put_text(arena, prefix);
        status = status ? status : put_code(arena, prefix, locode_read_prefix(*prefix, &answer), &answer);
    }
    for (size_t at = 0; status == STATUS_OK && at < offer->n_provides; at++) {
        status = put_text(arena, &offer->provides[at]->name);
        status = status ? status : put_text(arena, &offer->provides[at]->value);
    }
    for (size_t at = 0; status == STATUS_OK && at < offer->n_origin; at++) {
        status = put_country(arena, &offer->origin[at]->country);
    }
    sort_pointers(offer->freight, offer->n_freight, by_prefix);
    sort_pointers(offer->provides, offer->n_provides, by_name);
    sort_pointers(offer->origin, offer->n_origin, by_country);
    return status;
}

int check_normalise_offer(struct arena *arena, Muster__Offer *offer)
{
    char **const texts[] = {&offer->id, &offer->supplier, &offer->item, &offer->currency};
    int status = put_conditions(arena, offer);
    for (size_t at = 0; status == STATUS_OK && at < sizeof texts / sizeof texts[0]; at++) {
        status = put_text(arena, texts[at]);
    }
    status = status ? status : put_set(arena, offer->certificates, offer->n_certificates, put_certificate);
    return status ? status : put_set(arena, offer->destinations, offer->n_destinations, put_country);
}

int check_normalise_fund(struct arena *arena, Muster__Fund *fund)
{
    int status = put_text(arena, &fund->id);
    status = status ? status : put_text(arena, &fund->currency);
    return status ? status : put_set(arena, fund->countries, fund->n_countries, put_country);
}

static int by_currency(const void *a, const void *b)
{
    return strcmp((*(Muster__Rate *const *)a)->currency, (*(Muster__Rate *const *)b)->currency);
}

int check_normalise_rates(struct arena *arena, Muster__RatesChange *change)
{
    for (size_t at = 0; at < change->n_rates; at++) {
        int status = put_text(arena, &change->rates[at]->currency);
        if (status != STATUS_OK) {
            return status;
        }
    }
    sort_pointers(change->rates, change->n_rates, by_currency);
    return STATUS_OK;
}

static int by_key(const void *a, const void *b)
{
    const Muster__PolicyEntry *left = *(Muster__PolicyEntry *const *)a;
    const Muster__PolicyEntry *right = *(Muster__PolicyEntry *const *)b;
    int order = strcmp(left->key, right->key);
    return order ? order : strcmp(left->item, right->item);
}

/* A value's list without blanks around its parts or empty parts, each put into its form; the order stays. */
static int put_list(struct arena *arena, char **value, int (*put)(struct arena *, char **))
{
    size_t length = strlen(*value);
    char *made = arena_alloc(arena, length + 1);
    if (!made) {
        return STATUS_NO_MEMORY;
    }
    size_t used = 0;
    for (const char *rest = *value; *rest;) {
        size_t part_length = strcspn(rest, ";");
        char part[POLICY_PART_MOST];
        char *text = part;
        if (part_length >= sizeof part) {
            return STATUS_OK; /* no code is that long: left as it is */
        }
        memcpy(part, rest, part_length);
        part[part_length] = '\0';
        int status = put(arena, &text);
        if (status != STATUS_OK) {
            return status;
        }
        size_t text_length = strlen(text);
        if (text_length > 0) {
            /* The list is in NFC and a stored code no longer than what was written: the old room holds the new list. */
            if (used > 0) {
                made[used++] = ';';
            }
            memcpy(made + used, text, text_length);
            used += text_length;
        }
        rest += part_length + (rest[part_length] == ';');
    }
    made[used] = '\0';
    *value = made;
    return STATUS_OK;
}

/* Three letters may be a country in one key and a currency in another. */
static bool is_of_countries(const char *name)
{
    enum policy_key key;
    return policy_key_find(name, &key) && (key == POLICY_EUROPEAN_COUNTRIES || key == POLICY_EXCLUDED_ORIGINS);
}

int check_normalise_policy(struct arena *arena, Muster__PolicyChange *change)
{
    for (size_t at = 0; at < change->n_entries; at++) {
        Muster__PolicyEntry *entry = change->entries[at];
        int status = put_text(arena, &entry->key);
        status = status ? status : put_text(arena, &entry->value);
        status = status ? status : put_list(arena, &entry->value, is_of_countries(entry->key) ? put_country : put_text);
        status = status ? status : put_text(arena, &entry->item);
        if (status != STATUS_OK) {
            return status;
        }
    }
    sort_pointers(change->entries, change->n_entries, by_key);
    return STATUS_OK;
}
