/* SPDX-License-Identifier: EUPL-1.2 */
#include <string.h>

#include "broker/views_inside.h"
#include "proto/codes/amount.h"
#include "proto/status.h"

/*
 * Why a demand stays uncovered or an offer got nothing. A coordinator reads the newest plan's figures; a party its own
 * object's code, the day's first, and what changes in its own terms were found to do: never a price, a ceiling in steps of 5 %.
 */

enum why_word { NOTHING, ITEM, MONTH, CEILING, FUND };

struct why_row {
    const char *reason;
    enum why_word word;
    const char *to_agency;
    const char *to_supplier;
};

static const struct why_row rows[] = {
#define WHY(reason, word, to_agency, to_supplier) {reason, word, to_agency, to_supplier},
#include "broker/why.def"
#undef WHY
};

static const struct why_row *row_of(const char *reason)
{
    for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++) {
        if (strcmp(rows[at].reason, reason) == 0)
            return &rows[at];
    }
    return NULL;
}

static char *word_of(struct view *view, enum why_word word, const Muster__Demand *demand)
{
    char ceiling[AMOUNT_TEXT_SIZE];
    uint32_t month = demand->n_lines != 0 ? demand->lines[demand->n_lines - 1]->month : 0;
    switch (word) {
    case ITEM:
        return demand->item;
    case MONTH:
        return arena_format(view->arena, "%04u-%02u", month / 100, month % 100);
    case CEILING:
        amount_write(demand->max_unit_price, ceiling);
        return arena_format(view->arena, "%s %s", demand->currency, ceiling);
    case FUND:
        return demand->fund;
    default:
        return "";
    }
}

/* The row's sentence with its one word put in. */
static char *sentence(struct view *view, const char *pattern, const char *word)
{
    const char *hole = strstr(pattern, "%s");
    if (hole == NULL)
        return arena_string(view->arena, pattern);
    return arena_format(view->arena, "%.*s%s%s", (int)(hole - pattern), pattern, word, hole + 2);
}

static bool is_among(const char *const *kinds, size_t count, const char *kind)
{
    for (size_t at = 0; at < count; at++) {
        if (strcmp(kinds[at], kind) == 0)
            return true;
    }
    return false;
}

/* --- trials that a party may be told ------------------------------------------------------------------------------ */

static int own_ceiling(struct view *view, const Muster__Demand *demand, int64_t *cents)
{
    Muster__StoredSet *rates, *policy;
    int status = state_set(view->txn, TABLE_RATES, view->arena, &rates);
    if (status == STATUS_OK)
        status = state_set(view->txn, TABLE_POLICY, view->arena, &policy);
    if (status != STATUS_OK)
        return status;
    status = desk_to_base(demand->max_unit_price, demand->currency, desk_base_currency(policy), rates->rates, rates->n_rates, cents);
    return status == STATUS_OK ? status : STATUS_CORRUPT;
}

/* A higher ceiling as a step of 5 % of the demand's own, upward. */
static int round_ceiling(struct view *view, const Muster__Demand *demand, Muster__Trial *trial)
{
    int64_t own, tried = 0;
    int status = own_ceiling(view, demand, &own);
    if (status != STATUS_OK)
        return status;
    for (const char *at = trial->detail; *at >= '0' && *at <= '9' && tried < INT64_MAX / 20; at++)
        tried = 10 * tried + (*at - '0');
    __int128 above = tried > own ? (__int128)(tried - own) * 100 : 0;
    int64_t percent = own > 0 ? (int64_t)((above + own - 1) / own) : 100;
    percent = (percent + 4) / 5 * 5;
    trial->detail = arena_format(view->arena, "+%lld%%", (long long)percent);
    trial->text = arena_format(view->arena, "a ceiling %lld %% higher", (long long)percent);
    return trial->detail != NULL && trial->text != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

static int keep_own_trials(struct view *view, const Muster__Demand *demand, Muster__Uncovered *uncovered)
{
    static const char *const kinds[] = {"ceiling", "date", "minimum", "certificate", "requirement", "origin"};
    size_t kept = 0;
    bool code_only = strcmp(uncovered->reason, "min-nations") == 0 || strcmp(uncovered->reason, "fund-exhausted") == 0;
    for (size_t at = 0; !code_only && at < uncovered->n_tried; at++) {
        Muster__Trial *trial = uncovered->tried[at];
        if (!is_among(kinds, sizeof kinds / sizeof kinds[0], trial->kind))
            continue;
        int status = strcmp(trial->kind, "ceiling") == 0 ? round_ceiling(view, demand, trial) : STATUS_OK;
        if (status != STATUS_OK)
            return status;
        uncovered->tried[kept++] = trial;
    }
    uncovered->n_tried = kept;
    return STATUS_OK;
}

static void keep_offer_trials(Muster__Unused *unused)
{
    static const char *const kinds[] = {"first_month", "minimum", "certificate", "provides", "destination", "valid_until"};
    size_t kept = 0;
    for (size_t at = 0; at < unused->n_tried; at++) {
        if (is_among(kinds, sizeof kinds / sizeof kinds[0], unused->tried[at]->kind))
            unused->tried[kept++] = unused->tried[at];
    }
    unused->n_tried = kept;
}

/* --- how near a price was ----------------------------------------------------------------------------------------- */

struct won {
    __int128 paid;
    uint64_t quantity;
    uint64_t number, version;
};

/* The newest committed bundle of the lot: what it pays for how many. */
static int newest_won(struct view *view, const char *item, struct won *won)
{
    struct state_commitments all;
    int status = state_commitments(view->txn, item, NULL, view->arena, &all);
    *won = (struct won){0};
    for (size_t at = 0; status == STATUS_OK && at < all.count; at++) {
        const Muster__StoredCommitment *one = all.list[at];
        if (one->number > won->number)
            *won = (struct won){.number = one->number, .version = one->version};
        if (one->number == won->number) {
            won->paid += (__int128)one->commitment->unit_price * one->commitment->quantity;
            won->quantity += one->commitment->quantity;
        }
    }
    return status;
}

static bool has_three_suppliers(const Muster__Market *market, const char *item)
{
    const char *seen[2] = {"", ""};
    size_t count = 0;
    for (size_t at = 0; at < market->n_offers; at++) {
        const char *supplier = market->offers[at]->supplier;
        if (strcmp(market->offers[at]->item, item) != 0 || is_among(seen, count < 2 ? count : 2, supplier))
            continue;
        if (count == 2)
            return true;
        seen[count++] = supplier;
    }
    return false;
}

/* Once a bundle of the lot is committed and three or more suppliers offered: how far the offer's least price was from what won. */
static int add_band(struct view *view, const char *name, const Muster__Offer *offer, Muster__Unused *unused)
{
    struct won won;
    Muster__Market *market;
    Muster__StoredSet *rates, *policy;
    int64_t least = INT64_MAX, price;
    int status = newest_won(view, offer->item, &won);
    if (status != STATUS_OK || won.quantity == 0)
        return status;
    status = state_market(view->txn, won.number, won.version, view->arena, &market);
    if (status == STATUS_OK)
        status = state_set(view->txn, TABLE_RATES, view->arena, &rates);
    if (status == STATUS_OK)
        status = state_set(view->txn, TABLE_POLICY, view->arena, &policy);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
    const Muster__Offer *planned = stands_find_offer(market, name);
    if (planned == NULL || !has_three_suppliers(market, offer->item))
        return STATUS_OK;
    for (size_t at = 0; at < planned->n_tiers; at++) {
        if (desk_to_base(planned->tiers[at]->unit_price, planned->currency, desk_base_currency(policy), rates->rates, rates->n_rates, &price) == STATUS_OK)
            least = price < least ? price : least;
    }
    __int128 mine = (__int128)least * won.quantity * 100;
    const char *band = mine <= won.paid * 105 ? "within 5 %" : mine <= won.paid * 115 ? "within 15 %" : "more than 15 % above";
    Muster__Trial *trial = view_new(view, &muster__trial__descriptor);
    Muster__Trial **wider = arena_array(view->arena, unused->n_tried + 1, sizeof *wider);
    if (trial == NULL || wider == NULL || least == INT64_MAX)
        return least == INT64_MAX ? STATUS_OK : STATUS_NO_MEMORY;
    if (unused->n_tried != 0)
        memcpy(wider, unused->tried, unused->n_tried * sizeof *wider);
    trial->kind = "price-band";
    trial->detail = mine <= won.paid * 105 ? "5" : mine <= won.paid * 115 ? "15" : "more";
    trial->text = arena_format(view->arena, "your least price was %s%s", band, strncmp(band, "within", 6) == 0 ? " of what won" : " what won");
    wider[unused->n_tried++] = trial;
    unused->tried = wider;
    return trial->text != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

/* --- the answer --------------------------------------------------------------------------------------------------- */

static uint64_t quantity_of(const Muster__Demand *demand)
{
    uint64_t sum = 0;
    for (size_t at = 0; at < demand->n_lines; at++)
        sum += demand->lines[at]->quantity;
    return sum;
}

/* The reasons that hold towards the asker: the newest to a coordinator, the day's first to its owner. */
static int reason_of(struct view *view, enum table table, const char *name, Muster__StoredReason **reason, bool *first)
{
    int status = state_reason(view->txn, table, name, view->arena, reason);
    if (status == STATUS_NOT_FOUND) {
        *reason = NULL;
        return STATUS_OK;
    }
    *first = status == STATUS_OK && !view_is_coordinator(view) && desk_date((*reason)->first_time) == desk_date(view->context->log_time);
    return status;
}

/*
 * What the bundle that an agency was asked about leaves of its demand: it sees its quantities there, so a reason of another plan
 * would contradict them. *version is NULL where there is none; *missing what its plan says is missing, or NULL.
 */
static int asked_of(struct view *view, const char *name, const char *item, Muster__BundleVersion **version, Muster__Uncovered **missing)
{
    Muster__LotState *lot;
    Muster__BundleHead *head;
    *version = NULL;
    *missing = NULL;
    int status = state_lot(view->txn, item, view->arena, &lot);
    if (status != STATUS_OK || lot->bundle == 0 || view_is_coordinator(view))
        return status;
    status = state_bundle(view->txn, lot->bundle, view->arena, &head);
    if (status == STATUS_OK && head->first_released != 0)
        status = view_visible(view, head, 0, version);
    for (size_t at = 0; status == STATUS_OK && *version != NULL && at < (*version)->plan->n_uncovered; at++) {
        if (strcmp((*version)->plan->uncovered[at]->demand, name) == 0)
            *missing = (*version)->plan->uncovered[at];
    }
    return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
}

/* What of a demand is committed. */
static int committed_of(struct view *view, const char *name, const char *item, uint64_t *quantity)
{
    struct state_commitments all;
    int status = state_commitments(view->txn, item, NULL, view->arena, &all);
    *quantity = 0;
    for (size_t at = 0; status == STATUS_OK && at < all.count; at++) {
        if (strcmp(all.list[at]->commitment->demand, name) == 0)
            *quantity += all.list[at]->commitment->quantity;
    }
    return status;
}

/* A reason that counts as missing what was committed since is of a plan that is over. */
static int drop_overtaken(struct view *view, const char *name, Muster__WhyAnswer *answer, bool *overtaken)
{
    uint64_t committed;
    int status = committed_of(view, name, answer->item, &committed);
    *overtaken = status == STATUS_OK && committed != 0 && answer->uncovered != NULL && answer->uncovered->quantity > answer->wanted - committed;
    if (!*overtaken)
        return status;
    answer->uncovered = NULL;
    answer->covered = committed == answer->wanted;
    answer->text = arena_format(view->arena, "%llu of %llu are committed%s", (unsigned long long)committed, (unsigned long long)answer->wanted,
                                answer->covered ? "." : "; why the rest is missing is told after the next plan, once a day.");
    return answer->text != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

/* That a party reads one plan a day, where a newer one was made since: it must not take the day's first for the last word. */
static int add_day_note(struct view *view, bool first, const Muster__StoredReason *reason, Muster__WhyAnswer *answer)
{
    if (!first || reason->newest_time == reason->first_time)
        return STATUS_OK;
    answer->text = arena_format(view->arena, "%s This is of the day's first plan; the lot was planned again since, and reasons are told once a day.",
                                answer->text);
    return answer->text != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

static int why_demand(struct view *view, const char *name, const Muster__Demand *demand, Muster__WhyAnswer *answer)
{
    Muster__StoredReason *reason;
    Muster__BundleVersion *asked = NULL;
    Muster__Uncovered *missing = NULL;
    bool first = false;
    int status = reason_of(view, TABLE_DEMANDS, name, &reason, &first);
    if (status == STATUS_OK)
        status = asked_of(view, name, demand->item, &asked, &missing);
    if (status != STATUS_OK)
        return status;
    answer->item = demand->item;
    answer->wanted = quantity_of(demand);
    answer->text = "It has not been planned yet.";
    if (reason == NULL && asked == NULL)
        return STATUS_OK;
    if (asked != NULL) {
        first = false;
        answer->time = asked->proposed;
        answer->uncovered = missing;
    } else {
        answer->time = first ? reason->first_time : reason->newest_time;
        answer->uncovered = first ? reason->first_uncovered : reason->newest_uncovered;
    }
    bool overtaken;
    status = drop_overtaken(view, name, answer, &overtaken);
    if (status != STATUS_OK || overtaken)
        return status;
    answer->covered = answer->uncovered == NULL;
    answer->text = asked != NULL ? "Nothing is missing in the bundle that you were asked about." : "Nothing is missing in the newest plan.";
    if (answer->covered)
        return add_day_note(view, first, reason, answer);
    const struct why_row *row = row_of(answer->uncovered->reason);
    if (view_is_coordinator(view) && answer->uncovered->text != NULL) {
        answer->text = answer->uncovered->text;
        return STATUS_OK;
    }
    answer->text = row != NULL ? sentence(view, row->to_agency, word_of(view, row->word, demand)) : "";
    if (answer->text == NULL)
        return STATUS_NO_MEMORY;
    if (view_is_coordinator(view))
        return STATUS_OK;
    status = keep_own_trials(view, demand, answer->uncovered);
    return status == STATUS_OK ? add_day_note(view, first, reason, answer) : status;
}

/*
 * Of several offers of a supplier in a lot one is spoken of a day, each in its turn: *name is the one whose turn it is. Offers
 * that have no reason have no turn.
 */
static int turn_of(struct view *view, const char *item, const char **name)
{
    struct state_objects offers;
    int status = state_lot_objects(view->txn, TABLE_OFFERS, item, view->arena, &offers);
    const char **own = arena_array(view->arena, offers.count + 1, sizeof *own);
    size_t count = 0;
    if (own == NULL)
        return STATUS_NO_MEMORY;
    for (size_t at = 0; status == STATUS_OK && at < offers.count; at++) {
        Muster__StoredReason *reason;
        if (strcmp(offers.list[at].party, view->asker->id) != 0)
            continue;
        own[count] = state_name(view->arena, offers.list[at].party, offers.list[at].id);
        status = own[count] != NULL ? state_reason(view->txn, TABLE_OFFERS, own[count], view->arena, &reason) : STATUS_NO_MEMORY;
        if (status == STATUS_OK && (reason->first_unused != NULL || reason->told_unused != NULL))
            count++;
        status = status == STATUS_NOT_FOUND ? STATUS_OK : status;
    }
    *name = count != 0 ? own[view->context->log_time / DESK_DAY % count] : NULL;
    return status;
}

static int why_offer(struct view *view, const char *name, const Muster__Offer *offer, Muster__WhyAnswer *answer)
{
    Muster__StoredReason *reason;
    bool first = false;
    int status = reason_of(view, TABLE_OFFERS, name, &reason, &first);
    if (status != STATUS_OK)
        return status;
    answer->item = offer->item;
    /* The same words whether it was not planned yet or stands in a bundle that its supplier does not know of. */
    answer->text = "No reason stands: nothing was decided that you could be told.";
    Muster__Unused *unused = NULL;
    if (reason != NULL)
        unused = view_is_coordinator(view) ? reason->newest_unused : first ? reason->first_unused : reason->told_unused;
    if (unused == NULL)
        return STATUS_OK;
    if (!view_is_coordinator(view)) {
        const char *turn;
        status = turn_of(view, offer->item, &turn);
        if (status != STATUS_OK)
            return status;
        if (turn != NULL && strcmp(turn, name) != 0) {
            answer->text = arena_format(view->arena, "One offer a day is spoken of in each lot; today it is %s.", strchr(turn, '/') + 1);
            return answer->text != NULL ? STATUS_OK : STATUS_NO_MEMORY;
        }
    }
    answer->time = first ? reason->first_time : reason->newest_time;
    answer->unused = unused;
    const struct why_row *row = row_of(unused->reason);
    answer->text = view_is_coordinator(view) && unused->text != NULL ? unused->text : row != NULL ? (char *)(uintptr_t)row->to_supplier : "";
    if (view_is_coordinator(view))
        return STATUS_OK;
    keep_offer_trials(unused);
    status = add_day_note(view, first, reason, answer);
    return status == STATUS_OK ? add_band(view, name, offer, unused) : status;
}

/* A lot as a whole, for a coordinator. */
static int why_item(struct view *view, const char *item, Muster__WhyAnswer *answer)
{
    Muster__LotPlans *plans;
    Muster__LotState *lot;
    int status = state_plans(view->txn, item, view->arena, &plans);
    if (status == STATUS_OK)
        status = state_lot(view->txn, item, view->arena, &lot);
    if (status != STATUS_OK)
        return status;
    answer->item = (char *)(uintptr_t)item;
    answer->time = lot->planned;
    answer->text = "It has not been planned yet.";
    if (plans->newest == NULL)
        return STATUS_OK;
    answer->covered = plans->newest->n_uncovered == 0;
    if (plans->newest->n_awards != 0)
        answer->text = arena_format(view->arena, "The newest plan has awards for it; demands that lack something: %zu.", plans->newest->n_uncovered);
    else {
        const char *reason = view_no_bundle(view, plans->newest);
        answer->text = reason != NULL ? arena_format(view->arena, "No bundle: %s", reason) : NULL;
    }
    return answer->text != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

static int find(struct view *view, enum table table, const char *id, char **name, Muster__Stored **stored)
{
    const char *party, *own;
    bool may = table == TABLE_DEMANDS ? view->asker->role == MUSTER__ROLE__ROLE_AGENCY : view->asker->role == MUSTER__ROLE__ROLE_SUPPLIER;
    *stored = NULL;
    if (!state_name_split(view->arena, id, &party, &own)) {
        party = view->asker->id;
        own = id;
    }
    if (!view_is_coordinator(view) && (!may || strcmp(party, view->asker->id) != 0))
        return STATUS_OK;
    *name = state_name(view->arena, party, own);
    int status = *name != NULL ? state_object(view->txn, table, party, own, view->arena, stored) : STATUS_NO_MEMORY;
    if (status == STATUS_NOT_FOUND) {
        *stored = NULL;
        return STATUS_OK;
    }
    return status;
}

int view_why(struct view *view)
{
    const Muster__WhyRequest *request = (const Muster__WhyRequest *)view->body;
    Muster__WhyAnswer *answer = view_new(view, &muster__why_answer__descriptor);
    Muster__Stored *stored;
    char *name;
    if (answer == NULL)
        return STATUS_NO_MEMORY;
    answer->id = request->id;
    int status = find(view, TABLE_DEMANDS, request->id, &name, &stored);
    if (status == STATUS_OK && stored != NULL) {
        status = why_demand(view, name, stored->demand, answer);
        return status == STATUS_OK ? view_done(view, &answer->base) : status;
    }
    if (status == STATUS_OK)
        status = find(view, TABLE_OFFERS, request->id, &name, &stored);
    if (status == STATUS_OK && stored != NULL) {
        status = why_offer(view, name, stored->offer, answer);
        return status == STATUS_OK ? view_done(view, &answer->base) : status;
    }
    if (status == STATUS_OK && view_is_coordinator(view)) {
        status = state_object(view->txn, TABLE_ITEMS, "", request->id, view->arena, &stored);
        if (status == STATUS_OK)
            status = why_item(view, request->id, answer);
        if (status == STATUS_OK)
            return view_done(view, &answer->base);
    }
    if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        return status;
    return view_refuse(view, MUSTER__OUTCOME__OUTCOME_NOT_FOUND, "nothing of that name is there for you");
}
