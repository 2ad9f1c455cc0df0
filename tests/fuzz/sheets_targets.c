/* SPDX-License-Identifier: EUPL-1.2 */
/* Spreadsheets as people save them, the codes and figures in their cells, the scan for markings, and scenario folders in their strict form. */
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/attribute.h"
#include "proto/cell.h"
#include "proto/codes/amount.h"
#include "proto/codes/aqap.h"
#include "proto/codes/country.h"
#include "proto/codes/currency.h"
#include "proto/codes/incoterm.h"
#include "proto/codes/lei.h"
#include "proto/codes/locode.h"
#include "proto/codes/month.h"
#include "proto/codes/ncage.h"
#include "proto/codes/notice.h"
#include "proto/codes/nsn.h"
#include "proto/codes/quantity.h"
#include "proto/codes/unit.h"
#include "proto/csv.h"
#include "proto/marking.h"
#include "proto/policy.h"
#include "proto/scenario.h"
#include "proto/scenario_table.h"
#include "proto/settings.h"
#include "proto/status.h"
#include "proto/text.h"
#include "tests/fuzz/folder.h"
#include "tests/fuzz/target.h"

static const struct check_context context = {.as_of = 20270115, .base_currency = "EUR"};
static const struct csv_options options = {.file = "sheet.csv", .currency = "EUR", .country = "NL", .supplier = "nl-supplier", .check = &context};

/* What a reader refuses has a fault, what it accepts has none, and is within the rules of its fields as the exchange checks them. */
static void judge(int status, const struct faults *faults)
{
    fuzz_require(status == STATUS_OK || status == STATUS_INVALID || status == STATUS_TOO_LARGE);
    fuzz_require((status == STATUS_OK) == (faults->errors == 0));
}

/* The tables of characters that the readers ask for stay loaded: without somebody who has them open, each run loads and unloads them. */
static void load_characters(void)
{
    static const char *const names[] = {"CP1252", "UTF-16LE", "UTF-16BE"};
    static iconv_t open[sizeof names / sizeof names[0]];
    for (size_t at = 0; at < sizeof names / sizeof names[0] && open[at] == NULL; at++)
        open[at] = iconv_open("UTF-8", names[at]);
}

#define SHEET(noun, also)                                                                     \
    static void run_##noun(const struct fuzz_target *target, const uint8_t *data, size_t size) \
    {                                                                                         \
        struct arena *arena = fuzz_arena();                                                   \
        struct faults faults;                                                                 \
        struct csv_##noun read;                                                               \
        char *text = fuzz_text(data, size);                                                   \
        (void)target;                                                                         \
        load_characters();                                                                    \
        faults_init(&faults, arena);                                                          \
        int status = csv_read_##noun(text, size, &options, arena, &faults, &read);            \
        judge(status, &faults);                                                               \
        for (size_t n = 0; status == STATUS_OK && n < read.count; n++)                        \
            also(read.list[n], &context, &faults);                                            \
        fuzz_require(status != STATUS_OK || faults.errors == 0);                              \
        free(text);                                                                           \
    }

SHEET(demands, check_demand)
SHEET(offers, check_offer)
SHEET(items, check_item)
SHEET(funds, check_fund)
SHEET(suppliers, check_party)
SHEET(policy, check_policy_entry)

static void run_rates(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    struct arena *arena = fuzz_arena();
    struct faults faults;
    struct csv_rates read;
    char *text = fuzz_text(data, size);
    (void)target;
    load_characters();
    faults_init(&faults, arena);
    judge(csv_read_rates(text, size, &options, size % 2 ? 20270115 : 0, arena, &faults, &read), &faults);
    free(text);
}

static void answer_by(int (*read)(const char *text, struct code_answer *answer), const char *text)
{
    struct code_answer answer;
    struct code_answer again;
    memset(&answer, 0, sizeof answer);
    int status = read(text, &answer);
    /* What was accepted is accepted again in its stored form, and stays. */
    if (status == STATUS_OK) {
        memset(&again, 0, sizeof again);
        fuzz_require(read(answer.value, &again) == STATUS_OK && strcmp(answer.value, again.value) == 0);
    }
}

static void run_codes(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    static int (*const readers[])(const char *text, struct code_answer *answer) = {
        aqap_read, country_read, incoterm_read, lei_read, locode_read, locode_read_place, locode_read_prefix, notice_read, notice_read_lot,
        nsn_read, nsn_read_class, unit_read};
    struct code_answer answer;
    (void)target;
    if (size == 0)
        return;
    char *text = fuzz_text(data + 1, size - 1);
    unsigned which = data[0] % 16;
    memset(&answer, 0, sizeof answer);
    if (which < sizeof readers / sizeof readers[0])
        answer_by(readers[which], text);
    else if (which == 12)
        ncage_read(text, "NL", &answer);
    else if (which == 13)
        currency_read(text, 20270115, &answer);
    else
        cpv_read(NULL, text, &answer);
    free(text);
}

/* Amounts, rates, months, days, quantities: what is read and written again is read as the same. */
static void run_figures(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size), written[64];
    int64_t hundredths = 0, again = 0, cents = 0;
    uint64_t value = 0, millionths = 0;
    uint32_t month = 0, day = 0, other = 0, percent = 0;
    (void)target;
    if (amount_read(text, &hundredths) == STATUS_OK) {
        amount_write(hundredths, written);
        fuzz_require(amount_read(written, &again) == STATUS_OK && again == hundredths);
    }
    if (amount_read_rate(text, &millionths) == STATUS_OK) {
        amount_write_rate(millionths, written);
        fuzz_require(amount_read_rate(written, &value) == STATUS_OK && value == millionths);
        amount_to_base(hundredths, millionths, &cents);
    }
    if (month_read(text, &month) == STATUS_OK) {
        month_write(month, written);
        fuzz_require(month_read(written, &other) == STATUS_OK && other == month && month_from_index(month_to_index(month)) == month);
    }
    if (month_read_day(text, &day) == STATUS_OK) {
        month_write_day(day, written);
        fuzz_require(month_read_day(written, &other) == STATUS_OK && other == day);
    }
    quantity_read(text, 1, 1000000000, &value);
    quantity_read_percent(text, &percent);
    free(text);
}

/* The strict cells of a scenario, and requirements against attributes. */
static void run_cells(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    struct arena *arena = fuzz_arena();
    char *text = fuzz_text(data, size), **parts = NULL, *name = NULL, *value = NULL;
    struct attribute_requirement requirement;
    struct cell_requirement strict;
    uint64_t whole = 0;
    int64_t amount = 0;
    uint32_t month = 0, date = 0;
    size_t count = 0;
    (void)target;
    if (text_is_utf8(text, strlen(text)))
        cell_trim(text);
    fuzz_require(!cell_whole(text, 5, 1000, &whole) || (whole >= 5 && whole <= 1000));
    fuzz_require(!cell_amount(text, &amount) || amount >= 0);
    fuzz_require(!cell_rate(text, &whole) || whole > 0);
    fuzz_require(!cell_month(text, &month) || cell_month_of_index(cell_month_index(month)) == month);
    cell_date(text, &date);
    cell_split(text, arena, &parts, &count);
    cell_pair(text, '=', arena, &name, &value);
    bool accepted = cell_requirement(text, arena, &strict);
    fuzz_require(!accepted || strict.operation == CELL_EQUAL || cell_is_decimal(strict.value));
    if (attribute_read(text, &requirement) == STATUS_OK)
        attribute_meets(&requirement, "range_km", "40");
    free(text);
}

/* A text that holds a marking holds it with something behind it, too, and the search reads no byte beyond. */
static void run_marking(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    const char *remedy = NULL;
    (void)target;
    if (size == 0)
        return;
    char *text = fuzz_text(data + 1, size - 1);
    static const char *const nations[] = {"NL", "DE", "FR", "ES", "PT", "NATO", "EU", "PL"};
    const char *nation = nations[data[0] % 8];
    int checked = marking_check(text, nation, &remedy);
    fuzz_require((checked == STATUS_OK) == (marking_level(text, nation) == MARKING_UNCLASSIFIED));
    fuzz_require(checked == STATUS_OK || remedy != NULL);
    marking_scan_text(text, size - 1, data[0] & 8 ? MARKING_TEXT : MARKING_CODE);
    free(text);
}

/* Rules as the policy states them: "key=value@item" a line. */
static void run_rules(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    struct arena *arena = fuzz_arena();
    Muster__PolicyEntry entries[16], *list[16];
    struct faults faults;
    struct policy policy;
    uint64_t number = 0;
    size_t count = 0;
    char *text = fuzz_text(data, size), *rest = text;
    (void)target;
    for (char *line = NULL; count < 16 && (line = strsep(&rest, "\n")) != NULL; count++) {
        muster__policy_entry__init(&entries[count]);
        char *value = strchrnul(line, '=');
        char *item = strchrnul(value, '@');
        entries[count].item = *item != '\0' ? item + 1 : item;
        entries[count].value = *value != '\0' ? value + 1 : value;
        entries[count].key = line;
        *item = *value = '\0';
        list[count] = &entries[count];
        for (int setting = 0; setting < SETTING_COUNT; setting++)
            if (!settings_is_list((enum setting)setting))
                settings_read((enum setting)setting, entries[count].value, &number);
    }
    faults_init(&faults, arena);
    if (policy_read(list, count, NULL, arena, &faults, &policy) == STATUS_OK) {
        const struct policy_rules *rules = policy_rules_of(&policy, "I1");
        fuzz_require(rules->sme_min_share >= 0 && rules->sme_min_share <= 100 && rules->contract_overhead >= 0 && rules->min_nations >= 0);
        for (unsigned n = 1; n < POLICY_PRIORITIES; n++)
            fuzz_require(rules->weights[n] <= rules->weights[n - 1] && rules->weights[n] >= 0);
    }
    free(text);
}

/* --- a scenario's folder: the first byte says which of its files is the input; the others are those of the seeds -------------------------- */

static const char *const files[SCENARIO_FILES] = {
    "item,title\nI1,shell\n",
    "demand,country,item,month,quantity,max_unit_price,fund\nD1,NL,I1,2027-06,10,100,F1\nD2,DE,I1,2027-07,5,90,\n",
    "supplier,name,country,size\nS1,one,DE,large\nS2,two,FR,small\n",
    "offer,supplier,item,min_quantity,unit_price,one_off,first_month,stock,monthly_rate\nO1,S1,I1,1,80,50,2027-02,100,10\nO1,S1,I1,10,70,50,2027-02,100,10\n",
    "fund,balance\nF1,100000\n",
    "currency,rate\nUSD,0.9\n",
    "key,value\nas_of,2027-01-15\nmin_nations,1\n",
    "demand,month,offer,tier,quantity,unit_price\nD1,2027-06,O1,1,2,80\n",
};

static void run_scenario(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    static const char *folder;
    static unsigned changed;
    struct arena *arena = fuzz_arena();
    struct faults faults;
    Muster__Market *market = NULL;
    uint8_t *packed = NULL;
    (void)target;
    if (size == 0)
        return;
    if (folder == NULL) {
        folder = folder_make();
        for (int file = 0; file < SCENARIO_FILES; file++)
            folder_put(folder, scenario_forms[file].file, files[file], strlen(files[file]));
    }
    if (changed != data[0] % SCENARIO_FILES)
        folder_put(folder, scenario_forms[changed].file, files[changed], strlen(files[changed]));
    changed = data[0] % SCENARIO_FILES;
    folder_put(folder, scenario_forms[changed].file, data + 1, size - 1);
    faults_init(&faults, arena);
    int status = scenario_read(folder, arena, &faults, &market);
    judge(status, &faults);
    if (status == STATUS_OK) {
        packed = arena_alloc(arena, protobuf_c_message_get_packed_size(&market->base) + 1);
        fuzz_require(packed != NULL);
        protobuf_c_message_pack(&market->base, packed);
    }
}

static size_t seed_scenario(const struct fuzz_target *target, unsigned number, uint8_t *bytes)
{
    (void)target;
    if (number >= SCENARIO_FILES)
        return 0;
    bytes[0] = (uint8_t)number;
    memcpy(bytes + 1, files[number], strlen(files[number]));
    return 1 + strlen(files[number]);
}

static const struct fuzz_target targets[] = {
    {"csv-demands", run_demands, 448, NULL, NULL, 4},
    {"csv-offers", run_offers, 384, NULL, NULL, 4},
    {"csv-items", run_items, 256, NULL, NULL, 4},
    {"csv-funds", run_funds, 256, NULL, NULL, 4},
    {"csv-suppliers", run_suppliers, 256, NULL, NULL, 4},
    {"csv-policy", run_policy, 256, NULL, NULL, 4},
    {"csv-rates", run_rates, 256, NULL, NULL, 4},
    {"codes", run_codes, 64, NULL, NULL, 0},
    {"figures", run_figures, 32, NULL, NULL, 0},
    {"cells", run_cells, 64, NULL, NULL, 0},
    {"marking", run_marking, 128, NULL, NULL, 0},
    {"rules", run_rules, 256, NULL, NULL, 0},
    {"scenario", run_scenario, 512, seed_scenario, NULL, 8},
};

const struct fuzz_group fuzz_group_sheets = {"sheets", targets, sizeof targets / sizeof targets[0]};
