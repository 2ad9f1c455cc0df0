/* SPDX-License-Identifier: EUPL-1.2 */
#include "clients/link/audit.h"

#include <string.h>

#include "proto/status.h"
#include "proto/tlog.h"

#define STRETCH_ARENA_CAP ((size_t)64 << 20)

/* One audit under way. */
struct following {
    struct audit *audit;
    const struct note_key *key;
    const struct tlog_head *head;
    const struct audit_source *source;
    struct audit_report *report;
    uint64_t covered;   /* entries that a signed head was found to cover */
    uint64_t last_time; /* of the bodies read */
};

static int found(struct following *following, enum audit_fault fault, uint64_t from, uint64_t to)
{
    following->report->fault = fault;
    following->report->from = from;
    following->report->to = to;
    return STATUS_OK;
}

static bool holds(const struct following *following)
{
    return following->report->fault == AUDIT_HOLDS;
}

/* Whether a note says that it is of this log: its first line. One of another log is not ours to check. */
static bool is_of_log(const struct note_key *key, const ProtobufCBinaryData *note)
{
    size_t length = strlen(key->name);
    return note->len > length && memcmp(note->data, key->name, length) == 0 && note->data[length] == '\n';
}

/* The heads of the batches that ended in the stretch, each over the entries that were shown. */
static int check_heads(struct following *following, const Muster__LogAnswer *answer, uint64_t from, uint64_t to)
{
    struct audit_report *report = following->report;
    for (size_t at = 0; at < answer->n_heads && holds(following); at++) {
        const ProtobufCBinaryData *note = &answer->heads[at];
        struct tlog_head head;
        uint8_t root[TLOG_HASH_SIZE];
        if (!is_of_log(following->key, note)) {
            report->foreign_heads++;
            continue;
        }
        if (tlog_head_open(following->key, (const char *)note->data, note->len, &head, NULL) != STATUS_OK) {
            return found(following, AUDIT_UNSIGNED, following->covered, to);
        }
        if (head.size <= from || head.size > to) {
            return found(following, AUDIT_MALFORMED, from, to);
        }
        int status = tlog_tree_root(&following->audit->tree, head.size, root);
        if (status != STATUS_OK) {
            return status;
        }
        if (memcmp(root, head.root, sizeof root) != 0) {
            return found(following, AUDIT_UNCOVERED, following->covered, head.size);
        }
        following->covered = head.size;
        report->heads++;
    }
    return STATUS_OK;
}

/* A body that may be read must be what its leaf commits to, and log time must not fall from one to the next. */
static int check_body(struct following *following, const Muster__LogBody *shown, uint64_t from, uint64_t to, uint64_t *after)
{
    struct entry_body body;
    uint8_t commit[TLOG_HASH_SIZE], leaf[TLOG_HASH_SIZE];
    if (shown->position < *after || shown->position < from || shown->position >= to || shown->nonce.len != TLOG_NONCE_SIZE) {
        return found(following, AUDIT_MALFORMED, from, to);
    }
    *after = shown->position + 1;
    tlog_commit(shown->nonce.data, shown->body.data, shown->body.len, commit);
    if (entry_body_parse(shown->body.data, shown->body.len, &body) != STATUS_OK || tlog_entry_leaf(body.kind, shown->position, commit, leaf) != STATUS_OK ||
        memcmp(leaf, tlog_tree_leaf(&following->audit->tree, shown->position), sizeof leaf) != 0) {
        return found(following, AUDIT_BODY, shown->position, shown->position + 1);
    }
    if (body.time < following->last_time) {
        return found(following, AUDIT_TIME, shown->position, shown->position + 1);
    }
    following->last_time = body.time;
    following->report->bodies++;
    const struct audit_source *source = following->source;
    return source->body ? source->body(source->data, shown->position, &body) : STATUS_OK;
}

static int check_redaction(struct following *following, const Muster__LogRedaction *redaction, uint64_t from, uint64_t to)
{
    const struct audit_source *source = following->source;
    if (redaction->entry < from || redaction->entry >= to || redaction->position >= redaction->entry || redaction->confirmed >= redaction->entry ||
        redaction->proposed >= redaction->confirmed) {
        return found(following, AUDIT_MALFORMED, from, to);
    }
    return source->redaction ? source->redaction(source->data, redaction) : STATUS_OK;
}

static int take_stretch(struct following *following, const Muster__LogAnswer *answer, uint64_t from)
{
    struct tlog_tree *tree = &following->audit->tree;
    uint64_t count = answer->leaves.len / TLOG_HASH_SIZE, after = 0;
    if (answer->leaves.len % TLOG_HASH_SIZE || count == 0 || count > following->head->size - from) {
        return found(following, AUDIT_MALFORMED, from, following->head->size);
    }
    int status = STATUS_OK;
    for (uint64_t at = 0; at < count && status == STATUS_OK; at++) {
        status = tlog_tree_append(tree, answer->leaves.data + at * TLOG_HASH_SIZE);
    }
    if (status == STATUS_OK) {
        status = check_heads(following, answer, from, from + count);
    }
    for (size_t at = 0; at < answer->n_bodies && status == STATUS_OK && holds(following); at++) {
        status = check_body(following, answer->bodies[at], from, from + count, &after);
    }
    for (size_t at = 0; at < answer->n_redactions && status == STATUS_OK && holds(following); at++) {
        status = check_redaction(following, answer->redactions[at], from, from + count);
    }
    return status;
}

/* Of the entries that were followed before, the first that is now shown as another. */
static int find_difference(struct following *following, uint64_t most)
{
    const struct audit_source *source = following->source;
    for (uint64_t from = 0; from < most;) {
        const Muster__LogAnswer *answer = NULL;
        struct arena arena;
        arena_init(&arena, STRETCH_ARENA_CAP);
        int status = source->read(source->data, from, most, &arena, &answer);
        uint64_t count = status == STATUS_OK ? answer->leaves.len / TLOG_HASH_SIZE : 0, at = 0;
        count = count > most - from ? most - from : count;
        while (at < count && memcmp(answer->leaves.data + at * TLOG_HASH_SIZE, tlog_tree_leaf(&following->audit->tree, from + at), TLOG_HASH_SIZE) == 0) {
            at++;
        }
        arena_drop(&arena);
        if (status != STATUS_OK) {
            return status;
        }
        if (at < count) {
            return found(following, AUDIT_REWRITTEN, from + at, most);
        }
        if (!count) {
            return found(following, AUDIT_MALFORMED, from, most);
        }
        from += count;
    }
    return STATUS_OK;
}

static int follow(struct following *following)
{
    struct tlog_tree *tree = &following->audit->tree;
    const struct audit_source *source = following->source;
    uint64_t size = following->head->size;
    uint8_t root[TLOG_HASH_SIZE];
    while (tree->size < size && holds(following)) {
        const Muster__LogAnswer *answer = NULL;
        struct arena arena;
        uint64_t from = tree->size;
        arena_init(&arena, STRETCH_ARENA_CAP);
        int status = source->read(source->data, from, size, &arena, &answer);
        status = status == STATUS_OK ? take_stretch(following, answer, from) : status;
        arena_drop(&arena);
        if (status != STATUS_OK) {
            return status;
        }
    }
    if (!holds(following)) {
        return STATUS_OK;
    }
    int status = tlog_tree_root(tree, size, root);
    if (status == STATUS_OK && memcmp(root, following->head->root, sizeof root) != 0) {
        return found(following, AUDIT_UNCOVERED, following->covered, size);
    }
    return status;
}

/* A shorter log, or another of the same size: is it the beginning of what was followed? */
static int follow_back(struct following *following)
{
    uint8_t root[TLOG_HASH_SIZE];
    uint64_t size = following->head->size;
    int status = tlog_tree_root(&following->audit->tree, size, root);
    if (status != STATUS_OK) {
        return status;
    }
    if (memcmp(root, following->head->root, sizeof root) == 0) {
        return size == following->audit->head.size ? STATUS_OK : found(following, AUDIT_SHORTER, size, following->audit->head.size);
    }
    status = find_difference(following, size);
    return status == STATUS_OK && holds(following) ? found(following, AUDIT_UNCOVERED, 0, size) : status;
}

int audit_follow(struct audit *audit, const struct note_key *key, const struct tlog_head *head, const struct audit_source *source,
                 struct audit_report *report)
{
    uint64_t known = audit->head.size;
    struct following following = {.audit = audit, .key = key, .head = head, .source = source, .report = report, .covered = known};
    *report = (struct audit_report){.known = known};
    int status = head->size <= known ? follow_back(&following) : follow(&following);
    /* What does not hold under the new head may do so because it was changed before: that comes first. */
    if (status == STATUS_OK && report->fault == AUDIT_UNCOVERED && head->size > known && known > 0) {
        struct audit_report later = *report;
        report->fault = AUDIT_HOLDS;
        status = find_difference(&following, known);
        if (status == STATUS_OK && report->fault == AUDIT_HOLDS) {
            *report = later;
        }
    }
    if (status == STATUS_OK && report->fault == AUDIT_HOLDS && head->size > known) {
        report->added = head->size - known;
        audit->head = *head;
    }
    tlog_tree_cut(&audit->tree, audit->head.size);
    return status;
}

int audit_compare(const struct audit *audit, const struct tlog_head *head)
{
    uint8_t root[TLOG_HASH_SIZE];
    if (head->size > audit->head.size) {
        return STATUS_NOT_FOUND;
    }
    int status = tlog_tree_root(&audit->tree, head->size, root);
    return status == STATUS_OK && memcmp(root, head->root, sizeof root) != 0 ? STATUS_CORRUPT : status;
}
