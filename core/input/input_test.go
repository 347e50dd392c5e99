package input_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"frontdesk/core/fault"
	"frontdesk/core/input"
)

// code is the code of the first thing wrong, or nothing.
func code(in *input.Checks) string {
	var f *fault.Error
	if errors.As(in.Err(), &f) {
		return f.Fields[0].Code
	}
	return ""
}

func TestText(t *testing.T) {
	for _, c := range []struct {
		name, in, out, code string
	}{
		{"spaces around it go", "  Ada ", "Ada", ""},
		{"apostrophes and accents stay", "Siân O’Neill", "Siân O’Neill", ""},
		{"other scripts stay", "李 明", "李 明", ""},
		{"two hundred characters are enough", strings.Repeat("é", 200), strings.Repeat("é", 200), ""},
		{"one more is too many", strings.Repeat("é", 201), strings.Repeat("é", 201), input.CodeBig},
		{"spaces and joiners without width are nothing", "\u200b \u2060\ufeff", "", ""},
		{"letters without a mark are nothing", "\u3164\u2800", "", ""},
		{"a joiner within a name stays", "\u0639\u0644\u200c\u06cc", "\u0639\u0644\u200c\u06cc", ""},
		{"control characters are refused", "Ada\x00", "Ada\x00", input.CodeString},
		{"line breaks are refused", "Ada\nByron", "Ada\nByron", input.CodeString},
		{"a right-to-left override is refused", "Ada\u202enoryB", "Ada\u202enoryB", input.CodeString},
		{"an isolate is refused", "Ada\u2066", "Ada\u2066", input.CodeString},
		{"broken UTF-8 is refused", "Ada\xff", "Ada\xff", input.CodeString},
	} {
		t.Run(c.name, func(t *testing.T) {
			var in input.Checks
			got := in.Text("name", c.in, 200)
			if got != c.out || code(&in) != c.code {
				t.Fatalf("got %q, %q", got, code(&in))
			}
		})
	}
}

func TestATimeThatMayBeLeftOut(t *testing.T) {
	for at, want := range map[string]string{"2031-01-06T09:00:00+01:00": "", "0001-01-01T00:00:00Z": input.CodeDate,
		"1999-12-31T23:59:59Z": input.CodeDate, "9999-12-31T23:59:59-14:00": input.CodeDate} {
		var in input.Checks
		when, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := in.GivenInstant("expires_at", when, true); code(&in) != want || got.IsZero() {
			t.Errorf("%s: got %v, %q", at, got, code(&in))
		}
		var none input.Checks
		if got := none.GivenInstant("expires_at", time.Time{}, false); !got.IsZero() || none.Err() != nil {
			t.Errorf("left out: got %v, %v", got, none.Err())
		}
	}
}

func TestMobile(t *testing.T) {
	for _, c := range []struct {
		name, in, out string
		wrong         bool
	}{
		{"as people write it", "07700 900123", "+447700900123", false},
		{"with the country code", "+44 7700 900123", "+447700900123", false},
		{"with the trunk zero in brackets", "+44 (0)7700 900123", "+447700900123", false},
		{"with two zeros in front", "00447700900123", "+447700900123", false},
		{"with dashes", "07700-900-123", "+447700900123", false},
		{"of the Isle of Man", "07624 900123", "+447624900123", false},
		{"nothing", "", "", false},
		{"a landline", "01632 960123", "", true},
		{"a pager", "07600 900123", "", true},
		{"a personal number", "07012 345678", "", true},
		{"too short", "07700 90012", "", true},
		{"too long", "07700 9001234", "", true},
		{"letters", "07700 9001ab", "", true},
		{"another country", "+33 6 12 34 56 78", "+33612345678", false},
		{"another country with two zeros in front", "00353 87 123 4567", "+353871234567", false},
		{"another country with its 0 in brackets", "+353 (0)87 123 4567", "+353871234567", false},
		{"of America, where mobiles look like landlines", "+1 (212) 555-0123", "+12125550123", false},
		{"a landline of another country", "+353 1 555 0123", "", true},
		{"a country that is none", "+999 123 456 789", "", true},
		{"without the first 0", "7700 900123", "+447700900123", false},
		{"with the country code alone", "447700900123", "+447700900123", false},
		{"with the country code and the first 0", "+44 07700 900123", "+447700900123", false},
		{"with the country code in brackets", "(+44) 7700 900123", "+447700900123", false},
		{"with two zeros and the first 0 in brackets", "0044 (0) 7700 900123", "+447700900123", false},
		{"with en dashes", "07700–900–123", "+447700900123", false},
		{"with dashes of other scripts", "07700\u2011900\u2212123", "+447700900123", false},
		{"with spaces of every width", "07700\u00a0900\u2009123", "+447700900123", false},
		{"copied from a telephone's contacts", "\u202a+44\u00a07700\u00a0900123\u202c", "+447700900123", false},
		{"with what cannot be seen in it", "\ufeff07\u200b70\u20600 9\u00ad00\u200e123\u2069", "+447700900123", false},
		{"in digits of another script", "٠٧٧٠٠٩٠٠١٢٣", "+447700900123", false},
		{"letters of a keypad", "07700 FLOWER", "", true},
		{"with an extension", "07700 900123 x12", "", true},
		{"two of them", "07700 900123/07700 900124", "", true},
		{"a plus in the middle", "0770+0900123", "", true},
		{"the country code twice", "+44 44 7700 900123", "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var in input.Checks
			got := in.Mobile("mobile", c.in)
			if (in.Err() != nil) != c.wrong || (!c.wrong && got != c.out) {
				t.Fatalf("got %q, %v", got, in.Err())
			}
		})
	}
}

func TestTelephone(t *testing.T) {
	for in, want := range map[string]string{
		"01632 960123": "+441632960123", "020 7946 0123": "+442079460123", "+353 1 555 0123": "+35315550123",
		"016977 2345": "+44169772345",
		"1632 960123": "+441632960123", "44 20 7946 0123": "+442079460123", "+353 (0)1 555 0123": "+35315550123",
		"020\u20137946\u20130123":   "+442079460123",
		"\u202d0121\u202c 496 0123": "+441214960123", "+49 30 123456": "+4930123456", "01632 960123 ext 4": "!",
		"0800 FLOWERS": "!", "+98 0040 113": "!", "+353 1": "!",
		"12345": "!", "+44 0": "!", "call me": "!", "00": "!",
	} {
		var c input.Checks
		got := c.Telephone("phone", in)
		if c.Err() != nil {
			got = "!"
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestEmail(t *testing.T) {
	for in, ok := range map[string]bool{
		"": true, "ada@example.org": true, "a.b+c@sub.example.org": true,
		"ada": false, "ada@": false, "ada@localhost": false, "Ada <ada@example.org>": false,
		"ada@example.org, bob@example.org":        false,
		strings.Repeat("a", 250) + "@example.org": false,
		"o'hara@example.org":                      true, "o’hara@example.org": false, "o`hara@example.org": false,
		"“ada”@example.org": false,
		"ada@dom_ain.com":   false, "a_b@example.com": true, "ada@192.0.2.1": false, "ada@[192.0.2.1]": false,
		"ada@[IPv6:2001:db8::1]": false,
		"ada@example.com|x":      false, "ada|x@example.com": true, "ada@-example.com": false,
		"ada@example-.com": false, "ada@example..com": false,
		"ada@ab--cd.example.com": true, "ada@bücher.example": true, "jürgen@bücher.example": true,
		"ada@xn--bcher-kva.example": true,
		"ada@exa\uff0emple.com":     false, "ada@example.com.": false, "mary–ann@example.org": false,
		"ada@" + strings.Repeat("a", 64) + ".example": false,
	} {
		var c input.Checks
		if c.Email("email", in); (c.Err() == nil) != ok {
			t.Errorf("%q: got %v", in, c.Err())
		}
	}
}

func TestAnAddressLosesWhatCannotBeSeen(t *testing.T) {
	for _, hidden := range []string{
		"\u200b", "\u200c", "\u200d", "\u200e", "\u200f", "\u2060", "\ufeff", "\u00ad", "\u061c", "\u202a", "\u202b",
		"\u202c", "\u202d", "\u202e",
		"\u2066", "\u2067", "\u2068", "\u2069",
	} {
		var in input.Checks
		got := []string{
			in.Email("email", hidden+"ada@exam"+hidden+"ple.org"+hidden),
			in.Mobile("mobile", hidden+"07700"+hidden+" 900123"),
			in.Telephone("phone", "01632 9601"+hidden+"23"), in.Postcode("postcode", "SW1A"+hidden+" 1AA"),
			in.Postal("line_1", "1 Mill"+hidden+" Lane", 100),
			input.Bare("943 476" + hidden + " 5919"),
		}
		want := []string{"ada@example.org", "+447700900123", "+441632960123", "SW1A 1AA", "1 Mill Lane", "9434765919"}
		if !slices.Equal(got, want) || in.Err() != nil {
			t.Errorf("%+q: got %q, %v", hidden, got, in.Err())
		}
	}
}

func TestAnAddressThatIsNoneSaysWhy(t *testing.T) {
	for address, want := range map[string]string{
		"o’hara@example.org": "apostrophe", "ada@dom_ain.com": "name of a domain", "ada@192.0.2.1": "name of a domain",
		"ada@[192.0.2.1]":   "name of a domain",
		"ada@example.com|x": "name of a domain", "ada": "not an e-mail address",
	} {
		var in input.Checks
		in.Email("email", address)
		var f *fault.Error
		if !errors.As(in.Err(), &f) || f.Fields[0].Code != input.CodeString || f.Fields[0].Path[0] != "email" ||
			!strings.Contains(f.Fields[0].Message, want) {
			t.Errorf("%s: %+v", address, f)
		}
	}
}

func TestWhatWasKeptAlreadyIsNoReasonToRefuseAnotherChange(t *testing.T) {
	var in input.Checks
	in.Keep("ada@dom_ain.com", "+999123456789", "")
	if a, n := in.Email("email", "ada@dom_ain.com"), in.Telephone("phone", "+999123456789"); a != "ada@dom_ain.com" ||
		n != "+999123456789" || in.Err() != nil {
		t.Fatalf("got %q, %q, %v", a, n, in.Err())
	}
	if in.Email("email", "bob@dom_ain.com"); in.Err() == nil {
		t.Fatal("another one passes")
	}
}

func TestPostcode(t *testing.T) {
	for in, want := range map[string]string{"sw1a1aa": "SW1A 1AA", " m1  1ae ": "M1 1AE", "ZZ1 1AA": "ZZ1 1AA",
		"sw1a\u00a01aa": "SW1A 1AA", "SW1A\u202f1AA": "SW1A 1AA", "ZZ1\u00a02AB": "ZZ1 2AB",
		"\u200bzz1\u20092ab\u00a0": "ZZ1 2AB", "D02 X285": "D02 X285", "": ""} {
		var c input.Checks
		if got := c.Postcode("postcode", in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestDate(t *testing.T) {
	d, ok := input.ParseDate("2026-11-21")
	if !ok || d.String() != "2026-11-21" || d.Weekday() != time.Saturday || d.UTC() != time.Date(2026, 11, 21, 0, 0, 0,
		0, time.UTC) {
		t.Fatalf("got %v %v", d, d.Weekday())
	}
	if d, _ := input.ParseDate("1899-12-31"); d.Weekday() != time.Sunday || d.String() != "1899-12-31" {
		t.Fatalf("before 1970: got %v %v", d, d.Weekday())
	}
	for _, s := range []string{"", "2026-02-29", "2026-13-01", "26-01-01", "2026-1-1", "2026-01-01T00:00:00Z",
		"9999-01-01", "0001-01-01"} {
		if _, ok := input.ParseDate(s); ok {
			t.Errorf("%q was taken for a date", s)
		}
	}
	for year, good := range map[int]bool{1: false, 1799: false, 1800: true, 2199: true, 2200: false, 9999: false} {
		var in input.Checks
		d := in.Day("date", input.DayOf(year, time.June, 1))
		if _, read := input.ParseDate(d.String()); (in.Err() == nil) != good || read != good {
			t.Errorf("%s: %v", d, in.Err())
		}
	}
}

func TestDigits(t *testing.T) {
	for in, want := range map[string]int64{
		"1": 1, "007": 7, "9007199254740991": 9007199254740991,
		"": 0, "0": 0, "-1": 0, "+1": 0, "1.0": 0, "9007199254740992": 0, "99999999999999999999": 0, "१": 0, "1\t": 0,
	} {
		got, ok := input.Digits(in)
		if !ok {
			got = 0
		}
		if got != want {
			t.Errorf("%q: got %d", in, got)
		}
	}
}

// FuzzChecks feeds every check any text: none may panic, and what passes must
// pass again unchanged.
func FuzzChecks(f *testing.F) {
	for _, s := range []string{"", "07700 900123", "ada@example.org", "SW1A 1AA", "2026-11-21", "\u202e",
		"2026-03-15T09:30:00Z"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for name, check := range map[string]func(*input.Checks, string) string{
			"text":      func(c *input.Checks, s string) string { return c.Text("x", s, 100) },
			"lines":     func(c *input.Checks, s string) string { return c.Lines("x", s, 100) },
			"mobile":    func(c *input.Checks, s string) string { return c.Mobile("x", s) },
			"telephone": func(c *input.Checks, s string) string { return c.Telephone("x", s) },
			"email":     func(c *input.Checks, s string) string { return c.Email("x", s) },
			"postal":    func(c *input.Checks, s string) string { return c.Postal("x", s, 100) },
			"postcode":  func(c *input.Checks, s string) string { return c.Postcode("x", s) },
			"date":      func(c *input.Checks, s string) string { return c.Date("x", s).String() },
		} {
			var first, second input.Checks
			once := check(&first, s)
			if first.Err() != nil {
				continue
			}
			if twice := check(&second, once); second.Err() != nil || twice != once {
				t.Errorf("%s: %q became %q, then %q, %v", name, s, once, twice, second.Err())
			}
		}
		if at, ok := input.Instant(s); ok && (at.Year() < 2000 || at.Year() > 2199) {
			t.Errorf("%q was taken for the instant %v", s, at)
		}
		if n, ok := input.Digits(s); ok && n <= 0 {
			t.Errorf("%q was taken for the id %d", s, n)
		}
	})
}

func TestShowTelephone(t *testing.T) {
	for number, want := range map[string]string{
		"+441632960123": "01632 960123", "+441214960123": "0121 496 0123", "+442079460123": "020 7946 0123",
		"+447700900123": "07700 900123",
		"+443069990123": "0306 999 0123", "+917855986859": "+917855986859", "": "", "+44163296012": "+44163296012",
	} {
		if got := input.ShowTelephone(number); got != want {
			t.Errorf("%s: got %s, want %s", number, got, want)
		}
	}
}

func TestABoundIsADayInItsZoneOrAnInstant(t *testing.T) {
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		text string
		days int
		want time.Time
	}{
		{"2026-06-01", 0, time.Date(2026, 5, 31, 23, 0, 0, 0, time.UTC)},
		{"2026-06-01", 1, time.Date(2026, 6, 1, 23, 0, 0, 0, time.UTC)},
		{"2026-03-28", 1, time.Date(2026, 3, 29, 0, 0, 0, 0, time.UTC)},
		{" 2026-06-01T09:30:00+01:00 ", 1, time.Date(2026, 6, 1, 8, 30, 0, 0, time.UTC)},
		{"soon", 0, time.Time{}},
	} {
		var in input.Checks
		if got := in.Bound("x", *input.ReadBound(c.text), london, c.days); !got.Equal(c.want) ||
			(in.Err() == nil) == c.want.IsZero() {
			t.Errorf("%q: got %v, %v", c.text, got, in.Err())
		}
	}
}

func TestAPageIsAWindowOfTheList(t *testing.T) {
	for _, c := range []struct {
		name         string
		page         input.Page
		offset, size int
		code         string
	}{
		{"nothing is the first fifty", input.Page{}, 0, 50, ""},
		{"pages count from one", input.Page{Number: 3, Size: 20}, 40, 20, ""},
		{"two hundred to a page is the most", input.Page{Size: 200}, 0, 200, ""},
		{"more is refused", input.Page{Size: 201}, 0, 201, input.CodeBig},
		{"a page before the first is refused", input.Page{Number: -1}, -100, 50, input.CodeSmall},
		{"the two hundred thousandth row can be reached", input.Page{Number: 1001, Size: 200}, 200_000, 200, ""},
		{"a page beyond all numbers is refused", input.Page{Number: 1 << 40, Size: 1}, 1<<40 - 1, 1, input.CodeBig},
	} {
		t.Run(c.name, func(t *testing.T) {
			var in input.Checks
			offset, size := in.Window(c.page)
			if offset != c.offset || size != c.size || code(&in) != c.code {
				t.Fatalf("got %d, %d, %q", offset, size, code(&in))
			}
		})
	}
}

func TestASpanIsOpenWhereNothingIsSaid(t *testing.T) {
	at := time.Date(2031, 1, 6, 9, 0, 0, 0, time.UTC)
	if (input.Span{}).Given() || !(input.Span{Until: at}).Given() {
		t.Fatal("a span that bounds nothing is given, or one that does is not")
	}
	from, until := input.Span{From: at}.Bounds()
	if !from.Equal(at) || until.Year() != 9999 {
		t.Fatalf("got %v, %v", from, until)
	}
	if from, until = (input.Span{Until: at}).Bounds(); from.Year() != 1 || !until.Equal(at) {
		t.Fatalf("got %v, %v", from, until)
	}
}

func TestACursorGoesOnFromWhatWasReceived(t *testing.T) {
	for _, c := range []struct {
		name   string
		cursor input.Cursor
		from   int64
		size   int
		code   string
	}{
		{"nothing is the first fifty", input.Cursor{}, 0, 50, ""},
		{"from one received", input.Cursor{From: 7, Size: 10}, 7, 10, ""},
		{"back from one received", input.Cursor{From: 7, Back: true}, 7, 50, ""},
		{"back from the end, which is after every id", input.Cursor{Back: true}, 1 << 53, 50, ""},
		{"more than two hundred are refused", input.Cursor{Size: 201}, 0, 201, input.CodeBig},
	} {
		t.Run(c.name, func(t *testing.T) {
			var in input.Checks
			want := input.Rows{From: c.from, Back: c.cursor.Back, Limit: c.size + 1}
			if got := in.Near(c.cursor); got != want || code(&in) != c.code {
				t.Fatalf("got %+v, %q, want %+v", got, code(&in), want)
			}
		})
	}
}

func TestTheRowTooManyIsCutOffWhereAListGoesOn(t *testing.T) {
	for _, c := range []struct {
		name string
		rows input.Rows
		want string
	}{
		{"there is no more", input.Rows{Limit: 4}, "[1 2 3] false"},
		{"there is one more after them", input.Rows{Limit: 3}, "[1 2] true"},
		{"there is one more before them", input.Rows{Limit: 3, Back: true}, "[2 3] true"},
	} {
		t.Run(c.name, func(t *testing.T) {
			found, more := input.Cut([]int{1, 2, 3}, c.rows)
			if got := fmt.Sprint(found, more); got != c.want {
				t.Fatalf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestAnInstantIsWithinItsBounds(t *testing.T) {
	low, high := time.Date(2031, 1, 6, 9, 0, 0, 0, time.UTC), time.Date(2031, 1, 7, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		text string
		high time.Time
		want time.Time
		code string
	}{
		{"2031-01-06T10:00:00+01:00", high, low, ""},
		{"2031-01-07T09:00:00Z", high, high, ""},
		{"2031-01-06T08:59:59Z", high, time.Time{}, input.CodeSmall},
		{"2031-01-07T09:00:01Z", high, time.Time{}, input.CodeBig},
		{"2032-01-07T09:00:01Z", time.Time{}, time.Date(2032, 1, 7, 9, 0, 1, 0, time.UTC), ""},
		{"2031-01-06", high, time.Time{}, input.CodeDate},
	} {
		var in input.Checks
		at, ok := input.Instant(c.text)
		if !ok {
			at = input.NotAnInstant
		}
		if got := in.Within("x", at, low, c.high, "a time"); !got.Equal(c.want) || code(&in) != c.code {
			t.Errorf("%q: got %v, %q", c.text, got, code(&in))
		}
	}
}

func TestAnAmountThatIsNoneIsSaidInPounds(t *testing.T) {
	for pence, want := range map[int]string{0: "This is less than £0.01.", 1: "", 100_000_000: "",
		100_000_001: "This is more than £1000000.00."} {
		var in input.Checks
		in.Amount("price", pence, 1, 100_000_000)
		got := ""
		var f *fault.Error
		if errors.As(in.Err(), &f) {
			got = f.Fields[0].Message
		}
		if got != want {
			t.Errorf("%d: %q, not %q", pence, got, want)
		}
	}
}

func TestAShareThatIsNoneSaysWhetherItIsSmall(t *testing.T) {
	for share, want := range map[float64]string{0: input.CodeSmall, -1: input.CodeSmall, 100.01: input.CodeBig,
		0.01: "", 100: ""} {
		var in input.Checks
		in.Percent("percent_off", share)
		if got := code(&in); got != want {
			t.Errorf("%v: %q, not %q", share, got, want)
		}
	}
}
