package state

// Operations counts what was asked of a store's typed view since it was made.
type Operations struct{ Get, Put, Delete, Range, All uint64 }
