package gateway_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/connect/gateway"
	"frontdesk/core/carrier"
	"frontdesk/sim/gateways"
	"frontdesk/sim/inbox"
	"frontdesk/test/wait"
)

const secret = "a secret of the practice"

func sms(to, key string) carrier.Outgoing {
	return carrier.Outgoing{Key: key, Channel: carrier.SMS, To: to, FromName: "Brambleford Surgery",
		Text: "Your results are in."}
}

// journal is a log that many write to.
type journal struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.Write(b)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.String()
}

// world is a carrier and the simulator it sends to, and where the simulator
// calls back to, over real sockets.
type world struct {
	*gateways.Gateway
	carrier *gateway.Carrier
	box     *inbox.Box
	log     *journal

	mu   sync.Mutex
	told []carrier.Report
	errs []error
}

// build makes a world; change may make it another one.
func build(t testing.TB, change func(*gateway.Settings, *gateway.Options)) *world {
	t.Helper()
	w := &world{box: &inbox.Box{}, log: &journal{}}
	w.Gateway = gateways.NewGateway(w.box, secret)
	w.Slow = 300 * time.Millisecond
	server := httptest.NewServer(w.Gateway)
	back := httptest.NewServer(http.HandlerFunc(w.listen))
	w.CallbackURL = back.URL
	t.Cleanup(func() { w.Close(); server.Close(); back.Close() })
	s := gateway.Settings{URL: server.URL + "/messages", Secret: secret, Timeout: 2 * time.Second,
		Deadline: 5 * time.Second}
	o := gateway.Options{Log: slog.New(slog.NewTextHandler(w.log, nil))}
	if change != nil {
		change(&s, &o)
	}
	c, err := gateway.New(s, o)
	if err != nil {
		t.Fatal(err)
	}
	w.carrier = c
	return w
}

func (w *world) listen(rw http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	told, err := w.carrier.ReadCallback(context.Background(), called(r, body))
	w.mu.Lock()
	defer w.mu.Unlock()
	w.told, w.errs = append(w.told, told), append(w.errs, err)
}

// heard waits until so many receipts and replies have been told.
func (w *world) heard(t *testing.T, n int) (receipts []carrier.Receipt, replies []carrier.Reply) {
	t.Helper()
	wait.Until(t, fmt.Sprintf("%d receipts and replies", n), func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		receipts, replies = nil, nil
		for _, told := range w.told {
			receipts, replies = append(receipts, told.Receipts...), append(replies, told.Replies...)
		}
		if err := errors.Join(w.errs...); err != nil {
			t.Fatal(err)
		}
		return len(receipts)+len(replies) >= n
	})
	return receipts, replies
}

// silent fails when an error or the log tells about the patient.
func (w *world) silent(t *testing.T, err error, secrets ...string) {
	t.Helper()
	said := w.log.String() + fmt.Sprint(err)
	for _, s := range append(secrets, "results", secret, "7700900", "example.org") {
		if strings.Contains(said, s) {
			t.Errorf("%q is in %s", s, said)
		}
	}
}
