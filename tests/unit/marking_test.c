/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/marking.h"
#include "proto/status.h"

/* Stated markings and their levels; the search of one text. */

static void has_level(const char *marking, const char *marked_by, enum marking_level level)
{
    enum marking_level found = marking_level(marking, marked_by);
    const char *remedy = NULL;
    if (found != level) {
        fail_msg("'%s' by %s: level %d, not %d", marking, marked_by, found, level);
    }
    if (level == MARKING_UNCLASSIFIED) {
        assert_int_equal(marking_check(marking, marked_by, &remedy), STATUS_OK);
    } else {
        assert_int_equal(marking_check(marking, marked_by, &remedy), STATUS_INVALID);
        assert_non_null(remedy);
        assert_true(strlen(marking) < 2 || !strstr(remedy, marking) || strcmp(marking, "UNCLASSIFIED") == 0);
    }
}

static void test_unclassified(void **state)
{
    (void)state;
    has_level("UNCLASSIFIED", "NL", MARKING_UNCLASSIFIED);
    has_level("Unclassified", "US", MARKING_UNCLASSIFIED);
    has_level("UNCLASSIFIED", "NATO", MARKING_UNCLASSIFIED);
    has_level("UNCLASSIFIED", "EU", MARKING_UNCLASSIFIED);
    has_level("NATO UNCLASSIFIED", "NATO", MARKING_UNCLASSIFIED);
    has_level("NATO UNCLASSIFIED", "NL", MARKING_UNCLASSIFIED);
    has_level("nato  unclassified", "DE", MARKING_UNCLASSIFIED);
    has_level("  NATO   Unclassified  ", "NL", MARKING_UNCLASSIFIED);
    has_level("NATO SANS CLASSIFICATION", "FR", MARKING_UNCLASSIFIED);
    has_level("Ongerubriceerd", "NL", MARKING_UNCLASSIFIED);
    has_level("niet gerubriceerd", "NL", MARKING_UNCLASSIFIED);
    has_level("Non classifi\xC3\xA9", "FR", MARKING_UNCLASSIFIED);
    has_level("NON CLASSIFIE", "BE", MARKING_UNCLASSIFIED);
    has_level("Offen", "DE", MARKING_UNCLASSIFIED);
    has_level("Tasnif D\xC4\xB1\xC5\x9F\xC4\xB1", "TR", MARKING_UNCLASSIFIED);
    has_level("TASN\xC4\xB0" "F DI\xC5\x9EI", "TR", MARKING_UNCLASSIFIED);
    has_level("Αδιαβάθμητο", "GR", MARKING_UNCLASSIFIED);
    has_level("Некласифицирано", "BG", MARKING_UNCLASSIFIED);
    /* Another nation's word is not known there. */
    has_level("Ongerubriceerd", "DE", MARKING_UNKNOWN);
    has_level("JAWNE", "NL", MARKING_UNKNOWN);
}

static void test_refused_markings(void **state)
{
    (void)state;
    has_level("", "NL", MARKING_UNKNOWN);
    has_level(" ", "NL", MARKING_UNKNOWN);
    has_level("public", "NL", MARKING_UNKNOWN);
    has_level("UNCLASSIFIED", "XX", MARKING_UNKNOWN);
    has_level("UNCLASSIFIED", "", MARKING_UNKNOWN);
    has_level("UNCLASSIFIED", "JP", MARKING_UNKNOWN);
    has_level("VS-NfD", "DE", MARKING_RESTRICTED);
    has_level("Vs - nur f\xC3\xBCr den  Dienstgebrauch", "DE", MARKING_RESTRICTED);
    has_level("NATO-RESTRICTED", "NATO", MARKING_RESTRICTED);
    has_level("NATO-RESTRICTED", "PL", MARKING_RESTRICTED);
    has_level("N.R.", "NATO", MARKING_RESTRICTED);
    has_level("UNCLASSIFIED//FOR OFFICIAL USE ONLY", "US", MARKING_UNKNOWN);
    has_level("UNCLASSIFIED.", "US", MARKING_UNKNOWN);
    has_level("UNCLASSI\xE2\x80\x8B" "FIED", "US", MARKING_UNKNOWN);          /* zero-width space */
    has_level("N\xD0\x90TO UNCLASSIFIED", "NATO", MARKING_UNKNOWN);            /* Cyrillic A */
    has_level("OFFICIAL", "GB", MARKING_HELD);
    has_level("OFFICIAL-SENSITIVE", "GB", MARKING_RESTRICTED);
    has_level("LIMITE", "EU", MARKING_HELD);
    has_level("SENSITIVE", "EU", MARKING_HELD);
    has_level("CUI", "US", MARKING_RESTRICTED);
    has_level("PROTECTED B", "CA", MARKING_RESTRICTED);
    has_level("COSMIC TOP SECRET", "NATO", MARKING_TOP_SECRET);
    has_level("RESTREINT UE/EU RESTRICTED", "EU", MARKING_RESTRICTED);
}

static void test_false_friends(void **state)
{
    (void)state;
    has_level("RESERVADO", "ES", MARKING_SECRET);
    has_level("RESERVADO", "PT", MARKING_RESTRICTED);
    has_level("Vertrouwelijk", "BE", MARKING_CONFIDENTIAL);
    has_level("Dep. VERTROUWELIJK", "NL", MARKING_RESTRICTED);
    has_level("Secret de serviciu", "RO", MARKING_RESTRICTED);
    has_level("SECRET", "RO", MARKING_CONFIDENTIAL);
    has_level("SECRET", "FR", MARKING_SECRET);
    has_level("SECRETO", "ES", MARKING_TOP_SECRET);
    has_level("SECRETO", "PT", MARKING_SECRET);
    has_level("Riservato", "IT", MARKING_RESTRICTED);
    has_level("Riservatissimo", "IT", MARKING_CONFIDENTIAL);
}

/* Every row of the table has its own level with its own nation, in capitals and small letters. */
static void test_every_row(void **state)
{
    (void)state;
#define MARKING(who, level, where, text) has_level(text, who, MARKING_##level);
#define MARKING_WORD(where, text)
#define MARKING_SAFE(text)
#include "proto/marking.def"
#undef MARKING
#undef MARKING_WORD
#undef MARKING_SAFE
}

static void test_every_nation_has_all_levels(void **state)
{
    (void)state;
    static const char *const nations[] = {"AL", "AT", "BE", "BG", "CA", "CY", "CZ", "DE", "DK", "EE", "ES", "EU", "FI", "FR", "GB", "GR",
                                          "HR", "HU", "IE", "IS", "IT", "LT", "LU", "LV", "ME", "MK", "MT", "NATO", "NL", "NO", "PL", "PT",
                                          "RO", "SE", "SI", "SK", "TR", "US"};
    for (size_t at = 0; at < sizeof nations / sizeof nations[0]; at++) {
        bool found[MARKING_TOP_SECRET + 1] = {false};
#define MARKING(who, level, where, text) found[MARKING_##level] |= strcmp(who, nations[at]) == 0;
#define MARKING_WORD(where, text)
#define MARKING_SAFE(text)
#include "proto/marking.def"
#undef MARKING
#undef MARKING_WORD
#undef MARKING_SAFE
        assert_true(marking_knows(nations[at]));
        for (int level = MARKING_RESTRICTED; level <= MARKING_TOP_SECRET; level++) {
            if (!found[level]) {
                fail_msg("%s lacks level %d", nations[at], level);
            }
        }
    }
    assert_true(marking_knows("UA"));
    assert_false(marking_knows("XX"));
}

static void trips(const char *text)
{
    if (!marking_scan_text(text, strlen(text), MARKING_TEXT)) {
        fail_msg("passes: %s", text);
    }
}

static void passes(const char *text)
{
    if (marking_scan_text(text, strlen(text), MARKING_TEXT)) {
        fail_msg("trips: %s", text);
    }
}

static void test_words(void **state)
{
    (void)state;
    trips("NATO RESTRICTED");
    trips("document NATO-RESTRICTED of 2026");
    trips("Nato_Restricted");
    trips("PlanSecret.csv");
    trips("natorestricted");
    trips("see N A T O  S E C R E T annex");
    trips("CONFI-\nDENTIAL");
    trips("VS-NfD");
    trips("VS \xE2\x80\x93 Nur f\xC3\xBCr den Dienstgebrauch");
    trips("vs nur fuer den dienstgebrauch");
    trips("H\xC4\xB0ZMETE \xC3\x96ZEL");
    trips("hizmete \xC3\xB6zel");
    trips("G\xC4\xB0ZL\xC4\xB0");
    trips("gizli");
    trips("\xC3\x87OK G\xC4\xB0ZL\xC4\xB0");
    trips("Περιορισμένης Χρήσης");
    trips("ΠΕΡΙΟΡΙΣΜΕΝΗΣ ΧΡΗΣΗΣ");
    trips("За служебно ползване");
    trips("для службового користування");
    trips("Přísně tajné");
    trips("ŚCIŚLE TAJNE");
    trips("Szigorúan titkos!");
    trips("Secret de serviciu");
    trips("TRES SECRET UE");
    trips("UNCLASSIFIED//FOR OFFICIAL USE ONLY");
    trips("UNCLASSIFIED//FOUO");
    trips("controlled unclassified information");
    trips("UNCLASSIFIED when separated from SECRET annex");
    trips("classified annex");
    trips("SECRET2027");
}

static void test_disguises(void **state)
{
    (void)state;
    trips("SEC\xE2\x80\x8BRET");                   /* zero-width space */
    trips("SEC\xC2\xADRET");                       /* soft hyphen */
    trips("SE\xCC\x81" "CRET");                    /* combining accent */
    trips("N\xD0\x90TO SECRET");                   /* Cyrillic A */
    trips("\xD0\x85\xD0\x95\xD0\xA1RET");          /* Cyrillic DZE, IE, ES */
    trips("\xCE\x9D\xCE\x91\xCE\xA4\xCE\x9F R\xCE\x95STRICTED"); /* Greek letters */
    trips("C0NF1DENT1AL");
    trips("CONFlDENTIAL");                         /* a small l */
    trips("\xEF\xBC\xB3\xEF\xBC\xA5\xEF\xBC\xA3\xEF\xBC\xB2\xEF\xBC\xA5\xEF\xBC\xB4"); /* full width */
    trips("\xF0\x9D\x90\x92\xF0\x9D\x90\x84\xF0\x9D\x90\x82\xF0\x9D\x90\x91\xF0\x9D\x90\x84\xF0\x9D\x90\x93"); /* bold */
    trips("TR\xC8S SECRET");                       /* Windows-1252, no UTF-8 */
    trips("\xFF SECRET \xFE");
    trips("\xEF\xBC\xB4\xEF\xBC\xA1\xEF\xBC\xAA\xEF\xBC\xAE\xEF\xBC\xA5");       /* TAJNE, full width */
    trips("\xEF\xBC\xA7\xEF\xBC\xA9\xEF\xBC\xBA\xEF\xBC\xAC\xEF\xBC\xA9");       /* GIZLI */
    trips("\xEF\xBC\xB4\xEF\xBC\xA1jne");
    passes("\xE5\xA4\xA7secret");                            /* a letter that is no Latin one, before it */
    passes("secret\xF0\x90\x8C\xB0");                        /* and one beyond the basic plane, behind it */
}

static void test_negations(void **state)
{
    (void)state;
    passes("UNCLASSIFIED");
    passes("NATO UNCLASSIFIED");
    passes("un-classified");
    passes("not classified");
    passes("niet gerubriceerd");
    passes("NIET  GERUBRICEERD");
    passes("ongerubriceerd");
    passes("non classifié");
    passes("non classifiées");
    passes("nicht eingestuft");
    passes("non classificato");
    passes("declassified");
    passes("NON-CONFIDENTIAL");
    trips("gerubriceerd");
    trips("classifié");
    trips("CLASSIFIED");
}

static void test_everyday_words(void **state)
{
    (void)state;
    passes("");
    passes("secretary of state");
    passes("Geheimhaltungsvertrag");
    passes("diametro interno 155 mm");
    passes("todos los derechos reservados");
    passes("wszelkie prawa zastrzeżone");
    passes("ruch zastrzeżone");
    passes("begrenset rekkevidde");
    passes("özel sipariş");
    passes("nur eingeschränkt tauglich");
    trips("eingeschränkt");
    passes("vitesse limite");
    passes("heat sensitive fuze");
    passes("155 mm HE, M795, lot 12");
    passes("grenade, 40 mm (C)");
    passes("jacket (S)");
    passes("items(s)");
    passes("25 (c)");
    trips("INTERNO");
    trips("Uso INTERNO");
    trips("(interno)");
    trips("ÖZEL");
    trips("[Begrenset]");
    trips("PROTECTED B");
    passes("protected a convoy");
}

static void test_short_forms(void **state)
{
    (void)state;
    passes("Nr. 5");
    passes("Nr. 155");
    passes("5 NR");
    passes("pos nr 4, item nc");
    passes("CTS-4 fuze");
    trips("NR");
    trips("N.R.");
    trips(" nr ");
    trips("shell (NR)");
    trips("shell (N.R.) 155");
    trips("[NS] fuze");
    trips("shell [NS] 155");
    trips("shell {NS} 155");
    passes("shell/NS");
    passes("shell / NS");
    passes("a/b NS/");
    passes("1/2/NS 7");
    passes("shell/a/NS");
    trips("(CTS)");
    trips("fuze // NC");
    trips("NC//REL TO USA");
    trips("(C//REL)");
    trips("shell (C//REL)");
    trips("shell (S//NF)");
    trips("(S) range of the round");
    trips("(TS) range");
    trips("(U//FOUO) range");
    trips("(VS-NfD)");
    trips("(NfD)");
    trips("(ΠΧ)");
    passes("(U) range of the round");
    passes("(NU) range");
    passes("(5 NR)");
    passes("NR (see list)");
    passes("http://nr.example");
    /* In a field of codes a short form is a code: NR is Nauru, NC New Caledonia. */
    assert_false(marking_scan_text("NR", 2, MARKING_CODE));
    assert_false(marking_scan_text("NC", 2, MARKING_CODE));
    assert_true(marking_scan_text("(NR)", 4, MARKING_CODE));
    assert_true(marking_scan_text("SECRET", 6, MARKING_CODE));
    assert_true(marking_scan_text("NR SECRET", 9, MARKING_CODE));
}

static void test_long_texts(void **state)
{
    (void)state;
    enum { LENGTH = 200000 };
    char *text = malloc(LENGTH);
    assert_non_null(text);
    memset(text, 'x', LENGTH);
    assert_false(marking_scan_text(text, LENGTH, MARKING_TEXT));
    memcpy(text + LENGTH - 7, " SECRET", 7);
    assert_true(marking_scan_text(text, LENGTH, MARKING_TEXT));
    memset(text, 's', LENGTH);
    for (size_t at = 1; at < LENGTH; at += 2) {
        text[at] = ' ';
    }
    assert_false(marking_scan_text(text, LENGTH, MARKING_TEXT));
    /* Characters that decompose into many. */
    for (size_t at = 0; at + 3 <= LENGTH; at += 3) {
        memcpy(text + at, "\xEF\xB7\xBA", 3);
    }
    assert_false(marking_scan_text(text, LENGTH - LENGTH % 3, MARKING_TEXT));
    /* Around the sizes that need no allocation; of letters that become two. */
    for (size_t letters = 100; letters < 300; letters++) {
        memset(text, 'x', letters);
        assert_false(marking_scan_text(text, letters, MARKING_TEXT));
        memcpy(text + letters, " SECRET", 7);
        assert_true(marking_scan_text(text, letters + 7, MARKING_TEXT));
        for (size_t at = 0; at < letters; at++) {
            memcpy(text + 2 * at, "\xC3\x9F", 2);
        }
        assert_false(marking_scan_text(text, 2 * letters, MARKING_TEXT));
        memcpy(text + 2 * letters, " SECRET", 7);
        assert_true(marking_scan_text(text, 2 * letters + 7, MARKING_TEXT));
    }
    free(text);
}

/* Every row that is searched for anywhere is found, alone and in a sentence, in capitals and small letters. */
static void test_every_word_is_found(void **state)
{
    (void)state;
    char sentence[256];
    enum { NOWHERE, ANYWHERE, CAPITALS, SHORT, PORTION };
#define MARKING_WORD(where, text)                                                                                              \
    if (where == ANYWHERE || where == CAPITALS) {                                                                              \
        trips(text);                                                                                                           \
        snprintf(sentence, sizeof sentence, "shell 155 mm, %s, lot 7", text);                                                  \
        trips(sentence);                                                                                                       \
    }                                                                                                                          \
    if (where == SHORT) {                                                                                                      \
        trips(text);                                                                                                           \
        snprintf(sentence, sizeof sentence, "shell (%s) lot 7", text);                                                         \
        trips(sentence);                                                                                                       \
    }                                                                                                                          \
    if (where == PORTION) {                                                                                                    \
        snprintf(sentence, sizeof sentence, "(%s) shell", text);                                                               \
        trips(sentence);                                                                                                       \
    }
#define MARKING(who, level, where, text)                                                                                       \
    MARKING_WORD(where, text)                                                                                                  \
    if (MARKING_##level == MARKING_UNCLASSIFIED) {                                                                             \
        passes(text);                                                                                                          \
    }
#define MARKING_SAFE(text)                                                                                                     \
    passes(text);                                                                                                              \
    snprintf(sentence, sizeof sentence, "%s SECRET", text);                                                                    \
    trips(sentence);
#include "proto/marking.def"
#undef MARKING
#undef MARKING_WORD
#undef MARKING_SAFE
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unclassified),    cmocka_unit_test(test_refused_markings), cmocka_unit_test(test_false_friends),
        cmocka_unit_test(test_every_row),       cmocka_unit_test(test_every_nation_has_all_levels),
        cmocka_unit_test(test_words),           cmocka_unit_test(test_disguises),        cmocka_unit_test(test_negations),
        cmocka_unit_test(test_everyday_words),  cmocka_unit_test(test_short_forms),      cmocka_unit_test(test_long_texts),
        cmocka_unit_test(test_every_word_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
