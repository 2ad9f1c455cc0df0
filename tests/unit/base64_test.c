/* SPDX-License-Identifier: EUPL-1.2 */
/* Base64 against libsodium's, for every length up to some blocks and every byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <sodium.h>

#include "proto/base64.h"

#define MOST 300u

static void writes_what_libsodium_writes(void **state)
{
    (void)state;
    uint8_t bytes[MOST];
    char text[BASE64_SIZE(MOST)], other[BASE64_SIZE(MOST)];
    for (size_t length = 0; length <= MOST; length++) {
        randombytes_buf(bytes, length);
        assert_int_equal(BASE64_SIZE(length), sodium_base64_encoded_len(length, sodium_base64_VARIANT_ORIGINAL));
        sodium_bin2base64(other, sizeof other, bytes, length, sodium_base64_VARIANT_ORIGINAL);
        assert_int_equal(base64_write(bytes, length, text), strlen(other));
        assert_string_equal(text, other);
    }
}

static void writes_every_byte(void **state)
{
    (void)state;
    uint8_t bytes[256];
    char text[BASE64_SIZE(256)], other[BASE64_SIZE(256)];
    for (unsigned i = 0; i < 256; i++) {
        bytes[i] = (uint8_t)i;
    }
    sodium_bin2base64(other, sizeof other, bytes, sizeof bytes, sodium_base64_VARIANT_ORIGINAL);
    assert_int_equal(base64_write(bytes, sizeof bytes, text), strlen(other));
    assert_string_equal(text, other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_what_libsodium_writes),
        cmocka_unit_test(writes_every_byte),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
