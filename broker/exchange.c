/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/exchange.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/desk/state.h"
#include "broker/exchange_backup.h"
#include "broker/exchange_parked.h"
#include "broker/exchange_reader.h"
#include "broker/metrics.h"
#include "proto/entry.h"
#include "proto/status.h"
#include "store/log.h"

#define OPEN_ARENA_CAP ((size_t)64 << 20)

static int exchange_read_key(const char *directory, const char *name, enum key_kind kind, struct key_pair *pair)
{
    char path[EXCHANGE_ADDRESS_MOST + 64];
    int length = snprintf(path, sizeof path, "%s/%s", directory, name);
    if (length < 0 || (size_t)length >= sizeof path)
        return STATUS_TOO_LARGE;
    return keys_read(path, kind, NULL, pair);
}

int exchange_read_keys(struct exchange *exchange, const char *directory)
{
    int status = exchange_read_key(directory, EXCHANGE_LOG_KEY, KEY_LOG, &exchange->log_key);
    if (status == STATUS_OK)
        status = exchange_read_key(directory, EXCHANGE_SIGNING_KEY, KEY_SIGNING, &exchange->signing_key);
    if (status == STATUS_OK)
        status = exchange_read_key(directory, EXCHANGE_BOX_KEY, KEY_BOX, &exchange->box_key);
    return status;
}

/* The official vocabulary where its file is there; one that can't be read is no reason to fall back on a part of it. */
static int exchange_read_cpv(struct exchange *exchange, const char *directory)
{
    char path[EXCHANGE_ADDRESS_MOST + 64];
    int length = snprintf(path, sizeof path, "%s/%s", directory, EXCHANGE_CPV_LIST);
    if (length < 0 || (size_t)length >= sizeof path)
        return STATUS_TOO_LARGE;
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return STATUS_OK;
    int status = cpv_load(path, &exchange->cpv, NULL);
    return status == STATUS_IO ? STATUS_INVALID : status; /* not the storage of the log */
}

int exchange_open_store(struct exchange *exchange, const struct exchange_options *options, bool create)
{
    char path[EXCHANGE_ADDRESS_MOST + 64];
    int length = snprintf(path, sizeof path, "%s/%s", options->directory, EXCHANGE_STORE);
    if (length < 0 || (size_t)length >= sizeof path)
        return STATUS_TOO_LARGE;
    struct store_options store = {.map_size = options->map_size, .floor = options->floor, .files = options->files,
                                  .create = create, .keep = !create};
    int status = store_open(path, &store, &exchange->store);
    /* After a redaction the tables are made again without its texts, then nothing but what stands is kept in the file. */
    bool scrub = status == STATUS_OK && store_needs_scrub(exchange->store);
    if (status == STATUS_OK && (scrub || store_needs_rebuild(exchange->store)))
        status = store_rebuild(exchange->store, exchange_apply, NULL, NULL, NULL);
    if (status != STATUS_OK || !scrub)
        return status;
    store_close(exchange->store);
    exchange->store = NULL;
    status = store_scrub(path, &store);
    return status == STATUS_OK ? store_open(path, &store, &exchange->store) : status;
}

/* What the exchange is, as its genesis says; its keys must be those of the files. */
static int exchange_read_facts(struct exchange *exchange, struct store_txn *txn)
{
    struct arena arena;
    Muster__ExchangeState *state = NULL;
    arena_init(&arena, OPEN_ARENA_CAP);
    int status = state_exchange(txn, &arena, &state);
    if (status != STATUS_OK)
        goto done;
    const Muster__Genesis *genesis = state->genesis;
    if (note_key_make(genesis->origin, exchange->log_key.public_key, &exchange->note_key) != STATUS_OK) {
        status = STATUS_CORRUPT;
        goto done;
    }
    note_vkey_write(&exchange->note_key, exchange->vkey);
    if (strcmp(genesis->vkey, exchange->vkey) != 0 || genesis->front_curve_key.len != 32 ||
        memcmp(genesis->exchange_signing_key.data, exchange->signing_key.public_key, 32) != 0 ||
        memcmp(genesis->exchange_box_key.data, exchange->box_key.public_key, 32) != 0) {
        status = STATUS_DENIED;
        goto done;
    }
    snprintf(exchange->address, sizeof exchange->address, "%s", genesis->address);
    exchange->signed_from = genesis->previous != NULL ? genesis->previous->size : 0;
    exchange->closed = state->has_restored;
    exchange->facts = (struct desk_exchange){.origin = exchange->note_key.name, .vkey = exchange->vkey,
                                             .address = exchange->address, .cpv = exchange->cpv};
    memcpy(exchange->facts.signing_key, exchange->signing_key.public_key, 32);
    memcpy(exchange->facts.box_key, exchange->box_key.public_key, 32);
    memcpy(exchange->facts.curve_key, genesis->front_curve_key.data, 32);
done:
    arena_drop(&arena);
    return status;
}

/*
 * Deadlines are put off for a day after a start that followed an hour of silence: a start of the last day counts as well
 * as this one, so that a second start does not take the day away.
 */
static int exchange_find_silence(struct exchange *exchange, struct store_txn *txn, uint64_t now)
{
    uint64_t size = 0;
    struct log_entry entry;
    int status = log_size(txn, &size);
    uint64_t later = now;
    bool start = true; /* whether what stands at later is a start, or a confirmation of its clock */
    while (status == STATUS_OK && size > 0) {
        status = log_read(txn, --size, &entry);
        if (status != STATUS_OK)
            return status;
        if (start && later - entry.time >= TIME_SILENCE) {
            exchange->deadlines_from = later + TIME_GRACE;
            return STATUS_OK;
        }
        later = entry.time;
        start = strcmp(entry.kind, "started") == 0 || strcmp(entry.kind, "clock-confirmed") == 0;
        if (later + TIME_GRACE <= now)
            return STATUS_OK;
    }
    return status;
}

static int exchange_read_log(struct exchange *exchange, const struct seam_clock *clock, const char **why)
{
    struct store_txn *txn = NULL;
    uint64_t last = 0;
    uint64_t verified = 0; /* at an earlier start */
    uint64_t bad = UINT64_MAX;
    const char *fault = "";
    int status = store_begin_read(exchange->store, &txn);
    if (status == STATUS_OK && (status = exchange_read_facts(exchange, txn)) != STATUS_OK)
        *why = "genesis";
    if (status == STATUS_OK)
        status = log_last_time(txn, &last);
    if (status == STATUS_OK)
        status = log_verified(txn, &verified);
    if (status == STATUS_OK && (status = log_verify(txn, verified, &exchange->note_key, NULL, NULL, &bad, &fault)) != STATUS_OK) {
        char quoted[METRICS_LINE_MOST];
        *why = "log";
        if (status == STATUS_CORRUPT)
            metrics_write(METRICS_ERROR, "log-corrupt", "position=%" PRIu64 " what=%s", bad, metrics_quote(quoted, sizeof quoted, fault));
    }
    if (status == STATUS_OK)
        status = log_size(txn, &exchange->verified);
    if (status == STATUS_OK) {
        exchange_time_start(&exchange->time, clock, last);
        status = exchange_find_silence(exchange, txn, exchange_time_now(&exchange->time, NULL));
    }
    store_abort(txn);
    return status;
}

/* The recovery key's public half; without one every backup is refused, and nothing else. */
static int exchange_open_backups(struct exchange *exchange, const char *directory)
{
    uint8_t recovery[32];
    int status = backups_read_key(directory, recovery);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        return status;
    return backups_new(status == STATUS_OK ? recovery : NULL, &exchange->backups);
}

int exchange_open(const struct exchange_options *options, struct exchange **exchange, const char **why)
{
    const char *unasked = NULL;
    if (why == NULL)
        why = &unasked;
    *why = "memory";
    struct exchange *made = calloc(1, sizeof *made);
    if (made == NULL)
        return STATUS_NO_MEMORY;
    made->random = options->random;
    made->admission_changed = true;
    int status = pool_new(options->helpers, &made->pool);
    if (status == STATUS_OK)
        status = desk_planning_new(&made->planning);
    if (status == STATUS_OK)
        status = desk_sums_new(&made->sums);
    if (status == STATUS_OK) {
        *why = "keys";
        status = exchange_read_keys(made, options->directory);
    }
    if (status == STATUS_OK) {
        *why = EXCHANGE_CPV_LIST;
        status = exchange_read_cpv(made, options->directory);
    }
    if (status == STATUS_OK) {
        *why = "store";
        status = exchange_open_store(made, options, false);
    }
    if (status == STATUS_OK) {
        *why = "recovery key";
        status = exchange_open_backups(made, options->directory);
    }
    if (status == STATUS_OK)
        status = exchange_read_log(made, options->clock, why);
    if (status != STATUS_OK) {
        exchange_close(made);
        return status;
    }
    if (options->reader && (status = reader_new(made, &made->reader)) != STATUS_OK) {
        exchange_close(made);
        return status;
    }
    /* The first turn plans what an earlier process left. */
    made->news = 1;
    *exchange = made;
    return STATUS_OK;
}

void exchange_close(struct exchange *exchange)
{
    if (exchange == NULL)
        return;
    reader_free(exchange->reader);
    exchange->reader = NULL;
    exchange_forget(exchange);
    arena_drop(&exchange->job.arena);
    pool_free(exchange->pool);
    request_drop_sessions(exchange);
    desk_planning_free(exchange->planning);
    desk_sums_free(exchange->sums);
    backups_free(exchange->backups);
    store_close(exchange->store);
    cpv_free(exchange->cpv);
    keys_drop(&exchange->log_key);
    keys_drop(&exchange->signing_key);
    keys_drop(&exchange->box_key);
    free(exchange);
}

bool exchange_must_restart(const struct exchange *exchange)
{
    return exchange->redacted;
}

void exchange_forget(struct exchange *exchange)
{
    if (exchange->job.asker != NULL) {
        arena_drop(&exchange->job.arena);
        exchange->job = (struct exchange_job){0};
    }
    parked_drop_all(exchange);
    if (exchange->reader != NULL)
        reader_forget(exchange->reader);
}

int exchange_collect_fd(const struct exchange *exchange)
{
    return exchange->reader != NULL ? reader_fd(exchange->reader) : -1;
}

int exchange_collect(struct exchange *exchange, const struct exchange_sink *sink)
{
    return exchange->reader != NULL ? reader_collect(exchange->reader, exchange, sink) : STATUS_OK;
}

/* The keys of the tables in the front's form; notes when the first invitation among them ends. */
static int admission_collect(struct exchange *exchange, struct store_txn *txn, uint64_t log_time, struct arena *arena,
                             struct admission_key **keys, size_t *count)
{
    struct desk_admitted *list = NULL;
    int status = desk_admitted(txn, log_time, arena, &list, count);
    if (status != STATUS_OK)
        return status;
    *keys = arena_array(arena, *count, sizeof **keys);
    if (*keys == NULL)
        return STATUS_NO_MEMORY;
    exchange->admission_expires = 0;
    for (size_t i = 0; i < *count; i++) {
        struct admission_key *key = &(*keys)[i];
        memcpy(key->curve_key, list[i].curve_key, sizeof key->curve_key);
        snprintf(key->party, sizeof key->party, "%s", list[i].party);
        key->join_only = list[i].join_only;
        key->expiry = list[i].expiry;
        if (key->expiry != 0 && (exchange->admission_expires == 0 || key->expiry < exchange->admission_expires))
            exchange->admission_expires = key->expiry;
    }
    return STATUS_OK;
}

int exchange_admission(struct exchange *exchange, bool *changed, uint8_t **bytes, size_t *length)
{
    *changed = exchange->admission_changed;
    if (!*changed)
        return STATUS_OK;
    struct store_txn *txn = NULL;
    struct arena arena;
    struct admission_key *keys = NULL;
    size_t count = 0;
    arena_init(&arena, OPEN_ARENA_CAP);
    int status = store_begin_read(exchange->store, &txn);
    if (status == STATUS_OK)
        status = admission_collect(exchange, txn, exchange_time_now(&exchange->time, NULL), &arena, &keys, &count);
    store_abort(txn);
    if (status == STATUS_OK)
        status = admission_pack(keys, count, bytes, length);
    arena_drop(&arena);
    if (status == STATUS_OK)
        exchange->admission_changed = false;
    return status;
}

void exchange_admission_again(struct exchange *exchange)
{
    exchange->admission_changed = true;
}

void exchange_note_refused(struct exchange *exchange, const struct suspect_shown *shown)
{
    uint64_t now = exchange_time_now(&exchange->time, NULL);
    exchange->refused.count = shown->count < SUSPECT_SHOWN_MOST ? shown->count : SUSPECT_SHOWN_MOST;
    for (uint32_t at = 0; at < exchange->refused.count; at++) {
        exchange->refused.list[at] = shown->list[at];
        exchange->refused.list[at].party[ADMISSION_PARTY_MOST] = '\0';
        exchange->refused.list[at].until = now + shown->list[at].until;
    }
}

unsigned exchange_news(struct exchange *exchange)
{
    unsigned news = exchange->news;
    exchange->news = 0;
    return news;
}

struct store *exchange_store(struct exchange *exchange)
{
    return exchange->store;
}

const struct note_key *exchange_note_key(const struct exchange *exchange)
{
    return &exchange->note_key;
}

uint64_t exchange_signed_from(const struct exchange *exchange)
{
    return exchange->signed_from;
}

struct exchange_counts exchange_counted(const struct exchange *exchange)
{
    return exchange->counts;
}
