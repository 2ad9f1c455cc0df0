/* SPDX-License-Identifier: EUPL-1.2 */
/* What the command does without any exchange: help, mistyped words, templates, checks, and how it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "clients/muster/command.h"
#include "proto/status.h"
#include "tests/system/cli.h"
#include "tests/unit/patience.h"

static struct cli cli;

static int setup(void **state)
{
    (void)state;
    alarm((unsigned)patience(120));
    return cli_open(&cli, NULL) == STATUS_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    cli_close(&cli);
    return 0;
}

#define assert_says(text, part)                                                              \
    do {                                                                                     \
        if (!cli_says(text, part)) {                                                           \
            print_error("not found: %s\nin: %s\n%s\n", part, cli.out, cli.err);              \
            fail();                                                                          \
        }                                                                                    \
    } while (0)

static void every_command_has_help_with_an_example(void **state)
{
    (void)state;
    for (size_t i = 0; i < command_count; i++) {
        const struct command *command = &command_rows[i];
        char name[64], example[80];
        command_name(command, name, sizeof name);
        if (strcmp(name, "plan") == 0) {
            continue; /* reads its own arguments */
        }
        assert_int_equal(command->verb ? cli_run(&cli, "help", command->noun, command->verb, NULL) : cli_run(&cli, "help", command->noun, NULL), 0);
        snprintf(example, sizeof example, "  muster %s", name);
        assert_says(cli.out, example);
        assert_says(cli.out, "Usage: muster ");
        assert_int_equal(command->verb ? cli_run(&cli, command->noun, command->verb, "--help", NULL) : cli_run(&cli, command->noun, "--help", NULL), 0);
        assert_says(cli.out, example);
        /* Nothing is wider than a terminal but an example that is to be copied whole. */
        for (const char *line = cli.out; *line;) {
            size_t length = strcspn(line, "\n");
            assert_true(length <= 80 || strncmp(line, "  muster ", 9) == 0);
            line += length + (line[length] == '\n');
        }
    }
    assert_int_equal(cli_run(&cli, "help", NULL), 0);
    assert_says(cli.out, "demand submit");
    assert_int_equal(cli_run(&cli, "demand", "--help", NULL), 0);
    assert_says(cli.out, "demand template");
    assert_int_equal(cli_run(&cli, "--version", NULL), 0);
    assert_says(cli.out, "muster 0.");
}

static void a_mistyped_word_gets_the_nearest_one(void **state)
{
    (void)state;
    assert_int_equal(cli_run(&cli, "bundel", "list", NULL), EXIT_CODE_USAGE);
    assert_string_equal(cli.err, "muster: no command 'bundel'. Nearest: bundle. All: muster help\n");
    assert_int_equal(cli_run(&cli, "demand", "sumbit", "x.csv", NULL), EXIT_CODE_USAGE);
    assert_says(cli.err, "Nearest: demand submit.");
    assert_int_equal(cli_run(&cli, "demand", "submit", "x.csv", "--replacse", "v2", NULL), EXIT_CODE_USAGE);
    assert_says(cli.err, "Nearest: --replaces.");
    assert_int_equal(cli_run(&cli, "demand", "submit", "x.csv", "--repl", "v2", NULL), EXIT_CODE_USAGE);
    assert_int_equal(cli_run(&cli, "help", "bundel", NULL), EXIT_CODE_USAGE);
    assert_says(cli.err, "Nearest: bundle.");
    assert_int_equal(cli_run(&cli, NULL), EXIT_CODE_USAGE);
    assert_int_equal(cli_run(&cli, "demand", NULL), EXIT_CODE_USAGE);
    assert_int_equal(cli_run(&cli, "--json", "status", NULL), EXIT_CODE_USAGE);
    assert_int_equal(cli_run(&cli, "demand", "submit", NULL), EXIT_CODE_USAGE);
    assert_says(cli.err, "Write: muster demand submit FILE");
    assert_int_equal(cli_run(&cli, "status", "now", NULL), EXIT_CODE_USAGE);
    assert_int_equal(cli_run(&cli, "status", "--json=yes", NULL), EXIT_CODE_USAGE);
    assert_int_equal(cli_run(&cli, "demand", "check", "x.csv", "--country", NULL), EXIT_CODE_USAGE);
    assert_says(cli.err, "--country needs a value");
}

static void every_command_that_needs_an_exchange_says_so(void **state)
{
    (void)state;
    for (size_t i = 0; i < command_count; i++) {
        const struct command *command = &command_rows[i];
        if (!(command->options & OPTION_BIT(OPTION_TIMEOUT)) || command->run == NULL || strcmp(command->noun, "init") == 0 || strcmp(command->noun, "join") == 0) {
            continue;
        }
        const char *words[6] = {NULL};
        size_t count = 0;
        words[count++] = command->noun;
        if (command->verb) {
            words[count++] = command->verb;
        }
        for (int k = 0; k < command->least; k++) {
            words[count++] = k ? "yes" : "B-0001";
        }
        int code = cli_run(&cli, words[0], words[1], words[2], words[3], words[4], NULL);
        /* Some find the argument wanting first; none claims success, none crashes. */
        assert_true(code == EXIT_CODE_USAGE || code == EXIT_CODE_INPUT);
        assert_true(strncmp(cli.err, "muster: ", 8) == 0 || strstr(cli.err, "muster: "));
    }
    assert_int_equal(cli_run(&cli, "status", NULL), EXIT_CODE_USAGE);
    assert_says(cli.err, "muster join");
}

static const char faulty[] = "demand,country,item,month,quantity,max_unit_price\n"
                             "NL-GEMT-1,NL,GEM-T,2028-12,40,5900000.00\n"
                             "NL-GEMT-2,NL,GEM-T,Q4 2028,80,5900000.00\n"
                             "NL-GEMT-3,NL,GEM-T,2030-12,80,5900000.00\n"
                             "NL-GEMT-4,GM,GEM-T,2030-12,80,5.900\n"
                             "NL-GEMT-5,NL,GEM-T,2030-12,80,5900000.00\n"
                             "NL-GEMT-6,NL,GEM-T,2030-12,80.5,5900000.00\n";

static void a_check_names_every_fault_in_place_with_its_cure(void **state)
{
    (void)state;
    assert_int_equal(cli_write(&cli, "needs.csv", faulty), STATUS_OK);
    assert_int_equal(cli_run(&cli, "demand", "check", "needs.csv", "--screen", NULL), EXIT_CODE_INPUT);
    assert_says(cli.out, "needs.csv: 4 faults in 3 of 6 rows. Nothing was sent.\nRow  Column ");
    assert_says(cli.out, "  3  month           Q4 2028  YYYY-MM            write 2028-12\n");
    assert_says(cli.out, "write DE for Germany");
    assert_says(cli.out, "write 5900 or 5.90");
    assert_says(cli.out, "write 80 or 81");
    assert_says(cli.out, "Columns: muster demand template\n");
    assert_int_equal(cli_run(&cli, "demand", "check", "needs.csv", NULL), EXIT_CODE_INPUT);
    assert_says(cli.out, "Row\tColumn\tFound\tExpected\tDo\n3\tmonth\tQ4 2028\tYYYY-MM\twrite 2028-12\n");
    assert_says(cli.err, "4 faults in 3 of 6 rows");
    assert_int_equal(cli_run(&cli, "demand", "check", "needs.csv", "--json", NULL), EXIT_CODE_INPUT);
    assert_string_equal(cli_json(&cli, "errors"), "4");
    assert_string_equal(cli_json(&cli, "faults.0.row"), "3");
    assert_string_equal(cli_json(&cli, "faults.0.do"), "write 2028-12");
    assert_string_equal(cli.err, "");
}

/* A marking comes before any fault of form: an officer must not take it for a typing error, correct it and mail the file on. */
static void a_check_finds_a_marking_before_all_else(void **state)
{
    (void)state;
    static const char header[] = "demand,country,item,month,quantity,max_unit_price,requires\n";
    char sheet[512];
    snprintf(sheet, sizeof sheet, "%sNL-1,NL,GEM-T,2028-12,40,5900000,NATO SECRET\n", header);
    assert_int_equal(cli_write(&cli, "marked.csv", sheet), STATUS_OK);
    assert_int_equal(cli_run(&cli, "demand", "check", "marked.csv", NULL), EXIT_CODE_INPUT);
    assert_says(cli.err, "Refused: row 2, column requires, carries a marking above unclassified.");
    assert_null(strstr(cli.out, "range_km"));
    assert_null(strstr(cli.err, "NATO SECRET"));
    snprintf(sheet, sizeof sheet, "%sNL-1,NL,GEM-T,2028-12,40,5900000,note=GEHEIM\n", header);
    assert_int_equal(cli_write(&cli, "marked.csv", sheet), STATUS_OK);
    assert_int_equal(cli_run(&cli, "demand", "check", "marked.csv", "--json", NULL), EXIT_CODE_INPUT);
    assert_string_equal(cli_json(&cli, "marked.0.row"), "2");
    assert_string_equal(cli_json(&cli, "marked.0.column"), "requires");
    /* A column "Nr." is no short form of a marking. */
    snprintf(sheet, sizeof sheet, "Nr.;%s", "demand;country;item;month;quantity;max_unit_price\n1;NL-1;NL;GEM-T;2028-12;40;5900000\n");
    assert_int_equal(cli_write(&cli, "numbered.csv", sheet), STATUS_OK);
    assert_int_equal(cli_run(&cli, "demand", "check", "numbered.csv", NULL), EXIT_CODE_INPUT);
    assert_says(cli.out, "1\tNr.\tNr.\ta known column");
}

static void a_check_on_a_narrow_terminal_stays_whole(void **state)
{
    (void)state;
    assert_int_equal(cli_write(&cli, "needs.csv", faulty), STATUS_OK);
    assert_int_equal(cli_terminal(&cli, 40, "", "demand", "check", "needs.csv", NULL), EXIT_CODE_INPUT);
    assert_says(cli.out, "Row: 3");
    assert_says(cli.out, "max_unit_price");
    assert_int_equal(cli_terminal(&cli, 120, "", "demand", "check", "needs.csv", NULL), EXIT_CODE_INPUT);
    assert_says(cli.out, "\033[31mQ4 2028\033[0m"); /* a terminal has colours, which only repeat the words */
}

static void a_template_is_accepted_as_it_stands(void **state)
{
    (void)state;
    static const char *const nouns[] = {"demand", "offer"};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(cli_run(&cli, nouns[i], "template", NULL), 0);
        assert_int_equal(cli_write(&cli, "template.csv", cli.out), STATUS_OK);
        assert_int_equal(cli_run(&cli, nouns[i], "check", "template.csv", "--json", NULL), 0);
        assert_string_equal(cli_json(&cli, "errors"), "0");
    }
}

static void an_offer_is_read_back(void **state)
{
    (void)state;
    assert_int_equal(cli_write(&cli, "offers.csv", "offer,supplier,item,min_quantity,unit_price,one_off,first_month,monthly_rate,origin\n"
                                                   "AF-GEMT-1,alfaco,GEM-T,100,6000000.00,0,2028-06,10,DE:65;US:35\n"
                                                   "AF-GEMT-1,,,800,5100000.00,30000000.00,2029-01,40,\n"),
                     STATUS_OK);
    assert_int_equal(cli_run(&cli, "offer", "check", "offers.csv", "--screen", NULL), 0);
    assert_string_equal(cli.out, "No faults. Nothing was sent. You offer GEM-T, origin DE 65 %, US 35 %:\n"
                                 "  From 100: EUR 6,000,000.00 each, 10 a month from 2028-06.\n"
                                 "  From 800: EUR 5,100,000.00 each (15.0 % less), 40 a month from 2029-01,\n"
                                 "            EUR 30,000,000.00 once (37,500.00 each at 800).\n"
                                 "One tier holds for the whole order. By 2030-12 they make 310 or 960.\n");
}

static void a_file_that_is_no_csv_is_recognised(void **state)
{
    (void)state;
    assert_int_equal(cli_write(&cli, "needs.xlsx", "PK\003\004 something"), STATUS_OK);
    assert_int_equal(cli_run(&cli, "demand", "check", "needs.xlsx", "--screen", NULL), EXIT_CODE_INPUT);
    assert_says(cli.out, "CSV");
    assert_int_equal(cli_run(&cli, "demand", "check", "nowhere.csv", NULL), EXIT_CODE_INPUT);
    assert_says(cli.err, "there is no file nowhere.csv");
    assert_int_equal(cli_run(&cli, "demand", "check", ".", NULL), EXIT_CODE_IO);
    assert_int_equal(cli_write(&cli, "empty.csv", ""), STATUS_OK);
    assert_int_equal(cli_run(&cli, "demand", "check", "empty.csv", "--json", NULL), EXIT_CODE_INPUT);
}

static void an_invitation_is_never_an_argument_and_must_be_whole(void **state)
{
    (void)state;
    assert_int_equal(cli_run(&cli, "join", "muster1:abc", NULL), EXIT_CODE_USAGE);
    assert_says(cli.err, "an invitation is a secret");
    assert_int_equal(cli_run(&cli, "join", NULL), EXIT_CODE_USAGE);
    assert_says(cli.err, "no terminal");
    assert_int_equal(cli_run(&cli, "join", "--file", "nowhere", NULL), EXIT_CODE_INPUT);
    static const char *const wrong[] = {"", "hello", "muster1:", "muster1:AAAA", "muster2:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(cli_write(&cli, "line", wrong[i]), STATUS_OK);
        assert_int_equal(cli_run(&cli, "join", "--file", "line", NULL), EXIT_CODE_INPUT);
        assert_says(cli.err, "Nothing was sent.");
    }
    assert_int_equal(cli_terminal(&cli, 80, "muster1:nonsense\n", "join", NULL), EXIT_CODE_INPUT);
    assert_says(cli.out, "Paste the invitation, one line that begins with muster1: ");
    assert_null(strstr(cli.out, "muster1::"));
}

static void a_receipt_of_nobody_is_not_verified(void **state)
{
    (void)state;
    assert_int_equal(cli_run(&cli, "receipt", "verify", "x.receipt", NULL), EXIT_CODE_USAGE);
    assert_int_equal(cli_run(&cli, "outbox", "list", NULL), EXIT_CODE_USAGE);
    assert_int_equal(cli_run(&cli, "status", "--as", "../../etc", NULL), EXIT_CODE_USAGE);
    assert_int_equal(cli_run(&cli, "status", "--passphrase-fd", "three", NULL), EXIT_CODE_USAGE);
}

static void a_new_exchange_needs_a_country_of_the_list(void **state)
{
    static const char *const wrong[][2] = {{"XX", "--country: found XX, expected ISO 3166 alpha-2"}, {"UK", "write GB for United Kingdom"}};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(cli_run(&cli, "init", "exchange", "--country", wrong[i][0], NULL), EXIT_CODE_INPUT);
        assert_says(cli.err, wrong[i][1]);
        assert_false(cli_exists(&cli, "exchange"));
    }
    /* Nothing is submitted, so there is no marking to give. */
    assert_int_equal(cli_run(&cli, "init", "exchange", "--country", "NL", "--marking", "UNCLASSIFIED", NULL), EXIT_CODE_USAGE);
    assert_int_equal(cli_run(&cli, "help", "init", NULL), 0);
    assert_null(strstr(cli.out, "--false-alarm"));
    /* The recovery key is told once, and what musterd says only where it fails. */
    assert_int_equal(cli_as(&cli, "coordinator", "init", "exchange", "--country", "NL", "--strength", "interactive", "--screen", NULL), 0);
    const char *told = strstr(cli.out, "recovery key");
    assert_non_null(told);
    assert_null(strstr(told + 1, "recovery key"));
    assert_string_equal(cli.err, "");
}

static void the_completion_knows_every_command(void **state)
{
    (void)state;
    assert_int_equal(cli_run(&cli, "completion", "bash", NULL), 0);
    for (size_t i = 0; i < command_count; i++) {
        assert_says(cli.out, command_rows[i].noun);
        if (command_rows[i].verb) {
            assert_says(cli.out, command_rows[i].verb);
        }
    }
    assert_int_equal(cli_write(&cli, "completion", cli.out), STATUS_OK);
    char command[2 * HARNESS_PATH_MOST];
    snprintf(command, sizeof command, "cd '%s' && bash -n completion && bash -c '. ./completion; COMP_WORDS=(muster bundle re); COMP_CWORD=2; _muster; "
                                      "test \"${COMPREPLY[*]}\" = \"release reject replan\"'", cli.folder);
    assert_int_equal(system(command), 0);
}

/* Tests run from the top of the repository. */
static void the_manual_knows_every_command_and_option(void **state)
{
    static char page[1 << 17];
    FILE *file = fopen("clients/muster/muster.1", "re");
    (void)state;
    assert_non_null(file);
    page[fread(page, 1, sizeof page - 1, file)] = '\0';
    fclose(file);
    for (size_t i = 0; i < command_count; i++) {
        char line[96], name[64];
        snprintf(line, sizeof line, "\n.It Cm %s", command_name(&command_rows[i], name, sizeof name));
        if (!strstr(page, line)) {
            print_error("not in the manual: %s\n", name);
            fail();
        }
    }
    for (int id = 0; id < OPTION_COUNT; id++) {
        char line[96];
        snprintf(line, sizeof line, "Fl Fl %s", option_rows[id].name);
        if (!strstr(page, line)) {
            print_error("not in the manual: --%s\n", option_rows[id].name);
            fail();
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_has_help_with_an_example),
        cmocka_unit_test(a_mistyped_word_gets_the_nearest_one),
        cmocka_unit_test(every_command_that_needs_an_exchange_says_so),
        cmocka_unit_test(a_check_names_every_fault_in_place_with_its_cure),
        cmocka_unit_test(a_check_finds_a_marking_before_all_else),
        cmocka_unit_test(a_check_on_a_narrow_terminal_stays_whole),
        cmocka_unit_test(a_template_is_accepted_as_it_stands),
        cmocka_unit_test(an_offer_is_read_back),
        cmocka_unit_test(a_file_that_is_no_csv_is_recognised),
        cmocka_unit_test(an_invitation_is_never_an_argument_and_must_be_whole),
        cmocka_unit_test(a_receipt_of_nobody_is_not_verified),
        cmocka_unit_test(a_new_exchange_needs_a_country_of_the_list),
        cmocka_unit_test(the_completion_knows_every_command),
        cmocka_unit_test(the_manual_knows_every_command_and_option),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
