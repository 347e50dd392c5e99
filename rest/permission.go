package rest

import (
	"fmt"
	"strings"

	"frontdesk/core/access"
	"frontdesk/core/fault"
)

// codeScope is the code of a key that lacks a scope. One that lacks a permission beyond scopes has core's code.
const codeScope = "missing_scope"

// spelt gives a refusal the names this API has for sets of permissions: the
// scopes, and else the extra permissions of keys, that have what is missing.
func spelt(f *fault.Error) *fault.Error {
	if f.Code != access.ErrPermission.Code || len(f.Fields) == 0 {
		return f
	}
	missing := access.Permission(f.Fields[0].Expected)
	code, kind, need := f.Code, "permission", string(missing)
	if scopes := access.ScopesWith(missing); len(scopes) > 0 {
		code, kind, need = codeScope, "scope", either(scopes)
	} else if more := access.KeyPermissionsWith(missing); len(more) > 0 {
		need = either(more)
	}
	c := f.Saying(fmt.Sprintf("This key lacks the %s %s.", kind, need))
	c.Code = code
	if f.Fields[0].Code == access.CodeNetwork {
		c.Code, c.Message = f.Code, f.Message
	}
	c.Fields = []fault.Field{{Path: []string{"x-api-key"}, Code: c.Code, Expected: need, Message: c.Message}}
	return c
}

func either[T ~string](all []T) string {
	words := make([]string, len(all))
	for i, w := range all {
		words[i] = string(w)
	}
	return strings.Join(words, " or ")
}
