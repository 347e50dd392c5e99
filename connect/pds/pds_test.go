package pds_test

import (
	"errors"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"frontdesk/connect/connecttest"
	"frontdesk/connect/pds"
	"frontdesk/core/demographics"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/sim"
)

func TestSimulatorIsDemographicsService(t *testing.T) {
	t.Run("with a token", func(t *testing.T) { connecttest.Demographics(t, build(t, nil).client, group) })
	t.Run("without one", func(t *testing.T) {
		connecttest.Demographics(t, build(t, func(o *options) { o.open = true }).client, group)
	})
}

// TestOpenSandboxIsDemographicsService asks NHS England's own sandbox, or
// whatever else FRONTDESK_PDS_SANDBOX is the base URL of, without a token.
func TestOpenSandboxIsDemographicsService(t *testing.T) {
	base := os.Getenv("FRONTDESK_PDS_SANDBOX")
	if base == "" {
		t.Skip("FRONTDESK_PDS_SANDBOX names no base URL")
	}
	c, err := pds.New(pds.Settings{BaseURL: base}, pds.Options{})
	if err != nil {
		t.Fatal(err)
	}
	connecttest.Demographics(t, c, group)
}

func TestReadDistinguishesEveryKindOfPerson(t *testing.T) {
	w := build(t, nil)
	t.Run("a person with an ordinary record", func(t *testing.T) {
		p, err := w.read(t, vaughan)
		if err != nil || p.NHSNumber != vaughan || p.Mobile != "+447700900301" || p.Email != "idris@example.org" ||
			p.Address.Postcode != "ZZ1 4VN" || p.Practice != "Z99003" {
			t.Errorf("got %+v, %v", p, err)
		}
	})
	t.Run("a number may be written with spaces", func(t *testing.T) {
		if p, err := w.read(t, "999 100 0003"); err != nil || p.NHSNumber != vaughan {
			t.Errorf("got %+v, %v", p, err)
		}
	})
	t.Run("a superseded number gives the new one", func(t *testing.T) {
		if p, err := w.read(t, "9991000046"); err != nil || p.NHSNumber != holt || p.LastName != "Holt" {
			t.Errorf("got %+v, %v", p, err)
		}
	})
	t.Run("a withdrawn number is told apart from an unknown one", func(t *testing.T) {
		if _, err := w.read(t, "9991000062"); !errors.Is(err, demographics.ErrNumberInvalid) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a very restricted person is restricted", func(t *testing.T) {
		if p, err := w.read(t, "9991000143"); err != nil || !p.Restricted || p.Address != (patient.Address{}) ||
			p.Mobile != "" {
			t.Errorf("got %+v, %v", p, err)
		}
	})
	t.Run("a person who has died", func(t *testing.T) {
		if p, err := w.read(t, "9991000038"); err != nil || !p.DeceasedAt.Equal(time.Date(2024, 2, 11, 0, 0, 0, 0,
			time.UTC)) {
			t.Errorf("got %+v, %v", p, err)
		}
	})
	t.Run("what is current today", func(t *testing.T) {
		p, err := w.read(t, "9991000097")
		if err != nil || p.LastName != "Osei" || p.Title != "Dr" || p.Mobile != "+447700900307" ||
			p.Landline != "+441632960307" || p.Email != "amara@example.org" || p.Address.Postcode != "ZZ2 5KS" {
			t.Errorf("got %+v, %v", p, err)
		}
	})
	t.Run("a number that cannot be one is not asked for", func(t *testing.T) {
		before := len(w.people())
		for _, number := range []string{"", "9000000000", "90000000", "../Patient", "9000000009/RelatedPerson"} {
			if _, err := w.read(t, number); !errors.Is(err, demographics.ErrNotTraced) {
				t.Errorf("%q: got %v", number, err)
			}
		}
		if after := len(w.people()); after != before {
			t.Errorf("%d requests were sent", after-before)
		}
	})
}

func TestTraceFindsExactlyOnePerson(t *testing.T) {
	w := build(t, nil)
	born := input.DayOf
	for _, c := range []struct {
		name, number string
		trace        demographics.Trace
		want         error
	}{
		{"by all there is", vaughan, demographics.Trace{FirstName: "Idris", LastName: "Vaughan", BirthDate: born(1962,
			5, 17), Postcode: "ZZ1 4VN", Sex: "Male"}, nil},
		{"by surname and birth date alone", vaughan, demographics.Trace{LastName: "Vaughan", BirthDate: born(1962, 5,
			17)}, nil},
		{"a sex that is not known is not asked for", vaughan, demographics.Trace{LastName: "Vaughan",
			BirthDate: born(1962, 5, 17), Sex: "Not known"}, nil},
		{"the other sex", "", demographics.Trace{LastName: "Vaughan", BirthDate: born(1962, 5, 17), Sex: "Female"},
			demographics.ErrNotTraced},
		{"with a curly apostrophe", "9991000119", demographics.Trace{FirstName: "Zoë", LastName: "D’Arcy-Núñez",
			BirthDate: born(1983, 4, 12), Postcode: "zz1 6bc"}, nil},
		{"written in capitals over there", "9991000135", demographics.Trace{FirstName: "Arjun", LastName: "Pillai",
			BirthDate: born(1970, 8, 15), Postcode: "ZZ1 1AJ"}, nil},
		{"twins are told apart by name", "9991000070", demographics.Trace{FirstName: "Tamsin", LastName: "Penrose",
			BirthDate: born(2012, 2, 29), Postcode: "ZZ1 3QT"}, nil},
		{"twins without a name are several", "", demographics.Trace{LastName: "Penrose", BirthDate: born(2012, 2, 29)},
			demographics.ErrSeveralTraced},
		{"a restricted person is not found by postcode", "", demographics.Trace{LastName: "Farouk",
			BirthDate: born(1988, 11, 3), Postcode: "ZZ1 2AB"}, demographics.ErrNotTraced},
		{"a restricted person is found without one", "9991000011", demographics.Trace{FirstName: "Nadia",
			LastName: "Farouk", BirthDate: born(1988, 11, 3)}, nil},
		{"a person whose number has been withdrawn is not found", "", demographics.Trace{LastName: "Grey",
			BirthDate: born(1975, 9, 30)}, demographics.ErrNotTraced},
		{"a name longer than the service holds", "", demographics.Trace{LastName: strings.Repeat("n", 36),
			BirthDate: born(1975, 9, 30)}, demographics.ErrNotTraced},
		{"a name with a control character", "", demographics.Trace{LastName: "Vaug\x00han", BirthDate: born(1962, 5,
			17)}, demographics.ErrNotTraced},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := w.client.Trace(t.Context(), group, c.trace)
			if !errors.Is(err, c.want) || p.NHSNumber != c.number {
				t.Errorf("got %+v, %v", p, err)
			}
		})
	}
}

func TestImpossibleSearchIsNotSent(t *testing.T) {
	w := build(t, nil)
	for _, sought := range []demographics.Trace{
		{}, {LastName: "Vaughan", BirthDate: input.NoDate}, {LastName: "Vaugh*", BirthDate: input.DayOf(1962, 5, 17)},
		{LastName: "Vaughan", FirstName: "Idr*", BirthDate: input.DayOf(1962, 5, 17)}, {LastName: "Vaughan",
			BirthDate: input.DayOf(1962, 5, 17), Postcode: "ZZ1*"},
		{LastName: "Vaughan", FirstName: strings.Repeat("n", 36), BirthDate: input.DayOf(1962, 5, 17)},
	} {
		if _, err := w.client.Trace(t.Context(), group, sought); !errors.Is(err, demographics.ErrNotTraced) {
			t.Errorf("%+v: got %v", sought, err)
		}
	}
	if seen := w.Requests(); len(seen) != 0 {
		t.Errorf("%d requests were sent", len(seen))
	}
}

func TestSearchSendsOnlyWhatItNeeds(t *testing.T) {
	w := build(t, nil)
	_, err := w.client.Trace(t.Context(), group, demographics.Trace{FirstName: " Zoë  Ann", LastName: "D'Arcy-Núñez",
		BirthDate: input.DayOf(1983, 4, 12), Postcode: "zz16bc", Sex: "Female"})
	if err != nil {
		t.Fatal(err)
	}
	seen := w.people()
	if len(seen) != 2 || seen[0].RequestID == seen[1].RequestID || seen[0].CorrelationID != seen[1].CorrelationID ||
		seen[0].CorrelationID == "" {
		t.Fatalf("a search and a read are two requests of one call: %+v", seen)
	}
	got, err := url.ParseQuery(seen[0].Query)
	if err != nil {
		t.Fatal(err)
	}
	want := url.Values{
		"family": {"D'Arcy-Núñez"}, "given": {"Zoë"}, "birthdate": {"eq1983-04-12"}, "address-postalcode": {"ZZ1 6BC"},
		"gender":       {"female"},
		"_max-results": {"1"}, "_exact-match": {"false"}, "_fuzzy-match": {"false"}, "_history": {"false"},
	}
	if got.Encode() != want.Encode() {
		t.Errorf("got %v, want %v", got, want)
	}
	if strings.Contains(seen[0].Query, "+") {
		t.Errorf("a space was sent as a plus sign: %s", seen[0].Query)
	}
}

// TestAnswerThatDoesNotMatchIsRefused has a service that finds the same person whatever it is asked for.
func TestAnswerThatDoesNotMatchIsRefused(t *testing.T) {
	whole := `{"resourceType": "Patient", "id": "9991000003", "meta": {"security": [{"code": "%s"}]},
		"birthDate": "1962-05-17", "gender": "male",
		"name": [{"use": "usual", "family": "Vaughan", "given": ["Idris"]},
			{"use": "maiden", "family": "Prys-Jones", "given": ["Idris"], "period": {"end": "1990-01-01"}},
			{"use": "nickname", "given": ["Idris"]}],
		"address": [{"use": "home", "postalCode": "ZZ1 4VN"}]}`
	code := "U"
	w := build(t, func(o *options) {
		o.open = true
		o.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body := strings.Replace(whole, "%s", code, 1)
			if r.URL.RawQuery != "" {
				body = `{"resourceType": "Bundle", "total": 1, "entry": [{"resource": ` + body + `}]}`
			}
			_, _ = w.Write([]byte(body))
		})
	})
	right := demographics.Trace{FirstName: "Idris", LastName: "Vaughan", BirthDate: input.DayOf(1962, 5, 17),
		Postcode: "ZZ1 4VN", Sex: "Male"}
	for _, c := range []struct {
		name, code string
		change     func(*demographics.Trace)
		want       error
	}{
		{"all agrees", "U", func(*demographics.Trace) {}, nil},
		{"accents and case differ", "U", func(t *demographics.Trace) { t.LastName = "VAÚGHAN" }, nil},
		{"by a former surname", "U", func(t *demographics.Trace) { t.LastName = "Prys Jones" }, nil},
		{"another surname", "U", func(t *demographics.Trace) { t.LastName = "Vaughn" }, demographics.ErrNotTraced},
		{"a surname of punctuation", "U", func(t *demographics.Trace) { t.LastName = "--" }, demographics.ErrNotTraced},
		{"another first name", "U", func(t *demographics.Trace) { t.FirstName = "Iorwerth" },
			demographics.ErrNotTraced},
		{"another birth date", "U", func(t *demographics.Trace) { t.BirthDate++ }, demographics.ErrNotTraced},
		{"another postcode", "U", func(t *demographics.Trace) { t.Postcode = "ZZ1 4VP" }, demographics.ErrNotTraced},
		{"another sex", "U", func(t *demographics.Trace) { t.Sex = "Female" }, demographics.ErrNotTraced},
		{"another postcode of a restricted record", "R", func(t *demographics.Trace) { t.Postcode = "ZZ1 4VP" }, nil},
		{"another birth date of a restricted record", "R", func(t *demographics.Trace) { t.BirthDate++ },
			demographics.ErrNotTraced},
	} {
		t.Run(c.name, func(t *testing.T) {
			code = c.code
			sought := right
			c.change(&sought)
			if p, err := w.client.Trace(t.Context(), group, sought); !errors.Is(err, c.want) {
				t.Errorf("got %+v, %v", p, err)
			}
		})
	}
}

var uuid4 = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func TestRequestsCarryTheRequiredHeaders(t *testing.T) {
	var got http.Header
	w := build(t, func(o *options) {
		inner := o.handler
		o.settings.ODSCode = " z99001 "
		o.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, prefix) {
				got = r.Header.Clone()
			}
			inner.ServeHTTP(w, r)
		})
	})
	if _, err := w.read(t, vaughan); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"NHSD-End-User-Organisation-ODS": "Z99001",
		"Accept": "application/fhir+json", "User-Agent": "frontdesk"} {
		if got.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, got.Get(name), want)
		}
	}
	if !strings.HasPrefix(got.Get("Authorization"), "Bearer ") {
		t.Error("there is no token")
	}
	if id := got.Get("X-Request-ID"); !uuid4.MatchString(id) {
		t.Errorf("X-Request-ID is %q", id)
	}
	for _, c := range []struct {
		name, id string
		kept     bool
	}{
		{"a UUID is kept", "0b0c6d0e-4c4a-4a54-9f0a-2b4b3f6d7c11", true},
		{"random letters are kept", "JZ3MQ7H4XK2VJ5W6TQ7YB2R4PA", true},
		{"dots are not for this header", "0b0c6d0e.4c4a.4a54.9f0a.2b4b3f6d7c11", false},
		{"a short word is not", "abc", false},
		{"what may be an NHS number is not", "9991000003-9991000003", false},
		{"a line break is not", "0b0c6d0e-4c4a-4a54\r\nX: y", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := w.client.Read(pds.WithCorrelation(t.Context(), c.id), group, vaughan); err != nil {
				t.Fatal(err)
			}
			id := got.Get("X-Correlation-ID")
			if (id == c.id) != c.kept || !c.kept && !uuid4.MatchString(id) {
				t.Errorf("got %q", id)
			}
		})
	}
}

func TestBaseURLMayHavePathPrefixAndTrailingSlash(t *testing.T) {
	for name, base := range map[string]string{
		"a prefix": "/" + prefix, "a prefix and a slash": "/" + prefix + "/", "a slash": "//",
		"another prefix": "//sandbox/r4",
	} {
		t.Run(name, func(t *testing.T) {
			w := build(t, func(o *options) {
				o.settings.BaseURL, o.open = base, true
				inner := o.handler
				o.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					_, rest, _ := strings.Cut(r.URL.Path, "/Patient")
					if own := strings.TrimSuffix(base[1:], "/"); r.URL.Path != own+"/Patient"+rest {
						t.Errorf("asked for %s", r.URL.Path)
					}
					r.URL.Path = prefix + "/Patient" + rest
					inner.ServeHTTP(w, r)
				})
			})
			if _, err := w.read(t, vaughan); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("no path at all", func(t *testing.T) {
		w := build(t, func(o *options) { o.open = true })
		server := build(t, func(o *options) {
			o.open = true
			o.handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				r.URL.Path = prefix + r.URL.Path
				w.ServeHTTP(rw, r)
			})
		})
		c, err := pds.New(pds.Settings{BaseURL: server.url}, pds.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Read(t.Context(), group, vaughan); err != nil {
			t.Error(err)
		}
	})
}

func TestSettingsThatCannotWorkAreRefused(t *testing.T) {
	whole := pds.Settings{
		BaseURL: "https://api.example/FHIR/R4", TokenURL: "https://api.example/oauth2/token", APIKey: "a", KeyID: "k",
		Key: key(), ODSCode: "Z99001",
	}
	for _, c := range []struct {
		name   string
		change func(*pds.Settings)
		ok     bool
	}{
		{"all there is", func(*pds.Settings) {}, true},
		{"this machine may be asked in the clear", func(s *pds.Settings) {
			s.BaseURL,
				s.TokenURL = "http://127.0.0.1:8080", "http://localhost/t"
		}, true},
		{"and by IPv6", func(s *pds.Settings) { s.BaseURL = "http://[::1]:8080/x" }, true},
		{"no token and no key", func(s *pds.Settings) { *s = pds.Settings{BaseURL: "https://sandbox.example"} }, true},
		{"no base URL", func(s *pds.Settings) { s.BaseURL = "" }, false},
		{"a base URL that is none", func(s *pds.Settings) { s.BaseURL = "api.example" }, false},
		{"another machine in the clear", func(s *pds.Settings) { s.BaseURL = "http://api.example" }, false},
		{"a token in the clear", func(s *pds.Settings) { s.TokenURL = "http://127.0.0.1.example/token" }, false},
		{"another scheme", func(s *pds.Settings) { s.BaseURL = "ftp://127.0.0.1" }, false},
		{"a base URL with a query", func(s *pds.Settings) { s.BaseURL += "?a=b" }, false},
		{"a base URL with a password", func(s *pds.Settings) { s.BaseURL = "https://a:b@api.example" }, false},
		{"no API key", func(s *pds.Settings) { s.APIKey = "" }, false},
		{"no key id", func(s *pds.Settings) { s.KeyID = "" }, false},
		{"no key", func(s *pds.Settings) { s.Key = nil }, false},
		{"no practice", func(s *pds.Settings) { s.ODSCode = "" }, false},
		{"a practice that is none", func(s *pds.Settings) { s.ODSCode = "Z99001\r\nX: y" }, false},
		{"a negative rate", func(s *pds.Settings) { s.PerSecond = -1 }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := whole
			c.change(&s)
			if _, err := pds.New(s, pds.Options{}); (err == nil) != c.ok {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestChangesOverThereAreSeenAtTheNextRead(t *testing.T) {
	w := build(t, nil)
	before, err := w.read(t, vaughan)
	if err != nil {
		t.Fatal(err)
	}
	w.Change(vaughan, func(r *sim.Resident) { r.Died = "2026-03-01" })
	after, err := w.read(t, vaughan)
	if err != nil || after.DeceasedAt.IsZero() || after.Version == before.Version {
		t.Errorf("got %+v, %v", after, err)
	}
	w.Supersede(vaughan, holt)
	if p, err := w.read(t, vaughan); err != nil || p.NHSNumber != holt {
		t.Errorf("got %+v, %v", p, err)
	}
	w.Invalidate(holt)
	if _, err := w.read(t, vaughan); !errors.Is(err, demographics.ErrNumberInvalid) {
		t.Errorf("got %v", err)
	}
}
