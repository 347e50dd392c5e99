package e2e

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"frontdesk/core/access"
	"frontdesk/store/storetest"
	"frontdesk/test/wait"
)

func TestExitCodes(t *testing.T) {
	t.Parallel()
	address := storetest.NewSQLite(t)
	newer := storetest.NewSQLite(t)
	storetest.Open(t, newer).Close()
	if _, err := storetest.Raw(t, newer).ExecContext(context.Background(),
		`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)`); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"help", []string{"--help"}, 0, "Try it"},
		{"version", []string{"version"}, 0, "frontdesk"},
		{"nothing", nil, 2, "expected one of"},
		{"no such command", []string{"dance"}, 2, "dance"},
		{"no such flag", []string{"serve", "--fast"}, 2, "--fast"},
		{"a hold of nothing", []string{"serve", "--hold", "0s"}, 2, "--hold"},
		{"credentials without a sandbox", []string{"serve", "--credentials", "x"}, 2, "--sandbox"},
		{"a database that is none", []string{"doctor", "--db", "mysql://x"}, 1, "sqlite:PATH"},
		{"TURN without its address", []string{"serve", "--turn-listen", "0.0.0.0:3478"}, 2, "--turn-public-ip"},
		{"TURN elsewhere without a secret", []string{"serve", "--ice-server", "turn:turn.example.org"}, 2,
			"--ice-secret"},
		{"no ICE server", []string{"serve", "--ice-server", "https://stun.example.org"}, 2, "--ice-server"},
		{"a relay that is not there", []string{"serve", "--ice-relay-only"}, 2, "--ice-relay-only"},
		{"no such database address", []string{"group", "list", "--db", "mysql://x"}, 2, "sqlite:PATH"},
		{"migrate", []string{"migrate", "--db", address}, 0, "schema version"},
		{"doctor", []string{"doctor", "--db", address}, 0, "integrity"},
		{"no such group", []string{"key", "list", "--db", address, "--group", "1"}, 3, "no such practice group"},
		{"no such key", []string{"key", "revoke", "fd_live_1_1_x", "--db", address}, 3, "no such practice group"},
		{"a database of tomorrow", []string{"serve", "--db", newer}, 4, "newer Frontdesk"},
		{"a database of tomorrow, looked at", []string{"doctor", "--db", newer}, 1, "newer Frontdesk"},
		{"a server that is not there", []string{"group", "list", "--db", "postgres://x@127.0.0.1:1/x"}, 4,
			"does not answer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, errs, code := run(t, c.args...)
			if code != c.code || !strings.Contains(out+errs, c.says) {
				t.Fatalf("%d: %s%s", code, out, errs)
			}
		})
	}
}

func TestGroupsAndKeysAtTheCommandLine(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		must := func(args ...string) map[string]any {
			t.Helper()
			out, errs, code := run(t, append(args, "--db", address, "--json")...)
			if code != 0 {
				t.Fatalf("%v: %d %s", args, code, errs)
			}
			var m map[string]any
			json.Unmarshal([]byte(out), &m) // lists are of no interest here
			return m
		}
		one, two := must("group", "create", "Mill Lane", "--ods-code", "Z99999"), must("group", "create", "Hub")
		group, hub := one["practice_group_id"].(string), two["practice_group_id"].(string)
		made := must("key", "create", "--group", group, "--partner", "Site", "--scope", "booking", "--permission",
			"setup",
			"--expires", "1h", "--rate-limit", "7")
		text := made["api_key"].(string)
		if !strings.HasPrefix(text, "fd_live_") || made["practice_group_id"] != group {
			t.Fatalf("key %v", made)
		}
		path, _ := binary()
		serve := exec.Command(path, "serve", "--listen", "127.0.0.1:0")
		serve.Env = append(os.Environ(), "FRONTDESK_DB="+address, "FRONTDESK_LOG_LEVEL=info")
		log := &logs{}
		serve.Stderr = log
		if err := serve.Start(); err != nil {
			t.Fatal(err)
		}
		defer serve.Wait()
		defer serve.Process.Kill()
		found := regexp.MustCompile(`"url":"([^"]+)"`)
		wait.Until(t, "it to serve", func() bool { return found.MatchString(log.String()) })
		p := &program{t: t}
		url := found.FindStringSubmatch(log.String())[1]
		call := func(of string) answer {
			return p.send(url, "GET", "/v1/me", nil, key(text), header("x-practice-group-id", of))
		}
		if a := call(group); a.Status != 200 || a.Header.Get("RateLimit-Policy") != `"key";q=7;w=60` {
			t.Fatalf("got %d %s %v", a.Status, a.Text, a.Header)
		}
		if a := call(hub); a.Status != 403 {
			t.Fatalf("got %d %s", a.Status, a.Text)
		}
		must("network", "join", "Westmarch", "--group", group)
		must("network", "join", "Westmarch", "--group", hub)
		if a := call(hub); a.Status != 200 || a.str("name") != "Hub" {
			t.Fatalf("in one network: %d %s", a.Status, a.Text)
		}
		if a := p.send(url, "PATCH", "/v1/me", map[string]any{"name": "Ours now"}, key(text),
			header("x-practice-group-id", hub)); a.Status != 403 {
			t.Fatalf("changed another group: %d %s", a.Status, a.Text)
		}
		must("network", "leave", "Westmarch", "--group", hub)
		if a := call(hub); a.Status != 403 {
			t.Fatalf("got %d %s", a.Status, a.Text)
		}
		must("key", "revoke", text)
		if a := call(group); a.Status != 401 || a.str("code") != "revoked_key" {
			t.Fatalf("at once on the running server: %d %s", a.Status, a.Text)
		}
		out, _, _ := run(t, "key", "list", "--group", group, "--db", address)
		if strings.Contains(out, text) || !strings.Contains(out, "Site") {
			t.Fatalf("list: %s", out)
		}
	})
}

// TestHelpNamesWhatAKeyAndARoleCanHave reads the help of the commands that make them.
func TestHelpNamesWhatAKeyAndARoleCanHave(t *testing.T) {
	t.Parallel()
	help, _, _ := run(t, "key", "create", "--help")
	for _, name := range access.Scopes {
		if !strings.Contains(help, string(name)) {
			t.Errorf("key create does not name the scope %s", name)
		}
	}
	for _, name := range access.KeyPermissions {
		if !strings.Contains(help, string(name)+" (") {
			t.Errorf("key create does not say what %s is", name)
		}
	}
	help, _, _ = run(t, "token", "create", "--help")
	for _, name := range access.Presets() {
		if !strings.Contains(help, name) {
			t.Errorf("token create does not name the role %s", name)
		}
	}
}
