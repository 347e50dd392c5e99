package rest

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-faster/jx"

	"frontdesk/core/access"
	"frontdesk/core/batch"
	"frontdesk/core/carrier"
	"frontdesk/core/fault"
	"frontdesk/core/idempotency"
	"frontdesk/core/input"
	"frontdesk/core/messaging"
	"frontdesk/rest/oas"
	"frontdesk/web"
)

// batchPath is where batches are made. A body of any length is read there as it
// comes.
const batchPath = "/v1/batch_message"

// MaxBatchBody is the longest body that makes a batch, in bytes: a million
// recipients.
const MaxBatchBody = 128 << 20

// CreateBatchMessage makes a batch from a body that was read whole.
func (d *door) CreateBatchMessage(
	ctx context.Context, in *oas.BatchRequest, _ oas.CreateBatchMessageParams,
) (*oas.BatchMessage, error) {
	n := batch.New{
		Name: in.Name, Channel: channels[string(in.Channel)], Subject: in.Subject.Value, Content: in.Content,
		Purpose: messaging.Purpose(in.Purpose.Value),
		Plain:   in.PlainCharacters.Value,
	}
	if err := d.core.Batch.Check(ctx, n); err != nil {
		return nil, err
	}
	load, err := d.core.Batch.Load(ctx, func(yield func(batch.NewRecipient, error) bool) {
		for _, r := range in.Recipients {
			if !yield(recipient{r.NhsNumber.Value, ptr(r.Dob.Get()), r.PatientID.Value}.named(), nil) {
				return
			}
		}
	})
	if err != nil {
		return nil, err
	}
	b, err := load.Finish(ctx, n)
	if err != nil {
		return nil, errors.Join(err, load.Drop(context.WithoutCancel(ctx)))
	}
	return batchOf(b, nil), nil
}

var channels = map[string]carrier.Channel{"SMS": carrier.SMS, "EMAIL": carrier.Email, "NHS_APP": carrier.NHSApp}

// recipient is one of a batch as it was sent.
type recipient struct {
	NHSNumber string  `json:"nhs_number"`
	DOB       *string `json:"dob"`
	PatientID string  `json:"patient_id"`
}

func (r recipient) named() batch.NewRecipient {
	n := batch.NewRecipient{NHSNumber: r.NHSNumber, Patient: r.PatientID}
	if r.DOB != nil {
		n.BirthDate = *r.DOB
	}
	return n
}

// streams reports a request whose body is too long to be read whole. Of one that
// does not say how long it is, the beginning is read to see.
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
	answer(w, http.StatusOK, batchOf(b, nil))
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
			Body: encoded(batchOf(b, nil))}
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

// batchBody reads the body of a batch, in whatever order its fields come.
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
		Path: []string{}, Code: "invalid_json", Expected: "a JSON object",
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
			b.batch.Channel = channels[word]
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
			Path: []string{}, Code: "invalid_json", Expected: "one JSON object",
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
			var r recipient
			if err := b.json.Decode(&r); err != nil {
				yield(batch.NewRecipient{}, unread(err))
				return
			}
			if !yield(r.named(), nil) {
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

func batchOf(b batch.Batch, t *batch.Totals) *oas.BatchMessage {
	out := &oas.BatchMessage{
		ID: b.ID.String(), Name: b.Name, Status: oas.BatchMessageStatus(b.Status), Channel: channelWord(b.Channel),
		Subject: str(b.Subject), Content: b.Content,
		Paused: oas.NewOptBool(b.Paused), CreatedAt: oas.NewOptDateTime(b.CreatedAt.UTC()),
		CancelledAt: optInstant(b.CancelledAt), CompletedAt: optInstant(b.CompletedAt),
	}
	if t != nil {
		out.Totals = oas.NewOptBatchTotals(oas.BatchTotals(*t))
	}
	return out
}

func channelWord(c carrier.Channel) oas.BatchChannel {
	for word, channel := range channels {
		if channel == c {
			return oas.BatchChannel(word)
		}
	}
	return oas.BatchChannelSMS
}

// ListBatchMessages lists batches.
func (d *door) ListBatchMessages(ctx context.Context, p oas.ListBatchMessagesParams) (*oas.BatchList, error) {
	found, count, err := d.core.Batch.Batches(ctx, batch.RecipientStatus(p.Status.Value), p.PageIndex.Value,
		p.PageSize.Value)
	if err != nil {
		return nil, err
	}
	out := &oas.BatchList{Data: make([]oas.BatchMessage, len(found)), Count: float64(count)}
	for i, b := range found {
		out.Data[i] = *batchOf(b, nil)
	}
	if len(found) > 0 {
		first := out.Data[0]
		out.ID, out.Name, out.Status = str(first.ID), str(first.Name),
			oas.NewOptBatchListStatus(oas.BatchListStatus(first.Status))
		out.Channel, out.Subject, out.Content = oas.NewOptBatchChannel(first.Channel), first.Subject, str(first.Content)
	}
	return out, nil
}

// GetBatchMessage finds one batch.
func (d *door) GetBatchMessage(ctx context.Context, p oas.GetBatchMessageParams) (*oas.BatchMessage, error) {
	return d.batch(d.core.Batch.Batch(ctx, id[messaging.BatchID](p.ID)))
}

func (d *door) batch(b batch.Batch, t batch.Totals, err error) (*oas.BatchMessage, error) {
	if err != nil {
		return nil, err
	}
	return batchOf(b, &t), nil
}

// SendBatchMessage lets a batch go.
func (d *door) SendBatchMessage(ctx context.Context, p oas.SendBatchMessageParams) (*oas.BatchMessage, error) {
	return d.batch(d.core.Batch.Send(ctx, id[messaging.BatchID](p.ID)))
}

// PauseBatchMessage stops a batch for a while.
func (d *door) PauseBatchMessage(ctx context.Context, p oas.PauseBatchMessageParams) (*oas.BatchMessage, error) {
	return d.batch(d.core.Batch.Pause(ctx, id[messaging.BatchID](p.ID), true))
}

// ResumeBatchMessage lets a paused batch go on.
func (d *door) ResumeBatchMessage(
	ctx context.Context, p oas.ResumeBatchMessageParams,
) (*oas.BatchMessage, error) {
	return d.batch(d.core.Batch.Pause(ctx, id[messaging.BatchID](p.ID), false))
}

// CancelBatchMessage calls a batch back.
func (d *door) CancelBatchMessage(
	ctx context.Context, p oas.CancelBatchMessageParams,
) (*oas.BatchMessage, error) {
	return d.batch(d.core.Batch.Cancel(ctx, id[messaging.BatchID](p.ID)))
}

// PreviewBatchMessage says what sending a batch would do.
func (d *door) PreviewBatchMessage(
	ctx context.Context, p oas.PreviewBatchMessageParams,
) (*oas.BatchPreview, error) {
	got, err := d.core.Batch.Preview(ctx, id[messaging.BatchID](p.ID))
	if err != nil {
		return nil, err
	}
	return &oas.BatchPreview{
		Total: got.Total, LookedUp: got.Looked, Reached: got.Reached, NotReached: oas.BatchPreviewNotReached(got.NotReached),
		SMSParts:          got.Parts,
		CostPence:         oas.OptNilInt{Value: got.Cost, Set: true, Null: got.Cost == 0},
		LongestSMSParts:   oas.NewOptInt(got.Longest.Parts),
		UnusualCharacters: str(got.Longest.Odd), Sample: text(got.Sample),
	}, nil
}

// ListBatchMessageRecipients lists who a batch is for.
func (d *door) ListBatchMessageRecipients(
	ctx context.Context, p oas.ListBatchMessageRecipientsParams,
) (*oas.ListBatchMessageRecipientsOK, error) {
	found, count, err := d.core.Batch.Recipients(ctx, id[messaging.BatchID](p.ID), batch.RecipientStatus(p.Status.Value),
		p.PageIndex.Value, p.PageSize.Value)
	if err != nil {
		return nil, err
	}
	out := &oas.ListBatchMessageRecipientsOK{Data: make([]oas.BatchRecipient, len(found)), Count: float64(count)}
	for i, r := range found {
		number, born, who := named(r)
		out.Data[i] = oas.BatchRecipient{
			Row: r.Row(), NhsNumber: text(number), Dob: text(born), Status: oas.RecipientStatus(r.Shown()),
			Reason:    text(r.Reason),
			PatientID: text(who), MessageID: idOrNull(r.Message), MessageStatus: text(string(r.State)),
		}
	}
	return out, nil
}

// named is how a recipient was named: as it was sent, where that cannot be used.
func named(r batch.Recipient) (number, born, who string) {
	if r.Status == batch.RecipientInvalid {
		return r.Given.NHSNumber, r.Given.BirthDate, r.Given.Patient
	}
	if r.BirthDate != input.NoDate {
		born = r.BirthDate.String()
	}
	if id := cmp.Or(r.Patient, r.Named); id != 0 {
		who = id.String()
	}
	return r.NHSNumber, born, who
}

func idOrNull[T interface {
	~int64
	String() string
}](id T) oas.OptNilString {
	if id == 0 {
		return text("")
	}
	return text(id.String())
}

// ListBatchMessageSends lists the messages of a batch.
func (d *door) ListBatchMessageSends(
	ctx context.Context, p oas.ListBatchMessageSendsParams,
) (*oas.ListBatchMessageSendsOK, error) {
	of := id[messaging.BatchID](p.ID)
	if _, _, err := d.core.Batch.Batch(ctx, of); err != nil {
		return nil, err
	}
	q := messaging.Query{Batch: of, Offset: p.PageIndex.Value * p.PageSize.Value, Limit: p.PageSize.Value}
	if p.Status.Set {
		q.States = []messaging.State{messaging.State(p.Status.Value)}
	}
	found, count, err := d.core.Messaging.Messages(ctx, messaging.Search{Query: q})
	if err != nil {
		return nil, err
	}
	return &oas.ListBatchMessageSendsOK{Data: summaries(found), Count: float64(count)}, nil
}

// GetBatchMessageResults writes what became of everybody, as it is read.
func (d *door) GetBatchMessageResults(
	ctx context.Context, p oas.GetBatchMessageResultsParams,
) (oas.GetBatchMessageResultsOK, error) {
	of := id[messaging.BatchID](p.ID)
	if _, _, err := d.core.Batch.Batch(ctx, of); err != nil {
		return oas.GetBatchMessageResultsOK{}, err
	}
	from, to := io.Pipe()
	go func() {
		// Excel reads UTF-8 where a mark says that it is, and ends lines as Windows does.
		_, err := io.WriteString(to, "\ufeff")
		lines := csv.NewWriter(to)
		lines.UseCRLF = true
		err = errors.Join(err,
			lines.Write([]string{"row", "nhs_number", "dob", "patient_id", "status", "reason", "message_id", "message_status",
				"code", "sent_at"}))
		if err == nil {
			err = d.core.Batch.Each(ctx, of, func(r batch.Recipient) error { return lines.Write(line(r)) })
		}
		lines.Flush()
		to.CloseWithError(errors.Join(err, lines.Error()))
	}()
	context.AfterFunc(ctx, func() { from.CloseWithError(context.Canceled) })
	return oas.GetBatchMessageResultsOK{Data: from}, nil
}

// line is one recipient of a CSV.
func line(r batch.Recipient) []string {
	number, born, who := named(r)
	message, sent := "", ""
	if r.Message != 0 {
		message = r.Message.String()
	}
	if !r.Sent.IsZero() {
		sent = r.Sent.UTC().Format(time.RFC3339)
	}
	cells := []string{strconv.Itoa(r.Row()), number, born, who, string(r.Shown()), r.Reason, message, string(r.State),
		r.Code, sent}
	for i, c := range cells {
		cells[i] = inert(c)
	}
	return cells
}

// inert is a cell that no spreadsheet takes for a formula. Source: OWASP, CSV
// Injection.
func inert(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
