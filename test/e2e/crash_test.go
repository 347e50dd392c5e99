package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"frontdesk/store/storetest"
	"frontdesk/test/wait"
)

// TestCrash kills the program under load, at random moments, starts it
// again on the same database and compares what is there with the answers its clients
// had. CRASH_KILLS sets how often; make test-crash kills it fifty times.
func TestCrash(t *testing.T) {
	t.Parallel()
	kills := number(t, "CRASH_KILLS", 5)
	storetest.EachAddress(t, func(t *testing.T, address string) {
		file := filepath.Join(t.TempDir(), "credentials.json")
		args := []string{"--rate-limit", "0", "--hold", "24h", "--log-level", "error"}
		s := startAs(t, address, file, nil, args...)
		w := &world{means: map[string]string{}}
		w.patient = s.call("POST", "/v1/patients/register",
			map[string]any{"first_name": "A", "last_name": "B", "dob": "1990-01-01",
				"mobile": "07700900123"}).str("patient_id")
		for page := range 10 {
			w.slots = append(w.slots, s.call("GET", fmt.Sprint("/v1/slots?page_size=500&page_index=", page),
				nil).data()...)
		}
		random := chance(t)
		for range kills {
			w.server.Store(s)
			stop := make(chan struct{})
			var clients sync.WaitGroup
			for range 12 {
				seed := random.Uint64()
				clients.Go(func() { w.client(t, stop, seed) })
			}
			enough := w.answered.Load() + int64(20+random.IntN(300)) // a random moment under load
			wait.Within(t, time.Minute, "answers", func() bool { return w.answered.Load() >= enough })
			s.kill()
			close(stop)
			clients.Wait()
			s = startAs(t, address, file, nil, args...)
			w.server.Store(s)
			w.settle(t)
		}
		w.compare(t, address)
		storetest.CheckDiaries(t, address)
		t.Logf("%d kills; %d requests answered, %d cut off and asked again, of which %d had been done", kills,
			w.answered.Load(), w.cutOff.Load(), w.done.Load())
		if w.answered.Load() < int64(10*kills) || w.cutOff.Load() == 0 {
			t.Errorf("that was no load")
		}
	})
}

// chance chooses the moments of the kills. It prints its seed; CRASH_SEED repeats one.
func chance(t *testing.T) *rand.Rand {
	t.Helper()
	seed := number(t, "CRASH_SEED", int(time.Now().UnixNano()))
	t.Logf("CRASH_SEED=%d", seed)
	return rand.New(rand.NewPCG(uint64(seed), 5))
}

// world is what the clients know.
type world struct {
	server   atomic.Pointer[process]
	patient  string
	slots    []map[string]any
	next     atomic.Int64
	names    atomic.Int64
	answered atomic.Int64
	cutOff   atomic.Int64
	done     atomic.Int64

	mu      sync.Mutex
	means   map[string]string // the state of each appointment, as last answered
	pending []attempt         // sent, and not answered
}

// attempt is a request a client sends until it is answered.
type attempt struct {
	method, path, name, means string
	body                      []byte
	id                        string // the appointment, where it is known
}

// client reserves, confirms, moves and cancels until it is stopped, or its
// connection breaks.
func (w *world) client(t *testing.T, stop chan struct{}, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 9))
	for {
		select {
		case <-stop:
			return
		default:
		}
		slot := w.slots[int(w.next.Add(1))%len(w.slots)]
		ask := request(slot)
		ask["patient_id"] = w.patient
		id, ok := w.try(t, "POST", "/v1/appointments", "reserved", "", ask)
		if !ok || id == "" {
			continue
		}
		if _, ok := w.try(t, "PATCH", "/v1/appointments/"+id+"/book", "booked", id, map[string]any{}); !ok {
			continue
		}
		switch random.IntN(4) {
		case 0:
			w.try(t, "PATCH", "/v1/appointments/"+id+"/cancel", "cancelled", id,
				map[string]any{"suppress_cancellation_policy": true})
		case 1:
			to := request(w.slots[int(w.next.Add(1))%len(w.slots)])
			to["suppress_availability_check"], to["suppress_cancellation_policy"] = true, true
			w.try(t, "PATCH", "/v1/appointments/"+id+"/reschedule", "booked", id, to)
		}
	}
}

func (w *world) try(t *testing.T, method, path, means, id string, body any) (string, bool) {
	text, err := json.Marshal(body)
	if err != nil {
		t.Error(err)
	}
	a := attempt{method: method, path: path, means: means, id: id, body: text,
		name: fmt.Sprint("crash-", w.names.Add(1))}
	id, answered, _ := w.send(t, a)
	if !answered {
		w.cutOff.Add(1)
		w.mu.Lock()
		w.pending = append(w.pending, a)
		w.mu.Unlock()
	}
	return id, answered
}

// send sends an attempt once. When it is answered, the answer is believed.
func (w *world) send(t *testing.T, a attempt) (id string, answered, again bool) {
	s := w.server.Load()
	r, err := http.NewRequest(a.method, s.url+a.path, bytes.NewReader(a.body))
	if err != nil {
		t.Error(err)
		return "", false, false
	}
	for name, value := range map[string]string{"x-api-key": s.creds.Key, "x-practice-group-id": s.creds.Group,
		"Content-Type": "application/json", "Idempotency-Key": a.name} {
		r.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", false, false
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return "", false, false
	}
	w.answered.Add(1)
	if res.StatusCode == http.StatusConflict {
		return "", true, false // another patient has the time
	}
	var got struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(text, &got); err != nil || res.StatusCode != http.StatusOK {
		t.Errorf("%s %s: %d %s", a.method, a.path, res.StatusCode, text)
		return "", true, false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.means[got.ID] = a.means
	return got.ID, true, res.Header.Get("Idempotency-Replayed") != ""
}

// settle sends again each request that was cut off, with the same idempotency keys.
func (w *world) settle(t *testing.T) {
	pending := w.pending
	w.pending = nil
	for _, a := range pending {
		_, answered, again := w.send(t, a)
		if !answered {
			t.Fatalf("%s %s is not answered after the restart", a.method, a.path)
		}
		if again {
			w.done.Add(1)
		}
	}
}

// compare looks for all that clients were answered, and for anything that no client
// was answered.
func (w *world) compare(t *testing.T, address string) {
	rows, err := storetest.Raw(t, address).Query(`SELECT id, state FROM appointment`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	found := map[string]string{}
	for rows.Next() {
		var id int64
		var state string
		if err := rows.Scan(&id, &state); err != nil {
			t.Fatal(err)
		}
		found[strconv.FormatInt(id, 10)] = state
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	for id, state := range w.means {
		if found[id] != state {
			t.Errorf("appointment %s: a client was answered %s, it is %q", id, state, found[id])
		}
	}
	for id, state := range found {
		if w.means[id] == "" {
			t.Errorf("appointment %s is %s, and no client was answered", id, state)
		}
	}
}
