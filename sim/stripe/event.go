package stripe

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"
)

// Event is something that happened, as it is delivered.
type Event struct {
	ID, Type string
	Body     []byte
}

// version is the version of Stripe's interface that events are written in.
const version = "2026-03-25.dahlia"

// happened notes an event, and delivers it unless events are held.
func (s *Stripe) happened(kind string, of object) {
	id := s.id("evt")
	body, err := json.Marshal(object{"id": id, "object": "event", "api_version": version, "type": kind,
		"created": s.Now().Unix(), "livemode": false, "data": object{"object": of}})
	if err != nil {
		panic(err) // it is made of texts and numbers
	}
	e := Event{id, kind, body}
	s.events = append(s.events, e)
	if s.Held || s.WebhookURL == "" {
		return
	}
	s.sending.Go(func() {
		for range 3 {
			if status, err := s.Deliver(e); err == nil && status < 300 {
				return
			}
		}
	})
}

// Events are all that happened, in order.
func (s *Stripe) Events() []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.events)
}

// Close waits until what is being delivered has been.
func (s *Stripe) Close() { s.sending.Wait() }

// Sign is the header that a call at a time is signed with.
func Sign(secret string, at time.Time, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "%d.%s", at.Unix(), body)
	return fmt.Sprintf("t=%d,v1=%s", at.Unix(), hex.EncodeToString(mac.Sum(nil)))
}

// Deliver delivers an event, again or for the first time, and gives the status that it was answered with.
func (s *Stripe) Deliver(e Event) (int, error) {
	return s.Post(e.Body, Sign(s.Secret, s.Now(), e.Body))
}

// Post calls the program back with any body and any signature.
func (s *Stripe) Post(body []byte, signature string) (int, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.WebhookURL, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	r.Header.Set("Stripe-Signature", signature)
	client := s.Client
	if client == nil {
		client = http.DefaultClient
	}
	res, err := client.Do(r)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, err
}
