package worker

import (
	"strings"
	"testing"

	"frontdesk/store/storetest"
)

func TestIndexesThatAreRebuiltAreThere(t *testing.T) {
	storetest.EachAddress(t, func(t *testing.T, address string) {
		postgres, query := true, `SELECT count(*) FROM pg_indexes WHERE indexname = $1`
		if strings.HasPrefix(address, "sqlite:") {
			postgres, query = false, `SELECT count(*) FROM sqlite_master WHERE type = 'index' AND name = $1`
		}
		db := storetest.Raw(t, address)
		for _, name := range rebuilt(postgres) {
			var there int
			if err := db.QueryRow(query, name).Scan(&there); err != nil || there != 1 {
				t.Errorf("%s: %d, %v", name, there, err)
			}
		}
	})
}
