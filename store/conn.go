package store

import (
	"cmp"
	"context"

	"frontdesk/core/audit"
	"frontdesk/core/event"
	"frontdesk/core/job"
	"frontdesk/core/practice"

	"frontdesk/store/place"
)

// Conn is what an area in a package of its own works with: a transaction, or, with none begun, single statements on
// the pool. Each area's Tx embeds one and adds its own statements.
type Conn struct{ tx *Tx }

// Conn reads outside a transaction.
func (db *DB) Conn() Conn { return Conn{db.plain()} }

// Do runs fn in one transaction: all of it happens, or none. fn may be called again from the start, so it must have no
// effect outside the database.
func (db *DB) Do(ctx context.Context, fn func(Conn) error) error {
	return db.do(ctx, func(t *Tx) error { return fn(Conn{t}) })
}

// DoUnawaited runs fn in one transaction, which may end before the disk has it. After a loss of power it may not have
// happened, but then none of it did.
func (db *DB) DoUnawaited(ctx context.Context, fn func(Conn) error) error {
	return db.perform(ctx, func(t *Tx) error { return fn(Conn{t}) }, unawaited)
}

// Parallel reports whether other transactions change things while this one runs: PostgreSQL's do, and wait for one
// another's rows; SQLite's run one after the other.
func Parallel(c Conn) bool { return c.tx.db.pg != nil }

// Hold is what, after a SELECT, keeps the row from being changed until the end of the transaction.
func Hold(c Conn) string { return c.tx.db.hold }

// Take is Hold, and others who take the row wait.
func Take(c Conn) string { return c.tx.db.take }

// LockedDiaries are the diaries this transaction has locked for patients, to be added to. again says that it has locked
// some before.
func LockedDiaries(c Conn) (locked map[practice.PractitionerID]bool, again bool) {
	if again = c.tx.diaries != nil; !again {
		c.tx.diaries = map[practice.PractitionerID]bool{}
	}
	return c.tx.diaries, again
}

// Settled reports whether what is read is committed: inside a transaction it may yet be undone.
func Settled(ctx context.Context, c Conn) bool {
	on := c.tx.on(ctx)
	return on.pg == nil && on.lite == nil
}

// NewID makes an id.
func (c Conn) NewID() int64 { return c.tx.db.NewID() }

// Exec runs a statement and gives the number of rows it touched.
func (c Conn) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	return c.tx.exec(ctx, text, args...)
}

// Many runs one statement for each set of arguments: on PostgreSQL in one round trip.
func (c Conn) Many(ctx context.Context, text string, args []In) error {
	return c.tx.many(ctx, text, args)
}

// Run runs statements in their order, on PostgreSQL in one round trip, and gives the number of rows each touched. They
// must be short ones: on SQLite time may run out only between them.
func Run(ctx context.Context, c Conn, all []Statement) ([]int64, error) { return c.tx.run(ctx, all) }

// Insert adds rows with the text that inserts one, whose parameters are in order.
func Insert(ctx context.Context, c Conn, text string, rows []In) error {
	return c.tx.insert(ctx, text, rows)
}

// Insertions are the statements that Insert runs.
func Insertions(c Conn, text string, rows []In) []Statement { return c.tx.insertions(text, rows) }

// ExecAmong runs a statement for ids, which come between its other arguments.
func ExecAmong(ctx context.Context, c Conn, of Amongst, before In, ids []int64, after ...any) error {
	return c.tx.among(ctx, of, before, ids, after...)
}

// InOrder keeps the database from sorting, until the end of the transaction, where an index gives the order.
func InOrder(ctx context.Context, c Conn) error {
	if c.tx.db.inOrder == "" {
		return nil
	}
	_, err := c.tx.exec(ctx, c.tx.db.inOrder)
	return err
}

// Pages reports whether a change costs as much as the pages it touches, however little of each.
func Pages(c Conn) bool { return c.tx.db.pages }

// One reads one row into dest, and reports whether there was one.
func (c Conn) One(ctx context.Context, text string, args In, dest ...any) (bool, error) {
	return c.tx.one(ctx, text, args, dest...)
}

// Audit keeps an audit entry.
func (c Conn) Audit(ctx context.Context, e audit.Entry) error { return c.tx.Audit(ctx, e) }

// Enqueue queues a job, to run when the transaction is committed.
func (c Conn) Enqueue(ctx context.Context, j job.Job) error { return c.tx.Enqueue(ctx, j) }

// AuditReads keeps the entries of reads, whose ids they have already, and finds each by all that it is about.
func AuditReads(ctx context.Context, c Conn, all []audit.Entry) error {
	return c.tx.addReads(ctx, all)
}

// Record keeps an event, and queues it for every endpoint that wants it.
func (c Conn) Record(ctx context.Context, e event.Event) error { return c.tx.Record(ctx, e) }

// Happened notes that an event is part of the transaction, so that those who listen hear of it when it is committed.
func Happened(ctx context.Context, c Conn, group practice.ID, of event.Type) {
	c.tx.notes(ctx, group, of)
}

// Wants gives the types of events that some endpoint of the group wants.
func Wants(ctx context.Context, c Conn, group practice.ID) (map[event.Type]bool, error) {
	return c.tx.wants(ctx, group)
}

type (
	// In is the arguments of a statement.
	In = in
	// Scanner reads the columns of a row.
	Scanner = scanner
	// Columns are values of a row by name.
	Columns = columns
	// Amongst is one question about many things, with room for few ids and for many.
	Amongst = amongst
)

// SkipLocked stands after a SELECT of rows to change and leaves out those others are changing; only where Parallel.
const SkipLocked = ` FOR UPDATE SKIP LOCKED`

// The places of ids in a question about many things; the number is that of the first.
const (
	Few2  = few2
	Many2 = many2
	Few4  = few4
	Many4 = many4
)

// List reads every row with row.
func List[T any](ctx context.Context, c Conn, text string, args In, row func(Scanner) (T, error)) ([]T, error) {
	return list(ctx, c.tx, text, args, row)
}

// Find reads the one row with row, or returns the fault that says there is none.
func Find[T any](
	ctx context.Context, c Conn, missing error, text string, args In, row func(Scanner) (T, error),
) (T, error) {
	return find(ctx, c.tx, missing, text, args, row)
}

// ByKey is Find for a row that is read by the whole of its key: on SQLite it is not cut short when the caller leaves.
func ByKey[T any](
	ctx context.Context, c Conn, missing error, text string, args In, row func(Scanner) (T, error),
) (T, error) {
	return byKey(ctx, c.tx, missing, text, args, row)
}

// ReadPage lists a page of a list: text ends with its order, a limit and an offset, and has gives of a row the columns
// that the list can be in the order of.
func ReadPage[T any](
	ctx context.Context, c Conn, text string, args In, row func(Scanner) (T, error), has func(T) Columns,
) ([]T, error) {
	return readPage(ctx, c.tx, text, args, row, has)
}

// ReadPageBound is ReadPage for a list that is read on from a row by a bound that its text has already.
func ReadPageBound[T any](
	ctx context.Context, c Conn, text string, by Bound, args In, row func(Scanner) (T, error), has func(T) Columns,
) ([]T, error) {
	r := place.Reading{
		After: text, Columns: []string{by.Column}, Limit: by.Limit, Offset: by.Offset, From: by.From, Bound: true,
	}
	if by.After != "" {
		r.After, r.Bound = by.After, false
	}
	return readPageBy(ctx, c.tx, text, r, args, row, has)
}

// Bound is the column a list is in the order of, and the arguments, by their numbers, that are its limit, its offset
// and the value below its first row. After, where it is not empty, is the text that reads on from a row, whose value in
// the column is its last argument.
type Bound struct {
	After               string
	Column              string
	Limit, Offset, From int
}

// Among is one question with room for few ids and for many.
func Among(few, many string) Amongst { return amongst{few, many} }

// ListAmong reads every row that belongs to one of the ids, which come after the other arguments.
func ListAmong[T any, I cmp.Ordered](
	ctx context.Context, c Conn, of Amongst, args In, ids []I, row func(Scanner) (T, error),
) ([]T, error) {
	return listAmong(ctx, c.tx, of, args, ids, row)
}

// ListOwned reads rows that each belong to one of the ids, which comes first in the row; dest is where the rest goes.
func ListOwned[K ~int64, T any](
	ctx context.Context, c Conn, of Amongst, group practice.ID, ids []K, dest func(row *T) In,
) (map[K][]T, error) {
	return ByOwner(ListAmong(ctx, c, of, In{group}, ids, func(scan Scanner) (Owned[K, T], error) {
		var o Owned[K, T]
		err := scan(append(In{&o.Of}, dest(&o.Thing)...)...)
		return o, err
	}))
}

// SomeOf lists some of what belongs to each of many: of each the rows after from and up to until.
func SomeOf[K ~int64, T any](
	ctx context.Context, c Conn, texts Amongst, group practice.ID, of []K, from, until int,
	row func(Scanner) (T, error), owner func(T) K,
) (map[K][]T, error) {
	found, err := ListAmong(ctx, c, texts, In{group, from, until}, of, row)
	out := make(map[K][]T, len(of))
	for _, thing := range found {
		out[owner(thing)] = append(out[owner(thing)], thing)
	}
	return out, err
}

// ByOwner sorts what was found by what it belongs to, and keeps its order.
func ByOwner[K comparable, T any](found []Owned[K, T], err error) (map[K][]T, error) {
	out := make(map[K][]T, len(found))
	for _, o := range found {
		out[o.Of] = append(out[o.Of], o.Thing)
	}
	return out, err
}

// Keyed finds things by their own ids.
func Keyed[K comparable, T any](found []T, err error, id func(T) K) (map[K]T, error) {
	out := make(map[K]T, len(found))
	for _, thing := range found {
		out[id(thing)] = thing
	}
	return out, err
}

// ScanID reads an id that stands alone in a row.
func ScanID[T ~int64](scan Scanner) (T, error) {
	var id T
	err := scan(&id)
	return id, err
}

// First is the first of some rows, or the fault that says there is none.
func First[T any](rows []T, err, missing error) (T, error) { return first(rows, err, missing) }

// Bind is a text with its arguments.
func Bind(text string, args In) Statement { return statement{text, args} }
