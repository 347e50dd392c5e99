// Package hook posts deliveries to the endpoints practices name: signed, and to
// no address that is not the public's.
package hook
