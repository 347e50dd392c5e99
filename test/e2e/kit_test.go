// Package e2e is stories: the whole program, on each database, asked through a
// proxy of others that holds every request and answer against the
// contract.
package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/api/apitest"
	"frontdesk/app"
	"frontdesk/store/storetest"
	"frontdesk/test/wait"
)

// prism is the proxy (Stoplight Prism), and what is behind it: a door that
// leads to the program a request names.
type prism struct {
	url string
	cmd *exec.Cmd
}

const upstreamHeader = "X-Test-Upstream"

var contract *prism

var sealKey string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "frontdesk-e2e-")
	if err != nil {
		panic(err)
	}
	// Prism, as every server of Node.js, closes a connection that was idle for five seconds, also one that is just being
	// used again: none that was idle for long is.
	http.DefaultTransport.(*http.Transport).IdleConnTimeout = time.Second
	// Programs that share a PostgreSQL database share the key of its secrets.
	sealKey = filepath.Join(dir, "frontdesk.key")
	os.Setenv("FRONTDESK_SEAL_KEY", sealKey)
	if contract, err = startPrism("../../api/openapi.yaml"); err != nil {
		fmt.Fprintln(os.Stderr, "Prism did not start; run make test, which installs it:", err)
		os.Exit(1)
	}
	code := m.Run()
	contract.stop()
	os.RemoveAll(dir)
	if code == 0 && flag.Lookup("test.run").Value.String() == "" {
		if missing, err := unasked(); err != nil || len(missing) > 0 {
			fmt.Fprintln(os.Stderr, "no story asks for:", missing, err)
			code = 1
		}
	}
	os.Exit(code)
}

func startPrism(file string) (*prism, error) {
	back, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	go http.Serve(back, &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		to, err := url.Parse(r.In.Header.Get(upstreamHeader))
		if err != nil {
			panic(err)
		}
		r.SetURL(to)
		r.Out.Header.Del(upstreamHeader)
	}})
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(free.Addr().String())
	free.Close()
	p := &prism{url: "http://127.0.0.1:" + port}
	p.cmd = exec.Command("../npm/node_modules/.bin/prism", "proxy", file, "http://"+back.Addr().String(), "--port",
		port,
		"--host", "127.0.0.1")
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	if wait.Holds(time.Minute, func() bool {
		conn, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err == nil {
			conn.Close()
		}
		return err == nil
	}) {
		return p, nil
	}
	p.stop()
	return nil, fmt.Errorf("prism does not listen")
}

func (p *prism) stop() {
	p.cmd.Process.Kill()
	p.cmd.Wait()
}

// program is Frontdesk, running, with the town in it.
type program struct {
	t     testing.TB
	app   *app.App
	clock *clock
	logs  *logs
	creds struct {
		BaseURL string            `json:"base_url"`
		Group   string            `json:"practice_group_id"`
		Key     string            `json:"api_key"`
		Keys    map[string]string `json:"keys"`
		Token   string            `json:"graphql_token"`
		Second  struct {
			Group string `json:"practice_group_id"`
			Key   string `json:"api_key"`
		} `json:"second_practice_group"`
		Simulators map[string]string `json:"simulators"`
	}
}

// clock is a clock that tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// logs keeps what the program logged.
type logs struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logs) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// about are the lines about one request.
func (l *logs) about(id string) string {
	var out []string
	for line := range strings.Lines(l.String()) {
		if strings.Contains(line, id) {
			out = append(out, line)
		}
	}
	return strings.Join(out, "")
}

// sunday is when stories begin: a Sunday in winter, so that the week is ahead.
var sunday = time.Date(2031, time.January, 5, 20, 0, 0, 0, time.UTC)

// each runs a story on each database.
func each(t *testing.T, story func(t *testing.T, p *program)) {
	t.Helper()
	storetest.EachAddress(t, func(t *testing.T, address string) { story(t, open(t, address, app.Config{})) })
}

// open runs the program on a database until the test ends.
func open(t testing.TB, address string, c app.Config) *program {
	t.Helper()
	p := &program{t: t, clock: &clock{at: sunday}, logs: &logs{}}
	c.DB, c.Listen, c.Sandbox, c.Credentials = address, "127.0.0.1:0", true,
		filepath.Join(t.TempDir(), "credentials.json")
	c.Log, c.SealKey = app.NewLog(p.logs, slog.LevelDebug), sealKey
	if c.Now == nil {
		c.Now = p.clock.Now
	}
	if c.Hold == 0 {
		c.Hold = 15 * time.Minute
	}
	c.RefuseEvery = 250 * time.Millisecond
	var err error
	if p.app, err = app.Open(context.Background(), c); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := p.app.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	text, err := os.ReadFile(c.Credentials)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &p.creds); err != nil {
		t.Fatal(err)
	}
	return p
}

// answer is what came back.
type answer struct {
	Status int
	Header http.Header
	Body   map[string]any
	Text   string
}

// id is a field of the answer that is a text.
func (a answer) str(field string) string {
	s, _ := a.Body[field].(string)
	return s
}

func (a answer) data() []map[string]any {
	var out []map[string]any
	list, _ := a.Body["data"].([]any)
	for _, one := range list {
		m, _ := one.(map[string]any)
		out = append(out, m)
	}
	return out
}

// with changes a request before it is sent.
type with func(*http.Request)

func key(k string) with     { return header("x-api-key", k) }
func ofGroup(g string) with { return header("x-practice-group-id", g) }
func once(name string) with {
	return header("Idempotency-Key", name)
}

func header(name, value string) with {
	return func(r *http.Request) {
		if value == "" {
			r.Header.Del(name)
			return
		}
		r.Header.Set(name, value)
	}
}

// ask sends a request through the proxy. The answer must be as the
// contract says, and when it was not refused, so must the request have been.
func (p *program) ask(method, path string, body any, change ...with) answer {
	p.t.Helper()
	return p.send(contract.url, method, path, body, change...)
}

// direct sends a request the proxy would not pass on.
func (p *program) direct(method, path string, body any, change ...with) answer {
	p.t.Helper()
	return p.send(p.app.URL(), method, path, body, change...)
}

func (p *program) send(to, method, path string, body any, change ...with) answer {
	p.t.Helper()
	var content io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		content = strings.NewReader(b)
	default:
		text, err := json.Marshal(b)
		if err != nil {
			p.t.Fatal(err)
		}
		content = bytes.NewReader(text)
	}
	r, err := http.NewRequest(method, to+path, content)
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("x-api-key", p.creds.Key)
	r.Header.Set("x-practice-group-id", p.creds.Group)
	if to == contract.url {
		r.Header.Set(upstreamHeader, p.app.URL())
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, c := range change {
		c(r)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	a := answer{Status: res.StatusCode, Header: res.Header, Text: string(text)}
	json.Unmarshal(text, &a.Body) // what is not JSON has no Body
	if a.Body["error"] == true && strings.HasPrefix(path, "/v1/") && a.Status != http.StatusNotFound {
		if err := apitest.Refusal(method, r.URL.EscapedPath(), a.Body); err != nil {
			p.t.Error(err)
		}
	}
	if to == contract.url {
		for _, v := range violations(p.t, res) {
			if v.Location[0] == "response" || a.Status < 300 {
				p.t.Errorf("%s %s: against the contract: %+v\n%s", method, path, v, text)
			}
		}
		note(method, path)
	}
	return a
}

// violation is something the proxy found against the contract.
type violation struct {
	Location []string `json:"location"`
	Severity string   `json:"severity"`
	Message  string   `json:"message"`
}

func violations(t testing.TB, res *http.Response) []violation {
	t.Helper()
	var out []violation
	if text := res.Header.Get("sl-violations"); text != "" {
		if err := json.Unmarshal([]byte(text), &out); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
	}
	return out
}

// ok sends a request that must be done.
func (p *program) ok(method, path string, body any, change ...with) answer {
	p.t.Helper()
	a := p.ask(method, path, body, change...)
	if a.Status != http.StatusOK {
		p.t.Fatalf("%s %s: %d %s", method, path, a.Status, a.Text)
	}
	return a
}

// refused sends a request that must be refused, with a status and a code.
func (p *program) refused(status int, code, method, path string, body any, change ...with) answer {
	p.t.Helper()
	a := p.ask(method, path, body, change...)
	p.isRefusal(a, status, code)
	return a
}

// isRefusal checks that an answer has the shape every error has.
func (p *program) isRefusal(a answer, status int, code string) {
	p.t.Helper()
	items, _ := a.Body["message"].([]any)
	if a.Status != status || a.Body["error"] != true || a.Body["statusCode"] != float64(status) ||
		a.str("code") != code ||
		a.str("detail") == "" || len(items) == 0 {
		p.t.Fatalf("got %d %s; want %d %s", a.Status, a.Text, status, code)
	}
	if a.str("request_id") != a.Header.Get("x-request-id") || a.str("request_id") == "" {
		p.t.Fatalf("request id %q, in the header %q", a.str("request_id"), a.Header.Get("x-request-id"))
	}
	for _, one := range items {
		m, _ := one.(map[string]any)
		if _, ok := m["path"].([]any); !ok || m["code"] == "" || m["expected"] == nil {
			p.t.Fatalf("message %v", one)
		}
	}
}

// code is the code of a refusal, in either of the two shapes it has.
func (a answer) code() string {
	if a.str("resourceType") != "OperationOutcome" {
		return a.str("code")
	}
	code, _ := dig(a.Body, "issue", 0, "details", "coding", 0, "code").(string)
	return code
}

// isOutcome checks that an answer is a refusal as FHIR writes it.
func (p *program) isOutcome(a answer) {
	p.t.Helper()
	kind, _ := dig(a.Body, "issue", 0, "code").(string)
	text, _ := dig(a.Body, "issue", 0, "details", "text").(string)
	if a.Header.Get("Content-Type") != "application/fhir+json" || dig(a.Body, "issue", 0, "severity") != "error" ||
		kind == "" ||
		text == "" || a.code() == "" {
		p.t.Fatalf("got %d %s", a.Status, a.Text)
	}
}

// wrong is the path of the first field that an answer calls wrong.
func (a answer) wrong() string {
	items, _ := a.Body["message"].([]any)
	if len(items) == 0 {
		return ""
	}
	m, _ := items[0].(map[string]any)
	path, _ := m["path"].([]any)
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(path), " ", "."), "[]")
}

// slot is a free slot of the town.
func (p *program) slot(n int) map[string]any {
	p.t.Helper()
	return p.ok("GET", fmt.Sprintf("/v1/slots?page_size=1&page_index=%d&start_date=2031-01-07", n), nil).data()[0]
}

// request asks for a slot.
func request(slot map[string]any) map[string]any {
	start, _ := time.Parse(time.RFC3339, slot["start_time"].(string))
	end, _ := time.Parse(time.RFC3339, slot["finish_time"].(string))
	return map[string]any{
		"appointment_type_id": slot["appointment_type_id"], "location_id": slot["location_id"],
		"practitioner_id": slot["practitioner_id"],
		"start_time":      slot["start_time"], "duration": end.Sub(start).Minutes(),
	}
}

// patient registers a patient.
func (p *program) patient() string {
	p.t.Helper()
	return p.ok("POST", "/v1/patients/register", map[string]any{
		"first_name": "Nia", "last_name": "D'Arcy", "dob": "1990-05-01", "mobile": "07700 900555",
	}).str("patient_id")
}

// booked is a confirmed appointment in the n-th slot.
func (p *program) booked(n int) string {
	p.t.Helper()
	r := request(p.slot(n))
	r["patient_id"] = p.patient()
	id := p.ok("POST", "/v1/appointments", r).str("id")
	p.ok("PATCH", "/v1/appointments/"+id+"/book", nil)
	return id
}

// openOn runs the program on one database.
func openOn(t testing.TB, address string) *program {
	t.Helper()
	return open(t, address, app.Config{})
}
