/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/system/disk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/torture/record.h"
#include "tests/unit/scratch.h"

#define SECTOR 512u
#define FILES 2u /* the store's and its journal */

struct call {
    struct record_head head;
    const uint8_t *bytes;
};

struct disk {
    char *recording;
    struct call *calls;
    size_t count;
    uint64_t sizes[FILES]; /* of the largest images */
};

struct disk *disk_read(const char *path)
{
    size_t length = 0;
    struct disk *disk = calloc(1, sizeof *disk);
    disk->recording = scratch_read(path, &length);
    for (size_t at = 0; disk->recording && at + sizeof(struct record_head) <= length;) {
        struct call call;
        memcpy(&call.head, disk->recording + at, sizeof call.head);
        call.bytes = (const uint8_t *)disk->recording + at + sizeof call.head;
        at += sizeof call.head + call.head.length;
        if (at > length) {
            break;
        }
        disk->calls = realloc(disk->calls, (disk->count + 1) * sizeof *disk->calls);
        disk->calls[disk->count++] = call;
        if (call.head.file >= FILES) {
            break;
        }
        if (call.head.offset + call.head.length > disk->sizes[call.head.file]) {
            disk->sizes[call.head.file] = call.head.offset + call.head.length;
        }
    }
    if (!disk->count) {
        disk_free(disk);
        return NULL;
    }
    return disk;
}

void disk_free(struct disk *disk)
{
    if (disk) {
        free(disk->recording);
        free(disk->calls);
        free(disk);
    }
}

size_t disk_calls(const struct disk *disk)
{
    return disk->count;
}

struct image {
    uint8_t *bytes;
    uint64_t length;
    struct seeded seeded;
};

static bool coin(struct image *image)
{
    uint8_t byte;
    image->seeded.random.fill(image->seeded.random.data, &byte, 1);
    return byte & 1;
}

static void apply_bytes(struct image *image, uint64_t offset, const uint8_t *bytes, uint64_t length)
{
    memcpy(image->bytes + offset, bytes, length);
    if (offset + length > image->length) {
        image->length = offset + length;
    }
}

static void apply_call(struct image *image, const struct call *call)
{
    if (call->head.kind == RECORD_TRUNCATE) {
        if (call->head.offset > image->length) {
            memset(image->bytes + image->length, 0, call->head.offset - image->length);
        }
        image->length = call->head.offset;
    } else {
        apply_bytes(image, call->head.offset, call->bytes, call->head.length);
    }
}

/* A write that no flush has covered. */
static void apply_unsure(struct image *image, const struct call *call, enum disk_cut cut)
{
    if (cut == DISK_ALL || (cut == DISK_SOME && coin(image))) {
        apply_call(image, call);
    }
    if (cut != DISK_TORN || call->head.kind == RECORD_TRUNCATE) {
        return;
    }
    uint64_t end = call->head.offset + call->head.length;
    for (uint64_t at = call->head.offset; at < end;) {
        uint64_t next = (at / SECTOR + 1) * SECTOR;
        next = next < end ? next : end;
        if (coin(image)) {
            apply_bytes(image, at, call->bytes + (at - call->head.offset), next - at);
        }
        at = next;
    }
}

static bool is_write(uint32_t kind)
{
    return kind == RECORD_WRITE || kind == RECORD_DURABLE_WRITE || kind == RECORD_TRUNCATE;
}

/* Whether call i is surely on the disk at the cut: durable by itself, or a flush completed behind it. */
static void mark_sure(const struct disk *disk, size_t at, bool no_flush, bool *sure)
{
    bool flushed[FILES] = {false};
    for (size_t i = at; i-- > 0;) {
        uint32_t kind = disk->calls[i].head.kind;
        uint64_t file = disk->calls[i].head.file;
        flushed[file] = flushed[file] || (kind == RECORD_FLUSH && !no_flush);
        sure[i] = flushed[file] || (kind == RECORD_DURABLE_WRITE && !no_flush);
    }
}

/* What the calls before the cut left of one file. *any: one of them was for it. */
static void fill_image(const struct disk *disk, size_t at, enum disk_cut cut, const bool *sure, uint64_t file, struct image *image, bool *any)
{
    for (size_t i = 0; i <= at && i < disk->count; i++) {
        const struct call *call = &disk->calls[i];
        if (call->head.file != file || !is_write(call->head.kind)) {
            continue;
        }
        *any = true;
        if (sure[i]) {
            apply_call(image, call);
        } else {
            apply_unsure(image, call, cut);
        }
    }
}

static bool was_placed(const struct disk *disk, size_t at)
{
    for (size_t i = 0; i < at && i < disk->count; i++) {
        if (disk->calls[i].head.kind == RECORD_PLACED) {
            return true;
        }
    }
    return false;
}

/* Several askers may note what they were told in another order. */
static uint64_t told(const struct disk *disk, size_t at)
{
    uint64_t greatest = UINT64_MAX;
    for (size_t i = 0; i < at && i < disk->count; i++) {
        uint64_t one = 0;
        if (disk->calls[i].head.kind == RECORD_ACKNOWLEDGED) {
            memcpy(&one, disk->calls[i].bytes, sizeof one);
            greatest = greatest == UINT64_MAX || one > greatest ? one : greatest;
        }
    }
    return greatest;
}

void disk_image(const struct disk *disk, size_t at, enum disk_cut cut, uint64_t seed, bool no_flush, const char *folder,
                uint64_t *acknowledged)
{
    bool *sure = calloc(disk->count + 1, sizeof *sure);
    bool placed = was_placed(disk, at);
    char path[400];
    mark_sure(disk, at, no_flush, sure);
    snprintf(path, sizeof path, "%s/store.new", folder);
    if (!placed) {
        mkdir(path, 0700);
    }
    for (uint64_t file = 0; file < FILES; file++) {
        struct image image = {.bytes = calloc(1, disk->sizes[file] + 1)};
        bool any = file == 0;
        seeded_start(&image.seeded, seed + file);
        fill_image(disk, at, cut, sure, file, &image, &any);
        snprintf(path, sizeof path, "%s/%s", folder, file ? "journal" : placed ? "data.mdb" : "store.new/data.mdb");
        if (any) {
            scratch_write(path, image.bytes, image.length);
        } else {
            unlink(path);
        }
        free(image.bytes);
    }
    *acknowledged = told(disk, at);
    free(sure);
}
