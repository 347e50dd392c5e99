package pds

import (
	"encoding/json"
	"errors"
	"regexp"
	"slices"

	"frontdesk/core/demographics"
	"frontdesk/core/input"
)

// The parts of FHIR R4 resources that we read. Every field may be missing.

type resource struct {
	Type string `json:"resourceType"`
	ID   string `json:"id"`
	Meta struct {
		Version  string   `json:"versionId"`
		Security []coding `json:"security"`
	} `json:"meta"`
	Name      []humanName    `json:"name"`
	Gender    string         `json:"gender"`
	BirthDate string         `json:"birthDate"`
	Deceased  string         `json:"deceasedDateTime"`
	Telecom   []contactPoint `json:"telecom"`
	Address   []address      `json:"address"`
	Practices []struct {
		Identifier struct {
			Value  string `json:"value"`
			Period period `json:"period"`
		} `json:"identifier"`
	} `json:"generalPractitioner"`
}

type coding struct {
	Code string `json:"code"`
}

type period struct {
	Start string `json:"start"`
	End   string `json:"end"`
}

type humanName struct {
	Use    string   `json:"use"`
	Period period   `json:"period"`
	Prefix []string `json:"prefix"`
	Given  []string `json:"given"`
	Family string   `json:"family"`
}

type contactPoint struct {
	System string `json:"system"`
	Use    string `json:"use"`
	Period period `json:"period"`
	Value  string `json:"value"`
}

type address struct {
	Use      string   `json:"use"`
	Period   period   `json:"period"`
	Line     []string `json:"line"`
	Postcode string   `json:"postalCode"`
}

type bundle struct {
	Type  string `json:"resourceType"`
	Total int    `json:"total"`
	Entry []struct {
		Resource struct {
			Type string `json:"resourceType"`
			ID   string `json:"id"`
		} `json:"resource"`
	} `json:"entry"`
}

type operationOutcome struct {
	Type  string `json:"resourceType"`
	Issue []struct {
		Details struct {
			Coding []coding `json:"coding"`
		} `json:"details"`
	} `json:"issue"`
}

var plainCode = regexp.MustCompile(`^[A-Za-z_]{1,64}$`)

// outcome gives the code of an OperationOutcome, if the body is one. Only what
// looks like a code is taken: it goes into logs.
func outcome(body []byte) (code string, ok bool) {
	var o operationOutcome
	if json.Unmarshal(body, &o) != nil || o.Type != "OperationOutcome" {
		return "", false
	}
	for _, issue := range o.Issue {
		for _, c := range issue.Details.Coding {
			if plainCode.MatchString(c.Code) {
				return c.Code, true
			}
		}
	}
	return "", true
}

// errShape says that an answer is not what was asked for. It does not say what
// it is instead: that may identify a person.
var errShape = errors.New("another shape")

// found gives the NHS number of the one person a search found. Too many of them
// come as an OperationOutcome, with status 200 like any other result.
func found(body []byte) (string, error) {
	var b bundle
	if json.Unmarshal(body, &b) != nil {
		return "", errShape
	}
	if b.Type == "OperationOutcome" {
		if code, _ := outcome(body); code == "TOO_MANY_MATCHES" {
			return "", demographics.ErrSeveralTraced
		}
		return "", errShape
	}
	if b.Type != "Bundle" {
		return "", errShape
	}
	var ids []string
	for _, e := range b.Entry {
		if e.Resource.Type == "Patient" {
			ids = append(ids, e.Resource.ID)
		}
	}
	switch {
	case len(ids) > 1 || b.Total > 1:
		return "", demographics.ErrSeveralTraced
	case len(ids) == 0:
		return "", demographics.ErrNotTraced
	}
	number, ok := input.ParseNHSNumber(ids[0])
	if !ok {
		return "", errShape
	}
	return number, nil
}

// withdrawn is the confidentiality code of a record that is not to be used.
const withdrawn = "REDACTED"

func (r resource) confidential(codes ...string) bool {
	return slices.ContainsFunc(r.Meta.Security, func(c coding) bool { return slices.Contains(codes, c.Code) })
}
