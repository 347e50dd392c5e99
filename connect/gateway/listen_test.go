package gateway_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"frontdesk/connect/gateway"
	"frontdesk/connect/web"
	"frontdesk/core/carrier"
	"frontdesk/core/fault"
)

var noon = time.Date(2026, 3, 16, 12, 0, 0, 0, time.UTC)

func listener(t testing.TB) *gateway.Carrier {
	t.Helper()
	c, err := gateway.New(gateway.Settings{URL: "https://sms.example.org", Secret: secret},
		gateway.Options{Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// signed is a call as an adaptor would make it, by the written protocol.
func signed(body, with string, at time.Time) *http.Request {
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(with))
	mac.Write([]byte(stamp + "." + body))
	r := httptest.NewRequest(http.MethodPost, "/callback", bytes.NewReader([]byte(body)))
	r.Header.Set("X-Frontdesk-Timestamp", stamp)
	r.Header.Set("X-Frontdesk-Signature", hex.EncodeToString(mac.Sum(nil)))
	return r
}

func TestACallIsBelievedByItsSignature(t *testing.T) {
	c := listener(t)
	const body = `{"receipts":[],"replies":[]}`
	without := httptest.NewRequest(http.MethodPost, "/callback", nil)
	for _, s := range []struct {
		name string
		r    *http.Request
		body string
		ok   bool
	}{
		{"as it should be", signed(body, secret, noon), body, true},
		{"four minutes old", signed(body, secret, noon.Add(-4*time.Minute)), body, true},
		{"six minutes old", signed(body, secret, noon.Add(-6*time.Minute)), body, false},
		{"six minutes early", signed(body, secret, noon.Add(6*time.Minute)), body, false},
		{"another secret", signed(body, "another secret of it", noon), body, false},
		{"another body", signed(body, secret, noon), body + " ", false},
		{"nothing at all", without, body, false},
	} {
		if _, err := c.ReadCallback(context.Background(), called(s.r, []byte(s.body))); (err == nil) != s.ok || !s.ok &&
			!errors.Is(err, carrier.ErrNotProvider) {
			t.Errorf("%s: %v", s.name, err)
		}
	}
}

func TestCallsAreReadAsReceiptsAndReplies(t *testing.T) {
	const body = `{"receipts":[
		{"key":"leg-1","id":"G1","status":"delivered","at":"2026-03-16T11:59:00Z"},
		{"id":"G2","status":"failed","code":"absent","reason":"The telephone is off."},
		{"key":"leg-3","status":"failed","code":"+447700900123","reason":"+447700900123 is off."},
		{"key":"leg-4","status":"read"}],
		"replies":[{"id":"R1","channel":"sms","from":"+447700900123","text":"Thank you",
			"at":"2026-03-16T11:58:00+00:00","key":"leg-1"},
		{"id":"R2","channel":"email","from":"ada@example.org","text":"Thanks\u0000"}],
		"more":"is ignored"}`
	want := carrier.Report{
		Receipts: []carrier.Receipt{
			{Key: "leg-1", ProviderID: "G1", Progress: carrier.ProgressDelivered, At: noon.Add(-time.Minute)},
			{ProviderID: "G2", Progress: carrier.ProgressFailed, Code: "absent", Reason: "The telephone is off.", At: noon},
			{Key: "leg-3", Progress: carrier.ProgressFailed, Code: "failed",
				Reason: "The provider could not deliver the message.", At: noon},
			{Key: "leg-4", Progress: carrier.ProgressRead, At: noon},
		},
		Replies: []carrier.Reply{
			{ID: "R1", Channel: carrier.SMS, From: "+447700900123", Text: "Thank you", At: noon.Add(-2 * time.Minute),
				Key: "leg-1"},
			{ID: "R2", Channel: carrier.Email, From: "ada@example.org", Text: "Thanks", At: noon},
		},
	}
	told, err := listener(t).ReadCallback(context.Background(), called(signed(body, secret, noon), []byte(body)))
	if err != nil || !reflect.DeepEqual(told, want) {
		t.Errorf("%v\ngot  %+v\nwant %+v", err, told, want)
	}
}

func TestACallWithSomethingWrongInIt(t *testing.T) {
	for body, path := range map[string]string{
		`[]`: "", `{`: "", ``: "",
		`{"receipts":[{"status":"delivered"}]}`:                                  "receipts.0.key",
		`{"receipts":[{"key":"a","status":"read"},{"key":"b","status":"sent"}]}`: "receipts.1.status",
		`{"replies":[{"channel":"sms","from":"+447700900123"}]}`:                 "replies.0.id",
		`{"replies":[{"id":"1","channel":"sms","from":"07700900123"}]}`:          "replies.0.from",
		`{"replies":[{"id":"1","channel":"email","from":"ada"}]}`:                "replies.0.from",
		`{"replies":[{"id":"1","channel":"fax","from":"ada"}]}`:                  "replies.0.channel",
		`{"receipts":[` + strings.Repeat(`{"key":"a"},`, 1000) + `{}]}`:          "",
	} {
		_, err := listener(t).ReadCallback(context.Background(), called(signed(body, secret, noon), []byte(body)))
		f := fault.Of(err)
		if f.Kind != fault.Invalid || len(f.Fields) != 1 || strings.Join(f.Fields[0].Path, ".") != path {
			t.Errorf("%.80s: %v %+v", body, err, f.Fields)
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
	receipts, replies := w.heard(t, 8)
	got := map[string]string{}
	for _, r := range receipts {
		if r.ProviderID == "" || r.At.IsZero() {
			t.Errorf("got %+v", r)
		}
		got[r.Key] += string(r.Progress) + r.Code + " "
	}
	for _, r := range replies {
		if r.ID == "" || r.Channel != carrier.SMS {
			t.Errorf("got %+v", r)
		}
		got[r.Key] += r.Text
	}
	want := map[string]string{
		"leg-0": "delivered ", "leg-1": "delivered read ", "leg-2": "failedbounced ", "leg-3": "delivered STOP",
		"leg-4": "delivered Thank you",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q", got)
	}
}

// FuzzListen feeds signed calls with anything at all in them.
func FuzzListen(f *testing.F) {
	f.Add(`{"receipts":[{"key":"a","id":"b","status":"failed","code":"c","reason":"d","at":"2026-03-16T11:59:00Z"}]}`)
	f.Add(`{"replies":[{"id":"1","channel":"sms","from":"+447700900123","text":"x\u0000"}]}`)
	f.Add(`null`)
	f.Add("{\"replies\":[{\"id\":\"1\",\"channel\":\"email\",\"from\":\"a@b\",\"text\":\"\xff\"}]}")
	c := listener(f)
	f.Fuzz(func(t *testing.T, body string) {
		told, err := c.ReadCallback(context.Background(), called(signed(body, secret, noon), []byte(body)))
		if err != nil {
			if fault.Of(err).Kind != fault.Invalid || !reflect.DeepEqual(told, carrier.Report{}) {
				t.Errorf("%v and %+v", err, told)
			}
			return
		}
		for _, r := range told.Receipts {
			if r.Key+r.ProviderID == "" || r.At.IsZero() || r.Code != web.Word(r.Code) ||
				!utf8.ValidString(r.Key+r.ProviderID+r.Reason) {
				t.Errorf("%+v", r)
			}
		}
		for _, r := range told.Replies {
			if r.ID == "" || r.At.IsZero() || !utf8.ValidString(r.Text+r.ID+r.Key) ||
				strings.ContainsRune(r.Text+r.ID+r.From, 0) {
				t.Errorf("%+v", r)
			}
		}
	})
}

// called is a request as a carrier reads it.
func called(r *http.Request, body []byte) carrier.Callback {
	return carrier.Callback{Header: r.Header, Query: r.URL.RawQuery, Body: body}
}
