package practice_test

import (
	"strings"
	"testing"

	"frontdesk/core/practice"
)

// The lists are those published at https://www.gov.uk/bank-holidays, without
// days proclaimed once (2022: 3 June and 19 September moved days; not used).
func TestBankHolidaysByRule(t *testing.T) {
	for _, c := range []struct {
		country practice.Country
		year    int
		want    string
	}{
		{practice.EnglandAndWales, 2021, "01-01 04-02 04-05 05-03 05-31 08-30 12-25 12-26 12-27 12-28"},
		{practice.EnglandAndWales, 2024, "01-01 03-29 04-01 05-06 05-27 08-26 12-25 12-26"},
		{practice.EnglandAndWales, 2026, "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-26 12-28"},
		{practice.EnglandAndWales, 2027, "01-01 03-26 03-29 05-03 05-31 08-30 12-25 12-26 12-27 12-28"},
		{practice.EnglandAndWales, 2033, "01-01 01-03 04-15 04-18 05-02 05-30 08-29 12-25 12-26 12-27"},
		{practice.Scotland, 2022, "01-01 01-02 01-03 01-04 04-15 05-02 05-30 08-01 11-30 12-25 12-26 12-27"},
		{practice.Scotland, 2023, "01-01 01-02 01-03 04-07 05-01 05-29 08-07 11-30 12-25 12-26"},
		{practice.Scotland, 2024, "01-01 01-02 03-29 05-06 05-27 08-05 11-30 12-02 12-25 12-26"},
		{practice.NorthernIreland, 2024, "01-01 03-17 03-18 03-29 04-01 05-06 05-27 07-12 08-26 12-25 12-26"},
		{practice.NoHolidays, 2024, ""},
	} {
		var got []string
		for _, h := range practice.HolidaysByRule(c.country, c.year) {
			got = append(got, h.Day.String()[5:])
			if !h.Closed || h.ByHand || h.Name == "" {
				t.Errorf("%s %d: %+v", c.country, c.year, h)
			}
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s %d:\n got %s\nwant %s", c.country, c.year, s, c.want)
		}
	}
}

func TestASubstituteIsNamedAfterItsDay(t *testing.T) {
	names := map[string]string{}
	for _, h := range practice.HolidaysByRule(practice.EnglandAndWales, 2021) {
		names[h.Day.String()] = h.Name
	}
	if names["2021-12-27"] != "Christmas Day (substitute day)" || names["2021-12-28"] != "Boxing Day (substitute day)" {
		t.Fatalf("got %v", names)
	}
}
