package job_test

import (
	"errors"
	"testing"

	"frontdesk/core/job"
)

func TestAJobThatIsRunningIsFollowedByAnotherInPlaceOfRunTwice(t *testing.T) {
	var alone job.Alone
	j := job.Job{Group: 1, Kind: "a"}
	other := job.Job{Group: 2, Kind: "a"}
	ran, broken := 0, errors.New("broken")
	again, err := alone.Run(j, func() error {
		for range 2 {
			if again, err := alone.Run(j, func() error { t.Error("it ran beside itself"); return nil }); again || err != nil {
				t.Error(again, err)
			}
		}
		if again, err := alone.Run(other, func() error { ran++; return nil }); again || err != nil || ran != 1 {
			t.Error("another group's job did not run")
		}
		return broken
	})
	if !again || !errors.Is(err, broken) {
		t.Error(again, err)
	}
	if again, err := alone.Run(j, func() error { ran++; return nil }); again || err != nil || ran != 2 {
		t.Error("it does not run any more")
	}
}
