// Package wire asks the program under measurement over HTTP/1.1.
package wire

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
)

// Client is one HTTP/1.1 connection that stays open. It does less than
// net/http, so that the load generator takes as little as can be of the
// processors it shares with the server.
type Client struct {
	conn net.Conn
	in   *bufio.Reader
	head string // the request's fixed header fields
	out  bytes.Buffer
	body []byte
}

// Dial connects to the program at a URL, as the owner of a key of a practice group.
func Dial(url, key, group string) (*Client, error) {
	address := strings.TrimPrefix(url, "http://")
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	head := " HTTP/1.1\r\nHost: " + address + "\r\nx-api-key: " + key + "\r\nx-practice-group-id: " + group + "\r\n"
	return &Client{conn: conn, in: bufio.NewReaderSize(conn, 64<<10), head: head}, nil
}

// Do sends a request, with more header fields, and reads the answer's body,
// which is valid until the next request. Any status but 200 is an error.
func (c *Client) Do(method, path string, body []byte, more ...string) ([]byte, error) {
	if err := c.send(method, path, body, more); err != nil {
		return nil, err
	}
	ok, length, chunked, err := c.readHead()
	if err != nil {
		return nil, err
	}
	if err := c.readBody(length, chunked); err != nil {
		return nil, err
	}
	if !ok {
		return nil, fmt.Errorf("%s %s: %s", method, path, c.body)
	}
	return c.body, nil
}

// Close ends the connection.
func (c *Client) Close() error { return c.conn.Close() }

func (c *Client) send(method, path string, body []byte, more []string) error {
	c.out.Reset()
	c.out.WriteString(method + " " + path + c.head)
	for _, field := range more {
		c.out.WriteString(field + "\r\n")
	}
	if body != nil {
		c.out.WriteString("Content-Type: application/json\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n")
	}
	c.out.WriteString("\r\n")
	c.out.Write(body)
	_, err := c.conn.Write(c.out.Bytes())
	return err
}

// readHead reads an answer up to its body: whether it is 200, and how long the body
// is where that is said beforehand.
func (c *Client) readHead() (ok bool, length int, chunked bool, err error) {
	status, err := c.in.ReadSlice('\n')
	if err != nil {
		return false, 0, false, err
	}
	ok, length = bytes.HasPrefix(status, []byte("HTTP/1.1 200")), -1
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return false, 0, false, err
		}
		if len(line) <= 2 {
			return ok, length, chunked, nil
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch string(name) { // as net/http spells them
		case "Content-Length":
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return false, 0, false, err
			}
		case "Transfer-Encoding":
			chunked = true
		}
	}
}

// readBody reads so many bytes, or chunk after chunk, into c.body.
func (c *Client) readBody(length int, chunked bool) error {
	c.body = c.body[:0]
	for more := true; more; {
		if chunked {
			line, err := c.in.ReadSlice('\n')
			if err != nil {
				return err
			}
			size, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 16, 32)
			if err != nil {
				return err
			}
			length = int(size)
		}
		if err := c.read(length); err != nil {
			return err
		}
		more = chunked && length > 0
		if chunked {
			if _, err := c.in.Discard(2); err != nil {
				return err
			}
		}
	}
	return nil
}

// read adds the next bytes to the body.
func (c *Client) read(n int) error {
	at := len(c.body)
	c.body = slices.Grow(c.body, n)[:at+n]
	_, err := io.ReadFull(c.in, c.body[at:])
	return err
}
