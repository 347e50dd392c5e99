package e2e

import (
	"net/http"
	"testing"
)

// TestTheClockOfTheSandboxRefusesWhatItCannotDo moves it by what is no time, and by too much.
func TestTheClockOfTheSandboxRefusesWhatItCannotDo(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		for _, sent := range []any{map[string]any{}, map[string]any{"forward": "soon"}, map[string]any{"forward": "-1h"},
			map[string]any{"forward": "0s"}, map[string]any{"forward": "10000h"}, map[string]any{"forward": 3}, []int{1}} {
			if a := p.ask("POST", "/sandbox/clock", sent); a.Status != http.StatusBadRequest {
				t.Errorf("%v: %d %s", sent, a.Status, a.Text)
			}
		}
	})
}
