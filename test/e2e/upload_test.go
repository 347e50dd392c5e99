package e2e

import (
	"io"
	"mime/multipart"
	"net/http"
	"testing"

	"frontdesk/test/wait"
)

// stalls sends the beginning of a file, and no more until the end of the test.
func (v *visitor) stalls(address string) {
	from, body := io.Pipe()
	form := multipart.NewWriter(body)
	v.t.Cleanup(func() { body.CloseWithError(io.ErrUnexpectedEOF) })
	go func() {
		part, err := form.CreateFormFile("file", "slow.jpg")
		if err == nil {
			part.Write(photo[:1<<20]) // more than is kept on the way
		}
	}()
	go func() {
		if res, err := v.Post(address, form.FormDataContentType(), from); err == nil {
			res.Body.Close()
		}
	}()
}

func TestFilesThatStallByOneLinkLeaveOthersTheirPlaces(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		var at [2]string
		var browsers [2]*visitor
		for i := range at {
			made, born := p.formLink(nil)
			at[i], browsers[i] = made.str("form_link"), newVisitor(t)
			browsers[i].smoker(at[i], born)
		}
		wait.Until(t, "the link has no place any more", func() bool {
			browsers[0].stalls(at[0] + "/upload?p=5")
			status, _ := browsers[0].upload(at[0]+"/upload?p=5", "a.jpg", photo, "")
			return status == http.StatusTooManyRequests
		})
		if status, text := browsers[1].upload(at[1]+"/upload?p=5", "a.jpg", photo, ""); status != http.StatusOK {
			t.Errorf("another patient's file: %d %s", status, text)
		}
	})
}
