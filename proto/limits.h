/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_LIMITS_H
#define PROTO_LIMITS_H

#include <stdint.h>

/*
 * The limits of the matching model and of the contract, each with its name. What exceeds one is refused by that
 * name, never wrapped. They bound memory as well: a message within them is small.
 */

/* The matching model: products of these stay within 64 bits, and within 128 with a percentage. */
#define LIMIT_QUANTITY_MOST UINT64_C(1000000000)          /* units; at least 1, stock and rate from 0 */
#define LIMIT_AMOUNT_MOST INT64_C(10000000000000)         /* base cents */
#define LIMIT_AMOUNT_OWN_MOST INT64_C(999999999999999)    /* hundredths of a row's own currency: 13 digits and 2 places */
#define LIMIT_TOTAL_BELOW (INT64_C(1) << 62)              /* a lot's and a scenario's whole value */
#define LIMIT_MONTH_FIRST 200001u                         /* YYYYMM */
#define LIMIT_MONTH_LAST 219912u
#define LIMIT_TIERS_MOST 32u                              /* of an offer */
#define LIMIT_LINES_MOST 240u                             /* of a demand: twenty years of months */
#define LIMIT_PRIORITY_MOST 5u
#define LIMIT_WEIGHT_MOST 1000u
#define LIMIT_RATE_MOST UINT64_C(999999999999999)         /* millionths: 9 digits and 6 places */

/* Texts, in bytes of UTF-8. */
#define LIMIT_ID_MOST 64u
#define LIMIT_PARTY_ID_MOST 32u
#define LIMIT_TITLE_MOST 256u       /* an item's title, a party's name or contact: what a table can show */
#define LIMIT_REASON_MOST 1024u     /* a paragraph */
#define LIMIT_ATTRIBUTE_MOST 128u   /* one requirement, or one attribute's value */
#define LIMIT_CERTIFICATE_MOST 64u
#define LIMIT_POLICY_VALUE_MOST 1024u /* a list of all countries fits */
#define LIMIT_MARKING_MOST 128u
#define LIMIT_ORIGIN_MOST 96u       /* a log's name: host name and path */

/* Counts. */
#define LIMIT_CONDITIONS_MOST 64u   /* requirements, certificates, attributes of one object */
#define LIMIT_COUNTRIES_MOST 250u   /* all of them */
#define LIMIT_FREIGHT_MOST 1000u    /* places with a freight quote of their own */
#define LIMIT_CHANGES_MOST 20000u   /* of one submission */
#define LIMIT_CONFIRMATIONS_MOST 64u
#define LIMIT_RATES_MOST 200u       /* more than there are currencies */
#define LIMIT_POLICY_MOST 10000u

#endif
