/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/csv_number.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "proto/csv_fold.h"

#define RUNS_MOST 12u   /* 15 digits make five groups; more is no number of ours */
#define DIGITS_MOST 15u /* before the decimal mark: the largest amount has 13 */
#define PLACES_MOST 6u  /* of a rate */

/* The digits of a number as runs, with the mark that stands before each run but the first. */
struct runs {
    const char *start[RUNS_MOST];
    size_t length[RUNS_MOST];
    char mark[RUNS_MOST]; /* of the run behind it; '.' ',' ' ' or '\'' */
    size_t count;
};

static const struct {
    const char *sign;
    const char *currency;
} signs[] = {
#define CSV_CURRENCY(sign, currency) {sign, currency},
#include "proto/csv_currency.def"
#undef CSV_CURRENCY
};

static bool is_digit(char letter)
{
    return letter >= '0' && letter <= '9';
}

bool csv_number_means(const char *sign, const char *currency)
{
    char folded[CSV_FOLD_MOST];
    if (csv_fold(currency, folded) && strcmp(folded, sign) == 0) {
        return true;
    }
    for (size_t at = 0; at < sizeof signs / sizeof signs[0]; at++) {
        if (strcmp(signs[at].sign, sign) == 0 && strcasecmp(signs[at].currency, currency) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_currency(const char *sign)
{
    for (size_t at = 0; at < sizeof signs / sizeof signs[0]; at++) {
        if (strcmp(signs[at].sign, sign) == 0) {
            return true;
        }
    }
    return strlen(sign) == 3 && islower((unsigned char)sign[0]) && islower((unsigned char)sign[1]) && islower((unsigned char)sign[2]);
}

static bool is_scale(const char *word)
{
    static const char *const words[] = {"k", "m", "mn", "mio", "mio.", "mln", "mln.", "million", "millions", "miljoen", "millionen",
                                        "t", "tsd", "tsd.", "mrd", "mrd.", "md", "bn", "b", "milliard", "milliards", "miljard",
                                        "milliarde", "milliarden", "duizend", "tausend", "mille", "thousand", "keur", "meur"};
    for (size_t at = 0; at < sizeof words / sizeof words[0]; at++) {
        if (strcmp(word, words[at]) == 0) {
            return true;
        }
    }
    return false;
}

static void cut(char **text, size_t *length)
{
    const char *at = *text;
    csv_fold_trim(&at, length);
    *text += at - *text;
    (*text)[*length] = '\0';
}

/* Takes words and signs off both ends, and says by them what the number is. */
static void take_words(char **text, struct csv_number *number)
{
    char word[CSV_FOLD_MOST] = "";
    size_t length = strlen(*text), front = 0;
    while (front < length && !is_digit((*text)[front]) && !strchr("-+(", (*text)[front]) &&
           !(strchr(".,", (*text)[front]) && is_digit((*text)[front + 1]))) {
        front++;
    }
    for (int side = 0; side < 2; side++) {
        size_t taken = front, from = 0;
        if (side == 1) {
            length = strlen(*text);
            size_t last = length;
            while (last > 0 && !is_digit((*text)[last - 1]) && !strchr("-)", (*text)[last - 1])) {
                last--;
            }
            from = last;
            taken = length - last;
        }
        memcpy(word, *text + from, taken);
        word[taken] = '\0';
        char *kept = side == 0 ? *text + taken : *text;
        if (side == 1) {
            (*text)[from] = '\0';
        }
        size_t kept_length = strlen(kept), word_length = taken;
        char *bare = word;
        cut(&bare, &word_length);
        *text = kept;
        cut(text, &kept_length);
        if (!word_length) {
            continue;
        }
        if (side == 1 && strcmp(bare, "%") == 0) {
            number->percent = true;
        } else if (is_scale(bare)) {
            number->form = CSV_NUMBER_SCALED;
        } else if (is_currency(bare) && !number->currency[0]) {
            snprintf(number->currency, sizeof number->currency, "%.*s", (int)sizeof number->currency - 1, bare);
        } else {
            number->form = CSV_NUMBER_NONE;
        }
    }
}

static enum csv_number_mark mark_of(char mark)
{
    return mark == '.' ? CSV_MARK_POINT : mark == ',' ? CSV_MARK_COMMA : CSV_MARK_NONE;
}

static enum csv_number_mark other_mark(char mark)
{
    return mark == '.' ? CSV_MARK_COMMA : mark == ',' ? CSV_MARK_POINT : CSV_MARK_NONE;
}

/* A minus before or behind, brackets, a plus; and the dash that stands for no cents: 5.100,- */
static void take_signs(char **text, struct csv_number *number)
{
    size_t length = strlen(*text);
    while (length >= 2 && (*text)[length - 1] == '-' && strchr(".,-", (*text)[length - 2])) {
        bool last = (*text)[length - 2] != '-';
        number->mark = mark_of((*text)[length - 2]);
        length -= last ? 2 : 1;
        (*text)[length] = '\0';
        if (last) {
            break;
        }
    }
    char *at = *text;
    bool negative = false;
    if (length >= 2 && at[0] == '(' && at[length - 1] == ')') {
        at[--length] = '\0';
        at++;
        negative = true;
    } else if (length >= 1 && (at[0] == '-' || at[0] == '+')) {
        negative = at[0] == '-';
        at++;
    } else if (length >= 1 && at[length - 1] == '-') {
        at[--length] = '\0';
        negative = true;
    }
    *text = at;
    length = strlen(at);
    cut(text, &length);
    if (negative && number->form == CSV_NUMBER_GOOD) {
        number->form = CSV_NUMBER_NEGATIVE;
    }
}

static bool is_scientific(const char *text)
{
    size_t at = strspn(text, "+-0123456789");
    if (at > 0 && (text[at] == '.' || text[at] == ',')) {
        at++;
        at += strspn(text + at, "0123456789");
    }
    if (at == 0 || text[at] != 'e') {
        return false;
    }
    at++;
    at += strspn(text + at, "+-");
    size_t digits = strspn(text + at, "0123456789");
    return digits > 0 && text[at + digits] == '\0';
}

static bool find_runs(const char *text, struct runs *runs)
{
    *runs = (struct runs){.count = 0};
    char mark = '\0';
    for (const char *at = text; *at;) {
        if (!is_digit(*at)) {
            if (mark || !strchr(".,' ", *at)) {
                return false;
            }
            mark = *at++;
            if (runs->count == 0) {
                runs->start[0] = at; /* ".5": an empty run before the mark */
                runs->length[0] = 0;
                runs->count = 1;
            }
            continue;
        }
        if (runs->count == RUNS_MOST) {
            return false;
        }
        runs->mark[runs->count] = mark;
        runs->start[runs->count] = at;
        runs->length[runs->count] = strspn(at, "0123456789");
        at += runs->length[runs->count];
        runs->count++;
        mark = '\0';
    }
    return mark == '\0' && runs->count > 0;
}

/* Whether the first count runs are groups of thousands under one mark. */
static bool are_groups(const struct runs *runs, size_t count)
{
    if (count > 1 && (runs->length[0] < 1 || runs->length[0] > 3 || runs->start[0][0] == '0')) {
        return false;
    }
    for (size_t at = 1; at < count; at++) {
        if (runs->length[at] != 3 || runs->mark[at] != runs->mark[1]) {
            return false;
        }
    }
    return true;
}

static void take_whole(const struct runs *runs, size_t count, struct csv_number *number)
{
    size_t digits = 0;
    number->whole = 0;
    for (size_t run = 0; run < count; run++) {
        for (size_t at = 0; at < runs->length[run]; at++) {
            digits += digits || runs->start[run][at] != '0' ? 1u : 0u;
            if (digits > DIGITS_MOST) {
                number->form = CSV_NUMBER_LARGE;
                return;
            }
            number->whole = number->whole * 10 + (uint64_t)(runs->start[run][at] - '0');
        }
    }
}

static void take_places(const char *digits, size_t length, struct csv_number *number)
{
    while (length > 0 && digits[length - 1] == '0') {
        length--;
    }
    number->places = (unsigned)length;
    number->millionths = 0;
    for (size_t at = 0; at < PLACES_MOST; at++) {
        number->millionths = number->millionths * 10 + (at < length ? (uint32_t)(digits[at] - '0') : 0);
    }
}

static void name_readings(const struct runs *runs, struct csv_number *number)
{
    snprintf(number->as_thousands, sizeof number->as_thousands, "%.*s%.*s", (int)runs->length[0], runs->start[0],
             (int)runs->length[1], runs->start[1]);
    snprintf(number->as_decimal, sizeof number->as_decimal, "%.*s.%.*s", (int)runs->length[0], runs->start[0],
             (int)runs->length[1], runs->start[1]);
    number->form = CSV_NUMBER_AMBIGUOUS;
}

static void read_runs(const struct runs *runs, bool grouped, struct csv_number *number)
{
    size_t last = runs->count - 1;
    char mark = runs->mark[last];
    bool decimal_mark = last > 0 && (mark == '.' || mark == ',');
    bool first_alone = last == 1 || mark != runs->mark[1];
    if (last == 0) {
        take_whole(runs, 1, number);
    } else if (number->mark != CSV_MARK_NONE) { /* 5.100,- has its decimal mark already */
        number->form = are_groups(runs, runs->count) && mark_of(mark) != number->mark ? CSV_NUMBER_GOOD : CSV_NUMBER_NONE;
        take_whole(runs, runs->count, number);
    } else if (last == 1 && decimal_mark && grouped && are_groups(runs, 2)) {
        name_readings(runs, number);
    } else if (decimal_mark && first_alone && are_groups(runs, last) && (grouped || last == 1)) {
        take_whole(runs, last, number);
        take_places(runs->start[last], runs->length[last], number);
        number->mark = mark_of(mark);
    } else if (grouped && are_groups(runs, runs->count)) {
        take_whole(runs, runs->count, number);
        number->mark = other_mark(mark);
    } else {
        number->form = CSV_NUMBER_NONE;
    }
}

void csv_number_read(const char *text, bool grouped, struct csv_number *number)
{
    char folded[CSV_FOLD_MOST];
    struct runs runs;
    *number = (struct csv_number){.form = CSV_NUMBER_GOOD};
    if (!csv_fold(text, folded) || !folded[0]) {
        number->form = CSV_NUMBER_NONE;
        return;
    }
    if (is_scientific(folded)) {
        number->form = CSV_NUMBER_SCIENTIFIC;
        return;
    }
    char *at = folded;
    take_words(&at, number);
    if (number->form != CSV_NUMBER_GOOD) {
        return;
    }
    take_signs(&at, number);
    if (!number->currency[0] && number->form == CSV_NUMBER_GOOD) {
        take_words(&at, number); /* "-EUR 5" has its words behind the sign */
    }
    if (!find_runs(at, &runs)) {
        number->form = CSV_NUMBER_NONE;
        return;
    }
    if (number->form == CSV_NUMBER_GOOD) {
        read_runs(&runs, grouped, number);
    }
}
