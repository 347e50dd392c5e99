package reply_test

import (
	"testing"

	"frontdesk/core/reply"
)

func TestAnAnswerIsUnderstoodOnlyAsAWordAlone(t *testing.T) {
	for answer, want := range map[string]reply.Meaning{
		"STOP": reply.Stop, " stop. ": reply.Stop, "Unsubscribe!": reply.Stop, "STOP ALL": reply.Stop,
		"StopAll": reply.Stop,
		"OPT OUT": reply.Stop, "opt-out": reply.Stop, "OPT\u2013OUT": reply.Stop, "UNSUBSCRIBE \U0001F64F": reply.Stop,
		"\U0001F6D1 STOP \U0001F6D1\ufe0f": reply.Stop, "\u200bSTOP\u200b": reply.Stop, "ST\u00adOP": reply.Stop,
		"\ufeff\u202aSTOP\u202c": reply.Stop,
		"\u2068Stop\u2069":       reply.Stop, "\"STOP\"": reply.Stop, "<stop>": reply.Stop, "S T O P": reply.Stop,
		"start": reply.Start, "START \U0001F44D\U0001F3FD": reply.Start, "CANCEL": reply.Cancel,
		"Cancel.": reply.Cancel,
		"YES":     reply.Yes, "Yes \U0001F44D": reply.Yes, "UNSTOP": reply.Nothing, "Y": reply.Nothing,
		"": reply.Nothing, "\U0001F6D1": reply.Nothing, "Please stop by": reply.Nothing,
		"I cannot start": reply.Nothing, "stopp": reply.Nothing,
		"stop 2": reply.Nothing, "Yes, stop": reply.Nothing,
	} {
		if got := reply.Means(answer); got != want {
			t.Errorf("%q: got %q", answer, got)
		}
	}
}
