/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_CODES_AQAP_H
#define PROTO_CODES_AQAP_H

#include <stdbool.h>

#include "proto/codes/code.h"

/*
 * Allied quality assurance publications (STANAG 4107) as certificates. Certificates are compared exactly, so one
 * spelling must hold: AQAP-2110.
 */

/* True where text begins with AQAP in any case: then aqap_read must accept it. */
bool aqap_is_meant(const char *text);

/* "AQAP 2110", "AQAP2110" or "AQAP-2110"; stored: the last. STATUS_OK or STATUS_INVALID. */
int aqap_read(const char *text, struct code_answer *answer);

#endif
