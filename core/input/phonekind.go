package input

// PhoneKind says what kind of telephone number it is.
type PhoneKind string

// The kinds of telephone numbers.
const (
	MobilePhone PhoneKind = "Mobile"
	OfficePhone PhoneKind = "Office"
	HomePhone   PhoneKind = "Home"
	Fax         PhoneKind = "Fax"
	OtherPhone  PhoneKind = "Other"
)

// PhoneKinds are all the kinds.
var PhoneKinds = []PhoneKind{MobilePhone, OfficePhone, HomePhone, Fax, OtherPhone}
