/* SPDX-License-Identifier: EUPL-1.2 */
/* Keys: made, kept in files, read back, and refused where a file is not as it should be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "proto/keys.h"
#include "proto/status.h"
#include "tests/unit/scratch.h"

static struct scratch scratch;
static struct seeded seeded;

static const struct keys_passphrase good = {"correct horse battery", 21, KEYS_INTERACTIVE};
static const struct keys_passphrase wrong = {"correct horse batterz", 21, KEYS_INTERACTIVE};

static int start(void **state)
{
    (void)state;
    scratch_make(&scratch);
    seeded_start(&seeded, 1);
    return 0;
}

static int end(void **state)
{
    (void)state;
    scratch_remove(&scratch);
    return 0;
}

static void pairs_come_from_their_seed(void **state)
{
    (void)state;
    struct key_pair first, second;
    const enum key_kind kinds[] = {KEY_SIGNING, KEY_BOX, KEY_CURVE, KEY_LOG};
    for (size_t i = 0; i < 4; i++) {
        seeded_start(&seeded, 5);
        assert_int_equal(keys_generate(kinds[i], &seeded.random, &first), STATUS_OK);
        seeded_start(&seeded, 5);
        assert_int_equal(keys_generate(kinds[i], &seeded.random, &second), STATUS_OK);
        assert_memory_equal(first.public_key, second.public_key, 32);
        assert_false(sodium_is_zero(first.public_key, 32));
        keys_drop(&first);
        keys_drop(&second);
        keys_drop(&second);
    }
    /* RFC 8032, 7.1, test 1. */
    uint8_t seed[32], expected[32];
    sodium_hex2bin(seed, 32, "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", 64, NULL, NULL, NULL);
    sodium_hex2bin(expected, 32, "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", 64, NULL, NULL, NULL);
    assert_int_equal(keys_from_seed(KEY_SIGNING, seed, &first), STATUS_OK);
    assert_memory_equal(first.public_key, expected, 32);
    keys_drop(&first);
    /* X25519 of 00..1f times 9, computed with another program from RFC 7748, section 5. */
    for (uint8_t i = 0; i < 32; i++) {
        seed[i] = i;
    }
    sodium_hex2bin(expected, 32, "8f40c5adb68f25624ae5b214ea767a6ec94d829d3d7b5e1ad1ba6f3e2138285f", 64, NULL, NULL, NULL);
    assert_int_equal(keys_from_seed(KEY_BOX, seed, &first), STATUS_OK);
    assert_memory_equal(first.public_key, expected, 32);
    keys_drop(&first);
}

static void signatures_hold_for_their_bytes_alone(void **state)
{
    (void)state;
    struct key_pair pair, other;
    uint8_t signature[64];
    assert_int_equal(keys_generate(KEY_SIGNING, &seeded.random, &pair), STATUS_OK);
    assert_int_equal(keys_generate(KEY_SIGNING, &seeded.random, &other), STATUS_OK);
    keys_sign(&pair, "bytes", 5, signature);
    assert_true(keys_verify(pair.public_key, "bytes", 5, signature));
    assert_false(keys_verify(pair.public_key, "bytez", 5, signature));
    assert_false(keys_verify(pair.public_key, "bytes", 4, signature));
    assert_false(keys_verify(other.public_key, "bytes", 5, signature));
    uint8_t zeros[64] = {0};
    assert_false(keys_verify(zeros, "bytes", 5, zeros));
    keys_drop(&pair);
    keys_drop(&other);
}

static void plain_files_are_private_and_read_back(void **state)
{
    (void)state;
    const enum key_kind kinds[] = {KEY_SIGNING, KEY_BOX, KEY_CURVE, KEY_LOG};
    for (size_t i = 0; i < 4; i++) {
        struct key_pair pair, again;
        struct stat about;
        uint8_t public_key[32];
        bool locked = true;
        char name[16];
        snprintf(name, sizeof name, "plain-%zu", i);
        const char *path = scratch_path(&scratch, name);
        assert_int_equal(keys_generate(kinds[i], &seeded.random, &pair), STATUS_OK);
        assert_int_equal(keys_write(path, &pair, NULL, &seeded.random, false), STATUS_OK);
        assert_int_equal(stat(path, &about), 0);
        assert_int_equal(about.st_mode & 07777, 0600);
        assert_int_equal(keys_peek(path, kinds[i], public_key, &locked), STATUS_OK);
        assert_false(locked);
        assert_memory_equal(public_key, pair.public_key, 32);
        assert_int_equal(keys_read(path, kinds[i], NULL, &again), STATUS_OK);
        assert_memory_equal(again.secret, pair.secret, kinds[i] == KEY_SIGNING || kinds[i] == KEY_LOG ? 64 : 32);
        keys_drop(&again);
        /* The file of another kind, a second writing, and a replacement. */
        assert_int_equal(keys_read(path, kinds[(i + 1) % 4], NULL, &again), STATUS_INVALID);
        assert_int_equal(keys_write(path, &pair, NULL, &seeded.random, false), STATUS_EXISTS);
        assert_int_equal(keys_write(path, &pair, NULL, &seeded.random, true), STATUS_OK);
        assert_int_equal(keys_read(path, kinds[i], &good, &again), STATUS_OK);
        keys_drop(&again);
        keys_drop(&pair);
    }
}

static void a_passphrase_locks(void **state)
{
    (void)state;
    struct key_pair pair, again;
    uint8_t public_key[32];
    bool locked = false;
    size_t length = 0;
    const char *path = scratch_path(&scratch, "locked");
    assert_int_equal(keys_generate(KEY_SIGNING, &seeded.random, &pair), STATUS_OK);
    assert_int_equal(keys_write(path, &pair, &good, &seeded.random, false), STATUS_OK);
    assert_int_equal(keys_peek(path, KEY_SIGNING, public_key, &locked), STATUS_OK);
    assert_true(locked);
    assert_int_equal(keys_read(path, KEY_SIGNING, NULL, &again), STATUS_STALE);
    assert_int_equal(keys_read(path, KEY_SIGNING, &wrong, &again), STATUS_FORGED);
    assert_null(again.secret);
    assert_int_equal(keys_read(path, KEY_SIGNING, &good, &again), STATUS_OK);
    assert_memory_equal(again.secret, pair.secret, 64);
    keys_drop(&again);
    /* No part of the secret lies in the file. */
    char *text = scratch_read(path, &length);
    char seed[64];
    assert_non_null(text);
    sodium_bin2base64(seed, sizeof seed, pair.secret, 32, sodium_base64_VARIANT_ORIGINAL);
    seed[20] = '\0';
    assert_null(strstr(text, seed));
    /* Weaker limits in the file are refused before they are used. */
    char *limits = strstr(text, "argon2id 2 67108864 ");
    assert_non_null(limits);
    memcpy(limits, "argon2id 1 67108864 ", 20);
    scratch_write(path, text, length);
    chmod(path, 0600);
    assert_int_equal(keys_read(path, KEY_SIGNING, &good, &again), STATUS_INVALID);
    memcpy(limits, "argon2id 2 00008192 ", 20);
    scratch_write(path, text, length);
    assert_int_equal(keys_read(path, KEY_SIGNING, &good, &again), STATUS_INVALID);
    /* A public key changed in the file fails the seal. */
    memcpy(limits, "argon2id 2 67108864 ", 20);
    char *public_line = strstr(text, "public ");
    public_line[7] = public_line[7] == 'A' ? 'B' : 'A';
    scratch_write(path, text, length);
    assert_int_equal(keys_read(path, KEY_SIGNING, &good, &again), STATUS_FORGED);
    free(text);
    const struct keys_passphrase short_one = {"short", 5, KEYS_INTERACTIVE};
    assert_int_equal(keys_write(scratch_path(&scratch, "short"), &pair, &short_one, &seeded.random, false), STATUS_INVALID);
    keys_drop(&pair);
}

static void what_others_can_read_is_refused(void **state)
{
    (void)state;
    struct key_pair pair, again;
    const char *path = scratch_path(&scratch, "open"), *link_path = scratch_path(&scratch, "folder");
    assert_int_equal(keys_generate(KEY_BOX, &seeded.random, &pair), STATUS_OK);
    assert_int_equal(keys_write(path, &pair, NULL, &seeded.random, false), STATUS_OK);
    chmod(path, 0640);
    assert_int_equal(keys_read(path, KEY_BOX, NULL, &again), STATUS_DENIED);
    chmod(path, 0604);
    assert_int_equal(keys_read(path, KEY_BOX, NULL, &again), STATUS_DENIED);
    chmod(path, 0400);
    assert_int_equal(keys_read(path, KEY_BOX, NULL, &again), STATUS_OK);
    keys_drop(&again);
    assert_int_equal(keys_read(scratch_path(&scratch, "absent"), KEY_BOX, NULL, &again), STATUS_NOT_FOUND);
    assert_int_equal(mkdir(link_path, 0700), 0);
    assert_int_equal(keys_read(link_path, KEY_BOX, NULL, &again), STATUS_INVALID);
    assert_int_equal(keys_write(scratch_path(&scratch, "no/such/folder"), &pair, NULL, &seeded.random, false), STATUS_NOT_FOUND);
    keys_drop(&pair);
}

static void every_cut_and_flip_of_a_file_is_noticed(void **state)
{
    (void)state;
    struct key_pair pair, again;
    size_t length = 0;
    const char *path = scratch_path(&scratch, "flips");
    assert_int_equal(keys_generate(KEY_LOG, &seeded.random, &pair), STATUS_OK);
    assert_int_equal(keys_write(path, &pair, NULL, &seeded.random, false), STATUS_OK);
    char *text = scratch_read(path, &length);
    assert_non_null(text);
    for (size_t i = 0; i < length; i++) {
        scratch_write(path, text, i);
        assert_int_not_equal(keys_read(path, KEY_LOG, NULL, &again), STATUS_OK);
        text[i] ^= 1;
        scratch_write(path, text, length);
        assert_int_not_equal(keys_read(path, KEY_LOG, NULL, &again), STATUS_OK);
        text[i] ^= 1;
    }
    char *huge = calloc(1, 4096);
    memset(huge, 'x', 4096);
    scratch_write(path, huge, 4096);
    assert_int_equal(keys_read(path, KEY_LOG, NULL, &again), STATUS_INVALID);
    free(huge);
    free(text);
    keys_drop(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_come_from_their_seed),
        cmocka_unit_test(signatures_hold_for_their_bytes_alone),
        cmocka_unit_test(plain_files_are_private_and_read_back),
        cmocka_unit_test(a_passphrase_locks),
        cmocka_unit_test(what_others_can_read_is_refused),
        cmocka_unit_test(every_cut_and_flip_of_a_file_is_noticed),
    };
    return seam_start() == STATUS_OK ? cmocka_run_group_tests(tests, start, end) : 70;
}
