/* SPDX-License-Identifier: EUPL-1.2 */
/* What nobody may: another's name, another's object, a used id, a role that one does not have, a forged head, bytes of no form. */
#include <stdlib.h>
#include <string.h>

#include "proto/envelope.h"
#include "proto/status.h"
#include "proto/walk.h"
#include "tests/simulate/deed.h"
#include "tests/simulate/run.h"

static void claim(struct run *run, struct client *client, Muster__Submission *submission)
{
    deed_submit(run, client, DEED_FOUL, submission, 0, 0);
}

/* Another's demand or offer, under one's own name: it is another object, which does not exist. */
static void withdraw_of_another(struct run *run, struct client *client)
{
    const struct client *other = &run->clients[dice_roll(&run->dice, run->client_count)];
    Muster__Submission *submission = deed_new(run, &muster__submission__descriptor);
    Muster__DemandChange *change = deed_new(run, &muster__demand_change__descriptor);
    change->kind = MUSTER__CHANGE_KIND__CHANGE_WITHDRAW;
    change->id = deed_text(run, other == client ? "nothing" : other->objects[0].id);
    change->replaces = 1;
    submission->n_demands = 1;
    submission->demands = deed_one(run, change);
    if (change->id[0] == '\0')
        change->id = deed_text(run, "nothing");
    claim(run, client, submission);
}

/* What only coordinators may. */
static void play_coordinator(struct run *run, struct client *client)
{
    Muster__Submission *submission = deed_new(run, &muster__submission__descriptor);
    Muster__PartyChange *party;
    Muster__BundleChange *bundle;
    Muster__ExportChange *export;
    switch (dice_roll(&run->dice, 3)) {
    case 0:
        party = deed_new(run, &muster__party_change__descriptor);
        party->kind = MUSTER__PARTY_CHANGE_KIND__PARTY_SUSPEND;
        party->party = deed_text(run, run->clients[dice_roll(&run->dice, run->client_count)].id);
        party->replaces = dice_between(&run->dice, 1, 4);
        party->reason = deed_text(run, "mine");
        submission->n_parties = 1;
        submission->parties = deed_one(run, party);
        break;
    case 1:
        bundle = deed_new(run, &muster__bundle_change__descriptor);
        bundle->kind = MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_RELEASE;
        bundle->number = dice_between(&run->dice, 1, 4);
        bundle->version = 1;
        submission->n_bundles = 1;
        submission->bundles = deed_one(run, bundle);
        break;
    default:
        export = deed_new(run, &muster__export_change__descriptor);
        export->kind = MUSTER__EXPORT_KIND__EXPORT_ORDERS;
        submission->n_exports = 1;
        submission->exports = deed_one(run, export);
        break;
    }
    claim(run, client, submission);
}

/* What only the exchange may. */
static void play_exchange(struct run *run, struct client *client)
{
    Muster__Submission *submission = deed_new(run, &muster__submission__descriptor);
    Muster__Lapsed *lapsed = deed_new(run, &muster__lapsed__descriptor);
    lapsed->number = 1;
    lapsed->version = 1;
    lapsed->reason = deed_text(run, "mine");
    submission->lapsed = lapsed;
    claim(run, client, submission);
}

/* A submission that was changed after it was signed, or is signed under another's name, or shows a head that nobody signed. */
static void play_with_envelope(struct run *run, struct client *client)
{
    Muster__Submission *submission = deed_new(run, &muster__submission__descriptor);
    Muster__DemandChange *change = deed_new(run, &muster__demand_change__descriptor);
    change->kind = MUSTER__CHANGE_KIND__CHANGE_WITHDRAW;
    change->id = deed_text(run, client->objects[0].id[0] != '\0' ? client->objects[0].id : "nothing");
    change->replaces = client->objects[0].version;
    submission->n_demands = 1;
    submission->demands = deed_one(run, change);
    struct tlog_head kept = client->head;
    char name[sizeof client->id];
    memcpy(name, client->id, sizeof name);
    unsigned what = (unsigned)dice_roll(&run->dice, 3);
    if (what == 1)
        memcpy(client->id, run->clients[(client->index + 1) % run->client_count].id, sizeof client->id);
    if (what == 2) {
        client->head.size += dice_between(&run->dice, 1, 100);
        dice_fill(&run->dice, client->head.root, sizeof client->head.root);
    }
    client->bends = what == 0;
    claim(run, client, submission);
    client->bends = false;
    memcpy(client->id, name, sizeof client->id);
    client->head = kept;
}

static void send_rubbish(struct run *run, struct client *client)
{
    size_t length = dice_roll(&run->dice, 300);
    struct deed deed = {.kind = DEED_FOUL, .verb = (Muster__Verb)dice_between(&run->dice, MUSTER__VERB__VERB_SUBMIT, MUSTER__VERB__VERB_CHECK),
                        .length = length, .operation = SIZE_MAX};
    deed.body = malloc(length + 1);
    if (deed.body == NULL)
        abort();
    dice_fill(&run->dice, deed.body, length);
    client_begin(run, client, &deed);
}

/* A bundle that it has no part in, a compare, a party: as missing, or not allowed. */
static void ask_what_is_not_its_own(struct run *run, struct client *client)
{
    Muster__CompareRequest *compare = deed_new(run, &muster__compare_request__descriptor);
    Muster__WhyRequest *why = deed_new(run, &muster__why_request__descriptor);
    const struct client *other = &run->clients[dice_roll(&run->dice, run->client_count)];
    compare->number = compare->version = 1;
    if (dice_is(&run->dice, 500) || other == client) {
        deed_ask(run, client, DEED_FOUL, MUSTER__VERB__VERB_COMPARE, &compare->base, 0, 1);
        return;
    }
    why->id = arena_format(&run->arena, "%s/%s", other->id, other->objects[0].id[0] != '\0' ? other->objects[0].id : "x");
    deed_ask(run, client, DEED_FOUL, MUSTER__VERB__VERB_WHY, &why->base, 0, 1);
}

bool foul_next(struct run *run, struct client *client)
{
    arena_rewind(&run->arena);
    switch (dice_roll(&run->dice, 6)) {
    case 0:
        withdraw_of_another(run, client);
        break;
    case 1:
        play_coordinator(run, client);
        break;
    case 2:
        play_exchange(run, client);
        break;
    case 3:
        play_with_envelope(run, client);
        break;
    case 4:
        send_rubbish(run, client);
        break;
    default:
        ask_what_is_not_its_own(run, client);
        break;
    }
    return true;
}

void foul_answered(struct run *run, struct client *client, const struct deed *deed, const Muster__Answer *answer)
{
    bool done = answer->outcome == MUSTER__OUTCOME__OUTCOME_DONE;
    if (done && (deed->operation != SIZE_MAX || deed->number != 0))
        run_finding(run, "gate", "%s was given what it may not have: deed of verb %d", client->id, (int)deed->verb);
}
