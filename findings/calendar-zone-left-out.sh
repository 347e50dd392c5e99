#!/usr/bin/env bash
# One would guess: an appointment written by one calendar library with
# TZID=Europe/London is at the same instant when two others read it.
# What happens: ical-generator names the zone and leaves out its VTIMEZONE,
# which RFC 5545 requires; ical.js then reads the time as one of wherever the
# program runs (09:00 in New York), node-ical as one of London.
# Versions: npm ical-generator 11.1.2 (with luxon 3.7.2), ical.js 2.2.1,
# node-ical 0.27.2.
# Source: RFC 5545, 3.2.19 (a TZID needs its VTIMEZONE in the same object).
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund ical-generator@11.1.2 luxon@3.7.2 ical.js@2.2.1 node-ical@0.27.2

cat >check.mjs <<'JS'
import { createRequire } from 'module';
import ical from 'ical-generator';
const require = createRequire(import.meta.url);
const { DateTime } = require('luxon');
const load = require('ical.js');
const ICAL = load.default ?? load;

const zone = 'Europe/London';
const at = (time) => DateTime.fromISO(`2027-07-01T${time}`, { zone });
const calendar = ical({ name: 'Appointments' });
calendar.createEvent({ id: 'one', start: at('09:00'), end: at('09:10'), timezone: zone, summary: 'Appointment' });
const text = calendar.toString();
console.log(process.env.TZ, text.match(/DTSTART.*/)[0], 'VTIMEZONE:', text.includes('BEGIN:VTIMEZONE'));

const event = new ICAL.Event(new ICAL.Component(ICAL.parse(text)).getFirstSubcomponent('vevent'));
console.log('  ical.js  ', event.startDate.toJSDate().toISOString(), event.startDate.zone.tzid);
const found = Object.values(require('node-ical').parseICS(text)).find((x) => x.type === 'VEVENT');
console.log('  node-ical', found.start.toISOString());
JS
cat >want <<'TXT'
UTC DTSTART;TZID=Europe/London:20270701T090000 VTIMEZONE: false
  ical.js   2027-07-01T09:00:00.000Z floating
  node-ical 2027-07-01T08:00:00.000Z
America/New_York DTSTART;TZID=Europe/London:20270701T090000 VTIMEZONE: false
  ical.js   2027-07-01T13:00:00.000Z floating
  node-ical 2027-07-01T08:00:00.000Z
TXT
{ TZ=UTC node check.mjs && TZ=America/New_York node check.mjs; } | tr -d '\r' | tee got
diff want got
