package store

import (
	"bytes"
	"strings"

	"frontdesk/core/names"
)

// NameKey is a name without case and accents, as bytes, so that both databases order it alike.
func NameKey(name string) []byte { return []byte(names.Key(name)) }

// Beyond is the first key after all that begin with this one: no UTF-8 text has the byte 0xff.
func Beyond(key []byte) []byte { return append(bytes.Clone(key), 0xff) }

// EmailKey is an e-mail address as addresses are compared.
func EmailKey(address string) string { return strings.ToLower(address) }

// Within finds a part of a text without case and accents, as LIKE takes it.
func Within(part string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(names.Key(part)) + "%"
}
