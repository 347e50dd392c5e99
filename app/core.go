package app

import (
	"cmp"
	"context"
	"errors"
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
	"frontdesk/core/enclosure"
	"frontdesk/core/episode"
	"frontdesk/core/form"
	"frontdesk/core/formlink"
	"frontdesk/core/idempotency"
	"frontdesk/core/identifier"
	"frontdesk/core/identity"
	"frontdesk/core/key"
	"frontdesk/core/label"
	"frontdesk/core/limit"
	"frontdesk/core/link"
	"frontdesk/core/membership"
	"frontdesk/core/merge"
	"frontdesk/core/messaging"
	"frontdesk/core/notice"
	"frontdesk/core/pathway"
	"frontdesk/core/patient"
	"frontdesk/core/payment"
	"frontdesk/core/practice"
	"frontdesk/core/prescriber"
	"frontdesk/core/prescription"
	"frontdesk/core/record"
	"frontdesk/core/relationship"
	"frontdesk/core/reply"
	"frontdesk/core/seal"
	"frontdesk/core/selfbooking"
	"frontdesk/core/sending"
	"frontdesk/core/sequence"
	"frontdesk/core/staffmail"
	"frontdesk/core/statement"
	"frontdesk/core/task"
	"frontdesk/core/team"
	"frontdesk/core/video"
	"frontdesk/core/waiting"
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
	enclosurestore "frontdesk/store/enclosure"
	episodestore "frontdesk/store/episode"
	formstore "frontdesk/store/form"
	formlinkstore "frontdesk/store/formlink"
	idempotencystore "frontdesk/store/idempotency"
	identifierstore "frontdesk/store/identifier"
	instancestore "frontdesk/store/instance"
	keystore "frontdesk/store/key"
	labelstore "frontdesk/store/label"
	limitstore "frontdesk/store/limit"
	linkstore "frontdesk/store/link"
	mergestore "frontdesk/store/merge"
	messagingstore "frontdesk/store/messaging"
	noticestore "frontdesk/store/notice"
	pathwaystore "frontdesk/store/pathway"
	patientstore "frontdesk/store/patient"
	paymentstore "frontdesk/store/payment"
	practicestore "frontdesk/store/practice"
	prescriberstore "frontdesk/store/prescriber"
	prescriptionstore "frontdesk/store/prescription"
	recordstore "frontdesk/store/record"
	relationshipstore "frontdesk/store/relationship"
	replystore "frontdesk/store/reply"
	selfbookingstore "frontdesk/store/selfbooking"
	sequencestore "frontdesk/store/sequence"
	statementstore "frontdesk/store/statement"
	taskstore "frontdesk/store/task"
	teamstore "frontdesk/store/team"
	videostore "frontdesk/store/video"
	waitingstore "frontdesk/store/waiting"
	webhookstore "frontdesk/store/webhook"
)

// newCore wires the capabilities to their store and to the outside world.
func newCore(
	db *store.DB, keys *operator.Keys, c Config, pages func() string, sims *sandbox.Simulators,
) (*core.Core, outsides) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
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
	post := &registry.Carriers{Source: source, Public: pages, Rest: c.NotifyRest}
	all := &core.Core{Connector: outside}
	w := wiring{Core: all, db: db, c: c, pages: pages}
	w.patients(&registry.Demographics{Source: source})
	w.care(&registry.Login{Source: source, Pages: pages})
	w.diary()
	bank := &registry.Payments{Source: source, Public: pages}
	w.money(bank)
	w.messages(post)
	w.staff()
	return all, outsides{post, bank}
}

// outsides are the parts of the outside world that call us back.
type outsides struct {
	carriers *registry.Carriers
	payments *registry.Payments
}

// wiring is a core that is being put together. The steps go in the order in which
// they need one another's capabilities.
type wiring struct {
	*core.Core
	db    *store.DB
	c     Config
	pages func() string
}

// patients are who the practice knows, and what it knows of them besides their care.
func (w wiring) patients(people *registry.Demographics) {
	db, now, newID := w.db, w.c.Now, w.db.NewID
	w.Patient = &patient.Service{
		Store: patientstore.New(db), Belongings: patientstore.NewBelongings(db), Now: now, NewID: newID,
	}
	w.Demographics = &demographics.Service{
		Store: demographicsstore.New(db), Networks: practicestore.New(db), PDS: people, Upkeep: people.Upkeep,
		Pages: w.pages, Now: now, NewID: newID,
	}
	w.Merge = &merge.Service{Store: mergestore.New(db), Now: now, NewID: newID}
	w.Archive = &archive.Service{Store: archivestore.New(db), Now: now, NewID: newID}
	w.Relationship = &relationship.Service{Store: relationshipstore.New(db), Now: now, NewID: newID}
	w.Attachment = &attachment.Service{Store: attachmentstore.New(db), MediaType: http.DetectContentType, Now: now,
		NewID: newID}
	w.Contact = &contact.Service{Store: contactstore.New(db), Now: now, NewID: newID}
	w.Identifier = &identifier.Service{Store: identifierstore.New(db), Now: now, NewID: newID}
	w.Label = &label.Service{Store: labelstore.New(db), Now: now, NewID: newID}
}

// care is the record, and the documents and forms that become part of it.
func (w wiring) care(login identity.Login) {
	db, box, now, newID := w.db, w.Connector.Box, w.c.Now, w.db.NewID
	w.Link = &link.Service{Store: linkstore.New(db), Attachment: w.Attachment, Box: box, Pages: w.pages, Now: now,
		NewID: newID}
	w.Identity = &identity.Service{Link: w.Link, Demographics: w.Demographics, Login: login,
		Pace: pacer(w.c.RefuseEvery), Now: now}
	w.Record = &record.Service{Store: recordstore.New(db), Writer: record.Own{}, Pages: w.pages, Now: now,
		NewID: newID}
	w.Document = &document.Documents{Store: documentstore.NewDocuments(db), Box: box, Pages: w.pages, Now: now,
		NewID: newID}
	w.Share = &document.Shares{Store: documentstore.NewShares(db)}
	w.Token = &document.Tokens{Store: documentstore.NewTokens(db), Box: box, Now: now, NewID: newID}
	w.Clinical = &clinical.Records{Store: clinicalstore.NewRecords(db), Now: now, NewID: newID}
	w.Letter = &clinical.Letters{Store: clinicalstore.NewLetters(db), Now: now, NewID: newID}
	w.Imported = &clinical.Imported{Store: clinicalstore.NewImported(db), Now: now, NewID: newID}
	w.Prescription = &prescription.Service{Store: prescriptionstore.New(db), Register: w.Patient, Records: w.Record,
		Now: now, NewID: newID}
	w.Form = &form.Service{Store: formstore.New(db), Records: w.Clinical, Files: w.Document,
		MediaType: http.DetectContentType, Now: now, NewID: newID}
}

// diary is who comes when, and what is paid for it.
func (w wiring) diary() {
	db, now, newID := w.db, w.c.Now, w.db.NewID
	w.Practice = &practice.Service{Store: practicestore.New(db), Networks: practicestore.New(db), Now: now, NewID: newID}
	w.Diary = &diary.Service{Store: diarystore.New(db), Practice: practicestore.New(db), Now: now, NewID: newID,
		Changed: waiting.FollowHours}
	w.Booking = &booking.Service{Store: bookingstore.New(db), Diary: w.Diary, Now: now, NewID: newID, Hold: w.c.Hold}
	w.Video = &video.Service{Store: videostore.New(db), Box: w.Connector.Box, Pages: w.pages,
		RelayOnly: w.c.Video.RelayOnly, Now: now, NewID: newID}
	w.SelfBooking = &selfbooking.Service{Store: selfbookingstore.New(db), Link: w.Link, Diary: w.Diary,
		Booking: w.Booking, Now: now}
	w.FormLink = &formlink.Service{Store: formlinkstore.New(db), Link: w.Link, Form: w.Form, Record: w.Record,
		File: w.Attachment, SelfBooking: w.SelfBooking, Now: now, NewID: newID}
}

// money is what is owed and paid.
func (w wiring) money(provider payment.Provider) {
	db, now, newID := w.db, w.c.Now, w.db.NewID
	w.Product = &billing.Products{Store: billingstore.NewProducts(db), Now: now, NewID: newID}
	w.Invoice = &billing.Invoices{Store: billingstore.NewInvoices(db), Now: now, NewID: newID}
	w.InvoiceMetadata = &billing.InvoiceMetadata{Store: billingstore.NewInvoiceMetadata(db), Now: now}
	w.PaymentType = &billing.PaymentTypes{Store: billingstore.NewPaymentTypes(db)}
	w.Statement = &statement.Service{Store: statementstore.New(db), Now: now, NewID: newID}
	w.MembershipPolicy = &membership.Policies{Store: billingstore.NewPolicies(db), Now: now, NewID: newID}
	w.Membership = &membership.Service{Store: billingstore.NewMemberships(db), Now: now, NewID: newID}
	bills := paymentstore.New(db)
	w.Payment = &payment.Service{Store: bills, Customer: bills, Provider: provider, Invoices: w.Invoice, Now: now,
		NewID: newID}
	w.Booking.Payments = w.Payment
	w.Payment.Confirm = func(ctx context.Context, id booking.ID) error {
		a, err := w.Booking.Confirm(ctx, id, booking.Confirmation{})
		if err != nil {
			return err
		}
		return w.Waiting.Confirmed(ctx, a)
	}
}

// messages are what goes out to patients, to staff and to partners' programs.
func (w wiring) messages(post *registry.Carriers) {
	db, box, c, newID := w.db, w.Connector.Box, w.c, w.db.NewID
	w.Messaging = &messaging.Service{
		Store: messagingstore.New(db), Carriers: post.Of, Records: w.Record, Box: box, Pages: w.pages, Now: c.Now,
		NewID: newID,
	}
	w.Messaging.Enclosures = &enclosure.Service{Store: enclosurestore.New(db), Link: w.Link, SelfBooking: w.SelfBooking,
		FormLink: w.FormLink, Now: c.Now}
	w.Batch = &batch.Service{Store: batchstore.New(db), Backlog: batchstore.New(db), Messages: w.Messaging,
		Patients: w.Demographics, Now: c.Now, NewID: newID}
	w.Notice = &notice.Service{Store: noticestore.New(db), Messages: w.Messaging,
		Links: appointmentLinks(w.Messaging.Enclosures), Now: c.Now, NewID: newID}
	w.Sequence = &sequence.Service{Store: sequencestore.New(db), Messages: w.Messaging, Now: c.Now, NewID: newID}
	list := waitingstore.New(db)
	w.Waiting = &waiting.Service{Store: list, Queue: list, Link: w.Link, Diary: w.Diary, Booking: w.Booking,
		Notices: w.Notice, Self: w.SelfBooking, Now: c.Now, NewID: newID}
	w.Dispatch = &dispatch.Service{
		Store: dispatchstore.New(db), Messages: w.Messaging, BatchDone: w.Batch.Complete, Now: c.Now, NewID: newID,
		Timeout: cmp.Or(c.SendTimeout, 30*time.Second), Journal: dispatchstore.NewJournal(db),
	}
	w.Messaging.Opened = w.Dispatch.Opened
	w.StaffMail = &staffmail.Sender{Carriers: post.Of, Paused: dispatchstore.New(db).SendingPaused,
		Timeout: w.Dispatch.Timeout, Log: c.Log}
	w.Reply = &reply.Service{Store: replystore.New(db), Dispatch: w.Dispatch, Now: c.Now, NewID: newID}
	w.Sending = &sending.Service{Store: instancestore.New(db), Witness: beside(c), OneFile: db.SQLite() != nil,
		Now: c.Now}
	w.Webhook = &webhook.Service{
		Store: webhookstore.New(db), Log: webhookstore.New(db), Addresses: poster(c), Box: box, Now: c.Now,
		NewID: newID,
	}
}

// appointmentLinks gives the messages around an appointment the link by which the patient manages it. Without a key to
// seal it with there is none.
func appointmentLinks(
	all *enclosure.Service,
) func(context.Context, notice.Tx, practice.ID, booking.Appointment) (link.Link, error) {
	return func(ctx context.Context, tx notice.Tx, group practice.ID, a booking.Appointment) (link.Link, error) {
		l, err := all.ForAppointment(ctx, tx, group,
			link.Of{Appointment: int64(a.ID), Patient: a.Patient, End: a.End})
		if errors.Is(err, seal.ErrNoKey) {
			err = nil
		}
		return l, err
	}
}

// staff are those who use it, whether people or programs, and what they leave behind.
func (w wiring) staff() {
	db, box, now, newID := w.db, w.Connector.Box, w.c.Now, w.db.NewID
	w.Key = &key.Service{Store: keystore.New(db), Now: now, NewID: newID, Limit: w.c.RateLimit}
	w.Idempotency = &idempotency.Service{Store: idempotencystore.New(db), Now: now, Box: box}
	w.Limit = &limit.Service{Store: limitstore.New(db), Now: now}
	w.Audit = &audit.Service{Store: auditstore.New(db), Now: now, NewID: newID}
	w.Account = &account.Service{
		Store: accountstore.New(db), Keys: w.Key, Hasher: password.New(), Mailer: w.StaffMail, Box: box,
		Pages: w.pages, Now: now, NewID: newID,
	}
	w.Prescriber = &prescriber.Service{Store: prescriberstore.New(db), Box: box, MediaType: http.DetectContentType,
		Now: now}
	w.Team = &team.Service{Store: teamstore.New(db), Now: now, NewID: newID}
	w.Task = &task.Service{Store: taskstore.New(db), Now: now, NewID: newID}
	w.Episode = &episode.Service{Store: episodestore.New(db), Now: now, NewID: newID}
	w.Pathway = &pathway.Service{Store: pathwaystore.New(db), Now: now, NewID: newID}
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
