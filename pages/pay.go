package pages

import (
	"errors"
	"net/http"

	"frontdesk/core/booking"
)

// unpaid shows where to pay for a time that has to be paid first, where that is what went wrong.
func (d *door) unpaid(w http.ResponseWriter, r *http.Request, err error) bool {
	var unpaid *booking.Unpaid
	if !errors.As(err, &unpaid) {
		return false
	}
	show(w, r, http.StatusOK, payPage(booker{d.whose(r), "/s/" + r.PathValue("link"), nil}, unpaid.URL))
	return true
}
