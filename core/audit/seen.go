package audit

import (
	"cmp"
	"context"
	"iter"
	"strconv"
	"sync"

	"frontdesk/core/access"
)

// Subject is a thing that was read, and the patient it is about; 0 is none.
type Subject struct {
	Kind        string
	ID, Patient int64
	// Personal says that it is about a person who is no patient.
	Personal bool
}

// Patient is the kind of subject a person is.
const Patient = "patient"

// Person is a patient as a subject.
func Person[ID ~int64](id ID) Subject {
	return Subject{Kind: Patient, ID: int64(id), Patient: int64(id)}
}

// AuditSubject makes a Subject a Thing.
func (s Subject) AuditSubject() Subject { return s }

// Thing is what can be seen.
type Thing interface {
	AuditSubject() Subject
}

// MaxSubjects is how many subjects an entry names.
const MaxSubjects = 200

// maxMet is how many subjects a request's collector tells apart. Of more it only
// counts how often one was read.
const maxMet = 5_000

type named struct {
	kind string
	id   int64
}

func (n named) String() string { return n.kind + ":" + strconv.FormatInt(n.id, 10) }

// Collector is what one call has read so far. Its methods may be called side by
// side.
type Collector struct {
	mu     sync.Mutex
	who    access.Caller
	people []named
	things []named
	room   [2]named // most requests read one of each
	met    map[named]struct{}
	more   int
	// besides are entries about no person, and what changes were made to. They alone
	// make no entry: only a door that tells of every call names them.
	besides []named
	ready   []Entry
}

type collectorKey struct{}

// Collect gives the context a collector of its own: what is read below it is
// noted there.
func Collect(ctx context.Context) (context.Context, *Collector) {
	c := &Collector{}
	c.people, c.things = c.room[:0:1], c.room[1:1:2]
	return context.WithValue(ctx, collectorKey{}, c), c
}

// Of is the collector of the context; nil is none.
func Of(ctx context.Context) *Collector {
	c, _ := ctx.Value(collectorKey{}).(*Collector)
	return c
}

// Seen notes that the caller has been shown things. Every function of core that
// reads what is about a person ends with it. Where no collector runs, as in our own
// jobs, it does nothing.
func Seen[T Thing](ctx context.Context, things ...T) {
	if len(things) == 0 {
		return
	}
	c := Of(ctx)
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.who.Group == 0 { // it is the first caller's
		c.who, _ = access.From(ctx)
	}
	for i := range things {
		c.add(things[i].AuditSubject())
	}
}

// SeenEach is Seen for the values of a map and the like.
func SeenEach[T Thing](ctx context.Context, things iter.Seq[T]) {
	if Of(ctx) == nil {
		return
	}
	for thing := range things {
		Seen(ctx, thing)
	}
}

func (c *Collector) add(s Subject) {
	switch one := (named{s.Kind, s.ID}); {
	case s.ID == 0:
	case s.Patient == 0 && !s.Personal:
		if len(c.besides) < MaxSubjects {
			c.besides = append(c.besides, one)
		}
	default:
		if s.Patient != 0 {
			c.note(&c.people, named{Patient, s.Patient})
		}
		if s.Kind != Patient {
			c.note(&c.things, one)
		}
	}
}

// fewMet is how many subjects are compared one by one.
const fewMet = 16

func (c *Collector) note(list *[]named, n named) {
	if c.has(n) {
		return
	}
	if len(*list) >= MaxSubjects {
		c.more++
		return
	}
	*list = append(*list, n)
}

// has reports whether the subject was noted before, and remembers it.
func (c *Collector) has(n named) bool {
	if c.met == nil {
		for _, list := range [...][]named{c.people, c.things} {
			for _, one := range list {
				if one == n {
					return true
				}
			}
		}
		if len(c.people)+len(c.things) < fewMet {
			return false
		}
		c.met = make(map[named]struct{}, 4*fewMet)
		for _, list := range [...][]named{c.people, c.things} {
			for _, one := range list {
				c.met[one] = struct{}{}
			}
		}
	}
	if _, ok := c.met[n]; ok {
		return true
	}
	if len(c.met) < maxMet {
		c.met[n] = struct{}{}
	}
	return false
}

// Add adds an entry that a door has made itself to what its request hands over.
func Add(ctx context.Context, e ...Entry) {
	if c := Of(ctx); c != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.ready = append(c.ready, e...)
	}
}

// Name puts what was read and changed into an entry, the people first.
func (c *Collector) Name(e *Entry) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, n := range c.besides {
		if n.kind == Patient {
			c.note(&c.people, n)
		} else {
			c.note(&c.things, n)
		}
	}
	c.besides = nil
	c.name(e)
}

func (c *Collector) name(e *Entry) {
	people, things := c.people, c.things
	room := MaxSubjects - len(people)
	e.More = c.more + max(0, len(things)-room)
	things = things[:min(len(things), room)]
	if len(people)+len(things) == 0 {
		return
	}
	e.Subjects = make([]string, 0, len(people)+len(things))
	for _, list := range [...][]named{people, things} {
		for _, n := range list {
			e.Subjects = append(e.Subjects, n.String())
		}
	}
	first := append(people[:len(people):len(people)], things...)[0]
	e.Entity, e.EntityID = first.kind, first.id
}

// Shown has the entry of a change say what the change has shown: no other entry says so.
func Shown(e Entry, door access.Door, operation string, things ...Thing) Entry {
	c := &Collector{}
	for _, thing := range things {
		c.add(thing.AuditSubject())
	}
	entity, id := e.Entity, e.EntityID
	c.name(&e)
	e.Entity, e.EntityID = entity, id
	e.Door, e.Operation, e.Outcome = string(door), operation, "ok"
	return e
}

// Call is what is said of a call besides what it has read.
type Call struct {
	// Operation is what was asked for; Outcome is the code of what went wrong, or
	// empty.
	Operation, Outcome string
}

// maxOperation is how much of an operation's name is kept.
const maxOperation = 100

// take gives what is to be written, and leaves nothing: the same is not handed
// over twice.
func (c *Collector) take(s *Service, call Call) []Entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := c.ready
	if len(c.people)+len(c.things) > 0 && c.who.Group != 0 {
		e := c.who.Audit(s.Now(), string(c.who.Door)+"."+call.Operation, "", 0, nil, nil)
		e.Door, e.Operation, e.Outcome = string(c.who.Door), short(call.Operation), cmp.Or(call.Outcome, "ok")
		c.name(&e)
		out = append(out, e)
	}
	c.ready, c.people, c.things, c.more = nil, nil, nil, 0
	return out
}

func short(operation string) string { return operation[:min(len(operation), maxOperation)] }
