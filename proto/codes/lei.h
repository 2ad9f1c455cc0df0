/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_CODES_LEI_H
#define PROTO_CODES_LEI_H

#include "proto/codes/code.h"

/* Legal entity identifiers (ISO 17442): 18 characters and two check digits by ISO 7064 MOD 97-10. */

/* STATUS_OK or STATUS_INVALID. */
int lei_read(const char *text, struct code_answer *answer);

#endif
