package e2e

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"frontdesk/app"
	"frontdesk/store/storetest"
)

// consultation books a video consultation of Ada's for Monday at nine, and gives its id.
func (p *program) consultation() string {
	p.t.Helper()
	kind := ""
	for _, k := range p.ok("GET", "/v1/appointment_types", nil).data() {
		if k["name"] == "GP long appointment" {
			kind = k["id"].(string)
		}
	}
	held := p.ok("POST", "/v1/appointments", map[string]any{
		"appointment_type_id": kind, "location_id": p.ok("GET", "/v1/locations", nil).data()[0]["id"],
		"practitioner_id": p.ok("GET", "/v1/practitioners", nil).data()[0]["id"], "duration": 20,
		"start_time": "2031-01-06T09:00:00Z", "suppress_availability_check": true, "patient_id": p.patient(),
	}).str("id")
	if got := p.ok("GET", "/v1/appointments/"+held, nil).Body["video_url"]; got != nil {
		p.t.Errorf("a hold has the address %v", got)
	}
	p.refused(http.StatusConflict, "video_appointment_not_booked", "POST", "/v1/video_links",
		map[string]any{"appointment_id": held})
	p.ok("PATCH", "/v1/appointments/"+held+"/book", nil)
	return held
}

// page opens a page as a browser does, without following where it leads.
func (p *program) page(path string) (*http.Response, string) {
	p.t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Get(p.app.URL() + path)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return res, string(text)
}

// dial opens the WebSocket of a page, which is from an origin.
func (p *program) dial(path, origin string) (*websocket.Conn, int) {
	p.t.Helper()
	h := http.Header{}
	if origin != "" {
		h.Set("Origin", origin)
	}
	c, res, err := websocket.Dial(context.Background(), p.app.URL()+path+"/socket",
		&websocket.DialOptions{HTTPHeader: h})
	if err != nil {
		if res == nil {
			p.t.Fatal(err)
		}
		return nil, res.StatusCode
	}
	p.t.Cleanup(func() { c.CloseNow() })
	return c, http.StatusSwitchingProtocols
}

func (p *program) tell(c *websocket.Conn, text string) {
	p.t.Helper()
	if err := c.Write(context.Background(), websocket.MessageText, []byte(text)); err != nil {
		p.t.Fatal(err)
	}
}

// hears waits for a message of a type.
func (p *program) hears(c *websocket.Conn, kind string) map[string]any {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		_, text, err := c.Read(ctx)
		if err != nil {
			p.t.Fatal(err)
		}
		var m map[string]any
		if err := json.Unmarshal(text, &m); err != nil {
			p.t.Fatal(err)
		}
		if m["type"] == kind {
			return m
		}
	}
}

// ends waits until a WebSocket is closed, and gives the code.
func ends(c *websocket.Conn) websocket.StatusCode {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		if _, _, err := c.Read(ctx); err != nil {
			return websocket.CloseStatus(err)
		}
	}
}

const helloOf = `{"type":"hello","page":"0123456789abcdef0123456789abcdef"}`

func TestVideoLinkLeadsPatientAndStaffToOneRoom(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		id := p.consultation()
		made := p.ok("POST", "/v1/video_links", map[string]any{"appointment_id": id})
		plain := p.ok("POST", "/v1/video_links", map[string]any{"appointment_id": id},
			key(p.creds.Keys["booking_links"]))
		if plain.str("video_link") != made.str("video_link") || plain.Body["staff_link"] != nil ||
			made.str("opens_at") != "2031-01-06T08:30:00Z" || made.str("closes_at") != "2031-01-06T10:20:00Z" {
			t.Errorf("the links are %s and %s", made.Text, plain.Text)
		}
		p.refused(http.StatusBadRequest, "invalid_request", "POST", "/v1/video_links",
			map[string]any{"appointment_id": id, "patient_id": "12"})
		p.refused(http.StatusForbidden, "missing_scope", "POST", "/v1/video_links",
			map[string]any{"appointment_id": id}, key(p.creds.Keys["booking"]))
		for _, a := range []answer{p.ok("GET", "/v1/appointments/"+id, nil),
			{Body: p.ok("GET", "/v1/appointments?start_date=2031-01-06&end_date=2031-01-06", nil).data()[0]}} {
			if a.str("video_url") != made.str("video_link") {
				t.Errorf("video_url is %q", a.str("video_url"))
			}
		}
		patient, staff := p.path(made.str("video_link")), p.path(made.str("staff_link"))

		res, text := p.page(patient)
		if res.StatusCode != http.StatusForbidden || !strings.Contains(text, "from 08:30") ||
			!strings.Contains(text, "01632 960100") {
			t.Errorf("the evening before the page answers %d %s", res.StatusCode, text)
		}
		p.clock.move(12*time.Hour + 50*time.Minute) // ten to nine
		for range 3 {
			res, text = p.page(patient)
		}
		h := res.Header
		if res.StatusCode != http.StatusOK || h.Get("Permissions-Policy") != "camera=(self), microphone=(self)" ||
			!strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'; script-src 'self'") ||
			h.Get("Referrer-Policy") != "same-origin" || !strings.Contains(text, `content="noindex"`) {
			t.Errorf("the page answers %d %v", res.StatusCode, h)
		}
		if other, _ := p.page("/unsubscribe/1-x"); other.Header.Get("Permissions-Policy") != "camera=(), microphone=()" {
			t.Errorf("another page has the policy %q", other.Header.Get("Permissions-Policy"))
		}

		mine := p.enter(patient)
		p.hears(mine, "room") // the patient has a seat before staff come
		theirs := p.enter(staff)
		if m := p.hears(theirs, "room"); m["other"] != "waiting" {
			t.Errorf("staff are told %v", m)
		} else {
			p.tell(theirs, `{"type":"let_in","page":"`+m["other_page"].(string)+`"}`)
		}
		for m := p.hears(mine, "room"); m["admitted"] != true; m = p.hears(mine, "room") {
		}
		p.tell(mine, `{"type":"signal","signal":{"hello":1}}`)
		if m := p.hears(theirs, "signal"); m["signal"].(map[string]any)["hello"] != 1.0 {
			t.Errorf("staff hear %v", m)
		}
		p.tell(theirs, `{"type":"end"}`)
		if got := ends(mine); got != 4002 {
			t.Errorf("after the end the patient's page is closed with %d", got)
		}
		if strings.Contains(p.logs.String(), patient) || strings.Contains(p.logs.String(), staff) {
			t.Error("the log has a link")
		}

		p.ok("PATCH", "/v1/appointments/"+id+"/cancel", map[string]any{"suppress_cancellation_policy": true})
		if res, text := p.page(patient); res.StatusCode != http.StatusForbidden ||
			!strings.Contains(text, "There is no video consultation") {
			t.Errorf("after it was cancelled the page answers %d %s", res.StatusCode, text)
		}
		if _, status := p.dial(patient, p.app.URL()); status != http.StatusForbidden {
			t.Errorf("after it was cancelled the WebSocket answers %d", status)
		}
	})
}

// path is the path of an address of the program.
func (p *program) path(address string) string { return strings.TrimPrefix(address, p.app.URL()) }

// enter takes a seat in a room.
func (p *program) enter(path string) *websocket.Conn {
	p.t.Helper()
	c, status := p.dial(path, p.app.URL())
	if c == nil {
		p.t.Fatalf("the WebSocket answers %d", status)
	}
	p.tell(c, helloOf)
	p.hears(c, "ice")
	return c
}

func TestVideoSocketBoundsWhatPagesSay(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		link := p.path(p.ok("POST", "/v1/video_links", map[string]any{"appointment_id": p.consultation()}).
			str("video_link"))
		p.clock.move(12*time.Hour + 50*time.Minute)
		for _, origin := range []string{"", "null", "https://evil.example.org", p.app.URL() + ".example.org"} {
			if _, status := p.dial(link, origin); status != http.StatusForbidden {
				t.Errorf("a page from %q gets %d", origin, status)
			}
		}
		if _, status := p.dial(link+"x", p.app.URL()); status != http.StatusNotFound {
			t.Errorf("a wrong link gets %d", status)
		}
		for name, first := range map[string]string{"no JSON": "hello", "no hello": `{"type":"end"}`,
			"a short name": `{"type":"hello","page":"a"}`} {
			c, _ := p.dial(link, p.app.URL())
			p.tell(c, first)
			if got := ends(c); got != websocket.StatusPolicyViolation {
				t.Errorf("%s: closed with %d", name, got)
			}
		}
		c := p.enter(link)
		p.tell(c, `{"type":"signal","signal":"`+strings.Repeat("x", 65<<10)+`"}`)
		if got := ends(c); got != websocket.StatusMessageTooBig {
			t.Errorf("a long message: closed with %d", got)
		}
		c = p.enter(link)
		for range 400 {
			if c.Write(context.Background(), websocket.MessageText, []byte(`{"type":"signal","signal":1}`)) != nil {
				break
			}
		}
		if got := ends(c); got != websocket.StatusPolicyViolation {
			t.Errorf("a flood: closed with %d", got)
		}
		first := p.enter(link)
		p.hears(first, "room") // it has its seat before the second comes
		p.enter(link)
		if got := ends(first); got != 4001 {
			t.Errorf("the first of two pages: closed with %d", got)
		}
		status, tried := http.StatusSwitchingProtocols, 0
		for ; status == http.StatusSwitchingProtocols && tried < 100; tried++ {
			_, status = p.dial(link, p.app.URL())
		}
		if status != http.StatusTooManyRequests {
			t.Errorf("coming in %d times more from one address: %d", tried, status)
		}
		p.clock.move(time.Minute)
		p.enter(link)
	})
}

func TestPracticesOwnVideoProviderIsASetting(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		p := open(t, address, app.Config{})
		id := p.consultation()
		ours := p.path(p.ok("GET", "/v1/appointments/"+id, nil).str("video_url"))
		p.refused(http.StatusBadRequest, "invalid_request", "PATCH", "/v1/me",
			map[string]any{"video_url_template": "http://meet.example.org/{room}"})
		p.ok("PATCH", "/v1/me", map[string]any{"video_url_template": "https://meet.example.org/{room}"})
		if got := p.ok("GET", "/v1/me/configuration", nil).str("video_url_template"); got !=
			"https://meet.example.org/{room}" {
			t.Errorf("the configuration says %q", got)
		}
		there := p.ok("GET", "/v1/appointments/"+id, nil).str("video_url")
		if !strings.HasPrefix(there, "https://meet.example.org/") || len(there) != len("https://meet.example.org/")+32 {
			t.Errorf("video_url is %q", there)
		}
		if l := p.ok("POST", "/v1/video_links", map[string]any{"appointment_id": id}); l.Body["own_provider"] != true ||
			l.str("video_link") != there {
			t.Errorf("the link is %s", l.Text)
		}
		_, a := p.graphQL(p.creds.Token,
			`{ bookings(dateRange: {start: "2031-01-06", end: "2031-01-07"}) { data { videoUrl videoStaffUrl } } }`)
		if !strings.Contains(a.Text, there) {
			t.Errorf("GraphQL says %s", a.Text)
		}
		p.clock.move(12*time.Hour + 50*time.Minute)
		if res, _ := p.page(ours); res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != there {
			t.Errorf("the link sent before leads to %d %q", res.StatusCode, res.Header.Get("Location"))
		}
		of := []string{"group", "video", "--json", "--db", address, "--group", p.creds.Group}
		if got := ofCommand(t, "", of...)["video_url_template"]; got != "https://meet.example.org/{room}" {
			t.Errorf("the command shows %v", got)
		}
		ofCommand(t, "", append(of, "--url-template", "")...)
		if got := p.path(p.ok("GET", "/v1/appointments/"+id, nil).str("video_url")); got != ours {
			t.Errorf("back in our own room the address is %q, and was %q", got, ours)
		}
	})
}
