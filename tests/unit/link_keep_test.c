/* SPDX-License-Identifier: EUPL-1.2 */
/* What a client keeps: its profile, its outbox, the highest head of the log, receipts. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "clients/link/head.h"
#include "clients/link/outbox.h"
#include "clients/link/passphrase.h"
#include "clients/link/profile.h"
#include "clients/link/receipts.h"
#include "clients/muster/seen.h"
#include "proto/envelope.h"
#include "proto/seam.h"
#include "proto/status.h"
#include "proto/verbs.h"
#include "tests/unit/patience.h"

static struct {
    char home[256];
    struct key_pair log;
    struct key_pair signing;
    struct note_key key;
    struct profile profile;
    struct arena arena;
} kept;

static void fill_profile(const char *name)
{
    assert_int_equal(profile_name(name, &kept.profile), STATUS_OK);
    snprintf(kept.profile.address, sizeof kept.profile.address, "tcp://127.0.0.1:7447");
    snprintf(kept.profile.party, sizeof kept.profile.party, "%s", name);
    snprintf(kept.profile.marking, sizeof kept.profile.marking, "NATO UNCLASSIFIED");
    snprintf(kept.profile.marked_by, sizeof kept.profile.marked_by, "NATO");
    snprintf(kept.profile.country, sizeof kept.profile.country, "NL");
    kept.profile.role = MUSTER__ROLE__ROLE_AGENCY;
    kept.profile.log_key = kept.key;
    note_vkey_write(&kept.key, kept.profile.vkey);
    memset(kept.profile.front_key, 7, 32);
    assert_int_equal(profile_save(&kept.profile), STATUS_OK);
}

static int setup(void **state)
{
    (void)state;
    snprintf(kept.home, sizeof kept.home, "%s/muster-keep-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    if (seam_start() != STATUS_OK || !mkdtemp(kept.home) || setenv("HOME", kept.home, 1) != 0) {
        return -1;
    }
    unsetenv("XDG_CONFIG_HOME");
    unsetenv("XDG_DATA_HOME");
    unsetenv("XDG_STATE_HOME");
    unsetenv("MUSTER_PROFILE");
    arena_init(&kept.arena, (size_t)64 << 20);
    if (keys_generate(KEY_LOG, &seam_random_system, &kept.log) || keys_generate(KEY_SIGNING, &seam_random_system, &kept.signing)) {
        return -1;
    }
    return note_key_make("test.example/log", kept.log.public_key, &kept.key) == STATUS_OK ? 0 : -1;
}

static int teardown(void **state)
{
    char command[300];
    (void)state;
    keys_drop(&kept.log);
    keys_drop(&kept.signing);
    arena_drop(&kept.arena);
    snprintf(command, sizeof command, "rm -rf '%s'", kept.home);
    return system(command) == 0 ? 0 : -1;
}

static void a_profile_is_read_back_and_found(void **state)
{
    struct profile found;
    char names[256];
    unsigned line = 9;
    struct stat about;
    char path[FILES_PATH_MOST];
    (void)state;
    assert_int_equal(profile_find(NULL, &found, names, sizeof names), STATUS_NOT_FOUND);
    fill_profile("nl-dmo");
    assert_int_equal(profile_find(NULL, &found, names, sizeof names), STATUS_OK);
    assert_int_equal(profile_load(&found, &line), STATUS_OK);
    assert_int_equal(line, 0);
    assert_string_equal(found.party, "nl-dmo");
    assert_string_equal(found.country, "NL");
    assert_false(found.compared);
    assert_int_equal(found.front_key[31], 7);
    assert_string_equal(found.log_key.name, "test.example/log");
    assert_int_equal(profile_name("nl-dmo", &found), STATUS_EXISTS);
    snprintf(path, sizeof path, "%s/.config/muster/nl-dmo/exchange", kept.home);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    fill_profile("de-bw");
    assert_int_equal(profile_find(NULL, &found, names, sizeof names), STATUS_EXISTS);
    assert_string_equal(names, "de-bw, nl-dmo");
    assert_int_equal(profile_find("nl-dmo", &found, names, sizeof names), STATUS_OK);
    assert_int_equal(profile_find("fr-dga", &found, names, sizeof names), STATUS_NOT_FOUND);
    setenv("MUSTER_PROFILE", "de-bw", 1);
    assert_int_equal(profile_find(NULL, &found, names, sizeof names), STATUS_OK);
    assert_string_equal(found.name, "de-bw");
    unsetenv("MUSTER_PROFILE");
    static const char *const wrong[] = {"../x", ".hidden", "a b", "a/b", "", "-x"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(profile_name(wrong[i], &found), STATUS_INVALID);
    }
}

static void a_damaged_profile_names_its_line(void **state)
{
    char path[FILES_PATH_MOST];
    unsigned line = 0;
    struct profile profile;
    (void)state;
    fill_profile("broken");
    assert_int_equal(files_path(path, kept.profile.config, "exchange", NULL), STATUS_OK);
    assert_int_equal(files_write(path, "address = tcp://x\nrole = king\n", 30, 0600, true), STATUS_OK);
    assert_int_equal(profile_name("broken", &profile), STATUS_EXISTS);
    assert_int_equal(profile_load(&profile, &line), STATUS_INVALID);
    assert_int_equal(line, 2);
    assert_int_equal(files_write(path, "address = tcp://x\n", 18, 0600, true), STATUS_OK);
    assert_int_equal(profile_load(&profile, &line), STATUS_INVALID);
    files_remove(path);
}

/* An envelope with one item; its id is made of one digit. */
static uint8_t *make_envelope(uint8_t digit, size_t *size)
{
    static uint8_t id[16], log_key[32], signing_key[32];
    uint8_t *envelope = NULL;
    Muster__Submission submission = MUSTER__SUBMISSION__INIT;
    Muster__ItemChange change = MUSTER__ITEM_CHANGE__INIT;
    Muster__ItemChange *changes[] = {&change};
    Muster__Item item = MUSTER__ITEM__INIT;
    Muster__Head head = MUSTER__HEAD__INIT;
    memset(id, digit, sizeof id);
    memcpy(log_key, kept.log.public_key, 32);
    memcpy(signing_key, kept.signing.public_key, 32);
    item.id = change.id = (char *)(uintptr_t) "GEM-T";
    item.title = item.nsc = item.cpv = (char *)(uintptr_t) "";
    item.unit = (char *)(uintptr_t) "EA";
    change.kind = MUSTER__CHANGE_KIND__CHANGE_PUT;
    change.item = &item;
    submission.protocol = PROTOCOL_VERSION;
    submission.origin = (char *)(uintptr_t) "test.example/log";
    submission.log_key = (ProtobufCBinaryData){.data = log_key, .len = 32};
    submission.id = (ProtobufCBinaryData){.data = id, .len = 16};
    submission.party = (char *)(uintptr_t) "nl-dmo";
    submission.signing_key = (ProtobufCBinaryData){.data = signing_key, .len = 32};
    submission.not_after = 1;
    submission.head = &head;
    submission.marking = (char *)(uintptr_t) "NATO UNCLASSIFIED";
    submission.marked_by = (char *)(uintptr_t) "NATO";
    submission.items = changes;
    submission.n_items = 1;
    assert_int_equal(envelope_make(&submission, &kept.signing, &kept.arena, &envelope, size), STATUS_OK);
    return envelope;
}

static void an_outbox_keeps_until_it_is_answered(void **state)
{
    struct outbox_entry *entries = NULL, entry;
    size_t count = 0, size = 0;
    uint8_t id[16];
    (void)state;
    fill_profile("outbox");
    uint8_t *envelope = make_envelope(0xab, &size);
    memset(id, 0xab, sizeof id);
    assert_int_equal(outbox_list(&kept.profile, &kept.arena, &entries, &count), STATUS_OK);
    assert_int_equal(count, 0);
    assert_int_equal(outbox_keep(&kept.profile, id, envelope, size), STATUS_OK);
    assert_int_equal(outbox_list(&kept.profile, &kept.arena, &entries, &count), STATUS_OK);
    assert_int_equal(count, 1);
    assert_string_equal(entries[0].id, "abababababababababababababababab");
    assert_int_equal(entries[0].size, size);
    assert_memory_equal(entries[0].envelope, envelope, size);
    assert_non_null(entries[0].submission);
    assert_false(entries[0].expired);
    assert_int_equal(outbox_expire(&kept.profile, id), STATUS_OK);
    assert_int_equal(outbox_find(&kept.profile, "ABAB", &kept.arena, &entry), STATUS_OK);
    assert_true(entry.expired);
    assert_int_equal(outbox_find(&kept.profile, "abac", &kept.arena, &entry), STATUS_NOT_FOUND);
    assert_int_equal(outbox_find(&kept.profile, "ab", &kept.arena, &entry), STATUS_INVALID);
    assert_int_equal(outbox_find(&kept.profile, "../../etc", &kept.arena, &entry), STATUS_INVALID);
    memset(id, 0xab, sizeof id);
    id[15] = 0xcd;
    assert_int_equal(outbox_keep(&kept.profile, id, "garbage", 7), STATUS_OK);
    assert_int_equal(outbox_find(&kept.profile, "abab", &kept.arena, &entry), STATUS_EXISTS);
    assert_int_equal(outbox_find(&kept.profile, "ababababababababababababababab" "cd", &kept.arena, &entry), STATUS_OK);
    assert_null(entry.submission);
    assert_int_equal(outbox_drop(&kept.profile, id), STATUS_OK);
    assert_int_equal(outbox_drop(&kept.profile, id), STATUS_OK);
    assert_int_equal(outbox_list(&kept.profile, &kept.arena, &entries, &count), STATUS_OK);
    assert_int_equal(count, 1);
}

/* Small logs whose leaves are numbers: all nodes from the leaves. */
struct small_log {
    uint64_t size;
    uint8_t salt;
};

static int read_node(void *data, unsigned level, uint64_t index, uint8_t hash[TLOG_HASH_SIZE])
{
    const struct small_log *log = data;
    if (level == 0) {
        uint8_t leaf[2] = {log->salt, (uint8_t)index};
        tlog_leaf_hash(leaf, sizeof leaf, hash);
        return STATUS_OK;
    }
    uint8_t left[TLOG_HASH_SIZE], right[TLOG_HASH_SIZE];
    read_node(data, level - 1, 2 * index, left);
    read_node(data, level - 1, 2 * index + 1, right);
    tlog_node_hash(left, right, hash);
    return STATUS_OK;
}

static size_t sign_head(struct small_log *log, const struct key_pair *pair, char *note)
{
    struct tlog_head head = {.size = log->size};
    const struct tlog_nodes nodes = {.read = read_node, .data = log};
    struct note_key key;
    size_t length = 0;
    assert_int_equal(note_key_make("test.example/log", pair->public_key, &key), STATUS_OK);
    assert_int_equal(tlog_root(&nodes, log->size, head.root), STATUS_OK);
    assert_int_equal(tlog_head_sign(&key, pair, &head, note, &length, NULL), STATUS_OK);
    return length;
}

static void a_head_that_does_not_extend_the_kept_one_is_a_fork(void **state)
{
    char note[NOTE_MOST], path[FILES_PATH_MOST];
    struct small_log log = {.size = 3, .salt = 1}, other = {.size = 6, .salt = 2};
    struct tlog_proof proof;
    struct head head;
    (void)state;
    fill_profile("heads");
    assert_int_equal(head_load(&kept.profile, &head), STATUS_OK);
    assert_int_equal(head.head.size, 0);
    size_t length = sign_head(&log, &kept.log, note);
    assert_int_equal(head_accept(&kept.profile, 3, note, length, NULL, 0), STATUS_OK);
    assert_int_equal(head_load(&kept.profile, &head), STATUS_OK);
    assert_int_equal(head.head.size, 3);
    assert_int_equal(head_accept(&kept.profile, 3, note, length, NULL, 0), STATUS_OK);
    log.size = 7;
    const struct tlog_nodes nodes = {.read = read_node, .data = &log};
    assert_int_equal(tlog_consistency_make(&nodes, 3, 7, &proof), STATUS_OK);
    length = sign_head(&log, &kept.log, note);
    assert_int_equal(head_accept(&kept.profile, 3, note, length, NULL, 0), STATUS_CORRUPT);
    assert_int_equal(head_accept(&kept.profile, 3, note, length, proof.hashes[0], proof.count * TLOG_HASH_SIZE), STATUS_OK);
    /* Another command advanced the kept head meanwhile: the proof says nothing of it, and that is no fork. */
    log.size = 8;
    length = sign_head(&log, &kept.log, note);
    assert_int_equal(head_accept(&kept.profile, 3, note, length, NULL, 0), STATUS_BUSY);
    log.size = 5;
    length = sign_head(&log, &kept.log, note);
    assert_int_equal(head_accept(&kept.profile, 3, note, length, NULL, 0), STATUS_STALE);
    other.size = 7;
    length = sign_head(&other, &kept.log, note);
    assert_int_equal(head_accept(&kept.profile, 3, note, length, NULL, 0), STATUS_CORRUPT);
    assert_int_equal(files_path(path, kept.profile.data, "forks", "7-7-kept", NULL), STATUS_OK);
    assert_true(files_exist(path));
    assert_int_equal(files_path(path, kept.profile.data, "forks", "7-7-shown", NULL), STATUS_OK);
    assert_true(files_exist(path));
    assert_int_equal(head_load(&kept.profile, &head), STATUS_OK);
    assert_int_equal(head.head.size, 7);
    /* A head of another key proves nothing at all. */
    struct key_pair stranger = {0};
    assert_int_equal(keys_generate(KEY_LOG, &seam_random_system, &stranger), STATUS_OK);
    other.size = 9;
    length = sign_head(&other, &stranger, note);
    assert_int_equal(head_accept(&kept.profile, 3, note, length, NULL, 0), STATUS_FORGED);
    keys_drop(&stranger);
}

static void a_receipt_finds_the_envelope_that_it_speaks_of(void **state)
{
    size_t size = 0, found_size = 0, length = 0, note_length = 0, body_size = 0;
    uint8_t *envelope, *found = NULL, body_bytes[ENTRY_BODY_MOST], nonce[TLOG_NONCE_SIZE] = {1}, commit[TLOG_HASH_SIZE];
    struct entry_body body = {.kind = "item", .time = 5, .party = "nl-dmo"};
    struct tlog_head head = {.size = 1};
    struct tlog_proof proof = {0};
    struct receipt receipt;
    char note[NOTE_MOST], *text = NULL;
    const char *part;
    (void)state;
    fill_profile("receipts");
    envelope = make_envelope(0x11, &size);
    memset(body.submission, 0x11, 16);
    envelope_sha256(envelope, size, body.envelope_sha256);
    assert_int_equal(entry_body_pack(&body, body_bytes, &body_size), STATUS_OK);
    tlog_commit(nonce, body_bytes, body_size, commit);
    assert_int_equal(tlog_entry_leaf("item", 0, commit, head.root), STATUS_OK);
    assert_int_equal(tlog_head_sign(&kept.key, &kept.log, &head, note, &note_length, NULL), STATUS_OK);
    assert_int_equal(receipt_make(0, nonce, body_bytes, body_size, &proof, note, note_length, &kept.arena, &text, &length), STATUS_OK);
    assert_int_equal(receipts_find_envelope(&kept.profile, text, length, &kept.arena, &found, &found_size), STATUS_NOT_FOUND);
    assert_int_equal(receipts_keep(&kept.profile, body.submission, envelope, size, text, length), STATUS_OK);
    assert_int_equal(receipts_find_envelope(&kept.profile, text, length, &kept.arena, &found, &found_size), STATUS_OK);
    assert_int_equal(found_size, size);
    assert_int_equal(receipt_verify(text, length, found, found_size, &kept.key, &receipt, NULL), STATUS_OK);
    assert_int_equal(receipts_note(text, length, &part, &size), STATUS_OK);
    assert_int_equal(tlog_head_open(&kept.key, part, size, &head, NULL), STATUS_OK);
    assert_int_equal(receipts_find_envelope(&kept.profile, "nonsense", 8, &kept.arena, &found, &found_size), STATUS_INVALID);
    assert_int_equal(receipts_find_envelope(&kept.profile, "a\nextra AAAA\n", 13, &kept.arena, &found, &found_size), STATUS_INVALID);
    assert_int_equal(receipts_note("a\nb", 3, &part, &size), STATUS_INVALID);
}

static void what_was_seen_is_remembered(void **state)
{
    struct seen seen;
    (void)state;
    fill_profile("seen");
    assert_int_equal(seen_load(&kept.profile, "demand", &kept.arena, &seen), STATUS_OK);
    assert_int_equal(seen_version(&seen, "B"), 0);
    assert_int_equal(seen_note(&seen, &kept.arena, "C", 3), STATUS_OK);
    assert_int_equal(seen_note(&seen, &kept.arena, "A", 1), STATUS_OK);
    assert_int_equal(seen_note(&seen, &kept.arena, "B", 2), STATUS_OK);
    assert_int_equal(seen_note(&seen, &kept.arena, "A", 4), STATUS_OK);
    assert_int_equal(seen_save(&kept.profile, "demand", &kept.arena, &seen), STATUS_OK);
    assert_int_equal(seen_load(&kept.profile, "demand", &kept.arena, &seen), STATUS_OK);
    assert_int_equal(seen.count, 3);
    assert_int_equal(seen_version(&seen, "A"), 4);
    assert_int_equal(seen_version(&seen, "B"), 2);
    assert_int_equal(seen_version(&seen, "C"), 3);
    assert_int_equal(seen_version(&seen, "D"), 0);
}

static void files_are_written_whole_or_not_at_all(void **state)
{
    char path[FILES_PATH_MOST], folder[FILES_PATH_MOST];
    uint8_t *bytes = NULL;
    size_t size = 0;
    (void)state;
    snprintf(folder, sizeof folder, "%s/a/b/c", kept.home);
    assert_int_equal(files_make_folder(folder), STATUS_OK);
    assert_int_equal(files_make_folder(folder), STATUS_OK);
    assert_int_equal(files_path(path, folder, "file", NULL), STATUS_OK);
    assert_int_equal(files_read(path, 10, &kept.arena, &bytes, &size), STATUS_NOT_FOUND);
    assert_int_equal(files_write(path, "one", 3, 0600, false), STATUS_OK);
    assert_int_equal(files_write(path, "two", 3, 0600, false), STATUS_EXISTS);
    assert_int_equal(files_read(path, 10, &kept.arena, &bytes, &size), STATUS_OK);
    assert_memory_equal(bytes, "one", 4);
    assert_int_equal(files_write(path, "longer than ten", 15, 0600, true), STATUS_OK);
    assert_int_equal(files_read(path, 10, &kept.arena, &bytes, &size), STATUS_TOO_LARGE);
    assert_int_equal(files_remove(path), STATUS_OK);
    assert_int_equal(files_remove(path), STATUS_OK);
    assert_int_equal(files_write("/nowhere/at/all", "x", 1, 0600, true), STATUS_IO);
}

static void a_passphrase_comes_from_a_descriptor(void **state)
{
    int ends[2];
    struct keys_passphrase passphrase = {0};
    (void)state;
    assert_int_equal(pipe(ends), 0);
    struct passphrase_source source = {.fd = ends[0]};
    assert_int_equal(write(ends[1], "correct horse\r\nsecond line\n", 27), 27);
    close(ends[1]);
    assert_int_equal(passphrase_get(&source, "x", true, false, &passphrase), STATUS_OK);
    assert_int_equal(passphrase.length, 13);
    assert_memory_equal(passphrase.bytes, "correct horse", 13);
    passphrase_wipe(&passphrase);
    /* One line serves every signature of a command. */
    assert_int_equal(passphrase_get(&source, "x", false, false, &passphrase), STATUS_OK);
    assert_memory_equal(passphrase.bytes, "correct horse", 13);
    passphrase_wipe(&passphrase);
    passphrase_drop(&source);
    close(ends[0]);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "short\n", 6), 6);
    source = (struct passphrase_source){.fd = ends[0]};
    assert_int_equal(passphrase_get(&source, "x", true, false, &passphrase), STATUS_INVALID);
    passphrase_drop(&source);
    assert_int_equal(write(ends[1], "\n", 1), 1);
    assert_int_equal(passphrase_get(&source, "x", true, true, &passphrase), STATUS_NOT_FOUND);
    passphrase_drop(&source);
    close(ends[1]);
    assert_int_equal(passphrase_get(&source, "x", true, false, &passphrase), STATUS_CANCELLED);
    passphrase_drop(&source);
    close(ends[0]);
}

int main(void)
{
    alarm((unsigned)patience(60));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_profile_is_read_back_and_found),
        cmocka_unit_test(a_damaged_profile_names_its_line),
        cmocka_unit_test(an_outbox_keeps_until_it_is_answered),
        cmocka_unit_test(a_head_that_does_not_extend_the_kept_one_is_a_fork),
        cmocka_unit_test(a_receipt_finds_the_envelope_that_it_speaks_of),
        cmocka_unit_test(what_was_seen_is_remembered),
        cmocka_unit_test(files_are_written_whole_or_not_at_all),
        cmocka_unit_test(a_passphrase_comes_from_a_descriptor),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
