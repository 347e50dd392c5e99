package e2e

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// anyone makes a booking link for anyone.
func (p *program) anyone(more map[string]any) answer {
	p.t.Helper()
	body := map[string]any{"appointment_type_id": p.slot(0)["appointment_type_id"]}
	for name, value := range more {
		body[name] = value
	}
	return p.ok("POST", "/v1/booking_links", body, key(p.creds.Keys["booking_links"]))
}

// who is what a visitor says of themselves. Born is as 2006-01-02, and by an NHS number or a postcode.
func who(first, last, born, by string) url.Values {
	day := strings.Split(born, "-")
	v := url.Values{"first_name": {first}, "last_name": {last}, "year": {day[0]}, "month": {day[1]}, "day": {day[2]},
		"nhs_number": {""}, "postcode": {""}}
	if strings.HasPrefix(by, "ZZ") {
		v.Set("postcode", by)
	} else {
		v.Set("nhs_number", by)
	}
	return v
}

func TestVisitorsOfALinkForAnyoneBookForThemselves(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		scope := key(p.creds.Keys["booking_links"])
		made := p.anyone(map[string]any{"maximum_use_count": 2})
		at := made.str("short_link")
		if made.Body["patient_id"] != nil || made.Body["new_patients"] != false {
			t.Fatalf("got %s", made.Text)
		}
		is := p.ok("GET", "/v1/links/status?id="+made.str("id"), nil, scope)
		if list, _ := is.Body["reference"].([]any); is.str("status") != "unused" || len(list) != 0 {
			t.Fatalf("got %s", is.Text)
		}
		var booked [2]string
		var browsers [2]*visitor
		for i, one := range []string{"byron", "mathison"} {
			patient := p.ok("GET", "/v1/patients?search="+one, nil).data()[0]
			browsers[i] = newVisitor(t)
			browsers[i].open(at, "Tell us who you are")
			by, _ := patient["nhs_number"].(string)
			when := browsers[i].send(at, who(patient["first_name"].(string), patient["last_name"].(string),
				patient["dob"].(string)[:10], by), "Choose a time")
			check := browsers[i].send(at+"/hold", url.Values{"time": {browsers[i].found(timeButton, when, 3*i)}},
				"Check your appointment")
			id := browsers[i].found(heldID, check, 0)
			browsers[i].send(at+"/book", url.Values{"a": {id}}, "Your appointment is booked")
			kept := p.ok("GET", "/v1/appointments/"+id, nil)
			if kept.str("patient_id") != patient["id"] || kept.str("link_id") != made.str("id") {
				t.Fatalf("got %s", kept.Text)
			}
			booked[i] = id
		}
		if booked[0] == booked[1] {
			t.Fatal("two visitors have one appointment")
		}
		// Neither sees the other's, nor can do anything to it.
		for i, b := range browsers {
			b.open(at+"/appointment?a="+booked[i], "Your appointment is booked")
			if status, text := b.fill(at+"/cancel", url.Values{"a": {booked[1-i]}}); status != http.StatusNotFound {
				t.Fatalf("%d %s", status, text)
			}
		}
		got := p.ok("GET", "/v1/booking_links/"+made.str("id"), nil, scope)
		if got.str("status") != "used" || got.Body["number_of_uses"] != 2.0 || got.Body["open_count"] != 2.0 {
			t.Fatalf("got %s", got.Text)
		}
		p.ok("PATCH", "/v1/booking_links/"+made.str("id"), map[string]any{"new_patients": true}, scope)
		again := p.ok("POST", "/v1/links/"+made.str("id")+"/reissue", nil, scope)
		if status, text := browsers[0].fill(at, who("Ada", "Byron", "1985-12-10", "ZZ1 2AB")); status != http.StatusNotFound {
			t.Fatalf("the old address: %d %s", status, text)
		}
		// A person who is no patient yet is registered, because the link says so.
		newVisitor(t).send(again.str("url"), who("Idris", "Vaughan", "1962-05-17", "999 100 0003"), "Choose a time")
		if found := p.ok("GET", "/v1/patients?search=vaughan", nil).data(); len(found) != 1 {
			t.Fatalf("got %v", found)
		}
	})
}

var (
	reference = regexp.MustCompile(`(class="reference">)([^<]+)`)
	secret    = regexp.MustCompile(`/verify/[\w-]+`)
)

func TestAVisitorLearnsNothingOfAnyRecord(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		at := p.anyone(nil).str("short_link")
		var first string
		for name, c := range map[string]struct {
			said   url.Values
			reason string // for staff
		}{
			"a number the service does not have": {who("Owen", "Vaughan", "1962-05-17", "999 000 0107"), "no_match"},
			"details the service does not have":  {who("Owen", "Vaughan", "1962-05-17", "ZZ1 4VN"), "no_match"},
			"a number withdrawn":                 {who("Dunstan", "Grey", "1975-09-30", "999 100 0062"), "no_match"},
			"another person's number":            {who("Idris", "Grey", "1962-05-17", "999 100 0003"), "details_differ"},
			"a twin":                             {who("Tamara", "Penrose", "2012-02-29", "999 100 0070"), "details_differ"},
			"a restricted record":                {who("Nadia", "Farouk", "1988-11-03", "999 100 0011"), "restricted"},
			"one very restricted":                {who("Elias", "Thorne", "1957-12-24", "999 100 0143"), "restricted"},
			"a person who has died":              {who("Walter", "Pemberton", "1931-01-19", "999 100 0038"), "deceased"},
			"a patient of another practice":      {who("Idris", "Vaughan", "1962-05-17", "ZZ1 4VN"), "elsewhere"},
		} {
			browser := newVisitor(t)
			browser.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			res, err := browser.PostForm(at, c.said)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			where := res.Header.Get("Location")
			for _, one := range []string{"Date", "X-Request-Id", "Location"} {
				res.Header.Del(one)
			}
			page, text := fetch(t, http.MethodGet, p.app.URL()+where, "")
			var seen strings.Builder
			if err := res.Header.Write(&seen); err != nil {
				t.Fatal(err)
			}
			seen.WriteString(res.Status + secret.ReplaceAllString(where+page.Status+reference.ReplaceAllString(text, "$1"),
				"/verify/x"))
			if !strings.Contains(text, "cannot be sure who you are") || !strings.Contains(text, "tel:") ||
				len(res.Cookies()) > 0 {
				t.Fatalf("%s: %s", name, text)
			}
			quoted := reference.FindStringSubmatch(text)
			if quoted == nil {
				t.Fatalf("%s: there is no reference: %s", name, text)
			}
			if got := p.ok("GET", "/v1/identity_checks/"+quoted[2], nil); got.str("reason") != c.reason {
				t.Errorf("%s: staff are told %s", name, got.Text)
			}
			if first == "" {
				first = seen.String()
			}
			if seen.String() != first {
				t.Errorf("%s is told apart:\n%s\n%s", name, seen.String(), first)
			}
		}
		if found := p.ok("GET", "/v1/patients?search=vaughan", nil).data(); len(found) != 0 {
			t.Fatalf("one was registered who was refused: %v", found)
		}
	})
}

func TestAVisitorWhoCannotBeLookedUpLosesNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		at := p.anyone(nil).str("short_link")
		browser := newVisitor(t)
		status, text := browser.fill(at, url.Values{"first_name": {"Zoë"}, "nhs_number": {"123"}})
		for _, says := range []string{"Enter your last name", "Enter your date of birth", `value="Zoë"`} {
			if status != http.StatusBadRequest || !strings.Contains(text, says) {
				t.Fatalf("%d, not %q: %s", status, says, text)
			}
		}
		if status, text = browser.fill(at, who("Ada", "Byron", "1985-12-10", "999 000 0019")); status !=
			http.StatusBadRequest || !strings.Contains(text, "Your NHS number must have 10 digits") {
			t.Fatalf("%d %s", status, text)
		}
		p.fails("503", 100)
		said := who("Zoë", "D'Arcy-Núñez", "1983-04-12", "ZZ1 6BC")
		status, text = browser.fill(at, said)
		if text = html.UnescapeString(text); status != http.StatusServiceUnavailable ||
			!strings.Contains(text, "Nothing you typed is lost") || !strings.Contains(text, `value="D'Arcy-Núñez"`) ||
			!strings.Contains(text, `value="1983"`) || !strings.Contains(text, `value="ZZ1 6BC"`) {
			t.Fatalf("%d %s", status, text)
		}
	})
}

func TestWrongDetailsPauseALinkForWhereTheyComeFrom(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		at := p.anyone(nil).str("short_link")
		browser := newVisitor(t)
		for range 10 {
			browser.send(at, who("Owen", "Vaughan", "1962-05-17", "ZZ1 4VN"), "cannot be sure who you are")
		}
		status, text := browser.fill(at, who("Ada", "Byron", "1985-12-10", "ZZ1 2AB"))
		if status != http.StatusTooManyRequests || !strings.Contains(text, "Try again in 60 minutes") ||
			!strings.Contains(text, "tel:") || !strings.Contains(text, `value="Byron"`) {
			t.Fatalf("%d %s", status, text)
		}
	})
}
