/* SPDX-License-Identifier: EUPL-1.2 */
#include <inttypes.h>

#include "proto/check_field.h"
#include "proto/limits.h"

/* The changes of a bundle's life, the end of a commitment, and logged exports. */

#define HASH_SIZE 32
#define ID_SIZE 16
#define DEADLINE_MOST UINT64_C(7258118400000) /* 2200-01-01, milliseconds */

/* A field that this kind of change needs, or must not have. */
static bool check_presence(struct faults *faults, const char *field, bool present, bool needed)
{
    if (present == needed) {
        return present;
    }
    check_fault(faults, field, present ? "a value" : "", needed ? "a value" : "no value in this kind of change", "%s",
                needed ? "fill it in" : "leave it out");
    return false;
}

static void check_variant(const Muster__Variant *variant, const struct check_context *context, struct faults *faults)
{
    if (!check_count(faults, "rule", variant->n_rules, LIMIT_CONDITIONS_MOST) ||
        !check_count(faults, "without", variant->n_without, LIMIT_COUNTRIES_MOST) ||
        !check_count(faults, "keep_out", variant->n_keep_out, LIMIT_CHANGES_MOST)) {
        return;
    }
    for (size_t at = 0; at < variant->n_rules; at++) {
        check_policy_entry(variant->rules[at], context, faults);
    }
    for (size_t at = 0; at < variant->n_without; at++) {
        check_party_id(faults, "without", variant->without[at]);
    }
    for (size_t at = 0; at < variant->n_keep_out; at++) {
        check_object_id(faults, "keep_out", variant->keep_out[at]);
    }
    check_set(faults, "without", variant->without, variant->n_without);
    check_set(faults, "keep_out", variant->keep_out, variant->n_keep_out);
}

static void check_answer(const Muster__BundleChange *change, struct faults *faults)
{
    bool answers = change->kind == MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_ANSWER;
    bool known = check_presence(faults, "answer", change->has_answer, answers) &&
                 check_enum(faults, "answer", (int)change->answer, &muster__answer_kind__descriptor);
    if (check_presence(faults, "terms_sha256", change->has_terms_sha256, answers)) {
        check_bytes(faults, "terms_sha256", &change->terms_sha256, HASH_SIZE);
    }
    bool reason = change->kind == MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_REJECT ||
                  (answers && known && change->answer == MUSTER__ANSWER_KIND__ANSWER_NO);
    if (reason || change->reason) {
        /* A reason may stand where none is needed: with a yes, an adoption, an extension. */
        check_text(faults, "reason", change->reason ? change->reason : "", LIMIT_REASON_MOST, reason);
    }
}

void check_bundle_change(const Muster__BundleChange *change, const struct check_context *context, struct faults *faults)
{
    if (!check_enum(faults, "kind", (int)change->kind, &muster__bundle_change_kind__descriptor)) {
        return;
    }
    bool replan = change->kind == MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_REPLAN;
    bool timed = change->kind == MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_EXTEND;
    if (!replan) {
        check_number(faults, "bundle", change->number, 1, UINT64_MAX);
        check_number(faults, "version", change->version, 1, UINT64_MAX);
    }
    /* A release without a deadline takes the policy's. */
    bool may_time = timed || change->kind == MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_RELEASE;
    if (change->has_deadline || timed) {
        if (check_presence(faults, "deadline", change->has_deadline, may_time)) {
            check_number(faults, "deadline", change->deadline, timed ? 1 : 0, DEADLINE_MOST);
        }
    }
    check_answer(change, faults);
    if (check_presence(faults, "variant", change->variant != NULL, change->kind == MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_ADOPT)) {
        check_variant(change->variant, context, faults);
    }
    bool names_item = replan && change->number == 0;
    if ((change->item || names_item) && check_presence(faults, "item", change->item != NULL, replan)) {
        check_id(faults, "item", change->item);
    }
}

void check_commitment_end(const Muster__CommitmentEnd *end, const struct check_context *context, struct faults *faults)
{
    (void)context;
    check_number(faults, "bundle", end->number, 1, UINT64_MAX);
    check_number(faults, "version", end->version, 1, UINT64_MAX);
    check_object_id(faults, "demand", end->demand);
    check_object_id(faults, "offer", end->offer);
    check_month(faults, "month", end->month);
    check_text(faults, "reason", end->reason, LIMIT_REASON_MOST, true);
}

void check_redaction(const Muster__RedactionChange *change, const struct check_context *context, struct faults *faults)
{
    (void)context;
    if (!check_enum(faults, "kind", (int)change->kind, &muster__redaction_kind__descriptor)) {
        return;
    }
    check_party_id(faults, "party", change->party);
    check_bytes(faults, "submission", &change->submission, ID_SIZE);
    check_bytes(faults, "envelope_sha256", &change->envelope_sha256, HASH_SIZE);
    bool proposes = change->kind == MUSTER__REDACTION_KIND__REDACTION_PROPOSE;
    if (proposes || *change->reason) {
        check_text(faults, "reason", change->reason, proposes ? LIMIT_REASON_MOST : 0, proposes);
    }
}

void check_export(const Muster__ExportChange *change, const struct check_context *context, struct faults *faults)
{
    (void)context;
    if (!check_enum(faults, "kind", (int)change->kind, &muster__export_kind__descriptor)) {
        return;
    }
    /* A market or orders belong to one bundle, or to all that stand (number 0); a backup to none. */
    bool backup = change->kind == MUSTER__EXPORT_KIND__EXPORT_BACKUP;
    bool named = check_number(faults, "bundle", change->number, 0, backup ? 0 : UINT64_MAX) && change->number > 0;
    check_number(faults, "version", change->version, 0, named ? UINT64_MAX : 0);
}
