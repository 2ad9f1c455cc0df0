/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/entry.h"

#include <assert.h>

static uint32_t entry_take(struct match_flow *flow)
{
    uint32_t entry = *flow->entry_free;
    if (entry != MATCH_NONE) {
        *flow->entry_free = flow->entries[entry].next_in_slot;
        return entry;
    }
    assert(*flow->entry_limit < flow->entry_most);
    return (*flow->entry_limit)++;
}

void match_entry_put(struct match_flow *flow, uint32_t line, uint32_t slot, int64_t quantity)
{
    for (uint32_t e = flow->line_head[line]; e != MATCH_NONE; e = flow->entries[e].next_in_line) {
        if (flow->entries[e].slot == slot) {
            flow->entries[e].quantity += quantity;
            return;
        }
    }
    uint32_t entry = entry_take(flow);
    flow->entries[entry] = (struct match_entry){line, slot, quantity, flow->slot_head[slot], MATCH_NONE, flow->line_head[line], MATCH_NONE};
    flow->hops[entry] = (struct match_hop){line, flow->slot_head[slot]};
    if (flow->slot_head[slot] != MATCH_NONE) {
        flow->entries[flow->slot_head[slot]].previous_in_slot = entry;
    }
    if (flow->line_head[line] != MATCH_NONE) {
        flow->entries[flow->line_head[line]].previous_in_line = entry;
    }
    flow->slot_head[slot] = entry;
    flow->line_head[line] = entry;
}

void match_entry_add(struct match_flow *flow, uint32_t index, int64_t quantity)
{
    struct match_entry *entry = &flow->entries[index];
    entry->quantity += quantity;
    assert(entry->quantity >= 0);
    if (entry->quantity) {
        return;
    }
    if (entry->previous_in_slot != MATCH_NONE) {
        flow->entries[entry->previous_in_slot].next_in_slot = entry->next_in_slot;
        flow->hops[entry->previous_in_slot].next = entry->next_in_slot;
    } else {
        flow->slot_head[entry->slot] = entry->next_in_slot;
    }
    if (entry->next_in_slot != MATCH_NONE) {
        flow->entries[entry->next_in_slot].previous_in_slot = entry->previous_in_slot;
    }
    if (entry->previous_in_line != MATCH_NONE) {
        flow->entries[entry->previous_in_line].next_in_line = entry->next_in_line;
    } else {
        flow->line_head[entry->line] = entry->next_in_line;
    }
    if (entry->next_in_line != MATCH_NONE) {
        flow->entries[entry->next_in_line].previous_in_line = entry->previous_in_line;
    }
    entry->next_in_slot = *flow->entry_free;
    *flow->entry_free = index;
}

void match_slot_tighten(struct match_flow *flow, uint32_t slot)
{
    uint32_t months = flow->model->month_count, start = 0, base = flow->model->line_count + (slot << flow->month_bits);
    const int64_t *capacity = flow->model->choices[flow->slot_choice[slot]].capacity, *used = flow->used + slot * months;
    uint32_t *first = flow->first + slot * months, *block = flow->block + slot;
    for (uint32_t m = 0; m < months; m++) {
        first[m] = start;
        if (used[m] >= capacity[m]) {
            for (; start <= m; start++) {
                block[(size_t)start * flow->slot_most] = base + m;
            }
        }
    }
    flow->tail[slot] = start;
    for (; start < months; start++) {
        block[(size_t)start * flow->slot_most] = base + months - 1;
    }
}

int64_t match_slot_room(const struct match_flow *flow, uint32_t slot, uint32_t month, uint32_t until)
{
    const int64_t *capacity = flow->model->choices[flow->slot_choice[slot]].capacity;
    const int64_t *used = flow->used + slot * flow->model->month_count;
    int64_t room = INT64_MAX;
    for (uint32_t m = month; m < until; m++) {
        room = capacity[m] - used[m] < room ? capacity[m] - used[m] : room;
    }
    return room;
}

void match_slot_shift(struct match_flow *flow, uint32_t slot, uint32_t month, uint32_t until, int64_t quantity)
{
    const int64_t *capacity = flow->model->choices[flow->slot_choice[slot]].capacity;
    int64_t *used = flow->used + slot * flow->model->month_count;
    bool turned = false;
    for (uint32_t m = month; m < until; m++) {
        bool tight = used[m] >= capacity[m];
        used[m] += quantity;
        turned |= tight != (used[m] >= capacity[m]);
    }
    for (uint32_t m = until; m < month; m++) {
        bool tight = used[m] >= capacity[m];
        used[m] -= quantity;
        turned |= tight != (used[m] >= capacity[m]);
    }
    if (turned) {
        match_slot_tighten(flow, slot);
    }
}
