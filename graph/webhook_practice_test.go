package graph

import (
	"time"

	"frontdesk/core/booking"
	"frontdesk/core/clinical"
	"frontdesk/core/diary"
	"frontdesk/core/document"
	"frontdesk/core/form"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/graph/wire"
)

func (e *subscriber) papers() []row {
	var letter, doc string
	sent := func(topic string) []string {
		return []string{notice(topic, "patientId", e.ada, "letterId", letter, "doctorId", e.doctor)}
	}
	update := func(in map[string]any) { e.done("updateLetter", updateLetter, "id", letter, "in", in) }
	documents := func(how string) []string {
		return []string{notice("patientDocument."+how, "patientId", e.ada, "documentId", doc)}
	}
	remove := func() {
		_, err := e.core.Document.Delete(e.ctx, wire.Decoded[document.ID](&doc))
		e.must(err)
	}
	return []row{
		{"a letter", func() []string {
			letter = e.text(e.done("createLetter", createLetter, "in",
				map[string]any{"patient": e.ada, "doctor": e.doctor, "title": "Your test", "body": "Good."}), "id")
			return sent("letter.created")
		}},
		nothing("a letter without a title", func() {
			e.payload("createLetter", createLetter, "in", map[string]any{"patient": e.ada, "title": "",
				"body": "Good."})
		}),
		nothing("its title changes", func() { update(map[string]any{"title": "Your tests"}) }),
		{"it is to be looked through", func() []string {
			update(map[string]any{"reviewStatus": "AWAITING_REVIEW"})
			return sent("letter.reviewStatus.updated")
		}},
		nothing("it still is", func() { update(map[string]any{"reviewStatus": "AWAITING_REVIEW"}) }),
		{"it is deleted", func() []string {
			e.done("deleteLetter", deleteLetter, "id",
				letter)
			return sent("letter.deleted")
		}},
		nothing("it is deleted again", func() { e.done("deleteLetter", deleteLetter, "id", letter) }),
		{"room for a document", func() []string {
			doc = e.text(e.done("createPatientDocument", createDocument, "p", e.ada, "n", "scan.pdf", "t",
				"application/pdf"),
				"id")
			return documents("uploadInitiated")
		}},
		nothing("room for none", func() {
			e.payload("createPatientDocument", createDocument, "p", e.ada, "n", "x", "t",
				"pdf")
		}),
		nothing("room for what others are made from", func() {
			e.done("createPracticeTemplateDocument", createTemplate, "n",
				"form.txt")
		}),
		{"it is deleted", func() []string { remove(); return documents("deleted") }},
		nothing("it is deleted again", remove),
	}
}

func (e *subscriber) clinic() []row {
	ada, doctor := wire.Decoded[patient.ID](&e.ada), wire.Decoded[practice.PractitionerID](&e.doctor)
	lab := func(results string) string {
		l, err := e.core.Imported.ImportLab(e.ctx, clinical.Lab{Patient: ada, Doctor: doctor, Status: "received",
			Results: results})
		e.must(err)
		return wire.Encode(wire.KindLab, l.ID)
	}
	var rx string
	prescribe := func(orders ...clinical.Order) {
		p, err := e.core.Imported.ImportPrescription(e.ctx, clinical.Prescription{Patient: ada, Doctor: doctor,
			Status: "signed", Content: clinical.PrescriptionContent{Orders: orders}})
		e.must(err)
		rx = wire.Encode(wire.KindPrescription, p.ID)
	}
	sent := func(topic string, noun, id string) string {
		return notice(topic, "patientId", e.ada, "doctorId", e.doctor, noun, id)
	}
	var asked string
	var question any
	fill := func(answer any) (map[string]any, string) {
		return e.payload("fillQuestionnaire", fillQuestionnaire, "q", asked, "p", e.ada, "a",
			[]any{map[string]any{"questionId": question, "answer": answer}})
	}
	return []row{
		{"a request to a laboratory", func() []string { return []string{sent("lab.created", "labId", lab(""))} }},
		{"one with results", func() []string {
			id := lab(`[{"name":"Hb"}]`)
			return []string{sent("lab.created", "labId", id), sent("lab.results.added", "labId", id)}
		}},
		nothing("one without a patient", func() {
			if _, err := e.core.Imported.ImportLab(e.ctx, clinical.Lab{Patient: 7}); err == nil {
				e.t.Error("it was kept")
			}
		}),
		{"a prescription", func() []string {
			prescribe()
			return []string{sent("prescription.created", "prescriptionId",
				rx)}
		}},
		{"one that was ordered", func() []string {
			prescribe(clinical.Order{Status: "collected", Provider: "Brambleford Pharmacy"})
			return []string{sent("prescription.created", "prescriptionId", rx),
				sent("prescription.ordered", "prescriptionId", rx)}
		}},
		nothing("a questionnaire is made", func() {
			q, err := e.core.Form.Import(e.ctx,
				form.Questionnaire{Title: "New", Content: form.Content{Sections: []form.Section{{
					Title: "You", Questions: []form.Question{{ID: 1, Title: "A picture", Kind: form.AskFile,
						Required: true}},
				}}}})
			e.must(err)
			asked, question = wire.Encode(wire.KindForm, q.ID), wire.Encode(wire.KindQuestion,
				q.Content.Sections[0].Questions[0].ID)
		}),
		nothing("it is not answered", func() { fill("") }),
		{"it is answered", func() []string {
			data, wrong := fill(map[string]any{"name": "x.jpg", "type": "image/jpeg"})
			if wrong != "" {
				e.t.Fatal(wrong)
			}
			doc := e.text(e.get("patientDocuments.data", `{ patientDocuments { data { id name } } }`), "0.id")
			return []string{
				notice("questionnaire.response.received", "patientId", e.ada, "questionnaireId", asked,
					"consultationId", e.text(data, "consultationId")),
				notice("patientDocument.uploadInitiated", "patientId", e.ada, "documentId", doc),
			}
		}},
	}
}

func (e *subscriber) invoices() []row {
	var id, line, empty string
	sent := func(topic string, ids ...string) []string {
		return []string{notice(topic, append([]string{"invoiceId", id, "patientId", e.ada}, ids...)...)}
	}
	lines := func(how string) []string { return sent("invoice.lineItems."+how, "lineItemId", line) }
	in := func() string { return `invoiceId: "` + id + `"` }
	return []row{
		{"an invoice with something on it", func() []string { id = e.invoiced(nil); return sent("invoice.created") }},
		nothing("one that is refused", func() {
			e.payload("createInvoice", createInvoice, "data",
				e.bill(map[string]any{"doctorId": wire.Encode(wire.KindUser, int64(7))}))
		}),
		{"its comments change", func() []string {
			e.made(`updateInvoice(`+in()+`, invoiceData: {comments: "X"})`, "id")
			return sent("invoice.updated")
		}},
		nothing("they are the same", func() { e.made(`updateInvoice(`+in()+`, invoiceData: {comments: "X"})`, "id") }),
		{"its claim", func() []string {
			e.made(`updateInvoice(`+in()+`, invoiceData: {healthcode: {providerReference: "HC-1"}})`, "id")
			return append(sent("invoice.integrations.healthcode.statusUpdated"), sent("invoice.updated")...)
		}},
		{"something more", func() []string {
			line = e.text(e.made(`addLineItem(`+in()+`, lineItemData: {date: "2031-01-06", productId: "`+e.visit+`",
				quantity: 1})`, `lineItems { id }`), "lineItems.1.id")
			return lines("added")
		}},
		{"twice of it", func() []string {
			e.made(`updateLineItem(`+in()+`, lineItemId: "`+line+`", lineItemData: {quantity: 2})`, "id")
			return lines("updated")
		}},
		nothing("twice of it again", func() {
			e.made(`updateLineItem(`+in()+`, lineItemId: "`+line+`",
			lineItemData: {quantity: 2})`, "id")
		}),
		{"none of it", func() []string {
			e.made(`deleteLineItem(`+in()+`, lineItemId: "`+line+`")`, "id")
			return lines("removed")
		}},
		nothing("and not again", func() { e.refused(`deleteLineItem(`+in()+`, lineItemId: "`+line+`")`, "") }),
		{"one that goes to a contact", func() []string {
			empty = e.invoiced(map[string]any{"accountId": e.insurer})
			return []string{notice("invoice.created", "invoiceId", empty, "patientId", e.ada, "contactId", e.insurer)}
		}},
		{"it is cancelled", func() []string {
			e.made(`deleteInvoice(invoiceId: "`+empty+`")`, "id")
			return []string{notice("invoice.deleted", "invoiceId", empty, "patientId", e.ada, "contactId", e.insurer)}
		}},
		nothing("it is cancelled again", func() { e.made(`deleteInvoice(invoiceId: "`+empty+`")`, "id") }),
	}
}

func (e *subscriber) payments() []row {
	var id, payment string
	sent := func(topic string, ids ...string) string {
		return notice(topic, append([]string{"invoiceId", id, "patientId", e.ada}, ids...)...)
	}
	pay := func(amount float64) map[string]any {
		data, wrong := e.surgery.change("addInvoicePayment", `invoiceId: $id,
			paymentData: $payment`, "id", id, "payment", e.payBy(amount))
		if wrong != "" {
			e.t.Fatal(wrong)
		}
		return data
	}
	edit := func(data string) {
		e.made(`updateInvoicePayment(invoiceId: "`+id+`", invoicePaymentId: "`+payment+`", paymentData: {`+data+`})`,
			"id")
	}
	refund := func(amount string) string {
		all := at(e.t, e.made(`refundPayment(invoiceId: "`+id+`", paymentId: "`+payment+`",
			amount: `+amount+`)`, `refunds { id }`), "refunds").([]any)
		return e.text(all[len(all)-1], "id")
	}
	// Two jabs cost 39.98.
	return []row{
		{"one of which a part is paid already", func() []string {
			id = e.invoiced(map[string]any{"payments": []any{e.payBy(9.98)}})
			return []string{sent("invoice.created"), sent("invoice.partiallyPaid")}
		}},
		{"more is paid", func() []string { pay(10); return []string{sent("invoice.partiallyPaid")} }},
		nothing("more than there is to pay", func() {
			e.surgery.change("addInvoicePayment", `invoiceId: $id, paymentData: $payment`, "id", id, "payment",
				e.payBy(100))
		}),
		{"the rest is paid", func() []string {
			payment = e.text(pay(20), "payments.2.id")
			return []string{sent("invoice.paid")}
		}},
		{"a comment on the payment", func() []string {
			edit(`comment: "Cash"`)
			return []string{sent("invoice.updated")}
		}},
		nothing("the same comment", func() { edit(`comment: "Cash"`) }),
		{"some is given back", func() []string { return []string{sent("invoice.refunded", "refundId", refund("5"))} }},
		{"it is paid again", func() []string { pay(5); return []string{sent("invoice.paid")} }},
		nothing("more is given back than was paid", func() {
			e.refused(`refundPayment(invoiceId: "`+id+`", paymentId: "`+payment+`", amount: 100)`, "")
		}),
		{"a payment was a mistake", func() []string {
			all := e.get("invoice.payments", `query($id: ID!) { invoice(id: $id) { payments { id } } }`, "id", id)
			e.made(`deleteInvoicePayment(invoiceId: "`+id+`", invoicePaymentId: "`+e.text(all, "0.id")+`")`, "id")
			return []string{sent("invoice.updated")}
		}},
		{"one that was paid from the start", func() []string {
			id = e.invoiced(map[string]any{"payments": []any{e.payBy(39.98)}})
			return []string{sent("invoice.created"), sent("invoice.paid")}
		}},
		{"what is left on one was paid", func() []string {
			made := e.done("createInvoice", createInvoice, "data", e.bill(map[string]any{
				"payments": []any{e.payBy(39.98)}, "lineItems": []any{
					map[string]any{"date": "2031-01-05", "productId": e.jab, "quantity": 2},
					map[string]any{"date": "2031-01-05",
						"productId": e.visit, "quantity": 1},
				},
			}))
			id = e.text(made, "id")
			line := e.text(made, "lineItems.1.id")
			e.made(`deleteLineItem(invoiceId: "`+id+`", lineItemId: "`+line+`")`, "id")
			return []string{sent("invoice.created"), sent("invoice.partiallyPaid"),
				sent("invoice.lineItems.removed", "lineItemId", line), sent("invoice.paid")}
		}},
	}
}

func (e *subscriber) bookings() []row {
	var id string
	sent := func(topic string, placed bool) []string {
		ids := []string{"bookingId", id, "patientId", e.ada, "doctorId", e.doctor}
		if placed {
			ids = append(ids, "locationId", wire.Encode(wire.KindPlace, wire.Decoded[practice.LocationID](&e.room)),
				"productId", e.visit)
		}
		return []string{notice(topic, ids...)}
	}
	data := func(from, to string) string {
		return `bookingData: {patient: "` + e.ada + `", location: "` + e.room + `", bookingType: "` + e.visit + `",
			doctor: "` + e.doctor +
			`", start: "2031-07-07T` + from + `:00Z", end: "2031-07-07T` + to + `:00Z"}`
	}
	update := func(data string) { e.made(`updateBooking(id: "`+id+`", bookingData: {`+data+`})`, "id") }
	journey := func(stage, date string) {
		e.made(`updateBookingJourney(id: "`+id+`", bookingJourneyInput: {journeyStage: `+stage+`,
			date: "2031-01-05T`+date+`:00Z"})`, "id")
	}
	undo := func(stage string) {
		e.made(`updateBookingJourney(id: "`+id+`", bookingJourneyInput: {journeyStage: `+stage+`, undo: true})`, "id")
	}
	metadata := func(value string) {
		e.made(`updateBookingMetadata(bookingId: "`+id+`", key: "crm", value: "`+value+`")`, "id")
	}
	return []row{
		{"a booking", func() []string {
			id = e.text(e.made(`createBooking(`+data("09:30", "09:45")+`)`, "id"), "id")
			return sent("booking.created", true)
		}},
		nothing("one at the same time", func() {
			e.refused(`createBooking(`+data("09:40", "09:50")+`)`,
				"double booking")
		}),
		{"a comment", func() []string { update(`comments: "Early"`); return sent("booking.updated", false) }},
		nothing("the same comment", func() { update(`comments: "Early"`) }),
		{"another time, with another comment", func() []string {
			update(`start: "2031-07-07T10:30:00Z", end: "2031-07-07T10:45:00Z", comments: "Late"`)
			return sent("booking.updated", true)
		}},
		nothing("the same time", func() { update(`start: "2031-07-07T10:30:00Z", end: "2031-07-07T10:45:00Z"`) }),
		{"what another program keeps", func() []string { metadata("42"); return sent("booking.updated", false) }},
		nothing("the same of that", func() { metadata("42") }),
		{"they come", func() []string {
			journey("arrived", "10:00")
			return sent("booking.patientJourney.arrived",
				false)
		}},
		nothing("it is said again", func() { journey("arrived", "10:00") }),
		{"they are seen", func() []string {
			journey("consultation", "10:30")
			return sent("booking.patientJourney.inConsultation", false)
		}},
		{"they go", func() []string {
			journey("departed", "10:45")
			return sent("booking.patientJourney.completed",
				false)
		}},
		{"that was a mistake", func() []string { undo("departed"); return sent("booking.updated", false) }},
		nothing("it is taken back again", func() { undo("departed") }),
		nothing("they did not come after all", func() {
			e.refused(`updateBookingJourney(id: "`+id+`", bookingJourneyInput: {journeyStage: dna})`,
				booking.ErrCame.Message)
		}),
		{"they never were seen", func() []string { undo("consultation"); return sent("booking.updated", false) }},
		{"nor came", func() []string { undo("arrived"); return sent("booking.updated", false) }},
		{"it was yesterday", func() []string {
			update(`start: "2031-01-05T10:30:00Z", end: "2031-01-05T10:45:00Z"`)
			return sent("booking.updated", true)
		}},
		{"and the patient did not come",
			func() []string { journey("dna", "10:45"); return sent("booking.patientJourney.noShow", false) }},
		{"it is cancelled", func() []string {
			e.made(`deleteBooking(id: "`+id+`")`, "id")
			return sent("booking.deleted",
				true)
		}},
		nothing("it is cancelled again", func() { e.made(`deleteBooking(id: "`+id+`")`, "id") }),
		nothing("the patient does not come to that", func() {
			e.refused(`updateBookingJourney(id: "`+id+`", bookingJourneyInput: {journeyStage: arrived})`,
				booking.ErrCancelled.Message)
		}),
	}
}

// appointments are bookings made over REST.
func (e *subscriber) appointments() []row {
	var a booking.Appointment
	sent := func(topic string) []string {
		return []string{notice(topic, "bookingId", wire.Encode(wire.KindBooking, a.ID), "patientId", e.ada, "doctorId",
			e.doctor,
			"locationId", wire.Encode(wire.KindPlace, wire.Decoded[practice.LocationID](&e.room)), "productId",
			e.visit)}
	}
	start := e.now.Load().AddDate(0, 0, 14).Truncate(time.Hour)
	hold := func() {
		var err error
		a, err = e.core.Booking.Reserve(e.ctx, booking.Request{
			Type: wire.Decoded[diary.TypeID](&e.visit), Location: wire.Decoded[practice.LocationID](&e.room),
			Practitioner: wire.Decoded[practice.PractitionerID](&e.doctor), Start: start, Length: 20 * time.Minute,
			Patient: wire.Decoded[patient.ID](&e.ada), Override: true,
		})
		e.must(err)
	}
	book := func() {
		_, err := e.core.Booking.Confirm(e.ctx, a.ID, booking.Confirmation{})
		e.must(err)
	}
	cancel := func() {
		_, err := e.core.Booking.Cancel(e.ctx, a.ID, booking.Cancellation{})
		e.must(err)
	}
	reschedule := func() {
		later, end := start.Add(time.Hour), start.Add(80*time.Minute)
		_, err := e.core.Booking.Change(e.ctx, a.ID,
			booking.Change{State: booking.Booked, Start: &later, End: &end, Override: true})
		e.must(err)
	}
	return []row{
		nothing("a time is held", hold),
		nothing("and let go", cancel),
		nothing("another is held", hold),
		{"it is confirmed", func() []string { book(); return sent("booking.created") }},
		nothing("it is confirmed again", book),
		{"it is moved", func() []string { reschedule(); return sent("booking.updated") }},
		nothing("it is there already", reschedule),
		{"it is cancelled", func() []string { cancel(); return sent("booking.deleted") }},
		nothing("it is cancelled again", cancel),
	}
}
