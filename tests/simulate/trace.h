/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_SIMULATE_TRACE_H
#define TESTS_SIMULATE_TRACE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sodium.h>

/* All that happens in a run, in order, as one hash; and as lines, where it is to be read. Two runs are the same where their hashes are. */

#define TRACE_HEX 17u /* the first 64 bits, in hexadecimal, and the NUL */

struct trace {
    crypto_hash_sha256_state state;
    bool talks;      /* each line to standard output too */
    uint64_t events;
};

void trace_start(struct trace *trace, bool talks);

/* One line at a step. */
void trace_note(struct trace *trace, uint64_t step, const char *format, va_list arguments);

/* Bytes that are too many for a line. */
void trace_bytes(struct trace *trace, const void *bytes, size_t length);

void trace_end(struct trace *trace, char text[TRACE_HEX]);

#endif
