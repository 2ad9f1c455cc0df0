/* SPDX-License-Identifier: EUPL-1.2 */
/* A message of every field, made from its descriptor alone, so that a new message or field has its seed at once. */
#include <string.h>

#include "proto/market.pb-c.h"
#include "proto/status.h"
#include "proto/walk.h"
#include "tests/fuzz/target.h"

#define DEPTH_MOST 6u
#define SEEDS 3u

static ProtobufCMessage *fill(const ProtobufCMessageDescriptor *descriptor, unsigned variant, unsigned depth, struct arena *arena);

ProtobufCMessage *fuzz_message_fill(const ProtobufCMessageDescriptor *descriptor, unsigned variant, struct arena *arena)
{
    return fill(descriptor, variant, 0, arena);
}

static size_t size_of(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_UINT32:
        return sizeof(uint32_t);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    default:
        return sizeof(uint64_t);
    }
}

/* Bytes that are a packed market, and the lengths that other bytes of the contract have. */
static void set_bytes(const ProtobufCFieldDescriptor *field, unsigned variant, unsigned depth, struct arena *arena, ProtobufCBinaryData *data)
{
    if (strcmp(field->name, "market") == 0) {
        fuzz_require(walk_pack(fill(&muster__market__descriptor, variant, depth + 1, arena), arena, &data->data, &data->len) == STATUS_OK);
        return;
    }
    data->len = strcmp(field->name, "id") == 0 ? 16 : strstr(field->name, "signature") != NULL ? 64 : 32;
    data->data = arena_alloc(arena, data->len);
    fuzz_require(data->data != NULL);
    memset(data->data, (int)(field->id + 1), data->len);
}

static const char *text_of(const ProtobufCFieldDescriptor *field)
{
    static const char *const texts[][2] = {{"country", "NL"}, {"currency", "EUR"}, {"place", "NL"}, {"value", "1"}, {"party", "nl-dmo"},
                                           {"supplier", "fr-nexter"}, {"item", "shell-155"}, {"fund", "F1"}, {"marking", "UNCLASSIFIED"},
                                           {"marked_by", "NATO"}, {"unit", "EA"}, {"requires", "range_km>=30"}, {"origin", "muster.example/log"}};
    for (size_t at = 0; at < sizeof texts / sizeof texts[0]; at++)
        if (strcmp(texts[at][0], field->name) == 0)
            return texts[at][1];
    return "NL-1";
}

static void set_value(const ProtobufCFieldDescriptor *field, unsigned variant, unsigned depth, struct arena *arena, void *at)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_BOOL:
        *(protobuf_c_boolean *)at = 1;
        break;
    case PROTOBUF_C_TYPE_ENUM:
        *(uint32_t *)at = (uint32_t)((const ProtobufCEnumDescriptor *)field->descriptor)->values[0].value;
        break;
    case PROTOBUF_C_TYPE_UINT32:
        *(uint32_t *)at = strstr(field->name, "month") != NULL ? 202706u : 1u;
        break;
    case PROTOBUF_C_TYPE_BYTES:
        set_bytes(field, variant, depth, arena, at);
        break;
    case PROTOBUF_C_TYPE_STRING:
        *(char **)at = arena_string(arena, text_of(field));
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        *(ProtobufCMessage **)at = fill(field->descriptor, variant, depth + 1, arena);
        break;
    default:
        *(uint64_t *)at = 100;
    }
}

static void set_field(const ProtobufCFieldDescriptor *field, unsigned variant, unsigned depth, struct arena *arena, ProtobufCMessage *message)
{
    char *at = (char *)message + field->offset;
    if (field->label != PROTOBUF_C_LABEL_REPEATED) {
        set_value(field, variant, depth, arena, at);
        if (field->label == PROTOBUF_C_LABEL_OPTIONAL && field->quantifier_offset != 0)
            *(protobuf_c_boolean *)((char *)message + field->quantifier_offset) = 1;
        return;
    }
    size_t count = depth == 0 ? variant : 1;
    char *list = arena_array(arena, count, size_of(field));
    fuzz_require(list != NULL);
    for (size_t n = 0; n < count; n++)
        set_value(field, variant, depth, arena, list + n * size_of(field));
    *(size_t *)((char *)message + field->quantifier_offset) = count;
    *(void **)at = list;
}

static ProtobufCMessage *fill(const ProtobufCMessageDescriptor *descriptor, unsigned variant, unsigned depth, struct arena *arena)
{
    ProtobufCMessage *message = arena_alloc(arena, descriptor->sizeof_message);
    fuzz_require(message != NULL);
    protobuf_c_message_init(descriptor, message);
    for (unsigned n = 0; n < descriptor->n_fields; n++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[n];
        if (field->label == PROTOBUF_C_LABEL_REQUIRED || (variant > 0 && depth < DEPTH_MOST))
            set_field(field, variant, depth, arena, message);
    }
    return message;
}

size_t fuzz_message_seed(const struct fuzz_target *target, unsigned number, uint8_t *bytes)
{
    uint8_t *packed = NULL;
    size_t size = 0;
    struct arena *arena = fuzz_arena();
    if (number >= SEEDS || walk_pack(fill(target->message, number, 0, arena), arena, &packed, &size) != STATUS_OK || size > FUZZ_INPUT_MOST)
        return 0;
    /* A message without a required field packs to nothing: one unknown byte stands for it, which the walker refuses. */
    bytes[0] = 0;
    memcpy(bytes, packed, size);
    return size > 0 ? size : 1;
}
