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
	"frontdesk/core/chart"
	"frontdesk/core/fault"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/store"
	"frontdesk/store/storetest"
)

var now = time.Date(2031, time.January, 6, 7, 0, 0, 0, time.UTC)

func ptr[T any](v T) *T { return &v }

func each(t *testing.T, test func(t *testing.T, db *store.DB, s *patient.Service, ctx context.Context)) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		clock := func() time.Time { return now }
		groups := &practice.Service{Store: db.Practice(), Now: clock, NewID: db.NewID}
		g, err := groups.CreateGroup(context.Background(), practice.Group{Name: "Mill Lane", Sandbox: true})
		if err != nil {
			t.Fatal(err)
		}
		test(t, db, &patient.Service{Store: db.Patient(), Now: clock, NewID: db.NewID}, access.With(context.Background(), access.Operator(g.ID)))
	})
}

// ada is a registration that is right.
func ada() patient.Registration {
	return patient.Registration{FirstName: "Ada", LastName: "Byron", BirthDate: "1985-12-10", Mobile: ptr("07700 900123"), NHSNumber: ptr("999 000 0018")}
}

func fields(err error) string {
	var f *fault.Error
	var out []string
	if errors.As(err, &f) {
		for _, field := range f.Fields {
			out = append(out, strings.Join(field.Path, "."))
		}
	}
	return strings.Join(out, " ")
}

func TestNHSNumber(t *testing.T) {
	for in, want := range map[string]string{
		"999 000 0018": "9990000018", "999-000-0018": "9990000018", "9990000018": "9990000018", "9434765919": "9434765919",
		"9990000019": "", "1234567890": "", "123 456 7891": "", "": "", "999000001": "", "99900000180": "", "999000001x": "",
		"1111111111": "", "000 000 0000": "", "9999999999": "", "943\u00a0476\u00a05919": "9434765919", "943–476–5919": "9434765919", "\u200b9434765919": "9434765919", "９９９０００００１８": "",
	} {
		got, ok := patient.ParseNHSNumber(in)
		if got != want || ok != (want != "") {
			t.Errorf("%q: got %q, %v", in, got, ok)
		}
	}
}

// TestNumbersForTestsAreRefusedOutsideTheSandbox goes through every way a number
// comes in.
func TestNumbersForTestsAreRefusedOutsideTheSandbox(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		k := newKit(t, db)
		for _, sandbox := range []bool{true, false} {
			g, err := (&practice.Service{Store: db.Practice(), Now: func() time.Time { return now }, NewID: db.NewID}).CreateGroup(
				context.Background(), practice.Group{Name: "High Street", Sandbox: sandbox})
			if err != nil {
				t.Fatal(err)
			}
			ctx := access.With(context.Background(), access.Operator(g.ID))
			_, registered := k.s.Register(ctx, ada())
			_, traced := k.s.RegisterPDS(ctx, patient.PDSRegistration{NHSNumber: ptr("9990000018"), BirthDate: ptr("1985-12-10")})
			_, real := k.s.Register(ctx, patient.Registration{FirstName: "Ada", LastName: "Byron", BirthDate: "1985-12-10", Mobile: ptr("07700 900123"), NHSNumber: ptr("9434765919")})
			want := map[bool]string{true: "", false: "nhs_number"}[sandbox]
			if fields(registered) != want || fields(traced) != want || real != nil || sandbox && errors.Join(registered, traced) != nil {
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
		n, ok := patient.ParseNHSNumber(s)
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
			change func(*patient.Registration)
			want   string
		}{
			{"nothing wrong", func(*patient.Registration) {}, ""},
			{"an instant for a birth date", func(r *patient.Registration) { r.BirthDate = "1985-12-10T00:00:00Z" }, ""},
			{"an e-mail address instead of a mobile number", func(r *patient.Registration) { r.Mobile, r.Email = nil, ptr("ada@example.org") }, ""},
			{"neither", func(r *patient.Registration) { r.Mobile = nil }, "mobile"},
			{"no name", func(r *patient.Registration) { r.FirstName, r.LastName = "", " " }, "first_name last_name"},
			{"a name of two hundred characters", func(r *patient.Registration) { r.LastName = strings.Repeat("Ł", 200) }, ""},
			{"a longer name", func(r *patient.Registration) { r.LastName = strings.Repeat("Ł", 201) }, "last_name"},
			{"control characters in a name", func(r *patient.Registration) { r.FirstName = "Ada\x07" }, "first_name"},
			{"a wrong check digit", func(r *patient.Registration) { r.NHSNumber = ptr("999 000 0019") }, "nhs_number"},
			{"ten equal digits, which are nobody's number", func(r *patient.Registration) { r.NHSNumber = ptr("111 111 1111") }, "nhs_number"},
			{"a birth date in the future", func(r *patient.Registration) { r.BirthDate = "2031-01-07" }, "dob"},
			{"today's birth date", func(r *patient.Registration) { r.BirthDate = "2031-01-06" }, ""},
			{"a birth date before 1875", func(r *patient.Registration) { r.BirthDate = "1874-12-31" }, "dob"},
			{"a birth date that is none", func(r *patient.Registration) { r.BirthDate = "10/12/1985" }, "dob"},
			{"an unknown title", func(r *patient.Registration) { r.Title = ptr("Wizard") }, "title"},
			{"no title", func(r *patient.Registration) { r.Title = ptr("") }, ""},
			{"an unknown sex", func(r *patient.Registration) { r.Sex = ptr(patient.Sex("x")) }, "sex"},
			{"an unknown source", func(r *patient.Registration) { r.Source = ptr("rumour") }, "data_source"},
			{"everything wrong", func(r *patient.Registration) {
				*r = patient.Registration{Mobile: ptr("1"), Email: ptr("x"), NHSNumber: ptr("1"), Landline: ptr("x")}
			}, "dob nhs_number first_name last_name mobile landline email"},
		} {
			t.Run(c.name, func(t *testing.T) {
				r := ada()
				r.NHSNumber = nil
				c.change(&r)
				_, err := s.Register(ctx, r)
				if fields(err) != c.want || (c.want == "") != (err == nil) {
					t.Fatalf("got %q, %v", fields(err), err)
				}
			})
		}
	})
}

func TestRegisterBringsAKnownPatientUpToDate(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB, s *patient.Service, ctx context.Context) {
		id, err := s.Register(ctx, ada())
		if err != nil {
			t.Fatal(err)
		}
		r := ada()
		r.LastName, r.Mobile, r.Email = "King", nil, ptr("ada@example.org")
		r.NHSNumber = ptr("9990000018")
		again, err := s.Register(ctx, r)
		if err != nil || again != id {
			t.Fatalf("got %v, %v; want %v", again, err, id)
		}
		p, err := s.Patient(ctx, id)
		if err != nil || p.LastName != "King" || p.Mobile != "+447700900123" || p.Email != "ada@example.org" {
			t.Fatalf("got %+v, %v", p, err)
		}
		if _, err := s.Register(ctx, r); err != nil { // nothing new
			t.Fatal(err)
		}
		who, _ := access.From(ctx)
		trail, err := db.Trail(ctx, int64(who.Group), "patient", int64(id), 10)
		if err != nil || len(trail) != 2 || trail[1].Action != "patient.update" {
			t.Fatalf("audit trail %+v, %v", trail, err)
		}
		r.BirthDate = "1985-12-11"
		if _, err := s.Register(ctx, r); !errors.Is(err, patient.ErrNHSNumberTaken) {
			t.Fatalf("another birth date: got %v", err)
		}
		r.NHSNumber = nil
		other, err := s.Register(ctx, r)
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
				r.Email = ptr(fmt.Sprintf("ada%d@example.org", i))
				var err error
				if got[i], err = s.Register(ctx, r); err != nil {
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
		_, count, err := s.Search(ctx, patient.Search{PageSize: 10})
		if err != nil || count != 1 {
			t.Fatalf("%d patients, %v", count, err)
		}
	})
}

// TestSearchFindsEveryNumberAndTheSecondHalfOfADoubleName asks both kinds of search
// for one patient among others.
func TestSearchFindsEveryNumberAndTheSecondHalfOfADoubleName(t *testing.T) {
	withKit(t, func(k *kit) {
		add := func(r patient.Registration) patient.ID { return k.register(r) }
		ada := add(patient.Registration{
			FirstName: "Ada-Marie", LastName: "Byron–King", BirthDate: "1985-12-10", NHSNumber: ptr("9434765919"), EHRPartnerID: ptr("E-77 12"),
			Mobile: ptr("07700 900101"), Landline: ptr("01632 960123"),
		})
		add(patient.Registration{FirstName: "Grace", LastName: "Kingsley", BirthDate: "1985-12-10", Mobile: ptr("07700 900102")})
		add(patient.Registration{FirstName: "King", LastName: "Cole", BirthDate: "1985-12-10", Mobile: ptr("07700 900103")})
		neill := add(patient.Registration{FirstName: "Siân", LastName: "O'Neill", BirthDate: "1968-03-01", Mobile: ptr("07700 900104")})
		charts := &chart.Service{Store: k.db.Chart(), Patients: k.s, Now: func() time.Time { return k.clock }, NewID: k.db.NewID}
		d, err := charts.SaveDefinition(k.ctx, 0, chart.DefinitionChange{Name: ptr("Insurance"), Type: chart.TypeUser})
		if err != nil {
			k.Fatal(err)
		}
		if _, err := charts.AddNumber(k.ctx, ada, d.ID, "ab 123-456"); err != nil {
			k.Fatal(err)
		}
		if _, err := charts.AddPhone(k.ctx, ada, "Office", "0121 496 0000"); err != nil {
			k.Fatal(err)
		}
		for text, want := range map[string][]patient.ID{
			"9434765919": {ada}, "943 476 5919": {ada}, "943-476-5919": {ada}, "943\u00a0476\u00a05919": {ada},
			"E-77 12": {ada}, "AB123456": {ada}, "ab 123 456": {ada}, "AB-123-456": {ada},
			"01632 960123": {ada}, "+44 1632 960123": {ada}, "07700900101": {ada}, "+447700900101": {ada}, "0121 496 0000": {ada},
			ada.String(): {ada}, chart.SystemValue(ada): {ada}, "9434765918": nil, "0121 496 0001": nil,
			"byron-king": {ada}, "byron king": {ada}, "Byron—King": {ada}, "marie": {ada}, "ada marie": {ada},
			"o’neill": {neill}, "OʼNEILL": {neill}, "o`neill": {neill}, "o＇neill": {neill}, "oneill": {neill},
		} {
			found, n, err := k.s.Search(k.ctx, patient.Search{Text: text, PageSize: 9})
			var ids []patient.ID
			for _, p := range found {
				ids = append(ids, p.ID)
			}
			if err != nil || n != len(want) || !slices.Equal(ids, want) {
				k.Errorf("%q: got %v, %d, %v; want %v", text, ids, n, err, want)
			}
			list, err := k.s.PeopleList(k.ctx, patient.PeopleQuery{Search: text, Limit: 9})
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
			found, n, err := k.s.Search(k.ctx, patient.Search{Text: "king", PageIndex: page, PageSize: 1})
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
			if _, n, err := k.s.Search(k.ctx, patient.Search{Field: field, Text: "king", PageSize: 9}); err != nil || n != want {
				k.Errorf("%s: got %d, %v", field, n, err)
			}
		}
		// A name that is another now is not found by what it was.
		r := patient.Registration{FirstName: "Ada", LastName: "Lovelace", BirthDate: "1985-12-10", NHSNumber: ptr("9434765919"), Mobile: ptr("07700 900101")}
		k.register(r)
		if _, n, err := k.s.Search(k.ctx, patient.Search{Text: "king", PageSize: 9}); err != nil || n != 2 {
			k.Errorf("got %d, %v", n, err)
		}
	})
}

func TestSearch(t *testing.T) {
	each(t, func(t *testing.T, _ *store.DB, s *patient.Service, ctx context.Context) {
		add := func(first, last, born string, more patient.Registration) {
			t.Helper()
			more.FirstName, more.LastName, more.BirthDate = first, last, born
			if more.Mobile == nil {
				more.Mobile = ptr("07700 900999")
			}
			if _, err := s.Register(ctx, more); err != nil {
				t.Fatal(err)
			}
		}
		add("Ada", "Byron", "1985-12-10", patient.Registration{NHSNumber: ptr("9990000018"), Email: ptr("Ada@Example.org")})
		add("Siân", "O'Neill", "1968-03-01", patient.Registration{EHRPartnerID: ptr("E-7")})
		add("Zofia", "Łuczak", "2015-04-30", patient.Registration{})
		add("Byron", "Müller-Straße", "1972-06-23", patient.Registration{Mobile: ptr("07700 900101")})
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
				found, count, err := s.Search(ctx, patient.Search{Field: c.field, Text: c.text, PageSize: 50})
				var names []string
				for _, p := range found {
					names = append(names, p.LastName)
				}
				if err != nil || strings.Join(names, " ") != c.want || count != len(found) {
					t.Fatalf("got %v, %d, %v", names, count, err)
				}
			})
		}
		found, count, err := s.Search(ctx, patient.Search{PageIndex: 1, PageSize: 3})
		if err != nil || count != 4 || len(found) != 1 || found[0].LastName != "O'Neill" {
			t.Fatalf("the second page: %v of %d, %v", found, count, err)
		}
		if _, _, err := s.Search(ctx, patient.Search{Field: patient.FieldMobile, Text: "x", PageSize: 1}); fields(err) != "search" {
			t.Fatalf("got %v", err)
		}
		if found, count, err := s.Search(ctx, patient.Search{PageIndex: 1e6, PageSize: 500}); err != nil || len(found) != 0 || count != 4 {
			t.Fatalf("beyond the last page: %v of %d, %v", found, count, err)
		}
	})
}
