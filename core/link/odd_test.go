package link_test

import (
	"errors"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/link"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/seal"
	"frontdesk/store"
)

// exec changes rows.
func (k *kit) exec(text string, args ...any) {
	k.Helper()
	k.must(k.db.Do(k.Context(), func(c store.Conn) error {
		_, err := c.Exec(k.Context(), text, args...)
		return err
	}))
}

func TestALinkOutlivesTheKeyItWasSealedWith(t *testing.T) {
	each(t, func(k *kit) {
		l := k.make(nil)
		other, err := seal.Parse([]byte(seal.NewKey()))
		k.must(err)
		k.links.Box = func() (*seal.Box, error) { return other, nil }
		k.must(k.fetch(l, k.visit(l))) // the patient has the address
		for _, by := range []struct {
			id  link.ID
			url string
		}{{l.ID, ""}, {0, l.URL}} {
			found, err := k.links.Find(k.ctx, by.id, by.url)
			if err != nil || found.Status != link.Opened || found.URL != "" {
				k.Errorf("found by %+v: %+v, %v", by, found, err)
			}
		}
		if ended, err := k.links.Withdraw(k.ctx, l.ID); err != nil || ended.Status != link.Withdrawn {
			k.Errorf("ended: %+v, %v", ended, err)
		}
		again, err := k.links.Reissue(k.ctx, l.ID)
		k.must(err)
		k.must(k.fetch(again, k.visit(again)))
	})
}

func TestVisitsThatTakeTurnsCountOnceEach(t *testing.T) {
	each(t, func(k *kit) {
		l := k.make(func(w *link.ToFile) { w.MaxUses = new(3) })
		one, two := k.visit(l), k.visit(l)
		for range 3 {
			k.must(k.fetch(l, one))
			k.must(k.fetch(l, two))
		}
		found, err := k.links.Find(k.ctx, l.ID, "")
		if err != nil || found.Uses != 2 || found.Status != link.Opened {
			k.Errorf("%+v, %v", found, err)
		}
	})
}

func TestAVisitEndsWithItsLink(t *testing.T) {
	each(t, func(k *kit) {
		l := k.make(func(w *link.ToFile) {
			w.MaxUses, w.Expires = new(1), input.ReadBound("2031-01-06T09:10:00Z")
		})
		proof := k.visit(l)
		k.must(k.fetch(l, proof))
		k.clock = k.clock.Add(10 * time.Minute)
		if err := k.fetch(l, proof); !errors.Is(err, link.ErrExpired) {
			k.Errorf("fetched when it was over: %v", err)
		}
		if _, err := k.links.Visit(k.Context(), address(l), proof); !errors.Is(err, link.ErrExpired) {
			k.Errorf("shown when it was over: %v", err)
		}
	})
}

func TestADeletedPatientHasNoLinks(t *testing.T) {
	each(t, func(k *kit) {
		l := k.make(nil)
		proof := k.visit(l)
		k.exec(`UPDATE patient SET deleted_at = $2 WHERE practice_group_id = $1`, k.group, k.clock)
		_, looked := k.links.Look(k.Context(), address(l))
		_, proved := k.links.Prove(k.Context(), address(l), birth)
		_, visited := k.links.Visit(k.Context(), address(l), proof)
		for what, err := range map[string]error{"looked at": looked, "opened": proved, "shown": visited,
			"fetched": k.fetch(l, proof)} {
			if !errors.Is(err, link.ErrWithdrawn) {
				k.Errorf("%s: %v", what, err)
			}
		}
		k.is(l, link.Withdrawn)
		if _, err := k.links.Reissue(k.ctx, l.ID); !errors.Is(err, patient.ErrNotFound) {
			k.Errorf("given again: %v", err)
		}
		if _, err := k.links.Withdraw(k.ctx, l.ID); err != nil {
			k.Errorf("ended: %v", err)
		}
	})
}

func TestADeadPatientHasNoLinks(t *testing.T) {
	each(t, func(k *kit) {
		l := k.make(nil)
		proof := k.visit(l)
		k.exec(`UPDATE patient SET deceased_at = $2 WHERE practice_group_id = $1`, k.group, k.clock)
		_, looked := k.links.Look(k.Context(), address(l))
		_, proved := k.links.Prove(k.Context(), address(l), birth)
		_, visited := k.links.Visit(k.Context(), address(l), proof)
		_, _, stayed := k.links.Visited(k.Context(), address(l), proof)
		for what, err := range map[string]error{"looked at": looked, "opened": proved, "shown": visited,
			"visited": stayed, "fetched": k.fetch(l, proof)} {
			if !errors.Is(err, link.ErrWithdrawn) {
				k.Errorf("%s: %v", what, err)
			}
		}
		k.is(l, link.Withdrawn)
		if _, err := k.links.Reissue(k.ctx, l.ID); !errors.Is(err, patient.ErrDeceased) {
			k.Errorf("given again: %v", err)
		}
		_, err := k.links.CreateAttachment(k.ctx, link.ToFile{Patient: k.ada, Name: "Letter.txt", Data: "RGVhciBBZGE="})
		if !errors.Is(err, patient.ErrDeceased) {
			k.Errorf("another: %v", err)
		}
	})
}

func TestAFileThatWentToAnotherRecordIsNotShown(t *testing.T) {
	each(t, func(k *kit) {
		l := k.make(nil)
		proof := k.visit(l)
		staff := access.With(k.Context(), access.Operator(k.group))
		bob, err := patienttest.Register(staff, k.patients, patient.Changes{FirstName: new("Bob"), LastName: new("Day"),
			BirthDate: &birth, Mobile: new("07700 900557")})
		k.must(err)
		k.exec(`UPDATE patient_attachment SET patient_id = $2 WHERE practice_group_id = $1`, k.group, bob)
		if err := k.fetch(l, proof); !errors.Is(err, link.ErrWithdrawn) {
			k.Errorf("fetched: %v", err)
		}
		if _, err := k.links.Visit(k.Context(), address(l), proof); !errors.Is(err, link.ErrWithdrawn) {
			k.Errorf("shown: %v", err)
		}
	})
}

func TestALinkNeedsADateOfBirth(t *testing.T) {
	each(t, func(k *kit) {
		k.exec(`UPDATE patient SET birth_date = '' WHERE practice_group_id = $1`, k.group)
		_, err := k.links.CreateAttachment(k.ctx, link.ToFile{Patient: k.ada, Name: "Letter.txt", Data: "RGVhciBBZGE="})
		if f := fault.Of(err); f.Kind != fault.Invalid || f.Fields[0].Path[0] != "patient" {
			k.Errorf("for a patient whom no date opens it to: %v", err)
		}
	})
}
