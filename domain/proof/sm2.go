package proof

import (
	"errors"

	"github.com/emmansun/gmsm/sm2"
)

// SM2Type is what names the signatures of SM2 keys in C2SP signed-note, which has no
// type of its own for them. A public key is written as
//
//	0xff 1 · length of SM2Type 1 · SM2Type 31 · the point, uncompressed, 65
//
// and a secret one as the same with the scalar, 32 bytes big-endian, for the point.
//
// The signature is of the text itself, in ASN.1 DER, with the user id of GM/T 0009:
// 1234567812345678. It is made deterministically, as RFC 6979 does with HMAC-SM3.
//
// The library that signs has no certificate of the State Cryptography Administration
// (国家密码管理局): where an assessment (密评) asks for one, a certified device must
// make the line; whoever checks it sees no difference.
const SM2Type = "petition-ledger/sm2-with-sm3/v1"

var sm2WithSM3 = algorithm{kind: SM2, tag: append([]byte{0xff, byte(len(SM2Type))}, SM2Type...), signer: sm2Signer, verifier: sm2Verifier}

func sm2Signer(_ string, secret []byte) (func([]byte) ([]byte, error), []byte, error) {
	k, err := sm2.NewPrivateKey(secret)
	if err != nil {
		return nil, nil, err
	}
	public, err := sm2.PublicKeyToECDH(&k.PublicKey)
	if err != nil {
		return nil, nil, err
	}
	return func(text []byte) ([]byte, error) { return sm2.SignDeterministic(k, text, sm2.DefaultSM2SignerOpts) }, public.Bytes(), nil
}

func sm2Verifier(_ string, public []byte) (func(text, sig []byte) bool, error) {
	if len(public) != 65 { // or a key could be written in two ways
		return nil, errors.New("the point is not an uncompressed one")
	}
	k, err := sm2.NewPublicKey(public)
	if err != nil {
		return nil, err
	}
	return func(text, sig []byte) bool { return sm2.VerifyASN1WithSM2(k, nil, text, sig) }, nil
}
