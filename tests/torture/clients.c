/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/torture/clients.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/receipt.h"
#include "proto/status.h"
#include "proto/walk.h"
#include "tests/system/party.h"
#include "tests/torture/record.h"
#include "tests/unit/scratch.h"

#define TEXT(text) ((char *)(uintptr_t)(text))
#define AGENCIES 4u
#define SUPPLIERS 2u
#define LOTS 8u
#define RETRY 500u          /* milliseconds without an answer before the first new connection */
#define DOUBLINGS 4u        /* of that time, try by try: 64 handshakes on a busy machine take a while */
#define PATIENT_TRIES 30u   /* before a client that should have its answer gives up */

struct client {
    pthread_t thread;
    struct clients *clients;
    struct party party;
    struct history_client *history;
    struct seeded seeded;
    unsigned number;
    uint64_t version;      /* of its demand or offer */
    const char *problem;
    char said[128];        /* what the exchange said to it last */
};

struct clients {
    struct harness *harness;
    struct history history;
    struct client *list;
    unsigned count;
    int record; /* descriptor, or -1 */
    bool stopping;
    bool patient;
    struct party hq;
    struct party agencies[AGENCIES];
    struct party suppliers[SUPPLIERS];
};

struct history *clients_history(struct clients *clients)
{
    return &clients->history;
}

static uint32_t roll(struct client *client, uint32_t below)
{
    uint32_t number = 0;
    client->seeded.random.fill(client->seeded.random.data, &number, sizeof number);
    return number % below;
}

/* --- what they submit ------------------------------------------------------------------------------------------ */

struct change {
    char id[32], item[32], country[3];
    Muster__ItemChange item_change, *items[1];
    Muster__Item new_item;
    Muster__DemandChange demand_change, *demands[1];
    Muster__Demand demand;
    Muster__Line line, *lines[1];
    Muster__OfferChange offer_change, *offers[1];
    Muster__Offer offer;
    Muster__Tier tier, *tiers[1];
};

static void make_item(struct client *client, struct change *change, Muster__Submission *submission)
{
    muster__item_change__init(&change->item_change);
    muster__item__init(&change->new_item);
    snprintf(change->id, sizeof change->id, "item-%u-%u", client->number, client->history->count);
    change->new_item.id = change->item_change.id = change->id;
    change->new_item.title = change->new_item.nsc = change->new_item.cpv = TEXT("");
    change->new_item.unit = TEXT("EA");
    change->item_change.kind = MUSTER__CHANGE_KIND__CHANGE_PUT;
    change->item_change.item = &change->new_item;
    change->items[0] = &change->item_change;
    submission->n_items = 1;
    submission->items = change->items;
}

static void make_demand(struct client *client, struct change *change, Muster__Submission *submission)
{
    muster__demand_change__init(&change->demand_change);
    muster__demand__init(&change->demand);
    muster__line__init(&change->line);
    snprintf(change->id, sizeof change->id, "need-%u", client->number);
    snprintf(change->item, sizeof change->item, "lot-%u", client->number / 4 % LOTS);
    snprintf(change->country, sizeof change->country, "%c%c", client->party.id[0] - 'a' + 'A', client->party.id[1] - 'a' + 'A');
    change->line.month = 202806;
    change->line.quantity = 1 + roll(client, 500);
    change->lines[0] = &change->line;
    change->demand.id = change->demand_change.id = change->id;
    change->demand.country = change->demand.place = change->country;
    change->demand.item = change->item;
    change->demand.n_lines = 1;
    change->demand.lines = change->lines;
    change->demand.min_quantity = 1;
    change->demand.max_unit_price = 10000;
    change->demand.currency = TEXT("EUR");
    change->demand.priority = 3;
    change->demand.fund = TEXT("");
    change->demand.release = MUSTER__RELEASE__RELEASE_POOLED;
    change->demand_change.kind = MUSTER__CHANGE_KIND__CHANGE_PUT;
    change->demand_change.replaces = client->version;
    change->demand_change.demand = &change->demand;
    change->demands[0] = &change->demand_change;
    submission->n_demands = 1;
    submission->demands = change->demands;
}

static void make_offer(struct client *client, struct change *change, Muster__Submission *submission)
{
    muster__offer_change__init(&change->offer_change);
    muster__offer__init(&change->offer);
    muster__tier__init(&change->tier);
    snprintf(change->id, sizeof change->id, "offer-%u", client->number);
    snprintf(change->item, sizeof change->item, "lot-%u", client->number / 4 % LOTS);
    change->tier.min_quantity = 1;
    change->tier.unit_price = 5000 + client->number;
    change->tier.first_month = 202706;
    change->tier.monthly_rate = 20 + roll(client, 200);
    change->tiers[0] = &change->tier;
    change->offer.id = change->offer_change.id = change->id;
    change->offer.supplier = client->party.id;
    change->offer.item = change->item;
    change->offer.n_tiers = 1;
    change->offer.tiers = change->tiers;
    change->offer.currency = TEXT("EUR");
    change->offer_change.kind = MUSTER__CHANGE_KIND__CHANGE_PUT;
    change->offer_change.replaces = client->version;
    change->offer_change.offer = &change->offer;
    change->offers[0] = &change->offer_change;
    submission->n_offers = 1;
    submission->offers = change->offers;
}

static void make_change(struct client *client, struct change *change, Muster__Submission *submission)
{
    switch (client->number % 4) {
    case 0:
        make_item(client, change, submission);
        break;
    case 1:
        make_offer(client, change, submission);
        break;
    default:
        make_demand(client, change, submission);
    }
}

/* --- one client ------------------------------------------------------------------------------------------------ */

/* One write a record, so that those of the disk's calls stand before and behind it whole. */
static void record_receipt(struct clients *clients, uint64_t position)
{
    struct {
        struct record_head head;
        uint64_t entries;
    } record = {{.kind = RECORD_ACKNOWLEDGED, .length = sizeof record.entries}, position + 1};
    if (clients->record >= 0 && write(clients->record, &record, sizeof record) != (ssize_t)sizeof record)
        abort();
}

int clients_record(struct clients *clients, const char *path)
{
    clients->record = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    return clients->record >= 0 ? STATUS_OK : STATUS_IO;
}

/* Whether the answer is a receipt; a broker that is busy is asked again. */
static bool take_answer(struct client *client, struct history_operation *operation, const Muster__Answer *answer)
{
    ProtobufCMessage *message = NULL;
    struct party *party = &client->party;
    if (answer->outcome == MUSTER__OUTCOME__OUTCOME_BUSY)
        return false;
    if (answer->outcome != MUSTER__OUTCOME__OUTCOME_DONE ||
        walk_unpack(&muster__submit_answer__descriptor, answer->body.data, answer->body.len, BOX_PLAIN_MOST, &party->arena, &message,
                    NULL) != STATUS_OK) {
        snprintf(client->said, sizeof client->said, "refused (%d) %s", (int)answer->outcome,
                 answer->n_faults > 0 ? answer->faults[0]->remedy : answer->text);
        client->problem = client->said;
        return false;
    }
    const Muster__SubmitAnswer *submitted = (Muster__SubmitAnswer *)message;
    history_acknowledged(operation, submitted->position, submitted->receipt.data, submitted->receipt.len);
    record_receipt(client->clients, submitted->position);
    client->version++;
    return true;
}

static bool is_over(const struct client *client, unsigned tries)
{
    struct clients *clients = client->clients;
    if (!__atomic_load_n(&clients->stopping, __ATOMIC_ACQUIRE))
        return false;
    return !__atomic_load_n(&clients->patient, __ATOMIC_ACQUIRE) || tries >= PATIENT_TRIES;
}

/* One submission, sent until it is acknowledged or nobody waits for it any more. */
static void submit(struct client *client)
{
    Muster__Submission submission = MUSTER__SUBMISSION__INIT;
    struct change change;
    struct arena arena;
    uint8_t id[16];
    uint8_t *envelope = NULL;
    size_t size = 0;
    make_change(client, &change, &submission);
    party_fill(&client->party, &submission, id);
    arena_init(&arena, (size_t)4 << 20);
    struct history_operation *operation = NULL;
    if (party_sign(&client->party, &submission, &arena, &envelope, &size) == STATUS_OK)
        operation = history_sent(client->history, id, envelope, size);
    if (operation == NULL)
        client->problem = "nothing could be signed, or the history is full";
    for (unsigned tries = 0; client->problem == NULL && !is_over(client, tries); tries++) {
        Muster__Answer *answer = NULL;
        if (tries > 0 && party_reconnect(&client->party) != STATUS_OK) {
            client->problem = "no new connection";
            break;
        }
        int wait = (int)(RETRY << (tries < DOUBLINGS ? tries : DOUBLINGS));
        client->party.retry = wait + (int)roll(client, (uint32_t)wait / 4);
        int status = party_ask(&client->party, MUSTER__VERB__VERB_SUBMIT, envelope, size, client->party.retry, &answer);
        if (status == STATUS_OK && take_answer(client, operation, answer))
            break;
        if (status != STATUS_OK && status != STATUS_UNREACHABLE && status != STATUS_BUSY) {
            snprintf(client->said, sizeof client->said, "an answer that can't be opened: %s", status_name(status));
            client->problem = client->said;
        }
    }
    arena_drop(&arena);
}

static void *client_main(void *data)
{
    struct client *client = data;
    while (!__atomic_load_n(&client->clients->stopping, __ATOMIC_ACQUIRE) && client->problem == NULL)
        submit(client);
    return NULL;
}

/* --- all of them ----------------------------------------------------------------------------------------------- */

static int clients_join(struct clients *clients)
{
    static const char *const agencies[AGENCIES][2] = {{"nl-agency", "NL"}, {"de-agency", "DE"}, {"fr-agency", "FR"}, {"es-agency", "ES"}};
    static const char *const suppliers[SUPPLIERS][2] = {{"it-supplier", "IT"}, {"pl-supplier", "PL"}};
    int status = party_coordinator(clients->harness, &clients->hq);
    for (unsigned i = 0; i < LOTS && status == STATUS_OK; i++) {
        Muster__Answer *answer = NULL;
        char id[16];
        snprintf(id, sizeof id, "lot-%u", i);
        status = party_put_item(&clients->hq, id, &answer);
    }
    for (unsigned i = 0; i < AGENCIES && status == STATUS_OK; i++)
        status = party_join(&clients->hq, agencies[i][0], MUSTER__ROLE__ROLE_AGENCY, agencies[i][1], &clients->agencies[i]);
    for (unsigned i = 0; i < SUPPLIERS && status == STATUS_OK; i++)
        status = party_join(&clients->hq, suppliers[i][0], MUSTER__ROLE__ROLE_SUPPLIER, suppliers[i][1], &clients->suppliers[i]);
    return status;
}

/* All four agencies and both suppliers meet in every lot. */
static const struct party *party_of(const struct clients *clients, unsigned number)
{
    switch (number % 4) {
    case 0:
        return &clients->hq;
    case 1:
        return &clients->suppliers[number / 4 / LOTS % SUPPLIERS];
    default:
        return &clients->agencies[(number / 4 / LOTS * 2 + number % 2) % AGENCIES];
    }
}

static int client_open(struct clients *clients, unsigned number, uint64_t seed)
{
    struct client *client = &clients->list[number];
    const struct party *party = party_of(clients, number);
    client->clients = clients;
    client->number = number;
    client->history = &clients->history.clients[number];
    snprintf(client->history->party, sizeof client->history->party, "%s", party->id);
    seeded_start(&client->seeded, seed + number);
    return party_again(party, &client->party);
}

int clients_open(struct harness *harness, unsigned count, uint64_t seed, struct clients **clients)
{
    struct clients *made = calloc(1, sizeof *made);
    *clients = made;
    if (made == NULL || (made->list = calloc(count, sizeof *made->list)) == NULL)
        return STATUS_NO_MEMORY;
    made->harness = harness;
    made->record = -1;
    int status = history_open(&made->history, count);
    if (status == STATUS_OK)
        status = clients_join(made);
    for (; made->count < count && status == STATUS_OK; made->count += status == STATUS_OK)
        status = client_open(made, made->count, seed);
    return status;
}

void clients_close(struct clients *clients)
{
    if (clients == NULL)
        return;
    for (unsigned i = 0; i < clients->count; i++)
        party_close(&clients->list[i].party);
    for (unsigned i = 0; i < AGENCIES; i++)
        party_close(&clients->agencies[i]);
    for (unsigned i = 0; i < SUPPLIERS; i++)
        party_close(&clients->suppliers[i]);
    party_close(&clients->hq);
    if (clients->record >= 0)
        close(clients->record);
    history_close(&clients->history);
    free(clients->list);
    free(clients);
}

int clients_start(struct clients *clients)
{
    clients->stopping = clients->patient = false;
    for (unsigned i = 0; i < clients->count; i++)
        if (pthread_create(&clients->list[i].thread, NULL, client_main, &clients->list[i]) != 0)
            return STATUS_NO_MEMORY;
    return STATUS_OK;
}

const char *clients_stop(struct clients *clients, bool patient)
{
    const char *problem = NULL;
    __atomic_store_n(&clients->patient, patient, __ATOMIC_RELEASE);
    __atomic_store_n(&clients->stopping, true, __ATOMIC_RELEASE);
    for (unsigned i = 0; i < clients->count; i++) {
        pthread_join(clients->list[i].thread, NULL);
        problem = problem == NULL ? clients->list[i].problem : problem;
    }
    return problem;
}

bool clients_await(struct clients *clients, uint64_t before, int milliseconds)
{
    for (int waited = 0; waited < milliseconds; waited += 2) {
        if (history_total(&clients->history) > before)
            return true;
        harness_pause(2);
    }
    return false;
}
