/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/regions.h"

#include <stdio.h>
#include <string.h>

#include "proto/codes/country.h"

#define NAME_LEAST 3u

/* Copies the next part of a list, cut to size, and moves on; false at its end. */
static bool next_part(const char **list, char *part, size_t size)
{
    if (*list == NULL || (*list)[0] == '\0')
        return false;
    size_t length = strcspn(*list, ";");
    snprintf(part, size, "%.*s", (int)(length < size ? length : size - 1), *list);
    *list = (*list)[length] != '\0' ? *list + length + 1 : NULL;
    return true;
}

static bool is_name(const char *part)
{
    size_t length = strlen(part);
    bool good = length >= NAME_LEAST && length < REGION_NAME_SIZE && part[0] >= 'a' && part[0] <= 'z';
    for (size_t at = 0; good && at < length; at++)
        good = (part[at] >= 'a' && part[at] <= 'z') || (part[at] >= '0' && part[at] <= '9') || part[at] == '-';
    return good;
}

static bool stands_twice(const char *value, const char *part)
{
    char other[REGION_NAME_SIZE + 1];
    unsigned count = 0;
    for (const char *rest = value; next_part(&rest, other, sizeof other);)
        count += strcmp(other, part) == 0;
    return count > 1;
}

enum regions_fault regions_check(const char *value, char *part, size_t part_size)
{
    char own[REGION_NAME_SIZE + 1];
    unsigned names = 0;
    bool named = true; /* the part before was a name, or there was none */
    snprintf(part, part_size, "%s", "");
    for (const char *rest = value; next_part(&rest, own, sizeof own);) {
        bool name = is_name(own), country = country_is_stored(own);
        snprintf(part, part_size, "%s", own);
        if (!name && (!country || names == 0))
            return REGIONS_NAME;
        if (stands_twice(value, own) || strcmp(own, REGIONS_OTHER) == 0)
            return REGIONS_REPEATED;
        if (name && names != 0 && named)
            return REGIONS_EMPTY;
        names += name;
        named = name;
    }
    if (names != 0 && named)
        return REGIONS_EMPTY;
    return names > REGIONS_MOST ? REGIONS_MANY : REGIONS_GOOD;
}

void regions_of(const char *value, const char *country, char name[REGION_NAME_SIZE])
{
    char part[REGION_NAME_SIZE + 1], region[REGION_NAME_SIZE] = REGIONS_OTHER;
    snprintf(name, REGION_NAME_SIZE, "%s", REGIONS_OTHER);
    for (const char *rest = value; next_part(&rest, part, sizeof part);) {
        if (is_name(part))
            memcpy(region, part, strlen(part) + 1);
        else if (strcmp(part, country) == 0)
            memcpy(name, region, sizeof region);
    }
}

size_t regions_names(const char *value, char names[REGIONS_MOST + 1][REGION_NAME_SIZE])
{
    char part[REGION_NAME_SIZE + 1];
    size_t count = 0;
    for (const char *rest = value; next_part(&rest, part, sizeof part);) {
        if (is_name(part) && count < REGIONS_MOST)
            memcpy(names[count++], part, strlen(part) + 1);
    }
    memcpy(names[count++], REGIONS_OTHER, sizeof REGIONS_OTHER);
    return count;
}
