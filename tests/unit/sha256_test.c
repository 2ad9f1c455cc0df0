/* SPDX-License-Identifier: EUPL-1.2 */
/* SHA-256 against libsodium's: every length up to some blocks, cut in two at every place, and FIPS 180-4's own example. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <sodium.h>

#include "proto/sha256.h"

#define MOST 333u

static void hashes_the_example(void **state)
{
    (void)state;
    static const char hex[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    uint8_t hash[SHA256_SIZE];
    char text[2 * SHA256_SIZE + 1];
    sha256_of("abc", 3, hash);
    assert_string_equal(sodium_bin2hex(text, sizeof text, hash, sizeof hash), hex);
}

static void hashes_every_length(void **state)
{
    (void)state;
    uint8_t bytes[MOST], hash[SHA256_SIZE], other[SHA256_SIZE];
    for (size_t length = 0; length <= MOST; length++) {
        randombytes_buf(bytes, length);
        crypto_hash_sha256(other, bytes, length);
        sha256_of(bytes, length, hash);
        assert_memory_equal(hash, other, sizeof hash);
    }
}

static void cuts_do_not_matter(void **state)
{
    (void)state;
    uint8_t bytes[MOST], hash[SHA256_SIZE], other[SHA256_SIZE];
    randombytes_buf(bytes, sizeof bytes);
    crypto_hash_sha256(other, bytes, sizeof bytes);
    for (size_t first = 0; first <= MOST; first++) {
        for (size_t second = first; second <= MOST; second += 7) {
            struct sha256 hashing;
            sha256_start(&hashing);
            sha256_add(&hashing, bytes, first);
            sha256_add(&hashing, bytes + first, second - first);
            sha256_add(&hashing, bytes + second, MOST - second);
            sha256_end(&hashing, hash);
            assert_memory_equal(hash, other, sizeof hash);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_the_example),
        cmocka_unit_test(hashes_every_length),
        cmocka_unit_test(cuts_do_not_matter),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
