/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "proto/marking.h"
#include "proto/status.h"
#include "tests/unit/check_sample.h"
#include "tests/unit/patience.h"

/* The search of a submission: every text of it, where it says the hit is, and the codes of false alarms. */

static struct arena arena;
static struct marking_hits hits;

#define TEXT(text) ((char[]){text})

static int scan(const Muster__Submission *submission)
{
    return marking_scan_submission(submission, &arena, &hits);
}

static void clean(const Muster__Submission *submission)
{
    assert_int_equal(scan(submission), STATUS_OK);
    assert_int_equal(hits.total, 0);
}

static void hit(const Muster__Submission *submission, uint32_t change, const char *field)
{
    assert_int_equal(scan(submission), STATUS_INVALID);
    if (hits.total != 1 || hits.list[0].change != change || strcmp(hits.list[0].field, field) != 0) {
        fail_msg("%zu hits, the first in change %u, %s; not %u, %s", hits.total, hits.list[0].change, hits.list[0].field, change, field);
    }
    assert_int_equal(strlen(hits.list[0].code), MARKING_CODE_SIZE - 1);
}

static void test_demand_fields(void **state)
{
    (void)state;
    Muster__Submission *submission = check_sample_submission();
    Muster__Demand *demand = submission->demands[0]->demand;
    clean(submission);
    demand->requires[1] = TEXT("annex=NATO RESTRICTED");
    hit(submission, 0, "requires");
    submission = check_sample_submission();
    demand->certificates[0] = TEXT("GEHEIM");
    hit(submission, 0, "certificates");
    submission = check_sample_submission();
    demand->id = submission->demands[0]->id = TEXT("NL-SECRET-1");
    hit(submission, 0, "demand");
    submission = check_sample_submission();
    submission->party = TEXT("secret");
    hit(submission, 0, "party");
    /* What is judged by another rule: the marking itself. */
    submission = check_sample_submission();
    submission->marking = TEXT("NATO SECRET");
    clean(submission);
    /* Nauru and New Caledonia are countries, not NATO RESTRICTED and CONFIDENTIAL. */
    demand->exclude_origins[0] = TEXT("NC");
    demand->exclude_origins[1] = TEXT("NR");
    demand->country = demand->place = TEXT("NR");
    clean(submission);
    demand->exclude_origins[0] = TEXT("NC SECRET");
    hit(submission, 0, "exclude_origins");
    submission = check_sample_submission();
    demand->fund = TEXT("NR");
    hit(submission, 0, "fund");
}

static void test_other_nouns(void **state)
{
    (void)state;
    Muster__Submission *submission = check_sample_submission();
    submission->n_demands = 0;
    Muster__OfferChange offer = MUSTER__OFFER_CHANGE__INIT;
    Muster__OfferChange *offers[] = {&offer};
    offer.offer = check_sample_offer();
    offer.id = offer.offer->id;
    submission->offers = offers;
    submission->n_offers = 1;
    clean(submission);
    offer.offer->provides[1]->value = TEXT("VS-NfD");
    hit(submission, 0, "provides");
    check_sample_offer();
    offer.offer->freight[0]->prefix = TEXT("NR");
    offer.offer->origin[0]->country = TEXT("NC");
    offer.offer->destinations[0] = TEXT("NR");
    clean(submission);
    offer.offer->freight[0]->prefix = TEXT("HEMLIG");
    hit(submission, 0, "freight");
    submission->n_offers = 0;

    Muster__PartyChange party = MUSTER__PARTY_CHANGE__INIT;
    Muster__PartyChange *parties[] = {&party};
    party.party = check_sample_party()->id;
    party.details = check_sample_party();
    submission->parties = parties;
    submission->n_parties = 1;
    clean(submission);
    party.details->name = TEXT("Geheim GmbH");
    hit(submission, 0, "name");
    party.details = check_sample_party();
    party.reason = TEXT("see the SECRET annex");
    hit(submission, 0, "reason");
    submission->n_parties = 0;

    Muster__PolicyEntry entry[2] = {MUSTER__POLICY_ENTRY__INIT, MUSTER__POLICY_ENTRY__INIT};
    Muster__PolicyEntry *entries[] = {&entry[0], &entry[1]};
    Muster__PolicyChange policy = MUSTER__POLICY_CHANGE__INIT;
    entry[0].key = entry[1].key = TEXT("excluded_origins");
    entry[0].value = TEXT("NR");
    entry[1].value = TEXT("TAJNE");
    entry[0].item = entry[1].item = TEXT("");
    policy.n_entries = 2;
    policy.entries = entries;
    submission->policy = &policy;
    hit(submission, 1, "value");
    submission->policy = NULL;

    Muster__Variant variant = MUSTER__VARIANT__INIT;
    Muster__BundleChange bundle = MUSTER__BUNDLE_CHANGE__INIT;
    Muster__BundleChange *bundles[] = {&bundle, &bundle};
    submission->bundles = bundles;
    submission->n_bundles = 1;
    bundle.reason = TEXT("too dear");
    clean(submission);
    bundle.reason = TEXT("Dep. VERTROUWELIJK");
    hit(submission, 0, "reason");
    bundle.reason = NULL;
    bundle.variant = &variant;
    variant.rules = entries;
    variant.n_rules = 2;
    hit(submission, 0, "rules");
}

/* A field that is added to the contract is searched without a line of code: no text is left out but those named. */
static void count_texts(const ProtobufCMessageDescriptor *message, unsigned depth, unsigned *count)
{
    for (unsigned at = 0; depth < 4 && at < message->n_fields; at++) {
        if (message->fields[at].type == PROTOBUF_C_TYPE_STRING) {
            (*count)++;
        } else if (message->fields[at].type == PROTOBUF_C_TYPE_MESSAGE) {
            count_texts(message->fields[at].descriptor, depth + 1, count);
        }
    }
}

static void spoil(ProtobufCMessage *message, unsigned field, char *text, char **list)
{
    const ProtobufCFieldDescriptor *descriptor = &message->descriptor->fields[field];
    uint8_t *member = (uint8_t *)message + descriptor->offset;
    if (descriptor->label == PROTOBUF_C_LABEL_REPEATED) {
        list[0] = text;
        *(char ***)(void *)member = list;
        *(size_t *)(void *)((uint8_t *)message + descriptor->quantifier_offset) = 1;
    } else {
        *(char **)(void *)member = text;
    }
}

static void test_every_text_of_every_change(void **state)
{
    (void)state;
    unsigned count = 0;
    count_texts(&muster__submission__descriptor, 0, &count);
    assert_true(count > 50);
    static char secret[] = "NATO SECRET";
    char *list[1];
    const ProtobufCMessageDescriptor *const nouns[] = {&muster__demand__descriptor, &muster__demand_change__descriptor};
    for (size_t noun = 0; noun < 2; noun++) {
        for (unsigned field = 0; field < nouns[noun]->n_fields; field++) {
            if (nouns[noun]->fields[field].type != PROTOBUF_C_TYPE_STRING) {
                continue;
            }
            Muster__Submission *submission = check_sample_submission();
            ProtobufCMessage *message = noun ? &submission->demands[0]->base : &submission->demands[0]->demand->base;
            spoil(message, field, secret, list);
            assert_int_equal(scan(submission), STATUS_INVALID);
            assert_int_equal(hits.total, 1);
        }
    }
    for (unsigned field = 0; field < muster__submission__descriptor.n_fields; field++) {
        const ProtobufCFieldDescriptor *descriptor = &muster__submission__descriptor.fields[field];
        if (descriptor->type != PROTOBUF_C_TYPE_STRING) {
            continue;
        }
        Muster__Submission *submission = check_sample_submission();
        spoil(&submission->base, field, secret, list);
        bool judged = strcmp(descriptor->name, "marking") == 0 || strcmp(descriptor->name, "marked_by") == 0;
        assert_int_equal(scan(submission), judged ? STATUS_OK : STATUS_INVALID);
    }
}

static void test_codes(void **state)
{
    (void)state;
    char code[MARKING_CODE_SIZE];
    char typed[32];
    static uint8_t other_id[16] = {1};
    Muster__MarkingConfirmation confirmation = MUSTER__MARKING_CONFIRMATION__INIT;
    Muster__MarkingConfirmation *confirmations[] = {&confirmation};
    Muster__Submission *submission = check_sample_submission();
    Muster__Demand *demand = submission->demands[0]->demand;
    char *requirement = TEXT("maker=Secret Labs");
    demand->requires[1] = requirement;
    hit(submission, 0, "requires");
    memcpy(code, hits.list[0].code, sizeof code);
    /* Neither the text nor the word is repeated. */
    assert_null(strstr(hits.list[0].field, "Secret"));

    confirmation.code = code;
    submission->confirmations = confirmations;
    submission->n_confirmations = 1;
    assert_int_equal(scan(submission), STATUS_OK);
    assert_int_equal(hits.confirmed, 1);
    assert_int_equal(hits.total, 0);
    /* As a person types it. */
    snprintf(typed, sizeof typed, "%.4s-%.4s %.4s", code, code + 4, code + 8);
    for (char *letter = typed; *letter; letter++) {
        *letter = (char)(*letter >= 'A' && *letter <= 'Z' ? *letter + 32 : *letter);
    }
    confirmation.code = typed;
    assert_int_equal(scan(submission), STATUS_OK);
    /* Signed anew under another id and time, the changes are the same. */
    submission->id.data = other_id;
    submission->not_after = 99;
    submission->marking = TEXT("NATO UNCLASSIFIED");
    assert_int_equal(scan(submission), STATUS_OK);
    /* Another change of the same submission voids the code; so does another text in the field. */
    demand->priority = 2;
    hit(submission, 0, "requires");
    demand->priority = 3;
    assert_int_equal(scan(submission), STATUS_OK);
    submission->party = TEXT("de-agency");
    hit(submission, 0, "requires");
    submission->party = TEXT("nl-agency");
    demand->requires[1] = TEXT("maker=Secret Labs Ltd");
    hit(submission, 0, "requires");
    demand->requires[1] = requirement;
    demand->certificates[0] = TEXT("SECRET");
    assert_int_equal(scan(submission), STATUS_INVALID);
    assert_int_equal(hits.total, 2); /* nothing is confirmed any more */
    demand->certificates[0] = TEXT("AQAP-2110");
    assert_int_equal(scan(submission), STATUS_OK);
    code[3] = code[3] == 'A' ? 'B' : 'A';
    confirmation.code = code;
    hit(submission, 0, "requires");
    confirmation.code = TEXT("");
    hit(submission, 0, "requires");
    code[3] = '\0';
    confirmation.code = code;
    hit(submission, 0, "requires");
}

/* A submission of many demands that are alike but for their ids. */
static Muster__DemandChange **make_changes(size_t count, Muster__Demand **demands)
{
    Muster__Demand *objects = calloc(count, sizeof *objects);
    Muster__DemandChange *changes = calloc(count, sizeof *changes);
    Muster__DemandChange **list = calloc(count, sizeof *list);
    assert_true(objects && changes && list);
    for (size_t at = 0; at < count; at++) {
        objects[at] = *check_sample_demand();
        changes[at] = (Muster__DemandChange)MUSTER__DEMAND_CHANGE__INIT;
        changes[at].kind = MUSTER__CHANGE_KIND__CHANGE_PUT;
        changes[at].id = objects[at].id;
        changes[at].demand = &objects[at];
        list[at] = &changes[at];
    }
    *demands = objects;
    return list;
}

static void test_many_hits(void **state)
{
    (void)state;
    enum { COUNT = MARKING_HITS_MOST + 1 };
    Muster__Submission *submission = check_sample_submission();
    Muster__Demand *demands;
    submission->demands = make_changes(COUNT, &demands);
    submission->n_demands = MARKING_HITS_MOST;
    for (size_t at = 0; at < COUNT; at++) {
        static char fund[] = "NATO-SECRET";
        demands[at].fund = fund;
    }
    assert_int_equal(scan(submission), STATUS_INVALID);
    assert_int_equal(hits.count, MARKING_HITS_MOST);
    assert_int_equal(strlen(hits.list[0].code), MARKING_CODE_SIZE - 1);
    assert_string_equal(hits.list[0].code, hits.list[255].code); /* the same text in the same field: one code */
    assert_int_equal(hits.list[255].change, 255);
    /* More than can be looked at are not to be confirmed. */
    submission->n_demands = COUNT;
    assert_int_equal(scan(submission), STATUS_INVALID);
    assert_int_equal(hits.total, COUNT);
    assert_int_equal(hits.count, MARKING_HITS_MOST);
    assert_string_equal(hits.list[0].code, "");
    struct arena full;
    arena_init(&full, 0);
    assert_int_equal(marking_scan_submission(submission, &full, &hits), STATUS_NO_MEMORY);
    arena_drop(&full);
    free(submission->demands[0]);
    free(submission->demands);
    free(demands);
}

static void test_ten_thousand_demands_are_fast(void **state)
{
    (void)state;
    enum { COUNT = 10000 };
    Muster__Submission *submission = check_sample_submission();
    Muster__Demand *demands;
    submission->demands = make_changes(COUNT, &demands);
    submission->n_demands = COUNT;
    clock_t start = clock();
    clean(submission);
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    print_message("10,000 demands searched in %.3f s\n", seconds);
    assert_true(seconds < 2 * patience(1)); /* tens of milliseconds; the limit leaves room for a busy machine */
    free(submission->demands[0]);
    free(submission->demands);
    free(demands);
}

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, (size_t)16 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_drop(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_demand_fields), cmocka_unit_test(test_other_nouns), cmocka_unit_test(test_every_text_of_every_change),
        cmocka_unit_test(test_codes),         cmocka_unit_test(test_many_hits),   cmocka_unit_test(test_ten_thousand_demands_are_fast),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
