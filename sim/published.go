package sim

import "slices"

// published are the people of NHS England's own sandbox and test packs, with
// the facts published about them: a caller that works there should work here.
// They are as invented as the town is. 9111231130 is left out on purpose: it is
// the published example of a number that belongs to no one.
//
// Source: the Personal Demographics Service FHIR API, its specification and its
// tests, Crown copyright, under the MIT licence.
func published() []Resident { return slices.Concat(smiths(), scunthorpians) }

func scunthorpe(number, born, gender string, version int, name Name, home Abode) Resident {
	name.Use, home.Use = "usual", "home"
	return Resident{NHSNumber: number, BirthDate: born, Gender: gender, Version: version, Practice: "A20047",
		Names: []Name{name}, Abodes: []Abode{home}}
}

func changed(who Resident, change func(*Resident)) Resident {
	change(&who)
	return who
}

func named(prefix, given, family, since string) Name {
	return Name{Prefix: prefix, Given: given, Family: family, Period: Period{From: since}}
}

func livedAt(lines, postcode, since string) Abode {
	return Abode{Lines: lines, Postcode: postcode, Period: Period{From: since}}
}

func noPractice(who *Resident) { who.Practice = "" }

// scunthorpians are those of one practice, and some who have none.
var scunthorpians = []Resident{
	{NHSNumber: "9000000033", Version: 2},
	scunthorpe("9693632109", "1946-06-23", "female", 1, named("Mr", "Bill", "Garton", "2016-01-05"),
		livedAt("", "DN18 5DW", "2016-01-05")),
	changed(scunthorpe("9693632125", "1936-02-24", "male", 1, named("Mr", "Rodney Jeff", "Godsoe", "2005-12-01"),
		livedAt("", "", "2005-12-01")),
		func(who *Resident) { who.Confidentiality = "R" }),
	scunthorpe("9693632966", "1920-08-11", "female", 4, named("Mrs", "Martha Carol", "Massam", "2011-09-08"),
		livedAt("49 Messingham Lane, Scawby, Brigg, S Humberside", "DN20 9BB", "2021-08-04")),
	scunthorpe("9693633121", "1960-07-14", "female", 36, named("Mrs", "Pauline Mary", "Attison", "2022-06-06"),
		livedAt("13 Collum Avenue, Scunthorpe, S Humberside", "DN16 2HB", "1987-06-25")),
	scunthorpe("9693633148", "1960-07-14", "female", 6, named("Ms", "Pauline", "attisón", "2021-08-03"),
		livedAt("2 Woodlands Close, Barrow-upon-Humber, S Humberside", "DN19 7DX", "2020-02-24")),
	scunthorpe("9693633679", "1970-01-24", "male", 8, named("", "Luke", "Youds", "2022-10-06"),
		livedAt("109 Reginald Road, Scunthorpe, S Humberside", "DN15 8PG", "2020-11-22")),
	changed(scunthorpe("9693633687", "1970-01-24", "female", 2, named("", "Luke", "Youds", "2022-10-06"),
		livedAt("1, Shelfford Street, Scunthorpe", "", "2022-10-06")), noPractice),
	scunthorpe("9693633695", "1970-01-24", "unknown", 2, named("Miss", "Luke", "Youds", "2021-08-03"),
		livedAt("109 Reginald Road, Scunthorpe, S Humberside", "DN15 8PG", "2011-09-07")),
	scunthorpe("9693633709", "1970-01-24", "other", 2, named("Mr", "Luke Damien", "Youds", "2021-08-03"),
		livedAt("109 Reginald Road, Scunthorpe, S Humberside", "DN15 8PG", "2020-11-18")),
	// 5900053636 was merged into 9732019395.
	changed(scunthorpe("5900053636", "1926-01-07", "female", 2, named("Mrs", "Jane", "Cuff", "1955-06-09"),
		livedAt("2 Church Close, Bonby, Brigg, S Humberside", "DN20 0PQ", "1975-06-28")),
		func(who *Resident) { who.SupersededBy = "9732019395" }),
	scunthorpe("9732019395", "1926-01-07", "female", 2, named("Mrs", "Jane", "Cuff", "1955-06-09"),
		livedAt("2 Church Close, Bonby, Brigg, S Humberside", "DN20 0PQ", "1975-06-28")),
	changed(scunthorpe("9732019506", "2017-09-06", "male", 3, named("Mr", "Julius", "Muir", "2021-07-24"),
		livedAt("1 Hunters Croft, Haxey, Doncaster, S Yorkshire", "DN9 2NX", "2018-08-01")),
		func(who *Resident) {
			who.Contacts = []Contact{{"phone", "mobile", "00917855986859", Period{From: "2024-09-24"}}}
		}),
	scunthorpe("9733162043", "1955-05-27", "male", 2, named("Mr", "Dean Roger", "Killen", "1985-01-22"),
		livedAt("2 Grange Lane Nursery, Scunthorpe, S Humberside", "DN16 3BA", "2010-11-23")),
	changed(scunthorpe("9733163201", "1980-01-21", "female", 1, named("Ms", "Debra", "Tunney", "1980-01-21"),
		livedAt("", "", "1980-01-21")),
		func(who *Resident) { who.Died = "2019-02-07" }),
	scunthorpe("9736363015", "1937-04-08", "male", 6, named("Mr", "Conrad Landon", "Mooney", "1983-11-20"),
		livedAt("Sheringham, Crowle Moors, Crowle, Scunthorpe, S Humberside", "DN17 4BL", "2019-12-15")),
	scunthorpe("9736363023", "1940-08-02", "male", 5, named("Mr", "Cyril Gordon", "Melloy", "2010-03-09"),
		livedAt("10 Woodgarr Avenue, Keadby, Scunthorpe, S Humberside", "DN17 3BZ", "2022-07-03")),
	scunthorpe("9736363120", "1943-07-03", "female", 1, named("Miss", "Kathy Megan", "Knapp", "2005-10-30"),
		livedAt("44 Newland Avenue, Scunthorpe", "DN15 7HQ", "1990-02-05")),
	changed(scunthorpe("5900054586", "1954-10-26", "male", 1, named("Mr", "Mickey", "McMatch-Single", "2024-05-09"),
		livedAt("317 Stuart Streets", "BAP4WG", "2024-05-09")), noPractice),
	changed(scunthorpe("5900033104", "1997-08-20", "male", 2, named("", "", "McMatch-Multiple", "2024-03-19"),
		livedAt("1 Jasmine Court", "DN197UD", "2024-03-19")), noPractice),
	changed(scunthorpe("5900033333", "1997-08-20", "male", 2, named("", "", "McMatch-Multiple", "2024-03-15"),
		livedAt("1 Jasmine Court", "DN19 7UD", "2024-03-15")), noPractice),
	changed(scunthorpe("5900036502", "1997-08-20", "male", 2, named("", "Leandro Gerry", "McMatch-Multiple", "2024-03-15"),
		livedAt("1 Jasmine Court", "DN19 7UD", "2024-03-15")), noPractice),
}

// smiths are the three the specification's examples are about. All their
// periods are over, as published.
func smiths() []Resident {
	over := Period{"2020-01-01", "2021-12-31"}
	smith := func(number, given, family, email, confidentiality string) Resident {
		return Resident{
			NHSNumber: number, Gender: "female", BirthDate: "2010-10-22", BirthOrder: 1, Died: "2010-10-22", Version: 2,
			Practice: "Y12345", Confidentiality: confidentiality,
			Names: []Name{{"usual", "Mrs", given, family, over}},
			Abodes: []Abode{{"home", "", "1 Trevelyan Square, Boar Lane, City Centre, Leeds, West Yorkshire", "LS1 6AE",
				over}},
			Contacts: []Contact{
				{"phone", "home", "01632960587", over},
				{"email", "home", email, Period{"2019-01-01", "2022-12-31"}},
			},
		}
	}
	return []Resident{
		smith("9000000009", "Jane", "Smith", "jane.smith@example.com", "U"),
		smith("9000000017", "Jayne", "Smyth", "jayne.smyth@example.com", "U"),
		smith("9000000025", "Janet", "Smythe", "janet.smythe@example.com", "R"),
	}
}
