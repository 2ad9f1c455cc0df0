/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_ATTRIBUTE_H
#define PROTO_ATTRIBUTE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * What a demand requires and what an offer provides: "range_km>=30" against range_km=40. `=` compares text, `>=`
 * and `<=` compare decimal numbers; names and text without regard to ASCII case. Pure functions, any thread.
 */

enum attribute_operator {
    ATTRIBUTE_EQUAL = 1,
    ATTRIBUTE_LEAST, /* >= */
    ATTRIBUTE_MOST   /* <= */
};

/* A requirement taken apart; name and value point into its text, without blanks around them. */
struct attribute_requirement {
    const char *name;
    size_t name_length;
    enum attribute_operator operator;
    const char *value;
    size_t value_length;
};

/* STATUS_OK; STATUS_INVALID where it is no requirement, or compares with what is no decimal number. */
int attribute_read(const char *text, struct attribute_requirement *requirement);

/* True for digits, perhaps a minus before, and a point and digits after: up to 20 digits on each side. */
bool attribute_is_decimal(const char *text, size_t length);

/* Less than, equal to or greater than 0 as a is to b. Both must be decimals. */
int attribute_compare(const char *a, size_t a_length, const char *b, size_t b_length);

/* Whether two texts are the same without regard to ASCII case, as names of attributes are compared. */
bool attribute_same(const char *a, const char *b);

/* Whether an attribute of this name and value meets the requirement; false where the name is another. */
bool attribute_meets(const struct attribute_requirement *requirement, const char *name, const char *value);

#endif
