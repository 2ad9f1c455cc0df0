/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef CLIENTS_MUSTER_FAULTS_H
#define CLIENTS_MUSTER_FAULTS_H

#include "clients/muster/command.h"
#include "clients/muster/session.h"
#include "proto/fault.h"
#include "proto/request.pb-c.h"

/*
 * Faults as people and programs read them: the table Row, Column, Found, Expected, Do on standard output under one sentence that
 * says what became of the file; with --json the same as an object.
 */

/* A file's faults. rows: data rows of the file; became: "Nothing was sent."; advice: the last line, or NULL. Returns 65 where there is an error, else 0. */
int faults_print(struct context *context, const char *file, uint32_t rows, const struct faults *faults, const char *became, const char *advice);

/* A file's warnings alone, on standard error: what is sent all the same. */
void faults_print_warnings(struct context *context, const char *file, const struct faults *faults);

/* Faults that the exchange named, told through naming (may be NULL). */
void faults_print_answer(struct context *context, const Muster__Answer *answer, const struct session_naming *naming);

#endif
