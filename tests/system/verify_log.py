#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Verifies heads and proofs of the log with nothing of Muster.

    verify_log.py head HEAD VKEY                      a signed head (c2sp.org/tlog-checkpoint, signed-note)
    verify_log.py consistency OLD NEW PROOF VKEY      that OLD is the beginning of NEW; PROOF: base64 hashes, a line each
    verify_log.py vectors FILE                        published vectors of inclusion and consistency proofs

Written from RFC 9162 section 2.1 and the C2SP specifications alone, on the signature and note of verify_receipt.py, with Python's
standard library. Exits 0 where all holds; else says why not and exits 1.
"""

import base64
import hashlib
import json
import sys

from verify_receipt import Refused, base64_exact, demand, open_note, parse_vkey, root_of


def node(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def consistency(old_size, new_size, old_root, new_root, proof):
    """RFC 9162, 2.1.4.2; an old size of 0 proves nothing and is refused."""
    demand(0 < old_size <= new_size, "sizes")
    if old_size == new_size:
        demand(not proof and old_root == new_root, "two roots of one size")
        return
    if old_size & (old_size - 1) == 0:
        proof = [old_root] + proof
    demand(proof, "a proof that is too short")
    at, last = old_size - 1, new_size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = proof[0]
    for other in proof[1:]:
        demand(last > 0, "a proof that is too long")
        if at & 1 or at == last:
            old, new = node(other, old), node(other, new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new = node(new, other)
        at, last = at >> 1, last >> 1
    demand(last == 0, "a proof that is too short")
    demand(old == old_root, "the older head is not its beginning")
    demand(new == new_root, "the newer head does not follow")


def read(path):
    with open(path, "rb") as file:
        return file.read()


def vector_holds(vector):
    """Whether one published proof holds; hashes are base64, a missing one is empty."""
    def hashed(name):
        return base64.b64decode(vector.get(name) or "")

    proof = [base64.b64decode(each) for each in vector.get("proof") or []]
    try:
        demand(all(len(each) == 32 for each in proof), "a hash of another length")
        if "leafHash" in vector:
            demand(len(hashed("leafHash")) == 32 and len(hashed("root")) == 32, "a hash of another length")
            demand(0 <= vector["leafIdx"] < vector["treeSize"], "an index outside the tree")
            return root_of(vector["leafIdx"], vector["treeSize"], hashed("leafHash"), proof) == hashed("root")
        demand(len(hashed("root1")) == 32 and len(hashed("root2")) == 32, "a hash of another length")
        consistency(vector["size1"], vector["size2"], hashed("root1"), hashed("root2"), proof)
        return True
    except Refused:
        return False


def check_vectors(path):
    count = 0
    for group in json.loads(read(path)).values():
        for vector in group if isinstance(group, list) else []:
            wanted = not vector["wantErr"]
            demand(vector_holds(vector) == wanted or lenient(vector), "vector " + str(vector.get("name")))
            count += 1
    demand(count > 100, "too few vectors")
    return f"{count} vectors agree"


def lenient(vector):
    """The one vector that RFC 9162's text takes and this log refuses: its roots are no hashes of 32 bytes."""
    return vector.get("name") == "consistency/additional/sizes-are-equal-one-and-proof-is-empty"


def run(words):
    if words[0] == "head":
        size, root = open_note(read(words[1]), parse_vkey(words[2]))
        return f"head {size} {root.hex()}"
    if words[0] == "consistency":
        key = parse_vkey(words[4])
        old, new = (open_note(read(path), key) for path in words[1:3])
        consistency(old[0], new[0], old[1], new[1], [base64_exact(line, 32) for line in read(words[3]).splitlines()])
        return f"head {old[0]} is the beginning of head {new[0]}"
    demand(words[0] == "vectors", "a command")
    return check_vectors(words[1])


def main():
    try:
        print(run(sys.argv[1:]))
    except (Refused, IndexError, KeyError, ValueError) as problem:
        print("does not hold:", problem)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
