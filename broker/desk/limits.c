/* SPDX-License-Identifier: EUPL-1.2 */
#include <inttypes.h>
#include <string.h>

#include "broker/desk/noun.h"
#include "proto/settings.h"

/*
 * What one party may write: bytes a day, so that the store is not filled by one; and changes of prices in one lot a week,
 * so that nobody feels out another's sealed figures by asking the engine again and again.
 */

#define WEEK (7 * DESK_DAY)
#define SIGNATURE_SIZE 64u

static void quota_key(struct store_key *key, const char *party, uint64_t time)
{
    key_text(key, party);
    key_u32(key, desk_date(time));
}

/* Bytes of the envelope: a submission is accepted in its shortest encoding alone, so packing it again has its size. */
static uint64_t size_of(const Muster__Submission *submission)
{
    return muster__submission__get_packed_size(submission) + SIGNATURE_SIZE;
}

int limits_check(struct desk_work *work)
{
    uint64_t mebibytes, written;
    struct store_key key = {0};
    quota_key(&key, work->context->party->party->id, work->context->log_time);
    int status = tables_get_u64(work->txn, TABLE_QUOTAS, &key, &written);
    if (status == STATUS_OK)
        status = desk_setting_of(work, SETTING_DAY_MEBIBYTES, &mebibytes);
    if (status != STATUS_OK)
        return status;
    uint64_t size = work->context->envelope_size != 0 ? work->context->envelope_size : size_of(work->submission);
    if (written + size > mebibytes << 20) {
        char *expected = arena_format(work->arena, "at most %" PRIu64 " MiB a day from one party", mebibytes);
        desk_refuse(work, STATUS_BUSY, "", "", expected != NULL ? expected : "", "send the rest tomorrow, or ask the coordinator");
    }
    return STATUS_OK;
}

int limits_apply(const struct desk_entry *entry)
{
    struct store_key key = {0};
    quota_key(&key, entry->party, entry->time);
    uint64_t written;
    int status = tables_get_u64(entry->txn, TABLE_QUOTAS, &key, &written);
    return status == STATUS_OK ? tables_put_u64(entry->txn, TABLE_QUOTAS, &key, written + size_of(entry->submission)) : status;
}

int limits_check_prices(struct desk_work *work, const char *party, const char *item)
{
    uint64_t most, count = 0;
    int status = desk_setting_of(work, SETTING_PRICE_CHANGES, &most);
    if (status != STATUS_OK)
        return status;
    struct store_key prefix = {0}, after = {0};
    key_text(&prefix, party);
    key_text(&prefix, item);
    after = prefix;
    key_u64(&after, work->context->log_time > WEEK ? work->context->log_time - WEEK : 0);
    key_u64(&after, UINT64_MAX);
    struct table_cursor *cursor = NULL;
    status = tables_seek(work->txn, TABLE_PRICE_CHANGES, &prefix, &after, &cursor);
    while (status == STATUS_OK && (status = tables_next(cursor, NULL, NULL)) == STATUS_OK)
        count++;
    tables_end(cursor);
    if (status != STATUS_NOT_FOUND)
        return status;
    if (count >= most) {
        char *expected = arena_format(work->arena, "at most %" PRIu64 " changes of prices or ceilings a week in one lot", most);
        desk_refuse(work, STATUS_BUSY, "item", item, expected != NULL ? expected : "",
                    "send this change next week; what has no new price or ceiling can be sent now");
    }
    return STATUS_OK;
}

int limits_note_prices(const struct desk_entry *entry, const char *party, const char *item)
{
    struct store_key prefix = {0}, key;
    key_text(&prefix, party);
    key_text(&prefix, item);
    struct table_cursor *cursor = NULL;
    uint64_t week_ago = entry->time > WEEK ? entry->time - WEEK : 0;
    int status = tables_seek(entry->txn, TABLE_PRICE_CHANGES, &prefix, NULL, &cursor);
    while (status == STATUS_OK && (status = tables_next(cursor, &key, NULL)) == STATUS_OK) {
        struct key_reader reader = {.bytes = key.bytes + prefix.length, .left = key.length - prefix.length};
        uint64_t time;
        if (!key_take_u64(&reader, &time))
            status = STATUS_CORRUPT;
        else if (time > week_ago)
            break;
        else
            status = tables_delete(entry->txn, TABLE_PRICE_CHANGES, &key);
    }
    tables_end(cursor);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        return status;
    key_u64(&prefix, entry->time);
    key_u64(&prefix, entry->position);
    return tables_put(entry->txn, TABLE_PRICE_CHANGES, &prefix, "", 0);
}
