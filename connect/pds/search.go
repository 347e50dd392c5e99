package pds

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"frontdesk/core/demographics"
	"frontdesk/core/input"
	"frontdesk/core/names"
	"frontdesk/core/patient"
)

// maxName is the longest name the service holds, in characters.
const maxName = 35

// apostrophes are written as PDS holds them.
var apostrophes = strings.NewReplacer("’", "'", "‘", "'", "ʼ", "'")

// query is the search for exactly this person, or false when there cannot be one: the surname or the birth date is
// missing, or a name is longer than the service holds. (Cut short it could only be found with a wildcard, and then
// several people may match.)
//
// There is no wildcard, no history and no fuzzy matching. An asterisk would find every name that begins alike, so a
// name with one in it is not looked for. _exact-match stays false: it is about the service's own score, which a person
// found by a nickname or a temporary address may not reach; we compare by ourselves.
func query(t demographics.Trace) (url.Values, bool) {
	var in input.Checks
	family := apostrophes.Replace(strings.Join(strings.Fields(t.LastName), " "))
	given := apostrophes.Replace(firstWord(t.FirstName))
	postcode := in.Postcode("postcode", t.Postcode)
	in.Text("family", family, maxName)
	in.Text("given", given, maxName)
	if family == "" || t.BirthDate == input.NoDate || in.Err() != nil || strings.Contains(family+given+postcode, "*") {
		return nil, false
	}
	v := url.Values{
		"family": {family}, "birthdate": {"eq" + t.BirthDate.String()},
		"_max-results": {"1"}, "_exact-match": {"false"}, "_fuzzy-match": {"false"}, "_history": {"false"},
	}
	for name, value := range map[string]string{"given": given, "address-postalcode": postcode,
		"gender": genders[t.Sex]} {
		if value != "" {
			v.Set(name, value)
		}
	}
	return v, true
}

// firstWord is the first of several given names. The others are often missing, or shortened, on one side or the other.
func firstWord(given string) string {
	if words := strings.Fields(given); len(words) > 0 {
		return words[0]
	}
	return ""
}

var genders = map[patient.Sex]string{"Male": "male", "Female": "female", "Other": "other"}

// search gives the NHS number of the one person found.
func (q call) search(ctx context.Context, params url.Values) (number string, err error) {
	path := "/Patient?" + strings.ReplaceAll(params.Encode(), "+", "%20")
	err = q.ask(ctx, request{what: "search", path: path, take: func(body []byte) error {
		number, err = found(body)
		return err
	}})
	return number, err
}

// read gives a person's whole record.
func (q call) read(ctx context.Context, number string) (r record, err error) {
	err = q.ask(ctx, request{what: "read", path: "/Patient/" + number, take: func(body []byte) error {
		r, err = decode(body, q.now())
		return err
	}})
	return r, err
}

// agrees compares a record with what was searched for: the service has done so too, but the harm of taking one person
// for another is done here. Names and addresses are compared with all those of the record, as the service may have
// found the person by any of them.
func (r record) agrees(t demographics.Trace) bool {
	family, given := fold(t.LastName), fold(firstWord(t.FirstName))
	named := slices.ContainsFunc(r.resource.Name, func(n humanName) bool {
		if fold(n.Family) != family {
			return false
		}
		return given == "" || slices.ContainsFunc(strings.Fields(strings.Join(n.Given, " ")),
			func(g string) bool { return fold(g) == given })
	})
	if family == "" || !named || r.person.BirthDate != t.BirthDate {
		return false
	}
	if gender := genders[t.Sex]; gender != "" && r.resource.Gender != gender {
		return false
	}
	where := postcode(t.Postcode)
	return where == "" || r.person.Restricted || slices.ContainsFunc(r.resource.Address, func(a address) bool {
		return postcode(a.Postcode) == where
	})
}

// fold is a name without case, accents, spaces and punctuation.
func fold(name string) string { return strings.ReplaceAll(names.Key(name), " ", "") }
