/* SPDX-License-Identifier: EUPL-1.2 */
#include <string.h>

#include "proto/check_field.h"
#include "proto/limits.h"

/* What a coordinator does with a party, and a party's own joining. */

#define KEY_SIZE 32
#define SIGNATURE_SIZE 64
#define FINGERPRINT_LETTERS 32 /* eight groups of four */

static void check_keys(const Muster__PartyKeys *keys, struct faults *faults)
{
    check_bytes(faults, "signing_key", &keys->signing_key, KEY_SIZE);
    check_bytes(faults, "box_key", &keys->box_key, KEY_SIZE);
    check_bytes(faults, "curve_key", &keys->curve_key, KEY_SIZE);
}

static void check_fingerprint(const char *text, struct faults *faults)
{
    unsigned letters = 0;
    const char *at = text;
    for (; *at; at++) {
        bool letter = (*at >= 'A' && *at <= 'Z') || (*at >= 'a' && *at <= 'z') || (*at >= '2' && *at <= '7');
        if (!letter && *at != ' ' && *at != '-') {
            break;
        }
        letters += letter;
    }
    if (*at || letters != FINGERPRINT_LETTERS) {
        check_fault(faults, "fingerprint", "", "eight groups of four letters and digits 2 to 7",
                    "type all eight groups as the party reads them");
    }
}

static void check_absent(struct faults *faults, const char *field, bool present)
{
    if (present) {
        check_fault(faults, field, "a value", "no value in this kind of change", "leave it out");
    }
}

static void check_details(const Muster__PartyChange *change, const struct check_context *context, struct faults *faults)
{
    if (!change->details) {
        check_fault(faults, "details", "", "the party's details", "state name, country and role");
        return;
    }
    check_party(change->details, context, faults);
    if (strcmp(change->party, change->details->id) != 0) {
        check_fault(faults, "party", change->party, "the id of the details", "write the same id in both");
    }
}

static void check_invitation(const Muster__PartyChange *change, struct faults *faults)
{
    if (change->one_time_keys) {
        check_keys(change->one_time_keys, faults);
    } else {
        check_fault(faults, "one_time_keys", "", "the invitation's keys", "use a program of the same protocol version");
    }
    if (!change->has_invitation_expiry || change->invitation_expiry == 0) {
        check_fault(faults, "invitation_expiry", "", "when the invitation expires", "state a time");
    }
}

void check_party_change(const Muster__PartyChange *change, const struct check_context *context, struct faults *faults)
{
    bool id = check_party_id(faults, "party", change->party);
    if (!check_enum(faults, "kind", (int)change->kind, &muster__party_change_kind__descriptor) || !id) {
        return;
    }
    bool invites = change->kind == MUSTER__PARTY_CHANGE_KIND__PARTY_INVITE;
    if (invites || change->kind == MUSTER__PARTY_CHANGE_KIND__PARTY_DETAILS) {
        check_details(change, context, faults);
    } else {
        check_absent(faults, "details", change->details != NULL);
    }
    if (invites) {
        check_invitation(change, faults);
    } else {
        check_absent(faults, "one_time_keys", change->one_time_keys != NULL);
        check_absent(faults, "invitation_expiry", change->has_invitation_expiry);
        check_number(faults, "replaces", change->replaces, 1, UINT64_MAX);
    }
    if (change->kind == MUSTER__PARTY_CHANGE_KIND__PARTY_CONFIRM) {
        check_fingerprint(change->fingerprint ? change->fingerprint : "", faults);
    } else {
        check_absent(faults, "fingerprint", change->fingerprint != NULL);
    }
    bool voids = change->kind == MUSTER__PARTY_CHANGE_KIND__PARTY_VOID;
    bool stops = voids || change->kind == MUSTER__PARTY_CHANGE_KIND__PARTY_SUSPEND;
    if (stops || change->reason) {
        check_text(faults, "reason", change->reason ? change->reason : "", LIMIT_REASON_MOST, stops);
    }
    if (voids) {
        check_bytes(faults, "void_key", &change->void_key, KEY_SIZE);
    } else {
        check_absent(faults, "void_key", change->has_void_key);
    }
}

void check_keys_change(const Muster__KeysChange *change, const struct check_context *context, struct faults *faults)
{
    (void)context;
    if (!check_enum(faults, "kind", (int)change->kind, &muster__keys_change_kind__descriptor)) {
        return;
    }
    if (change->kind == MUSTER__KEYS_CHANGE_KIND__KEYS_CANCEL) {
        check_absent(faults, "keys", change->keys != NULL);
        check_absent(faults, "new_signature", change->has_new_signature);
        check_bytes(faults, "cancels", &change->cancels, KEY_SIZE);
        return;
    }
    if (change->keys) {
        check_keys(change->keys, faults);
    } else {
        check_fault(faults, "keys", "", "the three new keys", "use a program of the same protocol version");
    }
    check_bytes(faults, "new_signature", &change->new_signature, SIGNATURE_SIZE);
    check_absent(faults, "cancels", change->has_cancels);
}

void check_join(const Muster__Join *join, const struct check_context *context, struct faults *faults)
{
    (void)context;
    check_bytes(faults, "one_time_signing_key", &join->one_time_signing_key, KEY_SIZE);
    check_keys(join->keys, faults);
    check_bytes(faults, "one_time_signature", &join->one_time_signature, SIGNATURE_SIZE);
    check_bytes(faults, "new_signature", &join->new_signature, SIGNATURE_SIZE);
}
