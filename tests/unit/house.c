/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/house.h"

#include <ctype.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_LINES_MOST 600
#define FUNCTION_LINES_MOST 80

static const char *const rooms[] = {"proto", "store", "broker", "clients", "tests"};

/* A room and the rooms it may include besides itself and proto. */
static const struct {
    const char *room;
    const char *may[8];
} layers[] = {
    {"store", {NULL}},
    {"broker/match", {NULL}},
    {"broker/front", {"broker/pipe", "broker/config", "broker/metrics", NULL}},
    {"broker/pipe", {"broker", NULL}},
    {"broker/config", {"broker", NULL}},
    {"broker/metrics", {"broker", NULL}},
    {"broker", {"broker/match", "broker/desk", "broker/pipe", "broker/config", "broker/metrics", "store", NULL}},
    {"broker/desk", {"broker", "store", NULL}},
    {"clients/link", {NULL}},
    {"clients/muster", {"clients/link", "broker/match", NULL}},
};

/* Library headers and the only places that may use them. */
static const struct {
    const char *header;
    const char *places[3];
} libraries[] = {{"lmdb.h", {"store/", NULL}}, {"zmq.h", {"broker/front", "clients/link", NULL}}};

static bool starts(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static bool ends(const char *text, const char *with)
{
    size_t length = strlen(text), tail = strlen(with);
    return length >= tail && strcmp(text + length - tail, with) == 0;
}

/* Copies the room of a path: "proto", "broker/desk", "broker/front" for broker/front.c too, ... */
static void room_of(const char *path, char room[64])
{
    const char *slash = strchr(path, '/');
    size_t top = slash ? (size_t)(slash - path) : strlen(path);
    snprintf(room, 64, "%.*s", (int)top, path);
    if (!slash || (strcmp(room, "broker") != 0 && strcmp(room, "clients") != 0)) {
        return;
    }
    size_t stem = strcspn(slash + 1, "/.");
    char name[48];
    snprintf(name, sizeof name, "%.*s", (int)stem, slash + 1);
    bool folder = slash[1 + stem] == '/';
    if (folder || strcmp(name, "front") == 0 || strcmp(name, "pipe") == 0 || strcmp(name, "config") == 0 ||
        strcmp(name, "metrics") == 0) {
        snprintf(room + top, 64 - top, "/%s", name);
    }
}

static bool may_include(const char *room, const char *other)
{
    if (strcmp(room, "tests") == 0 || strcmp(room, other) == 0 || strcmp(other, "proto") == 0) {
        return true;
    }
    for (size_t n = 0; n < sizeof layers / sizeof layers[0]; n++) {
        for (size_t k = 0; strcmp(layers[n].room, room) == 0 && layers[n].may[k]; k++) {
            if (strcmp(layers[n].may[k], other) == 0) {
                return true;
            }
        }
    }
    return false;
}

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct stat info;
    char *text = NULL;
    if (file && fstat(fileno(file), &info) == 0) {
        text = calloc(1, (size_t)info.st_size + 1);
        if (text && fread(text, 1, (size_t)info.st_size, file) != (size_t)info.st_size) {
            free(text);
            text = NULL;
        }
    }
    if (file) {
        fclose(file);
    }
    return text;
}

static int add_file(struct house *house, const char *root, const char *path)
{
    char full[2048];
    snprintf(full, sizeof full, "%s/%s", root, path);
    struct house_file *files = realloc(house->files, (house->count + 1) * sizeof *files);
    if (!files) {
        return 1;
    }
    house->files = files;
    char *text = read_file(full), *name = strdup(path);
    if (!text || !name) {
        free(text);
        free(name);
        return 1;
    }
    house->files[house->count++] = (struct house_file){name, text};
    return 0;
}

static int read_folder(struct house *house, const char *root, const char *folder)
{
    char full[2048], path[1024];
    snprintf(full, sizeof full, "%s/%s", root, folder);
    struct dirent **names = NULL;
    int count = scandir(full, &names, NULL, alphasort), failed = count < 0;
    for (int n = 0; n < count; n++) {
        struct stat info;
        snprintf(path, sizeof path, "%s/%s", folder, names[n]->d_name);
        snprintf(full, sizeof full, "%s/%s", root, path);
        if (!failed && names[n]->d_name[0] != '.' && stat(full, &info) == 0) {
            if (S_ISDIR(info.st_mode)) {
                failed = read_folder(house, root, path);
            } else if (ends(path, ".c") || ends(path, ".h")) {
                failed = add_file(house, root, path);
            }
        }
        free(names[n]);
    }
    free(names);
    return failed;
}

int house_read(const char *root, struct house *house)
{
    *house = (struct house){NULL, 0};
    int failed = 0;
    for (size_t n = 0; n < sizeof rooms / sizeof rooms[0] && !failed; n++) {
        failed = read_folder(house, root, rooms[n]);
    }
    return failed;
}

void house_free(struct house *house)
{
    for (size_t n = 0; n < house->count; n++) {
        free((char *)(uintptr_t)house->files[n].path);
        free((char *)(uintptr_t)house->files[n].text);
    }
    free(house->files);
    *house = (struct house){NULL, 0};
}

/* The next include directive at or after *at; fills name and whether it is quoted. */
static bool next_include(const char **at, char name[256], bool *quoted)
{
    for (const char *line = *at; line && *line;) {
        const char *end = strchr(line, '\n'), *p = line + strspn(line, " \t");
        *at = end ? end + 1 : line + strlen(line);
        if (*p == '#') {
            p += 1 + strspn(p + 1, " \t");
            if (starts(p, "include")) {
                p += 7 + strspn(p + 7, " \t");
                *quoted = *p == '"';
                size_t length = strcspn(p + 1, "\">\n");
                snprintf(name, 256, "%.*s", (int)length, p + 1);
                return true;
            }
        }
        line = *at;
    }
    return false;
}

static const struct house_file *find(const struct house *house, const char *path)
{
    for (size_t n = 0; n < house->count; n++) {
        if (strcmp(house->files[n].path, path) == 0) {
            return &house->files[n];
        }
    }
    return NULL;
}

static void tell(char *finding, size_t size, int found, const char *path, const char *what)
{
    if (found == 1) {
        snprintf(finding, size, "%s: %s", path, what);
    }
}

static bool library_allowed(const char *path, const char *name)
{
    for (size_t n = 0; n < sizeof libraries / sizeof libraries[0]; n++) {
        if (strcmp(libraries[n].header, name) == 0 && !starts(path, "tests/")) {
            for (size_t k = 0; libraries[n].places[k]; k++) {
                if (starts(path, libraries[n].places[k])) {
                    return true;
                }
            }
            return false;
        }
    }
    return true;
}

int house_bad_includes(const struct house *house, char *finding, size_t size)
{
    int found = 0;
    for (size_t n = 0; n < house->count; n++) {
        const char *path = house->files[n].path, *at = house->files[n].text;
        char name[256], room[64], other[64];
        bool quoted;
        room_of(path, room);
        while (next_include(&at, name, &quoted)) {
            if (!library_allowed(path, name)) {
                tell(finding, size, ++found, path, name);
            }
            /* Includes are written from the top, so a quoted name without a room is one that nobody can follow. */
            bool generated = ends(name, ".pb-c.h");
            if (quoted && !generated && !find(house, name) && !ends(name, ".def")) {
                tell(finding, size, ++found, path, name);
            }
            room_of(name, other);
            if (quoted && !may_include(room, other)) {
                tell(finding, size, ++found, path, name);
            }
        }
    }
    return found;
}

static int visit(const struct house *house, size_t n, unsigned char *state, char *finding, size_t size)
{
    char name[256];
    bool quoted;
    const char *at = house->files[n].text;
    int found = 0;
    state[n] = 1;
    while (next_include(&at, name, &quoted)) {
        const struct house_file *file = quoted ? find(house, name) : NULL;
        size_t other = file ? (size_t)(file - house->files) : 0;
        if (file && state[other] == 1) {
            tell(finding, size, ++found, house->files[n].path, name);
        } else if (file && state[other] == 0) {
            found += visit(house, other, state, finding, size);
        }
    }
    state[n] = 2;
    return found;
}

int house_circles(const struct house *house, char *finding, size_t size)
{
    unsigned char *state = calloc(house->count + 1, 1);
    int found = state ? 0 : 1;
    for (size_t n = 0; state && n < house->count; n++) {
        if (state[n] == 0) {
            found += visit(house, n, state, finding, size);
        }
    }
    free(state);
    return found;
}

/* Skips a comment, string, character or directive at p; returns behind it, or p where there is none. */
static const char *skip_quiet(const char *p, bool line_start, long *lines)
{
    const char *start = p;
    if (p[0] == '/' && p[1] == '*') {
        const char *end = strstr(p + 2, "*/");
        p = end ? end + 2 : p + strlen(p);
    } else if (p[0] == '/' && p[1] == '/') {
        p += strcspn(p, "\n");
    } else if (p[0] == '"' || p[0] == '\'') {
        char quote = *p++;
        while (*p && *p != quote && *p != '\n') {
            p += p[0] == '\\' && p[1] ? 2 : 1;
        }
        p += *p == quote;
    } else if (line_start && p[0] == '#') {
        while (*p && *p != '\n') {
            p += p[0] == '\\' && p[1] == '\n' ? 2 : 1;
        }
    }
    for (const char *c = start; c < p; c++) {
        *lines += *c == '\n';
    }
    return p;
}

/* Lines of the longest function body in text. */
static long longest_function(const char *text)
{
    long line = 0, start = 0, longest = 0;
    int depth = 0;
    bool called = false, assigned = false, function = false, line_start = true;
    for (const char *p = text; *p;) {
        const char *behind = skip_quiet(p, line_start, &line);
        if (behind != p) {
            p = behind;
            line_start = false;
            continue;
        }
        line_start = *p == '\n' || (line_start && (*p == ' ' || *p == '\t'));
        line += *p == '\n';
        if (*p == '{' && depth++ == 0) {
            function = called && !assigned;
            start = line;
        } else if (*p == '}' && depth > 0 && --depth == 0) {
            if (function && line - start + 1 > longest) {
                longest = line - start + 1;
            }
            called = assigned = false;
        } else if (depth == 0) {
            called = *p == ';' ? false : called || *p == '(';
            assigned = *p == ';' ? false : assigned || *p == '=';
        }
        p++;
    }
    return longest;
}

int house_too_long(const struct house *house, char *finding, size_t size)
{
    int found = 0;
    for (size_t n = 0; n < house->count; n++) {
        long lines = 0, longest = longest_function(house->files[n].text);
        for (const char *p = house->files[n].text; *p; p++) {
            lines += *p == '\n';
        }
        if (lines > FILE_LINES_MOST) {
            tell(finding, size, ++found, house->files[n].path, "the file is too long: split it by purpose");
        }
        if (longest > FUNCTION_LINES_MOST) {
            tell(finding, size, ++found, house->files[n].path, "a function is too long");
        }
    }
    return found;
}

static bool comment_says(const char *from, const char *to)
{
    static const char *const words[] = {"TO" "DO", "FIX" "ME", "not imple" "mented"};
    for (size_t k = 0; k < sizeof words / sizeof words[0]; k++) {
        const char *hit = strstr(from, words[k]);
        if (hit && hit < to) {
            return true;
        }
    }
    return false;
}

int house_unfinished(const struct house *house, char *finding, size_t size)
{
    int found = 0;
    for (size_t n = 0; n < house->count; n++) {
        const char *path = house->files[n].path;
        if (starts(path, "tests/")) {
            continue;
        }
        long lines = 0;
        for (const char *p = house->files[n].text; *p;) {
            const char *behind = skip_quiet(p, false, &lines);
            if (behind != p && *p == '/' && comment_says(p, behind)) {
                tell(finding, size, ++found, path, "a comment says that something is unfinished");
            }
            p = behind != p ? behind : p + 1;
        }
    }
    return found;
}
