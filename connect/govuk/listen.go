package govuk

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"frontdesk/connect/web"
	"frontdesk/core/carrier"
)

// call is a delivery receipt, which has a status, or a text message to the
// practice, which has a source_number.
type call struct {
	ID           string `json:"id"`
	Reference    string `json:"reference"`
	Status       string `json:"status"`
	CompletedAt  string `json:"completed_at"`
	SourceNumber string `json:"source_number"`
	Message      string `json:"message"`
	DateReceived string `json:"date_received"`
}

// reasons are the statuses of a message that did not arrive.
var reasons = map[string]string{
	"permanent-failure": "The number or address does not exist, or takes no messages.",
	"temporary-failure": "The telephone was off or the mailbox full for too long.",
	"technical-failure": "GOV.UK Notify had trouble of its own with the message.",
}

// ReadCallback implements carrier.Listener.
func (c *Carrier) ReadCallback(_ context.Context, call carrier.Callback) (carrier.Report, error) {
	header := http.Header(call.Header)
	given, ok := strings.CutPrefix(header.Get("Authorization"), "Bearer ")
	// Of the hashes, so that the time taken does not tell the length either.
	want, got := sha256.Sum256([]byte(c.settings.CallbackToken)), sha256.Sum256([]byte(given))
	if !ok || c.settings.CallbackToken == "" || subtle.ConstantTimeCompare(want[:], got[:]) != 1 {
		return carrier.Report{}, carrier.ErrNotProvider
	}
	return parse(call.Body, c.web.Now().UTC())
}

func parse(body []byte, now time.Time) (carrier.Report, error) {
	var in call
	if err := json.Unmarshal(body, &in); err != nil {
		return carrier.Report{}, web.Wrong("a JSON object")
	}
	id := web.Text(in.ID, maxID)
	if id == "" {
		return carrier.Report{}, web.Wrong("the id of a message", "id")
	}
	if in.SourceNumber != "" {
		// A name, or a short number, is not a patient's.
		from := "+" + strings.TrimPrefix(in.SourceNumber, "+")
		if !web.Number(from) {
			return carrier.Report{}, nil
		}
		return carrier.Report{Replies: []carrier.Reply{{
			ID: id, Channel: carrier.SMS, From: from, Text: web.Text(in.Message, web.MaxReply), At: web.At(in.DateReceived, now),
		}}}, nil
	}
	r := carrier.Receipt{Key: web.Text(in.Reference, maxID), ProviderID: id, At: web.At(in.CompletedAt, now)}
	switch {
	case in.Status == "":
		return carrier.Report{}, web.Wrong("a delivery receipt or a text message", "status")
	case in.Status == "delivered":
		r.Progress = carrier.ProgressDelivered
	case reasons[in.Status] != "":
		r.Progress, r.Code, r.Reason = carrier.ProgressFailed, in.Status, reasons[in.Status]
	default: // on its way
		return carrier.Report{}, nil
	}
	return carrier.Report{Receipts: []carrier.Receipt{r}}, nil
}
