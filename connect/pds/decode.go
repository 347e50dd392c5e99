package pds

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"frontdesk/core/demographics"
	"frontdesk/core/input"
	"frontdesk/core/patient"
)

// record is a person's record, and the person in it.
type record struct {
	person   demographics.Person
	resource resource
}

// decode reads a record as it stands at this moment. Errors: ErrNumberInvalid, and errShape.
func decode(body []byte, now time.Time) (record, error) {
	var r resource
	if json.Unmarshal(body, &r) != nil || r.Type != "Patient" {
		return record{}, errShape
	}
	number, ok := input.ParseNHSNumber(r.ID)
	if !ok {
		return record{}, errShape
	}
	if r.confidential(withdrawn) {
		return record{}, demographics.ErrNumberInvalid
	}
	p := demographics.Person{
		NHSNumber: number, Version: clean(r.Meta.Version, 64),
		BirthDate: birthDate(r.BirthDate), Sex: sexes[r.Gender], DeceasedAt: died(r.Deceased, now),
		Restricted: r.confidential("R", "V"),
	}
	p.Title, p.FirstName, p.LastName, p.OtherNames = called(r.Name, now)
	// The service leaves out where a restricted person can be found, their practice included. Should it not, we do.
	if !p.Restricted {
		p.Address = home(r.Address, now)
		p.Mobile, p.Landline = telephones(r.Telecom, now)
		p.Email = email(r.Telecom, now)
		p.Practice = practiceOf(r, now)
	}
	return record{person: p, resource: r}, nil
}

var sexes = map[string]patient.Sex{"male": "Male", "female": "Female", "other": "Other", "unknown": "Not known"}

// birthDate reads a date of birth. Some records have no more than its year or month, which is not a date.
func birthDate(s string) input.Date {
	d, ok := input.ParseDate(s)
	if !ok {
		return input.NoDate
	}
	return d
}

// died reads when a person died. A value that cannot be read still says that
// they did: a wrong date is better than a letter to a person who has died.
func died(s string, now time.Time) time.Time {
	if s == "" {
		return time.Time{}
	}
	from, _, ok := span(s)
	if !ok || from.Year() < 1800 || from.Year() > 2199 {
		return now.UTC().Truncate(24 * time.Hour)
	}
	return from
}

// span reads a FHIR date or instant, of which the end may be missing: the time
// it begins, and the time it is over. A date is one of UTC.
func span(s string) (from, to time.Time, ok bool) {
	for _, form := range []struct {
		layout        string
		years, months int
		length        time.Duration
	}{
		{"2006-01-02", 0, 0, 24 * time.Hour}, {time.RFC3339, 0, 0, time.Second}, {"2006-01-02T15:04:05", 0, 0,
			time.Second},
		{"2006-01", 0, 1, 0}, {"2006", 1, 0, 0},
	} {
		if t, err := time.Parse(form.layout, s); err == nil {
			t = t.UTC()
			return t, t.AddDate(form.years, form.months, 0).Add(form.length), true
		}
	}
	return time.Time{}, time.Time{}, false
}

// current reports a period that has begun and is not over. Its last day is in
// it. An end that cannot be read is taken to have come.
func (p period) current(now time.Time) bool {
	if from, _, ok := span(p.Start); ok && now.Before(from) {
		return false
	}
	if p.End == "" {
		return true
	}
	_, to, ok := span(p.End)
	return ok && now.Before(to)
}

// newest puts those that began last first.
func newest[T any](list []T, of func(T) period) []T {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b T) int {
		from, _, _ := span(of(a).Start)
		than, _, _ := span(of(b).Start)
		return than.Compare(from)
	})
	return list
}

// best is the first of the list with the first of the uses that there is one of.
func best[T any](list []T, use func(T) string, uses ...string) (T, bool) {
	for _, u := range uses {
		if i := slices.IndexFunc(list, func(v T) bool { return use(v) == u }); i >= 0 {
			return list[i], true
		}
	}
	var none T
	return none, false
}

// maxOthers is how many other surnames are kept.
const maxOthers = 10

// called chooses the name of a person: the usual name, the official one, or any other that is in use. Where the period
// of every name has ended, one of them is still what the person is called.
func called(all []humanName, now time.Time) (title, first, last string, others []string) {
	all = newest(all, func(n humanName) period { return n.Period })
	inUse := slices.DeleteFunc(slices.Clone(all), func(n humanName) bool { return !n.Period.current(now) })
	use := func(n humanName) string { return n.Use }
	name, ok := best(inUse, use, "usual", "official")
	former := func(n humanName) bool { return n.Use == "old" || n.Use == "maiden" }
	if i := slices.IndexFunc(inUse, func(n humanName) bool { return !former(n) }); !ok && i >= 0 {
		name, ok = inUse[i], true
	}
	if !ok {
		name, ok = best(all, use, "usual", "official")
	}
	if !ok && len(all) > 0 {
		name = all[0]
	}
	first, last = clean(strings.Join(name.Given, " "), patient.MaxName), clean(name.Family, patient.MaxName)
	if len(name.Prefix) > 0 {
		prefix := clean(name.Prefix[0], 40)
		if i := slices.IndexFunc(patient.Titles, func(t string) bool { return strings.EqualFold(t, prefix) }); i >= 0 {
			title = patient.Titles[i]
		}
	}
	seen := []string{fold(last)}
	for _, n := range inUse {
		family := clean(n.Family, patient.MaxName)
		if key := fold(family); key != "" && !slices.Contains(seen, key) && len(others) < maxOthers {
			seen, others = append(seen, key), append(others, family)
		}
	}
	return title, first, last, others
}

// home is where a person lives: at home, or for the time being elsewhere. Bills and work go to other places.
func home(all []address, now time.Time) patient.Address {
	all = slices.DeleteFunc(newest(all, func(a address) period { return a.Period }),
		func(a address) bool { return !a.Period.current(now) })
	a, ok := best(all, func(a address) string { return a.Use }, "home", "temp")
	if !ok {
		return patient.Address{}
	}
	// The lines are, in this order, the building's name, number and street, locality, town and county. Where blank ones
	// have been left out it is not known which is which; their order is right all the same.
	var lines [5]string
	for i := range min(len(a.Line), len(lines)) {
		lines[i] = clean(input.Visible(a.Line[i]), 200)
	}
	street := slices.DeleteFunc(slices.Clone(lines[:3]), func(s string) bool { return s == "" })
	street = append(street, "", "", "")
	return patient.Address{
		Line1: street[0], Line2: street[1], Line3: street[2],
		Town: clean(lines[3], 100), County: clean(lines[4], 100), Postcode: postcode(a.Postcode),
	}
}

// contacts are a person's contact points of one system, those for the uses named first in front.
func contacts(all []contactPoint, system string, now time.Time, uses ...string) []string {
	all = newest(all, func(c contactPoint) period { return c.Period })
	var values []string
	for _, use := range uses {
		for _, c := range all {
			if c.System == system && c.Use == use && c.Period.current(now) {
				values = append(values, clean(c.Value, 254))
			}
		}
	}
	return values
}

// firstValid is the first value that passes a check, in the check's own form.
func firstValid(values []string, check func(c *input.Checks, field, value string) string) string {
	for _, v := range values {
		var in input.Checks
		if v = check(&in, "", v); v != "" && in.Err() == nil {
			return v
		}
	}
	return ""
}

// telephones chooses a mobile number, wherever it is written down, a UK one
// before those of other countries, and one other number of any country.
func telephones(all []contactPoint, now time.Time) (mobile, landline string) {
	mobiles := international(contacts(all, "phone", now, "mobile", "home", "temp", "", "work"))
	if mobile = firstValid(mobiles, ukMobile); mobile == "" {
		mobile = firstValid(mobiles, (*input.Checks).Mobile)
	}
	others := slices.DeleteFunc(international(contacts(all, "phone", now, "home", "temp", "", "mobile", "work")),
		func(v string) bool {
			return firstValid([]string{v}, ukMobile) != "" || mobile != "" && firstValid([]string{v},
				(*input.Checks).Mobile) == mobile
		})
	return mobile, firstValid(others, (*input.Checks).Telephone)
}

// ukMobile is a mobile number that any carrier brings text messages to.
func ukMobile(c *input.Checks, field, value string) string {
	if value = c.Mobile(field, value); input.Abroad(value) {
		return ""
	}
	return value
}

// international writes 0091… as +91….
func international(numbers []string) []string {
	for i, n := range numbers {
		if rest, ok := strings.CutPrefix(n, "00"); ok {
			numbers[i] = "+" + rest
		}
	}
	return numbers
}

func email(all []contactPoint, now time.Time) string {
	return firstValid(contacts(all, "email", now, "home", "mobile", "temp", "", "work"), (*input.Checks).Email)
}

func postcode(s string) string {
	return firstValid([]string{clean(s, 20)}, (*input.Checks).Postcode)
}

// practiceOf is the practice the person is registered with now.
func practiceOf(r resource, now time.Time) string {
	for _, p := range r.Practices {
		code := strings.ToUpper(strings.TrimSpace(p.Identifier.Value))
		if odsCode.MatchString(code) && p.Identifier.Period.current(now) {
			return code
		}
	}
	return ""
}

var spaces = regexp.MustCompile(`\s+`)

// clean is text as it may be shown: without control characters and without
// those that change the direction of text, and no longer than limit characters.
func clean(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069, r == 0x200E, r == 0x200F,
			r == 0x061C:
			return -1
		}
		return r
	}, s)
	runes := []rune(strings.TrimSpace(spaces.ReplaceAllString(s, " ")))
	return strings.TrimSpace(string(runes[:min(len(runes), limit)]))
}
