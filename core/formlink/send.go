package formlink

import (
	"context"
	"errors"
	"fmt"
	"time"

	"frontdesk/core/assignee"
	"frontdesk/core/audit"
	"frontdesk/core/diary"
	"frontdesk/core/form"
	"frontdesk/core/input"
	"frontdesk/core/link"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/record"
	"frontdesk/core/selfbooking"
	"frontdesk/core/task"
)

// sending is answers being sent, in a transaction that has locked the patient and the link.
type sending struct {
	editing
	request  Request
	patient  patient.ID
	complete form.Complete
	answers  form.Entered
	entry    record.Proposed
	files    []int64
	tasks    []task.ID // that came of them
}

// Send sends what was saved, once: sending the same draft again changes nothing. The answers become a consultation,
// files are kept with the patient, an entry waits for approval where the link asks for one, and whom it names gets a
// task. Errors: those of Open, link.ErrUsed, ErrChanged when answers are missing.
func (s *Service) Send(ctx context.Context, v Visit, draft int64) error {
	st, err := s.enter(ctx, v)
	if err == nil && st.Over {
		err = link.ErrVisitOver
	}
	if err != nil {
		return err
	}
	now := s.Now().Truncate(time.Microsecond)
	return s.Store.Do(ctx, func(tx Tx) error {
		// The patient first, as a merge does.
		held, err := tx.LockPatientAgainstMerge(ctx, st.Group.ID, st.Link.Patient)
		if errors.Is(err, patient.ErrNotFound) {
			err = link.ErrWithdrawn
		}
		if err != nil {
			return err
		}
		r, err := tx.LockRequest(ctx, st.Group.ID, st.Link.ID)
		if err != nil {
			return err
		}
		if err := st.Same(r.Link, now); err != nil {
			return err
		}
		p, err := s.page(ctx, tx, st)
		if err != nil {
			return err
		}
		if p.ID == 0 || p.ID != draft {
			if st.Counted(r.Link) {
				return nil // it was sent before
			}
			return ErrChanged
		}
		if err := r.Fillable(now); err != nil {
			return err
		}
		x := &sending{editing: editing{Page: p, tx: tx, stay: st, who: visitor(ctx, st.Group.ID), now: now}, request: r,
			patient: held}
		return s.send(ctx, x)
	})
}

// send keeps answers, and what comes of them.
func (s *Service) send(ctx context.Context, x *sending) error {
	who, err := x.tx.Patient(ctx, x.Group.ID, x.patient)
	if err == nil && who.Dead() {
		err = link.ErrWithdrawn
	}
	if err != nil {
		return err
	}
	x.complete, err = s.Form.Complete(x.Form, x.Given)
	if errors.Is(err, form.ErrUnanswered) || errors.Is(err, form.ErrAnswer) {
		return ErrChanged
	}
	if err != nil {
		return err
	}
	about := form.Filling{Link: int64(x.request.ID), Appointment: int64(x.request.Appointment),
		Admin: practice.PractitionerID(x.request.Assignee.Staff()),
		Offer: func(ctx context.Context, of diary.TypeID) (int64, error) {
			return s.offer(ctx, x, of)
		}}
	x.answers, err = s.Form.Enter(ctx, s.Store.Answers(x.tx), x.who, x.Form, x.patient, x.complete, about, x.now)
	if err != nil {
		return err
	}
	for _, step := range []func(context.Context, *sending) error{s.attach, s.propose, s.raise, s.gather, s.count,
		s.tell} {
		if err := step(ctx, x); err != nil {
			return err
		}
	}
	return nil
}

// offer makes a booking link of the patient's for a type of appointment, which makes one booking.
func (s *Service) offer(ctx context.Context, x *sending, of diary.TypeID) (int64, error) {
	once := 1
	o, err := s.SelfBooking.Draft(x.Group, x.patient, selfbooking.Change{Types: &[]diary.TypeID{of}, MaxUses: &once},
		x.now)
	if err != nil {
		return 0, err
	}
	if err := x.tx.SaveOffer(ctx, x.Group.ID, o); err != nil {
		return 0, err
	}
	return int64(o.ID), x.tx.Audit(ctx, x.who.Audit(x.now, "link.create", "link", int64(o.ID), nil, o))
}

// attach keeps the files of questions that are asked with the patient.
func (s *Service) attach(ctx context.Context, x *sending) error {
	for _, f := range x.Files {
		if !x.asked(f.Question) {
			continue
		}
		a, err := x.tx.AttachFile(ctx, x.Group.ID, f.ID, x.patient)
		if err != nil {
			return err
		}
		x.files = append(x.files, a.ID)
		entry := x.who.Audit(x.now, "patient.attach", "patient", int64(x.patient), nil, a)
		if err := x.tx.Audit(ctx, entry); err != nil {
			return err
		}
	}
	return nil
}

// propose proposes an entry for the record, which a member of staff approves.
func (s *Service) propose(ctx context.Context, x *sending) (err error) {
	if !x.request.Write {
		return nil
	}
	text := x.complete.Text()
	if all := []rune(text); len(all) > mostText {
		text = string(all[:mostText]) + "\n…\nThe other answers are in the form response."
	}
	concept := record.Concept{Code: x.request.Code, Term: x.request.Term}
	if concept.Code == "" {
		concept = x.Form.Concept()
	}
	x.entry, err = s.Record.Propose(ctx, s.Store.Entries(x.tx), x.who, record.Proposal{
		Patient: x.patient, Consultation: int64(x.answers.ID), Code: concept.Code, Term: concept.Term,
		Content: x.Form.Title + "\n" + text, Channel: record.Form,
	})
	if err != nil {
		return err
	}
	return x.tx.Audit(ctx, x.who.Audit(x.now, "record.propose", "record_entry", x.entry.ID, nil, x.entry.Status))
}

// raise gives a task to whom the link names, or to staff in general where that one is gone.
func (s *Service) raise(ctx context.Context, x *sending) error {
	if x.request.Assignee.IsZero() {
		return nil
	}
	to, err := assignee.IfThere(ctx, x.tx, x.Group.ID, x.request.Assignee)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("The answers are consultation %d.", x.answers.ID)
	if x.request.Appointment != 0 {
		text += fmt.Sprintf("\nThe form is for appointment %s.", x.request.Appointment)
	}
	if n := len(x.files); n > 0 {
		text += fmt.Sprintf("\nFiles kept with the patient: %d.", n)
	}
	if x.request.Write {
		text += "\nDecide whether they go into the record: " + x.entry.URL
	}
	id := task.ID(s.NewID())
	x.tasks = append(x.tasks, id)
	return task.Raise(ctx, s.Store.Tasks(x.tx), x.who, x.now, task.Task{
		ID: id, Patient: x.patient, Assignee: to, Kind: task.General, Priority: task.Medium,
		Due:     input.DateOf(x.now.In(x.Group.Zone())),
		Subject: "A patient has filled in a form: " + x.Form.Title, Comments: text,
	})
}

// count counts a use of the link, and deletes what was saved.
func (s *Service) count(ctx context.Context, x *sending) error {
	before := x.request
	after := before
	x.stay.Count(&after.Link)
	after.UpdatedAt, after.Answers = x.now, x.answers.ID
	if after.Fillable(x.now) == nil {
		after.Version = 0 // what is filled in next is asked as it is published then
	}
	if err := x.tx.SaveRequest(ctx, x.Group.ID, after); err != nil {
		return err
	}
	return x.tx.DropDraft(ctx, x.Group.ID, after.ID)
}

// tell records the event and the entry in the audit trail.
func (s *Service) tell(ctx context.Context, x *sending) error {
	if err := x.tx.Record(ctx, x.answers.Event(x.Group.ID, x.now, x.entry.ID)); err != nil {
		return err
	}
	entry := x.who.Audit(x.now, "form.send", "link", int64(x.request.ID), nil, map[string]any{
		"form_response_id": x.answers.ID, "files": x.files})
	return x.tx.Audit(ctx, audit.Shown(entry, x.who.Door, "link", x.request))
}
