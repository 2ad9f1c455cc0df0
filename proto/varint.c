/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/varint.h"

bool wire_varint(struct wire *wire, uint64_t *value)
{
    uint64_t result = 0;
    for (size_t i = 0; i < 10 && i < wire->left; i++) {
        uint8_t byte = wire->at[i];
        if (i == 9 && byte > 1) {
            return false;
        }
        result |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (!(byte & 0x80)) {
            if (i && !byte) {
                return false;
            }
            wire->at += i + 1;
            wire->left -= i + 1;
            *value = result;
            return true;
        }
    }
    return false;
}

bool wire_tag(struct wire *wire, uint32_t *number, enum wire_type *type)
{
    uint64_t tag;
    if (!wire_varint(wire, &tag) || tag > UINT32_MAX || tag >> 3 == 0) {
        return false;
    }
    *number = (uint32_t)(tag >> 3);
    switch (tag & 7) {
    case WIRE_VARINT:
    case WIRE_64:
    case WIRE_BYTES:
    case WIRE_32:
        *type = (enum wire_type)(tag & 7);
        return true;
    default:
        return false;
    }
}

bool wire_take(struct wire *wire, uint64_t length, struct wire *taken)
{
    if (length > wire->left) {
        return false;
    }
    *taken = (struct wire){wire->at, (size_t)length};
    wire->at += length;
    wire->left -= (size_t)length;
    return true;
}

bool wire_bytes(struct wire *wire, struct wire *taken)
{
    uint64_t length;
    return wire_varint(wire, &length) && wire_take(wire, length, taken);
}

bool wire_skip(struct wire *wire, enum wire_type type)
{
    struct wire taken;
    uint64_t value;
    switch (type) {
    case WIRE_VARINT:
        return wire_varint(wire, &value);
    case WIRE_64:
        return wire_take(wire, 8, &taken);
    case WIRE_BYTES:
        return wire_bytes(wire, &taken);
    case WIRE_32:
        return wire_take(wire, 4, &taken);
    }
    return false;
}
