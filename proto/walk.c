/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/walk.h"

#include <limits.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "proto/log.pb-c.h"
#include "proto/request.pb-c.h"
#include "proto/status.h"
#include "proto/varint.h"
#include "proto/walk_memory.h"

struct limit {
    const ProtobufCMessageDescriptor *message;
    const char *field;
    uint32_t most;
};

static const struct limit limits[] = {
#define LIMIT(message, field, most) {&muster__##message##__descriptor, field, most},
#include "proto/walk_limits.def"
#undef LIMIT
};

/* One message that is being walked, linked to the one around it. */
struct frame {
    const struct frame *up;
    const ProtobufCMessageDescriptor *message;
    const ProtobufCFieldDescriptor *field; /* that is being read; NULL: none yet */
    uint32_t index;                        /* of its element */
    uint32_t counts[WALK_FIELDS_MOST];
};

struct walk {
    struct walk_memory memory;
    struct walk_fault *fault;
};

static void path_add(const struct frame *frame, struct walk_fault *fault)
{
    if (frame->up) {
        path_add(frame->up, fault);
    }
    if (!frame->field) {
        return;
    }
    size_t at = strlen(fault->path), left = sizeof fault->path - at;
    const char *dot = at ? "." : "";
    if (frame->field->label == PROTOBUF_C_LABEL_REPEATED) {
        snprintf(fault->path + at, left, "%s%s[%u]", dot, frame->field->name, frame->index);
        if (!at) {
            fault->change = frame->index;
        }
    } else {
        snprintf(fault->path + at, left, "%s%s", dot, frame->field->name);
    }
}

static int refuse(struct walk *walk, const struct frame *frame, const char *rule, int status)
{
    if (walk->fault) {
        *walk->fault = (struct walk_fault){.rule = rule};
        path_add(frame, walk->fault);
    }
    return status;
}

static uint32_t limit_of(const struct frame *frame)
{
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        if (limits[i].message == frame->message && strcmp(limits[i].field, frame->field->name) == 0) {
            return limits[i].most;
        }
    }
    return WALK_REPEATED_MOST;
}

/* UTF-8 without overlong forms, surrogates, code points past U+10FFFF, or NUL (RFC 3629). */
static bool text_valid(struct wire text)
{
    while (text.left) {
        uint8_t lead = text.at[0];
        size_t more = lead < 0x80 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
        if (!lead || (lead >= 0x80 && lead < 0xc2) || lead > 0xf4 || text.left <= more) {
            return false;
        }
        for (size_t i = 1; i <= more; i++) {
            if ((text.at[i] & 0xc0) != 0x80) {
                return false;
            }
        }
        uint8_t second = more ? text.at[1] : 0;
        if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) || (lead == 0xf0 && second < 0x90) ||
            (lead == 0xf4 && second > 0x8f)) {
            return false;
        }
        text.at += more + 1;
        text.left -= more + 1;
    }
    return true;
}

/* The wire type of a field of the contract; false for types that it does not use (floats, groups). */
static bool type_of(const ProtobufCFieldDescriptor *field, enum wire_type *type)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_BOOL:
    case PROTOBUF_C_TYPE_ENUM:
        *type = WIRE_VARINT;
        return true;
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
        *type = WIRE_32;
        return true;
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
        *type = WIRE_64;
        return true;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        *type = WIRE_BYTES;
        return true;
    default:
        return false;
    }
}

/* NULL, or the rule that a varint's value breaks. */
static const char *varint_breaks(const ProtobufCFieldDescriptor *field, uint64_t value)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_SINT32:
        return value > UINT32_MAX ? "a number of more than 32 bits" : NULL;
    case PROTOBUF_C_TYPE_INT32:
        return (int64_t)value < INT32_MIN || (int64_t)value > INT32_MAX ? "a number of more than 32 bits" : NULL;
    case PROTOBUF_C_TYPE_BOOL:
        return value > 1 ? "a yes or no that is neither" : NULL;
    case PROTOBUF_C_TYPE_ENUM:
        return !value || value > INT_MAX || !protobuf_c_enum_descriptor_get_value(field->descriptor, (int)value) ? "an unknown choice" : NULL;
    default:
        return NULL;
    }
}

/* The bytes that an element of a repeated field takes in its array. */
static size_t element_size(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return 8;
    default:
        return 4;
    }
}

static int walk_message(struct walk *walk, struct frame *frame, struct wire wire, unsigned depth);

/* The value of frame->field. */
static int walk_value(struct walk *walk, struct frame *frame, struct wire *wire, enum wire_type type, unsigned depth)
{
    const ProtobufCFieldDescriptor *field = frame->field;
    struct wire taken;
    uint64_t value;
    if (type == WIRE_VARINT) {
        if (!wire_varint(wire, &value)) {
            return refuse(walk, frame, "a number longer than it need be, or cut off", STATUS_INVALID);
        }
        const char *rule = varint_breaks(field, value);
        return rule ? refuse(walk, frame, rule, STATUS_INVALID) : STATUS_OK;
    }
    if (type == WIRE_32 || type == WIRE_64) {
        return wire_skip(wire, type) ? STATUS_OK : refuse(walk, frame, "a number that is cut off", STATUS_INVALID);
    }
    if (!wire_bytes(wire, &taken)) {
        return refuse(walk, frame, "a length beyond the end of its message", STATUS_INVALID);
    }
    if (field->type == PROTOBUF_C_TYPE_BYTES) {
        walk_memory_add(&walk->memory, taken.left);
        return STATUS_OK;
    }
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        walk_memory_add(&walk->memory, taken.left + 1);
        return text_valid(taken) ? STATUS_OK : refuse(walk, frame, "text that is not UTF-8, or holds a NUL", STATUS_INVALID);
    }
    struct frame inner = {.up = frame, .message = field->descriptor};
    return walk_message(walk, &inner, taken, depth + 1);
}

/* Counts an element of frame->field, which has place in its message's list. */
static int walk_count(struct walk *walk, struct frame *frame, size_t place)
{
    frame->index = frame->counts[place]++;
    if (frame->field->label != PROTOBUF_C_LABEL_REPEATED) {
        return frame->index ? refuse(walk, frame, "a field that stands twice", STATUS_INVALID) : STATUS_OK;
    }
    return frame->index >= limit_of(frame) ? refuse(walk, frame, "more elements than allowed", STATUS_TOO_LARGE) : STATUS_OK;
}

static int walk_end(struct walk *walk, struct frame *frame)
{
    for (unsigned i = 0; i < frame->message->n_fields; i++) {
        frame->field = &frame->message->fields[i];
        frame->index = 0;
        if (frame->field->label == PROTOBUF_C_LABEL_REQUIRED && !frame->counts[i]) {
            return refuse(walk, frame, "a field that is missing", STATUS_INVALID);
        }
        if (frame->field->label == PROTOBUF_C_LABEL_REPEATED && frame->counts[i]) {
            walk_memory_add(&walk->memory, frame->counts[i] * element_size(frame->field));
        }
    }
    return STATUS_OK;
}

static int walk_message(struct walk *walk, struct frame *frame, struct wire wire, unsigned depth)
{
    const ProtobufCMessageDescriptor *message = frame->message;
    uint32_t members = 0;
    if (depth > WALK_DEPTH_MOST || message->n_fields > WALK_FIELDS_MOST) {
        return refuse(walk, frame, "nested too deep", STATUS_TOO_LARGE);
    }
    walk_memory_add(&walk->memory, message->sizeof_message);
    while (wire.left) {
        uint32_t number;
        enum wire_type type, due;
        frame->field = NULL;
        if (!wire_tag(&wire, &number, &type)) {
            return refuse(walk, frame, "a malformed tag", STATUS_INVALID);
        }
        frame->field = protobuf_c_message_descriptor_get_field(message, number);
        if (!frame->field) {
            return refuse(walk, frame, "an unknown field", STATUS_INVALID);
        }
        int status = walk_count(walk, frame, (size_t)(frame->field - message->fields));
        if (status != STATUS_OK) {
            return status;
        }
        if (!type_of(frame->field, &due) || due != type) {
            return refuse(walk, frame, "a field of the wrong wire type", STATUS_INVALID);
        }
        status = walk_value(walk, frame, &wire, type, depth);
        if (status != STATUS_OK) {
            return status;
        }
        members++;
    }
    walk_memory_members(&walk->memory, depth, members);
    return walk_end(walk, frame);
}

int walk_check(const ProtobufCMessageDescriptor *descriptor, const void *bytes, size_t size, size_t most, size_t *need,
               struct walk_fault *fault)
{
    struct walk walk = {.fault = fault};
    struct frame frame = {.message = descriptor};
    if (size > most) {
        return refuse(&walk, &frame, "more bytes than allowed", STATUS_TOO_LARGE);
    }
    int status = walk_message(&walk, &frame, (struct wire){bytes, size}, 0);
    if (status != STATUS_OK) {
        return status;
    }
    size_t total = walk_memory_need(&walk.memory);
    if (total > WALK_GROWTH_BASE + WALK_GROWTH_MOST * size) {
        frame.field = NULL;
        return refuse(&walk, &frame, "many empty elements", STATUS_TOO_LARGE);
    }
    if (need) {
        *need = total;
    }
    return STATUS_OK;
}

int walk_unpack(const ProtobufCMessageDescriptor *descriptor, const void *bytes, size_t size, size_t most, struct arena *arena,
                ProtobufCMessage **message, struct walk_fault *fault)
{
    size_t need = 0;
    int status = walk_check(descriptor, bytes, size, most, &need, fault);
    if (status != STATUS_OK) {
        return status;
    }
    if (need > arena->cap - arena->used) {
        return STATUS_NO_MEMORY;
    }
    struct walk_allocator allocator;
    walk_allocator_init(&allocator, arena);
    *message = protobuf_c_message_unpack(descriptor, &allocator.functions, size, size ? bytes : (const uint8_t *)"");
    return *message ? STATUS_OK : STATUS_NO_MEMORY;
}

int walk_pack(const ProtobufCMessage *message, struct arena *arena, uint8_t **bytes, size_t *size)
{
    if (!protobuf_c_message_check(message)) {
        return STATUS_INVALID;
    }
    *size = protobuf_c_message_get_packed_size(message);
    *bytes = arena_raw(arena, *size, 1);
    if (!*bytes) {
        return STATUS_NO_MEMORY;
    }
    return protobuf_c_message_pack(message, *bytes) == *size ? STATUS_OK : STATUS_INVALID;
}
