package e2e

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"frontdesk/store/storetest"
	"frontdesk/test/wait"
)

// pooler is an empty database behind PgBouncer, which hands out its few connections
// by transaction. The address has what the documentation asks for.
func pooler(t *testing.T) (address string) {
	t.Helper()
	server := os.Getenv("TEST_POSTGRES")
	if server == "" {
		storetest.Postgres(t) // which says what is missing
	}
	if _, err := exec.LookPath("pgbouncer"); err != nil && os.Getenv("CI") == "" {
		t.Skip("there is no pgbouncer; run make install")
	}
	guide, err := os.ReadFile("../../docs/operating.md")
	if err != nil {
		t.Fatal(err)
	}
	setting := regexp.MustCompile(`default_query_exec_mode=\w+`).FindString(string(guide))
	if setting == "" {
		t.Fatal("the documentation has no setting for a pooler")
	}
	name := fmt.Sprint("pool_", time.Now().UnixNano())
	admin := storetest.Raw(t, server)
	if _, err := admin.Exec("CREATE DATABASE " + name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := storetest.Raw(t, server).Exec("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	at, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	dir, err := os.MkdirTemp("", "frontdesk-pooler-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	config := filepath.Join(dir, "pgbouncer.ini")
	password, _ := at.User.Password()
	text := fmt.Sprintf(`[databases]
%s = host=%s port=%s dbname=%s user=%s %s
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 6
max_client_conn = 500
`, name, at.Hostname(), at.Port(), name, at.User.Username(), strings.TrimSuffix("password="+password, "password="),
		port)
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("pgbouncer", config)
	log := &logs{}
	cmd.Stderr, cmd.Stdout = log, log
	if os.Getuid() == 0 { // as which it does not run
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			t.Log(log.String())
		}
	})
	wait.Until(t, "the pooler", func() bool {
		c, err := net.Dial("tcp", fmt.Sprint("127.0.0.1:", port))
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	return fmt.Sprintf("postgres://%s@127.0.0.1:%d/%s?sslmode=disable&%s", at.User.Username(), port, name, setting)
}

// TestProgramRunsThroughAPooler migrates an empty database through PgBouncer, with
// two programs at once, and has two servers book, send, deliver and repeat there.
func TestProgramRunsThroughAPooler(t *testing.T) {
	t.Parallel()
	address := pooler(t)
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			if out, errs, code := run(t, "migrate", "--db", address); code != 0 {
				t.Errorf("%d: %s%s", code, out, errs)
			}
		})
	}
	all.Wait()
	if t.Failed() {
		return
	}
	hooks := receive(t, nil)
	one, two := start(t, address, "--hold", "1s", "--rate-limit", "0"),
		start(t, address, "--hold", "1s", "--rate-limit", "0")
	creds := one.creds
	if a := one.call("POST", "/v1/webhooks",
		map[string]any{"url": hooks.URL, "event_type": "message.sent"}); a.Status != 200 {
		t.Fatalf("%d %s", a.Status, a.Text)
	}
	ada := one.call("GET", "/v1/patients?search=byron", nil).data()[0]["id"]
	slots := one.call("GET", "/v1/slots?page_size=40", nil).data()
	var booked sync.Map
	for i := range 24 {
		all.Go(func() {
			s := []*process{one, two}[i%2]
			r := request(slots[i])
			r["patient_id"] = ada
			register := map[string]any{"first_name": "A", "last_name": fmt.Sprint("B", i), "dob": "1990-01-01",
				"mobile": "07700900123"}
			once := header("Idempotency-Key", fmt.Sprint("register-", i))
			first, again := s.call("POST", "/v1/patients/register", register, key(creds.Key), once),
				s.call("POST", "/v1/patients/register", register, key(creds.Key), once)
			if first.Status != 200 || again.Text != first.Text {
				t.Errorf("%d %s, then %d %s", first.Status, first.Text, again.Status, again.Text)
			}
			held := s.call("POST", "/v1/appointments", r, key(creds.Key))
			if held.Status != 200 && held.Status != 409 {
				t.Errorf("%d %s", held.Status, held.Text)
			}
			if _, taken := booked.LoadOrStore(held.str("id"), true); taken && held.Status == 200 {
				t.Errorf("%s twice", held.str("id"))
			}
			if a := s.call("POST", "/v1/messages/send",
				map[string]any{"patient_id": ada, "message_type": "sms", "message_string": fmt.Sprint("Message ", i)},
				key(creds.Key)); a.Status != 200 {
				t.Errorf("%d %s", a.Status, a.Text)
			}
		})
	}
	all.Wait()
	hooks.waits(24) // every message was sent, and every event delivered
	db := storetest.Raw(t, address)
	wait.Until(t, "holds to be released by their jobs", func() bool {
		var n int
		if err := db.QueryRow(`SELECT count(*) FROM appointment WHERE state = 'reserved'`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n == 0
	})
	found, _ := doctor(t, "--db", address)
	for _, check := range []string{"database", "engine", "integrity", "key", "sending", "webhooks"} {
		if !strings.HasPrefix(found[check], "ok ") {
			t.Errorf("%s: the doctor says %s", check, found[check])
		}
	}
	for _, s := range []*process{one, two} {
		if code := s.stop(); code != 0 {
			t.Errorf("it ended with %d", code)
		}
		if log := s.logs.String(); strings.Contains(log, `"level":"ERROR"`) || strings.Contains(log, "42P05") ||
			strings.Contains(log, "08P01") {
			t.Errorf("its log: %s", log)
		}
	}
}
