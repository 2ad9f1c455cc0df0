/* SPDX-License-Identifier: EUPL-1.2 */
#include "clients/link/passphrase.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <sodium.h>

#include "proto/status.h"

#define LINE_SIZE (KEYS_PASSPHRASE_MOST + 2u)

/* The signal that came while a person was asked; the echo must be back on before it acts. */
static volatile sig_atomic_t caught;

static void note_signal(int number)
{
    caught = number;
}

/* One byte at a time: a descriptor may be shared with the next program of a pipe. */
static int read_line(int fd, char *line, size_t size)
{
    size_t length = 0;
    for (;;) {
        char byte;
        ssize_t got = read(fd, &byte, 1);
        if (got < 0 && errno == EINTR && !caught) {
            continue;
        }
        if (got < 0) {
            return caught ? STATUS_CANCELLED : STATUS_IO;
        }
        if (got == 0 && length == 0) {
            return STATUS_CANCELLED;
        }
        if (got == 0 || byte == '\n') {
            break;
        }
        if (length + 1 >= size) {
            return STATUS_TOO_LARGE;
        }
        line[length++] = byte;
    }
    if (length && line[length - 1] == '\r') {
        length--;
    }
    line[length] = '\0';
    return STATUS_OK;
}

bool passphrase_terminal(void)
{
    int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    close(fd);
    return true;
}

static const int stops[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
#define STOP_COUNT (sizeof stops / sizeof stops[0])

int passphrase_ask(const char *prompt, bool echo, char *line, size_t size)
{
    int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        return STATUS_IO;
    }
    struct sigaction noting = {.sa_handler = note_signal}, before[STOP_COUNT];
    caught = 0;
    for (size_t i = 0; i < STOP_COUNT; i++) {
        sigaction(stops[i], &noting, &before[i]);
    }
    struct termios shown;
    bool changed = false;
    if (!echo && tcgetattr(fd, &shown) == 0) {
        struct termios silent = shown;
        silent.c_lflag &= ~(tcflag_t)ECHO;
        changed = tcsetattr(fd, TCSAFLUSH, &silent) == 0;
    }
    dprintf(fd, "%s: ", prompt);
    int status = read_line(fd, line, size);
    if (changed) {
        tcsetattr(fd, TCSAFLUSH, &shown);
        dprintf(fd, "\n");
    }
    for (size_t i = 0; i < STOP_COUNT; i++) {
        sigaction(stops[i], &before[i], NULL);
    }
    close(fd);
    if (caught) {
        sodium_memzero(line, size);
        raise(caught);
    }
    return status;
}

static int ask_at_terminal(const char *prompt, bool twice, bool optional, char *line)
{
    int status = passphrase_ask(prompt, false, line, LINE_SIZE);
    if (status != STATUS_OK || (optional && !*line) || !twice) {
        return status;
    }
    if (strlen(line) < KEYS_PASSPHRASE_LEAST) {
        return STATUS_INVALID;
    }
    char *again = sodium_malloc(LINE_SIZE);
    if (!again) {
        return STATUS_NO_MEMORY;
    }
    status = passphrase_ask("The same once more", false, again, LINE_SIZE);
    if (status == STATUS_OK && strcmp(line, again) != 0) {
        status = STATUS_INVALID;
    }
    sodium_free(again);
    return status;
}

static int from_descriptor(struct passphrase_source *source)
{
    if (source->line) {
        return STATUS_OK;
    }
    source->line = sodium_malloc(LINE_SIZE);
    if (!source->line) {
        return STATUS_NO_MEMORY;
    }
    return read_line(source->fd, source->line, LINE_SIZE);
}

int passphrase_get(struct passphrase_source *source, const char *prompt, bool twice, bool optional, struct keys_passphrase *passphrase)
{
    char *line = sodium_malloc(LINE_SIZE);
    int status = line ? STATUS_OK : STATUS_NO_MEMORY;
    *passphrase = (struct keys_passphrase){.strength = passphrase->strength};
    if (status == STATUS_OK && source->fd >= 0) {
        status = from_descriptor(source);
        if (status == STATUS_OK) {
            memcpy(line, source->line, LINE_SIZE);
        }
    } else if (status == STATUS_OK) {
        status = ask_at_terminal(prompt, twice, optional, line);
    }
    if (status == STATUS_OK && !*line && optional) {
        status = STATUS_NOT_FOUND;
    }
    if (status == STATUS_OK && twice && (strlen(line) < KEYS_PASSPHRASE_LEAST || strlen(line) > KEYS_PASSPHRASE_MOST)) {
        status = STATUS_INVALID;
    }
    if (status != STATUS_OK) {
        sodium_free(line);
        return status;
    }
    passphrase->bytes = line;
    passphrase->length = strlen(line);
    return STATUS_OK;
}

void passphrase_wipe(struct keys_passphrase *passphrase)
{
    if (passphrase->bytes) {
        sodium_free((void *)(uintptr_t)passphrase->bytes);
    }
    *passphrase = (struct keys_passphrase){0};
}

void passphrase_drop(struct passphrase_source *source)
{
    sodium_free(source->line);
    source->line = NULL;
}
