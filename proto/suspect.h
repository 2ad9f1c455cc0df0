/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_SUSPECT_H
#define PROTO_SUSPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/admission.h"

/*
 * Whose message brought the front down. The front notes, in a piece of memory that the parent made and that outlives it, which key's message its own
 * code has in hand; when it crashes, a signal handler notes on which thread. Where both name one key, that key is held to have done it. A key that did it
 * twice within SUSPECT_WINDOW is refused by the next front for SUSPECT_FIRST, and for twice as long each time it does it again within a day of
 * being let in; a restart of musterd lifts it.
 *
 * What is not attributed to anybody: a crash on a thread of libzmq, or in libzmq on the front's own, where the bytes of any connection may be at work;
 * an abort, since the front's own code has none and the C library's checks find what was destroyed earlier; a signal from outside; a front that was killed. For those the log names who was heard last, and a person decides. That way a key is
 * refused only for what the front did with a message that it proved to have sent. What this can't tell apart: who has already changed the front's
 * memory can have it name anybody, as it can leave anybody's messages lying.
 *
 * The parent reads this memory as bytes that a broken front wrote. One thread.
 */

#define SUSPECT_USER_MOST (ADMISSION_PARTY_MOST + 1u + 16u + 1u) /* "party/16 hex digits of the key", and a NUL */
#define SUSPECT_RECENT 8u
#define SUSPECT_KEYS_MOST 64u                                    /* remembered at once */
#define SUSPECT_SHOWN_MOST 8u
#define SUSPECT_WINDOW (UINT64_C(10) * 60 * 1000)                /* milliseconds */
#define SUSPECT_FIRST (UINT64_C(60) * 60 * 1000)
#define SUSPECT_LONGEST (UINT64_C(24) * 60 * 60 * 1000)

enum suspect_crash {
    SUSPECT_NO_CRASH,  /* none was seen: it ended otherwise, or was killed */
    SUSPECT_OWN,       /* on the thread that handles messages */
    SUSPECT_ELSEWHERE, /* on another thread */
    SUSPECT_OUTSIDE,   /* another process sent the signal */
    SUSPECT_ABORTED    /* on that thread by abort(): the C library found memory destroyed that anybody may have, earlier */
};

struct suspect_refusal {
    char user[SUSPECT_USER_MOST];
    uint64_t until; /* monotonic milliseconds */
};

/* What parent and one front share. */
struct suspect_record {
    _Atomic uint32_t crash;   /* enum suspect_crash */
    _Atomic uint32_t in_hand; /* 1: user's message is being handled */
    char user[SUSPECT_USER_MOST];
    uint32_t next;            /* of recent, to be written */
    char recent[SUSPECT_RECENT][SUSPECT_USER_MOST];
    uint32_t refused_count;   /* from here on the parent's */
    struct suspect_refusal refused[SUSPECT_KEYS_MOST];
};

struct suspect {
    char user[SUSPECT_USER_MOST]; /* empty: free */
    unsigned times;               /* within the window of the newest */
    unsigned refusals;
    uint64_t last;                /* monotonic, of its newest crash */
    uint64_t until;               /* refused until then; 0: not */
};

struct suspects {
    struct suspect list[SUSPECT_KEYS_MOST];
};

/* What a coordinator is shown: parties of which a key is refused. */
struct suspect_shown {
    uint32_t count;
    struct {
        char party[ADMISSION_PARTY_MOST + 1u];
        uint64_t until; /* the parent says milliseconds from now, the exchange keeps log time */
    } list[SUSPECT_SHOWN_MOST];
};

/* Whether a text has the form of a User-Id. */
bool suspect_user_is_right(const char user[SUSPECT_USER_MOST]);

/* Notes what a front left at its end, at now. The suspect whose crash it was, or NULL: nobody's. Its until is above now where it is refused. */
const struct suspect *suspects_judge(struct suspects *suspects, const struct suspect_record *record, uint64_t now);

/* Those whose messages or handshakes came last, newest first, each once, joined by commas; "none". */
void suspects_recent(const struct suspect_record *record, char *text, size_t size);

/* Who is refused at now, as a record for a new front, and as a coordinator is shown it. */
void suspects_fill(const struct suspects *suspects, uint64_t now, struct suspect_record *record);
void suspects_show(const struct suspects *suspects, uint64_t now, struct suspect_shown *shown);

/* Memory of so many bytes with this in it, of a size that nobody can change. The caller closes *fd. STATUS_IO. */
int suspect_share(const void *bytes, size_t size, int *fd);

/* Reads it again. STATUS_IO. */
int suspect_read(int fd, void *bytes, size_t size);

#endif
