# SPDX-License-Identifier: EUPL-1.2
"""The engine against exact solvers, on this machine, in one run.

    engine.py MUSTER OUTPUT_FOLDER

Environment: BENCH_SEEDS (1,2), BENCH_SIZES (60x20,90x30,300x100), BENCH_FAMILIES (all), BENCH_LIMIT (seconds a solver gets: 60, twice that
at 300 demands), BENCH_CBC, BENCH_MARKET and BENCH_HUGE (yes; no leaves them out). Prints the table, writes engine.json and engine.svg.
"""

import json
import math
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time

import lots
import solver

FLOORS = {"quality_mean": 99.95, "quality_worst": 99.5, "gap_mean": 0.25, "gap_worst": 2.0}


def setting(name, default):
    return os.environ.get(name, default).split(",")


def plan(muster, folder, *options):
    """(plan, seconds of the whole process)"""
    began = time.perf_counter()
    run = subprocess.run([muster, "plan", folder, "--json", *options], capture_output=True, text=True, check=True)
    return json.loads(run.stdout), time.perf_counter() - began


def best_of(count, muster, folder, *options):
    runs = [plan(muster, folder, *options) for _ in range(count)]
    if any(run[0] != runs[0][0] for run in runs):
        raise SystemExit(f"{folder}: two runs gave two plans")
    return runs[0][0], min(run[1] for run in runs)


def one_lot(muster, folder, limit):
    made, seconds = best_of(3, muster, folder, "--threads", "1")
    model = os.path.join(folder, "model.lp")
    subprocess.run([muster, "plan", folder, "--json", "--export-lp", model], stdout=subprocess.DEVNULL, check=True)
    exact = solver.highs(model, limit)
    row = {"objective": made["objective"], "bound": made["bound"], "seconds": seconds, "highs": exact}
    if exact and exact["objective"] is not None:
        known = max(exact["objective"], made["objective"])
        row["quality"] = 100 * made["objective"] / known if known > 0 else 100.0
        top = max(known, min(exact["bound"] if exact["bound"] is not None else math.inf, made["bound"]))
        row["excess"] = 100 * (made["bound"] / top - 1) if top > 0 else 0.0
        row["ratio"] = exact["seconds"] / seconds
    row["cbc"] = solver.cbc(model, limit) if limit <= 60 and os.environ.get("BENCH_CBC", "yes") == "yes" else None
    if row["cbc"]:
        row["cbc_ratio"] = row["cbc"]["seconds"] / seconds
    proved, row["proof_seconds"] = plan(muster, folder, "--prove") if limit <= 60 else (made, 0.0)
    row["proved"] = proved["objective"] == proved["bound"]
    return row


def mean(values):
    values = list(values)
    return sum(values) / len(values) if values else math.nan


def geometric(values):
    values = list(values)
    return math.exp(sum(math.log(v) for v in values) / len(values)) if values else math.nan


def measure_lots(muster, folder):
    rows = []
    for size in setting("BENCH_SIZES", "60x20,90x30,300x100"):
        demands, offers = (int(n) for n in size.split("x"))
        for family in setting("BENCH_FAMILIES", ",".join(lots.FAMILIES)):
            for seed in setting("BENCH_SEEDS", "1,2"):
                path = os.path.join(folder, f"{family}-{size}-{seed}")
                lots.make(family, path, seed, 1, demands, offers)
                limit = int(os.environ.get("BENCH_LIMIT", "60")) * (2 if demands >= 300 else 1)
                row = {"family": family, "size": size, "seed": seed, **one_lot(muster, path, limit)}
                rows.append(row)
                exact = row["highs"]
                print(f"{family:9} {size:8} {seed:3} {row['seconds']:8.3f} s  "
                      + (f"HiGHS {exact['seconds']:7.2f} s{'' if exact['closed'] else ' (cut off)'}  quality "
                         f"{row.get('quality', math.nan):8.4f} %  bound +{row.get('excess', math.nan):.4f} %"
                         if exact else "no exact solver: python3-scipy is missing")
                      + (f"  CBC {row['cbc']['seconds']:.2f} s" if row["cbc"] else ""), flush=True)
    return rows


def table(rows):
    print("\nsize      lots  quality mean / worst       bound mean / worst   optimal  proved   times HiGHS   times CBC")
    summary = []
    for size in dict.fromkeys(row["size"] for row in rows):
        of = [row for row in rows if row["size"] == size and "quality" in row]
        if not of:
            continue
        line = {"size": size, "lots": len(of), "quality_mean": mean(r["quality"] for r in of), "quality_worst": min(r["quality"] for r in of),
                "excess_mean": mean(r["excess"] for r in of), "excess_worst": max(r["excess"] for r in of),
                "optimal": mean(r["quality"] > 99.9999 for r in of), "proved": mean(r["proved"] for r in of),
                "ratio": geometric(r["ratio"] for r in of if r["highs"]["seconds"] >= 0.5),
                "cbc_ratio": geometric(r["cbc_ratio"] for r in of if r["cbc"] and r["cbc"]["seconds"] >= 0.5), "seconds": mean(r["seconds"] for r in of)}
        summary.append(line)
        print(f"{size:9} {line['lots']:4}  {line['quality_mean']:8.4f} / {line['quality_worst']:8.4f} %  {line['excess_mean']:8.4f} / "
              f"{line['excess_worst']:7.4f} %  {line['optimal']:6.0%}  {line['proved']:6.0%}  {line['ratio']:10.1f}  {line['cbc_ratio']:10.1f}")
    print(f"floors: quality {FLOORS['quality_mean']} / {FLOORS['quality_worst']} %, bound {FLOORS['gap_mean']} / {FLOORS['gap_worst']} %, "
          "optimal 67 %, proved 50 %, times 50 at 90x30 and 250 at 300x100")
    return summary


def gap(made):
    return 100 * (made["bound"] - made["objective"]) / max(1, made["bound"])


def measure_large(muster, folder):
    result = {}
    if os.environ.get("BENCH_HUGE", "yes") == "yes":
        path = os.path.join(folder, "huge")
        lots.make("tiers", path, 1, 1, 10000, 2000)
        made, seconds = plan(muster, path, "--threads", "1")
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
        result["huge"] = {"seconds": seconds, "gap": gap(made), "gib": memory}
        print(f"one lot of 10,000 x 2,000: {seconds:.1f} s, gap {gap(made):.2f} %, {memory:.2f} GiB (floor 30 s, 1 %, 2 GiB)", flush=True)
    if os.environ.get("BENCH_MARKET", "yes") == "yes":
        for count in (200, 2000):
            path = os.path.join(folder, f"market-{count}")
            lots.make("funds", path, 1, count, 30, 10)
            made, seconds = plan(muster, path, "--threads", "2")
            result[f"market_{count}"] = {"seconds": seconds, "gap": gap(made), "seconds_a_lot": seconds / count}
            print(f"{count} lots of 30 x 10 under tight funds: {seconds:.1f} s, gap {gap(made):.2f} % (2,000 lots: floor 5 s, 0.5 %)", flush=True)
    return result


def picture(summary, path):
    """Time by size on logarithmic axes, ours and HiGHS, as one SVG; returns the growth exponent of ours."""
    points = [(math.log10(eval_size(line["size"])), math.log10(line["seconds"]), line) for line in summary]
    if len(points) < 2:
        return math.nan
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    slope = sum((x - mean(xs)) * (y - mean(ys)) for x, y in zip(xs, ys)) / sum((x - mean(xs)) ** 2 for x in xs)

    def place(x, y):
        return 60 + (x - min(xs)) / (max(xs) - min(xs)) * 480, 300 - (y + 3) / 6 * 260
    parts = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 340" font-family="sans-serif" font-size="12">',
             '<rect width="600" height="340" fill="white"/>']
    for power in range(-3, 4):
        _, y = place(xs[0], power)
        parts.append(f'<line x1="60" x2="540" y1="{y:.0f}" y2="{y:.0f}" stroke="#ddd"/><text x="8" y="{y + 4:.0f}">{10.0 ** power:g} s</text>')
    for x, y, line in points:
        px, py = place(x, y)
        exact = place(x, y + math.log10(line["ratio"])) if line["ratio"] > 0 else (px, py)
        parts.append(f'<circle cx="{px:.0f}" cy="{py:.0f}" r="5" fill="#1f5fbf"/><circle cx="{exact[0]:.0f}" cy="{exact[1]:.0f}" r="5" '
                     f'fill="#c0392b"/><text x="{px - 20:.0f}" y="325">{line["size"]}</text>')
    parts.append(f'<text x="64" y="20">seconds by size: muster (blue, exponent {slope:.2f}) and HiGHS (red)</text></svg>')
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(parts))
    return slope


def eval_size(size):
    demands, offers = size.split("x")
    return int(demands) * int(offers)


def main():
    muster, output = sys.argv[1:3]
    os.makedirs(output, exist_ok=True)
    if shutil.which("cbc") is None:
        print("cbc (coinor-cbc) is missing: no comparison with CBC in this run")
    if solver.milp is None:
        print("python3-scipy is missing: no comparison with HiGHS in this run")
    with tempfile.TemporaryDirectory() as folder:
        rows = measure_lots(muster, folder)
        summary = table(rows)
        large = measure_large(muster, folder)
    exponent = picture(summary, os.path.join(output, "engine.svg"))
    print(f"time grows with the {exponent:.2f}th power of demands x offers")
    with open(os.path.join(output, "engine.json"), "w", encoding="utf-8") as file:
        json.dump({"lots": rows, "summary": summary, "large": large, "exponent": exponent}, file, indent=1)


if __name__ == "__main__":
    main()
