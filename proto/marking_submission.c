/* SPDX-License-Identifier: EUPL-1.2 */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "proto/base32.h"
#include "proto/marking.h"
#include "proto/marking_scan.h"
#include "proto/status.h"

/* The search of a submission: every text of it through the messages' descriptors, and the codes of false alarms. */

#define CODE_CONTEXT "muster/marking/v1\n"
#define CODE_LETTERS (MARKING_CODE_SIZE - 1)
#define CODE_BYTES 8 /* more than the code shows */
#define DEPTH_MOST 16

static const struct {
    const char *message;
    const char *field;
    bool skipped;
} special_fields[] = {
#define MARKING_CODE_FIELD(message, field) {message, field, false},
#define MARKING_SKIPPED_FIELD(message, field) {message, field, true},
#include "proto/marking_fields.def"
#undef MARKING_CODE_FIELD
#undef MARKING_SKIPPED_FIELD
};

/* Where the walk is. */
struct place {
    uint32_t change;
    const char *noun;   /* the object that the fields belong to: its `id` is shown under that name */
    const char *column; /* set inside a column that is a list of messages; NULL: each field is its own */
    unsigned depth;
};

struct walk {
    struct arena *arena;
    struct marking_hits *hits;
    const Muster__Submission *submission;
    uint8_t changes[crypto_hash_sha256_BYTES]; /* of the changes, once something was found */
    bool hashed;
    size_t capacity;
    int status;
};

static bool is_special(const ProtobufCMessageDescriptor *message, const char *field, bool skipped)
{
    for (size_t at = 0; at < sizeof special_fields / sizeof special_fields[0]; at++) {
        if (special_fields[at].skipped == skipped && strcmp(special_fields[at].message, message->short_name) == 0 &&
            strcmp(special_fields[at].field, field) == 0) {
            return true;
        }
    }
    return false;
}

struct hash_buffer {
    ProtobufCBuffer base;
    crypto_hash_sha256_state state;
};

static void hash_append(ProtobufCBuffer *buffer, size_t length, const uint8_t *data)
{
    crypto_hash_sha256_update(&((struct hash_buffer *)buffer)->state, data, length);
}

/* SHA-256 of the submission's changes and their party: what stays the same when it is signed anew under another id. */
static void hash_changes(const Muster__Submission *submission, uint8_t hash[crypto_hash_sha256_BYTES])
{
    static char empty[] = "";
    Muster__Head no_head = MUSTER__HEAD__INIT;
    Muster__Submission changes = *submission;
    changes.origin = empty;
    changes.log_key = changes.id = changes.signing_key = (ProtobufCBinaryData){0};
    changes.not_after = 0;
    changes.head = &no_head;
    changes.marking = changes.marked_by = empty;
    changes.n_confirmations = 0;
    struct hash_buffer buffer = {.base = {.append = hash_append}};
    crypto_hash_sha256_init(&buffer.state);
    protobuf_c_message_pack_to_buffer(&changes.base, &buffer.base);
    crypto_hash_sha256_final(&buffer.state, hash);
}

static void hash_text(crypto_hash_sha256_state *state, const char *text)
{
    /* With its NUL, so that neighbouring texts can't run into each other. */
    crypto_hash_sha256_update(state, (const uint8_t *)text, strlen(text) + 1);
}

/* The code that confirms this text, in this field, met by this row, among these changes. */
static void make_code(struct walk *walk, const char *field, const char *rule, const char *text, char code[MARKING_CODE_SIZE])
{
    if (!walk->hashed) {
        hash_changes(walk->submission, walk->changes);
        walk->hashed = true;
    }
    crypto_hash_sha256_state state;
    uint8_t hash[crypto_hash_sha256_BYTES];
    char letters[BASE32_LENGTH(CODE_BYTES) + 1];
    crypto_hash_sha256_init(&state);
    hash_text(&state, CODE_CONTEXT);
    crypto_hash_sha256_update(&state, walk->changes, sizeof walk->changes);
    hash_text(&state, field);
    hash_text(&state, rule);
    hash_text(&state, text);
    crypto_hash_sha256_final(&state, hash);
    base32_encode(hash, CODE_BYTES, letters);
    snprintf(code, MARKING_CODE_SIZE, "%.*s", CODE_LETTERS, letters);
}

/* Whether typed, perhaps in groups and small letters, is the code. */
static bool same_code(const char *code, const char *typed)
{
    for (; *typed; typed++) {
        char letter = (char)(*typed >= 'a' && *typed <= 'z' ? *typed - 'a' + 'A' : *typed);
        if (letter == ' ' || letter == '-') {
            continue;
        }
        if (*code != letter) {
            return false;
        }
        code++;
    }
    return *code == '\0';
}

static bool is_confirmed(const Muster__Submission *submission, const char *code)
{
    for (size_t at = 0; at < submission->n_confirmations; at++) {
        if (same_code(code, submission->confirmations[at]->code)) {
            return true;
        }
    }
    return false;
}

static void add_hit(struct walk *walk, const struct marking_hit *hit)
{
    struct marking_hits *hits = walk->hits;
    const struct marking_hit *last = hits->count ? &hits->list[hits->count - 1] : NULL;
    if (last && last->change == hit->change && strcmp(last->code, hit->code) == 0) {
        return; /* an object's id stands in its change as well */
    }
    hits->total++;
    if (hits->count == MARKING_HITS_MOST) {
        return;
    }
    if (!hits->list) {
        hits->list = arena_array(walk->arena, MARKING_HITS_MOST, sizeof *hits->list);
        if (!hits->list) {
            walk->status = STATUS_NO_MEMORY;
            return;
        }
    }
    hits->list[hits->count++] = *hit;
}

static void search_field(struct walk *walk, const ProtobufCMessageDescriptor *message, const char *field, const char *text,
                         const struct place *place)
{
    const char *rule;
    enum marking_found found = marking_search(text, strlen(text), &rule);
    if (found == MARKING_FOUND_NOTHING || is_special(message, field, true) ||
        (found == MARKING_FOUND_WHOLE && is_special(message, field, false))) {
        return;
    }
    struct marking_hit hit = {.change = place->change};
    const char *name = strcmp(field, "id") == 0 && place->noun ? place->noun : field;
    snprintf(hit.field, sizeof hit.field, "%s", place->column ? place->column : name);
    make_code(walk, hit.field, rule, text, hit.code);
    if (is_confirmed(walk->submission, hit.code)) {
        walk->hits->confirmed++;
    } else {
        add_hit(walk, &hit);
    }
}

static void walk_message(struct walk *walk, const ProtobufCMessage *message, struct place place);

/* The noun that a list of changes changes; NULL where its changes have no id of an object. */
static const char *noun_of(const char *list)
{
    static const char *const nouns[][2] = {{"items", "item"}, {"demands", "demand"}, {"offers", "offer"}, {"funds", "fund"}};
    for (size_t at = 0; at < sizeof nouns / sizeof nouns[0]; at++) {
        if (strcmp(nouns[at][0], list) == 0) {
            return nouns[at][1];
        }
    }
    return NULL;
}

/* Lists of changes count the change; the entries of rates and policy do too; a list within an object is a column. */
static struct place enter(const struct place *place, const ProtobufCFieldDescriptor *field, size_t at)
{
    struct place inner = *place;
    inner.depth++;
    if (field->label != PROTOBUF_C_LABEL_REPEATED) {
        inner.noun = strcmp(field->name, "details") == 0 ? "party" : field->name;
        return inner;
    }
    bool entries = strcmp(field->name, "entries") == 0 || strcmp(field->name, "rates") == 0;
    if (place->depth == 0 || (place->depth == 1 && entries)) {
        inner.change = (uint32_t)at;
        inner.noun = noun_of(field->name);
    } else if (!inner.column) {
        inner.column = field->name;
    }
    return inner;
}

static void walk_field(struct walk *walk, const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                       const struct place *place)
{
    const uint8_t *member = (const uint8_t *)message + field->offset;
    bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
    size_t count = repeated ? *(const size_t *)((const uint8_t *)message + field->quantifier_offset) : 1;
    void *const *values = repeated ? *(void *const *const *)member : (void *const *)member;
    for (size_t at = 0; at < count && walk->status == STATUS_OK; at++) {
        if (!values[at]) {
            continue;
        }
        if (field->type == PROTOBUF_C_TYPE_STRING) {
            search_field(walk, message->descriptor, field->name, values[at], place);
        } else {
            walk_message(walk, values[at], enter(place, field, at));
        }
    }
}

static void walk_message(struct walk *walk, const ProtobufCMessage *message, struct place place)
{
    if (place.depth > DEPTH_MOST) {
        walk->status = STATUS_INVALID;
        return;
    }
    for (unsigned at = 0; at < message->descriptor->n_fields && walk->status == STATUS_OK; at++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[at];
        if (field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_MESSAGE) {
            walk_field(walk, message, field, &place);
        }
    }
}

int marking_scan_submission(const Muster__Submission *submission, struct arena *arena, struct marking_hits *hits)
{
    *hits = (struct marking_hits){0};
    struct walk walk = {.arena = arena, .hits = hits, .submission = submission};
    walk_message(&walk, &submission->base, (struct place){0});
    if (hits->total > MARKING_HITS_MOST) {
        for (size_t at = 0; at < hits->count; at++) {
            hits->list[at].code[0] = '\0';
        }
    }
    if (walk.status != STATUS_OK) {
        return walk.status;
    }
    return hits->total ? STATUS_INVALID : STATUS_OK;
}
