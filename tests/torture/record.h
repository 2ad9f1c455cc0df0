/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_TORTURE_RECORD_H
#define TESTS_TORTURE_RECORD_H

#include <stdint.h>

/* What the shim appends to $SHIM_RECORD for each call: a head, then length bytes. */

enum record_kind {
    RECORD_WRITE = 1,     /* reaches the disk with the next flush, or before */
    RECORD_DURABLE_WRITE, /* through O_DSYNC: is on the disk when it returns, alone */
    RECORD_FLUSH,         /* all writes before it are on the disk */
    RECORD_TRUNCATE,      /* to offset bytes */
    RECORD_PLACED,        /* what was written so far got its name: before, there is no such file */
    RECORD_ACKNOWLEDGED   /* bytes: what was told to the asker */
};

struct record_head {
    uint32_t kind;
    uint32_t length;
    uint64_t file; /* which of $SHIM_FILE: 0 the store's, 1 its journal */
    uint64_t offset;
};

#endif
