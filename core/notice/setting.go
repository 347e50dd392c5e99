package notice

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/booking"
	"frontdesk/core/carrier"
	"frontdesk/core/diary"
	"frontdesk/core/input"
	"frontdesk/core/job"
	"frontdesk/core/messaging"
	"frontdesk/core/practice"
	"frontdesk/core/template"
)

// Settings are how a practice wants the messages around its appointments, or those of one type. What is left out is as
// the practice has it, and what that leaves out as Defaults has it.
type Settings struct {
	// Off are occasions on which nothing is sent.
	Off []booking.Occasion `json:"off,omitempty"`
	// Reminders are how long before the start reminders are sent; an empty list is none.
	Reminders []Lead `json:"reminders"`
	// Channels are the ways messages go, the best first.
	Channels []carrier.Channel `json:"channels,omitempty"`
	// NightFrom and NightUntil are the minutes of the day between which no reminder comes; the same is no night.
	NightFrom  *int `json:"night_from,omitempty"`
	NightUntil *int `json:"night_until,omitempty"`
	// Texts are the texts of each occasion, and Directions how to find each place.
	Texts      map[booking.Occasion]Text      `json:"texts,omitempty"`
	Directions map[practice.LocationID]string `json:"directions,omitempty"`
	// Cancelling says how to change or cancel an appointment.
	Cancelling string `json:"how_to_cancel,omitempty"`
}

// Lead is how long before an appointment a reminder is sent, written in whole minutes.
type Lead struct{ time.Duration }

// MarshalJSON writes minutes.
func (l Lead) MarshalJSON() ([]byte, error) { return json.Marshal(int64(l.Duration / time.Minute)) }

// UnmarshalJSON reads minutes.
func (l *Lead) UnmarshalJSON(text []byte) error {
	var minutes int64
	err := json.Unmarshal(text, &minutes)
	l.Duration = time.Duration(minutes) * time.Minute
	return err
}

// Text is what is sent on an occasion: SMS by text message and in the NHS App, Email by e-mail under Subject.
type Text struct {
	SMS     string `json:"sms,omitempty"`
	Subject string `json:"subject,omitempty"`
	Email   string `json:"email,omitempty"`
}

// Limits of settings.
const (
	mostReminders = 5
	maxLead       = 28 * 24 * time.Hour
	maxDirections = 500
	maxCancelling = 200
	// maxSMS leaves room for names: what is too long in the end is not sent.
	maxSMS = 600
)

// Defaults are the settings of a practice that has set nothing.
func Defaults() Settings {
	return Settings{
		Reminders: []Lead{{48 * time.Hour}, {24 * time.Hour}}, Channels: []carrier.Channel{carrier.SMS, carrier.Email},
		NightFrom: new(21 * 60), NightUntil: new(8 * 60), Texts: texted, Cancelling: howToCancel,
	}
}

// merged are the settings that hold for a type of appointment.
func merged(all map[diary.TypeID]Settings, of diary.TypeID) Settings {
	out := Defaults()
	for _, id := range slices.Compact([]diary.TypeID{0, of}) {
		s, ok := all[id]
		if !ok {
			continue
		}
		if s.Off != nil {
			out.Off = s.Off
		}
		if s.Reminders != nil {
			out.Reminders = s.Reminders
		}
		if len(s.Channels) > 0 {
			out.Channels = s.Channels
		}
		if s.NightFrom != nil && s.NightUntil != nil {
			out.NightFrom, out.NightUntil = s.NightFrom, s.NightUntil
		}
		if s.Cancelling != "" {
			out.Cancelling = s.Cancelling
		}
		out.Texts = mergedTexts(out.Texts, s.Texts)
		directions := maps.Clone(out.Directions)
		if directions == nil {
			directions = map[practice.LocationID]string{}
		}
		maps.Copy(directions, s.Directions)
		out.Directions = directions
	}
	return out
}

func mergedTexts(was, set map[booking.Occasion]Text) map[booking.Occasion]Text {
	out := maps.Clone(was)
	for on, t := range set {
		m := out[on]
		for _, f := range []struct {
			to   *string
			from string
		}{{&m.SMS, t.SMS}, {&m.Subject, t.Subject}, {&m.Email, t.Email}} {
			if f.from != "" {
				*f.to = f.from
			}
		}
		out[on] = m
	}
	return out
}

// furthest is how long before an appointment the first reminder of any type is.
func furthest(all map[diary.TypeID]Settings) time.Duration {
	var most time.Duration
	for of := range all {
		for _, l := range merged(all, of).Reminders {
			most = max(most, l.Duration)
		}
	}
	for _, l := range merged(all, 0).Reminders {
		most = max(most, l.Duration)
	}
	return most
}

// sends reports whether anything is sent on an occasion.
func (s Settings) sends(on booking.Occasion) bool { return !slices.Contains(s.Off, on) }

// joined names the channels.
func joined(s Settings) string {
	words := make([]string, len(s.Channels))
	for i, c := range s.Channels {
		words[i] = string(c)
	}
	return strings.Join(words, ",")
}

// check tidies settings.
func (s *Settings) check() error {
	var in input.Checks
	for _, on := range s.Off {
		input.Choice(&in, "off", on, booking.Occasions)
	}
	if len(s.Reminders) > mostReminders {
		in.Wrong("reminders", input.CodeBig, "at most 5 reminders", "These are too many reminders.")
	}
	for _, l := range s.Reminders {
		if l.Duration < 30*time.Minute || l.Duration > maxLead || l.Duration%time.Minute != 0 {
			in.Wrong("reminders", input.CodeString, "whole minutes, from 30 to 40320 (four weeks)",
				"A reminder cannot be sent so long before.")
		}
	}
	slices.SortFunc(s.Reminders, func(a, b Lead) int { return int(b.Duration/time.Minute - a.Duration/time.Minute) })
	s.Reminders = slices.CompactFunc(s.Reminders, func(a, b Lead) bool { return a == b })
	for i, c := range s.Channels {
		input.Choice(&in, "channels", c, []carrier.Channel{carrier.SMS, carrier.Email, carrier.NHSApp})
		if slices.Contains(s.Channels[:i], c) {
			in.Wrong("channels", input.CodeChoice, "each channel once", "A channel is named twice.")
		}
		if i > 0 && c == carrier.NHSApp {
			in.Wrong("channels", input.CodeChoice, "nhs_app before the others",
				"A message can go from the NHS App to another channel, and not to the NHS App.")
		}
	}
	s.checkNight(&in)
	s.checkTexts(&in)
	return in.Err()
}

func (s *Settings) checkNight(in *input.Checks) {
	if (s.NightFrom == nil) != (s.NightUntil == nil) {
		in.Wrong("night_from", input.CodeString, "a time of day, with night_until", "A night has a beginning and an end.")
	}
	for field, v := range map[string]*int{"night_from": s.NightFrom, "night_until": s.NightUntil} {
		if v != nil && (*v < 0 || *v >= day) {
			in.Wrong(field, input.CodeString, "a time of day such as 21:00", "This is not a time of day.")
		}
	}
}

func (s *Settings) checkTexts(in *input.Checks) {
	for on, t := range s.Texts {
		input.Choice(in, "texts", on, booking.Occasions)
		for _, f := range []struct {
			field string
			text  *string
			most  int
		}{{"sms", &t.SMS, maxSMS}, {"email", &t.Email, messaging.MaxText}} {
			*f.text = in.Lines(f.field, template.Composed(*f.text), f.most)
			template.Check(in, f.field, *f.text, placeholders...)
		}
		t.Subject = in.Text("subject", template.Composed(t.Subject), messaging.MaxSubject)
		template.Check(in, "subject", t.Subject, placeholders...)
		s.Texts[on] = t
	}
	for of, text := range s.Directions {
		s.Directions[of] = in.Lines("directions", text, maxDirections)
	}
	s.Cancelling = in.Lines("how_to_cancel", s.Cancelling, maxCancelling)
	template.Check(in, "how_to_cancel", s.Cancelling, "telephone", "appointment_link")
}

// Settings reads how the caller's practice group wants its messages, or those of a type: what was set, and what holds.
// Error: diary.ErrTypeNotFound.
func (s *Service) Settings(ctx context.Context, of diary.TypeID) (set, holds Settings, err error) {
	who, err := access.Require(ctx, access.SeePractice)
	if err != nil {
		return set, holds, err
	}
	if err := s.known(ctx, who.Group, of); err != nil {
		return set, holds, err
	}
	all, err := s.Store.NoticeSettings(ctx, who.Group)
	return all[of], merged(all, of), err
}

// known makes sure that there is a type of appointment; 0 is the practice itself.
func (s *Service) known(ctx context.Context, group practice.ID, of diary.TypeID) error {
	if of == 0 {
		return nil
	}
	_, err := s.Store.AppointmentType(ctx, group, of)
	return err
}

// Set keeps how the caller's practice group wants its messages, or those of a type. change changes what was set before.
// The reminders of appointments to come follow. Errors: field faults, diary.ErrTypeNotFound.
func (s *Service) Set(ctx context.Context, of diary.TypeID, change func(*Settings)) (Settings, error) {
	who, err := access.Require(ctx, access.SettingsGeneral)
	if err != nil {
		return Settings{}, err
	}
	if err := s.known(ctx, who.Group, of); err != nil {
		return Settings{}, err
	}
	now := s.Now().Truncate(time.Microsecond)
	var after Settings
	err = s.Store.Do(ctx, func(tx Tx) error {
		all, err := tx.NoticeSettings(ctx, who.Group)
		if err != nil {
			return err
		}
		before := all[of]
		after = before
		after.Texts, after.Directions = maps.Clone(before.Texts), maps.Clone(before.Directions)
		if change(&after); after.check() != nil {
			return after.check()
		}
		if err := tx.SaveNoticeSettings(ctx, who.Group, of, after, now); err != nil {
			return err
		}
		sweep := job.Job{Group: int64(who.Group), Kind: SweepKind, Key: "all"}
		if err := tx.Enqueue(ctx, sweep); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, "notice.set", "practice_group", int64(who.Group), before, after))
	})
	return after, err
}
