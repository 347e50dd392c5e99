package smtp

import "frontdesk/core/carrier"

// Compose gives a message as it goes over the wire.
func Compose(c *Carrier, m carrier.Outgoing) (string, error) {
	l, err := c.compose(&buffer{}, m)
	if err != nil {
		return "", err
	}
	return string(l.data), nil
}
