package document

import (
	"context"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
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

// Folders finds those of the folders that exist.
func (s *Documents) Folders(ctx context.Context, ids []FolderID) (map[FolderID]Folder, error) {
	return read.ByID(ctx, access.SeeDocuments, ids, s.Store.FoldersByID)
}
