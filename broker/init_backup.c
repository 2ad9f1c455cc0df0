/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/init_backup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "broker/desk/state.h"
#include "broker/exchange.h"
#include "broker/exchange_backup.h"
#include "broker/init_folder.h"
#include "proto/backup.h"
#include "proto/keys.h"
#include "proto/status.h"
#include "store/log_copy.h"

#define COPY_BUDGET ((size_t)4 << 20)
#define BATCH_BYTES ((size_t)32 << 20) /* put in one transaction of a new store: bounds memory */
#define STATE_ARENA_CAP ((size_t)64 << 20)

int backup_make_key(const char *directory, const char *secret)
{
    struct key_pair pair = {0};
    int status = keys_generate(KEY_RECOVERY, &seam_random_system, &pair);
    if (status == STATUS_OK)
        status = keys_write(secret, &pair, NULL, &seam_random_system, false);
    if (status != STATUS_OK) {
        keys_drop(&pair);
        return init_complain(status, "recovery key", secret);
    }
    status = backups_write_key(directory, pair.public_key);
    keys_drop(&pair);
    if (status != STATUS_OK) {
        unlink(secret);
        return init_complain(status, "the recovery key's public half", directory);
    }
    printf("recovery key %s\nMove it to a medium that you keep offline: it alone opens backups, and without it they are lost.\n", secret);
    return EXIT_CODE_DONE;
}

/* --- writing ----------------------------------------------------------------------------------------------------- */

static int write_file(void *data, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    int fd = *(const int *)data;
    while (size > 0) {
        ssize_t written = write(fd, at, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return errno == ENOSPC || errno == EDQUOT ? STATUS_NO_SPACE : STATUS_IO;
        at += written;
        size -= (size_t)written;
    }
    return STATUS_OK;
}

static int read_file(void *data, void *bytes, size_t size, size_t *got)
{
    ssize_t read_now;
    do
        read_now = read(*(const int *)data, bytes, size);
    while (read_now < 0 && errno == EINTR);
    *got = read_now < 0 ? 0 : (size_t)read_now;
    return read_now < 0 ? STATUS_IO : STATUS_OK;
}

/* The snapshot's log into a vault. */
static int copy_out(struct store_txn *txn, struct vault_writer *writer, const char *origin, uint64_t size)
{
    const struct backup_record first = {.kind = BACKUP_BEGIN, .text = origin, .text_length = strlen(origin)}, end = {.kind = BACKUP_END};
    uint64_t position = 0;
    int status = backup_add(writer, &first);
    while (status == STATUS_OK && position < size)
        status = log_copy_out(txn, &position, size, COPY_BUDGET, writer);
    if (status == STATUS_OK)
        status = backup_add(writer, &end);
    return status == STATUS_OK ? vault_finish(writer) : status;
}

/* Reads back what was written, past the memory of the writing, and checks all of it against the head that the store has. */
static int check_written(int fd, const uint8_t *stream_key, const struct note_key *key, const struct tlog_head *head, struct vault_fault *fault)
{
    struct vault_reader *reader = NULL;
    struct backup_summary summary;
    if (lseek(fd, 0, SEEK_SET) != 0)
        return STATUS_IO;
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    int status = vault_open(NULL, stream_key, read_file, &fd, &reader, fault);
    if (status == STATUS_OK)
        status = backup_check(reader, key, &summary, fault);
    if (status == STATUS_OK && memcmp(&summary.head, head, sizeof *head) != 0)
        status = STATUS_CORRUPT;
    vault_close(reader);
    return status;
}

static int seal_and_check(struct store_txn *txn, int fd, const uint8_t recovery[32], const struct note_key *key, const struct log_head *head, struct vault_fault *fault)
{
    struct vault_writer *writer = NULL;
    int status = vault_begin(recovery, write_file, &fd, &writer);
    if (status == STATUS_OK)
        status = copy_out(txn, writer, key->name, head->head.size);
    if (status == STATUS_OK && fsync(fd) != 0)
        status = STATUS_IO;
    if (status == STATUS_OK)
        status = check_written(fd, vault_stream_key(writer), key, &head->head, fault);
    vault_free(writer);
    return status;
}

static int sha256_of(int fd, char text[2 * 32 + 1])
{
    static uint8_t bytes[1 << 16];
    crypto_hash_sha256_state state;
    uint8_t hash[32];
    size_t got = 0;
    int status = lseek(fd, 0, SEEK_SET) == 0 ? STATUS_OK : STATUS_IO;
    crypto_hash_sha256_init(&state);
    while (status == STATUS_OK && (status = read_file(&fd, bytes, sizeof bytes, &got)) == STATUS_OK && got > 0)
        crypto_hash_sha256_update(&state, bytes, got);
    crypto_hash_sha256_final(&state, hash);
    sodium_bin2hex(text, 2 * 32 + 1, hash, sizeof hash);
    return status;
}

/* Under another name until it is whole, so that what bears the name is a backup. */
static int write_backup(struct store_txn *txn, const char *to, const uint8_t recovery[32], const struct note_key *key, const struct log_head *head)
{
    char beside[CONFIG_TEXT_MOST], sha256[2 * 32 + 1] = "";
    struct vault_fault fault = {0};
    int length = snprintf(beside, sizeof beside, "%s.part", to);
    if (length < 0 || (size_t)length >= sizeof beside)
        return init_complain(STATUS_TOO_LARGE, "name", to);
    if (access(to, F_OK) == 0)
        return init_complain(STATUS_EXISTS, "there is such a file", to);
    int fd = open(beside, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return init_complain(errno == EEXIST ? STATUS_EXISTS : errno == ENOSPC ? STATUS_NO_SPACE : errno == ENOENT ? STATUS_NOT_FOUND : STATUS_DENIED, "can't be written", beside);
    int status = seal_and_check(txn, fd, recovery, key, head, &fault);
    if (status == STATUS_OK)
        status = sha256_of(fd, sha256);
    close(fd);
    if (status == STATUS_OK && link(beside, to) != 0)
        status = errno == EEXIST ? STATUS_EXISTS : STATUS_IO;
    unlink(beside);
    if (status == STATUS_OK)
        status = init_folder_sync_of(to);
    if (status != STATUS_OK)
        return init_complain(status, fault.why != NULL ? fault.why : "backup", to);
    printf("backup %s\nentries %" PRIu64 " of %s, read back and hashed against their signed head\nsha256 %s\nno key of the exchange is in it; only the recovery key opens it\n", to,
           head->head.size, key->name, sha256);
    return EXIT_CODE_DONE;
}

int init_backup(const struct config *config, const char *to)
{
    char path[CONFIG_TEXT_MOST];
    uint8_t recovery[32];
    struct store_options options = {.map_size = (uint64_t)config->map_megabytes << 20, .floor = (uint64_t)config->floor_megabytes << 20, .read_only = true};
    struct store *store = NULL;
    struct store_txn *txn = NULL;
    struct arena arena;
    Muster__ExchangeState *state = NULL;
    struct note_key key;
    struct log_head head;
    int status = backups_read_key(config->directory, recovery);
    if (status != STATUS_OK)
        return init_complain(status, "no recovery key: make one with musterd --new-recovery-key", config->directory);
    arena_init(&arena, STATE_ARENA_CAP);
    status = config_path(config, EXCHANGE_STORE, path);
    if (status == STATUS_OK)
        status = store_open(path, &options, &store);
    if (status == STATUS_OK)
        status = store_begin_read(store, &txn);
    if (status == STATUS_OK)
        status = state_exchange(txn, &arena, &state);
    if (status == STATUS_OK)
        status = note_vkey_parse(state->genesis->vkey, &key) == STATUS_OK ? STATUS_OK : STATUS_CORRUPT;
    if (status == STATUS_OK)
        status = log_head_newest(txn, &head);
    int code = status == STATUS_OK ? write_backup(txn, to, recovery, &key, &head) : init_complain(status, "store", config->directory);
    store_abort(txn);
    store_close(store);
    arena_drop(&arena);
    return code;
}

/* --- reading ----------------------------------------------------------------------------------------------------- */

/* What is wrong with a backup, to the byte or entry. */
static int complain_backup(int status, const char *backup, const struct vault_fault *fault)
{
    if (fault->why == NULL)
        return init_complain(status, "backup", backup);
    if (status == STATUS_CORRUPT)
        fprintf(stderr, "musterd: %s: entry %" PRIu64 ": %s. Nothing was brought back.\n", backup, fault->offset, fault->why);
    else
        fprintf(stderr, "musterd: %s: byte %" PRIu64 ": %s. Nothing was brought back.\n", backup, fault->offset, fault->why);
    return status == STATUS_DENIED ? EXIT_CODE_NOT_ALLOWED : EXIT_CODE_INPUT;
}

struct opened {
    int fd;
    struct key_pair pair;
    struct vault_reader *reader;
    struct vault_fault fault;
};

static int open_backup(const char *backup, const char *recovery, struct opened *opened)
{
    *opened = (struct opened){.fd = -1};
    int status = keys_read(recovery, KEY_RECOVERY, NULL, &opened->pair);
    if (status != STATUS_OK)
        return init_complain(status, "no recovery key", recovery);
    opened->fd = open(backup, O_RDONLY | O_CLOEXEC);
    if (opened->fd < 0)
        return init_complain(errno == ENOENT ? STATUS_NOT_FOUND : STATUS_DENIED, "backup", backup);
    status = vault_open(&opened->pair, NULL, read_file, &opened->fd, &opened->reader, &opened->fault);
    return status == STATUS_OK ? EXIT_CODE_DONE : complain_backup(status, backup, &opened->fault);
}

static void close_backup(struct opened *opened)
{
    vault_close(opened->reader);
    keys_drop(&opened->pair);
    if (opened->fd >= 0)
        close(opened->fd);
}

int init_check_backup(const char *backup, const char *recovery)
{
    struct opened opened;
    struct backup_summary summary;
    int code = open_backup(backup, recovery, &opened);
    if (code == EXIT_CODE_DONE) {
        int status = backup_check(opened.reader, NULL, &summary, &opened.fault);
        code = status == STATUS_OK ? EXIT_CODE_DONE : complain_backup(status, backup, &opened.fault);
    }
    if (code == EXIT_CODE_DONE)
        printf("backup of %s\nentries %" PRIu64 ", of them redacted %" PRIu64 "\nevery part opens, every entry and head holds\n", summary.origin, summary.entries, summary.redacted);
    close_backup(&opened);
    return code;
}

/* All records into the store, a transaction for each stretch that ends at a head. */
static int fill_store(struct store *store, struct opened *opened, uint64_t *entries)
{
    struct backup_buffer buffer = {0};
    struct backup_record record;
    struct store_txn *txn = NULL;
    size_t put = 0;
    int status = backup_next(opened->reader, &buffer, &record, &opened->fault);
    if (status == STATUS_OK && record.kind != BACKUP_BEGIN)
        status = STATUS_INVALID;
    *entries = 0;
    while (status == STATUS_OK && (status = backup_next(opened->reader, &buffer, &record, &opened->fault)) == STATUS_OK && record.kind != BACKUP_END) {
        status = txn == NULL ? store_begin_write(store, &txn) : STATUS_OK;
        if (status == STATUS_OK)
            status = log_copy_in(txn, &record);
        *entries += record.kind != BACKUP_HEAD;
        put += record.body_size + record.envelope_size + sizeof record;
        if (status == STATUS_OK && put >= BATCH_BYTES && record.kind == BACKUP_HEAD) {
            status = store_commit(txn);
            txn = NULL;
            put = 0;
        }
    }
    if (status == STATUS_OK && txn != NULL) {
        status = store_commit(txn);
        txn = NULL;
    }
    store_abort(txn);
    backup_buffer_free(&buffer);
    if (status == STATUS_CORRUPT && opened->fault.why == NULL)
        opened->fault = (struct vault_fault){.why = "the log in it does not hold from here on", .offset = *entries > 0 ? *entries - 1 : 0};
    return status;
}

/* The log in the new store, under the key that its own genesis names. */
static int verify_store(struct store *store, struct vault_fault *fault)
{
    struct store_txn *txn = NULL;
    struct arena arena;
    Muster__ExchangeState *state = NULL;
    struct note_key key;
    uint64_t bad = UINT64_MAX;
    arena_init(&arena, STATE_ARENA_CAP);
    int status = store_begin_read(store, &txn);
    if (status == STATUS_OK)
        status = state_exchange(txn, &arena, &state);
    if (status == STATUS_OK)
        status = note_vkey_parse(state->genesis->vkey, &key);
    if (status == STATUS_OK)
        status = log_verify(txn, state->genesis->previous != NULL ? state->genesis->previous->size : 0, &key, NULL, NULL, &bad, &fault->why);
    if (status == STATUS_CORRUPT)
        fault->offset = bad;
    else
        fault->why = NULL;
    store_abort(txn);
    arena_drop(&arena);
    return status == STATUS_NOT_FOUND || status == STATUS_INVALID ? STATUS_CORRUPT : status;
}

int backup_bring_back(const char *backup, const char *recovery, const char *directory, const char *store_path)
{
    struct opened opened;
    struct store_options options = {.default_floor = true, .create = true};
    struct store *store = NULL;
    uint64_t entries = 0;
    int code = open_backup(backup, recovery, &opened);
    if (code != EXIT_CODE_DONE) {
        close_backup(&opened);
        return code;
    }
    int status = store_open(store_path, &options, &store);
    if (status != STATUS_OK) {
        code = init_complain(status, "store", store_path);
    } else {
        status = fill_store(store, &opened, &entries);
        if (status == STATUS_OK)
            status = store_rebuild(store, exchange_apply, NULL, NULL, NULL);
        if (status == STATUS_OK)
            status = verify_store(store, &opened.fault);
        code = status == STATUS_OK ? EXIT_CODE_DONE : complain_backup(status, backup, &opened.fault);
    }
    store_close(store);
    if (code == EXIT_CODE_DONE && (status = backups_write_key(directory, opened.pair.public_key)) != STATUS_OK)
        code = init_complain(status, "the recovery key's public half", directory);
    close_backup(&opened);
    return code;
}
