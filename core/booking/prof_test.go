package booking_test

import (
	"sync/atomic"
	"testing"
	"time"

	"frontdesk/core/booking"
	"frontdesk/core/practice"
	"frontdesk/store/storetest"
)

func BenchmarkPair(b *testing.B) {
	d := newDesk(b, storetest.Open(b, storetest.SQLite(b)))
	d.session(booking.SessionChange{Rule: ptr("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU"), From: ptr("00:00"), To: ptr("24:00"), WorksHolidays: ptr(true)})
	b.ResetTimer()
	for i := range b.N {
		d.book(nine(24*time.Hour + time.Duration(i)*10*time.Minute))
	}
}

func BenchmarkPairPG(b *testing.B) {
	d := newDesk(b, storetest.Open(b, storetest.Postgres(b)))
	d.session(booking.SessionChange{Rule: ptr("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU"), From: ptr("00:00"), To: ptr("24:00"), WorksHolidays: ptr(true)})
	b.ResetTimer()
	for i := range b.N {
		d.book(nine(24*time.Hour + time.Duration(i)*10*time.Minute))
	}
}

func BenchmarkRead(b *testing.B) {
	d := newDesk(b, storetest.Open(b, storetest.SQLite(b)))
	a := d.book(nine(24 * time.Hour))
	b.ResetTimer()
	b.ReportAllocs()
	for range b.N {
		if _, err := d.booking.Appointment(d.ctx, a.ID); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPairParallel(b *testing.B) {
	d := newDesk(b, storetest.Open(b, storetest.SQLite(b)))
	var gps []practice.PractitionerID
	for range 50 {
		gp := d.newGP("X")
		gps = append(gps, gp.ID)
		d.session(booking.SessionChange{Practitioner: &gp.ID, Rule: ptr("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU"), From: ptr("00:00"), To: ptr("24:00"), WorksHolidays: ptr(true)})
	}
	var n atomic.Int64
	b.ResetTimer()
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := int(n.Add(1))
			r := d.ask(nine(24*time.Hour + time.Duration(i/50)*10*time.Minute))
			r.Practitioner = gps[i%50]
			a, err := d.booking.Reserve(d.ctx, r)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := d.booking.Book(d.ctx, a.ID, booking.Confirmation{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
