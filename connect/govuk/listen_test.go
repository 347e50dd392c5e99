package govuk_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"frontdesk/connect/govuk"
	"frontdesk/core/carrier"
	"frontdesk/core/fault"
)

var noon = time.Date(2026, 3, 16, 12, 0, 0, 0, time.UTC)

func listener(t testing.TB, token string) *govuk.Carrier {
	t.Helper()
	c, err := govuk.New(govuk.Settings{APIKey: key, SMSTemplate: smsID, CallbackToken: token},
		govuk.Options{Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func call(authorization string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/callback", nil)
	r.Header.Set("Authorization", authorization)
	return r
}

func TestACallIsBelievedByItsToken(t *testing.T) {
	const body = `{"id":"740e5834-3a29-46b4-9a6f-16142fde533a","status":"delivered"}`
	for authorization, ok := range map[string]bool{
		"Bearer " + bearer: true, "Bearer " + bearer + "x": false, "Bearer": false, "": false, bearer: false, "Basic " +
			bearer: false,
	} {
		if _, err := listener(t, bearer).ReadCallback(context.Background(),
			called(call(authorization), []byte(body))); (err == nil) != ok || !ok && !errors.Is(err, carrier.ErrNotProvider) {
			t.Errorf("%q: %v", authorization, err)
		}
		if _, err := listener(t, "").ReadCallback(context.Background(),
			called(call(authorization), []byte(body))); !errors.Is(err, carrier.ErrNotProvider) {
			t.Errorf("%q, without a token of ours: %v", authorization, err)
		}
	}
}

func TestCallsAreReadAsReceiptsAndReplies(t *testing.T) {
	const id = "740e5834-3a29-46b4-9a6f-16142fde533a"
	for _, c := range []struct {
		name, body string
		want       carrier.Report
		wrong      string
	}{
		{name: "delivered", body: `{"id":"` + id +
			`","reference":"leg-1","to":"+447700900123","status":"delivered",` +
			`"completed_at":"2026-03-16T11:59:00.000000Z","template_version":1}`,
			want: carrier.Report{Receipts: []carrier.Receipt{{Key: "leg-1", ProviderID: id,
				Progress: carrier.ProgressDelivered, At: noon.Add(-time.Minute)}}}},
		{name: "no such number", body: `{"id":"` + id +
			`","reference":null,"status":"permanent-failure","completed_at":null}`,
			want: carrier.Report{Receipts: []carrier.Receipt{{ProviderID: id, Progress: carrier.ProgressFailed,
				Code:   "permanent-failure",
				Reason: "The number or address does not exist, or takes no messages.", At: noon}}}},
		{name: "switched off", body: `{"id":"` + id + `","status":"temporary-failure"}`,
			want: carrier.Report{Receipts: []carrier.Receipt{{ProviderID: id, Progress: carrier.ProgressFailed,
				Code:   "temporary-failure",
				Reason: "The telephone was off or the mailbox full for too long.", At: noon}}}},
		{name: "their own trouble", body: `{"id":"` + id + `","status":"technical-failure"}`,
			want: carrier.Report{Receipts: []carrier.Receipt{{ProviderID: id, Progress: carrier.ProgressFailed,
				Code:   "technical-failure",
				Reason: "GOV.UK Notify had trouble of its own with the message.", At: noon}}}},
		{name: "sent abroad", body: `{"id":"` + id + `","status":"sent"}`},
		{name: "an answer", body: `{"id":"` + id +
			`","source_number":"447700900123","destination_number":"07700900111","message":"Thank you",` +
			`"date_received":"2026-03-16T11:58:00.000000Z"}`,
			want: carrier.Report{Replies: []carrier.Reply{{ID: id, Channel: carrier.SMS, From: "+447700900123",
				Text: "Thank you", At: noon.Add(-2 * time.Minute)}}}},
		{name: "an answer from a name", body: `{"id":"` + id + `","source_number":"Pizza","message":"Buy"}`},
		{name: "no id", body: `{"status":"delivered"}`, wrong: "id"},
		{name: "neither", body: `{"id":"` + id + `"}`, wrong: "status"},
	} {
		t.Run(c.name, func(t *testing.T) {
			told, err := listener(t, bearer).ReadCallback(context.Background(), called(call("Bearer "+bearer), []byte(c.body)))
			if c.wrong != "" {
				if f := fault.Of(err); f.Kind != fault.Invalid || strings.Join(f.Fields[0].Path, ".") != c.wrong {
					t.Errorf("got %v", err)
				}
				return
			}
			if err != nil || !reflect.DeepEqual(told, c.want) {
				t.Errorf("%v\ngot  %+v\nwant %+v", err, told, c.want)
			}
		})
	}
	for _, body := range []string{"", "[]", `{"id":7}`} {
		if _, err := listener(t, bearer).ReadCallback(context.Background(),
			called(call("Bearer "+bearer), []byte(body))); fault.Of(err).Kind != fault.Invalid {
			t.Errorf("%q: %v", body, err)
		}
	}
}

func TestReceiptsAndRepliesComeBack(t *testing.T) {
	w := build(t, nil)
	for i, to := range []string{"+447700900123", "+447700900989", "+447700900991", "+447700900998", "+447700900999"} {
		if _, err := w.carrier.Send(t.Context(), sms(to, "leg-"+strconv.Itoa(i))); err != nil {
			t.Fatal(err)
		}
	}
	receipts, replies := w.heard(t, 7)
	got := map[string]string{}
	for _, r := range receipts {
		got[r.Key] += string(r.Progress) + r.Code
	}
	for _, r := range replies {
		got[r.From] = r.Text
	}
	want := map[string]string{
		"leg-0": "delivered", "leg-1": "delivered", "leg-2": "failedpermanent-failure", "leg-3": "delivered",
		"leg-4":         "delivered",
		"+447700900998": "STOP", "+447700900999": "Thank you",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q", got)
	}
}

// FuzzListen feeds calls with anything at all in them.
func FuzzListen(f *testing.F) {
	f.Add(`{"id":"a","reference":"b","status":"permanent-failure","completed_at":"2026-03-16T11:59:00Z"}`)
	f.Add(`{"id":"a","source_number":"447700900123","message":"x\u0000\ud800","date_received":""}`)
	f.Add(`null`)
	c, r := listener(f, bearer), call("Bearer "+bearer)
	f.Fuzz(func(t *testing.T, body string) {
		told, err := c.ReadCallback(context.Background(), called(r, []byte(body)))
		if err != nil {
			if fault.Of(err).Kind != fault.Invalid || !reflect.DeepEqual(told, carrier.Report{}) {
				t.Errorf("%v and %+v", err, told)
			}
			return
		}
		for _, r := range told.Receipts {
			if r.ProviderID == "" || r.At.IsZero() || !utf8.ValidString(r.Key+r.ProviderID) ||
				strings.ContainsRune(r.Key+r.ProviderID, 0) {
				t.Errorf("%+v", r)
			}
		}
		for _, r := range told.Replies {
			if r.ID == "" || r.At.IsZero() || !utf8.ValidString(r.Text) || strings.ContainsRune(r.Text, 0) ||
				!strings.HasPrefix(r.From, "+") {
				t.Errorf("%+v", r)
			}
		}
	})
}

// called is a request as a carrier reads it.
func called(r *http.Request, body []byte) carrier.Callback {
	return carrier.Callback{Header: r.Header, Query: r.URL.RawQuery, Body: body}
}
