package nhslogin

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/oauth2"

	"frontdesk/connect/nhsapi"
	"frontdesk/core/fault"
	"frontdesk/core/identity"
	"frontdesk/core/input"
)

const (
	// assertionLife is how long a signed token of ours is good for.
	assertionLife = 2 * time.Minute
	// ahead and old are how far the time at which NHS login signed may be from ours.
	ahead, old = 2 * time.Minute, 10 * time.Minute
)

// Finish asks NHS login who the patient is who came back with a code. A code is good for one try. Errors:
// identity.ErrLoginDown, identity.ErrLoginRefused for a code or an answer that is not to be trusted,
// identity.ErrLoginLevel.
func (c *Client) Finish(ctx context.Context, code string, a identity.Attempt) (identity.Claims, error) {
	p, err := c.service(ctx)
	if err != nil {
		return identity.Claims{}, err
	}
	token, err := c.exchange(ctx, p, code, a.Verifier)
	if err != nil {
		return identity.Claims{}, err
	}
	id, err := c.verify(ctx, p, token, a.Nonce)
	if err != nil {
		return identity.Claims{}, err
	}
	return c.claims(ctx, p, token, id)
}

// exchange gives the code for tokens.
func (c *Client) exchange(ctx context.Context, p *oidc.Provider, code, verifier string) (*oauth2.Token, error) {
	assertion, err := c.assertion(p.Endpoint().TokenURL)
	if err != nil {
		return nil, err
	}
	flow := c.flow(p)
	token, err := flow.Exchange(c.within(ctx), code, oauth2.VerifierOption(verifier),
		oauth2.SetAuthURLParam("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
		oauth2.SetAuthURLParam("client_assertion", assertion))
	if err == nil {
		return token, nil
	}
	refused, ok := errors.AsType[*oauth2.RetrieveError](err)
	if !ok || refused.Response == nil {
		return nil, identity.ErrLoginDown.Because(errors.New("no tokens: no answer that can be read"))
	}
	why := fmt.Errorf("no tokens: status %d, %s", refused.Response.StatusCode, plain(refused.ErrorCode))
	if refused.Response.StatusCode >= http.StatusInternalServerError || refused.ErrorCode == "invalid_client" {
		return nil, identity.ErrLoginDown.Because(why) // it is no fault of the patient's
	}
	return nil, identity.ErrLoginRefused.Because(why)
}

var plainCode = regexp.MustCompile(`^[a-z_]{1,64}$`)

// plain is a code of RFC 6749, and nothing else.
func plain(code string) string {
	if plainCode.MatchString(code) {
		return code
	}
	return "no code"
}

// assertion is who we are, signed (RFC 7523). Each has a name of its own, and none says when it begins: clocks differ.
func (c *Client) assertion(audience string) (string, error) {
	now := c.now()
	token := jwt.NewWithClaims(jwt.SigningMethodRS512, jwt.MapClaims{
		"iss": c.settings.ClientID, "sub": c.settings.ClientID, "aud": audience, "jti": nhsapi.NewUUID(),
		"iat": now.Unix(), "exp": now.Add(assertionLife).Unix(),
	})
	if c.settings.KeyID != "" {
		token.Header["kid"] = c.settings.KeyID
	}
	return token.SignedString(c.settings.Key)
}

// refuse is a login that is not to be trusted.
func refuse(why string) *fault.Error { return identity.ErrLoginRefused.Because(errors.New(why)) }

// signed is what the ID token says beside what the library checks.
type signed struct {
	Party  string `json:"azp"`
	Vector string `json:"vot"`
	Level  string `json:"identity_proofing_level"`
}

// verify checks the ID token: who signed it and how (RS512), for whom, when, and for which login.
func (c *Client) verify(ctx context.Context, p *oidc.Provider, t *oauth2.Token, nonce string) (*oidc.IDToken, error) {
	raw, _ := t.Extra("id_token").(string)
	if raw == "" {
		return nil, refuse("there is no ID token")
	}
	check := p.VerifierContext(c.within(ctx), &oidc.Config{ClientID: c.settings.ClientID,
		SupportedSigningAlgs: []string{oidc.RS512}, Now: c.now})
	id, err := check.Verify(c.within(ctx), raw)
	if err != nil {
		return nil, refuse("the ID token is not for us, too old, or not signed by NHS login")
	}
	var more signed
	if err := id.Claims(&more); err != nil {
		return nil, refuse("the ID token cannot be read")
	}
	now := c.now()
	switch {
	case subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(nonce)) != 1:
		return nil, refuse("the ID token is of another login")
	case len(id.Audience) > 1 && more.Party != c.settings.ClientID:
		return nil, refuse("the ID token is for others")
	case id.IssuedAt.After(now.Add(ahead)) || id.IssuedAt.Before(now.Add(-old)):
		return nil, refuse("the ID token was not made now")
	case id.AccessTokenHash != "" && id.VerifyAccessToken(t.AccessToken) != nil:
		return nil, refuse("the access token is another than the ID token's")
	case !strings.HasPrefix(more.Vector, "P9."):
		return nil, identity.ErrLoginLevel
	}
	return id, nil
}

// said is what NHS login says of a patient.
type said struct {
	Number    string `json:"nhs_number"`
	BirthDate string `json:"birthdate"`
	LastName  string `json:"family_name"`
	FirstName string `json:"given_name"`
	Level     string `json:"identity_proofing_level"`
}

// claims asks what NHS login says of the patient.
func (c *Client) claims(
	ctx context.Context, p *oidc.Provider, t *oauth2.Token, id *oidc.IDToken,
) (identity.Claims, error) {
	info, err := p.UserInfo(c.within(ctx), oauth2.StaticTokenSource(t))
	if err != nil {
		return identity.Claims{}, identity.ErrLoginDown.Because(errors.New("no claims"))
	}
	var s said
	if err := info.Claims(&s); err != nil || info.Subject != id.Subject {
		return identity.Claims{}, refuse("the claims are another's, or cannot be read")
	}
	if s.Level != "P9" {
		return identity.Claims{}, identity.ErrLoginLevel
	}
	number, ok := input.ParseNHSNumber(s.Number)
	born, real := input.ParseDate(s.BirthDate)
	if !ok || !real || strings.TrimSpace(s.LastName) == "" {
		return identity.Claims{}, identity.ErrLoginLevel.Because(errors.New("claims are missing"))
	}
	return identity.Claims{NHSNumber: number, BirthDate: born, FirstName: s.FirstName, LastName: s.LastName}, nil
}
