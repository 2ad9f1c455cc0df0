/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_NOTE_H
#define PROTO_NOTE_H

#include <stddef.h>
#include <stdint.h>

#include "proto/keys.h"

/*
 * Signed notes (c2sp.org/signed-note): a text, an empty line, and lines "— name base64(key id 4 || signature 64)". Ed25519 over
 * the text with its last newline; key id = the first 4 bytes of SHA-256(name || 0A || 01 || public key). A verifier key ("vkey")
 * is name+hex(key id)+base64(01 || public key). Pure functions, thread-safe.
 */

#define NOTE_NAME_MOST 127u      /* bytes of a key name, which is also the log's origin */
#define NOTE_VKEY_SIZE 192u      /* room for a vkey and its NUL */
#define NOTE_SIGNATURES_MOST 8u  /* signature lines of one note */
#define NOTE_MOST 8192u          /* bytes of a whole note */

struct note_key {
    char name[NOTE_NAME_MOST + 1];
    uint8_t id[4];
    uint8_t public_key[32];
};

/* The verifier of a name and a key. STATUS_INVALID: the name is no 1 to NOTE_NAME_MOST printable ASCII characters without space and plus. */
int note_key_make(const char *name, const uint8_t public_key[32], struct note_key *key);

/* Writes the vkey. text has NOTE_VKEY_SIZE bytes. */
void note_vkey_write(const struct note_key *key, char *text);

/* Reads a vkey. STATUS_INVALID: form, algorithm, or the key id is not that of name and key. */
int note_vkey_parse(const char *text, struct note_key *key);

/* The one signature line of text by pair under key's name, appended after text and the empty line. note has NOTE_MOST bytes; it is not ended by a NUL.
 * text ends with a newline. STATUS_INVALID, STATUS_TOO_LARGE. */
int note_sign(const char *text, size_t length, const struct note_key *key, const struct key_pair *pair, char *note, size_t *note_length);

/* Joins a text and a signature that was kept apart from it. As note_sign(). */
int note_join(const char *text, size_t length, const struct note_key *key, const uint8_t signature[64], char *note, size_t *note_length);

/*
 * Checks a note: 1 to NOTE_SIGNATURES_MOST lines, exactly one by key, which must hold; lines by others are ignored, but must have the form.
 * *text_length gets the length of the text at the note's beginning; signature (may be NULL) gets key's.
 * STATUS_INVALID: form; STATUS_FORGED: no line by key, more than one, or it does not hold; STATUS_TOO_LARGE.
 */
int note_open(const char *note, size_t note_length, const struct note_key *key, size_t *text_length, uint8_t signature[64]);

#endif
