/* SPDX-License-Identifier: EUPL-1.2 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clients/muster/commands.h"
#include "clients/muster/complain.h"
#include "clients/muster/describe.h"
#include "clients/muster/figures.h"
#include "clients/muster/objects_send.h"
#include "clients/muster/sets.h"
#include "proto/csv_write.h"
#include "proto/policy.h"
#include "proto/settings.h"
#include "proto/status.h"

/* template, check, submit and withdraw of every noun: thin, the work is in objects_send and sets. */

static int print_template(struct context *context, const struct csv_format *format)
{
    struct csv_out out;
    csv_out_init(&out, &context->arena, ',');
    csv_write_template(&out, format);
    if (out.status != STATUS_OK) {
        return complain_memory();
    }
    fwrite(out.bytes, 1, out.length, stdout);
    return EXIT_CODE_DONE;
}

static int check_only(struct context *context, const struct objects_kind *kind, const char *file)
{
    struct objects objects;
    return objects_check(context, kind, file, &objects);
}

int item_template_run(struct context *context, int count, char **words)
{
    (void)count;
    (void)words;
    return print_template(context, &csv_format_item);
}

int item_check_run(struct context *context, int count, char **words)
{
    (void)count;
    return check_only(context, &objects_items, words[0]);
}

int item_submit_run(struct context *context, int count, char **words)
{
    (void)count;
    return objects_submit(context, &objects_items, words[0]);
}

int item_withdraw_run(struct context *context, int count, char **words)
{
    return objects_withdraw(context, &objects_items, count, words);
}

int fund_template_run(struct context *context, int count, char **words)
{
    (void)count;
    (void)words;
    return print_template(context, &csv_format_fund);
}

int fund_check_run(struct context *context, int count, char **words)
{
    (void)count;
    return check_only(context, &objects_funds, words[0]);
}

int fund_submit_run(struct context *context, int count, char **words)
{
    (void)count;
    return objects_submit(context, &objects_funds, words[0]);
}

int fund_withdraw_run(struct context *context, int count, char **words)
{
    return objects_withdraw(context, &objects_funds, count, words);
}

int rates_template_run(struct context *context, int count, char **words)
{
    (void)context;
    (void)count;
    (void)words;
    fputs("currency,rate,date\n"
          "USD,0.921500,2027-01-29\n"
          "# Put your own rows in place of the example. Rows that begin with # are notes and passed over.\n"
          "# currency (needed): a code of ISO 4217\n"
          "# rate (needed): units of the base currency for one unit of this one; at most six places\n"
          "# date: the day of the rate; may be left out\n", stdout);
    return EXIT_CODE_DONE;
}

/* The columns, and each key as a note: taking the # away makes it a row. */
int policy_template_run(struct context *context, int count, char **words)
{
    (void)count;
    (void)words;
    int code = print_template(context, &csv_format_policy);
    if (code) {
        return code;
    }
    printf("# Keys; a row left out is at its default. As rows they would read:\n");
#define WORDS(key, meaning) printf("# %s,%s, (%s)\n", policy_key_name(key), policy_key_default(key), meaning);
#include "clients/muster/policy_words.def"
#undef WORDS
    for (unsigned i = 0; i < SETTING_COUNT; i++) {
        printf("# %s,%s, (%s)\n", settings_name(i), settings_default_text(i), settings_expected(i));
    }
    return EXIT_CODE_DONE;
}

int rates_check_run(struct context *context, int count, char **words)
{
    (void)count;
    return sets_check(context, &sets_rates, words[0]);
}

int rates_submit_run(struct context *context, int count, char **words)
{
    (void)count;
    return sets_submit(context, &sets_rates, words[0]);
}

int policy_check_run(struct context *context, int count, char **words)
{
    (void)count;
    return sets_check(context, &sets_policy, words[0]);
}

int policy_submit_run(struct context *context, int count, char **words)
{
    (void)count;
    return sets_submit(context, &sets_policy, words[0]);
}

int demand_template_run(struct context *context, int count, char **words)
{
    (void)count;
    (void)words;
    return print_template(context, &csv_format_demand);
}

int demand_check_run(struct context *context, int count, char **words)
{
    (void)count;
    return check_only(context, &objects_demands, words[0]);
}

int demand_submit_run(struct context *context, int count, char **words)
{
    (void)count;
    return objects_submit(context, &objects_demands, words[0]);
}

int demand_withdraw_run(struct context *context, int count, char **words)
{
    return objects_withdraw(context, &objects_demands, count, words);
}

int offer_template_run(struct context *context, int count, char **words)
{
    (void)count;
    (void)words;
    return print_template(context, &csv_format_offer);
}

int offer_check_run(struct context *context, int count, char **words)
{
    struct objects objects;
    (void)count;
    int code = objects_check(context, &objects_offers, words[0], &objects);
    if (code || context->output.form != OUTPUT_SCREEN) {
        return code;
    }
    for (size_t i = 0; i < objects.count; i++) {
        describe_offer_back(context, i ? "You offer" : "No faults. Nothing was sent. You offer", (const Muster__Offer *)objects.list[i].message);
    }
    return EXIT_CODE_DONE;
}

int offer_submit_run(struct context *context, int count, char **words)
{
    (void)count;
    return objects_submit(context, &objects_offers, words[0]);
}

int offer_withdraw_run(struct context *context, int count, char **words)
{
    return objects_withdraw(context, &objects_offers, count, words);
}
