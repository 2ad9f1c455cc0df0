/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/csv_text.h"

#include <errno.h>
#include <iconv.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <uninorm.h>
#include <unistr.h>

#include "proto/status.h"

#define SAVE_AS "open it in its program, choose Save as, then \"CSV UTF-8\" (Excel) or \"Text CSV\" (LibreOffice)"

/* What a file that is no CSV begins with. */
static const struct {
    const char *bytes;
    size_t length;
    const char *name;
    const char *remedy;
} magics[] = {
    {"PK\x03\x04", 4, "a spreadsheet or archive (.xlsx, .ods, .zip)", SAVE_AS},
    {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8, "an old Excel file (.xls), or one under a password", SAVE_AS},
    {"%PDF", 4, "a PDF", "save the sheet itself as CSV, not as PDF"},
    {"\x1f\x8b", 2, "a compressed file (gzip)", "unpack it first"},
    {"{\\rtf", 5, "a word processor's file (RTF)", SAVE_AS},
    {"<?xml", 5, "an XML file", SAVE_AS},
    {"<!DOCTYPE", 9, "a web page", SAVE_AS},
    {"<html", 5, "a web page", SAVE_AS},
    {"<table", 6, "a web page", SAVE_AS},
};

static int refuse(struct faults *faults, const char *found, const char *remedy)
{
    faults_add(faults, "", found, "a CSV file", remedy);
    return STATUS_INVALID;
}

static int refuse_other_formats(const unsigned char *bytes, size_t length, struct faults *faults)
{
    for (size_t at = 0; at < sizeof magics / sizeof magics[0]; at++) {
        if (length >= magics[at].length && memcmp(bytes, magics[at].bytes, magics[at].length) == 0) {
            return refuse(faults, magics[at].name, magics[at].remedy);
        }
    }
    return STATUS_OK;
}

/* Line of a byte, from 1, for bytes that can't be read: rows are not known before the text is. */
static uint32_t line_of(const unsigned char *bytes, size_t at)
{
    uint32_t line = 1;
    for (size_t byte = 0; byte < at; byte++) {
        line += bytes[byte] == '\n' ? 1u : 0u;
    }
    return line;
}

/* iconv's view of a whole buffer. Returns the bytes written, or SIZE_MAX with *bad the first byte that has no meaning. */
static size_t convert(const char *from, const unsigned char *bytes, size_t length, char *out, size_t room, size_t *bad)
{
    iconv_t converter = iconv_open("UTF-8", from);
    *bad = 0;
    if (converter == (iconv_t)-1) {
        return SIZE_MAX;
    }
    char *in = (char *)(uintptr_t)bytes, *to = out;
    size_t left = length, left_out = room;
    size_t result = iconv(converter, &in, &left, &to, &left_out);
    iconv_close(converter);
    *bad = length - left;
    return result == (size_t)-1 ? SIZE_MAX : room - left_out;
}

static int decode_by_table(const char *from, const unsigned char *bytes, size_t length, size_t growth, struct arena *arena,
                           struct faults *faults, struct csv_text *text)
{
    size_t room = length * growth + 1, bad;
    text->bytes = arena_alloc(arena, room);
    if (!text->bytes) {
        return STATUS_NO_MEMORY;
    }
    text->length = convert(from, bytes, length, text->bytes, room - 1, &bad);
    if (text->length == SIZE_MAX) {
        faults->row = line_of(bytes, bad);
        int status = refuse(faults, "bytes that are neither UTF-8 nor Windows-1252", "save it again as \"CSV UTF-8\"");
        faults->row = 0;
        return status;
    }
    text->bytes[text->length] = '\0';
    return STATUS_OK;
}

/* Characters of more than one byte that are good UTF-8, and bytes that are not. */
static void count_utf8(const unsigned char *bytes, size_t length, size_t *good, size_t *bad, size_t *first_bad)
{
    *good = *bad = 0;
    *first_bad = length;
    for (size_t at = 0; at < length;) {
        if (bytes[at] < 0x80) {
            at++;
            continue;
        }
        ucs4_t point;
        int taken = u8_mbtoucr(&point, bytes + at, length - at);
        if (taken > 1) {
            (*good)++;
            at += (size_t)taken;
        } else {
            *first_bad = *bad == 0 ? at : *first_bad;
            (*bad)++;
            at++;
        }
    }
}

static int decode_8bit(const unsigned char *bytes, size_t length, bool marked, struct arena *arena, struct faults *faults,
                       struct csv_text *text)
{
    size_t good, bad, first_bad;
    count_utf8(bytes, length, &good, &bad, &first_bad);
    if (bad == 0) {
        text->encoding = CSV_ENCODING_UTF8;
        text->length = length;
        text->bytes = arena_copy(arena, bytes, length);
        return text->bytes ? STATUS_OK : STATUS_NO_MEMORY;
    }
    if (marked || good > bad) {
        faults->row = line_of(bytes, first_bad);
        int status = refuse(faults, "UTF-8 with broken characters in it", "save it again as \"CSV UTF-8\"");
        faults->row = 0;
        return status;
    }
    text->encoding = CSV_ENCODING_WINDOWS_1252;
    return decode_by_table("CP1252", bytes, length, 3, arena, faults, text);
}

/* Composes accents into their letters, as the exchange asks of every text. */
static int compose(struct arena *arena, struct csv_text *text)
{
    bool ascii = true;
    for (size_t at = 0; at < text->length && ascii; at++) {
        ascii = (unsigned char)text->bytes[at] < 0x80;
    }
    if (ascii) {
        return STATUS_OK;
    }
    size_t length = 0;
    uint8_t *composed = u8_normalize(UNINORM_NFC, (const uint8_t *)text->bytes, text->length, NULL, &length);
    if (!composed) {
        return STATUS_NO_MEMORY;
    }
    int status = STATUS_OK;
    if (length != text->length || memcmp(composed, text->bytes, length) != 0) {
        text->bytes = arena_copy(arena, composed, length);
        text->length = length;
        status = text->bytes ? STATUS_OK : STATUS_NO_MEMORY;
    }
    free(composed);
    return status;
}

int csv_text_decode(const void *bytes, size_t length, struct arena *arena, struct faults *faults, struct csv_text *text)
{
    const unsigned char *in = bytes;
    *text = (struct csv_text){.encoding = CSV_ENCODING_UTF8};
    if (length > CSV_BYTES_MOST) {
        faults_add(faults, "", "a file of more than 64 MiB", "at most 64 MiB", "delete what is not needed, or submit it in parts");
        return STATUS_TOO_LARGE;
    }
    int status = refuse_other_formats(in, length, faults);
    if (status != STATUS_OK) {
        return status;
    }
    bool little = length >= 2 && in[0] == 0xff && in[1] == 0xfe, big = length >= 2 && in[0] == 0xfe && in[1] == 0xff;
    bool marked = length >= 3 && memcmp(in, "\xef\xbb\xbf", 3) == 0;
    if (little || big) {
        text->encoding = CSV_ENCODING_UTF16;
        status = decode_by_table(little ? "UTF-16LE" : "UTF-16BE", in + 2, length - 2, 2, arena, faults, text);
    } else if (memchr(in, 0, length)) {
        status = refuse(faults, "a file that is not text", SAVE_AS);
    } else {
        status = decode_8bit(in + (marked ? 3 : 0), length - (marked ? 3 : 0), marked, arena, faults, text);
    }
    if (status == STATUS_OK && memchr(text->bytes, 0, text->length)) {
        status = refuse(faults, "a file that is not text", SAVE_AS);
    }
    return status == STATUS_OK ? compose(arena, text) : status;
}
