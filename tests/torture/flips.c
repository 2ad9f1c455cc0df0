/* SPDX-License-Identifier: EUPL-1.2 */
/* A flipped byte in the store's file, anywhere: named by the verification, refused by the storage, mended by a rebuild, or where nothing lies. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "broker/exchange.h"
#include "proto/status.h"
#include "proto/walk.h"
#include "tests/system/harness.h"
#include "tests/system/party.h"
#include "tests/torture/clients.h"
#include "tests/torture/figures.h"
#include "tests/unit/scratch.h"

#define CLIENTS 16u
#define ENTRIES 300u
#define PATIENCE 60000
#define PAGE 4096u
#define PAGE_HEAD 48u /* bytes of a page's head and of its first nodes' places */
#define MARKER "marker-of-a-flipped-byte"

struct flips {
    struct torture *torture;
    struct harness harness;
    struct seeded seeded;
    char path[HARNESS_PATH_MOST + 32]; /* of the store's file */
    char *bytes;                       /* as they were */
    size_t length;
    size_t used;                       /* of them: behind it lies nothing */
};

static bool found(struct flips *flips, size_t at, const char *what)
{
    return torture_finding(flips->torture, "seed %" PRIu64 ": byte %zu of the store's file flipped: %s", flips->torture->seed, at, what);
}

/* A task that neither works nor says why not; the file is kept where TORTURE_KEEP says. */
static bool ended(struct flips *flips, size_t at, const char *what, int code)
{
    char text[96];
    size_t length = 0;
    char *bytes = scratch_read(flips->path, &length);
    const char *keep = getenv("TORTURE_KEEP");
    if (bytes != NULL && keep != NULL)
        scratch_write(keep, bytes, length);
    free(bytes);
    snprintf(text, sizeof text, "%s neither works nor says why not: it ended with %d", what, code);
    return found(flips, at, text);
}

static bool write_byte(const struct flips *flips, size_t at, char byte)
{
    int fd = open(flips->path, O_WRONLY | O_CLOEXEC);
    bool written = fd >= 0 && pwrite(fd, &byte, 1, (off_t)at) == 1;
    if (fd >= 0)
        close(fd);
    return written;
}

/* As it was when it was stopped, and its journal empty: one that goes on from a later state would be refused beside it. */
static bool write_whole(const struct flips *flips)
{
    char journal[HARNESS_PATH_MOST + 32];
    snprintf(journal, sizeof journal, "%s/" EXCHANGE_STORE "/journal", flips->harness.directory);
    unlink(journal);
    scratch_write(flips->path, flips->bytes, flips->length);
    return true;
}

/* What the two tasks say of the file as it is now. */
static bool judge(struct flips *flips, size_t at)
{
    static const char *const verify[] = {"--verify", NULL};
    static const char *const rebuild[] = {"--rebuild", NULL};
    struct torture *torture = flips->torture;
    size_t offset = harness_log_size(&flips->harness), again = offset;
    int code = harness_task(&flips->harness, verify);
    if (code == EXIT_CODE_IO) {
        bool named = harness_logged(&flips->harness, "musterd: position ", &offset, 0);
        *(named ? &torture->flips_named : &torture->flips_refused) += 1;
        return named || harness_logged(&flips->harness, "musterd: ", &again, 0) ? true : found(flips, at, "not a word");
    }
    /* Of an older version, so it seems: tables that are lacking are made again as well. */
    if (code != EXIT_CODE_DONE && code != EXIT_CODE_TRY_AGAIN)
        return ended(flips, at, "the verification", code);
    /* The log holds. The tables may be wrong: then they are made again from it. */
    offset = harness_log_size(&flips->harness);
    code = harness_task(&flips->harness, rebuild);
    if (code == EXIT_CODE_DONE && harness_logged(&flips->harness, "the tables were not what the log makes", &offset, 0))
        torture->flips_repaired++;
    else if (code == EXIT_CODE_IO)
        torture->flips_refused++;
    else if (code != EXIT_CODE_DONE)
        return ended(flips, at, "the rebuild", code);
    if (code == EXIT_CODE_IO)
        return true;
    /* A list of free pages that names one in use is read by nobody but a writer: what it overwrote shows now, by name. */
    offset = harness_log_size(&flips->harness);
    code = harness_task(&flips->harness, verify);
    if (code == EXIT_CODE_DONE)
        return true;
    torture->flips_late++;
    return code == EXIT_CODE_IO && harness_logged(&flips->harness, "musterd: ", &offset, 0) ? true : ended(flips, at, "the second verification", code);
}

static bool flip_stopped(struct flips *flips, unsigned count)
{
    bool good = true;
    for (unsigned i = 0; i < count && good; i++) {
        uint64_t number = 0;
        uint8_t bit = 0;
        flips->seeded.random.fill(flips->seeded.random.data, &number, sizeof number);
        flips->seeded.random.fill(flips->seeded.random.data, &bit, sizeof bit);
        size_t at = number % flips->used;
        /* Half of them in the heads of pages, where a byte decides where others are looked for. */
        if (i % 2 != 0)
            at = at / PAGE * PAGE + number / flips->used % PAGE_HEAD;
        good = write_whole(flips) && write_byte(flips, at, (char)(flips->bytes[at] ^ (1 << bit % 8)));
        flips->torture->bytes_flipped++;
        good = good && judge(flips, at);
    }
    return write_whole(flips) && good;
}

/* One entry's position and where its text lies in the file. */
static bool put_marker(struct flips *flips, uint64_t *position)
{
    Muster__Answer *answer = NULL;
    ProtobufCMessage *message = NULL;
    struct party hq;
    bool good = party_coordinator(&flips->harness, &hq) == STATUS_OK && party_put_item(&hq, MARKER, &answer) == STATUS_OK &&
                answer->outcome == MUSTER__OUTCOME__OUTCOME_DONE &&
                walk_unpack(&muster__submit_answer__descriptor, answer->body.data, answer->body.len, BOX_PLAIN_MOST, &hq.arena, &message,
                            NULL) == STATUS_OK;
    if (good)
        *position = ((Muster__SubmitAnswer *)message)->position;
    party_close(&hq);
    return good;
}

/* Flips the marker wherever it lies. False: nowhere. */
static bool flip_marker(struct flips *flips)
{
    size_t length = 0;
    unsigned flipped = 0;
    char *bytes = scratch_read(flips->path, &length);
    for (size_t at = 0; bytes != NULL && at + strlen(MARKER) <= length; at++)
        if (memcmp(bytes + at, MARKER, strlen(MARKER)) == 0 && write_byte(flips, at, 'M'))
            flipped++;
    free(bytes);
    flips->torture->bytes_flipped += flipped;
    return flipped > 0;
}

/* It was acknowledged from the journal: verified twice, with nothing written between, it lies in its place, and nothing is about to replace it. */
static bool await_place(struct flips *flips, uint64_t position, size_t offset)
{
    static const char word[] = "event=log-verified entries=";
    uint64_t before = 0;
    for (unsigned i = 0; i < 60; i++) {
        size_t length = 0;
        if (!harness_logged(&flips->harness, word, &offset, PATIENCE))
            return false;
        char *log = scratch_read(flips->harness.log, &length);
        uint64_t entries = log != NULL && offset < length ? strtoull(log + offset, NULL, 10) : 0;
        free(log);
        if (entries > position && entries == before)
            return true;
        before = entries;
    }
    return false;
}

/* The broker runs, serves, and ends with the name of what its disk changed under it. */
static bool flip_running(struct flips *flips)
{
    uint64_t position = 0;
    char text[80];
    int code = 0;
    size_t offset = harness_log_size(&flips->harness);
    if (harness_start(&flips->harness) != STATUS_OK || !put_marker(flips, &position))
        return found(flips, 0, "no exchange to flip a byte of");
    if (!await_place(flips, position, offset))
        return found(flips, 0, "the entry never comes to its place");
    if (!flip_marker(flips))
        return found(flips, 0, "the entry is nowhere in the file");
    snprintf(text, sizeof text, "event=log-corrupt position=%" PRIu64 " ", position);
    if (harness_wait(&flips->harness, PATIENCE, &code) != STATUS_OK || code != EXIT_CODE_IO)
        return found(flips, 0, "a running broker does not end for it");
    if (!harness_logged(&flips->harness, text, &offset, 0))
        return found(flips, 0, "a running broker does not name the position");
    flips->torture->flips_named++;
    return write_whole(flips);
}

/* The file is cut short under a running broker: a page that is gone is no fault of the program, which would be started again for ever. */
static bool cut_running(struct flips *flips)
{
    int code = 0;
    size_t offset = harness_log_size(&flips->harness);
    if (harness_start(&flips->harness) != STATUS_OK || !harness_logged(&flips->harness, "event=log-verified", &offset, PATIENCE))
        return found(flips, 0, "no exchange to cut the file of");
    if (truncate(flips->path, 2 * PAGE) != 0)
        return found(flips, 0, "the file can't be cut");
    if (harness_wait(&flips->harness, PATIENCE, &code) != STATUS_OK || code != EXIT_CODE_IO)
        return found(flips, 0, "a running broker does not end for a file that was cut");
    if (!harness_logged(&flips->harness, "event=store-damaged", &offset, 0))
        return found(flips, 0, "a running broker does not say that its file is damaged");
    return write_whole(flips);
}

static bool begin(struct flips *flips)
{
    struct clients *clients = NULL;
    seeded_start(&flips->seeded, flips->torture->seed);
    if (harness_begin(&flips->harness, "[front]\nconnections_per_key = 64\nrequests_per_second = 10000\n[store]\nverify_seconds = 1\n") != STATUS_OK)
        return found(flips, 0, "no exchange");
    snprintf(flips->path, sizeof flips->path, "%s/" EXCHANGE_STORE "/data.mdb", flips->harness.directory);
    bool good = clients_open(&flips->harness, CLIENTS, flips->torture->seed, &clients) == STATUS_OK && clients_start(clients) == STATUS_OK &&
                clients_await(clients, ENTRIES, PATIENCE);
    good = clients != NULL && clients_stop(clients, true) == NULL && good;
    clients_close(clients);
    good = good && harness_stop(&flips->harness, NULL) == STATUS_OK && (flips->bytes = scratch_read(flips->path, &flips->length)) != NULL;
    for (size_t at = 0; good && at < flips->length; at++)
        flips->used = flips->bytes[at] != '\0' ? at + 1 : flips->used;
    return good && flips->used > 0 ? true : found(flips, 0, "no entries to flip a byte of");
}

bool torture_flips(struct torture *torture, unsigned count)
{
    struct flips flips = {.torture = torture};
    bool good = begin(&flips) && flip_stopped(&flips, count) && flip_running(&flips) && cut_running(&flips);
    if (good)
        torture_say(torture, "flips: %" PRIu64 " bytes of %zu: %" PRIu64 " named by position, %" PRIu64 " refused, %" PRIu64 " repaired",
                    torture->bytes_flipped, flips.used, torture->flips_named, torture->flips_refused, torture->flips_repaired);
    else
        harness_show(&flips.harness);
    free(flips.bytes);
    harness_close(&flips.harness);
    return good;
}
