package evidence

import (
	"bytes"
	"crypto/rand"
	"encoding/asn1"
	"fmt"
	"math/big"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"filippo.io/mldsa"
	"github.com/emmansun/gmsm/sm2"
	"github.com/go-json-experiment/json"
)

// cryptoDriver answers a line of JSON for each that it reads. It survives nothing that
// crypto.py raises but Refused. Forge signs for an ML-DSA key with t1 = 0, for which
// there is nothing to know: any z is as good as another, if it is short enough, and
// any hints, which it reads as they come.
const cryptoDriver = `
import base64, json, sys
import crypto

def forge(key, message, value, y):
    rows = [set(y[a:b]) for a, b in zip(b"\0" + y[80:], y[80:])]
    z = ([int(value)] + [0] * 255, [0] * 256, [0] * 256, [0] * 256)
    first, w1 = crypto.ntt(z[0]), b""
    for r in range(4):
        w = crypto.inverse_ntt([a * b for a, b in zip(crypto.rejected(key[:32], 0, r), first)])
        w1 += sum(crypto.use_hint(i in rows[r], x) << 6 * i for i, x in enumerate(w)).to_bytes(192, "little")
    packed = b"".join(sum((1 << 17) - x << 18 * i for i, x in enumerate(p)).to_bytes(576, "little") for p in z)
    mu = crypto.shake256(64, crypto.shake256(64, key), b"\0\0", message)
    return base64.b64encode(crypto.shake256(32, mu, w1) + packed + y).decode()

for line in sys.stdin:
    v = {name: [base64.b64decode(b) for b in value] if name != "do" else value for name, value in json.loads(line).items()}
    try:
        if v["do"] == "timestamp":
            answer = crypto.timestamp(*v["args"], set(v["pins"]), v["extra"])
        else:
            answer = {"mldsa44": crypto.mldsa44, "sm2": crypto.sm2, "forge": forge}[v["do"]](*v["args"])
    except crypto.Refused as refused:
        answer = refused.args[0]
    print(json.dumps(answer))
`

// A cryptoCall is one of a function of crypto.py.
type cryptoCall struct {
	Do    string   `json:"do"`
	Args  [][]byte `json:"args"`
	Pins  [][]byte `json:"pins"`
	Extra [][]byte `json:"extra"`
}

// askCrypto returns the answers of crypto.py in JSON.
func askCrypto(t *testing.T, calls []cryptoCall) []string {
	t.Helper()
	var in, stderr bytes.Buffer
	for _, c := range calls {
		in.Write(append(encode(t, c), '\n'))
	}
	cmd := exec.CommandContext(t.Context(), findPython(t), "-B", "-c", cryptoDriver)
	cmd.Stdin, cmd.Stderr = &in, &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, &stderr)
	}
	answers := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(answers) != len(calls) {
		t.Fatalf("%d answers for %d calls", len(answers), len(calls))
	}
	return answers
}

// A signed is a signature to check, and what Go says of it.
type signed struct {
	name                    string
	key, message, signature []byte
	valid                   bool
}

// compare has crypto.py check the signatures. Neither must always be the answer.
func compare(t *testing.T, do string, vectors []signed) {
	t.Helper()
	calls := make([]cryptoCall, len(vectors))
	said := make(map[bool]int)
	for i, v := range vectors {
		calls[i] = cryptoCall{Do: do, Args: [][]byte{v.key, v.message, v.signature}}
		said[v.valid]++
	}
	for i, got := range askCrypto(t, calls) {
		if got != fmt.Sprint(vectors[i].valid) {
			t.Errorf("%s: Python says %s, Go %t", vectors[i].name, got, vectors[i].valid)
		}
	}
	if said[true] < 3 || said[false] < 100 {
		t.Errorf("there were %d good and %d bad signatures", said[true], said[false])
	}
}

// flipped returns b with byte i changed.
func flipped(b []byte, i int) []byte {
	b = bytes.Clone(b)
	b[i] ^= byte(i%255 + 1)
	return b
}

// TestPythonMLDSA44 checks that crypto.py says the same as filippo.io/mldsa of good
// and of altered ML-DSA-44 signatures.
func TestPythonMLDSA44(t *testing.T) {
	var vectors []signed
	add := func(name string, key, message, signature []byte) {
		public, err := mldsa.NewPublicKey(mldsa.MLDSA44(), key)
		vectors = append(vectors, signed{name, key, message, signature, err == nil && mldsa.Verify(public, message, signature, nil) == nil})
	}
	var key, message, signature []byte
	for n := range byte(8) {
		private, err := mldsa.NewPrivateKey(mldsa.MLDSA44(), bytes.Repeat([]byte{n}, 32))
		ok(t, err)
		key, message = private.PublicKey().Bytes(), bytes.Repeat([]byte{n}, int(n)*100)
		signature, err = private.Sign(nil, message, nil)
		ok(t, err)
		add("good", key, message, signature)
		other, err := private.Sign(nil, message, &mldsa.Options{Context: "other"})
		ok(t, err)
		add("other context", key, message, other)
		add("other message", key, append(message, 0), signature)
		for _, h := range remade(signature[2336:]) {
			add("same hints encoded otherwise", key, message, slices.Concat(signature[:2336], h))
		}
	}
	for i := 0; i < len(signature); i += 1 + 52*min(1, max(0, 2336-i)) { // every byte of the hints
		add(fmt.Sprintf("byte %d of the signature", i), key, message, flipped(signature, i))
	}
	for i := 0; i < len(key); i += 101 {
		add(fmt.Sprintf("byte %d of the key", i), flipped(key, i), message, signature)
	}
	for _, n := range []int{0, 1, 32, 2419} {
		add("short signature", key, message, signature[:n])
		add("short key", key[:n%1312], message, signature)
	}
	add("long signature", key, message, append(bytes.Clone(signature), 0))
	add("long key", append(bytes.Clone(key), 0), message, signature)

	weak := append(bytes.Repeat([]byte{7}, 32), make([]byte, 1280)...)
	for _, v := range []struct {
		name  string
		value int // of a coefficient of z: gamma1 - beta is 130994
		hints []byte
		valid bool
	}{
		{"nothing", 0, hints(nil, 0, 0, 0, 0), true},
		{"longest", 130993, hints(nil, 0, 0, 0, 0), true},
		{"longest below 0", -130993, hints(nil, 0, 0, 0, 0), true},
		{"too long", 130994, hints(nil, 0, 0, 0, 0), false},
		{"too long below 0", -130994, hints(nil, 0, 0, 0, 0), false},
		{"hints", 0, hints([]byte{3, 9, 5}, 2, 2, 3, 3), true},
		{"all hints", 0, hints(ascending(80), 80, 80, 80, 80), true},
		{"more hints than there may be", 0, hints(ascending(80), 81, 81, 81, 81), false},
		{"hints that overlap", 0, hints([]byte{3, 9, 10}, 2, 1, 3, 3), false},
	} {
		long := append(bytes.Clone(weak), 0)
		forged := forge(t, [][]byte{weak, message, fmt.Append(nil, v.value), v.hints}, [][]byte{long, message, fmt.Append(nil, v.value), v.hints})
		add(v.name, weak, message, forged[0])
		if last := vectors[len(vectors)-1]; last.valid != v.valid {
			t.Errorf("%s: Go says %t", last.name, last.valid)
		}
		add(v.name+", long signature", weak, message, append(forged[0], 0))
		add(v.name+", long key", long, message, forged[1])
	}
	compare(t, "mldsa44", vectors)
}

func forge(t *testing.T, args ...[][]byte) [][]byte {
	var calls []cryptoCall
	for _, a := range args {
		calls = append(calls, cryptoCall{Do: "forge", Args: a})
	}
	out := make([][]byte, len(args))
	for i, answer := range askCrypto(t, calls) {
		ok(t, json.Unmarshal([]byte(answer), &out[i]))
	}
	return out
}

// hints encodes hints as FIPS 204 does, or would: the places, and where each row ends.
func hints(places []byte, ends ...byte) []byte {
	return slices.Concat(places, make([]byte, 80-len(places)), ends)
}

func ascending(n byte) (out []byte) {
	for i := range n {
		out = append(out, i)
	}
	return out
}

// remade returns other encodings of the hints in a signature, which FIPS 204 forbids.
func remade(y []byte) (out [][]byte) {
	swapped, doubled, padded := bytes.Clone(y), bytes.Clone(y), bytes.Clone(y)
	swapped[0], swapped[1] = y[1], y[0]
	copy(doubled[1:80], y[:79])
	for i := range 4 {
		doubled[80+i]++
	}
	padded[79] = 1
	return [][]byte{swapped, doubled, padded}
}

// TestPythonSM2 checks that crypto.py says the same as gmsm of good and of altered SM2
// signatures.
func TestPythonSM2(t *testing.T) {
	var vectors []signed
	add := func(name string, key, message, signature []byte) {
		public, err := sm2.NewPublicKey(key)
		valid := err == nil && len(key) == 65 && key[0] == 4 && sm2.VerifyASN1WithSM2(public, nil, message, signature)
		vectors = append(vectors, signed{name, key, message, signature, valid})
	}
	var key, message, signature []byte
	var n *big.Int
	var p struct{ R, S *big.Int }
	for i := 0; i < 9 || p.R.BitLen() < 256 || p.S.BitLen() < 256; i++ { // the last has numbers that need a leading zero
		private, err := sm2.GenerateKey(rand.Reader)
		ok(t, err)
		public, err := sm2.PublicKeyToECDH(&private.PublicKey)
		ok(t, err)
		key, message = public.Bytes(), bytes.Repeat([]byte{byte(i)}, 1+i*27)
		signature, err = private.SignWithSM2(rand.Reader, nil, message)
		ok(t, err)
		_, err = asn1.Unmarshal(signature, &p)
		ok(t, err)
		add("good", key, message, signature)
		other, err := private.SignWithSM2(rand.Reader, []byte("another"), message)
		ok(t, err)
		add("other user id", key, message, other)
		add("other message", key, append(message, 0), signature)
		n = private.Params().N
	}
	for i := range signature {
		add(fmt.Sprintf("byte %d of the signature", i), key, message, flipped(signature, i))
		add(fmt.Sprintf("only %d bytes", i), key, message, signature[:i])
	}
	for i := range key {
		add(fmt.Sprintf("byte %d of the key", i), flipped(key, i), message, signature)
	}
	above := func(x *big.Int) *big.Int { return new(big.Int).Add(x, n) }
	for _, pair := range [][2]*big.Int{
		{new(big.Int), p.S}, {p.R, new(big.Int)}, {p.R, new(big.Int).Sub(n, p.S)}, {p.R, new(big.Int).Sub(n, p.R)},
		{above(p.R), p.S}, {p.R, above(p.S)}, {new(big.Int).Neg(p.R), p.S}, {n, n}, {p.S, p.R},
	} {
		b, err := asn1.Marshal(struct{ R, S *big.Int }{pair[0], pair[1]})
		ok(t, err)
		add(fmt.Sprintf("signature %v", pair), key, message, b)
	}
	r, s := p.R.FillBytes(make([]byte, 32)), p.S.FillBytes(make([]byte, 32))
	integer := func(b ...byte) []byte { return append([]byte{2, byte(len(b))}, b...) }
	for _, lead := range [][]byte{nil, {0}, {0, 0}} { // of which at most one is DER
		body := slices.Concat(integer(append(lead, r...)...), integer(append(lead, s...)...))
		add(fmt.Sprintf("numbers behind %x", lead), key, message, append([]byte{0x30, byte(len(body))}, body...))
	}
	three, err := asn1.Marshal(struct{ R, S, T *big.Int }{p.R, p.S, p.S})
	ok(t, err)
	add("three numbers", key, message, three)
	add("long form of a short length", key, message, slices.Concat([]byte{0x30, 0x81}, signature[1:]))
	add("indefinite length", key, message, slices.Concat([]byte{0x30, 0x80}, signature[2:], []byte{0, 0}))
	add("trailing byte", key, message, append(bytes.Clone(signature), 0))
	add("no point of the curve", append([]byte{4}, make([]byte, 64)...), message, signature)
	compare(t, "sm2", vectors)
}
