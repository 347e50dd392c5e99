package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"go.yaml.in/yaml/v3"

	"frontdesk/api"
	"frontdesk/core/event"
	"frontdesk/store/storetest"
)

// asked are the methods and paths that stories have asked for.
var asked = struct {
	sync.Mutex
	of map[string]bool
}{of: map[string]bool{}}

func note(method, path string) {
	path, _, _ = strings.Cut(path, "?")
	asked.Lock()
	defer asked.Unlock()
	asked.of[method+" "+path] = true
}

// unasked finds operations of the contract that no story has asked for.
func unasked() ([]string, error) {
	text, err := os.ReadFile("../../api/openapi.yaml")
	if err != nil {
		return nil, err
	}
	var doc struct {
		Paths map[string]map[string]any `yaml:"paths"`
	}
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, err
	}
	var out []string
	for path, methods := range doc.Paths {
		pattern := regexp.MustCompile(`^` + regexp.MustCompile(`\{[a-z_]+\}`).ReplaceAllString(path, `[^/]+`) + `$`)
		for method := range methods {
			method = strings.ToUpper(method)
			found := false
			for was := range asked.of {
				m, p, _ := strings.Cut(was, " ")
				found = found || m == method && pattern.MatchString(p)
			}
			if !found {
				out = append(out, method+" "+path)
			}
		}
	}
	return out, nil
}

// TestProxyFindsBreachesOfTheContract checks the checker: against a
// contract that asks for a field that no answer has, it must object. It runs alone: others could take the port that
// the second proxy is to have.
func TestProxyFindsBreachesOfTheContract(t *testing.T) {
	text, err := os.ReadFile("../../api/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	const field = "required: [id, name, sector, address]"
	if !strings.Contains(string(text), field) {
		t.Fatal("the contract has changed")
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, api.Events); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "openapi.yaml")
	other := strings.Replace(string(text), field, "required: [id, name, sector, address, unicorn]", 1)
	if err := os.WriteFile(file, []byte(other), 0o600); err != nil {
		t.Fatal(err)
	}
	strict, err := startPrism(file)
	if err != nil {
		t.Fatal(err)
	}
	defer strict.stop()
	p := openOn(t, storetest.SQLite(t))
	r, _ := http.NewRequest("GET", strict.url+"/v1/me", nil)
	for name, value := range map[string]string{"x-api-key": p.creds.Key, "x-practice-group-id": p.creds.Group,
		upstreamHeader: p.app.URL()} {
		r.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	found := violations(t, res)
	if len(found) == 0 || found[0].Location[0] != "response" || !strings.Contains(found[0].Message, "unicorn") {
		t.Fatalf("it found %+v", found)
	}
}

func TestTheContractIsServed(t *testing.T) {
	t.Parallel()
	p := openOn(t, storetest.SQLite(t))
	file, err := os.ReadFile("../../api/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if got := p.direct("GET", "/openapi.yaml", nil); got.Text != string(file) ||
		got.Header.Get("Content-Type") != "application/yaml" {
		t.Fatal("/openapi.yaml is not the contract")
	}
	got := p.direct("GET", "/openapi.json", nil)
	if got.Body["openapi"] != "3.1.0" || len(got.Body["paths"].(map[string]any)) < 20 ||
		got.Header.Get("Content-Type") != "application/json" {
		t.Fatalf("/openapi.json: %.200s", got.Text)
	}
	webhooks := got.Body["webhooks"].(map[string]any)
	if len(webhooks) != len(event.Logged) {
		t.Fatalf("/openapi.json has %d webhooks", len(webhooks))
	}
	for of := range webhooks {
		if got := p.direct("GET", "/events/"+of+".json", nil); got.Body["title"] != of ||
			got.Header.Get("Content-Type") != "application/schema+json" {
			t.Errorf("/events/%s.json: %.200s", of, got.Text)
		}
	}
	if got := p.direct("GET", "/events/parts.json", nil); got.Body["$defs"] == nil {
		t.Errorf("/events/parts.json: %.200s", got.Text)
	}
	if got := p.direct("GET", "/events/nothing.json", nil); got.Status != 404 {
		t.Errorf("/events/nothing.json: %d", got.Status)
	}
}
