package episode

import (
	"context"
	"errors"

	"frontdesk/core/access"
	"frontdesk/core/input"
	"frontdesk/core/write"
)

// Put puts a thing of the episode's patient into it, out of another episode it may be in. Doing it twice is doing it
// once. Errors: ErrNotFound, ErrNoItem, ErrOtherPatient.
func (s *Service) Put(ctx context.Context, into ID, t Thing) (Episode, error) {
	return s.arrange(ctx, "episode.add_item", into, t, func(e write.Edit[Tx], n *Episode, in ID) error {
		of, at, err := e.Tx.Owner(ctx, e.Group(), t)
		switch {
		case err != nil:
			return err
		case of != n.Patient:
			return ErrOtherPatient
		case in == into:
			return write.ErrSame
		}
		n.ActiveAt = e.Now
		return e.Tx.PutItem(ctx, e.Group(), into, Item{Thing: t, At: at, AddedBy: e.Who.Name()})
	})
}

const removing = "episode.remove_item"

// TakeOut takes a thing out of an episode. Errors: ErrNotFound, ErrNotIn.
func (s *Service) TakeOut(ctx context.Context, of ID, t Thing) (Episode, error) {
	return s.arrange(ctx, removing, of, t, func(e write.Edit[Tx], _ *Episode, in ID) error {
		if in != of {
			return ErrNotIn
		}
		return e.Tx.DropItem(ctx, e.Group(), t)
	})
}

// arrange changes what is in an episode, while nothing else comes into those of its patient. in is the episode the
// thing is in.
func (s *Service) arrange(
	ctx context.Context, action string, id ID, t Thing, change func(e write.Edit[Tx], n *Episode, in ID) error,
) (Episode, error) {
	var in input.Checks
	input.Choice(&in, "type", t.Kind, Kinds)
	if err := in.Err(); err != nil {
		return Episode{}, err
	}
	return write.Do(ctx, access.EditTasks, s.Now, s.Store.Do, func(e write.Edit[Tx]) (Episode, error) {
		found, err := e.Tx.Episode(ctx, e.Group(), id)
		if err != nil {
			return found, err
		}
		if _, err := turn(ctx, e.Tx, e.Group(), found.Patient); err != nil {
			return found, err
		}
		n, err := e.Tx.LockEpisode(ctx, e.Group(), id)
		if err != nil {
			return n, err
		}
		is, err := e.Tx.EpisodeOf(ctx, e.Group(), n.Patient, t)
		if err != nil {
			return n, err
		}
		switch err := change(e, &n, is); {
		case errors.Is(err, write.ErrSame):
			return n, nil
		case err != nil:
			return n, err
		}
		n.Version, n.UpdatedAt = n.Version+1, e.Now
		if err := e.Tx.SaveEpisode(ctx, e.Group(), n); err != nil {
			return n, err
		}
		before, after := within(is, t), within(id, t)
		if action == removing {
			after = nil
		}
		return n, e.Audit(ctx, action, int64(id), before, after)
	})
}
