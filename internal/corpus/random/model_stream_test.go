package random

// stateless evaluates operators of streams, and processors.
func (m *model) stateless(i int, r record) {
	s := &m.steps[i]
	in := s.key
	if len(s.in) > 0 {
		in = m.steps[s.in[0]].key
	}
	key := r.key // as functions see it
	if key == nil {
		key = in.zero()
	}
	null := r.value == nil
	out := r
	switch s.op {
	case "stream", "merge", "repartition", "to-stream":
		out.old, out.stale = nil, false
		m.emit(i, out)
	case "peek", "late left", "late right":
		m.emit(i, out)
	case "row texts":
		out.key, out.old, out.stale = r.key.(span).String(), nil, false
		m.emit(i, out)
	case "to":
		m.write(s.name, r)
	case "to-chosen":
		value := r.value
		if null {
			value = m.steps[s.in[0]].value.zero()
		}
		if topic := s.chosen(key, value); topic != "" {
			m.write(topic, r)
		}
	case "map-values":
		if !null {
			out.value = s.fn.to(s.value, nil, r.value)
		}
		m.emit(i, out)
	case "map-values-err":
		if null {
			m.emit(i, out)
			return
		}
		switch s.fn2.rest(nil, r.value) {
		case 1:
			out.value = nil
		case 2:
			m.failed = true
			return
		default:
			out.value = s.fn.to(s.value, nil, r.value)
		}
		m.emit(i, out)
	case "select-key", "group-by":
		out.key = nil
		if !null && !(s.op == "select-key" && s.fn2.of != "" && s.fn2.holds(key, r.value)) {
			out.key = s.fn.to(s.key, key, r.value)
		}
		m.emit(i, out)
	case "process":
		m.process(i, r)
	case "process-values":
		m.processValues(i, r)
	default: // the others drop nulls
		if !null {
			m.valued(i, key, r)
		}
	}
}

// valued evaluates operators that get no null values.
func (m *model) valued(i int, key any, r record) {
	s := &m.steps[i]
	out := r
	switch s.op {
	case "filter", "filter-not":
		if s.fn.holds(key, r.value) == (s.op == "filter") {
			m.emit(i, out)
		}
	case "map":
		out.key, out.value = s.fn.to(s.key, key, r.value), s.fn2.to(s.value, key, r.value)
		m.emit(i, out)
	case "flat-map":
		for _, v := range s.fn2.copies(s.value, key, r.value) {
			out.key, out.value = s.fn.to(s.key, key, v), v
			m.emit(i, out)
		}
	case "flat-map-values":
		for _, v := range s.fn.copies(s.value, nil, r.value) {
			out.value = v
			m.emit(i, out)
		}
	case "split":
		rest := -1
		for b, branch := range m.steps {
			switch {
			case len(branch.in) == 0 || branch.in[0] != i:
			case branch.op == "default":
				rest = b
			case branch.fn.holds(key, r.value):
				m.emit(b, out)
				return
			}
		}
		if rest >= 0 {
			m.emit(rest, out)
		}
	}
}

// process counts the records of each key in its store, and forwards the count
// under another key.
func (m *model) process(i int, r record) {
	s := &m.steps[i]
	if r.key == nil || r.value == nil {
		return
	}
	at := place{i, r.partition, r.key}
	now, _ := m.row(at)
	n, _ := now.value.(int64)
	m.rows[at] = row{value: n + 1, time: r.time}
	out := r
	out.key, out.value, out.header = s.fn.to(s.key, r.key, r.value), n+1, ""
	m.emit(i, out)
}

// processValues keeps the last value of each key, and forwards those that
// differ from the one before: also nulls, which delete it.
func (m *model) processValues(i int, r record) {
	if r.key == nil {
		return
	}
	at := place{i, r.partition, r.key}
	if now, _ := m.row(at); now.value == r.value {
		return
	}
	m.rows[at] = row{value: r.value, time: r.time}
	if r.value == nil {
		delete(m.rows, at)
	}
	m.emit(i, r)
}
