package store_test

import (
	"context"
	"testing"

	"frontdesk/store"
	"frontdesk/store/storetest"
)

func TestPing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		if err := db.Ping(context.Background()); err != nil {
			t.Fatal(err)
		}
	})
}
