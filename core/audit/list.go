package audit

import (
	"context"
	"errors"
	"strings"
	"time"

	"frontdesk/core/access"
)

// Query is which entries of a group's trail are wanted. What is left empty does not
// narrow it.
type Query struct {
	// From is the first moment, and Until the one after the last.
	From, Until time.Time
	// Newest lists the newest first, and not the oldest.
	Newest bool
	// Subject is a thing that entries are about. Without an id it is all of a kind.
	Subject Subject
	// Actor is who, or Key with which key.
	Actor string
	Key   int64
	// Action is what was done, or the first words of it: appointment,
	// appointment.book. Door is what a call came through.
	Action, Door string
	// Failed are those alone whose outcome is not ok.
	Failed bool
}

// Rows is a Query in the form the store takes: Limit entries between two moments,
// of the first, or the last where the newest come first, only those beyond the id
// Last. A Subject has an id.
type Rows struct {
	From, Until time.Time
	Last        int64
	Newest      bool
	Subject     Subject
	Actor       string
	Limit       int
}

// part is how many entries are read at once.
const part = 1000

// Each gives the wanted entries to a function one after the other, and ends with
// its error. It reads a part at a time: a long trail needs no memory.
func (s *Service) Each(ctx context.Context, q Query, each func(Entry) error) error {
	who, err := access.Require(ctx, access.SeeAudit)
	if err != nil {
		return err
	}
	if err := s.write(ctx); err != nil { // what this process still holds
		return err
	}
	if err := s.Settle(ctx); err != nil {
		return err
	}
	rows := Rows{From: q.From, Until: q.Until, Newest: q.Newest, Actor: q.Actor, Limit: part}
	if q.Subject.ID != 0 {
		rows.Subject = q.Subject
	}
	for {
		found, err := s.Store.Entries(ctx, who.Group, rows)
		if err != nil {
			return err
		}
		for _, e := range found {
			if q.wants(e) {
				if err := each(e); err != nil {
					return err
				}
			}
		}
		if len(found) < part {
			return nil
		}
		last := found[len(found)-1]
		if rows.Last = last.ID; q.Newest {
			rows.Until = last.At
		} else {
			rows.From = last.At
		}
	}
}

// List gives up to limit of the wanted entries; 0 is all.
func (s *Service) List(ctx context.Context, q Query, limit int) ([]Entry, error) {
	var out []Entry
	err := s.Each(ctx, q, func(e Entry) error {
		if out = append(out, e); len(out) == limit {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return out, err
}

type enough struct{}

func (enough) Error() string { return "there are as many as were asked for" }

var errEnough = enough{}

func (q Query) wants(e Entry) bool {
	switch {
	case q.Actor != "" && e.Actor != q.Actor, q.Key != 0 && e.KeyID != q.Key, q.Door != "" && e.Door != q.Door:
		return false
	case q.Action != "" && e.Action != q.Action && !strings.HasPrefix(e.Action, q.Action+"."):
		return false
	case q.Failed && (e.Outcome == "" || e.Outcome == "ok"):
		return false
	}
	return q.Subject.Kind == "" || q.Subject.in(e)
}

// in reports whether an entry is about the subject, or about any of its kind.
func (s Subject) in(e Entry) bool {
	if e.Entity == s.Kind && (s.ID == 0 || e.EntityID == s.ID) {
		return true
	}
	whole := named{s.Kind, s.ID}.String()
	for _, one := range e.Subjects {
		if one == whole || s.ID == 0 && strings.HasPrefix(one, s.Kind+":") {
			return true
		}
	}
	return false
}
