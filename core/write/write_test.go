package write_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/write"
)

type id int64

type note struct{ Text string }

// shelf is a store of one note, and its own transaction.
type shelf struct {
	note note
	log  []string
}

func (s *shelf) Do(_ context.Context, fn func(*shelf) error) error {
	tx := &shelf{note: s.note, log: slices.Clone(s.log)}
	if err := fn(tx); err != nil {
		return err
	}
	*s = *tx
	return nil
}

func (s *shelf) Audit(_ context.Context, e access.Entry) error {
	s.log = append(s.log, e.Action+" of "+e.Entity+" "+string(e.Before)+" "+string(e.After))
	return nil
}

func (s *shelf) Lock(context.Context, access.GroupID, id) (note, error) { return s.note, nil }

func (s *shelf) Save(_ context.Context, _ access.GroupID, n note) error {
	s.note = n
	return nil
}

var notes = write.Kind[*shelf, id, note]{Needs: access.SettingsLabel, Lock: (*shelf).Lock, Save: (*shelf).Save}

func now() time.Time { return time.Date(2031, 1, 6, 9, 0, 0, 0, time.UTC) }

func caller(permissions ...access.Permission) context.Context {
	return access.With(context.Background(), access.Caller{Group: 1, Home: 1, Permissions: permissions})
}

// TestChangeCommitsWithItsAuditEntryOrNotAtAll changes a note well, to what it is, and badly.
func TestChangeCommitsWithItsAuditEntryOrNotAtAll(t *testing.T) {
	s, bad := &shelf{}, errors.New("bad")
	set := func(ctx context.Context, text string) error {
		_, err := notes.Change(ctx, now, s.Do, "note.update", 7, func(_ write.Edit[*shelf], n *note) error {
			switch text {
			case n.Text:
				return write.ErrSame
			case "bad":
				n.Text = text
				return bad
			}
			n.Text = text
			return nil
		})
		return err
	}
	for _, c := range []struct {
		ctx  context.Context
		text string
		want error
	}{
		{caller(access.SettingsLabel), "a", nil},
		{caller(access.SettingsLabel), "a", nil},
		{caller(access.SettingsLabel), "bad", bad},
		{caller(access.SeeLabels), "b", access.ErrPermission},
	} {
		if err := set(c.ctx, c.text); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.text, err, c.want)
		}
	}
	if want := `note.update of note {"Text":""} {"Text":"a"}`; s.note.Text != "a" ||
		!slices.Equal(s.log, []string{want}) {
		t.Errorf("got %+v", s)
	}
}
