/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/admission.h"

#include <stdlib.h>
#include <string.h>

#include "proto/status.h"

#define FIXED_PART (32u + 1u + 8u + 1u)

struct admission {
    size_t count;
    struct admission_key keys[];
};

static void admission_write_number(uint8_t *at, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t admission_read_number(const uint8_t *at, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; i++)
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

int admission_pack(const struct admission_key *keys, size_t count, uint8_t **bytes, size_t *length)
{
    if (count > ADMISSION_KEYS_MOST)
        return STATUS_TOO_LARGE;
    uint8_t *start = malloc(4 + count * (FIXED_PART + ADMISSION_PARTY_MOST));
    if (start == NULL)
        return STATUS_NO_MEMORY;
    admission_write_number(start, count, 4);
    uint8_t *at = start + 4;
    for (size_t i = 0; i < count; i++) {
        size_t party = strnlen(keys[i].party, ADMISSION_PARTY_MOST);
        memcpy(at, keys[i].curve_key, 32);
        at[32] = keys[i].join_only ? 1 : 0;
        admission_write_number(at + 33, keys[i].expiry, 8);
        at[41] = (uint8_t)party;
        memcpy(at + FIXED_PART, keys[i].party, party);
        at += FIXED_PART + party;
    }
    *bytes = start;
    *length = (size_t)(at - start);
    return STATUS_OK;
}

static int admission_compare(const void *left, const void *right)
{
    const struct admission_key *a = left;
    const struct admission_key *b = right;
    return memcmp(a->curve_key, b->curve_key, sizeof a->curve_key);
}

int admission_unpack(const uint8_t *bytes, size_t length, struct admission **admission)
{
    if (length < 4)
        return STATUS_INVALID;
    size_t count = (size_t)admission_read_number(bytes, 4);
    if (count > ADMISSION_KEYS_MOST || count > (length - 4) / FIXED_PART)
        return STATUS_INVALID;
    struct admission *made = calloc(1, sizeof *made + count * sizeof made->keys[0]);
    if (made == NULL)
        return STATUS_NO_MEMORY;
    const uint8_t *at = bytes + 4;
    size_t left = length - 4;
    for (; made->count < count; made->count++) {
        struct admission_key *key = &made->keys[made->count];
        if (left < FIXED_PART || at[32] > 1 || at[41] > ADMISSION_PARTY_MOST || left - FIXED_PART < at[41])
            break;
        memcpy(key->curve_key, at, 32);
        key->join_only = at[32] == 1;
        key->expiry = admission_read_number(at + 33, 8);
        memcpy(key->party, at + FIXED_PART, at[41]);
        left -= FIXED_PART + at[41];
        at += FIXED_PART + at[41];
    }
    if (made->count != count || left != 0) {
        free(made);
        return STATUS_INVALID;
    }
    qsort(made->keys, count, sizeof made->keys[0], admission_compare);
    *admission = made;
    return STATUS_OK;
}

void admission_free(struct admission *admission)
{
    free(admission);
}

const struct admission_key *admission_find(const struct admission *admission, const uint8_t curve_key[32])
{
    if (admission == NULL || admission->count == 0)
        return NULL;
    struct admission_key wanted = {0};
    memcpy(wanted.curve_key, curve_key, sizeof wanted.curve_key);
    return bsearch(&wanted, admission->keys, admission->count, sizeof wanted, admission_compare);
}

bool admission_has(const struct admission *admission, const char *party, const uint8_t prefix[8])
{
    /* The first key that is not below the prefix; those that begin with it follow. */
    size_t low = 0;
    size_t high = admission_count(admission);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(admission->keys[middle].curve_key, prefix, 8) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < admission_count(admission) && memcmp(admission->keys[low].curve_key, prefix, 8) == 0; low++)
        if (strcmp(admission->keys[low].party, party) == 0)
            return true;
    return false;
}

size_t admission_count(const struct admission *admission)
{
    return admission == NULL ? 0 : admission->count;
}
