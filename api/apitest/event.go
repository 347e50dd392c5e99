// Package apitest holds what is sent against the contract, for tests.
package apitest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"frontdesk/api"
	"frontdesk/core/event"
	"frontdesk/core/webhook"
)

// root is where the schemas are taken to be served.
const root = "https://frontdesk.example/events/"

// schemas are the schemas of events, by type, compiled once.
var schemas = sync.OnceValues(func() (map[string]*jsonschema.Schema, error) {
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	names, err := fs.Glob(api.Events, "events/*.*.json")
	if err != nil {
		return nil, err
	}
	for _, name := range append(names, "events/parts.json") {
		text, err := fs.ReadFile(api.Events, name)
		if err != nil {
			return nil, err
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if err := c.AddResource(root+name[len("events/"):], doc); err != nil {
			return nil, err
		}
	}
	out := map[string]*jsonschema.Schema{}
	for _, name := range names {
		name = name[len("events/"):]
		if out[name[:len(name)-len(".json")]], err = c.Compile(root + name); err != nil {
			return nil, err
		}
	}
	return out, nil
})

// Payload says what of an event's payload, as it is sent, is against the schema
// of its type.
func Payload(body []byte) error {
	all, err := schemas()
	if err != nil {
		return err
	}
	var of struct {
		Type string `json:"event_type"`
	}
	if err := json.Unmarshal(body, &of); err != nil {
		return err
	}
	schema, ok := all[of.Type]
	if !ok {
		return fmt.Errorf("there is no schema of %q", of.Type)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return err
	}
	return schema.Validate(value)
}

// Event says what of an event is against the schema of its type. Those that the
// log does not show are ids and no more.
func Event(e event.Event) error {
	if slices.Contains(event.Types, e.Type) && !slices.Contains(event.Logged, e.Type) {
		return thin(e.Data)
	}
	body, err := json.Marshal(webhook.NewPayload(e))
	if err != nil {
		return err
	}
	return Payload(body)
}

// plain are what events about deliveries themselves say besides ids.
var plain = []string{"failed_event_type", "status", "paused"}

func thin(data []byte) error {
	var all map[string]any
	if err := json.Unmarshal(data, &all); err != nil {
		return err
	}
	ids := map[string]string{}
	for name, value := range all {
		if !slices.Contains(plain, name) {
			ids[name] = fmt.Sprint(value)
		}
	}
	for name, id := range ids {
		if n, err := strconv.ParseInt(id, 10, 64); !strings.HasSuffix(name, "_id") || err != nil || n <= 0 {
			return fmt.Errorf("%s is %q", name, id)
		}
	}
	if len(ids) == 0 {
		return errors.New("it says of nothing what happened")
	}
	return nil
}

// Events fails a test for each event that is against the schema of its type.
func Events(t testing.TB, all []event.Event) {
	t.Helper()
	for _, e := range all {
		if err := Event(e); err != nil {
			t.Errorf("%s %s: %v", e.Type, e.Data, err)
		}
	}
}
