/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/desk/signal.h"

#include <stdlib.h>
#include <string.h>

#include "proto/settings.h"

#define PART_ITEMS 256u    /* items of one part of a publication, and its rows: an entry stays far below a submission's limit */
#define PART_ROWS 2000u
#define ITEM_ARENA_CAP ((size_t)256 << 20) /* one item's demands and figures */

int signal_policy(struct store_txn *txn, struct arena *arena, struct signal_policy *policy)
{
    Muster__StoredSet *set;
    int status = state_set(txn, TABLE_POLICY, arena, &set);
    if (status != STATUS_OK)
        return status;
    *policy = (struct signal_policy){
        .rules = {.nations = settings_of(set->policy, set->n_policy, SETTING_SIGNAL_NATIONS),
                  .insiders = settings_of(set->policy, set->n_policy, SETTING_SIGNAL_INSIDERS),
                  .percent = settings_of(set->policy, set->n_policy, SETTING_SIGNAL_PERCENT),
                  .base = settings_of(set->policy, set->n_policy, SETTING_SIGNAL_BASE),
                  .keep = settings_of(set->policy, set->n_policy, SETTING_SIGNAL_KEEP)},
        .months = settings_of(set->policy, set->n_policy, SETTING_SIGNAL_MONTHS),
        .regions = settings_list_of(set->policy, set->n_policy, SETTING_SIGNAL_REGIONS),
    };
    policy->count = regions_names(policy->regions, policy->names);
    for (size_t at = 0; at < policy->count; at++)
        policy->listed[at] = policy->names[at];
    return STATUS_OK;
}

static void state_key(struct store_key *key)
{
    key_text(key, "signals");
}

int signal_state(struct store_txn *txn, struct arena *arena, Muster__SignalState **state)
{
    struct store_key key = {0};
    state_key(&key);
    int status = tables_get_message(txn, TABLE_EXCHANGE, &key, &muster__signal_state__descriptor, arena, (ProtobufCMessage **)state);
    if (status != STATUS_NOT_FOUND)
        return status;
    *state = arena_alloc(arena, sizeof **state);
    if (*state == NULL)
        return STATUS_NO_MEMORY;
    muster__signal_state__init(*state);
    (*state)->after = "";
    return STATUS_OK;
}

/* --- what the rules are fed --------------------------------------------------------------------------------------- */

static int take_figure(struct arena *arena, const Muster__SignalFigure *message, struct signals_figure *figure)
{
    struct signals_leaf *leaves = arena_array(arena, message->n_leaves + 1, sizeof *leaves);
    struct signals_part *parts = arena_array(arena, message->n_parts + 1, sizeof *parts);
    if (leaves == NULL || parts == NULL)
        return STATUS_NO_MEMORY;
    for (size_t at = 0; at < message->n_leaves; at++)
        leaves[at] = (struct signals_leaf){.quarter = message->leaves[at]->quarter, .region = message->leaves[at]->region};
    for (size_t at = 0; at < message->n_parts; at++)
        parts[at] = (struct signals_part){.country = message->parts[at]->country, .region = "", .quarter = message->parts[at]->quarter,
                                          .quantity = message->parts[at]->quantity};
    const Muster__SignalCertificate *certificate = message->certificate;
    *figure = (struct signals_figure){.width = (enum signals_width)message->width, .from = message->from, .region = message->region,
                                      .date = message->date, .leaves = leaves, .leaf_count = message->n_leaves, .parts = parts,
                                      .part_count = message->n_parts, .shown = message->shown,
                                      .range = {.figures = certificate->figures, .nations = certificate->nations,
                                                .coalitions = certificate->coalitions, .quantity = certificate->quantity,
                                                .change = certificate->change}};
    return STATUS_OK;
}

static int take_figures(struct store_txn *txn, const struct store_key *prefix, struct arena *arena, struct signals_item *out)
{
    struct table_cursor *cursor = NULL;
    struct store_value value;
    struct signals_figure *list = NULL;
    size_t room = 0;
    int status = tables_seek(txn, TABLE_SIGNALS, prefix, NULL, &cursor);
    while (status == STATUS_OK && (status = tables_next(cursor, NULL, &value)) == STATUS_OK) {
        ProtobufCMessage *message;
        if (out->history_count == room) {
            size_t wider = room == 0 ? 16 : 2 * room;
            struct signals_figure *more = arena_array(arena, wider, sizeof *more);
            if (more == NULL) {
                status = STATUS_NO_MEMORY;
                break;
            }
            if (room != 0)
                memcpy(more, list, room * sizeof *more);
            list = more;
            room = wider;
        }
        status = tables_unpack(&value, &muster__signal_figure__descriptor, arena, &message);
        if (status == STATUS_OK)
            status = take_figure(arena, (const Muster__SignalFigure *)message, &list[out->history_count++]);
    }
    tables_end(cursor);
    out->history = list;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static int take_known(struct store_txn *txn, const struct store_key *prefix, struct arena *arena, struct signals_item *out)
{
    struct table_cursor *cursor = NULL;
    struct store_key key;
    uint64_t most;
    int status = tables_entries(txn, TABLE_SIGNALS_KNOWN, &most);
    const char **known = arena_array(arena, most + 1, sizeof *known);
    if (status == STATUS_OK && known == NULL)
        status = STATUS_NO_MEMORY;
    if (status == STATUS_OK)
        status = tables_seek(txn, TABLE_SIGNALS_KNOWN, prefix, NULL, &cursor);
    while (status == STATUS_OK && (status = tables_next(cursor, &key, NULL)) == STATUS_OK) {
        struct key_reader reader = {.bytes = key.bytes + prefix->length, .left = key.length - prefix->length};
        const char *country;
        if (!key_take_text(&reader, &country))
            status = STATUS_CORRUPT;
        else if ((known[out->known_count++] = arena_string(arena, country)) == NULL)
            status = STATUS_NO_MEMORY;
    }
    tables_end(cursor);
    out->known = known;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

int signal_history(struct store_txn *txn, const struct signal_policy *policy, const char *item, struct arena *arena, struct signals_item *out)
{
    struct store_key prefix = {0};
    *out = (struct signals_item){.regions = policy->listed, .region_count = policy->count};
    key_text(&prefix, item);
    int status = take_figures(txn, &prefix, arena, out);
    return status == STATUS_OK ? take_known(txn, &prefix, arena, out) : status;
}

static uint64_t committed_of(const struct state_commitments *commitments, const char *name, uint32_t month)
{
    uint64_t sum = 0;
    for (size_t at = 0; at < commitments->count; at++) {
        const Muster__Commitment *commitment = commitments->list[at]->commitment;
        sum += commitment->month == month && strcmp(commitment->demand, name) == 0 ? commitment->quantity : 0;
    }
    return sum;
}

struct gathering {
    struct store_txn *txn;
    const struct signal_policy *policy;
    struct arena *arena;
    struct state_commitments commitments;
    struct signals_part *parts;
    size_t count, room;
};

static int gather_part(struct gathering *gathering, const char *country, uint32_t quarter, uint64_t quantity)
{
    for (size_t at = 0; at < gathering->count; at++) {
        if (gathering->parts[at].quarter == quarter && strcmp(gathering->parts[at].country, country) == 0) {
            gathering->parts[at].quantity += quantity;
            return STATUS_OK;
        }
    }
    if (gathering->count == gathering->room) {
        size_t room = gathering->room == 0 ? 32 : 2 * gathering->room;
        struct signals_part *wider = arena_array(gathering->arena, room, sizeof *wider);
        if (wider == NULL)
            return STATUS_NO_MEMORY;
        if (gathering->room != 0)
            memcpy(wider, gathering->parts, gathering->room * sizeof *wider);
        gathering->parts = wider;
        gathering->room = room;
    }
    char *region = arena_alloc(gathering->arena, REGION_NAME_SIZE);
    if (region == NULL)
        return STATUS_NO_MEMORY;
    regions_of(gathering->policy->regions, country, region);
    gathering->parts[gathering->count++] = (struct signals_part){.country = country, .region = region, .quarter = quarter, .quantity = quantity};
    return STATUS_OK;
}

static int gather_demand(struct gathering *gathering, const struct state_object *object)
{
    const Muster__Demand *demand = object->stored->demand;
    Muster__PartyRecord *party;
    if (object->stored->withdrawn || demand->release != MUSTER__RELEASE__RELEASE_POOLED)
        return STATUS_OK;
    int status = state_party(gathering->txn, object->party, gathering->arena, &party);
    if (status != STATUS_OK || party->state != MUSTER__PARTY_STATE__PARTY_CONFIRMED)
        return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
    char *name = state_name(gathering->arena, object->party, object->id);
    if (name == NULL)
        return STATUS_NO_MEMORY;
    for (size_t at = 0; status == STATUS_OK && at < demand->n_lines; at++) {
        const Muster__Line *line = demand->lines[at];
        uint64_t committed = committed_of(&gathering->commitments, name, line->month);
        if (line->quantity > committed)
            status = gather_part(gathering, demand->country, signals_quarter(line->month), line->quantity - committed);
    }
    return status;
}

int signal_need(struct store_txn *txn, const struct signal_policy *policy, const char *item, const char *party, struct arena *arena,
                struct signals_part **parts, size_t *count)
{
    struct gathering gathering = {.txn = txn, .policy = policy, .arena = arena};
    struct state_objects demands;
    int status = state_lot_objects(txn, TABLE_DEMANDS, item, arena, &demands);
    if (status == STATUS_OK)
        status = state_commitments(txn, item, NULL, arena, &gathering.commitments);
    for (size_t at = 0; status == STATUS_OK && at < demands.count; at++) {
        if (party == NULL || strcmp(demands.list[at].party, party) == 0)
            status = gather_demand(&gathering, &demands.list[at]);
    }
    *parts = gathering.parts;
    *count = gathering.count;
    return status;
}

/* --- a publication ------------------------------------------------------------------------------------------------ */

struct publishing {
    struct store_txn *txn;
    const struct signal_policy *policy;
    struct arena *arena; /* of the entry */
    Muster__SignalPublication *publication;
    size_t figure_room, held_room;
};

static void *make(struct arena *arena, const ProtobufCMessageDescriptor *descriptor)
{
    ProtobufCMessage *message = arena_alloc(arena, descriptor->sizeof_message);
    if (message != NULL)
        protobuf_c_message_init(descriptor, message);
    return message;
}

int desk_signal_append(struct arena *arena, void ***list, size_t *count, size_t *room, void *message)
{
    if (*count == *room) {
        size_t wider = *room == 0 ? 16 : 2 * *room;
        void **more = arena_array(arena, wider, sizeof *more);
        if (more == NULL)
            return STATUS_NO_MEMORY;
        if (*room != 0)
            memcpy(more, *list, *room * sizeof *more);
        *list = more;
        *room = wider;
    }
    (*list)[(*count)++] = message;
    return STATUS_OK;
}

static int write_leaves(struct arena *arena, const struct signals_figure *figure, Muster__SignalFigure *message)
{
    message->leaves = arena_array(arena, figure->leaf_count + 1, sizeof *message->leaves);
    if (message->leaves == NULL)
        return STATUS_NO_MEMORY;
    for (size_t at = 0; at < figure->leaf_count; at++) {
        Muster__SignalLeaf *leaf = make(arena, &muster__signal_leaf__descriptor);
        if (leaf == NULL || (leaf->region = arena_string(arena, figure->leaves[at].region)) == NULL)
            return STATUS_NO_MEMORY;
        leaf->quarter = figure->leaves[at].quarter;
        message->leaves[message->n_leaves++] = leaf;
    }
    return STATUS_OK;
}

static int write_parts(struct arena *arena, const struct signals_figure *figure, Muster__SignalFigure *message)
{
    message->parts = arena_array(arena, figure->part_count + 1, sizeof *message->parts);
    if (message->parts == NULL)
        return STATUS_NO_MEMORY;
    for (size_t at = 0; at < figure->part_count; at++) {
        Muster__SignalPart *part = make(arena, &muster__signal_part__descriptor);
        if (part == NULL || (part->country = arena_string(arena, figure->parts[at].country)) == NULL)
            return STATUS_NO_MEMORY;
        part->quarter = figure->parts[at].quarter;
        part->quantity = figure->parts[at].quantity;
        message->parts[message->n_parts++] = part;
    }
    return STATUS_OK;
}

static int write_figure(struct publishing *publishing, const char *item, const struct signals_figure *figure)
{
    struct arena *arena = publishing->arena;
    Muster__SignalFigure *message = make(arena, &muster__signal_figure__descriptor);
    Muster__SignalCertificate *certificate = make(arena, &muster__signal_certificate__descriptor);
    if (message == NULL || certificate == NULL)
        return STATUS_NO_MEMORY;
    certificate->promised = (uint32_t)publishing->policy->rules.percent;
    certificate->insiders = (uint32_t)publishing->policy->rules.insiders;
    certificate->quantity = figure->range.quantity;
    certificate->change = figure->range.change;
    certificate->figures = figure->range.figures;
    certificate->nations = figure->range.nations;
    certificate->coalitions = figure->range.coalitions;
    message->item = arena_string(arena, item);
    message->width = (Muster__SignalWidth)figure->width;
    message->from = figure->from;
    message->region = arena_string(arena, figure->region);
    message->date = figure->date;
    message->shown = figure->shown;
    message->certificate = certificate;
    if (message->item == NULL || message->region == NULL)
        return STATUS_NO_MEMORY;
    int status = write_leaves(arena, figure, message);
    if (status == STATUS_OK)
        status = write_parts(arena, figure, message);
    Muster__SignalPublication *publication = publishing->publication;
    return status == STATUS_OK ? desk_signal_append(arena, (void ***)&publication->figures, &publication->n_figures, &publishing->figure_room, message) : status;
}

static int write_held(struct publishing *publishing, const char *item, const struct signals_cell *cell)
{
    struct arena *arena = publishing->arena;
    Muster__SignalHeld *held = make(arena, &muster__signal_held__descriptor);
    if (held == NULL)
        return STATUS_NO_MEMORY;
    held->item = arena_string(arena, item);
    held->width = (Muster__SignalWidth)cell->figure.width;
    held->from = cell->figure.from;
    held->region = arena_string(arena, cell->figure.region);
    held->why = (Muster__SignalWhy)cell->why;
    held->nations = cell->nations;
    held->total = cell->total;
    held->date = cell->figure.date;
    if (held->item == NULL || held->region == NULL)
        return STATUS_NO_MEMORY;
    Muster__SignalPublication *publication = publishing->publication;
    return desk_signal_append(arena, (void ***)&publication->held, &publication->n_held, &publishing->held_room, held);
}

static int publish_item(struct publishing *publishing, const char *item)
{
    struct arena scratch;
    struct signals_item all;
    struct signals_part *parts;
    struct signals_cell *cells = NULL;
    size_t count = 0;
    arena_init(&scratch, ITEM_ARENA_CAP);
    int status = signal_history(publishing->txn, publishing->policy, item, &scratch, &all);
    if (status == STATUS_OK)
        status = signal_need(publishing->txn, publishing->policy, item, NULL, &scratch, &parts, &all.part_count);
    if (status == STATUS_OK) {
        all.parts = parts;
        status = signals_decide(&publishing->policy->rules, &all, publishing->publication->date, &scratch, &cells, &count);
    }
    for (size_t at = 0; status == STATUS_OK && at < count; at++) {
        if (cells[at].why == SIGNALS_FRESH)
            status = write_figure(publishing, item, &cells[at].figure);
        else if (cells[at].why != SIGNALS_SAME && cells[at].why != SIGNALS_NONE)
            status = write_held(publishing, item, &cells[at]);
    }
    arena_drop(&scratch);
    return status;
}

/* Items from after on, as many as one part of a publication holds. */
static int publish_items(struct publishing *publishing, const char *after)
{
    struct state_object from = {.party = "", .id = after};
    struct state_objects items;
    Muster__SignalPublication *publication = publishing->publication;
    int status = state_all_objects(publishing->txn, TABLE_ITEMS, NULL, after[0] != '\0' ? &from : NULL, PART_ITEMS, publishing->arena, &items);
    for (size_t at = 0; status == STATUS_OK && at < items.count; at++) {
        if (!items.list[at].stored->withdrawn)
            status = publish_item(publishing, items.list[at].id);
        publication->after = (char *)(uintptr_t)items.list[at].id;
        if (publication->n_figures + publication->n_held >= PART_ROWS)
            return status;
    }
    if (status == STATUS_OK && items.count < PART_ITEMS)
        publication->after = "";
    return status;
}

int signal_due(struct store_txn *txn, const struct desk_context *context, struct arena *arena, Muster__SignalPublication **due)
{
    Muster__SignalState *state;
    struct signal_policy policy;
    uint32_t today = desk_date(context->log_time);
    *due = NULL;
    int status = signal_state(txn, arena, &state);
    bool goes_on = status == STATUS_OK && state->after[0] != '\0';
    bool trusted = !context->clock_doubted && context->log_time >= context->deadlines_from;
    /* Looked at with every batch: within the month of the last one nothing more is read. */
    if (status != STATUS_OK || state->date == 0 || !trusted || (!goes_on && today / 100 <= state->date / 100))
        return status;
    status = signal_policy(txn, arena, &policy);
    uint32_t date = status != STATUS_OK ? 0 : goes_on ? state->date : signals_due(state->date, today, policy.months);
    if (date == 0)
        return status;
    struct publishing publishing = {.txn = txn, .policy = &policy, .arena = arena};
    publishing.publication = make(arena, &muster__signal_publication__descriptor);
    if (publishing.publication == NULL)
        return STATUS_NO_MEMORY;
    publishing.publication->date = date;
    publishing.publication->after = "";
    status = publish_items(&publishing, state->after);
    if (status == STATUS_OK)
        *due = publishing.publication;
    return status;
}

/* --- apply -------------------------------------------------------------------------------------------------------- */

static int put_state(struct store_txn *txn, uint32_t date, const char *after, uint32_t published)
{
    struct store_key key = {0};
    Muster__SignalState state = MUSTER__SIGNAL_STATE__INIT;
    state_key(&key);
    state.date = date;
    state.after = (char *)(uintptr_t)after;
    state.published = published;
    return tables_put_message(txn, TABLE_EXCHANGE, &key, &state.base);
}

int signal_begin(const struct desk_entry *entry)
{
    return put_state(entry->txn, desk_date(entry->time), "", 0);
}

int signal_note_known(struct store_txn *txn, const char *item, const char *country)
{
    struct store_key key = {0};
    key_text(&key, item);
    key_text(&key, country);
    return tables_put(txn, TABLE_SIGNALS_KNOWN, &key, "", 0);
}

int signal_apply(const struct desk_entry *entry)
{
    const Muster__SignalPublication *publication = entry->submission->signal;
    Muster__SignalState *state;
    int status = signal_state(entry->txn, entry->arena, &state);
    for (size_t at = 0; status == STATUS_OK && at < publication->n_figures; at++) {
        struct store_key key = {0};
        key_text(&key, publication->figures[at]->item);
        key_u64(&key, entry->position);
        key_u32(&key, (uint32_t)at);
        status = tables_put_message(entry->txn, TABLE_SIGNALS, &key, &publication->figures[at]->base);
    }
    for (size_t at = 0; status == STATUS_OK && at < publication->n_held; at++) {
        const Muster__SignalHeld *held = publication->held[at];
        struct store_key key = {0};
        key_text(&key, held->item);
        key_u32(&key, (uint32_t)held->width);
        key_u32(&key, held->from);
        key_text(&key, held->region);
        status = tables_put_message(entry->txn, TABLE_SIGNALS_HELD, &key, &held->base);
    }
    if (status != STATUS_OK)
        return status;
    bool whole = publication->after[0] == '\0';
    return put_state(entry->txn, publication->date, publication->after, whole ? publication->date : state->published);
}
