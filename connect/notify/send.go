package notify

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"frontdesk/connect/nhsapi"
	"frontdesk/core/carrier"
)

const (
	// maxTogether and maxBytes are the most that one batch may have. NHS Notify
	// takes 5.2 MB and does not say which megabytes those are; it has room left.
	maxTogether = 45_000
	maxBytes    = 5_000_000

	duplicate = "CM_DUPLICATE_REQUEST"
)

// Send implements carrier.Carrier. The key is the message's messageReference:
// NHS Notify takes it once in sixteen months, and one that it has had before is
// accepted with the code "duplicate".
func (c *Carrier) Send(ctx context.Context, m carrier.Outgoing) (carrier.Accepted, error) {
	if m.Request != "" && m.Request != m.Key { // it went in a batch
		r := c.SendAll(ctx, []carrier.Outgoing{m})[0]
		return r.Accepted, r.Err
	}
	i, no := c.prepare(m, 0)
	if no != nil {
		return carrier.Accepted{}, no
	}
	ctx, cancel := context.WithTimeout(ctx, c.settings.Deadline)
	defer cancel()
	return c.single(ctx, i)
}

// SendAll implements carrier.Carrier. It makes batches of the messages, each
// with one routing plan and as large as NHS Notify takes them, and sends a
// message that is alone singly.
//
// NHS Notify knows a batch by its messageBatchReference, which is made from the
// keys in the batch, in any order. Where it is not known whether it took one, the
// Unanswered names it, and its messages are to be handed over again with that
// name, all of them and no others: then the same request is sent again. A key that
// comes back without it is another message to NHS Notify.
func (c *Carrier) SendAll(ctx context.Context, all []carrier.Outgoing) []carrier.Result {
	out := make([]carrier.Result, len(all))
	ctx, cancel := context.WithTimeout(ctx, c.settings.Deadline)
	defer cancel()
	items := map[group][]item{}
	seen := map[string]*[]int{}
	for at, m := range all {
		if places := seen[m.Key]; places != nil { // it goes once, and is told twice
			*places = append(*places, at)
			continue
		}
		i, no := c.prepare(m, at)
		if no != nil {
			out[at].Err = no
			continue
		}
		g := group{m.Request, i.plan}
		items[g] = append(items[g], i)
		seen[m.Key] = i.at
	}
	var busy *carrier.Busy
	for _, g := range slices.SortedFunc(maps.Keys(items), group.compare) {
		for _, chunk := range g.chunks(items[g]) {
			if busy != nil { // it is for everybody; nothing is asked in vain
				settle(out, chunk, carrier.Result{Err: busy})
				continue
			}
			busy = c.batch(ctx, chunk, g.request, out)
		}
	}
	return out
}

// group is what may go in one request: messages of one plan, and those that went
// in one before by themselves.
type group struct{ request, plan string }

func (g group) compare(other group) int {
	return cmp.Or(strings.Compare(g.request, other.request), strings.Compare(g.plan, other.plan))
}

// chunks makes the requests of a group. One that was made before stays whole.
func (g group) chunks(items []item) [][]item {
	if g.request == "" {
		return chunks(items)
	}
	slices.SortFunc(items, byReference)
	return [][]item{items}
}

func byReference(a, b item) int { return strings.Compare(a.Reference, b.Reference) }

// settle writes down how items ended.
func settle(out []carrier.Result, items []item, r carrier.Result) {
	for _, i := range items {
		i.wire.End(i.Reference, r)
		for _, at := range *i.at {
			out[at] = r
		}
	}
}

// chunks makes batches of items: always the same ones, however they are ordered.
func chunks(items []item) [][]item {
	slices.SortFunc(items, byReference)
	var out [][]item
	const around = 512 // what a batch has besides its messages
	from, size := 0, around
	for at, i := range items {
		if at > from && (at-from == maxTogether || size+len(i.raw)+1 > maxBytes) {
			out = append(out, items[from:at])
			from, size = at, around
		}
		size += len(i.raw) + 1
	}
	if from < len(items) {
		out = append(out, items[from:])
	}
	return out
}

// batch sends a batch of one plan, less and less of it where NHS Notify has
// something against a message or against so many. With a reference it is the
// request of before, and what is made of it after an answer has its own. It gives
// a Busy that others would get too.
func (c *Carrier) batch(ctx context.Context, items []item, reference string, out []carrier.Result) *carrier.Busy {
	for len(items) > 1 || len(items) == 1 && reference != "" && reference != items[0].Reference {
		reference = cmp.Or(reference, batchReference(items))
		var ids map[string]string
		got, err := c.ask(ctx, request{
			what: "batch", method: http.MethodPost, path: "/v1/message-batches", body: batchBody(items, reference),
			reference: reference,
			begin:     func(ctx context.Context) error { return start(ctx, items, reference) },
			take:      func(body []byte) (err error) { ids, err = batchIDs(body); return err },
		})
		reference = ""
		switch {
		case err != nil:
			settle(out, items, carrier.Result{Err: err})
			return forAll(err)
		case got.status == http.StatusOK || got.status == http.StatusCreated:
			for _, i := range items {
				settle(out, []item{i}, carrier.Result{Accepted: carrier.Accepted{ProviderID: ids[i.Reference], Code: "created"}})
			}
			return nil
		case got.status == http.StatusUnprocessableEntity && got.problems[0].code == duplicate:
			settle(out, items, carrier.Result{Accepted: carrier.Accepted{Code: "duplicate"}})
			return nil
		case got.status == http.StatusRequestEntityTooLarge && len(items) > 1:
			half := len(items) / 2
			if busy := c.batch(ctx, items[:half], "", out); busy != nil {
				settle(out, items[half:], carrier.Result{Err: busy})
				return busy
			}
			items = items[half:]
			continue
		case got.status == http.StatusBadRequest:
			if rest := refuse(items, got.problems, out); len(rest) < len(items) {
				items = rest
				continue
			}
		}
		// What is about no message of it is about all of them, and will be the
		// same next time.
		c.warn(ctx, got)
		settle(out, items, carrier.Result{Err: refusal(got.problems[0])})
		return nil
	}
	if len(items) == 0 {
		return nil
	}
	accepted, err := c.single(ctx, items[0])
	settle(out, items, carrier.Result{Accepted: accepted, Err: err})
	return forAll(err)
}

// start notes that a request goes out.
func start(ctx context.Context, items []item, reference string) error {
	keys := make([]string, len(items))
	for at, i := range items {
		keys[at] = i.Reference
	}
	return items[0].wire.Start(ctx, reference, keys...)
}

// forAll is a Busy that anything else sent now would get too.
func forAll(err error) *carrier.Busy {
	busy, _ := errors.AsType[*carrier.Busy](err)
	return busy
}

// refuse refuses the messages that problems are about, and gives the rest.
func refuse(items []item, problems []problem, out []carrier.Result) []item {
	refused := map[int]bool{}
	for _, p := range problems {
		rest, ok := strings.CutPrefix(p.pointer, "/data/attributes/messages/")
		number, _, _ := strings.Cut(rest, "/")
		at, err := strconv.Atoi(number)
		if !ok || err != nil || at < 0 || at >= len(items) || refused[at] {
			continue
		}
		refused[at] = true
		settle(out, items[at:at+1], carrier.Result{Err: refusal(p)})
	}
	var rest []item
	for at, i := range items {
		if !refused[at] {
			rest = append(rest, i)
		}
	}
	return rest
}

// warn puts what everything sent is refused for into the log.
func (c *Carrier) warn(ctx context.Context, got reply) {
	c.log.LogAttrs(ctx, slog.LevelError, "NHS Notify does not take what we send", slog.Int("status", got.status),
		slog.String("code", got.problems[0].code))
}

// batchReference is what NHS Notify knows a new batch by.
func batchReference(items []item) string {
	keys := sha256.New()
	for _, i := range items {
		fmt.Fprintf(keys, "%d:%s", len(i.Reference), i.Reference)
	}
	// A UUID of version 8 (RFC 9562): its bits are ours to choose.
	b := keys.Sum(nil)[:16]
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// batchBody is the request for a batch, with the messages as they have been
// measured.
func batchBody(items []item, reference string) []byte {
	var body bytes.Buffer
	fmt.Fprintf(&body,
		`{"data":{"type":"MessageBatch","attributes":{"routingPlanId":"%s","messageBatchReference":"%s","messages":[`,
		items[0].plan, reference)
	for at, i := range items {
		if at > 0 {
			body.WriteByte(',')
		}
		body.Write(i.raw)
	}
	body.WriteString("]}}}")
	return body.Bytes()
}

// batchIDs are NHS Notify's names for the messages of a batch, by ours.
func batchIDs(body []byte) (map[string]string, error) {
	var got struct {
		Data struct {
			ID         string `json:"id"`
			Attributes struct {
				Messages []struct {
					Reference string `json:"messageReference"`
					ID        string `json:"id"`
				} `json:"messages"`
			} `json:"attributes"`
		} `json:"data"`
	}
	if json.Unmarshal(body, &got) != nil || got.Data.ID == "" {
		return nil, nhsapi.ErrUnreadable
	}
	ids := make(map[string]string, len(got.Data.Attributes.Messages))
	for _, m := range got.Data.Attributes.Messages {
		ids[m.Reference] = m.ID
	}
	return ids, nil
}

// attributes are those of a message that is sent singly.
type attributes struct {
	Plan string `json:"routingPlanId"`
	message
}

// single sends one message.
func (c *Carrier) single(ctx context.Context, i item) (carrier.Accepted, error) {
	var ask struct {
		Data struct {
			Type       string     `json:"type"`
			Attributes attributes `json:"attributes"`
		} `json:"data"`
	}
	ask.Data.Type, ask.Data.Attributes = "Message", attributes{i.plan, i.message}
	body, err := json.Marshal(ask)
	if err != nil {
		return carrier.Accepted{}, &carrier.Refusal{Code: "not_encoded", Reason: "The message could not be encoded."}
	}
	var id string
	got, err := c.ask(ctx, request{
		what: "message", method: http.MethodPost, path: "/v1/messages", body: body, reference: i.Reference,
		begin: func(ctx context.Context) error { return start(ctx, []item{i}, i.Reference) },
		take:  func(body []byte) (err error) { id, err = messageID(body); return err },
	})
	switch {
	case err != nil:
		return carrier.Accepted{}, err
	case got.status == http.StatusOK || got.status == http.StatusCreated:
		return carrier.Accepted{ProviderID: id, Code: "created"}, nil
	case got.status == http.StatusUnprocessableEntity && got.problems[0].code == duplicate:
		return carrier.Accepted{Code: "duplicate"}, nil
	case got.status == http.StatusNotFound, ours(got.problems[0]):
		c.warn(ctx, got)
	}
	return carrier.Accepted{}, refusal(got.problems[0])
}

// messageID is NHS Notify's name for a message.
func messageID(body []byte) (string, error) {
	var got struct {
		Data struct {
			ID string `json:"id"`
		} `json:"data"`
	}
	if json.Unmarshal(body, &got) != nil || got.Data.ID == "" {
		return "", nhsapi.ErrUnreadable
	}
	return got.Data.ID, nil
}
