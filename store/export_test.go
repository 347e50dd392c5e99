package store

// Planned is the text of a statement as SQLite gets it.
var Planned = planned
