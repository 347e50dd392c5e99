-- Types of events in our own words. Endpoints in the format of the GraphQL API asked
-- for them under the names of that API's topics. Events that were kept under those
-- names stay, and are delivered under them.

-- +goose Up

UPDATE webhook_type SET event_type = CASE event_type
	WHEN 'patient.relationship.added' THEN 'patient.relationship-added'
	WHEN 'patient.relationship.updated' THEN 'patient.relationship-updated'
	WHEN 'patient.relationship.removed' THEN 'patient.relationship-removed'
	WHEN 'patient.customAttribute.added' THEN 'patient.attribute-added'
	WHEN 'patient.customAttribute.updated' THEN 'patient.attribute-updated'
	WHEN 'patient.customAttribute.removed' THEN 'patient.attribute-removed'
	WHEN 'patient.phone.added' THEN 'patient.phone-added'
	WHEN 'patient.phone.updated' THEN 'patient.phone-updated'
	WHEN 'patient.phone.removed' THEN 'patient.phone-removed'
	WHEN 'patient.number.added' THEN 'patient.number-added'
	WHEN 'patient.number.updated' THEN 'patient.number-updated'
	WHEN 'patient.number.removed' THEN 'patient.number-removed'
	WHEN 'patient.membership.updated' THEN 'patient.membership-updated'
	WHEN 'patient.label.added' THEN 'patient.label-added'
	WHEN 'patient.label.removed' THEN 'patient.label-removed'
	WHEN 'product.label.added' THEN 'product.label-added'
	WHEN 'product.label.removed' THEN 'product.label-removed'
	WHEN 'lab.results.added' THEN 'lab.results-added'
	WHEN 'letter.reviewStatus.updated' THEN 'letter.review-updated'
	WHEN 'patientDocument.uploadInitiated' THEN 'document.created'
	WHEN 'patientDocument.renamed' THEN 'document.renamed'
	WHEN 'patientDocument.deleted' THEN 'document.deleted'
	WHEN 'questionnaire.response.received' THEN 'questionnaire.filled'
	WHEN 'booking.updated' THEN 'appointment.updated'
	WHEN 'booking.patientJourney.arrived' THEN 'appointment.arrived'
	WHEN 'booking.patientJourney.inConsultation' THEN 'appointment.consultation-started'
	WHEN 'booking.patientJourney.completed' THEN 'appointment.departed'
	WHEN 'booking.patientJourney.noShow' THEN 'appointment.missed'
	WHEN 'prescription.recordedInError' THEN 'prescription.recorded-in-error'
	WHEN 'prescription.eprescription.generated' THEN 'prescription.sent-electronically'
	WHEN 'invoice.partiallyPaid' THEN 'invoice.partially-paid'
	WHEN 'invoice.lineItems.added' THEN 'invoice.line-added'
	WHEN 'invoice.lineItems.updated' THEN 'invoice.line-updated'
	WHEN 'invoice.lineItems.removed' THEN 'invoice.line-removed'
	WHEN 'invoice.integrations.xero.synced' THEN 'invoice.xero-synced'
	WHEN 'invoice.integrations.healthcode.statusUpdated' THEN 'invoice.healthcode-status-updated'
	ELSE event_type END;
