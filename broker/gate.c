/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/gate.h"

#include <stddef.h>
#include <string.h>

#include "proto/marking.h"
#include "proto/status.h"

enum gate_leave { NO, YES, EARLY };

struct gate_leaves {
    enum gate_leave agency, supplier, coordinator;
};

struct verb_row {
    Muster__Verb verb;
    struct gate_leaves leaves;
};

static const struct verb_row verbs[] = {
#define GATE_VERB(name, agency, supplier, coordinator) {MUSTER__VERB__##name, {agency, supplier, coordinator}},
#include "broker/gate.def"
#undef GATE_VERB
};

struct change_row {
    const char *field;
    int kind; /* 0: any, or the field has none */
    struct gate_leaves leaves;
};

static const struct change_row changes[] = {
#define GATE_CHANGE(name, number, agency, supplier, coordinator) {#name, (int)(number), {agency, supplier, coordinator}},
#include "broker/gate.def"
#undef GATE_CHANGE
};

static bool is_left(const struct gate_leaves *leaves, const Muster__PartyRecord *party)
{
    enum gate_leave leave = NO;
    if (party->party->role == MUSTER__ROLE__ROLE_AGENCY)
        leave = leaves->agency;
    else if (party->party->role == MUSTER__ROLE__ROLE_SUPPLIER)
        leave = leaves->supplier;
    else if (party->party->role == MUSTER__ROLE__ROLE_COORDINATOR)
        leave = leaves->coordinator;
    if (party->state == MUSTER__PARTY_STATE__PARTY_CONFIRMED)
        return leave != NO;
    return party->state == MUSTER__PARTY_STATE__PARTY_JOINED && leave == EARLY;
}

int gate_check_verb(const struct desk_context *context, Muster__Verb verb)
{
    if (context->party == NULL)
        return STATUS_DENIED;
    if (context->one_time)
        return verb == MUSTER__VERB__VERB_JOIN && context->party->state != MUSTER__PARTY_STATE__PARTY_SUSPENDED ? STATUS_OK : STATUS_DENIED;
    if (context->waiting && verb != MUSTER__VERB__VERB_STATUS && verb != MUSTER__VERB__VERB_HEAD)
        return STATUS_DENIED;
    if (context->waiting)
        return context->party->state != MUSTER__PARTY_STATE__PARTY_SUSPENDED ? STATUS_OK : STATUS_DENIED;
    for (size_t at = 0; at < sizeof verbs / sizeof verbs[0]; at++) {
        if (verbs[at].verb == verb)
            return is_left(&verbs[at].leaves, context->party) ? STATUS_OK : STATUS_DENIED;
    }
    return STATUS_DENIED;
}

int gate_check_open(const struct desk_context *context)
{
    bool coordinator = context->party != NULL && context->party->party->role == MUSTER__ROLE__ROLE_COORDINATOR;
    return !context->closed || coordinator ? STATUS_OK : STATUS_DENIED;
}

static bool change_is_left(const Muster__PartyRecord *party, const char *field, int kind)
{
    for (size_t at = 0; at < sizeof changes / sizeof changes[0]; at++) {
        if (strcmp(changes[at].field, field) == 0 && (changes[at].kind == 0 || changes[at].kind == kind))
            return is_left(&changes[at].leaves, party);
    }
    return false;
}

/* The kind of one change: its field "kind", which is an enum; 0 where it has none. */
static int kind_of(const ProtobufCMessage *change)
{
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(change->descriptor, "kind");
    if (field == NULL || field->type != PROTOBUF_C_TYPE_ENUM)
        return 0;
    int kind;
    memcpy(&kind, (const uint8_t *)change + field->offset, sizeof kind);
    return kind;
}

/* The roles that a change is left to, in words. */
static const char *who_may(const char *field, int kind)
{
    static const char *const words[] = {"nobody", "an agency", "a supplier", "an agency or a supplier", "a coordinator", "an agency or a coordinator",
                                        "a supplier or a coordinator", "a party"};
    for (size_t at = 0; at < sizeof changes / sizeof changes[0]; at++) {
        const struct gate_leaves *leaves = &changes[at].leaves;
        if (strcmp(changes[at].field, field) == 0 && (changes[at].kind == 0 || changes[at].kind == kind))
            return words[(leaves->agency != NO) + 2 * (leaves->supplier != NO) + 4 * (leaves->coordinator != NO)];
    }
    return words[0];
}

static void refuse(struct faults *faults, const Muster__PartyRecord *party, const char *field, int kind)
{
    static const char *const roles[] = {"", "an agency", "a supplier", "a coordinator"};
    int role = (int)party->party->role;
    bool known = role > 0 && role < (int)(sizeof roles / sizeof roles[0]);
    if (party->state == MUSTER__PARTY_STATE__PARTY_JOINED)
        faults_add(faults, field, "", "a confirmed party", "wait until the coordinator has compared and confirmed your fingerprint");
    else
        faults_add(faults, field, known ? roles[role] : "", who_may(field, kind), "leave it to whom it is left to: your role does not do this");
}

/* Every change of one field of the submission that is filled. */
static bool check_field(const Muster__PartyRecord *party, const Muster__Submission *submission, const ProtobufCFieldDescriptor *field,
                        struct faults *faults)
{
    const uint8_t *base = (const uint8_t *)submission;
    ProtobufCMessage **list = NULL;
    ProtobufCMessage *single = NULL;
    size_t count = 0;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        memcpy(&count, base + field->quantifier_offset, sizeof count);
        memcpy(&list, base + field->offset, sizeof list);
    } else {
        memcpy(&single, base + field->offset, sizeof single);
        list = &single;
        count = single != NULL ? 1 : 0;
    }
    bool left = true;
    for (size_t at = 0; at < count; at++) {
        if (change_is_left(party, field->name, kind_of(list[at])))
            continue;
        faults->change = (uint32_t)at;
        refuse(faults, party, field->name, kind_of(list[at]));
        left = false;
    }
    faults->change = 0;
    return left;
}

int gate_check_submission(const struct desk_context *context, const Muster__Submission *submission, struct faults *faults)
{
    const ProtobufCMessageDescriptor *descriptor = submission->base.descriptor;
    bool left = context->party != NULL;
    if (!left)
        return STATUS_DENIED;
    if (context->one_time)
        return submission->join != NULL && context->party->state != MUSTER__PARTY_STATE__PARTY_SUSPENDED ? STATUS_OK : STATUS_DENIED;
    if (context->waiting)
        return STATUS_DENIED;
    for (unsigned at = 0; at < descriptor->n_fields; at++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[at];
        bool head = field->descriptor == &muster__head__descriptor || field->descriptor == &muster__marking_confirmation__descriptor;
        if (field->type == PROTOBUF_C_TYPE_MESSAGE && !head)
            left = check_field(context->party, submission, field, faults) && left;
    }
    return left ? STATUS_OK : STATUS_DENIED;
}

#define SPILL_EXPECTED "what is explicitly unclassified"
#define SPILL_REMEDY                                                                                                           \
    "nothing was stored or logged and the text is not repeated; do not mail, copy or delete the file, tell your security officer, " \
    "and submit again only once it is cleared"

int gate_check_marking(const Muster__Submission *submission, struct arena *arena, struct faults *faults)
{
    const char *remedy = NULL;
    struct marking_hits hits;
    if (marking_check(submission->marking, submission->marked_by, &remedy) != STATUS_OK) {
        faults_add(faults, "marking", "", SPILL_EXPECTED, remedy != NULL ? remedy : SPILL_REMEDY);
        return STATUS_DENIED;
    }
    int status = marking_scan_submission(submission, arena, &hits);
    if (status == STATUS_OK)
        return STATUS_OK;
    for (size_t at = 0; status == STATUS_INVALID && at < hits.count; at++) {
        const struct marking_hit *hit = &hits.list[at];
        char *text = hit->code[0] != '\0'
                         ? arena_format(arena, SPILL_REMEDY "; if it is a false alarm, confirm it with code %s", hit->code)
                         : NULL;
        faults->change = hit->change;
        faults_add(faults, hit->field, "", SPILL_EXPECTED, text != NULL ? text : SPILL_REMEDY);
    }
    faults->change = 0;
    if (faults->errors == 0)
        faults_add(faults, "", "", SPILL_EXPECTED, SPILL_REMEDY);
    return STATUS_DENIED;
}
