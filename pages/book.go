package pages

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"frontdesk/core/booking"
	"frontdesk/core/diary"
	"frontdesk/core/fault"
	"frontdesk/core/formlink"
	"frontdesk/core/input"
	"frontdesk/core/link"
	"frontdesk/core/practice"
	"frontdesk/core/selfbooking"
	"frontdesk/pages/words"
	"frontdesk/web"
)

// booker is what the pages of a booking link have in common.
type booker struct {
	face
	At   string // the address of the link, to which each page's own is added
	Zone *time.Location
}

func bookerOf(r *http.Request, g practice.Group) booker {
	return booker{faceOf(g), "/s/" + r.PathValue("link"), g.Zone()}
}

// visitOf is the visit a request is part of.
func visitOf(r *http.Request) selfbooking.Visit {
	return selfbooking.Visit{Address: r.PathValue("link"), Proof: proofOf(r)}
}

// notices name the texts that say why a visitor is asked to choose again.
var notices = map[string]string{"gone": "book.gone", "taken": "book.taken"}

// the names of form fields and of what an address asks for.
const (
	typeField, withField, placeField = "type", "with", "place"
	partField, dayField, moveField   = "part", "day", "move"
	timeField, ofField, whyField     = "time", "a", "why"
	holdField                        = "h"
)

// bookHome is where a booking link leads: to what was booked, or to the next thing to decide.
func (d *door) bookHome(w http.ResponseWriter, r *http.Request) {
	h, err := d.core.SelfBooking.Open(r.Context(), visitOf(r))
	b, again := bookerOf(r, h.Group), r.URL.Query().Has("new")
	switch {
	case err != nil:
		d.bookFail(w, r, err)
	case len(h.ToCome) == 1 && h.Shut != nil && h.Held == nil:
		to(w, r, b.appointment(h.ToCome[0].ID))
	case len(h.ToCome) > 0 && !again:
		show(w, r, http.StatusOK, toComePage(toComeView{b, h.ToCome, h.Shut == nil}))
	case h.Held != nil && !again:
		to(w, r, b.check(h.Held.ID))
	case h.Shut != nil:
		d.linkShut(w, r, link.Page{Group: h.Group}, h.Shut)
	case len(h.Types) == 0:
		show(w, r, http.StatusOK, problem(words.Say(r.Context(), "book.nothing"),
			words.Say(r.Context(), "book.nothing_why"), b.face))
	case len(h.Types) == 1:
		to(w, r, b.when(whenQuery{Type: h.Types[0].ID}))
	default:
		show(w, r, http.StatusOK, whatPage(whatView{b, h.Types}))
	}
}

// to has the browser ask for another page, so that loading it again sends no form a second time.
func to(w http.ResponseWriter, r *http.Request, address string) {
	http.Redirect(w, r, address, http.StatusSeeOther)
}

func (b booker) appointment(id booking.ID) string  { return b.At + "/appointment?a=" + id.String() }
func (b booker) check(id booking.ID) string        { return b.At + "/check?a=" + id.String() }
func (b booker) calendarFile(id booking.ID) string { return b.At + "/calendar?a=" + id.String() }
func (b booker) cancel(id booking.ID) string       { return b.At + "/cancel?a=" + id.String() }

// whenQuery is which free times a page shows.
type whenQuery struct {
	Type   diary.TypeID
	With   practice.PractitionerID
	Place  practice.LocationID
	Part   selfbooking.Part
	Day    input.Date
	Moving booking.ID
	Why    string
}

// when is the address of the page with free times.
func (b booker) when(q whenQuery) string {
	v := url.Values{}
	set := func(name, value string) {
		if value != "" && value != "0" {
			v.Set(name, value)
		}
	}
	set(typeField, q.Type.String())
	set(withField, q.With.String())
	set(placeField, q.Place.String())
	set(partField, string(q.Part))
	if q.Day > 0 {
		set(dayField, q.Day.String())
	}
	set(moveField, q.Moving.String())
	set(whyField, q.Why)
	return b.At + "/when?" + v.Encode()
}

// idOf reads an id; what is none is the id of nothing.
func idOf[T ~int64](v url.Values, name string) T {
	n, _ := input.Digits(v.Get(name))
	return T(n)
}

func whenOf(v url.Values) whenQuery {
	q := whenQuery{Type: idOf[diary.TypeID](v, typeField), With: idOf[practice.PractitionerID](v, withField),
		Place: idOf[practice.LocationID](v, placeField), Moving: idOf[booking.ID](v, moveField), Why: v.Get(whyField)}
	if p := selfbooking.Part(v.Get(partField)); p == selfbooking.Morning || p == selfbooking.Afternoon {
		q.Part = p
	}
	if day, ok := input.ParseDate(v.Get(dayField)); ok {
		q.Day = day
	}
	return q
}

// bookWhen shows free times.
func (d *door) bookWhen(w http.ResponseWriter, r *http.Request) {
	q := whenOf(r.URL.Query())
	t, err := d.core.SelfBooking.Times(r.Context(), visitOf(r), selfbooking.Ask{Type: q.Type, Practitioner: q.With,
		Location: q.Place, Part: q.Part, Day: q.Day, Moving: q.Moving})
	if err != nil {
		d.bookFail(w, r, err)
		return
	}
	v := whenView{booker: bookerOf(r, t.Group), Times: t, Query: q, Notice: notices[q.Why]}
	v.Query.Why = ""
	show(w, r, http.StatusOK, whenPage(v))
}

// choiceText is a free time as a form sends it.
func choiceText(sl diary.Slot) string {
	return strings.Join([]string{sl.Type.String(), sl.Practitioner.String(), sl.Location.String(),
		strconv.FormatInt(sl.Start.Unix()/60, 10)}, ".")
}

// choiceOf reads what choiceText wrote; what it did not is a time that is not offered.
func choiceOf(text string) selfbooking.Choice {
	parts := strings.Split(text, ".")
	if len(parts) != 4 {
		return selfbooking.Choice{}
	}
	var n [4]int64
	for i, p := range parts {
		n[i], _ = input.Digits(p)
	}
	return selfbooking.Choice{Type: diary.TypeID(n[0]), Practitioner: practice.PractitionerID(n[1]),
		Location: practice.LocationID(n[2]), Start: time.Unix(min(n[3], 1e10)*60, 0).UTC()}
}

// bookHold holds the time that was chosen, for a new appointment or for one that is being moved.
func (d *door) bookHold(w http.ResponseWriter, r *http.Request) {
	if err := form(w, r, maxForm); err != nil {
		d.fail(w, r, err)
		return
	}
	choice := choiceOf(r.PostForm.Get(timeField))
	if moving := idOf[booking.ID](r.PostForm, ofField); moving != 0 {
		d.bookHoldMove(w, r, moving, choice)
		return
	}
	a, err := d.core.SelfBooking.Hold(r.Context(), visitOf(r), choice)
	if err != nil {
		d.bookAgain(w, r, whenQuery{Type: choice.Type}, err)
		return
	}
	b := bookerOf(r, a.Group)
	if a.State == booking.Booked {
		to(w, r, b.appointment(a.ID))
		return
	}
	to(w, r, b.check(a.ID))
}

// bookCheck shows what is held before it is confirmed.
func (d *door) bookCheck(w http.ResponseWriter, r *http.Request) {
	a, err := d.core.SelfBooking.Appointment(r.Context(), visitOf(r), idOf[booking.ID](r.URL.Query(), ofField))
	b := bookerOf(r, a.Group)
	switch {
	case err != nil:
		d.bookFail(w, r, err)
	case a.State == booking.Reserved:
		show(w, r, http.StatusOK, checkPage(checkView{booker: b, Seen: a}))
	case a.State == booking.Booked:
		to(w, r, b.appointment(a.ID))
	default:
		d.bookAgain(w, r, whenQuery{Type: a.Type}, booking.ErrHoldExpired)
	}
}

// bookConfirm confirms it.
func (d *door) bookConfirm(w http.ResponseWriter, r *http.Request) {
	if err := form(w, r, maxForm); err != nil {
		d.fail(w, r, err)
		return
	}
	switch a, err := d.core.SelfBooking.Confirm(r.Context(), visitOf(r), idOf[booking.ID](r.PostForm, ofField)); {
	case d.unpaid(w, r, err):
	case err != nil:
		d.bookAgain(w, r, whenQuery{Type: a.Type}, err)
	default:
		to(w, r, bookerOf(r, a.Group).appointment(a.ID))
	}
}

// bookDone shows an appointment, and what can be done with it.
func (d *door) bookDone(w http.ResponseWriter, r *http.Request) {
	a, err := d.core.SelfBooking.Appointment(r.Context(), visitOf(r), idOf[booking.ID](r.URL.Query(), ofField))
	b := bookerOf(r, a.Group)
	switch {
	case err != nil:
		d.bookFail(w, r, err)
	case a.State == booking.Reserved:
		to(w, r, b.check(a.ID))
	case a.State == booking.Released:
		d.bookAgain(w, r, whenQuery{Type: a.Type}, booking.ErrHoldExpired)
	case a.State == booking.Cancelled:
		show(w, r, http.StatusOK, cancelledPage(checkView{booker: b, Seen: a}))
	default:
		show(w, r, http.StatusOK, donePage(checkView{b, a, r.URL.Query().Has("moved")}))
	}
}

// bookIntake leads to the form that goes with an appointment.
func (d *door) bookIntake(w http.ResponseWriter, r *http.Request) {
	if err := form(w, r, maxForm); err != nil {
		d.fail(w, r, err)
		return
	}
	id := idOf[booking.ID](r.PostForm, ofField)
	address, err := d.core.FormLink.Intake(r.Context(), visitOf(r), id)
	switch {
	case errors.Is(err, formlink.ErrNoForm), errors.Is(err, formlink.ErrUnpublished):
		to(w, r, "/s/"+r.PathValue("link")+"/appointment?"+ofField+"="+id.String())
	case err != nil:
		d.bookFail(w, r, err)
	default:
		to(w, r, address)
	}
}

// bookAskCancel asks whether an appointment shall be cancelled.
func (d *door) bookAskCancel(w http.ResponseWriter, r *http.Request) {
	a, err := d.core.SelfBooking.Appointment(r.Context(), visitOf(r), idOf[booking.ID](r.URL.Query(), ofField))
	b := bookerOf(r, a.Group)
	switch {
	case err != nil:
		d.bookFail(w, r, err)
	case !a.CanCancel:
		to(w, r, b.appointment(a.ID))
	default:
		show(w, r, http.StatusOK, cancelPage(checkView{booker: b, Seen: a}))
	}
}

// bookCancel cancels it.
func (d *door) bookCancel(w http.ResponseWriter, r *http.Request) {
	if err := form(w, r, maxForm); err != nil {
		d.fail(w, r, err)
		return
	}
	a, err := d.core.SelfBooking.Cancel(r.Context(), visitOf(r), idOf[booking.ID](r.PostForm, ofField))
	if err != nil {
		d.bookFail(w, r, err)
		return
	}
	to(w, r, bookerOf(r, a.Group).appointment(a.ID))
}

// bookHoldMove holds the new time of an appointment. Where the patient is with another practitioner until it is moved,
// it cannot be held, and is shown all the same.
func (d *door) bookHoldMove(w http.ResponseWriter, r *http.Request, id booking.ID, choice selfbooking.Choice) {
	held, err := d.core.SelfBooking.HoldMove(r.Context(), visitOf(r), id, choice)
	b := bookerOf(r, held.Group)
	switch {
	case errors.Is(err, booking.ErrElsewhere):
		to(w, r, b.move(id)+"&time="+url.QueryEscape(r.PostForm.Get(timeField)))
	case err != nil:
		d.bookAgain(w, r, whenQuery{Moving: id}, err)
	default:
		to(w, r, b.move(id)+"&h="+held.ID.String())
	}
}

func (b booker) move(id booking.ID) string { return b.At + "/move?a=" + id.String() }

// bookAskMove shows the new time of an appointment before it is moved.
func (d *door) bookAskMove(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	a, err := d.core.SelfBooking.Appointment(r.Context(), visitOf(r), idOf[booking.ID](q, ofField))
	if err != nil {
		d.bookFail(w, r, err)
		return
	}
	b := bookerOf(r, a.Group)
	if !a.CanReschedule {
		to(w, r, b.appointment(a.ID))
		return
	}
	v := moveView{checkView: checkView{booker: b, Seen: a}, Text: q.Get(timeField)}
	if hold := idOf[booking.ID](q, holdField); hold != 0 {
		held, err := d.core.SelfBooking.HeldMove(r.Context(), visitOf(r), hold)
		if err != nil {
			d.bookAgain(w, r, whenQuery{Moving: a.ID}, err)
			return
		}
		v.Held, v.Text = &checkView{booker: b, Seen: held}, choiceText(diary.Slot{Type: held.Type,
			Practitioner: held.Practitioner, Location: held.Location, Start: held.Start})
	}
	if v.New, err = d.core.SelfBooking.Name(r.Context(), visitOf(r), choiceOf(v.Text)); err != nil {
		d.bookAgain(w, r, whenQuery{Moving: a.ID}, err)
		return
	}
	show(w, r, http.StatusOK, movePage(v))
}

// bookMove moves it.
func (d *door) bookMove(w http.ResponseWriter, r *http.Request) {
	if err := form(w, r, maxForm); err != nil {
		d.fail(w, r, err)
		return
	}
	id := idOf[booking.ID](r.PostForm, ofField)
	a, err := d.core.SelfBooking.Move(r.Context(), visitOf(r), id, choiceOf(r.PostForm.Get(timeField)),
		idOf[booking.ID](r.PostForm, holdField))
	if err != nil {
		d.bookAgain(w, r, whenQuery{Moving: id}, err)
		return
	}
	to(w, r, bookerOf(r, a.Group).appointment(a.ID)+"&moved=1")
}

// bookAgain lets a visitor choose again whose time cannot be had.
func (d *door) bookAgain(w http.ResponseWriter, r *http.Request, q whenQuery, err error) {
	b := booker{At: "/s/" + r.PathValue("link")}
	switch {
	case errors.Is(err, booking.ErrHoldExpired), errors.Is(err, booking.ErrCancelled) && q.Moving == 0:
		q.Why = "gone"
	case errors.Is(err, booking.ErrSlotTaken), errors.Is(err, booking.ErrNoSession),
		errors.Is(err, selfbooking.ErrNotOffered):
		q.Why = "taken"
	default:
		d.bookFail(w, r, err)
		return
	}
	if web.Note(r, web.Fault(err)); q.Type == 0 && q.Moving == 0 {
		to(w, r, b.At)
		return
	}
	to(w, r, b.when(q))
}

// bookFail says why nothing was done, and what to do.
func (d *door) bookFail(w http.ResponseWriter, r *http.Request, err error) {
	f := web.Fault(err)
	switch {
	case errors.Is(err, link.ErrVisitOver):
		to(w, r, "/s/"+r.PathValue("link"))
	case errors.Is(err, selfbooking.ErrNotOffered):
		to(w, r, "/s/"+r.PathValue("link"))
	case errors.Is(err, link.ErrUnknown), f.Kind == fault.Gone, errors.Is(err, link.ErrLocked):
		p, _ := d.core.Link.Look(r.Context(), r.PathValue("link"))
		d.linkShut(w, r, p, err)
	case errors.Is(err, booking.ErrTooLate), errors.Is(err, selfbooking.ErrEnough), errors.Is(err, booking.ErrElsewhere):
		web.Note(r, f)
		ctx := r.Context()
		title, why := words.Say(ctx, "book.refused"), words.Fault(ctx, f.Code, f.Message)
		if errors.Is(err, booking.ErrTooLate) {
			title = words.Say(ctx, "book.too_late")
			if a, err := d.core.SelfBooking.Appointment(ctx, visitOf(r), ofOf(r)); err == nil {
				why = words.Say(ctx, "book.too_late_why", "Time", moment(ctx, a.Closes, a.Group.Zone()))
			}
		}
		show(w, r, web.Status(f), refusedPage(booker{d.whose(r), "/s/" + r.PathValue("link"), nil}, title, why))
	default:
		d.fail(w, r, err)
	}
}

// ofOf is the appointment that a request is about, by its form or its address.
func ofOf(r *http.Request) booking.ID {
	for _, name := range []string{ofField, moveField} {
		if id := idOf[booking.ID](r.Form, name); id != 0 {
			return id
		}
		if id := idOf[booking.ID](r.URL.Query(), name); id != 0 {
			return id
		}
	}
	return 0
}

// bookCalendar gives an appointment as a file for the patient's calendar.
func (d *door) bookCalendar(w http.ResponseWriter, r *http.Request) {
	a, err := d.core.SelfBooking.Appointment(r.Context(), visitOf(r), idOf[booking.ID](r.URL.Query(), ofField))
	switch {
	case err != nil:
		d.bookFail(w, r, err)
		return
	case a.State != booking.Booked:
		to(w, r, bookerOf(r, a.Group).appointment(a.ID))
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/calendar; charset=utf-8; method=PUBLISH")
	h.Set("Content-Disposition", `attachment; filename="appointment.ics"`)
	w.Write([]byte(a.Calendar()))
}

// modes says how an appointment takes place.
func modes(ctx context.Context, m diary.Modes) string {
	var ways []string
	for name, offered := range map[string]bool{"in_person": m.InPerson, "telephone": m.Telephone, "video": m.Video} {
		if offered {
			ways = append(ways, "mode."+name)
		}
	}
	slices.Sort(ways)
	for i, id := range ways {
		ways[i] = words.Say(ctx, id)
	}
	switch len(ways) {
	case 2:
		return words.Say(ctx, "mode.both", "First", ways[0], "Second", ways[1])
	case 3:
		return words.Say(ctx, "mode.all", "First", ways[0], "Second", ways[1], "Third", ways[2])
	}
	return strings.Join(ways, "")
}

// minutes is a number of minutes.
func minutes(ctx context.Context, n int) string { return words.Say(ctx, "book.minutes", "Count", n) }

// kindText is how long an appointment of a type lasts, and how it takes place.
func kindText(ctx context.Context, t diary.Type) string {
	if how := modes(ctx, t.Modes); how != "" {
		return words.Say(ctx, "mode.lasting", "Minutes", minutes(ctx, t.Minutes), "How", how)
	}
	return minutes(ctx, t.Minutes)
}

// capital is a text that begins a line.
func capital(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

// named is a person's name.
func named(parts ...string) string {
	return strings.Join(strings.Fields(strings.Join(parts, " ")), " ")
}

// on is the same question from another day on.
func (q whenQuery) on(d input.Date) whenQuery {
	q.Day = d
	return q
}

// left is for how many minutes the time is still held.
func (v checkView) left() int { return minutesOf(v.ReservedUntil.Sub(v.Now)) }

// minutesOf is a time in minutes that have begun, at least one.
func minutesOf(d time.Duration) int { return max(1, int((d+time.Minute-1)/time.Minute)) }

func (v checkView) place() string { return placeText(v.LocationName, v.Address) }

// placeText is a place with its address.
func placeText(name string, a practice.Address) string {
	text := name
	for _, line := range []string{a.Line1, a.Line2, a.Town, a.Postcode} {
		if line != "" {
			text += ", " + line
		}
	}
	return text
}

// calendar is the appointment as lines to copy.
func (v checkView) calendar(ctx context.Context) string {
	start, end := v.Start.In(v.Zone), v.End.In(v.Zone)
	return words.Say(ctx, "book.calendar_text", "Type", v.TypeName, "Name", v.face.Name, "Day", words.Day(ctx, start),
		"From", start.Format("15:04"), "Until", end.Format("15:04"), "Place", v.place())
}
