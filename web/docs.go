package web

import (
	"bytes"
	"compress/gzip"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/a-h/templ"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer/html"
	"go.yaml.in/yaml/v3"
)

//go:embed assets/scalar.js.gz assets/style.css
var assets embed.FS

// Health is the operation of addresses that machines ask all the time; they
// are not logged while they are well.
const Health = "health"

type navPart struct {
	Title string
	Pages []navPage
}

type navPage struct{ Path, Title string }

type operationPart struct {
	Tag        string
	Operations []operationRow
}

type operationRow struct{ Method, Path, Summary, Description string }

// guides are the pages in the order they are read. A page that is not named
// here is a mistake, and Docs fails.
var guides = []struct {
	part  string
	files []string
}{
	{"", []string{"index.md", "start.md"}},
	{"Patients' matters", []string{"episodes.md"}},
	{"Using the API",
		[]string{"booking.md", "video.md", "patients.md", "messaging.md", "reminders.md", "forms.md",
			"prescriptions.md", "waiting-list.md",
			"links.md", "payments.md",
			"team.md", "webhooks.md", "graphql.md", "requests.md", "errors.md", "peers.md"}},
	{"Running Frontdesk", []string{"setup.md", "pds.md", "nhs-login.md", "carriers.md", "operating.md",
		"audit.md", "performance.md"}},
	{"Working on Frontdesk", []string{"architecture.md", "style.md"}},
	{"Decisions", []string{
		"decisions/contract-choices.md", "decisions/slots-are-worked-out.md", "decisions/no-double-booking.md",
		"decisions/one-sql.md", "decisions/one-person.md", "decisions/delivered-once.md", "decisions/courier.md",
		"decisions/sealed-secrets.md", "decisions/idempotency.md", "decisions/rate-limits.md",
		"decisions/group-commit.md",
		"decisions/ids.md", "decisions/libraries.md", "decisions/smtp-client.md", "decisions/staff-and-practitioners.md",
	}},
}

// documentation is the documentation, made when it is first asked for.
type documentation struct {
	files   fs.FS
	openAPI []byte
	schemas fs.FS
	once    sync.Once
	err     error
	pages   map[string][]byte
	json    []byte
}

// Docs serves the guides, the API reference and the contract itself, with the
// schemas it refers to. Nothing it serves asks any other host for anything.
func Docs(files fs.FS, openAPI []byte, schemas fs.FS) (http.Handler, error) {
	d := &documentation{files: files, openAPI: openAPI, schemas: schemas}
	named := map[string]bool{}
	for _, part := range guides {
		for _, name := range part.files {
			if _, err := fs.Stat(files, name); err != nil {
				return nil, err
			}
			named[name] = true
		}
	}
	return d, fs.WalkDir(files, ".", func(path string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".md") && !named[path] {
			err = fmt.Errorf("the page %s is in no part of the documentation: name it in web/docs.go", path)
		}
		return err
	})
}

// ServeHTTP implements http.Handler.
func (d *documentation) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if d.once.Do(func() { d.err = d.make() }); d.err != nil {
		Fail(w, r, d.err)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy",
		"default-src 'self'; script-src 'self'; worker-src 'self' blob:; style-src 'self' 'unsafe-inline'; img-src "+
			"'self' data:; font-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-cache")
	at := strings.TrimSuffix(r.URL.Path, "/")
	switch at {
	case "/openapi.yaml":
		serve(w, r, "application/yaml", d.openAPI)
	case "/openapi.json":
		serve(w, r, "application/json", d.json)
	case "/docs/assets/style.css":
		css, _ := assets.ReadFile("assets/style.css")
		serve(w, r, "text/css; charset=utf-8", css)
	case "/docs/assets/scalar.js":
		serveScript(w, r)
	default:
		if page, ok := d.pages[at]; ok {
			serve(w, r, "text/html; charset=utf-8", page)
			return
		}
		schema, err := fs.ReadFile(d.schemas, strings.TrimPrefix(at, "/"))
		if err != nil {
			Fail(w, r, ErrNoPath)
			return
		}
		serve(w, r, "application/schema+json", schema)
	}
}

func serve(w http.ResponseWriter, r *http.Request, mediaType string, body []byte) {
	w.Header().Set("Content-Type", mediaType)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// serveScript sends the reference's script as it is kept, compressed, and
// unpacks it for the rare client that cannot.
func serveScript(w http.ResponseWriter, r *http.Request) {
	packed, _ := assets.ReadFile("assets/scalar.js.gz")
	w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	w.Header().Set("Vary", "Accept-Encoding")
	w.Header().Set("Cache-Control", "max-age=86400")
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(packed)
		return
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		Fail(w, r, err)
		return
	}
	if _, err := io.Copy(w, unpacked); err != nil {
		panic(http.ErrAbortHandler) // cut the answer short, so that it is not taken for whole
	}
}

// make renders every page.
func (d *documentation) make() error {
	var contract yaml.Node
	var plain map[string]any
	if err := yaml.Unmarshal(d.openAPI, &contract); err != nil {
		return err
	}
	if err := contract.Decode(&plain); err != nil {
		return err
	}
	var err error
	if d.json, err = json.Marshal(plain); err != nil {
		return err
	}
	parts, err := operationsOf(&contract)
	if err != nil {
		return err
	}
	bodies, titles := map[string]string{}, map[string]string{}
	for _, part := range guides {
		for _, name := range part.files {
			if titles[name], bodies[name], err = d.render(name); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	var nav []navPart
	for _, part := range guides {
		p := navPart{Title: part.part}
		for _, name := range part.files {
			p.Pages = append(p.Pages, navPage{pathOf(name), titles[name]})
		}
		if part.part == "Using the API" {
			p.Pages = append(p.Pages, navPage{"/docs/operations", "Operations"}, navPage{"/docs/reference",
				"API reference"})
		}
		nav = append(nav, p)
	}
	d.pages = map[string][]byte{}
	for name, body := range bodies {
		at := pathOf(name)
		if err := d.page(at, guide(titles[name], at, nav, body)); err != nil {
			return err
		}
	}
	if err := d.page("/docs/operations", operations("/docs/operations", nav, parts)); err != nil {
		return err
	}
	return d.page("/docs/reference", reference())
}

func (d *documentation) page(at string, c templ.Component) error {
	var b bytes.Buffer
	err := c.Render(context.Background(), &b)
	d.pages[at] = b.Bytes()
	return err
}

// pathOf is where a file is served.
func pathOf(name string) string {
	return strings.TrimSuffix(path.Join("/docs", strings.TrimSuffix(name, ".md")), "/index")
}

// markdown is GitHub's, with ids on headings so that they can be linked to.
var markdown = goldmark.New(goldmark.WithExtensions(extension.GFM),
	goldmark.WithParserOptions(parser.WithAutoHeadingID()), goldmark.WithRendererOptions(html.WithUnsafe()))

// mdLink finds links to other files of the documentation.
var mdLink = regexp.MustCompile(`href="([^":]+\.md)(#[^"]*)?"`)

// render gives a page's title and its HTML. Links between the files work on
// the pages as they do in the repository.
func (d *documentation) render(name string) (title, body string, err error) {
	text, err := fs.ReadFile(d.files, name)
	if err != nil {
		return "", "", err
	}
	first, _, _ := strings.Cut(string(text), "\n")
	title = strings.TrimPrefix(first, "# ")
	var b bytes.Buffer
	if err := markdown.Convert(text, &b); err != nil {
		return "", "", err
	}
	body = mdLink.ReplaceAllStringFunc(b.String(), func(link string) string {
		m := mdLink.FindStringSubmatch(link)
		return `href="` + pathOf(path.Join(path.Dir(name), m[1])) + m[2] + `"`
	})
	// A wide table scrolls by itself, also with the keyboard.
	for n := 1; strings.Contains(body, "\n<table>"); n++ {
		body = strings.Replace(body, "\n<table>",
			fmt.Sprintf(`<div class="wide" tabindex="0" role="region" aria-label="Table %d"><table>`, n), 1)
	}
	body = strings.ReplaceAll(body, "</table>", "</table></div>")
	body = strings.ReplaceAll(body, "<pre>", `<pre tabindex="0">`)
	return title, body, nil
}

// operationsOf lists the operations of a contract under their tags, in the
// order of the file.
func operationsOf(doc *yaml.Node) ([]operationPart, error) {
	var c struct {
		Tags []struct {
			Name string `yaml:"name"`
		} `yaml:"tags"`
		Paths yaml.Node `yaml:"paths"`
	}
	if err := doc.Decode(&c); err != nil {
		return nil, err
	}
	byTag := map[string][]operationRow{}
	for i := 0; i+1 < len(c.Paths.Content); i += 2 {
		at, methods := c.Paths.Content[i].Value, c.Paths.Content[i+1].Content
		for j := 0; j+1 < len(methods); j += 2 {
			var op struct {
				Summary     string   `yaml:"summary"`
				Description string   `yaml:"description"`
				Tags        []string `yaml:"tags"`
			}
			if err := methods[j+1].Decode(&op); err != nil {
				return nil, err
			}
			for _, tag := range op.Tags {
				byTag[tag] = append(byTag[tag], operationRow{
					strings.ToUpper(methods[j].Value), at, op.Summary, strings.ReplaceAll(op.Description, "`", ""),
				})
			}
		}
	}
	var out []operationPart
	for _, t := range c.Tags {
		out = append(out, operationPart{t.Name, byTag[t.Name]})
	}
	return out, nil
}
