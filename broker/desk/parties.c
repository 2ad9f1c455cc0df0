/* SPDX-License-Identifier: EUPL-1.2 */
#include <inttypes.h>
#include <string.h>

#include "broker/desk/bundle.h"
#include "broker/desk/hands.h"
#include "broker/desk/join.h"
#include "broker/desk/keys.h"
#include "broker/desk/noun.h"
#include "proto/envelope.h"
#include "proto/fingerprint.h"

/* Parties: invited, confirmed, suspended, resumed, described, their keys voided. A coordinator writes all of these; joining is in join.c. */

#define ONE_TIME_KEY_SIZE 32u

static const char *state_word(Muster__PartyState state)
{
    switch (state) {
    case MUSTER__PARTY_STATE__PARTY_INVITED:
        return "invited";
    case MUSTER__PARTY_STATE__PARTY_JOINED:
        return "joined";
    case MUSTER__PARTY_STATE__PARTY_CONFIRMED:
        return "confirmed";
    default:
        return "suspended";
    }
}

static void refuse_state(struct desk_work *work, const Muster__PartyRecord *party, const char *expected)
{
    desk_refuse(work, STATUS_STALE, "party", state_word(party->state), expected, "look at muster party list: it is not what it was");
}

/* The keys of an invitation must be new: no key is ever registered twice. */
static int check_new_key(struct desk_work *work, enum table table, const ProtobufCBinaryData *bytes, const char *field)
{
    if (bytes->len != ONE_TIME_KEY_SIZE) {
        desk_refuse(work, STATUS_INVALID, field, "", "32 bytes", "make the invitation again");
        return STATUS_OK;
    }
    struct store_key key = {0};
    struct store_value value;
    key_bytes(&key, bytes->data, bytes->len);
    int status = tables_get(work->txn, table, &key, &value);
    if (status == STATUS_OK)
        desk_refuse(work, STATUS_INVALID, field, "", "a key that nobody has used", "make the invitation again");
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static int check_invite(struct desk_work *work, const Muster__PartyChange *change, const Muster__PartyRecord *stands)
{
    const Muster__Party *details = change->details;
    if (details == NULL || change->one_time_keys == NULL || !change->has_invitation_expiry || strcmp(details->id, change->party) != 0) {
        desk_refuse(work, STATUS_INVALID, "party", change->party, "details, one-time keys and an expiry", "make the invitation with muster party invite");
        return STATUS_OK;
    }
    if (strcmp(change->party, ENVELOPE_EXCHANGE_PARTY) == 0)
        desk_refuse(work, STATUS_INVALID, "party", change->party, "a name of a party", "this name is the exchange's own");
    if (stands != NULL && (stands->party->role != details->role || strcmp(stands->party->country, details->country) != 0))
        desk_refuse(work, STATUS_INVALID, "role", "", "the role and country that the party has", "invite it under another name");
    if (change->invitation_expiry <= work->context->log_time)
        desk_refuse(work, STATUS_INVALID, "expiry", "", "a time to come", "give the invitation a later expiry");
    int status = check_new_key(work, TABLE_BOX_KEYS, &change->one_time_keys->box_key, "box_key");
    if (status == STATUS_OK)
        status = check_new_key(work, TABLE_CURVE_KEYS, &change->one_time_keys->curve_key, "curve_key");
    return status;
}

/* Whether the coordinator typed in what these keys' party shows. */
static int check_fingerprint_of(struct desk_work *work, const Muster__PartyChange *change, const char *party, const Muster__PartyKeys *keys)
{
    struct fingerprint_input input = {.party = party,
                                      .signing_key = keys->signing_key.data,
                                      .box_key = keys->box_key.data,
                                      .curve_key = keys->curve_key.data,
                                      .exchange_signing_key = work->context->exchange->signing_key,
                                      .exchange_box_key = work->context->exchange->box_key,
                                      .vkey = work->context->exchange->vkey};
    char expected[FINGERPRINT_TEXT_SIZE];
    int status = fingerprint_make(&input, expected);
    if (status != STATUS_OK)
        return status;
    if (change->fingerprint == NULL || !fingerprint_equal(expected, change->fingerprint))
        desk_refuse(work, STATUS_DENIED, "fingerprint", "", "the eight groups that the party's own program shows",
                    "compare them once more by another channel; if they differ, do not confirm: somebody may stand between");
    return STATUS_OK;
}

/* New keys of a known party: whoever acted first is no second person. */
static int check_waiting_keys(struct desk_work *work, const Muster__PartyChange *change, const Muster__PartyRecord *party)
{
    bool at_once, same;
    int status = keys_are_compared_by(work->txn, work->arena, party, work->context->party->party->id, &at_once, &same);
    if (status != STATUS_OK)
        return status;
    if (same) {
        hands_refuse_same(work, "to bind new keys at once");
        return STATUS_OK;
    }
    return check_fingerprint_of(work, change, party->party->id, party->pending->keys);
}

/* Once there are two coordinators, a further one comes in by two of them. */
static int check_new_coordinator(struct desk_work *work, const Muster__PartyRecord *party)
{
    size_t count;
    enum hands hands;
    const char *sender = work->context->party->party->id;
    if (party->party->role != MUSTER__ROLE__ROLE_COORDINATOR || party->known)
        return STATUS_OK;
    int status = hands_coordinators(work->txn, work->arena, NULL, &count);
    if (status == STATUS_OK)
        status = hands_of(work->txn, work->arena, party->invited_by, sender, &hands);
    if (status == STATUS_OK && count > 1 && hands == HANDS_SAME)
        hands_refuse_same(work, "a further coordinator");
    return status;
}

static int check_confirm(struct desk_work *work, const Muster__PartyChange *change, const Muster__PartyRecord *party)
{
    if (party->pending != NULL)
        return check_waiting_keys(work, change, party);
    if (party->state != MUSTER__PARTY_STATE__PARTY_JOINED) {
        refuse_state(work, party, "joined, not yet confirmed");
        return STATUS_OK;
    }
    int status = check_new_coordinator(work, party);
    return status == STATUS_OK ? check_fingerprint_of(work, change, party->party->id, party->keys) : status;
}

static bool is_stopped_here(const struct desk_work *work, const char *party)
{
    for (size_t at = 0; at < work->submission->n_parties; at++) {
        const Muster__PartyChange *change = work->submission->parties[at];
        bool stops = change->kind == MUSTER__PARTY_CHANGE_KIND__PARTY_SUSPEND || change->kind == MUSTER__PARTY_CHANGE_KIND__PARTY_VOID;
        if (stops && strcmp(change->party, party) == 0)
            return true;
    }
    return false;
}

/* Whether another coordinator is left that can act. */
static int check_not_last(struct desk_work *work, const Muster__PartyRecord *party)
{
    if (party->party->role != MUSTER__ROLE__ROLE_COORDINATOR)
        return STATUS_OK;
    struct state_parties all;
    int status = state_all_parties(work->txn, work->arena, &all);
    size_t others = 0;
    for (size_t at = 0; status == STATUS_OK && at < all.count; at++)
        others += all.list[at]->party->role == MUSTER__ROLE__ROLE_COORDINATOR && all.list[at]->state == MUSTER__PARTY_STATE__PARTY_CONFIRMED &&
                  !is_stopped_here(work, all.list[at]->party->id);
    if (status == STATUS_OK && others == 0)
        desk_refuse(work, STATUS_INVALID, "party", party->party->id, "a coordinator that is left", "confirm another coordinator first");
    return status;
}

static bool names_key(const Muster__PartyChange *change, const Muster__PartyKeys *keys)
{
    return keys != NULL && change->has_void_key && change->void_key.len == keys->signing_key.len &&
           memcmp(change->void_key.data, keys->signing_key.data, change->void_key.len) == 0;
}

static int check_void(struct desk_work *work, const Muster__PartyChange *change, const Muster__PartyRecord *party)
{
    if (names_key(change, desk_keys_of(party, DESK_KEYS_WAITING)))
        return STATUS_OK;
    if (names_key(change, party->keys))
        return check_not_last(work, party);
    desk_refuse(work, STATUS_STALE, "void_key", "", "the signing key of keys that are in force or wait", "look at muster party list: the keys are others by now");
    return STATUS_OK;
}

static int check_existing(struct desk_work *work, const Muster__PartyChange *change, const Muster__PartyRecord *party)
{
    switch (change->kind) {
    case MUSTER__PARTY_CHANGE_KIND__PARTY_CONFIRM:
        return check_confirm(work, change, party);
    case MUSTER__PARTY_CHANGE_KIND__PARTY_SUSPEND:
        if (party->state == MUSTER__PARTY_STATE__PARTY_SUSPENDED)
            refuse_state(work, party, "not suspended");
        return check_not_last(work, party);
    case MUSTER__PARTY_CHANGE_KIND__PARTY_RESUME:
        if (party->state != MUSTER__PARTY_STATE__PARTY_SUSPENDED)
            refuse_state(work, party, "suspended");
        return STATUS_OK;
    case MUSTER__PARTY_CHANGE_KIND__PARTY_DETAILS:
        if (change->details == NULL || strcmp(change->details->id, change->party) != 0 || change->details->role != party->party->role ||
            strcmp(change->details->country, party->party->country) != 0)
            desk_refuse(work, STATUS_INVALID, "details", "", "the same party, role and country", "only name, contact, size and NCAGE can change");
        return STATUS_OK;
    case MUSTER__PARTY_CHANGE_KIND__PARTY_VOID:
        return check_void(work, change, party);
    default:
        return check_invite(work, change, party);
    }
}

int parties_check(struct desk_work *work)
{
    int status = STATUS_OK;
    for (size_t at = 0; status == STATUS_OK && at < work->submission->n_parties; at++) {
        const Muster__PartyChange *change = work->submission->parties[at];
        work->faults->change = (uint32_t)at;
        Muster__PartyRecord *party = NULL;
        status = state_party(work->txn, change->party, work->arena, &party);
        if (status == STATUS_NOT_FOUND) {
            status = STATUS_OK;
            party = NULL;
        }
        if (status != STATUS_OK)
            break;
        Muster__Stored as_object = MUSTER__STORED__INIT;
        as_object.version = party != NULL ? party->version : 0;
        if (!desk_check_version(work, party != NULL ? &as_object : NULL, false, change->replaces, change->party))
            continue;
        if (party != NULL)
            status = check_existing(work, change, party);
        else if (change->kind == MUSTER__PARTY_CHANGE_KIND__PARTY_INVITE)
            status = check_invite(work, change, NULL);
        else
            desk_refuse_missing(work, "party", change->party);
    }
    return status;
}

static int apply_invite(const struct desk_entry *entry, const Muster__PartyChange *change, Muster__PartyRecord *stands)
{
    Muster__PartyRecord fresh = MUSTER__PARTY_RECORD__INIT;
    Muster__PartyRecord *party = stands != NULL ? stands : &fresh;
    if (stands == NULL) {
        party->state = MUSTER__PARTY_STATE__PARTY_INVITED;
        party->state_before = MUSTER__PARTY_STATE__PARTY_INVITED;
    }
    party->party = change->details;
    party->one_time_keys = change->one_time_keys;
    party->invitation_expiry = change->invitation_expiry;
    party->has_join_sha256 = false;
    party->invited_by = (char *)(uintptr_t)entry->party;
    party->version++;
    int status = join_register_keys(entry->txn, change->one_time_keys, change->party);
    return status == STATUS_OK ? state_put_party(entry->txn, party) : status;
}

/* A comparison of new keys by the one who invited them, or the first of two after a suspension, leaves them waiting. */
static int apply_confirm(const struct desk_entry *entry, Muster__PartyRecord *party)
{
    bool at_once, same;
    int status = STATUS_OK;
    if (party->pending == NULL) {
        party->state = MUSTER__PARTY_STATE__PARTY_CONFIRMED;
    } else {
        status = keys_are_compared_by(entry->txn, entry->arena, party, entry->party, &at_once, &same);
        party->pending->compared = true;
        if (status == STATUS_OK && at_once)
            return keys_bind(entry, party);
        if (strcmp(party->pending->by, party->party->id) != 0)
            party->pending->by = (char *)(uintptr_t)entry->party;
    }
    party->has_known = party->known = true;
    return status;
}

/* Keys that wait are forgotten; without keys in force a party is as one that was only invited, but its next keys wait. */
static int apply_void(const struct desk_entry *entry, const Muster__PartyChange *change, Muster__PartyRecord *party, bool *leaves)
{
    bool in_force = names_key(change, party->keys);
    bool own = party->pending != NULL && strcmp(party->pending->by, party->party->id) == 0;
    int status = in_force && !own ? STATUS_OK : keys_forget(entry, party);
    *leaves = in_force;
    if (!in_force)
        return status;
    party->has_known = party->known = keys_are_to_wait(party);
    party->keys = NULL;
    if (party->state == MUSTER__PARTY_STATE__PARTY_SUSPENDED)
        party->state_before = MUSTER__PARTY_STATE__PARTY_INVITED;
    else
        party->state = MUSTER__PARTY_STATE__PARTY_INVITED;
    return status;
}

static int apply_change(const struct desk_entry *entry, const Muster__PartyChange *change, Muster__PartyRecord *party)
{
    int status = STATUS_OK;
    bool leaves = false;
    switch (change->kind) {
    case MUSTER__PARTY_CHANGE_KIND__PARTY_CONFIRM:
        status = apply_confirm(entry, party);
        break;
    case MUSTER__PARTY_CHANGE_KIND__PARTY_SUSPEND:
        party->state_before = party->state;
        party->state = MUSTER__PARTY_STATE__PARTY_SUSPENDED;
        leaves = true;
        status = keys_forget(entry, party);
        break;
    case MUSTER__PARTY_CHANGE_KIND__PARTY_RESUME:
        party->state = party->state_before;
        break;
    case MUSTER__PARTY_CHANGE_KIND__PARTY_VOID:
        status = apply_void(entry, change, party, &leaves);
        break;
    default:
        party->party = change->details;
        break;
    }
    party->version++;
    if (status == STATUS_OK)
        status = state_put_party(entry->txn, party);
    bool voided = change->kind == MUSTER__PARTY_CHANGE_KIND__PARTY_VOID;
    return status == STATUS_OK && leaves ? bundle_party_leaves(entry, change->party, voided ? "its keys were voided" : "suspended") : status;
}

int parties_apply(const struct desk_entry *entry)
{
    int status = STATUS_OK;
    for (size_t at = 0; status == STATUS_OK && at < entry->submission->n_parties; at++) {
        const Muster__PartyChange *change = entry->submission->parties[at];
        Muster__PartyRecord *party = NULL;
        status = state_party(entry->txn, change->party, entry->arena, &party);
        if (change->kind == MUSTER__PARTY_CHANGE_KIND__PARTY_INVITE && (status == STATUS_OK || status == STATUS_NOT_FOUND))
            status = apply_invite(entry, change, status == STATUS_OK ? party : NULL);
        else if (status == STATUS_OK)
            status = apply_change(entry, change, party);
    }
    return status == STATUS_OK ? state_touch_all(entry->txn, entry->position) : status;
}
