package e2e

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"frontdesk/app"
	"frontdesk/store/storetest"
	"frontdesk/test/wait"
)

// command runs a command of the program beside the test, until the test ends.
func command(t *testing.T, args ...string) *logs {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	out := &logs{}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		if err := cmd.Wait(); err != nil && cmd.ProcessState.ExitCode() != 0 {
			t.Errorf("it ended with %v: %s", err, out)
		}
	})
	return out
}

func TestListenShowsEventsWithoutAnEndpoint(t *testing.T) {
	t.Parallel()
	p := open(t, storetest.SQLite(t), app.Config{})
	file := filepath.Join(t.TempDir(), "credentials.json")
	text, err := json.Marshal(map[string]any{"base_url": p.app.URL(), "practice_group_id": p.creds.Group,
		"api_key": p.creds.Key})
	if err != nil || os.WriteFile(file, text, 0o600) != nil {
		t.Fatal(err)
	}
	to := receive(t, nil)
	out := command(t, "listen", "--credentials", file, "--forward-to", to.URL+"/hooks", "--event-type",
		"message.sent,appointment.confirmed")
	wait.Until(t, "it to listen", func() bool { return strings.Contains(out.String(), "Listening") })
	if _, errs, code := run(t, "trigger", "--credentials", file, "patient.merged"); code != 0 {
		t.Fatal(errs)
	}
	id, errs, code := run(t, "trigger", "--credentials", file, "message.sent")
	if id = strings.TrimSpace(id); code != 0 || id == "" {
		t.Fatal(errs)
	}
	d := to.waits(1)[0]
	key := regexp.MustCompile(`whsec_\S+`).FindString(out.String())
	genuine(t, d, key)
	valid(t, d.Body)
	if d.str("id") != id {
		t.Errorf("it forwarded %s, and %s was triggered", d.Body, id)
	}
	wait.Until(t, "it to be printed", func() bool {
		return strings.Contains(out.String(), "message.sent  "+id+"  → 204")
	})
	if _, errs, code := run(t, "trigger", "--credentials", file, "no.such"); code != 2 {
		t.Errorf("an unknown type ends with %d: %s", code, errs)
	}
	if _, errs, code := run(t, "trigger", "--credentials", filepath.Join(t.TempDir(), "none"),
		"message.sent"); code != 2 || !strings.Contains(errs, "--credentials") {
		t.Errorf("no credentials end with %d: %s", code, errs)
	}
	if _, _, code := run(t, "trigger", "--credentials", file, "--url", "http://127.0.0.1:1",
		"message.sent"); code != 4 {
		t.Errorf("no server ends with %d", code)
	}
}

func TestOperatorResendsMissedDeliveries(t *testing.T) {
	t.Parallel()
	p := open(t, storetest.SQLite(t), app.Config{})
	p.clock.move(time.Until(p.clock.Now()) * -1) // the command's clock is the machine's
	to := receive(t, nil)
	id := p.hook(to.URL, "message.sent", nil).str("id")
	asked := []string{"--url", p.app.URL(), "--group", p.creds.Group, "--key", p.creds.Key}
	event := p.ok("POST", "/v1/events/test", map[string]any{"event_type": "message.sent"}).str("id")
	to.waits(1)
	if _, errs, code := run(t, append([]string{"webhook", "resend", id, event}, asked...)...); code != 0 {
		t.Fatal(errs)
	}
	if again := to.waits(2)[1]; again.str("id") != event {
		t.Errorf("it sent %s", again.Body)
	}
	p.ok("POST", "/v1/webhooks/"+id+"/disable", nil)
	missed := p.ok("POST", "/v1/events/test", map[string]any{"event_type": "message.sent"}).str("id")
	p.ok("POST", "/v1/webhooks/"+id+"/enable", nil)
	p.clock.move(time.Second)
	out, errs, code := run(t, append([]string{"webhook", "resend", id, "--missed", "1h"}, asked...)...)
	if code != 0 || !strings.Contains(out, "Queued so far: 1.") {
		t.Fatal(out, errs)
	}
	if got := to.waits(3)[2]; got.str("id") != missed {
		t.Errorf("it sent %s", got.Body)
	}
	if _, _, code := run(t, append([]string{"webhook", "resend", id, "1"}, asked...)...); code != 3 {
		t.Errorf("an unknown delivery ends with %d", code)
	}
	if _, _, code := run(t, append([]string{"webhook", "resend", id}, asked...)...); code != 2 {
		t.Errorf("saying nothing ends with %d", code)
	}
}
