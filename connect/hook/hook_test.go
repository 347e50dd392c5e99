package hook_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"frontdesk/connect/hook"
	"frontdesk/core/courier"
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

func TestStatusAndBodyOfAnAnswerAreKept(t *testing.T) {
	for _, status := range []int{200, 201, 204, 300, 304, 400, 401, 404, 410, 429, 500, 503, 599, 799} {
		e := listen(t, plain, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			if status != 204 && status != 304 {
				_, _ = io.WriteString(w, "said")
			}
		})
		want := courier.Answer{Status: status, Body: "said"}
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

func TestFailureSaysWhyThereIsNoAnswer(t *testing.T) {
	secureOf := func(url string) string { return strings.Replace(url, "http:", "https:", 1) }
	stuck := make(chan struct{})
	cases := []struct {
		name, url string
		body      int
		status    int
		failure   webhook.Failure
	}{
		{"no server listens", nowhere(t), 0, 0, webhook.Refused},
		{"the connection ends before the answer", bare(t, func(c *net.TCPConn) { asked(c) }), 0, 0, webhook.Reset},
		{"the connection is reset before the answer", bare(t, func(c *net.TCPConn) { asked(c); _ = c.SetLinger(0) }), 0,
			0,
			webhook.Reset},
		{"the connection is reset while the request is written", bare(t, func(c *net.TCPConn) {
			_, _ = io.CopyN(io.Discard, c, 1<<10) // the request is being written
			_ = c.SetLinger(0)
		}), 64 << 20, 0, webhook.Reset},
		{"the connection ends in the handshake", secureOf(bare(t, func(*net.TCPConn) {})), 0, 0, webhook.Reset},
		{"the answer breaks off", bare(t, says("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")), 0, 200,
			webhook.Reset},
		{"the chunks break off", bare(t, says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")), 0,
			200,
			webhook.Reset},
		{"the chunks are none", bare(t, says("HTTP/1.1 200 OK\r\nTransfer-Encoding: "+
			"chunked\r\n\r\n4\r\nhalf\r\nmore\r\n")),
			0, 200, webhook.BadAnswer},
		{"the answer is not HTTP", bare(t, says("220 mail.example ESMTP\r\n\r\n")), 0, 0, webhook.BadAnswer},
		{"the answer has no status", bare(t, says("HTTP/1.1 fine\r\n\r\n")), 0, 0, webhook.BadAnswer},
		{"the answer has two lengths", bare(t, says("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: "+
			"2\r\n\r\nab")),
			0, 0, webhook.BadAnswer},
		{"the headers are huge", bare(t, says("HTTP/1.1 200 OK\r\nX: "+strings.Repeat("x", 1<<20)+"\r\n\r\n")), 0, 0,
			webhook.BadAnswer},
		{"hints without an end", bare(t, func(c *net.TCPConn) {
			asked(c)
			for {
				if _, err := io.WriteString(c, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"); err != nil {
					return
				}
			}
		}), 0, 0, webhook.BadAnswer},
		{"another protocol", bare(t, says("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: "+
			"Upgrade\r\n\r\nx")),
			0, 101, webhook.BadAnswer},
		{"no answer", bare(t, func(c *net.TCPConn) { asked(c); <-stuck }), 0, 0, webhook.TimedOut},
		{"no handshake", secureOf(bare(t, func(*net.TCPConn) { <-stuck })), 0, 0, webhook.TimedOut},
		{"the server does not read", bare(t, func(*net.TCPConn) { <-stuck }), 64 << 20, 0, webhook.TimedOut},
		{"headers that trickle", bare(t, func(c *net.TCPConn) { asked(c); trickle(c, "HTTP/1.1 200 OK\r\nX: ") }), 0, 0,
			webhook.TimedOut},
		{"a body that trickles", bare(t, func(c *net.TCPConn) { asked(c); trickle(c, "HTTP/1.1 200 OK\r\n\r\n") }), 0,
			200,
			webhook.TimedOut},
		{"no TLS", secureOf(bare(t, says("HTTP/1.1 400 Bad Request\r\n\r\n"))), 0, 0, webhook.TLS},
		{"no TLS, nor HTTP", secureOf(bare(t, func(c *net.TCPConn) {
			_,
				_ = io.WriteString(c, "220 mail.example ESMTP\r\n")
		})), 0, 0, webhook.TLS},
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
			if (a.Took >= limit) != (c.failure == webhook.TimedOut) || a.Took > 10*time.Second {
				t.Errorf("took %v", a.Took)
			}
		})
	}
}

func TestHTTP2StreamFailsAsAConnectionDoes(t *testing.T) {
	stuck := make(chan struct{})
	for name, start := range map[string]func(*httptest.Server){"over TLS": secure, "HTTP/2": second} {
		for _, c := range []struct {
			name    string
			answer  http.HandlerFunc
			status  int
			failure webhook.Failure
		}{
			{"it ends before the answer", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 0,
				webhook.Reset},
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
			{"huge headers", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X",
					strings.Repeat("x", 1<<20))
			}, 0,
				webhook.BadAnswer},
		} {
			t.Run(name+": "+c.name, func(t *testing.T) {
				e := listen(t, start, c.answer)
				poster := client(t, func(s *hook.Settings) { trust(e.Server)(s); s.Timeout = time.Second })
				if a := poster.Post(t.Context(), parcel(e.URL)); a.Status != c.status || a.Failure != c.failure ||
					a.Took > 2*time.Second {
					t.Errorf("got %+v", a)
				}
				if c.failure == webhook.TimedOut {
					stuck <- struct{}{}
				}
			})
		}
	}
}

// trickle writes a byte a hundredth of a second for as long as the other side reads.
func trickle(c net.Conn, first string) {
	_, err := io.WriteString(c, first)
	for range time.Tick(10 * time.Millisecond) {
		if err != nil {
			return
		}
		_, err = io.WriteString(c, "x")
	}
}

func TestInterimResponsesArePassedOver(t *testing.T) {
	url := bare(t,
		says("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 202 "+
			"Accepted\r\nContent-Length: 2\r\n\r\nok"))
	if a := client(t, nil).Post(t.Context(), parcel(url)); !a.Accepted() || a.Status != 202 || a.Body != "ok" {
		t.Errorf("got %+v", a)
	}
}

func TestPostEndsWithItsContext(t *testing.T) {
	stuck := make(chan struct{})
	defer close(stuck)
	ctx, cancel := context.WithCancel(t.Context())
	url := bare(t, func(c *net.TCPConn) { asked(c); cancel(); <-stuck })
	if a := client(t, nil).Post(ctx, parcel(url)); a.Failure != webhook.TimedOut || a.Took > 2*time.Second {
		t.Errorf("got %+v", a)
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
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

func TestConnectionServesManyParcels(t *testing.T) {
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
			// one each, and those begun just before another was free
			if n := e.connections.Load(); n > 80 || len(e.all()) != 200 {
				t.Errorf("%d connections for %d parcels", n, len(e.all()))
			}
		})
	}
}

func TestKeptConnectionThatBreaksIsReplaced(t *testing.T) {
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

func TestEndpointWithoutAValidCertificateIsRefused(t *testing.T) {
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
		{"an old protocol", good, root, func(c *tls.Config) {
			c.MinVersion, c.MaxVersion = tls.VersionTLS10,
				tls.VersionTLS11
		}, webhook.TLS},
		{"the oldest we take", good, root, func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }, ""},
		{"one who asks for ours", good, root, func(c *tls.Config) { c.ClientAuth = tls.RequireAnyClientCert },
			webhook.TLS},
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
