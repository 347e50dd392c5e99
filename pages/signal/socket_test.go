package signal

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// TestALineStaysOpenWhileNothingIsSaid has pings come less often than a page has time to take one, as the program's do:
// that time begins with each ping, and not when the one before was done.
func TestALineStaysOpenWhileNothingIsSaid(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := websocket.Accept(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
		l := &line{ws: ws, cancel: cancel, pingEach: 600 * time.Millisecond,
			writeTime: 500 * time.Millisecond}
		go l.read(ctx) // takes the answers to pings
		l.write(ctx)
		_ = ws.CloseNow()
	}))
	defer server.Close()
	pinged := make(chan struct{}, 10)
	c, _, err := websocket.Dial(t.Context(), server.URL, &websocket.DialOptions{
		OnPingReceived: func(context.Context, []byte) bool {
			select {
			case pinged <- struct{}{}:
			default:
			}
			return true
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	cut := make(chan error, 1)
	go func() {
		_, _, err := c.Read(t.Context())
		cut <- err
	}()
	for range 3 {
		select {
		case <-pinged:
		case err := <-cut:
			t.Fatal("the line was cut: ", err)
		}
	}
	_ = c.CloseNow()
}
