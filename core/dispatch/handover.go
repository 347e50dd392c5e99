package dispatch

import (
	"context"
	"encoding/json"
	"errors"
	"runtime"
	"sync"
	"time"

	"frontdesk/core/carrier"
	"frontdesk/core/practice"
)

// Journal keeps short notes of what is being handed over. They are kept when Note returns, and survive the death of
// this program, but not of the machine or of the database server: that is why a journal has a name, which is another
// one when notes may have been lost.
type Journal interface {
	// Epoch is the journal's name. 0 is that no notes can be kept.
	Epoch(ctx context.Context) int64
	Note(ctx context.Context, group practice.ID, lease int64, text []byte) error
	// Notes are those of a lease, in the order they were made.
	Notes(ctx context.Context, group practice.ID, lease int64) ([][]byte, error)
	Forget(ctx context.Context, group practice.ID, leases []int64) error
}

// gather is how long a message that is to go waits at most for those that are
// under way: when they have ended others go in their place, and are noted with it.
const gather = time.Millisecond

// handover is a group on its way: it notes which of its messages go out, before
// they do, and what came of those that went. A goroutine that has to note
// something while another does waits, and then all that has come together is one note.
type handover struct {
	journal Journal
	group   practice.ID
	lease   int64

	writing sync.Mutex    // held while a note is written
	landed  chan struct{} // rung when none is under way any more

	mu       sync.Mutex // guards the rest
	page     *page
	inFlight int // messages under way
}

// page is what one note has.
type page struct {
	Starts []begun `json:"s,omitempty"`
	Ends   []ended `json:"e,omitempty"`

	written bool
	err     error
}

// begun is a request that goes out, and the messages in it.
type begun struct {
	Request string   `json:"r,omitempty"`
	Keys    []string `json:"k"`
}

// ended is what came of a message that went out.
type ended struct {
	Key      string        `json:"k"`
	Outcome  string        `json:"o,omitempty"`
	Provider string        `json:"p,omitempty"`
	Code     string        `json:"c,omitempty"`
	Reason   string        `json:"w,omitempty"`
	Request  string        `json:"r,omitempty"`
	After    time.Duration `json:"a,omitempty"`
}

// The outcomes of ended; accepted has none.
const (
	endedRefused    = "refused"
	endedBusy       = "busy"
	endedUnanswered = "unanswered"
	endedUnknown    = "unknown"
)

func endOf(key string, r carrier.Result) ended {
	e := ended{Key: key, Provider: r.Accepted.ProviderID, Code: r.Accepted.Code}
	var refused *carrier.Refusal
	var busy *carrier.Busy
	var unanswered *carrier.Unanswered
	switch {
	case r.Err == nil:
	case errors.As(r.Err, &refused):
		e.Outcome, e.Code, e.Reason = endedRefused, refused.Code, refused.Reason
	case errors.As(r.Err, &unanswered):
		e.Outcome, e.Code, e.Request, e.After = endedUnanswered, unanswered.Code, unanswered.Request, unanswered.After
	case errors.As(r.Err, &busy):
		e.Outcome, e.Code, e.After = endedBusy, busy.Code, busy.After
	default:
		e.Outcome = endedUnknown
	}
	return e
}

var errLost = errors.New("what the carrier said is lost")

func (e ended) result() carrier.Result {
	switch e.Outcome {
	case "":
		return carrier.Result{Accepted: carrier.Accepted{ProviderID: e.Provider, Code: e.Code}}
	case endedRefused:
		return carrier.Result{Err: &carrier.Refusal{Code: e.Code, Reason: e.Reason}}
	case endedBusy:
		return carrier.Result{Err: &carrier.Busy{Code: e.Code, After: e.After}}
	case endedUnanswered:
		return carrier.Result{Err: &carrier.Unanswered{Code: e.Code, Request: e.Request, After: e.After}}
	}
	return carrier.Result{Err: errLost}
}

// add puts something onto the page that is written next, and gives that.
func (h *handover) add(fill func(p *page)) *page {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.page == nil {
		h.page = &page{}
	}
	fill(h.page)
	return h.page
}

// Start implements carrier.Recorder.
func (h *handover) Start(ctx context.Context, request string, keys ...string) error {
	return h.write(ctx, h.add(func(p *page) { p.Starts = append(p.Starts, begun{request, keys}) }))
}

// End implements carrier.Recorder.
func (h *handover) End(key string, r carrier.Result) {
	h.add(func(p *page) {
		p.Ends = append(p.Ends, endOf(key, r))
		if h.inFlight--; h.inFlight == 0 {
			select {
			case h.landed <- struct{}{}:
			default:
			}
		}
	})
}

// Flush implements carrier.Recorder.
func (h *handover) Flush(ctx context.Context) {
	h.mu.Lock()
	p := h.page
	h.mu.Unlock()
	if p != nil {
		_ = h.write(ctx, p) // what has ended is written down for good in any case
	}
}

// write writes a page, unless another goroutine did while this one waited.
func (h *handover) write(ctx context.Context, p *page) error {
	h.writing.Lock()
	defer h.writing.Unlock()
	if p.written {
		return p.err
	}
	h.gather()
	h.mu.Lock()
	h.page = nil
	h.mu.Unlock()
	text, err := json.Marshal(p)
	if err == nil {
		err = h.journal.Note(ctx, h.group, h.lease, text)
	}
	if p.written, p.err = true, err; err == nil {
		h.mu.Lock()
		defer h.mu.Unlock()
		for _, b := range p.Starts {
			h.inFlight += len(b.Keys)
		}
	}
	return err
}

// gather waits for what is under way.
func (h *handover) gather() {
	runtime.Gosched() // a hand-over that has just begun is not counted yet
	var late <-chan time.Time
	for {
		h.mu.Lock()
		done := h.inFlight <= 0
		h.mu.Unlock()
		if done {
			return
		}
		if late == nil {
			late = time.After(gather)
		}
		select {
		case <-h.landed:
		case <-late:
			return
		}
	}
}

// epochOf is the journal that notes what goes out by a carrier; 0 is none.
func (d *dispatcher) epochOf(by carrier.Carrier) int64 {
	if _, ok := by.(carrier.Recorded); !ok {
		return 0
	}
	return d.epoch
}

// wire keeps the notes of a group; nil where none can be kept.
func (d *dispatcher) wire(by carrier.Carrier, lease int64) *handover {
	if d.epochOf(by) == 0 {
		return nil
	}
	return &handover{journal: d.Journal, group: d.group, lease: lease, landed: make(chan struct{}, 1)}
}

// trail is what a journal says of one lease: which messages went out, in which request, and what came of them.
type trail struct {
	begun map[string]string
	ended map[string]carrier.Result
}

// follow reads a journal. known is false where it cannot be told which messages went out: any may have.
func (s *Service) follow(ctx context.Context, group practice.ID, lease, epoch int64) (t trail, known bool, err error) {
	if s.Journal == nil || epoch == 0 || s.Journal.Epoch(ctx) != epoch {
		return trail{}, false, nil
	}
	notes, err := s.Journal.Notes(ctx, group, lease)
	if err != nil {
		return trail{}, false, err
	}
	t = trail{begun: map[string]string{}, ended: map[string]carrier.Result{}}
	for _, text := range notes {
		var p page
		if err := json.Unmarshal(text, &p); err != nil {
			// A note that was cut short tells nothing: then any may have gone out.
			return trail{}, false, nil //nolint:nilerr // it is an answer, not a failure
		}
		for _, e := range p.Ends {
			t.ended[e.Key] = e.result()
		}
		for _, b := range p.Starts {
			for _, key := range b.Keys {
				t.begun[key] = b.Request
				delete(t.ended, key) // it has gone out once more
			}
		}
	}
	return t, true, nil
}
