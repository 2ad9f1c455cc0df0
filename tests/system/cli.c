/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/system/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jansson.h>

#include "proto/status.h"
#include "tests/unit/patience.h"

#define WORDS_MOST 64
#define PATIENCE_SECONDS 120

static int beside_test(char path[HARNESS_PATH_MOST])
{
    char own[HARNESS_PATH_MOST];
    ssize_t length = readlink("/proc/self/exe", own, sizeof own - 1);
    if (length <= 0) {
        return STATUS_IO;
    }
    own[length] = '\0';
    char *tests = strstr(own, "/tests/");
    if (!tests) {
        return STATUS_NOT_FOUND;
    }
    *tests = '\0';
    int written = snprintf(path, HARNESS_PATH_MOST, "%s/bin/muster", own);
    return written > 0 && written < (int)HARNESS_PATH_MOST && access(path, X_OK) == 0 ? STATUS_OK : STATUS_NOT_FOUND;
}

int cli_open(struct cli *cli, const struct harness *harness)
{
    *cli = (struct cli){0};
    cli->out = calloc(1, CLI_OUT_MOST);
    cli->err = calloc(1, CLI_OUT_MOST);
    if (!cli->out || !cli->err || beside_test(cli->program) != STATUS_OK) {
        return STATUS_NOT_FOUND;
    }
    if (harness) {
        snprintf(cli->folder, sizeof cli->folder, "%s", harness->folder);
        snprintf(cli->clock, sizeof cli->clock, "%s", harness->clock);
    } else {
        snprintf(cli->folder, sizeof cli->folder, "%.400s/muster-cli-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
        if (!mkdtemp(cli->folder)) {
            return STATUS_IO;
        }
    }
    return cli_write(cli, "passphrase", CLI_PASSPHRASE "\n");
}

void cli_close(struct cli *cli)
{
    char command[HARNESS_PATH_MOST + 16];
    if (cli->folder[0] && !cli->clock[0]) {
        snprintf(command, sizeof command, "rm -rf '%s'", cli->folder);
        if (system(command) != 0) {
            fprintf(stderr, "%s stays\n", cli->folder);
        }
    }
    free(cli->out);
    free(cli->err);
    cli->out = cli->err = NULL;
}

/* In the child: the environment of a person who has nothing but a home. */
static void become(const struct cli *cli, char *const *words)
{
    int fd = chdir(cli->folder) == 0 ? open("passphrase", O_RDONLY) : -1;
    if (fd < 0) {
        _exit(126);
    }
    if (fd != 3) {
        dup2(fd, 3);
        close(fd);
    }
    clearenv();
    setenv("HOME", cli->folder, 1);
    setenv("PATH", "/usr/bin:/bin", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    setenv("TERM", "xterm", 1);
    if (cli->clock[0]) {
        setenv("MUSTER_TEST_CLOCK", cli->clock, 1);
    }
    execv(cli->program, words);
    _exit(127);
}

/* Reads what comes from one or two descriptors until both end. */
static void drain(const int *fds, char *const *into, int count)
{
    size_t lengths[2] = {0, 0};
    struct pollfd polled[2];
    for (int i = 0; i < count; i++) {
        polled[i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
    }
    for (int open_ends = count; open_ends > 0;) {
        if (poll(polled, (nfds_t)count, patience(PATIENCE_SECONDS * 1000)) <= 0) {
            break;
        }
        for (int i = 0; i < count; i++) {
            if (polled[i].fd < 0 || !polled[i].revents) {
                continue;
            }
            char spill[4096];
            bool room = lengths[i] + 1 < CLI_OUT_MOST;
            ssize_t got = room ? read(fds[i], into[i] + lengths[i], CLI_OUT_MOST - 1 - lengths[i]) : read(fds[i], spill, sizeof spill);
            if (got <= 0) {
                polled[i].fd = -1;
                open_ends--;
            } else if (room) {
                lengths[i] += (size_t)got;
            }
        }
    }
    for (int i = 0; i < count; i++) {
        into[i][lengths[i]] = '\0';
    }
}

static void wait_for(struct cli *cli, pid_t child)
{
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    cli->code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int run(struct cli *cli, char *const *words)
{
    int out[2], err[2];
    if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0) {
        return cli->code = -1;
    }
    pid_t child = fork();
    if (child == 0) {
        int none = open("/dev/null", O_RDONLY);
        setsid(); /* no terminal: nobody can be asked */
        dup2(none, STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        dup2(err[1], STDERR_FILENO);
        become(cli, words);
    }
    close(out[1]);
    close(err[1]);
    const int fds[2] = {out[0], err[0]};
    char *const into[2] = {cli->out, cli->err};
    drain(fds, into, 2);
    close(out[0]);
    close(err[0]);
    wait_for(cli, child);
    return cli->code;
}

static size_t take(va_list list, const char **words, size_t count)
{
    const char *word;
    while ((word = va_arg(list, const char *)) && count + 1 < WORDS_MOST) {
        words[count++] = word;
    }
    words[count] = NULL;
    return count;
}

int cli_run(struct cli *cli, ...)
{
    const char *words[WORDS_MOST] = {"muster"};
    va_list list;
    va_start(list, cli);
    take(list, words, 1);
    va_end(list);
    return run(cli, (char *const *)(uintptr_t)words);
}

int cli_as(struct cli *cli, const char *party, ...)
{
    const char *words[WORDS_MOST] = {"muster"};
    va_list list;
    va_start(list, party);
    size_t count = take(list, words, 1);
    va_end(list);
    const char *const more[] = {"--as", party, "--passphrase-fd", "3", NULL};
    for (size_t i = 0; more[i] && count + 1 < WORDS_MOST; i++) {
        words[count++] = more[i];
    }
    words[count] = NULL;
    return run(cli, (char *const *)(uintptr_t)words);
}

/* Reads to the end; each typed line waits until the program has asked, since what is typed ahead goes with the echo. */
static void converse(struct cli *cli, int terminal, const char *typed)
{
    size_t length = 0, answered = 0;
    struct pollfd polled = {.fd = terminal, .events = POLLIN};
    while (length + 1 < CLI_OUT_MOST && poll(&polled, 1, patience(PATIENCE_SECONDS * 1000)) > 0) {
        ssize_t got = read(terminal, cli->out + length, CLI_OUT_MOST - 1 - length);
        if (got <= 0) {
            break;
        }
        length += (size_t)got;
        bool asks = length >= 2 && length > answered && memcmp(cli->out + length - 2, ": ", 2) == 0;
        size_t line = strcspn(typed, "\n") + 1;
        if (asks && *typed && write(terminal, typed, line) == (ssize_t)line) {
            typed += line;
            answered = length;
        }
    }
    cli->out[length] = '\0';
}

int cli_terminal(struct cli *cli, int columns, const char *typed, ...)
{
    const char *words[WORDS_MOST] = {"muster"};
    struct winsize size = {.ws_row = 50, .ws_col = (unsigned short)columns};
    int terminal = -1;
    va_list list;
    va_start(list, typed);
    take(list, words, 1);
    va_end(list);
    pid_t child = forkpty(&terminal, NULL, NULL, &size);
    if (child == 0) {
        become(cli, (char *const *)(uintptr_t)words);
    }
    if (child < 0) {
        return cli->code = -1;
    }
    converse(cli, terminal, typed);
    close(terminal);
    cli->err[0] = '\0';
    wait_for(cli, child);
    return cli->code;
}

static char *on_one_line(const char *text)
{
    char *line = malloc(strlen(text) + 1);
    size_t length = 0;
    for (; line && *text; text++) {
        bool blank = *text == ' ' || *text == '\n';
        if (!blank || (length && line[length - 1] != ' ')) {
            line[length++] = blank ? ' ' : *text;
        }
    }
    if (line) {
        line[length] = '\0';
    }
    return line;
}

bool cli_says(const char *text, const char *part)
{
    if (strstr(text, part)) {
        return true;
    }
    char *whole = on_one_line(text), *sought = on_one_line(part);
    bool found = whole && sought && !strchr(part, '\n') && !strstr(part, "  ") && strstr(whole, sought);
    free(whole);
    free(sought);
    return found;
}

static void path_of(const struct cli *cli, const char *name, char path[2 * HARNESS_PATH_MOST])
{
    snprintf(path, 2 * HARNESS_PATH_MOST, "%s/%s", cli->folder, name);
}

int cli_write(const struct cli *cli, const char *name, const char *text)
{
    char path[2 * HARNESS_PATH_MOST];
    path_of(cli, name, path);
    FILE *file = fopen(path, "we");
    if (!file) {
        return STATUS_IO;
    }
    int status = fputs(text, file) < 0 ? STATUS_IO : STATUS_OK;
    return fclose(file) == 0 ? status : STATUS_IO;
}

int cli_read(struct cli *cli, const char *name)
{
    char path[2 * HARNESS_PATH_MOST];
    path_of(cli, name, path);
    FILE *file = fopen(path, "re");
    if (!file) {
        return STATUS_NOT_FOUND;
    }
    size_t length = fread(cli->out, 1, CLI_OUT_MOST - 1, file);
    cli->out[length] = '\0';
    fclose(file);
    return STATUS_OK;
}

bool cli_exists(const struct cli *cli, const char *name)
{
    char path[2 * HARNESS_PATH_MOST];
    path_of(cli, name, path);
    return access(path, F_OK) == 0;
}

int cli_exchange(struct cli *cli, struct harness *harness)
{
    char clock[HARNESS_PATH_MOST + 8];
    if (harness_prepare(harness) != STATUS_OK || cli_open(cli, harness) != STATUS_OK) {
        return STATUS_IO;
    }
    snprintf(clock, sizeof clock, "file:%s", harness->clock);
    if (cli_run(cli, "init", harness->directory, "--country", "NL", "--party", "hq", "--name", "Joint orders office", "--address", harness->address, "--origin",
                "test.example/log", "--strength", "interactive", "--test-clock", clock, "--passphrase-fd", "3", NULL) != EXIT_CODE_DONE) {
        return STATUS_INVALID;
    }
    return harness_start(harness);
}

const char *cli_json(const struct cli *cli, const char *path)
{
    static char text[4096];
    json_t *root = json_loads(cli->out, 0, NULL);
    const json_t *at = root;
    text[0] = '\0';
    while (at && *path) {
        char key[64];
        size_t length = strcspn(path, ".");
        snprintf(key, sizeof key, "%.*s", (int)length, path);
        at = json_is_array(at) ? json_array_get(at, (size_t)atoi(key)) : json_object_get(at, key);
        path += length + (path[length] == '.');
    }
    if (json_is_string(at)) {
        snprintf(text, sizeof text, "%s", json_string_value(at));
    } else if (json_is_integer(at)) {
        snprintf(text, sizeof text, "%lld", (long long)json_integer_value(at));
    } else if (json_is_boolean(at)) {
        snprintf(text, sizeof text, "%s", json_is_true(at) ? "true" : "false");
    }
    json_decref(root);
    return text;
}

/* Four groups as four words. */
static void split_groups(char *groups, const char *words[4])
{
    char *save = NULL;
    for (int i = 0; i < 4; i++) {
        words[i] = strtok_r(i ? NULL : groups, " ", &save);
        words[i] = words[i] ? words[i] : "";
    }
}

int cli_join(struct cli *cli, const char *party, const char *role, const char *country)
{
    char file[80], read_out[64], read_back[64];
    const char *words[4];
    bool supplier = strcmp(role, "supplier") == 0;
    snprintf(file, sizeof file, "invitation-%s", party);
    if (cli_as(cli, "hq", "party", "invite", party, "--role", role, "--country", country, "--name", party, "--contact", "desk@example.org", NULL) != EXIT_CODE_DONE ||
        cli_write(cli, file, cli->out) != STATUS_OK) {
        return STATUS_INVALID;
    }
    if (cli_run(cli, "join", "--file", file, "--strength", "interactive", "--json", supplier ? "--no-passphrase" : "--passphrase-fd=3", NULL) != EXIT_CODE_DONE) {
        return STATUS_INVALID;
    }
    snprintf(read_out, sizeof read_out, "%s", cli_json(cli, "read_out"));
    split_groups(read_out, words);
    if (cli_as(cli, "hq", "party", "confirm", party, words[0], words[1], words[2], words[3], "--json", NULL) != EXIT_CODE_DONE) {
        return STATUS_INVALID;
    }
    snprintf(read_back, sizeof read_back, "%s", cli_json(cli, "parties.0.read_back"));
    split_groups(read_back, words);
    return cli_as(cli, party, "fingerprint", words[0], words[1], words[2], words[3], NULL) == EXIT_CODE_DONE ? STATUS_OK : STATUS_INVALID;
}

bool cli_await(struct cli *cli, const char *party, const char *text, int milliseconds, ...)
{
    const char *words[WORDS_MOST] = {"muster"};
    va_list list;
    va_start(list, milliseconds);
    size_t count = take(list, words, 1);
    va_end(list);
    const char *const more[] = {"--as", party, "--json", NULL};
    for (size_t i = 0; more[i] && count + 1 < WORDS_MOST; i++) {
        words[count++] = more[i];
    }
    words[count] = NULL;
    for (int waited = 0; waited <= patience(milliseconds); waited += 200) {
        run(cli, (char *const *)(uintptr_t)words);
        if (strstr(cli->out, text)) {
            return true;
        }
        harness_pause(200);
    }
    return false;
}

int cli_begin(struct cli *cli, struct harness *harness, unsigned seconds, const struct cli_party *parties, size_t count)
{
    alarm((unsigned)patience((int)seconds));
    int status = cli_exchange(cli, harness);
    for (size_t i = 0; i < count && !status; i++) {
        status = cli_join(cli, parties[i].party, parties[i].role, parties[i].country);
    }
    if (status) {
        fprintf(stderr, "%s\n%s\n", cli->out ? cli->out : "", cli->err ? cli->err : "");
        harness_show(harness);
    }
    return status ? -1 : 0;
}

int cli_end(struct cli *cli, struct harness *harness)
{
    cli_close(cli);
    harness_close(harness);
    return 0;
}
