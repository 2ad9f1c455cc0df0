/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_DESK_SIGNAL_H
#define BROKER_DESK_SIGNAL_H

#include "broker/desk/noun.h"
#include "broker/signals.h"
#include "proto/regions.h"

/*
 * Publications of pooled need: what the rules (broker/signals.h) are fed, and what becomes of their decisions. A publication is an entry of the
 * exchange on a date of the policy's calendar, with the state as it stood when that day began; it holds every new figure with its parts and the
 * range that all figures leave, so that the log alone shows that the promise was kept. Need is what demands released as pooled lack: their lines
 * less what is committed, of confirmed agencies. Open demands are shown by themselves and sealed ones count nowhere.
 */

struct signal_policy {
    struct signals_rules rules;
    uint64_t months;        /* between publications; 0: none */
    const char *regions;    /* as the policy writes them */
    char names[REGIONS_MOST + 1][REGION_NAME_SIZE];
    const char *listed[REGIONS_MOST + 1];
    size_t count;
};

/* What the policy says of signals; texts lie in arena. */
int signal_policy(struct store_txn *txn, struct arena *arena, struct signal_policy *policy);

/* Which publication was last; all zero where there is no genesis. */
int signal_state(struct store_txn *txn, struct arena *arena, Muster__SignalState **state);

/* Every figure ever published of an item, and what nations are known for. Its need is left out: see signal_need(). */
int signal_history(struct store_txn *txn, const struct signal_policy *policy, const char *item, struct arena *arena, struct signals_item *out);

/* What is lacking of an item now, by nation and quarter; party (may be NULL): of that agency alone. In arena. */
int signal_need(struct store_txn *txn, const struct signal_policy *policy, const char *item, const char *party, struct arena *arena,
                struct signals_part **parts, size_t *count);

/* The publication that is due at context's log time, or its next part; NULL where none is. In arena. */
int signal_due(struct store_txn *txn, const struct desk_context *context, struct arena *arena, Muster__SignalPublication **due);

/* In apply of a genesis: the calendar begins. */
int signal_begin(const struct desk_entry *entry);

/* In apply of demands: a demand of this nation was, or becomes, open and something else as well, so its part of figures may be known. */
int signal_note_known(struct store_txn *txn, const char *item, const char *country);

/* Appends to a list of messages that grows in an arena; *room is what it has room for, 0 at first. STATUS_NO_MEMORY. */
int desk_signal_append(struct arena *arena, void ***list, size_t *count, size_t *room, void *message);

#endif
