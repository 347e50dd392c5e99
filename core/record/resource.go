package record

import (
	"encoding/base64"
	"strconv"

	"frontdesk/core/input"
	"frontdesk/core/patient"
)

// The systems of codes and identifiers that FHIR and HL7 UK name.
const (
	snomedCT          = "http://snomed.info/sct"
	participationMode = "http://terminology.hl7.org/CodeSystem/v3-ParticipationMode"
	participantType   = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
	confidentiality   = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
	odsCode           = "https://fhir.nhs.uk/Id/ods-organization-code"
	nhsNumber         = "https://fhir.nhs.uk/Id/nhs-number"
	numberStatus      = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus"
	numberStatuses    = "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland"
)

// media are the ways of a message. The code system has none for text messages alone: they are written.
var media = map[string]object{
	"sms":     concept(participationMode, "WRITTEN", "written", "Text message"),
	"email":   concept(participationMode, "EMAILWRIT", "email", "E-mail"),
	"nhs_app": concept(participationMode, "ONLINEWRIT", "online written", "NHS App"),
	"hero":    concept(participationMode, "ONLINEWRIT", "online written", "The patient's own page"),
}

// genders are FHIR's words for ours.
var genders = map[patient.Sex]string{"Male": "male", "Female": "female", "Other": "other"}

// organization is the practice.
func (b *bundle) organization() object {
	g := b.group
	return b.add("Organization", "practice", g.Name, func() object {
		out := object{"meta": ukCore("Organization"), "active": true, "name": g.Name,
			"identifier": []any{b.own("/v1/me", g.ID.String())}}
		if g.ODSCode != "" {
			out["identifier"] = []any{object{"system": odsCode, "value": g.ODSCode}, b.own("/v1/me", g.ID.String())}
		}
		if t := telecom("work", g.Phone, "", g.Email); len(t) > 0 {
			out["telecom"] = t
		}
		return out
	})
}

// telecom lists the numbers and addresses that are not empty.
func telecom(use, phone, mobile, email string) []any {
	var out []any
	for _, t := range []struct{ system, value, use string }{{"phone", phone, use}, {"phone", mobile, "mobile"},
		{"email", email, use}} {
		if t.value != "" {
			out = append(out, object{"system": t.system, "value": t.value, "use": t.use})
		}
	}
	return out
}

// patient is whose record it is. Where a patient with a restricted record can be found is left out.
func (b *bundle) patient(p patient.Patient, practice object) object {
	return b.add("Patient", p.ID.String(), p.FullName(), func() object {
		meta := ukCore("Patient")
		name := object{"use": "official", "text": p.FullName(), "family": p.LastName}
		for field, value := range map[string]string{"given": p.FirstName, "prefix": p.Title} {
			if value != "" {
				name[field] = []any{value}
			}
		}
		out := object{
			"meta": meta, "active": p.Status != patient.Archived, "name": []any{name}, "managingOrganization": practice,
			"identifier": append(numbers(p), b.own("/v1/patients", p.ID.String())),
		}
		if g := genders[p.Sex]; g != "" {
			out["gender"] = g
		} else {
			out["gender"] = "unknown"
		}
		if p.BirthDate != input.NoDate {
			out["birthDate"] = p.BirthDate.String()
		}
		if !p.DeceasedAt.IsZero() {
			out["deceasedDateTime"] = moment(p.DeceasedAt)
		}
		if p.Restricted {
			meta["security"] = []any{object{"system": confidentiality, "code": "R", "display": "restricted"}}
			return out
		}
		if t := telecom("home", p.Landline, p.Mobile, p.Email); len(t) > 0 {
			out["telecom"] = t
		}
		if a := address(p.Address); a != nil {
			out["address"] = []any{a}
		}
		return out
	})
}

// numbers is the patient's NHS number with what is known of it. The codes are
// those of the NHS Data Dictionary's NHS NUMBER STATUS INDICATOR CODE.
func numbers(p patient.Patient) []any {
	if p.NHSNumber == "" {
		return nil
	}
	out := object{"system": nhsNumber, "value": p.NHSNumber}
	status := map[patient.NumberStatus][2]string{
		"":                      {"02", "Number present but not traced"},
		patient.NumberVerified:  {"01", "Number present and verified"},
		patient.NumberDisputed:  {"05", "Trace needs to be resolved - (NHS Number or patient detail conflict)"},
		patient.NumberWithdrawn: {},
	}[p.NumberStatus]
	if status[0] == "" {
		out["use"] = "old"
		return []any{out}
	}
	out["extension"] = []any{object{"url": numberStatus, "valueCodeableConcept": object{
		"coding": []any{object{"system": numberStatuses, "code": status[0], "display": status[1]}},
	}}}
	return []any{out}
}

// address is where a patient lives; nil when that is not known.
func address(a patient.Address) object {
	if a == (patient.Address{}) {
		return nil
	}
	out := object{"use": "home"}
	var lines []any
	for _, line := range []string{a.Line1, a.Line2, a.Line3} {
		if line != "" {
			lines = append(lines, line)
		}
	}
	if len(lines) > 0 {
		out["line"] = lines
	}
	for field, value := range map[string]string{"city": a.Town, "district": a.County, "country": a.Country,
		"postalCode": a.Postcode} {
		if value != "" {
			out[field] = value
		}
	}
	return out
}

// practitioner is the member of staff who approved an entry; nil for one that a program did.
func (b *bundle) practitioner(e Entry) object {
	if e.Decider == 0 {
		return nil
	}
	return b.add("Practitioner", strconv.FormatInt(e.Decider, 10)+" "+e.DecidedBy, e.DecidedBy, func() object {
		return object{"meta": ukCore("Practitioner"), "name": []any{object{"use": "official", "text": e.DecidedBy}}}
	})
}

// device is the program that proposed an entry; nil where that is not known.
func (b *bundle) device(e Entry) object {
	if e.ProposedBy == "" {
		return nil
	}
	return b.add("Device", e.ProposedBy, e.ProposedBy, func() object {
		return object{
			"meta": ukCore("Device"), "deviceName": []any{object{"name": e.ProposedBy, "type": "user-friendly-name"}},
			"type": object{"text": "Program"},
		}
	})
}

// entries are the resources of one entry.
func (b *bundle) entries(e Entry, subject, practice object) {
	id, what := strconv.FormatInt(e.ID, 10), concept(snomedCT, e.Code, e.Term, e.Term)
	author, approver := subject, b.practitioner(e) // whose answers they are
	if e.Consultation == 0 {
		if author = b.device(e); author == nil {
			author = practice
		}
	}
	document := b.add("DocumentReference", id, "", func() object {
		out := object{
			"meta": ukCore("DocumentReference"), "masterIdentifier": b.own("/v1/record_entries", id), "status": "current",
			"docStatus": "final",
			"type":      what, "subject": subject, "date": moment(e.WrittenAt), "author": []any{author}, "custodian": practice,
			"content": []any{object{"attachment": object{
				"contentType": "text/plain; charset=utf-8", "data": base64.StdEncoding.EncodeToString([]byte(e.Content)),
				"title": e.Term,
				"size":  len(e.Content), "creation": moment(e.CreatedAt),
			}}},
		}
		if approver != nil {
			out["authenticator"] = approver
		}
		return out
	})
	about := []any{document}
	if e.Message != 0 {
		about = []any{b.communication(e, what, subject, practice, document), document}
	}
	b.add("Provenance", id, "", func() object {
		agents := []any{agent("author", "Author", author)}
		if approver != nil {
			agents = append(agents, agent("verifier", "Verifier", approver))
		}
		return object{
			"meta": ukCore("Provenance"), "target": about, "occurredDateTime": moment(e.DecidedAt),
			"recorded": moment(e.WrittenAt),
			"agent":    agents,
		}
	})
}

// communication is the message an entry is about.
func (b *bundle) communication(e Entry, what, subject, practice, document object) object {
	return b.add("Communication", strconv.FormatInt(e.ID, 10), "", func() object {
		out := object{
			"meta": ukCore("Communication"), "identifier": []any{b.own("/v1/messages", strconv.FormatInt(e.Message, 10))},
			"status":   "completed",
			"category": []any{what}, "subject": subject, "recipient": []any{subject}, "sender": practice,
			"about":   []any{document},
			"payload": []any{object{"contentString": e.Content}},
		}
		if m := media[e.Channel]; m != nil {
			out["medium"] = []any{m}
		}
		if !e.SentAt.IsZero() {
			out["sent"] = moment(e.SentAt)
		}
		return out
	})
}

func agent(code, display string, who object) object {
	return object{"type": concept(participantType, code, display, display), "who": who}
}
