package wording_test

import (
	"testing"

	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/wording"
)

func TestATextIsFilledForEachPatient(t *testing.T) {
	p := patient.Patient{Title: "Mrs", FirstName: "Ada", LastName: "Byron"}
	g := practice.Group{Name: "Mill Lane", Phone: "+442079460000", Website: "https://mill.example.org"}
	for text, want := range map[string]string{
		"Hello": "Hello",
		"Dear {{title}} {{ last_name }}, from {{practice_name}}": "Dear Mrs Byron, from Mill Lane",
		"{{full_name}} {{first_name}} {{practice_website}}":      "Ada Byron Ada https://mill.example.org",
		"{{unknown}} {{}} {{first_name":                          "{{unknown}} {{}} {{first_name",
	} {
		if got := wording.Fill(text, p, g); got != want {
			t.Errorf("%q: got %q", text, got)
		}
	}
	for text, good := range map[string]bool{
		"Hello": true, "{{first_name}} {{ practice_phone }}": true, "{{unknown}}": false, "{{}}": false, "{{first_name": false, "first_name}}": false,
	} {
		var in input.Checks
		if wording.Check(&in, "content", text); (in.Err() == nil) != good {
			t.Errorf("%q: %v", text, in.Err())
		}
	}
}

func TestAnAnswerIsUnderstoodOnlyAsAWordAlone(t *testing.T) {
	for answer, want := range map[string]wording.Meaning{
		"STOP": wording.Stop, " stop. ": wording.Stop, "Unsubscribe!": wording.Stop, "STOP ALL": wording.Stop, "StopAll": wording.Stop,
		"OPT OUT": wording.Stop, "opt-out": wording.Stop, "OPT\u2013OUT": wording.Stop, "UNSUBSCRIBE \U0001F64F": wording.Stop,
		"\U0001F6D1 STOP \U0001F6D1\ufe0f": wording.Stop, "\u200bSTOP\u200b": wording.Stop, "ST\u00adOP": wording.Stop, "\ufeff\u202aSTOP\u202c": wording.Stop,
		"\u2068Stop\u2069": wording.Stop, "\"STOP\"": wording.Stop, "<stop>": wording.Stop, "S T O P": wording.Stop,
		"start": wording.Start, "START \U0001F44D\U0001F3FD": wording.Start, "CANCEL": wording.Cancel, "Cancel.": wording.Cancel,
		"YES": wording.Yes, "Yes \U0001F44D": wording.Yes, "UNSTOP": wording.Nothing, "Y": wording.Nothing,
		"": wording.Nothing, "\U0001F6D1": wording.Nothing, "Please stop by": wording.Nothing, "I cannot start": wording.Nothing, "stopp": wording.Nothing,
		"stop 2": wording.Nothing, "Yes, stop": wording.Nothing,
	} {
		if got := wording.Means(answer); got != want {
			t.Errorf("%q: got %q", answer, got)
		}
	}
	if got := wording.Clean("a\x00b\r\nc\xff\ufffdé", 4); got != "ab\nc" {
		t.Errorf("got %q", got)
	}
}
