/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What a megabyte from outside becomes inside, measured: every message, as whoever wants to fill the memory would write it. One repeated field
 * of it, or of a message in it, holds as many of its smallest elements as a megabyte and the limits take.
 */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/bundle.pb-c.h"
#include "proto/log.pb-c.h"
#include "proto/party.pb-c.h"
#include "proto/pipe.pb-c.h"
#include "proto/request.pb-c.h"
#include "proto/signal.pb-c.h"
#include "proto/state.pb-c.h"
#include "proto/status.h"
#include "proto/walk.h"
#include "tests/fuzz/target.h"

#define MEBIBYTE ((size_t)1 << 20)
#define INSIDE_MOST 8u /* of a byte; what would take more is refused */
#define MADE_CAP ((size_t)512 << 20)

static const ProtobufCMessageDescriptor *const messages[] = {
#define MESSAGE(message) &muster__##message##__descriptor,
#include "tests/fuzz/messages.def"
#undef MESSAGE
};

struct worst {
    double factor; /* bytes of the arena for each of the message */
    size_t in, inside;
    const char *message, *field;
};

static size_t size_of(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(uint32_t);
    default:
        return sizeof(uint64_t);
    }
}

/* Blanks the texts that are required, as small as the wire has them. */
static void shrink(ProtobufCMessage *message)
{
    for (unsigned n = 0; n < message->descriptor->n_fields; n++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[n];
        char *at = (char *)message + field->offset;
        if (field->label != PROTOBUF_C_LABEL_REQUIRED)
            continue;
        if (field->type == PROTOBUF_C_TYPE_STRING)
            *(const char **)at = "";
        else if (field->type == PROTOBUF_C_TYPE_BYTES)
            ((ProtobufCBinaryData *)at)->len = 0;
        else if (field->type == PROTOBUF_C_TYPE_MESSAGE)
            shrink(*(ProtobufCMessage **)at);
    }
}

/* Gives a message so many of a repeated field's smallest elements; one that is a message is written once and stands for all. */
static ProtobufCMessage *put_elements(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, size_t count, struct arena *arena)
{
    ProtobufCMessage *one = NULL;
    void *list = arena_array(arena, count, size_of(field));
    assert_non_null(list);
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        one = fuzz_message_fill(field->descriptor, 0, arena);
        shrink(one);
    }
    for (size_t n = 0; n < count; n++)
        if (one != NULL)
            ((ProtobufCMessage **)list)[n] = one;
        else if (field->type == PROTOBUF_C_TYPE_STRING)
            ((const char **)list)[n] = "";
    *(size_t *)((char *)message + field->quantifier_offset) = count;
    *(void **)((char *)message + field->offset) = list;
    return one;
}

static bool measure(ProtobufCMessage *message, const char *field, struct arena *made, struct worst *worst)
{
    struct arena unpacked;
    ProtobufCMessage *read = NULL;
    uint8_t *bytes = NULL;
    size_t size = 0, need = 0;
    assert_int_equal(walk_pack(message, made, &bytes, &size), STATUS_OK);
    if (walk_check(message->descriptor, bytes, size, MEBIBYTE, &need, NULL) != STATUS_OK)
        return false;
    arena_init(&unpacked, need);
    size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
    assert_int_equal(walk_unpack(message->descriptor, bytes, size, MEBIBYTE, &unpacked, &read, NULL), STATUS_OK);
    size_t held = mallinfo2().uordblks + mallinfo2().hblkhd - before;
    /* What the process holds for it: the arena's blocks, which may be half empty. A sanitizer's own malloc() counts nothing here. */
    assert_true(held <= 2 * need + MEBIBYTE);
    if (size >= MEBIBYTE / 8 && (double)unpacked.used / (double)size > worst->factor)
        *worst = (struct worst){(double)unpacked.used / (double)size, size, unpacked.used, message->descriptor->short_name, field};
    assert_true(unpacked.used <= INSIDE_MOST * size + 65536);
    arena_drop(&unpacked);
    return true;
}

/* As many elements as a megabyte takes, fewer and fewer until the limits let them through; inner: a list in each of them that is full, or NULL. */
static void stuff(ProtobufCMessage *whole, ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, const ProtobufCFieldDescriptor *inner,
                  struct worst *worst)
{
    struct arena made;
    arena_init(&made, MADE_CAP);
    bool measured = false;
    for (size_t count = inner != NULL ? 512 : 20000; count >= 64 && !measured; count /= 2) {
        ProtobufCMessage *one = put_elements(message, field, count, &made);
        for (size_t nested = 256; one != NULL && inner != NULL && nested >= 64 && !measured; nested /= 2) {
            put_elements(one, inner, nested, &made);
            measured = measure(whole, inner->name, &made, worst);
        }
        measured = inner == NULL ? measure(whole, field->name, &made, worst) : measured;
        arena_drop(&made);
    }
    *(size_t *)((char *)message + field->quantifier_offset) = 0;
}

static void stuff_each(ProtobufCMessage *whole, ProtobufCMessage *message, unsigned depth, struct worst *worst)
{
    for (unsigned n = 0; n < message->descriptor->n_fields; n++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[n];
        char *at = (char *)message + field->offset;
        const ProtobufCMessageDescriptor *inside = field->type == PROTOBUF_C_TYPE_MESSAGE ? field->descriptor : NULL;
        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            stuff(whole, message, field, NULL, worst);
            for (unsigned k = 0; inside != NULL && k < inside->n_fields; k++)
                if (inside->fields[k].label == PROTOBUF_C_LABEL_REPEATED)
                    stuff(whole, message, field, &inside->fields[k], worst);
        } else if (field->type == PROTOBUF_C_TYPE_MESSAGE && *(ProtobufCMessage **)at != NULL && depth < 3)
            stuff_each(whole, *(ProtobufCMessage **)at, depth + 1, worst);
    }
}

static void a_megabyte_in_is_a_few_inside(void **state)
{
    (void)state;
    struct worst all = {0};
    unsigned measured = 0;
    for (size_t n = 0; n < sizeof messages / sizeof messages[0]; n++) {
        struct arena arena;
        struct worst worst = {0};
        arena_init(&arena, MADE_CAP);
        ProtobufCMessage *message = fuzz_message_fill(messages[n], 0, &arena);
        stuff_each(message, message, 0, &worst);
        arena_drop(&arena);
        if (worst.in == 0)
            continue;
        measured++;
        print_message("%s.%s: %zu KiB in, %zu KiB inside (%.1f for one)\n", worst.message, worst.field, worst.in / 1024, worst.inside / 1024, worst.factor);
        all = worst.factor > all.factor ? worst : all;
    }
    print_message("the most: %.1f for one\n", all.factor);
    assert_true(measured > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_megabyte_in_is_a_few_inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
