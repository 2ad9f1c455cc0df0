/* SPDX-License-Identifier: EUPL-1.2 */
#include "clients/muster/objects_send.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/muster/complain.h"
#include "clients/muster/describe.h"
#include "clients/muster/faults.h"
#include "clients/muster/figures.h"
#include "clients/muster/seen.h"
#include "proto/csv_text.h"
#include "proto/names.h"
#include "proto/status.h"

#define SHOWN_OBJECTS 10u

/* One sending: what the file says, what stands, what this profile has seen, and the changes that come of it. */
struct sending {
    struct context *context;
    const struct objects_kind *kind;
    struct objects objects;
    struct session_records standing;
    struct names names;          /* of the standing ones: the own, by id */
    struct seen seen;
    bool blind;                  /* the exchange could not be asked what stands: what was seen last counts */
    struct objects_changes changes;
    uint64_t replaces;           /* --replaces; 0: not given */
    size_t equal;
    size_t conflicts;
};

int objects_know_self(struct context *context)
{
    int code = session_link(context, false);
    if (code || (context->profile.country[0] && context->profile.base_currency[0])) {
        return code;
    }
    Muster__StatusRequest request = MUSTER__STATUS_REQUEST__INIT;
    ProtobufCMessage *body = NULL;
    code = session_ask(context, MUSTER__VERB__VERB_STATUS, &request.base, &body);
    if (code) {
        return code;
    }
    const Muster__StatusAnswer *answer = (const Muster__StatusAnswer *)body;
    snprintf(context->profile.country, sizeof context->profile.country, "%s", answer->self->party->country);
    snprintf(context->profile.base_currency, sizeof context->profile.base_currency, "%s", answer->base_currency);
    return profile_save(&context->profile) == STATUS_OK ? EXIT_CODE_DONE : complain_file("write", context->profile.config);
}

void objects_csv_options(const struct context *context, const struct objects_kind *kind, struct check_context *check, struct csv_options *options)
{
    const struct profile *profile = context->profile_loaded ? &context->profile : NULL;
    const char *country = context->value[OPTION_COUNTRY] ? context->value[OPTION_COUNTRY] : profile && profile->country[0] ? profile->country : NULL;
    const char *party = context->value[OPTION_PARTY] ? context->value[OPTION_PARTY] : profile ? profile->party : NULL;
    *check = (struct check_context){0};
    *options = (struct csv_options){.currency = profile && profile->base_currency[0] ? profile->base_currency : "EUR", .check = check};
    check->base_currency = options->currency;
    if (kind->noun == MUSTER__NOUN__NOUN_DEMAND) {
        check->own_country = options->country = country;
    } else if (kind->noun == MUSTER__NOUN__NOUN_OFFER) {
        check->own_party = options->supplier = party;
    }
}

#define BLIND_MILLISECONDS 1000 /* how long the exchange is tried once it was not there for the whole time */

/*
 * The own objects that stand, findable by id. Where the exchange can't be reached, none: the changes are then made against what this
 * profile saw last, and are kept for `outbox send`, when the exchange itself refuses what is behind.
 */
static int fetch_standing(struct sending *sending)
{
    struct context *context = sending->context;
    context->unanswered_quietly = !context->value[OPTION_DRY_RUN];
    int code = session_list(context, sending->kind->noun, "", "", true, &sending->standing);
    sending->blind = code == EXIT_CODE_UNREACHABLE && context->unanswered_quietly;
    context->unanswered_quietly = false;
    if (sending->blind) {
        sending->standing = (struct session_records){0};
        link_limit(context->link, BLIND_MILLISECONDS);
    } else if (code) {
        return code;
    }
    if (names_init(&sending->names, &context->arena, sending->standing.count) != STATUS_OK) {
        return complain_memory();
    }
    for (size_t i = 0; i < sending->standing.count; i++) {
        const Muster__Record *record = sending->standing.list[i];
        if (!*record->party || strcmp(record->party, context->profile.party) == 0) {
            names_add(&sending->names, record->id, (uint32_t)i);
        }
    }
    names_sort(&sending->names);
    if (seen_load(&context->profile, sending->kind->name, &context->arena, &sending->seen) != STATUS_OK) {
        return complain_file("read", context->profile.state);
    }
    return EXIT_CODE_DONE;
}

static const Muster__Record *standing_of(const struct sending *sending, const char *id)
{
    size_t at = names_find(&sending->names, id);
    return at == NAMES_NONE ? NULL : sending->standing.list[at];
}

/* Somebody changed it since this profile saw it: FACE's words for a file that is behind. */
static void tell_conflict(struct sending *sending, const struct object *object, const Muster__Record *record, uint64_t seen)
{
    struct context *context = sending->context;
    const ProtobufCMessage *there = objects_of_record(sending->kind, record);
    const char *difference = record->withdrawn ? "it was withdrawn there" : there ? objects_difference(context, sending->kind, object->message, there) : NULL;
    if (seen) {
        complain(EXIT_CODE_TRY_AGAIN, "%s is at v%" PRIu64 "; your file replaces v%" PRIu64 ". Nothing changed.", object->id, record->version, seen);
    } else {
        complain(EXIT_CODE_TRY_AGAIN, "%s is at v%" PRIu64 " already, which was not shown here. Nothing changed.", object->id, record->version);
    }
    advise("  %s (%s, %s)", difference ? difference : "it differs", *record->party ? record->party : "the exchange", figures_time(record->time).text);
}

static int consider(struct sending *sending, const struct object *object)
{
    const Muster__Record *record = standing_of(sending, object->id);
    if (sending->blind) {
        uint64_t last = sending->replaces ? sending->replaces : seen_version(&sending->seen, object->id);
        return objects_changes_add(sending->context, &sending->changes, object->id, last, object);
    }
    if (!record) {
        return objects_changes_add(sending->context, &sending->changes, object->id, 0, object);
    }
    const ProtobufCMessage *there = objects_of_record(sending->kind, record);
    if (!record->withdrawn && there && objects_equal(sending->context, object->message, there)) {
        sending->equal++;
        return EXIT_CODE_DONE;
    }
    uint64_t seen = sending->replaces ? sending->replaces : seen_version(&sending->seen, object->id);
    if (seen != record->version) {
        if (sending->conflicts++ < SHOWN_OBJECTS) {
            tell_conflict(sending, object, record, seen);
        }
        return EXIT_CODE_DONE;
    }
    return objects_changes_add(sending->context, &sending->changes, object->id, record->version, object);
}

static int end_conflicts(const struct sending *sending, const char *first)
{
    if (sending->conflicts > SHOWN_OBJECTS) {
        advise("And %s more.", figures_count(sending->conflicts - SHOWN_OBJECTS).text);
    }
    advise("See muster %s show %s; then submit again with --replaces v%" PRIu64, sending->kind->name, first, standing_of(sending, first)->version);
    return EXIT_CODE_TRY_AGAIN;
}

static json_t *changes_json(const struct sending *sending)
{
    json_t *list = json_array();
    for (size_t i = 0; i < sending->changes.count; i++) {
        const char *id = sending->changes.ids[i];
        const Muster__Record *record = standing_of(sending, id);
        const char *change = !sending->changes.of[i] ? "withdrawn" : record ? "changed" : "new";
        json_array_append_new(list, json_pack("{s:s, s:I, s:s}", "id", id, "version", (json_int_t)((record ? record->version : 0) + 1), "change", change));
    }
    return list;
}

static void tell_changes(const struct sending *sending)
{
    struct context *context = sending->context;
    for (size_t i = 0; i < sending->changes.count && i < SHOWN_OBJECTS; i++) {
        const char *id = sending->changes.ids[i];
        const struct object *object = sending->changes.of[i];
        const Muster__Record *record = standing_of(sending, id);
        uint64_t version = (record ? record->version : 0) + 1;
        output_wrap_indented(&context->output, 2, "  %s v%" PRIu64 ": %s", id, version, object ? describe_object(context, sending->kind, object->message) : "withdrawn");
    }
    if (sending->changes.count > SHOWN_OBJECTS) {
        output_say(&context->output, "  and %s more\n", figures_count(sending->changes.count - SHOWN_OBJECTS).text);
    }
}

static int note_seen(struct sending *sending)
{
    struct context *context = sending->context;
    for (size_t i = 0; i < sending->changes.count; i++) {
        const Muster__Record *record = standing_of(sending, sending->changes.ids[i]);
        if (seen_note(&sending->seen, &context->arena, sending->changes.ids[i], (record ? record->version : 0) + 1) != STATUS_OK) {
            return complain_memory();
        }
    }
    return seen_save(&context->profile, sending->kind->name, &context->arena, &sending->seen) == STATUS_OK ? EXIT_CODE_DONE
                                                                                                            : complain_file("write", context->profile.state);
}

static int tell_accepted(struct sending *sending, const struct submission_result *result, const char *receipt, const Muster__Submission *submission)
{
    struct context *context = sending->context;
    json_t *value = json_pack("{s:b, s:I, s:s, s:s, s:s, s:I, s:o}", "accepted", 1, "entry", (json_int_t)result->answer->position, "time",
                              figures_instant(result->answer->time).text, "marking", submission->marking, "marked_by", submission->marked_by, "unchanged",
                              (json_int_t)sending->equal, "changes", changes_json(sending));
    if (value && receipt) {
        json_object_set_new(value, "receipt", json_string(receipt));
    }
    if (!output_value(&context->output, value)) {
        output_wrap(&context->output, "Accepted %s. %s.", session_accepted(context, result), submission->marking);
        tell_changes(sending);
        if (sending->equal) {
            output_wrap(&context->output, "%s stood as in the file.", figures_count(sending->equal).text);
        }
        output_wrap(&context->output, "Receipt: %s. Next: muster watch", receipt ? receipt : "kept");
    }
    return note_seen(sending);
}

/* "nl.csv" -> "nl.receipt", beside it; NULL for standard input. */
static const char *receipt_of(struct context *context, const char *file)
{
    if (context->value[OPTION_RECEIPT]) {
        return context->value[OPTION_RECEIPT];
    }
    if (strcmp(file, "-") == 0) {
        return NULL;
    }
    const char *slash = strrchr(file, '/');
    const char *name = slash ? slash + 1 : file;
    const char *dot = strrchr(name, '.');
    size_t length = dot && dot != name ? (size_t)(dot - file) : strlen(file);
    return arena_format(&context->arena, "%.*s.receipt", (int)length, file);
}

static int send_changes(struct sending *sending, const char *file, const char *receipt)
{
    struct context *context = sending->context;
    Muster__Submission submission = MUSTER__SUBMISSION__INIT;
    struct session_naming naming;
    struct submission_result result;
    if (sending->changes.count == 0) {
        if (!output_value(&context->output, json_pack("{s:b, s:I, s:[]}", "accepted", 0, "unchanged", (json_int_t)sending->equal, "changes"))) {
            if (sending->equal == 1) {
                output_wrap(&context->output, "Nothing to send: the %s stands as in the file.", sending->kind->name);
            } else {
                output_wrap(&context->output, "Nothing to send: all %s %s stand as in the file.", figures_count(sending->equal).text, sending->kind->plural);
            }
        }
        return EXIT_CODE_DONE;
    }
    if (sending->kind == &objects_items) {
        advise("Listing an item shows every party that there is a need for it.");
    }
    objects_changes_fill(&sending->changes, &submission);
    objects_naming(&sending->changes, file, receipt, &naming);
    int code = session_submit(context, &submission, &naming, &result);
    if (code == EXIT_CODE_UNREACHABLE && sending->blind && result.kept) {
        advise("Signed as changes of the versions that you saw last; a colleague's newer one is not written over.\nOnce it answers: muster outbox send %s", session_kept_id(context, &submission));
    }
    if (code || !result.answer) {
        if (!code && context->output.form == OUTPUT_SCREEN) {
            tell_changes(sending);
        }
        return code;
    }
    return tell_accepted(sending, &result, receipt, &submission);
}

static int begin(struct context *context, const struct objects_kind *kind, struct sending *sending)
{
    *sending = (struct sending){.context = context, .kind = kind};
    if (context->value[OPTION_REPLACES] && figures_read_version(context->value[OPTION_REPLACES], &sending->replaces) != STATUS_OK) {
        return complain(EXIT_CODE_USAGE, "--replaces: found %s, expected a version, as v2. Nothing was sent.", context->value[OPTION_REPLACES]);
    }
    return session_profile(context);
}

/* Demands are an agency's and offers a supplier's: said before the file's faults, whose cures would be those of the wrong sheet. */
static int check_role(struct context *context, const struct objects_kind *kind)
{
    static const char *const roles[] = {"nobody", "an agency", "a supplier", "a coordinator"};
    int code = session_profile(context);
    Muster__Role role = context->profile.role, wanted = kind == &objects_demands ? MUSTER__ROLE__ROLE_AGENCY : kind == &objects_offers ? MUSTER__ROLE__ROLE_SUPPLIER : role;
    if (code || role == wanted) {
        return code;
    }
    const char *own = role == MUSTER__ROLE__ROLE_AGENCY ? "demand" : role == MUSTER__ROLE__ROLE_SUPPLIER ? "offer" : "item";
    return complain(EXIT_CODE_NOT_ALLOWED, "only %s has %s; %s is %s. Nothing was sent.\nYours: muster %s submit FILE", roles[wanted], kind->plural, context->profile.party, roles[role], own);
}

int objects_submit(struct context *context, const struct objects_kind *kind, const char *file)
{
    struct sending sending;
    struct check_context check;
    struct csv_options options;
    struct faults faults;
    int code = check_role(context, kind);
    code = code ? code : begin(context, kind, &sending);
    code = code ? code : objects_know_self(context);
    if (code) {
        return code;
    }
    objects_csv_options(context, kind, &check, &options);
    code = objects_read(context, kind, file, &options, "Nothing was sent.", &sending.objects, &faults);
    if (code) {
        return code;
    }
    faults_print_warnings(context, sending.objects.file, &faults);
    if (sending.objects.told && context->output.form == OUTPUT_SCREEN) {
        advise("%s", sending.objects.told);
    }
    code = fetch_standing(&sending);
    code = code ? code : objects_changes_begin(context, kind, sending.objects.count, &sending.changes);
    const char *first = NULL;
    for (size_t i = 0; i < sending.objects.count && !code; i++) {
        size_t before = sending.conflicts;
        code = consider(&sending, &sending.objects.list[i]);
        first = before == 0 && sending.conflicts ? sending.objects.list[i].id : first;
    }
    if (code) {
        return code;
    }
    return sending.conflicts ? end_conflicts(&sending, first) : send_changes(&sending, sending.objects.file, receipt_of(context, file));
}

int objects_check(struct context *context, const struct objects_kind *kind, const char *file, struct objects *objects)
{
    struct check_context check;
    struct csv_options options;
    struct faults faults;
    char names[256];
    /* Who you are helps, and is not needed. */
    if (profile_find(context->value[OPTION_AS], &context->profile, names, sizeof names) == STATUS_OK) {
        context->profile_loaded = profile_load(&context->profile, NULL) == STATUS_OK;
    }
    objects_csv_options(context, kind, &check, &options);
    int code = objects_read(context, kind, file, &options, "Nothing was sent.", objects, &faults);
    if (code) {
        return code;
    }
    if (objects->marked_count) {
        return objects_refuse_marked(context, objects);
    }
    if (context->output.form == OUTPUT_JSON) {
        return faults_print(context, objects->file, objects->rows, &faults, "Nothing was sent.", NULL);
    }
    if (faults.warnings) {
        faults_print(context, objects->file, objects->rows, &faults, "No faults. Nothing was sent.", NULL);
    } else if (context->output.form == OUTPUT_SCREEN && kind->noun != MUSTER__NOUN__NOUN_OFFER) {
        output_wrap(&context->output, "No faults in %s %s, %s row%s. Nothing was sent.", figures_count(objects->count).text,
                    objects->count == 1 ? kind->name : kind->plural, figures_count(objects->rows).text, objects->rows == 1 ? "" : "s");
    } else if (context->output.form == OUTPUT_TABS) {
        printf("Row\tColumn\tFound\tExpected\tDo\n");
    }
    return EXIT_CODE_DONE;
}

/* Withdrawing is a change of the version that stands; what stands is looked up. */
int objects_withdraw(struct context *context, const struct objects_kind *kind, int count, char **words)
{
    struct sending sending;
    int code = check_role(context, kind);
    code = code ? code : begin(context, kind, &sending);
    code = code ? code : objects_know_self(context);
    if (code) {
        return code;
    }
    const char **ids = NULL;
    size_t id_count = (size_t)count;
    bool is_file = count == 1 && (strcmp(words[0], "-") == 0 || files_exist(words[0]));
    if (is_file) {
        struct check_context check;
        struct csv_options options;
        struct faults faults;
        objects_csv_options(context, kind, &check, &options);
        code = objects_read(context, kind, words[0], &options, "Nothing was sent.", &sending.objects, &faults);
        id_count = sending.objects.count;
    }
    ids = arena_array(&context->arena, id_count, sizeof *ids);
    if (code || !ids) {
        return code ? code : complain_memory();
    }
    for (size_t i = 0; i < id_count; i++) {
        ids[i] = is_file ? sending.objects.list[i].id : words[i];
    }
    code = fetch_standing(&sending);
    code = code ? code : objects_changes_begin(context, kind, id_count, &sending.changes);
    for (size_t i = 0; i < id_count && !code; i++) {
        const Muster__Record *record = standing_of(&sending, ids[i]);
        uint64_t last = seen_version(&sending.seen, ids[i]);
        if (sending.blind && last == 0 && !sending.replaces) {
            return complain(EXIT_CODE_UNREACHABLE, "no answer from %s, and %s %s was not seen here before. Nothing was kept.\nWithdraw it once the exchange answers.",
                            context->profile.address, kind->name, ids[i]);
        }
        if (sending.blind) {
            code = objects_changes_add(context, &sending.changes, ids[i], sending.replaces ? sending.replaces : last, NULL);
            continue;
        }
        if (!record || record->withdrawn) {
            return complain(EXIT_CODE_INPUT, "no %s %s of yours stands. Nothing was sent.\nSee: muster %s list", kind->name, ids[i], kind->name);
        }
        if (sending.replaces && sending.replaces != record->version) {
            return complain(EXIT_CODE_TRY_AGAIN, "%s is at v%" PRIu64 ", not v%" PRIu64 ". Nothing changed.", ids[i], record->version, sending.replaces);
        }
        code = objects_changes_add(context, &sending.changes, ids[i], record->version, NULL);
    }
    return code ? code : send_changes(&sending, NULL, is_file ? receipt_of(context, words[0]) : context->value[OPTION_RECEIPT]);
}
