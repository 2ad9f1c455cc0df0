/* SPDX-License-Identifier: EUPL-1.2 */
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "clients/link/clock.h"
#include "clients/muster/commands.h"
#include "clients/muster/complain.h"
#include "clients/muster/figures.h"
#include "clients/muster/identity.h"
#include "clients/muster/progress.h"
#include "clients/muster/session.h"
#include "proto/envelope.h"
#include "proto/invitation.h"
#include "proto/status.h"
#include "proto/verbs.h"

/*
 * Coming in: an invitation read, keys made, a join sent under its one-time keys, the fingerprint shown and compared. The join's envelope
 * is kept with the keys, so that a join whose answer was lost is sent again as the same bytes and gets the same receipt.
 */

#define JOIN_FILE "join"
#define DEFAULT_MARKING "NATO UNCLASSIFIED"
#define DEFAULT_MARKED_BY "NATO"

struct joining {
    struct context *context;
    Muster__Invitation *invitation;
    struct invitation_keys one_time;
    struct identity_keys keys;
    struct profile profile;
    uint8_t *envelope;
    size_t envelope_size;
};

/* The line, from where it was said to be. */
static int read_line(struct context *context, char **line)
{
    const char *file = context->value[OPTION_FILE];
    if (file) {
        uint8_t *bytes;
        size_t size;
        int status = files_read(file, INVITATION_MOST, &context->arena, &bytes, &size);
        if (status == STATUS_OK && memchr(bytes, 0, size)) {
            status = STATUS_INVALID;
        }
        *line = (char *)bytes;
        switch (status) {
        case STATUS_OK:
            return EXIT_CODE_DONE;
        case STATUS_NOT_FOUND:
            return complain(EXIT_CODE_INPUT, "there is no file %s. Nothing was sent.", file);
        case STATUS_TOO_LARGE:
        case STATUS_INVALID:
            return complain(EXIT_CODE_INPUT, "%s holds no invitation: one line that begins with muster1: is expected. Nothing was sent.", file);
        default:
            return status == STATUS_NO_MEMORY ? complain_memory() : complain_file("read", file);
        }
    }
    char *typed = arena_alloc(&context->arena, INVITATION_MOST);
    if (!typed) {
        return complain_memory();
    }
    int status = passphrase_ask("Paste the invitation, one line that begins with muster1", true, typed, INVITATION_MOST);
    if (status != STATUS_OK) {
        return complain(status == STATUS_IO ? EXIT_CODE_USAGE : EXIT_CODE_INPUT,
                        status == STATUS_IO ? "there is no terminal to paste the invitation at. Nothing was sent.\nGive its file: muster join --file invitation.txt" : "no invitation was pasted. Nothing was sent.");
    }
    *line = typed;
    return EXIT_CODE_DONE;
}

static int read_invitation(struct joining *joining)
{
    struct context *context = joining->context;
    char *line = NULL;
    int code = read_line(context, &line);
    if (code) {
        return code;
    }
    switch (invitation_decode(line, &context->arena, &joining->invitation)) {
    case STATUS_OK:
        break;
    case STATUS_FORGED:
        return complain(EXIT_CODE_INPUT, "the invitation lost or changed a character on its way. Nothing was sent.\nCopy the whole line again, or ask for a new one.");
    case STATUS_NO_MEMORY:
        return complain_memory();
    default:
        return complain(EXIT_CODE_INPUT, "this is no invitation: one line that begins with muster1: is expected. Nothing was sent.");
    }
    uint64_t now = clock_client()->wall(clock_client()->data);
    if (joining->invitation->expiry <= now) {
        return complain(EXIT_CODE_INPUT, "the invitation expired on %s; by this machine's clock it is %s. Nothing was sent.\nAsk your coordinator for a new line; it runs: muster party invite %s",
                        figures_time(joining->invitation->expiry).text, figures_time(now).text, joining->invitation->party);
    }
    return invitation_keys_make(joining->invitation->seed.data, &joining->one_time) == STATUS_OK ? EXIT_CODE_DONE : complain_memory();
}

/* What the invitation says, as the profile keeps it. */
static int fill_profile(struct joining *joining)
{
    struct context *context = joining->context;
    const Muster__Invitation *invitation = joining->invitation;
    struct profile *profile = &joining->profile;
    const char *name = context->value[OPTION_AS] ? context->value[OPTION_AS] : invitation->party;
    int status = profile_name(name, profile);
    if (status == STATUS_EXISTS) {
        return complain(EXIT_CODE_INPUT, "%s has joined an exchange already. Nothing was sent.\nKeep both: muster join --as NAME", name);
    }
    if (status != STATUS_OK) {
        return complain(EXIT_CODE_USAGE, "'%s' is no form of a profile's name, or there is no home folder. Nothing was sent.", name);
    }
    memcpy(profile->exchange_signing_key, invitation->exchange_signing_key.data, 32);
    memcpy(profile->exchange_box_key, invitation->exchange_box_key.data, 32);
    memcpy(profile->front_key, invitation->front_curve_key.data, 32);
    profile->role = invitation->role;
    bool fits = snprintf(profile->address, sizeof profile->address, "%s", invitation->address) < (int)sizeof profile->address;
    fits = fits && snprintf(profile->vkey, sizeof profile->vkey, "%s", invitation->vkey) < (int)sizeof profile->vkey;
    fits = fits && snprintf(profile->party, sizeof profile->party, "%s", invitation->party) < (int)sizeof profile->party;
    snprintf(profile->marking, sizeof profile->marking, "%s", context->value[OPTION_MARKING] ? context->value[OPTION_MARKING] : DEFAULT_MARKING);
    snprintf(profile->marked_by, sizeof profile->marked_by, "%s", context->value[OPTION_MARKED_BY] ? context->value[OPTION_MARKED_BY] : DEFAULT_MARKED_BY);
    if (!fits || note_vkey_parse(profile->vkey, &profile->log_key) != STATUS_OK) {
        return complain(EXIT_CODE_INPUT, "the invitation names an address or log that is none. Nothing was sent.");
    }
    return EXIT_CODE_DONE;
}

static ProtobufCBinaryData bytes_of(const uint8_t *bytes, size_t size)
{
    return (ProtobufCBinaryData){.data = (uint8_t *)(uintptr_t)bytes, .len = size};
}

/* The join's envelope: signed by the one-time key, naming the three new ones. */
static int make_envelope(struct joining *joining)
{
    const struct profile *profile = &joining->profile;
    uint8_t id[ENVELOPE_ID_SIZE], one_time_signature[64], new_signature[64];
    Muster__Submission submission = MUSTER__SUBMISSION__INIT;
    Muster__Join join = MUSTER__JOIN__INIT;
    Muster__PartyKeys keys = MUSTER__PARTY_KEYS__INIT;
    Muster__Head head = MUSTER__HEAD__INIT;
    const struct join_keys covered = {.one_time_signing_key = joining->one_time.signing.public_key,
                                      .curve_key = joining->keys.curve.public_key,
                                      .box_key = joining->keys.box.public_key,
                                      .signing_key = joining->keys.signing.public_key,
                                      .exchange_box_key = profile->exchange_box_key};
    join_sign(&covered, &joining->one_time.signing, one_time_signature);
    join_sign(&covered, &joining->keys.signing, new_signature);
    seam_random_system.fill(seam_random_system.data, id, sizeof id);
    keys.signing_key = bytes_of(joining->keys.signing.public_key, 32);
    keys.box_key = bytes_of(joining->keys.box.public_key, 32);
    keys.curve_key = bytes_of(joining->keys.curve.public_key, 32);
    join.one_time_signing_key = bytes_of(joining->one_time.signing.public_key, 32);
    join.keys = &keys;
    join.one_time_signature = bytes_of(one_time_signature, 64);
    join.new_signature = bytes_of(new_signature, 64);
    submission.protocol = PROTOCOL_VERSION;
    submission.origin = (char *)(uintptr_t)profile->log_key.name;
    submission.log_key = bytes_of(profile->log_key.public_key, 32);
    submission.id = bytes_of(id, sizeof id);
    submission.party = (char *)(uintptr_t)profile->party;
    submission.signing_key = bytes_of(joining->one_time.signing.public_key, 32);
    submission.not_after = clock_client()->wall(clock_client()->data) + SUBMISSION_LIFE;
    submission.head = &head;
    submission.marking = (char *)(uintptr_t)profile->marking;
    submission.marked_by = (char *)(uintptr_t)profile->marked_by;
    submission.join = &join;
    int status = envelope_make(&submission, &joining->one_time.signing, &joining->context->arena, &joining->envelope, &joining->envelope_size);
    return status == STATUS_OK ? EXIT_CODE_DONE : complain_memory();
}

/* The envelope of a join that broke off, if it was made of the same keys and this invitation; else a new one, kept before it is sent. */
static int keep_envelope(struct joining *joining, bool fresh)
{
    char path[FILES_PATH_MOST];
    struct envelope_peek peek;
    if (files_path(path, joining->profile.state, JOIN_FILE, NULL) != STATUS_OK || files_make_folder(joining->profile.state) != STATUS_OK) {
        return complain_file("make the folder", joining->profile.state);
    }
    if (!fresh && files_read(path, ENVELOPE_MOST, &joining->context->arena, &joining->envelope, &joining->envelope_size) == STATUS_OK &&
        envelope_peek(joining->envelope, joining->envelope_size, &peek) == STATUS_OK &&
        memcmp(peek.signing_key, joining->one_time.signing.public_key, 32) == 0) {
        return EXIT_CODE_DONE;
    }
    int code = make_envelope(joining);
    if (code) {
        return code;
    }
    return files_write(path, joining->envelope, joining->envelope_size, 0600, true) == STATUS_OK ? EXIT_CODE_DONE : complain_file("write", path);
}

static void waiting(void *data, int seconds)
{
    const struct profile *profile = data;
    char text[PROFILE_TEXT_MOST + 32];
    snprintf(text, sizeof text, "Waiting for %s", profile->address);
    progress_show(text, seconds);
}

static int send_join(struct joining *joining, struct submission_result *result)
{
    struct context *context = joining->context;
    struct link_options options = {.progress = waiting, .progress_data = &joining->profile};
    uint64_t seconds = 0;
    if (context->value[OPTION_TIMEOUT] && figures_read_count(context->value[OPTION_TIMEOUT], 1, 3600, &seconds) == STATUS_OK) {
        options.total = (int)seconds * 1000;
    }
    if (link_open_invited(&joining->profile, &joining->one_time, &options, &context->link) != STATUS_OK) {
        return complain_memory();
    }
    context->profile = joining->profile;
    int status = submission_send(context->link, MUSTER__VERB__VERB_JOIN, joining->envelope, joining->envelope_size, &context->arena, result);
    progress_end();
    if (status == STATUS_UNREACHABLE && result->reply.hint == LINK_KEY_REFUSED) {
        return complain(EXIT_CODE_UNREACHABLE, "%s does not let this invitation in: it was used, replaced or has expired. Your keys are kept.\nAsk your coordinator for a new line; it runs: muster party invite %s", joining->profile.address,
                        joining->profile.party);
    }
    if (status == STATUS_UNREACHABLE) {
        return complain(EXIT_CODE_UNREACHABLE, "no answer from %s. Your keys are kept: paste the same invitation again later, it counts once.", joining->profile.address);
    }
    if (status == STATUS_FORGED) {
        return complain(EXIT_CODE_TRY_AGAIN, "the answer holds no valid receipt (%s). Paste the same invitation again.", result->why ? result->why : "its head is not signed by the log");
    }
    if (status != STATUS_OK) {
        return session_unanswered(context, status, &result->reply, true);
    }
    return result->answer ? EXIT_CODE_DONE : session_refused(context, result->reply.answer, NULL, "Nothing was recorded.");
}

static int tell_joined(struct joining *joining, const struct submission_result *result)
{
    struct context *context = joining->context;
    char whole[FINGERPRINT_TEXT_SIZE], first[FINGERPRINT_HALF_SIZE];
    static const char *const roles[] = {"", "agency", "supplier", "coordinator"};
    context->profile_loaded = true;
    int code = identity_own_fingerprint(context, whole);
    if (code) {
        return code;
    }
    fingerprint_half(whole, false, first);
    json_t *value = json_pack("{s:b, s:I, s:s, s:s, s:s, s:s}", "joined", 1, "entry", (json_int_t)result->answer->position, "party", joining->profile.party, "role",
                              roles[joining->profile.role], "profile", joining->profile.name, "read_out", first);
    if (!output_value(&context->output, value)) {
        output_wrap(&context->output, "Joined %s as %s (%s), %s.", joining->profile.log_key.name, joining->profile.party, roles[joining->profile.role],
                    session_accepted(context, result));
        output_say(&context->output, "Read this to your coordinator by telephone: %s\n", first);
        output_wrap(&context->output, "Then type in what the coordinator reads back: muster fingerprint");
    }
    return EXIT_CODE_DONE;
}

int join_run(struct context *context, int count, char **words)
{
    struct joining joining = {.context = context};
    struct submission_result result = {0};
    char path[FILES_PATH_MOST];
    bool fresh = true;
    (void)count;
    (void)words;
    if (!context->value[OPTION_MARKING] != !context->value[OPTION_MARKED_BY]) {
        return complain(EXIT_CODE_USAGE, "--marking and --marked-by belong together. Nothing was sent.");
    }
    int code = read_invitation(&joining);
    code = code ? code : fill_profile(&joining);
    code = code ? code : identity_make(context, &joining.profile, joining.invitation && joining.invitation->role == MUSTER__ROLE__ROLE_SUPPLIER, &joining.keys, &fresh);
    code = code ? code : keep_envelope(&joining, fresh);
    code = code ? code : send_join(&joining, &result);
    if (!code && profile_save(&joining.profile) != STATUS_OK) {
        code = complain_file("write", joining.profile.config);
    }
    code = code ? code : tell_joined(&joining, &result);
    if (!code && files_path(path, joining.profile.state, JOIN_FILE, NULL) == STATUS_OK) {
        files_remove(path);
    }
    link_close(context->link);
    context->link = NULL;
    identity_drop(&joining.keys);
    invitation_keys_drop(&joining.one_time);
    return code;
}

/* The second half of the fingerprint, as the coordinator reads it back. */
static int compare(struct context *context, const char *whole, const char *typed)
{
    char second[FINGERPRINT_HALF_SIZE];
    fingerprint_half(whole, true, second);
    if (!fingerprint_equal(second, typed) && !fingerprint_equal(whole, typed)) {
        return complain(EXIT_CODE_INPUT, "these are not your groups. Nothing changed, and nothing will be sent.\n"
                                         "Have them read again. If they still differ, you and the coordinator do not speak of the same keys: stop, and tell it so.");
    }
    context->profile.compared = true;
    if (profile_save(&context->profile) != STATUS_OK) {
        return complain_file("write", context->profile.config);
    }
    if (!output_value(&context->output, json_pack("{s:b}", "compared", 1))) {
        output_wrap(&context->output, "The keys are the same on both sides. Next: muster status");
    }
    return EXIT_CODE_DONE;
}

int fingerprint_run(struct context *context, int count, char **words)
{
    char whole[FINGERPRINT_TEXT_SIZE], first[FINGERPRINT_HALF_SIZE], typed[128] = "";
    int code = session_profile(context);
    code = code ? code : identity_own_fingerprint(context, whole);
    if (code) {
        return code;
    }
    fingerprint_half(whole, false, first);
    for (int i = 0; i < count; i++) {
        size_t length = strlen(typed);
        snprintf(typed + length, sizeof typed - length, "%s%s", i ? " " : "", words[i]);
    }
    if (count == 0 && context->profile.compared) {
        if (!output_value(&context->output, json_pack("{s:s, s:b}", "read_out", first, "compared", 1))) {
            output_say(&context->output, "Yours: %s. Compared already.\n", first);
        }
        return EXIT_CODE_DONE;
    }
    if (count == 0) {
        if (context->output.form != OUTPUT_SCREEN || !passphrase_terminal()) {
            output_value(&context->output, json_pack("{s:s, s:b}", "read_out", first, "compared", 0));
            output_say(&context->output, "Read out: %s\n", first);
            return EXIT_CODE_DONE;
        }
        output_say(&context->output, "Read this to your coordinator by telephone: %s\n", first);
        if (passphrase_ask("What the coordinator reads back (four groups)", true, typed, sizeof typed) != STATUS_OK) {
            return complain(EXIT_CODE_INPUT, "nothing was typed in. Nothing changed.");
        }
    }
    return compare(context, whole, typed);
}
