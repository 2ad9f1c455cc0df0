/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/tlog.h"

#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "proto/base64.h"
#include "proto/lines.h"
#include "proto/sha256.h"
#include "proto/status.h"

void tlog_empty_root(uint8_t root[TLOG_HASH_SIZE])
{
    sha256_of("", 0, root);
}

static void hash_parts(uint8_t first, const void *left, size_t left_size, const void *right, size_t right_size, uint8_t hash[TLOG_HASH_SIZE])
{
    struct sha256 state;
    sha256_start(&state);
    sha256_add(&state, &first, 1);
    sha256_add(&state, left, left_size);
    sha256_add(&state, right, right_size);
    sha256_end(&state, hash);
}

void tlog_leaf_hash(const void *data, size_t length, uint8_t hash[TLOG_HASH_SIZE])
{
    hash_parts(0, data, length, "", 0, hash);
}

void tlog_node_hash(const uint8_t left[TLOG_HASH_SIZE], const uint8_t right[TLOG_HASH_SIZE], uint8_t hash[TLOG_HASH_SIZE])
{
    hash_parts(1, left, TLOG_HASH_SIZE, right, TLOG_HASH_SIZE, hash);
}

void tlog_commit(const uint8_t nonce[TLOG_NONCE_SIZE], const void *body, size_t length, uint8_t commit[TLOG_HASH_SIZE])
{
    static const char context[] = "muster/commit/v1\n";
    struct sha256 state;
    sha256_start(&state);
    sha256_add(&state, context, sizeof context - 1);
    sha256_add(&state, nonce, TLOG_NONCE_SIZE);
    sha256_add(&state, body, length);
    sha256_end(&state, commit);
}

int tlog_entry_leaf(const char *kind, uint64_t position, const uint8_t commit[TLOG_HASH_SIZE], uint8_t leaf[TLOG_HASH_SIZE])
{
    static const char word[] = "muster/entry/v1\n";
    char data[sizeof word + TLOG_KIND_MOST + 20 + 2 * TLOG_HASH_SIZE + 3];
    char digits[20];
    size_t digit = sizeof digits;
    uint64_t rest = position;
    size_t length = strspn(kind, "abcdefghijklmnopqrstuvwxyz-");
    if (!length || length > TLOG_KIND_MOST || kind[length]) {
        return STATUS_INVALID;
    }
    do {
        digits[--digit] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    char *at = data;
    at = mempcpy(at, word, sizeof word - 1);
    at = mempcpy(at, kind, length);
    *at++ = '\n';
    at = mempcpy(at, digits + digit, sizeof digits - digit);
    *at++ = '\n';
    sodium_bin2hex(at, 2 * TLOG_HASH_SIZE + 1, commit, TLOG_HASH_SIZE);
    at += 2 * TLOG_HASH_SIZE;
    *at++ = '\n';
    tlog_leaf_hash(data, (size_t)(at - data), leaf);
    return STATUS_OK;
}

/* The largest power of two below count, for count >= 2. */
static uint64_t split(uint64_t count)
{
    uint64_t half = 1;
    while (half < count - half) {
        half *= 2;
    }
    return half;
}

/*
 * The hash over leaves begin to end, where begin is a multiple of the smallest power of two not below end - begin: complete
 * subtrees, one for each bit of the length, folded from the right.
 */
static int range_fold(const struct tlog_nodes *nodes, uint64_t begin, uint64_t end, uint8_t hash[TLOG_HASH_SIZE])
{
    uint64_t length = end - begin;
    bool first = true;
    for (unsigned level = 0; level < 64 && length >> level; level++) {
        if (!(length >> level & 1)) {
            continue;
        }
        uint8_t node[TLOG_HASH_SIZE];
        uint64_t above = level < 63 ? length >> (level + 1) << (level + 1) : 0;
        int status = nodes->read(nodes->data, level, (begin + above) >> level, node);
        if (status != STATUS_OK) {
            return status;
        }
        if (first) {
            memcpy(hash, node, TLOG_HASH_SIZE);
            first = false;
        } else {
            tlog_node_hash(node, hash, hash);
        }
    }
    return STATUS_OK;
}

static int range_root(const struct tlog_nodes *nodes, uint64_t begin, uint64_t end, uint8_t hash[TLOG_HASH_SIZE])
{
    struct tlog_ranges *ranges = nodes->ranges;
    /* A complete subtree is one node, remembered or not. */
    if (!ranges || !((end - begin) & (end - begin - 1))) {
        return range_fold(nodes, begin, end, hash);
    }
    for (size_t i = 0; i < ranges->count; i++) {
        if (ranges->list[i].begin == begin && ranges->list[i].end == end) {
            memcpy(hash, ranges->list[i].hash, TLOG_HASH_SIZE);
            return STATUS_OK;
        }
    }
    int status = range_fold(nodes, begin, end, hash);
    if (status == STATUS_OK && ranges->count < TLOG_RANGES_MOST) {
        ranges->list[ranges->count].begin = begin;
        ranges->list[ranges->count].end = end;
        memcpy(ranges->list[ranges->count++].hash, hash, TLOG_HASH_SIZE);
    }
    return status;
}

int tlog_root(const struct tlog_nodes *nodes, uint64_t size, uint8_t root[TLOG_HASH_SIZE])
{
    if (!size) {
        tlog_empty_root(root);
        return STATUS_OK;
    }
    return range_root(nodes, 0, size, root);
}

static void proof_reverse(struct tlog_proof *proof)
{
    for (size_t i = 0, j = proof->count; i + 1 < j; i++) {
        uint8_t hash[TLOG_HASH_SIZE];
        j--;
        memcpy(hash, proof->hashes[i], TLOG_HASH_SIZE);
        memcpy(proof->hashes[i], proof->hashes[j], TLOG_HASH_SIZE);
        memcpy(proof->hashes[j], hash, TLOG_HASH_SIZE);
    }
}

/* Adds the hash over a range. A tree of at most 2^64 leaves has no more levels than the proof has room for. */
static int proof_add(const struct tlog_nodes *nodes, uint64_t begin, uint64_t end, struct tlog_proof *proof)
{
    if (proof->count == TLOG_PROOF_MOST) {
        return STATUS_TOO_LARGE;
    }
    return range_root(nodes, begin, end, proof->hashes[proof->count++]);
}

int tlog_inclusion_make(const struct tlog_nodes *nodes, uint64_t index, uint64_t size, struct tlog_proof *proof)
{
    uint64_t begin = 0, end = size;
    proof->count = 0;
    if (index >= size) {
        return STATUS_INVALID;
    }
    while (end - begin > 1) {
        uint64_t middle = begin + split(end - begin);
        bool left = index < middle;
        int status = left ? proof_add(nodes, middle, end, proof) : proof_add(nodes, begin, middle, proof);
        if (status != STATUS_OK) {
            return status;
        }
        *(left ? &end : &begin) = middle;
    }
    proof_reverse(proof);
    return STATUS_OK;
}

int tlog_consistency_make(const struct tlog_nodes *nodes, uint64_t old_size, uint64_t new_size, struct tlog_proof *proof)
{
    uint64_t begin = 0, end = new_size;
    int status = STATUS_OK;
    proof->count = 0;
    if (!old_size || old_size > new_size) {
        return STATUS_INVALID;
    }
    while (old_size != end && status == STATUS_OK) {
        uint64_t middle = begin + split(end - begin);
        bool left = old_size <= middle;
        status = left ? proof_add(nodes, middle, end, proof) : proof_add(nodes, begin, middle, proof);
        *(left ? &end : &begin) = middle;
    }
    /* A subtree that begins at leaf 0 is the old tree itself: its root is known to the reader. */
    if (status == STATUS_OK && begin) {
        status = proof_add(nodes, begin, end, proof);
    }
    proof_reverse(proof);
    return status;
}

int tlog_inclusion_verify(uint64_t index, const uint8_t leaf[TLOG_HASH_SIZE], const uint8_t *proof, size_t proof_size,
                          const struct tlog_head *head)
{
    if (index >= head->size || proof_size % TLOG_HASH_SIZE || proof_size > TLOG_PROOF_SIZE_MOST) {
        return STATUS_INVALID;
    }
    uint64_t at = index, last = head->size - 1;
    uint8_t hash[TLOG_HASH_SIZE];
    memcpy(hash, leaf, sizeof hash);
    for (size_t offset = 0; offset < proof_size; offset += TLOG_HASH_SIZE) {
        const uint8_t *other = proof + offset;
        if (!last) {
            return STATUS_FORGED;
        }
        if (at & 1 || at == last) {
            tlog_node_hash(other, hash, hash);
            while (!(at & 1) && at) {
                at >>= 1;
                last >>= 1;
            }
        } else {
            tlog_node_hash(hash, other, hash);
        }
        at >>= 1;
        last >>= 1;
    }
    return !last && memcmp(hash, head->root, sizeof hash) == 0 ? STATUS_OK : STATUS_FORGED;
}

/* The loop of RFC 9162 2.1.4.2 over the hashes behind the first: the roots that they lead to. False: a hash too many or too few. */
static bool consistency_fold(uint64_t at, uint64_t last, const uint8_t *proof, size_t proof_size, uint8_t old_root[TLOG_HASH_SIZE],
                             uint8_t new_root[TLOG_HASH_SIZE])
{
    for (size_t offset = 0; offset < proof_size; offset += TLOG_HASH_SIZE) {
        const uint8_t *other = proof + offset;
        if (!last) {
            return false;
        }
        if (at & 1 || at == last) {
            tlog_node_hash(other, old_root, old_root);
            tlog_node_hash(other, new_root, new_root);
            while (!(at & 1) && at) {
                at >>= 1;
                last >>= 1;
            }
        } else {
            tlog_node_hash(new_root, other, new_root);
        }
        at >>= 1;
        last >>= 1;
    }
    return !last;
}

int tlog_consistency_verify(const struct tlog_head *old_head, const struct tlog_head *new_head, const uint8_t *proof, size_t proof_size)
{
    if (!old_head->size || old_head->size > new_head->size || proof_size % TLOG_HASH_SIZE || proof_size > TLOG_PROOF_SIZE_MOST) {
        return STATUS_INVALID;
    }
    if (old_head->size == new_head->size) {
        return !proof_size && memcmp(old_head->root, new_head->root, TLOG_HASH_SIZE) == 0 ? STATUS_OK : STATUS_FORGED;
    }
    if (!proof_size) {
        return STATUS_FORGED;
    }
    /* Where the old tree is complete its root begins the path unsaid. */
    bool complete = !(old_head->size & (old_head->size - 1));
    const uint8_t *seed = complete ? old_head->root : proof;
    size_t skipped = complete ? 0 : TLOG_HASH_SIZE;
    uint64_t at = old_head->size - 1, last = new_head->size - 1;
    while (at & 1) {
        at >>= 1;
        last >>= 1;
    }
    uint8_t old_root[TLOG_HASH_SIZE], new_root[TLOG_HASH_SIZE];
    memcpy(old_root, seed, sizeof old_root);
    memcpy(new_root, seed, sizeof new_root);
    bool folded = consistency_fold(at, last, proof + skipped, proof_size - skipped, old_root, new_root);
    return folded && memcmp(old_root, old_head->root, sizeof old_root) == 0 && memcmp(new_root, new_head->root, sizeof new_root) == 0
               ? STATUS_OK
               : STATUS_FORGED;
}

int tlog_checkpoint_write(const char *origin, const struct tlog_head *head, char *text, size_t *length)
{
    static const uint8_t no_key[32];
    struct note_key name;
    char base64[BASE64_SIZE(TLOG_HASH_SIZE)];
    if (note_key_make(origin, no_key, &name) != STATUS_OK) {
        return STATUS_INVALID;
    }
    base64_write(head->root, TLOG_HASH_SIZE, base64);
    int written = snprintf(text, TLOG_CHECKPOINT_MOST, "%s\n%llu\n%s\n", origin, (unsigned long long)head->size, base64);
    *length = (size_t)written;
    return STATUS_OK;
}

int tlog_checkpoint_parse(const char *text, size_t length, const char *origin, struct tlog_head *head)
{
    struct lines lines = {text, length};
    struct line name, size, root;
    struct tlog_head parsed;
    if (!lines_next(&lines, &name) || !lines_next(&lines, &size) || !lines_next(&lines, &root) || lines.left || !line_is(name, origin) ||
        !line_decimal(size, &parsed.size) || !line_base64_exact(root, parsed.root, TLOG_HASH_SIZE)) {
        return STATUS_INVALID;
    }
    *head = parsed;
    return STATUS_OK;
}

int tlog_head_sign(const struct note_key *key, const struct key_pair *pair, const struct tlog_head *head, char *note, size_t *note_length,
                   uint8_t signature[64])
{
    char text[TLOG_CHECKPOINT_MOST];
    size_t length = 0, text_length = 0;
    int status = tlog_checkpoint_write(key->name, head, text, &length);
    if (status == STATUS_OK) {
        status = note_sign(text, length, key, pair, note, note_length);
    }
    /* Opened again: a head that its own key does not verify must never leave. */
    return status == STATUS_OK ? note_open(note, *note_length, key, &text_length, signature) : status;
}

int tlog_head_open(const struct note_key *key, const char *note, size_t note_length, struct tlog_head *head, uint8_t signature[64])
{
    size_t text_length = 0;
    int status = note_open(note, note_length, key, &text_length, signature);
    return status == STATUS_OK ? tlog_checkpoint_parse(note, text_length, key->name, head) : status;
}

int tlog_head_verify(const struct note_key *key, const struct tlog_head *head, const uint8_t signature[64])
{
    char text[TLOG_CHECKPOINT_MOST];
    size_t length = 0;
    int status = tlog_checkpoint_write(key->name, head, text, &length);
    if (status != STATUS_OK) {
        return status;
    }
    return keys_verify(key->public_key, text, length, signature) ? STATUS_OK : STATUS_FORGED;
}
