/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/codes/aqap.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#define EXPECTED "AQAP-2110 or another of the list"
#define PREFIX "AQAP"
#define PREFIX_LENGTH (sizeof PREFIX - 1)

/* Contract, plan and policy publications in force (STANAG 4107). */
static const char *const publications[] = {"AQAP-2000", "AQAP-2070", "AQAP-2105", "AQAP-2110", "AQAP-2131", "AQAP-2210", "AQAP-2310"};

bool aqap_is_meant(const char *text)
{
    return strncasecmp(text, PREFIX, PREFIX_LENGTH) == 0;
}

int aqap_read(const char *text, struct code_answer *answer)
{
    if (strncmp(text, PREFIX, PREFIX_LENGTH) == 0) {
        const char *number = text + PREFIX_LENGTH;
        number += *number == '-' || *number == ' ';
        for (size_t at = 0; at < sizeof publications / sizeof publications[0]; at++) {
            if (strcmp(number, publications[at] + PREFIX_LENGTH + 1) == 0) {
                return code_accept(answer, publications[at]);
            }
        }
    }
    return code_refuse(answer, EXPECTED, "write AQAP- and 2000, 2070, 2105, 2110, 2131, 2210 or 2310");
}
