package scalar_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"frontdesk/graph/scalar"
)

func TestMomentsAreReadAsProgramsWriteThem(t *testing.T) {
	for _, c := range []struct {
		given any
		form  scalar.Form
		want  string
	}{
		{"2022-05-20T14:01:10.746Z", scalar.Zulu, "2022-05-20T14:01:10.746Z"},
		{"2022-05-20T14:01:10z", scalar.Zulu, "2022-05-20T14:01:10.000Z"},
		{"2022-05-20T14:01+01:00", scalar.Offset, "2022-05-20T13:01:00.000Z"},
		{"2022-05-20T14:01:10", scalar.Local, "2022-05-20T14:01:10.000Z"},
		{"2022-05-20 14:01:10", scalar.Local, "2022-05-20T14:01:10.000Z"},
		{"2022-05-20", scalar.Day, "2022-05-20T00:00:00.000Z"},
		{json.Number("1653055270746"), scalar.Offset, "2022-05-20T14:01:10.746Z"},
		{int64(0), scalar.Offset, "1970-01-01T00:00:00.000Z"},
	} {
		var m scalar.Moment
		if err := m.UnmarshalGQL(c.given); err != nil {
			t.Errorf("%v: %v", c.given, err)
			continue
		}
		var out strings.Builder
		m.MarshalGQL(&out)
		if m.Form != c.form || out.String() != `"`+c.want+`"` {
			t.Errorf("%v is %s, form %d", c.given, out.String(), m.Form)
		}
	}
	var m scalar.Moment
	if err := m.UnmarshalGQL(""); err != nil || !m.IsZero() {
		t.Errorf("the empty text is %v, %v", m, err)
	}
	if scalar.Of(time.Time{}) != nil {
		t.Error("no time is answered as one")
	}
}

func TestWhatIsNoMomentIsRefusedInTheWordsProgramsKnow(t *testing.T) {
	for _, bad := range []any{"soon", "2022-13-01", "2022-05-20T25:00:00Z", "0000-01-01", json.Number("1e300"),
		json.Number("99999999999999999"), true, strings.Repeat("9", 5000)} {
		var m scalar.Moment
		err := m.UnmarshalGQL(bad)
		if err == nil || !strings.Contains(err.Error(), "Invalid date") || len(err.Error()) > 200 {
			t.Errorf("%v: %v", bad, err)
		}
	}
}

func FuzzMoments(f *testing.F) {
	f.Add("2022-05-20T14:01:10.746Z")
	f.Fuzz(func(t *testing.T, s string) {
		var m, again scalar.Moment
		if m.UnmarshalGQL(s) != nil || m.IsZero() {
			return
		}
		var out strings.Builder
		m.MarshalGQL(&out)
		if err := again.UnmarshalGQL(strings.Trim(out.String(), `"`)); err != nil {
			t.Fatalf("%q is written as %s: %v", s, out.String(), err)
		}
	})
}
