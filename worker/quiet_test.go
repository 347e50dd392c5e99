package worker

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func TestLogOmitsErrorsOfAStoppedQueue(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(quiet{slog.NewTextHandler(&out, nil)})
	stopped, stop := context.WithCancel(t.Context())
	stop()
	late, cancel := context.WithTimeout(t.Context(), -time.Second)
	defer cancel()
	log.ErrorContext(stopped, "stopped")
	log.With("name", "enqueuer").WithGroup("more").ErrorContext(stopped, "stopped too")
	log.InfoContext(t.Context(), "chatter")
	log.ErrorContext(late, "too late")
	log.With("name", "enqueuer").ErrorContext(t.Context(), "broken")
	if got := out.String(); strings.Contains(got, "stopped") || strings.Contains(got, "chatter") ||
		!strings.Contains(got, "too late") || !strings.Contains(got, "name=enqueuer") {
		t.Error(got)
	}
}
