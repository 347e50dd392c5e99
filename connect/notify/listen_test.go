package notify_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"frontdesk/connect/notify"
	"frontdesk/core/carrier"
	"frontdesk/core/fault"
	sim "frontdesk/sim/notify"
)

// callback is a call of NHS Notify, rightly signed.
func callback(body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/callbacks", strings.NewReader(body))
	r.Header.Set("x-api-key", callbackKey)
	r.Header.Set("x-hmac-sha256-signature", sim.Sign(application, callbackKey, []byte(body)))
	return r
}

func listener(t testing.TB) *notify.Carrier {
	t.Helper()
	c, err := notify.New(notify.Settings{BaseURL: "https://api.example/comms", CallbackKey: application,
		CallbackSecret: callbackKey}, notify.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func one(kind, attributes string) string {
	return `{"data": [{"type": "` + kind +
		`", "attributes": {"messageId": "2WL3", "messageReference": "leg-1", "timestamp": "2026-03-16T09:30:00.5Z", ` +
		attributes + `}, "meta": {"idempotencyKey": "ab"}}]}`
}

func TestACallbackIsBelievedOnlyWithKeyAndSignature(t *testing.T) {
	c := listener(t)
	body := one("ChannelStatus", `"channelStatus": "delivered"`)
	for _, x := range []struct {
		name   string
		change func(*http.Request)
		status int
	}{
		{"both are right", func(*http.Request) {}, 202},
		{"the signature is in capitals", func(r *http.Request) {
			r.Header.Set("x-hmac-sha256-signature", strings.ToUpper(r.Header.Get("x-hmac-sha256-signature")))
		}, 202},
		{"no key", func(r *http.Request) { r.Header.Del("x-api-key") }, 401},
		{"an empty key", func(r *http.Request) { r.Header.Set("x-api-key", "") }, 401},
		{"a wrong key", func(r *http.Request) { r.Header.Set("x-api-key", "guess") }, 401},
		{"no signature", func(r *http.Request) { r.Header.Del("x-hmac-sha256-signature") }, 403},
		{"a signature of something else", func(r *http.Request) {
			r.Header.Set("x-hmac-sha256-signature", sim.Sign(application, callbackKey, []byte(body+" ")))
		}, 403},
		{"a signature by another sender", func(r *http.Request) {
			r.Header.Set("x-hmac-sha256-signature", sim.Sign("another", callbackKey, []byte(body)))
		}, 403},
		{"half a signature", func(r *http.Request) {
			r.Header.Set("x-hmac-sha256-signature", r.Header.Get("x-hmac-sha256-signature")[:32])
		}, 403},
		{"a signature that is no number", func(r *http.Request) { r.Header.Set("x-hmac-sha256-signature", "zz") }, 403},
	} {
		t.Run(x.name, func(t *testing.T) {
			r := callback(body)
			x.change(r)
			told, err := c.ReadCallback(context.Background(), called(r, []byte(body)))
			if told.Status != x.status || (x.status == 202) != (err == nil) || (x.status == 202) != (len(told.Receipts) == 1) {
				t.Errorf("got %+v, %v", told, err)
			}
			if err != nil && !errors.Is(err, carrier.ErrNotProvider) {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Run("no caller is believed without settings", func(t *testing.T) {
		c, err := notify.New(notify.Settings{BaseURL: "https://api.example/comms"}, notify.Options{})
		if err != nil {
			t.Fatal(err)
		}
		r := callback(body)
		r.Header.Set("x-api-key", "")
		r.Header.Set("x-hmac-sha256-signature", sim.Sign("", "", []byte(body)))
		if told, err := c.ReadCallback(context.Background(), called(r, []byte(body))); told.Status != 401 ||
			!errors.Is(err, carrier.ErrNotProvider) {
			t.Errorf("got %+v, %v", told, err)
		}
	})
}

func TestCallbacksAreReadAsReceipts(t *testing.T) {
	at := time.Date(2026, 3, 16, 9, 30, 0, 500_000_000, time.UTC)
	delivered := carrier.Receipt{Key: "leg-1", ProviderID: "2WL3", Progress: carrier.ProgressDelivered, At: at}
	read, failed := delivered, delivered
	read.Progress = carrier.ProgressRead
	failed.Progress = carrier.ProgressFailed
	failedAs := func(code, reason string) carrier.Receipt {
		f := failed
		f.Code, f.Reason = code, reason
		return f
	}
	by := func(r carrier.Receipt, channel carrier.Channel) carrier.Receipt {
		r.Channel = channel
		return r
	}
	whole := func(r carrier.Receipt) carrier.Receipt {
		r.Whole = true
		return r
	}
	const general = "NHS Notify could not deliver the message."
	for _, x := range []struct {
		name, body string
		want       []carrier.Receipt
	}{
		{"a channel has delivered",
			one("ChannelStatus", `"channel": "sms", "channelStatus": "delivered", "supplierStatus": "delivered"`),
			[]carrier.Receipt{by(delivered, carrier.SMS)}},
		{"the patient has read it",
			one("ChannelStatus", `"channel": "nhsapp", "channelStatus": "delivered", "supplierStatus": "read"`),
			[]carrier.Receipt{by(read, carrier.NHSApp)}},
		{"the first of two channels has failed",
			one("ChannelStatus",
				`"cascadeType": "primary", "cascadeOrder": 1, "channel": "nhsapp", "channelStatus": "failed", `+
					`"channelFailureReasonCode": "CFR_NHSA_0001"`),
			[]carrier.Receipt{by(failedAs("CFR_NHSA_0001", general), carrier.NHSApp)}},
		{"it has arrived and has not been read",
			one("ChannelStatus",
				`"cascadeOrder": 1, "channel": "nhsapp", "channelStatus": "sending", "supplierStatus": "delivered"`), nil},
		{"a channel that is not known yet has failed", one("ChannelStatus", `"channel": "pigeon", "channelStatus": "failed"`),
			[]carrier.Receipt{failedAs("failed", general)}},
		{"a channel has failed",
			one("ChannelStatus",
				`"channelStatus": "failed", "channelFailureReasonCode": "CFR_SUPP_0011", `+
					`"channelStatusDescription": "Ada is dead", "supplierStatus": "permanent_failure"`),
			[]carrier.Receipt{failedAs("CFR_SUPP_0011",
				"The message could not be delivered: the number or the address may be wrong.")}},
		{"a channel has failed without a code",
			one("ChannelStatus", `"channelStatus": "failed", "supplierStatus": "temporary_failure"`),
			[]carrier.Receipt{failedAs("TEMPORARY_FAILURE",
				"The message could not be delivered in time: the telephone may have been off, or the inbox full.")}},
		{"a message has failed",
			one("MessageStatus",
				`"messageStatus": "failed", "messageFailureReasonCode": "MFR_PDSV_0110", `+
					`"messageStatusDescription": "Patient is formally dead"`),
			[]carrier.Receipt{whole(failedAs("MFR_PDSV_0110", general))}},
		{"a message has failed with a code that is none",
			one("MessageStatus", `"messageStatus": "failed", "messageFailureReasonCode": "Ada, 9991000003"`),
			[]carrier.Receipt{whole(failedAs("failed", general))}},
		{"a message is delivered",
			one("MessageStatus", `"messageStatus": "delivered", "channels": [{"type": "sms", "channelStatus": "delivered"}]`),
			[]carrier.Receipt{whole(by(delivered, carrier.SMS))}},
		{"a message is delivered by its second channel",
			one("MessageStatus",
				`"messageStatus": "delivered", "channels": [{"type": "nhsapp", "channelStatus": "failed"}, `+
					`{"type": "email", "channelStatus": "delivered"}]`),
			[]carrier.Receipt{whole(by(delivered, carrier.Email))}},
		{"a message is on its way", one("MessageStatus", `"messageStatus": "sending"`), nil},
		{"a message is looked up", one("MessageStatus", `"messageStatus": "pending_enrichment"`), nil},
		{"a channel is on its way", one("ChannelStatus", `"channelStatus": "sending", "supplierStatus": "received"`), nil},
		{"a channel was passed over", one("ChannelStatus", `"channelStatus": "skipped"`), nil},
		{"a new status", one("ChannelStatus", `"channelStatus": "teleported", "supplierStatus": "beamed"`), nil},
		{"a new type", one("CarrierPigeon", `"channelStatus": "delivered"`), nil},
		{"other fields in other shapes",
			one("MessageStatus", `"messageStatus": "delivered", "channels": ["sms"], "retryCount": "many", "supplierStatus": 7`),
			[]carrier.Receipt{whole(delivered)}},
		{"a channel's word about a message", one("ChannelStatus", `"messageStatus": "delivered"`), nil},
		{"nothing", `{"data": []}`, nil},
		{"something that is none among others",
			`{"data": [7, null, {}, {"type": "ChannelStatus"}, ` +
				`{"type": "ChannelStatus", "attributes": {"messageReference": "leg-2", "channelStatus": "delivered"}}, ` +
				`{"type": "ChannelStatus", "attributes": {"channelStatus": "delivered"}}]}`,
			[]carrier.Receipt{{Key: "leg-2", Progress: carrier.ProgressDelivered}}},
		{"no key but an ID",
			`{"data": [{"type": "ChannelStatus", "attributes": {"messageId": "2WL3", "channelStatus": "delivered", ` +
				`"timestamp": "yesterday"}}]}`,
			[]carrier.Receipt{{ProviderID: "2WL3", Progress: carrier.ProgressDelivered}}},
	} {
		t.Run(x.name, func(t *testing.T) {
			told, err := listener(t).ReadCallback(context.Background(), called(callback(x.body), []byte(x.body)))
			if err != nil || told.Status != 202 {
				t.Fatalf("got %+v, %v", told, err)
			}
			if diff := cmp.Diff(x.want, told.Receipts); diff != "" {
				t.Error(diff)
			}
		})
	}
	for _, body := range []string{"", "{", "[]", "null", `{"data": {}}`, `{"data": null}`, `{"errors": []}`, "\x00"} {
		told, err := listener(t).ReadCallback(context.Background(), called(callback(body), []byte(body)))
		if told.Status != 400 || fault.Of(err).Kind != fault.Invalid || len(fault.Of(err).Fields) != 1 {
			t.Errorf("%q: got %+v, %v", body, told, err)
		}
	}
}

func FuzzListen(f *testing.F) {
	for _, seed := range []string{
		one("ChannelStatus", `"channelStatus": "delivered"`),
		one("MessageStatus", `"messageStatus": "failed", "messageFailureReasonCode": "MFR_PDSV_0110"`),
		`{"data": [7, null, {}]}`, `{"data": null}`, "", "{",
	} {
		f.Add(seed)
	}
	c := listener(f)
	f.Fuzz(func(t *testing.T, body string) {
		told, err := c.ReadCallback(context.Background(), called(callback(body), []byte(body)))
		if (err == nil) != (told.Status == 202) || err != nil && told.Status != 400 {
			t.Fatalf("got %+v, %v", told, err)
		}
		for _, r := range told.Receipts {
			if r.Progress != carrier.ProgressDelivered && r.Progress != carrier.ProgressRead &&
				r.Progress != carrier.ProgressFailed || r.Key == "" && r.ProviderID == "" {
				t.Fatalf("told %+v", r)
			}
			if (r.Progress == carrier.ProgressFailed) != (r.Code != "" && r.Reason != "") || len(r.Code) > 64 {
				t.Fatalf("told %+v", r)
			}
		}
		if again, _ := c.ReadCallback(context.Background(), called(callback(body), []byte(body))); !cmp.Equal(told, again) {
			t.Fatal("the same call tells something else the second time")
		}
	})
}

func TestTheStatusCanBeAskedFor(t *testing.T) {
	w := build(t, func(o *options) {
		o.settings.SendContact = true
		o.change = func(n *sim.Notify) { n.AllowContact = true }
	})
	for _, x := range []struct {
		to   string
		want carrier.Progress
		code string
	}{
		{"ada@example.org", carrier.ProgressDelivered, ""}, {"read@example.org", carrier.ProgressRead, ""},
		{"bounced@example.org", carrier.ProgressFailed, "CFR_PERM_0001"}, {"silent@example.org", "", ""},
	} {
		m := mail("leg " + x.to)
		m.To = x.to
		sent, err := w.carrier.Send(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		got, err := w.carrier.Status(t.Context(), sent.ProviderID)
		if err != nil || got.Progress != x.want || got.Code != x.code || got.Key != m.Key ||
			got.ProviderID != sent.ProviderID {
			t.Errorf("%s: got %+v, %v", x.to, got, err)
		}
		if x.want != "" && !got.At.Equal(w.clock.now()) {
			t.Errorf("%s: at %v", x.to, got.At)
		}
	}
	for _, id := range []string{"2WL3qFTEFM0qMY8xjRbt1LIKCzM", "", "../messages", "a b"} {
		if _, err := w.carrier.Status(t.Context(), id); outcome(err) != "refused CM_NOT_FOUND" {
			t.Errorf("%q: got %v", id, err)
		}
	}
	w.Fail(sim.Failure{Kind: sim.FailError, Times: 4})
	if _, err := w.carrier.Status(t.Context(),
		"2WL3qFTEFM0qMY8xjRbt1LIKCzM"); outcome(err) != "busy CM_INTERNAL_SERVER_ERROR" {
		t.Errorf("got %v", err)
	}
}

// called is a request as a carrier reads it.
func called(r *http.Request, body []byte) carrier.Callback {
	return carrier.Callback{Header: r.Header, Query: r.URL.RawQuery, Body: body}
}
