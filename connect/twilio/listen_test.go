package twilio_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"frontdesk/connect/twilio"
	"frontdesk/core/carrier"
	"frontdesk/core/fault"
)

var noon = time.Date(2026, 3, 16, 12, 0, 0, 0, time.UTC)

const public = "https://desk.example.org/callbacks/twilio"

func listener(t testing.TB, callback, token string) *twilio.Carrier {
	t.Helper()
	c, err := twilio.New(twilio.Settings{AccountSID: account, AuthToken: token, From: from, CallbackURL: callback},
		twilio.Options{Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func call(query, signature string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "http://10.0.0.7:8080/inner/path", nil)
	r.URL.RawQuery = query
	r.Header.Set("X-Twilio-Signature", signature)
	return r
}

// signed is a call as Twilio would make it, by its documentation.
func signed(address, query, token string, params url.Values) *http.Request {
	text := address
	if query != "" {
		text += "?" + query
	}
	for _, k := range slices.Sorted(maps.Keys(params)) {
		text += k + params.Get(k)
	}
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write([]byte(text))
	return call(query, base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}

// TestTheSignatureIsTheOneInTwiliosDocumentation uses the example of "Webhooks
// security", whose call is none of a message: it is believed, and not
// understood.
func TestTheSignatureIsTheOneInTwiliosDocumentation(t *testing.T) {
	c := listener(t, "https://mycompany.com/myapp.php?foo=1&bar=2", "12345")
	body := url.Values{
		"CallSid": {"CA1234567890ABCDE"}, "Caller": {"+14158675309"}, "Digits": {"1234"}, "From": {"+14158675309"},
		"To": {"+18005551212"},
	}.Encode()
	for signature, believed := range map[string]bool{"RSOYDt4T1cUTdK1PDd93/VVr8B8=": true,
		"RSOYDt4T1cUTdK1PDd93/VVr8B9=": false, "": false} {
		_, err := c.ReadCallback(context.Background(), called(call("foo=1&bar=2", signature), []byte(body)))
		if errors.Is(err, carrier.ErrNotProvider) == believed {
			t.Errorf("%q: %v", signature, err)
		}
	}
}

func TestACallIsBelievedByItsSignature(t *testing.T) {
	params := url.Values{"MessageSid": {"SM1"}, "MessageStatus": {"delivered"}}
	c := listener(t, public, token)
	other := url.Values{"MessageSid": {"SM1"}, "MessageStatus": {"failed"}}
	for _, s := range []struct {
		name string
		r    *http.Request
		body string
		ok   bool
	}{
		{"as it should be", signed(public, "", token, params), params.Encode(), true},
		{"with our key", signed(public, "key=leg-1", token, params), params.Encode(), true},
		{"another token", signed(public, "", "another", params), params.Encode(), false},
		{"another address", signed(public+"/", "", token, params), params.Encode(), false},
		{"another body", signed(public, "", token, params), other.Encode(), false},
		{"not a form", signed(public, "", token, params), "%zz", false},
	} {
		if _, err := c.ReadCallback(context.Background(), called(s.r, []byte(s.body))); (err == nil) != s.ok || !s.ok &&
			!errors.Is(err, carrier.ErrNotProvider) {
			t.Errorf("%s: %v", s.name, err)
		}
	}
	// Another patient's key put in on the way.
	r := signed(public, "key=leg-1", token, params)
	r.URL.RawQuery = "key=leg-2"
	if _, err := c.ReadCallback(context.Background(), called(r, []byte(params.Encode()))); !errors.Is(err,
		carrier.ErrNotProvider) {
		t.Errorf("another key: %v", err)
	}
	if _, err := listener(t, "", token).ReadCallback(context.Background(),
		called(signed("", "", token, params), []byte(params.Encode()))); !errors.Is(err, carrier.ErrNotProvider) {
		t.Errorf("no callback URL: %v", err)
	}
}

func TestCallsAreReadAsReceiptsAndReplies(t *testing.T) {
	for _, c := range []struct {
		name, query, body string
		want              carrier.Report
		wrong             string
	}{
		{name: "delivered", query: "key=leg-1", body: "MessageSid=SM1&MessageStatus=delivered",
			want: carrier.Report{Receipts: []carrier.Receipt{
				{Key: "leg-1", ProviderID: "SM1", Progress: carrier.ProgressDelivered, At: noon}}}},
		{name: "read", body: "MessageSid=SM1&MessageStatus=read", want: carrier.Report{Receipts: []carrier.Receipt{
			{ProviderID: "SM1", Progress: carrier.ProgressRead, At: noon}}}},
		{name: "undelivered", body: "MessageSid=SM1&MessageStatus=undelivered&ErrorCode=30005",
			want: carrier.Report{Receipts: []carrier.Receipt{
				{ProviderID: "SM1", Progress: carrier.ProgressFailed, Code: "30005", Reason: "The number is not in use.",
					At: noon}}}},
		{name: "failed without a code", body: "MessageSid=SM1&MessageStatus=failed",
			want: carrier.Report{Receipts: []carrier.Receipt{
				{ProviderID: "SM1", Progress: carrier.ProgressFailed, Code: "failed",
					Reason: "The provider could not deliver the message.", At: noon}}}},
		{name: "on its way", body: "MessageSid=SM1&MessageStatus=sent"},
		{name: "an answer", body: "MessageSid=SM2&From=%2B447700900123&Body=Thank+you",
			want: carrier.Report{Replies: []carrier.Reply{
				{ID: "SM2", Channel: carrier.SMS, From: "+447700900123", Text: "Thank you", At: noon}}}},
		{name: "an answer from a name", body: "MessageSid=SM2&From=Pizza&Body=Buy"},
		{name: "no message", body: "MessageStatus=sent", wrong: "MessageSid"},
		{name: "neither", body: "MessageSid=SM1", wrong: "MessageStatus"},
	} {
		t.Run(c.name, func(t *testing.T) {
			params, err := url.ParseQuery(c.body)
			if err != nil {
				t.Fatal(err)
			}
			told, err := listener(t, public, token).ReadCallback(context.Background(),
				called(signed(public, c.query, token, params), []byte(c.body)))
			if c.wrong != "" {
				if f := fault.Of(err); f.Kind != fault.Invalid || len(f.Fields) != 1 ||
					strings.Join(f.Fields[0].Path, ".") != c.wrong {
					t.Errorf("got %v", err)
				}
				return
			}
			if told.Status != http.StatusOK || !strings.HasPrefix(told.Type, "text/xml") ||
				!strings.HasSuffix(told.Body, "<Response/>") {
				t.Errorf("answered %+v", told)
			}
			told.Status, told.Type, told.Body = 0, "", ""
			if err != nil || !reflect.DeepEqual(told, c.want) {
				t.Errorf("%v\ngot  %+v\nwant %+v", err, told, c.want)
			}
		})
	}
}

func TestReceiptsAndRepliesComeBack(t *testing.T) {
	w := build(t, nil)
	ids := map[string]string{}
	for i, to := range []string{"+447700900123", "+447700900989", "+447700900991", "+447700900998", "+447700900999"} {
		a, err := w.carrier.Send(t.Context(), sms(to, "leg-"+strconv.Itoa(i)))
		if err != nil {
			t.Fatal(err)
		}
		ids["leg-"+strconv.Itoa(i)] = a.ProviderID
	}
	receipts, replies := w.heard(t, 8)
	got := map[string]string{}
	for _, r := range receipts {
		if r.ProviderID != ids[r.Key] {
			t.Errorf("got %+v", r)
		}
		got[r.Key] += string(r.Progress) + r.Code + " "
	}
	for _, r := range replies {
		got[r.From] = r.Text
	}
	want := map[string]string{
		"leg-0": "delivered ", "leg-1": "delivered read ", "leg-2": "failed30003 ", "leg-3": "delivered ",
		"leg-4":         "delivered ",
		"+447700900998": "STOP", "+447700900999": "Thank you",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q", got)
	}
}

// FuzzListen feeds signed calls with anything at all in them.
func FuzzListen(f *testing.F) {
	f.Add("MessageSid=SM1&MessageStatus=failed&ErrorCode=30005", "key=leg-1")
	f.Add("MessageSid=SM2&From=%2B447700900123&Body=%00%ff", "")
	f.Add("MessageSid=SM2&Body=a&Body=b&From=%2B447700900123", "a=b&key=%ff")
	c := listener(f, public, token)
	f.Fuzz(func(t *testing.T, body, query string) {
		params, err := url.ParseQuery(body)
		if err != nil {
			params = url.Values{}
		}
		for _, v := range params {
			if len(v) > 1 {
				return // signed, above, is for the plain case
			}
		}
		told, err := c.ReadCallback(context.Background(), called(signed(public, query, token, params), []byte(body)))
		if err != nil {
			if f := fault.Of(err); f.Kind != fault.Invalid && f.Kind != fault.Forbidden ||
				!reflect.DeepEqual(told, carrier.Report{}) {
				t.Errorf("%v and %+v", err, told)
			}
			return
		}
		for _, r := range told.Receipts {
			if r.ProviderID == "" || r.At.IsZero() || !utf8.ValidString(r.Key+r.ProviderID+r.Code) {
				t.Errorf("%+v", r)
			}
		}
		for _, r := range told.Replies {
			if r.ID == "" || !utf8.ValidString(r.Text) || strings.ContainsRune(r.Text, 0) || !strings.HasPrefix(r.From, "+") {
				t.Errorf("%+v", r)
			}
		}
	})
}

// called is a request as a carrier reads it.
func called(r *http.Request, body []byte) carrier.Callback {
	return carrier.Callback{Header: r.Header, Query: r.URL.RawQuery, Body: body}
}
