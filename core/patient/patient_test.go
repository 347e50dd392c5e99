package patient_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/demographics"
	"frontdesk/core/identifier"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/practice"
	"frontdesk/store"
	auditstore "frontdesk/store/audit"
	patientstore "frontdesk/store/patient"
	practicestore "frontdesk/store/practice"
	"frontdesk/store/storetest"
)

var now = patienttest.Now

func each(t *testing.T, test func(t *testing.T, db *store.DB, s *patient.Service, ctx context.Context)) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		clock := func() time.Time { return now }
		groups := &practice.Service{Store: practicestore.New(db), Now: clock, NewID: db.NewID}
		g, err := groups.CreateGroup(context.Background(), practice.Group{Name: "Mill Lane", Sandbox: true})
		if err != nil {
			t.Fatal(err)
		}
		test(t, db, &patient.Service{Store: patientstore.New(db), Now: clock, NewID: db.NewID},
			access.With(context.Background(), access.Operator(g.ID)))
	})
}

func TestNHSNumber(t *testing.T) {
	for in, want := range map[string]string{
		"999 000 0018": "9990000018", "999-000-0018": "9990000018", "9990000018": "9990000018",
		"9434765919": "9434765919",
		"9990000019": "", "1234567890": "", "123 456 7891": "", "": "", "999000001": "", "99900000180": "",
		"999000001x": "",
		"1111111111": "", "000 000 0000": "", "9999999999": "", "943\u00a0476\u00a05919": "9434765919",
		"943–476–5919": "9434765919", "\u200b9434765919": "9434765919", "９９９０００００１８": "",
	} {
		got, ok := input.ParseNHSNumber(in)
		if got != want || ok != (want != "") {
			t.Errorf("%q: got %q, %v", in, got, ok)
		}
	}
}

// TestNumbersForTestsAreRefusedOutsideTheSandbox goes through every way a number comes in.
func TestNumbersForTestsAreRefusedOutsideTheSandbox(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		k := patienttest.New(t, db)
		for _, sandbox := range []bool{true, false} {
			g, err := (&practice.Service{Store: practicestore.New(db), Now: func() time.Time { return now },
				NewID: db.NewID}).CreateGroup(
				context.Background(), practice.Group{Name: "High Street", Sandbox: sandbox})
			if err != nil {
				t.Fatal(err)
			}
			ctx := access.With(context.Background(), access.Operator(g.ID))
			_, registered := patienttest.Register(ctx, k.Patients, ada())
			_, traced := k.Demographics.Register(ctx, demographics.Registration{NHSNumber: new("9990000018"),
				BirthDate: new(input.DayOf(1985, 12, 10))})
			_, real := patienttest.Register(ctx, k.Patients, patient.Changes{FirstName: new("Ada"),
				LastName: new("Byron"), BirthDate: new(input.DayOf(1985, 12, 10)), Mobile: new("07700 900123"),
				NHSNumber: new("9434765919")})
			want := map[bool]string{true: "", false: "nhs_number"}[sandbox]
			if patienttest.Fields(registered) != want || patienttest.Fields(traced) != want || real != nil || sandbox &&
				errors.Join(registered, traced) != nil {
				t.Errorf("sandbox %v: got %v; %v; %v", sandbox, registered, traced, real)
			}
		}
	})
}

// FuzzNHSNumber checks Modulus 11 in another way round: with the check digit
// taken in, the weighted sum is a multiple of eleven.
func FuzzNHSNumber(f *testing.F) {
	f.Add("999 000 0018")
	f.Fuzz(func(t *testing.T, s string) {
		n, ok := input.ParseNHSNumber(s)
		if !ok {
			return
		}
		sum := 0
		for i, c := range n {
			sum += int(c-'0') * (10 - i)
		}
		if len(n) != 10 || sum%11 != 0 {
			t.Fatalf("%q was taken for %q", s, n)
		}
	})
}

func TestRegisterRefuses(t *testing.T) {
	each(t, func(t *testing.T, _ *store.DB, s *patient.Service, ctx context.Context) {
		for _, c := range []struct {
			name   string
			change func(*patient.Changes)
			want   string
		}{
			{"nothing wrong", func(*patient.Changes) {}, ""},
			{"an instant for a birth date",
				func(r *patient.Changes) { r.BirthDate = new(patient.ReadBirthDate("1985-12-10T00:00:00Z")) }, ""},
			{"an e-mail address instead of a mobile number", func(r *patient.Changes) {
				r.Mobile, r.Email = nil,
					new("ada@example.org")
			}, ""},
			{"neither", func(r *patient.Changes) { r.Mobile = nil }, "mobile"},
			{"no name", func(r *patient.Changes) { r.FirstName, r.LastName = new(""), new(" ") },
				"first_name last_name"},
			{"a name of two hundred characters",
				func(r *patient.Changes) { r.LastName = new(strings.Repeat("Ł", 200)) }, ""},
			{"a longer name", func(r *patient.Changes) { r.LastName = new(strings.Repeat("Ł", 201)) }, "last_name"},
			{"control characters in a name", func(r *patient.Changes) { r.FirstName = new("Ada\x07") }, "first_name"},
			{"a wrong check digit", func(r *patient.Changes) { r.NHSNumber = new("999 000 0019") }, "nhs_number"},
			{"ten equal digits, which are never issued",
				func(r *patient.Changes) { r.NHSNumber = new("111 111 1111") }, "nhs_number"},
			{"a birth date in the future", func(r *patient.Changes) { r.BirthDate = new(input.DayOf(2031, 1, 7)) },
				"birth_date"},
			{"today's birth date", func(r *patient.Changes) { r.BirthDate = new(input.DayOf(2031, 1, 6)) }, ""},
			{"a birth date before 1875", func(r *patient.Changes) { r.BirthDate = new(input.DayOf(1874, 12, 31)) },
				"birth_date"},
			{"a birth date that is none", func(r *patient.Changes) {
				r.BirthDate = new(patient.ReadBirthDate("10/12/1985"))
			}, "birth_date"},
			{"an unknown title", func(r *patient.Changes) { r.Title = new("Wizard") }, "title"},
			{"no title", func(r *patient.Changes) { r.Title = new("") }, ""},
			{"an unknown sex", func(r *patient.Changes) { r.Sex = new(patient.Sex("x")) }, "sex"},
			{"an unknown source", func(r *patient.Changes) { r.Source = new(patient.Source("rumour")) }, "source"},
			{"everything wrong", func(r *patient.Changes) {
				*r = patient.Changes{Mobile: new("1"), Email: new("x"), NHSNumber: new("1"), Landline: new("x")}
			}, "birth_date nhs_number first_name last_name mobile landline email"},
		} {
			t.Run(c.name, func(t *testing.T) {
				r := ada()
				r.NHSNumber = nil
				c.change(&r)
				_, err := patienttest.Register(ctx, s, r)
				if patienttest.Fields(err) != c.want || (c.want == "") != (err == nil) {
					t.Fatalf("got %q, %v", patienttest.Fields(err), err)
				}
			})
		}
	})
}

func TestRegisterBringsAKnownPatientUpToDate(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB, s *patient.Service, ctx context.Context) {
		id, err := patienttest.Register(ctx, s, ada())
		if err != nil {
			t.Fatal(err)
		}
		r := ada()
		r.LastName, r.Mobile, r.Email = new("King"), nil, new("ada@example.org")
		r.NHSNumber = new("9990000018")
		again, err := patienttest.Register(ctx, s, r)
		if err != nil || again != id {
			t.Fatalf("got %v, %v; want %v", again, err, id)
		}
		p, err := s.Patient(ctx, id)
		if err != nil || p.LastName != "King" || p.Mobile != "+447700900123" || p.Email != "ada@example.org" {
			t.Fatalf("got %+v, %v", p, err)
		}
		if _, err := patienttest.Register(ctx, s, r); err != nil { // nothing new
			t.Fatal(err)
		}
		who, _ := access.From(ctx)
		trail, err := auditstore.New(db).Trail(ctx, int64(who.Group), "patient", int64(id), 10)
		if err != nil || len(trail) != 2 || trail[1].Action != "patient.update" {
			t.Fatalf("audit trail %+v, %v", trail, err)
		}
		r.BirthDate = new(input.DayOf(1985, 12, 11))
		if _, err := patienttest.Register(ctx, s, r); !errors.Is(err, patient.ErrNHSNumberTaken) {
			t.Fatalf("another birth date: got %v", err)
		}
		r.NHSNumber = nil
		other, err := patienttest.Register(ctx, s, r)
		if err != nil || other == id {
			t.Fatalf("without an NHS number: got %v, %v", other, err)
		}
	})
}

func TestManyRegisterTheSamePersonAtOnce(t *testing.T) {
	each(t, func(t *testing.T, _ *store.DB, s *patient.Service, ctx context.Context) {
		got := make([]patient.ID, 20)
		var wait sync.WaitGroup
		for i := range got {
			wait.Go(func() {
				r := ada()
				r.Email = new(fmt.Sprintf("ada%d@example.org", i))
				var err error
				if got[i], err = patienttest.Register(ctx, s, r); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		for _, id := range got {
			if id != got[0] {
				t.Fatalf("several patients: %v", got)
			}
		}
		_, count, err := s.List(ctx, patient.Query{Count: true, Limit: 10})
		if err != nil || count != 1 {
			t.Fatalf("%d patients, %v", count, err)
		}
	})
}

// TestSearchFindsEveryNumberAndTheSecondHalfOfADoubleName asks both kinds of search for one patient among others.
func TestSearchFindsEveryNumberAndTheSecondHalfOfADoubleName(t *testing.T) {
	withKit(t, func(k *kit) {
		add := func(r patient.Changes) patient.ID { return k.Register(r) }
		ada := add(patient.Changes{
			FirstName: new("Ada-Marie"), LastName: new("Byron–King"), BirthDate: new(input.DayOf(1985, 12, 10)),
			NHSNumber: new("9434765919"), EHRPartnerID: new("E-77 12"),
			Mobile: new("07700 900101"), Landline: new("01632 960123"),
		})
		add(patient.Changes{FirstName: new("Grace"), LastName: new("Kingsley"),
			BirthDate: new(input.DayOf(1985, 12, 10)),
			Mobile:    new("07700 900102")})
		add(patient.Changes{FirstName: new("King"), LastName: new("Cole"), BirthDate: new(input.DayOf(1985, 12, 10)),
			Mobile: new("07700 900103")})
		neill := add(patient.Changes{FirstName: new("Siân"), LastName: new("O'Neill"),
			BirthDate: new(input.DayOf(1968, 3, 1)),
			Mobile:    new("07700 900104")})
		d, err := k.Identifiers.Save(k.Ctx, 0, identifier.Change{Name: new("Insurance"),
			Type: identifier.User})
		if err != nil {
			k.Fatal(err)
		}
		if _, err := k.Patients.AddNumber(k.Ctx, ada, d.ID, "ab 123-456"); err != nil {
			k.Fatal(err)
		}
		if _, err := k.Patients.AddPhone(k.Ctx, ada, patient.Phone{Kind: input.OfficePhone,
			Number: "0121 496 0000"}); err != nil {
			k.Fatal(err)
		}
		for text, want := range map[string][]patient.ID{
			"9434765919": {ada}, "943 476 5919": {ada}, "943-476-5919": {ada}, "943\u00a0476\u00a05919": {ada},
			"E-77 12": {ada}, "AB123456": {ada}, "ab 123 456": {ada}, "AB-123-456": {ada},
			"01632 960123": {ada}, "+44 1632 960123": {ada}, "07700900101": {ada}, "+447700900101": {ada},
			"0121 496 0000": {ada},
			ada.String():    {ada}, patient.SystemValue(ada): {ada}, "9434765918": nil, "0121 496 0001": nil,
			"byron-king": {ada}, "byron king": {ada}, "Byron—King": {ada}, "marie": {ada}, "ada marie": {ada},
			"o’neill": {neill}, "OʼNEILL": {neill}, "o`neill": {neill}, "o＇neill": {neill}, "oneill": {neill},
		} {
			found, n, err := k.Patients.List(k.Ctx, patient.Query{Text: text, Count: true, Limit: 9})
			var ids []patient.ID
			for _, p := range found {
				ids = append(ids, p.ID)
			}
			if err != nil || n != len(want) || !slices.Equal(ids, want) {
				k.Errorf("%q: got %v, %d, %v; want %v", text, ids, n, err, want)
			}
			list, _, err := k.Patients.List(k.Ctx, patient.Query{Field: patient.FieldAny, Text: text, Limit: 9})
			ids = nil
			for _, p := range list {
				ids = append(ids, p.ID)
			}
			if err != nil || !slices.Equal(ids, want) {
				k.Errorf("%q, listed: got %v, %v; want %v", text, ids, err, want)
			}
		}
		// Those whose surname begins with it come first, then whose full name does, then
		// whose name goes on with it; pages go through all three.
		var names []string
		for page := range 4 {
			found, n, err := k.Patients.List(k.Ctx, patient.Query{Text: "king", Count: true, Offset: page * 1,
				Limit: 1})
			if err != nil || n != 3 {
				k.Fatalf("page %d: %d, %v", page, n, err)
			}
			for _, p := range found {
				names = append(names, p.LastName)
			}
		}
		if strings.Join(names, " ") != "Kingsley Cole Byron–King" {
			k.Errorf("got %v", names)
		}
		for field, want := range map[patient.Field]int{patient.FieldLastName: 2, patient.FieldFirstName: 1} {
			if _, n, err := k.Patients.List(k.Ctx, patient.Query{Field: field, Text: "king", Count: true,
				Limit: 9}); err != nil || n != want {
				k.Errorf("%s: got %d, %v", field, n, err)
			}
		}
		// A name that is another now is not found by what it was.
		r := patient.Changes{FirstName: new("Ada"), LastName: new("Lovelace"),
			BirthDate: new(input.DayOf(1985, 12, 10)),
			NHSNumber: new("9434765919"), Mobile: new("07700 900101")}
		k.Register(r)
		if _, n, err := k.Patients.List(k.Ctx, patient.Query{Text: "king", Count: true, Limit: 9}); err != nil ||
			n != 2 {
			k.Errorf("got %d, %v", n, err)
		}
	})
}

func TestSearch(t *testing.T) {
	each(t, func(t *testing.T, _ *store.DB, s *patient.Service, ctx context.Context) {
		add := func(first, last, born string, more patient.Changes) {
			t.Helper()
			more.FirstName, more.LastName, more.BirthDate = &first, &last, new(patienttest.Date(born))
			if more.Mobile == nil {
				more.Mobile = new("07700 900999")
			}
			if _, err := patienttest.Register(ctx, s, more); err != nil {
				t.Fatal(err)
			}
		}
		add("Ada", "Byron", "1985-12-10", patient.Changes{NHSNumber: new("9990000018"), Email: new("Ada@Example.org")})
		add("Siân", "O'Neill", "1968-03-01", patient.Changes{EHRPartnerID: new("E-7")})
		add("Zofia", "Łuczak", "2015-04-30", patient.Changes{})
		add("Byron", "Müller-Straße", "1972-06-23", patient.Changes{Mobile: new("07700 900101")})
		for _, c := range []struct {
			field patient.Field
			text  string
			want  string
		}{
			{"", "", "Byron Łuczak Müller-Straße O'Neill"},
			{"", "byr", "Byron Müller-Straße"},
			{"", "ada byr", "Byron"},
			{"", "Byron, A", "Byron"},
			{"", "byron,", "Byron"},
			{"", "2015-04-30", "Łuczak"},
			{patient.FieldFullName, "zofia l", "Łuczak"},
			{"", "oneil", "O'Neill"},
			{"", "O’NEILL", "O'Neill"},
			{"", "999 000 0018", "Byron"},
			{"", "07700900101", "Müller-Straße"},
			{"", "ada@example.ORG", "Byron"},
			{patient.FieldLastName, "mul", "Müller-Straße"},
			{patient.FieldLastName, "muller strasse", "Müller-Straße"},
			{patient.FieldLastName, "luczak", "Łuczak"},
			{patient.FieldLastName, "yron", ""},
			{patient.FieldFirstName, "sian", "O'Neill"},
			{patient.FieldFirstName, "b", "Müller-Straße"},
			{patient.FieldEHRPartnerID, "E-7", "O'Neill"},
			{patient.FieldBirthDate, "2015-04-30", "Łuczak"},
			{patient.FieldMobile, "+44 7700 900999", "Byron Łuczak O'Neill"},
			{patient.FieldEMISID, "1", ""},
		} {
			t.Run(string(c.field)+" "+c.text, func(t *testing.T) {
				found, count, err := s.List(ctx, patient.Query{Field: c.field, Text: c.text, Count: true, Limit: 50})
				var names []string
				for _, p := range found {
					names = append(names, p.LastName)
				}
				if err != nil || strings.Join(names, " ") != c.want || count != len(found) {
					t.Fatalf("got %v, %d, %v", names, count, err)
				}
			})
		}
		found, count, err := s.List(ctx, patient.Query{Count: true, Offset: 1 * 3, Limit: 3})
		if err != nil || count != 4 || len(found) != 1 || found[0].LastName != "O'Neill" {
			t.Fatalf("the second page: %v of %d, %v", found, count, err)
		}
		if _, _, err := s.List(ctx, patient.Query{Field: patient.FieldMobile, Text: "x", Count: true,
			Limit: 1}); patienttest.Fields(err) != "search" {
			t.Fatalf("got %v", err)
		}
		if found, count, err := s.List(ctx, patient.Query{Count: true, Offset: 1e6 * 500, Limit: 500}); err != nil ||
			len(found) != 0 || count != 4 {
			t.Fatalf("beyond the last page: %v of %d, %v", found, count, err)
		}
	})
}
