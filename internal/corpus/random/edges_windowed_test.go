package random

// inWindows is the flow behind an aggregation in windows, f being that of its
// records. What is late depends on the times of all of them; if nothing is, each
// key has windows of its own.
func (p *plan) inWindows(i int, s *step, f flow) flow {
	if p.calm && s.windows.grace == endless && s.emits == everyUpdate {
		f = f.folded(s.commutes())
	} else {
		f = p.clocked(i, s, f).timed()
	}
	f.phantom, f.several = false, true
	return f
}

// commutes says that it does not matter in what order values go into a row.
func (s *step) commutes() bool {
	return s.op == "count" || s.op == "reduce" && s.reduction.commutes() || s.op == "aggregate" && s.agg.commutes()
}
