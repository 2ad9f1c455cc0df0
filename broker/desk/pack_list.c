/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/desk/pack_list.h"

#include <string.h>

#include "proto/status.h"

int pack_list_add(struct arena *arena, struct pack_list *list, void *element)
{
    if (list->count == 0 || (list->count & (list->count - 1)) == 0) {
        void **wider = arena_array(arena, list->count == 0 ? 1 : 2 * list->count, sizeof *wider);
        if (wider == NULL)
            return STATUS_NO_MEMORY;
        if (list->count != 0)
            memcpy(wider, list->list, list->count * sizeof *wider);
        list->list = wider;
    }
    list->list[list->count++] = element;
    return STATUS_OK;
}

bool pack_texts_hold(char *const *texts, size_t count, const char *text)
{
    for (size_t at = 0; at < count; at++) {
        if (strcmp(texts[at], text) == 0)
            return true;
    }
    return false;
}

Muster__Demand *pack_cut_demand(struct arena *arena, const Muster__Demand *demand, Muster__Commitment *const *commitments, size_t count)
{
    Muster__Demand *cut = arena_alloc(arena, sizeof *cut);
    Muster__Line **lines = arena_array(arena, demand->n_lines + 1, sizeof *lines);
    if (cut == NULL || lines == NULL)
        return NULL;
    *cut = *demand;
    cut->lines = lines;
    cut->n_lines = 0;
    for (size_t at = 0; at < demand->n_lines; at++) {
        uint64_t committed = 0;
        for (size_t of = 0; of < count; of++)
            committed += commitments[of]->month == demand->lines[at]->month && strcmp(commitments[of]->demand, demand->id) == 0
                             ? commitments[of]->quantity
                             : 0;
        if (committed == 0)
            continue;
        Muster__Line *line = arena_alloc(arena, sizeof *line);
        if (line == NULL)
            return NULL;
        *line = *demand->lines[at];
        line->quantity = committed;
        cut->lines[cut->n_lines++] = line;
    }
    return cut;
}
