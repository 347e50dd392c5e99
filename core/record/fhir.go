package record

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/patient"
)

type object = map[string]any

// FHIR gives what was written into a patient's record as a FHIR R4 Bundle: for
// each entry a Communication, which says what was sent, and a DocumentReference,
// which holds its text. Source: HL7 FHIR R4, https://hl7.org/fhir/R4/.
func (s *Service) FHIR(ctx context.Context, of patient.Patient) (map[string]json.RawMessage, error) {
	who, err := access.Require(ctx, access.SeeRecords, access.Messaging)
	if err != nil {
		return nil, err
	}
	entries, err := s.Store.RecordEntries(ctx, who.Group, of.ID, listLimit)
	if err != nil {
		return nil, err
	}
	subject := object{"reference": "Patient/" + of.ID.String()}
	if of.NHSNumber != "" {
		subject["identifier"] = object{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": of.NHSNumber}
	}
	resources := []any{}
	for _, e := range entries {
		resources = append(resources, entry(e.communication(subject)), entry(e.document(subject)))
	}
	text, err := json.Marshal(object{"resourceType": "Bundle", "type": "collection", "timestamp": s.Now().UTC().Format(time.RFC3339), "entry": resources})
	if err != nil {
		return nil, err
	}
	out := map[string]json.RawMessage{}
	return out, json.Unmarshal(text, &out)
}

func entry(resource object) object { return object{"resource": resource} }

func (e Entry) id() string { return strconv.FormatInt(e.ID, 10) }

func (e Entry) concept() object {
	return object{"coding": []any{object{"system": "http://snomed.info/sct", "code": e.Code, "display": e.Term}}, "text": e.Term}
}

func (e Entry) communication(subject object) object {
	return object{
		"resourceType": "Communication", "id": "c" + e.id(), "status": "completed", "subject": subject, "recipient": []any{subject},
		"category": []any{e.concept()}, "sent": e.WrittenAt.UTC().Format(time.RFC3339),
		"medium":  []any{object{"text": e.Channel}},
		"payload": []any{object{"contentString": e.Content}},
		"about":   []any{object{"reference": "DocumentReference/d" + e.id()}},
	}
}

func (e Entry) document(subject object) object {
	return object{
		"resourceType": "DocumentReference", "id": "d" + e.id(), "status": "current", "subject": subject, "type": e.concept(),
		"date": e.WrittenAt.UTC().Format(time.RFC3339),
		"content": []any{object{"attachment": object{
			"contentType": "text/plain; charset=utf-8", "data": base64.StdEncoding.EncodeToString([]byte(e.Content)), "title": e.Term,
			"creation": e.CreatedAt.UTC().Format(time.RFC3339),
		}}},
	}
}
