package app_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// rooms is the house: which folder may import which of ours, and which
// libraries live there. A folder that is not on the map does not belong in the
// house. Change the rule here, on purpose.
var rooms = map[string]struct {
	ours, theirs []string
}{
	"api": {},
	"api/apitest": {
		ours:   []string{"api", "core/event", "core/webhook"},
		theirs: []string{"github.com/santhosh-tekuri/jsonschema", "go.yaml.in/yaml"},
	},
	"docs": {},
	"cmd/frontdesk": {
		ours: []string{"app", "operator", "partner"}, theirs: []string{"github.com/alecthomas/kong",
			"github.com/agnivade/levenshtein"},
	},
	"partner": {ours: []string{"core/fault", "core/input", "core/webhook", "core/courier", "connect/hook"}},
	"app": {
		ours:   []string{"..."},
		theirs: []string{"github.com/prometheus/client_golang", "go.opentelemetry.io"},
	},
	"operator": {ours: []string{"core", "core/...", "store", "store/..."}},
	"sandbox":  {ours: []string{"core", "core/...", "store", "store/...", "pages", "sim", "sim/..."}},

	"core/fault": {},
	"core/job":   {ours: []string{"core/fault"}},
	"core/event": {},
	"core/audit": {ours: []string{"core/fault", "core/access"}},
	"core/input": {
		ours:   []string{"core/fault"},
		theirs: []string{"github.com/nyaruka/phonenumbers", "golang.org/x/net/idna"},
	},
	"core/read":        {ours: []string{"core/audit", "core/input", "core/access"}},
	"core/write":       {ours: []string{"core/access"}},
	"core/access":      {ours: []string{"core/fault"}},
	"core/key":         {ours: []string{"core/fault", "core/audit", "core/input", "core/access", "core/write"}},
	"core/idempotency": {ours: []string{"core/fault", "core/input", "core/access", "core/seal"}},
	"core/limit":       {ours: []string{"core/fault", "core/access"}},
	"core/practice":    {ours: []string{"core/fault", "core/audit", "core/input", "core/access", "core/write"}},
	"core/account": {ours: []string{"core/fault", "core/audit", "core/job", "core/input", "core/access", "core/write",
		"core/key",
		"core/practice", "core/seal", "core/read"}},
	"core/seal":         {ours: []string{"core/fault"}},
	"core/connector":    {ours: []string{"core/fault", "core/audit", "core/access", "core/practice", "core/seal"}},
	"core/contactpoint": {ours: []string{"core/fault", "core/input"}},
	"core/names":        {theirs: []string{"golang.org/x/text"}}, // names without case and accents
	"core/patient": {ours: []string{
		"core/contactpoint", "core/fault", "core/audit", "core/event", "core/job", "core/input", "core/names",
		"core/access",
		"core/read", "core/practice",
		"core/account", "core/label", // who looks after a patient, and the labels on them
	}},
	"core/patient/patienttest": {ours: []string{"api/apitest", "core/...", "store", "store/archive",
		"store/attachment", "store/demographics", "store/identifier", "store/merge", "store/patient", "store/practice",
		"store/storetest"}},
	"core/demographics": {ours: []string{
		"core/contactpoint", "core/fault", "core/audit", "core/job", "core/input", "core/names", "core/access",
		"core/idempotency",
		"core/practice", "core/seal",
		"core/patient",
	}},
	"core/identifier": {ours: []string{"core/fault", "core/audit", "core/input", "core/access", "core/write",
		"core/practice",
		"core/patient"}},
	"core/merge": {ours: []string{
		"core/fault", "core/audit", "core/event", "core/names", "core/access", "core/practice", "core/seal",
		"core/patient",
	}},
	"core/relationship": {ours: []string{"core/fault", "core/event", "core/input", "core/access", "core/read",
		"core/practice",
		"core/patient"}},
	"core/archive": {ours: []string{
		"core/contactpoint", "core/fault", "core/event", "core/input", "core/access", "core/practice", "core/patient",
		"core/booking", // a patient who leaves has no appointments to come
	}},
	"core/attachment": {ours: []string{"core/fault", "core/audit", "core/input", "core/access", "core/practice",
		"core/patient"}},
	"core/contact": {ours: []string{"core/fault", "core/audit", "core/input", "core/access", "core/write", "core/read",
		"core/practice"}},
	"core/diary": {
		ours:   []string{"core/fault", "core/audit", "core/input", "core/access", "core/write", "core/practice"},
		theirs: []string{"github.com/hashicorp/golang-lru"},
	},
	"core/link": {ours: []string{"core/fault", "core/audit", "core/event", "core/input", "core/access", "core/write",
		"core/practice", "core/seal", "core/patient", "core/attachment"}, theirs: []string{"github.com/google/uuid"}},
	"core/label": {ours: []string{"core/fault", "core/audit", "core/input", "core/access", "core/write",
		"core/practice"}},
	"core/booking": {ours: []string{
		"core/fault", "core/audit", "core/event", "core/job", "core/input", "core/access", "core/practice",
		"core/patient", "core/diary",
		"core/task", // what staff have to look at
	}},
	"core/video": {ours: []string{"core/fault", "core/audit", "core/access", "core/practice", "core/seal",
		"core/patient", "core/booking"}},
	"core/billing": {ours: []string{
		"core/fault", "core/audit", "core/event", "core/input", "core/access", "core/write", "core/practice",
		"core/label",
		"core/patient", "core/contact", "core/diary", "core/booking", "core/read",
	}},
	"core/selfbooking": {ours: []string{
		"core/fault", "core/audit", "core/input", "core/access", "core/read", "core/write", "core/practice",
		"core/patient", "core/diary", "core/booking", "core/link",
	}},
	"core/record": {ours: []string{
		"core/fault", "core/audit", "core/event", "core/job", "core/input", "core/access", "core/practice", "core/seal",
		"core/patient",
	}},
	"core/task": {ours: []string{"core/fault", "core/audit", "core/job", "core/input", "core/access", "core/write",
		"core/account", "core/practice", "core/patient", "core/read"}},
	"core/document": {ours: []string{"core/fault", "core/audit", "core/event", "core/input", "core/access",
		"core/write",
		"core/practice", "core/seal", "core/patient", "core/read"}},
	"core/clinical": {ours: []string{
		"core/fault", "core/audit", "core/event", "core/input", "core/access", "core/write", "core/practice",
		"core/account",
		"core/patient", "core/contact", "core/read",
	}},
	"core/form": {ours: []string{
		"core/fault", "core/audit", "core/event", "core/input", "core/access", "core/write", "core/practice",
		"core/patient",
		"core/document", "core/clinical", "core/read",
		"core/record", // which codes are SNOMED CT's
	}},
	"core/template": {
		ours:   []string{"core/input", "core/patient", "core/practice"},
		theirs: []string{"golang.org/x/text"},
	},
	"core/carrier": {ours: []string{"core/fault"}},
	"core/reply": {ours: []string{
		"core/fault", "core/audit", "core/event", "core/input", "core/template", "core/access", "core/write",
		"core/read",
		"core/practice",
		"core/patient", "core/carrier", "core/messaging", "core/dispatch",
	}},
	"core/dispatch": {ours: []string{
		"core/contactpoint", "core/fault", "core/event", "core/job", "core/input", "core/practice", "core/patient",
		"core/record", "core/carrier", "core/messaging",
	}},
	"core/calendar": {theirs: []string{"github.com/arran4/golang-ical"}},
	"core/notice": {ours: []string{
		"core/fault", "core/audit", "core/job", "core/input", "core/template", "core/access", "core/practice",
		"core/patient", "core/diary", "core/booking", "core/calendar", "core/carrier", "core/messaging",
	}},
	"core/batch": {ours: []string{
		"core/fault", "core/audit", "core/event", "core/job", "core/input", "core/template", "core/access",
		"core/write",
		"core/practice",
		"core/patient",
		"core/demographics", "core/carrier", "core/messaging",
	}},
	"core/messaging": {ours: []string{
		"core/carrier", "core/contactpoint", "core/fault", "core/audit", "core/event", "core/job", "core/input",
		"core/template", "core/access", "core/write", "core/practice", "core/seal", "core/patient", "core/record",
		"core/task",
		"core/booking", // what messages the program sends by itself are about
	}},
	"core/staffmail": {ours: []string{"core/fault", "core/practice", "core/account", "core/carrier", "core/messaging"}},
	"core/webhook": {ours: []string{
		"core/fault", "core/audit", "core/event", "core/job", "core/input", "core/access", "core/practice", "core/seal",
	}},
	"core/courier": {ours: []string{
		"core/audit", "core/event", "core/job", "core/access", "core/practice", "core/webhook",
	}},
	"core/sending": {ours: []string{"core/access"}},
	"core/detail": {ours: []string{
		"core/fault", "core/event", "core/input", "core/access", "core/practice", "core/patient", "core/booking",
		"core/carrier", "core/messaging",
		"core/reply",
	}},
	"core": {ours: []string{"core/..."}},

	"store": {ours: []string{"core/...", "store/index", "store/migrations", "store/place",
		"store/value"}, theirs: []string{
		"github.com/jackc/pgx", "modernc.org/sqlite", "github.com/riverqueue/river",
		"github.com/gofrs/flock", "golang.org/x/sys", // one server on a file, and which file it is
	}},
	"store/account":    {ours: []string{"core/...", "store", "store/value", "store/practice"}},
	"store/archive":    {ours: []string{"core/...", "store", "store/booking", "store/merge", "store/patient"}},
	"store/link":       {ours: []string{"core/...", "store", "store/value", "store/attachment", "store/practice"}},
	"store/attachment": {ours: []string{"core/...", "store", "store/value", "store/patient"}},
	"store/audit":      {ours: []string{"core/...", "store", "store/value"}},
	"store/batch": {ours: []string{"core/...", "store", "store/value", "store/messaging", "store/patient",
		"store/practice"}},
	"store/billing": {ours: []string{"core/...", "store", "store/listing", "store/value", "store/booking",
		"store/contact", "store/diary",
		"store/label", "store/patient", "store/practice"}},
	"store/selfbooking": {ours: []string{"core/...", "store", "store/value", "store/booking", "store/link",
		"store/patient", "store/practice"}},
	"store/booking": {ours: []string{"core/...", "store", "store/value", "store/diary", "store/patient",
		"store/practice",
		"store/task"}},
	"store/clinical": {ours: []string{"core/...", "store", "store/listing", "store/value", "store/account",
		"store/contact", "store/patient",
		"store/practice", "store/relationship"}},
	"store/form": {ours: []string{"core/...", "store", "store/listing", "store/value", "store/clinical",
		"store/document"}},
	"store/contact":      {ours: []string{"core/...", "store", "store/listing", "store/value"}},
	"store/identifier":   {ours: []string{"core/...", "store", "store/value"}},
	"store/demographics": {ours: []string{"core/...", "store", "store/value", "store/patient", "store/practice"}},
	"store/diary":        {ours: []string{"core/...", "store", "store/listing", "store/value", "store/practice"}},
	"store/idempotency":  {ours: []string{"core/...", "store"}},
	"store/index":        {ours: []string{"core/audit", "core/names"}},
	"store/instance":     {ours: []string{"core/...", "store", "store/value"}},
	"store/key":          {ours: []string{"core/...", "store", "store/value"}},
	"store/label":        {ours: []string{"core/...", "store", "store/value"}},
	"store/limit":        {ours: []string{"core/...", "store", "store/value"}},
	"store/merge":        {ours: []string{"core/...", "store", "store/value", "store/booking", "store/patient"}},
	"store/migrations": {ours: []string{"core/audit", "core/fault", "core/names", "store/index", "store/plan"},
		theirs: []string{"github.com/jackc/pgx", "github.com/pressly/goose", "github.com/riverqueue/river"}},
	"store/patient": {ours: []string{"core/...", "store", "store/value", "store/account", "store/index", "store/label",
		"store/practice"}},
	"store/practice":     {ours: []string{"core/...", "store", "store/value"}},
	"store/relationship": {ours: []string{"core/...", "store", "store/value", "store/patient"}},
	"store/task": {ours: []string{"core/...", "store", "store/listing", "store/value", "store/account",
		"store/patient"}},
	"store/video":     {ours: []string{"core/...", "store", "store/booking", "store/value"}},
	"store/connector": {ours: []string{"core/...", "store", "store/value"}},
	"store/dispatch":  {ours: []string{"core/...", "store", "store/value", "store/batch", "store/messaging"}},
	"store/document":  {ours: []string{"core/...", "store", "store/listing", "store/value", "store/patient"}},
	"store/messaging": {ours: []string{"core/...", "store", "store/listing", "store/value", "store/patient",
		"store/practice", "store/record"}},
	"store/listing": {ours: []string{"core/input", "core/practice", "store/value"}},
	"store/value":   {ours: []string{"core/input"}},
	"store/place":   {ours: []string{"core/access"}},
	"store/plan":    {},
	"store/record":  {ours: []string{"core/...", "store", "store/value", "store/patient", "store/practice"}},
	"store/notice": {ours: []string{"core/...", "store", "store/listing", "store/value", "store/booking", "store/diary",
		"store/messaging", "store/practice"}},
	"store/reply":     {ours: []string{"core/...", "store", "store/value", "store/messaging"}},
	"store/webhook":   {ours: []string{"core/...", "store", "store/value", "store/practice"}},
	"store/storetest": {ours: []string{"store"}, theirs: []string{"github.com/jackc/pgx", "modernc.org/sqlite"}},
	"worker": {ours: []string{"core/job", "core/fault"}, theirs: []string{
		"github.com/riverqueue/river", "github.com/jackc/pgx", // pgx for the pool's type
	}},
	"sim":          {ours: []string{"sim/nhsapi"}},
	"sim/nhsapi":   {},
	"sim/inbox":    {},
	"sim/gateways": {ours: []string{"sim/inbox"}},
	"sim/mail": {
		ours:   []string{"sim", "sim/inbox"},
		theirs: []string{"github.com/emersion/go-smtp", "github.com/emersion/go-sasl"},
	},
	"sim/notify": {ours: []string{"sim/inbox", "sim/nhsapi"}},

	"connect/nhsapi": {theirs: []string{"github.com/golang-jwt/jwt", "github.com/failsafe-go/failsafe-go",
		"golang.org/x/sync"}},
	"connect/pds": {
		ours: []string{"connect/nhsapi", "core/fault", "core/input", "core/names", "core/demographics", "core/patient",
			"core/practice"},
		theirs: []string{"github.com/golang-jwt/jwt", "github.com/failsafe-go/failsafe-go"},
	},
	"connect/notify": {
		ours:   []string{"connect/nhsapi", "core/fault", "core/carrier"},
		theirs: []string{"github.com/failsafe-go/failsafe-go"},
	},
	"connect/smtp": {
		ours: []string{"core/fault", "core/carrier", "core/messaging"},
		theirs: []string{"github.com/wneessen/go-mail", "github.com/failsafe-go/failsafe-go",
			"github.com/emersion/go-msgauth"},
	},
	"connect/web": {
		ours:   []string{"core/fault", "core/carrier"},
		theirs: []string{"github.com/failsafe-go/failsafe-go"},
	},
	"connect/gateway": {ours: []string{"connect/web", "core/carrier"}},
	"connect/twilio":  {ours: []string{"connect/web", "core/carrier"}},
	"connect/govuk": {
		ours:   []string{"connect/web", "core/carrier"},
		theirs: []string{"github.com/golang-jwt/jwt"},
	},
	"connect/password": {theirs: []string{"github.com/alexedwards/argon2id"}},
	"connect/hook": {
		ours:   []string{"core/webhook", "core/courier"},
		theirs: []string{"code.dny.dev/ssrf", "github.com/standard-webhooks/standard-webhooks"},
	},
	"connect/relay":       {ours: []string{"core/video"}, theirs: []string{"github.com/pion"}},
	"connect/witness":     {},
	"connect/registry":    {ours: []string{"connect/...", "core/...", "web"}},
	"connect/connecttest": {ours: []string{"core/input", "core/demographics", "core/patient", "core/practice"}},

	"rest": {
		ours: []string{"core/...", "core", "web", "rest/oas", "rest/wire", "rest/practice", "rest/patient",
			"rest/booking",
			"rest/link", "rest/messaging", "rest/webhook"},
		theirs: []string{"github.com/ogen-go/ogen", "github.com/go-faster/jx"},
	},
	"rest/wire":     {ours: []string{"core/input", "rest/oas"}},
	"rest/practice": {ours: []string{"core", "core/...", "rest/oas", "rest/wire"}},
	"rest/patient": {ours: []string{"core", "core/...", "rest/oas", "rest/wire"},
		theirs: []string{"github.com/go-faster/jx"}},
	"rest/booking":   {ours: []string{"core", "core/...", "rest/oas", "rest/wire"}},
	"rest/link":      {ours: []string{"core", "core/...", "rest/oas", "rest/wire"}},
	"rest/messaging": {ours: []string{"core", "core/...", "rest/oas", "rest/wire"}},
	"rest/webhook": {ours: []string{"core", "core/...", "rest/oas", "rest/wire"},
		theirs: []string{"github.com/go-faster/jx"}},
	"pages": {ours: []string{"core/...", "core", "web"}, theirs: []string{"github.com/a-h/templ",
		"github.com/coder/websocket", "golang.org/x/time/rate"}},
	"files": {ours: []string{"core", "core/document", "web"}},
	"graph": {
		ours: []string{"core/...", "core", "web", "graph/gql", "graph/wire", "graph/practice", "graph/patient",
			"graph/booking", "graph/clinical", "graph/billing", "graph/messaging", "graph/webhook"},
		theirs: []string{"github.com/99designs/gqlgen", "github.com/vektah/gqlparser"},
	},
	"graph/wire": {ours: []string{"core", "core/...", "graph/gql", "graph/scalar"}, theirs: []string{
		"github.com/99designs/gqlgen", "github.com/vektah/gqlparser", "github.com/vikstrous/dataloadgen",
	}},
	"graph/practice": {
		ours:   []string{"core/...", "graph/gql", "graph/scalar", "graph/wire", "web"},
		theirs: []string{"github.com/99designs/gqlgen"},
	},
	"graph/patient": {
		ours:   []string{"core/...", "graph/gql", "graph/scalar", "graph/wire", "graph/practice"},
		theirs: []string{"github.com/99designs/gqlgen", "github.com/vikstrous/dataloadgen"},
	},
	"graph/booking": {
		ours:   []string{"core/...", "graph/gql", "graph/scalar", "graph/wire", "graph/patient"},
		theirs: []string{"github.com/99designs/gqlgen", "github.com/vektah/gqlparser"},
	},
	"graph/clinical": {
		ours:   []string{"core/...", "graph/gql", "graph/scalar", "graph/wire", "graph/patient", "graph/practice"},
		theirs: []string{"github.com/99designs/gqlgen"},
	},
	"graph/billing": {
		ours: []string{"core/...", "graph/gql", "graph/scalar", "graph/wire", "graph/patient", "graph/practice"},
	},
	"graph/messaging": {
		ours: []string{"core/...", "graph/gql", "graph/scalar", "graph/wire", "graph/patient"},
	},
	"graph/webhook": {
		ours: []string{"core/...", "graph/gql", "graph/scalar", "graph/wire"},
	},
	"graph/gql": {ours: []string{"graph/scalar", "core/..."}, theirs: []string{"github.com/99designs/gqlgen",
		"github.com/vektah/gqlparser"}},
	"graph/scalar":    {},
	"graph/graphtest": {ours: []string{"api", "core", "core/..."}, theirs: []string{"github.com/vektah/gqlparser"}},
	"rest/oas":        {theirs: []string{"github.com/ogen-go/ogen", "github.com/go-faster"}},
	"web": {ours: []string{"core/fault", "core/access", "core/audit", "core/limit"}, theirs: []string{
		"github.com/a-h/templ", "github.com/yuin/goldmark", "go.yaml.in/yaml",
		"github.com/hashicorp/golang-lru", "github.com/realclientip/realclientip-go", "golang.org/x/time",
	}},

	"bench/population": {},
	"bench": { // what it measures against stands alone in it
		ours:   []string{"bench/population", "connect/smtp", "core/carrier", "sim/inbox", "sim/mail"},
		theirs: []string{"github.com/jackc/pgx", "modernc.org/sqlite"},
	},
	"test/wait":    {},
	"test/cluster": {theirs: []string{"github.com/jackc/pgx"}},
	"test/browser": {ours: []string{"..."}},
	"test/e2e":     {ours: []string{"..."}, theirs: []string{"*"}},
}

// forTests are libraries that only tests use, anywhere.
var forTests = []string{"pgregory.net/rapid", "github.com/google/go-cmp", "github.com/teambition/rrule-go",
	"github.com/jackc/pgx", "github.com/standard-webhooks/standard-webhooks", "go.yaml.in/yaml",
	"github.com/vektah/gqlparser"}

func allowed(list []string, what string) bool {
	return slices.ContainsFunc(list, func(a string) bool {
		prefix, deep := strings.CutSuffix(a, "...")
		return a == what || a == "*" || deep && strings.HasPrefix(what+"/", prefix)
	})
}

func theirs(list []string, what string) bool {
	return slices.ContainsFunc(list, func(a string) bool {
		return a == "*" || what == a || strings.HasPrefix(what,
			a+"/")
	})
}

// files are the Go files of the house, by folder.
func files(t *testing.T) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && (name == "node_modules" || name == "tools" || name == "testdata" || strings.HasPrefix(name,
			".") && name != "..") {
			return filepath.SkipDir
		}
		if strings.HasSuffix(name, ".go") {
			dir, err := filepath.Rel("..", filepath.Dir(path))
			if err != nil {
				return err
			}
			out[dir] = append(out[dir], path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTheHouseKeepsItsRooms(t *testing.T) {
	found := files(t)
	for dir, names := range found {
		room, ok := rooms[dir]
		if !ok {
			t.Errorf("%s is no room: add it to rooms with what it may import, and to README's table", dir)
			continue
		}
		for _, name := range names {
			f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
			if err != nil {
				t.Fatal(err)
			}
			test := strings.HasSuffix(name, "_test.go")
			for _, i := range f.Imports {
				path := strings.Trim(i.Path.Value, `"`)
				ours, isOurs := strings.CutPrefix(path, "frontdesk/")
				switch {
				case isOurs && (allowed(room.ours, ours) || test):
				case isOurs:
					t.Errorf("%s imports %s: declare the few methods it needs, or allow that import in rooms[%q]", name,
						ours, dir)
				case !strings.Contains(strings.Split(path, "/")[0], "."): // the standard library
				case theirs(room.theirs, path), test && theirs(forTests, path):
				default:
					t.Errorf("%s imports %s: use what is there, or allow the module in rooms[%q]", name, path, dir)
				}
			}
		}
	}
	for dir := range rooms {
		if len(found[dir]) == 0 {
			t.Errorf("%s has no Go files: take it out of rooms and of README's table", dir)
		}
	}
}

// maxFile is how many lines a file of the program has at most.
const maxFile = 500

func TestNothingGrowsTooLarge(t *testing.T) {
	for dir, names := range files(t) {
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if lines := strings.Count(string(text), "\n"); lines > maxFile && !generated(text) {
				t.Errorf("%s has %d lines, and may have %d: cut it where a second noun begins", name, lines, maxFile)
			}
			f, err := parser.ParseFile(token.NewFileSet(), name, text, parser.PackageClauseOnly|parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			if f.Doc == nil && !generated(text) && !packageHasDoc(names) {
				t.Errorf("%s: the package does not say what it is for: add a package comment that lists its files", dir)
			}
		}
	}
}

// generated reports whether a program wrote the file.
func generated(text []byte) bool {
	return strings.Contains(string(text[:min(len(text), 500)]), "DO NOT EDIT")
}

func packageHasDoc(names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.PackageClauseOnly|parser.ParseComments)
		return err == nil && f.Doc != nil
	})
}

// TestTheReadmeMapsTheRooms compares README's map with the folders. A room stands for the rooms in it.
func TestTheReadmeMapsTheRooms(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, part, ok := strings.Cut(string(text), "## The rooms")
	if !ok {
		t.Fatal("README has no table of rooms: restore its section \"The rooms\"")
	}
	part, _, _ = strings.Cut(part, "\n## ")
	named := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| (`[^|]+) \\|").FindAllStringSubmatch(part, -1) {
		for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row[1], -1) {
			named[m[1]] = true
			if _, err := os.Stat("../" + m[1]); err != nil {
				t.Errorf("README names %s, which is not there: correct or delete the row of its table", m[1])
			}
		}
	}
	for dir := range rooms {
		within := dir
		for !named[within] && within != "." {
			within = filepath.Dir(within)
		}
		if !named[within] {
			t.Errorf("README's map of rooms names neither %s nor a folder it is in: add a row", dir)
		}
	}
}

// TestNothingHasTODOsAndCoreHasNoRealClock finds words that have no place in it.
func TestNothingHasTODOsAndCoreHasNoRealClock(t *testing.T) {
	banned := regexp.MustCompile(`\b(TODO|FIXME|XXX|HACK)\b|time\.Now\(\)`)
	for dir, names := range files(t) {
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") || strings.HasSuffix(dir, "oas") || strings.HasSuffix(dir, "gql") {
				continue
			}
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, found := range banned.FindAllString(string(text), -1) {
				// Core asks its own clock; what measures may look at the real one.
				if found != "time.Now()" || strings.HasPrefix(dir, "core") {
					remedy := "do it now, or describe it in an issue"
					if found == "time.Now()" {
						remedy = "take the time from the service's field Now"
					}
					t.Errorf("%s has %s: %s", name, found, remedy)
				}
			}
		}
	}
}

// TestTheHouseNumbersEachMigrationOnce finds two that were given one number side by
// side: no database could be opened with both.
func TestTheHouseNumbersEachMigrationOnce(t *testing.T) {
	all, err := filepath.Glob("../store/migrations/*.sql")
	if err != nil || len(all) < 20 {
		t.Fatalf("%d migrations, %v", len(all), err)
	}
	taken := map[string]string{}
	for _, f := range all {
		number, _, _ := strings.Cut(filepath.Base(f), "_")
		if other := taken[number]; other != "" {
			t.Errorf("%s and %s have one number: give the later one the next that is free", other, f)
		}
		taken[number] = f
	}
}

// checksInput finds where core names the field of a fault.
var checksInput = regexp.MustCompile(`\binput\.Checks\b|\bfault\.(Wrong|Input|Field)\b|\bMisnamed\(`)

// wireSpelling finds a name as a contract spells it: camelCase, or a header.
var wireSpelling = regexp.MustCompile(`"[a-z][a-z0-9_.]*[A-Z][A-Za-z0-9_.]*"|"[A-Z][A-Za-z]*(-[A-Z][A-Za-z]*)+"`)

// TestFaultFieldsInCoreAreSnakeCase reads each declaration of core that checks input.
func TestFaultFieldsInCoreAreSnakeCase(t *testing.T) {
	for dir, names := range files(t) {
		for _, name := range names {
			if !strings.HasPrefix(dir, "core/") || strings.HasSuffix(name, "_test.go") {
				continue
			}
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			set := token.NewFileSet()
			f, err := parser.ParseFile(set, name, text, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range f.Decls {
				code := text[set.Position(d.Pos()).Offset:set.Position(d.End()).Offset]
				if !checksInput.Match(code) {
					continue
				}
				for _, wrong := range wireSpelling.FindAll(code, -1) {
					t.Errorf("%s: %s is no field of core's: name it in snake_case, and add it to the tables called.go "+
						"of rest and graph", set.Position(d.Pos()), wrong)
				}
			}
		}
	}
}
