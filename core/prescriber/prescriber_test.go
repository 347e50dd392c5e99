package prescriber_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/account"
	"frontdesk/core/fault"
	"frontdesk/core/key"
	"frontdesk/core/practice"
	"frontdesk/core/prescriber"
	"frontdesk/core/seal"
	"frontdesk/store"
	accountstore "frontdesk/store/account"
	keystore "frontdesk/store/key"
	practicestore "frontdesk/store/practice"
	prescriberstore "frontdesk/store/prescriber"
	"frontdesk/store/storetest"
)

// kit is a practice with three members of staff, and another practice.
type kit struct {
	*testing.T
	*prescriber.Service
	address    string
	db         *store.DB
	ctx, other context.Context
	group      practice.ID
	staff      []account.StaffID
}

func each(t *testing.T, test func(k *kit)) {
	t.Helper()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		db := storetest.Open(t, address)
		now := func() time.Time { return time.Date(2031, 1, 6, 9, 0, 0, 0, time.UTC) }
		box, err := seal.Parse([]byte(seal.NewKey()))
		k := &kit{T: t, address: address, db: db, Service: &prescriber.Service{Store: prescriberstore.New(db), Now: now,
			Box: func() (*seal.Box, error) { return box, nil }, MediaType: http.DetectContentType}}
		k.must(err)
		groups := &practice.Service{Store: practicestore.New(db), Now: now, NewID: db.NewID}
		staff := &account.Service{Store: accountstore.New(db), Now: now, NewID: db.NewID,
			Keys: &key.Service{Store: keystore.New(db), Now: now, NewID: db.NewID}}
		for _, ctx := range []*context.Context{&k.other, &k.ctx} {
			g, err := groups.CreateGroup(context.Background(), practice.Group{Name: "Mill Lane"})
			k.must(err)
			*ctx, k.group = access.With(context.Background(), access.Operator(g.ID)), g.ID
		}
		for _, name := range []string{"rita", "Bob", "Sam"} {
			made, err := staff.Add(k.ctx, account.Change{FirstName: &name, LastName: new("Reed"),
				Email: new(name + "@example.org"), Role: new("frontdesk"), Clinician: new(false)})
			k.must(err)
			k.staff = append(k.staff, made.ID)
		}
		test(k)
	})
}

func (k *kit) must(err error) {
	k.Helper()
	if err != nil {
		k.Fatal(err)
	}
}

func (k *kit) want(err, want error) {
	k.Helper()
	if !errors.Is(err, want) {
		k.Fatalf("got %v, want %v", err, want)
	}
}

func TestMembersOfStaffAreListedInEitherOrder(t *testing.T) {
	each(t, func(k *kit) {
		for want, q := range map[string]prescriber.Query{
			"rita Bob Sam of 3": {},
			"Sam Bob rita of 3": {Descending: true},
			"Bob rita Sam of 3": {ByFirstName: true},
			"Sam rita Bob of 3": {ByFirstName: true, Descending: true},
		} {
			q.Limit = 10
			found, n, err := k.List(k.ctx, q)
			k.must(err)
			var names []string
			for _, a := range found {
				names = append(names, a.FirstName)
			}
			if got := fmt.Sprint(strings.Join(names, " "), " of ", n); got != want {
				k.Errorf("got %s, want %s", got, want)
			}
		}
		ctx, n := store.Counting(k.ctx)
		found, count, err := k.List(ctx, prescriber.Query{ByFirstName: true, Offset: 1, Limit: 1})
		k.must(err)
		if len(found) != 1 || found[0].FirstName != "rita" || count != 3 {
			k.Errorf("got %+v of %d", found, count)
		}
		one := n()
		_, _, err = k.List(ctx, prescriber.Query{Limit: 10})
		if k.must(err); n() != 2*one || one > 4 {
			k.Errorf("one takes %d statements, three take %d", one, n()-one)
		}
	})
}

func TestAPrescriberIsSetAndTakenAway(t *testing.T) {
	each(t, func(k *kit) {
		rita := k.staff[0]
		details := &prescriber.Details{Name: "Dr Reed", Email: "rx@example.org", Registration: "1234567"}
		_, err := k.Update(k.ctx, rita, prescriber.Change{ExternalID: new(new("rx-1")), Details: &details})
		k.must(err)
		_, err = k.Update(k.ctx, rita, prescriber.Change{})
		k.must(err)
		of, err := k.Of(k.ctx, k.staff)
		if k.must(err); len(of) != 1 || of[rita].ExternalID != "rx-1" || *of[rita].Details != *details {
			k.Fatalf("got %+v", of)
		}
		var none *prescriber.Details
		_, err = k.Update(k.ctx, rita, prescriber.Change{ExternalID: new((*string)(nil)), Details: &none})
		k.must(err)
		if of, err = k.Of(k.ctx, k.staff); err != nil || of[rita].ExternalID != "" || of[rita].Details != nil {
			k.Fatalf("got %+v, %v", of, err)
		}
		for name, c := range map[string]prescriber.Change{
			"an empty id":    {ExternalID: new(new(" "))},
			"a bad address":  {Details: new(&prescriber.Details{Email: "rx"})},
			"a long name":    {Details: new(&prescriber.Details{Name: strings.Repeat("x", 201)})},
			"a line in a id": {ExternalID: new(new("a\nb"))},
		} {
			if _, err := k.Update(k.ctx, rita, c); !errors.Is(err, fault.Input()) {
				k.Errorf("%s: got %v", name, err)
			}
		}
		_, err = k.Update(k.other, rita, prescriber.Change{})
		k.want(err, account.ErrNotFound)
		_, err = k.Update(k.ctx, 1, prescriber.Change{})
		k.want(err, account.ErrNotFound)
	})
}

// The smallest images there are of their kinds, as far as their beginning tells.
var (
	png  = append([]byte("\x89PNG\r\n\x1a\n"), make([]byte, 20)...)
	jpeg = append([]byte("\xff\xd8\xff\xe0"), make([]byte, 20)...)
)

func TestASignatureIsAnImageOrAText(t *testing.T) {
	each(t, func(k *kit) {
		rita := k.staff[0]
		encoded := base64.StdEncoding.EncodeToString
		for _, c := range []struct{ given, kind, content string }{
			{encoded(png), "image/png", string(png)},
			{"data:image/png;base64," + encoded(png), "image/png", string(png)},
			{"data:image/png;base64," + encoded(jpeg), "image/jpeg", string(jpeg)}, // what it is, not what it says
			{" Dr R Reed ", "text/plain", "Dr R Reed"},
			{encoded([]byte("hello")), "text/plain", encoded([]byte("hello"))},
		} {
			_, err := k.Sign(k.ctx, rita, c.given)
			k.must(err)
			got, err := k.Signed(k.ctx, rita)
			if k.must(err); got.MediaType != c.kind || string(got.Content) != c.content || got.Size != len(c.content) {
				k.Errorf("got %+v", got)
			}
		}
		large := append(bytes.Clone(png), make([]byte, 256<<10)...)
		for name, given := range map[string]string{
			"nothing": "  ", "a large image": encoded(large), "a long text": strings.Repeat("x", 501),
			"a data URI of text":            "data:text/plain;base64," + encoded([]byte("hello")),
			"a data URI that is not Base64": "data:image/png;base64,%%%", "a plain data URI": "data:image/png,x",
		} {
			if _, err := k.Sign(k.ctx, rita, given); !errors.Is(err, fault.Input()) {
				k.Errorf("%s: got %v", name, err)
			}
		}
	})
}

func TestASignatureIsSealedAndSeenByFew(t *testing.T) {
	each(t, func(k *kit) {
		rita, bob := k.staff[0], k.staff[1]
		_, err := k.Signed(k.ctx, rita)
		k.want(err, prescriber.ErrNoSignature)
		_, err = k.Sign(k.ctx, rita, "Doctor Reed")
		k.must(err)
		var sealed []byte
		raw := storetest.Raw(k.T, k.address)
		k.must(raw.QueryRow(`SELECT sealed FROM staff_signature`).Scan(&sealed))
		var trail string
		k.must(raw.QueryRow(`SELECT after FROM audit WHERE action = 'user.sign'`).Scan(&trail))
		if bytes.Contains(sealed, []byte("Reed")) || strings.Contains(trail, "Reed") || !strings.Contains(trail, "text") {
			k.Errorf("kept %q and %s", sealed, trail)
		}
		signedIn := func(id account.StaffID) context.Context {
			return access.With(context.Background(), access.Caller{Group: k.group, Home: k.group, Staff: int64(id),
				Session: 1, Permissions: []access.Permission{access.SeePractice}})
		}
		if got, err := k.Signed(signedIn(rita), rita); err != nil || string(got.Content) != "Doctor Reed" {
			k.Errorf("got %+v, %v", got, err)
		}
		_, err = k.Sign(signedIn(rita), rita, "R Reed")
		k.must(err)
		_, err = k.Signed(signedIn(bob), rita)
		k.want(err, access.ErrPermission)
		_, err = k.Sign(signedIn(bob), rita, "R Reed")
		k.want(err, access.ErrPermission)
		_, err = k.Signed(k.other, rita)
		k.want(err, prescriber.ErrNoSignature)
		_, err = k.Sign(k.other, rita, "R Reed")
		k.want(err, account.ErrNotFound)
	})
}
