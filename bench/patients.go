package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"

	"frontdesk/bench/population"
)

const (
	registered = 100_000 // patients
	pageSize   = 50
	// countLimit is where the program stops counting, and paging.
	countLimit = 10_000
)

// register is the patients that are measured. ready makes them.
type register struct {
	ready  func() error
	maker  *population.Maker
	people []population.Person
	common byte // the letter that most surnames begin with
}

func newRegister(r *raw, group int64) *register {
	reg := &register{maker: population.NewMaker()}
	reg.ready = once("the patients", func() error { return reg.fill(r, group) })
	return reg
}

// who is each patient in turn, but never neighbours.
func (reg *register) who(n int) population.Person { return reg.people[n*7919%registered] }

// patients asks about patients, a hundred thousand of them.
func patients(r *raw, group int64, reg *register) []question {
	ready, who := reg.ready, reg.who
	search := func(name string, page int, text func(n int) string, raw func(ctx context.Context,
		n int) error) question {
		return question{name, ready, func(c *client, n int) error {
			q := url.Values{"search": {text(n)}, "page_index": {strconv.Itoa(page)},
				"page_size": {strconv.Itoa(pageSize)}}
			answer, err := c.Do("GET", "/v1/patients?"+q.Encode(), nil)
			if err == nil && bytes.Contains(answer, []byte(`"data":[]`)) {
				err = fmt.Errorf("no patient was found for %s", text(n))
			}
			return err
		}, raw}
	}
	common := func(int) string { return string(reg.common) }
	const last = countLimit/pageSize - 1
	return []question{
		{"read one patient", ready, func(c *client, n int) error {
			_, err := c.Do("GET", "/v1/patients/"+strconv.FormatInt(who(n).ID, 10), nil)
			return err
		}, func(ctx context.Context, n int) error { return r.patient(ctx, group, who(n).ID) }},
		search("search patients by surname, a common prefix", 0, common,
			func(ctx context.Context, _ int) error { return r.surname(ctx, group, string(reg.common), 0) }),
		search("search patients, page at the end", last, common,
			func(ctx context.Context, _ int) error {
				return r.surname(ctx, group, string(reg.common), last*pageSize)
			}),
		search("search patients by mobile", 0, func(n int) string { return who(n).Mobile },
			func(ctx context.Context, n int) error { return r.mobile(ctx, group, who(n).Mobile) }),
		search("search patients, a full name", 0, func(n int) string { return who(n).First + " " + who(n).Last },
			func(ctx context.Context, n int) error {
				return r.fullName(ctx, group, who(n).First+" "+who(n).Last)
			}),
		// The last, because it makes more of them.
		{"register a patient", ready, func(c *client, n int) error {
			p := who(n)
			p.Number = reg.maker.Number()
			return registerPatient(c, p)
		}, func(ctx context.Context, n int) error {
			p := who(n)
			p.ID, p.Number = r.next.Add(10), reg.maker.Number()
			return r.register(ctx, group, p)
		}},
	}
}

// fill puts the patients into the database, past the program: asking it for
// each would take minutes.
func (reg *register) fill(r *raw, group int64) error {
	reg.people = make([]population.Person, registered)
	begins := map[byte]int{}
	for i := range reg.people {
		p := reg.maker.Person()
		p.ID = r.next.Add(1)
		reg.people[i] = p
		begins[p.Last[0]]++
	}
	for letter, n := range begins {
		if n > begins[reg.common] {
			reg.common = letter
		}
	}
	if begins[reg.common] <= countLimit {
		return errors.New("no letter begins enough surnames")
	}
	return r.fill(context.Background(), group, reg.people)
}

// registerPatient sends a registration.
func registerPatient(c *client, p population.Person) error {
	body, err := json.Marshal(map[string]string{
		"nhs_number": p.Number, "dob": p.Born, "first_name": p.First, "last_name": p.Last, "sex": p.Sex,
		"mobile":         p.Mobile,
		"email":          p.Email,
		"address_line_1": p.Line, "town": p.Place, "postcode": p.Postcode,
	})
	if err != nil {
		return err
	}
	answer, err := c.Do("POST", "/v1/patients/register", body)
	if err != nil {
		return err
	}
	var made struct {
		ID string `json:"patient_id"`
	}
	if err := json.Unmarshal(answer, &made); err != nil || made.ID == "" {
		return errors.Join(err, fmt.Errorf("no patient was made: %s", answer))
	}
	return nil
}
