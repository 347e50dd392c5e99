package pages

import (
	"net/http"

	"frontdesk/core/input"
)

// verification is what the page of an identity check shows.
type verification struct {
	Practice, Phone, Dial, Reference, Until string
}

// verify tells a patient who could not be identified what to do.
func (d *door) verify(w http.ResponseWriter, r *http.Request) {
	check, group, err := d.core.Demographics.IdentityCheck(r.Context(), r.PathValue("link"))
	if err != nil {
		d.fail(w, r, err)
		return
	}
	g, err := d.core.Practice.Face(r.Context(), group)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	show(w, r, http.StatusOK,
		verify(verification{g.Name, input.ShowTelephone(g.Phone), g.Phone, check.Reference(),
			day(check.ExpiresAt, g.Zone())}))
}
