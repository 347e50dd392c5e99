package gateway_test

import (
	"fmt"
	"net/http/httptest"
	"testing"

	"frontdesk/connect/gateway"
	"frontdesk/core/carrier"
	"frontdesk/sim/gateways"
	"frontdesk/sim/inbox"
)

// BenchmarkSendAll measures messages a second to a gateway that only counts, in
// the same process.
func BenchmarkSendAll(b *testing.B) {
	box := &inbox.Box{}
	sim := gateways.NewGateway(box, secret)
	sim.Fast = true
	server := httptest.NewServer(sim)
	defer server.Close()
	c, err := gateway.New(gateway.Settings{URL: server.URL, Secret: secret}, gateway.Options{})
	if err != nil {
		b.Fatal(err)
	}
	batch := make([]carrier.Outgoing, c.Together())
	b.ReportAllocs()
	b.ResetTimer()
	sent := 0
	for b.Loop() {
		for i := range batch {
			sent++
			batch[i] = sms(fmt.Sprintf("+4477009%05d", sent%900), fmt.Sprintf("bench-%d", sent))
		}
		for _, r := range c.SendAll(b.Context(), batch) {
			if r.Err != nil {
				b.Fatal(r.Err)
			}
		}
	}
	b.StopTimer()
	b.ReportMetric(float64(sent)/b.Elapsed().Seconds(), "messages/s")
	if _, total := box.Counts(); total != sent {
		b.Errorf("sent %d, arrived %d", sent, total)
	}
}
