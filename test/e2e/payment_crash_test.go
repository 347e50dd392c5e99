package e2e

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"frontdesk/sim/stripe"
	"frontdesk/store/storetest"
	"frontdesk/test/wait"
)

// TestPaymentCrash kills the program while patients pay for appointments that must be paid first, most often between
// what happens at Stripe and its being noted, and compares Stripe, the books and what patients were answered. Stripe is
// in the test's own process, and outlives the kills; some of its events come twice, late and out of order, or never.
// CRASH_KILLS sets how often; make test-crash kills it twenty times.
func TestPaymentCrash(t *testing.T) {
	t.Parallel()
	kills := number(t, "CRASH_KILLS", 3)
	storetest.EachAddress(t, func(t *testing.T, address string) {
		random := chance(t)
		m := openMarket(t, address, int64(kills*perKill), random.Uint64())
		var patients sync.WaitGroup
		for range 6 {
			seed := random.Uint64()
			patients.Go(func() { m.patients(rand.New(rand.NewPCG(seed, 9))) })
		}
		for kill := range kills {
			enough := int64(kill*perKill + random.IntN(perKill/2))
			wait.Within(t, 5*time.Minute, "patients", func() bool { return m.begun.Load() >= enough })
			m.killAt(moments[random.IntN(len(moments))])
			if random.IntN(2) == 0 {
				m.bank.Fail(stripe.Trouble{Cut: true}, stripe.Trouble{Status: http.StatusInternalServerError})
			}
			m.begin()
			m.late(random)
		}
		patients.Wait()
		// What a dead program was doing is taken up after some minutes: they go by.
		m.server.Load().kill()
		if _, err := m.db.Exec(`UPDATE river_job SET attempted_at = '2020-01-01 00:00:00'
			WHERE state = 'running'`); err != nil {
			t.Fatal(err)
		}
		m.begin()
		m.late(random)
		m.replay()
		m.forward("16m") // until Stripe is asked about all that can be paid
		m.settles("what was paid", (*books).paid)
		m.forward("25h") // until it is asked about refunds, and what was not paid has run out
		m.settles("everything", func(b *books) []string { return append(b.paid(), b.rest()...) })
		// Few kills may all be at one moment.
		if kills >= 10 && (len(m.caught) < 3 || m.caught[anytime] > kills/2) {
			t.Errorf("it was killed at %v", m.caught)
		}
		t.Logf("%d kills at %v; %d patients, %d charged, %d refunds; %d events never delivered, %d late, %d twice", kills,
			m.caught, m.begun.Load(), len(m.bank.Intents()), len(m.bank.Refunds()), m.never, m.lates, m.twice)
	})
}

// perKill is how many patients come for each kill.
const perKill = 12

// The moments at which the program is killed.
const (
	atPage     = "page made" // Stripe has made a page and has not answered
	atCharge   = "charged"   // Stripe has charged a card, and told nothing yet
	atEvent    = "heard"     // an event was answered, and Stripe not yet asked about it
	atQuestion = "asked"     // Stripe is asked about a page that was paid, and has not answered
	atAnswer   = "answered"  // it has just answered that
	anytime    = "any time"
)

var moments = []string{atPage, atCharge, atCharge, atEvent, atQuestion, atAnswer, atAnswer, anytime}

// market is the program with a Stripe that outlives it, and the patients who pay.
type market struct {
	t       *testing.T
	bank    *stripe.Stripe
	server  atomic.Pointer[process]
	begin   func()
	ahead   atomic.Int64 // how far the clock was moved
	moving  atomic.Bool  // until the program's clock shows the same
	db      *sql.DB
	slots   []map[string]any
	patient string
	budget  int64
	next    atomic.Int64
	begun   atomic.Int64
	armed   atomic.Pointer[string]
	sprung  chan struct{}
	caught  map[string]int // how often it was killed at each moment

	mu     sync.Mutex
	fates  *rand.Rand
	fate   map[string]int // how the events of a payment come
	kept   [][]byte       // events that come late
	visits []*visit

	never, lates, twice int
}

// openMarket starts the program, connects it to a Stripe, and has what is booked cost 50 pounds.
func openMarket(t *testing.T, address string, budget int64, seed uint64) *market {
	t.Helper()
	m := &market{t: t, budget: budget, sprung: make(chan struct{}, 1), caught: map[string]int{}, fate: map[string]int{},
		fates: rand.New(rand.NewPCG(seed, 3)), db: storetest.Raw(t, address)}
	m.bank = stripe.New(stripeKey, stripeSecret, func() time.Time {
		return time.Now().Add(time.Duration(m.ahead.Load()))
	})
	api := httptest.NewServer(http.HandlerFunc(m.atStripe))
	courier := httptest.NewServer(http.HandlerFunc(m.deliver))
	t.Cleanup(func() { m.bank.Close(); api.Close(); courier.Close() })
	m.bank.Base, m.bank.WebhookURL = api.URL, courier.URL

	file := filepath.Join(t.TempDir(), "credentials.json")
	m.begin = func() {
		m.server.Store(startAs(t, address, file, nil, "--rate-limit", "0", "--hold", "2h", "--log-level", "error"))
	}
	m.begin()
	p := m.server.Load()
	dir := t.TempDir()
	args := []string{"connector", "set", "stripe", "--db", address, "--group", p.creds.Group, "--set",
		"base_url=" + api.URL, "--set", "simulated=", "--set", "return_url=" + courier.URL}
	for name, secret := range map[string]string{"api_key": stripeKey, "webhook_secret": stripeSecret} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(secret), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--secret-file", name+"="+path)
	}
	if _, errs, code := run(t, args...); code != 0 {
		t.Fatal(errs)
	}
	m.patient = p.call("POST", "/v1/patients/register", map[string]any{"first_name": "A", "last_name": "B",
		"dob": "1990-01-01", "mobile": "07700900123"}).str("patient_id")
	kinds := map[any]bool{}
	for page := range 4 {
		for _, slot := range p.call("GET", fmt.Sprint("/v1/slots?page_size=500&page_index=", page), nil).data() {
			kinds[slot["appointment_type_id"]] = true
			m.slots = append(m.slots, slot)
		}
	}
	for kind := range kinds {
		if a := p.call("PATCH", fmt.Sprint("/v1/appointment_types/", kind), map[string]any{"price": 5000,
			"admin_booking_invoice_required": true}); a.Status != http.StatusOK {
			t.Fatal(a.Text)
		}
	}
	return m
}

// killAt kills the program at the next such moment.
func (m *market) killAt(moment string) {
	m.t.Helper()
	if moment != anytime {
		m.armed.Store(&moment)
		if wait.Holds(20*time.Second, func() bool { return m.armed.Load() == nil }) {
			<-m.sprung
			m.caught[moment]++
			return
		}
		if !m.armed.CompareAndSwap(&moment, nil) {
			<-m.sprung
			m.caught[moment]++
			return
		}
	}
	m.caught[anytime]++
	m.server.Load().kill()
}

// happens kills the program where that was asked for.
func (m *market) happens(moment string) {
	if armed := m.armed.Load(); armed != nil && *armed == moment && m.armed.CompareAndSwap(armed, nil) {
		m.server.Load().kill()
		m.sprung <- struct{}{}
	}
}

// atStripe is what the program and patients ask of Stripe.
func (m *market) atStripe(w http.ResponseWriter, r *http.Request) {
	res := httptest.NewRecorder()
	if r.Method == http.MethodPost && r.URL.Path == "/v1/checkout/sessions" {
		m.bank.ServeHTTP(w, r) // which may cut the connection
		m.happens(atPage)
		return
	}
	m.bank.ServeHTTP(res, r)
	paid := r.Method == http.MethodGet && strings.Contains(res.Body.String(), `"payment_status":"paid"`)
	switch {
	case paid:
		m.happens(atQuestion)
	case res.Code == http.StatusSeeOther:
		m.happens(atCharge)
	}
	for name, values := range res.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(res.Code)
	w.Write(res.Body.Bytes())
	if f, ok := w.(http.Flusher); ok {
		f.Flush()
	}
	if paid {
		m.happens(atAnswer)
	}
}

// How the events of a payment come.
const (
	never = iota
	late
	twice
	plainly // and twice as often
)

// deliver brings an event of Stripe's to the program, or does not.
func (m *market) deliver(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil || len(body) == 0 || m.moving.Load() {
		return // it is a patient who comes back from a page, or an event that does not come
	}
	switch m.fateOf(body) {
	case never, late:
	case twice:
		m.forwards(body)
		fallthrough
	default:
		if status := m.forwards(body); status != http.StatusOK {
			w.WriteHeader(http.StatusBadGateway)
		}
	}
}

// fateOf says how an event comes: all of a payment in the same way.
func (m *market) fateOf(body []byte) int {
	var e struct {
		Data struct {
			Object struct {
				ID     string
				Intent string `json:"payment_intent"`
			}
		}
	}
	if err := json.Unmarshal(body, &e); err != nil {
		m.t.Error(err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	about := e.Data.Object.Intent
	if about == "" {
		about = e.Data.Object.ID
	}
	fate, known := m.fate[about]
	if !known {
		fate = m.fates.IntN(plainly + 2)
		m.fate[about] = fate
	}
	switch fate {
	case never:
		m.never++
	case late:
		m.lates++
		m.kept = append(m.kept, body)
	case twice:
		m.twice++
	}
	return fate
}

// forwards calls the program back, signed now, and gives the status; 0 is no answer.
func (m *market) forwards(body []byte) int {
	p := m.server.Load()
	group, _ := strconv.ParseInt(p.creds.Group, 10, 64)
	r, err := http.NewRequest(http.MethodPost, p.url+"/callbacks/stripe/"+strconv.FormatInt(group, 36),
		bytes.NewReader(body))
	if err != nil {
		m.t.Error(err)
		return 0
	}
	r.Header.Set("Stripe-Signature", stripe.Sign(stripeSecret, m.bank.Now(), body))
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0
	}
	res.Body.Close()
	if res.StatusCode == http.StatusOK {
		m.happens(atEvent)
	} else if res.StatusCode < 500 {
		m.t.Errorf("an event is answered with %d", res.StatusCode)
	}
	return res.StatusCode
}

// late delivers what was kept, in another order.
func (m *market) late(random *rand.Rand) {
	m.mu.Lock()
	kept := m.kept
	m.kept = nil
	m.mu.Unlock()
	random.Shuffle(len(kept), func(i, j int) { kept[i], kept[j] = kept[j], kept[i] })
	for _, body := range kept {
		m.forwards(body)
	}
}

// replay delivers again, backwards, everything that was delivered.
func (m *market) replay() {
	all := m.bank.Events()
	slices.Reverse(all)
	for _, e := range all {
		if m.fateOf(e.Body) > late {
			m.forwards(e.Body)
		}
	}
}

// forward moves the clock of Stripe and of the program.
func (m *market) forward(by string) {
	m.t.Helper()
	d, err := time.ParseDuration(by)
	if err != nil {
		m.t.Fatal(err)
	}
	m.moving.Store(true)
	m.ahead.Add(int64(d))
	if a := m.server.Load().call("POST", "/sandbox/clock", map[string]any{"forward": by}); a.Status != http.StatusOK {
		m.t.Fatal(a.Text)
	}
	m.moving.Store(false)
}

// settles waits until nothing is wrong with the books any more.
func (m *market) settles(what string, wrong func(*books) []string) {
	m.t.Helper()
	var all []string
	if !wait.Holds(90*time.Second, func() bool {
		all = wrong(m.read())
		return len(all) == 0
	}) {
		m.t.Fatalf("%s is not in the books (%d):\n%s\n%s", what, len(all), strings.Join(all, "\n"), m.server.Load().logs)
	}
}

// visit is a patient who wants an appointment, with the pages on which it could be paid.
type visit struct {
	appointment string
	pages       []string
	charges     int // how often a page said that it was paid
	letGo       bool
	refunded    bool // in part, maybe before the program knew of the payment
	leaves      bool // without paying
	booked      bool // as the patient was answered
}

// patients come until there were enough.
func (m *market) patients(random *rand.Rand) {
	for n := m.begun.Add(1); n <= m.budget; n = m.begun.Add(1) {
		v := &visit{leaves: random.IntN(8) == 0}
		m.visit(v, n, random)
		m.mu.Lock()
		m.visits = append(m.visits, v)
		m.mu.Unlock()
	}
	m.begun.Add(-1)
}

func (m *market) visit(v *visit, n int64, random *rand.Rand) {
	for v.appointment == "" {
		i := m.next.Add(1)
		if i >= int64(len(m.slots)) {
			m.t.Error("there are too few slots")
			return
		}
		r := request(m.slots[i])
		r["patient_id"] = m.patient
		a := m.ask("POST", "/v1/appointments", r, fmt.Sprint("visit-", n, "-", i))
		if a.Status != http.StatusOK && a.Status != http.StatusConflict {
			m.t.Errorf("a time is answered with %d %s", a.Status, a.Text)
		}
		v.appointment = a.str("id")
	}
	path := "/v1/appointments/" + v.appointment
	for range 1 + random.IntN(2) { // some ask again before they pay
		a := m.ask("PATCH", path+"/book", nil, "")
		page := told(a, "url")
		if a.str("code") != "payment_required" || page == "" {
			m.t.Errorf("unpaid it is answered with %d %s", a.Status, a.Text)
			return
		}
		if !slices.Contains(v.pages, page) {
			v.pages = append(v.pages, page)
		}
	}
	if v.leaves {
		return
	}
	if random.IntN(4) == 0 {
		m.pay(v, v.pages[0], "4000 0000 0000 9995")
	}
	if v.letGo = random.IntN(6) == 0; v.letGo {
		m.ask("PATCH", path+"/cancel", nil, "")
	}
	var tabs sync.WaitGroup
	for _, page := range append(v.pages, v.pages[0]) { // each in a tab of its own, at once
		tabs.Go(func() { m.pay(v, page, stripe.GoodCard) })
	}
	tabs.Wait()
	if v.refunded = random.IntN(4) == 0; v.refunded {
		m.refund(v.pages, 1+random.Int64N(5000))
	}
	if random.IntN(2) == 0 {
		v.booked = m.ask("PATCH", path+"/book", nil, "").Status == http.StatusOK
	}
}

// pay types a card into a page.
func (m *market) pay(v *visit, page, card string) {
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.PostForm(page, url.Values{"card": {card}, "expiry": {"12/40"}, "cvc": {"123"}})
	if err != nil {
		m.t.Error(err)
		return
	}
	res.Body.Close()
	if res.StatusCode == http.StatusSeeOther {
		m.mu.Lock()
		v.charges++
		m.mu.Unlock()
	}
}

// refund gives back some of what was paid on one of the pages.
func (m *market) refund(pages []string, amount int64) {
	for _, s := range m.bank.Sessions() {
		if s.Intent != "" && slices.ContainsFunc(pages, func(p string) bool { return strings.HasSuffix(p, "/"+s.ID) }) {
			m.bank.Refund(s.Intent, amount)
		}
	}
}

// ask sends a request until it is answered, by the program that runs by then.
func (m *market) ask(method, path string, body any, name string) (a answer) {
	text := []byte("{}")
	if body != nil {
		text, _ = json.Marshal(body)
	}
	wait.Holds(2*time.Minute, func() bool {
		p := m.server.Load()
		r, err := http.NewRequest(method, p.url+path, bytes.NewReader(text))
		if err != nil {
			m.t.Error(err)
			return true
		}
		r.Header = http.Header{"X-Api-Key": {p.creds.Key}, "X-Practice-Group-Id": {p.creds.Group},
			"Content-Type": {"application/json"}}
		if name != "" {
			r.Header.Set("Idempotency-Key", name)
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			return false
		}
		defer res.Body.Close()
		got, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode >= 500 {
			return false
		}
		a = answer{Status: res.StatusCode, Text: string(got)}
		json.Unmarshal(got, &a.Body)
		return true
	})
	return a
}
