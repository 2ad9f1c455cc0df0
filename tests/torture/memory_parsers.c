/* SPDX-License-Identifier: EUPL-1.2 */
/* Parsers while memory runs out: contract, spreadsheets, configuration, scenario folders. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "broker/config.h"
#include "proto/csv.h"
#include "proto/envelope.h"
#include "proto/scenario.h"
#include "proto/status.h"
#include "proto/walk.h"
#include "tests/torture/memory_cases.h"
#include "tests/unit/sample.h"
#include "tests/unit/scratch.h"

#define DATA "tests/unit/data/"
#define SCENARIO "tests/scenarios/allied-2027"
#define DEMANDS 40u

static char *input;          /* what is parsed, with a NUL behind it */
static size_t input_length;
static struct arena kept;    /* of begin() */
static struct arena work;    /* of run() */
static struct faults faults;
static uint8_t result[32];   /* SHA-256 of what came out */

static void drop_all(void)
{
    arena_drop(&work);
    arena_drop(&kept);
    free(input);
    input = NULL;
}

static const char *begin_with(const char *name)
{
    arena_init(&work, CSV_ARENA_MOST);
    arena_init(&kept, CSV_ARENA_MOST);
    faults_init(&faults, &work);
    input = name != NULL ? scratch_read(name, &input_length) : NULL;
    return name == NULL || input != NULL ? NULL : "its input can't be read: run it from the top of the repository";
}

static void hash_messages(crypto_hash_sha256_state *state, void *list, size_t count)
{
    ProtobufCMessage **messages = list;
    for (size_t i = 0; i < count; i++) {
        uint8_t *packed = malloc(protobuf_c_message_get_packed_size(messages[i]));
        if (packed != NULL)
            crypto_hash_sha256_update(state, packed, protobuf_c_message_pack(messages[i], packed));
        free(packed);
    }
}

static void *out_list;
static size_t out_count;

/* What the run left, hashed where memory is enough again. */
static void take_list(int status)
{
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    if (status == STATUS_OK)
        hash_messages(&state, out_list, out_count);
    crypto_hash_sha256_final(&state, result);
}

/* --- the contract ---------------------------------------------------------------------------------------------- */

static uint8_t *envelope;
static size_t envelope_size;
static ProtobufCMessage *unpacked;

static const char *begin_envelope(void)
{
    struct seeded seeded;
    struct key_pair signing;
    begin_with(NULL);
    seeded_start(&seeded, 1);
    if (keys_generate(KEY_SIGNING, &seeded.random, &signing) != STATUS_OK)
        return "no key";
    envelope = sample_envelope(&kept, &signing, 1, DEMANDS, &envelope_size);
    keys_drop(&signing);
    return NULL;
}

static int run_envelope(void)
{
    struct walk_fault fault;
    Muster__Submission *submission = NULL;
    int status = envelope_unpack(envelope, envelope_size, &work, &submission, &fault);
    unpacked = submission != NULL ? &submission->base : NULL;
    out_list = &unpacked;
    out_count = 1;
    return status;
}

/* --- spreadsheets ---------------------------------------------------------------------------------------------- */

static const struct check_context context = {.base_currency = "EUR"};
static const struct csv_options options = {.file = "sheet.csv", .currency = "EUR", .country = "NL", .supplier = "nl-supplier", .check = &context};

#define CSV_CASE(noun, name)                                                              \
    static const char *begin_##noun(void)                                                 \
    {                                                                                     \
        return begin_with(DATA name);                                                     \
    }                                                                                     \
    static int run_##noun(void)                                                           \
    {                                                                                     \
        struct csv_##noun read;                                                           \
        int status = csv_read_##noun(input, input_length, &options, &work, &faults, &read); \
        out_list = read.list;                                                             \
        out_count = read.count;                                                           \
        return status;                                                                    \
    }

CSV_CASE(demands, "canonical.csv")
CSV_CASE(offers, "offers.csv")
CSV_CASE(policy, "policy.csv")

/* --- settings and scenarios ------------------------------------------------------------------------------------ */

static struct config config;

static const char *begin_config(void)
{
    arena_init(&work, 1024);
    arena_init(&kept, 1024);
    input = strdup("[store]\ndirectory = here\nmap_megabytes = 32\n[front]\naddress = tcp://127.0.0.1:9\nconnections = 12\n"
                   "[planner]\nseconds = 7\n[log]\nlevel = debug\n");
    return NULL;
}

static int run_config(void)
{
    char problem[512];
    memset(&config, 0, sizeof config);
    return config_parse(input, "/folder", &config, problem, sizeof problem);
}

static void take_config(int status)
{
    (void)status;
    crypto_hash_sha256(result, (const unsigned char *)&config, sizeof config);
}

static const char *begin_scenario(void)
{
    begin_with(NULL);
    return NULL;
}

static int run_scenario(void)
{
    Muster__Market *market = NULL;
    int status = scenario_read(SCENARIO, &work, &faults, &market);
    unpacked = market != NULL ? &market->base : NULL;
    out_list = &unpacked;
    out_count = unpacked != NULL ? 1 : 0;
    return status;
}

/* --- what came out, against what comes out with memory enough --------------------------------------------------- */

static const char *judge_against(const char *(*begin)(void), int (*run)(void), void (*take)(int), int status)
{
    uint8_t mine[32];
    if (status != STATUS_OK)
        return NULL;
    take(status);
    memcpy(mine, result, sizeof mine);
    drop_all();
    if (begin() != NULL || run() != STATUS_OK)
        return "does not work with memory enough";
    take(STATUS_OK);
    return memcmp(mine, result, sizeof mine) == 0 ? NULL : "said to be done, and something is missing";
}

#define JUDGE(name, take)                                            \
    static const char *judge_##name(int status)                      \
    {                                                                \
        return judge_against(begin_##name, run_##name, take, status); \
    }

JUDGE(envelope, take_list)
JUDGE(demands, take_list)
JUDGE(offers, take_list)
JUDGE(policy, take_list)
JUDGE(config, take_config)
JUDGE(scenario, take_list)

const struct memory_case memory_parsers[] = {
    {"contract", begin_envelope, run_envelope, judge_envelope, drop_all},
    {"demands.csv", begin_demands, run_demands, judge_demands, drop_all},
    {"offers.csv", begin_offers, run_offers, judge_offers, drop_all},
    {"policy.csv", begin_policy, run_policy, judge_policy, drop_all},
    {"configuration", begin_config, run_config, judge_config, drop_all},
    {"scenario", begin_scenario, run_scenario, judge_scenario, drop_all},
};
const size_t memory_parser_count = sizeof memory_parsers / sizeof memory_parsers[0];
