package mail

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// bounce is a message that could not be delivered.
type bounce struct {
	from, to string // from is the return path
	envelope string
	header   []byte
}

// posts is how often a report is posted before it is dropped.
const posts = 5

// bounce posts a report soon, and again when it is not taken.
func (s *Server) bounce(b bounce) {
	if s.o.BounceURL == "" {
		return
	}
	s.posts.Go(func() {
		for n := range posts {
			timer := time.NewTimer(s.o.BounceAfter << n)
			select {
			case <-timer.C:
			case <-s.ctx.Done():
				timer.Stop()
				return
			}
			err := s.post(s.ctx, s.Report(b.from, b.to, b.envelope, b.header))
			if err == nil {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.bounced++
				return
			}
			s.o.Log.Printf("report not taken: %v", err)
		}
	})
}

func (s *Server) post(ctx context.Context, report []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.o.BounceURL, bytes.NewReader(report))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "message/rfc822")
	req.Header.Set("Authorization", "Bearer "+s.o.BounceSecret)
	resp, err := s.o.HTTP.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<16))
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("status %d", resp.StatusCode)
	}
	return nil
}

// Report is a delivery status notification (RFC 3464) to the return path from,
// that the message with this header did not reach to. envelope is the sender's
// name for it (RFC 3461), which may be empty.
func (s *Server) Report(from, to, envelope string, header []byte) []byte {
	const boundary = "=_simulated-report"
	now := s.o.Now().Format(time.RFC1123Z)
	status := "Reporting-MTA: dns; " + s.o.Domain + "\n"
	if envelope != "" {
		status += "Original-Envelope-Id: " + strings.ReplaceAll(envelope, "=", "+3D") + "\n"
	}
	status += "Arrival-Date: " + now + "\n\n" +
		"Final-Recipient: rfc822; " + to + "\nAction: failed\nStatus: 5.1.1\n" +
		"Diagnostic-Code: smtp; 550 5.1.1 User unknown\n"
	whole := "Return-Path: <>\nFrom: Mail Delivery System <MAILER-DAEMON@" + s.o.Domain + ">\nTo: <" + from + ">\n" +
		"Date: " + now + "\nMessage-ID: <" + fmt.Sprintf("%x", s.o.Now().UnixNano()) + "@" + s.o.Domain + ">\n" +
		"Subject: Undelivered Mail Returned to Sender\nAuto-Submitted: auto-replied\nMIME-Version: 1.0\n" +
		"Content-Type: multipart/report; report-type=delivery-status; boundary=\"" + boundary + "\"\n\n" +
		"--" + boundary + "\nContent-Type: text/plain; charset=us-ascii\n\n" +
		"This message could not be delivered: there is no such mailbox.\n\n" +
		"--" + boundary + "\nContent-Type: message/delivery-status\n\n" + status +
		"\n--" + boundary + "\nContent-Type: text/rfc822-headers\n\n" + strings.ReplaceAll(string(header), "\r\n",
		"\n") +
		"\n--" + boundary + "--\n"
	return []byte(strings.ReplaceAll(whole, "\n", "\r\n"))
}
