package registry

import (
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"frontdesk/connect/pds"
	"frontdesk/core/carrier"
	"frontdesk/core/connector"
	"frontdesk/core/demographics"
	"frontdesk/core/practice"
)

func number(c connector.Connector, name string, otherwise int) (int, error) {
	text := c.Settings[name]
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 65535 {
		return 0, fmt.Errorf("%s is a whole number from 1 to 65535", name)
	}
	return n, nil
}

// yes is a setting that is yes or no.
func yes(c connector.Connector, name string, otherwise bool) (bool, error) {
	switch c.Settings[name] {
	case "":
		return otherwise, nil
	case "yes":
		return true, nil
	case "no":
		return false, nil
	}
	return false, fmt.Errorf("%s is yes or no", name)
}

// channelsOf are the channels a carrier carries.
func channelsOf(c connector.Connector) ([]carrier.Channel, error) {
	text := c.Settings["channels"]
	if text == "" {
		return carrierKinds[c.Name].channels, nil
	}
	var out []carrier.Channel
	for word := range strings.SplitSeq(text, ",") {
		channel := carrier.Channel(strings.TrimSpace(word))
		if !slices.Contains([]carrier.Channel{carrier.SMS, carrier.Email, carrier.NHSApp}, channel) {
			return nil, errors.New("channels is a list of sms, email and nhs_app with commas between")
		}
		out = append(out, channel)
	}
	return out, nil
}

// priorityOf says which of several carriers is tried first: the lowest.
func priorityOf(c connector.Connector) int {
	n, err := strconv.Atoi(c.Settings["priority"])
	if err != nil {
		return 10
	}
	return n
}

func perSecond(c connector.Connector) (float64, error) {
	text := c.Settings["per_second"]
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n <= 0 || n > 100_000 {
		return 0, errors.New("per_second is messages a second, more than 0")
	}
	return n, nil
}

// pdsSettings reads a connector's settings.
func pdsSettings(c connector.Connector, g practice.Group) (pds.Settings, error) {
	s := pds.Settings{
		BaseURL: c.Settings["base_url"], TokenURL: c.Settings["token_url"], Audience: c.Settings["audience"],
		APIKey: c.Settings["api_key"],
		KeyID:  c.Settings["key_id"], ODSCode: c.Settings["ods_code"],
	}
	if s.ODSCode == "" {
		s.ODSCode = g.ODSCode
	}
	if text := c.Settings["per_second"]; text != "" {
		n, err := strconv.ParseFloat(text, 64)
		if err != nil || n <= 0 || n > 1000 {
			return s, errors.New("per_second is requests a second, more than 0 and at most 1000")
		}
		s.PerSecond = n
	}
	if text := c.Secrets["private_key"]; text != "" {
		key, err := rsaKey(text)
		if err != nil {
			return s, err
		}
		s.Key = key
	}
	return s, nil
}

func rsaKey(text string) (*rsa.PrivateKey, error) {
	wrong := errors.New("private_key is an RSA key in PEM")
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, wrong
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	any, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, wrong
	}
	key, ok := any.(*rsa.PrivateKey)
	if !ok {
		return nil, wrong
	}
	return key, nil
}

// dkimKey reads the key that e-mails are signed with; nothing is none.
func dkimKey(text string) (crypto.Signer, error) {
	if text == "" {
		return nil, nil
	}
	if block, _ := pem.Decode([]byte(text)); block != nil {
		if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
			if signer, ok := key.(crypto.Signer); ok {
				return signer, nil
			}
		}
		if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
			return key, nil
		}
	}
	return nil, errors.New("dkim_key is a private key in PEM, RSA or Ed25519")
}

// upkeepOf reads how a group wants its patients kept fresh: not at all, unless
// it says so.
func upkeepOf(c connector.Connector) (demographics.Upkeep, error) {
	u := demographics.Upkeep{Every: 24 * time.Hour, Ahead: 14 * 24 * time.Hour}
	switch c.Settings["refresh"] {
	case "", "off":
	case "on":
		u.On = true
	default:
		return u, errors.New("refresh is on or off")
	}
	if text := c.Settings["refresh_every"]; text != "" {
		d, err := time.ParseDuration(text)
		if err != nil || d < time.Minute {
			return u, errors.New("refresh_every is a time such as 24h, at least a minute")
		}
		u.Every = d
	}
	if text := c.Settings["refresh_ahead_days"]; text != "" {
		days, err := strconv.Atoi(text)
		if err != nil || days < 1 || days > 366 {
			return u, errors.New("refresh_ahead_days is a number of days from 1 to 366")
		}
		u.Ahead = time.Duration(days) * 24 * time.Hour
	}
	return u, nil
}
