package app

import (
	"os"
	"runtime"
	"runtime/debug"
	runtimes "runtime/metrics"
)

// gathered is how much garbage may gather before it is collected, in bytes, where
// as much as is in use would be less. A server has little in use and makes much
// garbage: collecting it whenever it comes to as much took a fifth of the time.
const gathered = 32 << 20

// ease has the garbage collector wait until enough has gathered, unless GOGC says
// how long it is to wait.
func ease() {
	if _, said := os.LookupEnv("GOGC"); said {
		return
	}
	percent := 100
	sample := []runtimes.Sample{{Name: "/gc/heap/live:bytes"}}
	var collected func(struct{})
	again := func() { runtime.AddCleanup(new(*byte), collected, struct{}{}) } // the next collection frees it
	collected = func(struct{}) {
		runtimes.Read(sample)
		if live := sample[0].Value.Uint64(); live > 0 {
			// A little more or less is not worth stopping the program for.
			if p := max(100, int(min(gathered*100/live, 3200))); p > percent*5/4 || p < percent*4/5 {
				percent = p
				debug.SetGCPercent(p)
			}
		}
		again()
	}
	again()
}
