// Package nhslogin runs an OpenID provider that behaves as NHS login does towards its clients: oidc-provider of npm, by
// test/npm/login.mjs.
package nhslogin

import (
	"bufio"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"os/exec"
	"strings"
	"testing"
)

// Client is the id of the client that the provider knows.
const Client = "frontdesk"

// Person is someone who can log in, by the names of NHS login's claims.
type Person map[string]string

// Ada is a patient of the sandbox whose identity is proved.
var Ada = Person{"nhs_number": "9990000018", "birthdate": "1985-12-10", "family_name": "Byron", "given_name": "Ada",
	"identity_proofing_level": "P9"}

// Start runs the provider until the test ends, and gives its address. tests is where the folder test is, from the
// test's own, back is where people come back to, and people are those who can log in.
func Start(t testing.TB, tests string, key *rsa.PrivateKey, back string, people map[string]Person) string {
	t.Helper()
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	said, err := json.Marshal(map[string]any{"client_id": Client, "redirect_uri": back, "people": people,
		"key": string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", tests+"/npm/login.mjs", string(said))
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close() // it ends with its input
		_ = cmd.Wait()
	})
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "http://") {
			return lines.Text()
		}
	}
	t.Fatal("the provider did not start: run make install")
	return ""
}

// Private is a key in PEM, as an operator has it in a file.
func Private(key *rsa.PrivateKey) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
}
