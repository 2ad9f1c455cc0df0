#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# make demo: a whole exchange on this machine, from nothing to a committed bundle, with the real programs and the case in
# tests/scenarios/allied-2027. Everything lies in a temporary folder and listens on the loopback address alone.
set -eu
BIN=$(cd "${BIN:-build/bin}" && pwd)
CASE=${CASE:-tests/scenarios/allied-2027}
CASE=$(cd "$CASE" && pwd)
WORK=$(mktemp -d "${TMPDIR:-/tmp}/muster-demo.XXXXXX")
MUSTERD=
finish() {
    code=$?
    [ -z "$MUSTERD" ] || { kill "$MUSTERD" 2>/dev/null; wait "$MUSTERD" 2>/dev/null; } || true
    if [ "$code" -ne 0 ]; then
        echo "make demo failed; the exchange said last:" >&2
        tail -n 20 "$WORK/musterd.log" >&2 || true
    fi
    rm -rf "$WORK"
    exit "$code"
}
trap finish EXIT
trap 'exit 130' INT TERM
# Fresh keys, and nothing of the person's own profiles.
export HOME="$WORK/home" NO_COLOR=1
unset XDG_CONFIG_HOME XDG_DATA_HOME XDG_STATE_HOME MUSTER_PROFILE
mkdir -p "$HOME" "$WORK/in"
echo "a passphrase for the demo" >"$WORK/passphrase"
began=$(date +%s)

muster() { "$BIN/muster" "$@"; }
# As a party, signing with the demo's passphrase; what is printed is for a person.
as() { who=$1; shift; "$BIN/muster" "$@" --as "$who" --passphrase-fd 3 3<"$WORK/passphrase"; }
show() { reader=$1; shift; printf '\n$ muster %s   [%s]\n' "$*" "$reader"; as "$reader" "$@" --screen; }
chapter() { printf '\n--- %s\n' "$*"; }
# A port that nobody listens on.
port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
# field FILE COLUMN...: the named columns of a CSV file, tabs between.
field() { python3 -c '
import csv, sys
for row in csv.DictReader(open(sys.argv[1], encoding="utf-8-sig")):
    print("\t".join(row[name] for name in sys.argv[2:]))' "$@"; }

chapter "A new exchange, and its coordinator"
ADDRESS="tcp://127.0.0.1:$(port)"
muster init "$WORK/exchange" --country NL --party hq --name "Joint orders office (f)" --contact "orders@hq.example" --address "$ADDRESS" \
    --origin demo.example/log --strength interactive --screen --passphrase-fd 3 3<"$WORK/passphrase" 2>/dev/null
"$BIN/musterd" -c "$WORK/exchange/musterd.conf" 2>"$WORK/musterd.log" &
MUSTERD=$!
as hq status --screen

chapter "Catalogue, money and rules, from their CSV files"
as hq item submit "$CASE/items.csv" --screen --receipt "$WORK/items.receipt" 2>/dev/null
[ ! -f "$CASE/rates.csv" ] || as hq rates submit "$CASE/rates.csv" --screen
as hq policy submit "$CASE/policy.csv" --screen 2>/dev/null
[ ! -f "$CASE/funds.csv" ] || as hq fund submit "$CASE/funds.csv" --screen --receipt "$WORK/funds.receipt"

# join PARTY OPTIONS: invited, joined, the fingerprint compared in both directions.
join() {
    party=$1; shift
    as hq party invite "$party" "$@" --json >"$WORK/in/$party.json" </dev/null
    python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["invitation"])' "$WORK/in/$party.json" >"$WORK/in/$party"
    muster join --file "$WORK/in/$party" --strength interactive --json --passphrase-fd 3 3<"$WORK/passphrase" >"$WORK/in/$party.joined" </dev/null
    first=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["read_out"])' "$WORK/in/$party.joined")
    back=$(as hq party confirm "$party" $first --json </dev/null | python3 -c 'import json, sys; print(json.load(sys.stdin)["read_back"])')
    as "$party" fingerprint $back --json </dev/null >/dev/null
}

chapter "Agencies and suppliers join: invited, keys made, fingerprints compared"
field "$CASE/agencies.csv" party country name contact >"$WORK/agencies"
field "$CASE/suppliers.csv" supplier country name size ncage >"$WORK/suppliers"
tab=$(printf '\t')
while IFS="$tab" read -r party country name contact; do
    join "$party" --role agency --country "$country" --name "$name" --contact "$contact" </dev/null
done <"$WORK/agencies"
while IFS="$tab" read -r party country name size ncage; do
    join "$party" --role supplier --country "$country" --name "$name" --size "${size:-large}" ${ncage:+--ncage "$ncage"} --contact "sales@$party.example" </dev/null
done <"$WORK/suppliers"
echo "$(wc -l <"$WORK/agencies") agencies and $(wc -l <"$WORK/suppliers") suppliers."

chapter "Each sends its own spreadsheet: demands and offers"
# The case in one file each becomes a file of each party, as its spreadsheet would be.
python3 - "$CASE" "$WORK" <<'SPLIT'
import csv, os, sys
case, work = sys.argv[1], sys.argv[2]
agency = {row["country"]: row["party"] for row in csv.DictReader(open(f"{case}/agencies.csv", encoding="utf-8-sig"))}
def split(name, owner):
    rows = list(csv.DictReader(open(f"{case}/{name}.csv", encoding="utf-8-sig")))
    files = {}
    for row in rows:
        files.setdefault(owner(row), []).append(row)
    for party, own in files.items():
        os.makedirs(f"{work}/sheets/{party}", exist_ok=True)
        with open(f"{work}/sheets/{party}/{name}.csv", "w", newline="", encoding="utf-8") as out:
            writer = csv.DictWriter(out, rows[0].keys())
            writer.writeheader()
            writer.writerows(own)
split("demands", lambda row: agency[row["country"]])
split("offers", lambda row: row["supplier"])
SPLIT
for folder in "$WORK"/sheets/*; do
    party=${folder##*/}
    for noun in demand offer; do
        [ ! -f "$folder/${noun}s.csv" ] || as "$party" "$noun" submit "$folder/${noun}s.csv" --json >"$folder/$noun.json" 2>"$folder/$noun.err" </dev/null ||
            { cat "$folder/$noun.json" "$folder/$noun.err" >&2; exit 1; }
    done
done
show nl-agency demand list
