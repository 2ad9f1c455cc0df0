/* SPDX-License-Identifier: EUPL-1.2 */
/* The field rules as a person meets them: `muster demand check` and its like on files, without any exchange. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/status.h"
#include "tests/unit/patience.h"

#define PATH_SIZE 512
#define OUTPUT_SIZE 8192

static char folder[] = "/tmp/muster-check-XXXXXX";
static char program[PATH_SIZE];
static char output[OUTPUT_SIZE];

/* bin/muster of the build whose tests/ this program lies under. */
static int find_program(void)
{
    char self[PATH_SIZE / 2];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    self[length > 0 ? length : 0] = '\0';
    char *tests = NULL;
    for (char *at = strstr(self, "/tests/"); at; at = strstr(at + 1, "/tests/")) {
        tests = at;
    }
    if (!tests) {
        return -1;
    }
    *tests = '\0';
    snprintf(program, sizeof program, "%s/bin/muster", self);
    return access(program, X_OK);
}

static int set_up(void **state)
{
    (void)state;
    alarm((unsigned)patience(60));
    return mkdtemp(folder) && find_program() == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    char command[PATH_SIZE];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static void path_of(const char *name, char path[PATH_SIZE])
{
    snprintf(path, PATH_SIZE, "%s/%s", folder, name);
}

static void write_file(const char *name, const char *text)
{
    char path[PATH_SIZE];
    path_of(name, path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void become(const char *noun, const char *path, const char *out)
{
    int descriptor = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (descriptor < 0 || dup2(descriptor, STDOUT_FILENO) < 0 || dup2(descriptor, STDERR_FILENO) < 0 ||
        setenv("HOME", folder, 1) != 0 || setenv("XDG_CONFIG_HOME", folder, 1) != 0 || setenv("XDG_DATA_HOME", folder, 1) != 0) {
        _exit(99);
    }
    execl(program, "muster", noun, "check", path, (char *)NULL);
    _exit(99);
}

/* Runs `muster NOUN check FILE`; all that it prints goes to output. Its exit code. */
static int check(const char *noun, const char *name)
{
    char path[PATH_SIZE];
    char out[PATH_SIZE];
    path_of(name, path);
    path_of("output", out);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        become(noun, path, out);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    FILE *file = fopen(out, "r");
    assert_non_null(file);
    size_t length = fread(output, 1, sizeof output - 1, file);
    output[length] = '\0';
    fclose(file);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void says(const char *text)
{
    if (!strstr(output, text)) {
        fail_msg("'%s' is not in:\n%s", text, output);
    }
}

#define HEADER "demand,country,item,month,quantity,max_unit_price\n"
#define GOOD HEADER "NL-1,NL,155-HE,2028-12,100,5900.00\n"

static void faults_are_all_named_with_their_cure(void **state)
{
    (void)state;
    write_file("good.csv", GOOD);
    assert_int_equal(check("demand", "good.csv"), EXIT_CODE_DONE);
    write_file("needs.csv", HEADER "NL-1,GM,155-HE,2028-12,100,5900.00\nNL-2,NL,155-HE,2028-12,80.5,5900.00\n");
    assert_int_equal(check("demand", "needs.csv"), EXIT_CODE_INPUT);
    says("write DE for Germany");
    says("80.5");
    write_file("items.csv", "item,title,nsc,cpv,unit\n155-HE,155 mm HE,1320,35331300-6,PCS\n");
    assert_int_equal(check("item", "items.csv"), EXIT_CODE_INPUT);
    says("write 35331300-3 for Grenades");
    says("write H87");
}

static void a_marked_file_name_is_refused_unread(void **state)
{
    (void)state;
    write_file("NATO-Restricted needs.csv", GOOD);
    assert_int_equal(check("demand", "NATO-Restricted needs.csv"), EXIT_CODE_INPUT);
    says("tell your security");
    says("Nothing\nwas sent");
    assert_null(strstr(output, "Restricted"));
    /* A short form is a word like any other in a name, and a folder's name is not the file's. */
    write_file("nr.csv", GOOD);
    assert_int_equal(check("demand", "nr.csv"), EXIT_CODE_DONE);
}

/* What a fault repeats of a cell is searched too. */
static void a_marking_in_a_wrong_cell_is_not_repeated(void **state)
{
    (void)state;
    write_file("cell.csv", HEADER "NL-1,NATO SECRET Kastanie,155-HE,2028-12,100,5900.00\n");
    assert_int_equal(check("demand", "cell.csv"), EXIT_CODE_INPUT);
    says("country");
    assert_null(strstr(output, "Kastanie"));
    assert_null(strstr(output, "SECRET"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults_are_all_named_with_their_cure),
        cmocka_unit_test(a_marked_file_name_is_refused_unread),
        cmocka_unit_test(a_marking_in_a_wrong_cell_is_not_repeated),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
