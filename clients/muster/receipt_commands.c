/* SPDX-License-Identifier: EUPL-1.2 */
#include <string.h>

#include "clients/link/receipts.h"
#include "clients/muster/audit.h"
#include "clients/muster/commands.h"
#include "clients/muster/complain.h"
#include "clients/muster/figures.h"
#include "clients/muster/session.h"
#include "clients/muster/trust.h"
#include "proto/envelope.h"
#include "proto/status.h"

/* muster receipt verify: needs no exchange; with the log's key and the submission given by hand no profile either. */

/* The submission that the receipt speaks of: --envelope, else what the profile keeps. */
static int find_envelope(struct context *context, const char *receipt, const uint8_t *text, size_t length, uint8_t **envelope, size_t *size)
{
    const char *given = context->value[OPTION_ENVELOPE];
    int status;
    if (given) {
        status = files_read(given, ENVELOPE_MOST, &context->arena, envelope, size);
        if (status == STATUS_NOT_FOUND) {
            return complain(EXIT_CODE_INPUT, "there is no file %s.", given);
        }
        if (status == STATUS_TOO_LARGE) {
            return complain(EXIT_CODE_INPUT, "%s is longer than a submission can be.", given);
        }
        return status == STATUS_OK ? EXIT_CODE_DONE : status == STATUS_NO_MEMORY ? complain_memory() : complain_file("read", given);
    }
    int code = session_profile(context);
    if (code) {
        return code;
    }
    status = receipts_find_envelope(&context->profile, (const char *)text, length, &context->arena, envelope, size);
    switch (status) {
    case STATUS_OK:
        return EXIT_CODE_DONE;
    case STATUS_NOT_FOUND:
        return complain(EXIT_CODE_INPUT, "not verified: the submission that %s speaks of is not kept on this machine as %s. Choose with --as, or name its file: --envelope.", receipt, context->profile.name);
    case STATUS_INVALID:
    case STATUS_TOO_LARGE:
        return complain(EXIT_CODE_INPUT, "NOT VALID: %s is no receipt.", receipt);
    case STATUS_NO_MEMORY:
        return complain_memory();
    default:
        return complain_file("read", context->profile.data);
    }
}

int receipt_verify_run(struct context *context, int count, char **words)
{
    uint8_t *text = NULL, *envelope = NULL;
    size_t length = 0, size = 0;
    struct receipt receipt;
    struct note_key key;
    const char *why = NULL;
    (void)count;
    if (context->value[OPTION_VKEY] && !context->value[OPTION_ENVELOPE] && !context->value[OPTION_AS]) {
        return complain(EXIT_CODE_USAGE, "--vkey: name the submission too, as it was sent: --envelope FILE. A profile keeps them in its folder `receipts`, ending .envelope; or choose one with --as.");
    }
    int code = log_key(context, &key);
    if (code) {
        return code;
    }
    int status = files_read(words[0], RECEIPT_MOST, &context->arena, &text, &length);
    if (status == STATUS_NOT_FOUND) {
        return complain(EXIT_CODE_INPUT, "there is no file %s.", words[0]);
    }
    if (status == STATUS_TOO_LARGE) {
        return complain(EXIT_CODE_INPUT, "NOT VALID: %s is no receipt.", words[0]);
    }
    if (status != STATUS_OK) {
        return status == STATUS_NO_MEMORY ? complain_memory() : complain_file("read", words[0]);
    }
    code = find_envelope(context, words[0], text, length, &envelope, &size);
    if (code) {
        return code;
    }
    /* A profile's receipts also hold under log keys that it trusted before. */
    status = context->value[OPTION_VKEY] ? receipt_verify((const char *)text, length, envelope, size, &key, &receipt, &why)
                                         : trust_verify_receipt(&context->profile, (const char *)text, length, envelope, size, &context->arena, &receipt, &why);
    if (status == STATUS_NO_MEMORY) {
        return complain_memory();
    }
    if (status != STATUS_OK) {
        return complain(EXIT_CODE_INPUT, "NOT VALID: %s: %s.", words[0], why ? why : "it has not the form of a receipt");
    }
    if (!output_value(&context->output, json_pack("{s:b, s:I, s:I, s:s, s:s, s:s}", "valid", 1, "entry", (json_int_t)receipt.position, "head", (json_int_t)receipt.head.size,
                                                  "kind", receipt.body.kind, "time", figures_instant(receipt.body.time).text, "party", receipt.body.party))) {
        output_wrap(&context->output, "Valid: entry %s, under the broker's signed head %s. Broker not asked.", figures_count(receipt.position).text, figures_count(receipt.head.size).text);
    }
    return EXIT_CODE_DONE;
}
