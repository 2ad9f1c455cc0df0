/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_REGIONS_H
#define PROTO_REGIONS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Regions as the policy writes them: one list with ; between, in which a name is followed by its countries:
 * "north;DK;FI;NO;SE;south;ES;IT". A name has 3 to 12 small letters, digits and hyphens, so it can't be a country. Countries of no region
 * form one of their own. Pure.
 */

#define REGIONS_MOST 32u
#define REGION_NAME_SIZE 13u
#define REGIONS_OTHER "other" /* of all countries that no region names; also the only region where none is named */

/* What is wrong with a value. */
enum regions_fault {
    REGIONS_GOOD,
    REGIONS_NAME,    /* neither a name nor a country, or a list that does not begin with a name */
    REGIONS_REPEATED,/* a name or country twice, or the name of all others */
    REGIONS_EMPTY,   /* a name without a country */
    REGIONS_MANY
};

/* Checks a value; an empty one is good. part (size of part_size) gets the part that is wrong. */
enum regions_fault regions_check(const char *value, char *part, size_t part_size);

/* The region of a country, by a value that is good. */
void regions_of(const char *value, const char *country, char name[REGION_NAME_SIZE]);

/* The names in a value that is good, in order, REGIONS_OTHER last. At most REGIONS_MOST + 1; their number. */
size_t regions_names(const char *value, char names[REGIONS_MOST + 1][REGION_NAME_SIZE]);

#endif
