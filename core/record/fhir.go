package record

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

type object = map[string]any

// bundle is a FHIR Bundle in the making.
type bundle struct {
	// base is the address of this Frontdesk: identifiers that are ours begin with it.
	base  string
	group practice.Group
	entry []any
	known map[string]bool // the fullUrls in it
}

// FHIR gives what was written into a patient's record as a FHIR R4 Bundle. For each entry there is a Communication,
// which says what was sent, a DocumentReference, which holds its text, and a Provenance, which says who proposed and
// who approved it; and once each the Patient, the practice as Organization, those who approved as Practitioners and the
// programs as Devices. Every reference is to the fullUrl of a resource in the Bundle. Sources: HL7 FHIR R4,
// https://hl7.org/fhir/R4/; HL7 UK, https://fhir.hl7.org.uk/.
func (s *Service) FHIR(ctx context.Context, of patient.Patient) (map[string]json.RawMessage, error) {
	who, err := access.Require(ctx, access.SeeRecords)
	if err != nil {
		return nil, err
	}
	g, err := s.Store.Group(ctx, who.Group)
	if err != nil {
		return nil, err
	}
	entries, err := s.Store.RecordEntries(ctx, who.Group, of.ID, listLimit)
	if err != nil {
		return nil, err
	}
	audit.Seen(ctx, audit.Person(of.ID))
	audit.Seen(ctx, entries...)
	b := &bundle{base: s.Pages(), group: g, known: map[string]bool{}}
	practice := b.organization()
	subject := b.patient(of, practice)
	for _, e := range entries {
		b.entries(e, subject, practice)
	}
	text, err := json.Marshal(object{"resourceType": "Bundle", "type": "collection", "timestamp": moment(s.Now()),
		"entry": b.entry})
	if err != nil {
		return nil, err
	}
	out := map[string]json.RawMessage{}
	return out, json.Unmarshal(text, &out)
}

func moment(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// uuid names a thing of the practice group for ever, and always the same: a UUID
// of the kind that is one's own to fill (RFC 9562, version 8).
func (b *bundle) uuid(kind, name string) string {
	sum := sha256.Sum256([]byte("frontdesk " + strconv.FormatInt(int64(b.group.ID), 10) + " " + kind + " " + name))
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80
	x := hex.EncodeToString(sum[:16])
	return x[:8] + "-" + x[8:12] + "-" + x[12:16] + "-" + x[16:20] + "-" + x[20:]
}

// add puts a resource into the bundle, once, and refers to it.
func (b *bundle) add(kind, name, display string, resource func() object) object {
	id := b.uuid(kind, name)
	url := "urn:uuid:" + id
	if !b.known[url] {
		b.known[url] = true
		r := resource()
		r["resourceType"], r["id"] = kind, id
		b.entry = append(b.entry, object{"fullUrl": url, "resource": r})
	}
	ref := object{"reference": url, "type": kind}
	if display != "" {
		ref["display"] = display
	}
	return ref
}

// own is an identifier of ours: what is read at its system, below a slash, by its value.
func (b *bundle) own(path, value string) object {
	return object{"system": b.base + path, "value": value}
}

// ukCore says that a resource is as HL7 UK wants it.
func ukCore(profile string) object {
	return object{"profile": []any{"https://fhir.hl7.org.uk/StructureDefinition/UKCore-" + profile}}
}

func concept(system, code, display, text string) object {
	return object{"coding": []any{object{"system": system, "code": code, "display": display}}, "text": text}
}
