package main

import "github.com/alecthomas/kong"

// long are the help texts that are too long for a tag, which cannot be broken.
var long = kong.Vars{
	"token_role_help": "What it may do: everything, frontdesk, booking, billing, readonly, or a role of the practice " +
		"group's own.",
	"password_file_help": "A file with a password, so that it can sign in for twelve hours; - is standard input.",
	"may_help":           "What it lets do, for example seePatients. Repeat it, or separate with commas.",
	"limit_status_help":  "The HTTP status of one too many: 200, as programs written for that API expect, or 429.",
	"audit_when_help":    "grouped or before-answer. Without it, shows which.",
	"listen_help":        "Print a practice's events as they happen, and forward them to a program on this machine.",
	"db_help":            "The database: sqlite:PATH or postgres://USER@HOST/NAME.",
	"seal_key_help": "The key that secrets in the database are sealed with. Default: beside the SQLite database, or " +
		"frontdesk.key",
	"notice_remind_help": "How long before an appointment reminders are sent, such as 48h. Repeat it, or separate with " +
		"commas.",
	"notice_channel_help": "How they go, the best first: nhs_app, sms, email. The second is for when the first fails.",
	"notice_without_help": "Occasions on which nothing is sent: confirmed, moved, cancelled, reminder, missed, offered.",
	"zone_help":           "The time zone its plain dates and new sessions are in.",
	"key_scope_help": "What it may use: booking, messaging, booking_links, tasks, forms, prescriptions, invoicing, " +
		"records. Repeat it, or separate with commas.",
	"key_permission_help": "What it may do besides: setup (change the practice's places, people, types and sessions), " +
		"staff (merge records and vouch for contact details, as a member of staff), " +
		"auto_write_to_record (write messages into records without approval).",
	"join_help":              "Make a practice group a member of a network. The network begins with its first member.",
	"doctor_public_url_help": "Where patients reach the server, as serve has it: it is tried.",
	"seal_adopt_help":        "Take another key for this database, because the one its secrets are sealed with is lost.",
	"public_url_help":        "Where patients reach this server, for links sent to them. Default: where it listens",
	"trusted_proxy_help": "Reverse proxies, by address or range, whose X-Forwarded-For gives the client's address. " +
		"Without it, all who come through a proxy share its limits.",
	"serve_credentials_help": "With --sandbox, write the keys to this file, for its owner alone to read.",
	"webhook_allow_help":     "Hosts, or HOST:PORT, that webhooks may lead to though their address is not public.",
	"ice_server_help": "STUN or TURN servers elsewhere for video consultations, such as " +
		"stun:stun.example.org:3478.",
	"ice_secret_help": "What TURN servers elsewhere share with this program to check credentials.",
	"ice_relay_only_help": "Send all sound and picture of video consultations through TURN, so that neither side " +
		"learns the other's address.",
	"turn_listen_help": "Serve TURN here for video consultations, over UDP and TCP, for example 0.0.0.0:3478.",
	"turn_ports_help":  "The UDP ports that the TURN server gives to calls.",
	"video_template_help": "Rooms at the practice's own provider, such as https://meet.example.org/{room}; empty is " +
		"Frontdesk's own room. Without it, shows which.",
	"rate_limit_help":         "Requests a minute for each key that has no limit of its own; 0 is no limit.",
	"graphql_cost_help":       "What an operation of the GraphQL API may cost, and how many values its answer may have.",
	"graphql_same_field_help": "How often a document may ask for one field beside itself.",
	"statement_create_help":   "Make an account statement of what a patient or a contact was billed for and paid.",
	"webhook_key_help":        "The API key; better given as FRONTDESK_KEY. Default: as the credentials say",
}
