/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/seal.h"

#include <string.h>

#include "proto/entry.h"
#include "proto/request.pb-c.h"
#include "proto/status.h"

enum seal_action { NO, YES, FIVE, TWO };

struct seal_row {
    const ProtobufCMessageDescriptor *message;
    const char *field;
    enum seal_action actions[SEAL_RELATIONS];
};

static const struct seal_row rows[] = {
#define SEAL(name, text, owner, nation, supplier, coordinator, other)                                                          \
    {&muster__##name##__descriptor, #text, {owner, nation, supplier, coordinator, other}},
#include "broker/seal.def"
#undef SEAL
};

#define ROW_COUNT (sizeof rows / sizeof rows[0])
#define NATIONS_LEAST 4u /* of a bundle whose value nations may know to two digits */

struct sealing {
    const struct seal_asker *asker;
    struct arena *arena;
    uint64_t nations; /* of the bundle at hand */
    bool of_need;     /* within the need, where demands are open ones */
};

static const struct seal_row *row_of(const ProtobufCMessageDescriptor *descriptor, const char *field)
{
    for (size_t at = 0; at < ROW_COUNT; at++) {
        if (rows[at].message == descriptor && strcmp(rows[at].field, field) == 0)
            return &rows[at];
    }
    return NULL;
}

bool seal_has_row(const ProtobufCMessageDescriptor *descriptor, const char *field)
{
    return row_of(descriptor, field) != NULL;
}

static enum seal_relation own_or_other(const struct sealing *sealing, const char *party)
{
    return party != NULL && strcmp(party, sealing->asker->party) == 0 ? SEAL_OWNER : SEAL_OTHER;
}

static bool may_draw(const struct sealing *sealing, const Muster__Fund *fund)
{
    if (sealing->asker->role != MUSTER__ROLE__ROLE_AGENCY)
        return false;
    for (size_t at = 0; at < fund->n_countries; at++) {
        if (strcmp(fund->countries[at], sealing->asker->country) == 0)
            return true;
    }
    return fund->n_countries == 0;
}

static enum seal_relation record_relation(const struct sealing *sealing, const Muster__Record *record)
{
    if (record->fund != NULL)
        return may_draw(sealing, record->fund) ? SEAL_NATION : SEAL_OTHER;
    if (record->party_record != NULL)
        return own_or_other(sealing, record->party_record->party->id);
    return own_or_other(sealing, record->party);
}

/* An entry's body is its party's. */
static enum seal_relation body_relation(const struct sealing *sealing, const Muster__LogBody *message)
{
    struct entry_body body;
    if (entry_body_parse(message->body.data, message->body.len, &body) != STATUS_OK)
        return SEAL_OTHER;
    return own_or_other(sealing, body.party);
}

/* What the asker is to a message: by whose it is, else as to the message around it. */
static enum seal_relation relation_to(struct sealing *sealing, const ProtobufCMessage *message, enum seal_relation around)
{
    const ProtobufCMessageDescriptor *is = message->descriptor;
    if (sealing->asker->role == MUSTER__ROLE__ROLE_COORDINATOR)
        return SEAL_COORDINATOR;
    if (is == &muster__record__descriptor)
        return record_relation(sealing, (const Muster__Record *)message);
    if (is == &muster__party_record__descriptor)
        return own_or_other(sealing, ((const Muster__PartyRecord *)message)->party->id);
    if (is == &muster__log_body__descriptor)
        return body_relation(sealing, (const Muster__LogBody *)message);
    if (is == &muster__demand__descriptor && sealing->of_need)
        return sealing->asker->role == MUSTER__ROLE__ROLE_SUPPLIER ? SEAL_SUPPLIER : SEAL_OTHER;
    if (is == &muster__bundles_answer__descriptor || is == &muster__bundle_view__descriptor || is == &muster__terms__descriptor ||
        is == &muster__need_answer__descriptor)
        return sealing->asker->role == MUSTER__ROLE__ROLE_AGENCY ? SEAL_NATION : SEAL_SUPPLIER;
    if (is == &muster__bundle_nation__descriptor && strcmp(((const Muster__BundleNation *)message)->country, sealing->asker->country) == 0 &&
        around == SEAL_NATION)
        return SEAL_OWNER;
    if (is == &muster__bundle_supplier__descriptor && own_or_other(sealing, ((const Muster__BundleSupplier *)message)->party) == SEAL_OWNER)
        return SEAL_OWNER;
    return around;
}

static void *field_at(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    return (uint8_t *)message + field->offset;
}

static size_t count_of(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    size_t count;
    memcpy(&count, (const uint8_t *)message + field->quantifier_offset, sizeof count);
    return count;
}

static bool is_pointer(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_MESSAGE || field->type == PROTOBUF_C_TYPE_STRING;
}

static size_t size_of(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_ENUM:
        return sizeof(uint32_t);
    default:
        return sizeof(uint64_t);
    }
}

static void take_away(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    uint8_t *quantifier = (uint8_t *)message + field->quantifier_offset;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        memset(quantifier, 0, sizeof(size_t));
    } else if (field->label == PROTOBUF_C_LABEL_OPTIONAL) {
        if (is_pointer(field))
            memset(field_at(message, field), 0, sizeof(void *));
        else
            memset(quantifier, 0, sizeof(protobuf_c_boolean));
    } else if (field->type == PROTOBUF_C_TYPE_STRING) {
        const char *empty = "";
        memcpy(field_at(message, field), &empty, sizeof empty);
    } else if (field->type != PROTOBUF_C_TYPE_ENUM && field->type != PROTOBUF_C_TYPE_MESSAGE) {
        memset(field_at(message, field), 0, size_of(field));
    }
}

/* A rule's figure that nations may know: how many they are, and two shares in steps. */
static bool is_known_to_nations(const ProtobufCMessage *message)
{
    const char *name = ((const Muster__BundleRule *)message)->name;
    return strcmp(name, "nations") == 0 || strcmp(name, "sme_share") == 0 || strcmp(name, "european_share") == 0;
}

static int to_steps(struct sealing *sealing, const char *text, ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    unsigned percent = 0;
    for (const char *at = text; *at >= '0' && *at <= '9' && percent <= 100; at++)
        percent = 10 * percent + (unsigned)(*at - '0');
    unsigned low = percent >= 100 ? 95 : percent / 5 * 5;
    char *rounded = arena_format(sealing->arena, "%u to %u %%", low, low + 5);
    if (rounded == NULL)
        return STATUS_NO_MEMORY;
    memcpy(field_at(message, field), &rounded, sizeof rounded);
    return STATUS_OK;
}

/* "58.1 %" as "55 to 60 %"; what is no percentage (a count of nations) stays. */
static int to_fives(struct sealing *sealing, ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    char *text;
    memcpy(&text, field_at(message, field), sizeof text);
    if (message->descriptor == &muster__bundle_rule__descriptor && !is_known_to_nations(message))
        take_away(message, field);
    else if (text != NULL && strchr(text, '%') != NULL)
        return to_steps(sealing, text, message, field);
    return STATUS_OK;
}

static void to_two_digits(struct sealing *sealing, ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    int64_t amount, unit = 1;
    if (sealing->nations < NATIONS_LEAST) {
        take_away(message, field);
        return;
    }
    memcpy(&amount, field_at(message, field), sizeof amount);
    while (amount / unit >= 100)
        unit *= 10;
    amount -= amount % unit;
    memcpy(field_at(message, field), &amount, sizeof amount);
}

/* One more than the contract nests: no message holds itself. */
#define DEPTH_MOST 8

static int seal_message(struct sealing *sealing, ProtobufCMessage *message, enum seal_relation around, int depth);

static int seal_inner(struct sealing *sealing, ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, enum seal_relation relation,
                      int depth)
{
    ProtobufCMessage **list, *single;
    size_t count = 1;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        memcpy(&list, field_at(message, field), sizeof list);
        count = count_of(message, field);
    } else {
        memcpy(&single, field_at(message, field), sizeof single);
        list = &single;
        count = single != NULL ? 1 : 0;
    }
    int status = STATUS_OK;
    for (size_t at = 0; status == STATUS_OK && at < count; at++)
        status = seal_message(sealing, list[at], relation, depth + 1);
    return status;
}

static int seal_message(struct sealing *sealing, ProtobufCMessage *message, enum seal_relation around, int depth)
{
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;
    if (depth > DEPTH_MOST)
        return STATUS_NO_MEMORY;
    if (descriptor == &muster__bundle_view__descriptor)
        sealing->nations = ((const Muster__BundleView *)message)->number_of_nations;
    if (descriptor == &muster__need_answer__descriptor)
        sealing->of_need = true;
    enum seal_relation relation = relation_to(sealing, message, around);
    int status = STATUS_OK;
    for (unsigned at = 0; status == STATUS_OK && at < descriptor->n_fields; at++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[at];
        const struct seal_row *row = row_of(descriptor, field->name);
        enum seal_action action = row != NULL ? row->actions[relation] : NO;
        bool whole = field->type == PROTOBUF_C_TYPE_MESSAGE && field->label == PROTOBUF_C_LABEL_REQUIRED;
        if (action == NO && whole)
            status = seal_inner(sealing, message, field, SEAL_OTHER, depth);
        else if (action == NO)
            take_away(message, field);
        else if (action == FIVE)
            status = to_fives(sealing, message, field);
        else if (action == TWO)
            to_two_digits(sealing, message, field);
        else if (field->type == PROTOBUF_C_TYPE_MESSAGE)
            status = seal_inner(sealing, message, field, relation, depth);
    }
    return status;
}

int seal_answer(const struct seal_asker *asker, ProtobufCMessage *answer, struct arena *arena)
{
    struct sealing sealing = {.asker = asker, .arena = arena};
    return seal_message(&sealing, answer, SEAL_OWNER, 0);
}
