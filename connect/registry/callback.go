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
func (c *Carriers) Listen(receive func(context.Context, practice.ID, string, carrier.Report) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		report, err := c.read(w, r, receive)
		if err != nil {
			web.Fail(w, r, err)
			return
		}
		if report.Type != "" {
			w.Header().Set("Content-Type", report.Type)
		}
		w.WriteHeader(cmp.Or(report.Status, http.StatusOK))
		w.Write([]byte(report.Body)) // a provider who has gone away calls again
	})
}

func (c *Carriers) read(w http.ResponseWriter, r *http.Request, receive func(context.Context, practice.ID, string,
	carrier.Report) error) (carrier.Report, error) {
	id, err := strconv.ParseInt(r.PathValue("group"), 36, 64)
	if err != nil || id <= 0 {
		return carrier.Report{}, web.ErrNoPath
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxCallback))
	if err != nil {
		return carrier.Report{}, err
	}
	group, name := practice.ID(id), r.PathValue("carrier")
	by, err := c.named(r.Context(), group, connector.Name(name))
	if errors.Is(err, connector.ErrNotFound) || errors.Is(err, practice.ErrGroupNotFound) {
		err = web.ErrNoPath
	}
	if err != nil {
		return carrier.Report{}, err
	}
	listener, ok := by.(carrier.Listener)
	if !ok {
		return carrier.Report{}, web.ErrNoPath
	}
	report, err := listener.ReadCallback(r.Context(), carrier.Callback{Header: r.Header, Query: r.URL.RawQuery,
		Body: body})
	if err != nil && report.Status != 0 {
		return carrier.Report{Status: report.Status}, nil // as the provider wants to be told
	}
	if err != nil {
		return report, err
	}
	return report, receive(r.Context(), group, by.Name(), report)
}
