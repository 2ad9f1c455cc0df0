/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/redact.h"

#include <string.h>

#include "proto/status.h"
#include "proto/walk.h"

#define TEXT "(redacted)"

static char redacted_text[] = TEXT;
static char empty_text[] = "";

bool redact_is_possible(const Muster__Submission *submission)
{
    return submission->n_items || submission->n_demands || submission->n_offers || submission->n_parties || submission->n_bundles ||
           submission->n_commitment_ends;
}

static void blank_item(Muster__Item *item)
{
    item->title = redacted_text;
}

static void blank_demand(Muster__Demand *demand)
{
    demand->place = demand->country;
    demand->n_requires = 0;
    demand->n_certificates = 0;
}

static void blank_offer(Muster__Offer *offer)
{
    offer->n_provides = 0;
    offer->n_certificates = 0;
}

static void blank_party(Muster__Party *party)
{
    party->name = redacted_text;
    party->contact = empty_text;
}

static void blank_reason(char **reason)
{
    if (*reason && **reason) {
        *reason = redacted_text;
    }
}

void redact_texts(Muster__Submission *submission)
{
    for (size_t at = 0; at < submission->n_items; at++) {
        if (submission->items[at]->item) {
            blank_item(submission->items[at]->item);
        }
    }
    for (size_t at = 0; at < submission->n_demands; at++) {
        if (submission->demands[at]->demand) {
            blank_demand(submission->demands[at]->demand);
        }
    }
    for (size_t at = 0; at < submission->n_offers; at++) {
        if (submission->offers[at]->offer) {
            blank_offer(submission->offers[at]->offer);
        }
    }
    for (size_t at = 0; at < submission->n_parties; at++) {
        if (submission->parties[at]->details) {
            blank_party(submission->parties[at]->details);
        }
        blank_reason(&submission->parties[at]->reason);
    }
    for (size_t at = 0; at < submission->n_bundles; at++) {
        blank_reason(&submission->bundles[at]->reason);
    }
    for (size_t at = 0; at < submission->n_commitment_ends; at++) {
        blank_reason(&submission->commitment_ends[at]->reason);
    }
}

/* --- copies in entries of the exchange -------------------------------------------------------------------------- */

/* Whether name is "party/id". */
static bool is_name(const char *name, const char *party, const char *id)
{
    size_t length = strlen(party);
    return strncmp(name, party, length) == 0 && name[length] == '/' && strcmp(name + length + 1, id) == 0;
}

static bool changes_demand(const Muster__Submission *source, const char *party, const char *name)
{
    for (size_t at = 0; at < source->n_demands; at++) {
        if (source->demands[at]->demand && is_name(name, party, source->demands[at]->id)) {
            return true;
        }
    }
    return false;
}

static bool changes_offer(const Muster__Submission *source, const char *party, const char *name)
{
    for (size_t at = 0; at < source->n_offers; at++) {
        if (source->offers[at]->offer && is_name(name, party, source->offers[at]->id)) {
            return true;
        }
    }
    return false;
}

static bool changes_item(const Muster__Submission *source, const Muster__Item *item)
{
    for (size_t at = 0; at < source->n_items; at++) {
        if (source->items[at]->item && strcmp(source->items[at]->id, item->id) == 0 && strcmp(source->items[at]->item->title, item->title) == 0) {
            return true;
        }
    }
    return false;
}

static bool changes_party(const Muster__Submission *source, const Muster__Party *party)
{
    for (size_t at = 0; at < source->n_parties; at++) {
        const Muster__Party *details = source->parties[at]->details;
        if (details && strcmp(source->parties[at]->party, party->id) == 0 &&
            (strcmp(details->name, party->name) == 0 || strcmp(details->contact, party->contact) == 0)) {
            return true;
        }
    }
    return false;
}

static bool answers_bundle(const Muster__Submission *source, const Muster__BundleVersion *version)
{
    for (size_t at = 0; at < source->n_bundles; at++) {
        if (source->bundles[at]->number == version->number && source->bundles[at]->reason && *source->bundles[at]->reason) {
            return version->n_answers != 0 || *version->reason;
        }
    }
    return false;
}

/* The objects at their versions that a plan was made from. */
static bool is_input(const Muster__Submission *source, const char *party, Muster__InputVersion *const *inputs, size_t count)
{
    for (size_t of = 0; of < count; of++) {
        const Muster__InputVersion *input = inputs[of];
        if (strcmp(input->party, party) != 0) {
            continue;
        }
        for (size_t at = 0; strcmp(input->noun, "demand") == 0 && at < source->n_demands; at++) {
            if (strcmp(source->demands[at]->id, input->id) == 0 && source->demands[at]->replaces + 1 == input->version) {
                return true;
            }
        }
        for (size_t at = 0; strcmp(input->noun, "offer") == 0 && at < source->n_offers; at++) {
            if (strcmp(source->offers[at]->id, input->id) == 0 && source->offers[at]->replaces + 1 == input->version) {
                return true;
            }
        }
    }
    return false;
}

static bool market_names(const Muster__Market *market, const Muster__Submission *source)
{
    for (size_t at = 0; at < market->n_items; at++) {
        if (changes_item(source, market->items[at])) {
            return true;
        }
    }
    for (size_t at = 0; at < market->n_suppliers; at++) {
        if (changes_party(source, market->suppliers[at])) {
            return true;
        }
    }
    return false;
}

static int unpack_market(const Muster__BundleVersion *version, struct arena *arena, Muster__Market **market)
{
    *market = (Muster__Market *)protobuf_c_message_unpack(&muster__market__descriptor, &arena->allocator, version->market.len, version->market.data);
    return *market ? STATUS_OK : STATUS_NO_MEMORY;
}

int redact_find_copy(const Muster__Submission *own, const Muster__Submission *source, const char *party, struct arena *arena, bool *holds)
{
    *holds = false;
    if (own->lot_planned) {
        *holds = is_input(source, party, own->lot_planned->inputs, own->lot_planned->n_inputs);
        return STATUS_OK;
    }
    if (!own->proposal) {
        return STATUS_OK;
    }
    const Muster__BundleVersion *version = own->proposal->bundle;
    *holds = is_input(source, party, version->inputs, version->n_inputs) || answers_bundle(source, version);
    if (*holds || (!source->n_items && !source->n_parties)) {
        return STATUS_OK;
    }
    Muster__Market *market;
    int status = unpack_market(version, arena, &market);
    *holds = status == STATUS_OK && market_names(market, source);
    return status;
}

/* A reason may quote what stood in the way. */
static void blank_reasons(Muster__Uncovered **uncovered, size_t n_uncovered, Muster__Unused **unused, size_t n_unused)
{
    for (size_t at = 0; at < n_uncovered; at++) {
        uncovered[at]->text = NULL;
        uncovered[at]->n_tried = 0;
    }
    for (size_t at = 0; at < n_unused; at++) {
        unused[at]->text = NULL;
        unused[at]->n_tried = 0;
    }
}

static void blank_market(Muster__Market *market, const Muster__Submission *source, const char *party)
{
    for (size_t at = 0; at < market->n_items; at++) {
        if (changes_item(source, market->items[at])) {
            blank_item(market->items[at]);
        }
    }
    for (size_t at = 0; at < market->n_suppliers; at++) {
        if (changes_party(source, market->suppliers[at])) {
            blank_party(market->suppliers[at]);
        }
    }
    for (size_t at = 0; at < market->n_demands; at++) {
        if (changes_demand(source, party, market->demands[at]->id)) {
            blank_demand(market->demands[at]);
        }
    }
    for (size_t at = 0; at < market->n_offers; at++) {
        if (changes_offer(source, party, market->offers[at]->id)) {
            blank_offer(market->offers[at]);
        }
    }
}

static int blank_version(Muster__BundleVersion *version, const Muster__Submission *source, const char *party, struct arena *arena)
{
    Muster__Market *market;
    blank_reasons(version->plan->uncovered, version->plan->n_uncovered, version->plan->unused, version->plan->n_unused);
    blank_reasons(NULL, 0, version->unused_open, version->n_unused_open);
    if (answers_bundle(source, version)) {
        for (size_t at = 0; at < version->n_answers; at++) {
            blank_reason(&version->answers[at]->reason);
        }
        blank_reason(&version->reason);
    }
    int status = unpack_market(version, arena, &market);
    if (status != STATUS_OK) {
        return status;
    }
    blank_market(market, source, party);
    return walk_pack(&market->base, arena, &version->market.data, &version->market.len);
}

int redact_copy(Muster__Submission *own, const Muster__Submission *source, const char *party, struct arena *arena)
{
    if (own->lot_planned) {
        Muster__LotPlanned *planned = own->lot_planned;
        blank_reasons(planned->plan->uncovered, planned->plan->n_uncovered, planned->plan->unused, planned->plan->n_unused);
        blank_reasons(NULL, 0, planned->unused_open, planned->n_unused_open);
    }
    return own->proposal ? blank_version(own->proposal->bundle, source, party, arena) : STATUS_OK;
}
