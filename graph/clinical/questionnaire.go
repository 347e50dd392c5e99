package clinical

import (
	"context"

	"frontdesk/core/clinical"
	"frontdesk/core/form"
	"frontdesk/core/patient"
	"frontdesk/graph/gql"
	"frontdesk/graph/scalar"
	"frontdesk/graph/wire"
)

func questionnaire(q form.Questionnaire) *gql.Questionnaire {
	c := q.Content
	st, se := c.Styling, c.Settings
	return &gql.Questionnaire{
		ID: wire.Encode(wire.KindForm, q.ID), Token: wire.Text(q.Token), Title: wire.Text(q.Title),
		ConfirmationMessage: wire.Text(c.Confirmation), RedirectURL: wire.Text(c.Redirect),
		Header: wire.Text(c.Header), Footer: wire.Text(c.Footer), Deleted: new(q.Deleted()),
		CreatedAt: scalar.Of(q.CreatedAt),
		UpdatedAt: scalar.Of(q.UpdatedAt),
		Styling: &gql.QuestionnaireStyling{
			MainBackgroundColor: wire.Text(st.MainBackground), MainFontColor: wire.Text(st.MainFont),
			HeaderBackgroundColor: wire.Text(st.HeaderBackground),
			HeaderFontColor:       wire.Text(st.HeaderFont), SectionsBackgroundColor: wire.Text(st.SectionsBackground),
			SectionsFontColor:     wire.Text(st.SectionsFont),
			FooterBackgroundColor: wire.Text(st.FooterBackground), FooterFontColor: wire.Text(st.FooterFont),
		},
		Settings: &gql.QuestionnaireSettings{
			ShowLogo: &se.ShowLogo, CaptureBirthSurname: &se.BirthSurname, CapturePatientTitle: &se.Title,
			CapturePatientEmail:       &se.Email,
			CapturePatientDateOfBirth: &se.BirthDate, CapturePatientAddress: &se.Address,
			CapturePatientGender: &se.Gender, CapturePatientPhone: &se.Phone,
		},
		Sections: wire.Map(c.Sections, section),
	}
}

func section(s form.Section) *gql.QuestionnaireSection {
	return &gql.QuestionnaireSection{
		ID: wire.Encode(wire.KindSection, s.ID), Title: wire.Text(s.Title), Description: wire.Text(s.Description),
		DescriptionPlainText: wire.Text(s.Plain),
		DependentOn:          dependency(s.DependsOn), Questions: wire.Map(s.Questions, question),
	}
}

func dependency(d *form.Dependency) *gql.QuestionnaireDependency {
	if d == nil {
		return nil
	}
	return &gql.QuestionnaireDependency{Question: new(wire.Encode(wire.KindQuestion, d.Question)), Answer: &d.Answer,
		Negate: &d.Negate}
}

// question is a question as the type of the contract that is for its kind.
func question(q form.Question) gql.QuestionnaireQuestion {
	id, title, of, required, on := wire.Encode(wire.KindQuestion, q.ID), wire.Text(q.Title),
		new(gql.QuestionnaireQuestionType(q.Kind)), &q.Required, dependency(q.DependsOn)
	switch q.Kind {
	case form.AskOption:
		choices := make([]*string, len(q.Choices))
		for i := range q.Choices {
			choices[i] = &q.Choices[i]
		}
		return &gql.QuestionnaireMultipleChoiceQuestion{ID: id, Title: title, Type: of, Required: required,
			DependentOn: on, AllowMultipleAnswers: &q.Multiple, PossibleAnswers: choices}
	case form.AskTerm:
		return &gql.QuestionnaireMedicalTermQuestion{
			ID: id, Title: title, Type: of, Required: required, DependentOn: on, AllowMultipleAnswers: &q.Multiple,
			RecordType: wire.Enum[gql.QuestionnaireMedicalTermQuestionRecordType](q.Becomes),
		}
	case form.AskSignature:
		return &gql.QuestionnaireSignatureQuestion{ID: id, Title: title, Type: of, Required: required, DependentOn: on}
	case form.AskRelationship:
		c := q.Capture
		return &gql.QuestionnaireRelationshipQuestion{
			ID: id, Title: title, Type: of, Required: required, DependentOn: on,
			RelationshipType: wire.Enum[gql.PatientRelationshipType](q.Relationship),
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
func (q Query) Questionnaire(ctx context.Context, id string) (*gql.Questionnaire, error) {
	n, err := wire.Known[form.ID](wire.KindForm, id)
	if err != nil {
		return nil, err
	}
	f, err := q.Core.Form.Find(ctx, n)
	return wire.Absent(questionnaire(f), err, form.ErrNotFound)
}

// Questionnaires lists questionnaires.
func (q Query) Questionnaires(ctx context.Context, pagination *gql.Pagination, options *gql.QuestionnairesQueryOptions,
	cursor *gql.CursorPagination) (*gql.QuestionnaireData, error) {
	from, at, err := wire.Cursor(wire.KindForm, pagination, cursor)
	if err != nil {
		return nil, err
	}
	if options == nil {
		options = &gql.QuestionnairesQueryOptions{}
	}
	_, l, err := q.Narrowed(ctx, pagination, options.IncludeDeleted.Value(), options.CreatedAt.Value(),
		options.UpdatedAt.Value())
	if err != nil {
		return nil, err
	}
	all, more, err := q.Core.Form.List(ctx, clinical.Query{Listing: l, Cursor: from})
	if err != nil {
		return nil, err
	}
	return &gql.QuestionnaireData{Data: wire.Map(all, questionnaire), PageInfo: at.Info(more)}, nil
}

// FillQuestionnaire keeps a patient's answers.
func (m Mutation) FillQuestionnaire(
	ctx context.Context, questionnaireID, patientID string, answers []gql.QuestionnaireAnswerInput,
) (*gql.QuestionnaireResponsePayload, error) {
	id, err := wire.Known[form.ID](wire.KindForm, questionnaireID)
	if err != nil {
		return nil, err
	}
	of, err := wire.Known[patient.ID](wire.KindPatient, patientID)
	if err != nil {
		return nil, err
	}
	given := make([]form.Answer, len(answers))
	for i, a := range answers {
		if given[i].Question, err = wire.IDOrUnknown[int64](wire.KindQuestion, a.QuestionID); err != nil {
			return nil, err
		}
		given[i].Value = a.Answer
	}
	filled, err := m.Core.Form.Fill(ctx, id, of, given)
	if err != nil {
		return nil, err
	}
	out := &gql.QuestionnaireResponsePayloadData{
		ConsultationID:  new(wire.Encode(wire.KindConsultation, filled.Consultation.ID)),
		QuestionnaireID: new(wire.Encode(wire.KindForm, filled.Questionnaire)),
		PatientID:       new(wire.Encode(wire.KindPatient, filled.Consultation.Patient)), UploadUrls: make([]*string,
			len(filled.UploadAddresses)),
	}
	for i := range filled.UploadAddresses {
		out.UploadUrls[i] = &filled.UploadAddresses[i]
	}
	return &gql.QuestionnaireResponsePayload{Data: out}, nil
}
