package app

import (
	"context"
	"io/fs"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/trace"

	"frontdesk/api"
	"frontdesk/core/fault"
	"frontdesk/docs"
	"frontdesk/files"
	"frontdesk/graph"
	"frontdesk/pages"
	"frontdesk/pages/inbox"
	"frontdesk/rest"
	"frontdesk/web"
)

var errStopping = fault.New(fault.Unavailable, "stopping", "This server is stopping.")

// handler is every address the program answers.
func (a *App) handler() (http.Handler, error) {
	door, err := rest.New(a.core)
	if err != nil {
		return nil, err
	}
	guides, err := web.Docs(fs.FS(docs.Files), api.OpenAPI, api.Events)
	if err != nil {
		return nil, err
	}
	proxies, err := web.NewProxies(a.config.TrustedProxies)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	a.route(named(mux), guides)
	shown := a.routePages(named(mux))
	mux.Handle("/", door)
	// What people look at says in a page that its address is broken.
	broken := func(w http.ResponseWriter, r *http.Request, err error) {
		if _, pattern := mux.Handler(r); shown[pattern] {
			pages.Fail(w, r, err)
			return
		}
		failed := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { web.Fail(w, r, err) })
		rest.Outcomes(failed, a.core.Record.Pages).ServeHTTP(w, r)
	}
	return traced(web.Observe(web.WholeQuery(mux, broken), proxies, a.config.Log, web.Fail, a.done)), nil
}

// adder has a handler answer a pattern, as an operation with a name.
type adder func(pattern, operation string, h http.Handler)

func named(mux *http.ServeMux) adder {
	return func(pattern, operation string, h http.Handler) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			web.Of(r.Context()).Operation = operation
			h.ServeHTTP(w, r)
		})
	}
}

// route adds what programs call, but for the REST API.
func (a *App) route(add adder, guides http.Handler) {
	add("GET /healthz", web.Health, http.HandlerFunc(a.health))
	add("GET /readyz", web.Health, http.HandlerFunc(a.ready))
	if a.config.MetricsListen == "" {
		add("GET /metrics", web.Health, a.metrics.handler())
	}
	add("GET /docs", "docs", guides)
	add("GET /docs/", "docs", guides)
	add("GET /openapi.yaml", "openapi", guides)
	add("GET /openapi.json", "openapi", guides)
	add("GET /events/", "openapi", guides)
	documents := files.New(a.core)
	add("GET /files/{address}", "file", documents)
	add("PUT /files/{address}", "file", documents)
	if a.config.Sandbox {
		add("GET /sandbox/inbox", "inbox", inbox.New(a.sims.Received, a.clock))
		clock := inbox.MoveClock(a.clock)
		add("GET /sandbox/clock", "clock", clock)
		add("POST /sandbox/clock", "clock", clock)
	}
	add("POST /callbacks/{carrier}/{group}", "callback", a.carriers.Listen(a.core.Reply.Receive))
	add("POST /callbacks/stripe/{group}", "callback", a.payments.Listen(a.core.Payment.Hear))
	add("GET /{$}", "home", http.RedirectHandler("/docs", http.StatusSeeOther))
	add("/graphql", "graphql", graph.New(a.core, a.config.GraphQL))
}

// routePages adds the pages that people look at, and gives their patterns.
func (a *App) routePages(add adder) map[string]bool {
	patients, shown := pages.New(a.core), map[string]bool{}
	for pattern, operation := range map[string]string{
		"GET /pages/":               "page",
		"GET /verify/{link}":        "verify",
		"/m/{link}":                 "message",
		"/s/{link}":                 "link",
		"/s/{link}/file":            "link_file",
		"/s/{link}/form":            "form",
		"/s/{link}/upload":          "form_upload",
		"/s/{link}/intake":          "form_intake",
		"/s/{link}/remove":          "form_remove",
		"GET /s/{link}/answers":     "form_answers",
		"/s/{link}/send":            "form_send",
		"GET /s/{link}/sent":        "form_sent",
		"GET /s/{link}/when":        "times",
		"/s/{link}/hold":            "hold",
		"GET /s/{link}/check":       "check",
		"/s/{link}/book":            "book",
		"GET /s/{link}/appointment": "appointment",
		"GET /s/{link}/calendar":    "calendar",
		"/s/{link}/cancel":          "cancel",
		"/s/{link}/move":            "move",
		"/nhs-login/start":          "nhs_login",
		"GET /nhs-login/callback":   "nhs_login",
		"/s/{link}/take":            "offer_take",
		"/s/{link}/decline":         "offer_decline",
		"/s/{link}/wait":            "wait",
		"/s/{link}/leave":           "leave",
		"/record/confirm/{link}":    "confirm",
		"/unsubscribe/{link}":       "unsubscribe",
		"/invite/{link}":            "invite",
		"GET /video/{link}":         "video",
		"GET /video/{link}/":        "video",
		"/s/":                       "no_page",
		"/m/":                       "no_page",
		"/video/":                   "no_page",
		// It lasts as long as a consultation, and is counted by itself.
		"GET /video/{link}/socket": "video_socket",
	} {
		add(pattern, operation, patients)
		shown[pattern] = true
	}
	return shown
}

// done counts a request, and names its trace now that its operation is known.
func (a *App) done(ctx context.Context, about *web.Request, method string, status int, took time.Duration) {
	a.metrics.request(about.Operation, method, status, took)
	if span := trace.SpanFromContext(ctx); span.IsRecording() {
		span.SetName(method + " " + about.Operation)
	}
}

// health says that the program runs.
func (a *App) health(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Write([]byte(`{"status":"ok"}` + "\n"))
}

// ready says whether it should be sent requests.
func (a *App) ready(w http.ResponseWriter, r *http.Request) {
	if a.draining.Load() {
		web.Fail(w, r, errStopping)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if err := a.db.Ping(ctx); err != nil {
		web.Fail(w, r, err)
		return
	}
	a.health(w, r)
}

// GraphQLLimits are the limits of the GraphQL API.
type GraphQLLimits = graph.Limits

// DefaultGraphQL are its limits where nothing else is said.
func DefaultGraphQL() GraphQLLimits { return graph.DefaultLimits }
