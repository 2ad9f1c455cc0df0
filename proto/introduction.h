/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_INTRODUCTION_H
#define PROTO_INTRODUCTION_H

#include <stddef.h>
#include <stdint.h>

#include "proto/note.h"

/*
 * What the first coordinator and a new exchange hand each other as files, since neither is in the other's tables yet. Both hold
 * public keys only. The coordinator's goes to `musterd --init`, which writes the exchange's as `exchange.pub`; every
 * later party gets the same by its invitation.
 *
 *     muster-coordinator v1            muster-exchange v1
 *     party hq                         address tcp://127.0.0.1:7447
 *     country NL                       vkey muster.example/log+16dc296f+AQOhB7...
 *     name Joint orders office         signing <base64>
 *     contact orders@example.org       box <base64>
 *     signing <base64>                 front <base64>
 *     box <base64>
 *     curve <base64>
 *
 * Lines in this order, each ended by a newline. Pure functions.
 */

#define INTRODUCTION_TEXT_MOST 255u  /* bytes of a name, contact or address */
#define INTRODUCTION_SIZE 2048u      /* of a whole file, with a NUL */

struct introduction_coordinator {
    char party[33];
    char country[3];
    char name[INTRODUCTION_TEXT_MOST + 1];
    char contact[INTRODUCTION_TEXT_MOST + 1]; /* may be empty */
    uint8_t signing_key[32];
    uint8_t box_key[32];
    uint8_t curve_key[32];
};

struct introduction_exchange {
    char address[INTRODUCTION_TEXT_MOST + 1];
    struct note_key log_key; /* from the vkey; its name is the origin */
    uint8_t signing_key[32];
    uint8_t box_key[32];
    uint8_t front_key[32];
};

/* Writes a file's text, ended by a NUL. STATUS_INVALID: a text holds a control character, or is missing. */
int introduction_write_coordinator(const struct introduction_coordinator *coordinator, char text[INTRODUCTION_SIZE]);
int introduction_write_exchange(const struct introduction_exchange *exchange, char text[INTRODUCTION_SIZE]);

/* Reads a file's text of length bytes. STATUS_INVALID: not of this form. */
int introduction_read_coordinator(const char *text, size_t length, struct introduction_coordinator *coordinator);
int introduction_read_exchange(const char *text, size_t length, struct introduction_exchange *exchange);

#endif
