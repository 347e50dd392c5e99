#!/usr/bin/env bash
# One would guess: a clinic every Sunday at 01:30 in London, which on 28 March
# 2027 is an hour that does not exist, is the same three appointments in every
# calendar library.
# What happens: it is at 02:30 British time (rrule-go), at 00:30 Greenwich time
# (rrule, ical.js), or not at all, with one more a week after the last
# (node-ical).
# Versions: npm rrule 2.8.1, ical.js 2.2.1, node-ical 0.27.2, Go
# github.com/teambition/rrule-go v1.8.2.
# Source: RFC 5545, 3.3.5 (a local time that does not exist is read with the
# offset before the gap) and 3.3.10 (an invalid date of a rule is left out and
# does not count).
set -euo pipefail
export TZ=UTC
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund rrule@2.8.1 ical.js@2.2.1 node-ical@0.27.2
cat >go.mod <<'MOD'
module finding

go 1.26
MOD
GOFLAGS=-mod=mod go get github.com/teambition/rrule-go@v1.8.2 2>/dev/null

cat >clinic.ics <<'ICS'
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//example//clinic//EN
BEGIN:VTIMEZONE
TZID:Europe/London
BEGIN:DAYLIGHT
TZOFFSETFROM:+0000
TZOFFSETTO:+0100
TZNAME:BST
DTSTART:19700329T010000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0100
TZOFFSETTO:+0000
TZNAME:GMT
DTSTART:19701025T020000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
UID:clinic
DTSTAMP:20270101T000000Z
DTSTART;TZID=Europe/London:20270321T013000
DTEND;TZID=Europe/London:20270321T020000
RRULE:FREQ=WEEKLY;COUNT=3
END:VEVENT
END:VCALENDAR
ICS
cat >check.js <<'JS'
const fs = require('fs');
const text = fs.readFileSync('clinic.ics', 'utf8').replaceAll('\n', '\r\n');
const show = (name, times) => console.log(name.padEnd(9), times.map((t) => t.toISOString().slice(0, 16) + 'Z').join(' '));

const { rrulestr } = require('rrule');
show('rrule', rrulestr('DTSTART;TZID=Europe/London:20270321T013000\nRRULE:FREQ=WEEKLY;COUNT=3').all());

const load = require('ical.js');
const ICAL = load.default ?? load;
const event = new ICAL.Event(new ICAL.Component(ICAL.parse(text)).getFirstSubcomponent('vevent'));
const each = event.iterator();
const times = [];
for (let at = each.next(); at; at = each.next()) times.push(event.getOccurrenceDetails(at).startDate.toJSDate());
show('ical.js', times);

const found = Object.values(require('node-ical').parseICS(text)).find((x) => x.type === 'VEVENT');
show('node-ical', found.rrule.all());
JS
cat >main.go <<'GO'
package main

import (
	"fmt"

	"github.com/teambition/rrule-go"
)

func main() {
	set, err := rrule.StrToRRuleSet("DTSTART;TZID=Europe/London:20270321T013000\nRRULE:FREQ=WEEKLY;COUNT=3")
	if err != nil {
		panic(err)
	}
	fmt.Print("rrule-go ")
	for _, at := range set.All() {
		fmt.Print(" ", at.UTC().Format("2006-01-02T15:04Z"))
	}
	fmt.Println()
}
GO
cat >want <<'TXT'
rrule     2027-03-21T01:30Z 2027-03-28T00:30Z 2027-04-04T00:30Z
ical.js   2027-03-21T01:30Z 2027-03-28T00:30Z 2027-04-04T00:30Z
node-ical 2027-03-21T01:30Z 2027-04-04T00:30Z 2027-04-11T00:30Z
rrule-go  2027-03-21T01:30Z 2027-03-28T01:30Z 2027-04-04T00:30Z
TXT
{ node check.js && GOFLAGS=-mod=mod go run .; } | tee got
diff want got
