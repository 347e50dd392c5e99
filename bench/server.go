package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"frontdesk/bench/wire"
)

// server is the program under measurement, in a process of its own.
type server struct {
	cmd   *exec.Cmd
	flags []string // what names its database to other commands
	URL   string   `json:"base_url"`
	Group string   `json:"practice_group_id"`
	Key   string   `json:"api_key"`
}

// start runs the program on an empty database and waits until it answers.
func start(binary, dir, db string) (*server, error) {
	s := &server{flags: []string{"--db", db, "--seal-key", filepath.Join(dir, "key")}}
	file := filepath.Join(dir, "credentials.json")
	args := []string{"serve", "--sandbox", "--listen", "127.0.0.1:0", "--credentials", file, "--rate-limit", "0"}
	s.cmd = exec.Command(binary, append(args, s.flags...)...)
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	s.cmd.Stderr = log
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	for range 500 {
		if text, err := os.ReadFile(file); err == nil {
			return s, json.Unmarshal(text, s)
		}
		time.Sleep(20 * time.Millisecond)
	}
	return nil, errors.New("the server did not start; see " + log.Name())
}

func (s *server) stop() {
	s.cmd.Process.Signal(syscall.SIGTERM)
	s.cmd.Wait()
}

// memory is what the process holds.
func (s *server) memory() string { return s.status("VmRSS") }

// peak is the most it has held since the last forgetPeak.
func (s *server) peak() string { return s.status("VmHWM") }

// forgetPeak begins to look for the peak anew (proc_pid_clear_refs(5)).
func (s *server) forgetPeak() error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", s.cmd.Process.Pid), []byte("5"), 0o200)
}

// status is a size that Linux gives of the process.
func (s *server) status(name string) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return "?"
	}
	for line := range strings.Lines(string(text)) {
		var kib int
		if n, _ := fmt.Sscanf(line, name+": %d kB", &kib); n == 1 {
			return fmt.Sprintf("%d MiB", kib/1024)
		}
	}
	return "?"
}

// connect sets up a connector as an operator does.
func (s *server) connect(verb, name string, more ...string) error {
	flags := s.flags
	if verb == "remove" {
		flags = flags[:2] // it reads no secrets
	}
	args := slices.Concat([]string{"connector", verb, name, "--group", s.Group}, flags, more)
	if text, err := exec.Command(s.cmd.Path, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("connector %s %s: %w: %s", verb, name, err, text)
	}
	return nil
}

// another is the same program, asked for a new practice group.
func (s *server) another(name string) (*server, error) {
	command := func(out any, args ...string) error {
		c := exec.Command(s.cmd.Path, slices.Concat(args, s.flags[:2], []string{"--json"})...) // neither reads secrets
		text, err := c.Output()
		if err != nil {
			return fmt.Errorf("%s %s: %w", args[0], args[1], err)
		}
		return json.Unmarshal(text, out)
	}
	other := *s
	if err := command(&other, "group", "create", name); err != nil {
		return nil, err
	}
	return &other, command(&other, "key", "create", "--group", other.Group, "--partner", "Bench")
}

// client asks the server over one connection.
type client = wire.Client

func dial(s *server) (*client, error) { return wire.Dial(s.URL, s.Key, s.Group) }

// practice is the diary that is measured: fifty practitioners who work from
// eight to six on weekdays, in steps of ten minutes, with every fourth slot of
// the next four weeks booked.
type practice struct {
	place, kind, patient string
	people               []string
	monday               time.Time // the first day that is searched
}

const (
	people  = 50
	perDay  = 60 // slots of one practitioner
	minutes = 10
)

// settle makes the practice through the API.
func settle(s *server) (*practice, error) {
	c, err := dial(s)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	post := func(path string, body any, field string) (string, error) {
		text, err := json.Marshal(body)
		if err != nil {
			return "", err
		}
		answer, err := c.Do("POST", path, text)
		if err != nil {
			return "", err
		}
		var out map[string]any
		err = json.Unmarshal(answer, &out)
		id, _ := out[field].(string)
		return id, err
	}
	p := &practice{monday: nextMonday()}
	if p.place, err = post("/v1/locations", map[string]any{"name": "Bench"}, "id"); err != nil {
		return nil, err
	}
	if p.kind, err = post("/v1/appointment_types", map[string]any{"name": "Bench", "duration": minutes},
		"id"); err != nil {
		return nil, err
	}
	if p.patient, err = post("/v1/patients/register",
		map[string]any{"first_name": "Ben", "last_name": "Chmark", "dob": "1980-01-01", "mobile": "07700900999"},
		"patient_id"); err != nil {
		return nil, err
	}
	for i := range people {
		id, err := post("/v1/practitioners", map[string]any{"first_name": "Dr", "last_name": fmt.Sprint("Bench ", i)},
			"id")
		if err != nil {
			return nil, err
		}
		p.people = append(p.people, id)
		for _, hours := range [][2]string{{"08:00", "13:00"}, {"13:00", "18:00"}} {
			_, err := post("/v1/sessions", map[string]any{
				"practitioner_id": id, "location_id": p.place, "appointment_type_ids": []string{p.kind},
				"start_date": "2026-01-05",
				"timezone":   "UTC",
				"start_time": hours[0], "end_time": hours[1], "slot_length": minutes,
				"recurrence": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "runs_on_bank_holidays": true,
			}, "id")
			if err != nil {
				return nil, err
			}
		}
	}
	return p, p.fill(s)
}

func nextMonday() time.Time {
	t := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, 1)
	for t.Weekday() != time.Monday {
		t = t.AddDate(0, 0, 1)
	}
	return t
}

// slot is the practitioner and the start of the n-th slot after a day.
func (p *practice) slot(from time.Time, n int) (string, time.Time) {
	who, n := p.people[n%people], n/people
	day, n := n/perDay, n%perDay
	date := from.AddDate(0, 0, day/5*7+day%5)
	return who, date.Add(8*time.Hour + time.Duration(n*minutes)*time.Minute)
}

// reserve and book one slot.
func (p *practice) pair(c *client, who string, at time.Time) error {
	body := fmt.Sprintf(`{"appointment_type_id":%q,"location_id":%q,"practitioner_id":%q,"patient_id":%q,
		"duration":%d,"start_time":%q}`,
		p.kind, p.place, who, p.patient, minutes, at.Format(time.RFC3339))
	answer, err := c.Do("POST", "/v1/appointments", []byte(body))
	if err != nil {
		return err
	}
	var made struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(answer, &made); err != nil {
		return err
	}
	_, err = c.Do("PATCH", "/v1/appointments/"+made.ID+"/book", nil)
	return err
}

// fill books every fourth slot of four weeks.
func (p *practice) fill(s *server) error {
	var next atomic.Int64
	const total = people * perDay * 20
	var wait sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wait.Go(func() {
			c, err := dial(s)
			if err != nil {
				errs[i] = err
				return
			}
			defer c.Close()
			for {
				n := int(next.Add(1)) - 1
				if n >= total {
					return
				}
				if n/people%4 != n%4 {
					continue // a different slot for each practitioner
				}
				who, at := p.slot(p.monday, n)
				if errs[i] = p.pair(c, who, at); errs[i] != nil {
					return
				}
			}
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}
