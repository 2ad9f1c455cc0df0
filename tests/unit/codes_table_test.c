/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/marking.h"

/*
 * The lists are whole: how many rows each has, so that none falls out unseen; and the levels of the markings written down a
 * second time, by nation, so that a slip in the table shows against another pair of eyes.
 */

static void test_counts(void **state)
{
    (void)state;
    unsigned old = 0, currencies = 0, dated = 0, groups = 0, nations = 0, patterns = 0, units = 0, wrong = 0, terms = 0;
    unsigned divisions = 0, markings = 0, words = 0, safe = 0, letters = 0, fields = 0;
#define COUNTRY_OLD(written, now) old++;
#include "proto/codes/country_old.def"
#define CURRENCY(code, minor_units, name) currencies++;
#define CURRENCY_DATED(code, first, last) dated++;
#include "proto/codes/currency.def"
#define NSN_GROUP(group, title) groups++;
#include "proto/codes/nsn_groups.def"
#define NSN_NATION(code, country) nations++;
#define NCAGE_PATTERN(country, pattern) patterns++;
#include "proto/codes/nsn_nations.def"
#define UNIT(code, name) units++;
#define UNIT_WRONG(written, code, why) wrong++;
#include "proto/codes/unit.def"
#define INCOTERM(rule, port) terms++;
#define INCOTERM_OLD(rule, now) terms++;
#include "proto/codes/incoterm.def"
#define CPV(eight, ninth, title)
#define CPV_DIVISION(division) divisions++;
#include "proto/codes/cpv.def"
#define MARKING(who, level, where, text) markings++;
#define MARKING_WORD(where, text) words++;
#define MARKING_SAFE(text) safe++;
#include "proto/marking.def"
#undef MARKING
#define LETTER(code, latin) letters++;
#include "proto/marking_letters.def"
#define MARKING_CODE_FIELD(message, field) fields++;
#define MARKING_SKIPPED_FIELD(message, field) fields++;
#include "proto/marking_fields.def"
    assert_int_equal(old, 36);
    assert_int_equal(currencies, 161);
    assert_int_equal(dated, 8);
    assert_int_equal(groups, 78);
    assert_int_equal(nations, 73);
    assert_int_equal(patterns, 33);
    assert_int_equal(units, 28);
    assert_int_equal(wrong, 26);
    assert_int_equal(terms, 16);
    assert_int_equal(divisions, 45);
    assert_int_equal(markings, 280);
    assert_int_equal(words, 25);
    assert_int_equal(safe, 19);
    assert_int_equal(letters, 51);
    assert_int_equal(fields, 17);
}

/* RESTRICTED, CONFIDENTIAL, SECRET, TOP SECRET as Appendix B and the allies' rules have them; "" where there is none. */
static const char *const levels[][5] = {
    {"NATO", "NATO RESTRICTED", "NATO CONFIDENTIAL", "NATO SECRET", "COSMIC TOP SECRET"},
    {"EU", "RESTREINT UE/EU RESTRICTED", "CONFIDENTIEL UE/EU CONFIDENTIAL", "SECRET UE/EU SECRET", "TRES SECRET UE/EU TOP SECRET"},
    {"AL", "I kufizuar", "Konfidencial", "Sekret", "Tepër sekret"},
    {"AT", "Eingeschränkt", "Vertraulich", "Geheim", "Streng geheim"},
    {"BE", "Diffusion restreinte", "Confidentiel", "Secret", "Très secret"},
    {"BE", "Beperkte verspreiding", "Vertrouwelijk", "Geheim", "Zeer geheim"},
    {"BG", "За служебно ползване", "Поверително", "Секретно", "Строго секретно"},
    {"CA", "Protected A", "Confidential", "Secret", "Top secret"},
    {"CZ", "Vyhrazené", "Důvěrné", "Tajné", "Přísně tajné"},
    {"DE", "VS-NfD", "VS-Vertraulich", "Geheim", "Streng geheim"},
    {"DK", "Til tjenestebrug", "Fortroligt", "Hemmeligt", "Yderst hemmeligt"},
    {"EE", "Piiratud", "Konfidentsiaalne", "Salajane", "Täiesti salajane"},
    {"ES", "Difusión limitada", "Confidencial", "Reservado", "Secreto"},
    {"FI", "Käyttö rajoitettu", "Luottamuksellinen", "Salainen", "Erittäin salainen"},
    {"FR", "Diffusion restreinte", "Confidentiel défense", "Secret", "Très secret"},
    {"GB", "OFFICIAL-SENSITIVE", "CONFIDENTIAL", "SECRET", "TOP SECRET"},
    {"GR", "Περιορισμένης Χρήσης", "Εμπιστευτικό", "Απόρρητο", "Άκρως Απόρρητο"},
    {"HR", "Ograničeno", "Povjerljivo", "Tajno", "Vrlo tajno"},
    {"HU", "Korlátozott terjesztésű!", "Bizalmas!", "Titkos!", "Szigorúan titkos!"},
    {"IE", "Restricted", "Confidential", "Secret", "Top Secret"},
    {"IT", "Riservato", "Riservatissimo", "Segreto", "Segretissimo"},
    {"LT", "Riboto naudojimo", "Konfidencialiai", "Slaptai", "Visiškai slaptai"},
    {"LU", "Restreint Lux", "Confidentiel Lux", "Secret Lux", "Très secret Lux"},
    {"LV", "Dienesta vajadzībām", "Konfidenciāli", "Slepeni", "Sevišķi slepeni"},
    {"ME", "Interno", "Povjerljivo", "Tajno", "Strogo tajno"},
    {"MK", "Интерно", "Доверливо", "Строго доверливо", "Државна тајна"},
    {"NL", "Dep. VERTROUWELIJK", "Stg. CONFIDENTIEEL", "Stg. GEHEIM", "Stg. ZEER GEHEIM"},
    {"NO", "Begrenset", "Konfidensielt", "Hemmelig", "Strengt hemmelig"},
    {"PL", "Zastrzeżone", "Poufne", "Tajne", "Ściśle tajne"},
    {"PT", "Reservado", "Confidencial", "Secreto", "Muito secreto"},
    {"RO", "Secret de serviciu", "Secret", "Strict secret", "Strict secret de importanță deosebită"},
    {"SE", "Begränsat hemlig", "Konfidentiell", "Hemlig", "Kvalificerat hemlig"},
    {"SI", "Interno", "Zaupno", "Tajno", "Strogo tajno"},
    {"SK", "Vyhradené", "Dôverné", "Tajné", "Prísne tajné"},
    {"TR", "Hizmete özel", "Özel", "Gizli", "Çok gizli"},
    {"UA", "Для службового користування", "", "Таємно", "Цілком таємно"},
    {"US", "FOUO", "CONFIDENTIAL", "SECRET", "TOP SECRET"},
};

static void test_levels(void **state)
{
    (void)state;
    for (size_t at = 0; at < sizeof levels / sizeof levels[0]; at++) {
        for (int level = 1; level <= 4; level++) {
            const char *marking = levels[at][level];
            int found = (int)marking_level(marking, levels[at][0]);
            if (*marking && found != (int)MARKING_RESTRICTED + level - 1) {
                fail_msg("%s %s: level %d", levels[at][0], marking, found);
            }
            /* As a cell of its own each is found. */
            assert_true(!*marking || marking_scan_text(marking, strlen(marking), MARKING_TEXT));
        }
    }
}

/* One unclassified word of each nation, which passes as a marking and trips no search. */
static const char *const unclassified[][2] = {
    {"NATO", "NATO UNCLASSIFIED"}, {"NATO", "NATO SANS CLASSIFICATION"}, {"EU", "EU UNCLASSIFIED"}, {"AL", "I paklasifikuar"},
    {"AT", "Nicht eingestuft"}, {"BE", "Niet geclassificeerd"}, {"BE", "Non classifié"}, {"BG", "Некласифицирана информация"},
    {"CA", "Non classifié"}, {"CZ", "Neutajované"}, {"DE", "Offen"}, {"DE", "Nicht eingestuft"}, {"DK", "Uklassificeret"},
    {"EE", "Avalik"}, {"ES", "Sin clasificar"}, {"FI", "Julkinen"}, {"FR", "Non protégé"}, {"GR", "Αδιαβάθμητο"},
    {"HR", "Neklasificirano"}, {"HU", "Nyílt"}, {"IS", "Óflokkað"}, {"IT", "Non classificato"}, {"LT", "Neįslaptinta"},
    {"LU", "Non classifié"}, {"LV", "Neklasificēts"}, {"ME", "Neklasifikovano"}, {"MK", "Некласифицирано"},
    {"NL", "Ongerubriceerd"}, {"NO", "Ugradert"}, {"PL", "Jawne"}, {"PT", "Não classificado"}, {"RO", "Neclasificat"},
    {"SE", "Oklassificerad"}, {"SI", "Neklasificirano"}, {"SK", "Neutajované"}, {"TR", "Tasnif dışı"}, {"UA", "Нетаємно"},
    {"US", "Unclassified"}, {"GB", "Unclassified"}, {"IE", "Unclassified"},
};

static void test_unclassified(void **state)
{
    (void)state;
    for (size_t at = 0; at < sizeof unclassified / sizeof unclassified[0]; at++) {
        const char *marking = unclassified[at][1];
        if (marking_level(marking, unclassified[at][0]) != MARKING_UNCLASSIFIED) {
            fail_msg("%s %s", unclassified[at][0], marking);
        }
        assert_false(marking_scan_text(marking, strlen(marking), MARKING_TEXT));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_unclassified),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
