package smtp

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"

	"frontdesk/core/fault"
	"frontdesk/core/messaging"
)

// Listen implements messaging.Listener for reports about messages. The practice
// group's mail server posts to us what arrives at the return path, as it is and
// with our secret, for example with
//
//	curl --fail --data-binary @- -H "Authorization: Bearer $SECRET" -H "Content-Type: message/rfc822" $URL
//
// The body is a whole message (RFC 5322), or the body alone of a multipart/report
// (RFC 6522) when the Content-Type of the call is that. Other mail, such as an
// answer that somebody is on holiday, tells us nothing, and is not an error.
// Errors: messaging.ErrNotProvider; ErrReport.
func (c *Carrier) Listen(r *http.Request, body []byte) (messaging.Told, error) {
	if !c.trusted(r.Header.Get("Authorization")) {
		return messaging.Told{}, messaging.ErrNotProvider
	}
	report, err := readReport(r.Header.Get("Content-Type"), body)
	if err != nil || report == nil {
		return messaging.Told{}, err
	}
	receipt, ok := report.receipt()
	if !ok {
		return messaging.Told{}, nil
	}
	if receipt.Key = c.keyOf(report); receipt.Key == "" {
		return messaging.Told{}, ErrReport.Saying("The report does not say which of our messages it is about.")
	}
	receipt.At = c.now()
	if !report.date.IsZero() && report.date.Before(receipt.At) {
		receipt.At = report.date
	}
	return messaging.Told{Receipts: []messaging.Receipt{receipt}}, nil
}

// ErrReport is the fault of a report that cannot be read.
var ErrReport = fault.New(fault.Invalid, "not_a_report", "This is not a report that a mail server makes.")

// trusted compares the secret, in a time that does not tell how much of it was
// right.
func (c *Carrier) trusted(authorization string) bool {
	scheme, given, _ := strings.Cut(authorization, " ")
	a, b := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(c.settings.BounceSecret))
	same := subtle.ConstantTimeCompare(a[:], b[:]) == 1
	return same && c.settings.BounceSecret != "" && strings.EqualFold(scheme, "Bearer")
}

// keyOf is the message a report is about: by the name we gave with it (RFC 3461,
// section 4.4), by the header that came back, or by the return path. Mail
// servers on the way may have changed the case of the last.
func (c *Carrier) keyOf(r *report) string {
	candidates := []string{r.envelope}
	if id, ok := cutDomain(strings.Trim(r.messageID, "<> "), c.domain); ok {
		candidates = append(candidates, id)
	}
	if at := strings.LastIndexByte(c.settings.BouncesTo, '@'); at > 0 {
		ours, host := c.settings.BouncesTo[:at]+"+", c.settings.BouncesTo[at+1:]
		for _, to := range r.to {
			if local, ok := cutDomain(to, host); ok && len(local) > len(ours) && strings.EqualFold(local[:len(ours)], ours) {
				candidates = append(candidates, local[len(ours):])
			}
		}
	}
	for _, key := range candidates {
		if len(key) <= maxKey && keys.MatchString(key) {
			return key
		}
	}
	return ""
}

func cutDomain(address, host string) (string, bool) {
	at := strings.LastIndexByte(address, '@')
	if at < 0 || !strings.EqualFold(address[at+1:], host) {
		return "", false
	}
	return address[:at], true
}
