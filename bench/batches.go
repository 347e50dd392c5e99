package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"

	"frontdesk/core/carrier"
)

// batch is one text for every patient of the register, and who takes it.
type batch struct {
	name    string
	word    string // the channel as the contract spells it
	channel carrier.Channel
	open    func(dir string) (*sink, error)
}

var batches = []batch{
	{"a batch of 100,000 by HTTP", "SMS", carrier.SMS, webSink},
	{"a batch of 100,000 by e-mail", "EMAIL", carrier.Email, mailSink},
}

// sending is how one batch went.
type sending struct {
	took            time.Duration // until its recipients were taken in
	taking, handing string        // the most memory, while they were and after that
	rate, raw       float64
}

// first is for how many the batch is that does not count.
const first = 5000

// patience is the longest one batch may take.
const patience = 10 * time.Minute

// measureBatches sends each batch through the program, and past it.
func measureBatches(s *server, r *raw, reg *register, dir, engine string, wanted *regexp.Regexp) (string, error) {
	table := "| what | taken in | peak memory meanwhile | messages per second | raw per second | ratio | peak memory meanwhile |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n"
	for _, b := range batches {
		if !wanted.MatchString(b.name) {
			continue
		}
		row, err := b.measure(s, r, reg, dir)
		if err != nil {
			return "", fmt.Errorf("%s: %w", b.name, err)
		}
		fmt.Print(engine, " ", row)
		table += row
	}
	return table, nil
}

func (b batch) measure(s *server, r *raw, reg *register, dir string) (string, error) {
	if err := reg.ready(); err != nil {
		return "", err
	}
	to, err := b.open(dir)
	if err != nil {
		return "", err
	}
	defer to.close()
	if err := to.connect(s); err != nil {
		return "", err
	}
	// A first one that does not count, and then what PostgreSQL does by itself
	// within a minute: the plans it keeps for an empty table do not fit a full one.
	if _, err := b.send(s, reg.people[:first], to); err != nil {
		return "", err
	}
	if err := r.analyse(context.Background(), "message", "message_step", "event", "batch_recipient"); err != nil {
		return "", err
	}
	var all []sending
	for range *rounds {
		one, err := b.send(s, reg.people[:registered], to)
		if err != nil {
			return "", err
		}
		began := time.Now()
		if err := to.raw(context.Background(), b.outgoing(reg)); err != nil {
			return "", err
		}
		one.raw = registered / time.Since(began).Seconds()
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b sending) int { return int(a.rate - b.rate) })
	m := all[len(all)/2]
	return fmt.Sprintf("| %s | %.1f s | %s | %s | %s | %.2f | %s |\n", b.name, m.took.Seconds(), m.taking, rate(m.rate),
		rate(m.raw), m.rate/m.raw, m.handing), nil
}

// outgoing are the messages of the batch, as a carrier gets them.
func (b batch) outgoing(reg *register) []carrier.Outgoing {
	all := make([]carrier.Outgoing, registered)
	for i, p := range reg.people[:registered] {
		all[i] = carrier.Outgoing{
			Key: "1-" + strconv.FormatInt(p.id, 36) + "-1", Channel: b.channel, To: p.mobile, FromName: "Brambleford Surgery",
			Text: written(p),
		}
		if b.channel == carrier.Email {
			all[i].To, all[i].Subject = p.email, "Your yearly check"
		}
	}
	return all
}

// body asks for the batch.
func (b batch) body(people []person) []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, `{"name":"Yearly checks","channel":%q,"subject":"Your yearly check","content":%q,"recipients":[`,
		b.word, text)
	for i, p := range people {
		if i > 0 {
			out.WriteByte(',')
		}
		fmt.Fprintf(&out, `{"patient_id":"%d"}`, p.id)
	}
	out.WriteString(`]}`)
	return out.Bytes()
}

// send makes the batch, lets it go, and waits until it is done.
func (b batch) send(s *server, people []person, to *sink) (sending, error) {
	c, err := dial(s)
	if err != nil {
		return sending{}, err
	}
	defer c.conn.Close()
	body, before := b.body(people), to.taken()
	if err := s.forgetPeak(); err != nil {
		return sending{}, err
	}
	var out sending
	began := time.Now()
	answer, err := c.do("POST", "/v1/batch_message", body)
	if err != nil {
		return sending{}, err
	}
	out.took, out.taking = time.Since(began), s.peak()
	var made struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(answer, &made); err != nil {
		return sending{}, err
	}
	if err := s.forgetPeak(); err != nil {
		return sending{}, err
	}
	began = time.Now()
	if _, err := c.do("PATCH", "/v1/batch_message/"+made.ID+"/send", nil); err != nil {
		return sending{}, err
	}
	if err := completed(s, made.ID, len(people), func() bool { return to.taken() >= before+len(people) }); err != nil {
		return sending{}, err
	}
	out.rate, out.handing = float64(len(people))/time.Since(began).Seconds(), s.peak()
	if n := to.taken() - before; n != len(people) {
		return sending{}, fmt.Errorf("%d messages arrived", n)
	}
	return out, nil
}

// completed waits for a batch to be done. The program is not asked, which costs
// it a count of everything, before the last message has arrived.
func completed(s *server, id string, n int, arrived func() bool) error {
	began := time.Now()
	for !arrived() && time.Since(began) < patience {
		time.Sleep(20 * time.Millisecond)
	}
	c, err := dial(s) // one that was left alone for long is closed
	if err != nil {
		return err
	}
	defer c.conn.Close()
	for time.Since(began) < patience {
		answer, err := c.do("GET", "/v1/batch_message/"+id, nil)
		if err != nil {
			return err
		}
		var is struct {
			Status string `json:"status"`
			Totals struct {
				Sent int `json:"sent"`
			} `json:"totals"`
		}
		if err := json.Unmarshal(answer, &is); err != nil {
			return err
		}
		if is.Status == "COMPLETED" {
			if is.Totals.Sent != n {
				return fmt.Errorf("only %d were sent: %s", is.Totals.Sent, answer)
			}
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return errors.New("the batch was never completed")
}
