package smtp_test

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"
	"pgregory.net/rapid"

	"frontdesk/connect/smtp"
	"frontdesk/core/carrier"
)

// arrived is a message as a mail program sees it.
type arrived struct {
	header     mail.Header
	text, html string
	kinds      []string
}

// unwrap reads a message as it went over the wire.
func unwrap(t interface{ Fatalf(string, ...any) }, wire string) arrived {
	body, ok := strings.CutSuffix(wire, "\r\n.\r\n")
	if !ok || strings.Contains(body, "\r\n.\r\n") {
		t.Fatalf("the message does not end where it should")
	}
	m, err := mail.ReadMessage(strings.NewReader(strings.ReplaceAll(body+"\r\n", "\r\n..", "\r\n.")))
	if err != nil {
		t.Fatalf("%v", err)
	}
	out := arrived{header: m.Header}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("content type %q: %v", kind, err)
	}
	for parts := multipart.NewReader(m.Body, params["boundary"]); ; {
		p, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatalf("%v", err)
		}
		b, err := io.ReadAll(p) // it decodes quoted-printable
		if err != nil {
			t.Fatalf("%v", err)
		}
		out.kinds = append(out.kinds, p.Header.Get("Content-Type"))
		switch s := strings.ReplaceAll(string(b), "\r\n", "\n"); {
		case strings.HasPrefix(p.Header.Get("Content-Type"), "text/html"):
			out.html = s
		default:
			out.text = s
		}
	}
}

func composer(t testing.TB, s smtp.Settings) *smtp.Carrier {
	t.Helper()
	if s.From == "" {
		s.From = "desk@brambleford.example"
	}
	s.Host = "localhost"
	c, err := smtp.New(s, smtp.Options{Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAMessageIsWholeAndInOrder(t *testing.T) {
	c := composer(t, smtp.Settings{ReplyTo: "answers@brambleford.example"})
	m := carrier.Outgoing{
		Key: "7-1a-1", Channel: carrier.Email, To: "ada@example.org", FromName: "Brambleford “Old Mill” Surgery, Ŵest",
		Subject: "Apwyntiad: tŷ’r meddyg – a subject that is long enough to be folded over more than one line " +
			"of the header",
		Text: "Dear Ada,\n\n.Your appointment is at <10:20> & not before.\r\nMore at " +
			"https://brambleford.example/a?x=1&y=\"2\".\n..\nGoodbye 👋\r.\n",
	}
	wire, err := smtp.Compose(c, m)
	if err != nil {
		t.Fatal(err)
	}
	got := unwrap(t, wire)
	decode := new(mime.WordDecoder)
	for field, want := range map[string]string{
		"Message-Id": "<7-1a-1@brambleford.example>", "To": "<ada@example.org>", "Reply-To": "<answers@brambleford.example>",
		"Subject": m.Subject, "Date": "Mon, 02 Mar 2026 12:00:00 +0000", "Mime-Version": "1.0",
		"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "OOF, AutoReply",
		"List-Unsubscribe": "", "User-Agent": "", "X-Mailer": "", "Bcc": "", "Precedence": "",
	} {
		value, err := decode.DecodeHeader(got.header.Get(field))
		if err != nil || value != want {
			t.Errorf("%s: %q, want %q", field, value, want)
		}
	}
	if from, err := got.header.AddressList("From"); err != nil || len(from) != 1 || from[0].Name != m.FromName ||
		from[0].Address != "desk@brambleford.example" {
		t.Errorf("from %v: %v", from, err)
	}
	if want := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(m.Text); got.text != want {
		t.Errorf("text %q", got.text)
	}
	if len(got.kinds) != 2 || got.kinds[0] != "text/plain; charset=UTF-8" || got.kinds[1] != "text/html; charset=UTF-8" {
		t.Errorf("parts %q", got.kinds)
	}
	for _, want := range []string{
		`<p style="margin:0 0 16px">Dear Ada,</p>`, "&lt;10:20&gt; &amp; not before.<br>\n",
		`<a href="https://brambleford.example/a?x=1&amp;y=" ` +
			`style="color:#005eb8">https://brambleford.example/a?x=1&amp;y=</a>&#34;2&#34;.`,
		"Goodbye 👋<br>\n.</p>",
	} {
		if !strings.Contains(got.html, want) {
			t.Errorf("no %s in %s", want, got.html)
		}
	}
	if again, _ := smtp.Compose(c, m); unwrap(t, again).header.Get("Message-Id") != got.header.Get("Message-Id") {
		t.Error("the identifier changes")
	}
}

func TestLinksEndWhereTheyShould(t *testing.T) {
	c := composer(t, smtp.Settings{})
	for _, x := range []struct{ text, link string }{
		{"See https://a.example/b.", "https://a.example/b"},
		{"(see https://a.example/b)", "https://a.example/b"},
		{"https://a.example/b_(c)", "https://a.example/b_(c)"},
		{"http://a.example/?q=1&r=2, and", "http://a.example/?q=1&amp;r=2"},
		{"go to javascript://alert(1)", ""},
		{"https://", ""},
		{"ftp://a.example/", ""},
		{`https://a.example/"onclick="x`, "https://a.example/"},
	} {
		m := to("ada@example.org", "k")
		m.Text = x.text
		wire, err := smtp.Compose(c, m)
		if err != nil {
			t.Fatal(err)
		}
		_, after, found := strings.Cut(unwrap(t, wire).html, `href="`)
		link, _, _ := strings.Cut(after, `"`)
		if found != (x.link != "") || link != x.link {
			t.Errorf("%q has the link %q, want %q", x.text, link, x.link)
		}
	}
}

func TestTextsCannotAddAHeaderField(t *testing.T) {
	c := composer(t, smtp.Settings{})
	for _, x := range []struct {
		name   string
		change func(*carrier.Outgoing)
		want   string
	}{
		{"by a subject", func(m *carrier.Outgoing) { m.Subject = "Hello\r\nBcc: eve@example.org" }, "refused header"},
		{"by a subject with a lone line feed", func(m *carrier.Outgoing) { m.Subject = "Hello\nBcc: eve@example.org" },
			"refused header"},
		{"by a subject with a lone carriage return", func(m *carrier.Outgoing) { m.Subject = "Hello\rBcc: eve@example.org" },
			"refused header"},
		{"by a subject with a line separator", func(m *carrier.Outgoing) { m.Subject = "Hello\u2028Bcc: eve@example.org" },
			"refused header"},
		{"by a subject with a nothing", func(m *carrier.Outgoing) { m.Subject = "Hello\x00" }, "refused header"},
		{"by the sender's name", func(m *carrier.Outgoing) { m.FromName = "Desk\r\nBcc: eve@example.org" }, "refused header"},
		{"by the address", func(m *carrier.Outgoing) { m.To = "ada@example.org\r\nRCPT TO:<eve@example.org>" },
			"refused address"},
		{"by the end of the address", func(m *carrier.Outgoing) { m.To = "ada@example.org> SIZE=1" }, "refused address"},
		{"by a second address", func(m *carrier.Outgoing) { m.To = "ada@example.org,eve@example.org" }, "refused address"},
		{"by a name at the address", func(m *carrier.Outgoing) { m.To = "Ada <ada@example.org>" }, "refused address"},
		{"by a quoted address", func(m *carrier.Outgoing) { m.To = "\"a\r\nb\"@example.org" }, "refused address"},
		{"by no address", func(m *carrier.Outgoing) { m.To = "" }, "refused address"},
		{"by a long address", func(m *carrier.Outgoing) { m.To = strings.Repeat("a", 260) + "@example.org" },
			"refused address"},
		{"by the key", func(m *carrier.Outgoing) { m.Key = "k>\r\nBcc: eve@example.org" }, "refused key"},
		{"by an empty key", func(m *carrier.Outgoing) { m.Key = "" }, "refused key"},
		{"by a subject of a thousand letters", func(m *carrier.Outgoing) { m.Subject = strings.Repeat("a", 1000) },
			"refused subject"},
	} {
		t.Run(x.name, func(t *testing.T) {
			m := to("ada@example.org", "k")
			x.change(&m)
			_, err := smtp.Compose(c, m)
			if got := ending(err); got != x.want {
				t.Errorf("%s, want %s", got, x.want)
			}
		})
	}
}

func TestWhatIsLeftOutIsFilledIn(t *testing.T) {
	c := composer(t, smtp.Settings{FromName: "The Desk"})
	wire, err := smtp.Compose(c, carrier.Outgoing{Key: "k", Channel: carrier.Email, To: "ada@example.org"})
	if err != nil {
		t.Fatal(err)
	}
	got := unwrap(t, wire)
	if got.header.Get("Subject") != "Message from The Desk" ||
		got.header.Get("From") != `"The Desk" <desk@brambleford.example>` || got.text != "" {
		t.Errorf("%+v", got)
	}
}

// TestWhateverIsWrittenArrives is about the rules of the wire: whole lines that
// are not too long, letters of ASCII, and one end.
func TestWhateverIsWrittenArrives(t *testing.T) {
	c := composer(t, smtp.Settings{})
	rapid.Check(t, func(t *rapid.T) {
		m := to("ada@example.org", "k")
		m.Text = rapid.OneOf(
			rapid.StringOf(rapid.SampledFrom([]rune(".\r\n -=<>&a☃\x00\t"))), rapid.String(),
		).Draw(t, "text")
		m.Subject = rapid.OneOf(rapid.StringOf(rapid.SampledFrom([]rune(" =?_aé☃👋\t\"<>,"))), rapid.String()).Draw(t,
			"subject")
		m.FromName = rapid.StringOf(rapid.SampledFrom([]rune(" =?_aé☃👋\",\\<>@.;:()"))).Draw(t, "name")
		wire, err := smtp.Compose(c, m)
		if err != nil {
			if r := ending(err); r != "refused header" && r != "refused subject" {
				t.Fatalf("%s", r)
			}
			return
		}
		for line := range bytes.Lines([]byte(wire)) {
			whole, ok := bytes.CutSuffix(line, []byte("\r\n"))
			if !ok || bytes.ContainsAny(whole, "\r\n\x00") || len(whole) > 998 {
				t.Fatalf("the line %q", line)
			}
			for _, b := range whole {
				if b >= 0x80 {
					t.Fatalf("the line %q", line)
				}
			}
		}
		got := unwrap(t, wire)
		if want := clean(m.Text); got.text != want {
			t.Fatalf("text %q, want %q", got.text, want)
		}
		from, err := got.header.AddressList("From")
		if err != nil || len(from) != 1 || from[0].Address != "desk@brambleford.example" {
			t.Fatalf("from %v: %v", from, err)
		}
		if want := strings.ReplaceAll(strings.Join(strings.Fields(m.FromName), " "), `\`, "/"); from[0].Name != want &&
			!strings.Contains(want, "=?") {
			t.Fatalf("from %q, want %q", from[0].Name, want)
		}
		if len(got.header) != 9 {
			t.Fatalf("%d fields: %v", len(got.header), got.header)
		}
	})
}

// clean is a text as it should arrive.
func clean(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.ToValidUTF8(s, "\ufffd"))
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7f {
			return -1
		}
		return r
	}, s)
}

func TestInternationalAddressesArrive(t *testing.T) {
	w := open(t, setup{})
	if _, err := w.Send(within(t), to("søren@blåbær.example", "k")); err != nil {
		t.Fatal(err)
	}
	if got := w.box.Of("søren@blåbær.example"); len(got) != 1 || got[0].Text != "See you on Monday." {
		t.Errorf("%+v", got)
	}
}

func TestTheCarriersOwnNameComesFirst(t *testing.T) {
	for _, c := range []struct{ setting, message, want string }{
		{"Mill Lane Surgery – noreply", "Mill Lane", "Mill Lane Surgery – noreply"}, {"", "Mill Lane", "Mill Lane"},
		{"Desk", "", "Desk"},
	} {
		m := to("ada@example.org", "7-1a-1")
		m.FromName = c.message
		wire, err := smtp.Compose(composer(t, smtp.Settings{FromName: c.setting}), m)
		if err != nil {
			t.Fatal(err)
		}
		from, err := unwrap(t, wire).header.AddressList("From")
		if err != nil || len(from) != 1 || from[0].Name != c.want || from[0].Address != "desk@brambleford.example" {
			t.Errorf("%+v: from %v, %v", c, from, err)
		}
	}
}

func TestAnEMailThatIsNotDirectCareCanBeUnsubscribedFromWithOneClick(t *testing.T) {
	m := to("ada@example.org", "7-1a-1")
	m.Unsubscribe = "https://desk.brambleford.example/unsubscribe/7-1a-1-" + strings.Repeat("Ab_-", 11)
	wire, err := smtp.Compose(composer(t, smtp.Settings{}), m)
	if err != nil {
		t.Fatal(err)
	}
	h := unwrap(t, wire).header
	if h.Get("List-Unsubscribe") != "<"+m.Unsubscribe+">" ||
		h.Get("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click" {
		t.Errorf("%q, %q", h.Get("List-Unsubscribe"), h.Get("List-Unsubscribe-Post"))
	}
	if !strings.Contains(wire, "<"+m.Unsubscribe+">\r\n") {
		t.Errorf("the address is broken up or encoded: %q", wire)
	}
	m.Unsubscribe = ""
	if wire, err = smtp.Compose(composer(t, smtp.Settings{}), m); err != nil ||
		strings.Contains(wire, "List-Unsubscribe") {
		t.Errorf("direct care: %v, %q", err, wire)
	}
	m.Unsubscribe = "https://x.example/\r\nBcc: eve@example.org"
	if _, err = smtp.Compose(composer(t, smtp.Settings{}), m); err == nil {
		t.Error("a line break passes")
	}
}

func TestASignatureCoversWhatUnsubscribes(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(rsaKey.Public())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, record string
		key          crypto.Signer
		domain       string
	}{
		{"RSA", "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der), rsaKey, ""},
		{"Ed25519", "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(edKey.Public().(ed25519.PublicKey)), edKey,
			"brambleford.example"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := to("ada@example.org", "7-1a-1")
			m.Unsubscribe, m.Text = "https://desk.brambleford.example/unsubscribe/7-1a-1-x",
				"Hello\n.\n..dots\nand a long line "+strings.Repeat("é", 300)+"\n"
			wire, err := smtp.Compose(composer(t,
				smtp.Settings{DKIMKey: c.key, DKIMSelector: "desk1", DKIMDomain: c.domain, ReplyTo: "answers@brambleford.example"}),
				m)
			if err != nil {
				t.Fatal(err)
			}
			sent := strings.ReplaceAll(strings.TrimSuffix(wire, ".\r\n"), "\r\n..", "\r\n.")
			verify := func(text string) (*dkim.Verification, error) {
				all, err := dkim.VerifyWithOptions(strings.NewReader(text),
					&dkim.VerifyOptions{LookupTXT: func(name string) ([]string, error) {
						if name != "desk1._domainkey.brambleford.example" {
							return nil, fmt.Errorf("asked for %s", name)
						}
						return []string{c.record}, nil
					}})
				if err != nil || len(all) != 1 {
					return nil, fmt.Errorf("%d signatures, %w", len(all), err)
				}
				return all[0], all[0].Err
			}
			v, err := verify(sent)
			if err != nil {
				t.Fatal(err)
			}
			covered := strings.ToLower(strings.Join(v.HeaderKeys, " "))
			for _, field := range []string{"from", "to", "subject", "list-unsubscribe", "list-unsubscribe-post"} {
				if !slices.Contains(strings.Fields(covered), field) {
					t.Errorf("%s is not covered: %s", field, covered)
				}
			}
			for _, changed := range []string{
				strings.Replace(sent, "unsubscribe/7-1a-1-x", "unsubscribe/7-1a-1-y", 1),
				strings.Replace(sent, "=One-Click", "=Two-Clicks", 1), strings.Replace(sent, "dots", "dogs", 1),
			} {
				if _, err := verify(changed); err == nil {
					t.Error("a changed message passes")
				}
			}
		})
	}
}
