/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/status.h"

const char *status_name(int status)
{
    static const char *const names[] = {
        [STATUS_OK] = "ok",           [STATUS_INVALID] = "invalid",     [STATUS_TOO_LARGE] = "too-large",
        [STATUS_NO_MEMORY] = "no-memory", [STATUS_NOT_FOUND] = "not-found", [STATUS_EXISTS] = "exists",
        [STATUS_STALE] = "stale",     [STATUS_DENIED] = "denied",       [STATUS_FORGED] = "forged",
        [STATUS_EXPIRED] = "expired", [STATUS_BUSY] = "busy",           [STATUS_NO_SPACE] = "no-space",
        [STATUS_IO] = "io",           [STATUS_CORRUPT] = "corrupt",     [STATUS_NEWER] = "newer",
        [STATUS_CANCELLED] = "cancelled", [STATUS_UNREACHABLE] = "unreachable",
    };
    if (status < 0 || (unsigned)status >= sizeof names / sizeof names[0]) {
        return "unknown";
    }
    return names[status];
}
