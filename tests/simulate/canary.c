/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/simulate/canary.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulate/run.h"

#define OWNER_BITS 21 /* the low three bytes of a varint: which owner */
#define PREFIX "cnry"

/* The upper bits, by which an amount is known; as a varint they are the same last bytes for all owners. */
static const uint32_t marks[CANARY_KINDS] = {[CANARY_CEILING] = 0x59a3, [CANARY_TIER] = 0x3a57, [CANARY_BALANCE] = 0x1d2c6b};

static const char letters[CANARY_KINDS] = {[CANARY_REASON] = 'r', [CANARY_CONTACT] = 'c', [CANARY_DEMAND] = 'd', [CANARY_OFFER] = 'o'};

int64_t canary_amount(enum canary_kind kind, size_t owner)
{
    return (int64_t)marks[kind] << OWNER_BITS | (int64_t)(owner * 2654435761u % (1u << 11)) << 10 | (int64_t)owner;
}

void canary_text(enum canary_kind kind, size_t owner, unsigned number, char text[CANARY_TEXT])
{
    snprintf(text, CANARY_TEXT, PREFIX "%c%04zx-%u", letters[kind], owner, number);
}

static bool may_see(const struct run *run, enum canary_kind kind, size_t owner, const struct client *reader)
{
    if (reader->index == owner || reader->role == MUSTER__ROLE__ROLE_COORDINATOR)
        return true;
    (void)run;
    return (kind == CANARY_DEMAND && reader->role == MUSTER__ROLE__ROLE_SUPPLIER) ||
           (kind == CANARY_OFFER && reader->role == MUSTER__ROLE__ROLE_AGENCY);
}

static void judge(struct run *run, enum canary_kind kind, size_t owner, const struct client *reader)
{
    static const char *const names[CANARY_KINDS] = {"a ceiling", "a tier's price", "a balance", "a reason", "a contact", "a demand's name",
                                                    "an offer's name"};
    if (owner >= run->client_count)
        return;
    if (reader == NULL)
        run_finding(run, "sealed", "%s of %s stands in a line for the operator", names[kind], run->clients[owner].id);
    else if (!may_see(run, kind, owner, reader))
        run_finding(run, "sealed", "%s of %s was shown to %s", names[kind], run->clients[owner].id, reader->id);
}

/* Who asks for what is not its own may read its own question back. */
static bool is_echo(enum canary_kind kind, const struct client *reader)
{
    return reader != NULL && reader->foul && (kind == CANARY_DEMAND || kind == CANARY_OFFER);
}

static void look_for_texts(struct run *run, const struct client *reader, const char *bytes, size_t length)
{
    const char *at = bytes, *end = bytes + length;
    while ((at = memmem(at, (size_t)(end - at), PREFIX, strlen(PREFIX))) != NULL) {
        at += strlen(PREFIX);
        unsigned owner = 0;
        for (enum canary_kind kind = CANARY_REASON; kind < CANARY_KINDS && end - at > 5; kind++) {
            char number[5] = {at[1], at[2], at[3], at[4], '\0'};
            if (*at == letters[kind] && sscanf(number, "%4x", &owner) == 1 && !is_echo(kind, reader))
                judge(run, kind, owner, reader);
        }
    }
}

/* Every amount in the bytes of a message, wherever its varint begins. */
static void look_for_amounts(struct run *run, const struct client *reader, const uint8_t *bytes, size_t length)
{
    for (size_t at = 0; at + 5 < length; at++) {
        uint64_t value = 0;
        if ((bytes[at] & bytes[at + 1] & bytes[at + 2] & bytes[at + 3] & 0x80) == 0)
            continue;
        for (unsigned part = 0; part < 8 && at + part < length; part++) {
            value |= (uint64_t)(bytes[at + part] & 0x7f) << (7 * part);
            if ((bytes[at + part] & 0x80) == 0)
                break;
        }
        for (enum canary_kind kind = CANARY_CEILING; kind <= CANARY_BALANCE; kind++) {
            size_t owner = (size_t)(value & ((1u << 10) - 1));
            if (value >> OWNER_BITS == marks[kind] && (int64_t)value == canary_amount(kind, owner))
                judge(run, kind, owner, reader);
        }
    }
}

void canary_look(struct run *run, const struct client *reader, const uint8_t *bytes, size_t length)
{
    look_for_texts(run, reader, (const char *)bytes, length);
    look_for_amounts(run, reader, bytes, length);
}

void canary_look_in_line(struct run *run, const char *line)
{
    look_for_texts(run, NULL, line, strlen(line));
    for (const char *at = line; *at != '\0'; at++) {
        char *end = NULL;
        if (*at < '1' || *at > '9')
            continue;
        uint64_t value = strtoull(at, &end, 10);
        for (enum canary_kind kind = CANARY_CEILING; kind <= CANARY_BALANCE; kind++)
            if (value >> OWNER_BITS == marks[kind])
                judge(run, kind, (size_t)(value & ((1u << 10) - 1)), NULL);
        at = end - 1;
    }
}
