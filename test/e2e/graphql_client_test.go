package e2e

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"frontdesk/connect/password"
	"frontdesk/core"
	"frontdesk/core/account"
	"frontdesk/core/billing"
	"frontdesk/core/clinical"
	"frontdesk/core/demographics"
	"frontdesk/core/document"
	"frontdesk/core/episode"
	"frontdesk/core/form"
	keys "frontdesk/core/key"
	"frontdesk/core/membership"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/record"
	"frontdesk/core/statement"
	"frontdesk/graph/graphtest"
	accountstore "frontdesk/store/account"
	billingstore "frontdesk/store/billing"
	clinicalstore "frontdesk/store/clinical"
	demographicsstore "frontdesk/store/demographics"
	documentstore "frontdesk/store/document"
	episodestore "frontdesk/store/episode"
	formstore "frontdesk/store/form"
	keystore "frontdesk/store/key"
	patientstore "frontdesk/store/patient"
	recordstore "frontdesk/store/record"
	statementstore "frontdesk/store/statement"
	"frontdesk/store/storetest"
)

const signInPassword = "correct horse battery"

// ofCommand runs a command of the program that must succeed, and reads the JSON it
// prints, if it prints some.
func ofCommand(t *testing.T, stdin string, args ...string) map[string]any {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	var out, errs strings.Builder
	cmd := exec.Command(path, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.Dir = strings.NewReader(stdin), &out, &errs, t.TempDir()
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s", args[:2], err, errs.String())
	}
	var made map[string]any
	json.Unmarshal([]byte(out.String()), &made)
	return made
}

// client is where an npm package is. Without it a test is left out, but not where
// CI is set: there it fails.
func client(t *testing.T, name string) {
	t.Helper()
	_, err := exec.LookPath("node")
	if err == nil {
		_, err = os.Stat(filepath.Join("../npm/node_modules", name))
	}
	switch {
	case err == nil:
	case os.Getenv("CI") != "" || !errors.Is(err, exec.ErrNotFound) && !errors.Is(err, fs.ErrNotExist):
		t.Fatalf("node or %s is not there; run make install: %v", name, err)
	default:
		t.Skipf("node or %s is not there; run make install: %v", name, err)
	}
}

// TestPublicGraphQLClientRunsAPractice has a client from npm do what a
// practice's website and its doctor do in a day.
func TestPublicGraphQLClientRunsAPractice(t *testing.T) {
	t.Parallel()
	client(t, "graphql-request")
	storetest.EachAddress(t, func(t *testing.T, address string) {
		s := start(t, address)
		dir := t.TempDir()
		const email = "amir.khan@example.org"
		in := []string{"--db", address, "--group", s.creds.Group}
		ofCommand(t, "",
			append([]string{"user", "create", "--email", email, "--role", "everything", "--title", "Dr", "--first-name",
				"Amir",
				"--last-name", "Khan", "--clinician"}, in...)...)
		ofCommand(t, signInPassword+"\n", append([]string{"user", "password", email}, in...)...)
		key := ofCommand(t, signInPassword+"\n",
			append([]string{"token", "create", "--name", "Website", "--role", "everything", "--password-file", "-",
				"--json"},
				in...)...)
		program, err := binary()
		if err != nil {
			t.Fatal(err)
		}
		settings, err := json.Marshal(map[string]any{
			"url": s.url + "/graphql", "email": email, "apiKey": key["api_key"], "password": signInPassword,
			"rest": s.url, "headers": map[string]string{"x-api-key": s.creds.Key, "x-practice-group-id": s.creds.Group},
			"program": program, "statement": append([]string{"statement", "create"}, in...),
		})
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, "settings.json")
		if err := os.WriteFile(file, settings, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command("node", "../npm/practice.mjs", file).CombinedOutput()
		if err != nil || !strings.Contains(string(out), "all is well") {
			t.Fatalf("%v\n%s\n%s", err, out, s.logs)
		}
	})
}

// operators are the capabilities as an operator has them, on the database of a
// program that runs.
func operators(t *testing.T, address string) *core.Core {
	t.Helper()
	db := storetest.Open(t, address)
	keyring := &keys.Service{Store: keystore.New(db), Now: time.Now, NewID: db.NewID}
	pages := func() string { return "https://desk.example.org" }
	return &core.Core{
		Patient: &patient.Service{Store: patientstore.New(db), Belongings: patientstore.NewBelongings(db),
			Now: time.Now, NewID: db.NewID},
		Record: &record.Service{Store: recordstore.New(db), Writer: record.Own{}, Pages: pages, Now: time.Now,
			NewID: db.NewID},
		Demographics: &demographics.Service{Store: demographicsstore.New(db), Pages: pages, Now: time.Now,
			NewID: db.NewID},
		Account: &account.Service{Store: accountstore.New(db), Keys: keyring, Hasher: password.New(), Now: time.Now,
			NewID: db.NewID},
		Product:          &billing.Products{Store: billingstore.NewProducts(db), Now: time.Now, NewID: db.NewID},
		Invoice:          &billing.Invoices{Store: billingstore.NewInvoices(db), Now: time.Now, NewID: db.NewID},
		PaymentType:      &billing.PaymentTypes{Store: billingstore.NewPaymentTypes(db)},
		Statement:        &statement.Service{Store: statementstore.New(db), Now: time.Now, NewID: db.NewID},
		Membership:       &membership.Service{Store: billingstore.NewMemberships(db), Now: time.Now, NewID: db.NewID},
		MembershipPolicy: &membership.Policies{Store: billingstore.NewPolicies(db), Now: time.Now, NewID: db.NewID},
		Clinical:         &clinical.Records{Store: clinicalstore.NewRecords(db), Now: time.Now, NewID: db.NewID},
		Episode:          &episode.Service{Store: episodestore.New(db), Now: time.Now, NewID: db.NewID},
		Letter:           &clinical.Letters{Store: clinicalstore.NewLetters(db), Now: time.Now, NewID: db.NewID},
		Imported:         &clinical.Imported{Store: clinicalstore.NewImported(db), Now: time.Now, NewID: db.NewID},
		Form: &form.Service{Store: formstore.New(db),
			Now: time.Now, NewID: db.NewID},
		Document: &document.Documents{Store: documentstore.NewDocuments(db), Now: time.Now, NewID: db.NewID},
		Share:    &document.Shares{Store: documentstore.NewShares(db)},
		Token:    &document.Tokens{Store: documentstore.NewTokens(db), Now: time.Now, NewID: db.NewID},
	}
}

// TestEveryFieldOfTheSchemaAnswersOverASocket asks the program every query and
// every mutation it has.
func TestEveryFieldOfTheSchemaAnswersOverASocket(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		s := start(t, address)
		made := ofCommand(t, "", "token", "create", "--db", address, "--group", s.creds.Group, "--name", "Everything",
			"--role", "everything", "--rate-limit", "0", "--json")
		token, _ := made["api_key"].(string)
		group, err := practice.ParseID(s.creds.Group)
		if err != nil {
			t.Fatal(err)
		}
		ask := func(token, document string) (int, string) {
			a := s.call("POST", "/graphql", map[string]any{"query": document}, header("x-token", token), key(""),
				ofGroup(""))
			return a.Status, a.Text
		}
		p := &graphtest.Practice{T: t, Core: operators(t, address), Group: group, Now: time.Now, AskAs: ask,
			Ask: func(document string) (int, string) {
				return ask(token, document)
			}}
		if asked := graphtest.Every(p); asked < 132 {
			t.Errorf("%d fields were asked", asked)
		}
		if errors := regexp.MustCompile(`(?m)^.*"level":"ERROR".*$`).FindAllString(s.logs.String(), 3); errors != nil {
			t.Error(errors)
		}
	})
}
