package apitest_test

import (
	"encoding/json"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"frontdesk/api"
	"frontdesk/api/apitest"
	"frontdesk/core/event"
	"frontdesk/core/webhook"
)

func invented(of event.Type) event.Event {
	return event.Event{ID: 1, Group: 2, Type: of, Subject: 3, Sequence: 4,
		At:   time.Date(2031, 1, 6, 9, 0, 0, 0, time.UTC),
		Data: webhook.Sample(of)}
}

func TestSamplesMatchTheirSchemas(t *testing.T) {
	for _, of := range event.Logged {
		apitest.Events(t, []event.Event{invented(of)})
	}
}

// TestEachTypeOfEventIsInTheContract compares the types there are with the
// schemas, with the types a webhook can subscribe to, and with the webhooks section.
func TestEachTypeOfEventIsInTheContract(t *testing.T) {
	want := []string{}
	for _, of := range event.Logged {
		want = append(want, string(of))
	}
	files, err := fs.Glob(api.Events, "events/*.*.json")
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range files {
		files[i] = strings.TrimSuffix(strings.TrimPrefix(name, "events/"), ".json")
	}
	var contract struct {
		Webhooks map[string]struct {
			Post struct {
				RequestBody struct {
					Content map[string]struct {
						Schema struct {
							Ref string `yaml:"$ref"`
						}
					}
				} `yaml:"requestBody"`
			}
		}
		Components struct {
			Schemas struct {
				EventType struct{ Enum []string } `yaml:"EventType"`
			}
		}
	}
	if err := yaml.Unmarshal(api.OpenAPI, &contract); err != nil {
		t.Fatal(err)
	}
	for name, w := range contract.Webhooks {
		if got := w.Post.RequestBody.Content["application/json"].Schema.Ref; got != "events/"+name+".json" {
			t.Errorf("the webhook %s has the schema %s", name, got)
		}
	}
	for what, got := range map[string][]string{
		"schemas": files, "event_type": contract.Components.Schemas.EventType.Enum,
		"webhooks": slices.Collect(maps.Keys(contract.Webhooks)),
	} {
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s:\n%v, want\n%v", what, got, want)
		}
	}
}

func TestSchemaRefusesWrongEvents(t *testing.T) {
	for _, c := range []struct {
		name string
		of   event.Type
		from string
		to   string
		want string // in the error; empty is none
	}{
		{"nothing", event.MessageSent, "", "", ""},
		{"an unknown field", event.MessageSent, `"data":{`, `"data":{"text":"Your results are in",`, "text"},
		{"an unknown detail", event.MessageSent, `"data":{`, `"data":{"details":{"diagnosis":"x"},`, "diagnosis"},
		{"details", event.MessageSent, `"data":{`,
			`"data":{"details":{"patient":{"first_name":"Ada","dob":"1985-12-10"},"content":"Hello"},`, ""},
		{"a birth date that is none", event.PatientMerged, `"data":{`,
			`"data":{"details":{"patient":{"dob":"10/12/1985"}},`,
			"dob"},
		{"a reply to what was sent", event.MessageSent, `"data":{`, `"data":{"details":{"reply":"Thanks"},`, "reply"},
		{"another type's state", event.MessageSent, `"state":"sent"`, `"state":"read"`, "state"},
		{"a time in no zone", event.MessageSent, `"at":"2030-01-07T14:00:00Z"`, `"at":"2030-01-07T14:00:00"`, "at"},
		{"a time not in UTC", event.MessageSent, `"at":"2030-01-07T14:00:00Z"`, `"at":"2030-01-07T14:00:00+01:00"`,
			"at"},
		{"no sequence", event.BatchCompleted, `"sequence":4,`, ``, "sequence"},
		{"an id that is a number", event.BatchCompleted, `"id":"1"`, `"id":1`, "id"},
		{"a test", event.BatchCompleted, `"sequence":4`, `"sequence":0,"test":true`, ""},
		{"an unknown type", event.BatchCompleted, `batch.completed`, `batch.begun`, "batch.begun"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text, err := json.Marshal(webhook.NewPayload(invented(c.of)))
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(text), c.from) {
				t.Fatalf("%s has no %s", text, c.from)
			}
			err = apitest.Payload([]byte(strings.Replace(string(text), c.from, c.to, 1)))
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Fatalf("got %v, want %q", err, c.want)
			}
		})
	}
}
