/* SPDX-License-Identifier: EUPL-1.2 */
/* Backup and restore as people do them: taken over the wire, opened by the offline key alone, brought back, opened by a coordinator. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/keys.h"
#include "proto/seam.h"
#include "proto/note.h"
#include "proto/status.h"
#include "tests/system/cli_assert.h"

#define CANARY "Patriot CANARY missile"

static struct harness harness;
static struct cli cli;

static int setup(void **state)
{
    static const struct cli_party parties[] = {{"nl-dmo", "agency", "NL"}};
    (void)state;
    if (cli_begin(&cli, &harness, 270, parties, sizeof parties / sizeof parties[0])) {
        return -1;
    }
    cli_write(&cli, "items.csv", "item,title,unit\nGEM-T," CANARY ",EA\n");
    cli_write(&cli, "nl.csv", "demand,item,month,quantity,max_unit_price\nNL-1,GEM-T,2028-12,40,5900000.00\n");
    return cli_as(&cli, "hq", "item", "submit", "items.csv", NULL) == 0 && cli_as(&cli, "nl-dmo", "demand", "submit", "nl.csv", NULL) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    return cli_end(&cli, &harness);
}

/* Runs a command of the shell in the folder. */
static int shell(const char *format, ...)
{
    char command[5 * HARNESS_PATH_MOST], text[3 * HARNESS_PATH_MOST];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    snprintf(command, sizeof command, "cd '%s' && %s", cli.folder, text);
    return system(command);
}

/* A task of musterd with its words in the folder; what it said is in the harness's log behind offset. */
static int musterd(const char *words)
{
    int how = shell("'%s' %s >>'%s' 2>&1", harness.program, words, harness.log);
    return how < 0 ? -1 : how >> 8;
}

static void a_coordinator_takes_it_over_the_wire(void **state)
{
    (void)state;
    assert_code(cli_as(&cli, "nl-dmo", "backup", "not-mine.backup", NULL), 77);
    assert_false(cli_exists(&cli, "not-mine.backup"));
    assert_code(cli_as(&cli, "hq", "backup", "one.backup", "--json", NULL), 0);
    assert_true(atoi(cli_json(&cli, "entries")) >= 5);
    assert_true(cli_exists(&cli, "one.backup"));
    assert_false(cli_exists(&cli, "one.backup.part"));
    assert_int_equal(shell("! grep -q CANARY one.backup"), 0);
    assert_code(cli_as(&cli, "hq", "backup", "one.backup", NULL), 65);
    /* The key goes offline; what is left in the exchange's folder opens nothing. */
    assert_int_equal(shell("mkdir -p offline && mv '%s/recovery.key' offline/ && ! grep -rlq 'muster-key v1 recovery' '%s'", harness.directory, harness.directory), 0);
    assert_code(cli_as(&cli, "hq", "backup", "two.backup", "--screen", NULL), 0);
    assert_says(cli.out, "Read back from the disk: it is what the exchange sealed.");
    assert_int_equal(musterd("--check-backup one.backup --recovery offline/recovery.key"), 0);
    assert_int_equal(musterd("--check-backup two.backup --recovery offline/recovery.key"), 0);
    /* On the exchange's machine, while it runs. */
    char words[2 * HARNESS_PATH_MOST];
    snprintf(words, sizeof words, "-c '%s' --backup three.backup", harness.config);
    assert_int_equal(musterd(words), 0);
    assert_int_equal(musterd(words), 65);
    assert_int_equal(musterd("--check-backup three.backup --recovery offline/recovery.key"), 0);
}

/* What can't be brought back, why to the byte, and that nothing is left of the try. */
static void expect_refused(const char *backup, const char *key, int code, const char *why)
{
    char words[4 * HARNESS_PATH_MOST];
    size_t offset = harness_log_size(&harness);
    snprintf(words, sizeof words, "--restore %s never --recovery %s --address %s", backup, key, harness.address);
    assert_int_equal(musterd(words), code);
    if (!harness_logged(&harness, why, &offset, 100)) {
        print_error("not told: %s\n", why);
        harness_show(&harness);
        fail();
    }
    assert_false(cli_exists(&cli, "never"));
}

static void a_wrong_key_and_a_damaged_file_are_named(void **state)
{
    char path[HARNESS_PATH_MOST + 32];
    struct key_pair other;
    (void)state;
    assert_int_equal(seam_start(), STATUS_OK);
    assert_int_equal(keys_generate(KEY_RECOVERY, &seam_random_system, &other), STATUS_OK);
    snprintf(path, sizeof path, "%s/other.key", cli.folder);
    assert_int_equal(keys_write(path, &other, NULL, &seam_random_system, false), STATUS_OK);
    keys_drop(&other);
    assert_int_equal(shell("head -c 700 one.backup > cut.backup && cp one.backup flipped.backup && printf '\\377\\376' | dd of=flipped.backup bs=1 seek=900 conv=notrunc status=none && "
                           "(cat one.backup; echo) > longer.backup && echo nothing > none.backup"),
                     0);
    expect_refused("one.backup", "other.key", 77, "another recovery key than this one");
    expect_refused("cut.backup", "offline/recovery.key", 65, "byte 700: it was cut off");
    expect_refused("flipped.backup", "offline/recovery.key", 65, "byte 152: its head or its first part was changed");
    expect_refused("longer.backup", "offline/recovery.key", 65, "bytes follow behind its end");
    expect_refused("none.backup", "offline/recovery.key", 65, "no backup of an exchange");
    expect_refused("missing.backup", "offline/recovery.key", 65, "missing.backup");
    expect_refused("one.backup", "missing.key", 65, "no recovery key");
}

/* From here on the harness runs the restored exchange. */
static void restore(void)
{
    char words[4 * HARNESS_PATH_MOST], directory[HARNESS_PATH_MOST];
    assert_int_equal(harness_stop(&harness, NULL), STATUS_OK);
    snprintf(words, sizeof words, "--restore one.backup back --recovery offline/recovery.key --address %s --test-clock 'file:%s'", harness.address, harness.clock);
    assert_int_equal(musterd(words), 0);
    assert_true(snprintf(directory, sizeof directory, "%.400s/back", cli.folder) < 450);
    strcpy(harness.directory, directory);
    snprintf(harness.config, sizeof harness.config, "%.450s/musterd.conf", directory);
    assert_int_equal(harness_start(&harness), STATUS_OK);
}

static void trust(const char *party)
{
    static char vkey[256];
    assert_int_equal(shell("sed -n 's/^vkey *//p' back/exchange.pub > back.vkey"), 0);
    assert_int_equal(cli_read(&cli, "back.vkey"), STATUS_OK);
    snprintf(vkey, sizeof vkey, "%s", cli.out);
    vkey[strcspn(vkey, "\r\n")] = '\0';
    /* What the restore wrote is not enough by itself, nor is it with a key that was mistyped, or with the old one. */
    assert_code(cli_as(&cli, party, "trust", "back/exchange.pub", NULL), 64);
    static char wrong[256], old[NOTE_VKEY_SIZE];
    strcpy(wrong, vkey);
    wrong[strlen(wrong) - 5] = wrong[strlen(wrong) - 5] == 'A' ? 'B' : 'A';
    assert_code(cli_as(&cli, party, "trust", "back/exchange.pub", wrong, NULL), 65);
    note_vkey_write(&harness.exchange.log_key, old);
    assert_code(cli_as(&cli, party, "trust", "back/exchange.pub", old, NULL), 65);
    assert_code(cli_as(&cli, party, "status", NULL), 69);
    assert_code(cli_as(&cli, party, "trust", "back/exchange.pub", vkey, NULL), 0);
    assert_code(cli_as(&cli, party, "trust", "back/exchange.pub", vkey, "--screen", NULL), 0);
    assert_says(cli.out, "Nothing to do");
}

static void it_comes_back_and_opens_once_a_coordinator_says_so(void **state)
{
    (void)state;
    restore();
    trust("hq");
    trust("nl-dmo");
    assert_code(cli_as(&cli, "nl-dmo", "status", NULL), 77);
    assert_says(cli.err, "opens once a coordinator has confirmed its list of parties");
    assert_code(cli_as(&cli, "hq", "status", "--screen", NULL), 0);
    assert_says(cli.out, "look at the list of parties, then confirm it");
    assert_code(cli_as(&cli, "hq", "party", "list", "--json", NULL), 0);
    assert_non_null(strstr(cli.out, "nl-dmo"));
    assert_code(cli_as(&cli, "hq", "party", "confirm-list", NULL), 0);
    assert_code(cli_as(&cli, "hq", "party", "confirm-list", NULL), 65);
    assert_code(cli_as(&cli, "nl-dmo", "status", NULL), 0);
    /* The same history under a new key: receipts of before hold, and the log is audited from its beginning. */
    assert_code(cli_as(&cli, "nl-dmo", "receipt", "verify", "nl.receipt", NULL), 0);
    assert_code(cli_as(&cli, "hq", "log", "audit", "--json", NULL), 0);
    assert_true(atoi(cli_json(&cli, "heads_of_another_log")) > 0);
    assert_code(cli_as(&cli, "hq", "item", "list", "--json", NULL), 0);
    assert_non_null(strstr(cli.out, CANARY));
    assert_code(cli_as(&cli, "hq", "backup", "after.backup", NULL), 0);
    assert_int_equal(musterd("--check-backup after.backup --recovery offline/recovery.key"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_coordinator_takes_it_over_the_wire),
        cmocka_unit_test(a_wrong_key_and_a_damaged_file_are_named),
        cmocka_unit_test(it_comes_back_and_opens_once_a_coordinator_says_so),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
