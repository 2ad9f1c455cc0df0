/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_MARKING_SCAN_H
#define PROTO_MARKING_SCAN_H

#include <stddef.h>

/* The search of one text, for proto/marking's own files. */

enum marking_found {
    MARKING_FOUND_NOTHING = 0,
    MARKING_FOUND_WHOLE, /* a short form that is the whole text: counts unless the text is a code */
    MARKING_FOUND_WORDS
};

/*
 * What the text holds first. rule: which row of the table it met, a static text that never leaves these files but in a
 * hash. Where memory is out it says MARKING_FOUND_WORDS: what can't be searched does not pass.
 */
enum marking_found marking_search(const char *text, size_t length, const char **rule);

#endif
