package evidence

import (
	"bytes"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// reproved is an attack on the proof of the third event, which is at 5 of 16: its
// hashes and its index become what change makes of them.
func reproved(name string, want proof.Verdict, change func(index int64, hashes tlog.RecordProof) (int64, tlog.RecordProof)) attack {
	return packed(name, want, func(s *specimen) {
		hashes, err := s.prove(s.t.Context(), 16, 5)
		ok(s.t, err)
		index, hashes := change(5, hashes)
		s.files[fileEvent(2)+".tlog-proof"] = proof.FormatInclusion(index, hashes, s.files[fileCheckpoint])
	})
}

// rewritten is an attack on the text of the proof of the third event.
func rewritten(name, old, with string) attack {
	return packed(name, proof.Malformed, func(s *specimen) {
		name := fileEvent(2) + ".tlog-proof"
		s.files[name] = []byte(strings.Replace(string(s.files[name]), old, with, 1))
	})
}

var proofAttacks = []attack{
	reproved("D1 one hash too few", proof.BadProof, func(i int64, h tlog.RecordProof) (int64, tlog.RecordProof) { return i, h[:len(h)-1] }),
	reproved("D1 one hash too few at the front", proof.BadProof, func(i int64, h tlog.RecordProof) (int64, tlog.RecordProof) { return i, h[1:] }),
	reproved("D1 one hash too many", proof.BadProof, func(i int64, h tlog.RecordProof) (int64, tlog.RecordProof) { return i, append(h, h[0]) }),
	reproved("D1 no hash", proof.BadProof, func(i int64, _ tlog.RecordProof) (int64, tlog.RecordProof) { return i, nil }),
	reproved("D1 65 hashes", proof.Malformed, func(i int64, _ tlog.RecordProof) (int64, tlog.RecordProof) { return i, make(tlog.RecordProof, 65) }),
	reproved("D2 wrong index", proof.Malformed, func(_ int64, h tlog.RecordProof) (int64, tlog.RecordProof) { return 6, h }),
	reproved("D2 negative index", proof.Malformed, func(_ int64, h tlog.RecordProof) (int64, tlog.RecordProof) { return -1, h }),
	packed("D2 index beyond the size, in the leaf too", proof.BadProof, func(s *specimen) {
		s.leaf(2, func(e *ledger.Envelope) { e.Position = 17 })
		s.files[fileEvent(2)+".tlog-proof"] = proof.FormatInclusion(16, make(tlog.RecordProof, 4), s.files[fileCheckpoint])
	}),
	packed("D4 index of 2^64-1 in the leaf", proof.Malformed, func(s *specimen) {
		copy(s.files[fileEvent(2)+".leaf"][25:], bytes.Repeat([]byte{0xff}, 8))
	}),
	packed("D4 version of 2^63 in the leaf", proof.Malformed, func(s *specimen) {
		copy(s.files[fileEvent(2)+".leaf"][49:], []byte{0x80, 0, 0, 0, 0, 0, 0, 0})
	}),
	packed("D5 interior node as leaf", proof.Malformed, func(s *specimen) {
		left, right := tlog.RecordHash(s.leaves[4]), tlog.RecordHash(s.leaves[5])
		s.files[fileEvent(2)+".leaf"] = slices.Concat(left[:], right[:])
	}),
	reproved("D5 proof of the interior node above the leaf", proof.BadProof, func(i int64, h tlog.RecordProof) (int64, tlog.RecordProof) { return i, h[1:] }),
	reproved("D9 proof of another leaf", proof.Malformed, func(int64, tlog.RecordProof) (int64, tlog.RecordProof) { return 3, nil }),
	packed("D9 proof of another leaf under the index", proof.BadProof, func(s *specimen) {
		hashes, err := s.prove(s.t.Context(), 16, 3)
		ok(s.t, err)
		s.files[fileEvent(2)+".tlog-proof"] = proof.FormatInclusion(5, hashes, s.files[fileCheckpoint])
	}),
	packed("D9 proof under another checkpoint", proof.Malformed, func(s *specimen) {
		hashes, err := s.prove(s.t.Context(), 15, 5)
		ok(s.t, err)
		s.files[fileEvent(2)+".tlog-proof"] = proof.FormatInclusion(5, hashes, s.checkpoint(15, 1))
	}),
	rewritten("D10 CRLF", "\n", "\r\n"), rewritten("D10 @v2", "@v1", "@v2"), rewritten("D10 index 05", "index 5", "index 05"),
	rewritten("D10 index -1", "index 5", "index -1"), rewritten("D10 two blank lines", "\n\n", "\n\n\n"), rewritten("D11 extra line", "index", "extra AAAA\nindex"),
	packed("D10 trailing junk", proof.Malformed, func(s *specimen) {
		name := fileEvent(2) + ".tlog-proof"
		s.files[name] = append(s.files[name], '\n')
	}),
	packed("D10 loose base64", proof.Malformed, func(s *specimen) {
		name := fileEvent(2) + ".tlog-proof"
		hash := tlog.RecordHash(s.leaves[4]).String()
		loose := hash[:42] + string(hash[42]+1) + "="
		s.files[name] = bytes.Replace(s.files[name], []byte(hash), []byte(loose), 1)
	}),
	packed("leaf with a byte more", proof.Malformed, func(s *specimen) {
		s.files[fileEvent(2)+".leaf"] = append(s.files[fileEvent(2)+".leaf"], 0)
	}),
	packed("leaf of the wrong kind", proof.Malformed, func(s *specimen) { s.files[fileEvent(2)+".leaf"][24] = ledger.KindSystem }),
	packed("leaf with another content type", proof.Malformed, func(s *specimen) {
		s.files[fileEvent(2)+".leaf"] = bytes.Replace(s.files[fileEvent(2)+".leaf"], []byte("application/json"), []byte("application/JSON"), 1)
	}),
}
