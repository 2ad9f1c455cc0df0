/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/codes/cpv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/status.h"

#define EXPECTED "CPV 2008, 8 digits, hyphen, 1 digit"
#define EIGHT 8
#define CODE_SIZE 11 /* NNNNNNNN-N and NUL */

struct cpv_code {
    char eight[EIGHT + 1];
    char ninth[2];
    const char *title;
};

struct cpv_list {
    struct cpv_code *codes; /* sorted by their eight digits */
    size_t count;
    char *text; /* the file, which titles point into */
};

static const struct cpv_code built_in[] = {
#define CPV(eight, ninth, title) {eight, ninth, title},
#define CPV_DIVISION(division)
#include "proto/codes/cpv.def"
#undef CPV
#undef CPV_DIVISION
};

static const char divisions[][3] = {
#define CPV(eight, ninth, title)
#define CPV_DIVISION(division) division,
#include "proto/codes/cpv.def"
#undef CPV
#undef CPV_DIVISION
};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static int by_eight(const void *a, const void *b)
{
    return memcmp(((const struct cpv_code *)a)->eight, ((const struct cpv_code *)b)->eight, EIGHT);
}

static const struct cpv_code *find(const struct cpv_list *list, const char *eight)
{
    struct cpv_code key = {0};
    memcpy(key.eight, eight, EIGHT);
    return list ? bsearch(&key, list->codes, list->count, sizeof key, by_eight)
                : bsearch(&key, built_in, COUNT(built_in), sizeof key, by_eight);
}

/* Takes NNNNNNNN or NNNNNNNN-N apart; ninth is "" where it is not there. */
static bool take_code(const char *text, char eight[EIGHT + 1], char ninth[2])
{
    size_t length = strlen(text);
    if (length != EIGHT && (length != EIGHT + 2 || text[EIGHT] != '-')) {
        return false;
    }
    memcpy(eight, text, EIGHT);
    eight[EIGHT] = '\0';
    ninth[0] = length == EIGHT ? '\0' : text[EIGHT + 1];
    ninth[1] = '\0';
    return code_is_digits(eight, EIGHT) && (ninth[0] == '\0' || code_is_digits(ninth, 1));
}

static bool is_division(const char *eight)
{
    for (size_t at = 0; at < COUNT(divisions); at++) {
        if (memcmp(eight, divisions[at], 2) == 0) {
            return true;
        }
    }
    return false;
}

int cpv_read(const struct cpv_list *list, const char *text, struct code_answer *answer)
{
    char eight[EIGHT + 1];
    char ninth[2];
    if (!take_code(text, eight, ninth)) {
        return code_refuse(answer, EXPECTED, "write it as 35331200-5, or 35331200 to have the ninth digit filled in");
    }
    const struct cpv_code *found = find(list, eight);
    if (!found && (list || !is_division(eight))) {
        return code_refuse(answer, EXPECTED, "%s is not in the list: look the code up in the vocabulary", eight);
    }
    if (!found) {
        return code_doubt(answer, text, EXPECTED, "not among the codes built in, and no official list is loaded: check it");
    }
    char code[CODE_SIZE];
    snprintf(code, sizeof code, "%s-%s", found->eight, found->ninth);
    if (ninth[0] && ninth[0] != found->ninth[0]) {
        return code_refuse(answer, EXPECTED, "write %s for %.80s", code, found->title);
    }
    return code_accept(answer, code);
}

const char *cpv_title(const struct cpv_list *list, const char *code)
{
    char eight[EIGHT + 1];
    char ninth[2];
    const struct cpv_code *found = take_code(code, eight, ninth) ? find(list, eight) : NULL;
    return found && (!ninth[0] || ninth[0] == found->ninth[0]) ? found->title : NULL;
}

void cpv_free(struct cpv_list *list)
{
    if (list) {
        free(list->codes);
        free(list->text);
        free(list);
    }
}

/* The whole file with a NUL behind it. */
static int read_file(const char *path, char **text)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        return STATUS_IO;
    }
    int status = STATUS_OK;
    char *bytes = malloc(CPV_FILE_MOST + 1);
    size_t length = bytes ? fread(bytes, 1, CPV_FILE_MOST + 1, file) : 0;
    if (!bytes) {
        status = STATUS_NO_MEMORY;
    } else if (ferror(file)) {
        status = STATUS_IO;
    } else if (length > CPV_FILE_MOST) {
        status = STATUS_TOO_LARGE;
    } else if (memchr(bytes, '\0', length)) {
        status = STATUS_INVALID;
    }
    fclose(file);
    if (status != STATUS_OK) {
        free(bytes);
        return status;
    }
    bytes[length] = '\0';
    *text = bytes;
    return STATUS_OK;
}

/* Reads one line into code; a line that begins with no digit, or a quoted digit, is none: STATUS_NOT_FOUND. */
static int read_line(char *line, struct cpv_code *code)
{
    line += *line == '"';
    if (*line < '0' || *line > '9') {
        return STATUS_NOT_FOUND;
    }
    size_t length = strcspn(line, ";,\t\"");
    char *title = line + length;
    title += strspn(title, "\";,\t");
    title[strcspn(title, "\"")] = '\0';
    line[length] = '\0';
    if (!take_code(line, code->eight, code->ninth) || !code->ninth[0]) {
        return STATUS_INVALID;
    }
    code->title = title;
    return STATUS_OK;
}

static int add_code(struct cpv_list *list, size_t *capacity, const struct cpv_code *code)
{
    if (list->count == *capacity) {
        size_t more = *capacity ? *capacity * 2 : 1024;
        struct cpv_code *codes = realloc(list->codes, more * sizeof *codes);
        if (!codes) {
            return STATUS_NO_MEMORY;
        }
        list->codes = codes;
        *capacity = more;
    }
    list->codes[list->count++] = *code;
    return STATUS_OK;
}

static int read_lines(struct cpv_list *list, size_t *line)
{
    size_t capacity = 0;
    *line = 0;
    for (char *next = list->text; *next;) {
        char *start = next;
        next += strcspn(next, "\n");
        if (*next) {
            *next++ = '\0';
        }
        start[strcspn(start, "\r")] = '\0';
        (*line)++;
        struct cpv_code code = {0};
        int status = read_line(start, &code);
        if (status == STATUS_OK) {
            status = add_code(list, &capacity, &code);
        }
        if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
            return status;
        }
    }
    return list->count ? STATUS_OK : STATUS_INVALID;
}

/* Sorts; the same code twice is one, with two ninth digits it is a fault. */
static int sort_codes(struct cpv_list *list)
{
    qsort(list->codes, list->count, sizeof list->codes[0], by_eight);
    size_t kept = 1;
    for (size_t at = 1; at < list->count; at++) {
        if (by_eight(&list->codes[at], &list->codes[kept - 1]) != 0) {
            list->codes[kept++] = list->codes[at];
        } else if (list->codes[at].ninth[0] != list->codes[kept - 1].ninth[0]) {
            return STATUS_INVALID;
        }
    }
    list->count = kept;
    return STATUS_OK;
}

int cpv_load(const char *path, struct cpv_list **list, size_t *line)
{
    size_t at = 0;
    struct cpv_list *loaded = calloc(1, sizeof *loaded);
    if (!loaded) {
        return STATUS_NO_MEMORY;
    }
    int status = read_file(path, &loaded->text);
    if (status == STATUS_OK) {
        status = read_lines(loaded, &at);
    }
    if (status == STATUS_OK) {
        at = 0;
        status = sort_codes(loaded);
    }
    if (line) {
        *line = at;
    }
    if (status != STATUS_OK) {
        cpv_free(loaded);
        return status;
    }
    *list = loaded;
    return STATUS_OK;
}
