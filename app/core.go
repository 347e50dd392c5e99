package app

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"frontdesk/connect/password"
	"frontdesk/connect/registry"
	"frontdesk/connect/witness"
	"frontdesk/core"
	"frontdesk/core/account"
	"frontdesk/core/archive"
	"frontdesk/core/attachment"
	"frontdesk/core/audit"
	"frontdesk/core/batch"
	"frontdesk/core/billing"
	"frontdesk/core/booking"
	"frontdesk/core/clinical"
	"frontdesk/core/connector"
	"frontdesk/core/contact"
	"frontdesk/core/demographics"
	"frontdesk/core/diary"
	"frontdesk/core/dispatch"
	"frontdesk/core/document"
	"frontdesk/core/form"
	"frontdesk/core/idempotency"
	"frontdesk/core/identifier"
	"frontdesk/core/key"
	"frontdesk/core/label"
	"frontdesk/core/limit"
	"frontdesk/core/merge"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/record"
	"frontdesk/core/relationship"
	"frontdesk/core/reply"
	"frontdesk/core/sending"
	"frontdesk/core/staffmail"
	"frontdesk/core/task"
	"frontdesk/core/webhook"
	"frontdesk/operator"
	"frontdesk/sandbox"
	"frontdesk/store"
	accountstore "frontdesk/store/account"
	archivestore "frontdesk/store/archive"
	attachmentstore "frontdesk/store/attachment"
	auditstore "frontdesk/store/audit"
	batchstore "frontdesk/store/batch"
	billingstore "frontdesk/store/billing"
	bookingstore "frontdesk/store/booking"
	clinicalstore "frontdesk/store/clinical"
	connectorstore "frontdesk/store/connector"
	contactstore "frontdesk/store/contact"
	demographicsstore "frontdesk/store/demographics"
	diarystore "frontdesk/store/diary"
	dispatchstore "frontdesk/store/dispatch"
	documentstore "frontdesk/store/document"
	formstore "frontdesk/store/form"
	idempotencystore "frontdesk/store/idempotency"
	identifierstore "frontdesk/store/identifier"
	keystore "frontdesk/store/key"
	labelstore "frontdesk/store/label"
	limitstore "frontdesk/store/limit"
	mergestore "frontdesk/store/merge"
	messagingstore "frontdesk/store/messaging"
	patientstore "frontdesk/store/patient"
	practicestore "frontdesk/store/practice"
	recordstore "frontdesk/store/record"
	relationshipstore "frontdesk/store/relationship"
	replystore "frontdesk/store/reply"
	taskstore "frontdesk/store/task"
	webhookstore "frontdesk/store/webhook"
)

// newCore wires the capabilities to their store and to the outside world.
func newCore(
	db *store.DB, keys *operator.Keys, c Config, pages func() string, sims *sandbox.Simulators,
) (*core.Core, *registry.Carriers) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	days := &diary.Service{Store: diarystore.New(db), Practice: practicestore.New(db), Now: c.Now, NewID: db.NewID}
	groups := practicestore.New(db).Group
	outside := &connector.Service{Store: connectorstore.New(db), Box: keys.Open, Now: c.Now}
	outside.Check = func(ctx context.Context, group practice.ID, c connector.Connector) error {
		g, err := groups(ctx, group)
		if err != nil {
			return err
		}
		return registry.Check(c, g)
	}
	source := registry.Source{
		Connectors: outside, Group: groups, Throttle: limitstore.New(db).Throttle, Lead: sims.Lead, Log: c.Log,
		Now: c.Now,
	}
	people := &registry.Demographics{Source: source}
	post := &registry.Carriers{Source: source, Public: pages, Rest: c.NotifyRest}
	records := &record.Service{Store: recordstore.New(db), Writer: record.Own{}, Pages: pages, Now: c.Now,
		NewID: db.NewID}
	patients := &patient.Service{
		Store: patientstore.New(db), Belongings: patientstore.NewBelongings(db), Now: c.Now, NewID: db.NewID,
	}
	traced := &demographics.Service{
		Store: demographicsstore.New(db), PDS: people, Upkeep: people.Upkeep, Pages: pages, Now: c.Now, NewID: db.NewID,
	}
	keyring := &key.Service{Store: keystore.New(db), Now: c.Now, NewID: db.NewID, Limit: c.RateLimit}
	documents := &document.Documents{Store: documentstore.NewDocuments(db), Box: outside.Box, Pages: pages, Now: c.Now,
		NewID: db.NewID}
	charts := &clinical.Records{Store: clinicalstore.NewRecords(db), Now: c.Now, NewID: db.NewID}
	messages := &messaging.Service{
		Store: messagingstore.New(db), Carriers: post.Of, Records: records, Box: outside.Box, Pages: pages, Now: c.Now,
		NewID: db.NewID,
	}
	batches := &batch.Service{Store: batchstore.New(db), Backlog: batchstore.New(db), Messages: messages,
		Patients: traced, Now: c.Now, NewID: db.NewID}
	handover := &dispatch.Service{
		Store: dispatchstore.New(db), Messages: messages, BatchDone: batches.Complete, Now: c.Now, NewID: db.NewID,
		Timeout: cmp.Or(c.SendTimeout, 30*time.Second), Journal: dispatchstore.NewJournal(db),
	}
	messages.Opened = handover.Opened
	mail := &staffmail.Sender{Carriers: post.Of, Paused: dispatchstore.New(db).SendingPaused,
		Timeout: handover.Timeout, Log: c.Log}
	replies := &reply.Service{Store: replystore.New(db), Dispatch: handover, Now: c.Now, NewID: db.NewID}
	all := &core.Core{
		Key:         keyring,
		Idempotency: &idempotency.Service{Store: idempotencystore.New(db), Now: c.Now, Box: outside.Box},
		Limit:       &limit.Service{Store: limitstore.New(db), Now: c.Now},
		Audit:       &audit.Service{Store: auditstore.New(db), Now: c.Now, NewID: db.NewID},
		Account: &account.Service{
			Store: accountstore.New(db), Keys: keyring, Hasher: password.New(),
			Mailer: mail, Box: outside.Box, Pages: pages, Now: c.Now, NewID: db.NewID,
		},
		StaffMail:    mail,
		Practice:     &practice.Service{Store: practicestore.New(db), Now: c.Now, NewID: db.NewID},
		Connector:    outside,
		Patient:      patients,
		Demographics: traced,
		Merge:        &merge.Service{Store: mergestore.New(db), Now: c.Now, NewID: db.NewID},
		Archive:      &archive.Service{Store: archivestore.New(db), Now: c.Now, NewID: db.NewID},
		Relationship: &relationship.Service{Store: relationshipstore.New(db), Now: c.Now, NewID: db.NewID},
		Attachment: &attachment.Service{Store: attachmentstore.New(db), MediaType: http.DetectContentType, Now: c.Now,
			NewID: db.NewID},
		Contact:    &contact.Service{Store: contactstore.New(db), Now: c.Now, NewID: db.NewID},
		Identifier: &identifier.Service{Store: identifierstore.New(db), Now: c.Now, NewID: db.NewID},
		Label:      &label.Service{Store: labelstore.New(db), Now: c.Now, NewID: db.NewID},
		Diary:      days,
		Booking: &booking.Service{Store: bookingstore.New(db), Diary: days, Now: c.Now, NewID: db.NewID,
			Hold: c.Hold},
		Product:     &billing.Products{Store: billingstore.NewProducts(db), Now: c.Now, NewID: db.NewID},
		Invoice:     &billing.Invoices{Store: billingstore.NewInvoices(db), Now: c.Now, NewID: db.NewID},
		PaymentType: &billing.PaymentTypes{Store: billingstore.NewPaymentTypes(db), Now: c.Now, NewID: db.NewID},
		Statement:   &billing.Statements{Store: billingstore.NewStatements(db), Now: c.Now, NewID: db.NewID},
		Membership:  &billing.Memberships{Store: billingstore.NewMemberships(db), Now: c.Now, NewID: db.NewID},
		Record:      records,
		Document:    documents,
		Share:       &document.Shares{Store: documentstore.NewShares(db), Now: c.Now, NewID: db.NewID},
		Token:       &document.Tokens{Store: documentstore.NewTokens(db), Box: outside.Box, Now: c.Now, NewID: db.NewID},
		Clinical:    charts,
		Letter:      &clinical.Letters{Store: clinicalstore.NewLetters(db), Now: c.Now, NewID: db.NewID},
		Imported:    &clinical.Imported{Store: clinicalstore.NewImported(db), Now: c.Now, NewID: db.NewID},
		Form: &form.Service{Store: formstore.New(db), Records: charts, Files: documents,
			MediaType: http.DetectContentType,
			Now:       c.Now, NewID: db.NewID},
		Task:      &task.Service{Store: taskstore.New(db), Now: c.Now, NewID: db.NewID},
		Messaging: messages,
		Dispatch:  handover,
		Batch:     batches,
		Reply:     replies,
		Sending: &sending.Service{
			Store: db, Witness: beside(c), OneFile: db.SQLite() != nil, Now: c.Now,
		},
		Webhook: &webhook.Service{
			Store: webhookstore.New(db), Log: webhookstore.New(db), Addresses: poster(c), Box: outside.Box, Now: c.Now,
			NewID: db.NewID,
		},
	}
	return all, post
}

// beside are the files that say how long the database had been in use when it was last
// seen.
func beside(c Config) witness.Files {
	path, _ := strings.CutPrefix(c.DB, "sqlite:")
	if path == c.DB {
		path = ""
	}
	return witness.Files{Key: operator.KeyFile(c.SealKey, c.DB), Database: path}
}
