package billing_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"frontdesk/core/billing"
	"frontdesk/core/label"
	labelstore "frontdesk/store/label"
)

func (d *kit) labels() *label.Service {
	return &label.Service{Store: labelstore.New(d.db), Now: d.Now, NewID: d.db.NewID}
}

func TestLabelsOnProducts(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		labels := d.labels()
		cold, err := labels.Create(d.setup, label.Change{Title: ptr("Keep cold"), Colour: ptr("#00f")})
		d.must(err)
		said := func(p billing.ProductID, want string) {
			t.Helper()
			all, err := d.products.LabelsOn(d.setup, []billing.ProductID{d.visit.ID, p})
			d.must(err)
			got := ""
			for _, u := range all[p] {
				got += u.Label.Title + " "
			}
			if got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
		for range 2 { // putting it on twice is putting it on once
			_, err = d.products.AddLabel(d.ctx, d.jab.ID, cold.ID)
			d.must(err)
		}
		said(d.jab.ID, "Keep cold ")
		all, err := d.products.LabelsOn(d.ctx, []billing.ProductID{d.jab.ID})
		d.must(err)
		if len(all) != 0 {
			t.Errorf("a role without settingsLabel sees %v", all)
		}
		_, err = d.products.RemoveLabel(d.ctx, d.visit.ID, 0, cold.ID)
		d.want(err, billing.ErrNoLabel)
		_, err = d.products.RemoveLabel(d.ctx, d.jab.ID, 0, cold.ID)
		d.must(err)
		said(d.jab.ID, "")

		// Its events, in order.
		told, err := d.db.Events(d.ctx, int64(d.group.ID), 0, 100)
		d.must(err)
		var got []string
		for _, e := range told {
			if e.Type.Noun() == "product" {
				got = append(got, string(e.Type)+string(e.Data))
			}
		}
		data := fmt.Sprintf(`{"label_id":"%d","product_id":"%d"}`, cold.ID, d.jab.ID)
		if want := []string{"product.label-added" + data, "product.label-removed" + data}; !slices.Equal(got, want) {
			t.Errorf("got %s\nwant %s", got, want)
		}

		// A label that is deleted is on nothing any more.
		_, err = d.products.AddLabel(d.ctx, d.jab.ID, cold.ID)
		d.must(err)
		_, err = labels.Delete(d.setup, cold.ID)
		d.must(err)
		said(d.jab.ID, "")
		_, err = d.products.AddLabel(d.ctx, d.jab.ID, cold.ID)
		d.want(err, label.ErrNotFound)

		_, err = d.products.Delete(d.ctx, d.jab.ID)
		d.must(err)
		_, err = d.products.AddLabel(d.ctx, d.jab.ID, cold.ID)
		d.want(err, billing.ErrProductDeleted)
		for range 200 {
			l, err := labels.Create(d.setup, label.Change{Title: ptr("x")})
			d.must(err)
			_, err = d.products.AddLabel(d.ctx, d.visit.ID, l.ID)
			d.must(err)
		}
		l, err := labels.Create(d.setup, label.Change{Title: ptr("x")})
		d.must(err)
		_, err = d.products.AddLabel(d.ctx, d.visit.ID, l.ID)
		d.want(err, billing.ErrTooManyLabels)
	})
}

// TestNoLabelOutlivesItsPractices deletes labels while others put them on.
func TestNoLabelOutlivesItsPractices(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		labels := d.labels()
		for range 20 {
			l, err := labels.Create(d.setup, label.Change{Title: ptr("x")})
			d.must(err)
			var wait sync.WaitGroup
			wait.Go(func() {
				if _, err := d.products.AddLabel(d.ctx, d.jab.ID, l.ID); err != nil &&
					!errors.Is(err, label.ErrNotFound) {
					t.Error(err)
				}
			})
			wait.Go(func() {
				if _, err := labels.Delete(d.setup, l.ID); err != nil {
					t.Error(err)
				}
			})
			wait.Wait()
		}
		all, err := d.products.LabelsOn(d.setup, []billing.ProductID{d.jab.ID})
		d.must(err)
		if len(all[d.jab.ID]) != 0 {
			t.Errorf("%d labels are left", len(all[d.jab.ID]))
		}
	})
}
