package rest

import (
	"context"
	"math"
	"strconv"
	"strings"
	"time"

	"frontdesk/core/carrier"
	"frontdesk/core/input"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/core/reply"
	"frontdesk/rest/oas"
)

// SendMessage sends a message.
func (d *door) SendMessage(
	ctx context.Context, in *oas.MessageRequest, _ oas.SendMessageParams,
) (*oas.SentMessage, error) {
	var check input.Checks
	r := messaging.Request{
		Patient: body[patient.ID](&check, "patient_id", string(in.PatientID)), Channel: carrier.Channel(in.MessageType),
		Text: in.MessageString, Subject: in.Subject.Value,
		Contact: in.RecipientContactDetail.Value, Fallback: carrier.Channel(in.FallbackMessageType.Value),
		FallbackContact: in.FallbackContactDetail.Value,
		Encrypted:       truth(in.Encrypted), Purpose: messaging.Purpose(in.Purpose.Value), SendAt: in.SendAt.Value,
		SendBy: in.SendBy.Value,
		Urgent: in.Urgent.Value, Plain: in.PlainCharacters.Value,
		WriteToRecord: in.WriteToRecord.Value, AutoWriteToRecord: in.AutoWriteToRecord.Value, SnomedCode: in.SnomedCode.Value,
		SnomedTerm: in.SnomedTerm.Value,
		TaskID:     in.TaskID.Value, Attachment: in.AttachmentUUID.Value, ShortLink: in.ShortLinkID.Value,
		AssigneeID: whole(&check, "assignee_id", in.AssigneeID), AssigneeType: string(in.AssigneeType.Value),
	}
	if err := check.Err(); err != nil {
		return nil, err
	}
	got, err := d.core.Messaging.Send(ctx, r)
	if err != nil {
		return nil, err
	}
	return sent(got), nil
}

// sent is a message that was taken.
func sent(got messaging.Taken) *oas.SentMessage {
	out := &oas.SentMessage{
		MessageID: got.ID.String(), Content: got.Content, CreatedAt: got.CreatedAt.UTC().Format(time.RFC3339Nano),
		SnomedCode:    text(got.Record.Code),
		WriteToRecord: got.WriteToRecord, AuthToken: text(got.Record.Token), ConfirmWriteToRecordURL: text(got.Record.URL),
		SubmittedBy: text(got.SubmittedBy),
		SendAt:      text(""), Status: oas.NewOptMessageStatus(oas.MessageStatus(got.State)), MessageURL: text(got.PageURL),
		SMSParts: parts(got.Message),
	}
	if got.State == messaging.Scheduled {
		out.SendAt = moment(got.SendAt)
	}
	return out
}

// SendMessageAgain sends the text of a message once more.
func (d *door) SendMessageAgain(ctx context.Context, p oas.SendMessageAgainParams) (*oas.SentMessage, error) {
	got, err := d.core.Messaging.SendAgain(ctx, id[messaging.ID](p.ID))
	if err != nil {
		return nil, err
	}
	return sent(got), nil
}

// UnlockMessage lets a patient try the page of a message again.
func (d *door) UnlockMessage(ctx context.Context, p oas.UnlockMessageParams) (*oas.Message, error) {
	if _, err := d.core.Messaging.Unlock(ctx, id[messaging.ID](p.ID)); err != nil {
		return nil, err
	}
	return d.message(ctx, id[messaging.ID](p.ID))
}

// orNone is an id as digits, and nothing for none.
func orNone(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}

// whole is a number that is meant to be an id; what is none names nobody.
func whole(in *input.Checks, field string, n oas.OptFloat64) int64 {
	if !n.Set {
		return 0
	}
	if n.Value != math.Trunc(n.Value) || n.Value < 1 || n.Value >= 1<<53 {
		in.Wrong(field, input.CodeString, "an id", "This is not an id.")
		return 0
	}
	return int64(n.Value)
}

// truth reads true, also where it was written as text.
func truth(v oas.OptMessageRequestEncrypted) bool {
	if v.Value.Type == oas.BoolMessageRequestEncrypted {
		return v.Value.Bool
	}
	yes, _ := strconv.ParseBool(strings.TrimSpace(v.Value.String))
	return yes
}

func parts(m messaging.Message) oas.OptNilInt {
	return oas.OptNilInt{Value: m.Parts, Set: true, Null: m.Parts == 0}
}

// GetMessage finds one message.
func (d *door) GetMessage(ctx context.Context, p oas.GetMessageParams) (*oas.Message, error) {
	return d.message(ctx, id[messaging.ID](p.ID))
}

// CancelMessage calls a message back.
func (d *door) CancelMessage(ctx context.Context, p oas.CancelMessageParams) (*oas.Message, error) {
	m, err := d.core.Messaging.Cancel(ctx, id[messaging.ID](p.ID))
	if err != nil {
		return nil, err
	}
	return d.message(ctx, m.ID)
}

func (d *door) message(ctx context.Context, id messaging.ID) (*oas.Message, error) {
	m, err := d.core.Messaging.History(ctx, id)
	if err != nil {
		return nil, err
	}
	who := m.PatientName
	replies, err := d.core.Reply.Of(ctx, m.ID)
	if err != nil {
		return nil, err
	}
	out := &oas.Message{
		ID: digits(m.ID),
		Patient: oas.NamedPatient{ID: digits(who.ID), Title: text(who.Title), FirstName: text(who.FirstName),
			LastName: text(who.LastName)},
		WriteToRecord: oas.NilMessageWriteToRecord{Null: true}, ShortLink: oas.OptNilMessageShortLink{Set: true, Null: true},
		Campaign: oas.OptNilMessageCampaign{Set: true, Null: true}, CreatedAt: m.CreatedAt.UTC(),
		SentAt: optInstant(m.SentAt), ScheduledAt: scheduled(m.Message),
		Status: oas.MessageStatus(m.State), SentByAdmin: oas.OptNilMessageSentByAdmin{Set: true, Null: true},
		SubmittedBy: str(m.SubmittedBy),
		TaskID:      text(m.TaskID), AssigneeID: text(orNone(m.Assignee)),
		MessageType: oas.MessageType(m.Channel), FallbackMessageType: text(string(m.Fallback)), Content: m.Content,
		ContactSource: text(m.ContactSource),
		Locked:        oas.NewOptBool(m.Locked), SendBy: oas.NewOptDateTime(m.SendBy.UTC()),
		DeliveredAt: optInstant(m.DeliveredAt),
		ReadAt:      optInstant(m.ReadAt), SMSParts: parts(m.Message),
		SMSEncoding: text(m.Encoding), CostPence: oas.OptNilInt{Value: m.Cost, Set: true, Null: m.Cost == 0},
		Timeline: make([]oas.MessageStep, len(m.Steps)), Replies: make([]oas.MessageReply, len(replies)),
	}
	out.FailureCode, out.FailureReason = failure(m.Message)
	if e := m.Record; e != nil {
		out.WriteToRecord = oas.NilMessageWriteToRecord{Value: oas.MessageWriteToRecord{
			WriteToRecordAt: optInstant(e.WrittenAt),
			Status:          oas.NewOptMessageWriteToRecordStatus(oas.MessageWriteToRecordStatus(e.Status)),
			FailureReason:   text(e.Reason), SnomedCode: str(e.Code),
		}}
	}
	if m.Batch != 0 {
		b, _, err := d.core.Batch.Batch(ctx, m.Batch)
		if err != nil {
			return nil, err
		}
		out.Campaign = oas.NewOptNilMessageCampaign(oas.MessageCampaign{ID: str(b.ID.String()), Name: str(b.Name)})
	}
	for i, s := range m.Steps {
		out.Timeline[i] = oas.MessageStep{
			At: s.At.UTC(), What: oas.MessageStepWhat(s.What), Leg: s.Leg, Channel: oas.MessageType(s.Channel),
			Carrier:    text(s.Carrier),
			ProviderID: text(s.ProviderID), Code: text(s.Code), Reason: text(s.Reason),
		}
	}
	for i, r := range replies {
		out.Replies[i] = oas.MessageReply{At: r.At.UTC(), Channel: oas.MessageType(r.Channel), Text: r.Text}
	}
	return out, nil
}

// scheduled is when a message is to go, if that is not at once.
func scheduled(m messaging.Message) oas.OptNilDateTime {
	if m.SendAt.Equal(m.CreatedAt) {
		return optInstant(time.Time{})
	}
	return optInstant(m.SendAt)
}

// failure is why a message did not arrive.
func failure(m messaging.Message) (code, reason oas.OptNilString) {
	switch m.State {
	case messaging.Failed, messaging.Expired, messaging.Suppressed, messaging.Unknown:
		return text(m.Code), text(m.Reason)
	}
	return text(""), text("")
}

// ListSentMessages lists messages.
func (d *door) ListSentMessages(ctx context.Context, p oas.ListSentMessagesParams) (*oas.ListSentMessagesOK, error) {
	var in input.Checks
	q := messaging.Query{
		Patient: filter[patient.ID](&in, "patient_id", p.PatientID), Channel: carrier.Channel(p.Channel.Value),
		Batch:  filter[messaging.BatchID](&in, "batch_id", p.BatchID),
		Offset: p.PageIndex.Value * p.PageSize.Value, Limit: p.PageSize.Value,
	}
	if p.Status.Set {
		q.States = []messaging.State{messaging.State(p.Status.Value)}
	}
	if err := in.Err(); err != nil {
		return nil, err
	}
	found, count, err := d.core.Messaging.Messages(ctx,
		messaging.Search{Query: q, FromText: p.StartDate.Value, ToText: p.EndDate.Value})
	if err != nil {
		return nil, err
	}
	return &oas.ListSentMessagesOK{Data: summaries(found), Count: float64(count)}, nil
}

func summaries(found []messaging.Details) []oas.MessageSummary {
	out := make([]oas.MessageSummary, len(found))
	for i, m := range found {
		out[i] = oas.MessageSummary{
			ID: digits(m.ID), PatientID: digits(m.Patient), BatchID: text(""), MessageType: oas.MessageType(m.Channel),
			Status:    oas.MessageStatus(m.State),
			CreatedAt: m.CreatedAt.UTC(), ScheduledAt: scheduled(m.Message), SentAt: optInstant(m.SentAt),
			DeliveredAt: optInstant(m.DeliveredAt),
			ReadAt:      optInstant(m.ReadAt), SMSParts: parts(m.Message),
		}
		out[i].FailureCode, out[i].FailureReason = failure(m.Message)
		if m.Batch != 0 {
			out[i].BatchID = text(m.Batch.String())
		}
	}
	return out
}

// ListMessageReplies lists what patients sent back.
func (d *door) ListMessageReplies(
	ctx context.Context, p oas.ListMessageRepliesParams,
) (*oas.ListMessageRepliesOK, error) {
	found, count, err := d.core.Reply.List(ctx, ptr(p.Open.Get()), p.PageIndex.Value, p.PageSize.Value)
	if err != nil {
		return nil, err
	}
	out := &oas.ListMessageRepliesOK{Data: make([]oas.Reply, len(found)), Count: float64(count)}
	for i, r := range found {
		out.Data[i] = *replyOf(r)
	}
	return out, nil
}

// UpdateMessageReply says whose a reply is, or that staff have seen to it.
func (d *door) UpdateMessageReply(
	ctx context.Context, in *oas.ReplyUpdate, p oas.UpdateMessageReplyParams,
) (*oas.Reply, error) {
	change := reply.Change{Open: ptr(in.Open.Get())}
	var check input.Checks
	if whose, ok := in.PatientID.Get(); ok {
		change.Patient = ptr(body[patient.ID](&check, "patient_id", string(whose)), true)
	}
	if err := check.Err(); err != nil {
		return nil, err
	}
	r, err := d.core.Reply.Change(ctx, id[reply.ID](p.ID), change)
	if err != nil {
		return nil, err
	}
	return replyOf(r), nil
}

func replyOf(r reply.Reply) *oas.Reply {
	out := &oas.Reply{
		ID: digits(r.ID), At: r.At.UTC(), Channel: oas.MessageType(r.Channel),
		Contact: oas.NilString{Value: r.Contact, Null: r.Contact == ""}, Text: r.Text,
		MessageID: idOrNull(r.Message), PatientID: idOrNull(r.Patient), PossiblePatientIds: make([]string, len(r.Possible)),
		Open:      r.Open,
		Meaning:   oas.OptNilReplyMeaning{Value: oas.ReplyMeaning(r.Meaning), Set: true, Null: r.Meaning == ""},
		HandledBy: text(r.HandledBy), HandledAt: optInstant(r.HandledAt),
	}
	for i, p := range r.Possible {
		out.PossiblePatientIds[i] = p.String()
	}
	return out
}

// SetOptOut keeps what a number or an address wants.
func (d *door) SetOptOut(ctx context.Context, in *oas.OptOut) (*oas.OptOut, error) {
	if err := d.core.Messaging.OptOut(ctx, carrier.Channel(in.Channel), in.Contact, in.OptedOut); err != nil {
		return nil, err
	}
	return in, nil
}
