/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_CODES_CODE_H
#define PROTO_CODES_CODE_H

#include <stdbool.h>

/*
 * What every code list answers: the code in the form in which it is stored, or what was expected and what to write.
 * A list accepts more forms than one (DEU beside DE); what stands in a message is the stored form alone.
 * All lists are constant tables: any thread.
 */

#define CODE_VALUE_SIZE 72
#define CODE_EXPECTED_SIZE 96
#define CODE_REMEDY_SIZE 160

struct code_answer {
    bool doubtful;                     /* accepted, yet expected and remedy say what looks wrong: a warning */
    char value[CODE_VALUE_SIZE];       /* the stored form; "" where refused */
    char expected[CODE_EXPECTED_SIZE]; /* "ISO 3166"; "" where accepted without doubt */
    char remedy[CODE_REMEDY_SIZE];     /* "write DE for Germany" */
};

/* Fill an answer. STATUS_OK, STATUS_OK with doubt, STATUS_INVALID; the remedy is a printf format. */
int code_accept(struct code_answer *answer, const char *value);
int code_doubt(struct code_answer *answer, const char *value, const char *expected, const char *remedy, ...)
    __attribute__((format(printf, 4, 5)));
int code_refuse(struct code_answer *answer, const char *expected, const char *remedy, ...)
    __attribute__((format(printf, 3, 4)));

/* True where text has exactly length characters, all ASCII digits. */
bool code_is_digits(const char *text, unsigned length);

/* True where text has exactly length characters, all in A to Z. */
bool code_is_upper(const char *text, unsigned length);

#endif
