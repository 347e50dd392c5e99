package smtp

import (
	"bufio"
	"bytes"
	"errors"
	"strconv"

	"frontdesk/core/carrier"
)

// reply is what a server answers (RFC 5321, section 4.2).
type reply struct {
	code int
	// status is the enhanced status code (RFC 2034), for example 5.1.1, where
	// there is one.
	status string
}

func (r reply) good() bool { return r.code/100 == 2 }

// String is the server's own word for it.
func (r reply) String() string {
	if r.status == "" {
		return strconv.Itoa(r.code)
	}
	return strconv.Itoa(r.code) + " " + r.status
}

// maxLines is the longest answer read, in lines; the reader bounds each line.
const maxLines = 128

var errReply = errors.New("the mail server's answer is not SMTP")

// readReply reads an answer. Each line is told without its code, and must not
// be kept.
func readReply(r *bufio.Reader, each func(line []byte)) (reply, error) {
	var out reply
	for n := range maxLines {
		line, err := r.ReadSlice('\n')
		if err != nil {
			if errors.Is(err, bufio.ErrBufferFull) {
				err = errReply
			}
			return reply{}, err
		}
		line = bytes.TrimRight(line, "\r\n")
		code, more, ok := begin(line)
		if !ok || n > 0 && code != out.code {
			return reply{}, errReply
		}
		out.code = code
		rest := line[min(len(line), 4):]
		if n == 0 && line[0] != '2' {
			out.status = status(rest)
		}
		if each != nil {
			each(rest)
		}
		if !more {
			return out, nil
		}
	}
	return reply{}, errReply
}

// begin reads the code of a line, and whether more lines follow it.
func begin(line []byte) (code int, more, ok bool) {
	if len(line) < 3 || line[0] < '2' || line[0] > '5' || !threeDigits(line[1:3]) {
		return 0, false, false
	}
	code = int(line[0]-'0')*100 + int(line[1]-'0')*10 + int(line[2]-'0')
	more = len(line) > 3 && line[3] == '-'
	return code, more, more || len(line) == 3 || line[3] == ' '
}

// status is the enhanced status code at the beginning of a text (RFC 3463):
// a class, a subject of up to three digits, and a detail of as many.
func status(text []byte) string {
	word, _, _ := bytes.Cut(text, []byte(" "))
	if len(word) < 5 || word[0] != '2' && word[0] != '4' && word[0] != '5' || word[1] != '.' {
		return ""
	}
	subject, detail, ok := bytes.Cut(word[2:], []byte("."))
	if !ok || !threeDigits(subject) || !threeDigits(detail) {
		return ""
	}
	return string(word)
}

func threeDigits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(b) >= 1 && len(b) <= 3
}

// fail is what a bad answer to a message means: 5xx is for good, and anything
// else may be different next time (RFC 5321, section 4.2.1).
func (r reply) fail() error {
	if r.signIn() {
		return &carrier.Busy{Code: "auth " + r.String(), Err: errConnection}
	}
	if r.code/100 == 5 {
		return &carrier.Refusal{Code: r.String(), Reason: r.reason()}
	}
	return &carrier.Busy{Code: r.String()}
}

// signIn reports the answers that are about us and not about the message: we
// have to sign in, or secure the connection, or cannot (RFC 4954, section 6).
func (r reply) signIn() bool {
	switch r.code {
	case 432, 454, 530, 534, 535, 538:
		return true
	}
	return false
}

func (r reply) reason() string {
	if r.status != "" {
		return reason(r.status)
	}
	if s, ok := codes[r.code]; ok {
		return s
	}
	return reason("")
}

// reason is an enhanced status code in plain English, whichever its class.
func reason(status string) string {
	if len(status) > 2 {
		if s, ok := details[status[2:]]; ok {
			return s
		}
		if s, ok := subjects[status[2]]; ok && status[3] == '.' {
			return s
		}
	}
	return "The mail server did not take the message."
}

// codes are the answers without an enhanced status code.
var codes = map[int]string{
	550: "The mailbox is not there, or does not take our messages.",
	551: "The mailbox has moved.",
	552: "The mailbox is full, or the message is too long for it.",
	553: "The mail server does not understand the address.",
	554: "The mail server refuses the message.",
	556: "The address's domain takes no e-mail.",
}

// details are subject and detail of a status (RFC 3463, section 3; RFC 7505;
// RFC 6531; RFC 7372).
var details = map[string]string{
	"1.1":  "The mail server knows no such address.",
	"1.2":  "There is no such mail domain.",
	"1.3":  "The mail server does not understand the address.",
	"1.4":  "The address stands for more than one mailbox.",
	"1.6":  "The mailbox has moved.",
	"1.7":  "The mail server does not understand our own address.",
	"1.8":  "The mail server does not accept our own address.",
	"1.10": "The address's domain takes no e-mail.",
	"2.1":  "The mailbox has been closed.",
	"2.2":  "The mailbox is full.",
	"2.3":  "The message is too long for the mailbox.",
	"3.4":  "The message is too long for the mail server.",
	"4.1":  "The address's mail server does not answer.",
	"4.4":  "The way to the address's mail server cannot be found.",
	"4.6":  "The message was going round in circles.",
	"4.7":  "The address's mail server could not be reached in time.",
	"6.7":  "The mail server cannot send to addresses with letters beyond the English ones.",
	"7.1":  "The mail server does not allow this message.",
	"7.20": "The mail server misses a signature on the message.",
	"7.23": "The mail server does not let ours send for our address.",
	"7.25": "The mail server does not know the machine that sends for us.",
	"7.26": "The message failed the mail server's tests of where it comes from.",
}

var subjects = map[byte]string{
	'1': "There is something wrong with the address.",
	'2': "There is something wrong with the mailbox.",
	'3': "The address's mail system cannot take the message.",
	'4': "The message could not be brought to the address's mail server.",
	'5': "Our mail server and the address's did not understand each other.",
	'6': "The mail server does not like how the message is made.",
	'7': "The mail server does not allow this message.",
}
