package pages

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"frontdesk/core/account"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/practice"
	"frontdesk/web"
)

// maxPasswords is how long a form with two passwords may be, in bytes: each of
// four bytes a character, and each of those as three.
const maxPasswords = 2*account.MaxPassword*4*3 + 1<<10

// choice is a password as it was chosen. What was typed is never shown again.
type choice struct {
	// First and Second are what is wrong with either.
	First, Second string
}

// wrong is what to begin with, and where.
func (c choice) wrong() (message, href string) {
	if c.First != "" {
		return c.First, "#password"
	}
	return c.Second, "#again"
}

func (c choice) title(ctx context.Context) string {
	message, _ := c.wrong()
	return titled(ctx, "Choose a password", message)
}

var passwordHint = fmt.Sprintf("Use at least %d characters. Three words that have nothing to do with each other are "+
	"hard to guess and easy to remember.", account.MinPassword)

// describedBy names what a box is described by.
func describedBy(name, hint, amiss string) string {
	var all []string
	if hint != "" {
		all = append(all, name+"-hint")
	}
	if amiss != "" {
		all = append(all, name+"-error")
	}
	return strings.Join(all, " ")
}

// askPassword asks an invited member of staff for a password.
func (d *door) askPassword(w http.ResponseWriter, r *http.Request) {
	group, err := d.core.Account.Invited(r.Context(), r.PathValue("link"))
	if err != nil {
		d.fail(w, r, err)
		return
	}
	d.invitation(w, r, http.StatusOK, group, choice{})
}

func (d *door) invitation(w http.ResponseWriter, r *http.Request, status int, group practice.ID, c choice) {
	g, err := d.core.Practice.Face(r.Context(), group)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	show(w, r, status, passwordPage(faceOf(g), c))
}

// choosePassword sets it.
func (d *door) choosePassword(w http.ResponseWriter, r *http.Request) {
	ctx, link := r.Context(), r.PathValue("link")
	if err := form(w, r, maxPasswords); err != nil {
		d.fail(w, r, err)
		return
	}
	password := r.PostForm.Get("password")
	if password == "" || password != r.PostForm.Get("again") {
		group, err := d.core.Account.Invited(ctx, link)
		if err != nil {
			d.fail(w, r, err)
			return
		}
		c := choice{Second: "The two passwords are not the same. Type both again"}
		if password == "" {
			c = choice{First: "Enter a password"}
		}
		d.invitation(w, r, http.StatusBadRequest, group, c)
		return
	}
	group, err := d.core.Account.Accept(ctx, link, password)
	if f := web.Fault(err); f.Kind == fault.Invalid {
		d.invitation(w, r, http.StatusBadRequest, group, unfit(f))
		return
	}
	if err != nil {
		d.fail(w, r, err)
		return
	}
	g, err := d.core.Practice.Face(ctx, group)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	show(w, r, http.StatusOK, joinedPage(faceOf(g)))
}

// unfit says what core found wrong with a password.
func unfit(f *fault.Error) choice {
	for _, field := range f.Fields {
		if field.Code == input.CodeBig {
			return choice{First: fmt.Sprintf("Your password must have %d characters or fewer", account.MaxPassword)}
		}
	}
	return choice{First: fmt.Sprintf("Your password must have %d characters or more", account.MinPassword)}
}
