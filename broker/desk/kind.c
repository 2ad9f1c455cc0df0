/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/desk/desk.h"

struct kind_row {
    const char *kind;
    bool filled;
    bool own;
};

const char *desk_kind(const Muster__Submission *submission, bool *own)
{
    const struct kind_row rows[] = {
        {"join", submission->join != NULL, false},
        {"party", submission->n_parties > 0, false},
        {"item", submission->n_items > 0, false},
        {"demand", submission->n_demands > 0, false},
        {"offer", submission->n_offers > 0, false},
        {"fund", submission->n_funds > 0, false},
        {"rates", submission->rates != NULL, false},
        {"policy", submission->policy != NULL, false},
        {"bundle", submission->n_bundles > 0, false},
        {"commitment-end", submission->n_commitment_ends > 0, false},
        {"export", submission->n_exports > 0, false},
        {"keys", submission->keys != NULL, false},
        {"clock-confirmed", submission->clock_confirmed != NULL, false},
        {"redaction", submission->n_redactions > 0, false},
        {"list-confirmed", submission->list_confirmed != NULL, false},
        {"genesis", submission->genesis != NULL, true},
        {"started", submission->started != NULL, true},
        {"proposal", submission->proposal != NULL, true},
        {"round-closed", submission->round_closed != NULL, true},
        {"lapsed", submission->lapsed != NULL, true},
        {"lot-planned", submission->lot_planned != NULL, true},
        {"keys-bound", submission->keys_bound != NULL, true},
        {"coordinator-admitted", submission->coordinator_admitted != NULL, true},
        {"exchange-keys", submission->exchange_keys != NULL, true},
        {"signal", submission->signal != NULL, true},
        {"redacted", submission->redacted != NULL, true},
    };
    const struct kind_row *found = NULL;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (!rows[i].filled)
            continue;
        if (found != NULL)
            return NULL;
        found = &rows[i];
    }
    if (found != NULL && own != NULL)
        *own = found->own;
    return found == NULL ? NULL : found->kind;
}
