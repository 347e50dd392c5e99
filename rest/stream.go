package rest

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/go-faster/jx"

	"frontdesk/core/access"
	"frontdesk/core/batch"
	"frontdesk/core/fault"
	"frontdesk/core/idempotency"
	"frontdesk/core/input"
	"frontdesk/core/messaging"
	messagingrest "frontdesk/rest/messaging"
	"frontdesk/rest/oas"
	"frontdesk/web"
)

// batchPath is where batches are made. A body of any length is read there as it
// comes.
const batchPath = "/v1/batch_message"

// MaxBatchBody is the longest body that makes a batch, in bytes: a million
// recipients.
const MaxBatchBody = 128 << 20

// streams reports a request whose body is too long to be read whole. Of a request
// without a length, the beginning is read to find out.
func streams(w http.ResponseWriter, r *http.Request) bool {
	if r.Method != http.MethodPost || r.URL.Path != batchPath ||
		!strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		return false
	}
	if r.ContentLength >= 0 {
		return r.ContentLength > MaxBody
	}
	start := make([]byte, MaxBody+1)
	n, err := io.ReadFull(http.MaxBytesReader(w, r.Body, MaxBody+1), start)
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(start[:n]), r.Body), r.Body}
	return err == nil
}

// stream makes a batch from a body that is read as it comes.
func (d *door) stream(w http.ResponseWriter, r *http.Request, who access.Caller) {
	// A million recipients take longer than other requests may.
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(10 * time.Minute))
	_ = control.SetWriteDeadline(time.Now().Add(11 * time.Minute))
	sum := sha256.New()
	fmt.Fprintf(sum, "%s\n%s\n%s\n%s\n", r.Method, r.URL.Path, r.URL.RawQuery, who.Group)
	body := &batchBody{json: json.NewDecoder(io.TeeReader(http.MaxBytesReader(w, r.Body, MaxBatchBody), sum)), sum: sum}
	load, err := body.read(r.Context(), d.core.Batch)
	if err != nil {
		if load != nil {
			err = errors.Join(err, load.Drop(context.WithoutCancel(r.Context())))
		}
		fail(w, r, err)
		return
	}
	if name := r.Header.Get("Idempotency-Key"); name != "" {
		d.finishOnce(w, r, who, name, body, load)
		return
	}
	b, err := load.Finish(r.Context(), body.batch)
	if err != nil {
		fail(w, r, errors.Join(err, load.Drop(context.WithoutCancel(r.Context()))))
		return
	}
	answer(w, http.StatusOK, messagingrest.BatchOf(b, nil))
}

// finishOnce finishes a batch, unless the same request has made it before.
func (d *door) finishOnce(
	w http.ResponseWriter, r *http.Request, who access.Caller, name string, body *batchBody, load *batch.Load,
) {
	claim := idempotency.ClaimOf(who, name, body.sum.Sum(nil))
	var failed error
	got, again, err := d.core.Idempotency.Once(r.Context(), claim, func(ctx context.Context) idempotency.Answer {
		var b batch.Batch
		if b, failed = load.Finish(ctx, body.batch); failed != nil {
			return idempotency.Answer{Status: http.StatusInternalServerError}
		}
		return idempotency.Answer{Status: http.StatusOK, Type: "application/json; charset=utf-8",
			Body: encoded(messagingrest.BatchOf(b, nil))}
	})
	if err = errors.Join(err, failed); err != nil || again {
		err = errors.Join(err, load.Drop(context.WithoutCancel(r.Context())))
	}
	if err != nil {
		fail(w, r, err)
		return
	}
	if again {
		w.Header().Set("Idempotency-Replayed", "true")
	}
	w.Header().Set("Content-Type", got.Type)
	w.WriteHeader(got.Status)
	w.Write(got.Body)
}

func answer(w http.ResponseWriter, status int, b *oas.BatchMessage) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	w.Write(encoded(b))
}

func encoded(b *oas.BatchMessage) []byte {
	e := &jx.Encoder{}
	b.Encode(e)
	return e.Bytes()
}

// batchBody reads the body of a batch, with its fields in any order.
type batchBody struct {
	json  *json.Decoder
	batch batch.New
	sum   hash.Hash
}

// unread is what is wrong with a body that cannot be read.
func unread(err error) error {
	var tooLarge *http.MaxBytesError
	var known *fault.Error
	switch {
	case errors.As(err, &tooLarge):
		return web.ErrTooLarge
	case errors.As(err, &known):
		return known
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errCut
	}
	return fault.Input(fault.Field{
		Path: []string{}, Code: codeJSON, Expected: "a JSON object",
		Message: "The body is not JSON of the right shape.",
	})
}

// What words of the contract are expected to be.
const (
	oneOfChannels = "one of SMS, EMAIL, NHS_APP"
	oneOfPurposes = "one of direct_care, other"
)

// wrongWord is the refusal of a word that the contract does not have.
func wrongWord(field, expected string) error {
	return fault.Wrong(field, input.CodeChoice, expected, "This is not one of the possible values.")
}

// text reads a field that is text, as expected.
func (b *batchBody) text(name, expected string) (out string, err error) {
	err = b.json.Decode(&out)
	if other := new(json.UnmarshalTypeError); errors.As(err, &other) {
		err = fault.Wrong(name, input.CodeType, expected, "This is not of the right type.")
	}
	return out, err
}

// field reads a field other than the recipients. What it refuses, it refuses as in a short body.
func (b *batchBody) field(name string) (err error) {
	switch name {
	case "name":
		b.batch.Name, err = b.text(name, "string")
	case "subject":
		b.batch.Subject, err = b.text(name, "string")
	case "content":
		b.batch.Content, err = b.text(name, "string")
	case "purpose":
		var word string
		if word, err = b.text(name, oneOfPurposes); err == nil && oas.Purpose(word).Validate() != nil {
			err = wrongWord(name, oneOfPurposes)
		}
		b.batch.Purpose = messaging.Purpose(word)
	case "channel":
		var word string
		var known bool
		word, err = b.text(name, oneOfChannels)
		if b.batch.Channel, known = messagingrest.Channels[word]; err == nil && !known {
			err = wrongWord(name, oneOfChannels)
		}
	case "plain_characters":
		err = b.json.Decode(&b.batch.Plain)
	case "short_link_id", "attachment_uuid", "booking_link", "form_link":
		err = b.carries(name)
	default:
		var ignored json.RawMessage
		err = b.json.Decode(&ignored)
	}
	return err
}

// carries reads a field that says which link goes to each recipient.
func (b *batchBody) carries(name string) (err error) {
	var id, uuid oas.OptString
	var offer oas.OptBookingLinkUpdate
	var form oas.OptFormLinkOffer
	var wrong input.Checks
	switch name {
	case "short_link_id":
		id.Set = true
		id.Value, err = b.text(name, "string")
	case "attachment_uuid":
		uuid.Set = true
		uuid.Value, err = b.text(name, "string")
	case "form_link":
		form.Set, err = true, b.shaped(name, "what a form link asks for", &form.Value)
	default:
		offer.Set, err = true, b.shaped(name, "what a booking link offers", &offer.Value)
	}
	if err != nil {
		return err
	}
	got := messagingrest.Carries(&wrong, id, uuid, offer, form)
	to := &b.batch.Carries
	to.Link, to.UUID = cmp.Or(to.Link, got.Link), cmp.Or(to.UUID, got.UUID)
	if got.Booking != nil {
		to.Booking = got.Booking
	}
	if got.Form != nil {
		to.Form = got.Form
	}
	return wrong.Err()
}

// shaped reads an object, and refuses what it cannot be.
func (b *batchBody) shaped(name, expected string, into interface {
	Decode(d *jx.Decoder) error
	Validate() error
}) error {
	var raw json.RawMessage
	if err := b.json.Decode(&raw); err != nil {
		return err
	}
	if into.Decode(jx.DecodeBytes(raw)) != nil || into.Validate() != nil {
		return fault.Wrong(name, input.CodeType, expected, "This is not of the right shape.")
	}
	return nil
}

// read reads the whole body, and takes the recipients in as they come.
func (b *batchBody) read(ctx context.Context, service *batch.Service) (load *batch.Load, err error) {
	if t, err := b.json.Token(); err != nil || t != json.Delim('{') {
		return nil, unread(err)
	}
	for b.json.More() {
		name, err := b.json.Token()
		if err != nil {
			return load, unread(err)
		}
		if name != "recipients" || load != nil {
			if err := b.field(name.(string)); err != nil {
				return load, unread(err)
			}
			continue
		}
		if b.batch.Name != "" && b.batch.Channel != "" && b.batch.Content != "" {
			if err := service.Check(ctx, b.batch); err != nil {
				return nil, err // before a million recipients are read for nothing
			}
		}
		if load, err = b.load(ctx, service); err != nil {
			return load, err
		}
	}
	if _, err := b.json.Token(); err != nil {
		return load, unread(err)
	}
	if _, err := b.json.Token(); !errors.Is(err, io.EOF) {
		return load, fault.Input(fault.Field{
			Path: []string{}, Code: codeJSON, Expected: "one JSON object",
			Message: "There is something after the end of the body.",
		})
	}
	switch {
	case b.batch.Channel == "":
		return load, fault.Wrong("channel", input.CodeType, oneOfChannels, "This is required.")
	case load == nil:
		return nil, fault.Wrong("recipients", input.CodeType, "an array", "A batch needs recipients.")
	}
	return load, nil
}

// load takes the recipients in.
func (b *batchBody) load(ctx context.Context, service *batch.Service) (*batch.Load, error) {
	if t, err := b.json.Token(); err != nil || t != json.Delim('[') {
		return nil, fault.Wrong("recipients", input.CodeType, "an array", "This is not an array.")
	}
	load, err := service.Load(ctx, func(yield func(batch.NewRecipient, error) bool) {
		for b.json.More() {
			var r messagingrest.Recipient
			if err := b.json.Decode(&r); err != nil {
				yield(batch.NewRecipient{}, unread(err))
				return
			}
			if !yield(r.Named(), nil) {
				return
			}
		}
	})
	if err != nil {
		return nil, err
	}
	_, err = b.json.Token() // the end of the recipients
	if err != nil {
		err = unread(err)
	}
	return load, err
}
