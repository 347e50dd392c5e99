package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"frontdesk/app"
	"frontdesk/operator"
)

// as runs a command of the operator on a database that is there.
func (d database) as(ctx context.Context, command func(*operator.Operator) error) error {
	return open(ctx, app.Opening{DB: d.DB}, command)
}

// open runs a command of the operator.
func open(ctx context.Context, how app.Opening, command func(*operator.Operator) error) error {
	o, err := app.OpenOperator(ctx, how)
	if err != nil {
		return err
	}
	defer o.Close()
	return command(o)
}

// print writes JSON, or rows of a table under their headings.
func (o output) print(value any, head string, rows ...[]string) error {
	if o.JSON {
		e := json.NewEncoder(os.Stdout)
		e.SetIndent("", "  ")
		return e.Encode(value)
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.ReplaceAll(head, ",", "\t"))
	for _, r := range rows {
		fmt.Fprintln(w, strings.Join(r, "\t"))
	}
	return w.Flush()
}

type group struct {
	Create groupCreate `cmd:"" help:"Make a practice group and print its id."`
	List   groupList   `cmd:"" help:"List the practice groups."`
	Limit  groupLimit  `cmd:"" help:"Say how often tokens of the GraphQL API may be used."`
	Video  groupVideo  `cmd:"" help:"Show or set where a practice group's video consultations take place."`

	WaitingList groupWaiting `cmd:"" help:"Show or set how times are offered to patients on the waiting list."`
}

type groupCreate struct {
	database
	output
	Name    string `arg:"" help:"What the practice group is called."`
	ODSCode string `name:"ods-code" placeholder:"CODE" help:"Its code of the NHS Organisation Data Service."`
	Zone    string `default:"Europe/London" help:"${zone_help} Default: ${default}"`
}

// Run makes a practice group.
func (g groupCreate) Run(ctx context.Context) error {
	return open(ctx, app.Opening{DB: g.DB, Make: true}, func(o *operator.Operator) error {
		made, err := o.CreateGroup(ctx, g.Name, g.ODSCode, g.Zone)
		if err != nil {
			return err
		}
		return g.print(made, "PRACTICE GROUP,NAME", []string{made.ID, made.Name})
	})
}

type groupList struct {
	database
	output
}

// Run lists the practice groups.
func (g groupList) Run(ctx context.Context) error {
	return g.as(ctx, func(o *operator.Operator) error {
		all, err := o.Groups(ctx)
		if err != nil {
			return err
		}
		rows := make([][]string, len(all))
		for i, x := range all {
			rows[i] = []string{x.ID, x.Name, x.ODSCode, fmt.Sprint(x.Sandbox), strings.Join(x.Networks, " ")}
		}
		return g.print(all, "PRACTICE GROUP,NAME,ODS,SANDBOX,NETWORKS", rows...)
	})
}

type key struct {
	Create keyCreate `cmd:"" help:"Make an API key. Its text is printed this once."`
	List   keyList   `cmd:"" help:"List a practice group's keys, without their texts."`
	Rotate keyRotate `cmd:"" help:"Make a key in place of another. Its text is printed this once."`
	Revoke keyRevoke `cmd:"" help:"End a key at once, on every server."`
}

type keyCreate struct {
	database
	output
	Group      string        `required:"" placeholder:"ID" help:"The practice group the key is for."`
	Partner    string        `required:"" placeholder:"NAME" help:"Who will hold it."`
	Scope      []string      `placeholder:"SCOPE" help:"${key_scope_help}"`
	Permission []string      `placeholder:"NAME" help:"${key_permission_help}"`
	Expires    time.Duration `placeholder:"DURATION" help:"How long it works, for example 2160h. Default: for ever."`
	RateLimit  *int          `placeholder:"N" help:"Requests a minute; 0 is no limit. Default: the server's --rate-limit."`
}

// Run makes a key.
func (k keyCreate) Run(ctx context.Context) error {
	return k.as(ctx, func(o *operator.Operator) error {
		made, err := o.CreateKey(ctx, operator.NewKey{
			Group: k.Group, Partner: k.Partner, Scopes: k.Scope, Permissions: k.Permission, Expires: k.Expires,
			Limit: k.RateLimit,
		})
		if err != nil {
			return err
		}
		if err := k.print(made, "KEY ID,API KEY", []string{made.ID.String(), made.Text}); err != nil {
			return err
		}
		if len(k.Scope) == 0 {
			fmt.Fprintln(os.Stderr, "This key has no scope: nearly every request with it will be refused. Make "+
				"another with --scope, such as --scope booking.")
		}
		if k.JSON {
			return nil
		}
		fmt.Fprintln(os.Stderr, "Keep the key now: it is not kept here and cannot be shown again.")
		return nil
	})
}

type keyList struct {
	database
	output
	Group string `required:"" placeholder:"ID" help:"The practice group."`
}

// Run lists keys.
func (k keyList) Run(ctx context.Context) error {
	return k.as(ctx, func(o *operator.Operator) error {
		all, err := o.Keys(ctx, k.Group)
		if err != nil {
			return err
		}
		rows := make([][]string, len(all))
		for i, x := range all {
			rows[i] = keyRow(x)
		}
		return k.print(all, "KEY ID,PARTNER,SCOPES,PERMISSIONS,CREATED,EXPIRES,LAST USED,REVOKED", rows...)
	})
}

func keyRow(k operator.Key) []string {
	row := []string{k.ID.String(), k.Partner, strings.Trim(fmt.Sprint(k.Scopes), "[]"),
		strings.Trim(fmt.Sprint(k.Permissions), "[]")}
	for _, t := range []time.Time{k.CreatedAt, k.ExpiresAt, k.LastUsed, k.RevokedAt} {
		if t.IsZero() {
			row = append(row, "-")
		} else {
			row = append(row, t.UTC().Format("2006-01-02 15:04Z"))
		}
	}
	return row
}

type keyRotate struct {
	database
	output
	Key     string        `arg:"" help:"The key's id, or its text."`
	Group   string        `placeholder:"ID" help:"The practice group; not needed with the key's text."`
	Overlap time.Duration `default:"24h" placeholder:"DURATION" help:"How long the old key goes on working; 0 ends it."`
}

// Run makes a key in place of another.
func (k keyRotate) Run(ctx context.Context) error {
	return k.as(ctx, func(o *operator.Operator) error {
		made, err := o.RotateKey(ctx, k.Group, k.Key, k.Overlap)
		if err != nil {
			return err
		}
		return k.print(made, "KEY ID,API KEY", []string{made.ID.String(), made.Text})
	})
}

type keyRevoke struct {
	database
	output
	Key   string `arg:"" help:"The key's id, or its text."`
	Group string `placeholder:"ID" help:"The practice group; not needed with the key's text."`
}

// Run revokes a key.
func (k keyRevoke) Run(ctx context.Context) error {
	return k.as(ctx, func(o *operator.Operator) error {
		ended, err := o.RevokeKey(ctx, k.Group, k.Key)
		if err != nil {
			return err
		}
		return k.print(ended, "KEY ID,PARTNER,REVOKED", []string{ended.ID.String(), ended.Partner,
			ended.RevokedAt.UTC().Format("2006-01-02 15:04Z")})
	})
}

type network struct {
	Join  networkJoin  `cmd:"" help:"${join_help}"`
	Leave networkLeave `cmd:"" help:"End a practice group's membership of a network."`
}

type membership struct {
	database
	output
	Group   string `required:"" placeholder:"ID" help:"The practice group."`
	Network string `arg:"" help:"The network's name."`
}

// change joins or leaves, then shows the group's networks.
func (m membership) change(
	ctx context.Context, how func(o *operator.Operator, ctx context.Context, group, network string) error,
) error {
	return m.as(ctx, func(o *operator.Operator) error {
		if err := how(o, ctx, m.Group, m.Network); err != nil {
			return err
		}
		g, err := o.Group(ctx, m.Group)
		if err != nil {
			return err
		}
		return m.print(g, "PRACTICE GROUP,NAME,NETWORKS", []string{g.ID, g.Name, strings.Join(g.Networks, " ")})
	})
}

type networkJoin struct{ membership }

// Run joins a network.
func (n networkJoin) Run(ctx context.Context) error {
	return n.change(ctx, (*operator.Operator).JoinNetwork)
}

type networkLeave struct{ membership }

// Run leaves a network.
func (n networkLeave) Run(ctx context.Context) error {
	return n.change(ctx, (*operator.Operator).LeaveNetwork)
}

type doctor struct {
	database
	sealing
	output
	PublicURL string `name:"public-url" placeholder:"URL" help:"${doctor_public_url_help}"`
}

var errUnwell = errors.New("something is wrong; see above")

// Run looks the installation over.
func (d doctor) Run(ctx context.Context, unknown []stray) error {
	asked := app.Examination{DB: d.DB, SealKey: d.SealKey, PublicURL: d.PublicURL}
	for _, v := range unknown {
		asked.Strays = append(asked.Strays, v.Name)
	}
	findings, well := app.Examine(ctx, asked)
	rows := make([][]string, len(findings))
	for i, f := range findings {
		rows[i] = []string{map[bool]string{true: "ok", false: "WRONG"}[f.OK], f.Check, f.Detail}
	}
	if err := d.print(findings, "RESULT,CHECK,DETAIL", rows...); err != nil {
		return err
	}
	if !well {
		return errUnwell
	}
	return nil
}

type sealKey struct {
	Adopt sealAdopt `cmd:"" help:"${seal_adopt_help}"`
}

type sealAdopt struct {
	database
	sealing
}

// Help is shown by frontdesk seal adopt --help.
func (sealAdopt) Help() string {
	return `Only when the key is lost for good. What is sealed with it can never be read again: set up each connector anew,
after frontdesk connector remove, and make each webhook anew. Stop every server first.

To change the key while you have it, put a new one on the first line of the file and keep the old one below it.`
}

// Run adopts a key.
func (s sealAdopt) Run(ctx context.Context) error {
	return open(ctx, app.Opening{DB: s.DB, SealKey: s.SealKey}, func(o *operator.Operator) error {
		if err := o.Seal.Adopt(ctx); err != nil {
			return err
		}
		fmt.Printf("The key in %s is this database's now. frontdesk doctor lists what it cannot open.\n", o.Seal.Path)
		return nil
	})
}

type version struct{ output }

// Run prints the version.
func (v version) Run() error {
	if v.JSON {
		return v.print(map[string]string{"version": app.Version}, "")
	}
	fmt.Println("frontdesk", app.Version)
	return nil
}
