package graph

import (
	"frontdesk/core/account"
	"frontdesk/core/contactpoint"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/graph/wire"
)

func (e *subscriber) patients() []row {
	var ada, bea string
	var label string
	register := func(town, mobile string) string {
		id, err := patienttest.Register(e.ctx, e.core.Patient,
			patient.Changes{FirstName: new("Bea"), LastName: new("Lovelace"),
				BirthDate: new(input.DayOf(1985, 12, 10)), NHSNumber: new("9434765919"), Town: &town, Mobile: &mobile})
		e.must(err)
		return wire.Encode(wire.KindPatient, id)
	}
	return []row{
		nothing("a label is made", func() {
			label = e.text(e.made(`createLabel(labelData: {title: "VIP"})`, "id"),
				"id")
		}),
		{"a patient is registered over GraphQL, with what is around them", func() []string {
			ada = e.admit(`{first: "Ada", last: "Lovelace", phoneType: "Office", phoneNumber: "01632 960123",
				labels: ["` + label + `"], customAttributes: [{title: "Diet", text: "Any?", response: "None"}]}`)
			return []string{notice("patient.created", "patientId", ada)}
		}},
		nothing("a registration is refused", func() { e.refused(`createPatient(patientData: {})`, "first: ") }),
		{"a patient is registered over REST", func() []string {
			bea = register("Leeds", "07700900123")
			return []string{notice("patient.created", "patientId", bea)}
		}},
		nothing("the same is registered again", func() { register("Leeds", "07700900123") }),
		{"another town and number are registered", func() []string {
			register("York", "07700900456")
			return []string{notice("patient.updated", "patientId", bea),
				notice("patient.phone.updated", "patientId", bea, "phoneId", wire.Encode(wire.KindMobile,
					wire.Decoded[patient.ID](&bea)))}
		}},
		{"staff enter another number", func() []string {
			_, err := e.core.Patient.SetContactPoint(e.ctx, wire.Decoded[patient.ID](&bea), contactpoint.Mobile,
				patient.PointChange{Value: new("07700900789")})
			e.must(err)
			return []string{notice("patient.phone.updated", "patientId", bea, "phoneId",
				wire.Encode(wire.KindMobile, wire.Decoded[patient.ID](&bea)))}
		}},
		nothing("staff see that it is right", func() {
			_, err := e.core.Patient.SetContactPoint(e.ctx, wire.Decoded[patient.ID](&bea), contactpoint.Mobile,
				patient.PointChange{Verified: new(true)})
			e.must(err)
		}),
		{"a name changes", func() []string {
			e.change(`updatePatient(id: "` + ada + `", patientData: {last: "King"})`)
			return []string{notice("patient.updated", "patientId", ada)}
		}},
		{"a preference changes", func() []string {
			e.change(`updatePatient(id: "` + ada + `", patientData: {communicationPreferences: {receiveSMS: false}})`)
			return []string{notice("patient.updated", "patientId", ada)}
		}},
		nothing("they are set as they are", func() {
			e.change(`updatePatient(id: "` + ada + `", patientData: {last: "King",
				communicationPreferences: {receiveSMS: false}})`)
		}),
		nothing("a change is refused", func() {
			e.refused(`updatePatient(id: "`+ada+`", patientData: {last: "Byron", title: "Wizard"})`, "title")
		}),
		{"they are archived", func() []string {
			e.change(`archivePatient(patientId: "` + ada + `", reason: OTHER)`)
			return []string{notice("patient.archived", "patientId", ada)}
		}},
		nothing("they are archived again",
			func() { e.change(`archivePatient(patientId: "` + ada + `", reason: OTHER)`) }),
		{"they are not archived any more", func() []string {
			e.change(`unarchivePatient(patientId: "` + ada + `", reason: ACTIVE_PATIENT)`)
			return []string{notice("patient.unarchived", "patientId", ada)}
		}},
		nothing("nor are they after asking again", func() {
			e.change(`unarchivePatient(patientId: "` + ada + `",
			reason: ACTIVE_PATIENT)`)
		}),
		{"two are merged", func() []string {
			a, b := wire.Decoded[patient.ID](&ada), wire.Decoded[patient.ID](&bea)
			p, err := e.core.Merge.Preview(e.ctx, a, b)
			e.must(err)
			_, err = e.core.Merge.Merge(e.ctx, a, b, p.Token)
			e.must(err)
			return []string{notice("patient.merged", "patientId", ada, "mergedPatientId", bea)}
		}},
		{"they are deleted", func() []string {
			e.change(`deletePatient(id: "` + ada + `")`)
			return []string{notice("patient.deleted", "patientId", ada)}
		}},
		nothing("they are deleted again", func() {
			e.refused(`deletePatient(id: "`+ada+`")`,
				patient.ErrNotFound.Message)
		}),
	}
}

func (e *subscriber) phones() []row {
	of := `patientId: "` + e.ada + `"`
	mobile, landline := wire.Encode(wire.KindMobile, wire.Decoded[patient.ID](&e.ada)), wire.Encode(wire.KindLandline,
		wire.Decoded[patient.ID](&e.ada))
	var second string
	sent := func(how, phone string) string {
		return notice("patient.phone."+how, "patientId", e.ada, "phoneId", phone)
	}
	add := func(kind, number string) map[string]any {
		return e.change(`addPatientPhoneNumber(` + of + `, phoneData: {phoneNumber: "` + number + `",
			phoneType: "` + kind + `"})`)
	}
	update := func(phone, data string) map[string]any {
		return e.change(`updatePatientPhoneNumber(` + of + `, phoneId: "` + phone + `", phoneData: {` + data + `})`)
	}
	return []row{
		{"the first mobile", func() []string { add("Mobile", "07700 900123"); return []string{sent("added", mobile)} }},
		{"the first number at home", func() []string {
			add("Home",
				"01632 960123")
			return []string{sent("added", landline)}
		}},
		{"a second mobile", func() []string {
			second = e.text(add("Mobile", "07700 900456"), "phones.2.phoneId")
			return []string{sent("added", second)}
		}},
		nothing("no number", func() {
			e.refused(`addPatientPhoneNumber(`+of+`, phoneData: {phoneNumber: "12", phoneType: "Fax"})`, "telephone")
		}),
		{"the mobile is another", func() []string {
			update(mobile, `phoneNumber: "07700 900999"`)
			return []string{sent("updated", mobile)}
		}},
		nothing("the mobile is the same",
			func() { update(mobile, `phoneType: "Mobile", phoneNumber: "07700 900999"`) }),
		{"the second is another", func() []string {
			update(second, `phoneNumber: "07700 900457"`)
			return []string{sent("updated", second)}
		}},
		nothing("the second is the same", func() { update(second, `phoneNumber: "07700900457"`) }),
		{"the mobile is in an office now", func() []string {
			all := at(e.t, update(mobile, `phoneType: "Office"`), "phones").([]any)
			return []string{sent("removed", mobile), sent("added", e.text(all[len(all)-1], "phoneId"))}
		}},
		{"the number at home is changed with the patient", func() []string {
			_, err := e.core.Patient.SetContactPoint(e.ctx, wire.Decoded[patient.ID](&e.ada), contactpoint.Landline,
				patient.PointChange{Value: new("01632960124")})
			e.must(err)
			return []string{sent("updated", landline)}
		}},
		{"the second is forgotten", func() []string {
			e.change(`removePatientPhoneNumber(` + of + `, phoneId: "` + second + `")`)
			return []string{sent("removed", second)}
		}},
		nothing("and cannot be forgotten again", func() {
			e.refused(`removePatientPhoneNumber(`+of+`, phoneId: "`+second+`")`, patient.ErrNoPhone.Message)
		}),
	}
}

func (e *subscriber) numbers() []row {
	of := `patientId: "` + e.ada + `"`
	var def, own string
	nhs, nhsKind := wire.Encode(wire.KindNHSNumber, wire.Decoded[patient.ID](&e.ada)), wire.Encode(wire.KindDefinition,
		patient.NHSNumber)
	sent := func(how, number string) []string {
		return []string{notice("patient.number."+how, "patientId", e.ada, "patientNumberId", number)}
	}
	add := func(kind, value string) map[string]any {
		return e.change(`addPatientNumber(` + of + `, patientNumber: {numberId: "` + kind + `", value: "` + value +
			`"})`)
	}
	update := func(number, value string) {
		e.change(`updatePatientNumber(` + of + `, patientNumberId: "` + number + `", value: "` + value + `")`)
	}
	remove := func(number string) {
		e.change(`removePatientNumber(` + of + `, patientNumberId: "` + number + `")`)
	}
	return []row{
		nothing("a kind of number is made", func() {
			def = e.text(e.made(`createPatientNumber(input: {name: "Insurance"})`,
				"id"), "id")
		}),
		{"a number", func() []string { own = e.text(add(def, "A-1"), "numbers.1.id"); return sent("added", own) }},
		{"it is another", func() []string { update(own, "A-2"); return sent("updated", own) }},
		nothing("it is the same", func() { update(own, "A-2") }),
		{"it is forgotten", func() []string { remove(own); return sent("removed", own) }},
		nothing("no NHS number", func() {
			e.refused(`addPatientNumber(`+of+`, patientNumber: {numberId: "`+nhsKind+`", value: "1234567890"})`,
				"NHS number")
		}),
		{"an NHS number", func() []string { add(nhsKind, "9434765919"); return sent("added", nhs) }},
		nothing("it is the same number", func() { update(nhs, "943 476 5919") }),
		{"it is forgotten, too", func() []string { remove(nhs); return sent("removed", nhs) }},
	}
}

func (e *subscriber) around() []row {
	of := `patientId: "` + e.ada + `"`
	var attribute, relation, label, use, group string
	sent := func(topic string, ids ...string) []string {
		return []string{notice(topic, append([]string{"patientId", e.ada}, ids...)...)}
	}
	attributes := func(how string) []string {
		return sent("patient.customAttribute."+how, "attributeId", attribute)
	}
	relations := func(how string) []string {
		return sent("patient.relationship."+how, "relationshipId", relation)
	}
	product := func(how string) []string {
		return []string{notice("product.label."+how, "productId", e.jab, "labelId", label)}
	}
	return []row{
		{"an attribute", func() []string {
			attribute = e.text(e.change(`addPatientAttribute(`+of+`, attributeData: {title: "Diet", text: "Any?",
				response: "None"})`), "customAttributes.0.id")
			return attributes("added")
		}},
		{"it is another", func() []string {
			e.change(`updatePatientAttribute(` + of + `, attributeId: "` + attribute + `", attributeData: ` +
				`{response: "Vegan"})`)
			return attributes("updated")
		}},
		nothing("it is the same", func() {
			e.change(`updatePatientAttribute(` + of + `, attributeId: "` + attribute + `", attributeData: ` +
				`{response: "Vegan"})`)
		}),
		{"it is forgotten", func() []string {
			e.change(`removePatientAttribute(` + of + `, attributeId: "` + attribute + `")`)
			return attributes("removed")
		}},
		nothing("and not again", func() {
			e.refused(`removePatientAttribute(`+of+`, attributeId: "`+attribute+`")`, patient.ErrNoAttribute.Message)
		}),
		{"a relationship", func() []string {
			relation = e.text(e.change(`addPatientRelationship(`+of+`, relationshipType: GP,
				contact: {lastName: "Foster"})`), "relatedAccounts.0.relationshipId")
			return relations("added")
		}},
		{"it is another", func() []string {
			e.change(`updatePatientRelationship(` + of + `, relationshipId: "` + relation + `",
				contact: {email: "f@example.org"})`)
			return relations("updated")
		}},
		nothing("it is the same", func() {
			e.change(`updatePatientRelationship(` + of + `, relationshipId: "` + relation + `",
				contact: {email: "f@example.org"})`)
		}),
		nothing("one with no person", func() {
			e.refused(`addPatientRelationship(`+of+`, relationshipType: FAMILY, contact: {})`,
				"needs a person or a company")
		}),
		{"it is forgotten", func() []string {
			e.change(`removePatientRelationship(` + of + `, relationshipId: "` + relation + `")`)
			return relations("removed")
		}},
		nothing("a label is made", func() {
			label = e.text(e.made(`createLabel(labelData: {title: "VIP"})`, "id"),
				"id")
		}),
		{"it is put on a patient", func() []string {
			use = e.text(e.change(`addPatientLabel(`+of+`, labelReferenceId: "`+label+`")`), "labels.0.id")
			return sent("patient.label.added", "labelId", label)
		}},
		nothing("it is put on again", func() {
			e.change(`addPatientLabel(` + of + `, labelReferenceId: "` + label +
				`")`)
		}),
		{"it is taken off", func() []string {
			e.change(`removePatientLabel(` + of + `, labelId: "` + use + `")`)
			return sent("patient.label.removed", "labelId", label)
		}},
		nothing("and not again", func() {
			e.refused(`removePatientLabel(`+of+`,
			labelId: "`+use+`")`, patient.ErrNoLabel.Message)
		}),
		{"it is put on a product", func() []string {
			use = e.text(e.made(`addProductLabel(productId: "`+e.jab+`",
				labelReferenceId: "`+label+`")`, `labels { id }`), "labels.0.id")
			return product("added")
		}},
		nothing("it is put on that again", func() {
			e.made(`addProductLabel(productId: "`+e.jab+`",
			labelReferenceId: "`+label+`")`, "id")
		}),
		{"it is taken off that", func() []string {
			e.made(`removeProductLabel(productId: "`+e.jab+`", labelId: "`+use+`")`, "id")
			return product("removed")
		}},
		nothing("an access group is made", func() {
			g, err := e.core.Account.SaveAccessGroup(e.ctx, account.AccessGroup{Name: "Diabetes", Label: "DM"})
			e.must(err)
			group = wire.Encode(wire.KindAccessGroup, g.ID)
		}),
		{"it looks after a patient", func() []string {
			e.change(`addPatientAccessGroup(` + of + `, accessGroupId: "` + group + `")`)
			return sent("patient.updated")
		}},
		nothing("it does already", func() {
			e.change(`addPatientAccessGroup(` + of + `, accessGroupId: "` + group +
				`")`)
		}),
		{"it does no more", func() []string {
			e.change(`removePatientAccessGroup(` + of + `, accessGroupId: "` + group + `")`)
			return sent("patient.updated")
		}},
	}
}

func (e *subscriber) memberships() []row {
	var gold, silver string
	sent := func(ids ...string) []string {
		return []string{notice("patient.membership.updated", append([]string{"patientId", e.ada}, ids...)...)}
	}
	join := func(plan string) { e.done("addPatientMembership", joinPlan, "id", e.ada, "plan", plan) }
	return []row{
		nothing("plans are made", func() { gold, silver = e.plan("Gold"), e.plan("Silver") }),
		{"a membership", func() []string { join(silver); return sent("productId", silver) }},
		nothing("the same again", func() { join(silver) }),
		{"another in its place", func() []string {
			join(gold)
			return sent("productId", gold, "previousProductId",
				silver)
		}},
		nothing("an end of what there is not", func() {
			e.payload("removePatientMembership", leavePlan, "id", e.ada, "plan",
				silver)
		}),
		{"none any more", func() []string {
			e.done("removePatientMembership", leavePlan, "id", e.ada, "plan", gold)
			return sent("previousProductId", gold)
		}},
	}
}
