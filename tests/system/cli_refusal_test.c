/* SPDX-License-Identifier: EUPL-1.2 */
/* What the command refuses, keeps and says when things go wrong between a person and a real exchange. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/status.h"
#include "tests/system/cli_assert.h"
#include "tests/unit/patience.h"

static struct harness harness;
static struct cli cli;

#define DAY UINT64_C(86400000)

static void write_demand(const char *file, const char *id, unsigned quantity, const char *requires)
{
    char text[512];
    snprintf(text, sizeof text, "demand,item,month,quantity,max_unit_price,requires\n%s,GEM-T,2030-12,%u,5900000.00,%s\n", id, quantity, requires);
    cli_write(&cli, file, text);
}

static int setup(void **state)
{
    (void)state;
    alarm((unsigned)patience(270));
    if (cli_exchange(&cli, &harness) != STATUS_OK || cli_join(&cli, "nl-dmo", "agency", "NL") != STATUS_OK || cli_join(&cli, "alfaco", "supplier", "DE") != STATUS_OK) {
        print_error("%s\n%s\n", cli.out, cli.err);
        harness_show(&harness);
        return -1;
    }
    cli_write(&cli, "items.csv", "item,title\nGEM-T,Missile\n");
    /* More changes a week than a party is allowed by default. */
    cli_write(&cli, "policy.csv", "key,value,item\nprice_changes_a_week,1000,\n");
    return cli_as(&cli, "hq", "policy", "submit", "policy.csv", NULL) || cli_as(&cli, "hq", "item", "submit", "items.csv", NULL) ? -1 : 0;
}

static int teardown(void **state)
{
    (void)state;
    cli_close(&cli);
    harness_close(&harness);
    return 0;
}

/* The log's size, as the coordinator's newest entry shows it. */
static unsigned long entries(void)
{
    cli_as(&cli, "hq", "watch", "--once", "--json", NULL);
    unsigned long last = 0;
    for (const char *at = cli.out; (at = strstr(at, "\"position\":")); at++) {
        last = strtoul(at + strlen("\"position\":"), NULL, 10);
    }
    return last;
}

static void which_party_must_be_said(void **state)
{
    (void)state;
    assert_code(cli_run(&cli, "status", NULL), EXIT_CODE_USAGE);
    assert_says(cli.err, "which party? You have: alfaco, hq, nl-dmo.");
    assert_code(cli_run(&cli, "status", "--as", "nobody", NULL), EXIT_CODE_USAGE);
    assert_code(cli_as(&cli, "nl-dmo", "status", "--screen", NULL), 0);
    assert_says(cli.out, "nl-dmo, agency at test.example/log: confirmed.");
}

static void a_role_does_its_own_work_only(void **state)
{
    (void)state;
    write_demand("d.csv", "X-1", 5, "");
    cli_write(&cli, "o.csv", "offer,supplier,item,unit_price,first_month,monthly_rate\nO-1,nl-dmo,GEM-T,5.00,2028-01,8\n");
    cli_write(&cli, "o-own.csv", "offer,supplier,item,unit_price,first_month,monthly_rate\nO-1,alfaco,GEM-T,5.00,2028-01,8\n");
    cli_write(&cli, "p.csv", "key,value,item\nmin_nations,3,\n");
    assert_code(cli_as(&cli, "nl-dmo", "item", "submit", "items.csv", NULL), 0); /* nothing differs, so nothing is sent */
    cli_write(&cli, "more.csv", "item,title\nCAVS,Carrier\n");
    assert_code(cli_as(&cli, "nl-dmo", "item", "submit", "more.csv", NULL), EXIT_CODE_NOT_ALLOWED);
    assert_code(cli_as(&cli, "nl-dmo", "policy", "submit", "p.csv", "--replaces", "v2", NULL), EXIT_CODE_NOT_ALLOWED);
    assert_code(cli_as(&cli, "nl-dmo", "offer", "submit", "o.csv", NULL), EXIT_CODE_NOT_ALLOWED);
    assert_code(cli_as(&cli, "alfaco", "demand", "submit", "d.csv", NULL), EXIT_CODE_NOT_ALLOWED);
    assert_says(cli.err, "only an agency has demands; alfaco is a supplier. Nothing was sent. Yours: muster offer submit FILE");
    assert_string_equal(cli.out, ""); /* no cures for the faults of a sheet that is not its own */
    assert_code(cli_as(&cli, "hq", "demand", "submit", "d.csv", NULL), EXIT_CODE_NOT_ALLOWED);
    assert_code(cli_as(&cli, "nl-dmo", "party", "invite", "x", "--role", "agency", "--country", "NL", NULL), EXIT_CODE_NOT_ALLOWED);
    assert_code(cli_as(&cli, "alfaco", "backup", "mine.backup", NULL), EXIT_CODE_NOT_ALLOWED);
    assert_code(cli_as(&cli, "alfaco", "clock", "confirm", NULL), 0); /* there is nothing to confirm, and so nothing is sent */
    assert_code(cli_as(&cli, "alfaco", "offer", "submit", "o-own.csv", "--dry-run", NULL), 0);
}

static void what_stands_is_left_out_and_a_colleagues_change_is_not_written_over(void **state)
{
    char command[2 * HARNESS_PATH_MOST];
    (void)state;
    write_demand("nl.csv", "NL-1", 40, "");
    assert_code(cli_as(&cli, "nl-dmo", "demand", "submit", "nl.csv", NULL), 0);
    assert_code(cli_as(&cli, "nl-dmo", "demand", "submit", "nl.csv", "--screen", NULL), 0);
    assert_says(cli.out, "Nothing to send: the demand stands as in the file.");
    write_demand("nl.csv", "NL-1", 50, "");
    assert_code(cli_as(&cli, "nl-dmo", "demand", "submit", "nl.csv", "--dry-run", "--json", NULL), 0);
    assert_string_equal(cli_json(&cli, "would_be_accepted"), "true");
    assert_code(cli_as(&cli, "nl-dmo", "demand", "submit", "nl.csv", "--json", NULL), 0);
    assert_string_equal(cli_json(&cli, "changes.0.version"), "2");
    /* Another machine of the same party: it has the keys, and has seen v2 only there. */
    snprintf(command, sizeof command, "cd '%s' && rm -f .local/state/muster/nl-dmo/seen-demand", cli.folder);
    assert_int_equal(system(command), 0);
    write_demand("nl.csv", "NL-1", 60, "");
    assert_code(cli_as(&cli, "nl-dmo", "demand", "submit", "nl.csv", NULL), EXIT_CODE_TRY_AGAIN);
    assert_says(cli.err, "NL-1 is at v2 already, which was not shown here. Nothing changed.");
    assert_says(cli.err, "due 2030-12: yours 60, there now 50 (nl-dmo, 2027-01-31 12:");
    assert_says(cli.err, "See muster demand show NL-1; then submit again with --replaces v2");
    assert_code(cli_as(&cli, "nl-dmo", "demand", "submit", "nl.csv", "--replaces", "v1", NULL), EXIT_CODE_TRY_AGAIN);
    assert_says(cli.err, "NL-1 is at v2; your file replaces v1. Nothing changed.");
    assert_code(cli_as(&cli, "nl-dmo", "demand", "submit", "nl.csv", "--replaces", "two", NULL), EXIT_CODE_USAGE);
    assert_code(cli_as(&cli, "nl-dmo", "demand", "show", "NL-1", "--screen", NULL), 0);
    assert_says(cli.out, "NL-1 v2  GEM-T  NL  accepted 2027-01-31 12:");
    assert_says(cli.out, "Deliveries       50 due 2030-12\n");
    assert_code(cli_as(&cli, "nl-dmo", "demand", "submit", "nl.csv", NULL), 0); /* shown, so it may be replaced */
    assert_code(cli_as(&cli, "nl-dmo", "demand", "withdraw", "NL-1", "--screen", NULL), 0);
    assert_says(cli.out, "NL-1 v4: withdrawn");
    assert_code(cli_as(&cli, "nl-dmo", "demand", "withdraw", "NL-1", NULL), EXIT_CODE_INPUT);
    assert_code(cli_as(&cli, "nl-dmo", "demand", "list", "--screen", NULL), 0);
    assert_says(cli.out, "No demands.");
    assert_code(cli_as(&cli, "nl-dmo", "demand", "show", "NL-99", NULL), EXIT_CODE_INPUT);
}

static void the_exchange_names_the_row_that_it_refuses(void **state)
{
    (void)state;
    cli_write(&cli, "nl.csv", "demand,item,month,quantity,max_unit_price\nNL-2,GEM-T,2030-12,5,5900000.00\nNL-3,NO-SUCH,2030-12,5,5900000.00\n");
    assert_code(cli_as(&cli, "nl-dmo", "demand", "submit", "nl.csv", NULL), EXIT_CODE_INPUT);
    assert_says(cli.out, "Row\tColumn\tFound\tExpected\tDo\n3\titem\tNO-SUCH\t");
    assert_code(cli_as(&cli, "nl-dmo", "demand", "list", "--json", NULL), 0);
    assert_null(strstr(cli.out, "NL-2")); /* all, or nothing */
    assert_code(cli_as(&cli, "nl-dmo", "outbox", "list", "--json", NULL), 0);
    assert_string_equal(cli.out, "[]\n");
}

static void a_marking_is_refused_before_anything_is_sent(void **state)
{
    char code[64] = "";
    unsigned long before = entries();
    (void)state;
    write_demand("spill.csv", "NL-4", 5, "note=NATO SECRET");
    assert_code(cli_as(&cli, "nl-dmo", "demand", "submit", "spill.csv", NULL), EXIT_CODE_INPUT);
    assert_says(cli.err, "Refused: row 2, column requires, carries a marking above unclassified.");
    assert_says(cli.err, "Nothing was sent, stored or logged; the text is not repeated here.");
    assert_says(cli.err, "\"possible spill, spill.csv row 2\"");
    assert_null(strstr(cli.err, "SECRET"));
    assert_null(strstr(cli.out, "SECRET"));
    assert_int_equal(entries(), before);
    /* A false alarm is passed by its code, bound to these changes. */
    assert_code(cli_as(&cli, "nl-dmo", "demand", "submit", "spill.csv", NULL), EXIT_CODE_INPUT);
    const char *at = strstr(cli.err, "--false-alarm ");
    assert_non_null(at);
    assert_int_equal(sscanf(at, "--false-alarm %63[^;.]", code), 1);
    assert_code(cli_as(&cli, "nl-dmo", "demand", "submit", "spill.csv", "--false-alarm", "AAAABBBBCCCC", NULL), EXIT_CODE_INPUT);
    assert_code(cli_as(&cli, "nl-dmo", "demand", "submit", "spill.csv", "--false-alarm", code, NULL), 0);
    write_demand("nl.csv", "NL-5", 5, "");
    assert_code(cli_as(&cli, "nl-dmo", "demand", "submit", "nl.csv", "--marking", "NATO RESTRICTED", "--marked-by", "NATO", NULL), EXIT_CODE_INPUT);
    assert_null(strstr(cli.err, "RESTRICTED"));
    assert_code(cli_as(&cli, "nl-dmo", "demand", "submit", "nl.csv", "--marking", "NATO UNCLASSIFIED", NULL), EXIT_CODE_USAGE);
    assert_code(cli_as(&cli, "nl-dmo", "demand", "submit", "nl.csv", "--marking", "ONGERUBRICEERD", "--marked-by", "NL", "--screen", NULL), 0);
    assert_says(cli.out, "ONGERUBRICEERD.");
}

static void a_wrong_passphrase_sends_nothing(void **state)
{
    (void)state;
    write_demand("nl.csv", "NL-6", 5, "");
    assert_code(cli_run(&cli, "demand", "submit", "nl.csv", "--as", "nl-dmo", NULL), EXIT_CODE_USAGE);
    assert_says(cli.err, "there is no terminal to ask for the passphrase. Nothing was sent.");
    assert_code(cli_terminal(&cli, 80, "not the passphrase\n", "demand", "submit", "nl.csv", "--as", "nl-dmo", NULL), EXIT_CODE_NOT_ALLOWED);
    assert_null(strstr(cli.out, "not the passphrase")); /* no echo */
    assert_code(cli_terminal(&cli, 80, CLI_PASSPHRASE "\n", "demand", "submit", "nl.csv", "--as", "nl-dmo", NULL), 0);
    assert_says(cli.out, "NL-6 v1");
}

static void keys_that_others_can_read_are_not_used(void **state)
{
    char command[2 * HARNESS_PATH_MOST];
    (void)state;
    snprintf(command, sizeof command, "chmod 644 '%s'/.local/share/muster/alfaco/keys/box", cli.folder);
    assert_int_equal(system(command), 0);
    assert_code(cli_as(&cli, "alfaco", "status", NULL), EXIT_CODE_NOT_ALLOWED);
    assert_says(cli.err, "others can read the keys");
    snprintf(command, sizeof command, "chmod 600 '%s'/.local/share/muster/alfaco/keys/box", cli.folder);
    assert_int_equal(system(command), 0);
    assert_code(cli_as(&cli, "alfaco", "status", NULL), 0);
}

static void an_invitation_works_once_and_the_fingerprint_guards(void **state)
{
    char code[64];
    (void)state;
    assert_code(cli_as(&cli, "hq", "party", "invite", "fr-dga", "--role", "agency", "--country", "FR", NULL), 0);
    assert_true(strncmp(cli.out, "muster1:", 8) == 0);
    cli_write(&cli, "line", cli.out);
    assert_code(cli_as(&cli, "hq", "party", "confirm", "fr-dga", "ABCD", "EFGH", "IJKL", "MNOP", NULL), EXIT_CODE_INPUT);
    assert_says(cli.err, "has not joined yet");
    assert_code(cli_run(&cli, "join", "--file", "line", "--no-passphrase", NULL), EXIT_CODE_NOT_ALLOWED); /* an agency locks its key */
    assert_code(cli_run(&cli, "join", "--file", "line", "--passphrase-fd", "3", "--strength", "interactive", NULL), 0);
    assert_code(cli_run(&cli, "join", "--file", "line", "--passphrase-fd", "3", NULL), EXIT_CODE_INPUT);
    assert_says(cli.err, "has joined an exchange already");
    assert_code(cli_run(&cli, "join", "--file", "line", "--passphrase-fd", "3", "--as", "second", "--strength", "interactive", NULL), EXIT_CODE_NOT_ALLOWED);
    /* Joined, not compared: nothing goes out but status. */
    assert_code(cli_as(&cli, "fr-dga", "status", "--screen", NULL), 0);
    assert_says(cli.out, "Your keys were not compared yet");
    write_demand("fr.csv", "FR-1", 5, "");
    assert_code(cli_as(&cli, "fr-dga", "demand", "submit", "fr.csv", NULL), EXIT_CODE_NOT_ALLOWED);
    assert_says(cli.err, "Do: muster fingerprint");
    assert_code(cli_as(&cli, "hq", "party", "confirm", "fr-dga", "ABCD", "EFGH", "IJKL", "MNOP", NULL), EXIT_CODE_INPUT);
    assert_says(cli.err, "these are not the groups of the keys");
    assert_says(cli.err, "muster party suspend fr-dga --reason TEXT");
    assert_code(cli_as(&cli, "fr-dga", "fingerprint", "ABCD", "EFGH", "IJKL", "MNOP", NULL), EXIT_CODE_INPUT);
    assert_code(cli_as(&cli, "fr-dga", "fingerprint", "--json", NULL), 0);
    snprintf(code, sizeof code, "%s", cli_json(&cli, "read_out"));
    assert_int_equal(strlen(code), 19);
    assert_code(cli_as(&cli, "hq", "party", "confirm", "fr-dga", code, NULL), 0);
}

static void a_join_that_broke_off_goes_on_with_the_same_keys(void **state)
{
    char first[32], text[1024], changed[1024];
    (void)state;
    assert_code(cli_as(&cli, "hq", "party", "invite", "lv-nabs", "--role", "agency", "--country", "LV", NULL), 0);
    cli_write(&cli, "line", cli.out);
    snprintf(text, sizeof text, "%s", cli.out);
    /* A character lost on the way is found before anything is sent. */
    snprintf(changed, sizeof changed, "%s", text);
    changed[40] = changed[40] == 'A' ? 'B' : 'A';
    cli_write(&cli, "changed", changed);
    assert_code(cli_run(&cli, "join", "--file", "changed", "--passphrase-fd", "3", NULL), EXIT_CODE_INPUT);
    assert_says(cli.err, "Nothing was sent.");
    assert_int_equal(harness_kill(&harness, "exchange", SIGSTOP), STATUS_OK);
    assert_code(cli_run(&cli, "join", "--file", "line", "--passphrase-fd", "3", "--strength", "interactive", "--timeout", "3", NULL), EXIT_CODE_UNREACHABLE);
    assert_says(cli.err, "paste the same invitation again later, it counts once.");
    assert_int_equal(harness_kill(&harness, "exchange", SIGCONT), STATUS_OK);
    harness_pause(300);
    assert_code(cli_run(&cli, "join", "--file", "line", "--passphrase-fd", "3", "--strength", "interactive", "--json", NULL), 0);
    snprintf(first, sizeof first, "%s", cli_json(&cli, "read_out"));
    assert_code(cli_as(&cli, "hq", "party", "confirm", "lv-nabs", first, NULL), 0); /* one party, one set of keys */
    assert_code(cli_as(&cli, "lv-nabs", "outbox", "list", "--json", NULL), 0);
    assert_string_equal(cli.out, "[]\n");
}

static void watching_ends_with_an_interrupt(void **state)
{
    char command[4 * HARNESS_PATH_MOST];
    (void)state;
    snprintf(command, sizeof command, "cd '%s' && HOME='%s' timeout --foreground -s INT 3 '%s' watch --as hq >watched 2>&1", cli.folder, cli.folder, cli.program);
    int status = system(command);
    assert_true(WIFEXITED(status));
    /* timeout tells 124 where it had to end the command itself; --preserve-status is not asked for. */
    assert_int_equal(WEXITSTATUS(status), 124);
    assert_int_equal(cli_read(&cli, "watched"), STATUS_OK);
    assert_says(cli.out, "entry\ttime\tkind\tid\ttext\n");
    assert_says(cli.out, "interrupted.");
}

static void many_parties_are_invited_from_a_sheet(void **state)
{
    (void)state;
    cli_write(&cli, "parties.csv", "party,role,country,name,size\nit-ne,agency,IT,Italian agency (f),\nrotor,supplier,LV,Rotorwerk (f),micro\n");
    assert_code(cli_as(&cli, "hq", "party", "invite", "parties.csv", "invitations", "--screen", NULL), 0);
    assert_says(cli.out, "2 invitations in invitations");
    assert_int_equal(cli_read(&cli, "invitations/rotor"), STATUS_OK);
    assert_true(strncmp(cli.out, "muster1:", 8) == 0);
    cli_write(&cli, "parties.csv", "party,role,country\nBad Party,king,XX\nok,agency,NL\n");
    assert_code(cli_as(&cli, "hq", "party", "invite", "parties.csv", "more/invitations", NULL), EXIT_CODE_INPUT);
    assert_false(cli_exists(&cli, "more"));
    assert_says(cli.out, "2\trole\tking\t");
    assert_code(cli_as(&cli, "hq", "party", "list", "--screen", NULL), 0);
    assert_says(cli.out, "rotor");
    assert_null(strstr(cli.out, "ok "));
}

static void a_suspended_party_is_let_in_no_more(void **state)
{
    (void)state;
    assert_code(cli_as(&cli, "hq", "party", "suspend", "alfaco", NULL), EXIT_CODE_USAGE);
    assert_code(cli_as(&cli, "hq", "party", "suspend", "alfaco", "--reason", "key lost", NULL), 0);
    assert_code(cli_as(&cli, "alfaco", "status", "--timeout", "6", NULL), EXIT_CODE_UNREACHABLE);
    assert_says(cli.err, "does not let alfaco in");
    assert_code(cli_as(&cli, "hq", "party", "resume", "alfaco", NULL), 0);
    assert_code(cli_as(&cli, "alfaco", "status", NULL), 0);
}

static void an_unanswered_submission_is_kept_and_counts_once(void **state)
{
    char id[40], entry[32];
    unsigned long before = entries();
    (void)state;
    assert_int_equal(harness_kill(&harness, "exchange", SIGSTOP), STATUS_OK);
    assert_code(cli_as(&cli, "hq", "bundle", "replan", "GEM-T", "--timeout", "3", NULL), EXIT_CODE_TRY_AGAIN);
    assert_says(cli.err, "was lost after sending. It may have been accepted.");
    assert_says(cli.err, "it counts once.");
    assert_int_equal(harness_kill(&harness, "exchange", SIGCONT), STATUS_OK);
    assert_code(cli_as(&cli, "hq", "outbox", "list", "--json", NULL), 0);
    snprintf(id, sizeof id, "%s", cli_json(&cli, "0.id"));
    assert_int_equal(strlen(id), 32);
    assert_code(cli_as(&cli, "hq", "outbox", "send", id, "--json", NULL), 0);
    snprintf(entry, sizeof entry, "%s", cli_json(&cli, "entry"));
    assert_true(strtoul(entry, NULL, 10) > before);
    assert_code(cli_as(&cli, "hq", "outbox", "list", "--json", NULL), 0);
    assert_string_equal(cli.out, "[]\n");
    /* Sent twice over, it stands once. */
    cli_as(&cli, "hq", "watch", "--once", "--from", entry, "--json", NULL);
    assert_null(strstr(cli.out, "replan") ? strstr(strstr(cli.out, "replan") + 1, "replan") : NULL);
}

static void without_the_exchange_work_is_kept(void **state)
{
    char id[40], other[40];
    (void)state;
    write_demand("nl.csv", "NL-8", 5, "");
    assert_int_equal(harness_stop(&harness, NULL), STATUS_OK);
    assert_code(cli_as(&cli, "nl-dmo", "demand", "list", "--timeout", "2", NULL), EXIT_CODE_UNREACHABLE);
    assert_says(cli.err, "muster: no answer from tcp://127.0.0.1:");
    assert_says(cli.err, "in 2 s. Nothing changed. Without it you can use: check, plan, receipt verify.");
    assert_code(cli_as(&cli, "nl-dmo", "demand", "list", "--timeout", "2", "--json", NULL), EXIT_CODE_UNREACHABLE);
    assert_string_equal(cli_json(&cli, "answered"), "false");
    assert_string_equal(cli_json(&cli, "became"), "Nothing changed.");
    assert_code(cli_as(&cli, "nl-dmo", "demand", "check", "nl.csv", NULL), 0);
    assert_code(cli_as(&cli, "nl-dmo", "bundle", "replan", "GEM-T", "--timeout", "2", NULL), EXIT_CODE_UNREACHABLE);
    assert_says(cli.err, "It was kept, not sent: muster outbox list");
    assert_code(cli_as(&cli, "nl-dmo", "outbox", "list", "--json", NULL), 0);
    snprintf(id, sizeof id, "%s", cli_json(&cli, "0.id"));
    assert_int_equal(strlen(id), 32);
    assert_code(cli_as(&cli, "nl-dmo", "outbox", "send", "zz", NULL), EXIT_CODE_USAGE);
    assert_code(cli_as(&cli, "nl-dmo", "outbox", "send", "0000", NULL), EXIT_CODE_INPUT);
    assert_code(cli_as(&cli, "nl-dmo", "outbox", "drop", id, NULL), 0);
    assert_code(cli_as(&cli, "nl-dmo", "outbox", "list", "--json", NULL), 0);
    assert_string_equal(cli.out, "[]\n");
    /* What comes with an export can't come later: it is not kept. */
    assert_code(cli_as(&cli, "hq", "backup", "a.backup", "--timeout", "2", NULL), EXIT_CODE_UNREACHABLE);
    assert_says(cli.err, "in 2 s. Nothing changed.");
    assert_code(cli_as(&cli, "hq", "outbox", "list", "--json", NULL), 0);
    assert_string_equal(cli.out, "[]\n");
    /* Said twice by somebody in a hurry it is kept once, said otherwise beside it; both begin with the same time, so more digits are shown. */
    assert_code(cli_as(&cli, "hq", "bundle", "replan", "GEM-T", "--timeout", "2", NULL), EXIT_CODE_UNREACHABLE);
    assert_code(cli_as(&cli, "hq", "bundle", "replan", "GEM-T", "--timeout", "2", NULL), EXIT_CODE_UNREACHABLE);
    assert_code(cli_as(&cli, "hq", "bundle", "replan", "GEM-T", "--timeout", "2", "--marking", "UNCLASSIFIED", "--marked-by", "NL", NULL), EXIT_CODE_UNREACHABLE);
    assert_code(cli_as(&cli, "hq", "outbox", "list", "--screen", NULL), 0);
    snprintf(id, sizeof id, "%.*s", (int)strspn(cli.out + strlen("Next: muster outbox send ") + (strstr(cli.out, "Next: ") - cli.out), "0123456789abcdef"),
             strstr(cli.out, "Next: ") + strlen("Next: muster outbox send "));
    assert_true(strlen(id) >= 8);
    assert_code(cli_as(&cli, "hq", "outbox", "send", id, "--timeout", "2", NULL), EXIT_CODE_UNREACHABLE); /* one, and no other */
    assert_code(cli_as(&cli, "hq", "outbox", "list", "--json", NULL), 0);
    assert_string_equal(cli_json(&cli, "2.id"), "");
    snprintf(id, sizeof id, "%.32s", cli_json(&cli, "0.id"));
    snprintf(other, sizeof other, "%.32s", cli_json(&cli, "1.id"));
    /* A day and an hour later it is too late: the exchange says so, and only then is it signed anew. */
    harness_set_clock(&harness, harness.now + DAY + DAY / 24);
    assert_int_equal(harness_start(&harness), STATUS_OK);
    assert_code(cli_as(&cli, "hq", "outbox", "send", id, NULL), EXIT_CODE_TRY_AGAIN);
    assert_says(cli.err, "It was kept. To sign and send it anew: muster outbox list");
    assert_code(cli_as(&cli, "hq", "outbox", "list", "--screen", NULL), 0);
    assert_says(cli.out, "expired: send signs it anew");
    assert_code(cli_as(&cli, "hq", "outbox", "send", other, NULL), EXIT_CODE_TRY_AGAIN);
    assert_code(cli_as(&cli, "hq", "outbox", "drop", other, "--screen", NULL), 0);
    assert_says(cli.out, "The exchange did not accept it, and never will.");
    assert_code(cli_as(&cli, "hq", "outbox", "send", id, "--screen", NULL), 0);
    assert_says(cli.out, "Accepted 2027-02-01 ");
    assert_code(cli_as(&cli, "hq", "outbox", "list", "--screen", NULL), 0);
    assert_says(cli.out, "Empty: ");
}

/* Sends the one submission that the party's outbox holds. */
static void send_kept(const char *party)
{
    char id[40];
    assert_code(cli_as(&cli, party, "outbox", "list", "--json", NULL), 0);
    snprintf(id, sizeof id, "%s", cli_json(&cli, "0.id"));
    assert_int_equal(strlen(id), 32);
    assert_code(cli_as(&cli, party, "outbox", "send", id, NULL), 0);
}

static void whole_sets_are_kept_too_and_what_was_sent_later_is_known(void **state)
{
    (void)state;
    cli_write(&cli, "rates.csv", "currency,rate\nUSD,0.92\n");
    write_demand("nl.csv", "NL-8", 6, "");
    assert_int_equal(harness_stop(&harness, NULL), STATUS_OK);
    assert_code(cli_as(&cli, "hq", "rates", "submit", "rates.csv", "--timeout", "2", "--json", NULL), EXIT_CODE_UNREACHABLE);
    assert_string_equal(cli_json(&cli, "became"), "It was kept, not sent: muster outbox list");
    assert_says(cli.err, "Signed as a change of the rates that you saw last;");
    assert_null(strstr(cli.err, "outbox send ID")); /* it is named, so that the line works as it stands */
    assert_says(cli.err, "Once it answers: muster outbox send 0");
    assert_code(cli_as(&cli, "nl-dmo", "demand", "submit", "nl.csv", "--timeout", "2", NULL), EXIT_CODE_UNREACHABLE);
    assert_int_equal(harness_start(&harness), STATUS_OK);
    send_kept("hq");
    send_kept("nl-dmo");
    assert_code(cli_as(&cli, "hq", "rates", "submit", "rates.csv", "--screen", NULL), 0);
    assert_says(cli.out, "Nothing to send: rates stands as in the file.");
    /* What the outbox sent was this profile's own: a further change is no conflict with it. */
    cli_write(&cli, "rates.csv", "currency,rate\nUSD,0.93\n");
    assert_code(cli_as(&cli, "hq", "rates", "submit", "rates.csv", NULL), 0);
    assert_code(cli_as(&cli, "hq", "rates", "submit", "rates.csv", NULL), 0);
    assert_code(cli_as(&cli, "nl-dmo", "demand", "submit", "nl.csv", "--screen", NULL), 0);
    assert_says(cli.out, "Nothing to send: the demand stands as in the file.");
    write_demand("nl.csv", "NL-8", 7, "");
    assert_code(cli_as(&cli, "nl-dmo", "demand", "submit", "nl.csv", NULL), 0);
}

static void what_is_anothers_work_is_said_before_the_passphrase(void **state)
{
    (void)state;
    assert_code(cli_run(&cli, "order", "export", "B-0001", "orders", "--as", "nl-dmo", NULL), EXIT_CODE_NOT_ALLOWED);
    assert_says(cli.err, "only a coordinator exports orders; nl-dmo is an agency. Nothing was sent. Your own part: muster bundle show BUNDLE");
    assert_false(cli_exists(&cli, "orders"));
    assert_code(cli_run(&cli, "backup", "a.backup", "--as", "alfaco", NULL), EXIT_CODE_NOT_ALLOWED);
    assert_says(cli.err, "only a coordinator takes a backup; alfaco is a supplier.");
    /* The exchange says whose work it is, too. */
    assert_code(cli_as(&cli, "nl-dmo", "bundle", "replan", "GEM-T", NULL), EXIT_CODE_NOT_ALLOWED);
    assert_says(cli.out, "a coordinator");
    assert_says(cli.out, "an agency");
}

static void a_doubted_clock_is_confirmed(void **state)
{
    char own_clock[32];
    (void)state;
    /* The exchange's machine comes back with a clock a month ahead; the coordinator's own is right. */
    snprintf(own_clock, sizeof own_clock, "%llu", (unsigned long long)harness.now);
    cli_write(&cli, "own-clock", own_clock);
    snprintf(cli.clock, sizeof cli.clock, "%.400s/own-clock", cli.folder);
    assert_int_equal(harness_stop(&harness, NULL), STATUS_OK);
    harness_set_clock(&harness, harness.now + 30 * DAY);
    assert_int_equal(harness_start(&harness), STATUS_OK);
    assert_code(cli_as(&cli, "hq", "status", "--screen", NULL), 0);
    assert_says(cli.out, "The exchange doubts its clock: no deadline passes until a coordinator confirms it.");
    assert_code(cli_as(&cli, "hq", "bundle", "replan", "GEM-T", NULL), 0);
    assert_code(cli_as(&cli, "hq", "clock", "confirm", "--screen", NULL), 0);
    assert_says(cli.out, "Deadlines run again.");
    /* Log time jumped by a month now, and a clock that is right or wrong by as much still serves to submit. */
    assert_code(cli_as(&cli, "hq", "bundle", "replan", "GEM-T", NULL), 0);
    assert_code(cli_as(&cli, "hq", "clock", "confirm", "--screen", NULL), 0);
    assert_says(cli.out, "Nothing to confirm.");
}

/* The month that passed above is past the invitations of many_parties_are_invited_from_a_sheet. */
static void an_expired_invitation_tells_both_sides_what_to_do(void **state)
{
    (void)state;
    /* By a clock that stands still it is good: the exchange knows better. */
    assert_code(cli_run(&cli, "join", "--file", "invitations/rotor", "--no-passphrase", "--timeout", "6", NULL), EXIT_CODE_UNREACHABLE);
    assert_says(cli.err, "does not let this invitation in: it was used, replaced or has expired.");
    assert_says(cli.err, "it runs: muster party invite rotor");
    snprintf(cli.clock, sizeof cli.clock, "%s", harness.clock);
    assert_code(cli_run(&cli, "join", "--file", "invitations/rotor", "--no-passphrase", NULL), EXIT_CODE_INPUT);
    assert_says(cli.err, "the invitation expired on 2027-02-");
    assert_says(cli.err, "by this machine's clock it is 2027-03-");
    assert_says(cli.err, "it runs: muster party invite rotor");
    assert_code(cli_as(&cli, "hq", "status", "--screen", NULL), 0);
    assert_says(cli.out, "its invitation expired unused: muster party invite");
    assert_code(cli_as(&cli, "hq", "party", "list", "--screen", NULL), 0);
    assert_says(cli.out, "invitation expired 2027-02-");
    assert_code(cli_as(&cli, "hq", "party", "invite", "rotor", NULL), 0);
    cli_write(&cli, "line", cli.out);
    assert_code(cli_run(&cli, "join", "--file", "line", "--no-passphrase", "--json", NULL), 0);
    assert_string_equal(cli_json(&cli, "party"), "rotor");
}

static void a_fund_without_a_rate_tells_the_command_that_sets_it(void **state)
{
    (void)state;
    cli_write(&cli, "funds.csv", "fund,balance,currency\nSEK-FUND,1000.00,SEK\n");
    assert_code(cli_as(&cli, "hq", "fund", "submit", "funds.csv", NULL), EXIT_CODE_INPUT);
    assert_says(cli.out, "write the amount in EUR, or set a rate of SEK first: muster rates submit FILE");
    assert_null(strstr(cli.out, "ask the coordinator"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(which_party_must_be_said),
        cmocka_unit_test(a_role_does_its_own_work_only),
        cmocka_unit_test(what_stands_is_left_out_and_a_colleagues_change_is_not_written_over),
        cmocka_unit_test(the_exchange_names_the_row_that_it_refuses),
        cmocka_unit_test(a_marking_is_refused_before_anything_is_sent),
        cmocka_unit_test(a_wrong_passphrase_sends_nothing),
        cmocka_unit_test(keys_that_others_can_read_are_not_used),
        cmocka_unit_test(an_invitation_works_once_and_the_fingerprint_guards),
        cmocka_unit_test(a_join_that_broke_off_goes_on_with_the_same_keys),
        cmocka_unit_test(watching_ends_with_an_interrupt),
        cmocka_unit_test(many_parties_are_invited_from_a_sheet),
        cmocka_unit_test(a_suspended_party_is_let_in_no_more),
        cmocka_unit_test(an_unanswered_submission_is_kept_and_counts_once),
        cmocka_unit_test(without_the_exchange_work_is_kept),
        cmocka_unit_test(whole_sets_are_kept_too_and_what_was_sent_later_is_known),
        cmocka_unit_test(what_is_anothers_work_is_said_before_the_passphrase),
        cmocka_unit_test(a_fund_without_a_rate_tells_the_command_that_sets_it),
        cmocka_unit_test(a_doubted_clock_is_confirmed),
        cmocka_unit_test(an_expired_invitation_tells_both_sides_what_to_do),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
