package graph

import (
	"context"

	"frontdesk/core/label"
	"frontdesk/graph/gql"
)

func labelOf(l label.Label) *gql.Label {
	return &gql.Label{ID: encode(kindLabel, l.ID), Color: text(l.Colour), Title: &l.Title}
}

// labelOn reads which label is meant on something: by the id it has there, or by
// the practice's own.
func labelOn(s string) (use label.UseID, id label.ID, err error) {
	if use, err = known[label.UseID](kindLabelUse, s); err == nil {
		id, err = known[label.ID](kindLabel, s)
	}
	return use, id, err
}

// Labels lists the practice's labels.
func (q query) Labels(ctx context.Context, pagination *gql.Pagination, search *string) (*gql.LabelData, error) {
	p := pageOf(pagination)
	all, err := q.core.Label.List(ctx, label.Query{Search: deref(search), Offset: p.offset(), Limit: p.more()})
	if err != nil {
		return nil, err
	}
	all, more := cut(all, p.size)
	out := &gql.LabelData{Data: make([]*gql.Label, len(all)), PageInfo: p.info(more)}
	for i, l := range all {
		out.Data[i] = labelOf(l)
	}
	return out, nil
}

// CreateLabel adds a label.
func (m mutation) CreateLabel(ctx context.Context, in *gql.CreateLabelData) (*gql.LabelResponsePayload, error) {
	c := label.Change{}
	if in != nil {
		c.Title, c.Colour = &in.Title, in.Color.Value()
	}
	l, err := m.core.Label.Create(ctx, c)
	return &gql.LabelResponsePayload{Data: labelOf(l)}, err
}

// UpdateLabel changes a label.
func (m mutation) UpdateLabel(ctx context.Context, id string,
	in *gql.UpdateLabelData) (*gql.LabelResponsePayload, error) {
	n, err := known[label.ID](kindLabel, id)
	if err != nil {
		return nil, err
	}
	c := label.Change{}
	if in != nil {
		c.Title, c.Colour = in.Title.Value(), change(in.Color)
	}
	l, err := m.core.Label.Update(ctx, n, c)
	return &gql.LabelResponsePayload{Data: labelOf(l)}, err
}

// DeleteLabel deletes a label, and takes it off everything it is on.
func (m mutation) DeleteLabel(ctx context.Context, id string) (*gql.LabelResponsePayload, error) {
	n, err := known[label.ID](kindLabel, id)
	if err != nil {
		return nil, err
	}
	l, err := m.core.Label.Delete(ctx, n)
	return &gql.LabelResponsePayload{Data: labelOf(l)}, err
}
