/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_VAULT_H
#define PROTO_VAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/keys.h"

/*
 * A file that only the holder of an offline key can read: what a backup is kept in.
 *
 *     "muster-vault v1\n" || recovery public key 32 || crypto_box_seal(stream key 32) 80 || header 24      the head
 *     u32 length, big-endian || ciphertext                                                               a part, many times
 *
 * The parts are one crypto_secretstream (XChaCha20-Poly1305) under the stream key, each of VAULT_PART plain bytes at most, the last one
 * marked as such; the head is associated data of the first. So a part that was changed, left out, moved or cut off does not open. Whoever
 * writes seals to the public key alone and can't read what it wrote once the stream key is wiped. One thread at a time.
 */

#define VAULT_HEAD_SIZE (16u + 32u + 80u + 24u)
#define VAULT_PART 65536u /* plain bytes of a part */
#define VAULT_CIPHER_MOST (VAULT_PART + 17u)

/* Takes bytes of the file as they are made. Its status ends the writing. */
typedef int vault_sink(void *data, const void *bytes, size_t size);

struct vault_writer;

/* Begins a file that the secret half of recovery opens. Each part is opened again before it leaves. STATUS_NO_MEMORY, STATUS_INVALID (no key), the sink's. */
int vault_begin(const uint8_t recovery[32], vault_sink *sink, void *data, struct vault_writer **writer);

/* From now on the bytes go elsewhere. */
void vault_redirect(struct vault_writer *writer, vault_sink *sink, void *data);

/* Adds plain bytes. STATUS_CORRUPT: what was sealed does not open (the machine is at fault); the sink's. */
int vault_add(struct vault_writer *writer, const void *bytes, size_t size);

/* Ends the file with its last part. */
int vault_finish(struct vault_writer *writer);

/* The key under which this file's parts lie, to read it back before the writer is gone. */
const uint8_t *vault_stream_key(const struct vault_writer *writer);

/* Wipes and frees it; takes NULL. */
void vault_free(struct vault_writer *writer);

/* Reads at most size bytes; 0 bytes: the end. STATUS_IO. */
typedef int vault_source(void *data, void *bytes, size_t size, size_t *got);

struct vault_reader;

/* Why a file can't be read on, for a person; offset: of the byte in the file from which on it is not what was written. */
struct vault_fault {
    const char *why; /* static; NULL: none */
    uint64_t offset;
};

/*
 * Begins to read with the recovery pair (its secret), or with the stream key of the writer (pair NULL). Reads the head.
 * STATUS_INVALID: no such file; STATUS_DENIED: it was sealed to another recovery key; STATUS_FORGED: the head was changed; STATUS_IO, STATUS_NO_MEMORY.
 */
int vault_open(const struct key_pair *recovery, const uint8_t *stream_key, vault_source *source, void *data, struct vault_reader **reader,
               struct vault_fault *fault);

/* Gives exactly size plain bytes. STATUS_FORGED: changed; STATUS_STALE: cut off; STATUS_NOT_FOUND: the end was reached, and it is whole. */
int vault_read(struct vault_reader *reader, void *bytes, size_t size, struct vault_fault *fault);

/* That nothing follows what was read. STATUS_OK; else as vault_read(), STATUS_INVALID: there is more. */
int vault_end(struct vault_reader *reader, struct vault_fault *fault);

void vault_close(struct vault_reader *reader);

#endif
