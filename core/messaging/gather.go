package messaging

import (
	"context"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/episode"
)

// gather puts a message into an episode of its patient: the one the request names, or else that of what it belongs to.
func (s *Service) gather(
	ctx context.Context, tx Tx, who access.Caller, r Request, m Message, now time.Time,
) error {
	i := episode.Item{Thing: episode.Thing{Kind: episode.Message, ID: int64(m.ID)}, At: m.CreatedAt}
	if r.Episode != 0 {
		return episode.Join(ctx, s.Store.Episodes(tx), who, now, r.Episode, m.Patient, i)
	}
	var from []episode.Thing
	if m.TaskID != 0 {
		from = append(from, episode.Thing{Kind: episode.Task, ID: m.TaskID})
	}
	if r.Follows != 0 {
		from = append(from, episode.Thing{Kind: episode.Message, ID: int64(r.Follows)})
	}
	return episode.Follow(ctx, s.Store.Episodes(tx), who, now, m.Patient, i, from...)
}
