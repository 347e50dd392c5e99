package main

import (
	"context"
	"time"

	"frontdesk/operator"
)

type notices struct {
	Show noticeShow `cmd:"" help:"Show how messages around appointments are sent."`
	On   noticeOn   `cmd:"" help:"Send patients messages around their appointments."`
	Off  noticeOff  `cmd:"" help:"Send none."`
	Set  noticeSet  `cmd:"" help:"Set when and how they are sent."`
	Text noticeText `cmd:"" help:"Set the texts on one occasion."`
}

// noticeOf is what every command about these messages takes.
type noticeOf struct {
	database
	output
	Group string `required:"" placeholder:"ID" help:"The practice group."`
}

// shown prints how messages are sent.
func (n noticeOf) shown(s operator.Notices, err error) error {
	if err != nil {
		return err
	}
	return n.print(s, "WHAT,HOW", s.Rows()...)
}

// typeOf is the flag of commands that may be about one type of appointment.
type typeOf struct {
	Type string `placeholder:"ID" help:"A type of appointment. Default: all that have no setting of their own."`
}

type noticeShow struct {
	noticeOf
	typeOf
}

// Run shows how messages are sent.
func (n noticeShow) Run(ctx context.Context) error {
	return n.as(ctx, func(o *operator.Operator) error { return n.shown(o.Notices(ctx, n.Group, n.Type)) })
}

type noticeOn struct{ noticeOf }

// Run switches them on.
func (n noticeOn) Run(ctx context.Context) error {
	return n.as(ctx, func(o *operator.Operator) error { return n.shown(o.SwitchNotices(ctx, n.Group, true)) })
}

type noticeOff struct{ noticeOf }

// Run switches them off.
func (n noticeOff) Run(ctx context.Context) error {
	return n.as(ctx, func(o *operator.Operator) error { return n.shown(o.SwitchNotices(ctx, n.Group, false)) })
}

type noticeSet struct {
	noticeOf
	typeOf
	Remind       []time.Duration `placeholder:"DURATION" help:"${notice_remind_help}"`
	NoReminders  bool            `help:"Send no reminders."`
	Channel      []string        `placeholder:"CHANNEL" help:"${notice_channel_help}"`
	Without      []string        `placeholder:"OCCASION" help:"${notice_without_help}"`
	With         []string        `placeholder:"OCCASION" help:"Occasions on which messages are sent again."`
	NightFrom    string          `placeholder:"HH:MM" help:"No reminder comes from this time of day on,"`
	NightUntil   string          `placeholder:"HH:MM" help:"until this one."`
	Cancelling   string          `placeholder:"TEXT" help:"How to change or cancel, for {{how_to_cancel}}."`
	DirectionsTo string          `placeholder:"ID" help:"A location that --directions are to."`
	Directions   string          `placeholder:"TEXT" help:"How to find it, for {{directions}}."`
}

// Run sets when and how messages are sent.
func (n noticeSet) Run(ctx context.Context) error {
	return n.as(ctx, func(o *operator.Operator) error {
		return n.shown(o.SetNotices(ctx, n.Group, operator.NoticeChange{
			Type: n.Type, Reminders: n.Remind, None: n.NoReminders, Channels: n.Channel, Without: n.Without, With: n.With,
			NightFrom: n.NightFrom, NightUntil: n.NightUntil, Cancelling: n.Cancelling, Place: n.DirectionsTo,
			Directions: n.Directions,
		}))
	})
}

type noticeText struct {
	noticeOf
	typeOf
	Occasion string `arg:"" help:"confirmed, moved, cancelled, reminder, missed or offered."`
	SMS      string `name:"sms" placeholder:"TEXT" help:"By text message and in the NHS App."`
	Subject  string `placeholder:"TEXT" help:"Of the e-mail."`
	Email    string `placeholder:"TEXT" help:"By e-mail."`
}

// Run sets the texts of an occasion.
func (n noticeText) Run(ctx context.Context) error {
	return n.as(ctx, func(o *operator.Operator) error {
		return n.shown(o.SetNotices(ctx, n.Group, operator.NoticeChange{
			Type: n.Type, On: n.Occasion, SMS: n.SMS, Subject: n.Subject, Email: n.Email,
		}))
	})
}
