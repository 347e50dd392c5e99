package main

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
)

// diary asks about appointments and free slots.
func diary(s *server, r *raw, group int64) []question {
	var p *practice
	var ids []string
	ready := once("the diary", func() (err error) {
		if p, err = settle(s); err != nil {
			return err
		}
		ids, err = some(s)
		return err
	})
	slots := func(name string, who, days int) question {
		path := sync.OnceValue(func() string { // the diary must be there before its practitioners can be named
			q := url.Values{"practitioner_id": p.people[:who], "appointment_type_id": {p.kind},
				"start_date": {p.monday.Format("2006-01-02")},
				"end_date":   {p.monday.AddDate(0, 0, days-1).Format("2006-01-02")}}
			return "/v1/slots?" + q.Encode()
		})
		return question{name, ready, func(c *client, _ int) error {
			_, err := c.Do("GET", path(), nil)
			return err
		}, func(ctx context.Context, _ int) error {
			return r.search(ctx, group, p.people[:who], p.monday, p.monday.AddDate(0, 0, days))
		}}
	}
	// Every pair takes a new slot: from five weeks ahead on over
	// HTTP, and years later raw.
	var pairs, rawPairs atomic.Int64
	const later = 35
	return []question{
		{"read one appointment", ready, func(c *client, n int) error {
			_, err := c.Do("GET", "/v1/appointments/"+ids[n%len(ids)], nil)
			return err
		}, func(ctx context.Context, n int) error {
			id, _ := strconv.ParseInt(ids[n%len(ids)], 10, 64)
			return r.read(ctx, group, id)
		}},
		slots("slots, 5 practitioners × 7 days", 5, 7),
		slots("slots, 50 practitioners × 28 days", people, 28),
		freeTimes(s, func() *practice { return p }, ready),
		{"reserve and book", ready, func(c *client, _ int) error {
			who, at := p.slot(p.monday.AddDate(0, 0, later), int(pairs.Add(1)))
			return p.pair(c, who, at)
		}, func(ctx context.Context, _ int) error {
			who, at := p.slot(p.monday.AddDate(20, 0, later), int(rawPairs.Add(1)))
			return r.pair(ctx, group, p, who, at)
		}},
	}
}

// some lists ids of appointments to read.
func some(s *server) ([]string, error) {
	c, err := dial(s)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	answer, err := c.Do("GET", "/v1/appointments?page_size=500", nil)
	if err != nil {
		return nil, err
	}
	var list struct {
		Data []struct {
			ID string `json:"id"`
		} `json:"data"`
	}
	if err := json.Unmarshal(answer, &list); err != nil {
		return nil, err
	}
	ids := make([]string, len(list.Data))
	for i, a := range list.Data {
		ids[i] = a.ID
	}
	return ids, nil
}
