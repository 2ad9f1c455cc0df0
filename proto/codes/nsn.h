/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_CODES_NSN_H
#define PROTO_CODES_NSN_H

#include "proto/codes/code.h"

/*
 * NATO stock numbers (STANAG 3150, 3151): supply group and class (4 digits), nation that codified the item (2), item
 * number (7). No check digit exists; group and nation are checked by list. The last nine digits name the item, so two
 * numbers that differ in the class alone name the same thing.
 */

#define NSN_DIGITS 13
#define NSN_PRINTED_SIZE 17 /* NNNN-NN-NNN-NNNN and NUL */

/* A stock number with or without its hyphens; stored: 13 digits. STATUS_OK or STATUS_INVALID. */
int nsn_read(const char *text, struct code_answer *answer);

/* A supply class (4 digits) or a stock number: what an item's `nsc` may hold. */
int nsn_read_class(const char *text, struct code_answer *answer);

/* 13 digits as they are printed. The number must have been read. */
void nsn_print(const char number[NSN_DIGITS + 1], char printed[NSN_PRINTED_SIZE]);

/* Title of the supply group that a class or stock number begins with ("Ammunition and explosives"), or NULL. */
const char *nsn_group_title(const char *number);

#endif
