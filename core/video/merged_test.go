package video_test

import (
	"testing"
	"time"

	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/video"
	patientstore "frontdesk/store/patient"
)

func TestTheIDOfAMergedPatientStandsForTheOneWhoWasKept(t *testing.T) {
	each(t, func(w *ward) {
		patients := &patient.Service{Store: patientstore.New(w.db), Now: func() time.Time { return w.clock },
			NewID: w.db.NewID}
		kept, err := patienttest.Register(w.ctx, patients, patient.Changes{FirstName: new("Ada"), LastName: new("Byron"),
			BirthDate: new(input.DayOf(1985, 12, 10)), Mobile: new("07700 900124")})
		w.must(err)
		merging := patienttest.Merging(w.db, patients)
		preview, err := merging.Preview(w.ctx, kept, w.request.Patient)
		w.must(err)
		_, err = merging.Merge(w.ctx, kept, w.request.Patient, preview.Token)
		w.must(err)
		for name, id := range map[string]patient.ID{"kept": kept, "merged": w.request.Patient} {
			if _, err := w.video.MakeLink(w.ctx, video.Request{Appointment: w.visit.ID, Patient: id}); err != nil {
				w.Errorf("the id that was %s: %v", name, err)
			}
		}
	})
}
