package inbox

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/pages"
	"frontdesk/web"
)

// Clock is the clock of the sandbox, which can be moved forward.
type Clock interface {
	Now() time.Time
	// Move moves the clock forward, and does what is due on the way.
	Move(ctx context.Context, by time.Duration) error
}

// forwardField is how far the clock is moved.
const forwardField = "forward"

var errForward = fault.Wrong(forwardField, input.CodeString, "a duration such as 90m or 24h",
	"Say how far the clock is moved forward.")

// MoveClock answers what time it is in the sandbox and moves it forward, for programs (JSON) and for the page of the
// inbox (a form).
func MoveClock(clock Clock) http.Handler {
	ours := http.NewCrossOriginProtection()
	ours.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		web.Fail(w, r, pages.ErrForeign)
	}))
	return ours.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			by, err := forward(w, r)
			if err == nil {
				err = clock.Move(r.Context(), by)
			}
			if err != nil {
				web.Fail(w, r, err)
				return
			}
			if !isJSON(r) {
				pages.To(w, r, "/sandbox/inbox")
				return
			}
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		if err := json.NewEncoder(w).Encode(map[string]string{"now": pages.Stamp(clock.Now())}); err != nil {
			web.Of(r.Context()).Cause = err
		}
	}))
}

func isJSON(r *http.Request) bool { return r.Header.Get("Content-Type") == "application/json" }

// forward reads how far the clock is to be moved.
func forward(w http.ResponseWriter, r *http.Request) (time.Duration, error) {
	var text string
	if isJSON(r) {
		var sent struct {
			Forward string `json:"forward"`
		}
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4<<10)).Decode(&sent); err != nil {
			return 0, errForward.Because(err)
		}
		text = sent.Forward
	} else {
		if err := pages.Form(w, r); err != nil {
			return 0, err
		}
		text = r.PostForm.Get(forwardField)
	}
	by, err := time.ParseDuration(text)
	if err != nil {
		return 0, errForward.Because(err)
	}
	return by, nil
}
