/* SPDX-License-Identifier: EUPL-1.2 */
/* The walker: what it lets through unpacks within the memory that it foretold; what an attacker would send, it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/envelope.h"
#include "proto/request.pb-c.h"
#include "proto/status.h"
#include "proto/walk.h"
#include "tests/unit/sample.h"
#include "tests/unit/scratch.h"

/* Wire bytes that are put together by hand. */
struct bytes {
    uint8_t *at;
    size_t length, capacity;
};

static void put(struct bytes *bytes, const void *data, size_t length)
{
    if (bytes->capacity - bytes->length < length) {
        bytes->capacity = (bytes->length + length) * 2;
        bytes->at = realloc(bytes->at, bytes->capacity);
        assert_non_null(bytes->at);
    }
    memcpy(bytes->at + bytes->length, data, length);
    bytes->length += length;
}

static void put_varint(struct bytes *bytes, uint64_t value)
{
    do {
        uint8_t byte = (uint8_t)(value & 0x7f) | (value > 0x7f ? 0x80 : 0);
        put(bytes, &byte, 1);
        value >>= 7;
    } while (value);
}

static void put_number(struct bytes *bytes, uint32_t field, uint64_t value)
{
    put_varint(bytes, field << 3);
    put_varint(bytes, value);
}

static void put_block(struct bytes *bytes, uint32_t field, const void *data, size_t length)
{
    put_varint(bytes, field << 3 | 2);
    put_varint(bytes, length);
    put(bytes, data, length);
}

static void put_text(struct bytes *bytes, uint32_t field, const char *text)
{
    put_block(bytes, field, text, strlen(text));
}

/* A Line: month and quantity. */
static void put_line(struct bytes *bytes)
{
    put_number(bytes, 1, 202706);
    put_number(bytes, 2, 100);
}

static int walk(const ProtobufCMessageDescriptor *descriptor, const struct bytes *bytes, struct walk_fault *fault)
{
    return walk_check(descriptor, bytes->at, bytes->length, ENVELOPE_MOST, NULL, fault);
}

/* A Line with raw bytes behind it is refused so, by rule and path. */
static void line_refused(const char *raw, size_t length, const char *rule, const char *path)
{
    struct bytes bytes = {0};
    struct walk_fault fault = {0};
    put_line(&bytes);
    put(&bytes, raw, length);
    assert_int_equal(walk(&muster__line__descriptor, &bytes, &fault), STATUS_INVALID);
    assert_string_equal(fault.rule, rule);
    assert_string_equal(fault.path, path);
    free(bytes.at);
}

static struct key_pair pair;
static struct seeded seeded;

static int start(void **state)
{
    (void)state;
    seeded_start(&seeded, 11);
    return keys_generate(KEY_SIGNING, &seeded.random, &pair);
}

static int end(void **state)
{
    (void)state;
    keys_drop(&pair);
    return 0;
}

static void whole_messages_pass_within_the_memory_foretold(void **state)
{
    (void)state;
    const size_t counts[] = {1, 2, 16, 17, 33, 100, 999, 10000};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct arena made, unpacked;
        size_t size = 0, need = 0;
        uint8_t *bytes = NULL;
        ProtobufCMessage *message = NULL;
        arena_init(&made, (size_t)256 << 20);
        arena_init(&unpacked, ENVELOPE_ARENA_CAP);
        Muster__Submission *submission = sample_submission(&made, &pair, 7, counts[i]);
        assert_int_equal(walk_pack(&submission->base, &made, &bytes, &size), STATUS_OK);
        assert_int_equal(walk_check(&muster__submission__descriptor, bytes, size, ENVELOPE_MOST, &need, NULL), STATUS_OK);
        assert_int_equal(walk_unpack(&muster__submission__descriptor, bytes, size, ENVELOPE_MOST, &unpacked, &message, NULL), STATUS_OK);
        assert_true(unpacked.used <= need);
        assert_true(need <= 8 * size + 65536); /* a megabyte in is a few inside */
        /* Exactly as much as foretold is enough; less is refused before anything is taken. */
        arena_drop(&unpacked);
        arena_init(&unpacked, need);
        assert_int_equal(walk_unpack(&muster__submission__descriptor, bytes, size, ENVELOPE_MOST, &unpacked, &message, NULL), STATUS_OK);
        assert_int_equal(((Muster__Submission *)message)->n_demands, counts[i]);
        assert_string_equal(((Muster__Submission *)message)->demands[counts[i] - 1]->id, submission->demands[counts[i] - 1]->id);
        arena_drop(&unpacked);
        arena_init(&unpacked, need - 1);
        assert_int_equal(walk_unpack(&muster__submission__descriptor, bytes, size, ENVELOPE_MOST, &unpacked, &message, NULL),
                         STATUS_NO_MEMORY);
        assert_int_equal(unpacked.used, 0);
        /* What comes out packs to the same bytes. */
        arena_drop(&unpacked);
        arena_init(&unpacked, ENVELOPE_ARENA_CAP);
        uint8_t *again = NULL;
        size_t again_size = 0;
        assert_int_equal(walk_unpack(&muster__submission__descriptor, bytes, size, ENVELOPE_MOST, &unpacked, &message, NULL), STATUS_OK);
        assert_int_equal(walk_pack(message, &unpacked, &again, &again_size), STATUS_OK);
        assert_int_equal(again_size, size);
        assert_memory_equal(again, bytes, size);
        arena_drop(&unpacked);
        arena_drop(&made);
    }
}

static void each_allocation_failing_in_turn_is_no_crash(void **state)
{
    (void)state;
    struct arena made, unpacked;
    size_t size = 0;
    uint8_t *bytes = NULL;
    arena_init(&made, 1 << 20);
    Muster__Submission *submission = sample_submission(&made, &pair, 7, 40);
    assert_int_equal(walk_pack(&submission->base, &made, &bytes, &size), STATUS_OK);
    /* protobuf-c alone, behind the walker's back, in ever larger arenas. */
    bool held = false;
    for (size_t cap = 0; !held; cap += 64) {
        arena_init(&unpacked, cap);
        held = protobuf_c_message_unpack(&muster__submission__descriptor, &unpacked.allocator, size, bytes) != NULL;
        arena_drop(&unpacked);
    }
    arena_drop(&made);
}

static void wire_forms_other_than_the_one_are_refused(void **state)
{
    (void)state;
    line_refused("\x08\x01", 2, "a field that stands twice", "month");
    line_refused("\x18\x01", 2, "an unknown field", "");
    line_refused("\xfa\xff\xff\xff\x0f\x01", 6, "an unknown field", "");
    line_refused("\x00\x01", 2, "a malformed tag", "");          /* field 0 */
    line_refused("\x0b", 1, "a malformed tag", "");              /* a group begins */
    line_refused("\x88\x00\x01", 3, "a malformed tag", "");      /* a tag longer than it need be */
    line_refused("\x80", 1, "a malformed tag", "");              /* cut off */
    struct bytes bytes = {0};
    struct walk_fault fault = {0};
    static const struct {
        const char *raw;
        size_t length;
        const char *rule, *path;
    } cases[] = {
        {"\x08\x92\xb0\x0c\x10", 5, "a number longer than it need be, or cut off", "quantity"},
        {"\x08\x92\xb0\x8c\x00\x10\x01", 7, "a number longer than it need be, or cut off", "month"},
        {"\x08\x92\xb0\x0c\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 15, "a number longer than it need be, or cut off", "quantity"},
        {"\x08\x80\x80\x80\x80\x10\x10\x01", 8, "a number of more than 32 bits", "month"},
        {"\x0d\x01\x02\x03\x04\x10\x01", 7, "a field of the wrong wire type", "month"},
        {"\x0a\x01\x01\x10\x01", 5, "a field of the wrong wire type", "month"},
        {"\x08\x01", 2, "a field that is missing", "quantity"},
        {"", 0, "a field that is missing", "month"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bytes.length = 0;
        put(&bytes, cases[i].raw, cases[i].length);
        assert_int_equal(walk(&muster__line__descriptor, &bytes, &fault), STATUS_INVALID);
        assert_string_equal(fault.rule, cases[i].rule);
        assert_string_equal(fault.path, cases[i].path);
    }
    /* The largest uint64 in its one form passes. */
    bytes.length = 0;
    put(&bytes, "\x08\x01\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 13);
    assert_int_equal(walk(&muster__line__descriptor, &bytes, NULL), STATUS_OK);
    free(bytes.at);
}

/* An Item whose title is given. */
static int walk_title(const char *title, size_t length)
{
    struct bytes bytes = {0};
    put_text(&bytes, 1, "id");
    put_block(&bytes, 2, title, length);
    put_text(&bytes, 3, "");
    put_text(&bytes, 4, "");
    put_text(&bytes, 5, "EA");
    int status = walk(&muster__item__descriptor, &bytes, NULL);
    free(bytes.at);
    return status;
}

static void text_is_utf8_without_nul(void **state)
{
    (void)state;
    static const char *const good[] = {"", "a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x8e\xaf", "\xed\x9f\xbf", "\xee\x80\x80", "\xf4\x8f\xbf\xbf"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(walk_title(good[i], strlen(good[i])), STATUS_OK);
    }
    static const char *const bad[] = {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc3", "\xc3(", "\xe0\x80\x80", "\xe0\x9f\xbf",
                                      "\xe2\x82", "\xe2(\xac", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf",
                                      "\xf0\x9f\x8e", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xfe", "a\xff" "b"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(walk_title(bad[i], strlen(bad[i])), STATUS_INVALID);
    }
    assert_int_equal(walk_title("a\0b", 3), STATUS_INVALID);
    assert_int_equal(walk_title("\0", 1), STATUS_INVALID);
}

static void choices_and_truths_have_known_values(void **state)
{
    (void)state;
    struct bytes bytes = {0};
    struct walk_fault fault = {0};
    const uint64_t wrong[] = {0, 13, 1u << 31, UINT64_MAX, (uint64_t)1 << 32 | 1};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        bytes.length = 0;
        put_number(&bytes, 1, 1);
        put_number(&bytes, 2, wrong[i]);
        put_text(&bytes, 3, "");
        assert_int_equal(walk(&muster__request__descriptor, &bytes, &fault), STATUS_INVALID);
        assert_string_equal(fault.path, "verb");
    }
    for (uint64_t truth = 0; truth < 3; truth++) {
        bytes.length = 0;
        put_number(&bytes, 1, 0);
        put_text(&bytes, 2, "f");
        put_text(&bytes, 3, "");
        put_text(&bytes, 4, "");
        put_text(&bytes, 5, "");
        put_number(&bytes, 6, truth);
        assert_int_equal(walk(&muster__fault__descriptor, &bytes, &fault), truth < 2 ? STATUS_OK : STATUS_INVALID);
    }
    free(bytes.at);
}

static void inner_lengths_stay_inside(void **state)
{
    (void)state;
    struct bytes bytes = {0};
    struct walk_fault fault = {0};
    const uint64_t lengths[] = {3, 127, 1u << 20, UINT32_MAX, UINT64_MAX};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        bytes.length = 0;
        put_varint(&bytes, 1 << 3 | 2);
        put_varint(&bytes, lengths[i]);
        put(&bytes, "id", 2);
        assert_int_equal(walk(&muster__item__descriptor, &bytes, &fault), STATUS_INVALID);
        assert_string_equal(fault.rule, "a length beyond the end of its message");
    }
    free(bytes.at);
}

/* A list of answers full of the smallest elements that a schema allows. */
static void what_grows_in_memory_is_refused_before_it_does(void **state)
{
    (void)state;
    struct bytes demand = {0}, bytes = {0};
    struct walk_fault fault = {0};
    struct arena arena;
    ProtobufCMessage *message = NULL;
    arena_init(&arena, ENVELOPE_ARENA_CAP);
    /* Too many elements in one list, named by its place. */
    for (unsigned i = 0; i < 257; i++) {
        put_text(&demand, 11, "");
    }
    put_block(&bytes, 4, demand.at, demand.length);
    assert_int_equal(walk_unpack(&muster__demand_change__descriptor, bytes.at, bytes.length, ENVELOPE_MOST, &arena, &message, &fault),
                     STATUS_TOO_LARGE);
    assert_string_equal(fault.path, "demand.requires[256]");
    assert_int_equal(arena.used, 0);
    /* A list without a limit of its own, of empty sub-messages: each lacks what it must have. */
    bytes.length = 0;
    for (unsigned i = 0; i < 20000; i++) {
        put_block(&bytes, 1, "", 0);
    }
    assert_int_equal(walk_unpack(&muster__list_answer__descriptor, bytes.at, bytes.length, ENVELOPE_MOST, &arena, &message, &fault),
                     STATUS_INVALID);
    assert_int_equal(arena.used, 0);
    /* Empty strings without end grow twelvefold at most. */
    bytes.length = 0;
    for (unsigned i = 0; i < 20000; i++) {
        put_text(&bytes, 2, "");
    }
    size_t need = 0;
    int status = walk_check(&muster__variant__descriptor, bytes.at, bytes.length, ENVELOPE_MOST, &need, NULL);
    assert_true(status == STATUS_TOO_LARGE || need <= 12 * bytes.length + 65536);
    put_text(&bytes, 2, "");
    assert_int_equal(walk_check(&muster__variant__descriptor, bytes.at, bytes.length, ENVELOPE_MOST, &need, &fault), STATUS_TOO_LARGE);
    assert_string_equal(fault.path, "without[20000]");
    /* More bytes than allowed are not looked at. */
    assert_int_equal(walk_check(&muster__variant__descriptor, bytes.at, bytes.length, bytes.length - 1, &need, &fault), STATUS_TOO_LARGE);
    assert_string_equal(fault.rule, "more bytes than allowed");
    free(bytes.at);
    free(demand.at);
    arena_drop(&arena);
}

static void nesting_is_bounded(void **state)
{
    (void)state;
    /* The contract has no message within itself, so depth is made with a descriptor that has. */
    static ProtobufCMessageDescriptor nested;
    static ProtobufCFieldDescriptor field;
    static const ProtobufCIntRange range[] = {{1, 0}, {0, 1}};
    field = muster__demand_change__descriptor.fields[3];
    field.id = 1;
    field.descriptor = &nested;
    nested = muster__line__descriptor;
    nested.n_fields = 1;
    nested.fields = &field;
    nested.n_field_ranges = 1;
    nested.field_ranges = range;
    uint8_t *bytes = malloc(200000);
    assert_non_null(bytes);
    size_t length = 0;
    struct walk_fault fault = {0};
    for (unsigned depth = 1; depth <= 12000; depth++) {
        /* One more message around what there is. */
        struct bytes head = {0};
        put_varint(&head, 1 << 3 | 2);
        put_varint(&head, length);
        memmove(bytes + head.length, bytes, length);
        memcpy(bytes, head.at, head.length);
        length += head.length;
        free(head.at);
        if (depth == WALK_DEPTH_MOST || depth == WALK_DEPTH_MOST + 1 || depth == 12000) {
            int status = walk_check(&nested, bytes, length, ENVELOPE_MOST, NULL, &fault);
            assert_int_equal(status, depth <= WALK_DEPTH_MOST ? STATUS_OK : STATUS_TOO_LARGE);
        }
    }
    assert_string_equal(fault.rule, "nested too deep");
    free(bytes);
}

static void flipped_bytes_never_harm(void **state)
{
    (void)state;
    struct arena made, unpacked;
    size_t size = 0;
    uint8_t *bytes = NULL;
    unsigned passed = 0, refused = 0;
    arena_init(&made, 1 << 20);
    Muster__Submission *submission = sample_submission(&made, &pair, 7, 5);
    assert_int_equal(walk_pack(&submission->base, &made, &bytes, &size), STATUS_OK);
    for (size_t i = 0; i < size; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            size_t need = 0;
            ProtobufCMessage *message = NULL;
            bytes[i] = (uint8_t)(bytes[i] ^ 1u << bit);
            arena_init(&unpacked, 1 << 20);
            if (walk_check(&muster__submission__descriptor, bytes, size, ENVELOPE_MOST, &need, NULL) == STATUS_OK) {
                /* Whatever passes unpacks, and within the memory foretold. */
                assert_int_equal(walk_unpack(&muster__submission__descriptor, bytes, size, ENVELOPE_MOST, &unpacked, &message, NULL),
                                 STATUS_OK);
                assert_true(unpacked.used <= need);
                passed++;
            } else {
                refused++;
            }
            arena_drop(&unpacked);
            bytes[i] = (uint8_t)(bytes[i] ^ 1u << bit);
        }
        /* Cut off before its last required field. */
        if (i < 100) {
            assert_int_equal(walk_check(&muster__submission__descriptor, bytes, i, ENVELOPE_MOST, NULL, NULL), STATUS_INVALID);
        }
    }
    assert_true(passed > 0 && refused > 0);
    arena_drop(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_messages_pass_within_the_memory_foretold),
        cmocka_unit_test(each_allocation_failing_in_turn_is_no_crash),
        cmocka_unit_test(wire_forms_other_than_the_one_are_refused),
        cmocka_unit_test(text_is_utf8_without_nul),
        cmocka_unit_test(choices_and_truths_have_known_values),
        cmocka_unit_test(inner_lengths_stay_inside),
        cmocka_unit_test(what_grows_in_memory_is_refused_before_it_does),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(flipped_bytes_never_harm),
    };
    return seam_start() == STATUS_OK ? cmocka_run_group_tests(tests, start, end) : 70;
}
