/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ini.h>

#include "proto/status.h"

#define CONFIG_FILE_MOST 65536u /* bytes: the whole sample with comments is under 4 KiB */

enum config_kind { KIND_TEXT, KIND_NUMBER };

struct config_key {
    const char *section;
    const char *key;
    enum config_kind kind;
    size_t offset;
    const char *text;
    uint32_t number;
    uint32_t least;
    uint32_t most;
};

static const struct config_key config_keys[] = {
#define CONFIG_TEXT(section, key, field, standard) \
    {section, key, KIND_TEXT, offsetof(struct config, field), standard, 0, 0, 0},
#define CONFIG_NUMBER(section, key, field, standard, least, most) \
    {section, key, KIND_NUMBER, offsetof(struct config, field), NULL, standard, least, most},
#include "broker/config.def"
#undef CONFIG_TEXT
#undef CONFIG_NUMBER
};

#define CONFIG_KEYS (sizeof config_keys / sizeof config_keys[0])

struct config_reading {
    struct config *config;
    bool seen[CONFIG_KEYS];
    char problem[256]; /* of the first faulty line, empty while there is none */
};

void config_default(struct config *config)
{
    memset(config, 0, sizeof *config);
    for (size_t i = 0; i < CONFIG_KEYS; i++) {
        char *field = (char *)config + config_keys[i].offset;
        if (config_keys[i].kind == KIND_TEXT)
            snprintf(field, CONFIG_TEXT_MOST, "%s", config_keys[i].text);
        else
            memcpy(field, &config_keys[i].number, sizeof config_keys[i].number);
    }
}

static const struct config_key *config_find(const char *section, const char *key, size_t *index)
{
    for (size_t i = 0; i < CONFIG_KEYS; i++)
        if (strcmp(config_keys[i].section, section) == 0 && strcmp(config_keys[i].key, key) == 0) {
            *index = i;
            return &config_keys[i];
        }
    return NULL;
}

static bool config_set_number(struct config_reading *reading, const struct config_key *known, const char *value)
{
    char *end = NULL;
    errno = 0;
    unsigned long number = strtoul(value, &end, 10);
    if (value[0] < '0' || value[0] > '9' || *end != '\0' || errno != 0 || number < known->least ||
        number > known->most) {
        snprintf(reading->problem, sizeof reading->problem, "[%s] %s must be a whole number from %u to %u",
                 known->section, known->key, known->least, known->most);
        return false;
    }
    uint32_t small = (uint32_t)number;
    memcpy((char *)reading->config + known->offset, &small, sizeof small);
    return true;
}

/* Returns 1 where the line is right, as inih wants it. */
static int config_line(void *user, const char *section, const char *key, const char *value)
{
    struct config_reading *reading = user;
    if (reading->problem[0] != '\0')
        return 0;
    size_t index = 0;
    const struct config_key *known = config_find(section, key, &index);
    if (known == NULL) {
        snprintf(reading->problem, sizeof reading->problem, "unknown key '%.60s' in section [%.60s]", key, section);
        return 0;
    }
    if (reading->seen[index]) {
        snprintf(reading->problem, sizeof reading->problem, "[%s] %s stands twice", section, key);
        return 0;
    }
    reading->seen[index] = true;
    if (known->kind == KIND_NUMBER)
        return config_set_number(reading, known, value) ? 1 : 0;
    if (value[0] == '\0' || strlen(value) >= CONFIG_TEXT_MOST) {
        snprintf(reading->problem, sizeof reading->problem, "[%s] %s is empty or too long", section, key);
        return 0;
    }
    snprintf((char *)reading->config + known->offset, CONFIG_TEXT_MOST, "%s", value);
    return 1;
}

static int config_absolute(char *path, const char *folder)
{
    if (path[0] == '/' || folder[0] == '\0')
        return STATUS_OK;
    char joined[2 * CONFIG_TEXT_MOST];
    int length = snprintf(joined, sizeof joined, "%s/%s", folder, path);
    if (length < 0 || (size_t)length >= CONFIG_TEXT_MOST)
        return STATUS_TOO_LARGE;
    memcpy(path, joined, (size_t)length + 1);
    return STATUS_OK;
}

bool config_has_test_clock(const struct config *config)
{
    return strncmp(config->clock, "file:", 5) == 0;
}

/* What no single line shows. */
static int config_judge(struct config *config, const char *folder, char *problem, size_t size)
{
    static const char *const levels[] = {"error", "warning", "info", "debug"};
    bool level_known = false;
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
        level_known = level_known || strcmp(config->level, levels[i]) == 0;
    bool allowed = strcmp(config->allow_test_clock, "yes") == 0;
    if (!level_known)
        snprintf(problem, size, "[log] level must be error, warning, info or debug");
    else if (!allowed && strcmp(config->allow_test_clock, "no") != 0)
        snprintf(problem, size, "[test] allow_test_clock must be yes or no");
    else if (!config_has_test_clock(config) && strcmp(config->clock, "system") != 0)
        snprintf(problem, size, "[test] clock must be system or file:PATH");
    else if (config_has_test_clock(config) && !allowed)
        snprintf(problem, size, "[test] clock is for tests only: it needs allow_test_clock = yes beside it");
    else if (strncmp(config->address, "tcp://", 6) != 0 || strrchr(config->address + 6, ':') == NULL)
        snprintf(problem, size, "[front] address must be tcp://HOST:PORT");
    else if (config_absolute(config->directory, folder) != STATUS_OK)
        snprintf(problem, size, "[store] directory is too long");
    else
        return STATUS_OK;
    return STATUS_INVALID;
}

int config_parse(const char *text, const char *folder, struct config *config, char *problem, size_t size)
{
    problem[0] = '\0';
    config_default(config);
    struct config_reading reading = {.config = config};
    int line = ini_parse_string(text, config_line, &reading);
    if (line > 0) {
        snprintf(problem, size, "line %d: %s", line,
                 reading.problem[0] != '\0' ? reading.problem : "neither a [section] nor key = value");
        return STATUS_INVALID;
    }
    if (line < 0) {
        snprintf(problem, size, "out of memory");
        return STATUS_NO_MEMORY;
    }
    return config_judge(config, folder, problem, size);
}

int config_read(const char *path, struct config *config, char *problem, size_t size)
{
    config_default(config);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        snprintf(problem, size, "%s: %s", path, strerror(errno));
        return STATUS_NOT_FOUND;
    }
    char *text = calloc(1, CONFIG_FILE_MOST + 1);
    char folder[CONFIG_TEXT_MOST] = "";
    char reason[512] = "";
    int status = STATUS_OK;
    if (text == NULL) {
        status = STATUS_NO_MEMORY;
        snprintf(reason, sizeof reason, "out of memory");
        goto done;
    }
    size_t length = fread(text, 1, CONFIG_FILE_MOST, file);
    if (length == CONFIG_FILE_MOST || ferror(file) != 0 || memchr(text, '\0', length) != NULL) {
        status = STATUS_INVALID;
        snprintf(reason, sizeof reason, "not a text of less than %u bytes", CONFIG_FILE_MOST);
        goto done;
    }
    const char *slash = strrchr(path, '/');
    if (slash != NULL)
        snprintf(folder, sizeof folder, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    status = config_parse(text, folder, config, reason, sizeof reason);
done:
    if (status != STATUS_OK)
        snprintf(problem, size, "%s: %s", path, reason);
    free(text);
    fclose(file);
    return status;
}

int config_path(const struct config *config, const char *name, char *buffer)
{
    int length = snprintf(buffer, CONFIG_TEXT_MOST, "%s/%s", config->directory, name);
    return length < 0 || (size_t)length >= CONFIG_TEXT_MOST ? STATUS_TOO_LARGE : STATUS_OK;
}
