/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef CLIENTS_MUSTER_SEEN_H
#define CLIENTS_MUSTER_SEEN_H

#include "clients/link/profile.h"
#include "proto/arena.h"
#include "proto/log.pb-c.h"

/*
 * Which version of each of its objects this profile has last seen: what it submitted or was shown whole. A file from a
 * spreadsheet is a change of that version, so a colleague's change in between is found out instead of written over. Kept in the
 * profile's state folder, one file a noun, lines "id version". One process at a time; a lost race asks a person once more.
 */

struct seen_entry {
    const char *id;
    uint64_t version;
};

struct seen {
    struct seen_entry *list;
    size_t count;
    size_t capacity;
    bool changed;
};

/* Reads the file of a noun; none, or lines that are none, count as nothing seen. STATUS_IO, STATUS_NO_MEMORY. */
int seen_load(const struct profile *profile, const char *noun, struct arena *arena, struct seen *seen);

/* The version seen of an id; 0: none. */
uint64_t seen_version(const struct seen *seen, const char *id);

/* Notes a version. id must outlive seen. STATUS_NO_MEMORY. */
int seen_note(struct seen *seen, struct arena *arena, const char *id, uint64_t version);

/* Writes the file where something changed. */
int seen_save(const struct profile *profile, const char *noun, struct arena *arena, struct seen *seen);

/* Notes what an accepted submission made of each of its objects and sets, and writes it. STATUS_IO, STATUS_NO_MEMORY. */
int seen_note_sent(const struct profile *profile, struct arena *arena, const Muster__Submission *submission);

#endif
