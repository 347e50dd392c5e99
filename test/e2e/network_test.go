package e2e

import (
	"regexp"
	"strings"
	"testing"

	"frontdesk/app"
	"frontdesk/store/storetest"
)

// fields is a body.
type fields = map[string]any

var aSequence = fields{"name": "x", "messages": []any{fields{"delay_minutes": 0, "message_type": "sms",
	"message_string": "x"}}}

var aPharmacy = fields{"name": "x", "email": "a@b.example", "mobile": "07700900123", "prescriber_id": "1"}

var aBatch = fields{"name": "x", "channel": "SMS", "content": "x", "recipients": []any{fields{"patient_id": "1"}}}

// aMove and aReservation name things that are not there, in a request that can be read.
var (
	aMove = fields{"start_time": "2031-01-06T09:00:00Z", "duration": 10, "practitioner_id": "1",
		"location_id": "1"}
	aReservation = fields{
		"start_time": "2031-01-06T09:00:00Z", "duration": 10, "practitioner_id": "1", "location_id": "1",
		"appointment_type_id": "1",
	}
)

// acrossNetwork lists for each operation whether a key may use it in another
// practice group of its network, with a body that can be read.
var acrossNetwork = map[string]struct {
	allowed bool
	body    any
}{
	"GET /v1/me":                            {true, nil},
	"PATCH /v1/me":                          {false, fields{"name": "Ours now"}},
	"GET /v1/me/capabilities":               {true, nil},
	"GET /v1/me/configuration":              {true, nil},
	"GET /v1/practice-groups":               {true, nil},
	"GET /v1/me/elements":                   {true, nil},
	"GET /v1/admins":                        {false, nil},
	"PATCH /v1/admins/{id}":                 {false, fields{"external_prescriber_id": "1"}},
	"POST /v1/admins/{id}/signature":        {false, fields{"signature": "A Khan"}},
	"GET /v1/admins/{id}/signature":         {false, nil},
	"GET /v1/tasks":                         {false, nil},
	"POST /v1/tasks":                        {false, fields{"subject": "Ring"}},
	"PATCH /v1/tasks/{id}":                  {false, fields{"status": "closed"}},
	"GET /v2/tasks/{id}":                    {false, nil},
	"GET /v1/admin_teams":                   {false, nil}, // which name another practice's staff
	"POST /v1/admin_teams":                  {false, fields{"name": "Reception"}},
	"GET /v1/admin_teams/{id}":              {false, nil},
	"PATCH /v1/admin_teams/{id}":            {false, fields{"name": "Reception"}},
	"DELETE /v1/admin_teams/{id}":           {false, nil},
	"GET /v1/appointment_types":             {true, nil},
	"POST /v1/appointment_types":            {false, fields{"name": "Flu", "duration": 10}},
	"PATCH /v1/appointment_types/{id}":      {false, fields{"name": "Flu"}},
	"GET /v1/locations":                     {true, nil},
	"POST /v1/locations":                    {false, fields{"name": "Annexe"}},
	"PATCH /v1/locations/{id}":              {false, fields{"name": "Annexe"}},
	"GET /v1/practitioners":                 {true, nil},
	"POST /v1/practitioners":                {false, fields{"first_name": "A", "last_name": "B"}},
	"PATCH /v1/practitioners/{id}":          {false, fields{"first_name": "A"}},
	"GET /v1/slots":                         {true, nil},
	"GET /v1/slots/count":                   {true, nil},
	"GET /v1/slots/{id}":                    {true, nil},
	"POST /v1/slots/availability":           {true, aReservation},
	"POST /v1/video_links":                  {false, fields{"appointment_id": "1"}},
	"GET /v1/sessions":                      {false, nil}, // they are set up, which needs `setup`
	"POST /v1/sessions":                     {false, fields{}},
	"GET /v1/sessions/{id}":                 {false, nil},
	"PATCH /v1/sessions/{id}":               {false, fields{}},
	"DELETE /v1/sessions/{id}":              {false, nil},
	"GET /v1/bank_holidays":                 {true, nil},
	"PUT /v1/bank_holidays/{date}":          {false, fields{"name": "Fair", "closed": true}},
	"DELETE /v1/bank_holidays/{date}":       {false, nil},
	"GET /v1/appointments":                  {true, nil},
	"POST /v1/appointments":                 {true, aReservation},
	"GET /v1/appointments/{id}":             {true, nil},
	"PUT /v1/appointments/{id}":             {true, aMove},
	"PATCH /v1/appointments/{id}/book":      {true, fields{}},
	"PATCH /v1/appointments/{id}/cancel":    {true, fields{}},
	"PATCH /v1/appointments/{id}/journey":   {true, fields{"stage": "arrived"}},
	"GET /v1/appointments/{id}/status":      {true, nil},
	"GET /v2/automated_messages":            {false, nil},
	"GET /v1/waiting_list":                  {true, nil},
	"POST /v1/waiting_list":                 {true, fields{"patient_id": "1", "appointment_type_id": "1"}},
	"GET /v1/waiting_list/{id}":             {true, nil},
	"PATCH /v1/waiting_list/{id}":           {true, fields{"priority": 1}},
	"DELETE /v1/waiting_list/{id}":          {true, nil},
	"GET /v2/automated_messages/settings":   {true, nil},
	"PATCH /v2/automated_messages/settings": {false, fields{"reminders": []int{60}}},
	"GET /v1/patients":                      {true, nil},
	"GET /v1/patients/{id}":                 {true, nil},
	"GET /v2/patients/{id}":                 {true, nil},
	"POST /v1/patients/register": {false, fields{"first_name": "A", "last_name": "B",
		"dob": "1990-01-01", "mobile": "07700900123"}},
	"POST /v1/patients/register_pds": {false,
		fields{"nhs_number": "9000000009", "dob": "1990-01-01"}},
	"GET /v1/patients/{id}/attachments": {true, nil},
	"POST /v1/patients/{id}/attachments": {false,
		fields{"file_name": "a.pdf", "file_data": "JVBERi0="}},
	"POST /v1/patients/{id}/merge":                      {false, fields{"patient_id": "1", "merge_token": "x"}},
	"POST /v1/patients/{id}/unmerge":                    {false, fields{}},
	"GET /v1/patients/{id}/ehr/candidates":              {false, nil}, // which needs `staff`
	"POST /v1/patients/{id}/ehr/connect":                {false, fields{"ehr_partner_id": "1"}},
	"POST /v1/patients/{id}/merge/preview":              {false, fields{"patient_id": "1"}},
	"PUT /v1/patients/{id}/contact_details/{kind}":      {false, fields{"value": "07700900123", "verified": true}},
	"PATCH /v1/appointments/{id}/reschedule":            {true, aMove},
	"GET /v1/patients/{id}/attachments/{attachment_id}": {true, nil},
	"GET /v1/patients/{id}/record":                      {true, nil},
	"GET /v1/patients/{id}/record/fhir":                 {true, nil},
	"GET /v1/record_entries":                            {true, nil},
	"GET /v1/identity_checks/{reference}":               {false, nil},
	"PATCH /v1/messages/{id}/unlock":                    {false, nil},
	"POST /v1/messages/{id}/send_again":                 {false, nil},
	"POST /v1/messages/send": {false,
		fields{"patient_id": "1", "message_type": "sms", "message_string": "x"}},
	"GET /v1/messages":               {true, nil},
	"GET /v1/messages/{id}":          {true, nil},
	"PATCH /v1/messages/{id}/cancel": {false, nil},
	"PUT /v1/opt_outs": {false,
		fields{"channel": "sms", "contact": "07700900123", "opted_out": true}},
	"GET /v1/invoicing/coupons":                     {false, nil},
	"GET /v1/invoicing/customers":                   {false, nil},
	"POST /v1/invoicing/customers":                  {false, fields{"name": "Nia D'Arcy"}},
	"GET /v1/invoicing/invoices":                    {false, nil},
	"GET /v1/invoicing/invoices/{id}":               {false, nil},
	"POST /v1/invoicing/invoices/link":              {false, fields{"stripe_invoice_id": "in_1", "appointment_id": "1"}},
	"POST /v1/invoicing/invoices/{id}/payment_link": {false, nil},
	"PATCH /v1/invoicing/invoices/{id}":             {false, fields{"comments": "x"}},
	"GET /v1/invoicing/membership_policies":         {false, nil},
	"POST /v1/invoicing/membership_policies": {false,
		fields{"name": "x", "product_id": "1", "percent_off": 10}},
	"GET /v1/invoicing/membership_policies/{id}":    {false, nil},
	"PATCH /v1/invoicing/membership_policies/{id}":  {false, fields{"name": "x"}},
	"DELETE /v1/invoicing/membership_policies/{id}": {false, nil},
	"GET /v1/patients/{id}/payment_methods":         {false, nil},
	"GET /v1/patients/{id}/billing_info":            {false, nil},
	"POST /v1/attachment_links":                     {false, fields{"patient_id": "1", "ehr_file_id": "1"}},
	"POST /v1/form_links":                           {false, fields{"form_id": "1", "patient_id": "1"}},
	"GET /v1/forms":                                 {false, nil},
	"POST /v1/forms":                                {false, fields{"title": "x"}},
	"GET /v1/forms/{id}":                            {false, nil},
	"PATCH /v1/forms/{id}":                          {false, fields{"title": "x"}},
	"POST /v1/forms/{id}/publish":                   {false, nil},
	"GET /v1/forms/{id}/versions":                   {false, nil},
	"GET /v1/form_response/{id}":                    {false, nil},
	"PATCH /v1/form_response/{id}":                  {false, fields{"hidden": true}},
	"GET /v1/form_responses":                        {false, nil},
	"GET /v1/prescriber/{id}":                       {false, nil},
	"GET /v1/prescriber/{id}/pharmacies":            {false, nil},
	"POST /v1/pharmacies":                           {false, aPharmacy},
	"GET /v1/prescriptions":                         {false, nil},
	"POST /v1/prescriptions":                        {false, fields{"patient_id": "1", "prescriber_id": "1"}},
	"GET /v1/prescriptions/{id}":                    {false, nil},
	"POST /v1/booking_links":                        {false, fields{"patient_id": "1", "appointment_type_id": "1"}},
	"GET /v1/booking_links/{id}":                    {false, nil},
	"PATCH /v1/booking_links/{id}":                  {false, fields{}},
	"GET /v2/bookinglinks":                          {false, nil},
	"GET /v1/links/status":                          {false, nil},
	"PATCH /v1/links/{id}/withdraw":                 {false, nil},
	"POST /v1/links/{id}/reissue":                   {false, nil},
	"GET /v1/message_replies":                       {true, nil},
	"PATCH /v1/message_replies/{id}":                {false, fields{"open": false}},
	"POST /v1/batch_message":                        {false, aBatch},
	"GET /v1/batch_message":                         {true, nil},
	"GET /v1/batch_message/{id}":                    {true, nil},
	"GET /v1/batch_message/{id}/recipients":         {true, nil},
	"GET /v1/batch_message/{id}/messages":           {true, nil},
	"GET /v1/batch_message/{id}/preview":            {true, nil},
	"GET /v1/batch_message/{id}/results.csv":        {true, nil},
	"PATCH /v1/batch_message/{id}/send":             {false, nil},
	"PATCH /v1/batch_message/{id}/pause":            {false, nil},
	"PATCH /v1/batch_message/{id}/resume":           {false, nil},
	"PATCH /v1/batch_message/{id}/cancel":           {false, nil},

	"GET /v1/episodes":        {false, nil},
	"POST /v1/episodes":       {false, fields{"patient_id": "1", "subject": "x"}},
	"GET /v1/episodes/{id}":   {false, nil},
	"GET /v2/episodes/{id}":   {false, nil},
	"PATCH /v1/episodes/{id}": {false, fields{"priority": "low"}},

	"PUT /v1/episodes/{id}/items/{type}/{item_id}":    {false, nil},
	"DELETE /v1/episodes/{id}/items/{type}/{item_id}": {false, nil},

	"POST /v1/sequences":                              {false, aSequence},
	"GET /v1/sequences":                               {true, nil},
	"GET /v1/sequences/{id}":                          {true, nil},
	"PATCH /v1/sequences/{id}":                        {false, fields{"archived": true}},
	"POST /v1/sequences/{id}/patients":                {false, fields{"patient_id": "1"}},
	"GET /v1/sequences/{id}/patients":                 {true, nil},
	"DELETE /v1/sequences/{id}/patients/{patient_id}": {false, nil},

	"POST /v1/webhooks": {false,
		fields{"url": "https://example.org", "event_type": "appointment.confirmed"}},
	"GET /v1/webhooks":                                       {false, nil},
	"GET /v1/webhooks/{id}":                                  {false, nil},
	"PATCH /v1/webhooks/{id}":                                {false, fields{}},
	"DELETE /v1/webhooks/{id}":                               {false, nil},
	"POST /v1/webhooks/{id}/rotate-key":                      {false, fields{}},
	"POST /v1/webhooks/{id}/enable":                          {false, nil},
	"POST /v1/webhooks/{id}/disable":                         {false, nil},
	"POST /v1/webhooks/{id}/test":                            {false, nil},
	"GET /v1/webhooks/{id}/deliveries":                       {false, nil},
	"GET /v1/webhooks/{id}/deliveries/{delivery_id}":         {false, nil},
	"POST /v1/webhooks/{id}/deliveries/{delivery_id}/replay": {false, nil},
	"POST /v1/webhooks/{id}/replay":                          {false, fields{"since": "2031-01-01T00:00:00Z"}},
	"POST /v1/webhooks/{id}/recover":                         {false, fields{"since": "2031-01-01T00:00:00Z"}},
	"GET /v1/events":                                         {false, nil},
	"GET /v1/api_keys":                                       {false, nil},
	"POST /v1/api_keys":                                      {false, fields{"partner": "x", "scopes": []any{}}},
	"GET /v1/api_keys/{id}":                                  {false, nil},
	"DELETE /v1/api_keys/{id}":                               {false, nil},
	"POST /v1/api_keys/{id}/rotate":                          {false, fields{}},
	"GET /v1/partner":                                        {true, nil},
	"GET /v1/partners":                                       {false, nil},
	"GET /v1/subscriptions":                                  {false, nil},
	"GET /v1/consultations":                                  {true, nil},
	"GET /v1/consultations/{id}":                             {true, nil},
	"GET /v1/hca/consultants":                                {true, nil},
	"POST /v1/events/test":                                   {false, fields{"event_type": "appointment.confirmed"}},
}

// TestNetworkKeyReadsAndBooksAndChangesNothingElse asks for every operation of
// the contract with a key of another practice group of the network.
func TestNetworkKeyReadsAndBooksAndChangesNothingElse(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		p := open(t, address, app.Config{})
		of := p.patient()
		for _, group := range []string{p.creds.Group, p.creds.Second.Group} {
			if out, errs, code := run(t, "network", "join", "Westmarch", "--group", group, "--db", address); code != 0 {
				t.Fatalf("%s %s", out, errs)
			}
		}
		known := strings.NewReplacer("/patients/{id}", "/patients/"+of, "{kind}", "mobile", "{type}", "task",
			"{date}", "2031-12-25", "/customers", "/customers?query=nia")
		ids := regexp.MustCompile(`\{[a-z_]+\}`)
		for _, o := range operations(t) {
			operation, method, path := o.method+" "+o.path, o.method, o.path
			rule, ok := acrossNetwork[operation]
			if !ok {
				t.Errorf("%s is not in the table of what a network allows", operation)
				continue
			}
			path = known.Replace(path)
			got := p.direct(method, ids.ReplaceAllString(path, "4503599627370497"), rule.body, key(p.creds.Second.Key))
			code := got.str("code")
			refused := got.Status == 403 && (code == "missing_permission" || code == "other_practice_group")
			if refused == rule.allowed || got.Status >= 500 || got.Status == 401 {
				t.Errorf("%s: %d %s", operation, got.Status, got.Text)
			}
		}
	})
}
