package graph

import (
	"frontdesk/graph/wire"
)

import (
	"strings"
	"testing"
)

func TestMissingVariableIsMissingField(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		id := d.done("createPatient",
			`mutation { createPatient(patientData: {title: "Dr", first: "Grace", last: "Hopper",
				email: "grace@example.org", dob: "1906-12-09",
			sex: "female", address: "1 Mill Lane", city: "Leeds", placeOfBirth: {name: "New York", code: "US"},
			communicationPreferences: {receiveSMS: true, privacyPolicy: "2031"}}) { data { id } error } }`)["id"]
		const data = `data { title firstName lastName email dob sex address { address city } placeOfBirth { name ` +
			`code } communicationPreferences { receiveSMS privacyPolicy { response } } ins { number oid } }`
		was := d.ask(`query($id: ID!) { patient(id: $id) `+strings.TrimPrefix(data, "data")+` }`, "id",
			id).Data["patient"]
		const declared = `($id: ID!, $title: String, $email: String, $dob: Date, $sex: String, $address: String, ` +
			`$city: String, $name: String, $code: String, $sms: Boolean, $policy: String)`
		const patientData = `{first: "Grace", title: $title, email: $email, dob: $dob, sex: $sex, address: $address,` +
			` city: $city, placeOfBirth: {name: $name, code: $code}, communicationPreferences: {receiveSMS: $sms, ` +
			`privacyPolicy: $policy}}`
		for name, document := range map[string]string{
			"in the document": `mutation` + declared + ` { updatePatient(id: $id, patientData: ` + patientData +
				`) { ` +
				data + ` error } a: __typename @skip(if: true) }`,
			"in a fragment": `mutation` + declared +
				` { ...f } fragment f on Mutation { ...g } fragment g on Mutation { updatePatient(id: $id, ` +
				`patientData: ` +
				patientData + `) { ` + data + ` error } }`,
			"in an inline fragment": `mutation` + declared +
				` { ... on Mutation { updatePatient(id: $id, patientData: ` +
				patientData + `) { ` + data + ` error } } }`,
			"a whole object": `mutation($id: ID!, $place: PlaceOfBirthInput) { updatePatient(id: $id, patientData: ` +
				`{first: "Grace", placeOfBirth: $place}) { ` + data + ` error } }`,
		} {
			for range 2 { // the document is kept
				holds(t, d.done("updatePatient", document, "id", id),
					map[string]any{"email": "grace@example.org", "dob": "1906-12-09T00:00:00.000Z",
						"placeOfBirth.name": "New York"})
			}
			now := d.ask(`query($id: ID!) { patient(id: $id) `+strings.TrimPrefix(data, "data")+` }`, "id",
				id).Data["patient"]
			if asJSON(now) != asJSON(was) {
				t.Errorf("%s: it was %s, and is %s", name, asJSON(was), asJSON(now))
			}
			if strings.Contains(document, "$email") {
				// The same document, with a variable that is given, and with null.
				holds(t, d.done("updatePatient", document, "id", id, "email", "hopper@example.org"),
					map[string]any{"email": "hopper@example.org", "title": "Dr"})
				holds(t, d.done("updatePatient", document, "id", id, "email", nil), map[string]any{"email": nil,
					"title": "Dr"})
				holds(t, d.done("updatePatient", document, "id", id, "email", "grace@example.org"),
					map[string]any{"email": "grace@example.org"})
			}
		}
		// A default takes the place of what is not given.
		holds(t,
			d.done("updatePatient",
				`mutation($id: ID!, $city: String = "York") { updatePatient(id: $id, patientData: {city: $city, `+
					`title: null}) { data { title address { city } } error } }`, "id", id),
			map[string]any{"title": nil, "address.city": "York"})
	})
}

func TestWholeNumberIsAnInt(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		for _, n := range []string{"30", "30.0", "3e1", "30.000"} {
			for _, body := range []string{
				`{"query":"mutation($n: Int) { p: createProduct(productData: {productType: procedure, name: ` +
					`\"Routine\", stockLevel: $n, price: 1}) { data { stockLevel } error } }","variables":{"n":` + n +
					`}}`,
				`{"query":"mutation($p: ProductDataInput!) { p: createProduct(productData: $p) { data { stockLevel ` +
					`} error } }","variables":{"p":{"productType":"procedure","name":"Routine","stockLevel":` + n +
					`,"price":1}}}`,
				`{"query":"mutation { p: createProduct(productData: {productType: procedure, name: \"Routine\", ` +
					`stockLevel: ` + n +
					`, price: 1}) { data { stockLevel } error } }"}`,
				`{"query":"mutation($n: Int = ` + n +
					`) { p: createProduct(productData: {productType: procedure, name: \"Routine\", stockLevel: $n, ` +
					`price: 1}) { data { stockLevel } error } }"}`,
			} {
				a := d.post(body)
				if a.status != 200 || at(t, a.Data, "p.data.stockLevel") != 30.0 {
					t.Errorf("%s: %d %s", body, a.status, a.text)
				}
			}
		}
		for _, c := range []struct{ variables, message string }{
			{`{"n":30.5}`, "Int cannot represent 30.5."},
			{`{"n":"half an hour"}`, `Int cannot represent "half an hour".`},
			{`{"n":true}`, "Int cannot represent true."},
			{`{"n":1e30}`, "Int cannot represent 1e30."},
			{`{"n":{}}`, "Int cannot represent an object."},
			{`{"days":[1,2.5]}`, "Int cannot represent 2.5."},
			{`{"price":"free"}`, `Float cannot represent "free".`},
			{`{"free":1}`, "Boolean cannot represent 1."},
		} {
			a := d.post(`{"query":"mutation($n: Int, $days: [Int!], $price: Float, $free: Boolean) { ` +
				`createProduct(productData: {stockLevel: $n, price: $price, isBookable: $free}) { error } ` +
				`createAvailability(data: {unavailability: false, room: \"0\", recurrence: {days: $days}, ` +
				`startDate: \"2031-01-06\", startTime: \"09:00\", endTime: \"17:00\"}) { data { id } } }",` +
				`"variables":` + c.variables + `}`)
			if a.status != 400 || a.code() != codeValidation || !strings.HasSuffix(a.message(), c.message) {
				t.Errorf("%s: %d %s", c.variables, a.status, a.text)
			}
		}
		a := d.post(`{"query":"{ patients(pagination: {page: 1.5}) { data { id } } }"}`)
		if a.status != 400 || !strings.Contains(a.message(), "1.5") {
			t.Errorf("%d %s", a.status, a.text)
		}
	})
}

// asJSON is a value as text, to be compared.
func asJSON(v any) string { return string(wire.JSON(v)) }
