package graph

import (
	"context"

	"frontdesk/core/clinical"
	"frontdesk/core/patient"
	"frontdesk/graph/gql"
	"frontdesk/graph/scalar"
)

func questionnaire(q clinical.Questionnaire) *gql.Questionnaire {
	c := q.Content
	st, se := c.Styling, c.Settings
	return &gql.Questionnaire{
		ID: encode(kindForm, q.ID), Token: text(q.Token), Title: text(q.Title),
		ConfirmationMessage: text(c.Confirmation), RedirectURL: text(c.Redirect),
		Header: text(c.Header), Footer: text(c.Footer), Deleted: new(q.Deleted()), CreatedAt: scalar.Of(q.CreatedAt),
		UpdatedAt: scalar.Of(q.UpdatedAt),
		Styling: &gql.QuestionnaireStyling{
			MainBackgroundColor: text(st.MainBackground), MainFontColor: text(st.MainFont),
			HeaderBackgroundColor: text(st.HeaderBackground),
			HeaderFontColor:       text(st.HeaderFont), SectionsBackgroundColor: text(st.SectionsBackground),
			SectionsFontColor:     text(st.SectionsFont),
			FooterBackgroundColor: text(st.FooterBackground), FooterFontColor: text(st.FooterFont),
		},
		Settings: &gql.QuestionnaireSettings{
			ShowLogo: &se.ShowLogo, CaptureBirthSurname: &se.BirthSurname, CapturePatientTitle: &se.Title,
			CapturePatientEmail:       &se.Email,
			CapturePatientDateOfBirth: &se.BirthDate, CapturePatientAddress: &se.Address,
			CapturePatientGender: &se.Gender, CapturePatientPhone: &se.Phone,
		},
		Sections: mapped(c.Sections, section),
	}
}

func section(s clinical.Section) *gql.QuestionnaireSection {
	return &gql.QuestionnaireSection{
		ID: encode(kindSection, s.ID), Title: text(s.Title), Description: text(s.Description),
		DescriptionPlainText: text(s.Plain),
		DependentOn:          dependency(s.DependsOn), Questions: mapped(s.Questions, question),
	}
}

func dependency(d *clinical.Dependency) *gql.QuestionnaireDependency {
	if d == nil {
		return nil
	}
	return &gql.QuestionnaireDependency{Question: new(encode(kindQuestion, d.Question)), Answer: &d.Answer,
		Negate: &d.Negate}
}

// question is a question as the type of the contract that is for its kind.
func question(q clinical.Question) gql.QuestionnaireQuestion {
	id, title, of, required, on := encode(kindQuestion, q.ID), text(q.Title),
		new(gql.QuestionnaireQuestionType(q.Kind)), &q.Required, dependency(q.DependsOn)
	switch q.Kind {
	case clinical.AskOption:
		choices := make([]*string, len(q.Choices))
		for i := range q.Choices {
			choices[i] = &q.Choices[i]
		}
		return &gql.QuestionnaireMultipleChoiceQuestion{ID: id, Title: title, Type: of, Required: required,
			DependentOn: on, AllowMultipleAnswers: &q.Multiple, PossibleAnswers: choices}
	case clinical.AskTerm:
		return &gql.QuestionnaireMedicalTermQuestion{
			ID: id, Title: title, Type: of, Required: required, DependentOn: on, AllowMultipleAnswers: &q.Multiple,
			RecordType: choice[gql.QuestionnaireMedicalTermQuestionRecordType](q.Becomes),
		}
	case clinical.AskSignature:
		return &gql.QuestionnaireSignatureQuestion{ID: id, Title: title, Type: of, Required: required, DependentOn: on}
	case clinical.AskRelationship:
		c := q.Capture
		return &gql.QuestionnaireRelationshipQuestion{
			ID: id, Title: title, Type: of, Required: required, DependentOn: on,
			RelationshipType: choice[gql.PatientRelationshipType](q.Relationship),
			RelationshipQuestionSettings: &gql.QuestionnaireRelationshipQuestionSettings{
				CaptureCompanyName: &c.Company, CaptureEmail: &c.Email, CapturePhone: &c.Phone,
				CaptureAddress:      &c.Address,
				CapturePolicyNumber: &c.PolicyNumber, CaptureAuthorizationCode: &c.Authorisation,
			},
		}
	}
	return &gql.QuestionnaireGenericQuestion{ID: id, Title: title, Type: of, Required: required, DependentOn: on,
		AllowMultipleAnswers: &q.Multiple}
}

// Questionnaire finds one questionnaire, deleted or not.
func (q query) Questionnaire(ctx context.Context, id string) (*gql.Questionnaire, error) {
	n, err := known[clinical.QuestionnaireID](kindForm, id)
	if err != nil {
		return nil, err
	}
	f, err := q.core.Clinical.Questionnaire(ctx, n)
	return absent(questionnaire(f), err, clinical.ErrNoQuestionnaire)
}

// Questionnaires lists questionnaires.
func (q query) Questionnaires(ctx context.Context, pagination *gql.Pagination, options *gql.QuestionnairesQueryOptions,
	cursor *gql.CursorPagination) (*gql.QuestionnaireData, error) {
	from, at, err := cursored(kindForm, pagination, cursor)
	if err != nil {
		return nil, err
	}
	if options == nil {
		options = &gql.QuestionnairesQueryOptions{}
	}
	_, l, err := q.narrowed(ctx, pagination, options.IncludeDeleted.Value(), options.CreatedAt.Value(),
		options.UpdatedAt.Value())
	if err != nil {
		return nil, err
	}
	all, more, err := q.core.Clinical.Questionnaires(ctx, clinical.Query{Listing: l, Cursor: from})
	if err != nil {
		return nil, err
	}
	return &gql.QuestionnaireData{Data: mapped(all, questionnaire), PageInfo: at.info(more)}, nil
}

// FillQuestionnaire keeps a patient's answers.
func (m mutation) FillQuestionnaire(
	ctx context.Context, questionnaireID, patientID string, answers []gql.QuestionnaireAnswerInput,
) (*gql.QuestionnaireResponsePayload, error) {
	form, err := known[clinical.QuestionnaireID](kindForm, questionnaireID)
	if err != nil {
		return nil, err
	}
	of, err := known[patient.ID](kindPatient, patientID)
	if err != nil {
		return nil, err
	}
	given := make([]clinical.Answer, len(answers))
	for i, a := range answers {
		if given[i].Question, err = some[int64](kindQuestion, a.QuestionID); err != nil {
			return nil, err
		}
		given[i].Value = a.Answer
	}
	filled, err := m.core.Clinical.Fill(ctx, form, of, given)
	if err != nil {
		return nil, err
	}
	out := &gql.QuestionnaireResponsePayloadData{
		ConsultationID:  new(encode(kindConsultation, filled.Consultation.ID)),
		QuestionnaireID: new(encode(kindForm, filled.Questionnaire)),
		PatientID:       new(encode(kindPatient, filled.Consultation.Patient)), UploadUrls: make([]*string,
			len(filled.UploadAddresses)),
	}
	for i := range filled.UploadAddresses {
		out.UploadUrls[i] = &filled.UploadAddresses[i]
	}
	return &gql.QuestionnaireResponsePayload{Data: out}, nil
}
