package billing

import "frontdesk/core/input"

// Pence is an amount of money.
type Pence int64

// Permille is a rate of VAT: 200 is 20 per cent.
type Permille int64

// Quantity is how many there are of something, in thousandths.
type Quantity int64

// One of something.
const One Quantity = 1000

// The largest amounts there can be, so that no sum is more than an exact number
// of pounds and pence in any program that reads it.
const (
	MaxAmount   Pence = 100_000_000 // a million pounds
	maxQuantity       = 10_000 * One
	maxRows           = 200 // lines, payments, and refunds of one invoice
)

// rounded is n/d to the nearest whole number, halves up; neither is negative.
func rounded(n, d int64) int64 { return (n + d/2) / d }

// Worth is what so many of something cost, without VAT and with it. VAT is worked
// out for each line and rounded to the nearest penny: HMRC, VAT guide (Notice
// 700), section 17.5, https://www.gov.uk/guidance/vat-guide-notice-700.
func Worth(price Pence, n Quantity, rate Permille) (total, vat Pence) {
	net := rounded(int64(price)*int64(n), int64(One))
	vat = Pence(rounded(net*int64(rate), 1000))
	return Pence(net) + vat, vat
}

// amount checks an amount from low on.
func amount(in *input.Checks, field string, p, low Pence) Pence {
	return Pence(in.Amount(field, int(p), int(low), int(MaxAmount)))
}

// Dated checks that there is a date.
func Dated(in *input.Checks, field string, d input.Date) input.Date {
	if d == input.NoDate {
		in.Wrong(field, input.CodeDate, "a date", "This is not a date.")
	}
	return in.Day(field, d)
}
