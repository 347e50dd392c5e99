package patient

import (
	"cmp"
	"context"

	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"

	"frontdesk/store"
)

// A name is looked for in what it begins with, and then in what its further parts
// begin with: these are the fields of the second and third look.
const (
	anyWords   patient.Field = "words"
	firstWords patient.Field = "first_words"
	lastWords  patient.Field = "last_words"
)

// looks are the fields that are looked at one after another for one.
var looks = map[patient.Field][]patient.Field{
	patient.FieldName:      {patient.FieldLastName, patient.FieldName, anyWords},
	patient.FieldLastName:  {patient.FieldLastName, lastWords},
	patient.FieldFirstName: {patient.FieldFirstName, firstWords},
}

const (
	wordOf4 = ` AND id IN (SELECT w.patient_id FROM patient_word w
		WHERE w.practice_group_id = $1 AND w.word_key >= $4 AND w.word_key < $5`
	// What is found in another table is few: COALESCE keeps a database from reading
	// all patients in their order instead.
	byLastFound = ` ORDER BY COALESCE(last_key, full_key), first_key, id`
)

// Who has a number. A list of those whose own it is leaves out those who are gone;
// the list this is part of does so for the others.
const (
	idOfPatients = ` FROM patient WHERE practice_group_id = $1 AND merged_into IS NULL AND deleted_at IS NULL AND `
	byNHS        = `SELECT id` + idOfPatients + `nhs_number = `
	byFormer     = ` UNION SELECT patient_id FROM former_number WHERE practice_group_id = $1 AND nhs_number = `
	byOwn        = ` UNION SELECT n.patient_id FROM patient_number n
		JOIN number_definition d ON d.practice_group_id = n.practice_group_id
		AND d.id = n.definition_id WHERE n.practice_group_id = $1 AND d.deleted_at IS NULL AND n.value_key = `
	byEHR      = ` UNION SELECT id` + idOfPatients + `ehr_partner_id IN `
	byEMIS     = ` UNION SELECT id` + idOfPatients + `emis_id IN `
	byMobile   = ` UNION SELECT id` + idOfPatients + `mobile IN `
	byLandline = ` UNION SELECT id` + idOfPatients + `landline IN `
	byPhone    = ` UNION SELECT patient_id FROM patient_phone WHERE practice_group_id = $1 AND number IN `
	byID       = ` UNION SELECT id` + idOfPatients + `id IN `

	// The arguments are those of numberArgs, from $4 and $16 on.
	numbered4 = byNHS + `$4` + byFormer + `$4` + byOwn + `$4` + byEHR + `($4, $5)` + byEMIS + `($4, $5)` + byMobile +
		`($6, $7)` +
		byLandline + `($6, $7)` + byPhone + `($6, $7)` + byID + `($8, $9)`
	numbered16 = byNHS + `$16` + byFormer + `$16` + byOwn + `$16` + byEHR + `($16, $17)` + byEMIS + `($16, $17)` +
		byMobile + `($18, $19)` +
		byLandline + `($18, $19)` + byPhone + `($18, $19)` + byID + `($20, $21)`
)

// What is searched for: the arguments begin with $4.
const (
	isNHS = ` AND id IN (SELECT id FROM patient WHERE practice_group_id = $1 AND nhs_number = $4
		UNION SELECT patient_id FROM former_number WHERE practice_group_id = $1 AND nhs_number = $4)`
	isEMIS      = ` AND emis_id = $4`
	isEHR       = ` AND ehr_partner_id = $4`
	isMobile    = ` AND mobile = $4`
	isEmail     = ` AND email_key = $4`
	isBirth     = ` AND birth_date = $4`
	isLast      = ` AND last_key >= $4 AND last_key < $5`
	isFirst     = ` AND first_key >= $4 AND first_key < $5`
	isFull      = ` AND full_key >= $4 AND full_key < $5`
	isLastFirst = ` AND last_key = $4 AND first_key >= $5 AND first_key < $6`
	isNumber    = ` AND id IN (` + numbered4 + `)`
	notLast     = ` AND (last_key < $4 OR last_key >= $5)`
	notFirst    = ` AND (first_key < $4 OR first_key >= $5)`
	notFull     = ` AND (full_key < $4 OR full_key >= $5)`
	lastWord    = wordOf4 + ` AND w.part = 'last')` + notLast
	firstWord   = wordOf4 + ` AND w.part = 'first')` + notFirst
	anyWord     = wordOf4 + `)` + notLast + notFull
)

// patientSearch is how to find patients by one field. A list and a count have the
// same arguments: the limit, the offset, and what matches.
type patientSearch struct{ list, count string }

const (
	// The page is found in an index alone; only its rows are read whole.
	selectPatients = `SELECT ` + patientColumns + ` FROM patient WHERE practice_group_id = $1 AND id IN (
		SELECT id FROM patient WHERE practice_group_id = $1 AND merged_into IS NULL AND deleted_at IS NULL`
	countPatients = `SELECT count(*) FROM (
		SELECT 1 FROM patient WHERE practice_group_id = $1 AND merged_into IS NULL AND deleted_at IS NULL`
	byLast  = ` ORDER BY last_key, first_key, id`
	byFirst = ` ORDER BY first_key, last_key, id`
	byFull  = ` ORDER BY full_key, id`
	page    = ` LIMIT $2 OFFSET $3)`
	upTo    = ` LIMIT $2 OFFSET $3) AS matches`

	pageByLast = byLast + page + byLast
	pageFound  = byLastFound + page + byLast
)

var patientSearches = map[patient.Field]patientSearch{
	"":                        {selectPatients + pageByLast, countPatients + upTo},
	patient.FieldNHSNumber:    {selectPatients + isNHS + pageByLast, countPatients + isNHS + upTo},
	patient.FieldEMISID:       {selectPatients + isEMIS + pageByLast, countPatients + isEMIS + upTo},
	patient.FieldEHRPartnerID: {selectPatients + isEHR + pageByLast, countPatients + isEHR + upTo},
	patient.FieldMobile:       {selectPatients + isMobile + pageByLast, countPatients + isMobile + upTo},
	patient.FieldEmail:        {selectPatients + isEmail + pageByLast, countPatients + isEmail + upTo},
	patient.FieldBirthDate:    {selectPatients + isBirth + pageByLast, countPatients + isBirth + upTo},
	patient.FieldLastName:     {selectPatients + isLast + pageByLast, countPatients + isLast + upTo},
	patient.FieldFirstName:    {selectPatients + isFirst + byFirst + page + byFirst, countPatients + isFirst + upTo},
	patient.FieldFullName:     {selectPatients + isFull + byFull + page + byFull, countPatients + isFull + upTo},
	lastWords:                 {selectPatients + lastWord + pageFound, countPatients + lastWord + upTo},
	firstWords:                {selectPatients + firstWord + pageFound, countPatients + firstWord + upTo},
	anyWords:                  {selectPatients + anyWord + pageFound, countPatients + anyWord + upTo},
	patient.FieldNumber:       {selectPatients + isNumber + pageFound, countPatients + isNumber + upTo},
	patient.FieldLastFirst:    {selectPatients + isLastFirst + pageByLast, countPatients + isLastFirst + upTo},
	// The second half of FieldName: full names that begin with it, of people whose surname does not.
	patient.FieldName: {
		selectPatients + isFull + notLast + byFull + page + byFull, countPatients + isFull + notLast + upTo,
	},
}

// countedPatients lists and counts those that match.
func (t *Tx) countedPatients(ctx context.Context, group practice.ID, q patient.Query) ([]patient.Patient, int, error) {
	most := input.CountTo(q.Offset, q.Limit)
	fields, ok := looks[q.Lookup.Field]
	if !ok {
		return t.searchPatients(ctx, group, q, most)
	}
	var all []patient.Patient
	total := 0
	for _, field := range fields {
		look := q
		look.Lookup.Field, look.Offset, look.Limit = field, max(0, q.Offset-total), q.Limit-len(all)
		found, n, err := t.searchPatients(ctx, group, look, most)
		all = append(all, found...)
		// Where as many match as are counted, the others come after the page.
		if total = min(total+n, most); err != nil || total == most {
			return all, total, err
		}
	}
	return all, total, nil
}

func (t *Tx) searchPatients(ctx context.Context, group practice.ID, q patient.Query,
	most int) ([]patient.Patient, int, error) {
	l := q.Lookup
	search := patientSearches[l.Field]
	var match store.In
	switch key := store.NameKey(l.Value); l.Field {
	case "":
	case patient.FieldFirstName, patient.FieldLastName, patient.FieldFullName, patient.FieldName, anyWords, firstWords,
		lastWords:
		match = store.In{key, store.Beyond(key)}
	case patient.FieldLastFirst:
		given := store.NameKey(l.First)
		match = store.In{key, given, store.Beyond(given)}
	case patient.FieldNumber:
		match = numberArgs(l.Numbers)
	case patient.FieldEmail:
		match = store.In{store.EmailKey(l.Value)}
	default:
		match = store.In{l.Value}
	}
	count := 0
	if _, err := t.One(ctx, search.count, append(store.In{group, most, 0}, match...), &count); err != nil ||
		count <= q.Offset || q.Limit == 0 {
		return nil, count, err
	}
	found, err := store.List(ctx, t.Conn, search.list, append(store.In{group, q.Limit, q.Offset}, match...),
		scanPatient)
	return found, count, err
}

// numberArgs are the forms of a number; what has none is a dash, which is no number.
func numberArgs(n patient.Numbers) store.In {
	return store.In{cmp.Or(n.Key, "-"), n.Raw, cmp.Or(n.Phone, "-"), cmp.Or(n.Dialled, "-"), int64(n.IDs[0]),
		int64(n.IDs[1])}
}
