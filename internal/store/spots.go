package store

// spots find rows by the hashes of their keys, without pointers, so that the
// garbage collector has nothing to look at. Each is in the spot of its hash's last
// bits or, if that is taken, in the next free one.
type spots struct {
	list []spot // none, or a power of two of them, of which at most three quarters are used
	used int
}

// spot says where a row is; what at means is up to the owner, but it is 0 if the
// spot is free.
type spot struct{ hash, at uint32 }

// find is the next spot of a hash, from i on, or the first one that is free, and
// the i behind it. The first one is looked for with the hash as i. There must be
// spots.
func (t *spots) find(hash, i uint32) (p *spot, behind uint32) {
	for ; ; i++ {
		p = &t.list[i&uint32(len(t.list)-1)]
		if p.at == 0 || p.hash == hash {
			return p, i + 1
		}
	}
}

// room makes room for one more.
func (t *spots) room() {
	if 4*(t.used+1) <= 3*len(t.list) {
		return
	}
	old := t.list
	t.list = make([]spot, max(2, 2*len(old)))
	for _, p := range old {
		if p.at != 0 {
			t.place(p)
		}
	}
}

// place puts p into the first spot that is free for it.
func (t *spots) place(p spot) {
	last := uint32(len(t.list) - 1)
	i := p.hash & last
	for t.list[i].at != 0 {
		i = (i + 1) & last
	}
	t.list[i] = p
}

// add takes in a row whose key has none yet.
func (t *spots) add(p spot) {
	t.room()
	t.place(p)
	t.used++
}

// remove takes out a row, which is there. Those behind it that would have been in
// its spot move up, so that none is cut off from its own.
func (t *spots) remove(p spot) {
	last := uint32(len(t.list) - 1)
	free := p.hash & last
	for t.list[free] != p {
		free = (free + 1) & last
	}
	for i := (free + 1) & last; t.list[i].at != 0; i = (i + 1) & last {
		if own := t.list[i].hash; (i-own)&last >= (i-free)&last {
			t.list[free] = t.list[i]
			free = i
		}
	}
	t.list[free] = spot{}
	t.used--
}

// reset takes all out and keeps the memory.
func (t *spots) reset() {
	clear(t.list)
	t.used = 0
}
