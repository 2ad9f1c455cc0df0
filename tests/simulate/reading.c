/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/simulate/reading.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "broker/desk/bundle.h"
#include "broker/desk/redactions.h"
#include "broker/desk/state.h"
#include "broker/match/load.h"
#include "broker/match/message.h"
#include "broker/match/verify.h"
#include "proto/entry.h"
#include "proto/envelope.h"
#include "proto/status.h"
#include "tests/simulate/run.h"

#define AGENCY (1u << MUSTER__ROLE__ROLE_AGENCY)
#define SUPPLIER (1u << MUSTER__ROLE__ROLE_SUPPLIER)
#define COORDINATOR (1u << MUSTER__ROLE__ROLE_COORDINATOR)
#define FUNDS_MOST 8u
#define PROPOSED MUSTER__BUNDLE_STATE__BUNDLE_PROPOSED
#define AGREED MUSTER__BUNDLE_STATE__BUNDLE_AGREED
#define COMMITTED MUSTER__BUNDLE_STATE__BUNDLE_COMMITTED
#define ORDERED MUSTER__BUNDLE_STATE__BUNDLE_ORDERED
#define REJECTED MUSTER__BUNDLE_STATE__BUNDLE_REJECTED
#define LAPSED MUSTER__BUNDLE_STATE__BUNDLE_LAPSED

/* One entry as it is read. */
struct reading {
    struct run *run;
    struct ledger *ledger;
    uint64_t position;
    const char *party;
    const Muster__Submission *submission;
};

static void wrong(const struct reading *reading, const char *invariant, const char *what)
{
    run_finding(reading->run, invariant, "entry %" PRIu64 " of %s: %s", reading->position, reading->party, what);
}

/* --- who may --------------------------------------------------------------------------------------------------- */

/* The roles that may write what a submission holds. */
static unsigned may_write(const Muster__Submission *submission)
{
    if (submission->n_demands > 0)
        return AGENCY;
    if (submission->n_offers > 0)
        return SUPPLIER;
    if (submission->n_bundles > 0) {
        Muster__BundleChangeKind kind = submission->bundles[0]->kind;
        bool answer = kind == MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_ANSWER || kind == MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_TAKE_BACK;
        return answer ? AGENCY | SUPPLIER : COORDINATOR;
    }
    if (submission->keys != NULL || submission->join != NULL || submission->n_commitment_ends > 0)
        return AGENCY | SUPPLIER | COORDINATOR;
    bool steers = submission->n_parties > 0 || submission->n_items > 0 || submission->n_funds > 0 || submission->rates != NULL ||
                  submission->policy != NULL || submission->n_exports > 0 || submission->clock_confirmed != NULL ||
                  submission->n_redactions > 0 || submission->list_confirmed != NULL;
    return steers ? COORDINATOR : 0;
}

static void read_sender(const struct reading *reading, const struct log_entry *entry, bool fresh)
{
    const Muster__Submission *submission = reading->submission;
    bool exchange = strcmp(reading->party, ENVELOPE_EXCHANGE_PARTY) == 0;
    if (strcmp(submission->party, reading->party) != 0)
        wrong(reading, "log", "body and envelope name two parties");
    if (fresh && envelope_verify(entry->envelope, entry->envelope_size, submission->signing_key.data) != STATUS_OK)
        wrong(reading, "keys", "its signature does not hold");
    if (exchange) {
        if (memcmp(submission->signing_key.data, reading->run->node.public_file.signing_key, 32) != 0)
            wrong(reading, "keys", "it is not signed by the exchange");
        return;
    }
    const struct ledger_party *party = ledger_party(reading->ledger, reading->party);
    const struct ledger_key *key = ledger_key(reading->ledger, reading->party, submission->signing_key.data);
    if (key == NULL || key->ended || key->waits || key->once != (submission->join != NULL))
        wrong(reading, "keys", "it is signed by a key that is not in force");
    if (party->suspended)
        wrong(reading, "keys", "its party is suspended");
    if ((may_write(submission) & (1u << party->role)) == 0)
        wrong(reading, "gate", "its role may not write this");
    if (submission->not_after < entry->time)
        wrong(reading, "time", "it was no longer valid");
    if (submission->head->size > reading->position)
        wrong(reading, "heads", "it shows a head that is larger than the log was");
}

/* --- keys and parties ------------------------------------------------------------------------------------------ */

static void end_keys(const struct reading *reading, const char *party, bool waiting)
{
    for (size_t at = 0; at < reading->ledger->key_count; at++) {
        struct ledger_key *key = &reading->ledger->keys[at];
        if (strcmp(key->party, party) == 0 && !key->once && key->waits == waiting)
            key->ended = true;
    }
}

/* The key that waits is the party's from now on, and no other is. */
static void bind_keys(const struct reading *reading, const char *party)
{
    struct ledger_key *bound = NULL;
    for (size_t at = 0; at < reading->ledger->key_count; at++) {
        struct ledger_key *key = &reading->ledger->keys[at];
        if (strcmp(key->party, party) == 0 && key->waits && !key->ended)
            bound = key;
    }
    if (bound == NULL)
        return;
    end_keys(reading, party, false);
    bound->waits = false;
}

static void read_party_change(const struct reading *reading, const Muster__PartyChange *change)
{
    struct ledger_party *party = ledger_party(reading->ledger, change->party);
    struct ledger_key *key;
    switch (change->kind) {
    case MUSTER__PARTY_CHANGE_KIND__PARTY_INVITE:
        party->role = (int)change->details->role;
        ledger_add_key(reading->ledger, change->party, change->one_time_keys->signing_key.data)->once = true;
        break;
    case MUSTER__PARTY_CHANGE_KIND__PARTY_CONFIRM:
        bind_keys(reading, change->party);
        break;
    case MUSTER__PARTY_CHANGE_KIND__PARTY_SUSPEND:
        party->suspended = true;
        end_keys(reading, change->party, true);
        break;
    case MUSTER__PARTY_CHANGE_KIND__PARTY_RESUME:
        party->suspended = false;
        break;
    case MUSTER__PARTY_CHANGE_KIND__PARTY_VOID:
        key = ledger_key(reading->ledger, change->party, change->void_key.data);
        if (key == NULL || key->ended)
            wrong(reading, "keys", "it voids a key that is none");
        else
            key->ended = true;
        break;
    default:
        break;
    }
}

static void read_keys(const struct reading *reading)
{
    const Muster__Submission *submission = reading->submission;
    if (submission->genesis != NULL) {
        const Muster__PartyRecord *first = submission->genesis->coordinator;
        ledger_add_key(reading->ledger, first->party->id, first->keys->signing_key.data);
        ledger_party(reading->ledger, first->party->id)->role = (int)first->party->role;
    }
    if (submission->join != NULL) {
        ledger_key(reading->ledger, reading->party, submission->signing_key.data)->ended = true;
        ledger_add_key(reading->ledger, reading->party, submission->join->keys->signing_key.data);
    }
    if (submission->keys != NULL && submission->keys->kind == MUSTER__KEYS_CHANGE_KIND__KEYS_ANNOUNCE)
        ledger_add_key(reading->ledger, reading->party, submission->keys->keys->signing_key.data)->waits = true;
    if (submission->keys != NULL && submission->keys->kind == MUSTER__KEYS_CHANGE_KIND__KEYS_CANCEL)
        end_keys(reading, reading->party, true);
    if (submission->keys_bound != NULL)
        bind_keys(reading, submission->keys_bound->party);
    for (size_t at = 0; at < submission->n_parties; at++)
        read_party_change(reading, submission->parties[at]);
}

/* --- objects --------------------------------------------------------------------------------------------------- */

static struct ledger_object *object_of(const struct reading *reading, const char *noun, const char *party, const char *id)
{
    char name[sizeof ((struct ledger_object *)0)->name];
    snprintf(name, sizeof name, "%s/%s/%s", noun, party, id);
    return ledger_object(reading->ledger, name);
}

static void read_object(const struct reading *reading, struct ledger_object *object, Muster__ChangeKind kind, uint64_t replaces)
{
    if (object->version != replaces)
        wrong(reading, "versions", "it does not replace the version that stands");
    object->version++;
    object->position = reading->position;
    object->stands = kind == MUSTER__CHANGE_KIND__CHANGE_PUT;
}

/* What a redacted entry had put, and nobody changed since, is withdrawn with it. */
static void read_redacted_object(struct ledger_object *object, uint64_t position)
{
    if (object->position != position || !object->stands)
        return;
    object->version++;
    object->stands = false;
}

static void read_redacted(const struct reading *reading)
{
    const Muster__Redacted *redacted = reading->submission->redacted;
    Muster__Submission *remains = NULL;
    if (redactions_remains(redacted, &reading->run->look, &remains) != STATUS_OK) {
        wrong(reading, "log", "what is left of a redacted entry can't be read");
        return;
    }
    for (size_t at = 0; at < remains->n_demands; at++)
        read_redacted_object(object_of(reading, "demand", redacted->party, remains->demands[at]->id), redacted->position);
    for (size_t at = 0; at < remains->n_offers; at++)
        read_redacted_object(object_of(reading, "offer", redacted->party, remains->offers[at]->id), redacted->position);
}

static void read_objects(const struct reading *reading)
{
    const Muster__Submission *submission = reading->submission;
    for (size_t at = 0; at < submission->n_demands; at++) {
        const Muster__DemandChange *change = submission->demands[at];
        read_object(reading, object_of(reading, "demand", reading->party, change->id), change->kind, change->replaces);
    }
    for (size_t at = 0; at < submission->n_offers; at++) {
        const Muster__OfferChange *change = submission->offers[at];
        read_object(reading, object_of(reading, "offer", reading->party, change->id), change->kind, change->replaces);
    }
    if (submission->redacted != NULL)
        read_redacted(reading);
}

/* --- bundles --------------------------------------------------------------------------------------------------- */

/* A plan for the whole market of which the proposal's lot is one; the others get nothing. *at: which lot it is. */
static void complete_plan(struct run *run, const struct match_market *market, const Muster__BundleVersion *version, Muster__Plan *plan,
                          uint32_t *at)
{
    plan->lots = arena_array(&run->look, market->lot_count, sizeof *plan->lots);
    plan->n_lots = market->lot_count;
    *at = market->lot_count;
    for (uint32_t lot = 0; lot < market->lot_count; lot++) {
        Muster__LotPlan *empty = arena_alloc(&run->look, sizeof *empty);
        muster__lot_plan__init(empty);
        empty->item = arena_string(&run->look, market->lots[lot].item);
        empty->forbidden_by = arena_string(&run->look, "");
        bool own = strcmp(empty->item, version->item) == 0;
        plan->lots[lot] = own ? version->plan : empty;
        *at = own ? lot : *at;
    }
}

/* The plan of a proposal on the market that it names, by the rules of the model alone. */
static void read_plan(const struct reading *reading, const Muster__BundleVersion *version)
{
    struct arena *arena = &reading->run->look;
    struct faults faults;
    struct match_market *market = NULL;
    struct match_plan *plan = NULL;
    Muster__Plan message = MUSTER__PLAN__INIT;
    const char *fault = NULL;
    uint32_t lot = 0;
    int64_t spent[FUNDS_MOST] = {0};
    faults_init(&faults, arena);
    ProtobufCMessage *unpacked =
        protobuf_c_message_unpack(&muster__market__descriptor, &arena->allocator, version->market.len, version->market.data);
    if (unpacked == NULL || match_load((const Muster__Market *)unpacked, arena, &faults, &market) != STATUS_OK || market->fund_count > FUNDS_MOST) {
        wrong(reading, "plan", "its market can't be read");
        return;
    }
    message.engine = version->engine;
    complete_plan(reading->run, market, version, &message, &lot);
    if (lot == market->lot_count || match_message_unpack(market, &message, arena, &plan) != STATUS_OK) {
        wrong(reading, "plan", "its plan names what its market does not have");
        return;
    }
    if (match_verify_lot(market, lot, &plan->lots[lot], arena, spent, &fault) != STATUS_OK)
        wrong(reading, "plan", fault != NULL ? fault : "its plan breaks a rule");
    for (size_t at = 0; at < market->fund_count; at++)
        if (market->funds[at].limited && spent[at] > market->funds[at].balance)
            wrong(reading, "plan", "its plan spends more than a fund has");
}

static void read_proposal(const struct reading *reading, bool fresh)
{
    const Muster__BundleVersion *version = reading->submission->proposal->bundle;
    struct ledger_bundle *bundle = ledger_bundle(reading->ledger, version->number);
    bool is_new = bundle->state == 0;
    if (version->version != bundle->version + 1 || (!is_new && bundle->state != (int)PROPOSED))
        wrong(reading, "bundles", "it proposes a version that does not follow");
    bundle->state = (int)PROPOSED;
    bundle->version = version->version;
    bundle->asked = false;
    reading->run->figures.bundles = version->number > reading->run->figures.bundles ? version->number : reading->run->figures.bundles;
    if (fresh)
        read_plan(reading, version);
}

static void read_round(const struct reading *reading)
{
    const Muster__RoundClosed *closed = reading->submission->round_closed;
    struct ledger_bundle *bundle = ledger_bundle(reading->ledger, closed->number);
    bool stood = closed->nations ? bundle->state == (int)PROPOSED && bundle->asked : bundle->state == (int)AGREED;
    Muster__BundleState on = closed->nations ? AGREED : COMMITTED;
    if (!stood || bundle->version != closed->version)
        wrong(reading, "bundles", "it closes a round that does not run");
    if (closed->next != on && closed->next != PROPOSED)
        wrong(reading, "bundles", "a round leads where none leads");
    if (closed->n_no > 0 && closed->next != PROPOSED)
        wrong(reading, "bundles", "a round goes on over a no");
    bundle->state = (int)closed->next;
    bundle->asked = false;
    reading->run->figures.committed += closed->next == COMMITTED;
}

static bool is_open(const struct ledger_bundle *bundle)
{
    return bundle->state == (int)PROPOSED || bundle->state == (int)AGREED;
}

static void read_bundle_change(const struct reading *reading, const Muster__BundleChange *change)
{
    if (change->kind == MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_REPLAN)
        return;
    struct ledger_bundle *bundle = ledger_bundle(reading->ledger, change->number);
    bool good = is_open(bundle);
    switch (change->kind) {
    case MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_RELEASE:
        good = bundle->state == (int)PROPOSED && bundle->version == change->version;
        bundle->asked = true;
        break;
    case MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_REJECT:
        bundle->state = (int)REJECTED;
        break;
    case MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_ORDER:
        good = bundle->state == (int)COMMITTED;
        bundle->state = (int)ORDERED;
        break;
    case MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_ANSWER:
        good = bundle->version == change->version && (bundle->asked || bundle->state == (int)AGREED);
        break;
    default:
        break;
    }
    if (!good)
        wrong(reading, "bundles", "a change that its state does not allow");
}

static void read_bundles(const struct reading *reading, bool fresh)
{
    const Muster__Submission *submission = reading->submission;
    if (submission->proposal != NULL)
        read_proposal(reading, fresh);
    if (submission->round_closed != NULL)
        read_round(reading);
    if (submission->lapsed != NULL) {
        struct ledger_bundle *bundle = ledger_bundle(reading->ledger, submission->lapsed->number);
        if (!is_open(bundle))
            wrong(reading, "bundles", "what has ended lapses");
        bundle->state = (int)LAPSED;
    }
    for (size_t at = 0; at < submission->n_bundles; at++)
        read_bundle_change(reading, submission->bundles[at]);
}

/* What an entry says; of one whose body was dropped, what is left of it. False: it can't be read. */
static bool open_entry(struct run *run, struct store_txn *txn, const struct log_entry *entry, struct entry_body *body,
                       Muster__Submission **submission)
{
    struct log_redacted redacted;
    if (entry->body != NULL)
        return entry_body_parse(entry->body, entry->body_size, body) == STATUS_OK &&
               envelope_unpack(entry->envelope, entry->envelope_size, &run->look, submission, NULL) == STATUS_OK;
    if (redactions_replay(txn, entry->position, &run->look, &redacted, submission) != STATUS_OK)
        return false;
    *body = redacted.body;
    return true;
}

void reading_entry(struct run *run, struct store_txn *txn, const struct log_entry *entry, bool fresh)
{
    struct entry_body body;
    Muster__Submission *submission = NULL;
    struct reading reading = {.run = run, .ledger = &run->ledger, .position = run->ledger.size - 1, .party = "?"};
    if (!open_entry(run, txn, entry, &body, &submission)) {
        wrong(&reading, "log", "it can't be read");
        return;
    }
    reading.party = body.party;
    reading.submission = submission;
    if (entry->body != NULL)
        read_sender(&reading, entry, fresh);
    if (run->found)
        return;
    read_keys(&reading);
    read_objects(&reading);
    read_bundles(&reading, fresh);
}

/* --- tables ---------------------------------------------------------------------------------------------------- */

static void read_fund(struct run *run, struct store_txn *txn)
{
    Muster__Stored *fund;
    int64_t held = 0, drawn = 0;
    int status = state_object(txn, TABLE_FUNDS, "", "POOL", &run->look, &fund);
    if (status == STATUS_NOT_FOUND)
        return;
    if (status != STATUS_OK || state_held(txn, "POOL", 0, &held) != STATUS_OK || state_drawn(txn, "POOL", &run->look, &drawn) != STATUS_OK)
        run_finding(run, "tables", "the fund can't be read");
    else if (held + drawn > fund->fund->balance)
        run_finding(run, "funds", "overdrawn: held %" PRId64 ", drawn %" PRId64 ", balance %" PRId64, held, drawn, fund->fund->balance);
}

static void read_commitments(struct run *run, struct store_txn *txn)
{
    struct state_commitments all;
    if (state_commitments(txn, NULL, NULL, &run->look, &all) != STATUS_OK) {
        run_finding(run, "tables", "commitments can't be read");
        return;
    }
    for (size_t at = 0; at < all.count; at++) {
        const Muster__Commitment *one = all.list[at]->commitment;
        const char *party, *id;
        Muster__Stored *stored;
        uint64_t line = 0, bound = 0;
        if (!state_name_split(&run->look, one->demand, &party, &id) ||
            state_object(txn, TABLE_DEMANDS, party, id, &run->look, &stored) != STATUS_OK) {
            run_finding(run, "tables", "a commitment without its demand");
            return;
        }
        for (size_t of = 0; of < stored->demand->n_lines; of++)
            line += stored->demand->lines[of]->month == one->month ? stored->demand->lines[of]->quantity : 0;
        for (size_t of = 0; of < all.count; of++) {
            const Muster__Commitment *other = all.list[of]->commitment;
            bound += strcmp(other->demand, one->demand) == 0 && other->month == one->month ? other->quantity : 0;
        }
        if (bound > line)
            run_finding(run, "commitments", "%s is bound for more than it needs", one->demand);
    }
}

static bool state_agrees(const struct ledger_bundle *bundle, const Muster__BundleHead *head)
{
    if (bundle->version != head->version)
        return false;
    if (bundle->state == (int)PROPOSED && bundle->asked)
        return head->state == MUSTER__BUNDLE_STATE__BUNDLE_RELEASED || (head->state == PROPOSED && head->first_hand != NULL);
    return bundle->state == (int)head->state;
}

void reading_tables(struct run *run, struct store_txn *txn)
{
    struct state_bundles all;
    arena_rewind(&run->look);
    read_fund(run, txn);
    read_commitments(run, txn);
    if (state_all_bundles(txn, &run->look, &all) != STATUS_OK) {
        run_finding(run, "tables", "bundles can't be read");
        return;
    }
    for (size_t at = 0; at < all.count && !run->found; at++) {
        const Muster__BundleHead *head = all.list[at];
        Muster__LotState *lot = NULL;
        bool asked = head->state == MUSTER__BUNDLE_STATE__BUNDLE_RELEASED || head->state == AGREED;
        if (state_lot(txn, head->item, &run->look, &lot) != STATUS_OK || bundle_is_open(head) != (lot->bundle == head->number))
            run_finding(run, "bundles", "B-%04" PRIu64 " and its lot do not agree on who binds it", head->number);
        else if (!state_agrees(ledger_bundle(&run->ledger, head->number), head))
            run_finding(run, "bundles", "B-%04" PRIu64 " is in another state than the log says", head->number);
        else if (asked != (head->deadline != 0) || (!bundle_is_bound(head) && head->n_holds != 0))
            run_finding(run, "bundles", "B-%04" PRIu64 " has a deadline or holds money, and should not, or the other way round", head->number);
    }
}
