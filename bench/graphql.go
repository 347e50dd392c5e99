package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

const (
	// inPage patients have perPatient bookings each.
	inPage, perPatient = 20, 5
	bookedPages        = 50
	askedFor           = 5_000 // patients that are asked for by their id
)

const (
	patientDocument = `query($id: ID!) { patient(id: $id) { id firstName lastName dob email } }`
	nestedDocument  = `query($page: Int!) { patients(pagination: {page: $page,
		pageSize: 20}) { data { id bookings(start: "2040-01-01T00:00:00Z", end: "2041-01-01T00:00:00Z") { %s } } } }`
	bookingShort = `id start`
	bookingLong  = `doctor { fullName } location { name }`
)

// graphql asks by the GraphQL API. Each of its questions is written into the
// audit trail, which the raw statements do not do.
func graphql(s *server, r *raw, group int64, reg *register) []question {
	g := &graphClient{server: s}
	ready := once("the bookings", func() error {
		if err := reg.ready(); err != nil {
			return err
		}
		return g.prepare(r, group)
	})
	nested := func(name, fields, last, raw string) question {
		document := fmt.Sprintf(nestedDocument, fields)
		return question{name, ready, func(c *client, n int) error {
			answer, err := g.ask(c, document, map[string]any{"page": 1 + n%bookedPages})
			if err == nil && strings.Count(string(answer), `"`+last+`"`) < inPage*perPatient {
				err = fmt.Errorf("bookings are missing: %.300s", answer)
			}
			return err
		}, func(ctx context.Context, n int) error { return r.nested(ctx, group, n%bookedPages*inPage, raw) }}
	}
	return []question{
		{"GraphQL, a patient by id", ready, func(c *client, n int) error {
			_, err := g.ask(c, patientDocument, map[string]any{"id": g.ids[n*7919%len(g.ids)]})
			return err
		}, func(ctx context.Context, n int) error {
			return r.asJSON(ctx, patientRead+` AND id = $2`, group, reg.who(n).ID)
		}},
		nested("GraphQL, 20 patients × 5 bookings × 2 fields", bookingShort, "start", `id, patient_id, start_at`),
		nested("GraphQL, 20 patients × 5 bookings × 2 objects", bookingLong, "name", `patient_id,
			(SELECT last_name FROM practitioner w WHERE w.practice_group_id = a.practice_group_id
			AND w.id = a.practitioner_id) AS doctor,
			(SELECT name FROM location l WHERE l.practice_group_id = a.practice_group_id
			AND l.id = a.location_id) AS place`),
	}
}

// graphClient asks by the GraphQL API.
type graphClient struct {
	server *server
	token  string
	ids    []string // of patients
}

// prepare makes a token that no limit binds, and bookings for the patients of
// the first pages.
func (g *graphClient) prepare(r *raw, group int64) error {
	s := g.server
	text, err := exec.Command(s.cmd.Path, "token", "create", "--group", s.Group, "--name", "Bench", "--role",
		"everything",
		"--rate-limit", "0",
		"--json", s.flags[0], s.flags[1]).Output()
	if err != nil {
		return fmt.Errorf("token create: %w", err)
	}
	var made struct {
		Token string `json:"api_key"`
	}
	if err := json.Unmarshal(text, &made); err != nil || made.Token == "" {
		return errors.Join(err, fmt.Errorf("no token in %s", text))
	}
	g.token = made.Token
	c, err := dial(s)
	if err != nil {
		return err
	}
	defer c.Close()
	var by [3]string
	for i, ask := range []struct{ path, body string }{
		{"/v1/locations", `{"name": "Bench"}`},
		{"/v1/appointment_types", `{"name": "Bench", "duration": 10}`},
		{"/v1/practitioners", `{"title": "Dr", "first_name": "Ben", "last_name": "Mark"}`},
	} {
		if by[i], err = idMade(c, ask.path, ask.body); err != nil {
			return err
		}
	}
	for page := 1; len(g.ids) < askedFor; page++ {
		answer, err := g.ask(c, `query($page: Int!) { patients(pagination: {page: $page,
			pageSize: 200}) { data { id } } }`,
			map[string]any{"page": page})
		if err != nil {
			return err
		}
		var list struct {
			Data struct {
				Patients struct{ Data []struct{ ID string } }
			}
		}
		if err := json.Unmarshal(answer, &list); err != nil || len(list.Data.Patients.Data) == 0 {
			return errors.Join(err, fmt.Errorf("no patients: %s", answer))
		}
		for _, p := range list.Data.Patients.Data {
			g.ids = append(g.ids, p.ID)
		}
	}
	return r.book(context.Background(), group, g.ids[:bookedPages*inPage], by)
}

// ask sends an operation; an answer with errors is one.
func (g *graphClient) ask(c *client, document string, variables map[string]any) ([]byte, error) {
	body, err := json.Marshal(map[string]any{"query": document, "variables": variables})
	if err != nil {
		return nil, err
	}
	answer, err := c.Do("POST", "/graphql", body, "X-Token: "+g.token)
	if err == nil && strings.Contains(string(answer), `"errors":`) {
		err = errors.New(string(answer))
	}
	return answer, err
}

// idMade sends what makes a thing and gives its id.
func idMade(c *client, path, body string) (string, error) {
	answer, err := c.Do("POST", path, []byte(body))
	if err != nil {
		return "", err
	}
	var out struct {
		ID string `json:"id"`
	}
	err = json.Unmarshal(answer, &out)
	return out.ID, err
}

// book gives patients, named by the last 14 of their 24 digits, bookings.
func (r *raw) book(ctx context.Context, group int64, patients []string, by [3]string) error {
	place, _ := strconv.ParseInt(by[0], 10, 64)
	kind, _ := strconv.ParseInt(by[1], 10, 64)
	who, _ := strconv.ParseInt(by[2], 10, 64)
	now, first := time.Now(), time.Date(2040, time.January, 2, 8, 0, 0, 0, time.UTC)
	err := r.tx(ctx, func(exec func(string, ...any) error) error {
		for i, text := range patients {
			id, err := strconv.ParseInt(text[10:], 16, 64)
			if err != nil {
				return err
			}
			for n := range perPatient {
				at := first.Add(time.Duration(i*perPatient+n) * 10 * time.Minute)
				err := exec(`INSERT INTO appointment (practice_group_id, id, state, patient_id, practitioner_id,
					location_id, appointment_type_id, start_at, end_at, video,
						in_person, telephone, reserved_until, confirmed_at, reason, suppress_mail, override, source,
						version, created_at, updated_at)
					VALUES ($1, $2, 'booked', $3, $4, $5, $6, $7, $8, false, true, false, $9, $9, '', false,
					false, 'raw', 1, $9, $9)`,
					group, r.next.Add(1), id, who, place, kind, r.when(at), r.when(at.Add(10*time.Minute)), r.when(now))
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
	return errors.Join(err, r.analyse(ctx, "appointment"))
}

// nested reads a page of patients and the bookings of all of them.
func (r *raw) nested(ctx context.Context, group int64, offset int, columns string) error {
	ids, err := r.values(ctx,
		`SELECT id, first_name, last_name FROM patient WHERE practice_group_id = $1 AND merged_into IS NULL
			ORDER BY id LIMIT $2 OFFSET $3`, group, inPage, offset)
	if err != nil {
		return err
	}
	some := make([]string, len(ids))
	for i, row := range ids {
		some[i] = fmt.Sprint(row[0])
	}
	return r.asJSON(ctx, `SELECT `+columns+` FROM appointment a WHERE practice_group_id = $1 AND patient_id IN (`+
		strings.Join(some, ",")+`)
		AND start_at >= $2 AND start_at < $3 ORDER BY patient_id,
		start_at`, group, r.when(time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC)),
		r.when(time.Date(2041, 1, 1, 0, 0, 0, 0, time.UTC)))
}

// asJSON reads rows and writes them as JSON.
func (r *raw) asJSON(ctx context.Context, text string, args ...any) error {
	rows, err := r.values(ctx, text, args...)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return errors.New("no rows")
	}
	_, err = json.Marshal(rows)
	return err
}
