// Package state holds the stores of an application: byte backends (this
// package has the one in memory, state/lsm the one on disk) and the typed
// views that operators and queries use.
//
// A byte store only ever holds committed data. What a running transaction has
// written lives above it (internal/store) and arrives here as one Batch,
// together with the Position in the changelog up to which the store is then
// current. Batch and Position are applied atomically: after a crash the store
// is some earlier committed state, and its Position says which.
package state
