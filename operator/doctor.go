package operator

import (
	"context"
	"fmt"
	"strings"
	"time"

	"frontdesk/core/booking"
	"frontdesk/store"
)

// Finding is one thing the doctor looked at.
type Finding struct {
	Check  string `json:"check"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
}

// Doctor looks an installation over without changing it, and reports whether
// all is well.
func Doctor(ctx context.Context, address string) ([]Finding, bool) {
	var out []Finding
	well := true
	add := func(check string, err error, detail string) {
		if err != nil {
			detail, well = Explain(err), false
		}
		out = append(out, Finding{check, err == nil, detail})
	}
	_, err := time.LoadLocation("Europe/London")
	add("time zones", err, "known")
	db, err := store.Open(ctx, address, store.Options{NoMigrate: true})
	add("database", err, "opens, and its schema is this version's")
	if err != nil {
		return out, false
	}
	defer db.Close()
	health, err := db.Examine(ctx)
	add("engine", err, db.Engine()+" "+health.Version)
	add("integrity", errIf(health.Damage != "", "the database says: %s", health.Damage), "no damage found")
	add("commits", errIf(!health.Durable, "commits do not survive a loss of power: %s", health.Durability), health.Durability)
	skew := health.Clock.Abs().Round(time.Millisecond)
	add("clock", errIf(skew > 5*time.Second, "this clock and the database's are %s apart", skew), fmt.Sprintf("within %s of the database's", max(skew, time.Second)))
	groups, err := db.Practice().Groups(ctx)
	add("practice groups", err, fmt.Sprintf("%d", len(groups)))
	late, stuck := 0, []string{}
	for _, g := range groups {
		held, err := db.Booking().LapsedHolds(ctx, g.ID, time.Now().Add(-5*time.Minute), booking.CountLimit)
		if err != nil {
			add("holds", err, "")
			break
		}
		if late += len(held); len(held) > 0 {
			stuck = append(stuck, g.ID.String())
		}
	}
	add("holds", errIf(late > 0, "%d holds ran out over five minutes ago and were not released, in practice groups %s: is a server running?", late, strings.Join(stuck, ", ")), "none overdue")
	return out, well
}

func errIf(bad bool, format string, args ...any) error {
	if !bad {
		return nil
	}
	return fmt.Errorf(format, args...)
}
