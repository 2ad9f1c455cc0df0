/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef STORE_JOURNAL_H
#define STORE_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The file "journal" beside the store's own: what was kept (store_keep()) and is not yet in its place. A record is what one
 * transaction changed, as keys and values, under a number that grows by one and a keyed hash of it all; it is written in one
 * piece, from the file's beginning on, over bytes that were written before, and is on the disk when journal_write() returns.
 * Once the store has what a record says, and its number, the next record is written over the first one.
 *
 * Read again, a record counts if its hash holds and its number is the one expected. The first that does not count ends the
 * journal: it was being written when the power failed, and nobody was answered for it, or it is an older one. Where a later
 * record counts all the same, something was damaged in between.
 * For store/ alone. Writer's thread.
 */

#define JOURNAL_MOST ((uint64_t)4 << 20)  /* bytes of the file: what a start may have to put in its place */
#define JOURNAL_NAME "journal"
#define JOURNAL_KEY 16u                   /* bytes: which store it belongs to */

struct journal;

/*
 * Opens the file in folder, made where there is none, and reads what it holds. settled: the number of the last record that
 * the store has. 0 or an errno; EBADMSG: it is damaged, or goes on from a later state than the store's. Freed with journal_close().
 */
int journal_open(const char *folder, const uint8_t key[JOURNAL_KEY], uint64_t settled, struct journal **journal);
void journal_close(struct journal *journal);

/* *last: the number of the last record of the folder's journal, settled where the store has all; nothing is made or written. As journal_open(). */
int journal_look(const char *folder, const uint8_t key[JOURNAL_KEY], uint64_t settled, uint64_t *last);

/* The number of the last record that was written, or tried. */
uint64_t journal_number(const struct journal *journal);

/* A record is begun; what is added to it by parts is written by journal_write(). One that gets too long says so there. */
void journal_begin(struct journal *journal);
void journal_add(struct journal *journal, const void *bytes, size_t length);

/* Whether the record at hand is whole and fits behind the others, the file being made longer if need be. 0, ENOSPC, or another errno. */
int journal_make_room(struct journal *journal);

/* Writes the record at hand behind the others and flushes it. 0 or an errno, after which nobody knows whether it is there. */
int journal_write(struct journal *journal);

/* What journal_write() failed to write was not to be: the next record takes its number, number being the one before. */
void journal_withdraw(struct journal *journal, uint64_t number);

/* All records are in their place: the next goes to the beginning. */
void journal_rewind(struct journal *journal);

/* Calls apply with each record that is not in its place, in order, until it fails; *count of them (may be NULL). 0, an errno, or what apply returned. */
int journal_replay(struct journal *journal, int (*apply)(void *data, const uint8_t *bytes, size_t length), void *data, unsigned *count);

/* Overwrites what the folder's journal ever held; all of it is in its place, and it is not open. 0 or an errno. */
int journal_wipe(const char *folder);

#endif
