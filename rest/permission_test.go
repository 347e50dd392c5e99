package rest

import (
	"context"
	"testing"

	"frontdesk/core/access"
	"frontdesk/core/fault"
)

func TestRefusalNamesTheMissingScopes(t *testing.T) {
	for _, c := range []struct {
		need          access.Permission
		home          access.GroupID
		code, message string
	}{
		{access.SeePatients, 1, "missing_scope",
			"This key lacks the scope booking or messaging or tasks or forms or prescriptions or invoicing or records."},
		{access.EditBookings, 1, "missing_scope", "This key lacks the scope booking."},
		{access.SettingsGeneral, 1, "missing_permission", "This key lacks the permission setup."},
		{access.SeeInvoices, 1, "missing_scope", "This key lacks the scope invoicing."},
		{access.SeeLabels, 1, "missing_permission", "This key lacks the permission seeLabels."},
		{access.SettingsGeneral, 2, "missing_permission",
			"In another practice group of the network a key may read and book, and change nothing else."},
	} {
		ctx := access.With(context.Background(), access.Caller{Group: 1, Home: c.home})
		_, err := access.Require(ctx, c.need)
		f := spelt(fault.Of(err))
		if f.Code != c.code || f.Message != c.message || len(f.Fields) != 1 || f.Fields[0].Path[0] != "x-api-key" {
			t.Errorf("%s: got %+v", c.need, f)
		}
	}
}
