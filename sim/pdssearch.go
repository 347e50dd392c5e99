package sim

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"frontdesk/sim/nhsapi"
)

// search is what a caller looks for.
type search struct {
	family, gender          string
	given                   []string
	born, died              Period
	postcode, gp            string
	email, phone            string
	fuzzy, exact, history   bool
	diedGiven, wherePatient bool // a date of death; a postcode or a practice
}

const (
	maxName = 35
	// What each way of matching less than exactly takes off the score of 1. The
	// specification says only that such a match scores less.
	inexact = 0.05
)

var (
	dateShape    = regexp.MustCompile(`^(eq|ge|le)?([0-9]{4}-[0-9]{2}-[0-9]{2})$`)
	repeatable   = []string{"given", "birthdate", "death-date"}
	searchParams = []string{
		"_fuzzy-match", "_exact-match", "_history", "_max-results", "family", "given", "gender", "birthdate",
		"death-date",
		"address-postalcode", "address-postcode", "general-practitioner", "email", "phone",
	}
)

// invalid refuses the value of a parameter.
func invalid(value, field string) *answer {
	a := outcome(http.StatusBadRequest, "INVALID_VALUE", fmt.Sprintf("Invalid value - '%s' in field '%s'", value,
		field))
	return &a
}

// combination refuses parameters that do not go together.
func combination(why string) *answer {
	a := outcome(http.StatusBadRequest, "INVALID_SEARCH_DATA", fmt.Sprintf("Invalid search data provided - '%s'", why))
	return &a
}

// search answers GET Patient?…, as an application on its own may ask it: one
// match is told, several are not.
func (p *PDS) search(r *http.Request) answer {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return *invalid(r.URL.RawQuery, "query")
	}
	s, refused := parseSearch(query)
	if refused != nil {
		return *refused
	}
	today := p.today()
	found := map[string]float64{}
	for _, who := range p.people {
		score := s.score(who, today)
		if score == 0 || s.exact && score < 1 {
			continue
		}
		// Whose number has been superseded is found as who they are now.
		now := p.follow(who.NHSNumber)
		if now == nil || now.Invalidated || s.wherePatient && (who.restricted() || now.restricted()) {
			continue
		}
		found[now.NHSNumber] = max(found[now.NHSNumber], score)
	}
	if len(found) > 1 {
		return outcome(http.StatusOK, "TOO_MANY_MATCHES", "")
	}
	bundle := object{
		"resourceType": "Bundle", "type": "searchset", "total": len(found),
		"timestamp": p.now().UTC().Format("2006-01-02T15:04:05-07:00"),
	}
	for number, score := range found { // an empty list would not be FHIR
		bundle["entry"] = list{object{
			"fullUrl":  nhsapi.Origin(r) + patientPath + "/" + number,
			"search":   object{"score": math.Round(score*10000) / 10000},
			"resource": p.people[number].patient(true, today),
		}}
	}
	return answer{status: http.StatusOK, media: fhirType, body: bundle}
}

// parseSearch reads the parameters, by the specification's rules.
func parseSearch(query url.Values) (s search, refused *answer) {
	if len(query) == 0 {
		a := outcome(http.StatusBadRequest, "UNSUPPORTED_SERVICE", "")
		return s, &a
	}
	if refused = allowed(query); refused != nil {
		return s, refused
	}
	s = search{
		family: query.Get("family"), given: query["given"], gender: query.Get("gender"),
		postcode: cmp.Or(query.Get("address-postalcode"), query.Get("address-postcode")),
		gp:       query.Get("general-practitioner"),
		email:    query.Get("email"), phone: query.Get("phone"),
		fuzzy: query.Get("_fuzzy-match") == "true", exact: query.Get("_exact-match") == "true",
		history:   query.Get("_history") == "true",
		diedGiven: query.Has("death-date"),
	}
	s.wherePatient = s.postcode != "" || s.gp != ""
	if s.born, refused = dates("birthdate", query); refused != nil {
		return s, refused
	}
	if s.died, refused = dates("death-date", query); refused != nil {
		return s, refused
	}
	switch {
	case !query.Has("birthdate"):
		a := outcome(http.StatusBadRequest, "MISSING_VALUE",
			"Missing value - 'birth_date/birth_date_range_start/birth_date_range_end'")
		return s, &a
	case !s.enough():
		return s, combination("No searches were performed as the search criteria did not meet the minimum requirements")
	case query.Has("address-postalcode") && query.Has("address-postcode"):
		return s, combination("Both address-postalcode and address-postcode provided")
	case s.fuzzy && strings.Contains(s.family+strings.Join(s.given, "")+s.postcode, "*"):
		return s, combination("Wildcards are not allowed in a fuzzy search")
	}
	return s, nil
}

// allowed refuses parameters that do not exist, and values that they may not
// have whatever the others are.
func allowed(query url.Values) *answer {
	var unknown []string
	for _, name := range slices.Sorted(maps.Keys(query)) {
		if !slices.Contains(searchParams, name) {
			unknown = append(unknown, "'"+name+"'")
		}
	}
	if len(unknown) > 0 {
		verb := "were"
		if len(unknown) == 1 {
			verb = "was"
		}
		a := outcome(http.StatusBadRequest, "ADDITIONAL_PROPERTIES",
			fmt.Sprintf("Invalid request with error - Additional properties are not allowed (%s %s unexpected)",
				strings.Join(unknown, ", "), verb))
		return &a
	}
	for _, name := range slices.Sorted(maps.Keys(query)) {
		if values := query[name]; len(values) > 1 && !slices.Contains(repeatable, name) {
			return invalid(strings.Join(values, ","), name)
		}
		for _, value := range query[name] {
			if refused := allowedValue(name, value); refused != nil {
				return refused
			}
		}
	}
	return nil
}

func allowedValue(name, value string) *answer {
	ok := value != ""
	switch name {
	case "_fuzzy-match", "_exact-match", "_history":
		ok = value == "true" || value == "false"
	case "_max-results":
		n, err := strconv.Atoi(value)
		if ok = err == nil && n >= 1 && n <= 50; ok && n > 1 {
			a := outcome(http.StatusForbidden, "INVALID_VALUE",
				"Your app has insufficient permissions to perform this search. Please contact support.")
			return &a
		}
	case "gender":
		ok = slices.Contains([]string{"male", "female", "other", "unknown"}, value)
	case "birthdate", "death-date":
		m := dateShape.FindStringSubmatch(value)
		if ok = m != nil; ok {
			_, err := time.Parse(time.DateOnly, m[2])
			ok = err == nil
		}
	case "family", "given":
		ok = ok && utf8.RuneCountInString(value) <= maxName && wildLate(value)
	case "address-postalcode", "address-postcode":
		ok = ok && wildLate(value)
	case "general-practitioner":
		ok = odsShape.MatchString(value)
	case "email", "phone":
		ok = ok && !strings.Contains(value, "*")
	}
	if !ok {
		return invalid(value, name)
	}
	return nil
}

// wildLate tells whether two characters come before the first wildcard, if any.
func wildLate(value string) bool {
	before, _, wild := strings.Cut(value, "*")
	return !wild || utf8.RuneCountInString(before) >= 2
}

// dates reads one date, or the two ends of a range.
func dates(name string, query url.Values) (Period, *answer) {
	var out Period
	values := query[name]
	for _, value := range values {
		m := dateShape.FindStringSubmatch(value)
		switch prefix, date := m[1], m[2]; {
		case prefix == "ge" && out.From == "":
			out.From = date
		case prefix == "le" && out.To == "":
			out.To = date
		case prefix != "ge" && prefix != "le" && len(values) == 1:
			out = Period{date, date}
		default:
			return out, combination("Invalid Date Combination")
		}
	}
	if out.To != "" && out.From > out.To {
		return out, combination("Invalid Date Combination")
	}
	return out, nil
}

// enough tells whether the least is given that PDS will search for. There is
// always a date of birth.
func (s search) enough() bool {
	given, family, narrowed := len(s.given) > 0, s.family != "", s.gender != "" && s.postcode != ""
	if !s.fuzzy {
		return family
	}
	return given && family || family && narrowed || given && narrowed
}

// score is how well a patient matches, to 1 for exactly, or 0 for not at all.
func (s search) score(who *Resident, today string) float64 {
	if !s.born.covers(who.BirthDate) || who.BirthDate == "" || s.gender != "" && s.gender != who.Gender {
		return 0
	}
	score := 1.0
	// A fuzzy search does not look for a practice or a death, yet minds them.
	for _, other := range []bool{
		s.gp != "" && s.gp != who.Practice,
		s.diedGiven && (who.Died == "" || !s.died.covers(who.Died)),
	} {
		if other && !s.fuzzy {
			return 0
		}
		if other {
			score -= inexact
		}
	}
	names := slices.DeleteFunc(who.names(today), func(n Name) bool { return !n.inUse() })
	now := s.details(names, who.abodes(today), who.contacts(today))
	if now == 0 && (s.history || s.fuzzy) {
		now = s.details(who.Names, who.Abodes, who.Contacts) - inexact
	}
	if now <= 0 {
		return 0
	}
	return score - (1 - now)
}

// details scores what a patient may have several of.
func (s search) details(names []Name, abodes []Abode, contacts []Contact) float64 {
	best := 0.0
	for _, name := range names {
		best = max(best, s.name(name))
	}
	if best == 0 {
		return 0
	}
	if s.postcode != "" {
		if !slices.ContainsFunc(abodes,
			func(a Abode) bool { return a.Postcode != "" && wild(squeeze(s.postcode), squeeze(a.Postcode)) }) {
			return 0
		}
		if strings.Contains(s.postcode, "*") {
			best -= inexact
		}
	}
	reached := func(system, value string) bool {
		return value == "" ||
			slices.ContainsFunc(contacts,
				func(c Contact) bool { return c.System == system && strings.EqualFold(c.Value, value) })
	}
	if !reached("email", s.email) || !reached("phone", s.phone) {
		return 0
	}
	return best
}

// name scores one name.
func (s search) name(n Name) float64 {
	given := strings.Fields(n.Given)
	if s.fuzzy {
		straight := alike([]string{s.family}, []string{n.Family}) * alike(s.given, given)
		swapped := alike([]string{s.family}, given) * alike(s.given, []string{n.Family}) * (1 - inexact)
		if s.family == "" || len(s.given) == 0 { // then nothing can be swapped
			swapped = 0
		}
		return max(straight, swapped)
	}
	score := 1.0
	for _, asked := range append([]string{s.family}, s.given...) {
		if strings.Contains(asked, "*") {
			score -= inexact
		}
	}
	if !wild(s.family, n.Family) {
		return 0
	}
	for _, asked := range s.given { // each may be one of several names, or a compound of them
		if !wild(asked, n.Given) && !slices.ContainsFunc(given, func(g string) bool { return wild(asked, g) }) {
			return 0
		}
	}
	return score
}

// alike tells how far each name asked for sounds like one of a person's: 1 when
// they are the same, 0 when one of them is like none.
func alike(asked, names []string) float64 {
	score := 1.0
	for _, a := range asked {
		switch {
		case a == "", slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(a, n) }):
		case slices.ContainsFunc(names, func(n string) bool { return soundex(a) == soundex(n) }):
			score -= inexact
		default:
			return 0
		}
	}
	return score
}

// wild matches without regard to case; * stands for anything.
func wild(pattern, text string) bool {
	shape := strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, `.*`)
	return regexp.MustCompile(`(?is)^` + shape + `$`).MatchString(text)
}

// squeeze takes the spaces out of a postcode, where they mean nothing.
func squeeze(postcode string) string { return strings.ReplaceAll(postcode, " ", "") }

// soundex is the code of a name's sound in English: its first letter, and three
// digits for the consonants after it. Letters with marks count as vowels.
func soundex(name string) string {
	const digits = "01230120022455012623010202" // for a to z; vowels, h, w and y are 0
	name = strings.ToLower(name)
	first, size := utf8.DecodeRuneInString(name)
	code := func(r rune) byte {
		if r < 'a' || r > 'z' {
			return '0'
		}
		return digits[r-'a']
	}
	out, last := []byte(name[:size]), code(first)
	for _, r := range name[size:] {
		d := code(r)
		if d != '0' && d != last {
			out = append(out, d)
		}
		if r != 'h' && r != 'w' { // letters that part two of the same sound do not count
			last = d
		}
	}
	return string(append(out, "000"...)[:size+3])
}
