package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// endpoint is a partner's: it takes every delivery, and notes how long ago the
// event happened.
type endpoint struct {
	*http.Server
	url         string
	taken       atomic.Int64
	first, last atomic.Int64 // when the first and the last came, in nanoseconds
	mu          sync.Mutex
	late        []time.Duration
}

func openEndpoint(answer func(w http.ResponseWriter, r *http.Request)) (*endpoint, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	e := &endpoint{url: "http://" + l.Addr().String() + "/"}
	if answer == nil {
		answer = e.take
	}
	e.Server = &http.Server{Handler: http.HandlerFunc(answer)}
	go func() { _ = e.Serve(l) }() // it ends with Close
	return e, nil
}

func (e *endpoint) take(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the sender has gone
	}
	var payload struct {
		At time.Time `json:"created_at"`
	}
	if json.Unmarshal(body, &payload) == nil {
		e.mu.Lock()
		e.late = append(e.late, now.Sub(payload.At))
		e.mu.Unlock()
	}
	if e.taken.Add(1) == 1 {
		e.first.Store(now.UnixNano())
	}
	e.last.Store(now.UnixNano())
	w.WriteHeader(http.StatusNoContent)
}

// lateness gives the middle and the 99th hundredth of what came since it was
// last asked.
func (e *endpoint) lateness() (p50, p99 time.Duration, n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	all := e.late
	e.late = nil
	if len(all) == 0 {
		return 0, 0, 0
	}
	slices.Sort(all)
	return all[len(all)/2], all[len(all)*99/100], len(all)
}

// waits until so many have come.
func (e *endpoint) waits(n int) error {
	for began := time.Now(); e.taken.Load() < int64(n); time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > patience {
			return fmt.Errorf("only %d of %d deliveries came", e.taken.Load(), n)
		}
	}
	return nil
}

// eventType is the type of event the endpoints want.
const eventType = "patient.merged"

// hooks measures deliveries.
type hooks struct {
	s     *server
	r     *raw
	group int64
}

// measureWebhooks gives the table of deliveries.
func measureWebhooks(builds []*build, engine string, wanted *regexp.Regexp) (string, error) {
	hs := make([]*hooks, len(builds))
	for i, b := range builds {
		hs[i] = &hooks{b.server, b.raw, b.group}
	}
	h := hs[0]
	table := head("| what | p50 | p99 | deliveries per second | raw per second | ratio |")
	for _, m := range []struct {
		name string
		row  func() (string, error)
	}{
		{"deliver 20,000 events to one endpoint", func() (string, error) { return throughput(hs) }},
		{"deliver 500 events a second", h.steady},
		{"deliver 200 events a second, beside 20 endpoints that hang",
			func() (string, error) { return h.isolated(h.besideHanging) }},
		{"deliver 200 events a second, beside 1,000 endpoints of others that hang",
			func() (string, error) { return h.isolated(h.besideMany) }},
	} {
		if !wanted.MatchString(m.name) {
			continue
		}
		row, err := m.row()
		if err != nil {
			return "", fmt.Errorf("%s: %w", m.name, err)
		}
		row = "| " + m.name + " | " + row + " |\n"
		fmt.Print(engine, " ", row)
		table += row
	}
	return table, nil
}

// hook makes a webhook, and gives its path.
func (h *hooks) hook(url string) (string, error) {
	answer, err := h.do("POST", "/v1/webhooks", fmt.Appendf(nil, `{"event_type":%q,"url":%q}`, eventType, url))
	if err != nil {
		return "", err
	}
	var made struct {
		ID string `json:"id"`
	}
	err = json.Unmarshal(answer, &made)
	return "/v1/webhooks/" + made.ID, err
}

func (h *hooks) do(method, path string, body []byte) ([]byte, error) {
	c, err := dial(h.s)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	answer, err := c.Do(method, path, body)
	return bytes.Clone(answer), err
}

// many is how many deliveries wait when the endpoint is switched on.
const many = 20_000

// throughput lets deliveries wait for an endpoint that is switched off, switches
// it on, and sees how fast they come: of each build in turn.
func throughput(hs []*hooks) (string, error) {
	all := make([][]result, len(hs))
	var raws []float64
	for range *rounds {
		for i, h := range hs {
			one, err := h.burst()
			if err != nil {
				return "", err
			}
			all[i] = append(all[i], result{rate: one})
		}
		to, err := openEndpoint(nil)
		if err != nil {
			return "", err
		}
		direct, err := postRaw(to.url, many)
		if err := errors.Join(err, to.Close()); err != nil {
			return "", err
		}
		raws = append(raws, direct)
	}
	slices.Sort(raws)
	m, direct := median(all[0]), raws[len(raws)/2]
	row := fmt.Sprintf(" | | %s | %s | %.2f", rate(m.rate), rate(direct), m.rate/direct)
	if len(hs) > 1 {
		row += " |" + strings.TrimSuffix(beside(m.rate, median(all[1]).rate), " |")
	}
	return row, nil
}

func (h *hooks) burst() (float64, error) {
	to, err := openEndpoint(nil)
	if err != nil {
		return 0, err
	}
	defer to.Close()
	path, err := h.hook(to.url)
	if err != nil {
		return 0, err
	}
	if _, err := h.do("POST", path+"/disable", nil); err != nil {
		return 0, err
	}
	id, now := path[len("/v1/webhooks/"):], h.r.when(time.Now())
	err = h.r.tx(context.Background(), func(exec func(string, ...any) error) error {
		for i := range many {
			event := h.r.next.Add(1)
			err := errors.Join(
				exec(`INSERT INTO event (practice_group_id, id, type, subject_id, sequence, at, data) VALUES ($1, $2,
					$3, $2, 1, $4, $5)`,
					h.group, event, eventType, now, `{"patient_id":"`+strconv.Itoa(i)+
						`","merged_patient_id":"1000000000000011"}`),
				exec(`INSERT INTO webhook_delivery (practice_group_id, webhook_id, event_id, subject_id, sequence, at,
					state, attempts, tries, due_at, since, status, failure, created_at)
					VALUES ($1, CAST($4 AS bigint), $2, $2, 1, $3, 'waiting', 0, 0, $3, $3, 0, '',
					$3)`, h.group, event, now, id))
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	if err := h.r.analyse(context.Background(), "event", "webhook_delivery"); err != nil {
		return 0, err
	}
	if _, err := h.do("POST", path+"/enable", nil); err != nil {
		return 0, err
	}
	if err := to.waits(many); err != nil {
		return 0, err
	}
	took := time.Duration(to.last.Load() - to.first.Load())
	_, err = h.do("DELETE", path, nil)
	return float64(many) / took.Seconds(), err
}

// postRaw posts as many payloads past the program, unsigned, over as many
// connections as the program has to one endpoint.
func postRaw(url string, n int) (float64, error) {
	const connections = 32
	transport := &http.Transport{MaxIdleConnsPerHost: connections, DisableCompression: true}
	defer transport.CloseIdleConnections()
	body := []byte(`{"id":"115114060984323","event_type":"patient.merged",` +
		`"created_at":"2026-11-22T06:00:00.000001Z","practice_group_id":"115114060984300","sequence":1,` +
		`"data":{"patient_id":"1000000000000002","merged_patient_id":"1000000000000011"}}`)
	began := time.Now()
	var left atomic.Int64
	left.Store(int64(n))
	errs := make([]error, connections)
	var wait sync.WaitGroup
	for i := range errs {
		wait.Go(func() {
			for left.Add(-1) >= 0 && errs[i] == nil {
				errs[i] = post(transport, url, body)
			}
		})
	}
	wait.Wait()
	return float64(n) / time.Since(began).Seconds(), errors.Join(errs...)
}

func post(transport http.RoundTripper, url string, body []byte) error {
	r, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := transport.RoundTrip(r)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, answer.Body)
	return errors.Join(err, answer.Body.Close())
}

// paced has so many events happen a second, and measures how late they reach an
// endpoint.
func (h *hooks) paced(perSecond int, seconds float64) (result, error) {
	to, err := openEndpoint(nil)
	if err != nil {
		return result{}, err
	}
	defer to.Close()
	path, err := h.hook(to.url)
	if err != nil {
		return result{}, err
	}
	n := int(float64(perSecond) * seconds)
	if err := h.happen(perSecond/5, perSecond); err != nil { // what does not count
		return result{}, err
	}
	if err := to.waits(perSecond / 5); err != nil {
		return result{}, err
	}
	to.lateness()
	began := time.Now()
	if err := h.happen(n, perSecond); err != nil {
		return result{}, err
	}
	took := time.Since(began)
	if err := to.waits(n + perSecond/5); err != nil {
		return result{}, err
	}
	p50, p99, came := to.lateness()
	if came != n {
		return result{}, fmt.Errorf("%d of %d deliveries came", came, n)
	}
	_, err = h.do("DELETE", path, nil)
	return result{p50, p99, float64(n) / took.Seconds()}, err
}

// happen makes n events, so many a second.
func (h *hooks) happen(n, perSecond int) error {
	const clients = 8
	errs := make([]error, clients)
	began := time.Now()
	var wait sync.WaitGroup
	for i := range clients {
		wait.Go(func() {
			c, err := dial(h.s)
			if err != nil {
				errs[i] = err
				return
			}
			defer c.Close()
			for k := i; k < n && errs[i] == nil; k += clients {
				time.Sleep(time.Until(began.Add(time.Duration(k) * time.Second / time.Duration(perSecond))))
				_, errs[i] = c.Do("POST", "/v1/events/test", []byte(`{"event_type":"`+eventType+`"}`))
			}
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}

func (h *hooks) steady() (string, error) {
	var all []result
	for range *rounds {
		one, err := h.paced(500, max(*seconds, 5))
		if err != nil {
			return "", err
		}
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b result) int { return int(a.p99 - b.p99) })
	m := all[len(all)/2]
	return fmt.Sprintf("%s | %s | %s | | ", shown(m.p50), shown(m.p99), rate(m.rate)), nil
}

// isolated compares how late 200 events a second reach a good endpoint alone,
// and beside others that hang until they are given up after 15 seconds. How fast
// the machine is changes, so that the ratio is that of what was measured one after
// the other.
func (h *hooks) isolated(besides func(perSecond int, seconds float64) (result, error)) (string, error) {
	const perSecond, took = 200, 20
	var alone, beside []result
	var ratios []float64
	for range *rounds {
		a, err := h.paced(perSecond, took)
		if err != nil {
			return "", err
		}
		b, err := besides(perSecond, took)
		if err != nil {
			return "", err
		}
		alone, beside, ratios = append(alone, a), append(beside, b), append(ratios, float64(b.p99)/float64(a.p99))
	}
	byP99 := func(a, b result) int { return int(a.p99 - b.p99) }
	slices.SortFunc(alone, byP99)
	slices.SortFunc(beside, byP99)
	slices.Sort(ratios)
	a, b := alone[len(alone)/2], beside[len(beside)/2]
	return fmt.Sprintf("%s, alone %s | %s, alone %s | %s | | %.2f of p99",
		shown(b.p50), shown(a.p50), shown(b.p99), shown(a.p99), rate(b.rate), ratios[len(ratios)/2]), nil
}

// besideHanging is paced, beside twenty endpoints that want the same events and
// hang.
func (h *hooks) besideHanging(perSecond int, seconds float64) (r result, err error) {
	stop, err := h.hang(20)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	return h.paced(perSecond, seconds)
}

// besideMany is paced, beside two other practice groups with five hundred
// endpoints each, the most there may be, that all hang with eight deliveries each.
func (h *hooks) besideMany(perSecond int, seconds float64) (r result, err error) {
	for i := range 2 {
		s, err1 := h.s.another(fmt.Sprint("Hanging ", i))
		if err1 != nil {
			return r, err1
		}
		other := &hooks{s: s}
		stop, err1 := other.hang(500)
		if err1 != nil {
			return r, err1
		}
		defer func() { err = errors.Join(err, stop()) }()
		if err := other.happen(8, 8); err != nil {
			return r, err
		}
	}
	return h.paced(perSecond, seconds)
}

// hang makes endpoints that take every request and never answer, until stop.
func (h *hooks) hang(n int) (stop func() error, err error) {
	over := make(chan struct{})
	to, err := openEndpoint(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-over:
		case <-r.Context().Done():
		}
	})
	if err != nil {
		return nil, err
	}
	var paths []string
	stop = func() error {
		close(over)
		err := to.Close()
		for _, path := range paths {
			_, gone := h.do("DELETE", path, nil)
			err = errors.Join(err, gone)
		}
		return err
	}
	for i := range n {
		path, err := h.hook(to.url + strconv.Itoa(i))
		if err != nil {
			return nil, errors.Join(err, stop())
		}
		paths = append(paths, path)
	}
	return stop, nil
}
