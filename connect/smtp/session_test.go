package smtp_test

import (
	"context"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"frontdesk/connect/smtp"
	"frontdesk/core/carrier"
	"frontdesk/core/messaging"
	"frontdesk/test/wait"
)

func TestWhatGoesWrongBeforeTheFinalDotIsNotDelivered(t *testing.T) {
	for _, c := range []struct {
		name    string
		answers map[string]string
		want    string
	}{
		{"the server is too busy to greet", map[string]string{"GREETING": "421 4.3.2 later"}, "busy 421 4.3.2"},
		{"the server greets with a final no", map[string]string{"GREETING": "554 5.7.1 go away"}, "busy 554 5.7.1"},
		{"the server hangs up before the greeting", map[string]string{"GREETING": "hang up"}, "busy connect"},
		{"the server says nothing", map[string]string{"GREETING": "silence"}, "busy connect"},
		{"the greeting cannot be read", map[string]string{"GREETING": "HTTP/1.1 400 Bad Request"}, "busy connect"},
		{"the greeting has no end", map[string]string{"GREETING": "220 " + strings.Repeat("x", 10_000)}, "busy connect"},
		{"the greeting has very many lines", map[string]string{"GREETING": strings.Repeat("220-x\r\n", 1000) + "220 x"},
			"busy connect"},
		{"the server does not like us", map[string]string{"EHLO": "550 5.7.1 no"}, "busy 550 5.7.1"},
		{"the server hangs up at MAIL", map[string]string{"MAIL": "hang up"}, "busy lost"},
		{"the server hangs up at RCPT", map[string]string{"RCPT": "hang up"}, "busy lost"},
		{"the server hangs up at DATA", map[string]string{"DATA": "hang up"}, "busy lost"},
		{"the server says nothing to RCPT", map[string]string{"RCPT": "silence"}, "busy lost"},
		{"the answer to RCPT cannot be read", map[string]string{"RCPT": "what?"}, "busy lost"},
		{"the codes of an answer differ", map[string]string{"RCPT": "250-yes\r\n550 no"}, "busy lost"},
		{"MAIL is refused", map[string]string{"MAIL": "553 5.1.8 who are you"}, "refused 553 5.1.8"},
		{"RCPT is refused", map[string]string{"RCPT": "550-5.1.1 first line\r\n550 5.1.1 second line"}, "refused 550 5.1.1"},
		{"RCPT is refused without a reason", map[string]string{"RCPT": "550"}, "refused 550"},
		{"RCPT is put off", map[string]string{"RCPT": "450 4.2.1 later"}, "busy 450 4.2.1"},
		{"DATA is refused", map[string]string{"DATA": "554 no valid recipients"}, "refused 554"},
		{"DATA is put off", map[string]string{"DATA": "451 4.3.0 later"}, "busy 451 4.3.0"},
		{"DATA is answered with another success", map[string]string{"DATA": "250 ok"}, "busy 250"},
		{"the server wants a password", map[string]string{"MAIL": "530 5.7.0 sign in first"}, "busy auth 530 5.7.0"},
	} {
		for _, pipelining := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, pipelining %v", c.name, pipelining), func(t *testing.T) {
				f := play(t, func(_ int, conn *talk) { conn.answers(offering(c.answers, pipelining)) })
				carrier := plainTo(t, f, setup{settings: smtp.Settings{Timeout: 100 * time.Millisecond}})
				a, err := carrier.Send(within(t), to("ada@x.example", "k"))
				if got := ending(err); got != c.want {
					t.Errorf("%s %+v, want %s (%v)", got, a, c.want, err)
				}
			})
		}
	}
}

// offering adds an answer to EHLO to the others.
func offering(answers map[string]string, pipelining bool) map[string]string {
	out := map[string]string{}
	if pipelining {
		out["EHLO"] = "250-fake\r\n250 PIPELINING"
	}
	for word, a := range answers {
		out[word] = a
	}
	return out
}

func TestWhatGoesWrongAfterTheFinalDot(t *testing.T) {
	for _, c := range []struct{ name, answer, want string }{
		{"the server takes it", "250 2.0.0 Ok: queued as 4ZX", "accepted"},
		{"the server hangs up", "hang up", "unknown"},
		{"the server says nothing", "silence", "unknown"},
		{"the answer cannot be read", "perhaps", "unknown"},
		{"the server refuses it", "554 5.7.1 spam", "refused 554 5.7.1"},
		{"the server puts it off", "452 4.3.1 disk full", "busy 452 4.3.1"},
		{"the server goes down", "421 4.3.2 going down", "busy 421 4.3.2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := play(t, func(_ int, conn *talk) { conn.answers(map[string]string{".": c.answer}) })
			carrier := plainTo(t, f, setup{settings: smtp.Settings{Timeout: 100 * time.Millisecond}})
			a, err := carrier.Send(within(t), to("ada@x.example", "k"))
			if got := ending(err); got != c.want || err == nil && a.ProviderID != "4ZX" {
				t.Errorf("%s %+v, want %s (%v)", got, a, c.want, err)
			}
		})
	}
}

func TestTheCallersDeadlineEndsIt(t *testing.T) {
	for _, c := range []struct{ word, want string }{{"RCPT", "busy lost"}, {".", "unknown"}} {
		f := play(t, func(_ int, conn *talk) { conn.answers(map[string]string{c.word: "silence"}) })
		carrier := plainTo(t, f, setup{})
		begin := time.Now()
		ctx, cancel := context.WithCancel(within(t))
		time.AfterFunc(50*time.Millisecond, cancel)
		if _, err := carrier.Send(ctx, to("ada@x.example", "k")); ending(err) != c.want ||
			!errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("cancelled at %s: %v, want %s", c.word, err, c.want)
		}
		ctx, cancel = context.WithTimeout(within(t), 50*time.Millisecond)
		if _, err := carrier.Send(ctx, to("ada@x.example", "k")); ending(err) != c.want {
			t.Errorf("out of time at %s: %v, want %s", c.word, err, c.want)
		}
		cancel()
		if took := time.Since(begin); took > 10*time.Second {
			t.Errorf("it took %v", took)
		}
	}
}

func TestARefusedMessageLeavesTheConnectionInOrder(t *testing.T) {
	for _, c := range []struct {
		name    string
		answers map[string]string
		want    []string
	}{
		{"without pipelining", map[string]string{"RCPT": "550 5.1.1 no"}, []string{"EHLO", "MAIL", "RCPT", "RSET"}},
		{"with pipelining",
			map[string]string{"EHLO": "250-fake\r\n250 PIPELINING", "RCPT": "550 5.1.1 no", "DATA": "503 5.5.1 for whom?"},
			[]string{"EHLO", "MAIL", "RCPT", "DATA", "RSET"}},
		{"with pipelining, when DATA is taken all the same",
			map[string]string{"EHLO": "250-fake\r\n250 PIPELINING", "RCPT": "550 5.1.1 no"},
			[]string{"EHLO", "MAIL", "RCPT", "DATA", "RSET"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := play(t, func(_ int, conn *talk) { conn.answers(c.answers) })
			carrier := plainTo(t, f, setup{})
			if _, err := carrier.Send(within(t), to("ada@x.example", "k")); ending(err) != "refused 550 5.1.1" {
				t.Fatal(err)
			}
			var words []string
			for _, line := range f.heard() {
				word, _, _ := strings.Cut(line, " ")
				words = append(words, word)
			}
			if !slices.Equal(words, c.want) {
				t.Errorf("said %v, want %v", words, c.want)
			}
			if f.connections() != 1 {
				t.Errorf("%d connections", f.connections())
			}
		})
	}
}

func TestAConnectionThatHasGoneStaleIsReplaced(t *testing.T) {
	for _, c := range []struct {
		name   string
		second map[string]string // how the first connection answers its second message
	}{
		{"the server has hung up", map[string]string{"MAIL": "hang up"}},
		{"the server has had enough of it", map[string]string{"MAIL": "421 4.7.0 too many messages on one connection"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var mails atomic.Int64
			f := play(t, func(n int, conn *talk) {
				if n > 1 {
					conn.answers(nil)
					return
				}
				conn.say("220 fake")
				for {
					line := conn.hear()
					switch {
					case line == "":
						return
					case strings.HasPrefix(line, "MAIL") && mails.Add(1) == 2:
						conn.answers(map[string]string{"GREETING": c.second["MAIL"]})
						return
					case line == "DATA":
						conn.say("354 go on")
						for l := ""; l != ".\r\n"; {
							l, _ = conn.r.ReadString('\n')
						}
					}
					conn.say("250 ok")
				}
			})
			carrier := plainTo(t, f, setup{})
			for i := range 2 {
				if _, err := carrier.Send(within(t), to("ada@x.example", fmt.Sprintf("k%d", i))); err != nil {
					t.Fatalf("message %d: %v", i+1, err)
				}
			}
			if f.connections() != 2 {
				t.Errorf("%d connections, want 2", f.connections())
			}
		})
	}
}

func TestUnusedConnectionsAreEnded(t *testing.T) {
	gone := make(chan struct{})
	f := play(t, func(_ int, conn *talk) {
		conn.answers(nil)
		close(gone)
	})
	carrier := plainTo(t, f, setup{options: smtp.Options{Idle: 20 * time.Millisecond}})
	if _, err := carrier.Send(within(t), to("ada@x.example", "k")); err != nil {
		t.Fatal(err)
	}
	select {
	case <-gone:
	case <-time.After(5 * time.Second):
		t.Fatal("it is still there")
	}
	if said := f.heard(); said[len(said)-1] != "QUIT" {
		t.Errorf("the last word was %q", said[len(said)-1])
	}
}

func TestTheServerIsLeftAloneWhenItDoesNotAnswer(t *testing.T) {
	l, port := listen(t)
	l.Close()
	log := &journal{}
	c := carrierTo(t, port, log,
		setup{settings: smtp.Settings{TLS: smtp.TLSNone, Connections: 1},
			options: smtp.Options{Rest: 200 * time.Millisecond}})
	for range 5 {
		if _, err := c.Send(within(t), to("ada@x.example", "k")); ending(err) != "busy connect" {
			t.Fatal(err)
		}
	}
	_, err := c.Send(within(t), to("ada@x.example", "k"))
	b, ok := errors.AsType[*carrier.Busy](err)
	if !ok || b.Code != "resting" || b.After <= 0 {
		t.Fatalf("%+v", err)
	}
	if !strings.Contains(log.String(), "mail server breaker") {
		t.Error("nothing in the log")
	}
	back, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Skip("the port has been taken")
	}
	defer back.Close()
	go func() {
		conn, err := back.Accept()
		if err == nil {
			(&talk{Conn: conn, r: newReader(conn), f: &fake{}}).answers(nil)
			conn.Close()
		}
	}()
	wait.Until(t, "a message to be taken", func() bool {
		_, err = c.Send(within(t), to("ada@x.example", "k"))
		return err == nil
	})
}

func TestTheEnvelope(t *testing.T) {
	longest := messaging.Message{ID: 1<<53 - 1, Leg: 2}
	for _, c := range []struct {
		name, offers, bounces, to, key string
		want                           []string // MAIL and RCPT
	}{
		{"with nothing on offer", "250 fake", "", "ada@x.example", "7-1a-1",
			[]string{"MAIL FROM:<desk@brambleford.example>", "RCPT TO:<ada@x.example>"}},
		{"with reports on offer", "250-fake\r\n250 DSN", "bounces@m.example", "ada@x.example", "7-1a-1",
			[]string{"MAIL FROM:<bounces+7-1a-1-" + sign + "@m.example> RET=HDRS ENVID=7-1a-1-" + sign,
				"RCPT TO:<ada@x.example> NOTIFY=FAILURE"}},
		{"with reports on offer and no address for them", "250-fake\r\n250 DSN", "", "ada@x.example", "7=1",
			[]string{"MAIL FROM:<desk@brambleford.example> RET=HDRS ENVID=7+3D1", "RCPT TO:<ada@x.example> NOTIFY=FAILURE"}},
		{"with the longest key there is", "250 fake", strings.Repeat("b", 21) + "@m.example", "ada@x.example",
			longest.Key(1<<53 - 1),
			[]string{"MAIL FROM:<" + strings.Repeat("b", 21) + "+" + longest.Key(1<<53-1) + "-cqad2zuderxma6dr@m.example>",
				"RCPT TO:<ada@x.example>"}},
		{"with a key that is too long for the return path", "250 fake", "bounces@m.example", "ada@x.example",
			strings.Repeat("k", 60),
			[]string{"MAIL FROM:<bounces@m.example>", "RCPT TO:<ada@x.example>"}},
		{"with a length on offer", "250-fake\r\n250 SIZE 1000000", "", "ada@x.example", "k",
			[]string{"MAIL FROM:<desk@brambleford.example> SIZE=n", "RCPT TO:<ada@x.example>"}},
		{"to an international address", "250-fake\r\n250-SMTPUTF8\r\n250 8BITMIME", "", "søren@blåbær.example", "k",
			[]string{"MAIL FROM:<desk@brambleford.example> SMTPUTF8 BODY=8BITMIME", "RCPT TO:<søren@blåbær.example>"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := play(t, func(_ int, conn *talk) { conn.answers(map[string]string{"EHLO": c.offers}) })
			s := smtp.Settings{BouncesTo: c.bounces}
			if s.BouncesTo != "" {
				s.BounceSecret = secret
			}
			carrier := plainTo(t, f, setup{settings: s})
			if _, err := carrier.Send(within(t), to(c.to, c.key)); err != nil {
				t.Fatal(err)
			}
			got := f.heard()[1:3]
			got[0] = regexp.MustCompile("SIZE=[1-9][0-9]+").ReplaceAllString(got[0], "SIZE=n")
			if !slices.Equal(got, c.want) {
				t.Errorf("said %q", got)
			}
			// RFC 5321, section 4.5.3.1.1
			if local, _, _ := strings.Cut(strings.TrimPrefix(got[0], "MAIL FROM:<"), "@"); len(local) > 64 {
				t.Errorf("%d before the @", len(local))
			}
		})
	}
	f := play(t, func(_ int, conn *talk) { conn.answers(nil) })
	if _, err := plainTo(t, f, setup{}).Send(within(t), to("søren@x.example", "k")); ending(err) != "refused smtputf8" {
		t.Error(err)
	}
}

func TestEachWayToSignIn(t *testing.T) {
	say := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	hear := func(s string) string { b, _ := base64.StdEncoding.DecodeString(s); return string(b) }
	for _, c := range []struct {
		name, offers, method string
		server               func(c *talk, first string) bool
		want                 string
	}{
		{"LOGIN where there is nothing else", "LOGIN", "", func(c *talk, first string) bool {
			c.say("334 " + say("Username:"))
			name := hear(c.hear())
			c.say("334 " + say("Password:"))
			return first == "AUTH LOGIN" && name == "desk" && hear(c.hear()) == "s3cret"
		}, "accepted"},
		{"PLAIN before LOGIN", "LOGIN PLAIN", "", func(_ *talk, first string) bool {
			return first == "AUTH PLAIN "+say("\x00desk\x00s3cret")
		}, "accepted"},
		{"SCRAM before either", "PLAIN LOGIN SCRAM-SHA-256", "", scram("s3cret"), "accepted"},
		{"SCRAM with the wrong password", "SCRAM-SHA-256", "", scram("other"), "busy auth 535 5.7.8"},
		{"what the settings say", "PLAIN LOGIN SCRAM-SHA-256", smtp.AuthPlain, func(_ *talk, first string) bool {
			return strings.HasPrefix(first, "AUTH PLAIN ")
		}, "accepted"},
		{"a server that never stops asking", "LOGIN", "", func(c *talk, _ string) bool {
			for range 20 {
				c.say("334 ")
				if c.hear() == "" {
					return false
				}
			}
			return true
		}, "busy auth"},
		{"a challenge that cannot be read", "LOGIN", "", func(c *talk, _ string) bool {
			c.say("334 ***")
			c.hear()
			return true
		}, "busy auth"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := play(t, func(_ int, conn *talk) {
				conn.say("220 fake")
				conn.hear()
				conn.say("250-fake\r\n250 AUTH " + c.offers)
				if first := conn.hear(); !c.server(conn, first) {
					conn.say("535 5.7.8 no")
					return
				}
				conn.answers(map[string]string{"GREETING": "235 2.7.0 welcome"})
			})
			carrier := plainTo(t, f,
				setup{settings: smtp.Settings{Username: "desk", Password: "s3cret", AuthMethod: c.method, Timeout: time.Second}})
			_, err := carrier.Send(within(t), to("ada@x.example", "k"))
			if got := ending(err); got != c.want {
				t.Errorf("%s, want %s (%v)", got, c.want, err)
			}
		})
	}
}

// scram is the server's side of RFC 7677.
func scram(password string) func(*talk, string) bool {
	return func(c *talk, _ string) bool {
		b64 := base64.StdEncoding
		mac := func(key []byte, s string) []byte {
			m := hmac.New(sha256.New, key)
			m.Write([]byte(s))
			return m.Sum(nil)
		}
		c.say("334 ")
		first, _ := b64.DecodeString(c.hear())
		bare := strings.TrimPrefix(string(first), "n,,")
		_, nonce, _ := strings.Cut(bare, ",r=")
		challenge := "r=" + nonce + "server,s=" + b64.EncodeToString([]byte("salt")) + ",i=4096"
		c.say("334 " + b64.EncodeToString([]byte(challenge)))
		last, _ := b64.DecodeString(c.hear())
		without, proof, _ := strings.Cut(string(last), ",p=")
		salted, _ := pbkdf2.Key(sha256.New, password, []byte("salt"), 4096, 32)
		said := bare + "," + challenge + "," + without
		client := mac(salted, "Client Key")
		stored := sha256.Sum256(client)
		signature := mac(stored[:], said)
		for i := range signature {
			signature[i] ^= client[i]
		}
		if proof != b64.EncodeToString(signature) {
			return false
		}
		c.say("334 " + b64.EncodeToString([]byte("v="+b64.EncodeToString(mac(mac(salted, "Server Key"), said)))))
		c.hear()
		return true
	}
}
