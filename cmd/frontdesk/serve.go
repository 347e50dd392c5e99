package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/alecthomas/kong"

	"frontdesk/app"
	"frontdesk/operator"
)

type serve struct {
	database
	logging
	sealing
	Listen        string        `default:"127.0.0.1:8080" placeholder:"ADDRESS" help:"Where to serve. Default: ${default}"`
	MetricsListen string        `placeholder:"ADDRESS" help:"Where to serve /metrics, instead of with everything else."`
	Sandbox       bool          `help:"Fill an empty database with an invented town and print a key."`
	PublicURL     string        `name:"public-url" placeholder:"URL" help:"${public_url_help}"`
	TrustedProxy  []string      `name:"trusted-proxy" placeholder:"CIDR,..." help:"${trusted_proxy_help}"`
	Credentials   string        `placeholder:"FILE" help:"${serve_credentials_help}"`
	Hold          time.Duration `default:"15m" help:"How long a reservation keeps its time. Default: ${default}"`
	SendTimeout   time.Duration `default:"30s" help:"How long a carrier may take for a message. Default: ${default}"`
	WebhookAllow  []string      `name:"webhook-allow" placeholder:"HOST,..." help:"${webhook_allow_help}"`
	GraphQL       graphQL       `embed:"" prefix:"graphql-"`
	Video         callSettings  `embed:""`
	RateLimit     int           `default:"600" help:"${rate_limit_help} Default: ${default}"`
}

// graphQL are the limits of the GraphQL API.
type graphQL struct {
	Cost       int `default:"${graphql_cost}" help:"${graphql_cost_help} Default: ${default}"`
	Depth      int `default:"${graphql_depth}" help:"How many fields deep a document may be. Default: ${default}"`
	Tokens     int `default:"${graphql_tokens}" help:"How many tokens a document may have. Default: ${default}"`
	Aliases    int `default:"${graphql_aliases}" help:"How many aliases a document may have. Default: ${default}"`
	SameField  int `default:"${graphql_same_field}" help:"${graphql_same_field_help} Default: ${default}"`
	Operations int `default:"${graphql_operations}" help:"How many operations a request may have. Default: ${default}"`
}

// defaults are what the flags say of themselves.
func (graphQL) defaults() kong.Vars {
	d := app.DefaultGraphQL()
	return kong.Vars{
		"graphql_cost": strconv.Itoa(d.Cost), "graphql_depth": strconv.Itoa(d.Depth),
		"graphql_tokens":  strconv.Itoa(d.Tokens),
		"graphql_aliases": strconv.Itoa(d.Aliases), "graphql_same_field": strconv.Itoa(d.SameField),
		"graphql_operations": strconv.Itoa(d.Operations),
	}
}

// Help is shown by frontdesk serve --help.
func (serve) Help() string {
	return `A new database is migrated at the start. Stop it with SIGTERM or Ctrl-C: it finishes the requests it has.

An invented town to try the API on:
  frontdesk serve --sandbox --credentials credentials.json

On SQLite one server uses the database at a time; a second one says which does, and stops.

Several servers on one PostgreSQL:
  frontdesk serve --db postgres://frontdesk@db/frontdesk --listen 0.0.0.0:8080`
}

// Validate refuses settings that contradict each other or cannot be.
func (s serve) Validate() error {
	public, err := url.Parse(s.PublicURL)
	switch {
	case s.PublicURL != "" && (err != nil || public.Host == "" || public.Scheme != "https" && public.Scheme != "http"):
		return fmt.Errorf("--public-url is an address such as https://desk.example.org")
	case s.Hold < time.Second || s.Hold > 24*time.Hour:
		return fmt.Errorf("--hold is from 1s to 24h")
	case s.SendTimeout < 100*time.Millisecond || s.SendTimeout > 2*time.Minute:
		return fmt.Errorf("--send-timeout is from 100ms to 2m")
	case s.RateLimit < 0:
		return fmt.Errorf("--rate-limit is 0 or more")
	case min(s.GraphQL.Cost, s.GraphQL.Depth, s.GraphQL.Tokens, s.GraphQL.Aliases, s.GraphQL.SameField,
		s.GraphQL.Operations) < 1:
		return fmt.Errorf("the limits of the GraphQL API, --graphql-…, are 1 or more")
	case s.Video.validate() != nil:
		return s.Video.validate()
	case s.Credentials != "" && !s.Sandbox:
		return fmt.Errorf("--credentials goes with --sandbox; make a real key with: frontdesk key create")
	}
	return nil
}

// Run serves until it is told to stop.
func (s serve) Run(ctx context.Context, unknown []stray) error {
	log := s.log()
	for _, v := range unknown {
		log.WarnContext(ctx, "a variable of the environment is no setting, and is not read", "variable", v.Name,
			"did_you_mean", v.Meant)
	}
	a, err := app.Open(ctx, app.Config{
		DB: s.DB, Listen: s.Listen, MetricsListen: s.MetricsListen, Sandbox: s.Sandbox, Credentials: s.Credentials,
		WebhookAllow: s.WebhookAllow,
		SendTimeout:  s.SendTimeout, SealKey: s.SealKey, PublicURL: s.PublicURL, TrustedProxies: s.TrustedProxy,
		Hold: s.Hold, RateLimit: s.RateLimit, Log: log,
		Out: os.Stdout, GraphQL: app.GraphQLLimits(s.GraphQL), Video: s.Video.settings(),
	})
	if err != nil {
		return err
	}
	return a.Run(ctx)
}

type migrate struct {
	database
	logging
}

// Run migrates.
func (m migrate) Run(ctx context.Context) error {
	version, err := operator.Migrate(ctx, m.DB, m.log())
	if err == nil {
		fmt.Printf("The database has schema version %d.\n", version)
	}
	return err
}
