package template_test

import (
	"testing"

	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/template"
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
		if got := template.Fill(text, p, g); got != want {
			t.Errorf("%q: got %q", text, got)
		}
	}
	for text, good := range map[string]bool{
		"Hello": true, "{{first_name}} {{ practice_phone }}": true, "{{unknown}}": false, "{{}}": false,
		"{{first_name": false, "first_name}}": false,
	} {
		var in input.Checks
		if template.Check(&in, "content", text); (in.Err() == nil) != good {
			t.Errorf("%q: %v", text, in.Err())
		}
	}
}

func TestCleanTextHasNoControlCharacters(t *testing.T) {
	if got := template.Clean("a\x00b\r\nc\xff\ufffdé", 4); got != "ab\nc" {
		t.Errorf("got %q", got)
	}
}
