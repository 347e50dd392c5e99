// Package partner has the operations on the keys of partners' programs, who holds them, and their webhooks in sum.
//
//	key.go      keys listed, made, rotated and revoked
//	partner.go  partners, and subscriptions
package partner

import "frontdesk/core"

// Operations are those of the contract for this area.
type Operations struct{ Core *core.Core }
