// Package files is the door for documents' files: anyone who has a signed address
// can put a file there, or fetch it.
package files

import (
	"mime"
	"net/http"
	"strconv"

	"frontdesk/core"
	"frontdesk/core/document"
	"frontdesk/web"
)

type door struct{ core *core.Core }

// New is the door. Its addresses are /files/.
func New(c *core.Core) http.Handler {
	d := &door{core: c}
	mux := http.NewServeMux()
	mux.HandleFunc("PUT /files/{address}", d.put)
	mux.HandleFunc("GET /files/{address}", d.get)
	return web.Seen(web.Visitors(mux), c.Audit, web.Fail)
}

// put takes a file.
func (d *door) put(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength > document.MaxSize {
		web.Fail(w, r, web.ErrTooLarge)
		return
	}
	body := http.MaxBytesReader(w, r.Body, document.MaxSize)
	if err := d.core.Document.Upload(r.Context(), r.PathValue("address"), body); err != nil {
		web.Fail(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// get gives a file, for keeping and never for running: a browser must not take
// it for a page of ours.
func (d *door) get(w http.ResponseWriter, r *http.Request) {
	file, content, err := d.core.Document.Download(r.Context(), r.PathValue("address"))
	if err != nil {
		web.Fail(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", file.MediaType)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": file.Name}))
	h.Set("Content-Length", strconv.Itoa(len(content)))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "private, no-store")
	if r.Method != http.MethodHead {
		w.Write(content)
	}
}
