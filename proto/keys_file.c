/* SPDX-License-Identifier: EUPL-1.2 */
/* Key files: their text, their seal under a passphrase, and how they reach the disk. */
#include "proto/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "proto/lines.h"
#include "proto/status.h"

#define FILE_MOST 1024u /* bytes of a key file: four short lines */
#define SALT_SIZE crypto_pwhash_SALTBYTES
#define NONCE_SIZE crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_SIZE crypto_aead_xchacha20poly1305_ietf_ABYTES
#define SEALED_SIZE (NONCE_SIZE + 32 + TAG_SIZE)

static const char *const kind_names[] = {[KEY_SIGNING] = "signing", [KEY_BOX] = "box", [KEY_CURVE] = "curve", [KEY_LOG] = "log", [KEY_RECOVERY] = "recovery"};

/* What a key file says. secret_line is where the seed or its seal stands, head_size what comes before it. */
struct key_file {
    uint8_t public_key[32];
    bool locked;
    uint64_t operations, memory;
    uint8_t salt[SALT_SIZE];
    struct line secret_line;
    size_t head_size;
};

static int status_of_errno(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        return STATUS_NOT_FOUND;
    case EACCES:
    case EPERM:
    case ELOOP:
        return STATUS_DENIED;
    case EEXIST:
        return STATUS_EXISTS;
    case ENOSPC:
    case EDQUOT:
        return STATUS_NO_SPACE;
    case ENOMEM:
        return STATUS_NO_MEMORY;
    default:
        return STATUS_IO;
    }
}

/* The key that a passphrase gives, in sodium_malloc() memory; NULL where there is not enough of it. */
static uint8_t *stretch(const struct keys_passphrase *passphrase, uint64_t operations, uint64_t memory, const uint8_t salt[SALT_SIZE])
{
    uint8_t *key = sodium_malloc(crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
    if (key && crypto_pwhash(key, crypto_aead_xchacha20poly1305_ietf_KEYBYTES, passphrase->bytes, passphrase->length, salt, operations,
                             (size_t)memory, crypto_pwhash_ALG_ARGON2ID13) != 0) {
        sodium_free(key);
        return NULL;
    }
    return key;
}

static size_t add_base64(char *text, size_t at, const uint8_t *bytes, size_t length, char end)
{
    sodium_bin2base64(text + at, FILE_MOST - at, bytes, length, sodium_base64_VARIANT_ORIGINAL);
    at += strlen(text + at);
    text[at] = end;
    return at + 1;
}

/* Writes the file's text; text has FILE_MOST bytes and is to be wiped by the caller. */
static int file_compose(const struct key_pair *pair, const struct keys_passphrase *passphrase, const struct seam_random *random, char *text,
                        size_t *length)
{
    /* Ed25519's libsodium secret begins with its seed, so the first 32 bytes are the seed of every kind. */
    size_t at = (size_t)snprintf(text, FILE_MOST, "muster-key v1 %s\npublic ", kind_names[pair->kind]);
    at = add_base64(text, at, pair->public_key, 32, '\n');
    if (!passphrase) {
        at += (size_t)snprintf(text + at, FILE_MOST - at, "plain ");
        *length = add_base64(text, at, pair->secret, 32, '\n');
        return STATUS_OK;
    }
    bool moderate = passphrase->strength != KEYS_INTERACTIVE;
    uint64_t operations = moderate ? crypto_pwhash_OPSLIMIT_MODERATE : crypto_pwhash_OPSLIMIT_INTERACTIVE;
    uint64_t memory = moderate ? crypto_pwhash_MEMLIMIT_MODERATE : crypto_pwhash_MEMLIMIT_INTERACTIVE;
    uint8_t salt[SALT_SIZE];
    uint8_t sealed[SEALED_SIZE];
    random->fill(random->data, salt, sizeof salt);
    random->fill(random->data, sealed, NONCE_SIZE);
    at += (size_t)snprintf(text + at, FILE_MOST - at, "argon2id %llu %llu ", (unsigned long long)operations, (unsigned long long)memory);
    at = add_base64(text, at, salt, sizeof salt, ' ');
    uint8_t *key = stretch(passphrase, operations, memory, salt);
    if (!key) {
        return STATUS_NO_MEMORY;
    }
    crypto_aead_xchacha20poly1305_ietf_encrypt(sealed + NONCE_SIZE, NULL, pair->secret, 32, (const uint8_t *)text, at, NULL, sealed, key);
    sodium_free(key);
    *length = add_base64(text, at, sealed, sizeof sealed, '\n');
    return STATUS_OK;
}

static int folder_sync(const char *path)
{
    char *folder = strdup(path);
    if (!folder) {
        return STATUS_NO_MEMORY;
    }
    char *slash = strrchr(folder, '/');
    if (slash) {
        slash[slash == folder ? 1 : 0] = '\0';
    }
    int fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(folder);
    int status = fd < 0 || fsync(fd) != 0 ? status_of_errno(errno) : STATUS_OK;
    if (fd >= 0) {
        close(fd);
    }
    return status;
}

static int file_fill(int fd, const char *text, size_t length)
{
    for (size_t done = 0; done < length;) {
        ssize_t wrote = write(fd, text + done, length - done);
        if (wrote < 0 && errno == EINTR) {
            continue;
        }
        if (wrote <= 0) {
            return wrote < 0 ? status_of_errno(errno) : STATUS_IO;
        }
        done += (size_t)wrote;
    }
    return fsync(fd) == 0 ? STATUS_OK : status_of_errno(errno);
}

/* The whole file under another name first: a reader sees the old file, the new one or none, never a part. */
static int file_write(const char *path, const char *text, size_t length, bool replace)
{
    size_t size = strlen(path) + sizeof ".new";
    char *aside = malloc(size);
    if (!aside) {
        return STATUS_NO_MEMORY;
    }
    snprintf(aside, size, "%s.new", path);
    unlink(aside);
    int fd = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    int status = fd < 0 ? status_of_errno(errno) : file_fill(fd, text, length);
    if (fd >= 0 && close(fd) != 0 && status == STATUS_OK) {
        status = status_of_errno(errno);
    }
    if (status == STATUS_OK && (replace ? rename(aside, path) : link(aside, path)) != 0) {
        status = status_of_errno(errno);
    }
    if (fd >= 0 && !(replace && status == STATUS_OK)) {
        unlink(aside);
    }
    free(aside);
    return status == STATUS_OK ? folder_sync(path) : status;
}

int keys_write(const char *path, const struct key_pair *pair, const struct keys_passphrase *passphrase, const struct seam_random *random,
               bool replace)
{
    char text[FILE_MOST];
    size_t length = 0;
    if (!pair->secret || (passphrase && (passphrase->length < KEYS_PASSPHRASE_LEAST || passphrase->length > KEYS_PASSPHRASE_MOST))) {
        return STATUS_INVALID;
    }
    int status = file_compose(pair, passphrase, random, text, &length);
    if (status == STATUS_OK) {
        status = file_write(path, text, length, replace);
    }
    sodium_memzero(text, sizeof text);
    return status;
}

/* Reads a file that belongs to this user and that nobody else may read. text has FILE_MOST bytes. */
static int file_read(const char *path, char *text, size_t *length)
{
    struct stat about;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        return status_of_errno(errno);
    }
    int status = STATUS_OK;
    if (fstat(fd, &about) != 0) {
        status = status_of_errno(errno);
    } else if (!S_ISREG(about.st_mode)) {
        status = STATUS_INVALID;
    } else if (about.st_mode & 077 || (about.st_uid != geteuid() && about.st_uid != 0)) {
        status = STATUS_DENIED;
    }
    *length = 0;
    while (status == STATUS_OK && *length < FILE_MOST) {
        ssize_t got = read(fd, text + *length, FILE_MOST - *length);
        if (got == 0) {
            break;
        }
        if (got < 0) {
            status = errno == EINTR ? STATUS_OK : status_of_errno(errno);
            continue;
        }
        *length += (size_t)got;
    }
    close(fd);
    return status == STATUS_OK && *length == FILE_MOST ? STATUS_INVALID : status;
}

/* "argon2id" operations memory salt: the limits must lie between INTERACTIVE and SENSITIVE. */
static bool parse_lock(struct line *line, struct key_file *file)
{
    struct line operations, memory, salt;
    return line_word(line, &operations) && line_word(line, &memory) && line_word(line, &salt) &&
           line_decimal(operations, &file->operations) && line_decimal(memory, &file->memory) &&
           line_base64_exact(salt, file->salt, SALT_SIZE) && file->operations >= crypto_pwhash_OPSLIMIT_INTERACTIVE &&
           file->operations <= crypto_pwhash_OPSLIMIT_SENSITIVE && file->memory >= crypto_pwhash_MEMLIMIT_INTERACTIVE &&
           file->memory <= crypto_pwhash_MEMLIMIT_SENSITIVE;
}

static bool file_parse(const char *text, size_t length, enum key_kind kind, struct key_file *file)
{
    struct lines lines = {text, length};
    struct line first, public, last;
    *file = (struct key_file){0};
    if (!lines_next(&lines, &first) || !lines_next(&lines, &public) || !lines_next(&lines, &last) || lines.left ||
        !line_skip(&first, "muster-key v1 ") || !line_is(first, kind_names[kind]) || !line_skip(&public, "public ") ||
        !line_base64_exact(public, file->public_key, 32)) {
        return false;
    }
    if (!line_skip(&last, "plain ")) {
        file->locked = true;
        if (!line_skip(&last, "argon2id ") || !parse_lock(&last, file)) {
            return false;
        }
    }
    file->secret_line = last;
    file->head_size = (size_t)(last.text - text);
    return true;
}

int keys_peek(const char *path, enum key_kind kind, uint8_t public_key[KEYS_PUBLIC_SIZE], bool *locked)
{
    char text[FILE_MOST];
    size_t length = 0;
    struct key_file file;
    int status = file_read(path, text, &length);
    if (status == STATUS_OK && !file_parse(text, length, kind, &file)) {
        status = STATUS_INVALID;
    }
    if (status == STATUS_OK) {
        memcpy(public_key, file.public_key, KEYS_PUBLIC_SIZE);
        *locked = file.locked;
    }
    sodium_memzero(text, sizeof text);
    return status;
}

/* The seed in the clear. */
static int file_open_seed(const struct key_file *file, const char *text, const struct keys_passphrase *passphrase, uint8_t *seed)
{
    if (!file->locked) {
        return line_base64_exact(file->secret_line, seed, 32) ? STATUS_OK : STATUS_INVALID;
    }
    uint8_t sealed[SEALED_SIZE];
    if (!line_base64_exact(file->secret_line, sealed, sizeof sealed)) {
        return STATUS_INVALID;
    }
    if (!passphrase) {
        return STATUS_STALE;
    }
    if (passphrase->length > KEYS_PASSPHRASE_MOST) {
        return STATUS_FORGED;
    }
    uint8_t *key = stretch(passphrase, file->operations, file->memory, file->salt);
    if (!key) {
        return STATUS_NO_MEMORY;
    }
    int failed = crypto_aead_xchacha20poly1305_ietf_decrypt(seed, NULL, NULL, sealed + NONCE_SIZE, sizeof sealed - NONCE_SIZE,
                                                            (const uint8_t *)text, file->head_size, sealed, key);
    sodium_free(key);
    return failed ? STATUS_FORGED : STATUS_OK;
}

int keys_read(const char *path, enum key_kind kind, const struct keys_passphrase *passphrase, struct key_pair *pair)
{
    char text[FILE_MOST];
    size_t length = 0;
    struct key_file file;
    *pair = (struct key_pair){.kind = kind};
    uint8_t *seed = sodium_malloc(32);
    int status = seed ? file_read(path, text, &length) : STATUS_NO_MEMORY;
    if (status == STATUS_OK && !file_parse(text, length, kind, &file)) {
        status = STATUS_INVALID;
    }
    if (status == STATUS_OK) {
        status = file_open_seed(&file, text, passphrase, seed);
    }
    if (status == STATUS_OK) {
        status = keys_from_seed(kind, seed, pair);
    }
    if (status == STATUS_OK && memcmp(pair->public_key, file.public_key, KEYS_PUBLIC_SIZE) != 0) {
        status = STATUS_FORGED;
    }
    if (status != STATUS_OK) {
        keys_drop(pair);
    }
    sodium_free(seed);
    sodium_memzero(text, sizeof text);
    return status;
}
