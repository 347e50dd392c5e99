// Runs a day of a practice through graphql-request, an independent GraphQL
// client: sign in, patient, product, booking, journey, invoice, payment, statement.
// It prints what it did, and fails at the first answer that is not as it should be.
//
//	node practice.mjs SETTINGS
//
// SETTINGS is a JSON file: where the program answers, who signs in, and the command
// that makes an account statement but for its patient.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { ClientError, GraphQLClient, gql } from 'graphql-request';

const settings = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const stranger = new GraphQLClient(settings.url);

// holds compares what is at some paths of an answer to what it should be.
function holds(answer, want) {
  for (const [path, value] of Object.entries(want)) {
    const got = path.split('.').reduce((at, step) => at?.[step], answer);
    assert.deepEqual(got, value, `${path} in ${JSON.stringify(answer)}`);
  }
}

// refused holds a request to being refused with a code, and gives the error.
async function refused(request, code, status = 200) {
  const error = await request.then(() => assert.fail(`not refused with ${code}`), (e) => e);
  assert.ok(error instanceof ClientError, String(error));
  holds(error.response, { status, 'errors.0.extensions.code': code });
  return error.response.errors[0];
}

// done is the data of a mutation that was not refused.
async function done(client, document, variables) {
  const [payload] = Object.values(await client.request(document, variables));
  assert.equal(payload.error, null);
  return payload.data;
}

const step = (what) => console.log(what);

step('sign in');
const signIn = gql`mutation SignIn($email: String, $apiKey: String, $password: String!) {
  signIn(email: $email, apiKey: $apiKey, password: $password) { token user { id fullName email isDoctor } }
}`;
const { email, apiKey, password } = settings;
await refused(stranger.request('{ practice { id } }'), 'UNAUTHENTICATED', 401);
const wrong = await refused(stranger.request(signIn, { email, password: 'wrong' }), 'UNAUTHENTICATED');
assert.match(wrong.message, /^Incorrect/);
const byEmail = (await stranger.request(signIn, { email, password })).signIn;
holds(byEmail, { 'user.email': email, 'user.fullName': 'Dr Amir Khan', 'user.isDoctor': true });
const byKey = (await stranger.request(signIn, { apiKey, password })).signIn;
holds(byKey, { user: null });
assert.notEqual(byEmail.token, byKey.token);
const doctor = new GraphQLClient(settings.url, { headers: { 'x-token': byEmail.token } });
const website = new GraphQLClient(settings.url, { headers: { 'x-token': byKey.token } });
const { practice } = await doctor.request('{ practice { name locations { id name } paymentTypes { id name } } }');
assert.deepEqual((await website.request('{ practice { name } }')).practice.name, practice.name);
const locationId = practice.locations[0].id;
const card = practice.paymentTypes.find((type) => type.name === 'Card').id;
const doctorId = byEmail.user.id;

step('patient');
const patient = await done(website, gql`mutation($data: CreatePatientDataInput) {
  createPatient(patientData: $data) { data { id fullName dob email phones { phoneType phoneNumber } } error }
}`, { data: { title: 'Ms', first: 'Zoë', last: "D'Arcy", dob: '1985-12-10', email: 'zoe@example.org', phoneType: 'Mobile', phoneNumber: '07700 900123' } });
holds(patient, { fullName: "Ms Zoë D'Arcy", dob: '1985-12-10T00:00:00.000Z', email: 'zoe@example.org', 'phones.0.phoneType': 'Mobile' });
holds(await website.request('query($name: String) { patients(search: $name) { data { id } pageInfo { page pageSize hasMore } } }', { name: "d'arcy" }), {
  'patients.data': [{ id: patient.id }], 'patients.pageInfo': { page: 1, pageSize: 50, hasMore: false },
});
holds(await website.request('{ patient(id: "000000000000000000000000") { id } }'), { patient: null });

step('product');
const product = await done(doctor, gql`mutation($data: ProductDataInput!) {
  createProduct(productData: $data) { data { id name productType price duration } error }
}`, { data: { productType: 'appointment', name: 'Consultation', price: 65.5, duration: 20 } });
holds(product, { name: 'Consultation', productType: 'appointment', price: 65.5, duration: 20 });

step('booking');
const book = gql`mutation Book($data: BookingDataInput) {
  createBooking(bookingData: $data) { data { id start end status billed doctorName patientId appointment { title duration price } bookingJourney { arrived departed } } error }
}`;
const times = (hour) => ({ start: `2031-07-07T${hour}:00:00.000Z`, end: `2031-07-07T${hour}:20:00.000Z` });
const data = (hour) => ({ patient: patient.id, location: locationId, bookingType: product.id, doctor: doctorId, ...times(hour) });
const booking = await done(doctor, book, { data: data('09') });
holds(booking, {
  ...times('09'), status: 'confirmed', billed: false, doctorName: 'Dr Amir Khan', patientId: patient.id,
  appointment: { title: 'Consultation', duration: 20, price: 65.5 }, bookingJourney: { arrived: null, departed: null },
});
const twice = await doctor.rawRequest(book, { data: data('09') });
holds(twice, { status: 200, 'data.createBooking.data': null, 'extensions.errors.createBooking': 'slot_taken' });
assert.ok(twice.data.createBooking.error);
await done(doctor, book, { data: data('10') });
const listed = (page) => doctor.request(gql`query($range: DateRange, $page: Pagination) {
  bookings(dateRange: $range, pagination: $page) { data { start } pageInfo { page pageSize hasMore } }
}`, { range: { start: '2031-07-07', end: '2031-07-08' }, page: { page, pageSize: 1 } });
const seen = [];
for (const page of [1, 2]) {
  const { bookings } = await listed(page);
  holds(bookings, { 'data.length': 1, pageInfo: { page, pageSize: 1, hasMore: page === 1 } });
  seen.push(bookings.data[0].start);
}
assert.deepEqual(seen.sort(), [times('09').start, times('10').start]);

step('journey');
const went = gql`mutation($id: ID!, $at: BookingJourneyInput) {
  updateBookingJourney(id: $id, bookingJourneyInput: $at) { data { bookingJourney { arrived consultation departed dna } } error }
}`;
const journey = { arrived: null, consultation: null, departed: null, dna: null };
for (const [journeyStage, date] of [['arrived', '2024-07-08T08:01:00.000Z'], ['consultation', '2024-07-08T08:03:00.000Z'], ['departed', '2024-07-08T08:20:00.000Z']]) {
  journey[journeyStage] = date;
  holds(await done(doctor, went, { id: booking.id, at: { journeyStage, date } }), { bookingJourney: journey });
}

step('invoice');
const parts = `id status paidOrOutstanding invoiceNumber total outstanding refunded lineItems { title quantity price total referenceId } payments { id paymentAmount paymentSource }`;
const bill = gql`mutation($data: NewInvoiceDataInput) { createInvoice(invoiceData: $data) { data { ${parts} } error } }`;
const invoice = await done(doctor, bill, {
  data: {
    date: '2031-07-07', patientId: patient.id, doctorId, locationId, comments: 'Thank you.',
    lineItems: [{ date: '2031-07-07', productId: product.id, quantity: 1, referenceId: booking.id }, { date: '2031-07-07', productId: product.id, quantity: 2, price: 10.05 }],
  },
});
holds(invoice, {
  status: 'active', paidOrOutstanding: 'Outstanding', invoiceNumber: 1, total: 85.6, outstanding: 85.6, refunded: 0, payments: [],
  'lineItems.0': { title: 'Consultation', quantity: 1, price: 65.5, total: 65.5, referenceId: booking.id }, 'lineItems.1.total': 20.1,
});
holds(await doctor.request('query($id: ID!) { booking(id: $id) { billed } }', { id: booking.id }), { 'booking.billed': true });

step('payment');
const pay = gql`mutation($id: ID!, $payment: NewInvoicePaymentDataInput) {
  addInvoicePayment(invoiceId: $id, paymentData: $payment) { data { ${parts} } error }
}`;
const payment = (paymentAmount) => ({ paymentAmount, paymentTypeId: card, paymentDate: '2031-07-07' });
holds(await done(doctor, pay, { id: invoice.id, payment: payment(80.6) }), {
  paidOrOutstanding: 'Outstanding', outstanding: 5, 'payments.0.paymentAmount': 80.6, 'payments.0.paymentSource': 'Card',
});
const much = await doctor.rawRequest(pay, { id: invoice.id, payment: payment(5.01) });
holds(much, { 'data.addInvoicePayment.data': null, 'extensions.errors.addInvoicePayment': 'invoice_overpaid' });
holds(await done(doctor, pay, { id: invoice.id, payment: payment(5) }), { paidOrOutstanding: 'Paid', outstanding: 0, 'payments.length': 2 });

step('statement');
// The command line takes the patient's number, as the REST API gives it.
const found = await (await fetch(`${settings.rest}/v1/patients?field=email&search=zoe@example.org`, { headers: settings.headers })).json();
holds(found, { count: 1, 'data.0.last_name': "D'Arcy" });
const number = found.data[0].id;
execFileSync(settings.program, [...settings.statement, '--patient', number, '--from', '2031-07-01', '--until', '2031-07-31']);
const { accountStatements } = await website.request(gql`{
  accountStatements { data { id statementType start end totalPrice totalPaid totalOutstanding account { __typename ... on Patient { id } } invoices { id invoiceNumber } } pageInfo { pageSize hasMore } }
}`);
holds(accountStatements, { 'data.length': 1, pageInfo: { pageSize: 50, hasMore: false } });
holds(accountStatements.data[0], {
  statementType: 'ACTIVITY', start: '2031-07-01T00:00:00.000Z', end: '2031-07-31T00:00:00.000Z', totalPrice: 85.6, totalPaid: 85.6, totalOutstanding: 0,
  account: { __typename: 'Patient', id: patient.id }, invoices: [{ id: invoice.id, invoiceNumber: 1 }],
});
holds(await website.request('query($id: ID!) { accountStatement(id: $id) { id totalPaid } }', { id: accountStatements.data[0].id }), {
  accountStatement: { id: accountStatements.data[0].id, totalPaid: 85.6 },
});
step('all is well');
