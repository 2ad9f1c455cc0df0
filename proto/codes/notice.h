/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_CODES_NOTICE_H
#define PROTO_CODES_NOTICE_H

#include "proto/codes/code.h"

/* Ids of eForms notices (UUID version 4, RFC 9562) and of their lots (LOT-0001), for orders and published signals. */

/* STATUS_OK or STATUS_INVALID; stored in lower case. */
int notice_read(const char *text, struct code_answer *answer);

/* STATUS_OK or STATUS_INVALID. */
int notice_read_lot(const char *text, struct code_answer *answer);

#endif
