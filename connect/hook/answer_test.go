package hook_test

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"frontdesk/connect/hook"
	"frontdesk/core/courier"
	"frontdesk/core/webhook"
)

func TestHugeAnswerIsNotRead(t *testing.T) {
	const huge = 100 << 20
	for name, start := range map[string]func(*httptest.Server){"HTTP/1": plain, "HTTP/2": second} {
		t.Run(name, func(t *testing.T) {
			wrote := make(chan int, 1)
			e := listen(t, start, func(w http.ResponseWriter, _ *http.Request) {
				n, chunk := 0, bytes.Repeat([]byte("x"), 64<<10)
				for n < huge {
					m, err := w.Write(chunk)
					if n += m; err != nil {
						break
					}
				}
				wrote <- n
			})
			c := client(t, trust(e.Server))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			a := c.Post(t.Context(), parcel(e.URL))
			runtime.ReadMemStats(&after)
			if !a.Accepted() || a.Status != 200 || a.Body != strings.Repeat("x", courier.AnswerSize) {
				t.Errorf("got %d, %s, %d bytes", a.Status, a.Failure, len(a.Body))
			}
			// Sockets hold a few megabytes, and the server's half is counted too.
			if n := <-wrote; n > huge/2 {
				t.Errorf("%d bytes were sent", n)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 8<<20 {
				t.Errorf("it took %d bytes", used)
			}
		})
	}
}

// TestLittleIsSentBeforeWeReadIt asks what we let an endpoint send on one
// stream of HTTP/2 (RFC 9113, sections 3.4, 6.5 and 6.5.2).
func TestLittleIsSentBeforeWeReadIt(t *testing.T) {
	now := time.Now()
	shown, roots := certificate(t, "hooks.example", now.Add(-time.Hour), now.Add(time.Hour))
	dns := resolve(t, func(string, bool) []string { return []string{"127.0.0.1"} })
	settings := make(chan []byte, 1)
	address := bare(t, func(c *net.TCPConn) {
		s := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{shown}, NextProtos: []string{"h2"}})
		head := make([]byte, 24+9)
		if _, err := io.ReadFull(s, head); err == nil {
			body := make([]byte, int(head[24])<<16|int(head[25])<<8|int(head[26]))
			_, _ = io.ReadFull(s, body)
			settings <- body
		}
	})
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(address, "http://"))
	c := client(t, func(s *hook.Settings) {
		s.Resolver, s.Roots, s.Allow = dns.Resolver, roots,
			[]string{"hooks.example"}
	})
	if a := c.Post(t.Context(), parcel("https://hooks.example:"+port+"/")); a.Failure != webhook.Reset {
		t.Fatalf("got %+v", a)
	}
	window := uint32(0)
	for b := <-settings; len(b) >= 6; b = b[6:] {
		if binary.BigEndian.Uint16(b) == 4 {
			window = binary.BigEndian.Uint32(b[2:])
		}
	}
	if window != 64<<10 {
		t.Errorf("a window of %d bytes", window)
	}
}

func TestAnswerIsKeptAsText(t *testing.T) {
	for _, c := range []struct{ name, said, want string }{
		{"text", "thank you\n\tagain", "thank you\n\tagain"},
		{"line ends of the web", "a\r\nb", "a\nb"},
		{"control characters", "a\x00b\x1b[31mc\u0085d\x7f", "a b [31mc d "},
		{"text turned round", "a\u202eb", "a b"},
		{"what is not UTF-8", "a\xffb", "a\uFFFDb"},
		{"a character that is not whole", "a\xe2\x82", "a\uFFFD\uFFFD"},
		{"more than is kept", strings.Repeat("a", 1023) + "€" + strings.Repeat("b", 3000), strings.Repeat("a", 1023)},
		{"more than is kept, which is shorter as text", strings.Repeat("\r", 9) + strings.Repeat("a", 1013) + "€" + "b",
			strings.Repeat("a", 1013)},
		{"as much as is kept", strings.Repeat("a", 1021) + "€", strings.Repeat("a", 1021) + "€"},
		{"nothing but what is not UTF-8", strings.Repeat("\xff", 2000), strings.Repeat("\uFFFD", 341)},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := listen(t, plain, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, c.said) })
			if a := client(t, nil).Post(t.Context(), parcel(e.URL)); !a.Accepted() || a.Body != c.want {
				t.Errorf("got %+v", a)
			}
		})
	}
}

func TestAnswerIsNotDecompressed(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write(make([]byte, 10<<20))
	_ = z.Close()
	e := listen(t, plain, func(w http.ResponseWriter, r *http.Request) {
		if v := r.Header.Get("Accept-Encoding"); v != "" {
			t.Errorf("we accept %s", v)
		}
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(packed.Bytes())
	})
	if a := client(t, nil).Post(t.Context(), parcel(e.URL)); !a.Accepted() || !strings.HasPrefix(a.Body, " \uFFFD") {
		t.Errorf("got %+v", a)
	}
}

func TestRetryAfterIsReadAsSecondsOrDate(t *testing.T) {
	const date = "Mon, 16 Mar 2026 09:00:00 GMT"
	for _, c := range []struct {
		status            int
		retryAfter, dated string
		want              time.Duration
	}{
		{429, "120", "", 2 * time.Minute},
		{503, "0", "", 0},
		{503, " 7 ", "", 7 * time.Second},
		{429, "86401", "", 24 * time.Hour},
		{429, "99999999999999999999999", "", 24 * time.Hour},
		{429, "-5", "", 0},
		{429, "1.5", "", 0},
		{429, "soon", "", 0},
		{429, "", "", 0},
		{429, "Mon, 16 Mar 2026 09:05:00 GMT", date, 5 * time.Minute},
		{503, "Monday, 16-Mar-26 09:00:30 GMT", date, 30 * time.Second},
		{503, "Mon Mar 16 09:00:30 2026", date, 30 * time.Second},
		{429, "Mon, 16 Mar 2026 08:59:00 GMT", date, 0},
		{429, "Tue, 16 Mar 2027 09:00:00 GMT", date, 24 * time.Hour},
		{302, "3", "", 3 * time.Second},
		{200, "3", "", 3 * time.Second},
	} {
		t.Run(fmt.Sprint(c.status, c.retryAfter), func(t *testing.T) {
			e := listen(t, plain, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", c.retryAfter)
				if c.dated != "" {
					w.Header().Set("Date", c.dated)
				}
				w.WriteHeader(c.status)
			})
			if a := client(t, nil).Post(t.Context(), parcel(e.URL)); a.Status != c.status || a.Failure != "" ||
				a.RetryAfter != c.want {
				t.Errorf("got %+v", a)
			}
		})
	}
	t.Run("a date from an endpoint that gives none of its own", func(t *testing.T) {
		at := time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)
		url := bare(t, says("HTTP/1.1 429 Busy\r\nContent-Length: 0\r\nRetry-After: "+at+"\r\n\r\n"))
		if a := client(t, nil).Post(t.Context(), parcel(url)); a.RetryAfter < 59*time.Minute || a.RetryAfter > time.Hour {
			t.Errorf("got %+v", a)
		}
	})
}

// FuzzText is about what endpoints say.
func FuzzText(f *testing.F) {
	f.Add([]byte("thank you"), false)
	f.Add([]byte("a\xe2\x82"), true)
	f.Add(bytes.Repeat([]byte("\xff"), 1024), true)
	f.Fuzz(func(t *testing.T, b []byte, cut bool) {
		b = b[:min(len(b), courier.AnswerSize)]
		s := hook.Text(b, cut)
		if len(s) > courier.AnswerSize || strings.ToValidUTF8(s, "") != s ||
			strings.ContainsAny(s, "\x00\r\x1b\x7f\u0085\u202e") {
			t.Errorf("%q became %q", b, s)
		}
	})
}

func FuzzRetryAfter(f *testing.F) {
	for _, v := range []string{"120", "-1", "99999999999999999999", "Mon, 16 Mar 2026 09:05:00 GMT", "soon"} {
		f.Add(v, "Mon, 16 Mar 2026 09:00:00 GMT")
		f.Add(v, "")
	}
	now := time.Date(2026, 3, 16, 9, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, value, date string) {
		d := hook.RetryAfter(http.Header{"Retry-After": {value}, "Date": {date}}, now)
		if d < 0 || d > 24*time.Hour {
			t.Errorf("%q at %q is %v", value, date, d)
		}
	})
}
