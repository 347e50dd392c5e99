// Package sandbox is the invented town as a part of the product: practices with
// people, patients and diaries, and the outside systems they are connected to.
//
//	sandbox.go   the town's practices, and the keys to them
//	settle.go    what its practices have written and been told
//	simulate.go  the outside systems of the town
package sandbox

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"frontdesk/core"
	"frontdesk/core/access"
	"frontdesk/core/connector"
	"frontdesk/core/diary"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/key"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/sim"
	"frontdesk/store"
	instancestore "frontdesk/store/instance"
	practicestore "frontdesk/store/practice"
)

// ErrRealDatabase is returned when a sandbox is asked for on a database that
// holds real practice groups.
var ErrRealDatabase = fault.New(fault.Conflict, "not_a_sandbox", "This database holds real practice groups. A "+
	"sandbox needs a database of its own: give it one with --db.")

// Sandbox is the town in one database.
type Sandbox struct {
	DB   *store.DB
	Core *core.Core
	// Simulators are the outside systems of the town.
	Simulators *Simulators
	Now        func() time.Time
	// RealTime says that Now moves by itself.
	RealTime bool
	// Credentials is a file to write the keys to, or empty.
	Credentials string
	// Out is where a person at the terminal is told what to try.
	Out io.Writer
	// Listen begins to serve at an address.
	Listen func(ctx context.Context, address string, h http.Handler) (net.Listener, error)
	// Callback is where a carrier's provider calls the program back.
	Callback func(group practice.ID, name connector.Name) string
}

// Fill puts the town into a database that has no practice group yet.
func (sb *Sandbox) Fill(ctx context.Context) error {
	return sb.DB.Whole(ctx, func(ctx context.Context) error {
		of := instancestore.New(sb.DB)
		fresh, err := of.Found(ctx, true, sb.Now())
		if err != nil {
			return err
		}
		if !fresh {
			sandbox, _, err := of.Instance(ctx)
			if err == nil && !sandbox {
				err = ErrRealDatabase
			}
			return err
		}
		for _, p := range sim.Brambleford().Practices {
			if err := sb.settle(ctx, p); err != nil {
				return fmt.Errorf("sandbox: %s: %w", p.Name, err)
			}
		}
		return nil
	})
}

func ptr[T any](v T) *T { return &v }

// settle makes one practice of the town.
func (sb *Sandbox) settle(ctx context.Context, p sim.Practice) error {
	g, err := sb.Core.Practice.CreateGroup(ctx, practice.Group{
		Name: p.Name, ODSCode: p.ODSCode, Phone: p.Phone, Email: p.Email, Sandbox: true,
		Address: practice.Address(p.Address), Announces: true,
	})
	if err != nil {
		return err
	}
	ctx = access.With(ctx, access.Operator(g.ID))
	places, people, err := sb.settlePlaces(ctx, p)
	if err != nil {
		return err
	}
	if err := sb.settleDiaries(ctx, p, places, people); err != nil {
		return err
	}
	patients, err := sb.settlePatients(ctx, p.Patients)
	if err != nil {
		return err
	}
	return sb.settleRecords(ctx, people, patients)
}

// settlePlaces makes the places of a practice and the people patients see there.
func (sb *Sandbox) settlePlaces(
	ctx context.Context, p sim.Practice,
) ([]practice.LocationID, []practice.PractitionerID, error) {
	var places []practice.LocationID
	for _, pl := range p.Places {
		l, err := sb.Core.Practice.CreateLocation(ctx, practice.LocationChange{Name: &pl.Name, Phone: &pl.Phone,
			Address: ptr(practice.Address(pl.Address))})
		if err != nil {
			return nil, nil, err
		}
		places = append(places, l.ID)
	}
	var people []practice.PractitionerID
	for _, pe := range p.People {
		who, err := sb.Core.Practice.CreatePractitioner(ctx, practice.PractitionerChange{
			Title: &pe.Title, FirstName: &pe.FirstName, LastName: &pe.LastName,
			Profession: ptr(practice.Profession(pe.Profession)),
		})
		if err != nil {
			return nil, nil, err
		}
		people = append(people, who.ID)
	}
	return places, people, nil
}

// settleDiaries makes the sessions of a practice, and the days it is closed.
func (sb *Sandbox) settleDiaries(
	ctx context.Context, p sim.Practice, places []practice.LocationID, people []practice.PractitionerID,
) error {
	kinds, err := sb.settleKinds(ctx, p.Kinds)
	if err != nil {
		return err
	}
	for _, s := range p.Sessions {
		types := make([]diary.TypeID, len(s.Kinds))
		for i, k := range s.Kinds {
			types[i] = kinds[k]
		}
		var in input.Checks
		_, err := sb.Core.Diary.CreateSession(ctx, diary.SessionChange{
			Practitioner: &people[s.Person], Location: &places[s.Place], Types: &types,
			StartDate: ptr(input.DayOf(2026, time.January, 5)), From: diary.ReadTime(&in, "from", &s.From, false),
			To: diary.ReadTime(&in, "to", &s.To, true), Step: &s.Minutes, Rule: ptr("FREQ=WEEKLY;BYDAY=" + s.Days),
		})
		if err := cmp.Or(in.Err(), err); err != nil {
			return err
		}
	}
	for _, c := range p.Closed {
		for year := sb.Now().Year(); year < sb.Now().Year()+3; year++ {
			day, _ := input.ParseDate(strconv.Itoa(year) + "-" + c.MonthDay)
			if _, err := sb.Core.Practice.SetHoliday(ctx, practice.Holiday{Day: day, Name: c.Name,
				Closed: true}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (sb *Sandbox) settlePatients(ctx context.Context, all []sim.Patient) ([]patient.ID, error) {
	var patients []patient.ID
	for _, who := range all {
		p, err := sb.Core.Patient.Register(ctx, patient.Registration{Changes: patient.Changes{
			NHSNumber: &who.NHSNumber, Title: &who.Title, FirstName: &who.FirstName, LastName: &who.LastName,
			BirthDate: new(patient.ReadBirthDate(who.BirthDate)),
			Sex:       ptr(patient.Sex(who.Sex)), Mobile: &who.Mobile, Email: &who.Email, Line1: &who.Address.Line1,
			Town:   &who.Address.Town,
			County: &who.Address.County, Postcode: &who.Address.Postcode,
		}})
		if err != nil {
			return nil, err
		}
		patients = append(patients, p.ID)
	}
	return patients, nil
}

func (sb *Sandbox) settleKinds(ctx context.Context, kinds []sim.Kind) ([]diary.TypeID, error) {
	var out []diary.TypeID
	for _, k := range kinds {
		sector := practice.NHS
		if k.Paid {
			sector = practice.Paid
		}
		t, err := sb.Core.Diary.CreateType(ctx, diary.TypeChange{
			Name: &k.Name, PartnerSlotName: &k.Name, Minutes: &k.Minutes, Price: &k.Pence, Sector: &sector,
			Profession: ptr(practice.Profession(k.Profession)), Video: &k.Video, InPerson: &k.InPerson,
			Telephone: &k.Telephone,
		})
		if err != nil {
			return nil, err
		}
		out = append(out, t.ID)
	}
	return out, nil
}

// credentials is the file that tells a newcomer, or their program, how to get in.
type credentials struct {
	BaseURL string `json:"base_url"`
	groupKey
	Keys map[access.Scope]string `json:"keys"`
	// Token is for the GraphQL API, and may do everything there.
	Token  string   `json:"graphql_token"`
	Second groupKey `json:"second_practice_group"`
	// Simulators are where the outside systems of the town answer.
	Simulators map[string]string `json:"simulators"`
}

type groupKey struct {
	Group string `json:"practice_group_id"`
	Key   string `json:"api_key"`
}

// HandOut gives out keys for the sandbox, which serves at an address: those of the
// file when they still work, new ones otherwise.
func (sb *Sandbox) HandOut(ctx context.Context, url string) error {
	groups, err := practicestore.New(sb.DB).Groups(ctx)
	if err != nil {
		return err
	}
	if len(groups) < 2 {
		return fault.New(fault.Conflict, "sandbox_incomplete",
			"The sandbox lacks its practice groups. Start it on an empty database.")
	}
	c, ok := sb.readCredentials(ctx, groups)
	if !ok {
		if c, err = sb.newCredentials(ctx, groups); err != nil {
			return err
		}
	}
	c.BaseURL, c.Simulators = url, map[string]string{"pds": sb.Simulators.Address()}
	if sb.Credentials != "" {
		if err := writeCredentials(sb.Credentials, c); err != nil {
			return err
		}
	}
	fmt.Fprintf(sb.Out, `
Frontdesk sandbox: %s and %s, invented from end to end.

  base URL           %s
  practice group     %s
  API key            %s
  documentation      %s/docs
  what patients get  %s/sandbox/inbox, where time can be moved
  simulated PDS      %s

Try it:
  curl -H "x-api-key: %s" -H "x-practice-group-id: %s" "%s/v1/slots?page_size=3"
  curl -H "x-token: %s" "%s/graphql" --json '{"query": "{ users { data { id fullName } } }"}'

`, groups[0].Name, groups[1].Name, c.BaseURL, c.Group, c.Key, c.BaseURL, c.BaseURL, sb.Simulators.Address(), c.Key,
		c.Group, c.BaseURL, c.Token, c.BaseURL)
	return nil
}

// readCredentials reads the file, and reports whether all its keys still work
// on this database.
func (sb *Sandbox) readCredentials(ctx context.Context, groups []practice.Group) (credentials, bool) {
	var c credentials
	if sb.Credentials == "" {
		return c, false
	}
	text, err := os.ReadFile(sb.Credentials)
	if err != nil || json.Unmarshal(text, &c) != nil || c.Group != groups[0].ID.String() ||
		c.Second.Group != groups[1].ID.String() {
		return c, false
	}
	for key, group := range map[string]string{c.Key: c.Group, c.Second.Key: c.Second.Group} {
		if _, err := sb.Core.Key.Authenticate(ctx, key, group); err != nil {
			return c, false
		}
	}
	for _, scope := range access.Scopes {
		if _, err := sb.Core.Key.Authenticate(ctx, c.Keys[scope], c.Group); err != nil {
			return c, false
		}
	}
	who, _, err := sb.Core.Key.Token(ctx, c.Token)
	return c, err == nil && who.Group == groups[0].ID
}

func (sb *Sandbox) newCredentials(ctx context.Context, groups []practice.Group) (credentials, error) {
	var c credentials
	var err error
	issue := func(g practice.Group, name string, k key.Key) string {
		k.Partner, k.Test = "sandbox: "+name, true
		_, text, keyErr := sb.Core.Key.CreateKey(access.With(ctx, access.Operator(g.ID)), k)
		err = cmp.Or(err, keyErr)
		return text
	}
	all := key.Key{Scopes: access.Scopes, Permissions: access.KeyPermissions}
	c.groupKey = groupKey{groups[0].ID.String(), issue(groups[0], "all", all)}
	c.Second = groupKey{groups[1].ID.String(), issue(groups[1], "all", all)}
	c.Keys = map[access.Scope]string{}
	for _, scope := range access.Scopes {
		c.Keys[scope] = issue(groups[0], string(scope), key.Key{Scopes: []access.Scope{scope}})
	}
	c.Token = issue(groups[0], "graphql", key.Key{Role: "everything"})
	return c, err
}

// writeCredentials writes the file whole or not at all, for its owner alone.
func writeCredentials(path string, c credentials) error {
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".credentials-*") // made with mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if _, err := f.Write(append(text, '\n')); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
