/* SPDX-License-Identifier: EUPL-1.2 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "broker/desk/state.h"
#include "broker/exchange.h"
#include "broker/init.h"
#include "broker/init_folder.h"
#include "proto/keys.h"
#include "proto/status.h"
#include "store/log.h"
#include "store/store.h"

#define HASH_TEXT (2 * 32 + 1)
#define CHECK_ARENA_CAP ((size_t)64 << 20)

static int init_open_store(const struct config *config, bool read_only, struct store **store)
{
    char path[CONFIG_TEXT_MOST];
    struct store_options options = {.map_size = (uint64_t)config->map_megabytes << 20,
                                    .floor = (uint64_t)config->floor_megabytes << 20,
                                    .read_only = read_only};
    int status = config_path(config, EXCHANGE_STORE, path);
    return status == STATUS_OK ? store_open(path, &options, store) : status;
}

static int init_check_key(const struct config *config, const char *file, enum key_kind kind)
{
    char path[CONFIG_TEXT_MOST];
    struct key_pair pair = {0};
    int status = config_path(config, file, path);
    if (status == STATUS_OK)
        status = keys_read(path, kind, NULL, &pair);
    keys_drop(&pair);
    return status == STATUS_OK ? EXIT_CODE_DONE : init_complain(status, "key", path);
}

int init_check(const struct config *config)
{
    int code = init_check_key(config, EXCHANGE_LOG_KEY, KEY_LOG);
    if (code == EXIT_CODE_DONE)
        code = init_check_key(config, EXCHANGE_SIGNING_KEY, KEY_SIGNING);
    if (code == EXIT_CODE_DONE)
        code = init_check_key(config, EXCHANGE_BOX_KEY, KEY_BOX);
    if (code == EXIT_CODE_DONE)
        code = init_check_key(config, EXCHANGE_FRONT_KEY, KEY_CURVE);
    if (code != EXIT_CODE_DONE)
        return code;
    struct store *store = NULL;
    struct store_txn *txn = NULL;
    struct arena arena;
    Muster__ExchangeState *state = NULL;
    uint64_t size = 0;
    arena_init(&arena, CHECK_ARENA_CAP);
    int status = init_open_store(config, true, &store);
    if (status == STATUS_OK)
        status = store_begin_read(store, &txn);
    if (status == STATUS_OK)
        status = state_exchange(txn, &arena, &state);
    if (status == STATUS_OK)
        status = log_size(txn, &size);
    if (status == STATUS_OK)
        printf("exchange %s\naddress %s\nentries %" PRIu64 "\nconfiguration, keys and store can be used\n", state->genesis->origin,
               config->address, size);
    store_abort(txn);
    store_close(store);
    arena_drop(&arena);
    return status == STATUS_OK ? EXIT_CODE_DONE : init_complain(status, "store", config->directory);
}

/* Where another process has the store: which. */
static void init_name_holder(const struct config *config)
{
    char path[CONFIG_TEXT_MOST];
    if (config_path(config, EXCHANGE_STORE, path) == STATUS_OK)
        fprintf(stderr, "musterd: process %ld has the store open: end its musterd first\n", store_holder(path));
}

int init_rebuild(const struct config *config)
{
    struct store *store = NULL;
    uint8_t before[32];
    uint8_t after[32];
    char text[HASH_TEXT];
    int status = init_open_store(config, false, &store);
    if (status == STATUS_OK)
        status = store_rebuild(store, exchange_apply, NULL, before, after);
    store_close(store);
    if (status == STATUS_BUSY)
        init_name_holder(config);
    if (status != STATUS_OK)
        return init_complain(status, "tables can't be made again", config->directory);
    printf("before %s\n", sodium_bin2hex(text, sizeof text, before, sizeof before));
    printf("after %s\n", sodium_bin2hex(text, sizeof text, after, sizeof after));
    printf("%s\n", memcmp(before, after, sizeof before) == 0 ? "the tables were what the log makes"
                                                             : "the tables were not what the log makes: they are now");
    return EXIT_CODE_DONE;
}

int init_verify(const struct config *config)
{
    struct store *store = NULL;
    struct store_txn *txn = NULL;
    struct arena arena;
    Muster__ExchangeState *state = NULL;
    struct note_key key;
    uint64_t size = 0;
    struct log_span span = {.key = &key};
    uint64_t bad = UINT64_MAX;
    const char *why = NULL;
    arena_init(&arena, CHECK_ARENA_CAP);
    int status = init_open_store(config, true, &store);
    if (status == STATUS_OK)
        status = store_begin_read(store, &txn);
    if (status == STATUS_OK)
        status = state_exchange(txn, &arena, &state);
    if (status == STATUS_OK)
        status = log_size(txn, &size);
    if (status == STATUS_OK && note_vkey_parse(state->genesis->vkey, &key) != STATUS_OK) {
        fputs("musterd: the log's key in the tables is damaged\n", stderr);
        status = STATUS_CORRUPT;
    }
    if (status == STATUS_OK) {
        span.signed_from = state->genesis->previous != NULL ? state->genesis->previous->size : 0;
        status = log_verify_span(txn, &span, &bad, &why);
    }
    store_abort(txn);
    store_close(store);
    arena_drop(&arena);
    if (status == STATUS_OK) {
        printf("entries %" PRIu64 ": every entry, node and head holds\n", size);
        return EXIT_CODE_DONE;
    }
    if (status == STATUS_CORRUPT && why != NULL)
        fprintf(stderr, "musterd: position %" PRIu64 ": %s\n", bad, why);
    return init_complain(status, "the log does not hold", config->directory);
}
