#!/usr/bin/env python3
"""A second verifier of evidence bundles (petition-evidence/v1), for Python 3.8 and up.

    python3 verify.py bundle.zip --policy policy.txt [--update next.txt]... [--older note.txt]...

The bundle may be a receipt. An update is a policy that roots of the one before have
signed; the last is believed. It prints a line of JSON; its exit code is 0 for OK, 10 for
OK_UNWITNESSED, 3 if the bundle does not hold, 2 for a wrong command line or policy, 1 if
a file cannot be read.

It is one file, so that it can be carried to a machine on its own; a policy that pins a
time-stamp authority, or has other keys than Ed25519, wants crypto.py beside it. It is
written from the specifications (RFC 9162 2.1.3.2 and 2.1.4.2, RFC 8032 5.1.7, C2SP
signed-note, tlog-checkpoint, tlog-cosignature, tlog-proof, and README.txt of the bundle)
and shares no code with the Go verifier; only the order in which it looks for what is
wrong is the same, so that the verdicts can be compared.
"""
import argparse, base64, hashlib, json, re, struct, sys, time, zlib

ORDER = ["OK", "OK_UNWITNESSED", "UNSEALED", "STALE", "INCOMPLETE", "TIME_VIOLATION", "ERASED_UNAUTHORISED", "MALFORMED", "WRONG_ORIGIN", "UNKNOWN_KEY",
         "KEY_OUT_OF_RANGE", "QUORUM_NOT_MET", "BAD_SIGNATURE", "BAD_PROOF", "TAMPERED_INSERTED", "TAMPERED_ORDER", "TAMPERED_CONTENT", "ROLLED_BACK", "FORK"]
MAX_SIZE, MAX_NOTE, MAX_RECORD, MAX_FILES, MAX_FILE, MAX_TOTAL = 1 << 48, 64 << 10, (1 << 20) - (1 << 14), 10000, 64 << 20, 1 << 30
NAME = re.compile(r"(checkpoint|heads/(leaf\.(bin|data|meta|tlog-proof)|map-proof\.json)|keys/disclosed\.json|manifest\.json|policy\.txt|README\.txt|"
                  r"events/[0-9]{6}\.(leaf|data|meta|tlog-proof)|sm3/(checkpoint|[0-9]{6}\.txt)|time/[1-9][0-9]{0,18}\.(leaf|data|meta|tlog-proof|tsr)|"
                  r"consistency/([1-9][0-9]{0,18})-([1-9][0-9]{0,18})\.txt)")
RECEIPT = b"petition-receipt/v1\n"
HASH = re.compile("[0-9a-f]{64}")
KINDS = ["ed25519", "ml-dsa-44", "sm2"]  # of log keys
TAGS = {"ed25519": b"\1", "witness": b"\4", "ml-dsa-44": b"\6", "sm2": b"\xff\x1fpetition-ledger/sm2-with-sm3/v1"}
SIZES = {"ed25519": 32, "witness": 32, "ml-dsa-44": 1312, "sm2": 65}
FILTER = "5adf65187b4a084a3b4d60b6ca0897495abc413a991e6b7171300eaed7ba0402"  # what the ledger keeps: the only one that there is
SPACES = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"


class Bad(Exception):
    """What a check found wrong; its argument is the verdict."""


def primitives():
    """Returns crypto.py, which lies beside this file. Policies that pin no authority and have only Ed25519 keys need it not."""
    sys.dont_write_bytecode = True
    import crypto
    return crypto


def need(condition, verdict="MALFORMED"):
    if not condition:
        raise Bad(verdict)


sha256 = lambda *parts: hashlib.sha256(b"".join(parts)).digest()
leaf_hash = lambda leaf: sha256(b"\0", leaf)
node_hash = lambda left, right: sha256(b"\1", left, right)

# ---- RFC 8032: Ed25519 verification --------------------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def point(encoded):
    """Decodes a point to extended coordinates (RFC 8032 5.1.3)."""
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, (y & ((1 << 255) - 1)) % P
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P == -u % P:
        x = x * ROOT % P
    if v * x * x % P != u:
        return None
    x = P - x if x & 1 != sign else x
    return x % P, y, 1, x * y % P


def add(a, b):
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    c, d = 2 * D * a[3] * b[3] % P, 2 * a[2] * b[2] % P
    e, f, g, h = f - e, d - c, d + c, f + e
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(n, a):
    result = (0, 1, 1, 0)
    while n:
        result, a, n = add(result, a) if n & 1 else result, add(a, a), n >> 1
    return result


BASE = point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def ed25519(key, message, signature):
    a, s = point(key), int.from_bytes(signature[32:], "little")
    if a is None or len(signature) != 64 or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    x, y, z, _ = add(times(s, BASE), times(k, (-a[0] % P, a[1], 1, -a[3] % P)))  # [s]B - [k]A must be R
    z = pow(z, P - 2, P)
    return (y * z % P | (x * z % P & 1) << 255).to_bytes(32, "little") == signature[:32]


# ---- RFC 9162: proofs ----------------------------------------------------------

def included(index, size, leaf, path, root, node_hash=node_hash):
    """RFC 9162 2.1.3.2"""
    if not 0 <= index < size:
        return False
    fn, sn, r = index, size - 1, leaf
    for p in path:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while not (fn & 1 or fn == 0):
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == root


def continues(first, second, path, first_root, second_root):
    """RFC 9162 2.1.4.2, for 0 < first < second"""
    if not path:
        return False
    if first & (first - 1) == 0:
        path = [first_root] + path
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            while not (fn & 1 or fn == 0):
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == first_root and sr == second_root


# ---- C2SP: keys, notes, checkpoints --------------------------------------------

def unbase64(text):
    need(len(text) % 4 == 0)  # some versions of Python let more padding pass
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise Bad("MALFORMED")


def split_note(file):
    """Returns the text of a policy, and whether lines that look like signatures follow it."""
    text, split, lines = file.rpartition(b"\n\n")
    if split and lines.endswith(b"\n") and all(line.startswith("\u2014 ".encode()) for line in lines[:-1].split(b"\n")):
        return text + b"\n", True
    return file, False


def opened(signed, keys):
    """Returns the text of a note and [(kind, first size, last size, time)] of those keys that have signed it."""
    try:
        whole = signed.decode("utf-8")
    except UnicodeDecodeError:
        raise Bad("MALFORMED")
    text, split, lines = whole.rpartition("\n\n")
    need(split and lines.endswith("\n") and not any(c < " " and c != "\n" for c in whole))
    text, found = text + "\n", {}
    for count, line in enumerate(lines[:-1].split("\n")):
        name, _, data = line[2:].partition(" ")
        need(line.startswith("\u2014 ") and name and data and "+" not in name and not any(c in SPACES for c in name))
        data = unbase64(data)
        need(len(data) >= 5 and count < 100)
        at, signature = (name, data[:4]), data[4:]
        if at not in keys or at in found:
            continue
        kind, key, first, last = keys[at]
        stamp, message = 0, text.encode()
        if kind == "witness":
            need(len(signature) == 72, "BAD_SIGNATURE")
            stamp, signature = int.from_bytes(signature[:8], "big"), signature[8:]
            message = b"cosignature/v1\ntime %d\n%s" % (stamp, message)
        need(signs(kind, key, name, message, signature), "BAD_SIGNATURE")
        found[at] = (kind, first, last, stamp)
    return text, list(found.values())


class Policy:
    def __init__(self, file):
        self.lines = {word: [] for word in ("version", "origin", "quorum", "filter", "roots", "logkey", "witness", "writer", "root", "tsaroot")}
        self.keys, self.writers, self.roots, publics = {}, [], {}, set()
        for line in split_note(file)[0].decode("utf-8", "surrogateescape").split("\n"):
            word, *args = line.split() or ["#"]
            if word.startswith("#"):
                continue
            if word in ("logkey", "witness", "writer", "root"):
                vkey, first, last = args if word != "root" else args + ["0", "-"]
                name, hashed, key = vkey.split("+", 2)
                publics.add(key[2:])
                key = base64.b64decode(key, validate=True)
                kind = "witness" if word == "witness" else next((k for k in KINDS if word == "logkey" and key.startswith(TAGS[k])), "ed25519")
                if sha256(name.encode(), b"\n", key)[:4].hex() != hashed or len(key) != len(TAGS[kind]) + SIZES[kind] or not key.startswith(TAGS[kind]):
                    raise ValueError("a key of the policy is wrong")
                key, first, last = key[len(TAGS[kind]):], int(first), MAX_SIZE if last == "-" else int(last)
                if not 0 <= first <= last <= MAX_SIZE:
                    raise ValueError("a range of the policy is wrong")
                if word == "writer":
                    self.writers.append((key, first, last))
                else:
                    (self.roots if word == "root" else self.keys)[name, bytes.fromhex(hashed)] = (kind, key, first, last)
                value = (vkey, first, last)
            elif word in self.lines:
                value, = args
                value = int(value) if word in ("version", "quorum", "roots") else bytes.fromhex(value) if word == "tsaroot" else value
            else:
                raise ValueError("a line of the policy is wrong")
            self.lines[word].append(value)
        line, count = self.lines, {word: len(values) for word, values in self.lines.items()}
        if any(count[word] != 1 for word in ("version", "origin", "quorum", "filter")) or max(count.values()) > 32 or len(file) > MAX_NOTE:
            raise ValueError("the policy lacks a line, or has too many")
        self.version, self.origin, self.quorum, self.tsaroots = line["version"][0], line["origin"][0], line["quorum"][0], set(line["tsaroot"])
        self.threshold = sum(line["roots"])
        if self.version < 1 or line["filter"] != [FILTER] or any(len(pin) != 32 for pin in self.tsaroots) or not 0 <= self.quorum <= count["witness"]:
            raise ValueError("a line of the policy is wrong")
        if count["roots"] != min(count["root"], 1) or not count["roots"] <= self.threshold <= count["root"]:
            raise ValueError("the roots of the policy are wrong")
        if len(publics) != sum(count[word] for word in ("logkey", "witness", "writer", "root")):
            raise ValueError("the policy has one key twice")
        if any(vkey.split("+")[0] != self.origin for vkey, _, _ in line["logkey"]) or all(kind != "ed25519" for kind, *_ in self.keys.values()):
            raise ValueError("the policy has no Ed25519 key, or one of another ledger")

    def succeed(self, file):
        """Returns the policy in a file if enough roots of this one have signed it, and it believes what this one does of the past."""
        later = Policy(file)
        need(later.origin == self.origin, "WRONG_ORIGIN")
        if later.lines == self.lines:
            return self
        need(self.roots, "UNKNOWN_KEY")
        need(len(opened(file, self.roots)[1] if split_note(file)[1] else []) >= self.threshold, "QUORUM_NOT_MET")
        need(later.version >= self.version, "ROLLED_BACK")
        need(later.version > self.version, "FORK")
        ranges = {vkey: (first, last) for vkey, first, last in later.lines["logkey"]}
        for vkey, first, last in self.lines["logkey"]:
            need(vkey in ranges and ranges[vkey][0] == first and ranges[vkey][1] <= last, "KEY_OUT_OF_RANGE")
        return later

    def signatures(self, signed):
        """Returns the text of a note and what is known of its known keys, of which there must be one."""
        text, found = opened(signed, self.keys)
        need(found, "UNKNOWN_KEY")
        return text, found

    def checkpoint(self, signed, tree_of=""):
        """Returns the size, the root and the times of the cosignatures of a checkpoint; that of the SM3 tree has a name of its own."""
        head, split, _ = signed.partition(b"\n\n")
        need(len(signed) <= MAX_NOTE and split)
        origin, size, root = tree(head + b"\n", 3)
        need(origin and size >= 1)
        need(origin == self.origin + tree_of, "WRONG_ORIGIN")
        text, found = self.signatures(signed)
        need(text.encode() == head + b"\n")
        self.signed(found, size, ["sm2"] if tree_of else KINDS)
        return size, root, sorted(stamp for kind, first, last, stamp in found if kind == "witness" and first <= size <= last and stamp <= 253402300799)

    def heads(self, signed):
        """Returns how many leaves a note of heads has looked at, how many streams there were, and its root."""
        need(len(signed) <= MAX_NOTE)
        text, found = self.signatures(signed)
        origin, streams, root = tree(text.encode(), 4)
        extension = re.fullmatch(r"size (0|[1-9][0-9]*)", text.split("\n")[3])
        need(extension)
        size = int(extension[1])
        need(1 <= streams <= size <= MAX_SIZE)
        need(origin == self.origin + "/heads", "WRONG_ORIGIN")
        self.signed(found, size)
        return size, streams, root

    def signed(self, found, size, kinds=KINDS):
        """The notary has signed with a key of each of the kinds that the policy lists for the size, of Ed25519 and of a single kind in any case."""
        for kind in kinds:
            if kind == kinds[0] or any(k == kind and first <= size <= last for k, _, first, last in self.keys.values()):
                logs = [first <= size <= last for k, first, last, _ in found if k == kind]
                need(logs, "UNKNOWN_KEY")
                need(any(logs), "KEY_OUT_OF_RANGE")


def signs(kind, key, name, message, signature):
    """Reports whether a key of that kind has signed a text, or what a witness signs of it."""
    if kind in ("ed25519", "witness"):
        return ed25519(key, message, signature)
    if kind == "sm2":
        return primitives().sm2(key, message, signature)
    # C2SP tlog-cosignature, of the whole tree; what follows the first three lines is the context
    m = re.fullmatch(rb"([^\n]{1,255})\n(0|[1-9][0-9]*)\n([^\n]{44})\n(.*)", message, re.DOTALL)
    if not m or len(signature) < 8 or int(m[2]) >> 63 or base64.b64encode(unbase64(m[3])) != m[3]:
        return False
    text = b"subtree/v1\n\0" + bytes([len(name.encode())]) + name.encode() + signature[:8] + bytes([len(m[1])]) + m[1]
    return primitives().mldsa44(key, text + struct.pack(">QQ", 0, int(m[2])) + unbase64(m[3]), signature[8:], m[4])


def tree(text, lines):
    """Reads the first three of so many lines: origin, size, root."""
    parts = text.decode("utf-8").split("\n")
    need(not any(c < " " or "\x7f" <= c <= "\x9f" for c in parts[0]))
    need(len(parts) == lines + 1 and parts[-1] == "" and re.fullmatch("0|[1-9][0-9]{0,14}", parts[1]))
    root = unbase64(parts[2])
    need(len(root) == 32 and base64.b64encode(root).decode() == parts[2] and int(parts[1]) <= MAX_SIZE)
    return parts[0], int(parts[1]), root


# ---- the archive ---------------------------------------------------------------

def archive(path):
    """Returns the files of the bundle: stored, in order, one behind the other, nothing else."""
    with open(path, "rb") as f:
        size = f.seek(0, 2)
        need(22 <= size <= MAX_TOTAL + (4 << 20))
        f.seek(size - 22)
        end = f.read()
        count, length = struct.unpack_from("<HI", end, 10)
        start = size - 22 - length
        need(count <= MAX_FILES and start >= 0 and length <= count * 150)
        need(end == struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, count, count, length, start, 0))
        f.seek(start)
        directory, files, at, total, last = f.read(length), {}, 0, 0, ""
        f.seek(0)
        for _ in range(count):
            need(len(directory) >= 46)
            crc, size, _, n = struct.unpack_from("<IIIH", directory, 16)
            name = directory[46:46 + n].decode("latin-1")
            common = struct.pack("<HHHHHIIIHH", 20, 0, 0, 0, 33, crc, size, size, n, 0)
            central = struct.pack("<IH", 0x02014B50, 20) + common + bytes(10) + struct.pack("<I", at) + name.encode("latin-1")
            need(directory.startswith(central) and NAME.fullmatch(name) and name > last)
            total, directory, last = total + size, directory[len(central):], name
            need(size <= MAX_FILE and total <= MAX_TOTAL)
            need(f.read(30 + n) == struct.pack("<I", 0x04034B50) + common + name.encode())
            content = f.read(size)
            need(len(content) == size and zlib.crc32(content) == crc)
            files[name], at = content, at + 30 + n + size
        need(at == start and not directory)
    return files


def strict_json(text, fields):
    """Decodes an object, in whatever form: with exactly those fields, if any are named."""
    def unique(pairs):
        need(len(dict(pairs)) == len(pairs))
        return dict(pairs)
    value = json.loads(text.decode("utf-8"), object_pairs_hook=unique, parse_constant=lambda _: need(False))
    json.dumps(value, ensure_ascii=False).encode()  # which half a surrogate pair, and no more, is refused by
    need(isinstance(value, dict) and (fields is None or list(value) == fields))
    return value


def loose_json(text):
    """Decodes an object with whatever fields; one of none if it is no such thing."""
    try:
        return strict_json(text, None)
    except (Bad, ValueError, RecursionError):
        return {}


def number(x):
    return type(x) is int and -1 << 63 <= x < 1 << 63


def manifest(files):
    text = files.get("manifest.json", b"")
    m = strict_json(text, ["format", "origin", "stream", "size", "files"])
    need((json.dumps(m, indent=2, ensure_ascii=False) + "\n").encode() == text and m["format"] == "petition-evidence/v1" and number(m["size"]))
    want = {name: {"size": len(b), "sha256": hashlib.sha256(b).hexdigest()} for name, b in sorted(files.items()) if name != "manifest.json"}
    need(m["files"] == want and list(m["files"]) == list(want) and all(list(f) == ["size", "sha256"] and number(f["size"]) for f in m["files"].values()))
    need(category_of(m["stream"]) is not None)
    return m


def category_of(stream):
    """Returns the category of a stream: that before its UUID, or all of a name of the store's own; None if it is no stream."""
    m = re.fullmatch("(.+)-([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})", stream, re.DOTALL)
    if m and m[2].strip("0-"):
        return m[1]
    return stream if stream.startswith("$") else None


# ---- the bundle ----------------------------------------------------------------

class Check:
    def __init__(self, options):
        self.o, self.verdicts, self.events, self.size = options, [], 0, 0
        self.keys, self.petitioner, self.committed, self.authorised = None, None, {}, set()

    def attempt(self, step, *args):
        """Runs a step; returns None if it found something wrong."""
        try:
            return step(*args)
        except Bad as bad:
            self.verdicts.append(bad.args[0])
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError, struct.error):
            self.verdicts.append("MALFORMED")

    def file(self, name, most=MAX_FILE):
        need(name in self.files and len(self.files[name]) <= most)
        return self.files[name]

    def succeeded(self):
        for path in self.o.update:
            with open(path, "rb") as f:
                self.o.policy = self.o.policy.succeed(f.read(MAX_NOTE + 1))

    def read_checkpoint(self):
        self.size, self.root, self.stamps = self.o.policy.checkpoint(self.note)
        quorum = self.o.policy.quorum
        self.seen = self.stamps[quorum - 1] if 0 < quorum <= len(self.stamps) else None
        if self.seen is None:
            self.verdicts.append("OK_UNWITNESSED")

    def receipt(self, text):
        """One entry was there when the checkpoint was signed."""
        leaf, _, inclusion = text[len(RECEIPT):].partition(b"\n")
        decoded = unbase64(leaf)
        need(base64.b64encode(decoded) == leaf)
        self.succeeded()
        self.note, self.anchors, self.files = held(text), [], {"receipt.leaf": decoded, "receipt.tlog-proof": inclusion}
        self.read_checkpoint()
        e = self.event("receipt", ".leaf", content=False)
        self.events = 1
        self.recorded(e)

    def bundle(self):
        self.succeeded()
        self.files = archive(self.o.bundle)
        m = manifest(self.files)
        self.note = self.file("checkpoint", MAX_NOTE)
        self.read_checkpoint()
        need(m["origin"] == self.o.policy.origin and m["size"] == self.size)
        for name in self.files:
            if name.startswith(("events/", "time/")):
                need(all(name.split(".")[0] + suffix in self.files for suffix in (".leaf", ".data", ".meta", ".tlog-proof")))
            if name.startswith("time/"):
                need(name.split(".")[0] + ".tsr" in self.files)
            if name.startswith("sm3/") and name != "sm3/checkpoint":
                need("events" + name[3:-4] + ".leaf" in self.files)
            if name.startswith("consistency/"):
                first, last = map(int, NAME.fullmatch(name).groups()[-2:])
                need(first < last == self.size)
        self.keys = self.attempt(self.disclosed) if "keys/disclosed.json" in self.files else None
        self.anchors = []
        for name in sorted(self.files) if self.o.policy.tsaroots else []:
            if name.startswith("time/") and name.endswith(".tsr"):
                self.anchors += filter(None, [self.attempt(self.anchor, name[:-4])])
        history, self.proven, previous, expected = [], [], None, 1
        for name in sorted(self.files):
            if name.startswith("events/") and name.endswith(".leaf"):
                self.events += 1
                e = self.attempt(self.event, name[:-5], ".leaf", m["stream"])
                if e:
                    self.attempt(self.follows, e, previous, expected)
                    self.attempt(self.recorded, e)
                    self.attempt(self.sealed, name[:-5], e)
                    self.noted(e, name[:-5])
                    history.append(e)
                    self.proven.append((name[:-5], e))
                previous, expected = e, (e["version"] if e else expected) + 1
        if "sm3/checkpoint" in self.files and any(kind == "sm2" for kind, *_ in self.o.policy.keys.values()):
            self.attempt(self.sm3)
        if len(history) == self.events:
            for key in self.keys or []:
                self.attempt(self.judged, key)
        self.attempt(self.heads, history)
        for path in self.o.older:
            with open(path, "rb") as f:
                self.attempt(self.older, f.read(MAX_NOTE + 1))

    def event(self, name, suffix, stream=None, content=True):
        """Checks an event by itself: its leaf, what the leaf commits to if that is there, and that it is in the tree."""
        leaf, inclusion = self.file(name + suffix, 512 + 3 * 65536), self.file(name + ".tlog-proof", MAX_NOTE + 4096)
        need(leaf.startswith(b"petition-ledger/leaf/v1\0") and len(leaf) > 81)
        kind, index, _, _, revision, recorded = struct.unpack_from(">BQQQQq", leaf, 24)
        at, names = 24 + 41 + 16, []
        for _ in range(3):
            n, = struct.unpack_from(">H", leaf, at)
            names.append(leaf[at + 2:at + 2 + n])
            at += 2 + n
        need(len(leaf) == at + 40 + 40 + 32 and index < (1 << 63) - 1 and revision < (1 << 63) - 1)
        own = names[0].decode("utf-8", "surrogateescape")
        category = category_of(own)
        need(category is not None and kind == (3 if category == "notary" else 2 if category.startswith("$") else 1))
        need(names[2] in (b"application/json", b"application/octet-stream"))
        for part, offset in ((".data", at), (".meta", at + 40)):
            length, digest = struct.unpack_from(">Q32s", leaf, offset)
            need(length < 1 << 63)
            if content:
                b = self.file(name + part)
                need(len(b) == length and sha256(b) == digest, "TAMPERED_CONTENT")
        head = b"c2sp.org/tlog-proof@v1\nindex %d\n" % index
        need(inclusion.startswith(head) and inclusion.endswith(b"\n" + self.note))
        path = [unbase64(line) for line in inclusion[len(head):-len(self.note) - 1].split(b"\n")[:-1]]
        need(len(path) <= 64 and all(len(h) == 32 for h in path))
        need(head + b"".join(base64.b64encode(h) + b"\n" for h in path) + b"\n" + self.note == inclusion)
        need(included(index, self.size, leaf_hash(leaf), path, self.root), "BAD_PROOF")
        need(stream is None or own == stream)
        return {"index": index, "version": revision + 1, "recorded": recorded, "prev": leaf[-32:], "hash": leaf_hash(leaf),
                "stream": own, "category": category, "type": names[1], "id": leaf[65:81], "name": names[0]}

    def follows(self, e, previous, expected):
        need(e["version"] <= expected, "INCOMPLETE")
        need(e["version"] == expected)
        if expected == 1 or previous:
            need(e["prev"] == (previous["hash"] if previous else bytes(32)), "TAMPERED_INSERTED")
        if previous:
            need(e["index"] > previous["index"], "TAMPERED_ORDER")
            need(e["recorded"] >= previous["recorded"], "TIME_VIOLATION")

    def anchor(self, name):
        """Returns the index of a NotaryAnchor, the size that was stamped, and the time."""
        e = self.event(name, ".leaf")
        need(e["category"] == "notary" and e["type"] == b"NotaryAnchor")
        data = strict_json(self.file(name + ".data", MAX_RECORD), None)
        need(set(data) <= {"note", "token", "chain"} and isinstance(data.get("chain"), (list, type(None))))
        token, chain = unbase64(data["token"]), [unbase64(c or "") for c in data.get("chain") or []]
        need(len(chain) <= 8)
        note = data["note"].encode()
        size, root, _ = self.o.policy.checkpoint(note)
        try:
            stamp = primitives().timestamp(token, sha256(note[:note.index(b"\n\n") + 1]), self.o.policy.tsaroots, chain)
        except primitives().Refused as refused:
            raise Bad(refused.args[0])
        need(size <= e["index"] and name == "time/%d" % size and self.file(name + ".tsr", MAX_NOTE) == token)
        need(continues(size, self.size, self.growth("consistency/%d-%d.txt" % (size, self.size)), root, self.root), "FORK")
        return e["index"], size, stamp

    def sm3(self):
        """The events are in the SM3 tree, too, that an SM2 key has signed."""
        size, root, _ = self.o.policy.checkpoint(self.file("sm3/checkpoint", MAX_NOTE), "/sm3")
        for name, e in self.proven:
            self.attempt(self.in_sm3, name, e, size, root)

    def in_sm3(self, name, e, size, root):
        path, sm3 = self.growth("sm3" + name[6:] + ".txt"), primitives().sm3
        need(len(path) <= 64)
        need(included(e["index"], size, sm3(b"\0" + self.files[name + ".leaf"]), path, root, lambda left, right: sm3(b"\1" + left + right)), "BAD_PROOF")

    def recorded(self, e):
        later = [stamp for _, size, stamp in self.anchors if size > e["index"]] + [self.seen] * (self.seen is not None)
        earlier = [stamp for index, _, stamp in self.anchors if index < e["index"]]
        need(not later or e["recorded"] <= (min(later) + self.o.skew) * 10**7, "TIME_VIOLATION")
        need(not earlier or e["recorded"] >= (max(earlier) - self.o.skew) * 10**7, "TIME_VIOLATION")

    def sealed(self, name, e):
        """A writer of the policy has signed the event, if it wants that: its meta ends with the signature of all else."""
        keys = [key for key, first, last in self.o.policy.writers if first <= e["index"] <= last]
        if not keys or e["category"].startswith("$"):
            return
        meta, data = self.file(name + ".meta", MAX_RECORD), self.file(name + ".data")
        need(meta[-99:-90] == b',"seal":"' and meta[-2:] == b'"}', "UNSEALED")
        try:
            seal = base64.b64decode(meta[-90:-2], validate=True)
        except ValueError:
            raise Bad("UNSEALED")
        need(base64.b64encode(seal) == meta[-90:-2], "UNSEALED")
        text = b"petition-ledger/seal/v1\0" + e["id"] + struct.pack(">Q", e["version"] - 1)
        text += b"".join(struct.pack(">H", len(s)) + s for s in (e["name"], e["type"]))
        text += sha256(data) + sha256(meta[:-99], b"}")
        need(any(ed25519(key, text, seal) for key in keys), "UNSEALED")

    def heads(self, history):
        """Nothing of the stream was left out, of what there was when the notary signed the heads."""
        e = self.event("heads/leaf", ".bin")
        self.attempt(self.recorded, e)
        self.attempt(self.sealed, "heads/leaf", e)
        need(e["category"] == "notary" and e["type"] == b"NotaryHeads")
        note = strict_json(self.file("heads/leaf.data", MAX_RECORD), ["note"])["note"]
        size, streams, root = self.o.policy.heads(note.encode())
        need(size <= e["index"])
        if len(history) == self.events:
            last = [h for h in history if h["index"] < size][-1:]
            need(last, "INCOMPLETE")
            text = self.file("heads/map-proof.json", 1 << 16)
            p = strict_json(text, ["place", "proof"])
            need(json.dumps(p, separators=(",", ":")).encode() == text and number(p["place"]) and 0 <= p["place"] < streams and len(p["proof"]) <= 64)
            path = [unbase64(h) for h in p["proof"]]
            need(all(len(h) == 32 and base64.b64encode(h).decode() == text for h, text in zip(path, p["proof"])))
            h = last[0]
            record = sha256(h["stream"].encode()) + struct.pack(">QQ", h["version"] - 1, h["index"]) + h["hash"]
            need(included(p["place"], streams, leaf_hash(record), path, root), "INCOMPLETE")
        need(not self.o.stale_after or self.o.now - e["recorded"] / 10**7 <= self.o.stale_after, "STALE")

    def disclosed(self):
        """Returns what the bundle discloses of keys. No key is opened here: that takes the reader's own."""
        text = self.file("keys/disclosed.json", 300 * 1737)
        d = strict_json(text, ["reader", "keys"])
        need(json.dumps(d, separators=(",", ":")).encode() == text and d["keys"])
        last, commitments = "00000000-0000-0000-0000-000000000000", [k["commitment"] for k in d["keys"]]
        for k in d["keys"]:
            need(list(k) == ["subject", "commitment", "erased" if "erased" in k else "wrapped"])
            need(category_of("x-" + k["subject"]) == "x" and k["subject"] > last and HASH.fullmatch(k["commitment"]))
            need(k["erased"] is True if "erased" in k else base64.b64encode(unbase64(k["wrapped"])).decode() == k["wrapped"])
            need("erased" in k or len(unbase64(k["wrapped"])) == 80)
            last = k["subject"]
        need(len(set(commitments)) == len(commitments))
        need(HASH.fullmatch(d["reader"]) if any("wrapped" in k for k in d["keys"]) else d["reader"] == "")
        return d["keys"]

    def noted(self, e, name):
        """Takes what a proven event says of keys: that it commits to one, whose it is, or that one may be destroyed."""
        meta, data = loose_json(self.files[name + ".meta"]), loose_json(self.files[name + ".data"])
        if e["category"] != "case":
            return
        subject = lambda of: of.get("subject") if isinstance(of, dict) and category_of("x-%s" % of.get("subject")) == "x" else None
        if e["type"] in (b"PetitionRegistered", b"CaseImported"):
            self.petitioner = subject(data.get("petitioner")) or self.petitioner
        self.committed.setdefault(meta.get("key_commitment") if isinstance(meta.get("key_commitment"), str) else "", self.petitioner)
        if e["type"] == b"ErasureAuthorised" and set(data) <= {"subject", "ground"} and isinstance(data.get("ground", ""), (str, type(None))):
            self.authorised.add(subject(data))

    def judged(self, key):
        need(self.committed.get(key["commitment"]) == key["subject"])
        need("erased" not in key or key["subject"] in self.authorised, "ERASED_UNAUTHORISED")

    def older(self, note):
        size, root, _ = self.o.policy.checkpoint(held(note))
        need(size <= self.size, "INCOMPLETE")
        if size == self.size:
            return need(root == self.root, "FORK")
        name = "consistency/%d-%d.txt" % (size, self.size)
        need(name in self.files, "INCOMPLETE")
        need(continues(size, self.size, self.growth(name), root, self.root), "FORK")

    def growth(self, name):
        """Returns the hashes of a proof that one tree continues another."""
        text = self.file(name, 2 * 64 * 45)
        path = [unbase64(line) for line in text.split(b"\n")[:-1]]
        need(all(len(h) == 32 for h in path) and b"".join(base64.b64encode(h) + b"\n" for h in path) == text)
        return path


def held(note):
    """Returns the checkpoint of a receipt, or one as it is."""
    return note.partition(b"\n\n")[2] if note.startswith(RECEIPT) else note  # after the hashes of its proof


def is_held(path):
    """Reports whether a file can be a checkpoint or a receipt, whoever has signed it: another was given by mistake."""
    with open(path, "rb") as f:
        head = held(f.read(MAX_NOTE + 1)).partition(b"\n\n")[0]
    try:
        origin, size, _ = tree(head + b"\n", 3)
        return origin != "" and size >= 1
    except (Bad, ValueError):
        return False


def main():
    p = argparse.ArgumentParser(description="verify an evidence bundle (petition-evidence/v1)")
    p.add_argument("bundle")
    p.add_argument("--policy", required=True)
    p.add_argument("--update", action="append", default=[], help="a policy that succeeds the one before; in order")
    p.add_argument("--older", action="append", default=[], help="a signed checkpoint that you hold, or a receipt")
    p.add_argument("--skew", type=float, default=300, help="seconds that clocks may be apart")
    p.add_argument("--stale-after", type=float, default=0, help="seconds; 0 is never")
    p.add_argument("--now", type=float, default=time.time(), help="seconds since 1970")
    options = p.parse_args()
    check = Check(options)
    try:
        with open(options.policy, "rb") as f:
            options.policy = Policy(f.read(MAX_NOTE + 1))
        for path in options.older:
            if not is_held(path):
                sys.exit(p.error("%s is neither a checkpoint nor a receipt" % path))
        with open(options.bundle, "rb") as f:
            receipt = f.read(MAX_NOTE + 1)
        if receipt.startswith(RECEIPT) and len(receipt) <= MAX_NOTE:
            check.attempt(check.receipt, receipt)
        else:
            check.attempt(check.bundle)
    except ValueError as wrong:
        sys.exit(p.error("the policy: %s" % wrong))
    except ImportError:
        sys.exit(p.error("this policy needs crypto.py beside verify.py"))
    except OSError as unread:
        print(unread, file=sys.stderr)
        sys.exit(1)
    verdict = max(check.verdicts or ["OK"], key=ORDER.index)
    print(json.dumps({"verdict": verdict, "events": check.events, "size": check.size}))
    sys.exit({"OK": 0, "OK_UNWITNESSED": 10}.get(verdict, 3))


if __name__ == "__main__":
    main()
