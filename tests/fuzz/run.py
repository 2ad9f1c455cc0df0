#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Runs fuzz targets under libFuzzer, one after the other, and keeps the figures of all runs so far.

run.py --programs FOLDER --json FILE [--runs N | --seconds N] [--sanitize LIST] [--corpus FOLDER] [PATTERN...]
A program a group of targets lies in FOLDER; findings go beside it, and corpora where --corpus does not name another place. LIST is what the programs were built
with, so that the file says how many of a target's executions each kind of build had. With --runs a target that has had as many executions by earlier
runs of the file is left out, and one that has had some gets the rest. Ends with 1 where a finding is open.
"""
import argparse
import fnmatch
import json
import os
import re
import subprocess
import sys
import time

INTERRUPTED = 72  # libFuzzer's exit code where somebody stopped it


def targets_of(program):
    told = subprocess.run([program], env={**os.environ, "FUZZ_TARGET": ""}, stderr=subprocess.PIPE, text=True, check=False).stderr
    line = [line for line in told.splitlines() if line.startswith("FUZZ_TARGET must be one of:")]
    return [word.split("=") for word in line[0].split(":", 1)[1].split()] if line else []


def run(program, target, most, folder, corpora, limit):
    corpus, findings = f"{corpora}/{target}", f"{folder}/findings/{target}-"
    os.makedirs(corpus, exist_ok=True)
    os.makedirs(os.path.dirname(findings), exist_ok=True)
    begun = time.monotonic()
    command = [program, limit, f"-max_len={most}", "-verbosity=0", "-print_final_stats=1", "-reload=0", "-timeout=20", "-rss_limit_mb=2048",
               "-entropic=0", "-detect_leaks=0", "-print_funcs=0", f"-artifact_prefix={findings}", corpus]
    # Leaks are looked for at the end of a process and in `make test`; stack traces of allocations and a long quarantine cost most of the pace.
    environment = {"ASAN_OPTIONS": "malloc_context_size=0:quarantine_size_mb=8", **os.environ, "FUZZ_TARGET": target, "FUZZ_SEEDS": corpus}
    process = subprocess.run(command, env=environment, stderr=subprocess.PIPE, text=True, errors="replace", check=False)
    figures = dict(re.findall(r"stat::(\w+):\s+(\d+)", process.stderr))
    seconds = time.monotonic() - begun
    if process.returncode != 0:
        sys.stderr.write(process.stderr[-6000:])
    return {"executions": int(figures.get("number_of_executed_units", 0)), "seconds": round(seconds, 1),
            "finding": process.returncode not in (0, INTERRUPTED), "corpus": len(os.listdir(corpus)), "peak_mib": int(figures.get("peak_rss_mb", 0))}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--programs", required=True)
    parser.add_argument("--json", required=True)
    parser.add_argument("--runs", type=int)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--sanitize", default="address,undefined")
    parser.add_argument("--corpus")
    parser.add_argument("patterns", nargs="*", default=["*"])
    wanted = parser.parse_args()
    figures = {"targets": {}}
    if os.path.exists(wanted.json):
        with open(wanted.json, encoding="utf-8") as file:
            figures = json.load(file)
    programs = sorted(entry.path for entry in os.scandir(wanted.programs) if entry.is_file() and os.access(entry.path, os.X_OK))
    found = 0
    for program, target, most in [(program, *target) for program in programs for target in targets_of(program)]:
        if not any(fnmatch.fnmatch(target, pattern) for text in wanted.patterns for pattern in text.split()):
            continue
        row = figures["targets"].setdefault(target, {"executions": 0, "seconds": 0.0, "findings": 0})
        left = wanted.runs - row["executions"] if wanted.runs else None
        if left is not None and left <= 0:
            continue
        by = row.setdefault("by_sanitizers", {"address,undefined": row["executions"]} if row["executions"] else {})
        result = run(program, target, most, wanted.programs, wanted.corpus or f"{wanted.programs}/corpus", f"-runs={left}" if left else f"-max_total_time={wanted.seconds}")
        row["executions"] += result["executions"]
        by[wanted.sanitize] = by.get(wanted.sanitize, 0) + result["executions"]
        row["seconds"] = round(row["seconds"] + result["seconds"], 1)
        row["findings"] += result["finding"]
        row["corpus"], row["peak_mib"] = result["corpus"], result["peak_mib"]
        found += result["finding"]
        rate = result["executions"] / max(result["seconds"], 0.1)
        print(f"{target:24} {result['executions']:>11,} executions, {row['executions']:>11,} in all, {rate:>9,.0f} a second, "
              f"{result['corpus']:>5} inputs, {'FINDING' if result['finding'] else 'nothing found'}", flush=True)
        rows = figures["targets"].values()
        figures["executions"] = sum(row["executions"] for row in rows)
        figures["least_executions"] = min(row["executions"] for row in rows)
        figures["findings"] = sum(row["findings"] for row in rows)
        with open(wanted.json, "w", encoding="utf-8") as file:
            json.dump(figures, file, indent=1, sort_keys=True)
            file.write("\n")
    print(f"{len(figures['targets'])} targets, {figures.get('executions', 0):,} executions in all, at least {figures.get('least_executions', 0):,} each, "
          f"{figures.get('findings', 0)} findings in all")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
