/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_TEXT_H
#define PROTO_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/arena.h"

/*
 * What a text of the contract may be: valid UTF-8 in normalisation form C, of assigned and visible characters alone,
 * so that what a person sees is what is compared, signed and shown again. Clients put text into that form with
 * text_normalise; the exchange only checks. And the forms of ids. Pure functions, any thread.
 */

enum text_fault {
    TEXT_GOOD = 0,
    TEXT_NOT_UTF8,
    TEXT_TOO_LONG,
    TEXT_CONTROL,    /* a control character, a line break among them */
    TEXT_INVISIBLE,  /* zero-width, direction or tag characters, odd spaces, surrogates, private use */
    TEXT_UNASSIGNED, /* no character has this number yet, or never will */
    TEXT_NOT_NFC     /* another spelling of the same characters: text_normalise cures it */
};

/*
 * The first fault of text (NUL-terminated), which may have at most `most` bytes. An empty text is good.
 * Unicode data are libunistring's; a character that a later version of it knows is refused until then.
 */
enum text_fault text_check(const char *text, size_t most);

/* What a fault means, for a person: "no control characters"; never NULL. For TEXT_GOOD: "". */
const char *text_expected(enum text_fault fault);

/* True where length bytes are valid UTF-8 (RFC 3629: shortest form, no surrogates). NUL bytes are valid. */
bool text_is_utf8(const void *bytes, size_t length);

/*
 * text in normalisation form C without leading and trailing white space, in arena; text itself where it is so
 * already. NULL where it is no valid UTF-8 or memory is out.
 */
char *text_normalise(struct arena *arena, char *text);

/* [A-Za-z0-9][A-Za-z0-9._-]{0,63}: ids of items, demands, offers and funds. */
bool text_is_id(const char *text);

/* [a-z0-9-]{1,32}: ids of parties. */
bool text_is_party_id(const char *text);

/* party/id: an object as others name it. */
bool text_is_object_id(const char *text);

#endif
