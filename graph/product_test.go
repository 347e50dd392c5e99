package graph

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"frontdesk/core/billing"
	"frontdesk/core/contact"
	"frontdesk/core/diary"
	"frontdesk/core/practice"
	billinggraph "frontdesk/graph/billing"
	"frontdesk/graph/wire"
)

const productFieldsAsked = `id status productType labels { id referenceId text color } itemCode name serialNumber
	tax { taxName taxRate taxCode } stockLevel price cost supplierName
	supplierDisplayName comments appointments { id name tax { taxRate } } isBookable duration color isVideoConsultation
	requiresPayment requiresConfirmation
	metadata { key value } createdAt updatedAt`

const createProduct = `mutation($data: ProductDataInput!) { createProduct(productData: $data) { data { ` +
	productFieldsAsked + ` } error } }`

// product makes a product and gives its id.
func (d *kit) product(data map[string]any) string {
	d.t.Helper()
	id, _ := d.done("createProduct", createProduct, "data", data)["id"].(string)
	return id
}

func TestProducts(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		made := d.done("createProduct", createProduct, "data", map[string]any{
			"productType": "vaccine", "name": "Travel vaccine", "price": 19.99, "itemCode": "TV-1",
			"supplierName": "Vax Ltd",
			"color":        "#00f", "isBookable": true,
			"serialNumber": "S1", "stockLevel": 12, "cost": 12.5, "comments": "Keep cold.", "requiresPayment": true,
			"requiresConfirmation": true,
			"membershipFrequency":  nil,
		})
		holds(t, made, map[string]any{
			"status": "active", "productType": "vaccine", "name": "Travel vaccine", "price": 19.99, "itemCode": "TV-1",
			"supplierName":        "Vax Ltd",
			"supplierDisplayName": "Vax Ltd", "color": "#00f", "isBookable": true, "serialNumber": "S1",
			"stockLevel": 12.0,
			"cost":       12.5,
			"comments":   "Keep cold.", "requiresPayment": true, "requiresConfirmation": true,
			"isVideoConsultation": false,
			"duration":            nil,
			"tax.taxRate":         0.0, "createdAt": "2031-01-06T09:00:00.000Z",
			"updatedAt": "2031-01-06T09:00:00.000Z",
		})
		id := made["id"].(string)
		d.move(time.Minute)
		d.must(second(d.core.Practice.UpdateGroup(d.ctx, practice.GroupChange{VAT: new(175)})))
		update := `mutation($id: ID!, $data: ProductDataInput!) { updateProduct(id: $id,
			productData: $data) { data { ` +
			productFieldsAsked + ` } error } }`
		after := d.done("updateProduct", update, "id", id, "data",
			map[string]any{"price": 0.1 + 0.2, "comments": nil, "cost": nil})
		holds(t, after, map[string]any{
			"price": 0.3, "comments": nil, "cost": 12.5, "name": "Travel vaccine", "tax.taxRate": 17.5,
			"createdAt": "2031-01-06T09:00:00.000Z", "updatedAt": "2031-01-06T09:01:00.000Z",
		})
		set := `mutation($id: ID!, $key: ID!) { updateProductMetadata(productId: $id, key: $key, value: "7") { data ` +
			`{ metadata { key value } } error } }`
		holds(t, d.done("updateProductMetadata", set, "id", id, "key", "erp"),
			map[string]any{"metadata.0.key": "erp", "metadata.0.value": "7"})
		drop := `mutation($id: ID!) { deleteProductMetadata(productId: $id, key: "erp") { data { metadata { key } } ` +
			`error } }`
		if n := d.done("deleteProductMetadata", drop, "id", id)["metadata"].([]any); len(n) != 0 {
			t.Errorf("%v is left", n)
		}
		if _, wrong := d.payload("deleteProductMetadata", drop, "id", id); wrong != practice.ErrNoKey.Message {
			t.Error(wrong)
		}
		if _, wrong := d.payload("updateProductMetadata", set, "id", id, "key",
			strings.Repeat("k", 41)); wrong != practice.ErrKeyLength.Message {
			t.Error(wrong)
		}

		// An appointment is one of the practice's appointment types.
		visit := d.product(map[string]any{"productType": "appointment", "name": "Consultation", "price": 65,
			"duration":            20,
			"isVideoConsultation": true})
		holds(t, d.get("practice", `{ practice { appointmentTypes { id title duration price } } }`), map[string]any{
			"appointmentTypes.0.id": visit, "appointmentTypes.0.title": "Consultation",
			"appointmentTypes.0.duration": 20.0,
			"appointmentTypes.0.price":    65.0,
		})
		n, err := billinggraph.ProductID(id)
		d.must(err)
		part, err := billinggraph.ProductID(visit)
		d.must(err)
		d.offer(n, "part", part)
		holds(t, d.get("product", `query($id: ID!) { product(id: $id) { `+productFieldsAsked+` } }`, "id", id),
			map[string]any{
				"id": id, "appointments.0.id": visit, "appointments.0.name": "Consultation",
				"appointments.0.tax.taxRate": 17.5,
			})
		del := `mutation($id: ID!) { deleteProduct(id: $id) { data { status } error } }`
		for range 2 {
			holds(t, d.done("deleteProduct", del, "id", visit), map[string]any{"status": "deleted"})
		}
		if types := d.get("practice.appointmentTypes",
			`{ practice { appointmentTypes { id } } }`).([]any); len(types) != 0 {
			t.Errorf("it can still be booked: %v", types)
		}
		if got := d.get("product.status", `query($id: ID!) { product(id: $id) { status } }`, "id",
			visit); got != "deleted" {
			t.Errorf("got %v", got)
		}
		if _, wrong := d.payload("updateProduct", update, "id", visit, "data",
			map[string]any{}); wrong != billing.ErrProductDeleted.Message {
			t.Error(wrong)
		}
	})
}

func TestProductsHaveLabels(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		id, other := d.product(map[string]any{"name": "Plaster"}), d.product(map[string]any{"name": "Bandage"})
		label := d.done("createLabel",
			`mutation { createLabel(labelData: {title: "Sterile", color: "#0f0"}) { data { id }
				error } }`)["id"].(string)
		add := `mutation($id: ID!, $label: ID!) { addProductLabel(productId: $id, labelReferenceId: $label) { data ` +
			`{ labels { id referenceId text color } } error } }`
		remove := `mutation($id: ID!, $label: ID!) { removeProductLabel(productId: $id, labelId: $label) { data { ` +
			`labels { id } } error } }`
		on := d.done("addProductLabel", add, "id", id, "label", label)
		holds(t, on, map[string]any{"labels.0.referenceId": label, "labels.0.text": "Sterile",
			"labels.0.color": "#0f0"})
		use := at(t, on, "labels.0.id")
		if _, wrong := d.payload("removeProductLabel", remove, "id", other, "label",
			use); wrong != billing.ErrNoLabel.Message {
			t.Error(wrong)
		}
		if n := d.done("removeProductLabel", remove, "id", id, "label", use)["labels"].([]any); len(n) != 0 {
			t.Errorf("%v is left", n)
		}
		d.done("addProductLabel", add, "id", id, "label", label)
		if n := d.done("removeProductLabel", remove, "id", id, "label", label)["labels"].([]any); len(n) != 0 {
			t.Errorf("%v is left", n)
		}
		d.done("addProductLabel", add, "id", id, "label", label)
		d.role("shop", "seeProducts", "editProducts")
		if n := d.get("product.labels", `query($id: ID!) { product(id: $id) { labels { id } } }`, "id",
			id).([]any); len(n) != 0 {
			t.Errorf("a role without settingsLabel sees %v", n)
		}
		d.token = d.newToken("everything")
		d.done("deleteLabel", `mutation($id: ID!) { deleteLabel(id: $id) { data { id } error } }`, "id", label)
		if n := d.get("product.labels", `query($id: ID!) { product(id: $id) { labels { id } } }`, "id",
			id).([]any); len(n) != 0 {
			t.Errorf("%v is left of a deleted label", n)
		}
		d.token = d.newToken("readonly")
		d.forbidden("editProducts", add, "id", id, "label", label)
		d.forbidden("editProducts", remove, "id", id, "label", label)
	})
}

func TestProductsAreRefused(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		for _, c := range []struct {
			name string
			data map[string]any
			want string
		}{
			{"no name", map[string]any{"price": 1}, "name"},
			{"half a penny", map[string]any{"name": "X", "price": 1.005}, billinggraph.ErrAmount.Message},
			{"less than nothing", map[string]any{"name": "X", "cost": -0.01}, "cost"},
			{"more than there is", map[string]any{"name": "X", "price": 1e300}, "price"},
		} {
			if _, wrong := d.payload("createProduct", createProduct, "data", c.data); !strings.Contains(wrong, c.want) {
				t.Errorf("%s: %q", c.name, wrong)
			}
		}
		id := d.product(map[string]any{"name": "Plaster"})
		for sent, want := range map[string]string{
			"x": billinggraph.ErrShortID.Message,
			strings.Repeat("z", 24): `Cast to ObjectId failed for value "` + strings.Repeat("z", 24) +
				`" (type string) at path "_id"`,
			wire.Encode(wire.KindContact, contact.ID(7)):          billing.ErrProductNotFound.Message,
			wire.Encode(wire.KindProduct, billing.ProductID(700)): billing.ErrProductNotFound.Message,
		} {
			a := d.ask(`query($id: ID!) { product(id: $id) { id } }`, "id", sent)
			if a.message() != want || at(t, a.Data, "product") != nil || a.status != 200 {
				t.Errorf("%s: %s", sent, a.text)
			}
		}
		changes := map[string]string{
			"updateProduct": `mutation($id: ID!) { updateProduct(id: $id, productData: {name: "X"}) { data ` +
				`{ id } error } }`,
			"deleteProduct": `mutation($id: ID!) { deleteProduct(id: $id) { data { id } error } }`,
			"updateProductMetadata": `mutation($id: ID!) { updateProductMetadata(productId: $id, key: "a", value: ` +
				`"b") { data { id } error } }`,
			"deleteProductMetadata": `mutation($id: ID!) { deleteProductMetadata(productId: $id, key: "a") { data { ` +
				`id } error } }`,
		}
		d.token = d.newToken("readonly")
		for _, document := range changes {
			d.forbidden("editProducts", document, "id", id)
		}
		d.forbidden("editProducts", createProduct, "data", map[string]any{"name": "X"})
		d.role("blind", "seePractice", "editProducts", "settingsSeeUsers")
		d.forbidden("seeProducts", `query($id: ID!) { product(id: $id) { id } }`, "id", id)
		d.forbidden("seeProducts", `{ products { data { id } } }`)
		// A caller who may only write does not get the practice's own rate.
		holds(t,
			d.done("updateProduct",
				`mutation($id: ID!) { updateProduct(id: $id, productData: {name: "Y"}) { data { name tax { taxRate `+
					`} } error } }`,
				"id", id),
			map[string]any{"name": "Y", "tax.taxRate": nil})

		d.join("Another")
		a := d.ask(`query($id: ID!) { product(id: $id) { id } }`, "id", id)
		if a.message() != "Product must exist." || at(t, a.Data, "product") != nil {
			t.Error(a.text)
		}
		if got := d.get("products.data",
			`{ products(options: {includeDeleted: true}) { data { id } } }`).([]any); len(got) != 0 {
			t.Errorf("another practice sees %v", got)
		}
		for field, document := range changes {
			if _, wrong := d.payload(field, document, "id", id); wrong != billing.ErrProductNotFound.Message {
				t.Errorf("%s: %q", field, wrong)
			}
		}
	})
}

func TestProductsAreListed(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		place, err := d.core.Practice.CreateLocation(d.ctx, practice.LocationChange{Name: new("Mill Lane")})
		d.must(err)
		made, made2 := 0, []billing.ProductID{}
		grow := func() int {
			for range 3 {
				made++
				visit, err := billinggraph.ProductID(d.product(map[string]any{"productType": "appointment",
					"name": fmt.Sprint("Visit ", made)}))
				d.must(err)
				pack, err := billinggraph.ProductID(d.product(map[string]any{"productType": "membership",
					"name":     fmt.Sprint("Pack ", made),
					"itemCode": fmt.Sprint("P-", made)}))
				d.must(err)
				d.offer(pack, "part", visit)
				d.done("updateProductMetadata",
					`mutation($id: ID!) { updateProductMetadata(productId: $id, key: "erp", value: "7") { data { id `+
						`} error } }`, "id",
					wire.Encode(wire.KindProduct, pack))
				label := d.done("createLabel", `mutation { createLabel(labelData: {title: "Box"}) { data { id } `+
					`error } }`)["id"]
				d.done("addProductLabel",
					`mutation($id: ID!, $label: ID!) { addProductLabel(productId: $id, labelReferenceId: $label) { `+
						`data { id } error } }`, "id", wire.Encode(wire.KindProduct, pack), "label", label)
				d.offer(pack, "location", place.ID)
				made2 = append(made2, pack)
			}
			return 2 * made
		}
		d.flat("products.data", `{ products { data { `+productFieldsAsked+` } pageInfo { page pageSize hasMore } } }`,
			nil,
			grow)
		a := d.ask(`{ products(search: "p-4", options: {}, pagination: {}) { data { name } pageInfo { hasMore } } }`)
		holds(t, a.Data, map[string]any{"products.data.0.name": "Pack 4", "products.pageInfo.hasMore": false})
		if got := d.get("practice.locations.0.servicesProvided",
			`{ practice { locations { servicesProvided { name
				appointments { name } } } } }`).([]any); len(got) != len(made2) {
			t.Errorf("the place offers %d products, not %d", len(got), len(made2))
		}
		doctor := d.done("createUser",
			`mutation { createUser(userData: {firstName: "Amir", lastName: "Khan", email: "amir@example.org", role: `+
				`"booking", isDoctor: true}) { data { id } error } }`)["id"].(string)
		d.offer(made2[0], "practitioner", wire.Decoded[practice.PractitionerID](&doctor))
		if got := d.get("user.servicesProvided.0.name", `query($id: ID!) { user(id: $id) { servicesProvided { name `+
			`} } }`,
			"id", doctor); got != "Pack 1" {
			t.Errorf("the doctor offers %v", got)
		}
	})
}

// TestProductKeepsItsVATRate sets a rate over GraphQL and bills it.
func TestProductKeepsItsVATRate(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		s := d.surgery()
		made := d.done("createProduct", createProduct, "data", map[string]any{
			"productType": "vaccine", "name": "Rabies", "price": 50,
			"tax": map[string]any{"taxRate": 20, "taxName": "Standard rate", "taxCode": "S"},
		})
		holds(t, made, map[string]any{"tax.taxRate": 20.0, "tax.taxName": "Standard rate", "tax.taxCode": "S"})
		id := made["id"].(string)
		bill := func(product string) map[string]any {
			return d.done("createInvoice", createInvoice, "data", s.bill(map[string]any{
				"lineItems": []any{map[string]any{"date": "2031-01-05", "productId": product, "quantity": 3}},
			}))
		}
		holds(t, bill(id),
			map[string]any{"tax": 30.0, "total": 180.0, "lineItems.0.taxRate": 20.0, "lineItems.0.total": 180.0})
		update := `mutation($id: ID!, $data: ProductDataInput!) { updateProduct(id: $id,
			productData: $data) { data { ` +
			productFieldsAsked + ` } error } }`
		change := func(tax any) map[string]any {
			return d.done("updateProduct", update, "id", id, "data", map[string]any{"tax": tax})
		}
		holds(t, change(map[string]any{"taxRate": 17.5}), map[string]any{"tax.taxRate": 17.5,
			"tax.taxName": "Standard rate"})
		holds(t, bill(id), map[string]any{"tax": 26.25, "total": 176.25})
		holds(t, change(nil), map[string]any{"tax.taxRate": 17.5})
		d.must(second(d.core.Practice.UpdateGroup(d.ctx, practice.GroupChange{VAT: new(50)})))
		holds(t, change(map[string]any{"taxCode": nil}), map[string]any{"tax.taxRate": 17.5, "tax.taxCode": nil})
		holds(t, change(map[string]any{"taxRate": nil}), map[string]any{"tax.taxRate": 5.0,
			"tax.taxName": "Standard rate"})
		holds(t, bill(id), map[string]any{"tax": 7.5})
		holds(t, change(map[string]any{"taxRate": 0}), map[string]any{"tax.taxRate": 0.0})
		holds(t, bill(id), map[string]any{"tax": 0.0, "total": 150.0})
		for _, wrong := range []float64{-1, 100.1, 17.55} {
			if _, said := d.payload("updateProduct", update, "id", id, "data",
				map[string]any{"tax": map[string]any{"taxRate": wrong}}); !strings.Contains(said, "taxRate: ") {
				t.Errorf("%v: %s", wrong, said)
			}
		}
		// Of an appointment it is that of the appointment type, which REST sets.
		scan := d.product(map[string]any{"productType": "appointment", "name": "Scan", "price": 100,
			"tax": map[string]any{"taxRate": 20}})
		kind, err := d.core.Diary.UpdateType(d.ctx, wire.Decoded[diary.TypeID](&scan),
			diary.TypeChange{Name: new("Scan of a knee")})
		if err != nil || kind.VAT == nil || *kind.VAT != 200 {
			t.Fatalf("the appointment type is %+v, %v", kind, err)
		}
		_, err = d.core.Diary.UpdateType(d.ctx, kind.ID, diary.TypeChange{VAT: new(50)})
		d.must(err)
		holds(t, bill(scan), map[string]any{"tax": 15.0})
	})
}
