/* SPDX-License-Identifier: EUPL-1.2 */
#include <inttypes.h>
#include <string.h>

#include "broker/views_inside.h"
#include "broker/watch.h"
#include "proto/envelope.h"
#include "proto/status.h"
#include "store/log.h"

/* Watching: the log's entries from a cursor on, as events that the asker may see. */

#define ENTRIES_A_LOOK 5000u /* read at most so many at a time; the cursor then stands where the look ended */
#define EVENTS_A_PAGE 500u

/* Reads entries until most events were found; *cursor is behind the last one read. */
static int look(struct view *view, uint64_t *cursor, size_t most, struct watch_events *events)
{
    uint64_t size;
    int status = log_size(view->txn, &size);
    for (size_t read = 0; status == STATUS_OK && *cursor < size && read < ENTRIES_A_LOOK && events->count < most; read++) {
        struct log_entry entry;
        status = log_read(view->txn, *cursor, &entry);
        if (status == STATUS_OK && entry.body != NULL)
            status = watch_entry(view, &entry, events);
        if (status == STATUS_OK)
            ++*cursor;
    }
    return status;
}

int view_watch(struct view *view)
{
    const Muster__WatchRequest *request = (const Muster__WatchRequest *)view->body;
    Muster__WatchAnswer *answer = view_new(view, &muster__watch_answer__descriptor);
    struct watch_events events = {0};
    struct log_head head;
    uint64_t size;
    if (answer == NULL)
        return STATUS_NO_MEMORY;
    int status = log_size(view->txn, &size);
    if (status != STATUS_OK)
        return status;
    answer->cursor = request->cursor < size ? request->cursor : size;
    status = look(view, &answer->cursor, EVENTS_A_PAGE, &events);
    if (status == STATUS_OK)
        status = log_head_newest(view->txn, &head);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
    answer->events = events.list;
    answer->n_events = events.count;
    answer->time = view->context->log_time;
    answer->checkpoint.len = head.note_length;
    answer->checkpoint.data = (uint8_t *)arena_copy(view->arena, head.note, head.note_length);
    return answer->checkpoint.data != NULL ? view_done(view, &answer->base) : STATUS_NO_MEMORY;
}

int views_watch_news(struct store_txn *txn, const struct desk_context *context, uint64_t cursor, struct arena *arena, bool *news)
{
    struct view view = {.txn = txn, .context = context, .asker = context->party->party, .arena = arena};
    struct watch_events events = {0};
    int status = look(&view, &cursor, 1, &events);
    *news = events.count != 0;
    return status;
}
