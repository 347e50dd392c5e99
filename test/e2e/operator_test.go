package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"frontdesk/store/storetest"
	"frontdesk/test/wait"
)

// practiceOf makes a practice group and a key for everything at the command line.
func practiceOf(t *testing.T, address string) (group, key string) {
	t.Helper()
	made := commanded(t, "group", "create", "Mill Lane", "--db", address)
	group = made["practice_group_id"].(string)
	made = commanded(t, "key", "create", "--db", address, "--group", group, "--partner", "Site", "--scope", "booking",
		"--scope", "messaging", "--permission", "setup,staff")
	return group, made["api_key"].(string)
}

// commanded runs a command that must succeed, and gives the JSON it prints.
func commanded(t *testing.T, args ...string) map[string]any {
	t.Helper()
	out, errs, code := run(t, append(args, "--json")...)
	var m map[string]any
	if code != 0 || json.Unmarshal([]byte(out), &m) != nil {
		t.Fatalf("%v: %d %s%s", args, code, out, errs)
	}
	return m
}

// running is a server of a real database.
type running struct {
	cmd *exec.Cmd
	url string
	log *logs
}

// runServer serves a database that is there until the test ends.
func runServer(t *testing.T, env []string, args ...string) *running {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	s := &running{cmd: exec.Command(path, append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...),
		log: &logs{}}
	s.cmd.Stderr, s.cmd.Dir, s.cmd.Env = s.log, t.TempDir(), append(os.Environ(), env...)
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	found := regexp.MustCompile(`"url":"([^"]+)"`)
	wait.Until(t, "it to serve", func() bool { return found.MatchString(s.log.String()) })
	s.url = found.FindStringSubmatch(s.log.String())[1]
	return s
}

func (s *running) kill() {
	s.cmd.Process.Kill()
	s.cmd.Wait()
}

func (s *running) stop() {
	s.cmd.Process.Signal(syscall.SIGTERM)
	s.cmd.Wait()
}

// doctor runs the doctor, and gives its findings by check.
func doctor(t *testing.T, args ...string) (findings map[string]string, code int) {
	t.Helper()
	out, errs, code := run(t, append([]string{"doctor", "--json"}, args...)...)
	var list []struct {
		Check, Detail string
		OK            bool
	}
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		t.Fatalf("%v: %s%s", err, out, errs)
	}
	findings = map[string]string{}
	for _, f := range list {
		findings[f.Check] = map[bool]string{true: "ok ", false: "WRONG "}[f.OK] + f.Detail
	}
	return findings, code
}

func TestServerWithAnotherSealKeyIsRefused(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		dir := t.TempDir()
		right, other, missing := filepath.Join(dir, "right.key"), filepath.Join(dir, "other.key"),
			filepath.Join(dir, "missing.key")
		group, apiKey := practiceOf(t, address)
		commanded(t, "connector", "set", "gateway", "--db", address, "--group", group, "--seal-key", right, "--set",
			"url=http://127.0.0.1:1/sms", "--secret-file", "secret="+secretFile(t))
		if info, err := os.Stat(right); err != nil || info.Mode().Perm() != 0o600 {
			t.Fatalf("%v, %v", info, err)
		}
		p := &program{t: t}
		register := func(s *running) answer {
			return p.send(s.url, "POST", "/v1/patients/register",
				map[string]any{"first_name": "A", "last_name": "B", "dob": "1990-01-01", "mobile": "07700900123"},
				key(apiKey), header("x-practice-group-id", group), header("Idempotency-Key", "register-1"))
		}
		s := runServer(t, nil, "--db", address, "--seal-key", right)
		first := register(s)
		if first.Status != 200 {
			t.Fatalf("%d %s", first.Status, first.Text)
		}
		s.stop()
		// Another database has another key.
		made := runServer(t, nil, "--db", storetest.NewSQLite(t), "--seal-key", other)
		made.stop()
		for name, c := range map[string]struct{ file, says string }{"another key": {other, "another key"},
			"no key": {missing, "no such file"}} {
			for _, args := range [][]string{
				{"serve", "--listen", "127.0.0.1:0"},
				{"connector", "set", "gateway", "--group", group, "--set", "priority=20"},
			} {
				out, errs, code := run(t, append(args, "--db", address, "--seal-key", c.file)...)
				if code != 1 || !strings.Contains(errs, c.says) {
					t.Errorf("%s: %v: %d %s%s", name, args, code, out, errs)
				}
			}
			if found, code := doctor(t, "--db", address, "--seal-key", c.file); code != 1 ||
				!strings.HasPrefix(found["key"], "WRONG") || !strings.Contains(found["key"], c.says) {
				t.Errorf("%s: the doctor says %v", name, found["key"])
			} else if found["carriers"] != "WRONG 1 are set up, and cannot be looked at without the key" {
				t.Errorf("%s: of carriers the doctor says %v", name, found["carriers"])
			}
		}
		if _, err := os.Stat(missing); !os.IsNotExist(err) {
			t.Error("a key was made for a database that has one")
		}
		// A new key before the old one is the same database's.
		text, _ := os.ReadFile(other)
		old, _ := os.ReadFile(right)
		both := filepath.Join(dir, "both.key")
		if err := os.WriteFile(both, append(text, old...), 0o600); err != nil {
			t.Fatal(err)
		}
		s = runServer(t, nil, "--db", address, "--seal-key", both)
		if again := register(s); again.Text != first.Text {
			t.Errorf("the request again: %s, then %s", first.Text, again.Text)
		}
		s.stop()
		// A key that is lost for good.
		lost := filepath.Join(dir, "new.key")
		if _, errs, code := run(t, "seal", "adopt", "--db", address, "--seal-key", lost); code != 0 {
			t.Fatal(errs)
		}
		s = runServer(t, nil, "--db", address, "--seal-key", lost)
		if again := register(s); again.Status != 409 || again.str("code") != "answer_lost" {
			t.Errorf("the request again: %d %s", again.Status, again.Text)
		}
		if found, _ := doctor(t, "--db", address, "--seal-key", lost); !strings.HasPrefix(found["key"], "WRONG") ||
			!strings.Contains(found["carriers"], "practice group "+group+", gateway") {
			t.Errorf("the doctor says %v", found)
		}
	})
}

func secretFile(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "secret.txt")
	if err := os.WriteFile(file, []byte("a-secret-of-the-gateway-0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestUpgradedDatabaseKnowsItsKey starts on a database of a version that did not note its key.
func TestUpgradedDatabaseKnowsItsKey(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		dir := t.TempDir()
		right, other := filepath.Join(dir, "right.key"), filepath.Join(dir, "other.key")
		group, _ := practiceOf(t, address)
		commanded(t, "connector", "set", "gateway", "--db", address, "--group", group, "--seal-key", right, "--set",
			"url=http://127.0.0.1:1/sms", "--secret-file", "secret="+secretFile(t))
		if _, err := storetest.Raw(t, address).Exec(`DELETE FROM installation`); err != nil {
			t.Fatal(err)
		}
		for range 2 { // with no file, and with one
			if _, errs, code := run(t, "serve", "--listen", "127.0.0.1:0", "--db", address, "--seal-key",
				other); code != 1 ||
				!strings.Contains(errs, "another key") {
				t.Fatalf("%d %s", code, errs)
			}
			if err := os.WriteFile(other, []byte("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		runServer(t, nil, "--db", address, "--seal-key", right)
	})
}

func TestSecondServerOnOneFileIsNamed(t *testing.T) {
	t.Parallel()
	address := storetest.SQLite(t)
	s := start(t, address)
	host, _ := os.Hostname()
	_, errs, code := run(t, "serve", "--sandbox", "--listen", "127.0.0.1:0", "--db", address)
	if code != 1 || !strings.Contains(errs, fmt.Sprintf("process %d on %s", s.cmd.Process.Pid, host)) {
		t.Fatalf("%d %s", code, errs)
	}
	if out, errs, code := run(t, "group", "list", "--db", address); code != 0 ||
		!strings.Contains(out, "PRACTICE GROUP") {
		t.Fatalf("a command beside it: %d %s", code, errs)
	}
	s.kill() // nothing gives the file back
	start(t, address)
}

// TestCopiedDatabaseSendsNothingUntilResumed copies the files that a backup is made of to another
// place, as one would to another machine, and starts there.
func TestCopiedDatabaseSendsNothingUntilResumed(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		hooks := receive(t, nil)
		dir := t.TempDir()
		right := filepath.Join(dir, "right.key")
		s := start(t, address, "--seal-key", right)
		creds := s.creds
		if a := s.call("POST", "/v1/webhooks",
			map[string]any{"url": hooks.URL, "event_type": "message.sent"}); a.Status != 200 {
			t.Fatalf("%d %s", a.Status, a.Text)
		}
		ada := s.call("GET", "/v1/patients?search=byron", nil).data()[0]["id"]
		send := func(p *process, text string) string {
			t.Helper()
			a := p.call("POST", "/v1/messages/send",
				map[string]any{"patient_id": ada, "message_type": "sms", "message_string": text}, key(creds.Key))
			if a.Status != 200 {
				t.Fatalf("%d %s", a.Status, a.Text)
			}
			return a.str("message_id")
		}
		status := func(p *process, id string) string {
			return p.call("GET", "/v1/messages/"+id, nil, key(creds.Key)).str("status")
		}
		one := send(s, "one")
		wait.Until(t, "it to be sent", func() bool { return status(s, one) != "queued" })
		hooks.waits(1)
		s.stop()
		// The same place is no copy.
		s = start(t, address, "--seal-key", right)
		two := send(s, "two")
		wait.Until(t, "it to be sent", func() bool { return status(s, two) != "queued" })
		hooks.waits(2)
		s.stop()

		there := t.TempDir()
		var copied string
		if path, ok := strings.CutPrefix(address, "sqlite:"); ok {
			copied = "sqlite:" + filepath.Join(there, "frontdesk.db")
			duplicate(t, path, strings.TrimPrefix(copied, "sqlite:"))
		} else {
			copied = copyOf(t, address)
		}
		elsewhere := filepath.Join(there, "frontdesk.key")
		duplicate(t, right, elsewhere)
		c := start(t, copied, "--seal-key", elsewhere)
		three := send(c, "three")
		dispatched(t, copied)
		if found, code := doctor(t, "--db", copied, "--seal-key", elsewhere); code != 1 ||
			!strings.Contains(found["sending"], "copy") {
			t.Errorf("the doctor says %v", found["sending"])
		}
		if out, _, _ := run(t, "sending", "status", "--db", copied); !strings.Contains(out, "paused") ||
			!strings.Contains(out, "copy") {
			t.Errorf("got %s", out)
		}
		c.stop()
		c = start(t, copied, "--seal-key", elsewhere) // a restart does not resume it
		four := send(c, "four")
		dispatched(t, copied)
		if a, b := status(c, three), status(c, four); a != "queued" || b != "queued" {
			t.Fatalf("the copy sent: %s, %s", a, b)
		}
		if got := c.call("PATCH", "/v1/me", map[string]any{"name": "A copy"}, key(creds.Key)); got.Status != 200 {
			t.Fatalf("%d %s", got.Status, got.Text)
		}
		if n := len(hooks.deliveries()); n != 2 {
			t.Fatalf("the copy delivered: %d", n)
		}
		if _, errs, code := run(t, "sending", "resume", "--db", copied); code != 0 {
			t.Fatal(errs)
		}
		wait.Until(t, "the messages to go",
			func() bool { return status(c, three) != "queued" && status(c, four) != "queued" })
		hooks.waits(4)
	})
}

// dispatched waits until the job that hands over messages has begun: what has not gone by the time it ends is held.
func dispatched(t *testing.T, address string) {
	t.Helper()
	db := storetest.Raw(t, address)
	wait.Until(t, "the dispatch job to begin", func() bool {
		var waiting int
		err := db.QueryRow(`SELECT count(*) FROM job_waiting WHERE kind = 'message.dispatch'`).Scan(&waiting)
		return err == nil && waiting == 0
	})
}

func duplicate(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// copyOf copies a database of PostgreSQL that no program uses.
func copyOf(t *testing.T, address string) string {
	t.Helper()
	name := address[strings.LastIndex(address, "/")+1:]
	server := storetest.Raw(t, os.Getenv("TEST_POSTGRES"))
	name, _, _ = strings.Cut(name, "?")
	if _, err := server.Exec("CREATE DATABASE " + name + "_copy TEMPLATE " + name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := storetest.Raw(t, os.Getenv("TEST_POSTGRES")).Exec("DROP DATABASE " + name +
			"_copy WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	return strings.Replace(address, "/"+name, "/"+name+"_copy", 1)
}

func TestServerVariablesDoNotChangeOtherCommands(t *testing.T) {
	address := storetest.SQLite(t)
	for name, value := range map[string]string{"FRONTDESK_RATE_LIMIT": "7", "FRONTDESK_SCOPE": "messaging",
		"FRONTDESK_EXPIRES": "1ns"} {
		t.Setenv(name, value)
	}
	group, text := practiceOf(t, address)
	made := commanded(t, "token", "create", "--db", address, "--group", group, "--name", "A", "--role", "readonly")
	if made["rate_limit"] != nil {
		t.Errorf("the token has a limit: %v", made)
	}
	t.Setenv("FRONTDESK_SCOPE", "")
	os.Unsetenv("FRONTDESK_SCOPE")
	os.Unsetenv("FRONTDESK_EXPIRES")
	s := runServer(t,
		[]string{"FRONTDESK_RATELIMIT=9", "FRONTDESK_PUBLIC_UR=https://x", "FRONTDESK_DANCE=1",
			"FRONTDESK_SERVICE_HOST=10.0.0.1", "FRONTDESK_PORT=tcp://10.0.0.1:80"}, "--db", address)
	p := &program{t: t}
	a := p.send(s.url, "GET", "/v1/slots", nil, key(text), header("x-practice-group-id", group))
	if a.Status != 200 || a.Header.Get("RateLimit-Policy") != `"key";q=7;w=60` { // the server's own
		t.Errorf("%d %v", a.Status, a.Header)
	}
	if out, _, _ := run(t, "key", "list", "--db", address, "--group", group, "--json"); strings.Contains(out,
		"rate_limit") || strings.Contains(out, "expires_at") {
		t.Errorf("the key has a limit of its own: %s", out)
	}
	log := s.log.String()
	for _, want := range []string{`"variable":"FRONTDESK_RATELIMIT","did_you_mean":"FRONTDESK_RATE_LIMIT"`,
		`"variable":"FRONTDESK_PUBLIC_UR","did_you_mean":"FRONTDESK_PUBLIC_URL"`, `"variable":"FRONTDESK_DANCE"`} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %s: %s", want, log)
		}
	}
	if strings.Contains(log, "SERVICE_HOST") || strings.Contains(log, "FRONTDESK_PORT") ||
		strings.Contains(log, `"FRONTDESK_RATE_LIMIT","did`) {
		t.Errorf("the log names what is right: %s", log)
	}
	if _, errs, code := run(t, "key", "create", "--db", address, "--group", group, "--partner", "B"); code != 0 ||
		!strings.Contains(errs, "no scope") {
		t.Errorf("a key without a scope: %d %s", code, errs)
	}
	if _, errs, _ := run(t, "key", "create", "--db", address, "--group", group, "--partner", "B", "--scope",
		"booking"); strings.Contains(errs, "no scope") {
		t.Errorf("a key with one: %s", errs)
	}
}

func TestListingDoesNotCreateADatabase(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, args := range [][]string{{"group", "list"}, {"key", "list", "--group", "1"}, {"doctor"},
		{"sending", "resume"},
		{"connector", "set", "gateway", "--group", "1"}, {"seal", "adopt"}} {
		out, errs, code := run(t, append(args, "--db", "sqlite:"+dir+"/typo.db")...)
		if code == 0 || !strings.Contains(out+errs, "no such file") || strings.Contains(out+errs, "Try again") {
			t.Errorf("%v: %d %s%s", args, code, out, errs)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("these were made: %v", left)
	}
}
