/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/bench/figures.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/status.h"

#define WIDTH 640
#define HEIGHT 320
#define LEFT 70
#define BOTTOM 270
#define TOP 40

static int figures_compare(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return a < b ? -1 : a > b;
}

static double figures_middle(const double *list, unsigned count)
{
    double sorted[FIGURES_SLICES_MOST];
    if (count == 0)
        return 0;
    memcpy(sorted, list, count * sizeof *list);
    qsort(sorted, count, sizeof *sorted, figures_compare);
    return count % 2 == 1 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
}

static double figures_rate(const struct figures_side *side)
{
    return figures_middle(side->rates, side->slices);
}

/* Slices alternate, so each is compared with its neighbour; what the machine did meanwhile touched both. */
static double figures_ratio(const struct figures_side *loop, const struct figures_side *exchange)
{
    double ratios[FIGURES_SLICES_MOST];
    unsigned count = loop->slices < exchange->slices ? loop->slices : exchange->slices;
    for (unsigned i = 0; i < count; i++)
        ratios[i] = loop->rates[i] > 0 ? exchange->rates[i] / loop->rates[i] : 0;
    return figures_middle(ratios, count);
}

static double figures_mean(double sum, unsigned count)
{
    return count == 0 ? 0 : sum / count;
}

static double figures_cost(const struct figures_side *side)
{
    return side->acknowledged == 0 ? 0 : side->processor / (double)side->acknowledged;
}

static double figures_worst(const struct figures *figures, int with)
{
    double worst = INFINITY;
    for (unsigned i = 0; i < FIGURES_ROWS; i++) {
        const struct figures_row *row = &figures->rows[i];
        double ratio = with ? figures_ratio(&row->loop_signed, &row->exchange_signed)
                            : figures_ratio(&row->loop_unsigned, &row->exchange_unsigned);
        worst = ratio < worst ? ratio : worst;
    }
    return worst;
}

static double figures_objects(const struct figures *figures)
{
    return figures_rate(&figures->bulk) * FIGURES_BULK_OBJECTS * 60;
}

static double figures_kept(const struct figures *figures)
{
    return figures->attacked.alone > 0 ? figures->attacked.under / figures->attacked.alone : 0;
}

static void figures_print_half(const struct figures_row *row, const struct figures_side *loop, const struct figures_side *exchange,
                               const char *name)
{
    printf("%7u  %-9s %10.0f %10.0f  %5.0f %%  %8.2f %8.2f  %8.2f %8.2f  %6.0f %6.0f\n", row->clients, name, figures_rate(loop),
           figures_rate(exchange), 100 * figures_ratio(loop, exchange), figures_mean(loop->p50, loop->slices),
           figures_mean(loop->p99, loop->slices), figures_mean(exchange->p50, exchange->slices),
           figures_mean(exchange->p99, exchange->slices), figures_cost(loop), figures_cost(exchange));
}

void figures_print(const struct figures *figures)
{
    printf("Durable submissions acknowledged a second, one under way a client; times in ms, processor in us a submission\n\n");
    printf("%7s  %-9s %10s %10s  %7s  %17s  %17s  %13s\n", "", "", "bare loop", "exchange", "", "loop p50      p99", "exch. p50     p99",
           "loop    exch.");
    printf("clients  signed\n");
    for (unsigned i = 0; i < FIGURES_ROWS; i++) {
        const struct figures_row *row = &figures->rows[i];
        figures_print_half(row, &row->loop_unsigned, &row->exchange_unsigned, "unchecked");
        figures_print_half(row, &row->loop_signed, &row->exchange_signed, "checked");
    }
    printf("\nworst ratio: %.0f %% with signatures unchecked in both, %.0f %% with them checked in both\n",
           100 * figures_worst(figures, 0), 100 * figures_worst(figures, 1));
    printf("submissions of %u objects, %u clients: %.0f objects a minute, %.1f us of processor an object\n", FIGURES_BULK_OBJECTS,
           FIGURES_BULK_CLIENTS, figures_objects(figures), figures_cost(&figures->bulk) / FIGURES_BULK_OBJECTS);
    printf("acknowledgement alone: p50 %.2f, p99 %.2f ms; beside %.0f reads a second and %llu plans: p50 %.2f, p99 %.2f ms\n",
           figures->beside.idle_p50, figures->beside.idle_p99, figures->beside.reads, (unsigned long long)figures->beside.plans,
           figures->beside.busy_p50, figures->beside.busy_p99);
    printf("against attackers with half of one core: %.0f of %.0f a second are kept, %.0f %%\n", figures->attacked.under, figures->attacked.alone,
           100 * figures_kept(figures));
}

static void figures_json_row(FILE *file, const struct figures_row *row, const char *end)
{
    fprintf(file,
            "    {\"clients\": %u, \"loop_unsigned\": %.1f, \"exchange_unsigned\": %.1f, \"ratio_unsigned\": %.3f,\n"
            "     \"loop_signed\": %.1f, \"exchange_signed\": %.1f, \"ratio_signed\": %.3f,\n"
            "     \"p50_ms\": %.3f, \"p99_ms\": %.3f, \"loop_p50_ms\": %.3f, \"loop_p99_ms\": %.3f,\n"
            "     \"loop_processor_us\": %.1f, \"processor_us\": %.1f}%s\n",
            row->clients, figures_rate(&row->loop_unsigned), figures_rate(&row->exchange_unsigned),
            figures_ratio(&row->loop_unsigned, &row->exchange_unsigned), figures_rate(&row->loop_signed),
            figures_rate(&row->exchange_signed), figures_ratio(&row->loop_signed, &row->exchange_signed),
            figures_mean(row->exchange_signed.p50, row->exchange_signed.slices),
            figures_mean(row->exchange_signed.p99, row->exchange_signed.slices),
            figures_mean(row->loop_signed.p50, row->loop_signed.slices), figures_mean(row->loop_signed.p99, row->loop_signed.slices),
            figures_cost(&row->loop_signed), figures_cost(&row->exchange_signed), end);
}

static void figures_json(FILE *file, const struct figures *figures)
{
    const struct figures_beside *beside = &figures->beside;
    fprintf(file, "{\n  \"ratio_unsigned\": %.3f,\n  \"ratio_signed\": %.3f,\n  \"objects_per_minute\": %.0f,\n",
            figures_worst(figures, 0), figures_worst(figures, 1), figures_objects(figures));
    fprintf(file, "  \"idle_p50_ms\": %.3f,\n  \"idle_p99_ms\": %.3f,\n  \"busy_p50_ms\": %.3f,\n  \"busy_p99_ms\": %.3f,\n",
            beside->idle_p50, beside->idle_p99, beside->busy_p50, beside->busy_p99);
    fprintf(file, "  \"reads_per_second\": %.1f,\n  \"plans\": %llu,\n  \"kept_under_attack\": %.3f,\n  \"rows\": [\n", beside->reads,
            (unsigned long long)beside->plans, figures_kept(figures));
    for (unsigned i = 0; i < FIGURES_ROWS; i++)
        figures_json_row(file, &figures->rows[i], i + 1 < FIGURES_ROWS ? "," : "");
    fprintf(file, "  ]\n}\n");
}

static double figures_x(unsigned row)
{
    return LEFT + (WIDTH - LEFT - 30) * row / (double)(FIGURES_ROWS - 1);
}

/* Logarithmic, from 100 to 100,000 a second. */
static double figures_y(double rate)
{
    double share = (log10(rate < 100 ? 100 : rate) - 2) / 3;
    return BOTTOM - (BOTTOM - TOP) * (share > 1 ? 1 : share);
}

static void figures_svg_line(FILE *file, const struct figures *figures, size_t offset, const char *colour, const char *dash)
{
    fprintf(file, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" stroke-dasharray=\"%s\" points=\"", colour, dash);
    for (unsigned i = 0; i < FIGURES_ROWS; i++) {
        const struct figures_side *side = (const struct figures_side *)(const void *)((const char *)&figures->rows[i] + offset);
        fprintf(file, "%.1f,%.1f ", figures_x(i), figures_y(figures_rate(side)));
    }
    fprintf(file, "\"/>\n");
}

static void figures_svg(FILE *file, const struct figures *figures)
{
    static const struct {
        const char *text, *colour, *dash;
        size_t offset;
    } lines[] = {
        {"bare loop", "#888888", "none", offsetof(struct figures_row, loop_unsigned)},
        {"exchange", "#0b5394", "none", offsetof(struct figures_row, exchange_unsigned)},
        {"bare loop, signatures", "#888888", "5 4", offsetof(struct figures_row, loop_signed)},
        {"exchange, signatures", "#0b5394", "5 4", offsetof(struct figures_row, exchange_signed)},
    };
    fprintf(file, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\" font-size=\"12\">\n", WIDTH,
            HEIGHT);
    fprintf(file, "<text x=\"%d\" y=\"20\">Durable submissions acknowledged a second</text>\n", LEFT);
    for (int tens = 2; tens <= 5; tens++) {
        double y = figures_y(pow(10, tens));
        fprintf(file, "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#dddddd\"/>\n", LEFT, WIDTH - 30, y, y);
        fprintf(file, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.0f</text>\n", LEFT - 8, y + 4, pow(10, tens));
    }
    for (unsigned i = 0; i < FIGURES_ROWS; i++)
        fprintf(file, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%u clients</text>\n", figures_x(i), BOTTOM + 20, figures->rows[i].clients);
    for (unsigned i = 0; i < 4; i++) {
        figures_svg_line(file, figures, lines[i].offset, lines[i].colour, lines[i].dash);
        fprintf(file, "<line x1=\"%u\" x2=\"%u\" y1=\"%d\" y2=\"%d\" stroke=\"%s\" stroke-width=\"2\" stroke-dasharray=\"%s\"/>\n",
                LEFT + 140 * i, LEFT + 140 * i + 20, HEIGHT - 14, HEIGHT - 14, lines[i].colour, lines[i].dash);
        fprintf(file, "<text x=\"%u\" y=\"%d\" font-size=\"10\">%s</text>\n", LEFT + 140 * i + 24, HEIGHT - 10, lines[i].text);
    }
    fprintf(file, "</svg>\n");
}

static int figures_file(const struct figures *figures, const char *folder, const char *name,
                        void (*write)(FILE *file, const struct figures *figures))
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "we");
    if (file == NULL)
        return STATUS_IO;
    write(file, figures);
    printf("written: %s\n", path);
    return fclose(file) == 0 ? STATUS_OK : STATUS_IO;
}

int figures_write(const struct figures *figures, const char *folder)
{
    figures_print(figures);
    int status = figures_file(figures, folder, "broker.json", figures_json);
    return status == STATUS_OK ? figures_file(figures, folder, "broker.svg", figures_svg) : status;
}
