/* SPDX-License-Identifier: EUPL-1.2 */
#include "clients/muster/view.h"

#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "clients/muster/figures.h"

#define ENUM_NAMES_MOST 128
#define HEX_MOST 64 /* bytes of a key, hash or signature; longer bytes are packed messages and left out */

static bool one_of(const char *const *names, const char *name)
{
    for (; *names; names++) {
        if (strcmp(*names, name) == 0) {
            return true;
        }
    }
    return false;
}

bool view_is_money(const char *field)
{
    static const char *const names[] = {"max_unit_price", "unit_price", "one_off", "amount", "balance", "pays", "alone_pays", "saving",
                                        "value", "objective", "bound", "freight", "fund_committed", "fund_held", "own_draws", "total", "ceiling",
                                        "committed", "held", "draws", NULL};
    return one_of(names, field);
}

/* How the whole number of a field is read. */
enum reading { READ_NUMBER, READ_MONTH, READ_DATE, READ_TIME };

static enum reading reading_of(const char *field)
{
    static const char *const months[] = {"month", "first_month", "last_month", NULL};
    static const char *const dates[] = {"valid_until", "as_of", "date", NULL};
    static const char *const times[] = {"time", "until", "deadline", "proposed", "expiry", "invitation_expiry", "not_after", NULL};
    return one_of(months, field) ? READ_MONTH : one_of(dates, field) ? READ_DATE : one_of(times, field) ? READ_TIME : READ_NUMBER;
}

static json_t *whole(const char *field, uint64_t value)
{
    enum reading reading = reading_of(field);
    if (reading != READ_NUMBER && value == 0) {
        return json_null();
    }
    switch (reading) {
    case READ_MONTH:
        return json_string(figures_month((uint32_t)value).text);
    case READ_DATE:
        return json_string(figures_date((uint32_t)value).text);
    case READ_TIME:
        return json_string(figures_instant(value).text);
    case READ_NUMBER:
        break;
    }
    return json_integer((json_int_t)value);
}

const char *view_enum(const ProtobufCEnumDescriptor *descriptor, int value)
{
    static char names[ENUM_NAMES_MOST][32];
    static const ProtobufCEnumValue *known[ENUM_NAMES_MOST];
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    const ProtobufCEnumValue *found = protobuf_c_enum_descriptor_get_value(descriptor, value);
    if (!found) {
        return "unknown";
    }
    const char *result = "unknown";
    pthread_mutex_lock(&lock);
    for (int i = 0; i < ENUM_NAMES_MOST; i++) {
        if (!known[i]) {
            /* All values of an enum begin with its own word: BUNDLE_PROPOSED. */
            const char *word = strchr(found->name, '_');
            size_t length = 0;
            for (word = word ? word + 1 : found->name; *word && length + 1 < sizeof names[i]; word++) {
                names[i][length++] = (char)(*word == '_' ? '-' : tolower((unsigned char)*word));
            }
            known[i] = found;
        }
        if (known[i] == found) {
            result = names[i];
            break;
        }
    }
    pthread_mutex_unlock(&lock);
    return result;
}

static json_t *hexadecimal(const ProtobufCBinaryData *bytes)
{
    char text[HEX_MOST * 2 + 1];
    if (bytes->len > HEX_MOST) {
        return NULL;
    }
    sodium_bin2hex(text, sizeof text, bytes->data, bytes->len);
    return json_string(text);
}

static json_t *value_of(const ProtobufCFieldDescriptor *field, const void *at)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_BOOL:
        return json_boolean(*(const protobuf_c_boolean *)at);
    case PROTOBUF_C_TYPE_UINT32:
        return whole(field->name, *(const uint32_t *)at);
    case PROTOBUF_C_TYPE_UINT64:
        return whole(field->name, *(const uint64_t *)at);
    case PROTOBUF_C_TYPE_INT32:
        return json_integer(*(const int32_t *)at);
    case PROTOBUF_C_TYPE_INT64:
        return json_integer(*(const int64_t *)at);
    case PROTOBUF_C_TYPE_ENUM:
        return json_string(view_enum(field->descriptor, *(const int *)at));
    case PROTOBUF_C_TYPE_STRING:
        return json_string(*(char *const *)at);
    case PROTOBUF_C_TYPE_BYTES:
        return hexadecimal(at);
    case PROTOBUF_C_TYPE_MESSAGE:
        return view_message(*(ProtobufCMessage *const *)at);
    default:
        return NULL;
    }
}

static size_t element_size(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_INT64:
        return sizeof(uint64_t);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    default:
        return sizeof(uint32_t);
    }
}

static json_t *repeated(const ProtobufCFieldDescriptor *field, const char *base)
{
    size_t count = *(const size_t *)(const void *)(base + field->quantifier_offset);
    const char *elements = *(const char *const *)(const void *)(base + field->offset);
    json_t *list = json_array();
    for (size_t i = 0; list && i < count; i++) {
        json_t *element = value_of(field, elements + i * element_size(field));
        if (element && json_array_append_new(list, element) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

/* Whether an optional field stands in the message. */
static bool present(const ProtobufCFieldDescriptor *field, const char *base)
{
    if (field->label != PROTOBUF_C_LABEL_OPTIONAL) {
        return true;
    }
    if (field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_MESSAGE) {
        const void *pointer = *(const void *const *)(const void *)(base + field->offset);
        return pointer && pointer != field->default_value;
    }
    return *(const protobuf_c_boolean *)(const void *)(base + field->quantifier_offset);
}

json_t *view_message(const ProtobufCMessage *message)
{
    json_t *object = json_object();
    const char *base = (const char *)message;
    for (unsigned i = 0; object && i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        if (!present(field, base)) {
            continue;
        }
        json_t *value = field->label == PROTOBUF_C_LABEL_REPEATED ? repeated(field, base) : value_of(field, base + field->offset);
        if (value && json_object_set_new(object, field->name, value) != 0) {
            json_decref(object);
            return NULL;
        }
    }
    return object;
}
