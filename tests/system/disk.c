/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/system/disk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/torture/record.h"
#include "tests/unit/scratch.h"

#define SECTOR 512u

struct call {
    struct record_head head;
    const uint8_t *bytes;
};

struct disk {
    char *recording;
    struct call *calls;
    size_t count;
    uint64_t size; /* of the largest image */
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
        if (call.head.offset + call.head.length > disk->size) {
            disk->size = call.head.offset + call.head.length;
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
    bool flushed = false;
    for (size_t i = at; i-- > 0;) {
        uint32_t kind = disk->calls[i].head.kind;
        flushed = flushed || (kind == RECORD_FLUSH && !no_flush);
        sure[i] = flushed || (kind == RECORD_DURABLE_WRITE && !no_flush);
    }
}

void disk_image(const struct disk *disk, size_t at, enum disk_cut cut, uint64_t seed, bool no_flush, const char *folder,
                uint64_t *acknowledged)
{
    struct image image = {.bytes = calloc(1, disk->size + 1)};
    bool *sure = calloc(disk->count + 1, sizeof *sure);
    *acknowledged = UINT64_MAX;
    seeded_start(&image.seeded, seed);
    mark_sure(disk, at, no_flush, sure);
    for (size_t i = 0; i <= at && i < disk->count; i++) {
        const struct call *call = &disk->calls[i];
        if (call->head.kind == RECORD_ACKNOWLEDGED && i < at) {
            uint64_t told = 0;
            memcpy(&told, call->bytes, sizeof told);
            /* Several askers may note what they were told in another order. */
            *acknowledged = *acknowledged == UINT64_MAX || told > *acknowledged ? told : *acknowledged;
        } else if (is_write(call->head.kind)) {
            if (sure[i]) {
                apply_call(&image, call);
            } else {
                apply_unsure(&image, call, cut);
            }
        }
    }
    bool placed = false;
    for (size_t i = 0; i < at && i < disk->count; i++) {
        placed = placed || disk->calls[i].head.kind == RECORD_PLACED;
    }
    char path[400];
    snprintf(path, sizeof path, "%s/store.new", folder);
    if (!placed) {
        mkdir(path, 0700);
    }
    snprintf(path, sizeof path, "%s/%sdata.mdb", folder, placed ? "" : "store.new/");
    scratch_write(path, image.bytes, image.length);
    free(sure);
    free(image.bytes);
}
