package episode

import (
	"context"
	"slices"
	"strconv"

	"frontdesk/core/access"
	"frontdesk/core/assignee"
	"frontdesk/core/audit"
	"frontdesk/core/filter"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/read"
	"frontdesk/core/task"
)

// OrderBy is what a list of episodes is in the order of.
type OrderBy string

// What a list can be in the order of.
const (
	ByCreated  OrderBy = "created_at"
	ByPriority OrderBy = "priority"
)

// Order is one thing a list is in the order of.
type Order struct {
	By         OrderBy
	Descending bool
}

// Query says which episodes to list. What is left empty does not narrow the list.
type Query struct {
	Patient    patient.ID
	Statuses   []Status
	Priorities []Priority
	// AssigneeKinds and AssigneeIDs narrow to episodes with such an assignee: of one of the kinds, and with one of the
	// ids. Unassigned adds those that have none.
	AssigneeKinds []assignee.Kind
	AssigneeIDs   []int64
	Unassigned    bool
	// Orders are what the list is in the order of, the first first. None is the newest first; those of one priority
	// come with the oldest first.
	Orders        []Order
	Offset, Limit int
}

// Assigned reports whether the list is narrowed by assignees.
func (q Query) Assigned() bool { return len(q.AssigneeKinds)+len(q.AssigneeIDs) > 0 || q.Unassigned }

// Named reports whether it is narrowed to episodes that have an assignee of a kind or with an id.
func (q Query) Named() bool { return len(q.AssigneeKinds)+len(q.AssigneeIDs) > 0 }

// Live reports whether no closed episode is asked for.
func (q Query) Live() bool { return len(q.Statuses) > 0 && !slices.Contains(q.Statuses, Closed) }

// Sorted is what the list is in the order of: whether by priority, and whether the highest or the newest come first.
func (q Query) Sorted() (priority, highest, newest bool) {
	if len(q.Orders) == 0 {
		return false, false, true
	}
	first := q.Orders[0]
	if first.By == ByCreated {
		return false, false, first.Descending
	}
	return true, first.Descending, len(q.Orders) > 1 && q.Orders[1].Descending
}

func (q Query) check() error {
	var in input.Checks
	for _, s := range q.Statuses {
		input.Choice(&in, "status", s, Statuses)
	}
	for _, k := range q.AssigneeKinds {
		input.Choice(&in, "assignee_type", k, assignee.Kinds)
	}
	for i, o := range q.Orders {
		input.Choice(&in, "orders", o.By, []OrderBy{ByCreated, ByPriority})
		if slices.ContainsFunc(q.Orders[:i], func(b Order) bool { return b.By == o.By }) {
			in.Wrong("orders", input.CodeChoice, "each order once", "A list is ordered by a thing once.")
		}
	}
	if len(q.AssigneeIDs) > mostNamed {
		in.Wrong("assignee_ids", input.CodeBig, "at most "+strconv.Itoa(mostNamed), "These are too many assignees.")
	}
	return in.Err()
}

// mostNamed is how many assignees a list can be narrowed to.
const mostNamed = 100

// Find finds one episode. Error: ErrNotFound.
func (s *Service) Find(ctx context.Context, id ID) (Episode, error) {
	return read.One(ctx, access.SeeTasks, id, s.Store.Episode)
}

// List lists episodes, and how many there are, counted up as input.CountTo says.
func (s *Service) List(ctx context.Context, q Query) ([]Episode, int, error) {
	who, err := access.Require(ctx, access.SeeTasks)
	if err == nil {
		err = q.check()
	}
	if err != nil {
		return nil, 0, err
	}
	if none, err := filter.Patient(ctx, s.Store, who.Group, &q.Patient); err != nil || none {
		return nil, 0, err
	}
	found, count, err := s.Store.Episodes(ctx, who.Group, q)
	audit.Seen(ctx, found...)
	return found, count, err
}

// Tasks lists the tasks of some episodes, newest first, up to 50 of each.
func (s *Service) Tasks(ctx context.Context, of []ID) (map[ID][]task.Task, error) {
	if len(of) == 0 {
		return nil, nil
	}
	return read.Lists(ctx, access.SeeTasks, of,
		func(ctx context.Context, group access.GroupID, of []ID) (map[ID][]task.Task, error) {
			return s.Store.TasksOf(ctx, group, of, mostTasks)
		})
}

// sees is the permission with which the contents of what is in an episode are shown.
var sees = map[Kind]access.Permission{
	Task: access.SeeTasks, Message: access.SeeMessages, Reply: access.SeeMessages,
	FormResponse: access.SeeQuestionnaires, Appointment: access.SeeBookings,
}

// EpisodesOf says which episodes some messages or replies are in, for those who may see them; what is in none is left
// out.
func (s *Service) EpisodesOf(ctx context.Context, kind Kind, ids []int64) (map[int64]ID, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return read.Of(ctx, sees[kind], ids,
		func(ctx context.Context, group access.GroupID, ids []int64) (map[int64]ID, error) {
			return s.Store.EpisodesOf(ctx, group, kind, ids)
		})
}

// Items lists what is in an episode by when it came to be, the oldest first, and how much there is. Of what the caller
// may not see it says only that it is there. Error: ErrNotFound.
func (s *Service) Items(ctx context.Context, of ID, offset, limit int) ([]Item, int, error) {
	who, err := access.Require(ctx, access.SeeTasks)
	if err != nil {
		return nil, 0, err
	}
	if _, err := s.Store.Episode(ctx, who.Group, of); err != nil {
		return nil, 0, err
	}
	found, count, err := s.Store.Items(ctx, who.Group, of, offset, limit)
	for i := range found {
		if it := &found[i]; !who.May(sees[it.Kind]) {
			it.Title, it.Text, it.Status, it.Hidden = "", "", "", true
		}
	}
	return found, count, err
}
