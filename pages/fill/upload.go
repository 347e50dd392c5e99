package fill

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"frontdesk/core/attachment"
	"frontdesk/core/fault"
	"frontdesk/core/form"
	"frontdesk/core/formlink"
	"frontdesk/core/input"
	"frontdesk/web"
)

const (
	// mostUploads is how many files are taken at once: each is in memory until it is kept. mostOfOne is how many of
	// them by one link, so that one slow telephone, or one visitor who means harm, leaves places for others.
	mostUploads, mostOfOne = 8, 2
	// uploadTime is how long a file may take to come, and drained how much of one that is too large is read, so that
	// the browser shows why it was refused.
	uploadTime = 3 * time.Minute
	drained    = 100 << 20
)

// errBusy is returned when too many files come at once.
var errBusy = web.ErrAttempts.Saying("Many files are being sent at the moment. Wait a minute, then send yours again.")

// places are those of the files that are taken at the moment, by link. Its zero value has room for all.
type places struct {
	mu    sync.Mutex
	taken map[string]int
	all   int
}

// take takes a place for a file by a link, if there is one; leave gives it back.
func (p *places) take(link string) (leave func(), ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.all >= mostUploads || p.taken[link] >= mostOfOne {
		return nil, false
	}
	if p.taken == nil {
		p.taken = map[string]int{}
	}
	p.all++
	p.taken[link]++
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.all--
		if p.taken[link]--; p.taken[link] == 0 {
			delete(p.taken, link)
		}
	}, true
}

// formUpload takes a file, and goes on when that was asked for. A file is read from the request as it comes.
func (s *Site) formUpload(w http.ResponseWriter, r *http.Request) {
	ctx, step := r.Context(), stepOf(r.URL.Query())
	p, err := s.Core.FormLink.Late(ctx, s.visit(r))
	if err == nil && (step < 0 || step >= len(p.Steps) || len(p.Asked(step)) != 1) {
		err = formlink.ErrNoStep
	}
	if err != nil {
		s.formFail(w, r, err)
		return
	}
	leave, ok := s.places.take(r.PathValue("link"))
	if !ok {
		s.Fail(w, r, errBusy.After(time.Minute))
		return
	}
	defer leave()
	q := p.Asked(step)[0]
	name, content, goOn, err := received(w, r)
	over := false
	if err == nil && (name != "" || len(content) > 0) {
		over, err = s.Core.FormLink.Upload(ctx, s.visit(r), q.ID, name, content)
	} else if err == nil && !goOn {
		err = attachment.ErrNoFile
	}
	if f := web.Fault(err); errors.Is(err, attachment.ErrNoFile) || errors.Is(err, attachment.ErrEmptyFile) ||
		errors.Is(err, attachment.ErrTooLarge) || errors.Is(err, attachment.ErrWrongKind) ||
		errors.Is(err, formlink.ErrTooMany) {
		web.Note(r, f)
		s.stepAgain(w, r, step, []Field{{Question: q, Error: said(r, f)}})
		return
	}
	if err != nil {
		s.formFail(w, r, err)
		return
	}
	if !goOn {
		to(w, r, stepAt(r, step))
		return
	}
	s.fileDone(w, r, step, q, over)
}

// fileDone goes on from the page of a file.
func (s *Site) fileDone(w http.ResponseWriter, r *http.Request, step int, q form.Question, over bool) {
	late, problems, err := s.Core.FormLink.Save(r.Context(), s.visit(r), step, nil)
	switch {
	case err != nil:
		s.formFail(w, r, err)
	case len(problems) > 0:
		f := Field{Question: q}
		f.mark(r.Context(), problems[0])
		s.stepAgain(w, r, step, []Field{f})
	default:
		s.goOn(w, r, over || late)
	}
}

// formRemove takes a file away again.
func (s *Site) formRemove(w http.ResponseWriter, r *http.Request) {
	if err := s.Read(w, r, maxForm); err != nil {
		s.Fail(w, r, err)
		return
	}
	file, _ := input.Digits(r.PostForm.Get(fileField))
	if _, err := s.Core.FormLink.Remove(r.Context(), s.visit(r), file); err != nil {
		s.formFail(w, r, err)
		return
	}
	to(w, r, stepAt(r, stepOf(r.PostForm)))
}

// askForm leads to the form, for who opens the address that something was sent to.
func (s *Site) askForm(w http.ResponseWriter, r *http.Request) { to(w, r, formAt(r)) }

// received reads the file of a request as it comes, and whether to go on afterwards. What is beyond the largest file is
// read and let go, so that the browser shows why it was refused. Error: attachment.ErrTooLarge.
func received(w http.ResponseWriter, r *http.Request) (name string, content []byte, goOn bool, err error) {
	// A file from a telephone takes longer than other requests may. What cannot set it keeps the time it has.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(uploadTime))
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(uploadTime + time.Minute))
	r.Body = http.MaxBytesReader(w, r.Body, drained)
	parts, err := r.MultipartReader()
	if err != nil {
		return "", nil, false, fault.Input().Because(err)
	}
	tooLarge := false
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", nil, false, unreadable(err)
		}
		switch part.FormName() {
		case "file":
			name = part.FileName()
			if content, err = io.ReadAll(io.LimitReader(part, attachment.MaxUpload+1)); err != nil {
				return "", nil, false, unreadable(err)
			}
			if tooLarge = len(content) > attachment.MaxUpload; tooLarge {
				content = nil
			}
			if _, err := io.Copy(io.Discard, part); err != nil {
				return "", nil, false, unreadable(err)
			}
		case "then":
			text, err := io.ReadAll(io.LimitReader(part, 20))
			if err != nil {
				return "", nil, false, unreadable(err)
			}
			goOn = string(text) == "continue"
		}
	}
	if tooLarge {
		return "", nil, false, attachment.ErrTooLarge
	}
	return name, content, goOn, nil
}

// unreadable is why a request's file could not be read: it is far too large, or the connection was lost.
func unreadable(err error) error {
	if f := web.Fault(err); f.Kind != fault.Internal {
		return attachment.ErrTooLarge
	}
	return fault.Input().Because(err)
}
