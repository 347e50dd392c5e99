package rest

import (
	"reflect"
	"strings"
	"sync"

	"frontdesk/core/fault"
)

// others are the names this API has for fields of core, where they differ. An operation
// has the first of them that it takes.
var others = map[string][]string{
	"appointment":      {"appointment_id"},
	"appointment_type": {"appointment_type_id"},
	"assignee_ids":     {"assignee_id[]"},
	"assignee":         {"assignee_id"},
	"billpayer":        {"billpayer_id"},
	"birth_date":       {"dob"},
	"channel":          {"message_type"},
	"choices":          {"options"},
	"contact":          {"recipient_contact_detail"},
	"end":              {"end_time", "end_date"},
	"event_types":      {"event_type"},
	"expires":          {"expiry_date"},
	"fallback":         {"fallback_message_type"},
	"fallback_contact": {"fallback_contact_detail"},
	"form":             {"form_id"},
	"length":           {"duration", "slot_length"},
	"location":         {"location_id"},
	"locations":        {"location_ids", "location_id"},
	"members":          {"member_ids"},
	"max_uses":         {"maximum_use_count"},
	"orders":           {"order_by[]"},
	"page":             {"page_index"},
	"patient":          {"patient_id"},
	"practitioner":     {"practitioner_id"},
	"practitioners":    {"practitioner_ids", "practitioner_id"},
	"question":         {"name"},
	"questionnaire":    {"form_id"},
	"permission":       {"permissions"},
	"replaces":         {"replaces_appointment_id"},
	"scope":            {"scopes"},
	"source":           {"data_source"},
	"start":            {"start_time", "start_date"},
	"step":             {"slot_length"},
	"text":             {"message_string"},
	"type":             {"appointment_type_id"},
	"types":            {"appointment_type_ids", "appointment_type_id"},
}

// called is a fault with the names that an operation has for its fields.
func called(operation string, f *fault.Error) *fault.Error {
	takes := taken(operation)
	return f.Renamed(func(name string) string {
		for _, one := range append([]string{name}, others[name]...) {
			if takes[plain.Replace(strings.ToLower(one))] {
				return one
			}
		}
		return name
	})
}

// plain takes off a name what a name in Go cannot have.
var plain = strings.NewReplacer("_", "", "-", "", "[]", "")

// names are what operations take, by operation, worked out once.
var names sync.Map

// taken are the names of an operation's parameters and of the fields of its body, as
// plain makes them.
func taken(operation string) map[string]bool {
	if known, ok := names.Load(operation); ok {
		return known.(map[string]bool)
	}
	m, ok := handler.MethodByName(strings.ToUpper(operation[:min(1, len(operation))]) +
		operation[min(1, len(operation)):])
	if !ok {
		return nil
	}
	out := map[string]bool{}
	for i := 1; i < m.Type.NumIn(); i++ {
		noteNames(m.Type.In(i), out, map[reflect.Type]bool{})
	}
	names.Store(operation, out)
	return out
}

func noteNames(t reflect.Type, out map[string]bool, seen map[reflect.Type]bool) {
	t = inside(t)
	for t != nil && (t.Kind() == reflect.Slice || t.Kind() == reflect.Map) {
		t = inside(t.Elem())
	}
	if t == nil || t.Kind() != reflect.Struct || seen[t] {
		return
	}
	seen[t] = true
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" {
			name = f.Name
		}
		out[plain.Replace(strings.ToLower(name))] = true
		noteNames(f.Type, out, seen)
	}
}
