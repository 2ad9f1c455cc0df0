/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/world_build.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/desk/terms.h"
#include "proto/fingerprint.h"
#include "proto/invitation.h"
#include "proto/status.h"

#define MUST(expression)                                                                                                       \
    do {                                                                                                                       \
        int must_status = (expression);                                                                                        \
        if (must_status != STATUS_OK) {                                                                                        \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #expression, status_name(must_status));                     \
            for (size_t must_at = 0; must_at < world->faults.count; must_at++)                                                 \
                fprintf(stderr, "  %s: found %s, expected %s: %s\n", world->faults.list[must_at].field,                        \
                        world->faults.list[must_at].found, world->faults.list[must_at].expected,                               \
                        world->faults.list[must_at].remedy);                                                                   \
            abort();                                                                                                           \
        }                                                                                                                      \
    } while (0)

static void *fresh(struct world *world, const ProtobufCMessageDescriptor *descriptor)
{
    ProtobufCMessage *message = arena_alloc(&world->arena, descriptor->sizeof_message);
    protobuf_c_message_init(descriptor, message);
    return message;
}

static char *text(struct world *world, const char *string)
{
    return arena_string(&world->arena, string);
}

static ProtobufCBinaryData bytes_of(struct world *world, const uint8_t *bytes, size_t length)
{
    return (ProtobufCBinaryData){.data = (uint8_t *)arena_copy(&world->arena, bytes, length), .len = length};
}

/* A list of one. */
static void *one(struct world *world, void *element)
{
    void **list = arena_array(&world->arena, 1, sizeof *list);
    list[0] = element;
    return list;
}

Muster__PartyKeys *world_public_keys(struct world *world, const struct invitation_keys *keys)
{
    Muster__PartyKeys *made = fresh(world, &muster__party_keys__descriptor);
    made->signing_key = bytes_of(world, keys->signing.public_key, 32);
    made->box_key = bytes_of(world, keys->box.public_key, 32);
    made->curve_key = bytes_of(world, keys->curve.public_key, 32);
    return made;
}

Muster__PartyRecord *world_record(struct world *world, const char *id)
{
    Muster__PartyRecord *record = NULL;
    struct store_txn *txn = world_look(world);
    int status = state_party(txn, id, &world->arena, &record);
    if (status != STATUS_NOT_FOUND)
        MUST(status);
    store_abort(txn);
    return status == STATUS_OK ? record : NULL;
}

int world_invite(struct world *world, const char *coordinator, const char *id, Muster__Role role, const char *country,
                 const struct invitation_keys *one_time)
{
    Muster__PartyRecord *stands = world_record(world, id);
    Muster__Submission *submission = world_submission(world);
    Muster__PartyChange *change = fresh(world, &muster__party_change__descriptor);
    Muster__Party *details = fresh(world, &muster__party__descriptor);
    details->id = text(world, id);
    details->role = role;
    details->name = arena_format(&world->arena, "%s name", id);
    details->country = text(world, country);
    details->ncage = "";
    details->size = role == MUSTER__ROLE__ROLE_SUPPLIER ? MUSTER__SIZE__SIZE_SMALL : MUSTER__SIZE__SIZE_LARGE;
    details->contact = arena_format(&world->arena, "%s@example.org", id);
    change->kind = MUSTER__PARTY_CHANGE_KIND__PARTY_INVITE;
    change->party = details->id;
    change->replaces = stands != NULL ? stands->version : 0;
    change->details = details;
    change->one_time_keys = world_public_keys(world, one_time);
    change->has_invitation_expiry = true;
    change->invitation_expiry = world->now + 7 * DESK_DAY;
    submission->parties = one(world, change);
    submission->n_parties = 1;
    return world_submit(world, coordinator, submission);
}

int world_join(struct world *world, const char *id, const struct invitation_keys *one_time, const struct invitation_keys *keys)
{
    Muster__Submission *submission = world_submission(world);
    Muster__Join *made = fresh(world, &muster__join__descriptor);
    struct join_keys signed_keys = {.one_time_signing_key = one_time->signing.public_key,
                                    .curve_key = keys->curve.public_key,
                                    .box_key = keys->box.public_key,
                                    .signing_key = keys->signing.public_key,
                                    .exchange_box_key = world->facts.box_key};
    uint8_t by_one_time[64], by_new[64];
    join_sign(&signed_keys, &one_time->signing, by_one_time);
    join_sign(&signed_keys, &keys->signing, by_new);
    made->one_time_signing_key = bytes_of(world, one_time->signing.public_key, 32);
    made->keys = world_public_keys(world, keys);
    made->one_time_signature = bytes_of(world, by_one_time, 64);
    made->new_signature = bytes_of(world, by_new, 64);
    submission->join = made;
    return world_submit(world, id, submission);
}

int world_confirm(struct world *world, const char *coordinator, const char *id)
{
    Muster__PartyRecord *record = world_record(world, id);
    const Muster__PartyKeys *keys = record->pending != NULL ? record->pending->keys : record->keys;
    char print[FINGERPRINT_TEXT_SIZE];
    struct fingerprint_input input = {.party = id,
                                      .signing_key = keys->signing_key.data,
                                      .box_key = keys->box_key.data,
                                      .curve_key = keys->curve_key.data,
                                      .exchange_signing_key = world->facts.signing_key,
                                      .exchange_box_key = world->facts.box_key,
                                      .vkey = world->facts.vkey};
    MUST(fingerprint_make(&input, print));
    Muster__Submission *submission = world_submission(world);
    Muster__PartyChange *change = fresh(world, &muster__party_change__descriptor);
    change->kind = MUSTER__PARTY_CHANGE_KIND__PARTY_CONFIRM;
    change->party = text(world, id);
    change->replaces = record->version;
    change->fingerprint = text(world, print);
    submission->parties = one(world, change);
    submission->n_parties = 1;
    return world_submit(world, coordinator, submission);
}

void world_new_keys(struct world *world, struct invitation_keys *keys)
{
    uint8_t seed[32];
    world->seeded.random.fill(world->seeded.random.data, seed, sizeof seed);
    MUST(invitation_keys_make(seed, keys));
}

void world_party(struct world *world, const char *id, Muster__Role role, const char *country, bool confirm)
{
    struct invitation_keys one_time, keys;
    world_new_keys(world, &one_time);
    world_new_keys(world, &keys);
    MUST(world_invite(world, "eda", id, role, country, &one_time));
    MUST(world_join(world, id, &one_time, &keys));
    if (confirm)
        MUST(world_confirm(world, "eda", id));
    invitation_keys_drop(&one_time);
    invitation_keys_drop(&keys);
}

int world_party_change(struct world *world, const char *id, Muster__PartyChangeKind kind)
{
    if (kind == MUSTER__PARTY_CHANGE_KIND__PARTY_CONFIRM)
        return world_confirm(world, "eda", id);
    Muster__Submission *submission = world_submission(world);
    Muster__PartyChange *change = fresh(world, &muster__party_change__descriptor);
    change->kind = kind;
    change->party = text(world, id);
    change->replaces = world_record(world, id)->version;
    if (kind == MUSTER__PARTY_CHANGE_KIND__PARTY_SUSPEND)
        change->reason = "for a test";
    submission->parties = one(world, change);
    submission->n_parties = 1;
    return world_submit(world, "eda", submission);
}

void world_item(struct world *world, const char *id)
{
    Muster__Submission *submission = world_submission(world);
    Muster__ItemChange *change = fresh(world, &muster__item_change__descriptor);
    Muster__Item *item = fresh(world, &muster__item__descriptor);
    item->id = text(world, id);
    item->title = arena_format(&world->arena, "%s title", id);
    item->nsc = "";
    item->cpv = "";
    item->unit = "EA";
    change->kind = MUSTER__CHANGE_KIND__CHANGE_PUT;
    change->id = item->id;
    change->item = item;
    submission->items = one(world, change);
    submission->n_items = 1;
    MUST(world_submit(world, "eda", submission));
}

void world_line(struct world *world, Muster__Demand *demand, uint32_t month, uint64_t quantity)
{
    Muster__Line **lines = arena_array(&world->arena, demand->n_lines + 1, sizeof *lines);
    Muster__Line *line = fresh(world, &muster__line__descriptor);
    if (demand->n_lines != 0)
        memcpy(lines, demand->lines, demand->n_lines * sizeof *lines);
    line->month = month;
    line->quantity = quantity;
    lines[demand->n_lines++] = line;
    demand->lines = lines;
}

Muster__Demand *world_demand(struct world *world, const char *id, const char *country, const char *item, uint32_t month, uint64_t quantity,
                             int64_t ceiling)
{
    Muster__Demand *demand = fresh(world, &muster__demand__descriptor);
    demand->id = text(world, id);
    demand->country = text(world, country);
    demand->item = text(world, item);
    world_line(world, demand, month, quantity);
    demand->min_quantity = 1;
    demand->max_unit_price = ceiling;
    demand->currency = "EUR";
    demand->priority = 3;
    demand->place = demand->country;
    demand->fund = "";
    demand->release = MUSTER__RELEASE__RELEASE_POOLED;
    return demand;
}

Muster__Submission *world_demand_change(struct world *world, const char *id, Muster__Demand *demand, uint64_t replaces)
{
    Muster__Submission *submission = world_submission(world);
    Muster__DemandChange *change = fresh(world, &muster__demand_change__descriptor);
    change->kind = demand != NULL ? MUSTER__CHANGE_KIND__CHANGE_PUT : MUSTER__CHANGE_KIND__CHANGE_WITHDRAW;
    change->id = text(world, id);
    change->replaces = replaces;
    change->demand = demand;
    submission->demands = one(world, change);
    submission->n_demands = 1;
    return submission;
}

int world_put_demand(struct world *world, const char *party, Muster__Demand *demand, uint64_t replaces)
{
    return world_submit(world, party, world_demand_change(world, demand->id, demand, replaces));
}

int world_withdraw_demand(struct world *world, const char *party, const char *id, uint64_t replaces)
{
    return world_submit(world, party, world_demand_change(world, id, NULL, replaces));
}

Muster__Tier *world_tier(struct world *world, Muster__Offer *offer, uint64_t min_quantity, int64_t unit_price, int64_t one_off, uint64_t stock,
                         uint64_t monthly_rate)
{
    Muster__Tier **tiers = arena_array(&world->arena, offer->n_tiers + 1, sizeof *tiers);
    Muster__Tier *tier = fresh(world, &muster__tier__descriptor);
    if (offer->n_tiers != 0)
        memcpy(tiers, offer->tiers, offer->n_tiers * sizeof *tiers);
    tier->min_quantity = min_quantity;
    tier->unit_price = unit_price;
    tier->one_off = one_off;
    tier->first_month = 202702;
    tier->stock = stock;
    tier->monthly_rate = monthly_rate;
    tiers[offer->n_tiers++] = tier;
    offer->tiers = tiers;
    return tier;
}

Muster__Offer *world_offer(struct world *world, const char *id, const char *supplier, const char *item, int64_t unit_price, uint64_t stock,
                           uint64_t monthly_rate)
{
    Muster__Offer *offer = fresh(world, &muster__offer__descriptor);
    offer->id = text(world, id);
    offer->supplier = text(world, supplier);
    offer->item = text(world, item);
    offer->currency = "EUR";
    world_tier(world, offer, 1, unit_price, 0, stock, monthly_rate);
    return offer;
}

Muster__Submission *world_offer_change(struct world *world, const char *id, Muster__Offer *offer, uint64_t replaces)
{
    Muster__Submission *submission = world_submission(world);
    Muster__OfferChange *change = fresh(world, &muster__offer_change__descriptor);
    change->kind = offer != NULL ? MUSTER__CHANGE_KIND__CHANGE_PUT : MUSTER__CHANGE_KIND__CHANGE_WITHDRAW;
    change->id = text(world, id);
    change->replaces = replaces;
    change->offer = offer;
    submission->offers = one(world, change);
    submission->n_offers = 1;
    return submission;
}

int world_put_offer(struct world *world, const char *party, Muster__Offer *offer, uint64_t replaces)
{
    return world_submit(world, party, world_offer_change(world, offer->id, offer, replaces));
}

int world_withdraw_offer(struct world *world, const char *party, const char *id, uint64_t replaces)
{
    return world_submit(world, party, world_offer_change(world, id, NULL, replaces));
}

int world_fund(struct world *world, const char *id, int64_t balance, uint64_t replaces)
{
    Muster__Submission *submission = world_submission(world);
    Muster__FundChange *change = fresh(world, &muster__fund_change__descriptor);
    Muster__Fund *fund = fresh(world, &muster__fund__descriptor);
    fund->id = text(world, id);
    fund->limited = true;
    fund->balance = balance;
    fund->currency = "EUR";
    fund->min_nations = 1;
    change->kind = MUSTER__CHANGE_KIND__CHANGE_PUT;
    change->id = fund->id;
    change->replaces = replaces;
    change->fund = fund;
    submission->funds = one(world, change);
    submission->n_funds = 1;
    return world_submit(world, "eda", submission);
}

int world_policy(struct world *world, uint64_t replaces, ...)
{
    Muster__Submission *submission = world_submission(world);
    Muster__PolicyChange *change = fresh(world, &muster__policy_change__descriptor);
    change->replaces = replaces;
    change->entries = arena_array(&world->arena, 32, sizeof *change->entries);
    va_list list;
    va_start(list, replaces);
    for (const char *key = va_arg(list, const char *); key != NULL; key = va_arg(list, const char *)) {
        Muster__PolicyEntry *entry = fresh(world, &muster__policy_entry__descriptor);
        entry->key = text(world, key);
        entry->value = text(world, va_arg(list, const char *));
        entry->item = "";
        change->entries[change->n_entries++] = entry;
    }
    va_end(list);
    submission->policy = change;
    return world_submit(world, "eda", submission);
}

Muster__BundleHead *world_bundle(struct world *world, uint64_t number)
{
    Muster__BundleHead *head = NULL;
    struct store_txn *txn = world_look(world);
    if (state_bundle(txn, number, &world->arena, &head) != STATUS_OK)
        head = NULL;
    store_abort(txn);
    return head;
}

Muster__BundleVersion *world_version(struct world *world, uint64_t number)
{
    Muster__BundleHead *head = world_bundle(world, number);
    Muster__BundleVersion *version = NULL;
    struct store_txn *txn = world_look(world);
    if (head == NULL || state_version(txn, number, head->version, &world->arena, &version) != STATUS_OK)
        version = NULL;
    store_abort(txn);
    return version;
}

static Muster__BundleChange *bundle_change(struct world *world, uint64_t number, Muster__BundleChangeKind kind)
{
    Muster__BundleChange *change = fresh(world, &muster__bundle_change__descriptor);
    Muster__BundleHead *head = world_bundle(world, number);
    change->kind = kind;
    change->number = number;
    change->version = head != NULL ? head->version : 1;
    return change;
}

static int submit_bundle(struct world *world, const char *party, Muster__BundleChange *change)
{
    Muster__Submission *submission = world_submission(world);
    submission->bundles = one(world, change);
    submission->n_bundles = 1;
    return world_submit(world, party, submission);
}

int world_bundle_do(struct world *world, const char *party, uint64_t number, Muster__BundleChangeKind kind)
{
    Muster__BundleChange *change = bundle_change(world, number, kind);
    if (kind == MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_REJECT)
        change->reason = "for a test";
    return submit_bundle(world, party, change);
}

int world_release(struct world *world, uint64_t number)
{
    Muster__BundleChange *change = bundle_change(world, number, MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_RELEASE);
    change->has_deadline = true;
    change->deadline = world->now + 14 * DESK_DAY;
    return submit_bundle(world, "eda", change);
}

int world_answer(struct world *world, const char *party, uint64_t number, bool yes)
{
    Muster__BundleChange *change = bundle_change(world, number, MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_ANSWER);
    Muster__BundleHead *head = world_bundle(world, number);
    Muster__BundleVersion *version = world_version(world, number);
    uint8_t sha256[32] = {0};
    if (version != NULL) {
        Muster__Market *market;
        Muster__Terms *message;
        ProtobufCBinaryData terms;
        struct store_txn *txn = world_look(world);
        MUST(state_market(txn, number, head->version, &world->arena, &market));
        MUST(terms_make(txn, head, version, market, party, &world->arena, &message, &terms));
        store_abort(txn);
        terms_hash(&terms, sha256);
    }
    change->has_answer = true;
    change->answer = yes ? MUSTER__ANSWER_KIND__ANSWER_YES : MUSTER__ANSWER_KIND__ANSWER_NO;
    change->has_terms_sha256 = true;
    change->terms_sha256 = bytes_of(world, sha256, sizeof sha256);
    if (!yes)
        change->reason = "for a test";
    return submit_bundle(world, party, change);
}

int world_extend(struct world *world, uint64_t number, uint64_t deadline)
{
    Muster__BundleChange *change = bundle_change(world, number, MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_EXTEND);
    change->has_deadline = true;
    change->deadline = deadline;
    return submit_bundle(world, "eda", change);
}

int world_replan(struct world *world, const char *item)
{
    Muster__BundleChange *change = bundle_change(world, 0, MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_REPLAN);
    change->version = 0;
    change->item = text(world, item);
    return submit_bundle(world, "eda", change);
}

int world_adopt(struct world *world, uint64_t number, Muster__Variant *variant)
{
    Muster__BundleChange *change = bundle_change(world, number, MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_ADOPT);
    change->variant = variant;
    return submit_bundle(world, "eda", change);
}

int world_end_commitment(struct world *world, const char *party, uint64_t number, const char *demand, const char *offer, uint32_t month)
{
    Muster__Submission *submission = world_submission(world);
    Muster__CommitmentEnd *end = fresh(world, &muster__commitment_end__descriptor);
    end->number = number;
    end->version = world_bundle(world, number)->version;
    end->demand = text(world, demand);
    end->offer = text(world, offer);
    end->month = month;
    end->reason = "for a test";
    submission->commitment_ends = one(world, end);
    submission->n_commitment_ends = 1;
    return world_submit(world, party, submission);
}

uint64_t world_awarded(struct world *world, uint64_t number, const char *demand)
{
    Muster__BundleVersion *version = world_version(world, number);
    uint64_t sum = 0;
    for (size_t at = 0; version != NULL && at < version->plan->n_awards; at++) {
        const Muster__Award *award = version->plan->awards[at];
        sum += demand == NULL || strcmp(award->demand, demand) == 0 ? award->quantity : 0;
    }
    return sum;
}

uint64_t world_committed(struct world *world, const char *demand)
{
    struct state_commitments all;
    struct store_txn *txn = world_look(world);
    uint64_t sum = 0;
    MUST(state_commitments(txn, NULL, NULL, &world->arena, &all));
    for (size_t at = 0; at < all.count; at++)
        sum += demand == NULL || strcmp(all.list[at]->commitment->demand, demand) == 0 ? all.list[at]->commitment->quantity : 0;
    store_abort(txn);
    return sum;
}

void world_days(struct world *world, uint64_t days)
{
    world->now += days * DESK_DAY;
}

void world_usual(struct world *world)
{
    static const struct {
        const char *id, *country;
        uint64_t quantity;
    } agencies[] = {{"nl", "NL", 40}, {"de", "DE", 60}, {"es", "ES", 50}};
    world_item(world, "GEM");
    for (size_t at = 0; at < 3; at++) {
        world_party(world, agencies[at].id, MUSTER__ROLE__ROLE_AGENCY, agencies[at].country, true);
        MUST(world_put_demand(world, agencies[at].id, world_demand(world, "D1", agencies[at].country, "GEM", 202712, agencies[at].quantity, 1000000), 0));
    }
    world_party(world, "sup", MUSTER__ROLE__ROLE_SUPPLIER, "FR", true);
    world_party(world, "alt", MUSTER__ROLE__ROLE_SUPPLIER, "IT", true);
    MUST(world_put_offer(world, "sup", world_offer(world, "O1", "sup", "GEM", 500000, 500, 0), 0));
    MUST(world_put_offer(world, "alt", world_offer(world, "O2", "alt", "GEM", 600000, 500, 0), 0));
    world_plan(world);
}
