package sim

import (
	"slices"
	"strings"
	"time"
)

// Resident is a person as the Personal Demographics Service knows them. Every
// detail may be missing: a real record may hold nothing but its number.
type Resident struct {
	NHSNumber  string
	Names      []Name
	Gender     string // male, female, other, unknown
	BirthDate  string
	BirthOrder int    // of a multiple birth, from 1
	Died       string // a date
	Abodes     []Abode
	Contacts   []Contact
	Practice   string // ODS code
	// Confidentiality is U (unrestricted, and what nothing means), R
	// (restricted) or V (very restricted).
	Confidentiality string
	// SupersededBy is the number that took this one's place.
	SupersededBy string
	// Invalidated is a number that has been withdrawn.
	Invalidated bool
	Version     int
}

// Period is from one date to another, both included; an empty one is open.
type Period struct{ From, To string }

// Name is a person's name. Use is usual, nickname, temp, old, maiden.
type Name struct {
	Use, Prefix, Given, Family string // given names have a space between them
	Period                     Period
}

// Abode is an address that a person lives at. Use is home or temp.
type Abode struct {
	Use, Text, Lines, Postcode string // lines have a comma between them
	Period                     Period
}

// Contact is a telephone number or e-mail address of a person. System is phone or email, use home, work,
// temp or mobile.
type Contact struct {
	System, Use, Value string
	Period             Period
}

// covers tells whether a date is in the period.
func (p Period) covers(date string) bool {
	return p.From <= date && (p.To == "" || date <= p.To)
}

// restricted tells whether the person's whereabouts are kept from callers.
func (who *Resident) restricted() bool {
	return who.Confidentiality == "R" || who.Confidentiality == "V"
}

// current are the details in force on a date. The last known stay current while
// nothing has taken their place, as with the published people of the sandbox,
// all of whose periods are over.
func current[T any](all []T, period func(T) Period, date string) []T {
	var now, past []T
	for _, one := range all {
		switch p := period(one); {
		case p.covers(date):
			now = append(now, one)
		case p.From <= date:
			past = append(past, one)
		}
	}
	if len(now) > 0 {
		return now
	}
	return past
}

func (who *Resident) names(date string) []Name {
	return current(who.Names, func(n Name) Period { return n.Period }, date)
}

func (who *Resident) abodes(date string) []Abode {
	return current(who.Abodes, func(a Abode) Period { return a.Period }, date)
}

func (who *Resident) contacts(date string) []Contact {
	return current(who.Contacts, func(c Contact) Period { return c.Period }, date)
}

// genders says sexes in FHIR's words, as the NHS data dictionary maps them: "not
// specified" is a person who is neither, not one of whom nothing is known.
var genders = map[string]string{"Male": "male", "Female": "female", "Other": "other", "Not specified": "other",
	"Not known": "unknown"}

// everybody is who PDS knows: the patients of the practices, the town's other
// people, and those of the published sandbox.
func (t Town) everybody() []Resident {
	since := Period{From: "2015-05-01"}
	all := slices.Concat(published(), t.Residents)
	for _, practice := range t.Practices {
		for _, p := range practice.Patients {
			lines := slices.DeleteFunc([]string{p.Address.Line1, p.Address.Line2, p.Address.Town, p.Address.County},
				func(line string) bool { return line == "" })
			all = append(all, Resident{
				NHSNumber: p.NHSNumber, Gender: genders[p.Sex], BirthDate: p.BirthDate, Practice: practice.ODSCode,
				Names:  []Name{{"usual", p.Title, p.FirstName, p.LastName, since}},
				Abodes: []Abode{{"home", "", strings.Join(lines, ", "), p.Address.Postcode, since}},
				Contacts: []Contact{
					{"phone", "mobile", strings.ReplaceAll(p.Mobile, " ", ""), since},
					{"email", "home", p.Email, since},
				},
			})
		}
	}
	return all
}

// elsewhere is a practice in the next town.
const elsewhere = "Z99003"

var residentSince = Period{From: "2018-04-09"}

// neighbours live in Brambleford and are on PDS, and are patients of neither
// practice yet. Each has something that a caller has to get right.
func neighbours() []Resident { return slices.Clone(neighbourly) }

func livesAt(line, postcode string) []Abode {
	return []Abode{{"home", "", line + ", Brambleford, Westmarch", postcode, residentSince}}
}

func reach(mobile, email string) []Contact {
	return []Contact{{"phone", "mobile", mobile, residentSince}, {"email", "home", email, residentSince}}
}

func usual(prefix, given, family string) []Name {
	return []Name{{"usual", prefix, given, family, residentSince}}
}

var neighbourly = []Resident{
	// Nothing the matter.
	{NHSNumber: "9991000003", Names: usual("Mr", "Idris", "Vaughan"), Gender: "male", BirthDate: "1962-05-17",
		Practice: elsewhere,
		Abodes:   livesAt("11 Tanner's Yard", "ZZ1 4VN"), Contacts: reach("07700900301", "idris@example.org")},
	// Restricted: the address may not be given out.
	{NHSNumber: "9991000011", Names: usual("Ms", "Nadia", "Farouk"), Gender: "female", BirthDate: "1988-11-03",
		Practice:        elsewhere,
		Confidentiality: "R", Abodes: livesAt("27 Orchard Row", "ZZ1 2AB"),
		Contacts: reach("07700900302", "nadia@example.org")},
	{NHSNumber: "9991000143", Names: usual("Mr", "Elias", "Thorne"), Gender: "male", BirthDate: "1957-12-24",
		Practice:        elsewhere,
		Confidentiality: "V", Abodes: livesAt("1 Lock Cottages", "ZZ1 5TH"),
		Contacts: reach("07700900312", "elias@example.org")},
	// Dead.
	{NHSNumber: "9991000038", Names: usual("Mr", "Walter", "Pemberton"), Gender: "male", BirthDate: "1931-01-19",
		Practice: elsewhere,
		Died:     "2024-02-11", Abodes: livesAt("5 Chapel Hill", "ZZ1 2AE"),
		Contacts: reach("07700900303", "walter@example.org")},
	// One woman who had two numbers; the first has given way to the second.
	{NHSNumber: "9991000046", Names: usual("Miss", "Carys", "Bevan"), Gender: "female", BirthDate: "1994-07-08",
		Practice:     elsewhere,
		SupersededBy: "9991000054", Abodes: livesAt("40 Station Road", "ZZ1 1AJ")},
	{NHSNumber: "9991000054", Names: usual("Mrs", "Carys", "Holt"), Gender: "female", BirthDate: "1994-07-08",
		Practice: elsewhere,
		Abodes:   livesAt("16 Mill Lane", "ZZ1 1AA"), Contacts: reach("07700900304", "carys@example.org")},
	// A number withdrawn, with no other in its place.
	{NHSNumber: "9991000062", Names: usual("Mr", "Dunstan", "Grey"), Gender: "male", BirthDate: "1975-09-30",
		Practice:    elsewhere,
		Invalidated: true, Abodes: livesAt("3 Quay Street", "ZZ1 3QT"), Contacts: reach("07700900305",
			"dunstan@example.org")},
	// Twins, alike down to the first letters of their names.
	{NHSNumber: "9991000070", Names: usual("Miss", "Tamsin", "Penrose"), Gender: "female", BirthDate: "2012-02-29",
		BirthOrder: 1, Practice: elsewhere,
		Abodes: livesAt("22 Harbour View", "ZZ1 3QT"), Contacts: reach("07700900306", "penrose@example.org")},
	{NHSNumber: "9991000089", Names: usual("Miss", "Tamara", "Penrose"), Gender: "female", BirthDate: "2012-02-29",
		BirthOrder: 2, Practice: elsewhere,
		Abodes: livesAt("22 Harbour View", "ZZ1 3QT"), Contacts: reach("07700900306", "penrose@example.org")},
	// Several names and numbers, not all of them hers today.
	{NHSNumber: "9991000097", Gender: "female", BirthDate: "1979-03-27", Practice: elsewhere,
		Names: []Name{
			{"maiden", "Miss", "Amara", "Boateng", Period{"1979-03-27", "2016-06-17"}},
			{"usual", "Dr", "Amara Efua", "Osei", Period{"2016-06-18", ""}},
			{"nickname", "", "Mara", "Osei", Period{"2016-06-18", ""}},
		},
		Abodes: []Abode{
			{"home", "", "60 Market Place, Brambleford, Westmarch", "ZZ2 1MP", Period{"2003-10-01", "2016-06-17"}},
			{"home", "", "2 Falcon Close, Brambleford, Westmarch", "ZZ2 5KS", Period{"2016-06-18", ""}},
		},
		Contacts: []Contact{
			{"phone", "mobile", "07700900317", Period{"2010-01-01", "2019-12-31"}},
			{"phone", "mobile", "07700900398", Period{"2098-01-01", ""}},
			{"phone", "mobile", "07700900307", Period{"2020-01-01", ""}},
			{"phone", "home", "01632960307", Period{"2016-06-18", ""}},
			{"email", "home", "amara.boateng@example.org", Period{"2010-01-01", "2016-06-17"}},
			{"email", "home", "amara@example.org", Period{"2016-06-18", ""}},
		}},
	// Away from home for a while.
	{NHSNumber: "9991000100", Names: usual("Mr", "Jonah", "Whitlock"), Gender: "male", BirthDate: "2004-10-05",
		Practice: elsewhere,
		Abodes: []Abode{
			{"temp", "Student Accommodation", "Room 14, Weir Hall, Brambleford, Westmarch", "ZZ3 7WH",
				Period{"2023-09-18", "2099-06-30"}},
			{"home", "", "9 Drovers' Way, Ashcombe, Westmarch", "ZZ4 2DW", residentSince},
		},
		Contacts: []Contact{
			{"phone", "temp", "01632960308", Period{"2023-09-18", "2099-06-30"}},
			{"phone", "mobile", "07700900308", residentSince},
		}},
	// Letters and marks that are not everybody's.
	{NHSNumber: "9991000119", Names: usual("Mrs", "Zoë", "D'Arcy-Núñez"), Gender: "female", BirthDate: "1983-04-12",
		Practice: elsewhere,
		Abodes:   livesAt("8 Saint Brannoc's Court", "ZZ1 6BC"), Contacts: reach("07700900309", "zoe@example.org")},
	// A few weeks old when the record was made: hardly anything is known.
	{NHSNumber: "9991000127", Names: []Name{{Use: "usual", Family: "Quill", Period: residentSince}}, Gender: "unknown",
		BirthDate: "2018-04-09"},
	// Entered carelessly.
	{NHSNumber: "9991000135", Names: usual("MR", "ARJUN", "PILLAI"), Gender: "male", BirthDate: "1970-08-15",
		Practice: elsewhere,
		Abodes: []Abode{{"home", "", "FLAT 3, THE MALTINGS, 44 STATION ROAD, BRAMBLEFORD, WESTMARCH", "ZZ11AJ",
			residentSince}},
		Contacts: []Contact{
			{"phone", "home", "01632 960311", residentSince}, {"phone", "mobile", "+44 (0)7700 900311", residentSince},
			{"email", "home", "ARJUN@EXAMPLE.ORG", residentSince},
		}},
}

// Put adds a person, or replaces them.
func (p *PDS) Put(who Resident) {
	p.mu.Lock()
	defer p.mu.Unlock()
	who.Names, who.Abodes, who.Contacts = slices.Clone(who.Names), slices.Clone(who.Abodes), slices.Clone(who.Contacts)
	if was := p.people[who.NHSNumber]; was != nil {
		who.Version = was.Version + 1
	}
	who.Version = max(who.Version, 1)
	p.people[who.NHSNumber] = &who
}

// Change changes a person's details. It is false when there is no such person.
func (p *PDS) Change(number string, change func(*Resident)) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	who := p.people[number]
	if who == nil {
		return false
	}
	change(who)
	who.Version++
	return true
}

// Supersede puts one person's number in another's place. It is false when there
// is no such person.
func (p *PDS) Supersede(old, with string) bool {
	return p.Change(old, func(who *Resident) { who.SupersededBy = with })
}

// Invalidate withdraws a number. It is false when there is no such person.
func (p *PDS) Invalidate(number string) bool {
	return p.Change(number, func(who *Resident) { who.Invalidated = true })
}

// follow finds who has a number now, if anyone.
func (p *PDS) follow(number string) *Resident {
	who := p.people[number]
	for range p.people { // numbers that supersede each other in a ring would never end
		if who == nil || who.SupersededBy == "" {
			break
		}
		who = p.people[who.SupersededBy]
	}
	return who
}

func (p *PDS) today() string { return p.now().UTC().Format(time.DateOnly) }
