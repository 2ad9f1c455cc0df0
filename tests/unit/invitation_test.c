/* SPDX-License-Identifier: EUPL-1.2 */
/* Invitations, the one-time keys in them, joins and fingerprints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "proto/base32.h"
#include "proto/fingerprint.h"
#include "proto/invitation.h"
#include "proto/status.h"

#define VKEY "muster.example/log+16dc296f+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"

static uint8_t numbered[32];
static uint8_t filled[6][32]; /* filled[n] is 32 times n */

static int start(void **state)
{
    (void)state;
    for (uint8_t i = 0; i < 32; i++) {
        numbered[i] = i;
    }
    for (uint8_t i = 0; i < 6; i++) {
        memset(filled[i], i, 32);
    }
    return 0;
}

static void fill(Muster__Invitation *invitation)
{
    static char address[] = "tcp://muster.example:5570", vkey[] = VKEY, party[] = "nl-dmo";
    muster__invitation__init(invitation);
    invitation->address = address;
    invitation->exchange_signing_key = (ProtobufCBinaryData){32, filled[1]};
    invitation->exchange_box_key = (ProtobufCBinaryData){32, filled[2]};
    invitation->front_curve_key = (ProtobufCBinaryData){32, filled[3]};
    invitation->vkey = vkey;
    invitation->party = party;
    invitation->role = MUSTER__ROLE__ROLE_AGENCY;
    invitation->expiry = 1800000000000u;
    invitation->seed = (ProtobufCBinaryData){32, numbered};
}

static void a_line_brings_the_invitation_across(void **state)
{
    (void)state;
    Muster__Invitation invitation, *read = NULL;
    struct arena arena;
    char *line = NULL, folded[4096];
    arena_init(&arena, 1 << 20);
    fill(&invitation);
    assert_int_equal(invitation_encode(&invitation, &arena, &line), STATUS_OK);
    assert_int_equal(strncmp(line, "muster1:", 8), 0);
    assert_null(strpbrk(line + 8, "+/= \n"));
    assert_int_equal(invitation_decode(line, &arena, &read), STATUS_OK);
    assert_string_equal(read->address, invitation.address);
    assert_string_equal(read->vkey, VKEY);
    assert_string_equal(read->party, "nl-dmo");
    assert_int_equal(read->expiry, invitation.expiry);
    assert_memory_equal(read->seed.data, numbered, 32);
    /* As a mail program folds it. */
    size_t at = 0;
    for (size_t i = 0; line[i]; i++) {
        folded[at++] = line[i];
        if (i % 60 == 59) {
            memcpy(folded + at, "\r\n  ", 4);
            at += 4;
        }
    }
    memcpy(folded + at, "\n", 2);
    assert_int_equal(invitation_decode(folded, &arena, &read), STATUS_OK);
    arena_drop(&arena);
}

static void a_damaged_line_is_refused(void **state)
{
    (void)state;
    Muster__Invitation invitation, *read = NULL;
    struct arena arena;
    char *line = NULL;
    arena_init(&arena, 1 << 20);
    fill(&invitation);
    assert_int_equal(invitation_encode(&invitation, &arena, &line), STATUS_OK);
    size_t length = strlen(line);
    for (size_t i = 0; i < length; i++) {
        char kept = line[i];
        line[i] = kept == 'A' ? 'B' : 'A';
        assert_int_not_equal(invitation_decode(line, &arena, &read), STATUS_OK);
        line[i] = (char)(kept | 0x80);
        assert_int_not_equal(invitation_decode(line, &arena, &read), STATUS_OK);
        line[i] = '\0';
        assert_int_not_equal(invitation_decode(line, &arena, &read), STATUS_OK);
        line[i] = kept;
    }
    char huge[8192];
    memset(huge, 'A', sizeof huge - 1);
    huge[sizeof huge - 1] = '\0';
    assert_int_equal(invitation_decode(huge, &arena, &read), STATUS_TOO_LARGE);
    memcpy(huge, "muster1:", 8);
    huge[2000] = '\0';
    assert_int_equal(invitation_decode(huge, &arena, &read), STATUS_INVALID);
    assert_int_equal(invitation_decode("", &arena, &read), STATUS_INVALID);
    assert_int_equal(invitation_decode("muster1:", &arena, &read), STATUS_INVALID);
    arena_drop(&arena);
}

static void wrong_fields_are_refused_on_both_sides(void **state)
{
    (void)state;
    Muster__Invitation invitation;
    struct arena arena;
    char *line = NULL, exchange[] = "exchange", capital[] = "NL-dmo", none[] = "", spaced[] = "tcp://a b", other[] = "not a vkey";
    arena_init(&arena, 1 << 20);
    for (unsigned fault = 0; fault < 9; fault++) {
        fill(&invitation);
        switch (fault) {
        case 0: invitation.party = exchange; break;
        case 1: invitation.party = capital; break;
        case 2: invitation.party = none; break;
        case 3: invitation.address = spaced; break;
        case 4: invitation.address = none; break;
        case 5: invitation.vkey = other; break;
        case 6: invitation.seed.len = 31; break;
        case 7: invitation.front_curve_key.len = 0; break;
        default: invitation.expiry = 0; break;
        }
        assert_int_equal(invitation_encode(&invitation, &arena, &line), STATUS_INVALID);
    }
    arena_drop(&arena);
}

static void one_time_keys_are_derived_as_written(void **state)
{
    (void)state;
    /* BLAKE2b with key 00..1f, personal "musterJ1", salt 1, 2, 3: computed with another program. */
    static const char *const expected[] = {"ddb6498f1fbe0e45d66223c248bf211d5095f68f1675381fafc6f3a78b2d42cc",
                                           "b08faedc0f39c1bf32a82b7290bb6784f8cb0c9e748c4b7680c9f98f3045cb41",
                                           "2665b74ae4e75850b3f94ebf760185df7532e0f7cdb99b4a5a4692e50a51bb76"};
    struct invitation_keys keys;
    uint8_t bytes[32], public_key[32];
    assert_int_equal(invitation_keys_make(numbered, &keys), STATUS_OK);
    const struct key_pair *const pairs[] = {&keys.curve, &keys.box, &keys.signing};
    for (size_t i = 0; i < 3; i++) {
        sodium_hex2bin(bytes, 32, expected[i], 64, NULL, NULL, NULL);
        assert_memory_equal(pairs[i]->secret, bytes, 32);
    }
    crypto_scalarmult_base(public_key, keys.box.secret);
    assert_memory_equal(keys.box.public_key, public_key, 32);
    invitation_keys_drop(&keys);
}

static void a_join_needs_both_signatures(void **state)
{
    (void)state;
    struct invitation_keys once;
    struct key_pair fresh;
    uint8_t first[64], second[64], exchange[32];
    assert_int_equal(invitation_keys_make(numbered, &once), STATUS_OK);
    assert_int_equal(keys_from_seed(KEY_SIGNING, filled[4], &fresh), STATUS_OK);
    memcpy(exchange, filled[5], 32);
    const struct join_keys keys = {once.signing.public_key, filled[1], filled[2], fresh.public_key, exchange};
    join_sign(&keys, &once.signing, first);
    join_sign(&keys, &fresh, second);
    /* What is covered, put together here once more. */
    uint8_t covered[15 + 160];
    memcpy(covered, "muster/join/v1\n", 15);
    memcpy(covered + 15, once.signing.public_key, 32);
    memcpy(covered + 47, filled[1], 32);
    memcpy(covered + 79, filled[2], 32);
    memcpy(covered + 111, fresh.public_key, 32);
    memcpy(covered + 143, exchange, 32);
    assert_true(keys_verify(once.signing.public_key, covered, sizeof covered, first));

    Muster__PartyKeys new_keys = MUSTER__PARTY_KEYS__INIT;
    Muster__Join join = MUSTER__JOIN__INIT;
    new_keys.signing_key = (ProtobufCBinaryData){32, fresh.public_key};
    new_keys.curve_key = (ProtobufCBinaryData){32, filled[1]};
    new_keys.box_key = (ProtobufCBinaryData){32, filled[2]};
    join.one_time_signing_key = (ProtobufCBinaryData){32, once.signing.public_key};
    join.keys = &new_keys;
    join.one_time_signature = (ProtobufCBinaryData){64, first};
    join.new_signature = (ProtobufCBinaryData){64, second};
    assert_int_equal(join_verify(&join, once.signing.public_key, exchange), STATUS_OK);
    assert_int_equal(join_verify(&join, fresh.public_key, exchange), STATUS_DENIED);
    assert_int_equal(join_verify(&join, once.signing.public_key, filled[4]), STATUS_FORGED);
    new_keys.box_key.data = filled[3];
    assert_int_equal(join_verify(&join, once.signing.public_key, exchange), STATUS_FORGED);
    new_keys.box_key.data = filled[2];
    join.new_signature.data = first;
    assert_int_equal(join_verify(&join, once.signing.public_key, exchange), STATUS_FORGED);
    join.new_signature.data = second;
    join.one_time_signature.data = second;
    assert_int_equal(join_verify(&join, once.signing.public_key, exchange), STATUS_FORGED);
    join.one_time_signature.data = first;
    join.new_signature.len = 63;
    assert_int_equal(join_verify(&join, once.signing.public_key, exchange), STATUS_INVALID);
    keys_drop(&fresh);
    invitation_keys_drop(&once);
}

static void a_fingerprint_is_the_written_one(void **state)
{
    (void)state;
    struct fingerprint_input input = {"nl-dmo", filled[1], filled[2], filled[3], filled[4], filled[5], VKEY};
    char text[FINGERPRINT_TEXT_SIZE], changed[FINGERPRINT_TEXT_SIZE], half[FINGERPRINT_HALF_SIZE];
    assert_int_equal(fingerprint_make(&input, text), STATUS_OK);
    assert_string_equal(text, "RGSV EKY5 SBDD SJ47 IIZE 5B2O Z4VS GPHO"); /* computed with another program */
    fingerprint_half(text, false, half);
    assert_string_equal(half, "RGSV EKY5 SBDD SJ47");
    assert_true(fingerprint_equal(half, "rgsv-eky5-sbdd-sj47\n"));
    fingerprint_half(text, true, half);
    assert_string_equal(half, "IIZE 5B2O Z4VS GPHO");
    assert_true(fingerprint_equal(half, "11ze 5820 z4vs gph0"));
    assert_false(fingerprint_equal(half, "IIZE 5B2O Z4VS GPH"));
    assert_false(fingerprint_equal(half, "IIZE 5B2O Z4VS GPHOA"));
    assert_false(fingerprint_equal(half, ""));
    const uint8_t **const parts[] = {&input.signing_key, &input.box_key, &input.curve_key, &input.exchange_signing_key,
                                     &input.exchange_box_key};
    for (size_t i = 0; i < 5; i++) {
        const uint8_t *kept = *parts[i];
        *parts[i] = filled[0];
        assert_int_equal(fingerprint_make(&input, changed), STATUS_OK);
        assert_string_not_equal(changed, text);
        *parts[i] = kept;
    }
    input.party = "";
    assert_int_equal(fingerprint_make(&input, changed), STATUS_INVALID);
}

static void base32_is_rfc_4648s(void **state)
{
    (void)state;
    static const char *const expected[] = {"", "MY", "MZXQ", "MZXW6", "MZXW6YQ", "MZXW6YTB", "MZXW6YTBOI"};
    for (size_t length = 0; length <= 6; length++) {
        char text[16];
        base32_encode((const uint8_t *)"foobar", length, text);
        assert_string_equal(text, expected[length]);
        assert_int_equal(strlen(text), BASE32_LENGTH(length));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_brings_the_invitation_across),
        cmocka_unit_test(a_damaged_line_is_refused),
        cmocka_unit_test(wrong_fields_are_refused_on_both_sides),
        cmocka_unit_test(one_time_keys_are_derived_as_written),
        cmocka_unit_test(a_join_needs_both_signatures),
        cmocka_unit_test(a_fingerprint_is_the_written_one),
        cmocka_unit_test(base32_is_rfc_4648s),
    };
    return seam_start() == STATUS_OK ? cmocka_run_group_tests(tests, start, NULL) : 70;
}
