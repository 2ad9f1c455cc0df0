/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_TLOG_TREE_H
#define PROTO_TLOG_TREE_H

#include "proto/tlog.h"

/*
 * A whole tree in memory, for who follows a log and keeps every leaf hash: 64 bytes a leaf, a leaf added in constant time on average,
 * the root at any size in a read a level. One thread at a time.
 */

#define TLOG_TREE_LEVELS 40u
#define TLOG_TREE_LEAVES_MOST (UINT64_C(1) << 32) /* 256 GiB: no process reaches it */

struct tlog_tree {
    uint8_t *levels[TLOG_TREE_LEVELS]; /* hashes of complete subtrees; level 0 are the leaves */
    size_t room[TLOG_TREE_LEVELS];     /* hashes that fit */
    uint64_t size;                     /* leaves */
};

/* An empty tree is all zeros. STATUS_NO_MEMORY, STATUS_TOO_LARGE; then the tree is as before. */
int tlog_tree_append(struct tlog_tree *tree, const uint8_t leaf[TLOG_HASH_SIZE]);

/* Forgets the leaves from size on. */
void tlog_tree_cut(struct tlog_tree *tree, uint64_t size);

/* A leaf's hash, index below size; the leaves' hashes lie one after the other. */
const uint8_t *tlog_tree_leaf(const struct tlog_tree *tree, uint64_t index);

/* The root over the first size leaves. STATUS_INVALID: there are not so many. */
int tlog_tree_root(const struct tlog_tree *tree, uint64_t size, uint8_t root[TLOG_HASH_SIZE]);

/* The tree as a source for proofs; it must outlive it. */
struct tlog_nodes tlog_tree_nodes(const struct tlog_tree *tree);

void tlog_tree_free(struct tlog_tree *tree);

#endif
