// Package core is what Frontdesk does. Each capability is a package of its own;
// every door calls them through this one struct.
package core

import (
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
)

// Core is the services.
type Core struct {
	Audit        *audit.Service
	Key          *key.Service
	Idempotency  *idempotency.Service
	Limit        *limit.Service
	Practice     *practice.Service
	Account      *account.Service
	Team         *team.Service
	Prescriber   *prescriber.Service
	Connector    *connector.Service
	Patient      *patient.Service
	Identifier   *identifier.Service
	Identity     *identity.Service
	Demographics *demographics.Service
	Merge        *merge.Service
	Archive      *archive.Service
	Relationship *relationship.Service
	Attachment   *attachment.Service
	Contact      *contact.Service
	Label        *label.Service
	Diary        *diary.Service
	Booking      *booking.Service
	Video        *video.Service
	Waiting      *waiting.Service
	Product      *billing.Products
	Invoice      *billing.Invoices
	// Prescription issues prescriptions; Imported reads those of all systems.
	Prescription *prescription.Service
	// InvoiceMetadata is what other programs keep with invoices.
	InvoiceMetadata  *billing.InvoiceMetadata
	PaymentType      *billing.PaymentTypes
	Statement        *statement.Service
	Membership       *membership.Service
	MembershipPolicy *membership.Policies
	Payment          *payment.Service
	Link             *link.Service
	SelfBooking      *selfbooking.Service
	Record           *record.Service
	Task             *task.Service
	Episode          *episode.Service
	Pathway          *pathway.Service
	Document         *document.Documents
	Share            *document.Shares
	Token            *document.Tokens
	Clinical         *clinical.Records
	Letter           *clinical.Letters
	Imported         *clinical.Imported
	Form             *form.Service
	Messaging        *messaging.Service
	Dispatch         *dispatch.Service
	Batch            *batch.Service
	Notice           *notice.Service
	FormLink         *formlink.Service
	Sequence         *sequence.Service
	Reply            *reply.Service
	Webhook          *webhook.Service
	Sending          *sending.Service
	StaffMail        *staffmail.Sender
}
