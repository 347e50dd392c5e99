package graph

import (
	"strings"
	"testing"
)

// TestRefusalNamesFieldsAsTheContractDoes: core and the REST API call them otherwise.
func TestRefusalNamesFieldsAsTheContractDoes(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		ada := d.change(`createPatient(first: "Ada", last: "Lovelace", phoneType: "Mobile", phoneNumber: "07700 ` +
			`900123")`)["id"].(string)
		long := strings.Repeat("a", 300)
		for call, want := range map[string]string{
			`createPatient(patientData: {first: "` + long +
				`", last: "B"})`: "first: ",
			`updatePatient(id: "` + ada + `", patientData: {last: "` + long + `"})`: "last: ",
			`createContact(first: "` + long +
				`")`: "first: ",
			`createUser(userData: {firstName: "", lastName: "B", email: "b@example.org",
				role: "frontdesk"})`: "firstName: ",
			`sendSms(patientId: "` + ada + `", message: "")`: "message: ",
		} {
			d.refused(call, want)
		}
		for _, camel := range [][2]string{{"start_time", "startTime"}, {"a", "a"}, {"page_index", "pageIndex"}} {
			if got, _ := spelt(camel[0], nil); got != camel[1] {
				t.Errorf("%s is spelt %s", camel[0], got)
			}
		}
	})
}
