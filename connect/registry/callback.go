package registry

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"

	"frontdesk/core/carrier"
	"frontdesk/core/connector"
	"frontdesk/core/practice"
	"frontdesk/web"
)

// Callback is where a carrier's provider calls us back.
func (c *Carriers) Callback(group practice.ID, name connector.Name) string {
	return c.Public() + "/callbacks/" + string(name) + "/" + strconv.FormatInt(int64(group), 36)
}

// maxCallback is the longest call of a provider that is read, in bytes.
const maxCallback = 1 << 20

// Listen serves the calls of providers.
func (c *Carriers) Listen(hear func(context.Context, practice.ID, string, carrier.Told) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		told, err := c.heard(w, r, hear)
		if err != nil {
			web.Fail(w, r, err)
			return
		}
		if told.Type != "" {
			w.Header().Set("Content-Type", told.Type)
		}
		w.WriteHeader(cmp.Or(told.Status, http.StatusOK))
		w.Write([]byte(told.Body)) // a provider who has gone away calls again
	})
}

func (c *Carriers) heard(w http.ResponseWriter, r *http.Request, hear func(context.Context, practice.ID, string, carrier.Told) error) (carrier.Told, error) {
	id, err := strconv.ParseInt(r.PathValue("group"), 36, 64)
	if err != nil || id <= 0 {
		return carrier.Told{}, web.ErrNoPath
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxCallback))
	if err != nil {
		return carrier.Told{}, err
	}
	group, name := practice.ID(id), r.PathValue("carrier")
	by, err := c.named(r.Context(), group, connector.Name(name))
	if errors.Is(err, connector.ErrNotFound) || errors.Is(err, practice.ErrGroupNotFound) {
		err = web.ErrNoPath
	}
	if err != nil {
		return carrier.Told{}, err
	}
	listener, ok := by.(carrier.Listener)
	if !ok {
		return carrier.Told{}, web.ErrNoPath
	}
	told, err := listener.Listen(r, body)
	if err != nil && told.Status != 0 {
		return carrier.Told{Status: told.Status}, nil // as the provider wants to be told
	}
	if err != nil {
		return told, err
	}
	return told, hear(r.Context(), group, by.Name(), told)
}
