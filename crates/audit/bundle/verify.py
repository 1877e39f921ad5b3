#!/usr/bin/env python3
"""Checks an audit bundle with Python's standard library alone. README.md says what and why.

    python3 verify.py [FOLDER] [KEY or CHECKPOINT FILE ...]

FOLDER is the unpacked bundle (this one, if left out). A KEY is what the log's key page shows; without one, the
bundle's first key is taken. A CHECKPOINT FILE has a signed checkpoint that you kept. Exit status: 0 good, 1 not.
"""
import base64, datetime, hashlib, hmac, json, os, sys
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D, I, found = -121665 * pow(121666, -1, P) % P, pow(2, (P - 1) // 4, P), []
def wrong(code, text): found.append(code); print(f"{code}: {text}")
def sha(*parts): return hashlib.sha256(b"".join(parts)).digest()
def point(raw):                                                              # RFC 8032, section 5.1.3
    y, sign = int.from_bytes(raw, "little") % 2**255, raw[31] >> 7
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P); x = x if (x * x - square) % P == 0 else x * I % P
    if y >= P or (x * x - square) % P or (x == 0 and sign): raise ValueError("no point")
    x = x if x & 1 == sign else P - x
    return x, y, 1, x * y % P
def add(p, q):                                                               # section 5.1.4
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P
def times(n, p):
    q = (0, 1, 1, 0)
    while n: q, p, n = (add(q, p) if n & 1 else q), add(p, p), n >> 1
    return q
B = point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
def ed25519(key, text, sig):                                                 # section 5.1.7
    try: r, a = point(sig[:32]), point(key)
    except (ValueError, IndexError): return False
    s = int.from_bytes(sig[32:], "little"); k = int.from_bytes(hashlib.sha512(sig[:32] + key + text).digest(), "little") % L
    p, q = times(s, B), add(r, times(k, a))
    return len(sig) == 64 and s < L and (p[0] * q[2] - q[0] * p[2]) % P == 0 == (p[1] * q[2] - q[1] * p[2]) % P
def signed(key, note):                                                       # c2sp.org/signed-note, first signature
    text, _, below = note.rpartition("\n\n"); name, _, raw = key.split("+", 2)
    dash, who, sig = below.split("\n")[0].split(" "); raw, sig = base64.b64decode(raw), base64.b64decode(sig)
    mine = dash == "\u2014" and who == name and sig[:4] == sha(name.encode(), b"\n", raw)[:4] and raw[0] == 1
    return mine and ed25519(raw[1:], (text + "\n").encode(), sig[4:])
def when(text): return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
def node(l, r): return sha(b"\1", l, r)                                      # RFC 6962, section 2.1
def climb(at, last, path, pair):                                             # RFC 9162, sections 2.1.3.2, 2.1.4.2
    was, now = pair
    for h in path:
        if last == 0: return None
        if at & 1 or at == last:
            was, now = node(h, was), node(h, now)
            while at and not at & 1: at, last = at >> 1, last >> 1
        else: now = node(now, h)
        at, last = at >> 1, last >> 1
    return (was, now) if last == 0 else None
def grew(old, old_root, size, root, path):
    if old == size or old == 0: return not path and (old_root == root if old else old_root == sha())
    at, last = old - 1, size - 1
    while at & 1: at, last = at >> 1, last >> 1
    path = path if old & (old - 1) else [old_root] + path
    return bool(path) and climb(at, last, path[1:], (path[0], path[0])) == (old_root, root)
def root_of(peaks):
    h = peaks[-1][1] if peaks else sha()
    for _, left in peaks[-2::-1]: h = node(left, h)
    return h
def main(folder, extra):
    def read(name):
        try: return open(os.path.join(folder, name), "rb").read()
        except OSError: return b""
    def notes(name): return [json.loads(line)["note"] for line in read(name).splitlines()]
    raw = read("manifest.json"); m = json.loads(raw); origin, created, whole = m["origin"], when(m["created"]), m["whole"]
    listed = {c["name"] for c in m["chunks"]} | {f["name"] for f in m["files"]} | {"manifest.json", "manifest.sig"}
    there = {os.path.relpath(os.path.join(d, f), folder).replace(os.sep, "/") for d, _, fs in os.walk(folder) for f in fs}
    for name in listed ^ there: wrong("file", f"{name} is missing or not listed")
    for f in m["files"]:
        if f["name"] in there and hashlib.sha256(read(f["name"])).hexdigest() != f["sha256"]: wrong("file", f["name"] + " was changed")
    keys, last = [], None                                                    # (key, from, until) that are trusted
    for at, text in enumerate(notes("keys.jsonl")):
        _, key, start, end = text.split("\n")[:4]; start, end = when(start[5:]), when(end[6:])
        if not signed(last or key, text): wrong("keys", key + " is not vouched for")
        if keys: keys[-1][2] = min(keys[-1][2], start)
        if keys or key in extra or (at == 0 and not any("+" in e for e in extra)): keys.append([key, start, end])
        last = key
    def good(note, at, what):
        who = [k for k in keys if signed(k[0], note)]
        if not who: wrong("unknown-key", what + " is signed by no trusted key, or was changed")
        elif not any(k[1] <= at < k[2] for k in who): wrong("expired-key", what + " is signed with a key out of its time")
    seal, expected = read("manifest.sig").decode(), f"bursar audit manifest v1\n{origin}\ncreated {m['created']}\n{sha(raw).hex()}\n"
    if not seal.startswith(expected + "\n\u2014 "): wrong("signature", "the manifest is not the one that was signed")
    else: good(seal, created, "the manifest")
    def head(note): o, s, r, t = note.split("\n")[:4]; return o, int(s), base64.b64decode(r), when(t[5:])
    heads, patience = [], datetime.timedelta(seconds=1.5 * m["cadence_seconds"])
    for note in notes("checkpoints.jsonl"):
        o, size, root, at = head(note); good(note, at, f"checkpoint {size}")
        if o != origin: wrong("other-log", f"checkpoint {size} is of {o}")
        if heads and (at <= heads[-1][2] or size < heads[-1][0]): wrong("checkpoint-order", size)
        if heads and size == heads[-1][0] and root != heads[-1][1]: wrong("fork", f"two roots for size {size}")
        if heads and at - heads[-1][2] > patience: wrong("cadence", f"silence before {at}")
        heads.append((size, root, at))
    if not heads: return wrong("no-checkpoint", "nothing is proved")
    size, root, at = heads[-1]
    if created - at > patience: wrong("cadence", f"silence after {at}")
    if len(heads) != m["checkpoints"] or size != m["size"]: wrong("count", "checkpoints or size")
    seen = [head(open(e, encoding="utf-8").read()) for e in extra if "+" not in e]
    for o, s, r, t in seen:
        if o != origin: wrong("other-log", o)
        elif s > size or t > at: wrong("older-head", f"size {s} of {t} was seen already")
        elif any(h[0] == s and h[1] != r for h in heads): wrong("fork", f"two roots for size {s}")
    if not whole:
        for (s, r, _), p in zip(heads, read("consistency.jsonl").splitlines()):
            if not grew(s, r, size, root, [bytes.fromhex(h) for h in json.loads(p)["path"]]): wrong("consistency", f"checkpoint {s}")
    secret, peaks, count, last = {}, [], 0, 0
    for line in read("personal.jsonl").splitlines(): d = json.loads(line); secret.setdefault(d["sequence"], []).append(d)
    gapless, missing, due = not {"actor", "action"} & set(m["filter"]), set(), list(heads)
    def compare():
        while due and due[0][0] <= count:
            if due.pop(0)[:2] != (count, root_of(peaks)): wrong("root", f"at {count} entries"); due.clear()
        for o, s, r, _ in seen:
            if s == count and r != root_of(peaks) and s not in {h[0] for h in heads}: wrong("fork", f"two roots for size {s}")
    for number, c in enumerate(m["chunks"]):
        lines, proofs = read(c["name"]).split(b"\n")[:-1], [] if whole else read(f"proofs/{number:06}.jsonl").splitlines()
        if len(lines) != c["entries"]: wrong("count", c["name"])
        for n, line in enumerate(lines):
            try: e = json.loads(line); seq, log = e["sequence"], e["log"]
            except (ValueError, KeyError): wrong("line", f"{c['name']} line {n + 1}"); e, seq, log = {}, last + 1, origin[7:]
            if log != origin[7:]: wrong("other-log", f"entry {seq} is of {log}")
            if seq <= last: wrong("swapped", f"entry {seq}"); missing.discard(seq)
            elif gapless and (whole or last): missing |= set(range(last + 1, seq)[:1000])
            last, leaf = max(last, seq), sha(b"\0", line)
            if whole:
                compare(); peaks.append((1, leaf)); count += 1
                while len(peaks) > 1 and peaks[-2][0] == peaks[-1][0]: (w, l), (_, r) = peaks[-2:]; peaks[-2:] = [(2 * w, node(l, r))]
                t, w = (seq - 1) // 256, min(256, size - (seq - 1) // 256 * 256)
                path = "".join(f"x{d:03}/" for d in [t // 1000000, t // 1000 % 1000][t < 1000000:] if t >= 1000) + f"{t % 1000:03}"
                kept = read(f"tile/0/{path}" + (f".p/{w}" if w < 256 else ""))[(seq - 1) % 256 * 32:][:32]
                if e and kept and kept != leaf: wrong("changed", f"entry {seq}")
            else:
                count += 1; p = json.loads(proofs[n]) if n < len(proofs) else {"index": -1, "path": []}
                climbed = p["index"] == seq - 1 < size and climb(seq - 1, size - 1, [bytes.fromhex(h) for h in p["path"]], (leaf, leaf))
                if not climbed or climbed[1] != root: wrong("proof", f"entry {seq}")
            for d in secret.pop(seq, []):
                proof = hmac.new(bytes.fromhex(d["key"]), d["value"].encode(), "sha256").hexdigest()
                if {"person": d["person"], "commitment": proof} not in e.get("personal", []): wrong("personal", f"entry {seq}")
    for seq in missing: wrong("missing", f"entry {seq}")
    for seq in secret: wrong("personal", f"entry {seq} is not here")
    if count != m["entries"]: wrong("count", f"{count} entries, {m['entries']} said")
    if whole:
        compare()
        if count > size: wrong("unsigned", f"after {size}")
        if last < size: wrong("dropped", f"{last + 1} to {size}")
        if due: wrong("root", f"checkpoint {due[0][0]}")
    print(f"{origin}: {count} entries, log size {size} at {at}; keys: {', '.join(k[0] for k in keys)}")
if __name__ == "__main__":
    given = sys.argv[1:]; here = given.pop(0) if given and os.path.isdir(given[0]) else os.path.dirname(os.path.abspath(__file__))
    try: main(here, given)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error: wrong("damaged", f"something does not read: {error}")
    print("NOT GOOD" if found else "GOOD"); sys.exit(bool(found))
