package api_test

import (
	"bufio"
	"os"
	"strings"
	"testing"

	"github.com/go-faster/yaml"
)

// TestEveryPublishedOperationIsInTheContract holds api/openapi.yaml against the operations that the public reference of
// the Hero Health Public API names with a method and a path (https://developer.herohealth.net).
func TestEveryPublishedOperationIsInTheContract(t *testing.T) {
	text, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Paths map[string]map[string]struct {
			Extension bool `yaml:"x-frontdesk-extension"`
		} `yaml:"paths"`
	}
	if err := yaml.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open("testdata/published.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	n := 0
	for lines := bufio.NewScanner(file); lines.Scan(); {
		method, path, ok := strings.Cut(lines.Text(), " ")
		if !ok || method == "#" {
			continue
		}
		n++
		if op, ok := doc.Paths[path][strings.ToLower(method)]; !ok {
			t.Errorf("the contract lacks %s %s", method, path)
		} else if op.Extension {
			t.Errorf("%s %s is published, and is called an extension", method, path)
		}
	}
	if n < 60 {
		t.Errorf("the list has %d operations", n)
	}
}
