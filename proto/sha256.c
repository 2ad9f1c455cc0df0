/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/sha256.h"

#include <stdbool.h>
#include <string.h>

#define BLOCK 64u

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

#define ACCELERATED __attribute__((target("sha,sse4.1,ssse3")))

static const uint32_t constants[64] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
    0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
    0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
    0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
    0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
    0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static const uint32_t first_words[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

/* Leaf 7's EBX bit 29: SHA; leaf 1's ECX bits 9 and 19: SSSE3 and SSE4.1. */
static bool processor_has_it(void)
{
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c >> 9 & 1) || !(c >> 19 & 1)) {
        return false;
    }
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b >> 29 & 1);
}

/* Asked once: the question is trapped in a virtual machine. Threads that ask at the same time find the same. */
static bool is_accelerated(void)
{
    static int known; /* 0: not asked yet */
    int answer = __atomic_load_n(&known, __ATOMIC_RELAXED);
    if (answer == 0) {
        answer = processor_has_it() ? 1 : 2;
        __atomic_store_n(&known, answer, __ATOMIC_RELAXED);
    }
    return answer == 1;
}

ACCELERATED static inline __m128i load(const void *bytes)
{
    return _mm_loadu_si128((const __m128i *)bytes);
}

/* Four rounds with the words of message and the constants from round on. */
ACCELERATED static inline void rounds(__m128i *abef, __m128i *cdgh, __m128i message, unsigned round)
{
    __m128i sum = _mm_add_epi32(message, load(constants + round));
    *cdgh = _mm_sha256rnds2_epu32(*cdgh, *abef, sum);
    *abef = _mm_sha256rnds2_epu32(*abef, *cdgh, _mm_shuffle_epi32(sum, 0x0e));
}

/* The next four words of the schedule, of the sixteen before them. */
ACCELERATED static inline __m128i schedule(__m128i w0, __m128i w4, __m128i w8, __m128i w12)
{
    return _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32(w0, w4), _mm_alignr_epi8(w12, w8, 4)), w12);
}

ACCELERATED static void compress(uint32_t words[8], const uint8_t *bytes, size_t blocks)
{
    const __m128i order = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    __m128i low = _mm_shuffle_epi32(load(words), 0xb1), high = _mm_shuffle_epi32(load(words + 4), 0x1b);
    __m128i abef = _mm_alignr_epi8(low, high, 8), cdgh = _mm_blend_epi16(high, low, 0xf0);
    for (; blocks > 0; blocks--, bytes += BLOCK) {
        const __m128i abef_before = abef, cdgh_before = cdgh;
        __m128i w0 = _mm_shuffle_epi8(load(bytes), order), w4 = _mm_shuffle_epi8(load(bytes + 16), order);
        __m128i w8 = _mm_shuffle_epi8(load(bytes + 32), order), w12 = _mm_shuffle_epi8(load(bytes + 48), order);
        for (unsigned round = 0;; round += 16) {
            rounds(&abef, &cdgh, w0, round);
            rounds(&abef, &cdgh, w4, round + 4);
            rounds(&abef, &cdgh, w8, round + 8);
            rounds(&abef, &cdgh, w12, round + 12);
            if (round == 48) {
                break;
            }
            w0 = schedule(w0, w4, w8, w12);
            w4 = schedule(w4, w8, w12, w0);
            w8 = schedule(w8, w12, w0, w4);
            w12 = schedule(w12, w0, w4, w8);
        }
        abef = _mm_add_epi32(abef, abef_before);
        cdgh = _mm_add_epi32(cdgh, cdgh_before);
    }
    low = _mm_shuffle_epi32(abef, 0x1b);
    high = _mm_shuffle_epi32(cdgh, 0xb1);
    _mm_storeu_si128((__m128i *)(void *)words, _mm_blend_epi16(low, high, 0xf0));
    _mm_storeu_si128((__m128i *)(void *)(words + 4), _mm_alignr_epi8(high, low, 8));
}

#else

static const uint32_t first_words[8];

static bool is_accelerated(void)
{
    return false;
}

static void compress(uint32_t words[8], const uint8_t *bytes, size_t blocks)
{
    (void)words;
    (void)bytes;
    (void)blocks;
}

#endif

void sha256_start(struct sha256 *state)
{
    if (!is_accelerated()) {
        crypto_hash_sha256_init(&state->as.portable);
        return;
    }
    memcpy(state->as.own.words, first_words, sizeof first_words);
    state->as.own.length = 0;
}

void sha256_add(struct sha256 *state, const void *bytes, size_t length)
{
    if (!is_accelerated()) {
        crypto_hash_sha256_update(&state->as.portable, bytes, length);
        return;
    }
    const uint8_t *at = bytes;
    size_t held = (size_t)(state->as.own.length % BLOCK);
    state->as.own.length += length;
    if (held > 0 && length >= BLOCK - held) {
        memcpy(state->as.own.block + held, at, BLOCK - held);
        at += BLOCK - held;
        length -= BLOCK - held;
        held = 0;
        compress(state->as.own.words, state->as.own.block, 1);
    }
    if (held == 0 && length >= BLOCK) {
        compress(state->as.own.words, at, length / BLOCK);
        at += length / BLOCK * BLOCK;
        length %= BLOCK;
    }
    if (length > 0) {
        memcpy(state->as.own.block + held, at, length);
    }
}

void sha256_end(struct sha256 *state, uint8_t hash[SHA256_SIZE])
{
    if (!is_accelerated()) {
        crypto_hash_sha256_final(&state->as.portable, hash);
        return;
    }
    uint8_t *block = state->as.own.block;
    size_t held = (size_t)(state->as.own.length % BLOCK);
    block[held++] = 0x80;
    if (held > BLOCK - 8) {
        memset(block + held, 0, BLOCK - held);
        compress(state->as.own.words, block, 1);
        held = 0;
    }
    memset(block + held, 0, BLOCK - 8 - held);
    for (unsigned i = 0; i < 8; i++) {
        block[BLOCK - 1 - i] = (uint8_t)(state->as.own.length * 8 >> (8 * i));
    }
    compress(state->as.own.words, block, 1);
    for (unsigned i = 0; i < 32; i++) {
        hash[i] = (uint8_t)(state->as.own.words[i / 4] >> (24 - 8 * (i % 4)));
    }
}

void sha256_of(const void *bytes, size_t length, uint8_t hash[SHA256_SIZE])
{
    struct sha256 state;
    sha256_start(&state);
    sha256_add(&state, bytes, length);
    sha256_end(&state, hash);
}
