/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_CHECK_FIELD_H
#define PROTO_CHECK_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "proto/check.h"
#include "proto/codes/code.h"
#include "proto/fault.h"

/*
 * The rules that many fields share, each with the fault it adds: for proto/check's own files. All of them return true
 * where nothing refuses the field (a warning does not), so that a rule which builds on another can wait for it.
 */

/* faults_add with the remedy as a printf format. */
void check_fault(struct faults *faults, const char *field, const char *found, const char *expected, const char *remedy, ...)
    __attribute__((format(printf, 5, 6)));
void check_warn(struct faults *faults, const char *field, const char *found, const char *expected, const char *remedy, ...)
    __attribute__((format(printf, 5, 6)));

/* text where it can be shown as it stands, else "": what holds control or invisible characters is not repeated. */
const char *check_shown(const char *text);

/* Text of at most `most` bytes in the contract's form; not empty where needed. */
bool check_text(struct faults *faults, const char *field, const char *text, size_t most, bool needed);

/* Ids of objects and of parties; party/id. */
bool check_id(struct faults *faults, const char *field, const char *text);
bool check_party_id(struct faults *faults, const char *field, const char *text);
bool check_object_id(struct faults *faults, const char *field, const char *text);

/* What a code list answered: refused, doubtful, or accepted in another form than the stored one. */
bool check_code(struct faults *faults, const char *field, const char *text, int status, const struct code_answer *answer);

bool check_country(struct faults *faults, const char *field, const char *text);

/* A currency that is money on the context's day and, where rates are known, has one. */
bool check_currency(struct faults *faults, const char *field, const char *text, const struct check_context *context);

/* An amount in a currency: its range, its smallest unit, and its worth in base cents where a rate is known. */
bool check_amount(struct faults *faults, const char *field, int64_t hundredths, const char *currency,
                  const struct check_context *context);

/* Base cents of an amount: false where no rate is known or it is out of range. */
bool check_to_base(int64_t hundredths, const char *currency, const struct check_context *context, int64_t *base_cents);

/* A whole number from least to most. */
bool check_number(struct faults *faults, const char *field, uint64_t value, uint64_t least, uint64_t most);

bool check_month(struct faults *faults, const char *field, uint32_t month);

/* A day; 0 is allowed where optional. */
bool check_day(struct faults *faults, const char *field, uint32_t day, bool optional);

/* An enum's number, which must be one of its names. */
bool check_enum(struct faults *faults, const char *field, int value, const ProtobufCEnumDescriptor *descriptor);

/* Exactly length bytes. */
bool check_bytes(struct faults *faults, const char *field, const ProtobufCBinaryData *bytes, size_t length);

/* At most `most` elements. */
bool check_count(struct faults *faults, const char *field, size_t count, size_t most);

/* Elements in bytewise order without repeats. */
bool check_set(struct faults *faults, const char *field, char *const *set, size_t count);

/* A set of countries: number, each one, order. */
bool check_countries(struct faults *faults, const char *field, char *const *set, size_t count);

/* A set of certificates. */
bool check_certificates(struct faults *faults, const char *field, char *const *set, size_t count);

/* The name or value of an attribute: text without what the columns use between them. */
bool check_attribute_text(struct faults *faults, const char *field, const char *text, const char *refused);

/* Sets where the next faults are: the row of line or tier `at`, where the context knows it; and back. */
uint32_t check_enter_row(struct faults *faults, const struct check_context *context, size_t at);
void check_leave_row(struct faults *faults, uint32_t row);

#endif
