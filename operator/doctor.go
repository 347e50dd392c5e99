package operator

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"frontdesk/core/connector"
	"frontdesk/core/input"
	"frontdesk/core/practice"
	"frontdesk/core/seal"
	"frontdesk/core/webhook"
	"frontdesk/store"
	bookingstore "frontdesk/store/booking"
	connectorstore "frontdesk/store/connector"
	dispatchstore "frontdesk/store/dispatch"
	instancestore "frontdesk/store/instance"
	practicestore "frontdesk/store/practice"
	webhookstore "frontdesk/store/webhook"
)

// Finding is one thing the doctor looked at.
type Finding struct {
	Check  string `json:"check"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
}

// Doctor looks an installation over without changing it.
type Doctor struct {
	// Address is the database's, SealKey the file of its key.
	Address, SealKey string
	// PublicURL is where patients reach the server; empty is not said.
	PublicURL string
	// Strays are variables of the environment that are no settings.
	Strays []string
	// Try says whether a connector can be used as it is set up, and where it
	// leads: addresses with their ports.
	Try func(c connector.Connector, g practice.Group) (leads []string, err error)
	// Ask asks the system a connector leads to whether it lets the practice in, where
	// it can be asked; nil asks nothing.
	Ask func(ctx context.Context, c connector.Connector) error

	findings []Finding
	well     bool
	db       *store.DB
	groups   []practice.Group
}

// Look looks, and reports whether all is well.
func (d *Doctor) Look(ctx context.Context) ([]Finding, bool) {
	d.well = true
	_, err := time.LoadLocation("Europe/London")
	d.add("time zones", err, "known")
	d.add("environment", wrongIf(len(d.Strays) > 0, "these variables are no settings, and are not read: %s",
		strings.Join(d.Strays, ", ")), "no variable is misspelt")
	d.files()
	d.db, err = store.Open(ctx, d.Address, store.Options{NoMigrate: true})
	d.add("database", err, "opens, and its schema is this version's")
	if err != nil {
		return d.findings, false
	}
	defer d.db.Close()
	d.engine(ctx)
	d.groups, err = practicestore.New(d.db).Groups(ctx)
	d.add("practice groups", err, fmt.Sprintf("%d", len(d.groups)))
	box := d.key(ctx)
	d.sending(ctx)
	d.holds(ctx)
	d.outside(ctx, box)
	d.webhooks(ctx, box)
	d.public(ctx)
	return d.findings, d.well
}

func (d *Doctor) add(check string, err error, detail string) {
	if err != nil {
		detail, d.well = Explain(err), false
	}
	d.findings = append(d.findings, Finding{check, err == nil, detail})
}

func wrongIf(bad bool, format string, args ...any) error {
	if !bad {
		return nil
	}
	return fmt.Errorf(format, args...)
}

// files looks at the files of the database and of the key: at who may read them,
// and at what space is left beside them.
func (d *Doctor) files() {
	path, lite := strings.CutPrefix(d.Address, "sqlite:")
	all := []string{d.SealKey}
	if lite {
		all = append(all, path, path+"-wal", path+"-shm")
	}
	var open []string
	for _, file := range all {
		info, err := os.Stat(file)
		switch {
		case errors.Is(err, fs.ErrNotExist): // told elsewhere
		case err != nil:
			open = append(open, fmt.Sprintf("%s cannot be looked at: %s", file, plain(err)))
		case info.Mode().Perm()&0o007 != 0:
			open = append(open, fmt.Sprintf("%s can be read by every user of this machine: chmod 600 %s", file, file))
		}
	}
	d.add("file modes", wrongIf(len(open) > 0, "%s", strings.Join(open, "; ")), "no other user can read the key"+
		map[bool]string{true: " or the database"}[lite])
	if !lite {
		return
	}
	free, of, known := diskSpace(filepath.Dir(path))
	const enough = 1 << 30
	d.add("disk", wrongIf(known && free < enough && free < of/10, "%d MB are left of %d MB where the database is",
		free>>20, of>>20),
		map[bool]string{true: fmt.Sprintf("%d MB are left", free>>20),
			false: "how much is left is not known here"}[known])
}

// plain is an error of a file in words.
func plain(err error) string {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return fmt.Sprintf("permission denied to user %d", os.Getuid())
	case errors.Is(err, fs.ErrNotExist):
		return "no such file or directory"
	}
	return err.Error()
}

func (d *Doctor) engine(ctx context.Context) {
	health, err := d.db.Examine(ctx)
	d.add("engine", err, d.db.Engine()+" "+health.Version)
	d.add("integrity", wrongIf(health.Damage != "", "the database says: %s", health.Damage), "no damage found")
	d.add("commits", wrongIf(!health.Durable, "commits do not survive a loss of power: %s", health.Durability),
		health.Durability)
	skew := health.Clock.Abs().Round(time.Millisecond)
	d.add("clock", wrongIf(skew > 5*time.Second, "this clock and the database's are %s apart", skew),
		fmt.Sprintf("within %s of the database's", max(skew, time.Second)))
}

// key looks whether the key file is the database's. It makes none.
func (d *Doctor) key(ctx context.Context) *seal.Box {
	known, err := instancestore.New(d.db).Installation(ctx)
	if err == nil {
		_, err = os.Stat(d.SealKey)
		if errors.Is(err, fs.ErrNotExist) && len(known.Sealed) == 0 {
			if _, shut, err := sealedConnectors(ctx, d.db, nil); err == nil && shut == 0 {
				d.add("key", nil, "none yet: the first server makes "+d.SealKey)
				return nil
			}
		}
	}
	k := &Keys{DB: d.db, Path: d.SealKey}
	var box *seal.Box
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		box, err = k.Open()
	} else {
		err = keyTrouble(d.SealKey, err)
	}
	if err == nil {
		var opened, shut int
		if opened, shut, err = sealedConnectors(ctx, d.db, box); err == nil && shut > 0 {
			err = wrongIf(true, "%d connectors are sealed with another key than %s, and %d with it. Add the other "+
				"key to the file, or set them up anew", shut, d.SealKey, opened)
		}
	}
	d.add("key", err, d.SealKey+" is the key of this database's secrets")
	return box
}

// late is how long what is due may wait for a server.
const late = 5 * time.Minute

func (d *Doctor) sending(ctx context.Context) {
	now, err := instancestore.New(d.db).Sending(ctx)
	if err == nil {
		err = wrongIf(!now.Paused.IsZero(), "nothing is sent since %s: %s. Let it go on with frontdesk sending resume",
			now.Paused.UTC().Format(time.RFC3339), now.Why)
	}
	if err == nil {
		var waiting []string
		for _, g := range d.groups {
			due, listErr := dispatchstore.New(d.db).DueChannels(ctx, g.ID, time.Now().Add(-late))
			if err = listErr; err != nil {
				break
			}
			if len(due) > 0 {
				waiting = append(waiting, g.ID.String())
			}
		}
		if err == nil {
			err = wrongIf(len(waiting) > 0, "messages that were due over %s ago wait, in practice groups %s: is a "+
				"server running, and does their carrier answer?", late, strings.Join(waiting, ", "))
		}
	}
	d.add("sending", err, "messages go out, and none is overdue")
}

func (d *Doctor) holds(ctx context.Context) {
	overdue, stuck := 0, []string{}
	for _, g := range d.groups {
		held, err := bookingstore.New(d.db).LapsedHolds(ctx, g.ID, time.Now().Add(-late), input.CountLimit)
		if err != nil {
			d.add("holds", err, "")
			return
		}
		if overdue += len(held); len(held) > 0 {
			stuck = append(stuck, g.ID.String())
		}
	}
	d.add("holds", wrongIf(overdue > 0, "%d holds ran out over five minutes ago and were not released, in practice "+
		"groups %s: is a server running?", overdue, strings.Join(stuck, ", ")), "none overdue")
}

// quiet are the connectors that carry no messages.
var quiet = []connector.Name{connector.PDS, connector.NHSLogin, connector.Stripe}

// outside tries every connector, and reaches out to where it leads.
func (d *Doctor) outside(ctx context.Context, box *seal.Box) {
	all := &connector.Service{Store: connectorstore.New(d.db), Box: func() (*seal.Box, error) { return box, nil }}
	reached := map[string]error{}
	wrong, used := map[string][]string{}, map[string]int{}
	for _, g := range d.groups {
		list, err := connectorstore.New(d.db).Connectors(ctx, g.ID)
		if err != nil {
			d.add("carriers", err, "")
			return
		}
		for _, c := range list {
			check := "carriers"
			if slices.Contains(quiet, c.Name) {
				check = string(c.Name)
			}
			used[check]++
			if box == nil {
				continue // its secrets cannot be read
			}
			if err := d.try(ctx, all, g, c.Name, reached); err != nil {
				wrong[check] = append(wrong[check], fmt.Sprintf("practice group %s, %s: %s", g.ID, c.Name,
					connector.Hide(Explain(err))))
			}
		}
	}
	for _, check := range []string{"carriers", string(connector.PDS), string(connector.NHSLogin),
		string(connector.Stripe)} {
		if box == nil && used[check] > 0 {
			d.add(check, wrongIf(true, "%d are set up, and cannot be looked at without the key", used[check]), "")
			continue
		}
		slices.Sort(wrong[check])
		d.add(check, wrongIf(len(wrong[check]) > 0, "%s", strings.Join(wrong[check], "; ")),
			map[bool]string{true: "none is set up",
				false: fmt.Sprintf("%d can be used and reached, in %d practice groups", used[check],
					len(d.groups))}[used[check] == 0])
	}
}

func (d *Doctor) try(
	ctx context.Context, all *connector.Service, g practice.Group, name connector.Name, reached map[string]error,
) error {
	c, err := all.Get(ctx, g.ID, name)
	if err != nil {
		return err
	}
	leads, err := d.Try(c, g)
	if err != nil {
		return err
	}
	for _, address := range leads {
		if _, tried := reached[address]; !tried {
			reached[address] = reach(ctx, address)
		}
		if err := reached[address]; err != nil {
			return fmt.Errorf("%s does not answer: %w", address, err)
		}
	}
	if d.Ask == nil {
		return nil
	}
	return d.Ask(ctx, c)
}

func (d *Doctor) webhooks(ctx context.Context, box *seal.Box) {
	off, shut, all := []string{}, 0, 0
	for _, g := range d.groups {
		list, err := webhookstore.New(d.db).Webhooks(ctx, g.ID, webhook.Filter{})
		if err != nil {
			d.add("webhooks", err, "")
			return
		}
		all += len(list)
		for _, w := range list {
			if w.DisabledWhy == webhook.Failing || w.DisabledWhy == webhook.Gone {
				off = append(off, w.ID.String())
			}
			if box != nil && !box.Knows(w.Sealed) {
				shut++
			}
		}
	}
	due, err := webhookstore.New(d.db).DueWebhooks(ctx, time.Now().Add(-late))
	groups := map[string]bool{}
	for _, x := range due {
		groups[x.Group.String()] = true
	}
	wrong := []error{
		err, wrongIf(shut > 0, "the secrets of %d are sealed with another key: make them anew", shut),
		wrongIf(len(off) > 0, "switched off after failing: %s", strings.Join(off, ", ")),
		wrongIf(len(groups) > 0, "deliveries that were due over %s ago wait, in practice groups %s: is a server "+
			"running?", late, strings.Join(slices.Sorted(maps.Keys(groups)), ", ")),
	}
	var told []string
	for _, w := range wrong {
		if w != nil {
			told = append(told, Explain(w))
		}
	}
	d.add("webhooks", wrongIf(len(told) > 0, "%s", strings.Join(told, "; ")),
		fmt.Sprintf("%d, and no delivery is overdue", all))
}

// public asks the server at its public address whether it is well.
func (d *Doctor) public(ctx context.Context) {
	if d.PublicURL == "" {
		d.add("public address", nil, "not tried: say --public-url, as serve has it")
		return
	}
	at := strings.TrimRight(d.PublicURL, "/")
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, at+"/healthz", nil)
	var answer *http.Response
	if err == nil {
		answer, err = http.DefaultClient.Do(r)
	}
	if err == nil {
		answer.Body.Close()
		err = wrongIf(answer.StatusCode != http.StatusOK, "%s answers %s to /healthz: does it lead to the server?", at,
			answer.Status)
	}
	host := cmp.Or(r, &http.Request{}).URL
	if err == nil && host != nil && host.Scheme != "https" && host.Hostname() != "localhost" &&
		!strings.HasPrefix(host.Hostname(), "127.") {
		err = wrongIf(true, "%s is not https: patients' links would travel in the open", at)
	}
	d.add("public address", err, at+" leads to a server")
}

// reach connects to an address, with TLS where it is that of a web server's.
func reach(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	dial := (&net.Dialer{}).DialContext
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		if address = u.Host; u.Scheme == "https" {
			dial = (&tls.Dialer{}).DialContext
		}
	}
	conn, err := dial(ctx, "tcp", address)
	if err == nil {
		err = conn.Close()
	}
	return err
}
