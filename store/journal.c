/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "store/inside.h"

#define PATH_MOST 4096u
#define PIECE 4096u                       /* of the file: records begin at its multiples, as a write past the page cache must */
#define FIRST ((uint64_t)256 << 10)       /* bytes of a new file */
#define HASH 32u
#define HEAD (HASH + 24u)                 /* hash, word, number, length */
#define RECORD_FIRST ((size_t)64 << 10)
#define ZEROS ((size_t)256 << 10)

static const char word[8] = {'m', 'u', 's', 't', 'e', 'r', 'j', '2'};
static const char earlier_word[8] = {'m', 'u', 's', 't', 'e', 'r', 'j', '1'}; /* whose hash is one BLAKE2b over all of it */

struct journal {
    int fd;
    uint64_t size;   /* of the file: all of it was written once, so that a record changes its own bytes alone */
    uint64_t end;    /* of what is not in its place yet */
    uint64_t number;
    uint8_t key[JOURNAL_KEY];
    uint8_t *record; /* the one at hand, with room for its head; aligned */
    size_t room;
    size_t length;   /* of its content */
    bool broken;     /* it is too long, or there was no memory */
};

static uint64_t whole_pieces(uint64_t bytes)
{
    return (bytes + PIECE - 1) / PIECE * PIECE;
}

static int open_file(const char *folder, int flags)
{
    char path[PATH_MOST];
    int length = snprintf(path, sizeof path, "%s/" JOURNAL_NAME, folder);
    if (length < 0 || (size_t)length >= sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int fd = open(path, flags | O_DIRECT | O_CLOEXEC | O_NOFOLLOW, 0600);
    /* Some file systems in memory know only the way through the page cache. */
    return fd < 0 && errno == EINVAL ? open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0600) : fd;
}

/* A disk that takes half of it is not to be trusted with the rest. */
static int write_all(int fd, const uint8_t *bytes, uint64_t length, uint64_t offset)
{
    ssize_t done = -1;
    do {
        done = pwrite(fd, bytes, length, (off_t)offset);
    } while (done < 0 && errno == EINTR);
    return done == (ssize_t)length ? 0 : done < 0 ? errno : EIO;
}

static int write_zeros(int fd, uint64_t from, uint64_t to)
{
    void *zeros = NULL;
    if (posix_memalign(&zeros, PIECE, ZEROS) != 0) {
        return ENOMEM;
    }
    memset(zeros, 0, ZEROS);
    int error = 0;
    while (!error && from < to) {
        uint64_t part = to - from < ZEROS ? to - from : ZEROS;
        error = write_all(fd, zeros, part, from);
        from += part;
    }
    free(zeros);
    return error ? error : fdatasync(fd) == 0 ? 0 : errno;
}

/*
 * Poly1305 (RFC 8439, section 2.5) under a key of the record's own, which is BLAKE2b of its number under the journal's key, then zeros. Who chooses
 * what is written knows neither key and sees no tag; and it takes a sixth of the time that BLAKE2b over the record does.
 */
static void hash_record(const uint8_t key[JOURNAL_KEY], const uint8_t *record, size_t length, uint8_t hash[HASH])
{
    uint8_t own[crypto_onetimeauth_KEYBYTES];
    crypto_generichash(own, sizeof own, record + HASH + 8, 8, key, JOURNAL_KEY);
    memset(hash, 0, HASH);
    crypto_onetimeauth(hash, record + HASH, HEAD - HASH + length, own);
    sodium_memzero(own, sizeof own);
}

static void hash_earlier(const uint8_t key[JOURNAL_KEY], const uint8_t *record, size_t length, uint8_t hash[HASH])
{
    crypto_generichash(hash, HASH, record + HASH, HEAD - HASH + length, key, JOURNAL_KEY);
}

/* Whether a record stands at record, which has left bytes; its number and the length of its content. */
static bool read_record(const uint8_t key[JOURNAL_KEY], const uint8_t *record, uint64_t left, uint64_t *number, uint64_t *length)
{
    uint8_t hash[HASH];
    bool earlier = left >= HEAD && memcmp(record + HASH, earlier_word, sizeof earlier_word) == 0;
    if (left < HEAD || (!earlier && memcmp(record + HASH, word, sizeof word) != 0)) {
        return false;
    }
    memcpy(number, record + HASH + 8, 8);
    memcpy(length, record + HASH + 16, 8);
    if (*length > left - HEAD) {
        return false;
    }
    (earlier ? hash_earlier : hash_record)(key, record, (size_t)*length, hash);
    return memcmp(hash, record, HASH) == 0;
}

/* Finds the end of the records that count; *last: the number of the newest. EBADMSG: one that counts stands behind it. */
static int scan(const uint8_t key[JOURNAL_KEY], const uint8_t *bytes, uint64_t size, uint64_t settled, uint64_t *end, uint64_t *last)
{
    uint64_t number = 0, length = 0;
    *end = 0;
    *last = settled;
    while (read_record(key, bytes + *end, size - *end, &number, &length) && number == *last + 1) {
        *last = number;
        *end += whole_pieces(HEAD + length);
    }
    for (uint64_t at = *end; at < size; at += PIECE) {
        if (read_record(key, bytes + at, size - at, &number, &length) && number > *last) {
            return EBADMSG;
        }
    }
    return 0;
}

/* The whole file, to be freed. */
static int read_file(int fd, uint64_t *size, uint8_t **bytes)
{
    struct stat about;
    void *room = NULL;
    *bytes = NULL;
    if (fstat(fd, &about) != 0) {
        return errno;
    }
    *size = (uint64_t)about.st_size / PIECE * PIECE;
    if (*size > JOURNAL_MOST) {
        return EBADMSG;
    }
    if (posix_memalign(&room, PIECE, *size ? *size : PIECE) != 0) {
        return ENOMEM;
    }
    *bytes = room;
    for (uint64_t at = 0; at < *size;) {
        ssize_t done = pread(fd, *bytes + at, *size - at, (off_t)at);
        if (done <= 0 && !(done < 0 && errno == EINTR)) {
            int error = done < 0 ? errno : EIO;
            free(*bytes);
            *bytes = NULL;
            return error;
        }
        at += done > 0 ? (uint64_t)done : 0;
    }
    return 0;
}

static int prepare(struct journal *journal, const char *folder, uint64_t settled)
{
    uint8_t *bytes = NULL;
    void *record = NULL;
    if (posix_memalign(&record, PIECE, RECORD_FIRST) != 0) {
        return ENOMEM;
    }
    journal->record = record;
    journal->room = RECORD_FIRST;
    journal->fd = open_file(folder, O_RDWR | O_CREAT | O_DSYNC);
    if (journal->fd < 0) {
        return errno;
    }
    int error = read_file(journal->fd, &journal->size, &bytes);
    error = error ? error : scan(journal->key, bytes, journal->size, settled, &journal->end, &journal->number);
    free(bytes);
    if (!error && journal->size < FIRST) {
        error = write_zeros(journal->fd, journal->size, FIRST);
        error = error ? error : store_folder_sync(folder);
        journal->size = FIRST;
    }
    return error;
}

int journal_open(const char *folder, const uint8_t key[JOURNAL_KEY], uint64_t settled, struct journal **journal)
{
    struct journal *made = calloc(1, sizeof *made);
    *journal = NULL;
    if (!made) {
        return ENOMEM;
    }
    made->fd = -1;
    memcpy(made->key, key, sizeof made->key);
    int error = prepare(made, folder, settled);
    if (error) {
        journal_close(made);
        return error;
    }
    *journal = made;
    return 0;
}

void journal_close(struct journal *journal)
{
    if (journal) {
        if (journal->fd >= 0) {
            close(journal->fd);
        }
        free(journal->record);
        free(journal);
    }
}

int journal_look(const char *folder, const uint8_t key[JOURNAL_KEY], uint64_t settled, uint64_t *last)
{
    uint8_t *bytes = NULL;
    uint64_t size = 0, end = 0;
    *last = settled;
    int fd = open_file(folder, O_RDONLY);
    if (fd < 0) {
        return errno == ENOENT ? 0 : errno;
    }
    int error = read_file(fd, &size, &bytes);
    error = error ? error : scan(key, bytes, size, settled, &end, last);
    free(bytes);
    close(fd);
    return error;
}

uint64_t journal_number(const struct journal *journal)
{
    return journal->number;
}

void journal_begin(struct journal *journal)
{
    journal->length = 0;
    journal->broken = false;
}

/* Makes room for so many bytes more, a piece's padding included. */
static bool widen(struct journal *journal, size_t length)
{
    if (journal->broken || length > JOURNAL_MOST || HEAD + journal->length + length > JOURNAL_MOST) {
        return false;
    }
    size_t wanted = (size_t)whole_pieces(HEAD + journal->length + length), room = journal->room;
    if (wanted <= room) {
        return true;
    }
    while (room < wanted) {
        room *= 2;
    }
    void *wider = NULL;
    if (posix_memalign(&wider, PIECE, room) != 0) {
        return false;
    }
    memcpy(wider, journal->record, HEAD + journal->length);
    free(journal->record);
    journal->record = wider;
    journal->room = room;
    return true;
}

void journal_add(struct journal *journal, const void *bytes, size_t length)
{
    if (!widen(journal, length)) {
        journal->broken = true;
    } else if (length) {
        memcpy(journal->record + HEAD + journal->length, bytes, length);
        journal->length += length;
    }
}

int journal_make_room(struct journal *journal)
{
    uint64_t needed = journal->end + whole_pieces(HEAD + journal->length);
    if (journal->broken || needed > JOURNAL_MOST) {
        return ENOSPC;
    }
    if (needed <= journal->size) {
        return 0;
    }
    uint64_t size = journal->size;
    while (size < needed) {
        size *= 2;
    }
    size = size > JOURNAL_MOST ? JOURNAL_MOST : size;
    int error = write_zeros(journal->fd, journal->size, size);
    journal->size = error ? journal->size : size;
    return error;
}

int journal_write(struct journal *journal)
{
    const uint64_t number = ++journal->number, length = journal->length;
    size_t whole = (size_t)whole_pieces(HEAD + length);
    memcpy(journal->record + HASH, word, sizeof word);
    memcpy(journal->record + HASH + 8, &number, 8);
    memcpy(journal->record + HASH + 16, &length, 8);
    memset(journal->record + HEAD + length, 0, whole - HEAD - length);
    hash_record(journal->key, journal->record, length, journal->record);
    int error = write_all(journal->fd, journal->record, whole, journal->end);
    journal->end += error ? 0 : whole;
    return error;
}

void journal_withdraw(struct journal *journal, uint64_t number)
{
    journal->number = number;
}

void journal_rewind(struct journal *journal)
{
    journal->end = 0;
}

int journal_replay(struct journal *journal, int (*apply)(void *data, const uint8_t *bytes, size_t length), void *data, unsigned *count)
{
    uint8_t *bytes = NULL;
    uint64_t size = 0, number = 0, length = 0;
    unsigned done = 0;
    int error = read_file(journal->fd, &size, &bytes);
    for (uint64_t at = 0; !error && at < journal->end; at += whole_pieces(HEAD + length)) {
        error = read_record(journal->key, bytes + at, size - at, &number, &length) ? apply(data, bytes + at + HEAD, (size_t)length) : EBADMSG;
        done++;
    }
    free(bytes);
    if (count) {
        *count = done;
    }
    return error;
}

int journal_wipe(const char *folder)
{
    struct stat about;
    int fd = open_file(folder, O_RDWR);
    if (fd < 0) {
        return errno == ENOENT ? 0 : errno;
    }
    int error = fstat(fd, &about) == 0 ? write_zeros(fd, 0, whole_pieces((uint64_t)about.st_size)) : errno;
    close(fd);
    return error;
}
