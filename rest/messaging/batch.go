package messaging

import (
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"frontdesk/core/batch"
	"frontdesk/core/carrier"
	"frontdesk/core/input"
	"frontdesk/core/messaging"
	"frontdesk/rest/oas"
	"frontdesk/rest/wire"
)

// CreateBatchMessage makes a batch from a body that was read whole.
func (o Operations) CreateBatchMessage(
	ctx context.Context, in *oas.BatchRequest, _ oas.CreateBatchMessageParams,
) (*oas.BatchMessage, error) {
	var wrong input.Checks
	n := batch.New{
		Name: in.Name, Channel: Channels[string(in.Channel)], Subject: in.Subject.Value, Content: in.Content,
		Purpose: messaging.Purpose(in.Purpose.Value),
		Plain:   in.PlainCharacters.Value,
		Carries: Carries(&wrong, in.ShortLinkID, in.AttachmentUUID, in.BookingLink, in.FormLink),
	}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	if err := o.Core.Batch.Check(ctx, n); err != nil {
		return nil, err
	}
	load, err := o.Core.Batch.Load(ctx, func(yield func(batch.NewRecipient, error) bool) {
		for _, r := range in.Recipients {
			if !yield(Recipient{r.NhsNumber.Value, wire.Ptr(r.Dob.Get()), r.PatientID.Value}.Named(), nil) {
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
	return BatchOf(b, nil), nil
}

// Channels are the channels of batches, by the contract's words.
var Channels = map[string]carrier.Channel{"SMS": carrier.SMS, "EMAIL": carrier.Email, "NHS_APP": carrier.NHSApp}

// Recipient is one of a batch as it was sent.
type Recipient struct {
	NHSNumber string  `json:"nhs_number"`
	DOB       *string `json:"dob"`
	PatientID string  `json:"patient_id"`
}

// Named is the recipient as core takes one.
func (r Recipient) Named() batch.NewRecipient {
	n := batch.NewRecipient{NHSNumber: r.NHSNumber, Patient: r.PatientID}
	if r.DOB != nil {
		n.BirthDate = *r.DOB
	}
	return n
}

// BatchOf is a batch to answer with; without totals where they are nil.
func BatchOf(b batch.Batch, t *batch.Totals) *oas.BatchMessage {
	out := &oas.BatchMessage{
		ID: b.ID.String(), Name: b.Name, Status: oas.BatchMessageStatus(b.Status), Channel: channelWord(b.Channel),
		Subject: wire.String(b.Subject), Content: b.Content,
		Paused: oas.NewOptBool(b.Paused), CreatedAt: oas.NewOptDateTime(b.CreatedAt.UTC()),
		CancelledAt: wire.OptInstant(b.CancelledAt), CompletedAt: wire.OptInstant(b.CompletedAt),
	}
	if t != nil {
		out.Totals = oas.NewOptBatchTotals(oas.BatchTotals(*t))
	}
	return out
}

func channelWord(c carrier.Channel) oas.BatchChannel {
	for word, channel := range Channels {
		if channel == c {
			return oas.BatchChannel(word)
		}
	}
	return oas.BatchChannelSMS
}

// ListBatchMessages lists batches.
func (o Operations) ListBatchMessages(ctx context.Context, p oas.ListBatchMessagesParams) (*oas.BatchList, error) {
	found, count, err := o.Core.Batch.Batches(ctx, batch.RecipientStatus(p.Status.Value), p.PageIndex.Value,
		p.PageSize.Value)
	if err != nil {
		return nil, err
	}
	out := &oas.BatchList{Data: make([]oas.BatchMessage, len(found)), Count: float64(count)}
	for i, b := range found {
		out.Data[i] = *BatchOf(b, nil)
	}
	if len(found) > 0 {
		first := out.Data[0]
		out.ID, out.Name, out.Status = wire.String(first.ID), wire.String(first.Name),
			oas.NewOptBatchListStatus(oas.BatchListStatus(first.Status))
		out.Channel, out.Subject, out.Content = oas.NewOptBatchChannel(first.Channel), first.Subject,
			wire.String(first.Content)
	}
	return out, nil
}

// GetBatchMessage finds one batch.
func (o Operations) GetBatchMessage(ctx context.Context, p oas.GetBatchMessageParams) (*oas.BatchMessage, error) {
	return o.batch(o.Core.Batch.Batch(ctx, wire.ID[messaging.BatchID](p.ID)))
}

func (o Operations) batch(b batch.Batch, t batch.Totals, err error) (*oas.BatchMessage, error) {
	if err != nil {
		return nil, err
	}
	return BatchOf(b, &t), nil
}

// SendBatchMessage lets a batch go.
func (o Operations) SendBatchMessage(ctx context.Context, p oas.SendBatchMessageParams) (*oas.BatchMessage, error) {
	return o.batch(o.Core.Batch.Send(ctx, wire.ID[messaging.BatchID](p.ID)))
}

// PauseBatchMessage stops a batch for a while.
func (o Operations) PauseBatchMessage(ctx context.Context, p oas.PauseBatchMessageParams) (*oas.BatchMessage, error) {
	return o.batch(o.Core.Batch.Pause(ctx, wire.ID[messaging.BatchID](p.ID), true))
}

// ResumeBatchMessage lets a paused batch go on.
func (o Operations) ResumeBatchMessage(
	ctx context.Context, p oas.ResumeBatchMessageParams,
) (*oas.BatchMessage, error) {
	return o.batch(o.Core.Batch.Pause(ctx, wire.ID[messaging.BatchID](p.ID), false))
}

// CancelBatchMessage calls a batch back.
func (o Operations) CancelBatchMessage(
	ctx context.Context, p oas.CancelBatchMessageParams,
) (*oas.BatchMessage, error) {
	return o.batch(o.Core.Batch.Cancel(ctx, wire.ID[messaging.BatchID](p.ID)))
}

// PreviewBatchMessage answers what sending a batch would do.
func (o Operations) PreviewBatchMessage(
	ctx context.Context, p oas.PreviewBatchMessageParams,
) (*oas.BatchPreview, error) {
	got, err := o.Core.Batch.Preview(ctx, wire.ID[messaging.BatchID](p.ID))
	if err != nil {
		return nil, err
	}
	return &oas.BatchPreview{
		Total: got.Total, LookedUp: got.Looked, Reached: got.Reached,
		NotReached:        oas.BatchPreviewNotReached(got.NotReached),
		SMSParts:          got.Parts,
		CostPence:         oas.OptNilInt{Value: got.Cost, Set: true, Null: got.Cost == 0},
		LongestSMSParts:   oas.NewOptInt(got.Longest.Parts),
		UnusualCharacters: wire.String(got.Longest.Odd), Sample: wire.Text(got.Sample),
	}, nil
}

// ListBatchMessageRecipients lists who a batch is for.
func (o Operations) ListBatchMessageRecipients(
	ctx context.Context, p oas.ListBatchMessageRecipientsParams,
) (*oas.ListBatchMessageRecipientsOK, error) {
	found, count, err := o.Core.Batch.Recipients(ctx, wire.ID[messaging.BatchID](p.ID),
		batch.RecipientStatus(p.Status.Value),
		p.PageIndex.Value, p.PageSize.Value)
	if err != nil {
		return nil, err
	}
	out := &oas.ListBatchMessageRecipientsOK{Data: make([]oas.BatchRecipient, len(found)), Count: float64(count)}
	for i, r := range found {
		number, born, who := named(r)
		out.Data[i] = oas.BatchRecipient{
			Row: r.Row(), NhsNumber: wire.Text(number), Dob: wire.Text(born), Status: oas.RecipientStatus(r.Shown()),
			Reason:    wire.Text(reason(r)),
			PatientID: wire.Text(who), MessageID: wire.IDOrNull(r.Message), MessageStatus: wire.Text(string(r.State)),
		}
	}
	return out, nil
}

// reasons are this API's names for core's reasons, where they differ.
var reasons = map[string]string{"invalid_birth_date": "invalid_dob", "invalid_patient": "invalid_patient_id"}

// reason is why a recipient gets nothing. What was kept before core had names of its own is as this API has it.
func reason(r batch.Recipient) string { return cmp.Or(reasons[r.Reason], r.Reason) }

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

// ListBatchMessageSends lists the messages of a batch.
func (o Operations) ListBatchMessageSends(
	ctx context.Context, p oas.ListBatchMessageSendsParams,
) (*oas.ListBatchMessageSendsOK, error) {
	of := wire.ID[messaging.BatchID](p.ID)
	if _, _, err := o.Core.Batch.Batch(ctx, of); err != nil {
		return nil, err
	}
	q := messaging.Query{Batch: of, Offset: p.PageIndex.Value * p.PageSize.Value, Limit: p.PageSize.Value}
	if p.Status.Set {
		q.States = []messaging.State{messaging.State(p.Status.Value)}
	}
	found, count, err := o.Core.Messaging.Messages(ctx, messaging.Search{Query: q})
	if err != nil {
		return nil, err
	}
	all, err := o.summaries(ctx, found)
	return &oas.ListBatchMessageSendsOK{Data: all, Count: float64(count)}, err
}

// GetBatchMessageResults writes the result of each recipient, as it is read.
func (o Operations) GetBatchMessageResults(
	ctx context.Context, p oas.GetBatchMessageResultsParams,
) (oas.GetBatchMessageResultsOK, error) {
	of := wire.ID[messaging.BatchID](p.ID)
	if _, _, err := o.Core.Batch.Batch(ctx, of); err != nil {
		return oas.GetBatchMessageResultsOK{}, err
	}
	from, to := io.Pipe()
	go func() {
		// Excel reads UTF-8 with a byte-order mark, and ends lines as Windows does.
		_, err := io.WriteString(to, "\ufeff")
		lines := csv.NewWriter(to)
		lines.UseCRLF = true
		err = errors.Join(err,
			lines.Write([]string{"row", "nhs_number", "dob", "patient_id", "status", "reason", "message_id",
				"message_status",
				"code", "sent_at"}))
		if err == nil {
			err = o.Core.Batch.Each(ctx, of, func(r batch.Recipient) error { return lines.Write(line(r)) })
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
	cells := []string{strconv.Itoa(r.Row()), number, born, who, string(r.Shown()), reason(r), message, string(r.State),
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
