/* SPDX-License-Identifier: EUPL-1.2 */
#include "clients/muster/identity.h"

#include <stdio.h>
#include <string.h>

#include "clients/muster/complain.h"
#include "proto/seam.h"
#include "proto/status.h"

/* Reads a key that is there, or makes and writes it. */
static int make_or_read(const struct profile *profile, enum key_kind kind, const char *name, struct key_pair *pair)
{
    char path[FILES_PATH_MOST];
    int status = profile_key_path(profile, name, path);
    if (status == STATUS_OK && files_exist(path)) {
        return keys_read(path, kind, NULL, pair);
    }
    status = status ? status : keys_generate(kind, &seam_random_system, pair);
    return status ? status : keys_write(path, pair, NULL, &seam_random_system, false);
}

static int strength_of(const struct context *context, enum keys_strength *strength)
{
    const char *name = context->value[OPTION_STRENGTH];
    *strength = KEYS_MODERATE;
    if (name && strcmp(name, "interactive") == 0) {
        *strength = KEYS_INTERACTIVE;
    } else if (name && strcmp(name, "moderate") != 0) {
        return complain(EXIT_CODE_USAGE, "--strength: found %s, expected moderate or interactive. Nothing changed.", name);
    }
    return EXIT_CODE_DONE;
}

/* The new passphrase. *none: the person wants none. */
static int ask_passphrase(struct context *context, bool optional, struct keys_passphrase *passphrase, bool *none)
{
    int code = strength_of(context, &passphrase->strength);
    *none = false;
    if (code) {
        return code;
    }
    if (context->value[OPTION_NO_PASSPHRASE]) {
        if (!optional) {
            return complain(EXIT_CODE_NOT_ALLOWED, "only a supplier may go without a passphrase. Nothing changed.");
        }
        *none = true;
        return EXIT_CODE_DONE;
    }
    const char *prompt = optional ? "A passphrase for your signing key, 8 bytes or more (empty: none)" : "A passphrase for your signing key, 8 bytes or more";
    int status = passphrase_get(&context->passphrase, prompt, true, optional, passphrase);
    switch (status) {
    case STATUS_OK:
        return EXIT_CODE_DONE;
    case STATUS_NOT_FOUND:
        *none = true;
        return EXIT_CODE_DONE;
    case STATUS_INVALID:
        return context->passphrase.fd >= 0 ? complain(EXIT_CODE_INPUT, "the passphrase is shorter than %u bytes. Nothing changed.", KEYS_PASSPHRASE_LEAST)
                                           : complain(EXIT_CODE_INPUT, "the two differ, or it is shorter than %u bytes. Nothing changed.", KEYS_PASSPHRASE_LEAST);
    case STATUS_CANCELLED:
        return complain(EXIT_CODE_INTERRUPTED, "no passphrase was given. Nothing changed.");
    case STATUS_NO_MEMORY:
        return complain_memory();
    default:
        return complain(EXIT_CODE_USAGE, "there is no terminal to ask for a passphrase. Nothing changed.\nGive it as one line: --passphrase-fd 3 3< FILE%s",
                        optional ? ". Or: --no-passphrase" : "");
    }
}

static int make_signing(struct context *context, const char *path, bool optional, struct key_pair *pair)
{
    struct keys_passphrase passphrase = {0};
    bool none = false;
    int code = ask_passphrase(context, optional, &passphrase, &none);
    if (code) {
        return code;
    }
    int status = keys_generate(KEY_SIGNING, &seam_random_system, pair);
    status = status ? status : keys_write(path, pair, none ? NULL : &passphrase, &seam_random_system, false);
    passphrase_wipe(&passphrase);
    if (status == STATUS_INVALID) {
        return complain(EXIT_CODE_INPUT, "a passphrase has %u to %u bytes. Nothing changed.", KEYS_PASSPHRASE_LEAST, KEYS_PASSPHRASE_MOST);
    }
    return status == STATUS_OK ? EXIT_CODE_DONE : complain_file("write", path);
}

/* Keys of a join that broke off: the signing key is opened again. */
static int read_signing(struct context *context, const char *path, struct key_pair *pair)
{
    struct keys_passphrase passphrase = {0};
    uint8_t public_key[KEYS_PUBLIC_SIZE];
    bool locked = false;
    int status = keys_peek(path, KEY_SIGNING, public_key, &locked);
    if (status == STATUS_OK && locked) {
        status = passphrase_get(&context->passphrase, "The passphrase of your signing key", false, false, &passphrase);
    }
    status = status ? status : keys_read(path, KEY_SIGNING, locked ? &passphrase : NULL, pair);
    passphrase_wipe(&passphrase);
    if (status == STATUS_FORGED) {
        return complain(EXIT_CODE_NOT_ALLOWED, "that is not the passphrase of the key made before. Nothing was sent.\nTo begin anew remove %s and ask for a new invitation.", path);
    }
    return status == STATUS_OK ? EXIT_CODE_DONE : complain_file("read", path);
}

int identity_make(struct context *context, const struct profile *profile, bool optional, struct identity_keys *keys, bool *fresh)
{
    char path[FILES_PATH_MOST], folder[FILES_PATH_MOST];
    *keys = (struct identity_keys){0};
    int status = files_path(folder, profile->data, "keys", NULL);
    status = status ? status : files_make_folder(folder);
    status = status ? status : profile_key_path(profile, "signing", path);
    if (status != STATUS_OK) {
        return complain_file("make the folder", profile->data);
    }
    *fresh = !files_exist(path);
    int code = *fresh ? make_signing(context, path, optional, &keys->signing) : read_signing(context, path, &keys->signing);
    if (code) {
        identity_drop(keys);
        return code;
    }
    status = make_or_read(profile, KEY_BOX, "box", &keys->box);
    status = status ? status : make_or_read(profile, KEY_CURVE, "curve", &keys->curve);
    if (status != STATUS_OK) {
        identity_drop(keys);
        return status == STATUS_NO_MEMORY ? complain_memory() : complain_file("write", folder);
    }
    return EXIT_CODE_DONE;
}

void identity_drop(struct identity_keys *keys)
{
    keys_drop(&keys->signing);
    keys_drop(&keys->box);
    keys_drop(&keys->curve);
}

int identity_fingerprint(const struct profile *profile, const char *party, const Muster__PartyKeys *keys, char text[FINGERPRINT_TEXT_SIZE])
{
    if (keys->signing_key.len != KEYS_PUBLIC_SIZE || keys->box_key.len != KEYS_PUBLIC_SIZE || keys->curve_key.len != KEYS_PUBLIC_SIZE) {
        return STATUS_INVALID;
    }
    const struct fingerprint_input input = {.party = party,
                                            .signing_key = keys->signing_key.data,
                                            .box_key = keys->box_key.data,
                                            .curve_key = keys->curve_key.data,
                                            .exchange_signing_key = profile->exchange_signing_key,
                                            .exchange_box_key = profile->exchange_box_key,
                                            .vkey = profile->vkey};
    return fingerprint_make(&input, text);
}

int identity_own_fingerprint(struct context *context, char text[FINGERPRINT_TEXT_SIZE])
{
    static const struct {
        const char *name;
        enum key_kind kind;
    } own[3] = {{"signing", KEY_SIGNING}, {"box", KEY_BOX}, {"curve", KEY_CURVE}};
    uint8_t public_keys[3][KEYS_PUBLIC_SIZE];
    char path[FILES_PATH_MOST];
    for (int i = 0; i < 3; i++) {
        bool locked;
        int status = profile_key_path(&context->profile, own[i].name, path);
        status = status ? status : keys_peek(path, own[i].kind, public_keys[i], &locked);
        if (status != STATUS_OK) {
            return complain(EXIT_CODE_IO, "the key %s can't be read. Nothing changed.", path);
        }
    }
    Muster__PartyKeys keys = MUSTER__PARTY_KEYS__INIT;
    keys.signing_key = (ProtobufCBinaryData){.data = public_keys[0], .len = KEYS_PUBLIC_SIZE};
    keys.box_key = (ProtobufCBinaryData){.data = public_keys[1], .len = KEYS_PUBLIC_SIZE};
    keys.curve_key = (ProtobufCBinaryData){.data = public_keys[2], .len = KEYS_PUBLIC_SIZE};
    return identity_fingerprint(&context->profile, context->profile.party, &keys, text) == STATUS_OK ? EXIT_CODE_DONE
                                                                                                     : complain(EXIT_CODE_INTERNAL, "no fingerprint can be made.");
}
