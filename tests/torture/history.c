/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/torture/history.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "proto/entry.h"
#include "proto/envelope.h"
#include "proto/receipt.h"
#include "proto/status.h"
#include "store/log.h"

#define CHECK_ARENA ((size_t)4 << 20)
#define EXCHANGE_PARTY "exchange"

static uint64_t history_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int history_open(struct history *history, unsigned clients)
{
    *history = (struct history){.clients = calloc(clients, sizeof *history->clients)};
    for (unsigned i = 0; history->clients != NULL && i < clients; i++) {
        history->clients[i].operations = calloc(HISTORY_OPERATIONS, sizeof *history->clients[i].operations);
        if (history->clients[i].operations == NULL)
            break;
        history->count++;
    }
    if (history->count == clients)
        return STATUS_OK;
    history_close(history);
    return STATUS_NO_MEMORY;
}

void history_close(struct history *history)
{
    for (unsigned i = 0; i < history->count; i++)
        free(history->clients[i].operations);
    free(history->clients);
    *history = (struct history){0};
}

struct history_operation *history_sent(struct history_client *client, const uint8_t id[16], const uint8_t *envelope, size_t size)
{
    if (client->count >= HISTORY_OPERATIONS)
        return NULL;
    struct history_operation *operation = &client->operations[client->count];
    memcpy(operation->id, id, sizeof operation->id);
    envelope_sha256(envelope, size, operation->envelope_sha256);
    operation->sent = history_now();
    __atomic_store_n(&client->count, client->count + 1, __ATOMIC_RELEASE);
    return operation;
}

void history_acknowledged(struct history_operation *operation, uint64_t position, const void *receipt, size_t length)
{
    crypto_hash_sha256(operation->receipt_sha256, receipt, length);
    operation->position = position;
    __atomic_store_n(&operation->acknowledged, history_now(), __ATOMIC_RELEASE);
}

static bool is_acknowledged(const struct history_operation *operation)
{
    return __atomic_load_n(&operation->acknowledged, __ATOMIC_ACQUIRE) != 0;
}

uint64_t history_total(const struct history *history)
{
    uint64_t total = 0;
    for (unsigned i = 0; i < history->count; i++) {
        const struct history_client *client = &history->clients[i];
        unsigned count = __atomic_load_n(&client->count, __ATOMIC_ACQUIRE);
        /* All but the newest are: a client sends one after the other. */
        total += count == 0 ? 0 : count - !is_acknowledged(&client->operations[count - 1]);
    }
    return total;
}

/* What a check needs at every step. */
struct checking {
    struct history *history;
    struct store_txn *txn;
    const struct note_key *key;
    char *text;
    size_t size;
};

static const char *wrong(struct checking *checking, const struct history_client *client, const struct history_operation *operation,
                         const char *what)
{
    snprintf(checking->text, checking->size, "client %td (%s), operation %td, position %" PRIu64 ": %s", client - checking->history->clients,
             client->party, operation - client->operations, operation->position, what);
    return checking->text;
}

/* The operation's entry and receipt, as it was told. */
static const char *check_operation(struct checking *checking, const struct history_client *client,
                                   const struct history_operation *operation)
{
    uint64_t position = 0;
    uint8_t sha256[32];
    struct arena arena;
    struct log_entry entry;
    struct receipt receipt;
    char *text = NULL;
    size_t length = 0;
    const char *what = NULL;
    int status = log_find_submission(checking->txn, client->party, operation->id, &position, sha256);
    if (status != STATUS_OK)
        return wrong(checking, client, operation, "acknowledged, and lost");
    if (position != operation->position || memcmp(sha256, operation->envelope_sha256, sizeof sha256) != 0)
        return wrong(checking, client, operation, "acknowledged, and something else stands there");
    arena_init(&arena, CHECK_ARENA);
    if (log_read(checking->txn, position, &entry) != STATUS_OK || entry.envelope == NULL)
        what = wrong(checking, client, operation, "its entry can't be read");
    else if (log_receipt(checking->txn, position, &arena, &text, &length) != STATUS_OK)
        what = wrong(checking, client, operation, "its receipt can't be made again");
    else if (receipt_verify(text, length, entry.envelope, entry.envelope_size, checking->key, &receipt, NULL) != STATUS_OK)
        what = wrong(checking, client, operation, "its receipt does not verify");
    else if (crypto_hash_sha256(sha256, (const unsigned char *)text, length) != 0 ||
             memcmp(sha256, operation->receipt_sha256, sizeof sha256) != 0)
        what = wrong(checking, client, operation, "its receipt is not the one that was given");
    arena_drop(&arena);
    return what;
}

static const char *check_log(struct checking *checking, uint64_t from)
{
    uint64_t bad = 0;
    const char *why = NULL;
    int status = log_verify(checking->txn, from, checking->key, NULL, NULL, &bad, &why);
    if (status == STATUS_OK)
        return NULL;
    snprintf(checking->text, checking->size, "the log does not hold at position %" PRIu64 ": %s (%s)", bad, why != NULL ? why : "",
             status_name(status));
    return checking->text;
}

const char *history_check_new(struct history *history, struct store *store, const struct note_key *key, char *text, size_t size)
{
    struct checking checking = {.history = history, .key = key, .text = text, .size = size};
    unsigned *known = calloc(history->count, sizeof *known);
    const char *what = NULL;
    uint64_t entries = 0;
    if (known == NULL)
        return "no memory";
    /* What is known now must be in every state that is read from now on. */
    for (unsigned i = 0; i < history->count; i++) {
        struct history_client *client = &history->clients[i];
        known[i] = __atomic_load_n(&client->count, __ATOMIC_ACQUIRE);
        while (known[i] > client->checked && !is_acknowledged(&client->operations[known[i] - 1]))
            known[i]--;
    }
    if (store_begin_read(store, &checking.txn) != STATUS_OK || log_size(checking.txn, &entries) != STATUS_OK)
        what = "the store can't be read";
    if (what == NULL && entries < history->checked)
        what = "the log is shorter than it was";
    if (what == NULL)
        what = check_log(&checking, history->checked);
    for (unsigned i = 0; i < history->count && what == NULL; i++) {
        struct history_client *client = &history->clients[i];
        for (; client->checked < known[i] && what == NULL; client->checked++)
            what = check_operation(&checking, client, &client->operations[client->checked]);
    }
    store_abort(checking.txn);
    history->checked = what == NULL ? entries : history->checked;
    free(known);
    return what;
}

/* An operation under its submission's id, for a search. */
struct named {
    const uint8_t *id;
    struct history_client *client;
    struct history_operation *operation;
};

static int compare_named(const void *left, const void *right)
{
    return memcmp(((const struct named *)left)->id, ((const struct named *)right)->id, 16);
}

static struct named *collect(struct history *history, size_t *count)
{
    *count = 0;
    for (unsigned i = 0; i < history->count; i++)
        *count += history->clients[i].count;
    struct named *named = calloc(*count + 1, sizeof *named);
    size_t at = 0;
    for (unsigned i = 0; named != NULL && i < history->count; i++)
        for (unsigned j = 0; j < history->clients[i].count; j++) {
            struct history_operation *operation = &history->clients[i].operations[j];
            operation->seen = false;
            named[at++] = (struct named){operation->id, &history->clients[i], operation};
        }
    if (named != NULL)
        qsort(named, *count, sizeof *named, compare_named);
    return named;
}

/* One entry of the log against the history; *last_sent: of all operations that stand below it. */
static const char *check_entry(struct checking *checking, uint64_t position, uint64_t setup, const struct named *named, size_t count,
                               uint64_t *last_sent)
{
    struct log_entry entry;
    struct entry_body body;
    if (log_read(checking->txn, position, &entry) != STATUS_OK || entry.body == NULL ||
        entry_body_parse(entry.body, entry.body_size, &body) != STATUS_OK) {
        snprintf(checking->text, checking->size, "entry %" PRIu64 " can't be read", position);
        return checking->text;
    }
    const struct named wanted = {.id = body.submission};
    const struct named *found = bsearch(&wanted, named, count, sizeof *named, compare_named);
    if (found == NULL) {
        if (position < setup || strcmp(body.party, EXCHANGE_PARTY) == 0)
            return NULL;
        snprintf(checking->text, checking->size, "entry %" PRIu64 " of %s was sent by nobody", position, body.party);
        return checking->text;
    }
    struct history_operation *operation = found->operation;
    if (strcmp(body.party, found->client->party) != 0 || memcmp(body.envelope_sha256, operation->envelope_sha256, 32) != 0)
        return wrong(checking, found->client, operation, "stands in the log with other bytes");
    if (operation->seen)
        return wrong(checking, found->client, operation, "stands in the log twice");
    operation->seen = true;
    if (is_acknowledged(operation) && operation->position != position)
        return wrong(checking, found->client, operation, "stands elsewhere than its receipt says");
    operation->position = position;
    /* Whoever was answered before another one began stands before it. */
    if (is_acknowledged(operation) && operation->acknowledged < *last_sent)
        return wrong(checking, found->client, operation, "stands behind one that was sent after it had been acknowledged");
    if (operation->sent > *last_sent)
        *last_sent = operation->sent;
    return NULL;
}

static const char *check_client(struct checking *checking, const struct history_client *client)
{
    uint64_t last = 0;
    for (unsigned i = 0; i < client->count; i++) {
        const struct history_operation *operation = &client->operations[i];
        if (is_acknowledged(operation) && !operation->seen)
            return wrong(checking, client, operation, "acknowledged, and lost");
        const char *what = is_acknowledged(operation) ? check_operation(checking, client, operation) : NULL;
        if (what != NULL)
            return what;
        if (operation->seen && operation->position < last)
            return wrong(checking, client, operation, "stands before one that the same client sent earlier");
        last = operation->seen ? operation->position : last;
    }
    return NULL;
}

const char *history_check_all(struct history *history, struct store *store, const struct note_key *key, uint64_t setup, uint64_t *entries,
                              char *text, size_t size)
{
    struct checking checking = {.history = history, .key = key, .text = text, .size = size};
    size_t count = 0;
    uint64_t last_sent = 0;
    const char *what = NULL;
    struct named *named = collect(history, &count);
    if (named == NULL)
        return "no memory";
    if (store_begin_read(store, &checking.txn) != STATUS_OK || log_size(checking.txn, entries) != STATUS_OK)
        what = "the store can't be read";
    if (what == NULL)
        what = check_log(&checking, 0);
    for (uint64_t position = 0; position < *entries && what == NULL; position++)
        what = check_entry(&checking, position, setup, named, count, &last_sent);
    for (unsigned i = 0; i < history->count && what == NULL; i++)
        what = check_client(&checking, &history->clients[i]);
    store_abort(checking.txn);
    free(named);
    return what;
}
