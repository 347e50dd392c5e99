package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"frontdesk/operator"
)

type token struct {
	Create tokenCreate `cmd:"" help:"Make a token of the GraphQL API. Its text is printed this once."`
	List   tokenList   `cmd:"" help:"List a practice group's tokens and who is signed in, without texts."`
	Revoke tokenRevoke `cmd:"" help:"End a token or a session at once, on every server."`
}

type tokenCreate struct {
	database
	output
	Group        string        `required:"" placeholder:"ID" help:"The practice group the token is for."`
	Name         string        `required:"" placeholder:"NAME" help:"Whose it is; the practice's log shows it."`
	Role         string        `required:"" placeholder:"ROLE" help:"${token_role_help}"`
	PasswordFile string        `placeholder:"FILE" help:"${password_file_help}"`
	Expires      time.Duration `placeholder:"DURATION" help:"How long it works, for example 2160h. Default: for ever."`
	RateLimit    *int          `placeholder:"N" help:"Requests a minute; 0 is no limit. Default: the practice group's."`
}

// Run makes a token.
func (t tokenCreate) Run(ctx context.Context) error {
	n := operator.NewToken{Group: t.Group, Name: t.Name, Role: t.Role, Expires: t.Expires, Limit: t.RateLimit}
	var err error
	if t.PasswordFile != "" {
		if n.Password, err = firstLine(t.PasswordFile); err != nil {
			return err
		}
	}
	return t.as(ctx, func(o *operator.Operator) error {
		made, err := o.CreateToken(ctx, n)
		if err != nil {
			return err
		}
		if err := t.print(made, "TOKEN ID,TOKEN", []string{made.ID.String(), made.Text}); err != nil || t.JSON {
			return err
		}
		fmt.Fprintln(os.Stderr, "Keep the token now: it is not kept here and cannot be shown again.")
		return nil
	})
}

// firstLine reads a secret, which must not be on the command line: others on the
// machine can see that.
func firstLine(file string) (string, error) {
	in := os.Stdin
	if file != "-" {
		var err error
		if in, err = os.Open(file); err != nil {
			return "", err
		}
		defer in.Close()
	}
	s := bufio.NewScanner(in)
	s.Scan()
	return strings.TrimRight(s.Text(), "\r"), s.Err()
}

type tokenList struct {
	database
	output
	Group string `required:"" placeholder:"ID" help:"The practice group."`
}

// Run lists tokens.
func (t tokenList) Run(ctx context.Context) error {
	return t.as(ctx, func(o *operator.Operator) error {
		all, err := o.Tokens(ctx, t.Group)
		if err != nil {
			return err
		}
		var rows [][]string
		for _, k := range all.Keys {
			rows = append(rows, append([]string{k.ID.String(), k.Partner, k.Role}, moments(k.CreatedAt, k.ExpiresAt,
				k.LastUsed, k.RevokedAt)...))
		}
		for _, s := range all.Sessions {
			who := "session of user " + fmt.Sprint(s.Staff)
			if s.Key != 0 {
				who = "session of token " + s.Key.String()
			}
			rows = append(rows, append([]string{s.ID.String(), who, "-"}, moments(s.MadeAt, s.ExpiresAt, s.LastUsed,
				s.RevokedAt)...))
		}
		return t.print(all, "TOKEN ID,NAME,ROLE,CREATED,EXPIRES,LAST USED,REVOKED", rows...)
	})
}

func moments(all ...time.Time) []string {
	var out []string
	for _, t := range all {
		if t.IsZero() {
			out = append(out, "-")
		} else {
			out = append(out, t.UTC().Format("2006-01-02 15:04Z"))
		}
	}
	return out
}

type tokenRevoke struct {
	database
	Token string `arg:"" help:"The id of a token or a session, or its text."`
	Group string `placeholder:"ID" help:"The practice group; not needed with a text."`
}

// Run revokes a token.
func (t tokenRevoke) Run(ctx context.Context) error {
	return t.as(ctx, func(o *operator.Operator) error {
		if err := o.RevokeToken(ctx, t.Group, t.Token); err != nil {
			return err
		}
		fmt.Println("The token has ended.")
		return nil
	})
}

type role struct {
	List roleList `cmd:"" help:"List the roles tokens and users can have, with what they let do."`
	Set  roleSet  `cmd:"" help:"Make or change a role of the practice group's own."`
}

type roleList struct {
	database
	output
	Group string `required:"" placeholder:"ID" help:"The practice group."`
}

// Run lists roles.
func (r roleList) Run(ctx context.Context) error {
	return r.as(ctx, func(o *operator.Operator) error {
		all, err := o.Roles(ctx, r.Group)
		if err != nil {
			return err
		}
		rows := make([][]string, len(all))
		for i, x := range all {
			rows[i] = []string{x.Name, strings.Trim(fmt.Sprint(x.Permissions), "[]")}
		}
		return r.print(all, "ROLE,PERMISSIONS", rows...)
	})
}

type roleSet struct {
	database
	output
	Group string   `required:"" placeholder:"ID" help:"The practice group."`
	Name  string   `arg:"" help:"The role's name."`
	May   []string `placeholder:"NAME" help:"${may_help}"`
}

// Run sets a role.
func (r roleSet) Run(ctx context.Context) error {
	return r.as(ctx, func(o *operator.Operator) error {
		set, err := o.SetRole(ctx, r.Group, r.Name, r.May)
		if err != nil {
			return err
		}
		return r.print(set, "ROLE,PERMISSIONS", []string{set.Name, strings.Trim(fmt.Sprint(set.Permissions), "[]")})
	})
}

type user struct {
	Create   userCreate   `cmd:"" help:"Add a member of staff, who is sent an invitation to choose a password."`
	List     userList     `cmd:"" help:"List a practice group's staff."`
	Invite   userInvite   `cmd:"" help:"Send a member of staff another invitation; the one before ends."`
	Password userPassword `cmd:"" help:"Set the password a member of staff signs in with, from standard input."`
}

type userCreate struct {
	database
	output
	Group     string `required:"" placeholder:"ID" help:"The practice group."`
	Email     string `required:"" placeholder:"ADDRESS" help:"The address they sign in with."`
	Role      string `required:"" placeholder:"ROLE" help:"What they may do; see frontdesk role list."`
	FirstName string `required:"" placeholder:"NAME" help:"Their given names."`
	LastName  string `required:"" placeholder:"NAME" help:"Their surname."`
	Title     string `placeholder:"TITLE" help:"Their form of address."`
	Clinician bool   `help:"Patients can be booked with them."`
}

// Run adds a member of staff.
func (u userCreate) Run(ctx context.Context) error {
	return u.as(ctx, func(o *operator.Operator) error {
		made, err := o.CreateUser(ctx, operator.NewUser{
			Group: u.Group, Title: u.Title, FirstName: u.FirstName, LastName: u.LastName, Email: u.Email, Role: u.Role,
			Clinician: u.Clinician,
		})
		if err != nil {
			return err
		}
		if err := u.print(made, "USER ID,NAME,E-MAIL,ROLE", []string{made.ID.String(), made.Name(), made.Email,
			made.Role}); err != nil {
			return err
		}
		if why := o.Invitable(ctx, u.Group); why != nil {
			fmt.Fprintf(os.Stderr, "The user is added, and is to be sent an invitation to choose a password. %s\n",
				operator.Explain(why))
		}
		return nil
	})
}

type userList struct {
	database
	output
	Group string `required:"" placeholder:"ID" help:"The practice group."`
}

// Run lists staff.
func (u userList) Run(ctx context.Context) error {
	return u.as(ctx, func(o *operator.Operator) error {
		all, err := o.Users(ctx, u.Group)
		if err != nil {
			return err
		}
		rows := make([][]string, len(all))
		for i, x := range all {
			rows[i] = []string{x.ID.String(), x.Name(), x.Email, x.Role, fmt.Sprint(x.Clinician)}
		}
		return u.print(all, "USER ID,NAME,E-MAIL,ROLE,CLINICIAN", rows...)
	})
}

type userInvite struct {
	database
	output
	Group string        `required:"" placeholder:"ID" help:"The practice group."`
	Email string        `required:"" placeholder:"ADDRESS" help:"The address they sign in with."`
	Wait  time.Duration `default:"15s" help:"How long to wait for a server to send it. Default: ${default}"`
}

// Run sends an invitation.
func (u userInvite) Run(ctx context.Context) error {
	return u.as(ctx, func(o *operator.Operator) error {
		i, err := o.Invite(ctx, u.Group, u.Email, u.Wait)
		if err != nil {
			return err
		}
		if err := u.print(i, "USER ID,INVITATION,EXPIRES", append([]string{i.User.String(), string(i.State)},
			moments(i.ExpiresAt)...)); err != nil {
			return err
		}
		if err := i.Err(); err != nil || i.Sent() {
			return err
		}
		fmt.Fprintln(os.Stderr, "It has not been sent yet: a server that is running sends it as soon as it can.")
		return nil
	})
}

type userPassword struct {
	database
	Group string `required:"" placeholder:"ID" help:"The practice group."`
	Email string `arg:"" help:"The address they sign in with."`
}

// Run sets a password.
func (u userPassword) Run(ctx context.Context) error {
	password, err := firstLine("-")
	if err != nil {
		return err
	}
	return u.as(ctx, func(o *operator.Operator) error {
		who, err := o.SetPassword(ctx, u.Group, u.Email, password)
		if err != nil {
			return err
		}
		fmt.Printf("The password of user %s is set.\n", who.ID)
		return nil
	})
}

type groupLimit struct {
	database
	output
	Group     string `required:"" placeholder:"ID" help:"The practice group."`
	PerMinute int    `default:"240" help:"Requests a minute for each token of the GraphQL API. Default: ${default}"`
	Status    int    `default:"200" help:"${limit_status_help} Default: ${default}"`
}

// Run sets how often tokens may be used.
func (g groupLimit) Run(ctx context.Context) error {
	return g.as(ctx, func(o *operator.Operator) error {
		set, err := o.SetTerms(ctx, g.Group, g.PerMinute, g.Status)
		if err != nil {
			return err
		}
		return g.print(set, "REQUESTS A MINUTE,STATUS", []string{fmt.Sprint(set.Limit), fmt.Sprint(set.Status)})
	})
}
