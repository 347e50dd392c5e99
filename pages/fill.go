package pages

import (
	"context"
	"io"
	"net/http"

	"github.com/a-h/templ"

	"frontdesk/core/practice"
	"frontdesk/pages/fill"
	"frontdesk/pages/prose"
)

// filling is the pages of forms, in the layout of these.
func (d *door) filling() *fill.Site {
	return &fill.Site{
		Core: d.core, Read: form, Fail: d.fail, Proof: proofOf, Prose: prose.Text, Month: monthOf,
		Show: func(
			w http.ResponseWriter, r *http.Request, status int, title string, g practice.Group, body templ.Component,
		) {
			show(w, r, status, templ.ComponentFunc(func(ctx context.Context, out io.Writer) error {
				return layout(title, g.Name).Render(templ.WithChildren(ctx, body), out)
			}))
		},
		Shut: func(w http.ResponseWriter, r *http.Request, err error) {
			p, _ := d.core.Link.Look(r.Context(), r.PathValue("link"))
			d.linkShut(w, r, p, err)
		},
		Reach: func(g practice.Group) templ.Component { return reach(faceOf(g)) },
	}
}
