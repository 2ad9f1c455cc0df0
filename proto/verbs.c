/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/verbs.h"

static const struct verb verbs[] = {
#define VERB(verb, name, request, answer) {MUSTER__VERB__##verb, name, request, answer},
#include "proto/verbs.def"
#undef VERB
};

const struct verb *verb_find(int verb)
{
    for (size_t n = 0; n < sizeof verbs / sizeof verbs[0]; n++) {
        if ((int)verbs[n].verb == verb) {
            return &verbs[n];
        }
    }
    return NULL;
}

const struct verb *verb_all(size_t *count)
{
    *count = sizeof verbs / sizeof verbs[0];
    return verbs;
}
