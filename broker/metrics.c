/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/metrics.h"

#include "broker/journal.h"
#include "proto/status.h"

#define SPACE_PERIOD 10000u /* milliseconds between two looks at the disk */

void metrics_start(struct metrics *metrics, uint64_t period, uint64_t now)
{
    *metrics = (struct metrics){.period = period, .reported = now};
}

static void metrics_space(struct metrics *metrics, struct exchange *exchange)
{
    struct store_space space;
    if (store_space(exchange_store(exchange), &space) != STATUS_OK)
        return;
    if (space.alarm && !metrics->alarmed)
        journal_write(JOURNAL_WARNING, "store-fills", "map_used=%llu map_size=%llu disk_free=%llu disk_size=%llu",
                      (unsigned long long)space.map_used, (unsigned long long)space.map_size,
                      (unsigned long long)space.disk_free, (unsigned long long)space.disk_size);
    metrics->alarmed = space.alarm;
}

void metrics_report(struct metrics *metrics, struct exchange *exchange, uint64_t now)
{
    if (now - metrics->space_looked >= SPACE_PERIOD) {
        metrics->space_looked = now;
        metrics_space(metrics, exchange);
    }
    if (metrics->period == 0 || now - metrics->reported < metrics->period)
        return;
    metrics->reported = now;
    struct exchange_counts counts = exchange_counted(exchange);
    journal_write(JOURNAL_INFO, "exchange-counts",
                  "batches=%llu requests=%llu entries=%llu refused=%llu repeated=%llu malformed=%llu plans=%llu "
                  "plans_failed=%llu answers_lost=%llu",
                  (unsigned long long)counts.batches, (unsigned long long)counts.requests,
                  (unsigned long long)counts.entries, (unsigned long long)counts.refused,
                  (unsigned long long)counts.repeated, (unsigned long long)counts.malformed,
                  (unsigned long long)counts.plans, (unsigned long long)counts.plans_failed,
                  (unsigned long long)metrics->answers_lost);
}
