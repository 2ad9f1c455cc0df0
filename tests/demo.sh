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
PYTHON=/usr/bin/python3
[ -x "$PYTHON" ] || PYTHON=python3
cd "$WORK"

muster() { "$BIN/muster" "$@"; }
# As a party, signing with the demo's passphrase; what is printed is for a person.
as() { who=$1; shift; "$BIN/muster" "$@" --as "$who" --passphrase-fd 3 3<"$WORK/passphrase"; }
show() { reader=$1; shift; printf '\n$ muster %s   [%s]\n' "$*" "$reader"; as "$reader" "$@" --screen; }
chapter() { printf '\n--- %s\n' "$*"; }
# A port that nobody listens on.
port() { "$PYTHON" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
chapter "A new exchange, and its coordinator"
ADDRESS="tcp://127.0.0.1:$(port)"
muster init exchange --country NL --party hq --name "Joint orders office (f)" --contact "orders@hq.example" --address "$ADDRESS" \
    --origin demo.example/log --strength interactive --screen --passphrase-fd 3 3<"$WORK/passphrase" 2>/dev/null
"$BIN/musterd" -c exchange/musterd.conf 2>"$WORK/musterd.log" &
MUSTERD=$!
as hq status --screen

chapter "Catalogue, money and rules, from their CSV files"
as hq item submit "$CASE/items.csv" --screen --receipt items.receipt 2>/dev/null
[ ! -f "$CASE/rates.csv" ] || as hq rates submit "$CASE/rates.csv" --screen
as hq policy submit "$CASE/policy.csv" --screen 2>/dev/null
[ ! -f "$CASE/funds.csv" ] || as hq fund submit "$CASE/funds.csv" --screen --receipt funds.receipt

chapter "Agencies and suppliers: invited, keys made, fingerprints compared both ways"
"$PYTHON" - "$CASE" "$WORK" <<'SPLIT'
import csv, os, sys
case, work = sys.argv[1], sys.argv[2]
read = lambda name: list(csv.DictReader(open(f"{case}/{name}.csv", encoding="utf-8-sig")))
agencies, suppliers = read("agencies"), read("suppliers")
with open(f"{work}/parties.csv", "w", newline="", encoding="utf-8") as out:
    writer = csv.writer(out)
    writer.writerow(["party", "role", "country", "name", "size", "ncage", "contact"])
    for row in agencies:
        writer.writerow([row["party"], "agency", row["country"], row["name"], "", "", row["contact"]])
    for row in suppliers:
        writer.writerow([row["supplier"], "supplier", row["country"], row["name"], row["size"] or "large", row["ncage"], f"sales@{row['supplier']}.example"])
# The case in one file each becomes a file of each party, as its own spreadsheet would be.
agency = {row["country"]: row["party"] for row in agencies}
def split(name, owner):
    rows, files = read(name), {}
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
as hq party invite parties.csv invitations --screen

# Each party on its own: join, send its sheet. Agencies lock their keys with a passphrase, suppliers go without.
cat >"$WORK/join" <<'JOIN'
set -eu
party=$1
if grep -q "^$party,supplier," parties.csv; then lock=--no-passphrase; else lock=; fi
"$BIN/muster" join --file "$WORK/invitations/$party" --strength interactive $lock --json --passphrase-fd 3 3<"$WORK/passphrase" >"$WORK/in/$party.json"
JOIN
cat >"$WORK/send" <<'SEND'
set -eu
party=$1
for noun in demand offer; do
    sheet="$WORK/sheets/$party/${noun}s.csv"
    [ ! -f "$sheet" ] || "$BIN/muster" "$noun" submit "$sheet" --as "$party" --json --passphrase-fd 3 3<"$WORK/passphrase" >"$WORK/in/$party.sent" 2>"$WORK/in/$party.err" ||
        { cat "$WORK/in/$party.sent" "$WORK/in/$party.err" >&2; exit 1; }
done
SEND
export BIN WORK
each() { ls invitations | xargs -P 4 -n 1 sh "$WORK/$1"; }
each join
# The coordinator hears the first four groups of each by telephone, and reads the last four back.
heard=$("$PYTHON" -c '
import json, os, sys
for name in sorted(os.listdir(sys.argv[1])):
    if name.endswith(".json"):
        print(name[:-5], json.load(open(f"{sys.argv[1]}/{name}"))["read_out"])' "$WORK/in")
as hq party confirm $heard --json >"$WORK/confirmed"
"$PYTHON" -c '
import json, sys
for party in json.load(open(sys.argv[1]))["parties"]:
    print(party["party"], party["read_back"])' "$WORK/confirmed" | while read -r party back; do
    muster fingerprint $back --as "$party" --json </dev/null >/dev/null
done
echo "$(grep -c ',agency,' parties.csv) agencies and $(grep -c ',supplier,' parties.csv) suppliers are in."

chapter "Each sends its own spreadsheet of demands or offers"
each send
show nl-agency demand list

chapter "The exchange plans; the coordinator sees what it proposes"
# json FILE EXPRESSION: with the file's content as d.
json() { "$PYTHON" -c 'import json, sys; d = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$@"; }
settle() { # until nothing is left to plan
    for try in $(seq 1 300); do
        as hq status --json >"$WORK/status"
        [ "$(json "$WORK/status" 'd["lots_to_plan"]')" != 0 ] || break
        sleep 1
    done
    as hq bundle list --json >"$WORK/bundles"
}
settle
show hq bundle list
bundle_of() { json "$WORK/bundles" "next((b['id'] for b in d if b['item'] == '$1'), '')"; }
GEMT=$(bundle_of GEM-T)
[ -z "$GEMT" ] || show hq bundle show "$GEMT"
show hq why de-agency/DE-GEMT-1

LOT=${DEMO_LOT:-CAVS}
B=$(bundle_of "$LOT")
chapter "One bundle is released: $B, $LOT"
show hq bundle show "$B"
show hq bundle release "$B"
look() { as hq bundle show "$B" --json >"$WORK/bundle"; }
state() { look; json "$WORK/bundle" 'd["state"]'; }
await() { # until the state is none of those given
    for try in $(seq 1 100); do
        now=$(state)
        case " $* " in *" $now "*) sleep 0.3 ;; *) return 0 ;; esac
    done
    echo "$B stayed $now" >&2
    return 1
}
look
agency_of() { "$PYTHON" -c '
import csv, sys
print(next(row["party"] for row in csv.DictReader(open(sys.argv[1], encoding="utf-8-sig")) if row["country"] == sys.argv[2]))' "$CASE/agencies.csv" "$1"; }
nations=$(json "$WORK/bundle" '" ".join(n["country"] for n in sorted(d["nations"], key=lambda n: n["quantity"]))')
leaves=${nations%% *}
LEAVES=$(agency_of "$leaves")
chapter "$leaves, the smallest, declines; the others say yes"
show "$LEAVES" bundle show "$B"
show "$LEAVES" bundle answer "$B" no
as "$LEAVES" bundle answer "$B" no --confirm --reason "The parliament moved the budget to next year" --screen
answer_all() { # the nations that are still asked say yes
    for nation in $(json "$WORK/bundle" '" ".join(n["country"] for n in d["nations"] if n.get("answer") not in ("yes", "no"))'); do
        as "$(agency_of "$nation")" bundle answer "$B" yes --screen
    done
}
look
answer_all
await released
chapter "Planned again without $leaves: what still holds is not asked again"
if [ "$(state)" = proposed ]; then
    settle
    show hq bundle list
    as hq bundle release "$B" --screen
    look
    answer_all
    await released
fi
chapter "The suppliers confirm"
for supplier in $(json "$WORK/bundle" '" ".join(s["party"] for s in d["suppliers"])'); do
    show "$supplier" bundle show "$B"
    as "$supplier" bundle answer "$B" yes --screen
done
await agreed
show hq bundle show "$B"

chapter "Contracts, the market to audit, and a receipt that needs no exchange"
show hq order export "$B" orders
show hq market export audit --bundle "$B"
show hq receipt verify items.receipt
chapter "Done in $(($(date +%s) - began)) s: from spreadsheets to a committed bundle"
