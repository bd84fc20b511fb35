package web

import (
	"net/http"
	"slices"
	"strings"

	"xinfang/domain/ledger"
	"xinfang/domain/org"
)

// signData is what sign-in.html shows.
type signData struct {
	To         string     // where to go afterwards
	Failed     bool       // the token was not good
	Identities []identity // in a demonstration: whom one may be
	Others     []identity // and everybody else
}

// An identity is somebody whom a visitor of the demonstration may be.
type identity struct {
	ledger.Actor
	Value string // as the form sends it
}

func (s *Server) signInForm(w http.ResponseWriter, r *http.Request) {
	s.showSignIn(w, r, http.StatusOK, r.URL.Query().Get("to"), false)
}

func (s *Server) showSignIn(w http.ResponseWriter, r *http.Request, status int, to string, failed bool) {
	data := &signData{To: local(to), Failed: failed}
	if s.Demo {
		identities, err := s.identities(r)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		for _, i := range identities {
			if len(s.Guides) == 0 || slices.Contains(s.Guides, i.Actor) {
				data.Identities = append(data.Identities, i)
			} else {
				data.Others = append(data.Others, i)
			}
		}
	}
	s.now(w, r, status, "sign-in", "sign.title", data)
}

// identities returns everybody who holds a post now: inspectors first, because
// they are whom this is for, and then in the order of the roles.
func (s *Server) identities(r *http.Request) ([]identity, error) {
	world, err := s.World(r.Context(), 0)
	if err != nil {
		return nil, err
	}
	var all []identity
	for _, o := range world.Directory.Officers() {
		for _, post := range world.Directory.PostsOf(o.Number, s.Now()) {
			a := ledger.Actor{Officer: o.Number, Unit: post.Unit, Post: post.Title, Role: string(post.Role)}
			all = append(all, identity{a, identityValue(a)})
		}
	}
	rank := func(i identity) int {
		if i.Role == string(org.Inspector) {
			return -1
		}
		return slices.Index(org.Roles, org.Role(i.Role))
	}
	slices.SortStableFunc(all, func(a, b identity) int { return rank(a) - rank(b) })
	return all, nil
}

func identityValue(a ledger.Actor) string {
	return strings.Join([]string{a.Officer, a.Unit, a.Post, a.Role}, "|")
}

// signInPost signs in the holder of a token or, in a demonstration, whoever was
// chosen.
func (s *Server) signInPost(w http.ResponseWriter, r *http.Request) {
	actor, ok := s.whoPosted(r)
	world, err := s.World(r.Context(), 0)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if !ok || !world.Directory.Holds(actor, s.Now()) {
		s.showSignIn(w, r, http.StatusUnauthorized, r.PostFormValue("to"), true)
		return
	}
	if err := s.signIn(r, actor); err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, local(r.PostFormValue("to")), http.StatusSeeOther)
}

func (s *Server) whoPosted(r *http.Request) (ledger.Actor, bool) {
	if chosen := r.PostFormValue("identity"); s.Demo && chosen != "" {
		parts := strings.SplitN(chosen, "|", 4)
		if len(parts) != 4 {
			return ledger.Actor{}, false
		}
		return ledger.Actor{Officer: parts[0], Unit: parts[1], Post: parts[2], Role: parts[3]}, true
	}
	return s.Tokens.Actor(r.Context(), strings.TrimSpace(r.PostFormValue("token")))
}

func (s *Server) signOut(w http.ResponseWriter, r *http.Request) {
	if err := s.sessions.Destroy(r.Context()); err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
}

// local returns to if it is an address of this site, else the first page.
func local(to string) string {
	if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n\t") {
		return "/"
	}
	return to
}

// me shows who is signed in, and in which other posts he might be.
func (s *Server) me(w http.ResponseWriter, r *http.Request) {
	s.now(w, r, http.StatusOK, "me", "me.title", nil)
}
