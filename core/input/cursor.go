package input

// Cursor says which part of a list is wanted, counted from one that was
// received. Such lists are in the order of ids. The zero value is the beginning.
type Cursor struct {
	// From is the id of the one received; 0 is before the first, or after the last
	// when going back.
	From int64
	// Back goes towards earlier ids.
	Back bool
	Size int
}

// Days is a stretch of dates with its first and its last one; NoDate leaves that
// side open.
type Days struct{ From, Until Date }
