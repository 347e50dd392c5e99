package pages

import (
	"net/http"

	"frontdesk/pages/words"
)

// verification is what the page of an identity check shows.
type verification struct {
	face
	Reference, Until string
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
		verify(verification{faceOf(g), check.Reference(), words.Day(r.Context(), check.ExpiresAt.In(g.Zone()))}))
}
