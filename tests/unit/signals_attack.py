#!/usr/bin/python3
# SPDX-License-Identifier: EUPL-1.2
"""The attacker once more, in another language and with another solver (HiGHS): reads histories of publications, one JSON object a line, and
looks for a nation's quantity with every pair of insiders, or so many as --coalitions says. Twice: from the figures alone, where the range must
reach PERCENT to both sides; and knowing the rule by which figures were let out, where it must not lie within PERCENT on both sides.
Ends with 0 where nothing was found, 3 where something was."""
import argparse
import itertools
import json
import random
import sys

import numpy
from scipy.optimize import linprog

CLOSE = 1e-6


class Attack:
    def __init__(self, line):
        told = json.loads(line)
        self.half = told["base"] // 2
        self.nations = told["nations"]
        self.public = {n for n in range(self.nations) if told["public"] >> n & 1}
        self.unknowns = told["unknowns"]
        self.figures = told["figures"]

    def row(self, figure, nation=None):
        row = numpy.zeros(len(self.unknowns))
        for term in self.figures[figure]["terms"]:
            if nation is None or self.unknowns[term][0] == nation:
                row[term] += 1
        return row

    def truth(self, row):
        return float(sum(r * u[2] for r, u in zip(row, self.unknowns)))

    def figures_told(self):
        above, below = [], []
        for at, figure in enumerate(self.figures):
            row = self.row(at)
            above += [row, -row]
            below += [figure["shown"] + self.half, -(figure["shown"] - self.half)]
        return above, below

    def sums_unchanged(self):
        rows = []
        for left, right in itertools.combinations(range(len(self.figures)), 2):
            if self.figures[left]["cell"] != self.figures[right]["cell"]:
                continue
            for nation in range(self.nations):
                a, b = self.row(left, nation), self.row(right, nation)
                if self.truth(a) == self.truth(b) and (a != b).any():
                    rows.append(a - b)
        return rows

    def rule_told(self, percent):
        """A figure was let out: whoever is the target, and whichever two others join forces, the rest was enough."""
        above = []
        for at in range(len(self.figures)):
            members = [n for n in range(self.nations) if n not in self.public and self.row(at, n).any()]
            everything = sum(self.row(at, n) for n in members)
            for target in members:
                for pair in itertools.combinations([n for n in members if n != target], 2):
                    rest = everything - self.row(at, target) - self.row(at, pair[0]) - self.row(at, pair[1])
                    above.append(percent / 100 * self.row(at, target) - rest)
        return above

    def search(self, coalition, percent, knows_rule):
        known = self.public | set(coalition)
        above, below = self.figures_told()
        if knows_rule:
            told = self.rule_told(percent)
            above, below = above + told, below + [0] * len(told)
        equal = self.sums_unchanged()
        bounds = [(u[2], u[2]) if u[0] in known else (1, None) for u in self.unknowns]
        for at in range(len(self.figures)):
            for nation in range(self.nations):
                row = self.row(at, nation)
                if nation in known or not row.any():
                    continue
                ends = []
                for sign in (1, -1):
                    answer = linprog(sign * row, A_ub=numpy.array(above), b_ub=numpy.array(below), A_eq=numpy.array(equal) if equal else None,
                                     b_eq=numpy.zeros(len(equal)) if equal else None, bounds=bounds, method="highs")
                    if answer.status == 2 and knows_rule:
                        yield at, nation, [0, 0], 0  # no world keeps the rule: it was not kept
                        return
                    if answer.status not in (0, 3):
                        sys.exit(f"the program has no answer: {answer.message}")
                    ends.append(sign * answer.fun if answer.status == 0 else sign * -numpy.inf)
                truth = self.truth(row)
                reach = truth * percent / 100
                from_below = ends[0] > max(truth - reach, row.sum()) + CLOSE
                from_above = ends[1] < truth + reach - CLOSE
                if (from_below and from_above) if knows_rule else (from_below or from_above):
                    yield at, nation, ends, truth


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("--percent", type=int, default=20)
    parser.add_argument("--coalitions", type=int, default=3)
    options = parser.parse_args()
    chance = random.Random(1)
    histories = found = programs = 0
    with open(options.file, encoding="ascii") as lines:
        for line in lines:
            attack = Attack(line)
            histories += 1
            pairs = list(itertools.combinations(range(attack.nations), 2))
            for pair in chance.sample(pairs, min(options.coalitions, len(pairs))):
                for knows_rule in (False, True):
                    programs += 1
                    for figure, nation, ends, truth in attack.search(pair, options.percent, knows_rule):
                        found += 1
                        if found == 1:
                            print(f"history {histories}: nation {nation} of figure {figure} lies in {ends[0]:.1f} to {ends[1]:.1f}, is {truth:.1f}; "
                                  f"coalition {pair}, rule {'known' if knows_rule else 'not used'}")
    print(f"{histories} histories, {programs} searches, {found} found")
    return 3 if found else 0


if __name__ == "__main__":
    sys.exit(main())
