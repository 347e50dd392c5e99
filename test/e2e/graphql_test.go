package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"frontdesk/app"
	"frontdesk/operator"
	"frontdesk/store/storetest"
	"frontdesk/test/wait"
)

// graphQL sends a document with a token and gives data and the whole answer.
func (p *program) graphQL(token, document string) (map[string]any, answer) {
	p.t.Helper()
	a := p.direct("POST", "/graphql", map[string]any{"query": document}, header("x-token", token),
		header("x-api-key", ""),
		header("x-practice-group-id", ""))
	data, _ := a.Body["data"].(map[string]any)
	return data, a
}

// dig follows names and numbers.
func dig(v any, path ...any) any {
	for _, step := range path {
		switch s := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[s]
		case int:
			l, _ := v.([]any)
			if s >= len(l) {
				return nil
			}
			v = l[s]
		}
	}
	return v
}

func TestGraphQLAndRESTShareOnePractice(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		p := open(t, address, app.Config{})
		ctx := context.Background()
		o, err := app.OpenOperator(ctx, app.Opening{DB: address, SealKey: sealKey})
		if err != nil {
			t.Fatal(err)
		}
		defer o.Close()
		const password = "correct horse battery"
		made, err := o.CreateToken(ctx,
			operator.NewToken{Group: p.creds.Group, Name: "Portal", Role: "everything", Password: password})
		if err != nil {
			t.Fatal(err)
		}
		if _, a := p.graphQL("", `{ practice { id } }`); a.Status != 401 ||
			!strings.Contains(a.Text, "Missing token.") {
			t.Fatalf("%d %s", a.Status, a.Text)
		}
		if a := p.direct("GET", "/graphql", nil); a.Status != 400 {
			t.Errorf("GET: %d", a.Status)
		}
		if _, a := p.graphQL("",
			fmt.Sprintf(`mutation { signIn(apiKey: "%s", password: "wrong") { token } }`,
				made.Text)); a.Status != 200 ||
			!strings.Contains(a.Text, "Incorrect") {
			t.Errorf("a wrong password: %d %s", a.Status, a.Text)
		}
		data, a := p.graphQL("",
			fmt.Sprintf(`mutation { signIn(apiKey: "%s", password: "%s") { token user { id } } }`, made.Text, password))
		token, _ := dig(data, "signIn", "token").(string)
		if token == "" {
			t.Fatal(a.Text)
		}
		data, a = p.graphQL(token,
			`{ practice { name locations { id } appointmentTypes { id duration } }
				users(filters: {isClinician: true}) { data { id fullName } } patients { data { id fullName } } }`)
		room, product, doctor := dig(data, "practice", "locations", 0, "id"),
			dig(data, "practice", "appointmentTypes", 0, "id"), dig(data, "users", "data", 0, "id")
		patient := dig(data, "patients", "data", 0, "id")
		if room == nil || product == nil || doctor == nil || patient == nil {
			t.Fatal(a.Text)
		}
		data, a = p.graphQL(token,
			fmt.Sprintf(`mutation { createBooking(bookingData: {patient: "%s", location: "%s", bookingType: "%s",
				doctor: "%s",
			start: "2031-07-07T03:00:00.000Z", end: "2031-07-07T03:15:00.000Z"}) { data { id start reference }
			error } }`, patient, room, product, doctor))
		reference, _ := dig(data, "createBooking", "data", "reference").(string)
		if reference == "" || dig(data, "createBooking", "data", "start") != "2031-07-07T03:00:00.000Z" {
			t.Fatal(a.Text)
		}
		// REST answers the same appointment, at its true time.
		if one := p.ask("GET", "/v1/appointments/"+reference, nil); one.Status != 200 ||
			!strings.Contains(one.Text, "2031-07-07T02:00:00") {
			t.Errorf("%d %s", one.Status, one.Text)
		}
		p.clock.move(12 * time.Hour)
		if _, a := p.graphQL(token, `{ practice { id } }`); a.Status != 401 ||
			!strings.Contains(a.Text, "This token has expired.") {
			t.Errorf("after twelve hours: %d %s", a.Status, a.Text)
		}
		if err := o.RevokeToken(ctx, "", made.Text); err != nil {
			t.Fatal(err)
		}
		if _, a := p.graphQL(made.Text, `{ practice { id } }`); a.Status != 401 ||
			!strings.Contains(a.Text, "revoked") {
			t.Errorf("a revoked token: %d %s", a.Status, a.Text)
		}
		var log string
		for _, want := range []string{`"action":"graphql.createBooking"`, `"action":"graphql.patients"`,
			`"action":"session.begin"`} {
			wait.Until(t, "the trail to have "+want, func() bool {
				q := operator.AuditQuery{Group: p.creds.Group, To: sunday.AddDate(1, 0, 0), Oldest: true}
				var all []string
				err := o.Audit(ctx, q, func(e operator.AuditEntry) error {
					text, err := json.Marshal(e)
					all = append(all, string(text))
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
				log = strings.Join(all, "\n")
				return strings.Contains(log, want)
			})
		}
		for _, secret := range []string{password, token, made.Text} {
			if strings.Contains(p.logs.String(), secret) || strings.Contains(log, secret) {
				t.Error("a log has a secret")
			}
		}
	})
}

// TestBlockAddedOverGraphQLRemovesRESTSlots closes every room for a day by GraphQL
// and looks for its slots over REST.
func TestBlockAddedOverGraphQLRemovesRESTSlots(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		p := open(t, address, app.Config{})
		o, err := app.OpenOperator(context.Background(), app.Opening{DB: address, SealKey: sealKey})
		if err != nil {
			t.Fatal(err)
		}
		defer o.Close()
		made, err := o.CreateToken(context.Background(),
			operator.NewToken{Group: p.creds.Group, Name: "Rota", Role: "frontdesk"})
		if err != nil {
			t.Fatal(err)
		}
		slot := p.slot(0)
		day := fmt.Sprint(slot["start_time"])[:10]
		all := "/v1/slots?explain=true&page_size=1&start_date=" + day + "&end_date=" + day
		if n, _ := p.ok("GET", all, nil).Body["count"].(float64); n == 0 {
			t.Fatal("there are no slots to take away")
		}
		data, _ := p.graphQL(made.Text, `{ practice { locations { id } } }`)
		rooms, _ := dig(data, "practice", "locations").([]any)
		var ids []any
		for _, room := range rooms {
			data, a := p.graphQL(made.Text,
				fmt.Sprintf(`mutation { createAvailability(data: {unavailability: true, room: "%v", startDate: "%s",
					startTime: "00:00", endTime: "24:00"}) { data { id } } }`, dig(room, "id"), day))
			id := dig(data, "createAvailability", "data", "id")
			if id == nil {
				t.Fatal(a.Text)
			}
			ids = append(ids, id)
		}
		gone := p.ok("GET", all, nil)
		if n, _ := gone.Body["count"].(float64); n != 0 || dig(gone.Body, "explanation", "blocked") == 0.0 {
			t.Errorf("still offered: %s", gone.Text)
		}
		p.refused(409, "slot_not_offered", "POST", "/v1/appointments", request(slot))
		for _, id := range ids {
			if data, a := p.graphQL(made.Text,
				fmt.Sprintf(`mutation { deleteAvailability(id: "%v") { data { id } } }`, id)); dig(data,
				"deleteAvailability",
				"data", "id") != id {
				t.Fatal(a.Text)
			}
		}
		p.ok("POST", "/v1/appointments", request(slot))
	})
}
