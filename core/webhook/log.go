package webhook

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"frontdesk/core/event"
	"frontdesk/core/input"
	"frontdesk/core/practice"
)

// Logged is an event with its place in the log. Places are given in an order that only grows for its readers: an event
// that is committed late gets a late place, so that a reader who goes on from an earlier cursor misses none.
type Logged struct {
	event.Event
	Position int64
}

// LogQuery says which part of the log to read.
type LogQuery struct {
	// Cursor is where an earlier answer ended; empty is the oldest event kept, and Newest the end of the log.
	Cursor string
	Types  []event.Type
	Limit  int
	// Wait is how long to wait for an event when there is none.
	Wait time.Duration
}

// Newest is the cursor of the end of the log.
const Newest = "newest"

// Page is a part of the log.
type Page struct {
	Events []Logged
	// Cursor is where to go on.
	Cursor string
	// More says that there are more already.
	More bool
}

const (
	maxWait = 30 * time.Second
	// span is how many places are looked through at once for events of the types asked for.
	span = 10_000
	// numbered is how many events are given their places in one transaction.
	numbered = 1000
)

// Events reads the log of the group's events, oldest first, as far as the caller's scopes show it. Error: ErrCursor.
func (s *Service) Events(ctx context.Context, q LogQuery) (Page, error) {
	who, err := own(ctx)
	if err != nil {
		return Page{}, err
	}
	var c input.Checks
	for _, t := range q.Types {
		input.Choice(&c, "event_types", t, event.Logged)
	}
	c.Between("limit", q.Limit, 1, 1000)
	c.Between("wait", int(q.Wait/time.Second), 0, int(maxWait/time.Second))
	if err := c.Err(); err != nil {
		return Page{}, err
	}
	if len(q.Types) == 0 {
		q.Types = event.Logged
	}
	types := slices.DeleteFunc(slices.Clone(q.Types), func(t event.Type) bool { return !who.May(needs(t)) })
	after, err := s.position(ctx, who.Group, q.Cursor)
	if err != nil {
		return Page{}, err
	}
	var over <-chan time.Time
	if q.Wait > 0 {
		timer := time.NewTimer(q.Wait)
		defer timer.Stop()
		over = timer.C
	}
	for {
		more := s.Log.NewEvents(who.Group) // before looking, so that nothing falls between
		page, err := s.read(ctx, who.Group, after, types, q.Limit)
		if err != nil || len(page.Events) > 0 || page.More || over == nil {
			return page, err
		}
		if after, err = parseCursor(page.Cursor); err != nil {
			return Page{}, err
		}
		select {
		case <-more:
		case <-time.After(elsewhere):
		case <-over:
			over = nil
		case <-s.Stopping:
			return page, nil
		case <-ctx.Done():
			return page, nil
		}
	}
}

// elsewhere is how often a waiting reader looks for events of other nodes, of which this one is not notified.
const elsewhere = time.Second

func (s *Service) position(ctx context.Context, group practice.ID, cursor string) (int64, error) {
	if cursor == Newest {
		last, _, err := s.number(ctx, group, 1<<40)
		return last, err
	}
	return parseCursor(cursor)
}

func parseCursor(cursor string) (int64, error) {
	if cursor == "" {
		return 0, nil
	}
	digits, ok := strings.CutPrefix(cursor, "e")
	n, err := strconv.ParseInt(digits, 36, 64)
	if !ok || err != nil || n < 0 {
		return 0, ErrCursor
	}
	return n, nil
}

func (s *Service) read(
	ctx context.Context, group practice.ID, after int64, types []event.Type, limit int,
) (Page, error) {
	last, waiting, err := s.Log.LogEnd(ctx, group)
	if err != nil {
		return Page{}, err
	}
	// Places are given when a reader comes that far, and not with the event,
	// which would make all of a group's changes wait for each other.
	if waiting && last < after+int64(limit) {
		if last, waiting, err = s.number(ctx, group, span); err != nil {
			return Page{}, err
		}
	}
	until := min(last, after+span)
	p := Page{Cursor: cursorOf(max(after, until)), More: until > after && (until < last || waiting)}
	if until <= after || len(types) == 0 {
		return p, nil
	}
	p.Events, err = s.Log.Log(ctx, group, after, until, types, limit+1)
	if err != nil {
		return Page{}, err
	}
	if len(p.Events) > limit {
		p.Events, p.More = p.Events[:limit], true
		p.Cursor = cursorOf(p.Events[limit-1].Position)
	}
	return p, nil
}

func cursorOf(position int64) string { return "e" + strconv.FormatInt(position, 36) }

// number gives places to events until none waits for one, or so many have got one, and gives the last place.
func (s *Service) number(ctx context.Context, group practice.ID, most int) (last int64, more bool, err error) {
	for n := numbered; n == numbered && most > 0; most -= n {
		err := s.Store.Do(ctx, func(tx Tx) (err error) {
			n, err = tx.NumberEvents(ctx, group, numbered)
			return err
		})
		if err != nil {
			return 0, false, err
		}
	}
	return s.Log.LogEnd(ctx, group)
}
