/* SPDX-License-Identifier: EUPL-1.2 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "clients/link/audit.h"
#include "clients/link/head.h"
#include "clients/muster/audit.h"
#include "clients/muster/commands.h"
#include "clients/muster/complain.h"
#include "clients/muster/figures.h"
#include "clients/muster/session.h"
#include "proto/fingerprint.h"
#include "proto/status.h"

/* The log's heads, to be compared with what others saw, and the key by which a receipt or a head is checked without a profile. */

int log_key(struct context *context, struct note_key *key)
{
    const char *given = context->value[OPTION_VKEY];
    if (given) {
        return note_vkey_parse(given, key) == STATUS_OK
                   ? EXIT_CODE_DONE
                   : complain(EXIT_CODE_USAGE, "--vkey: this is no key of a log. Expected: its name, '+', eight digits, '+' and base64, as the coordinator published it.");
    }
    int code = session_profile(context);
    *key = context->profile.log_key;
    return code;
}

const char *log_head_words(struct context *context, const struct note_key *key, const struct tlog_head *head)
{
    char words[FINGERPRINT_TEXT_SIZE];
    const char *text = fingerprint_head(key->name, head, words) == STATUS_OK ? arena_string(&context->arena, words) : NULL;
    return text ? text : "";
}

json_t *log_head_json(struct context *context, const struct note_key *key, const struct tlog_head *head)
{
    char root[2 * TLOG_HASH_SIZE + 1];
    sodium_bin2hex(root, sizeof root, head->root, sizeof head->root);
    return json_pack("{s:s, s:I, s:s, s:s}", "origin", key->name, "size", (json_int_t)head->size, "root", root, "words", log_head_words(context, key, head));
}

int log_head_run(struct context *context, int count, char **words)
{
    struct head head;
    uint8_t *note = NULL;
    size_t size = 0;
    int code = session_profile(context);
    code = code ? code : session_link(context, false);
    code = code ? code : audit_newest(context);
    if (code) {
        return code;
    }
    if (head_load(&context->profile, &head) != STATUS_OK || head_read_note(&context->profile, &context->arena, &note, &size) != STATUS_OK || !size) {
        return complain_file("read", context->profile.state);
    }
    if (count && files_write(words[0], note, size, 0644, true) != STATUS_OK) {
        return complain_file("write", words[0]);
    }
    if (output_value(&context->output, log_head_json(context, &context->profile.log_key, &head.head))) {
        return EXIT_CODE_DONE;
    }
    output_wrap(&context->output, "Head %s of %s: %s", figures_count(head.head.size).text, context->profile.log_key.name, log_head_words(context, &context->profile.log_key, &head.head));
    output_wrap(&context->output, count ? "Signed, in %s. Who has another head compares it with: muster log compare" : "To compare it file against file: muster log head FILE", count ? words[0] : "");
    return EXIT_CODE_DONE;
}

/* A head in a file: the signed note, checked. */
static int read_head(struct context *context, const struct note_key *key, const char *path, struct tlog_head *head)
{
    uint8_t *note = NULL;
    size_t size = 0;
    int status = files_read(path, NOTE_MOST, &context->arena, &note, &size);
    if (status == STATUS_NOT_FOUND) {
        return complain(EXIT_CODE_INPUT, "there is no file %s.", path);
    }
    if (status == STATUS_OK) {
        status = tlog_head_open(key, (const char *)note, size, head, NULL);
    }
    switch (status) {
    case STATUS_OK:
        return EXIT_CODE_DONE;
    case STATUS_NO_MEMORY:
        return complain_memory();
    case STATUS_IO:
        return complain_file("read", path);
    case STATUS_FORGED:
        return complain(EXIT_CODE_INPUT, "%s is not signed by the key of %s. It proves nothing.", path, key->name);
    default:
        return complain(EXIT_CODE_INPUT, "%s is no signed head of %s. Expected: what muster log head FILE writes.", path, key->name);
    }
}

static int tell_compared(struct context *context, const struct note_key *key, const struct tlog_head *left, const struct tlog_head *right, const char *verdict, const char *sentence, int code)
{
    json_t *value = json_pack("{s:s, s:o, s:o}", "verdict", verdict, "first", log_head_json(context, key, left), "second", log_head_json(context, key, right));
    if (output_value(&context->output, value)) {
        return code;
    }
    output_wrap(&context->output, "%s", sentence);
    output_field(&context->output, 14, "Head", "%s  %s", figures_count(left->size).text, log_head_words(context, key, left));
    output_field(&context->output, 14, "Head", "%s  %s", figures_count(right->size).text, log_head_words(context, key, right));
    return code;
}

#define FORKED "TWO HISTORIES. Both heads are signed by the log's key, and they can't both be true: the exchange showed two parties two logs. Keep both files; tell your coordinator and your security officer."

/* Two heads by themselves: only of one size can they be told apart without the entries between. */
static int compare_pair(struct context *context, const struct note_key *key, const struct tlog_head *left, const struct tlog_head *right)
{
    if (left->size == right->size) {
        bool same = memcmp(left->root, right->root, sizeof left->root) == 0;
        return tell_compared(context, key, left, right, same ? "same" : "forked", same ? "The same history: both heads are one." : FORKED, same ? EXIT_CODE_DONE : EXIT_CODE_INTERNAL);
    }
    return tell_compared(context, key, left, right, "unknown",
                         "Not decided: the heads are of different sizes, and what lies between is not on this machine. Audit first, then compare: muster log audit", EXIT_CODE_TRY_AGAIN);
}

/* Heads against all that was followed here: any size up to it can be told. */
static int compare_followed(struct context *context, const struct audit *audit, const struct tlog_head *heads, size_t count)
{
    const struct note_key *key = &context->profile.log_key;
    const struct tlog_head *own = count > 1 ? &heads[0] : &audit->head;
    for (size_t at = 0; at < count; at++) {
        int status = audit_compare(audit, &heads[at]);
        if (status == STATUS_CORRUPT) {
            return tell_compared(context, key, own, &heads[at], "forked", FORKED, EXIT_CODE_INTERNAL);
        }
        if (status == STATUS_NOT_FOUND) {
            return count > 1 ? compare_pair(context, key, &heads[0], &heads[1])
                             : tell_compared(context, key, own, &heads[at], "unknown", "Not decided: it is newer than what was audited here. Do: muster log audit, then compare again.",
                                             EXIT_CODE_TRY_AGAIN);
        }
        if (status != STATUS_OK) {
            return complain_memory();
        }
    }
    const char *same = own->size == heads[count - 1].size ? "The same history: both heads are one." : "The same history: the smaller head is the beginning of the larger one.";
    return tell_compared(context, key, own, &heads[count - 1], "same", same, EXIT_CODE_DONE);
}

int log_compare_run(struct context *context, int count, char **words)
{
    struct note_key key;
    struct tlog_head heads[2];
    struct audit audit = {0};
    int code = log_key(context, &key);
    for (int at = 0; at < count && !code; at++) {
        code = read_head(context, &key, words[at], &heads[at]);
    }
    if (code) {
        return code;
    }
    /* With a key given by hand there is no profile, and so nothing that was followed. */
    if (!context->profile_loaded) {
        return count == 2 ? compare_pair(context, &key, &heads[0], &heads[1]) : complain(EXIT_CODE_USAGE, "--vkey needs two heads: there is no audit to compare one with.");
    }
    int status = audit_load(&context->profile, &audit);
    if (status == STATUS_OK && audit.head.size) {
        code = compare_followed(context, &audit, heads, (size_t)count);
    } else if (status == STATUS_OK || status == STATUS_CORRUPT) {
        code = count == 2 ? compare_pair(context, &key, &heads[0], &heads[1]) : complain(EXIT_CODE_TRY_AGAIN, "nothing was audited on this machine yet to compare it with. Do: muster log audit");
    } else {
        code = status == STATUS_NO_MEMORY ? complain_memory() : complain_file("read", context->profile.state);
    }
    audit_drop(&audit);
    return code;
}
