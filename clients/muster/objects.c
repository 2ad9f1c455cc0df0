/* SPDX-License-Identifier: EUPL-1.2 */
#include "clients/muster/objects.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "clients/muster/complain.h"
#include "clients/muster/faults.h"
#include "clients/muster/figures.h"
#include "proto/csv_cells.h"
#include "proto/marking.h"
#include "proto/status.h"
#include "proto/walk.h"

const struct objects_kind objects_items = {MUSTER__NOUN__NOUN_ITEM, "item", "items", "item"};
const struct objects_kind objects_demands = {MUSTER__NOUN__NOUN_DEMAND, "demand", "demands", "demand"};
const struct objects_kind objects_offers = {MUSTER__NOUN__NOUN_OFFER, "offer", "offers", "offer"};
const struct objects_kind objects_funds = {MUSTER__NOUN__NOUN_FUND, "fund", "funds", "fund"};

/* What a reader of proto/csv gives, whichever noun. */
struct reading {
    ProtobufCMessage **list;
    struct csv_rows *rows;
    size_t count;
    const char *told;
};

static int read_noun(Muster__Noun noun, const uint8_t *bytes, size_t size, const struct csv_options *options, struct arena *arena,
                     struct faults *faults, struct reading *reading)
{
    int status;
    switch (noun) {
    case MUSTER__NOUN__NOUN_ITEM: {
        struct csv_items items = {0};
        status = csv_read_items(bytes, size, options, arena, faults, &items);
        *reading = (struct reading){(ProtobufCMessage **)items.list, items.rows, items.count, items.told};
        return status;
    }
    case MUSTER__NOUN__NOUN_DEMAND: {
        struct csv_demands demands = {0};
        status = csv_read_demands(bytes, size, options, arena, faults, &demands);
        *reading = (struct reading){(ProtobufCMessage **)demands.list, demands.rows, demands.count, demands.told};
        return status;
    }
    case MUSTER__NOUN__NOUN_OFFER: {
        struct csv_offers offers = {0};
        status = csv_read_offers(bytes, size, options, arena, faults, &offers);
        *reading = (struct reading){(ProtobufCMessage **)offers.list, offers.rows, offers.count, offers.told};
        return status;
    }
    default: {
        struct csv_funds funds = {0};
        status = csv_read_funds(bytes, size, options, arena, faults, &funds);
        *reading = (struct reading){(ProtobufCMessage **)funds.list, funds.rows, funds.count, funds.told};
        return status;
    }
    }
}

/* The id is the first field of all four. */
static const char *id_of(const struct objects_kind *kind, const ProtobufCMessage *message)
{
    switch (kind->noun) {
    case MUSTER__NOUN__NOUN_ITEM:
        return ((const Muster__Item *)message)->id;
    case MUSTER__NOUN__NOUN_DEMAND:
        return ((const Muster__Demand *)message)->id;
    case MUSTER__NOUN__NOUN_OFFER:
        return ((const Muster__Offer *)message)->id;
    default:
        return ((const Muster__Fund *)message)->id;
    }
}

/* Columns of free text; all others hold codes, where "NR" is Nauru and no marking. */
static enum marking_kind kind_of_column(const char *name)
{
    static const char *const texts[] = {"title", "name", "requires", "provides", "certificates", "release", "contact", "value"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (strcasecmp(name, texts[i]) == 0) {
            return MARKING_TEXT;
        }
    }
    return MARKING_CODE;
}

/* Every cell searched as it stands in the file, so that a cell that is wrong in form as well is not taken for a typing error. */
static int search_cells(struct context *context, const struct csv_sheet *sheet, struct objects *objects)
{
    objects->marked = arena_array(&context->arena, OBJECTS_MARKED_MOST, sizeof *objects->marked);
    if (!objects->marked) {
        return STATUS_NO_MEMORY;
    }
    for (size_t at = 0; at < sheet->count; at++) {
        const struct csv_row *row = &sheet->rows[at];
        for (uint32_t column = 0; column < row->count && objects->marked_count < OBJECTS_MARKED_MOST; column++) {
            const char *name = column < sheet->rows[0].count ? sheet->rows[0].cells[column] : "";
            bool hidden = marking_scan_text(name, strlen(name), MARKING_CODE);
            if (marking_scan_text(row->cells[column], strlen(row->cells[column]), at == 0 ? MARKING_CODE : kind_of_column(name))) {
                objects->marked[objects->marked_count++] = (struct objects_marked){row->number, hidden ? "" : name};
            }
        }
    }
    return STATUS_OK;
}

/* Counts the rows and searches the cells of a file that may have any fault. */
static int look_at_cells(struct context *context, const uint8_t *bytes, size_t size, struct objects *objects)
{
    static const char *const none[] = {"month"};
    struct faults ignored;
    struct csv_sheet sheet = {0};
    faults_init(&ignored, &context->arena);
    csv_cells_read(bytes, size, none, 1, &context->arena, &ignored, &sheet);
    objects->rows = sheet.count ? (uint32_t)sheet.count - 1 : 0;
    return search_cells(context, &sheet, objects);
}

int objects_refuse_marked(struct context *context, const struct objects *objects)
{
    const struct objects_marked *first = &objects->marked[0];
    if (context->output.form == OUTPUT_JSON) {
        json_t *list = json_array();
        for (size_t i = 0; i < objects->marked_count; i++) {
            json_array_append_new(list, json_pack("{s:i, s:s}", "row", (int)objects->marked[i].row, "column", objects->marked[i].column));
        }
        output_value(&context->output, json_pack("{s:s, s:s, s:o}", "file", objects->file, "became",
                                                 "Refused: a marking above unclassified. Nothing was sent, stored or logged.", "marked", list));
    }
    for (size_t i = 0; i < objects->marked_count; i++) {
        const struct objects_marked *one = &objects->marked[i];
        advise("%s row %u, column %s, carries a marking above unclassified.", i == 0 ? "Refused:" : "and", (unsigned)one->row,
               *one->column ? one->column : "without a name");
    }
    advise("Nothing was sent, stored or logged; the text is not repeated here.\n"
           "Now: 1 do not mail, copy or delete the file; 2 tell your security officer \"possible spill, %s row %u\"; 3 submit again only once cleared.\n"
           "If it is a false alarm, and nothing else is wrong in the file, submit tells the code that confirms it.",
           objects->file, (unsigned)first->row);
    return EXIT_CODE_INPUT;
}

/* A marking in the file's name is one too, though the name itself is never sent. */
static bool name_is_marked(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    return marking_scan_text(name, strlen(name), MARKING_CODE);
}

int objects_read(struct context *context, const struct objects_kind *kind, const char *path, const struct csv_options *options,
                 const char *became, struct objects *objects, struct faults *faults)
{
    uint8_t *bytes;
    size_t size;
    struct csv_options named = *options;
    struct reading reading = {0};
    *objects = (struct objects){.kind = kind, .file = strcmp(path, "-") == 0 ? "standard input" : path};
    named.file = objects->file;
    if (name_is_marked(path)) {
        return complain(EXIT_CODE_INPUT,
                        "refused: the file's name carries a marking above unclassified. %s\n"
                        "If the file is marked so: do not mail, copy or delete it, and tell your security officer.\n"
                        "If the name only looks so: give the file another name.",
                        became);
    }
    int status = files_read(path, CSV_BYTES_MOST, &context->arena, &bytes, &size);
    if (status == STATUS_NOT_FOUND) {
        return complain(EXIT_CODE_INPUT, "there is no file %s. %s", path, became);
    }
    if (status == STATUS_TOO_LARGE) {
        return complain(EXIT_CODE_INPUT, "%s is longer than %u MiB. %s", path, (unsigned)(CSV_BYTES_MOST >> 20), became);
    }
    if (status != STATUS_OK) {
        return status == STATUS_NO_MEMORY ? complain_memory() : complain_file("read", path);
    }
    faults_init(faults, &context->arena);
    status = read_noun(kind->noun, bytes, size, &named, &context->arena, faults, &reading);
    if (status == STATUS_NO_MEMORY) {
        return complain_memory();
    }
    objects->told = reading.told;
    if (look_at_cells(context, bytes, size, objects) != STATUS_OK) {
        return complain_memory();
    }
    if ((status != STATUS_OK || faults->errors) && objects->marked_count) {
        return objects_refuse_marked(context, objects);
    }
    if (status != STATUS_OK || faults->errors) {
        const char *advice = arena_format(&context->arena, "Columns: muster %s template", kind->name);
        return faults_print(context, objects->file, objects->rows, faults, became, kind->noun == MUSTER__NOUN__NOUN_ITEM ? NULL : advice);
    }
    objects->list = arena_array(&context->arena, reading.count, sizeof *objects->list);
    if (!objects->list) {
        return complain_memory();
    }
    objects->count = reading.count;
    for (size_t i = 0; i < reading.count; i++) {
        objects->list[i] = (struct object){.id = id_of(kind, reading.list[i]), .message = reading.list[i], .rows = &reading.rows[i]};
    }
    return EXIT_CODE_DONE;
}

ProtobufCMessage *objects_of_record(const struct objects_kind *kind, const Muster__Record *record)
{
    switch (kind->noun) {
    case MUSTER__NOUN__NOUN_ITEM:
        return record->item ? &record->item->base : NULL;
    case MUSTER__NOUN__NOUN_DEMAND:
        return record->demand ? &record->demand->base : NULL;
    case MUSTER__NOUN__NOUN_OFFER:
        return record->offer ? &record->offer->base : NULL;
    default:
        return record->fund ? &record->fund->base : NULL;
    }
}

bool objects_equal(struct context *context, const ProtobufCMessage *left, const ProtobufCMessage *right)
{
    uint8_t *bytes[2];
    size_t sizes[2];
    if (walk_pack(left, &context->arena, &bytes[0], &sizes[0]) != STATUS_OK || walk_pack(right, &context->arena, &bytes[1], &sizes[1]) != STATUS_OK) {
        return false;
    }
    return sizes[0] == sizes[1] && memcmp(bytes[0], bytes[1], sizes[0]) == 0;
}

int objects_changes_begin(struct context *context, const struct objects_kind *kind, size_t capacity, struct objects_changes *changes)
{
    *changes = (struct objects_changes){.kind = kind, .capacity = capacity};
    changes->list = arena_array(&context->arena, capacity, sizeof *changes->list);
    changes->of = arena_array(&context->arena, capacity, sizeof *changes->of);
    changes->ids = arena_array(&context->arena, capacity, sizeof *changes->ids);
    return changes->list && changes->of && changes->ids ? EXIT_CODE_DONE : complain_memory();
}

static void *make_change(struct arena *arena, Muster__Noun noun, const char *id, uint64_t replaces, ProtobufCMessage *message)
{
    Muster__ChangeKind change = message ? MUSTER__CHANGE_KIND__CHANGE_PUT : MUSTER__CHANGE_KIND__CHANGE_WITHDRAW;
    char *own_id = arena_string(arena, id);
#define MAKE_CHANGE(type, init, member, object)            \
    {                                                      \
        type *made = arena_alloc(arena, sizeof *made);     \
        if (!made || !own_id) {                            \
            return NULL;                                   \
        }                                                  \
        init(made);                                        \
        made->kind = change;                               \
        made->id = own_id;                                 \
        made->replaces = replaces;                         \
        made->member = (object *)message;                  \
        return made;                                       \
    }
    switch (noun) {
    case MUSTER__NOUN__NOUN_ITEM:
        MAKE_CHANGE(Muster__ItemChange, muster__item_change__init, item, Muster__Item)
    case MUSTER__NOUN__NOUN_DEMAND:
        MAKE_CHANGE(Muster__DemandChange, muster__demand_change__init, demand, Muster__Demand)
    case MUSTER__NOUN__NOUN_OFFER:
        MAKE_CHANGE(Muster__OfferChange, muster__offer_change__init, offer, Muster__Offer)
    default:
        MAKE_CHANGE(Muster__FundChange, muster__fund_change__init, fund, Muster__Fund)
    }
#undef MAKE_CHANGE
}

int objects_changes_add(struct context *context, struct objects_changes *changes, const char *id, uint64_t replaces, const struct object *object)
{
    if (changes->count == changes->capacity) {
        return complain(EXIT_CODE_INTERNAL, "more changes than were made room for.");
    }
    void *change = make_change(&context->arena, changes->kind->noun, id, replaces, object ? object->message : NULL);
    if (!change) {
        return complain_memory();
    }
    changes->list[changes->count] = change;
    changes->of[changes->count] = object;
    changes->ids[changes->count] = id;
    changes->count++;
    return EXIT_CODE_DONE;
}

void objects_changes_fill(const struct objects_changes *changes, Muster__Submission *submission)
{
    switch (changes->kind->noun) {
    case MUSTER__NOUN__NOUN_ITEM:
        submission->items = (Muster__ItemChange **)changes->list;
        submission->n_items = changes->count;
        break;
    case MUSTER__NOUN__NOUN_DEMAND:
        submission->demands = (Muster__DemandChange **)changes->list;
        submission->n_demands = changes->count;
        break;
    case MUSTER__NOUN__NOUN_OFFER:
        submission->offers = (Muster__OfferChange **)changes->list;
        submission->n_offers = changes->count;
        break;
    default:
        submission->funds = (Muster__FundChange **)changes->list;
        submission->n_funds = changes->count;
        break;
    }
}

static uint32_t row_of_change(void *data, uint32_t change, const char *field, const char *found)
{
    const struct objects_changes *changes = data;
    const struct object *object = change < changes->count ? changes->of[change] : NULL;
    if (!object) {
        return 0;
    }
    switch (changes->kind->noun) {
    case MUSTER__NOUN__NOUN_DEMAND:
        return csv_demand_row((const Muster__Demand *)object->message, object->rows, field, found);
    case MUSTER__NOUN__NOUN_OFFER:
        return csv_offer_row((const Muster__Offer *)object->message, object->rows, field, found);
    default:
        return object->rows->first;
    }
}

static const char *id_of_change(void *data, uint32_t change)
{
    const struct objects_changes *changes = data;
    return change < changes->count ? changes->ids[change] : "";
}

void objects_naming(struct objects_changes *changes, const char *file, const char *receipt, struct session_naming *naming)
{
    *naming = (struct session_naming){.file = file, .row = file ? row_of_change : NULL, .id = id_of_change, .data = changes, .receipt = receipt};
}

static uint64_t quantity_of(const Muster__Demand *demand, uint32_t month)
{
    for (size_t i = 0; i < demand->n_lines; i++) {
        if (demand->lines[i]->month == month) {
            return demand->lines[i]->quantity;
        }
    }
    return 0;
}

static const char *line_difference(struct context *context, const Muster__Demand *yours, const Muster__Demand *there)
{
    for (size_t i = 0; i < yours->n_lines + there->n_lines; i++) {
        const Muster__Line *line = i < yours->n_lines ? yours->lines[i] : there->lines[i - yours->n_lines];
        uint64_t own = quantity_of(yours, line->month), other = quantity_of(there, line->month);
        if (own != other) {
            return arena_format(&context->arena, "due %s: yours %s, there now %s", figures_month(line->month).text, figures_count(own).text, figures_count(other).text);
        }
    }
    return NULL;
}

/* The first plain field that differs, by name. */
static const char *field_difference(struct context *context, const ProtobufCMessage *yours, const ProtobufCMessage *there)
{
    for (unsigned i = 0; i < yours->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &yours->descriptor->fields[i];
        const char *left = (const char *)yours + field->offset, *right = (const char *)there + field->offset;
        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            continue;
        }
        if (field->type == PROTOBUF_C_TYPE_STRING && strcmp(*(char *const *)(const void *)left, *(char *const *)(const void *)right) != 0) {
            return arena_format(&context->arena, "%s: yours %s, there now %s", field->name, *(char *const *)(const void *)left, *(char *const *)(const void *)right);
        }
        if (field->type == PROTOBUF_C_TYPE_INT64 && *(const int64_t *)(const void *)left != *(const int64_t *)(const void *)right) {
            return arena_format(&context->arena, "%s: yours %s, there now %s", field->name, figures_money(*(const int64_t *)(const void *)left).text,
                                figures_money(*(const int64_t *)(const void *)right).text);
        }
        if (field->type == PROTOBUF_C_TYPE_UINT64 && *(const uint64_t *)(const void *)left != *(const uint64_t *)(const void *)right) {
            return arena_format(&context->arena, "%s: yours %s, there now %s", field->name, figures_count(*(const uint64_t *)(const void *)left).text,
                                figures_count(*(const uint64_t *)(const void *)right).text);
        }
    }
    return NULL;
}

const char *objects_difference(struct context *context, const struct objects_kind *kind, const ProtobufCMessage *yours, const ProtobufCMessage *there)
{
    const char *text = NULL;
    if (kind->noun == MUSTER__NOUN__NOUN_DEMAND) {
        text = line_difference(context, (const Muster__Demand *)yours, (const Muster__Demand *)there);
    }
    return text ? text : field_difference(context, yours, there);
}
