// Package connecttest is what every connector to a kind of system must do,
// whatever stands at the other end.
//
//	demographics.go  a national demographics service
package connecttest
