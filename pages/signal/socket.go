// Package signal is what the two pages of a video consultation tell each other, over a WebSocket, until their browsers
// have found each other.
package signal

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/coder/websocket"
	"golang.org/x/time/rate"

	"frontdesk/core/fault"
	"frontdesk/core/video"
	"frontdesk/web"
)

// What a page may send over its WebSocket. A description of a call has up to about 10 kB, and a call begins with some
// dozens of candidates.
const (
	maxSignal     = 64 << 10 // bytes of one message
	signalRate    = 20       // messages a second
	signalBurst   = 200
	helloTime     = 10 * time.Second
	pingEach      = 15 * time.Second
	writeTime     = 10 * time.Second
	waitingToSend = 256 // messages; a page that takes none is gone
)

// The codes with which a WebSocket is closed; the page knows what to do then.
const (
	closeReplaced = websocket.StatusCode(4001)
	closeEnded    = websocket.StatusCode(4002)
	closeRefused  = websocket.StatusCode(4003)
)

var closing = map[video.Why]websocket.StatusCode{
	video.Replaced: closeReplaced, video.Ended: closeEnded, video.Stopping: websocket.StatusGoingAway,
}

// said is what a page says.
type said struct {
	Type   string          `json:"type"`
	Page   string          `json:"page"`
	Signal json.RawMessage `json:"signal"`
}

// Door connects the pages of video consultations.
type Door struct {
	video *video.Service
	// rooms limits how often pages come in, by address: each time is an entry in the audit trail.
	rooms *web.Attempts
}

// New is the door to the consultations of a service.
func New(s *video.Service, now func() time.Time) *Door { return &Door{s, web.NewAttempts(now)} }

// iceAnswer is which servers help to find a way to the other browser.
type iceAnswer struct {
	Type      string            `json:"type"`
	Servers   []video.ICEServer `json:"ice_servers"`
	RelayOnly bool              `json:"relay_only"`
}

func (d *Door) iceServers() iceAnswer {
	return iceAnswer{"ice", d.video.Servers(), d.video.RelayOnly}
}

// Servers answers them, for the check of the network.
func (d *Door) Servers(w http.ResponseWriter, r *http.Request) {
	if _, err := d.video.Visit(r.Context(), r.PathValue("link")); err != nil {
		web.Fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(d.iceServers()); err != nil {
		web.Of(r.Context()).Cause = err
	}
}

// errManyJoins is returned to an address from which pages come in again and again.
var errManyJoins = fault.New(fault.Limited, "too_many_joins",
	"Video consultations were entered too often from this address. Wait a minute, then try again.")

// errOrigin is returned to a WebSocket that another site opens.
var errOrigin = fault.New(fault.Forbidden, "cross_site_socket",
	"A page of another site cannot take part in a video consultation.")

// Connect connects a page of a video consultation.
func (d *Door) Connect(w http.ResponseWriter, r *http.Request) {
	link := r.PathValue("link")
	if _, err := d.video.Visit(r.Context(), link); err != nil {
		web.Fail(w, r, err)
		return
	}
	if !d.own(r) {
		web.Fail(w, r, errOrigin)
		return
	}
	if d.rooms.Take(r) > 0 {
		web.Fail(w, r, errManyJoins)
		return
	}
	// own has judged the origin, which may be that of a proxy in front of us.
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return // it has answered
	}
	defer func() { _ = ws.CloseNow() }() // it may be closed already
	ws.SetReadLimit(maxSignal)
	// The request's own context ends when its connection is taken over.
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	defer cancel()
	l := &line{ws: ws, out: make(chan any, waitingToSend), shut: make(chan video.Why, 1), cancel: cancel}
	go l.write(ctx)
	d.converse(ctx, l, link)
}

// own reports whether a page of ours opens a WebSocket. Every browser says where its page is from.
func (d *Door) own(r *http.Request) bool {
	from, err := url.Parse(r.Header.Get("Origin"))
	if err != nil || from.Host == "" {
		return false
	}
	public, err := url.Parse(d.video.Pages())
	return strings.EqualFold(from.Host, r.Host) || err == nil && strings.EqualFold(from.Host, public.Host)
}

// converse takes a seat for a page, and listens until it goes.
func (d *Door) converse(ctx context.Context, l *line, link string) {
	wait, cancel := context.WithTimeout(ctx, helloTime)
	first, ok := l.read(wait)
	cancel()
	if !ok || first.Type != "hello" || len(first.Page) < 16 || len(first.Page) > 100 {
		l.end(websocket.StatusPolicyViolation, "hello")
		return
	}
	l.put(d.iceServers())
	seat, err := d.video.Join(ctx, link, video.Hello{Page: first.Page}, l)
	if err != nil {
		f := web.Fault(err)
		if f.Kind == fault.Internal {
			web.Of(ctx).Cause = err
			l.end(websocket.StatusInternalError, "")
			return
		}
		l.end(closeRefused, f.Code)
		return
	}
	defer seat.Lost()
	pace := rate.NewLimiter(signalRate, signalBurst)
	for {
		m, ok := l.read(ctx)
		if !ok {
			return
		}
		if !pace.Allow() {
			l.end(websocket.StatusPolicyViolation, "too many messages")
			return
		}
		switch m.Type {
		case "signal":
			seat.Signal(m.Signal)
		case "renew":
			l.put(d.iceServers())
		case "let_in":
			seat.LetIn(m.Page)
		case "end":
			seat.End()
		case "leave":
			seat.Leave()
			return
		}
	}
}

// line is the WebSocket of a page.
type line struct {
	ws     *websocket.Conn
	out    chan any
	shut   chan video.Why
	cancel context.CancelFunc
	// Other times than those of the program; 0 is the program's.
	pingEach, writeTime time.Duration
}

// Send has a message sent. A page that does not take what it is sent is cut off, and comes back.
func (l *line) Send(m video.Message) { l.put(m) }

func (l *line) put(m any) {
	select {
	case l.out <- m:
	default:
		l.cancel()
	}
}

// Close ends the connection, and tells the page why.
func (l *line) Close(why video.Why) { l.shut <- why }

// end closes the WebSocket with a code.
func (l *line) end(code websocket.StatusCode, why string) {
	_ = l.ws.Close(code, why) // a page that is gone already needs no answer
}

// read gives the next message, and whether there was one.
func (l *line) read(ctx context.Context) (said, bool) {
	kind, text, err := l.ws.Read(ctx)
	var m said
	if err != nil || kind != websocket.MessageText || json.Unmarshal(text, &m) != nil {
		return said{}, false
	}
	return m, true
}

// write sends what is to be sent, and asks now and then whether the page is still there.
func (l *line) write(ctx context.Context) {
	defer l.cancel()
	pings := time.NewTicker(cmp.Or(l.pingEach, pingEach))
	defer pings.Stop()
	for {
		var err error
		select {
		case m := <-l.out:
			err = l.within(ctx, func(ctx context.Context) error {
				text, err := json.Marshal(m)
				if err != nil {
					return err
				}
				return l.ws.Write(ctx, websocket.MessageText, text)
			})
		case why := <-l.shut:
			l.end(closing[why], string(why))
			return
		case <-pings.C:
			err = l.within(ctx, l.ws.Ping)
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// within gives a page so long to take something, from the moment it is sent.
func (l *line) within(ctx context.Context, send func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(l.writeTime, writeTime))
	defer cancel()
	return send(ctx)
}
