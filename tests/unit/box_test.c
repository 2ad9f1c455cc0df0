/* SPDX-License-Identifier: EUPL-1.2 */
/* The box: its bytes, its directions, and that nothing altered, reflected or another's opens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "proto/box.h"
#include "proto/status.h"
#include "tests/unit/scratch.h"

struct sides {
    struct key_pair party_key, exchange_key, other_key;
    struct box_session party, exchange, other, other_exchange;
    struct seeded seeded;
    uint8_t id[BOX_REQUEST_ID_SIZE];
};

static int start(void **state)
{
    static struct sides sides;
    seeded_start(&sides.seeded, 3);
    const struct seam_random *random = &sides.seeded.random;
    if (keys_generate(KEY_BOX, random, &sides.party_key) || keys_generate(KEY_BOX, random, &sides.exchange_key) ||
        keys_generate(KEY_BOX, random, &sides.other_key) ||
        box_session_party(&sides.party_key, sides.exchange_key.public_key, &sides.party) ||
        box_session_exchange(&sides.exchange_key, sides.party_key.public_key, &sides.exchange) ||
        box_session_party(&sides.other_key, sides.exchange_key.public_key, &sides.other) ||
        box_session_exchange(&sides.exchange_key, sides.other_key.public_key, &sides.other_exchange)) {
        return -1;
    }
    box_request_id(random, sides.id);
    *state = &sides;
    return 0;
}

static int end(void **state)
{
    struct sides *sides = *state;
    box_session_drop(&sides->party);
    box_session_drop(&sides->exchange);
    box_session_drop(&sides->other);
    box_session_drop(&sides->other_exchange);
    keys_drop(&sides->party_key);
    keys_drop(&sides->exchange_key);
    keys_drop(&sides->other_key);
    return 0;
}

static void any_length_goes_both_ways(void **state)
{
    struct sides *sides = *state;
    static uint8_t plain[70000], box[71000], opened[71000];
    const size_t lengths[] = {0, 1, 255, 256, 257, 511, 512, 65535, 65536, 70000};
    randombytes_buf_deterministic(plain, sizeof plain, sides->exchange_key.public_key);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        uint8_t id[BOX_REQUEST_ID_SIZE];
        size_t length = 0, size = box_sealed_size(lengths[i]);
        assert_int_equal((size - BOX_HEADER_SIZE - BOX_NONCE_SIZE - BOX_TAG_SIZE) % 256, 0);
        assert_int_equal(box_seal(&sides->party, sides->id, plain, lengths[i], &sides->seeded.random, box), STATUS_OK);
        assert_int_equal(box_open(&sides->exchange, box, size, id, opened, &length), STATUS_OK);
        assert_int_equal(length, lengths[i]);
        assert_memory_equal(opened, plain, length);
        assert_memory_equal(id, sides->id, sizeof id);
        assert_int_equal(box_seal(&sides->exchange, id, plain, lengths[i], &sides->seeded.random, box), STATUS_OK);
        assert_int_equal(box_open(&sides->party, box, size, id, opened, &length), STATUS_OK);
        assert_memory_equal(opened, plain, length);
    }
}

/* Every byte as PROTOCOL has it, put together here with libsodium alone. */
static void the_bytes_are_the_written_ones(void **state)
{
    struct sides *sides = *state;
    uint8_t box[1024], receive[32], send[32], data[14 + 85], padded[256] = "hello", cipher[256 + 16];
    unsigned long long cipher_size = 0;
    assert_int_equal(box_seal(&sides->party, sides->id, "hello", 5, &sides->seeded.random, box), STATUS_OK);
    assert_int_equal(box_sealed_size(5), 4 + 1 + 32 + 32 + 16 + 24 + 256 + 16);
    assert_memory_equal(box, "MSB1Q", 5);
    assert_memory_equal(box + 5, sides->party_key.public_key, 32);
    assert_memory_equal(box + 37, sides->exchange_key.public_key, 32);
    assert_memory_equal(box + 69, sides->id, 16);
    assert_int_equal(
        crypto_kx_client_session_keys(receive, send, sides->party_key.public_key, sides->party_key.secret, sides->exchange_key.public_key), 0);
    memcpy(data, "muster/box/v1\n", 14);
    memcpy(data + 14, box, 85);
    padded[5] = 0x80;
    crypto_aead_xchacha20poly1305_ietf_encrypt(cipher, &cipher_size, padded, 256, data, sizeof data, NULL, box + 85, send);
    assert_memory_equal(box + 109, cipher, cipher_size);
}

/* Any padded bytes, as libsodium reads them: whoever has the key may send what he likes. */
static void padding_is_read_as_libsodium_reads_it(void **state)
{
    struct sides *sides = *state;
    uint8_t box[1024], padded[512] = {0}, opened[1024], id[BOX_REQUEST_ID_SIZE], data[14 + 85];
    memcpy(data, "muster/box/v1\n", 14);
    assert_int_equal(box_seal(&sides->party, sides->id, padded, 300, &sides->seeded.random, box), STATUS_OK);
    memcpy(data + 14, box, 85);
    for (size_t mark = 0; mark < sizeof padded; mark++) {
        for (unsigned variant = 0; variant < 4; variant++) {
            size_t length = 0, expected = 0;
            unsigned long long cipher_size = 0;
            memset(padded, variant == 1 ? 0x80 : 0, sizeof padded);
            padded[mark] = variant == 2 ? 0x81 : 0x80;
            memset(padded + mark + 1, 0, variant == 1 ? sizeof padded - mark - 1 : 0);
            padded[sizeof padded - 1] = variant == 3 ? 1 : padded[sizeof padded - 1];
            crypto_aead_xchacha20poly1305_ietf_encrypt(box + 109, &cipher_size, padded, sizeof padded, data, sizeof data, NULL, box + 85,
                                                       sides->party.keys + 32);
            bool good = sodium_unpad(&expected, padded, sizeof padded, 256) == 0;
            assert_int_equal(box_open(&sides->exchange, box, box_sealed_size(300), id, opened, &length), good ? STATUS_OK : STATUS_FORGED);
            assert_int_equal(length, good ? expected : 0);
        }
    }
}

static void every_byte_counts(void **state)
{
    struct sides *sides = *state;
    uint8_t box[1024], opened[1024], id[16];
    size_t length = 0, size = box_sealed_size(100);
    uint8_t plain[100] = {7};
    assert_int_equal(box_seal(&sides->party, sides->id, plain, sizeof plain, &sides->seeded.random, box), STATUS_OK);
    for (size_t i = 0; i < size; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            box[i] = (uint8_t)(box[i] ^ 1u << bit);
            assert_int_not_equal(box_open(&sides->exchange, box, size, id, opened, &length), STATUS_OK);
            box[i] = (uint8_t)(box[i] ^ 1u << bit);
        }
        assert_int_not_equal(box_open(&sides->exchange, box, i, id, opened, &length), STATUS_OK);
    }
    assert_int_equal(box_open(&sides->exchange, box, size, id, opened, &length), STATUS_OK);
}

static void reflections_and_strangers_do_not_open(void **state)
{
    struct sides *sides = *state;
    uint8_t request[512], answer[512], opened[512], id[16];
    size_t length = 0, size = box_sealed_size(3);
    assert_int_equal(box_seal(&sides->party, sides->id, "ask", 3, &sides->seeded.random, request), STATUS_OK);
    assert_int_equal(box_seal(&sides->exchange, sides->id, "ans", 3, &sides->seeded.random, answer), STATUS_OK);
    /* Back to the sender, as it is or turned around. */
    assert_int_equal(box_open(&sides->party, request, size, id, opened, &length), STATUS_DENIED);
    assert_int_equal(box_open(&sides->exchange, answer, size, id, opened, &length), STATUS_DENIED);
    uint8_t turned[512];
    memcpy(turned, request, size);
    turned[4] = 'A';
    memcpy(turned + 5, request + 37, 32);
    memcpy(turned + 37, request + 5, 32);
    assert_int_equal(box_open(&sides->party, turned, size, id, opened, &length), STATUS_FORGED);
    /* Another party's. */
    assert_int_equal(box_open(&sides->other, answer, size, id, opened, &length), STATUS_DENIED);
    assert_int_equal(box_open(&sides->other_exchange, request, size, id, opened, &length), STATUS_DENIED);
    memcpy(turned, answer, size);
    memcpy(turned + 37, sides->other_key.public_key, 32);
    assert_int_equal(box_open(&sides->other, turned, size, id, opened, &length), STATUS_FORGED);
}

static void headers_are_read_without_trust(void **state)
{
    struct sides *sides = *state;
    uint8_t box[512];
    struct box_header header;
    size_t size = box_sealed_size(0);
    assert_int_equal(size, BOX_LEAST);
    assert_int_equal(box_seal(&sides->exchange, sides->id, NULL, 0, &sides->seeded.random, box), STATUS_OK);
    assert_int_equal(box_peek(box, size, &header), STATUS_OK);
    assert_true(header.answer);
    assert_memory_equal(header.sender, sides->exchange_key.public_key, 32);
    assert_memory_equal(header.recipient, sides->party_key.public_key, 32);
    assert_memory_equal(header.request_id, sides->id, 16);
    assert_int_equal(box_peek(box, size + 1, &header), STATUS_INVALID);
    assert_int_equal(box_peek(box, size - 1, &header), STATUS_INVALID);
    assert_int_equal(box_peek(box, 0, &header), STATUS_INVALID);
    assert_int_equal(box_peek(box, BOX_MOST + 1, &header), STATUS_TOO_LARGE);
    box[4] = 'X';
    assert_int_equal(box_peek(box, size, &header), STATUS_INVALID);
    assert_int_equal(box_sealed_size(BOX_PLAIN_MOST + 1), 0);
    assert_true(box_sealed_size(BOX_PLAIN_MOST) <= BOX_MOST);
    assert_int_equal(box_seal(&sides->party, sides->id, box, BOX_PLAIN_MOST + 1, &sides->seeded.random, box), STATUS_TOO_LARGE);
}

static void a_useless_key_makes_no_session(void **state)
{
    struct sides *sides = *state;
    static const uint8_t zeros[32];
    struct box_session session;
    assert_int_equal(box_session_exchange(&sides->exchange_key, zeros, &session), STATUS_FORGED);
    assert_null(session.keys);
    assert_int_equal(box_session_party(&sides->party_key, zeros, &session), STATUS_FORGED);
}

static void each_sealing_differs(void **state)
{
    struct sides *sides = *state;
    uint8_t first[512], second[512];
    size_t size = box_sealed_size(4);
    assert_int_equal(box_seal(&sides->party, sides->id, "same", 4, &sides->seeded.random, first), STATUS_OK);
    assert_int_equal(box_seal(&sides->party, sides->id, "same", 4, &sides->seeded.random, second), STATUS_OK);
    assert_memory_not_equal(first + BOX_HEADER_SIZE, second + BOX_HEADER_SIZE, BOX_NONCE_SIZE);
    assert_memory_not_equal(first + BOX_HEADER_SIZE + BOX_NONCE_SIZE, second + BOX_HEADER_SIZE + BOX_NONCE_SIZE,
                            size - BOX_HEADER_SIZE - BOX_NONCE_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_length_goes_both_ways),      cmocka_unit_test(the_bytes_are_the_written_ones),
        cmocka_unit_test(padding_is_read_as_libsodium_reads_it),
        cmocka_unit_test(every_byte_counts),              cmocka_unit_test(reflections_and_strangers_do_not_open),
        cmocka_unit_test(headers_are_read_without_trust), cmocka_unit_test(a_useless_key_makes_no_session),
        cmocka_unit_test(each_sealing_differs),
    };
    return seam_start() == STATUS_OK ? cmocka_run_group_tests(tests, start, end) : 70;
}
