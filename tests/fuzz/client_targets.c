/* SPDX-License-Identifier: EUPL-1.2 */
/* What a client keeps in its files and reads back, after whatever happened to them, and the stretches of a log that an exchange shows to an audit. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/link/audit.h"
#include "clients/link/head.h"
#include "clients/link/outbox.h"
#include "clients/link/receipts.h"
#include "clients/muster/seen.h"
#include "clients/muster/trust.h"
#include "proto/envelope.h"
#include "proto/status.h"
#include "proto/walk.h"
#include "tests/fuzz/folder.h"
#include "tests/fuzz/target.h"

#define ORIGIN "muster.example/log"
#define ENTRIES 4u
#define ID "000102030405060708090a0b0c0d0e0f"

/* A log of a few entries, two batches, with its operator's key: what is shown of it in earnest. */
static struct {
    struct key_pair pair;
    struct note_key key;
    struct tlog_tree tree;
    uint8_t bodies[ENTRIES][ENTRY_BODY_MOST];
    size_t body_sizes[ENTRIES];
    uint8_t nonce[TLOG_NONCE_SIZE];
    struct tlog_head head;
} honest;

static size_t sign_head(uint64_t size, struct tlog_head *head, char note[NOTE_MOST])
{
    size_t length = 0;
    head->size = size;
    fuzz_require(tlog_tree_root(&honest.tree, size, head->root) == STATUS_OK);
    fuzz_require(tlog_head_sign(&honest.key, &honest.pair, head, note, &length, NULL) == STATUS_OK);
    return length;
}

static void make_honest(void)
{
    static const uint8_t seed[32] = {7};
    uint8_t commit[TLOG_HASH_SIZE], leaf[TLOG_HASH_SIZE];
    char note[NOTE_MOST];
    if (honest.tree.size > 0)
        return;
    fuzz_require(keys_from_seed(KEY_LOG, seed, &honest.pair) == STATUS_OK && note_key_make(ORIGIN, honest.pair.public_key, &honest.key) == STATUS_OK);
    for (unsigned n = 0; n < ENTRIES; n++) {
        struct entry_body body = {.kind = "demand", .time = 1000 * n, .party = "nl-dmo"};
        fuzz_require(entry_body_pack(&body, honest.bodies[n], &honest.body_sizes[n]) == STATUS_OK);
        tlog_commit(honest.nonce, honest.bodies[n], honest.body_sizes[n], commit);
        fuzz_require(tlog_entry_leaf("demand", n, commit, leaf) == STATUS_OK && tlog_tree_append(&honest.tree, leaf) == STATUS_OK);
    }
    sign_head(ENTRIES, &honest.head, note);
}

/* Answers of any bytes, each under its length of two bytes. */
static int read_stretch(void *data, uint64_t from, uint64_t size, struct arena *arena, const Muster__LogAnswer **answer)
{
    struct fuzz_bytes *bytes = data;
    ProtobufCMessage *message = NULL;
    (void)from;
    (void)size;
    size_t length = (size_t)fuzz_byte(bytes) << 8;
    length |= fuzz_byte(bytes);
    if (length > bytes->left || walk_unpack(&muster__log_answer__descriptor, bytes->at, length, FUZZ_INPUT_MOST, arena, &message, NULL) != STATUS_OK)
        return STATUS_INVALID;
    bytes->at += length;
    bytes->left -= length;
    *answer = (const Muster__LogAnswer *)message;
    return STATUS_OK;
}

/* Whatever is shown: an audit that holds has followed the log that the head was signed over, and no other. */
static void run_audit(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    struct fuzz_bytes bytes = {data, size};
    struct audit audit = {0};
    struct audit_source source = {.read = read_stretch, .data = &bytes};
    struct audit_report report;
    (void)target;
    make_honest();
    int status = audit_follow(&audit, &honest.key, &honest.head, &source, &report);
    if (status == STATUS_OK && report.fault == AUDIT_HOLDS)
        fuzz_require(audit.tree.size == ENTRIES && memcmp(tlog_tree_leaf(&audit.tree, 0), tlog_tree_leaf(&honest.tree, 0), ENTRIES * TLOG_HASH_SIZE) == 0);
    else
        fuzz_require(audit.tree.size == 0 && audit.head.size == 0);
    audit_drop(&audit);
}

/* Seed 0: the log in one answer; 1: in two. */
static size_t seed_audit(const struct fuzz_target *target, unsigned number, uint8_t *bytes)
{
    size_t used = 0;
    (void)target;
    make_honest();
    for (unsigned from = 0, count = number == 0 ? ENTRIES : ENTRIES / 2; number < 2 && from < ENTRIES; from += count) {
        Muster__LogAnswer answer = MUSTER__LOG_ANSWER__INIT;
        Muster__LogBody body = MUSTER__LOG_BODY__INIT, *list = &body;
        ProtobufCBinaryData head;
        struct tlog_head signed_head;
        char note[NOTE_MOST];
        answer.leaves = (ProtobufCBinaryData){count * TLOG_HASH_SIZE, (uint8_t *)(uintptr_t)tlog_tree_leaf(&honest.tree, from)};
        head = (ProtobufCBinaryData){sign_head(from + count, &signed_head, note), (uint8_t *)note};
        answer.n_heads = answer.n_bodies = 1;
        answer.heads = &head;
        answer.bodies = &list;
        body.position = from;
        body.nonce = (ProtobufCBinaryData){TLOG_NONCE_SIZE, honest.nonce};
        body.body = (ProtobufCBinaryData){honest.body_sizes[from], honest.bodies[from]};
        size_t length = protobuf_c_message_pack(&answer.base, bytes + used + 2);
        bytes[used] = (uint8_t)(length >> 8);
        bytes[used + 1] = (uint8_t)length;
        used += 2 + length;
    }
    return used;
}

/* --- files of a profile ---------------------------------------------------------------------------------------------------- */

/* A profile whose three folders are one. */
static struct profile *kept_profile(void)
{
    static struct profile profile;
    make_honest();
    if (profile.config[0] == '\0') {
        const char *folder = folder_make();
        snprintf(profile.config, sizeof profile.config, "%s", folder);
        snprintf(profile.data, sizeof profile.data, "%s", folder);
        snprintf(profile.state, sizeof profile.state, "%s", folder);
        note_vkey_write(&honest.key, profile.vkey);
        profile.log_key = honest.key;
    }
    return &profile;
}

static void put(const char *name, const uint8_t *data, size_t size)
{
    folder_put(kept_profile()->config, name, data, size);
}

/* A profile that loads and is saved again loads as the same. */
static void run_profile(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    static struct profile read;
    unsigned line = 0;
    (void)target;
    put("exchange", data, size);
    read = *kept_profile();
    if (profile_load(&read, &line) == STATUS_OK)
        fuzz_require(line == 0 && memchr(read.vkey, '\0', sizeof read.vkey) != NULL && read.log_key.name[0] != '\0' && read.role >= 1 && read.role <= 3);
}

static size_t seed_profile(const struct fuzz_target *target, unsigned number, uint8_t *bytes)
{
    (void)target;
    if (number > 0)
        return 0;
    make_honest();
    char vkey[NOTE_VKEY_SIZE];
    note_vkey_write(&honest.key, vkey);
    return (size_t)snprintf((char *)bytes, FUZZ_INPUT_MOST,
                            "; a profile\naddress = tcp://127.0.0.1:7447\nvkey = %s\nexchange_signing_key = %064d\nexchange_box_key = %064d\nfront_key = %064d\n"
                            "party = nl-dmo\nrole = agency\nfingerprint_compared = yes\nmarking = UNCLASSIFIED\nmarked_by = NL\ncountry = NL\nbase_currency = EUR\n",
                            vkey, 1, 2, 3);
}

static void run_kept_head(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    struct head head;
    (void)target;
    put("head", data, size);
    if (head_load(kept_profile(), &head) == STATUS_OK && head.head.size > 0)
        fuzz_require(tlog_head_verify(&honest.key, &head.head, head.signature) == STATUS_OK);
}

static size_t seed_head(const struct fuzz_target *target, unsigned number, uint8_t *bytes)
{
    char note[NOTE_MOST];
    struct tlog_head head;
    (void)target;
    if (number >= 2)
        return 0;
    make_honest();
    size_t length = sign_head(number == 0 ? 1 : ENTRIES, &head, note);
    memcpy(bytes, note, length);
    return length;
}

/* What an audit kept: where it loads, its leaves are those that its head covers. First the head under its length of two bytes, then the leaves. */
static void run_kept_audit(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    struct audit audit;
    (void)target;
    size_t length = size >= 2 ? (size_t)data[0] << 8 | data[1] : 0;
    if (size < 2 || length > size - 2)
        return;
    put("audit/head", data + 2, length);
    put("audit/leaves", data + 2 + length, size - 2 - length);
    if (audit_load(kept_profile(), &audit) == STATUS_OK && audit.head.size > 0) {
        fuzz_require(audit.tree.size == audit.head.size && audit_compare(&audit, &audit.head) == STATUS_OK);
    }
    audit_drop(&audit);
}

static size_t seed_kept_audit(const struct fuzz_target *target, unsigned number, uint8_t *bytes)
{
    size_t length = seed_head(target, number, bytes + 2);
    if (length == 0)
        return 0;
    bytes[0] = (uint8_t)(length >> 8);
    bytes[1] = (uint8_t)length;
    memcpy(bytes + 2 + length, tlog_tree_leaf(&honest.tree, 0), ENTRIES * TLOG_HASH_SIZE);
    return 2 + length + ENTRIES * TLOG_HASH_SIZE;
}

static void run_outbox(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    struct outbox_entry entry = {0};
    (void)target;
    put("outbox/" ID, data, size);
    if (outbox_find(kept_profile(), "0001", fuzz_arena(), &entry) == STATUS_OK)
        fuzz_require(strcmp(entry.id, ID) == 0 && entry.size == size && (entry.submission == NULL || entry.submission->party != NULL));
}

static void run_seen(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    struct seen seen;
    (void)target;
    put("seen-fuzz", data, size);
    if (seen_load(kept_profile(), "fuzz", fuzz_arena(), &seen) == STATUS_OK)
        for (size_t n = 0; n < seen.count; n++)
            fuzz_require(seen_version(&seen, seen.list[n].id) == seen.list[n].version && (n == 0 || strcmp(seen.list[n - 1].id, seen.list[n].id) < 0));
}

/* Log keys that were trusted before: however the file looks, a receipt of nobody is none. */
static void run_old_keys(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    struct receipt receipt;
    const char *why = NULL;
    (void)target;
    put("vkeys", data, size);
    fuzz_require(trust_verify_receipt(kept_profile(), "none", 4, (const uint8_t *)"envelope", 8, fuzz_arena(), &receipt, &why) != STATUS_OK);
}

/* The head within a receipt's text, and the submission that it speaks of, which is not kept here. */
static void run_kept_receipt(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    const char *note = NULL;
    uint8_t *envelope = NULL;
    size_t length = 0, envelope_size = 0;
    (void)target;
    if (receipts_note(text, size, &note, &length) == STATUS_OK)
        fuzz_require(note >= text && length <= size && note + length <= text + size);
    fuzz_require(receipts_find_envelope(kept_profile(), text, size, fuzz_arena(), &envelope, &envelope_size) != STATUS_OK);
    free(text);
}

static const struct fuzz_target targets[] = {
    {"audit", run_audit, 1024, seed_audit, NULL, 4},
    {"profile", run_profile, 1024, seed_profile, NULL, 4},
    {"kept-head", run_kept_head, 512, seed_head, NULL, 4},
    {"kept-audit", run_kept_audit, 512, seed_kept_audit, NULL, 8},
    {"outbox", run_outbox, 1024, NULL, NULL, 8},
    {"seen", run_seen, 512, NULL, NULL, 4},
    {"old-keys", run_old_keys, 512, NULL, NULL, 4},
    {"kept-receipt", run_kept_receipt, 2048, NULL, NULL, 4},
};

const struct fuzz_group fuzz_group_client = {"client", targets, sizeof targets / sizeof targets[0]};
