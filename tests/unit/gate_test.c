/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "broker/gate.h"
#include "proto/status.h"
#include "proto/verbs.h"

/*
 * The gate's whole matrix: every verb and every change of the contract, by role and state. The expected answers are written
 * out here by hand; a verb or a kind of change without its row here or there fails.
 */

enum who { AGENCY, SUPPLIER, COORDINATOR, WHOS };

struct expected {
    const char *what; /* a verb's name, or "field kind" */
    const char *confirmed; /* who may: letters of "ASC" */
    const char *joined;
};

static const struct expected verbs[] = {
    {"submit", "ASC", "AS"}, {"join", "", ""},        {"status", "ASC", "ASC"}, {"head", "ASC", "ASC"}, {"list", "ASC", "AS"},
    {"bundles", "ASC", ""},  {"why", "ASC", ""},      {"compare", "C", ""},     {"need", "ASC", ""},     {"watch", "ASC", "AS"},
    {"proof", "ASC", "ASC"}, {"check", "ASC", "AS"},  {"log", "ASC", "ASC"},    {"backup", "C", ""},
};

static const struct expected changes[] = {
    {"join 0", "", ""},
    {"parties 1", "C", ""}, {"parties 2", "C", ""}, {"parties 3", "C", ""}, {"parties 4", "C", ""}, {"parties 5", "C", ""},
    {"parties 6", "C", ""}, {"keys 1", "ASC", ""}, {"keys 2", "ASC", "ASC"},
    {"items 1", "C", ""}, {"items 2", "C", ""},
    {"demands 1", "A", "A"}, {"demands 2", "A", "A"},
    {"offers 1", "S", "S"}, {"offers 2", "S", "S"},
    {"funds 1", "C", ""}, {"funds 2", "C", ""},
    {"rates 0", "C", ""}, {"policy 0", "C", ""},
    {"bundles 1", "C", ""}, {"bundles 2", "C", ""}, {"bundles 3", "C", ""}, {"bundles 4", "AS", ""}, {"bundles 5", "AS", ""},
    {"bundles 6", "C", ""}, {"bundles 7", "C", ""}, {"bundles 8", "C", ""},
    {"commitment_ends 0", "ASC", ""},
    {"exports 1", "C", ""}, {"exports 2", "C", ""}, {"exports 3", "C", ""},
    {"genesis 0", "", ""}, {"started 0", "", ""}, {"proposal 0", "", ""}, {"round_closed 0", "", ""}, {"lapsed 0", "", ""},
    {"lot_planned 0", "", ""}, {"keys_bound 0", "", ""}, {"coordinator_admitted 0", "", ""}, {"exchange_keys 0", "", ""}, {"signal 0", "", ""},
    {"clock_confirmed 0", "C", ""},
    {"redactions 1", "C", ""}, {"redactions 2", "C", ""}, {"redactions 3", "C", ""}, {"list_confirmed 0", "C", ""}, {"redacted 0", "", ""},
};

static const struct expected *find(const struct expected *list, size_t count, const char *what)
{
    for (size_t at = 0; at < count; at++) {
        if (strcmp(list[at].what, what) == 0)
            return &list[at];
    }
    fail_msg("no row for %s: write down who may", what);
    return NULL;
}

static const Muster__PartyState states[] = {MUSTER__PARTY_STATE__PARTY_INVITED, MUSTER__PARTY_STATE__PARTY_JOINED,
                                            MUSTER__PARTY_STATE__PARTY_CONFIRMED, MUSTER__PARTY_STATE__PARTY_SUSPENDED};

static bool is_expected(const struct expected *expected, enum who who, Muster__PartyState state)
{
    const char *may = state == MUSTER__PARTY_STATE__PARTY_CONFIRMED ? expected->confirmed
                      : state == MUSTER__PARTY_STATE__PARTY_JOINED  ? expected->joined
                                                                    : "";
    return strchr(may, "ASC"[who]) != NULL;
}

static struct desk_context context_of(Muster__PartyRecord *record, Muster__Party *party, enum who who, Muster__PartyState state)
{
    static const Muster__Role roles[] = {MUSTER__ROLE__ROLE_AGENCY, MUSTER__ROLE__ROLE_SUPPLIER, MUSTER__ROLE__ROLE_COORDINATOR};
    muster__party_record__init(record);
    muster__party__init(party);
    party->id = "somebody";
    party->role = roles[who];
    record->party = party;
    record->state = state;
    return (struct desk_context){.party = record};
}

static void every_verb_by_role_and_state(void **state)
{
    (void)state;
    size_t count;
    const struct verb *all = verb_all(&count);
    assert_int_equal(count, sizeof verbs / sizeof verbs[0]);
    assert_int_equal(count, muster__verb__descriptor.n_values);
    for (size_t at = 0; at < count; at++) {
        const struct expected *expected = find(verbs, sizeof verbs / sizeof verbs[0], all[at].name);
        for (enum who who = 0; who < WHOS; who++) {
            for (size_t of = 0; of < 4; of++) {
                Muster__PartyRecord record;
                Muster__Party party;
                struct desk_context context = context_of(&record, &party, who, states[of]);
                bool may = gate_check_verb(&context, all[at].verb) == STATUS_OK;
                if (may != is_expected(expected, who, states[of]))
                    fail_msg("%s: role %c in state %d", all[at].name, "ASC"[who], (int)states[of]);
                /* One-time keys may join, and nothing else; not once suspended. */
                context.one_time = true;
                bool join = all[at].verb == MUSTER__VERB__VERB_JOIN && states[of] != MUSTER__PARTY_STATE__PARTY_SUSPENDED;
                assert_int_equal(gate_check_verb(&context, all[at].verb) == STATUS_OK, join);
                /* New keys that do not bind yet see that they wait, and the log's head. */
                context.one_time = false;
                context.waiting = true;
                bool waits = all[at].verb == MUSTER__VERB__VERB_STATUS || all[at].verb == MUSTER__VERB__VERB_HEAD;
                waits = waits && states[of] != MUSTER__PARTY_STATE__PARTY_SUSPENDED;
                assert_int_equal(gate_check_verb(&context, all[at].verb) == STATUS_OK, waits);
            }
        }
    }
}

/* Puts one change of a kind into a field of a submission. */
static void fill(struct arena *arena, Muster__Submission *submission, const ProtobufCFieldDescriptor *field, int kind)
{
    const ProtobufCMessageDescriptor *descriptor = field->descriptor;
    ProtobufCMessage *change = arena_alloc(arena, descriptor->sizeof_message);
    ProtobufCMessage **list = arena_array(arena, 1, sizeof *list);
    protobuf_c_message_init(descriptor, change);
    const ProtobufCFieldDescriptor *kind_field = protobuf_c_message_descriptor_get_field_by_name(descriptor, "kind");
    if (kind_field != NULL)
        memcpy((uint8_t *)change + kind_field->offset, &kind, sizeof kind);
    list[0] = change;
    size_t one = 1;
    void *value = field->label == PROTOBUF_C_LABEL_REPEATED ? (void *)list : (void *)change;
    memcpy((uint8_t *)submission + field->offset, &value, sizeof value);
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        memcpy((uint8_t *)submission + field->quantifier_offset, &one, sizeof one);
}

static void check_change(const ProtobufCFieldDescriptor *field, int kind)
{
    char what[64];
    struct arena arena;
    arena_init(&arena, (size_t)1 << 20);
    snprintf(what, sizeof what, "%s %d", field->name, kind);
    const struct expected *expected = find(changes, sizeof changes / sizeof changes[0], what);
    for (enum who who = 0; who < WHOS; who++) {
        for (size_t of = 0; of < 4; of++) {
            Muster__PartyRecord record;
            Muster__Party party;
            Muster__Submission submission = MUSTER__SUBMISSION__INIT;
            struct faults faults;
            struct desk_context context = context_of(&record, &party, who, states[of]);
            faults_init(&faults, &arena);
            fill(&arena, &submission, field, kind);
            bool may = gate_check_submission(&context, &submission, &faults) == STATUS_OK;
            if (may != is_expected(expected, who, states[of]))
                fail_msg("%s: role %c in state %d", what, "ASC"[who], (int)states[of]);
            assert_int_equal(faults.errors, may ? 0 : 1);
            context.waiting = true;
            assert_int_equal(gate_check_submission(&context, &submission, &faults), STATUS_DENIED);
            context.waiting = false;
            context.one_time = true;
            bool join = strcmp(field->name, "join") == 0 && states[of] != MUSTER__PARTY_STATE__PARTY_SUSPENDED;
            assert_int_equal(gate_check_submission(&context, &submission, &faults) == STATUS_OK, join);
        }
    }
    arena_drop(&arena);
}

static void every_change_by_role_and_state(void **state)
{
    (void)state;
    const ProtobufCMessageDescriptor *descriptor = &muster__submission__descriptor;
    size_t seen = 0;
    for (unsigned at = 0; at < descriptor->n_fields; at++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[at];
        if (field->type != PROTOBUF_C_TYPE_MESSAGE || strcmp(field->name, "head") == 0 || strcmp(field->name, "confirmations") == 0)
            continue;
        const ProtobufCFieldDescriptor *kind = protobuf_c_message_descriptor_get_field_by_name(field->descriptor, "kind");
        if (kind == NULL) {
            check_change(field, 0);
            seen++;
            continue;
        }
        const ProtobufCEnumDescriptor *kinds = kind->descriptor;
        for (unsigned of = 0; of < kinds->n_values; of++, seen++)
            check_change(field, kinds->values[of].value);
    }
    assert_int_equal(seen, sizeof changes / sizeof changes[0]);
}

static void a_kind_that_the_contract_does_not_know_is_nobodys(void **state)
{
    (void)state;
    Muster__PartyRecord record;
    Muster__Party party;
    struct faults faults;
    struct arena arena;
    arena_init(&arena, (size_t)1 << 20);
    struct desk_context context = context_of(&record, &party, COORDINATOR, MUSTER__PARTY_STATE__PARTY_CONFIRMED);
    Muster__Submission submission = MUSTER__SUBMISSION__INIT;
    faults_init(&faults, &arena);
    fill(&arena, &submission, protobuf_c_message_descriptor_get_field_by_name(&muster__submission__descriptor, "bundles"), 99);
    assert_int_equal(gate_check_submission(&context, &submission, &faults), STATUS_DENIED);
    assert_int_equal(gate_check_verb(&context, (Muster__Verb)99), STATUS_DENIED);
    context.party = NULL;
    assert_int_equal(gate_check_verb(&context, MUSTER__VERB__VERB_STATUS), STATUS_DENIED);
    arena_drop(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_verb_by_role_and_state),
        cmocka_unit_test(every_change_by_role_and_state),
        cmocka_unit_test(a_kind_that_the_contract_does_not_know_is_nobodys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
