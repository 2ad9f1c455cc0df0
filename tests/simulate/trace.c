/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/simulate/trace.h"

#include <inttypes.h>
#include <stdio.h>

void trace_start(struct trace *trace, bool talks)
{
    *trace = (struct trace){.talks = talks};
    crypto_hash_sha256_init(&trace->state);
}

void trace_note(struct trace *trace, uint64_t step, const char *format, va_list arguments)
{
    char line[512];
    int head = snprintf(line, sizeof line, "%6" PRIu64 "  ", step);
    int body = vsnprintf(line + head, sizeof line - (size_t)head, format, arguments);
    size_t length = (size_t)head + (body < 0 ? 0 : (size_t)body);
    length = length < sizeof line ? length : sizeof line - 1;
    trace_bytes(trace, line, length);
    trace->events++;
    if (trace->talks)
        puts(line);
}

void trace_bytes(struct trace *trace, const void *bytes, size_t length)
{
    crypto_hash_sha256_update(&trace->state, bytes, length);
}

void trace_end(struct trace *trace, char text[TRACE_HEX])
{
    uint8_t hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_final(&trace->state, hash);
    sodium_bin2hex(text, TRACE_HEX, hash, (TRACE_HEX - 1) / 2);
}
