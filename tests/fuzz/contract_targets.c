/* SPDX-License-Identifier: EUPL-1.2 */
/* What parties and the exchange hand each other, around and inside the messages: envelopes, boxes, proofs, notes, receipts, redactions. */
#include <stdlib.h>
#include <string.h>

#include "proto/admission.h"
#include "proto/box.h"
#include "proto/check.h"
#include "proto/entry.h"
#include "proto/envelope.h"
#include "proto/fingerprint.h"
#include "proto/hint.h"
#include "proto/invitation.h"
#include "proto/market.pb-c.h"
#include "proto/marking.h"
#include "proto/receipt.h"
#include "proto/redact.h"
#include "proto/status.h"
#include "proto/tlog.h"
#include "proto/walk.h"
#include "tests/fuzz/target.h"

#define VKEY "muster.example/log+16dc296f+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
#define ORIGIN "muster.example/log"

static const struct note_key *log_key(void)
{
    static struct note_key key;
    if (key.name[0] == '\0')
        fuzz_require(note_vkey_parse(VKEY, &key) == STATUS_OK);
    return &key;
}

static void run_envelope(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    struct envelope_peek peek;
    struct walk_fault fault;
    Muster__Submission *submission = NULL;
    (void)target;
    int peeked = envelope_peek(data, size, &peek);
    if (envelope_unpack(data, size, fuzz_arena(), &submission, &fault) == STATUS_OK)
        fuzz_require(peeked == STATUS_OK && strcmp(peek.party, submission->party) == 0);
}

/* The field rules and the scan for markings take whatever unpacks, and a redaction leaves what packs again, with nothing more to take out. */
static void run_submission(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    static const struct check_context context = {.as_of = 20270115, .base_currency = "EUR", .own_country = "NL", .own_party = "nl-dmo"};
    struct arena *arena = fuzz_arena();
    struct faults faults;
    struct marking_hits hits = {0};
    ProtobufCMessage *message = NULL;
    uint8_t *once = NULL, *twice = NULL;
    size_t once_size = 0, twice_size = 0;
    (void)target;
    if (walk_unpack(&muster__submission__descriptor, data, size, FUZZ_INPUT_MOST, arena, &message, NULL) != STATUS_OK)
        return;
    Muster__Submission *submission = (Muster__Submission *)message;
    faults_init(&faults, arena);
    check_submission(submission, &context, &faults);
    int scanned = marking_scan_submission(submission, arena, &hits);
    fuzz_require(scanned == (hits.total > 0 ? STATUS_INVALID : STATUS_OK) && hits.count <= hits.total && hits.count <= MARKING_HITS_MOST);
    if (!redact_is_possible(submission))
        return;
    redact_texts(submission);
    fuzz_require(walk_pack(message, arena, &once, &once_size) == STATUS_OK);
    redact_texts(submission);
    fuzz_require(walk_pack(message, arena, &twice, &twice_size) == STATUS_OK);
    fuzz_require(once_size == twice_size && memcmp(once, twice, once_size) == 0);
}

/* An entry of the exchange and a party's submission, one behind the other: what is found to be a copy is none after it was taken out. */
static void run_redaction(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    struct arena *arena = fuzz_arena();
    ProtobufCMessage *own = NULL, *source = NULL;
    uint8_t *packed = NULL;
    size_t packed_size = 0;
    bool holds = false;
    (void)target;
    size_t first = size >= 2 ? (size_t)data[0] << 8 | data[1] : 0;
    if (size < 2 || first > size - 2 || walk_unpack(&muster__submission__descriptor, data + 2, first, FUZZ_INPUT_MOST, arena, &own, NULL) != STATUS_OK ||
        walk_unpack(&muster__submission__descriptor, data + 2 + first, size - 2 - first, FUZZ_INPUT_MOST, arena, &source, NULL) != STATUS_OK)
        return;
    const Muster__Submission *from = (const Muster__Submission *)source;
    const Muster__Proposal *proposal = ((const Muster__Submission *)own)->proposal;
    /* The exchange's own entries hold a market that it packed itself. */
    if (proposal != NULL && walk_check(&muster__market__descriptor, proposal->bundle->market.data, proposal->bundle->market.len, FUZZ_INPUT_MOST, NULL, NULL) != STATUS_OK)
        return;
    fuzz_require(redact_find_copy((const Muster__Submission *)own, from, from->party, arena, &holds) == STATUS_OK);
    fuzz_require(redact_copy((Muster__Submission *)own, from, from->party, arena) == STATUS_OK);
    fuzz_require(walk_pack(own, arena, &packed, &packed_size) == STATUS_OK);
}

static size_t seed_redaction(const struct fuzz_target *target, unsigned number, uint8_t *bytes)
{
    static uint8_t packed[FUZZ_INPUT_MOST];
    const struct fuzz_target submission = {.message = &muster__submission__descriptor};
    size_t size = fuzz_message_seed(&submission, number, packed);
    (void)target;
    if (size == 0 || 2 + 2 * size > FUZZ_INPUT_MOST)
        return 0;
    bytes[0] = (uint8_t)(size >> 8);
    bytes[1] = (uint8_t)size;
    memcpy(bytes + 2, packed, size);
    memcpy(bytes + 2 + size, packed, size);
    return 2 + 2 * size;
}

/* A body that parses packs to the bytes that came in: what is hashed and what is read are one. */
static void run_entry_body(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    struct entry_body body;
    uint8_t packed[ENTRY_BODY_MOST];
    size_t packed_size = 0;
    (void)target;
    if (entry_body_parse(data, size, &body) == STATUS_OK)
        fuzz_require(entry_body_pack(&body, packed, &packed_size) == STATUS_OK && packed_size == size);
}

static const struct box_session *box_sessions(void)
{
    static struct box_session sessions[2]; /* of the party, of the exchange */
    if (sessions[0].keys == NULL) {
        struct key_pair party, exchange;
        const uint8_t seeds[2][32] = {{1}, {2}};
        fuzz_require(keys_from_seed(KEY_BOX, seeds[0], &party) == STATUS_OK && keys_from_seed(KEY_BOX, seeds[1], &exchange) == STATUS_OK);
        fuzz_require(box_session_party(&party, exchange.public_key, &sessions[0]) == STATUS_OK);
        fuzz_require(box_session_exchange(&exchange, party.public_key, &sessions[1]) == STATUS_OK);
        keys_drop(&party);
        keys_drop(&exchange);
    }
    return sessions;
}

static void fill_with_one(void *data, void *bytes, size_t size)
{
    (void)data;
    memset(bytes, 1, size);
}

/* A box that nobody sealed opens for nobody; one that was sealed opens to what was put in, until a byte of it is changed. */
static void run_box(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    static uint8_t box[FUZZ_INPUT_MOST * 2], plain[FUZZ_INPUT_MOST * 2];
    static const struct seam_random random = {.fill = fill_with_one};
    const struct box_session *sessions = box_sessions();
    struct box_header header;
    uint8_t id[BOX_REQUEST_ID_SIZE] = {7}, other[BOX_REQUEST_ID_SIZE];
    size_t length = 0;
    (void)target;
    box_peek(data, size, &header);
    fuzz_require(size > sizeof plain || box_open(&sessions[1], data, size, other, plain, &length) != STATUS_OK);
    if (size < 3)
        return;
    size_t sealed = box_sealed_size(size - 2);
    fuzz_require(box_seal(&sessions[0], id, data + 2, size - 2, &random, box) == STATUS_OK && box_peek(box, sealed, &header) == STATUS_OK);
    size_t at = ((size_t)data[0] << 8 | data[1]) % sealed;
    fuzz_require(box_open(&sessions[1], box, sealed, other, plain, &length) == STATUS_OK);
    fuzz_require(length == size - 2 && memcmp(plain, data + 2, length) == 0 && memcmp(id, other, sizeof id) == 0);
    box[at] ^= 1;
    fuzz_require(box_open(&sessions[1], box, sealed, other, plain, &length) != STATUS_OK);
}

static void run_hint(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    uint8_t again[HINT_SIZE];
    (void)target;
    int hint = hint_read(data, size);
    if (hint != 0) {
        hint_write((enum hint)hint, again);
        fuzz_require(size == HINT_SIZE && memcmp(again, data, size) == 0);
    }
}

static void run_receipt(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    static const uint8_t envelope[] = "envelope";
    struct receipt receipt;
    const char *why = NULL;
    char *text = fuzz_text(data, size);
    (void)target;
    int status = receipt_verify(text, size, envelope, 8, log_key(), &receipt, &why);
    fuzz_require((status == STATUS_OK) == (why == NULL));
    free(text);
}

/* A checkpoint that is read is written as it was. */
static void run_checkpoint(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size), again[TLOG_CHECKPOINT_MOST];
    struct tlog_head head;
    size_t length = 0;
    (void)target;
    if (tlog_checkpoint_parse(text, size, ORIGIN, &head) == STATUS_OK)
        fuzz_require(tlog_checkpoint_write(ORIGIN, &head, again, &length) == STATUS_OK && length == size && memcmp(again, text, size) == 0);
    tlog_head_open(log_key(), text, size, &head, NULL);
    free(text);
}

static void run_note(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    uint8_t signature[64];
    size_t length = 0;
    (void)target;
    if (note_open(text, size, log_key(), &length, signature) == STATUS_OK)
        fuzz_require(length > 0 && length < size && text[length - 1] == '\n');
    free(text);
}

static void run_vkey(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size), again[NOTE_VKEY_SIZE];
    struct note_key key;
    (void)target;
    if (note_vkey_parse(text, &key) == STATUS_OK) {
        note_vkey_write(&key, again);
        fuzz_require(strcmp(again, text) == 0);
    }
    free(text);
}

/* Two heads and a proof of whatever bytes: a leaf or an old head of random bytes is never proved, but where both heads are the same. */
static void run_proof(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    struct tlog_head heads[2] = {{0}, {0}};
    uint8_t leaf[TLOG_HASH_SIZE] = {1};
    (void)target;
    if (size < 16)
        return;
    memcpy(&heads[0].size, data, 8);
    memcpy(&heads[1].size, data + 8, 8);
    heads[0].size >>= data[0] % 64;
    heads[1].size >>= data[8] % 64;
    heads[0].root[0] = 3;
    int status = tlog_inclusion_verify(heads[0].size, leaf, data + 16, size - 16, &heads[1]);
    fuzz_require(status == STATUS_INVALID || status == STATUS_FORGED);
    status = tlog_consistency_verify(&heads[0], &heads[1], data + 16, size - 16);
    fuzz_require(status == STATUS_INVALID || status == STATUS_FORGED);
}

static void run_invitation(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    struct arena *arena = fuzz_arena();
    Muster__Invitation *invitation = NULL, *again = NULL;
    char *line = NULL, *text = fuzz_text(data, size);
    (void)target;
    if (invitation_decode(text, arena, &invitation) == STATUS_OK)
        fuzz_require(invitation_encode(invitation, arena, &line) == STATUS_OK && invitation_decode(line, arena, &again) == STATUS_OK);
    free(text);
}

static void run_fingerprint(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    (void)target;
    fuzz_require(!fingerprint_equal("ABCD EFGH IJKL MNOP", text) || strlen(text) >= 16);
    free(text);
}

/* The front's list of keys: what was read is found, each under its party. */
static void run_admission(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    struct admission *admission = NULL;
    uint8_t key[32] = {0};
    (void)target;
    if (size >= 36)
        memcpy(key, data + 4, sizeof key);
    if (admission_unpack(data, size, &admission) != STATUS_OK)
        return;
    const struct admission_key *found = admission_find(admission, key);
    fuzz_require(admission_count(admission) == 0 || (found != NULL && admission_has(admission, found->party, key)));
    admission_free(admission);
}

static const struct fuzz_target targets[] = {
    {"envelope", run_envelope, 1024, NULL, NULL, 0},
    {"submission", run_submission, 2048, fuzz_message_seed, &muster__submission__descriptor, 4},
    {"redaction", run_redaction, 4096, seed_redaction, NULL, 0},
    {"entry-body", run_entry_body, 256, NULL, NULL, 0},
    {"box", run_box, 512, NULL, NULL, 0},
    {"hint", run_hint, 16, NULL, NULL, 0},
    {"receipt", run_receipt, 2048, NULL, NULL, 0},
    {"checkpoint", run_checkpoint, 512, NULL, NULL, 0},
    {"note", run_note, 512, NULL, NULL, 0},
    {"vkey", run_vkey, 256, NULL, NULL, 0},
    {"proof", run_proof, 512, NULL, NULL, 0},
    {"invitation", run_invitation, 1024, NULL, NULL, 0},
    {"fingerprint", run_fingerprint, 64, NULL, NULL, 0},
    {"admission", run_admission, 512, NULL, NULL, 0},
};

const struct fuzz_group fuzz_group_contract = {"contract", targets, sizeof targets / sizeof targets[0]};
