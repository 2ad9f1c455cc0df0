/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/bench/traffic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zmq.h>

#include "proto/status.h"
#include "proto/verbs.h"
#include "proto/walk.h"

#define TEXT(text) ((char *)(uintptr_t)(text))
#define MAKE_ARENA ((size_t)64 << 20)
#define PATIENCE 20000

static const char *const countries[] = {"NL", "DE", "ES", "RO", "FR", "IT", "PL", "BE"};

static bool traffic_done(const Muster__Answer *answer)
{
    bool done = answer->outcome == MUSTER__OUTCOME__OUTCOME_DONE;
    if (!done)
        fprintf(stderr, "bench: refused, outcome %d: %s %s\n", (int)answer->outcome, answer->text,
                answer->n_faults > 0 ? answer->faults[0]->expected : "");
    return done;
}

static int traffic_put_items(struct traffic *traffic)
{
    static Muster__ItemChange changes[TRAFFIC_ITEMS];
    static Muster__Item items[TRAFFIC_ITEMS];
    static Muster__ItemChange *list[TRAFFIC_ITEMS];
    static char ids[TRAFFIC_ITEMS][16];
    Muster__Submission submission = MUSTER__SUBMISSION__INIT;
    Muster__Answer *answer = NULL;
    for (unsigned i = 0; i < TRAFFIC_ITEMS; i++) {
        snprintf(ids[i], sizeof ids[i], "item-%04u", i);
        muster__item_change__init(&changes[i]);
        muster__item__init(&items[i]);
        items[i].id = changes[i].id = ids[i];
        items[i].title = items[i].nsc = items[i].cpv = TEXT("");
        items[i].unit = TEXT("EA");
        changes[i].kind = MUSTER__CHANGE_KIND__CHANGE_PUT;
        changes[i].item = &items[i];
        list[i] = &changes[i];
    }
    submission.n_items = TRAFFIC_ITEMS;
    submission.items = list;
    int status = party_submit(&traffic->hq, &submission, &answer, NULL);
    return status == STATUS_OK && !traffic_done(answer) ? STATUS_DENIED : status;
}

/* What one party may write in a day is less than a measurement writes. */
static int traffic_put_policy(struct traffic *traffic)
{
    Muster__Submission submission = MUSTER__SUBMISSION__INIT;
    Muster__PolicyChange change = MUSTER__POLICY_CHANGE__INIT;
    Muster__PolicyEntry entries[2] = {MUSTER__POLICY_ENTRY__INIT, MUSTER__POLICY_ENTRY__INIT};
    Muster__PolicyEntry *list[] = {&entries[0], &entries[1]};
    Muster__Answer *answer = NULL;
    entries[0].key = TEXT("mebibytes_a_day");
    entries[0].value = TEXT("65536");
    entries[1].key = TEXT("price_changes_a_week");
    entries[1].value = TEXT("1000");
    entries[0].item = entries[1].item = TEXT("");
    change.replaces = 1; /* that of the genesis */
    change.n_entries = 2;
    change.entries = list;
    submission.policy = &change;
    int status = party_submit(&traffic->hq, &submission, &answer, NULL);
    return status == STATUS_OK && !traffic_done(answer) ? STATUS_DENIED : status;
}

/* Clients carry the newest head that they verified: so do these. */
static int traffic_show_head(struct traffic *traffic)
{
    static const uint8_t request[] = {8, 0};
    Muster__Answer *answer = NULL;
    ProtobufCMessage *message = NULL;
    struct tlog_head head;
    uint8_t signature[64];
    int status = party_ask(&traffic->hq, MUSTER__VERB__VERB_HEAD, request, sizeof request, PATIENCE, &answer);
    if (status == STATUS_OK && !traffic_done(answer))
        status = STATUS_DENIED;
    if (status == STATUS_OK)
        status = walk_unpack(&muster__head_answer__descriptor, answer->body.data, answer->body.len, BOX_PLAIN_MOST,
                             &traffic->hq.arena, &message, NULL);
    const Muster__HeadAnswer *body = (const Muster__HeadAnswer *)message;
    if (status == STATUS_OK)
        status = tlog_head_open(&traffic->harness.exchange.log_key, (const char *)body->checkpoint.data, body->checkpoint.len, &head,
                                signature);
    for (unsigned i = 0; i < TRAFFIC_PARTIES && status == STATUS_OK; i++) {
        traffic->agencies[i].head = head;
        memcpy(traffic->agencies[i].head_signature, signature, sizeof signature);
    }
    return status;
}

/* Its own connection is not needed any more, only its keys. */
static int traffic_join(struct traffic *traffic, unsigned number)
{
    struct party *agency = &traffic->agencies[number];
    char id[16];
    snprintf(id, sizeof id, "agency-%02u", number);
    int status = party_join(&traffic->hq, id, MUSTER__ROLE__ROLE_AGENCY, countries[number % (sizeof countries / sizeof countries[0])], agency);
    if (agency->socket != NULL)
        zmq_close(agency->socket);
    if (agency->context != NULL)
        zmq_ctx_term(agency->context);
    agency->socket = agency->context = NULL;
    traffic->curves[number] = &agency->curve;
    return status;
}

int traffic_open(struct traffic *traffic, const char *program, const char *extra)
{
    *traffic = (struct traffic){0};
    int status = harness_open(&traffic->harness, extra);
    if (status == STATUS_OK && program != NULL)
        snprintf(traffic->harness.program, sizeof traffic->harness.program, "%s", program);
    if (status == STATUS_OK)
        status = harness_start(&traffic->harness);
    if (status == STATUS_OK)
        status = party_coordinator(&traffic->harness, &traffic->hq);
    if (status == STATUS_OK)
        status = traffic_put_items(traffic);
    if (status == STATUS_OK)
        status = traffic_put_policy(traffic);
    for (unsigned i = 0; i < TRAFFIC_PARTIES && status == STATUS_OK; i++)
        status = traffic_join(traffic, i);
    if (status == STATUS_OK)
        status = traffic_show_head(traffic);
    if (status != STATUS_OK) {
        harness_show(&traffic->harness);
        traffic_close(traffic);
    }
    return status;
}

void traffic_clear(struct traffic *traffic)
{
    for (unsigned i = 0; i < TRAFFIC_PARTIES; i++) {
        struct traffic_queue *queue = &traffic->queues[i];
        for (size_t k = 0; k < queue->count; k++)
            free(queue->list[k].bytes);
        free(queue->list);
        *queue = (struct traffic_queue){.made = queue->made};
    }
}

void traffic_close(struct traffic *traffic)
{
    traffic_clear(traffic);
    for (unsigned i = 0; i < TRAFFIC_PARTIES; i++)
        party_close(&traffic->agencies[i]);
    party_close(&traffic->hq);
    harness_close(&traffic->harness);
}

static int traffic_fill_demand(struct arena *arena, unsigned number, uint64_t made, Muster__DemandChange **change)
{
    Muster__DemandChange *made_change = arena_alloc(arena, sizeof *made_change);
    Muster__Demand *demand = arena_alloc(arena, sizeof *demand);
    Muster__Line *line = arena_alloc(arena, sizeof *line);
    Muster__Line **lines = arena_alloc(arena, sizeof *lines);
    if (made_change == NULL || demand == NULL || line == NULL || lines == NULL)
        return STATUS_NO_MEMORY;
    muster__demand_change__init(made_change);
    muster__demand__init(demand);
    muster__line__init(line);
    line->month = 202806;
    line->quantity = 1 + made % 500;
    lines[0] = line;
    demand->id = made_change->id = arena_format(arena, "D-%llu", (unsigned long long)made);
    demand->item = arena_format(arena, "item-%04u", (unsigned)(made % TRAFFIC_ITEMS));
    demand->country = demand->place = TEXT(countries[number % (sizeof countries / sizeof countries[0])]);
    demand->n_lines = 1;
    demand->lines = lines;
    demand->min_quantity = 1;
    demand->max_unit_price = 10000;
    demand->currency = TEXT("EUR");
    demand->priority = 3;
    demand->fund = TEXT("");
    demand->release = MUSTER__RELEASE__RELEASE_POOLED;
    made_change->kind = MUSTER__CHANGE_KIND__CHANGE_PUT;
    made_change->demand = demand;
    *change = made_change;
    return demand->id == NULL || demand->item == NULL ? STATUS_NO_MEMORY : STATUS_OK;
}

/* Signs, packs and boxes one submission. */
static int traffic_pack(struct party *agency, Muster__Submission *submission, struct arena *arena, struct parcel *parcel)
{
    uint8_t id[16];
    uint8_t request_id[BOX_REQUEST_ID_SIZE];
    uint8_t *envelope = NULL;
    uint8_t *plain = NULL;
    size_t size = 0;
    Muster__Request request = MUSTER__REQUEST__INIT;
    party_fill(agency, submission, id);
    int status = party_sign(agency, submission, arena, &envelope, &size);
    request.protocol = PROTOCOL_VERSION;
    request.verb = MUSTER__VERB__VERB_SUBMIT;
    request.body = (ProtobufCBinaryData){size, envelope};
    if (status == STATUS_OK)
        status = walk_pack(&request.base, arena, &plain, &size);
    if (status != STATUS_OK)
        return status;
    parcel->length = box_sealed_size(size);
    parcel->bytes = malloc(parcel->length);
    box_request_id(&seam_random_system, request_id);
    return parcel->bytes == NULL ? STATUS_NO_MEMORY
                                 : box_seal(&agency->session, request_id, plain, size, &seam_random_system, parcel->bytes);
}

static int traffic_make_one(struct traffic *traffic, unsigned number, size_t demands, struct parcel *parcel)
{
    struct arena arena;
    Muster__Submission submission = MUSTER__SUBMISSION__INIT;
    arena_init(&arena, MAKE_ARENA);
    submission.n_demands = demands;
    submission.demands = arena_array(&arena, demands, sizeof *submission.demands);
    int status = submission.demands == NULL ? STATUS_NO_MEMORY : STATUS_OK;
    for (size_t i = 0; i < demands && status == STATUS_OK; i++)
        status = traffic_fill_demand(&arena, number, traffic->queues[number].made++, &submission.demands[i]);
    if (status == STATUS_OK)
        status = traffic_pack(&traffic->agencies[number], &submission, &arena, parcel);
    arena_drop(&arena);
    return status;
}

int traffic_make(struct traffic *traffic, size_t parties, size_t each, size_t demands)
{
    int status = STATUS_OK;
    for (unsigned i = 0; i < TRAFFIC_PARTIES && i < parties; i++) {
        struct traffic_queue *queue = &traffic->queues[i];
        for (size_t k = 0; k < queue->taken; k++)
            free(queue->list[k].bytes);
        if (queue->taken > 0)
            memmove(queue->list, queue->list + queue->taken, (queue->count - queue->taken) * sizeof *queue->list);
        queue->count -= queue->taken;
        queue->taken = 0;
        struct parcel *list = each > queue->count ? realloc(queue->list, each * sizeof *list) : queue->list;
        if (list == NULL)
            return each == 0 ? STATUS_OK : STATUS_NO_MEMORY;
        queue->list = list;
    }
    for (size_t k = 0; k < each; k++)
        for (unsigned i = 0; i < TRAFFIC_PARTIES && i < parties && status == STATUS_OK; i++) {
            struct traffic_queue *queue = &traffic->queues[i];
            if (queue->count > k)
                continue;
            status = traffic_make_one(traffic, i, demands, &queue->list[queue->count]);
            if (status == STATUS_OK)
                queue->count++;
        }
    return status;
}

const struct parcel *traffic_next(void *data, size_t client)
{
    struct traffic *traffic = data;
    struct traffic_queue *queue = &traffic->queues[client % TRAFFIC_PARTIES];
    return queue->taken == queue->count ? NULL : &queue->list[queue->taken++];
}

size_t traffic_length(const struct traffic *traffic)
{
    const struct traffic_queue *queue = &traffic->queues[0];
    return queue->taken == queue->count ? 0 : queue->list[queue->taken].length;
}

static int traffic_read_answer(struct party *agency, const uint8_t *bytes, size_t length, struct arena *arena, uint64_t *position)
{
    uint8_t request_id[BOX_REQUEST_ID_SIZE];
    uint8_t *plain = arena_alloc(arena, length + 1);
    size_t size = 0;
    ProtobufCMessage *message = NULL;
    if (plain == NULL)
        return STATUS_NO_MEMORY;
    int status = box_open(&agency->session, bytes, length, request_id, plain, &size);
    if (status == STATUS_OK)
        status = walk_unpack(&muster__answer__descriptor, plain, size, BOX_PLAIN_MOST, arena, &message, NULL);
    const Muster__Answer *answer = (const Muster__Answer *)message;
    if (status == STATUS_OK && !traffic_done(answer))
        status = STATUS_DENIED;
    if (status == STATUS_OK)
        status = walk_unpack(&muster__submit_answer__descriptor, answer->body.data, answer->body.len, BOX_PLAIN_MOST, arena, &message, NULL);
    if (status == STATUS_OK)
        *position = ((const Muster__SubmitAnswer *)message)->position;
    return status;
}

int traffic_highest(struct traffic *traffic, const struct load *load, uint64_t *position)
{
    struct arena arena;
    int status = STATUS_OK;
    *position = 0;
    arena_init(&arena, MAKE_ARENA);
    for (size_t i = 0; i < load->count && status == STATUS_OK; i++) {
        size_t length = 0;
        uint64_t one = 0;
        const uint8_t *bytes = load_answer(load, i, &length);
        if (length == 0)
            continue;
        status = traffic_read_answer(&traffic->agencies[i % TRAFFIC_PARTIES], bytes, length, &arena, &one);
        *position = one > *position ? one : *position;
        arena_drop(&arena);
    }
    return status;
}

uint64_t traffic_processor_time(const struct traffic *traffic)
{
    return load_processor_time(harness_child(&traffic->harness, "front")) +
           load_processor_time(harness_child(&traffic->harness, "exchange"));
}

size_t traffic_memory(const struct traffic *traffic, const char *role)
{
    char path[64];
    unsigned long pages = 0;
    snprintf(path, sizeof path, "/proc/%d/statm", (int)harness_child(&traffic->harness, role));
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return 0;
    if (fscanf(file, "%*u %lu", &pages) != 1)
        pages = 0;
    fclose(file);
    return (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
}
