/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/tlog_tree.h"

#include <stdlib.h>
#include <string.h>

#include "proto/status.h"

static uint8_t *hash_at(const struct tlog_tree *tree, unsigned level, uint64_t index)
{
    return tree->levels[level] + index * TLOG_HASH_SIZE;
}

static int make_room(struct tlog_tree *tree, unsigned level, uint64_t index)
{
    if (index < tree->room[level]) {
        return STATUS_OK;
    }
    size_t room = tree->room[level] ? tree->room[level] * 2 : 64;
    uint8_t *wider = realloc(tree->levels[level], room * TLOG_HASH_SIZE);
    if (!wider) {
        return STATUS_NO_MEMORY;
    }
    tree->levels[level] = wider;
    tree->room[level] = room;
    return STATUS_OK;
}

int tlog_tree_append(struct tlog_tree *tree, const uint8_t leaf[TLOG_HASH_SIZE])
{
    uint64_t index = tree->size;
    if (index >= TLOG_TREE_LEAVES_MOST) {
        return STATUS_TOO_LARGE;
    }
    int status = make_room(tree, 0, index);
    if (status != STATUS_OK) {
        return status;
    }
    memcpy(hash_at(tree, 0, index), leaf, TLOG_HASH_SIZE);
    for (unsigned level = 0; index & 1; level++, index >>= 1) {
        status = make_room(tree, level + 1, index >> 1);
        if (status != STATUS_OK) {
            return status;
        }
        tlog_node_hash(hash_at(tree, level, index - 1), hash_at(tree, level, index), hash_at(tree, level + 1, index >> 1));
    }
    tree->size++;
    return STATUS_OK;
}

void tlog_tree_cut(struct tlog_tree *tree, uint64_t size)
{
    tree->size = size < tree->size ? size : tree->size;
}

const uint8_t *tlog_tree_leaf(const struct tlog_tree *tree, uint64_t index)
{
    return hash_at(tree, 0, index);
}

static int read_node(void *data, unsigned level, uint64_t index, uint8_t hash[TLOG_HASH_SIZE])
{
    const struct tlog_tree *tree = data;
    if (level >= TLOG_TREE_LEVELS || index >= tree->size >> level) {
        return STATUS_INVALID;
    }
    memcpy(hash, hash_at(tree, level, index), TLOG_HASH_SIZE);
    return STATUS_OK;
}

struct tlog_nodes tlog_tree_nodes(const struct tlog_tree *tree)
{
    return (struct tlog_nodes){.read = read_node, .data = (void *)(uintptr_t)tree};
}

int tlog_tree_root(const struct tlog_tree *tree, uint64_t size, uint8_t root[TLOG_HASH_SIZE])
{
    struct tlog_nodes nodes = tlog_tree_nodes(tree);
    return size > tree->size ? STATUS_INVALID : tlog_root(&nodes, size, root);
}

void tlog_tree_free(struct tlog_tree *tree)
{
    for (unsigned level = 0; level < TLOG_TREE_LEVELS; level++) {
        free(tree->levels[level]);
    }
    *tree = (struct tlog_tree){0};
}
