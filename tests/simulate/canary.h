/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_SIMULATE_CANARY_H
#define TESTS_SIMULATE_CANARY_H

#include <stddef.h>
#include <stdint.h>

/*
 * Sealed figures and texts that can be told from all others: wherever one of them stands in the bytes of an answer, who opened it must be
 * among those who may see it; and none may stand in a line that the exchange writes for its operator.
 */

struct run;
struct client;

/* What a canary is, and with it who may see it beside its owner and the coordinators. */
enum canary_kind {
    CANARY_CEILING,  /* of a demand: nobody */
    CANARY_TIER,     /* the price of a tier that is never reached: nobody */
    CANARY_BALANCE,  /* of a fund: nobody */
    CANARY_REASON,   /* of a no: nobody */
    CANARY_CONTACT,  /* of a supplier: nobody */
    CANARY_DEMAND,   /* the name of a demand: suppliers, and not other nations */
    CANARY_OFFER,    /* the name of an offer: agencies, and not other suppliers */
    CANARY_KINDS
};

/* An amount that stands for its owner. */
int64_t canary_amount(enum canary_kind kind, size_t owner);

#define CANARY_TEXT 32u
/* A text of the characters of an id that stands for its owner; number tells one's own apart. */
void canary_text(enum canary_kind kind, size_t owner, unsigned number, char text[CANARY_TEXT]);

/* Looks through what a client opened. */
void canary_look(struct run *run, const struct client *reader, const uint8_t *bytes, size_t length);

/* Looks through a line for the operator. */
void canary_look_in_line(struct run *run, const char *line);

#endif
