package evidence

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/note"

	"xinfang/domain/attest"
	"xinfang/domain/ledger"
	"xinfang/domain/personal"
	"xinfang/domain/petition"
	"xinfang/domain/proof"
	"xinfang/domain/proof/prooftest"
)

// hostile mutates what is appended.
type zhostile struct {
	ledger.Store
	r    *rand.Rand
	what *string
	p    int
	seal sealer
}

func (h zhostile) Append(ctx context.Context, stream ledger.Stream, expected ledger.Version, records ...ledger.Record) ([]ledger.Envelope, error) {
	for i := range records {
		if h.r.IntN(h.p) == 0 {
			records[i].Data = zjson(h.r, records[i].Data)
			*h.what += " data:" + records[i].Type
		}
		if h.r.IntN(h.p) == 0 {
			records[i].Meta = zjson(h.r, records[i].Meta)
			*h.what += " meta:" + records[i].Type
		}
		if h.r.IntN(4) > 0 {
			records[i] = ledger.WithSeal(records[i], stream, expected+ledger.Version(i)+1, h.seal.sign)
		}
		if h.r.IntN(2*h.p) == 0 {
			records[i].Meta = zjson(h.r, records[i].Meta)
			*h.what += " sealedmeta:" + records[i].Type
		}
		if h.r.IntN(4*h.p) == 0 {
			if x := string(zmutate(h.r, []byte(records[i].Type), nil)); x != "" && len(x) < 256 && utf8.ValidString(x) {
				records[i].Type = x
			}
			*h.what += " type"
		}
	}
	return h.Store.Append(ctx, stream, expected, records...)
}

// zjson mutates JSON in JSON's ways.
func zjson(r *rand.Rand, b []byte) []byte {
	reps := [][2]string{{`":"`, `" : "`}, {`{`, ` {`}, {`}`, `} `}, {`}`, "}\n"}, {`}`, `,"more":1}`}, {`}`, `,"note":"x"}`}, {`"subject":"`, `"subject":"urn:uuid:`}, {`"0a`, `"0A`},
		{`"chain":[`, `"chain":["AAAA",`}, {`"chain":[`, `"chain":[null,`}, {`"chain":[`, `"chain":[],"x":[`}, {`}`, `,"x":NaN}`}, {`}`, `,"x":"\ud800"}`}, {`}`, `,"x":"\udc00\ud800"}`}, {`"ground":"`, `"ground":"\u0041`},
		{`"ground":"`, `"ground":"\/`}, {`"key_commitment"`, `"Key_commitment"`}, {`"key_commitment":"`, `"key_commitment":"\u0030`}, {`"petitioner":{`, `"petitioner":{"more":1,`}, {`"petitioner":{`, `"petitioner":null,"p":{`},
		{`"ground":"第47条"`, `"ground":null`}, {`,"ground":"第47条"`, ``}, {`"ground":"第47条"`, `"ground":7`}, {`"actor":{`, `"actor":{"officer":"y",`}, {`"subject":"`, `"subject":null,"s":"`}, {`"note":"`, `"note":"\u0000`}, {`"token":"`, `"token":"\n`}, {`"token":"`, `"token":"AAAA`},
		{`"seal":"`, `"seal": "`}, {`}`, `,"seal":"AAAA"}`}}
	if r.IntN(3) > 0 {
		for range 40 {
			rep := reps[r.IntN(len(reps))]
			if bytes.Contains(b, []byte(rep[0])) {
				if r.IntN(2) == 0 {
					if i := bytes.LastIndex(b, []byte(rep[0])); i >= 0 {
						return bytes.Join([][]byte{b[:i], []byte(rep[1]), b[i+len(rep[0]):]}, nil)
					}
				}
				return bytes.Replace(b, []byte(rep[0]), []byte(rep[1]), 1)
			}
		}
	}
	if r.IntN(4) == 0 { // other order of members
		if i := bytes.Index(b, []byte(`,"`)); i > 0 && b[0] == '{' && b[len(b)-1] == '}' {
			return []byte("{" + string(b[i+1:len(b)-1]) + "," + string(b[1:i]) + "}")
		}
	}
	return zmutate(r, b, nil)
}

func TestZZWorld(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("ZZ_N"))
	seedN, _ := strconv.ParseUint(os.Getenv("ZZ_SEED"), 10, 64)
	py := startPy(t)
	dir := t.TempDir()
	hist := map[proof.Verdict]int{}
	start := time.Now()
	bad := 0
	tsa := prooftest.NewTSA(t, "tsa.example", nil)
	skey, sm2vkey, err := proof.GenerateKey(proof.SM2, origin, seed(2))
	ok(t, err)
	sm2, err := proof.NewSigner(skey)
	ok(t, err)
	skey, mlvkey, err := proof.GenerateKey(proof.MLDSA44, origin, seed(5))
	ok(t, err)
	ml, err := proof.NewSigner(skey)
	ok(t, err)
	for i := range n {
		r := rand.New(rand.NewPCG(seedN, uint64(i)))
		what := ""
		w := newWorld(t)
		p := 6 + r.IntN(30)
		seals := sealer{w.store, 21}
		w.through = zhostile{w.store, r, &what, p, seals}
		keys := []string{w.vkey + " 0 -"}
		if r.IntN(4) == 0 {
			w.notes = []note.Signer{w.note, sm2}
			keys = append(keys, sm2vkey+" "+[]string{"0 -", "9 -", "0 7", "12 -"}[r.IntN(4)])
			if r.IntN(2) == 0 {
				w.notes = append(w.notes, ml)
				keys = append(keys, mlvkey+" "+[]string{"0 -", "9 -", "0 7", "12 -"}[r.IntN(4)])
			}
		}
		jump := time.Duration(0)
		w.store.Now = func() time.Time {
			return epoch.Add(time.Duration(len(w.leaves))*time.Minute + jump)
		}
		var anchors []ledger.Envelope
		version := ledger.Version(0)
		put := func(rec ledger.Record) {
			envs, err := w.through.Append(t.Context(), ours, version, rec)
			if err != nil {
				what += " refused"
				return
			}
			version++
			w.take(envs)
		}
		petn := func(e petition.Event, key string) {
			put(petition.Codec.Record(e, ledger.Meta{Command: uuid.UUID{9}, Actor: ledger.Actor{Officer: "A1"}, Occurred: epoch, Key: key}, int(version)))
		}
		nonce := [personal.NonceSize]byte{1}
		anchor := func() {
			c, err := w.policy(0, keys[0]).Open(w.checkpoint(w.size(), 0))
			if err != nil {
				return
			}
			signed, err := note.Sign(&note.Note{Text: c.Text()}, w.signers()...)
			ok(t, err)
			ahead := time.Duration(0)
			switch r.IntN(8) {
			case 0:
				ahead = DefaultSkew
			case 1:
				ahead = -DefaultSkew
			case 2:
				ahead = DefaultSkew + time.Second
			case 3:
				ahead = time.Duration(r.IntN(900)-450) * time.Second
			}
			tsa.Now = func() time.Time { return w.store.Now().Add(ahead) }
			token, err := tsa.Token(c.Text())
			ok(t, err)
			e := attest.NotaryAnchor{Note: string(signed), Token: token, Chain: [][]byte{tsa.Root.Raw}}
			envs, err := attest.Decider.Handle(t.Context(), w.through, attest.Ask(e, ledger.Meta{Actor: ledger.Actor{Officer: "system"}, Occurred: epoch}))
			if err != nil {
				what += " refused-anchor"
				return
			}
			w.take(envs)
			anchors = append(anchors, envs...)
		}
		if r.IntN(2) == 0 {
			w.writers = []string{seals.line([]string{"0 -", "3 -", "5 9"}[r.IntN(3)])}
		}
		if r.IntN(3) > 0 {
			w.tsa = tsa
		}
		petn(petition.PetitionRegistered{Petitioner: petition.Person{Subject: petitioner, Name: petition.Sealed{Masked: "欧阳某", Box: dataKey.Seal(nonce, petitioner, personal.Name, "欧阳守礼")}}}, dataKey.Commitment())
		for range 2 + r.IntN(6) {
			switch r.IntN(8) {
			case 0:
				anchor()
			case 1:
				w.append(theirs, 1)
			case 2:
				petn(petition.ReplyIssued{No: "1"}, dataKey.Commitment())
			case 3:
				petn(petition.CaseImported{Number: "2", Petitioner: petition.Person{Subject: somebody}}, otherKey.Commitment())
			case 4:
				petn(petition.ErasureAuthorised{Subject: petitioner, Ground: "第47条"}, "")
			case 5:
				jump += time.Duration(r.IntN(21)-10) * time.Minute
			case 6:
				petn(petition.PetitionRegistered{Petitioner: petition.Person{Subject: somebody}}, otherKey.Commitment())
			default:
				put(ledger.Record{ID: uuid.New(), Type: "Said", Data: fmt.Appendf(nil, `{"what":%d}`, i), Meta: []byte(`{"actor":{"officer":"A1"},"key_commitment":"` + otherKey.Commitment() + `"}`)})
			}
		}
		// the notary may claim odd things
		tree := func() (b *specimen, err error) {
			size := w.size()
			defer func() {
				if p := recover(); p != nil {
					err = fmt.Errorf("%v", p)
				}
			}()
			heads, head := w.heads(ours, size)
			w.append(theirs, 1+r.IntN(2))
			b = &specimen{world: w, source: Source{Stream: ours, Log: w.store, Checkpoint: w.checkpoint(w.size(), r.IntN(3)), Policy: w.policy(1, keys...), Prove: w.prove, Heads: heads, Head: head}}
			b.files = map[string][]byte{fileCheckpoint: b.source.Checkpoint, fileReadme: []byte(readme)}
			root, _ := b.source.Policy.Open(b.source.Checkpoint)
			_ = root
			k := 0
			put := func(name string, index int64) {
				inclusion, err := w.prove(t.Context(), w.size(), index)
				ok(t, err)
				for env := range w.store.ReadAll(t.Context(), ledger.Position(index)) {
					b.files[name+".leaf"], b.files[name+".data"], b.files[name+".meta"] = w.leaves[index], env.Data, env.Meta
					break
				}
				b.files[name+".tlog-proof"] = proof.FormatInclusion(index, inclusion, b.source.Checkpoint)
			}
			for env := range w.store.ReadStream(t.Context(), ours, 0) {
				if r.IntN(40) > 0 {
					put(fileEvent(k), int64(env.Position)-1)
					k++
				}
			}
			put("heads/leaf", int64(heads.Position)-1)
			b.files["heads/leaf.bin"] = b.files["heads/leaf.leaf"]
			delete(b.files, "heads/leaf.leaf")
			b.files[fileMapProof] = encode(t, head)
			for _, a := range anchors {
				e, err := attest.Codec.Decode(a.Type, a.Data)
				made, isA := e.(attest.NotaryAnchor)
				if err != nil || !isA {
					// what was meant
					made = attest.NotaryAnchor{Note: "", Token: nil}
				}
				text, _, _ := bytes.Cut([]byte(made.Note), []byte("\n\n"))
				c, err := proof.ParseCheckpoint(string(text) + "\n")
				size := c.Size
				if err != nil {
					size = int64(a.Position) - 1
				}
				name := fileTime(size)
				put(name, int64(a.Position)-1)
				b.files[name+".tsr"] = made.Token
				b.files[fileGrowth(size, w.size())] = hashLines(w.proveGrowth(w.size(), size).Proof)
			}
			if len(w.notes) > 0 && r.IntN(2) == 0 {
				src := w.sm3(w.size())
				b.files[fileCheckpointSM3] = src.Checkpoint
				k = 0
				for env := range w.store.ReadStream(t.Context(), ours, 0) {
					if _, there := b.files[fileEvent(k)+".leaf"]; there {
						h, _ := src.Prove(w.size(), int64(env.Position)-1)
						b.files[fileSM3(k)] = hashLines(h)
					}
					k++
				}
			}
			if r.IntN(2) == 0 {
				d := &Disclosure{}
				switch r.IntN(3) {
				case 0:
					d = wrapped(t, petitioner, dataKey)
				case 1:
					d = destroyed()
				case 2:
					d = &Disclosure{"", []DisclosedKey{{Subject: somebody, Commitment: otherKey.Commitment(), Erased: true}}}
				}
				b.files[fileKeys], err = d.encode()
			}
			m := manifest{Format: Format, Origin: origin, Stream: ours.String(), Size: w.size(), Files: map[string]file{}}
			mb, merr := m.encode()
			ok(t, merr)
			b.files[fileManifest] = mb
			return b, err
		}
		b, err := tree()
		if err != nil {
			t.Log(err)
			continue
		}
		bundle := b.pack()
		o := Options{Policy: b.source.Policy, Now: epoch.Add(24 * time.Hour)}
		report := Verify(bytes.NewReader(bundle), int64(len(bundle)), o)
		path, pol := filepath.Join(dir, "b.zip"), filepath.Join(dir, "p.txt")
		ok(t, os.WriteFile(path, bundle, 0o600))
		ok(t, os.WriteFile(pol, []byte(o.Policy.String()), 0o600))
		a := py.ask(t, path, pol, o)
		hist[report.Verdict]++
		if a.Verdict != report.Verdict || a.Events != report.Events || a.Size != report.Checkpoint.Size {
			bad++
			keep := fmt.Sprintf("/tmp/scratch-h-review1/world-%d-%d.zip", seedN, i)
			os.WriteFile(keep, bundle, 0o600)
			os.WriteFile(keep+".policy", []byte(o.Policy.String()), 0o600)
			t.Errorf("%d%s: go %s %d %d, py %s %d %d %s; %v", i, what, report.Verdict, report.Events, report.Checkpoint.Size, a.Verdict, a.Events, a.Size, a.Err, report.Findings)
			if bad > 25 {
				break
			}
		}
	}
	t.Logf("%d worlds, %v; verdicts %v", n, time.Since(start), hist)
}
