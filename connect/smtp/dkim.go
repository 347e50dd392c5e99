package smtp

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"regexp"
	"strings"

	"github.com/emersion/go-msgauth/dkim"
)

// signedFields are what a signature covers: what a reader sees, and what a mail
// program acts on. RFC 8058, section 4, wants the last two in it.
var signedFields = []string{
	"From", "Reply-To", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "Auto-Submitted",
	"List-Unsubscribe", "List-Unsubscribe-Post",
}

// selectors are the names of keys in DNS (RFC 6376, section 3.1).
var selectors = regexp.MustCompile(
	`^[0-9A-Za-z]([0-9A-Za-z-]*[0-9A-Za-z])?(\.[0-9A-Za-z]([0-9A-Za-z-]*[0-9A-Za-z])?)*$`,
)

func (s Settings) checkDKIM() error {
	switch {
	case s.DKIMKey == nil && s.DKIMSelector == "" && s.DKIMDomain == "":
		return nil
	case s.DKIMKey == nil:
		return errors.New("smtp: a DKIM selector or domain needs a DKIM key")
	case !selectors.MatchString(s.DKIMSelector):
		return errors.New("smtp: the DKIM key needs a selector, the name it has in DNS, such as frontdesk")
	case s.DKIMDomain != "" && !selectors.MatchString(s.DKIMDomain):
		return errors.New("smtp: the DKIM domain is not the name of a domain")
	}
	// Not every key can sign.
	if err := dkim.Sign(io.Discard, strings.NewReader("From: a@example.org\r\n\r\n"), s.dkim()); err != nil {
		return errors.New("smtp: the DKIM key cannot sign e-mail: it must be an RSA or an Ed25519 key")
	}
	return nil
}

func (s Settings) dkim() *dkim.SignOptions {
	return &dkim.SignOptions{
		Domain: cmp.Or(s.DKIMDomain, domain(s.From)), Selector: s.DKIMSelector, Signer: s.DKIMKey, HeaderKeys: signedFields,
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed,
	}
}

// signMessage puts a signature before the message, if there is a key.
func (c *Carrier) signMessage(b *buffer) error {
	if c.settings.DKIMKey == nil {
		return nil
	}
	b.stuffed.Reset()
	if err := dkim.Sign(&b.stuffed, bytes.NewReader(b.plain.Bytes()), c.settings.dkim()); err != nil {
		return err
	}
	b.plain, b.stuffed = b.stuffed, b.plain
	return nil
}
