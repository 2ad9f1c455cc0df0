/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/metrics.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *metrics_process = "musterd";
static enum metrics_level metrics_least = METRICS_INFO;

static const char *const level_names[] = {"error", "warning", "info", "debug"};

void metrics_open(const char *process, enum metrics_level level)
{
    metrics_process = process;
    metrics_least = level;
}

static size_t metrics_prefix(char *line, size_t size, enum metrics_level level, const char *event)
{
    struct timespec now;
    struct tm parts;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    char stamp[32];
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &parts);
    int length = snprintf(line, size, "time=%s.%03ldZ level=%s process=%s event=%s", stamp, now.tv_nsec / 1000000,
                          level_names[level], metrics_process, event);
    return length < 0 ? 0 : (size_t)length < size ? (size_t)length : size - 1;
}

void metrics_write(enum metrics_level level, const char *event, const char *format, ...)
{
    if (level > metrics_least)
        return;
    char line[METRICS_LINE_MOST + 1];
    size_t length = metrics_prefix(line, METRICS_LINE_MOST, level, event);
    if (format != NULL && format[0] != '\0' && length + 2 < METRICS_LINE_MOST) {
        line[length++] = ' ';
        va_list arguments;
        va_start(arguments, format);
        int more = vsnprintf(line + length, METRICS_LINE_MOST - length, format, arguments);
        va_end(arguments);
        if (more > 0)
            length += (size_t)more < METRICS_LINE_MOST - length ? (size_t)more : METRICS_LINE_MOST - length - 1;
    }
    line[length++] = '\n';
    /* A log that can't be written must not stop the exchange; there is nobody to tell. */
    ssize_t written = write(STDERR_FILENO, line, length);
    (void)written;
}

static bool metrics_is_plain(const char *text)
{
    if (text[0] == '\0')
        return false;
    for (const unsigned char *at = (const unsigned char *)text; *at != 0; at++)
        if (*at <= ' ' || *at == '"' || *at == '\\' || *at == '=' || *at == 0x7f)
            return false;
    return true;
}

const char *metrics_quote(char *buffer, size_t size, const char *text)
{
    if (size < 8)
        return "";
    if (metrics_is_plain(text)) {
        snprintf(buffer, size, "%s", text);
        return buffer;
    }
    size_t at = 0;
    buffer[at++] = '"';
    for (const unsigned char *next = (const unsigned char *)text; *next != 0 && at + 6 < size; next++) {
        if (*next < ' ' || *next == 0x7f) {
            at += (size_t)snprintf(buffer + at, size - at, "\\x%02x", *next);
        } else {
            if (*next == '"' || *next == '\\')
                buffer[at++] = '\\';
            buffer[at++] = (char)*next;
        }
    }
    buffer[at++] = '"';
    buffer[at] = '\0';
    return buffer;
}
