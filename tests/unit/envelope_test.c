/* SPDX-License-Identifier: EUPL-1.2 */
/* Envelopes: signed bytes and no others, read in the stated order, refused with the place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "proto/entry.h"
#include "proto/envelope.h"
#include "proto/status.h"
#include "tests/unit/sample.h"
#include "tests/unit/scratch.h"

static struct key_pair pair, other;
static struct arena arena;

static int start(void **state)
{
    (void)state;
    static struct seeded seeded;
    seeded_start(&seeded, 21);
    arena_init(&arena, (size_t)512 << 20);
    return keys_generate(KEY_SIGNING, &seeded.random, &pair) || keys_generate(KEY_SIGNING, &seeded.random, &other);
}

static int end(void **state)
{
    (void)state;
    arena_drop(&arena);
    keys_drop(&pair);
    keys_drop(&other);
    return 0;
}

static void the_signature_covers_context_and_bytes(void **state)
{
    (void)state;
    size_t size = 0;
    uint8_t *envelope = sample_envelope(&arena, &pair, 1, 3, &size);
    uint8_t *covered = arena_alloc(&arena, 21 + size);
    memcpy(covered, "muster/submission/v1\n", 21);
    memcpy(covered + 21, envelope + 64, size - 64);
    assert_true(keys_verify(pair.public_key, covered, 21 + size - 64, envelope));
    assert_int_equal(envelope_verify(envelope, size, pair.public_key), STATUS_OK);
    assert_int_equal(envelope_verify(envelope, size, other.public_key), STATUS_FORGED);
    assert_int_equal(envelope_verify(envelope, size - 1, pair.public_key), STATUS_FORGED);
    for (size_t i = 0; i < size; i++) {
        envelope[i] ^= 1;
        assert_int_equal(envelope_verify(envelope, size, pair.public_key), STATUS_FORGED);
        envelope[i] ^= 1;
    }
    uint8_t sha256[32], expected[32];
    envelope_sha256(envelope, size, sha256);
    crypto_hash_sha256(expected, envelope, size);
    assert_memory_equal(sha256, expected, 32);
}

static void a_peek_finds_who_it_says_it_is(void **state)
{
    (void)state;
    size_t size = 0;
    struct envelope_peek peek;
    const uint64_t number = 77;
    uint8_t *envelope = sample_envelope(&arena, &pair, number, 1, &size);
    assert_int_equal(envelope_peek(envelope, size, &peek), STATUS_OK);
    assert_int_equal(peek.protocol, 1);
    assert_string_equal(peek.party, "nl-dmo");
    assert_memory_equal(peek.id, &number, sizeof number);
    assert_memory_equal(peek.signing_key, pair.public_key, 32);
    for (size_t i = 0; i < 64 + 100; i++) {
        assert_int_equal(envelope_peek(envelope, i, &peek), STATUS_INVALID);
    }
    assert_int_equal(envelope_peek(envelope, ENVELOPE_MOST + 1, &peek), STATUS_TOO_LARGE);
}

static void another_version_has_its_own_refusal(void **state)
{
    (void)state;
    size_t size = 0;
    struct envelope_peek peek;
    Muster__Submission *submission = sample_submission(&arena, &pair, 1, 1), *read = NULL;
    struct walk_fault fault = {0};
    uint8_t *envelope = NULL;
    submission->protocol = 2;
    assert_int_equal(envelope_make(submission, &pair, &arena, &envelope, &size), STATUS_OK);
    assert_int_equal(envelope_peek(envelope, size, &peek), STATUS_NEWER);
    assert_int_equal(peek.protocol, 2);
    assert_int_equal(envelope_unpack(envelope, size, &arena, &read, &fault), STATUS_NEWER);
    /* A later version's unknown fields are no matter: the version speaks first. */
    static const uint8_t later[64 + 6] = {[64] = 0x08, 0x07, 0xfa, 0x7f, 0x01, 0x00};
    assert_int_equal(envelope_unpack(later, sizeof later, &arena, &read, &fault), STATUS_NEWER);
    submission->protocol = 0;
    assert_int_equal(envelope_make(submission, &pair, &arena, &envelope, &size), STATUS_OK);
    assert_int_equal(envelope_peek(envelope, size, &peek), STATUS_INVALID);
    assert_int_equal(envelope_unpack(envelope, size, &arena, &read, &fault), STATUS_INVALID);
}

static void what_is_unpacked_is_what_was_signed(void **state)
{
    (void)state;
    size_t size = 0;
    Muster__Submission *read = NULL;
    uint8_t *envelope = sample_envelope(&arena, &pair, 5, 250, &size);
    assert_int_equal(envelope_unpack(envelope, size, &arena, &read, NULL), STATUS_OK);
    assert_int_equal(read->n_demands, 250);
    assert_string_equal(read->demands[249]->demand->id, "D-254");
}

static void ten_thousand_demands_fit(void **state)
{
    (void)state;
    size_t size = 0;
    struct arena unpacked;
    Muster__Submission *read = NULL;
    struct walk_fault fault = {0};
    arena_init(&unpacked, ENVELOPE_ARENA_CAP);
    uint8_t *envelope = sample_envelope(&arena, &pair, 100000, 10000, &size);
    assert_true(size < ENVELOPE_MOST / 2);
    assert_int_equal(envelope_unpack(envelope, size, &unpacked, &read, NULL), STATUS_OK);
    assert_int_equal(read->n_demands, 10000);
    assert_true(unpacked.used <= 8 * size);
    arena_drop(&unpacked);
    envelope = sample_envelope(&arena, &pair, 100000, 10001, &size);
    assert_int_equal(envelope_unpack(envelope, size, &unpacked, &read, &fault), STATUS_TOO_LARGE);
    assert_string_equal(fault.path, "demands[10000]");
    assert_int_equal(fault.change, 10000);
}

static void the_envelopes_own_fields_have_their_form(void **state)
{
    (void)state;
    char party[] = "NL-DMO", none[] = "";
    char longer[] = "abcdefghijklmnopqrstuvwxyz0123456";
    for (unsigned fault = 0; fault < 9; fault++) {
        size_t size = 0;
        uint8_t *envelope = NULL;
        Muster__Submission *submission = sample_submission(&arena, &pair, 1, 1), *read = NULL;
        struct walk_fault where = {0};
        switch (fault) {
        case 0: submission->party = party; break;
        case 1: submission->party = none; break;
        case 2: submission->party = longer; break;
        case 3: submission->id.len = 15; break;
        case 4: submission->log_key.len = 31; break;
        case 5: submission->signing_key.len = 0; break;
        case 6: submission->head->size = 3; break;               /* without root and signature */
        case 7: submission->head->root = submission->id; break;  /* a root of no head */
        default: submission->head->signature = submission->log_key; break;
        }
        assert_int_equal(envelope_make(submission, &pair, &arena, &envelope, &size), STATUS_OK);
        assert_int_equal(envelope_unpack(envelope, size, &arena, &read, &where), STATUS_INVALID);
        assert_non_null(where.rule);
    }
}

/* The version somewhere else than first: protobuf would take it. */
static void the_version_comes_first(void **state)
{
    (void)state;
    size_t size = 0;
    struct envelope_peek peek;
    struct walk_fault fault = {0};
    Muster__Submission *read = NULL;
    uint8_t *envelope = sample_envelope(&arena, &pair, 1, 1, &size);
    memmove(envelope + 64, envelope + 66, size - 66);
    memcpy(envelope + size - 2, "\x08\x01", 2);
    assert_int_equal(envelope_peek(envelope, size, &peek), STATUS_INVALID);
    assert_int_equal(envelope_unpack(envelope, size, &arena, &read, &fault), STATUS_INVALID);
    assert_string_equal(fault.rule, "the protocol version must come first");
}

static void bodies_pack_and_parse_to_the_same(void **state)
{
    (void)state;
    struct entry_body body = {.kind = "round-closed", .time = 1800000000123u, .party = "exchange"}, read;
    uint8_t bytes[ENTRY_BODY_MOST];
    size_t size = 0;
    memset(body.submission, 3, sizeof body.submission);
    memset(body.envelope_sha256, 4, sizeof body.envelope_sha256);
    assert_int_equal(entry_body_pack(&body, bytes, &size), STATUS_OK);
    assert_int_equal(entry_body_parse(bytes, size, &read), STATUS_OK);
    assert_string_equal(read.kind, body.kind);
    assert_string_equal(read.party, body.party);
    assert_int_equal(read.time, body.time);
    assert_memory_equal(read.submission, body.submission, 16);
    assert_memory_equal(read.envelope_sha256, body.envelope_sha256, 32);
    for (size_t i = 0; i < size; i++) {
        assert_int_equal(entry_body_parse(bytes, i, &read), STATUS_INVALID);
    }
    memset(body.kind, 'a', sizeof body.kind - 1);
    memset(body.party, 'b', 32);
    body.time = UINT64_MAX;
    assert_int_equal(entry_body_pack(&body, bytes, &size), STATUS_OK);
    assert_true(size <= ENTRY_BODY_MOST);
    body.kind[0] = 'A';
    assert_int_equal(entry_body_pack(&body, bytes, &size), STATUS_INVALID);
    body.kind[0] = '\0';
    assert_int_equal(entry_body_pack(&body, bytes, &size), STATUS_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_signature_covers_context_and_bytes),
        cmocka_unit_test(a_peek_finds_who_it_says_it_is),
        cmocka_unit_test(another_version_has_its_own_refusal),
        cmocka_unit_test(what_is_unpacked_is_what_was_signed),
        cmocka_unit_test(ten_thousand_demands_fit),
        cmocka_unit_test(the_envelopes_own_fields_have_their_form),
        cmocka_unit_test(the_version_comes_first),
        cmocka_unit_test(bodies_pack_and_parse_to_the_same),
    };
    return seam_start() == STATUS_OK ? cmocka_run_group_tests(tests, start, end) : 70;
}
