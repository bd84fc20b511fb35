package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	"xinfang/domain/attest"
	"xinfang/domain/ledger"
	"xinfang/domain/proof"
	"xinfang/infra/evidence"
	"xinfang/infra/tsa"
)

// An authority is the time-stamp authority (时间戳服务机构) of the configuration.
type authority struct {
	*tsa.Client
	chain [][]byte // certificates, DER
}

// authority returns that of the configuration; nil if it names none. The policy must pin
// one, or nobody would believe its tokens.
func (a *app) authority(p *proof.Policy) (*authority, error) {
	address := a.cfg.Notary.TSA
	switch {
	case address == "":
		return nil, nil
	case !isAddress(address):
		return nil, usage("notary.tsa 不是网址", "notary.tsa is no address")
	case len(p.TSARoots) == 0:
		return nil, usage("信任策略没有 tsaroot 一行：时间戳不会被任何人采信", "the policy has no line tsaroot: nobody would believe the time-stamps")
	}
	auth := &authority{Client: &tsa.Client{URL: address, HTTP: &http.Client{Timeout: time.Minute}, Random: rand.Reader}}
	if a.cfg.Notary.TSAFile == "" {
		return auth, nil
	}
	var err error
	auth.chain, err = readCertificates(a.cfg.Notary.TSAFile)
	return auth, err
}

// readCertificates returns the certificates in a PEM file, each DER.
func readCertificates(path string) (all [][]byte, err error) {
	rest, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if _, err := x509.ParseCertificate(block.Bytes); block.Type != "CERTIFICATE" || err != nil {
			return nil, usage("%s 中有不是证书的内容", "%s has something else than certificates", path)
		}
		all = append(all, block.Bytes)
	}
	if len(all) == 0 || len(all) > proof.MaxChain {
		return nil, usage("%s 应有 1 至 %d 份 PEM 证书", "%s should have 1 to %d certificates, PEM", path, proof.MaxChain)
	}
	return all, nil
}

// tsaLines returns the lines of a policy that pin the certificates in a PEM file; none
// without a file.
func tsaLines(path string) (lines []string, err error) {
	if path == "" {
		return nil, nil
	}
	all, err := readCertificates(path)
	for _, der := range all {
		lines = append(lines, fmt.Sprintf("tsaroot %x", sha256.Sum256(der)))
	}
	return lines, err
}

// anchorLook is how often it is asked whether an anchor is due.
const anchorLook = 5 * time.Minute

// anchor anchors the ledger in time hourly, until ctx is done.
func (n *notarised) anchor(ctx context.Context, log *slog.Logger) error {
	for {
		m := ledger.Meta{Actor: systemActor, Occurred: n.now().UTC()}
		if err := n.AnchorHourly(ctx, n.node.store, m, n.tsa, n.tsa.chain); err != nil && ctx.Err() == nil {
			log.Error("the ledger could not be anchored in time", "err", err)
		}
		select {
		case <-time.After(anchorLook):
		case <-ctx.Done():
			return nil
		}
	}
}

// anchorsOf returns the anchors that bound the times of the events of stream among the
// first size leaves, and the sizes of the checkpoints that they stamp.
func (n *notarised) anchorsOf(ctx context.Context, stream ledger.Stream, size int64) (found []ledger.Envelope, sizes []int64, err error) {
	var indexes []int64
	for env, err := range n.node.local.ReadStream(ctx, stream, 0) {
		if err != nil {
			return nil, nil, err
		}
		indexes = append(indexes, int64(env.Position)-1)
	}
	if found, err = n.Anchors(ctx, indexes, size, evidence.MaxAnchors); err != nil {
		return nil, nil, err
	}
	for _, env := range found {
		a, err := attest.OpenAnchor(n.policy, &env)
		if err != nil {
			return nil, nil, err
		}
		sizes = append(sizes, a.Checkpoint.Size)
	}
	return found, sizes, nil
}
