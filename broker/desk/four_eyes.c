/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/desk/four_eyes.h"

#include <string.h>

#include "proto/settings.h"

#define WEAKER_WAITS DESK_DAY

/* What a policy states; one that states nothing means none, whatever a later program's default is. */
static uint64_t stated(Muster__PolicyEntry *const *policy, size_t count)
{
    uint64_t above = 0, number;
    for (size_t at = 0; at < count; at++) {
        if (strcmp(policy[at]->key, settings_name(SETTING_FOUR_EYES)) == 0 && policy[at]->value[0] != '\0' &&
            settings_read(SETTING_FOUR_EYES, policy[at]->value, &number))
            above = number;
    }
    return above;
}

static bool is_stricter(uint64_t one, uint64_t other)
{
    return one != 0 && (other == 0 || one < other);
}

static uint64_t in_force(const Muster__ExchangeState *exchange, uint64_t above, uint64_t time)
{
    const Muster__FourEyes *before = exchange->four_eyes;
    return before != NULL && time < before->until && is_stricter(before->above, above) ? before->above : above;
}

int four_eyes_above(struct store_txn *txn, struct arena *arena, uint64_t time, uint64_t *above)
{
    Muster__StoredSet *policy;
    Muster__ExchangeState *exchange;
    int status = state_set(txn, TABLE_POLICY, arena, &policy);
    if (status == STATUS_OK)
        status = state_exchange(txn, arena, &exchange);
    if (status == STATUS_OK)
        *above = in_force(exchange, stated(policy->policy, policy->n_policy), time);
    return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
}

int four_eyes_of(struct store_txn *txn, struct arena *arena, uint64_t time, const Muster__BundleVersion *version, uint64_t *above)
{
    __int128 value = 0;
    int status = four_eyes_above(txn, arena, time, above);
    for (size_t at = 0; status == STATUS_OK && at < version->plan->n_awards; at++) {
        const Muster__Award *award = version->plan->awards[at];
        value += state_cost(award->quantity, award->unit_price, award->freight, award->one_off);
    }
    if (status == STATUS_OK && value <= (__int128)*above * 100)
        *above = 0;
    return status;
}

const Muster__ReleaseHand *four_eyes_first(const Muster__BundleHead *head)
{
    return head->first_hand != NULL && head->first_hand->version == head->version ? head->first_hand : NULL;
}

static int hands_on(struct store_txn *txn, struct arena *arena, const Muster__BundleHead *head, const char *sender, enum hands *hands)
{
    const Muster__ReleaseHand *first = four_eyes_first(head);
    return hands_of(txn, arena, first != NULL ? first->party : NULL, sender, hands);
}

int four_eyes_check(struct desk_work *work, const Muster__BundleHead *head, const Muster__BundleVersion *version, const char *name)
{
    uint64_t above;
    enum hands hands = HANDS_FIRST;
    int status = four_eyes_of(work->txn, work->arena, work->context->log_time, version, &above);
    if (status == STATUS_OK && above != 0)
        status = hands_on(work->txn, work->arena, head, work->context->party->party->id, &hands);
    char *what = arena_format(work->arena, "the release of %s", name);
    if (status == STATUS_OK && hands == HANDS_SAME)
        hands_refuse_same(work, what != NULL ? what : name);
    return status;
}

static Muster__ReleaseHand *make_hand(const struct desk_entry *entry, uint64_t version, uint64_t deadline)
{
    Muster__ReleaseHand *hand = arena_alloc(entry->arena, sizeof *hand);
    if (hand == NULL)
        return NULL;
    muster__release_hand__init(hand);
    hand->party = (char *)(uintptr_t)entry->party;
    hand->version = version;
    hand->deadline = deadline;
    hand->time = entry->time;
    hand->position = entry->position;
    return hand;
}

static int note_first(const struct desk_entry *entry, Muster__BundleHead *head)
{
    uint64_t *wider = arena_array(entry->arena, head->n_first_positions + 1, sizeof *wider);
    if (wider == NULL)
        return STATUS_NO_MEMORY;
    if (head->n_first_positions != 0)
        memcpy(wider, head->first_positions, head->n_first_positions * sizeof *wider);
    wider[head->n_first_positions++] = entry->position;
    head->first_positions = wider;
    return STATUS_OK;
}

int four_eyes_apply(const struct desk_entry *entry, Muster__BundleHead *head, const Muster__BundleVersion *version,
                    const Muster__BundleChange *change, bool *waits, uint64_t *deadline)
{
    uint64_t above;
    enum hands hands = HANDS_FIRST;
    *deadline = change->has_deadline ? change->deadline : 0;
    int status = four_eyes_of(entry->txn, entry->arena, entry->time, version, &above);
    if (status == STATUS_OK && above != 0)
        status = hands_on(entry->txn, entry->arena, head, entry->party, &hands);
    Muster__ReleaseHand *hand = make_hand(entry, head->version, *deadline);
    Muster__ReleaseHand **all = arena_array(entry->arena, 2, sizeof *all);
    if (status != STATUS_OK || hand == NULL || all == NULL)
        return status != STATUS_OK ? status : STATUS_NO_MEMORY;
    *waits = above != 0 && hands != HANDS_SECOND;
    if (*waits) {
        head->first_hand = hand;
        return note_first(entry, head);
    }
    if (hands == HANDS_SECOND && *deadline == 0)
        *deadline = head->first_hand->deadline;
    head->n_released_by = 0;
    head->released_by = all;
    if (hands == HANDS_SECOND)
        all[head->n_released_by++] = head->first_hand;
    all[head->n_released_by++] = hand;
    head->first_hand = NULL;
    return STATUS_OK;
}

int four_eyes_check_policy(struct desk_work *work, const Muster__PolicyChange *change)
{
    uint64_t next = stated(change->entries, change->n_entries), now;
    size_t count;
    int status = four_eyes_above(work->txn, work->arena, work->context->log_time, &now);
    if (status == STATUS_OK)
        status = hands_coordinators(work->txn, work->arena, NULL, &count);
    if (status == STATUS_OK && next != 0 && now == 0 && count < 2)
        desk_refuse(work, STATUS_INVALID, settings_name(SETTING_FOUR_EYES), "", "two confirmed coordinators, since a release would take two",
                    "invite and confirm a second coordinator first: muster party invite");
    return status;
}

int four_eyes_apply_policy(const struct desk_entry *entry, const Muster__PolicyChange *change)
{
    uint64_t now, next = stated(change->entries, change->n_entries);
    Muster__ExchangeState *exchange;
    int status = four_eyes_above(entry->txn, entry->arena, entry->time, &now);
    if (status == STATUS_OK)
        status = state_exchange(entry->txn, entry->arena, &exchange);
    if (status != STATUS_OK || !is_stricter(now, next))
        return status;
    Muster__FourEyes before = MUSTER__FOUR_EYES__INIT;
    before.above = now;
    before.until = entry->time + WEAKER_WAITS;
    exchange->four_eyes = &before;
    return state_put_exchange(entry->txn, exchange);
}
