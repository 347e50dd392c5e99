package pages

import (
	"context"
	_ "embed"
	"errors"
	"net/http"

	"frontdesk/core/video"
	"frontdesk/pages/words"
	"frontdesk/web"
)

//go:embed video.js
var videoScript []byte

// videoPolicy is what the page of a video consultation may do besides: run our own script, and reach our own server.
const videoPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// consultation is what the page of a video consultation shows.
type consultation struct {
	face
	Role        string
	Staff       bool
	When, Until string
}

func (c consultation) title(ctx context.Context) string {
	if c.Staff {
		return words.Say(ctx, "video.title_staff")
	}
	return words.Say(ctx, "video.title")
}

func (c consultation) waiting(ctx context.Context) string {
	if c.Staff {
		return words.Say(ctx, "video.waiting_staff")
	}
	return words.Say(ctx, "video.waiting")
}

func (c consultation) other(ctx context.Context) string {
	if c.Staff {
		return words.Say(ctx, "video.the_patient")
	}
	return words.Say(ctx, "video.the_practice")
}

// scripted are the texts of the catalogue that the page's script says.
var scripted = map[string][]string{
	"script": {"not_allowed", "not_found", "in_use", "not_started", "works", "no_camera", "broken", "blocked", "no_server",
		"lost", "patient_waits", "patient_absent", "practice_ready", "practice_absent", "connecting", "connected",
		"reconnecting", "patient_left", "practice_left", "patient_lost", "practice_lost", "camera_off", "microphone_off",
		"both_off"},
	"video": {"checking", "mute", "unmute", "camera_off", "camera_on"},
}

// scriptWords are those texts in the reader's language, by their names.
func scriptWords(ctx context.Context) map[string]string {
	out := map[string]string{}
	for area, names := range scripted {
		for _, name := range names {
			out[area+"."+name] = words.Say(ctx, area+"."+name)
		}
	}
	return out
}

// meet shows the page of a video consultation. Opening it records nothing: the visitor comes in only from there.
func (d *door) meet(w http.ResponseWriter, r *http.Request) {
	v, err := d.core.Video.Visit(r.Context(), r.PathValue("link"))
	if err != nil {
		d.shutRoom(w, r, v, err)
		return
	}
	if v.Elsewhere != "" {
		http.Redirect(w, r, v.Elsewhere, http.StatusSeeOther)
		return
	}
	h, zone := w.Header(), v.Group.Zone()
	h.Set("Content-Security-Policy", videoPolicy)
	h.Set("Permissions-Policy", "camera=(self), microphone=(self)")
	show(w, r, http.StatusOK, videoPage(consultation{
		face: faceOf(v.Group), Role: string(v.Role), Staff: v.Role == video.Staff, When: moment(r.Context(), v.Start, zone),
		Until: v.Closes.In(zone).Format("15:04"),
	}))
}

// shutRoom says why a room cannot be entered, and whom to ring.
func (d *door) shutRoom(w http.ResponseWriter, r *http.Request, v video.Visit, err error) {
	ctx := r.Context()
	var title, message string
	switch {
	case errors.Is(err, video.ErrEarly):
		title = "video.early"
		message = words.Say(ctx, "video.early_why", "Time", moment(ctx, v.Start, v.Group.Zone()),
			"Opens", v.Opens.In(v.Group.Zone()).Format("15:04"))
	case errors.Is(err, video.ErrOver):
		title, message = "video.closed", words.Say(ctx, "video.closed_why")
	case errors.Is(err, video.ErrOff):
		title, message = "video.none", words.Say(ctx, "video.none_why")
	default:
		d.fail(w, r, err)
		return
	}
	web.Note(r, web.Fault(err))
	show(w, r, web.Status(web.Fault(err)), problem(words.Say(ctx, title), message, faceOf(v.Group)))
}
