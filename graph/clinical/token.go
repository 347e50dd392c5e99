package clinical

import (
	"context"
	"errors"

	"frontdesk/core/document"
	"frontdesk/core/patient"
	"frontdesk/graph/gql"
	"frontdesk/graph/wire"
)

// IntegrationToken gives a patient's token that has not expired; null without one.
func (q Query) IntegrationToken(ctx context.Context, of string) (*gql.IntegrationToken, error) {
	id, err := wire.Known[patient.ID](wire.KindPatient, of)
	if err != nil {
		return nil, err
	}
	t, err := q.Core.Token.Find(ctx, id)
	if errors.Is(err, document.ErrNoToken) || errors.Is(err, patient.ErrNotFound) {
		return nil, nil
	}
	return &gql.IntegrationToken{Token: &t}, err
}

// CreateIntegrationToken makes a token for a patient.
func (m Mutation) CreateIntegrationToken(ctx context.Context, of string) (*gql.IntegrationTokenPayload, error) {
	id, err := wire.Known[patient.ID](wire.KindPatient, of)
	if err != nil {
		return nil, err
	}
	t, err := m.Core.Token.Create(ctx, id)
	return &gql.IntegrationTokenPayload{Data: &gql.IntegrationToken{Token: &t}}, err
}
