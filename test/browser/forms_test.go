package browser

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"frontdesk/connect/password"
	"frontdesk/core"
	"frontdesk/core/access"
	"frontdesk/core/account"
	"frontdesk/core/attachment"
	"frontdesk/core/audit"
	"frontdesk/core/carrier"
	"frontdesk/core/dispatch"
	"frontdesk/core/input"
	"frontdesk/core/job"
	"frontdesk/core/key"
	"frontdesk/core/link"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/practice"
	"frontdesk/core/record"
	"frontdesk/core/seal"
	"frontdesk/pages"
	"frontdesk/pages/inbox"
	"frontdesk/sandbox"
	accountstore "frontdesk/store/account"
	attachmentstore "frontdesk/store/attachment"
	auditstore "frontdesk/store/audit"
	dispatchstore "frontdesk/store/dispatch"
	keystore "frontdesk/store/key"
	linkstore "frontdesk/store/link"
	messagingstore "frontdesk/store/messaging"
	patientstore "frontdesk/store/patient"
	practicestore "frontdesk/store/practice"
	recordstore "frontdesk/store/record"
	"frontdesk/store/storetest"
)

// TestTheForms fills in the pages' forms, in front of a practice with nothing
// else around it.
func TestTheForms(t *testing.T) {
	db := storetest.Open(t, storetest.SQLite(t))
	base := func() string { return "" }
	records := &record.Service{Store: recordstore.New(db), Writer: record.Own{}, Pages: base, Now: time.Now,
		NewID: db.NewID}
	c := &core.Core{
		Audit:    &audit.Service{Store: auditstore.New(db), Now: time.Now, NewID: db.NewID},
		Practice: &practice.Service{Store: practicestore.New(db), Now: time.Now, NewID: db.NewID},
		Patient:  &patient.Service{Store: patientstore.New(db), Now: time.Now, NewID: db.NewID},
		Record:   records,
		Messaging: &messaging.Service{Store: messagingstore.New(db), Records: records, Pages: base, Now: time.Now,
			NewID: db.NewID},
	}
	handover := &dispatch.Service{Store: dispatchstore.New(db), Messages: c.Messaging, Now: time.Now, NewID: db.NewID}
	c.Messaging.Opened = handover.Opened
	box, err := seal.Parse([]byte(seal.NewKey()))
	if err != nil {
		t.Fatal(err)
	}
	post := &postman{}
	c.Key = &key.Service{Store: keystore.New(db), Now: time.Now, NewID: db.NewID}
	c.Account = &account.Service{
		Store: accountstore.New(db), Keys: c.Key, Hasher: password.New(), Mailer: post,
		Box: func() (*seal.Box, error) { return box, nil }, Pages: base, Now: time.Now, NewID: db.NewID,
	}
	c.Attachment = &attachment.Service{Store: attachmentstore.New(db), MediaType: http.DetectContentType, Now: time.Now,
		NewID: db.NewID}
	c.Link = &link.Service{Store: linkstore.New(db), Attachment: c.Attachment, Pages: base, Now: time.Now,
		NewID: db.NewID, Box: func() (*seal.Box, error) { return box, nil }}
	g, err := c.Practice.CreateGroup(t.Context(), practice.Group{Name: "Mill Lane Surgery", Phone: "01632 960100"})
	if err != nil {
		t.Fatal(err)
	}
	ctx := access.With(context.Background(), access.Operator(g.ID))
	email := "ada@example.org"
	ada, err := patienttest.Register(ctx, c.Patient,
		patient.Changes{FirstName: new("Ada"), LastName: new("Byron"), BirthDate: new(input.DayOf(1985, 12, 10)),
			Email: &email})
	if err != nil {
		t.Fatal(err)
	}
	send := func() messaging.Taken {
		taken, err := c.Messaging.Send(ctx, messaging.Request{
			Patient: ada, Channel: carrier.Hero,
			Text:          "Dear Ada,\n\nYour blood test is fine.\n\nhttps://www.nhs.uk/conditions/blood-tests/",
			WriteToRecord: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		return taken
	}
	first, second := send(), send()
	file, err := c.Link.CreateAttachment(ctx, link.ToFile{Patient: ada, Name: "Referral letter.txt", Data: "RGVhciBBZGE="})
	if err != nil {
		t.Fatal(err)
	}
	gone, err := c.Link.CreateAttachment(ctx, link.ToFile{Patient: ada, Name: "Referral letter.txt", Data: "RGVhciBBZGE="})
	if err == nil {
		_, err = c.Link.Withdraw(ctx, gone.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	for name, role := range map[string]string{"Katherine": "frontdesk", "Rita": "readonly"} {
		surname, address := "Johnson", strings.ToLower(name)+"@example.org"
		if _, err := c.Account.Add(ctx,
			account.Change{FirstName: &name, LastName: &surname, Email: &address, Role: &role}); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Account.SetPassword(ctx, address, "correct horse battery"); err != nil {
			t.Fatal(err)
		}
	}
	invitation := post.invite(t, ctx, c.Account)
	mux := http.NewServeMux()
	mux.Handle("/", pages.New(c))
	mux.Handle("GET /sandbox/inbox", inbox.New(func() []inbox.Received {
		return []inbox.Received{
			{At: time.Now(), Carrier: "twilio", Channel: "sms", To: "+447700900555", From: "MILLLANE",
				Text: "Open https://desk.example.org/m/" + strings.Repeat("a", 60)},
			{At: time.Now(), Carrier: "smtp", Channel: "email", To: strings.Repeat("ada.", 12) + "byron@example.org",
				From: "desk@example.org", Subject: "Your test", Text: "Dear Ada,\n\nit is fine."},
			{At: time.Now(), Carrier: "notify", Channel: "nhs_app", To: "9990000018", Text: "It is fine."},
		}
	}, &sandbox.Clock{}))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	for range 10 {
		res, err := http.PostForm(server.URL+second.PageURL, url.Values{"day": {"1"}, "month": {"1"}, "year": {"1990"}})
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
	}
	script(t, "forms.mjs", server.URL, os.Getenv("SHOTS"), first.PageURL, second.PageURL, first.Record.URL,
		second.Record.URL, invitation, strings.Split(first.PageURL, "-")[0]+"-unknown", file.URL,
		gone.URL)
}

// postman keeps the e-mail a member of staff is sent.
type postman struct{ mail account.Mail }

func (p *postman) Mail(_ context.Context, _ practice.ID, m account.Mail, _ bool) (account.InvitationState, error) {
	p.mail = m
	return account.InvitationSent, nil
}

// invite sends an invitation, and gives the path of its page.
func (p *postman) invite(t *testing.T, ctx context.Context, s *account.Service) string {
	t.Helper()
	first, last, email, role := "Grace", "Hopper", "grace@example.org", "frontdesk"
	if _, err := s.Add(ctx, account.Change{FirstName: &first, LastName: &last, Email: &email,
		Role: &role}); err != nil {
		t.Fatal(err)
	}
	made, err := s.Invite(ctx, email)
	if err != nil {
		t.Fatal(err)
	}
	who, err := access.Who(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SendInvitation(ctx, job.Job{Group: int64(who.Group), Args: job.Args(made.ID)}); err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`/invite/\S+`).FindString(p.mail.Text)
}
