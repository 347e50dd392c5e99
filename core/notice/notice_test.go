package notice_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/archive"
	"frontdesk/core/booking"
	"frontdesk/core/carrier"
	"frontdesk/core/diary"
	"frontdesk/core/messaging"
	"frontdesk/core/notice"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/store"
	archivestore "frontdesk/store/archive"
	"frontdesk/store/storetest"
)

func eachOf(t *testing.T, test func(t *testing.T, db *store.DB)) { storetest.Each(t, test) }

// friday is four days after the desk opens.
var friday = monday.Add(4*24*time.Hour + time.Hour + 30*time.Minute)

func (d *desk) want(got []carrier.Outgoing, texts ...string) {
	d.Helper()
	if len(got) != len(texts) {
		d.Fatalf("%d messages were sent, want %d: %+v; %v", len(got), len(texts), got, d.said())
	}
	for i, text := range texts {
		if !strings.Contains(got[i].Text, text) {
			d.Fatalf("got %q, want %q", got[i].Text, text)
		}
	}
}

func (d *desk) wantSaid(want ...string) {
	d.Helper()
	if got := d.said(); !slices.Equal(got, want) {
		d.Fatalf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestPatientHearsOfABookingAndRemindedTwice(t *testing.T) {
	each(t, func(d *desk) {
		d.book(friday)
		got := d.step()
		d.want(got, "Mill Lane Surgery: your appointment is at 10:30am on Friday 10 January 2031 with Dr Chidi Okafor, "+
			"at Mill Lane. To change or cancel, call 020 7946 0000.")
		if got[0].Channel != carrier.SMS || got[0].To != "+447700900123" || strings.Contains(got[0].Text, "Ada") ||
			got[0].Calendar != "" {
			d.Fatalf("got %+v", got[0])
		}
		d.wantSaid("confirmed sent", "reminder 48h0m0s scheduled", "reminder 24h0m0s scheduled")
		d.want(d.at(friday.Add(-48*time.Hour - time.Minute)))
		d.want(d.at(friday.Add(-48*time.Hour)), "reminder of your appointment at 10:30am on Friday 10 January 2031")
		d.want(d.at(friday.Add(-24*time.Hour)), "reminder of your appointment at 10:30am on Friday 10 January 2031")
		d.want(d.at(friday))
		d.wantSaid("confirmed sent", "reminder 48h0m0s sent", "reminder 24h0m0s sent")
	})
}

func TestMoveInvalidatesTheRemindersOfTheOldTime(t *testing.T) {
	each(t, func(d *desk) {
		a := d.book(friday)
		d.step()
		a = d.move(a, friday.Add(2*time.Hour))
		d.want(d.step(), "your appointment has changed. It is now at 12:30pm on Friday 10 January 2031")
		d.wantSaid("confirmed sent", "reminder 48h0m0s invalidated appointment_changed",
			"reminder 24h0m0s invalidated appointment_changed", "moved sent", "reminder 48h0m0s scheduled",
			"reminder 24h0m0s scheduled")
		d.want(d.at(friday.Add(-48 * time.Hour)))
		d.cancel(a, booking.Cancellation{})
		d.want(d.step(), "your appointment at 12:30pm on Friday 10 January 2031 has been cancelled")
		d.want(d.at(friday.Add(2*time.Hour - 48*time.Hour)))
		d.want(d.at(friday.Add(2*time.Hour - 24*time.Hour)))
		if got := d.list(notice.Query{On: booking.OnReminder}, "invalidated"); len(got) != 4 {
			d.Fatalf("got %v", d.said())
		}
		if got := d.list(notice.Query{Patient: d.ada}, "sent"); len(got) != 3 {
			d.Fatalf("got %v", d.said())
		}
	})
}

// A change that comes between the making of a message and its hand-over keeps the message back.
func TestMessageIsJudgedAgainWhenItIsHandedOver(t *testing.T) {
	each(t, func(d *desk) {
		a := d.book(friday)
		d.follow()
		d.move(a, friday.Add(time.Hour))
		d.want(d.deliver())
		d.want(d.step(), "It is now at 11:30am")
		d.wantSaid("confirmed invalidated appointment_changed", "reminder 48h0m0s invalidated appointment_changed",
			"reminder 24h0m0s invalidated appointment_changed", "moved sent", "reminder 48h0m0s scheduled",
			"reminder 24h0m0s scheduled")
	})
}

func TestRemindersOfPatientsWhoDiedOrLeftAreInvalidated(t *testing.T) {
	each(t, func(d *desk) {
		d.book(friday)
		d.step()
		d.change(d.ada, func(p *patient.Patient) { p.DeceasedAt = d.now })
		d.want(d.at(friday.Add(-48 * time.Hour)))
		d.wantSaid("confirmed sent", "reminder 48h0m0s invalidated patient_deceased", "reminder 24h0m0s scheduled")
		d.change(d.ada, func(p *patient.Patient) { p.DeceasedAt, p.DeletedAt = time.Time{}, d.now })
		d.want(d.at(friday.Add(-24 * time.Hour)))
		d.wantSaid("confirmed sent", "reminder 48h0m0s invalidated patient_deceased",
			"reminder 24h0m0s invalidated patient_not_found")
	})
}

// An appointment that is cancelled because its patient leaves is not announced, and leaves no reminder behind.
func TestRemindersOfAppointmentsCancelledQuietlyAreInvalidated(t *testing.T) {
	each(t, func(d *desk) {
		a := d.book(friday)
		d.step()
		leave := archivestore.New(d.db)
		d.must(leave.Do(d.ctx, func(tx archive.Tx) error {
			_, err := booking.Leave(d.ctx, tx, access.Operator(d.group), d.ada, d.now)
			return err
		}))
		if got, err := d.booking.Read(d.ctx, a.ID); err != nil || got.State != booking.Cancelled {
			d.Fatalf("got %+v %v", got, err)
		}
		d.want(d.step())
		d.must(d.notices.Refresh(d.ctx))
		d.wantSaid("confirmed sent", "reminder 48h0m0s invalidated appointment_changed",
			"reminder 24h0m0s invalidated appointment_changed")
	})
}

// The reminder goes with the appointment to the record that stays.
func TestReminderFollowsAMergeToTheRecordThatHasTheAppointment(t *testing.T) {
	each(t, func(d *desk) {
		d.book(friday)
		d.step()
		keep := d.person("Ada", "07700 900456", "byron@example.org")
		seen, err := d.merges.Preview(d.ctx, keep, d.ada)
		d.must(err)
		_, err = d.merges.Merge(d.ctx, keep, d.ada, seen.Token)
		d.must(err)
		got := d.at(friday.Add(-48 * time.Hour))
		d.want(got, "reminder of your appointment at 10:30am")
		if got[0].To != "+447700900456" {
			d.Fatalf("got %+v", got[0])
		}
	})
}

func TestWhatIsSuppressedIsNotSent(t *testing.T) {
	each(t, func(d *desk) {
		d.book(friday, func(r *booking.Request) { r.SuppressMail = true })
		d.want(d.step())
		d.wantSaid()
		// Notices that were chosen are sent, and no others.
		d.book(friday.Add(time.Hour), func(r *booking.Request) {
			r.SuppressMail, r.Notices = true, []booking.Notice{booking.Reminder}
		})
		d.want(d.step())
		d.wantSaid("reminder 48h0m0s scheduled", "reminder 24h0m0s scheduled")
		a := d.book(friday.Add(2*time.Hour), func(r *booking.Request) { r.Notices = []booking.Notice{booking.Confirming} })
		d.want(d.step(), "your appointment is at 12:30pm")
		quiet := true
		d.cancel(a, booking.Cancellation{SuppressMail: &quiet})
		d.want(d.step())
	})
}

func TestRemindersFollowWhatIsChosenLater(t *testing.T) {
	each(t, func(d *desk) {
		a := d.book(friday)
		d.step()
		none, quiet := []booking.Notice{}, true
		_, err := d.booking.Change(d.ctx, a.ID, booking.Change{Notices: &none, SuppressMail: &quiet})
		d.must(err)
		d.want(d.step())
		d.wantSaid("confirmed sent", "reminder 48h0m0s invalidated suppressed", "reminder 24h0m0s invalidated suppressed")
		some := []booking.Notice{booking.Reminder}
		_, err = d.booking.Change(d.ctx, a.ID, booking.Change{Notices: &some, SuppressMail: &quiet})
		d.must(err)
		d.want(d.step())
		d.wantSaid("confirmed sent", "reminder 48h0m0s scheduled", "reminder 24h0m0s scheduled")
		d.want(d.at(friday.Add(-48*time.Hour)), "reminder of your appointment")
	})
}

// A booking that waits for staff to confirm it is told when they have.
func TestPendingBookingIsAnnouncedWhenStaffConfirmIt(t *testing.T) {
	each(t, func(d *desk) {
		a := d.book(friday, func(r *booking.Request) { r.Pending = true })
		d.want(d.step())
		_, err := d.booking.Change(d.ctx, a.ID, booking.Change{Pending: new(false)})
		d.must(err)
		d.want(d.step(), "your appointment is at 10:30am")
		d.want(d.at(friday.Add(-48*time.Hour)), "reminder of your appointment")
	})
}

func TestHoldsAndPracticesThatSendNoneProduceNoMessage(t *testing.T) {
	each(t, func(d *desk) {
		held, err := d.booking.Reserve(d.ctx, d.request(friday))
		d.must(err)
		d.want(d.step())
		d.cancel(held, booking.Cancellation{})
		d.want(d.step())
		_, err = d.practice.UpdateGroup(d.ctx, practice.GroupChange{Announces: new(false)})
		d.must(err)
		d.book(friday)
		d.want(d.step())
		d.wantSaid()
		if len(d.jobs) != 0 {
			d.Fatalf("got %v", d.jobs)
		}
		// When it is switched on, reminders of what was booked before are sent, and no confirmations.
		_, err = d.practice.UpdateGroup(d.ctx, practice.GroupChange{Announces: new(true)})
		d.must(err)
		d.now = friday.Add(-72 * time.Hour)
		d.must(d.notices.Refresh(d.ctx))
		d.wantSaid("reminder 48h0m0s scheduled", "reminder 24h0m0s scheduled")
	})
}

func TestConfirmingAHoldSendsAMessage(t *testing.T) {
	each(t, func(d *desk) {
		r := d.request(friday)
		r.Patient = 0
		held, err := d.booking.Reserve(d.ctx, r)
		d.must(err)
		for range 2 { // twice is once
			_, err = d.booking.Confirm(d.ctx, held.ID, booking.Confirmation{Patient: d.ada})
			d.must(err)
		}
		d.want(d.step(), "your appointment is at 10:30am")
		d.want(d.step())
	})
}

func TestPatientWhoDidNotAttendGetsAMessageUnlessItWasASlip(t *testing.T) {
	each(t, func(d *desk) {
		a := d.book(monday.Add(time.Hour))
		d.want(d.step(), "10am on Monday 6 January 2031")
		d.now = monday.Add(2 * time.Hour)
		missed := booking.Step{Stage: booking.StageNoShow}
		_, err := d.booking.RecordJourney(d.ctx, a.ID, missed)
		d.must(err)
		d.want(d.step())
		_, err = d.booking.RecordJourney(d.ctx, a.ID, booking.Step{Stage: booking.StageNoShow, Undo: true})
		d.must(err)
		d.follow()
		d.want(d.at(d.now.Add(time.Hour)))
		_, err = d.booking.RecordJourney(d.ctx, a.ID, missed)
		d.must(err)
		d.follow()
		d.want(d.at(d.now.Add(30*time.Minute)), "you missed your appointment at 10am")
	})
}

func TestReminderDoesNotComeInTheNightOrSoonAfterAnotherOrLate(t *testing.T) {
	each(t, func(d *desk) {
		late := monday.Add(3*24*time.Hour + 14*time.Hour) // Thursday at 23:00
		d.book(late)
		d.step()
		d.want(d.at(monday.Add(24*time.Hour+11*time.Hour)), "reminder") // 20:00
		early := monday.Add(6*24*time.Hour - 2*time.Hour)               // Sunday at 7:00
		d.book(early)
		d.step()
		d.want(d.at(early.Add(-48 * time.Hour)))
		d.want(d.at(early.Add(-47*time.Hour)), "reminder") // 8:00
		a := d.book(early.Add(3 * 24 * time.Hour).Add(3 * time.Hour))
		d.step()
		d.now = a.Start.Add(-49 * time.Hour)
		d.move(a, a.Start.Add(30*time.Minute))
		d.want(d.step(), "It is now at 10:30am")
		d.want(d.at(a.Start.Add(30*time.Minute - 48*time.Hour)))
		d.want(d.at(a.Start.Add(30*time.Minute - 24*time.Hour).Add(3 * time.Hour)))
		said := d.said()
		if end := said[len(said)-2:]; end[0] != "reminder 48h0m0s skipped too_soon_after_another" ||
			end[1] != "reminder 24h0m0s skipped too_late" {
			d.Fatalf("got %v", said)
		}
	})
}

func TestReminderWaitsForTheHoursAtWhichThePracticeSends(t *testing.T) {
	each(t, func(d *desk) {
		_, err := d.practice.UpdateGroup(d.ctx, practice.GroupChange{SendFrom: new(9 * 60), SendUntil: new(17 * 60)})
		d.must(err)
		d.book(friday.Add(8 * time.Hour)) // 18:30
		d.want(d.step(), "your appointment is at 6:30pm")
		d.want(d.at(friday.Add(8*time.Hour - 48*time.Hour)))
		d.want(d.at(friday.Add(-90*time.Minute-24*time.Hour)), "reminder") // 9:00 on Thursday
		// What answers a change does not wait where it would come too late.
		d.now = friday.Add(8 * time.Hour)
		d.book(friday.Add(24 * time.Hour).Add(-time.Hour))
		d.want(d.step(), "your appointment is at 9:30am")
	})
}

func TestEmailIsTheSecondWayWithItsOwnTextAndACalendarPart(t *testing.T) {
	each(t, func(d *desk) {
		d.post.answer = func(m carrier.Outgoing) error {
			if m.Channel == carrier.SMS {
				return &carrier.Refusal{Code: "no", Reason: "No."}
			}
			return nil
		}
		a := d.book(friday)
		got := d.step()
		d.want(got, "Dear Ada,\n\nYour appointment is booked.\n\nWhen: 10:30am on Friday 10 January 2031\n"+
			"With: Dr Chidi Okafor\nWhere: Mill Lane\n1 Mill Lane, Brambleford, LS1 4AP\n\nTo change or cancel, call")
		if m := got[0]; m.Subject != "Your appointment at Mill Lane Surgery" || m.To != "ada@example.org" ||
			!strings.Contains(m.Calendar, "METHOD:REQUEST\r\n") || !strings.Contains(m.Calendar, "SEQUENCE:1\r\n") ||
			!strings.Contains(m.Calendar, "DTSTART;TZID=Europe/London:20310110T103000\r\n") {
			d.Fatalf("got %+v", m)
		}
		d.cancel(a, booking.Cancellation{})
		got = d.step()
		d.want(got, "has been cancelled")
		if m := got[0]; !strings.Contains(m.Calendar, "METHOD:CANCEL\r\n") ||
			!strings.Contains(m.Calendar, "SEQUENCE:2\r\n") || !strings.Contains(m.Calendar, "STATUS:CANCELLED") {
			d.Fatalf("got %+v", m)
		}
	})
}

func TestChannelsThePatientRulesOutAreLeftOut(t *testing.T) {
	each(t, func(d *desk) {
		d.prefer(patient.Particulars{ReceiveSMS: new(false)})
		d.book(friday)
		got := d.step()
		d.want(got, "Dear Ada")
		// What was ruled out after the message was made is not sent either.
		d.book(friday.Add(time.Hour))
		d.follow()
		d.prefer(patient.Particulars{ReceiveSMS: new(false), ReceiveEmail: new(false)})
		d.want(d.deliver())
		d.book(friday.Add(2 * time.Hour))
		d.want(d.step())
		said := d.said()
		if !slices.Contains(said, "confirmed skipped not_wanted") || !slices.Contains(said,
			"confirmed invalidated not_wanted") {
			d.Fatalf("got %v", said)
		}
	})
}

func TestPracticesAndTypesHaveTheirOwnTextsRemindersAndChannels(t *testing.T) {
	each(t, func(d *desk) {
		_, err := d.notices.Set(d.ctx, 0, func(s *notice.Settings) {
			s.Channels = []carrier.Channel{carrier.Email}
			s.Reminders = []notice.Lead{{Duration: 3 * time.Hour}}
			s.Directions = map[practice.LocationID]string{d.place.ID: "Ring twice."}
			s.Texts = map[booking.Occasion]notice.Text{booking.OnConfirmed: {
				Email: "Hello {{first_name}}: {{appointment_type}}, {{directions}}"}}
		})
		d.must(err)
		_, err = d.notices.Set(d.ctx, d.kind.ID, func(s *notice.Settings) {
			s.Off = []booking.Occasion{booking.OnMoved}
			s.Reminders = []notice.Lead{{Duration: 2 * time.Hour}, {Duration: 5 * time.Hour}}
		})
		d.must(err)
		a := d.book(friday)
		d.want(d.step(), "Hello Ada: Routine, Ring twice.")
		d.move(a, friday.Add(time.Hour))
		d.want(d.step())
		d.want(d.at(friday.Add(-time.Hour)), "reminder")
		_, holds, err := d.notices.Settings(d.ctx, d.kind.ID)
		d.must(err)
		if len(holds.Reminders) != 2 || holds.Reminders[0].Duration != 5*time.Hour || holds.Channels[0] != carrier.Email {
			d.Fatalf("got %+v", holds)
		}
	})
}

func TestSettingsThatCannotBeAreRefused(t *testing.T) {
	each(t, func(d *desk) {
		for name, change := range map[string]func(*notice.Settings){
			"an unknown placeholder": func(s *notice.Settings) {
				s.Texts = map[booking.Occasion]notice.Text{booking.OnMoved: {SMS: "{{nhs_number}}"}}
			},
			"an unknown occasion": func(s *notice.Settings) { s.Off = []booking.Occasion{"birthday"} },
			"a reminder a year before": func(s *notice.Settings) {
				s.Reminders = []notice.Lead{{Duration: 365 * 24 * time.Hour}}
			},
			"a channel twice":     func(s *notice.Settings) { s.Channels = []carrier.Channel{"sms", "sms"} },
			"the NHS App second":  func(s *notice.Settings) { s.Channels = []carrier.Channel{"sms", "nhs_app"} },
			"half a night":        func(s *notice.Settings) { s.NightFrom = new(60) },
			"a night of the moon": func(s *notice.Settings) { s.NightFrom, s.NightUntil = new(60), new(1441) },
			"a long text to a phone": func(s *notice.Settings) {
				s.Texts = map[booking.Occasion]notice.Text{booking.OnMoved: {SMS: strings.Repeat("a", 601)}}
			},
		} {
			if _, err := d.notices.Set(d.ctx, 0, change); err == nil {
				d.Fatalf("%s was taken", name)
			}
		}
		if _, err := d.notices.Set(d.ctx, diary.TypeID(1), func(*notice.Settings) {}); err == nil {
			d.Fatal("settings of no type were taken")
		}
	})
}

// What answers a change waits for nothing that is being handed over: the last word is the true one.
func TestMoveWaitsForAReminderOnItsWay(t *testing.T) {
	each(t, func(d *desk) {
		a := d.book(friday)
		d.step()
		moved := false
		d.post.answer = func(m carrier.Outgoing) error {
			if !moved { // while the reminder is with the carrier, the appointment moves
				moved = true
				d.move(a, friday.Add(time.Hour))
				d.follow()
			}
			return nil
		}
		d.want(d.at(friday.Add(-48*time.Hour)), "reminder of your appointment at 10:30am")
		d.want(d.at(d.now.Add(20*time.Second)), "It is now at 11:30am")
	})
}

func TestStatesOfMessagesAreWordsOfTheList(t *testing.T) {
	for _, s := range messaging.States {
		n := notice.Notice{Message: notice.Message{ID: 1, State: s}}
		if !slices.Contains(notice.Standings(), n.Standing()) {
			t.Errorf("%s has no word", s)
		}
	}
}
