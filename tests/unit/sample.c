/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/sample.h"

#include <stdlib.h>
#include <string.h>

#include "proto/envelope.h"
#include "proto/status.h"

static void *taken(void *memory)
{
    if (!memory) {
        abort();
    }
    return memory;
}

static ProtobufCBinaryData filled(struct arena *arena, size_t length, uint8_t with)
{
    ProtobufCBinaryData data = {length, taken(arena_alloc(arena, length))};
    memset(data.data, with, length);
    return data;
}

static Muster__Demand *sample_demand(struct arena *arena, uint64_t number)
{
    Muster__Demand *demand = taken(arena_alloc(arena, sizeof *demand));
    muster__demand__init(demand);
    demand->id = taken(arena_format(arena, "D-%llu", (unsigned long long)number));
    demand->country = taken(arena_string(arena, "NL"));
    demand->item = taken(arena_string(arena, "155mm-he"));
    demand->n_lines = 1 + number % 4;
    demand->lines = taken(arena_array(arena, demand->n_lines, sizeof *demand->lines));
    for (size_t i = 0; i < demand->n_lines; i++) {
        Muster__Line *line = taken(arena_alloc(arena, sizeof *line));
        muster__line__init(line);
        line->month = (uint32_t)(202706 + i);
        line->quantity = 100 + number;
        demand->lines[i] = line;
    }
    demand->min_quantity = 1;
    demand->max_unit_price = 330000;
    demand->currency = taken(arena_string(arena, "EUR"));
    demand->priority = 2;
    demand->place = taken(arena_string(arena, "NL"));
    demand->fund = taken(arena_string(arena, ""));
    demand->release = MUSTER__RELEASE__RELEASE_SEALED;
    return demand;
}

Muster__Submission *sample_submission(struct arena *arena, const struct key_pair *signing_key, uint64_t number, size_t count)
{
    Muster__Submission *submission = taken(arena_alloc(arena, sizeof *submission));
    muster__submission__init(submission);
    submission->protocol = ENVELOPE_PROTOCOL;
    submission->origin = taken(arena_string(arena, "muster.example/log"));
    submission->log_key = filled(arena, 32, 9);
    submission->id = filled(arena, ENVELOPE_ID_SIZE, 0);
    memcpy(submission->id.data, &number, sizeof number);
    submission->party = taken(arena_string(arena, "nl-dmo"));
    submission->signing_key = filled(arena, 32, 0);
    memcpy(submission->signing_key.data, signing_key->public_key, 32);
    submission->not_after = 1800000000000u;
    submission->head = taken(arena_alloc(arena, sizeof *submission->head));
    muster__head__init(submission->head);
    submission->head->root = filled(arena, 0, 0);
    submission->head->signature = filled(arena, 0, 0);
    submission->marking = taken(arena_string(arena, "UNCLASSIFIED"));
    submission->marked_by = taken(arena_string(arena, "NL"));
    submission->n_demands = count;
    submission->demands = taken(arena_array(arena, count, sizeof *submission->demands));
    for (size_t i = 0; i < count; i++) {
        Muster__DemandChange *change = taken(arena_alloc(arena, sizeof *change));
        muster__demand_change__init(change);
        change->kind = MUSTER__CHANGE_KIND__CHANGE_PUT;
        change->demand = sample_demand(arena, number + i);
        change->id = change->demand->id;
        submission->demands[i] = change;
    }
    return submission;
}

uint8_t *sample_envelope(struct arena *arena, const struct key_pair *signing_key, uint64_t number, size_t count, size_t *size)
{
    uint8_t *envelope = NULL;
    if (envelope_make(sample_submission(arena, signing_key, number, count), signing_key, arena, &envelope, size) != STATUS_OK) {
        abort();
    }
    return envelope;
}
