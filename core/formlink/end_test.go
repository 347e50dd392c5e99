package formlink_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/archive"
	"frontdesk/core/assignee"
	"frontdesk/core/booking"
	"frontdesk/core/fault"
	"frontdesk/core/form"
	"frontdesk/core/formlink"
	"frontdesk/core/input"
	"frontdesk/core/link"
	"frontdesk/core/merge"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/record"
	"frontdesk/core/task"
	"frontdesk/store"
	archivestore "frontdesk/store/archive"
	mergestore "frontdesk/store/merge"
)

func TestFormLinksNeedWhatTheyName(t *testing.T) {
	each(t, func(k *kit) {
		for name, c := range map[string]struct {
			change func(*formlink.New)
			want   error
			field  string
		}{
			"a form there is not":    {func(n *formlink.New) { n.Form = 1 }, formlink.ErrNoForm, "questionnaire"},
			"a patient there is not": {func(n *formlink.New) { n.Patient = 1 }, patient.ErrNotFound, "patient"},
			"an appointment there isn't": {func(n *formlink.New) { n.Appointment = 1 }, booking.ErrNotFound,
				"appointment"},
			"a nurse there is not": {func(n *formlink.New) { n.Assignee = assignee.ToStaff[int64](1) },
				assignee.ErrNotFound, "assignee"},
			"a day that is over": {func(n *formlink.New) { n.Expires = input.ReadBound("2030-01-01") }, nil,
				"expires"},
			"no uses":    {func(n *formlink.New) { n.MaxUses = new(0) }, nil, "max_uses"},
			"no concept": {func(n *formlink.New) { n.Write, n.Code, n.Term = true, "12", "x" }, nil, "snomed_code"},
		} {
			want := formlink.New{Ask: formlink.Ask{Form: k.form.ID}, Patient: k.ada}
			c.change(&want)
			_, err := k.fill.Create(k.ctx, want)
			f := fault.Of(err)
			if err == nil || c.want != nil && !errors.Is(err, c.want) || len(f.Fields) != 1 ||
				f.Fields[0].Path[0] != c.field {
				k.Errorf("%s: got %v %+v", name, err, f)
			}
		}
		want := formlink.New{Ask: formlink.Ask{Form: k.form.ID}, Patient: k.ada}
		_, err := k.fill.Create(k.other, want)
		k.want(err, formlink.ErrNoForm)
		_, err = k.fill.Create(access.With(context.Background(), access.Caller{Group: k.group.ID}), want)
		k.want(err, access.ErrPermission)
		if n := k.count("link", "1 = 1"); n != 0 {
			k.Errorf("%d links were made", n)
		}
	})
}

func TestAVisitorWithoutTheDateOfBirthSeesNothing(t *testing.T) {
	each(t, func(k *kit) {
		r, second := k.make(nil), k.make(nil)
		v, other := k.open(r), k.open(second)
		for name, wrong := range map[string]formlink.Visit{
			"no proof": {Address: v.Address}, "another link's": {Address: v.Address, Proof: other.Proof},
			"one that was changed": {Address: v.Address, Proof: v.Proof + "x"},
		} {
			_, err := k.fill.Open(context.Background(), wrong)
			if !errors.Is(err, link.ErrVisitOver) {
				k.Errorf("%s: %v", name, err)
			}
			_, _, err = k.fill.Save(context.Background(), wrong, 0, form.Given{})
			if !errors.Is(err, link.ErrVisitOver) {
				k.Errorf("%s saves: %v", name, err)
			}
			if err = k.fill.Send(context.Background(), wrong, 1); !errors.Is(err, link.ErrVisitOver) {
				k.Errorf("%s sends: %v", name, err)
			}
		}
		_, _, err := k.fill.Save(context.Background(), v, 99, form.Given{})
		k.want(err, formlink.ErrNoStep)
		k.clock.Move(25 * time.Hour)
		_, _, err = k.fill.Save(context.Background(), v, 0, form.Given{})
		k.want(err, link.ErrVisitOver)
		for range 10 {
			_, _ = k.links.Prove(context.Background(), v.Address, born+1)
		}
		_, err = k.links.Look(context.Background(), v.Address)
		k.want(err, link.ErrLocked)
	})
}

// ended checks that a link is shut, and that what was saved by it is deleted.
func (k *kit) ended(v formlink.Visit, want error) {
	k.Helper()
	ctx := context.Background()
	_, err := k.fill.Open(ctx, v)
	k.want(err, want)
	_, _, err = k.fill.Save(ctx, v, 0, form.Given{k.q("Do you smoke?").ID: {"No"}})
	k.want(err, want)
	_, err = k.fill.Upload(ctx, v, k.q("A photograph").ID, "a.jpg", jpeg)
	k.want(err, want)
	k.want(k.fill.Send(ctx, v, 1), want)
	k.must(k.fill.Forget(k.ctx))
	if n := k.count("form_draft", "1 = 1") + k.count("form_file", "1 = 1"); n != 0 {
		k.Errorf("%d rows of unsent answers are left", n)
	}
	if n := k.count("consultation", "1 = 1"); n != 0 {
		k.Errorf("%d responses were made", n)
	}
}

func TestUnsentAnswersAreDeletedWhenALinkEnds(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(k *kit, r formlink.Request)
		want error
	}{
		"withdrawn": {func(k *kit, r formlink.Request) { k.do(k.links.Withdraw(k.ctx, r.ID)) }, link.ErrWithdrawn},
		"too old": {func(k *kit, _ formlink.Request) { k.clock.Move(31 * 24 * time.Hour) },
			link.ErrExpired},
		"of a patient who was deleted": {func(k *kit, _ formlink.Request) { k.do(k.leave().Delete(k.ctx, k.ada)) },
			link.ErrWithdrawn},
		"of a patient who has died": {func(k *kit, _ formlink.Request) {
			k.do(k.leave().Archive(k.ctx, k.ada, archive.Reasons{Reason: patient.ReasonDeceased}))
			_, err := k.fill.Create(k.ctx, formlink.New{Ask: formlink.Ask{Form: k.form.ID}, Patient: k.ada})
			k.want(err, patient.ErrDeceased)
		}, link.ErrWithdrawn},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(k *kit) {
				r := k.make(nil)
				v := k.filled(r)
				_, err := k.fill.Upload(context.Background(), v, k.q("A photograph").ID, "a.jpg", jpeg)
				k.must(err)
				k.must(k.fill.Forget(k.ctx))
				if k.count("form_draft", "1 = 1") != 1 || k.count("form_file", "1 = 1") != 1 {
					k.Fatal("answers of a link that is good were deleted")
				}
				c.end(k, r)
				k.ended(v, c.want)
			})
		})
	}
}

// do fails with an error.
func (k *kit) do(_ any, err error) {
	k.Helper()
	k.must(err)
}

func (k *kit) leave() *archive.Service {
	return &archive.Service{Store: archivestore.New(k.db), Now: k.clock.Now, NewID: k.db.NewID}
}

func TestAnswersFollowAPatientWhoWasMerged(t *testing.T) {
	each(t, func(k *kit) {
		r := k.make(func(n *formlink.New) { n.Write, n.Assignee = true, assignee.ToStaff(k.nurse) })
		v := k.filled(r)
		kept, err := patienttest.Register(k.ctx, k.people, patient.Changes{FirstName: new("Ada"),
			LastName: new("Byron"), BirthDate: new(born), Email: new("ada.byron@example.org")})
		k.must(err)
		merges := &merge.Service{Store: mergestore.New(k.db), Now: k.clock.Now, NewID: k.db.NewID}
		preview, err := merges.Preview(k.ctx, kept, k.ada)
		k.must(err)
		k.do(merges.Merge(k.ctx, kept, k.ada, preview.Token))
		k.must(k.send(v))
		for _, table := range []string{"consultation", "record_entry", "task"} {
			if n := k.count(table, "patient_id = "+kept.String()); n != 1 {
				k.Errorf("%s: %d rows of the patient that stays", table, n)
			}
		}
	})
}

func TestAnApprovedEntryIsWrittenWithoutAMessage(t *testing.T) {
	each(t, func(k *kit) {
		v := k.filled(k.make(func(n *formlink.New) {
			n.Write, n.Assignee, n.Code, n.Term = true, assignee.ToStaff(k.nurse), "1068881000000101", "Care navigation form"
		}))
		k.must(k.send(v))
		found, _, err := k.records.Find(k.ctx, record.Search{PageSize: 10})
		k.must(err)
		if len(found) != 1 || found[0].Term != "Care navigation form" || found[0].Channel != record.Form {
			k.Fatalf("got %+v", found)
		}
		all, _, err := k.tasks.Tasks(k.ctx, task.Query{})
		k.must(err)
		if len(all) != 1 || all[0].Assignee != assignee.ToStaff(k.nurse) || all[0].Patient != k.ada ||
			!strings.Contains(all[0].Comments, "/record/confirm/") || strings.Contains(all[0].Comments, "Nuts") {
			k.Fatalf("got %+v", all)
		}
		staff := access.With(context.Background(), access.Caller{Group: k.group.ID, Home: k.group.ID,
			Session: 7, Staff: 7, Actor: "Nia Price (signed in)",
			Permissions: []access.Permission{access.ApproveRecordEntries, access.SeeRecords}})
		k.do(k.records.Decide(staff, found[0].ID, k.ada, true))
		k.must(k.records.Write(k.ctx, k.group.ID, found[0].ID))
		entries, err := k.records.Entries(k.ctx, k.ada)
		k.must(err)
		if len(entries) != 1 || entries[0].Status != record.Written {
			k.Fatalf("got %+v", entries)
		}
		ada, err := k.people.Patient(k.ctx, k.ada)
		k.must(err)
		bundle, err := k.records.FHIR(k.ctx, ada)
		k.must(err)
		if text := string(bundle["entry"]); !strings.Contains(text, `"DocumentReference"`) ||
			strings.Contains(text, `"Communication"`) || strings.Contains(text, `"Device"`) {
			k.Fatalf("got %s", text)
		}
	})
}

func TestTheTaskOfAFormerMemberOfStaffIsForAnyone(t *testing.T) {
	each(t, func(k *kit) {
		v := k.filled(k.make(func(n *formlink.New) { n.Assignee = assignee.ToStaff(k.nurse) }))
		k.must(k.db.Do(k.ctx, func(c store.Conn) error {
			_, err := c.Exec(k.ctx, `UPDATE staff SET deleted_at = $3 WHERE practice_group_id = $1 AND id = $2`,
				k.group.ID, k.nurse, k.clock.Now())
			return err
		}))
		k.must(k.send(v))
		all, _, err := k.tasks.Tasks(k.ctx, task.Query{})
		k.must(err)
		if len(all) != 1 || !all[0].Assignee.IsZero() {
			k.Fatalf("got %+v", all)
		}
	})
}
