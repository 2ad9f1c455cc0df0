/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_VARINT_H
#define PROTO_VARINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A cursor over protobuf's wire format that knows its end and takes canonical forms only. Pure functions. */

struct wire {
    const uint8_t *at;
    size_t left;
};

enum wire_type { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

/* A varint in as few bytes as its value needs. */
bool wire_varint(struct wire *wire, uint64_t *value);

/* A field's number (from 1) and wire type. */
bool wire_tag(struct wire *wire, uint32_t *number, enum wire_type *type);

/* length bytes. */
bool wire_take(struct wire *wire, uint64_t length, struct wire *taken);

/* A length and as many bytes. */
bool wire_bytes(struct wire *wire, struct wire *taken);

/* Passes over one value of a type. */
bool wire_skip(struct wire *wire, enum wire_type type);

#endif
