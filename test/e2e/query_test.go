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

// TestAParameterThatMayBeRepeatedGoesByEitherName asks as programs write lists: by the bare name, with brackets behind
// it, and with an index in them. A filter that is passed over shows more than was asked for.
func TestAParameterThatMayBeRepeatedGoesByEitherName(t *testing.T) {
	each(t, func(t *testing.T, p *program) {
		for _, status := range []string{"open", "closed"} {
			p.ok("POST", "/v1/tasks", map[string]any{"subject": "Ring", "status": status, "priority": "lowest"})
			p.ok("POST", "/v1/episodes", map[string]any{"subject": "A rash", "patient_id": p.patient(), "priority": "lowest",
				"status": status, "reason": map[string]string{"closed": "done"}[status]})
		}
		for _, list := range []string{"/v1/tasks", "/v1/episodes"} {
			for query, want := range map[string]int{"status=open": 1, "status[]=open": 1, "status%5B%5D=open": 1,
				"status[0]=open": 1, "status[]=open&status[]=closed": 2, "status=open&status=closed": 2,
				"status[0]=open&status[1]=closed": 2, "status=open&status[]=in_progress": 1, "status[x]=open": 2,
				"page_size[]=1": 1} {
				if got := p.ok("GET", list+"?priority=lowest&"+query, nil).data(); len(got) != want {
					t.Errorf("%s?%s: %d, want %d", list, query, len(got), want)
				}
			}
			for _, query := range []string{"status=no", "status[]=no", "status[0]=no", "status=open,closed",
				"page_index=0&page_index[]=1"} {
				p.refused(400, "invalid_request", "GET", list+"?"+query, nil)
			}
		}
	})
}
