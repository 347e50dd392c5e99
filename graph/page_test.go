package graph

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"frontdesk/core/key"
	"frontdesk/core/label"
	"frontdesk/graph/graphtest"
)

// list is a list of the schema with pages: its arguments but for the page, and the
// field that differs between its rows.
type list struct{ name, args, row string }

func (l list) document(number, size int) string {
	args := strings.TrimPrefix(fmt.Sprintf("%s, pagination: {page: %d, pageSize: %d}", l.args, number, size), ", ")
	return `{ f: ` + l.name + `(` + args + `) { data { ` + l.row + ` } pageInfo { page pageSize hasMore } } }`
}

// lists are those of the schema, each in all the orders it can have.
func lists(w graphtest.World) (out []list) {
	const ever = `{start: "2000-01-01T00:00:00Z", end: "2100-01-01T00:00:00Z"}`
	for _, f := range graphtest.Schema().Query.Fields {
		if a := f.Arguments.ForName("pagination"); a == nil || a.Type.Name() != "Pagination" {
			continue
		}
		l := list{name: f.Name, row: "id"}
		switch f.Name {
		case "availabilitySlots":
			l.row, l.args = "startsAt endsAt", `, dateRange: {start: "2031-01-07", end: "2031-02-07"}, userIds: ["`+
				w["user"]+`"]`
		case "bookings":
			l.args = `, dateRange: ` + ever
		case "bookingsById":
			l.args = `, ids: ["` + w["booking"] + `"]`
		}
		out = append(out, l)
		for _, a := range f.Arguments {
			each := list{name: l.name, row: l.row}
			switch {
			case a.Type.Name() == "DateRange" && f.Name != "availabilitySlots" && f.Name != "bookings":
				each.args = l.args + ", " + a.Name + ": " + ever
				out = append(out, each)
			case a.Type.Name() == "QueryOptions":
				for _, by := range []string{"createdAt", "updatedAt"} {
					each.args = l.args + ", " + a.Name + ": {" + by + ": " + ever + "}"
					out = append(out, each)
				}
			}
		}
	}
	return append(out, list{name: "patients", row: "id", args: `, search: "Love"`},
		list{name: "patients", row: "id", args: `, search: "Ada", options: {includeDeleted: true}`})
}

// page reads a page, and says whether there are more.
func (d *kit) page(l list, number, size int) (rows []string, more bool) {
	d.t.Helper()
	a := d.ask(l.document(number, size))
	data, ok := at(d.t, a.Data, "f.data").([]any)
	if len(a.Errors) > 0 || !ok {
		d.t.Fatalf("%s\n%s\n%s", l.document(number, size), a.text, d.log)
	}
	for _, row := range data {
		rows = append(rows, asJSON(row))
	}
	more, _ = at(d.t, a.Data, "f.pageInfo.hasMore").(bool)
	if len(rows) > size || more && len(rows) < size {
		d.t.Fatalf("%s\n%d rows, more: %v", l.document(number, size), len(rows), more)
	}
	return rows, more
}

// pages reads a list to its end.
func (d *kit) pages(l list, size int) (rows []string) {
	d.t.Helper()
	for number := 1; ; number++ {
		some, more := d.page(l, number, size)
		rows = append(rows, some...)
		if !more {
			return rows
		}
	}
}

// TestEveryListIsReadToItsEndByNumber reads every list of the schema in all the
// orders it has: by pages of one in order, of two from the last to the first, and
// all at once. All find the same.
func TestEveryListIsReadToItsEndByNumber(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		p := d.everything()
		var w graphtest.World
		for range 4 {
			w = p.World()
		}
		d.unlimited()
		long := 0
		for _, l := range lists(w) {
			all := d.pages(l, 200)
			if len(all) > 3 {
				long++
			}
			if got := d.pages(l, 1); !slices.Equal(got, all) {
				t.Errorf("%s(%s): by ones\n%v\nat once\n%v", l.name, l.args, got, all)
			}
			// Nothing leads to a page when a list is read from its end.
			d.token = d.newToken("everything")
			d.unlimited()
			for number := len(all)/2 + 1; number > 0; number-- {
				got, more := d.page(l, number, 2)
				want := all[min(2*number-2, len(all)):min(2*number, len(all))]
				if !slices.Equal(got, want) || more != (2*number < len(all)) {
					t.Errorf("%s(%s): page %d is %v, want %v", l.name, l.args, number, got, want)
				}
			}
			// Far beyond its end there is nothing, and no more.
			for _, number := range []int{10_001, 1 << 31, 1 << 40} {
				if got, more := d.page(l, number, 200); len(got) != 0 || more {
					t.Errorf("%s(%s): page %d is %v, more: %v", l.name, l.args, number, got, more)
				}
			}
		}
		if long < 20 {
			t.Errorf("only %d lists had more than three", long)
		}
	})
}

// unlimited has the token be used as often as it takes.
func (d *kit) unlimited() {
	d.t.Helper()
	_, err := d.core.Key.SetTerms(d.ctx, key.Terms{Limit: 100_000, Status: 200})
	d.must(err)
}

// TestLongListIsReadToItsEnd reads more rows than pages once reached.
func TestLongListIsReadToItsEnd(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		const many = 10_349
		d.unlimited()
		d.must(d.core.Label.Store.Do(context.Background(), func(tx label.Tx) error {
			for i := range many {
				l := label.Label{ID: label.ID(1_000_000 + i), Title: fmt.Sprintf("Label %05d", i),
					CreatedAt: *d.now.Load(),
					UpdatedAt: *d.now.Load()}
				if err := tx.SaveLabel(t.Context(), d.group.ID, l); err != nil {
					return err
				}
			}
			return nil
		}))
		got := d.pages(list{name: "labels", row: "id title"}, 200)
		slices.Sort(got)
		if len(got) != many || len(slices.Compact(got)) != many {
			t.Errorf("there are %d, of which %d differ", len(got), len(slices.Compact(got)))
		}
	})
}

// TestRowDeletedBetweenPagesHidesNoOther takes a row off a page that was read, and adds one
// to it, before the next is.
func TestRowDeletedBetweenPagesHidesNoOther(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		id := map[string]any{}
		for _, name := range []string{"b", "c", "d", "e", "f", "g"} {
			id[name] = d.get("createLabel.data.id",
				`mutation($t: String!) { createLabel(labelData: {title: $t}) { data { id } } }`, "t", name)
			d.move(time.Second)
		}
		l := list{name: "labels", row: "title"}
		first, _ := d.page(l, 1, 2)
		d.done("deleteLabel", `mutation($id: ID!) { deleteLabel(id: $id) { data { id } error } }`, "id", id["b"])
		second, _ := d.page(l, 2, 2)
		d.done("createLabel", `mutation { createLabel(labelData: {title: "a"}) { data { id } error } }`)
		third, more := d.page(l, 3, 2)
		if got := fmt.Sprint(first, second, third,
			more); got != `[{"title":"b"} {"title":"c"}] [{"title":"d"} {"title":"e"}] [{"title":"f"} `+
			`{"title":"g"}] false` {
			t.Errorf("%s", got)
		}
	})
}
