/* SPDX-License-Identifier: EUPL-1.2 */
#include <stdio.h>
#include <string.h>

#include "clients/muster/commands.h"
#include "clients/muster/complain.h"
#include "clients/muster/figures.h"
#include "clients/muster/new_keys.h"
#include "clients/muster/session.h"
#include "proto/new_keys.h"
#include "proto/status.h"

/* A party's own new keys: made here, announced under the keys in force, cancelled under them. */

#define WAIT_MILLISECONDS UINT64_C(86400000) /* until announced keys bind, as the exchange has it */

static ProtobufCBinaryData bytes_of(const uint8_t *bytes, size_t size)
{
    return (ProtobufCBinaryData){.data = (uint8_t *)(uintptr_t)bytes, .len = size};
}

static int own_signing_key(struct context *context, uint8_t public_key[KEYS_PUBLIC_SIZE])
{
    char path[FILES_PATH_MOST];
    bool locked;
    int status = profile_key_path(&context->profile, "signing", path);
    status = status ? status : keys_peek(path, KEY_SIGNING, public_key, &locked);
    return status == STATUS_OK ? EXIT_CODE_DONE : complain_file("read", path);
}

/* The announcement of keys that lie in the folder of the new ones. */
static int announce(struct context *context, const struct identity_keys *keys, struct submission_result *result)
{
    uint8_t old[KEYS_PUBLIC_SIZE], signature[64];
    Muster__Submission submission = MUSTER__SUBMISSION__INIT;
    Muster__KeysChange change = MUSTER__KEYS_CHANGE__INIT;
    Muster__PartyKeys made = MUSTER__PARTY_KEYS__INIT;
    int code = own_signing_key(context, old);
    if (code) {
        return code;
    }
    const struct new_keys_party covered = {old, keys->curve.public_key, keys->box.public_key, keys->signing.public_key, context->profile.exchange_box_key};
    new_keys_sign(&covered, &keys->signing, signature);
    made.signing_key = bytes_of(keys->signing.public_key, KEYS_PUBLIC_SIZE);
    made.box_key = bytes_of(keys->box.public_key, KEYS_PUBLIC_SIZE);
    made.curve_key = bytes_of(keys->curve.public_key, KEYS_PUBLIC_SIZE);
    change.kind = MUSTER__KEYS_CHANGE_KIND__KEYS_ANNOUNCE;
    change.keys = &made;
    change.has_new_signature = 1;
    change.new_signature = bytes_of(signature, sizeof signature);
    submission.keys = &change;
    return session_submit(context, &submission, NULL, result);
}

static int tell_announced(struct context *context, const struct profile *next, const struct submission_result *result)
{
    char whole[FINGERPRINT_TEXT_SIZE], first[FINGERPRINT_HALF_SIZE];
    struct profile own = context->profile;
    uint64_t until = result->answer->time + WAIT_MILLISECONDS;
    context->profile = *next;
    int code = identity_own_fingerprint(context, whole);
    context->profile = own;
    if (code) {
        return code;
    }
    fingerprint_half(whole, false, first);
    if (output_value(&context->output, json_pack("{s:b, s:I, s:s, s:s, s:s}", "accepted", 1, "entry", (json_int_t)result->answer->position, "time",
                                                 figures_instant(result->answer->time).text, "binds", figures_instant(until).text, "read_out", first))) {
        return EXIT_CODE_DONE;
    }
    output_wrap(&context->output, "Accepted %s. Your new keys bind on %s, or as soon as a coordinator confirms them; until then your keys stay as they are.",
                session_accepted(context, result), figures_time(until).text);
    output_say(&context->output, "To have them at once read this to your coordinator: %s\n", first);
    output_wrap(&context->output, "This machine changes to them by itself. To stop it: muster keys cancel");
    return EXIT_CODE_DONE;
}

int keys_new_run(struct context *context, int count, char **words)
{
    struct identity_keys keys = {0};
    struct submission_result result = {0};
    struct profile next;
    bool fresh = true;
    (void)count;
    (void)words;
    int code = session_link(context, false);
    code = code ? code : new_keys_profile(&context->profile, &next);
    if (code) {
        return code;
    }
    /* A command that broke off goes on with the keys that it made. */
    code = identity_make(context, &next, context->profile.role == MUSTER__ROLE__ROLE_SUPPLIER, &keys, &fresh);
    code = code ? code : announce(context, &keys, &result);
    identity_drop(&keys);
    return code || !result.answer ? code : tell_announced(context, &next, &result);
}

int keys_cancel_run(struct context *context, int count, char **words)
{
    Muster__StatusRequest request = MUSTER__STATUS_REQUEST__INIT;
    Muster__Submission submission = MUSTER__SUBMISSION__INIT;
    Muster__KeysChange change = MUSTER__KEYS_CHANGE__INIT;
    struct submission_result result = {0};
    ProtobufCMessage *body = NULL;
    (void)count;
    (void)words;
    int code = session_ask(context, MUSTER__VERB__VERB_STATUS, &request.base, &body);
    if (code) {
        return code;
    }
    const Muster__PartyRecord *self = ((const Muster__StatusAnswer *)body)->self;
    if (!self->pending || !self->pending->keys) {
        return complain(EXIT_CODE_INPUT, "no new keys of %s wait. Nothing changed.", context->profile.party);
    }
    change.kind = MUSTER__KEYS_CHANGE_KIND__KEYS_CANCEL;
    change.has_cancels = 1;
    change.cancels = self->pending->keys->signing_key;
    submission.keys = &change;
    code = session_submit(context, &submission, NULL, &result);
    if (!code && result.answer && new_keys_wait(&context->profile)) {
        code = new_keys_drop(context);
    }
    if (code || !result.answer) {
        return code;
    }
    if (!output_value(&context->output, json_pack("{s:b, s:I, s:s}", "accepted", 1, "entry", (json_int_t)result.answer->position, "time",
                                                  figures_instant(result.answer->time).text))) {
        output_wrap(&context->output, "Accepted %s. The new keys are void; yours stay as they are. If you did not begin them, tell your coordinator by telephone.",
                    session_accepted(context, &result));
    }
    return EXIT_CODE_DONE;
}
