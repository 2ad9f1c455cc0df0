/* SPDX-License-Identifier: EUPL-1.2 */
/* New keys from the command line: a party's own, lost ones, a coordinator let in by the operator, the exchange's, and one brought back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "proto/status.h"
#include "tests/system/cli_assert.h"

#define DAY UINT64_C(86400000)
#define PATIENCE 10000

static struct harness harness;
static struct cli cli;

static int setup(void **state)
{
    static const struct cli_party parties[] = {{"nl-dmo", "agency", "NL"}, {"alfaco", "supplier", "DE"}};
    (void)state;
    if (cli_begin(&cli, &harness, 280, parties, sizeof parties / sizeof parties[0])) {
        return -1;
    }
    cli_write(&cli, "items.csv", "item,title,unit\nGEM-T,Patriot GEM-T guided missile,EA\n");
    cli_write(&cli, "nl.csv", "demand,item,month,quantity,max_unit_price\nNL-1,GEM-T,2030-12,40,5900000.00\n");
    return cli_as(&cli, "hq", "item", "submit", "items.csv", NULL) == 0 && cli_as(&cli, "nl-dmo", "demand", "submit", "nl.csv", NULL) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    return cli_end(&cli, &harness);
}

/* The four groups that a command printed as read_out, as words for another. */
static char groups[4][8];
static void take_groups(const char *path)
{
    assert_int_equal(sscanf(cli_json(&cli, path), "%7s %7s %7s %7s", groups[0], groups[1], groups[2], groups[3]), 4);
}

static int confirm(const char *coordinator, const char *party)
{
    return cli_as(&cli, coordinator, "party", "confirm", party, groups[0], groups[1], groups[2], groups[3], "--json", NULL);
}

/* Sets the clock on and waits until log time is there. */
static void pass(uint64_t milliseconds)
{
    harness_set_clock(&harness, harness.now + milliseconds);
    harness_pause(1500);
}

static void agency_replaces_its_keys_and_its_old_receipts_verify(void **state)
{
    (void)state;
    /* An agency's signing key lies under a passphrase, a coordinator's too. */
    assert_code(cli_as(&cli, "nl-dmo", "keys", "new", "--no-passphrase", NULL), 77);
    assert_code(cli_as(&cli, "hq", "keys", "new", "--no-passphrase", NULL), 77);
    assert_says(cli.err, "only a supplier may go without a passphrase");
    assert_code(cli_as(&cli, "nl-dmo", "keys", "new", "--strength", "interactive", "--json", NULL), 0);
    take_groups("read_out");
    /* Nothing has changed yet: the keys in force go on, and are told. */
    assert_code(cli_as(&cli, "nl-dmo", "status", "--screen", NULL), 0);
    assert_says(cli.out, "new keys of yours were announced");
    assert_code(cli_as(&cli, "hq", "status", "--screen", NULL), 0);
    assert_says(cli.out, "new keys, begun by nl-dmo");
    assert_code(cli_as(&cli, "hq", "watch", "--once", "--json", NULL), 0);
    assert_says(cli.out, "new keys announced");
    assert_code(cli_as(&cli, "alfaco", "watch", "--from", "0", "--once", NULL), 0);
    assert_null(strstr(cli.out, "new keys"));
    assert_code(cli_as(&cli, "nl-dmo", "keys", "new", "--strength", "interactive", NULL), 75);
    assert_code(cli_as(&cli, "nl-dmo", "keys", "cancel", NULL), 0);
    assert_code(cli_as(&cli, "nl-dmo", "keys", "cancel", NULL), 65);
    assert_code(cli_as(&cli, "nl-dmo", "keys", "new", "--strength", "interactive", "--screen", NULL), 0);
    assert_says(cli.out, "Your new keys bind on 2027-02-01");
    pass(DAY + 60000);
    assert_code(cli_as(&cli, "nl-dmo", "demand", "list", "--json", NULL), 0);
    assert_says(cli.err, "Your new keys are in force");
    assert_code(cli_as(&cli, "nl-dmo", "receipt", "verify", "nl.receipt", "--screen", NULL), 0);
    assert_says(cli.out, "Broker not asked.");
    /* What the new keys sign is accepted. */
    cli_write(&cli, "nl.csv", "demand,item,month,quantity,max_unit_price\nNL-1,GEM-T,2030-12,41,5900000.00\n");
    assert_code(cli_as(&cli, "nl-dmo", "demand", "submit", "nl.csv", "--receipt", "new.receipt", NULL), 0);
    assert_code(cli_as(&cli, "nl-dmo", "receipt", "verify", "new.receipt", NULL), 0);
}

static void old_keys_are_let_in_no_more(void **state)
{
    (void)state;
    /* A second machine that still has the old ones: put in the place of the new. */
    char command[3 * HARNESS_PATH_MOST];
    snprintf(command, sizeof command, "cd %s/home/.local/share/muster/nl-dmo 2>/dev/null || cd $(dirname $(find %s -type d -name keys.old-1)); mv keys keys.kept && cp -r keys.old-1 keys",
             cli.folder, cli.folder);
    assert_int_equal(system(command), 0);
    assert_code(cli_as(&cli, "nl-dmo", "demand", "list", "--timeout", "3", NULL), 69);
    assert_says(cli.err, "does not let nl-dmo in");
    snprintf(command, sizeof command, "cd $(dirname $(find %s -type d -name keys.kept)); rm -r keys && mv keys.kept keys", cli.folder);
    assert_int_equal(system(command), 0);
    assert_code(cli_as(&cli, "nl-dmo", "demand", "list", NULL), 0);
}

static void coordinator_binds_a_suppliers_new_keys_at_once(void **state)
{
    (void)state;
    assert_code(cli_as(&cli, "alfaco", "keys", "new", "--no-passphrase", "--json", NULL), 0);
    take_groups("read_out");
    snprintf(groups[3], sizeof groups[3], "AAAA");
    assert_code(confirm("hq", "alfaco"), 65);
    assert_code(cli_as(&cli, "alfaco", "keys", "cancel", NULL), 0);
    assert_code(cli_as(&cli, "alfaco", "keys", "new", "--no-passphrase", "--json", NULL), 0);
    take_groups("read_out");
    assert_code(cli_as(&cli, "hq", "party", "list", "--screen", NULL), 0);
    assert_says(cli.out, "confirmed, new keys");
    assert_code(confirm("hq", "alfaco"), 0);
    assert_code(cli_as(&cli, "alfaco", "offer", "list", NULL), 0);
    assert_says(cli.err, "Your new keys are in force");
}

/* A second coordinator; then a lost key is replaced by the two of them at once. */
static void two_coordinators_replace_lost_keys(void **state)
{
    (void)state;
    if (cli_join(&cli, "hq2", "coordinator", "BE") != STATUS_OK)
        fail_msg("%s\n%s", cli.out, cli.err);
    assert_code(cli_as(&cli, "hq", "party", "void", "nl-dmo", NULL), 64);
    assert_code(cli_as(&cli, "hq", "party", "void", "nl-dmo", "--new", "--reason", "none", NULL), 65);
    assert_code(cli_as(&cli, "hq", "party", "void", "nl-dmo", "--reason", "laptop lost", "--screen", NULL), 0);
    assert_says(cli.out, "void for good");
    assert_code(cli_as(&cli, "nl-dmo", "status", "--timeout", "3", NULL), 69);
    assert_code(cli_as(&cli, "hq", "party", "invite", "nl-dmo", NULL), 0);
    assert_int_equal(cli_write(&cli, "again", cli.out), STATUS_OK);
    assert_code(cli_run(&cli, "join", "--file", "again", "--as", "nl-new", "--strength", "interactive", "--json", "--passphrase-fd=3", NULL), 0);
    take_groups("read_out");
    assert_code(cli_as(&cli, "nl-new", "status", "--screen", NULL), 0);
    assert_says(cli.out, "your new keys wait");
    /* The one who invited it is the first of two. */
    assert_code(confirm("hq", "nl-dmo"), 0);
    assert_code(cli_as(&cli, "nl-new", "status", "--screen", NULL), 0);
    assert_says(cli.out, "your new keys bind by then");
    assert_code(confirm("hq", "nl-dmo"), 77);
    assert_says(cli.out, "another coordinator than hq");
    assert_code(confirm("hq2", "nl-dmo"), 0);
    take_groups("parties.0.read_back");
    assert_code(cli_as(&cli, "nl-new", "fingerprint", groups[0], groups[1], groups[2], groups[3], NULL), 0);
    assert_code(cli_as(&cli, "nl-new", "demand", "list", NULL), 0);
    assert_says(cli.out, "NL-1");
}

static int task(const char *one, const char *two)
{
    const char *arguments[] = {one, two, NULL};
    return harness_task(&harness, arguments);
}

static void operator_lets_a_coordinator_in_and_all_see_it(void **state)
{
    (void)state;
    char file[2 * HARNESS_PATH_MOST], path[2 * HARNESS_PATH_MOST];
    snprintf(path, sizeof path, "%s/exchange.pub", harness.directory);
    /* hq has lost its keys: the operator lets it in again. */
    assert_code(cli_run(&cli, "keys", "introduce", path, "--party", "hq", "--as", "hq-new", "--country", "NL", "--name", "Joint orders office", "--strength", "interactive",
                        "--passphrase-fd", "3", "--json", NULL), 0);
    snprintf(file, sizeof file, "%s", cli_json(&cli, "file"));
    char whole[64], last[4][8];
    snprintf(whole, sizeof whole, "%s", cli_json(&cli, "fingerprint"));
    assert_int_equal(sscanf(whole, "%*s %*s %*s %*s %7s %7s %7s %7s", last[0], last[1], last[2], last[3]), 4);
    /* Not while the exchange runs. */
    assert_int_not_equal(task("--admit-coordinator", file), 0);
    assert_int_equal(harness_stop(&harness, NULL), STATUS_OK);
    size_t offset = harness_log_size(&harness);
    assert_int_equal(task("--admit-coordinator", "/nonexistent"), 65);
    assert_int_equal(task("--admit-coordinator", file), 0);
    assert_true(harness_logged(&harness, whole, &offset, 1000));
    assert_int_equal(task("--admit-coordinator", file), 65); /* its keys are registered by now */
    assert_int_equal(harness_start(&harness), STATUS_OK);
    assert_code(cli_as(&cli, "hq-new", "fingerprint", last[0], last[1], last[2], last[3], NULL), 0);
    assert_code(cli_as(&cli, "hq-new", "party", "list", NULL), 0);
    assert_code(cli_as(&cli, "hq", "party", "list", "--timeout", "3", NULL), 69);
    const char *const all[] = {"hq2", "nl-new", "alfaco"};
    for (size_t i = 0; i < 3; i++) {
        assert_code(cli_as(&cli, all[i], "watch", "--from", "0", "--once", NULL), 0);
        assert_says(cli.out, "let in by the operator");
    }
}

static void new_keys_of_the_exchange_are_trusted_by_their_signatures(void **state)
{
    (void)state;
    char keys[2 * HARNESS_PATH_MOST], text[4096];
    snprintf(keys, sizeof keys, "%s/exchange.keys", harness.directory);
    assert_int_equal(harness_stop(&harness, NULL), STATUS_OK);
    assert_int_equal(task("--new-keys", NULL), 0);
    assert_int_equal(task("--new-keys", NULL), 0); /* and once more: a party may have missed one */
    assert_int_equal(task("--verify", NULL), 0);
    assert_int_equal(harness_start(&harness), STATUS_OK);
    assert_code(cli_as(&cli, "nl-new", "demand", "list", "--timeout", "3", NULL), 69);
    assert_says(cli.err, "is not the exchange of your invitation");
    /* A forged file changes nothing. */
    FILE *from = fopen(keys, "re");
    assert_non_null(from);
    text[fread(text, 1, sizeof text - 1, from)] = '\0';
    fclose(from);
    char *box = strstr(text, "\nbox ") + 5;
    box[3] = box[3] == 'A' ? 'B' : 'A';
    assert_int_equal(cli_write(&cli, "forged.keys", text), STATUS_OK);
    assert_code(cli_as(&cli, "nl-new", "trust", "forged.keys", NULL), 77);
    assert_code(cli_as(&cli, "nl-new", "trust", "nl.csv", NULL), 65);
    static const char *const all[] = {"nl-new", "alfaco", "hq-new", "hq2"};
    for (size_t i = 0; i < 4; i++) {
        assert_code(cli_as(&cli, all[i], "trust", keys, "--screen", NULL), 0);
        assert_says(cli.out, "signed by the log key and the old key");
        assert_code(cli_as(&cli, all[i], "trust", keys, "--screen", NULL), 0);
        assert_says(cli.out, "Nothing to do");
        assert_code(cli_as(&cli, all[i], "status", NULL), 0);
    }
    assert_code(cli_as(&cli, "nl-dmo", "receipt", "verify", "nl.receipt", NULL), 0);
    cli_write(&cli, "nl.csv", "demand,item,month,quantity,max_unit_price\nNL-1,GEM-T,2030-12,42,5900000.00\n");
    assert_code(cli_as(&cli, "nl-new", "demand", "submit", "nl.csv", "--replaces", "v2", "--receipt", "newer.receipt", NULL), 0);
    assert_code(cli_as(&cli, "nl-new", "receipt", "verify", "newer.receipt", NULL), 0);
}

/* An exchange that was brought back has a new log key, which a person types in; receipts under the old one stay true. */
static void a_restored_exchange_is_trusted_by_the_log_key_that_is_typed_in(void **state)
{
    (void)state;
    struct introduction_exchange restored = harness.exchange, foreign;
    struct key_pair log_key;
    uint8_t hash[crypto_hash_sha256_BYTES];
    char hex[9], name[128], vkey[NOTE_VKEY_SIZE], text[INTRODUCTION_SIZE];
    assert_int_equal(keys_generate(KEY_LOG, &seam_random_system, &log_key), STATUS_OK);
    crypto_hash_sha256(hash, log_key.public_key, 32);
    sodium_bin2hex(hex, sizeof hex, hash, 4);
    snprintf(name, sizeof name, "test.example/log/r-%s", hex);
    snprintf(restored.address, sizeof restored.address, "%s", harness.address);
    assert_int_equal(note_key_make(name, log_key.public_key, &restored.log_key), STATUS_OK);
    note_vkey_write(&restored.log_key, vkey);
    assert_int_equal(introduction_write_exchange(&restored, text), STATUS_OK);
    assert_int_equal(cli_write(&cli, "restored.pub", text), STATUS_OK);
    foreign = restored;
    assert_int_equal(note_key_make("test.example/log/r-00000000", log_key.public_key, &foreign.log_key), STATUS_OK);
    assert_int_equal(introduction_write_exchange(&foreign, text), STATUS_OK);
    assert_int_equal(cli_write(&cli, "foreign.pub", text), STATUS_OK);
    keys_drop(&log_key);
    assert_code(cli_as(&cli, "nl-new", "trust", "foreign.pub", vkey, NULL), 65);
    assert_says(cli.err, "but another one");
    assert_code(cli_as(&cli, "nl-new", "trust", "restored.pub", NULL), 64);
    assert_code(cli_as(&cli, "nl-new", "trust", "restored.pub", "test.example/log+12345678+AAAA", NULL), 65);
    assert_code(cli_as(&cli, "nl-new", "demand", "list", NULL), 0); /* nothing has changed */
    assert_code(cli_as(&cli, "nl-new", "trust", "restored.pub", vkey, "--screen", NULL), 0);
    assert_says(cli.out, "You now trust the exchange as it was brought back");
    /* The fingerprint covers the new log key: it is compared once more before anything is sent. */
    assert_code(cli_as(&cli, "nl-new", "demand", "list", NULL), 77);
    assert_code(cli_as(&cli, "nl-new", "receipt", "verify", "newer.receipt", "--screen", NULL), 0);
    assert_says(cli.out, "Broker not asked.");
    assert_code(cli_as(&cli, "nl-new", "trust", "restored.pub", "--screen", NULL), 0);
    assert_says(cli.out, "Nothing to do");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agency_replaces_its_keys_and_its_old_receipts_verify),
        cmocka_unit_test(old_keys_are_let_in_no_more),
        cmocka_unit_test(coordinator_binds_a_suppliers_new_keys_at_once),
        cmocka_unit_test(two_coordinators_replace_lost_keys),
        cmocka_unit_test(operator_lets_a_coordinator_in_and_all_see_it),
        cmocka_unit_test(new_keys_of_the_exchange_are_trusted_by_their_signatures),
        cmocka_unit_test(a_restored_exchange_is_trusted_by_the_log_key_that_is_typed_in),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
