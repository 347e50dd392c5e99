package graph

import (
	"context"
	"net/http"
	"sync"
	"time"

	"frontdesk/core"
	"frontdesk/core/account"
	"frontdesk/core/archive"
	"frontdesk/core/audit"
	"frontdesk/core/billing"
	"frontdesk/core/booking"
	"frontdesk/core/carrier"
	"frontdesk/core/clinical"
	"frontdesk/core/contact"
	"frontdesk/core/demographics"
	"frontdesk/core/diary"
	"frontdesk/core/document"
	"frontdesk/core/episode"
	"frontdesk/core/form"
	"frontdesk/core/idempotency"
	"frontdesk/core/identifier"
	"frontdesk/core/key"
	"frontdesk/core/label"
	"frontdesk/core/limit"
	"frontdesk/core/membership"
	"frontdesk/core/merge"
	"frontdesk/core/messaging"
	"frontdesk/core/pathway"
	"frontdesk/core/patient"
	"frontdesk/core/payment"
	"frontdesk/core/practice"
	torecord "frontdesk/core/record"
	"frontdesk/core/relationship"
	"frontdesk/core/seal"
	"frontdesk/core/statement"
	"frontdesk/core/task"
	"frontdesk/core/video"
	"frontdesk/core/webhook"
	"frontdesk/store"
	accountstore "frontdesk/store/account"
	archivestore "frontdesk/store/archive"
	auditstore "frontdesk/store/audit"
	billingstore "frontdesk/store/billing"
	bookingstore "frontdesk/store/booking"
	clinicalstore "frontdesk/store/clinical"
	contactstore "frontdesk/store/contact"
	demographicsstore "frontdesk/store/demographics"
	diarystore "frontdesk/store/diary"
	documentstore "frontdesk/store/document"
	episodestore "frontdesk/store/episode"
	formstore "frontdesk/store/form"
	idempotencystore "frontdesk/store/idempotency"
	identifierstore "frontdesk/store/identifier"
	keystore "frontdesk/store/key"
	labelstore "frontdesk/store/label"
	limitstore "frontdesk/store/limit"
	mergestore "frontdesk/store/merge"
	messagingstore "frontdesk/store/messaging"
	pathwaystore "frontdesk/store/pathway"
	patientstore "frontdesk/store/patient"
	paymentstore "frontdesk/store/payment"
	practicestore "frontdesk/store/practice"
	recordstore "frontdesk/store/record"
	relationshipstore "frontdesk/store/relationship"
	statementstore "frontdesk/store/statement"
	taskstore "frontdesk/store/task"
	videostore "frontdesk/store/video"
	webhookstore "frontdesk/store/webhook"
)

// idleCarrier is there and is never asked: nothing is due in these tests.
type idleCarrier struct{ carrier.Carrier }

// testAddresses likes every address but one.
type testAddresses struct{}

func (testAddresses) Check(url string) string {
	if url == "http://10.0.0.1/" {
		return "This address is not a public one."
	}
	return ""
}

func (testAddresses) CheckHeader(string, string) string { return "" }

var testBox = sync.OnceValues(func() (*seal.Box, error) { return seal.Parse([]byte(seal.NewKey())) })

// newCore is the capabilities over a store, with nothing of the outside world.
func newCore(db *store.DB, clock func() time.Time) *core.Core {
	days := &diary.Service{Store: diarystore.New(db), Practice: practicestore.New(db), Now: clock, NewID: db.NewID}
	keyring := &key.Service{Store: keystore.New(db), Now: clock, NewID: db.NewID}
	pages := func() string { return "https://desk.example" }
	people := &patient.Service{
		Store: patientstore.New(db), Belongings: patientstore.NewBelongings(db), Now: clock, NewID: db.NewID,
	}
	entries := &torecord.Service{Store: recordstore.New(db), Writer: torecord.Own{}, Pages: pages, Now: clock,
		NewID: db.NewID}
	documents := &document.Documents{Store: documentstore.NewDocuments(db), Box: testBox, Pages: pages, Now: clock,
		NewID: db.NewID}
	charts := &clinical.Records{Store: clinicalstore.NewRecords(db), Now: clock, NewID: db.NewID}
	messages := &messaging.Service{
		Store: messagingstore.New(db), Records: entries, Now: clock, NewID: db.NewID, Pages: pages,
		Carriers: func(context.Context, practice.ID, carrier.Channel) ([]carrier.Carrier, error) {
			return []carrier.Carrier{idleCarrier{}}, nil
		},
	}
	return &core.Core{
		Audit:    &audit.Service{Store: auditstore.New(db), Now: clock, NewID: db.NewID},
		Document: documents,
		Share:    &document.Shares{Store: documentstore.NewShares(db)},
		Token:    &document.Tokens{Store: documentstore.NewTokens(db), Box: testBox, Now: clock, NewID: db.NewID},
		Clinical: charts,
		Letter:   &clinical.Letters{Store: clinicalstore.NewLetters(db), Now: clock, NewID: db.NewID},
		Imported: &clinical.Imported{Store: clinicalstore.NewImported(db), Now: clock, NewID: db.NewID},
		Form: &form.Service{Store: formstore.New(db), Records: charts, Files: documents,
			MediaType: http.DetectContentType, Now: clock, NewID: db.NewID},
		Key:         keyring,
		Idempotency: &idempotency.Service{Store: idempotencystore.New(db), Now: clock, Box: testBox},
		Limit:       &limit.Service{Store: limitstore.New(db), Now: clock},
		Account: &account.Service{Store: accountstore.New(db), Keys: keyring, Hasher: passwords{}, Now: clock,
			NewID: db.NewID},
		Practice: &practice.Service{Store: practicestore.New(db), Now: clock, NewID: db.NewID},
		Patient:  people,
		Demographics: &demographics.Service{Store: demographicsstore.New(db), Pages: pages, Now: clock,
			NewID: db.NewID},
		Record:       entries,
		Identifier:   &identifier.Service{Store: identifierstore.New(db), Now: clock, NewID: db.NewID},
		Label:        &label.Service{Store: labelstore.New(db), Now: clock, NewID: db.NewID},
		Merge:        &merge.Service{Store: mergestore.New(db), Now: clock, NewID: db.NewID},
		Archive:      &archive.Service{Store: archivestore.New(db), Now: clock, NewID: db.NewID},
		Relationship: &relationship.Service{Store: relationshipstore.New(db), Now: clock, NewID: db.NewID},
		Diary:        days,
		Booking: &booking.Service{Store: bookingstore.New(db), Diary: days, Now: clock, NewID: db.NewID,
			Hold: 10 * time.Minute},
		Video: &video.Service{Store: videostore.New(db), Box: testBox, Pages: pages, Now: clock,
			NewID: db.NewID},
		Contact:         &contact.Service{Store: contactstore.New(db), Now: clock, NewID: db.NewID},
		Product:         &billing.Products{Store: billingstore.NewProducts(db), Now: clock, NewID: db.NewID},
		Invoice:         &billing.Invoices{Store: billingstore.NewInvoices(db), Now: clock, NewID: db.NewID},
		InvoiceMetadata: &billing.InvoiceMetadata{Store: billingstore.NewInvoiceMetadata(db), Now: clock},
		PaymentType:     &billing.PaymentTypes{Store: billingstore.NewPaymentTypes(db)},
		Payment: &payment.Service{Store: paymentstore.New(db), Now: clock, NewID: db.NewID,
			Invoices: &billing.Invoices{Store: billingstore.NewInvoices(db), Now: clock, NewID: db.NewID}},
		Statement:        &statement.Service{Store: statementstore.New(db), Now: clock, NewID: db.NewID},
		Membership:       &membership.Service{Store: billingstore.NewMemberships(db), Now: clock, NewID: db.NewID},
		MembershipPolicy: &membership.Policies{Store: billingstore.NewPolicies(db), Now: clock, NewID: db.NewID},
		Task: &task.Service{
			Store: taskstore.New(db), Now: clock, NewID: db.NewID,
		},
		Episode:   &episode.Service{Store: episodestore.New(db), Now: clock, NewID: db.NewID},
		Pathway:   &pathway.Service{Store: pathwaystore.New(db), Now: clock, NewID: db.NewID},
		Messaging: messages,
		Webhook: &webhook.Service{Store: webhookstore.New(db), Log: webhookstore.New(db), Addresses: testAddresses{},
			Box: testBox,
			Now: clock, NewID: db.NewID},
	}
}
