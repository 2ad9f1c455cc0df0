/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/scenario_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "broker/match/load.h"
#include "broker/match/match.h"
#include "broker/match/reasons.h"
#include "broker/match/verify.h"
#include "proto/scenario.h"
#include "proto/scenario_table.h"
#include "proto/status.h"
#include "tests/unit/patience.h"

#define SECONDS 240 /* of one test */
#define MEMORY ((size_t)1 << 30)

static void path_of(const struct scenario_support *s, const char *file, char *path, size_t size)
{
    snprintf(path, size, "%s/%s", s->folder, file);
}

void scenario_support_begin(struct scenario_support *s)
{
    *s = (struct scenario_support){0};
    snprintf(s->folder, sizeof s->folder, "/tmp/muster-scenario-XXXXXX");
    assert_non_null(mkdtemp(s->folder));
    arena_init(&s->arena, MEMORY);
    scenario_support_put(s, "items.csv", "item,title\nI1,Item one\n");
    scenario_support_put(s, "suppliers.csv", "supplier,country,size\nS1,DE,large\nS2,FR,small\n");
    scenario_support_put(s, "policy.csv", "key,value\nas_of,2027-01-15\ncontract_overhead,0\n");
    scenario_support_put(s, "demands.csv",
                         "demand,country,item,month,quantity,max_unit_price\n"
                         "D1,NL,I1,2027-06,10,100.00\nD2,DE,I1,2027-06,5,110.00\nD2,,,2027-09,5,\n");
    scenario_support_put(s, "offers.csv",
                         "offer,supplier,item,min_quantity,unit_price,one_off,first_month,stock,monthly_rate\n"
                         "O1,S1,I1,1,80.00,0,2027-02,0,2\nO1,,,15,70.00,50.00,2027-02,0,3\nO2,S2,I1,1,90.00,0,2027-01,3,1\n");
}

int scenario_support_set_up(void **state)
{
    alarm((unsigned)patience(SECONDS));
    scenario_support_begin(*state);
    return 0;
}

int scenario_support_tear_down(void **state)
{
    scenario_support_end(*state);
    return 0;
}

void scenario_support_put(const struct scenario_support *s, const char *file, const char *text)
{
    char path[128];
    path_of(s, file, path, sizeof path);
    if (!text) {
        unlink(path);
        return;
    }
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(text, 1, strlen(text), out), strlen(text));
    assert_int_equal(fclose(out), 0);
}

void scenario_support_edit(const struct scenario_support *s, const char *file, const char *before, const char *after)
{
    char path[128];
    static char text[1 << 16], edited[1 << 16];
    path_of(s, file, path, sizeof path);
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    size_t length = fread(text, 1, sizeof text - 1, in);
    text[length] = '\0';
    fclose(in);
    char *at = strstr(text, before);
    assert_non_null(at);
    snprintf(edited, sizeof edited, "%.*s%s%s", (int)(at - text), text, after, at + strlen(before));
    scenario_support_put(s, file, edited);
}

int scenario_support_read(struct scenario_support *s)
{
    arena_drop(&s->arena);
    faults_init(&s->faults, &s->arena);
    s->market = NULL;
    return scenario_read(s->folder, &s->arena, &s->faults, &s->message);
}

void scenario_support_load(struct scenario_support *s)
{
    int status = scenario_support_read(s);
    if (!status) {
        status = match_load(s->message, &s->arena, &s->faults, &s->market);
    }
    if (status) {
        const struct fault *f = s->faults.count ? &s->faults.list[0] : NULL;
        fail_msg("not loaded: %s %s row %u %s: %s, expected %s", status_name(status), f ? f->file : "", f ? f->row : 0,
                 f ? f->field : "", f ? f->found : "", f ? f->expected : "");
    }
}

struct match_plan *scenario_support_plan(struct scenario_support *s)
{
    struct match_plan *plan;
    const char *fault = NULL;
    assert_int_equal(match_plan(s->market, NULL, &s->arena, &plan), STATUS_OK);
    assert_int_equal(match_reasons_plan(s->market, &s->arena, plan), STATUS_OK);
    int status = match_verify_plan(s->market, plan, &s->arena, &fault);
    if (status) {
        fail_msg("plan refused: %s", fault ? fault : status_name(status));
    }
    return plan;
}

void scenario_support_end(struct scenario_support *s)
{
    for (int file = 0; file < SCENARIO_FILES; file++) {
        scenario_support_put(s, scenario_forms[file].file, NULL);
    }
    assert_int_equal(rmdir(s->folder), 0);
    arena_drop(&s->arena);
}

uint64_t scenario_support_random(uint64_t *seed, uint64_t bound)
{
    uint64_t z = (*seed += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (z ^ z >> 31) % bound;
}

static const char *pick(uint64_t *seed, const char *const *list, size_t count)
{
    return list[scenario_support_random(seed, count)];
}

static void write_random_demands(FILE *out, uint64_t *seed, unsigned demands)
{
    static const char *const countries[] = {"NL", "DE", "FR"};
    static const char *const funds[] = {"", "", "", "F1"};
    static const char *const requires[] = {"", "", "", "grade>=2"};
    fputs("demand,country,item,month,quantity,min_quantity,max_unit_price,priority,single_supplier,requires,fund\n", out);
    unsigned count = 1 + (unsigned)scenario_support_random(seed, demands);
    for (unsigned n = 0; n < count; n++) {
        unsigned lines = 1 + (unsigned)scenario_support_random(seed, 2);
        unsigned minimum = scenario_support_random(seed, 3) ? 1 : 1 + (unsigned)scenario_support_random(seed, 4);
        unsigned ceiling = 80 + 10 * (unsigned)scenario_support_random(seed, 4), priority = 1 + (unsigned)scenario_support_random(seed, 5);
        const char *country = pick(seed, countries, 3), *fund = pick(seed, funds, 4), *required = pick(seed, requires, 4);
        bool single = scenario_support_random(seed, 4) == 0;
        for (unsigned l = 0; l < lines; l++) {
            fprintf(out, "D%u,%s,I1,2027-%02u,%u,%u,%u,%u,%s,%s,%s\n", n, country, 3 + 2 * l,
                    1 + (unsigned)scenario_support_random(seed, 3), minimum, ceiling, priority, single ? "yes" : "no", required, fund);
        }
    }
}

static void write_random_offers(FILE *out, uint64_t *seed, unsigned offers)
{
    static const char *const suppliers[] = {"S1", "S2", "S3"};
    static const char *const freights[] = {"", "", "*:1.50", "NL:0;DE:2;*:3.25"};
    static const char *const grades[] = {"grade=1", "grade=2", "grade=3"};
    fputs("offer,supplier,item,min_quantity,unit_price,one_off,first_month,stock,monthly_rate,max_quantity,freight,provides\n", out);
    unsigned count = 1 + (unsigned)scenario_support_random(seed, offers);
    for (unsigned n = 0; n < count; n++) {
        unsigned tiers = 1 + (unsigned)scenario_support_random(seed, 2);
        unsigned least = 1 + (unsigned)scenario_support_random(seed, 2), price = 60 + 5 * (unsigned)scenario_support_random(seed, 8);
        const char *supplier = pick(seed, suppliers, 3), *freight = pick(seed, freights, 4), *grade = pick(seed, grades, 3);
        unsigned most = 2 + (unsigned)scenario_support_random(seed, 6);
        for (unsigned k = 0; k < tiers; k++) {
            unsigned one_off = scenario_support_random(seed, 3) ? 0 : (unsigned)scenario_support_random(seed, 60);
            fprintf(out, "O%u,%s,I1,%u,%u,%u.%02u,2027-0%u,%u,%u,%u,%s,%s\n", n, supplier, least, price, one_off,
                    (unsigned)scenario_support_random(seed, 100), 1 + (unsigned)scenario_support_random(seed, 3),
                    (unsigned)scenario_support_random(seed, 2), (unsigned)scenario_support_random(seed, 3), most, freight, grade);
            least += 1 + (unsigned)scenario_support_random(seed, 2);
            price = price * 9 / 10;
        }
    }
}

void scenario_support_randomize(const struct scenario_support *s, uint64_t seed, unsigned demands, unsigned offers)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    assert_non_null(out);
    write_random_demands(out, &seed, demands);
    assert_int_equal(fclose(out), 0);
    scenario_support_put(s, "demands.csv", text);
    free(text);
    out = open_memstream(&text, &length);
    assert_non_null(out);
    write_random_offers(out, &seed, offers);
    assert_int_equal(fclose(out), 0);
    scenario_support_put(s, "offers.csv", text);
    free(text);
    scenario_support_put(s, "suppliers.csv", "supplier,country,size\nS1,DE,large\nS2,FR,small\nS3,US,large\n");
    char policy[512], funds[128];
    snprintf(policy, sizeof policy, "key,value\nas_of,2027-01-15\ncontract_overhead,%u\nmin_nations,%u\nsme_min_share,%u\nsupplier_max_share,%u\n"
             "european_min_share,%u\n", (unsigned)scenario_support_random(&seed, 3) * 2000, (unsigned)scenario_support_random(&seed, 3),
             scenario_support_random(&seed, 3) ? 0u : 30u, scenario_support_random(&seed, 3) ? 100u : 70u,
             scenario_support_random(&seed, 3) ? 0u : 40u);
    scenario_support_put(s, "policy.csv", policy);
    snprintf(funds, sizeof funds, "fund,balance,min_nations\nF1,%u.50,%u\n", 50 + (unsigned)scenario_support_random(&seed, 400),
             1 + (unsigned)scenario_support_random(&seed, 2));
    scenario_support_put(s, "funds.csv", funds);
}
