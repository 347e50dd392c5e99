package partner

import (
	"context"

	"frontdesk/rest/oas"
	"frontdesk/rest/wire"
)

// mostGroups is how many of its practices are shown with a partner.
const mostGroups = 500

// GetPartner answers who asks.
func (o Operations) GetPartner(ctx context.Context) (*oas.Partner, error) {
	k, err := o.Core.Key.Own(ctx)
	if err != nil {
		return nil, err
	}
	groups, _, err := o.Core.Practice.Reachable(ctx, 0, mostGroups)
	if err != nil {
		return nil, err
	}
	out := &oas.Partner{Name: k.Partner, Key: keyOf(k), PracticeGroups: make([]oas.PracticeGroupName, len(groups))}
	for i, g := range groups {
		out.PracticeGroups[i] = oas.PracticeGroupName{ID: wire.Digits(g.ID), Name: g.Name}
	}
	return out, nil
}

// ListPartners lists who holds keys of the group.
func (o Operations) ListPartners(ctx context.Context) (*oas.ListPartnersOK, error) {
	found, err := o.Core.Key.Partners(ctx)
	if err != nil {
		return nil, err
	}
	out := &oas.ListPartnersOK{Data: make([]oas.PartnerSummary, len(found)), Count: float64(len(found))}
	for i, p := range found {
		out.Data[i] = oas.PartnerSummary{Name: p.Name, APIKeyCount: p.Keys, LastUsedAt: wire.Instant(p.LastUsed)}
	}
	return out, nil
}

// ListSubscriptions sums up webhooks by the type of event.
func (o Operations) ListSubscriptions(ctx context.Context) (*oas.ListSubscriptionsOK, error) {
	found, err := o.Core.Webhook.Summaries(ctx)
	if err != nil {
		return nil, err
	}
	out := &oas.ListSubscriptionsOK{Data: make([]oas.EventSubscription, len(found)), Count: float64(len(found))}
	for i, s := range found {
		of := oas.EventSubscription{EventType: string(s.Type), WebhookCount: len(s.Webhooks), DisabledCount: s.Disabled,
			FailingCount: s.Failing, WebhookIds: make([]oas.ID, len(s.Webhooks))}
		for j, id := range s.Webhooks {
			of.WebhookIds[j] = wire.Digits(id)
		}
		out.Data[i] = of
	}
	return out, nil
}
