/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_STATUS_H
#define PROTO_STATUS_H

/*
 * Errors as values. A function that can fail returns an int of this enum; 0 is success.
 * What a person reads is built once, where the cause is understood; the status says only what kind it is.
 */
enum status {
    STATUS_OK = 0,
    STATUS_INVALID,    /* input breaks a stated rule */
    STATUS_TOO_LARGE,  /* input exceeds a stated limit, or a sum would overflow */
    STATUS_NO_MEMORY,
    STATUS_NOT_FOUND,
    STATUS_EXISTS,     /* the id is taken, by other bytes */
    STATUS_STALE,      /* a newer version stands */
    STATUS_DENIED,     /* the asker may not */
    STATUS_FORGED,     /* a signature, seal or proof does not hold */
    STATUS_EXPIRED,
    STATUS_BUSY,       /* try again later */
    STATUS_NO_SPACE,   /* disk or map is full: refused, reading goes on */
    STATUS_IO,         /* the storage failed: stop and let a person look */
    STATUS_CORRUPT,    /* stored bytes are not what was written */
    STATUS_NEWER,      /* written by a newer version */
    STATUS_CANCELLED,  /* the caller's stop function said so */
    STATUS_UNREACHABLE /* no answer */
};

/* Exit codes of sysexits.h that muster and musterd use. */
enum exit_code {
    EXIT_CODE_DONE = 0,
    EXIT_CODE_USAGE = 64,
    EXIT_CODE_INPUT = 65,
    EXIT_CODE_UNREACHABLE = 69,
    EXIT_CODE_INTERNAL = 70,
    EXIT_CODE_IO = 74,
    EXIT_CODE_TRY_AGAIN = 75,
    EXIT_CODE_NOT_ALLOWED = 77,
    EXIT_CODE_INTERRUPTED = 130
};

/* A short English name of a status for log lines, "ok" for 0; never NULL. Thread-safe. */
const char *status_name(int status);

#endif
