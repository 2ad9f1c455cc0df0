/* SPDX-License-Identifier: EUPL-1.2 */
#include "clients/link/profile.h"

#include <ctype.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ini.h>
#include <sodium.h>

#include "proto/status.h"

#define EXCHANGE_FILE_MOST 8192u
#define LISTING_CAP (1u << 20)

static bool name_valid(const char *name)
{
    size_t length = strlen(name);
    if (length == 0 || length > PROFILE_NAME_MOST || !isalnum((unsigned char)name[0])) {
        return false;
    }
    for (; *name; name++) {
        if (!isalnum((unsigned char)*name) && !strchr("._-", *name)) {
            return false;
        }
    }
    return true;
}

/* $variable/muster, or $HOME/fallback/muster. */
static int base_folder(const char *variable, const char *fallback, char *path)
{
    const char *set = getenv(variable);
    const char *home = getenv("HOME");
    if (set && set[0] == '/') {
        return files_path(path, set, "muster", NULL);
    }
    if (!home || home[0] != '/') {
        return STATUS_IO;
    }
    return files_path(path, home, fallback, "muster", NULL);
}

static int place(const char *name, struct profile *profile)
{
    char base[FILES_PATH_MOST];
    *profile = (struct profile){0};
    if (!name_valid(name)) {
        return STATUS_INVALID;
    }
    snprintf(profile->name, sizeof profile->name, "%s", name);
    int status = base_folder("XDG_CONFIG_HOME", ".config", base);
    status = status ? status : files_path(profile->config, base, name, NULL);
    status = status ? status : base_folder("XDG_DATA_HOME", ".local/share", base);
    status = status ? status : files_path(profile->data, base, name, NULL);
    status = status ? status : base_folder("XDG_STATE_HOME", ".local/state", base);
    return status ? status : files_path(profile->state, base, name, NULL);
}

static int exchange_path(const struct profile *profile, char *path)
{
    return files_path(path, profile->config, "exchange", NULL);
}

struct listing {
    char first[PROFILE_NAME_MOST + 1];
    size_t count;
    const char *base;
    char *names;
    size_t size;
};

static int list_one(void *data, const char *name)
{
    struct listing *listing = data;
    char path[FILES_PATH_MOST];
    if (!name_valid(name) || files_path(path, listing->base, name, "exchange", NULL) != STATUS_OK || !files_exist(path)) {
        return STATUS_OK;
    }
    if (listing->count++ == 0) {
        snprintf(listing->first, sizeof listing->first, "%s", name);
    }
    size_t used = strlen(listing->names);
    snprintf(listing->names + used, listing->size - used, "%s%s", used ? ", " : "", name);
    return STATUS_OK;
}

int profile_find(const char *wanted, struct profile *profile, char *names, size_t size)
{
    char base[FILES_PATH_MOST], path[FILES_PATH_MOST];
    struct listing listing = {.base = base, .names = names, .size = size};
    struct arena arena;
    names[0] = '\0';
    int status = base_folder("XDG_CONFIG_HOME", ".config", base);
    if (status != STATUS_OK) {
        return status;
    }
    arena_init(&arena, LISTING_CAP);
    status = files_each(base, &arena, list_one, &listing);
    arena_drop(&arena);
    if (status != STATUS_OK) {
        return status;
    }
    if (!wanted || !*wanted) {
        wanted = getenv("MUSTER_PROFILE");
    }
    if (!wanted || !*wanted) {
        if (listing.count != 1) {
            return listing.count ? STATUS_EXISTS : STATUS_NOT_FOUND;
        }
        wanted = listing.first;
    }
    status = place(wanted, profile);
    status = status ? status : exchange_path(profile, path);
    return status ? status : files_exist(path) ? STATUS_OK : STATUS_NOT_FOUND;
}

int profile_name(const char *name, struct profile *profile)
{
    char path[FILES_PATH_MOST];
    int status = place(name, profile);
    status = status ? status : exchange_path(profile, path);
    return status ? status : files_exist(path) ? STATUS_EXISTS : STATUS_OK;
}

/* How a field of the file is read and written. */
enum field_form { FIELD_TEXT, FIELD_KEY, FIELD_ROLE, FIELD_YES };

struct field {
    const char *name;
    enum field_form form;
    size_t offset;
    size_t size;
};

#define FIELD(name, form, member) {name, form, offsetof(struct profile, member), sizeof(((struct profile *)0)->member)}
static const struct field fields[] = {
    FIELD("address", FIELD_TEXT, address),
    FIELD("vkey", FIELD_TEXT, vkey),
    FIELD("exchange_signing_key", FIELD_KEY, exchange_signing_key),
    FIELD("exchange_box_key", FIELD_KEY, exchange_box_key),
    FIELD("front_key", FIELD_KEY, front_key),
    FIELD("party", FIELD_TEXT, party),
    FIELD("role", FIELD_ROLE, role),
    FIELD("fingerprint_compared", FIELD_YES, compared),
    FIELD("marking", FIELD_TEXT, marking),
    FIELD("marked_by", FIELD_TEXT, marked_by),
    FIELD("country", FIELD_TEXT, country),
    FIELD("base_currency", FIELD_TEXT, base_currency),
};
#define FIELD_COUNT (sizeof fields / sizeof fields[0])

static const char *const role_names[] = {"", "agency", "supplier", "coordinator"};

static bool field_read(const struct field *field, struct profile *profile, const char *value)
{
    void *at = (char *)profile + field->offset;
    size_t length = 0;
    switch (field->form) {
    case FIELD_TEXT:
        return snprintf(at, field->size, "%s", value) < (int)field->size;
    case FIELD_KEY:
        return sodium_hex2bin(at, field->size, value, strlen(value), NULL, &length, NULL) == 0 && length == field->size;
    case FIELD_ROLE:
        for (int role = 1; role <= 3; role++) {
            if (strcmp(value, role_names[role]) == 0) {
                *(Muster__Role *)at = (Muster__Role)role;
                return true;
            }
        }
        return false;
    case FIELD_YES:
        *(bool *)at = strcmp(value, "yes") == 0;
        return *(bool *)at || strcmp(value, "no") == 0;
    }
    return false;
}

struct reading {
    struct profile *profile;
    bool seen[FIELD_COUNT];
};

static int read_field(void *data, const char *section, const char *name, const char *value)
{
    struct reading *reading = data;
    if (*section) {
        return 0;
    }
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (strcmp(fields[i].name, name) == 0 && !reading->seen[i]) {
            reading->seen[i] = true;
            return field_read(&fields[i], reading->profile, value);
        }
    }
    return 0;
}

int profile_load(struct profile *profile, unsigned *line)
{
    char path[FILES_PATH_MOST];
    struct reading reading = {.profile = profile};
    struct arena arena;
    uint8_t *bytes;
    size_t size;
    if (line) {
        *line = 0;
    }
    int status = exchange_path(profile, path);
    if (status != STATUS_OK) {
        return status;
    }
    arena_init(&arena, EXCHANGE_FILE_MOST + 64);
    status = files_read(path, EXCHANGE_FILE_MOST, &arena, &bytes, &size);
    if (status == STATUS_OK) {
        int at = ini_parse_string((const char *)bytes, read_field, &reading);
        status = at == 0 ? STATUS_OK : at < 0 ? STATUS_NO_MEMORY : STATUS_INVALID;
        if (line && at > 0) {
            *line = (unsigned)at;
        }
    }
    for (size_t i = 0; status == STATUS_OK && i < FIELD_COUNT; i++) {
        if (!reading.seen[i]) {
            status = STATUS_INVALID;
        }
    }
    if (status == STATUS_OK) {
        status = note_vkey_parse(profile->vkey, &profile->log_key);
    }
    arena_drop(&arena);
    return status;
}

/* One line of the file. */
static int field_write(const struct field *field, const struct profile *profile, char *out, size_t size)
{
    const void *at = (const char *)profile + field->offset;
    char hex[65];
    const char *value = at;
    if (field->form == FIELD_KEY) {
        value = sodium_bin2hex(hex, sizeof hex, at, field->size);
    } else if (field->form == FIELD_ROLE) {
        value = role_names[*(const Muster__Role *)at];
    } else if (field->form == FIELD_YES) {
        value = *(const bool *)at ? "yes" : "no";
    }
    return snprintf(out, size, "%s = %s\n", field->name, value);
}

int profile_save(const struct profile *profile)
{
    char text[EXCHANGE_FILE_MOST], path[FILES_PATH_MOST];
    int length = snprintf(text, sizeof text, "; The exchange that this profile belongs to. The address may be changed by hand.\n");
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        length += field_write(&fields[i], profile, text + length, sizeof text - (size_t)length);
        if (length >= (int)sizeof text) {
            return STATUS_TOO_LARGE;
        }
    }
    int status = exchange_path(profile, path);
    status = status ? status : files_make_folder(profile->config);
    status = status ? status : files_make_folder(profile->data);
    status = status ? status : files_make_folder(profile->state);
    return status ? status : files_write(path, text, (size_t)length, 0600, true);
}

int profile_key_path(const struct profile *profile, const char *key, char *path)
{
    return files_path(path, profile->data, "keys", key, NULL);
}
