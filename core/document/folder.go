package document

import (
	"context"
	"strings"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/read"
)

// FolderID names a folder within a practice group.
type FolderID int64

// Folder is where documents are, of one patient or of those others are made from.
type Folder struct {
	ID      FolderID   `json:"id"`
	Patient patient.ID `json:"patient_id,omitempty"`
	// Parent is the folder it is in; 0 is none.
	Parent FolderID `json:"parent_id,omitempty"`
	Name   string   `json:"name"`
	// Path is its name after those of the folders it is in, as in /Letters/2026.
	Path      string    `json:"path"`
	CreatedAt time.Time `json:"created_at"`
}

// AuditSubject says what it is in the audit trail.
func (f Folder) AuditSubject() audit.Subject {
	return audit.Subject{Kind: "folder", ID: int64(f.ID), Patient: int64(f.Patient)}
}

// folderOf finds a folder of a patient, or the lack of one.
func folderOf(ctx context.Context, r Reader, group practice.ID, id FolderID, of patient.ID) (Folder, error) {
	if id == 0 {
		return Folder{}, nil
	}
	found, err := r.FoldersByID(ctx, group, []FolderID{id})
	if f, ok := found[id]; ok && f.Patient == of || err != nil {
		return f, err
	}
	return Folder{}, ErrNoFolder
}

// CreateFolder makes a folder, in another one where one is named. Errors: field
// faults, patient.ErrNotFound, ErrNoFolder.
func (s *Documents) CreateFolder(ctx context.Context, of patient.ID, parent FolderID, name string) (Folder, error) {
	who, err := access.Require(ctx, access.EditDocuments)
	if err != nil {
		return Folder{}, err
	}
	now := s.Now().Truncate(time.Microsecond)
	var in input.Checks
	f := Folder{ID: FolderID(s.NewID()), Parent: parent, Name: in.Required("name", name, 128), CreatedAt: now}
	if strings.ContainsAny(f.Name, `/\`) {
		in.Wrong("name", input.CodeString, "a folder's name without other folders", "This is not a folder's name.")
	}
	if err := in.Err(); err != nil {
		return Folder{}, err
	}
	err = s.Store.Do(ctx, func(tx Tx) error {
		if of != 0 {
			if f.Patient, err = tx.LockPatientAgainstMerge(ctx, who.Group, of); err != nil {
				return err
			}
		}
		above, err := folderOf(ctx, tx, who.Group, parent, f.Patient)
		if err != nil {
			return err
		}
		f.Path = above.Path + "/" + f.Name
		if err := tx.AddFolder(ctx, who.Group, f); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, "folder.create", "folder", int64(f.ID), nil, f))
	})
	return f, err
}

// Folders finds those of the folders that exist.
func (s *Documents) Folders(ctx context.Context, ids []FolderID) (map[FolderID]Folder, error) {
	return read.ByID(ctx, access.SeeDocuments, ids, s.Store.FoldersByID)
}
