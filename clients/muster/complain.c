/* SPDX-License-Identifier: EUPL-1.2 */
#include "clients/muster/complain.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clients/muster/output.h"
#include "proto/status.h"

#define TEXT_MOST 8192

static void tell(const char *before, const char *format, va_list arguments)
{
    char text[TEXT_MOST];
    struct output output;
    size_t length = (size_t)snprintf(text, sizeof text, "%s", before);
    vsnprintf(text + length, sizeof text - length, format, arguments);
    fflush(stdout);
    output_init(&output, stderr, false, true);
    for (char *line = text; *line;) {
        char *end = strchrnul(line, '\n');
        char kept = *end;
        *end = '\0';
        output_wrap(&output, "%s", line);
        *end = kept;
        line = *end ? end + 1 : end;
    }
}

int complain(int code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    tell("muster: ", format, arguments);
    va_end(arguments);
    return code;
}

void advise(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    tell("", format, arguments);
    va_end(arguments);
}

int complain_memory(void)
{
    return complain(EXIT_CODE_INTERNAL, "out of memory. Nothing changed.");
}

int complain_file(const char *what, const char *path)
{
    return complain(EXIT_CODE_IO, "could not %s %s: %s.", what, path, strerror(errno));
}
