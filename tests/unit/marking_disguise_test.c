/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistr.h>

#include <cmocka.h>

#include "proto/attribute.h"
#include "proto/codes/amount.h"
#include "proto/codes/country.h"
#include "proto/codes/cpv.h"
#include "proto/codes/currency.h"
#include "proto/codes/incoterm.h"
#include "proto/codes/lei.h"
#include "proto/codes/locode.h"
#include "proto/codes/month.h"
#include "proto/codes/ncage.h"
#include "proto/codes/notice.h"
#include "proto/codes/nsn.h"
#include "proto/codes/unit.h"
#include "proto/marking.h"
#include "proto/status.h"
#include "proto/text.h"
#include "tests/unit/check_sample.h"

/*
 * Random texts, from a seed: every marking of the table is found through random disguises of every kind that the search
 * promises to see through; and no bytes whatever upset the readers, the checks and the search.
 */

#define TEXT_SIZE 1024

static uint64_t state_of_random = UINT64_C(0x9E3779B97F4A7C15);

static uint32_t random_below(uint32_t limit)
{
    /* xorshift64*, so that a failure repeats. */
    state_of_random ^= state_of_random >> 12;
    state_of_random ^= state_of_random << 25;
    state_of_random ^= state_of_random >> 27;
    return (uint32_t)((state_of_random * UINT64_C(0x2545F4914F6CDD1D)) >> 33) % limit;
}

static const char *const invisible[] = {"\xE2\x80\x8B", "\xC2\xAD", "\xE2\x81\xA0", "\xEF\xBB\xBF", "\xE2\x80\x8D"};
static const char *const between[] = {" ", "  ", "-", "_", ".", "\xC2\xA0", "\t", " - ", "/", "\xE2\x80\x93"};
static const char *const accents[] = {"\xCC\x81", "\xCC\x88", "\xCC\xA7"};
static const struct {
    char letter;
    const char *twin;
} twins[] = {
    {'A', "\xD0\x90"}, {'A', "\xCE\x91"}, {'E', "\xD0\x95"}, {'O', "\xD0\x9E"}, {'O', "0"}, {'C', "\xD0\xA1"}, {'T', "\xCE\xA4"},
    {'P', "\xD0\xA0"}, {'H', "\xD0\x9D"}, {'K', "\xCE\x9A"}, {'M', "\xCE\x9C"}, {'X', "\xD0\xA5"}, {'S', "\xD0\x85"}, {'I', "\xD0\x86"},
    {'I', "l"}, {'N', "\xCE\x9D"}, {'B', "\xD0\x92"}, {'S', "\xEF\xBC\xB3"}, {'Y', "\xD0\xA3"}, {'J', "\xD0\x88"}, {'Z', "\xCE\x96"},
};

static void append(char *text, const char *part)
{
    size_t length = strlen(text);
    snprintf(text + length, TEXT_SIZE - length, "%s", part);
}

static bool is_capital(char letter)
{
    return letter >= 'A' && letter <= 'Z';
}

/* One letter of a marking as somebody might type it. zero: whether a 0 may stand for O, which it does only within a word. */
static void append_letter(char *text, char letter, bool zero)
{
    size_t twin = random_below(sizeof twins / sizeof twins[0]);
    bool plain = twins[twin].letter != letter || (twins[twin].twin[0] == '0' && !zero);
    char one[2] = {letter, '\0'};
    if (plain && is_capital(letter) && random_below(4) == 0) {
        one[0] = (char)(letter + 32);
    }
    append(text, plain ? one : twins[twin].twin);
    if (random_below(12) == 0) {
        append(text, accents[random_below(3)]);
    }
    if (random_below(10) == 0) {
        append(text, invisible[random_below(5)]);
    }
}

/* The marking, disguised: other capitals, look-alikes, accents, invisible characters, other signs between its words. */
static void disguise(const char *marking, char *text)
{
    text[0] = '\0';
    for (size_t at = 0; marking[at]; at++) {
        if (marking[at] == ' ' || marking[at] == '-') {
            append(text, between[random_below(sizeof between / sizeof between[0])]);
        } else {
            bool inside = at > 0 && is_capital(marking[at - 1]) && is_capital(marking[at + 1]);
            append_letter(text, marking[at], inside);
        }
    }
}

static bool is_plain(const char *marking)
{
    for (; *marking; marking++) {
        if (!is_capital(*marking) && *marking != ' ' && *marking != '-') {
            return false;
        }
    }
    return true;
}

static void test_disguised(const char *marking, const char *rest)
{
    char text[TEXT_SIZE];
    char sentence[TEXT_SIZE];
    for (unsigned round = 0; round < 40; round++) {
        disguise(marking, text);
        snprintf(sentence, sizeof sentence, "%.500s%.400s", text, rest);
        if (!marking_scan_text(sentence, strlen(sentence), MARKING_TEXT)) {
            fail_msg("%s passes as: %s", marking, sentence);
        }
    }
}

static void test_every_marking_in_disguise(void **state)
{
    (void)state;
    enum { NOWHERE, ANYWHERE, CAPITALS, SHORT, PORTION };
    unsigned count = 0;
#define MARKING_WORD(where, text)                                                                                              \
    if (where == ANYWHERE && is_plain(text)) {                                                                                 \
        test_disguised(text, " (155 mm)");                                                                                     \
        test_disguised(text, "");                                                                                              \
        count++;                                                                                                               \
    }
#define MARKING(who, level, where, text) MARKING_WORD(where, text)
#define MARKING_SAFE(text)
#include "proto/marking.def"
#undef MARKING
#undef MARKING_WORD
#undef MARKING_SAFE
    assert_true(count > 100);
}

/* Bytes of every kind, often the ones that the readers look for. */
static size_t make_bytes(char *text)
{
    static const char often[] = "0123456789-.:;/()[]<>= AEKNRSTaeknrst*,\xC3\xA9\xE2\x80\x8B\xD0\x90\xFF";
    size_t length = random_below(40);
    for (size_t at = 0; at < length; at++) {
        text[at] = random_below(3) ? often[random_below(sizeof often - 1)] : (char)random_below(256);
        text[at] = text[at] ? text[at] : 'x';
    }
    text[length] = '\0';
    return length;
}

typedef int reader(const char *text, struct code_answer *answer);

static int read_ncage(const char *text, struct code_answer *answer)
{
    return ncage_read(text, "DE", answer);
}

static int read_cpv(const char *text, struct code_answer *answer)
{
    return cpv_read(NULL, text, answer);
}

static int read_currency(const char *text, struct code_answer *answer)
{
    return currency_read(text, 20270101, answer);
}

static void test_readers(void **state)
{
    (void)state;
    static reader *const readers[] = {nsn_read, nsn_read_class, read_ncage, read_cpv, country_read, read_currency, locode_read_place,
                                      locode_read_prefix, unit_read, incoterm_read, lei_read, notice_read, notice_read_lot};
    char text[64];
    for (unsigned round = 0; round < 20000; round++) {
        make_bytes(text);
        for (size_t at = 0; at < sizeof readers / sizeof readers[0]; at++) {
            struct code_answer answer;
            struct code_answer again;
            int status = readers[at](text, &answer);
            /* What is accepted has a stored form, which is accepted as it is; what is not says what to do. */
            if (status == STATUS_OK) {
                assert_int_equal(readers[at](answer.value, &again), STATUS_OK);
                assert_string_equal(again.value, answer.value);
            } else {
                assert_string_equal(answer.value, "");
                assert_true(*answer.expected && *answer.remedy);
            }
        }
        int64_t amount;
        uint64_t rate;
        uint32_t month;
        struct attribute_requirement requirement;
        if (amount_read(text, &amount) == STATUS_OK) {
            char written[AMOUNT_TEXT_SIZE];
            int64_t back;
            amount_write(amount, written);
            assert_int_equal(amount_read(written, &back), STATUS_OK);
            assert_true(back == amount);
        }
        if (amount_read_rate(text, &rate) == STATUS_OK) {
            assert_true(rate > 0);
        }
        if (month_read(text, &month) == STATUS_OK) {
            assert_true(month_is_valid(month));
        }
        if (attribute_read(text, &requirement) == STATUS_OK) {
            assert_true(requirement.name_length > 0 && requirement.value_length > 0);
        }
    }
}

static void test_texts(void **state)
{
    (void)state;
    char text[64];
    for (unsigned round = 0; round < 20000; round++) {
        struct arena arena;
        arena_init(&arena, 4096);
        size_t length = make_bytes(text);
        bool valid = u8_check((const uint8_t *)text, length) == NULL;
        enum text_fault fault = text_check(text, 64);
        assert_true(valid ? fault != TEXT_NOT_UTF8 : fault != TEXT_GOOD);
        char *made = text_normalise(&arena, text);
        assert_int_equal(made != NULL, valid);
        if (made) {
            assert_ptr_equal(text_normalise(&arena, made), made); /* once is enough */
            assert_true(text_check(made, 256) != TEXT_NOT_NFC);
        }
        marking_scan_text(text, length, MARKING_TEXT);
        marking_level(text, "NL");
        arena_drop(&arena);
    }
}

static void test_checks(void **state)
{
    (void)state;
    struct check_sample sample;
    check_sample_open(&sample);
    for (unsigned round = 0; round < 2000; round++) {
        static char texts[8][64];
        for (size_t at = 0; at < 8; at++) {
            make_bytes(texts[at]);
        }
        Muster__Submission *submission = check_sample_submission();
        Muster__Demand *demand = submission->demands[0]->demand;
        char **const fields[] = {&demand->id, &demand->country, &demand->place, &demand->currency, &demand->requires[0],
                                 &demand->certificates[1], &demand->exclude_origins[0], &demand->fund};
        for (size_t at = 0; at < 8; at++) {
            if (random_below(2)) {
                *fields[at] = texts[at];
            }
        }
        demand->lines[random_below(2)]->month = random_below(400000);
        demand->lines[0]->quantity = (uint64_t)random_below(UINT32_MAX) << random_below(32);
        demand->max_unit_price = (int64_t)((uint64_t)random_below(UINT32_MAX) << random_below(33));
        demand->priority = random_below(8);
        struct marking_hits hits;
        check_submission(submission, &sample.context, &sample.faults);
        assert_int_equal(sample.faults.count, sample.faults.errors + sample.faults.warnings);
        for (size_t at = 0; at < sample.faults.count; at++) {
            assert_int_equal(text_check(sample.faults.list[at].found, 64), TEXT_GOOD); /* nothing unseemly is repeated */
        }
        marking_scan_submission(submission, &sample.arena, &hits);
        assert_int_equal(check_normalise_demand(&sample.arena, demand), STATUS_OK);
        check_sample_reset(&sample);
        arena_drop(&sample.arena);
    }
    check_sample_close(&sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_marking_in_disguise),
        cmocka_unit_test(test_readers),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_checks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
