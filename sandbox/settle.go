package sandbox

import (
	"context"
	"time"

	"frontdesk/core/assignee"
	"frontdesk/core/clinical"
	"frontdesk/core/form"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/task"
)

// settleRecords gives a practice of the town a few things to read that no API
// makes, and one of each that some does.
func (sb *Sandbox) settleRecords(ctx context.Context, people []practice.PractitionerID, patients []patient.ID) error {
	if len(people) == 0 || len(patients) == 0 {
		return nil
	}
	doctor, now := people[0], sb.Now()
	today := input.DateOf(now)
	c := sb.Core
	if _, err := c.Form.Import(ctx, newPatient()); err != nil {
		return err
	}
	of := patients[0]
	if _, err := c.Imported.ImportPrescription(ctx, clinical.Prescription{
		Patient: of, Doctor: doctor, At: now.Add(-72 * time.Hour), Status: "signed",
		Content: clinical.PrescriptionContent{
			Drugs: []clinical.Drug{{
				Name: "Amlodipine 5mg tablets", Dosage: "One a day", Quantity: "28 tablets",
				Repeat: &clinical.Repeat{Allowed: true, Refills: 5, Duration: 28, Frequency: "DAYS"},
			}},
			Orders: []clinical.Order{{Status: "collected", Provider: "Brambleford Pharmacy"}},
		},
	}); err != nil {
		return err
	}
	if _, err := c.Imported.ImportLab(ctx, clinical.Lab{
		Patient: of, Doctor: doctor, Status: "received", Requested: today - 3, Sampled: today - 2, Fasting: ptr(true),
		OrderNumber: "BR-1001",
		Tests:       "Full blood count", Results: `[{"test": "Haemoglobin", "value": 138, "unit": "g/L", "range": ` +
			`"120-150"}]`, ReceivedAt: now.Add(-24 * time.Hour),
	}); err != nil {
		return err
	}
	entry, err := c.Clinical.CreateFreeText(ctx, clinical.Place{Patient: of}, clinical.FreeTextChange{
		SectionTitle: ptr("Review"), Question: ptr("How have you been?"),
		Answer: ptr("Well. Blood pressure at home about 130 over 80."),
	})
	if err != nil {
		return err
	}
	if _, err := c.Clinical.CreateAllergy(ctx, clinical.Place{Patient: of, Consultation: entry.Consultation},
		clinical.AllergyChange{
			Allergen: ptr("Penicillin"), Severity: ptr(clinical.Severity("Medium")), Comments: ptr("Rash, 2019"),
		}); err != nil {
		return err
	}
	if _, err := c.Letter.Create(ctx, clinical.LetterChange{
		Patient: &of, Doctor: &doctor, Title: ptr("Your blood test"),
		Body:      ptr("<p>Your results are as they should be.</p>"),
		Recipient: &clinical.Recipient{Kind: clinical.ToPatient, ID: int64(of)}, Review: ptr(clinical.Completed),
	}); err != nil {
		return err
	}
	_, err = sb.Core.Task.Create(ctx, task.Change{
		Subject: ptr("Ring about the blood test"), Assignee: new(assignee.ToStaff(doctor)), Patient: &of, Due: ptr(today + 1),
		Kind: ptr(task.Call), Priority: ptr(task.Medium),
	})
	return err
}

// newPatient asks a patient who has just joined a practice.
func newPatient() form.Questionnaire {
	return form.Questionnaire{Token: "new-patient", Title: "New patient", Content: form.Content{
		Header: "Welcome", Confirmation: "Thank you. We look forward to meeting you.",
		Settings: form.Settings{ShowLogo: true},
		Sections: []form.Section{
			{Title: "About you", Questions: []form.Question{
				{ID: 1, Title: "Do you smoke?", Kind: form.AskOption, Required: true, Choices: []string{"Yes",
					"No"}},
				{ID: 2, Title: "How many a day?", Kind: form.AskText, Required: true,
					Number: &form.Bounds{Low: 1, High: 100}, DependsOn: &form.Dependency{Question: 1, Answer: "Yes"}},
				{ID: 7, Title: "How much do you weigh?", Kind: form.AskText, Code: "27113001", Term: "Body weight",
					Number: &form.Bounds{Low: 20, High: 400, Decimals: 1, Unit: "kg"},
					Hint:   "In kilograms, such as 72.5."},
				{ID: 8, Title: "When was your blood pressure last measured?", Kind: form.AskDate},
				{ID: 3, Title: "What are you allergic to?", Kind: form.AskTerm, Becomes: clinical.Allergy,
					Multiple: true},
				{ID: 4, Title: "Anything else we should know?", Kind: form.AskLines},
				{ID: 9, Title: "Which of these do you have?", Kind: form.AskOption, Multiple: true,
					Choices: []string{"Asthma", "Diabetes", "High blood pressure"}},
				{ID: 10, Title: "Who should we call in an emergency?", Kind: form.AskRelationship,
					Relationship: "Emergency_Contact", Capture: form.Capture{Phone: true, Authorisation: true}},
			}},
			{Title: "Consent", Questions: []form.Question{
				{ID: 5, Title: "Proof of address", Kind: form.AskFile},
				{ID: 6, Title: "Signature", Kind: form.AskSignature},
			}},
		},
	}}
}
