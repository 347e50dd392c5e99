// Package messaging sends messages to patients: one or many, now or later, by
// one way and then by another, and says what became of each.
package messaging
