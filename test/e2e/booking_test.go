package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestFromAFreeSlotToAConfirmedAppointment(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		list := p.ok("GET", "/v1/slots?start_date=2031-01-06&end_date=2031-01-10&page_size=3", nil)
		slot := list.data()[0]
		if n := p.ok("GET", "/v1/slots/count?start_date=2031-01-06&end_date=2031-01-10",
			nil).Body["count"]; n != list.Body["count"] || n.(float64) < 100 {
			t.Fatalf("counted %v, listed %v", n, list.Body["count"])
		}
		same := p.ok("GET", "/v1/slots/"+slot["id"].(string), nil)
		if fmt.Sprint(same.Body) != fmt.Sprint(slot) {
			t.Fatalf("by its id the slot is %v, in the list it is %v", same.Body, slot)
		}
		ask := request(slot)
		if got := p.ok("POST", "/v1/slots/availability", ask); got.Body["available"] != true {
			t.Fatalf("got %s", got.Text)
		}
		patient := p.patient()
		held := p.ok("POST", "/v1/appointments", ask)
		if until := held.str("reserved_until"); until != sunday.Add(15*time.Minute).Format(time.RFC3339) {
			t.Fatalf("held until %s", until)
		}
		id := held.str("id")
		if got := p.ok("GET", "/v1/appointments/"+id+"/status", nil); got.str("status") != "reserved" {
			t.Fatalf("got %s", got.Text)
		}
		p.refused(http.StatusNotFound, "slot_not_found", "GET", "/v1/slots/"+slot["id"].(string), nil)
		if got := p.ok("POST", "/v1/slots/availability", ask); got.Body["available"] != false {
			t.Fatalf("got %s", got.Text)
		}
		got := p.ok("PATCH", "/v1/appointments/"+id+"/book",
			map[string]any{"patient_id": patient, "reason": "cough", "suppress_mail": false})
		want := map[string]any{
			"id": id, "patient_id": patient, "start_time": slot["start_time"], "can_be_cancelled": false,
			"cancellation_policy_hours": 24.0,
			"reason":                    "cough", "suppress_mail": false,
			"booking_confirmed_at": sunday.Format(time.RFC3339),
			"cancelled_at":         nil,
			"appointment_source":   "api",
		}
		for field, value := range want {
			if got.Body[field] != value {
				t.Errorf("%s is %v, want %v", field, got.Body[field], value)
			}
		}
		if name := got.Body["patient"].(map[string]any)["last_name"]; name != "D'Arcy" {
			t.Errorf("the patient is %v", name)
		}
		if again := p.ok("PATCH", "/v1/appointments/"+id+"/book",
			map[string]any{"patient_id": patient}); again.Text != got.Text {
			t.Errorf("confirmed again: %s, at first %s", again.Text, got.Text)
		}
		if read := p.ok("GET", "/v1/appointments/"+id, nil); read.Text != got.Text {
			t.Errorf("read: %s, confirmed: %s", read.Text, got.Text)
		}
	})
}

func TestLostRaceOffersOtherSlots(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		ask := request(p.slot(0))
		p.ok("POST", "/v1/appointments", ask)
		lost := p.refused(http.StatusConflict, "slot_taken", "POST", "/v1/appointments", ask)
		nearest, _ := lost.Body["nearest_slots"].([]any)
		if len(nearest) != 5 {
			t.Fatalf("got %s", lost.Text)
		}
		p.ok("POST", "/v1/appointments", request(nearest[0].(map[string]any)))
		night := ask
		night["start_time"] = "2031-01-07T02:00:00Z"
		p.refused(http.StatusConflict, "slot_not_offered", "POST", "/v1/appointments", night)
		night["suppress_availability_check"] = true
		p.ok("POST", "/v1/appointments", night)
		p.refused(http.StatusConflict, "slot_taken", "POST", "/v1/appointments", night)
	})
}

func TestExpiredHoldCannotBeBooked(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		ask := request(p.slot(3))
		id := p.ok("POST", "/v1/appointments", ask).str("id")
		p.clock.move(15 * time.Minute)
		if got := p.ok("GET", "/v1/appointments/"+id+"/status", nil); got.str("status") != "released" {
			t.Fatalf("got %s", got.Text)
		}
		late := p.refused(http.StatusConflict, "hold_expired", "PATCH", "/v1/appointments/"+id+"/book",
			map[string]any{"patient_id": p.patient()})
		if nearest, _ := late.Body["nearest_slots"].([]any); len(nearest) == 0 {
			t.Fatalf("got %s", late.Text)
		}
		p.ok("POST", "/v1/appointments", ask) // at once, for another patient
	})
}

func TestEditRescheduleAndCancel(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		first, second, third := p.slot(0), p.slot(40), p.slot(200)
		r := request(first)
		r["patient_id"] = p.patient()
		id := p.ok("POST", "/v1/appointments", r).str("id")
		to := func(slot map[string]any) map[string]any {
			m := request(slot)
			delete(m, "appointment_type_id")
			delete(m, "location_id")
			m["suppress_availability_check"] = true
			return m
		}
		got := p.ok("PUT", "/v1/appointments/"+id, to(second))
		if got.str("start_time") != second["start_time"] || got.str("practitioner_id") != second["practitioner_id"] {
			t.Fatalf("got %s", got.Text)
		}
		p.refused(http.StatusConflict, "appointment_not_confirmed", "PATCH", "/v1/appointments/"+id+"/reschedule",
			to(third))
		p.ok("PATCH", "/v1/appointments/"+id+"/book", nil)
		p.refused(http.StatusConflict, "appointment_confirmed", "PUT", "/v1/appointments/"+id, to(first))
		moved := p.ok("PATCH", "/v1/appointments/"+id+"/reschedule", to(third))
		if again := p.ok("PATCH", "/v1/appointments/"+id+"/reschedule", to(third)); again.Text != moved.Text ||
			moved.str("start_time") != third["start_time"] {
			t.Fatalf("moved: %s, again: %s", moved.Text, again.Text)
		}
		start, _ := time.Parse(time.RFC3339, third["start_time"].(string))
		p.clock.move(start.Add(-23 * time.Hour).Sub(p.clock.Now()))
		late := p.refused(http.StatusConflict, "cancellation_window_closed", "PATCH", "/v1/appointments/"+id+"/cancel",
			nil)
		if !strings.Contains(late.str("detail"), "24 hours") {
			t.Fatalf("it says %q", late.str("detail"))
		}
		cancelled := p.ok("PATCH", "/v1/appointments/"+id+"/cancel",
			map[string]any{"suppress_cancellation_policy": true})
		if again := p.ok("PATCH", "/v1/appointments/"+id+"/cancel", nil); again.Text != cancelled.Text ||
			cancelled.str("cancelled_at") == "" {
			t.Fatalf("cancelled: %s, again: %s", cancelled.Text, again.Text)
		}
		p.refused(http.StatusConflict, "appointment_cancelled", "PATCH", "/v1/appointments/"+id+"/book", nil)
	})
}

func TestAppointmentsAreListedAndFiltered(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		var ids []string
		for n := range 5 {
			ids = append(ids, p.booked(n*7))
		}
		all := p.ok("GET", "/v1/appointments?page_size=2&page_index=1", nil)
		if all.Body["count"] != 5.0 || len(all.data()) != 2 {
			t.Fatalf("got %s", all.Text)
		}
		one := p.ok("GET", "/v1/appointments/"+ids[0], nil)
		for query, want := range map[string]float64{
			"field=patient_last_name&search=d%27ar": 5, "field=patient_full_name&search=nia+darcy": 5,
			"field=patient_first_name&search=x":                0,
			"field=patient_id&search=" + one.str("patient_id"): 1, "patient_id=" + one.str("patient_id"): 1,
			"status=booked":    5,
			"status=cancelled": 0,
			"start_date=2031-01-07&end_date=2031-01-07": 5, "start_date=2031-02-01": 0, "order_descending=true": 5,
			"practitioner_id=99": 0,
			"location_id=" + one.str("location_id") + "&appointment_type_id=" + one.str("appointment_type_id"): -1,
		} {
			got := p.ok("GET", "/v1/appointments?"+query, nil)
			if n := got.Body["count"].(float64); n != want && (want >= 0 || n < 1) {
				t.Errorf("%s: %v, want %v", query, n, want)
			}
		}
	})
}

func TestRepeatedRequestGetsTheFirstAnswer(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		ask := request(p.slot(0))
		answers := make([]answer, 30)
		var wait sync.WaitGroup
		for i := range answers {
			wait.Go(func() { answers[i] = p.direct("POST", "/v1/appointments", ask, once("abc")) })
		}
		wait.Wait()
		first := 0
		for _, a := range answers {
			if a.Status != http.StatusOK || a.Text != answers[0].Text {
				t.Fatalf("got %d %s, and %s", a.Status, a.Text, answers[0].Text)
			}
			if a.Header.Get("Idempotency-Replayed") == "" {
				first++
			}
		}
		if first != 1 {
			t.Fatalf("%d of them were the first", first)
		}
		p.ok("POST", "/v1/appointments", ask, once("abc"))
		p.refused(http.StatusUnprocessableEntity, "idempotency_key_reused", "POST", "/v1/appointments",
			request(p.slot(9)),
			once("abc"))
		// Another key of the same group is another holder.
		p.refused(http.StatusConflict, "slot_taken", "POST", "/v1/appointments", ask, once("abc"),
			key(p.creds.Keys["booking"]))
		// A refusal is repeated too, even when the request would now be done.
		taken := p.refused(http.StatusConflict, "slot_taken", "POST", "/v1/appointments", ask, once("def"))
		p.ok("PATCH", "/v1/appointments/"+answers[0].str("id")+"/cancel", nil)
		if again := p.ask("POST", "/v1/appointments", ask, once("def")); again.Status != http.StatusConflict ||
			again.Text != taken.Text {
			t.Fatalf("got %d %s", again.Status, again.Text)
		}
		p.clock.move(24 * time.Hour)
		late := request(p.slot(100))
		p.ok("POST", "/v1/appointments", late, once("abc"))
		id := p.booked(50)
		for range 2 {
			p.ok("PATCH", "/v1/appointments/"+id+"/cancel", map[string]any{"suppress_cancellation_policy": true},
				once("cancel"))
		}
		p.refused(http.StatusBadRequest, "invalid_request", "POST", "/v1/appointments", late,
			once(strings.Repeat("x", 256)))
	})
}
