package graph

import (
	"strings"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/episode"
	"frontdesk/core/pathway"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/graph/wire"
)

const (
	pathwayAsked = `id episodeId patientId patient { id } practiceId practice { name } status startDate productTypeId
		productType { id name } diagnosisCode assignedClinicianUserId assignedClinician { id } createdByUserId
		createdBy { id } deleted metadata { key value } createdAt updatedAt`
	createPathway = `mutation($id: ID!, $data: CreateClinicalPathwayDataInput!) { createClinicalPathway(episodeId: $id,
		clinicalPathwayData: $data) { data { ` + pathwayAsked + ` } error } }`
	updatePathway = `mutation($id: ID!, $data: UpdateClinicalPathwayDataInput!) { updateClinicalPathway(id: $id,
		clinicalPathwayData: $data) { data { ` + pathwayAsked + ` } error } }`
	deletePathway = `mutation($id: ID!) { deleteClinicalPathway(id: $id) { data { id deleted } error } }`
	tellPathway   = `mutation($id: ID!, $all: [MetadataEntryInput!]!) { updatePathwayMetadata(pathwayId: $id,
		metadata: $all) { data { metadata { key value } } error } }`
	findPathway    = `query($id: ID!) { clinicalPathway(id: $id) { ` + pathwayAsked + ` } }`
	listPathways   = `query($id: ID!) { clinicalPathways(episodeId: $id) { ` + pathwayAsked + ` } }`
	pathwayOfABill = `query($id: ID!) { invoice(id: $id) { clinicalPathwayId clinicalPathway { id episodeId } } }`
)

// matter opens an episode of a patient, and is its id.
func (s *surgery) matter(of string) string {
	s.t.Helper()
	e, err := s.core.Episode.Create(s.ctx, wire.Decoded[patient.ID](&of), episode.Change{Subject: new("Back")})
	s.must(err)
	return e.ID.String()
}

// onPathway is the data of a pathway; more is put in place of what it has.
func (s *surgery) onPathway(more map[string]any) map[string]any {
	out := map[string]any{"startDate": "2031-01-07", "status": "PLANNED", "productType": s.jab, "diagnosisCode": "M54.5"}
	for k, v := range more {
		out[k] = v
	}
	return out
}

func (s *surgery) pathway(of string) string {
	s.t.Helper()
	id, _ := s.done("createClinicalPathway", createPathway, "id", of, "data", s.onPathway(nil))["id"].(string)
	return id
}

func TestPathwayIsMadeChangedListedAndDeleted(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		s := d.surgery()
		of := s.matter(s.ada)
		made := d.done("createClinicalPathway", createPathway, "id", of, "data", s.onPathway(map[string]any{
			"assignedClinician": s.doctor, "metadata": []any{map[string]any{"key": "policy", "value": "P-1"}}}))
		want := map[string]any{"episodeId": of, "patientId": s.ada, "patient.id": s.ada, "practice.name": "Mill Lane",
			"status": "PLANNED", "startDate": "2031-01-07T00:00:00.000Z", "productTypeId": s.jab,
			"productType.name": "Travel vaccine", "diagnosisCode": "M54.5", "assignedClinician.id": s.doctor,
			"createdBy": nil, "deleted": false, "metadata.0.key": "policy", "metadata.0.value": "P-1",
			"updatedAt": "2031-01-06T09:00:00.000Z"}
		holds(t, made, want)
		id := made["id"].(string)
		holds(t, at(t, d.ask(findPathway, "id", id).Data, "clinicalPathway"), want)
		d.move(time.Hour)
		changed := d.done("updateClinicalPathway", updatePathway, "id", id, "data",
			map[string]any{"status": "ON_HOLD", "assignedClinician": nil, "diagnosisCode": " M54.4 "})
		holds(t, changed, map[string]any{"status": "ON_HOLD", "assignedClinician": nil, "diagnosisCode": "M54.4",
			"startDate": "2031-01-07T00:00:00.000Z", "productTypeId": s.jab, "updatedAt": "2031-01-06T10:00:00.000Z"})
		told := d.done("updatePathwayMetadata", tellPathway, "id", id, "all", []any{
			map[string]any{"key": "policy", "value": "P-2"}, map[string]any{"key": "code", "value": "A"}})
		holds(t, told, map[string]any{"metadata.0.key": "code", "metadata.1.value": "P-2"})
		for range 2 {
			if got := d.payloadOf("updatePathwayMetadata", tellPathway, "id", id, "all", []any{
				map[string]any{"key": "other", "value": "A"}, map[string]any{"key": "code", "value": ""}}); got !=
				pathway.ErrNoValue.Message {
				t.Errorf("an empty value: %q", got)
			}
		}
		second := s.pathway(of)
		all, _ := at(t, d.ask(listPathways, "id", of).Data, "clinicalPathways").([]any)
		if len(all) != 2 || at(t, all[0], "id") != id || at(t, all[1], "id") != second {
			t.Errorf("listed %v", all)
		}
		if left, _ := at(t, all[0], "metadata").([]any); len(left) != 2 {
			t.Errorf("a batch that was refused left %v", left)
		}
		holds(t, d.done("deleteClinicalPathway", deletePathway, "id", id), map[string]any{"deleted": true})
		all, _ = at(t, d.ask(listPathways, "id", of).Data, "clinicalPathways").([]any)
		if len(all) != 1 || at(t, d.ask(findPathway, "id", id).Data, "clinicalPathway") != nil {
			t.Errorf("after one was deleted: %v", all)
		}
		for field, document := range map[string]string{"deleteClinicalPathway": deletePathway,
			"updateClinicalPathway": updatePathway, "updatePathwayMetadata": tellPathway} {
			got := d.payloadOf(field, document, "id", id, "data", map[string]any{"status": "ACTIVE"}, "all", []any{})
			if got != pathway.ErrNotFound.Message {
				t.Errorf("%s of a deleted one: %q", field, got)
			}
		}
	})
}

func TestPathwayRefusesWhatItCannotBe(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		s := d.surgery()
		of := s.matter(s.ada)
		gone := d.product(map[string]any{"productType": "other", "name": "Gone"})
		d.done("deleteProduct", `mutation($id: ID!) { deleteProduct(id: $id) { data { id } error } }`, "id", gone)
		for want, data := range map[string]map[string]any{
			"diagnosisCode":                           {"diagnosisCode": strings.Repeat("x", 51)},
			"assignedClinician":                       {"assignedClinician": s.ada},
			"productType":                             {"productType": s.ada},
			"does not offer":                          {"productType": gone},
			practice.ErrKeyLength.Message:             {"metadata": []any{map[string]any{"key": "", "value": "v"}}},
			"This practice group has no such episode": nil,
		} {
			in := of
			if data == nil {
				in = "77"
			}
			got := d.payloadOf("createClinicalPathway", createPathway, "id", in, "data", s.onPathway(data))
			if !strings.Contains(got, want) {
				t.Errorf("%s: got %q", want, got)
			}
		}
		if a := d.ask(listPathways, "id", s.ada); !strings.Contains(a.message(), "Cast to ObjectId failed") {
			t.Errorf("an id that no episode can have: %s", a.text)
		}
		id := s.pathway(of)
		d.join("Another")
		other := d.surgery()
		if a := d.ask(findPathway, "id", id); at(t, a.Data, "clinicalPathway") != nil || len(a.Errors) > 0 {
			t.Errorf("another practice's pathway: %s", a.text)
		}
		if all, _ := at(t, d.ask(listPathways, "id", of).Data, "clinicalPathways").([]any); len(all) > 0 {
			t.Errorf("another practice's pathways: %v", all)
		}
		for field, document := range map[string]string{"deleteClinicalPathway": deletePathway,
			"updateClinicalPathway": updatePathway, "updatePathwayMetadata": tellPathway} {
			got := d.payloadOf(field, document, "id", id, "data", map[string]any{"status": "ACTIVE"}, "all", []any{})
			if got != pathway.ErrNotFound.Message {
				t.Errorf("%s of another practice's: %q", field, got)
			}
		}
		got := d.payloadOf("createClinicalPathway", createPathway, "id", of, "data", other.onPathway(nil))
		if got != episode.ErrNotFound.Message {
			t.Errorf("another practice's episode: %q", got)
		}
		if got := d.payloadOf("createInvoice", createInvoice, "data",
			other.bill(map[string]any{"clinicalPathwayId": id})); got != pathway.ErrNotFound.Message {
			t.Errorf("an invoice with another practice's pathway: %q", got)
		}
	})
}

func TestInvoiceBelongsToAPathway(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		s := d.surgery()
		of := s.matter(s.ada)
		id, second := s.pathway(of), s.pathway(of)
		theirs := s.pathway(s.matter(d.person("Grace")))
		bill := s.invoiced(map[string]any{"clinicalPathwayId": id})
		plain := s.invoiced(nil)
		read := func(of string) any { return at(t, d.ask(pathwayOfABill, "id", of).Data, "invoice") }
		holds(t, read(bill), map[string]any{"clinicalPathwayId": id, "clinicalPathway.id": id,
			"clinicalPathway.episodeId": of})
		holds(t, read(plain), map[string]any{"clinicalPathwayId": nil, "clinicalPathway": nil})
		if got := d.payloadOf("updateInvoice", updateInvoice, "id", bill, "data",
			map[string]any{"clinicalPathwayId": theirs}); got != pathway.ErrOtherPatient.Message {
			t.Errorf("another patient's: %q", got)
		}
		list := func(more string, filters string) answer {
			return d.ask(`{ invoices(` + more + `filters: {` + filters + `}) { data { id } } }`)
		}
		found := func(id string) string { return list("", `clinicalPathwayId: "`+id+`"`).text }
		if got := found(id); !strings.Contains(got, bill) || strings.Contains(got, plain) {
			t.Errorf("the pathway's: %s", got)
		}
		if got := found(second); strings.Contains(got, bill) {
			t.Errorf("another pathway's: %s", got)
		}
		if a := list("", `submittedToHealthcode: false, clinicalPathwayId: "`+id+`"`); !strings.Contains(a.message(),
			"dateRange") {
			t.Errorf("without dates: %s", a.text)
		}
		if a := list(`dateRange: {start: "2031-01-01"}, `, `submittedToHealthcode: false, clinicalPathwayId: "`+id+
			`"`); !strings.Contains(a.text, bill) || strings.Contains(a.text, plain) {
			t.Errorf("with dates: %s", a.text)
		}
		d.done("deleteClinicalPathway", deletePathway, "id", id)
		holds(t, read(bill), map[string]any{"clinicalPathwayId": id, "clinicalPathway": nil})
		d.done("updateInvoice", updateInvoice, "id", bill, "data", map[string]any{"comments": "Kept."})
		if got := found(id); !strings.Contains(got, bill) {
			t.Errorf("the deleted pathway's: %s", got)
		}
		if got := d.payloadOf("updateInvoice", updateInvoice, "id", plain, "data",
			map[string]any{"clinicalPathwayId": id}); got != pathway.ErrNotFound.Message {
			t.Errorf("a deleted one: %q", got)
		}
		d.done("updateInvoice", updateInvoice, "id", bill, "data", map[string]any{"clinicalPathwayId": second})
		holds(t, read(bill), map[string]any{"clinicalPathway.id": second})
		d.role("biller", access.SeeInvoices)
		holds(t, at(t, d.ask(`query($id: ID!) { invoice(id: $id) { clinicalPathwayId } }`, "id", bill).Data, "invoice"),
			map[string]any{"clinicalPathwayId": second})
		d.forbidden("seeRecords", pathwayOfABill, "id", bill)
		d.forbidden("seeRecords", findPathway, "id", id)
		d.token = d.newToken("everything")
		d.done("updateInvoice", updateInvoice, "id", bill, "data", map[string]any{"clinicalPathwayId": nil})
		holds(t, read(bill), map[string]any{"clinicalPathwayId": nil, "clinicalPathway": nil})
	})
}

func TestPathwaysTakeAsManyStatementsAsOne(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		s := d.surgery()
		of, n := s.matter(s.ada), 0
		d.flat("clinicalPathways", listPathways, map[string]any{"id": of}, func() int {
			for range 3 {
				s.pathway(of)
				n++
			}
			return n
		})
	})
}
