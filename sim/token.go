package sim

import (
	"crypto/rsa"
	"net/http"
)

// Register makes an application known by its API key, and one of its public
// keys by the key's ID. An application may have several. A nil key registers
// the application alone, as it is before its owner has uploaded one.
func (p *PDS) Register(clientKey, kid string, pub *rsa.PublicKey) {
	p.tokens.Register(clientKey, kid, pub)
}

// ForgetTokens makes every token issued so far worthless.
func (p *PDS) ForgetTokens() { p.tokens.Forget() }

// token answers POST /oauth2/token.
func (p *PDS) token(r *http.Request) answer {
	status, body := p.tokens.Answer(r, p.TokenURL, p.TokenLife)
	return answer{status: status, media: "application/json", body: body}
}
