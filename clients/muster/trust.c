/* SPDX-License-Identifier: EUPL-1.2 */
#include "clients/muster/trust.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "clients/link/outbox.h"
#include "clients/link/passphrase.h"
#include "clients/muster/commands.h"
#include "clients/muster/complain.h"
#include "clients/muster/session.h"
#include "proto/introduction.h"
#include "proto/lines.h"
#include "proto/new_keys.h"
#include "proto/status.h"

#define OLD_KEYS "vkeys"      /* in the configuration folder: log keys trusted before, one a line, the newest last */
#define OLD_KEYS_MOST 65536u  /* bytes */
#define FILE_MOST (NEW_KEYS_BLOCKS_MOST * NEW_KEYS_BLOCK_MOST)
#define HEAD_FILE "head"

/* --- log keys that were trusted before ------------------------------------------------------------------------------ */

static int read_old_keys(const struct profile *profile, struct arena *arena, char **text, size_t *length)
{
    char path[FILES_PATH_MOST];
    uint8_t *bytes = NULL;
    int status = files_path(path, profile->config, OLD_KEYS, NULL);
    status = status ? status : files_read(path, OLD_KEYS_MOST, arena, &bytes, length);
    *text = (char *)bytes;
    if (status == STATUS_NOT_FOUND) {
        *text = arena_string(arena, "");
        *length = 0;
        status = *text ? STATUS_OK : STATUS_NO_MEMORY;
    }
    return status;
}

static int keep_old_key(const struct profile *profile, struct arena *arena)
{
    char path[FILES_PATH_MOST], *text = NULL;
    size_t length = 0;
    int status = read_old_keys(profile, arena, &text, &length);
    status = status ? status : files_path(path, profile->config, OLD_KEYS, NULL);
    if (status != STATUS_OK) {
        return status;
    }
    const char *more = arena_format(arena, "%s%s\n", text, profile->vkey);
    return more ? files_write(path, more, strlen(more), 0600, true) : STATUS_NO_MEMORY;
}

int trust_verify_receipt(const struct profile *profile, const char *text, size_t length, const uint8_t *envelope, size_t size, struct arena *arena,
                         struct receipt *receipt, const char **why)
{
    char *old = NULL, vkey[NOTE_VKEY_SIZE];
    size_t old_length = 0;
    int status = receipt_verify(text, length, envelope, size, &profile->log_key, receipt, why);
    if (status == STATUS_OK || status == STATUS_NO_MEMORY || status == STATUS_IO || read_old_keys(profile, arena, &old, &old_length) != STATUS_OK) {
        return status;
    }
    struct lines lines = {old, old_length};
    struct line line;
    struct note_key key;
    struct receipt other;
    const char *unused = NULL;
    while (lines_next(&lines, &line)) {
        if (line.length >= sizeof vkey) {
            continue;
        }
        memcpy(vkey, line.text, line.length);
        vkey[line.length] = '\0';
        if (note_vkey_parse(vkey, &key) == STATUS_OK && receipt_verify(text, length, envelope, size, &key, &other, &unused) == STATUS_OK) {
            *receipt = other;
            return STATUS_OK;
        }
    }
    return status;
}

/* --- new keys of the exchange ----------------------------------------------------------------------------------------- */

static int tell(struct context *context, const char *what, const char *next)
{
    if (!output_value(&context->output, json_pack("{s:b, s:s, s:s}", "trusted", 1, "origin", context->profile.log_key.name, "vkey", context->profile.vkey))) {
        output_wrap(&context->output, "%s", what);
        output_wrap(&context->output, "%s", next);
    }
    return EXIT_CODE_DONE;
}

/* Follows the blocks from the keys that the profile has; each must be signed by the log key and by the keys before it. */
static int follow(struct context *context, const struct new_keys_exchange *list, size_t count)
{
    struct profile *profile = &context->profile;
    size_t taken = 0;
    bool newest = false;
    for (size_t i = 0; i < count; i++) {
        const struct new_keys_exchange *keys = &list[i];
        newest = memcmp(keys->signing_key, profile->exchange_signing_key, 32) == 0;
        if (memcmp(keys->old_signing_key, profile->exchange_signing_key, 32) != 0) {
            continue;
        }
        if (strcmp(keys->origin, profile->log_key.name) != 0 || new_keys_exchange_verify(keys, profile->log_key.public_key) != STATUS_OK) {
            return complain(EXIT_CODE_NOT_ALLOWED, "these keys are not signed by the log key and the signing key of your exchange. Nothing changed.\nTell your coordinator and your security officer.");
        }
        memcpy(profile->exchange_signing_key, keys->signing_key, 32);
        memcpy(profile->exchange_box_key, keys->box_key, 32);
        memcpy(profile->front_key, keys->front_key, 32);
        taken++;
    }
    if (!taken && newest) {
        return tell(context, "Nothing to do: you have these keys already.", "Next: muster status");
    }
    if (!taken) {
        return complain(EXIT_CODE_INPUT, "this file does not go on from the keys that you trust. Nothing changed.\nAsk for the whole exchange.keys of %s.", profile->log_key.name);
    }
    if (profile_save(profile) != STATUS_OK) {
        return complain_file("write", profile->config);
    }
    return tell(context, "The new keys are signed by the log key and the old key of your exchange: trusted.", "Next: muster status");
}

/* --- an exchange that was brought back ---------------------------------------------------------------------------------- */

/* A restored log's name: the old one, "/r-" and 8 hex digits of its key's hash. */
static bool goes_on_from(const struct profile *profile, const struct note_key *log_key)
{
    uint8_t hash[crypto_hash_sha256_BYTES];
    char hex[9], name[NOTE_NAME_MOST + 16];
    crypto_hash_sha256(hash, log_key->public_key, 32);
    sodium_bin2hex(hex, sizeof hex, hash, 4);
    snprintf(name, sizeof name, "%s/r-%s", profile->log_key.name, hex);
    return strcmp(name, log_key->name) == 0;
}

/* The head of the old log says nothing of the new one; what lies in the outbox was signed for the old. */
static int leave_old_log(struct context *context)
{
    char from[FILES_PATH_MOST], to[FILES_PATH_MOST], name[64];
    struct outbox_entry *entries = NULL;
    size_t count = 0;
    const struct profile *profile = &context->profile;
    char hex[9];
    sodium_bin2hex(hex, sizeof hex, profile->log_key.public_key, 4);
    snprintf(name, sizeof name, HEAD_FILE "-of-%s", hex);
    if (keep_old_key(profile, &context->arena) != STATUS_OK || files_path(from, profile->state, HEAD_FILE, NULL) != STATUS_OK ||
        files_path(to, profile->data, name, NULL) != STATUS_OK || (files_exist(from) && rename(from, to) != 0)) {
        return complain_file("write", profile->state);
    }
    int status = outbox_list(profile, &context->arena, &entries, &count);
    for (size_t i = 0; status == STATUS_OK && i < count; i++) {
        if (entries[i].submission) {
            status = outbox_expire(profile, entries[i].submission->id.data);
        }
    }
    return status == STATUS_OK ? EXIT_CODE_DONE : complain_file("write", profile->state);
}

static int ask_vkey(const char *given, const char *expected)
{
    char typed[NOTE_VKEY_SIZE + 2] = "";
    if (!given) {
        int status = passphrase_ask("The exchange's new log key, as your coordinator gives it to you", true, typed, sizeof typed);
        if (status == STATUS_IO) {
            return complain(EXIT_CODE_USAGE, "the new log key is needed, as your coordinator gives it to you by another channel. Nothing changed.\nmuster trust FILE VKEY");
        }
        if (status != STATUS_OK) {
            return complain(EXIT_CODE_INPUT, "nothing was typed in. Nothing changed.");
        }
        given = typed;
    }
    return strcmp(given, expected) == 0 ? EXIT_CODE_DONE
                                        : complain(EXIT_CODE_INPUT, "that is not the log key of this file. Nothing changed.\nAsk for it again; if it still differs, the file is not your exchange's: tell your coordinator.");
}

static int trust_restored(struct context *context, const struct introduction_exchange *exchange, const char *vkey_given)
{
    struct profile *profile = &context->profile;
    char vkey[NOTE_VKEY_SIZE];
    note_vkey_write(&exchange->log_key, vkey);
    if (strcmp(vkey, profile->vkey) == 0) {
        bool same = memcmp(exchange->signing_key, profile->exchange_signing_key, 32) == 0 && memcmp(exchange->box_key, profile->exchange_box_key, 32) == 0 &&
                    memcmp(exchange->front_key, profile->front_key, 32) == 0;
        return same ? tell(context, "Nothing to do: you have these keys already.", "Next: muster status")
                    : complain(EXIT_CODE_INPUT, "new keys of your exchange come with signatures. Nothing changed.\nAsk its operator for the file exchange.keys.");
    }
    if (!goes_on_from(profile, &exchange->log_key)) {
        return complain(EXIT_CODE_INPUT, "%s is not your exchange %s brought back, but another one. Nothing changed.\nWith an invitation: muster join --as NAME", exchange->log_key.name,
                        profile->log_key.name);
    }
    int code = ask_vkey(vkey_given, vkey);
    code = code ? code : leave_old_log(context);
    if (code) {
        return code;
    }
    snprintf(profile->address, sizeof profile->address, "%s", exchange->address);
    snprintf(profile->vkey, sizeof profile->vkey, "%s", vkey);
    profile->log_key = exchange->log_key;
    memcpy(profile->exchange_signing_key, exchange->signing_key, 32);
    memcpy(profile->exchange_box_key, exchange->box_key, 32);
    memcpy(profile->front_key, exchange->front_key, 32);
    bool coordinator = profile->role == MUSTER__ROLE__ROLE_COORDINATOR;
    profile->compared = coordinator;
    if (profile_save(profile) != STATUS_OK) {
        return complain_file("write", profile->config);
    }
    return tell(context, "You now trust the exchange as it was brought back. What lay in your outbox is signed anew when you send it.",
                coordinator ? "Next: confirm each party once more (muster party list), and compare what you know of the last entries."
                            : "Compare your fingerprint with the coordinator once more: muster fingerprint");
}

int trust_run(struct context *context, int count, char **words)
{
    struct new_keys_exchange *list = NULL;
    struct introduction_exchange exchange;
    uint8_t *text = NULL;
    size_t length = 0, blocks = 0;
    int code = session_profile(context);
    if (code) {
        return code;
    }
    int status = files_read(words[0], FILE_MOST, &context->arena, &text, &length);
    list = arena_array(&context->arena, NEW_KEYS_BLOCKS_MOST, sizeof *list);
    if (status == STATUS_NOT_FOUND) {
        return complain(EXIT_CODE_INPUT, "there is no file %s. Nothing changed.", words[0]);
    }
    if (status != STATUS_OK && status != STATUS_TOO_LARGE) {
        return status == STATUS_NO_MEMORY ? complain_memory() : complain_file("read", words[0]);
    }
    if (!list) {
        return complain_memory();
    }
    if (status == STATUS_OK && new_keys_exchange_read((const char *)text, length, list, NEW_KEYS_BLOCKS_MOST, &blocks) == STATUS_OK) {
        return follow(context, list, blocks);
    }
    if (status == STATUS_OK && introduction_read_exchange((const char *)text, length, &exchange) == STATUS_OK) {
        return trust_restored(context, &exchange, count > 1 ? words[1] : NULL);
    }
    return complain(EXIT_CODE_INPUT, "%s is neither an exchange.keys nor an exchange.pub. Nothing changed.", words[0]);
}
