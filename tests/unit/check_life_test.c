/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/limits.h"
#include "tests/unit/check_sample.h"

/* The field rules of bundle changes, ends of commitments, exports, party changes and joins, one broken at a time. */

static struct check_sample sample;
static uint8_t bytes[64];

#define TEXT(text) ((char[]){text})
#define BYTES(length) ((ProtobufCBinaryData){length, bytes})

static Muster__BundleChange bundle_change(Muster__BundleChangeKind kind)
{
    Muster__BundleChange change = MUSTER__BUNDLE_CHANGE__INIT;
    change.kind = kind;
    change.number = 41;
    change.version = 2;
    return change;
}

#define BUNDLE(kind, ...)                                                                                                      \
    Muster__BundleChange change = bundle_change(MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_##kind);                                    \
    __VA_ARGS__;                                                                                                               \
    check_bundle_change(&change, &sample.context, &sample.faults)
#define BREAK(kind, field, advice, ...)                                                                                        \
    do {                                                                                                                       \
        BUNDLE(kind, __VA_ARGS__);                                                                                             \
        check_sample_expect(&sample, field, advice);                                                                           \
    } while (0)
#define KEEP(kind, ...)                                                                                                        \
    do {                                                                                                                       \
        BUNDLE(kind, __VA_ARGS__);                                                                                             \
        check_sample_expect_none(&sample);                                                                                     \
    } while (0)

#define DEADLINE change.has_deadline = 1; change.deadline = 1798761600000
#define YES change.has_answer = 1; change.answer = MUSTER__ANSWER_KIND__ANSWER_YES
#define NO change.has_answer = 1; change.answer = MUSTER__ANSWER_KIND__ANSWER_NO
#define TERMS change.has_terms_sha256 = 1; change.terms_sha256 = BYTES(32)

static void test_bundle_changes(void **state)
{
    (void)state;
    KEEP(RELEASE, (void)0);
    KEEP(RELEASE, DEADLINE);
    KEEP(EXTEND, DEADLINE);
    KEEP(REJECT, change.reason = TEXT("too dear"));
    KEEP(ANSWER, YES; TERMS);
    KEEP(ANSWER, NO; TERMS; change.reason = TEXT("budget"));
    KEEP(TAKE_BACK, (void)0);
    KEEP(ORDER, (void)0);
    KEEP(REPLAN, change.number = change.version = 0; change.item = TEXT("155-HE"));
    KEEP(REPLAN, (void)0);
    BREAK(RELEASE, "bundle", "write 1", change.number = 0);
    BREAK(RELEASE, "version", "write 1", change.version = 0);
    BREAK(RELEASE, "answer", "leave it out", YES);
    BREAK(RELEASE, "terms_sha256", "leave it out", TERMS);
    BREAK(RELEASE, "item", "leave it out", change.item = TEXT("155-HE"));
    BREAK(RELEASE, "deadline", "write 7258118400000", DEADLINE; change.deadline = UINT64_MAX);
    BREAK(RELEASE, "reason", "one line", change.reason = TEXT("a\nb"));
    BREAK(EXTEND, "deadline", "fill it in", (void)0);
    BREAK(EXTEND, "deadline", "write 1", DEADLINE; change.deadline = 0);
    BREAK(ORDER, "deadline", "leave it out", DEADLINE);
    BREAK(REJECT, "reason", "fill it in", (void)0);
    BREAK(ANSWER, "answer", "fill it in", TERMS);
    BREAK(ANSWER, "answer", "contract names", YES; change.answer = (Muster__AnswerKind)3; TERMS);
    BREAK(ANSWER, "terms_sha256", "fill it in", YES);
    BREAK(ANSWER, "terms_sha256", "32 bytes", YES; TERMS; change.terms_sha256.len = 31);
    BREAK(ANSWER, "reason", "fill it in", NO; TERMS);
    BREAK(ADOPT, "variant", "fill it in", (void)0);
    BREAK(REPLAN, "item", "fill it in", change.number = 0);
    BREAK(REPLAN, "item", "letter or digit", change.item = TEXT("a b"));
    BREAK(RELEASE, "kind", "contract names", change.kind = (Muster__BundleChangeKind)9);
}

static void test_variants(void **state)
{
    (void)state;
    Muster__PolicyEntry rule = MUSTER__POLICY_ENTRY__INIT;
    rule.key = TEXT("european_min_share");
    rule.value = TEXT("60");
    rule.item = TEXT("");
    Muster__PolicyEntry *rules[] = {&rule};
    Muster__Variant variant = MUSTER__VARIANT__INIT;
    char *without[] = {TEXT("de-agency"), TEXT("nl-agency")};
    char *keep_out[] = {TEXT("de-agency/DE-1"), TEXT("nl-agency/NL-1")};
    variant.rules = rules;
    variant.without = without;
    variant.keep_out = keep_out;
    variant.n_rules = 1;
    variant.n_without = variant.n_keep_out = 2;
    KEEP(ADOPT, change.variant = &variant);
    BREAK(RELEASE, "variant", "leave it out", change.variant = &variant);
    rule.value = TEXT("600");
    BREAK(ADOPT, "value", "from 0 to 100", change.variant = &variant);
    rule.value = TEXT("60");
    without[1] = without[0];
    BREAK(ADOPT, "without", "write it once", change.variant = &variant);
    without[1] = TEXT("NL");
    BREAK(ADOPT, "without", "sort", change.variant = &variant; without[1] = TEXT("aa"));
    BREAK(ADOPT, "without", "nl-agency", change.variant = &variant; without[1] = TEXT("nl agency"));
    without[1] = TEXT("nl-agency");
    keep_out[1] = TEXT("NL-1");
    variant.n_keep_out = 1;
    keep_out[0] = TEXT("NL-1");
    BREAK(ADOPT, "keep_out", "nl-agency/NL-155-2027", change.variant = &variant);
    variant.n_keep_out = 2;
    keep_out[0] = keep_out[1] = TEXT("nl-agency/NL-1");
    BREAK(ADOPT, "keep_out", "write it once", change.variant = &variant);
    variant.n_rules = LIMIT_CONDITIONS_MOST + 1;
    BREAK(ADOPT, "rule", "at most 64", change.variant = &variant);
}

static void check_end(const Muster__CommitmentEnd *end, const char *field, const char *advice)
{
    check_commitment_end(end, &sample.context, &sample.faults);
    if (field) {
        check_sample_expect(&sample, field, advice);
    } else {
        check_sample_expect_none(&sample);
    }
}

static void test_commitment_ends(void **state)
{
    (void)state;
    Muster__CommitmentEnd good = MUSTER__COMMITMENT_END__INIT;
    good.number = 41;
    good.version = 2;
    good.demand = TEXT("nl-agency/NL-1");
    good.offer = TEXT("rotorwerk/RW-1");
    good.month = 202706;
    good.reason = TEXT("the supplier has failed");
    check_end(&good, NULL, NULL);
    Muster__CommitmentEnd end = good;
    end.number = 0;
    check_end(&end, "bundle", "write 1");
    end = good;
    end.version = 0;
    check_end(&end, "version", "write 1");
    end = good;
    end.demand = TEXT("NL-1");
    check_end(&end, "demand", "party/id");
    end = good;
    end.offer = TEXT("RW-1");
    check_end(&end, "offer", "party/id");
    end = good;
    end.month = 0;
    check_end(&end, "month", "2028-12");
    end = good;
    end.reason = TEXT("");
    check_end(&end, "reason", "fill it in");
}

static void check_one_export(Muster__ExportKind kind, uint64_t number, uint64_t version, const char *field)
{
    Muster__ExportChange change = MUSTER__EXPORT_CHANGE__INIT;
    change.kind = kind;
    change.number = number;
    change.version = version;
    check_export(&change, &sample.context, &sample.faults);
    if (field) {
        check_sample_expect(&sample, field, "");
    } else {
        check_sample_expect_none(&sample);
    }
}

static void test_exports(void **state)
{
    (void)state;
    check_one_export(MUSTER__EXPORT_KIND__EXPORT_MARKET, 41, 2, NULL);
    check_one_export(MUSTER__EXPORT_KIND__EXPORT_ORDERS, 0, 0, NULL);
    check_one_export(MUSTER__EXPORT_KIND__EXPORT_BACKUP, 0, 0, NULL);
    check_one_export(MUSTER__EXPORT_KIND__EXPORT_BACKUP, 1, 0, "bundle");
    check_one_export(MUSTER__EXPORT_KIND__EXPORT_BACKUP, 0, 1, "version");
    check_one_export(MUSTER__EXPORT_KIND__EXPORT_MARKET, 0, 1, "version");
    check_one_export((Muster__ExportKind)4, 0, 0, "kind");
}

static Muster__PartyKeys keys = MUSTER__PARTY_KEYS__INIT;

static Muster__PartyChange party_change(Muster__PartyChangeKind kind)
{
    Muster__PartyChange change = MUSTER__PARTY_CHANGE__INIT;
    keys.signing_key = keys.box_key = keys.curve_key = BYTES(32);
    change.kind = kind;
    change.party = check_sample_party()->id;
    change.replaces = 1;
    if (kind == MUSTER__PARTY_CHANGE_KIND__PARTY_INVITE) {
        change.replaces = 0;
        change.one_time_keys = &keys;
        change.has_invitation_expiry = 1;
        change.invitation_expiry = 1798761600000;
    }
    if (kind == MUSTER__PARTY_CHANGE_KIND__PARTY_INVITE || kind == MUSTER__PARTY_CHANGE_KIND__PARTY_DETAILS) {
        change.details = check_sample_party();
    }
    if (kind == MUSTER__PARTY_CHANGE_KIND__PARTY_CONFIRM) {
        static char fingerprint[] = "ABCZ 2345 efgh-67ab zDEF GHIJ KLMN OPQR";
        change.fingerprint = fingerprint;
    }
    if (kind == MUSTER__PARTY_CHANGE_KIND__PARTY_VOID) {
        change.has_void_key = 1;
        change.void_key = BYTES(32);
    }
    if (kind == MUSTER__PARTY_CHANGE_KIND__PARTY_SUSPEND || kind == MUSTER__PARTY_CHANGE_KIND__PARTY_VOID) {
        static char reason[] = "owner is on the list";
        change.reason = reason;
    }
    return change;
}

#define PARTY(kind, ...)                                                                                                       \
    Muster__PartyChange change = party_change(MUSTER__PARTY_CHANGE_KIND__PARTY_##kind);                                        \
    __VA_ARGS__;                                                                                                               \
    check_party_change(&change, &sample.context, &sample.faults)
#define KEEP_PARTY(kind, ...)                                                                                                  \
    do {                                                                                                                       \
        PARTY(kind, __VA_ARGS__);                                                                                              \
        check_sample_expect_none(&sample);                                                                                     \
    } while (0)
#define BREAK_PARTY(kind, field, advice, ...)                                                                                  \
    do {                                                                                                                       \
        PARTY(kind, __VA_ARGS__);                                                                                              \
        check_sample_expect(&sample, field, advice);                                                                           \
    } while (0)

static void test_party_changes(void **state)
{
    (void)state;
    KEEP_PARTY(INVITE, (void)0);
    KEEP_PARTY(INVITE, change.replaces = 3);
    KEEP_PARTY(CONFIRM, (void)0);
    KEEP_PARTY(SUSPEND, (void)0);
    KEEP_PARTY(RESUME, (void)0);
    KEEP_PARTY(DETAILS, (void)0);
    KEEP_PARTY(VOID, (void)0);
    BREAK_PARTY(VOID, "void_key", "32 bytes", change.void_key.len = 31);
    BREAK_PARTY(VOID, "void_key", "32 bytes", change.has_void_key = 0; change.void_key.len = 0);
    BREAK_PARTY(VOID, "reason", "fill it in", change.reason = NULL);
    BREAK_PARTY(SUSPEND, "void_key", "leave it out", change.has_void_key = 1);
    BREAK_PARTY(RESUME, "party", "nl-agency", change.party = TEXT("NL"));
    BREAK_PARTY(RESUME, "kind", "contract names", change.kind = (Muster__PartyChangeKind)7;
                change.details = check_sample_party());
    BREAK_PARTY(INVITE, "details", "name, country", change.details = NULL);
    BREAK_PARTY(INVITE, "name", "fill it in", change.details->name = TEXT(""));
    BREAK_PARTY(INVITE, "party", "the same id", change.party = TEXT("other"));
    BREAK_PARTY(INVITE, "one_time_keys", "invitation's keys", change.one_time_keys = NULL);
    BREAK_PARTY(INVITE, "signing_key", "32 bytes", keys.signing_key.len = 31);
    BREAK_PARTY(INVITE, "box_key", "32 bytes", keys.box_key.len = 31);
    BREAK_PARTY(INVITE, "curve_key", "32 bytes", keys.curve_key.len = 33);
    BREAK_PARTY(INVITE, "invitation_expiry", "state a time", change.has_invitation_expiry = 0);
    BREAK_PARTY(INVITE, "invitation_expiry", "state a time", change.invitation_expiry = 0);
    BREAK_PARTY(CONFIRM, "fingerprint", "eight groups", change.fingerprint = NULL);
    BREAK_PARTY(CONFIRM, "fingerprint", "eight groups", change.fingerprint = TEXT("ABCD 2345 EFGH 67AB"));
    BREAK_PARTY(CONFIRM, "fingerprint", "eight groups", change.fingerprint = TEXT("ABCD 2345 EFGH 67AB CDEF GHIJ KLMN OPQ1"));
    BREAK_PARTY(CONFIRM, "replaces", "write 1", change.replaces = 0);
    BREAK_PARTY(CONFIRM, "details", "leave it out", change.details = check_sample_party());
    BREAK_PARTY(CONFIRM, "one_time_keys", "leave it out", change.one_time_keys = &keys);
    BREAK_PARTY(CONFIRM, "invitation_expiry", "leave it out", change.has_invitation_expiry = 1);
    BREAK_PARTY(SUSPEND, "reason", "fill it in", change.reason = NULL);
    BREAK_PARTY(SUSPEND, "fingerprint", "leave it out", change.fingerprint = TEXT("ABCD"));
    BREAK_PARTY(RESUME, "reason", "one line", change.reason = TEXT("a\tb"));
}

static void check_keys(Muster__KeysChange change, const char *field, const char *advice)
{
    check_keys_change(&change, &sample.context, &sample.faults);
    if (field == NULL)
        check_sample_expect_none(&sample);
    else
        check_sample_expect(&sample, field, advice);
}

static void test_new_keys(void **state)
{
    (void)state;
    Muster__KeysChange announce = MUSTER__KEYS_CHANGE__INIT, cancel = MUSTER__KEYS_CHANGE__INIT, change;
    keys.signing_key = keys.box_key = keys.curve_key = BYTES(32);
    announce.kind = MUSTER__KEYS_CHANGE_KIND__KEYS_ANNOUNCE;
    announce.keys = &keys;
    announce.has_new_signature = 1;
    announce.new_signature = BYTES(64);
    cancel.kind = MUSTER__KEYS_CHANGE_KIND__KEYS_CANCEL;
    cancel.has_cancels = 1;
    cancel.cancels = BYTES(32);
    check_keys(announce, NULL, NULL);
    check_keys(cancel, NULL, NULL);
    change = announce;
    change.keys = NULL;
    check_keys(change, "keys", "same protocol version");
    change = announce;
    change.new_signature.len = 63;
    check_keys(change, "new_signature", "64 bytes");
    change = announce;
    change.has_cancels = 1;
    check_keys(change, "cancels", "leave it out");
    change = cancel;
    change.cancels.len = 33;
    check_keys(change, "cancels", "32 bytes");
    change = cancel;
    change.keys = &keys;
    check_keys(change, "keys", "leave it out");
    change = cancel;
    change.kind = (Muster__KeysChangeKind)3;
    check_keys(change, "kind", "contract names");
}

static void test_join(void **state)
{
    (void)state;
    Muster__Join good = MUSTER__JOIN__INIT;
    keys.signing_key = keys.box_key = keys.curve_key = BYTES(32);
    good.one_time_signing_key = BYTES(32);
    good.keys = &keys;
    good.one_time_signature = good.new_signature = BYTES(64);
    check_join(&good, &sample.context, &sample.faults);
    check_sample_expect_none(&sample);
    Muster__Join join = good;
    join.one_time_signing_key.len = 31;
    check_join(&join, &sample.context, &sample.faults);
    check_sample_expect(&sample, "one_time_signing_key", "32 bytes");
    join = good;
    join.one_time_signature.len = 63;
    check_join(&join, &sample.context, &sample.faults);
    check_sample_expect(&sample, "one_time_signature", "64 bytes");
    join = good;
    join.new_signature.len = 0;
    check_join(&join, &sample.context, &sample.faults);
    check_sample_expect(&sample, "new_signature", "64 bytes");
    keys.box_key.len = 0;
    check_join(&good, &sample.context, &sample.faults);
    check_sample_expect(&sample, "box_key", "32 bytes");
}

static int set_up(void **state)
{
    (void)state;
    check_sample_open(&sample);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    check_sample_close(&sample);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bundle_changes), cmocka_unit_test(test_variants), cmocka_unit_test(test_commitment_ends),
        cmocka_unit_test(test_exports),        cmocka_unit_test(test_party_changes), cmocka_unit_test(test_join),
        cmocka_unit_test(test_new_keys),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
