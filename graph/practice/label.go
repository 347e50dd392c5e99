package practice

import (
	"context"

	"frontdesk/core/label"
	"frontdesk/graph/gql"
	"frontdesk/graph/wire"
)

func labelOf(l label.Label) *gql.Label {
	return &gql.Label{ID: wire.Encode(wire.KindLabel, l.ID), Color: wire.Text(l.Colour), Title: &l.Title}
}

// LabelOn reads which label is meant on something: by the id it has there, or by
// the practice's own.
func LabelOn(s string) (use label.UseID, id label.ID, err error) {
	if use, err = wire.Known[label.UseID](wire.KindLabelUse, s); err == nil {
		id, err = wire.Known[label.ID](wire.KindLabel, s)
	}
	return use, id, err
}

// Labels lists the practice's labels.
func (q Query) Labels(ctx context.Context, pagination *gql.Pagination, search *string) (*gql.LabelData, error) {
	p := wire.PageOf(pagination)
	all, err := q.Core.Label.List(ctx, label.Query{Search: wire.Deref(search), Offset: p.Offset(), Limit: p.More()})
	if err != nil {
		return nil, err
	}
	all, more := wire.Cut(all, p.Size)
	out := &gql.LabelData{Data: make([]*gql.Label, len(all)), PageInfo: p.Info(more)}
	for i, l := range all {
		out.Data[i] = labelOf(l)
	}
	return out, nil
}

// CreateLabel adds a label.
func (m Mutation) CreateLabel(ctx context.Context, in *gql.CreateLabelData) (*gql.LabelResponsePayload, error) {
	c := label.Change{}
	if in != nil {
		c.Title, c.Colour = &in.Title, in.Color.Value()
	}
	l, err := m.Core.Label.Create(ctx, c)
	return &gql.LabelResponsePayload{Data: labelOf(l)}, err
}

// UpdateLabel changes a label.
func (m Mutation) UpdateLabel(ctx context.Context, id string,
	in *gql.UpdateLabelData) (*gql.LabelResponsePayload, error) {
	n, err := wire.Known[label.ID](wire.KindLabel, id)
	if err != nil {
		return nil, err
	}
	c := label.Change{}
	if in != nil {
		c.Title, c.Colour = in.Title.Value(), wire.Change(in.Color)
	}
	l, err := m.Core.Label.Update(ctx, n, c)
	return &gql.LabelResponsePayload{Data: labelOf(l)}, err
}

// DeleteLabel deletes a label, and takes it off everything it is on.
func (m Mutation) DeleteLabel(ctx context.Context, id string) (*gql.LabelResponsePayload, error) {
	n, err := wire.Known[label.ID](wire.KindLabel, id)
	if err != nil {
		return nil, err
	}
	l, err := m.Core.Label.Delete(ctx, n)
	return &gql.LabelResponsePayload{Data: labelOf(l)}, err
}
