package graph

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/core/account"
	"frontdesk/core/booking"
	"frontdesk/core/chart"
	"frontdesk/core/clinical"
	"frontdesk/core/diary"
	"frontdesk/core/document"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/webhook"
	"frontdesk/graph/gql"
)

// neverTold are the topics that nothing here causes yet.
var neverTold = []webhook.Topic{
	"prescription.deleted", "prescription.recordedInError", "prescription.eprescription.generated", "invoice.shared",
	"invoice.integrations.xero.synced", "invoice.integrations.healthcode.statusUpdated", "patientDocument.renamed",
}

// postbox keeps what is posted, by the id of the event.
type postbox struct {
	nobodysPoster
	mu   sync.Mutex
	got  map[string]webhook.News
	came chan struct{}
}

func (p *postbox) Post(_ context.Context, parcel webhook.Parcel) webhook.Answer {
	var n webhook.News
	if err := json.Unmarshal(parcel.Body, &n); err != nil {
		return webhook.Answer{Status: 400}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.got[n.EventID] = n
	p.came <- struct{}{}
	return webhook.Answer{Status: 204}
}

// teller is a practice whose one subscription is told of everything.
type teller struct {
	*surgery
	box   *postbox
	types []webhook.Type
	own   string // the subscription's id
	last  int64  // the last event looked at
	steps []step
	told  int
}

// step is a change, what is to be told of it, and the events that were kept.
type step struct {
	name   string
	want   []string
	events []string
}

// row is a change. do makes it, and gives what is to be told of it.
type row struct {
	name string
	do   func() []string
}

// news writes what is told as one text: the topic, then each identifier's name and
// value.
func news(topic webhook.Topic, ids ...string) string {
	var pairs []string
	for i := 0; i < len(ids); i += 2 {
		pairs = append(pairs, ids[i]+"="+ids[i+1])
	}
	slices.Sort(pairs)
	return strings.Join(append([]string{string(topic)}, pairs...), " ")
}

// subscribe makes a subscription to everything there is.
func (d *desk) subscribe() webhook.Webhook {
	d.t.Helper()
	in := newWebhook()
	in["eventTypes"] = gql.AllWebhookEventType
	id, _ := d.done("createWebhook", createWebhook, "in", in)["id"].(string)
	w, err := d.core.Webhook.SubscriptionByID(d.ctx, ourID[webhook.ID](&id))
	d.must(err)
	return w
}

func newTeller(d *desk) *teller {
	d.t.Helper()
	mine := *d
	d.join("Another")
	d.subscribe()
	d.group, d.ctx, d.token = mine.group, mine.ctx, mine.token
	e := &teller{surgery: d.surgery(), box: &postbox{got: map[string]webhook.News{}, came: make(chan struct{}, 1000)}}
	d.core.Webhook.Poster = e.box
	w := d.subscribe()
	e.types, e.own = w.Types, encode(kindWebhook, w.ID)
	e.since()
	return e
}

// since gives the ids of the events that were kept since it was last asked, and
// that are told of.
func (e *teller) since() (ids []string) {
	e.t.Helper()
	all, err := e.db.Events(e.ctx, int64(e.group.ID), e.last, 1000)
	e.must(err)
	for _, x := range all {
		e.last = x.ID
		if slices.Contains(e.types, webhook.Type(x.Type)) {
			ids = append(ids, encode(kindEvent, x.ID))
		}
	}
	return ids
}

func (e *teller) run(rows []row) {
	e.t.Helper()
	for _, r := range rows {
		e.move(time.Second)
		s := step{name: r.name, want: r.do()}
		s.events = e.since()
		e.told += len(s.events)
		e.steps = append(e.steps, s)
	}
}

// deliver has everything delivered.
func (e *teller) deliver() {
	e.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	courier := webhook.NewCourier(e.core.Webhook, slog.New(slog.DiscardHandler), time.Now)
	var done sync.WaitGroup
	done.Go(func() { courier.Run(ctx) })
	defer done.Wait()
	defer stop()
	for end := time.After(time.Minute); ; {
		due, err := e.core.Webhook.Store.DueWebhooks(ctx, e.now.Load().Add(time.Hour))
		e.must(err)
		if len(due) == 0 {
			return
		}
		select {
		case <-e.box.came:
		case <-time.After(2 * time.Millisecond): // what was posted is still to be written down
		case <-end:
			e.t.Fatal("not all of it was delivered")
		}
	}
}

// TestWhatSubscriptionsAreToldOf makes every change there is, and looks at what a
// subscription to everything gets: of what happened, with the ids of the right
// things, once, and in no other practice.
func TestWhatSubscriptionsAreToldOf(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		e := newTeller(d)
		for _, rows := range [][]row{
			e.patients(), e.phones(), e.numbers(), e.around(), e.memberships(), e.invoices(), e.payments(), e.papers(), e.clinic(), e.bookings(), e.appointments(),
		} {
			e.run(rows)
		}
		e.deliver()
		heard := map[webhook.Topic]bool{}
		for _, s := range e.steps {
			var got []string
			for _, id := range s.events {
				n := e.box.got[id]
				var ids []string
				for name, value := range n.Identifiers {
					if ids = append(ids, name, value); len(value) != hexLen {
						t.Errorf("%s: %s is %q", s.name, name, value)
					}
				}
				if n.EventID != id || n.SubscriptionID != e.own {
					t.Errorf("%s: got %+v of event %s", s.name, n, id)
				}
				heard[n.EventType] = true
				got = append(got, news(n.EventType, ids...))
			}
			slices.Sort(got)
			if slices.Sort(s.want); !slices.Equal(got, s.want) {
				t.Errorf("%s:\ntold %s\nwant %s", s.name, strings.Join(got, "\n     "), strings.Join(s.want, "\n     "))
			}
		}
		if len(e.box.got) != e.told {
			t.Errorf("%d events were told of, and %d delivered", e.told, len(e.box.got))
		}
		for _, topic := range webhook.Topics {
			if heard[topic] == slices.Contains(neverTold, topic) {
				t.Errorf("%s: told of here is %t", topic, heard[topic])
			}
		}
	})
}

// TestTheDocumentationSaysWhatIsToldOf holds the lists to each other.
func TestTheDocumentationSaysWhatIsToldOf(t *testing.T) {
	for _, name := range []string{"../docs/graphql.md", "../docs/decisions/contract-choices.md"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		_, list, ok := strings.Cut(string(text), "never told yet")
		list, _, _ = strings.Cut(list, "\n")
		var want strings.Builder
		for _, topic := range neverTold {
			want.WriteString("`" + string(topic) + "`")
			if !strings.Contains(list, "`"+string(topic)+"`") {
				t.Errorf("%s does not say that %s is never told", name, topic)
			}
		}
		if n := strings.Count(list, "`"); !ok || n != strings.Count(want.String(), "`") {
			t.Errorf("%s names %d topics as never told", name, n/2)
		}
	}
	text, err := os.ReadFile("../docs/graphql.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, topic := range webhook.Topics {
		if !strings.Contains(string(text), "`"+string(topic)+"`") {
			t.Errorf("the documentation does not name %s", topic)
		}
	}
}

// change runs a mutation of a patient.
func (e *teller) change(mutation string) map[string]any {
	e.t.Helper()
	return e.desk.change(mutation)
}

// made runs a mutation and gives some of its data.
func (e *teller) made(mutation, fields string) map[string]any {
	e.t.Helper()
	return e.done("m", `mutation { m: `+mutation+` { data { `+fields+` } error } }`)
}

// text is the text at a path.
func (e *teller) text(v any, path string) string {
	e.t.Helper()
	s, _ := at(e.t, v, path).(string)
	if s == "" {
		e.t.Fatalf("nothing is at %s of %v", path, v)
	}
	return s
}

// nothing is a row of a change that nobody is told of.
func nothing(name string, do func()) row {
	return row{name, func() []string { do(); return nil }}
}

func (e *teller) patients() []row {
	var ada, bea string
	var label string
	register := func(town, mobile string) string {
		id, err := e.core.Patient.Register(e.ctx, patient.Registration{FirstName: "Bea", LastName: "Lovelace", BirthDate: "1985-12-10", NHSNumber: ptr("9434765919"), Town: &town, Mobile: &mobile})
		e.must(err)
		return encode(kindPatient, id)
	}
	return []row{
		nothing("a label is made", func() { label = e.text(e.made(`createLabel(labelData: {title: "VIP"})`, "id"), "id") }),
		{"somebody is registered over GraphQL, with what is around them", func() []string {
			ada = e.admit(`{first: "Ada", last: "Lovelace", phoneType: "Office", phoneNumber: "01632 960123", labels: ["` + label + `"], customAttributes: [{title: "Diet", text: "Any?", response: "None"}]}`)
			return []string{news("patient.created", "patientId", ada)}
		}},
		nothing("a registration is refused", func() { e.refused(`createPatient(patientData: {})`, "first_name") }),
		{"somebody is registered over REST", func() []string {
			bea = register("Leeds", "07700900123")
			return []string{news("patient.created", "patientId", bea)}
		}},
		nothing("the same is registered again", func() { register("Leeds", "07700900123") }),
		{"another town and number are registered", func() []string {
			register("York", "07700900456")
			return []string{news("patient.updated", "patientId", bea), news("patient.phone.updated", "patientId", bea, "phoneId", encode(kindMobile, ourID[patient.ID](&bea)))}
		}},
		{"staff enter another number", func() []string {
			_, err := e.core.Patient.SetContact(e.ctx, ourID[patient.ID](&bea), patient.ContactMobile, patient.ContactChange{Value: ptr("07700900789")})
			e.must(err)
			return []string{news("patient.phone.updated", "patientId", bea, "phoneId", encode(kindMobile, ourID[patient.ID](&bea)))}
		}},
		nothing("staff see that it is right", func() {
			_, err := e.core.Patient.SetContact(e.ctx, ourID[patient.ID](&bea), patient.ContactMobile, patient.ContactChange{Verified: ptr(true)})
			e.must(err)
		}),
		{"a name changes", func() []string {
			e.change(`updatePatient(id: "` + ada + `", patientData: {last: "King"})`)
			return []string{news("patient.updated", "patientId", ada)}
		}},
		{"a preference changes", func() []string {
			e.change(`updatePatient(id: "` + ada + `", patientData: {communicationPreferences: {receiveSMS: false}})`)
			return []string{news("patient.updated", "patientId", ada)}
		}},
		nothing("they are set as they are", func() {
			e.change(`updatePatient(id: "` + ada + `", patientData: {last: "King", communicationPreferences: {receiveSMS: false}})`)
		}),
		nothing("a change is refused", func() {
			e.refused(`updatePatient(id: "`+ada+`", patientData: {last: "Byron", title: "Wizard"})`, "title")
		}),
		{"they are archived", func() []string {
			e.change(`archivePatient(patientId: "` + ada + `", reason: OTHER)`)
			return []string{news("patient.archived", "patientId", ada)}
		}},
		nothing("they are archived again", func() { e.change(`archivePatient(patientId: "` + ada + `", reason: OTHER)`) }),
		{"they are not archived any more", func() []string {
			e.change(`unarchivePatient(patientId: "` + ada + `", reason: ACTIVE_PATIENT)`)
			return []string{news("patient.unarchived", "patientId", ada)}
		}},
		nothing("nor are they after asking again", func() { e.change(`unarchivePatient(patientId: "` + ada + `", reason: ACTIVE_PATIENT)`) }),
		{"two are merged", func() []string {
			a, b := ourID[patient.ID](&ada), ourID[patient.ID](&bea)
			p, err := e.core.Patient.PreviewMerge(e.ctx, a, b)
			e.must(err)
			_, err = e.core.Patient.Merge(e.ctx, a, b, p.Token)
			e.must(err)
			return []string{news("patient.merged", "patientId", ada, "mergedPatientId", bea)}
		}},
		{"they are deleted", func() []string {
			e.change(`deletePatient(id: "` + ada + `")`)
			return []string{news("patient.deleted", "patientId", ada)}
		}},
		nothing("they are deleted again", func() { e.refused(`deletePatient(id: "`+ada+`")`, patient.ErrNotFound.Message) }),
	}
}

func (e *teller) phones() []row {
	of := `patientId: "` + e.ada + `"`
	mobile, landline := encode(kindMobile, ourID[patient.ID](&e.ada)), encode(kindLandline, ourID[patient.ID](&e.ada))
	var second string
	told := func(how, phone string) string {
		return news(webhook.Topic("patient.phone."+how), "patientId", e.ada, "phoneId", phone)
	}
	add := func(kind, number string) map[string]any {
		return e.change(`addPatientPhoneNumber(` + of + `, phoneData: {phoneNumber: "` + number + `", phoneType: "` + kind + `"})`)
	}
	update := func(phone, data string) map[string]any {
		return e.change(`updatePatientPhoneNumber(` + of + `, phoneId: "` + phone + `", phoneData: {` + data + `})`)
	}
	return []row{
		{"the first mobile", func() []string { add("Mobile", "07700 900123"); return []string{told("added", mobile)} }},
		{"the first number at home", func() []string { add("Home", "01632 960123"); return []string{told("added", landline)} }},
		{"a second mobile", func() []string {
			second = e.text(add("Mobile", "07700 900456"), "phones.2.phoneId")
			return []string{told("added", second)}
		}},
		nothing("no number", func() {
			e.refused(`addPatientPhoneNumber(`+of+`, phoneData: {phoneNumber: "12", phoneType: "Fax"})`, "telephone")
		}),
		{"the mobile is another", func() []string {
			update(mobile, `phoneNumber: "07700 900999"`)
			return []string{told("updated", mobile)}
		}},
		nothing("the mobile is the same", func() { update(mobile, `phoneType: "Mobile", phoneNumber: "07700 900999"`) }),
		{"the second is another", func() []string {
			update(second, `phoneNumber: "07700 900457"`)
			return []string{told("updated", second)}
		}},
		nothing("the second is the same", func() { update(second, `phoneNumber: "07700900457"`) }),
		{"the mobile is in an office now", func() []string {
			all := at(e.t, update(mobile, `phoneType: "Office"`), "phones").([]any)
			return []string{told("removed", mobile), told("added", e.text(all[len(all)-1], "phoneId"))}
		}},
		{"the number at home is changed with the patient", func() []string {
			_, err := e.core.Patient.SetContact(e.ctx, ourID[patient.ID](&e.ada), patient.ContactLandline, patient.ContactChange{Value: ptr("01632960124")})
			e.must(err)
			return []string{told("updated", landline)}
		}},
		{"the second is forgotten", func() []string {
			e.change(`removePatientPhoneNumber(` + of + `, phoneId: "` + second + `")`)
			return []string{told("removed", second)}
		}},
		nothing("and cannot be forgotten again", func() {
			e.refused(`removePatientPhoneNumber(`+of+`, phoneId: "`+second+`")`, chart.ErrNoPhone.Message)
		}),
	}
}

func (e *teller) numbers() []row {
	of := `patientId: "` + e.ada + `"`
	var def, own string
	nhs, nhsKind := encode(kindNHSNumber, ourID[patient.ID](&e.ada)), encode(kindDefinition, chart.NHSNumber)
	told := func(how, number string) []string {
		return []string{news(webhook.Topic("patient.number."+how), "patientId", e.ada, "patientNumberId", number)}
	}
	add := func(kind, value string) map[string]any {
		return e.change(`addPatientNumber(` + of + `, patientNumber: {numberId: "` + kind + `", value: "` + value + `"})`)
	}
	update := func(number, value string) {
		e.change(`updatePatientNumber(` + of + `, patientNumberId: "` + number + `", value: "` + value + `")`)
	}
	remove := func(number string) {
		e.change(`removePatientNumber(` + of + `, patientNumberId: "` + number + `")`)
	}
	return []row{
		nothing("a kind of number is made", func() { def = e.text(e.made(`createPatientNumber(input: {name: "Insurance"})`, "id"), "id") }),
		{"a number", func() []string { own = e.text(add(def, "A-1"), "numbers.1.id"); return told("added", own) }},
		{"it is another", func() []string { update(own, "A-2"); return told("updated", own) }},
		nothing("it is the same", func() { update(own, "A-2") }),
		{"it is forgotten", func() []string { remove(own); return told("removed", own) }},
		nothing("no NHS number", func() {
			e.refused(`addPatientNumber(`+of+`, patientNumber: {numberId: "`+nhsKind+`", value: "1234567890"})`, "NHS number")
		}),
		{"an NHS number", func() []string { add(nhsKind, "9434765919"); return told("added", nhs) }},
		nothing("it is the same number", func() { update(nhs, "943 476 5919") }),
		{"it is forgotten, too", func() []string { remove(nhs); return told("removed", nhs) }},
	}
}

func (e *teller) around() []row {
	of := `patientId: "` + e.ada + `"`
	var attribute, relation, label, use, group string
	told := func(topic webhook.Topic, ids ...string) []string {
		return []string{news(topic, append([]string{"patientId", e.ada}, ids...)...)}
	}
	attributes := func(how string) []string {
		return told(webhook.Topic("patient.customAttribute."+how), "attributeId", attribute)
	}
	relations := func(how string) []string {
		return told(webhook.Topic("patient.relationship."+how), "relationshipId", relation)
	}
	product := func(how string) []string {
		return []string{news(webhook.Topic("product.label."+how), "productId", e.jab, "labelId", label)}
	}
	return []row{
		{"an attribute", func() []string {
			attribute = e.text(e.change(`addPatientAttribute(`+of+`, attributeData: {title: "Diet", text: "Any?", response: "None"})`), "customAttributes.0.id")
			return attributes("added")
		}},
		{"it is another", func() []string {
			e.change(`updatePatientAttribute(` + of + `, attributeId: "` + attribute + `", attributeData: {response: "Vegan"})`)
			return attributes("updated")
		}},
		nothing("it is the same", func() {
			e.change(`updatePatientAttribute(` + of + `, attributeId: "` + attribute + `", attributeData: {response: "Vegan"})`)
		}),
		{"it is forgotten", func() []string {
			e.change(`removePatientAttribute(` + of + `, attributeId: "` + attribute + `")`)
			return attributes("removed")
		}},
		nothing("and not again", func() {
			e.refused(`removePatientAttribute(`+of+`, attributeId: "`+attribute+`")`, chart.ErrNoAttribute.Message)
		}),
		{"a relationship", func() []string {
			relation = e.text(e.change(`addPatientRelationship(`+of+`, relationshipType: GP, contact: {lastName: "Foster"})`), "relatedAccounts.0.relationshipId")
			return relations("added")
		}},
		{"it is another", func() []string {
			e.change(`updatePatientRelationship(` + of + `, relationshipId: "` + relation + `", contact: {email: "f@example.org"})`)
			return relations("updated")
		}},
		nothing("it is the same", func() {
			e.change(`updatePatientRelationship(` + of + `, relationshipId: "` + relation + `", contact: {email: "f@example.org"})`)
		}),
		nothing("one with nobody", func() {
			e.refused(`addPatientRelationship(`+of+`, relationshipType: FAMILY, contact: {})`, "with somebody")
		}),
		{"it is forgotten", func() []string {
			e.change(`removePatientRelationship(` + of + `, relationshipId: "` + relation + `")`)
			return relations("removed")
		}},
		nothing("a label is made", func() { label = e.text(e.made(`createLabel(labelData: {title: "VIP"})`, "id"), "id") }),
		{"it is put on a patient", func() []string {
			use = e.text(e.change(`addPatientLabel(`+of+`, labelReferenceId: "`+label+`")`), "labels.0.id")
			return told("patient.label.added", "labelId", label)
		}},
		nothing("it is put on again", func() { e.change(`addPatientLabel(` + of + `, labelReferenceId: "` + label + `")`) }),
		{"it is taken off", func() []string {
			e.change(`removePatientLabel(` + of + `, labelId: "` + use + `")`)
			return told("patient.label.removed", "labelId", label)
		}},
		nothing("and not again", func() { e.refused(`removePatientLabel(`+of+`, labelId: "`+use+`")`, chart.ErrNoLabel.Message) }),
		{"it is put on a product", func() []string {
			use = e.text(e.made(`addProductLabel(productId: "`+e.jab+`", labelReferenceId: "`+label+`")`, `labels { id }`), "labels.0.id")
			return product("added")
		}},
		nothing("it is put on that again", func() { e.made(`addProductLabel(productId: "`+e.jab+`", labelReferenceId: "`+label+`")`, "id") }),
		{"it is taken off that", func() []string {
			e.made(`removeProductLabel(productId: "`+e.jab+`", labelId: "`+use+`")`, "id")
			return product("removed")
		}},
		nothing("an access group is made", func() {
			g, err := e.core.Account.SaveAccessGroup(e.ctx, account.AccessGroup{Name: "Diabetes", Label: "DM"})
			e.must(err)
			group = encode(kindAccessGroup, g.ID)
		}),
		{"it looks after a patient", func() []string {
			e.change(`addPatientAccessGroup(` + of + `, accessGroupId: "` + group + `")`)
			return told("patient.updated")
		}},
		nothing("it does already", func() { e.change(`addPatientAccessGroup(` + of + `, accessGroupId: "` + group + `")`) }),
		{"it does no more", func() []string {
			e.change(`removePatientAccessGroup(` + of + `, accessGroupId: "` + group + `")`)
			return told("patient.updated")
		}},
	}
}

func (e *teller) memberships() []row {
	var gold, silver string
	told := func(ids ...string) []string {
		return []string{news("patient.membership.updated", append([]string{"patientId", e.ada}, ids...)...)}
	}
	join := func(plan string) { e.done("addPatientMembership", joinPlan, "id", e.ada, "plan", plan) }
	return []row{
		nothing("plans are made", func() { gold, silver = e.plan("Gold"), e.plan("Silver") }),
		{"a membership", func() []string { join(silver); return told("productId", silver) }},
		nothing("the same again", func() { join(silver) }),
		{"another in its place", func() []string { join(gold); return told("productId", gold, "previousProductId", silver) }},
		nothing("an end of what there is not", func() { e.payload("removePatientMembership", leavePlan, "id", e.ada, "plan", silver) }),
		{"none any more", func() []string {
			e.done("removePatientMembership", leavePlan, "id", e.ada, "plan", gold)
			return told("previousProductId", gold)
		}},
	}
}

func (e *teller) papers() []row {
	var letter, doc string
	told := func(topic webhook.Topic) []string {
		return []string{news(topic, "patientId", e.ada, "letterId", letter, "doctorId", e.doctor)}
	}
	share := func(kind document.Kind, id string) {
		_, err := e.core.Document.KeepShare(e.ctx, document.Share{Kind: kind, Subject: ourID[int64](&id), Patient: ourID[patient.ID](&e.ada), Recipient: document.ToPatient, Title: "It", Method: document.ByLink})
		e.must(err)
	}
	update := func(in map[string]any) { e.done("updateLetter", updateLetter, "id", letter, "in", in) }
	documents := func(how string) []string {
		return []string{news(webhook.Topic("patientDocument."+how), "patientId", e.ada, "documentId", doc)}
	}
	remove := func() {
		_, err := e.core.Document.Delete(e.ctx, ourID[document.ID](&doc))
		e.must(err)
	}
	return []row{
		{"a letter", func() []string {
			letter = e.text(e.done("createLetter", createLetter, "in", map[string]any{"patient": e.ada, "doctor": e.doctor, "title": "Your test", "body": "Good."}), "id")
			return told("letter.created")
		}},
		nothing("a letter without a title", func() {
			e.payload("createLetter", createLetter, "in", map[string]any{"patient": e.ada, "title": "", "body": "Good."})
		}),
		nothing("its title changes", func() { update(map[string]any{"title": "Your tests"}) }),
		{"it is to be looked through", func() []string {
			update(map[string]any{"reviewStatus": "AWAITING_REVIEW"})
			return told("letter.reviewStatus.updated")
		}},
		nothing("it still is", func() { update(map[string]any{"reviewStatus": "AWAITING_REVIEW"}) }),
		{"it is shared", func() []string {
			share(document.KindLetter, letter)
			return []string{news("letter.shared", "patientId", e.ada, "letterId", letter)}
		}},
		{"it is deleted", func() []string { e.done("deleteLetter", deleteLetter, "id", letter); return told("letter.deleted") }},
		nothing("it is deleted again", func() { e.done("deleteLetter", deleteLetter, "id", letter) }),
		{"room for a document", func() []string {
			doc = e.text(e.done("createPatientDocument", createDocument, "p", e.ada, "n", "scan.pdf", "t", "application/pdf"), "id")
			return documents("uploadInitiated")
		}},
		nothing("room for none", func() { e.payload("createPatientDocument", createDocument, "p", e.ada, "n", "x", "t", "pdf") }),
		nothing("room for what others are made from", func() { e.done("createPracticeTemplateDocument", createTemplate, "n", "form.txt") }),
		nothing("a document is shared", func() { share(document.KindDocument, doc) }),
		{"it is deleted", func() []string { remove(); return documents("deleted") }},
		nothing("it is deleted again", remove),
	}
}

func (e *teller) clinic() []row {
	ada, doctor := ourID[patient.ID](&e.ada), ourID[practice.PractitionerID](&e.doctor)
	lab := func(results string) string {
		l, err := e.core.Clinical.ImportLab(e.ctx, clinical.Lab{Patient: ada, Doctor: doctor, Status: "received", Results: results})
		e.must(err)
		return encode(kindLab, l.ID)
	}
	var rx string
	prescribe := func(orders ...clinical.Order) {
		p, err := e.core.Clinical.ImportPrescription(e.ctx, clinical.Prescription{Patient: ada, Doctor: doctor, Status: "signed", Content: clinical.PrescriptionContent{Orders: orders}})
		e.must(err)
		rx = encode(kindPrescription, p.ID)
	}
	told := func(topic webhook.Topic, noun, id string) string {
		return news(topic, "patientId", e.ada, "doctorId", e.doctor, noun, id)
	}
	var form string
	var question any
	fill := func(answer any) (map[string]any, string) {
		return e.payload("fillQuestionnaire", fillQuestionnaire, "q", form, "p", e.ada, "a", []any{map[string]any{"questionId": question, "answer": answer}})
	}
	return []row{
		{"a request to a laboratory", func() []string { return []string{told("lab.created", "labId", lab(""))} }},
		{"one with results", func() []string {
			id := lab(`[{"name":"Hb"}]`)
			return []string{told("lab.created", "labId", id), told("lab.results.added", "labId", id)}
		}},
		nothing("one of nobody's", func() {
			if _, err := e.core.Clinical.ImportLab(e.ctx, clinical.Lab{Patient: 7}); err == nil {
				e.t.Error("it was kept")
			}
		}),
		{"a prescription", func() []string { prescribe(); return []string{told("prescription.created", "prescriptionId", rx)} }},
		{"one that was ordered", func() []string {
			prescribe(clinical.Order{Status: "collected", Provider: "Brambleford Pharmacy"})
			return []string{told("prescription.created", "prescriptionId", rx), told("prescription.ordered", "prescriptionId", rx)}
		}},
		{"it is shared", func() []string {
			_, err := e.core.Document.KeepShare(e.ctx, document.Share{Kind: document.KindPrescription, Subject: ourID[int64](&rx), Patient: ada, Recipient: document.ToPatient, Title: "It", Method: document.ByLink})
			e.must(err)
			return []string{news("prescription.shared", "patientId", e.ada, "prescriptionId", rx)}
		}},
		nothing("a questionnaire is made", func() {
			q, err := e.core.Clinical.ImportQuestionnaire(e.ctx, clinical.Questionnaire{Title: "New", Content: clinical.Content{Sections: []clinical.Section{{
				Title: "You", Questions: []clinical.Question{{ID: 1, Title: "A picture", Kind: clinical.AskFile, Required: true}},
			}}}})
			e.must(err)
			form, question = encode(kindForm, q.ID), encode(kindQuestion, q.Content.Sections[0].Questions[0].ID)
		}),
		nothing("nobody answers it", func() { fill("") }),
		{"somebody does", func() []string {
			data, wrong := fill(map[string]any{"name": "x.jpg", "type": "image/jpeg"})
			if wrong != "" {
				e.t.Fatal(wrong)
			}
			doc := e.text(e.get("patientDocuments.data", `{ patientDocuments { data { id name } } }`), "0.id")
			return []string{
				news("questionnaire.response.received", "patientId", e.ada, "questionnaireId", form, "consultationId", e.text(data, "consultationId")),
				news("patientDocument.uploadInitiated", "patientId", e.ada, "documentId", doc),
			}
		}},
	}
}

func (e *teller) invoices() []row {
	var id, line, empty string
	told := func(topic webhook.Topic, ids ...string) []string {
		return []string{news(topic, append([]string{"invoiceId", id, "patientId", e.ada}, ids...)...)}
	}
	lines := func(how string) []string { return told(webhook.Topic("invoice.lineItems."+how), "lineItemId", line) }
	in := func() string { return `invoiceId: "` + id + `"` }
	return []row{
		{"an invoice with something on it", func() []string { id = e.invoiced(nil); return told("invoice.created") }},
		nothing("one that is refused", func() {
			e.payload("createInvoice", createInvoice, "data", e.bill(map[string]any{"doctorId": encode(kindUser, int64(7))}))
		}),
		{"its comments change", func() []string {
			e.made(`updateInvoice(`+in()+`, invoiceData: {comments: "X"})`, "id")
			return told("invoice.updated")
		}},
		nothing("they are the same", func() { e.made(`updateInvoice(`+in()+`, invoiceData: {comments: "X"})`, "id") }),
		{"something more", func() []string {
			line = e.text(e.made(`addLineItem(`+in()+`, lineItemData: {date: "2031-01-06", productId: "`+e.visit+`", quantity: 1})`, `lineItems { id }`), "lineItems.1.id")
			return lines("added")
		}},
		{"twice of it", func() []string {
			e.made(`updateLineItem(`+in()+`, lineItemId: "`+line+`", lineItemData: {quantity: 2})`, "id")
			return lines("updated")
		}},
		nothing("twice of it again", func() { e.made(`updateLineItem(`+in()+`, lineItemId: "`+line+`", lineItemData: {quantity: 2})`, "id") }),
		{"none of it", func() []string {
			e.made(`deleteLineItem(`+in()+`, lineItemId: "`+line+`")`, "id")
			return lines("removed")
		}},
		nothing("and not again", func() { e.refused(`deleteLineItem(`+in()+`, lineItemId: "`+line+`")`, "") }),
		{"one that goes to a contact", func() []string {
			empty = e.invoiced(map[string]any{"accountId": e.insurer})
			return []string{news("invoice.created", "invoiceId", empty, "patientId", e.ada, "contactId", e.insurer)}
		}},
		{"it is cancelled", func() []string {
			e.made(`deleteInvoice(invoiceId: "`+empty+`")`, "id")
			return []string{news("invoice.deleted", "invoiceId", empty, "patientId", e.ada, "contactId", e.insurer)}
		}},
		nothing("it is cancelled again", func() { e.made(`deleteInvoice(invoiceId: "`+empty+`")`, "id") }),
	}
}

func (e *teller) payments() []row {
	var id, payment string
	told := func(topic webhook.Topic, ids ...string) string {
		return news(topic, append([]string{"invoiceId", id, "patientId", e.ada}, ids...)...)
	}
	pay := func(amount float64) map[string]any {
		data, wrong := e.surgery.change("addInvoicePayment", `invoiceId: $id, paymentData: $payment`, "id", id, "payment", e.payBy(amount))
		if wrong != "" {
			e.t.Fatal(wrong)
		}
		return data
	}
	edit := func(data string) {
		e.made(`updateInvoicePayment(invoiceId: "`+id+`", invoicePaymentId: "`+payment+`", paymentData: {`+data+`})`, "id")
	}
	refund := func(amount string) string {
		all := at(e.t, e.made(`refundPayment(invoiceId: "`+id+`", paymentId: "`+payment+`", amount: `+amount+`)`, `refunds { id }`), "refunds").([]any)
		return e.text(all[len(all)-1], "id")
	}
	// Two jabs cost 39.98.
	return []row{
		{"one of which a part is paid already", func() []string {
			id = e.invoiced(map[string]any{"payments": []any{e.payBy(9.98)}})
			return []string{told("invoice.created"), told("invoice.partiallyPaid")}
		}},
		{"more is paid", func() []string { pay(10); return []string{told("invoice.partiallyPaid")} }},
		nothing("more than there is to pay", func() {
			e.surgery.change("addInvoicePayment", `invoiceId: $id, paymentData: $payment`, "id", id, "payment", e.payBy(100))
		}),
		{"the rest is paid", func() []string {
			payment = e.text(pay(20), "payments.2.id")
			return []string{told("invoice.paid")}
		}},
		{"a comment on the payment", func() []string { edit(`comment: "Cash"`); return []string{told("invoice.updated")} }},
		nothing("the same comment", func() { edit(`comment: "Cash"`) }),
		{"some is given back", func() []string { return []string{told("invoice.refunded", "refundId", refund("5"))} }},
		{"it is paid again", func() []string { pay(5); return []string{told("invoice.paid")} }},
		nothing("more is given back than was paid", func() {
			e.refused(`refundPayment(invoiceId: "`+id+`", paymentId: "`+payment+`", amount: 100)`, "")
		}),
		{"a payment was a mistake", func() []string {
			all := e.get("invoice.payments", `query($id: ID!) { invoice(id: $id) { payments { id } } }`, "id", id)
			e.made(`deleteInvoicePayment(invoiceId: "`+id+`", invoicePaymentId: "`+e.text(all, "0.id")+`")`, "id")
			return []string{told("invoice.updated")}
		}},
		{"one that was paid from the start", func() []string {
			id = e.invoiced(map[string]any{"payments": []any{e.payBy(39.98)}})
			return []string{told("invoice.created"), told("invoice.paid")}
		}},
		{"what is left on one was paid", func() []string {
			made := e.done("createInvoice", createInvoice, "data", e.bill(map[string]any{
				"payments": []any{e.payBy(39.98)}, "lineItems": []any{
					map[string]any{"date": "2031-01-05", "productId": e.jab, "quantity": 2}, map[string]any{"date": "2031-01-05", "productId": e.visit, "quantity": 1},
				},
			}))
			id = e.text(made, "id")
			line := e.text(made, "lineItems.1.id")
			e.made(`deleteLineItem(invoiceId: "`+id+`", lineItemId: "`+line+`")`, "id")
			return []string{told("invoice.created"), told("invoice.partiallyPaid"), told("invoice.lineItems.removed", "lineItemId", line), told("invoice.paid")}
		}},
	}
}

func (e *teller) bookings() []row {
	var id string
	told := func(topic webhook.Topic, placed bool) []string {
		ids := []string{"bookingId", id, "patientId", e.ada, "doctorId", e.doctor}
		if placed {
			ids = append(ids, "locationId", encode(kindPlace, ourID[practice.LocationID](&e.room)), "productId", e.visit)
		}
		return []string{news(topic, ids...)}
	}
	data := func(from, to string) string {
		return `bookingData: {patient: "` + e.ada + `", location: "` + e.room + `", bookingType: "` + e.visit + `", doctor: "` + e.doctor +
			`", start: "2031-07-07T` + from + `:00Z", end: "2031-07-07T` + to + `:00Z"}`
	}
	update := func(data string) { e.made(`updateBooking(id: "`+id+`", bookingData: {`+data+`})`, "id") }
	journey := func(stage, date string) {
		e.made(`updateBookingJourney(id: "`+id+`", bookingJourneyInput: {journeyStage: `+stage+`, date: "2031-07-07T`+date+`:00Z"})`, "id")
	}
	metadata := func(value string) {
		e.made(`updateBookingMetadata(bookingId: "`+id+`", key: "crm", value: "`+value+`")`, "id")
	}
	return []row{
		{"a booking", func() []string {
			id = e.text(e.made(`createBooking(`+data("09:30", "09:45")+`)`, "id"), "id")
			return told("booking.created", true)
		}},
		nothing("one at the same time", func() { e.refused(`createBooking(`+data("09:40", "09:50")+`)`, "double booking") }),
		{"a comment", func() []string { update(`comments: "Early"`); return told("booking.updated", false) }},
		nothing("the same comment", func() { update(`comments: "Early"`) }),
		{"another time, with another comment", func() []string {
			update(`start: "2031-07-07T10:30:00Z", end: "2031-07-07T10:45:00Z", comments: "Late"`)
			return told("booking.updated", true)
		}},
		nothing("the same time", func() { update(`start: "2031-07-07T10:30:00Z", end: "2031-07-07T10:45:00Z"`) }),
		{"what another program keeps", func() []string { metadata("42"); return told("booking.updated", false) }},
		nothing("the same of that", func() { metadata("42") }),
		{"they come", func() []string { journey("arrived", "10:00"); return told("booking.patientJourney.arrived", false) }},
		nothing("it is said again", func() { journey("arrived", "10:00") }),
		{"they are seen", func() []string {
			journey("consultation", "10:30")
			return told("booking.patientJourney.inConsultation", false)
		}},
		{"they go", func() []string { journey("departed", "10:45"); return told("booking.patientJourney.completed", false) }},
		{"or never came", func() []string { journey("dna", "10:45"); return told("booking.patientJourney.noShow", false) }},
		{"it is cancelled", func() []string { e.made(`deleteBooking(id: "`+id+`")`, "id"); return told("booking.deleted", true) }},
		nothing("it is cancelled again", func() { e.made(`deleteBooking(id: "`+id+`")`, "id") }),
		nothing("nobody comes to that", func() {
			e.refused(`updateBookingJourney(id: "`+id+`", bookingJourneyInput: {journeyStage: arrived})`, booking.ErrCancelled.Message)
		}),
	}
}

// appointments are bookings made over REST.
func (e *teller) appointments() []row {
	var a booking.Appointment
	told := func(topic webhook.Topic) []string {
		return []string{news(topic, "bookingId", encode(kindBooking, a.ID), "patientId", e.ada, "doctorId", e.doctor,
			"locationId", encode(kindPlace, ourID[practice.LocationID](&e.room)), "productId", e.visit)}
	}
	start := e.now.Load().AddDate(0, 0, 14).Truncate(time.Hour)
	hold := func() {
		var err error
		a, err = e.core.Booking.Reserve(e.ctx, booking.Request{
			Type: ourID[diary.TypeID](&e.visit), Location: ourID[practice.LocationID](&e.room), Practitioner: ourID[practice.PractitionerID](&e.doctor),
			Start: start, Minutes: 20, Patient: ourID[patient.ID](&e.ada), Override: true,
		})
		e.must(err)
	}
	book := func() {
		_, err := e.core.Booking.Book(e.ctx, a.ID, booking.Confirmation{})
		e.must(err)
	}
	cancel := func() {
		_, err := e.core.Booking.Cancel(e.ctx, a.ID, booking.Cancellation{})
		e.must(err)
	}
	reschedule := func() {
		_, err := e.core.Booking.Reschedule(e.ctx, a.ID, booking.Move{Practitioner: a.Practitioner, Start: start.Add(time.Hour), Minutes: 20, Override: true})
		e.must(err)
	}
	return []row{
		nothing("a time is held", hold),
		nothing("and let go", cancel),
		nothing("another is held", hold),
		{"it is confirmed", func() []string { book(); return told("booking.created") }},
		nothing("it is confirmed again", book),
		{"it is moved", func() []string { reschedule(); return told("booking.updated") }},
		nothing("it is there already", reschedule),
		{"it is cancelled", func() []string { cancel(); return told("booking.deleted") }},
		nothing("it is cancelled again", cancel),
	}
}
