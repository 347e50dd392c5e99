package seal_test

import (
	"bytes"
	"errors"
	"testing"

	"frontdesk/core/seal"
)

func box(t *testing.T, keys ...string) *seal.Box {
	t.Helper()
	text := "# a remark\n\n"
	for _, k := range keys {
		text += k + "\n"
	}
	b, err := seal.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestOnlyTheKeyOpensASecret(t *testing.T) {
	old, fresh := seal.NewKey(), seal.NewKey()
	sealed, err := box(t, old).Seal([]byte("a secret"), "1/pds")
	if err != nil || bytes.Contains(sealed, []byte("secret")) {
		t.Fatalf("%q, %v", sealed, err)
	}
	for _, c := range []struct {
		name  string
		box   *seal.Box
		about string
		bytes []byte
		want  error
	}{
		{"the same key", box(t, old), "1/pds", sealed, nil},
		{"a new key before the old one", box(t, fresh, old), "1/pds", sealed, nil},
		{"another key", box(t, fresh), "1/pds", sealed, seal.ErrCannotOpen},
		{"another thing's name", box(t, old), "2/pds", sealed, seal.ErrCannotOpen},
		{"a changed byte", box(t, old), "1/pds", append(bytes.Clone(sealed[:len(sealed)-1]), sealed[len(sealed)-1]^1),
			seal.ErrCannotOpen},
		{"nothing", box(t, old), "1/pds", nil, seal.ErrCannotOpen},
		{"no key", nil, "1/pds", sealed, seal.ErrNoKey},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.box.Open(c.bytes, c.about)
			if !errors.Is(err, c.want) || c.want == nil && string(got) != "a secret" {
				t.Fatalf("%q, %v", got, err)
			}
		})
	}
	again, _ := box(t, fresh, old).Seal([]byte("a secret"), "1/pds")
	if _, err := box(t, fresh).Open(again, "1/pds"); err != nil {
		t.Fatal("the first key does not seal:", err)
	}
}

func TestAKeyFileThatIsNoneIsRefused(t *testing.T) {
	for _, text := range []string{"", "# only a remark\n", "c2hvcnQ=\n", "not base64 at all\n"} {
		if _, err := seal.Parse([]byte(text)); !errors.Is(err, seal.ErrBadKey) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestOnlyTheKeySignsAText(t *testing.T) {
	old, fresh := seal.NewKey(), seal.NewKey()
	sign, err := box(t, old).Sign("1.2.3", "upload")
	if err != nil || len(sign) != 43 {
		t.Fatalf("%q, %v", sign, err)
	}
	last := "A"
	if sign[len(sign)-1] == 'A' {
		last = "E"
	}
	for _, c := range []struct {
		name              string
		box               *seal.Box
		text, sign, about string
		want              bool
	}{
		{"the same key", box(t, old), "1.2.3", sign, "upload", true},
		{"a new key before the old one", box(t, fresh, old), "1.2.3", sign, "upload", true},
		{"another key", box(t, fresh), "1.2.3", sign, "upload", false},
		{"another text", box(t, old), "1.2.4", sign, "upload", false},
		{"another purpose", box(t, old), "1.2.3", sign, "download", false},
		{"a letter moved from one to the other", box(t, old), ".2.3", sign, "upload1", false},
		{"a changed letter", box(t, old), "1.2.3", sign[:len(sign)-1] + last, "upload", false},
		{"nothing", box(t, old), "1.2.3", "", "upload", false},
		{"no Base64", box(t, old), "1.2.3", "!", "upload", false},
		{"no key", nil, "1.2.3", sign, "upload", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.box.Signed(c.text, c.sign, c.about); got != c.want {
				t.Fatalf("got %v", got)
			}
		})
	}
	again, _ := box(t, fresh, old).Sign("1.2.3", "upload")
	if !box(t, fresh).Signed("1.2.3", again, "upload") {
		t.Fatal("the first key does not sign")
	}
	if _, err := (*seal.Box)(nil).Sign("1.2.3", "upload"); !errors.Is(err, seal.ErrNoKey) {
		t.Fatalf("got %v", err)
	}
}
