package merge

import (
	"cmp"
	"slices"
	"time"

	"frontdesk/core/names"
	"frontdesk/core/patient"
)

// doubts names what speaks against two records being one person.
func doubts(a, b patient.Patient) []string {
	out := []string{}
	if a.BirthDate != b.BirthDate {
		out = append(out, "dob")
	}
	if names.Key(a.LastName) != names.Key(b.LastName) {
		out = append(out, "last_name")
	}
	if names.Key(a.FirstName) != names.Key(b.FirstName) {
		out = append(out, "first_name")
	}
	if a.Sex != "" && b.Sex != "" && a.Sex != b.Sex {
		out = append(out, "sex")
	}
	return out
}

// combine is the record that stays: its own details, and where it has none those of the other.
func combine(keep, from patient.Patient) patient.Patient {
	p, f := keep, from
	if p.NHSNumber == "" {
		p.NHSNumber = cmp.Or(p.NHSNumber, f.NHSNumber)
		p.NumberStatus, p.PDSVersion, p.SyncedAt = f.NumberStatus, f.PDSVersion, f.SyncedAt
		if f.NumberStatus == patient.NumberVerified && len(doubts(p, f)) > 0 { // verified for another name
			p.NumberStatus, p.PDSVersion, p.SyncedAt = "", "", time.Time{}
		}
	}
	if p.NHSNumber == p.SupersededBy {
		p.SupersededBy = ""
	}
	p.EMISID = cmp.Or(p.EMISID, f.EMISID)
	p.EHRPartnerID = cmp.Or(p.EHRPartnerID, f.EHRPartnerID)
	p.EHRPartner = cmp.Or(p.EHRPartner, f.EHRPartner)
	p.Title = cmp.Or(p.Title, f.Title)
	p.Sex = cmp.Or(p.Sex, f.Sex)
	if !p.Dead() {
		p.DeceasedAt, p.DeathSource = f.DeceasedAt, f.DeathSource
	}
	p.FirstName = cmp.Or(p.FirstName, f.FirstName)
	p.LastName = cmp.Or(p.LastName, f.LastName)
	switch {
	case p.Notes == "":
		p.Notes = f.Notes
	case f.Notes != "":
		p.Notes += "\n" + f.Notes
	}
	p.Restricted = p.Restricted || f.Restricted
	if f.Status == patient.Unarchived {
		p.Status = patient.Unarchived
	}
	c := slices.Clone(keep.ContactPoints)
	for _, x := range from.ContactPoints {
		if c.Find(x.Kind, x.Source) < 0 {
			c = append(c, x)
		}
	}
	p.Use(c)
	return p
}

// separate takes out of a record what a merge brought into it: each detail that
// the merge changed, and no change since, is as it was before.
func separate(is, after, before patient.Patient) patient.Patient {
	p, a, b := is, after, before
	if p.NHSNumber == a.NHSNumber && a.NHSNumber != b.NHSNumber {
		p.NumberStatus, p.PDSVersion, p.SyncedAt = b.NumberStatus, b.PDSVersion, b.SyncedAt
	}
	undo(&p.NHSNumber, a.NHSNumber, b.NHSNumber)
	undo(&p.SupersededBy, a.SupersededBy, b.SupersededBy)
	undo(&p.EMISID, a.EMISID, b.EMISID)
	undo(&p.EHRPartnerID, a.EHRPartnerID, b.EHRPartnerID)
	undo(&p.EHRPartner, a.EHRPartner, b.EHRPartner)
	undo(&p.Title, a.Title, b.Title)
	undo(&p.Sex, a.Sex, b.Sex)
	undo(&p.DeceasedAt, a.DeceasedAt, b.DeceasedAt)
	undo(&p.DeathSource, a.DeathSource, b.DeathSource)
	undo(&p.FirstName, a.FirstName, b.FirstName)
	undo(&p.LastName, a.LastName, b.LastName)
	undo(&p.Notes, a.Notes, b.Notes)
	undo(&p.Restricted, a.Restricted, b.Restricted)
	undo(&p.Status, a.Status, b.Status)
	c := slices.Clone(is.ContactPoints)
	for _, x := range after.ContactPoints {
		if before.ContactPoints.Find(x.Kind, x.Source) >= 0 {
			continue
		}
		if i := c.Find(x.Kind, x.Source); i >= 0 && c[i].Value == x.Value {
			c = slices.Delete(c, i, i+1)
		}
	}
	if after.Restricted && !before.Restricted && !p.Restricted {
		c = before.ContactPoints // the other record alone was restricted
	}
	p.Use(c)
	return p
}

func undo[T comparable](is *T, after, before T) {
	if *is == after {
		*is = before
	}
}
