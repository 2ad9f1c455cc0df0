/* SPDX-License-Identifier: EUPL-1.2 */
#include <inttypes.h>
#include <string.h>

#include "broker/desk/hands.h"
#include "broker/desk/redactions.h"
#include "proto/entry.h"
#include "proto/envelope.h"
#include "proto/redact.h"
#include "proto/walk.h"
#include "store/log.h"

/*
 * Redaction: one coordinator names an entry whose text must not stand in the log, another one confirms. What the exchange wrote from
 * that text (a proposal's market) goes first, then the entry itself; each time an entry of the exchange says so and keeps what is left
 * without the texts, from which the tables are made again. An object that the entry put is out of the market from then on.
 */

#define LOOK_ARENA_CAP ((size_t)512 << 20) /* one entry, unpacked, and the market in it */

static int redaction_key(struct store_txn *txn, uint64_t position, struct arena *arena, Muster__StoredRedaction **redaction)
{
    struct store_key key = {0};
    key_u64(&key, position);
    return tables_get_message(txn, TABLE_REDACTIONS, &key, &muster__stored_redaction__descriptor, arena, (ProtobufCMessage **)redaction);
}

static int redaction_put(struct store_txn *txn, const Muster__StoredRedaction *redaction)
{
    struct store_key key = {0};
    key_u64(&key, redaction->position);
    return tables_put_message(txn, TABLE_REDACTIONS, &key, &redaction->base);
}

int redactions_open(struct store_txn *txn, struct arena *arena, Muster__StoredRedaction ***list, size_t *count)
{
    const struct store_key all = {0};
    struct table_cursor *cursor = NULL;
    struct store_value value;
    uint64_t rows = 0;
    *count = 0;
    int status = tables_entries(txn, TABLE_REDACTIONS, &rows);
    if (status != STATUS_OK)
        return status;
    *list = arena_array(arena, (size_t)rows + 1, sizeof **list);
    if (*list == NULL)
        return STATUS_NO_MEMORY;
    status = tables_seek(txn, TABLE_REDACTIONS, &all, NULL, &cursor);
    while (status == STATUS_OK && (status = tables_next(cursor, NULL, &value)) == STATUS_OK) {
        ProtobufCMessage *message;
        status = tables_unpack(&value, &muster__stored_redaction__descriptor, arena, &message);
        if (status == STATUS_OK && !((Muster__StoredRedaction *)message)->done)
            (*list)[(*count)++] = (Muster__StoredRedaction *)message;
    }
    tables_end(cursor);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* --- check ------------------------------------------------------------------------------------------------------- */

static bool same_bytes(const ProtobufCBinaryData *bytes, const uint8_t *expected, size_t length)
{
    return bytes->len == length && memcmp(bytes->data, expected, length) == 0;
}

static const char *position_text(struct desk_work *work, uint64_t position)
{
    const char *text = arena_format(work->arena, "%" PRIu64, position);
    return text != NULL ? text : "";
}

/* The entry must be there, be the one that is meant, and hold a party's texts. */
static int check_entry(struct desk_work *work, const Muster__RedactionChange *change)
{
    struct log_entry entry;
    struct entry_body body;
    struct arena arena;
    Muster__Submission *submission = NULL;
    int status = log_read(work->txn, change->position, &entry);
    if (status == STATUS_NOT_FOUND) {
        desk_refuse(work, STATUS_NOT_FOUND, "entry", position_text(work, change->position), "an entry of the log", "look at the number again: muster log audit");
        return STATUS_OK;
    }
    if (status != STATUS_OK)
        return status;
    if (entry.body == NULL) {
        desk_refuse(work, STATUS_STALE, "entry", position_text(work, change->position), "an entry that is not redacted", "nothing to do: its text is gone already");
        return STATUS_OK;
    }
    if (entry_body_parse(entry.body, entry.body_size, &body) != STATUS_OK)
        return STATUS_CORRUPT;
    if (strcmp(change->party, body.party) != 0 || !same_bytes(&change->submission, body.submission, sizeof body.submission) ||
        !same_bytes(&change->envelope_sha256, body.envelope_sha256, sizeof body.envelope_sha256)) {
        desk_refuse(work, STATUS_INVALID, "entry", position_text(work, change->position), "the entry with that party, id and hash", "ask for it again: muster log redact ENTRY");
        return STATUS_OK;
    }
    arena_init(&arena, LOOK_ARENA_CAP);
    status = envelope_unpack(entry.envelope, entry.envelope_size, &arena, &submission, NULL);
    if (status == STATUS_OK && !redact_is_possible(submission))
        desk_refuse(work, STATUS_INVALID, "entry", position_text(work, change->position), "an entry that holds a party's texts",
                    "keys, rules, rates and what the exchange wrote itself can't be redacted; copies of its own go with their source");
    arena_drop(&arena);
    return status;
}

/* Two people: whoever proposed must still be a coordinator, and be another one. */
static int check_second(struct desk_work *work, const Muster__StoredRedaction *stands)
{
    enum hands hands;
    int status = hands_of(work->txn, work->arena, stands->proposed_by, work->context->party->party->id, &hands);
    if (status == STATUS_OK && hands == HANDS_SAME) {
        const char *what = arena_format(work->arena, "the redaction of entry %" PRIu64, stands->position);
        hands_refuse_same(work, what != NULL ? what : "");
    } else if (status == STATUS_OK && hands == HANDS_FIRST) {
        desk_refuse(work, STATUS_DENIED, "entry", position_text(work, stands->position), "a proposal by a coordinator who is still one", "drop it and propose it anew");
    }
    return status;
}

static int check_change(struct desk_work *work, const Muster__RedactionChange *change)
{
    Muster__StoredRedaction *stands = NULL;
    int status = redaction_key(work->txn, change->position, work->arena, &stands);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        return status;
    bool open = status == STATUS_OK && !stands->done && stands->confirmed_by[0] == '\0';
    if (change->kind == MUSTER__REDACTION_KIND__REDACTION_PROPOSE) {
        if (open)
            desk_refuse(work, STATUS_STALE, "entry", position_text(work, change->position), "an entry whose redaction is not proposed yet",
                        "a second coordinator confirms it: muster log confirm");
        return open ? STATUS_OK : check_entry(work, change);
    }
    if (!open) {
        desk_refuse(work, STATUS_STALE, "entry", position_text(work, change->position), "an entry whose redaction is proposed", "look at muster status");
        return STATUS_OK;
    }
    status = check_entry(work, change);
    if (status == STATUS_OK && change->kind == MUSTER__REDACTION_KIND__REDACTION_CONFIRM)
        status = check_second(work, stands);
    return status;
}

int redactions_check(struct desk_work *work)
{
    int status = STATUS_OK;
    for (size_t at = 0; status == STATUS_OK && at < work->submission->n_redactions; at++) {
        work->faults->change = (uint32_t)at;
        status = check_change(work, work->submission->redactions[at]);
    }
    return status;
}

/* --- apply ------------------------------------------------------------------------------------------------------- */

static int apply_propose(const struct desk_entry *entry, const Muster__RedactionChange *change)
{
    Muster__StoredRedaction stored = MUSTER__STORED_REDACTION__INIT;
    stored.position = change->position;
    stored.party = change->party;
    stored.submission = change->submission;
    stored.envelope_sha256 = change->envelope_sha256;
    stored.reason = change->reason;
    stored.proposed_by = (char *)(uintptr_t)entry->party;
    stored.proposed = entry->position;
    stored.time = entry->time;
    stored.confirmed_by = "";
    return redaction_put(entry->txn, &stored);
}

static int apply_change(const struct desk_entry *entry, const Muster__RedactionChange *change)
{
    Muster__StoredRedaction *stored;
    if (change->kind == MUSTER__REDACTION_KIND__REDACTION_PROPOSE)
        return apply_propose(entry, change);
    int status = redaction_key(entry->txn, change->position, entry->arena, &stored);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
    if (change->kind == MUSTER__REDACTION_KIND__REDACTION_KEEP) {
        struct store_key key = {0};
        key_u64(&key, change->position);
        return tables_delete(entry->txn, TABLE_REDACTIONS, &key);
    }
    stored->confirmed_by = (char *)(uintptr_t)entry->party;
    stored->confirmed = entry->position;
    return redaction_put(entry->txn, stored);
}

int redactions_apply(const struct desk_entry *entry)
{
    int status = STATUS_OK;
    for (size_t at = 0; status == STATUS_OK && at < entry->submission->n_redactions; at++)
        status = apply_change(entry, entry->submission->redactions[at]);
    return status;
}

/* Whether an object still stands as the redacted entry put it. */
static int stands_so(const struct desk_entry *entry, enum table table, const Muster__Redacted *redacted, const char *id, bool *stands)
{
    Muster__Stored *stored;
    int status = state_object(entry->txn, table, redacted->party, id, entry->arena, &stored);
    *stands = status == STATUS_OK && stored->position == redacted->position && !stored->withdrawn;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* The objects that the entry put are withdrawn, as if by their owner. */
static int withdraw_objects(const struct desk_entry *entry, const Muster__Redacted *redacted, const Muster__Submission *remains)
{
    Muster__Submission withdrawals = MUSTER__SUBMISSION__INIT;
    struct desk_entry as_owner = *entry;
    int status = STATUS_OK;
    withdrawals.demands = arena_array(entry->arena, remains->n_demands + 1, sizeof *withdrawals.demands);
    withdrawals.offers = arena_array(entry->arena, remains->n_offers + 1, sizeof *withdrawals.offers);
    if (withdrawals.demands == NULL || withdrawals.offers == NULL)
        return STATUS_NO_MEMORY;
    for (size_t at = 0; status == STATUS_OK && at < remains->n_demands; at++) {
        bool stands;
        Muster__DemandChange *change = remains->demands[at];
        status = stands_so(entry, TABLE_DEMANDS, redacted, change->id, &stands);
        change->kind = MUSTER__CHANGE_KIND__CHANGE_WITHDRAW;
        change->demand = NULL;
        if (stands)
            withdrawals.demands[withdrawals.n_demands++] = change;
    }
    for (size_t at = 0; status == STATUS_OK && at < remains->n_offers; at++) {
        bool stands;
        Muster__OfferChange *change = remains->offers[at];
        status = stands_so(entry, TABLE_OFFERS, redacted, change->id, &stands);
        change->kind = MUSTER__CHANGE_KIND__CHANGE_WITHDRAW;
        change->offer = NULL;
        if (stands)
            withdrawals.offers[withdrawals.n_offers++] = change;
    }
    as_owner.party = redacted->party;
    as_owner.submission = &withdrawals;
    if (status == STATUS_OK && withdrawals.n_demands != 0)
        status = demands_apply(&as_owner);
    if (status == STATUS_OK && withdrawals.n_offers != 0)
        status = offers_apply(&as_owner);
    return status;
}

int redactions_remains(const Muster__Redacted *redacted, struct arena *arena, Muster__Submission **remains)
{
    ProtobufCMessage *message;
    int status = walk_unpack(&muster__submission__descriptor, redacted->remains.data, redacted->remains.len, ENVELOPE_MOST, arena, &message, NULL);
    *remains = status == STATUS_OK ? (Muster__Submission *)message : NULL;
    return status == STATUS_OK || status == STATUS_NO_MEMORY ? status : STATUS_CORRUPT;
}

int redacted_apply(const struct desk_entry *entry)
{
    const Muster__Redacted *redacted = entry->submission->redacted;
    Muster__StoredRedaction *stored;
    Muster__Submission *remains;
    int status = log_redact(entry->txn, redacted->position, entry->position);
    if (status == STATUS_OK)
        status = redactions_remains(redacted, entry->arena, &remains);
    if (status == STATUS_OK)
        status = withdraw_objects(entry, redacted, remains);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
    status = redaction_key(entry->txn, redacted->position, entry->arena, &stored);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_OK : status; /* a copy of the exchange's own: nobody proposed it by itself */
    stored->done = true;
    return redaction_put(entry->txn, stored);
}

/* --- what is due ------------------------------------------------------------------------------------------------- */

/* One entry unpacked; submission NULL where it is redacted already. */
static int read_entry(struct store_txn *txn, uint64_t position, struct arena *arena, struct entry_body *body, Muster__Submission **submission)
{
    struct log_entry entry;
    *submission = NULL;
    int status = log_read(txn, position, &entry);
    if (status != STATUS_OK || entry.body == NULL)
        return status;
    status = entry_body_parse(entry.body, entry.body_size, body);
    if (status == STATUS_OK)
        status = envelope_unpack(entry.envelope, entry.envelope_size, arena, submission, NULL);
    return status == STATUS_OK || status == STATUS_NO_MEMORY ? status : STATUS_CORRUPT;
}

/* Whether the entry at position holds a copy of source; what that took is dropped. */
static int holds_copy(struct store_txn *txn, uint64_t position, const Muster__Submission *source, const char *party, bool *holds)
{
    struct arena arena;
    struct entry_body body;
    Muster__Submission *own = NULL;
    *holds = false;
    arena_init(&arena, LOOK_ARENA_CAP);
    int status = read_entry(txn, position, &arena, &body, &own);
    if (status == STATUS_OK && own != NULL && (own->proposal != NULL || own->lot_planned != NULL))
        status = redact_find_copy(own, source, party, &arena, holds);
    arena_drop(&arena);
    return status;
}

static int make_redacted(struct arena *arena, uint64_t position, const struct entry_body *body, const Muster__StoredRedaction *order,
                         Muster__Submission *remains, Muster__Submission *due)
{
    Muster__Redacted *redacted = arena_alloc(arena, sizeof *redacted);
    if (redacted == NULL)
        return STATUS_NO_MEMORY;
    muster__redacted__init(redacted);
    redacted->position = position;
    redacted->party = arena_string(arena, body->party);
    redacted->submission = (ProtobufCBinaryData){sizeof body->submission, (uint8_t *)arena_copy(arena, body->submission, sizeof body->submission)};
    redacted->envelope_sha256 =
        (ProtobufCBinaryData){sizeof body->envelope_sha256, (uint8_t *)arena_copy(arena, body->envelope_sha256, sizeof body->envelope_sha256)};
    redacted->proposed = order->proposed;
    redacted->confirmed = order->confirmed;
    if (redacted->party == NULL || redacted->submission.data == NULL || redacted->envelope_sha256.data == NULL)
        return STATUS_NO_MEMORY;
    due->redacted = redacted;
    return walk_pack(&remains->base, arena, &redacted->remains.data, &redacted->remains.len);
}

/* The next entry to drop of an order: a copy that the exchange made, else the entry itself. */
static int next_of(struct store_txn *txn, const Muster__StoredRedaction *order, struct arena *arena, Muster__Submission *due)
{
    struct entry_body body, copy_body;
    Muster__Submission *source, *copy;
    uint64_t size;
    bool holds = false;
    int status = read_entry(txn, order->position, arena, &body, &source);
    if (status == STATUS_OK)
        status = log_size(txn, &size);
    if (status != STATUS_OK || source == NULL)
        return status == STATUS_OK ? STATUS_CORRUPT : status;
    uint64_t at = order->position + 1;
    for (; status == STATUS_OK && at < size; at++) {
        status = holds_copy(txn, at, source, body.party, &holds);
        if (holds)
            break;
    }
    if (status == STATUS_OK && holds) {
        status = read_entry(txn, at, arena, &copy_body, &copy);
        if (status == STATUS_OK)
            status = redact_copy(copy, source, body.party, arena);
        return status == STATUS_OK ? make_redacted(arena, at, &copy_body, order, copy, due) : status;
    }
    if (status != STATUS_OK)
        return status;
    redact_texts(source);
    return make_redacted(arena, order->position, &body, order, source, due);
}

int redactions_due(struct store_txn *txn, struct arena *arena, Muster__Submission *due)
{
    Muster__StoredRedaction **list;
    size_t count;
    int status = redactions_open(txn, arena, &list, &count);
    for (size_t at = 0; status == STATUS_OK && at < count; at++) {
        if (list[at]->confirmed_by[0] != '\0')
            return next_of(txn, list[at], arena, due);
    }
    return status;
}

int redactions_replay(struct store_txn *txn, uint64_t position, struct arena *arena, struct log_redacted *redacted, Muster__Submission **remains)
{
    struct entry_body body;
    Muster__Submission *says = NULL;
    int status = log_redacted(txn, position, redacted);
    if (status == STATUS_OK)
        status = read_entry(txn, redacted->by, arena, &body, &says);
    if (status == STATUS_NOT_FOUND || (status == STATUS_OK && (says == NULL || says->redacted == NULL || says->redacted->position != position)))
        return STATUS_CORRUPT;
    return status == STATUS_OK ? redactions_remains(says->redacted, arena, remains) : status;
}
