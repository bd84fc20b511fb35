package personal

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// TestBox checks that a box opens for what it was sealed for, and for nothing else:
// no other key, subject or field, no box of which a bit or its length is another.
func TestBox(t *testing.T) {
	subject, key, other := uuid.UUID{1}, Key{1}, Key{2}
	box := key.Seal([NonceSize]byte{3}, subject, Name, "傅建华")
	if plain, ok := key.Open(subject, Name, box); !ok || plain != "傅建华" {
		t.Errorf("Open = %t", ok)
	}
	for name, opens := range map[string]func() (string, bool){
		"another key":     func() (string, bool) { return other.Open(subject, Name, box) },
		"another subject": func() (string, bool) { return key.Open(uuid.UUID{2}, Name, box) },
		"another field":   func() (string, bool) { return key.Open(subject, Phone, box) },
	} {
		if plain, ok := opens(); ok || plain != "" {
			t.Errorf("%s opens it", name)
		}
	}
	for i := range box {
		if _, ok := key.Open(subject, Name, box[:i]); ok {
			t.Errorf("it opens when cut after %d bytes", i)
		}
		for bit := range 8 {
			box[i] ^= 1 << bit
			if _, ok := key.Open(subject, Name, box); ok {
				t.Errorf("it opens with bit %d of byte %d inverted", bit, i)
			}
			box[i] ^= 1 << bit
		}
	}
}

// TestKeyIsSilent checks that a key does not print, wherever it stands.
func TestKeyIsSilent(t *testing.T) {
	k := Key([]byte("0123456789abcdef0123456789abcdef"))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
		text := fmt.Sprintf(verb+verb, k, struct{ K Key }{k})
		if strings.Contains(text, "0123") || strings.Contains(text, hex.EncodeToString(k[:4])) || strings.Contains(text, "48 49 50") {
			t.Errorf("%s prints %s", verb, text)
		}
	}
	if text := k.LogValue().String(); text != "data key" {
		t.Errorf("a log has %s", text)
	}
}
