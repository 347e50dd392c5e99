package notice_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"frontdesk/core/account"
	"frontdesk/core/messaging"
	"frontdesk/core/notice"
	"frontdesk/core/practice"
)

// carrier answers as it is told to.
type carrier struct {
	messaging.Carrier
	once bool
	err  error
	sent []messaging.Outgoing
	late bool // whether it was given no time limit
}

func (*carrier) Name() string       { return "post" }
func (c *carrier) Idempotent() bool { return c.once }

func (c *carrier) Send(ctx context.Context, m messaging.Outgoing) (messaging.Accepted, error) {
	_, limited := ctx.Deadline()
	c.sent, c.late = append(c.sent, m), !limited
	return messaging.Accepted{}, c.err
}

func TestWhatBecomesOfAnEMail(t *testing.T) {
	lost, broken := errors.New("connection reset"), errors.New("the database does not answer")
	for _, c := range []struct {
		name    string
		carrier *carrier
		paused  bool
		asking  error // what asking whether sending is paused ends in
		again   bool
		state   account.InvitationState
		err     error
		sent    int
		logged  string
	}{
		{"it is taken", &carrier{}, false, nil, false, account.InvitationSent, nil, 1, ""},
		{"it is refused", &carrier{err: &messaging.Refusal{Code: "550"}}, false, nil, false, account.InvitationRefused, nil, 1, "550"},
		{"the carrier is busy", &carrier{err: &messaging.Busy{Code: "451"}}, false, nil, false, account.InvitationWaiting, notice.ErrUncarried, 1, ""},
		{"nobody knows, and once more is not twice", &carrier{once: true, err: lost}, false, nil, false, account.InvitationHanding, notice.ErrUncarried, 1, ""},
		{"nobody knows, and once more may be twice", &carrier{err: lost}, false, nil, false, account.InvitationUnsure, nil, 1, "nobody knows"},
		{"again, and once more is not twice", &carrier{once: true}, false, nil, true, account.InvitationSent, nil, 1, ""},
		{"again, and once more may be twice", &carrier{}, false, nil, true, account.InvitationUnsure, nil, 0, "nobody knows"},
		{"again, to a carrier that is busy", &carrier{once: true, err: &messaging.Busy{}}, false, nil, true, account.InvitationHanding, notice.ErrUncarried, 1, ""},
		{"there is no carrier", nil, false, nil, false, account.InvitationHomeless, nil, 0, "no carrier"},
		{"sending is paused", &carrier{}, true, nil, false, account.InvitationWaiting, notice.ErrPaused, 0, ""},
		{"sending is paused, again", &carrier{once: true}, true, nil, true, account.InvitationHanding, notice.ErrPaused, 0, ""},
		{"the database does not answer", &carrier{}, false, broken, false, account.InvitationWaiting, broken, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var log bytes.Buffer
			post := &notice.Post{
				Carriers: func(_ context.Context, group practice.ID, channel messaging.Channel) ([]messaging.Carrier, error) {
					if c.carrier == nil || group != 7 || channel != messaging.Email {
						return nil, nil
					}
					return []messaging.Carrier{c.carrier}, nil
				},
				Paused:  func(context.Context) (bool, error) { return c.paused, c.asking },
				Timeout: time.Second, Log: slog.New(slog.NewJSONHandler(&log, nil)),
			}
			m := account.Mail{Key: "invitation-x", Staff: 4711, To: "grace@example.org", FromName: "Mill Lane", Subject: "Choose", Text: "https://secret.example.org"}
			state, err := post.Mail(t.Context(), 7, m, c.again)
			if state != c.state || !errors.Is(err, c.err) {
				t.Errorf("got %s, %v; want %s, %v", state, err, c.state, c.err)
			}
			if c.carrier != nil {
				if len(c.carrier.sent) != c.sent || c.carrier.late {
					t.Fatalf("sent %+v", c.carrier.sent)
				}
				if want := (messaging.Outgoing{Key: m.Key, Channel: messaging.Email, To: m.To, FromName: m.FromName, Subject: m.Subject, Text: m.Text}); c.sent > 0 && c.carrier.sent[0] != want {
					t.Errorf("sent %+v", c.carrier.sent[0])
				}
			}
			if got := log.String(); (got != "") != (c.logged != "") || !strings.Contains(got, c.logged) || c.logged != "" && !strings.Contains(got, `"user":4711`) {
				t.Errorf("logged %q", got)
			}
			for _, secret := range []string{"grace", "Mill Lane", "secret.example.org"} {
				if strings.Contains(log.String(), secret) {
					t.Errorf("the log has %s", secret)
				}
			}
		})
	}
}
