package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
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
	maker  *maker
	people []person
	common byte // the letter that most surnames begin with
}

func newRegister(r *raw, group int64) *register {
	reg := &register{maker: newMaker()}
	reg.ready = once("the patients", func() error { return reg.fill(r, group) })
	return reg
}

// who is everybody in turn, but never neighbours.
func (reg *register) who(n int) person { return reg.people[n*7919%registered] }

// patients asks about patients, a hundred thousand of them.
func patients(r *raw, group int64, reg *register) []question {
	ready, who := reg.ready, reg.who
	search := func(name string, page int, text func(n int) string, raw func(ctx context.Context,
		n int) error) question {
		return question{name, ready, func(c *client, n int) error {
			q := url.Values{"search": {text(n)}, "page_index": {strconv.Itoa(page)},
				"page_size": {strconv.Itoa(pageSize)}}
			answer, err := c.do("GET", "/v1/patients?"+q.Encode(), nil)
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
			_, err := c.do("GET", "/v1/patients/"+strconv.FormatInt(who(n).id, 10), nil)
			return err
		}, func(ctx context.Context, n int) error { return r.patient(ctx, group, who(n).id) }},
		search("search patients by surname, a common prefix", 0, common,
			func(ctx context.Context, _ int) error { return r.surname(ctx, group, string(reg.common), 0) }),
		search("search patients, page at the end", last, common,
			func(ctx context.Context, _ int) error {
				return r.surname(ctx, group, string(reg.common), last*pageSize)
			}),
		search("search patients by mobile", 0, func(n int) string { return who(n).mobile },
			func(ctx context.Context, n int) error { return r.mobile(ctx, group, who(n).mobile) }),
		search("search patients, a full name", 0, func(n int) string { return who(n).first + " " + who(n).last },
			func(ctx context.Context, n int) error {
				return r.fullName(ctx, group, who(n).first+" "+who(n).last)
			}),
		// The last, because it makes more of them.
		{"register a patient", ready, func(c *client, n int) error {
			p := who(n)
			p.number = reg.maker.number()
			return p.register(c)
		}, func(ctx context.Context, n int) error {
			p := who(n)
			p.id, p.number = r.next.Add(10), reg.maker.number()
			return r.register(ctx, group, p)
		}},
	}
}

// fill puts the patients into the database, past the program: asking it for
// each would take minutes.
func (reg *register) fill(r *raw, group int64) error {
	reg.people = make([]person, registered)
	begins := map[byte]int{}
	for i := range reg.people {
		p := reg.maker.person()
		p.id = r.next.Add(1)
		reg.people[i] = p
		begins[p.last[0]]++
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

// register sends a registration.
func (p person) register(c *client) error {
	body, err := json.Marshal(map[string]string{
		"nhs_number": p.number, "dob": p.born, "first_name": p.first, "last_name": p.last, "sex": p.sex,
		"mobile":         p.mobile,
		"email":          p.email,
		"address_line_1": p.line, "town": p.place, "postcode": p.postcode,
	})
	if err != nil {
		return err
	}
	answer, err := c.do("POST", "/v1/patients/register", body)
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
