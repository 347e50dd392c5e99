package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"frontdesk/operator"
)

type auditing struct {
	List   auditList   `cmd:"" help:"Show who changed what in a practice group, and who saw whom, the latest first."`
	Export auditExport `cmd:"" help:"Write entries as JSON lines or CSV, changes with what there was and is."`
	Reads  auditReads  `cmd:"" help:"Say when reads are written into the audit trail."`
}

// auditWanted says which entries are wanted.
type auditWanted struct {
	Group  string    `required:"" placeholder:"ID" help:"The practice group."`
	From   time.Time `format:"2006-01-02" placeholder:"YYYY-MM-DD" help:"The first day, in UTC. Default: the beginning."`
	Until  time.Time `format:"2006-01-02" placeholder:"YYYY-MM-DD" help:"The last day, in UTC. Default: today."`
	Who    string    `placeholder:"NAME" help:"Only what this partner, operator or system did, or the key with this id."`
	Action string    `placeholder:"NAME" help:"Only this: patient.update, or all done to patients: patient."`
	About  string    `placeholder:"KIND[:ID]" help:"Only about a kind of thing, or one thing: patient, patient:42."`
	Door   string    `placeholder:"NAME" help:"Only calls through rest, graphql, page or cli."`
	Failed bool      `help:"Only what did not succeed."`
}

func (a auditWanted) query() operator.AuditQuery {
	to := time.Now().UTC().AddDate(0, 0, 1)
	if !a.Until.IsZero() {
		to = a.Until.AddDate(0, 0, 1)
	}
	return operator.AuditQuery{
		Group: a.Group, From: a.From, To: to, Who: a.Who, Action: a.Action, About: a.About, Door: a.Door,
		Failed: a.Failed,
	}
}

type auditList struct {
	database
	output
	auditWanted
	Oldest bool `help:"Show the oldest first."`
	Limit  int  `default:"100" help:"How many to show; 0 is all. Default: ${default}"`
}

// Run shows the entries.
func (a auditList) Run(ctx context.Context) error {
	return a.as(ctx, func(o *operator.Operator) error {
		q := a.query()
		q.Oldest, q.Limit = a.Oldest, a.Limit
		all, err := o.ListAudit(ctx, q)
		if err != nil {
			return err
		}
		rows := make([][]string, len(all))
		for i, e := range all {
			about := e.Entity
			if e.EntityID != 0 {
				about += ":" + fmt.Sprint(e.EntityID)
			}
			rows[i] = []string{e.At.UTC().Format("2006-01-02 15:04:05Z"), e.Actor, e.Action, about, e.Outcome}
		}
		return a.print(all, "AT,WHO,WHAT,ABOUT,OUTCOME", rows...)
	})
}

type auditExport struct {
	database
	auditWanted
	Format string `default:"json" enum:"json,csv" help:"json, a line each, or csv. Default: ${default}"`
}

// Run writes the entries.
func (a auditExport) Run(ctx context.Context) error {
	return a.as(ctx, func(o *operator.Operator) error {
		out := bufio.NewWriter(os.Stdout)
		write := json.NewEncoder(out).Encode
		table := csv.NewWriter(out)
		if a.Format == "csv" {
			if err := table.Write(operator.AuditColumns); err != nil {
				return err
			}
			write = func(v any) error { return table.Write(v.(operator.AuditEntry).Row()) }
		}
		q := a.query()
		q.Oldest = true
		if err := o.Audit(ctx, q, func(e operator.AuditEntry) error { return write(e) }); err != nil {
			return err
		}
		table.Flush()
		if err := table.Error(); err != nil {
			return err
		}
		return out.Flush()
	})
}

type auditReads struct {
	database
	output
	Group string `required:"" placeholder:"ID" help:"The practice group."`
	When  string `arg:"" optional:"" enum:"grouped,before-answer," default:"" help:"${audit_when_help}"`
}

// Run sets or shows when reads are written.
func (a auditReads) Run(ctx context.Context) error {
	return a.as(ctx, func(o *operator.Operator) error {
		when, err := o.AuditReads(ctx, a.Group, a.When)
		if err != nil {
			return err
		}
		return a.print(map[string]string{"reads": when}, "READS", []string{when})
	})
}
