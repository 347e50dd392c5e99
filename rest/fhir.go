package rest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
)

// fhirPath ends the paths whose answers are FHIR.
const fhirPath = "/fhir"

// fhirType is the media type of FHIR as JSON.
const fhirType = "application/fhir+json"

// issueTypes are FHIR's words for what went wrong, by HTTP status.
// Source: HL7 FHIR R4, IssueType, https://hl7.org/fhir/R4/valueset-issue-type.html.
var issueTypes = map[int]string{
	http.StatusBadRequest: "invalid", http.StatusUnauthorized: "login", http.StatusForbidden: "forbidden",
	http.StatusNotFound:         "not-found",
	http.StatusMethodNotAllowed: "not-supported", http.StatusConflict: "conflict",
	http.StatusRequestEntityTooLarge: "too-long",
	http.StatusTooManyRequests:       "throttled", http.StatusServiceUnavailable: "transient",
}

// Outcomes has errors at paths of FHIR answered as FHIR answers them: as an
// OperationOutcome. base is the address of this program, whose documentation
// explains the codes in it.
func Outcomes(next http.Handler, base func() string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, fhirPath) {
			next.ServeHTTP(w, r)
			return
		}
		out := &outcome{ResponseWriter: w}
		next.ServeHTTP(out, r)
		out.end(base() + "/docs/errors")
	})
}

// outcome keeps the body of an error, to write it as an OperationOutcome.
type outcome struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

// WriteHeader passes a status on, but for that of an error.
func (o *outcome) WriteHeader(status int) {
	if o.status == 0 {
		if o.status = status; status < http.StatusBadRequest {
			o.ResponseWriter.WriteHeader(status)
		}
	}
}

func (o *outcome) Write(b []byte) (int, error) {
	o.WriteHeader(http.StatusOK)
	if o.status < http.StatusBadRequest {
		return o.ResponseWriter.Write(b)
	}
	return o.body.Write(b)
}

// Unwrap is for http.ResponseController.
func (o *outcome) Unwrap() http.ResponseWriter { return o.ResponseWriter }

type fhirIssue struct {
	Severity string `json:"severity"`
	Code     string `json:"code"`
	Details  struct {
		Coding []fhirCoding `json:"coding"`
		Text   string       `json:"text"`
	} `json:"details"`
	Diagnostics string   `json:"diagnostics,omitempty"`
	Expression  []string `json:"expression,omitempty"`
}

type fhirCoding struct {
	System string `json:"system"`
	Code   string `json:"code"`
}

// end writes an error that was kept. system is where its codes are explained.
func (o *outcome) end(system string) {
	if o.status < http.StatusBadRequest {
		return
	}
	var said struct {
		Code      string `json:"code"`
		Detail    string `json:"detail"`
		RequestID string `json:"request_id"`
		Message   []struct {
			Path    []string `json:"path"`
			Message string   `json:"message"`
		} `json:"message"`
	}
	_ = json.Unmarshal(o.body.Bytes(), &said) // what is no JSON says nothing
	issue := func(text string) fhirIssue {
		out := fhirIssue{Severity: "error", Code: issueTypes[o.status]}
		if out.Code == "" {
			out.Code = "exception"
		}
		out.Details.Coding, out.Details.Text = []fhirCoding{{system, said.Code}}, text
		if said.RequestID != "" {
			out.Diagnostics = "request " + said.RequestID
		}
		return out
	}
	issues := []fhirIssue{issue(said.Detail)}
	if len(said.Message) > 0 {
		issues = issues[:0]
		for _, m := range said.Message {
			one := issue(m.Message)
			if len(m.Path) > 0 {
				one.Expression = []string{"http." + strings.Join(m.Path, ".")} // R4: what was in a header or a query
			}
			issues = append(issues, one)
		}
	}
	text, err := json.Marshal(struct {
		Type  string      `json:"resourceType"`
		Issue []fhirIssue `json:"issue"`
	}{"OperationOutcome", issues})
	if err != nil {
		panic(err) // plain structs always encode
	}
	o.Header().Set("Content-Type", fhirType)
	o.Header().Del("Content-Length")
	o.ResponseWriter.WriteHeader(o.status)
	o.ResponseWriter.Write(text) // an error means that the caller has gone away
}
