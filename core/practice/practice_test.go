package practice_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/practice"
	"frontdesk/store"
	auditstore "frontdesk/store/audit"
	keystore "frontdesk/store/key"
	practicestore "frontdesk/store/practice"
	"frontdesk/store/storetest"
)

var now = time.Date(2031, time.January, 6, 7, 0, 0, 0, time.UTC)

func ptr[T any](v T) *T { return &v }

// each runs a test with a practice group on each database.
func each(t *testing.T, test func(t *testing.T, db *store.DB, s *practice.Service, ctx context.Context)) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := &practice.Service{Store: practicestore.New(db), Now: func() time.Time { return now }, NewID: db.NewID}
		g, err := s.CreateGroup(context.Background(), practice.Group{Name: "Mill Lane"})
		if err != nil {
			t.Fatal(err)
		}
		test(t, db, s, access.With(context.Background(), access.Operator(g.ID)))
	})
}

func fieldOf(err error) string {
	var f *fault.Error
	if errors.As(err, &f) && len(f.Fields) > 0 {
		return f.Fields[0].Path[0]
	}
	return ""
}

func TestANewGroupHasSensibleSettings(t *testing.T) {
	each(t, func(t *testing.T, _ *store.DB, s *practice.Service, ctx context.Context) {
		g, err := s.Group(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if g.TimeZone != "Europe/London" || g.CancellationHours != 24 || g.WindowDays != 28 ||
			g.Sector != practice.NHS || g.Holidays != practice.EnglandAndWales {
			t.Fatalf("got %+v", g)
		}
	})
}

func TestUpdateGroup(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB, s *practice.Service, ctx context.Context) {
		for _, c := range []struct {
			name   string
			change practice.GroupChange
			field  string // that is refused
		}{
			{"a name and a telephone number", practice.GroupChange{Name: ptr("Mill Lane Surgery"),
				Phone: ptr("01632 960123")}, ""},
			{"no name", practice.GroupChange{Name: ptr(" ")}, "name"},
			{"no such zone", practice.GroupChange{TimeZone: ptr("Mars/Olympus")}, "timezone"},
			{"the machine's own zone", practice.GroupChange{TimeZone: ptr("Local")}, "timezone"},
			{"a policy of no hours", practice.GroupChange{CancellationHours: ptr(0)}, ""},
			{"a policy of less than none", practice.GroupChange{CancellationHours: ptr(-1)},
				"cancellation_policy_hours"},
			{"a window longer than a search", practice.GroupChange{WindowDays: ptr(93)}, "booking_window_days"},
			{"an e-mail address that is none", practice.GroupChange{Email: ptr("desk")}, "email"},
		} {
			t.Run(c.name, func(t *testing.T) {
				_, err := s.UpdateGroup(ctx, c.change)
				if fieldOf(err) != c.field || (c.field == "") != (err == nil) {
					t.Fatalf("got %v", err)
				}
			})
		}
		g, err := s.Group(ctx)
		if err != nil || g.Name != "Mill Lane Surgery" || g.Phone != "+441632960123" || g.CancellationHours != 0 {
			t.Fatalf("got %+v, %v", g, err)
		}
		trail, err := auditstore.New(db).Trail(ctx, int64(g.ID), "practice_group", int64(g.ID), 10)
		if err != nil || len(trail) != 3 { // created, and changed twice
			t.Fatalf("audit trail %+v, %v", trail, err)
		}
	})
}

func TestAKeyWithoutThePermissionChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, _ *store.DB, s *practice.Service, ctx context.Context) {
		g, err := s.Group(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]access.Caller{
			"no permission": {Group: g.ID, Home: g.ID, Permissions: access.OfKey(access.Scopes, nil)},
			"another group of the network": {Group: g.ID, Home: g.ID + 1, Permissions: access.OfKey(access.Scopes,
				access.KeyPermissions)},
			"another permission than setup": {Group: g.ID, Home: g.ID, Permissions: access.OfKey(nil,
				[]access.KeyPermission{access.AutoWriteToRecord})},
		} {
			t.Run(name, func(t *testing.T) {
				as := access.With(ctx, c)
				for what, err := range map[string]error{
					"group":    second(s.UpdateGroup(as, practice.GroupChange{Name: ptr("x")})),
					"location": second(s.CreateLocation(as, practice.LocationChange{Name: ptr("x")})),
					"person": second(s.CreatePractitioner(as, practice.PractitionerChange{FirstName: ptr("x"),
						LastName: ptr("y")})),
					"holiday": second(s.SetHoliday(as, practice.Holiday{Day: 22000, Name: "x"})),
					"network": s.JoinNetwork(as, "x"),
				} {
					if !errors.Is(err, access.ErrPermission) {
						t.Errorf("%s: got %v", what, err)
					}
				}
			})
		}
		if _, err := s.Group(context.Background()); !errors.Is(err, access.ErrNoCaller) {
			t.Fatalf("without a caller: got %v", err)
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestLocationsAndPractitioners(t *testing.T) {
	each(t, func(t *testing.T, _ *store.DB, s *practice.Service, ctx context.Context) {
		l, err := s.CreateLocation(ctx, practice.LocationChange{Name: ptr("Riverside"),
			Address: &practice.Address{Line1: "12 Quay Street", Postcode: "zz13qt"}})
		if err != nil || l.Address.Postcode != "ZZ1 3QT" || !l.Active {
			t.Fatalf("got %+v, %v", l, err)
		}
		if _, err := s.UpdateLocation(ctx, l.ID, practice.LocationChange{Active: ptr(false)}); err != nil {
			t.Fatal(err)
		}
		active, err1 := s.Locations(ctx, false)
		all, err2 := s.Locations(ctx, true)
		if len(active) != 0 || len(all) != 1 || all[0].Name != "Riverside" || err1 != nil || err2 != nil {
			t.Fatalf("active %v, all %v, %v %v", active, all, err1, err2)
		}
		if _, err := s.UpdateLocation(ctx, l.ID+1, practice.LocationChange{}); !errors.Is(err, practice.ErrLocationNotFound) {
			t.Fatalf("got %v", err)
		}
		p, err := s.CreatePractitioner(ctx, practice.PractitionerChange{FirstName: ptr("Maggie"),
			LastName: ptr("Doyle"), Profession: ptr(practice.Nurse)})
		if err != nil || p.Profession != practice.Nurse {
			t.Fatalf("got %+v, %v", p, err)
		}
		if _, err := s.UpdatePractitioner(ctx, p.ID,
			practice.PractitionerChange{Profession: ptr(practice.Profession("Wizard"))}); fieldOf(err) != "practitioner_type" {
			t.Fatalf("got %v", err)
		}
		if _, err := s.UpdatePractitioner(ctx, p.ID+1, practice.PractitionerChange{}); !errors.Is(err,
			practice.ErrPractitionerNotFound) {
			t.Fatalf("got %v", err)
		}
		if _, err := s.CreatePractitioner(ctx,
			practice.PractitionerChange{FirstName: ptr("x")}); fieldOf(err) != "last_name" {
			t.Fatalf("got %v", err)
		}
	})
}

func TestBankHolidaysByHand(t *testing.T) {
	each(t, func(t *testing.T, _ *store.DB, s *practice.Service, ctx context.Context) {
		christmas, _ := input.ParseDate("2031-12-25")
		eve := christmas - 1
		set := func(h practice.Holiday) {
			t.Helper()
			if _, err := s.SetHoliday(ctx, h); err != nil {
				t.Fatal(err)
			}
		}
		list := func() map[string]practice.Holiday {
			t.Helper()
			all, err := s.Holidays(ctx, eve, christmas+1)
			if err != nil {
				t.Fatal(err)
			}
			out := map[string]practice.Holiday{}
			for _, h := range all {
				out[h.Day.String()] = h
			}
			return out
		}
		set(practice.Holiday{Day: eve, Name: "Staff party", Closed: true})
		set(practice.Holiday{Day: christmas, Name: "Open for urgent care", Closed: false})
		got := list()
		if len(got) != 3 || !got["2031-12-24"].Closed || got["2031-12-25"].Closed || !got["2031-12-25"].ByHand ||
			!got["2031-12-26"].Closed {
			t.Fatalf("got %+v", got)
		}
		for range 2 { // twice is once
			if err := s.ResetHoliday(ctx, christmas); err != nil {
				t.Fatal(err)
			}
		}
		if got := list(); !got["2031-12-25"].Closed || got["2031-12-25"].ByHand {
			t.Fatalf("got %+v", got)
		}
		if _, err := s.Holidays(ctx, christmas, eve); fieldOf(err) != "end_date" {
			t.Fatalf("got %v", err)
		}
	})
}

func TestNetworks(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB, s *practice.Service, ctx context.Context) {
		one, err := s.Group(ctx)
		if err != nil {
			t.Fatal(err)
		}
		two, err := s.CreateGroup(ctx, practice.Group{Name: "Hub"})
		if err != nil {
			t.Fatal(err)
		}
		as := func(g practice.Group) context.Context { return access.With(ctx, access.Operator(g.ID)) }
		same := func(want bool) {
			t.Helper()
			got, err := keystore.New(db).SameNetwork(ctx, one.ID, two.ID)
			if err != nil || got != want {
				t.Fatalf("in one network: %v, %v; want %v", got, err, want)
			}
		}
		same(false)
		for range 2 { // twice is once
			if err := errors.Join(s.JoinNetwork(as(one), "Westmarch PCN"), s.JoinNetwork(as(two),
				"Other PCN")); err != nil {
				t.Fatal(err)
			}
		}
		same(false)
		if err := s.JoinNetwork(as(two), "Westmarch PCN"); err != nil {
			t.Fatal(err)
		}
		same(true)
		if err := s.LeaveNetwork(as(one), "Westmarch PCN"); err != nil {
			t.Fatal(err)
		}
		same(false)
	})
}

func TestMessagesGoOutByDay(t *testing.T) {
	day := practice.Group{TimeZone: "Europe/London", SendFrom: 8 * 60, SendUntil: 20 * 60}
	for _, c := range []struct{ at, want string }{
		{"2031-01-06T12:00:00Z", "2031-01-06T12:00:00Z"},
		{"2031-01-06T07:59:59Z", "2031-01-06T08:00:00Z"},
		{"2031-01-06T20:00:00Z", "2031-01-07T08:00:00Z"},
		{"2031-01-31T23:30:00Z", "2031-02-01T08:00:00Z"},
		{"2031-03-29T22:00:00Z", "2031-03-30T07:00:00Z"}, // the clocks go forward in the night
		{"2031-07-01T07:30:00Z", "2031-07-01T07:30:00Z"}, // half past eight, by the practice's clock
		{"2031-10-25T22:00:00Z", "2031-10-26T08:00:00Z"}, // and back
	} {
		at, _ := time.Parse(time.RFC3339, c.at)
		if got := day.NextSend(at); got.Format(time.RFC3339) != c.want {
			t.Errorf("%s: got %s, want %s", c.at, got.Format(time.RFC3339), c.want)
		}
	}
	night := time.Date(2031, 1, 6, 3, 0, 0, 0, time.UTC)
	if got := (practice.Group{TimeZone: "Europe/London", SendUntil: 1440}).NextSend(night); !got.Equal(night) {
		t.Errorf("without a window it waits until %s", got)
	}
}
