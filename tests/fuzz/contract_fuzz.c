/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Every decoder of the contract under libFuzzer: the first byte chooses the decoder (and, for messages, the second the
 * message), the rest is its input. What the walker lets through must unpack, within the memory that it foretold, and pack
 * to as many bytes as came in.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/box.h"
#include "proto/entry.h"
#include "proto/envelope.h"
#include "proto/fingerprint.h"
#include "proto/invitation.h"
#include "proto/pipe.pb-c.h"
#include "proto/receipt.h"
#include "proto/request.pb-c.h"
#include "proto/status.h"
#include "proto/walk.h"

#define VKEY "muster.example/log+16dc296f+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
#define ORIGIN "muster.example/log"
#define MOST ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const ProtobufCMessageDescriptor *const messages[] = {
    &muster__submission__descriptor,   &muster__request__descriptor,     &muster__answer__descriptor,
    &muster__submit_answer__descriptor, &muster__status_answer__descriptor, &muster__head_answer__descriptor,
    &muster__list_request__descriptor, &muster__list_answer__descriptor, &muster__bundles_request__descriptor,
    &muster__bundle_view__descriptor,  &muster__terms__descriptor,       &muster__market__descriptor,
    &muster__plan_request__descriptor, &muster__plan_answer__descriptor, &muster__entry_body__descriptor,
    &muster__invitation__descriptor,
};

static void fuzz_message(const uint8_t *data, size_t size, struct arena *arena)
{
    struct walk_fault fault;
    ProtobufCMessage *message = NULL;
    uint8_t *packed = NULL;
    size_t need = 0, packed_size = 0;
    const ProtobufCMessageDescriptor *descriptor = messages[data[0] % (sizeof messages / sizeof messages[0])];
    if (walk_check(descriptor, data + 1, size - 1, MOST, &need, &fault) != STATUS_OK) {
        return;
    }
    if (walk_unpack(descriptor, data + 1, size - 1, MOST, arena, &message, &fault) != STATUS_OK || arena->used > need ||
        walk_pack(message, arena, &packed, &packed_size) != STATUS_OK || packed_size != size - 1) {
        abort();
    }
}

static void fuzz_envelope(const uint8_t *data, size_t size, struct arena *arena)
{
    struct envelope_peek peek;
    struct walk_fault fault;
    Muster__Submission *submission = NULL;
    int peeked = envelope_peek(data, size, &peek);
    if (envelope_unpack(data, size, arena, &submission, &fault) == STATUS_OK &&
        (peeked != STATUS_OK || strcmp(peek.party, submission->party) != 0)) {
        abort();
    }
}

static void fuzz_texts(uint8_t which, const char *text, size_t size, const struct note_key *key, struct arena *arena)
{
    struct receipt receipt;
    struct note_key other;
    struct tlog_head head;
    Muster__Invitation *invitation = NULL;
    size_t length = 0;
    switch (which) {
    case 0:
        invitation_decode(text, arena, &invitation);
        break;
    case 1:
        receipt_verify(text, size, (const uint8_t *)"envelope", 8, key, &receipt, NULL);
        break;
    case 2:
        note_open(text, size, key, &length, NULL);
        tlog_checkpoint_parse(text, size, ORIGIN, &head);
        break;
    default:
        note_vkey_parse(text, &other);
        fingerprint_equal("ABCD EFGH IJKL MNOP", text);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct note_key key;
    if (!key.name[0] && (seam_start() != STATUS_OK || note_vkey_parse(VKEY, &key) != STATUS_OK)) {
        abort();
    }
    if (size < 2) {
        return 0;
    }
    struct arena arena;
    struct entry_body body;
    struct box_header header;
    arena_init(&arena, 64 * MOST);
    char *text = arena_copy(&arena, data + 1, size - 1);
    switch (data[0] % 8) {
    case 0:
        fuzz_envelope(data + 1, size - 1, &arena);
        break;
    case 1:
        entry_body_parse(data + 1, size - 1, &body);
        box_peek(data + 1, size - 1, &header);
        break;
    case 2:
    case 3:
    case 4:
    case 5:
        fuzz_texts(data[0] % 8 - 2, text, size - 1, &key, &arena);
        break;
    default:
        arena_drop(&arena);
        fuzz_message(data + 1, size - 1, &arena);
        break;
    }
    arena_drop(&arena);
    return 0;
}
