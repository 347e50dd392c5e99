// Package place remembers where the pages of lists ended.
package place

import (
	"context"
	"crypto/sha256"
	"fmt"
	"regexp"
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

// Reading is the text of a list in both forms.
type Reading struct {
	After         string   // from a place
	Columns       []string // of the order; their values follow the other arguments
	Limit, Offset int      // arguments, by their number
	From          int      // an argument that is a bound below the first column, or 0
	Bound         bool     // that bound says it all, and no argument follows
}

var (
	inPages = regexp.MustCompile(`\s+ORDER\s+BY\s+([a-z_.]+(?:,\s+[a-z_.]+)*)\s+LIMIT\s+\$(\d+)\s+OFFSET\s+\$(\d+)$`)
	word    = regexp.MustCompile(`[a-z_.]+`)
	argued  = regexp.MustCompile(`\$(\d+)`)
	bounded = regexp.MustCompile(`([a-z_.]+)\s+>=\s+\$(\d+)`)
)

// Paged reports whether a text ends with an order, a limit and an offset.
func Paged(text string) bool { return inPages.MatchString(text) }

// readings are the texts that have been asked for: constants, so there is an end to
// them.
var readings sync.Map

// Read works a text out that ends with its order, a limit and an offset. SQL
// compares the columns of the order as one; a bound below the first of them moves up
// with it, since a database may go by that one instead.
func Read(text string) Reading {
	if known, ok := readings.Load(text); ok {
		return known.(Reading)
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
	r := Reading{Columns: columns, Limit: number(part(2)), Offset: number(part(3))}
	places := ""
	for i := range columns {
		if i > 0 {
			places += ", "
		}
		places += "$" + strconv.Itoa(most+1+i)
	}
	r.After = text[:m[0]] + " AND (" + part(1) + ") > (" + places + ")" + text[m[0]:]
	for _, b := range bounded.FindAllStringSubmatchIndex(text[:m[0]], -1) {
		// One in brackets is one of several ways to be found.
		first, open := text[b[2]:b[3]], strings.Count(text[:b[0]], "(")-strings.Count(text[:b[0]], ")")
		if first == columns[0] && open == 0 {
			r.From = number(text[b[4]:b[5]])
		}
	}
	readings.Store(text, r)
	return r
}

// Whole is a limit or an offset among arguments.
func Whole(n any) int64 {
	switch n := n.(type) {
	case int:
		return int64(n)
	case int64:
		return n
	}
	panic(fmt.Sprintf("a limit or an offset is a %T", n))
}

// Place is where a page of a list begins: so many rows into it.
type Place struct {
	List   List
	Offset int64
}

// List is the name of a list for one reader.
type List [sha256.Size]byte

// Of names a list for one reader: what is asked, but for which page.
func (r Reading) Of(ctx context.Context, text string, args []any) List {
	who, _ := access.From(ctx)
	name := sha256.New()
	fmt.Fprintf(name, "%d %d %d %s", who.Key, who.Session, who.Staff, text)
	for i, a := range args {
		if i != r.Limit-1 && i != r.Offset-1 {
			fmt.Fprintf(name, "\x00%T %v", a, a)
		}
	}
	return List(name.Sum(nil))
}

// Places are where pages ended, each for a while, and so many at most.
type Places struct {
	mu     sync.Mutex
	known  map[Place]ending
	oldest []Place // in the order they were put
}

type ending struct {
	key []any
	at  time.Time
}

const (
	placeLife  = 15 * time.Minute
	manyPlaces = 10_000
)

// Get is where a page ended that ended there lately.
func (p *Places) Get(of Place) (key []any, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e, ok := p.known[of]
	if !ok || time.Since(e.at) > placeLife {
		return nil, false
	}
	return e.key, true
}

// Put keeps the columns of the last row before a place.
func (p *Places) Put(of Place, key []any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known == nil {
		p.known = map[Place]ending{}
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
