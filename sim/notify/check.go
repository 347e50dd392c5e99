package notify

import (
	"bytes"
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"

	"frontdesk/sim/inbox"
)

// maxErrors is how many errors one answer has at most.
const maxErrors = 100

var (
	uuidShape   = regexp.MustCompile(`(?i)^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	odsShape    = regexp.MustCompile(`^[0-9A-Za-z]{3,10}$`)
	mobileShape = regexp.MustCompile(`^(0|44)7[0-9]{9}$|^(00)?[1-9][0-9]{7,14}$`)
	emailShape  = regexp.MustCompile(`^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}$`)
)

// order is a message as it was asked for.
type order struct {
	reference, nhsNumber, mobile, email string
	text                                map[string]string
}

// asked is a request as it was understood.
type asked struct {
	plan, reference string
	orders          []order
}

// checker reads a request and gathers what is wrong with it.
type checker struct {
	*Notify
	status int
	errors list
}

func (c *checker) wrong(code, pointer string) {
	if len(c.errors) < maxErrors {
		c.errors = append(c.errors, errorOf(c.status, code, pointer))
	}
}

// value is a property that must be there and not null.
func (c *checker) value(of object, name, pointer string) (any, bool) {
	v, there := of[name]
	switch {
	case !there:
		c.wrong("CM_MISSING_VALUE", pointer+"/"+name)
	case v == nil:
		c.wrong("CM_NULL_VALUE", pointer+"/"+name)
	default:
		return v, true
	}
	return nil, false
}

// object is a property that must be an object.
func (c *checker) object(of object, name, pointer string) (object, bool) {
	v, ok := c.value(of, name, pointer)
	if !ok {
		return nil, false
	}
	o, ok := v.(object)
	if !ok {
		c.wrong("CM_INVALID_VALUE", pointer+"/"+name)
	}
	return o, ok
}

// text is a property that must be text of a shape.
func (c *checker) text(of object, name, pointer string, shape func(string) bool) string {
	v, ok := c.value(of, name, pointer)
	if !ok {
		return ""
	}
	s, ok := v.(string)
	if !ok || !shape(s) {
		c.wrong("CM_INVALID_VALUE", pointer+"/"+name)
		return ""
	}
	return s
}

func some(s string) bool { return s != "" }

func exactly(want string) func(string) bool { return func(s string) bool { return s == want } }

// understand reads a request, for one message or for many.
func (n *Notify) understand(body []byte, many bool) (asked, *answer) {
	c := &checker{Notify: n, status: http.StatusBadRequest}
	var all object
	d := json.NewDecoder(bytes.NewReader(body))
	if d.Decode(&all) != nil || d.More() {
		c.wrong("CM_INVALID_VALUE", "/")
	} else if data, ok := c.object(all, "data", ""); ok {
		kind := map[bool]string{false: "Message", true: "MessageBatch"}[many]
		c.text(data, "type", "/data", exactly(kind))
		if attributes, ok := c.object(data, "attributes", "/data"); ok {
			got := c.attributes(attributes, many)
			if len(c.errors) == 0 {
				return got, nil
			}
		}
	}
	return asked{}, &answer{status: c.status, body: object{"errors": c.errors}}
}

func (c *checker) attributes(of object, many bool) (got asked) {
	const at = "/data/attributes"
	got.plan = c.text(of, "routingPlanId", at, uuidShape.MatchString)
	if !many {
		got.orders = []order{c.order(of, at)}
		got.reference = got.orders[0].reference
		return got
	}
	got.reference = c.text(of, "messageBatchReference", at, some)
	v, ok := c.value(of, "messages", at)
	messages, isList := v.(list)
	switch {
	case !ok:
		return got
	case !isList:
		c.wrong("CM_INVALID_VALUE", at+"/messages")
		return got
	case len(messages) == 0:
		c.wrong("CM_TOO_FEW_ITEMS", at+"/messages")
		return got
	case len(messages) > maxMessages:
		c.status, c.errors = http.StatusRequestEntityTooLarge, nil
		c.wrong("CM_TOO_MANY_ITEMS", at+"/messages")
		return got
	}
	seen := map[string]bool{}
	for i, v := range messages {
		pointer := at + "/messages/" + strconv.Itoa(i)
		message, ok := v.(object)
		if !ok {
			c.wrong(map[bool]string{true: "CM_NULL_VALUE", false: "CM_INVALID_VALUE"}[v == nil], pointer)
			continue
		}
		o := c.order(message, pointer)
		if o.reference != "" && seen[o.reference] {
			c.wrong("CM_DUPLICATE_VALUE", pointer+"/messageReference")
		}
		seen[o.reference] = true
		got.orders = append(got.orders, o)
	}
	return got
}

// order reads one message.
func (c *checker) order(of object, at string) (o order) {
	o.reference = c.text(of, "messageReference", at, some)
	if recipient, ok := c.object(of, "recipient", at); ok {
		c.recipient(recipient, at+"/recipient", &o)
	}
	if _, there := of["originator"]; there {
		if from, ok := c.object(of, "originator", at); ok {
			c.text(from, "odsCode", at+"/originator", odsShape.MatchString)
			if c.ForbidODS {
				c.wrong("CM_CANNOT_SET_ODS_CODE", at+"/originator/odsCode")
			}
		}
	} else if c.NeedODS {
		c.wrong("CM_ODS_CODE_REQUIRED", at+"/originator/odsCode")
	}
	if _, there := of["personalisation"]; there {
		fields, _ := c.object(of, "personalisation", at)
		o.text = map[string]string{}
		for name, v := range fields {
			if s, ok := v.(string); ok {
				o.text[name] = s
			}
		}
	}
	return o
}

func (c *checker) recipient(of object, at string, o *order) {
	if v, ok := c.value(of, "nhsNumber", at); ok {
		if o.nhsNumber, ok = v.(string); !ok || !validNumber(o.nhsNumber) {
			c.wrong("CM_INVALID_NHS_NUMBER", at+"/nhsNumber")
		}
	}
	if _, there := of["contactDetails"]; there {
		contact, ok := c.object(of, "contactDetails", at)
		switch {
		case !ok:
			return
		case !c.AllowContact:
			c.wrong("CM_CANNOT_SET_CONTACT_DETAILS", at+"/contactDetails")
			return
		}
		at += "/contactDetails"
		if _, there := contact["sms"]; there {
			o.mobile = c.text(contact, "sms", at,
				func(s string) bool { return mobileShape.MatchString(s) && inbox.ScriptOf(s) != inbox.Refused })
		}
		if _, there := contact["email"]; there {
			o.email = c.text(contact, "email", at, func(s string) bool {
				return len(s) >= 6 && len(s) <= 90 && emailShape.MatchString(s) && inbox.ScriptOf(s) != inbox.Refused
			})
		}
	}
	if c.Scripts[o.nhsNumber] == inbox.Refused {
		c.wrong("CM_INVALID_VALUE", at+"/nhsNumber")
	}
}

// validNumber tells whether an NHS number has ten digits and the last of them
// checks the others (Modulus 11, as the NHS data dictionary has it).
func validNumber(number string) bool {
	if len(number) != 10 {
		return false
	}
	sum := 0
	for i, digit := range []byte(number) {
		if digit < '0' || digit > '9' {
			return false
		}
		if i < 9 {
			sum += int(digit-'0') * (10 - i)
		}
	}
	return (11-sum%11)%11 == int(number[9]-'0') // where it is 10, no digit will do
}
