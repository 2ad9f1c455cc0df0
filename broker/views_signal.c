/* SPDX-License-Identifier: EUPL-1.2 */
#include <string.h>

#include "broker/desk/signal.h"
#include "broker/views_inside.h"
#include "proto/status.h"

/*
 * What was published of pooled need, one item at a time: to everybody the rows as published, which no change moves between two dates. An agency
 * sees its own part of each beside it, a coordinator what lies behind.
 */

struct signal_view {
    struct view *view;
    struct signal_policy policy;
    Muster__SignalState *state;
    Muster__NeedAnswer *answer;
    size_t row_room, held_room;
};

static uint64_t own_of(const struct signals_figure *figure, const struct signals_part *parts, size_t count)
{
    uint64_t sum = 0;
    for (size_t at = 0; at < count; at++) {
        for (size_t of = 0; of < figure->leaf_count; of++) {
            bool in = figure->leaves[of].quarter == parts[at].quarter && strcmp(figure->leaves[of].region, parts[at].region) == 0;
            sum += in ? parts[at].quantity : 0;
        }
    }
    return sum;
}

static int tell_all(struct view *view, const struct signals_figure *figure, const struct signal_policy *policy, Muster__Signal *row)
{
    Muster__SignalCertificate *certificate = view_new(view, &muster__signal_certificate__descriptor);
    const char *last = "";
    if (certificate == NULL)
        return STATUS_NO_MEMORY;
    row->has_total = row->has_nations = true;
    for (size_t at = 0; at < figure->part_count; at++) {
        row->total += figure->parts[at].quantity;
        row->nations += strcmp(figure->parts[at].country, last) != 0; /* they are in order */
        last = figure->parts[at].country;
    }
    certificate->promised = (uint32_t)policy->rules.percent;
    certificate->insiders = (uint32_t)policy->rules.insiders;
    certificate->quantity = figure->range.quantity;
    certificate->change = figure->range.change;
    certificate->figures = figure->range.figures;
    certificate->nations = figure->range.nations;
    certificate->coalitions = figure->range.coalitions;
    row->certificate = certificate;
    return STATUS_OK;
}

static int add_row(struct signal_view *of, const char *item, const struct signals_row *row, const struct signals_part *own, size_t own_count)
{
    Muster__Signal *signal = view_new(of->view, &muster__signal__descriptor);
    const struct signals_figure *figure = row->figure;
    if (signal == NULL)
        return STATUS_NO_MEMORY;
    signal->item = (char *)(uintptr_t)item;
    signal->region = (char *)(uintptr_t)figure->region;
    signal->first_month = signals_first_month(figure->from);
    signal->last_month = signals_last_month(figure->width == SIGNALS_YEAR ? figure->from + 3 : figure->from);
    signal->need = figure->shown;
    signal->date = figure->date;
    signal->months = signals_months(row->since, of->state->published);
    int status = STATUS_OK;
    if (of->view->asker->role == MUSTER__ROLE__ROLE_AGENCY) {
        signal->has_own = true;
        signal->own = own_of(figure, own, own_count);
    } else if (view_is_coordinator(of->view)) {
        status = tell_all(of->view, figure, &of->policy, signal);
    }
    return status == STATUS_OK ? desk_signal_append(of->view->arena, (void ***)&of->answer->signals, &of->answer->n_signals, &of->row_room, signal) : status;
}

static int add_held(struct signal_view *of, const char *item)
{
    struct store_key prefix = {0};
    struct table_cursor *cursor = NULL;
    struct store_value value;
    key_text(&prefix, item);
    int status = tables_seek(of->view->txn, TABLE_SIGNALS_HELD, &prefix, NULL, &cursor);
    while (status == STATUS_OK && (status = tables_next(cursor, NULL, &value)) == STATUS_OK) {
        ProtobufCMessage *message;
        status = tables_unpack(&value, &muster__signal_held__descriptor, of->view->arena, &message);
        if (status == STATUS_OK && ((const Muster__SignalHeld *)message)->date == of->state->published)
            status = desk_signal_append(of->view->arena, (void ***)&of->answer->held, &of->answer->n_held, &of->held_room, message);
    }
    tables_end(cursor);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

int signal_view_new(struct view *view, Muster__NeedAnswer *answer, struct signal_view **out)
{
    struct signal_view *of = arena_alloc(view->arena, sizeof *of);
    if (of == NULL)
        return STATUS_NO_MEMORY;
    of->view = view;
    of->answer = answer;
    int status = signal_policy(view->txn, view->arena, &of->policy);
    if (status == STATUS_OK)
        status = signal_state(view->txn, view->arena, &of->state);
    if (status != STATUS_OK)
        return status;
    answer->has_published = answer->has_next = true;
    answer->published = of->state->published;
    answer->next = signals_next(desk_date(view->context->log_time), of->policy.months);
    *out = of;
    return STATUS_OK;
}

int signal_view_item(struct signal_view *of, const char *item)
{
    struct arena *arena = of->view->arena;
    struct signals_item all;
    struct signals_part *own = NULL;
    struct signals_row *rows = NULL;
    size_t own_count = 0, count = 0;
    if (of->state->published == 0)
        return STATUS_OK;
    int status = signal_history(of->view->txn, &of->policy, item, arena, &all);
    if (status == STATUS_OK)
        status = signals_rows(&of->policy.rules, &all, of->state->published, arena, &rows, &count);
    if (status == STATUS_OK && count != 0 && of->view->asker->role == MUSTER__ROLE__ROLE_AGENCY)
        status = signal_need(of->view->txn, &of->policy, item, of->view->asker->id, arena, &own, &own_count);
    for (size_t at = 0; status == STATUS_OK && at < count; at++)
        status = add_row(of, item, &rows[at], own, own_count);
    return status == STATUS_OK && view_is_coordinator(of->view) ? add_held(of, item) : status;
}
