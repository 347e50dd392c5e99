package practice

import (
	"net/url"
	"strings"

	"frontdesk/core/input"
)

// roomPlace stands in VideoURL where the room goes.
const roomPlace = "{room}"

// maxVideoURL is the longest address of a provider of video consultations, in characters.
const maxVideoURL = 300

// checkVideoURL tidies the address of rooms at a provider; empty is none.
func checkVideoURL(in *input.Checks, template string) string {
	const field, expected = "video_url_template", "an https address with {room} once in its path, such as " +
		"https://meet.example.org/{room}"
	template = in.Text(field, strings.TrimSpace(template), maxVideoURL)
	if template == "" {
		return ""
	}
	before, after, found := strings.Cut(template, roomPlace)
	u, err := url.Parse(before + "room" + after)
	wrong := ""
	switch {
	case !found || strings.ContainsAny(before+after, "{}"):
		wrong = "The address must contain {room} once."
	case err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || strings.ContainsAny(template, " \\\"<>"):
		wrong = "This is not an https address."
	case !strings.HasPrefix(before, "https://"+u.Host+"/"):
		wrong = "{room} must stand behind the host's name."
	}
	if wrong != "" {
		in.Wrong(field, input.CodeString, expected, wrong)
	}
	return template
}

// VideoRoom is the address of a room at the group's provider; empty without one.
func (g Group) VideoRoom(name string) string {
	return strings.Replace(g.VideoURL, roomPlace, url.PathEscape(name), 1)
}
