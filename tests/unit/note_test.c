/* SPDX-License-Identifier: EUPL-1.2 */
/* Signed notes: the specification's own example, up to eight signers, and what must be refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "proto/note.h"
#include "proto/status.h"

#define DASH "\xe2\x80\x94 "

static void make_key(const char *name, uint8_t first, struct note_key *key, struct key_pair *pair)
{
    uint8_t seed[32] = {first};
    assert_int_equal(keys_from_seed(KEY_LOG, seed, pair), STATUS_OK);
    assert_int_equal(note_key_make(name, pair->public_key, key), STATUS_OK);
}

/* From golang.org/x/mod/sumdb/note, whose format this is. */
static void a_published_note_verifies(void **state)
{
    (void)state;
    static const char vkey[] = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    static const char note[] =
        "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n" DASH
        "PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    struct note_key key;
    size_t length = 0;
    assert_int_equal(note_vkey_parse(vkey, &key), STATUS_OK);
    assert_int_equal(note_open(note, sizeof note - 1, &key, &length, NULL), STATUS_OK);
    assert_int_equal(length, strstr(note, "\n\n") + 1 - note);
}

static void names_and_vkeys_have_one_form(void **state)
{
    (void)state;
    static const uint8_t zeros[32];
    struct note_key key;
    char longest[NOTE_NAME_MOST + 2];
    memset(longest, 'a', sizeof longest);
    longest[NOTE_NAME_MOST + 1] = '\0';
    assert_int_equal(note_key_make(longest, zeros, &key), STATUS_INVALID);
    longest[NOTE_NAME_MOST] = '\0';
    assert_int_equal(note_key_make(longest, zeros, &key), STATUS_OK);
    char vkey[NOTE_VKEY_SIZE];
    struct note_key again;
    note_vkey_write(&key, vkey);
    assert_int_equal(note_vkey_parse(vkey, &again), STATUS_OK);
    assert_memory_equal(&again, &key, sizeof key);
    static const char *const names[] = {"", "a b", "a+b", "a\nb", "a\x7f", "\xc3\xa9"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(note_key_make(names[i], zeros, &key), STATUS_INVALID);
    }
    static const char *const vkeys[] = {
        "",
        "+",
        "PeterNeumann",
        "PeterNeumann+c74f20a3",
        "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",  /* another key id */
        "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumam+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+AhpC2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", /* another algorithm */
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW=",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10T",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW+",
    };
    for (size_t i = 0; i < sizeof vkeys / sizeof vkeys[0]; i++) {
        assert_int_equal(note_vkey_parse(vkeys[i], &key), STATUS_INVALID);
    }
}

/* Text and one line by each of count keys, in order. Returns its length. */
static size_t note_by(const char *text, const struct note_key *keys, const struct key_pair *pairs, size_t count, char *note)
{
    size_t length = strlen(text);
    memcpy(note, text, length);
    note[length++] = '\n';
    for (size_t i = 0; i < count; i++) {
        char one[NOTE_MOST];
        size_t one_length = 0, skipped = strlen(text) + 1;
        assert_int_equal(note_sign(text, strlen(text), &keys[i], &pairs[i], one, &one_length), STATUS_OK);
        memcpy(note + length, one + skipped, one_length - skipped);
        length += one_length - skipped;
    }
    return length;
}

static void up_to_eight_signers_of_whom_one_counts(void **state)
{
    (void)state;
    struct note_key keys[9];
    struct key_pair pairs[9];
    char note[NOTE_MOST], name[16];
    size_t text_length = 0;
    uint8_t signature[64];
    for (uint8_t i = 0; i < 9; i++) {
        snprintf(name, sizeof name, "witness-%u", i);
        make_key(name, (uint8_t)(i + 1), &keys[i], &pairs[i]);
    }
    size_t eight = note_by("text\n", keys, pairs, 8, note);
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(note_open(note, eight, &keys[i], &text_length, signature), STATUS_OK);
        assert_int_equal(text_length, 5);
        assert_true(keys_verify(keys[i].public_key, "text\n", 5, signature));
    }
    assert_int_equal(note_open(note, eight, &keys[8], &text_length, NULL), STATUS_FORGED);
    size_t nine = note_by("text\n", keys, pairs, 9, note);
    assert_int_equal(note_open(note, nine, &keys[0], &text_length, NULL), STATUS_TOO_LARGE);
    /* The same key twice. */
    struct note_key twice_keys[2] = {keys[0], keys[0]};
    struct key_pair twice_pairs[2] = {pairs[0], pairs[0]};
    size_t twice = note_by("text\n", twice_keys, twice_pairs, 2, note);
    assert_int_equal(note_open(note, twice, &keys[0], &text_length, NULL), STATUS_FORGED);
    for (size_t i = 0; i < 9; i++) {
        keys_drop(&pairs[i]);
    }
}

static void a_witness_of_another_algorithm_is_passed_over(void **state)
{
    (void)state;
    struct note_key key;
    struct key_pair pair;
    char note[NOTE_MOST];
    uint8_t payload[4 + 8 + 64] = {4, 3, 2, 1};
    char base64[256];
    size_t text_length = 0;
    make_key("log", 7, &key, &pair);
    size_t length = note_by("log\n3\nx\n", &key, &pair, 1, note);
    sodium_bin2base64(base64, sizeof base64, payload, sizeof payload, sodium_base64_VARIANT_ORIGINAL);
    length += (size_t)snprintf(note + length, sizeof note - length, DASH "witness.example %s\n", base64);
    assert_int_equal(note_open(note, length, &key, &text_length, NULL), STATUS_OK);
    keys_drop(&pair);
}

static void every_byte_of_a_note_counts(void **state)
{
    (void)state;
    struct note_key key;
    struct key_pair pair;
    char note[NOTE_MOST];
    size_t text_length = 0;
    make_key("log.example", 9, &key, &pair);
    size_t length = note_by("log.example\n17\nroot\n", &key, &pair, 1, note);
    assert_int_equal(note_open(note, length, &key, &text_length, NULL), STATUS_OK);
    for (size_t i = 0; i < length; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            note[i] = (char)(note[i] ^ (1 << bit));
            if (note_open(note, length, &key, &text_length, NULL) == STATUS_OK) {
                fail_msg("byte %zu bit %u of\n%.*s", i, bit, (int)length, note);
            }
            note[i] = (char)(note[i] ^ (1 << bit));
        }
        assert_int_not_equal(note_open(note, i, &key, &text_length, NULL), STATUS_OK);
    }
    note[length] = '\n';
    assert_int_not_equal(note_open(note, length + 1, &key, &text_length, NULL), STATUS_OK);
    keys_drop(&pair);
}

static void what_is_no_note_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", "\n", "\n\n", "text", "text\n", "text\n\n", "text\n\nx\n", "text\n\n" DASH "\n",
                                        "text\n\n" DASH "log\n", "text\n\n" DASH "log AAAA", "text\n\n" DASH "log AAAA\n",
                                        "text\n\n- log AAAAAAAA\n", "text\n\n" DASH "lo+g AAAAAAAA\n", "text\n\n" DASH " AAAAAAAA\n"};
    struct note_key key;
    struct key_pair pair;
    char big[NOTE_MOST + 1], note[NOTE_MOST];
    size_t length = 0;
    make_key("log", 3, &key, &pair);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(note_open(wrong[i], strlen(wrong[i]), &key, &length, NULL), STATUS_INVALID);
    }
    memset(big, 'a', sizeof big);
    assert_int_equal(note_open(big, sizeof big, &key, &length, NULL), STATUS_TOO_LARGE);
    big[NOTE_MOST - 1] = '\n';
    assert_int_equal(note_sign(big, NOTE_MOST, &key, &pair, note, &length), STATUS_TOO_LARGE);
    assert_int_equal(note_sign("no newline", 10, &key, &pair, note, &length), STATUS_INVALID);
    /* A pair that is not the name's. */
    struct key_pair other;
    uint8_t seed[32] = {4};
    assert_int_equal(keys_from_seed(KEY_LOG, seed, &other), STATUS_OK);
    assert_int_equal(note_sign("text\n", 5, &key, &other, note, &length), STATUS_INVALID);
    keys_drop(&other);
    keys_drop(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_published_note_verifies),
        cmocka_unit_test(names_and_vkeys_have_one_form),
        cmocka_unit_test(up_to_eight_signers_of_whom_one_counts),
        cmocka_unit_test(a_witness_of_another_algorithm_is_passed_over),
        cmocka_unit_test(every_byte_of_a_note_counts),
        cmocka_unit_test(what_is_no_note_is_refused),
    };
    return seam_start() == STATUS_OK ? cmocka_run_group_tests(tests, NULL, NULL) : 70;
}
