package episode

import (
	"context"
	"time"

	"frontdesk/core/assignee"
	"frontdesk/core/audit"
	"frontdesk/core/event"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/task"
)

// Reader is what episode reads.
type Reader interface {
	// Episode finds an episode with its assignees, or returns ErrNotFound.
	Episode(ctx context.Context, group practice.ID, id ID) (Episode, error)
	// Patient finds a patient, also one that has been merged, or returns patient.ErrNotFound.
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
}

// Store is what episode needs remembered.
type Store interface {
	Reader
	// Episodes lists episodes with their assignees, and how many match, counted up as input.CountTo says.
	Episodes(ctx context.Context, group practice.ID, q Query) ([]Episode, int, error)
	// TasksOf lists the tasks of some episodes, newest first, up to a number of each.
	TasksOf(ctx context.Context, group practice.ID, of []ID, most int) (map[ID][]task.Task, error)
	// EpisodesOf finds the episodes that some messages or replies are in, by their ids.
	EpisodesOf(ctx context.Context, group practice.ID, kind Kind, ids []int64) (map[int64]ID, error)
	// Items lists what is in an episode by when it came to be, and how much there is.
	Items(ctx context.Context, group practice.ID, of ID, offset, limit int) ([]Item, int, error)
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(Tx) error) error
}

// Tx is a Store inside a transaction.
type Tx interface {
	Reader
	Keeper
	// Owner is whose a thing is, and when it came to be, or ErrNoItem.
	Owner(ctx context.Context, group practice.ID, t Thing) (patient.ID, time.Time, error)
	// DropItem takes a thing out of an episode.
	DropItem(ctx context.Context, group practice.ID, t Thing) error
}

// Keeper is what puts things into episodes, in the transaction of what happened.
type Keeper interface {
	assignee.Finder
	// LockPatientAgainstMerge finds the patient an id stands for and keeps it from being merged away, or returns
	// patient.ErrNotFound.
	LockPatientAgainstMerge(ctx context.Context, group practice.ID, id patient.ID) (patient.ID, error)
	// TakeTurn has others who put things into episodes of the patient wait until the end of the transaction.
	TakeTurn(ctx context.Context, group practice.ID, of patient.ID) error
	// LockEpisode keeps others from changing the episode until the end of the transaction, and finds it, or returns
	// ErrNotFound.
	LockEpisode(ctx context.Context, group practice.ID, id ID) (Episode, error)
	// Latest finds the episode of a patient that something came into last: one that is not closed, active since a time,
	// or else one that was closed after another time. 0 is none.
	Latest(ctx context.Context, group practice.ID, of patient.ID, active, closed time.Time) (ID, error)
	// EpisodeOf finds the episode of the patient that a thing is in; a link that was not put into one is in that of the
	// last message that carried it. 0 is none.
	EpisodeOf(ctx context.Context, group practice.ID, of patient.ID, t Thing) (ID, error)
	// SaveEpisode keeps an episode and its assignees.
	SaveEpisode(ctx context.Context, group practice.ID, e Episode) error
	// PutItem puts a thing into an episode, out of the one it is in.
	PutItem(ctx context.Context, group practice.ID, into ID, i Item) error
	Record(ctx context.Context, e event.Event) error
	Audit(ctx context.Context, e audit.Entry) error
}

// Service is the capability of episodes.
type Service struct {
	Store Store
	Now   func() time.Time
	NewID func() int64
}
