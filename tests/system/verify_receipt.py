#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Verifies a receipt with nothing of Muster: verify_receipt.py RECEIPT ENVELOPE VKEY

Written from the specifications alone (c2sp.org/tlog-proof, tlog-checkpoint and signed-note, RFC 9162, RFC 8032, the
protobuf wire format, and the project's description of an entry), with Python's standard library. Prints the entry and
exits 0 where it holds; else says why not and exits 1.
"""

import base64
import hashlib
import sys

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
BASE_Y = 4 * pow(5, P - 2, P) % P


class Refused(Exception):
    pass


def demand(condition, why):
    if not condition:
        raise Refused(why)


def recover_x(y, sign):
    if y >= P:
        return None
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - x2) % P or (x == 0 and sign):
        return None
    return P - x if x & 1 != sign else x


def add(a, b):
    A = (a[1] - a[0]) * (b[1] - b[0]) % P
    B = (a[1] + a[0]) * (b[1] + b[0]) % P
    C = 2 * a[3] * b[3] * D % P
    E, F, G, H = B - A, 2 * a[2] * b[2] - C, 2 * a[2] * b[2] + C, B + A
    return (E * F % P, G * H % P, F * G % P, E * H % P)


def multiply(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def decode_point(text):
    y = int.from_bytes(text, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    x = recover_x(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


def ed25519_holds(key, message, signature):
    base = (recover_x(BASE_Y, 0), BASE_Y, 1, recover_x(BASE_Y, 0) * BASE_Y % P)
    public, commitment = decode_point(key), decode_point(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if public is None or commitment is None or scalar >= L:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    left, right = multiply(scalar, base), add(commitment, multiply(challenge, public))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


def base64_exact(text, length=None):
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise Refused("base64") from None
    demand(base64.b64encode(data) == text, "base64 in another than its one form")
    demand(length is None or len(data) == length, "a length")
    return data


def parse_vkey(text):
    name, key_id, key = text.strip().split("+", 2)
    typed = base64_exact(key.encode(), 33)
    demand(typed[0] == 1, "the key is not Ed25519")
    demand(hashlib.sha256(name.encode() + b"\n" + typed).digest()[:4].hex() == key_id, "the key id is not the key's")
    return name, bytes.fromhex(key_id), typed[1:]


def open_note(note, vkey):
    name, key_id, key = vkey
    text, _, signatures = note.rpartition(b"\n\n")
    text += b"\n"
    demand(signatures.endswith(b"\n"), "a signature line without its end")
    mine = []
    for line in signatures[:-1].split(b"\n"):
        demand(line.startswith("\u2014 ".encode()), "a signature line")
        signer, payload = line[4:].split(b" ")
        payload = base64_exact(payload)
        if signer == name.encode() and payload[:4] == key_id:
            mine.append(payload[4:])
    demand(len(mine) == 1 and len(mine[0]) == 64, "not one signature by the log's key")
    demand(ed25519_holds(key, text, mine[0]), "the head's signature does not hold")
    lines = text.split(b"\n")
    demand(len(lines) == 4 and lines[0] == name.encode() and lines[3] == b"", "a checkpoint")
    demand(lines[1] == b"%d" % int(lines[1]), "a size")
    return int(lines[1]), base64_exact(lines[2], 32)


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def fields(data):
    """Field number -> value of a flat protobuf message of varints and byte strings."""
    found, at = {}, 0
    while at < len(data):
        tag, at = varint(data, at)
        value, at = varint(data, at)
        if tag & 7 == 2:
            value, at = data[at:at + value], at + value
        else:
            demand(tag & 7 == 0, "a wire type")
        found.setdefault(tag >> 3, value)
    return found


def root_of(index, size, leaf, proof):
    """RFC 9162, 2.1.3.2."""
    at, last, node = index, size - 1, leaf
    for other in proof:
        demand(last > 0, "a proof that is too long")
        if at & 1 or at == last:
            node = hashlib.sha256(b"\1" + other + node).digest()
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            node = hashlib.sha256(b"\1" + node + other).digest()
        at, last = at >> 1, last >> 1
    demand(last == 0, "a proof that is too short")
    return node


def verify(receipt, envelope, vkey):
    head, _, note = receipt.partition(b"\n\n")
    lines = head.split(b"\n")
    demand(lines[0] == b"c2sp.org/tlog-proof@v1" and lines[1].startswith(b"extra ") and lines[2].startswith(b"index "), "a receipt")
    extra = base64_exact(lines[1][6:])
    nonce, body = extra[:32], extra[32:]
    index = int(lines[2][6:])
    proof = [base64_exact(line, 32) for line in lines[3:]]
    size, root = open_note(note, parse_vkey(vkey))
    demand(index < size, "an index outside the log")
    entry = fields(body)
    commit = hashlib.sha256(b"muster/commit/v1\n" + nonce + body).hexdigest()
    data = b"muster/entry/v1\n%s\n%d\n%s\n" % (entry[1], index, commit.encode())
    leaf = hashlib.sha256(b"\0" + data).digest()
    demand(root_of(index, size, leaf, proof) == root, "the entry is not in the log that the head signs")
    demand(hashlib.sha256(envelope).digest() == entry[5], "another submission")
    submission = fields(envelope[64:])
    demand(submission[5] == entry[3] and submission[4] == entry[4], "another party or id")
    return index, entry


def main():
    try:
        receipt, envelope = (open(path, "rb").read() for path in sys.argv[1:3])
        index, entry = verify(receipt, envelope, sys.argv[3])
    except (Refused, IndexError, KeyError, ValueError) as problem:
        print("does not hold:", problem)
        return 1
    print(f"entry {index}: {entry[1].decode()} of {entry[3].decode()} at {entry[2]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
