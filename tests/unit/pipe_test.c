/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "broker/pipe.h"
#include "proto/status.h"
#include "tests/unit/patience.h"

struct pair {
    struct pipe left;
    struct pipe right;
};

static int setup(void **state)
{
    int fds[2];
    struct pair *pair = calloc(1, sizeof *pair);
    if (pair == NULL || socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0 ||
        pipe_open(&pair->left, fds[0], PIPE_FRAME_MOST) != STATUS_OK || pipe_open(&pair->right, fds[1], PIPE_FRAME_MOST) != STATUS_OK)
        return -1;
    *state = pair;
    alarm((unsigned)patience(60));
    return 0;
}

static int teardown(void **state)
{
    struct pair *pair = *state;
    pipe_close(&pair->left);
    pipe_close(&pair->right);
    free(pair);
    return 0;
}

/* Moves bytes both ways until the right side has a frame. */
static int pump(struct pair *pair, struct pipe_frame *frame)
{
    int status = STATUS_NOT_FOUND;
    for (unsigned turn = 0; turn < 10000 && status == STATUS_NOT_FOUND; turn++) {
        pipe_flush(&pair->left);
        pipe_fill(&pair->right);
        status = pipe_next(&pair->right, frame);
        pipe_flush(&pair->right);
        pipe_fill(&pair->left);
        /* The left side is sent nothing but credit, which is eaten here. */
        struct pipe_frame none;
        pipe_next(&pair->left, &none);
    }
    return status;
}

static void a_frame_arrives_as_it_was_sent(void **state)
{
    struct pair *pair = *state;
    struct pipe_frame frame;
    assert_int_equal(pipe_send(&pair->left, PIPE_PLAN, "head", 4, "and body", 8), STATUS_OK);
    assert_int_equal(pipe_send(&pair->left, PIPE_READY, NULL, 0, NULL, 0), STATUS_OK);
    assert_int_equal(pump(pair, &frame), STATUS_OK);
    assert_int_equal(frame.kind, PIPE_PLAN);
    assert_int_equal(frame.length, 12);
    assert_memory_equal(frame.bytes, "headand body", 12);
    assert_int_equal(pump(pair, &frame), STATUS_OK);
    assert_int_equal(frame.kind, PIPE_READY);
    assert_int_equal(frame.length, 0);
}

static void a_frame_may_be_longer_than_the_window_when_nothing_else_is_under_way(void **state)
{
    struct pair *pair = *state;
    struct pipe_frame frame;
    size_t length = PIPE_WINDOW + 1000;
    uint8_t *bytes = malloc(length);
    assert_non_null(bytes);
    memset(bytes, 7, length);
    assert_int_equal(pipe_send(&pair->left, PIPE_PLAN, bytes, length, NULL, 0), STATUS_OK);
    assert_int_equal(pipe_send(&pair->left, PIPE_PLAN, "x", 1, NULL, 0), STATUS_BUSY);
    assert_int_equal(pump(pair, &frame), STATUS_OK);
    assert_int_equal(frame.length, length);
    assert_memory_equal(frame.bytes, bytes, length);
    free(bytes);
}

/* A side that does not release what it read gets no more than a window; once it does, all goes on. */
static void credit_bounds_what_is_under_way(void **state)
{
    struct pair *pair = *state;
    struct pipe_frame frame;
    size_t chunk = 1u << 20;
    uint8_t *bytes = calloc(1, chunk);
    size_t sent = 0;
    assert_non_null(bytes);
    while (pipe_send(&pair->left, PIPE_REQUEST, bytes, chunk, NULL, 0) == STATUS_OK)
        sent++;
    assert_in_range(sent, PIPE_WINDOW / chunk - 1, PIPE_WINDOW / chunk);
    for (size_t i = 0; i < sent; i++)
        assert_int_equal(pump(pair, &frame), STATUS_OK);
    assert_int_equal(pump(pair, &frame), STATUS_NOT_FOUND);
    assert_int_equal(pipe_send(&pair->left, PIPE_REQUEST, bytes, chunk, NULL, 0), STATUS_OK);
    assert_int_equal(pair->left.under_way, chunk + 5);
    free(bytes);
}

/* Both sides full at once: neither waits for the other for ever. */
static void both_sides_full_still_move(void **state)
{
    struct pair *pair = *state;
    struct pipe_frame frame;
    size_t chunk = 1u << 20;
    uint8_t *bytes = calloc(1, chunk);
    size_t received = 0;
    assert_non_null(bytes);
    for (unsigned turn = 0; turn < 20000 && received < 200; turn++) {
        pipe_send(&pair->left, PIPE_REQUEST, bytes, chunk, NULL, 0);
        pipe_send(&pair->right, PIPE_ANSWER, bytes, chunk, NULL, 0);
        pipe_flush(&pair->left);
        pipe_flush(&pair->right);
        pipe_fill(&pair->left);
        pipe_fill(&pair->right);
        received += pipe_next(&pair->left, &frame) == STATUS_OK;
        received += pipe_next(&pair->right, &frame) == STATUS_OK;
    }
    assert_true(received >= 200);
    free(bytes);
}

static void raw(struct pair *pair, const char *bytes, size_t length)
{
    assert_int_equal(write(pair->left.fd, bytes, length), (ssize_t)length);
}

static void a_length_over_the_limit_ends_the_pipe(void **state)
{
    struct pair *pair = *state;
    struct pipe_frame frame;
    raw(pair, "\xff\xff\xff\xff\x02", 5);
    assert_int_equal(pump(pair, &frame), STATUS_UNREACHABLE);
    assert_int_equal(pipe_next(&pair->right, &frame), STATUS_UNREACHABLE);
}

static void an_empty_frame_ends_the_pipe(void **state)
{
    struct pair *pair = *state;
    struct pipe_frame frame;
    raw(pair, "\0\0\0\0\x02", 5);
    assert_int_equal(pump(pair, &frame), STATUS_UNREACHABLE);
}

static void a_kind_of_zero_ends_the_pipe(void **state)
{
    struct pair *pair = *state;
    struct pipe_frame frame;
    raw(pair, "\x01\0\0\0\0", 5);
    assert_int_equal(pump(pair, &frame), STATUS_UNREACHABLE);
}

/* A peer that gives back more than it was sent wants our memory. */
static void credit_for_what_was_not_sent_ends_the_pipe(void **state)
{
    struct pair *pair = *state;
    struct pipe_frame frame;
    raw(pair, "\x05\0\0\0\x01\x01\0\0\0", 9);
    assert_int_equal(pump(pair, &frame), STATUS_UNREACHABLE);
}

static ssize_t flood_receive(void *data, int fd, void *bytes, size_t length)
{
    (void)fd;
    memset(bytes, PIPE_REQUEST, length); /* frames of a length that is allowed, one begun after the other */
    *(size_t *)data += length;
    return (ssize_t)length;
}

static ssize_t flood_send(void *data, int fd, const void *bytes, size_t length)
{
    (void)data, (void)fd, (void)bytes;
    return (ssize_t)length;
}

static void flood_close(void *data, int fd)
{
    (void)data, (void)fd;
}

/* Who reads no frame for a while must not be filled by a peer that keeps sending. */
static void more_than_the_credit_ends_the_pipe(void **state)
{
    size_t sent = 0;
    struct pipe pipe;
    struct pipe_frame frame;
    const struct pipe_line flood = {.receive = flood_receive, .send = flood_send, .close = flood_close, .data = &sent};
    (void)state;
    pipe_open_line(&pipe, &flood, 0, 1024 * 1024);
    while (sent < 4 * (size_t)PIPE_WINDOW && pipe_fill(&pipe) == STATUS_OK)
        ;
    assert_true(sent > PIPE_WINDOW && sent < 3 * (size_t)PIPE_WINDOW);
    assert_int_equal(pipe_next(&pipe, &frame), STATUS_UNREACHABLE);
    pipe_close(&pipe);
}

static void what_was_sent_before_the_end_is_still_read(void **state)
{
    struct pair *pair = *state;
    struct pipe_frame frame;
    assert_int_equal(pipe_send(&pair->left, PIPE_PLAN, "last", 4, NULL, 0), STATUS_OK);
    assert_int_equal(pipe_flush(&pair->left), STATUS_OK);
    pipe_close(&pair->left);
    assert_int_equal(pipe_fill(&pair->right), STATUS_OK);
    assert_int_equal(pipe_fill(&pair->right), STATUS_UNREACHABLE);
    assert_int_equal(pipe_next(&pair->right, &frame), STATUS_OK);
    assert_memory_equal(frame.bytes, "last", 4);
    assert_int_equal(pipe_next(&pair->right, &frame), STATUS_UNREACHABLE);
    assert_int_equal(pipe_flush(&pair->right), STATUS_UNREACHABLE);
}

static void message_heads_are_read_as_written(void **state)
{
    (void)state;
    struct pipe_message message = {.handle = 0x0123456789abcdef, .party = "nl-agency"};
    struct pipe_message read;
    uint8_t bytes[PIPE_HEAD_MOST + 3];
    size_t length = pipe_pack_head(&message, bytes);
    memcpy(bytes + length, "box", 3);
    assert_int_equal(pipe_unpack_message(bytes, length + 3, &read), STATUS_OK);
    assert_int_equal(read.handle, message.handle);
    assert_string_equal(read.party, "nl-agency");
    assert_int_equal(read.length, 3);
    assert_memory_equal(read.bytes, "box", 3);
    for (size_t cut = 0; cut < length; cut++)
        assert_int_equal(pipe_unpack_message(bytes, cut, &read), STATUS_INVALID);
    bytes[12] = '\0'; /* within the party's id: it would be another party to whom reads it as text */
    assert_int_equal(pipe_unpack_message(bytes, length + 3, &read), STATUS_INVALID);
    bytes[12] = 'g';
    bytes[8] = 33;
    assert_int_equal(pipe_unpack_message(bytes, sizeof bytes, &read), STATUS_INVALID);
}

#define PIPE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PIPE_TEST(a_frame_arrives_as_it_was_sent),
        PIPE_TEST(a_frame_may_be_longer_than_the_window_when_nothing_else_is_under_way),
        PIPE_TEST(credit_bounds_what_is_under_way),
        PIPE_TEST(both_sides_full_still_move),
        PIPE_TEST(a_length_over_the_limit_ends_the_pipe),
        PIPE_TEST(an_empty_frame_ends_the_pipe),
        PIPE_TEST(a_kind_of_zero_ends_the_pipe),
        PIPE_TEST(credit_for_what_was_not_sent_ends_the_pipe),
        cmocka_unit_test(more_than_the_credit_ends_the_pipe),
        PIPE_TEST(what_was_sent_before_the_end_is_still_read),
        cmocka_unit_test(message_heads_are_read_as_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
