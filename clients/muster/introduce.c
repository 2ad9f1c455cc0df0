/* SPDX-License-Identifier: EUPL-1.2 */
#include "clients/muster/introduce.h"

#include <stdio.h>
#include <string.h>

#include "clients/muster/commands.h"
#include "clients/muster/complain.h"
#include "proto/check.h"
#include "proto/introduction.h"
#include "proto/status.h"

#define DEFAULT_PARTY "coordinator"
#define MARKING "NATO UNCLASSIFIED"
#define MARKED_BY "NATO"
#define COORDINATOR_FILE "coordinator.pub"

static const char *or_default(const char *value, const char *fallback)
{
    return value ? value : fallback;
}

/* The party as the options have it, keys not yet; its faults by field. */
static int read_details(struct context *context, const char *party, Muster__Party *details, struct faults *faults)
{
    static const struct check_context check;
    muster__party__init(details);
    details->id = arena_string(&context->arena, party);
    details->ncage = "";
    details->role = MUSTER__ROLE__ROLE_COORDINATOR;
    details->size = MUSTER__SIZE__SIZE_LARGE;
    details->country = arena_string(&context->arena, or_default(context->value[OPTION_COUNTRY], ""));
    details->name = arena_string(&context->arena, or_default(context->value[OPTION_NAME], "Coordinator"));
    details->contact = arena_string(&context->arena, or_default(context->value[OPTION_CONTACT], ""));
    if (!details->id || !details->country || !details->name || !details->contact || check_normalise_party(&context->arena, details) != STATUS_OK) {
        return complain_memory();
    }
    faults_init(faults, &context->arena);
    check_party(details, &check, faults);
    return EXIT_CODE_DONE;
}

int introduce_check(struct context *context, const char *party)
{
    Muster__Party details;
    struct faults faults;
    if (!context->value[OPTION_COUNTRY] || !*context->value[OPTION_COUNTRY]) {
        return complain(EXIT_CODE_USAGE, "the coordinator's --country is needed, as NL. Nothing was made.");
    }
    int code = read_details(context, party, &details, &faults);
    for (size_t i = 0; i < faults.count && !code; i++) {
        const struct fault *fault = &faults.list[i];
        if (!fault->warning) {
            code = complain(EXIT_CODE_INPUT, "--%s: found %s, expected %s: %s. Nothing was made.", strcmp(fault->field, "id") == 0 ? "party" : fault->field,
                            *fault->found ? fault->found : "nothing", fault->expected, fault->remedy);
        }
    }
    return code;
}

int introduce_write(struct context *context, const struct profile *profile, const struct identity_keys *keys, const char *party, char *path)
{
    struct introduction_coordinator coordinator = {0};
    char text[INTRODUCTION_SIZE];
    Muster__Party details;
    struct faults faults;
    int code = read_details(context, party, &details, &faults);
    if (code) {
        return code;
    }
    if (files_path(path, profile->data, COORDINATOR_FILE, NULL) != STATUS_OK) {
        return complain_file("write", profile->data);
    }
    snprintf(coordinator.party, sizeof coordinator.party, "%s", details.id);
    snprintf(coordinator.country, sizeof coordinator.country, "%s", details.country);
    snprintf(coordinator.name, sizeof coordinator.name, "%s", details.name);
    snprintf(coordinator.contact, sizeof coordinator.contact, "%s", details.contact);
    memcpy(coordinator.signing_key, keys->signing.public_key, 32);
    memcpy(coordinator.box_key, keys->box.public_key, 32);
    memcpy(coordinator.curve_key, keys->curve.public_key, 32);
    if (introduction_write_coordinator(&coordinator, text) != STATUS_OK) {
        return complain(EXIT_CODE_USAGE, "--party, --name or --contact holds what it may not. Nothing was made.");
    }
    return files_write(path, text, strlen(text), 0644, true) == STATUS_OK ? EXIT_CODE_DONE : complain_file("write", path);
}

int introduce_take(struct context *context, const char *path, const char *party, bool compared, struct profile *profile)
{
    struct introduction_exchange exchange;
    uint8_t *text;
    size_t length;
    if (files_read(path, INTRODUCTION_SIZE, &context->arena, &text, &length) != STATUS_OK ||
        introduction_read_exchange((const char *)text, length, &exchange) != STATUS_OK) {
        return complain(EXIT_CODE_INPUT, "%s is no exchange's public file (exchange.pub), or can't be read.", path);
    }
    snprintf(profile->address, sizeof profile->address, "%s", exchange.address);
    profile->log_key = exchange.log_key;
    note_vkey_write(&exchange.log_key, profile->vkey);
    memcpy(profile->exchange_signing_key, exchange.signing_key, 32);
    memcpy(profile->exchange_box_key, exchange.box_key, 32);
    memcpy(profile->front_key, exchange.front_key, 32);
    snprintf(profile->party, sizeof profile->party, "%s", party);
    snprintf(profile->marking, sizeof profile->marking, "%s", or_default(context->value[OPTION_MARKING], MARKING));
    snprintf(profile->marked_by, sizeof profile->marked_by, "%s", or_default(context->value[OPTION_MARKED_BY], MARKED_BY));
    profile->role = MUSTER__ROLE__ROLE_COORDINATOR;
    profile->compared = compared;
    return profile_save(profile) == STATUS_OK ? EXIT_CODE_DONE : complain_file("write", profile->config);
}

void introduce_undo(const struct profile *profile)
{
    static const char *const names[] = {"signing", "box", "curve"};
    char path[FILES_PATH_MOST];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (profile_key_path(profile, names[i], path) == STATUS_OK) {
            files_remove(path);
        }
    }
    if (files_path(path, profile->data, COORDINATOR_FILE, NULL) == STATUS_OK) {
        files_remove(path);
    }
}

int keys_introduce_run(struct context *context, int count, char **words)
{
    struct profile profile;
    struct identity_keys keys = {0};
    char path[FILES_PATH_MOST], whole[FINGERPRINT_TEXT_SIZE];
    bool fresh = true;
    (void)count;
    const char *party = or_default(context->value[OPTION_PARTY], DEFAULT_PARTY);
    const char *name = or_default(context->value[OPTION_AS], party);
    int status = profile_name(name, &profile);
    if (status == STATUS_EXISTS) {
        return complain(EXIT_CODE_INPUT, "%s is a profile here already. Nothing was made.\nKeep both: muster keys introduce FILE --as NAME", name);
    }
    if (status != STATUS_OK) {
        return complain(EXIT_CODE_USAGE, "'%s' is no form of a profile's name, or there is no home folder. Nothing was made.", name);
    }
    int code = introduce_check(context, party);
    code = code ? code : identity_make(context, &profile, false, &keys, &fresh);
    if (code) {
        return code;
    }
    code = introduce_write(context, &profile, &keys, party, path);
    identity_drop(&keys);
    code = code ? code : introduce_take(context, words[0], party, false, &profile);
    if (code) {
        if (fresh) {
            introduce_undo(&profile);
        }
        return code;
    }
    context->profile = profile;
    context->profile_loaded = true;
    code = identity_own_fingerprint(context, whole);
    if (code) {
        return code;
    }
    if (!output_value(&context->output, json_pack("{s:s, s:s, s:s, s:s}", "party", party, "profile", profile.name, "file", path, "fingerprint", whole))) {
        output_wrap(&context->output, "Made the keys of %s. Hand this file to the operator of %s: %s", party, profile.log_key.name, path);
        output_wrap(&context->output, "It runs, with the exchange stopped: musterd --admit-coordinator FILE");
        output_say(&context->output, "It must show these groups: %s\n", whole);
        output_wrap(&context->output, "Then type in the last four of those that it shows: muster fingerprint GROUPS --as %s", profile.name);
    }
    return EXIT_CODE_DONE;
}
