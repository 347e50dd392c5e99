package practice

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/input"
)

// Sector says who pays for the care.
type Sector string

// The sectors.
const (
	NHS  Sector = "nhs"
	Paid Sector = "paid"
)

// Sectors are all the sectors.
var Sectors = []Sector{NHS, Paid}

// Overlap is what a practice does about a patient who has an appointment at the same
// time with another practitioner.
type Overlap string

// What it can do.
const (
	WarnOfOverlap Overlap = "warn"   // book it, and say so in the answer and to staff
	RefuseOverlap Overlap = "refuse" // refuse it
)

// Overlaps are all of that.
var Overlaps = []Overlap{WarnOfOverlap, RefuseOverlap}

// Group is one practice, or several run as one.
type Group struct {
	ID      ID     `json:"id"`
	Name    string `json:"name"`
	Sector  Sector `json:"sector"`
	ODSCode string `json:"ods_code"` // of the NHS Organisation Data Service
	Phone   string `json:"phone"`
	Email   string `json:"email"`
	Website string `json:"website"`
	Address Address
	// TimeZone is the IANA zone that new sessions and plain dates are in.
	TimeZone string  `json:"time_zone"`
	Holidays Country `json:"bank_holidays"`
	// CancellationHours is how long before its start an appointment can still
	// be cancelled or moved.
	CancellationHours int `json:"cancellation_policy_hours"`
	// WindowDays is how many days, today among them, a search for free slots
	// covers when it names no dates.
	WindowDays int `json:"booking_window_days"`
	// UnreadMinutes is how long a patient has to read a message in the NHS App
	// before it goes by its other way too.
	UnreadMinutes int `json:"unread_fallback_minutes"`
	// SMSPrice is what a text message costs the practice, in pence; 0 is not
	// known.
	SMSPrice int `json:"sms_price_pence"`
	// SendFrom and SendUntil are the minutes of the day, in the group's zone,
	// between which messages go out that are not urgent.
	SendFrom  int `json:"send_from"`
	SendUntil int `json:"send_until"`
	// VAT is the practice's own rate, of products that have none: 200 is 20 per
	// cent. Much of what a practice does is exempt, so it begins with nothing: HMRC,
	// Health professionals and pharmaceutical products (VAT Notice 701/57).
	VAT int `json:"vat_permille"`
	// PatientOverlap is what happens when a patient would be in two places at once.
	PatientOverlap Overlap `json:"patient_overlap"`
	// Leaving is what happens to appointments to come when their patient is
	// archived or deleted.
	Leaving Leaving `json:"archived_patient_appointments"`
	// VideoURL is where video consultations take place: the address at the practice's own provider, with {room}
	// where the room goes. Empty is our own room.
	VideoURL string `json:"video_url_template"`
	// Announces sends patients messages about their appointments.
	Announces bool `json:"appointment_messages"`
	// OfferMinutes is how long a time is held for a patient on the waiting list it is offered to, and OfferNotice how
	// many minutes before its start a time is offered at the latest.
	OfferMinutes int `json:"waiting_list_hold_minutes"`
	OfferNotice  int `json:"waiting_list_notice_minutes"`
	// Waited says that there has been a patient on the waiting list: times that become free are followed.
	Waited bool `json:"-"`
	// Sandbox marks an invented group.
	Sandbox   bool      `json:"sandbox"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Leaving is what happens to the appointments of a patient who leaves.
type Leaving string

// What happens to them: they are cancelled and their times are free, or the
// patient cannot be archived or deleted before a member of staff has dealt with
// them.
const (
	CancelAppointments Leaving = "cancel"
	RefuseToLeave      Leaving = "refuse"
)

// Zone is the group's zone.
func (g Group) Zone() *time.Location { return Zone(g.TimeZone) }

// zones are those loaded before; loading one parses its file.
var zones sync.Map

// Zone is the zone with a name that CheckZone has let through.
func Zone(name string) *time.Location {
	if z, ok := zones.Load(name); ok {
		return z.(*time.Location)
	}
	z, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	zones.Store(name, z)
	return z
}

// Defaults of a new group.
const (
	DefaultZone              = "Europe/London"
	DefaultCancellationHours = 24
	DefaultWindowDays        = 28
	DefaultUnreadMinutes     = 60
	DefaultOfferMinutes      = 30
	DefaultOfferNotice       = 120
)

// MaxWindowDays is the longest search for free slots.
const MaxWindowDays = 92

// GroupChange is what to change of a group; nil leaves a thing as it is.
type GroupChange struct {
	Name, ODSCode, Phone, Email, Website, TimeZone *string
	Sector                                         *Sector
	Address                                        *Address
	Holidays                                       *Country
	Leaving                                        *Leaving
	CancellationHours, WindowDays                  *int
	UnreadMinutes, SMSPrice                        *int
	VAT                                            *int // in parts of a thousand
	PatientOverlap                                 *Overlap
	SendFrom, SendUntil                            *int // minutes of the day
	VideoURL                                       *string
	Announces                                      *bool
	OfferMinutes, OfferNotice                      *int
}

func (c GroupChange) apply(g *Group) {
	input.Set(&g.Name, c.Name)
	input.Set(&g.ODSCode, c.ODSCode)
	input.Set(&g.Phone, c.Phone)
	input.Set(&g.Email, c.Email)
	input.Set(&g.Website, c.Website)
	input.Set(&g.TimeZone, c.TimeZone)
	input.Set(&g.Sector, c.Sector)
	input.Set(&g.Address, c.Address)
	input.Set(&g.Holidays, c.Holidays)
	input.Set(&g.Leaving, c.Leaving)
	input.Set(&g.CancellationHours, c.CancellationHours)
	input.Set(&g.WindowDays, c.WindowDays)
	input.Set(&g.UnreadMinutes, c.UnreadMinutes)
	input.Set(&g.SMSPrice, c.SMSPrice)
	input.Set(&g.VAT, c.VAT)
	input.Set(&g.PatientOverlap, c.PatientOverlap)
	input.Set(&g.SendFrom, c.SendFrom)
	input.Set(&g.SendUntil, c.SendUntil)
	input.Set(&g.VideoURL, c.VideoURL)
	input.Set(&g.Announces, c.Announces)
	input.Set(&g.OfferMinutes, c.OfferMinutes)
	input.Set(&g.OfferNotice, c.OfferNotice)
}

// check tidies a group, of which these were kept already.
func (g *Group) check(kept ...string) error {
	var in input.Checks
	in.Keep(kept...)
	g.Name = in.Required("name", g.Name, 200)
	g.Sector = input.Choice(&in, "sector", g.Sector, Sectors)
	g.ODSCode = in.Text("ods_code", input.Visible(g.ODSCode), 20)
	g.Phone = in.Telephone("phone", g.Phone)
	g.Email = in.Email("email", g.Email)
	g.Website = in.Text("website", g.Website, 300)
	g.Address = g.Address.check(&in)
	g.TimeZone = CheckZone(&in, "timezone", g.TimeZone)
	g.Holidays = input.Choice(&in, "bank_holidays", g.Holidays, Countries)
	g.Leaving = input.Choice(&in, "archived_patient_appointments", g.Leaving, []Leaving{CancelAppointments,
		RefuseToLeave})
	g.CancellationHours = in.Between("cancellation_policy_hours", g.CancellationHours, 0, 24*365)
	g.WindowDays = in.Between("booking_window_days", g.WindowDays, 1, MaxWindowDays)
	g.UnreadMinutes = in.Between("unread_fallback_minutes", g.UnreadMinutes, 1, 7*24*60)
	g.SMSPrice = in.Between("sms_price_pence", g.SMSPrice, 0, 1000)
	g.VAT = in.Between("vat_rate", g.VAT, 0, input.MaxRate)
	g.PatientOverlap = input.Choice(&in, "patient_overlap", g.PatientOverlap, Overlaps)
	g.OfferMinutes = in.Between("waiting_list_hold_minutes", g.OfferMinutes, 5, 24*60)
	g.OfferNotice = in.Between("waiting_list_notice_minutes", g.OfferNotice, 0, 14*24*60)
	g.VideoURL = checkVideoURL(&in, g.VideoURL)
	expected := "a time of day such as 08:00, and one after it such as 20:00"
	if g.SendFrom < 0 || g.SendFrom > 1439 {
		in.Wrong("send_from", input.CodeString, expected, "This is not a time of day.")
	}
	if g.SendUntil <= g.SendFrom || g.SendUntil > 1440 {
		in.Wrong("send_until", input.CodeString, expected, "This is not a time of day after send_from.")
	}
	return in.Err()
}

// Clock is a minute of the day as people write it.
func Clock(minute int) string { return fmt.Sprintf("%02d:%02d", minute/60, minute%60) }

// GroupReader finds practice groups.
type GroupReader interface {
	// Group finds a group, or returns ErrGroupNotFound.
	Group(ctx context.Context, id ID) (Group, error)
}

// Today is the date on a practice group's own clock.
func Today(ctx context.Context, r GroupReader, group ID, now time.Time) (input.Date, error) {
	g, err := r.Group(ctx, group)
	return input.DateOf(now.In(g.Zone())), err
}

// NextSend is the first moment from t on at which a message may go out that is
// not urgent: between SendFrom and SendUntil by the group's own clock.
func (g Group) NextSend(t time.Time) time.Time {
	if g.SendFrom == 0 && g.SendUntil >= 1440 {
		return t
	}
	local := t.In(g.Zone())
	minute := 60*local.Hour() + local.Minute()
	day := local.Day()
	switch {
	case minute >= g.SendFrom && minute < g.SendUntil:
		return t
	case minute >= g.SendUntil:
		day++
	}
	return time.Date(local.Year(), local.Month(), day, g.SendFrom/60, g.SendFrom%60, 0, 0, g.Zone()).UTC()
}

// CheckZone is a zone's IANA name.
func CheckZone(in *input.Checks, field, zone string) string {
	if _, err := time.LoadLocation(zone); err != nil || zone == "" || zone == "Local" {
		in.Wrong(field, input.CodeString, "an IANA time zone, such as Europe/London", "This is not a known time zone.")
	}
	return zone
}

// CreateGroup makes a new group. Only an operator can.
func (s *Service) CreateGroup(ctx context.Context, g Group) (Group, error) {
	g.ID = ID(s.NewID())
	if g.TimeZone == "" {
		g.TimeZone = DefaultZone
	}
	if g.Holidays == "" {
		g.Holidays = EnglandAndWales
	}
	if g.Sector == "" {
		g.Sector = NHS
	}
	if g.Leaving == "" {
		g.Leaving = CancelAppointments
	}
	if g.CancellationHours == 0 {
		g.CancellationHours = DefaultCancellationHours
	}
	if g.WindowDays == 0 {
		g.WindowDays = DefaultWindowDays
	}
	if g.SendUntil == 0 {
		g.SendUntil = 1440
	}
	if g.PatientOverlap == "" {
		g.PatientOverlap = WarnOfOverlap
	}
	if g.UnreadMinutes == 0 {
		g.UnreadMinutes = DefaultUnreadMinutes
	}
	if g.OfferMinutes == 0 {
		g.OfferMinutes, g.OfferNotice = DefaultOfferMinutes, DefaultOfferNotice
	}
	if err := g.check(); err != nil {
		return Group{}, err
	}
	ctx = access.With(ctx, access.Operator(g.ID))
	err := s.save(ctx, "group.create", "practice_group", func(tx Tx, _ access.Caller,
		now time.Time) (any, any, int64, error) {
		g.CreatedAt, g.UpdatedAt = now, now
		return nil, g, int64(g.ID), tx.SaveGroup(ctx, g)
	})
	return g, err
}

// Group is the caller's practice group.
func (s *Service) Group(ctx context.Context) (Group, error) {
	who, err := access.Require(ctx, access.SeePractice)
	if err != nil {
		return Group{}, err
	}
	return s.Store.Group(ctx, who.Group)
}

// Face is the practice group as anybody may see it who holds one of its links.
func (s *Service) Face(ctx context.Context, id ID) (Group, error) {
	g, err := s.Store.Group(ctx, id)
	return Group{ID: g.ID, Name: g.Name, Phone: g.Phone, Email: g.Email, TimeZone: g.TimeZone}, err
}

// UpdateGroup changes the caller's practice group.
func (s *Service) UpdateGroup(ctx context.Context, c GroupChange) (Group, error) {
	var after Group
	err := s.save(ctx, "group.update", "practice_group", func(tx Tx, who access.Caller,
		now time.Time) (any, any, int64, error) {
		before, err := tx.Group(ctx, who.Group)
		if err != nil {
			return nil, nil, 0, err
		}
		after = before
		c.apply(&after)
		after.UpdatedAt = now
		if err := after.check(before.Phone, before.Email); err != nil {
			return nil, nil, 0, err
		}
		return before, after, int64(after.ID), tx.SaveGroup(ctx, after)
	})
	return after, err
}

// ParseID reads a group's id, for the command line.
func ParseID(s string) (ID, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 {
		return 0, ErrGroupNotFound
	}
	return ID(n), nil
}
