package proof

import (
	"encoding/binary"
	"errors"

	"filippo.io/mldsa"
	"filippo.io/torchwood"
)

// mldsa44 is ML-DSA-44 of FIPS 204, as C2SP tlog-cosignature has it. A line is a time
// of 8 bytes, which is 0 in ours and is of no use here, and the signature.
//
// What C2SP has signed are the first three lines of the text alone, so that lines
// may be added below them. They are the context of the signature here: of a
// checkpoint, which has none, the line is what any C2SP client reads, and no line can
// be added; of a note of heads, the line covers its size, too.
var mldsa44 = algorithm{kind: MLDSA44, tag: []byte{0x06}, signer: mldsaSigner, verifier: mldsaVerifier}

func mldsaSigner(name string, secret []byte) (func([]byte) ([]byte, error), []byte, error) {
	k, err := mldsa.NewPrivateKey(mldsa.MLDSA44(), secret)
	if err != nil {
		return nil, nil, err
	}
	sign := func(text []byte) ([]byte, error) {
		message, extension, err := cosigned(name, text, 0)
		if err != nil {
			return nil, err
		}
		sig, err := k.SignDeterministic(message, &mldsa.Options{Context: extension})
		return append(make([]byte, 8), sig...), err
	}
	return sign, k.PublicKey().Bytes(), nil
}

func mldsaVerifier(name string, public []byte) (func(text, sig []byte) bool, error) {
	k, err := mldsa.NewPublicKey(mldsa.MLDSA44(), public)
	if err != nil {
		return nil, err
	}
	return func(text, sig []byte) bool {
		if len(sig) != 8+mldsa.MLDSA44SignatureSize {
			return false
		}
		message, extension, err := cosigned(name, text, binary.BigEndian.Uint64(sig))
		return err == nil && mldsa.Verify(k, message, sig[8:], &mldsa.Options{Context: extension}) == nil
	}, nil
}

// cosigned returns what is signed of text by the key called name, and the lines that
// follow the first three: the cosigned_message of C2SP tlog-cosignature, for the
// whole tree.
//
//	"subtree/v1\n\0" 12 · name 1+n · time 8 · origin 1+n · start 8 · end 8 · root 32
func cosigned(name string, text []byte, time uint64) (message []byte, extension string, err error) {
	c, err := torchwood.ParseCheckpoint(string(text))
	if err != nil {
		return nil, "", err
	}
	if c.String() != string(text) || len(c.Origin) > 255 {
		return nil, "", errors.New("there is more than one way to write this checkpoint, or its origin is too long")
	}
	b := append([]byte("subtree/v1\n\x00"), byte(len(name)))
	b = binary.BigEndian.AppendUint64(append(b, name...), time)
	b = append(append(b, byte(len(c.Origin))), c.Origin...)
	b = binary.BigEndian.AppendUint64(b, 0)
	b = binary.BigEndian.AppendUint64(b, uint64(c.N))
	return append(b, c.Hash[:]...), c.Extension, nil
}
