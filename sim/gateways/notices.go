package gateways

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"frontdesk/sim/inbox"
)

// notice is a message as GOV.UK Notify keeps it.
type notice struct {
	ID        string     `json:"id"`
	Reference string     `json:"reference"`
	Phone     *string    `json:"phone_number"`
	Email     *string    `json:"email_address"`
	Type      string     `json:"type"`
	Status    string     `json:"status"`
	Body      string     `json:"body"`
	Subject   string     `json:"subject,omitempty"`
	Created   time.Time  `json:"created_at"`
	Sent      *time.Time `json:"sent_at"`
	Completed *time.Time `json:"completed_at"`
	Template  struct {
		ID      string `json:"id"`
		Version int    `json:"version"`
		URI     string `json:"uri"`
	} `json:"template"`

	to string
}

const page = 250

// list answers a question for messages, newest first.
func (g *GovUK) list(r *http.Request) answer {
	ask := r.URL.Query()
	for name := range ask {
		switch name {
		case "reference", "status", "template_type":
		default:
			return notifyError(http.StatusBadRequest, "ValidationError", "Additional properties are not allowed")
		}
	}
	fits := func(name, value string) bool { return !ask.Has(name) || ask.Get(name) == value }
	out := []notice{}
	g.mu.Lock()
	defer g.mu.Unlock()
	for i := len(g.notices.order) - 1; i >= 0 && len(out) < page; i-- {
		n := g.notices.by[g.notices.order[i]]
		if fits("reference", n.Reference) && fits("status", n.Status) && fits("template_type", n.Type) {
			out = append(out, *n)
		}
	}
	return answer{status: http.StatusOK,
		body: map[string]any{"notifications": out, "links": map[string]string{"current": r.URL.String()}}}
}

// one answers a question for one message.
func (g *GovUK) one(id string) answer {
	g.mu.Lock()
	defer g.mu.Unlock()
	n, ok := g.notices.by[id]
	if !ok {
		return notifyError(http.StatusNotFound, "NoResultFound", "No result found")
	}
	return answer{status: http.StatusOK, body: *n}
}

// take takes a message.
func (g *GovUK) take(n *notice, script inbox.Script, size int) answer {
	at := g.now()
	n.Created, n.Sent, n.Status = at, &at, "sending"
	content := map[string]any{"body": n.Body}
	if n.Type == "sms" {
		n.Phone, content["from_number"] = &n.to, "GOVUK"
	} else {
		n.Email, content["subject"], content["from_email"] = &n.to, n.Subject, "practice@notifications.service.gov.uk"
	}
	happens, says := steps(script)
	for _, s := range happens {
		switch s {
		case delivered:
			n.Status = "delivered"
		case failed:
			n.Status = "permanent-failure"
		default: // GOV.UK Notify does not know who has read what
		}
	}
	if n.Status != "sending" {
		n.Completed = &at
	}
	a := answer{status: http.StatusCreated, body: map[string]any{
		"id": n.ID, "reference": n.Reference, "content": content, "uri": listPath + "/" + n.ID, "template": n.Template,
		"scheduled_for": nil,
	}}
	g.Box.Add(inbox.Item{
		At: at, Carrier: "govuk", Channel: n.Type, To: n.to, From: "GOVUK", Subject: n.Subject, Text: n.Body,
		Key: n.Reference, ProviderID: n.ID, Bytes: size,
	})
	g.report(n, says)
	g.mu.Lock()
	g.notices.put(n.ID, n)
	g.mu.Unlock()
	return a
}

// report sends the practice the outcome of a message.
func (g *GovUK) report(n *notice, says string) {
	if g.CallbackURL == "" || n.Completed == nil {
		return
	}
	out := []map[string]any{{
		"id": n.ID, "reference": n.Reference, "to": n.to, "status": n.Status, "created_at": n.Created,
		"sent_at":           n.Sent,
		"completed_at":      n.Completed,
		"notification_type": n.Type, "template_id": n.Template.ID, "template_version": n.Template.Version,
	}}
	// Its e-mails cannot be answered.
	if says != "" && n.Type == "sms" {
		from := strings.TrimPrefix(n.to, "+")
		if rest, ok := strings.CutPrefix(from, "0"); ok {
			from = "44" + rest
		}
		out = append(out, map[string]any{
			"id": uuid(), "source_number": from, "destination_number": "447900900900", "message": says,
			"date_received": g.now(),
		})
	}
	g.courier.send(out, g.Delay)
}

// call tells of one message, one thing after the other.
func (g *GovUK) call(ctx context.Context, what [][]map[string]any) error {
	for _, all := range what {
		for _, one := range all {
			body, err := json.Marshal(one)
			if err != nil {
				return err
			}
			h := http.Header{"Content-Type": {jsonType}, "Authorization": {"Bearer " + g.CallbackToken}}
			if err := post(ctx, g.CallbackURL, h, body); err != nil {
				return err
			}
		}
	}
	return nil
}
