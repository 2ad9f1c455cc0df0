#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Makes the libreoffice-*.csv files of this folder with LibreOffice Calc. Run by hand; no test needs it.

A sheet with real dates, numbers and truth values is written as flat OpenDocument with the number formats of one
language, and LibreOffice in that language's setting saves it as CSV with its separator: "as shown", which is the
default of its dialog; or ("raw") with that off.   make_sheets.py [soffice [names]]
"""

import os
import shutil
import subprocess
import sys
import tempfile
from xml.sax.saxutils import escape

HERE = os.path.dirname(os.path.abspath(__file__))
HEADER = ("demand country item month quantity min_quantity max_unit_price currency priority place single_supplier requires "
          "certificates exclude_origins fund release").split()
# A month is a date, as a spreadsheet makes of it; amounts are numbers; yes and no are truth values.
ROWS = [
    ["NL-GEMT-1", "NL", "GEM-T", "D2028-12-01", "N40", "", "A5900000", "EUR", "N1", "NLRTM", "Bfalse",
     "range_km>=60;stanag=4425", "AQAP-2110", "CN;RU", "", "pooled"],
    ["NL-GEMT-1", "", "", "D2030-12-01", "N80"],
    ["NL-155-1", "NL", "155MM", "D2027-03-01", "N12000", "N1000", "A4250.5", "EUR", "N2", "NL", "Btrue",
     "variant=Größe 2\nfuze=électronique", "ISO-9001;AQAP-2110", "", "", "sealed"],
    ["NL-155-1", "NL", "155MM", "D2027-06-01", "N8000"],
    ["NL-FPV-1", "NL", "FPV-10", "D2027-02-01", "N500", "", "A1187.25", "USD", "N3", "", "Bfalse", "", "", "", "", "open"],
    ["NL-FPV-1", "", "", "D2027-05-01", "N500"],
    ["NL-FPV-1", "", "", "D2027-08-01", "N750"],
    ["NL-FPV-1", "", "", "D2027-10-01", "N1000"],
]
# language, country, separator, character set of the export filter (76 UTF-8, 1 Windows-1252), month format, as shown, name
SHEETS = [
    ("nl", "NL", ";", 76, "MMM-YY", True, "libreoffice-nl.csv"),
    ("de", "DE", ";", 1, "MMM YY", True, "libreoffice-de.csv"),
    ("fr", "FR", ";", 1, "MMM-YY", True, "libreoffice-fr.csv"),
    ("en", "GB", ",", 76, "MMM-YY", True, "libreoffice-en.csv"),
    ("fr", "FR", ";", 76, "MMMM YYYY", True, "libreoffice-fr-long.csv"),
    ("de", "DE", "\t", 76, "DD.MM.YY", True, "libreoffice-de-dates.tsv"),
    ("nl", "NL", ";", 76, "D-M-YYYY", True, "libreoffice-nl-dates.csv"),
    ("nl", "NL", ";", 76, "MMM-YY", False, "libreoffice-nl-raw.csv"),
    ("fr", "FR", ";", 1, "MMM-YY", False, "libreoffice-fr-raw.csv"),
    ("en", "GB", ",", 76, "MMM-YY", False, "libreoffice-gb-raw.csv"),
    ("en", "US", ",", 1, "MMM-YY", False, "libreoffice-us-raw.csv"),
]


def date_style(language, country, pattern):
    parts = {"MMM": '<number:month number:textual="true"/>', "MMMM": '<number:month number:textual="true" number:style="long"/>',
             "MM": '<number:month number:style="long"/>', "M": "<number:month/>", "DD": '<number:day number:style="long"/>',
             "D": "<number:day/>", "YY": "<number:year/>", "YYYY": '<number:year number:style="long"/>'}
    body, at = "", 0
    while at < len(pattern):
        end = at
        while end < len(pattern) and pattern[end] == pattern[at]:
            end += 1
        run = pattern[at:end]
        body += parts.get(run, f"<number:text>{run}</number:text>")
        at = end
    return f'<number:date-style style:name="D" number:language="{language}" number:country="{country}">{body}</number:date-style>'


def cell(value):
    kind, rest = value[:1], value[1:]
    if not value:
        return "<table:table-cell/>"
    if kind == "D" and rest[:1] == "2":
        return f'<table:table-cell table:style-name="date" office:value-type="date" office:date-value="{rest}"/>'
    if kind == "A" and rest[:1].isdigit():
        return f'<table:table-cell table:style-name="amount" office:value-type="float" office:value="{rest}"/>'
    if kind == "N" and rest.isdigit():
        return f'<table:table-cell office:value-type="float" office:value="{rest}"/>'
    if value in ("Btrue", "Bfalse"):
        return f'<table:table-cell table:style-name="truth" office:value-type="boolean" office:boolean-value="{rest}"/>'
    lines = "".join(f"<text:p>{escape(line)}</text:p>" for line in value.split("\n"))
    return f'<table:table-cell office:value-type="string">{lines}</table:table-cell>'


def document(language, country, pattern):
    names = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{space}:1.0"' for name, space in
                     (("office", "office"), ("style", "style"), ("table", "table"), ("text", "text"), ("number", "datastyle"),
                      ("fo", "xsl-fo-compatible")))
    table = "".join(f"<table:table-row>{''.join(cell(v) for v in row)}</table:table-row>"
                    for row in [[name for name in HEADER]] + [row + [""] * (len(HEADER) - len(row)) for row in ROWS])
    where = f'number:language="{language}" number:country="{country}"'
    return f'''<?xml version="1.0" encoding="UTF-8"?>
<office:document {names} office:version="1.3" office:mimetype="application/vnd.oasis.opendocument.spreadsheet">
<office:styles><style:style style:name="Default" style:family="table-cell"/></office:styles>
<office:automatic-styles>{date_style(language, country, pattern)}
<number:number-style style:name="A" {where}><number:number number:decimal-places="2" number:min-integer-digits="1" number:grouping="true"/></number:number-style>
<number:boolean-style style:name="B" {where}><number:boolean/></number:boolean-style>
<style:style style:name="date" style:family="table-cell" style:parent-style-name="Default" style:data-style-name="D"/>
<style:style style:name="amount" style:family="table-cell" style:parent-style-name="Default" style:data-style-name="A"/>
<style:style style:name="truth" style:family="table-cell" style:parent-style-name="Default" style:data-style-name="B"/>
</office:automatic-styles>
<office:body><office:spreadsheet><table:table table:name="Sheet1">{table}</table:table></office:spreadsheet></office:body></office:document>'''


def main():
    soffice = sys.argv[1] if len(sys.argv) > 1 else "soffice"
    work = tempfile.mkdtemp()
    for language, country, separator, charset, pattern, shown, name in SHEETS:
        if sys.argv[2:] and name not in sys.argv[2:]:
            continue
        source = os.path.join(work, "sheet.fods")
        with open(source, "w", encoding="utf-8") as file:
            file.write(document(language, country, pattern))
        profile = os.path.join(work, f"profile-{language}-{country}")
        os.makedirs(os.path.join(profile, "user"), exist_ok=True)
        with open(os.path.join(profile, "user", "registrymodifications.xcu"), "w", encoding="utf-8") as file:
            file.write(f'''<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<item oor:path="/org.openoffice.Setup/L10N"><prop oor:name="ooSetupSystemLocale" oor:op="fuse"><value>{language}-{country}</value></prop></item>
</oor:items>''')
        # separator, quote, character set, first line, column formats, language, quote all texts, numbers bare, as shown
        export = f"csv:Text - txt - csv (StarCalc):{ord(separator)},34,{charset},1,,0,false,true,{str(shown).lower()}"
        subprocess.run([soffice, f"-env:UserInstallation=file://{profile}", "--headless", "--convert-to", export, "--outdir", work, source],
                       check=True, stdout=subprocess.DEVNULL, timeout=120)
        shutil.copyfile(os.path.join(work, "sheet.csv"), os.path.join(HERE, name))
        print(name)
    shutil.rmtree(work)


if __name__ == "__main__":
    main()
