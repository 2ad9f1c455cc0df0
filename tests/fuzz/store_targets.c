/* SPDX-License-Identifier: EUPL-1.2 */
/* What the store finds in its journal after whatever happened to it. */
#include <errno.h>
#include <string.h>

#include <sodium.h>

#include "store/journal.h"
#include "tests/fuzz/folder.h"
#include "tests/fuzz/target.h"

#define PIECE 4096u
#define PIECES 4u
#define SETTLED 3u

static const uint8_t key[JOURNAL_KEY] = {5};

/* The journal of a folder of its own says this. */
static int look(const uint8_t *bytes, size_t size, uint64_t *last)
{
    static const char *folder;
    if (folder == NULL)
        folder = folder_make();
    folder_put(folder, JOURNAL_NAME, bytes, size);
    return journal_look(folder, key, SETTLED, last);
}

/* Bytes as they lie in the file, filled up to whole pieces. */
static void run_journal(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    static uint8_t file[PIECE * PIECES];
    uint64_t last = 0;
    (void)target;
    size = size > sizeof file ? sizeof file : size;
    memset(file, 0, sizeof file);
    if (size > 0)
        memcpy(file, data, size);
    int error = look(file, sizeof file, &last);
    fuzz_require((error == 0 && last >= SETTLED) || error == EBADMSG);
}

/* A record of a number and a length, under its keyed hash: hash 32, word 8, number 8, length 8, content. */
static void write_record(uint8_t *at, uint64_t number, uint64_t length)
{
    memcpy(at + 32, "musterj1", 8);
    memcpy(at + 40, &number, 8);
    memcpy(at + 48, &length, 8);
    crypto_generichash(at, 32, at + 32, 24 + (length > PIECE - 56 ? 0 : length), key, sizeof key);
}

/* Records whose numbers and lengths the input chooses, each in a piece: those that follow on from what is settled count, and nothing behind a gap. */
static void run_journal_records(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    static uint8_t file[PIECE * PIECES];
    struct fuzz_bytes bytes = {data, size};
    uint64_t last = 0, expected = SETTLED;
    bool gap = false, damaged = false;
    (void)target;
    memset(file, 0, sizeof file);
    for (unsigned piece = 0; piece < PIECES; piece++) {
        uint8_t choice = fuzz_byte(&bytes);
        uint64_t number = choice & 1 ? SETTLED + 1 + piece : fuzz_byte(&bytes), length = choice & 2 ? fuzz_below(&bytes, PIECE - 56) : fuzz_below(&bytes, UINT64_C(1) << 60);
        write_record(file + piece * PIECE, number, length);
        bool counts = length <= PIECE - 56;
        if (!counts && length <= (PIECES - piece) * PIECE - 56)
            return; /* a record over several pieces, which is not made here */
        gap = gap || !counts || number != expected + 1;
        expected += gap ? 0 : 1;
        damaged = damaged || (gap && counts && number > expected);
    }
    int error = look(file, sizeof file, &last);
    fuzz_require(damaged ? error == EBADMSG : error == 0 && last == expected);
}

static size_t seed_journal(const struct fuzz_target *target, unsigned number, uint8_t *bytes)
{
    (void)target;
    if (number > 2)
        return 0;
    memset(bytes, 0, PIECE * PIECES);
    for (unsigned piece = 0; piece < number; piece++) {
        memset(bytes + piece * PIECE, 'x', 100);
        write_record(bytes + piece * PIECE, SETTLED + 1 + piece, 44);
    }
    return number * PIECE + 100;
}

static const struct fuzz_target targets[] = {
    {"journal", run_journal, PIECE + 256, seed_journal, NULL, 8},
    {"journal-records", run_journal_records, 64, NULL, NULL, 8},
};

const struct fuzz_group fuzz_group_store = {"store", targets, sizeof targets / sizeof targets[0]};
