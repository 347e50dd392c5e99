// Command bench measures the running program against the least its database
// could be asked to do for the same answer, side by side in one run:
//
//	make bench
//
// It prints, for each question and number of clients, how long an answer took
// and how many came in a second over HTTP, the same for the raw statements
// through the same driver, and the ratio. -write puts the table into
// docs/performance.md. -before names another build of the program: it is asked
// the same in turn, on a database of its own, and the last two columns say what
// it does in a second and the ratio of this build to it:
//
//	git worktree add /tmp/before v1 && (cd /tmp/before && go build ./cmd/frontdesk)
//	make bench BENCH="-before /tmp/before/frontdesk"
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

var (
	seconds = flag.Float64("seconds", 2, "how long each measurement takes")
	rounds  = flag.Int("rounds", 3, "how often each is repeated; the median is shown")
	write   = flag.String("write", "", "the document to put the table into")
	only    = flag.String("only", "", "sqlite or postgres")
	before  = flag.String("before", "", "another build of the program, to compare with")
	what    = flag.String("what", "", "a regular expression; only what it matches is measured")
	clients = []int{1, 8, 64}
)

func main() {
	flag.Parse()
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	if *write != "" && (*only != "" || *before != "") {
		return errors.New("a document has both databases and one build: leave out -only and -before")
	}
	dir, err := os.MkdirTemp("", "frontdesk-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "frontdesk")
	build := exec.Command("go", "build", "-o", binary, "./cmd/frontdesk")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return err
	}
	var table, batches, deliveries strings.Builder
	for _, engine := range []string{"sqlite", "postgres"} {
		if *only != "" && *only != engine {
			continue
		}
		text, more, hooks, err := measure(binary, filepath.Join(dir, engine), engine)
		if err != nil {
			return fmt.Errorf("%s: %w", engine, err)
		}
		table.WriteString(text)
		batches.WriteString(more)
		deliveries.WriteString(hooks)
	}
	if *write == "" {
		return nil
	}
	when := fmt.Sprintf("Measured on %s, %d rounds", time.Now().Format("2 January 2006"), *rounds)
	return errors.Join(
		document(*write, "bench", when+fmt.Sprintf(" of %gs each.\n\n", *seconds)+table.String()),
		document(*write, "bench messages", when+".\n\n"+batches.String()),
		document(*write, "bench webhooks", when+".\n\n"+deliveries.String()))
}

// measured reports whether a table has rows under its head: -what may leave out
// all it would have.
func measured(table string) bool {
	for line := range strings.Lines(table) {
		if strings.HasPrefix(line, "| ") && !strings.HasPrefix(line, "| what ") && !strings.HasPrefix(line, "| ---") {
			return true
		}
	}
	return false
}

// freshPostgres makes an empty database on the server that TEST_POSTGRES names.
func freshPostgres() (string, error) {
	server := os.Getenv("TEST_POSTGRES")
	if server == "" {
		return "", errors.New("TEST_POSTGRES is not set; run make bench")
	}
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	name := fmt.Sprint("bench_", time.Now().UnixNano())
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		return "", err
	}
	u, err := url.Parse(server)
	if err != nil {
		return "", err
	}
	u.Path = "/" + name
	return u.String(), nil
}

// question is one thing measured: over HTTP, and raw. ready makes what it asks
// about, once for all the questions that share it.
type question struct {
	name  string
	ready func() error
	http  func(c *client, n int) error
	raw   func(ctx context.Context, n int) error
}

// once makes something the first time it is called, and says how long it took.
func once(what string, fn func() error) func() error {
	return sync.OnceValue(func() error {
		began := time.Now()
		err := fn()
		fmt.Fprintf(os.Stderr, "%s: made in %s\n", what, time.Since(began).Round(time.Millisecond))
		return err
	})
}

// titles are the engines as the document names them.
var titles = map[string]string{"sqlite": "SQLite", "postgres": "PostgreSQL"}

// measure gives the table of questions, that of batches, and that of deliveries.
func measure(binary, dir, engine string) (table, batches, deliveries string, err error) {
	wanted, err := regexp.Compile(*what)
	if err != nil {
		return "", "", "", err
	}
	builds, idle, err := startAll(binary, dir, engine)
	defer func() {
		for _, b := range builds {
			b.stop()
		}
	}()
	if err != nil {
		return "", "", "", err
	}
	table = head("| what | clients | p50 | p99 | per second | raw per second | ratio |")
	for i, q := range builds[0].questions {
		if !wanted.MatchString(q.name) {
			continue
		}
		for _, b := range builds {
			if err := b.questions[i].ready(); err != nil {
				return "", "", "", fmt.Errorf("%s: %w", q.name, err)
			}
		}
		for _, n := range clients {
			row, err := compare(builds, i, n)
			if err != nil {
				return "", "", "", fmt.Errorf("%s: %w", q.name, err)
			}
			fmt.Print(engine, " ", row)
			table += row
		}
	}
	memory := fmt.Sprintf("Idle after the start: %s. After the run: %s.", idle, builds[0].server.memory())
	if batches, err = measureBatches(builds, dir, engine, wanted); err != nil {
		return "", "", "", err
	}
	if deliveries, err = measureWebhooks(builds, engine, wanted); err != nil {
		return "", "", "", err
	}
	title := "### " + titles[engine] + "\n\n"
	return title + memory + "\n\n" + table + "\n", title + "Idle after the start: " + idle + ".\n\n" + batches + "\n",
		title + deliveries + "\n", nil
}

// compare asks question i with n clients, in turn over HTTP, raw, and of the
// build before, if there is one.
func compare(builds []*build, i, n int) (string, error) {
	q := builds[0].questions[i]
	results := make([][]result, len(builds)+1)
	for range *rounds {
		for k, b := range builds {
			one, err := b.ask(b.questions[i], n)
			if err != nil {
				return "", err
			}
			results[k] = append(results[k], one)
		}
		one, err := load(n, func(_, i int) error { return q.raw(context.Background(), i) })
		if err != nil {
			return "", err
		}
		results[len(builds)] = append(results[len(builds)], one)
	}
	a, raw := median(results[0]), median(results[len(builds)])
	row := fmt.Sprintf("| %s | %d | %s | %s | %s | %s | %.2f |", q.name, n, shown(a.p50), shown(a.p99), rate(a.rate),
		rate(raw.rate), a.rate/raw.rate)
	if len(builds) > 1 {
		row += beside(a.rate, median(results[1]).rate)
	}
	return row + "\n", nil
}

type result struct {
	p50, p99 time.Duration
	rate     float64
}

// load calls fn from n goroutines for a while.
func load(n int, fn func(client, i int) error) (result, error) {
	var wait sync.WaitGroup
	took := make([][]time.Duration, n)
	errs := make([]error, n)
	began := time.Now()
	end := began.Add(time.Duration(*seconds * float64(time.Second)))
	for c := range n {
		wait.Go(func() {
			for i := c; ; i += n {
				start := time.Now()
				if start.After(end) {
					return
				}
				if errs[c] = fn(c, i); errs[c] != nil {
					return
				}
				took[c] = append(took[c], time.Since(start))
			}
		})
	}
	wait.Wait()
	all := slices.Concat(took...)
	if err := errors.Join(errs...); err != nil || len(all) == 0 {
		return result{}, errors.Join(err, fmt.Errorf("%d answers", len(all)))
	}
	slices.Sort(all)
	return result{all[len(all)/2], all[len(all)*99/100], float64(len(all)) / time.Since(began).Seconds()}, nil
}

func median(all []result) result {
	slices.SortFunc(all, func(a, b result) int { return int(a.rate - b.rate) })
	return all[len(all)/2]
}

func shown(d time.Duration) string {
	return fmt.Sprintf("%.2f ms", float64(d.Microseconds())/1000)
}

func rate(r float64) string {
	s := strconv.Itoa(int(r + .5))
	if len(s) > 3 {
		s = s[:len(s)-3] + "," + s[len(s)-3:]
	}
	return s
}

// document puts a text between its marks, if it has something that was measured.
func document(path, mark, inside string) error {
	if !measured(inside) {
		return nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	from, to := "<!-- "+mark+" -->\n", "<!-- /"+mark+" -->"
	before, rest, ok1 := strings.Cut(string(text), from)
	_, after, ok2 := strings.Cut(rest, to)
	if !ok1 || !ok2 {
		return fmt.Errorf("%s has no place for %s", path, mark)
	}
	return os.WriteFile(path, []byte(before+from+"\n"+inside+to+after), 0o644)
}
