// Package index has the rows that things are found by besides their own: patients by what their names end with, entries
// of the audit trail by all they are about. Migrations make those of earlier versions with it.
package index

import (
	"strconv"
	"strings"

	"frontdesk/core/audit"
	"frontdesk/core/names"
)

// The parts of a name that patient_word has the endings of.
const (
	firstPart = "first"
	lastPart  = "last"
)

// AddNameWord keeps one of NameWords of a patient.
const AddNameWord = `INSERT INTO patient_word (practice_group_id, patient_id, part, word_key) VALUES ($1, $2, $3, $4)
	ON CONFLICT (practice_group_id, patient_id, part, word_key) DO NOTHING`

// NameWords are the arguments of AddNameWord for each word that a name has an ending from.
func NameWords[G, P ~int64](group G, id P, first, last string) [][]any {
	var out [][]any
	for _, name := range [][2]string{{firstPart, first}, {lastPart, last}} {
		for _, ending := range names.Endings(name[1]) {
			out = append(out, []any{group, id, name[0], []byte(ending)})
		}
	}
	return out
}

// AddSubject keeps one of Subjects of an entry.
const AddSubject = `INSERT INTO audit_subject (practice_group_id, kind, subject_id, audit_id)
	VALUES ($1, $2, $3, $4)
	ON CONFLICT (practice_group_id, kind, subject_id, audit_id) DO NOTHING`

// Subjects are the arguments of AddSubject for what an entry is about besides its entity.
func Subjects(e audit.Entry) (rows [][]any) {
	for _, s := range e.Subjects {
		if kind, id := subject(s); kind != e.Entity || id != e.EntityID {
			rows = append(rows, []any{e.Group, kind, id, e.ID})
		}
	}
	return rows
}

func subject(text string) (kind string, id int64) {
	kind, digits, _ := strings.Cut(text, ":")
	id, _ = strconv.ParseInt(digits, 10, 64) // made by us
	return kind, id
}
