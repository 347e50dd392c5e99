// Reads calendar parts of e-mails through two independent parsers, ical.js and node-ical, and prints what both say.
// It fails where they differ. With --mail, the file is a whole e-mail, which mailparser takes apart first.
//
//	node calendar.mjs [--mail] FILE
//
// A program that knows no zone by its name reads the rules that come with the part: ical.js does so.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import ICAL from 'ical.js';
import nodeIcal from 'node-ical';
import { simpleParser } from 'mailparser';

const [file, isMail] = process.argv[2] === '--mail' ? [process.argv[3], true] : [process.argv[2], false];
let text = readFileSync(file, 'utf8');
const out = {};
if (isMail) {
  const mail = await simpleParser(text);
  const parts = mail.attachments.filter((a) => a.contentType === 'text/calendar');
  assert.equal(parts.length, 1, `the e-mail has ${parts.length} calendar parts`);
  out.subject = mail.subject;
  out.text = mail.text;
  out.html = mail.html;
  out.type = parts[0].headers.get('content-type').params.method;
  text = parts[0].content.toString('utf8');
}
assert.ok(!/[^\r]\n/.test(text), 'a line ends without a carriage return');
for (const line of text.split('\r\n')) {
  assert.ok(Buffer.byteLength(line) <= 75, `a line is too long: ${line}`);
}

const calendar = new ICAL.Component(ICAL.parse(text));
for (const zone of calendar.getAllSubcomponents('vtimezone')) {
  ICAL.TimezoneService.register(zone);
}
const first = new ICAL.Event(calendar.getFirstSubcomponent('vevent'));
const one = {
  method: calendar.getFirstPropertyValue('method'),
  uid: first.uid,
  sequence: first.sequence,
  start: first.startDate.toJSDate().toISOString(),
  end: first.endDate.toJSDate().toISOString(),
  summary: first.summary,
  location: first.location ?? '',
  description: first.description ?? '',
  status: first.component.getFirstPropertyValue('status'),
  organiser: first.component.getFirstProperty('organizer').getParameter('cn'),
  from: first.organizer,
  to: first.attendees.map((a) => a.getFirstValue()).join(' '),
};

const parsed = nodeIcal.sync.parseICS(text);
const second = Object.values(parsed).find((x) => x.type === 'VEVENT');
const plain = (v) => (v && typeof v === 'object' && 'val' in v ? v.val : v ?? '');
const other = {
  method: second.method ?? parsed.vcalendar?.method,
  uid: second.uid,
  sequence: Number(second.sequence),
  start: second.start.toISOString(),
  end: second.end.toISOString(),
  summary: plain(second.summary),
  location: plain(second.location),
  description: plain(second.description),
  status: second.status,
  organiser: second.organizer.params.CN.replace(/^"|"$/g, ''),
  from: second.organizer.val,
  to: plain(second.attendee),
};
assert.deepEqual(other, one);
console.log(JSON.stringify({ ...out, ...one }));
