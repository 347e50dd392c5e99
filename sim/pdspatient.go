package sim

import (
	"fmt"
	"strconv"
	"strings"
)

// object and list are JSON's.
type (
	object = map[string]any
	list   = []any
)

const (
	ukCore     = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-"
	ukCoreCode = "https://fhir.hl7.org.uk/CodeSystem/UKCore-"
	numberID   = "https://fhir.nhs.uk/Id/nhs-number"
	odsID      = "https://fhir.nhs.uk/Id/ods-organization-code"
)

func (p Period) fhir() object {
	out := object{}
	if p.From != "" {
		out["start"] = p.From
	}
	if p.To != "" {
		out["end"] = p.To
	}
	return out
}

// patient is a person as a FHIR R4 Patient. A search tells less than a read:
// only what is in force, only the home address, and none of the names that are
// no longer used. Neither gives the address of a restricted patient.
func (who *Resident) patient(searched bool, today string) object {
	out := object{
		"resourceType": "Patient",
		"id":           who.NHSNumber,
		"meta":         object{"versionId": strconv.Itoa(who.Version), "security": list{who.security()}},
		"identifier": list{object{
			"system": numberID, "value": who.NHSNumber,
			"extension": list{object{
				"url": ukCore + "NHSNumberVerificationStatus",
				"valueCodeableConcept": object{"coding": list{object{
					"system": ukCoreCode + "NHSNumberVerificationStatus", "version": "1.0.0", "code": "01",
					"display": "Number present and verified",
				}}},
			}},
		}},
	}
	for key, value := range map[string]string{"gender": who.Gender, "birthDate": who.BirthDate} {
		if value != "" {
			out[key] = value
		}
	}
	if who.BirthOrder > 0 {
		out["multipleBirthInteger"] = who.BirthOrder
	}
	if who.Died != "" {
		at := who.Died + "T00:00:00+00:00"
		out["deceasedDateTime"] = at
		out["extension"] = list{death(at)}
	}
	names, abodes, contacts := who.Names, who.Abodes, who.Contacts
	if searched {
		names, abodes, contacts = who.names(today), who.abodes(today), who.contacts(today)
	}
	put(out, "name", names, searched, func(n Name) (object, bool) { return n.fhir(), n.inUse() })
	if who.restricted() {
		return out
	}
	put(out, "address", abodes, searched, func(a Abode) (object, bool) { return a.fhir(), a.Use == "home" })
	put(out, "telecom", contacts, searched, func(c Contact) (object, bool) {
		return object{"system": c.System, "use": c.Use, "value": c.Value, "period": c.Period.fhir()}, true
	})
	if who.Practice != "" {
		out["generalPractitioner"] = list{object{
			"id": "gp-1", "type": "Organization",
			"identifier": object{"system": odsID, "value": who.Practice, "period": object{"start": "2018-04-09"}},
		}}
	}
	return out
}

// put sets a list that is left out when it is empty, as FHIR demands. A search
// leaves out what make says is not for it.
func put[T any](out object, key string, all []T, searched bool, fhir func(T) (object, bool)) {
	items := list{}
	for i, one := range all {
		item, told := fhir(one)
		if searched && !told {
			continue
		}
		item["id"] = fmt.Sprintf("%s-%d", key, i+1)
		items = append(items, item)
	}
	if len(items) > 0 {
		out[key] = items
	}
}

func (who *Resident) security() object {
	code, display := "U", "unrestricted"
	switch who.Confidentiality {
	case "R":
		code, display = "R", "restricted"
	case "V":
		code, display = "V", "very restricted"
	}
	return object{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": code,
		"display": display}
}

// inUse tells whether a name is of the kinds that a search looks at.
func (n Name) inUse() bool { return n.Use == "usual" || n.Use == "nickname" || n.Use == "temp" }

func (n Name) fhir() object {
	out := object{"use": n.Use, "period": n.Period.fhir()}
	if n.Family != "" {
		out["family"] = n.Family
	}
	if n.Given != "" {
		out["given"] = strings.Fields(n.Given)
	}
	if n.Prefix != "" {
		out["prefix"] = []string{n.Prefix}
	}
	return out
}

func (a Abode) fhir() object {
	out := object{"use": a.Use, "period": a.Period.fhir()}
	if a.Text != "" {
		out["text"] = a.Text
	}
	if a.Lines != "" {
		out["line"] = strings.Split(a.Lines, ", ")
	}
	if a.Postcode != "" {
		out["postalCode"] = a.Postcode
	}
	return out
}

// death says that the registrar has told PDS of it.
func death(at string) object {
	return object{
		"url": ukCore + "DeathNotificationStatus",
		"extension": list{
			object{"url": "deathNotificationStatus", "valueCodeableConcept": object{"coding": list{object{
				"system": ukCoreCode + "DeathNotificationStatus", "version": "1.0.0", "code": "2",
				"display": "Formal - death notice received from Registrar of Deaths",
			}}}},
			object{"url": "systemEffectiveDate", "valueDateTime": at},
		},
	}
}
