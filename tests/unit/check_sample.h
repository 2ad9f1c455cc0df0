/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_UNIT_CHECK_SAMPLE_H
#define TESTS_UNIT_CHECK_SAMPLE_H

#include "proto/check.h"

/*
 * Messages without a fault, for tests that then break one rule at a time. Each call fills the same static message anew,
 * lists included; a test writes to what it gets as it likes.
 */

/* A list of faults in an arena of its own, and the context that samples are good in. */
struct check_sample {
    struct arena arena;
    struct faults faults;
    struct check_context context;
};

void check_sample_open(struct check_sample *sample);
void check_sample_close(struct check_sample *sample);

/* Forgets the faults so far. */
void check_sample_reset(struct check_sample *sample);

Muster__Demand *check_sample_demand(void);
Muster__Offer *check_sample_offer(void);
Muster__Item *check_sample_item(void);
Muster__Party *check_sample_party(void);
Muster__Fund *check_sample_fund(void);

/* A submission of one demand, with a whole head. */
Muster__Submission *check_sample_submission(void);

/* Fails unless there is exactly one error, on field, whose remedy or expectation holds advice; and forgets it. */
void check_sample_expect(struct check_sample *sample, const char *field, const char *advice);

/* The same for one warning and no error. */
void check_sample_expect_warning(struct check_sample *sample, const char *field, const char *advice);

/* Fails where there is any fault or warning. */
void check_sample_expect_none(struct check_sample *sample);

#endif
