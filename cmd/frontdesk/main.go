// Command frontdesk is the front desk of a practice, as an API.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"frontdesk/app"
	"frontdesk/operator"
)

// commands is everything the program can be told; its fields are the flags,
// the environment variables and the help.
type commands struct {
	Serve     serve      `cmd:"" help:"Serve the API, the documentation and the jobs."`
	Migrate   migrate    `cmd:"" help:"Bring a database up to this version's schema, and stop. Serving does it too."`
	Group     group      `cmd:"" help:"Make and list practice groups."`
	Key       key        `cmd:"" help:"Make, list and revoke API keys."`
	Token     token      `cmd:"" help:"Make, list and revoke tokens of the GraphQL API."`
	Role      role       `cmd:"" help:"What tokens and users may do."`
	User      user       `cmd:"" help:"Add and list staff, and set their passwords."`
	Audit     auditing   `cmd:"" help:"See who did what in a practice group."`
	Network   network    `cmd:"" help:"Let practice groups read and book for one another."`
	Connector connectors `cmd:"" help:"Connect a practice group to outside systems."`
	Statement statement  `cmd:"" help:"Make account statements."`
	Form      forms      `cmd:"" help:"Forms that patients fill in by a link."`
	Notice    notices    `cmd:"" help:"Messages to patients around their appointments."`
	Sending   sending    `cmd:"" help:"See whether messages go out, stop them all, let them go on."`
	Listen    listen     `cmd:"" help:"${listen_help}"`
	Trigger   trigger    `cmd:"" help:"Have an event happen in a sandbox, with invented data."`
	Webhook   webhooks   `cmd:"" help:"Deliver events to a webhook again."`
	Seal      sealKey    `cmd:"" help:"The key that secrets in the database are sealed with."`
	Doctor    doctor     `cmd:"" help:"Check an installation and say what is wrong with it."`
	Version   version    `cmd:"" help:"Print the version."`
}

const description = `Frontdesk is the front desk of an NHS practice, as an API: free slots, bookings and patients.

Try it, with an invented town and nothing to install:
  frontdesk serve --sandbox --credentials credentials.json

Run a practice of your own:
  frontdesk group create "Mill Lane Surgery"
  frontdesk key create --group ID --partner "Our website" --scope booking --permission setup
  frontdesk serve

Every flag of serve can be set in the environment, --public-url as FRONTDESK_PUBLIC_URL, and for every command
FRONTDESK_DB, FRONTDESK_SEAL_KEY, FRONTDESK_GROUP and FRONTDESK_JSON. A variable is for the flags whose help names it.

Exit codes: 0 done, 1 failed, 2 usage error, 3 not found,
4 the database does not answer or is of another version.`

func main() {
	var c commands
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	parser, err := kong.New(&c,
		kong.Name("frontdesk"), kong.Description(description), kong.Vars{"systems": systems()},
		kong.PostBuild(keepToSettings), kong.DefaultEnvars("FRONTDESK"), kong.UsageOnError(),
		graphQL{}.defaults(), long,
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: false}),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Exit(func(code int) { os.Exit(min(code, operator.ExitUsage)) }))
	if err != nil {
		panic(err) // the flags above contradict one another
	}
	parsed, err := parser.Parse(os.Args[1:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "frontdesk: %v\nRun frontdesk --help to see what it takes.\n", err)
		os.Exit(operator.ExitUsage)
	}
	if err := parsed.Run(strays(parser.Model.Node, os.Environ())); err != nil {
		fmt.Fprintln(os.Stderr, "frontdesk:", operator.Explain(err))
		os.Exit(operator.ExitCode(err))
	}
}

// systems names the outside systems there are.
func systems() string {
	var names []string
	for _, s := range app.Systems() {
		names = append(names, s.Name)
	}
	return strings.Join(names, ", ")
}

// database is the flag every command that needs one has.
type database struct {
	DB string `name:"db" default:"sqlite:frontdesk.db" placeholder:"ADDRESS" help:"${db_help} Default: ${default}"`
}

// sealing is the flag of commands that read or keep secrets of other systems.
type sealing struct {
	SealKey string `placeholder:"FILE" help:"${seal_key_help}"`
}

// output is the flag of commands that print something.
type output struct {
	JSON bool `name:"json" help:"Print JSON, for programs."`
}

type logging struct {
	LogLevel slog.Level `default:"info" help:"How much to log: debug, info, warn or error."`
}

func (l logging) log() *slog.Logger { return app.NewLog(os.Stderr, l.LogLevel) }
