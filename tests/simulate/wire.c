/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/simulate/wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static ssize_t wire_receive(void *data, int end, void *bytes, size_t length)
{
    struct wire *wire = data;
    struct wire_way *way = &wire->ways[end];
    size_t have = way->end - way->start;
    if (have == 0) {
        errno = EAGAIN;
        return way->closed ? 0 : -1;
    }
    size_t part = have < length ? have : length;
    memcpy(bytes, way->bytes + way->start, part);
    way->start += part;
    return (ssize_t)part;
}

/* Room behind the end for more bytes; false: no memory. */
static bool wire_make_room(struct wire_way *way, size_t more)
{
    if (way->start > 0) {
        memmove(way->bytes, way->bytes + way->start, way->end - way->start);
        way->end -= way->start;
        way->start = 0;
    }
    if (way->capacity - way->end >= more)
        return true;
    uint8_t *grown = realloc(way->bytes, way->end + more);
    if (grown == NULL)
        return false;
    way->bytes = grown;
    way->capacity = way->end + more;
    return true;
}

static ssize_t wire_send(void *data, int end, const void *bytes, size_t length)
{
    struct wire *wire = data;
    struct wire_way *way = &wire->ways[1 - end];
    size_t have = way->end - way->start;
    if ((end == WIRE_EXCHANGE && !wire->effect(wire->data)) || way->closed) {
        errno = EPIPE;
        return -1;
    }
    size_t part = have < wire->most ? wire->most - have : 0;
    part = part < length ? part : length;
    if (part == 0 || !wire_make_room(way, part)) {
        errno = EAGAIN;
        return -1;
    }
    memcpy(way->bytes + way->end, bytes, part);
    way->end += part;
    return (ssize_t)part;
}

static void wire_close(void *data, int end)
{
    struct wire *wire = data;
    (void)end;
    wire->ways[WIRE_EXCHANGE].closed = true;
    wire->ways[WIRE_OUTER].closed = true;
}

void wire_open(struct wire *wire, size_t most, bool (*effect)(void *data), void *data)
{
    wire_cut(wire);
    *wire = (struct wire){.line = {.receive = wire_receive, .send = wire_send, .close = wire_close, .data = wire},
                          .most = most, .effect = effect, .data = data};
}

void wire_cut(struct wire *wire)
{
    for (size_t end = 0; end < 2; end++) {
        free(wire->ways[end].bytes);
        wire->ways[end] = (struct wire_way){.closed = true};
    }
}
