/* SPDX-License-Identifier: EUPL-1.2 */
/* Coordinators: the first one sets up and invites; all confirm, release, reject, suspend, confirm clocks, and read. */
#include <stdio.h>
#include <string.h>

#include "proto/fingerprint.h"
#include "proto/note.h"
#include "tests/simulate/canary.h"
#include "tests/simulate/deed.h"
#include "tests/simulate/run.h"

#define DAY ((uint64_t)24 * 3600 * 1000)
#define INVITED_AT_ONCE 64u
#define CONFIRMED_AT_ONCE 32u

/* --- setting up ------------------------------------------------------------------------------------------------ */

static void add_policy(struct run *run, Muster__PolicyChange *change, const char *key, const char *value)
{
    Muster__PolicyEntry *entry = deed_new(run, &muster__policy_entry__descriptor);
    entry->key = deed_text(run, key);
    entry->value = deed_text(run, value);
    entry->item = deed_text(run, "");
    change->entries[change->n_entries++] = entry;
}

static void set_policy(struct run *run, Muster__Submission *submission)
{
    Muster__PolicyChange *change = deed_new(run, &muster__policy_change__descriptor);
    change->entries = arena_array(&run->arena, 8, sizeof *change->entries);
    add_policy(run, change, "contract_overhead", "100000");
    add_policy(run, change, "price_changes_a_week", "1000");
    if (dice_is(&run->dice, 300))
        add_policy(run, change, "four_eyes_above", "1000000");
    if (dice_is(&run->dice, 300))
        add_policy(run, change, "supplier_max_share", "60");
    change->replaces = 1; /* that of the genesis */
    submission->policy = change;
}

static void set_items(struct run *run, Muster__Submission *submission)
{
    submission->items = arena_array(&run->arena, run->lots, sizeof *submission->items);
    for (unsigned at = 0; at < run->lots; at++) {
        Muster__ItemChange *change = deed_new(run, &muster__item_change__descriptor);
        Muster__Item *item = deed_new(run, &muster__item__descriptor);
        char id[32];
        snprintf(id, sizeof id, "item-%u", at);
        item->id = change->id = deed_text(run, id);
        item->title = item->nsc = item->cpv = deed_text(run, "");
        item->unit = deed_text(run, "EA");
        change->kind = MUSTER__CHANGE_KIND__CHANGE_PUT;
        change->item = item;
        submission->items[submission->n_items++] = change;
    }
}

static void set_fund(struct run *run, Muster__Submission *submission)
{
    Muster__FundChange *change = deed_new(run, &muster__fund_change__descriptor);
    Muster__Fund *fund = deed_new(run, &muster__fund__descriptor);
    fund->id = change->id = deed_text(run, "POOL");
    fund->limited = true;
    fund->balance = canary_amount(CANARY_BALANCE, 0);
    fund->currency = deed_text(run, "EUR");
    fund->min_nations = 1;
    change->kind = MUSTER__CHANGE_KIND__CHANGE_PUT;
    change->fund = fund;
    submission->n_funds = 1;
    submission->funds = deed_one(run, change);
}

#define SETUP_STEPS 3u

static void set_up(struct run *run, struct client *client)
{
    static void (*const steps[SETUP_STEPS])(struct run *, Muster__Submission *) = {set_policy, set_items, set_fund};
    Muster__Submission *submission = deed_new(run, &muster__submission__descriptor);
    steps[client->setup](run, submission);
    deed_submit(run, client, DEED_SETUP, submission, 0, 0);
}

/* The seed of the one-time keys of a client's invitation: the coordinator's own, and in the line that it hands over. */
static void invitation_seed(const struct run *run, size_t index, uint8_t seed[INVITATION_SEED_SIZE])
{
    struct dice dice = dice_of(run->seed, 1000 + index);
    dice_fill(&dice, seed, INVITATION_SEED_SIZE);
}

static Muster__PartyChange *invite(struct run *run, const struct client *client)
{
    uint8_t seed[INVITATION_SEED_SIZE];
    struct invitation_keys once;
    char contact[CANARY_TEXT + 16], text[CANARY_TEXT];
    Muster__PartyChange *change = deed_new(run, &muster__party_change__descriptor);
    Muster__Party *party = deed_new(run, &muster__party__descriptor);
    invitation_seed(run, client->index, seed);
    if (invitation_keys_make(seed, &once) != 0)
        run_finding(run, "setup", "one-time keys can't be made");
    canary_text(CANARY_CONTACT, client->index, 0, text);
    snprintf(contact, sizeof contact, "%s@example.org", text);
    party->id = change->party = deed_text(run, client->id);
    party->name = party->id;
    party->country = deed_text(run, client->country);
    party->ncage = deed_text(run, "");
    party->contact = deed_text(run, client->role == MUSTER__ROLE__ROLE_SUPPLIER ? contact : "office@example.org");
    party->role = client->role;
    party->size = client->role == MUSTER__ROLE__ROLE_SUPPLIER ? MUSTER__SIZE__SIZE_SMALL : MUSTER__SIZE__SIZE_LARGE;
    change->kind = MUSTER__PARTY_CHANGE_KIND__PARTY_INVITE;
    change->details = party;
    change->one_time_keys = deed_keys(run, &once.signing, &once.box, &once.curve);
    change->has_invitation_expiry = true;
    change->invitation_expiry = run->wall + 30 * DAY;
    invitation_keys_drop(&once);
    return change;
}

static bool invite_next(struct run *run, struct client *client)
{
    Muster__Submission *submission = deed_new(run, &muster__submission__descriptor);
    submission->parties = arena_array(&run->arena, INVITED_AT_ONCE, sizeof *submission->parties);
    size_t first = client->setup - SETUP_STEPS + 1, most = dice_between(&run->dice, 1, INVITED_AT_ONCE);
    for (size_t at = first; at < run->client_count && submission->n_parties < most; at++)
        submission->parties[submission->n_parties++] = invite(run, &run->clients[at]);
    if (submission->n_parties == 0)
        return false;
    deed_submit(run, client, DEED_INVITE, submission, first, submission->n_parties);
    return true;
}

/* --- parties --------------------------------------------------------------------------------------------------- */

static char *fingerprint_of(struct run *run, const struct client *client, const struct client_keys *keys)
{
    const struct introduction_exchange *exchange = &run->node.public_file;
    char vkey[NOTE_VKEY_SIZE], text[FINGERPRINT_TEXT_SIZE] = "";
    note_vkey_write(&exchange->log_key, vkey);
    const struct fingerprint_input input = {client->id, keys->signing.public_key, keys->box.public_key, keys->curve.public_key,
                                            exchange->signing_key, exchange->box_key, vkey};
    fingerprint_make(&input, text);
    return deed_text(run, text);
}

/* Whoever joined and reads out a fingerprint. */
static bool confirm_some(struct run *run, struct client *client)
{
    Muster__Submission *submission = deed_new(run, &muster__submission__descriptor);
    submission->parties = arena_array(&run->arena, CONFIRMED_AT_ONCE, sizeof *submission->parties);
    for (size_t at = 1; at < run->client_count && submission->n_parties < CONFIRMED_AT_ONCE; at++) {
        struct client *other = &run->clients[at];
        if (other->stage != CLIENT_JOINED || other->asked_for)
            continue;
        Muster__PartyChange *change = deed_new(run, &muster__party_change__descriptor);
        change->kind = MUSTER__PARTY_CHANGE_KIND__PARTY_CONFIRM;
        change->party = deed_text(run, other->id);
        change->replaces = 2; /* invited, joined */
        change->fingerprint = fingerprint_of(run, other, &other->keys);
        submission->parties[submission->n_parties++] = change;
        other->asked_for = client->index + 1;
    }
    if (submission->n_parties == 0)
        return false;
    deed_submit(run, client, DEED_CONFIRM, submission, 0, 0);
    return true;
}

static void confirmed(struct run *run, const struct client *client, bool done)
{
    for (size_t at = 1; at < run->client_count; at++) {
        struct client *other = &run->clients[at];
        if (other->asked_for != client->index + 1)
            continue;
        other->asked_for = 0;
        if (done && other->stage == CLIENT_JOINED)
            other->stage = CLIENT_CONFIRMED;
    }
}

/* Looks at a party before it changes something about it. */
static bool look_at_party(struct run *run, struct client *client)
{
    size_t about = dice_between(&run->dice, 1, run->client_count - 1);
    const struct client *other = &run->clients[about];
    if (other == client || (other->stage != CLIENT_CONFIRMED && other->stage != CLIENT_OUT))
        return deed_read_something(run, client);
    Muster__ListRequest *list = deed_new(run, &muster__list_request__descriptor);
    list->noun = MUSTER__NOUN__NOUN_PARTY;
    list->item = list->after = deed_text(run, "");
    list->id = deed_text(run, other->id);
    list->limit = 1;
    deed_ask(run, client, DEED_PARTY, MUSTER__VERB__VERB_LIST, &list->base, about, 0);
    return true;
}

static bool is_key(const ProtobufCBinaryData *key, const struct client_keys *own)
{
    return own->there && key->len == 32 && memcmp(key->data, own->signing.public_key, 32) == 0;
}

/* What it makes of a party's record: keys that wait are compared or voided; some are suspended, and resumed. */
static void change_party(struct run *run, struct client *client, struct client *other, const Muster__PartyRecord *record)
{
    Muster__Submission *submission = deed_new(run, &muster__submission__descriptor);
    Muster__PartyChange *change = deed_new(run, &muster__party_change__descriptor);
    change->party = deed_text(run, other->id);
    change->replaces = record->version;
    if (record->pending != NULL && is_key(&record->pending->keys->signing_key, &other->next) && dice_is(&run->dice, 700)) {
        change->kind = MUSTER__PARTY_CHANGE_KIND__PARTY_CONFIRM;
        change->fingerprint = fingerprint_of(run, other, &other->next);
    } else if (record->pending != NULL && dice_is(&run->dice, 500)) {
        change->kind = MUSTER__PARTY_CHANGE_KIND__PARTY_VOID;
        change->has_void_key = true;
        change->void_key = deed_bytes(run, record->pending->keys->signing_key.data, 32);
        change->reason = deed_text(run, "not compared");
    } else if (record->state == MUSTER__PARTY_STATE__PARTY_SUSPENDED) {
        change->kind = MUSTER__PARTY_CHANGE_KIND__PARTY_RESUME;
    } else if (dice_is(&run->dice, 400)) {
        change->kind = MUSTER__PARTY_CHANGE_KIND__PARTY_SUSPEND;
        change->reason = deed_text(run, "an incident");
        other->stage = CLIENT_OUT;
        other->suspensions++;
    } else if (dice_is(&run->dice, 150) && record->keys != NULL) {
        change->kind = MUSTER__PARTY_CHANGE_KIND__PARTY_VOID;
        change->has_void_key = true;
        change->void_key = deed_bytes(run, record->keys->signing_key.data, 32);
        change->reason = deed_text(run, "stolen");
        other->stage = CLIENT_OUT;
        other->voided = true;
    } else {
        return;
    }
    run_note(run, "%s changes %s: %d", client->id, other->id, (int)change->kind);
    submission->n_parties = 1;
    submission->parties = deed_one(run, change);
    deed_submit(run, client, DEED_PARTY, submission, other->index, (uint64_t)change->kind);
    client->deed.suspensions = other->suspensions;
}

static void party_answered(struct run *run, struct client *client, const struct deed *deed, const Muster__Answer *answer)
{
    struct client *other = &run->clients[deed->about];
    bool done = answer->outcome == MUSTER__OUTCOME__OUTCOME_DONE;
    if (deed->operation == SIZE_MAX) {
        const Muster__ListAnswer *body = done ? deed_body(run, answer, &muster__list_answer__descriptor) : NULL;
        arena_rewind(&run->arena);
        if (body != NULL && body->n_records == 1 && body->records[0]->party_record != NULL && !run->ending)
            change_party(run, client, other, body->records[0]->party_record);
        return;
    }
    /* One whose suspension was refused may have been suspended by another coordinator: nobody expects anything of it. */
    bool again = other->suspensions != deed->suspensions;
    if (done && deed->number == MUSTER__PARTY_CHANGE_KIND__PARTY_RESUME && !other->voided && !again)
        other->stage = CLIENT_CONFIRMED;
}

/* --- bundles --------------------------------------------------------------------------------------------------- */

/* One rule is another. */
static Muster__Variant *variant_of(struct run *run)
{
    Muster__Variant *variant = deed_new(run, &muster__variant__descriptor);
    Muster__PolicyEntry *rule = deed_new(run, &muster__policy_entry__descriptor);
    rule->key = deed_text(run, "supplier_max_share");
    rule->value = deed_text(run, dice_is(&run->dice, 500) ? "50" : "100");
    rule->item = deed_text(run, "");
    variant->n_rules = 1;
    variant->rules = deed_one(run, rule);
    return variant;
}

static bool steer(struct run *run, struct client *client, const struct client_bundle *bundle)
{
    Muster__Submission *submission = deed_new(run, &muster__submission__descriptor);
    Muster__BundleChange *change = deed_new(run, &muster__bundle_change__descriptor);
    bool rounds = bundle->state == MUSTER__BUNDLE_STATE__BUNDLE_RELEASED || bundle->state == MUSTER__BUNDLE_STATE__BUNDLE_AGREED;
    bool proposed = bundle->state == MUSTER__BUNDLE_STATE__BUNDLE_PROPOSED;
    change->number = bundle->number;
    change->version = bundle->version;
    if (proposed && dice_is(&run->dice, 60)) {
        change->kind = MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_ADOPT;
        change->variant = variant_of(run);
    } else if (proposed && dice_is(&run->dice, 800)) {
        change->kind = MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_RELEASE;
    } else if ((proposed || rounds) && dice_is(&run->dice, rounds ? 30 : 200)) {
        change->kind = MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_REJECT;
        change->reason = deed_text(run, "not this one");
    } else if (rounds && dice_is(&run->dice, 150)) {
        change->kind = MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_EXTEND;
        change->has_deadline = true;
        change->deadline = run->wall + dice_between(&run->dice, 1, 40) * DAY;
    } else if (bundle->state == MUSTER__BUNDLE_STATE__BUNDLE_COMMITTED && dice_is(&run->dice, 300)) {
        change->kind = MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_ORDER;
    } else if (dice_is(&run->dice, 50)) {
        change->kind = MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_REPLAN;
        change->number = 0;
        change->version = 0;
        change->item = deed_text(run, bundle->item);
    } else {
        return false;
    }
    submission->n_bundles = 1;
    submission->bundles = deed_one(run, change);
    deed_submit(run, client, DEED_STEER, submission, 0, bundle->number);
    return true;
}

static bool steer_some(struct run *run, struct client *client)
{
    while (client->bundle_count > 0)
        if (steer(run, client, &client->bundles[--client->bundle_count]))
            return true;
    Muster__BundlesRequest *request = deed_new(run, &muster__bundles_request__descriptor);
    deed_ask(run, client, DEED_BUNDLES, MUSTER__VERB__VERB_BUNDLES, &request->base, 0, 0);
    return true;
}

static void bundles_answered(struct run *run, struct client *client, const Muster__Answer *answer)
{
    const Muster__BundlesAnswer *body = deed_body(run, answer, &muster__bundles_answer__descriptor);
    client->bundle_count = 0;
    for (size_t at = 0; body != NULL && at < body->n_bundles; at++) {
        const Muster__BundleView *view = body->bundles[at];
        if (view->state > MUSTER__BUNDLE_STATE__BUNDLE_COMMITTED)
            continue;
        struct client_bundle *bundle = &client->bundles[client->bundle_count % CLIENT_BUNDLES];
        client->bundle_count += client->bundle_count < CLIENT_BUNDLES;
        *bundle = (struct client_bundle){.number = view->number, .version = view->version, .state = view->state};
        snprintf(bundle->item, sizeof bundle->item, "%s", view->item);
    }
}

/* A reading that has its entry: a bundle's market, the orders. */
static void export_something(struct run *run, struct client *client)
{
    Muster__Submission *submission = deed_new(run, &muster__submission__descriptor);
    Muster__ExportChange *change = deed_new(run, &muster__export_change__descriptor);
    bool market = client->bundle_count > 0 && dice_is(&run->dice, 500);
    change->kind = market ? MUSTER__EXPORT_KIND__EXPORT_MARKET : MUSTER__EXPORT_KIND__EXPORT_ORDERS;
    change->number = market ? client->bundles[0].number : 0;
    change->version = market ? client->bundles[0].version : 0;
    submission->n_exports = 1;
    submission->exports = deed_one(run, change);
    deed_submit(run, client, DEED_READ, submission, 0, 0);
}

static void compare(struct run *run, struct client *client)
{
    Muster__CompareRequest *request = deed_new(run, &muster__compare_request__descriptor);
    request->number = client->bundles[0].number;
    request->version = client->bundles[0].version;
    request->n_variants = 1;
    request->variants = deed_one(run, variant_of(run));
    deed_ask(run, client, DEED_READ, MUSTER__VERB__VERB_COMPARE, &request->base, 0, 0);
}

/* --- redactions ------------------------------------------------------------------------------------------------ */

static void redact(struct run *run, struct client *client, Muster__RedactionKind kind)
{
    const struct operation *operation = &run->history.operations[run->redaction.operation];
    Muster__Submission *submission = deed_new(run, &muster__submission__descriptor);
    Muster__RedactionChange *change = deed_new(run, &muster__redaction_change__descriptor);
    change->kind = kind;
    change->position = run->redaction.position;
    change->party = deed_text(run, run->clients[operation->client].id);
    change->submission = deed_bytes(run, operation->id, sizeof operation->id);
    change->envelope_sha256 = deed_bytes(run, operation->sha256, sizeof operation->sha256);
    change->reason = deed_text(run, kind == MUSTER__REDACTION_KIND__REDACTION_PROPOSE ? "a spill" : "");
    submission->n_redactions = 1;
    submission->redactions = deed_one(run, change);
    deed_submit(run, client, DEED_REDACT, submission, 0, (uint64_t)kind);
}

/* An entry of a member's object is named; or what another named is confirmed, or kept. */
static bool redact_something(struct run *run, struct client *client)
{
    if (run->redaction.open && run->redaction.by != client->index) {
        redact(run, client, dice_is(&run->dice, 800) ? MUSTER__REDACTION_KIND__REDACTION_CONFIRM : MUSTER__REDACTION_KIND__REDACTION_KEEP);
        return true;
    }
    size_t at = run->history.count > 0 ? dice_roll(&run->dice, run->history.count) : 0;
    if (run->redaction.open || run->history.count == 0)
        return deed_read_something(run, client);
    const struct operation *operation = &run->history.operations[at];
    const struct client *owner = &run->clients[operation->client];
    if (operation->acknowledged == 0 || owner->role == MUSTER__ROLE__ROLE_COORDINATOR || !operation->object)
        return deed_read_something(run, client);
    run->redaction = (struct run_redaction){.by = client->index, .position = operation->position, .operation = at};
    redact(run, client, MUSTER__REDACTION_KIND__REDACTION_PROPOSE);
    return true;
}

static void redaction_answered(struct run *run, const struct deed *deed, bool done)
{
    if (deed->number == MUSTER__REDACTION_KIND__REDACTION_PROPOSE)
        run->redaction.open = done;
    else
        run->redaction.open = false;
    run->figures.redactions += done && deed->number == MUSTER__REDACTION_KIND__REDACTION_CONFIRM;
}

static void confirm_clock(struct run *run, struct client *client)
{
    Muster__Submission *submission = deed_new(run, &muster__submission__descriptor);
    Muster__ClockConfirmed *confirmed_clock = deed_new(run, &muster__clock_confirmed__descriptor);
    confirmed_clock->position = client->clock_doubted;
    submission->clock_confirmed = confirmed_clock;
    client->clock_doubted = 0;
    deed_submit(run, client, DEED_CLOCK, submission, 0, 0);
}

bool coordinator_next(struct run *run, struct client *client)
{
    arena_rewind(&run->arena);
    if (client->index == 0 && client->setup < SETUP_STEPS) {
        set_up(run, client);
        return true;
    }
    if (client->clock_doubted != 0 && dice_is(&run->dice, 500)) {
        confirm_clock(run, client);
        return true;
    }
    if (client->index == 0 && invite_next(run, client))
        return true;
    if (client->stage != CLIENT_CONFIRMED)
        return deed_read_something(run, client);
    uint64_t roll = dice_roll(&run->dice, 100);
    if (roll < 40 && confirm_some(run, client))
        return true;
    if (roll < 68)
        return steer_some(run, client);
    if (roll < 80)
        return look_at_party(run, client);
    if (roll < 83)
        export_something(run, client);
    else if (roll < 85 && client->bundle_count > 0)
        compare(run, client);
    else if (roll < 87)
        return redact_something(run, client);
    else
        return deed_read_something(run, client);
    return true;
}

void coordinator_answered(struct run *run, struct client *client, const struct deed *deed, const Muster__Answer *answer)
{
    bool done = answer->outcome == MUSTER__OUTCOME__OUTCOME_DONE;
    uint8_t seed[INVITATION_SEED_SIZE];
    switch (deed->kind) {
    case DEED_SETUP:
        client->setup += done;
        break;
    case DEED_INVITE:
        for (size_t at = 0; done && at < deed->number; at++) {
            struct client *other = &run->clients[deed->about + at];
            invitation_seed(run, other->index, seed);
            client_invited(run, other, seed);
            other->stage = CLIENT_INVITED;
        }
        client->setup += done ? deed->number : 0;
        break;
    case DEED_CONFIRM:
        confirmed(run, client, done);
        break;
    case DEED_REDACT:
        redaction_answered(run, deed, done);
        break;
    case DEED_PARTY:
        party_answered(run, client, deed, answer);
        break;
    case DEED_BUNDLES:
        if (done)
            bundles_answered(run, client, answer);
        break;
    default:
        break;
    }
}
