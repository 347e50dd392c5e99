package e2e

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"frontdesk/app"
	"frontdesk/store/storetest"
	"frontdesk/test/wait"
)

// practiceOf makes a practice group and a key for everything at the command line.
func practiceOf(t *testing.T, address string) (group, key string) {
	t.Helper()
	made := commanded(t, "group", "create", "Mill Lane", "--db", address)
	group = made["practice_group_id"].(string)
	made = commanded(t, "key", "create", "--db", address, "--group", group, "--partner", "Site", "--scope", "booking", "--scope", "messaging", "--permission", "setup,staff")
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
	s := &running{cmd: exec.Command(path, append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...), log: &logs{}}
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

func TestAServerWithAnotherKeyIsRefused(t *testing.T) {
	storetest.EachAddress(t, func(t *testing.T, address string) {
		dir := t.TempDir()
		right, other, missing := filepath.Join(dir, "right.key"), filepath.Join(dir, "other.key"), filepath.Join(dir, "missing.key")
		group, apiKey := practiceOf(t, address)
		commanded(t, "connector", "set", "gateway", "--db", address, "--group", group, "--seal-key", right, "--set", "url=http://127.0.0.1:1/sms", "--secret-file", "secret="+secretFile(t))
		if info, err := os.Stat(right); err != nil || info.Mode().Perm() != 0o600 {
			t.Fatalf("%v, %v", info, err)
		}
		p := &program{t: t}
		register := func(s *running) answer {
			return p.send(s.url, "POST", "/v1/patients/register", map[string]any{"first_name": "A", "last_name": "B", "dob": "1990-01-01", "mobile": "07700900123"},
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
		for name, c := range map[string]struct{ file, says string }{"another key": {other, "another key"}, "no key": {missing, "no such file"}} {
			for _, args := range [][]string{
				{"serve", "--listen", "127.0.0.1:0"},
				{"connector", "set", "gateway", "--group", group, "--set", "priority=20"},
			} {
				out, errs, code := run(t, append(args, "--db", address, "--seal-key", c.file)...)
				if code != 1 || !strings.Contains(errs, c.says) {
					t.Errorf("%s: %v: %d %s%s", name, args, code, out, errs)
				}
			}
			if found, code := doctor(t, "--db", address, "--seal-key", c.file); code != 1 || !strings.HasPrefix(found["key"], "WRONG") || !strings.Contains(found["key"], c.says) {
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
		if found, _ := doctor(t, "--db", address, "--seal-key", lost); !strings.HasPrefix(found["key"], "WRONG") || !strings.Contains(found["carriers"], "practice group "+group+", gateway") {
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

// TestADatabaseFromBeforeKnowsItsKey starts on one whose key nothing was noted of.
func TestADatabaseFromBeforeKnowsItsKey(t *testing.T) {
	storetest.EachAddress(t, func(t *testing.T, address string) {
		dir := t.TempDir()
		right, other := filepath.Join(dir, "right.key"), filepath.Join(dir, "other.key")
		group, _ := practiceOf(t, address)
		commanded(t, "connector", "set", "gateway", "--db", address, "--group", group, "--seal-key", right, "--set", "url=http://127.0.0.1:1/sms", "--secret-file", "secret="+secretFile(t))
		if _, err := storetest.Raw(t, address).Exec(`DELETE FROM installation`); err != nil {
			t.Fatal(err)
		}
		for range 2 { // with no file, and with one
			if _, errs, code := run(t, "serve", "--listen", "127.0.0.1:0", "--db", address, "--seal-key", other); code != 1 || !strings.Contains(errs, "another key") {
				t.Fatalf("%d %s", code, errs)
			}
			if err := os.WriteFile(other, []byte("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		runServer(t, nil, "--db", address, "--seal-key", right)
	})
}

func TestASecondServerOnOneFileIsNamed(t *testing.T) {
	address := storetest.SQLite(t)
	s := start(t, address)
	host, _ := os.Hostname()
	_, errs, code := run(t, "serve", "--sandbox", "--listen", "127.0.0.1:0", "--db", address)
	if code != 1 || !strings.Contains(errs, fmt.Sprintf("process %d on %s", s.cmd.Process.Pid, host)) {
		t.Fatalf("%d %s", code, errs)
	}
	if out, errs, code := run(t, "group", "list", "--db", address); code != 0 || !strings.Contains(out, "PRACTICE GROUP") {
		t.Fatalf("a command beside it: %d %s", code, errs)
	}
	s.kill() // nothing gives the file back
	start(t, address)
}

// TestACopySendsNothingUntilTold copies the files that a backup is made of to another
// place, as one would to another machine, and starts there.
func TestACopySendsNothingUntilTold(t *testing.T) {
	storetest.EachAddress(t, func(t *testing.T, address string) {
		hooks := receive(t, nil)
		dir := t.TempDir()
		right := filepath.Join(dir, "right.key")
		s := start(t, address, "--seal-key", right)
		creds := s.creds
		if a := s.call("POST", "/v1/webhooks", map[string]any{"url": hooks.URL, "event_type": "message.sent"}); a.Status != 200 {
			t.Fatalf("%d %s", a.Status, a.Text)
		}
		ada := s.call("GET", "/v1/patients?search=byron", nil).data()[0]["id"]
		send := func(p *process, text string) string {
			t.Helper()
			a := p.call("POST", "/v1/messages/send", map[string]any{"patient_id": ada, "message_type": "sms", "message_string": text}, key(creds.Key))
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
		if found, code := doctor(t, "--db", copied, "--seal-key", elsewhere); code != 1 || !strings.Contains(found["sending"], "copy") {
			t.Errorf("the doctor says %v", found["sending"])
		}
		if out, _, _ := run(t, "sending", "status", "--db", copied); !strings.Contains(out, "paused") || !strings.Contains(out, "copy") {
			t.Errorf("got %s", out)
		}
		c.stop()
		c = start(t, copied, "--seal-key", elsewhere) // starting it again does not tell it
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
		wait.Until(t, "the messages to go", func() bool { return status(c, three) != "queued" && status(c, four) != "queued" })
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

// copyOf copies a database of PostgreSQL that nobody uses.
func copyOf(t *testing.T, address string) string {
	t.Helper()
	name := address[strings.LastIndex(address, "/")+1:]
	server := storetest.Raw(t, os.Getenv("TEST_POSTGRES"))
	name, _, _ = strings.Cut(name, "?")
	if _, err := server.Exec("CREATE DATABASE " + name + "_copy TEMPLATE " + name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := storetest.Raw(t, os.Getenv("TEST_POSTGRES")).Exec("DROP DATABASE " + name + "_copy WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	return strings.Replace(address, "/"+name, "/"+name+"_copy", 1)
}

func TestAVariableOfTheServerChangesNoKey(t *testing.T) {
	address := storetest.SQLite(t)
	for name, value := range map[string]string{"FRONTDESK_RATE_LIMIT": "7", "FRONTDESK_SCOPE": "messaging", "FRONTDESK_EXPIRES": "1ns"} {
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
	s := runServer(t, []string{"FRONTDESK_RATELIMIT=9", "FRONTDESK_PUBLIC_UR=https://x", "FRONTDESK_DANCE=1", "FRONTDESK_SERVICE_HOST=10.0.0.1", "FRONTDESK_PORT=tcp://10.0.0.1:80"}, "--db", address)
	p := &program{t: t}
	a := p.send(s.url, "GET", "/v1/slots", nil, key(text), header("x-practice-group-id", group))
	if a.Status != 200 || a.Header.Get("RateLimit-Policy") != `"key";q=7;w=60` { // the server's own
		t.Errorf("%d %v", a.Status, a.Header)
	}
	if out, _, _ := run(t, "key", "list", "--db", address, "--group", group, "--json"); strings.Contains(out, "rate_limit") || strings.Contains(out, "expires_at") {
		t.Errorf("the key has a limit of its own: %s", out)
	}
	log := s.log.String()
	for _, want := range []string{`"variable":"FRONTDESK_RATELIMIT","did_you_mean":"FRONTDESK_RATE_LIMIT"`, `"variable":"FRONTDESK_PUBLIC_UR","did_you_mean":"FRONTDESK_PUBLIC_URL"`, `"variable":"FRONTDESK_DANCE"`} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %s: %s", want, log)
		}
	}
	if strings.Contains(log, "SERVICE_HOST") || strings.Contains(log, "FRONTDESK_PORT") || strings.Contains(log, `"FRONTDESK_RATE_LIMIT","did`) {
		t.Errorf("the log names what is right: %s", log)
	}
	if _, errs, code := run(t, "key", "create", "--db", address, "--group", group, "--partner", "B"); code != 0 || !strings.Contains(errs, "no scope") {
		t.Errorf("a key without a scope: %d %s", code, errs)
	}
	if _, errs, _ := run(t, "key", "create", "--db", address, "--group", group, "--partner", "B", "--scope", "booking"); strings.Contains(errs, "no scope") {
		t.Errorf("a key with one: %s", errs)
	}
}

func TestAListedDatabaseIsNotMade(t *testing.T) {
	dir := t.TempDir()
	for _, args := range [][]string{{"group", "list"}, {"key", "list", "--group", "1"}, {"doctor"}, {"sending", "resume"}, {"connector", "set", "gateway", "--group", "1"}, {"seal", "adopt"}} {
		out, errs, code := run(t, append(args, "--db", "sqlite:"+dir+"/typo.db")...)
		if code == 0 || !strings.Contains(out+errs, "no such file") || strings.Contains(out+errs, "Try again") {
			t.Errorf("%v: %d %s%s", args, code, out, errs)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("these were made: %v", left)
	}
}

func TestTheDoctorLooksAtEverything(t *testing.T) {
	address := storetest.NewSQLite(t)
	file := strings.TrimPrefix(address, "sqlite:")
	sealed := filepath.Join(t.TempDir(), "right.key")
	group, _ := practiceOf(t, address)
	examine := func(args ...string) map[string]string {
		t.Helper()
		found, _ := doctor(t, append([]string{"--db", address, "--seal-key", sealed}, args...)...)
		return found
	}
	says := func(found map[string]string, check string, words ...string) {
		t.Helper()
		for _, w := range words {
			if !strings.Contains(found[check], w) {
				t.Errorf("%s: %q lacks %q", check, found[check], w)
			}
		}
	}
	s := runServer(t, nil, "--db", address, "--seal-key", sealed)
	found := examine("--public-url", s.url)
	for _, check := range []string{"carriers", "pds", "public address", "key", "sending", "webhooks", "disk", "file modes", "holds", "environment"} {
		says(found, check, "ok ")
	}
	// A carrier that is there, and one that is not.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	commanded(t, "connector", "set", "gateway", "--db", address, "--group", group, "--seal-key", sealed,
		"--set", "url=http://"+l.Addr().String()+"/sms?token=t0ken", "--secret-file", "secret="+secretFile(t))
	says(examine(), "carriers", "ok 1 can be used")
	l.Close()
	says(examine(), "carriers", "WRONG practice group "+group+", gateway", l.Addr().String()+" does not answer")
	commanded(t, "connector", "set", "pds", "--db", address, "--group", group, "--seal-key", sealed, "--set", "base_url=http://"+l.Addr().String()+"/FHIR/R4", "--set", "ods_code=Z99999")
	says(examine(), "pds", "WRONG practice group "+group+", pds", l.Addr().String())
	// Where patients are sent.
	says(examine("--public-url", s.url+"/elsewhere"), "public address", "WRONG", "404")
	says(examine("--public-url", "http://"+l.Addr().String()), "public address", "WRONG", "refused")
	// Sending, file modes, variables.
	if _, errs, code := run(t, "sending", "pause", "--db", address); code != 0 {
		t.Fatal(errs)
	}
	for _, f := range []string{file, sealed} {
		if err := os.Chmod(f, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("FRONTDESK_SEALKEY", "x")
	found = examine()
	says(found, "sending", "WRONG", "paused by an operator", "sending resume")
	says(found, "file modes", "WRONG", file+" can be read by every user", sealed+" can be read by every user")
	says(found, "environment", "WRONG", "FRONTDESK_SEALKEY")
	s.stop()
	// What another user may not read, and what is not there.
	if os.Getuid() == 0 {
		for _, f := range []string{file, sealed} {
			if err := os.Chmod(f, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		path, _ := binary()
		stranger := t.TempDir()
		duplicate(t, path, filepath.Join(stranger, "frontdesk"))
		for _, c := range []struct {
			name, check string
			args        []string
		}{
			{"the database", "database", []string{"--db", address, "--seal-key", sealed}},
			{"the key", "key", []string{"--db", "sqlite:" + filepath.Join(stranger, "own.db"), "--seal-key", sealed}},
		} {
			cmd := exec.Command(filepath.Join(stranger, "frontdesk"), append([]string{"doctor", "--json"}, c.args...)...)
			if c.check == "key" {
				duplicate(t, file, filepath.Join(stranger, "own.db"))
			}
			passable(t, stranger)
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65532, Gid: 65532}}
			out, _ := cmd.Output()
			if text := string(out); !strings.Contains(text, "permission denied to user 65532") || strings.Contains(text, "Try again") {
				t.Errorf("%s: %s", c.name, text)
			}
		}
	}
	if found, _ := doctor(t, "--db", "sqlite:"+file+"/x/y.db", "--seal-key", sealed); !strings.HasPrefix(found["database"], "WRONG") || strings.Contains(found["database"], "Try again") {
		t.Errorf("got %v", found["database"])
	}
}

// passable lets every user into a folder and what is above it in the test's own, and
// makes what is in it the stranger's.
func passable(t *testing.T, dir string) {
	t.Helper()
	for at := dir; at != "/" && at != os.TempDir(); at = filepath.Dir(at) {
		if err := os.Chmod(at, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		if err := os.Chown(filepath.Join(dir, f.Name()), 65532, 65532); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(dir, f.Name()), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chown(dir, 65532, 65532); err != nil {
		t.Fatal(err)
	}
}

func TestTheLogIsListedLatestFirst(t *testing.T) {
	storetest.EachAddress(t, func(t *testing.T, address string) {
		group, text := practiceOf(t, address)
		other := commanded(t, "key", "create", "--db", address, "--group", group, "--partner", "Other", "--scope", "booking")
		if _, errs, code := run(t, "network", "join", "Westmarch", "--db", address, "--group", group); code != 0 {
			t.Fatal(errs)
		}
		commanded(t, "key", "revoke", other["api_key"].(string), "--db", address)
		list := func(args ...string) (actions []string) {
			t.Helper()
			out, errs, code := run(t, append([]string{"audit", "list", "--db", address, "--group", group, "--json"}, args...)...)
			var all []map[string]any
			if err := json.Unmarshal([]byte(out), &all); err != nil || code != 0 {
				t.Fatalf("%v: %s%s", err, out, errs)
			}
			for _, e := range all {
				actions = append(actions, e["action"].(string))
			}
			return actions
		}
		for _, c := range []struct {
			args []string
			want string
		}{
			{nil, "[key.revoke network.join key.create key.create group.create]"},
			{[]string{"--limit", "2"}, "[key.revoke network.join]"},
			{[]string{"--action", "key"}, "[key.revoke key.create key.create]"},
			{[]string{"--action", "key.create"}, "[key.create key.create]"},
			{[]string{"--about", "api_key:" + other["id"].(string)}, "[key.revoke key.create]"},
			{[]string{"--about", "api_key"}, "[key.revoke key.create key.create]"},
			{[]string{"--who", "operator", "--limit", "1"}, "[key.revoke]"},
			{[]string{"--who", "nobody"}, "[]"},
			{[]string{"--door", "graphql"}, "[]"},
			{[]string{"--failed"}, "[]"},
			{[]string{"--until", "2020-01-01"}, "[]"},
		} {
			if got := fmt.Sprint(list(c.args...)); got != c.want {
				t.Errorf("%v: got %s, want %s", c.args, got, c.want)
			}
		}
		out, _, _ := run(t, "audit", "list", "--db", address, "--group", group)
		if first, _, _ := strings.Cut(out[strings.Index(out, "\n")+1:], "\n"); !strings.Contains(first, "key.revoke") || !strings.Contains(first, "api_key:"+other["id"].(string)) {
			t.Errorf("got %s", out)
		}
		_ = text
	})
}

func TestNoCommandShowsTheCredentialsOfAnAddress(t *testing.T) {
	address := storetest.SQLite(t)
	group, _ := practiceOf(t, address)
	// An earlier version took a password in an address.
	out, errs, code := run(t, "connector", "set", "gateway", "--db", address, "--group", group,
		"--set", "url=https://pds.example.org/sms?token=t0ken&x=1", "--secret-file", "secret="+secretFile(t))
	if code != 0 {
		t.Fatal(errs)
	}
	all := out + errs
	if _, err := storetest.Raw(t, address).Exec(`UPDATE connector SET settings = replace(settings, 'https://', 'https://desk:hunter2@')`); err != nil {
		t.Fatal(err)
	}
	out, errs, _ = run(t, "connector", "set", "gateway", "--db", address, "--group", group, "--set", "url=https://desk:hunter2@pds.example.org:port/?token=t0ken")
	all += out + errs
	out, errs, _ = run(t, "connector", "remove", "gateway", "--db", address, "--group", group)
	all += out + errs
	if _, err := storetest.Raw(t, address).Exec(`INSERT INTO connector (practice_group_id, name, settings, secret, version, created_at, updated_at)
		VALUES ($1, 'gateway', '{"url":"https://desk:hunter2@pds.example.org/sms?token=t0ken\u0026x=1"}', '', 1, '2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:00.000000Z')`, group); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"connector", "list"}, {"connector", "list", "--json"}, {"audit", "list", "--json"}, {"audit", "export"}, {"audit", "export", "--format", "csv"}} {
		out, errs, code := run(t, append(args, "--db", address, "--group", group)...)
		if code != 0 || !strings.Contains(out, "pds.example.org") {
			t.Errorf("%v: %d %s%s", args, code, out, errs)
		}
		all += out
	}
	if strings.Contains(all, "hunter2") || strings.Contains(all, "t0ken") {
		t.Errorf("it is shown: %s", all)
	}
	if !strings.Contains(all, "url=https://***@pds.example.org/sms?token=***&x=1") {
		t.Errorf("the address is not: %s", all)
	}
}

func TestTheHelpNamesEverySystemAndItsSettings(t *testing.T) {
	out, _, code := run(t, "connector", "set", "--help")
	for _, want := range []string{
		"gateway", "govuk", "notify", "pds", "smtp", "twilio", "base_url", "token_url", "private_key", "callback_application", "send_contact", "account_sid", "messaging_service_sid",
		"auth_token", "sms_template", "callback_token", "bounces_to", "bounce_secret", "refresh_ahead_days", "per_second", "priority", "channels", "url", "reply_to", "together",
	} {
		if !regexp.MustCompile(`\b` + want + `\b`).MatchString(out) {
			t.Errorf("it lacks %s", want)
		}
	}
	if code != 0 || strings.Contains(out, "simulated") {
		t.Errorf("%d %s", code, out)
	}
}

func TestAddingAUserSaysWhenNoInvitationCanBeSent(t *testing.T) {
	address := storetest.SQLite(t)
	group, _ := practiceOf(t, address)
	add := func(email string) string {
		t.Helper()
		_, errs, code := run(t, "user", "create", "--db", address, "--group", group, "--email", email, "--role", "frontdesk", "--first-name", "Grace", "--last-name", "Hopper")
		if code != 0 {
			t.Fatal(errs)
		}
		return errs
	}
	if got := add("one@example.org"); !strings.Contains(got, "no carrier for e-mail") {
		t.Errorf("got %s", got)
	}
	commanded(t, "connector", "set", "smtp", "--db", address, "--group", group, "--set", "host=mail.example.org", "--set", "from=desk@example.org")
	if got := add("two@example.org"); got != "" {
		t.Errorf("got %s", got)
	}
	if _, errs, code := run(t, "sending", "pause", "--db", address); code != 0 {
		t.Fatal(errs)
	}
	if got := add("three@example.org"); !strings.Contains(got, "paused") {
		t.Errorf("got %s", got)
	}
}

// TestNoAnswerIsKeptOnTheWay asks every door, well and badly.
func TestNoAnswerIsKeptOnTheWay(t *testing.T) {
	address := storetest.SQLite(t)
	p := open(t, address, app.Config{})
	made := commanded(t, "token", "create", "--db", address, "--group", p.creds.Group, "--name", "A", "--role", "everything")
	token := http.Header{"X-Token": {made["api_key"].(string)}}
	for _, c := range []struct {
		method, path, body string
		header             http.Header
	}{
		{"GET", "/v1/patients?search=byron", "", nil},
		{"GET", "/v1/patients/1", "", nil},
		{"GET", "/v1/nothing", "", nil},
		{"GET", "/v1/me", "", http.Header{"X-Api-Key": {"fd_test_1_1_x"}}},
		{"POST", "/v1/patients/register", "{", nil},
		{"POST", "/graphql", `{"query":"{ patients { data { id } } }"}`, token},
		{"POST", "/graphql", `{"query":"{"}`, token},
		{"POST", "/graphql", `{`, nil},
		{"GET", "/graphql", ``, nil},
		{"GET", "/m/x", "", nil},
		{"GET", "/verify/x", "", nil},
		{"GET", "/record/confirm/x", "", nil},
		{"GET", "/invite/x", "", nil},
		{"GET", "/files/x", "", nil},
		{"PUT", "/files/x", "x", nil},
		{"GET", "/sandbox/inbox", "", nil},
		{"POST", "/callbacks/twilio/1", "x", nil},
		{"GET", "/healthz", "", nil},
		{"GET", "/metrics", "", nil},
		{"GET", "/", "", nil},
		{"GET", "/nowhere", "", nil},
	} {
		r, err := http.NewRequest(c.method, p.app.URL()+c.path, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header = http.Header{"X-Api-Key": {p.creds.Key}, "X-Practice-Group-Id": {p.creds.Group}, "Content-Type": {"application/json"}}
		for name, value := range c.header {
			r.Header[name] = value
		}
		res, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if !strings.Contains(res.Header.Get("Cache-Control"), "no-store") || res.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s %s: %d %v", c.method, c.path, res.StatusCode, res.Header)
		}
	}
}
