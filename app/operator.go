package app

import (
	"context"
	"io"
	"log/slog"
	"time"

	"frontdesk/operator"
	"frontdesk/sandbox"
	"frontdesk/store"
)

// NewOperator opens the database for one command.
func NewOperator(ctx context.Context, address, sealKey string) (*operator.Operator, error) {
	db, err := store.Open(ctx, address, store.Options{})
	if err != nil {
		return nil, err
	}
	c, _ := newCore(db, Config{DB: address, SealKey: sealKey, Now: time.Now}, func() string { return "" }, &sandbox.Simulators{})
	return &operator.Operator{DB: db, Core: c, Connect: connects(c)}, nil
}

// NewLog writes JSON lines.
func NewLog(w io.Writer, level slog.Level) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level}))
}
