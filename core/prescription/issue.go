package prescription

import (
	"context"
	"strconv"
	"strings"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/account"
	"frontdesk/core/clinical"
	"frontdesk/core/event"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/record"
)

// The states of a prescription that is issued here, and of what is ordered with it.
const (
	issued  = "issued"
	ordered = "ordered"
)

// code and term are how a prescription is entered into a record: SNOMED CT, 33633005.
const (
	code = "33633005"
	term = "Prescription of drug"
)

const (
	mostThings = 50   // of each kind on a prescription
	maxText    = 2000 // characters
)

// Request asks for a prescription.
type Request struct {
	// Patient is whose it is, or New a patient to find or register by the rule of patient.Service.Register.
	Patient    patient.ID
	New        *patient.Registration
	Prescriber account.StaffID
	Pharmacy   PharmacyID // where it goes; 0 is that this is not said
	At         time.Time  // when it was prescribed; the zero time is now
	Kind       string     // of the items
	Comments   string
	Drugs      []clinical.Drug
	Items      []clinical.Item
	// Write proposes an entry for the patient's record, which waits until a member of staff approves it.
	Write bool
}

// Issued is a prescription that was issued, and the entry that was proposed: zero where none was asked for.
type Issued struct {
	clinical.Prescription
	Entry record.Proposed
}

// check tidies what is asked for.
func (r *Request) check(now time.Time) error {
	if (r.Patient == 0) == (r.New == nil) {
		return ErrWho
	}
	if len(r.Drugs)+len(r.Items) == 0 {
		return ErrEmpty
	}
	var in input.Checks
	if max(len(r.Drugs), len(r.Items)) > mostThings {
		in.Wrong("drugs", input.CodeBig, "at most 50", "There are too many things on this prescription.")
		return in.Err()
	}
	if r.At.IsZero() {
		r.At = now
	}
	if r.At = r.At.UTC().Truncate(time.Microsecond); r.At.After(now) {
		in.Wrong("prescribed_at", input.CodeDate, "a time that is not ahead", "This time lies ahead.")
	}
	r.Kind = in.Text("type", r.Kind, 100)
	r.Comments = in.Lines("comments", r.Comments, maxText)
	for i := range r.Drugs {
		d, at := &r.Drugs[i], "drugs."+strconv.Itoa(i)
		d.Name = in.Required(at+".name", d.Name, 300)
		d.Code = in.Text(at+".code", d.Code, 40)
		d.Dosage = in.Text(at+".dosage", d.Dosage, 500)
		d.Quantity = in.Text(at+".quantity", d.Quantity, 100)
		d.Comments = in.Lines(at+".comments", d.Comments, maxText)
	}
	for i := range r.Items {
		at := "items." + strconv.Itoa(i)
		r.Items[i].Term = in.Required(at+".term", r.Items[i].Term, 300)
		r.Items[i].Comments = in.Lines(at+".comments", r.Items[i].Comments, maxText)
	}
	return in.Err()
}

// Issue issues a prescription, in one transaction with all that comes of it: the patient where one is registered, the
// event prescription.issued, and an entry that waits for approval. Errors: ErrWho, ErrEmpty, ErrNoPrescriber,
// ErrNoPharmacy, patient.ErrNotFound, patient.ErrDeceased, those of patient.Service.Register, field faults.
func (s *Service) Issue(ctx context.Context, r Request) (Issued, error) {
	who, err := access.Require(ctx, access.EditPrescriptions)
	if err != nil {
		return Issued{}, err
	}
	now := s.Now().Truncate(time.Microsecond)
	if err := r.check(now); err != nil {
		return Issued{}, err
	}
	var a patient.Admission
	if r.New != nil {
		if a, err = s.Register.Prepare(ctx, *r.New); err != nil {
			return Issued{}, err
		}
	}
	var out Issued
	contested := false
	err = s.Store.Do(ctx, func(tx Tx) error {
		of, unsure, err := s.whose(ctx, tx, who, r, a)
		if contested = unsure; err != nil || unsure {
			return err
		}
		out, err = s.issue(ctx, tx, who, r, of, now)
		return err
	})
	if err == nil && contested {
		err = patient.ErrDetailsDiffer
	}
	if err != nil {
		return Issued{}, err
	}
	return out, nil
}

// whose finds or registers the patient, and keeps them from being merged away.
func (s *Service) whose(ctx context.Context, tx Tx, who access.Caller, r Request, a patient.Admission) (
	of patient.ID, contested bool, err error) {
	if r.New != nil {
		p, contested, err := s.Register.Admit(ctx, s.Store.Patients(tx), a)
		if err != nil || contested {
			return 0, contested, err
		}
		r.Patient = p.ID
	}
	if of, err = tx.LockPatientAgainstMerge(ctx, who.Group, r.Patient); err != nil {
		return 0, false, patient.Misnamed(err, "patient_id") // `patient` is who is registered
	}
	p, err := tx.Patient(ctx, who.Group, of)
	if err == nil && p.Dead() {
		err = patient.ErrDeceased
	}
	return of, false, err
}

// issue keeps the prescription.
func (s *Service) issue(ctx context.Context, tx Tx, who access.Caller, r Request, of patient.ID, now time.Time,
) (Issued, error) {
	by, err := prescriber(ctx, tx, who.Group, r.Prescriber)
	if err != nil {
		return Issued{}, err
	}
	p := clinical.Prescription{
		ID: clinical.PrescriptionID(s.NewID()), Patient: of, Doctor: practice.PractitionerID(by.ID), At: r.At,
		Status: issued, Kind: r.Kind, Comments: r.Comments,
		Content: clinical.PrescriptionContent{Drugs: r.Drugs, Items: r.Items}, Version: 1, CreatedAt: now, UpdatedAt: now,
	}
	if r.Pharmacy != 0 {
		at, err := tx.Pharmacy(ctx, who.Group, r.Pharmacy)
		if err == nil && at.Prescriber != by.ID {
			err = ErrNoPharmacy
		}
		if err != nil {
			return Issued{}, err
		}
		p.Content.Orders = []clinical.Order{{Status: ordered, Provider: at.Name, Pharmacy: int64(at.ID)}}
	}
	if err := tx.SavePrescription(ctx, who.Group, p); err != nil {
		return Issued{}, err
	}
	out := Issued{Prescription: p}
	if r.Write {
		if out.Entry, err = s.propose(ctx, tx, who, p, now); err != nil {
			return Issued{}, err
		}
	}
	if err := tx.Record(ctx, happened(who, p, now)); err != nil {
		return Issued{}, err
	}
	return out, tx.Audit(ctx, who.Audit(now, "prescription.issue", "prescription", int64(p.ID), nil, p))
}

// happened is the event of a prescription that was issued.
func happened(who access.Caller, p clinical.Prescription, now time.Time) event.Event {
	ids := event.IDs{"prescription": int64(p.ID), "practitioner": int64(p.Doctor)}
	facts := []event.Fact{patient.Fact(event.PrescriptionCreated, p.Patient, ids)}
	if len(p.Content.Orders) > 0 {
		facts = append(facts, patient.Fact(event.PrescriptionOrdered, p.Patient, ids))
	}
	e := event.Of(int64(who.Group), now, append(facts, event.Fact{Type: event.PrescriptionIssued,
		IDs: event.IDs{"prescription": int64(p.ID), "patient": int64(p.Patient)}})...)
	e.Subject, e.Sequence = int64(p.ID), 1
	return e
}

// propose proposes an entry for the patient's record.
func (s *Service) propose(ctx context.Context, tx Tx, who access.Caller, p clinical.Prescription, now time.Time,
) (record.Proposed, error) {
	entry, err := s.Records.Propose(ctx, s.Store.Entries(tx), who, record.Proposal{
		Patient: p.Patient, Code: code, Term: term, Content: text(p),
	})
	if err != nil {
		return entry, err
	}
	return entry, tx.Audit(ctx, who.Audit(now, "record.propose", "record_entry", entry.ID, nil, entry.Status))
}

// text is a prescription as it is read in a record.
func text(p clinical.Prescription) string {
	lines := []string{"Prescription " + strconv.FormatInt(int64(p.ID), 10)}
	add := func(parts ...string) {
		var said []string
		for _, part := range parts {
			if part != "" {
				said = append(said, part)
			}
		}
		lines = append(lines, strings.Join(said, ", "))
	}
	for _, d := range p.Content.Drugs {
		add(d.Name, d.Dosage, d.Quantity, d.Comments)
	}
	for _, i := range p.Content.Items {
		add(i.Term, i.Comments)
	}
	for _, o := range p.Content.Orders {
		add("Sent to " + o.Provider)
	}
	if p.Comments != "" {
		add(p.Comments)
	}
	return strings.Join(lines, "\n")
}
