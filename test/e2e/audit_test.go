package e2e

import (
	"encoding/json"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"frontdesk/store/storetest"
)

// readsOf counts the entries of reads of a patient by the ids of their requests.
func readsOf(t *testing.T, address, group, patient string) map[string]int {
	t.Helper()
	out, errs, code := run(t, "audit", "export", "--db", address, "--group", group, "--about", "patient:"+patient,
		"--door", "rest")
	if code != 0 {
		t.Fatal(errs)
	}
	found := map[string]int{}
	for line := range strings.Lines(out) {
		var e struct {
			RequestID string `json:"request_id"`
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		found[e.RequestID]++
	}
	return found
}

// lately is how long before its end a process may have answered what is not in the
// trail yet. It promises 100 ms; a busy machine has more.
const lately = time.Second

// TestKilledProcessHasAuditedItsAnswers reads until the process is killed, or
// stopped gracefully, and looks for the reads in the trail.
func TestKilledProcessHasAuditedItsAnswers(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		for _, c := range []struct {
			name   string
			signal syscall.Signal
			lost   time.Duration
		}{{"kill", syscall.SIGKILL, lately}, {"stop", syscall.SIGTERM, 0}} {
			s := start(t, address, "--rate-limit", "0")
			patient := s.call("POST", "/v1/patients/register",
				fields{"first_name": "Nia", "last_name": "D'Arcy", "dob": "1990-05-01",
					"mobile": "07700 900555"}).str("patient_id")
			var answered []time.Time
			for began := time.Now(); time.Since(began) < 2*lately; {
				id := c.name + "-" + strconv.Itoa(len(answered))
				if a := s.call("GET", "/v1/patients/"+patient+"/attachments", nil,
					header("X-Request-Id", id)); a.Status != 200 {
					t.Fatal(a.Text)
				}
				answered = append(answered, time.Now())
			}
			end := time.Now()
			s.cmd.Process.Signal(c.signal)
			s.cmd.Wait()
			found, missing := readsOf(t, address, s.creds.Group, patient), 0
			for i, at := range answered {
				switch n := found[c.name+"-"+strconv.Itoa(i)]; {
				case n > 1:
					t.Errorf("%s: read %d is there %d times", c.name, i, n)
				case n == 0 && end.Sub(at) >= c.lost:
					missing++
				}
			}
			if missing > 0 {
				t.Errorf("%s: %d of %d reads are missing", c.name, missing, len(answered))
			}
		}
	})
}

func TestAuditReadsFlagSetsWhenReadsAreWritten(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		group, _ := practiceOf(t, address)
		for _, c := range []struct{ set, want string }{{"", "grouped"}, {"before-answer", "before-answer"},
			{"", "before-answer"}, {"grouped", "grouped"}} {
			args := []string{"audit", "reads", "--db", address, "--group", group, "--json"}
			if c.set != "" {
				args = append(args, c.set)
			}
			out, errs, code := run(t, args...)
			if code != 0 || !strings.Contains(out, `"reads": "`+c.want+`"`) &&
				!strings.Contains(out, `"reads":"`+c.want+`"`) {
				t.Errorf("%q: got %s%s", c.set, out, errs)
			}
		}
		if _, _, code := run(t, "audit", "reads", "--db", address, "--group", group, "sometimes"); code == 0 {
			t.Error("any word is taken")
		}
	})
}
