/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_MARKING_H
#define PROTO_MARKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/arena.h"
#include "proto/log.pb-c.h"

/*
 * Security markings. Muster holds unclassified information alone. A submission states its marking and the nation
 * that set it, and passes only where that nation's list (marking.def) says that this is unclassified; what the list
 * does not know is refused, never guessed: the same word is SECRET in Spain and RESTRICTED in Portugal.
 *
 * Its free text is searched for higher markings as well, in every language of the list, through accents, case,
 * punctuation, blanks, invisible characters and look-alike letters. Better one refusal too many than one spill. A
 * false alarm is passed by quoting its code, which holds for these changes alone. What was found is never repeated
 * nor named: results say where, and nothing else.
 *
 * The search runs in the client before anything is sent, and at the exchange again. Tables are built on first use;
 * all functions are thread-safe.
 */

enum marking_level {
    MARKING_UNKNOWN = 0,  /* not in the list of this nation */
    MARKING_UNCLASSIFIED, /* explicitly */
    MARKING_HELD,         /* not classified, not for all either (OFFICIAL, LIMITE, SENSITIVE): a person must decide */
    MARKING_RESTRICTED,
    MARKING_CONFIDENTIAL,
    MARKING_SECRET,
    MARKING_TOP_SECRET
};

/*
 * The level of a marking as set by marked_by: ISO 3166 alpha-2, NATO or EU. Case, accents and runs of blanks do not
 * matter; for what is above unclassified punctuation does not either, while "unclassified" with anything beside it is not.
 */
enum marking_level marking_level(const char *marking, const char *marked_by);

/* Whether the list knows markings of this nation or organisation. */
bool marking_knows(const char *marked_by);

/*
 * STATUS_OK where marking is explicitly unclassified; else STATUS_INVALID, and in remedy (static text, never the
 * marking itself) what to do.
 */
int marking_check(const char *marking, const char *marked_by, const char **remedy);

/* How a text is searched. */
enum marking_kind {
    MARKING_TEXT, /* a field or cell: a short form (NR, NC, NS, CTS) counts in brackets and as the whole */
    MARKING_CODE  /* a field of a code list, or a file's name: a short form does not count as the whole (NR is Nauru) */
};

/* True where length bytes of text hold a marking above unclassified. Text that is no UTF-8 is searched byte by byte. */
bool marking_scan_text(const char *text, size_t length, enum marking_kind kind);

#define MARKING_FIELD_SIZE 64
#define MARKING_CODE_SIZE 13     /* three groups of four without hyphens: 12 base32 characters and NUL */
#define MARKING_HITS_MOST 256u   /* more is not a list of false alarms */

/* Where a marking was found. */
struct marking_hit {
    uint32_t change;                /* index of the change, or of the entry of rates and policy, from 0 */
    char field[MARKING_FIELD_SIZE]; /* column, as check_* names it; of the submission's head: its field */
    char code[MARKING_CODE_SIZE];   /* to confirm a false alarm with; "" where there are too many hits to confirm */
};

struct marking_hits {
    struct marking_hit *list;
    size_t count;       /* not confirmed, at most MARKING_HITS_MOST */
    size_t total;       /* not confirmed, all of them */
    size_t confirmed;   /* passed because the submission quotes their code: to be logged */
};

/*
 * Searches every text of a submission but its marking, through the messages' descriptors, so that a new field is
 * searched too. STATUS_OK where nothing is found that the submission does not confirm; STATUS_INVALID with hits (in
 * arena); STATUS_NO_MEMORY: nothing was found out, treat it as a refusal. Ten thousand demands take well under a second.
 */
int marking_scan_submission(const Muster__Submission *submission, struct arena *arena, struct marking_hits *hits);

#endif
