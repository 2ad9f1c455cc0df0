/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef CLIENTS_LINK_PROFILE_H
#define CLIENTS_LINK_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clients/link/files.h"
#include "proto/note.h"
#include "proto/party.pb-c.h"

/*
 * A profile: one party of one exchange on this machine. Three folders, as the XDG base directories have it:
 *
 *     $XDG_CONFIG_HOME/muster/PROFILE/exchange   what the invitation said of the exchange, the party and its marking: text that a person may edit
 *     $XDG_DATA_HOME/muster/PROFILE/             keys/, receipts/, forks/: what must be kept
 *     $XDG_STATE_HOME/muster/PROFILE/            head, outbox/: what changes
 *
 * Which profile: --as, else MUSTER_PROFILE, else the only one there is. One thread at a time.
 */

#define PROFILE_NAME_MOST 63u
#define PROFILE_TEXT_MOST 255u

struct profile {
    char name[PROFILE_NAME_MOST + 1];
    char config[FILES_PATH_MOST]; /* the folders */
    char data[FILES_PATH_MOST];
    char state[FILES_PATH_MOST];
    /* of the file `exchange` */
    char address[PROFILE_TEXT_MOST + 1];
    uint8_t exchange_signing_key[32];
    uint8_t exchange_box_key[32];
    uint8_t front_key[32];
    char vkey[NOTE_VKEY_SIZE];
    struct note_key log_key;      /* parsed from vkey; its name is the log's origin */
    char party[33];
    Muster__Role role;
    bool compared;                /* the coordinator's half of the fingerprint was typed in: more than join and status may be sent */
    char marking[PROFILE_TEXT_MOST + 1];   /* of submissions that state none */
    char marked_by[PROFILE_TEXT_MOST + 1];
    char country[3];                       /* the party's own, as the exchange told; "" until it did */
    char base_currency[4];                 /* the exchange's, the same */
};

/*
 * Finds which profile to use and where its folders lie; reads nothing. wanted: --as or NULL.
 * STATUS_NOT_FOUND: there is none, or the name has none; STATUS_EXISTS: several and none named (names, of size bytes, lists
 * them); STATUS_INVALID: no such form of name; STATUS_IO: no home folder.
 */
int profile_find(const char *wanted, struct profile *profile, char *names, size_t size);

/* The folders of a new profile; makes nothing. STATUS_INVALID, STATUS_IO as above; STATUS_EXISTS where it has the file `exchange`. */
int profile_name(const char *name, struct profile *profile);

/* Reads the file `exchange`. line (may be NULL) gets the first line at fault, 0 else. STATUS_NOT_FOUND, STATUS_INVALID, STATUS_IO, STATUS_NO_MEMORY. */
int profile_load(struct profile *profile, unsigned *line);

/* Writes it, making the folders. STATUS_NO_SPACE, STATUS_IO, STATUS_TOO_LARGE. */
int profile_save(const struct profile *profile);

/* The path of a file of the profile's data or state: parts as in files_path(). */
int profile_key_path(const struct profile *profile, const char *key, char *path);

#endif
