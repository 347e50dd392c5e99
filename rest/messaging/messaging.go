package messaging

import (
	"cmp"
	"context"
	"math"
	"strconv"
	"strings"
	"time"

	"frontdesk/core/assignee"
	"frontdesk/core/carrier"
	"frontdesk/core/episode"
	"frontdesk/core/input"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/core/reply"
	"frontdesk/rest/oas"
	"frontdesk/rest/wire"
)

// SendMessage sends a message.
func (o Operations) SendMessage(
	ctx context.Context, in *oas.MessageRequest, _ oas.SendMessageParams,
) (*oas.SentMessage, error) {
	var check input.Checks
	r := messaging.Request{
		Patient: wire.FieldID[patient.ID](&check, "patient_id", string(in.PatientID)),
		Channel: carrier.Channel(in.MessageType),
		Text:    in.MessageString, Subject: in.Subject.Value,
		Contact: in.RecipientContactDetail.Value, Fallback: carrier.Channel(in.FallbackMessageType.Value),
		FallbackContact: in.FallbackContactDetail.Value,
		Encrypted:       truth(in.Encrypted), Purpose: messaging.Purpose(in.Purpose.Value),
		SendAt: wire.Time(in.SendAt.Value), SendBy: wire.Time(in.SendBy.Value),
		Urgent: in.Urgent.Value, Plain: in.PlainCharacters.Value,
		WriteToRecord: in.WriteToRecord.Value, AutoWriteToRecord: in.AutoWriteToRecord.Value,
		SnomedCode: in.SnomedCode.Value,
		SnomedTerm: in.SnomedTerm.Value,
		TaskID:     taskID(in.TaskID.Value),
		Episode:    wire.FilterID[episode.ID](&check, "episode_id", in.EpisodeID),
		Carries:    Carries(&check, in.ShortLinkID, in.AttachmentUUID, in.BookingLink, in.FormLink),
	}
	if id := whole(&check, "assignee_id", in.AssigneeID); id != 0 || in.AssigneeType.Set {
		r.Assignee = assignee.Ref{Kind: cmp.Or(assignee.Kind(in.AssigneeType.Value), assignee.Admin), ID: id}
	}
	if err := check.Err(); err != nil {
		return nil, err
	}
	got, err := o.Core.Messaging.Send(ctx, r)
	if err != nil {
		return nil, err
	}
	return sent(got), nil
}

func assigneeType(r assignee.Ref) oas.OptNilMessageAssigneeType {
	return oas.OptNilMessageAssigneeType{Value: oas.MessageAssigneeType(r.Kind), Set: true, Null: r.IsZero()}
}

// noID is an id that nothing has.
const noID = -1

// taskID reads the id of a task, or 0 where there is none. What is no id is no task's.
func taskID(text string) int64 {
	if text == "" {
		return 0
	}
	return cmp.Or(wire.ID[int64](text), noID)
}

// sent is a message that was taken.
func sent(got messaging.Taken) *oas.SentMessage {
	out := &oas.SentMessage{
		MessageID: got.ID.String(), Content: got.Content, CreatedAt: got.CreatedAt.UTC().Format(time.RFC3339Nano),
		SnomedCode:    wire.Text(got.Record.Code),
		WriteToRecord: got.WriteToRecord, AuthToken: wire.Text(got.Record.Token),
		ConfirmWriteToRecordURL: wire.Text(got.Record.URL),
		SubmittedBy:             wire.Text(got.SubmittedBy),
		SendAt:                  wire.Text(""), Status: oas.NewOptMessageStatus(oas.MessageStatus(got.State)),
		MessageURL: wire.Text(got.PageURL),
		SMSParts:   parts(got.Message),
	}
	if got.State == messaging.Scheduled {
		out.SendAt = wire.Moment(got.SendAt)
	}
	return out
}

// SendMessageAgain sends the text of a message once more.
func (o Operations) SendMessageAgain(ctx context.Context, p oas.SendMessageAgainParams) (*oas.SentMessage, error) {
	got, err := o.Core.Messaging.SendAgain(ctx, wire.ID[messaging.ID](p.ID))
	if err != nil {
		return nil, err
	}
	return sent(got), nil
}

// UnlockMessage lets a patient try the page of a message again.
func (o Operations) UnlockMessage(ctx context.Context, p oas.UnlockMessageParams) (*oas.Message, error) {
	if _, err := o.Core.Messaging.Unlock(ctx, wire.ID[messaging.ID](p.ID)); err != nil {
		return nil, err
	}
	return o.message(ctx, wire.ID[messaging.ID](p.ID))
}

// orNone is an id as digits, and null for 0.
func orNone(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}

// whole is a number that is meant to be an id; a number that cannot be one finds nothing.
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
func (o Operations) GetMessage(ctx context.Context, p oas.GetMessageParams) (*oas.Message, error) {
	return o.message(ctx, wire.ID[messaging.ID](p.ID))
}

// CancelMessage calls a message back.
func (o Operations) CancelMessage(ctx context.Context, p oas.CancelMessageParams) (*oas.Message, error) {
	m, err := o.Core.Messaging.Cancel(ctx, wire.ID[messaging.ID](p.ID))
	if err != nil {
		return nil, err
	}
	return o.message(ctx, m.ID)
}

func (o Operations) message(ctx context.Context, id messaging.ID) (*oas.Message, error) {
	m, err := o.Core.Messaging.History(ctx, id)
	if err != nil {
		return nil, err
	}
	in, err := o.Core.Episode.EpisodesOf(ctx, episode.Message, []int64{int64(m.ID)})
	if err != nil {
		return nil, err
	}
	who := m.PatientName
	replies, err := o.Core.Reply.Of(ctx, m.ID)
	if err != nil {
		return nil, err
	}
	out := &oas.Message{
		ID: wire.Digits(m.ID),
		Patient: oas.NamedPatient{ID: wire.Digits(who.ID), Title: wire.Text(who.Title),
			FirstName: wire.Text(who.FirstName), LastName: wire.Text(who.LastName)},
		WriteToRecord: oas.NilMessageWriteToRecord{Null: true}, ShortLink: carried(m.Carries),
		CreatedAt: m.CreatedAt.UTC(),
		SentAt:    wire.OptInstant(m.SentAt), ScheduledAt: scheduled(m.Message),
		Status: oas.MessageStatus(m.State), SentByAdmin: oas.OptNilMessageSentByAdmin{Set: true, Null: true},
		SubmittedBy: wire.String(m.SubmittedBy),
		TaskID:      wire.Text(orNone(m.TaskID)), EpisodeID: wire.IDOrNull(in[int64(m.ID)]),
		AssigneeID:   wire.AssigneeID(m.Assignee),
		AssigneeType: assigneeType(m.Assignee),
		MessageType:  oas.MessageType(m.Channel), FallbackMessageType: wire.Text(string(m.Fallback)), Content: m.Content,
		ContactSource: wire.Text(m.ContactSource),
		Locked:        oas.NewOptBool(m.Locked), SendBy: oas.NewOptDateTime(m.SendBy.UTC()),
		DeliveredAt: wire.OptInstant(m.DeliveredAt),
		ReadAt:      wire.OptInstant(m.ReadAt), SMSParts: parts(m.Message),
		SMSEncoding: wire.Text(m.Encoding), CostPence: oas.OptNilInt{Value: m.Cost, Set: true, Null: m.Cost == 0},
		Timeline: make([]oas.MessageStep, len(m.Steps)), Replies: make([]oas.MessageReply, len(replies)),
	}
	out.FailureCode, out.FailureReason = failure(m.Message)
	if e := m.Record; e != nil {
		out.WriteToRecord = oas.NilMessageWriteToRecord{Value: oas.MessageWriteToRecord{
			WriteToRecordAt: wire.OptInstant(e.WrittenAt),
			Status:          oas.NewOptMessageWriteToRecordStatus(oas.MessageWriteToRecordStatus(e.Status)),
			FailureReason:   wire.Text(e.Reason), SnomedCode: wire.String(e.Code),
		}}
	}
	if out.Campaign, err = o.campaign(ctx, m.Batch); err != nil {
		return nil, err
	}
	for i, s := range m.Steps {
		out.Timeline[i] = oas.MessageStep{
			At: s.At.UTC(), What: oas.MessageStepWhat(s.What), Leg: s.Leg, Channel: oas.MessageType(s.Channel),
			Carrier:    wire.Text(s.Carrier),
			ProviderID: wire.Text(s.ProviderID), Code: wire.Text(s.Code), Reason: wire.Text(s.Reason),
		}
	}
	for i, r := range replies {
		out.Replies[i] = oas.MessageReply{At: r.At.UTC(), Channel: oas.MessageType(r.Channel), Text: r.Text}
	}
	return out, nil
}

// campaign is the batch that a message is of, or null.
func (o Operations) campaign(ctx context.Context, of messaging.BatchID) (oas.OptNilMessageCampaign, error) {
	if of == 0 {
		return oas.OptNilMessageCampaign{Set: true, Null: true}, nil
	}
	b, _, err := o.Core.Batch.Batch(ctx, of)
	return oas.NewOptNilMessageCampaign(oas.MessageCampaign{ID: wire.String(b.ID.String()),
		Name: wire.String(b.Name)}), err
}

// scheduled is when a message is to go, if that is not at once.
func scheduled(m messaging.Message) oas.OptNilDateTime {
	if m.SendAt.Equal(m.CreatedAt) {
		return wire.OptInstant(time.Time{})
	}
	return wire.OptInstant(m.SendAt)
}

// failure is why a message did not arrive.
func failure(m messaging.Message) (code, reason oas.OptNilString) {
	switch m.State {
	case messaging.Failed, messaging.Expired, messaging.Suppressed, messaging.Unknown:
		return wire.Text(m.Code), wire.Text(m.Reason)
	}
	return wire.Text(""), wire.Text("")
}

// ListSentMessages lists messages.
func (o Operations) ListSentMessages(ctx context.Context,
	p oas.ListSentMessagesParams) (*oas.ListSentMessagesOK, error) {
	var in input.Checks
	q := messaging.Query{
		Patient: wire.FilterID[patient.ID](&in, "patient_id", p.PatientID), Channel: carrier.Channel(p.Channel.Value),
		Batch:  wire.FilterID[messaging.BatchID](&in, "batch_id", p.BatchID),
		Offset: p.PageIndex.Value * p.PageSize.Value, Limit: p.PageSize.Value,
	}
	if p.Status.Set {
		q.States = []messaging.State{messaging.State(p.Status.Value)}
	}
	if err := in.Err(); err != nil {
		return nil, err
	}
	found, count, err := o.Core.Messaging.Messages(ctx,
		messaging.Search{Query: q, Since: input.ReadBound(p.StartDate.Value), Until: input.ReadBound(p.EndDate.Value)})
	if err != nil {
		return nil, err
	}
	all, err := o.summaries(ctx, found)
	return &oas.ListSentMessagesOK{Data: all, Count: float64(count)}, err
}

func (o Operations) summaries(ctx context.Context, found []messaging.Details) ([]oas.MessageSummary, error) {
	ids := make([]int64, len(found))
	for i, m := range found {
		ids[i] = int64(m.ID)
	}
	in, err := o.Core.Episode.EpisodesOf(ctx, episode.Message, ids)
	if err != nil {
		return nil, err
	}
	out := make([]oas.MessageSummary, len(found))
	for i, m := range found {
		out[i] = oas.MessageSummary{
			ID: wire.Digits(m.ID), PatientID: wire.Digits(m.Patient), BatchID: wire.Text(""),
			MessageType: oas.MessageType(m.Channel),
			Status:      oas.MessageStatus(m.State),
			CreatedAt:   m.CreatedAt.UTC(), ScheduledAt: scheduled(m.Message), SentAt: wire.OptInstant(m.SentAt),
			DeliveredAt: wire.OptInstant(m.DeliveredAt),
			ReadAt:      wire.OptInstant(m.ReadAt), SMSParts: parts(m.Message),
			EpisodeID: wire.IDOrNull(in[int64(m.ID)]),
		}
		out[i].FailureCode, out[i].FailureReason = failure(m.Message)
		if m.Batch != 0 {
			out[i].BatchID = wire.Text(m.Batch.String())
		}
	}
	return out, nil
}

// ListMessageReplies lists what patients sent back.
func (o Operations) ListMessageReplies(
	ctx context.Context, p oas.ListMessageRepliesParams,
) (*oas.ListMessageRepliesOK, error) {
	found, count, err := o.Core.Reply.List(ctx, wire.Ptr(p.Open.Get()), p.PageIndex.Value, p.PageSize.Value)
	if err != nil {
		return nil, err
	}
	out := &oas.ListMessageRepliesOK{Data: make([]oas.Reply, len(found)), Count: float64(count)}
	ids := make([]int64, len(found))
	for i, r := range found {
		ids[i] = int64(r.ID)
	}
	in, err := o.Core.Episode.EpisodesOf(ctx, episode.Reply, ids)
	if err != nil {
		return nil, err
	}
	for i, r := range found {
		out.Data[i] = *replyOf(r, in[int64(r.ID)])
	}
	return out, nil
}

// UpdateMessageReply assigns a reply to a patient, or closes it.
func (o Operations) UpdateMessageReply(
	ctx context.Context, in *oas.ReplyUpdate, p oas.UpdateMessageReplyParams,
) (*oas.Reply, error) {
	change := reply.Change{Open: wire.Ptr(in.Open.Get())}
	var check input.Checks
	if whose, ok := in.PatientID.Get(); ok {
		change.Patient = wire.Ptr(wire.FieldID[patient.ID](&check, "patient_id", string(whose)), true)
	}
	if err := check.Err(); err != nil {
		return nil, err
	}
	r, err := o.Core.Reply.Change(ctx, wire.ID[reply.ID](p.ID), change)
	if err != nil {
		return nil, err
	}
	its, err := o.Core.Episode.EpisodesOf(ctx, episode.Reply, []int64{int64(r.ID)})
	if err != nil {
		return nil, err
	}
	return replyOf(r, its[int64(r.ID)]), nil
}

func replyOf(r reply.Reply, in episode.ID) *oas.Reply {
	out := &oas.Reply{
		ID: wire.Digits(r.ID), At: r.At.UTC(), Channel: oas.MessageType(r.Channel),
		Contact: oas.NilString{Value: r.Contact, Null: r.Contact == ""}, Text: r.Text,
		MessageID: wire.IDOrNull(r.Message), PatientID: wire.IDOrNull(r.Patient),
		EpisodeID: wire.IDOrNull(in), PossiblePatientIds: make([]string,
			len(r.Possible)),
		Open:      r.Open,
		Meaning:   oas.OptNilReplyMeaning{Value: oas.ReplyMeaning(r.Meaning), Set: true, Null: r.Meaning == ""},
		HandledBy: wire.Text(r.HandledBy), HandledAt: wire.OptInstant(r.HandledAt),
	}
	for i, p := range r.Possible {
		out.PossiblePatientIds[i] = p.String()
	}
	return out
}

// SetOptOut keeps what a number or an address wants.
func (o Operations) SetOptOut(ctx context.Context, in *oas.OptOut) (*oas.OptOut, error) {
	if err := o.Core.Messaging.OptOut(ctx, carrier.Channel(in.Channel), in.Contact, in.OptedOut); err != nil {
		return nil, err
	}
	return in, nil
}
