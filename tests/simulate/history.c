/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/simulate/history.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "proto/entry.h"
#include "proto/envelope.h"
#include "proto/status.h"
#include "store/log.h"
#include "tests/simulate/run.h"

size_t history_sent(struct run *run, size_t client, const uint8_t id[16], const uint8_t *envelope, size_t size, bool forbidden)
{
    struct history *history = &run->history;
    if (history->count == history->capacity) {
        history->capacity = history->capacity == 0 ? 256 : 2 * history->capacity;
        history->operations = realloc(history->operations, history->capacity * sizeof *history->operations);
        if (history->operations == NULL)
            abort();
    }
    struct operation *operation = &history->operations[history->count];
    *operation = (struct operation){.client = client, .sent = run->step, .forbidden = forbidden};
    memcpy(operation->id, id, sizeof operation->id);
    envelope_sha256(envelope, size, operation->sha256);
    return history->count++;
}

void history_acknowledged(struct run *run, size_t operation, uint64_t position, const void *receipt, size_t length)
{
    struct operation *one = &run->history.operations[operation];
    uint8_t sha256[32];
    crypto_hash_sha256(sha256, receipt, length);
    if (one->acknowledged != 0) {
        run->figures.repeated++;
        if (one->position != position || memcmp(one->receipt_sha256, sha256, sizeof sha256) != 0)
            run_finding(run, "receipts", "%s gets another receipt for the same submission: position %" PRIu64 ", then %" PRIu64,
                        run->clients[one->client].id, one->position, position);
        return;
    }
    one->acknowledged = run->step;
    one->position = position;
    memcpy(one->receipt_sha256, sha256, sizeof sha256);
    run->figures.acknowledged++;
}

/* --- the check ------------------------------------------------------------------------------------------------- */

struct checking {
    struct run *run;
    struct store_txn *txn;
    struct operation **sorted; /* by id */
    uint64_t newest;           /* step at which the newest of those that stand so far was sent */
};

static int compare(const void *left, const void *right)
{
    const struct operation *const *a = left, *const *b = right;
    return memcmp((*a)->id, (*b)->id, sizeof (*a)->id);
}

static struct operation *find(const struct checking *checking, const uint8_t id[16])
{
    struct operation wanted, *key = &wanted;
    memcpy(wanted.id, id, sizeof wanted.id);
    struct operation **found = bsearch(&key, checking->sorted, checking->run->history.count, sizeof *checking->sorted, compare);
    return found != NULL ? *found : NULL;
}

static void wrong(struct checking *checking, const struct operation *operation, const char *what)
{
    run_finding(checking->run, "history", "operation %td of %s, position %" PRIu64 ": %s", operation - checking->run->history.operations,
                checking->run->clients[operation->client].id, operation->position, what);
}

static void check_entry(struct checking *checking, uint64_t position)
{
    struct log_entry entry;
    struct entry_body body;
    if (log_read(checking->txn, position, &entry) != STATUS_OK) {
        run_finding(checking->run, "history", "entry %" PRIu64 " can't be read", position);
        return;
    }
    struct log_redacted redacted;
    if (entry.body == NULL && log_redacted(checking->txn, position, &redacted) == STATUS_OK)
        body = redacted.body;
    else if (entry.body == NULL || entry_body_parse(entry.body, entry.body_size, &body) != STATUS_OK) {
        run_finding(checking->run, "history", "entry %" PRIu64 " has no body", position);
        return;
    }
    if (strcmp(body.party, ENVELOPE_EXCHANGE_PARTY) == 0)
        return;
    struct operation *operation = find(checking, body.submission);
    if (operation == NULL) {
        run_finding(checking->run, "history", "entry %" PRIu64 " of %s was sent by nobody", position, body.party);
        return;
    }
    if (operation->forbidden)
        wrong(checking, operation, "stands in the log, and never may");
    if (strcmp(body.party, checking->run->clients[operation->client].id) != 0 || memcmp(body.envelope_sha256, operation->sha256, 32) != 0)
        wrong(checking, operation, "stands in the log with other bytes");
    if (operation->seen)
        wrong(checking, operation, "stands in the log twice");
    if (operation->acknowledged != 0 && operation->position != position)
        wrong(checking, operation, "stands elsewhere than its receipt says");
    if (operation->acknowledged != 0 && operation->acknowledged < checking->newest)
        wrong(checking, operation, "stands behind one that was sent after it had been acknowledged");
    operation->seen = true;
    checking->newest = operation->sent > checking->newest ? operation->sent : checking->newest;
}

/* The receipt can be made again, the same; unless a redaction took it. */
static void check_receipt(struct checking *checking, const struct operation *operation)
{
    char *text = NULL;
    size_t length = 0;
    uint8_t sha256[32];
    struct log_redacted redacted;
    arena_rewind(&checking->run->look);
    if (log_redacted(checking->txn, operation->position, &redacted) == STATUS_OK)
        return;
    if (log_receipt(checking->txn, operation->position, &checking->run->look, &text, &length) != STATUS_OK) {
        wrong(checking, operation, "its receipt can't be made again");
        return;
    }
    crypto_hash_sha256(sha256, (const unsigned char *)text, length);
    if (memcmp(sha256, operation->receipt_sha256, sizeof sha256) != 0)
        wrong(checking, operation, "its receipt is not the one that was given");
}

void history_check(struct run *run, struct store_txn *txn)
{
    struct history *history = &run->history;
    struct checking checking = {.run = run, .txn = txn};
    uint64_t size = 0;
    checking.sorted = malloc((history->count + 1) * sizeof(struct operation *));
    if (checking.sorted == NULL)
        abort();
    for (size_t at = 0; at < history->count; at++) {
        checking.sorted[at] = &history->operations[at];
        history->operations[at].seen = false;
    }
    qsort(checking.sorted, history->count, sizeof(struct operation *), compare);
    if (log_size(txn, &size) != STATUS_OK)
        run_finding(run, "history", "the log can't be read");
    for (uint64_t position = 0; position < size && !run->found; position++)
        check_entry(&checking, position);
    for (size_t at = 0; at < history->count && !run->found; at++) {
        const struct operation *operation = &history->operations[at];
        if (operation->acknowledged != 0 && !operation->seen)
            wrong(&checking, operation, "acknowledged, and lost");
        else if (operation->acknowledged != 0)
            check_receipt(&checking, operation);
    }
    free(checking.sorted);
}

void history_end(struct history *history)
{
    free(history->operations);
    *history = (struct history){0};
}
