package stripe

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// GoodCard is the number of Stripe's that always pays.
const GoodCard = "4242424242424242"

// Card is what a patient types into a payment page.
type Card struct {
	// Number may have spaces, and Expiry is MM/YY.
	Number, Expiry, CVC string
}

// goodCards are the numbers that pay: https://docs.stripe.com/testing#cards and, of British ones, the list of
// #international-cards.
var goodCards = map[string]bool{GoodCard: true, "4000056655665556": true, "5555555555554444": true,
	"2223003122003222": true, "5200828282828210": true, "5105105105105100": true, "378282246310005": true,
	"371449635398431": true, "6011111111111117": true, "3056930009020004": true, "36227206271667": true,
	"3566002020360505": true, "6200000000000005": true, "4000008260000000": true, "4000058260000005": true,
	"5555558265554449": true}

// refusal is why a card is not charged, as Stripe names it: https://docs.stripe.com/error-codes and, for the reasons of
// the card's bank, https://docs.stripe.com/declines/codes.
type refusal struct{ code, decline, words string }

// badCards are the numbers that do not pay, and why: https://docs.stripe.com/testing#declined-payments.
var badCards = map[string]refusal{
	"4000000000000002": {"card_declined", "generic_decline", "Your card was declined."},
	"4000000000009995": {"card_declined", "insufficient_funds", "Your card has insufficient funds."},
	"4000000000009987": {"card_declined", "lost_card", "Your card was declined."},
	"4000000000009979": {"card_declined", "stolen_card", "Your card was declined."},
	"4000000000006975": {"card_declined", "card_velocity_exceeded", "Your card was declined: too many attempts."},
	"4000000000000069": {"expired_card", "", "Your card has expired."},
	"4000000000000127": {"incorrect_cvc", "", "Your card's security code is incorrect."},
	"4000000000000119": {"processing_error", "", "An error occurred while processing your card."},
}

var (
	digitsOnly = regexp.MustCompile(`^[0-9]{12,19}$`)
	expiryForm = regexp.MustCompile(`^([0-9]{2}) ?/ ?([0-9]{2})$`)
	cvcForm    = regexp.MustCompile(`^[0-9]{3,4}$`)
)

// luhn reports whether the last digit of a card's number is the one that the others ask for.
func luhn(number string) bool {
	sum := 0
	for i := range number {
		d := int(number[len(number)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

func (c Card) number() string { return strings.ReplaceAll(c.Number, " ", "") }

// mistyped is what is wrong with what was typed, which the page says by itself; nil is nothing.
func (c Card) mistyped(at time.Time) *refusal {
	if number := c.number(); !digitsOnly.MatchString(number) || !luhn(number) {
		return &refusal{"incorrect_number", "", "Your card number is incorrect."}
	}
	month, year := 0, 0
	if m := expiryForm.FindStringSubmatch(strings.TrimSpace(c.Expiry)); m != nil {
		month, _ = strconv.Atoi(m[1])
		year, _ = strconv.Atoi(m[2])
		year += 2000
	}
	switch {
	case month < 1 || month > 12, year == at.Year() && time.Month(month) < at.Month():
		return &refusal{"invalid_expiry_month", "", "Your card's expiration month is invalid."}
	case year < at.Year() || year > at.Year()+50:
		return &refusal{"invalid_expiry_year", "", "Your card's expiration year is invalid."}
	case !cvcForm.MatchString(c.CVC):
		return &refusal{"invalid_cvc", "", "Your card's security code is invalid."}
	}
	return nil
}

// refused is why the bank of a card does not pay; nil is that it does. A test account takes no real card.
func (c Card) refused() *refusal {
	if why, bad := badCards[c.number()]; bad {
		return &why
	}
	if !goodCards[c.number()] {
		return &refusal{"card_declined", "test_mode_live_card",
			"Your card was declined. Your request was in test mode, but used a non test card."}
	}
	return nil
}

// inJSON is the refusal as it is kept with a payment.
func (r *refusal) inJSON() object {
	o := object{"type": "card_error", "code": r.code, "message": r.words}
	if r.decline != "" {
		o["decline_code"] = r.decline
	}
	return o
}
