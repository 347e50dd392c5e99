package smtp_test

import (
	"context"
	"fmt"
	"testing"

	"frontdesk/connect/smtp"
	"frontdesk/core/carrier"
	"frontdesk/sim/mail"
)

// BenchmarkSendAll hands over messages to a simulator that only counts them, 64
// together, as a caller does.
func BenchmarkSendAll(b *testing.B) {
	for _, tls := range []string{smtp.TLSNone, smtp.TLSStart} {
		b.Run(tls, func(b *testing.B) {
			w := open(b, setup{settings: smtp.Settings{TLS: tls}, sim: mail.Options{Fast: true}, keep: 1})
			all := make([]carrier.Outgoing, w.Together())
			text := "Dear Ada,\n\nYour appointment is on Monday 2 March at 10:20 with Dr Okafor. " +
				"To change it go to https://brambleford.example/a/7Hq2 or call us.\n\nBrambleford Surgery"
			for i := range all {
				all[i] = to(fmt.Sprintf("patient%d@example.org", i), fmt.Sprintf("7-%d-1", i))
				all[i].Text = text
			}
			send := func(m []carrier.Outgoing) {
				for _, r := range w.SendAll(context.Background(), m) {
					if r.Err != nil {
						b.Fatal(r.Err)
					}
				}
			}
			send(all)
			b.ReportAllocs()
			b.ResetTimer()
			for left := b.N; left > 0; left -= len(all) {
				send(all[:min(left, len(all))])
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}

// BenchmarkCompose writes one message, without sending it.
func BenchmarkCompose(b *testing.B) {
	c, err := smtp.New(smtp.Settings{Host: "localhost", From: "desk@brambleford.example"}, smtp.Options{})
	if err != nil {
		b.Fatal(err)
	}
	m := to("ada@example.org", "7-1a-1")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := smtp.Compose(c, m); err != nil {
			b.Fatal(err)
		}
	}
}
