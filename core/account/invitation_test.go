package account_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/account"
	"frontdesk/core/fault"
	"frontdesk/core/job"
	"frontdesk/core/key"
	"frontdesk/core/practice"
	"frontdesk/core/seal"
	auditstore "frontdesk/store/audit"
)

// mailer keeps what it is handed, and says what it is told to.
type mailer struct {
	sent  []account.Mail
	again []bool
	state account.InvitationState
	err   error
}

func (m *mailer) Mail(
	_ context.Context, _ practice.ID, mail account.Mail, again bool,
) (account.InvitationState, error) {
	m.sent, m.again = append(m.sent, mail), append(m.again, again)
	return m.state, m.err
}

// invited adds Ann, and gives her invitation's job.
func (h *house) invited() (account.Staff, job.Job) {
	h.t.Helper()
	made, err := h.Add(h.ctx, ann())
	h.must(err)
	return made, h.latest(made.ID)
}

// latest is the job of a user's newest invitation.
func (h *house) latest(of account.StaffID) job.Job {
	h.t.Helper()
	id := h.newest(h.group.ID, of)
	return job.Job{Group: int64(h.group.ID), Kind: account.InviteKind, Args: job.Args(id)}
}

// link sends an invitation, and is what the address in it ends with.
func (h *house) link(j job.Job) string {
	h.t.Helper()
	h.must(h.SendInvitation(context.Background(), j))
	if len(h.mail.sent) == 0 {
		h.t.Fatal("nothing was sent")
	}
	found := regexp.MustCompile(`https://desk\.example\.org/invite/([0-9a-z]+-[0-9a-z]+-[0-9a-f]{40})\n`).
		FindStringSubmatch(h.mail.sent[len(h.mail.sent)-1].Text)
	if found == nil {
		h.t.Fatalf("there is no link in %q", h.mail.sent)
	}
	return found[1]
}

func (h *house) signIn(password string) error {
	_, err := h.SignIn(context.Background(), account.Credentials{Email: "ann@example.org", Password: password})
	return err
}

// isOver complains about a link that can be used.
func (h *house) isOver(what, link string) {
	h.t.Helper()
	if _, err := h.Invited(context.Background(), link); !errors.Is(err, account.ErrInvitation) {
		h.t.Errorf("%s: looking: %v", what, err)
	}
	if _, err := h.Accept(context.Background(), link, "another long password"); !errors.Is(err, account.ErrInvitation) {
		h.t.Errorf("%s: using: %v", what, err)
	}
}

func TestAnInvitationSetsAPasswordOnce(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		made, j := h.invited()
		link := h.link(j)
		m := h.mail.sent[0]
		if m.To != "Ann@Example.org" || m.FromName != "Mill Lane" || m.Staff != made.ID || !strings.Contains(m.Text,
			"Monday 13 January 2031, 07:00") {
			t.Fatalf("got %+v", m)
		}
		if group, err := h.Invited(context.Background(), link); err != nil || group != h.group.ID {
			t.Fatalf("got %v, %v", group, err)
		}
		for password, code := range map[string]string{"short": "too_small", strings.Repeat("x", 201): "too_big"} {
			_, err := h.Accept(context.Background(), link, password)
			if f := fault.Of(err); f.Kind != fault.Invalid || len(f.Fields) != 1 || f.Fields[0].Code != code {
				t.Errorf("%s: %v", code, err)
			}
		}
		if group, err := h.Accept(context.Background(), link, right); err != nil || group != h.group.ID {
			t.Fatalf("got %v, %v", group, err)
		}
		h.must(h.signIn(right))
		all, err := h.Service.Staff(h.ctx, []account.StaffID{made.ID})
		if err != nil || !all[0].VerifiedAt.Equal(*h.now.Load()) {
			t.Errorf("verified %v, %v", all, err)
		}
		trail, err := auditstore.New(h.db).Trail(context.Background(), int64(h.group.ID), "user", int64(made.ID), 10)
		h.must(err)
		if n := len(trail); n != 2 || trail[1].Action != "user.accept_invitation" || trail[1].Actor != "Ann Lee" ||
			strings.Contains(string(trail[1].After), right) {
			t.Errorf("the log has %+v", trail)
		}
		h.isOver("it was used", link)
		h.must(h.signIn(right))
		if _, err := h.Invite(h.ctx, "ann@example.org"); !errors.Is(err, account.ErrJoined) {
			t.Errorf("invited again: %v", err)
		}
	})
}

func TestAnInvitationIsOver(t *testing.T) {
	for what, end := range map[string]func(h *house, ann account.Staff){
		"a week later": func(h *house, _ account.Staff) { h.move(account.InvitationLife) },
		"another was sent": func(h *house, _ account.Staff) {
			_, err := h.Invite(h.ctx, "ann@example.org")
			h.must(err)
		},
		"an operator set the password": func(h *house, _ account.Staff) {
			_, err := h.SetPassword(h.ctx, "ann@example.org", right)
			h.must(err)
		},
		"she has another address": func(h *house, ann account.Staff) {
			_, err := h.Change(h.ctx, ann.ID, account.Change{Email: ptr("lee@example.org")})
			h.must(err)
		},
		"she has left": func(h *house, ann account.Staff) {
			ann.DeletedAt = *h.now.Load()
			h.must(h.Store.Do(h.ctx, func(tx account.Tx) error { return tx.SaveStaff(h.ctx, h.group.ID, ann) }))
		},
	} {
		t.Run(what, func(t *testing.T) {
			each(t, func(t *testing.T, h *house) {
				made, j := h.invited()
				link := h.link(j)
				end(h, made)
				h.isOver(what, link)
				// Nor is it sent, if it was not yet.
				h.must(h.SendInvitation(context.Background(), j))
				if len(h.mail.sent) != 1 {
					t.Errorf("%s: it was sent %d times", what, len(h.mail.sent))
				}
			})
		})
	}
}

func TestAnotherInvitationWorks(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		made, first := h.invited()
		h.move(account.InvitationLife - time.Second)
		old := h.link(first)
		again, err := h.Invite(h.ctx, " ANN@example.org")
		h.must(err)
		if again.State != account.InvitationWaiting || again.Staff != made.ID ||
			!again.ExpiresAt.Equal(h.now.Load().Add(7*24*time.Hour)) {
			t.Fatalf("got %+v", again)
		}
		fresh := h.link(h.latest(made.ID))
		h.isOver("another was sent", old)
		// Its address can be corrected, and it follows.
		_, err = h.Change(h.ctx, made.ID, account.Change{Email: ptr("lee@example.org"), Title: ptr("Dr")})
		h.must(err)
		h.isOver("it went to the wrong address", fresh)
		moved := h.link(h.latest(made.ID))
		if to := h.mail.sent[2].To; to != "lee@example.org" {
			t.Errorf("it went to %s", to)
		}
		// What has nothing to do with the address leaves it alone.
		_, err = h.Change(h.ctx, made.ID, account.Change{Title: ptr("Prof"), Email: ptr("LEE@example.org")})
		h.must(err)
		_, err = h.Accept(context.Background(), moved, right)
		h.must(err)
		_, other := h.join("Another")
		if _, err := h.Invite(other, "lee@example.org"); !errors.Is(err, account.ErrNotFound) {
			t.Errorf("another practice invited her: %v", err)
		}
		if _, err := h.Invite(h.ctx, "unknown@example.org"); !errors.Is(err, account.ErrNotFound) {
			t.Errorf("unknown: %v", err)
		}
	})
}

func TestLinksOfInvitationsCannotBeGuessed(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		_, j := h.invited()
		link := h.link(j)
		own := link[:strings.LastIndexByte(link, '-')+1]
		for _, wrong := range []string{"", "-", "--", "a-b-c", own, "0-0-" + link, link + "-",
			"zzzzzzzzzzzzzzzzzzz-1-1", strings.Repeat("a", 5000)} {
			h.isOver(wrong, wrong)
		}
		h.move(time.Hour)
		for range 5 {
			if _, err := h.Accept(context.Background(), own+strings.Repeat("0", 40), right); !errors.Is(err,
				account.ErrInvitation) {
				t.Errorf("a guess: %v", err)
			}
		}
		if _, err := h.Accept(context.Background(), link, right); !errors.Is(err, account.ErrGuessed) {
			t.Errorf("after five guesses: %v", err)
		}
		h.move(15 * time.Minute)
		if _, err := h.Accept(context.Background(), link, right); err != nil {
			t.Errorf("a quarter of an hour later: %v", err)
		}
	})
}

func TestAnInvitationIsSentOnce(t *testing.T) {
	busy := fault.New(fault.Unavailable, "busy", "Later.")
	for _, c := range []struct {
		name  string
		state account.InvitationState
		err   error
		again bool // whether the job, run again, hands it over again
		twice bool // and says that it may have been before
	}{
		{"the carrier has it", account.InvitationSent, nil, false, false},
		{"the carrier will not take it", account.InvitationRefused, nil, false, false},
		{"there is no carrier", account.InvitationHomeless, nil, false, false},
		{"not known", account.InvitationUnsure, nil, false, false},
		{"the carrier is busy", account.InvitationWaiting, busy, true, false},
		{"the carrier did not answer", account.InvitationHanding, busy, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			each(t, func(t *testing.T, h *house) {
				made, j := h.invited()
				h.mail.state, h.mail.err = c.state, c.err
				if err := h.SendInvitation(context.Background(), j); !errors.Is(err, c.err) {
					t.Fatal(err)
				}
				got, err := h.Invitation(h.ctx, h.newest(h.group.ID, made.ID))
				if err != nil || got.State != c.state {
					t.Errorf("it is %+v, %v", got, err)
				}
				h.mail.state, h.mail.err = account.InvitationSent, nil
				h.must(h.SendInvitation(context.Background(), j))
				if n := len(h.mail.sent); (n == 2) != c.again {
					t.Fatalf("it was handed over %d times", n)
				}
				if c.again && (h.mail.again[1] != c.twice || h.mail.sent[0] != h.mail.sent[1]) {
					t.Errorf("the second is %+v, %v", h.mail.sent[1], h.mail.again)
				}
			})
		})
	}
}

func TestWhoMayInvite(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		doctor, err := h.groups.CreatePractitioner(h.ctx, practice.PractitionerChange{FirstName: ptr("Omar"),
			LastName: ptr("Khan")})
		h.must(err)
		_, err = h.Change(h.ctx, account.StaffID(doctor.ID), account.Change{Email: ptr("omar@example.org")})
		h.must(err)
		if _, err := h.Invite(h.ctx, "omar@example.org"); !errors.Is(err, account.ErrNoRole) {
			t.Errorf("without a role: %v", err)
		}
		_, err = h.Change(h.ctx, account.StaffID(doctor.ID), account.Change{Role: ptr("frontdesk")})
		h.must(err)
		i, err := h.Invite(h.ctx, "omar@example.org")
		h.must(err)
		_, text, err := h.keyring.CreateKey(h.ctx, key.Key{Partner: "Manager", Role: "everything"})
		h.must(err)
		who, _, err := h.keyring.Token(context.Background(), text)
		h.must(err)
		ctx := access.With(context.Background(), who)
		if _, err := h.Invite(ctx, "omar@example.org"); !errors.Is(err, access.ErrPermission) {
			t.Errorf("by a token: %v", err)
		}
		if _, err := h.Invitation(ctx, i.ID); !errors.Is(err, access.ErrPermission) {
			t.Errorf("by a token: %v", err)
		}
		_, other := h.join("Another")
		if _, err := h.Invitation(other, i.ID); !errors.Is(err, account.ErrInvitation) {
			t.Errorf("by another practice: %v", err)
		}
	})
}

func TestOldInvitationsAreForgotten(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		made, _ := h.invited()
		id := h.newest(h.group.ID, made.ID)
		h.move(account.InvitationLife + 90*24*time.Hour)
		h.must(h.Forget(h.ctx))
		if _, err := h.Invitation(h.ctx, id); err != nil {
			t.Error(err)
		}
		h.move(time.Second)
		h.must(h.Forget(h.ctx))
		if _, err := h.Invitation(h.ctx, id); !errors.Is(err, account.ErrInvitation) {
			t.Error(err)
		}
	})
}

func TestAnInvitationNeedsTheSealKey(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		_, j := h.invited()
		h.Box = func() (*seal.Box, error) { return nil, seal.ErrNoKey }
		if err := h.SendInvitation(context.Background(), j); !errors.Is(err, seal.ErrNoKey) || len(h.mail.sent) != 0 {
			t.Errorf("%v, %v", err, h.mail.sent)
		}
		j.Args = []byte(`"x"`)
		if err := h.SendInvitation(context.Background(), j); fault.Of(err).Kind != fault.Invalid {
			t.Error(err)
		}
	})
}
