/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_EXCHANGE_HEADS_H
#define BROKER_EXCHANGE_HEADS_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/tlog.h"

/*
 * Heads of the log that this process has signed and committed, or verified and found to be a prefix of it. A submission that shows one
 * of them, byte for byte, needs no second look: the log only grows while a process has it open. Of fixed size; the
 * older of two that share a place gives way. Writer's thread.
 */

#define HEADS_KEPT 1024u /* 104 bytes each */

struct heads {
    struct {
        struct tlog_head head;
        uint8_t signature[64];
    } kept[HEADS_KEPT];
};

bool heads_has(const struct heads *heads, const struct tlog_head *head, const uint8_t signature[64]);
void heads_add(struct heads *heads, const struct tlog_head *head, const uint8_t signature[64]);

#endif
