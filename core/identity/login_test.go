package identity_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"frontdesk/core/demographics"
	"frontdesk/core/identity"
	"frontdesk/core/input"
	"frontdesk/core/link"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/seal"
)

// login is NHS login, which says of everyone what a test has it say.
type login struct {
	claims identity.Claims
	err    error
	last   identity.Attempt
}

func (*login) Offered(context.Context, practice.ID) (bool, error) { return true, nil }

func (l *login) Begin(_ context.Context, _ practice.ID, a identity.Attempt) (string, error) {
	l.last = a
	return "https://auth.example.org/authorize", l.err
}

func (l *login) Finish(context.Context, practice.ID, string, identity.Attempt) (identity.Claims, error) {
	return l.claims, l.err
}

// logsIn logs a person in by a link.
func (k *kit) logsIn(l link.Link, c identity.Claims) (identity.Found, error) {
	k.Helper()
	nhs := &login{claims: c}
	k.identity.Login = nhs
	_, keep, err := k.identity.BeginLogin(k.Context(), address(l))
	k.must(err)
	a, err := k.identity.Begun(keep, nhs.last.State)
	k.must(err)
	return k.identity.FinishLogin(k.Context(), a, "code")
}

var adaIs = identity.Claims{NHSNumber: "9990000018", BirthDate: input.DayOf(1985, 12, 10), FirstName: "Ada",
	LastName: "Byron"}

func TestALinkOfOnePatientOpensToTheirNHSLoginAlone(t *testing.T) {
	each(t, func(k *kit) {
		ada := k.Trace("9990000018", "1985-12-10")
		bob := k.Register(patient.Changes{FirstName: new("Bob"), LastName: new("Day"), Mobile: new("07700 900557"),
			BirthDate: new(input.DayOf(1970, 1, 2)), NHSNumber: new("9990000026")})
		l, numberless := k.anyone(ada, nil), k.anyone(k.Register(patient.Changes{FirstName: new("Eve"),
			LastName: new("Day"), Mobile: new("07700 900558"), BirthDate: new(input.DayOf(1970, 1, 2))}), nil)
		got, err := k.logsIn(l, adaIs)
		k.must(err)
		if of, err := k.who(l, got.Proof); err != nil || of != ada {
			k.Errorf("%v, %v", of, err)
		}
		younger, unknown := adaIs, adaIs
		younger.BirthDate++
		unknown.NHSNumber = "9990000034"
		bobIs := identity.Claims{NHSNumber: "9990000026", BirthDate: input.DayOf(1970, 1, 2), LastName: "Day"}
		for name, try := range map[string]struct {
			of    link.Link
			claim identity.Claims
		}{"another patient": {l, bobIs}, "another date": {l, younger}, "one who is no patient": {l, unknown},
			"a patient without a number": {numberless, bobIs}} {
			if _, err := k.logsIn(try.of, try.claim); !errors.Is(err, link.ErrAnother) {
				k.Errorf("%s: %v", name, err)
			}
		}
		k.must(func() error { _, err := k.logsIn(k.anyone(bob, nil), bobIs); return err }())
		found, err := k.links.Find(k.Ctx, l.ID, "")
		k.must(err)
		if found.Opens != 1 || found.Wrong != 0 {
			k.Errorf("got %+v", found)
		}
	})
}

func TestALinkForAnyoneTakesWhomNHSLoginHasProved(t *testing.T) {
	each(t, func(k *kit) {
		restricted := resident("9991000011", "Nadia", "")
		restricted.Restricted = true
		k.Spine.Put(restricted)
		ada := k.Trace("9990000018", "1985-12-10")
		l, open := k.anyone(0, nil), k.anyone(0, func(l *link.Link) { l.NewPatients = true })
		nameless := adaIs
		nameless.FirstName = ""
		got, err := k.logsIn(l, nameless)
		k.must(err)
		if of, err := k.who(l, got.Proof); err != nil || of != ada {
			k.Errorf("%v, %v", of, err)
		}
		nadia := identity.Claims{NHSNumber: "9991000011", BirthDate: input.DayOf(1962, 5, 17), LastName: "Vaughan"}
		if got, err := k.logsIn(l, nadia); err != nil || got.Proof != "" || got.Check.Reason != "elsewhere" {
			k.Errorf("%+v, %v", got, err)
		}
		if got, err := k.logsIn(open, nadia); err != nil || got.Proof == "" {
			k.Errorf("%+v, %v", got, err)
		}
		k.Spine.Err = demographics.ErrDown
		other := adaIs
		other.NHSNumber = "9990000026"
		if _, err := k.logsIn(l, other); !errors.Is(err, identity.ErrNotNow) {
			k.Errorf("while the national service is down: %v", err)
		}
		k.Spine.Err = demographics.ErrNotSetUp
		if got, err := k.logsIn(l, adaIs); err != nil || got.Proof == "" {
			k.Errorf("without the national service: %+v, %v", got, err)
		}
		if got, err := k.logsIn(l, other); err != nil || got.Check.Reason != "no_match" {
			k.Errorf("without the national service: %+v, %v", got, err)
		}
	})
}

func TestALoginComesBackOnceToWhoBeganIt(t *testing.T) {
	each(t, func(k *kit) {
		nhs := &login{claims: adaIs}
		k.identity.Login = nhs
		l := k.anyone(0, nil)
		_, keep, err := k.identity.BeginLogin(k.Context(), address(l))
		k.must(err)
		state := nhs.last.State
		if a, err := k.identity.Begun(keep, state); err != nil || a != nhs.last || len(a.Verifier) < 43 {
			k.Fatalf("%+v, %v", a, err)
		}
		_, _, err = k.identity.BeginLogin(k.Context(), address(l))
		k.must(err)
		if nhs.last.State == state {
			k.Error("two logins have one state")
		}
		for name, try := range map[string][2]string{"another login's state": {keep, nhs.last.State}, "no state": {keep, ""},
			"no cookie": {"", state}, "a cookie that was changed": {keep[:len(keep)-4] + "AAAA", state},
			"one that is none": {"%%%", state}} {
			if _, err := k.identity.Begun(try[0], try[1]); !errors.Is(err, identity.ErrLoginOver) {
				k.Errorf("%s: %v", name, err)
			}
		}
		k.Clock = k.Clock.Add(identity.LoginLife)
		if _, err := k.identity.Begun(keep, state); !errors.Is(err, identity.ErrLoginOver) {
			k.Errorf("after %s: %v", identity.LoginLife, err)
		}
		k.Clock = k.Clock.Add(-identity.LoginLife + time.Minute)
		other, err := seal.Parse([]byte(seal.NewKey()))
		k.must(err)
		was := k.links.Box
		k.links.Box = func() (*seal.Box, error) { return other, nil }
		if _, err := k.identity.Begun(keep, state); !errors.Is(err, identity.ErrLoginOver) {
			k.Errorf("with another key: %v", err)
		}
		k.links.Box = was
		_, err = k.links.Withdraw(k.Ctx, l.ID)
		k.must(err)
		a, err := k.identity.Begun(keep, state)
		k.must(err)
		if _, err := k.identity.FinishLogin(k.Context(), a, "code"); !errors.Is(err, link.ErrWithdrawn) {
			k.Errorf("a link that was withdrawn meanwhile: %v", err)
		}
		if _, _, err := k.identity.BeginLogin(k.Context(), address(l)); !errors.Is(err, link.ErrWithdrawn) {
			k.Errorf("a link that is withdrawn: %v", err)
		}
	})
}
