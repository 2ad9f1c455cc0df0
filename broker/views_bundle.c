/* SPDX-License-Identifier: EUPL-1.2 */
#include <inttypes.h>
#include <string.h>

#include "broker/desk/four_eyes.h"
#include "broker/desk/release.h"
#include "broker/desk/terms.h"
#include "broker/views_inside.h"
#include "proto/status.h"
#include "proto/walk.h"

/* Bundles: all of them to a coordinator; to an agency or a supplier those in which it has an award, once it was asked. */

#define ROW_ARENA_CAP ((size_t)512 << 20) /* the largest market of one bundle, unpacked */

static uint64_t newest_for(const struct view *view, const Muster__BundleHead *head)
{
    if (view_is_coordinator(view))
        return head->version;
    return view->asker->role == MUSTER__ROLE__ROLE_AGENCY ? head->released : head->agreed;
}

int view_visible(struct view *view, const Muster__BundleHead *head, uint64_t wanted, Muster__BundleVersion **version)
{
    uint64_t newest = newest_for(view, head);
    uint64_t number = wanted != 0 ? wanted : newest;
    struct bundle_parties parties;
    *version = NULL;
    bool may = view_is_coordinator(view) || number == newest || (view->asker->role == MUSTER__ROLE__ROLE_AGENCY && number == head->first_released);
    if (newest == 0 || number == 0 || !may)
        return STATUS_OK;
    int status = state_version(view->txn, head->number, number, view->arena, version);
    if (status != STATUS_OK || view_is_coordinator(view))
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    status = bundle_askees(view->arena, (*version)->plan, view->asker->role == MUSTER__ROLE__ROLE_AGENCY, &parties);
    if (status == STATUS_OK && !bundle_parties_hold(&parties, view->asker->id))
        *version = NULL;
    return status;
}

static const char *word_of(const Muster__BundleHead *head, const char *party)
{
    const Muster__BundleAnswer *answer = bundle_answer(head, party);
    if (answer == NULL)
        return "waiting";
    return answer->kind == MUSTER__ANSWER_KIND__ANSWER_YES ? "yes" : "no";
}

/* The answers of a nation's agencies as one word. */
static int note_nation_answer(struct view *view, const Muster__BundleHead *head, const Muster__LotPlan *plan, const Muster__Market *market,
                              Muster__BundleNation *nation)
{
    const char *word = "yes";
    for (size_t at = 0; at < plan->n_awards; at++) {
        const Muster__Demand *demand = stands_find_demand(market, plan->awards[at]->demand);
        const char *party, *id;
        if (demand == NULL || strcmp(demand->country, nation->country) != 0)
            continue;
        if (!state_name_split(view->arena, demand->id, &party, &id))
            return STATUS_NO_MEMORY;
        const char *one = word_of(head, party);
        if (strcmp(one, "no") == 0 || (strcmp(one, "waiting") == 0 && strcmp(word, "no") != 0))
            word = one;
    }
    nation->answer = (char *)(uintptr_t)word;
    return STATUS_OK;
}

static int note_answers(struct view *view, const Muster__BundleHead *head, const Muster__BundleVersion *version, const Muster__Market *market,
                        Muster__BundleView *out)
{
    int status = STATUS_OK;
    for (size_t at = 0; status == STATUS_OK && at < out->n_nations; at++)
        status = note_nation_answer(view, head, version->plan, market, out->nations[at]);
    for (size_t at = 0; at < out->n_suppliers; at++)
        out->suppliers[at]->answer = (char *)(uintptr_t)word_of(head, out->suppliers[at]->party);
    out->own_answer = (char *)(uintptr_t)word_of(head, view->asker->id);
    out->answers = head->answers;
    out->n_answers = head->n_answers;
    return status;
}

/* Who is waited for, as the asker may know it: a party learns of itself alone. */
static int note_waiting(struct view *view, const Muster__BundleHead *head, const Muster__BundleVersion *version, Muster__BundleView *out)
{
    bool nations = head->state == MUSTER__BUNDLE_STATE__BUNDLE_RELEASED;
    struct bundle_parties asked;
    size_t open = 0;
    out->waiting_for = "";
    if (version->version != head->version)
        return STATUS_OK;
    if (head->state == MUSTER__BUNDLE_STATE__BUNDLE_PROPOSED)
        out->waiting_for = head->replanning ? "the engine" : view_is_coordinator(view) ? "you" : "the coordinator";
    if (!nations && head->state != MUSTER__BUNDLE_STATE__BUNDLE_AGREED)
        return STATUS_OK;
    int status = bundle_askees(view->arena, version->plan, nations, &asked);
    for (size_t at = 0; status == STATUS_OK && at < asked.count; at++)
        open += bundle_answer(head, asked.list[at]) == NULL;
    if (view_is_coordinator(view))
        out->waiting_for = arena_format(view->arena, "%zu %s%s", open, nations ? "agenc" : "supplier", nations ? (open == 1 ? "y" : "ies") : (open == 1 ? "" : "s"));
    else if (bundle_parties_hold(&asked, view->asker->id) && bundle_answer(head, view->asker->id) == NULL)
        out->waiting_for = "you";
    else
        out->waiting_for = "others";
    return out->waiting_for != NULL ? status : STATUS_NO_MEMORY;
}

/* --- the asker's own figures -------------------------------------------------------------------------------------- */

static bool is_only_agency(const struct view *view, const Muster__LotPlan *plan, const Muster__Market *market)
{
    for (size_t at = 0; at < plan->n_awards; at++) {
        const Muster__Demand *demand = stands_find_demand(market, plan->awards[at]->demand);
        if (demand != NULL && strcmp(demand->country, view->asker->country) == 0 && !state_name_is_of(demand->id, view->asker->id))
            return false;
    }
    return true;
}

static void own_wanted(const struct view *view, const Muster__Market *market, const char *item, uint64_t *wanted)
{
    *wanted = 0;
    for (size_t at = 0; at < market->n_demands; at++) {
        const Muster__Demand *demand = market->demands[at];
        if (strcmp(demand->item, item) != 0 || !state_name_is_of(demand->id, view->asker->id))
            continue;
        for (size_t of = 0; of < demand->n_lines; of++)
            *wanted += demand->lines[of]->quantity;
    }
}

/* A nation's own row holds its agency's figures; what it costs alone is known for the nation, so it is told to a sole agency only. */
static void own_nation(const struct view *view, bool only, Muster__BundleView *out)
{
    for (size_t at = 0; at < out->n_nations; at++) {
        Muster__BundleNation *nation = out->nations[at];
        if (strcmp(nation->country, view->asker->country) != 0)
            continue;
        nation->has_pays = nation->has_wanted = true;
        nation->pays = out->pays;
        nation->wanted = out->wanted;
        nation->answer = out->own_answer;
        if (!only)
            nation->has_alone_quantity = nation->has_alone_pays = nation->has_saving = false;
        out->has_alone_pays = nation->has_alone_pays;
        out->alone_pays = nation->alone_pays;
        out->has_saving = nation->has_saving;
        out->saving = nation->saving;
    }
}

/* Puts the asker's own sums in the place of the whole's, and leaves only its own row of the suppliers to a supplier. */
static void make_own(const struct view *view, const Muster__BundleVersion *version, const Muster__Market *market, Muster__BundleView *out)
{
    bool nation = view->asker->role == MUSTER__ROLE__ROLE_AGENCY;
    out->pays = out->one_off = 0;
    out->quantity = 0;
    for (size_t at = 0; at < version->plan->n_awards; at++) {
        const Muster__Award *award = version->plan->awards[at];
        if (!state_name_is_of(nation ? award->demand : award->offer, view->asker->id))
            continue;
        out->pays += state_cost(award->quantity, award->unit_price, award->freight, award->one_off);
        out->one_off += award->one_off;
        out->quantity += award->quantity;
    }
    own_wanted(view, market, version->item, &out->wanted);
    out->has_alone_pays = out->has_saving = false;
    if (nation)
        own_nation(view, is_only_agency(view, version->plan, market), out);
    size_t kept = 0;
    for (size_t at = 0; at < out->n_suppliers; at++) {
        if (nation || strcmp(out->suppliers[at]->party, view->asker->id) == 0)
            out->suppliers[kept++] = out->suppliers[at];
    }
    out->n_suppliers = kept;
    kept = 0;
    /* A fund's rule shows its balance; its name is the fund's, and it stands behind the lot's own rules. */
    static const char *const shown[] = {"nations", "sme_share", "european_share", "supplier_share"};
    for (size_t at = 0; at < out->n_rules && at < 4; at++) {
        if (strcmp(out->rules[at]->name, shown[at]) == 0)
            out->rules[kept++] = out->rules[at];
    }
    out->n_rules = kept;
}

static int note_terms(struct view *view, const Muster__BundleHead *head, const Muster__BundleVersion *version, const Muster__Market *market,
                      Muster__BundleView *out)
{
    Muster__Terms *message;
    int status = terms_make(view->txn, head, version, market, view->asker->id, view->arena, &message, &out->terms);
    out->has_terms = out->terms.len != 0;
    return status;
}

static int note_changes(struct view *view, const Muster__BundleHead *head, const Muster__BundleVersion *version, Muster__BundleView *out)
{
    struct release_changes changes;
    if (!view_is_coordinator(view) || head->state != MUSTER__BUNDLE_STATE__BUNDLE_PROPOSED || head->version != version->version)
        return STATUS_OK;
    int status = release_changes(view->txn, version, view->arena, &changes);
    if (status == STATUS_OK) {
        out->changes = changes.texts;
        out->n_changes = changes.count;
    }
    return status;
}

static int add_hand(struct view *view, const Muster__ReleaseHand *hand, Muster__BundleHand **out)
{
    *out = view_new(view, &muster__bundle_hand__descriptor);
    if (*out == NULL)
        return STATUS_NO_MEMORY;
    (*out)->party = hand->party;
    (*out)->time = hand->time;
    (*out)->position = hand->position;
    return STATUS_OK;
}

/* Who released it, whose release waits for a second, and who left and why; the coordinators' to know. */
static int note_hands(struct view *view, const Muster__BundleHead *head, const Muster__BundleVersion *version, Muster__BundleView *out)
{
    if (!view_is_coordinator(view))
        return STATUS_OK;
    const Muster__ReleaseHand *first = four_eyes_first(head);
    bool newest = version->version == head->version && head->state == MUSTER__BUNDLE_STATE__BUNDLE_PROPOSED;
    uint64_t above = 0;
    int status = newest ? four_eyes_of(view->txn, view->arena, view->context->log_time, version, &above) : STATUS_OK;
    out->has_four_eyes_above = above != 0;
    out->four_eyes_above = above;
    out->left = head->left_answers;
    out->n_left = head->n_left_answers;
    if (status == STATUS_OK && newest && first != NULL)
        status = add_hand(view, first, &out->first_hand);
    out->released_by = arena_array(view->arena, head->n_released_by + 1, sizeof *out->released_by);
    if (out->released_by == NULL)
        return STATUS_NO_MEMORY;
    for (size_t at = 0; status == STATUS_OK && at < head->n_released_by; at++) {
        if (head->released_by[at]->version == version->version)
            status = add_hand(view, head->released_by[at], &out->released_by[out->n_released_by++]);
    }
    bool own = status == STATUS_OK && out->first_hand != NULL && strcmp(out->first_hand->party, view->asker->id) == 0;
    if (own && above != 0)
        out->waiting_for = "a second coordinator";
    return status;
}

static void drop_details(Muster__BundleView *out)
{
    out->n_months = out->n_uncovered = out->n_unused = out->n_awards = out->n_changes = out->n_left = 0;
    out->has_terms = false;
}

int view_bundle(struct view *view, const Muster__BundleHead *head, const Muster__BundleVersion *version, bool whole, Muster__BundleView **view_out)
{
    Muster__BundleView *out = view_new(view, &muster__bundle_view__descriptor);
    Muster__Market *market;
    if (out == NULL)
        return STATUS_NO_MEMORY;
    int status = state_market(view->txn, version->number, version->version, view->arena, &market);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
    out->number = version->number;
    out->version = version->version;
    out->item = version->item;
    out->state = head->state;
    if (view_is_coordinator(view) && version->version != head->version)
        out->state = MUSTER__BUNDLE_STATE__BUNDLE_SUPERSEDED;
    out->proposed = version->proposed;
    out->position = version->position;
    out->deadline = version->version == head->version ? (head->deadline != 0 ? head->deadline : head->lapses) : 0;
    out->reason = head->reason;
    status = view_plan(view, version->plan, market, out);
    if (status == STATUS_OK)
        status = note_answers(view, head, version, market, out);
    if (status == STATUS_OK)
        status = note_waiting(view, head, version, out);
    if (status == STATUS_OK)
        status = note_hands(view, head, version, out);
    if (status == STATUS_OK && whole)
        status = note_changes(view, head, version, out);
    if (status == STATUS_OK && whole && !view_is_coordinator(view))
        status = note_terms(view, head, version, market, out);
    if (status != STATUS_OK)
        return status;
    if (!view_is_coordinator(view))
        make_own(view, version, market, out);
    if (!whole)
        drop_details(out);
    *view_out = out;
    return STATUS_OK;
}

static int add_whole(struct view *view, const Muster__BundleHead *head, uint64_t wanted, Muster__BundlesAnswer *answer)
{
    Muster__BundleVersion *version;
    int status = view_visible(view, head, wanted, &version);
    if (status != STATUS_OK || version == NULL)
        return status;
    return view_bundle(view, head, version, true, &answer->bundles[answer->n_bundles++]);
}

/* A row of the list: each bundle's market is read and dropped before the next, so that a long list stays small. */
static int add_row(struct view *view, const Muster__BundleHead *head, Muster__BundlesAnswer *answer)
{
    struct arena scratch;
    struct view inner = *view;
    Muster__BundleVersion *version;
    Muster__BundleView *row;
    uint8_t *bytes;
    size_t size;
    arena_init(&scratch, ROW_ARENA_CAP);
    inner.arena = &scratch;
    int status = view_visible(&inner, head, 0, &version);
    if (status == STATUS_OK && version != NULL) {
        status = view_bundle(&inner, head, version, false, &row);
        if (status == STATUS_OK)
            status = walk_pack(&row->base, view->arena, &bytes, &size);
        if (status == STATUS_OK) {
            ProtobufCMessage *copy = protobuf_c_message_unpack(&muster__bundle_view__descriptor, &view->arena->allocator, size, bytes);
            answer->bundles[answer->n_bundles] = (Muster__BundleView *)copy;
            answer->n_bundles += copy != NULL;
            status = copy != NULL ? STATUS_OK : STATUS_NO_MEMORY;
        }
    }
    arena_drop(&scratch);
    return status;
}

int view_bundles(struct view *view)
{
    const Muster__BundlesRequest *request = (const Muster__BundlesRequest *)view->body;
    Muster__BundlesAnswer *answer = view_new(view, &muster__bundles_answer__descriptor);
    struct state_bundles all = {0};
    Muster__BundleHead *head;
    int status = answer != NULL ? STATUS_OK : STATUS_NO_MEMORY;
    if (status == STATUS_OK && request->number == 0)
        status = state_all_bundles(view->txn, view->arena, &all);
    if (status != STATUS_OK)
        return status;
    answer->bundles = arena_array(view->arena, all.count + 1, sizeof *answer->bundles);
    if (answer->bundles == NULL)
        return STATUS_NO_MEMORY;
    for (size_t at = 0; status == STATUS_OK && at < all.count; at++)
        status = add_row(view, all.list[at], answer);
    if (request->number != 0) {
        status = state_bundle(view->txn, request->number, view->arena, &head);
        if (status == STATUS_OK)
            status = add_whole(view, head, request->version, answer);
        if (status == STATUS_NOT_FOUND || (status == STATUS_OK && answer->n_bundles == 0))
            return view_refuse(view, MUSTER__OUTCOME__OUTCOME_NOT_FOUND, "no such bundle is there for you");
    }
    return status == STATUS_OK ? view_done(view, &answer->base) : status;
}
