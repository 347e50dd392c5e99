package formlink

import (
	"context"

	"frontdesk/core/episode"
)

// gather puts the answers into the episode they belong to, that of the message that carried the link or of the
// appointment they are about before others. The tasks that came of them are with them, and so is what the patient books
// by the link that care navigation led to.
func (s *Service) gather(ctx context.Context, x *sending) error {
	tx := x.tx.Episodes()
	a := episode.Arrival{
		Item:    episode.Item{Thing: episode.Thing{Kind: episode.FormResponse, ID: int64(x.answers.ID)}, At: x.now},
		Patient: x.patient, Subject: x.Form.Title,
		Answers: []episode.Thing{{Kind: episode.Link, ID: int64(x.request.ID)}},
	}
	if x.request.Appointment != 0 {
		a.Answers = append(a.Answers, episode.Thing{Kind: episode.Appointment, ID: int64(x.request.Appointment)})
	}
	in, err := episode.Arrive(ctx, tx, x.who, x.now, episode.ID(s.NewID()), a)
	if err != nil || in == 0 {
		return err
	}
	var came []episode.Thing
	for _, id := range x.tasks {
		came = append(came, episode.Thing{Kind: episode.Task, ID: int64(id)})
	}
	if d := x.answers.Decision; d != nil {
		came = append(came, episode.Thing{Kind: episode.Task, ID: int64(d.Task)},
			episode.Thing{Kind: episode.Link, ID: d.Link})
	}
	for _, t := range came {
		if t.ID == 0 {
			continue
		}
		if err := episode.Join(ctx, tx, x.who, x.now, in, x.patient, episode.Item{Thing: t, At: x.now}); err != nil {
			return err
		}
	}
	return nil
}
