"""Signatures and time stamps that verify.py needs beyond Ed25519, for Python 3.8 and up.

    mldsa44(key, message, signature)         ML-DSA-44 (FIPS 204)
    sm2(key, message, signature)             SM2 with SM3 (GB/T 32918.2, GB/T 32905)
    timestamp(token, digest, pins, extra)    the time of an RFC 3161 token

It is written from those specifications and from RFC 5280, 5652, 8017, FIPS 186-5 and
X.690, with nothing but the standard library. It only verifies, so nothing in it is
secret and nothing takes constant time. No input makes it raise but Refused. It is one
file, though a long one, so that there are two to carry.
"""
import collections, datetime, functools, hashlib, re


class Refused(Exception):
    """What is wrong with a time stamp; its argument is the verdict."""


def need(condition, verdict="MALFORMED"):
    if not condition:
        raise Refused(verdict)


def guarded(check):
    """Has a check say False of what it cannot even read, whatever that is."""
    @functools.wraps(check)
    def safe(*args):
        try:
            return bool(check(*args))
        except Exception:
            return False
    return safe


sha256 = lambda data: hashlib.sha256(data).digest()
number = lambda data: int.from_bytes(data, "big")

# ---- FIPS 204: ML-DSA-44 verification ------------------------------------------

Q, GAMMA1, GAMMA2, TAU, BETA, OMEGA, K = 8380417, 1 << 17, (8380417 - 1) // 88, 39, 78, 80, 4  # FIPS 204 4, table 1; L is K
ZETAS = [pow(1753, int("{:08b}".format(i)[::-1], 2), Q) for i in range(256)]  # appendix B
shake256 = lambda size, *parts: hashlib.shake_256(b"".join(parts)).digest(size)


def unpack(data, width):
    """SimpleBitUnpack (algorithm 18): 256 numbers of so many bits."""
    bits = int.from_bytes(data, "little")
    return [bits >> i * width & (1 << width) - 1 for i in range(256)]


def hints(y):
    """HintBitUnpack (algorithm 21): for each row the places that have a hint."""
    rows, first = [], 0
    for end in y[OMEGA:]:
        need(first <= end <= OMEGA)
        row = list(y[first:end])
        need(row == sorted(set(row)))
        rows, first = rows + [set(row)], end
    need(not any(y[first:OMEGA]))
    return rows


def ball(seed):
    """SampleInBall (algorithm 29). Of 536 draws, more than five in six hit; 39 must."""
    stream, c = shake256(544, seed), [0] * 256
    signs, at = int.from_bytes(stream[:8], "little"), 8
    for i in range(256 - TAU, 256):
        while stream[at] > i:
            at += 1
        j, at = stream[at], at + 1
        c[i], c[j], signs = c[j], 1 - 2 * (signs & 1), signs >> 1
    return c


def rejected(rho, s, r):
    """RejNTTPoly (algorithm 30) of a cell of the matrix. Of 448 draws, one in 1024 misses; 256 must hit."""
    stream = hashlib.shake_128(rho + bytes([s, r])).digest(3 * 448)
    draws = (stream[i] | stream[i + 1] << 8 | (stream[i + 2] & 127) << 16 for i in range(0, len(stream), 3))
    return [z for z in draws if z < Q][:256]


def ntt(w):
    """NTT (algorithm 41)."""
    w, m, size = list(w), 0, 128
    while size:
        for start in range(0, 256, 2 * size):
            m += 1
            for j in range(start, start + size):
                t = ZETAS[m] * w[j + size] % Q
                w[j], w[j + size] = (w[j] + t) % Q, (w[j] - t) % Q
        size >>= 1
    return w


def inverse_ntt(w):
    """NTT^-1 (algorithm 42)."""
    w, m, size = list(w), 256, 1
    while size < 256:
        for start in range(0, 256, 2 * size):
            m -= 1
            for j in range(start, start + size):
                a, b = w[j], w[j + size]
                w[j], w[j + size] = (a + b) % Q, ZETAS[m] * (b - a) % Q
        size <<= 1
    return [x * 8347681 % Q for x in w]


def use_hint(hint, r):
    """Decompose and UseHint (algorithms 36 and 40)."""
    r0 = r % (2 * GAMMA2)
    r0 -= 2 * GAMMA2 if r0 > GAMMA2 else 0
    r1, r0 = (0, r0 - 1) if r - r0 == Q - 1 else ((r - r0) // (2 * GAMMA2), r0)
    return (r1 + (1 if r0 > 0 else -1)) % 44 if hint else r1


@guarded
def mldsa44(key, message, signature, context=b""):
    """ML-DSA.Verify and Verify_internal (algorithms 3 and 8)."""
    need(len(key) == 1312 and len(signature) == 2420 and len(context) < 256)
    rho, t1 = key[:32], [unpack(key[i:i + 320], 10) for i in range(32, 1312, 320)]  # pkDecode (algorithm 23)
    challenge, rows = signature[:32], hints(signature[2336:])  # sigDecode (algorithm 27)
    z = [[GAMMA1 - x for x in unpack(signature[i:i + 576], 18)] for i in range(32, 2336, 576)]
    need(all(abs(x) < GAMMA1 - BETA for poly in z for x in poly))
    mu = shake256(64, shake256(64, key), bytes([0, len(context)]), context, message)
    c, z, w1 = ntt(ball(challenge)), [ntt(poly) for poly in z], b""
    for r in range(K):
        t = ntt([x << 13 for x in t1[r]])
        cells = [rejected(rho, s, r) for s in range(K)]  # ExpandA (algorithm 32)
        w = inverse_ntt([(sum(cells[s][i] * z[s][i] for s in range(K)) - c[i] * t[i]) % Q for i in range(256)])
        packed = sum(use_hint(i in rows[r], x) << 6 * i for i, x in enumerate(w))  # w1Encode (algorithm 28)
        w1 += packed.to_bytes(192, "little")
    return shake256(32, mu, w1) == challenge


# ---- FIPS 186-5: elliptic curves -----------------------------------------------

class Curve:
    """A curve y^2 = x^3 - 3x + b over the integers modulo p, of prime order n."""

    def __init__(self, p, b, n, x, y):
        self.p, self.b, self.n, self.base, self.size = p, b, n, (x, y), (p.bit_length() + 7) // 8

    def point(self, encoded):
        """Decodes an uncompressed point (SEC 1 2.3.4), which must be on the curve."""
        x, y = number(encoded[1:1 + self.size]), number(encoded[1 + self.size:])
        need(len(encoded) == 1 + 2 * self.size and encoded[0] == 4 and x < self.p and y < self.p)
        need((y * y - x * x * x + 3 * x - self.b) % self.p == 0)
        return x, y

    def add(self, a, b):
        """The group law in affine coordinates; None is the neutral element."""
        if a is None or b is None:
            return a or b
        if a[0] != b[0]:
            slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, self.p)
        elif a[1] == b[1]:
            slope = 3 * (a[0] * a[0] - 1) * pow(2 * a[1], -1, self.p)
        else:
            return None
        x = (slope * slope - a[0] - b[0]) % self.p
        return x, (slope * (a[0] - x) - a[1]) % self.p

    def combine(self, u, v, q):
        """[u]G + [v]Q, both at once."""
        result, terms = None, [None, self.base, q, self.add(self.base, q)]
        for i in reversed(range(self.n.bit_length())):
            result = self.add(self.add(result, result), terms[u >> i & 1 | (v >> i & 1) << 1])
        return result

    def pair(self, signature):
        """The two numbers of a signature, from DER, both in [1, n-1]."""
        r, s = map(natural, fields(der(signature, 0x30), "02 02"))
        need(0 < r < self.n and 0 < s < self.n)
        return r, s


P256 = Curve(2**256 - 2**224 + 2**192 + 2**96 - 1,
             0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b,
             0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551,
             0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296,
             0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5)
P384 = Curve(2**384 - 2**128 - 2**96 + 2**32 - 1,
             0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef,
             0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973,
             0xaa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7,
             0x3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f)
SM2 = Curve(2**256 - 2**224 - 2**96 + 2**64 - 1,  # GB/T 32918.5
            0x28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93,
            0xfffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123,
            0x32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7,
            0xbc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0)


def ecdsa(curve, key, digest, signature):
    """ECDSA verification (FIPS 186-5 6.4.2)."""
    (r, s), q = curve.pair(signature), curve.point(key)
    e, w = number(digest) >> max(0, 8 * len(digest) - curve.n.bit_length()), pow(s, -1, curve.n)
    found = curve.combine(e * w % curve.n, r * w % curve.n, q)
    return found is not None and found[0] % curve.n == r


# ---- GB/T 32905 and GB/T 32918.2: SM3 and SM2 ----------------------------------

def sm3(message):
    """SM3 (GB/T 32905 5)."""
    rotate = lambda x, n: (x << n % 32 | x >> 32 - n % 32) & 0xffffffff
    v = [0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600, 0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e]
    padded = message + b"\x80" + bytes(-(len(message) + 9) % 64) + (8 * len(message)).to_bytes(8, "big")  # 5.2
    for at in range(0, len(padded), 64):
        w = [number(padded[i:i + 4]) for i in range(at, at + 64, 4)]
        for j in range(16, 68):  # 5.3.2
            x = w[j - 16] ^ w[j - 9] ^ rotate(w[j - 3], 15)
            w.append(x ^ rotate(x, 15) ^ rotate(x, 23) ^ rotate(w[j - 13], 7) ^ w[j - 6])
        a, b, c, d, e, f, g, h = v
        for j in range(64):  # 5.3.3
            ss1 = rotate(rotate(a, 12) + e + rotate(0x79cc4519 if j < 16 else 0x7a879d8a, j) & 0xffffffff, 7)
            ff, gg = (a ^ b ^ c, e ^ f ^ g) if j < 16 else (a & b | a & c | b & c, e & f | ~e & g)
            tt1 = ff + d + (ss1 ^ rotate(a, 12)) + (w[j] ^ w[j + 4]) & 0xffffffff
            tt2 = gg + h + ss1 + w[j] & 0xffffffff
            a, b, c, d, e, f, g, h = tt1, a, rotate(b, 9), c, tt2 ^ rotate(tt2, 9) ^ rotate(tt2, 17), e, rotate(f, 19), g
        v = [x ^ y for x, y in zip(v, (a, b, c, d, e, f, g, h))]
    return b"".join(x.to_bytes(4, "big") for x in v)


@guarded
def sm2(key, message, signature):
    """SM2 verification (GB/T 32918.2 7.1), with ZA (5.5) of the default user id."""
    user, (x, y), (r, s) = b"1234567812345678", SM2.point(key), SM2.pair(signature)
    parameters = b"".join(n.to_bytes(32, "big") for n in (SM2.p - 3, SM2.b, *SM2.base, x, y))
    e = number(sm3(sm3((8 * len(user)).to_bytes(2, "big") + user + parameters) + message))
    t = (r + s) % SM2.n
    found = SM2.combine(s, t, (x, y))
    return t != 0 and found is not None and (e + found[0]) % SM2.n == r


# ---- X.690: DER ----------------------------------------------------------------

Node = collections.namedtuple("Node", "tag body raw kids")  # kids: the elements of a constructed value, else None


def elements(data, depth=0):
    """Parses values in DER one behind the other (X.690 8.1, 10.1, 10.2, 11.1), and all that is in them."""
    need(depth < 32)  # each level is a copy
    found, at = [], 0
    while at < len(data):
        tag, length, start = data[at], data[at + 1], at + 2
        if length > 127:
            start += length & 127
            length = number(data[at + 2:start])
            need(length > 127 and data[at + 2])
        raw, body, at = data[at:start + length], data[start:start + length], start + length
        need(at <= len(data) and tag & 31 != 31)
        need(tag >= 64 or (tag & 32 != 0) == (tag & 31 in (16, 17)))  # a string in parts is BER
        need(tag != 1 or body in (b"\0", b"\xff"))
        need(tag != 2 or len(body) == 1 or body[0] not in (0, 255) or body[0] >> 7 != body[1] >> 7)
        found.append(Node(tag, body, raw, elements(body, depth + 1) if tag & 32 else None))
    return found


def der(data, tag):
    """Parses one value of that tag, behind which there is nothing."""
    need(len(data) <= 64 << 10)
    node, = elements(data)
    need(node.tag == tag)
    return node


def natural(node):
    """The value of an INTEGER that is not negative."""
    need(node.tag == 2 and node.body[0] < 128)
    return number(node.body)


def fields(node, form):
    """Returns the elements of a SEQUENCE by their tags, such as "02 30 a0?"; an optional one that is not there is None."""
    need(node.tag in (0x30, 0xa0))
    left, found = list(node.kids), []
    for tag in form.split():
        there = left and left[0].tag == int(tag[:2], 16)
        need(there or tag.endswith("?"))
        found.append(left.pop(0) if there else None)
    need(not left)
    return found


def oid(text):
    """Encodes an OBJECT IDENTIFIER (X.690 8.19), without its tag and length."""
    first, second, *rest = map(int, text.split("."))
    out = b""
    for n in [40 * first + second] + rest:
        part = bytes([n & 127])
        while n > 127:
            n >>= 7
            part = bytes([n & 127 | 128]) + part
        out += part
    return out


def algorithm(node):
    """Returns the OBJECT IDENTIFIER of an AlgorithmIdentifier without parameters (RFC 5754 2 and 3)."""
    name, parameters = fields(node, "06 05?")
    need(parameters is None or not parameters.body)
    return name.body


def time_of(node):
    """Seconds since 1970 of a Time (RFC 5280 4.1.2.5), or of a genTime with its fraction (RFC 3161 2.4.2)."""
    text = node.body.decode("ascii")
    if node.tag == 0x17:
        text = ("19" if text >= "5" else "20") + text
    m = re.fullmatch(r"([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})(\.[0-9]{0,8}[1-9])?Z", text)
    need(node.tag in (0x17, 0x18) and m)
    return datetime.datetime(*map(int, m.groups()[:6]), tzinfo=datetime.timezone.utc).timestamp() + float(m[7] or 0)


# ---- RFC 5280: certificates ----------------------------------------------------

HASHES = {oid("2.16.840.1.101.3.4.2.%d" % i): name for i, name in enumerate(("sha256", "sha384", "sha512"), 1)}
RSA, EC = oid("1.2.840.113549.1.1.1"), oid("1.2.840.10045.2.1")
CURVES = {oid("1.2.840.10045.3.1.7"): P256, oid("1.3.132.0.34"): P384}
SIGNATURES = {oid(text): (kind, name) for kind, name, text in (  # RFC 4055 5, RFC 5758 3.2
    (RSA, None, "1.2.840.113549.1.1.1"),
    (RSA, "sha256", "1.2.840.113549.1.1.11"), (RSA, "sha384", "1.2.840.113549.1.1.12"), (RSA, "sha512", "1.2.840.113549.1.1.13"),
    (EC, "sha256", "1.2.840.10045.4.3.2"), (EC, "sha384", "1.2.840.10045.4.3.3"), (EC, "sha512", "1.2.840.10045.4.3.4"))}
KEY_USAGE, BASIC_CONSTRAINTS, POLICIES, EXTENDED_USAGE = (oid("2.5.29.%d" % i) for i in (15, 19, 32, 37))
TIME_STAMPING, ANY_USAGE = oid("1.3.6.1.5.5.7.3.8"), oid("2.5.29.37.0")


def rsa(key, name, digest, signature):
    """RSASSA-PKCS1-v1_5 verification (RFC 8017 8.2.2), with the encoding of 9.2 compared whole."""
    n, e = map(natural, fields(der(key, 0x30), "02 02"))
    size, s = (n.bit_length() + 7) // 8, number(signature)
    need(2048 <= n.bit_length() <= 8192 and 2 < e < 1 << 31 and len(signature) == size and s < n)
    info = b"\x06\x09" + next(o for o in HASHES if HASHES[o] == name) + b"\x05\0"
    info = b"\x30" + bytes([len(info)]) + info + b"\x04" + bytes([len(digest)]) + digest
    info = b"\x30" + bytes([len(info)]) + info
    return pow(s, e, n).to_bytes(size, "big") == b"\0\1" + b"\xff" * (size - 3 - len(info)) + b"\0" + info


def bits(node):
    """The octets of a BIT STRING of whole octets."""
    need(node.body[0] == 0)
    return node.body[1:]


class Certificate:
    """A certificate (RFC 5280 4.1)."""

    def __init__(self, node):
        self.raw, (tbs, self.algorithm, self.signature) = node.raw, fields(node, "30 30 03")
        _, serial, inner, issuer, validity, subject, self.key, _, _, extensions = fields(tbs, "a0? 02 30 30 30 30 30 81? 82? a3?")
        need(inner.raw == self.algorithm.raw and len(validity.kids) == 2)  # 4.1.1.2
        self.signed, self.name, self.issuer, self.subject = tbs.raw, (issuer.raw, serial.raw), issuer.raw, subject.raw
        self.begins, self.ends = map(time_of, validity.kids)
        self.extensions, self.critical = {}, set()
        for extension in der(extensions.body, 0x30).kids if extensions else []:
            name, critical, value = fields(extension, "06 01? 04")
            need(name.body not in self.extensions)  # 4.2
            self.extensions[name.body] = value.body
            self.critical |= {name.body} if critical and critical.body == b"\xff" else set()

    def verifies(self, signature_algorithm, message, signature, digest=None):
        """Reports whether the key of the certificate made a signature; CMS says the digest algorithm, too."""
        kind, name = SIGNATURES[signature_algorithm]
        name = name or digest  # a bare rsaEncryption (RFC 5754 3.2)
        need(digest in (None, name))  # RFC 8933 3.1
        hashed, (info, key) = hashlib.new(name, message).digest(), fields(self.key, "30 03")
        if kind == RSA:
            return algorithm(info) == RSA and rsa(bits(key), name, hashed, signature)
        family, curve = fields(info, "06 06")  # RFC 5480 2.1.1
        return kind == family.body == EC and ecdsa(CURVES[curve.body], bits(key), hashed, signature)

    @guarded
    def issued(self, other):
        """Its key signed the other certificate (4.1.1.3)."""
        return self.verifies(algorithm(other.algorithm), other.signed, bits(other.signature))

    @guarded
    def usable(self, time):
        """It is valid then, and has no critical extension that we do not know (4.2)."""
        return self.begins <= time <= self.ends and self.critical <= {KEY_USAGE, BASIC_CONSTRAINTS, POLICIES, EXTENDED_USAGE}

    @guarded
    def authority(self, between):
        """It may issue certificates for time stamping, with so many authorities in between (4.2.1.3, 4.2.1.9, 4.2.1.12)."""
        ca, depth = fields(der(self.extensions[BASIC_CONSTRAINTS], 0x30), "01? 02?")
        need(ca and ca.body == b"\xff" and (depth is None or between <= natural(depth)))
        need(KEY_USAGE not in self.extensions or der(self.extensions[KEY_USAGE], 3).body[1] & 4)
        return EXTENDED_USAGE not in self.extensions or self.usages() & {TIME_STAMPING, ANY_USAGE}

    def usages(self):
        """What it may be used for (4.2.1.12)."""
        return {usage.body for usage in der(self.extensions[EXTENDED_USAGE], 0x30).kids}


def readable(data):
    """Parses a certificate; None if it is none."""
    try:
        return Certificate(der(data, 0x30))
    except Exception:
        return None


# ---- RFC 5652 and RFC 3161: time stamps ----------------------------------------

SIGNED_DATA, TST_INFO = oid("1.2.840.113549.1.7.2"), oid("1.2.840.113549.1.9.16.1.4")
CONTENT_TYPE, MESSAGE_DIGEST, SIGNING_TIME = (oid("1.2.840.113549.1.9.%d" % i) for i in (3, 4, 5))


class Token:
    """A TimeStampToken (RFC 3161 2.4.2), to be read before all else."""

    @guarded
    def read(self, token):
        kind, content = fields(der(token, 0x30), "06 a0")
        need(kind.body == SIGNED_DATA)
        _, hashings, encapsulated, certificates, _, signers = fields(der(content.body, 0x30), "02 31 30 a0? a1? 31")  # RFC 5652 5.1
        kind, content = fields(encapsulated, "06 a0")
        need(kind.body == TST_INFO and all(map(algorithm, hashings.kids)))
        self.content = der(content.body, 4).body
        signer, = signers.kids
        _, name, self.digest, self.attributes, self.algorithm, self.signature, _ = fields(signer, "02 30 30 a0? 30 04 a1?")  # 5.3
        self.name = tuple(part.raw for part in fields(name, "30 02"))
        self.certificates = [Certificate(c) for c in certificates.kids] if certificates else []
        version, _, imprint, _, time, *_ = fields(der(self.content, 0x30), "02 06 30 02 18 30? 01? 02? a0? a1?")
        hashing, self.imprint = fields(imprint, "30 04")
        self.hashing, self.time = algorithm(hashing), time_of(time)
        return version.body == b"\1" and self.imprint.body

    @guarded
    def signed(self):
        """The signer's certificate is there, and its key signed the content (RFC 5652 5.4, 5.6 and 11)."""
        self.signer = next(c for c in self.certificates if c.name == self.name)
        found = {}
        for attribute in self.attributes.kids:
            kind, values = fields(attribute, "06 31")
            need(kind.body not in found)
            found[kind.body] = values.kids
        (kind,), (digest,), name = found[CONTENT_TYPE], found[MESSAGE_DIGEST], HASHES[algorithm(self.digest)]
        need(kind.tag == 6 and kind.body == TST_INFO)
        need(digest.tag == 4 and digest.body == hashlib.new(name, self.content).digest())
        need(all(self.signer.begins <= time_of(t) <= self.signer.ends for t in found.get(SIGNING_TIME, [])))
        head = self.attributes.raw[1:-len(self.attributes.body)]
        message = b"\x31" + head + b"".join(sorted(a.raw for a in self.attributes.kids))  # a SET OF is sorted (X.690 11.6)
        return self.signer.verifies(algorithm(self.algorithm), message, self.signature.body, name)

    @guarded
    def states(self, digest):
        """The imprint is that SHA-256 digest (RFC 3161 2.4.2)."""
        return HASHES.get(self.hashing) == "sha256" and self.imprint.body == digest

    @guarded
    def trusted(self, pins, extra):
        """A path leads from the signer to a pin (RFC 5280 6.1), of at most 8 certificates and 100 signatures tried."""
        need(self.signer.usages() == {TIME_STAMPING} and EXTENDED_USAGE in self.signer.critical)  # RFC 3161 2.3
        known = self.certificates + [c for c in map(readable, extra) if c]
        path, reached, tries = [(self.signer, 0)], {self.signer.raw}, 0
        for certificate, between in path:  # which grows, nearest first
            if not certificate.usable(self.time):
                continue
            if sha256(certificate.raw) in pins:
                return True
            for issuer in known if between < 7 else []:
                if issuer.raw not in reached and issuer.subject == certificate.issuer and issuer.authority(between):
                    tries += 1
                    need(tries <= 100)
                    if issuer.issued(certificate):
                        path.append((issuer, between + 1))
                        reached.add(issuer.raw)
        return False


def timestamp(token, digest, pins, extra):
    """Returns when a token says that there was a content of that SHA-256 digest, in seconds since 1970.

    Pins are SHA-256 digests of certificates that are trusted, extra are certificates
    that the token may lack. It raises Refused with the first thing that is wrong.
    """
    t = Token()
    need(t.read(token), "MALFORMED")
    need(t.signed(), "BAD_SIGNATURE")
    need(t.states(digest), "BAD_PROOF")
    need(t.trusted(pins, extra), "UNKNOWN_KEY")
    return t.time
