package store

import (
	"context"
	"crypto/sha256"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"frontdesk/core/access"
)

// A page of a list is read from where the one before it ended, by the columns the
// list is in the order of: so the thousandth page costs what the first does, and
// what comes or goes meanwhile neither hides a row nor shows one twice. Where a page
// ended is remembered for who read it. A page that nothing leads to is found by
// counting rows, which takes longer the further it is.

// reading is the text of a list in both forms.
type reading struct {
	after         string   // from a place
	columns       []string // of the order; their values follow the other arguments
	limit, offset int      // arguments, by their number
	from          int      // an argument that is a bound below the first column, or 0
	bound         bool     // that bound says it all, and no argument follows
}

var (
	inPages = regexp.MustCompile(`\s+ORDER\s+BY\s+([a-z_.]+(?:,\s+[a-z_.]+)*)\s+LIMIT\s+\$(\d+)\s+OFFSET\s+\$(\d+)$`)
	word    = regexp.MustCompile(`[a-z_.]+`)
	argued  = regexp.MustCompile(`\$(\d+)`)
	bounded = regexp.MustCompile(`([a-z_.]+)\s+>=\s+\$(\d+)`)
)

// readings are the texts that have been asked for: constants, so there is an end to
// them.
var readings sync.Map

// readingOf works a text out that ends with its order, a limit and an offset. SQL
// compares the columns of the order as one; a bound below the first of them moves up
// with it, since a database may go by that one instead.
func readingOf(text string) reading {
	if known, ok := readings.Load(text); ok {
		return known.(reading)
	}
	m := inPages.FindStringSubmatchIndex(text)
	if m == nil {
		panic("no list in pages: " + text)
	}
	part := func(i int) string { return text[m[2*i]:m[2*i+1]] }
	number := func(s string) int { n, _ := strconv.Atoi(s); return n }
	most := 0
	for _, a := range argued.FindAllStringSubmatch(text, -1) {
		most = max(most, number(a[1]))
	}
	columns := word.FindAllString(part(1), -1)
	r := reading{columns: columns, limit: number(part(2)), offset: number(part(3))}
	places := ""
	for i := range columns {
		if i > 0 {
			places += ", "
		}
		places += "$" + strconv.Itoa(most+1+i)
	}
	r.after = text[:m[0]] + " AND (" + part(1) + ") > (" + places + ")" + text[m[0]:]
	for _, b := range bounded.FindAllStringSubmatchIndex(text[:m[0]], -1) {
		// One in brackets is one of several ways to be found.
		first, open := text[b[2]:b[3]], strings.Count(text[:b[0]], "(")-strings.Count(text[:b[0]], ")")
		if first == columns[0] && open == 0 {
			r.from = number(text[b[4]:b[5]])
		}
	}
	readings.Store(text, r)
	return r
}

// columns are values of a row by their names.
type columns map[string]any

// readPage lists a page of a list: text ends with its order, a limit and an offset, and
// has gives of a row the columns that the list can be in the order of.
func readPage[T any](
	ctx context.Context, t *Tx, text string, args in, row func(scan scanner) (T, error), has func(T) columns,
) ([]T, error) {
	return readPageBy(ctx, t, text, readingOf(text), args, row, has)
}

// readPageBy is readPage for a text that has a form of its own from a place.
func readPageBy[T any](
	ctx context.Context, t *Tx, text string, r reading, args in, row func(scan scanner) (T, error), has func(T) columns,
) ([]T, error) {
	limit, offset := whole(args[r.limit-1]), whole(args[r.offset-1])
	of := listOf(ctx, text, args, r)
	if offset > 0 {
		if from, ok := t.db.places.get(place{of, offset}); ok {
			text, args = r.after, slices.Clone(args)
			if !r.bound {
				args = append(args, from...)
			}
			if args[r.offset-1] = 0; r.from > 0 {
				args[r.from-1] = from[0]
			}
		}
	}
	found, err := list(ctx, t, text, args, row)
	if err != nil || int64(len(found)) < limit {
		return found, err
	}
	// Callers ask for one row more than they show, or for none.
	for _, last := range []int64{limit, limit - 1} {
		if last <= 0 {
			continue
		}
		row, key := has(found[last-1]), make(in, len(r.columns))
		for i, name := range r.columns {
			key[i] = row[name]
		}
		t.db.places.put(place{of, offset + last}, key)
	}
	return found, nil
}

func whole(n any) int64 {
	switch n := n.(type) {
	case int:
		return int64(n)
	case int64:
		return n
	}
	panic(fmt.Sprintf("a limit or an offset is a %T", n))
}

// place is where a page of a list begins: so many rows into it.
type place struct {
	list   [sha256.Size]byte
	offset int64
}

// listOf names a list for one reader: what is asked, but for which page.
func listOf(ctx context.Context, text string, args in, r reading) [sha256.Size]byte {
	who, _ := access.From(ctx)
	name := sha256.New()
	fmt.Fprintf(name, "%d %d %d %s", who.Key, who.Session, who.Staff, text)
	for i, a := range args {
		if i != r.limit-1 && i != r.offset-1 {
			fmt.Fprintf(name, "\x00%T %v", a, a)
		}
	}
	return [sha256.Size]byte(name.Sum(nil))
}

// places are where pages ended, each for a while, and so many at most.
type places struct {
	mu     sync.Mutex
	known  map[place]ending
	oldest []place // in the order they were put
}

type ending struct {
	key in
	at  time.Time
}

const (
	placeLife  = 15 * time.Minute
	manyPlaces = 10_000
)

func (p *places) get(of place) (in, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e, ok := p.known[of]
	if !ok || time.Since(e.at) > placeLife {
		return nil, false
	}
	return e.key, true
}

func (p *places) put(of place, key in) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known == nil {
		p.known = map[place]ending{}
	}
	if _, ok := p.known[of]; !ok {
		if len(p.oldest) >= manyPlaces {
			for _, old := range p.oldest[:manyPlaces/10] {
				delete(p.known, old)
			}
			p.oldest = append(p.oldest[:0], p.oldest[manyPlaces/10:]...)
		}
		p.oldest = append(p.oldest, of)
	}
	p.known[of] = ending{key, time.Now()}
}
