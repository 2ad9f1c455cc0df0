/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "broker/seal.h"
#include "proto/entry.h"
#include "proto/status.h"
#include "proto/verbs.h"

/*
 * Every field of every answer, filled, then sealed for each kind of reader: what is left must be what tests/unit/data/seal-seen.txt says, no
 * more and no less. Where seal_test asks a whole broker, whose views already leave out most of what is not the asker's, this asks the seal
 * alone, as the last that stands before a view's mistake. The file states a second time, by where a figure stands and not by what the asker
 * is to it, who reads it; who changes seal.def has to say so there too.
 *
 * A line is a place, and the readers who see it: A an agency of what is its own, a of another's; S and s a supplier likewise; C a
 * coordinator. The places of a record stand once for each kind of thing that it holds. Then each message is sealed alone, as if what holds it
 * were open; its places begin with its name in brackets. SEAL_SEEN_WRITE=file writes what is seen now.
 */

#define SEEN "tests/unit/data/seal-seen.txt"
#define MEMORY ((size_t)1 << 26)
#define PLACES_MOST 4000
#define DEPTH_MOST 10
#define READERS 5
#define MESSAGES_MOST 100

static const struct reader {
    char letter;
    struct seal_asker asker;
    const char *party, *country; /* of all that it is shown */
} readers[READERS] = {
    {'A', {MUSTER__ROLE__ROLE_AGENCY, "nl", "NL"}, "nl", "NL"},      {'a', {MUSTER__ROLE__ROLE_AGENCY, "nl", "NL"}, "de", "DE"},
    {'S', {MUSTER__ROLE__ROLE_SUPPLIER, "sup", "FR"}, "sup", "FR"},  {'s', {MUSTER__ROLE__ROLE_SUPPLIER, "sup", "FR"}, "alt", "IT"},
    {'C', {MUSTER__ROLE__ROLE_COORDINATOR, "eda", "BE"}, "nl", "NL"},
};

/* What a record holds: a fund or a party's record makes the whole theirs. */
enum holds { HOLDS_OTHERS, HOLDS_FUND, HOLDS_PARTY, HOLDS };
static const char *const holds_names[HOLDS] = {"", "(fund)", "(party)"};

struct place {
    char name[200];
    char seen[READERS + 1];
};

struct filling {
    const struct reader *reader;
    enum holds holds;
    struct arena arena;
    struct place *places;
    size_t count;
};

static ProtobufCMessage *fill(struct filling *filling, const ProtobufCMessageDescriptor *descriptor, int depth);

static bool is_named(const ProtobufCFieldDescriptor *field, const ProtobufCMessageDescriptor *of, const ProtobufCMessageDescriptor *message, const char *name)
{
    return of == message && strcmp(field->name, name) == 0;
}

static const char *text_for(const struct filling *filling, const ProtobufCMessageDescriptor *of, const ProtobufCFieldDescriptor *field)
{
    if (strcmp(field->name, "party") == 0 || is_named(field, of, &muster__party__descriptor, "id"))
        return filling->reader->party;
    if (strcmp(field->name, "country") == 0 || strcmp(field->name, "countries") == 0)
        return filling->reader->country;
    if (is_named(field, of, &muster__bundle_rule__descriptor, "name"))
        return "sme_share";
    return is_named(field, of, &muster__bundle_rule__descriptor, "figure") ? "58.1 %" : "text";
}

static ProtobufCBinaryData bytes_for(struct filling *filling, const ProtobufCMessageDescriptor *of, const ProtobufCFieldDescriptor *field)
{
    ProtobufCBinaryData data = {.len = 4, .data = arena_alloc(&filling->arena, ENTRY_BODY_MOST)};
    assert_non_null(data.data);
    memcpy(data.data, "data", 4);
    if (is_named(field, of, &muster__log_body__descriptor, "body")) {
        struct entry_body body = {.kind = "submission", .time = 1};
        snprintf(body.party, sizeof body.party, "%s", filling->reader->party);
        assert_int_equal(entry_body_pack(&body, data.data, &data.len), STATUS_OK);
    }
    return data;
}

static bool is_left_out(const struct filling *filling, const ProtobufCMessageDescriptor *of, const ProtobufCFieldDescriptor *field)
{
    return (is_named(field, of, &muster__record__descriptor, "fund") && filling->holds != HOLDS_FUND) ||
           (is_named(field, of, &muster__record__descriptor, "party_record") && filling->holds != HOLDS_PARTY);
}

/* One value where a field's value stands. */
static void put_value(struct filling *filling, const ProtobufCMessageDescriptor *of, const ProtobufCFieldDescriptor *field, void *at, int depth)
{
    const char *text = text_for(filling, of, field);
    ProtobufCMessage *inner = field->type == PROTOBUF_C_TYPE_MESSAGE ? fill(filling, field->descriptor, depth + 1) : NULL;
    ProtobufCBinaryData data;
    int64_t number = 7;
    switch (field->type) {
    case PROTOBUF_C_TYPE_MESSAGE:
        memcpy(at, &inner, sizeof inner);
        break;
    case PROTOBUF_C_TYPE_STRING:
        memcpy(at, &text, sizeof text);
        break;
    case PROTOBUF_C_TYPE_BYTES:
        data = bytes_for(filling, of, field);
        memcpy(at, &data, sizeof data);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        *(protobuf_c_boolean *)at = 1;
        break;
    case PROTOBUF_C_TYPE_ENUM:
        *(int *)at = ((const ProtobufCEnumDescriptor *)field->descriptor)->values[0].value;
        break;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_UINT32:
        *(uint32_t *)at = 7;
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
        memcpy(at, &number, sizeof number);
        break;
    default:
        fail_msg("%s.%s is of a type that is filled by nothing", of->short_name, field->name);
    }
}

static ProtobufCMessage *fill(struct filling *filling, const ProtobufCMessageDescriptor *descriptor, int depth)
{
    assert_true(depth < DEPTH_MOST);
    ProtobufCMessage *message = arena_alloc(&filling->arena, descriptor->sizeof_message);
    assert_non_null(message);
    descriptor->message_init(message);
    for (unsigned n = 0; n < descriptor->n_fields; n++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[n];
        uint8_t *at = (uint8_t *)message + field->offset, *quantifier = (uint8_t *)message + field->quantifier_offset;
        if (is_left_out(filling, descriptor, field))
            continue;
        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            void *list = arena_alloc(&filling->arena, sizeof(ProtobufCBinaryData));
            size_t one = 1;
            assert_non_null(list);
            put_value(filling, descriptor, field, list, depth);
            memcpy(at, &list, sizeof list);
            memcpy(quantifier, &one, sizeof one);
            continue;
        }
        put_value(filling, descriptor, field, at, depth);
        if (field->label == PROTOBUF_C_LABEL_OPTIONAL && field->type != PROTOBUF_C_TYPE_MESSAGE && field->type != PROTOBUF_C_TYPE_STRING)
            *(protobuf_c_boolean *)quantifier = 1;
    }
    return message;
}

static struct place *place_of(struct filling *filling, const char *name)
{
    for (size_t n = 0; n < filling->count; n++) {
        if (strcmp(filling->places[n].name, name) == 0)
            return &filling->places[n];
    }
    assert_true(filling->count < PLACES_MOST);
    struct place *place = &filling->places[filling->count++];
    memset(place, 0, sizeof *place);
    snprintf(place->name, sizeof place->name, "%s", name);
    return place;
}

static bool has_value(const ProtobufCFieldDescriptor *field, const uint8_t *at, const uint8_t *quantifier)
{
    static const uint8_t zeros[16];
    const char *text;
    ProtobufCBinaryData data;
    size_t count;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        memcpy(&count, quantifier, sizeof count);
        return count > 0;
    }
    switch (field->type) {
    case PROTOBUF_C_TYPE_MESSAGE:
    case PROTOBUF_C_TYPE_STRING:
        memcpy(&text, at, sizeof text);
        return text != NULL && (field->type == PROTOBUF_C_TYPE_MESSAGE || text[0] != '\0');
    case PROTOBUF_C_TYPE_BYTES:
        memcpy(&data, at, sizeof data);
        return (field->label != PROTOBUF_C_LABEL_OPTIONAL || *(const protobuf_c_boolean *)quantifier) && data.len > 0;
    default:
        if (field->label == PROTOBUF_C_LABEL_OPTIONAL)
            return *(const protobuf_c_boolean *)quantifier != 0;
        return memcmp(at, zeros, field->type == PROTOBUF_C_TYPE_INT64 || field->type == PROTOBUF_C_TYPE_UINT64 ? 8 : 4) != 0;
    }
}

/* Notes what is left of a message, place by place; of a message that is gone, that nothing of it is. */
static void note(struct filling *filling, const ProtobufCMessageDescriptor *descriptor, const ProtobufCMessage *message, const char *path, bool alone)
{
    for (unsigned n = 0; n < descriptor->n_fields; n++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[n];
        const uint8_t *at = (const uint8_t *)message + field->offset, *quantifier = (const uint8_t *)message + field->quantifier_offset;
        bool kept = message != NULL && has_value(field, at, quantifier), required = field->label == PROTOBUF_C_LABEL_REQUIRED;
        bool whole = field->type == PROTOBUF_C_TYPE_MESSAGE;
        char name[200];
        const ProtobufCMessage *inner = NULL;
        if (is_left_out(filling, descriptor, field))
            continue;
        snprintf(name, sizeof name, "%s.%s", path, field->name);
        if (!whole || !required) {
            struct place *place = place_of(filling, name);
            if (kept)
                place->seen[strlen(place->seen)] = filling->reader->letter;
        }
        if (whole && kept && field->label == PROTOBUF_C_LABEL_REPEATED) {
            ProtobufCMessage **list;
            memcpy(&list, at, sizeof list);
            inner = list[0];
        } else if (whole && kept) {
            memcpy(&inner, at, sizeof inner);
        }
        if (whole && !alone)
            note(filling, field->descriptor, inner, name, false);
    }
}

/* A message filled, sealed and noted for each reader. */
static void see(struct filling *filling, const ProtobufCMessageDescriptor *descriptor, const char *path, bool alone)
{
    for (size_t n = 0; n < READERS; n++) {
        filling->reader = &readers[n];
        arena_init(&filling->arena, MEMORY);
        ProtobufCMessage *message = fill(filling, descriptor, 0);
        assert_int_equal(seal_answer(&readers[n].asker, message, &filling->arena), STATUS_OK);
        note(filling, descriptor, message, path, alone);
        arena_drop(&filling->arena);
    }
}

struct messages {
    const ProtobufCMessageDescriptor *list[MESSAGES_MOST];
    size_t count;
};

static void list_messages(struct messages *messages, const ProtobufCMessageDescriptor *descriptor)
{
    for (size_t n = 0; n < messages->count; n++) {
        if (messages->list[n] == descriptor)
            return;
    }
    assert_true(messages->count < MESSAGES_MOST);
    messages->list[messages->count++] = descriptor;
    for (unsigned n = 0; n < descriptor->n_fields; n++) {
        if (descriptor->fields[n].type == PROTOBUF_C_TYPE_MESSAGE)
            list_messages(messages, descriptor->fields[n].descriptor);
    }
}

static void see_all(struct filling *filling)
{
    struct messages messages = {.count = 0};
    size_t count;
    const struct verb *all = verb_all(&count);
    for (size_t v = 0; v < count; v++) {
        for (int holds = 0; holds < HOLDS; holds++) {
            if (holds != HOLDS_OTHERS && all[v].answer != &muster__list_answer__descriptor)
                continue;
            char path[64];
            filling->holds = (enum holds)holds;
            snprintf(path, sizeof path, "%s%s", all[v].name, holds_names[holds]);
            see(filling, all[v].answer, path, false);
        }
        list_messages(&messages, all[v].answer);
    }
    list_messages(&messages, &muster__terms__descriptor);
    filling->holds = HOLDS_OTHERS;
    for (size_t n = 0; n < messages.count; n++) {
        char path[64];
        snprintf(path, sizeof path, "(%s)", messages.list[n]->short_name);
        see(filling, messages.list[n], path, true);
    }
}

static void write_places(const struct filling *filling, const char *name)
{
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    for (size_t n = 0; n < filling->count; n++)
        fprintf(file, "%s %s\n", filling->places[n].name, filling->places[n].seen[0] ? filling->places[n].seen : "-");
    assert_int_equal(fclose(file), 0);
}

static void each_reader_sees_what_is_stated_and_nothing_else(void **state)
{
    (void)state;
    static struct place places[PLACES_MOST];
    static bool stated[PLACES_MOST];
    struct filling filling = {.places = places};
    char line[256], name[200], seen[16];
    see_all(&filling);
    if (getenv("SEAL_SEEN_WRITE") != NULL)
        write_places(&filling, getenv("SEAL_SEEN_WRITE"));
    FILE *file = fopen(SEEN, "r");
    assert_non_null(file);
    size_t known = filling.count;
    while (fgets(line, sizeof line, file) != NULL) {
        assert_int_equal(sscanf(line, "%199s %15s", name, seen), 2);
        struct place *place = place_of(&filling, name);
        assert_true(filling.count == known); /* a place that no answer has */
        stated[place - places] = true;
        if (strcmp(place->seen[0] ? place->seen : "-", seen) != 0)
            fail_msg("%s is seen by %s, and stated is %s", name, place->seen[0] ? place->seen : "-", seen);
    }
    assert_int_equal(fclose(file), 0);
    for (size_t n = 0; n < known; n++) {
        if (!stated[n])
            fail_msg("%s is not in " SEEN, places[n].name);
    }
    assert_true(known > 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_reader_sees_what_is_stated_and_nothing_else)};
    alarm(120);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
