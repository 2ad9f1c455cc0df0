/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/text.h"

/* Texts and ids of the contract. */

static void is(const char *text, enum text_fault fault)
{
    enum text_fault found = text_check(text, 64);
    if (found != fault) {
        fail_msg("'%s': %d, not %d", text, found, fault);
    }
}

static void test_texts(void **state)
{
    (void)state;
    is("", TEXT_GOOD);
    is("155 mm HE, \xC2\xB0 C \xE2\x82\xAC 5", TEXT_GOOD);
    is("M\xC3\xBC" "nchen", TEXT_GOOD);
    is("\xCE\xA0\xCE\xB5\xCF\x81\xCE\xB9", TEXT_GOOD);
    is("\xF0\x9F\x9A\x80", TEXT_GOOD);
    is("a\tb", TEXT_CONTROL);
    is("a\nb", TEXT_CONTROL);
    is("a\x1F", TEXT_CONTROL);
    is("a\xC2\x9F", TEXT_CONTROL);
    is("a\x7F", TEXT_CONTROL);
    is("a\xC2\x85", TEXT_CONTROL);
    is("a\xE2\x80\xA8", TEXT_CONTROL);           /* line separator */
    is("a\xE2\x80\x8B" "b", TEXT_INVISIBLE);     /* zero-width space */
    is("a\xE2\x80\xAE" "b", TEXT_INVISIBLE);     /* right-to-left override */
    is("a\xC2\xAD" "b", TEXT_INVISIBLE);         /* soft hyphen */
    is("\xEF\xBB\xBF" "a", TEXT_INVISIBLE);      /* byte-order mark */
    is("a\xC2\xA0" "b", TEXT_INVISIBLE);         /* no-break space */
    is("a\xE3\x85\xA4" "b", TEXT_INVISIBLE);     /* Hangul filler */
    is("a\xEF\xB8\x8F", TEXT_INVISIBLE);         /* variation selector */
    is("a\xEE\x80\x80", TEXT_INVISIBLE);         /* private use */
    is("a\xF3\xA0\x81\x81", TEXT_INVISIBLE);     /* tag character */
    is("a\xEF\xBF\xBF", TEXT_UNASSIGNED);
    is("a\xCD\xB8", TEXT_UNASSIGNED);            /* U+0378 */
    is("Mu\xCC\x88nchen", TEXT_NOT_NFC);         /* u and a combining diaeresis */
    is("\xE2\x84\xAB", TEXT_NOT_NFC);            /* Angstrom sign */
    is("a\xFF", TEXT_NOT_UTF8);
    is("a\xC3", TEXT_NOT_UTF8);
    is("a\xC0\x80", TEXT_NOT_UTF8);              /* overlong */
    is("a\xED\xA0\x80", TEXT_NOT_UTF8);          /* surrogate */
    is("a\xF4\x90\x80\x80", TEXT_NOT_UTF8);      /* above U+10FFFF */
    assert_int_equal(text_check("abc", 3), TEXT_GOOD);
    assert_int_equal(text_check("abcd", 3), TEXT_TOO_LONG);
    assert_int_equal(text_check("a\xC3\xBC" "b", 3), TEXT_TOO_LONG); /* bytes, not characters */
    for (int fault = TEXT_NOT_UTF8; fault <= TEXT_NOT_NFC; fault++) {
        assert_true(strlen(text_expected((enum text_fault)fault)) > 0);
    }
    assert_string_equal(text_expected(TEXT_GOOD), "");
}

static void normalises(char *text, const char *expected)
{
    struct arena arena;
    arena_init(&arena, 4096);
    assert_string_equal(text_normalise(&arena, text), expected);
    assert_int_equal(text_check(text_normalise(&arena, text), 64), TEXT_GOOD);
    arena_drop(&arena);
}

static void test_normalised(void **state)
{
    (void)state;
    normalises((char[]){"plain"}, "plain");
    normalises((char[]){""}, "");
    normalises((char[]){"  two  words\t"}, "two  words");
    normalises((char[]){"Mu\xCC\x88nchen"}, "M\xC3\xBC" "nchen");
    normalises((char[]){"155\xC2\xA0mm\xE2\x80\xAF"}, "155 mm");
    normalises((char[]){"one\r\ntwo"}, "one  two");
    struct arena arena;
    arena_init(&arena, 4096);
    char good[] = "as it is \xC3\xBC";
    assert_ptr_equal(text_normalise(&arena, good), good);
    char bad[] = "a\xFF";
    assert_null(text_normalise(&arena, bad));
    arena_drop(&arena);
    struct arena full;
    arena_init(&full, 0);
    char spaced[] = " a";
    assert_null(text_normalise(&full, spaced));
    arena_drop(&full);
}

static void test_utf8(void **state)
{
    (void)state;
    assert_true(text_is_utf8("a\0b", 3));
    assert_true(text_is_utf8("", 0));
    assert_false(text_is_utf8("\xC3", 1));
}

#define LETTERS_64 "A123456789012345678901234567890123456789012345678901234567890123"
#define LETTERS_32 "abcdefghijklmnopqrstuvwxyz012345"

static void test_ids(void **state)
{
    (void)state;
    assert_true(text_is_id("NL-155_2027.a"));
    assert_true(text_is_id("7"));
    assert_true(text_is_id("zZ9aA0"));
    assert_true(text_is_id(LETTERS_64));
    assert_false(text_is_id(LETTERS_64 "x"));
    static const char *const not_ids[] = {"", "-a", ".a", "_a", "a b", "a/b", "a;b", "\xC3\xBC", "a\n", "a,b"};
    for (size_t at = 0; at < sizeof not_ids / sizeof not_ids[0]; at++) {
        assert_false(text_is_id(not_ids[at]));
    }
    assert_true(text_is_party_id("nl-agency"));
    assert_true(text_is_party_id("z9-a0"));
    assert_true(text_is_party_id(LETTERS_32));
    assert_false(text_is_party_id(LETTERS_32 "6"));
    static const char *const not_parties[] = {"", "NL", "a_b", "a.b", "a/b", "a b"};
    for (size_t at = 0; at < sizeof not_parties / sizeof not_parties[0]; at++) {
        assert_false(text_is_party_id(not_parties[at]));
    }
    assert_true(text_is_object_id("nl/NL-1"));
    assert_true(text_is_object_id(LETTERS_32 "/" LETTERS_64));
    static const char *const not_objects[] = {"", "/", "nl", "nl/", "/a", "NL/a", "nl/a/b", "nl/-a", LETTERS_32 "6/a"};
    for (size_t at = 0; at < sizeof not_objects / sizeof not_objects[0]; at++) {
        assert_false(text_is_object_id(not_objects[at]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts), cmocka_unit_test(test_normalised), cmocka_unit_test(test_utf8), cmocka_unit_test(test_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
