package twilio

import (
	"strconv"

	"frontdesk/core/carrier"
)

// Twilio's words for errors change and grow, so a code that is not here is a
// refusal without more said. Source: Twilio, Error and Warning Dictionary,
// https://www.twilio.com/docs/api/errors.

// refused are the codes of a final no.
var refused = map[int]string{
	21211: "The number is not a telephone number.",
	21214: "The number cannot be reached.",
	21217: "The number is not a telephone number.",
	21265: "The number is not one that text messages can be sent to.",
	21266: "The number is the practice's own.",
	21408: "The practice's account does not allow text messages to this country.",
	21602: "The message has no text.",
	21604: "The message has no number to go to.",
	21605: "The message is too long.",
	21608: "The practice's account is on trial and may not send to this number.",
	21610: "The patient replied STOP, and does not want text messages from this number.",
	21612: "The number cannot be reached by text message.",
	21614: "The number is not a mobile number.",
	21617: "The message is too long.",
	21635: "The number is a landline.",
}

// misset are the codes of an account or a sender that is wrong.
var misset = map[int]bool{
	20003: true, 20005: true, 20006: true, 20008: true, 20403: true, 20404: true,
	21212: true, 21603: true, 21606: true, 21607: true, 21609: true, 21659: true, 21660: true, 21661: true,
	21701: true, 21703: true, 21705: true,
	30002: true,
}

// full are the codes of too many messages at once.
var full = map[int]bool{14107: true, 20429: true, 21611: true, 30001: true}

// failed are the codes that a callback gives a message that did not arrive.
var failed = map[string]string{
	"30001": "The provider had too many messages waiting.",
	"30002": "The practice's account with the provider is suspended.",
	"30003": "The telephone is switched off or cannot be reached.",
	"30004": "The number is blocked, or does not take text messages.",
	"30005": "The number is not in use.",
	"30006": "The number is a landline, or its network cannot be reached.",
	"30007": "The network filtered the message out.",
	"30008": "The network could not deliver the message and does not say why.",
	"30010": "The message would have cost more than the account allows.",
	"21610": refused[21610],
}

const failedReason = "The provider could not deliver the message."

func refusal(code int) error {
	return &carrier.Refusal{Code: strconv.Itoa(code), Reason: refused[code]}
}
