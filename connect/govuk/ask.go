package govuk

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"frontdesk/connect/web"
	"frontdesk/core/carrier"
)

const (
	firstAsk = 200 * time.Millisecond
	maxAsk   = 2 * time.Second
)

// Find asks GOV.UK Notify for the message of a key. Messages are kept for seven
// days.
func (c *Carrier) Find(ctx context.Context, key string) (carrier.Accepted, bool, error) {
	u := *c.list
	u.RawQuery = "reference=" + url.QueryEscape(key)
	h := c.header()
	delete(h, "Content-Type")
	a, err := c.web.Do(ctx, web.Request{Method: http.MethodGet, URL: &u, Header: h})
	if err != nil {
		return carrier.Accepted{}, false, err
	}
	if a.Status != http.StatusOK {
		var no trouble
		a.JSON(&no) // without a word the status must do
		if err := c.web.Judge(ctx, a, no.code()); err != nil {
			return carrier.Accepted{}, false, err
		}
		return carrier.Accepted{}, false, errNoList
	}
	var list struct {
		Notifications *[]struct {
			ID        string `json:"id"`
			Reference string `json:"reference"`
			Status    string `json:"status"`
		} `json:"notifications"`
	}
	if !a.JSON(&list) || list.Notifications == nil {
		return carrier.Accepted{}, false, errNoList
	}
	for _, n := range *list.Notifications {
		if n.Reference == key && uuid.MatchString(n.ID) {
			return carrier.Accepted{ProviderID: n.ID, Code: web.Word(n.Status)}, true, nil
		}
	}
	return carrier.Accepted{}, false, nil
}

var errNoList = errors.New("the provider's list of messages cannot be read")

// settle finds the outcome of a lost request. GOV.UK Notify may still be at
// work on it, so a message that is not there counts as not created only after a
// while.
func (c *Carrier) settle(ctx context.Context, key string, unknown error) (carrier.Accepted, error) {
	since := time.Now() // of the machine, as only what has passed counts
	for wait := firstAsk; ; wait = min(2*wait, maxAsk) {
		a, found, err := c.Find(ctx, key)
		over := c.settings.Settle - time.Since(since)
		switch {
		case found:
			return a, nil
		case err == nil && over <= 0:
			return carrier.Accepted{}, &carrier.Busy{Code: "not_created", Err: errNotCreated}
		case err == nil:
			wait = min(wait, over)
		}
		if busy, ok := errors.AsType[*carrier.Busy](err); ok {
			wait = max(wait, busy.After)
		}
		if web.Left(ctx) <= wait || web.Sleep(ctx, wait) != nil {
			return carrier.Accepted{}, unknown
		}
	}
}

// errNotCreated does not wrap what happened to the request: that its fate is
// unknown is no longer so.
var errNotCreated = errors.New("the request was lost, and the provider has no message of it")
