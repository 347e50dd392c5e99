package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"time"
)

// freeTimes asks for the page of free times that a patient sees by a link, of five practitioners and fourteen days.
// What it stands beside is no raw database: it is the same search over REST, with as many times on a page as there may
// be.
func freeTimes(s *server, of func() *practice, ready func() error) question {
	var page, search, cookie string
	var idle connections
	made := sync.OnceValue(func() (err error) {
		if err := ready(); err != nil {
			return err
		}
		p := of()
		first, last := p.monday.Format(time.DateOnly), p.monday.AddDate(0, 0, 13).Format(time.DateOnly)
		q := url.Values{"practitioner_id": p.people[:5], "appointment_type_id": {p.kind}, "start_date": {first},
			"end_date": {last}, "page_size": {"500"}}
		search = "/v1/slots?" + q.Encode()
		page, cookie, err = visit(s, map[string]any{"patient_id": p.patient, "appointment_type_id": p.kind,
			"practitioner_id": p.people[:5], "from_date": first, "to_date": last})
		page += "/when?type=" + p.kind
		return err
	})
	return question{"free times by a link, beside their search over REST", made, func(c *client, _ int) error {
		_, err := c.Do("GET", page, nil, cookie)
		return err
	}, func(context.Context, int) error {
		c, err := idle.take(s)
		if err != nil {
			return err
		}
		_, err = c.Do("GET", search, nil)
		idle.give(c)
		return err
	}}
}

// connections are those that no one asks over just now.
type connections struct {
	mu  sync.Mutex
	all []*client
}

func (c *connections) take(s *server) (*client, error) {
	c.mu.Lock()
	if n := len(c.all); n > 0 {
		defer c.mu.Unlock()
		one := c.all[n-1]
		c.all = c.all[:n-1]
		return one, nil
	}
	c.mu.Unlock()
	return dial(s)
}

func (c *connections) give(one *client) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, one)
}

// visit makes a booking link and gives its path, and the header field of a visitor who proved to be the patient.
func visit(s *server, link map[string]any) (path, cookie string, err error) {
	text, err := json.Marshal(link)
	if err != nil {
		return "", "", err
	}
	c, err := dial(s)
	if err != nil {
		return "", "", err
	}
	defer c.Close()
	answer, err := c.Do("POST", "/v1/booking_links", text)
	if err != nil {
		return "", "", err
	}
	var made struct {
		URL string `json:"short_link"`
	}
	if err := json.Unmarshal(answer, &made); err != nil {
		return "", "", err
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return "", "", err
	}
	browser := &http.Client{Jar: jar, Timeout: 10 * time.Second}
	res, err := browser.PostForm(made.URL, url.Values{"day": {"1"}, "month": {"1"}, "year": {"1980"}})
	if err != nil {
		return "", "", err
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return "", "", err
	}
	at, err := url.Parse(made.URL)
	if err != nil {
		return "", "", err
	}
	for _, one := range jar.Cookies(at) {
		return strings.TrimPrefix(made.URL, s.URL), "Cookie: " + one.String(), nil
	}
	return "", "", fmt.Errorf("%s was not opened: %s", at.Path, res.Status)
}
