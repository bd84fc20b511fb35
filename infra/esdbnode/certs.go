package esdbnode

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"xinfang/domain/ledger"
	"xinfang/infra/durable"
)

const (
	keyBits   = 2048                // RSA: EventStoreDB takes no other keys in every version
	nodeName  = "eventstoredb-node" // the CN by which the nodes of a cluster know each other
	certYears = 5
)

// WriteCertificates makes what a cluster needs for TLS: an authority, dir/ca.crt
// and dir/ca.key, and for each of names, a DNS name or an IP address, a
// certificate dir/<name>/node.crt and its key node.key. What is there already it
// leaves as it is.
func WriteCertificates(dir string, names []string, now time.Time, random io.Reader) error {
	ca, err := authority(dir, now, random)
	if err != nil {
		return err
	}
	for _, name := range names {
		if name == "" || name != filepath.Base(name) || name == "." || name == ".." {
			return ledger.Troubled("证书的名称 %q 既不是 DNS 名称也不是 IP 地址", "a certificate for %q: that is neither a DNS name nor an IP address", name)
		}
		template := &x509.Certificate{
			Subject:     pkix.Name{CommonName: nodeName},
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		}
		ip := net.ParseIP(name)
		if ip != nil {
			template.IPAddresses = []net.IP{ip}
		} else {
			template.DNSNames = []string{name}
		}
		if name == "localhost" || ip != nil && ip.IsLoopback() {
			template.DNSNames = union(template.DNSNames, "localhost")
			template.IPAddresses = append(template.IPAddresses, net.IPv4(127, 0, 0, 1), net.IPv6loopback)
		}
		if err := ca.issue(filepath.Join(dir, name), "node", template, now, random); err != nil {
			return fmt.Errorf("a certificate for %s: %w", name, err)
		}
	}
	return nil
}

// ClientCertificate makes a certificate by which user is known to a node that
// trusts the authority in dir: dir/user-<user>/client.crt and client.key. One that
// is there already it leaves as it is.
func ClientCertificate(dir, user string, now time.Time, random io.Reader) error {
	if user == "" || len(user) > maxUser || user != filepath.Base(user) || user == "." || user == ".." || user == nodeName {
		return ledger.Troubled("%.80q 不能作为有证书的用户名", "a certificate for user %.80q: that is no name for a user who has one", user)
	}
	ca, err := authority(dir, now, random)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: user},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	if err := ca.issue(filepath.Join(dir, "user-"+user), "client", template, now, random); err != nil {
		return fmt.Errorf("a certificate for user %s: %w", user, err)
	}
	return nil
}

func union(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// A signer is a certificate with its key.
type signer struct {
	cert *x509.Certificate
	key  *rsa.PrivateKey
}

// authority returns the one in dir, and makes it if there is none.
func authority(dir string, now time.Time, random io.Reader) (signer, error) {
	self := signer{cert: &x509.Certificate{
		Subject:               pkix.Name{CommonName: "xinfang ledger CA"},
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		IsCA:                  true,
		BasicConstraintsValid: true,
	}}
	if err := self.issue(dir, "ca", self.cert, now, random); err != nil {
		return self, fmt.Errorf("the authority in %s: %w", dir, err)
	}
	ca, err := readSigner(filepath.Join(dir, "ca.crt"), filepath.Join(dir, "ca.key"))
	if err != nil {
		return ca, fmt.Errorf("the authority in %s: %w", dir, err)
	}
	return ca, nil
}

// issue makes dir/<file>.crt, what template says and s signs, and dir/<file>.key,
// unless both are there. A signer without a key stands for the one that is made.
func (s signer) issue(dir, file string, template *x509.Certificate, now time.Time, random io.Reader) error {
	cert, key := filepath.Join(dir, file+".crt"), filepath.Join(dir, file+".key")
	_, certErr := os.Stat(cert)
	_, keyErr := os.Stat(key)
	switch {
	case certErr == nil && keyErr == nil:
		return nil
	case certErr == nil || !errors.Is(certErr, fs.ErrNotExist):
		return ledger.Troubled("%s 已存在或无法查看，而其私钥 %s 缺失；请恢复私钥，或移走该证书", "%s is there, or cannot be seen, and its key %s is missing: restore the key or remove the certificate", cert, key)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	own, err := rsa.GenerateKey(random, keyBits)
	if err != nil {
		return err
	}
	serial, err := rand.Int(random, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return err
	}
	template.SerialNumber = serial
	template.NotBefore, template.NotAfter = now.Add(-time.Hour), now.AddDate(certYears, 0, 0)
	if !template.IsCA {
		template.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment
	}
	if s.key == nil {
		s.key = own
	}
	der, err := x509.CreateCertificate(random, template, s.cert, &own.PublicKey, s.key)
	if err != nil {
		return err
	}
	// The key first: a certificate without one would be in the way next time.
	if err := durable.Replace(key, pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(own)}), 0o600); err != nil {
		return err
	}
	return durable.Replace(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644)
}

func readSigner(cert, key string) (signer, error) {
	certPEM, err := os.ReadFile(cert)
	if err != nil {
		return signer{}, err
	}
	keyPEM, err := os.ReadFile(key)
	if err != nil {
		return signer{}, err
	}
	certBlock, _ := pem.Decode(certPEM)
	keyBlock, _ := pem.Decode(keyPEM)
	if certBlock == nil || keyBlock == nil {
		return signer{}, ledger.Troubled("%s 或 %s 不是 PEM 格式", "%s or %s is not in PEM form", cert, key)
	}
	var s signer
	if s.cert, err = x509.ParseCertificate(certBlock.Bytes); err != nil {
		return s, fmt.Errorf("%s: %w", cert, err)
	}
	if s.key, err = x509.ParsePKCS1PrivateKey(keyBlock.Bytes); err != nil {
		return s, fmt.Errorf("%s: %w", key, err)
	}
	return s, nil
}
