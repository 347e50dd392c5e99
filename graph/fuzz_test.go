package graph

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"frontdesk/core/key"
	"frontdesk/graph/graphtest"
	"frontdesk/graph/wire"
	"frontdesk/store/storetest"
)

// mark is in every text of the practice that random documents must not reach.
const mark = "zqneighbour"

// neighbours are two practices: random documents are asked as one of them, and
// know ids of the other.
type neighbours struct {
	*kit
	raw      *sql.DB
	address  string
	own      *graphtest.Practice
	world    graphtest.World
	theirs   graphtest.World
	group    int64 // the other's
	ids      map[int64]bool
	before   []string // the other's rows
	token    string
	sent     map[int64]bool // ids of the other that were ever in a request
	asked    int
	accepted int
	done     int // documents of which nothing was refused
}

// neighbouring makes the other practice, and one to ask as.
func neighbouring(t testing.TB, address string) *neighbours {
	d := open1(t, storetest.Open(t, address))
	n := &neighbours{kit: d, raw: storetest.Raw(t, address), address: address, sent: map[int64]bool{},
		ids: map[int64]bool{}}
	d.join("Practice " + mark)
	p := d.everything()
	p.Mark = mark
	n.theirs, n.group = p.World(), int64(d.group.ID)
	delete(n.theirs, "email") // who knows how may sign in
	n.settle()
	n.before = n.rows(t, n.group, func(_ string, v any) {
		if id, ok := v.(int64); ok && id > 1<<32 {
			n.ids[id] = true
		}
	})
	return n
}

// settle makes the practice that documents are asked as.
func (n *neighbours) settle() {
	n.t.Helper()
	n.join("Mill Lane")
	n.own = n.everything()
	n.world = n.own.World()
	_, token, err := n.core.Key.CreateKey(n.ctx, key.Key{Partner: "Fuzz", Role: "everything", Limit: new(0)})
	n.must(err)
	n.token = token
}

// rows are all rows of a practice. Each value is shown on the way, with
// the table it is in.
func (n *neighbours) rows(t testing.TB, group int64, each func(table string, v any)) []string {
	t.Helper()
	list := `SELECT DISTINCT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' ` +
		`AND c.name = 'practice_group_id' ORDER BY 1`
	if !strings.HasPrefix(n.address, "sqlite:") {
		list = `SELECT table_name FROM information_schema.columns WHERE column_name = 'practice_group_id' AND ` +
			`table_schema = 'public' ORDER BY 1`
	}
	var tables, lines []string
	n.each(t, list, func(row []any) { tables = append(tables, fmt.Sprint(row[0])) })
	if len(tables) < 40 {
		t.Fatalf("there are tables %v", tables)
	}
	for _, table := range tables {
		n.each(t, fmt.Sprintf(`SELECT * FROM %s WHERE practice_group_id = %d`, table, group), func(row []any) {
			for _, v := range row {
				each(table, v)
			}
			lines = append(lines, fmt.Sprintf("%s %v", table, row))
		})
	}
	slices.Sort(lines)
	return lines
}

func (n *neighbours) each(t testing.TB, query string, each func(row []any)) {
	t.Helper()
	rows, err := n.raw.QueryContext(context.Background(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		row, to := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			to[i] = &row[i]
		}
		if err := rows.Scan(to...); err != nil {
			t.Fatal(err)
		}
		each(row)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

// After so many documents the practice gets a new world, since the old one has been
// taken away by now, and the other's rows are looked at. After more the practice is
// full of some things, and another takes its place.
const (
	everySo = 100
	full    = 4000
)

var (
	hexIDs = regexp.MustCompile(`[0-9a-fA-F]{24}`)
	digits = regexp.MustCompile(`[0-9]{13,17}`)
)

// idsIn are the other practice's ids in a text.
func (n *neighbours) idsIn(text string) []int64 {
	var out []int64
	for _, s := range hexIDs.FindAllString(text, -1) {
		if _, id, ok := wire.Decode(s); ok && n.ids[id] {
			out = append(out, id)
		}
	}
	for _, s := range digits.FindAllString(text, -1) {
		if id, err := strconv.ParseInt(s, 10, 64); err == nil && n.ids[id] {
			out = append(out, id)
		}
	}
	return out
}

// try asks one document that some bytes write.
func (n *neighbours) try(t testing.TB, bytes []byte) {
	t.Helper()
	n.t, n.own.T = t, t
	switch n.asked++; {
	case n.asked%full == 0:
		n.look(t)
		n.settle()
	case n.asked%everySo == 0:
		n.look(t)
		n.world = n.own.World()
	}
	n.move(time.Second)
	chance := &graphtest.Chance{Bytes: bytes}
	document, variables := chance.Document(n.world, n.theirs)
	body, err := json.Marshal(map[string]any{"query": document, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range n.idsIn(string(body)) {
		n.sent[id] = true
	}
	r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(string(body)))
	r.Header.Set("x-token", n.token)
	w := httptest.NewRecorder()
	began := time.Now()
	n.http.ServeHTTP(w, r)
	answer := w.Body.String()
	wrong := func(why string) { t.Errorf("%s\n%s\n%d %s\n%s", why, body, w.Code, answer, n.log) }
	var got struct {
		Data   map[string]any
		Errors []struct{ Extensions struct{ Code string } }
	}
	switch {
	case w.Code >= 500:
		wrong("a status of 500 or more")
	case json.Unmarshal(w.Body.Bytes(), &got) != nil, !utf8.ValidString(answer):
		wrong("this is not JSON")
	case strings.Contains(answer, mark):
		wrong("a text of another practice")
	case strings.Contains(n.log.String(), `"level":"ERROR"`):
		wrong("an error in the log")
	case time.Since(began) > 10*time.Second:
		wrong("this took long")
	}
	for _, id := range n.idsIn(answer) {
		if !n.sent[id] {
			wrong(fmt.Sprintf("an id of another practice: %d", id))
		}
	}
	accepted := w.Code == http.StatusOK
	for _, e := range got.Errors {
		switch e.Extensions.Code {
		case codeParse, codeValidation, codeCost, codeAliases, codeDepth, codeTokens:
			accepted = false
		case codes["internal"]:
			wrong("an internal error")
		case codes["unavailable"]:
			wrong("unavailable")
		}
	}
	if accepted {
		n.accepted++
	}
	if accepted && len(got.Errors) == 0 && !strings.Contains(answer, `"errors"`) {
		n.done++
	}
	n.log.Reset()
}

// look compares what the other practice has to what it had, and looks for what is
// theirs in our own.
func (n *neighbours) look(t testing.TB) {
	t.Helper()
	if after := n.rows(t, n.group, func(string, any) {}); !slices.Equal(after, n.before) {
		t.Errorf("another practice's rows have changed:\n%s", cmp.Diff(n.before, after))
	}
	n.rows(t, int64(n.kit.group.ID), func(table string, v any) {
		// The log names what was asked for, there or not.
		if id, ok := v.(int64); ok && table != "audit" && n.ids[id] {
			t.Errorf("%s refers to another practice's %d", table, id)
		}
		if text, ok := v.(string); ok && strings.Contains(text, mark) {
			t.Errorf("%s has another practice's %q", table, text)
		}
	})
}

// TestRandomDocumentsStayInTheirPractice asks documents made at random, the same
// each time. RANDOM_DOCUMENTS=50000 asks as many others.
func TestRandomDocumentsStayInTheirPractice(t *testing.T) {
	many, seed := 600, uint64(1)
	if more, err := strconv.Atoi(os.Getenv("RANDOM_DOCUMENTS")); err == nil {
		many, seed = more, rand.Uint64()
	}
	storetest.EachAddress(t, func(t *testing.T, address string) {
		n := neighbouring(t, address)
		chance := rand.New(rand.NewPCG(seed, 2))
		for range many {
			if n.try(t, randomBytes(chance)); t.Failed() {
				break
			}
		}
		n.look(t)
		t.Logf("seed %d: %d of %d documents were accepted, %d of them with nothing refused", seed, n.accepted, n.asked,
			n.done)
		if n.accepted*2 < n.asked || n.done*5 < n.asked {
			t.Errorf("%d of %d documents were accepted, %d of them with nothing refused", n.accepted, n.asked, n.done)
		}
	})
}

func randomBytes(chance *rand.Rand) []byte {
	bytes := make([]byte, 50+chance.IntN(600))
	for i := range bytes {
		bytes[i] = byte(chance.UintN(256))
	}
	return bytes
}

// FuzzDocuments asks documents that the fuzzer makes.
func FuzzDocuments(f *testing.F) {
	chance := rand.New(rand.NewPCG(3, 4))
	for range 100 {
		f.Add(randomBytes(chance))
	}
	n := neighbouring(f, storetest.SQLite(f))
	f.Fuzz(func(t *testing.T, bytes []byte) { n.try(t, bytes) })
}
