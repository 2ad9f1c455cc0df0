/* SPDX-License-Identifier: EUPL-1.2 */
#include "clients/link/receipts.h"

#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "proto/envelope.h"
#include "proto/status.h"

#define EXTRA_LABEL "\nextra "

static int receipt_path(const struct profile *profile, const uint8_t id[16], const char *ending, char *path)
{
    char hex[RECEIPTS_ID_HEX], name[RECEIPTS_ID_HEX + 16];
    sodium_bin2hex(hex, sizeof hex, id, 16);
    snprintf(name, sizeof name, "%s%s", hex, ending);
    return files_path(path, profile->data, "receipts", name, NULL);
}

int receipts_keep(const struct profile *profile, const uint8_t id[16], const void *envelope, size_t envelope_size, const void *receipt,
                  size_t receipt_size)
{
    char path[FILES_PATH_MOST];
    int status = files_path(path, profile->data, "receipts", NULL);
    status = status ? status : files_make_folder(path);
    status = status ? status : receipt_path(profile, id, ".envelope", path);
    status = status ? status : files_write(path, envelope, envelope_size, 0600, true);
    status = status ? status : receipt_path(profile, id, ".receipt", path);
    return status ? status : files_write(path, receipt, receipt_size, 0600, true);
}

int receipts_note(const char *text, size_t length, const char **note, size_t *note_length)
{
    const char *gap = memmem(text, length, "\n\n", 2);
    if (!gap) {
        return STATUS_INVALID;
    }
    *note = gap + 2;
    *note_length = length - (size_t)(*note - text);
    return STATUS_OK;
}

/* The submission's id, out of the body in the line `extra`. Whether the receipt holds is receipt_verify()'s to say. */
static int read_id(const char *text, size_t length, uint8_t id[16])
{
    uint8_t extra[TLOG_NONCE_SIZE + ENTRY_BODY_MOST];
    struct entry_body body;
    size_t size = 0;
    const char *line = memmem(text, length, EXTRA_LABEL, strlen(EXTRA_LABEL));
    if (!line) {
        return STATUS_INVALID;
    }
    line += strlen(EXTRA_LABEL);
    const char *end = memchr(line, '\n', length - (size_t)(line - text));
    if (!end || sodium_base642bin(extra, sizeof extra, line, (size_t)(end - line), NULL, &size, NULL, sodium_base64_VARIANT_ORIGINAL) != 0 ||
        size <= TLOG_NONCE_SIZE || entry_body_parse(extra + TLOG_NONCE_SIZE, size - TLOG_NONCE_SIZE, &body) != STATUS_OK) {
        return STATUS_INVALID;
    }
    memcpy(id, body.submission, 16);
    return STATUS_OK;
}

int receipts_find_envelope(const struct profile *profile, const char *text, size_t length, struct arena *arena, uint8_t **envelope, size_t *size)
{
    uint8_t id[16];
    char path[FILES_PATH_MOST];
    int status = read_id(text, length, id);
    status = status ? status : receipt_path(profile, id, ".envelope", path);
    return status ? status : files_read(path, ENVELOPE_MOST, arena, envelope, size);
}
