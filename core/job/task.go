package job

import "strconv"

// TaskKind is the kind of the job that gives a practice's staff a task.
const TaskKind = "task.open"

// Task is something that a member of staff has to look at. It is given in the
// transaction that makes it necessary.
type Task struct {
	ID int64 `json:"id"` // the task's own, so that it is opened once
	// Patient is whom it is about; 0 is no patient.
	Patient  int64  `json:"patient"`
	Subject  string `json:"subject"`
	Comments string `json:"comments"`
	// About is what kind of task it is, in the words of core/task; empty is
	// general.
	About string `json:"about"`
}

// Job is the job that opens the task.
func (t Task) Job(group int64) Job {
	return Job{Group: group, Kind: TaskKind, Key: strconv.FormatInt(t.ID, 10), Args: Args(t)}
}
