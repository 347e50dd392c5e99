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
)

func TestDoctorRunsEveryCheck(t *testing.T) {
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
	for _, check := range []string{"carriers", "pds", "public address", "key", "sending", "webhooks", "disk",
		"file modes",
		"holds", "environment"} {
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
	commanded(t, "connector", "set", "pds", "--db", address, "--group", group, "--seal-key", sealed, "--set",
		"base_url=http://"+l.Addr().String()+"/FHIR/R4", "--set", "ods_code=Z99999")
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
			cmd := exec.Command(filepath.Join(stranger, "frontdesk"),
				append([]string{"doctor", "--json"}, c.args...)...)
			if c.check == "key" {
				duplicate(t, file, filepath.Join(stranger, "own.db"))
			}
			passable(t, stranger)
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65532, Gid: 65532}}
			out, _ := cmd.Output()
			if text := string(out); !strings.Contains(text, "permission denied to user 65532") ||
				strings.Contains(text, "Try again") {
				t.Errorf("%s: %s", c.name, text)
			}
		}
	}
	if found, _ := doctor(t, "--db", "sqlite:"+file+"/x/y.db", "--seal-key",
		sealed); !strings.HasPrefix(found["database"],
		"WRONG") || strings.Contains(found["database"], "Try again") {
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

func TestAuditListIsLatestFirst(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		group, text := practiceOf(t, address)
		other := commanded(t, "key", "create", "--db", address, "--group", group, "--partner", "Other", "--scope",
			"booking")
		if _, errs, code := run(t, "network", "join", "Westmarch", "--db", address, "--group", group); code != 0 {
			t.Fatal(errs)
		}
		commanded(t, "key", "revoke", other["api_key"].(string), "--db", address)
		list := func(args ...string) (actions []string) {
			t.Helper()
			out, errs, code := run(t, append([]string{"audit", "list", "--db", address, "--group", group, "--json"},
				args...)...)
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
			{[]string{"--who", "unknown"}, "[]"},
			{[]string{"--door", "graphql"}, "[]"},
			{[]string{"--failed"}, "[]"},
			{[]string{"--until", "2020-01-01"}, "[]"},
		} {
			if got := fmt.Sprint(list(c.args...)); got != c.want {
				t.Errorf("%v: got %s, want %s", c.args, got, c.want)
			}
		}
		out, _, _ := run(t, "audit", "list", "--db", address, "--group", group)
		if first, _, _ := strings.Cut(out[strings.Index(out, "\n")+1:], "\n"); !strings.Contains(first, "key.revoke") ||
			!strings.Contains(first, "api_key:"+other["id"].(string)) {
			t.Errorf("got %s", out)
		}
		_ = text
	})
}

func TestNoCommandShowsTheCredentialsOfAnAddress(t *testing.T) {
	t.Parallel()
	address := storetest.SQLite(t)
	group, _ := practiceOf(t, address)
	// An earlier version took a password in an address.
	out, errs, code := run(t, "connector", "set", "gateway", "--db", address, "--group", group,
		"--set", "url=https://pds.example.org/sms?token=t0ken&x=1", "--secret-file", "secret="+secretFile(t))
	if code != 0 {
		t.Fatal(errs)
	}
	all := out + errs
	if _, err := storetest.Raw(t,
		address).Exec(`UPDATE connector SET settings = replace(settings, 'https://',
			'https://desk:hunter2@')`); err != nil {
		t.Fatal(err)
	}
	out, errs, _ = run(t, "connector", "set", "gateway", "--db", address, "--group", group, "--set",
		"url=https://desk:hunter2@pds.example.org:port/?token=t0ken")
	all += out + errs
	out, errs, _ = run(t, "connector", "remove", "gateway", "--db", address, "--group", group)
	all += out + errs
	if _, err := storetest.Raw(t,
		address).Exec(`INSERT INTO connector (practice_group_id, name, settings, secret, version, created_at,
			updated_at)
		VALUES ($1, 'gateway', '{"url":"https://desk:hunter2@pds.example.org/sms?token=t0ken\u0026x=1"}', '', 1,
		'2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:00.000000Z')`, group); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"connector", "list"}, {"connector", "list", "--json"}, {"audit", "list", "--json"},
		{"audit", "export"}, {"audit", "export", "--format", "csv"}} {
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

func TestHelpNamesEveryConnectorAndItsSettings(t *testing.T) {
	t.Parallel()
	out, _, code := run(t, "connector", "set", "--help")
	for _, want := range []string{
		"gateway", "govuk", "notify", "pds", "smtp", "twilio", "base_url", "token_url", "private_key",
		"callback_application",
		"send_contact", "account_sid", "messaging_service_sid",
		"auth_token", "sms_template", "callback_token", "bounces_to", "bounce_secret", "refresh_ahead_days",
		"per_second",
		"priority", "channels", "url", "reply_to", "together",
	} {
		if !regexp.MustCompile(`\b` + want + `\b`).MatchString(out) {
			t.Errorf("it lacks %s", want)
		}
	}
	if code != 0 || strings.Contains(out, "simulated") {
		t.Errorf("%d %s", code, out)
	}
}

func TestUserCreateReportsMissingEMailProvider(t *testing.T) {
	t.Parallel()
	address := storetest.SQLite(t)
	group, _ := practiceOf(t, address)
	add := func(email string) string {
		t.Helper()
		_, errs, code := run(t, "user", "create", "--db", address, "--group", group, "--email", email, "--role",
			"frontdesk",
			"--first-name", "Grace", "--last-name", "Hopper")
		if code != 0 {
			t.Fatal(errs)
		}
		return errs
	}
	if got := add("one@example.org"); !strings.Contains(got, "no carrier for e-mail") {
		t.Errorf("got %s", got)
	}
	commanded(t, "connector", "set", "smtp", "--db", address, "--group", group, "--set", "host=mail.example.org",
		"--set",
		"from=desk@example.org")
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

// TestAnswersForbidCaching asks every door, well and badly.
func TestAnswersForbidCaching(t *testing.T) {
	t.Parallel()
	address := storetest.SQLite(t)
	p := open(t, address, app.Config{})
	made := commanded(t, "token", "create", "--db", address, "--group", p.creds.Group, "--name", "A", "--role",
		"everything")
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
		r.Header = http.Header{"X-Api-Key": {p.creds.Key}, "X-Practice-Group-Id": {p.creds.Group},
			"Content-Type": {"application/json"}}
		for name, value := range c.header {
			r.Header[name] = value
		}
		res, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if !strings.Contains(res.Header.Get("Cache-Control"), "no-store") ||
			res.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s %s: %d %v", c.method, c.path, res.StatusCode, res.Header)
		}
	}
}
