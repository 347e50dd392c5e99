package e2e

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// TestUnreadableQueryIsRefused sends every operation, page and callback
// a query that cannot be read. A search that lost its words would list all patients.
func TestUnreadableQueryIsRefused(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		paths := [][2]string{
			{"GET", "/docs"}, {"GET", "/docs/booking"}, {"GET", "/openapi.yaml"}, {"GET", "/openapi.json"},
			{"GET", "/events/appointment.json"}, {"GET", "/healthz"},
			{"GET", "/readyz"}, {"GET", "/verify/x"}, {"GET", "/m/x"}, {"POST", "/m/x"}, {"GET", "/record/confirm/x"},
			{"POST", "/record/confirm/x"},
			{"GET", "/invite/x"}, {"POST", "/invite/x"}, {"GET", "/files/x"}, {"PUT", "/files/x"},
			{"GET", "/sandbox/inbox"},
			{"POST", "/graphql"},
			{"POST", "/callbacks/smtp/1"}, {"POST", "/callbacks/notify/1"}, {"POST", "/callbacks/twilio/1"},
			{"GET", "/"},
			{"GET", "/v1/nothing"},
		}
		for _, op := range operations(t) {
			paths = append(paths,
				[2]string{strings.ToUpper(op.method), regexp.MustCompile(`\{[^}]*\}`).ReplaceAllString(op.path, "1")})
		}
		for _, at := range paths {
			for _, query := range []string{"search=100%", "search=byron;", "page_size=1;page=2",
				"search=%zz&page_size=1"} {
				a := p.direct(at[0], at[1]+"?"+query, nil)
				explained := strings.Contains(a.Text, "This part of the query has a") ||
					strings.Contains(a.Text, "Its address was changed on the way.")
				if a.Status != http.StatusBadRequest || !explained {
					t.Errorf("%s %s?%s: %d %.200s", at[0], at[1], query, a.Status, a.Text)
				}
			}
		}
		if a := p.ask("GET", "/v1/patients?search=100%25&field=last_name", nil); a.Status != http.StatusOK ||
			len(a.data()) != 0 {
			t.Errorf("a percent sign that is written well: %d %s", a.Status, a.Text)
		}
	})
}
