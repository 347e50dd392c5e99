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

	"frontdesk/bench/population"
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
	rate            float64
}

// first is for how many the batch is that does not count.
const first = 5000

// patience is the longest one batch may take.
const patience = 10 * time.Minute

// measureBatches sends each batch through the program, and past it.
func measureBatches(builds []*build, dir, engine string, wanted *regexp.Regexp) (string, error) {
	table := head("| what | taken in | peak memory meanwhile | messages per second | raw per second | ratio | " +
		"peak memory meanwhile |")
	for _, b := range batches {
		if !wanted.MatchString(b.name) {
			continue
		}
		row, err := b.measure(builds, dir)
		if err != nil {
			return "", fmt.Errorf("%s: %w", b.name, err)
		}
		fmt.Print(engine, " ", row)
		table += row
	}
	return table, nil
}

func (b batch) measure(builds []*build, dir string) (string, error) {
	to, err := b.open(dir)
	if err != nil {
		return "", err
	}
	defer to.close()
	for _, build := range builds {
		if err := b.prepare(build, to); err != nil {
			return "", err
		}
	}
	all := make([][]sending, len(builds))
	var raws []float64
	for range *rounds {
		for i, build := range builds {
			one, err := b.send(build.server, build.register.people[:registered], to)
			if err != nil {
				return "", err
			}
			all[i] = append(all[i], one)
		}
		began := time.Now()
		if err := to.raw(context.Background(), b.outgoing(builds[0].register)); err != nil {
			return "", err
		}
		raws = append(raws, registered/time.Since(began).Seconds())
	}
	for _, some := range all {
		slices.SortFunc(some, func(a, b sending) int { return int(a.rate - b.rate) })
	}
	slices.Sort(raws)
	middle := *rounds / 2
	m, raw := all[0][middle], raws[middle]
	row := fmt.Sprintf("| %s | %.1f s | %s | %s | %s | %.2f | %s |", b.name, m.took.Seconds(), m.taking, rate(m.rate),
		rate(raw), m.rate/raw, m.handing)
	if len(builds) > 1 {
		row += beside(m.rate, all[1][middle].rate)
	}
	return row + "\n", nil
}

// prepare sends a first batch that does not count, and then does what PostgreSQL
// does by itself within a minute: the plans it keeps for an empty table do not fit
// a full one.
func (b batch) prepare(build *build, to *sink) error {
	if err := build.register.ready(); err != nil {
		return err
	}
	if err := to.connect(build.server); err != nil {
		return err
	}
	if _, err := b.send(build.server, build.register.people[:first], to); err != nil {
		return err
	}
	return build.raw.analyse(context.Background(), "message", "message_step", "event", "batch_recipient")
}

// outgoing are the messages of the batch, as a carrier gets them.
func (b batch) outgoing(reg *register) []carrier.Outgoing {
	all := make([]carrier.Outgoing, registered)
	for i, p := range reg.people[:registered] {
		all[i] = carrier.Outgoing{
			Key: "1-" + strconv.FormatInt(p.ID, 36) + "-1", Channel: b.channel, To: p.Mobile,
			FromName: "Brambleford Surgery",
			Text:     written(p),
		}
		if b.channel == carrier.Email {
			all[i].To, all[i].Subject = p.Email, "Your yearly check"
		}
	}
	return all
}

// body asks for the batch.
func (b batch) body(to []population.Person) []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, `{"name":"Yearly checks","channel":%q,"subject":"Your yearly check","content":%q,"recipients":[`,
		b.word, text)
	for i, p := range to {
		if i > 0 {
			out.WriteByte(',')
		}
		fmt.Fprintf(&out, `{"patient_id":"%d"}`, p.ID)
	}
	out.WriteString(`]}`)
	return out.Bytes()
}

// send makes the batch, lets it go, and waits until it is done.
func (b batch) send(s *server, all []population.Person, to *sink) (sending, error) {
	c, err := dial(s)
	if err != nil {
		return sending{}, err
	}
	defer c.Close()
	body, before := b.body(all), to.taken()
	if err := s.forgetPeak(); err != nil {
		return sending{}, err
	}
	var out sending
	began := time.Now()
	answer, err := c.Do("POST", "/v1/batch_message", body)
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
	if _, err := c.Do("PATCH", "/v1/batch_message/"+made.ID+"/send", nil); err != nil {
		return sending{}, err
	}
	if err := completed(s, made.ID, len(all), func() bool { return to.taken() >= before+len(all) }); err != nil {
		return sending{}, err
	}
	out.rate, out.handing = float64(len(all))/time.Since(began).Seconds(), s.peak()
	if n := to.taken() - before; n != len(all) {
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
	defer c.Close()
	for time.Since(began) < patience {
		answer, err := c.Do("GET", "/v1/batch_message/"+id, nil)
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
