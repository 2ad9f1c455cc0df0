/* SPDX-License-Identifier: EUPL-1.2 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clients/muster/commands.h"
#include "clients/muster/complain.h"
#include "clients/muster/figures.h"
#include "clients/muster/identity.h"
#include "clients/muster/session.h"
#include "proto/status.h"

/* A coordinator's acts on parties that are known: confirm, suspend, resume. */

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

#define GROUPS_TYPED 4
#define CONFIRM_MOST 1000u
#define DAY_MILLISECONDS UINT64_C(86400000)

/* One party to confirm, and the groups that were typed in for it. */
struct confirming {
    const char *party;
    const char *typed;
    bool new_keys;   /* of a party that is known */
    uint64_t waits;  /* when they bind; 0: at once */
    char whole[FINGERPRINT_TEXT_SIZE];
    char second[FINGERPRINT_HALF_SIZE];
};

static bool is_group(const char *word)
{
    return strlen(word) == 4 || strlen(word) >= FINGERPRINT_HALF_SIZE - 1;
}

/* One party without its groups: the coordinator types them while it listens. */
static int ask_groups(struct context *context, struct confirming *each)
{
    char typed[128], prompt[96];
    snprintf(prompt, sizeof prompt, "The four groups that %.32s reads to you", each->party);
    if (!passphrase_terminal()) {
        return EXIT_CODE_DONE;
    }
    if (passphrase_ask(prompt, true, typed, sizeof typed) != STATUS_OK || !*typed) {
        return complain(EXIT_CODE_INPUT, "nothing was typed in. Nothing changed.");
    }
    each->typed = arena_string(&context->arena, typed);
    return each->typed ? EXIT_CODE_DONE : complain_memory();
}

/* "nl-dmo ABCD EFGH IJKL MNOP de-bw ..." as parties with their groups. */
static int read_confirmations(struct context *context, int count, char **words, struct confirming *list, size_t *parties)
{
    *parties = 0;
    for (int i = 0; i < count;) {
        if (*parties == CONFIRM_MOST) {
            return complain(EXIT_CODE_USAGE, "more than %u parties at once. Nothing changed.", CONFIRM_MOST);
        }
        struct confirming *each = &list[(*parties)++];
        *each = (struct confirming){.party = words[i++], .typed = ""};
        for (int groups = 0; i < count && groups < GROUPS_TYPED && is_group(words[i]); groups++, i++) {
            each->typed = arena_format(&context->arena, "%s%s%s", each->typed, groups ? " " : "", words[i]);
            if (!each->typed) {
                return complain_memory();
            }
        }
        if (!*each->typed && count == 1) {
            int code = ask_groups(context, each);
            if (code) {
                return code;
            }
        }
        if (!*each->typed) {
            return complain(EXIT_CODE_USAGE, "%s: four groups of four are expected, as it reads them to you. Nothing changed.", each->party);
        }
    }
    return EXIT_CODE_DONE;
}

static const Muster__PartyRecord *party_of(const struct session_records *records, const char *id)
{
    for (size_t i = 0; i < records->count; i++) {
        const Muster__PartyRecord *each = records->list[i]->party_record;
        if (each && strcmp(each->party->id, id) == 0) {
            return each;
        }
    }
    return NULL;
}

/* Holds the typed groups against the registered keys, and makes the change. */
static int make_confirmation(struct context *context, const struct session_records *records, struct confirming *each, Muster__PartyChange *change)
{
    char first[FINGERPRINT_HALF_SIZE];
    const Muster__PartyRecord *party = party_of(records, each->party);
    if (!party) {
        return complain(EXIT_CODE_INPUT, "no party '%s'. Nothing changed.\nAll: muster party list", each->party);
    }
    const Muster__PartyKeys *keys = party->pending ? party->pending->keys : party->keys;
    if (!keys) {
        return complain(EXIT_CODE_INPUT, "%s has not joined yet: there are no keys to confirm. Nothing changed.", each->party);
    }
    /* Whoever invited it anew is the first of two; a comparison by it lets the new keys bind by their age alone. */
    each->waits = party->pending && strcmp(party->pending->by, context->profile.party) == 0 ? party->pending->time + DAY_MILLISECONDS : 0;
    each->new_keys = party->pending != NULL;
    if (identity_fingerprint(&context->profile, each->party, keys, each->whole) != STATUS_OK) {
        return complain(EXIT_CODE_INTERNAL, "the keys of %s have no usable form. Nothing changed.", each->party);
    }
    fingerprint_half(each->whole, false, first);
    fingerprint_half(each->whole, true, each->second);
    if (!fingerprint_equal(first, each->typed) && !fingerprint_equal(each->whole, each->typed)) {
        return complain(EXIT_CODE_INPUT, "these are not the groups of the keys that %s registered. Nothing changed.\n"
                                         "Ask for them again by telephone. If they still differ, somebody else used its invitation: muster party suspend %s --reason TEXT",
                        each->party, each->party);
    }
    muster__party_change__init(change);
    change->kind = MUSTER__PARTY_CHANGE_KIND__PARTY_CONFIRM;
    change->party = (char *)(uintptr_t)each->party;
    change->replaces = party->version;
    change->fingerprint = each->whole;
    return EXIT_CODE_DONE;
}

static const char *confirmed_name(void *data, uint32_t change)
{
    return ((const struct confirming *)data)[change].party;
}

static int tell_confirmed(struct context *context, const struct submission_result *result, const struct confirming *list, size_t count)
{
    json_t *parties = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(parties, json_pack("{s:s, s:s, s:s}", "party", list[i].party, "state", "confirmed", "read_back", list[i].second));
    }
    json_t *value = json_pack("{s:b, s:I, s:s, s:O}", "accepted", 1, "entry", (json_int_t)result->answer->position, "time",
                              figures_instant(result->answer->time).text, "parties", parties);
    json_decref(parties);
    if (!output_value(&context->output, value)) {
        output_wrap(&context->output, "Accepted %s.", session_accepted(context, result));
        for (size_t i = 0; i < count; i++) {
            if (list[i].waits) {
                output_wrap(&context->output, "%s: its new keys are compared. They bind on %s, or at once by another coordinator. Read back to it: %s", list[i].party,
                            figures_time(list[i].waits).text, list[i].second);
            } else {
                output_wrap(&context->output, "%s%s confirmed. Read back to it: %s", list[i].party, list[i].new_keys ? ": its new keys are in force," : " is", list[i].second);
            }
        }
    }
    return EXIT_CODE_DONE;
}

int party_confirm_run(struct context *context, int count, char **words)
{
    Muster__Submission submission = MUSTER__SUBMISSION__INIT;
    struct session_records records;
    struct submission_result result;
    size_t parties = 0;
    struct confirming *list = arena_array(&context->arena, CONFIRM_MOST, sizeof *list);
    Muster__PartyChange *changes = arena_array(&context->arena, CONFIRM_MOST, sizeof *changes);
    Muster__PartyChange **pointers = arena_array(&context->arena, CONFIRM_MOST, sizeof *pointers);
    if (!list || !changes || !pointers) {
        return complain_memory();
    }
    int code = read_confirmations(context, count, words, list, &parties);
    code = code ? code : session_list(context, MUSTER__NOUN__NOUN_PARTY, "", "", false, &records);
    for (size_t i = 0; i < parties && !code; i++) {
        code = make_confirmation(context, &records, &list[i], &changes[i]);
        pointers[i] = &changes[i];
    }
    if (code) {
        return code;
    }
    submission.parties = pointers;
    submission.n_parties = parties;
    const struct session_naming naming = {.id = confirmed_name, .data = list};
    code = session_submit(context, &submission, &naming, &result);
    return code || !result.answer ? code : tell_confirmed(context, &result, list, parties);
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

int party_void_run(struct context *context, int count, char **words)
{
    const Muster__PartyRecord *party = NULL;
    Muster__PartyChange change = MUSTER__PARTY_CHANGE__INIT;
    struct submission_result result;
    bool new_keys = context->value[OPTION_NEW] != NULL;
    (void)count;
    int code = find_known_party(context, words[0], &party);
    if (code) {
        return code;
    }
    const Muster__PartyKeys *keys = new_keys ? (party->pending ? party->pending->keys : NULL) : party->keys;
    if (!keys) {
        return complain(EXIT_CODE_INPUT, new_keys ? "no new keys of %s wait. Nothing changed." : "%s has no keys in force. Nothing changed.", words[0]);
    }
    change.kind = MUSTER__PARTY_CHANGE_KIND__PARTY_VOID;
    change.party = words[0];
    change.replaces = party->version;
    change.has_void_key = 1;
    change.void_key = keys->signing_key;
    change.reason = (char *)(uintptr_t)(context->value[OPTION_REASON] ? context->value[OPTION_REASON] : "");
    if (!*change.reason) {
        return complain(EXIT_CODE_USAGE, "keys are voided with --reason TEXT. Nothing changed.");
    }
    code = send_change(context, &change, &result);
    if (code || !result.answer) {
        return code;
    }
    const char *became = new_keys ? "The new keys of %s are void; those in force stay."
                                  : "The keys of %s are void for good: it is let in no more, and counts as a no in every bundle not yet committed. To let it in again: muster party invite";
    return tell(context, &result, words[0], arena_format(&context->arena, became, words[0]), json_pack("{s:s}", "voided", new_keys ? "new" : "in force"));
}
