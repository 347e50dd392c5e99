package staffmail_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"frontdesk/core/account"
	"frontdesk/core/carrier"
	"frontdesk/core/practice"
	"frontdesk/core/staffmail"
)

// postbox answers as it is told to.
type postbox struct {
	carrier.Carrier
	once bool
	err  error
	sent []carrier.Outgoing
	late bool // whether it was given no time limit
}

func (*postbox) Name() string       { return "post" }
func (c *postbox) Idempotent() bool { return c.once }

func (c *postbox) Send(ctx context.Context, m carrier.Outgoing) (carrier.Accepted, error) {
	_, limited := ctx.Deadline()
	c.sent, c.late = append(c.sent, m), !limited
	return carrier.Accepted{}, c.err
}

func TestEMailsAreSentRetriedOrGivenUp(t *testing.T) {
	lost, broken := errors.New("connection reset"), errors.New("the database does not answer")
	for _, c := range []struct {
		name    string
		carrier *postbox
		paused  bool
		asking  error // what asking whether sending is paused ends in
		again   bool
		state   account.InvitationState
		err     error
		sent    int
		logged  string
	}{
		{"it is taken", &postbox{}, false, nil, false, account.InvitationSent, nil, 1, ""},
		{"it is refused", &postbox{err: &carrier.Refusal{Code: "550"}}, false, nil, false, account.InvitationRefused,
			nil, 1, "550"},
		{"the carrier is busy", &postbox{err: &carrier.Busy{Code: "451"}}, false, nil, false, account.InvitationWaiting,
			staffmail.ErrUncarried, 1, ""},
		{"no answer, and once more is not twice", &postbox{once: true, err: lost}, false, nil, false,
			account.InvitationHanding, staffmail.ErrUncarried, 1, ""},
		{"no answer, and once more may be twice", &postbox{err: lost}, false, nil, false, account.InvitationUnsure,
			nil, 1, "it is unknown"},
		{"again, and once more is not twice", &postbox{once: true}, false, nil, true, account.InvitationSent, nil, 1,
			""},
		{"again, and once more may be twice", &postbox{}, false, nil, true, account.InvitationUnsure, nil, 0,
			"it is unknown"},
		{"again, to a carrier that is busy", &postbox{once: true, err: &carrier.Busy{}}, false, nil, true,
			account.InvitationHanding, staffmail.ErrUncarried, 1, ""},
		{"there is no carrier", nil, false, nil, false, account.InvitationHomeless, nil, 0, "no carrier"},
		{"sending is paused", &postbox{}, true, nil, false, account.InvitationWaiting, staffmail.ErrPaused, 0, ""},
		{"sending is paused, again", &postbox{once: true}, true, nil, true, account.InvitationHanding,
			staffmail.ErrPaused, 0, ""},
		{"the database does not answer", &postbox{}, false, broken, false, account.InvitationWaiting, broken, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var log bytes.Buffer
			post := &staffmail.Sender{
				Carriers: func(_ context.Context, group practice.ID,
					channel carrier.Channel) ([]carrier.Carrier, error) {
					if c.carrier == nil || group != 7 || channel != carrier.Email {
						return nil, nil
					}
					return []carrier.Carrier{c.carrier}, nil
				},
				Paused:  func(context.Context) (bool, error) { return c.paused, c.asking },
				Timeout: time.Second, Log: slog.New(slog.NewJSONHandler(&log, nil)),
			}
			m := account.Mail{Key: "invitation-x", Staff: 4711, To: "grace@example.org", FromName: "Mill Lane",
				Subject: "Choose", Text: "https://secret.example.org"}
			state, err := post.Mail(t.Context(), 7, m, c.again)
			if state != c.state || !errors.Is(err, c.err) {
				t.Errorf("got %s, %v; want %s, %v", state, err, c.state, c.err)
			}
			if c.carrier != nil {
				if len(c.carrier.sent) != c.sent || c.carrier.late {
					t.Fatalf("sent %+v", c.carrier.sent)
				}
				if want := (carrier.Outgoing{Key: m.Key, Channel: carrier.Email, To: m.To, FromName: m.FromName,
					Subject: m.Subject, Text: m.Text}); c.sent > 0 && c.carrier.sent[0] != want {
					t.Errorf("sent %+v", c.carrier.sent[0])
				}
			}
			if got := log.String(); (got != "") != (c.logged != "") || !strings.Contains(got, c.logged) ||
				c.logged != "" && !strings.Contains(got, `"user":4711`) {
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

func TestNoticeIsSentAgainOnlyWhenTheCarrierMayTakeItLater(t *testing.T) {
	for _, c := range []struct {
		name    string
		carrier *postbox
		paused  bool
		err     error
		sent    int
		logged  string
	}{
		{"it is taken", &postbox{}, false, nil, 1, ""},
		{"it is refused", &postbox{err: &carrier.Refusal{Code: "550"}}, false, nil, 1, "550"},
		{"the carrier is busy", &postbox{err: &carrier.Busy{Code: "451"}}, false, staffmail.ErrUncarried, 1, ""},
		{"there is no carrier", nil, false, nil, 0, ""},
		{"sending is paused", &postbox{}, true, nil, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var log bytes.Buffer
			post := &staffmail.Sender{
				Carriers: func(context.Context, practice.ID, carrier.Channel) ([]carrier.Carrier, error) {
					if c.carrier == nil {
						return nil, nil
					}
					return []carrier.Carrier{c.carrier}, nil
				},
				Paused:  func(context.Context) (bool, error) { return c.paused, nil },
				Timeout: time.Second, Log: slog.New(slog.NewJSONHandler(&log, nil)),
			}
			err := post.Notify(t.Context(), 7, staffmail.Notice{Key: "webhook-x", To: "desk@example.org", Subject: "Off"})
			if !errors.Is(err, c.err) || !strings.Contains(log.String(), c.logged) ||
				strings.Contains(log.String(), "desk@example.org") {
				t.Errorf("got %v, logged %q", err, log.String())
			}
			if c.carrier != nil && (len(c.carrier.sent) != c.sent || c.carrier.late) {
				t.Errorf("sent %+v", c.carrier.sent)
			}
		})
	}
}
