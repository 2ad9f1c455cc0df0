/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/status.h"

#define FRAME_HEAD 5u                 /* length and kind */
#define CREDIT_FRAME (FRAME_HEAD + 4u)
#define READ_MOST ((size_t)256 * 1024) /* bytes asked for at once, or the longest frame where that is less */
#define FILL_MOST (4u * 1024u * 1024u) /* bytes read before the caller gets its turn */
#define KEEP_MOST (1024u * 1024u)     /* capacity that an empty buffer keeps */

static void pipe_write_u32(uint8_t *at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static uint32_t pipe_read_u32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* Room for more bytes behind the end. */
static int buffer_reserve(struct pipe_buffer *buffer, size_t more)
{
    if (buffer->start == buffer->end)
        buffer->start = buffer->end = 0;
    if (buffer->capacity - buffer->end >= more)
        return STATUS_OK;
    if (buffer->start > 0) {
        memmove(buffer->bytes, buffer->bytes + buffer->start, buffer->end - buffer->start);
        buffer->end -= buffer->start;
        buffer->start = 0;
        if (buffer->capacity - buffer->end >= more)
            return STATUS_OK;
    }
    size_t capacity = buffer->capacity < 4096 ? 4096 : buffer->capacity;
    while (capacity - buffer->end < more)
        capacity *= 2;
    uint8_t *bytes = realloc(buffer->bytes, capacity);
    if (bytes == NULL)
        return STATUS_NO_MEMORY;
    buffer->bytes = bytes;
    buffer->capacity = capacity;
    return STATUS_OK;
}

/* One large frame must not hold its memory for ever. */
static void buffer_shrink(struct pipe_buffer *buffer)
{
    if (buffer->start != buffer->end || buffer->capacity <= KEEP_MOST)
        return;
    free(buffer->bytes);
    *buffer = (struct pipe_buffer){0};
}

static ssize_t socket_receive(void *data, int fd, void *bytes, size_t length)
{
    (void)data;
    return recv(fd, bytes, length, 0);
}

static ssize_t socket_send(void *data, int fd, const void *bytes, size_t length)
{
    (void)data;
    return send(fd, bytes, length, MSG_NOSIGNAL);
}

static void socket_close(void *data, int fd)
{
    (void)data;
    close(fd);
}

static const struct pipe_line socket_line = {.receive = socket_receive, .send = socket_send, .close = socket_close};

void pipe_open_line(struct pipe *pipe, const struct pipe_line *line, int fd, size_t frame_most)
{
    *pipe = (struct pipe){.fd = fd, .line = line, .frame_most = frame_most};
}

int pipe_open(struct pipe *pipe, int fd, size_t frame_most)
{
    pipe_open_line(pipe, &socket_line, fd, frame_most);
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0)
        return STATUS_IO;
    return STATUS_OK;
}

void pipe_close(struct pipe *pipe)
{
    if (pipe->fd >= 0)
        pipe->line->close(pipe->line->data, pipe->fd);
    free(pipe->in.bytes);
    free(pipe->out.bytes);
    *pipe = (struct pipe){.fd = -1};
}

bool pipe_has_credit(const struct pipe *pipe, size_t length)
{
    return pipe->under_way == 0 || (pipe->under_way < PIPE_WINDOW && length + FRAME_HEAD <= PIPE_WINDOW - pipe->under_way);
}

static void pipe_append(struct pipe *pipe, const void *bytes, size_t length)
{
    if (length > 0)
        memcpy(pipe->out.bytes + pipe->out.end, bytes, length);
    pipe->out.end += length;
}

static int pipe_queue(struct pipe *pipe, enum pipe_kind kind, const void *head, size_t head_length, const void *body,
                      size_t body_length)
{
    size_t payload = head_length + body_length;
    int status = buffer_reserve(&pipe->out, payload + FRAME_HEAD);
    if (status != STATUS_OK)
        return status;
    uint8_t front[FRAME_HEAD];
    pipe_write_u32(front, (uint32_t)(payload + 1));
    front[4] = (uint8_t)kind;
    pipe_append(pipe, front, sizeof front);
    pipe_append(pipe, head, head_length);
    pipe_append(pipe, body, body_length);
    return STATUS_OK;
}

int pipe_send(struct pipe *pipe, enum pipe_kind kind, const void *head, size_t head_length, const void *body,
              size_t body_length)
{
    if (head_length > PIPE_FRAME_MOST || body_length > PIPE_FRAME_MOST - head_length)
        return STATUS_TOO_LARGE;
    size_t payload = head_length + body_length;
    if (!pipe_has_credit(pipe, payload))
        return STATUS_BUSY;
    int status = pipe_queue(pipe, kind, head, head_length, body, body_length);
    if (status == STATUS_OK)
        pipe->under_way += payload + FRAME_HEAD;
    return status;
}

/* Whether the peer is to be told what it may send anew; held back until it is worth a frame. */
static bool pipe_owes_credit(const struct pipe *pipe)
{
    bool nothing_left = pipe->in.start == pipe->in.end;
    return pipe->to_release > 0 && (pipe->to_release >= PIPE_WINDOW / 8 || nothing_left);
}

static void pipe_offer_credit(struct pipe *pipe)
{
    if (!pipe_owes_credit(pipe))
        return;
    uint8_t credit[4];
    pipe_write_u32(credit, (uint32_t)pipe->to_release);
    if (pipe_queue(pipe, PIPE_CREDIT, credit, sizeof credit, NULL, 0) == STATUS_OK)
        pipe->to_release = 0;
}

bool pipe_wants_write(const struct pipe *pipe)
{
    return !pipe->ended && (pipe->out.start < pipe->out.end || pipe_owes_credit(pipe));
}

int pipe_flush(struct pipe *pipe)
{
    if (pipe->ended)
        return STATUS_UNREACHABLE;
    pipe_offer_credit(pipe);
    while (pipe->out.start < pipe->out.end) {
        ssize_t sent = pipe->line->send(pipe->line->data, pipe->fd, pipe->out.bytes + pipe->out.start, pipe->out.end - pipe->out.start);
        if (sent > 0) {
            pipe->out.start += (size_t)sent;
            continue;
        }
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && (errno == EAGAIN || errno == ENOBUFS))
            return STATUS_OK;
        pipe->ended = true;
        return STATUS_UNREACHABLE;
    }
    buffer_shrink(&pipe->out);
    return STATUS_OK;
}

static int pipe_break(struct pipe *pipe)
{
    pipe->ended = true;
    pipe->in.start = pipe->in.end;
    return STATUS_UNREACHABLE;
}

/* Whether the peer sent more than its credit lets it: a window of frames or one longer, and the credit that it gives, which is less than a window. */
static bool pipe_is_overrun(const struct pipe *pipe)
{
    size_t longest = pipe->frame_most + FRAME_HEAD;
    return pipe->in.end - pipe->in.start > (longest > PIPE_WINDOW ? longest : PIPE_WINDOW) + PIPE_WINDOW;
}

int pipe_fill(struct pipe *pipe)
{
    if (pipe_is_overrun(pipe))
        return pipe_break(pipe);
    size_t at_once = pipe->frame_most < READ_MOST ? pipe->frame_most : READ_MOST;
    for (size_t total = 0; !pipe->ended && total < FILL_MOST;) {
        int status = buffer_reserve(&pipe->in, at_once);
        if (status != STATUS_OK)
            return status;
        ssize_t got = pipe->line->receive(pipe->line->data, pipe->fd, pipe->in.bytes + pipe->in.end, at_once);
        if (got > 0) {
            pipe->in.end += (size_t)got;
            total += (size_t)got;
            /* Less than was asked for is all there was; what comes now, the next poll tells. */
            if ((size_t)got < READ_MOST / 2)
                return STATUS_OK;
            continue;
        }
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            return STATUS_OK;
        pipe->ended = true;
    }
    return pipe->ended ? STATUS_UNREACHABLE : STATUS_OK;
}

/* Eats a credit frame whose payload stands at bytes. */
static int pipe_take_credit(struct pipe *pipe, const uint8_t *bytes, size_t length)
{
    if (length != CREDIT_FRAME - FRAME_HEAD)
        return pipe_break(pipe);
    uint32_t released = pipe_read_u32(bytes);
    if (released > pipe->under_way)
        return pipe_break(pipe);
    pipe->under_way -= released;
    pipe->in.start += CREDIT_FRAME;
    return STATUS_OK;
}

int pipe_next(struct pipe *pipe, struct pipe_frame *frame)
{
    pipe_release(pipe);
    for (;;) {
        size_t have = pipe->in.end - pipe->in.start;
        if (have < FRAME_HEAD)
            return pipe->ended ? STATUS_UNREACHABLE : STATUS_NOT_FOUND;
        const uint8_t *at = pipe->in.bytes + pipe->in.start;
        size_t length = pipe_read_u32(at);
        if (length == 0 || length > pipe->frame_most || at[4] == 0)
            return pipe_break(pipe);
        if (have < length + 4)
            return pipe->ended ? STATUS_UNREACHABLE : STATUS_NOT_FOUND;
        if (at[4] == PIPE_CREDIT) {
            if (pipe_take_credit(pipe, at + FRAME_HEAD, length - 1) != STATUS_OK)
                return STATUS_UNREACHABLE;
            continue;
        }
        *frame = (struct pipe_frame){.kind = at[4], .bytes = at + FRAME_HEAD, .length = length - 1};
        pipe->taken = length + 4;
        return STATUS_OK;
    }
}

void pipe_release(struct pipe *pipe)
{
    pipe->in.start += pipe->taken;
    pipe->to_release += pipe->taken;
    pipe->taken = 0;
    buffer_shrink(&pipe->in);
}

size_t pipe_pack_head(const struct pipe_message *message, uint8_t head[PIPE_HEAD_MOST])
{
    size_t length = strnlen(message->party, PIPE_PARTY_MOST);
    for (unsigned i = 0; i < 8; i++)
        head[i] = (uint8_t)(message->handle >> (8 * i));
    head[8] = (uint8_t)length;
    memcpy(head + 9, message->party, length);
    return 9 + length;
}

int pipe_unpack_message(const uint8_t *payload, size_t length, struct pipe_message *message)
{
    if (length < 9 || payload[8] > PIPE_PARTY_MOST || length < 9u + payload[8] || memchr(payload + 9, '\0', payload[8]) != NULL)
        return STATUS_INVALID;
    *message = (struct pipe_message){0};
    for (unsigned i = 0; i < 8; i++)
        message->handle |= (uint64_t)payload[i] << (8 * i);
    memcpy(message->party, payload + 9, payload[8]);
    message->bytes = payload + 9 + payload[8];
    message->length = length - 9u - payload[8];
    return STATUS_OK;
}
