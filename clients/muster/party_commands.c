/* SPDX-License-Identifier: EUPL-1.2 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <sodium.h>

#include "clients/muster/commands.h"
#include "clients/muster/complain.h"
#include "clients/muster/figures.h"
#include "clients/muster/identity.h"
#include "clients/muster/session.h"
#include "proto/check.h"
#include "proto/fault.h"
#include "proto/invitation.h"
#include "proto/status.h"

/* A coordinator's acts on parties: invite, confirm, suspend, resume. */

#define DAY_MILLISECONDS UINT64_C(86400000)
#define INVITATION_DAYS 14u
#define INVITATION_DAYS_MOST 90u

/* The party as it stands, or NULL in *record where there is none. */
static int find_party(struct context *context, const char *id, const Muster__PartyRecord **record)
{
    struct session_records records;
    int code = session_list(context, MUSTER__NOUN__NOUN_PARTY, "", "", false, &records);
    *record = NULL;
    for (size_t i = 0; i < records.count && !code; i++) {
        const Muster__PartyRecord *each = records.list[i]->party_record;
        if (each && strcmp(each->party->id, id) == 0) {
            *record = each;
        }
    }
    return code;
}

static int find_known_party(struct context *context, const char *id, const Muster__PartyRecord **record)
{
    int code = find_party(context, id, record);
    if (!code && !*record) {
        return complain(EXIT_CODE_INPUT, "no party '%s'. Nothing changed.\nAll: muster party list", id);
    }
    return code;
}

static int choose(const char *option, const char *value, const char *const *names, const char *expected, int *chosen)
{
    for (int i = 0; names[i]; i++) {
        if (strcasecmp(names[i], value) == 0) {
            *chosen = i + 1;
            return EXIT_CODE_DONE;
        }
    }
    return complain(EXIT_CODE_USAGE, "--%s: found %s, expected %s. Nothing was sent.", option, value, expected);
}

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

/* What the options say of the party; what they leave out stays as it is known. */
static int fill_details(struct context *context, const char *id, const Muster__PartyRecord *known, Muster__Party *details)
{
    static const char *const roles[] = {"agency", "supplier", "coordinator", NULL};
    static const char *const sizes[] = {"micro", "small", "medium", "large", NULL};
    int role = known ? (int)known->party->role : 0, size = known ? (int)known->party->size : MUSTER__SIZE__SIZE_LARGE;
    muster__party__init(details);
    if (context->value[OPTION_ROLE]) {
        int code = choose("role", context->value[OPTION_ROLE], roles, "agency, supplier or coordinator", &role);
        if (code) {
            return code;
        }
    }
    if (context->value[OPTION_SIZE]) {
        int code = choose("size", context->value[OPTION_SIZE], sizes, "micro, small, medium or large", &size);
        if (code) {
            return code;
        }
    }
    if (!role || (!context->value[OPTION_COUNTRY] && !known)) {
        return complain(EXIT_CODE_USAGE, "a new party needs --role and --country. Nothing was sent.\nAs: muster party invite %s --role agency --country NL --name \"...\"", id);
    }
    details->id = arena_string(&context->arena, id);
    details->role = (Muster__Role)role;
    details->size = (Muster__Size)size;
    details->name = (char *)(uintptr_t)(context->value[OPTION_NAME] ? context->value[OPTION_NAME] : known ? known->party->name : id);
    details->country = (char *)(uintptr_t)(context->value[OPTION_COUNTRY] ? context->value[OPTION_COUNTRY] : known->party->country);
    details->ncage = (char *)(uintptr_t)(context->value[OPTION_NCAGE] ? context->value[OPTION_NCAGE] : known ? known->party->ncage : "");
    details->contact = (char *)(uintptr_t)(context->value[OPTION_CONTACT] ? context->value[OPTION_CONTACT] : known ? or_empty(known->party->contact) : "");
    return check_normalise_party(&context->arena, details) == STATUS_OK ? EXIT_CODE_DONE : complain_memory();
}

static const char *name_of_change(void *data, uint32_t change)
{
    (void)change;
    return data;
}

/* Sends one change of a party. */
static int send_change(struct context *context, Muster__PartyChange *change, struct submission_result *result)
{
    Muster__Submission submission = MUSTER__SUBMISSION__INIT;
    Muster__PartyChange *list[1] = {change};
    const struct session_naming naming = {.id = name_of_change, .data = change->party};
    submission.parties = list;
    submission.n_parties = 1;
    return session_submit(context, &submission, &naming, result);
}

/* Prints what was accepted, as every act on a party does. */
static int tell(struct context *context, const struct submission_result *result, const char *party, const char *became, json_t *more)
{
    json_t *value = json_pack("{s:b, s:I, s:s, s:s}", "accepted", 1, "entry", (json_int_t)result->answer->position, "time",
                              figures_instant(result->answer->time).text, "party", party);
    if (value && more) {
        json_object_update(value, more);
    }
    json_decref(more);
    if (!output_value(&context->output, value)) {
        output_wrap(&context->output, "Accepted %s. %s", session_accepted(context, result), became);
    }
    return EXIT_CODE_DONE;
}

/* The line of an invitation, its one-time keys' public halves noted in the change. */
static int make_invitation(struct context *context, Muster__Invitation *invitation, Muster__PartyChange *change, struct invitation_keys *keys, char **line)
{
    const struct profile *profile = &context->profile;
    uint8_t *seed = arena_alloc(&context->arena, INVITATION_SEED_SIZE);
    Muster__PartyKeys *public_keys = arena_alloc(&context->arena, sizeof *public_keys);
    if (!seed || !public_keys) {
        return complain_memory();
    }
    link_random(context->link)->fill(link_random(context->link)->data, seed, INVITATION_SEED_SIZE);
    muster__invitation__init(invitation);
    invitation->address = (char *)(uintptr_t)profile->address;
    invitation->exchange_signing_key = (ProtobufCBinaryData){.data = (uint8_t *)(uintptr_t)profile->exchange_signing_key, .len = 32};
    invitation->exchange_box_key = (ProtobufCBinaryData){.data = (uint8_t *)(uintptr_t)profile->exchange_box_key, .len = 32};
    invitation->front_curve_key = (ProtobufCBinaryData){.data = (uint8_t *)(uintptr_t)profile->front_key, .len = 32};
    invitation->vkey = (char *)(uintptr_t)profile->vkey;
    invitation->party = change->party;
    invitation->role = change->details->role;
    invitation->expiry = change->invitation_expiry;
    invitation->seed = (ProtobufCBinaryData){.data = seed, .len = INVITATION_SEED_SIZE};
    if (invitation_keys_make(seed, keys) != STATUS_OK || invitation_encode(invitation, &context->arena, line) != STATUS_OK) {
        return complain_memory();
    }
    muster__party_keys__init(public_keys);
    public_keys->signing_key = (ProtobufCBinaryData){.data = keys->signing.public_key, .len = 32};
    public_keys->box_key = (ProtobufCBinaryData){.data = keys->box.public_key, .len = 32};
    public_keys->curve_key = (ProtobufCBinaryData){.data = keys->curve.public_key, .len = 32};
    change->one_time_keys = public_keys;
    return EXIT_CODE_DONE;
}

int party_invite_run(struct context *context, int count, char **words)
{
    const Muster__PartyRecord *known = NULL;
    Muster__PartyChange change = MUSTER__PARTY_CHANGE__INIT;
    Muster__Party details;
    Muster__Invitation invitation;
    struct invitation_keys keys = {0};
    struct submission_result result;
    uint64_t days = INVITATION_DAYS;
    char *line = NULL;
    (void)count;
    if (context->value[OPTION_DAYS] && figures_read_count(context->value[OPTION_DAYS], 1, INVITATION_DAYS_MOST, &days) != STATUS_OK) {
        return complain(EXIT_CODE_USAGE, "--days: found %s, expected 1 to %u. Nothing was sent.", context->value[OPTION_DAYS], INVITATION_DAYS_MOST);
    }
    int code = find_party(context, words[0], &known);
    code = code ? code : fill_details(context, words[0], known, &details);
    if (code) {
        return code;
    }
    const struct seam_clock *clock = link_clock(context->link);
    change.kind = MUSTER__PARTY_CHANGE_KIND__PARTY_INVITE;
    change.party = words[0];
    change.replaces = known ? known->version : 0;
    change.details = &details;
    change.has_invitation_expiry = 1;
    change.invitation_expiry = clock->wall(clock->data) + days * DAY_MILLISECONDS;
    code = make_invitation(context, &invitation, &change, &keys, &line);
    code = code ? code : send_change(context, &change, &result);
    invitation_keys_drop(&keys);
    if (code || !result.answer) {
        return code;
    }
    json_t *value = json_pack("{s:b, s:I, s:s, s:s, s:s}", "accepted", 1, "entry", (json_int_t)result.answer->position, "party", words[0], "expires",
                              figures_instant(change.invitation_expiry).text, "invitation", line);
    if (context->output.form == OUTPUT_JSON) {
        output_value(&context->output, value);
        return EXIT_CODE_DONE;
    }
    json_decref(value);
    /* The line alone on standard output, whole, so that it can go into a file or a message. */
    advise("Accepted %s. %s %s, %s, may join until %s.\nSend it this line by a channel that only it reads; it runs: muster join", session_accepted(context, &result),
           details.country, words[0], known ? "invited again" : "invited", figures_time(change.invitation_expiry).text);
    printf("%s\n", line);
    return EXIT_CODE_DONE;
}

/* The typed groups as one text. */
static const char *joined(struct context *context, int count, char **words)
{
    const char *text = "";
    for (int i = 0; i < count && text; i++) {
        text = arena_format(&context->arena, "%s%s%s", text, i ? " " : "", words[i]);
    }
    return text ? text : "";
}

int party_confirm_run(struct context *context, int count, char **words)
{
    const Muster__PartyRecord *party = NULL;
    Muster__PartyChange change = MUSTER__PARTY_CHANGE__INIT;
    struct submission_result result;
    char whole[FINGERPRINT_TEXT_SIZE], first[FINGERPRINT_HALF_SIZE], second[FINGERPRINT_HALF_SIZE];
    int code = find_known_party(context, words[0], &party);
    if (code) {
        return code;
    }
    if (!party->keys) {
        return complain(EXIT_CODE_INPUT, "%s has not joined yet: there are no keys to confirm. Nothing changed.", words[0]);
    }
    if (identity_fingerprint(&context->profile, words[0], party->keys, whole) != STATUS_OK) {
        return complain(EXIT_CODE_INTERNAL, "the keys of %s have no usable form. Nothing changed.", words[0]);
    }
    fingerprint_half(whole, false, first);
    fingerprint_half(whole, true, second);
    const char *typed = joined(context, count - 1, words + 1);
    if (!fingerprint_equal(first, typed) && !fingerprint_equal(whole, typed)) {
        return complain(EXIT_CODE_INPUT, "these are not the groups of the keys that %s registered. Nothing changed.\n"
                                         "Ask for them again by telephone. If they still differ, somebody else used its invitation: muster party suspend %s",
                        words[0], words[0]);
    }
    change.kind = MUSTER__PARTY_CHANGE_KIND__PARTY_CONFIRM;
    change.party = words[0];
    change.replaces = party->version;
    change.fingerprint = whole;
    code = send_change(context, &change, &result);
    if (code || !result.answer) {
        return code;
    }
    const char *became = arena_format(&context->arena, "%s is confirmed. Read back to it: %s", words[0], second);
    return tell(context, &result, words[0], became ? became : "", json_pack("{s:s, s:s}", "state", "confirmed", "read_back", second));
}

static int change_state(struct context *context, const char *id, Muster__PartyChangeKind kind, const char *state, const char *became)
{
    const Muster__PartyRecord *party = NULL;
    Muster__PartyChange change = MUSTER__PARTY_CHANGE__INIT;
    struct submission_result result;
    int code = find_known_party(context, id, &party);
    if (code) {
        return code;
    }
    change.kind = kind;
    change.party = (char *)(uintptr_t)id;
    change.replaces = party->version;
    if (kind == MUSTER__PARTY_CHANGE_KIND__PARTY_SUSPEND) {
        change.reason = (char *)(uintptr_t)(context->value[OPTION_REASON] ? context->value[OPTION_REASON] : "");
        if (!*change.reason) {
            return complain(EXIT_CODE_USAGE, "a suspension needs --reason TEXT. Nothing changed.");
        }
    }
    code = send_change(context, &change, &result);
    return code || !result.answer ? code : tell(context, &result, id, arena_format(&context->arena, "%s %s", id, became), json_pack("{s:s}", "state", state));
}

int party_suspend_run(struct context *context, int count, char **words)
{
    (void)count;
    return change_state(context, words[0], MUSTER__PARTY_CHANGE_KIND__PARTY_SUSPEND, "suspended",
                        "is suspended: it is let in no more, and counts as a no in every bundle not yet committed. Undo: muster party resume");
}

int party_resume_run(struct context *context, int count, char **words)
{
    (void)count;
    return change_state(context, words[0], MUSTER__PARTY_CHANGE_KIND__PARTY_RESUME, "resumed", "is let in again.");
}
