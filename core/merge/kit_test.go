package merge_test

import (
	"net/http"
	"testing"

	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
)

// kit is what every test here has.
type kit struct{ *patienttest.Kit }

func withKit(t *testing.T, test func(k *kit)) {
	patienttest.Each(t, func(k *patienttest.Kit) {
		k.Files.MediaType = http.DetectContentType
		test(&kit{k})
	})
}

func ada() patient.Changes { return patienttest.AdaSays() }
