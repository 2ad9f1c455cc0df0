/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/simulate/ledger.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "proto/entry.h"
#include "proto/envelope.h"
#include "proto/status.h"
#include "store/log.h"
#include "tests/simulate/reading.h"
#include "tests/simulate/run.h"

static void *grown(void *list, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return list;
    *capacity = *capacity == 0 ? 64 : 2 * *capacity;
    list = realloc(list, *capacity * size);
    if (list == NULL)
        abort();
    return list;
}

/* --- what is known --------------------------------------------------------------------------------------------- */

struct ledger_key *ledger_key(struct ledger *ledger, const char *party, const uint8_t signing_key[32])
{
    for (size_t at = 0; at < ledger->key_count; at++)
        if (memcmp(ledger->keys[at].signing_key, signing_key, 32) == 0 && strcmp(ledger->keys[at].party, party) == 0)
            return &ledger->keys[at];
    return NULL;
}

struct ledger_key *ledger_add_key(struct ledger *ledger, const char *party, const uint8_t signing_key[32])
{
    ledger->keys = grown(ledger->keys, ledger->key_count, &ledger->key_capacity, sizeof *ledger->keys);
    struct ledger_key *key = &ledger->keys[ledger->key_count++];
    *key = (struct ledger_key){0};
    strncpy(key->party, party, sizeof key->party - 1);
    memcpy(key->signing_key, signing_key, sizeof key->signing_key);
    return key;
}

struct ledger_party *ledger_party(struct ledger *ledger, const char *id)
{
    for (size_t at = 0; at < ledger->party_count; at++)
        if (strcmp(ledger->parties[at].id, id) == 0)
            return &ledger->parties[at];
    ledger->parties = grown(ledger->parties, ledger->party_count, &ledger->party_capacity, sizeof *ledger->parties);
    struct ledger_party *party = &ledger->parties[ledger->party_count++];
    *party = (struct ledger_party){0};
    strncpy(party->id, id, sizeof party->id - 1);
    return party;
}

struct ledger_object *ledger_object(struct ledger *ledger, const char *name)
{
    for (size_t at = 0; at < ledger->object_count; at++)
        if (strcmp(ledger->objects[at].name, name) == 0)
            return &ledger->objects[at];
    ledger->objects = grown(ledger->objects, ledger->object_count, &ledger->object_capacity, sizeof *ledger->objects);
    struct ledger_object *object = &ledger->objects[ledger->object_count++];
    *object = (struct ledger_object){0};
    strncpy(object->name, name, sizeof object->name - 1);
    return object;
}

struct ledger_bundle *ledger_bundle(struct ledger *ledger, uint64_t number)
{
    for (size_t at = 0; at < ledger->bundle_count; at++)
        if (ledger->bundles[at].number == number)
            return &ledger->bundles[at];
    ledger->bundles = grown(ledger->bundles, ledger->bundle_count, &ledger->bundle_capacity, sizeof *ledger->bundles);
    struct ledger_bundle *bundle = &ledger->bundles[ledger->bundle_count++];
    *bundle = (struct ledger_bundle){.number = number};
    return bundle;
}

/* --- following ------------------------------------------------------------------------------------------------- */

static void ledger_read_one(struct run *run, struct store_txn *txn, uint64_t position)
{
    struct ledger *ledger = &run->ledger;
    struct log_entry entry;
    ledger->entries = grown(ledger->entries, ledger->size, &ledger->capacity, sizeof *ledger->entries);
    struct ledger_entry *kept = &ledger->entries[position];
    if (log_read(txn, position, &entry) != STATUS_OK || log_leaf(txn, position, kept->leaf) != STATUS_OK) {
        run_finding(run, "log", "entry %" PRIu64 " can't be read", position);
        return;
    }
    kept->time = entry.time;
    if (position > 0 && kept->time < ledger->entries[position - 1].time)
        run_finding(run, "time", "the time of entry %" PRIu64 " falls", position);
    ledger->size = position + 1;
    reading_entry(run, txn, &entry, position >= ledger->verified);
    if (ledger->verified < ledger->size)
        ledger->verified = ledger->size;
}

/* How many of the entries that were read before still stand as they were. */
static uint64_t ledger_common(struct run *run, struct store_txn *txn, uint64_t size)
{
    struct ledger *ledger = &run->ledger;
    uint8_t leaf[TLOG_HASH_SIZE];
    uint64_t common = size < ledger->size ? size : ledger->size;
    while (common > 0 && (log_leaf(txn, common - 1, leaf) != STATUS_OK || memcmp(leaf, ledger->entries[common - 1].leaf, sizeof leaf) != 0))
        common--;
    return common;
}

void ledger_follow(struct run *run, struct store_txn *txn)
{
    struct ledger *ledger = &run->ledger;
    uint64_t size = 0;
    if (log_size(txn, &size) != STATUS_OK) {
        run_finding(run, "log", "its size can't be read");
        return;
    }
    uint64_t common = ledger_common(run, txn, size);
    if (common < ledger->size) {
        if (!ledger->may_shrink)
            run_finding(run, "log", "entries from %" PRIu64 " on are gone or changed, and no power was cut", common);
        run_note(run, "log goes back from %zu to %" PRIu64, ledger->size, common);
        ledger->size = 0;
        ledger->verified = common;
        ledger->key_count = ledger->party_count = ledger->object_count = ledger->bundle_count = 0;
    }
    ledger->may_shrink = false;
    for (uint64_t position = ledger->size; position < size && !run->found; position++) {
        arena_rewind(&run->look);
        ledger_read_one(run, txn, position);
    }
    run->figures.entries = ledger->size > run->figures.entries ? ledger->size : run->figures.entries;
}

/* --- heads ----------------------------------------------------------------------------------------------------- */

void ledger_shown(struct run *run, size_t client, const struct tlog_head *head)
{
    struct ledger *ledger = &run->ledger;
    for (size_t at = 0; at < ledger->head_count; at++) {
        const struct ledger_head *known = &ledger->heads[at];
        if (known->head.size != head->size)
            continue;
        if (memcmp(known->head.root, head->root, sizeof head->root) != 0)
            run_finding(run, "fork", "%s and %s were shown different logs of size %" PRIu64, run->clients[client].id,
                        run->clients[known->client].id, head->size);
        return;
    }
    ledger->heads = grown(ledger->heads, ledger->head_count, &ledger->head_capacity, sizeof *ledger->heads);
    ledger->heads[ledger->head_count++] = (struct ledger_head){.head = *head, .client = client};
}

void ledger_check_heads(struct run *run, struct store_txn *txn)
{
    const struct ledger *ledger = &run->ledger;
    uint8_t root[TLOG_HASH_SIZE];
    for (size_t at = 0; at < ledger->head_count; at++) {
        const struct ledger_head *known = &ledger->heads[at];
        if (log_root(txn, known->head.size, root) != STATUS_OK)
            run_finding(run, "heads", "%s was shown a log of size %" PRIu64 ", which is no more", run->clients[known->client].id,
                        known->head.size);
        else if (memcmp(root, known->head.root, sizeof root) != 0)
            run_finding(run, "heads", "%s was shown another log of size %" PRIu64, run->clients[known->client].id, known->head.size);
    }
}

void ledger_end(struct ledger *ledger)
{
    free(ledger->entries);
    free(ledger->keys);
    free(ledger->parties);
    free(ledger->objects);
    free(ledger->bundles);
    free(ledger->heads);
    *ledger = (struct ledger){0};
}
