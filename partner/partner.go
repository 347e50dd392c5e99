// Package partner is the client behind `frontdesk webhook`: a partner's developer
// uses it to call a running Frontdesk over its REST API, to listen to events, to
// send invented ones, and to have events delivered again.
package partner

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"frontdesk/connect/hook"
	"frontdesk/core/courier"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/webhook"
)

// Client asks one Frontdesk, as one partner of one practice group.
type Client struct {
	URL, Group, Key string
	// Out is where what happened is printed.
	Out io.Writer
	// Pause is how long to wait before asking a server again that did not answer.
	Pause time.Duration
}

// The faults of a developer's commands.
var (
	// ErrNoCredentials is returned without a server to ask or a key to ask with.
	ErrNoCredentials = fault.New(fault.Invalid, "no_credentials",
		"Give --url, --group and --key, or with --credentials the file a sandbox wrote.")
	// ErrNoServer is returned when no server answers at the address.
	ErrNoServer = fault.New(fault.Unavailable, "no_server", "No Frontdesk answers there.")
)

// ReadCredentials fills in what is empty from the file a sandbox wrote. Error:
// ErrNoCredentials.
func (p *Client) ReadCredentials(path string) error {
	if p.URL != "" && p.Group != "" && p.Key != "" {
		return nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return ErrNoCredentials.Because(err)
	}
	var c struct {
		BaseURL string `json:"base_url"`
		Group   string `json:"practice_group_id"`
		Key     string `json:"api_key"`
	}
	if err := json.Unmarshal(text, &c); err != nil {
		return ErrNoCredentials.Because(err)
	}
	for _, fill := range []struct {
		to   *string
		from string
	}{{&p.URL, c.BaseURL}, {&p.Group, c.Group}, {&p.Key, c.Key}} {
		if *fill.to == "" {
			*fill.to = fill.from
		}
	}
	if p.URL == "" || p.Group == "" || p.Key == "" {
		return ErrNoCredentials
	}
	return nil
}

// kinds are the kinds of fault by status, as REST gives them.
var kinds = map[int]fault.Kind{
	http.StatusBadRequest: fault.Invalid, http.StatusUnauthorized: fault.Unauthenticated,
	http.StatusForbidden: fault.Forbidden, http.StatusNotFound: fault.NotFound, http.StatusConflict: fault.Conflict,
	http.StatusTooManyRequests: fault.Limited, http.StatusServiceUnavailable: fault.Unavailable,
}

// ask sends a request and reads the answer. Errors: ErrNoServer, and what the
// server said.
func (p Client) ask(ctx context.Context, method, path string, body, into any) error {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, strings.TrimRight(p.URL, "/")+path, content)
	if err != nil {
		return ErrNoServer.Because(err)
	}
	r.Header = http.Header{"X-Api-Key": {p.Key}, "X-Practice-Group-Id": {p.Group}, "Content-Type": {"application/json"}}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return ErrNoServer.Because(err)
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusOK {
		return json.NewDecoder(res.Body).Decode(into)
	}
	var refusal struct {
		Code   string `json:"code"`
		Detail string `json:"detail"`
	}
	kind, known := kinds[res.StatusCode]
	if err := json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(&refusal); err != nil || !known {
		return ErrNoServer.Because(fmt.Errorf("HTTP status %d", res.StatusCode))
	}
	return fault.New(kind, refusal.Code, refusal.Detail)
}

// Trigger has an event happen, with invented data, in a sandbox practice group.
// It gives the event's id.
func (p Client) Trigger(ctx context.Context, eventType string) (string, error) {
	var e struct {
		ID string `json:"id"`
	}
	err := p.ask(ctx, http.MethodPost, "/v1/events/test", map[string]string{"event_type": eventType}, &e)
	return e.ID, err
}

// Resend delivers an event to a webhook again.
func (p Client) Resend(ctx context.Context, hook, delivery string) error {
	var d struct{}
	return p.ask(ctx, http.MethodPost,
		"/v1/webhooks/"+url.PathEscape(hook)+"/deliveries/"+url.PathEscape(delivery)+"/replay", nil, &d)
}

// Recover delivers to a webhook what it has missed since a moment. It gives how
// many deliveries were queued at once; the rest follow.
func (p Client) Recover(ctx context.Context, hook string, since time.Time) (int, error) {
	var w struct {
		Replay struct {
			Queued int `json:"queued"`
		} `json:"replay"`
	}
	err := p.ask(ctx, http.MethodPost, "/v1/webhooks/"+url.PathEscape(hook)+"/recover",
		map[string]string{"since": since.Format(time.RFC3339)}, &w)
	return w.Replay.Queued, err
}

// Listening is which events a developer listens to.
type Listening struct {
	// ForwardTo is where each event is posted, as a webhook would be; empty only
	// prints them.
	ForwardTo string
	Types     []string
	// SigningKey signs what is forwarded; empty has one made and printed.
	SigningKey string
	// Since is the cursor to begin at; empty is now.
	Since string
}

// Listen prints the events of the practice group as they happen and forwards
// them, until the context ends. A server that goes away is asked again from
// where it was, so that nothing is missed.
func (p Client) Listen(ctx context.Context, l Listening) error {
	var post *hook.Client
	if l.ForwardTo != "" {
		to, err := url.Parse(l.ForwardTo)
		if err != nil || to.Host == "" {
			return fault.Wrong("forward-to", input.CodeString, "an address such as http://localhost:3000/hooks",
				"This is not an address.")
		}
		post = hook.New(hook.Settings{Sandbox: true, Allow: []string{to.Host}})
		defer post.Close()
		if l.SigningKey == "" {
			l.SigningKey = webhook.NewSecret()
		}
		fmt.Fprintf(p.Out, "Forwarding to %s. Check signatures with %s\n", l.ForwardTo, l.SigningKey)
	}
	query := url.Values{"cursor": {l.Since}, "event_type": l.Types}
	if l.Since == "" {
		query.Set("cursor", webhook.Newest)
	}
	answered := false
	for ctx.Err() == nil {
		var page struct {
			Data   []json.RawMessage `json:"data"`
			Cursor string            `json:"cursor"`
		}
		err := p.ask(ctx, http.MethodGet, "/v1/events?"+query.Encode(), nil, &page)
		if ctx.Err() != nil {
			err = nil // it was interrupted, and this is the end
		}
		switch {
		case err != nil && answered && fault.Later(err):
			fmt.Fprintln(p.Out, "The server does not answer; asking again.")
			select {
			case <-time.After(p.Pause):
			case <-ctx.Done():
			}
			continue
		case err != nil:
			return err
		case !answered:
			fmt.Fprintln(p.Out, "Listening. Ctrl-C ends it.")
		}
		answered = true
		for _, e := range page.Data {
			if err := p.pass(ctx, post, l, e); err != nil {
				return err
			}
		}
		query.Set("cursor", page.Cursor)
		query.Set("wait", "25")
	}
	return nil
}

// pass prints an event and forwards it.
func (p Client) pass(ctx context.Context, post *hook.Client, l Listening, e json.RawMessage) error {
	var payload webhook.Payload
	if err := json.Unmarshal(e, &payload); err != nil {
		return ErrNoServer.Because(err)
	}
	line := payload.CreatedAt.Local().Format(time.TimeOnly) + "  " + payload.EventType + "  " + payload.ID
	if post == nil {
		fmt.Fprintf(p.Out, "%s  %s\n", line, payload.Data)
		return nil
	}
	var body bytes.Buffer
	if err := json.Compact(&body, e); err != nil {
		return err
	}
	a := post.Post(ctx, courier.Parcel{URL: l.ForwardTo, ID: payload.ID, Attempt: 1, At: time.Now(), Body: body.Bytes(),
		Secrets: []string{l.SigningKey}})
	how := strconv.Itoa(a.Status)
	if a.Failure != "" {
		how = string(a.Failure)
	}
	fmt.Fprintf(p.Out, "%s  → %s in %d ms\n", line, how, a.Took.Milliseconds())
	return nil
}
