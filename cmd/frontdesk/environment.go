package main

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/alecthomas/kong"
)

// settings are the flags that mean the same to every command that has them. Other
// flags say what one command is to make or to show, and no variable that is meant
// for the server may change that.
var settings = []string{"db", "seal-key", "log-level", "json", "group", "url", "key", "credentials", "public-url"}

// keepToSettings takes the variables from all other flags but those of serve.
func keepToSettings(k *kong.Kong) error {
	for _, command := range k.Model.Leaves(false) {
		for _, flag := range command.Flags {
			if command.Name != "serve" && !slices.Contains(settings, flag.Name) {
				flag.Envs = []string{"-"}
			}
		}
	}
	return nil
}

// stray is a variable that looks like one of ours and is none.
type stray struct{ Name, Meant string }

// linked are variables that Kubernetes and Docker make up for a service that is
// called frontdesk.
var linked = regexp.MustCompile(`^FRONTDESK_(SERVICE_|PORT$|PORT_|NAME$|ENV_)`)

// strays finds the variables that no command reads, with what each may have been
// meant as.
func strays(root *kong.Node, environment []string) []stray {
	known := map[string]bool{}
	var look func(n *kong.Node)
	look = func(n *kong.Node) {
		for _, flag := range n.Flags {
			for _, name := range flag.Envs {
				known[name] = true
			}
		}
		for _, child := range n.Children {
			look(child)
		}
	}
	look(root)
	names := slices.Sorted(maps.Keys(known))
	var out []stray
	for _, text := range environment {
		name, _, _ := strings.Cut(text, "=")
		if !strings.HasPrefix(strings.ToUpper(name), "FRONTDESK_") || known[name] || linked.MatchString(name) {
			continue
		}
		s := stray{Name: name}
		for _, n := range names {
			if d := levenshtein.ComputeDistance(strings.ToUpper(name), n); d <= 4 &&
				(s.Meant == "" || d < levenshtein.ComputeDistance(strings.ToUpper(name), s.Meant)) {
				s.Meant = n
			}
		}
		out = append(out, s)
	}
	return out
}
