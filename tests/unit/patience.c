/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/patience.h"

#include <limits.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__)
#define SLOWED 3
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SLOWED 3
#endif
#endif
#ifndef SLOWED
#define SLOWED 1
#endif

int patience(int amount)
{
    const char *text = getenv("TEST_PATIENCE");
    int factor = text != NULL ? atoi(text) : 1;
    factor = (factor < 1 || factor > 100 ? 1 : factor) * SLOWED;
    return amount > INT_MAX / factor ? INT_MAX : amount * factor;
}
