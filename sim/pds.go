package sim

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"frontdesk/sim/nhsapi"
)

// PDS is the Personal Demographics Service's FHIR R4 API with the platform's
// token endpoint in front of it, as an application-restricted caller meets
// them. It is stricter than kind: what the published rules do not allow, it
// refuses. It serves
//
//	POST /oauth2/token
//	GET  /personal-demographics/FHIR/R4/Patient/{NHS number}
//	GET  /personal-demographics/FHIR/R4/Patient?family=…&birthdate=…
//	POST /sim/fail
//
// and the last of these is its own: see serveFail. Set the exported fields
// before it serves.
//
// Sources, all of NHS England: "Personal Demographics Service - FHIR API",
// https://digital.nhs.uk/developer/api-catalogue/personal-demographics-service-fhir,
// and "Application-restricted RESTful APIs - signed JWT authentication".
type PDS struct {
	// TokenURL is what an assertion's audience must be; when it is empty, the
	// address the request came to.
	TokenURL string
	// TokenLife is how long an access token is good for.
	TokenLife time.Duration
	// Rate is how many requests a second, by the simulator's clock, each
	// application may make. With 0 there is no limit, and a clock that stands
	// still needs that.
	Rate int
	// OpenSandbox asks for no token, as NHS England's own sandbox does not.
	OpenSandbox bool

	now      func() time.Time
	tokens   *nhsapi.Tokens
	mu       sync.Mutex // guards all below
	people   map[string]*Resident
	asked    map[string][]time.Time
	failures []*Failure
	seen     []Seen
}

// Seen is a request as it arrived.
type Seen struct {
	Method, Path, Query           string
	RequestID, CorrelationID, ODS string
	At                            time.Time
}

const (
	patientPath = "/personal-demographics/FHIR/R4/Patient"
	fhirType    = "application/fhir+json"
	// No test looks at more requests than this, and a sandbox runs for months.
	maxSeen = 1000
)

var (
	uuidShape = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)
	odsShape  = regexp.MustCompile(`^[0-9A-Z]{3,10}$`)
)

// NewPDS is a PDS that knows the town and the people of the published sandbox.
func NewPDS(town Town, now func() time.Time) *PDS {
	p := &PDS{
		TokenLife: 599 * time.Second, Rate: 5, now: now,
		tokens: nhsapi.NewTokens(now), people: map[string]*Resident{}, asked: map[string][]time.Time{},
	}
	for _, who := range town.everybody() {
		p.Put(who)
	}
	return p
}

// Requests are the last thousand requests, oldest first.
func (p *PDS) Requests() []Seen {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.seen)
}

// answer is what goes back, before anything is made to go wrong with it.
type answer struct {
	status  int
	media   string
	body    object
	version int // for ETag
	wait    int // for Retry-After, in seconds
}

// ServeHTTP answers for the service and for its token endpoint.
func (p *PDS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == failPath:
		p.serveFail(w, r)
	case r.URL.Path == nhsapi.Path, r.URL.Path == patientPath, strings.HasPrefix(r.URL.Path, patientPath+"/"):
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		if err := r.ParseForm(); err != nil { // before the lock, as it reads from the network
			r.PostForm = nil
		}
		a, f := p.answer(r)
		send(w, r, a, f)
	default:
		http.NotFound(w, r)
	}
}

// answer notes the request, finds what to say, and the failure asked for.
func (p *PDS) answer(r *http.Request) (answer, *Failure) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen = append(p.seen, Seen{
		Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, At: p.now(),
		RequestID: r.Header.Get("X-Request-ID"), CorrelationID: r.Header.Get("X-Correlation-ID"),
		ODS: r.Header.Get("NHSD-End-User-Organisation-ODS"),
	})
	p.seen = p.seen[max(0, len(p.seen)-maxSeen):]

	if r.URL.Path == nhsapi.Path {
		f := p.trouble(true, "")
		if f != nil && f.status() != 0 {
			return f.refusal(), f
		}
		return p.token(r), f
	}
	// Who may not come in gets no further, not even to a failure.
	if refused := p.admit(r); refused != nil {
		return *refused, nil
	}
	rest := strings.TrimPrefix(r.URL.Path, patientPath)
	f := p.trouble(false, strings.TrimPrefix(rest, "/"))
	switch number, _ := strings.CutPrefix(rest, "/"); {
	case f != nil && f.status() != 0:
		return f.refusal(), f
	case rest == "":
		return p.search(r), f
	case number == "" || strings.Contains(number, "/"): // no number; related persons are not simulated
		return outcome(http.StatusBadRequest, "UNSUPPORTED_SERVICE", ""), f
	default:
		return p.read(number), f
	}
}

// admit refuses callers without a token, too busy callers, and requests whose
// method or headers will not do, in the platform's order.
func (p *PDS) admit(r *http.Request) *answer {
	no := func(status int, code, why string) *answer {
		a := outcome(status, code, why)
		return &a
	}
	app, why := p.caller(r)
	if why != "" {
		return no(http.StatusUnauthorized, "ACCESS_DENIED", why)
	}
	if now := p.now(); p.Rate > 0 {
		recent := slices.DeleteFunc(p.asked[app], func(at time.Time) bool { return now.Sub(at) >= time.Second })
		p.asked[app] = recent
		if len(recent) >= p.Rate {
			a := no(http.StatusTooManyRequests, "TOO_MANY_REQUESTS", "You have exceeded your application's rate limit.")
			a.wait = 1
			return a
		}
		p.asked[app] = append(recent, now)
	}
	id, ods := r.Header.Get("X-Request-ID"), r.Header.Get("NHSD-End-User-Organisation-ODS")
	switch {
	case r.Method != http.MethodGet: // an application on its own may not change anybody's record
		return no(http.StatusForbidden, "INVALID_METHOD",
			"Your app has insufficient permissions to use this method. Please contact support.")
	case id == "":
		return no(http.StatusBadRequest, "MISSING_VALUE",
			"Invalid request with error - X-Request-ID header must be supplied to access this resource")
	case !uuidShape.MatchString(id):
		return no(http.StatusBadRequest, "INVALID_VALUE", fmt.Sprintf("Invalid value - '%s' in header 'X-Request-ID'",
			id))
	case ods != "" && !odsShape.MatchString(ods):
		return no(http.StatusBadRequest, "INVALID_VALUE",
			fmt.Sprintf("Invalid value - '%s' in header 'NHSD-End-User-Organisation-ODS'", ods))
	}
	return nil
}

// caller is the application that asks, or why it may not.
func (p *PDS) caller(r *http.Request) (app, why string) {
	if p.OpenSandbox {
		return "", ""
	}
	return p.tokens.Caller(r)
}

// read answers GET Patient/{number}. A patient who took a superseded number's
// place is told instead, under their own.
func (p *PDS) read(number string) answer {
	who := p.follow(number)
	switch {
	case !validNumber(number):
		return outcome(http.StatusBadRequest, "INVALID_RESOURCE_ID", "")
	case who == nil:
		return outcome(http.StatusNotFound, "RESOURCE_NOT_FOUND", "")
	case who.Invalidated:
		return outcome(http.StatusNotFound, "INVALIDATED_RESOURCE", "")
	}
	return answer{status: http.StatusOK, media: fhirType, body: who.patient(false, p.today()), version: who.Version}
}

// validNumber tells whether an NHS number has ten digits and the last of them
// checks the others (Modulus 11, as the NHS data dictionary has it).
func validNumber(number string) bool {
	if len(number) != 10 {
		return false
	}
	sum := 0
	for i, digit := range []byte(number) {
		if digit < '0' || digit > '9' {
			return false
		}
		if i < 9 {
			sum += int(digit-'0') * (10 - i)
		}
	}
	return (11-sum%11)%11 == int(number[9]-'0') // where it is 10, no digit will do
}

// outcomes are FHIR's word for each error code, and the text that goes with it.
var outcomes = map[string]struct{ issue, display string }{
	"ACCESS_DENIED":         {"forbidden", "Access Denied - Unauthorised"},
	"ADDITIONAL_PROPERTIES": {"invariant", "Additional properties should not be included"},
	"INVALIDATED_RESOURCE": {"processing",
		"Resource that has been marked as invalid was requested - invalid resources cannot be retrieved"},
	"INVALID_METHOD":         {"forbidden", "Cannot use this method"},
	"INVALID_RESOURCE_ID":    {"value", "Resource Id is invalid"},
	"INVALID_SEARCH_DATA":    {"value", "Search data is invalid"},
	"INVALID_VALUE":          {"value", "Provided value is invalid"},
	"MISSING_VALUE":          {"required", "Required value is missing"},
	"RESOURCE_NOT_FOUND":     {"not-found", "Resource not found"},
	"SERVER_ERROR":           {"exception", "An error occurred whilst processing"},
	"SERVICE_UNAVAILABLE":    {"timeout", "Service unavailable"},
	"TOO_MANY_MATCHES":       {"multiple-matches", "Too Many Matches"},
	"TOO_MANY_REQUESTS":      {"throttled", "Too many requests"},
	"UNABLE_TO_CALL_SERVICE": {"timeout", "Unable to call service"},
	"UNSUPPORTED_SERVICE":    {"processing", "Unsupported Service"},
}

// outcome is an OperationOutcome: an error, or that there is nothing to tell.
func outcome(status int, code, diagnostics string) answer {
	of, severity := outcomes[code], "error"
	if code == "TOO_MANY_MATCHES" || code == "RESOURCE_NOT_FOUND" {
		severity = "information"
	}
	if status == http.StatusForbidden {
		of.issue = "forbidden"
	}
	issue := object{"severity": severity, "code": of.issue, "details": object{"coding": list{object{
		"system": "https://fhir.nhs.uk/R4/CodeSystem/Spine-ErrorOrWarningCode", "version": "1", "code": code,
		"display": of.display,
	}}}}
	if diagnostics != "" {
		issue["diagnostics"] = diagnostics
	}
	return answer{status: status, media: fhirType, body: object{"resourceType": "OperationOutcome",
		"issue": list{issue}}}
}

// head sets the headers of an answer.
func (a answer) head(h http.Header, r *http.Request, length int) {
	h.Set("Content-Type", a.media)
	h.Set("Content-Length", strconv.Itoa(length))
	if a.version > 0 {
		h.Set("ETag", fmt.Sprintf(`W/"%d"`, a.version))
	}
	if a.wait > 0 {
		h.Set("Retry-After", strconv.Itoa(a.wait))
	}
	for _, name := range []string{"X-Request-ID", "X-Correlation-ID"} {
		if value := r.Header.Get(name); value != "" {
			h.Set(name, value)
		}
	}
}
