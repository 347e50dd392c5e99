package form

import "testing"

// ruled is a form with a question, one that its answer A decides, and a number from 0 to 3; and the conditions that
// some bytes say, three for each.
func ruled(of []byte) (Content, []Condition) {
	c := Content{Sections: []Section{{Questions: []Question{
		{ID: 1, Kind: AskOption, Choices: []string{"A", "B"}},
		{ID: 2, Kind: AskOption, Choices: []string{"A", "B"}, DependsOn: &Dependency{Question: 1, Answer: "A"}},
		{ID: 3, Kind: AskText, Number: &Bounds{Low: 0, High: 3}},
	}}}}
	var when []Condition
	for ; len(of) >= 3 && len(when) < mostConditions; of = of[3:] {
		on := Condition{Question: int64(of[0]%4) + 1, Negate: of[0]&64 != 0}
		if on.Question == 3 {
			low, high := float64(int8(of[1]))/32, float64(int8(of[2]))/32
			on.AtLeast, on.AtMost, on.Negate = &low, &high, false
		} else {
			if on.Answer = string(rune('A' + of[1]%3)); on.Negate && on.Answer == "C" {
				on.Answer = "A" // that it is not what it never is, is refused as a slip
			}
		}
		when = append(when, on)
	}
	return c, when
}

// FuzzRules writes rules of all kinds: one is refused exactly when no answers meet it.
func FuzzRules(f *testing.F) {
	for _, seed := range []string{"\x00\x00\x00", "\x40\x00\x00\x40\x01\x00", "\x01\x00\x00\x00\x01\x00",
		"\x02\x00\x60\x02\x50\x20", "\x03\x00\x00", "\x02\x10\x1f"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, of []byte) {
		c, when := ruled(of)
		if len(when) == 0 {
			return
		}
		c.Rules = []Rule{{When: when}}
		var w writing
		w.meets(c, questionsOf(c), 0, []string{"rules", "0"})
		if refused := w.err() != nil; refused == anyMeets(c, when) {
			t.Fatalf("refused %t, though answers meet it %t: %+v %v", refused, !refused, when, w.wrong)
		}
	})
}

// anyMeets tries all answers there are.
func anyMeets(c Content, when []Condition) bool {
	for _, a := range []string{"", "A", "B"} {
		for _, b := range []string{"", "A", "B"} {
			for _, n := range []float64{-1, 0, 1, 2, 3} {
				given := map[int64][]value{}
				if a != "" {
					given[1] = []value{{text: a}}
				}
				if b != "" && a == "A" {
					given[2] = []value{{text: b}}
				}
				if n >= 0 {
					given[3] = []value{{number: n}}
				}
				met := true
				for _, on := range when {
					met = met && on.met(given[on.Question])
				}
				if met {
					return true
				}
			}
		}
	}
	return false
}
