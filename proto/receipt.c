/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/receipt.h"

#include <stdio.h>
#include <string.h>

#include "proto/base64.h"
#include "proto/envelope.h"
#include "proto/lines.h"
#include "proto/status.h"

#define RECEIPT_FIRST "c2sp.org/tlog-proof@v1"
#define EXTRA_MOST (TLOG_NONCE_SIZE + ENTRY_BODY_MOST)

/* A text that grows in a buffer of RECEIPT_MOST bytes; past it only full is set. */
struct writer {
    char *text;
    size_t length;
    bool full;
};

static void write_bytes(struct writer *writer, const char *bytes, size_t length)
{
    if (length > RECEIPT_MOST - writer->length) {
        writer->full = true;
        return;
    }
    memcpy(writer->text + writer->length, bytes, length);
    writer->length += length;
}

static void write_base64(struct writer *writer, const char *before, const uint8_t *bytes, size_t length)
{
    char base64[BASE64_SIZE(EXTRA_MOST)];
    size_t written = base64_write(bytes, length, base64);
    write_bytes(writer, before, strlen(before));
    write_bytes(writer, base64, written);
    write_bytes(writer, "\n", 1);
}

int receipt_make(uint64_t position, const uint8_t nonce[TLOG_NONCE_SIZE], const uint8_t *body, size_t body_size,
                 const struct tlog_proof *proof, const char *note, size_t note_length, struct arena *arena, char **text, size_t *length)
{
    char buffer[RECEIPT_MOST];
    struct writer writer = {.text = buffer};
    uint8_t extra[EXTRA_MOST];
    char index[48];
    if (body_size > ENTRY_BODY_MOST) {
        return STATUS_TOO_LARGE;
    }
    memcpy(extra, nonce, TLOG_NONCE_SIZE);
    memcpy(extra + TLOG_NONCE_SIZE, body, body_size);
    write_base64(&writer, RECEIPT_FIRST "\nextra ", extra, TLOG_NONCE_SIZE + body_size);
    int index_length = snprintf(index, sizeof index, "index %llu\n", (unsigned long long)position);
    write_bytes(&writer, index, (size_t)index_length);
    for (size_t i = 0; i < proof->count; i++) {
        write_base64(&writer, "", proof->hashes[i], TLOG_HASH_SIZE);
    }
    write_bytes(&writer, "\n", 1);
    write_bytes(&writer, note, note_length);
    if (writer.full) {
        return STATUS_TOO_LARGE;
    }
    *text = arena_copy(arena, buffer, writer.length);
    *length = writer.length;
    return *text ? STATUS_OK : STATUS_NO_MEMORY;
}

/* A receipt's parts before anything of them is trusted. */
struct parts {
    uint8_t extra[EXTRA_MOST];
    size_t extra_size;
    uint64_t index;
    struct tlog_proof proof;
    struct lines note;
};

static bool parts_parse(const char *text, size_t length, struct parts *parts)
{
    struct lines lines = {text, length};
    struct line first, extra, index, line;
    parts->proof.count = 0;
    if (!lines_next(&lines, &first) || !line_is(first, RECEIPT_FIRST) || !lines_next(&lines, &extra) || !line_skip(&extra, "extra ") ||
        !line_base64(extra, parts->extra, sizeof parts->extra, &parts->extra_size) || parts->extra_size < TLOG_NONCE_SIZE ||
        !lines_next(&lines, &index) || !line_skip(&index, "index ") || !line_decimal(index, &parts->index)) {
        return false;
    }
    while (lines_next(&lines, &line)) {
        if (!line.length) {
            parts->note = lines;
            return true;
        }
        if (parts->proof.count == TLOG_PROOF_MOST ||
            !line_base64_exact(line, parts->proof.hashes[parts->proof.count++], TLOG_HASH_SIZE)) {
            return false;
        }
    }
    return false;
}

static int fail(const char **why, const char *sentence, int status)
{
    if (why) {
        *why = sentence;
    }
    return status;
}

int receipt_verify(const char *text, size_t length, const uint8_t *envelope, size_t envelope_size, const struct note_key *key,
                   struct receipt *receipt, const char **why)
{
    struct parts parts;
    uint8_t commit[TLOG_HASH_SIZE], leaf[TLOG_HASH_SIZE], sha256[32];
    struct envelope_peek peek;
    if (length > RECEIPT_MOST) {
        return fail(why, "it is longer than a receipt can be", STATUS_TOO_LARGE);
    }
    if (!parts_parse(text, length, &parts)) {
        return fail(why, "it does not have the form of a receipt", STATUS_INVALID);
    }
    const uint8_t *body = parts.extra + TLOG_NONCE_SIZE;
    size_t body_size = parts.extra_size - TLOG_NONCE_SIZE;
    *receipt = (struct receipt){.position = parts.index};
    if (entry_body_parse(body, body_size, &receipt->body) != STATUS_OK) {
        return fail(why, "its entry does not have the form of one", STATUS_INVALID);
    }
    int status = tlog_head_open(key, parts.note.at, parts.note.left, &receipt->head, receipt->head_signature);
    if (status == STATUS_FORGED) {
        return fail(why, "its head is not signed by the log's key", status);
    }
    if (status != STATUS_OK) {
        return fail(why, "its head does not have the form of one, or is another log's", status);
    }
    tlog_commit(parts.extra, body, body_size, commit);
    status = tlog_entry_leaf(receipt->body.kind, parts.index, commit, leaf);
    if (status != STATUS_OK || tlog_inclusion_verify(parts.index, leaf, (const uint8_t *)parts.proof.hashes,
                                                     parts.proof.count * TLOG_HASH_SIZE, &receipt->head) != STATUS_OK) {
        return fail(why, "its entry is not in the log that its head signs", STATUS_FORGED);
    }
    envelope_sha256(envelope, envelope_size, sha256);
    if (memcmp(sha256, receipt->body.envelope_sha256, sizeof sha256) != 0) {
        return fail(why, "it belongs to other bytes than this submission's", STATUS_FORGED);
    }
    if (envelope_peek(envelope, envelope_size, &peek) != STATUS_OK || strcmp(peek.party, receipt->body.party) != 0 ||
        memcmp(peek.id, receipt->body.submission, sizeof peek.id) != 0) {
        return fail(why, "its entry names another party or submission", STATUS_FORGED);
    }
    return fail(why, NULL, STATUS_OK);
}
