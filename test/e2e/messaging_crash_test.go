package e2e

import (
	"database/sql"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"frontdesk/sim/gateways"
	"frontdesk/sim/inbox"
	"frontdesk/sim/mail"
	"frontdesk/store/storetest"
	"frontdesk/test/wait"
)

// TestMessagingCrash kills the program while it sends a batch, again and again,
// and counts at the carrier what each recipient got. CRASH_KILLS sets how often
// and CRASH_RECIPIENTS to how many it sends; make test-crash does much of both.
func TestMessagingCrash(t *testing.T) {
	t.Parallel()
	kills, recipients := number(t, "CRASH_KILLS", 3), number(t, "CRASH_RECIPIENTS", 8000)
	for name, open := range sinks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.EachAddress(t, func(t *testing.T, address string) {
				p := prepare(t, address, open(t), recipients, "1s")
				path := p.mailing()
				random := chance(t)
				began, under, open := time.Now(), 0, 0
				for kill := range kills {
					// The kills are spread over three quarters of the batch: what the
					// last ones leave in doubt may be all that is left after that.
					if p.reaches((kill*recipients + random.IntN(recipients)) * 3 / 4 / kills) {
						under++
					}
					open += p.sink.open()
					p.kill()
					p.again(t)
				}
				p.completes(path)
				unknown, arrived := p.compare(t, path)
				// Only what was on the wire may be in doubt.
				if unknown > open || p.sink.idempotent && unknown > 0 {
					t.Errorf("%d messages are in doubt, and %d requests were open when the server was killed", unknown,
						open)
				}
				if under < kills*3/4 {
					t.Errorf("only %d of %d kills were under load", under, kills)
				}
				t.Logf("%d recipients, %d kills (%d under load): %d requests open, %d in doubt, of which %d "+
					"arrived; %d duplicates refused by the carrier; %s",
					recipients, kills, under, open, unknown, arrived, p.sink.duplicates.Load(),
					time.Since(began).Round(time.Second))
			})
		})
	}
}

// TestTwoServersSendOneBatch has two processes on one database hand over the
// messages of one batch. Each takes what it finds first, and now and then that
// is all of it: then there is another batch.
func TestTwoServersSendOneBatch(t *testing.T) {
	t.Parallel()
	for name, open := range sinks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for range 5 {
				if twoServersSend(t, open(t)) == 2 {
					return
				}
			}
			t.Error("one server always sent everything")
		})
	}
}

// twoServersSend has two processes send a batch, and gives how many took part.
func twoServersSend(t *testing.T, to *sink) (nodes int) {
	// Long enough that a carrier on a busy machine has answered: what it has not
	// is in doubt.
	p := prepare(t, storetest.Postgres(t), to, 3000, "20s")
	defer p.kill()
	other := startAs(t, p.address, p.file, nil, p.args...)
	defer other.kill()
	path := p.mailing()
	p.completes(path)
	if unknown, _ := p.compare(t, path); unknown > 0 {
		t.Errorf("%d messages are in doubt, and nothing was killed", unknown)
	}
	// An id has the number of the node that made it.
	if err := p.db.QueryRow(`SELECT count(DISTINCT (id / 64) % 64) FROM message_step WHERE what =
		'accepted'`).Scan(&nodes); err != nil {
		t.Fatal(err)
	}
	return nodes
}

const sinkSecret = "a-secret-between-the-two-of-us"

// number is a number the environment may change.
func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// sink is a carrier outside the program, which survives it and counts.
type sink struct {
	box        inbox.Box
	idempotent bool // it recognises a message it had before
	duplicates atomic.Int64
	channel    string
	// contact is the column of a patient that it sends to.
	contact string
	// connectors are the settings that lead a practice group to it, and to
	// no other.
	connectors [][]string
	requests   requests
}

// open is how many requests are open at the most since it was last asked.
func (s *sink) open() int { return s.requests.busiest() }

// requests counts what is open: requests over HTTP, and connections that carry one
// message after another.
type requests struct {
	mu        sync.Mutex
	now, most int
}

func (r *requests) add(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now += n
	r.most = max(r.most, r.now)
}

func (r *requests) busiest() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	most := r.most
	r.most = r.now
	return most
}

// listener counts its connections.
type listener struct {
	net.Listener
	*requests
}

// Accept implements net.Listener.
func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.add(1)
	return &counted{Conn: c, requests: l.requests}, nil
}

type counted struct {
	net.Conn
	*requests
	once sync.Once
}

// Close implements net.Conn.
func (c *counted) Close() error {
	c.once.Do(func() { c.add(-1) })
	return c.Conn.Close()
}

var sinks = map[string]func(t *testing.T) *sink{"gateway": openGateway, "smtp": openSMTP, "twilio": openTwilio}

// openTwilio takes every request for a new message, and its time for it.
func openTwilio(t *testing.T) *sink {
	s := &sink{channel: "SMS", contact: "mobile"}
	var serial atomic.Int64
	pace := time.NewTicker(250 * time.Microsecond) // so many messages the carrier takes
	t.Cleanup(pace.Stop)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.requests.add(1)
		defer s.requests.add(-1)
		<-pace.C
		s.box.Add(inbox.Item{Carrier: "twilio", Channel: "sms", To: r.FormValue("To")})
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"sid": "SM%032d", "status": "queued"}`, serial.Add(1))
	}))
	t.Cleanup(server.Close)
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte(sinkSecret), 0o600); err != nil {
		t.Fatal(err)
	}
	s.connectors = [][]string{
		{"twilio", "--set", "base_url=" + server.URL, "--set", "account_sid=AC1", "--set", "from=+447700900999",
			"--set",
			"channels=sms", "--set", "priority=1", "--set", "simulated=", "--secret-file", "auth_token=" + secret},
		{"gateway", "--set", "channels=email"},
	}
	return s
}

func openGateway(t *testing.T) *sink {
	s := &sink{idempotent: true, channel: "SMS", contact: "mobile"}
	sim := gateways.NewGateway(&s.box, sinkSecret)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sim.ServeHTTP(&counting{w, &s.duplicates}, r)
	}))
	t.Cleanup(func() { server.Close(); sim.Close() })
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte(sinkSecret), 0o600); err != nil {
		t.Fatal(err)
	}
	s.connectors = [][]string{
		{"gateway", "--set", "url=" + server.URL, "--set", "channels=sms", "--set", "priority=1", "--set", "simulated=",
			"--secret-file", "secret=" + secret},
		{"twilio", "--set", "channels=email"},
	}
	return s
}

// counting counts the answers to messages that came before.
type counting struct {
	http.ResponseWriter
	duplicates *atomic.Int64
}

// WriteHeader implements http.ResponseWriter.
func (c *counting) WriteHeader(status int) {
	if status == http.StatusConflict {
		c.duplicates.Add(1)
	}
	c.ResponseWriter.WriteHeader(status)
}

func openSMTP(t *testing.T) *sink {
	s := &sink{channel: "EMAIL", contact: "email"}
	server, err := mail.New(&s.box, mail.Options{Fast: true})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(listener{l, &s.requests})
	t.Cleanup(func() { server.Close() })
	port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	s.connectors = [][]string{
		{"smtp", "--set", "host=127.0.0.1", "--set", "port=" + port, "--set", "tls=none", "--set", "simulated="},
		{"gateway", "--set", "channels=sms"},
	}
	return s
}

// postRoom is the program with many patients, connected to a sink.
type postRoom struct {
	*process
	address, file string
	args          []string
	sink          *sink
	db            *sql.DB
	recipients    int
}

// firstPatient is the number of the first of the patients who are written to.
const firstPatient = 1000

// prepare starts the program, gives it patients and connects it to a sink.
func prepare(t *testing.T, address string, to *sink, recipients int, timeout string) *postRoom {
	t.Helper()
	p := &postRoom{
		address: address, file: filepath.Join(t.TempDir(), "credentials.json"), sink: to, recipients: recipients,
		args: []string{"--rate-limit", "0", "--send-timeout", timeout, "--log-level", "error"},
	}
	p.again(t)
	for _, args := range to.connectors {
		args = append([]string{"connector", "set", "--db", address, "--group", p.creds.Group}, args...)
		if _, errs, code := run(t, args...); code != 0 {
			t.Fatal(errs)
		}
	}
	// Each recipient is a copy of one patient, but for the ways to reach them.
	first := p.call("POST", "/v1/patients/register",
		map[string]any{"first_name": "A", "last_name": "B", "dob": "1990-01-01",
			"mobile": "07700900123"}).str("patient_id")
	p.db = storetest.Raw(t, address)
	_, err := p.db.Exec(`WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ` +
		strconv.Itoa(recipients) + `)
		INSERT INTO patient (practice_group_id, id, mobile, email, email_key, emis_id, ehr_partner_id, birth_date,
		title, first_name, last_name, first_key,
			last_key, full_key, sex, landline, line_1, line_2, line_3, town, county, country, postcode, notes, source,
			restricted, status, version, created_at, updated_at)
		SELECT practice_group_id, ` + strconv.Itoa(firstPatient) + ` + i, '+' || CAST(447701000000 + i AS text),
		CAST(i AS text) || '@example.org', CAST(i AS text) || '@example.org',
			emis_id, ehr_partner_id, birth_date, title, first_name, last_name, first_key, last_key, full_key, sex,
			landline, line_1, line_2, line_3, town,
			county, country, postcode, notes, source, restricted, status, version, created_at, updated_at FROM patient,
			n WHERE patient.id = ` + first)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// again starts the program on the same database, with the same keys.
func (p *postRoom) again(t *testing.T) {
	t.Helper()
	p.process = startAs(t, p.address, p.file, nil, p.args...)
}

// mailing sends a batch to all recipients, and gives its path.
func (p *postRoom) mailing(more ...fields) string {
	p.t.Helper()
	recipients := make([]map[string]any, p.recipients)
	for i := range recipients {
		recipients[i] = map[string]any{"patient_id": strconv.Itoa(firstPatient + i)}
	}
	body := fields{
		"name": "Flu", "channel": p.sink.channel, "subject": "Your flu jab",
		"content": "Dear {{first_name}}, flu jabs are here.", "recipients": recipients,
	}
	for _, m := range more {
		maps.Copy(body, m)
	}
	made := p.call("POST", "/v1/batch_message", body)
	path := "/v1/batch_message/" + made.str("id")
	if sent := p.call("PATCH", path+"/send", nil); made.Status != http.StatusOK || sent.Status != http.StatusOK {
		p.t.Fatalf("%s\n%s", made.Text, sent.Text)
	}
	return path
}

// reaches waits until the sink has so many messages, and reports whether there
// were fewer before.
func (p *postRoom) reaches(want int) bool {
	p.t.Helper()
	_, before := p.sink.box.Counts()
	now := before
	if !wait.Holds(2*time.Minute, func() bool {
		_, now = p.sink.box.Counts()
		return now >= want
	}) {
		p.t.Fatalf("the carrier waits in vain for message %d: %s", want, p.logs)
	}
	return before < now
}

// completes waits for the end of a batch. What was handed over at the last kill
// is waited for longest.
func (p *postRoom) completes(path string) {
	p.t.Helper()
	var last answer
	if !wait.Holds(3*time.Minute, func() bool {
		last = p.call("GET", path, nil)
		return last.str("status") == "COMPLETED"
	}) {
		p.t.Fatalf("it does not end: %s\n%s", last.Text, p.logs)
	}
}

// compare holds what the batch says, what the database holds and what the sink
// counted against one another, and gives the number of messages in doubt and of
// those that arrived all the same.
func (p *postRoom) compare(t *testing.T, path string) (unknown, arrived int) {
	t.Helper()
	counts, _ := p.sink.box.Counts()
	rows, err := p.db.Query(`SELECT p.` + p.sink.contact + `, m.contact, m.state, (SELECT count(*) FROM message_step s
			WHERE s.practice_group_id = m.practice_group_id AND s.message_id = m.id AND s.what = 'accepted'),
			m.events - (SELECT count(*) FROM event e WHERE e.practice_group_id = m.practice_group_id AND e.subject_id =
			m.id)
		FROM patient p JOIN message m ON m.practice_group_id = p.practice_group_id AND m.patient_id = p.id
		WHERE p.id >= ` + strconv.Itoa(firstPatient) + ` AND p.id < ` + strconv.Itoa(firstPatient+p.recipients) +
		` ORDER BY p.id`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	seen, states := map[string]bool{}, map[string]int{}
	for rows.Next() {
		var who, contact, state string
		var accepted, missing int
		if err := rows.Scan(&who, &contact, &state, &accepted, &missing); err != nil {
			t.Fatal(err)
		}
		states[state]++
		got := counts[contact]
		if state == "unknown" {
			arrived += got
		}
		switch {
		case seen[who] || who != contact:
			t.Errorf("%s has two messages, or another patient's", who)
		case state == "sent" && (got != 1 || accepted != 1):
			t.Errorf("%s: sent and accepted %d times, and got %d", who, accepted, got)
		case state == "unknown" && (got > 1 || accepted != 0):
			t.Errorf("%s: in doubt, accepted %d times, and got %d", who, accepted, got)
		case state != "sent" && state != "unknown":
			t.Errorf("%s: the message is %s", who, state)
		case missing != 0:
			t.Errorf("%s: %d events are missing", who, missing)
		}
		seen[who] = true
		delete(counts, contact)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if len(counts) > 0 || len(seen) != p.recipients {
		t.Errorf("%d recipients have a message; %d others got one", len(seen), len(counts))
	}
	a := p.call("GET", path, nil)
	want := map[string]int{"created": p.recipients, "sent": states["sent"], "unknown": states["unknown"]}
	for name, n := range a.Body["totals"].(map[string]any) {
		if n != float64(want[name]) {
			t.Errorf("the batch says %s is %v, and it is %d", name, n, want[name])
		}
	}
	var completed int
	if err := p.db.QueryRow(`SELECT count(*) FROM event WHERE type = 'batch.completed' AND subject_id = ` +
		strings.TrimPrefix(path, "/v1/batch_message/")).Scan(&completed); err != nil {
		t.Fatal(err)
	}
	if completed != 1 {
		t.Errorf("the batch was reported done %d times", completed)
	}
	if t.Failed() {
		t.Log(fmt.Sprint(states), a.Text)
	}
	return states["unknown"], arrived
}
