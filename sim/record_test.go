package sim_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"frontdesk/sim"
)

func TestAReadFindsOrRefuses(t *testing.T) {
	w := open(t)
	for _, c := range []struct {
		name, path string
		status     int
		code       string
	}{
		{"a published person", "/9000000009", 200, ""},
		{"a patient of the town", "/9990000018", 200, ""},
		{"a person not yet a patient", "/9991000003", 200, ""},
		{"a wrong check digit", "/9000000000", 400, "INVALID_RESOURCE_ID"},
		{"the specification's own wrong number", "/9000000015", 400, "INVALID_RESOURCE_ID"},
		{"a number without a check digit", "/9990000000", 400, "INVALID_RESOURCE_ID"},
		{"nine digits", "/900000000", 400, "INVALID_RESOURCE_ID"},
		{"letters", "/abcdefghij", 400, "INVALID_RESOURCE_ID"},
		{"a number that is not issued", "/9111231130", 404, "RESOURCE_NOT_FOUND"},
		{"a number withdrawn", "/9991000062", 404, "INVALIDATED_RESOURCE"},
		{"no number", "/", 400, "UNSUPPORTED_SERVICE"},
		{"a person's relations", "/9000000009/RelatedPerson", 400, "UNSUPPORTED_SERVICE"},
	} {
		t.Run(c.name, func(t *testing.T) { w.expect(w.get(c.path), c.status, c.code) })
	}
	r, err := w.do(http.MethodGet, "/somewhere/else", nil, nil)
	if err != nil || r.status != 404 {
		t.Errorf("got %v, %v", r, err)
	}
}

func TestEveryNumberInTheTownChecks(t *testing.T) {
	w := open(t)
	town, seen := sim.Brambleford(), map[string]bool{}
	var numbers []string
	for _, practice := range town.Practices {
		for _, p := range practice.Patients {
			numbers = append(numbers, p.NHSNumber)
		}
	}
	for _, who := range town.Residents {
		numbers = append(numbers, who.NHSNumber)
		if !strings.HasPrefix(who.NHSNumber, "999") {
			t.Errorf("%s could have been issued", who.NHSNumber)
		}
		for _, a := range who.Abodes {
			if !strings.HasPrefix(a.Postcode, "ZZ") {
				t.Errorf("%s lives at %s", who.NHSNumber, a.Postcode)
			}
		}
	}
	for _, number := range numbers {
		if r := w.get("/" + number); r.code() == "INVALID_RESOURCE_ID" || r.code() == "RESOURCE_NOT_FOUND" {
			t.Errorf("%s: %s", number, r.code())
		}
		if seen[number] {
			t.Errorf("two have %s", number)
		}
		seen[number] = true
	}
}

func TestAPatientIsWholeFHIR(t *testing.T) {
	w := open(t)
	r := w.get("/9990000042")
	w.expect(r, 200, "")
	for _, c := range []struct {
		want any
		path []any
	}{
		{"Patient", []any{"resourceType"}},
		{"9990000042", []any{"id"}},
		{"https://fhir.nhs.uk/Id/nhs-number", []any{"identifier", 0, "system"}},
		{"9990000042", []any{"identifier", 0, "value"}},
		{"01", []any{"identifier", 0, "extension", 0, "valueCodeableConcept", "coding", 0, "code"}},
		{"1", []any{"meta", "versionId"}},
		{"U", []any{"meta", "security", 0, "code"}},
		{"usual", []any{"name", 0, "use"}},
		{"Dr", []any{"name", 0, "prefix", 0}},
		{"Siân", []any{"name", 0, "given", 0}},
		{"O'Neill", []any{"name", 0, "family"}},
		{"female", []any{"gender"}},
		{"1968-03-01", []any{"birthDate"}},
		{"home", []any{"address", 0, "use"}},
		{"2 Chapel Hill", []any{"address", 0, "line", 0}},
		{"Westmarch", []any{"address", 0, "line", 2}},
		{"ZZ1 2AE", []any{"address", 0, "postalCode"}},
		{"phone", []any{"telecom", 0, "system"}},
		{"mobile", []any{"telecom", 0, "use"}},
		{"07700900104", []any{"telecom", 0, "value"}},
		{"sian@example.org", []any{"telecom", 1, "value"}},
		{"Organization", []any{"generalPractitioner", 0, "type"}},
		{"https://fhir.nhs.uk/Id/ods-organization-code", []any{"generalPractitioner", 0, "identifier", "system"}},
		{"Z99001", []any{"generalPractitioner", 0, "identifier", "value"}},
		{nil, []any{"deceasedDateTime"}},
		{nil, []any{"multipleBirthInteger"}},
	} {
		if got := at(r.body, c.path...); got != c.want {
			t.Errorf("%v is %v, want %v", c.path, got, c.want)
		}
	}
	if got := r.header.Get("ETag"); got != `W/"1"` {
		t.Errorf("the ETag is %s", got)
	}
	for number, gender := range map[string]string{"9990000026": "male", "9990000093": "other", "9991000127": "unknown"} {
		if got := w.get("/" + number).body["gender"]; got != gender {
			t.Errorf("%s is %v, want %s", number, got, gender)
		}
	}
}

func TestARecordMayHoldNothingButItsNumber(t *testing.T) {
	w := open(t)
	r := w.get("/9000000033")
	if got, want := slices.Sorted(maps.Keys(r.body)),
		[]string{"id", "identifier", "meta", "resourceType"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestRestrictedRecordsHaveNoAddress(t *testing.T) {
	w := open(t)
	for number, code := range map[string]string{"9000000025": "R", "9693632125": "R", "9991000011": "R",
		"9991000143": "V"} {
		r := w.get("/" + number)
		w.expect(r, 200, "")
		if got := at(r.body, "meta", "security", 0, "code"); got != code {
			t.Errorf("%s is %v, want %s", number, got, code)
		}
		for _, hidden := range []string{"address", "telecom", "generalPractitioner"} {
			if r.body[hidden] != nil {
				t.Errorf("%s tells %s", number, hidden)
			}
		}
	}
	r := w.search("family=Farouk&birthdate=1988-11-03&phone=07700900302")
	if at(r.body, "total") != 1.0 || at(r.body, "entry", 0, "resource", "id") != "9991000011" ||
		at(r.body, "entry", 0, "resource", "telecom") != nil {
		t.Errorf("a search told %v", r.body)
	}
	for _, where := range []string{"address-postalcode=ZZ1 2AB", "address-postcode=ZZ*", "general-practitioner=Z99003"} {
		if r := w.search("family=Farouk&birthdate=1988-11-03&" + where); at(r.body, "total") != 0.0 {
			t.Errorf("with %s it told %v", where, r.body)
		}
	}
}

func TestTheDeadAreSaidToBeDead(t *testing.T) {
	w := open(t)
	for number, died := range map[string]string{"9000000009": "2010-10-22", "9733163201": "2019-02-07",
		"9991000038": "2024-02-11"} {
		r := w.get("/" + number)
		if got := r.body["deceasedDateTime"]; got != died+"T00:00:00+00:00" {
			t.Errorf("%s died %v", number, got)
		}
		if at(r.body, "extension", 0, "extension", 0, "valueCodeableConcept", "coding", 0, "code") != "2" {
			t.Errorf("%s: %v", number, r.body["extension"])
		}
	}
}

func TestASupersededNumberLeadsToTheNewOne(t *testing.T) {
	w := open(t)
	for old, now := range map[string]string{"9991000046": "9991000054", "5900053636": "9732019395"} {
		r := w.get("/" + old)
		w.expect(r, 200, "")
		if r.body["id"] != now || at(r.body, "identifier", 0, "value") != now {
			t.Errorf("%s leads to %v, want %s", old, r.body["id"], now)
		}
	}
	r := w.search("family=Bevan&birthdate=1994-07-08") // the name of the old record only
	if at(r.body, "total") != 1.0 || at(r.body, "entry", 0, "resource", "id") != "9991000054" {
		t.Errorf("a search found %v", r.body)
	}
	if r := w.search("family=Cuff&birthdate=1926-01-07"); at(r.body, "total") != 1.0 { // both records match, as one person
		t.Errorf("a search found %v", r.body)
	}
	w.Supersede("9991000054", "9990000018")
	if got := w.get("/9991000046").body["id"]; got != "9990000018" {
		t.Errorf("twice over leads to %v", got)
	}
	w.Supersede("9990000018", "9991000046")
	w.get("/9991000046") // a ring has an end
	w.Supersede("9991000062", "9991000003")
	if got := w.get("/9991000062").body["id"]; got != "9991000003" {
		t.Errorf("a withdrawn number leads to %v", got)
	}
}

func TestDemographicsChangeWhileItRuns(t *testing.T) {
	w := open(t)
	if !w.Change("9990000018", func(who *sim.Resident) { who.Names[0].Family = "King" }) {
		t.Fatal("no record changed")
	}
	r := w.get("/9990000018")
	if at(r.body, "name", 0, "family") != "King" || at(r.body, "meta", "versionId") != "2" ||
		r.header.Get("ETag") != `W/"2"` {
		t.Errorf("got %v", r.body)
	}
	w.Put(sim.Resident{NHSNumber: "9990000018", Gender: "female"})
	if r := w.get("/9990000018"); r.body["name"] != nil || r.header.Get("ETag") != `W/"3"` {
		t.Errorf("got %v", r.body)
	}
	w.Put(sim.Resident{NHSNumber: "9991000151"})
	w.expect(w.get("/9991000151"), 200, "")
	if !w.Invalidate("9991000151") {
		t.Fatal("no record was invalidated")
	}
	w.expect(w.get("/9991000151"), 404, "INVALIDATED_RESOURCE")
	if w.Change("9111231130", func(*sim.Resident) {}) || w.Supersede("9111231130", "9990000018") ||
		w.Invalidate("9111231130") {
		t.Error("a person who is not there changed")
	}
}

func TestASearchIsRefused(t *testing.T) {
	w := open(t)
	long := strings.Repeat("é", 36)
	for _, c := range []struct {
		name, query string
		status      int
		code        string
	}{
		{"nothing asked", "", 400, "UNSUPPORTED_SERVICE"},
		{"an unknown parameter", "family=Smith&birthdate=eq2010-10-22&year=2003", 400, "ADDITIONAL_PROPERTIES"},
		{"a known one in capitals", "Family=Smith&birthdate=eq2010-10-22", 400, "ADDITIONAL_PROPERTIES"},
		{"no date of birth", "family=Smith", 400, "MISSING_VALUE"},
		{"a date of birth alone", "birthdate=2010-10-22", 400, "INVALID_SEARCH_DATA"},
		{"no family name", "given=Jane&birthdate=2010-10-22&gender=female", 400, "INVALID_SEARCH_DATA"},
		{"a fuzzy search without a given name or more", "family=Smith&birthdate=2010-10-22&_fuzzy-match=true", 400,
			"INVALID_SEARCH_DATA"},
		{"a fuzzy search with a gender and no postcode", "family=Smith&birthdate=2010-10-22&gender=female&_fuzzy-match=true",
			400, "INVALID_SEARCH_DATA"},
		{"a fuzzy search with a wildcard", "family=Smi*&given=Jane&birthdate=2010-10-22&_fuzzy-match=true", 400,
			"INVALID_SEARCH_DATA"},
		{"a fuzzy search with a wildcard in the postcode",
			"family=Smith&given=Jane&birthdate=2010-10-22&address-postalcode=LS*&_fuzzy-match=true", 400, "INVALID_SEARCH_DATA"},
		{"two postcodes", "family=Smith&birthdate=2010-10-22&address-postalcode=LS1 6AE&address-postcode=LS1 6AE", 400,
			"INVALID_SEARCH_DATA"},
		{"more than one result", "family=Smith&birthdate=2010-10-22&_max-results=2", 403, "INVALID_VALUE"},
		{"no results", "family=Smith&birthdate=2010-10-22&_max-results=0", 400, "INVALID_VALUE"},
		{"many results in words", "family=Smith&birthdate=2010-10-22&_max-results=all", 400, "INVALID_VALUE"},
		{"a date without hyphens", "family=Smith&birthdate=20101022", 400, "INVALID_VALUE"},
		{"a date there never was", "family=Smith&birthdate=2011-02-29", 400, "INVALID_VALUE"},
		{"a prefix that is not taken", "family=Smith&birthdate=gt2010-10-22", 400, "INVALID_VALUE"},
		{"a wrong date of death", "family=Smith&birthdate=2010-10-22&death-date=20101022", 400, "INVALID_VALUE"},
		{"a range that runs backwards", "family=Smith&birthdate=ge2010-10-23&birthdate=le2010-10-22", 400,
			"INVALID_SEARCH_DATA"},
		{"two exact dates", "family=Smith&birthdate=2010-10-22&birthdate=eq2010-10-22", 400, "INVALID_SEARCH_DATA"},
		{"two beginnings", "family=Smith&birthdate=ge2010-10-21&birthdate=ge2010-10-22", 400, "INVALID_SEARCH_DATA"},
		{"an unknown gender", "family=Smith&birthdate=2010-10-22&gender=mal", 400, "INVALID_VALUE"},
		{"a gender in capitals", "family=Smith&birthdate=2010-10-22&gender=Female", 400, "INVALID_VALUE"},
		{"a family name of 36 letters", "family=" + long + "&birthdate=2010-10-22", 400, "INVALID_VALUE"},
		{"a given name of 36 letters", "family=Smith&given=" + long + "&birthdate=2010-10-22", 400, "INVALID_VALUE"},
		{"an empty family name", "family=&birthdate=2010-10-22", 400, "INVALID_VALUE"},
		{"a wildcard after one letter", "family=S*&birthdate=2010-10-22", 400, "INVALID_VALUE"},
		{"a wildcard first", "family=Smith&given=*&birthdate=2010-10-22", 400, "INVALID_VALUE"},
		{"a wildcard after one letter of the postcode", "family=Smith&birthdate=2010-10-22&address-postalcode=L*", 400,
			"INVALID_VALUE"},
		{"a wildcard in an e-mail address", "family=Smith&birthdate=2010-10-22&email=jane*", 400, "INVALID_VALUE"},
		{"a wildcard in a telephone number", "family=Smith&birthdate=2010-10-22&phone=01632*", 400, "INVALID_VALUE"},
		{"a practice that is no ODS code", "family=Smith&birthdate=2010-10-22&general-practitioner=Y1*", 400,
			"INVALID_VALUE"},
		{"a switch that is neither on nor off", "family=Smith&birthdate=2010-10-22&_history=yes", 400, "INVALID_VALUE"},
		{"two family names", "family=Smith&family=Smyth&birthdate=2010-10-22", 400, "INVALID_VALUE"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.query == "" {
				w.expect(w.get(""), c.status, c.code)
				return
			}
			w.expect(w.search(c.query), c.status, c.code)
		})
	}
	r := w.search("model=focus&family=Smith&year=2003")
	if got := at(r.body, "issue", 0,
		"diagnostics"); got != "Invalid request with error - Additional properties are not allowed ('model', 'year' "+
		"were unexpected)" {
		t.Errorf("got %v", got)
	}
	if got := at(w.search("family=Smith&birthdate=2010-10-22&_max-results=2").body, "issue", 0,
		"code"); got != "forbidden" {
		t.Errorf("got %v", got)
	}
}

func TestASearchFinds(t *testing.T) {
	w := open(t)
	for _, c := range []struct{ name, query, want string }{
		{"a name and a date of birth", "family=Byron&birthdate=1985-12-10", "9990000018 1"},
		{"the same in other letters", "family=bYRON&given=ADA&birthdate=eq1985-12-10", "9990000018 1"},
		{"the most it may ask for", "family=Byron&birthdate=1985-12-10&_max-results=1", "9990000018 1"},
		{"a name with a wildcard", "family=By*n&birthdate=1985-12-10", "9990000018 0.95"},
		{"the published way to a unique match",
			"family=Mathison&given=Ala*&birthdate=eq1972-06-23&address-postalcode=ZZ*" +
				"&_history=true&_fuzzy-match=false&_exact-match=false",
			"9990000026 0.9"},
		{"a wildcard that matches nothing more", "family=Byron*&birthdate=1985-12-10", "9990000018 0.95"},
		{"a wildcard, exactly", "family=By*&birthdate=1985-12-10&_exact-match=true", ""},
		{"a name, exactly", "family=Byron&birthdate=1985-12-10&_exact-match=true", "9990000018 1"},
		{"part of a name without a wildcard", "family=Byr&birthdate=1985-12-10", ""},
		{"a dot that stands for itself", "family=By.on&birthdate=1985-12-10", ""},
		{"another date of birth", "family=Byron&birthdate=1985-12-11", ""},
		{"from a date", "family=Byron&birthdate=ge1985-12-10", "9990000018 1"},
		{"after it", "family=Byron&birthdate=ge1985-12-11", ""},
		{"to a date", "family=Byron&birthdate=le1985-12-10", "9990000018 1"},
		{"before it", "family=Byron&birthdate=le1985-12-09", ""},
		{"a range, last end first", "family=Byron&birthdate=le1985-12-31&birthdate=ge1985-12-01", "9990000018 1"},
		{"the right gender", "family=Byron&birthdate=1985-12-10&gender=female", "9990000018 1"},
		{"the wrong gender", "family=Byron&birthdate=1985-12-10&gender=male", ""},
		{"the postcode without its space", "family=Byron&birthdate=1985-12-10&address-postalcode=zz12ab", "9990000018 1"},
		{"the postcode by its old name", "family=Byron&birthdate=1985-12-10&address-postcode=ZZ1 2AB", "9990000018 1"},
		{"the start of a postcode", "family=Byron&birthdate=1985-12-10&address-postalcode=ZZ1 *", "9990000018 0.95"},
		{"another postcode", "family=Byron&birthdate=1985-12-10&address-postalcode=ZZ1 2AD", ""},
		{"the practice", "family=Byron&birthdate=1985-12-10&general-practitioner=Z99001", "9990000018 1"},
		{"another practice", "family=Byron&birthdate=1985-12-10&general-practitioner=Z99002", ""},
		{"the telephone number", "family=Byron&birthdate=1985-12-10&phone=07700900101", "9990000018 1"},
		{"the telephone number in other words", "family=Byron&birthdate=1985-12-10&phone=+447700900101", ""},
		{"the e-mail address in capitals", "family=Byron&birthdate=1985-12-10&email=ADA@EXAMPLE.ORG", "9990000018 1"},
		{"another person's e-mail address", "family=Byron&birthdate=1985-12-10&email=alan@example.org", ""},
		{"the date of death", "family=Tunney&birthdate=ge1980-01-01&death-date=le2019-02-28", "9733163201 1"},
		{"another date of death", "family=Tunney&birthdate=ge1980-01-01&death-date=eq2019-02-08", ""},
		{"a date of death of the living", "family=Byron&birthdate=1985-12-10&death-date=le2099-01-01", ""},
		{"marks and an apostrophe", "family=D'Arcy-Núñez&given=Zoë&birthdate=1983-04-12", "9991000119 1"},
		{"the marks left out", "family=D'Arcy-Nunez&given=Zoe&birthdate=1983-04-12", ""},
		{"a second given name", "family=Osei&given=Efua&birthdate=1979-03-27", "9991000097 1"},
		{"both given names as one", "family=Osei&given=Amara Efua&birthdate=1979-03-27", "9991000097 1"},
		{"both given names, apart", "family=Osei&given=Amara&given=Efua&birthdate=1979-03-27", "9991000097 1"},
		{"a nickname", "family=Osei&given=Mara&birthdate=1979-03-27", "9991000097 1"},
		{"given names of two of her names", "family=Osei&given=Mara&given=Efua&birthdate=1979-03-27", ""},
		{"a name she no longer has", "family=Boateng&birthdate=1979-03-27", ""},
		{"a name she no longer has, in history", "family=Boateng&birthdate=1979-03-27&_history=true", "9991000097 0.95"},
		{"an address she has left", "family=Osei&birthdate=1979-03-27&address-postalcode=ZZ2 1MP", ""},
		{"an address she has left, in history", "family=Osei&birthdate=1979-03-27&address-postalcode=ZZ2 1MP&_history=true",
			"9991000097 0.95"},
		{"a telephone number she no longer has", "family=Osei&birthdate=1979-03-27&phone=07700900317", ""},
		{"a telephone number she has not got yet", "family=Osei&birthdate=1979-03-27&phone=07700900398", ""},
		{"a temporary address", "family=Whitlock&birthdate=2004-10-05&address-postalcode=ZZ3 7WH", "9991000100 1"},
		{"twins by surname", "family=Penrose&birthdate=2012-02-29", "TOO_MANY_MATCHES"},
		{"twins the published way", "family=Penrose&given=Tam*&birthdate=2012-02-29&address-postalcode=ZZ*&_history=true",
			"TOO_MANY_MATCHES"},
		{"a twin by name", "family=Penrose&given=Tamara&birthdate=2012-02-29", "9991000089 1"},
		{"a number withdrawn", "family=Grey&birthdate=1975-09-30", ""},
		{"the published people",
			"family=Smith&gender=female&birthdate=ge2010-10-21&birthdate=le2010-10-23" +
				"&email=jane.smith@example.com&phone=01632960587", "9000000009 1"},
		{"the published people, too many", "family=Sm*&gender=female&birthdate=eq2010-10-22", "TOO_MANY_MATCHES"},
		{"several of one name", "family=YOUDS&birthdate=1970-01-24", "TOO_MANY_MATCHES"},
		{"one of them by gender", "family=YOUDS&birthdate=1970-01-24&gender=other", "9693633709 1"},
		{"a number of another country", "family=Muir&gender=male&birthdate=eq2017-09-06&phone=00917855986859",
			"9732019506 1"},
		{"a single match", "family=McMatch-Single&birthdate=1954-10-26&address-postalcode=BAP 4WG", "5900054586 1"},
		{"several matches", "family=McMatch-Multiple&birthdate=1997-08-20&address-postalcode=DN19 7UD", "TOO_MANY_MATCHES"},
		{"a sound, fuzzily", "family=Vaughn&given=Idriss&birthdate=1962-05-17&_fuzzy-match=true", "9991000003 0.9025"},
		{"a sound, not fuzzily", "family=Vaughn&given=Idris&birthdate=1962-05-17", ""},
		{"names the wrong way round, fuzzily", "family=Idris&given=Vaughan&birthdate=1962-05-17&_fuzzy-match=true",
			"9991000003 0.95"},
		{"the same exactly, fuzzily", "family=Vaughan&given=Idris&birthdate=1962-05-17&_fuzzy-match=true&_exact-match=true",
			"9991000003 1"},
		{"without a given name, fuzzily",
			"family=Vaughn&birthdate=1962-05-17&gender=male&address-postalcode=ZZ1 4VN&_fuzzy-match=true", "9991000003 0.95"},
		{"without a family name, fuzzily",
			"given=Idris&birthdate=1962-05-17&gender=male&address-postalcode=ZZ1 4VN&_fuzzy-match=true", "9991000003 1"},
		{"history, always, fuzzily", "family=Boateng&given=Amara&birthdate=1979-03-27&_fuzzy-match=true", "9991000097 0.95"},
		{"another practice, fuzzily",
			"family=Vaughan&given=Idris&birthdate=1962-05-17&general-practitioner=Z99001&_fuzzy-match=true", "9991000003 0.95"},
		{"marks left out, fuzzily",
			"family=ATTSÖN&given=PÀULINÉ&birthdate=1960-07-14&general-practitioner=A20047&_fuzzy-match=true",
			"TOO_MANY_MATCHES"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := w.search(c.query)
			got := r.code()
			if at(r.body, "total") == 1.0 {
				got = fmt.Sprint(at(r.body, "entry", 0, "resource", "id"), " ", at(r.body, "entry", 0, "search", "score"))
			}
			if r.status != 200 || got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestASearchIsABundle(t *testing.T) {
	w := open(t)
	r := w.search("family=Osei&birthdate=1979-03-27")
	who, _ := at(r.body, "entry", 0, "resource").(object)
	if r.body["resourceType"] != "Bundle" || r.body["type"] != "searchset" ||
		r.body["timestamp"] != "2026-03-02T09:00:00+00:00" ||
		at(r.body, "entry", 0, "fullUrl") != w.url+base+"/9991000097" {
		t.Errorf("got %v", r.body)
	}
	names, _ := who["name"].([]any)
	contacts, _ := who["telecom"].([]any)
	addresses, _ := who["address"].([]any)
	if len(names) != 2 || len(contacts) != 3 || len(addresses) != 1 {
		t.Errorf("a search tells %d names, %d contacts and %d addresses", len(names), len(contacts), len(addresses))
	}
	whole := w.get("/9991000097").body
	names, _ = whole["name"].([]any)
	contacts, _ = whole["telecom"].([]any)
	if len(names) != 3 || len(contacts) != 6 {
		t.Errorf("a read tells %d names and %d contacts", len(names), len(contacts))
	}
	if got := at(whole, "telecom", 0, "period", "end"); got != "2019-12-31" {
		t.Errorf("the old mobile number ends %v", got)
	}

	r = w.search("family=Whitlock&birthdate=2004-10-05")
	addresses, _ = at(r.body, "entry", 0, "resource", "address").([]any)
	if len(addresses) != 1 || at(addresses[0], "use") != "home" {
		t.Errorf("a search tells of %v", addresses)
	}
	if got := at(w.get("/9991000100").body, "address", 0, "text"); got != "Student Accommodation" {
		t.Errorf("a read tells of %v", got)
	}

	r = w.search("family=Unknown&birthdate=1979-03-27")
	if _, has := r.body["entry"]; has || r.body["total"] != 0.0 || r.body["resourceType"] != "Bundle" {
		t.Errorf("an unknown person was found as %v", r.body)
	}
	r = w.search("family=Penrose&birthdate=2012-02-29")
	w.expect(r, 200, "TOO_MANY_MATCHES")
	if at(r.body, "issue", 0, "severity") != "information" || at(r.body, "issue", 0, "code") != "multiple-matches" {
		t.Errorf("several were found as %v", r.body)
	}
}
