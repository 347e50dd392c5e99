package job

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"
)

// Alone runs each job in one place of this program at a time. The zero value is
// ready for use.
type Alone struct {
	mu      sync.Mutex
	running map[string]bool // and whether another is to follow
}

// Run runs a job unless this program is running one just like it; then that one
// is to be followed by another, which sees what this one was to see. It reports
// whether the job that was run is to be followed.
func (a *Alone) Run(j Job, run func() error) (again bool, err error) {
	name := strconv.FormatInt(j.Group, 10) + " " + j.Kind + " " + string(j.Args)
	a.mu.Lock()
	if _, is := a.running[name]; is {
		a.running[name] = true
		a.mu.Unlock()
		return false, nil
	}
	if a.running == nil {
		a.running = map[string]bool{}
	}
	a.running[name] = false
	a.mu.Unlock()
	err = run()
	a.mu.Lock()
	defer a.mu.Unlock()
	again = a.running[name]
	delete(a.running, name)
	return again, err
}

// Once runs a job as Run does, and has another enqueued that is to follow it.
// Otherwise work that is asked for bit by bit would be done by a job for each bit,
// side by side, and leave no room for other work.
func (a *Alone) Once(ctx context.Context, j Job, enqueue func(context.Context, Job) error, run func() error) error {
	again, err := a.Run(j, run)
	if again {
		j.RunAt = time.Time{}
		err = errors.Join(err, enqueue(context.WithoutCancel(ctx), j))
	}
	return err
}
