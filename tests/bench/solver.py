# SPDX-License-Identifier: EUPL-1.2
"""Exact solvers for the model that `muster plan --export-lp` writes: native HiGHS through scipy, and CBC where it is installed."""

import re
import subprocess
import time

try:
    import numpy
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import coo_matrix
except ImportError:
    milp = None


def read(path):
    """(objective by name, rows [(terms, sense, right side)], binaries) of a file in the LP format as muster writes it."""
    objective, rows, binaries, section, terms = {}, [], set(), "", {}
    for raw in open(path, encoding="utf-8"):
        line = raw.strip()
        if not line or line.startswith("\\"):
            continue
        if line in ("Maximize", "Subject To", "Bounds", "Generals", "Binaries", "End"):
            section = line
            continue
        if section == "Binaries":
            binaries.add(line)
        elif section in ("Maximize", "Subject To"):
            if ":" in line:
                line = line.split(":", 1)[1].strip()
                terms = objective if section == "Maximize" else {}
            for sign, number, name in re.findall(r"([+-]?)\s*(?:(\d+(?:\.\d+)?)\s+)?([A-Za-z]\w*)", line):
                terms[name] = terms.get(name, 0.0) + float(number or 1) * (-1 if sign == "-" else 1)
            end = re.search(r"(<=|>=|=)\s*(-?\d+(?:\.\d+)?)\s*$", line)
            if end and section == "Subject To":
                rows.append((terms, end.group(1), float(end.group(2))))
    return objective, rows, binaries


def highs(path, limit):
    """Optimum, bound and seconds of HiGHS, one thread, relative gap 1e-6, quantities continuous (easier for it); None without scipy."""
    if milp is None:
        return None
    objective, rows, binaries = read(path)
    names = sorted(set(objective).union(*(terms for terms, _, _ in rows)) | binaries)
    column = {name: n for n, name in enumerate(names)}
    scale = max([1.0] + [abs(c) / 1e6 for c in objective.values()])
    cost = numpy.zeros(len(names))
    for name, value in objective.items():
        cost[column[name]] = -value / scale
    at, of, value, low, high = [], [], [], [], []
    for number, (terms, sense, right) in enumerate(rows):
        size = max([1.0] + [abs(c) / 1e6 for c in terms.values()])
        for name, factor in terms.items():
            at.append(number)
            of.append(column[name])
            value.append(factor / size)
        low.append(-numpy.inf if sense == "<=" else right / size)
        high.append(numpy.inf if sense == ">=" else right / size)
    matrix = coo_matrix((value, (at, of)), shape=(len(rows), len(names))).tocsr()
    whole = numpy.array([name in binaries for name in names], dtype=int)
    top = numpy.where(whole == 1, 1.0, numpy.inf)
    if "b0" in column:
        top[column["b0"]] = 1.0
    began = time.perf_counter()
    result = milp(cost, constraints=LinearConstraint(matrix, low, high), integrality=whole,
                  bounds=Bounds(numpy.zeros(len(names)), top), options={"time_limit": limit, "mip_rel_gap": 1e-6})
    seconds = time.perf_counter() - began
    bound = getattr(result, "mip_dual_bound", None)
    return {"objective": None if result.fun is None else -result.fun * scale, "bound": None if bound is None else -bound * scale,
            "seconds": seconds, "closed": result.status == 0}


def cbc(path, limit):
    """The same of CBC, whole process; None where it is not installed."""
    began = time.perf_counter()
    try:
        run = subprocess.run(["cbc", path, "-sec", str(limit), "-ratio", "1e-6", "-threads", "1", "-solve", "-quit"],
                             capture_output=True, text=True, timeout=limit + 60)
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return None
    seconds = time.perf_counter() - began
    found = re.search(r"Objective value:\s+(-?[0-9.eE+]+)", run.stdout)
    return {"objective": abs(float(found.group(1))) if found else None, "seconds": seconds, "closed": "Optimal solution found" in run.stdout}
