// Package courier delivers events to the endpoints of core/webhook: signed, and
// tried until they are taken or given up. Its tests are those of core/webhook.
//
//	courier.go    the courier: finds endpoints with something due, and starts a sender for each
//	sender.go     one endpoint's sender: attempts side by side, and their limit
//	exchange.go   a sender's transaction: results written down, deliveries leased
//	attempt.go    one attempt, and what it makes of its delivery
//	post.go       what carries an attempt to its endpoint
//	health.go     an endpoint that fails is switched off
//	backlog.go    events held back for blocked endpoints are queued
//	port.go       what the courier needs remembered
//
// # A delivery
//
// An event is committed together with a delivery for every endpoint that gets its
// type (see store/webhook/delivery.go), so that neither is there without the other.
//
//	event committed ──────────► waiting ◄──────── replay, from any state
//	      │                      ▲  │  ▲
//	      │ endpoint blocked     │  │  │ refused, or no answer: due again by the schedule
//	      ▼ (SQLite)             │  │  │ 429 or 503 with Retry-After: due then, at no cost
//	in the backlog ──────────────┘  │  │ program stopped: due at once, or when its lease is over
//	                        leased, ▼  │
//	                            under way
//	                                │
//	                 2xx ┌──────────┴──────────┐ tenth attempt without one
//	                     ▼                     ▼
//	                 delivered               failed
//
// # An endpoint's sender
//
// Each endpoint with something due has a sender of its own, a goroutine with its
// own attempts, so that one that hangs holds up no other. A sender exchanges with
// the database: it hands over the results of attempts and gets deliveries that are
// due. It is closed when it has had nothing to do for ten seconds.
//
//	         something is due                  nothing for 10 s, or switched off
//	closed ───────────────────► open ───────────────────────────────────► closed
//	                            │  ▲
//	 as many attempts as it may │  │ an attempt succeeds, or there is room
//	 have, and none ends 100 ms ▼  │ again and nothing under way
//	                          blocked
//
// While it is blocked it is not woken for new events, and SQLite keeps those in
// the backlog: one row for all blocked endpoints, in place of a row for each.
//
// An endpoint is switched off when it answers 410, or when no attempt at it has
// succeeded for five days. Its owner switches it on again.
//
// Why this is not a queue of River's jobs: docs/decisions/courier.md.
package courier
