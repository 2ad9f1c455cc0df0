/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef STORE_LOG_ROWS_H
#define STORE_LOG_ROWS_H

#include <stdint.h>

#include "proto/entry.h"
#include "proto/tlog.h"
#include "store/log.h"

/* How the log's parts lie in its tables; for the log, its verification and a rebuild alone. */

struct log_leaf_row {
    uint64_t time;
    uint8_t commit[TLOG_HASH_SIZE];
    char kind[TLOG_KIND_MOST + 1];
};

/* STATUS_NOT_FOUND, STATUS_CORRUPT. */
int log_row_leaf(struct store_txn *txn, uint64_t position, struct log_leaf_row *row);

/* Leaf, body with nonce, and envelope of a new entry. */
int log_rows_append(struct store_txn *txn, uint64_t position, const struct log_entry *entry, const uint8_t commit[TLOG_HASH_SIZE]);

/* (party, id) -> position and hash of the envelope. */
int log_row_submission(struct store_txn *txn, uint64_t position, const struct entry_body *body);

/* What is left of a redacted entry: all but kind and time, which its leaf has. */
int log_row_put_redacted(struct store_txn *txn, uint64_t position, const struct log_redacted *redacted);
int log_row_redacted(struct store_txn *txn, uint64_t position, struct log_redacted *redacted);

/*
 * Where a tree node lies: nodes are numbered as they become complete, so a new leaf's are always the last. Before leaf n
 * there are 2n - (ones in n) nodes; a node of a level is complete with the last leaf that it covers.
 */
uint64_t log_node_place(unsigned level, uint64_t index);

/* Adds a leaf to the tree: its own node and those that it completes. */
int log_row_append_node(struct store_txn *txn, uint64_t position, const uint8_t leaf[TLOG_HASH_SIZE]);

/* A node's hash. STATUS_NOT_FOUND, STATUS_CORRUPT. */
int log_row_node(struct store_txn *txn, unsigned level, uint64_t index, uint8_t hash[TLOG_HASH_SIZE]);

/* The stored nodes as a source for proofs. */
struct tlog_nodes log_nodes(struct store_txn *txn);

#endif
