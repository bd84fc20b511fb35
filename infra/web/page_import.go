package web

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strings"
)

// importData is what imports.html and import.html show.
type importData struct {
	*Import
	Shown []ImportError
	More  int // errors that are not shown
	Fault *fault
}

// shownErrors is how many errors of a file a page lists; the copy of the file has
// them all.
const shownErrors = 200

// refreshAfter is how many seconds a page waits before it asks again how far an
// import has come.
const refreshAfter = "2"

func (s *Server) imports(w http.ResponseWriter, r *http.Request) {
	s.now(w, r, http.StatusOK, "imports", "nav.imports", &importData{})
}

// postImport checks the file that a form uploaded. Nothing is recorded.
func (s *Server) postImport(w http.ResponseWriter, r *http.Request) {
	upload, err := uploadOf(r)
	if err != nil {
		s.refuseImport(w, r, err)
		return
	}
	found, err := s.Importer.Check(r.Context(), upload)
	if err != nil {
		s.refuseImport(w, r, err)
		return
	}
	http.Redirect(w, r, "/imports/"+url.PathEscape(found.Hash), http.StatusSeeOther)
}

func (s *Server) refuseImport(w http.ResponseWriter, r *http.Request, err error) {
	f := s.report(r.Context(), err)
	s.now(w, r, f.Status, "imports", "nav.imports", &importData{Fault: f})
}

// uploadOf returns the file and the mapping that a form brought.
func uploadOf(r *http.Request) (Upload, error) {
	file, header, err := r.FormFile("file")
	if err != nil {
		if errors.Is(err, http.ErrMissingFile) || errors.Is(err, http.ErrNotMultipart) {
			return Upload{}, errNoFile
		}
		return Upload{}, err
	}
	u := Upload{Name: path.Base(strings.ReplaceAll(header.Filename, `\`, "/")), Mapping: []byte(r.FormValue("mapping")), Body: file}
	mapping, _, err := r.FormFile("mapping_file")
	if errors.Is(err, http.ErrMissingFile) {
		return u, nil
	}
	if err != nil {
		return u, err
	}
	defer func() { _ = mapping.Close() }() // it is only read
	if data, err := io.ReadAll(io.LimitReader(mapping, bodyLimit)); err != nil {
		return u, err
	} else if len(data) > 0 {
		u.Mapping = data
	}
	return u, nil
}

var errNoFile = newFault(http.StatusUnprocessableEntity, "ERR_NO_FILE", "没有选择要导入的文件", "no file was chosen",
	"请选择 .xlsx 或 .csv 文件，并附上映射", "choose an .xlsx or .csv file, and bring its mapping")

// errNoImport says that no such file was checked.
var errNoImport = newFault(http.StatusNotFound, "ERR_NO_IMPORT", "没有检查过这个文件", "no such file was checked",
	"请先上传并检查", "upload it first, to be checked")

func (s *Server) findImport(r *http.Request) (Import, error) {
	found, ok, err := s.Importer.Find(r.Context(), r.PathValue("hash"))
	if err == nil && !ok {
		err = errNoImport
	}
	return found, err
}

func (s *Server) showImport(w http.ResponseWriter, r *http.Request) {
	found, err := s.findImport(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if found.State == ImportRunning {
		w.Header().Set("Refresh", refreshAfter)
	}
	data := &importData{Import: &found, Shown: found.Errors}
	if n := len(found.Errors); n > shownErrors {
		data.Shown, data.More = found.Errors[:shownErrors], n-shownErrors
	}
	s.now(w, r, http.StatusOK, "import", "nav.imports", data)
}

// runImport starts recording a file that was checked.
func (s *Server) runImport(w http.ResponseWriter, r *http.Request) {
	if _, err := s.Importer.Run(r.Context(), r.PathValue("hash"), visitOf(r.Context()).Actor); err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/imports/"+url.PathEscape(r.PathValue("hash")), http.StatusSeeOther)
}

// importErrors answers with a copy of the file that says what is wrong where.
func (s *Server) importErrors(w http.ResponseWriter, r *http.Request) {
	var file bytes.Buffer
	name, err := s.Importer.Errors(r.Context(), r.PathValue("hash"), &file)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	if _, err := file.WriteTo(w); err != nil {
		s.Log.DebugContext(r.Context(), "the client went away", slog.String("trace_id", traceOf(r.Context())))
	}
}
