/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_ENTRY_H
#define PROTO_ENTRY_H

#include <stddef.h>
#include <stdint.h>

#include "proto/arena.h"
#include "proto/log.pb-c.h"
#include "proto/tlog.h"

/* The body of an entry: packed once when it is written, then only ever read as those bytes. Pure functions, thread-safe. */

#define ENTRY_BODY_MOST 512u /* bytes: kind and party 32 each, id 16, hash 32, time */

struct entry_body {
    char kind[TLOG_KIND_MOST + 1];
    uint64_t time; /* log time, milliseconds since 1970 UTC */
    char party[33];
    uint8_t submission[16];
    uint8_t envelope_sha256[32];
};

/* Packs a body. bytes has ENTRY_BODY_MOST. STATUS_INVALID: kind or party break their form. */
int entry_body_pack(const struct entry_body *body, uint8_t *bytes, size_t *size);

/* Walks and reads a body. STATUS_INVALID, STATUS_TOO_LARGE. */
int entry_body_parse(const uint8_t *bytes, size_t size, struct entry_body *body);

#endif
