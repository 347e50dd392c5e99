package pages_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/input"
	"frontdesk/core/key"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/practice"
	"frontdesk/core/record"
	patientstore "frontdesk/store/patient"
	recordstore "frontdesk/store/record"
)

// TestTheLinkOfAnEntryShowsNothingToAStranger holds the address and nothing else.
func TestTheLinkOfAnEntryShowsNothingToAStranger(t *testing.T) {
	k := newKit(t)
	at, id := k.proposal()
	before := k.kept()
	for _, ask := range []func() (int, string){
		func() (int, string) { return k.get(at) },
		func() (int, string) { return k.fill(at, deciding("approve", k.ada)) },
		func() (int, string) { return k.fill(at, deciding("reject", k.ada)) },
	} {
		status, body := ask()
		says(t, status, body, 200, "Mill Lane Surgery", "Sign in to decide", `type="password"`,
			`autocomplete="current-password"`, `autocomplete="username"`)
		lacks(t, body, " else>", " else ", "Ada", "Byron", "blood", "SNOMED", "1985", `value="approve"`)
	}
	if k.kept() != before || k.status(id) != record.Pending {
		t.Error("holding the address changed something")
	}
}

func TestAnEntryIsDecidedOnceByAMemberOfStaff(t *testing.T) {
	for decision, want := range map[string]record.Status{"approve": record.Approved, "reject": record.Rejected} {
		t.Run(decision, func(t *testing.T) {
			k := newKit(t)
			grace := k.staff(k.ctx, "Grace", "Hopper", "frontdesk")
			at, id := k.proposal()
			k.signIn(at, "Grace")
			// The query stays private.
			for _, address := range []string{at, at + "?decision=approve"} {
				status, body := k.get(address)
				says(t, status, body, 200, "Mill Lane Surgery", "Record of <strong>Ada Byron</strong>",
					"10 December 1985",
					"NHS number", "<p>Your blood test is &lt;fine&gt;.</p>",
					"SNOMED CT ", "The patient’s own page", "Monday 7 July 2031 at 09:30",
					"Signed in as <strong>Grace Hopper</strong>", "Write to the record of Ada Byron",
					`value="approve"`, `value="reject"`)
			}
			shown, err := k.core.Audit.List(k.ctx, audit.Query{Until: k.clock.Add(time.Hour),
				Subject: audit.Subject{Kind: "record_entry", ID: id}, Door: "page"}, 0)
			if err != nil || len(shown) != 2 || !slices.Contains(shown[1].Subjects, "patient:"+k.ada.String()) ||
				shown[1].Actor != "Grace Hopper (signed in)" {
				t.Errorf("two readings have %d entries: %+v, %v", len(shown), shown, err)
			}
			if strings.Contains(k.kept(), "record.review") {
				t.Error("a reading is in the trail twice")
			}
			status, body := k.fill(at+"?decision=approve", deciding("perhaps", k.ada))
			says(t, status, body, 400, "Choose whether", "SNOMED CT")
			if k.status(id) != record.Pending {
				t.Error("looking at the page decided something")
			}
			status, body = k.fill(at, deciding(decision, k.ada))
			says(t, status, body, 200,
				map[string]string{"approve": "It will be written to the record",
					"reject": "It will not be written to the record"}[decision])
			e, err := recordstore.New(k.db).RecordEntry(k.ctx, k.group, id)
			if err != nil || e.Status != want || e.DecidedBy != "Grace Hopper" || e.Decider != int64(grace.ID) ||
				!e.DecidedAt.Equal(k.clock) {
				t.Errorf("kept %+v, %v", e, err)
			}
			if log := k.kept(); !strings.Contains(log, "Grace Hopper (signed in)") || !strings.Contains(log,
				"record.decide") {
				t.Error("the log does not say who decided")
			}
			after := k.kept()
			for _, again := range []string{"approve", "reject"} {
				status, body = k.fill(at, deciding(again, k.ada))
				says(t, status, body, 409, "This was decided already")
			}
			status, body = k.get(at)
			says(t, status, body, 409, "This was decided already",
				map[string]string{"approve": "It was approved", "reject": "It was turned down"}[decision])
			lacks(t, body, "blood", "Ada")
			if k.kept() != after {
				t.Error("deciding again changed something")
			}
			k.clock = k.clock.Add(record.ApprovalLife)
			status, body = k.get(at)
			says(t, status, body, 404, "This link does not work")
		})
	}
}

// TestApprovalPageAllowsTheRolesThatMayApprove signs a member of staff of each preset role in.
func TestApprovalPageAllowsTheRolesThatMayApprove(t *testing.T) {
	allowed := map[string]bool{"everything": true, "frontdesk": true}
	for _, role := range access.Presets() {
		t.Run(role, func(t *testing.T) {
			k := newKit(t)
			k.staff(k.ctx, "Grace", "Hopper", role)
			at, id := k.proposal()
			k.signIn(at, "Grace")
			seen, body := k.get(at)
			decided, _ := k.fill(at, deciding("approve", k.ada))
			if allowed[role] {
				if seen != 200 || decided != 200 || k.status(id) != record.Approved {
					t.Errorf("got %d and %d", seen, decided)
				}
				return
			}
			if seen != 403 || decided != 403 || k.status(id) != record.Pending {
				t.Errorf("got %d and %d", seen, decided)
			}
			lacks(t, body, "blood", "Ada")
		})
	}
}

func TestSigningInToDecide(t *testing.T) {
	k := newKit(t)
	k.staff(k.ctx, "Grace", "Hopper", "frontdesk")
	k.staff(k.ctx, "Rita", "Reader", "readonly")
	elsewhere, err := k.core.Practice.CreateGroup(context.Background(), practice.Group{Name: "Elm Road"})
	if err != nil {
		t.Fatal(err)
	}
	k.staff(access.With(context.Background(), access.Operator(elsewhere.ID)), "Eve", "Elsewhere", "everything")
	at, id := k.proposal()

	for _, c := range []struct {
		form        url.Values
		want, first string
	}{
		{url.Values{"decision": {"sign_in"}}, "Enter your e-mail address", "#email"},
		{url.Values{"decision": {"sign_in"}, "email": {"grace@example.org"}}, "Enter your password", "#password"},
	} {
		status, body := k.fill(at, c.form)
		says(t, status, body, 400, c.want, `<a href="`+c.first+`">`, `aria-invalid="true"`,
			"<title>Error: Sign in to decide – Mill Lane Surgery</title>")
	}
	// Whatever is wrong, the answer is the same, and does not say that another
	// practice knows the address.
	for _, c := range [][2]string{{"Grace", "wrong"}, {"Unknown", words}, {"Eve", words}} {
		status, body := k.fill(at, signingIn(c[0], c[1]))
		says(t, status, body, 401, "The e-mail address or the password is not right for Mill Lane Surgery", `value="`+
			strings.ToLower(c[0])+`@example.org"`)
		lacks(t, body, `value="`+c[1], "Elm Road")
		if len(k.cookies) != 0 {
			t.Fatal("a session began")
		}
	}
	k.signIn(at, "Rita")
	status, body := k.get(at)
	says(t, status, body, 403, "You cannot decide this", "Rita Reader", "Sign out")
	lacks(t, body, "Ada", "blood")
	status, body = k.fill(at, deciding("approve", k.ada))
	says(t, status, body, 403, "You cannot decide this")
	if status, _ = k.fill(at, url.Values{"decision": {"sign_out"}}); status != http.StatusSeeOther ||
		len(k.cookies) != 0 {
		t.Errorf("signing out: %d, %v", status, k.cookies)
	}

	// A session that was ended is worth nothing, here or elsewhere.
	k.signIn(at, "Grace")
	session := k.cookies["frontdesk_staff"]
	if status, _ = k.fill(at, url.Values{"decision": {"sign_out"}}); status != http.StatusSeeOther {
		t.Error(status)
	}
	k.cookies["frontdesk_staff"] = session
	status, body = k.fill(at, deciding("approve", k.ada))
	says(t, status, body, 200, "Sign in to decide")
	if _, _, err := k.core.Key.Token(k.ctx, session); err == nil {
		t.Error("the session goes on")
	}

	// So is another practice's, and one that is too old.
	k.cookies["frontdesk_staff"] = session + "x"
	status, body = k.get(at)
	says(t, status, body, 200, "Sign in to decide")
	k.cookies = map[string]string{}
	k.signIn(at, "Grace")
	k.clock = k.clock.Add(key.SessionLife)
	status, body = k.fill(at, deciding("approve", k.ada))
	says(t, status, body, 200, "Sign in to decide")
	if got := k.status(id); got != record.Pending {
		t.Errorf("it is %s", got)
	}

	// Guessing is stopped: for an account, and for an address that tries many.
	for range 6 {
		status, body = k.fill(at, signingIn("Grace", "wrong"))
	}
	says(t, status, body, 429, "There were too many wrong passwords. Try again in 15 minutes.")
	status, body = k.fill(at, signingIn("Grace", words))
	says(t, status, body, 429, "There were too many wrong passwords")
}

// TestTheCookieIsForHTTPSAlone but where there is no HTTPS.
func TestTheCookieIsForHTTPSAlone(t *testing.T) {
	for _, base := range []string{"https://desk.example.org", "http://127.0.0.1:8080"} {
		k := newKit(t)
		k.core.Record.Pages = func() string { return base }
		k.staff(k.ctx, "Grace", "Hopper", "frontdesk")
		at, _ := k.proposal()
		r := httptest.NewRequest(http.MethodPost, strings.TrimPrefix(at, base),
			strings.NewReader(signingIn("Grace", words).Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		k.door.ServeHTTP(w, r)
		if c := w.Result().Cookies(); len(c) != 1 || c[0].Secure != strings.HasPrefix(base, "https") {
			t.Errorf("%s: %v", base, c)
		}
	}
}

// TestAnEntryIsForTheRecordThatWasSeen merges two records while a member of staff looks at
// the page.
func TestAnEntryIsForTheRecordThatWasSeen(t *testing.T) {
	k := newKit(t)
	k.staff(k.ctx, "Grace", "Hopper", "frontdesk")
	at, id := k.proposal()
	k.signIn(at, "Grace")
	mobile := "07700 900556"
	other, err := patienttest.Register(k.ctx, k.core.Patient,
		patient.Changes{FirstName: new("Augusta"), LastName: new("King"), BirthDate: new(input.DayOf(1985, 12, 10)),
			Mobile: &mobile})
	if err != nil {
		t.Fatal(err)
	}
	preview, err := k.core.Merge.Preview(k.ctx, other, k.ada)
	if err == nil {
		_, err = k.core.Merge.Merge(k.ctx, other, k.ada, preview.Token)
	}
	if err != nil {
		t.Fatal(err)
	}
	status, body := k.fill(at, deciding("approve", k.ada))
	says(t, status, body, 409, "This is for another patient&#39;s record now",
		"Record of <strong>Augusta King</strong>")
	if got := k.status(id); got != record.Pending {
		t.Errorf("it is %s", got)
	}
	status, body = k.fill(at, deciding("approve", other))
	says(t, status, body, 200, "It will be written to the record")
}

func TestNothingIsWrittenIntoARecordThatWasDeleted(t *testing.T) {
	k := newKit(t)
	k.staff(k.ctx, "Grace", "Hopper", "frontdesk")
	at, id := k.proposal()
	k.signIn(at, "Grace")
	ada, err := k.core.Patient.Patient(k.ctx, k.ada)
	if err == nil {
		ada.DeletedAt = k.clock
		err = patientstore.New(k.db).Do(k.ctx, func(tx patient.Tx) error { return tx.SavePatient(k.ctx, k.group, ada) })
	}
	if err != nil {
		t.Fatal(err)
	}
	status, body := k.get(at)
	says(t, status, body, 200, "This patient’s record has been deleted", `value="reject"`)
	lacks(t, body, "Ada", `value="approve"`)
	status, body = k.fill(at, deciding("approve", k.ada))
	says(t, status, body, 409, "nothing can be written into it")
	if got := k.status(id); got != record.Pending {
		t.Errorf("it is %s", got)
	}
	status, body = k.fill(at, deciding("reject", k.ada))
	says(t, status, body, 200, "It will not be written to the record")
}

func TestTheLinkOfAnEntryExpires(t *testing.T) {
	k := newKit(t)
	k.staff(k.ctx, "Grace", "Hopper", "frontdesk")
	at, id := k.proposal()
	k.clock = k.clock.Add(record.ApprovalLife - time.Minute)
	k.signIn(at, "Grace")
	k.clock = k.clock.Add(time.Minute)
	status, body := k.fill(at, deciding("approve", k.ada))
	says(t, status, body, 404, "This link does not work", "Mill Lane Surgery", "01632 960100")
	if got := k.status(id); got != record.Pending {
		t.Errorf("it is %s", got)
	}
}
