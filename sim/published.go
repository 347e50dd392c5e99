package sim

// published are the people of NHS England's own sandbox and test packs, with
// the facts published about them: a caller that works there should work here.
// They are as invented as the town is. 9111231130 is left out on purpose: it is
// the published example of a number that belongs to no one.
//
// Source: the Personal Demographics Service FHIR API, its specification and its
// tests, Crown copyright, under the MIT licence.
func published() []Resident {
	const scunthorpe = "A20047"
	from := func(date string) Period { return Period{From: date} }
	plain := func(number, born, gender string, version int, name Name, home Abode) Resident {
		name.Use, home.Use = "usual", "home"
		return Resident{NHSNumber: number, BirthDate: born, Gender: gender, Version: version, Practice: scunthorpe,
			Names: []Name{name}, Abodes: []Abode{home}}
	}
	with := func(who Resident, change func(*Resident)) Resident {
		change(&who)
		return who
	}
	name := func(prefix, given, family, since string) Name {
		return Name{Prefix: prefix, Given: given, Family: family, Period: from(since)}
	}
	home := func(lines, postcode, since string) Abode {
		return Abode{Lines: lines, Postcode: postcode, Period: from(since)}
	}
	noPractice := func(who *Resident) { who.Practice = "" }

	return append(smiths(),
		Resident{NHSNumber: "9000000033", Version: 2},
		plain("9693632109", "1946-06-23", "female", 1, name("Mr", "Bill", "Garton", "2016-01-05"),
			home("", "DN18 5DW", "2016-01-05")),
		with(plain("9693632125", "1936-02-24", "male", 1, name("Mr", "Rodney Jeff", "Godsoe", "2005-12-01"),
			home("", "", "2005-12-01")),
			func(who *Resident) { who.Confidentiality = "R" }),
		plain("9693632966", "1920-08-11", "female", 4, name("Mrs", "Martha Carol", "Massam", "2011-09-08"),
			home("49 Messingham Lane, Scawby, Brigg, S Humberside", "DN20 9BB", "2021-08-04")),
		plain("9693633121", "1960-07-14", "female", 36, name("Mrs", "Pauline Mary", "Attison", "2022-06-06"),
			home("13 Collum Avenue, Scunthorpe, S Humberside", "DN16 2HB", "1987-06-25")),
		plain("9693633148", "1960-07-14", "female", 6, name("Ms", "Pauline", "attisón", "2021-08-03"),
			home("2 Woodlands Close, Barrow-upon-Humber, S Humberside", "DN19 7DX", "2020-02-24")),
		plain("9693633679", "1970-01-24", "male", 8, name("", "Luke", "Youds", "2022-10-06"),
			home("109 Reginald Road, Scunthorpe, S Humberside", "DN15 8PG", "2020-11-22")),
		with(plain("9693633687", "1970-01-24", "female", 2, name("", "Luke", "Youds", "2022-10-06"),
			home("1, Shelfford Street, Scunthorpe", "", "2022-10-06")), noPractice),
		plain("9693633695", "1970-01-24", "unknown", 2, name("Miss", "Luke", "Youds", "2021-08-03"),
			home("109 Reginald Road, Scunthorpe, S Humberside", "DN15 8PG", "2011-09-07")),
		plain("9693633709", "1970-01-24", "other", 2, name("Mr", "Luke Damien", "Youds", "2021-08-03"),
			home("109 Reginald Road, Scunthorpe, S Humberside", "DN15 8PG", "2020-11-18")),
		// 5900053636 was merged into 9732019395.
		with(plain("5900053636", "1926-01-07", "female", 2, name("Mrs", "Jane", "Cuff", "1955-06-09"),
			home("2 Church Close, Bonby, Brigg, S Humberside", "DN20 0PQ", "1975-06-28")),
			func(who *Resident) { who.SupersededBy = "9732019395" }),
		plain("9732019395", "1926-01-07", "female", 2, name("Mrs", "Jane", "Cuff", "1955-06-09"),
			home("2 Church Close, Bonby, Brigg, S Humberside", "DN20 0PQ", "1975-06-28")),
		with(plain("9732019506", "2017-09-06", "male", 3, name("Mr", "Julius", "Muir", "2021-07-24"),
			home("1 Hunters Croft, Haxey, Doncaster, S Yorkshire", "DN9 2NX", "2018-08-01")),
			func(who *Resident) {
				who.Contacts = []Contact{{"phone", "mobile", "00917855986859", from("2024-09-24")}}
			}),
		plain("9733162043", "1955-05-27", "male", 2, name("Mr", "Dean Roger", "Killen", "1985-01-22"),
			home("2 Grange Lane Nursery, Scunthorpe, S Humberside", "DN16 3BA", "2010-11-23")),
		with(plain("9733163201", "1980-01-21", "female", 1, name("Ms", "Debra", "Tunney", "1980-01-21"),
			home("", "", "1980-01-21")),
			func(who *Resident) { who.Died = "2019-02-07" }),
		plain("9736363015", "1937-04-08", "male", 6, name("Mr", "Conrad Landon", "Mooney", "1983-11-20"),
			home("Sheringham, Crowle Moors, Crowle, Scunthorpe, S Humberside", "DN17 4BL", "2019-12-15")),
		plain("9736363023", "1940-08-02", "male", 5, name("Mr", "Cyril Gordon", "Melloy", "2010-03-09"),
			home("10 Woodgarr Avenue, Keadby, Scunthorpe, S Humberside", "DN17 3BZ", "2022-07-03")),
		plain("9736363120", "1943-07-03", "female", 1, name("Miss", "Kathy Megan", "Knapp", "2005-10-30"),
			home("44 Newland Avenue, Scunthorpe", "DN15 7HQ", "1990-02-05")),
		with(plain("5900054586", "1954-10-26", "male", 1, name("Mr", "Mickey", "McMatch-Single", "2024-05-09"),
			home("317 Stuart Streets", "BAP4WG", "2024-05-09")), noPractice),
		with(plain("5900033104", "1997-08-20", "male", 2, name("", "", "McMatch-Multiple", "2024-03-19"),
			home("1 Jasmine Court", "DN197UD", "2024-03-19")), noPractice),
		with(plain("5900033333", "1997-08-20", "male", 2, name("", "", "McMatch-Multiple", "2024-03-15"),
			home("1 Jasmine Court", "DN19 7UD", "2024-03-15")), noPractice),
		with(plain("5900036502", "1997-08-20", "male", 2, name("", "Leandro Gerry", "McMatch-Multiple", "2024-03-15"),
			home("1 Jasmine Court", "DN19 7UD", "2024-03-15")), noPractice),
	)
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
