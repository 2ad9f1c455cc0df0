/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/exchange_report.h"

#include <inttypes.h>

#include "broker/metrics.h"
#include "proto/status.h"

#define SPACE_PERIOD 10000u /* milliseconds between two looks at the disk */

void exchange_report_start(struct exchange_report *report, uint64_t period, uint64_t now)
{
    *report = (struct exchange_report){.period = period, .reported = now};
}

static void exchange_report_space(struct exchange_report *report, struct exchange *exchange)
{
    struct store_space space;
    if (store_space(exchange_store(exchange), &space) != STATUS_OK)
        return;
    if (space.alarm && !report->alarmed)
        metrics_write(METRICS_WARNING, "store-fills", "map_used=%llu map_size=%llu disk_free=%llu disk_size=%llu",
                      (unsigned long long)space.map_used, (unsigned long long)space.map_size,
                      (unsigned long long)space.disk_free, (unsigned long long)space.disk_size);
    report->alarmed = space.alarm;
}

int exchange_report_verified(struct exchange_report *report, struct verifier *verifier)
{
    char quoted[METRICS_LINE_MOST];
    struct verifier_progress progress;
    if (verifier == NULL)
        return STATUS_OK;
    verifier_look(verifier, &progress);
    if (progress.passes != report->verified.passes)
        metrics_write(METRICS_INFO, "log-verified", "entries=%" PRIu64 " milliseconds=%" PRIu64 " passes=%" PRIu64, progress.verified,
                      progress.took, progress.passes);
    report->verified = progress;
    if (progress.status == STATUS_CORRUPT)
        metrics_write(METRICS_ERROR, "log-corrupt", "position=%" PRIu64 " what=%s", progress.bad,
                      metrics_quote(quoted, sizeof quoted, progress.why));
    else if (progress.status != STATUS_OK)
        metrics_write(METRICS_ERROR, "log-not-verified", "reason=%s", status_name(progress.status));
    return progress.status;
}

void exchange_report_write(struct exchange_report *report, struct exchange *exchange, uint64_t now)
{
    if (now - report->space_looked >= SPACE_PERIOD) {
        report->space_looked = now;
        exchange_report_space(report, exchange);
    }
    if (report->period == 0 || now - report->reported < report->period)
        return;
    report->reported = now;
    struct exchange_counts counts = exchange_counted(exchange);
    metrics_write(METRICS_INFO, "exchange-counts",
                  "batches=%llu requests=%llu entries=%llu refused=%llu repeated=%llu malformed=%llu plans=%llu "
                  "plans_failed=%llu answers_lost=%llu log_verified=%" PRIu64 " log_size=%" PRIu64 " log_passes=%" PRIu64,
                  (unsigned long long)counts.batches, (unsigned long long)counts.requests,
                  (unsigned long long)counts.entries, (unsigned long long)counts.refused,
                  (unsigned long long)counts.repeated, (unsigned long long)counts.malformed,
                  (unsigned long long)counts.plans, (unsigned long long)counts.plans_failed,
                  (unsigned long long)report->answers_lost, report->verified.verified, report->verified.size, report->verified.passes);
}
