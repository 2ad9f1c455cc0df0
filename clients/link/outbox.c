/* SPDX-License-Identifier: EUPL-1.2 */
#include "clients/link/outbox.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "proto/envelope.h"
#include "proto/status.h"

#define DIGITS_LEAST 8u /* that are shown: ids begin with a time, so several may share more */
#define PREFIX_LEAST 4u

static int entry_path(const struct profile *profile, const char *id, const char *ending, char *path)
{
    char name[OUTBOX_ID_HEX + 16];
    snprintf(name, sizeof name, "%s%s", id, ending);
    return files_path(path, profile->state, "outbox", name, NULL);
}

static void hexadecimal(const uint8_t id[16], char *text)
{
    sodium_bin2hex(text, OUTBOX_ID_HEX, id, 16);
}

int outbox_keep(const struct profile *profile, const uint8_t id[16], const void *envelope, size_t size)
{
    char text[OUTBOX_ID_HEX], path[FILES_PATH_MOST];
    hexadecimal(id, text);
    int status = files_path(path, profile->state, "outbox", NULL);
    status = status ? status : files_make_folder(path);
    status = status ? status : entry_path(profile, text, "", path);
    return status ? status : files_write(path, envelope, size, 0600, true);
}

int outbox_expire(const struct profile *profile, const uint8_t id[16])
{
    char text[OUTBOX_ID_HEX], path[FILES_PATH_MOST];
    hexadecimal(id, text);
    int status = entry_path(profile, text, ".expired", path);
    return status ? status : files_write(path, "", 0, 0600, true);
}

int outbox_drop(const struct profile *profile, const uint8_t id[16])
{
    char text[OUTBOX_ID_HEX], path[FILES_PATH_MOST];
    hexadecimal(id, text);
    int status = entry_path(profile, text, "", path);
    status = status ? status : files_remove(path);
    status = status ? status : entry_path(profile, text, ".expired", path);
    return status ? status : files_remove(path);
}

static bool is_id(const char *name)
{
    return strlen(name) == OUTBOX_ID_HEX - 1 && strspn(name, "0123456789abcdef") == OUTBOX_ID_HEX - 1;
}

static int read_entry(const struct profile *profile, const char *id, struct arena *arena, struct outbox_entry *entry)
{
    char path[FILES_PATH_MOST];
    *entry = (struct outbox_entry){0};
    snprintf(entry->id, sizeof entry->id, "%s", id);
    int status = entry_path(profile, id, "", path);
    status = status ? status : files_read(path, ENVELOPE_MOST, arena, &entry->envelope, &entry->size);
    if (status != STATUS_OK) {
        return status;
    }
    if (envelope_unpack(entry->envelope, entry->size, arena, &entry->submission, NULL) != STATUS_OK) {
        entry->submission = NULL;
    }
    status = entry_path(profile, id, ".expired", path);
    entry->expired = status == STATUS_OK && files_exist(path);
    return status;
}

struct gathering {
    const struct profile *profile;
    struct arena *arena;
    char (*ids)[OUTBOX_ID_HEX];
    size_t count;
    const char *prefix;
};

static int gather(void *data, const char *name)
{
    struct gathering *gathering = data;
    if (!is_id(name) || strncmp(name, gathering->prefix, strlen(gathering->prefix)) != 0) {
        return STATUS_OK;
    }
    if (gathering->count == OUTBOX_MOST) {
        return STATUS_TOO_LARGE;
    }
    snprintf(gathering->ids[gathering->count++], OUTBOX_ID_HEX, "%s", name);
    return STATUS_OK;
}

static int gather_ids(const struct profile *profile, const char *prefix, struct arena *arena, struct gathering *gathering)
{
    char folder[FILES_PATH_MOST];
    *gathering = (struct gathering){.profile = profile, .arena = arena, .prefix = prefix};
    gathering->ids = arena_array(arena, OUTBOX_MOST, sizeof *gathering->ids);
    int status = gathering->ids ? STATUS_OK : STATUS_NO_MEMORY;
    status = status ? status : files_path(folder, profile->state, "outbox", NULL);
    return status ? status : files_each(folder, arena, gather, gathering);
}

int outbox_list(const struct profile *profile, struct arena *arena, struct outbox_entry **entries, size_t *count)
{
    struct gathering gathering;
    *count = 0;
    int status = gather_ids(profile, "", arena, &gathering);
    if (status != STATUS_OK) {
        return status;
    }
    *entries = arena_array(arena, gathering.count, sizeof **entries);
    if (!*entries) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < gathering.count && status == STATUS_OK; i++) {
        status = read_entry(profile, gathering.ids[i], arena, &(*entries)[i]);
        *count = i + 1;
    }
    return status;
}

int outbox_find(const struct profile *profile, const char *text, struct arena *arena, struct outbox_entry *entry)
{
    struct gathering gathering;
    char prefix[OUTBOX_ID_HEX];
    size_t length = strlen(text);
    if (length < PREFIX_LEAST || length >= OUTBOX_ID_HEX) {
        return STATUS_INVALID;
    }
    for (size_t i = 0; i <= length; i++) {
        prefix[i] = (char)tolower((unsigned char)text[i]);
    }
    if (strspn(prefix, "0123456789abcdef") != length) {
        return STATUS_INVALID;
    }
    int status = gather_ids(profile, prefix, arena, &gathering);
    if (status != STATUS_OK) {
        return status;
    }
    if (gathering.count != 1) {
        return gathering.count ? STATUS_EXISTS : STATUS_NOT_FOUND;
    }
    return read_entry(profile, gathering.ids[0], arena, entry);
}

int outbox_digits(const struct outbox_entry *entries, size_t count, size_t at)
{
    size_t digits = DIGITS_LEAST;
    for (size_t i = 0; i < count; i++) {
        while (i != at && digits < OUTBOX_ID_HEX - 1 && strncmp(entries[i].id, entries[at].id, digits) == 0) {
            digits++;
        }
    }
    return (int)digits;
}
