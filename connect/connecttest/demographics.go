package connecttest

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"frontdesk/core/demographics"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

// The people of NHS England's open sandbox, as its documentation lists them.
const (
	janeSmith   = "9000000009" // has died
	janetSmythe = "9000000025" // restricted
	bare        = "9000000033" // nothing but a number
	unissued    = "9111231130" // a right number that has not been issued
	miscounted  = "9000000000" // its check digit is wrong
)

// Demographics is what every demographics.PDS does. It asks for the people
// of NHS England's open sandbox alone, so that it can be run against that too.
//
// Source: NHS England, Personal Demographics Service FHIR API, sandbox test
// scenarios.
func Demographics(t *testing.T, d demographics.PDS, group practice.ID) {
	t.Helper()
	read := func(t *testing.T, number string) demographics.Person {
		t.Helper()
		p, err := d.Read(t.Context(), group, number)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	t.Run("a read finds who has a number", func(t *testing.T) { isJaneSmith(t, read(t, janeSmith)) })
	t.Run("a read may be repeated", func(t *testing.T) {
		if a, b := read(t, janeSmith), read(t, janeSmith); !reflect.DeepEqual(a, b) {
			t.Errorf("got %+v, then %+v", a, b)
		}
	})
	t.Run("a restricted record does not tell where the person is", func(t *testing.T) {
		p := read(t, janetSmythe)
		if !p.Restricted || p.LastName != "Smythe" {
			t.Errorf("got %+v", p)
		}
		if p.Address != (patient.Address{}) || p.Mobile+p.Landline+p.Email+p.Practice != "" {
			t.Errorf("it tells: %+v", p)
		}
	})
	t.Run("a record may hold nothing but its number", func(t *testing.T) {
		p := read(t, bare)
		if p.Version == "" {
			t.Error("there is no version")
		}
		want := demographics.Person{NHSNumber: bare, Version: p.Version, BirthDate: input.NoDate}
		if !reflect.DeepEqual(p, want) {
			t.Errorf("got %+v, want %+v", p, want)
		}
	})
	for name, number := range map[string]string{"a number that has not been issued": unissued,
		"a number whose check digit is wrong": miscounted, "no number": ""} {
		t.Run(name+" is not traced", func(t *testing.T) {
			if p, err := d.Read(t.Context(), group, number); !errors.Is(err, demographics.ErrNotTraced) {
				t.Errorf("got %+v, %v", p, err)
			}
		})
	}
	traces(t, d, group)
	t.Run("a caller who has gone gets no answer", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if p, err := d.Read(ctx, group, janeSmith); !errors.Is(err, demographics.ErrDown) {
			t.Errorf("got %+v, %v", p, err)
		}
	})
}

func isJaneSmith(t *testing.T, p demographics.Person) {
	t.Helper()
	if p.NHSNumber != janeSmith || p.FirstName != "Jane" || p.LastName != "Smith" || p.Title != "Mrs" ||
		p.Sex != "Female" || p.Restricted || p.Version == "" {
		t.Errorf("got %+v", p)
	}
	if want := input.DayOf(2010, time.October, 22); p.BirthDate != want {
		t.Errorf("born %v, want %v", p.BirthDate, want)
	}
	if want := time.Date(2010, 10, 22, 0, 0, 0, 0, time.UTC); !p.DeceasedAt.Equal(want) {
		t.Errorf("died %v, want %v", p.DeceasedAt, want)
	}
}

func traces(t *testing.T, d demographics.PDS, group practice.ID) {
	t.Helper()
	jane := demographics.Trace{FirstName: "Jane", LastName: "Smith", BirthDate: input.DayOf(2010, time.October, 22),
		Postcode: "LS1 6AE", Sex: "Female"}
	but := func(change func(*demographics.Trace)) demographics.Trace {
		out := jane
		change(&out)
		return out
	}
	for _, c := range []struct {
		name  string
		trace demographics.Trace
		want  error
	}{
		{"a trace finds the one person who matches, and reads their record", jane, nil},
		{"case does not matter to a trace", but(func(t *demographics.Trace) { t.LastName, t.Postcode = "smith", "ls16ae" }),
			nil},
		{"the second given name does not matter to a trace", but(func(t *demographics.Trace) { t.FirstName = "Jane Ann" }),
			nil},
		{"a trace for another birth date finds no person", but(func(t *demographics.Trace) { t.BirthDate++ }),
			demographics.ErrNotTraced},
		{"a trace for another postcode finds no person", but(func(t *demographics.Trace) { t.Postcode = "LS2 7UE" }),
			demographics.ErrNotTraced},
		{"a trace for another first name finds no person", but(func(t *demographics.Trace) { t.FirstName = "Joan" }),
			demographics.ErrNotTraced},
		{"a trace for an unknown surname finds no person", but(func(t *demographics.Trace) { t.LastName = "Unknownname" }),
			demographics.ErrNotTraced},
		{"an asterisk in a surname finds no person", but(func(t *demographics.Trace) { t.LastName = "Sm*" }),
			demographics.ErrNotTraced},
		{"an asterisk in a first name finds no person", but(func(t *demographics.Trace) { t.FirstName = "Jan*" }),
			demographics.ErrNotTraced},
		{"an asterisk in a postcode finds no person", but(func(t *demographics.Trace) { t.Postcode = "LS*" }),
			demographics.ErrNotTraced},
		{"a trace without a surname finds no person", but(func(t *demographics.Trace) { t.LastName = " " }),
			demographics.ErrNotTraced},
		{"a trace without a birth date finds no person", but(func(t *demographics.Trace) { t.BirthDate = input.NoDate }),
			demographics.ErrNotTraced},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := d.Trace(t.Context(), group, c.trace)
			if !errors.Is(err, c.want) {
				t.Fatalf("got %+v, %v, want %v", p, err, c.want)
			}
			if c.want == nil {
				isJaneSmith(t, p)
			}
		})
	}
}
