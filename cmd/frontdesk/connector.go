package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"frontdesk/app"
	"frontdesk/operator"
)

type connectors struct {
	Set    connectorSet    `cmd:"" help:"Connect a practice group to a system, or change how."`
	List   connectorList   `cmd:"" help:"List a practice group's connectors, without their secrets."`
	Remove connectorRemove `cmd:"" help:"Disconnect a practice group from a system and forget its secrets."`
}

type connectorSet struct {
	database
	sealing
	output
	Name       string            `arg:"" help:"The system: ${systems}."`
	Group      string            `required:"" placeholder:"ID" help:"The practice group."`
	Set        map[string]string `placeholder:"NAME=VALUE" help:"A setting; an empty value removes it. May be repeated."`
	SecretFile map[string]string `placeholder:"NAME=FILE" help:"A secret, read from a file. May be repeated."`
}

// Help is shown by frontdesk connector set --help.
func (connectorSet) Help() string {
	text := `A setting that is not named stays as it is. Secrets are read from files, and kept sealed.

The NHS Personal Demographics Service, with keys registered at NHS England:
  frontdesk connector set pds --group ID \
    --set base_url=https://api.service.nhs.uk/personal-demographics/FHIR/R4 \
    --set token_url=https://api.service.nhs.uk/oauth2/token \
    --set api_key=KEY --set key_id=KID --secret-file private_key=private.pem

NHS login, with the client id and the key registered there:
  frontdesk connector set nhs_login --group ID --set client_id=ID --secret-file private_key=private.pem

A mail server:
  frontdesk connector set smtp --group ID --set host=mail.example.org --set from=desk@example.org \
    --set username=desk --secret-file password=password.txt

Stripe, with a restricted key and the secret its calls are signed with:
  frontdesk connector set stripe --group ID --secret-file api_key=key.txt --secret-file webhook_secret=secret.txt

The systems:
`
	for _, s := range app.Systems() {
		text += fmt.Sprintf("\n  %s: %s\n    --set %s\n", s.Name, s.About, strings.Join(s.Settings, ", "))
		if len(s.Secrets) > 0 {
			text += fmt.Sprintf("    --secret-file %s\n", strings.Join(s.Secrets, ", "))
		}
	}
	return text + "\nWhat each setting means is in the documentation: docs/carriers.md, docs/pds.md, " +
		"docs/nhs-login.md and docs/payments.md, served at /docs."
}

// Run sets a connector up.
func (c connectorSet) Run(ctx context.Context) error {
	secrets := map[string]string{}
	for name, file := range c.SecretFile {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		secrets[name] = string(text)
	}
	return open(ctx, app.Opening{DB: c.DB, SealKey: c.SealKey, Seals: true}, func(o *operator.Operator) error {
		made, err := o.SetConnector(ctx, c.Group, c.Name, c.Set, secrets)
		if err != nil {
			return err
		}
		return c.print(made, "CONNECTOR,SETTINGS", []string{string(made.Name), shown(made.Settings)})
	})
}

func shown(of map[string]string) string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(of)) {
		out = append(out, name+"="+of[name])
	}
	return strings.Join(out, " ")
}

type connectorList struct {
	database
	output
	Group string `required:"" placeholder:"ID" help:"The practice group."`
}

// Run lists connectors.
func (c connectorList) Run(ctx context.Context) error {
	return c.as(ctx, func(o *operator.Operator) error {
		all, err := o.Connectors(ctx, c.Group)
		if err != nil {
			return err
		}
		rows := make([][]string, len(all))
		for i, k := range all {
			rows[i] = []string{string(k.Name), shown(k.Settings)}
		}
		return c.print(all, "CONNECTOR,SETTINGS", rows...)
	})
}

type connectorRemove struct {
	database
	Name  string `arg:"" help:"The system."`
	Group string `required:"" placeholder:"ID" help:"The practice group."`
}

// Run removes a connector.
func (c connectorRemove) Run(ctx context.Context) error {
	return c.as(ctx, func(o *operator.Operator) error {
		if err := o.RemoveConnector(ctx, c.Group, c.Name); err != nil {
			return err
		}
		fmt.Printf("The practice group no longer uses %s.\n", c.Name)
		return nil
	})
}
