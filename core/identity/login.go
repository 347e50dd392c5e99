package identity

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"

	"frontdesk/core/demographics"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/link"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/seal"
)

// The faults of NHS login.
var (
	// ErrLoginNotSetUp is returned for a practice group that is not connected to NHS login.
	ErrLoginNotSetUp = fault.New(fault.Conflict, "nhs_login_not_set_up",
		"This practice group is not connected to NHS login.")
	// ErrLoginDown is returned while NHS login does not answer, or does not take our key.
	ErrLoginDown = fault.New(fault.Unavailable, "nhs_login_unavailable",
		"NHS login cannot be reached at the moment. Try again in a few minutes, or give your details.")
	// ErrLoginRefused is returned for an answer of NHS login that is not to be trusted: a code that was used, a token of
	// another login.
	ErrLoginRefused = fault.New(fault.Forbidden, "nhs_login_refused",
		"NHS login did not confirm who you are. Start again from your link.")
	// ErrLoginLevel is returned for a person whose identity NHS login has not proved (P9).
	ErrLoginLevel = fault.New(fault.Forbidden, "nhs_login_level",
		"NHS login has not checked your identity yet.")
	// ErrLoginOver is returned to a visitor who comes back from a login that was not begun here, or too long ago.
	ErrLoginOver = fault.New(fault.Forbidden, "nhs_login_over",
		"This sign-in was begun elsewhere, or too long ago. Open your link again.")
)

// LoginLife is how long a login may take.
const LoginLife = 15 * time.Minute

// Attempt is one login, which the visitor's browser keeps sealed.
type Attempt struct {
	Address string `json:"address"` // of the link
	// State and Nonce tie what comes back to this login, and Verifier proves that it was begun here (RFC 7636).
	State    string `json:"state"`
	Nonce    string `json:"nonce"`
	Verifier string `json:"verifier"`
	Until    int64  `json:"until"` // seconds since 1970
}

// Claims are what NHS login says of a person whose identity it has proved.
type Claims struct {
	NHSNumber           string
	BirthDate           input.Date
	FirstName, LastName string // the first name may be empty
}

// Login is NHS login. Every call has a deadline.
type Login interface {
	// Offered reports whether a group is connected to it.
	Offered(ctx context.Context, group practice.ID) (bool, error)
	// Begin is the address that a visitor is sent to. Errors: ErrLoginNotSetUp, ErrLoginDown.
	Begin(ctx context.Context, group practice.ID, a Attempt) (string, error)
	// Finish asks who came back with a code, which is good for one try. Errors: those of Begin, ErrLoginRefused,
	// ErrLoginLevel.
	Finish(ctx context.Context, group practice.ID, code string, a Attempt) (Claims, error)
}

// loginAbout is what a login is sealed for.
const loginAbout = "nhs login"

// BeginLogin begins a login for a link. It gives the address of NHS login, and what the browser keeps until the visitor
// comes back. Errors: those of link.Look, ErrLoginNotSetUp, ErrLoginDown.
func (s *Service) BeginLogin(ctx context.Context, address string) (to, keep string, err error) {
	p, err := s.Link.Look(ctx, address)
	if err != nil {
		return "", "", err
	}
	a := Attempt{Address: address, State: seal.NewToken(), Nonce: seal.NewToken(),
		Verifier: seal.NewToken() + seal.NewToken(), Until: s.Now().Add(LoginLife).Unix()}
	text, err := json.Marshal(a)
	if err != nil {
		return "", "", err
	}
	box, err := s.Link.Box()
	if err != nil {
		return "", "", err
	}
	sealed, err := box.Seal(text, loginAbout)
	if err != nil {
		return "", "", err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	to, err = s.Login.Begin(ctx, p.Group.ID, a)
	return to, base64.RawURLEncoding.EncodeToString(sealed), err
}

// Begun is the login that a visitor comes back from. Error: ErrLoginOver.
func (s *Service) Begun(keep, state string) (a Attempt, err error) {
	box, err := s.Link.Box()
	if err != nil {
		return a, err
	}
	sealed, err := base64.RawURLEncoding.DecodeString(keep)
	if err != nil {
		return a, ErrLoginOver
	}
	text, err := box.Open(sealed, loginAbout)
	if err != nil || json.Unmarshal(text, &a) != nil ||
		subtle.ConstantTimeCompare([]byte(a.State), []byte(state)) != 1 || s.Now().Unix() >= a.Until {
		return Attempt{}, ErrLoginOver
	}
	return a, nil
}

// FinishLogin begins the visit of a visitor who comes back from NHS login with a code. A link for one patient is opened
// to them alone, by their NHS number and date of birth; by a link for anyone the visitor is identified by the rules of
// Identify. Errors: those of link.Look, of Login.Finish, link.ErrAnother, ErrNotNow.
func (s *Service) FinishLogin(ctx context.Context, a Attempt, code string) (Found, error) {
	settle := s.pace()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	t, err := s.Link.Trust(ctx, a.Address)
	if err != nil {
		return Found{}, err
	}
	c, err := s.Login.Finish(ctx, t.Group.ID, code, a)
	if err != nil {
		return Found{}, err
	}
	if t.Link.Anyone() {
		return s.find(ctx, t, settle, demographics.Visitor{FirstName: c.FirstName, LastName: c.LastName,
			BirthDate: c.BirthDate, NHSNumber: c.NHSNumber, Proven: true})
	}
	who, err := s.Demographics.Store.Holder(ctx, t.Group.ID, c.NHSNumber)
	if errors.Is(err, patient.ErrNotFound) || err == nil && who.BirthDate != c.BirthDate {
		err = link.ErrAnother
	}
	if err != nil {
		return Found{}, err
	}
	proof, err := s.Link.Enter(ctx, t, who.ID)
	return Found{Proof: proof}, err
}
