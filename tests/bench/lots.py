# SPDX-License-Identifier: EUPL-1.2
"""Random scenario folders for the engine's benchmark: nine families that are hard in different ways.

Each family bends one thing: supply, tiers, minimum quantities, rules of a bundle, one-off costs, money, commitments, alike lines.
"""

import csv
import os
import random

FAMILIES = ("typical", "scarce", "tiers", "lumpy", "policy", "tooling", "funds", "standing", "alike")
NATIONS = "BE BG CZ DK DE EE ES FI FR GR HR HU IT LT LU LV NL NO PL PT RO SE SI SK GB US CA TR".split()
MAKERS = "DE FR IT ES PL SE NL NO FI CZ BE DK EE US GB TR".split()


def amount(cents):
    return f"{cents // 100}.{cents % 100:02d}"


def month(offset):
    return f"{2027 + offset // 12}-{offset % 12 + 1:02d}"


def save(folder, name, header, rows):
    with open(os.path.join(folder, name), "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header.split())
        writer.writerows(rows)


def demand_rows(family, dice, item, number, price, scale):
    """The rows of one demand, its total quantity, and its fund."""
    nation = dice.choice(NATIONS)
    lines = [(dice.randint(3, 40), max(1, int(scale * dice.lognormvariate(0, 0.9))))]
    while len(lines) < 3 and dice.random() < 0.35:
        lines.append((lines[-1][0] + 4, max(1, int(scale * dice.lognormvariate(0, 0.9)))))
    if family == "alike":
        lines = [(12 * dice.randint(1, 3) - 1, sum(q for _, q in lines))]
    total = sum(q for _, q in lines)
    least = total if dice.random() < (0.6 if family == "lumpy" else 0.15) else total // 2 if dice.random() < 0.3 else 1
    single = "yes" if dice.random() < (0.5 if family == "lumpy" else 0.05) else "no"
    ceiling = int(price * dice.uniform(0.95, 1.6))
    priority, certificate = dice.choice((1, 2, 3, 3, 3, 4, 5)), dice.choice(("", "", "AQAP-2110"))
    requires = dice.choice(("", "", "", "grade>=2", "stanag=4425"))
    fund = dice.choice(("", "POOL", "LOAN")) if family == "funds" else ""
    if family == "alike":
        least, single, requires, priority, ceiling = 1, "no", "", dice.choice((2, 2, 4)), int(price * dice.choice((1.2, 1.35)))
    name = f"D-{item}-{number:05d}"
    rows = [(name, nation, item, month(m), q, max(1, least), amount(ceiling), priority, single, requires, certificate, fund)
            for m, q in lines]
    return rows, total, fund


def offer_rows(family, dice, item, number, price, capacity, supplier, small):
    capacity = max(1, capacity // 3 if small else capacity)
    tiers = dice.randint(3, 5) if family == "tiers" else dice.randint(1, 3)
    unit, start, months = int(price * dice.uniform(0.75, 1.25)), dice.randint(0, 14), dice.randint(12, 30)
    least = max(1, int(capacity * dice.uniform(0, 0.5 if family == "tiers" else 0.2)))
    home, other = supplier[2], dice.choice(("US", "GB", "DE", "FR", "TR"))
    first = dice.choice((100, 90, 80, 70, 55))
    origin = f"{home}:{first};{other}:{100 - first}" if first < 100 and other != home else f"{home}:100"
    freight = dice.choice(("", "", f"{home}:0;*:{amount(unit * 3 // 100)}", f"DE:{amount(unit // 100)};*:{amount(unit * 4 // 100)}"))
    provides = dice.choice(("grade=1;stanag=4425", "grade=2;stanag=4425", "grade=3", "stanag=4425;grade=3"))
    certificates, stock = dice.choice(("AQAP-2110", "AQAP-2110", "")), dice.choice((0, 0, capacity // 10))
    rows = []
    for k in range(tiers):
        costly = dice.random() < (0.9 if family == "tooling" else 0.15)
        one_off = int(unit * least * dice.uniform(0.01, 0.06) * (6 if family == "tooling" else 1)) if costly else 0
        rate = max(1, capacity // months) + k * max(1, capacity // (2 * months))
        rows.append((f"O-{item}-{number:05d}", supplier[0], item, least, amount(unit), amount(one_off), month(start), stock, rate,
                     capacity, freight, provides, certificates, origin))
        least = max(least + 1, int(least * dice.uniform(1.5, 2.5)) + capacity // 8)
        unit = int(unit * (1 - dice.uniform(0.3, 1.0) * (0.14 if family == "tiers" else 0.08)))
        if least > capacity:
            break
    return rows


def commitments(dice, demands, offers):
    """Earlier awards: the first tier of some offers, one line each, no more than the stock or two months' output."""
    rows, taken = [], set()
    for offer in {row[0]: row for row in reversed(offers)}.values():
        if offer[10] or dice.random() > 0.3:
            continue
        for row in demands:
            plain = row[8] == "no" and not row[9] and (not row[10] or row[10] in offer[12])
            if plain and row[0] not in taken and row[3] >= "2029-01" and row[4] <= 2 * offer[8] and float(offer[4]) <= float(row[6]):
                taken.add(row[0])
                rows.append((row[0], row[3], offer[0], 1, row[4], offer[4]))
                break
    return rows


def make(family, folder, seed, lots, demands, offers):
    dice = random.Random(f"muster {family} {seed} {lots} {demands} {offers}")
    os.makedirs(folder, exist_ok=True)
    suppliers = [(f"S{n:04d}", f"Supplier {n}", dice.choice(MAKERS), dice.choice("micro small medium large large large".split()))
                 for n in range(max(4, offers * max(1, lots // 4)))]
    need, sell, money = [], [], {}
    for lot in range(lots):
        item, price = f"ITEM-{lot:04d}", int(10 ** dice.uniform(3, 7))
        scale, wanted = max(2, int(10 ** dice.uniform(1, 3.5))), 0
        for n in range(demands):
            rows, total, fund = demand_rows(family, dice, item, n, price, scale)
            need += rows
            wanted += total
            if fund:
                money[fund] = money.get(fund, 0) + total * price
        supply = wanted * {"scarce": 0.33, "alike": 0.6}.get(family, dice.uniform(1.2, 2.2))
        parts = [dice.lognormvariate(0, 0.8) for _ in range(offers)]
        for n in range(offers):
            supplier = dice.choice(suppliers)
            sell += offer_rows(family, dice, item, n, price, int(supply * parts[n] / sum(parts)), supplier, supplier[3] != "large")
    save(folder, "items.csv", "item", [(f"ITEM-{lot:04d}",) for lot in range(lots)])
    save(folder, "suppliers.csv", "supplier name country size", suppliers)
    save(folder, "demands.csv", "demand country item month quantity min_quantity max_unit_price priority single_supplier requires "
         "certificates fund", need)
    save(folder, "offers.csv", "offer supplier item min_quantity unit_price one_off first_month stock monthly_rate max_quantity freight "
         "provides certificates origin", sell)
    policy = [("as_of", "2026-12-01"), ("contract_overhead", "5000000")]
    if family == "policy":
        policy += [("min_nations", "4"), ("sme_min_share", "20"), ("european_min_share", "60"), ("european_max_share", "95"),
                   ("supplier_max_share", "45")]
    save(folder, "policy.csv", "key value", policy)
    if money:
        save(folder, "funds.csv", "fund balance min_nations", [(f, amount(int(m * dice.uniform(0.25, 0.5))), 1 + (f == "LOAN"))
                                                               for f, m in sorted(money.items())])
    if family == "standing":
        save(folder, "commitments.csv", "demand month offer tier quantity unit_price", commitments(dice, need, sell))
