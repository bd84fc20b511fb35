package web

// pages registers the console.
func (s *Server) pages(r *routes) {
	r.HandleFunc("GET /healthz", s.healthz)
	r.HandleFunc("GET /readyz", s.readyz)
	r.HandleFunc("GET /static/{file}", s.serveStatic)

	r.HandleFunc("GET /sign-in", s.signInForm)
	r.HandleFunc("POST /sign-in", s.signInPost)
	r.HandleFunc("POST /sign-out", s.signOut)
	r.HandleFunc("GET /me", s.me)
	r.HandleFunc("GET /help", s.help)
	r.HandleFunc("GET /help/api", s.helpAPI)

	r.HandleFunc("GET /{$}", s.overview)
	r.HandleFunc("GET /cases", s.list)
	r.HandleFunc("GET /cases/{no}", s.showCase)
	r.HandleFunc("POST /cases/{no}/reveal", s.reveal)
	r.HandleFunc("GET /cases/{no}/commands/{command}", s.commandForm)
	r.HandleFunc("POST /cases/{no}/commands/{command}", s.postCommand)
	r.HandleFunc("GET /registration", s.registrationForm)
	r.HandleFunc("POST /registration", s.postRegistration)

	r.HandleFunc("GET /imports", s.imports)
	r.HandleFunc("POST /imports", s.postImport)
	r.HandleFunc("GET /imports/{hash}", s.showImport)
	r.HandleFunc("POST /imports/{hash}", s.runImport)
	r.HandleFunc("GET /imports/{hash}/errors", s.importErrors)

	r.HandleFunc("GET /measures", s.measures)
	r.HandleFunc("GET /reports", s.reports)
	r.HandleFunc("GET /reports/cases/{no}", s.showCaseReport)
	r.HandleFunc("GET /reports/units/{code}", s.showUnitReport)

	s.notaryPages(r)

	r.HandleFunc("GET /ledger", s.showLedger)
	r.HandleFunc("POST /ledger/compare", s.compare)
	r.HandleFunc("GET /ledger/events", s.showEvents)
}
