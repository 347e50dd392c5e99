package notice

import (
	"cmp"
	"context"
	"strings"
	"time"

	"frontdesk/core/booking"
	"frontdesk/core/calendar"
	"frontdesk/core/carrier"
	"frontdesk/core/input"
	"frontdesk/core/link"
	"frontdesk/core/messaging"
	"frontdesk/core/practice"
	"frontdesk/core/template"
)

// placeholders are those a text around an appointment may have besides those of every text.
var placeholders = []string{"practitioner", "date", "time", "place", "where", "address", "directions", "telephone",
	"how_to_cancel", "appointment_type", "appointment_link", "offer_link", "held_until", "replaces"}

// howToCancel is how an appointment is changed or cancelled where the practice says nothing else.
const howToCancel = "To change or cancel, call {{telephone}}."

// texted are the texts of a practice that has written none of its own. A text message names no patient: telephones show
// it to others.
var texted = map[booking.Occasion]Text{
	booking.OnConfirmed: {
		SMS: "{{practice_name}}: your appointment is at {{time}} on {{date}} with {{practitioner}}, {{where}}. " +
			"{{how_to_cancel}}",
		Subject: "Your appointment at {{practice_name}}",
		Email:   "Dear {{first_name}},\n\nYour appointment is booked.\n\n" + details + "\n\n{{how_to_cancel}}" + closing,
	},
	booking.OnMoved: {
		SMS: "{{practice_name}}: your appointment has changed. It is now at {{time}} on {{date}} with " +
			"{{practitioner}}, {{where}}. {{how_to_cancel}}",
		Subject: "Your appointment at {{practice_name}} has changed",
		Email: "Dear {{first_name}},\n\nYour appointment has changed. It is now:\n\n" + details +
			"\n\n{{how_to_cancel}}" + closing,
	},
	booking.OnCancelled: {
		SMS: "{{practice_name}}: your appointment at {{time}} on {{date}} has been cancelled. To book another, " +
			"call {{telephone}}.",
		Subject: "Your appointment at {{practice_name}} has been cancelled",
		Email: "Dear {{first_name}},\n\nYour appointment at {{time}} on {{date}} with {{practitioner}} has been " +
			"cancelled.\n\nTo book another, call {{telephone}}." + closing,
	},
	booking.OnReminder: {
		SMS: "{{practice_name}}: reminder of your appointment at {{time}} on {{date}} with {{practitioner}}, " +
			"{{where}}. {{how_to_cancel}}",
		Subject: "Reminder of your appointment at {{practice_name}}",
		Email: "Dear {{first_name}},\n\nThis is a reminder of your appointment.\n\n" + details +
			"\n\n{{how_to_cancel}}" + closing,
	},
	booking.OnMissed: {
		SMS: "{{practice_name}}: you missed your appointment at {{time}} on {{date}}. If you still need it, call " +
			"{{telephone}}.",
		Subject: "You missed your appointment at {{practice_name}}",
		Email: "Dear {{first_name}},\n\nYou missed your appointment at {{time}} on {{date}} with {{practitioner}}." +
			"\n\nIf you still need it, call {{telephone}}." + closing,
	},
	booking.OnOffered: {
		SMS: "{{practice_name}}: an appointment at {{time}} on {{date}} with {{practitioner}}, {{where}}, is free. " +
			"{{replaces}} We hold it for you until {{held_until}}. Take it or say no: {{offer_link}}",
		Subject: "An appointment is free at {{practice_name}}",
		Email: "Dear {{first_name}},\n\nYou asked us to tell you when an appointment is free. This one is:\n\n" +
			details + "\n\n{{replaces}}\n\nWe hold it for you until {{held_until}}. To take it or say no, open " +
			"{{offer_link}}\n\nIf we do not hear from you by then, we offer it to another patient." + closing,
	},
}

const (
	details = "When: {{time}} on {{date}}\nWith: {{practitioner}}\nWhere: {{place}}\n{{address}}\n{{directions}}"
	closing = "\n\n{{practice_name}}\n{{telephone}}"
)

// texts are what is sent of a notice.
type texts struct {
	by      map[carrier.Channel]string
	subject string
	place   string // and notes, of the calendar
	notes   string
	link    link.Link // whose address is in them
}

// texts fills in the texts of a notice.
func (p *plan) texts(ctx context.Context, n *Notice) (texts, error) {
	who, err := p.tx.Addressee(ctx, p.group.ID, n.Patient)
	if err != nil {
		return texts{}, err
	}
	at, err := p.tx.Location(ctx, p.group.ID, p.is.Location)
	if err != nil {
		return texts{}, err
	}
	name := p.is.PatientName
	who.Title, who.FirstName, who.LastName = name.Title, name.FirstName, name.LastName
	t := p.set.Texts[n.On]
	l, err := p.link(ctx, t)
	if err != nil {
		return texts{}, err
	}
	more := p.words(at, l.URL)
	fill := func(text string) string { return tidy(template.FillMore(text, who, p.group, more)) }
	short := fill(t.SMS)
	if p.offer != nil {
		short = strings.ReplaceAll(short, "  ", " ") // where it replaces nothing
	}
	if template.CountParts(short).Parts > template.MaxParts {
		short = fill(texted[n.On].SMS)
	}
	out := texts{
		by:      map[carrier.Channel]string{carrier.SMS: short, carrier.NHSApp: short, carrier.Email: fill(t.Email)},
		subject: template.Clean(strings.Join(strings.Fields(fill(t.Subject)), " "), messaging.MaxSubject),
		place:   more["where"], notes: more["how_to_cancel"],
	}
	if p.is.InPerson || !p.is.Telephone && !p.is.Video {
		out.place = strings.Join(lines(at.Name, at.Address), ", ")
	}
	for _, text := range out.by {
		if l.URL != "" && strings.Contains(text, l.URL) {
			out.link = l
		}
	}
	return out, nil
}

// link is the link by which the patient manages the appointment, where a text has room for it.
func (p *plan) link(ctx context.Context, t Text) (link.Link, error) {
	asked := len(template.Used(t.SMS+t.Email, "appointment_link", "how_to_cancel")) > 0
	if p.Links == nil || !asked || p.is.State != booking.Booked || !p.now.Before(p.is.Start) {
		return link.Link{}, nil
	}
	return p.Links(ctx, p.tx, p.group.ID, p.is)
}

// movable reports whether the patient will still be able to move or cancel the appointment for a while.
func (p *plan) movable() bool {
	policy := booking.Policy{Hours: p.is.PolicyHours, Zone: p.group.Zone()}
	return policy.Open(p.is, p.now.Add(quiet))
}

// words are what stands for each placeholder of an appointment.
func (p *plan) words(at practice.Location, url string) map[string]string {
	zone := p.group.Zone()
	person := p.is.PractitionerName
	where, place := "at "+at.Name, at.Name
	address, directions := strings.Join(lines("", at.Address), ", "), p.set.Directions[at.ID]
	switch {
	case p.is.InPerson:
	case p.is.Telephone:
		where, place, address, directions = "by telephone", "By telephone", "", ""
	case p.is.Video:
		where, place, address, directions = "by video call", "By video call", "", ""
	}
	phone := input.ShowTelephone(cmp.Or(at.Phone, p.group.Phone))
	cancelling := p.set.Cancelling
	if phone == "" && cancelling == howToCancel {
		cancelling = "To change or cancel, contact us."
	}
	more := map[string]string{
		"practitioner": strings.Join(strings.Fields(person.Title+" "+person.FirstName+" "+person.LastName), " "),
		"date":         p.is.Start.In(zone).Format("Monday 2 January 2006"), "time": clock(p.is.Start, zone),
		"place": place, "where": where, "address": address, "directions": directions,
		"telephone": cmp.Or(phone, p.group.Name), "appointment_type": p.is.TypeName, "appointment_link": url,
	}
	for word, text := range p.offer.words(zone) {
		more[word] = text
	}
	more["how_to_cancel"] = strings.NewReplacer("{{telephone}}", more["telephone"], "{{appointment_link}}",
		url).Replace(cancelling)
	if url != "" && p.set.Cancelling == howToCancel && p.movable() {
		more["how_to_cancel"] = "To move or cancel: " + url
	}
	return more
}

// clock is a time of day as the NHS service manual writes it, such as 9:30am, and with its zone where clocks show it
// twice.
func clock(at time.Time, zone *time.Location) string {
	local := at.In(zone)
	layout := "3:04pm"
	if local.Minute() == 0 {
		layout = "3pm"
	}
	text := local.Format(layout)
	switch {
	case local.Hour() == 12 && local.Minute() == 0:
		text = "midday"
	case local.Hour() == 0 && local.Minute() == 0:
		text = "midnight"
	}
	if calendar.Twice(at, zone) {
		text += " " + local.Format("MST")
	}
	return text
}

// lines are a place and its address, without what is empty.
func lines(name string, a practice.Address) []string {
	var out []string
	for _, part := range []string{name, a.Line1, a.Line2, a.Town, a.County, a.Postcode} {
		if part != "" {
			out = append(out, part)
		}
	}
	return out
}

// tidy drops the lines that have nothing for their placeholder.
func tidy(text string) string {
	for strings.Contains(text, "\n\n\n") {
		text = strings.ReplaceAll(text, "\n\n\n", "\n\n")
	}
	return strings.TrimSpace(text)
}
