/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/status.h"
#include "proto/verbs.h"
#include "proto/walk.h"
#include "tests/unit/world_build.h"

/*
 * Every request and every change, on an object of one's own, of another, and on one that does not exist, by every role, confirmed
 * and suspended (who may send it at all is gate_test.c's). To agencies and suppliers another's object answers as a missing one, to the
 * byte; a suspended party gets nothing. A verb or a kind of change without its row here fails.
 */

enum which { OWN, OTHERS, MISSING, WHICHES };
enum who { AGENCY, SUPPLIER, COORDINATOR, WHOS };

static const char *const askers[] = {"nl", "sup", "eda"};

/* Bundle 1 (GEM) is nl's and sup's, agreed; bundle 2 (TANK) is de's, es's and alt's. */
static const uint64_t bundle_numbers[WHICHES] = {1, 2, 99};
static const char *const object_names[WHOS][WHICHES] = {{"D1", "de/D1", "de/NO"}, {"O1", "alt/O2", "alt/NO"}, {"nl/D1", "de/D1", "de/NO"}};

static void bundle_of(struct world *world, const char *item)
{
    static const struct {
        const char *id, *country;
    } agencies[] = {{"de", "DE"}, {"es", "ES"}};
    world_item(world, item);
    for (size_t at = 0; at < 2; at++)
        assert_int_equal(world_put_demand(world, agencies[at].id, world_demand(world, "T1", agencies[at].country, item, 202712, 30, 1000000), 0), STATUS_OK);
    assert_int_equal(world_put_offer(world, "alt", world_offer(world, "T2", "alt", item, 500000, 500, 0), 0), STATUS_OK);
    world_plan(world);
}

static int begin(void **state)
{
    static struct world world;
    static const char *const nations[] = {"nl", "de", "es"};
    world_start(&world);
    *state = &world;
    world_usual(&world);
    bundle_of(&world, "TANK");
    assert_int_equal(world_release(&world, 1), STATUS_OK);
    assert_int_equal(world_release(&world, 2), STATUS_OK);
    for (size_t at = 0; at < 3; at++)
        assert_int_equal(world_answer(&world, nations[at], 1, true), STATUS_OK);
    world_tick(&world);
    assert_int_equal(world_bundle(&world, 1)->state, MUSTER__BUNDLE_STATE__BUNDLE_AGREED);
    assert_int_equal(world_bundle(&world, 2)->state, MUSTER__BUNDLE_STATE__BUNDLE_RELEASED);
    return 0;
}

/* --- requests --------------------------------------------------------------------------------------------------- */

/* What each role gets for its own, another's and a missing object. D: an answer with something in it; E: an empty one; N: none of
 * that name; X: not allowed; ?: anything but an answer that holds something; -: the request names no object. */
struct verb_row {
    const char *verb;
    const char *expected[WHOS];
};

static const struct verb_row verb_rows[] = {
    {"submit", {"---", "---", "---"}}, /* by its changes, below */
    {"join", {"---", "---", "---"}},
    {"check", {"---", "---", "---"}},
    {"status", {"D--", "D--", "D--"}},
    {"head", {"D--", "D--", "D--"}},
    {"watch", {"D--", "D--", "D--"}},
    {"list", {"DEE", "DEE", "DDE"}},
    {"bundles", {"DNN", "DNN", "DDN"}},
    {"why", {"DNN", "DNN", "DDN"}},
    {"compare", {"XXX", "XXX", "DDN"}},
    {"need", {"D--", "D--", "D--"}},
    {"proof", {"D-?", "D-?", "D-?"}},
    {"log", {"D-?", "D-?", "D-?"}},
    {"backup", {"X--", "X--", "?--"}}, /* the exchange's own, beside the views */
};

static const ProtobufCMessage *request_of(struct world *world, Muster__Verb verb, enum who who, enum which which)
{
    static Muster__ListRequest list;
    static Muster__BundlesRequest bundles;
    static Muster__WhyRequest why;
    static Muster__CompareRequest compare;
    static Muster__NeedRequest need;
    static Muster__WatchRequest watch;
    static Muster__ProofRequest proof;
    static Muster__LogRequest log;
    static Muster__HeadRequest head;
    static Muster__StatusRequest status;
    char *name = arena_string(&world->arena, object_names[who][which]);
    muster__list_request__init(&list);
    muster__bundles_request__init(&bundles);
    muster__why_request__init(&why);
    muster__compare_request__init(&compare);
    muster__need_request__init(&need);
    muster__watch_request__init(&watch);
    muster__proof_request__init(&proof);
    muster__log_request__init(&log);
    muster__head_request__init(&head);
    muster__status_request__init(&status);
    list.noun = who == SUPPLIER ? MUSTER__NOUN__NOUN_OFFER : MUSTER__NOUN__NOUN_DEMAND;
    list.id = why.id = name;
    list.item = list.after = need.item = need.after = "";
    list.limit = 10;
    bundles.number = compare.number = bundle_numbers[which];
    compare.version = compare.other_version = 1;
    proof.position = which == MISSING ? 1000000 : 0;
    proof.size = which == MISSING ? 1000001 : 1;
    log.from = proof.position;
    log.size = proof.size;
    switch (verb) {
    case MUSTER__VERB__VERB_LIST: return &list.base;
    case MUSTER__VERB__VERB_BUNDLES: return &bundles.base;
    case MUSTER__VERB__VERB_WHY: return &why.base;
    case MUSTER__VERB__VERB_COMPARE: return &compare.base;
    case MUSTER__VERB__VERB_NEED: return &need.base;
    case MUSTER__VERB__VERB_WATCH: return &watch.base;
    case MUSTER__VERB__VERB_PROOF: return &proof.base;
    case MUSTER__VERB__VERB_LOG: return &log.base;
    case MUSTER__VERB__VERB_HEAD: return &head.base;
    default: return &status.base;
    }
}

static char outcome_of(const Muster__Answer *answer, Muster__Verb verb)
{
    if (answer->outcome == MUSTER__OUTCOME__OUTCOME_NOT_ALLOWED)
        return 'X';
    if (answer->outcome == MUSTER__OUTCOME__OUTCOME_NOT_FOUND)
        return 'N';
    if (answer->outcome != MUSTER__OUTCOME__OUTCOME_DONE)
        return '?';
    struct arena arena;
    ProtobufCMessage *body = NULL;
    char outcome = 'D';
    arena_init(&arena, (size_t)64 << 20);
    assert_int_equal(walk_unpack(verb_find((int)verb)->answer, answer->body.data, answer->body.len, (size_t)64 << 20, &arena, &body, NULL), STATUS_OK);
    if (verb == MUSTER__VERB__VERB_LIST && ((Muster__ListAnswer *)body)->n_records == 0)
        outcome = 'E';
    arena_drop(&arena);
    return outcome;
}

static bool same_bytes(struct world *world, const Muster__Answer *one, const Muster__Answer *other)
{
    uint8_t *left, *right;
    size_t left_size, right_size;
    assert_int_equal(walk_pack(&one->base, &world->arena, &left, &left_size), STATUS_OK);
    assert_int_equal(walk_pack(&other->base, &world->arena, &right, &right_size), STATUS_OK);
    return left_size == right_size && memcmp(left, right, left_size) == 0;
}

static void try_verb(struct world *world, const struct verb_row *row, Muster__Verb verb, enum who who)
{
    const Muster__Answer *answers[WHICHES] = {NULL};
    for (enum which which = 0; which < WHICHES; which++) {
        char expected = row->expected[who][which];
        if (expected == '-')
            continue;
        answers[which] = world_ask(world, askers[who], verb, request_of(world, verb, who, which));
        char got = outcome_of(answers[which], verb);
        if (expected == '?' ? got == 'D' : got != expected)
            fail_msg("%s by %s, object %d: %c instead of %c (%s)", row->verb, askers[who], (int)which, got, expected, answers[which]->text);
    }
    if (who != COORDINATOR && answers[OTHERS] != NULL && answers[MISSING] != NULL && !same_bytes(world, answers[OTHERS], answers[MISSING]))
        fail_msg("%s by %s: another's object is told from a missing one", row->verb, askers[who]);
}

static const struct verb_row *verb_row_of(const char *name)
{
    for (size_t at = 0; at < sizeof verb_rows / sizeof verb_rows[0]; at++) {
        if (strcmp(verb_rows[at].verb, name) == 0)
            return &verb_rows[at];
    }
    fail_msg("no row for the request %s: write down what it answers about own, other's and missing objects", name);
    return NULL;
}

static void every_request_on_own_others_and_missing_objects(void **state)
{
    struct world *world = *state;
    size_t count;
    const struct verb *all = verb_all(&count);
    for (size_t at = 0; at < count; at++) {
        for (enum who who = 0; who < WHOS; who++)
            try_verb(world, verb_row_of(all[at].name), all[at].verb, who);
    }
    /* Suspended, the same askers get nothing, whatever they name. Of two coordinators one is suspended. */
    world_party(world, "hq", MUSTER__ROLE__ROLE_COORDINATOR, "BE", true);
    static const char *const suspended[] = {"nl", "sup", "hq"};
    for (enum who who = 0; who < WHOS; who++) {
        assert_int_equal(world_party_change(world, suspended[who], MUSTER__PARTY_CHANGE_KIND__PARTY_SUSPEND), STATUS_OK);
        for (size_t at = 0; at < count; at++) {
            for (enum which which = 0; which < WHICHES; which++) {
                const Muster__Answer *answer = world_ask(world, suspended[who], all[at].verb, request_of(world, all[at].verb, who, which));
                assert_int_equal(answer->outcome, MUSTER__OUTCOME__OUTCOME_NOT_ALLOWED);
                assert_int_equal(answer->body.len, 0);
            }
        }
    }
}

/* --- changes ---------------------------------------------------------------------------------------------------- */

/* Every change. What an agency or supplier may send on an object is tried below on another's; the rest names none, is a coordinator's, who
 * sees all, or the exchange's own. */
static const char *const change_rows[] = {
    "join 0",         "parties 1",    "parties 2",     "parties 3",   "parties 4",         "parties 5", "parties 6", "keys 1",
    "keys 2",         "items 1",      "items 2",       "demands 1",   "demands 2",         "offers 1",  "offers 2",  "funds 1",
    "funds 2",        "rates 0",      "policy 0",      "bundles 1",   "bundles 2",         "bundles 3", "bundles 4", "bundles 5",
    "bundles 6",      "bundles 7",    "bundles 8",     "exports 1",   "exports 2",         "exports 3", "genesis 0", "started 0",
    "proposal 0",     "lapsed 0",     "lot_planned 0", "keys_bound 0", "commitment_ends 0", "clock_confirmed 0", "round_closed 0",
    "coordinator_admitted 0", "exchange_keys 0", "signal 0",
    "redactions 1", "redactions 2", "redactions 3", "list_confirmed 0", "redacted 0",
};

static void *fresh(struct world *world, const ProtobufCMessageDescriptor *descriptor)
{
    ProtobufCMessage *message = arena_alloc(&world->arena, descriptor->sizeof_message);
    protobuf_c_message_init(descriptor, message);
    return message;
}

static void *list_of(struct world *world, void *one)
{
    void **list = arena_array(&world->arena, 1, sizeof *list);
    list[0] = one;
    return list;
}

/* A change of a bundle, or the end of a commitment in it. */
static Muster__Submission *bundle_submission(struct world *world, const char *what, int kind, enum which which)
{
    Muster__Submission *submission = world_submission(world);
    Muster__BundleChange *change = fresh(world, &muster__bundle_change__descriptor);
    if (strncmp(what, "commitment_ends", 15) == 0) {
        Muster__CommitmentEnd *end = fresh(world, &muster__commitment_end__descriptor);
        end->number = bundle_numbers[which];
        end->version = 1;
        end->demand = which == OWN ? "nl/D1" : "de/T1";
        end->offer = which == OWN ? "sup/O1" : "alt/T2";
        end->month = 202712;
        end->reason = "for a test";
        submission->commitment_ends = list_of(world, end);
        submission->n_commitment_ends = 1;
        return submission;
    }
    change->kind = (Muster__BundleChangeKind)kind;
    change->number = bundle_numbers[which];
    change->version = 1;
    if (change->kind == MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_EXTEND) {
        change->has_deadline = true;
        change->deadline = world->now + 30 * DESK_DAY;
    }
    if (change->kind == MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_REJECT)
        change->reason = "for a test";
    if (change->kind == MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_ANSWER) {
        change->has_answer = change->has_terms_sha256 = true;
        change->answer = MUSTER__ANSWER_KIND__ANSWER_YES;
        change->terms_sha256 = (ProtobufCBinaryData){32, arena_alloc(&world->arena, 32)};
        memset(change->terms_sha256.data, 7, 32);
    }
    if (change->kind == MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_ADOPT)
        change->variant = fresh(world, &muster__variant__descriptor);
    submission->bundles = list_of(world, change);
    submission->n_bundles = 1;
    return submission;
}

/* A put (1) or withdrawal (2) of an agency's demand or a supplier's offer: another's id is none of one's own. */
static Muster__Submission *object_submission(struct world *world, bool demand, int kind, enum which which)
{
    static const char *const demands[WHICHES] = {"D1", "T1", "NO"}, *const offers[WHICHES] = {"O1", "T2", "NO"};
    const char *id = demand ? demands[which] : offers[which];
    if (demand)
        return world_demand_change(world, id, kind == 1 ? world_demand(world, id, "NL", "GEM", 202712, 41, 1000000) : NULL, 1);
    return world_offer_change(world, id, kind == 1 ? world_offer(world, id, "sup", "GEM", 500000, 501, 0) : NULL, 1);
}

static int status_of(struct world *world, const char *what, int kind, enum who who, enum which which, size_t *faults, char *expected, size_t size)
{
    bool demand = strncmp(what, "demands", 7) == 0, offer = strncmp(what, "offers", 6) == 0;
    Muster__Submission *submission = demand || offer ? object_submission(world, demand, kind, which) : bundle_submission(world, what, kind, which);
    int status = world_check(world, askers[who], submission);
    *faults = world->faults.count;
    snprintf(expected, size, "%s|%s", world->faults.count ? world->faults.list[0].expected : "", world->faults.count ? world->faults.list[0].remedy : "");
    return status;
}

/* What an agency or supplier may send, on another's and on a missing object: the same refusal, word for word. */
static void another_s_object_is_a_missing_one_to_every_change(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *what;
        int kind;
        const char *who; /* A, S */
        bool own_differs;
    } rows[] = {{"demands", 1, "A", true}, {"demands", 2, "A", true}, {"offers", 1, "S", true}, {"offers", 2, "S", true}, {"bundles", 4, "AS", true},
                {"bundles", 5, "AS", true}, {"commitment_ends", 0, "AS", false}};
    for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++) {
        for (enum who who = AGENCY; who <= SUPPLIER; who++) {
            char own[256], others[256], missing[256];
            size_t own_faults, other_faults, missing_faults;
            if (strchr(rows[at].who, "AS"[who]) == NULL)
                continue;
            int of_own = status_of(world, rows[at].what, rows[at].kind, who, OWN, &own_faults, own, sizeof own);
            int of_other = status_of(world, rows[at].what, rows[at].kind, who, OTHERS, &other_faults, others, sizeof others);
            int of_missing = status_of(world, rows[at].what, rows[at].kind, who, MISSING, &missing_faults, missing, sizeof missing);
            if (of_other != of_missing || other_faults != missing_faults || strcmp(others, missing) != 0)
                fail_msg("%s %d by %s: %s (%s), missing: %s (%s)", rows[at].what, rows[at].kind, askers[who], status_name(of_other), others,
                         status_name(of_missing), missing);
            assert_int_not_equal(of_other, STATUS_OK);
            if (rows[at].own_differs && of_own == of_other && strcmp(own, others) == 0)
                fail_msg("%s %d by %s: one's own is refused as another's: %s", rows[at].what, rows[at].kind, askers[who], own);
        }
    }
}

/* A coordinator sees all there is: what is missing, and only that, is not found. */
static void a_coordinator_is_told_what_is_missing(void **state)
{
    struct world *world = *state;
    for (int kind = 1; kind <= 8; kind++) {
        char text[256];
        size_t faults;
        if (kind == 4 || kind == 5)
            continue;
        assert_int_equal(status_of(world, "bundles", kind, COORDINATOR, MISSING, &faults, text, sizeof text), STATUS_NOT_FOUND);
        for (enum which which = OWN; which <= OTHERS; which++)
            assert_int_not_equal(status_of(world, "bundles", kind, COORDINATOR, which, &faults, text, sizeof text), STATUS_NOT_FOUND);
    }
}

static void every_change_has_its_row(void **state)
{
    (void)state;
    const ProtobufCMessageDescriptor *descriptor = &muster__submission__descriptor;
    for (unsigned at = 0; at < descriptor->n_fields; at++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[at];
        if (field->type != PROTOBUF_C_TYPE_MESSAGE || strcmp(field->name, "head") == 0 || strcmp(field->name, "confirmations") == 0)
            continue;
        const ProtobufCFieldDescriptor *kind = protobuf_c_message_descriptor_get_field_by_name(field->descriptor, "kind");
        const ProtobufCEnumDescriptor *kinds = kind != NULL && kind->type == PROTOBUF_C_TYPE_ENUM ? kind->descriptor : NULL;
        for (unsigned of = 0; of < (kinds != NULL ? kinds->n_values : 1); of++) {
            char what[64];
            bool found = false;
            snprintf(what, sizeof what, "%s %d", field->name, kinds != NULL ? kinds->values[of].value : 0);
            for (size_t row = 0; row < sizeof change_rows / sizeof change_rows[0]; row++)
                found = found || strcmp(change_rows[row], what) == 0;
            if (!found)
                fail_msg("no row for the change %s: say whether it names an object, and try it on another's", what);
        }
    }
}

int main(void)
{
#define MATRIX_TEST(test) cmocka_unit_test_setup_teardown(test, begin, world_teardown)
    const struct CMUnitTest tests[] = {
        MATRIX_TEST(every_request_on_own_others_and_missing_objects),
        MATRIX_TEST(another_s_object_is_a_missing_one_to_every_change),
        MATRIX_TEST(a_coordinator_is_told_what_is_missing),
        cmocka_unit_test(every_change_has_its_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
