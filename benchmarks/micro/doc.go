// Package micro runs the benchmarks of the packages on a record's way, in one
// go and with the flags of go test:
//
//	go test -bench . -count 10 -timeout 0 ./benchmarks/micro > new.txt
//
// The benchmarks lie beside what they measure; this package has none of its
// own. Paths of packages behind -args run those only. What it prints is what the
// go command prints for those packages, for benchstat to compare.
package micro
