/* SPDX-License-Identifier: EUPL-1.2 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "clients/link/files.h"
#include "clients/muster/commands.h"
#include "clients/muster/complain.h"
#include "clients/muster/figures.h"
#include "clients/muster/progress.h"
#include "clients/muster/session.h"
#include "proto/status.h"

/* muster backup: a coordinator takes the whole log over its own connection, sealed to the recovery key, so that it can't read it itself. */

#define PART_ARENA_CAP ((size_t)64 << 20)

struct taking {
    struct context *context;
    uint64_t entry;   /* that opened it */
    uint64_t offset;  /* bytes that are here */
    uint64_t entries; /* of the log that it holds */
    int fd;
    crypto_hash_sha256_state hash;
    uint8_t stated[32];
    bool last;
};

static int open_backup(struct context *context, struct submission_result *result)
{
    Muster__Submission submission = MUSTER__SUBMISSION__INIT;
    Muster__ExportChange change = MUSTER__EXPORT_CHANGE__INIT;
    Muster__ExportChange *list[1] = {&change};
    change.kind = MUSTER__EXPORT_KIND__EXPORT_BACKUP;
    submission.exports = list;
    submission.n_exports = 1;
    return session_submit(context, &submission, NULL, result);
}

static int write_part(struct taking *taking, const ProtobufCBinaryData *bytes, const char *path)
{
    for (size_t at = 0; at < bytes->len;) {
        ssize_t written = write(taking->fd, bytes->data + at, bytes->len - at);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            return complain_file("write", path);
        }
        at += (size_t)written;
    }
    crypto_hash_sha256_update(&taking->hash, bytes->data, bytes->len);
    taking->offset += bytes->len;
    return EXIT_CODE_DONE;
}

static int take_part(struct taking *taking, struct arena *arena, const char *path)
{
    struct context *context = taking->context;
    Muster__BackupRequest request = MUSTER__BACKUP_REQUEST__INIT;
    struct link_reply reply;
    char text[80];
    request.entry = taking->entry;
    request.offset = taking->offset;
    int status = link_ask_message(context->link, MUSTER__VERB__VERB_BACKUP, &request.base, arena, &reply);
    if (status != STATUS_OK) {
        return session_unanswered(context, status, &reply, false);
    }
    if (reply.answer->outcome != MUSTER__OUTCOME__OUTCOME_DONE || !reply.body) {
        return session_refused(context, reply.answer, NULL, "There is no backup.");
    }
    const Muster__BackupAnswer *answer = (const Muster__BackupAnswer *)reply.body;
    if (!answer->bytes.len || (answer->last && (!answer->has_sha256 || answer->sha256.len != sizeof taking->stated))) {
        return complain(EXIT_CODE_INTERNAL, "what the exchange sends is no part of a backup. There is no backup.");
    }
    taking->last = answer->last;
    taking->entries = answer->entries;
    if (answer->last) {
        memcpy(taking->stated, answer->sha256.data, sizeof taking->stated);
    }
    snprintf(text, sizeof text, "Entry %" PRIu64 " of %" PRIu64, answer->done, answer->entries);
    progress_show(text, 0);
    return write_part(taking, &answer->bytes, path);
}

/* What lies on the disk, read back, is what the exchange sealed. */
static int check_written(struct taking *taking, const char *path)
{
    static uint8_t bytes[1 << 16];
    uint8_t sent[32], read_back[32];
    crypto_hash_sha256_state state;
    crypto_hash_sha256_final(&taking->hash, sent);
    if (fsync(taking->fd) != 0 || lseek(taking->fd, 0, SEEK_SET) != 0) {
        return complain_file("write", path);
    }
    posix_fadvise(taking->fd, 0, 0, POSIX_FADV_DONTNEED);
    crypto_hash_sha256_init(&state);
    for (;;) {
        ssize_t got = read(taking->fd, bytes, sizeof bytes);
        if (got < 0 && errno != EINTR) {
            return complain_file("read", path);
        }
        if (got == 0) {
            break;
        }
        crypto_hash_sha256_update(&state, bytes, got > 0 ? (unsigned long long)got : 0);
    }
    crypto_hash_sha256_final(&state, read_back);
    if (memcmp(sent, taking->stated, sizeof sent) != 0 || memcmp(read_back, taking->stated, sizeof read_back) != 0) {
        return complain(EXIT_CODE_IO, "what was written to %s is not what the exchange sent. There is no backup.\nTry again, to another disk if it happens again.", path);
    }
    return EXIT_CODE_DONE;
}

static int take(struct taking *taking, const char *path)
{
    int code = EXIT_CODE_DONE;
    while (!code && !taking->last) {
        struct arena arena;
        arena_init(&arena, PART_ARENA_CAP);
        code = take_part(taking, &arena, path);
        arena_drop(&arena);
    }
    progress_end();
    return code ? code : check_written(taking, path);
}

/* Under another name until it is whole. */
static int take_file(struct taking *taking, const char *path)
{
    char beside[FILES_PATH_MOST];
    if (snprintf(beside, sizeof beside, "%s.part", path) >= (int)sizeof beside) {
        return complain(EXIT_CODE_USAGE, "the name %s is too long.", path);
    }
    taking->fd = open(beside, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (taking->fd < 0) {
        return complain_file("write", beside);
    }
    int code = take(taking, beside);
    close(taking->fd);
    if (!code && link(beside, path) != 0) {
        code = complain_file("write", path);
    }
    unlink(beside);
    return code;
}

int backup_run(struct context *context, int count, char **words)
{
    struct submission_result result = {0};
    struct taking taking = {.context = context};
    char sha256[2 * 32 + 1];
    (void)count;
    int code = session_coordinators_only(context, "takes a backup", "Your own record: muster log audit");
    if (code) {
        return code;
    }
    if (files_exist(words[0])) {
        return complain(EXIT_CODE_INPUT, "there is a file %s. Nothing was done; give the backup another name.", words[0]);
    }
    code = open_backup(context, &result);
    if (code || !result.answer) {
        return code;
    }
    taking.entry = result.answer->position;
    crypto_hash_sha256_init(&taking.hash);
    code = take_file(&taking, words[0]);
    if (code) {
        return code;
    }
    sodium_bin2hex(sha256, sizeof sha256, taking.stated, sizeof taking.stated);
    if (!output_value(&context->output, json_pack("{s:b, s:I, s:I, s:I, s:s, s:s}", "accepted", 1, "entry", (json_int_t)taking.entry, "entries", (json_int_t)taking.entries, "bytes",
                                                  (json_int_t)taking.offset, "sha256", sha256, "file", words[0]))) {
        output_wrap(&context->output, "Backup in %s: %s entries, %s bytes, logged as entry %s. Read back from the disk: it is what the exchange sealed.", words[0], figures_count(taking.entries).text,
                    figures_count(taking.offset).text, figures_count(taking.entry).text);
        output_wrap(&context->output, "Only the recovery key opens it: keep the two apart. To try it, on a machine that may hold the key: musterd --check-backup FILE --recovery KEY");
    }
    return EXIT_CODE_DONE;
}
