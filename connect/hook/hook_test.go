package hook_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"frontdesk/connect/hook"
	"frontdesk/core/webhook"
)

// asked reads a request whole.
func asked(c net.Conn) {
	if r, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
		_, _ = io.Copy(io.Discard, r.Body)
	}
}

// says answers a request with something.
func says(something string) func(*net.TCPConn) {
	return func(c *net.TCPConn) { asked(c); _, _ = io.WriteString(c, something) }
}

func TestWhatAnEndpointAnswers(t *testing.T) {
	for _, status := range []int{200, 201, 204, 300, 304, 400, 401, 404, 410, 429, 500, 503, 599, 799} {
		e := listen(t, plain, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			if status != 204 && status != 304 {
				_, _ = io.WriteString(w, "said")
			}
		})
		want := webhook.Answer{Status: status, Body: "said"}
		if status == 204 || status == 304 {
			want.Body = ""
		}
		a := client(t, nil).Post(t.Context(), parcel(e.URL))
		if a.Took <= 0 || a.Took > 5*time.Second {
			t.Errorf("took %v", a.Took)
		}
		if a.Took = 0; a != want || a.Accepted() != (status < 300) {
			t.Errorf("%d: got %+v", status, a)
		}
	}
}

func TestWhyAnEndpointCouldNotBeAsked(t *testing.T) {
	secureOf := func(url string) string { return strings.Replace(url, "http:", "https:", 1) }
	stuck := make(chan struct{})
	cases := []struct {
		name, url string
		body      int
		status    int
		failure   webhook.Failure
	}{
		{"nobody listens", nowhere(t), 0, 0, webhook.Refused},
		{"the connection ends before the answer", bare(t, func(c *net.TCPConn) { asked(c) }), 0, 0, webhook.Reset},
		{"the connection is reset before the answer", bare(t, func(c *net.TCPConn) { asked(c); _ = c.SetLinger(0) }), 0, 0, webhook.Reset},
		{"the connection is reset while the request is written", bare(t, func(c *net.TCPConn) {
			time.Sleep(20 * time.Millisecond)
			_ = c.SetLinger(0)
		}), 64 << 20, 0, webhook.Reset},
		{"the connection ends in the handshake", secureOf(bare(t, func(*net.TCPConn) {})), 0, 0, webhook.Reset},
		{"the answer breaks off", bare(t, says("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")), 0, 200, webhook.Reset},
		{"the chunks break off", bare(t, says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")), 0, 200, webhook.Reset},
		{"the chunks are none", bare(t, says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nmore\r\n")), 0, 200, webhook.BadAnswer},
		{"the answer is not HTTP", bare(t, says("220 mail.example ESMTP\r\n\r\n")), 0, 0, webhook.BadAnswer},
		{"the answer has no status", bare(t, says("HTTP/1.1 fine\r\n\r\n")), 0, 0, webhook.BadAnswer},
		{"the answer has two lengths", bare(t, says("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab")), 0, 0, webhook.BadAnswer},
		{"the headers are huge", bare(t, says("HTTP/1.1 200 OK\r\nX: "+strings.Repeat("x", 1<<20)+"\r\n\r\n")), 0, 0, webhook.BadAnswer},
		{"hints without an end", bare(t, func(c *net.TCPConn) {
			asked(c)
			for {
				if _, err := io.WriteString(c, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"); err != nil {
					return
				}
			}
		}), 0, 0, webhook.BadAnswer},
		{"another protocol", bare(t, says("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nx")), 0, 101, webhook.BadAnswer},
		{"no answer", bare(t, func(c *net.TCPConn) { asked(c); <-stuck }), 0, 0, webhook.TimedOut},
		{"no handshake", secureOf(bare(t, func(*net.TCPConn) { <-stuck })), 0, 0, webhook.TimedOut},
		{"nobody reads", bare(t, func(*net.TCPConn) { <-stuck }), 64 << 20, 0, webhook.TimedOut},
		{"headers that trickle", bare(t, func(c *net.TCPConn) { asked(c); trickle(c, "HTTP/1.1 200 OK\r\nX: ") }), 0, 0, webhook.TimedOut},
		{"a body that trickles", bare(t, func(c *net.TCPConn) { asked(c); trickle(c, "HTTP/1.1 200 OK\r\n\r\n") }), 0, 200, webhook.TimedOut},
		{"no TLS", secureOf(bare(t, says("HTTP/1.1 400 Bad Request\r\n\r\n"))), 0, 0, webhook.TLS},
		{"no TLS, nor HTTP", secureOf(bare(t, func(c *net.TCPConn) { _, _ = io.WriteString(c, "220 mail.example ESMTP\r\n") })), 0, 0, webhook.TLS},
	}
	t.Cleanup(func() { close(stuck) }) // before the listeners wait for their connections
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := parcel(c.url)
			if c.body > 0 {
				p.Body = bytes.Repeat([]byte("x"), c.body)
			}
			limit := 15 * time.Second // so that a busy machine is not taken for an endpoint that hangs
			if c.failure == webhook.TimedOut {
				limit = 500 * time.Millisecond
			}
			a := client(t, within(limit)).Post(t.Context(), p)
			if a.Status != c.status || a.Failure != c.failure || a.Accepted() {
				t.Errorf("got %+v", a)
			}
			if (a.Took >= limit) != (c.failure == webhook.TimedOut) || a.Took > 15*time.Second {
				t.Errorf("took %v", a.Took)
			}
		})
	}
}

func TestAStreamFailsAsAConnectionDoes(t *testing.T) {
	stuck := make(chan struct{})
	for name, start := range map[string]func(*httptest.Server){"over TLS": secure, "HTTP/2": second} {
		for _, c := range []struct {
			name    string
			answer  http.HandlerFunc
			status  int
			failure webhook.Failure
		}{
			{"it ends before the answer", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 0, webhook.Reset},
			{"it ends within the answer", func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, "half")
				_ = http.NewResponseController(w).Flush()
				panic(http.ErrAbortHandler)
			}, 200, webhook.Reset},
			{"no answer", func(http.ResponseWriter, *http.Request) { <-stuck }, 0, webhook.TimedOut},
			{"an answer without an end", func(w http.ResponseWriter, _ *http.Request) {
				_ = http.NewResponseController(w).Flush()
				<-stuck
			}, 200, webhook.TimedOut},
			{"huge headers", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("x", 1<<20)) }, 0, webhook.BadAnswer},
		} {
			t.Run(name+": "+c.name, func(t *testing.T) {
				e := listen(t, start, c.answer)
				poster := client(t, func(s *hook.Settings) { trust(e.Server)(s); s.Timeout = time.Second })
				if a := poster.Post(t.Context(), parcel(e.URL)); a.Status != c.status || a.Failure != c.failure || a.Took > 2*time.Second {
					t.Errorf("got %+v", a)
				}
				if c.failure == webhook.TimedOut {
					stuck <- struct{}{}
				}
			})
		}
	}
}

// trickle writes a byte at a time for as long as somebody reads.
func trickle(c net.Conn, first string) {
	_, err := io.WriteString(c, first)
	for err == nil {
		time.Sleep(10 * time.Millisecond)
		_, err = io.WriteString(c, "x")
	}
}

func TestHintsBeforeAnAnswer(t *testing.T) {
	url := bare(t, says("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nok"))
	if a := client(t, nil).Post(t.Context(), parcel(url)); !a.Accepted() || a.Status != 202 || a.Body != "ok" {
		t.Errorf("got %+v", a)
	}
}

func TestWhoeverAsksMayGiveUp(t *testing.T) {
	stuck := make(chan struct{})
	defer close(stuck)
	ctx, cancel := context.WithCancel(t.Context())
	url := bare(t, func(c *net.TCPConn) { asked(c); cancel(); <-stuck })
	if a := client(t, nil).Post(ctx, parcel(url)); a.Failure != webhook.TimedOut || a.Took > 2*time.Second {
		t.Errorf("got %+v", a)
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	inside := listen(t, plain, nil)
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, to := range []string{inside.URL, "http://169.254.169.254/latest/meta-data/", "://", ""} {
			e := listen(t, plain, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", to)
				w.WriteHeader(status)
			})
			a := client(t, nil).Post(t.Context(), parcel(e.URL))
			if a.Status != status || a.Failure != "" || a.Accepted() {
				t.Errorf("%d to %q: got %+v", status, to, a)
			}
		}
	}
	if n := inside.connections.Load(); n != 0 {
		t.Errorf("%d connections", n)
	}
}

func TestAHugeAnswerIsNotRead(t *testing.T) {
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
			if !a.Accepted() || a.Status != 200 || a.Body != strings.Repeat("x", webhook.AnswerSize) {
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
	c := client(t, func(s *hook.Settings) { s.Resolver, s.Roots, s.Allow = dns.Resolver, roots, []string{"hooks.example"} })
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

func TestAnAnswerIsKeptAsText(t *testing.T) {
	for _, c := range []struct{ name, said, want string }{
		{"text", "thank you\n\tagain", "thank you\n\tagain"},
		{"line ends of the web", "a\r\nb", "a\nb"},
		{"control characters", "a\x00b\x1b[31mc\u0085d\x7f", "a b [31mc d "},
		{"text turned round", "a\u202eb", "a b"},
		{"what is not UTF-8", "a\xffb", "a\uFFFDb"},
		{"a character that is not whole", "a\xe2\x82", "a\uFFFD\uFFFD"},
		{"more than is kept", strings.Repeat("a", 1023) + "€" + strings.Repeat("b", 3000), strings.Repeat("a", 1023)},
		{"more than is kept, which is shorter as text", strings.Repeat("\r", 9) + strings.Repeat("a", 1013) + "€" + "b", strings.Repeat("a", 1013)},
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

func TestAnAnswerIsNotUnpacked(t *testing.T) {
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

func TestHowLongAnEndpointWantsToBeLeftAlone(t *testing.T) {
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
			if a := client(t, nil).Post(t.Context(), parcel(e.URL)); a.Status != c.status || a.Failure != "" || a.RetryAfter != c.want {
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

func TestAConnectionServesManyParcels(t *testing.T) {
	for name, start := range map[string]func(*httptest.Server){"HTTP/1": plain, "over TLS": secure, "HTTP/2": second} {
		t.Run(name, func(t *testing.T) {
			e := listen(t, start, func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, strings.Repeat("thank you ", 5000)) // more than is kept, less than is too much
			})
			c := client(t, trust(e.Server))
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() {
					for range 25 {
						if a := c.Post(t.Context(), parcel(e.URL)); !a.Accepted() {
							t.Errorf("got %+v", a)
						}
					}
				})
			}
			all.Wait()
			if n := e.connections.Load(); n > 80 || len(e.all()) != 200 { // one each, and those begun just before another was free
				t.Errorf("%d connections for %d parcels", n, len(e.all()))
			}
		})
	}
}

func TestAKeptConnectionThatBreaksIsReplaced(t *testing.T) {
	var connections, lost, ids atomic.Int64
	ended := make(chan struct{}, 2)
	url := bare(t, func(c *net.TCPConn) {
		defer func() { ended <- struct{}{} }()
		r := bufio.NewReader(c)
		first := connections.Add(1) == 1
		for n := 0; ; n++ {
			req, err := http.ReadRequest(r)
			if err != nil {
				return
			}
			b, _ := io.ReadAll(req.Body)
			if req.Header.Get("webhook-id") == "4503599627370501" && string(b) == body {
				ids.Add(1)
			}
			if first && n == 1 {
				lost.Add(1) // read, and not answered
				return
			}
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		}
	})
	c := client(t, nil)
	for range 3 {
		if a := c.Post(t.Context(), parcel(url)); !a.Accepted() {
			t.Errorf("got %+v", a)
		}
	}
	if connections.Load() != 2 || lost.Load() != 1 || ids.Load() != 4 {
		t.Errorf("%d connections, %d lost, %d arrived", connections.Load(), lost.Load(), ids.Load())
	}
	<-ended
	c.Close()
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
		t.Error("a connection is kept")
	}
}

func TestWhoeverCannotProveTheirName(t *testing.T) {
	now := time.Now()
	const name = "hooks.example"
	good, root := certificate(t, name, now.Add(-time.Hour), now.Add(time.Hour))
	expired, expiredRoot := certificate(t, name, now.Add(-2*time.Hour), now.Add(-time.Hour))
	early, earlyRoot := certificate(t, name, now.Add(time.Hour), now.Add(2*time.Hour))
	other, otherRoot := certificate(t, "other.example", now.Add(-time.Hour), now.Add(time.Hour))
	dns := resolve(t, func(string, bool) []string { return []string{"127.0.0.1"} })
	for _, c := range []struct {
		name  string
		shown tls.Certificate
		roots *x509.CertPool
		more  func(*tls.Config)
		want  webhook.Failure
	}{
		{"a good certificate", good, root, nil, ""},
		{"one that vouches for itself", good, nil, nil, webhook.TLS},
		{"one of another authority", good, otherRoot, nil, webhook.TLS},
		{"one that has expired", expired, expiredRoot, nil, webhook.TLS},
		{"one that is not valid yet", early, earlyRoot, nil, webhook.TLS},
		{"one for another name", other, otherRoot, nil, webhook.TLS},
		{"an old protocol", good, root, func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 }, webhook.TLS},
		{"the oldest we take", good, root, func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }, ""},
		{"one who asks for ours", good, root, func(c *tls.Config) { c.ClientAuth = tls.RequireAnyClientCert }, webhook.TLS},
		{"one who asks for ours, the old way", good, root, func(c *tls.Config) {
			c.ClientAuth, c.MaxVersion = tls.RequireAnyClientCert, tls.VersionTLS12
		}, webhook.TLS},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := listen(t, func(s *httptest.Server) {
				s.TLS = &tls.Config{Certificates: []tls.Certificate{c.shown}}
				if c.more != nil {
					c.more(s.TLS)
				}
				s.StartTLS()
			}, nil)
			_, port, _ := net.SplitHostPort(e.Listener.Addr().String())
			poster := client(t, func(s *hook.Settings) {
				s.Roots, s.Resolver, s.Allow = c.roots, dns.Resolver, []string{name}
			})
			a := poster.Post(t.Context(), parcel("https://"+name+":"+port+"/"))
			if a.Failure != c.want || a.Accepted() != (c.want == "") || len(e.all()) > 0 != (c.want == "") {
				t.Errorf("got %+v", a)
			}
		})
	}
}

// FuzzText is about what endpoints say.
func FuzzText(f *testing.F) {
	f.Add([]byte("thank you"), false)
	f.Add([]byte("a\xe2\x82"), true)
	f.Add(bytes.Repeat([]byte("\xff"), 1024), true)
	f.Fuzz(func(t *testing.T, b []byte, cut bool) {
		b = b[:min(len(b), webhook.AnswerSize)]
		s := hook.Text(b, cut)
		if len(s) > webhook.AnswerSize || strings.ToValidUTF8(s, "") != s || strings.ContainsAny(s, "\x00\r\x1b\x7f\u0085\u202e") {
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

// BenchmarkPost measures parcels a second to an endpoint in the same process.
func BenchmarkPost(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusNoContent)
	}))
	defer server.Close()
	c := client(b, nil)
	p := parcel(server.URL)
	p.Secrets = []string{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
	p.Body = bytes.Repeat([]byte("x"), 2<<10)
	b.ReportAllocs()
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if a := c.Post(b.Context(), p); !a.Accepted() {
				b.Errorf("got %+v", a)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "parcels/s")
}
