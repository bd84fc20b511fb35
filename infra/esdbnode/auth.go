package esdbnode

import (
	"context"
	"encoding/base64"
	"net"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"xinfang/domain/ledger"
)

// Rights are what a user may do. The zero Rights are none.
type Rights struct{ Read, Append bool }

// Users knows who may do what. Its methods may be called concurrently, and are
// called often: with every call, and for a subscription with every new event. A
// user who is no longer known has no rights.
type Users interface {
	// Authenticate returns the rights of user, and whether password is his. It
	// takes the same time whichever of the two is wrong.
	Authenticate(user, password string) (Rights, bool)

	// Certificate returns the rights of the user whom a verified client certificate
	// names, and whether there is one.
	Certificate(commonName string) (Rights, bool)
}

// An Attempt is something that was refused: it was not done.
type Attempt struct {
	User   string // as he called himself; "" if he did not
	Kind   string // one of AttemptKinds
	Stream string // "" if it was about none
	Remote string // host:port of the client
}

// AttemptKinds is the closed set of what can be refused.
var AttemptKinds = []string{"delete", "tombstone", "metadata", "append", "read", "authentication"}

// A caller is who makes a call.
type caller struct {
	user   string
	remote string
	rights func() Rights // at this moment: a call can outlast them
}

type callerKey struct{}

func callerOf(ctx context.Context) caller {
	who, _ := ctx.Value(callerKey{}).(caller)
	return who
}

// identify finds out who makes the call of ctx. Whoever fails to say so is told
// late, and later each time.
func (n *Node) identify(ctx context.Context) (caller, error) {
	who := caller{remote: remoteOf(ctx)}
	if n.o.Users == nil {
		who.rights = func() Rights { return Rights{Read: true, Append: true} }
		return who, nil
	}
	host, _, _ := net.SplitHostPort(who.remote)
	var check func() (Rights, bool)
	if user, password, ok := basic(ctx); ok {
		who.user = user
		check = func() (Rights, bool) { return n.o.Users.Authenticate(user, password) }
	} else if user, ok := certified(ctx); ok {
		who.user = user
		check = func() (Rights, bool) { return n.o.Users.Certificate(user) }
	}
	if check != nil {
		if _, ok := check(); ok {
			n.failures.forget(host)
			who.rights = func() Rights {
				rights, _ := check()
				return rights
			}
			return who, nil
		}
	}
	if n.failures.delay(ctx, host) {
		n.refused(ctx, who, "authentication", "")
	}
	return who, refuse(codes.Unauthenticated, "no valid credentials: give a user and his secret, or a client certificate that names a user")
}

// basic returns the credentials of the call.
func basic(ctx context.Context) (user, password string, ok bool) {
	md, _ := metadata.FromIncomingContext(ctx)
	header := md.Get("authorization")
	if len(header) == 0 {
		return "", "", false
	}
	scheme, encoded, _ := strings.Cut(header[0], " ")
	if !strings.EqualFold(scheme, "basic") {
		return "", "", false
	}
	plain, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	if err != nil {
		return "", "", false
	}
	user, password, ok = strings.Cut(string(plain), ":")
	return user, password, ok
}

// certified returns the user whom the client's certificate names.
func certified(ctx context.Context) (string, bool) {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return "", false
	}
	info, ok := p.AuthInfo.(credentials.TLSInfo)
	if !ok || len(info.State.VerifiedChains) == 0 {
		return "", false
	}
	name := info.State.VerifiedChains[0][0].Subject.CommonName
	return name, name != ""
}

func remoteOf(ctx context.Context) string {
	if p, ok := peer.FromContext(ctx); ok && p.Addr != nil {
		return p.Addr.String()
	}
	return ""
}

// mayRead refuses the caller who may not read. stream is what he asked for.
func (n *Node) mayRead(ctx context.Context, stream string) error {
	who := callerOf(ctx)
	if who.rights().Read {
		return nil
	}
	n.refused(ctx, who, "read", stream)
	return denied("user %q may not read", who.user)
}

// refused tells of an attempt. What the client has called himself and the stream
// may be anything, of any length; what is told of is text.
func (n *Node) refused(ctx context.Context, who caller, kind, stream string) {
	a := Attempt{User: legible(who.user), Kind: kind, Stream: legible(stream), Remote: who.remote}
	n.log.WarnContext(ctx, "an attempt over the EventStoreDB protocol was refused", "kind", a.Kind, "user", a.User, "stream", a.Stream, "remote", a.Remote)
	if n.o.Refused != nil {
		n.o.Refused(ctx, a)
	}
}

// legible returns s with at most as many bytes as the name of a metadata stream
// can have, and nothing in it that is no visible character.
func legible(s string) string {
	s = s[:min(len(s), len("$$")+ledger.MaxName+37)]
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsGraphic(r) {
			return '?'
		}
		return r
	}, s)
}

const (
	firstDelay = 100 * time.Millisecond
	maxDelay   = 3 * time.Second
	maxHosts   = 1024 // remembered; beyond that all are forgotten
)

// failures knows which hosts have failed to say who they are. Secrets are too long
// to be guessed; this is so that guessing fills no record of attempts.
type failures struct {
	mu sync.Mutex
	by map[string]*failing // guarded by mu
}

// failing is a host that has not succeeded since it has failed.
type failing struct {
	turn  chan struct{} // holds a value while one of its calls is kept waiting
	count int           // of calls that were; whoever has the turn owns it
}

// delay keeps a call of host waiting, longer with each that has failed, and one
// after the other. It reports false if the caller has left meanwhile.
func (f *failures) delay(ctx context.Context, host string) bool {
	f.mu.Lock()
	if f.by == nil || len(f.by) >= maxHosts {
		f.by = make(map[string]*failing)
	}
	h := f.by[host]
	if h == nil {
		h = &failing{turn: make(chan struct{}, 1)}
		f.by[host] = h
	}
	f.mu.Unlock()
	select {
	case h.turn <- struct{}{}:
		defer func() { <-h.turn }()
	case <-ctx.Done():
		return false
	}
	wait := time.NewTimer(min(maxDelay, firstDelay<<min(h.count, 10)))
	defer wait.Stop()
	h.count++
	select {
	case <-wait.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (f *failures) forget(host string) {
	f.mu.Lock()
	delete(f.by, host)
	f.mu.Unlock()
}
