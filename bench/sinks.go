package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"

	"frontdesk/connect/smtp"
	"frontdesk/core/carrier"
	"frontdesk/sim/inbox"
	"frontdesk/sim/mail"
)

// sink stands for a provider: it takes every message, counts it, and forgets it.
type sink struct {
	taken func() int
	// connect has the program send to it, and raw hands messages to it past the
	// program.
	connect func(s *server) error
	raw     func(ctx context.Context, all []carrier.Outgoing) error
	close   func() error
}

// webSink takes messages as the adaptor of connect/gateway does.
func webSink(dir string) (*sink, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	var taken atomic.Int64
	web := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return // the sender has gone
		}
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprintf(w, `{"id":"%d"}`, taken.Add(1))
	})}
	go func() { _ = web.Serve(l) }() // it ends with Close
	url := "http://" + l.Addr().String() + "/"
	return &sink{
		taken: func() int { return int(taken.Load()) },
		close: web.Close,
		connect: func(s *server) error {
			secret := filepath.Join(dir, "secret")
			return errors.Join(
				os.WriteFile(secret, []byte("a secret of the benchmark"), 0o600),
				s.connect("set", "gateway", "--set", "url="+url, "--set", "channels=sms", "--set", "priority=1",
					"--set",
					"simulated=", "--secret-file", "secret="+secret))
		},
		raw: func(ctx context.Context, all []carrier.Outgoing) error { return postAll(ctx, url, all) },
	}, nil
}

// postAll sends messages over as many connections as the largest number of clients,
// with a client set as connect/web sets its own.
func postAll(ctx context.Context, url string, all []carrier.Outgoing) error {
	const connections = 64
	transport := &http.Transport{MaxIdleConns: 2 * connections, MaxIdleConnsPerHost: connections,
		DisableCompression: true}
	defer transport.CloseIdleConnections()
	c := &http.Client{Transport: transport}
	one := func(m carrier.Outgoing) error {
		body, err := json.Marshal(map[string]string{"key": m.Key, "channel": string(m.Channel), "to": m.To,
			"subject": m.Subject, "text": m.Text, "from_name": m.FromName})
		if err != nil {
			return err
		}
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
		if err != nil {
			return err
		}
		r.Header = http.Header{"Content-Type": {"application/json"}, "Idempotency-Key": {m.Key}}
		answer, err := c.Do(r)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		if _, err := io.Copy(io.Discard, answer.Body); err != nil || answer.StatusCode != http.StatusAccepted {
			return errors.Join(err, errors.New(answer.Status))
		}
		return nil
	}
	var next atomic.Int64
	var wait sync.WaitGroup
	errs := make([]error, connections)
	for i := range errs {
		wait.Go(func() {
			for n := int(next.Add(1)) - 1; n < len(all) && errs[i] == nil; n = int(next.Add(1)) - 1 {
				errs[i] = one(all[n])
			}
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}

// mailSink is a mail server.
func mailSink(string) (*sink, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	box := &inbox.Box{}
	post, err := mail.New(box, mail.Options{Fast: true, NoTLS: true})
	if err != nil {
		return nil, err
	}
	go func() { _ = post.Serve(l) }() // it ends with Close
	port := l.Addr().(*net.TCPAddr).Port
	return &sink{
		taken: func() int { _, n := box.Counts(); return n },
		close: post.Close,
		connect: func(s *server) error {
			return s.connect("set", "smtp", "--set", "host=127.0.0.1", "--set", "port="+strconv.Itoa(port), "--set",
				"tls=none",
				"--set", "simulated=")
		},
		raw: func(ctx context.Context, all []carrier.Outgoing) error {
			c, err := smtp.New(smtp.Settings{Host: "127.0.0.1", Port: port, TLS: smtp.TLSNone,
				From: "desk@brambleford.example.org"}, smtp.Options{})
			if err != nil {
				return err
			}
			defer c.Close()
			for len(all) > 0 {
				some := all[:min(len(all), c.Together())]
				all = all[len(some):]
				for _, r := range c.SendAll(ctx, some) {
					if r.Err != nil {
						return r.Err
					}
				}
			}
			return nil
		},
	}, nil
}
