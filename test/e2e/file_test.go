package e2e

import (
	"context"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"

	"frontdesk/app"
	"frontdesk/core/access"
	"frontdesk/core/clinical"
	"frontdesk/core/document"
	"frontdesk/core/form"
	"frontdesk/core/practice"
	"frontdesk/core/seal"
	"frontdesk/core/task"
	clinicalstore "frontdesk/store/clinical"
	documentstore "frontdesk/store/document"
	formstore "frontdesk/store/form"
	"frontdesk/store/storetest"
	taskstore "frontdesk/store/task"
)

// fetch asks the program itself: files are not part of the REST contract.
func fetch(t *testing.T, method, address, body string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequest(method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	return got, string(text)
}

func TestFileIsUploadedAndDownloaded(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		p := open(t, address, app.Config{})
		db := storetest.Open(t, address)
		group, err := strconv.ParseInt(p.creds.Group, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(sealKey)
		if err != nil {
			t.Fatal(err)
		}
		ctx := access.With(context.Background(), access.Operator(practice.ID(group)))
		// Another program on the same database, with the same key.
		s := &document.Documents{Store: documentstore.NewDocuments(db),
			Box:   func() (*seal.Box, error) { return seal.Parse(text) },
			Pages: p.app.URL, Now: p.clock.Now, NewID: db.NewID}
		made, err := s.CreateTemplate(ctx, document.New{Name: "form.txt", MediaType: "text/plain"})
		if err != nil {
			t.Fatal(err)
		}
		put, err := s.UploadAddress(ctx, made)
		if err != nil {
			t.Fatal(err)
		}
		if got, text := fetch(t, "PUT", put, "Dear patient"); got.StatusCode != http.StatusNoContent {
			t.Fatalf("got %d, %s", got.StatusCode, text)
		}
		full, err := s.Template(ctx, made.ID)
		if err != nil {
			t.Fatal(err)
		}
		get, err := s.DownloadAddress(ctx, full)
		if err != nil {
			t.Fatal(err)
		}
		if got, text := fetch(t, "GET", get, ""); got.StatusCode != http.StatusOK || text != "Dear patient" {
			t.Fatalf("got %d, %s", got.StatusCode, text)
		}
		for _, c := range []struct {
			method, address string
			want            int
		}{{"GET", put, 404}, {"PUT", get, 404}, {"GET", p.app.URL() + "/files/", 404},
			{"GET", p.app.URL() + "/files/1.2.3.x", 404}} {
			if got, text := fetch(t, c.method, c.address, "x"); got.StatusCode != c.want ||
				!strings.Contains(text, `"error":true`) {
				t.Errorf("%s %s: got %d, %s", c.method, c.address, got.StatusCode, text)
			}
		}
		for _, address := range []string{put, get} {
			if sign := address[strings.LastIndexByte(address, '.')+1:]; strings.Contains(p.logs.String(), sign) {
				t.Error("the log has a signed address")
			}
		}
	})
}

func TestSandboxTownHasData(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		p := open(t, address, app.Config{})
		db := storetest.Open(t, address)
		for _, id := range []string{p.creds.Group, p.creds.Second.Group} {
			group, err := strconv.ParseInt(id, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			ctx := access.With(context.Background(), access.Operator(practice.ID(group)))
			records := &clinical.Records{Store: clinicalstore.NewRecords(db)}
			imported := &clinical.Imported{Store: clinicalstore.NewImported(db)}
			letters := &clinical.Letters{Store: clinicalstore.NewLetters(db)}
			forms := &form.Service{Store: formstore.New(db)}
			tasks, _, err := (&task.Service{Store: taskstore.New(db)}).Tasks(ctx, task.Query{})
			if err != nil || len(tasks) != 1 {
				t.Errorf("tasks: got %v, %v", tasks, err)
			}
			some(t, "questionnaires")(forms.List(ctx, clinical.Query{}))
			some(t, "prescriptions")(imported.Prescriptions(ctx, clinical.Query{}))
			some(t, "labs")(imported.Labs(ctx, clinical.Query{}))
			some(t, "letters")(letters.List(ctx, clinical.Query{}))
			some(t, "consultations")(records.Consultations(ctx, clinical.Query{}))
			some(t, "records")(records.Records(ctx, clinical.Query{}))
		}
	})
}

// some makes sure that a list has something.
func some(t *testing.T, what string) func(list any, more bool, err error) {
	return func(list any, _ bool, err error) {
		t.Helper()
		n := 0
		switch l := list.(type) {
		case []form.Questionnaire:
			n = len(l)
		case []clinical.Prescription:
			n = len(l)
		case []clinical.Lab:
			n = len(l)
		case []clinical.Letter:
			n = len(l)
		case []clinical.Consultation:
			n = len(l)
		case []clinical.Record:
			n = len(l)
		}
		if err != nil || n == 0 {
			t.Errorf("%s: got %d, %v", what, n, err)
		}
	}
}
