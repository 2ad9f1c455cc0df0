/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef CLIENTS_LINK_SUBMISSION_H
#define CLIENTS_LINK_SUBMISSION_H

#include "clients/link/link.h"
#include "proto/log.pb-c.h"
#include "proto/receipt.h"

/*
 * What changes the exchange: filled in, signed once, kept, sent until it is answered. The caller fills one list of changes; this
 * module the rest. The envelope lies in the outbox before its first byte leaves, so nothing is lost between a line that breaks and
 * a person who asks; with the receipt, verified first, it moves to the receipts. One thread at a time.
 */

/* Milliseconds that a submission stays acceptable: a day, less what clocks may differ. */
#define SUBMISSION_LIFE ((uint64_t)23 * 3600 * 1000)

struct submission_marking {
    const char *marking;   /* NULL: the profile's */
    const char *marked_by;
};

/* Why a signature was not made. */
enum submission_trouble {
    SUBMISSION_NO_TROUBLE,
    SUBMISSION_NO_KEY,          /* the key file is missing */
    SUBMISSION_KEY_OPEN,        /* others may read the key file */
    SUBMISSION_NO_PASSPHRASE,   /* there is no terminal to ask at and no --passphrase-fd */
    SUBMISSION_WRONG_PASSPHRASE,
    SUBMISSION_TOO_LONG         /* the submission exceeds what one envelope holds */
};

/*
 * Fills in everything but the changes, the confirmations and the join: origin, keys, a fresh id, when it expires, the kept head,
 * the marking. now: milliseconds since 1970, from which it stays acceptable for SUBMISSION_LIFE. header must outlive the message.
 * Errors of head_load() and of the key file.
 */
struct submission_header {
    uint8_t id[16];
    uint8_t signing_key[32];
    uint8_t head_root[32];
    uint8_t head_signature[64];
    Muster__Head head;
};
int submission_fill(const struct profile *profile, const struct submission_marking *marking, const struct seam_random *random,
                    uint64_t now, struct submission_header *header, Muster__Submission *submission);

/*
 * Signs with the profile's signing key, asking for the passphrase where it has one; the key is wiped before this returns.
 * *trouble says what went wrong where a person can do something about it. The envelope lies in arena.
 */
int submission_sign(const struct profile *profile, const Muster__Submission *submission, struct passphrase_source *source,
                    struct arena *arena, uint8_t **envelope, size_t *size, enum submission_trouble *trouble);

/* What became of it. */
struct submission_result {
    struct link_reply reply;
    Muster__SubmitAnswer *answer; /* where accepted */
    struct receipt receipt;       /* where accepted: verified */
    uint8_t id[16];
    uint64_t shown;               /* size of the head that the envelope shows */
    bool kept;                    /* it lies in the outbox */
    const char *why;              /* where the receipt does not hold */
};

/*
 * Sends an envelope as verb SUBMIT or JOIN, keeping it meanwhile, and verifies the receipt. STATUS_OK: answered (see the outcome);
 * STATUS_FORGED: the answer's receipt does not hold; STATUS_CORRUPT: the head it shows is a fork (both were saved); else as link_ask() and
 * outbox_keep().
 */
int submission_send(struct link *link, Muster__Verb verb, const uint8_t *envelope, size_t size, struct arena *arena,
                    struct submission_result *result);

/* Has the exchange check an envelope and write nothing (--dry-run). As link_ask(). */
int submission_check(struct link *link, const uint8_t *envelope, size_t size, struct arena *arena, struct link_reply *reply);

#endif
