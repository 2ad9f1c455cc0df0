/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/init.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "broker/clock_file.h"
#include "broker/exchange.h"
#include "broker/init_backup.h"
#include "broker/init_folder.h"
#include "proto/introduction.h"
#include "proto/status.h"
#include "store/store.h"

#define CONFIG_FILE "musterd.conf"
#define PUBLIC_FILE "exchange.pub"
#define RECOVERY_FILE "recovery.key"

int init_complain(int status, const char *what, const char *subject)
{
    fprintf(stderr, "musterd: %s: %s: %s\n", subject, what, status_name(status));
    if (status == STATUS_STALE)
        fputs("musterd: its tables are an older version's, or damaged: a start or musterd --rebuild makes them again from the log\n", stderr);
    switch (status) {
    case STATUS_INVALID:
    case STATUS_EXISTS:
    case STATUS_NOT_FOUND:
    case STATUS_TOO_LARGE:
        return EXIT_CODE_INPUT;
    case STATUS_DENIED:
        return EXIT_CODE_NOT_ALLOWED;
    case STATUS_BUSY:
    case STATUS_STALE:
    case STATUS_NO_SPACE:
        return EXIT_CODE_TRY_AGAIN;
    case STATUS_IO:
    case STATUS_CORRUPT:
    case STATUS_NEWER:
        return EXIT_CODE_IO;
    default:
        return EXIT_CODE_INTERNAL;
    }
}

static int init_path(const char *directory, const char *name, char path[CONFIG_TEXT_MOST])
{
    int length = snprintf(path, CONFIG_TEXT_MOST, "%s/%s", directory, name);
    return length < 0 || (size_t)length >= CONFIG_TEXT_MOST ? STATUS_TOO_LARGE : STATUS_OK;
}

/* The four key pairs; their files, and the public halves for exchange.pub. */
static int init_make_keys(const char *directory, struct introduction_exchange *exchange, uint8_t log_key[32])
{
    static const struct {
        const char *file;
        enum key_kind kind;
    } rows[] = {{EXCHANGE_LOG_KEY, KEY_LOG}, {EXCHANGE_SIGNING_KEY, KEY_SIGNING}, {EXCHANGE_BOX_KEY, KEY_BOX}, {EXCHANGE_FRONT_KEY, KEY_CURVE}};
    uint8_t *public_keys[] = {log_key, exchange->signing_key, exchange->box_key, exchange->front_key};
    int status = STATUS_OK;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0] && status == STATUS_OK; i++) {
        struct key_pair pair = {0};
        char path[CONFIG_TEXT_MOST];
        status = init_path(directory, rows[i].file, path);
        if (status == STATUS_OK)
            status = keys_generate(rows[i].kind, &seam_random_system, &pair);
        if (status == STATUS_OK)
            status = keys_write(path, &pair, NULL, &seam_random_system, false);
        memcpy(public_keys[i], pair.public_key, 32);
        keys_drop(&pair);
    }
    return status;
}

static int init_write_config(const struct init_options *options)
{
    char text[4 * CONFIG_TEXT_MOST];
    char path[CONFIG_TEXT_MOST];
    int length = snprintf(text, sizeof text,
                          "# musterd.conf(5) has every key; what is absent has its default.\n"
                          "[store]\n"
                          "directory = .\n"
                          "\n"
                          "[front]\n"
                          "address = %s\n",
                          options->address);
    if (options->test_clock != NULL && length > 0 && (size_t)length < sizeof text)
        length += snprintf(text + length, sizeof text - (size_t)length, "\n[test]\nclock = %s\nallow_test_clock = yes\n", options->test_clock);
    if (length < 0 || (size_t)length >= sizeof text)
        return STATUS_TOO_LARGE;
    char problem[512];
    struct config config;
    if (config_parse(text, "", &config, problem, sizeof problem) != STATUS_OK) {
        fprintf(stderr, "musterd: %s\n", problem);
        return STATUS_INVALID;
    }
    int status = init_path(options->directory, CONFIG_FILE, path);
    return status == STATUS_OK ? init_folder_write(path, text, (size_t)length, 0644) : status;
}

static int init_write_public(const char *directory, const struct introduction_exchange *exchange)
{
    char text[INTRODUCTION_SIZE];
    char path[CONFIG_TEXT_MOST];
    int status = introduction_write_exchange(exchange, text);
    if (status == STATUS_OK)
        status = init_path(directory, PUBLIC_FILE, path);
    return status == STATUS_OK ? init_folder_write(path, text, strlen(text), 0644) : status;
}

/* Everything but the folder: keys, genesis, configuration, public file. origin may be a new one's room (restore). */
static int init_furnish(const struct init_options *options, const struct introduction_coordinator *coordinator,
                        int (*name)(const char *old, const uint8_t log_key[32], char origin[NOTE_NAME_MOST + 1]), const char *origin)
{
    struct introduction_exchange public_file = {0};
    struct clock_file clock_file;
    struct seam_clock clock = seam_clock_system;
    uint8_t log_key[32];
    char named[NOTE_NAME_MOST + 1];
    snprintf(public_file.address, sizeof public_file.address, "%s", options->address);
    int status = strlen(options->address) > INTRODUCTION_TEXT_MOST ? STATUS_TOO_LARGE : init_write_config(options);
    if (status != STATUS_OK)
        return init_complain(status, "configuration", options->address);
    status = init_make_keys(options->directory, &public_file, log_key);
    if (status != STATUS_OK)
        return init_complain(status, "keys", options->directory);
    status = name(origin, log_key, named);
    if (status == STATUS_OK)
        status = note_key_make(named, log_key, &public_file.log_key);
    if (status != STATUS_OK)
        return init_complain(status, "not a name for a log", origin);
    if (options->test_clock != NULL && strncmp(options->test_clock, "file:", 5) == 0)
        status = clock_file_open(options->test_clock + 5, &clock_file, &clock);
    if (status != STATUS_OK)
        return init_complain(status, "clock", options->test_clock);
    struct exchange_options open = {.directory = options->directory, .floor = STORE_FLOOR_DEFAULT, .clock = &clock, .random = &seam_random_system};
    struct exchange_founding founding = {.origin = named, .address = options->address, .coordinator = coordinator};
    memcpy(founding.front_key, public_file.front_key, 32);
    status = exchange_found(&open, &founding);
    if (status == STATUS_OK)
        status = init_write_public(options->directory, &public_file);
    if (status != STATUS_OK)
        return init_complain(status, "store", options->directory);
    char vkey[NOTE_VKEY_SIZE];
    note_vkey_write(&public_file.log_key, vkey);
    printf("exchange %s\nvkey %s\nstart it with: musterd -c %s/" CONFIG_FILE "\n", named, vkey, options->directory);
    return EXIT_CODE_DONE;
}

static int init_keep_name(const char *old, const uint8_t log_key[32], char origin[NOTE_NAME_MOST + 1])
{
    (void)log_key;
    int length = snprintf(origin, NOTE_NAME_MOST + 1, "%s", old);
    return length < 0 || length > (int)NOTE_NAME_MOST ? STATUS_INVALID : STATUS_OK;
}

/* A restored exchange: the old name, "/r-" and 8 hex digits of its new log key's hash. */
static int init_new_name(const char *old, const uint8_t log_key[32], char origin[NOTE_NAME_MOST + 1])
{
    uint8_t hash[crypto_hash_sha256_BYTES];
    char hex[9];
    crypto_hash_sha256(hash, log_key, 32);
    sodium_bin2hex(hex, sizeof hex, hash, 4);
    int length = snprintf(origin, NOTE_NAME_MOST + 1, "%s/r-%s", old, hex);
    return length < 0 || length > (int)NOTE_NAME_MOST ? STATUS_INVALID : STATUS_OK;
}

/* The key that backups are sealed to: where it is to go, else in the new folder, from which it is to be moved. */
static int init_make_recovery(const struct init_options *options)
{
    char path[CONFIG_TEXT_MOST];
    int status = init_path(options->directory, RECOVERY_FILE, path);
    return status == STATUS_OK ? backup_make_key(options->directory, options->recovery != NULL ? options->recovery : path) : init_complain(status, "name", options->directory);
}

int init_create(const struct init_options *options)
{
    struct introduction_coordinator coordinator;
    char text[INTRODUCTION_SIZE];
    size_t length = 0;
    int status = init_folder_read(options->coordinator, text, sizeof text, &length);
    if (status == STATUS_OK)
        status = introduction_read_coordinator(text, length, &coordinator);
    if (status != STATUS_OK)
        return init_complain(status, "no file of a coordinator's public keys", options->coordinator);
    bool made = false;
    status = init_folder_make(options->directory, &made);
    if (status != STATUS_OK)
        return init_complain(status, "needs a new or empty folder", options->directory);
    int code = init_make_recovery(options);
    bool keyed = code == EXIT_CODE_DONE;
    if (keyed)
        code = init_furnish(options, &coordinator, init_keep_name, options->origin);
    if (code != EXIT_CODE_DONE)
        init_folder_remove(options->directory, made);
    if (code != EXIT_CODE_DONE && keyed && options->recovery != NULL)
        unlink(options->recovery);
    return code;
}

/* Fills the new folder; where it fails the caller takes it back. */
static int init_bring_back(const char *backup, const struct init_options *options)
{
    char store_path[CONFIG_TEXT_MOST];
    char origin[NOTE_NAME_MOST + 1];
    int code = EXIT_CODE_DONE;
    int status = init_path(options->directory, EXCHANGE_STORE, store_path);
    if (status == STATUS_OK)
        code = backup_bring_back(backup, options->recovery, options->directory, store_path);
    if (status == STATUS_OK && code != EXIT_CODE_DONE)
        return code;
    if (status == STATUS_OK)
        status = init_folder_origin(store_path, origin);
    if (status != STATUS_OK)
        return init_complain(status, "store", store_path);
    return init_furnish(options, NULL, init_new_name, origin);
}

int init_restore(const char *backup, const struct init_options *options)
{
    bool made = false;
    int status = init_folder_make(options->directory, &made);
    if (status != STATUS_OK)
        return init_complain(status, "needs a new or empty folder", options->directory);
    int code = init_bring_back(backup, options);
    if (code != EXIT_CODE_DONE)
        init_folder_remove(options->directory, made);
    return code;
}
