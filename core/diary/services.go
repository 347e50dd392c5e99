package diary

import "slices"

// Services is what some places, or some people, offer: what was said of them, and
// where nothing was said, what their sessions offer. It is the one rule of what
// can be had where; of a place that is not in the answer nothing is known.
func Services[K, P comparable](of []K, said, worked func(of []K) (map[K][]P, error)) (map[K][]P, error) {
	out, err := said(of)
	if err != nil {
		return nil, err
	}
	silent := slices.DeleteFunc(slices.Clone(of), func(k K) bool { _, ok := out[k]; return ok })
	if len(silent) == 0 {
		return out, nil
	}
	more, err := worked(silent)
	for k, all := range more {
		out[k] = all
	}
	return out, err
}
