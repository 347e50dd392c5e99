package gateways

import (
	"bytes"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"frontdesk/sim/inbox"
)

// GovUK is GOV.UK Notify. It serves
//
//	POST /v2/notifications/sms
//	POST /v2/notifications/email
//	GET  /v2/notifications/{id}
//	GET  /v2/notifications?reference=…
//
// and creates a message for every request, also with a reference it has had
// before.
//
// Source: GOV.UK Notify, REST API documentation,
// https://docs.notifications.service.gov.uk/rest-api.html.
type GovUK struct {
	Provider
	// APIKey is {name}-{service id}-{secret}.
	APIKey string
	// Templates are the service's templates by id.
	Templates map[string]Template
	// CallbackToken is the bearer token of calls to the practice.
	CallbackToken string

	notices memory[*notice] // by id, guarded by mu
	courier courier[[]map[string]any]
}

// Template is a template of the service.
type Template struct {
	Type string // sms or email
	// Needs are its placeholders, body among them. The message's text is the
	// body, and its subject the subject.
	Needs []string
}

// NewGovUK is a GOV.UK Notify that fills the box, with one template for text
// messages and one for e-mails. Close it in the end.
func NewGovUK(box *inbox.Box, apiKey, smsTemplate, emailTemplate string) *GovUK {
	g := &GovUK{Provider: Provider{Box: box}, APIKey: apiKey, Templates: map[string]Template{
		smsTemplate:   {"sms", []string{"body"}},
		emailTemplate: {"email", []string{"subject", "body"}},
	}}
	g.courier.together, g.courier.call = 1, g.call
	return g
}

// Close ends the calls to the practice.
func (g *GovUK) Close() { g.courier.close() }

// wish is a message as it comes in.
type wish struct {
	PhoneNumber     *string        `json:"phone_number"`
	EmailAddress    *string        `json:"email_address"`
	TemplateID      string         `json:"template_id"`
	Personalisation map[string]any `json:"personalisation"`
	Reference       *string        `json:"reference"`
	SMSSender       string         `json:"sms_sender_id"`
	EmailReplyTo    string         `json:"email_reply_to_id"`
	Unsubscribe     string         `json:"one_click_unsubscribe_url"`
	Sanitise        any            `json:"sanitise_content_for"`
}

const listPath = "/v2/notifications"

// ServeHTTP answers a request.
func (g *GovUK) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.requests.Add(1)
	if a, ok := g.caller(r); !ok {
		a.send(w, false)
		return
	}
	kind := strings.TrimPrefix(r.URL.Path, listPath+"/")
	switch {
	case r.Method == http.MethodGet && r.URL.Path == listPath:
		g.list(r).send(w, false)
	case r.Method == http.MethodGet && uuidShape.MatchString(kind):
		g.one(kind).send(w, false)
	case r.Method == http.MethodPost && (kind == "sms" || kind == "email"):
		g.create(w, r, kind)
	default:
		notifyError(http.StatusNotFound, "NotFound", "Not found").send(w, false)
	}
}

var (
	uuidShape   = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)
	mobileShape = regexp.MustCompile(`^(\+447|07)[0-9]{9}$`)
)

// notifyError is an answer with an error.
func notifyError(status int, kind, message string) answer {
	return answer{status: status, body: map[string]any{
		"status_code": status, "errors": []map[string]string{{"error": kind, "message": message}},
	}}
}

// create creates a message.
func (g *GovUK) create(w http.ResponseWriter, r *http.Request, kind string) {
	due := g.due()
	body, ok := bodyOf(w, r)
	if !ok {
		notifyError(http.StatusRequestEntityTooLarge, "ValidationError", "The request is too long").send(w, false)
		return
	}
	if !isType(r, jsonType) {
		notifyError(http.StatusBadRequest, "BadRequestError", "The content type must be application/json").send(w, false)
		return
	}
	var in wish
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if d.Decode(&in) != nil {
		notifyError(http.StatusBadRequest, "BadRequestError", "Invalid JSON supplied in POST data").send(w, false)
		return
	}
	n, wrong := g.read(in, kind)
	if wrong != nil {
		wrong.send(w, false)
		return
	}
	name := n.Reference
	if name == "" {
		name = n.to
	}
	plan := g.plan(due, n.to, name)
	switch plan.status {
	case 0:
		g.finish(w, r, g.take(n, plan.script, len(body)), plan)
	case http.StatusTooManyRequests:
		a := notifyError(plan.status, "RateLimitError",
			"Exceeded rate limit for key type LIVE of 3000 requests per 60 seconds")
		a.retry = "1"
		a.send(w, false)
	default:
		notifyError(plan.status, "Exception", "Internal server error").send(w, false)
	}
}

// read makes a message of what came in, or says what is wrong with it.
func (g *GovUK) read(in wish, kind string) (*notice, *answer) {
	no := func(kind, message string) (*notice, *answer) {
		a := notifyError(http.StatusBadRequest, kind, message)
		return nil, &a
	}
	given, other := in.PhoneNumber, in.EmailAddress
	if kind == "email" {
		given, other = other, given
	}
	template, known := g.Templates[in.TemplateID]
	switch {
	case given == nil:
		return no("ValidationError", "the recipient is a required property")
	case other != nil:
		return no("ValidationError", "Additional properties are not allowed")
	case !uuidShape.MatchString(in.TemplateID):
		return no("ValidationError", "template_id is not a valid UUID")
	case kind == "sms" && !isMobile(*given):
		return no("ValidationError", "phone_number Not a valid phone number")
	case kind == "email" && !mailShape.MatchString(*given):
		return no("ValidationError", "email_address Not a valid email address")
	case in.SMSSender != "" && !uuidShape.MatchString(in.SMSSender), in.EmailReplyTo != "" &&
		!uuidShape.MatchString(in.EmailReplyTo):
		return no("ValidationError", "the sender is not a valid UUID")
	case in.Reference != nil && utf8.RuneCountInString(*in.Reference) > 1000:
		return no("ValidationError", "reference is too long")
	case !known:
		return no("BadRequestError", "Template not found")
	case template.Type != kind:
		return no("BadRequestError", template.Type+" template is not suitable for "+kind+" notification")
	case inbox.ScriptOf(*given) == inbox.Refused:
		return no("ValidationError", "the recipient does not exist")
	}
	n := &notice{ID: uuid(), Type: kind, to: *given}
	n.Template.ID, n.Template.Version = in.TemplateID, 1
	n.Template.URI = "/services/templates/" + in.TemplateID
	if in.Reference != nil {
		n.Reference = *in.Reference
	}
	if kind, message := n.fill(template.Needs, in.Personalisation); kind != "" {
		return no(kind, message)
	}
	return n, nil
}

// fill puts into a message what its template needs, or says what is wrong.
func (n *notice) fill(needs []string, given map[string]any) (kind, message string) {
	for _, need := range needs {
		if _, ok := given[need].(string); !ok {
			return "BadRequestError", "Missing personalisation: " + need
		}
	}
	if slices.Contains(needs, "subject") {
		n.Subject, _ = given["subject"].(string)
	}
	n.Body, _ = given["body"].(string)
	if n.Type == "sms" && utf8.RuneCountInString(n.Body) > 918 {
		return "ValidationError", "Content for template has a character count greater than the limit of 918"
	}
	if strings.TrimSpace(n.Body) == "" {
		return "ValidationError", "Your message is empty."
	}
	return "", ""
}

// isMobile takes a British mobile number as it is written at home or abroad,
// and numbers of other countries.
func isMobile(s string) bool {
	return mobileShape.MatchString(s) || numberShape.MatchString(s) && !strings.HasPrefix(s, "+44")
}
