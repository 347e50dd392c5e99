package rest

import (
	"bytes"
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
	switch {
	case errors.As(err, &tooLarge):
		return web.ErrTooLarge
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errCut
	}
	return fault.Input(fault.Field{
		Path: []string{}, Code: codeJSON, Expected: "a JSON object",
		Message: "The body is not JSON of the right shape.",
	})
}

// read reads the whole body, and takes the recipients in as they come.
func (b *batchBody) read(ctx context.Context, service *batch.Service) (load *batch.Load, err error) {
	if t, err := b.json.Token(); err != nil || t != json.Delim('{') {
		return nil, unread(err)
	}
	into := map[string]*string{"name": &b.batch.Name, "subject": &b.batch.Subject, "content": &b.batch.Content,
		"purpose": (*string)(&b.batch.Purpose)}
	for b.json.More() {
		name, err := b.json.Token()
		if err != nil {
			return load, unread(err)
		}
		switch to, known := into[name.(string)]; {
		case known:
			err = b.json.Decode(to)
		case name == "plain_characters":
			err = b.json.Decode(&b.batch.Plain)
		case name == "channel":
			var word string
			err = b.json.Decode(&word)
			b.batch.Channel = messagingrest.Channels[word]
		case name == "recipients" && load == nil:
			if b.batch.Name != "" && b.batch.Channel != "" && b.batch.Content != "" {
				if err := service.Check(ctx, b.batch); err != nil {
					return nil, err // before a million recipients are read for nothing
				}
			}
			if load, err = b.load(ctx, service); err != nil {
				return load, err
			}
		default:
			var ignored json.RawMessage
			err = b.json.Decode(&ignored)
		}
		if err != nil {
			return load, unread(err)
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
	if load == nil {
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
