/* SPDX-License-Identifier: EUPL-1.2 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/clock_file.h"
#include "broker/desk/state.h"
#include "broker/exchange_operator.h"
#include "broker/init.h"
#include "broker/init_folder.h"
#include "proto/keys.h"
#include "proto/status.h"

/*
 * A coordinator let in by the operator, and new keys of the exchange. The new keys lie beside the old ones, with the block that
 * tells the parties of them, before the entry is written; they take the old ones' place behind it. A crash between is carried
 * through by running the task again.
 */

#define KEYS_FILE "exchange.keys"
#define PUBLIC_FILE "exchange.pub"
#define NEXT ".next"
#define BLOCK_NEXT "keys/exchange.keys" NEXT
#define FILE_MOST (NEW_KEYS_BLOCKS_MOST * NEW_KEYS_BLOCK_MOST)
#define LOOK_ARENA_CAP ((size_t)64 << 20)

struct operator_work {
    const struct config *config;
    struct clock_file clock_file;
    struct seam_clock clock;
    struct exchange *exchange;
};

static int operator_open(const struct config *config, struct operator_work *work)
{
    const char *why = "clock";
    *work = (struct operator_work){.config = config, .clock = seam_clock_system};
    int status = STATUS_OK;
    if (config_has_test_clock(config))
        status = clock_file_open(config->clock + strlen("file:"), &work->clock_file, &work->clock);
    struct exchange_options options = {.directory = config->directory,
                                       .map_size = (uint64_t)config->map_megabytes << 20,
                                       .floor = (uint64_t)config->floor_megabytes << 20,
                                       .clock = &work->clock,
                                       .random = &seam_random_system};
    if (status == STATUS_OK)
        status = exchange_open(&options, &work->exchange, &why);
    return status == STATUS_OK ? EXIT_CODE_DONE : init_complain(status, why, config->directory);
}

int init_admit_coordinator(const struct config *config, const char *file)
{
    struct introduction_coordinator coordinator;
    struct operator_work work;
    char text[INTRODUCTION_SIZE], fingerprint[FINGERPRINT_TEXT_SIZE];
    size_t length = 0;
    uint64_t position = 0;
    int status = init_folder_read(file, text, sizeof text, &length);
    if (status == STATUS_OK)
        status = introduction_read_coordinator(text, length, &coordinator);
    if (status != STATUS_OK)
        return init_complain(status, "no file of a coordinator's public keys", file);
    int code = operator_open(config, &work);
    if (code != EXIT_CODE_DONE)
        return code;
    status = exchange_admit(work.exchange, &coordinator, fingerprint, &position);
    exchange_close(work.exchange);
    if (status == STATUS_EXISTS)
        return init_complain(status, "one of its keys was registered before: it needs fresh ones", file);
    if (status == STATUS_DENIED)
        return init_complain(status, "a party of that name is no coordinator", coordinator.party);
    if (status != STATUS_OK)
        return init_complain(status, "store", config->directory);
    printf("coordinator %s admitted, entry %" PRIu64 ": every party sees it\nits keys show as %s\n"
           "compare that with what its own program shows (muster fingerprint) before you start the exchange\n",
           coordinator.party, position, fingerprint);
    return EXIT_CODE_DONE;
}

/* --- new keys of the exchange ---------------------------------------------------------------------------------- */

static const struct {
    const char *file;
    enum key_kind kind;
} renewed[] = {{EXCHANGE_SIGNING_KEY, KEY_SIGNING}, {EXCHANGE_BOX_KEY, KEY_BOX}, {EXCHANGE_FRONT_KEY, KEY_CURVE}};
#define RENEWED (sizeof renewed / sizeof renewed[0])

static int next_path(const struct config *config, const char *file, char path[CONFIG_TEXT_MOST])
{
    int status = config_path(config, file, path);
    size_t length = status == STATUS_OK ? strlen(path) : 0;
    if (status != STATUS_OK || length + sizeof NEXT > CONFIG_TEXT_MOST)
        return STATUS_TOO_LARGE;
    memcpy(path + length, NEXT, sizeof NEXT);
    return STATUS_OK;
}

/* The new key of a kind: one that an earlier run left, or a fresh one. */
static int next_key(const struct config *config, size_t of, struct key_pair *pair)
{
    char path[CONFIG_TEXT_MOST];
    int status = next_path(config, renewed[of].file, path);
    if (status == STATUS_OK)
        status = keys_read(path, renewed[of].kind, NULL, pair);
    if (status != STATUS_NOT_FOUND)
        return status;
    status = keys_generate(renewed[of].kind, &seam_random_system, pair);
    return status == STATUS_OK ? keys_write(path, pair, NULL, &seam_random_system, false) : status;
}

static int replace_file(const char *path, const char *text, size_t length, unsigned mode)
{
    char aside[CONFIG_TEXT_MOST];
    int made = snprintf(aside, sizeof aside, "%s.tmp", path);
    if (made < 0 || (size_t)made >= sizeof aside)
        return STATUS_TOO_LARGE;
    unlink(aside);
    int status = init_folder_write(aside, text, length, mode);
    if (status == STATUS_OK && rename(aside, path) != 0)
        status = STATUS_IO;
    return status;
}

/* Appends the block that was kept to the file of all of them, once. */
static int publish_block(const struct config *config, const char *block, size_t length)
{
    char path[CONFIG_TEXT_MOST];
    size_t size = 0;
    char *text = malloc(FILE_MOST + NEW_KEYS_BLOCK_MOST);
    int status = text != NULL ? config_path(config, KEYS_FILE, path) : STATUS_NO_MEMORY;
    if (status == STATUS_OK)
        status = init_folder_read(path, text, FILE_MOST, &size);
    if (status == STATUS_NOT_FOUND) {
        size = 0;
        status = STATUS_OK;
    }
    bool stands = size >= length && status == STATUS_OK && memcmp(text + size - length, block, length) == 0;
    if (status == STATUS_OK && !stands) {
        memcpy(text + size, block, length);
        status = replace_file(path, text, size + length, 0644);
    }
    free(text);
    return status;
}

static int flush_folder(const struct config *config, const char *name)
{
    char path[CONFIG_TEXT_MOST];
    int status = config_path(config, name, path);
    int fd = status == STATUS_OK ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd < 0)
        return status == STATUS_OK ? STATUS_IO : status;
    status = fsync(fd) == 0 ? STATUS_OK : STATUS_IO;
    close(fd);
    return status;
}

/* Behind the entry: the new keys take the old ones' place, and the parties' file gets their block. */
static int put_in_place(const struct config *config)
{
    char path[CONFIG_TEXT_MOST], next[CONFIG_TEXT_MOST], block[NEW_KEYS_BLOCK_MOST];
    size_t length = 0;
    int status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < RENEWED; i++) {
        status = config_path(config, renewed[i].file, path);
        if (status == STATUS_OK)
            status = next_path(config, renewed[i].file, next);
        if (status == STATUS_OK && rename(next, path) != 0 && errno != ENOENT)
            status = STATUS_IO;
    }
    if (status == STATUS_OK)
        status = flush_folder(config, "keys");
    if (status == STATUS_OK)
        status = config_path(config, BLOCK_NEXT, next);
    if (status == STATUS_OK)
        status = init_folder_read(next, block, sizeof block, &length);
    if (status == STATUS_OK)
        status = publish_block(config, block, length);
    if (status == STATUS_OK && unlink(next) != 0)
        status = STATUS_IO;
    return status;
}

/* exchange.pub as the exchange is now, for those who are still to come. */
static int write_public(const struct config *config)
{
    struct introduction_exchange public_keys;
    struct operator_work work;
    char text[INTRODUCTION_SIZE], path[CONFIG_TEXT_MOST];
    int code = operator_open(config, &work);
    if (code != EXIT_CODE_DONE)
        return code;
    int status = exchange_public(work.exchange, &public_keys);
    exchange_close(work.exchange);
    if (status == STATUS_OK)
        status = introduction_write_exchange(&public_keys, text);
    if (status == STATUS_OK)
        status = config_path(config, PUBLIC_FILE, path);
    if (status == STATUS_OK)
        status = replace_file(path, text, strlen(text), 0644);
    return status == STATUS_OK ? EXIT_CODE_DONE : init_complain(status, "public keys", config->directory);
}

static int keep_block(const struct config *config, const struct new_keys_exchange *keys)
{
    char path[CONFIG_TEXT_MOST], block[NEW_KEYS_BLOCK_MOST];
    int status = new_keys_exchange_write(keys, block);
    if (status == STATUS_OK)
        status = config_path(config, BLOCK_NEXT, path);
    return status == STATUS_OK ? replace_file(path, block, strlen(block), 0600) : status;
}

/* Makes the keys and writes the entry; *position is where it stands. */
static int renew(const struct config *config, uint64_t *position)
{
    struct operator_work work;
    struct new_keys_exchange keys = {0};
    struct key_pair pairs[RENEWED] = {{0}};
    int code = operator_open(config, &work);
    if (code != EXIT_CODE_DONE)
        return code;
    int status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < RENEWED; i++)
        status = next_key(config, i, &pairs[i]);
    memcpy(keys.box_key, pairs[1].public_key, 32);
    memcpy(keys.front_key, pairs[2].public_key, 32);
    if (status == STATUS_OK)
        status = exchange_rekey(work.exchange, &pairs[0], &keys, true, NULL);
    if (status == STATUS_OK)
        status = keep_block(config, &keys);
    if (status == STATUS_OK)
        status = exchange_rekey(work.exchange, &pairs[0], &keys, false, position);
    exchange_close(work.exchange);
    for (size_t i = 0; i < RENEWED; i++)
        keys_drop(&pairs[i]);
    return status == STATUS_OK ? EXIT_CODE_DONE : init_complain(status, "new keys", config->directory);
}

/* Whether an earlier run wrote its entry and did not come to the end: then the store speaks of the keys that lie beside the old ones. */
static int is_half_done(const struct config *config, bool *half)
{
    struct store *store = NULL;
    struct store_txn *txn = NULL;
    struct arena arena;
    Muster__ExchangeState *state = NULL;
    struct key_pair pair = {0};
    char path[CONFIG_TEXT_MOST];
    *half = false;
    int status = config_path(config, BLOCK_NEXT, path);
    if (status != STATUS_OK || access(path, F_OK) != 0)
        return status;
    arena_init(&arena, LOOK_ARENA_CAP);
    status = config_path(config, EXCHANGE_STORE, path);
    struct store_options options = {.default_floor = true, .read_only = true};
    if (status == STATUS_OK)
        status = store_open(path, &options, &store);
    if (status == STATUS_OK)
        status = store_begin_read(store, &txn);
    if (status == STATUS_OK)
        status = state_exchange(txn, &arena, &state);
    if (status == STATUS_OK)
        status = next_path(config, EXCHANGE_SIGNING_KEY, path);
    if (status == STATUS_OK)
        status = keys_read(path, KEY_SIGNING, NULL, &pair);
    /* The signing key is the first to be moved: without it beside the old one the entry stands. */
    *half = status == STATUS_NOT_FOUND || (status == STATUS_OK && memcmp(state->genesis->exchange_signing_key.data, pair.public_key, 32) == 0);
    keys_drop(&pair);
    store_abort(txn);
    store_close(store);
    arena_drop(&arena);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

int init_new_keys(const struct config *config)
{
    uint64_t position = UINT64_MAX;
    bool half = false;
    int status = is_half_done(config, &half);
    if (status != STATUS_OK)
        return init_complain(status, "keys", config->directory);
    int code = half ? EXIT_CODE_DONE : renew(config, &position);
    if (code != EXIT_CODE_DONE)
        return code;
    status = put_in_place(config);
    if (status != STATUS_OK)
        return init_complain(status, "the entry is written; run the same again to put the keys in place", config->directory);
    code = write_public(config);
    if (code != EXIT_CODE_DONE)
        return code;
    if (position != UINT64_MAX)
        printf("new keys of the exchange, entry %" PRIu64 "\n", position);
    printf("invitations that stand are void: invite anew\nhand every party the file %s/" KEYS_FILE ", by any channel; it runs: muster trust FILE\n",
           config->directory);
    return EXIT_CODE_DONE;
}
