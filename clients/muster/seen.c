/* SPDX-License-Identifier: EUPL-1.2 */
#include "clients/muster/seen.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/muster/figures.h"
#include "proto/status.h"

#define SEEN_MOST ((size_t)16 << 20) /* bytes: 200,000 objects */
#define LINE_MOST 96u                /* an id of 64, a blank, a version */

static int seen_path(const struct profile *profile, const char *noun, char *path)
{
    char name[32];
    snprintf(name, sizeof name, "seen-%s", noun);
    return files_path(path, profile->state, name, NULL);
}

/* Where id stands, or would. The list is sorted bytewise. */
static size_t place_of(const struct seen *seen, const char *id)
{
    size_t low = 0, high = seen->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(seen->list[middle].id, id) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

uint64_t seen_version(const struct seen *seen, const char *id)
{
    size_t at = place_of(seen, id);
    return at < seen->count && strcmp(seen->list[at].id, id) == 0 ? seen->list[at].version : 0;
}

int seen_note(struct seen *seen, struct arena *arena, const char *id, uint64_t version)
{
    size_t at = place_of(seen, id);
    if (at < seen->count && strcmp(seen->list[at].id, id) == 0) {
        seen->changed = seen->changed || seen->list[at].version != version;
        seen->list[at].version = version;
        return STATUS_OK;
    }
    if (seen->count == seen->capacity) {
        size_t capacity = seen->capacity ? seen->capacity * 2 : 64;
        struct seen_entry *list = arena_array(arena, capacity, sizeof *list);
        if (!list) {
            return STATUS_NO_MEMORY;
        }
        if (seen->count) {
            memcpy(list, seen->list, seen->count * sizeof *list);
        }
        seen->list = list;
        seen->capacity = capacity;
    }
    memmove(seen->list + at + 1, seen->list + at, (seen->count - at) * sizeof *seen->list);
    seen->list[at] = (struct seen_entry){.id = id, .version = version};
    seen->count++;
    seen->changed = true;
    return STATUS_OK;
}

int seen_load(const struct profile *profile, const char *noun, struct arena *arena, struct seen *seen)
{
    char path[FILES_PATH_MOST];
    uint8_t *bytes = NULL;
    size_t size = 0;
    *seen = (struct seen){0};
    int status = seen_path(profile, noun, path);
    status = status ? status : files_read(path, SEEN_MOST, arena, &bytes, &size);
    if (status != STATUS_OK) {
        return status == STATUS_NOT_FOUND || status == STATUS_TOO_LARGE ? STATUS_OK : status;
    }
    char *line = (char *)bytes;
    while (*line && status == STATUS_OK) {
        char *end = strchrnul(line, '\n');
        char *next = *end ? end + 1 : end;
        *end = '\0';
        char *blank = strchr(line, ' ');
        uint64_t version = 0;
        if (blank && figures_read_version(blank + 1, &version) == STATUS_OK) {
            *blank = '\0';
            status = seen_note(seen, arena, line, version);
        }
        line = next;
    }
    seen->changed = false;
    return status;
}

int seen_save(const struct profile *profile, const char *noun, struct arena *arena, struct seen *seen)
{
    char path[FILES_PATH_MOST];
    if (!seen->changed) {
        return STATUS_OK;
    }
    size_t size = seen->count * LINE_MOST + 1, length = 0;
    char *text = arena_alloc(arena, size);
    if (!text) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < seen->count; i++) {
        length += (size_t)snprintf(text + length, size - length, "%.70s %" PRIu64 "\n", seen->list[i].id, seen->list[i].version);
    }
    int status = seen_path(profile, noun, path);
    status = status ? status : files_make_folder(profile->state);
    return status ? status : files_write(path, text, length, 0600, true);
}

/* A member of a change by its name. */
static const void *member_of(const ProtobufCMessage *change, const char *name)
{
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(change->descriptor, name);
    return field ? (const uint8_t *)change + field->offset : NULL;
}

/* Changes of one noun: each has the version that it replaced, and an id unless it is a whole set. */
static int note_changes(const struct profile *profile, struct arena *arena, const char *noun, ProtobufCMessage *const *changes, size_t count)
{
    struct seen seen;
    int status = count ? seen_load(profile, noun, arena, &seen) : STATUS_OK;
    for (size_t i = 0; i < count && !status; i++) {
        const void *replaces = member_of(changes[i], "replaces"), *named = member_of(changes[i], "id");
        const char *id = noun;
        uint64_t version = 0;
        if (named) {
            memcpy(&id, named, sizeof id);
        }
        memcpy(&version, replaces, sizeof version);
        status = seen_note(&seen, arena, id, version + 1);
    }
    return status || !count ? status : seen_save(profile, noun, arena, &seen);
}

int seen_note_sent(const struct profile *profile, struct arena *arena, const Muster__Submission *submission)
{
    ProtobufCMessage *const rates = submission->rates ? &submission->rates->base : NULL, *const policy = submission->policy ? &submission->policy->base : NULL;
    int status = note_changes(profile, arena, "item", (ProtobufCMessage *const *)submission->items, submission->n_items);
    status = status ? status : note_changes(profile, arena, "demand", (ProtobufCMessage *const *)submission->demands, submission->n_demands);
    status = status ? status : note_changes(profile, arena, "offer", (ProtobufCMessage *const *)submission->offers, submission->n_offers);
    status = status ? status : note_changes(profile, arena, "fund", (ProtobufCMessage *const *)submission->funds, submission->n_funds);
    status = status ? status : note_changes(profile, arena, "rates", &rates, rates != NULL);
    return status ? status : note_changes(profile, arena, "policy", &policy, policy != NULL);
}
