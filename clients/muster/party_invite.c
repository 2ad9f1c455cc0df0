/* SPDX-License-Identifier: EUPL-1.2 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "clients/muster/commands.h"
#include "clients/muster/complain.h"
#include "clients/muster/faults.h"
#include "clients/muster/figures.h"
#include "clients/muster/folder.h"
#include "clients/muster/session.h"
#include "proto/check.h"
#include "proto/csv_cells.h"
#include "proto/fault.h"
#include "proto/invitation.h"
#include "proto/status.h"

/*
 * Invitations: for each party the one line that lets it in once, its one-time keys' public halves registered with the exchange. One
 * party from options, its line on standard output; or many from a file, each line in a file of its own.
 */

#define DAY_MILLISECONDS UINT64_C(86400000)
#define INVITATION_DAYS 14u
#define INVITATION_DAYS_MOST 90u

enum invite_column { INVITE_PARTY, INVITE_ROLE, INVITE_COUNTRY, INVITE_NAME, INVITE_SIZE, INVITE_NCAGE, INVITE_CONTACT, INVITE_COLUMNS };
static const char *const column_names[INVITE_COLUMNS] = {"party", "role", "country", "name", "size", "ncage", "contact"};

/* One party as it is invited. */
struct invitee {
    const char *value[INVITE_COLUMNS]; /* NULL: not stated */
    uint32_t row;
    Muster__Party details;
    Muster__PartyChange change;
    Muster__PartyKeys public_keys;
    struct invitation_keys keys;
    char *line;
};

struct inviting {
    struct context *context;
    const char *file;   /* NULL: one party from options */
    struct invitee *list;
    size_t count;
    uint64_t expiry;
    struct faults faults;
};

static int value_among(const char *value, const char *const *names)
{
    for (int i = 0; value && names[i]; i++) {
        if (strcasecmp(names[i], value) == 0) {
            return i + 1;
        }
    }
    return 0;
}

static const char *stated(const struct invitee *invitee, enum invite_column column, const char *known)
{
    return invitee->value[column] && *invitee->value[column] ? invitee->value[column] : known;
}

/* What is stated of the party; what is left out stays as it is known. Faults go to the list. */
static int fill_details(struct inviting *inviting, struct invitee *invitee, const Muster__PartyRecord *known)
{
    static const char *const roles[] = {"agency", "supplier", "coordinator", NULL};
    static const char *const sizes[] = {"micro", "small", "medium", "large", NULL};
    const struct check_context check = {0};
    struct arena *arena = &inviting->context->arena;
    Muster__Party *details = &invitee->details;
    int role = known ? (int)known->party->role : 0, size = known ? (int)known->party->size : MUSTER__SIZE__SIZE_LARGE;
    inviting->faults.row = invitee->row;
    if (stated(invitee, INVITE_ROLE, NULL) || !role) {
        role = value_among(invitee->value[INVITE_ROLE], roles);
        if (!role) {
            faults_add(&inviting->faults, "role", stated(invitee, INVITE_ROLE, ""), "agency, supplier or coordinator", "write agency");
            role = MUSTER__ROLE__ROLE_AGENCY;
        }
    }
    if (stated(invitee, INVITE_SIZE, NULL)) {
        size = value_among(invitee->value[INVITE_SIZE], sizes);
        if (!size) {
            faults_add(&inviting->faults, "size", invitee->value[INVITE_SIZE], "micro, small, medium or large", "write small");
            size = MUSTER__SIZE__SIZE_LARGE;
        }
    }
    muster__party__init(details);
    details->id = arena_string(arena, stated(invitee, INVITE_PARTY, ""));
    details->role = (Muster__Role)role;
    details->size = (Muster__Size)size;
    details->name = arena_string(arena, stated(invitee, INVITE_NAME, known ? known->party->name : stated(invitee, INVITE_PARTY, "")));
    details->country = arena_string(arena, stated(invitee, INVITE_COUNTRY, known ? known->party->country : ""));
    details->ncage = arena_string(arena, stated(invitee, INVITE_NCAGE, known ? known->party->ncage : ""));
    details->contact = arena_string(arena, stated(invitee, INVITE_CONTACT, known ? known->party->contact : ""));
    if (!details->id || !details->name || !details->country || !details->ncage || !details->contact || check_normalise_party(arena, details) != STATUS_OK) {
        return complain_memory();
    }
    check_party(details, &check, &inviting->faults);
    return EXIT_CODE_DONE;
}

/* The line, and the public halves of its one-time keys. */
static int make_line(struct inviting *inviting, struct invitee *invitee)
{
    const struct profile *profile = &inviting->context->profile;
    const struct seam_random *random = link_random(inviting->context->link);
    uint8_t seed[INVITATION_SEED_SIZE];
    Muster__Invitation invitation = MUSTER__INVITATION__INIT;
    random->fill(random->data, seed, sizeof seed);
    invitation.address = (char *)(uintptr_t)profile->address;
    invitation.exchange_signing_key = (ProtobufCBinaryData){.data = (uint8_t *)(uintptr_t)profile->exchange_signing_key, .len = 32};
    invitation.exchange_box_key = (ProtobufCBinaryData){.data = (uint8_t *)(uintptr_t)profile->exchange_box_key, .len = 32};
    invitation.front_curve_key = (ProtobufCBinaryData){.data = (uint8_t *)(uintptr_t)profile->front_key, .len = 32};
    invitation.vkey = (char *)(uintptr_t)profile->vkey;
    invitation.party = invitee->details.id;
    invitation.role = invitee->details.role;
    invitation.expiry = inviting->expiry;
    invitation.seed = (ProtobufCBinaryData){.data = seed, .len = sizeof seed};
    if (invitation_keys_make(seed, &invitee->keys) != STATUS_OK || invitation_encode(&invitation, &inviting->context->arena, &invitee->line) != STATUS_OK) {
        return complain_memory();
    }
    muster__party_keys__init(&invitee->public_keys);
    invitee->public_keys.signing_key = (ProtobufCBinaryData){.data = invitee->keys.signing.public_key, .len = 32};
    invitee->public_keys.box_key = (ProtobufCBinaryData){.data = invitee->keys.box.public_key, .len = 32};
    invitee->public_keys.curve_key = (ProtobufCBinaryData){.data = invitee->keys.curve.public_key, .len = 32};
    return EXIT_CODE_DONE;
}

/* The columns of the header by name, in any case and order. */
static int find_columns(struct inviting *inviting, const struct csv_row *header, int *at)
{
    for (int column = 0; column < INVITE_COLUMNS; column++) {
        at[column] = -1;
    }
    inviting->faults.row = header->number;
    for (uint32_t cell = 0; cell < header->count; cell++) {
        int column = 0;
        while (column < INVITE_COLUMNS && strcasecmp(column_names[column], header->cells[cell]) != 0) {
            column++;
        }
        if (column == INVITE_COLUMNS || at[column] >= 0) {
            faults_add(&inviting->faults, header->cells[cell], header->cells[cell], "party, role, country, name, size, ncage, contact, each once", "take this column out");
        } else {
            at[column] = (int)cell;
        }
    }
    if (at[INVITE_PARTY] < 0) {
        faults_add(&inviting->faults, "party", "", "a column party", "add it");
    }
    return inviting->faults.errors ? EXIT_CODE_INPUT : EXIT_CODE_DONE;
}

static int read_sheet(struct inviting *inviting)
{
    struct context *context = inviting->context;
    struct csv_sheet sheet = {0};
    uint8_t *bytes;
    size_t size;
    int at[INVITE_COLUMNS];
    int status = files_read(inviting->file, CSV_BYTES_MOST, &context->arena, &bytes, &size);
    if (status == STATUS_NOT_FOUND) {
        return complain(EXIT_CODE_INPUT, "there is no file %s. Nothing was sent.", inviting->file);
    }
    if (status != STATUS_OK) {
        return status == STATUS_NO_MEMORY ? complain_memory() : complain_file("read", inviting->file);
    }
    status = csv_cells_read(bytes, size, column_names, INVITE_COLUMNS, &context->arena, &inviting->faults, &sheet);
    if (status == STATUS_NO_MEMORY) {
        return complain_memory();
    }
    if (status != STATUS_OK || sheet.count == 0 || find_columns(inviting, &sheet.rows[0], at) != EXIT_CODE_DONE) {
        return EXIT_CODE_DONE; /* the faults are told by the caller */
    }
    inviting->list = arena_array(&context->arena, sheet.count, sizeof *inviting->list);
    if (!inviting->list) {
        return complain_memory();
    }
    for (size_t row = 1; row < sheet.count; row++) {
        struct invitee *invitee = &inviting->list[inviting->count++];
        invitee->row = sheet.rows[row].number;
        for (int column = 0; column < INVITE_COLUMNS; column++) {
            if (at[column] >= 0 && (uint32_t)at[column] < sheet.rows[row].count) {
                invitee->value[column] = sheet.rows[row].cells[at[column]];
            }
        }
    }
    return EXIT_CODE_DONE;
}

/* One party, from the command line. */
static int read_options(struct inviting *inviting, const char *party)
{
    struct context *context = inviting->context;
    static const enum command_option options[INVITE_COLUMNS] = {OPTION_COUNT, OPTION_ROLE, OPTION_COUNTRY, OPTION_NAME, OPTION_SIZE, OPTION_NCAGE, OPTION_CONTACT};
    inviting->list = arena_array(&context->arena, 1, sizeof *inviting->list);
    if (!inviting->list) {
        return complain_memory();
    }
    inviting->count = 1;
    inviting->list[0].value[INVITE_PARTY] = party;
    for (int column = INVITE_ROLE; column < INVITE_COLUMNS; column++) {
        inviting->list[0].value[column] = context->value[options[column]];
    }
    return EXIT_CODE_DONE;
}

static const Muster__PartyRecord *known_party(const struct session_records *records, const char *id)
{
    for (size_t i = 0; id && i < records->count; i++) {
        if (records->list[i]->party_record && strcmp(records->list[i]->party_record->party->id, id) == 0) {
            return records->list[i]->party_record;
        }
    }
    return NULL;
}

static int prepare(struct inviting *inviting)
{
    struct session_records records;
    int code = session_list(inviting->context, MUSTER__NOUN__NOUN_PARTY, "", "", false, &records);
    for (size_t i = 0; i < inviting->count && !code; i++) {
        struct invitee *invitee = &inviting->list[i];
        const Muster__PartyRecord *known = known_party(&records, invitee->value[INVITE_PARTY]);
        inviting->faults.change = (uint32_t)i;
        code = fill_details(inviting, invitee, known);
        muster__party_change__init(&invitee->change);
        invitee->change.kind = MUSTER__PARTY_CHANGE_KIND__PARTY_INVITE;
        invitee->change.party = invitee->details.id;
        invitee->change.replaces = known ? known->version : 0;
        invitee->change.details = &invitee->details;
        invitee->change.has_invitation_expiry = 1;
        invitee->change.invitation_expiry = inviting->expiry;
    }
    if (!code && inviting->faults.errors) {
        return faults_print(inviting->context, inviting->file ? inviting->file : inviting->list[0].details.id, inviting->file ? (uint32_t)inviting->count : 0,
                            &inviting->faults, "Nothing was sent.", NULL);
    }
    for (size_t i = 0; i < inviting->count && !code; i++) {
        code = make_line(inviting, &inviting->list[i]);
        inviting->list[i].change.one_time_keys = &inviting->list[i].public_keys;
    }
    return code;
}

static uint32_t row_of(void *data, uint32_t change, const char *field, const char *found)
{
    const struct inviting *inviting = data;
    (void)field;
    (void)found;
    return change < inviting->count ? inviting->list[change].row : 0;
}

static const char *name_of(void *data, uint32_t change)
{
    const struct inviting *inviting = data;
    return change < inviting->count ? inviting->list[change].details.id : "";
}

static int send_all(struct inviting *inviting, struct submission_result *result)
{
    Muster__Submission submission = MUSTER__SUBMISSION__INIT;
    const struct session_naming naming = {.file = inviting->file, .row = inviting->file ? row_of : NULL, .id = name_of, .data = inviting};
    submission.parties = arena_array(&inviting->context->arena, inviting->count, sizeof *submission.parties);
    if (!submission.parties) {
        return complain_memory();
    }
    for (size_t i = 0; i < inviting->count; i++) {
        submission.parties[i] = &inviting->list[i].change;
    }
    submission.n_parties = inviting->count;
    return session_submit(inviting->context, &submission, &naming, result);
}

/* The line of one, alone on standard output, so that it can go into a file or a message. */
static void tell_one(struct inviting *inviting, const struct submission_result *result)
{
    struct context *context = inviting->context;
    const struct invitee *invitee = &inviting->list[0];
    if (context->output.form == OUTPUT_JSON) {
        output_value(&context->output, json_pack("{s:b, s:I, s:s, s:s, s:s}", "accepted", 1, "entry", (json_int_t)result->answer->position, "party", invitee->details.id,
                                                 "expires", figures_instant(inviting->expiry).text, "invitation", invitee->line));
        return;
    }
    advise("Accepted %s. %s, %s, may join until %s.\nSend it this line by a channel that only it reads; it runs: muster join", session_accepted(context, result),
           invitee->details.id, invitee->details.country, figures_time(inviting->expiry).text);
    printf("%s\n", invitee->line);
}

static int write_all(struct inviting *inviting, const char *folder, const struct submission_result *result)
{
    struct context *context = inviting->context;
    json_t *list = json_array();
    for (size_t i = 0; i < inviting->count; i++) {
        char path[FILES_PATH_MOST];
        const struct invitee *invitee = &inviting->list[i];
        const char *text = arena_format(&context->arena, "%s\n", invitee->line);
        if (!text || files_path(path, folder, invitee->details.id, NULL) != STATUS_OK || files_write(path, text, strlen(text), 0600, true) != STATUS_OK) {
            json_decref(list);
            complain_file("write", invitee->details.id);
            advise("They were accepted. Invite again those whose file is missing: their old lines end.");
            return EXIT_CODE_IO;
        }
        json_array_append_new(list, json_pack("{s:s, s:s}", "party", invitee->details.id, "file", path));
    }
    json_t *value = json_pack("{s:b, s:I, s:s, s:O}", "accepted", 1, "entry", (json_int_t)result->answer->position, "expires", figures_instant(inviting->expiry).text,
                              "invitations", list);
    json_decref(list);
    if (!output_value(&context->output, value)) {
        output_wrap(&context->output, "Accepted %s. %s invitations in %s, each in a file that bears its party's name; they stand until %s.", session_accepted(context, result),
                    figures_count(inviting->count).text, folder, figures_time(inviting->expiry).text);
        output_wrap(&context->output, "Send each by a channel that only its party reads; it runs: muster join --file FILE");
    }
    return EXIT_CODE_DONE;
}

int party_invite_run(struct context *context, int count, char **words)
{
    struct inviting inviting = {.context = context, .file = count == 2 ? words[0] : NULL};
    struct folder folder = {0};
    struct submission_result result;
    uint64_t days = INVITATION_DAYS;
    if (context->value[OPTION_DAYS] && figures_read_count(context->value[OPTION_DAYS], 1, INVITATION_DAYS_MOST, &days) != STATUS_OK) {
        return complain(EXIT_CODE_USAGE, "--days: found %s, expected 1 to %u. Nothing was sent.", context->value[OPTION_DAYS], INVITATION_DAYS_MOST);
    }
    faults_init(&inviting.faults, &context->arena);
    int code = inviting.file ? read_sheet(&inviting) : read_options(&inviting, words[0]);
    if (!code && inviting.faults.errors) {
        return faults_print(context, inviting.file, (uint32_t)inviting.count, &inviting.faults, "Nothing was sent.", NULL);
    }
    if (!code && inviting.count == 0) {
        return complain(EXIT_CODE_INPUT, "%s holds no party. Nothing was sent.", inviting.file);
    }
    code = code ? code : session_link(context, false);
    if (!code && inviting.file) {
        code = folder_make(&folder, words[1]);
    }
    if (!code) {
        const struct seam_clock *clock = link_clock(context->link);
        inviting.expiry = clock->wall(clock->data) + days * DAY_MILLISECONDS;
        code = prepare(&inviting);
    }
    code = code ? code : send_all(&inviting, &result);
    for (size_t i = 0; i < inviting.count; i++) {
        invitation_keys_drop(&inviting.list[i].keys);
    }
    if ((code || !result.answer) && folder.path) {
        folder_undo(&folder);
    }
    if (code || !result.answer) {
        return code;
    }
    if (inviting.file) {
        return write_all(&inviting, words[1], &result);
    }
    tell_one(&inviting, &result);
    return EXIT_CODE_DONE;
}
