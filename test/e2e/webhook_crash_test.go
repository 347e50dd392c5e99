package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"frontdesk/store/storetest"
	"frontdesk/test/wait"
)

// TestWebhookCrash kills the program while events happen and are delivered, and
// counts at the endpoint. Every event whose change was answered must arrive, and
// when one arrives twice it has the same id. CRASH_KILLS sets how often it is
// killed and CRASH_EVENTS how many events there are; make test-crash does much
// of both.
func TestWebhookCrash(t *testing.T) {
	t.Parallel()
	kills, events := number(t, "CRASH_KILLS", 3), number(t, "CRASH_EVENTS", 2000)
	storetest.EachAddress(t, func(t *testing.T, address string) {
		var mu sync.Mutex
		arrived := map[string]int{}
		posts := 0
		to := receive(t, nil)
		to.says(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			arrived[r.Header.Get("Webhook-Id")]++
			posts++
			mu.Unlock()
			w.WriteHeader(http.StatusOK)
		})
		file := filepath.Join(t.TempDir(), "credentials.json")
		args := []string{"--rate-limit", "0", "--log-level", "error"}
		var serving atomic.Pointer[process]
		begin := func() { serving.Store(startAs(t, address, file, nil, args...)) }
		begin()
		made := serving.Load().call("POST", "/v1/webhooks", map[string]any{"url": to.URL, "event_type": "message.sent"})
		if made.Status != http.StatusOK {
			t.Fatal(made.Text)
		}
		// Partners go on asking while the program dies and comes back.
		var answered sync.Map
		var count atomic.Int64
		var asking sync.WaitGroup
		for range 8 {
			asking.Go(func() {
				for count.Load() < int64(events) {
					p := serving.Load()
					id, err := invent(p)
					if err != nil { // the program is dead
						wait.Holds(time.Second, func() bool { return serving.Load() != p })
						continue
					}
					answered.Store(id, true)
					count.Add(1)
				}
			})
		}
		random := chance(t)
		began := time.Now()
		for kill := range kills {
			// A random moment under load.
			enough := int64(kill*events/kills + random.IntN(events/kills/2))
			wait.Within(t, 10*time.Minute, "events", func() bool { return count.Load() >= enough })
			serving.Load().kill()
			begin()
		}
		asking.Wait()
		p := serving.Load()
		var shown answer
		if !wait.Holds(2*time.Minute, func() bool {
			shown = p.call("GET", "/v1/webhooks/"+made.str("id"), nil)
			return shown.Body["waiting"] == float64(0)
		}) {
			t.Fatalf("deliveries still wait: %s\n%s", shown.Text, p.logs)
		}
		mu.Lock()
		defer mu.Unlock()
		lost, twice := 0, 0
		answered.Range(func(id, _ any) bool {
			if arrived[id.(string)] == 0 {
				lost++
			}
			return true
		})
		for _, n := range arrived {
			if n > 1 {
				twice += n - 1
			}
		}
		if lost > 0 {
			t.Errorf("%d events were answered and never arrived", lost)
		}
		if most := kills * 4 * 32 * 2; twice > most {
			t.Errorf("%d deliveries came again, which is more than %d", twice, most)
		}
		var rows int
		if err := storetest.Raw(t,
			address).QueryRow(`SELECT count(*) FROM event WHERE type = 'message.sent'`).Scan(&rows); err != nil {
			t.Fatal(err)
		}
		if rows != len(arrived) {
			t.Errorf("%d events are in the log, and %d arrived", rows, len(arrived))
		}
		t.Logf("%d events answered, %d arrived in %d posts, %d kills: %d lost, %d came again under their own id; %s",
			count.Load(), len(arrived), posts, kills, lost, twice, time.Since(began).Round(time.Second))
	})
}

// invent asks for an event, and gives its id when that was answered.
func invent(p *process) (string, error) {
	r, err := http.NewRequest("POST", p.url+"/v1/events/test", strings.NewReader(`{"event_type":"message.sent"}`))
	if err != nil {
		return "", err
	}
	r.Header = http.Header{"X-Api-Key": {p.creds.Key}, "X-Practice-Group-Id": {p.creds.Group},
		"Content-Type": {"application/json"}}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	var e struct {
		ID string `json:"id"`
	}
	if err := json.NewDecoder(res.Body).Decode(&e); err != nil || res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("status %d: %w", res.StatusCode, err)
	}
	return e.ID, nil
}
