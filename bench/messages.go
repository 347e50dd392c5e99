package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"frontdesk/bench/population"
)

const text = "Dear {{first_name}}, your yearly check is due. Please book it at https://brambleford.example/a/7Hq2 " +
	"or call us. Brambleford Surgery"

// written is the text as one patient gets it.
func written(p population.Person) string { return strings.ReplaceAll(text, "{{first_name}}", p.First) }

// messages asks for messages to be sent, tomorrow, so that none is handed over
// meanwhile.
func messages(r *raw, group int64, reg *register) []question {
	tomorrow := time.Now().Add(24 * time.Hour).UTC().Truncate(time.Minute)
	return []question{{"accept a message", reg.ready, func(c *client, n int) error {
		p := reg.who(n)
		body, err := json.Marshal(map[string]string{
			"patient_id": strconv.FormatInt(p.ID, 10), "message_type": "sms", "message_string": written(p),
			"send_at": tomorrow.Format(time.RFC3339),
		})
		if err != nil {
			return err
		}
		answer, err := c.Do("POST", "/v1/messages/send", body)
		if err != nil {
			return err
		}
		var made struct {
			Status string `json:"status"`
		}
		if err := json.Unmarshal(answer, &made); err != nil || made.Status != "scheduled" {
			return errors.Join(err, fmt.Errorf("the message does not wait: %s", answer))
		}
		return nil
	}, func(ctx context.Context, n int) error { return r.message(ctx, group, reg.who(n), tomorrow) }}}
}

// message writes what an accepted message leaves behind. It has no job of its
// own: all that are due in one minute share one, which is there already.
func (r *raw) message(ctx context.Context, group int64, p population.Person, due time.Time) error {
	id, now := r.next.Add(10), time.Now()
	return r.tx(ctx, func(exec func(string, ...any) error) error {
		return errors.Join(
			exec(`INSERT INTO message (practice_group_id, id, patient_id, batch_id, channel, contact, contact_source,
				fallback, fallback_contact, subject, content,
					encrypted, purpose, leg, leg_channel, state, due_at, code, reason, parts, encoding, cost, send_at,
					send_by, unread_minutes, write_to_record, task_id,
					submitted_by, key_id, created_at, updated_at, prior, tries, carrier, provider_id, events)
				VALUES ($1, $2, $3, 0, 'sms', $4, 'caller', '', '', 'A message', $5, false, 'direct_care',
				1, 'sms', 'scheduled', $6, '', '', 1, 'GSM-7', 0, $6, $7, 0,
					false, '', 'raw', 0, $8, $8, '', 0, '', '', 0)`,
				group, id, p.ID, p.Mobile, written(p), r.when(due), r.when(due.Add(2*time.Hour)), r.when(now)),
			exec(`INSERT INTO audit (practice_group_id, id, at, actor, key_id, key_group_id, request_id, action,
				entity, entity_id, before, after)
				VALUES ($1, $2, $3, '', 0, 0, '', 'message.send', 'message', $2, '', '{}')`, group, id, r.when(now)))
	})
}
