package audit_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
)

// memory is a store that remembers when it was written to.
type memory struct {
	mu       sync.Mutex
	commits  [][]audit.Entry
	at       []time.Time
	down     bool
	takes    time.Duration
	before   atomic.Bool
	asked    int
	settled  int
	settling time.Duration // how long settling takes
	more     bool          // settling never ends
}

func (m *memory) KeepReads(_ context.Context, entries []audit.Entry) error {
	<-time.After(m.takes) // of a clock that is not real
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.down {
		return errors.New("down")
	}
	m.commits, m.at = append(m.commits, slices.Clone(entries)), append(m.at, time.Now())
	return nil
}

func (m *memory) Settle(context.Context, access.GroupID, int) (bool, error) {
	<-time.After(m.settling)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.settled++
	return m.more, nil
}

func (m *memory) ReadsBeforeAnswer(context.Context, access.GroupID) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked++
	return m.before.Load(), nil
}

func (m *memory) SetReadsBeforeAnswer(_ context.Context, _ access.GroupID, on bool, _ audit.Entry) error {
	m.before.Store(on)
	return nil
}

func (m *memory) Entries(context.Context, access.GroupID, audit.Rows) ([]audit.Entry, error) {
	return nil, nil
}

func (m *memory) written() (n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.commits {
		n += len(c)
	}
	return n
}

// locked reads what was remembered.
func locked[T any](m *memory, of func() T) T {
	m.mu.Lock()
	defer m.mu.Unlock()
	return of()
}

func (m *memory) all() [][]audit.Entry {
	return locked(m, func() [][]audit.Entry { return slices.Clone(m.commits) })
}

func (m *memory) first() time.Time { return locked(m, func() time.Time { return m.at[0] }) }
func (m *memory) questions() int   { return locked(m, func() int { return m.asked }) }
func (m *memory) settles() int     { return locked(m, func() int { return m.settled }) }

// grouped runs a test of a service that writes in groups, with a clock that moves
// when everybody waits.
func grouped(t *testing.T, test func(t *testing.T, s *audit.Service, m *memory)) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{}
		var last atomic.Int64
		s := &audit.Service{Store: m, Now: time.Now, NewID: func() int64 { return last.Add(1) }}
		s.Start()
		test(t, s, m)
		m.mu.Lock()
		m.down = false
		m.mu.Unlock()
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

var partner = access.Caller{Group: 7, Home: 7, Key: 9, Actor: "Website", Door: access.REST, RequestID: "r1"}

// read hands over that a partner saw some patients.
func read(ctx context.Context, s *audit.Service, ids ...int64) error {
	ctx, seen := audit.Collect(access.With(ctx, partner))
	for _, id := range ids {
		audit.Seen(ctx, audit.Person(id))
	}
	return s.Keep(ctx, seen, audit.Call{Operation: "getPatientById"})
}

func upTo(n int64) (ids []int64) {
	for id := range n {
		ids = append(ids, id+1)
	}
	return ids
}

func TestReadsAreWrittenTogetherWithin100Milliseconds(t *testing.T) {
	grouped(t, func(t *testing.T, s *audit.Service, m *memory) {
		began := time.Now()
		for id := range int64(20) {
			if err := read(t.Context(), s, id+1); err != nil {
				t.Fatal(err)
			}
		}
		if time.Since(began) != 0 || m.written() != 0 {
			t.Fatalf("requests waited %v, and %d entries were written", time.Since(began), m.written())
		}
		<-time.After(100 * time.Millisecond)
		if len(m.all()) != 1 || m.written() != 20 || m.first().Sub(began) > 60*time.Millisecond {
			t.Errorf("%d commits of %d entries after %v", len(m.all()), m.written(), m.first().Sub(began))
		}
		if m.questions() != 1 {
			t.Errorf("the setting was read %d times", m.questions())
		}
		if m.settles() == 0 {
			t.Error("nothing was settled")
		}
	})
}

func TestSettlingTakesOnePartInTwentyOfTheTime(t *testing.T) {
	grouped(t, func(t *testing.T, s *audit.Service, m *memory) {
		m.settling = 20 * time.Millisecond
		const while = 20 * time.Second
		for began := time.Now(); time.Since(began) < while; <-time.After(audit.Gather) {
			if err := read(t.Context(), s, 1); err != nil {
				t.Fatal(err)
			}
		}
		if n := m.settles(); n < 40 || time.Duration(n)*m.settling > while/19 {
			t.Errorf("%d times in %v beside reads", n, while)
		}
		m.mu.Lock()
		m.more, m.settled = true, 0
		m.mu.Unlock()
		if err := read(t.Context(), s, 1); err != nil {
			t.Fatal(err)
		}
		<-time.After(while)
		if n := m.settles(); n < 40 || time.Duration(n)*m.settling > while/19 {
			t.Errorf("%d times in %v without reads", n, while)
		}
	})
}

func TestOneRequestIsOneWrite(t *testing.T) {
	s := &audit.Service{Store: &memory{}, Now: time.Now, NewID: func() int64 { return 1 }}
	m := s.Store.(*memory)
	if err := read(t.Context(), s, upTo(300)...); err != nil {
		t.Fatal(err)
	}
	if len(m.all()) != 1 || len(m.all()[0]) != 1 {
		t.Fatalf("got %v", m.all())
	}
	e := m.all()[0][0]
	if len(e.Subjects) != audit.MaxSubjects || e.More != 100 || e.Subjects[0] != "patient:1" || e.Entity != "patient" ||
		e.EntityID != 1 {
		t.Errorf("got %d subjects and %d more of %s:%d", len(e.Subjects), e.More, e.Entity, e.EntityID)
	}
	if e.Action != "rest.getPatientById" || e.Operation != "getPatientById" || e.Door != "rest" || e.Outcome != "ok" ||
		e.Actor != "Website" ||
		e.KeyID != 9 || e.RequestID != "r1" || e.Group != 7 {
		t.Errorf("got %+v", e)
	}
	if err := read(t.Context(), s); err != nil || len(m.all()) != 1 {
		t.Errorf("a request that saw nothing was written: %v", err)
	}
}

func TestStoppingWritesWhatIsHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{down: true}
		s := &audit.Service{Store: m, Now: time.Now, NewID: func() int64 { return 1 }}
		s.Start()
		if err := read(t.Context(), s, 1); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Second)
		soon, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		time.AfterFunc(500*time.Millisecond, func() {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.down = false
		})
		if err := s.Stop(soon); err != nil || m.written() != 1 {
			t.Fatalf("%d written, %v", m.written(), err)
		}
		// A request that is late is written at once.
		if err := read(t.Context(), s, 2); err != nil || m.written() != 2 {
			t.Fatalf("%d written, %v", m.written(), err)
		}
	})
}

func TestStoppingSaysWhatItCouldNotWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &audit.Service{Store: &memory{down: true}, Now: time.Now, NewID: func() int64 { return 1 }}
		s.Start()
		if err := read(t.Context(), s, 1); err != nil {
			t.Fatal(err)
		}
		soon, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.Stop(soon); err == nil {
			t.Error("it was silent")
		}
	})
}

func TestRequestsWaitWhileTooMuchIsHeld(t *testing.T) {
	grouped(t, func(t *testing.T, s *audit.Service, m *memory) {
		m.down = true
		people := upTo(audit.MaxSubjects)
		held := 0
		for ; held*(1+audit.MaxSubjects) < audit.MaxHeld; held++ {
			if err := read(t.Context(), s, people...); err != nil {
				t.Fatal(err)
			}
		}
		var answered atomic.Int32
		for range 3 {
			go func() {
				if err := read(context.Background(), s, 1); err != nil {
					t.Error(err)
				}
				answered.Add(1)
			}()
		}
		synctest.Wait()
		if answered.Load() != 0 {
			t.Fatalf("%d requests were answered with no room", answered.Load())
		}
		// One whose caller goes away is not answered, and neither is one that waits
		// too long.
		gone, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if err := read(gone, s, 1); !errors.Is(err, audit.ErrBusy) {
			t.Errorf("got %v", err)
		}
		m.mu.Lock()
		m.down = false
		m.mu.Unlock()
		<-time.After(time.Second)
		if answered.Load() != 3 || m.written() != held+3 {
			t.Errorf("%d were answered, and %d of %d written", answered.Load(), m.written(), held+3)
		}
	})
}

func TestRequestIsRefusedWhenItWaitsTooLong(t *testing.T) {
	grouped(t, func(t *testing.T, s *audit.Service, m *memory) {
		m.down = true
		people := upTo(audit.MaxSubjects)
		for held := 0; held*(1+audit.MaxSubjects) < audit.MaxHeld; held++ {
			if err := read(t.Context(), s, people...); err != nil {
				t.Fatal(err)
			}
		}
		if err := read(t.Context(), s, 1); !errors.Is(err, audit.ErrBusy) {
			t.Errorf("got %v", err)
		}
	})
}

func TestWrittenBeforeTheAnswerWhereTheGroupAsksForIt(t *testing.T) {
	grouped(t, func(t *testing.T, s *audit.Service, m *memory) {
		if err := read(t.Context(), s, 1); err != nil || m.written() != 0 {
			t.Fatalf("%d written, %v", m.written(), err)
		}
		m.before.Store(true) // by another process
		<-time.After(audit.SettingLife)
		n := m.written()
		if err := read(t.Context(), s, 1); err != nil || m.written() != n+1 {
			t.Fatalf("%d written, %v", m.written(), err)
		}
		m.mu.Lock()
		m.down = true
		m.mu.Unlock()
		if err := read(t.Context(), s, 1); err == nil {
			t.Error("what could not be written was answered")
		}
		// It can be set here, by the operator alone.
		if err := s.SetReadsBeforeAnswer(access.With(t.Context(), partner), false); !errors.Is(err, access.ErrPermission) {
			t.Errorf("got %v", err)
		}
		if err := s.SetReadsBeforeAnswer(access.With(t.Context(), access.Operator(7)), false); err != nil {
			t.Fatal(err)
		}
		n = m.written()
		if err := read(t.Context(), s, 1); err != nil || m.written() != n {
			t.Fatalf("%d written, %v", m.written(), err)
		}
	})
}

func TestNothingIsNotedWithoutACollector(t *testing.T) {
	audit.Seen(access.With(t.Context(), access.System(7)), audit.Person(int64(1))) // a job of ours
	ctx, seen := audit.Collect(access.With(t.Context(), partner))
	audit.Seen(ctx, audit.Subject{Kind: "practice_group", ID: 7}) // which has no collector
	m := &memory{}
	s := &audit.Service{Store: m, Now: time.Now, NewID: func() int64 { return 1 }}
	if err := s.Keep(ctx, seen, audit.Call{Operation: "getPracticeGroup"}); err != nil || len(m.all()) != 0 {
		t.Errorf("got %v, %v", m.all(), err)
	}
}

func TestPeopleComeBeforeThings(t *testing.T) {
	ctx, seen := audit.Collect(access.With(t.Context(), partner))
	var all []audit.Subject
	for id := range int64(150) {
		all = append(all, audit.Subject{Kind: "appointment", ID: 1000 + id, Patient: id + 1})
	}
	for range 2 { // what is shown twice is one
		audit.Seen(ctx, all...)
	}
	m := &memory{}
	s := &audit.Service{Store: m, Now: time.Now, NewID: func() int64 { return 1 }}
	if err := s.Keep(ctx, seen, audit.Call{Operation: "listAppointments"}); err != nil {
		t.Fatal(err)
	}
	e := m.all()[0][0]
	if e.Subjects[149] != "patient:150" || e.Subjects[150] != "appointment:1000" || len(e.Subjects) != 200 ||
		e.More != 100 {
		t.Errorf("got %v, and %d more", e.Subjects, e.More)
	}
}
