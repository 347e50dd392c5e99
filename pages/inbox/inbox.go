// Package inbox is what the people of the sandbox's town received, and the clock of the town.
package inbox

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"frontdesk/core/input"
	"frontdesk/core/practice"
	"frontdesk/pages"
)

// Received is a message that a person of the sandbox's town received.
type Received struct {
	At               time.Time
	Carrier, Channel string
	// To is a telephone number, an e-mail address, or an NHS number.
	To, From, Subject, Text string
	// Unsubscribe is where an e-mail says to go for no more like it.
	Unsubscribe string
	// Calendar is the part of an e-mail for the person's calendar.
	Calendar string
}

// Source gives what was received.
type Source func() []Received

// mostShown is how many messages the inbox shows.
const mostShown = 200

// New is the page of what the people of the sandbox's town received, newest
// first. Its address is /sandbox/inbox, its style is the one below /pages/.
func New(box Source, clock Clock) http.Handler {
	return pages.Careful(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := pile(box(), strings.TrimSpace(r.URL.Query().Get("to")), base(r))
		h.Now = clock.Now()
		pages.Show(w, r, http.StatusOK, inboxPage(h))
	}))
}

// base is the address the page was asked for at, for commands to copy.
func base(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// heap is what the page of the inbox shows.
type heap struct {
	Shown []Received
	// Found is how many there are to Who, and Total how many to anybody.
	Found, Total int
	Who, Base    string
	Now          time.Time
}

// pile sorts out what the page shows.
func pile(all []Received, who, base string) heap {
	h := heap{Total: len(all), Who: who, Base: base}
	want := essence(who)
	h.Shown = slices.DeleteFunc(slices.Clone(all),
		func(m Received) bool { return !strings.Contains(strings.ToLower(m.To), want) })
	h.Found = len(h.Shown)
	slices.SortStableFunc(h.Shown, func(a, b Received) int { return b.At.Compare(a.At) })
	h.Shown = h.Shown[:min(mostShown, h.Found)]
	return h
}

// essence is what two ways of writing a number or an address have in common.
func essence(to string) string {
	to = strings.ToLower(to)
	if strings.ContainsFunc(to, func(r rune) bool { return r == '@' || r >= 'a' && r <= 'z' }) {
		return to
	}
	to = strings.NewReplacer(" ", "", "\u00a0", "", "-", "", "(", "", ")", "").Replace(to)
	for _, prefix := range []string{"+44", "0044", "0"} {
		if rest, ok := strings.CutPrefix(to, prefix); ok {
			return rest
		}
	}
	return to
}

// counted says in words how many there are of what.
func (h heap) counted() string {
	plural := func(n int) string {
		if n == 1 {
			return "1 message"
		}
		return fmt.Sprintf("%d messages", n)
	}
	text := plural(h.Found)
	if h.Found > len(h.Shown) {
		text = fmt.Sprintf("The newest %d of %s", len(h.Shown), text)
	}
	if h.Who != "" {
		text += " to “" + h.Who + "”"
	}
	return text + "."
}

// here is the page's own address.
func (h heap) here() string { return inboxOf(h.Who) }

func inboxOf(who string) string {
	if who == "" {
		return "/sandbox/inbox"
	}
	return "/sandbox/inbox?" + url.Values{"to": {who}}.Encode()
}

// shownTo is a number or an address as people write it.
func shownTo(m Received) string {
	if n := m.To; m.Channel == "nhs_app" && len(n) == 10 {
		return n[:3] + " " + n[3:6] + " " + n[6:]
	}
	return input.ShowTelephone(m.To)
}

// inTown is a time by the clocks of the town.
func inTown(at time.Time) string {
	return at.In(practice.Zone(practice.DefaultZone)).Format("Mon 2 Jan 2006, 15:04:05")
}

// script is what happens to a message to a number or an address.
type script struct{ Number, Name, What string }

// scripts are the numbers and addresses at which something happens.
var scripts = []script{
	{"07700 900989", "read", "Delivered, and then read."},
	{"07700 900990", "refused", "The carrier refuses it for good."},
	{"07700 900991", "bounced", "The carrier takes it, and later says that it failed."},
	{"07700 900992", "silent", "The carrier takes it, and never says any more."},
	{"07700 900993", "slow", "The carrier needs three seconds."},
	{"07700 900994", "busy", "The first try is told to come back in a second."},
	{"07700 900995", "cut", "The carrier takes it, and hangs up before it says so."},
	{"07700 900996", "broken", "The first two tries fail inside the carrier."},
	{"07700 900997", "duplicate", "The carrier says it has had this message before."},
	{"07700 900998", "stops", "The patient answers STOP."},
	{"07700 900999", "replies", "The patient answers “Thank you”."},
}

// command is how to ask the API for something.
func (h heap) command(path, body string) string {
	return `curl -H "x-api-key: $KEY" \
  -H "x-practice-group-id: $GROUP" \
  -H "Content-Type: application/json" \
  ` + h.Base + path + ` \
  -d '` + body + `'`
}
