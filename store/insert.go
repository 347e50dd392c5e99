package store

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// rowsAtOnce are how many rows one INSERT adds, the most first: a few texts, and
// a fraction of the work that one statement for each row makes.
var rowsAtOnce = []int{32, 8, 1}

// insert adds rows with the text that inserts one, whose parameters are in order.
func (t *Tx) insert(ctx context.Context, text string, rows []in) error {
	_, err := t.run(ctx, t.insertions(text, rows))
	return err
}

func (t *Tx) insertions(text string, rows []in) []statement {
	all := make([]statement, 0, len(rows)/rowsAtOnce[0]+8)
	for _, size := range rowsAtOnce {
		for ; len(rows) >= size; rows = rows[size:] {
			all = append(all, statement{t.db.insertion(text, size, len(rows[0])), slices.Concat(rows[:size]...)})
		}
	}
	return all
}

var parameter = regexp.MustCompile(`\$\d+`)

// insertion is the text that inserts so many rows. SQLite looks for a parameter
// that has a name among all of them, so that there they have none.
func (db *DB) insertion(text string, rows, columns int) string {
	key := insertionKey{text, rows}
	if known, ok := db.insertRows.Load(key); ok {
		return known.(string)
	}
	head, row, _ := strings.Cut(text, "VALUES")
	all := make([]string, rows)
	for i := range all {
		all[i] = parameter.ReplaceAllStringFunc(row, func(name string) string {
			if db.pg == nil {
				return "?"
			}
			n, _ := strconv.Atoi(name[1:]) // it is digits
			return "$" + strconv.Itoa(i*columns+n)
		})
	}
	out := head + "VALUES" + strings.Join(all, ",")
	db.insertRows.Store(key, out)
	return out
}

type insertionKey struct {
	text string
	rows int
}
