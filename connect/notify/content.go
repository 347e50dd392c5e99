package notify

import (
	"cmp"
	"encoding/json"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"frontdesk/core/carrier"
)

// plan is one of the routing plans for free text that everybody may use, with
// the personalisation field its text goes into, and the most characters that
// may have.
type plan struct {
	id, text string
	most     int
}

// way is the channels that a message goes by, and how long the patient has to
// read it before it goes by the second.
type way struct {
	first, second carrier.Channel
	unread        time.Duration
}

// subject is the personalisation field of an e-mail's subject.
const subject = "email_subject"

// freeText are the plans, and the limits, of "Free-text communications" and
// "Message character limits" in the NHS Notify API.
var freeText = map[carrier.Channel]plan{
	carrier.NHSApp: {"00000000-0000-0000-0000-000000000001", "body", 5_000},
	carrier.Email:  {"00000000-0000-0000-0000-000000000002", "email_body", 100_000},
	carrier.SMS:    {"00000000-0000-0000-0000-000000000003", "sms_body", 918},
}

// pairText is the personalisation field of the NHS App in a plan that goes on to
// another channel. Alone it is another.
const pairText = "nhsapp_body"

// pairs are the plans of two channels, of "Free-text communications" in the NHS
// Notify API.
var pairs = map[way]string{
	{carrier.NHSApp, carrier.Email, 24 * time.Hour}: "00000000-0000-0000-0000-000000000004",
	{carrier.NHSApp, carrier.Email, 4 * time.Hour}:  "00000000-0000-0000-0000-000000000005",
	{carrier.NHSApp, carrier.SMS, 24 * time.Hour}:   "00000000-0000-0000-0000-000000000006",
	{carrier.NHSApp, carrier.SMS, 4 * time.Hour}:    "00000000-0000-0000-0000-000000000007",
}

// Pairs implements carrier.Pairer. By itself NHS Notify sends to what the
// Personal Demographics Service knows.
func (c *Carrier) Pairs(first carrier.Channel, p carrier.Pair) bool {
	_, there := pairs[way{first, p.Second, p.Unread}]
	return there && c.settings.Plans[first] == "" && c.settings.Plans[p.Second] == "" &&
		(p.Known || c.settings.SendContact)
}

// plan is the plan for a way; empty is none.
func (c *Carrier) plan(w way) string {
	if w.second != "" {
		return pairs[w]
	}
	return cmp.Or(c.settings.Plans[w.first], freeText[w.first].id)
}

// message is a message as the API has it, alone or in a batch.
type message struct {
	Reference       string            `json:"messageReference"`
	Recipient       recipient         `json:"recipient"`
	Originator      *originator       `json:"originator,omitempty"`
	Personalisation map[string]string `json:"personalisation"`
}

type recipient struct {
	NHSNumber string   `json:"nhsNumber"`
	Contact   *contact `json:"contactDetails,omitempty"`
}

type contact struct {
	SMS   string `json:"sms,omitempty"`
	Email string `json:"email,omitempty"`
}

type originator struct {
	ODSCode string `json:"odsCode"`
}

// item is a message ready to be sent.
type item struct {
	message
	plan string
	wire carrier.Recorder
	at   *[]int // where it was in what we were given
	raw  json.RawMessage
}

var tenDigits = regexp.MustCompile(`^[0-9]{10}$`)

// prepare makes an item, or says why NHS Notify would never send the message. It
// accepts one that is too long, or has no text, and fails it later; we do not
// wait for that.
func (c *Carrier) prepare(m carrier.Outgoing, at int) (item, *carrier.Refusal) {
	p, ok := freeText[m.Channel]
	most, plan := p.most, c.plan(way{m.Channel, m.Pair.Second, m.Pair.Unread})
	if m.Pair.Second != "" {
		p.text, most = pairText, min(most, freeText[m.Pair.Second].most)
	}
	switch {
	case !ok, plan == "":
		return item{}, &carrier.Refusal{Code: "wrong_channel", Reason: "NHS Notify does not send messages by this channel."}
	case m.Key == "":
		return item{}, &carrier.Refusal{Code: "no_key", Reason: "The message has no key."}
	case m.NHSNumber == "":
		return item{},
			&carrier.Refusal{Code: "no_nhs_number", Reason: "NHS Notify sends only to people whose NHS number is known."}
	case !tenDigits.MatchString(m.NHSNumber):
		return item{}, &carrier.Refusal{Code: "wrong_nhs_number", Reason: "The NHS number does not have ten digits."}
	case strings.TrimSpace(m.Text) == "":
		return item{}, &carrier.Refusal{Code: "no_text", Reason: "The message has no text."}
	case utf8.RuneCountInString(m.Text) > most:
		return item{},
			&carrier.Refusal{Code: "too_long", Reason: "The message is longer than NHS Notify allows for this channel."}
	}
	out := message{Reference: m.Key, Recipient: recipient{NHSNumber: m.NHSNumber},
		Personalisation: map[string]string{p.text: m.Text}}
	if c.settings.ODSCode != "" {
		out.Originator = &originator{c.settings.ODSCode}
	}
	// The NHS App needs neither a subject nor a contact: it has those of what
	// comes after it.
	last, to := m.Channel, m.To
	if m.Pair.Second != "" {
		last, to = m.Pair.Second, m.Pair.To
		out.Personalisation[freeText[last].text] = m.Text
	}
	if last == carrier.Email {
		out.Personalisation[subject] = cmp.Or(m.Subject, m.FromName)
		if out.Personalisation[subject] == "" {
			return item{}, &carrier.Refusal{Code: "no_subject", Reason: "The e-mail has no subject."}
		}
	}
	if c.settings.SendContact && to != "" {
		switch last {
		case carrier.SMS:
			out.Recipient.Contact = &contact{SMS: mobile(to)}
		case carrier.Email:
			out.Recipient.Contact = &contact{Email: to}
		}
	}
	raw, err := json.Marshal(out)
	if err != nil {
		return item{}, &carrier.Refusal{Code: "not_encoded", Reason: "The message could not be encoded."}
	}
	return item{out, plan, m.Recording(), &[]int{at}, raw}, nil
}

// mobile writes a number as the NHS Notify API wants it: 07… in the UK, or with
// the country's code in front and no sign before that.
func mobile(number string) string {
	if rest, ok := strings.CutPrefix(number, "+44"); ok {
		return "0" + rest
	}
	return strings.TrimPrefix(number, "+")
}

// reasons are what the codes of the API's refusals mean.
var reasons = map[string]string{
	"CM_INVALID_NHS_NUMBER":   "NHS Notify says that the NHS number is not valid.",
	"CM_NO_SUCH_ROUTING_PLAN": "NHS Notify does not know the routing plan of this channel.",
	"CM_TOO_LARGE":            "NHS Notify says that the message is too large.",
	"CM_NOT_FOUND":            "NHS Notify does not know this message.",
	"CM_CANNOT_SET_ODS_CODE": "The account with NHS Notify may not say which practice a message is from: set " +
		"allow_ods_override to no.",
	"CM_ODS_CODE_REQUIRED": "NHS Notify has to be told which practice a message is from: set ods_code, and " +
		"allow_ods_override to yes.",
	"CM_CANNOT_SET_CONTACT_DETAILS": "The account with NHS Notify may not say where a message goes: set " +
		"send_contact to no.",
}

// ours reports a problem with the settings, which everything sent has.
func ours(p problem) bool {
	return p.code == "CM_CANNOT_SET_ODS_CODE" || p.code == "CM_ODS_CODE_REQUIRED" ||
		p.code == "CM_CANNOT_SET_CONTACT_DETAILS" || strings.Contains(p.pointer, "/originator")
}

// refusal is a problem that NHS Notify has with one message.
func refusal(p problem) *carrier.Refusal {
	reason := reasons[p.code]
	switch {
	case reason != "":
	case strings.Contains(p.pointer, "/contactDetails"):
		reason = "NHS Notify does not accept the number or the address."
	case strings.Contains(p.pointer, "/originator"):
		reason = "NHS Notify does not accept the practice's ODS code."
	}
	return &carrier.Refusal{Code: p.code, Reason: cmp.Or(reason, "NHS Notify does not accept this message.")}
}
