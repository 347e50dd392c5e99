package app

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"frontdesk/core/courier"
	"frontdesk/core/fault"
	"frontdesk/store"
)

// metrics are the figures at /metrics. Their labels are names from the
// contract, never anything a caller sent.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
	jobs     *prometheus.HistogramVec
	attempts *prometheus.HistogramVec
	reports  *prometheus.CounterVec
}

func newMetrics(db *store.DB) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "frontdesk_http_request_seconds", Help: "Time to answer a request.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"operation", "method", "status"}),
		jobs: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "frontdesk_job_seconds", Help: "Time to run a job.", Buckets: prometheus.ExponentialBuckets(.001, 4,
				9),
		}, []string{"kind", "result"}),
		attempts: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "frontdesk_webhook_attempt_seconds", Help: "Time of an attempt at a delivery.",
			Buckets: prometheus.ExponentialBuckets(.001, 4, 8),
		}, []string{"result"}),
		reports: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "frontdesk_unread_reports_total", Help: "What came to the return path of a message and could not " +
				"be read: a bounce may be lost with it.",
		}, []string{"carrier", "reason"}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "frontdesk_build_info", Help: "Always 1.", ConstLabels: prometheus.Labels{"version": Version,
			"database": db.Engine()},
	})
	build.Set(1)
	m.registry.MustRegister(m.requests, m.jobs, m.attempts, m.reports, build, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if db.Postgres() != nil {
		for name, value := range map[string]func() float64{
			"frontdesk_database_connections":      func() float64 { return float64(db.Postgres().Stat().TotalConns()) },
			"frontdesk_database_connections_idle": func() float64 { return float64(db.Postgres().Stat().IdleConns()) },
		} {
			m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name,
				Help: "Connections to the database."}, value))
		}
	}
	return m
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// request counts a request.
func (m *metrics) request(operation, method string, status int, took time.Duration) {
	switch method {
	case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodHead,
		http.MethodOptions:
	default:
		method = "other" // a caller can invent methods without end
	}
	m.requests.WithLabelValues(operation, method, strconv.Itoa(status)).Observe(took.Seconds())
}

// job counts a job.
func (m *metrics) job(kind string, err error, took time.Duration) {
	result := "ok"
	if err != nil {
		result = string(fault.Of(err).Kind)
	}
	m.jobs.WithLabelValues(kind, result).Observe(took.Seconds())
}

// report counts what could not be read of what a carrier was told.
func (m *metrics) report(carrier, why string) { m.reports.WithLabelValues(carrier, why).Inc() }

// delivers counts what a courier does.
func (m *metrics) delivers(c *courier.Courier) {
	c.Observe = func(result string, took time.Duration) { m.attempts.WithLabelValues(result).Observe(took.Seconds()) }
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "frontdesk_webhook_lag_seconds", Help: "How long the delivery that is most overdue has been waiting " +
			"for an attempt.",
	}, func() float64 { return c.Lag().Seconds() }))
}
