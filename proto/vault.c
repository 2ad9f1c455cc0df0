/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/vault.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "proto/status.h"

#define MAGIC "muster-vault v1\n"
#define MAGIC_SIZE 16u
#define SEALED_SIZE (32u + crypto_box_SEALBYTES)
#define KEY_SIZE crypto_secretstream_xchacha20poly1305_KEYBYTES
#define STREAM_HEADER crypto_secretstream_xchacha20poly1305_HEADERBYTES
#define STREAM_EXTRA crypto_secretstream_xchacha20poly1305_ABYTES
#define FINAL crypto_secretstream_xchacha20poly1305_TAG_FINAL

_Static_assert(VAULT_HEAD_SIZE == MAGIC_SIZE + 32 + SEALED_SIZE + STREAM_HEADER, "the head's parts");
_Static_assert(VAULT_CIPHER_MOST == VAULT_PART + STREAM_EXTRA, "a part and its tag");

struct vault_writer {
    crypto_secretstream_xchacha20poly1305_state push, pull; /* pull opens each part again */
    uint8_t *key; /* sodium_malloc */
    uint8_t head[VAULT_HEAD_SIZE];
    bool first;
    vault_sink *sink;
    void *data;
    size_t held;
    uint8_t plain[VAULT_PART], again[VAULT_PART];
    uint8_t cipher[4 + VAULT_CIPHER_MOST];
};

int vault_begin(const uint8_t recovery[32], vault_sink *sink, void *data, struct vault_writer **writer)
{
    struct vault_writer *made = calloc(1, sizeof *made);
    *writer = NULL;
    if (!made) {
        return STATUS_NO_MEMORY;
    }
    made->first = true;
    made->sink = sink;
    made->data = data;
    made->key = sodium_malloc(KEY_SIZE);
    int status = made->key ? STATUS_OK : STATUS_NO_MEMORY;
    if (status == STATUS_OK) {
        uint8_t *at = made->head;
        crypto_secretstream_xchacha20poly1305_keygen(made->key);
        memcpy(at, MAGIC, MAGIC_SIZE);
        memcpy(at + MAGIC_SIZE, recovery, 32);
        if (crypto_box_seal(at + MAGIC_SIZE + 32, made->key, KEY_SIZE, recovery) != 0 ||
            crypto_secretstream_xchacha20poly1305_init_push(&made->push, at + MAGIC_SIZE + 32 + SEALED_SIZE, made->key) != 0 ||
            crypto_secretstream_xchacha20poly1305_init_pull(&made->pull, at + MAGIC_SIZE + 32 + SEALED_SIZE, made->key) != 0) {
            status = STATUS_INVALID;
        }
    }
    if (status == STATUS_OK) {
        status = sink(data, made->head, sizeof made->head);
    }
    if (status != STATUS_OK) {
        vault_free(made);
        return status;
    }
    *writer = made;
    return STATUS_OK;
}

void vault_redirect(struct vault_writer *writer, vault_sink *sink, void *data)
{
    writer->sink = sink;
    writer->data = data;
}

static int seal_part(struct vault_writer *writer, bool last)
{
    unsigned long long length = 0, opened = 0;
    unsigned char tag = 0, wanted = last ? FINAL : 0;
    const uint8_t *extra = writer->first ? writer->head : NULL;
    size_t extra_size = writer->first ? sizeof writer->head : 0;
    crypto_secretstream_xchacha20poly1305_push(&writer->push, writer->cipher + 4, &length, writer->plain, writer->held, extra, extra_size, wanted);
    for (unsigned at = 0; at < 4; at++) {
        writer->cipher[at] = (uint8_t)(length >> (24 - 8 * at));
    }
    if (crypto_secretstream_xchacha20poly1305_pull(&writer->pull, writer->again, &opened, &tag, writer->cipher + 4, length, extra, extra_size) != 0 || tag != wanted ||
        opened != writer->held || memcmp(writer->again, writer->plain, writer->held) != 0) {
        return STATUS_CORRUPT;
    }
    writer->first = false;
    writer->held = 0;
    return writer->sink(writer->data, writer->cipher, 4 + (size_t)length);
}

int vault_add(struct vault_writer *writer, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    int status = STATUS_OK;
    while (size && status == STATUS_OK) {
        size_t room = VAULT_PART - writer->held, part = size < room ? size : room;
        memcpy(writer->plain + writer->held, at, part);
        writer->held += part;
        at += part;
        size -= part;
        /* A full part waits for more: only the last one is marked so. */
        if (writer->held == VAULT_PART && size) {
            status = seal_part(writer, false);
        }
    }
    return status;
}

int vault_finish(struct vault_writer *writer)
{
    return seal_part(writer, true);
}

const uint8_t *vault_stream_key(const struct vault_writer *writer)
{
    return writer->key;
}

void vault_free(struct vault_writer *writer)
{
    if (!writer) {
        return;
    }
    sodium_free(writer->key);
    sodium_memzero(writer, sizeof *writer);
    free(writer);
}

/* --- reading ----------------------------------------------------------------------------------------------------- */

struct vault_reader {
    crypto_secretstream_xchacha20poly1305_state pull;
    uint8_t head[VAULT_HEAD_SIZE];
    vault_source *source;
    void *data;
    uint64_t offset; /* in the file, of the next part */
    bool first, last; /* the part at hand is the last one */
    size_t at, held;
    uint8_t *cipher; /* VAULT_CIPHER_MOST, beside it */
    uint8_t plain[VAULT_PART];
};

static int told(struct vault_fault *fault, const char *why, uint64_t offset, int status)
{
    *fault = (struct vault_fault){.why = why, .offset = offset};
    return status;
}

/* Reads exactly size bytes, or says that the file ends. */
static int read_exact(struct vault_reader *reader, uint8_t *bytes, size_t size, size_t *done)
{
    for (*done = 0; *done < size;) {
        size_t got = 0;
        int status = reader->source(reader->data, bytes + *done, size - *done, &got);
        if (status != STATUS_OK) {
            return status;
        }
        if (!got) {
            return STATUS_NOT_FOUND;
        }
        *done += got;
    }
    return STATUS_OK;
}

/* The stream key out of the head. */
static int open_head(const struct vault_reader *reader, const struct key_pair *recovery, const uint8_t *stream_key, uint8_t *key, struct vault_fault *fault)
{
    const uint8_t *sealed = reader->head + MAGIC_SIZE + 32;
    if (!recovery) {
        memcpy(key, stream_key, KEY_SIZE);
        return STATUS_OK;
    }
    if (memcmp(reader->head + MAGIC_SIZE, recovery->public_key, 32) != 0) {
        return told(fault, "it was sealed to another recovery key than this one", MAGIC_SIZE, STATUS_DENIED);
    }
    if (crypto_box_seal_open(key, sealed, SEALED_SIZE, recovery->public_key, recovery->secret) != 0) {
        return told(fault, "its head was changed", MAGIC_SIZE, STATUS_FORGED);
    }
    return STATUS_OK;
}

int vault_open(const struct key_pair *recovery, const uint8_t *stream_key, vault_source *source, void *data, struct vault_reader **reader,
               struct vault_fault *fault)
{
    struct vault_reader *made = malloc(sizeof *made);
    uint8_t *cipher = malloc(VAULT_CIPHER_MOST);
    uint8_t *key = sodium_malloc(KEY_SIZE);
    size_t done = 0;
    *reader = NULL;
    *fault = (struct vault_fault){0};
    int status = made && cipher && key ? STATUS_OK : STATUS_NO_MEMORY;
    if (made) {
        memset(made, 0, offsetof(struct vault_reader, plain)); /* parts are written before they are read */
        made->cipher = cipher;
    } else {
        free(cipher);
    }
    if (status == STATUS_OK) {
        made->source = source;
        made->data = data;
        made->first = true;
        status = read_exact(made, made->head, sizeof made->head, &done);
    }
    if (status == STATUS_NOT_FOUND || (status == STATUS_OK && memcmp(made->head, MAGIC, MAGIC_SIZE) != 0)) {
        bool begins = done >= MAGIC_SIZE && memcmp(made->head, MAGIC, MAGIC_SIZE) == 0;
        status = told(fault, begins ? "it was cut off within its head" : "it is no backup of an exchange", begins ? done : 0, begins ? STATUS_STALE : STATUS_INVALID);
    }
    status = status == STATUS_OK ? open_head(made, recovery, stream_key, key, fault) : status;
    if (status == STATUS_OK && crypto_secretstream_xchacha20poly1305_init_pull(&made->pull, made->head + MAGIC_SIZE + 32 + SEALED_SIZE, key) != 0) {
        status = told(fault, "its head was changed", MAGIC_SIZE + 32 + SEALED_SIZE, STATUS_FORGED);
    }
    sodium_free(key);
    if (status != STATUS_OK) {
        vault_close(made);
        return status;
    }
    made->offset = VAULT_HEAD_SIZE;
    *reader = made;
    return STATUS_OK;
}

static int next_part(struct vault_reader *reader, struct vault_fault *fault)
{
    uint8_t size[4];
    size_t done = 0;
    unsigned long long opened = 0;
    unsigned char tag = 0;
    if (reader->last) {
        return STATUS_NOT_FOUND;
    }
    int status = read_exact(reader, size, sizeof size, &done);
    if (status == STATUS_NOT_FOUND) {
        return told(fault, "it was cut off", reader->offset + done, STATUS_STALE);
    }
    size_t length = (size_t)size[0] << 24 | (size_t)size[1] << 16 | (size_t)size[2] << 8 | size[3];
    if (status == STATUS_OK && (length < STREAM_EXTRA || length > VAULT_CIPHER_MOST)) {
        return told(fault, "it was changed in the part that begins here", reader->offset, STATUS_FORGED);
    }
    status = status == STATUS_OK ? read_exact(reader, reader->cipher, length, &done) : status;
    if (status == STATUS_NOT_FOUND) {
        return told(fault, "it was cut off", reader->offset + sizeof size + done, STATUS_STALE);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (crypto_secretstream_xchacha20poly1305_pull(&reader->pull, reader->plain, &opened, &tag, reader->cipher, length, reader->first ? reader->head : NULL,
                                                   reader->first ? sizeof reader->head : 0) != 0) {
        return told(fault, reader->first ? "its head or its first part was changed" : "it was changed in the part that begins here", reader->offset, STATUS_FORGED);
    }
    reader->offset += sizeof size + length;
    reader->first = false;
    reader->last = tag == FINAL;
    reader->at = 0;
    reader->held = (size_t)opened;
    return STATUS_OK;
}

int vault_read(struct vault_reader *reader, void *bytes, size_t size, struct vault_fault *fault)
{
    uint8_t *to = bytes;
    while (size) {
        if (reader->at == reader->held) {
            int status = next_part(reader, fault);
            if (status != STATUS_OK) {
                return status;
            }
            continue;
        }
        size_t part = reader->held - reader->at < size ? reader->held - reader->at : size;
        memcpy(to, reader->plain + reader->at, part);
        reader->at += part;
        to += part;
        size -= part;
    }
    return STATUS_OK;
}

int vault_end(struct vault_reader *reader, struct vault_fault *fault)
{
    uint8_t byte;
    size_t done = 0;
    while (reader->at == reader->held && !reader->last) {
        int status = next_part(reader, fault);
        if (status != STATUS_OK) {
            return status;
        }
    }
    if (reader->at != reader->held) {
        return told(fault, "there is more in it than a backup holds", reader->offset, STATUS_INVALID);
    }
    int status = read_exact(reader, &byte, 1, &done);
    if (status == STATUS_OK) {
        return told(fault, "bytes follow behind its end", reader->offset, STATUS_INVALID);
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

void vault_close(struct vault_reader *reader)
{
    if (reader) {
        free(reader->cipher);
        sodium_memzero(reader, sizeof *reader);
        free(reader);
    }
}
