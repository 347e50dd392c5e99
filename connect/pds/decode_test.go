package pds

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"frontdesk/core/demographics"
	"frontdesk/core/input"
	"frontdesk/core/patient"
)

// noon is a Monday in 2026.
var noon = time.Date(2026, 3, 16, 12, 0, 0, 0, time.UTC)

func file(t testing.TB, name string) []byte {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestDecodePerson(t *testing.T) {
	for name, want := range map[string]demographics.Person{
		"everything": {
			NHSNumber: "9992000007", Version: "17", Title: "Dr", FirstName: "Rosalind Mary", LastName: "Ashgrove",
			BirthDate: input.DayOf(1978, time.February, 3), Sex: "Female",
			Mobile: "+447700900411", Landline: "+441632960411", Email: "rosalind@example.org",
			Address: patient.Address{Line1: "The Old Forge", Line2: "12 Smithy Lane", Line3: "Under Coombe",
				Town: "Brambleford", County: "Westmarch", Postcode: "ZZ1 4FG"},
			Practice: "Z99001",
		},
		"restricted": {
			NHSNumber: "9992000015", Version: "3", Title: "Mr", FirstName: "Osric", LastName: "Hythe",
			BirthDate: input.DayOf(1969, time.August, 30), Sex: "Male", Restricted: true,
		},
		"deceased": {
			NHSNumber: "9992000023", Version: "9", FirstName: "Edith", LastName: "Marl", BirthDate: input.DayOf(1940,
				time.November, 2), Sex: "Female",
			DeceasedAt: time.Date(2025, 7, 5, 0, 30, 0, 0, time.UTC),
		},
		"minimal": {NHSNumber: "9992000031", Version: "1", BirthDate: input.NoDate},
		"superseded": {
			NHSNumber: "9992000066", Version: "5", Title: "Mrs", FirstName: "Hafsa", LastName: "Nadeem",
			BirthDate: input.DayOf(1990, time.December, 12), Sex: "Female",
		},
		"several": {
			NHSNumber: "9992000074", Version: "21", FirstName: "Bronwen Elin", LastName: "Dacre",
			OtherNames: []string{"Sandys", "Tally-Ho"},
			BirthDate:  input.DayOf(1985, time.June, 1), Sex: "Other",
			Mobile: "+447700900423", Landline: "+441632960422", Email: "bronwen@example.org",
			Address:  patient.Address{Line1: "5 Home Street", Town: "Brambleford", Postcode: "ZZ1 1HM"},
			Practice: "Z99001",
		},
		"temporary": {
			NHSNumber: "9992000082", Version: "4", FirstName: "Tam", LastName: "Border", BirthDate: input.NoDate,
			Sex:    "Not known",
			Mobile: "+447700900431", Landline: "+917855986859",
			Address: patient.Address{Line1: "Room 7, Weir Hall", Line2: "Mill Street", Postcode: "ZZ3 7WH"},
		},
		"untidy": {
			NHSNumber: "9992000090", Version: "2", Title: "Mrs", FirstName: "Ada May Ann", LastName: "O’Neill Hart",
			BirthDate:  input.NoDate,
			DeceasedAt: time.Date(2026, 3, 16, 0, 0, 0, 0, time.UTC), Restricted: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := decode(file(t, name), noon)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(r.person, want) {
				t.Errorf("got  %+v\nwant %+v", r.person, want)
			}
		})
	}
}

func TestDecodeSearch(t *testing.T) {
	for _, c := range []struct {
		name, number string
		want         error
	}{{"one-person", "9992000007", nil}, {"no-person", "", demographics.ErrNotTraced},
		{"too-many", "", demographics.ErrSeveralTraced}} {
		if number, err := found(file(t, c.name)); number != c.number || !errors.Is(err, c.want) {
			t.Errorf("%s: got %q, %v", c.name, number, err)
		}
	}
}

func TestDetailsOutsideTheirPeriodAreIgnored(t *testing.T) {
	for _, c := range []struct {
		start, end string
		want       bool
	}{
		{"", "", true},
		{"2026-03-16", "", true},
		{"2026-03-17", "", false},
		{"2020-01-01", "2026-03-16", true},
		{"2020-01-01", "2026-03-15", false},
		{"", "2026-03-15", false},
		{"2026", "2026", true},
		{"2026-03", "2026-03", true},
		{"2026-04", "", false},
		{"", "2026-02", false},
		{"", "2025", false},
		{"2026-03-16T12:00:00Z", "", true},
		{"2026-03-16T12:00:01Z", "", false},
		{"2026-03-16T12:30:00+01:00", "", true},
		{"", "2026-03-16T12:00:00", true},
		{"", "2026-03-16T11:59:58Z", false},
		{"some time ago", "", true},
		{"", "not for ever", false},
	} {
		if got := (period{c.start, c.end}).current(noon); got != c.want {
			t.Errorf("%q to %q: got %v", c.start, c.end, got)
		}
	}
}

func TestUKMobileComesBeforeForeignMobile(t *testing.T) {
	phone := func(use, value string) contactPoint { return contactPoint{System: "phone", Use: use, Value: value} }
	for _, c := range []struct {
		name             string
		given            []contactPoint
		mobile, landline string
	}{
		{"both", []contactPoint{phone("mobile", "+353 87 123 4567"), phone("home", "07700 900123")}, "+447700900123",
			"+353871234567"},
		{"one of another country alone", []contactPoint{phone("mobile", "+353 87 123 4567")}, "+353871234567", ""},
		{"one with a landline", []contactPoint{phone("mobile", "00353 87 123 4567"), phone("home", "+353 1 555 0123")},
			"+353871234567", "+35315550123"},
		{"with what cannot be seen", []contactPoint{phone("mobile", "\u202a07700\u200b 900123\u202c")}, "+447700900123",
			""},
	} {
		if mobile, landline := telephones(c.given, noon); mobile != c.mobile || landline != c.landline {
			t.Errorf("%s: got %q and %q", c.name, mobile, landline)
		}
	}
}

func TestDateOfDeathIsKeptInEveryForm(t *testing.T) {
	today := time.Date(2026, 3, 16, 0, 0, 0, 0, time.UTC)
	for in, want := range map[string]time.Time{
		"": {}, "2019-02-07": time.Date(2019, 2, 7, 0, 0, 0, 0, time.UTC), "2019-02": time.Date(2019, 2, 1, 0, 0, 0, 0,
			time.UTC),
		"2019": time.Date(2019, 1, 1, 0, 0, 0, 0, time.UTC), "2019-07-07T00:30:00+01:00": time.Date(2019, 7, 6, 23, 30,
			0, 0, time.UTC),
		"2019-07-07T00:30:00": time.Date(2019, 7, 7, 0, 30, 0, 0, time.UTC), "2019-07-07T00:30:00.250Z": time.Date(2019,
			7, 7, 0, 30, 0, 250e6, time.UTC),
		"20190207": today, "0001-01-01": today, "9999-12-31": today, "2019-02-30": today, "-": today,
	} {
		if got := died(in, noon); !got.Equal(want) || got.Location() != time.UTC {
			t.Errorf("%q: got %v, want %v", in, got, want)
		}
	}
}

func TestUsualNameIsUsed(t *testing.T) {
	past := period{"2000-01-01", "2020-12-31"}
	name := func(use, family string, p period) humanName { return humanName{Use: use, Family: family, Period: p} }
	for _, c := range []struct {
		what   string
		names  []humanName
		last   string
		others []string
	}{
		{"an empty record has no name", nil, "", nil},
		{"the usual name", []humanName{name("temp", "B", period{}), name("official", "C", period{}),
			name("usual", "A", period{})}, "A", []string{"B", "C"}},
		{"else the official one", []humanName{name("temp", "B", period{}), name("official", "C", period{})}, "C",
			[]string{"B"}},
		{"else one in use", []humanName{name("maiden", "A", period{}), name("temp", "B", period{})}, "B",
			[]string{"A"}},
		{"the later of two usual ones", []humanName{name("usual", "A", period{Start: "2001-01-01"}),
			name("usual", "B", period{Start: "2002-01-01"})}, "B", []string{"A"}},
		{"a name whose time is over, when all are", []humanName{name("old", "B", past), name("usual", "A", past)}, "A",
			nil},
		{"even an old one", []humanName{name("old", "B", past)}, "B", nil},
	} {
		if _, _, last, others := called(c.names, noon); last != c.last || !slices.Equal(others, c.others) {
			t.Errorf("%s: got %q, %q", c.what, last, others)
		}
	}
	many := make([]humanName, 100)
	for i := range many {
		many[i] = name("temp", strings.Repeat("x", i+1), period{})
	}
	if _, _, last, others := called(many, noon); last != "x" || len(others) != maxOthers {
		t.Errorf("got %q and %d others", last, len(others))
	}
}

func TestAddressLines(t *testing.T) {
	for _, c := range []struct {
		lines []string
		want  patient.Address
	}{
		{[]string{"The Forge", "1 Lane", "Coombe", "Town", "County"}, patient.Address{Line1: "The Forge",
			Line2: "1 Lane", Line3: "Coombe", Town: "Town", County: "County"}},
		{[]string{"", "1 Lane", "", "Town", ""}, patient.Address{Line1: "1 Lane", Town: "Town"}},
		{[]string{" ", "", "Coombe", "Town", "County"}, patient.Address{Line1: "Coombe", Town: "Town",
			County: "County"}},
		{[]string{"", "1 Lane", "Coombe", "", "County"}, patient.Address{Line1: "1 Lane", Line2: "Coombe",
			County: "County"}},
		{[]string{"1 Lane", "Town"}, patient.Address{Line1: "1 Lane", Line2: "Town"}},
		{[]string{"a", "b", "c", "d", "e", "f", "g"}, patient.Address{Line1: "a", Line2: "b", Line3: "c", Town: "d",
			County: "e"}},
		{nil, patient.Address{}},
	} {
		if got := home([]address{{Use: "home", Line: c.lines}}, noon); got != c.want {
			t.Errorf("%q: got %+v", c.lines, got)
		}
	}
}

func TestPostcodeFormat(t *testing.T) {
	for in, want := range map[string]string{"zz11aj": "ZZ1 1AJ", "ZZ1  1AJ": "ZZ1 1AJ", "": "", "BAP4WG": "BAP 4WG",
		"elsewhere": "ELSEWHERE"} {
		if got := postcode(in); got != want {
			t.Errorf("%q: got %q", in, got)
		}
	}
}

// FuzzPatient feeds the decoder anything at all.
func FuzzPatient(f *testing.F) {
	names, err := filepath.Glob("testdata/*.json")
	if err != nil || len(names) == 0 {
		f.Fatal(names, err)
	}
	for _, name := range names {
		body, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if number, err := found(body); err == nil {
			if _, ok := input.ParseNHSNumber(number); !ok {
				t.Errorf("found %q", number)
			}
		}
		if code, _ := outcome(body); code != "" && !plainCode.MatchString(code) {
			t.Errorf("code %q", code)
		}
		r, err := decode(body, noon)
		if err != nil {
			if !reflect.DeepEqual(r, record{}) {
				t.Errorf("an error, and %+v", r)
			}
			return
		}
		r.agrees(demographics.Trace{FirstName: r.person.FirstName, LastName: r.person.LastName,
			BirthDate: r.person.BirthDate})
		valid(t, r.person)
	})
}

// valid checks that a person could be kept as they are.
func valid(t *testing.T, p demographics.Person) {
	t.Helper()
	if n, ok := input.ParseNHSNumber(p.NHSNumber); !ok || n != p.NHSNumber {
		t.Errorf("NHS number %q", p.NHSNumber)
	}
	var in input.Checks
	for name, texts := range map[string][2]string{
		"version":  {in.Text("version", p.Version, 64), p.Version},
		"first":    {in.Text("first", p.FirstName, patient.MaxName), p.FirstName},
		"last":     {in.Text("last", p.LastName, patient.MaxName), p.LastName},
		"line 1":   {in.Text("line 1", p.Address.Line1, 200), p.Address.Line1},
		"line 2":   {in.Text("line 2", p.Address.Line2, 200), p.Address.Line2},
		"line 3":   {in.Text("line 3", p.Address.Line3, 200), p.Address.Line3},
		"town":     {in.Text("town", p.Address.Town, 100), p.Address.Town},
		"county":   {in.Text("county", p.Address.County, 100), p.Address.County},
		"postcode": {in.Postcode("postcode", p.Address.Postcode), p.Address.Postcode},
		"mobile":   {in.Mobile("mobile", p.Mobile), p.Mobile}, "landline": {in.Telephone("landline", p.Landline),
			p.Landline}, "email": {in.Email("email", p.Email), p.Email},
	} {
		if texts[0] != texts[1] || !utf8.ValidString(texts[1]) {
			t.Errorf("%s is %q, and would be kept as %q", name, texts[1], texts[0])
		}
	}
	input.Choice(&in, "title", p.Title, patient.Titles)
	if p.Sex != "" {
		input.Choice(&in, "sex", p.Sex, patient.Sexes)
	}
	if err := in.Err(); err != nil {
		t.Error(err, p)
	}
	if strings.HasPrefix(p.Mobile, "+44") && !strings.HasPrefix(p.Mobile, "+447") {
		t.Errorf("mobile %q", p.Mobile)
	}
	if p.Address.Line1 == "" && p.Address.Line2+p.Address.Line3 != "" {
		t.Errorf("the first line is empty: %+v", p.Address)
	}
	if p.Practice != "" && !odsCode.MatchString(p.Practice) {
		t.Errorf("practice %q", p.Practice)
	}
	if p.Restricted && (p.Address != patient.Address{} || p.Mobile+p.Landline+p.Email+p.Practice != "") {
		t.Errorf("a restricted record tells %+v", p)
	}
	if _, err := json.Marshal(p); err != nil {
		t.Error(err)
	}
}

// FuzzDetails feeds the decoder records of the right shape with anything at all in them.
func FuzzDetails(f *testing.F) {
	f.Add("usual", "O’Neill", "07700 900411", "ada@example.org", "The Forge", "zz14fg", "2020-01-01", "2026-12-31")
	f.Add("temp", "\u202eenaJ", "00917855986859", "a@b", " ", "BAP4WG", "2026", "")
	f.Add("", strings.Repeat("é", 300), "+44 (0)7624 900123", "x", "\x00", "*", "-", "-")
	f.Fuzz(func(t *testing.T, use, name, phone, mail, line, code, from, to string) {
		during := period{from, to}
		var r resource
		r.Type, r.ID, r.Meta.Version, r.Gender, r.BirthDate, r.Deceased = "Patient", "9992000007", name, use, from, to
		r.Name = []humanName{{use, during, []string{line}, []string{name, line}, name}, {"temp", period{}, nil, nil,
			line}}
		r.Telecom = []contactPoint{{"phone", use, during, phone}, {"phone", "home", period{}, phone},
			{"email", use, during, mail}, {"email", "home", period{}, mail}}
		r.Address = []address{{use, during, []string{line, name, "", line}, code},
			{"home", period{}, []string{"", line, name}, code}}
		body, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decode(body, noon)
		if err != nil {
			t.Fatal(err)
		}
		valid(t, got.person)
	})
}
