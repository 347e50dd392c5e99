// Package population makes up the patients of the benchmark.
package population

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Person is a patient made up for the benchmark. Number is their NHS number.
type Person struct {
	ID                                                         int64
	Number, Born, First, Last, Sex, Mobile, Email, Line, Place string
	Postcode                                                   string
}

// The commonest surnames and first names in England and Wales, the commonest
// first: first names are of all ages, men and women in turn.
var (
	surnames = strings.Fields(`
		Smith Jones Taylor Brown Williams Wilson Johnson Davies Patel Robinson Wright Thompson Evans Walker
		White Roberts Green Hall Wood Jackson Clarke Khan Lewis Harris Clark Ahmed Cooper Ali Turner Hill
		Hughes Martin Moore Scott Edwards Ward Begum Morris Singh King Watson Baker Harrison Morgan Young
		Allen Mitchell James Anderson Phillips Lee Bell Parker Davis Bennett Miller Cook Hussain Shaw Cox`)
	firstNames = strings.Fields(`
		David Susan John Margaret Paul Sarah Michael Patricia Mark Karen James Jane Andrew Julie Peter
		Christine Robert Helen Stephen Elizabeth Richard Emma Christopher Jacqueline William Claire Thomas
		Linda Daniel Jennifer Matthew Mary Anthony Laura Simon Barbara Jack Olivia George Amelia Oliver
		Charlotte Mohammed Jessica Kevin Rebecca Ian Deborah Alan Janet Philip Nicola Joshua Samantha Adam
		Sandra Samuel Ann Harry Rachel Benjamin Lisa Joseph Sharon Luke Victoria Lee Joanne Jason Angela
		Gary Michelle Neil Louise Alexander Tracey Callum Donna Ryan Kathleen Liam Sophie Muhammad Fatima
		Kyle Hannah Nathan Emily Dylan Lucy Arthur Joan Noah Grace Kenneth Dorothy`)
)

// family lists about two thousand surnames: after the commonest come those
// made like the names of English villages, in no order.
func family(dice *rand.Rand) []string {
	var out []string
	for _, begin := range strings.Fields(`
		Ash Bar Beck Birch Black Brad Bram Brin Burn Cald Chad Clay Clif Col Crom Dal Den Down Dun East Ed
		El Fair Farn Gar Gold Green Had Hal Ham Hart Hazel Hol Hor Kirk Lang Law Lin Long Mar Mel Mid Nor
		Oak Pen Red Rock Row San Shel Sher Stan Swan Sud Sut Swin Thorn Tim Wal Wes Whit Wool`) {
		for _, end := range strings.Fields(`
		bourne bridge brook bury by cliffe combe cott croft dale don field ford gate grave ham hurst land
		ley low man mere more ridge sley stead stock thorpe ton well wick worth`) {
			out = append(out, begin+end)
		}
	}
	dice.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return slices.Concat(surnames, out)
}

// Maker makes up people, the same in every run. A name's frequency falls with
// its rank as in a real register: about one person in seventy is a Smith.
type Maker struct {
	dice             *rand.Rand
	surnames         []string
	family, forename []float64 // each the sum of its frequency and those before
	next             atomic.Int64
}

// NewMaker begins a register.
func NewMaker() *Maker {
	dice := rand.New(rand.NewPCG(1, 2))
	m := &Maker{dice: dice, surnames: family(dice)}
	m.family, m.forename = ranks(len(m.surnames)), ranks(len(firstNames))
	return m
}

func ranks(n int) []float64 {
	out := make([]float64, n)
	sum := 0.0
	for i := range out {
		sum += 1 / float64(i+15)
		out[i] = sum
	}
	return out
}

func (m *Maker) pick(sums []float64) int {
	return sort.SearchFloat64s(sums, m.dice.Float64()*sums[len(sums)-1])
}

// Person makes up one. It is for one goroutine.
func (m *Maker) Person() Person {
	first := m.pick(m.forename)
	p := Person{Number: m.Number(), First: firstNames[first], Last: m.surnames[m.pick(m.family)],
		Sex: []string{"Male", "Female"}[first%2]}
	p.Born = time.Date(1930, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, m.dice.IntN(95*365)).Format(time.DateOnly)
	// No number is ever called. Only a thousand numbers are reserved for fiction,
	// and a hundred patients with each would be like no practice.
	p.Mobile = fmt.Sprintf("+447%d%08d", []int{1, 3, 4, 5, 7, 8, 9}[m.dice.IntN(7)], m.dice.IntN(1e8))
	p.Email = strings.ToLower(p.First+"."+p.Last) + strconv.Itoa(m.dice.IntN(10000)) + "@example.org"
	p.Line = fmt.Sprint(1+m.dice.IntN(200), " ", m.surnames[m.dice.IntN(len(m.surnames))], " Road")
	p.Place, p.Postcode = "Ashcombe",
		fmt.Sprintf("ZZ%d %d%c%c", 1+m.dice.IntN(20), m.dice.IntN(10), 'A'+rune(m.dice.IntN(26)),
			'A'+rune(m.dice.IntN(26)))
	return p
}

// Number makes an NHS number that is not in use, for any goroutine: of
// the range that begins with 999, which is never issued, scattered as real ones
// are. There are about 900,000.
func (m *Maker) Number() string {
	for {
		// The factor and the modulus have no divisor in common, so that no
		// number comes twice.
		body := int(m.next.Add(1) * 387_420_489 % 1_000_000)
		if body < 1000 || body/1000 == 100 {
			continue // those of the sandbox's own people
		}
		digits := 999_000_000 + body
		sum := 0
		for i, rest := 2, digits; rest > 0; i, rest = i+1, rest/10 {
			sum += rest % 10 * i
		}
		if check := (11 - sum%11) % 11; check < 10 { // ten is never a check digit
			return strconv.Itoa(digits*10 + check)
		}
	}
}
