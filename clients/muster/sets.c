/* SPDX-License-Identifier: EUPL-1.2 */
#include "clients/muster/sets.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clients/muster/complain.h"
#include "clients/muster/faults.h"
#include "clients/muster/figures.h"
#include "clients/muster/objects_send.h"
#include "clients/muster/seen.h"
#include "proto/csv_text.h"
#include "proto/status.h"
#include "proto/walk.h"

#define BLIND_MILLISECONDS 1000 /* how long the exchange is tried once it was not there for the whole time */

const struct sets_kind sets_rates = {MUSTER__NOUN__NOUN_RATES, "rates", "rate"};
const struct sets_kind sets_policy = {MUSTER__NOUN__NOUN_POLICY, "policy", "rule"};

/* A whole set as its change, and where its elements stand in the file. */
struct set {
    const char *file;
    Muster__RatesChange rates;
    Muster__PolicyChange policy;
    struct csv_rows *rows;
    size_t count;
    const char *told;
};

static int read_set(struct context *context, const struct sets_kind *kind, const char *path, struct set *set, struct faults *faults)
{
    uint8_t *bytes;
    size_t size;
    struct check_context check = {0};
    struct csv_options options = {.check = &check, .currency = context->profile.base_currency[0] ? context->profile.base_currency : "EUR"};
    *set = (struct set){.file = strcmp(path, "-") == 0 ? "standard input" : path};
    options.file = set->file;
    check.base_currency = options.currency;
    int status = files_read(path, CSV_BYTES_MOST, &context->arena, &bytes, &size);
    if (status == STATUS_NOT_FOUND) {
        return complain(EXIT_CODE_INPUT, "there is no file %s. Nothing was sent.", path);
    }
    if (status != STATUS_OK) {
        return status == STATUS_NO_MEMORY ? complain_memory() : complain_file("read", path);
    }
    faults_init(faults, &context->arena);
    muster__rates_change__init(&set->rates);
    muster__policy_change__init(&set->policy);
    if (kind->noun == MUSTER__NOUN__NOUN_RATES) {
        struct csv_rates rates = {0};
        status = csv_read_rates(bytes, size, &options, 0, &context->arena, faults, &rates);
        set->rates.rates = rates.list;
        set->rates.n_rates = set->count = rates.count;
        set->rows = rates.rows;
        set->told = rates.told;
        if (status == STATUS_OK) {
            status = check_normalise_rates(&context->arena, &set->rates);
        }
    } else {
        struct csv_policy policy = {0};
        status = csv_read_policy(bytes, size, &options, &context->arena, faults, &policy);
        set->policy.entries = policy.list;
        set->policy.n_entries = set->count = policy.count;
        set->rows = policy.rows;
        set->told = policy.told;
        if (status == STATUS_OK) {
            status = check_normalise_policy(&context->arena, &set->policy);
        }
    }
    if (status == STATUS_NO_MEMORY) {
        return complain_memory();
    }
    if (status != STATUS_OK || faults->errors) {
        return faults_print(context, set->file, 0, faults, "Nothing was sent.", NULL);
    }
    return EXIT_CODE_DONE;
}

int sets_check(struct context *context, const struct sets_kind *kind, const char *file)
{
    struct set set;
    struct faults faults;
    int code = read_set(context, kind, file, &set, &faults);
    if (code) {
        return code;
    }
    if (faults.warnings || context->output.form == OUTPUT_JSON) {
        return faults_print(context, set.file, 0, &faults, "No faults. Nothing was sent.", NULL);
    }
    output_wrap(&context->output, "No faults in %s %s%s. Nothing was sent.", figures_count(set.count).text, kind->element, set.count == 1 ? "" : "s");
    return EXIT_CODE_DONE;
}

static uint32_t row_of(void *data, uint32_t change, const char *field, const char *found)
{
    const struct set *set = data;
    (void)field;
    (void)found;
    return set->rows && change < set->count ? set->rows[change].first : 0;
}

/* Whether what stands is the same: packed element by element. */
static bool stands(struct context *context, const struct sets_kind *kind, const struct set *set, const struct session_records *records)
{
    if (records->count != set->count) {
        return false;
    }
    bool rates = kind->noun == MUSTER__NOUN__NOUN_RATES;
    for (size_t i = 0; i < set->count; i++) {
        const ProtobufCMessage *mine = rates ? &set->rates.rates[i]->base : &set->policy.entries[i]->base;
        const Muster__Record *record = records->list[i];
        const ProtobufCMessage *there = rates ? (record->rate ? &record->rate->base : NULL) : (record->policy ? &record->policy->base : NULL);
        uint8_t *bytes[2];
        size_t sizes[2];
        if (!there || walk_pack(mine, &context->arena, &bytes[0], &sizes[0]) != STATUS_OK || walk_pack(there, &context->arena, &bytes[1], &sizes[1]) != STATUS_OK ||
            sizes[0] != sizes[1] || memcmp(bytes[0], bytes[1], sizes[0]) != 0) {
            return false;
        }
    }
    return true;
}

/*
 * A set that somebody replaced since this profile saw it is not written over. *version: what stands; blind: not known, it gets what this
 * profile saw last, and the exchange itself refuses what is behind.
 */
static int check_seen(struct context *context, const struct sets_kind *kind, bool blind, uint64_t *version, struct seen *seen)
{
    uint64_t replaces = 0;
    if (context->value[OPTION_REPLACES] && figures_read_version(context->value[OPTION_REPLACES], &replaces) != STATUS_OK) {
        return complain(EXIT_CODE_USAGE, "--replaces: found %s, expected a version, as v2. Nothing was sent.", context->value[OPTION_REPLACES]);
    }
    if (seen_load(&context->profile, kind->name, &context->arena, seen) != STATUS_OK) {
        return complain_file("read", context->profile.state);
    }
    uint64_t known = replaces ? replaces : seen_version(seen, kind->name);
    if (blind) { /* init wrote a policy, and no rates */
        *version = known ? known : kind->noun == MUSTER__NOUN__NOUN_POLICY;
        return EXIT_CODE_DONE;
    }
    /* Version 1 is what init wrote; everybody has seen it. */
    if (known != *version && *version > 1) {
        return complain(EXIT_CODE_TRY_AGAIN, "%s is at v%" PRIu64 "; your file replaces v%" PRIu64 ". Nothing changed.\nSee muster %s list; then submit again with --replaces v%" PRIu64,
                        kind->name, *version, known ? known : 1, kind->name, *version);
    }
    return EXIT_CODE_DONE;
}

int sets_submit(struct context *context, const struct sets_kind *kind, const char *file)
{
    struct set set;
    struct faults faults;
    struct session_records records;
    struct seen seen;
    Muster__Submission submission = MUSTER__SUBMISSION__INIT;
    struct submission_result result;
    int code = objects_know_self(context);
    code = code ? code : read_set(context, kind, file, &set, &faults);
    if (code) {
        return code;
    }
    faults_print_warnings(context, set.file, &faults);
    context->unanswered_quietly = !context->value[OPTION_DRY_RUN];
    code = session_list(context, kind->noun, "", "", false, &records);
    bool blind = code == EXIT_CODE_UNREACHABLE && context->unanswered_quietly;
    context->unanswered_quietly = false;
    if (blind) {
        records = (struct session_records){0};
        link_limit(context->link, BLIND_MILLISECONDS);
    } else if (code) {
        return code;
    }
    if (!blind && stands(context, kind, &set, &records)) {
        if (!output_value(&context->output, json_pack("{s:b}", "accepted", 0))) {
            output_wrap(&context->output, "Nothing to send: %s stands as in the file.", kind->name);
        }
        return EXIT_CODE_DONE;
    }
    code = check_seen(context, kind, blind, &records.set_version, &seen);
    if (code) {
        return code;
    }
    set.rates.replaces = set.policy.replaces = records.set_version;
    if (kind->noun == MUSTER__NOUN__NOUN_RATES) {
        submission.rates = &set.rates;
    } else {
        submission.policy = &set.policy;
    }
    const struct session_naming naming = {.file = set.file, .row = row_of, .data = &set};
    code = session_submit(context, &submission, &naming, &result);
    if (code == EXIT_CODE_UNREACHABLE && blind && result.kept) {
        advise("Signed as a change of the %s that you saw last; newer ones are not written over.\nOnce it answers: muster outbox send %s", kind->name, session_kept_id(context, &submission));
    }
    if (code || !result.answer) {
        return code;
    }
    if (!output_value(&context->output, json_pack("{s:b, s:I, s:s, s:I}", "accepted", 1, "entry", (json_int_t)result.answer->position, "time",
                                                  figures_instant(result.answer->time).text, "version", (json_int_t)(records.set_version + 1)))) {
        output_wrap(&context->output, "Accepted %s. %s v%" PRIu64 ": %s %s%s.", session_accepted(context, &result), kind->name, records.set_version + 1,
                    figures_count(set.count).text, kind->element, set.count == 1 ? "" : "s");
    }
    if (seen_note(&seen, &context->arena, kind->name, records.set_version + 1) != STATUS_OK || seen_save(&context->profile, kind->name, &context->arena, &seen) != STATUS_OK) {
        return complain_file("write", context->profile.state);
    }
    return EXIT_CODE_DONE;
}
