package app

import (
	"context"
	"io"
	"log/slog"
	"time"

	"frontdesk/connect/registry"
	"frontdesk/core/connector"
	"frontdesk/core/practice"
	"frontdesk/operator"
	"frontdesk/sandbox"
	"frontdesk/store"
)

// Opening is how a command opens the program.
type Opening struct {
	DB, SealKey string
	// Make makes an SQLite database where there is none.
	Make bool
	// Seals says that the command keeps secrets: the key must be the database's.
	Seals bool
}

// OpenOperator opens the database for one command.
func OpenOperator(ctx context.Context, o Opening) (*operator.Operator, error) {
	db, err := store.Open(ctx, o.DB, store.Options{Make: o.Make})
	if err != nil {
		return nil, err
	}
	keys := &operator.Keys{DB: db, Path: operator.KeyFile(o.SealKey, o.DB)}
	if o.Seals {
		if err := keys.Claim(ctx); err != nil {
			db.Close()
			return nil, err
		}
	}
	c, outside := newCore(db, keys, Config{DB: o.DB, SealKey: o.SealKey, Now: time.Now}, func() string { return "" },
		&sandbox.Simulators{})
	return &operator.Operator{DB: db, Core: c, Seal: keys, Carries: outside.carriers.Carries}, nil
}

// Examination is what the doctor is asked to examine.
type Examination struct {
	DB, SealKey, PublicURL string
	Strays                 []string
}

// Examine examines an installation without changing it, and reports whether all is
// well.
func Examine(ctx context.Context, e Examination) ([]operator.Finding, bool) {
	d := &operator.Doctor{
		Address: e.DB, SealKey: operator.KeyFile(e.SealKey, e.DB), PublicURL: e.PublicURL, Strays: e.Strays,
		Try: func(c connector.Connector, g practice.Group) ([]string, error) {
			return registry.Addresses(c), registry.Check(c, g)
		},
		Ask: registry.Try,
	}
	return d.Look(ctx)
}

// Systems lists the outside systems there are, by name.
func Systems() []registry.System { return registry.Systems() }

// NewLog writes JSON lines.
func NewLog(w io.Writer, level slog.Level) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level}))
}
