/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/codes/country.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "proto/status.h"

#define EXPECTED "ISO 3166 alpha-2"
#define GAMBIA "GMB" /* GM was Germany's digram, so it is not stored for anyone */

struct country {
    const char *alpha2;
    const char *alpha3;
    const char *name;
};

static const struct country countries[] = {
#define COUNTRY(alpha2, alpha3, name) {alpha2, alpha3, name},
#include "proto/codes/country.def"
#undef COUNTRY
};

static const struct {
    const char *written;
    const char *now;
} old_codes[] = {
#define COUNTRY_OLD(written, now) {written, now},
#include "proto/codes/country_old.def"
#undef COUNTRY_OLD
};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static int by_alpha2(const void *key, const void *element)
{
    return strcmp(key, ((const struct country *)element)->alpha2);
}

static const struct country *find_alpha2(const char *text)
{
    return bsearch(text, countries, COUNT(countries), sizeof countries[0], by_alpha2);
}

static const struct country *find_alpha3(const char *text)
{
    for (size_t at = 0; at < COUNT(countries); at++) {
        if (strcmp(text, countries[at].alpha3) == 0) {
            return &countries[at];
        }
    }
    return NULL;
}

static const struct country *find_stored(const char *text)
{
    return strcmp(text, GAMBIA) == 0 ? find_alpha2("GM") : strcmp(text, "GM") != 0 ? find_alpha2(text) : NULL;
}

/* The country whose alpha-2 or alpha-3 text is, in capitals or not; text has at most three characters. */
static const struct country *guess(const char *text)
{
    char upper[4] = "";
    for (size_t at = 0; at < 3 && text[at]; at++) {
        upper[at] = (char)(text[at] >= 'a' && text[at] <= 'z' ? text[at] - 'a' + 'A' : text[at]);
    }
    const struct country *found = find_stored(upper);
    return found ? found : find_alpha3(upper);
}

static const char *stored_code(const struct country *country)
{
    return strcmp(country->alpha3, GAMBIA) == 0 ? GAMBIA : country->alpha2;
}

int country_read(const char *text, struct code_answer *answer)
{
    for (size_t at = 0; at < COUNT(old_codes); at++) {
        if (strcmp(text, old_codes[at].written) == 0) {
            const char *now = old_codes[at].now;
            return code_refuse(answer, EXPECTED, "write %s for %s", now, country_name(now));
        }
    }
    const struct country *found = find_stored(text);
    if (!found) {
        found = find_alpha3(text);
    }
    if (found) {
        return code_accept(answer, stored_code(found));
    }
    if (strlen(text) <= 3) {
        const struct country *meant = guess(text);
        if (meant) {
            return code_refuse(answer, EXPECTED, "write %s for %s", stored_code(meant), meant->name);
        }
    }
    for (size_t at = 0; at < COUNT(countries); at++) {
        if (strcasecmp(text, countries[at].name) == 0) {
            return code_refuse(answer, EXPECTED, "write %s for %s", stored_code(&countries[at]), countries[at].name);
        }
    }
    return code_refuse(answer, EXPECTED, "write a country's two letters, such as NL");
}

bool country_is_stored(const char *text)
{
    return find_stored(text) != NULL;
}

const char *country_name(const char *code)
{
    const struct country *found = find_stored(code);
    return found ? found->name : NULL;
}
