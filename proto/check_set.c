/* SPDX-License-Identifier: EUPL-1.2 */
#include <stdio.h>
#include <string.h>

#include "proto/check_field.h"
#include "proto/codes/aqap.h"
#include "proto/limits.h"

#define TEXT_SIZE 64

bool check_count(struct faults *faults, const char *field, size_t count, size_t most)
{
    if (count <= most) {
        return true;
    }
    char found[TEXT_SIZE];
    char expected[TEXT_SIZE];
    snprintf(found, sizeof found, "%zu", count);
    snprintf(expected, sizeof expected, "at most %zu", most);
    check_fault(faults, field, found, expected, "leave out what is not needed, or split the object in two");
    return false;
}

bool check_set(struct faults *faults, const char *field, char *const *set, size_t count)
{
    bool good = true;
    for (size_t at = 1; at < count; at++) {
        int order = strcmp(set[at - 1], set[at]);
        if (order == 0) {
            check_fault(faults, field, check_shown(set[at]), "each once", "write it once");
            good = false;
        } else if (order > 0) {
            check_fault(faults, field, check_shown(set[at]), "sorted bytewise", "have the program that made the message sort it");
            good = false;
        }
    }
    return good;
}

bool check_countries(struct faults *faults, const char *field, char *const *set, size_t count)
{
    bool good = check_count(faults, field, count, LIMIT_COUNTRIES_MOST);
    for (size_t at = 0; good && at < count; at++) {
        good = check_country(faults, field, set[at]);
    }
    return good && check_set(faults, field, set, count);
}

bool check_certificates(struct faults *faults, const char *field, char *const *set, size_t count)
{
    bool good = check_count(faults, field, count, LIMIT_CONDITIONS_MOST);
    for (size_t at = 0; good && at < count; at++) {
        good = check_text(faults, field, set[at], LIMIT_CERTIFICATE_MOST, true) &&
               check_attribute_text(faults, field, set[at], ";");
        if (good && aqap_is_meant(set[at])) {
            struct code_answer answer;
            int status = aqap_read(set[at], &answer);
            good = check_code(faults, field, set[at], status, &answer);
        }
    }
    return good && check_set(faults, field, set, count);
}

bool check_attribute_text(struct faults *faults, const char *field, const char *text, const char *refused)
{
    size_t length = strlen(text);
    if (text[strcspn(text, refused)]) {
        char expected[TEXT_SIZE];
        snprintf(expected, sizeof expected, "a text without %s", refused);
        check_fault(faults, field, text, expected, "write it in other words: these signs divide the cell");
        return false;
    }
    if (length == 0 || text[0] == ' ' || text[length - 1] == ' ') {
        check_fault(faults, field, text, "a text without blanks around it", "take the blanks off");
        return false;
    }
    return true;
}

uint32_t check_enter_row(struct faults *faults, const struct check_context *context, size_t at)
{
    uint32_t row = faults->row;
    if (context->rows && at < context->row_count) {
        faults->row = context->rows[at];
    }
    return row;
}

void check_leave_row(struct faults *faults, uint32_t row)
{
    faults->row = row;
}
