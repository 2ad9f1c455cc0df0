/* SPDX-License-Identifier: EUPL-1.2 */
/* Files of keys, the files by which exchange and parties come to know each other, and backups. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "proto/backup.h"
#include "proto/introduction.h"
#include "proto/keys.h"
#include "proto/new_keys.h"
#include "proto/status.h"
#include "proto/vault.h"
#include "tests/fuzz/target.h"

#define MAGIC "muster-vault v1\n"

/* What is read is the pair of the public key that the file shows; a locked file is never read without its passphrase. */
static void run_key_file(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    static const enum key_kind kinds[] = {KEY_SIGNING, KEY_BOX, KEY_CURVE, KEY_LOG, KEY_RECOVERY};
    uint8_t public_key[KEYS_PUBLIC_SIZE];
    struct key_pair pair = {0};
    bool locked = false;
    (void)target;
    if (size == 0)
        return;
    enum key_kind kind = kinds[data[0] % 5];
    const char *path = fuzz_file(data + 1, size - 1);
    if (keys_peek(path, kind, public_key, &locked) != STATUS_OK)
        return;
    int status = keys_read(path, kind, NULL, &pair);
    fuzz_require(status == STATUS_INVALID || (locked ? status == STATUS_STALE : status == STATUS_FORGED || status == STATUS_OK));
    fuzz_require(status != STATUS_OK || memcmp(pair.public_key, public_key, sizeof public_key) == 0);
    keys_drop(&pair);
}

/* Whatever reads is written as it was read. */
static void run_coordinator(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size), again[INTRODUCTION_SIZE];
    struct introduction_coordinator coordinator;
    (void)target;
    if (introduction_read_coordinator(text, size, &coordinator) == STATUS_OK)
        fuzz_require(introduction_write_coordinator(&coordinator, again) == STATUS_OK && strlen(again) == size && memcmp(again, text, size) == 0);
    free(text);
}

static void run_exchange_pub(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size), again[INTRODUCTION_SIZE];
    struct introduction_exchange exchange;
    (void)target;
    if (introduction_read_exchange(text, size, &exchange) == STATUS_OK)
        fuzz_require(introduction_write_exchange(&exchange, again) == STATUS_OK && strlen(again) == size && memcmp(again, text, size) == 0);
    free(text);
}

static void run_exchange_keys(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    static struct new_keys_exchange list[NEW_KEYS_BLOCKS_MOST];
    char *text = fuzz_text(data, size), again[NEW_KEYS_BLOCK_MOST];
    size_t count = 0, at = 0;
    (void)target;
    if (new_keys_exchange_read(text, size, list, NEW_KEYS_BLOCKS_MOST, &count) == STATUS_OK)
        for (size_t n = 0; n < count; n++) {
            fuzz_require(new_keys_exchange_write(&list[n], again) == STATUS_OK && strlen(again) <= size - at);
            fuzz_require(memcmp(again, text + at, strlen(again)) == 0);
            at += strlen(again);
        }
    free(text);
}

/* --- backups ------------------------------------------------------------------------------------------------------ */

static const uint8_t stream_key[32] = {3};

static int take(void *data, void *bytes, size_t size, size_t *got)
{
    struct fuzz_bytes *source = data;
    *got = size < source->left ? size : source->left;
    if (*got > 0)
        memcpy(bytes, source->at, *got);
    source->at += *got;
    source->left -= *got;
    return STATUS_OK;
}

static void check(const uint8_t *file, size_t size)
{
    struct fuzz_bytes source = {file, size};
    struct vault_reader *reader = NULL;
    struct vault_fault fault = {0};
    struct backup_summary summary;
    int status = vault_open(NULL, stream_key, take, &source, &reader, &fault);
    fuzz_require(status == STATUS_OK || fault.why != NULL);
    if (status != STATUS_OK)
        return;
    status = backup_check(reader, NULL, &summary, &fault);
    fuzz_require(status == STATUS_OK || status == STATUS_NO_MEMORY || fault.why != NULL);
    vault_close(reader);
}

/*
 * For records as plain bytes: what is read of a vault is taken from here instead, since opening one for each input (locked pages, a large reader)
 * would leave a hundredth of the pace. The program is linked with --wrap for these two.
 */
static struct fuzz_bytes *plain;
int __real_vault_read(struct vault_reader *reader, void *bytes, size_t size, struct vault_fault *fault);
int __wrap_vault_read(struct vault_reader *reader, void *bytes, size_t size, struct vault_fault *fault);
int __real_vault_end(struct vault_reader *reader, struct vault_fault *fault);
int __wrap_vault_end(struct vault_reader *reader, struct vault_fault *fault);

int __wrap_vault_read(struct vault_reader *reader, void *bytes, size_t size, struct vault_fault *fault)
{
    size_t got = 0;
    if (plain == NULL)
        return __real_vault_read(reader, bytes, size, fault);
    return take(plain, bytes, size, &got) == STATUS_OK && got == size ? STATUS_OK : STATUS_NOT_FOUND;
}

int __wrap_vault_end(struct vault_reader *reader, struct vault_fault *fault)
{
    if (plain == NULL)
        return __real_vault_end(reader, fault);
    fault->why = plain->left > 0 ? "there is more" : NULL;
    return plain->left > 0 ? STATUS_INVALID : STATUS_OK;
}

/* Locked pages cost a hundred times what is done with them, and the sanitizer watches ordinary memory as closely. */
void *__wrap_sodium_malloc(size_t size);
void __wrap_sodium_free(void *memory);

void *__wrap_sodium_malloc(size_t size)
{
    return malloc(size);
}

void __wrap_sodium_free(void *memory)
{
    free(memory);
}

/* A vault's bytes as they lie in the file. */
static void run_vault(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    (void)target;
    check(data, size);
}

static size_t seal_part(crypto_secretstream_xchacha20poly1305_state *state, uint8_t *to, const uint8_t *part, size_t size, bool last, const uint8_t *head)
{
    unsigned long long length = 0;
    crypto_secretstream_xchacha20poly1305_push(state, to + 4, &length, part, size, head, head != NULL ? VAULT_HEAD_SIZE : 0,
                                               last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL : 0);
    for (unsigned at = 0; at < 4; at++)
        to[at] = (uint8_t)(length >> (24 - 8 * at));
    return 4 + (size_t)length;
}

/* Sealed as a vault is, so that what stands in it is read: the records of a backup as bytes, in two parts. */
static size_t seal(const uint8_t *records, size_t size, uint8_t *file)
{
    crypto_secretstream_xchacha20poly1305_state state;
    memset(file, 0, VAULT_HEAD_SIZE);
    memcpy(file, MAGIC, sizeof MAGIC - 1);
    crypto_secretstream_xchacha20poly1305_init_push(&state, file + VAULT_HEAD_SIZE - crypto_secretstream_xchacha20poly1305_HEADERBYTES, stream_key);
    size_t used = VAULT_HEAD_SIZE;
    used += seal_part(&state, file + used, records, size / 2, false, file);
    return used + seal_part(&state, file + used, records + size / 2, size - size / 2, true, NULL);
}

static void run_backup(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    struct fuzz_bytes source = {data, size};
    struct vault_fault fault = {0};
    struct backup_summary summary;
    (void)target;
    plain = &source;
    int status = backup_check(NULL, NULL, &summary, &fault);
    plain = NULL;
    fuzz_require(status == STATUS_OK || status == STATUS_NO_MEMORY || fault.why != NULL);
    fuzz_require(status != STATUS_OK || summary.entries == summary.head.size);
}

/* A short backup that holds, as plain records. */
struct made {
    uint8_t *bytes;
    size_t size;
};

static void add(struct made *made, uint8_t kind, const void *bytes, size_t size)
{
    const uint8_t head[5] = {0, 0, (uint8_t)((size + 1) >> 8), (uint8_t)(size + 1), kind};
    memcpy(made->bytes + made->size, head, sizeof head);
    if (size > 0)
        memcpy(made->bytes + made->size + sizeof head, bytes, size);
    made->size += sizeof head + size;
}

static void add_entry(struct made *made, uint8_t leaf[TLOG_HASH_SIZE])
{
    static const uint8_t nonce[TLOG_NONCE_SIZE] = {9};
    struct entry_body body = {.kind = "demand", .time = 1, .party = "nl-dmo"};
    uint8_t record[8 + 7 + TLOG_NONCE_SIZE + 2 + ENTRY_BODY_MOST + 8] = {[7] = 1}, commit[TLOG_HASH_SIZE];
    size_t size = 0, at = 8;
    crypto_hash_sha256(body.envelope_sha256, (const uint8_t *)"envelope", 8);
    memcpy(record + at, "demand", 7);
    memcpy(record + at + 7, nonce, sizeof nonce);
    at += 7 + sizeof nonce;
    fuzz_require(entry_body_pack(&body, record + at + 2, &size) == STATUS_OK);
    record[at] = (uint8_t)(size >> 8);
    record[at + 1] = (uint8_t)size;
    tlog_commit(nonce, record + at + 2, size, commit);
    fuzz_require(tlog_entry_leaf("demand", 0, commit, leaf) == STATUS_OK);
    memcpy(record + at + 2 + size, "envelope", 8);
    add(made, BACKUP_ENTRY, record, at + 2 + size + 8);
}

static size_t seed_backup(const struct fuzz_target *target, unsigned number, uint8_t *bytes)
{
    struct made made = {.bytes = bytes};
    struct tlog_head head = {.size = 1};
    char text[TLOG_CHECKPOINT_MOST];
    size_t length = 0;
    (void)target;
    if (number > 0)
        return 0;
    add(&made, BACKUP_BEGIN, "muster.example/log", 18);
    add_entry(&made, head.root);
    fuzz_require(tlog_checkpoint_write("muster.example/log", &head, text, &length) == STATUS_OK);
    add(&made, BACKUP_HEAD, text, length);
    add(&made, BACKUP_END, NULL, 0);
    return made.size;
}

static size_t seed_vault(const struct fuzz_target *target, unsigned number, uint8_t *bytes)
{
    static uint8_t records[FUZZ_INPUT_MOST];
    size_t size = seed_backup(target, number, records);
    return size > 0 ? seal(records, size, bytes) : 0;
}

static const struct fuzz_target targets[] = {
    {"key-file", run_key_file, 512, NULL, NULL, 0},
    {"coordinator", run_coordinator, 1024, NULL, NULL, 0},
    {"exchange-pub", run_exchange_pub, 1024, NULL, NULL, 0},
    {"exchange-keys", run_exchange_keys, 2048, NULL, NULL, 0},
    {"vault", run_vault, 1024, seed_vault, NULL, 0},
    {"backup", run_backup, 1024, seed_backup, NULL, 0},
};

const struct fuzz_group fuzz_group_keys = {"keys", targets, sizeof targets / sizeof targets[0]};
