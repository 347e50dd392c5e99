package stripe

import (
	"testing"
	"time"
)

// TestEveryTestCardHasARightCheckDigit keeps a number that was copied wrongly from being refused for another reason.
func TestEveryTestCardHasARightCheckDigit(t *testing.T) {
	at := time.Date(2031, time.March, 5, 9, 0, 0, 0, time.UTC)
	try := func(number, want string) {
		t.Helper()
		c := Card{Number: number, Expiry: "03/31", CVC: "123"}
		if why := c.mistyped(at); why != nil {
			t.Errorf("%s is said to be typed wrongly: %s", number, why.code)
		}
		got := ""
		if why := c.refused(); why != nil {
			got = why.code + why.decline
		}
		if got != want {
			t.Errorf("%s: %q, not %q", number, got, want)
		}
	}
	for number := range goodCards {
		try(number, "")
	}
	for number, why := range badCards {
		try(number, why.code+why.decline)
	}
	try("4539148803436467", "card_declinedtest_mode_live_card")
	if why := (Card{Number: GoodCard, Expiry: "02/31", CVC: "123"}).mistyped(at); why == nil ||
		why.code != "invalid_expiry_month" {
		t.Errorf("a card of last month: %v", why)
	}
}
