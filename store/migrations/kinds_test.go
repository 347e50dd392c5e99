package migrations_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/billing"
	"frontdesk/core/key"
	"frontdesk/core/practice"
	"frontdesk/store"
	billingstore "frontdesk/store/billing"
	keystore "frontdesk/store/key"
	practicestore "frontdesk/store/practice"
	"frontdesk/store/storetest"
)

// TestUpgradeMovesKindsOfProductsAndTheNameOfAPermission has products and a role that were kept before both had the
// names that are published.
func TestUpgradeMovesKindsOfProductsAndTheNameOfAPermission(t *testing.T) {
	const version = 56
	kinds := map[string]billing.Kind{
		"drug": billing.Medication, "consumable": billing.Other, "service": billing.Other, "lab": billing.Lab,
		"vaccine": billing.Vaccine, "membership": billing.MembershipKind, "other": billing.Other,
	}
	roles := map[string][]access.Permission{
		"editUsers":                     {access.EditUsers},
		"editUsers,seeLabs":             {access.EditUsers, access.SeeLabs},
		"seeLabs,editUsers":             {access.SeeLabs, access.EditUsers},
		"seeLabs,editUsers,seePatients": {access.SeeLabs, access.EditUsers, access.SeePatients},
		"seeLabs":                       {access.SeeLabs},
	}
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		at := time.Date(2031, 1, 6, 9, 0, 0, 0, time.UTC)
		now := func() time.Time { return at }
		ctx := context.Background()
		g, err := (&practice.Service{Store: practicestore.New(db), Now: now, NewID: db.NewID}).CreateGroup(ctx,
			practice.Group{Name: "Mill Lane"})
		if err != nil {
			t.Fatal(err)
		}
		products := billingstore.NewProducts(db)
		ids := map[string]billing.ProductID{}
		for was, want := range kinds {
			p := billing.Product{ID: billing.ProductID(db.NewID()), Kind: want, Name: was, Version: 1, CreatedAt: at,
				UpdatedAt: at}
			ids[was] = p.ID
			if err := products.Do(ctx, func(tx billing.ProductTx) error { return tx.SaveProduct(ctx, g.ID, p) }); err != nil {
				t.Fatal(err)
			}
			run(t, db, fmt.Sprintf("UPDATE product SET kind = '%s' WHERE id = %d", was, p.ID))
		}
		for was, want := range roles {
			err := keystore.New(db).Do(ctx, func(tx key.Tx) error {
				return tx.SaveRole(ctx, g.ID, access.Role{Name: was, Permissions: want}, at)
			})
			if err != nil {
				t.Fatal(err)
			}
			run(t, db, fmt.Sprintf("UPDATE role SET permissions = '%s' WHERE name = '%s'", was, was))
		}
		again(t, db, version)
		for was, want := range kinds {
			if p, err := products.Product(ctx, g.ID, ids[was]); err != nil || p.Kind != want {
				t.Errorf("%s became %s, %v, want %s", was, p.Kind, err, want)
			}
		}
		kept, err := keystore.New(db).Roles(ctx, g.ID)
		if err != nil || len(kept) != len(roles) {
			t.Fatalf("%d roles, %v", len(kept), err)
		}
		for _, r := range kept {
			if !slices.Equal(r.Permissions, roles[r.Name]) {
				t.Errorf("%s became %v, want %v", r.Name, r.Permissions, roles[r.Name])
			}
		}
	})
}
