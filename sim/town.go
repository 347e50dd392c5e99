// Package sim is one invented town, the same in every part of it: its practices
// and their diaries, and the people who live there. All of it is invented. It is
// served over the protocols of the systems that the world keeps such things in.
//
//	town.go       the town and its practices
//	people.go     everybody else who lives there, and how they change
//	published.go  the people of NHS England's own sandbox
//	pds.go        the Personal Demographics Service: who may ask, and reading
//	pdssearch.go  searching it
//	pdspatient.go a person as FHIR
//	token.go      the NHS API platform's token endpoint
//	trouble.go    failures on request
//
// It knows nothing of Frontdesk, so that it cannot share Frontdesk's mistakes.
// Telephone numbers are of the ranges Ofcom keeps for drama, NHS numbers of the
// 999 range that is never issued, and there is no postcode area ZZ; published
// people alone have other ones, which are theirs by publication.
package sim

import "slices"

// Town is the town.
type Town struct {
	Practices []Practice
	Residents []Resident // who are patients of none of them yet
}

// Practice is a practice group.
type Practice struct {
	Name, ODSCode, Phone, Email string
	Address                     Address
	Places                      []Place
	People                      []Person
	Kinds                       []Kind
	Sessions                    []Session
	Closed                      []Closed
	Patients                    []Patient
}

// Address is a postal address.
type Address struct{ Line1, Line2, Town, County, Postcode string }

// Place is where patients come to.
type Place struct {
	Name, Phone string
	Address     Address
}

// Person is a practitioner.
type Person struct{ Title, FirstName, LastName, Profession string }

// Kind is a kind of appointment.
type Kind struct {
	Name       string
	Minutes    int
	Paid       bool
	Pence      int
	Profession string
	Video      bool
	InPerson   bool
	Telephone  bool
}

// Session is when a person works, every week and for ever. Person, Place and
// Kinds count from 0 in the practice's lists.
type Session struct {
	Person, Place int
	Days          string // as in BYDAY: MO,TU
	From, To      string
	Minutes       int // from one slot to the next
	Kinds         []int
}

// Closed is a day of the year on which the practice is closed, besides bank
// holidays.
type Closed struct {
	MonthDay string // MM-DD
	Name     string
}

// Patient is a person who lives in the town.
type Patient struct {
	NHSNumber, Title, FirstName, LastName, BirthDate, Sex, Mobile, Email string
	Address                                                              Address
}

const (
	gp    = "GP"
	nurse = "Nurse"
)

// Brambleford is the town, and may be changed by who asks for it.
func Brambleford() Town {
	return Town{Residents: neighbours(), Practices: []Practice{healthCentre.clone(), kestrelRise.clone()}}
}

// clone is a practice with lists of its own. The kinds a session is for are shared.
func (p Practice) clone() Practice {
	p.Places, p.People, p.Kinds = slices.Clone(p.Places), slices.Clone(p.People), slices.Clone(p.Kinds)
	p.Sessions, p.Closed = slices.Clone(p.Sessions), slices.Clone(p.Closed)
	p.Patients = slices.Clone(p.Patients)
	return p
}

func inTown(line, postcode string) Address {
	return Address{Line1: line, Town: "Brambleford", County: "Westmarch", Postcode: postcode}
}

// healthCentre is the larger practice.
var healthCentre = Practice{
	Name: "Brambleford Health Centre", ODSCode: "Z99001", Phone: "01632 960100",
	Email:   "desk@brambleford.example.org",
	Address: inTown("1 Mill Lane", "ZZ1 1AA"),
	Places: []Place{
		{"Mill Lane Surgery", "01632 960100", inTown("1 Mill Lane", "ZZ1 1AA")},
		{"Riverside Clinic", "01632 960110", inTown("12 Quay Street", "ZZ1 3QT")},
	},
	People: []Person{
		{"Dr", "Chidi", "Okafor", gp}, {"Dr", "Priya", "Raman", gp}, {"Dr", "Eleanor", "Whitcombe", gp},
		{"Sister", "Maggie", "Doyle", nurse}, {"Mr", "Tomasz", "Zieliński", nurse},
	},
	Kinds: []Kind{
		{Name: "GP appointment", Minutes: 10, Profession: gp, InPerson: true},
		{Name: "GP telephone call", Minutes: 10, Profession: gp, Telephone: true},
		{Name: "GP long appointment", Minutes: 20, Profession: gp, InPerson: true, Video: true},
		{Name: "Blood test", Minutes: 10, Profession: nurse, InPerson: true},
		{Name: "Cervical screening", Minutes: 20, Profession: nurse, InPerson: true},
		{Name: "Travel vaccination", Minutes: 20, Paid: true, Pence: 4500, Profession: nurse, InPerson: true},
		{Name: "Driver's medical", Minutes: 30, Paid: true, Pence: 12000, Profession: gp, InPerson: true},
	},
	Sessions: []Session{
		{0, 0, "MO,TU,WE,TH,FR", "08:30", "12:00", 10, []int{0, 1, 2}},
		{0, 0, "MO,TU,TH", "14:00", "17:30", 10, []int{0, 1, 2}},
		{0, 0, "FR", "14:00", "16:00", 30, []int{6}},
		{1, 0, "MO,WE,FR", "08:00", "13:00", 10, []int{0, 2}},
		{1, 1, "TU,TH", "09:00", "13:00", 10, []int{0, 1}},
		{2, 1, "MO,TU,WE,TH,FR", "13:30", "18:30", 15, []int{0, 1, 2}},
		{2, 1, "SA", "09:00", "12:00", 10, []int{0, 1}},
		{3, 0, "MO,TU,WE,TH,FR", "08:00", "12:30", 10, []int{3, 4, 5}},
		{4, 1, "MO,WE,FR", "09:00", "16:00", 10, []int{3, 5}},
	},
	Closed: []Closed{{"12-24", "Christmas Eve"}},
	Patients: []Patient{
		{"9990000018", "Mrs", "Ada", "Byron", "1985-12-10", "Female", "07700 900101", "ada@example.org",
			inTown("4 Orchard Row", "ZZ1 2AB")},
		{"9990000026", "Mr", "Alan", "Mathison", "1972-06-23", "Male", "07700 900102", "alan@example.org",
			inTown("7 Bletch Way", "ZZ1 2AD")},
		{"9990000034", "Ms", "Grace", "Murray", "1990-12-09", "Female", "07700 900103", "grace@example.org",
			inTown("19 Harbour View", "ZZ1 3QT")},
		{"9990000042", "Dr", "Siân", "O'Neill", "1968-03-01", "Female", "07700 900104", "sian@example.org",
			inTown("2 Chapel Hill", "ZZ1 2AE")},
		{"9990000050", "Mr", "Kofi", "Mensah", "2001-08-14", "Male", "07700 900105", "kofi@example.org",
			inTown("33 Station Road", "ZZ1 1AJ")},
		{"9990000069", "Miss", "Zofia", "Łuczak", "2015-04-30", "Female", "07700 900106", "luczak@example.org",
			inTown("8 Mill Lane", "ZZ1 1AA")},
	},
}

// kestrelRise is the smaller one, with a hub for extended hours.
var kestrelRise = Practice{
	Name: "Kestrel Rise Practice", ODSCode: "Z99002", Phone: "01632 960200",
	Email:   "desk@kestrelrise.example.org",
	Address: inTown("80 Kestrel Rise", "ZZ2 5KR"),
	Places: []Place{
		{"Kestrel Rise", "01632 960200", inTown("80 Kestrel Rise", "ZZ2 5KR")},
		{"Extended Hours Hub", "01632 960210", inTown("3 Market Place", "ZZ2 1MP")},
	},
	People: []Person{
		{"Dr", "Hannah", "Lindqvist", gp}, {"Dr", "Yusuf", "Demir", gp}, {"Ms", "Joy", "Adeyemi", nurse},
	},
	Kinds: []Kind{
		{Name: "GP appointment", Minutes: 15, Profession: gp, InPerson: true, Telephone: true},
		{Name: "Video consultation", Minutes: 15, Profession: gp, Video: true},
		{Name: "Nurse appointment", Minutes: 15, Profession: nurse, InPerson: true},
		{Name: "Private GP consultation", Minutes: 30, Paid: true, Pence: 9500, Profession: gp, InPerson: true,
			Video: true},
	},
	Sessions: []Session{
		{0, 0, "MO,TU,WE,TH", "09:00", "12:30", 15, []int{0, 1}},
		{1, 0, "MO,WE,FR", "14:00", "18:00", 15, []int{0, 1}},
		{1, 1, "SA,SU", "09:00", "13:00", 15, []int{0}},
		{0, 1, "TU,TH", "18:30", "20:30", 30, []int{3}},
		{2, 0, "MO,TU,WE,TH,FR", "08:30", "15:30", 15, []int{2}},
	},
	Patients: []Patient{
		{"9990000077", "Mr", "Rowan", "Hart", "1959-11-02", "Male", "07700 900201", "rowan@example.org",
			inTown("6 Falcon Close", "ZZ2 5KS")},
		{"9990000085", "Mrs", "Mei", "Lin", "1979-02-17", "Female", "07700 900202", "mei@example.org",
			inTown("14 Kestrel Rise", "ZZ2 5KR")},
		{"9990000093", "Mx", "Robin", "Ashdown", "1998-09-21", "Not specified", "07700 900203",
			"robin@example.org",
			inTown("90 Market Place", "ZZ2 1MP")},
	},
}

// Contact is the mobile number and e-mail address a person of the town has, as
// the national service knows them.
func (t Town) Contact(nhsNumber string) (mobile, email string) {
	for _, p := range t.Practices {
		for _, who := range p.Patients {
			if who.NHSNumber == nhsNumber {
				return who.Mobile, who.Email
			}
		}
	}
	return "", ""
}
