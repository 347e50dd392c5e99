package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/store/storetest"
	"frontdesk/test/wait"
)

// binary is the program, built once.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "frontdesk-e2e-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "frontdesk")
	cmd := exec.Command("go", "build", "-o", path, "../../cmd/frontdesk")
	cmd.Stderr = os.Stderr
	return path, cmd.Run()
})

// run runs a command of the program to its end.
func run(t testing.TB, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	var out, errs strings.Builder
	cmd := exec.Command(path, args...)
	cmd.Stdout, cmd.Stderr, cmd.Dir = &out, &errs, t.TempDir()
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// process is the program serving, in a process of its own.
type process struct {
	*program
	cmd  *exec.Cmd
	url  string
	logs *logs
}

// start serves a sandbox on a database until the test ends.
func start(t testing.TB, address string, args ...string) *process {
	t.Helper()
	return startAs(t, address, filepath.Join(t.TempDir(), "credentials.json"), nil, args...)
}

func startAs(t testing.TB, address, credentials string, env []string, args ...string) *process {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	os.Remove(credentials + ".seen")
	before, _ := os.Stat(credentials)
	s := &process{program: &program{t: t}, logs: &logs{}}
	s.cmd = exec.Command(path,
		append([]string{"serve", "--sandbox", "--db", address, "--listen", "127.0.0.1:0", "--credentials", credentials},
			args...)...)
	s.cmd.Stderr, s.cmd.Env = s.logs, append(os.Environ(), env...)
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.kill() })
	if !wait.Holds(time.Minute, func() bool {
		now, err := os.Stat(credentials)
		return err == nil && (before == nil || !os.SameFile(before, now))
	}) {
		t.Fatalf("it did not start: %s", s.logs)
	}
	text, err := os.ReadFile(credentials)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &s.creds); err != nil {
		t.Fatal(err)
	}
	s.url = s.creds.BaseURL
	return s
}

func (s *process) kill() {
	s.cmd.Process.Kill()
	s.cmd.Wait()
}

// stop ends it in good order, and gives its exit code.
func (s *process) stop() int {
	s.cmd.Process.Signal(syscall.SIGTERM)
	s.cmd.Wait()
	return s.cmd.ProcessState.ExitCode()
}

func (s *process) call(method, path string, body any, change ...with) answer {
	s.t.Helper()
	return s.send(s.url, method, path, body, change...)
}

func TestSandboxKeepsDataOverARestart(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		file := filepath.Join(t.TempDir(), "credentials.json")
		first := startAs(t, address, file, nil)
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Fatalf("credentials: %v, %v", info.Mode(), err)
		}
		if len(first.creds.Keys) != len(access.Scopes) || first.creds.Second.Key == "" ||
			first.creds.Second.Group == first.creds.Group {
			t.Fatalf("credentials %+v", first.creds)
		}
		patient := first.call("POST", "/v1/patients/register",
			map[string]any{"first_name": "A", "last_name": "B", "dob": "1990-01-01",
				"mobile": "07700900123"}).str("patient_id")
		if code := first.stop(); code != 0 {
			t.Fatalf("it ended with %d: %s", code, first.logs)
		}
		second := startAs(t, address, file, nil)
		if second.creds.Key != first.creds.Key || second.creds.BaseURL == first.creds.BaseURL {
			t.Fatalf("credentials were %+v, are %+v", first.creds, second.creds)
		}
		if got := second.call("GET", "/v1/patients/"+patient, nil); got.Status != 200 {
			t.Fatalf("got %d %s", got.Status, got.Text)
		}
		// A group of its own has no ODS code, which the Personal Demographics Service asks for.
		if _, errs, code := run(t, "group", "create", "Alone Surgery", "--db", address); code != 0 {
			t.Fatalf("%d: %s", code, errs)
		}
		second.kill()
		third := startAs(t, address, filepath.Join(t.TempDir(), "other.json"), nil)
		for name, k := range map[string]string{"new": third.creds.Key, "old": first.creds.Key} {
			if got := third.call("GET", "/v1/practitioners", nil, key(k)); got.Body["count"] != 5.0 {
				t.Errorf("with the %s key: %s", name, got.Text)
			}
		}
		out, _, _ := run(t, "group", "list", "--db", address, "--json")
		if strings.Count(out, "practice_group_id") != 3 {
			t.Fatalf("groups: %s", out)
		}
	})
}

func TestSandboxRefusesRealGroups(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		if out, errs, code := run(t, "group", "create", "Mill Lane", "--db", address, "--json"); code != 0 ||
			!strings.Contains(out, `"sandbox": false`) {
			t.Fatalf("%d: %s%s", code, out, errs)
		}
		_, errs, code := run(t, "serve", "--sandbox", "--db", address, "--listen", "127.0.0.1:0")
		if code != 1 || !strings.Contains(errs, "real practice groups") {
			t.Fatalf("%d: %s", code, errs)
		}
	})
}

func TestTwoSandboxesStartOnOnePostgres(t *testing.T) {
	t.Parallel()
	address := storetest.Postgres(t)
	servers := make([]*process, 3)
	var all sync.WaitGroup
	for i := range servers {
		all.Go(func() { servers[i] = start(t, address) })
	}
	all.Wait()
	for _, s := range servers {
		if got := s.call("GET", "/v1/practitioners", nil); got.Body["count"] != 5.0 ||
			s.creds.Group != servers[0].creds.Group {
			t.Fatalf("got %s", got.Text)
		}
	}
}

func TestShutdownAnswersOpenRequests(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		s := start(t, address)
		// A request whose body is still on its way when the program is stopped.
		host := strings.TrimPrefix(s.url, "http://")
		conn, err := net.Dial("tcp", host)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		body := `{"first_name":"A","last_name":"B","dob":"1990-01-01","mobile":"07700900123"}`
		fmt.Fprintf(conn,
			"POST /v1/patients/register HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"+
				"x-api-key: %s\r\nx-practice-group-id: %s\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n",
			s.creds.Key, s.creds.Group, len(body))
		answers := bufio.NewReader(conn)
		// It says so when it begins to read the body (RFC 9110 section 10.1.1).
		if res, err := http.ReadResponse(answers, nil); err != nil || res.StatusCode != http.StatusContinue {
			t.Fatal(res, err)
		}
		fmt.Fprint(conn, body[:20])
		began := time.Now()
		if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		wait.Until(t, "it to stop listening", func() bool {
			c, err := net.Dial("tcp", host)
			if err == nil {
				c.Close()
			}
			return err != nil
		})
		fmt.Fprint(conn, body[20:])
		res, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(res.Body)
		if res.StatusCode != http.StatusOK || !strings.Contains(string(text), "patient_id") {
			t.Fatalf("the request in flight got %d %s", res.StatusCode, text)
		}
		s.cmd.Wait()
		if code := s.cmd.ProcessState.ExitCode(); code != 0 || time.Since(began) > 10*time.Second {
			t.Fatalf("it ended with %d after %s: %s", code, time.Since(began), s.logs)
		}
	})
}

func TestIdleMemory(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		s := start(t, address)
		s.call("GET", "/v1/me", nil)
		// What it took to start is given back soon, when nothing happens.
		wait.Until(t, "it to hold 64 MiB or less", func() bool {
			text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
			if err != nil {
				t.Fatal(err)
			}
			var kib int
			fmt.Sscan(string(regexp.MustCompile(`VmRSS:\s+(\d+)`).FindSubmatch(text)[1]), &kib)
			return kib > 0 && kib <= 64<<10
		})
	})
}

func TestRateLimitHoldsOverTwoServers(t *testing.T) {
	t.Parallel()
	address := storetest.Postgres(t)
	one, two := start(t, address, "--rate-limit", "50"), start(t, address, "--rate-limit", "50")
	allowed, refused := 0, 0
	for i := range 140 {
		s := one
		if i%2 == 1 {
			s = two
		}
		a := s.call("GET", "/v1/me", nil, key(one.creds.Key))
		switch a.Status {
		case 200:
			allowed++
		case 429:
			refused++
			s.isRefusal(a, 429, "rate_limited")
			if a.Header.Get("Retry-After") == "" || !strings.Contains(a.Header.Get("RateLimit"), "r=0") {
				t.Fatalf("headers %v", a.Header)
			}
		default:
			t.Fatalf("got %d %s", a.Status, a.Text)
		}
		if got := a.Header.Get("RateLimit-Policy"); got != `"key";q=50;w=60` {
			t.Fatalf("policy %q", got)
		}
	}
	if allowed > 50 || allowed < 47 {
		t.Fatalf("%d let through, %d refused", allowed, refused)
	}
}

// TestTwoServersShareDiaries lets clients of two processes on one database book
// the same crowded diary at random, over HTTP.
func TestTwoServersShareDiaries(t *testing.T) {
	t.Parallel()
	address := storetest.Postgres(t)
	servers := []*process{start(t, address, "--rate-limit", "0", "--hold", "1s"),
		start(t, address, "--rate-limit", "0", "--hold", "1s")}
	slots := servers[0].call("GET", "/v1/slots?page_size=12", nil).data()
	patient := servers[0].call("POST", "/v1/patients/register",
		map[string]any{"first_name": "A", "last_name": "B", "dob": "1990-01-01",
			"mobile": "07700900123"}).str("patient_id")
	creds := servers[0].creds
	var confirmed sync.Map
	var all sync.WaitGroup
	var unexpected atomic.Int64
	for i := range 16 {
		all.Go(func() {
			random := rand.New(rand.NewPCG(uint64(i), 3))
			var ids []string
			for range 40 {
				s := servers[random.IntN(2)]
				r := request(slots[random.IntN(len(slots))])
				r["patient_id"], r["duration"] = patient, 5*(1+random.IntN(4))
				method, path := "POST", "/v1/appointments"
				if len(ids) > 0 && random.IntN(3) > 0 {
					method, path = "PATCH", "/v1/appointments/"+ids[random.IntN(len(ids))]+"/"+
						[]string{"book", "cancel", "reschedule"}[random.IntN(3)]
					r["suppress_cancellation_policy"] = true
				}
				r["suppress_availability_check"] = true
				a := s.call(method, path, r, key(creds.Key))
				switch {
				case a.Status == 200 && method == "POST":
					ids = append(ids, a.str("id"))
				case a.Status == 200:
					confirmed.Store(path[:strings.LastIndex(path, "/")], a.Body["booking_confirmed_at"] != nil &&
						a.Body["cancelled_at"] == nil)
				case a.Status != 409:
					unexpected.Add(1)
					t.Errorf("%s %s: %d %s", method, path, a.Status, a.Text)
				}
			}
		})
	}
	all.Wait()
	confirmed.Range(func(path, want any) bool {
		a := servers[0].call("GET", path.(string), nil, key(creds.Key))
		if got := a.Body["booking_confirmed_at"] != nil && a.Body["cancelled_at"] == nil; got != want.(bool) {
			t.Errorf("%s: confirmed is %v, a client was answered %v", path, got, want)
		}
		return true
	})
	storetest.CheckDiaries(t, address)
	// And the holds that were not confirmed are released, by either server.
	db := storetest.Raw(t, address)
	wait.Until(t, "holds to be released", func() bool {
		var n int
		if err := db.QueryRow(`SELECT count(*) FROM appointment WHERE state = 'reserved'`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n == 0
	})
}

func TestJobReleasesExpiredHold(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		s := start(t, address, "--hold", "1s")
		r := request(s.call("GET", "/v1/slots?page_size=1", nil).data()[0])
		id := s.call("POST", "/v1/appointments", r).str("id")
		db := storetest.Raw(t, address)
		wait.Until(t, "the job", func() bool {
			var events int
			query := `SELECT count(*) FROM event WHERE type = 'appointment.released'`
			if err := db.QueryRow(query).Scan(&events); err != nil {
				t.Fatal(err)
			}
			return events == 1
		})
		if got := s.call("GET", "/v1/appointments/"+id+"/status", nil); got.str("status") != "released" {
			t.Fatalf("got %s", got.Text)
		}
	})
}

// TestTracesAreExportedByOTELVariables collects what it sends, and looks for what
// should not be in it.
func TestTracesAreExportedByOTELVariables(t *testing.T) {
	t.Parallel()
	var got atomic.Pointer[string]
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		text := string(body)
		if old := got.Load(); old != nil {
			text += *old
		}
		got.Store(&text)
	}))
	defer collector.Close()
	s := startAs(t, storetest.NewSQLite(t), filepath.Join(t.TempDir(), "c.json"),
		[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + collector.URL})
	s.call("GET", "/v1/patients?search=Mathison", nil)
	s.call("GET", "/v1/patients?field=mobile&search=07700900102", nil)
	s.stop()
	text := got.Load()
	if text == nil || !strings.Contains(*text, "GET listPatients") || !strings.Contains(*text, "frontdesk") {
		t.Fatal("no trace of it")
	}
	for _, secret := range []string{"Mathison", "7700900102", s.creds.Key} {
		if strings.Contains(*text, secret) {
			t.Errorf("the trace has %s", secret)
		}
	}
}

func TestMetricsOnTheirOwnListener(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().String()
	l.Close()
	s := start(t, storetest.NewSQLite(t), "--metrics-listen", at)
	s.call("GET", "/v1/me", nil)
	res, err := http.Get("http://" + at + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	if !strings.Contains(string(text),
		`frontdesk_http_request_seconds_count{method="GET",operation="getPracticeGroupById",status="200"} 1`) {
		t.Fatalf("got %s", text)
	}
	if a := s.call("GET", "/metrics", nil); a.Status != 404 {
		t.Fatalf("they are elsewhere too: %d", a.Status)
	}
}
