/* SPDX-License-Identifier: EUPL-1.2 */
#include <string.h>

#include "proto/check_field.h"
#include "proto/limits.h"
#include "proto/names.h"
#include "proto/status.h"
#include "proto/text.h"
#include "proto/verbs.h"

/* A submission whole: its head, that it changes one noun, and each of its changes. */

#define KEY_SIZE 32
#define ID_SIZE 16
#define HASH_SIZE 32
#define SIGNATURE_SIZE 64

/* What a put or a withdrawal of an object must be; true where the object is to be checked. */
static bool check_change(int kind, const char *id, uint64_t replaces, const char *object_id, const char *noun,
                         struct faults *faults)
{
    if (!check_enum(faults, "kind", kind, &muster__change_kind__descriptor)) {
        return false;
    }
    if (kind == MUSTER__CHANGE_KIND__CHANGE_WITHDRAW) {
        check_id(faults, noun, id);
        check_number(faults, "replaces", replaces, 1, UINT64_MAX);
        if (object_id) {
            check_fault(faults, noun, object_id, "a withdrawal without the object", "leave the object out");
        }
        return false;
    }
    if (!object_id) {
        check_fault(faults, noun, id, "the object that is put", "state it whole");
        return false;
    }
    if (strcmp(id, object_id) != 0) {
        check_fault(faults, noun, text_is_id(id) ? id : "", "the object's own id", "write the same id in both");
    }
    return true;
}

void check_item_change(const Muster__ItemChange *change, const struct check_context *context, struct faults *faults)
{
    if (check_change((int)change->kind, change->id, change->replaces, change->item ? change->item->id : NULL, "item", faults)) {
        check_item(change->item, context, faults);
    }
}

void check_demand_change(const Muster__DemandChange *change, const struct check_context *context, struct faults *faults)
{
    const char *id = change->demand ? change->demand->id : NULL;
    if (check_change((int)change->kind, change->id, change->replaces, id, "demand", faults)) {
        check_demand(change->demand, context, faults);
    }
}

void check_offer_change(const Muster__OfferChange *change, const struct check_context *context, struct faults *faults)
{
    const char *id = change->offer ? change->offer->id : NULL;
    if (check_change((int)change->kind, change->id, change->replaces, id, "offer", faults)) {
        check_offer(change->offer, context, faults);
    }
}

void check_fund_change(const Muster__FundChange *change, const struct check_context *context, struct faults *faults)
{
    if (check_change((int)change->kind, change->id, change->replaces, change->fund ? change->fund->id : NULL, "fund", faults)) {
        check_fund(change->fund, context, faults);
    }
}

static void check_head(const Muster__Head *head, struct faults *faults)
{
    check_bytes(faults, "head.root", &head->root, head->size ? HASH_SIZE : 0);
    check_bytes(faults, "head.signature", &head->signature, head->size ? SIGNATURE_SIZE : 0);
}

/* Number of lists of changes that are filled, those of the exchange itself included. */
static int count_lists(const Muster__Submission *submission)
{
    return (submission->join != NULL) + (submission->n_parties > 0) + (submission->n_items > 0) + (submission->n_demands > 0) +
           (submission->n_offers > 0) + (submission->n_funds > 0) + (submission->rates != NULL) + (submission->policy != NULL) +
           (submission->n_bundles > 0) + (submission->n_commitment_ends > 0) + (submission->n_exports > 0) +
           (submission->genesis != NULL) + (submission->started != NULL) + (submission->proposal != NULL) +
           (submission->round_closed != NULL) + (submission->lapsed != NULL) + (submission->lot_planned != NULL) +
           (submission->clock_confirmed != NULL) + (submission->keys != NULL) + (submission->keys_bound != NULL) +
           (submission->coordinator_admitted != NULL) + (submission->exchange_keys != NULL) + (submission->signal != NULL) +
           (submission->n_redactions > 0) + (submission->list_confirmed != NULL) + (submission->redacted != NULL);
}

static bool is_of_exchange(const Muster__Submission *submission)
{
    return submission->genesis || submission->started || submission->proposal || submission->round_closed ||
           submission->lapsed || submission->lot_planned || submission->keys_bound || submission->coordinator_admitted ||
           submission->exchange_keys || submission->signal || submission->redacted;
}

void check_header(const Muster__Submission *submission, struct faults *faults)
{
    check_number(faults, "protocol", submission->protocol, PROTOCOL_VERSION, PROTOCOL_VERSION);
    check_text(faults, "origin", submission->origin, LIMIT_ORIGIN_MOST, true);
    check_bytes(faults, "log_key", &submission->log_key, KEY_SIZE);
    check_bytes(faults, "id", &submission->id, ID_SIZE);
    check_party_id(faults, "party", submission->party);
    check_bytes(faults, "signing_key", &submission->signing_key, KEY_SIZE);
    check_number(faults, "not_after", submission->not_after, 1, UINT64_MAX);
    check_head(submission->head, faults);
    check_count(faults, "confirmations", submission->n_confirmations, LIMIT_CONFIRMATIONS_MOST);
    if (count_lists(submission) != 1) {
        check_fault(faults, "", "", "one list of changes", "submit the changes of each noun by themselves");
    }
}

/* An object that a submission names twice would replace itself. id_of: the id of change n. */
static void check_repeats(const Muster__Submission *submission, size_t count, const char *field,
                          const char *(*id_of)(const Muster__Submission *, size_t), struct faults *faults)
{
    struct names names;
    if (count < 2) {
        return;
    }
    if (names_init(&names, faults->arena, count) != STATUS_OK) {
        check_fault(faults, field, "", "a submission that memory holds", "split the file in two");
        return;
    }
    for (size_t at = 0; at < count; at++) {
        names_add(&names, id_of(submission, at), (uint32_t)at);
    }
    names_sort(&names);
    for (size_t at = 1; at < count; at++) {
        const struct names_entry *entry = &names.entries[at];
        if (strcmp(names.entries[at - 1].name, entry->name) == 0) {
            faults->change = entry->at;
            check_fault(faults, field, text_is_id(entry->name) ? entry->name : "", "each once in a submission",
                        "remove one of the two");
        }
    }
}

static const char *party_of(const Muster__Submission *submission, size_t at)
{
    return submission->parties[at]->party;
}

static const char *item_of(const Muster__Submission *submission, size_t at)
{
    return submission->items[at]->id;
}

static const char *demand_of(const Muster__Submission *submission, size_t at)
{
    return submission->demands[at]->id;
}

static const char *offer_of(const Muster__Submission *submission, size_t at)
{
    return submission->offers[at]->id;
}

static const char *fund_of(const Muster__Submission *submission, size_t at)
{
    return submission->funds[at]->id;
}

/* Walks one list of changes: check each under its index, then that none stands twice. */
#define CHECK_LIST(list, check)                                                                                                \
    do {                                                                                                                       \
        if (check_count(faults, "", submission->n_##list, LIMIT_CHANGES_MOST)) {                                               \
            for (size_t at = 0; at < submission->n_##list; at++) {                                                             \
                faults->change = (uint32_t)at;                                                                                 \
                check(submission->list[at], context, faults);                                                                  \
            }                                                                                                                  \
        }                                                                                                                      \
    } while (0)

#define CHECK_OBJECTS(list, check, field, id_of)                                                                               \
    do {                                                                                                                       \
        CHECK_LIST(list, check);                                                                                               \
        if (submission->n_##list <= LIMIT_CHANGES_MOST) {                                                                      \
            check_repeats(submission, submission->n_##list, field, id_of, faults);                                             \
        }                                                                                                                      \
    } while (0)

void check_submission(const Muster__Submission *submission, const struct check_context *context, struct faults *faults)
{
    faults->change = 0;
    check_header(submission, faults);
    if (is_of_exchange(submission)) {
        check_fault(faults, "", "", "a change that a party makes", "the exchange alone writes entries of this kind");
        return;
    }
    if (submission->join) {
        check_join(submission->join, context, faults);
    }
    if (submission->keys) {
        check_keys_change(submission->keys, context, faults);
    }
    CHECK_OBJECTS(parties, check_party_change, "party", party_of);
    CHECK_OBJECTS(items, check_item_change, "item", item_of);
    CHECK_OBJECTS(demands, check_demand_change, "demand", demand_of);
    CHECK_OBJECTS(offers, check_offer_change, "offer", offer_of);
    CHECK_OBJECTS(funds, check_fund_change, "fund", fund_of);
    if (submission->rates) {
        check_rates(submission->rates, context, faults);
    }
    if (submission->policy) {
        check_policy(submission->policy, context, faults);
    }
    CHECK_LIST(bundles, check_bundle_change);
    CHECK_LIST(commitment_ends, check_commitment_end);
    CHECK_LIST(exports, check_export);
    CHECK_LIST(redactions, check_redaction);
    faults->change = 0;
}
