/* SPDX-License-Identifier: EUPL-1.2 */
/* The log from the command line: audited by each role, compared between parties, redacted by two coordinators, and a rollback found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/status.h"
#include "tests/system/cli_assert.h"

#define PATIENCE 30000
#define SPILL "SPILLWORD-7341"

static struct harness harness;
static struct cli cli;

static int setup(void **state)
{
    static const struct cli_party parties[] = {{"nl-dmo", "agency", "NL"}, {"alfaco", "supplier", "DE"}, {"hq2", "coordinator", "BE"}};
    (void)state;
    if (cli_begin(&cli, &harness, 270, parties, sizeof parties / sizeof parties[0])) {
        return -1;
    }
    cli_write(&cli, "items.csv", "item,title,unit\nGEM-T,Patriot GEM-T guided missile,EA\n");
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

static void every_role_audits_and_goes_on_from_there(void **state)
{
    (void)state;
    static const char *const parties[] = {"hq", "nl-dmo", "alfaco"};
    for (size_t at = 0; at < 3; at++) {
        assert_code(cli_as(&cli, parties[at], "log", "audit", "--screen", NULL), 0);
        assert_says(cli.out, "Nothing was rewritten, put in another order, dropped or forked.");
        assert_says(cli.out, "all in it.");
        assert_null(strstr(cli.out, "bear your name"));
        assert_code(cli_as(&cli, parties[at], "log", "audit", "--json", NULL), 0);
        assert_true(atoi(cli_json(&cli, "new")) <= 3); /* what the exchange itself wrote meanwhile */
    }
    assert_code(cli_as(&cli, "nl-dmo", "demand", "withdraw", "NL-1", NULL), 0);
    assert_code(cli_as(&cli, "nl-dmo", "log", "audit", "--json", NULL), 0);
    assert_true(atoi(cli_json(&cli, "new")) >= 1);
    assert_string_equal(cli_json(&cli, "receipts"), "3"); /* join, demand, withdrawal */
}

static void heads_are_compared_without_an_exchange(void **state)
{
    char words[128];
    (void)state;
    assert_code(cli_as(&cli, "nl-dmo", "log", "head", "nl.head", "--json", NULL), 0);
    snprintf(words, sizeof words, "%s", cli_json(&cli, "words"));
    assert_int_equal(strlen(words), 39);
    assert_code(cli_as(&cli, "alfaco", "watch", "--once", "--screen", NULL), 0);
    assert_says(cli.out, words);
    assert_code(cli_as(&cli, "alfaco", "log", "audit", NULL), 0);
    assert_code(cli_as(&cli, "alfaco", "log", "compare", "nl.head", "--screen", NULL), 0);
    assert_says(cli.out, "The same history");
    /* An older head is the beginning of the audited log; one by another key proves nothing. */
    cli_write(&cli, "more.csv", "item,title,unit\nCAVS,Armoured vehicle,EA\n");
    assert_code(cli_as(&cli, "hq", "item", "submit", "more.csv", NULL), 0);
    assert_code(cli_as(&cli, "hq", "log", "audit", NULL), 0);
    assert_code(cli_as(&cli, "hq", "log", "head", "hq.head", NULL), 0);
    assert_code(cli_as(&cli, "hq", "log", "compare", "nl.head", "hq.head", "--json", NULL), 0);
    assert_string_equal(cli_json(&cli, "verdict"), "same");
    assert_code(cli_as(&cli, "alfaco", "log", "compare", "hq.head", NULL), 75);
    assert_int_equal(shell("sed 's/^\\([0-9]\\)/9\\1/' nl.head > wrong.head"), 0);
    assert_code(cli_as(&cli, "hq", "log", "compare", "wrong.head", NULL), 65);
    assert_says(cli.err, "is not signed by the key");
}

static const char *vkey(void)
{
    static char text[256];
    assert_int_equal(shell("cat .config/muster/nl-dmo/exchange 2>/dev/null | sed -n 's/^vkey *= *//p' > vkey"), 0);
    assert_int_equal(cli_read(&cli, "vkey"), STATUS_OK);
    snprintf(text, sizeof text, "%s", cli.out);
    text[strcspn(text, "\r\n")] = '\0';
    return text;
}

static void a_receipt_needs_no_profile(void **state)
{
    (void)state;
    const char *key = vkey();
    assert_true(strlen(key) > 40);
    assert_int_equal(shell("for e in .local/share/muster/nl-dmo/receipts/*.envelope; do r=${e%%.envelope}.receipt; cmp -s $r nl.receipt && cp $e nl.envelope; done; test -s nl.envelope"), 0);
    /* Several profiles are here and none is named: only because none is needed does this hold. */
    assert_code(cli_run(&cli, "receipt", "verify", "nl.receipt", NULL), 64);
    assert_code(cli_run(&cli, "receipt", "verify", "nl.receipt", "--vkey", key, "--envelope", "nl.envelope", "--screen", NULL), 0);
    assert_says(cli.out, "Valid: entry ");
    assert_code(cli_run(&cli, "receipt", "verify", "nl.receipt", "--vkey", key, NULL), 64);
    assert_code(cli_run(&cli, "receipt", "verify", "nl.receipt", "--vkey", "muster.example/log+16dc296f+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4", "--envelope", "nl.envelope", NULL), 65);
    assert_says(cli.err, "NOT VALID");
    assert_code(cli_run(&cli, "receipt", "verify", "nl.receipt", "--vkey", "nonsense", "--envelope", "nl.envelope", NULL), 64);
    assert_code(cli_run(&cli, "log", "compare", "nl.head", "nl.head", "--vkey", key, NULL), 0);
    assert_code(cli_as(&cli, "hq", "log", "compare", "nl.head", "nl.head", "--screen", NULL), 0);
    assert_says(cli.out, "The same history: both heads are one.");
    assert_null(strstr(cli.out, "smaller"));
}

static bool store_holds_spill(void)
{
    char command[2 * HARNESS_PATH_MOST];
    snprintf(command, sizeof command, "grep -qr '" SPILL "' '%s'", harness.directory);
    return system(command) == 0;
}

static void a_spill_is_redacted_by_two_coordinators(void **state)
{
    char entry[32];
    size_t offset = harness_log_size(&harness);
    (void)state;
    cli_write(&cli, "spill.csv", "demand,item,month,quantity,max_unit_price,requires\nNL-2,GEM-T,2028-12,40,5900000.00,colour=" SPILL "\n");
    assert_code(cli_as(&cli, "nl-dmo", "demand", "submit", "spill.csv", "--json", NULL), 0);
    snprintf(entry, sizeof entry, "%s", cli_json(&cli, "entry"));
    assert_true(store_holds_spill());
    assert_code(cli_as(&cli, "nl-dmo", "log", "redact", entry, "--reason", "possible spill", NULL), 77);
    assert_code(cli_as(&cli, "hq", "log", "redact", entry, NULL), 64);
    assert_code(cli_as(&cli, "hq", "log", "redact", entry, "--reason", "possible spill", "--screen", NULL), 0);
    assert_says(cli.out, "Nothing is gone yet.");
    assert_code(cli_as(&cli, "hq", "log", "confirm", entry, NULL), 77);
    assert_code(cli_as(&cli, "hq2", "status", "--screen", NULL), 0);
    assert_says(cli.out, "hq proposes to redact it");
    assert_code(cli_as(&cli, "hq2", "log", "confirm", entry, "--screen", NULL), 0);
    assert_says(cli.out, "destroy them, then make a new one");
    assert_true(harness_logged(&harness, "event=restarts", &offset, PATIENCE) || harness_logged(&harness, "restarts why=redaction", &offset, PATIENCE));
    assert_true(harness_logged(&harness, "started clock=", &offset, PATIENCE) || harness_logged(&harness, "event=started", &offset, PATIENCE));
    assert_false(store_holds_spill());
    assert_code(cli_as(&cli, "alfaco", "log", "audit", "--screen", NULL), 0);
    assert_says(cli.out, "is redacted: proposed by hq in entry");
    assert_says(cli.out, "confirmed by hq2 in entry");
    assert_says(cli.out, "Reason: possible spill");
    assert_code(cli_as(&cli, "nl-dmo", "log", "audit", "--screen", NULL), 0);
    assert_says(cli.out, "is redacted: proposed by hq in entry");
    assert_code(cli_as(&cli, "nl-dmo", "receipt", "verify", "spill.receipt", "--screen", NULL), 0);
    assert_says(cli.out, "Valid: entry");
    /* It is told again by every later audit, which reads nothing of it anew. */
    assert_code(cli_as(&cli, "nl-dmo", "log", "audit", "--screen", NULL), 0);
    assert_says(cli.out, "is redacted: proposed by hq in entry");
    assert_code(cli_as(&cli, "nl-dmo", "demand", "show", "NL-2", "--json", NULL), 0);
    assert_null(strstr(cli.out, SPILL));
    const char *const check[] = {"--verify", NULL};
    assert_int_equal(harness_task(&harness, check), 0);
    assert_code(cli_as(&cli, "hq2", "log", "keep", entry, NULL), 65);
}

/* The operator puts an older copy of the store back, and goes on from there. */
static void an_older_store_put_back_is_found(void **state)
{
    char from[24];
    (void)state;
    assert_int_equal(harness_stop(&harness, NULL), STATUS_OK);
    assert_int_equal(shell("rm -rf older && cp -r '%s/store' older", harness.directory), 0);
    assert_int_equal(harness_start(&harness), STATUS_OK);
    cli_write(&cli, "late.csv", "item,title,unit\nIRIS-T,Guided missile,EA\n");
    assert_code(cli_as(&cli, "hq", "item", "submit", "late.csv", NULL), 0);
    assert_code(cli_as(&cli, "nl-dmo", "log", "audit", "--json", NULL), 0);
    assert_code(cli_as(&cli, "hq", "log", "audit", NULL), 0);
    assert_code(cli_as(&cli, "hq", "log", "head", "before.head", NULL), 0);
    assert_int_equal(harness_stop(&harness, NULL), STATUS_OK);
    assert_int_equal(shell("rm -rf '%s/store' && cp -r older '%s/store'", harness.directory, harness.directory), 0);
    assert_int_equal(harness_start(&harness), STATUS_OK);
    /* Whoever saw the later head finds out by asking. */
    assert_code(cli_as(&cli, "nl-dmo", "log", "audit", "--json", NULL), 70);
    assert_string_equal(cli_json(&cli, "holds"), "false");
    snprintf(from, sizeof from, "%s", cli_json(&cli, "fault"));
    assert_true(strcmp(from, "rewritten") == 0 || strcmp(from, "shorter") == 0);
    assert_code(cli_as(&cli, "hq", "log", "audit", "--screen", NULL), 70);
    assert_says(cli.out, "THE LOG DOES NOT HOLD.");
    assert_code(cli_as(&cli, "hq", "log", "head", NULL), 70);
    /* Who did not see it is told by the head of one who did. */
    assert_code(cli_as(&cli, "alfaco", "log", "audit", NULL), 0);
    assert_code(cli_as(&cli, "alfaco", "log", "head", "after.head", NULL), 0);
    int code = cli_as(&cli, "alfaco", "log", "compare", "before.head", "--screen", NULL);
    assert_true(code == 70 || code == 75);
    for (int more = 0; more < 4 && code == 75; more++) {
        /* The other branch grows until it is as long. */
        assert_code(cli_as(&cli, "alfaco", "watch", "--once", NULL), 0);
        assert_int_equal(harness_stop(&harness, NULL), STATUS_OK);
        assert_int_equal(harness_start(&harness), STATUS_OK);
        assert_code(cli_as(&cli, "alfaco", "log", "audit", NULL), 0);
        code = cli_as(&cli, "alfaco", "log", "compare", "before.head", "--screen", NULL);
    }
    assert_code(code, 70);
    assert_says(cli.out, "TWO HISTORIES.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_role_audits_and_goes_on_from_there), cmocka_unit_test(heads_are_compared_without_an_exchange),
        cmocka_unit_test(a_receipt_needs_no_profile),               cmocka_unit_test(a_spill_is_redacted_by_two_coordinators),
        cmocka_unit_test(an_older_store_put_back_is_found),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
